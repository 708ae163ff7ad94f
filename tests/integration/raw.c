#include "tests/integration/raw.h"

#include "tests/integration/kit.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct raw *raw_new(struct lab *lab, int fd)
{
    struct raw *raw = calloc(1, sizeof(*raw));
    LAB_CHECK(lab, raw != NULL);
    raw->lab = lab;
    sb_buf_init(&raw->in, 256U << 20);
    raw->fd = fd;
    return raw;
}

struct raw *raw_adopt(struct lab *lab, int fd)
{
    lab_keep_fd(lab, fd);
    return raw_new(lab, fd);
}

static struct sockaddr_un raw_get_address(struct lab_device *device)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", lab_device_get_socket(device));
    return address;
}

void raw_hello(struct raw *raw, const char *name, uint32_t features)
{
    struct sb_buf out;
    sb_buf_init(&out, 4096);
    struct wire_hello hello = { .version_min = WIRE_VERSION_MIN,
                                .version_max = WIRE_VERSION_MAX,
                                .features = features,
                                .name = { name, strlen(name) } };
    LAB_EQUAL(raw->lab, wire_hello_encode(&out, &hello), 0);
    raw_send_buf(raw, &out);
    sb_buf_deinit(&out);
    struct wire_welcome welcome;
    LAB_EQUAL(raw->lab, wire_welcome_decode(raw_wait(raw, WIRE_WELCOME), &welcome), 0);
    LAB_EQUAL(raw->lab, welcome.version, WIRE_VERSION_MAX);
}

struct raw *raw_open_with(struct lab *lab, struct lab_device *device, const char *name, uint32_t features)
{
    struct sockaddr_un address = raw_get_address(device);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    LAB_CHECK(lab, fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    struct raw *raw = raw_adopt(lab, fd);
    if (name != NULL)
        raw_hello(raw, name, features);
    return raw;
}

struct raw *raw_open(struct lab *lab, struct lab_device *device, const char *name)
{
    return raw_open_with(lab, device, name, 0);
}

/* In a child: the kernel notes who it was that connected. */
static void raw_connect_all(const struct sockaddr_un *address, uint32_t uid, const int *fds, unsigned n)
{
    if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
        _exit(1);
    for (unsigned i = 0; i < n; i++)
        if (connect(fds[i], (const struct sockaddr *)address, sizeof(*address)) < 0)
            _exit(2);
    _exit(0);
}

bool raw_connect_as(struct lab *lab, struct lab_device *device, uint32_t uid, int *ret_fds, unsigned n)
{
    struct sockaddr_un address = raw_get_address(device);
    for (unsigned i = 0; i < n; i++)
        LAB_CHECK(lab, (ret_fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0);
    pid_t pid = lab_fork(lab);
    if (pid == 0)
        raw_connect_all(&address, uid, ret_fds, n);
    lab_expect_child(lab, pid);
    int status = lab_wait_child(lab);
    if (status == 1)
        lab_note(lab, "left out: no process can become uid %u here", uid);
    else
        LAB_EQUAL(lab, status, 0);
    return status == 0;
}

struct raw *raw_close(struct raw *raw)
{
    if (raw == NULL)
        return NULL;
    lab_close_fd(raw->lab, raw->fd);
    for (unsigned i = 0; i < raw->n_fds; i++)
        lab_close_fd(raw->lab, raw->fds[i]);
    sb_buf_deinit(&raw->in);
    free(raw);
    return NULL;
}

bool raw_send(struct raw *raw, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    while (size > 0) {
        ssize_t sent = send(raw->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) {
            lab_pump(raw->lab, 1);
            continue;
        }
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool raw_send_fds(struct raw *raw, const void *data, size_t size, int fd, unsigned n)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * 250)];
    } control;
    struct iovec part = { (void *)(uintptr_t)data, size };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                              .msg_controllen = CMSG_SPACE(sizeof(int) * n) };
    memset(&control, 0, sizeof(control));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * n);
    for (unsigned i = 0; i < n; i++)
        memcpy(CMSG_DATA(header) + i * sizeof(int), &fd, sizeof(int));
    ssize_t sent;
    while ((sent = sendmsg(raw->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT)) < 0 && errno == EAGAIN)
        lab_pump(raw->lab, 1);
    return sent > 0 && raw_send(raw, (const uint8_t *)data + sent, size - (size_t)sent);
}

void raw_send_buf(struct raw *raw, struct sb_buf *message)
{
    raw_send(raw, sb_buf_bytes(message), message->length);
    sb_buf_consume(message, message->length);
}

void raw_send_header(struct raw *raw, uint32_t length, uint16_t type, uint16_t reserved)
{
    uint8_t header[WIRE_HEADER_SIZE];
    wire_store_u32(header, length);
    wire_store_u16(header + 4, type);
    wire_store_u16(header + 6, reserved);
    raw_send(raw, header, sizeof(header));
}

