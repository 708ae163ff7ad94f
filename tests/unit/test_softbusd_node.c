/* References, counted: stubs, handles, exports; and death. */
#include "softbusd/node.h"

#include "tests/unit/hub_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Device 0: owner (service "owner", stub 1) and holder ("holder", stub 2); device 1: far ("far", stub 3). */
struct cast {
    struct world world;
    struct world_app *owner, *holder, *far;
};

static int set_up(void **state)
{
    struct cast *cast = malloc(sizeof(*cast));

    world_init(&cast->world);
    cast->owner = world_app_new(&cast->world, 0, "owner", 1000);
    cast->holder = world_app_new(&cast->world, 0, "holder", 1001);
    cast->far = world_app_new(&cast->world, 1, "far", 1002);
    world_serve(cast->owner, 1, "owner", true);
    world_serve(cast->holder, 2, "holder", true);
    world_serve(cast->far, 3, "far", true);
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

static void expect_release(struct world_app *app, uint64_t stub, uint32_t count)
{
    struct world_msg *msg = world_take(app, WIRE_RELEASE);

    assert_int_equal(msg->release.id, stub);
    assert_int_equal(msg->release.count, count);
    assert_false(world_has(app, WIRE_RELEASE));
}

static void test_same_stub_is_same_handle(void **state)
{
    struct cast *cast = *state;
    uint64_t first = world_give(cast->owner, cast->holder, "holder", world_stub(50));

    assert_int_equal(world_give(cast->owner, cast->holder, "holder", world_stub(50)), first);
    assert_int_not_equal(world_give(cast->owner, cast->holder, "holder", world_stub(51)), first);
    world_release(cast->holder, first, 1);
    assert_false(world_has(cast->owner, WIRE_RELEASE));
    world_release(cast->holder, first, 1);
    expect_release(cast->owner, 50, 2);
    world_call(cast->holder, first, 0, NULL, 0);
    assert_int_equal(world_take(cast->holder, WIRE_REPLY)->reply.status, WIRE_DEAD_OBJECT);
}

static void test_release_crosses_an_arrival(void **state)
{
    struct cast *cast = *state;
    uint64_t handle = world_give(cast->owner, cast->holder, "holder", world_stub(50)), id;

    world_give(cast->owner, cast->holder, "holder", world_stub(50)); /* on its way while the first is given back */
    world_release(cast->holder, handle, 1);
    id = world_call(cast->holder, handle, 0, NULL, 0);
    world_reply(cast->owner, world_take(cast->owner, WIRE_CALL)->call.id, WIRE_OK, 0, NULL, 0);
    assert_int_equal(world_take_status(cast->holder, id), WIRE_OK);
}

static void test_release_crosses_an_arrival_between_devices(void **state)
{
    struct cast *cast = *state;
    uint64_t handle = world_give(cast->owner, cast->far, "far", world_stub(50)), to, id;
    struct wire_object object = world_stub(50);

    to = world_get(cast->owner, 1, "far");
    world_oneway(cast->owner, to, 0, &object, 1); /* stays on its way */
    world_release(cast->far, handle, 1);
    assert_true(world_deliver(&cast->world, 1, 0, 0)); /* the release arrives first */
    world_run(&cast->world);
    assert_false(world_has(cast->owner, WIRE_RELEASE));
    handle = world_take(cast->far, WIRE_CALL)->objects.items[0].id;
    id = world_call(cast->far, handle, 0, NULL, 0);
    world_run(&cast->world);
    world_reply(cast->owner, world_take(cast->owner, WIRE_CALL)->call.id, WIRE_OK, 0, NULL, 0);
    world_run(&cast->world);
    assert_int_equal(world_take_status(cast->far, id), WIRE_OK);
    world_release(cast->far, handle, 1);
    world_run(&cast->world);
    expect_release(cast->owner, 50, 2);
}

/* A one-way call, and the proxy dropped right behind it. */
static void test_release_does_not_pass_calls(void **state)
{
    struct cast *cast = *state;
    uint64_t handle = world_give(cast->owner, cast->far, "far", world_stub(50));

    world_oneway(cast->far, handle, 100, NULL, 0);
    world_call(cast->far, handle, 200, NULL, 0);
    world_release(cast->far, handle, 1);
    while (world_deliver(&cast->world, 1, 0, 0)) /* control is faster */
        ;
    world_run(&cast->world);
    assert_int_equal(world_take(cast->owner, WIRE_CALL)->call.data.size, 100);
    assert_int_equal(world_take(cast->owner, WIRE_CALL)->call.data.size, 200);
    expect_release(cast->owner, 50, 1);
}

static void test_calls_of_an_app_that_exits(void **state)
{
    struct cast *cast = *state;
    uint64_t handle = world_give(cast->owner, cast->far, "far", world_stub(50));

    world_oneway(cast->far, handle, 100, NULL, 0);
    world_app_close(cast->far);
    while (world_deliver(&cast->world, 1, 0, 0))
        ;
    world_run(&cast->world);
    assert_int_equal(world_take(cast->owner, WIRE_CALL)->call.data.size, 100);
    expect_release(cast->owner, 50, 1);
}

static void test_stub_comes_home(void **state)
{
    struct cast *cast = *state;
    uint64_t handle = world_give(cast->owner, cast->holder, "holder", world_stub(50));
    struct wire_object object = world_proxy(handle);
    uint64_t to = world_get(cast->holder, 0, "owner");
    struct world_msg *call;

    world_oneway(cast->holder, to, 0, &object, 1);
    world_release(cast->holder, handle, 1);
    call = world_take(cast->owner, WIRE_CALL);
    assert_int_equal(call->objects.items[0].kind, WIRE_OBJECT_STUB);
    assert_int_equal(call->objects.items[0].id, 50);
    assert_int_equal(call->objects.items[0].flags, 0);
    expect_release(cast->owner, 50, 1);
}

static void test_handles_are_their_owners(void **state)
{
    struct cast *cast = *state;
    struct world_app *thief = world_app_new(&cast->world, 0, "thief", 9);
    uint64_t handle = world_give(cast->owner, cast->holder, "holder", world_stub(50));
    struct wire_object object = world_proxy(handle);
    uint64_t to = world_get(thief, 0, "owner");
    uint64_t id = world_call(thief, handle, 0, NULL, 0);

    assert_int_equal(world_take_status(thief, id), WIRE_DEAD_OBJECT);
    id = world_call(thief, to, 0, &object, 1);
    assert_int_equal(world_take_status(thief, id), WIRE_DEAD_OBJECT);
    assert_int_equal(world_do(thief, WIRE_HUB_LINK_DEATH, NULL, "u", handle), WIRE_DEAD_OBJECT);
    assert_int_equal(world_do(thief, WIRE_HUB_UNLINK_DEATH, NULL, "u", handle), WIRE_NOT_LINKED);
    world_release(thief, handle, 1);
    assert_true(thief->is_killed);
}

static void test_too_much_given_back(void **state)
{
    struct cast *cast = *state;
    uint64_t handle = world_give(cast->owner, cast->holder, "holder", world_stub(50));

    world_release(cast->holder, handle, 2);
    assert_true(cast->holder->is_killed);
    world_app_close(cast->holder);
    expect_release(cast->owner, 50, 1);
}

static void set_limits(struct cast *cast, uint32_t n_objects, uint32_t n_references)
{
    struct hub_quota_limits limits = cast->world.devices[0].limits;

    limits.app[HUB_QUOTA_OBJECTS] = n_objects;
    limits.app[HUB_QUOTA_REFERENCES] = n_references;
    hub_set_limits(cast->world.devices[0].hub, &limits);
}

static void test_object_limit(void **state)
{
    struct cast *cast = *state;
    uint64_t to = world_get(cast->owner, 0, "holder"), id, handle;
    struct wire_object objects[2] = { world_stub(50), world_stub(51) };

    set_limits(cast, 2, 100); /* its service is one */
    id = world_call(cast->owner, to, 0, objects, 2);
    assert_int_equal(world_take_status(cast->owner, id), WIRE_LIMIT);
    assert_int_equal(world_take(cast->owner, WIRE_RELEASE)->release.count, 1); /* both sendings are given back, */
    assert_int_equal(world_take(cast->owner, WIRE_RELEASE)->release.count, 1); /* also the one that was never counted */
    world_oneway(cast->owner, to, 0, objects, 1);
    handle = world_take(cast->holder, WIRE_CALL)->objects.items[0].id;
    world_oneway(cast->owner, to, 0, objects + 1, 1);
    assert_int_equal(world_take(cast->owner, WIRE_REFUSED)->refused.status, WIRE_LIMIT);
    expect_release(cast->owner, 51, 1);
    world_oneway(cast->owner, to, 0, objects, 1); /* the same again is not one more */
    world_take(cast->holder, WIRE_CALL);
    world_release(cast->holder, handle, 2);
    world_forget(cast->owner);
    world_oneway(cast->owner, to, 0, objects + 1, 1);
    assert_true(world_has(cast->holder, WIRE_CALL));
    assert_true(world_is_quiet(cast->owner));
}

static void test_reference_limit(void **state)
{
    struct cast *cast = *state;
    struct wire_object objects[2] = { world_stub(50), world_stub(51) };
    uint64_t to = world_get(cast->owner, 0, "holder"), id, handle;

    set_limits(cast, 100, 1);
    id = world_call(cast->owner, to, 0, objects, 2);
    assert_int_equal(world_take_status(cast->owner, id), WIRE_LIMIT);
    assert_true(world_is_quiet(cast->holder));
    world_forget(cast->owner);
    world_oneway(cast->owner, to, 0, objects, 1);
    handle = world_take(cast->holder, WIRE_CALL)->objects.items[0].id;
    world_release(cast->holder, handle, 1);
    world_oneway(cast->owner, to, 0, objects + 1, 1);
    assert_true(world_has(cast->holder, WIRE_CALL));
    assert_int_equal(cast->holder->hub_app->handles.n_used, 1);
}

static void expect_death(struct world_app *app, uint64_t handle, enum wire_death reason)
{
    struct world_msg *msg = world_take(app, WIRE_DEATH);

    assert_int_equal(msg->death.id, handle);
    assert_int_equal(msg->death.reason, reason);
    assert_false(world_has(app, WIRE_DEATH)); /* once */
}

static uint64_t link(struct world_app *app, unsigned device, const char *name)
{
    uint64_t handle = world_get(app, device, name);

    assert_int_equal(world_do(app, WIRE_HUB_LINK_DEATH, NULL, "u", handle), WIRE_OK);
    assert_int_equal(world_do(app, WIRE_HUB_LINK_DEATH, NULL, "u", handle), WIRE_OK); /* the same link */
    return handle;
}

static void test_process_dies(void **state)
{
    struct cast *cast = *state;
    uint64_t here = link(cast->holder, 0, "owner"), there = link(cast->far, 0, "owner");

    assert_int_equal(cast->world.devices[0].hub->n_links, 1);
    world_app_close(cast->owner);
    world_run(&cast->world);
    expect_death(cast->holder, here, WIRE_DEATH_PROCESS_DIED);
    expect_death(cast->far, there, WIRE_DEATH_PROCESS_DIED);
    assert_int_equal(cast->world.devices[0].hub->n_links, 0);
    assert_int_equal(world_do(cast->holder, WIRE_HUB_LINK_DEATH, NULL, "u", here), WIRE_DEAD_OBJECT);
    assert_int_equal(world_do(cast->far, WIRE_HUB_LINK_DEATH, NULL, "u", there), WIRE_DEAD_OBJECT);
    assert_int_equal(world_do(cast->holder, WIRE_HUB_UNLINK_DEATH, NULL, "u", here), WIRE_NOT_LINKED);
}

static void test_withdrawn(void **state)
{
    struct cast *cast = *state;
    uint64_t here = link(cast->holder, 0, "owner"), there = link(cast->far, 0, "owner");

    world_withdraw(cast->owner, 1);
    world_run(&cast->world);
    expect_death(cast->holder, here, WIRE_DEATH_WITHDRAWN);
    expect_death(cast->far, there, WIRE_DEATH_WITHDRAWN);
    assert_false(world_has(cast->owner, WIRE_RELEASE));
    world_withdraw(cast->owner, 1); /* unknown by now */
    world_withdraw(cast->owner, 12345);
    assert_false(cast->owner->is_killed);
    world_serve(cast->owner, 1, "owner", true); /* a new object */
    assert_int_not_equal(world_get(cast->holder, 0, "owner"), here);
    world_app_close(cast->owner);
    world_run(&cast->world);
    assert_false(world_has(cast->holder, WIRE_DEATH));
}

static void test_device_lost_and_trust_revoked(void **state)
{
    struct cast *cast = *state;
    uint64_t handle = link(cast->holder, 1, "far");

    world_disconnect(&cast->world, 0, 1, SESS_END_LOST);
    expect_death(cast->holder, handle, WIRE_DEATH_DEVICE_LOST);
    world_connect(&cast->world, 0, 1);
    world_run(&cast->world);
    handle = link(cast->holder, 1, "far");
    world_disconnect(&cast->world, 0, 1, SESS_END_UNTRUSTED);
    expect_death(cast->holder, handle, WIRE_DEATH_TRUST_REVOKED);
}

static void test_unlink(void **state)
{
    struct cast *cast = *state;
    uint64_t here = link(cast->holder, 0, "owner"), there = link(cast->far, 0, "owner");

    assert_int_equal(world_do(cast->holder, WIRE_HUB_UNLINK_DEATH, NULL, "u", here), WIRE_OK);
    assert_int_equal(world_do(cast->holder, WIRE_HUB_UNLINK_DEATH, NULL, "u", here), WIRE_NOT_LINKED);
    world_release(cast->far, there, 1); /* takes its link along */
    assert_int_equal(cast->world.devices[1].hub->n_links, 0);
    world_run(&cast->world);
    world_app_close(cast->owner);
    world_run(&cast->world);
    assert_false(world_has(cast->holder, WIRE_DEATH));
    assert_false(world_has(cast->far, WIRE_DEATH));
}

/* The link is asked for while the object dies, in both orders. */
static void test_link_crosses_a_death(void **state)
{
    struct cast *cast = *state;
    uint64_t handle = world_get(cast->far, 0, "owner");
    uint64_t id = world_ask(cast->far, WIRE_HUB_LINK_DEATH, NULL, "u", handle);

    world_withdraw(cast->owner, 1);
    world_run(&cast->world);
    assert_int_equal(world_take_status(cast->far, id), WIRE_DEAD_OBJECT);
    assert_false(world_has(cast->far, WIRE_DEATH));

    world_serve(cast->owner, 1, "owner", true);
    handle = world_get(cast->far, 0, "owner");
    id = world_ask(cast->far, WIRE_HUB_LINK_DEATH, NULL, "u", handle);
    assert_true(world_deliver(&cast->world, 1, 0, 0));
    world_withdraw(cast->owner, 1); /* behind the answer */
    world_run(&cast->world);
    assert_int_equal(world_take_status(cast->far, id), WIRE_OK);
    expect_death(cast->far, handle, WIRE_DEATH_WITHDRAWN);
}

static void test_link_crosses_a_release_and_an_exit(void **state)
{
    struct cast *cast = *state;
    uint64_t handle = world_get(cast->far, 0, "owner");
    uint64_t id = world_ask(cast->far, WIRE_HUB_LINK_DEATH, NULL, "u", handle);

    world_release(cast->far, handle, 1);
    world_run(&cast->world);
    assert_int_equal(world_take_status(cast->far, id), WIRE_DEAD_OBJECT);
    handle = world_get(cast->far, 0, "owner");
    world_ask(cast->far, WIRE_HUB_LINK_DEATH, NULL, "u", handle);
    world_app_close(cast->far);
    world_run(&cast->world);
    assert_int_equal(cast->world.devices[1].hub->n_links, 0);
}

/* DEATH on the control stream comes before the message that carries the object. */
static void test_death_overtakes_an_arrival(void **state)
{
    struct cast *cast = *state;
    struct wire_object object = world_stub(50);
    uint64_t handle = world_give(cast->owner, cast->far, "far", object), again, id;

    world_oneway(cast->owner, world_get(cast->owner, 1, "far"), 0, &object, 1);
    world_withdraw(cast->owner, 50);
    while (world_deliver(&cast->world, 0, 1, 0))
        ;
    world_run(&cast->world);
    again = world_take(cast->far, WIRE_CALL)->objects.items[0].id;
    assert_int_not_equal(again, handle);
    id = world_call(cast->far, again, 0, NULL, 0);
    world_run(&cast->world);
    assert_int_equal(world_take_status(cast->far, id), WIRE_DEAD_OBJECT);
    world_release(cast->far, again, 1);
    world_release(cast->far, handle, 1);
    world_run(&cast->world);
    assert_int_equal(cast->world.devices[0].n_violations, 0);
}

static void test_dead_objects_can_be_passed(void **state)
{
    struct cast *cast = *state;
    uint64_t handle = world_give(cast->owner, cast->holder, "holder", world_stub(50)), there;

    world_withdraw(cast->owner, 50);
    there = world_give(cast->holder, cast->far, "far", world_proxy(handle));
    world_call(cast->far, there, 0, NULL, 0);
    world_run(&cast->world);
    assert_int_equal(world_take(cast->far, WIRE_REPLY)->reply.status, WIRE_DEAD_OBJECT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_same_stub_is_same_handle),
        TEST(test_release_crosses_an_arrival),
        TEST(test_release_crosses_an_arrival_between_devices),
        TEST(test_release_does_not_pass_calls),
        TEST(test_calls_of_an_app_that_exits),
        TEST(test_stub_comes_home),
        TEST(test_handles_are_their_owners),
        TEST(test_too_much_given_back),
        TEST(test_object_limit),
        TEST(test_reference_limit),
        TEST(test_process_dies),
        TEST(test_withdrawn),
        TEST(test_device_lost_and_trust_revoked),
        TEST(test_unlink),
        TEST(test_link_crosses_a_death),
        TEST(test_link_crosses_a_release_and_an_exit),
        TEST(test_death_overtakes_an_arrival),
        TEST(test_dead_objects_can_be_passed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
