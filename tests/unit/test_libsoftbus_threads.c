/*
 * Threads of one connection, with a hub played by the test: what may run at once, what may not, and that a chain of calls which
 * comes back never waits for itself. Nothing here waits for a time: a step that does not come keeps the test until its limit.
 */
#include "libsoftbus/bus.h"
#include "softbus/error.h"
#include "softbus/object.h"
#include "softbus/parcel.h"
#include "softbus/pool.h"
#include "softbus/registry.h"
#include "tests/unit/hub_end.h"
#include "wire/hub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HANDLE 0x1234567800000001u
#define OBJECT_DATA "\x0f\x00\x00"
#define N_STUBS 3
#define CALLER 11
#define OTHER 12
#define CHAIN 700
#define FOREIGN 800
#define THREADS_MAX 32

/* In other threads than the test's cmocka cannot fail. */
#define MUST(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort(); \
        } \
    } while (0)

struct world;

struct served {
    struct world *world;
    struct softbus_object *stub;
    uint64_t id;
    unsigned n_inside, n_inside_most, n_begun;
    uint32_t codes[64];
};

struct world {
    struct hub_end end;
    struct softbus *bus;
    struct softbus_object *proxy;
    struct served served[N_STUBS];
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_open; /* the gate of GATED */
};

enum code {
    PLAIN = 1, /* nothing */
    GATED,     /* stays inside until the gate is open */
    CALLING,   /* calls the proxy */
    OTHER_ONE, /* nothing, under another number */
};

static void enter(struct served *served, uint32_t code)
{
    struct world *w = served->world;

    pthread_mutex_lock(&w->mutex);
    served->codes[served->n_begun++ % 64] = code;
    if (++served->n_inside > served->n_inside_most)
        served->n_inside_most = served->n_inside;
    pthread_cond_broadcast(&w->changed);
    while (code == GATED && !w->is_open)
        pthread_cond_wait(&w->changed, &w->mutex);
    pthread_mutex_unlock(&w->mutex);
}

static void leave(struct served *served)
{
    pthread_mutex_lock(&served->world->mutex);
    served->n_inside--;
    pthread_mutex_unlock(&served->world->mutex);
}

static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    struct served *served = userdata;
    int r = 0;

    (void)transaction;
    (void)request;
    (void)reply;
    enter(served, code);
    if (code == CALLING)
        r = softbus_call(served->world->proxy, 1, NULL, NULL, 0);
    leave(served);
    return r;
}

static void open_gate(struct world *w)
{
    pthread_mutex_lock(&w->mutex);
    w->is_open = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->mutex);
}

static void await_inside(struct served *served, unsigned n)
{
    pthread_mutex_lock(&served->world->mutex);
    while (served->n_inside < n)
        pthread_cond_wait(&served->world->changed, &served->world->mutex);
    pthread_mutex_unlock(&served->world->mutex);
}

/* --- a connection with stubs that the hub knows, and a proxy --- */

static int keep_object(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                       struct softbus_parcel *request, struct softbus_parcel *reply)
{
    (void)transaction;
    (void)code;
    (void)reply;
    return softbus_parcel_read_object(request, userdata);
}

static void answer_add(struct hub_end *end)
{
    struct wire_call call;

    hub_end_hear_call(end, &call);
    MUST(call.target == WIRE_HUB && call.code == WIRE_HUB_SERVICE_ADD && end->objects.n == 1);
    end->n[0] = end->objects.items[0].id;
    hub_end_say_reply(end, call.id, 0, NULL, NULL, 0);
}

static uint64_t offer(struct world *w, struct softbus_object *stub)
{
    hub_end_start(&w->end, answer_add);
    assert_int_equal(softbus_service_add(w->bus, "org.example.test", stub, SOFTBUS_SERVICE_LOCAL), 0);
    hub_end_join(&w->end);
    return w->end.n[0];
}

static struct softbus_object *receive_proxy(struct world *w)
{
    struct softbus_object *keeper, *proxy = NULL;
    struct wire_object object = hub_end_make_proxy(HANDLE, 0, 0);

