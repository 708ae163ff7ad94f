/* Services by name, here and on peers; who waits for one, and who watches. */
#include "tests/unit/hub_world.h"
#include "wire/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct cast {
    struct world world;
    struct world_app *owner, *user, *far;
};

static int set_up(void **state)
{
    struct cast *cast = malloc(sizeof(*cast));

    world_init(&cast->world);
    cast->owner = world_app_new(&cast->world, 0, "owner", 1000);
    cast->user = world_app_new(&cast->world, 0, "user", 1001);
    cast->far = world_app_new(&cast->world, 1, "far", 1002);
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

static enum wire_status add(struct world_app *app, const char *name, uint64_t stub, bool is_distributed)
{
    struct wire_object object = world_stub(stub);

    return world_do(app, WIRE_HUB_SERVICE_ADD, &object, "sob", name, 0, is_distributed);
}

static enum wire_status drop(struct world_app *app, const char *name)
{
    return world_do(app, WIRE_HUB_SERVICE_REMOVE, NULL, "s", name);
}

static enum wire_status look_up(struct world_app *app, const char *device, const char *name)
{
    return world_do(app, WIRE_HUB_SERVICE_GET, NULL, "ssb", device, name, false);
}

static const char *id_of(struct cast *cast, unsigned device)
{
    return cast->world.devices[device].id_text;
}

static struct wire_reader open_reply(struct world_app *app, uint64_t id)
{
    struct world_msg *msg = world_take_reply(app, id);
    struct wire_reader reader;

    assert_int_equal(msg->reply.status, WIRE_OK);
    wire_reader_init(&reader, msg->reply.data.data, msg->reply.data.size);
    return reader;
}

static void test_names(void **state)
{
    struct cast *cast = *state;
    char name[258];

    memset(name, 'a', sizeof(name));
    name[256] = '\0';
    assert_int_equal(add(cast->owner, name, 1, true), WIRE_NAME_INVALID);
    assert_int_equal(look_up(cast->owner, "", name), WIRE_NAME_INVALID);
    assert_int_equal(add(cast->owner, "", 1, true), WIRE_NAME_INVALID);
    assert_int_equal(add(cast->owner, "a b", 1, true), WIRE_NAME_INVALID);
    name[255] = '\0';
    assert_int_equal(add(cast->owner, name, 1, true), WIRE_OK);
    world_run(&cast->world);
    world_get(cast->user, 0, name);
    world_get(cast->far, 0, name);
}

static void test_name_taken(void **state)
{
    struct cast *cast = *state;

    assert_int_equal(add(cast->owner, "a", 1, true), WIRE_OK);
    assert_int_equal(add(cast->owner, "a", 1, true), WIRE_OK); /* the same again changes nothing */
    assert_int_equal(cast->owner->hub_app->quota.used[HUB_QUOTA_SERVICES], 1);
    assert_int_equal(add(cast->owner, "a", 1, false), WIRE_NAME_TAKEN);
    assert_int_equal(add(cast->owner, "a", 2, true), WIRE_NAME_TAKEN);
    assert_int_equal(world_take(cast->owner, WIRE_RELEASE)->release.id, 2);
    assert_int_equal(add(cast->user, "a", 1, true), WIRE_NAME_TAKEN);
    assert_int_equal(drop(cast->user, "a"), WIRE_DENIED);
    assert_int_equal(drop(cast->user, "b"), WIRE_NO_SERVICE);
    assert_int_equal(add(cast->far, "a", 1, true), WIRE_OK); /* of another device */
    world_app_close(cast->owner);
    assert_int_equal(add(cast->user, "a", 1, true), WIRE_OK);
}

static void test_replies_are_empty(void **state)
{
    struct cast *cast = *state;
    struct wire_object object = world_stub(9);
    uint64_t id;

    assert_int_equal(world_do(cast->owner, WIRE_HUB_SERVICE_WATCH, &object, "so", "", 0), WIRE_OK);
    object = world_stub(1);
    id = world_ask(cast->owner, WIRE_HUB_SERVICE_ADD, &object, "sob", "a", 0, true);
    assert_int_equal(world_take_reply(cast->owner, id)->reply.data.size, 0);
    id = world_ask(cast->owner, WIRE_HUB_SERVICE_REMOVE, NULL, "s", "a");
    assert_int_equal(world_take_reply(cast->owner, id)->reply.data.size, 0);
}

static void test_only_own_stubs(void **state)
{
    struct cast *cast = *state;
    struct wire_object proxy;

    assert_int_equal(add(cast->owner, "a", 1, true), WIRE_OK);
    proxy = world_proxy(world_get(cast->user, 0, "a"));
    assert_int_equal(world_do(cast->user, WIRE_HUB_SERVICE_ADD, &proxy, "sob", "b", 0, true), WIRE_INVALID);
    assert_int_equal(world_do(cast->user, WIRE_HUB_SERVICE_ADD, NULL, "sob", "b", 0, true), WIRE_INVALID);
    assert_int_equal(world_do(cast->user, WIRE_HUB_SERVICE_ADD, NULL, "sb", "b", true), WIRE_BAD_REQUEST);
    assert_int_equal(world_do(cast->user, WIRE_HUB_SERVICE_ADD, NULL, "sobb", "b", 0, true, true), WIRE_BAD_REQUEST);
}

static void test_last_name_withdraws(void **state)
{
    struct cast *cast = *state;
    uint64_t handle;

    assert_int_equal(add(cast->owner, "a", 1, true), WIRE_OK);
    assert_int_equal(add(cast->owner, "b", 1, true), WIRE_OK);
    handle = world_get(cast->user, 0, "a");
    assert_int_equal(world_get(cast->user, 0, "b"), handle);
    assert_int_equal(world_do(cast->user, WIRE_HUB_LINK_DEATH, NULL, "u", handle), WIRE_OK);
    assert_int_equal(drop(cast->owner, "a"), WIRE_OK);
    assert_false(world_has(cast->user, WIRE_DEATH));
    assert_int_equal(drop(cast->owner, "b"), WIRE_OK);
    assert_int_equal(world_take(cast->user, WIRE_DEATH)->death.reason, WIRE_DEATH_WITHDRAWN);
    assert_int_equal(cast->owner->hub_app->quota.used[HUB_QUOTA_SERVICES], 0);
    assert_int_equal(look_up(cast->user, "", "b"), WIRE_NO_SERVICE);
}

static void test_distributed_only(void **state)
{
    struct cast *cast = *state;
    struct wire_reader reader;
    uint64_t id;

    assert_int_equal(add(cast->owner, "here", 1, false), WIRE_OK);
    assert_int_equal(add(cast->owner, "everywhere", 2, true), WIRE_OK);
    world_run(&cast->world);
    assert_int_equal(look_up(cast->far, id_of(cast, 0), "here"), WIRE_NO_SERVICE);
    assert_int_equal(look_up(cast->far, id_of(cast, 0), "everywhere"), WIRE_OK);
    id = world_ask(cast->far, WIRE_HUB_SERVICE_LIST, NULL, "s", id_of(cast, 0));
    reader = open_reply(cast->far, id);
    assert_int_equal(wire_value_get_u32(&reader), 1);
    assert_string_equal(wire_value_get_str(&reader, 255).text, "everywhere");
    assert_true(wire_value_get_bool(&reader));
    assert_string_equal(wire_value_get_str(&reader, 255).text, "");
    assert_int_equal(wire_value_get_u32(&reader), 0);
    assert_int_equal(wire_reader_end(&reader), 0);
    id = world_ask(cast->user, WIRE_HUB_SERVICE_LIST, NULL, "s", "");
    reader = open_reply(cast->user, id);
    assert_int_equal(wire_value_get_u32(&reader), 2);
}

static void test_devices_that_cannot_be_asked(void **state)
{
    struct cast *cast = *state;
    struct wire_devid unknown = { { 99 } };
    char text[WIRE_DEVID_TEXT_SIZE];

    wire_devid_format(&unknown, text);
    assert_int_equal(look_up(cast->user, text, "a"), WIRE_NO_DEVICE);
    assert_int_equal(look_up(cast->user, "nonsense", "a"), WIRE_BAD_DEVICE_ID);
    assert_int_equal(world_do(cast->user, WIRE_HUB_DEVICE_PING, NULL, "s", text), WIRE_NO_DEVICE);
    assert_int_equal(world_do(cast->user, WIRE_HUB_DEVICE_PING, NULL, "s", ""), WIRE_OK);
    assert_int_equal(world_do(cast->user, WIRE_HUB_DEVICE_PING, NULL, "s", id_of(cast, 1)), WIRE_OK);
    world_disconnect(&cast->world, 0, 1, SESS_END_LOST);
    assert_int_equal(look_up(cast->user, id_of(cast, 1), "a"), WIRE_DEVICE_OFFLINE);
    assert_int_equal(world_do(cast->user, WIRE_HUB_DEVICE_PING, NULL, "s", id_of(cast, 1)), WIRE_DEVICE_OFFLINE);
    assert_int_equal(world_do(cast->user, WIRE_HUB_SERVICE_LIST, NULL, "s", id_of(cast, 1)), WIRE_DEVICE_OFFLINE);
}

static uint64_t wait_for(struct world_app *app, const char *device, const char *name)
{
    return world_ask(app, WIRE_HUB_SERVICE_GET, NULL, "ssb", device, name, true);
}

static void test_wait(void **state)
{
    struct cast *cast = *state;
    uint64_t ids[4];

    ids[0] = wait_for(cast->user, "", "late");
    ids[1] = wait_for(cast->user, id_of(cast, 1), "late");
    ids[2] = wait_for(cast->owner, "", "late"); /* its own service comes home */
    ids[3] = wait_for(cast->user, "", "never");
    world_run(&cast->world);
    assert_true(world_is_quiet(cast->user));
    assert_int_equal(add(cast->owner, "late", 1, false), WIRE_OK);
    assert_int_equal(world_take_status(cast->user, ids[0]), WIRE_OK);
    assert_int_equal(world_take_reply(cast->owner, ids[2])->objects.items[0].kind, WIRE_OBJECT_STUB);
    assert_true(world_is_quiet(cast->user));
    assert_int_equal(add(cast->far, "late", 1, true), WIRE_OK);
    world_run(&cast->world);
    assert_int_equal(world_take_status(cast->user, ids[1]), WIRE_OK);
    world_cancel(cast->user, ids[3]);
    assert_int_equal(add(cast->owner, "never", 2, false), WIRE_OK);
    assert_true(world_is_quiet(cast->user));
}

static void test_wait_over_a_session(void **state)
{
    struct cast *cast = *state;
    uint64_t id;

    world_serve(cast->far, 1, "a", true);
    world_disconnect(&cast->world, 0, 1, SESS_END_LOST);
    id = wait_for(cast->user, id_of(cast, 1), "a");
    assert_true(world_is_quiet(cast->user));
    world_connect(&cast->world, 0, 1);
    world_run(&cast->world);
    assert_int_equal(world_take_status(cast->user, id), WIRE_OK);
    wait_for(cast->user, id_of(cast, 1), "b");
    world_app_close(cast->user); /* nobody is left to be answered */
    world_serve(cast->far, 2, "b", true);
}

static void test_wait_for_a_device_trusted_no_more(void **state)
{
    struct cast *cast = *state;
    uint64_t id = wait_for(cast->user, id_of(cast, 1), "a"), other = wait_for(cast->user, id_of(cast, 2), "a");

    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_REMOVE, NULL, "s", id_of(cast, 1)), WIRE_OK);
    assert_int_equal(world_take_status(cast->user, id), WIRE_NO_DEVICE);
    world_cancel(cast->user, other);
    assert_true(world_is_quiet(cast->user));
}

