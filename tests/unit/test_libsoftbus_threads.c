/*
 * Threads of one connection, with a hub played by the test: what may run at once, what may not, and that a chain of calls which
 * comes back never waits for itself. Nothing here waits for a time: a step that does not come keeps the test until its limit.
 */
#include "libsoftbus/bus.h"
#include "softbus/error.h"
#include "softbus/object.h"
#include "softbus/pool.h"
#include "tests/unit/thread_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* --- what runs at once --- */

static void check_all_inside(struct world *w, unsigned n_workers, unsigned n_calls)
{
    struct served *served = &w->served[0];

    softbus_stub_set_concurrent(served->stub, true);
    assert_int_equal(softbus_pool_start(w->bus, n_workers), 0);
    for (unsigned i = 1; i <= n_calls; i++)
        hub_end_say_call_of(&w->end, CALLER, i, i, served->id, GATED);
    thread_world_await_inside(served, n_workers);
    thread_world_open_gate(w);
    thread_world_hear_answers(w, n_calls);
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
    thread_world_hear_answers(w, 60);
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
    thread_world_await_inside(served, 1);
    hub_end_say_call_of(&w->end, CALLER, 2, 2, served->id, PLAIN);
    hub_end_say_call_of(&w->end, CALLER, 3, 3, w->served[1].id, PLAIN);
    thread_world_hear_answer(w, 3);
    assert_int_equal(served->n_begun, 1);
    thread_world_open_gate(w);
    thread_world_hear_answer(w, 2);
}

/* --- chains --- */

/* A stub that another thread is in: the chain waits for it like everybody, and goes on with what it may. */
static void test_chain_meets_busy_stub(void **state)
{
    struct world *w = *state;
    uint64_t nested;

    assert_int_equal(softbus_pool_start(w->bus, 4), 0);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 1, w->served[0].id, CALLING);
    nested = thread_world_hear_nested(w);
    hub_end_say_call_of(&w->end, OTHER, FOREIGN, 2, w->served[1].id, GATED);
    thread_world_await_inside(&w->served[1], 1);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 3, w->served[1].id, PLAIN);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 4, w->served[2].id, PLAIN);
    thread_world_hear_answer(w, 4);
    assert_int_equal(w->served[1].n_begun, 1);
    thread_world_open_gate(w);
    for (unsigned i = 0; i < 2; i++) {
        struct wire_reply reply;

        hub_end_hear_reply(&w->end, &reply);
        assert_true(reply.id == 2 || reply.id == 3);
    }
    assert_int_equal(w->served[1].n_inside_most, 1);
    hub_end_say_reply(&w->end, nested, 0, NULL, NULL, 0);
    thread_world_hear_answer(w, 1);
}

/* Another's call waits for the stub that the chain is in; the chain comes back to that stub. */
static void check_chain_returns(struct world *w, unsigned n_workers)
{
    uint64_t nested;

    assert_int_equal(softbus_pool_start(w->bus, n_workers), 0);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 1, w->served[0].id, CALLING);
    nested = thread_world_hear_nested(w);
    hub_end_say_call_of(&w->end, OTHER, FOREIGN, 2, w->served[0].id, PLAIN);
    if (n_workers > 1) { /* so that it is certainly queued */
        hub_end_say_call_of(&w->end, OTHER, FOREIGN, 3, w->served[1].id, PLAIN);
        thread_world_hear_answer(w, 3);
    }
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 4, w->served[0].id, OTHER_ONE);
    thread_world_hear_answer(w, 4);
    hub_end_say_reply(&w->end, nested, 0, NULL, NULL, 0);
    thread_world_hear_answer(w, 1);
    thread_world_hear_answer(w, 2);
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
    nested = thread_world_hear_nested(w);
    hub_end_say_call_of(&w->end, CALLER, FOREIGN, 0, w->served[0].id, OTHER_ONE);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 2, w->served[0].id, PLAIN);
    thread_world_hear_answer(w, 2);
    assert_int_equal(w->served[0].n_begun, 3);
    assert_int_equal(w->served[0].codes[1], OTHER_ONE);
    assert_int_equal(w->served[0].codes[2], PLAIN);
    hub_end_say_reply(&w->end, nested, 0, NULL, NULL, 0);
    thread_world_hear_answer(w, 1);
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
    nested = thread_world_hear_nested(w);
    hub_end_say_call_of(&w->end, CALLER, CHAIN, 1, w->served[0].id, PLAIN);
    thread_world_hear_answer(w, 1);
    hub_end_say_reply(&w->end, nested, 0, NULL, NULL, 0);
    hub_end_say_call_of(&w->end, CALLER, FOREIGN, 2, w->served[0].id, PLAIN);
    thread_world_hear_answer(w, 2);
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

/* An argument is the pattern of the tests to run. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        THREAD_TEST(test_pool_of_one),
        THREAD_TEST(test_pool_of_two),
        THREAD_TEST(test_pool_of_many),
        THREAD_TEST(test_serialised),
        THREAD_TEST(test_oneway_at_concurrent),
        THREAD_TEST(test_chain_meets_busy_stub),
        THREAD_TEST(test_chain_returns),
        THREAD_TEST(test_chain_returns_to_one),
        THREAD_TEST(test_chain_keeps_order),
        THREAD_TEST(test_chain_keeps_order_of_one),
        THREAD_TEST(test_oneway_chain),
        THREAD_TEST(test_oneway_chain_without_pool),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("libsoftbus threads", tests, NULL, NULL);
}