static const struct wire_objects raw_no_objects;

void raw_send_call(struct raw *raw, uint64_t id, uint64_t target, uint32_t code, const struct wire_objects *objects,
                   const void *data, size_t size)
{
    struct sb_buf out;
    sb_buf_init(&out, WIRE_MSG_MAX);
    struct wire_call call = { .id = id,
                              .target = target,
                              .code = code,
                              .flags = id == 0 ? WIRE_CALL_ONEWAY : 0,
                              .deadline_ms = id == 0 ? 0 : 30000,
                              .trace = 7,
                              .data = { data, size } };
    LAB_EQUAL(raw->lab, wire_call_encode_head(&out, &call, objects != NULL ? objects : &raw_no_objects), 0);
    raw_send(raw, sb_buf_bytes(&out), out.length);
    raw_send(raw, data, size);
    sb_buf_deinit(&out);
}

void raw_send_reply(struct raw *raw, uint64_t id, int32_t status, const struct wire_objects *objects, const void *data,
                    size_t size)
{
    struct sb_buf out;
    sb_buf_init(&out, WIRE_MSG_MAX);
    struct wire_reply reply = { .id = id, .status = status, .data = { data, size } };
    LAB_EQUAL(raw->lab, wire_reply_encode_head(&out, &reply, objects != NULL ? objects : &raw_no_objects), 0);
    raw_send(raw, sb_buf_bytes(&out), out.length);
    raw_send(raw, data, size);
    sb_buf_deinit(&out);
}

void raw_send_release(struct raw *raw, uint64_t handle, uint32_t count)
{
    struct sb_buf out;
    sb_buf_init(&out, 4096);
    LAB_EQUAL(raw->lab, wire_release_encode(&out, &(struct wire_release){ .id = handle, .count = count }), 0);
    raw_send(raw, sb_buf_bytes(&out), out.length);
    sb_buf_deinit(&out);
}

static void raw_keep_fds(struct raw *raw, struct msghdr *message)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
        size_t n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        LAB_CHECK(raw->lab, header->cmsg_type == SCM_RIGHTS && raw->n_fds + n <= 64);
        memcpy(raw->fds + raw->n_fds, CMSG_DATA(header), n * sizeof(int));
        for (size_t i = 0; i < n; i++)
            lab_keep_fd(raw->lab, raw->fds[raw->n_fds + i]);
        raw->n_fds += (unsigned)n;
    }
}

static void raw_read(struct raw *raw)
{
    uint8_t *room;
    size_t size;
    while (!raw->is_closed && sb_buf_reserve(&raw->in, 65536, &room, &size) == 0) {
        char control[CMSG_SPACE(sizeof(int) * 64)];
        struct iovec part = { room, size };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
        ssize_t got = recvmsg(raw->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            raw->is_closed = true;
        } else {
            sb_buf_commit(&raw->in, (size_t)got);
            raw_keep_fds(raw, &message);
        }
    }
}

bool raw_has_closed(struct raw *raw)
{
    raw_read(raw);
    lab_await_fd(raw->lab, raw->is_closed ? -1 : raw->fd);
    return raw->is_closed;
}

static bool raw_next(struct raw *raw, struct wire_msg *ret_msg)
{
    sb_buf_consume(&raw->in, raw->n_consumed);
    raw->n_consumed = 0;
    raw_read(raw);
    size_t size;
    if (raw->in.length == 0 || wire_msg_scan(sb_buf_bytes(&raw->in), raw->in.length, WIRE_MSG_MAX, ret_msg, &size) != 1)
        return false;
    raw->n_consumed = size;
    return true;
}

struct wire_bytes raw_wait(struct raw *raw, enum wire_type type)
{
    struct wire_msg msg = { 0 };
    for (uint64_t due_ms = lab_get_due_ms(raw->lab);;) {
        bool has_message = raw_next(raw, &msg);
        if (has_message && msg.type == type) {
            lab_await_fd(raw->lab, -1);
            return msg.body;
        }
        if (has_message)
            continue;
        LAB_CHECK(raw->lab, !raw->is_closed);
        lab_await_fd(raw->lab, raw->fd);
        lab_pump_until(raw->lab, due_ms, __FILE__, __LINE__, "a message from the hub");
    }
}

int32_t raw_wait_reply(struct raw *raw, uint64_t id, struct wire_objects *ret_objects)
{
    struct wire_objects objects;
    struct wire_reply reply;
    do
        LAB_EQUAL(raw->lab, wire_reply_decode(raw_wait(raw, WIRE_REPLY), &reply, &objects), 0);
    while (reply.id != id);
    if (ret_objects != NULL)
        *ret_objects = objects;
    return reply.status;
}

/* --- channels --- */

