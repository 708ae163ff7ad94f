/* Quotas in the hub: what is charged and given back by each kind of resource, who is told of a refusal, and QUOTA_LIST. */
#include "tests/unit/hub_world.h"

#include "wire/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define USER 2000
#define OTHER 3000

/* Two apps of one user, one of another, and one of the administrator (softbusd's own user). */
struct cast {
    struct world world;
    struct world_app *greedy, *modest, *other, *admin;
};

static int set_up(void **state)
{
    struct cast *cast = malloc(sizeof(*cast));

    assert_non_null(cast);
    world_init(&cast->world);
    cast->greedy = world_app_new(&cast->world, 0, "greedy", USER);
    cast->modest = world_app_new(&cast->world, 0, "modest", USER);
    cast->other = world_app_new(&cast->world, 0, "other", OTHER);
    cast->admin = world_app_new(&cast->world, 0, "admin", 1000);
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

static void set_user_limit(struct cast *cast, enum hub_quota_kind kind, uint64_t limit)
{
    cast->world.devices[0].limits.user[kind] = limit;
    hub_set_limits(cast->world.devices[0].hub, &cast->world.devices[0].limits);
}

static uint64_t get_used(const struct world_app *app, enum hub_quota_kind kind)
{
    return app->hub_app->quota.used[kind];
}

/* One app of a user takes what it can; another of the user's and another user's go on. */
static void test_calls_of_a_user(void **state)
{
    struct cast *cast = *state;
    uint64_t to[3], id, first = 0;
    struct world_app *apps[3] = { cast->greedy, cast->modest, cast->other };

    world_serve(cast->admin, 1, "served", false);
    for (int i = 0; i < 3; i++)
        to[i] = world_get(apps[i], 0, "served");
    set_user_limit(cast, HUB_QUOTA_CALLS, 12);
    for (int i = 0; i < 6; i++) {
        id = world_call(cast->greedy, to[0], 0, NULL, 0);
        first = first ? first : id;
    }
    assert_int_equal(get_used(cast->greedy, HUB_QUOTA_CALLS), 6);
    id = world_call(cast->greedy, to[0], 0, NULL, 0);
    assert_int_equal(world_take_status(cast->greedy, id), WIRE_AGAIN);
    world_call(cast->modest, to[1], 0, NULL, 0);
    world_call(cast->modest, to[1], 0, NULL, 0);
    world_call(cast->other, to[2], 0, NULL, 0);
    assert_true(world_is_quiet(cast->modest));
    assert_true(world_is_quiet(cast->other));
    for (int i = 0; i < 4; i++) /* until there is enough for the first again */
        world_reply(cast->admin, world_take(cast->admin, WIRE_CALL)->call.id, WIRE_OK, 0, NULL, 0);
    assert_int_equal(world_take_status(cast->greedy, first), WIRE_OK);
    assert_int_equal(get_used(cast->greedy, HUB_QUOTA_CALLS), 2);
    world_call(cast->greedy, to[0], 0, NULL, 0);
    assert_int_equal(get_used(cast->greedy, HUB_QUOTA_CALLS), 3);
}

/* References that someone pushes onto an app are the app's, and their sender learns that there are too many. */
static void test_references_pushed(void **state)
{
    struct cast *cast = *state;
    struct wire_object objects[2] = { world_stub(50), world_stub(51) };
    uint64_t to, id;

    world_serve(cast->modest, 1, "modest", false);
    to = world_get(cast->other, 0, "modest");
    set_user_limit(cast, HUB_QUOTA_REFERENCES, 2); /* one for an app, when it is the first */
    world_oneway(cast->other, to, 0, objects, 1);
    assert_int_equal(get_used(cast->modest, HUB_QUOTA_REFERENCES), 1);
    id = world_call(cast->other, to, 0, objects + 1, 1);
    assert_int_equal(world_take_status(cast->other, id), WIRE_LIMIT);
    assert_false(cast->modest->is_killed);
    id = world_call(cast->other, to, 0, NULL, 0); /* and everything else goes on */
    world_take(cast->modest, WIRE_CALL);
    world_reply(cast->modest, world_take(cast->modest, WIRE_CALL)->call.id, WIRE_OK, 0, NULL, 0);
    assert_int_equal(world_take_status(cast->other, id), WIRE_OK);
}

/* Queued for the user's other apps, though nothing is for this one but a little: AGAIN, to whoever calls it. */
static void test_queue_of_a_user(void **state)
{
    struct cast *cast = *state;
    uint64_t to, id;

    world_serve(cast->modest, 1, "modest", false);
    to = world_get(cast->other, 0, "modest");
    set_user_limit(cast, HUB_QUOTA_BYTES, 1000);
    world_set_queued(cast->greedy, 900);
    id = world_call(cast->other, to, 0, NULL, 0);
    assert_true(world_has(cast->modest, WIRE_CALL));
    world_set_queued(cast->modest, 40);
    id = world_call(cast->other, to, 0, NULL, 0);
    assert_int_equal(world_take_status(cast->other, id), WIRE_AGAIN);
    world_set_queued(cast->greedy, 0);
    id = world_call(cast->other, to, 0, NULL, 0);
    assert_true(world_is_quiet(cast->other));
}

/* What an object is charged for ends with its owner's word, not with those who still hold it. */
static void test_dead_objects_cost_nothing(void **state)
{
    struct cast *cast = *state;
    struct wire_object callback = world_stub(9);

    world_serve(cast->greedy, 1, "greedy", false);
    world_get(cast->other, 0, "greedy");
    assert_int_equal(world_do(cast->greedy, WIRE_HUB_DEVICE_WATCH, &callback, "o", 0), WIRE_OK);
    assert_int_equal(get_used(cast->greedy, HUB_QUOTA_OBJECTS), 2);
    assert_int_equal(get_used(cast->greedy, HUB_QUOTA_SERVICES), 1);
    assert_int_equal(get_used(cast->greedy, HUB_QUOTA_WATCHES), 1);
    world_withdraw(cast->greedy, 1);
    world_withdraw(cast->greedy, 9);
    assert_int_equal(get_used(cast->greedy, HUB_QUOTA_OBJECTS), 0);
    assert_int_equal(get_used(cast->greedy, HUB_QUOTA_SERVICES), 0);
    assert_int_equal(get_used(cast->greedy, HUB_QUOTA_WATCHES), 0);
    assert_int_equal(get_used(cast->other, HUB_QUOTA_REFERENCES), 1);
}

/* Reads a QUOTA_LIST of the app: how many entries, those of other users, and what the entry `app`, `kind` says. */
static uint32_t read_list(struct world_app *app, uint32_t uid, const char *name, const char *kind, uint32_t *ret_n_others,
                          uint64_t numbers[3])
{
    struct world_msg *reply = world_take_reply(app, world_ask(app, WIRE_HUB_QUOTA_LIST, NULL, ""));
    struct wire_reader reader;
    uint32_t n;

    assert_int_equal(reply->reply.status, WIRE_OK);
    wire_reader_init(&reader, reply->reply.data.data, reply->reply.data.size);
    n = wire_value_get_u32(&reader);
    *ret_n_others = 0;
    for (uint32_t i = 0; i < n; i++) {
        bool is_user = wire_value_get_bool(&reader);
        uint32_t its_uid = wire_value_get_u32(&reader), pid = wire_value_get_u32(&reader);
        struct wire_str its_name = wire_value_get_str(&reader, 63), its_kind = wire_value_get_str(&reader, 63);
        uint64_t used = wire_value_get_u64(&reader), limit = wire_value_get_u64(&reader), refused = wire_value_get_u64(&reader);

        assert_true(wire_value_get_str(&reader, 63).size > 0);
        assert_int_equal(is_user, pid == 0);
        *ret_n_others += its_uid != uid;
        if (its_uid == uid && !strcmp(its_name.text, name) && !strcmp(its_kind.text, kind)) {
            numbers[0] = used;
            numbers[1] = limit;
            numbers[2] = refused;
        }
    }
    assert_int_equal(wire_reader_end(&reader), 0);
    return n;
}

static void test_list(void **state)
{
    struct cast *cast = *state;
    struct wire_object callback = world_stub(9);
    uint64_t numbers[3] = { 0 };
    uint32_t n_others;

    cast->world.devices[0].limits.app[HUB_QUOTA_WATCHES] = 1;
    set_user_limit(cast, HUB_QUOTA_WATCHES, 77);
    assert_int_equal(world_do(cast->greedy, WIRE_HUB_DEVICE_WATCH, &callback, "o", 0), WIRE_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(world_do(cast->greedy, WIRE_HUB_DEVICE_WATCH, &callback, "o", 0), WIRE_LIMIT);
    assert_int_equal(read_list(cast->modest, USER, "greedy", "watches", &n_others, numbers), HUB_QUOTA_N_KINDS + 2);
    assert_int_equal(n_others, 0);
    assert_int_equal(numbers[0], 1);
    assert_int_equal(numbers[1], 1);
    assert_int_equal(numbers[2], 3);
    read_list(cast->admin, USER, "", "watches", &n_others, numbers);
    assert_int_equal(n_others, 2 * HUB_QUOTA_N_KINDS);
    assert_int_equal(numbers[0], 1);
    assert_int_equal(numbers[1], 77);
    assert_int_equal(numbers[2], 0); /* the user's limit was not the reason */
    assert_int_equal(world_do(cast->admin, WIRE_HUB_QUOTA_LIST, NULL, "s", "more"), WIRE_BAD_REQUEST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_calls_of_a_user),
        TEST(test_references_pushed),
        TEST(test_queue_of_a_user),
        TEST(test_dead_objects_cost_nothing),
        TEST(test_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