static void expect_event(struct world_app *app, const char *device, const char *name, bool is_present)
{
    struct world_msg *msg = world_take(app, WIRE_CALL);
    struct wire_reader reader;

    assert_int_equal(msg->call.code, WIRE_EVENT_SERVICE);
    assert_int_equal(msg->call.id, 0);
    assert_int_equal(msg->call.target, 9);
    wire_reader_init(&reader, msg->call.data.data, msg->call.data.size);
    assert_string_equal(wire_value_get_str(&reader, 255).text, device);
    assert_string_equal(wire_value_get_str(&reader, 255).text, name);
    assert_int_equal(wire_value_get_bool(&reader), is_present);
    assert_int_equal(wire_reader_end(&reader), 0);
}

static void test_watch(void **state)
{
    struct cast *cast = *state;
    struct wire_object callback = world_stub(9);
    struct wire_reader reader;
    uint64_t ids[2];

    world_serve(cast->owner, 1, "old", false);
    world_serve(cast->far, 1, "far", true);
    ids[0] = world_ask(cast->user, WIRE_HUB_SERVICE_WATCH, &callback, "so", "", 0);
    ids[1] = world_ask(cast->user, WIRE_HUB_SERVICE_WATCH, &callback, "so", id_of(cast, 1), 0);
    for (int i = 0; i < 2; i++) {
        reader = open_reply(cast->user, ids[i]);
        assert_int_equal(wire_value_get_u32(&reader), 1);
        assert_string_equal(wire_value_get_str(&reader, 255).text, i ? "far" : "old");
    }
    world_serve(cast->owner, 2, "new", true);
    expect_event(cast->user, id_of(cast, 0), "new", true);
    assert_true(world_is_quiet(cast->user));
    assert_int_equal(drop(cast->far, "far"), WIRE_OK);
    world_run(&cast->world);
    expect_event(cast->user, id_of(cast, 1), "far", false);
    world_serve(cast->far, 2, "far", true);
    expect_event(cast->user, id_of(cast, 1), "far", true);
    world_disconnect(&cast->world, 0, 1, SESS_END_LOST);
    expect_event(cast->user, id_of(cast, 1), "far", false);
    assert_int_equal(drop(cast->owner, "new"), WIRE_OK);
    expect_event(cast->user, id_of(cast, 0), "new", false);
    world_app_close(cast->owner);
    expect_event(cast->user, id_of(cast, 0), "old", false);
    world_withdraw(cast->user, 9); /* ends both watches */
    assert_int_equal(cast->world.devices[0].hub->n_watches, 0);
    world_connect(&cast->world, 0, 1);
    world_run(&cast->world);
    assert_true(world_is_quiet(cast->user));
}