static struct raw_end raw_wait_channel(struct raw *raw, enum wire_role role)
{
    struct wire_channel message;
    LAB_EQUAL(raw->lab, wire_channel_decode(raw_wait(raw, WIRE_CHANNEL), &message), 0);
    LAB_EQUAL(raw->lab, message.role, role);
    LAB_CHECK(raw->lab, raw->n_fds > 0);
    int fd = raw->fds[0];
    raw->n_fds--;
    memmove(raw->fds, raw->fds + 1, raw->n_fds * sizeof(int));
    return (struct raw_end){ .channel = raw_new(raw->lab, fd), .number = message.channel }; /* the lab keeps it already */
}

struct raw_end raw_open_client(struct raw *raw, const char *service, uint64_t *ret_handle)
{
    struct wire_object object;
    LAB_RESULT(raw->lab, raw_get_service(raw, "", service, &object), 0);
    for (unsigned i = 0; i < 3; i++) /* HUB_ROUTE_AFTER */
        raw_send_call(raw, ++raw->last_id, object.id, KIT_STATS, NULL, "", 0);
    struct raw_end end = raw_wait_channel(raw, WIRE_ROLE_CLIENT);
    struct wire_route route;
    LAB_EQUAL(raw->lab, wire_route_decode(raw_wait(raw, WIRE_ROUTE), &route), 0);
    LAB_EQUAL(raw->lab, route.handle, object.id);
    LAB_EQUAL(raw->lab, route.channel, end.number);
    end.stub = route.stub;
    if (ret_handle != NULL)
        *ret_handle = object.id;
    return end;
}

struct raw_end raw_open_server(struct raw *raw)
{
    struct raw_end end = raw_wait_channel(raw, WIRE_ROLE_SERVER);
    struct wire_grant grant;
    struct sb_buf out;
    LAB_EQUAL(raw->lab, wire_grant_decode(raw_wait(raw, WIRE_GRANT), &grant), 0);
    sb_buf_init(&out, 64);
    LAB_EQUAL(raw->lab, wire_grant_encode(&out, &grant), 0);
    raw_send_buf(raw, &out);
    sb_buf_deinit(&out);
    end.stub = grant.stub;
    return end;
}

void raw_end_close(struct raw_end *end)
{
    end->channel = raw_close(end->channel);
}

/* --- the hub's calls --- */

static int32_t raw_call_hub(struct raw *raw, uint32_t code, const struct wire_objects *objects, const struct sb_buf *data,
                            struct wire_objects *ret_objects)
{
    raw_send_call(raw, ++raw->last_id, WIRE_HUB, code, objects, sb_buf_bytes(data), data->length);
    return raw_wait_reply(raw, raw->last_id, ret_objects);
}

int32_t raw_add_service(struct raw *raw, const char *name, uint64_t stub, bool is_distributed)
{
    struct sb_buf data;
    struct wire_writer writer;
    sb_buf_init(&data, 4096);
    wire_writer_init(&writer, &data);
    wire_value_put_str(&writer, name, strlen(name));
    wire_value_put_object(&writer, 0);
    wire_value_put_bool(&writer, is_distributed);
    struct wire_objects objects = { .n = 1, .items = { { .kind = WIRE_OBJECT_STUB, .id = stub } } };
    int32_t status = raw_call_hub(raw, WIRE_HUB_SERVICE_ADD, &objects, &data, NULL);
    sb_buf_deinit(&data);
    return status;
}

int32_t raw_get_service(struct raw *raw, const char *device, const char *name, struct wire_object *ret_object)
{
    struct sb_buf data;
    struct wire_writer writer;
    struct wire_objects objects;
    sb_buf_init(&data, 4096);
    wire_writer_init(&writer, &data);
    wire_value_put_str(&writer, device, strlen(device));
    wire_value_put_str(&writer, name, strlen(name));
    wire_value_put_bool(&writer, true);
    int32_t status = raw_call_hub(raw, WIRE_HUB_SERVICE_GET, NULL, &data, &objects);
    sb_buf_deinit(&data);
    if (status == 0) {
        LAB_EQUAL(raw->lab, objects.n, 1);
        *ret_object = objects.items[0];
    }
    return status;
}

int32_t raw_link_death(struct raw *raw, uint64_t handle)
{
    struct sb_buf data;
    struct wire_writer writer;
    sb_buf_init(&data, 64);
    wire_writer_init(&writer, &data);
    wire_value_put_u64(&writer, handle);
    int32_t status = raw_call_hub(raw, WIRE_HUB_LINK_DEATH, NULL, &data, NULL);
    sb_buf_deinit(&data);
    return status;
}

int32_t raw_pass(struct raw *raw, uint64_t target, enum wire_object_kind kind, uint64_t id)
{
    static const uint8_t first_object[] = { WIRE_TAG_OBJECT, 0, 0 };
    struct wire_objects objects = { .n = 1, .items = { { .kind = kind, .id = id } } };
    raw_send_call(raw, ++raw->last_id, target, KIT_HOLD, &objects, first_object, sizeof(first_object));
    return raw_wait_reply(raw, raw->last_id, NULL);
}
