/* The policy in the hub: who is refused what, and what ends when it changes. */
#include "softbusd/names.h"
#include "softbusd/policy.h"
#include "tests/unit/hub_world.h"
#include "wire/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The daemons of the world run as uid 1000. */
struct cast {
    struct world world;
    struct world_app *owner, *user, *root, *self, *far;
};

static void report(void *userdata, const char *line)
{
    (void)userdata;
    fail_msg("%s", line);
}

static void set_policy(struct cast *cast, const char *text)
{
    struct hub_policy *policy = NULL;

    if (text)
        assert_int_equal(hub_policy_parse("FILE", text, strlen(text), hub_names_get(), report, NULL, &policy), 0);
    hub_set_policy(cast->world.devices[0].hub, policy);
    world_run(&cast->world);
}

static int set_up(void **state)
{
    struct cast *cast = malloc(sizeof(*cast));

    world_init(&cast->world);
    cast->owner = world_app_new(&cast->world, 0, "owner", 2000);
    cast->user = world_app_new(&cast->world, 0, "user", 2001);
    cast->root = world_app_new(&cast->world, 0, "root", 0);
    cast->self = world_app_new(&cast->world, 0, "self", 1000);
    cast->far = world_app_new(&cast->world, 1, "far", 2001);
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

static enum wire_status add(struct world_app *app, const char *name, uint64_t stub)
{
    struct wire_object object = world_stub(stub);

    return world_do(app, WIRE_HUB_SERVICE_ADD, &object, "sob", name, 0, true);
}

static enum wire_status look_up(struct world_app *app, const char *device, const char *name)
{
    return world_do(app, WIRE_HUB_SERVICE_GET, NULL, "ssb", device, name, false);
}

/* The names in a SERVICE_LIST or the reply to SERVICE_WATCH, one behind the other. */
static const char *read_names(struct world_app *app, uint64_t id, bool has_details)
{
    static char text[256];
    struct world_msg *msg;
    struct wire_reader reader;

    world_run(app->device->world);
    msg = world_take_reply(app, id);
    assert_int_equal(msg->reply.status, WIRE_OK);
    wire_reader_init(&reader, msg->reply.data.data, msg->reply.data.size);
    text[0] = '\0';
    for (uint32_t n = wire_value_get_u32(&reader); n > 0; n--) {
        struct wire_str name = wire_value_get_str(&reader, 255);

        strcat(strcat(text, name.text), " ");
        if (has_details) {
            wire_value_get_bool(&reader);
            wire_value_get_str(&reader, 255);
            wire_value_get_u32(&reader);
        }
    }
    assert_int_equal(wire_reader_end(&reader), 0);
    return text;
}

static const char *list(struct world_app *app)
{
    return read_names(app, world_ask(app, WIRE_HUB_SERVICE_LIST, NULL, "s", ""), true);
}

static const char *watch(struct world_app *app, uint64_t stub)
{
    struct wire_object object = world_stub(stub);

    return read_names(app, world_ask(app, WIRE_HUB_SERVICE_WATCH, &object, "so", "", 0), false);
}

/* The next event, as "+name" or "-name"; "" when there is none. */
static const char *next_event(struct world_app *app)
{
    static char text[256];
    struct wire_reader reader;
    struct world_msg *msg;
    struct wire_str name;

    if (!world_has(app, WIRE_CALL))
        return "";
    msg = world_take(app, WIRE_CALL);
    wire_reader_init(&reader, msg->call.data.data, msg->call.data.size);
    wire_value_get_str(&reader, 255);
    name = wire_value_get_str(&reader, 255);
    snprintf(text, sizeof(text), "%c%s", wire_value_get_bool(&reader) ? '+' : '-', name.text);
    return text;
}

static void test_own(void **state)
{
    struct cast *cast = *state;

    set_policy(cast, "[service a]\nown = user:2000\nlookup = any\n[service n]\nown = none\nlookup = any\n");
    assert_int_equal(add(cast->owner, "a", 1), WIRE_OK);
    assert_int_equal(add(cast->user, "a", 1), WIRE_DENIED); /* not NAME_TAKEN: that would tell */
    assert_int_equal(add(cast->user, "b", 1), WIRE_OK);
    assert_int_equal(add(cast->self, "n", 1), WIRE_DENIED);
    assert_int_equal(add(cast->root, "n", 1), WIRE_OK);
}

static void test_look_up(void **state)
{
    struct cast *cast = *state;

    world_serve(cast->owner, 1, "a", true);
    world_serve(cast->owner, 2, "b", true);
    set_policy(cast, "[service a*]\nown = any\nlookup = user:2000\n");
    assert_int_equal(look_up(cast->owner, "", "a"), WIRE_OK);
    assert_int_equal(look_up(cast->user, "", "a"), WIRE_DENIED);
    assert_int_equal(look_up(cast->user, "", "a.not.there"), WIRE_DENIED); /* what is not seen is not told */
    assert_int_equal(look_up(cast->user, "", "b"), WIRE_OK);
    assert_int_equal(look_up(cast->self, "", "a"), WIRE_OK);
    assert_int_equal(look_up(cast->root, "", "a"), WIRE_OK);
    assert_int_equal(look_up(cast->far, cast->world.devices[0].id_text, "a"), WIRE_OK); /* what is distributed is */
    assert_string_equal(list(cast->user), "b ");
    assert_true(!strcmp(list(cast->self), "a b ") || !strcmp(list(cast->self), "b a "));
}

/* The policy is about services of this device. */
static void test_services_of_other_devices(void **state)
{
    struct cast *cast = *state;

    world_serve(cast->far, 1, "a", true);
    set_policy(cast, "[service *]\n");
    assert_int_equal(look_up(cast->user, cast->world.devices[1].id_text, "a"), WIRE_OK);
}

static void test_watch(void **state)
{
    struct cast *cast = *state;

    world_serve(cast->owner, 1, "a", false);
    world_serve(cast->owner, 2, "b", false);
    set_policy(cast, "[service a*]\nown = any\n");
    assert_string_equal(watch(cast->user, 9), "b ");
    assert_int_equal(add(cast->owner, "a2", 3), WIRE_OK);
    assert_int_equal(add(cast->owner, "b2", 4), WIRE_OK);
    assert_string_equal(next_event(cast->user), "+b2");
    assert_string_equal(next_event(cast->user), "");
    assert_int_equal(world_do(cast->owner, WIRE_HUB_SERVICE_REMOVE, NULL, "s", "a2"), WIRE_OK);
    assert_string_equal(next_event(cast->user), "");
    /* What a new policy shows and hides appears and vanishes. */
    set_policy(cast, NULL);
    assert_string_equal(next_event(cast->user), "+a");
    set_policy(cast, "[service b*]\nown = any\n[service b2]\nown = any\nlookup = any\n");
    assert_string_equal(next_event(cast->user), "-b");
    assert_string_equal(next_event(cast->user), "");
}

/* Watchers are told both, in order. */
static void test_replaced(void **state)
{
    struct cast *cast = *state;

    world_serve(cast->owner, 1, "a", true);
    watch(cast->user, 9);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_SERVICE_REMOVE, NULL, "s", "a"), WIRE_OK);
    assert_int_equal(add(cast->self, "a", 1), WIRE_OK);
    assert_string_equal(next_event(cast->user), "-a");
    assert_string_equal(next_event(cast->user), "+a");
    assert_string_equal(next_event(cast->user), "");
}

