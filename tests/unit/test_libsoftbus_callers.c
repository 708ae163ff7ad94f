/*
 * Threads that call beside others: each gets its own answer, what nobody waits for wakes who is asleep, and close ends what is under
 * way. Nothing here waits for a time: a step that does not come keeps the test until its limit.
 */
#include "libsoftbus/bus.h"
#include "softbus/error.h"
#include "softbus/object.h"
#include "softbus/pool.h"
#include "tests/unit/thread_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define THREADS_MAX 32

static void *run(void *userdata)
{
    MUST(softbus_run(userdata) == 0);
    return NULL;
}

static void *process(void *userdata)
{
    while (softbus_process(userdata) > 0)
        continue;
    return NULL;
}

/* Another thread than the one that opened it is the first to use it. */
static void test_opened_elsewhere(void **state)
{
    struct hub_end end;
    struct softbus *bus;
    pthread_t thread;

    (void)state;
    hub_end_open(&end, &bus);
    assert_int_equal(pthread_create(&thread, NULL, process, bus), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    softbus_close(bus);
    hub_end_close(&end);
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
    thread_world_await_inside(&w->served[0], 1);
    assert_int_equal(softbus_call_async(w->served[0].stub, PLAIN, NULL, 0, note_done, &done, NULL), 0);
    assert_int_equal(softbus_call_oneway(w->served[0].stub, OTHER_ONE, NULL), 0);
    thread_world_open_gate(w);
    assert_int_equal(softbus_call(w->served[0].stub, PLAIN, NULL, NULL, 60000), 0);
    thread_world_hear_answer(w, 1);
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
    thread_world_hear_nested(w);
    hub_end_say_call_of(&w->end, CALLER, FOREIGN, 2, w->served[1].id, GATED);
    thread_world_await_inside(&w->served[1], 1);
    assert_int_equal(pthread_create(&thread, NULL, close_bus, w->bus), 0);
    while (hub_end_hear(&w->end, &(struct wire_msg){ 0 }))
        continue;
    thread_world_open_gate(w);
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
    id = thread_world_offer(w, stub);
    assert_int_equal(softbus_pool_start(w->bus, 2), 0);
    hub_end_say_call_of(&w->end, 21, CHAIN, 1, id, 1);
    nested = thread_world_hear_nested(w);
    hub_end_say_call_of(&w->end, 22, CHAIN, 2, id, 2);
    thread_world_hear_answer(w, 2);
    hub_end_say_reply(&w->end, nested, 0, NULL, NULL, 0);
    thread_world_hear_answer(w, 1);
    assert_int_equal(softbus_get_caller(w->bus, &caller), SOFTBUS_ERR_NO_IDENTITY);
    assert_false(softbus_clear_caller(w->bus));
    softbus_object_unref(stub);
}

/* An argument is the pattern of the tests to run. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        THREAD_TEST(test_opened_elsewhere),
        THREAD_TEST(test_callers),
        THREAD_TEST(test_callers_and_pool),
        THREAD_TEST(test_callers_time_out),
        THREAD_TEST(test_async_beside_pool),
        THREAD_TEST(test_async_beside_run),
        THREAD_TEST(test_own_stub_is_busy),
        THREAD_TEST(test_close_ends_calls),
        THREAD_TEST(test_close_ends_calls_beside_pool),
        THREAD_TEST(test_close_waits_for_workers),
        THREAD_TEST(test_caller_nests),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("libsoftbus callers", tests, NULL, NULL);
}
