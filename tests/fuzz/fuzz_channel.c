/*
 * A hostile app at the other end of a direct channel, beside a hub that may be as odd: the library closes the channel or goes on, and
 * nothing else; no descriptor stays. The first byte says which end is ours (bit 0: the client's). Then records: what to do (low four
 * bits) and with how many descriptors (high four), a length of two bytes, and so many bytes. 0xfe followed by 0 or 1 in an id's place
 * is replaced by the stub's id, or the latest call's.
 */
#include "libsoftbus/bus.h"
#include "libsoftbus/object.h"
#include "softbus/error.h"
#include "softbus/parcel.h"
#include "wire/channel.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_BYTES 30000 /* what a socket takes at once */
#define HANDLE 0x1234567800000001u
#define N_FDS 128 /* more are never open here */
#define CHANNEL 77
#define OBJECT_DATA "\x0f\x00\x00"

enum what { ON_CHANNEL, TO_HUB, CALL_PLAIN, CALL_WITH_OBJECT, CANCEL, PROCESS, HANG_UP, DROP_PROXY };

struct app {
    struct softbus *bus;
    struct softbus_object *stub, *proxy;
    uint64_t call;
    int hub_fd, peer_fd;
    unsigned n_done;
};

static void note_done(void *userdata, int error, struct softbus_parcel *reply)
{
    struct app *app = userdata;
    int fd;

    if (error == 0 && softbus_parcel_read_fd(reply, &fd) == 0)
        close(fd);
    app->n_done++;
}

/* Takes what there is, keeps an object, and now and then answers with one. */
static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    struct softbus_object *object = NULL;
    struct softbus_caller caller;
    struct app *app = userdata;
    int fd;

    if (softbus_transaction_get_caller(transaction, &caller) == 0 && caller.is_remote)
        abort(); /* nobody here is */
    if (softbus_parcel_read_fd(request, &fd) == 0)
        close(fd);
    if (softbus_parcel_read_object(request, &object) == 0 && object && !app->proxy && !softbus_object_is_stub(object))
        app->proxy = object;
    else
        softbus_object_unref(object);
    if (reply && code % 2 == 0)
        return softbus_parcel_write_object(reply, app->stub);
    return reply ? softbus_parcel_write_u32(reply, code) : 0;
}

static void say(int to, const void *bytes, size_t size, const int *fds, unsigned n_fds)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * 16)];
    } control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int) * n_fds), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
    struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

    if (n_fds) {
        memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
    }
    if (size && sendmsg(to, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        /* the library has closed it */
    }
}

