/*
 * The socket; see io.h. The descriptor itself stays in blocking mode with a receive time-out of one tick, so that a
 * call in the common case is one sendmsg() and one recv(), without a poll() in between. Whoever has waited a whole tick in
 * vain is idle and waits with poll(), which has no tick.
 */
#include "libsoftbus/io.h"

#include "libsoftbus/bus.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "softbus/error.h"
#include "softbus/object.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define TICK_MS 250
#define SEND_BUFFER_BYTES (512 * 1024) /* a whole local transaction in one sendmsg(); the kernel gives what it may */
#define RECEIVE_BYTES (16 * 1024)      /* asked for when nothing is known */
#define RECEIVE_MAX_BYTES (256 * 1024) /* asked for at once when a long message is on its way */
#define OUT_HIGH_BYTES (4u << 20)      /* queued above this: no more calls */
#define KEPT_HIGH_BYTES (16u << 20)    /* put aside above this: nothing more is received */

int softbus_io_connect(const char *path, int *ret_fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval patience = { .tv_sec = SOFTBUS_DEFAULT_TIMEOUT_MS / 1000 };
    SB_AUTO_CLOSE int fd = -1;
    int r;

    if (strlen(path) >= sizeof(address.sun_path))
        return SOFTBUS_ERR_INVALID;
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno == ENOMEM ? SOFTBUS_ERR_NO_MEMORY : SOFTBUS_ERR_NO_DAEMON;
    /* A daemon whose backlog is full makes connect() wait this long. */
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    do
        r = connect(fd, (const struct sockaddr *)&address, sizeof(address));
    while (r < 0 && errno == EINTR);
    if (r < 0 && (errno == EACCES || errno == EPERM))
        return SOFTBUS_ERR_DENIED;
    if (r < 0)
        return errno == EAGAIN ? SOFTBUS_ERR_TIMEOUT : SOFTBUS_ERR_NO_DAEMON;
    *ret_fd = SB_TAKE_FD(fd);
    return 0;
}

void softbus_io_prepare(int fd)
{
    struct timeval tick = { .tv_usec = TICK_MS * 1000 };
    int send_bytes = SEND_BUFFER_BYTES;

    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
}

static bool is_patience(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS || error == ENOMEM;
}

int softbus_io_flush(struct softbus *bus)
{
    while (bus->out.length > 0) {
        ssize_t n = send(bus->fd, sb_buf_bytes(&bus->out), bus->out.length, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0)
            return is_patience(errno) ? 0 : softbus_bus_fail(bus, SOFTBUS_ERR_DISCONNECTED);
        sb_buf_consume(&bus->out, (size_t)n);
    }
    return 0;
}

/* The part of head and data behind the first n_sent bytes; all of it or nothing is appended. */
static int queue_rest(struct softbus *bus, const void *data, size_t size, size_t n_sent)
{
    size_t before = bus->out.length, n_head = bus->head.length;
    int r = 0;

    if (n_sent < n_head) {
        r = sb_buf_append(&bus->out, sb_buf_bytes(&bus->head) + n_sent, n_head - n_sent);
        n_sent = n_head;
    }
    if (r == 0 && size > 0)
        r = sb_buf_append(&bus->out, (const uint8_t *)data + (n_sent - n_head), size - (n_sent - n_head));
    if (r < 0)
        bus->out.length = before;
    return r;
}

int softbus_io_send(struct softbus *bus, const void *data, size_t size)
{
    struct iovec parts[2] = { { .iov_base = bus->head.data, .iov_len = bus->head.length },
                              { .iov_base = (void *)(uintptr_t)data, .iov_len = size } };
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = size ? 2 : 1 };
    ssize_t n = 0;

    if (bus->error)
        return SOFTBUS_ERR_DISCONNECTED;
    if (bus->out.length > 0 && softbus_io_flush(bus) < 0)
        return SOFTBUS_ERR_DISCONNECTED;
    if (bus->out.length == 0) {
        n = sendmsg(bus->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && !is_patience(errno))
            return softbus_bus_fail(bus, SOFTBUS_ERR_DISCONNECTED);
        if (n < 0)
            n = 0;
        if ((size_t)n == bus->head.length + size)
            return 0;
    }
    if (queue_rest(bus, data, size, (size_t)n) == 0)
        return 0;
    return n > 0 ? softbus_bus_fail(bus, SOFTBUS_ERR_DISCONNECTED) : SOFTBUS_ERR_NO_MEMORY;
}

