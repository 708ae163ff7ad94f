/* Opening, closing and driving a connection; see bus.h. */
#include "libsoftbus/bus.h"

#include "libsoftbus/call.h"
#include "libsoftbus/channel.h"
#include "libsoftbus/connect.h"
#include "libsoftbus/dispatch.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/pool.h"
#include "libsoftbus/reconnect.h"
#include "libsoftbus/registry.h"
#include "libsoftbus/restore.h"
#include "libsoftbus/serve.h"
#include "libsoftbus/wait.h"
#include "libsoftbus/watch.h"
#include "base/clock.h"
#include "softbus/error.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define PARCELS_KEPT_MAX 8
#define KEPT_BYTES (256 * 1024) /* memory that a parcel keeps between two uses: a local transaction */
#define LAST_WORDS_MS 1000      /* close waits this long for the hub to take what was sent */

struct softbus *softbus_bus_ref(struct softbus *bus)
{
    __atomic_add_fetch(&bus->n_refs, 1, __ATOMIC_RELAXED);
    return bus;
}

static void free_parcels(struct softbus *bus)
{
    while (bus->parcels) {
        struct softbus_parcel *parcel = bus->parcels;

        bus->parcels = parcel->next;
        softbus_parcel_free(parcel);
    }
}

void softbus_bus_unref(struct softbus *bus)
{
    if (__atomic_sub_fetch(&bus->n_refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    free_parcels(bus);
    softbus_serve_free_stock(bus);
    softbus_reconnect_deinit(bus);
    softbus_lock_deinit(&bus->lock);
    free(bus);
}

int softbus_bus_fail(struct softbus *bus, int error)
{
    if (bus->error)
        return bus->error;
    bus->error = error == SOFTBUS_ERR_PROTOCOL ? error : SOFTBUS_ERR_DISCONNECTED;
    bus->reconnect.due_ms = UINT64_MAX;
    shutdown(bus->hub.fd, SHUT_RDWR);
    softbus_call_end_all(bus, SOFTBUS_ERR_DISCONNECTED);
    softbus_wait_wake_all(bus);
    return bus->error;
}

int softbus_bus_send_head(struct softbus *bus)
{
    static const struct softbus_outgoing_bytes nothing;

    return softbus_reconnect_is_up(bus) ? softbus_stream_send(&bus->hub, &nothing) : SOFTBUS_ERR_DISCONNECTED;
}

void softbus_bus_add_job(struct softbus *bus, struct softbus_job *job)
{
    sb_list_append(&bus->jobs, &job->link);
    if (bus->is_threaded) /* whoever runs things may be asleep */
        softbus_wait_kick(bus);
}

struct softbus_parcel *softbus_bus_take_parcel(struct softbus *bus, size_t capacity)
{
    SOFTBUS_LOCKED(bus);
    struct softbus_parcel *parcel = bus->parcels;

    if (!parcel)
        return softbus_parcel_new(capacity, &parcel) < 0 ? NULL : parcel;
    bus->parcels = parcel->next;
    bus->n_parcels--;
    parcel->capacity = parcel->buf.max = capacity ? capacity : SOFTBUS_PARCEL_DEFAULT_CAPACITY;
    return parcel;
}

void softbus_bus_give_parcel(struct softbus *bus, struct softbus_parcel *parcel)
{
    SOFTBUS_LOCKED(bus);

    if (!parcel)
        return;
    softbus_parcel_clear(parcel);
    if (bus->n_parcels >= PARCELS_KEPT_MAX) {
        softbus_parcel_free(parcel);
        return;
    }
    if (parcel->buf.capacity > KEPT_BYTES)
        sb_buf_deinit(&parcel->buf);
    parcel->next = bus->parcels;
    bus->parcels = parcel;
    bus->n_parcels++;
}

/* Opening. */

static struct softbus *new_bus(void)
{
    struct softbus *bus = calloc(1, sizeof(*bus));

    if (!bus)
        return NULL;
    bus->n_refs = 1;
    bus->thread = softbus_thread_get_id();
    bus->hub.fd = -1;
    bus->next_deadline_ms = bus->lazy_due_ms = UINT64_MAX;
    softbus_lock_init(&bus->lock);
    sb_buf_init(&bus->head, WIRE_HEADER_SIZE + WIRE_HEAD_MAX);
    sb_idtab_init(&bus->streams, &bus->random, SOFTBUS_STREAMS_MAX);
    sb_idtab_init(&bus->stubs, &bus->random, SOFTBUS_STUBS_MAX);
    sb_idtab_init(&bus->calls, &bus->random, SOFTBUS_CALLS_MAX);
    sb_map_init(&bus->proxies, &bus->random, softbus_object_has_handle);
    sb_list_init(&bus->ready);
    sb_list_init(&bus->dirty);
    sb_list_init(&bus->waiters);
    sb_list_init(&bus->channels);
    sb_list_init(&bus->asyncs);
    sb_list_init(&bus->jobs);
    sb_list_init(&bus->urgent);
    sb_list_init(&bus->runnable);
    sb_list_init(&bus->transactions);
    sb_list_init(&bus->links);
    sb_list_init(&bus->watches);
    sb_list_init(&bus->names);
    softbus_reconnect_init(bus);
    bus->pid = getpid();
    bus->uid = geteuid(); /* as SO_PEERCRED has it on the other side */
    bus->gid = getegid();
    return bus;
}

/* The descriptors of a connection. takes fd. */
static int open_fds(struct softbus *bus, int fd)
{
    struct epoll_event kick = { .events = EPOLLIN | EPOLLET };
    int r = softbus_stream_init(&bus->hub, bus, SOFTBUS_STREAM_HUB, fd);

    bus->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    bus->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r < 0 || bus->epoll_fd < 0 || bus->kick_fd < 0 ||
        epoll_ctl(bus->epoll_fd, EPOLL_CTL_ADD, bus->kick_fd, &kick) < 0)
        return SOFTBUS_ERR_NO_MEMORY;
    softbus_stream_poll(&bus->hub, true);
    return bus->hub.polled ? 0 : SOFTBUS_ERR_NO_MEMORY;
}

int softbus_bus_open_fd(int fd, const char *path, const char *name, struct softbus **ret_bus)
{
    struct softbus *bus = new_bus();
    int r;

    if (!bus) {
        close(fd);
        return SOFTBUS_ERR_NO_MEMORY;
    }
    memcpy(bus->reconnect.name, name, strlen(name) + 1);
    softbus_lock(bus);
    r = open_fds(bus, fd);
    if (r == 0)
        r = softbus_connect_greet(bus);
    softbus_unlock(bus);
    if (r == 0 && path) {
        bus->reconnect.path = strdup(path);
        r = bus->reconnect.path ? 0 : SOFTBUS_ERR_NO_MEMORY;
    }
    if (r < 0) {
        softbus_close(bus);
        return r;
    }
    *ret_bus = bus;
    return 0;
}

/* Closing. */

/* What was accepted is sent, if those it is for take it within a while. */
static void send_last_words(struct softbus *bus)
{
    uint64_t due_ms = sb_clock_now_ms() + LAST_WORDS_MS, now_ms;
    uint32_t cursor = 0;
    struct softbus_stream *stream;

    softbus_stream_flush_all(bus);
    while ((stream = sb_idtab_next(&bus->streams, &cursor))) {
        while (!stream->is_over && stream->out.length > 0 && (now_ms = sb_clock_now_ms()) < due_ms) {
            struct pollfd poll_fd = { .fd = stream->fd, .events = POLLOUT };

            if (poll(&poll_fd, 1, sb_clock_until_ms(now_ms, due_ms)) > 0 && softbus_stream_flush(stream) < 0)
                break;
        }
    }
}

static void drop_jobs(struct softbus *bus, struct sb_list *list)
{
    struct sb_list *link;

    while ((link = sb_list_first(list))) {
        struct softbus_job *job = SB_CONTAINER_OF(link, struct softbus_job, link);

        sb_list_remove(link);
        job->drop(bus, job);
    }
}

static void close_fds(struct softbus *bus)
{
    softbus_stream_deinit(&bus->hub);
    while (bus->n_wake_fds > 0)
        close(bus->wake_fds[--bus->n_wake_fds]);
    if (bus->epoll_fd >= 0)
        close(bus->epoll_fd);
    if (bus->kick_fd >= 0)
        close(bus->kick_fd);
    bus->epoll_fd = bus->kick_fd = -1;
    sb_idtab_deinit(&bus->streams);
}

static void close_locked(struct softbus *bus)
{
    send_last_words(bus);
    softbus_bus_fail(bus, SOFTBUS_ERR_DISCONNECTED);
    softbus_wait_end(bus);
    softbus_pool_end(bus);
    softbus_wait_until_left(bus);
    /* Functions that run now may hand in watches and links. */
    softbus_channel_close_all(bus);
    softbus_serve_drop_all(bus);
    drop_jobs(bus, &bus->urgent);
    drop_jobs(bus, &bus->jobs);
    softbus_watch_free_all(bus);
    softbus_death_drop_all(bus);
    softbus_restore_drop_all(bus);
    softbus_registry_drop_all(bus);
    softbus_object_detach_all(bus);
    sb_idtab_deinit(&bus->calls);
    close_fds(bus);
    sb_buf_deinit(&bus->head);
    bus->is_closed = true;
}

void softbus_close(struct softbus *bus)
{
    bool is_forbidden;

    if (!bus)
        return;
    softbus_lock(bus);
    /* What is on this thread's stack still uses it. */
    is_forbidden = softbus_context_get_depth(bus) > 0;
    if (is_forbidden)
        softbus_bus_fail(bus, SOFTBUS_ERR_DISCONNECTED);
    else
        close_locked(bus);
    softbus_unlock(bus);
    if (!is_forbidden)
        softbus_bus_unref(bus);
}

/* Driving. */

int softbus_get_fd(const struct softbus *bus)
{
    return bus->epoll_fd;
}

short softbus_get_events(const struct softbus *bus)
{
    (void)bus;
    return POLLIN;
}

int softbus_get_timeout_ms(const struct softbus *bus)
{
    SOFTBUS_LOCKED(bus);
    uint64_t due_ms;

    if (softbus_dispatch_is_due(bus))
        return 0;
    due_ms = softbus_bus_get_due_ms(bus);
    due_ms = due_ms < bus->lazy_due_ms ? due_ms : bus->lazy_due_ms;
    return due_ms == UINT64_MAX ? -1 : sb_clock_until_ms(sb_clock_now_ms(), due_ms);
}

/* Runs what is there. 1, 0, or an error. */
static int process_present(struct softbus *bus)
{
    int r = softbus_dispatch(bus, NULL);

    if (r == 0 && bus->next_deadline_ms != UINT64_MAX && softbus_call_expire(bus, sb_clock_now_ms()))
        r = softbus_dispatch(bus, NULL);
    return r == SOFTBUS_ERR_NO_MEMORY ? SOFTBUS_ERR_DISCONNECTED : r;
}

int softbus_process(struct softbus *bus)
{
    SOFTBUS_LOCKED(bus);
    int r = process_present(bus);

    if (r == 0 && softbus_wait_poll(bus))
        r = process_present(bus);
    if (r <= 0 || sb_list_is_empty(&bus->ready))
        softbus_stream_flush_all(bus);
    if (bus->lazy_due_ms != UINT64_MAX && sb_clock_now_ms() >= bus->lazy_due_ms)
        softbus_stream_flush_lazy(bus);
    return r;
}

static bool is_stopped(const struct softbus *bus)
{
    return __atomic_load_n(&bus->is_stopped, __ATOMIC_ACQUIRE);
}

/* Waits until due_ms (UINT64_MAX: until it is stopped) and processes. -EINTR: a signal, or the stop, came first. */
static int wait_until(struct softbus *bus, uint64_t due_ms)
{
    for (;;) {
        uint64_t now_ms = 0, until_ms;
        int r = process_present(bus);

        if (r != 0)
            return r;
        until_ms = softbus_bus_get_due_ms(bus);
        until_ms = due_ms < until_ms ? due_ms : until_ms;
        if (until_ms != UINT64_MAX)
            now_ms = sb_clock_now_ms();
        if (now_ms >= due_ms)
            return 0;
        r = softbus_wait_once(bus, NULL, until_ms == UINT64_MAX ? -1 : sb_clock_until_ms(now_ms, until_ms));
        if (r == -EINTR || (due_ms == UINT64_MAX && is_stopped(bus)))
            return -EINTR;
    }
}

int softbus_wait(struct softbus *bus, uint32_t timeout_ms)
{
    SOFTBUS_LOCKED(bus);
    int r;

    if (timeout_ms == 0)
        return softbus_process(bus);
    r = wait_until(bus, timeout_ms == UINT32_MAX ? UINT64_MAX - 1 : sb_clock_now_ms() + timeout_ms);
    softbus_stream_flush_all(bus);
    softbus_stream_flush_lazy(bus);
    softbus_wait_hand_over(bus);
    return r == -EINTR ? 0 : r;
}

int softbus_run(struct softbus *bus)
{
    SOFTBUS_LOCKED(bus);
    int r = 0;

    while (!is_stopped(bus) && (r >= 0 || r == -EINTR))
        r = wait_until(bus, UINT64_MAX);
    softbus_stream_flush_all(bus);
    softbus_stream_flush_lazy(bus);
    softbus_wait_hand_over(bus);
    return __atomic_exchange_n(&bus->is_stopped, false, __ATOMIC_ACQ_REL) ? 0 : r;
}

void softbus_stop(struct softbus *bus)
{
    __atomic_store_n(&bus->is_stopped, true, __ATOMIC_RELEASE);
    softbus_wait_signal(bus);
}

const char *softbus_get_device(const struct softbus *bus)
{
    return bus->device;
}

const char *softbus_get_device_name(const struct softbus *bus)
{
    return bus->device_name;
}

void softbus_set_refused_fn(struct softbus *bus, softbus_refused_fn fn, void *userdata)
{
    SOFTBUS_LOCKED(bus);

    bus->refused = fn;
    bus->refused_userdata = userdata;
}
