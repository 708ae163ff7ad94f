/* A hub that restarts: device 0 is the old one, device 1 the new one, which has its key. */
#include "softbusd/names.h"
#include "softbusd/policy.h"
#include "tests/unit/hub_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OWNER_UID 1000
#define USER_UID 1001

/* What a process remembers of the old hub. */
struct memory {
    uint64_t instance, proof;
    uint64_t origin, stub; /* of an object that it held */
};

struct cast {
    struct world world;
    struct memory owner, user;
};

static struct world_app *connect_as(struct cast *cast, unsigned device, uint32_t uid, struct memory *memory)
{
    struct wire_hello hello = { .version_min = 1, .version_max = 1, .instance = memory->instance, .proof = memory->proof,
                                .name = { .text = "app", .size = 3 } };
    struct world_app *app = world_app_connect(&cast->world, device, uid);
    const struct wire_welcome *welcome;
    struct sb_buf buf;

    sb_buf_init(&buf, 1000);
    assert_int_equal(wire_hello_encode(&buf, &hello), 0);
    world_app_send(app, &buf);
    sb_buf_deinit(&buf);
    welcome = &world_take(app, WIRE_WELCOME)->welcome;
    memory->instance = welcome->instance;
    memory->proof = welcome->proof;
    return app;
}

