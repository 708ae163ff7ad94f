/*
 * The event loop: the only file that makes an event_base. Signals arrive here as calls; work that must not run inside
 * somebody's callback is deferred to the end of the turn.
 */
#ifndef HUB_LOOP_H
#define HUB_LOOP_H

#include "base/list.h"

#include <stdint.h>

struct event_base;
struct hub_loop;

struct hub_loop_callbacks {
    void *userdata;
    void (*reload)(void *userdata); /* SIGHUP */
};

/* Work to be done later, embedded in whoever wants it; scheduled twice it still runs once. */
struct hub_work {
    struct sb_list link;
    void (*run)(void *userdata);
    void *userdata; /* borrowed */
};

void hub_work_init(struct hub_work *work, void (*run)(void *userdata), void *userdata);
void hub_work_cancel(struct hub_work *work);

/* Handles SIGTERM and SIGINT (the loop stops) and SIGHUP; ignores SIGPIPE. -ENOMEM; -ENOTSUP: no epoll. */
int hub_loop_new(const struct hub_loop_callbacks *callbacks, struct hub_loop **ret_loop);
struct hub_loop *hub_loop_free(struct hub_loop *loop);

/* borrowed by whoever adds events; lives as long as the loop. */
struct event_base *hub_loop_get_base(const struct hub_loop *loop);

/* Until SIGTERM, SIGINT or hub_loop_stop(). Returns the signal; 0 for hub_loop_stop(). -EIO: the kernel refused to wait. */
int hub_loop_run(struct hub_loop *loop);
void hub_loop_stop(struct hub_loop *loop);

/* Once, after so long; not when the loop is freed before. -ENOMEM */
int hub_loop_call_later(struct hub_loop *loop, uint64_t delay_ms, void (*run)(void *userdata), void *userdata);

/* borrows work until it has run. At the end of this turn: after the callbacks that are due, before the kernel is asked again. */
void hub_loop_defer(struct hub_loop *loop, struct hub_work *work);

/* borrows work until it has run. In the next turn: others get theirs in between. */
void hub_loop_postpone(struct hub_loop *loop, struct hub_work *work);

#endif
