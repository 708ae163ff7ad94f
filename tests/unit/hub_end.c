/* The hub's end of a connection; see hub_end.h. It aborts where a test could not go on. */
#include "tests/unit/hub_end.h"

#include "libsoftbus/bus.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MUST(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort(); \
        } \
    } while (0)

void hub_end_open(struct hub_end *end, struct softbus **ret_bus)
{
    struct wire_welcome welcome = { .version = 1, .local_max = WIRE_LOCAL_MAX, .remote_max = WIRE_REMOTE_MAX,
                                    .device = { { 7 } }, .device_name = { "kitchen", 7 } };
    struct wire_hello hello;
    int fds[2];

    memset(end, 0, sizeof(*end));
    sb_buf_init(&end->in, 4 * WIRE_MSG_MAX);
    sb_buf_init(&end->out, 4 * WIRE_MSG_MAX);
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    end->fd = fds[0];
    MUST(wire_welcome_encode(&end->out, &welcome) == 0);
    hub_end_say_bytes(end, NULL, 0);
    MUST(softbus_bus_open_fd(fds[1], NULL, "test", ret_bus) == 0);
    MUST(wire_hello_decode(hub_end_hear_type(end, WIRE_HELLO), &hello) == 0);
    MUST(hello.name.size == 4 && hello.version_min == 1);
}

/* What a bus that has connected is told: this instance, and a proof made of it. */
static void welcome(struct hub_end *end, uint64_t instance, uint64_t *ret_instance, uint64_t *ret_proof)
{
    struct wire_welcome welcome = { .version = 1, .local_max = WIRE_LOCAL_MAX, .remote_max = WIRE_REMOTE_MAX, .device = { { 7 } },
                                    .device_name = { "kitchen", 7 }, .instance = instance, .proof = instance + 1 };
    struct wire_hello hello;

    MUST(wire_hello_decode(hub_end_hear_type(end, WIRE_HELLO), &hello) == 0);
    *ret_instance = hello.instance;
    *ret_proof = hello.proof;
    MUST(wire_welcome_encode(&end->out, &welcome) == 0);
    hub_end_say_bytes(end, NULL, 0);
}