static void test_waiting_is_denied(void **state)
{
    struct cast *cast = *state;
    uint64_t a = world_ask(cast->user, WIRE_HUB_SERVICE_GET, NULL, "ssb", "", "a", true);
    uint64_t b = world_ask(cast->user, WIRE_HUB_SERVICE_GET, NULL, "ssb", "", "b", true);

    set_policy(cast, "[service a]\n");
    assert_int_equal(world_take_status(cast->user, a), WIRE_DENIED);
    world_cancel(cast->user, b);
    set_policy(cast, "[service b]\n");
}

/* The link fires once with its reason, the handle is dead but the app's to give back, and the object lives on for others. */
static void test_revoke(void **state)
{
    struct cast *cast = *state;
    uint64_t mine, other, again;
    struct world_msg *death;

    world_serve(cast->owner, 1, "a", false);
    mine = world_get(cast->user, 0, "a");
    other = world_get(cast->self, 0, "a");
    assert_int_equal(world_do(cast->user, WIRE_HUB_LINK_DEATH, NULL, "u", mine), WIRE_OK);
    assert_int_equal(world_do(cast->self, WIRE_HUB_LINK_DEATH, NULL, "u", other), WIRE_OK);
    set_policy(cast, "[service a]\nown = any\n");
    death = world_take(cast->user, WIRE_DEATH);
    assert_int_equal(death->death.id, mine);
    assert_int_equal(death->death.reason, WIRE_DEATH_ACCESS_REVOKED);
    assert_false(world_has(cast->user, WIRE_DEATH));
    assert_false(world_has(cast->self, WIRE_DEATH));
    assert_int_equal(world_take_status(cast->user, world_call(cast->user, mine, 0, NULL, 0)), WIRE_DEAD_OBJECT);
    assert_int_equal(world_do(cast->user, WIRE_HUB_LINK_DEATH, NULL, "u", mine), WIRE_DEAD_OBJECT);
    world_cancel(cast->self, world_call(cast->self, other, 0, NULL, 0));
    /* Allowed again, it is a new reference. */
    set_policy(cast, NULL);
    again = world_get(cast->user, 0, "a");
    assert_int_not_equal(again, mine);
    world_release(cast->user, mine, 1);
    assert_false(cast->user->is_killed);
    world_release(cast->user, again, 1);
    assert_false(cast->user->is_killed);
    world_release(cast->self, other, 1);
    assert_true(world_has(cast->owner, WIRE_CALL));
}