static void process(struct app *app)
{
    char bytes[4096];

    while (softbus_process(app->bus) > 0)
        continue;
    while (recv(app->hub_fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
        continue;
    while (app->peer_fd >= 0 && recv(app->peer_fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
        continue;
}

/* The hub introduces the other end, and what may be called over it. */
static void make_channel(struct app *app, struct sb_buf *buf, bool is_client)
{
    struct wire_channel channel = { .channel = CHANNEL, .role = is_client ? WIRE_ROLE_CLIENT : WIRE_ROLE_SERVER,
                                    .identity = { .kind = WIRE_IDENTITY_LOCAL, .pid = 5, .uid = 6, .gid = 7, .label = { "", 0 } } };
    struct wire_call call = { .target = app->stub->id, .code = 1, .flags = WIRE_CALL_ONEWAY, .identity = channel.identity,
                              .data = { (const uint8_t *)OBJECT_DATA, 3 } };
    static struct wire_objects objects = { .n = 1, .items = { { .kind = WIRE_OBJECT_PROXY, .id = HANDLE } } };
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        abort();
    app->peer_fd = fds[0];
    app->stub->n_outside = 3; /* as if it had been passed three times */
    buf->length = 0;
    if (wire_call_encode_head(buf, &call, &objects) < 0 || sb_buf_append(buf, OBJECT_DATA, 3) < 0)
        abort();
    say(app->hub_fd, sb_buf_bytes(buf), buf->length, NULL, 0);
    buf->length = 0;
    if (wire_channel_encode(buf, &channel) < 0)
        abort();
    say(app->hub_fd, sb_buf_bytes(buf), buf->length, &fds[1], 1);
    buf->length = 0;
    if (is_client ? wire_route_encode(buf, &(struct wire_route){ HANDLE, CHANNEL, 99 })
                  : wire_grant_encode(buf, &(struct wire_grant){ CHANNEL, app->stub->id }))
        abort();
    say(app->hub_fd, sb_buf_bytes(buf), buf->length, NULL, 0);
    close(fds[1]);
    process(app);
}

static void call(struct app *app, bool has_object)
{
    struct softbus_parcel *parcel;

    if (!app->proxy || softbus_parcel_new(0, &parcel) < 0)
        return;
    if (has_object)
        softbus_parcel_write_object(parcel, app->stub);
    softbus_call_oneway(app->proxy, 3, parcel);
    softbus_call_async(app->proxy, 4, parcel, 60000, note_done, app, &app->call);
    softbus_parcel_free(parcel);
}

/* The record's bytes with ids in their places. */
static void say_bytes(struct app *app, int to, const uint8_t *data, size_t size, unsigned n_fds)
{
    uint64_t ids[2] = { app->stub->id, app->call };
    uint8_t *bytes = malloc(size + 1);
    int fds[15];

    for (unsigned i = 0; i < n_fds; i++)
        fds[i] = app->hub_fd; /* any will do */
    if (bytes && size)
        memcpy(bytes, data, size);
    for (size_t i = 0; bytes && i + 8 <= size; i++) {
        if (bytes[i] == 0xfe && bytes[i + 1] < 2)
            wire_store_u64(bytes + i, ids[bytes[i + 1]]);
    }
    if (bytes && to >= 0)
        say(to, bytes, size, fds, n_fds);
    free(bytes);
}

static void do_record(struct app *app, uint8_t what, const uint8_t *data, size_t size)
{
    switch ((enum what)(what & 7)) {
    case ON_CHANNEL:
        say_bytes(app, app->peer_fd, data, size, what >> 4);
        break;
    case TO_HUB:
        say_bytes(app, app->hub_fd, data, size, what >> 4);
        break;
    case CALL_PLAIN:
    case CALL_WITH_OBJECT:
        call(app, (what & 7) == CALL_WITH_OBJECT);
        break;
    case CANCEL:
        softbus_cancel(app->bus, app->call);
        break;
    case PROCESS:
        process(app);
        break;
    case HANG_UP:
        if (app->peer_fd >= 0)
            close(app->peer_fd);
        app->peer_fd = -1;
        break;
    case DROP_PROXY:
        app->proxy = softbus_object_unref(app->proxy);
        break;
    }
}

static void play(struct app *app, const uint8_t *data, size_t size)
{
    while (size >= 3) {
        size_t n = (size_t)data[1] | (size_t)data[2] << 8;

        n = n < size - 3 ? n : size - 3;
        do_record(app, data[0], data + 3, n);
        data += 3 + n;
        size -= 3 + n;
    }
    process(app);
}

static void run(struct app *app, struct sb_buf *buf, const uint8_t *data, size_t size)
{
    if (softbus_stub_new(app->bus, "org.example", handle, app, &app->stub) == 0) {
        make_channel(app, buf, data[0] & 1);
        play(app, data + 1, size - 1);
    }
    softbus_object_unref(app->proxy);
    softbus_object_unref(app->stub);
    softbus_close(app->bus);
    close(app->hub_fd);
    if (app->peer_fd >= 0)
        close(app->peer_fd);
}

static unsigned count_open_fds(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < N_FDS; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_welcome welcome = { .version = 1, .device_name = { "k", 1 } };
    struct app app = { .peer_fd = -1 };
    struct sb_buf buf;
    unsigned n_open = count_open_fds();
    int fds[2];

    if (size < 1 || size > SIZE_MAX_BYTES)
        return 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return 0;
    app.hub_fd = fds[0];
    sb_buf_init(&buf, 4000);
    if (wire_welcome_encode(&buf, &welcome) == 0 &&
        send(fds[0], sb_buf_bytes(&buf), buf.length, MSG_NOSIGNAL) == (ssize_t)buf.length &&
        softbus_bus_open_fd(fds[1], NULL, "fuzz", &app.bus) == 0)
        run(&app, &buf, data, size);
    sb_buf_deinit(&buf);
    if (count_open_fds() != n_open)
        abort(); /* a descriptor stayed */
    return 0;
}