    assert_int_equal(softbus_stub_new(w->bus, "keeper", keep_object, &proxy, &keeper), 0);
    hub_end_say_call(&w->end, 0, offer(w, keeper), 1, &object, OBJECT_DATA, 3);
    while (softbus_process(w->bus) > 0)
        continue;
    assert_non_null(proxy);
    softbus_object_unref(keeper);
    return proxy;
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->changed, NULL);
    hub_end_open(&w->end, &w->bus);
    w->proxy = receive_proxy(w);
    for (unsigned i = 0; i < N_STUBS; i++) {
        w->served[i].world = w;
        assert_int_equal(softbus_stub_new(w->bus, "org.example.Test", handle, &w->served[i], &w->served[i].stub), 0);
        w->served[i].id = offer(w, w->served[i].stub);
    }
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    open_gate(w);
    softbus_object_unref(w->proxy);
    for (unsigned i = 0; i < N_STUBS; i++)
        softbus_object_unref(w->served[i].stub);
    softbus_close(w->bus);
    hub_end_close(&w->end);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    free(w);
    return 0;
}

static void hear_answer(struct world *w, uint64_t id)
{
    struct wire_reply reply;

    hub_end_hear_reply(&w->end, &reply);
    assert_int_equal(reply.id, id);
    assert_int_equal(reply.status, 0);
}

/* Answers of these ids, 1 to n, in any order. */
static void hear_answers(struct world *w, unsigned n)
{
    uint64_t heard = 0;

    for (unsigned i = 0; i < n; i++) {
        struct wire_reply reply;

        hub_end_hear_reply(&w->end, &reply);
        assert_int_equal(reply.status, 0);
        assert_in_range(reply.id, 1, n);
        assert_false(heard & (uint64_t)1 << reply.id);
        heard |= (uint64_t)1 << reply.id;
    }
}

/* --- what runs at once --- */

static void check_all_inside(struct world *w, unsigned n_workers, unsigned n_calls)
{
    struct served *served = &w->served[0];

    softbus_stub_set_concurrent(served->stub, true);
    assert_int_equal(softbus_pool_start(w->bus, n_workers), 0);
    for (unsigned i = 1; i <= n_calls; i++)
        hub_end_say_call_of(&w->end, CALLER, i, i, served->id, GATED);
    await_inside(served, n_workers);
    open_gate(w);
    hear_answers(w, n_calls);
    assert_int_equal(served->n_inside_most, n_workers);
}

static void test_pool_of_one(void **state)
{
    check_all_inside(*state, 1, 5);
}

static void test_pool_of_two(void **state)
{
    check_all_inside(*state, 2, 10);
}

static void test_pool_of_many(void **state)
{
    check_all_inside(*state, SOFTBUS_POOL_MAX, SOFTBUS_POOL_MAX + 20);
}

static void test_serialised(void **state)
{
    struct world *w = *state;

    assert_int_equal(softbus_pool_start(w->bus, 0), 0);
    for (unsigned i = 1; i <= 60; i++)
        hub_end_say_call_of(&w->end, i % 2 ? CALLER : OTHER, i, i, w->served[0].id, i % 3 ? PLAIN : OTHER_ONE);
    hear_answers(w, 60);
    assert_int_equal(w->served[0].n_inside_most, 1);
    for (unsigned i = 0; i < 60; i++)
        assert_int_equal(w->served[0].codes[i], (i + 1) % 3 ? PLAIN : OTHER_ONE);
}

/* Of one sender none overtakes a one-way call; another's may. */
static void test_oneway_at_concurrent(void **state)
{
    struct world *w = *state;
    struct served *served = &w->served[0];

    softbus_stub_set_concurrent(served->stub, true);
    assert_int_equal(softbus_pool_start(w->bus, 4), 0);
    hub_end_say_call_of(&w->end, CALLER, 1, 0, served->id, GATED);
    await_inside(served, 1);
    hub_end_say_call_of(&w->end, CALLER, 2, 2, served->id, PLAIN);
    hub_end_say_call_of(&w->end, CALLER, 3, 3, w->served[1].id, PLAIN);
    hear_answer(w, 3);
    assert_int_equal(served->n_begun, 1);
    open_gate(w);
    hear_answer(w, 2);
}