static void test_device_watch(void **state)
{
    struct cast *cast = *state;
    struct wire_object callback = world_stub(9);
    static const enum wire_device_state states[] = { WIRE_STATE_SUSPECT, WIRE_STATE_ONLINE, WIRE_STATE_OFFLINE };
    struct wire_reader reader;
    uint64_t id = world_ask(cast->user, WIRE_HUB_DEVICE_WATCH, &callback, "o", 0);

    reader = open_reply(cast->user, id);
    assert_int_equal(wire_value_get_u32(&reader), 2);
    hub_peer_suspect(cast->world.devices[0].hub, &cast->world.devices[1].id);
    hub_peer_suspect(cast->world.devices[0].hub, &cast->world.devices[1].id);
    hub_peer_online(cast->world.devices[0].hub, &cast->world.devices[1].id);
    world_disconnect(&cast->world, 0, 1, SESS_END_LOST);
    for (int i = 0; i < 3; i++) {
        struct world_msg *msg = world_take(cast->user, WIRE_CALL);

        assert_int_equal(msg->call.code, WIRE_EVENT_DEVICE);
        wire_reader_init(&reader, msg->call.data.data, msg->call.data.size);
        assert_string_equal(wire_value_get_str(&reader, 255).text, id_of(cast, 1));
        wire_value_get_str(&reader, 255);
        assert_int_equal(wire_value_get_u32(&reader), states[i]);
        assert_true(wire_value_get_bool(&reader));
    }
    assert_true(world_is_quiet(cast->user));
}

