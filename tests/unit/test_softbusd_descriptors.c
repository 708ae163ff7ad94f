/* Descriptors on their way through the hub: which messages may have them, who gets them, and who is told when they go nowhere. */
#include "tests/unit/hub_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Device 0: caller; local and remote serve "local" (stub 1) on device 0 and "remote" (stub 2) on device 1. */
struct cast {
    struct world world;
    struct world_app *caller, *local, *remote;
    uint64_t to_local, to_remote;
};

static int set_up(void **state)
{
    struct cast *cast = malloc(sizeof(*cast));

    world_init(&cast->world);
    cast->caller = world_app_new(&cast->world, 0, "caller", 1000);
    cast->local = world_app_new(&cast->world, 0, "local", 1001);
    cast->remote = world_app_new(&cast->world, 1, "remote", 1002);
    world_serve(cast->local, 1, "local", true);
    world_serve(cast->remote, 2, "remote", true);
    cast->to_local = world_get(cast->caller, 0, "local");
    cast->to_remote = world_get(cast->caller, 1, "remote");
    *state = cast;
    return 0;
}

static int tear_down(void **state)
{
    struct cast *cast = *state;

    world_deinit(&cast->world);
    free(cast);
    return 0;
}

/* Its next message has n descriptors, 100 and so on. */
static void give(struct world_app *app, uint16_t n)
{
    app->n_fds_next = n;
    for (int i = 0; i < n; i++)
        app->fds[i] = 100 + i;
}

static void check_came(const struct world_msg *msg, uint16_t n)
{
    assert_int_equal(msg->n_fds, n);
    for (int i = 0; i < n; i++)
        assert_int_equal(msg->fds[i], 100 + i);
}

static void test_calls(void **state)
{
    struct cast *cast = *state;

    give(cast->caller, WIRE_FDS_MAX);
    world_call(cast->caller, cast->to_local, 10, NULL, 0);
    check_came(world_take(cast->local, WIRE_CALL), WIRE_FDS_MAX);
    assert_int_equal(cast->caller->fds[31], -1);
    give(cast->caller, 1);
    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, NULL, 0), HUB_DONE);
    check_came(world_take(cast->local, WIRE_CALL), 1);
}

static void test_replies(void **state)
{
    struct cast *cast = *state;
    uint64_t id = world_call(cast->caller, cast->to_local, 0, NULL, 0), served = world_take(cast->local, WIRE_CALL)->call.id;

    give(cast->local, 2);
    world_reply(cast->local, served, WIRE_OK, 3, NULL, 0);
    check_came(world_take_reply(cast->caller, id), 2);
    give(cast->local, 2); /* nobody waits for it: they stay the connection's */
    world_reply(cast->local, served, WIRE_OK, 3, NULL, 0);
    assert_int_equal(cast->local->fds[0], 100);
    assert_true(world_is_quiet(cast->caller));
    give(cast->local, 1);
    world_reply(cast->local, served, WIRE_FAILED, 0, NULL, 0);
    assert_true(cast->local->is_killed);
}

static void test_not_between_devices(void **state)
{
    struct cast *cast = *state;
    struct world_app *far = world_app_new(&cast->world, 1, "far", 1003);
    uint64_t handle = world_get(far, 0, "local"), id;
    struct world_msg *msg;

    give(cast->caller, 1);
    id = world_call(cast->caller, cast->to_remote, 0, NULL, 0);
    assert_int_equal(world_take_status(cast->caller, id), WIRE_DESCRIPTOR);
    give(cast->caller, 1);
    world_oneway(cast->caller, cast->to_remote, 0, NULL, 0);
    assert_int_equal(world_take(cast->caller, WIRE_REFUSED)->refused.status, WIRE_DESCRIPTOR);
    world_run(&cast->world);
    assert_true(world_is_quiet(cast->remote));
    assert_int_equal(cast->caller->fds[0], 100);

    id = world_call(far, handle, 0, NULL, 0);
    world_run(&cast->world);
    msg = world_take(cast->local, WIRE_CALL);
    give(cast->local, 1);
    world_reply(cast->local, msg->call.id, WIRE_OK, 0, NULL, 0);
    assert_int_equal(world_take(cast->local, WIRE_REFUSED)->refused.status, WIRE_DESCRIPTOR);
    world_run(&cast->world);
    assert_int_equal(world_take_status(far, id), WIRE_DESCRIPTOR);
}

static void test_not_to_the_hub(void **state)
{
    struct cast *cast = *state;

    give(cast->caller, 1);
    assert_int_equal(world_do(cast->caller, WIRE_HUB_DEVICE_LIST, NULL, ""), WIRE_BAD_REQUEST);
    assert_int_equal(cast->caller->fds[0], 100);
}

/* The receiver's table was full: what the message carries otherwise is not lost. */
static void test_lost(void **state)
{
    struct cast *cast = *state;
    struct wire_object stub = world_stub(5);
    uint64_t id, served;

    cast->caller->has_lost_fds = true;
    give(cast->caller, 1);
    id = world_call(cast->caller, cast->to_local, 0, &stub, 1);
    assert_int_equal(world_take_status(cast->caller, id), WIRE_LIMIT);
    assert_int_equal(world_take(cast->caller, WIRE_RELEASE)->release.id, 5);
    give(cast->caller, 1);
    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, NULL, 0), HUB_DONE);
    assert_int_equal(world_take(cast->caller, WIRE_REFUSED)->refused.status, WIRE_LIMIT);
    assert_true(world_is_quiet(cast->local));

    id = world_call(cast->caller, cast->to_local, 0, NULL, 0);
    served = world_take(cast->local, WIRE_CALL)->call.id;
    cast->local->has_lost_fds = true;
    give(cast->local, 1);
    world_reply(cast->local, served, WIRE_OK, 0, NULL, 0);
    assert_int_equal(world_take(cast->local, WIRE_REFUSED)->refused.status, WIRE_LIMIT);
    assert_int_equal(world_take_status(cast->caller, id), WIRE_LIMIT);
}

/* While a one-way call waits for room its descriptors do too. */
static void test_waiting(void **state)
{
    struct cast *cast = *state;

    world_set_queued(cast->local, 2 << 20);
    give(cast->caller, 1);
    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, NULL, 0), HUB_WAIT);
    assert_int_equal(cast->caller->fds[0], 100);
    world_set_queued(cast->local, 0);
    hub_app_drained(cast->local->hub_app);
    assert_int_equal(world_app_resume(cast->caller), HUB_DONE);
    check_came(world_take(cast->local, WIRE_CALL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_replies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_between_devices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_to_the_hub, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_waiting, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