/* --- chains --- */

/* A call that this process makes for CALLING: its number. */
static uint64_t hear_nested(struct world *w)
{
    struct wire_call call;

    hub_end_hear_call(&w->end, &call);
    assert_true(call.target == HANDLE);
    assert_int_equal(call.trace, CHAIN);
    return call.id;
}

/* A stub that another thread is in: the chain waits for it like everybody, and goes on with what it may. */
static void test_chain_meets_busy_stub(void **state)
{
    struct world *w = *state;
    uint64_t nested;

    assert_int_equal(softbus_pool_start(w->bus, 4), 0);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 1, w->served[0].id, CALLING);
    nested = hear_nested(w);
    hub_end_say_call_of(&w->end, OTHER, FOREIGN, 2, w->served[1].id, GATED);
    await_inside(&w->served[1], 1);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 3, w->served[1].id, PLAIN);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 4, w->served[2].id, PLAIN);
    hear_answer(w, 4);
    assert_int_equal(w->served[1].n_begun, 1);
    open_gate(w);
    for (unsigned i = 0; i < 2; i++) {
        struct wire_reply reply;

        hub_end_hear_reply(&w->end, &reply);
        assert_true(reply.id == 2 || reply.id == 3);
    }
    assert_int_equal(w->served[1].n_inside_most, 1);
    hub_end_say_reply(&w->end, nested, 0, NULL, NULL, 0);
    hear_answer(w, 1);
}

/* Another's call waits for the stub that the chain is in; the chain comes back to that stub. */
static void check_chain_returns(struct world *w, unsigned n_workers)
{
    uint64_t nested;

    assert_int_equal(softbus_pool_start(w->bus, n_workers), 0);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 1, w->served[0].id, CALLING);
    nested = hear_nested(w);
    hub_end_say_call_of(&w->end, OTHER, FOREIGN, 2, w->served[0].id, PLAIN);
    if (n_workers > 1) { /* so that it is certainly queued */
        hub_end_say_call_of(&w->end, OTHER, FOREIGN, 3, w->served[1].id, PLAIN);
        hear_answer(w, 3);
    }
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 4, w->served[0].id, OTHER_ONE);
    hear_answer(w, 4);
    hub_end_say_reply(&w->end, nested, 0, NULL, NULL, 0);
    hear_answer(w, 1);
    hear_answer(w, 2);
}

static void test_chain_returns(void **state)
{
    check_chain_returns(*state, 4);
}

static void test_chain_returns_to_one(void **state)
{
    check_chain_returns(*state, 1);
}

/* The same sender's one-way call comes first, also when only the chain can run it. */
static void check_chain_keeps_order(struct world *w, unsigned n_workers)
{
    uint64_t nested;

    assert_int_equal(softbus_pool_start(w->bus, n_workers), 0);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 1, w->served[0].id, CALLING);
    nested = hear_nested(w);
    hub_end_say_call_of(&w->end, CALLER, FOREIGN, 0, w->served[0].id, OTHER_ONE);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 2, w->served[0].id, PLAIN);
    hear_answer(w, 2);
    assert_int_equal(w->served[0].n_begun, 3);
    assert_int_equal(w->served[0].codes[1], OTHER_ONE);
    assert_int_equal(w->served[0].codes[2], PLAIN);
    hub_end_say_reply(&w->end, nested, 0, NULL, NULL, 0);
    hear_answer(w, 1);
}

static void test_chain_keeps_order(void **state)
{
    check_chain_keeps_order(*state, 4);
}

static void test_chain_keeps_order_of_one(void **state)
{
    check_chain_keeps_order(*state, 1);
}

/* A one-way call of a concurrent stub, whose handler calls its sender, who calls the stub. */
static void check_oneway_chain(struct world *w)
{
    uint64_t nested;

    hub_end_say_call_of(&w->end, CALLER, CHAIN, 0, w->served[0].id, CALLING);
    nested = hear_nested(w);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 1, w->served[0].id, PLAIN);
    hear_answer(w, 1);
    hub_end_say_reply(&w->end, nested, 0, NULL, NULL, 0);
    hub_end_say_call_of(&w->end, CALLER, FOREIGN, 2, w->served[0].id, PLAIN);
    hear_answer(w, 2);
}