static void set_limits(struct cast *cast, uint32_t n_services, uint32_t n_watches)
{
    struct hub_quota_limits limits = cast->world.devices[0].limits;

    limits.app[HUB_QUOTA_SERVICES] = n_services;
    limits.app[HUB_QUOTA_WATCHES] = n_watches;
    hub_set_limits(cast->world.devices[0].hub, &limits);
}

static void test_limits(void **state)
{
    struct cast *cast = *state;
    struct wire_object callback = world_stub(9);

    set_limits(cast, 2, 1);
    assert_int_equal(add(cast->owner, "a", 1, true), WIRE_OK);
    assert_int_equal(add(cast->owner, "b", 1, true), WIRE_OK);
    assert_int_equal(add(cast->owner, "c", 2, true), WIRE_LIMIT);
    assert_int_equal(add(cast->user, "c", 2, true), WIRE_OK); /* per app */
    assert_int_equal(drop(cast->owner, "b"), WIRE_OK);
    assert_int_equal(add(cast->owner, "d", 2, true), WIRE_OK);
    world_withdraw(cast->owner, 1); /* takes its name along */
    assert_int_equal(add(cast->owner, "e", 3, true), WIRE_OK);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_DEVICE_WATCH, &callback, "o", 0), WIRE_OK);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_SERVICE_WATCH, &callback, "so", "", 0), WIRE_LIMIT);
    world_withdraw(cast->owner, 9);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_SERVICE_WATCH, &callback, "so", "", 0), WIRE_OK);
}

/* More names than a reply holds: the list ends early, with whole entries. */
static void test_long_list(void **state)
{
    struct cast *cast = *state;
    struct wire_reader reader;
    char name[256];
    uint32_t n;

    set_limits(cast, 2000, 1);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "n%0253d", i);
        assert_int_equal(add(cast->owner, name, 1, false), WIRE_OK);
    }
    reader = open_reply(cast->user, world_ask(cast->user, WIRE_HUB_SERVICE_LIST, NULL, "s", ""));
    n = wire_value_get_u32(&reader);
    assert_in_range(n, 700, 999);
    while (n-- > 0) {
        assert_int_equal(wire_value_get_str(&reader, 255).size, 254);
        wire_value_get_bool(&reader);
        assert_string_equal(wire_value_get_str(&reader, 255).text, "owner");
        assert_int_equal(wire_value_get_u32(&reader), 100);
    }
    assert_int_equal(wire_reader_end(&reader), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_names),
        TEST(test_name_taken),
        TEST(test_replies_are_empty),
        TEST(test_only_own_stubs),
        TEST(test_last_name_withdraws),
        TEST(test_distributed_only),
        TEST(test_devices_that_cannot_be_asked),
        TEST(test_wait),
        TEST(test_wait_over_a_session),
        TEST(test_wait_for_a_device_trusted_no_more),
        TEST(test_watch),
        TEST(test_device_watch),
        TEST(test_limits),
        TEST(test_long_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
