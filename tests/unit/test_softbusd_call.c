/* Calls: who is answered, when, how often, and what happens when somebody goes or there is no room. */
#include "tests/unit/hub_world.h"

#include <errno.h>
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

static uint32_t n_calls(const struct cast *cast, unsigned device)
{
    return cast->world.devices[device].hub->calls.n_used;
}

static void test_identity(void **state)
{
    struct cast *cast = *state;
    struct world_msg *call;

    world_call(cast->caller, cast->to_local, 0, NULL, 0);
    call = world_take(cast->local, WIRE_CALL);
    assert_int_equal(call->call.identity.kind, WIRE_IDENTITY_LOCAL);
    assert_int_equal(call->call.identity.uid, 1000);
    assert_int_equal(call->call.identity.gid, 1001);
    assert_int_equal(call->call.identity.pid, 100);
    assert_string_equal(call->call.identity.label.text, "label");
    world_call(cast->caller, cast->to_remote, 0, NULL, 0);
    world_run(&cast->world);
    call = world_take(cast->remote, WIRE_CALL);
    assert_int_equal(call->call.identity.kind, WIRE_IDENTITY_REMOTE);
    assert_int_equal(call->call.identity.uid, 1000);
    assert_int_equal(call->call.identity.pid, 0);
    assert_true(wire_devid_is_equal(&call->call.identity.device, &cast->world.devices[0].id));
    assert_int_equal(call->call.trace, 77);
    assert_int_equal(call->call.deadline_ms, 8000);
}

static void test_an_app_cannot_say_who_it_is(void **state)
{
    struct cast *cast = *state;
    struct wire_call call = { .id = 1, .target = cast->to_local, .code = 1,
                              .identity = { .kind = WIRE_IDENTITY_LOCAL, .label = { .text = "" } } };
    struct wire_objects none = { .n = 0 };
    struct sb_buf buf;

    sb_buf_init(&buf, WIRE_MSG_MAX);
    assert_int_equal(wire_call_encode_head(&buf, &call, &none), 0);
    world_app_send(cast->caller, &buf);
    sb_buf_deinit(&buf);
    assert_true(cast->caller->is_killed);
    assert_true(world_is_quiet(cast->local));
}

static void test_a_name_says_no_more_in_the_log(void **state)
{
    struct cast *cast = *state;
    struct world_app *app = world_app_new(&cast->world, 0, "a uid=0 pid=1", 1002);

    assert_string_equal(hub_app_get_text(app->hub_app), "name=a_uid_0_pid_1 pid=102 uid=1002");
}

static void test_replies_find_their_calls(void **state)
{
    struct cast *cast = *state;
    struct world_app *other = world_app_new(&cast->world, 0, "other", 1005);
    uint64_t handle = world_get(other, 0, "local");
    uint64_t calls[2], theirs;
    struct world_msg *got[3];

    other->last_call = cast->caller->last_call; /* the same numbers: they are each app's own */
    calls[0] = world_call(cast->caller, cast->to_local, 0, NULL, 0);
    theirs = world_call(other, handle, 0, NULL, 0);
    calls[1] = world_call(cast->caller, cast->to_local, 0, NULL, 0);
    assert_int_equal(calls[0], theirs);
    for (int i = 0; i < 3; i++)
        got[i] = world_take(cast->local, WIRE_CALL);
    world_reply(cast->local, got[2]->call.id, WIRE_UNKNOWN_CODE, 0, NULL, 0);
    world_reply(cast->local, got[1]->call.id, WIRE_OK, 10, NULL, 0);
    world_reply(cast->local, got[0]->call.id, WIRE_DENIED, 0, NULL, 0);
    assert_int_equal(world_take_status(cast->caller, calls[1]), WIRE_UNKNOWN_CODE);
    assert_int_equal(world_take_status(cast->caller, calls[0]), WIRE_DENIED);
    assert_int_equal(world_take_reply(other, theirs)->reply.data.size, 10);
    assert_int_equal(n_calls(cast, 0), 0);
}