static int set_up(void **state)
{
    static const uint64_t key[2] = { 1, 2 };
    struct cast *cast = calloc(1, sizeof(*cast));
    struct world_app *owner, *user;
    struct wire_object object;
    uint64_t id;

    world_init(&cast->world);
    for (unsigned i = 0; i < 2; i++)
        hub_set_key(cast->world.devices[i].hub, key);
    owner = connect_as(cast, 0, OWNER_UID, &cast->owner);
    user = connect_as(cast, 0, USER_UID, &cast->user);
    world_serve(owner, 7, "service", false);
    id = world_ask(user, WIRE_HUB_SERVICE_GET, NULL, "ssb", "", "service", false);
    object = world_take_reply(user, id)->objects.items[0];
    assert_int_equal(object.flags, WIRE_OBJECT_SERVICE | WIRE_OBJECT_ORIGIN);
    cast->user.origin = object.origin;
    cast->user.stub = object.stub;
    world_app_close(owner);
    world_app_close(user);
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

static void offer(struct world_app *app, uint64_t stub)
{
    struct sb_buf buf;

    sb_buf_init(&buf, 100);
    assert_int_equal(wire_offer_encode(&buf, stub), 0);
    assert_int_equal(world_app_send(app, &buf), HUB_DONE);
    sb_buf_deinit(&buf);
}

static uint64_t claim(struct world_app *app, const struct memory *memory)
{
    return world_ask(app, WIRE_HUB_CLAIM, NULL, "uu", memory->origin, memory->stub);
}

/* The claim was answered with an object, which works. */
static void check_claimed(struct world_app *user, uint64_t id, struct world_app *owner)
{
    struct world_msg *reply = world_take_reply(user, id);

    assert_int_equal(reply->reply.status, WIRE_OK);
    assert_int_equal(reply->objects.n, 1);
    world_oneway(user, reply->objects.items[0].id, 0, NULL, 0);
    assert_int_equal(world_take(owner, WIRE_CALL)->call.target, 7);
}

static void test_instance(void **state)
{
    struct cast *cast = *state;
    struct memory before = cast->owner, forged = cast->owner, other;

    assert_true(before.instance != 0 && before.instance != cast->user.instance);
    connect_as(cast, 1, OWNER_UID, &cast->owner); /* has the same pid as before */
    assert_true(cast->owner.instance == before.instance && cast->owner.proof == before.proof);
    other = before;
    connect_as(cast, 1, OWNER_UID, &other); /* another pid */
    assert_true(other.instance != before.instance);
    other = cast->user;
    other.proof++;
    connect_as(cast, 1, USER_UID, &other);
    assert_true(other.instance != cast->user.instance);
    forged.instance++;
    connect_as(cast, 1, OWNER_UID, &forged);
    assert_true(forged.instance != before.instance + 1);
}

static void test_instance_is_one_connections(void **state)
{
    struct cast *cast = *state;
    struct memory again = cast->owner;
    struct world_app *first = connect_as(cast, 1, OWNER_UID, &cast->owner), *second;

    first->hub_app->credentials.pid++; /* so that the second can prove what the first could */
    cast->world.devices[1].hub->n_apps--;
    second = connect_as(cast, 1, OWNER_UID, &again);
    cast->world.devices[1].hub->n_apps++;
    assert_int_equal(second->hub_app->credentials.pid, 100);
    assert_true(again.instance != cast->owner.instance);
}

static void test_offer_then_claim(void **state)
{
    struct cast *cast = *state;
    struct world_app *owner = connect_as(cast, 1, OWNER_UID, &cast->owner), *user = connect_as(cast, 1, USER_UID, &cast->user);

    offer(owner, 7);
    check_claimed(user, claim(user, &cast->user), owner);
    hub_settle(cast->world.devices[1].hub);
    assert_true(world_is_quiet(owner)); /* it is held */
    check_claimed(user, claim(user, &cast->user), owner); /* later, too: it is known still */
}

static void deny(struct hub *hub, const char *text)
{
    struct hub_policy *policy = NULL;

    assert_int_equal(hub_policy_parse("FILE", text, strlen(text), hub_names_get(), NULL, NULL, &policy), 0);
    hub_set_policy(hub, policy);
}

static enum wire_status add_name(struct world_app *owner)
{
    struct wire_object object = world_stub(7);

    return world_do(owner, WIRE_HUB_SERVICE_ADD, &object, "sob", "a", 0, false);
}

/* What the policy has taken away cannot be claimed back, neither of an object that has its name again nor before it has. */
static void test_claim_is_denied(void **state)
{
    struct cast *cast = *state;
    struct world_app *owner = connect_as(cast, 1, OWNER_UID, &cast->owner), *user = connect_as(cast, 1, USER_UID, &cast->user);
    struct hub *hub = cast->world.devices[1].hub;
    uint64_t id;

    offer(owner, 7);
    check_claimed(user, claim(user, &cast->user), owner);
    deny(hub, "[service *]\nown = any\n");
    assert_int_equal(add_name(owner), WIRE_OK);
    id = claim(user, &cast->user);
    assert_int_equal(world_take_status(user, id), WIRE_DEAD_OBJECT);
    assert_int_equal(hub->n_refs, 1); /* the first one, which stands for a dead object */
    assert_int_equal(user->hub_app->refs.n_entries, 0);
    hub_set_policy(hub, NULL);
    check_claimed(user, claim(user, &cast->user), owner);
}

static void test_claim_then_offer(void **state)
{
    struct cast *cast = *state;
    struct world_app *owner = connect_as(cast, 1, OWNER_UID, &cast->owner), *user = connect_as(cast, 1, USER_UID, &cast->user);
    uint64_t id = claim(user, &cast->user), other_id = claim(user, &(struct memory){ .origin = 5, .stub = 7 });

    assert_true(world_is_quiet(user));
    offer(owner, 8);
    assert_true(world_is_quiet(user));
    offer(owner, 7);
    check_claimed(user, id, owner);
    assert_true(world_is_quiet(user));
    hub_settle(cast->world.devices[1].hub);
    assert_int_equal(world_take_status(user, other_id), WIRE_DEAD_OBJECT);
    assert_int_equal(world_take(owner, WIRE_RELEASE)->release.id, 8);
}

/* Only what somebody gave: neither another stub of the same owner, nor the same number of another one. */
static void test_not_guessable(void **state)
{
    struct cast *cast = *state;
    struct world_app *owner = connect_as(cast, 1, OWNER_UID, &cast->owner), *user = connect_as(cast, 1, USER_UID, &cast->user);
    uint64_t ids[2];

    offer(owner, 7);
    offer(owner, 8);
    ids[0] = claim(user, &(struct memory){ .origin = cast->user.origin, .stub = 8 });
    ids[1] = claim(user, &(struct memory){ .origin = cast->owner.instance, .stub = 7 });
    hub_settle(cast->world.devices[1].hub);
    assert_int_equal(world_take_status(user, ids[0]), WIRE_DEAD_OBJECT);
    assert_int_equal(world_take_status(user, ids[1]), WIRE_DEAD_OBJECT);
}

static void test_too_late(void **state)
{
    struct cast *cast = *state;
    struct world_app *owner = connect_as(cast, 1, OWNER_UID, &cast->owner), *user = connect_as(cast, 1, USER_UID, &cast->user);
    struct world_msg *msg;

    hub_settle(cast->world.devices[1].hub);
    assert_int_equal(world_take_status(user, claim(user, &cast->user)), WIRE_DEAD_OBJECT);
    offer(owner, 7);
    msg = world_take(owner, WIRE_RELEASE); /* nobody holds it */
    assert_int_equal(msg->release.id, 7);
    assert_int_equal(msg->release.count, 1);
    world_serve(owner, 7, "service", false);
    offer(owner, 7);
    assert_true(world_is_quiet(owner));
    check_claimed(user, claim(user, &cast->user), owner);
}

static void test_deaths(void **state)
{
    struct cast *cast = *state;
    struct world_app *owner = connect_as(cast, 1, OWNER_UID, &cast->owner), *user = connect_as(cast, 1, USER_UID, &cast->user);
    uint64_t id;

    claim(user, &cast->user);
    world_app_close(user);
    offer(owner, 7);
    offer(owner, 9);
    world_withdraw(owner, 9);
    world_app_close(owner);
    cast->user.instance = 0;
    user = connect_as(cast, 1, USER_UID, &cast->user);
    id = claim(user, &cast->user);
    assert_true(world_is_quiet(user));
    hub_settle(cast->world.devices[1].hub);
    assert_int_equal(world_take_status(user, id), WIRE_DEAD_OBJECT);
}

static void test_limits(void **state)
{
    struct cast *cast = *state;
    struct world_app *owner = connect_as(cast, 1, OWNER_UID, &cast->owner);
    struct hub_quota_limits limits = cast->world.devices[1].limits;

    limits.app[HUB_QUOTA_OBJECTS] = 1;
    hub_set_limits(cast->world.devices[1].hub, &limits);
    offer(owner, 7);
    assert_true(world_is_quiet(owner));
    offer(owner, 8);
    assert_int_equal(world_take(owner, WIRE_RELEASE)->release.id, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_instance, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_instance_is_one_connections, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_offer_then_claim, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_claim_is_denied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_claim_then_offer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_guessable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_late, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deaths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
