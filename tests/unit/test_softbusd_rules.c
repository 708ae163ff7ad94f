/* The four rules, enforced by hubs: every cell of the design's table, in requests and in replies. */
#include "tests/unit/hub_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int set_up(void **state)
{
    struct world *world = malloc(sizeof(*world));

    world_init(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    world_deinit(*state);
    free(*state);
    return 0;
}

/*
 * Device 0: alice and bob, who both offer a service. Device 1: rosa, and device 2: dora, who offer one too. `held` are objects in
 * alice's hands, one for each line of the table.
 */
struct cast {
    struct world *world;
    struct world_app *alice, *bob, *rosa, *dora;
    struct wire_object own, local, remote, forwarded;
};

static void set_cast(struct cast *cast, struct world *world)
{
    uint64_t handle;

    cast->world = world;
    cast->alice = world_app_new(world, 0, "alice", 1000);
    cast->bob = world_app_new(world, 0, "bob", 1001);
    cast->rosa = world_app_new(world, 1, "rosa", 1002);
    cast->dora = world_app_new(world, 2, "dora", 1003);
    world_serve(cast->alice, 1, "alice", true);
    world_serve(cast->bob, 2, "bob", true);
    world_serve(cast->rosa, 3, "rosa", true);
    world_serve(cast->dora, 4, "dora", true);
    cast->own = world_stub(77);
    cast->local = world_proxy(world_give(cast->bob, cast->alice, "alice", world_stub(20)));
    cast->remote = world_proxy(world_give(cast->rosa, cast->alice, "alice", world_stub(30)));
    handle = world_give(cast->rosa, cast->bob, "bob", world_stub(31));
    cast->forwarded = world_proxy(world_give(cast->bob, cast->alice, "alice", world_proxy(handle)));
    world_release(cast->bob, handle, 1);
    world_run(world);
    world_forget(cast->alice);
    world_forget(cast->bob);
    world_forget(cast->rosa);
    world_forget(cast->dora);
}

/* Alice puts the object into a request to `to`. Returns what `to` got, or NULL; *ret_status is alice's. */
static struct world_msg *request(struct cast *cast, struct world_app *to, const char *name, struct wire_object object,
                                 enum wire_status *ret_status)
{
    uint64_t handle = world_get(cast->alice, to->device->index, name);
    uint64_t id = world_call(cast->alice, handle, 3, &object, 1);
    struct world_msg *msg = NULL;

    world_run(cast->world);
    if (world_has(to, WIRE_CALL)) {
        msg = world_take(to, WIRE_CALL);
        assert_int_equal(world_reply(to, msg->call.id, WIRE_OK, 0, NULL, 0), HUB_DONE);
        world_run(cast->world);
    }
    *ret_status = world_take_status(cast->alice, id);
    world_release(cast->alice, handle, 1);
    world_run(cast->world);
    return msg;
}

/* Alice replies to `to` with the object. Returns what it got. */
static struct world_msg *reply(struct cast *cast, struct world_app *to, struct wire_object object, enum wire_status *ret_told)
{
    uint64_t handle = world_get(to, 0, "alice");
    uint64_t id = world_call(to, handle, 3, NULL, 0);
    struct world_msg *call, *answer;

    world_run(cast->world);
    call = world_take(cast->alice, WIRE_CALL);
    assert_int_equal(world_reply(cast->alice, call->call.id, WIRE_OK, 0, &object, 1), HUB_DONE);
    world_run(cast->world);
    answer = world_take_reply(to, id);
    *ret_told = WIRE_OK;
    if (world_has(cast->alice, WIRE_REFUSED)) {
        struct world_msg *refused = world_take(cast->alice, WIRE_REFUSED);

        assert_int_equal(refused->refused.id, call->call.id);
        assert_int_equal(refused->refused.object, 1); /* its stub */
        *ret_told = (enum wire_status)refused->refused.status;
    }
    world_release(to, handle, 1);
    world_run(cast->world);
    return answer;
}

/* Both ways to the same receiver: refused with this status, nothing delivered, everybody told. */
static void expect_refusal(struct cast *cast, struct world_app *to, const char *name, struct wire_object object,
                           enum wire_status expected)
{
    uint32_t n_refs = cast->world->devices[to->device->index].hub->n_refs;
    enum wire_status status, told;
    struct world_msg *answer;

    assert_null(request(cast, to, name, object, &status));
    assert_int_equal(status, expected);
    answer = reply(cast, to, object, &told);
    assert_int_equal(answer->reply.status, expected);
    assert_int_equal(answer->objects.n, 0);
    assert_int_equal(told, expected);
    assert_int_equal(cast->world->devices[to->device->index].hub->n_refs, n_refs);
}

static void expect_proxy(struct cast *cast, struct world_app *to, const char *name, struct wire_object object, uint8_t flags,
                         uint8_t hops, unsigned home)
{
    enum wire_status status, told;
    struct world_msg *got[2];

    got[0] = request(cast, to, name, object, &status);
    assert_int_equal(status, WIRE_OK);
    got[1] = reply(cast, to, object, &told);
    assert_int_equal(told, WIRE_OK);
    assert_int_equal(got[1]->reply.status, WIRE_OK);
    for (int i = 0; i < 2; i++) {
        const struct wire_object *item = &got[i]->objects.items[0];

        assert_int_equal(got[i]->objects.n, 1);
        assert_int_equal(item->kind, WIRE_OBJECT_PROXY);
        assert_int_equal(item->flags, flags ? flags : WIRE_OBJECT_ORIGIN);
        assert_int_equal(item->hops, hops);
        if (flags & WIRE_OBJECT_REMOTE)
            assert_true(wire_devid_is_equal(&item->device, &cast->world->devices[home].id));
        assert_int_equal(item->id, got[0]->objects.items[0].id); /* the same proxy */
    }
    world_release(to, got[0]->objects.items[0].id, 2);
    world_run(cast->world);
}

static void test_own_stub(void **state)
{
    struct cast cast;

    set_cast(&cast, *state);
    expect_proxy(&cast, cast.bob, "bob", cast.own, 0, 0, 0);
    expect_proxy(&cast, cast.dora, "dora", cast.own, WIRE_OBJECT_REMOTE, 0, 0);
}

static void test_local_proxy(void **state)
{
    enum wire_status status, told;
    struct world_msg *msg;
    struct cast cast;

    set_cast(&cast, *state);
    expect_proxy(&cast, cast.dora, "dora", cast.local, WIRE_OBJECT_REMOTE, 0, 0);
    for (int i = 0; i < 3; i++) { /* any number of times, and home it comes as itself */
        msg = request(&cast, cast.bob, "bob", cast.local, &status);
        assert_int_equal(status, WIRE_OK);
        assert_int_equal(msg->objects.items[0].kind, WIRE_OBJECT_STUB);
        assert_int_equal(msg->objects.items[0].id, 20);
        msg = reply(&cast, cast.bob, cast.local, &told);
        assert_int_equal(told, WIRE_OK);
        assert_int_equal(msg->objects.items[0].kind, WIRE_OBJECT_STUB);
        assert_int_equal(msg->objects.items[0].id, 20);
    }
}

static void test_local_proxy_to_a_third_and_on(void **state)
{
    struct world_app *carl = world_app_new(*state, 0, "carl", 1004), *carla = world_app_new(*state, 0, "carla", 1005);
    struct cast cast;
    uint64_t handle;

    set_cast(&cast, *state);
    world_serve(carl, 9, "carl", false);
    world_serve(carla, 10, "carla", false);
    handle = world_give(cast.alice, carl, "carl", cast.local);
    handle = world_give(carl, carla, "carla", world_proxy(handle));
    handle = world_give(carla, carl, "carl", world_proxy(handle));
    assert_int_equal(world_give(carl, cast.bob, "bob", world_proxy(handle)), 20);
}

static void test_remote_proxy(void **state)
{
    struct cast cast;

    set_cast(&cast, *state);
    expect_proxy(&cast, cast.bob, "bob", cast.remote, WIRE_OBJECT_REMOTE, 1, 1);
    expect_refusal(&cast, cast.rosa, "rosa", cast.remote, WIRE_PASSBACK);
    expect_refusal(&cast, cast.dora, "dora", cast.remote, WIRE_NO_INTRODUCTION);
}

static void test_forwarded_proxy(void **state)
{
    struct cast cast;

    set_cast(&cast, *state);
    expect_refusal(&cast, cast.bob, "bob", cast.forwarded, WIRE_DOUBLE_FORWARD);
    expect_refusal(&cast, cast.rosa, "rosa", cast.forwarded, WIRE_PASSBACK);
    expect_refusal(&cast, cast.dora, "dora", cast.forwarded, WIRE_NO_INTRODUCTION);
}

static void test_forwarded_proxy_can_be_called(void **state)
{
    struct cast cast;
    struct world_msg *call;
    uint64_t id;

    set_cast(&cast, *state);
    id = world_call(cast.alice, cast.forwarded.id, 10, NULL, 0);
    world_run(*state);
    call = world_take(cast.rosa, WIRE_CALL);
    assert_int_equal(call->call.target, 31);
    world_reply(cast.rosa, call->call.id, WIRE_OK, 1, NULL, 0);
    world_run(*state);
    assert_int_equal(world_take_status(cast.alice, id), WIRE_OK);
}

static void test_lower_hop_wins(void **state)
{
    struct cast cast;
    uint64_t again, handle;

    set_cast(&cast, *state);
    again = world_give(cast.rosa, cast.alice, "alice", world_stub(31)); /* forwarded to her before */
    assert_int_equal(again, cast.forwarded.id);
    assert_int_equal(cast.alice->device->hub->n_refused, 0);
    expect_proxy(&cast, cast.bob, "bob", cast.forwarded, WIRE_OBJECT_REMOTE, 1, 1);
    /* and a later arrival by forwarding does not raise it */
    handle = world_give(cast.rosa, cast.bob, "bob", world_stub(31));
    assert_int_equal(world_give(cast.bob, cast.alice, "alice", world_proxy(handle)), again);
    world_release(cast.bob, handle, 1);
    expect_proxy(&cast, cast.bob, "bob", cast.forwarded, WIRE_OBJECT_REMOTE, 1, 1);
}

static void test_one_bad_object_stops_all(void **state)
{
    struct wire_object objects[3];
    struct cast cast;
    uint64_t handle, id;

    set_cast(&cast, *state);
    objects[0] = world_stub(500); /* new: its sending must be given back */
    objects[1] = cast.local;
    objects[2] = cast.forwarded;
    handle = world_get(cast.alice, 0, "bob");
    id = world_call(cast.alice, handle, 0, objects, 3);
    assert_int_equal(world_take_status(cast.alice, id), WIRE_DOUBLE_FORWARD);
    assert_int_equal(world_take(cast.alice, WIRE_RELEASE)->release.id, 500);
    assert_true(world_is_quiet(cast.bob));
}

static void test_oneway_refusal_is_told(void **state)
{
    struct world_msg *refused;
    struct cast cast;
    uint64_t handle;

    set_cast(&cast, *state);
    handle = world_get(cast.alice, 0, "bob");
    assert_int_equal(world_oneway(cast.alice, handle, 0, &cast.forwarded, 1), HUB_DONE);
    refused = world_take(cast.alice, WIRE_REFUSED);
    assert_int_equal(refused->refused.id, 0);
    assert_int_equal(refused->refused.object, handle);
    assert_int_equal(refused->refused.status, WIRE_DOUBLE_FORWARD);
    assert_true(world_is_quiet(cast.bob));
}

/* Rule 1, request and reply, between alice and `to`. */
static void expect_sizes(struct cast *cast, struct world_app *to, const char *name, size_t max, bool can_pass_it)
{
    uint64_t handle = world_get(cast->alice, to->device->index, name);

    for (size_t size = max; size <= max + can_pass_it; size++) {
        enum wire_status expected = size <= max ? WIRE_OK : WIRE_TOO_LARGE;
        uint64_t id = world_call(cast->alice, handle, size, NULL, 0);
        struct world_msg *call;

        world_run(cast->world);
        if (expected == WIRE_OK) {
            call = world_take(to, WIRE_CALL);
            assert_int_equal(call->call.data.size, size);
            world_reply(to, call->call.id, WIRE_OK, 0, NULL, 0);
            world_run(cast->world);
        }
        assert_true(world_is_quiet(to));
        assert_int_equal(world_take_status(cast->alice, id), expected);
        id = world_call(cast->alice, handle, 0, NULL, 0);
        world_run(cast->world);
        call = world_take(to, WIRE_CALL);
        world_reply(to, call->call.id, WIRE_OK, size, NULL, 0);
        world_run(cast->world);
        if (expected != WIRE_OK)
            assert_int_equal(world_take(to, WIRE_REFUSED)->refused.status, expected);
        assert_true(world_is_quiet(to));
        assert_int_equal(world_take_status(cast->alice, id), expected);
    }
}

static void test_sizes(void **state)
{
    struct cast cast;

    set_cast(&cast, *state);
    expect_sizes(&cast, cast.bob, "bob", 204800, true);
    expect_sizes(&cast, cast.rosa, "rosa", 1048576, false);
}

static void test_oneway_size(void **state)
{
    struct cast cast;

    set_cast(&cast, *state);
    world_oneway(cast.alice, world_get(cast.alice, 0, "bob"), 204801, NULL, 0);
    assert_int_equal(world_take(cast.alice, WIRE_REFUSED)->refused.status, WIRE_TOO_LARGE);
    assert_true(world_is_quiet(cast.bob));
}

/* Rule 2. */
static void test_links(void **state)
{
    struct cast cast;

    set_cast(&cast, *state);
    assert_int_equal(world_do(cast.alice, WIRE_HUB_LINK_DEATH, NULL, "u", cast.remote.id), WIRE_DEATH_UNSUPPORTED);
    assert_int_equal(world_do(cast.alice, WIRE_HUB_LINK_DEATH, NULL, "u", cast.forwarded.id), WIRE_DEATH_UNSUPPORTED);
    assert_int_equal(world_do(cast.alice, WIRE_HUB_LINK_DEATH, NULL, "u", cast.local.id), WIRE_OK);
    assert_int_equal(world_do(cast.alice, WIRE_HUB_LINK_DEATH, NULL, "u", world_get(cast.alice, 1, "rosa")), WIRE_OK);
    assert_int_equal(world_do(cast.alice, WIRE_HUB_LINK_DEATH, NULL, "u", world_get(cast.alice, 0, "bob")), WIRE_OK);
    assert_int_equal(cast.alice->device->hub->n_links, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_own_stub, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_local_proxy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_local_proxy_to_a_third_and_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_remote_proxy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forwarded_proxy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forwarded_proxy_can_be_called, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lower_hop_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_bad_object_stops_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_oneway_refusal_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_oneway_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_links, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
