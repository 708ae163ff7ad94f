/*
 * Threads that wait. The sockets of a connection are watched by one epoll descriptor, except the client ends of direct
 * channels: nothing but answers comes from those, and the thread that waits for one reads it itself, with nobody in between.
 *
 * A thread that watches the epoll descriptor is a *driver*. Workers of the pool and softbus_run() are drivers while they have nothing to
 * do; a thread that waits for an answer drives when nobody else does, and hands over when it stops.
 */
#ifndef SOFTBUS_LIB_WAIT_H
#define SOFTBUS_LIB_WAIT_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

struct softbus;
struct softbus_stream;

/* A thread that waits for something in particular. On its stack. */
struct softbus_waiter {
    struct sb_list link;           /* bus->waiters */
    struct softbus_stream *stream; /* a client end whose answers it may read; NULL */
    uint64_t trace;                /* calls of this chain are its to run; 0: none */
    struct sb_list inbox;          /* such calls that wait for their stub: struct softbus_transaction.chain_link */
    bool is_quiet;                 /* it runs nothing */
    bool is_blocked, reads, drives; /* it waits now; it has `stream`; it has the epoll descriptor */
    int wake_fd;                   /* an eventfd, -1 until it is needed */
};

void softbus_waiter_init(struct softbus *bus, struct softbus_waiter *waiter);
void softbus_waiter_deinit(struct softbus *bus, struct softbus_waiter *waiter);

/* Makes the waiter look at what has changed. */
void softbus_waiter_wake(struct softbus_waiter *waiter);

/* Sends what was gathered, waits up to timeout_ms (-1: without end) for anything, and receives. Gives the lock up meanwhile.
 * 0, or -EINTR: a signal handler has run. It may return early. waiter NULL: anything at all. */
int softbus_wait_once(struct softbus *bus, struct softbus_waiter *waiter, int timeout_ms);

/* What the kernel has noted since is received; does not wait. True when there was anything. */
bool softbus_wait_poll(struct softbus *bus);

/* This thread will neither drive nor read for a while: where nobody does now, somebody who waits takes over. */
void softbus_wait_hand_over(struct softbus *bus);

/* Wakes one driver. Needs no lock; safe in a signal handler. */
void softbus_wait_signal(struct softbus *bus);

/* At close: who waits is woken, and who tries to wait comes back at once. Then waits until none is left. */
void softbus_wait_end(struct softbus *bus);
void softbus_wait_until_left(struct softbus *bus);

/* There is something to run: a thread that may run it looks. */
void softbus_wait_kick(struct softbus *bus);

/* What everybody waits for has changed, or when it is due. */
void softbus_wait_wake_all(struct softbus *bus);

#endif
