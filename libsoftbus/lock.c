/* The lock of a connection, and what runs in each thread; see lock.h. */
#include "libsoftbus/lock.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/wait.h"

/* Thread-local, because a handler's calls must know on whose behalf they are made though nobody hands them a context. The model
 * saves a function call at each use; so few bytes find room even in a library that is loaded late. */
#define THREAD_LOCAL _Thread_local __attribute__((__tls_model__("initial-exec")))
static THREAD_LOCAL struct softbus_context *innermost;
static THREAD_LOCAL const char marker;

softbus_thread_id softbus_thread_get_id(void)
{
    return &marker;
}

void softbus_lock_init(struct softbus_lock *lock)
{
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_cond_init(&lock->left, NULL);
    lock->owner = NULL;
    lock->depth = 0;
}

void softbus_lock_deinit(struct softbus_lock *lock)
{
    pthread_cond_destroy(&lock->left);
    pthread_mutex_destroy(&lock->mutex);
}

static void take(struct softbus_lock *lock, softbus_thread_id self, unsigned depth)
{
    pthread_mutex_lock(&lock->mutex);
    __atomic_store_n(&lock->owner, self, __ATOMIC_RELAXED);
    lock->depth = depth;
}

static void give_up(struct softbus_lock *lock)
{
    lock->depth = 0;
    __atomic_store_n(&lock->owner, NULL, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&lock->mutex);
}

struct softbus *softbus_lock(struct softbus *bus)
{
    softbus_thread_id self = softbus_thread_get_id();

    /* Only this thread can have written its own id there. */
    if (__atomic_load_n(&bus->lock.owner, __ATOMIC_RELAXED) == self)
        bus->lock.depth++;
    else
        take(&bus->lock, self, 1);
    if (self != bus->thread)
        bus->is_threaded = true;
    return bus;
}

void softbus_unlock(struct softbus *bus)
{
    if (bus->lock.depth > 1)
        bus->lock.depth--;
    else
        give_up(&bus->lock);
}

unsigned softbus_lock_release(struct softbus *bus)
{
    unsigned depth = bus->lock.depth;

    give_up(&bus->lock);
    return depth;
}

void softbus_lock_retake(struct softbus *bus, unsigned depth)
{
    take(&bus->lock, softbus_thread_get_id(), depth);
}

void softbus_lock_await_left(struct softbus *bus)
{
    struct softbus_lock *lock = &bus->lock;
    unsigned depth = lock->depth;

    __atomic_store_n(&lock->owner, NULL, __ATOMIC_RELAXED);
    pthread_cond_wait(&lock->left, &lock->mutex);
    __atomic_store_n(&lock->owner, softbus_thread_get_id(), __ATOMIC_RELAXED);
    lock->depth = depth;
}

void softbus_lock_tell_left(struct softbus *bus)
{
    pthread_cond_broadcast(&bus->lock.left);
}

struct softbus_context *softbus_context_find(const struct softbus *bus)
{
    struct softbus_context *context = innermost;

    while (context && context->bus != bus)
        context = context->outer;
    return context;
}

unsigned softbus_context_get_depth(const struct softbus *bus)
{
    const struct softbus_context *context = softbus_context_find(bus);

    return context ? context->depth : 0;
}

uint64_t softbus_context_get_trace(const struct softbus *bus)
{
    const struct softbus_context *context = softbus_context_find(bus);

    return context ? context->trace : 0;
}

void softbus_context_enter(struct softbus *bus, struct softbus_context *context, struct softbus_transaction *transaction,
                           uint64_t trace)
{
    *context = (struct softbus_context){ .outer = innermost, .bus = bus, .transaction = transaction, .trace = trace,
                                         .depth = softbus_context_get_depth(bus) + 1 };
    innermost = context;
    bus->n_contexts++;
    softbus_wait_hand_over(bus);
    context->held = softbus_lock_release(bus);
}

void softbus_context_leave(struct softbus_context *context)
{
    softbus_lock_retake(context->bus, context->held);
    context->bus->n_contexts--;
    innermost = context->outer;
}
