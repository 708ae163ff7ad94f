/*
 * One lock for a connection. Everything of it is touched with the lock held, but for the two things that take time: the app's
 * functions and waiting for sockets run without it. Whoever comes back from either finds everything changed.
 *
 * The lock is recursive, so that public functions may use each other; softbus_lock_release() lets go of it altogether.
 * It also knows, by a thread-local stack of contexts, what of the app's code runs in this thread and on whose behalf.
 */
#ifndef SOFTBUS_LIB_LOCK_H
#define SOFTBUS_LIB_LOCK_H

#include "base/cleanup.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct softbus;
struct softbus_transaction;

/* Stands for a thread while it lives: compared, never dereferenced. */
typedef const char *softbus_thread_id;

struct softbus_lock {
    pthread_mutex_t mutex;
    softbus_thread_id owner; /* NULL: nobody */
    pthread_cond_t left;     /* a thread waits no more: for close */
    unsigned depth;
};

/* What of the app's code runs in this thread: a handler (with its transaction) or a callback. On the stack of the one that runs it. */
struct softbus_context {
    struct softbus_context *outer;
    struct softbus *bus;
    struct softbus_transaction *transaction; /* NULL: a callback */
    uint64_t trace;
    unsigned depth;      /* of contexts of this bus in this thread, with this one */
    unsigned held;       /* of the lock, given up meanwhile */
    bool gathers;        /* what it sends without waiting leaves when it has returned */
    bool is_self;        /* the caller's identity is cleared */
};

softbus_thread_id softbus_thread_get_id(void);

void softbus_lock_init(struct softbus_lock *lock);
void softbus_lock_deinit(struct softbus_lock *lock);

struct softbus *softbus_lock(struct softbus *bus);
void softbus_unlock(struct softbus *bus);

/* The lock is held until the end of the scope. */
static inline void softbus_unlock_scope(struct softbus *const *bus)
{
    softbus_unlock(*bus);
}
#define SOFTBUS_LOCKED(bus) \
    SB_CLEANUP(softbus_unlock_scope) __attribute__((__unused__)) struct softbus *const locked_bus_ = softbus_lock((struct softbus *)(uintptr_t)(bus))

/* Gives the lock up, however often it was taken; returns what softbus_lock_retake() wants. */
unsigned softbus_lock_release(struct softbus *bus);
void softbus_lock_retake(struct softbus *bus, unsigned depth);
/* Gives it up until softbus_lock_tell_left(). */
void softbus_lock_await_left(struct softbus *bus);
void softbus_lock_tell_left(struct softbus *bus);

/* Brackets what runs the app's code: fills context, and gives the lock up. */
void softbus_context_enter(struct softbus *bus, struct softbus_context *context, struct softbus_transaction *transaction,
                           uint64_t trace);
void softbus_context_leave(struct softbus_context *context);

/* The innermost of this bus in this thread; NULL: none. */
struct softbus_context *softbus_context_find(const struct softbus *bus);

unsigned softbus_context_get_depth(const struct softbus *bus);
uint64_t softbus_context_get_trace(const struct softbus *bus); /* 0: none */

#endif