static void test_foreign_and_second_replies_are_dropped(void **state)
{
    struct cast *cast = *state;
    struct wire_object object = world_stub(60);
    struct world_msg *call;
    uint64_t id;

    id = world_call(cast->caller, cast->to_local, 0, NULL, 0);
    call = world_take(cast->local, WIRE_CALL);
    world_reply(cast->caller, call->call.id, WIRE_OK, 0, NULL, 0);  /* not its to answer */
    world_reply(cast->local, call->call.id + 1, WIRE_OK, 0, NULL, 0);
    assert_false(world_has(cast->caller, WIRE_REPLY));
    world_reply(cast->local, call->call.id, WIRE_OK, 0, NULL, 0);
    world_reply(cast->local, call->call.id, WIRE_OK, 0, &object, 1);
    assert_int_equal(world_take_status(cast->caller, id), WIRE_OK);
    assert_int_equal(world_take(cast->local, WIRE_RELEASE)->release.id, 60); /* what it carried comes back */
    assert_false(cast->local->is_killed);
}

static void test_stub_status_is_checked(void **state)
{
    struct cast *cast = *state;
    uint64_t id = world_call(cast->caller, cast->to_local, 0, NULL, 0);

    world_reply(cast->local, world_take(cast->local, WIRE_CALL)->call.id, WIRE_DEVICE_LOST, 0, NULL, 0);
    assert_int_equal(world_take_status(cast->caller, id), WIRE_FAILED);
}

static void test_call_number_twice(void **state)
{
    struct cast *cast = *state;

    world_call_full(cast->caller, 900, cast->to_local, 1, false, (struct wire_bytes){ 0 }, NULL, 0, NULL);
    world_call_full(cast->caller, 900, cast->to_local, 1, false, (struct wire_bytes){ 0 }, NULL, 0, NULL);
    assert_true(cast->caller->is_killed);
    world_app_close(cast->caller);
    assert_int_equal(world_take(cast->local, WIRE_CALL)->call.code, 1);
    assert_true(world_has(cast->local, WIRE_CANCEL));
}

static void test_call_number_twice_at_the_hub(void **state)
{
    struct cast *cast = *state;

    world_call_full(cast->caller, 900, cast->to_local, 1, false, (struct wire_bytes){ 0 }, NULL, 0, NULL);
    world_call_full(cast->caller, 900, WIRE_HUB, WIRE_HUB_STATUS, false, (struct wire_bytes){ 0 }, NULL, 0, NULL);
    assert_true(cast->caller->is_killed);
}

static void test_cancel(void **state)
{
    struct cast *cast = *state;
    uint64_t id = world_call(cast->caller, cast->to_local, 0, NULL, 0);
    struct world_msg *call = world_take(cast->local, WIRE_CALL);

    world_cancel(cast->caller, id);
    assert_int_equal(world_take(cast->local, WIRE_CANCEL)->id, call->call.id);
    world_reply(cast->local, call->call.id, WIRE_OK, 0, NULL, 0); /* crosses: dropped */
    assert_true(world_is_quiet(cast->caller));
    world_cancel(cast->caller, id); /* unknown by now */
    assert_false(cast->caller->is_killed);

    id = world_call(cast->caller, cast->to_remote, 0, NULL, 0);
    world_run(&cast->world);
    call = world_take(cast->remote, WIRE_CALL);
    world_cancel(cast->caller, id);
    world_run(&cast->world);
    assert_int_equal(world_take(cast->remote, WIRE_CANCEL)->id, call->call.id);
    assert_true(world_is_quiet(cast->remote)); /* once */
    world_reply(cast->remote, call->call.id, WIRE_OK, 0, NULL, 0);
    world_run(&cast->world);
    assert_true(world_is_quiet(cast->caller));
    assert_int_equal(n_calls(cast, 0) + n_calls(cast, 1), 0);
}

/* The control stream is faster: the stub must learn of the cancel all the same. */
static void test_cancel_overtakes_its_call(void **state)
{
    struct cast *cast = *state;
    uint64_t id = world_call(cast->caller, cast->to_remote, 0, NULL, 0);

    world_cancel(cast->caller, id);
    assert_true(world_deliver(&cast->world, 0, 1, 0));
    world_run(&cast->world);
    assert_int_equal(world_take(cast->remote, WIRE_CANCEL)->id, world_take(cast->remote, WIRE_CALL)->call.id);
    assert_int_equal(n_calls(cast, 1), 0);
}