static void test_oneway_chain(void **state)
{
    struct world *w = *state;

    softbus_stub_set_concurrent(w->served[0].stub, true);
    assert_int_equal(softbus_pool_start(w->bus, 2), 0);
    check_oneway_chain(w);
}

static void *run(void *userdata)
{
    MUST(softbus_run(userdata) == 0);
    return NULL;
}

static void test_oneway_chain_without_pool(void **state)
{
    struct world *w = *state;
    pthread_t thread;

    softbus_stub_set_concurrent(w->served[0].stub, true);
    assert_int_equal(pthread_create(&thread, NULL, run, w->bus), 0);
    check_oneway_chain(w);
    softbus_stop(w->bus);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* --- many callers --- */

struct caller {
    struct world *world;
    pthread_t thread;
    uint32_t code, timeout_ms;
    int result;
};

static void *make_call(void *userdata)
{
    struct caller *caller = userdata;

    caller->result = softbus_call(caller->world->proxy, caller->code, NULL, NULL, caller->timeout_ms);
    return NULL;
}

static void start_callers(struct world *w, struct caller *callers, unsigned n, uint32_t timeout_ms)
{
    for (unsigned i = 0; i < n; i++) {
        callers[i] = (struct caller){ .world = w, .code = i + 1, .timeout_ms = timeout_ms };
        assert_int_equal(pthread_create(&callers[i].thread, NULL, make_call, &callers[i]), 0);
    }
}

static void hear_calls(struct world *w, unsigned n, uint64_t *ids)
{
    for (unsigned i = 0; i < n; i++) {
        struct wire_call call;

        hub_end_hear_call(&w->end, &call);
        assert_in_range(call.code, 1, n);
        ids[call.code - 1] = call.id;
    }
}

/* All wait at once; each gets its own answer, the last first. */
static void check_answers(struct world *w)
{
    struct caller callers[THREADS_MAX];
    uint64_t ids[THREADS_MAX];

    start_callers(w, callers, THREADS_MAX, 0);
    hear_calls(w, THREADS_MAX, ids);
    for (unsigned i = THREADS_MAX; i-- > 0;)
        hub_end_say_reply(&w->end, ids[i], i % 2 ? SOFTBUS_ERR_FAILED : SOFTBUS_ERR_DENIED, NULL, NULL, 0);
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_int_equal(callers[i].result, i % 2 ? SOFTBUS_ERR_FAILED : SOFTBUS_ERR_DENIED);
    }
}

static void test_callers(void **state)
{
    check_answers(*state);
    check_answers(*state);
}

static void test_callers_and_pool(void **state)
{
    struct world *w = *state;

    assert_int_equal(softbus_pool_start(w->bus, 2), 0);
    check_answers(w);
    check_answers(w);
}

/* Nobody answers: each gives up by itself, and says so. */
static void test_callers_time_out(void **state)
{
    struct world *w = *state;
    struct caller callers[THREADS_MAX];
    uint64_t ids[THREADS_MAX], id;

    start_callers(w, callers, THREADS_MAX, 20);
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_int_equal(callers[i].result, SOFTBUS_ERR_TIMEOUT);
    }
    for (unsigned n_calls = 0, n_cancels = 0; n_cancels < THREADS_MAX;) {
        struct wire_msg message;
        struct wire_call call;

        assert_true(hub_end_hear(&w->end, &message));
        if (message.type == WIRE_CALL) {
            assert_int_equal(wire_call_decode(message.body, &call, &w->end.objects), 0);
            ids[n_calls++] = call.id;
            continue;
        }
        assert_int_equal(message.type, WIRE_CANCEL);
        assert_int_equal(wire_cancel_decode(message.body, &id), 0);
        assert_true(n_cancels++ < n_calls);
    }
    assert_true(ids[0] != ids[1]);
    check_answers(w);
}

/* --- calls that nobody waits for, beside threads that are asleep --- */

struct done {
    struct world *world;
    unsigned n;
    int error;
};

