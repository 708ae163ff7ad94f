/*
 * AvahiPoll over libevent. Avahi may free or update a watch or timeout from inside its own callback, so nothing is
 * touched after a callback returned.
 */
#include "discovery/avahi_poll_io.h"

#include <avahi-common/watch.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/time.h>

struct AvahiWatch {
    struct event_base *base;
    struct event *event;
    AvahiWatchEvent wanted, happened;
    AvahiWatchCallback callback;
    void *userdata;
    int fd;
};

struct AvahiTimeout {
    struct event *event;
    AvahiTimeoutCallback callback;
    void *userdata;
};

/*
 * libevent folds errors and hang-ups into "readable and writable": the kernel is asked for the real bits. Avahi's core
 * asserts that a watch for input has input, so an error comes with that bit as well: the read takes the error off the
 * socket. Nothing takes off a hang-up, which would call for ever (CVE-2021-3468): it is told once.
 */
static void on_watch(evutil_socket_t fd, short what, void *userdata)
{
    AvahiWatch *watch = userdata;
    struct pollfd pollfd = { .fd = fd, .events = (short)watch->wanted };

    (void)what;
    if (poll(&pollfd, 1, 0) <= 0)
        return;
    if (pollfd.revents & (POLLHUP | POLLNVAL))
        event_del(watch->event);
    if (pollfd.revents & (POLLERR | POLLHUP))
        pollfd.revents = (short)(pollfd.revents | (pollfd.events & POLLIN));
    watch->happened = (AvahiWatchEvent)pollfd.revents;
    watch->callback(watch, fd, watch->happened, watch->userdata);
}

static int arm_watch(AvahiWatch *watch)
{
    short what = EV_PERSIST;

    event_del(watch->event);
    if (watch->wanted & AVAHI_WATCH_IN)
        what |= EV_READ;
    if (watch->wanted & AVAHI_WATCH_OUT)
        what |= EV_WRITE;
    if (what == EV_PERSIST)
        return 0;
    if (event_assign(watch->event, watch->base, watch->fd, what, on_watch, watch) < 0)
        return -1;
    return event_add(watch->event, NULL);
}

static void watch_free(AvahiWatch *watch)
{
    event_free(watch->event);
    free(watch);
}

static AvahiWatch *watch_new(const AvahiPoll *api, int fd, AvahiWatchEvent event, AvahiWatchCallback callback,
                             void *userdata)
{
    AvahiWatch *watch = calloc(1, sizeof(*watch));

    if (!watch)
        return NULL;
    watch->base = api->userdata;
    watch->fd = fd;
    watch->wanted = event;
    watch->callback = callback;
    watch->userdata = userdata;
    watch->event = event_new(watch->base, fd, EV_READ, on_watch, watch);
    if (!watch->event) {
        free(watch);
        return NULL;
    }
    if (arm_watch(watch) < 0) {
        watch_free(watch);
        return NULL;
    }
    return watch;
}

static void watch_update(AvahiWatch *watch, AvahiWatchEvent event)
{
    watch->wanted = event;
    (void)arm_watch(watch); /* the interface has no way to say that it failed */
}

static AvahiWatchEvent watch_get_events(AvahiWatch *watch)
{
    return watch->happened;
}

static void on_timeout(evutil_socket_t fd, short what, void *userdata)
{
    AvahiTimeout *timeout = userdata;

    (void)fd;
    (void)what;
    timeout->callback(timeout, timeout->userdata);
}

/* Avahi's times are absolute and of the wall clock, libevent's relative and monotonic. */
static int arm_timeout(AvahiTimeout *timeout, const struct timeval *tv)
{
    struct timeval now, delay = { 0, 0 };

    event_del(timeout->event);
    if (!tv)
        return 0;
    gettimeofday(&now, NULL);
    if (evutil_timercmp(tv, &now, >))
        evutil_timersub(tv, &now, &delay);
    return event_add(timeout->event, &delay);
}

static void timeout_free(AvahiTimeout *timeout)
{
    event_free(timeout->event);
    free(timeout);
}

static AvahiTimeout *timeout_new(const AvahiPoll *api, const struct timeval *tv, AvahiTimeoutCallback callback,
                                 void *userdata)
{
    AvahiTimeout *timeout = calloc(1, sizeof(*timeout));

    if (!timeout)
        return NULL;
    timeout->callback = callback;
    timeout->userdata = userdata;
    timeout->event = event_new(api->userdata, -1, 0, on_timeout, timeout);
    if (!timeout->event) {
        free(timeout);
        return NULL;
    }
    if (arm_timeout(timeout, tv) < 0) {
        timeout_free(timeout);
        return NULL;
    }
    return timeout;
}

static void timeout_update(AvahiTimeout *timeout, const struct timeval *tv)
{
    (void)arm_timeout(timeout, tv);
}

void disc_avahi_poll_init(struct AvahiPoll *ret_poll, struct event_base *base)
{
    *ret_poll = (AvahiPoll){
        .userdata = base,
        .watch_new = watch_new,
        .watch_update = watch_update,
        .watch_get_events = watch_get_events,
        .watch_free = watch_free,
        .timeout_new = timeout_new,
        .timeout_update = timeout_update,
        .timeout_free = timeout_free,
    };
}
