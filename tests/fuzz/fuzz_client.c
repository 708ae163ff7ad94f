/*
 * Any bytes from the hub: the library ends the connection or goes on, and nothing else. The first half of the input comes
 * before the app has called anything, the second half after it. A byte of 0xfe followed by 0..3 in an id's place is
 * replaced by the low bytes of an id that is known here, so that messages can hit.
 */
#include "libsoftbus/bus.h"
#include "libsoftbus/object.h"
#include "softbus/error.h"
#include "softbus/parcel.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_BYTES 60000 /* what a socket takes at once */

struct app {
    struct softbus *bus;
    struct softbus_object *stub, *received;
    unsigned n_done;
};

static void note_death(void *userdata, struct softbus_object *object, enum softbus_death reason)
{
    (void)userdata;
    (void)object;
    (void)reason;
}

static void note_done(void *userdata, int error, struct softbus_parcel *reply)
{
    struct app *app = userdata;

    (void)error;
    (void)reply;
    app->n_done++;
}

static void note_refused(void *userdata, struct softbus_object *object, int error)
{
    (void)userdata;
    if (error >= 0 || (object && softbus_object_is_dead(object) && softbus_object_is_stub(object)))
        abort();
}

/* Keeps the object that came last, calls it, passes it back. */
static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    struct softbus_object *object = NULL;
    struct softbus_caller caller;
    struct app *app = userdata;

    softbus_transaction_get_caller(transaction, &caller);
    if (softbus_parcel_read_object(request, &object) == 0 && object) {
        softbus_object_unref(app->received);
        app->received = object;
        softbus_call_async(object, code & SOFTBUS_CODE_MAX, NULL, 60000, note_done, app, NULL);
        if (reply)
            softbus_parcel_write_object(reply, object);
    }
    return reply ? softbus_parcel_write_u32(reply, code) : 0;
}

/* Sends the bytes with the stub's id, or a call's, where the input asks for one. */
static void say(int fd, const uint8_t *data, size_t size, const uint64_t ids[2])
{
    uint8_t *bytes = malloc(size + 1);

    if (!bytes)
        return;
    if (size)
        memcpy(bytes, data, size);
    for (size_t i = 0; i + 8 <= size; i++) {
        if (bytes[i] == 0xfe && bytes[i + 1] < 2)
            wire_store_u64(bytes + i, ids[bytes[i + 1]]);
    }
    if (send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        /* the library has ended the connection */
    }
    free(bytes);
}

static void drain(struct app *app, int fd)
{
    char bytes[4096];

    while (softbus_process(app->bus) > 0)
        continue;
    while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
        continue;
}

static void play(struct app *app, int fd, const uint8_t *data, size_t size)
{
    struct softbus_parcel *parcel;
    struct softbus_link *link = NULL;
    uint64_t ids[2] = { app->stub->id, 1 };

    app->stub->n_outside = 3; /* as if it had been passed three times */
    say(fd, data, size / 2, ids);
    drain(app, fd);
    if (app->received && softbus_parcel_new(0, &parcel) == 0) {
        softbus_parcel_write_object(parcel, app->stub);
        softbus_call_oneway(app->received, 3, parcel);
        softbus_call_async(app->received, 4, parcel, 60000, note_done, app, &ids[1]);
        softbus_parcel_free(parcel);
        app->received->is_linked = true; /* the hub would have answered */
        softbus_link_death(app->received, note_death, app, &link);
    }
    say(fd, data + size / 2, size - size / 2, ids);
    drain(app, fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_welcome welcome = { .version = 1, .device_name = { "k", 1 } };
    struct app app = { .n_done = 0 };
    struct sb_buf buf;
    int fds[2];

    if (size > SIZE_MAX_BYTES || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return 0;
    sb_buf_init(&buf, 1000);
    if (wire_welcome_encode(&buf, &welcome) == 0 &&
        send(fds[0], sb_buf_bytes(&buf), buf.length, MSG_NOSIGNAL) == (ssize_t)buf.length &&
        softbus_bus_open_fd(fds[1], NULL, "fuzz", &app.bus) == 0) {
        softbus_set_refused_fn(app.bus, note_refused, &app);
        if (softbus_stub_new(app.bus, "org.example", handle, &app, &app.stub) == 0)
            play(&app, fds[0], data, size);
        softbus_object_unref(app.received);
        softbus_object_unref(app.stub);
        softbus_close(app.bus);
    }
    sb_buf_deinit(&buf);
    close(fds[0]);
    return 0;
}