static void test_caller_dies(void **state)
{
    struct cast *cast = *state;

    world_call(cast->caller, cast->to_local, 0, NULL, 0);
    world_call(cast->caller, cast->to_remote, 0, NULL, 0);
    world_run(&cast->world);
    world_app_close(cast->caller);
    world_run(&cast->world);
    assert_true(world_has(cast->local, WIRE_CANCEL));
    assert_true(world_has(cast->remote, WIRE_CANCEL));
    assert_int_equal(n_calls(cast, 0) + n_calls(cast, 1), 0);
}

static void test_callee_dies(void **state)
{
    struct cast *cast = *state;
    uint64_t ids[2] = { world_call(cast->caller, cast->to_local, 0, NULL, 0),
                        world_call(cast->caller, cast->to_remote, 0, NULL, 0) };

    world_run(&cast->world);
    world_app_close(cast->local);
    world_app_close(cast->remote);
    world_run(&cast->world);
    assert_int_equal(world_take_status(cast->caller, ids[0]), WIRE_DIED);
    assert_int_equal(world_take_status(cast->caller, ids[1]), WIRE_DIED);
    ids[0] = world_call(cast->caller, cast->to_local, 0, NULL, 0);
    ids[1] = world_call(cast->caller, cast->to_remote, 0, NULL, 0);
    assert_int_equal(world_take_status(cast->caller, ids[0]), WIRE_DEAD_OBJECT);
    assert_int_equal(world_take_status(cast->caller, ids[1]), WIRE_DEAD_OBJECT);
    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, NULL, 0), HUB_DONE);
    assert_int_equal(world_take(cast->caller, WIRE_REFUSED)->refused.status, WIRE_DEAD_OBJECT);
}

static void test_device_lost(void **state)
{
    struct cast *cast = *state;
    uint64_t left = world_call(cast->caller, cast->to_remote, 0, NULL, 0), waiting;

    world_leave(&cast->world, 0, 1);
    waiting = world_call(cast->caller, cast->to_remote, 0, NULL, 0);
    world_disconnect(&cast->world, 0, 1, SESS_END_LOST);
    assert_int_equal(world_take_status(cast->caller, left), WIRE_DEVICE_LOST);
    assert_int_equal(world_take_status(cast->caller, waiting), WIRE_DEVICE_OFFLINE);
    assert_int_equal(n_calls(cast, 0), 0);
    left = world_call(cast->caller, cast->to_remote, 0, NULL, 0);
    assert_int_equal(world_take_status(cast->caller, left), WIRE_DEAD_OBJECT);
}

static void test_device_of_the_caller_lost(void **state)
{
    struct cast *cast = *state;
    struct world_msg *call;

    world_call(cast->caller, cast->to_remote, 0, NULL, 0);
    world_run(&cast->world);
    call = world_take(cast->remote, WIRE_CALL);
    world_disconnect(&cast->world, 0, 1, SESS_END_LOST);
    assert_int_equal(world_take(cast->remote, WIRE_CANCEL)->id, call->call.id);
    world_reply(cast->remote, call->call.id, WIRE_OK, 0, NULL, 0);
    assert_int_equal(n_calls(cast, 1), 0);
}

static uint64_t send_number(struct cast *cast, uint64_t target, uint8_t number, bool is_oneway, enum hub_receive *ret_result)
{
    return world_call_full(cast->caller, is_oneway ? 0 : ++cast->caller->last_call, target, 1, is_oneway,
                           (struct wire_bytes){ .data = &number, .size = 1 }, NULL, 0, ret_result);
}

static void test_order(void **state)
{
    struct cast *cast = *state;

    for (uint8_t i = 0; i < 20; i++) {
        send_number(cast, cast->to_remote, i, i % 3 != 0, NULL);
        send_number(cast, cast->to_local, i, i % 3 != 0, NULL);
    }
    world_run(&cast->world);
    for (uint8_t i = 0; i < 20; i++) {
        assert_int_equal(world_take(cast->local, WIRE_CALL)->call.data.data[0], i);
        assert_int_equal(world_take(cast->remote, WIRE_CALL)->call.data.data[0], i);
    }
}

