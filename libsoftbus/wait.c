/* Waiting; see wait.h. */
#include "libsoftbus/wait.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/pool.h"
#include "libsoftbus/serve.h"
#include "libsoftbus/stream.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_MAX 16
#define SLICE_MS 500 /* a lone thread without a descriptor to be woken by looks up this often, in case it is lone no more */

void softbus_waiter_init(struct softbus *bus, struct softbus_waiter *waiter)
{
    *waiter = (struct softbus_waiter){ .wake_fd = -1 };
    sb_list_init(&waiter->inbox);
    sb_list_append(&bus->waiters, &waiter->link);
}

void softbus_waiter_deinit(struct softbus *bus, struct softbus_waiter *waiter)
{
    sb_list_remove(&waiter->link);
    if (bus->is_ending)
        softbus_lock_tell_left(bus);
    softbus_serve_return_inbox(bus, waiter);
    if (softbus_context_get_depth(bus) == 0) /* nobody may be back to wait */
        softbus_stream_flush_lazy(bus);
    if (waiter->wake_fd >= 0 && bus->n_wake_fds < SOFTBUS_WAKE_FDS_MAX)
        bus->wake_fds[bus->n_wake_fds++] = waiter->wake_fd;
    else if (waiter->wake_fd >= 0)
        close(waiter->wake_fd);
    softbus_wait_hand_over(bus);
}

static void signal_fd(int fd)
{
    uint64_t one = 1;

    if (write(fd, &one, sizeof(one)) < 0) {
        /* full: whoever is to wake up will */
    }
}

static void clear_fd(int fd)
{
    uint64_t count;

    if (read(fd, &count, sizeof(count)) < 0) {
        /* another thread was first */
    }
}

void softbus_waiter_wake(struct softbus_waiter *waiter)
{
    if (waiter->wake_fd >= 0)
        signal_fd(waiter->wake_fd);
}

void softbus_wait_signal(struct softbus *bus)
{
    signal_fd(bus->kick_fd);
}

void softbus_wait_kick(struct softbus *bus)
{
    /* The driver may be a thread that waits for a call, and runs nothing else. */
    if (bus->pool && softbus_pool_add_worker(bus))
        return;
    if (bus->n_drivers > 0)
        signal_fd(bus->kick_fd);
    else
        softbus_wait_hand_over(bus);
}

void softbus_wait_hand_over(struct softbus *bus)
{
    bool needs_driver = bus->n_drivers == 0 && !(bus->pool && softbus_pool_add_worker(bus));

    SB_LIST_FOREACH (link, &bus->waiters) {
        struct softbus_waiter *waiter = SB_CONTAINER_OF(link, struct softbus_waiter, link);

        if (!waiter->is_blocked || (!needs_driver && (!waiter->stream || waiter->stream->reader)))
            continue;
        softbus_waiter_wake(waiter);
        needs_driver = false;
    }
}

void softbus_wait_end(struct softbus *bus)
{
    /* One signal wakes one driver; this stays, and wakes them all. */
    struct epoll_event event = { .events = EPOLLIN };

    bus->is_ending = true;
    epoll_ctl(bus->epoll_fd, EPOLL_CTL_MOD, bus->kick_fd, &event);
    signal_fd(bus->kick_fd);
    SB_LIST_FOREACH (link, &bus->waiters)
        softbus_waiter_wake(SB_CONTAINER_OF(link, struct softbus_waiter, link));
}

void softbus_wait_until_left(struct softbus *bus)
{
    while (bus->n_drivers > 0 || !sb_list_is_empty(&bus->waiters))
        softbus_lock_await_left(bus);
}

void softbus_wait_wake_all(struct softbus *bus)
{
    SB_LIST_FOREACH (link, &bus->waiters)
        softbus_waiter_wake(SB_CONTAINER_OF(link, struct softbus_waiter, link));
    softbus_wait_kick(bus);
}

/* Marks what the kernel says has something, and receives it. */
static void take_events(struct softbus *bus, const struct epoll_event *events, int n)
{
    for (int i = 0; i < n; i++) {
        struct softbus_stream *stream = sb_idtab_find(&bus->streams, events[i].data.u64);

        if (events[i].data.u64 == 0 && !bus->is_ending)
            clear_fd(bus->kick_fd);
        if (!stream) /* closed while this thread was without the lock */
            continue;
        if (events[i].events & EPOLLOUT)
            softbus_stream_flush(stream);
        if (events[i].events & ~(uint32_t)EPOLLOUT) {
            stream->is_readable = true;
            softbus_stream_receive(stream);
            softbus_stream_update(stream);
        }
    }
}

