/* board post and board list: calls that wait for their answer. */
#include "examples/board.h"
#include "examples/find.h"

#include <errno.h>
#include <inttypes.h>
#include <softbus/bus.h>
#include <softbus/error.h>
#include <softbus/object.h>
#include <softbus/parcel.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 20

struct posting {
    struct softbus *bus;
    struct softbus_object *board;
    struct softbus_parcel *request, *reply; /* used for every note */
    uint64_t n_notes, n_bytes, last;
};

/* The next line with its newline, or as much of it as fits into a note; 0 at the end. */
static size_t post_read_line(FILE *file, unsigned char *line)
{
    size_t size = 0;
    int c = 0;

    while (size < BOARD_NOTE_MAX && c != '\n' && (c = getc_unlocked(file)) != EOF)
        line[size++] = (unsigned char)c;
    return size;
}

static int post_note(struct posting *posting, const unsigned char *text, size_t size)
{
    int r;

    softbus_parcel_clear(posting->request);
    r = softbus_parcel_write_token(posting->request, BOARD_INTERFACE);
    if (r == 0)
        r = softbus_parcel_write_bytes(posting->request, text, size);
    while (r == 0) {
        r = softbus_call(posting->board, BOARD_POST, posting->request, posting->reply, 0);
        if (r != SOFTBUS_ERR_AGAIN)
            break;
        /* The board, or the way to it, is full: the note was not taken, so repeating it cannot post it twice. */
        r = softbus_wait(posting->bus, RETRY_MS);
        r = r > 0 ? 0 : r;
    }
    if (r == 0)
        r = softbus_parcel_read_u64(posting->reply, &posting->last);
    if (r == 0) {
        posting->n_notes++;
        posting->n_bytes += size;
    }
    return r;
}

static int post_file(struct posting *posting, const char *name)
{
    static const char what[] = "board post";
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
    unsigned char *line = malloc(BOARD_NOTE_MAX);
    size_t size;
    int r = 0;

    while (file && line && r == 0 && (size = post_read_line(file, line)) > 0)
        r = post_note(posting, line, size);
    if (!line)
        r = SOFTBUS_ERR_NO_MEMORY;
    if (r < 0) {
        find_fail(what, r);
    } else if (!file || ferror(file)) {
        fprintf(stderr, "%s: %s: %s\n", what, name, strerror(errno));
        r = -1;
    }
    free(line);
    if (file && file != stdin)
        fclose(file);
    return r;
}

int board_post(struct softbus *bus, const char *device, char **files)
{
    char dash[] = "-", *standard_input[] = { dash, NULL };
    struct posting posting = { .bus = bus };
    int r = find_service(bus, device, BOARD_SERVICE, BOARD_WAIT_MS, &posting.board);

    if (r == 0)
        r = softbus_parcel_new(0, &posting.request);
    if (r == 0)
        r = softbus_parcel_new(0, &posting.reply);
    if (r < 0)
        find_fail("board post", r);
    for (files = *files ? files : standard_input; r == 0 && *files; files++)
        r = post_file(&posting, *files);
    if (posting.board)
        printf("posted %" PRIu64 " notes, %" PRIu64 " bytes; the last has number %" PRIu64 "\n", posting.n_notes,
               posting.n_bytes, posting.last);
    softbus_parcel_free(posting.request);
    softbus_parcel_free(posting.reply);
    softbus_object_unref(posting.board);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Prints the notes of one reply; *next becomes the number after the last. */
static int list_print(struct softbus_parcel *reply, uint64_t *next)
{
    struct board_note note;
    bool is_note;
    int r;

    while ((r = softbus_parcel_read_bool(reply, &is_note)) == 0 && is_note) {
        r = board_note_read(reply, &note);
        if (r < 0)
            break;
        board_note_print(&note);
        *next = note.number + 1;
    }
    return r;
}

int board_list(struct softbus *bus, const char *device)
{
    struct softbus_object *board = NULL;
    struct softbus_parcel *request = NULL, *reply = NULL;
    uint64_t from = 0, next = 1;
    int r = find_service(bus, device, BOARD_SERVICE, BOARD_WAIT_MS, &board);

    if (r == 0)
        r = softbus_parcel_new(0, &request);
    if (r == 0)
        r = softbus_parcel_new(0, &reply);
    /* One reply carries as many notes as fit into it: go on until one brings nothing new. */
    while (r == 0 && next > from) {
        from = next;
        softbus_parcel_clear(request);
        r = softbus_parcel_write_token(request, BOARD_INTERFACE);
        if (r == 0)
            r = softbus_parcel_write_u64(request, from);
        if (r == 0)
            r = softbus_call(board, BOARD_LIST, request, reply, 0);
        if (r == 0)
            r = list_print(reply, &next);
    }
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    softbus_object_unref(board);
    return r < 0 ? find_fail("board list", r) : EXIT_SUCCESS;
}
