/* The event loop; see loop.h. */
#include "softbusd/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

enum { SIGNAL_TERM, SIGNAL_INT, SIGNAL_HUP, N_SIGNALS };

struct hub_loop {
    struct event_base *base;
    struct event *signals[N_SIGNALS];
    struct event *defer_event, *postpone_event;
    struct sb_list deferred, postponed;
    struct sb_list later; /* struct later.link */
    struct hub_loop_callbacks callbacks;
    int stopped_by;
};

struct later {
    void (*run)(void *userdata);
    void *userdata;
    struct sb_list link; /* hub_loop.later */
};

void hub_work_init(struct hub_work *work, void (*run)(void *userdata), void *userdata)
{
    sb_list_init(&work->link);
    work->run = run;
    work->userdata = userdata;
}

void hub_work_cancel(struct hub_work *work)
{
    sb_list_remove(&work->link);
}

static void run_all(struct sb_list *list)
{
    struct sb_list *link;
    struct hub_work *work;

    while ((link = sb_list_first(list))) {
        work = SB_CONTAINER_OF(link, struct hub_work, link);
        sb_list_remove(link);
        work->run(work->userdata);
    }
}

static void on_deferred(evutil_socket_t fd, short what, void *userdata)
{
    struct hub_loop *loop = userdata;

    (void)fd;
    (void)what;
    run_all(&loop->deferred);
}

/* What is postponed again by the work itself waits for the next turn. */
static void on_postponed(evutil_socket_t fd, short what, void *userdata)
{
    struct hub_loop *loop = userdata;
    struct sb_list due, *link;

    (void)fd;
    (void)what;
    sb_list_init(&due);
    while ((link = sb_list_first(&loop->postponed))) {
        sb_list_remove(link);
        sb_list_append(&due, link);
    }
    run_all(&due);
}

static void on_signal(evutil_socket_t number, short what, void *userdata)
{
    struct hub_loop *loop = userdata;

    (void)what;
    if (number == SIGHUP) {
        loop->callbacks.reload(loop->callbacks.userdata);
        return;
    }
    loop->stopped_by = (int)number;
    event_base_loopbreak(loop->base);
}

static int add_signals(struct hub_loop *loop)
{
    static const int numbers[N_SIGNALS] = { [SIGNAL_TERM] = SIGTERM, [SIGNAL_INT] = SIGINT, [SIGNAL_HUP] = SIGHUP };

    for (size_t i = 0; i < N_SIGNALS; i++) {
        loop->signals[i] = evsignal_new(loop->base, numbers[i], on_signal, loop);
        if (!loop->signals[i] || event_add(loop->signals[i], NULL) < 0)
            return -ENOMEM;
    }
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

/* One thread, so no locks. Early close tells us of an app's end while reading from it is paused. */
static struct event_base *make_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV) == 0 &&
        event_config_require_features(config, EV_FEATURE_EARLY_CLOSE) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

int hub_loop_new(const struct hub_loop_callbacks *callbacks, struct hub_loop **ret_loop)
{
    struct hub_loop *loop = calloc(1, sizeof(*loop));

    if (!loop)
        return -ENOMEM;
    loop->callbacks = *callbacks;
    sb_list_init(&loop->deferred);
    sb_list_init(&loop->postponed);
    sb_list_init(&loop->later);
    loop->base = make_base();
    if (!loop->base) {
        hub_loop_free(loop);
        return -ENOTSUP;
    }
    loop->defer_event = event_new(loop->base, -1, 0, on_deferred, loop);
    loop->postpone_event = event_new(loop->base, -1, 0, on_postponed, loop);
    if (!loop->defer_event || !loop->postpone_event || add_signals(loop) < 0) {
        hub_loop_free(loop);
        return -ENOMEM;
    }
    *ret_loop = loop;
    return 0;
}

struct hub_loop *hub_loop_free(struct hub_loop *loop)
{
    struct sb_list *link;

    if (!loop)
        return NULL;
    for (size_t i = 0; i < N_SIGNALS; i++) {
        if (loop->signals[i])
            event_free(loop->signals[i]);
    }
    if (loop->defer_event)
        event_free(loop->defer_event);
    if (loop->postpone_event)
        event_free(loop->postpone_event);
    if (loop->base)
        event_base_free(loop->base); /* with the events of what was to be called later */
    while ((link = sb_list_first(&loop->later))) {
        sb_list_remove(link);
        free(SB_CONTAINER_OF(link, struct later, link));
    }
    free(loop);
    return NULL;
}

struct event_base *hub_loop_get_base(const struct hub_loop *loop)
{
    return loop->base;
}

int hub_loop_run(struct hub_loop *loop)
{
    loop->stopped_by = 0;
    return event_base_dispatch(loop->base) < 0 ? -EIO : loop->stopped_by;
}

void hub_loop_stop(struct hub_loop *loop)
{
    event_base_loopbreak(loop->base);
}

static void on_later(evutil_socket_t fd, short what, void *userdata)
{
    struct later *later = userdata;

    (void)fd;
    (void)what;
    sb_list_remove(&later->link);
    later->run(later->userdata);
    free(later);
}

int hub_loop_call_later(struct hub_loop *loop, uint64_t delay_ms, void (*run)(void *userdata), void *userdata)
{
    const struct timeval delay = { .tv_sec = (time_t)(delay_ms / 1000), .tv_usec = (suseconds_t)(delay_ms % 1000 * 1000) };
    struct later *later = malloc(sizeof(*later));

    if (!later)
        return -ENOMEM;
    *later = (struct later){ .run = run, .userdata = userdata };
    if (event_base_once(loop->base, -1, EV_TIMEOUT, on_later, later, &delay) < 0) {
        free(later);
        return -ENOMEM;
    }
    sb_list_append(&loop->later, &later->link);
    return 0;
}

/* An event made active while callbacks run is called in the same turn, behind those that are due already. */
void hub_loop_defer(struct hub_loop *loop, struct hub_work *work)
{
    if (!sb_list_is_empty(&work->link))
        return;
    if (sb_list_is_empty(&loop->deferred))
        event_active(loop->defer_event, EV_TIMEOUT, 0);
    sb_list_append(&loop->deferred, &work->link);
}

/* A timer that is due at once, because an active event would run before the kernel is asked what else there is. */
void hub_loop_postpone(struct hub_loop *loop, struct hub_work *work)
{
    static const struct timeval at_once = { 0, 0 };

    if (!sb_list_is_empty(&work->link))
        return;
    sb_list_append(&loop->postponed, &work->link);
    event_add(loop->postpone_event, &at_once);
}