static void test_full_app(void **state)
{
    struct cast *cast = *state;
    struct wire_object object = world_stub(70);
    uint64_t id;

    world_set_queued(cast->local, 1 << 20);
    id = world_call(cast->caller, cast->to_local, 0, NULL, 0); /* at the limit: still in */
    assert_true(world_has(cast->local, WIRE_CALL));
    world_set_queued(cast->local, (1 << 20) + 1);
    id = world_call(cast->caller, cast->to_local, 0, &object, 1);
    assert_int_equal(world_take_status(cast->caller, id), WIRE_AGAIN);
    assert_int_equal(world_take(cast->caller, WIRE_RELEASE)->release.count, 1);
    world_forget(cast->local);

    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, &object, 1), HUB_WAIT);
    assert_true(world_is_quiet(cast->caller)); /* nothing is given back: the message comes again */
    assert_int_equal(cast->caller->device->hub->n_waiting, 1);
    assert_false(cast->caller->may_resume);
    world_set_queued(cast->local, 0);
    hub_app_drained(cast->local->hub_app);
    assert_true(cast->caller->may_resume);
    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, &object, 1), HUB_DONE);
    assert_int_equal(cast->caller->device->hub->n_waiting, 0);
    id = world_take(cast->local, WIRE_CALL)->objects.items[0].id;
    assert_true(world_is_quiet(cast->local)); /* once */
    world_release(cast->local, id, 1);
    assert_int_equal(world_take(cast->caller, WIRE_RELEASE)->release.count, 1); /* sent once, as it was counted */
}

/* Nobody waits for ever for an app that does not read. */
static void test_congested_app(void **state)
{
    struct cast *cast = *state;
    struct wire_object object = world_stub(70);
    struct world_msg *refused;

    world_set_queued(cast->local, 2 << 20);
    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, &object, 1), HUB_WAIT);
    hub_app_congested(cast->local->hub_app);
    hub_app_congested(cast->local->hub_app);
    assert_true(cast->caller->may_resume);
    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, &object, 1), HUB_DONE);
    refused = world_take(cast->caller, WIRE_REFUSED);
    assert_int_equal(refused->refused.status, WIRE_AGAIN);
    assert_int_equal(refused->refused.object, cast->to_local);
    assert_int_equal(world_take(cast->caller, WIRE_RELEASE)->release.count, 1);
    world_set_queued(cast->local, 0);
    hub_app_drained(cast->local->hub_app);
    world_set_queued(cast->local, 2 << 20);
    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, NULL, 0), HUB_WAIT); /* as patient as before */
}

/* The caller is not told that its call did not start: it did. */
static void test_forged_handle_in_a_reply(void **state)
{
    struct cast *cast = *state;
    struct wire_object forged = world_proxy(4711);
    uint64_t id = world_call(cast->caller, cast->to_local, 0, NULL, 0);

    world_reply(cast->local, world_take(cast->local, WIRE_CALL)->call.id, WIRE_OK, 0, &forged, 1);
    assert_int_equal(world_take_status(cast->caller, id), WIRE_FAILED);
    assert_int_equal(world_take(cast->local, WIRE_REFUSED)->refused.status, WIRE_DEAD_OBJECT);
}

static void test_who_waits_may_go(void **state)
{
    struct cast *cast = *state;

    world_set_queued(cast->local, 2 << 20);
    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, NULL, 0), HUB_WAIT);
    world_app_close(cast->caller);
    assert_int_equal(cast->local->device->hub->n_waiting, 0);
}

static void test_the_full_app_goes(void **state)
{
    struct cast *cast = *state;

    world_set_queued(cast->local, 2 << 20);
    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, NULL, 0), HUB_WAIT);
    world_app_close(cast->local);
    assert_true(cast->caller->may_resume);
    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, NULL, 0), HUB_DONE);
    assert_int_equal(world_take(cast->caller, WIRE_REFUSED)->refused.status, WIRE_DEAD_OBJECT);
}