static void *accept_first(void *userdata)
{
    struct hub_end *end = userdata;
    uint64_t instance, proof;

    end->fd = accept4(end->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    MUST(end->fd >= 0);
    welcome(end, HUB_END_INSTANCE, &instance, &proof);
    MUST(instance == 0 && proof == 0);
    return NULL;
}

void hub_end_open_path(struct hub_end *end, struct softbus **ret_bus)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    pthread_t thread;

    memset(end, 0, sizeof(*end));
    sb_buf_init(&end->in, 4 * WIRE_MSG_MAX);
    sb_buf_init(&end->out, 4 * WIRE_MSG_MAX);
    strcpy(end->folder, "/tmp/softbus-XXXXXX");
    MUST(mkdtemp(end->folder));
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", end->folder);
    end->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(bind(end->listen_fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(end->listen_fd, 5) == 0);
    MUST(pthread_create(&thread, NULL, accept_first, end) == 0);
    MUST(softbus_open(address.sun_path, "test", ret_bus) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    fcntl(end->listen_fd, F_SETFL, O_NONBLOCK);
}

void hub_end_go_away(struct hub_end *end)
{
    close(end->fd);
    end->fd = -1;
    sb_buf_deinit(&end->in);
    end->n_consume = 0;
}

void hub_end_restart(struct hub_end *end, struct softbus *bus, uint64_t instance, uint64_t *ret_instance, uint64_t *ret_proof)
{
    struct pollfd poll_fd = { .fd = end->listen_fd, .events = POLLIN };

    if (end->fd >= 0)
        hub_end_go_away(end);
    while ((end->fd = accept4(end->listen_fd, NULL, NULL, SOCK_CLOEXEC)) < 0) {
        if (bus)
            softbus_wait(bus, 10);
        else
            poll(&poll_fd, 1, -1);
    }
    welcome(end, instance, ret_instance, ret_proof);
}

void hub_end_close(struct hub_end *end)
{
    char path[64];

    if (end->fd >= 0)
        close(end->fd);
    end->fd = -1;
    if (end->listen_fd > 0) {
        close(end->listen_fd);
        snprintf(path, sizeof(path), "%s/socket", end->folder);
        unlink(path);
        rmdir(end->folder);
    }
    sb_buf_deinit(&end->in);
    sb_buf_deinit(&end->out);
}

static void *run_script(void *userdata)
{
    struct hub_end *end = userdata;

    end->script(end);
    return NULL;
}

void hub_end_start(struct hub_end *end, void (*script)(struct hub_end *end))
{
    end->script = script;
    MUST(pthread_create(&end->thread, NULL, run_script, end) == 0);
}

void hub_end_join(struct hub_end *end)
{
    MUST(pthread_join(end->thread, NULL) == 0);
}

bool hub_end_hear(struct hub_end *end, struct wire_msg *ret_message)
{
    size_t size, room_size;
    uint8_t *room;
    ssize_t n;
    int r;

    sb_buf_consume(&end->in, end->n_consume);
    end->n_consume = 0;
    while ((r = wire_msg_scan(sb_buf_bytes(&end->in), end->in.length, WIRE_MSG_MAX, ret_message, &size)) == 0) {
        MUST(sb_buf_reserve(&end->in, 65536, &room, &room_size) == 0);
        n = recv(end->fd, room, room_size, 0);
        if (n <= 0)
            return false;
        sb_buf_commit(&end->in, (size_t)n);
    }
    MUST(r > 0);
    end->n_consume = size;
    return true;
}

struct wire_bytes hub_end_hear_type(struct hub_end *end, enum wire_type type)
{
    struct wire_msg message;

    MUST(hub_end_hear(end, &message));
    MUST(message.type == type);
    return message.body;
}

void hub_end_hear_call(struct hub_end *end, struct wire_call *ret_call)
{
    MUST(wire_call_decode(hub_end_hear_type(end, WIRE_CALL), ret_call, &end->objects) == 0);
}

void hub_end_hear_reply(struct hub_end *end, struct wire_reply *ret_reply)
{
    MUST(wire_reply_decode(hub_end_hear_type(end, WIRE_REPLY), ret_reply, &end->objects) == 0);
}

bool hub_end_is_silent(struct hub_end *end)
{
    char byte;

    return end->in.length == end->n_consume && recv(end->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) <= 0;
}

/* What stands in end->out, then these bytes. */
void hub_end_say_bytes(struct hub_end *end, const void *data, size_t size)
{
    MUST(sb_buf_append(&end->out, data, size) == 0);
    while (end->out.length > 0) {
        ssize_t n = send(end->fd, sb_buf_bytes(&end->out), end->out.length, MSG_NOSIGNAL);

        if (n < 0) {
            sb_buf_consume(&end->out, end->out.length);
            return;
        }
        sb_buf_consume(&end->out, (size_t)n);
    }
}

static void list_object(struct hub_end *end, const struct wire_object *object)
{
    end->objects.n = object ? 1 : 0;
    if (object)
        end->objects.items[0] = *object;
}

void hub_end_say_call(struct hub_end *end, uint64_t id, uint64_t target, uint32_t code, const struct wire_object *object,
                      const void *data, size_t size)
{
    struct wire_call call = { .id = id, .target = target, .code = code, .flags = id ? 0 : WIRE_CALL_ONEWAY,
                              .deadline_ms = id ? 8000 : 0, .trace = 99, .data = { data, size },
                              .identity = { .kind = WIRE_IDENTITY_LOCAL, .pid = 11, .uid = 12, .gid = 13,
                                            .label = { "label", 5 } } };

    list_object(end, object);
    MUST(wire_call_encode_head(&end->out, &call, &end->objects) == 0);
    hub_end_say_bytes(end, data, size);
}

void hub_end_say_call_of(struct hub_end *end, uint32_t pid, uint64_t trace, uint64_t id, uint64_t target, uint32_t code)
{
    struct wire_call call = { .id = id, .target = target, .code = code, .flags = id ? 0 : WIRE_CALL_ONEWAY,
                              .deadline_ms = id ? 8000 : 0, .trace = trace,
                              .identity = { .kind = WIRE_IDENTITY_LOCAL, .pid = pid, .uid = 12, .gid = 13, .label = { "", 0 } } };

    list_object(end, NULL);
    MUST(wire_call_encode_head(&end->out, &call, &end->objects) == 0);
    hub_end_say_bytes(end, NULL, 0);
}

void hub_end_say_reply(struct hub_end *end, uint64_t id, int32_t status, const struct wire_object *object,
                       const void *data, size_t size)
{
    struct wire_reply reply = { .id = id, .status = status, .data = { data, size } };

    list_object(end, object);
    MUST(wire_reply_encode_head(&end->out, &reply, &end->objects) == 0);
    hub_end_say_bytes(end, data, size);
}

void hub_end_say_cancel(struct hub_end *end, uint64_t id)
{
    MUST(wire_cancel_encode(&end->out, id) == 0);
    hub_end_say_bytes(end, NULL, 0);
}

void hub_end_say_release(struct hub_end *end, uint64_t id, uint32_t count)
{
    struct wire_release release = { .id = id, .count = count };

    MUST(wire_release_encode(&end->out, &release) == 0);
    hub_end_say_bytes(end, NULL, 0);
}

void hub_end_say_death(struct hub_end *end, uint64_t id, uint32_t reason)
{
    struct wire_death_msg death = { .id = id, .reason = reason };

    MUST(wire_death_encode(&end->out, &death) == 0);
    hub_end_say_bytes(end, NULL, 0);
}

struct wire_object hub_end_make_proxy(uint64_t handle, uint8_t flags, uint8_t hops)
{
    struct wire_object object = { .kind = WIRE_OBJECT_PROXY, .id = handle, .flags = flags, .hops = hops };

    if (flags & WIRE_OBJECT_REMOTE)
        object.device.bytes[0] = 0x99;
    return object;
}