static void note_done(void *userdata, int error, struct softbus_parcel *reply)
{
    struct done *done = userdata;

    (void)reply;
    pthread_mutex_lock(&done->world->mutex);
    done->error = error;
    done->n++;
    pthread_cond_broadcast(&done->world->changed);
    pthread_mutex_unlock(&done->world->mutex);
}

static void await_done(struct done *done, unsigned n)
{
    pthread_mutex_lock(&done->world->mutex);
    while (done->n < n)
        pthread_cond_wait(&done->world->changed, &done->world->mutex);
    pthread_mutex_unlock(&done->world->mutex);
}

static uint64_t call_without_waiting(struct world *w, struct done *done, uint32_t timeout_ms)
{
    uint64_t call;

    assert_int_equal(softbus_call_async(w->proxy, 1, NULL, timeout_ms, note_done, done, &call), 0);
    return call;
}

static void check_async(struct world *w)
{
    struct done done = { .world = w };
    struct wire_call call;
    uint64_t mine;

    mine = call_without_waiting(w, &done, 60000);
    hub_end_hear_call(&w->end, &call);
    assert_int_equal(softbus_cancel(w->bus, mine), 0);
    await_done(&done, 1);
    assert_int_equal(done.error, SOFTBUS_ERR_CANCELED);
    hub_end_hear_type(&w->end, WIRE_CANCEL);
    call_without_waiting(w, &done, 20);
    await_done(&done, 2);
    assert_int_equal(done.error, SOFTBUS_ERR_TIMEOUT);
    hub_end_hear_call(&w->end, &call);
    hub_end_hear_type(&w->end, WIRE_CANCEL);
    call_without_waiting(w, &done, 60000);
    hub_end_hear_call(&w->end, &call);
    hub_end_say_reply(&w->end, call.id, SOFTBUS_ERR_DENIED, NULL, NULL, 0);
    await_done(&done, 3);
    assert_int_equal(done.error, SOFTBUS_ERR_DENIED);
}

static void test_async_beside_pool(void **state)
{
    struct world *w = *state;

    assert_int_equal(softbus_pool_start(w->bus, 2), 0);
    check_async(w);
}

static void test_async_beside_run(void **state)
{
    struct world *w = *state;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, run, w->bus), 0);
    check_async(w);
    softbus_stop(w->bus);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* The call of an own stub waits for another of it, and begins when that ends. */
static void test_own_stub_is_busy(void **state)
{
    struct world *w = *state;
    struct done done = { .world = w };

    assert_int_equal(softbus_pool_start(w->bus, 1), 0);
    hub_end_say_call_of(&w->end, CALLER, FOREIGN, 1, w->served[0].id, GATED);
    await_inside(&w->served[0], 1);
    assert_int_equal(softbus_call_async(w->served[0].stub, PLAIN, NULL, 0, note_done, &done, NULL), 0);
    assert_int_equal(softbus_call_oneway(w->served[0].stub, OTHER_ONE, NULL), 0);
    open_gate(w);
    assert_int_equal(softbus_call(w->served[0].stub, PLAIN, NULL, NULL, 60000), 0);
    hear_answer(w, 1);
    await_done(&done, 1);
    assert_int_equal(done.error, 0);
    assert_int_equal(w->served[0].codes[2], OTHER_ONE);
    assert_int_equal(w->served[0].n_begun, 4);
    assert_int_equal(w->served[0].n_inside_most, 1);
}

/* --- the end --- */

static void *close_bus(void *userdata)
{
    softbus_close(userdata);
    return NULL;
}

/* Others wait in calls: they come back before the connection is gone. */
static void check_close_ends_calls(struct world *w)
{
    struct caller callers[THREADS_MAX];
    uint64_t ids[THREADS_MAX];

    start_callers(w, callers, THREADS_MAX, 0);
    hear_calls(w, THREADS_MAX, ids);
    close_bus(w->bus);
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_int_equal(callers[i].result, SOFTBUS_ERR_DISCONNECTED);
    }
    w->bus = NULL;
}

static void test_close_ends_calls(void **state)
{
    check_close_ends_calls(*state);
}

static void test_close_ends_calls_beside_pool(void **state)
{
    struct world *w = *state;

    assert_int_equal(softbus_pool_start(w->bus, 4), 0);
    check_close_ends_calls(w);
}