int softbus_io_queue(struct softbus *bus)
{
    if (bus->error)
        return SOFTBUS_ERR_DISCONNECTED;
    return queue_rest(bus, NULL, 0, 0) < 0 ? SOFTBUS_ERR_NO_MEMORY : 0;
}

/* 1: bytes came; 0: none yet; -EINTR; DISCONNECTED, NO_MEMORY. */
static int receive(struct softbus *bus, int flags)
{
    size_t wanted = RECEIVE_BYTES, room_size;
    uint8_t *room;
    ssize_t n;

    if (bus->in_needed > bus->in.length + wanted)
        wanted = bus->in_needed - bus->in.length;
    if (wanted > RECEIVE_MAX_BYTES)
        wanted = RECEIVE_MAX_BYTES;
    if (sb_buf_reserve(&bus->in, wanted, &room, &room_size) < 0) {
        softbus_bus_fail(bus, SOFTBUS_ERR_DISCONNECTED);
        return SOFTBUS_ERR_NO_MEMORY;
    }
    n = recv(bus->fd, room, room_size, flags);
    if (n > 0) {
        sb_buf_commit(&bus->in, (size_t)n);
        bus->is_idle = false;
        return 1;
    }
    if (n < 0 && errno == EINTR)
        return -EINTR;
    if (n < 0 && is_patience(errno))
        return 0;
    return softbus_bus_fail(bus, SOFTBUS_ERR_DISCONNECTED);
}

static bool has_room_to_receive(const struct softbus *bus)
{
    return bus->kept.length < KEPT_HIGH_BYTES && bus->in.length < bus->in.max;
}

/* Waits with poll() for both directions; `wants_in`: receives too. */
static int wait_both(struct softbus *bus, int timeout_ms, bool wants_in)
{
    struct pollfd poll_fd = { .fd = bus->fd,
                              .events = (short)((wants_in ? POLLIN : 0) | (bus->out.length ? POLLOUT : 0)) };
    size_t before = bus->out.length;
    int r = poll(&poll_fd, 1, timeout_ms);

    if (r < 0)
        return errno == EINTR ? -EINTR : 0;
    if (r == 0)
        return 0;
    r = softbus_io_flush(bus);
    if (r < 0)
        return r;
    if (wants_in && poll_fd.revents & ~POLLOUT)
        return receive(bus, MSG_DONTWAIT);
    if (poll_fd.revents & (POLLERR | POLLHUP | POLLNVAL))
        return softbus_bus_fail(bus, SOFTBUS_ERR_DISCONNECTED);
    return bus->out.length < before;
}

int softbus_io_wait(struct softbus *bus, int timeout_ms)
{
    bool wants_in = has_room_to_receive(bus);
    int r;

    if (bus->error)
        return bus->error;
    if (timeout_ms == 0 && wants_in) {
        r = softbus_io_flush(bus);
        return r < 0 ? r : receive(bus, MSG_DONTWAIT);
    }
    if (bus->out.length > 0 || !wants_in || bus->is_idle || (timeout_ms >= 0 && timeout_ms < TICK_MS))
        return wait_both(bus, timeout_ms, wants_in);
    r = receive(bus, 0);
    if (r == 0)
        bus->is_idle = true;
    return r;
}

int softbus_io_wait_room(struct softbus *bus, int timeout_ms)
{
    uint64_t due_ms;

    if (bus->out.length < OUT_HIGH_BYTES)
        return 0;
    due_ms = sb_clock_now_ms() + (uint64_t)timeout_ms;
    while (bus->out.length >= OUT_HIGH_BYTES) {
        uint64_t now_ms = sb_clock_now_ms();

        if (now_ms >= due_ms)
            return SOFTBUS_ERR_AGAIN;
        /* What comes meanwhile is taken in but not run: two apps that both only send must not wait for each other. */
        if (wait_both(bus, sb_clock_until_ms(now_ms, due_ms), has_room_to_receive(bus)) < 0 && bus->error)
            return SOFTBUS_ERR_DISCONNECTED;
    }
    return 0;
}