/* A revoked reference can be passed on; what arrives is dead. Its handle cannot be given back twice. */
static void test_revoked_is_dead(void **state)
{
    struct cast *cast = *state;
    uint64_t mine, passed;

    world_serve(cast->owner, 1, "a", false);
    world_serve(cast->self, 1, "taker", false);
    mine = world_get(cast->user, 0, "a");
    set_policy(cast, "[service a]\nown = any\n");
    passed = world_give(cast->user, cast->self, "taker", world_proxy(mine));
    assert_int_equal(world_take_status(cast->self, world_call(cast->self, passed, 0, NULL, 0)), WIRE_DEAD_OBJECT);
    world_release(cast->self, passed, 1);
    world_release(cast->user, mine, 1);
    assert_false(cast->user->is_killed);
    world_release(cast->user, mine, 1);
    assert_true(cast->user->is_killed);
}

/* One that the policy never let look the name up got its reference from another app: nothing was taken away. */
static void test_handed_on_stays(void **state)
{
    struct cast *cast = *state;
    uint64_t handle;

    set_policy(cast, "[service a]\nown = any\nlookup = user:2000\n");
    world_serve(cast->owner, 1, "a", false);
    world_serve(cast->user, 1, "taker", false);
    handle = world_give(cast->owner, cast->user, "taker", world_stub(1));
    set_policy(cast, "[service a]\nown = any\n");
    world_cancel(cast->user, world_call(cast->user, handle, 0, NULL, 0));
    assert_true(world_has(cast->owner, WIRE_CALL));
}

/* An object of two names is there for whoever may look up one of them. */
static void test_two_names(void **state)
{
    struct cast *cast = *state;
    uint64_t handle;

    world_serve(cast->owner, 1, "a", false);
    world_serve(cast->owner, 1, "b", false);
    handle = world_get(cast->user, 0, "a");
    set_policy(cast, "[service a]\nown = any\n");
    world_cancel(cast->user, world_call(cast->user, handle, 0, NULL, 0));
    assert_true(world_has(cast->owner, WIRE_CALL));
    set_policy(cast, "[service *]\nown = any\n");
    assert_int_equal(world_take_status(cast->user, world_call(cast->user, handle, 0, NULL, 0)), WIRE_DEAD_OBJECT);
}

static void test_withdrawn(void **state)
{
    struct cast *cast = *state;
    uint64_t handle;

    world_serve(cast->owner, 1, "a", true);
    world_serve(cast->owner, 2, "b", true);
    world_serve(cast->owner, 2, "c", true);
    handle = world_get(cast->user, 0, "a");
    watch(cast->self, 9);
    world_forget(cast->owner);
    assert_int_equal(world_do(cast->user, WIRE_HUB_LINK_DEATH, NULL, "u", handle), WIRE_OK);
    set_policy(cast, "[service a]\nlookup = any\n");
    assert_int_equal(world_take(cast->user, WIRE_DEATH)->death.reason, WIRE_DEATH_ACCESS_REVOKED);
    assert_int_equal(world_take(cast->owner, WIRE_RELEASE)->release.id, 1);
    assert_string_equal(next_event(cast->self), "-a");
    assert_int_equal(look_up(cast->far, cast->world.devices[0].id_text, "a"), WIRE_NO_SERVICE);
    /* One name of two: the object stays. */
    set_policy(cast, "[service b]\nlookup = any\n");
    assert_string_equal(next_event(cast->self), "-b");
    assert_int_equal(look_up(cast->user, "", "c"), WIRE_OK);
    assert_int_equal(cast->owner->hub_app->quota.used[HUB_QUOTA_SERVICES], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_look_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_services_of_other_devices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_watch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_waiting_is_denied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_revoke, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_revoked_is_dead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_handed_on_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_withdrawn, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