/* A peer's one-way calls wait in their stream; other streams and control go on. */
static void test_full_app_and_a_peer(void **state)
{
    struct cast *cast = *state;
    struct world_app *second = world_app_new(&cast->world, 0, "second", 1);
    uint64_t handle = world_get(second, 1, "remote"), id;
    struct wire_object object = world_stub(70);

    world_set_queued(cast->remote, 2 << 20);
    send_number(cast, cast->to_remote, 1, true, NULL);
    world_oneway(cast->caller, cast->to_remote, 0, &object, 1);
    send_number(cast, cast->to_remote, 3, true, NULL);
    world_run(&cast->world);
    assert_true(world_is_quiet(cast->remote));
    assert_int_equal(cast->world.devices[0].out[1].n_blocked, 1);
    id = world_call(second, handle, 0, NULL, 0); /* its own stream */
    world_run(&cast->world);
    assert_int_equal(world_take_status(second, id), WIRE_AGAIN);
    assert_int_equal(world_do(second, WIRE_HUB_DEVICE_PING, NULL, "s", cast->world.devices[1].id_text), WIRE_OK);
    world_set_queued(cast->remote, 0);
    hub_app_drained(cast->remote->hub_app);
    world_run(&cast->world);
    assert_int_equal(world_take(cast->remote, WIRE_CALL)->call.data.data[0], 1);
    id = world_take(cast->remote, WIRE_CALL)->objects.items[0].id;
    assert_int_equal(world_take(cast->remote, WIRE_CALL)->call.data.data[0], 3);
    assert_true(world_is_quiet(cast->remote));
    world_release(cast->remote, id, 1);
    world_run(&cast->world);
    assert_int_equal(world_take(cast->caller, WIRE_RELEASE)->release.count, 1);
}

static void test_full_session(void **state)
{
    struct cast *cast = *state;
    struct wire_object object = world_stub(70);
    struct world_way *way = &cast->world.devices[0].out[1];
    struct world_app *other = world_app_new(&cast->world, 0, "other", 1);
    uint64_t handle = world_get(other, 1, "remote"), id;

    world_oneway(other, handle, 0, NULL, 0);
    way->error = -EAGAIN;
    id = world_call(cast->caller, cast->to_remote, 0, &object, 1);
    assert_int_equal(world_take_status(cast->caller, id), WIRE_AGAIN);
    assert_int_equal(world_take(cast->caller, WIRE_RELEASE)->release.id, 70);
    assert_int_equal(world_oneway(cast->caller, cast->to_remote, 0, &object, 1), HUB_WAIT);
    way->error = 0;
    world_run(&cast->world); /* the other's message leaves */
    assert_true(cast->caller->may_resume);
    assert_int_equal(world_oneway(cast->caller, cast->to_remote, 0, &object, 1), HUB_DONE);
    world_run(&cast->world);
    world_take(cast->remote, WIRE_CALL);
    id = world_take(cast->remote, WIRE_CALL)->objects.items[0].id;
    world_release(cast->remote, id, 1);
    world_run(&cast->world);
    assert_int_equal(world_take(cast->caller, WIRE_RELEASE)->release.count, 1);
}

static void test_full_session_and_a_reply(void **state)
{
    struct cast *cast = *state;
    struct world_way *back = &cast->world.devices[1].out[0];
    struct wire_object object = world_stub(80);
    uint64_t id = world_call(cast->caller, cast->to_remote, 0, NULL, 0);
    struct world_msg *call, *reply;

    world_run(&cast->world);
    call = world_take(cast->remote, WIRE_CALL);
    back->error = -EAGAIN;
    assert_int_equal(world_reply(cast->remote, call->call.id, WIRE_OK, 0, &object, 1), HUB_WAIT);
    assert_true(world_is_quiet(cast->remote));
    back->error = 0;
    assert_int_equal(world_reply(cast->remote, call->call.id, WIRE_OK, 0, &object, 1), HUB_DONE);
    world_run(&cast->world);
    reply = world_take_reply(cast->caller, id);
    assert_int_equal(reply->reply.status, WIRE_OK);
    world_release(cast->caller, reply->objects.items[0].id, 1);
    world_run(&cast->world);
    assert_int_equal(world_take(cast->remote, WIRE_RELEASE)->release.count, 1);
}