/* Workers are in handlers, one of which waits for an answer of its own. */
static void test_close_waits_for_workers(void **state)
{
    struct world *w = *state;
    pthread_t thread;

    assert_int_equal(softbus_pool_start(w->bus, 4), 0);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 1, w->served[0].id, CALLING);
    hear_nested(w);
    hub_end_say_call_of(&w->end, CALLER, FOREIGN, 2, w->served[1].id, GATED);
    await_inside(&w->served[1], 1);
    assert_int_equal(pthread_create(&thread, NULL, close_bus, w->bus), 0);
    while (hub_end_hear(&w->end, &(struct wire_msg){ 0 }))
        continue;
    open_gate(w);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(w->served[0].n_inside, 0);
    assert_int_equal(w->served[1].n_inside, 0);
    w->bus = NULL;
}

/* --- the calling identity --- */

static int look_at_caller(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                          struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct world *w = userdata;
    struct softbus_caller caller;
    uint32_t pid = code == 1 ? 21 : 22;
    bool was_cleared;

    (void)request;
    (void)reply;
    MUST(softbus_get_caller(w->bus, &caller) == 0 && caller.pid == pid);
    was_cleared = softbus_clear_caller(w->bus);
    MUST(!was_cleared && softbus_get_caller(w->bus, &caller) == 0 && caller.pid == (uint32_t)w->bus->pid);
    if (code == 1) /* the chain comes back with another caller meanwhile */
        MUST(softbus_call(w->proxy, 1, NULL, NULL, 0) == 0);
    MUST(softbus_get_caller(w->bus, &caller) == 0 && caller.pid == (uint32_t)w->bus->pid);
    MUST(softbus_clear_caller(w->bus));
    softbus_restore_caller(w->bus, true);
    MUST(softbus_get_caller(w->bus, &caller) == 0 && caller.pid == (uint32_t)w->bus->pid);
    softbus_restore_caller(w->bus, was_cleared);
    MUST(softbus_get_caller(w->bus, &caller) == 0 && caller.pid == pid);
    MUST(softbus_transaction_get_caller(transaction, &caller) == 0 && caller.pid == pid);
    return 0;
}

static void test_caller_nests(void **state)
{
    struct world *w = *state;
    struct softbus_caller caller;
    struct softbus_object *stub;
    uint64_t id, nested;

    assert_int_equal(softbus_stub_new(w->bus, "caller", look_at_caller, w, &stub), 0);
    id = offer(w, stub);
    assert_int_equal(softbus_pool_start(w->bus, 2), 0);
    hub_end_say_call_of(&w->end, 21, CHAIN, 1, id, 1);
    nested = hear_nested(w);
    hub_end_say_call_of(&w->end, 22, CHAIN, 2, id, 2);
    hear_answer(w, 2);
    hub_end_say_reply(&w->end, nested, 0, NULL, NULL, 0);
    hear_answer(w, 1);
    assert_int_equal(softbus_get_caller(w->bus, &caller), SOFTBUS_ERR_NO_IDENTITY);
    assert_false(softbus_clear_caller(w->bus));
    softbus_object_unref(stub);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* An argument is the pattern of the tests to run. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pool_of_one),
        TEST(test_pool_of_two),
        TEST(test_pool_of_many),
        TEST(test_serialised),
        TEST(test_oneway_at_concurrent),
        TEST(test_chain_meets_busy_stub),
        TEST(test_chain_returns),
        TEST(test_chain_returns_to_one),
        TEST(test_chain_keeps_order),
        TEST(test_chain_keeps_order_of_one),
        TEST(test_oneway_chain),
        TEST(test_oneway_chain_without_pool),
        TEST(test_callers),
        TEST(test_callers_and_pool),
        TEST(test_callers_time_out),
        TEST(test_async_beside_pool),
        TEST(test_async_beside_run),
        TEST(test_own_stub_is_busy),
        TEST(test_close_ends_calls),
        TEST(test_close_ends_calls_beside_pool),
        TEST(test_close_waits_for_workers),
        TEST(test_caller_nests),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("libsoftbus threads", tests, NULL, NULL);
}