bool softbus_wait_poll(struct softbus *bus)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(bus->epoll_fd, events, EVENTS_MAX, 0);

    take_events(bus, events, n);
    return n > 0;
}

/* Nobody but the kernel can tell this thread anything: it is the driver, and reads for itself. */
static int wait_for_events(struct softbus *bus, int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];
    unsigned held;
    int n;

    bus->n_drivers++;
    held = softbus_lock_release(bus);
    n = epoll_wait(bus->epoll_fd, events, EVENTS_MAX, timeout_ms);
    if (n < 0)
        n = -errno;
    softbus_lock_retake(bus, held);
    bus->n_drivers--;
    if (bus->is_ending)
        softbus_lock_tell_left(bus);
    take_events(bus, events, n);
    return n == -EINTR ? n : 0;
}

/* An eventfd to be woken by, when it may be that another thread wants to. */
static void prepare_wake(struct softbus *bus, struct softbus_waiter *waiter)
{
    if (waiter->wake_fd >= 0)
        return;
    if (bus->n_wake_fds > 0)
        waiter->wake_fd = bus->wake_fds[--bus->n_wake_fds];
    else
        waiter->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static int wait_for_answer(struct softbus *bus, struct softbus_waiter *waiter, int timeout_ms)
{
    struct softbus_stream *stream = waiter->stream;
    struct pollfd fds[3];
    bool reads = stream && !stream->reader && !stream->is_over, drives = bus->n_drivers == 0;
    nfds_t n = 0;
    unsigned held;
    int r;

    if (!reads || !drives || bus->is_threaded)
        prepare_wake(bus, waiter);
    if (reads) {
        stream->reader = waiter;
        fds[n++] = (struct pollfd){ .fd = stream->fd, .events = (short)(POLLIN | (stream->out.length > 0 ? POLLOUT : 0)) };
    }
    if (drives) {
        bus->n_drivers++;
        fds[n++] = (struct pollfd){ .fd = bus->epoll_fd, .events = POLLIN };
    }
    if (waiter->wake_fd >= 0)
        fds[n++] = (struct pollfd){ .fd = waiter->wake_fd, .events = POLLIN };
    else if (timeout_ms < 0 || timeout_ms > SLICE_MS)
        timeout_ms = SLICE_MS;
    waiter->is_blocked = true;
    waiter->reads = reads;
    waiter->drives = drives;
    held = softbus_lock_release(bus);
    r = poll(fds, n, timeout_ms);
    r = r < 0 ? -errno : r;
    if (r > 0 && waiter->wake_fd >= 0 && fds[n - 1].revents)
        clear_fd(waiter->wake_fd);
    softbus_lock_retake(bus, held);
    waiter->is_blocked = false;
    if (reads)
        stream->reader = NULL;
    if (drives)
        bus->n_drivers--;
    if (r <= 0)
        return r == -EINTR ? r : 0;
    if (reads && fds[0].revents && stream->fd >= 0) {
        if (fds[0].revents & POLLOUT)
            softbus_stream_flush(stream);
        stream->is_readable = true;
        softbus_stream_receive(stream);
        softbus_stream_update(stream);
    }
    if (drives && fds[reads].revents)
        softbus_wait_poll(bus);
    return 0;
}

int softbus_wait_once(struct softbus *bus, struct softbus_waiter *waiter, int timeout_ms)
{
    softbus_stream_flush_all(bus);
    if (bus->lazy_due_ms != UINT64_MAX) {
        int lazy_ms = sb_clock_until_ms(sb_clock_now_ms(), bus->lazy_due_ms);

        if (lazy_ms == 0)
            softbus_stream_flush_lazy(bus);
        else if (timeout_ms < 0 || timeout_ms > lazy_ms)
            timeout_ms = lazy_ms;
    }
    if (!waiter || (!waiter->stream && bus->n_drivers == 0 && !bus->is_threaded))
        return wait_for_events(bus, timeout_ms);
    return wait_for_answer(bus, waiter, timeout_ms);
}
