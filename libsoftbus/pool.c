/*
 * Worker threads; see pool.h. One worker more than have something to do is kept, up to the maximum, so that what comes while the app's
 * functions run is seen. A worker that goes idle while others are busy looks again soon, and less and less often: what
 * was received but not begun never waits for a busy thread.
 */
#include "libsoftbus/pool.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/dispatch.h"
#include "libsoftbus/stream.h"
#include "libsoftbus/wait.h"
#include "base/clock.h"
#include "softbus/error.h"
#include "softbus/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define NAP_MIN_MS 1
#define NAP_MAX_MS 1000

struct softbus_pool {
    unsigned max, n_workers, n_idle;
    bool is_ending;
    pthread_t workers[];
};

/* How long an idle worker may sleep. */
static int find_timeout_ms(struct softbus *bus, int nap_ms)
{
    int timeout_ms = bus->n_contexts > 0 ? nap_ms : -1;

    if (softbus_bus_get_due_ms(bus) != UINT64_MAX) {
        int until_ms = sb_clock_until_ms(sb_clock_now_ms(), softbus_bus_get_due_ms(bus));

        timeout_ms = timeout_ms < 0 || until_ms < timeout_ms ? until_ms : timeout_ms;
    }
    return timeout_ms;
}

static void *work(void *userdata)
{
    struct softbus *bus = userdata;
    struct softbus_pool *pool;
    int nap_ms = NAP_MIN_MS;

    softbus_lock(bus);
    pool = bus->pool;
    while (!pool->is_ending) {
        int r = softbus_dispatch(bus, NULL);

        if (r > 0 || (r == 0 && softbus_call_expire(bus, sb_clock_now_ms()))) {
            nap_ms = NAP_MIN_MS;
            continue;
        }
        pool->n_idle++;
        softbus_wait_once(bus, NULL, r < 0 ? -1 : find_timeout_ms(bus, nap_ms));
        pool->n_idle--;
        nap_ms = nap_ms < NAP_MAX_MS ? 2 * nap_ms : NAP_MAX_MS;
    }
    softbus_unlock(bus);
    return NULL;
}

bool softbus_pool_add_worker(struct softbus *bus)
{
    struct softbus_pool *pool = bus->pool;
    sigset_t all, before;
    int r;

    if (pool->is_ending || pool->n_idle > 0 || pool->n_workers == pool->max)
        return false;
    /* Signals are the app's: they go to threads of its own. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(&pool->workers[pool->n_workers], NULL, work, bus);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r != 0)
        return false;
    pool->n_workers++;
    return true;
}

int softbus_pool_start(struct softbus *bus, unsigned max_workers)
{
    SOFTBUS_LOCKED(bus);
    struct softbus_pool *pool;

    if (max_workers == 0)
        max_workers = SOFTBUS_POOL_DEFAULT;
    if (max_workers > SOFTBUS_POOL_MAX || bus->pool)
        return SOFTBUS_ERR_INVALID;
    if (bus->error)
        return SOFTBUS_ERR_DISCONNECTED;
    pool = calloc(1, sizeof(*pool) + max_workers * sizeof(pool->workers[0]));
    if (!pool)
        return SOFTBUS_ERR_NO_MEMORY;
    pool->max = max_workers;
    bus->pool = pool;
    bus->is_threaded = true;
    if (softbus_pool_add_worker(bus))
        return 0;
    bus->pool = NULL;
    free(pool);
    return SOFTBUS_ERR_NO_MEMORY;
}

void softbus_pool_end(struct softbus *bus)
{
    struct softbus_pool *pool = bus->pool;

    if (!pool)
        return;
    pool->is_ending = true;
    for (unsigned i = 0; i < pool->n_workers; i++) {
        unsigned held;

        held = softbus_lock_release(bus);
        pthread_join(pool->workers[i], NULL);
        softbus_lock_retake(bus, held);
    }
    bus->pool = NULL;
    free(pool);
}
