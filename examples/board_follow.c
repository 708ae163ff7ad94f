/* board follow: an object of our own is passed to the board, which calls it for each note; and a link to the board's death. */
#include "examples/board.h"
#include "examples/find.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <softbus/bus.h>
#include <softbus/error.h>
#include <softbus/object.h>
#include <softbus/parcel.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Beside EXIT_SUCCESS and EXIT_FAILURE: the board went away. */
#define EXIT_BOARD_GONE 3

struct following {
    struct softbus *bus;
    uint64_t count; /* notes to wait for; 0: no end */
    uint64_t n_notes, next;
    int directory; /* where authors' files are; -1: nowhere */
    int status;
};

static void follow_stop(struct following *following, int status)
{
    following->status = status;
    softbus_stop(following->bus);
}

/* The author's id becomes a file name, and it was sent by another device: it has to look like an id. */
static bool follow_is_id(const char *text)
{
    return *text && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567-")] == '\0';
}

/* Adds the text of a note to the file of its author. */
static int follow_keep(const struct following *following, const struct board_note *note)
{
    char name[SOFTBUS_DEVICE_ID_SIZE + 16];
    size_t done = 0;
    int fd;

    if (!follow_is_id(note->author)) {
        errno = EINVAL;
        return -1;
    }
    snprintf(name, sizeof(name), "%s-%" PRIu32, note->author, note->uid);
    fd = openat(following->directory, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return -1;
    while (done < note->size) {
        ssize_t n = write(fd, (const char *)note->text + done, note->size - done);

        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    return close(fd) < 0 || done < note->size ? -1 : 0;
}

static int follow_handle(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                         struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct following *following = userdata;
    struct board_note note;
    int r;

    (void)transaction, (void)reply;
    if (code != BOARD_FOLLOWER_NOTE)
        return SOFTBUS_ERR_UNKNOWN_CODE;
    r = board_note_read(request, &note);
    if (r < 0)
        return r;
    /* One-way calls to one stub arrive in order and none is lost: a gap would be somebody's mistake. next is 0 when the first note
     * overtakes the answer to our own SUBSCRIBE. */
    if (following->next != 0 && note.number != following->next) {
        fprintf(stderr, "board follow: note %" PRIu64 " came instead of %" PRIu64 "\n", note.number, following->next);
        follow_stop(following, EXIT_FAILURE);
        return SOFTBUS_ERR_BAD_REQUEST;
    }
    following->next = note.number + 1;
    following->n_notes++;
    if (following->directory >= 0 && follow_keep(following, &note) < 0) {
        perror("board follow: keeping a note");
        follow_stop(following, EXIT_FAILURE);
        return SOFTBUS_ERR_FAILED;
    }
    board_note_print(&note);
    if (following->n_notes == following->count)
        follow_stop(following, EXIT_SUCCESS);
    return 0;
}

static void follow_on_death(void *userdata, struct softbus_object *board, enum softbus_death reason)
{
    struct following *following = userdata;

    (void)board;
    printf("the board is gone: %s\n", softbus_death_get_text(reason));
    follow_stop(following, EXIT_BOARD_GONE);
}

static int follow_subscribe(struct following *following, struct softbus_object *board, struct softbus_object *stub)
{
    struct softbus_parcel *request = NULL, *reply = NULL;
    uint64_t next;
    int r = softbus_parcel_new(0, &request);

    if (r == 0)
        r = softbus_parcel_new(0, &reply);
    if (r == 0)
        r = softbus_parcel_write_token(request, BOARD_INTERFACE);
    if (r == 0)
        r = softbus_parcel_write_object(request, stub);
    if (r == 0)
        r = softbus_call(board, BOARD_SUBSCRIBE, request, reply, 0);
    if (r == 0)
        r = softbus_parcel_read_u64(reply, &next);
    if (r == 0 && following->next == 0)
        following->next = next;
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    return r;
}

int board_follow(struct softbus *bus, const char *device, uint64_t count, const char *directory)
{
    struct following following = { .bus = bus, .count = count, .directory = -1, .status = EXIT_FAILURE };
    struct softbus_object *board = NULL, *stub = NULL;
    int r;

    if (directory) {
        following.directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (following.directory < 0) {
            fprintf(stderr, "board follow: %s: %s\n", directory, strerror(errno));
            return EXIT_FAILURE;
        }
    }
    r = find_service(bus, device, BOARD_SERVICE, BOARD_WAIT_MS, &board);
    if (r == 0)
        r = softbus_link_death(board, follow_on_death, &following, NULL);
    if (r == 0)
        r = softbus_stub_new(bus, BOARD_FOLLOWER_INTERFACE, follow_handle, &following, &stub);
    if (r == 0)
        r = follow_subscribe(&following, board, stub);
    if (r == 0) {
        printf("following the board on %s\n", device);
        r = softbus_run(bus);
    }
    if (stub)
        softbus_stub_withdraw(stub); /* `following` ends here: nothing may call it any more */
    softbus_object_unref(board);
    softbus_object_unref(stub);
    if (following.directory >= 0)
        close(following.directory);
    return r < 0 ? find_fail("board follow", r) : following.status;
}
