/*
 * Threads of one connection, with a hub played by the test: what may run at once, what may not, and that a chain of calls which
 * comes back never waits for itself. Nothing here waits for a time: a step that does not come keeps the test until its limit.
 */
#include "libsoftbus/bus.h"
#include "softbus/error.h"
#include "softbus/object.h"
#include "softbus/pool.h"
#include "softbus/registry.h"
#include "tests/unit/thread_world.h"
#include "wire/hub.h"
#include "wire/value.h"

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

/* --- watches --- */

struct watched {
    struct world *world;
    unsigned n_inside, n_inside_most, n_told;
    char told[8];
};

static void on_service(void *userdata, const char *device, const char *name, bool is_present)
{
    struct watched *watched = userdata;
    struct world *w = watched->world;

    (void)device;
    pthread_mutex_lock(&w->mutex);
    MUST(is_present && watched->n_told < sizeof(watched->told));
    watched->told[watched->n_told++] = name[0];
    if (++watched->n_inside > watched->n_inside_most)
        watched->n_inside_most = watched->n_inside;
    pthread_cond_broadcast(&w->changed);
    while (!w->is_open)
        pthread_cond_wait(&w->changed, &w->mutex);
    watched->n_inside--;
    pthread_mutex_unlock(&w->mutex);
}

static unsigned await_told(struct watched *watched, unsigned n)
{
    unsigned n_told;

    pthread_mutex_lock(&watched->world->mutex);
    while (watched->n_told < n)
        pthread_cond_wait(&watched->world->changed, &watched->world->mutex);
    n_told = watched->n_told;
    pthread_mutex_unlock(&watched->world->mutex);
    return n_told;
}

/* Two services are there. */
static void answer_watch(struct hub_end *end)
{
    struct wire_writer writer;
    struct wire_call call;
    struct sb_buf data;

    hub_end_hear_call(end, &call);
    MUST(call.code == WIRE_HUB_SERVICE_WATCH && end->objects.n == 1);
    end->n[0] = end->objects.items[0].id;
    sb_buf_init(&data, 256);
    wire_writer_init(&writer, &data);
    wire_value_put_u32(&writer, 2);
    wire_value_put_str(&writer, "a", 1);
    wire_value_put_str(&writer, "b", 1);
    hub_end_say_reply(end, call.id, 0, NULL, sb_buf_bytes(&data), data.length);
    sb_buf_deinit(&data);
}

static void say_third(struct hub_end *end)
{
    struct wire_writer writer;
    struct sb_buf data;

    sb_buf_init(&data, 256);
    wire_writer_init(&writer, &data);
    wire_value_put_str(&writer, "", 0);
    wire_value_put_str(&writer, "c", 1);
    wire_value_put_bool(&writer, true);
    hub_end_say_call(end, 0, end->n[0], WIRE_EVENT_SERVICE, NULL, sb_buf_bytes(&data), data.length);
    sb_buf_deinit(&data);
}

/* A watch tells what is there though the workers are asleep, and one thing after the other, however many they are. */
static void test_watch_in_turn(void **state)
{
    struct world *w = *state;
    static struct watched watched; /* the workers may outlive a test that fails */

    watched.world = w;
    assert_int_equal(softbus_pool_start(w->bus, 4), 0);
    hub_end_start(&w->end, answer_watch);
    assert_int_equal(softbus_service_watch(w->bus, NULL, on_service, &watched, NULL), 0);
    hub_end_join(&w->end);
    await_told(&watched, 1);
    say_third(&w->end);
    /* Who has come to this call had the chance to tell more. */
    hub_end_say_call_of(&w->end, CALLER, 1, 1, w->served[0].id, PLAIN);
    thread_world_hear_answer(w, 1);
    assert_int_equal(await_told(&watched, 1), 1);
    thread_world_open_gate(w);
    await_told(&watched, 3);
    assert_memory_equal(watched.told, "abc", 3);
    assert_int_equal(watched.n_inside_most, 1);
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
        THREAD_TEST(test_watch_in_turn),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("libsoftbus threads", tests, NULL, NULL);
}