static void test_lost_session_wakes(void **state)
{
    struct cast *cast = *state;

    cast->world.devices[0].out[1].error = -EAGAIN;
    assert_int_equal(world_oneway(cast->caller, cast->to_remote, 0, NULL, 0), HUB_WAIT);
    world_disconnect(&cast->world, 0, 1, SESS_END_LOST);
    assert_true(cast->caller->may_resume);
    assert_int_equal(world_oneway(cast->caller, cast->to_remote, 0, NULL, 0), HUB_DONE);
    assert_int_equal(world_take(cast->caller, WIRE_REFUSED)->refused.status, WIRE_DEAD_OBJECT);
}

static void test_call_limit(void **state)
{
    struct cast *cast = *state;
    struct hub_quota_limits limits = cast->caller->device->limits;
    uint64_t first, id;

    limits.app[HUB_QUOTA_CALLS] = 2;
    hub_set_limits(cast->caller->device->hub, &limits);
    first = world_call(cast->caller, cast->to_local, 0, NULL, 0);
    world_call(cast->caller, cast->to_local, 0, NULL, 0);
    id = world_call(cast->caller, cast->to_local, 0, NULL, 0);
    assert_int_equal(world_take_status(cast->caller, id), WIRE_AGAIN);
    assert_int_equal(world_oneway(cast->caller, cast->to_local, 0, NULL, 0), HUB_DONE); /* not counted */
    world_reply(cast->local, world_take(cast->local, WIRE_CALL)->call.id, WIRE_OK, 0, NULL, 0);
    assert_int_equal(world_take_status(cast->caller, first), WIRE_OK);
    world_call(cast->caller, cast->to_local, 0, NULL, 0);
    assert_true(world_is_quiet(cast->caller));
}

/* The handler has run, and its answer does not fit: why LIMIT does not tell the caller that nothing began. */
static void test_limit_at_the_reply(void **state)
{
    struct cast *cast = *state;
    struct hub_quota_limits limits = cast->caller->device->limits;
    struct wire_object object = world_stub(60);
    uint64_t id, served;

    limits.app[HUB_QUOTA_REFERENCES] = 2; /* which it has */
    hub_set_limits(cast->caller->device->hub, &limits);
    id = world_call(cast->caller, cast->to_local, 0, NULL, 0);
    served = world_take(cast->local, WIRE_CALL)->call.id;
    world_reply(cast->local, served, WIRE_OK, 0, &object, 1);
    assert_int_equal(world_take_status(cast->caller, id), WIRE_LIMIT);
    assert_int_equal(world_take(cast->local, WIRE_REFUSED)->refused.id, served);
    assert_int_equal(world_take(cast->local, WIRE_RELEASE)->release.id, 60);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_identity),
        TEST(test_an_app_cannot_say_who_it_is),
        TEST(test_a_name_says_no_more_in_the_log),
        TEST(test_replies_find_their_calls),
        TEST(test_foreign_and_second_replies_are_dropped),
        TEST(test_stub_status_is_checked),
        TEST(test_call_number_twice),
        TEST(test_call_number_twice_at_the_hub),
        TEST(test_cancel),
        TEST(test_cancel_overtakes_its_call),
        TEST(test_caller_dies),
        TEST(test_callee_dies),
        TEST(test_device_lost),
        TEST(test_device_of_the_caller_lost),
        TEST(test_order),
        TEST(test_full_app),
        TEST(test_congested_app),
        TEST(test_forged_handle_in_a_reply),
        TEST(test_who_waits_may_go),
        TEST(test_the_full_app_goes),
        TEST(test_full_app_and_a_peer),
        TEST(test_full_session),
        TEST(test_full_session_and_a_reply),
        TEST(test_lost_session_wakes),
        TEST(test_call_limit),
        TEST(test_limit_at_the_reply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
