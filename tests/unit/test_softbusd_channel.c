/* Direct channels: when a pair gets one, in which order who is told, what crosses, and what goes by the hub all the same. */
#include "tests/unit/hub_world.h"

#include "softbusd/names.h"
#include "softbusd/node.h"
#include "softbusd/policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Device 0: client and server, which serves "server" (stub 1); device 1: far, which serves "far" (stub 2). */
struct cast {
    struct world world;
    struct world_app *client, *server, *far;
    struct hub *hub;
    uint64_t handle, far_handle;
};

static const struct wire_bytes no_data;

static int set_up(void **state)
{
    struct cast *cast = malloc(sizeof(*cast));

    world_init(&cast->world);
    cast->hub = cast->world.devices[0].hub;
    hub_set_channels(cast->hub, true);
    cast->client = world_app_new(&cast->world, 0, "client", 1003);
    cast->server = world_app_new(&cast->world, 0, "server", 1001);
    cast->far = world_app_new(&cast->world, 1, "far", 1002);
    world_serve(cast->server, 1, "server", true);
    world_serve(cast->far, 2, "far", true);
    cast->handle = world_get(cast->client, 0, "server");
    cast->far_handle = world_get(cast->client, 1, "far");
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

static void call_often(struct cast *cast, uint64_t handle, unsigned n)
{
    while (n-- > 0) {
        assert_int_equal(world_oneway(cast->client, handle, 0, NULL, 0), HUB_DONE);
        world_take(cast->server, WIRE_CALL);
    }
}

/* The GRANT that the server is asked for. */
static struct wire_grant get_asked(struct cast *cast, uint64_t handle)
{
    call_often(cast, handle, 3);
    return world_take(cast->server, WIRE_GRANT)->grant;
}

/* The channel on which the handle is routed. */
static struct wire_route get_route(struct cast *cast, uint64_t handle)
{
    struct wire_grant grant = get_asked(cast, handle);

    assert_int_equal(world_grant(cast->server, &grant), HUB_DONE);
    return world_take(cast->client, WIRE_ROUTE)->route;
}

static void check_end(struct world_app *app, uint64_t channel, uint32_t reason)
{
    struct world_msg *msg = world_take(app, WIRE_CHANNEL_END);

    assert_int_equal(msg->end.channel, channel);
    assert_int_equal(msg->end.reason, reason);
}

static void test_made_after_three_calls(void **state)
{
    struct cast *cast = *state;
    struct world_msg *msg;
    struct wire_grant grant;
    uint64_t channel;

    call_often(cast, cast->handle, 2);
    assert_true(world_is_quiet(cast->server));
    call_often(cast, cast->handle, 1);
    msg = world_take(cast->server, WIRE_CHANNEL);
    channel = msg->channel.channel;
    assert_int_equal(msg->n_fds, 1);
    assert_int_equal(msg->channel.role, WIRE_ROLE_SERVER);
    assert_int_equal(msg->channel.identity.pid, 100);
    assert_int_equal(msg->channel.identity.uid, 1003);
    assert_string_equal(msg->channel.identity.label.text, "label");
    grant = world_take(cast->server, WIRE_GRANT)->grant;
    assert_int_equal(grant.channel, channel);
    assert_int_equal(grant.stub, 1);
    assert_true(world_is_quiet(cast->client)); /* it may not know before the server does */
    assert_int_equal(cast->world.devices[0].n_fds, 1);
    call_often(cast, cast->handle, 10); /* meanwhile, and no second time */
    assert_true(world_is_quiet(cast->server));

    world_grant(cast->server, &grant);
    msg = world_take(cast->client, WIRE_CHANNEL);
    assert_int_equal(msg->channel.channel, channel);
    assert_int_equal(msg->channel.role, WIRE_ROLE_CLIENT);
    assert_int_equal(msg->channel.identity.uid, 1001);
    assert_int_equal(msg->n_fds, 1);
    msg = world_take(cast->client, WIRE_ROUTE);
    assert_int_equal(msg->route.handle, cast->handle);
    assert_int_equal(msg->route.channel, channel);
    assert_int_equal(msg->route.stub, 1);
    assert_int_equal(cast->world.devices[0].n_fds, 0);
    assert_int_equal(cast->hub->n_channels, 1);
}

static void test_one_for_a_pair(void **state)
{
    struct cast *cast = *state;
    struct wire_route first = get_route(cast, cast->handle);
    uint64_t handle;

    world_serve(cast->client, 5, "client", false);
    handle = world_give(cast->server, cast->client, "client", world_stub(7));
    assert_int_equal(get_route(cast, handle).channel, first.channel);
    world_take(cast->client, WIRE_CHANNEL);
    assert_false(world_has(cast->client, WIRE_CHANNEL));
    world_take(cast->server, WIRE_CHANNEL);
    assert_false(world_has(cast->server, WIRE_CHANNEL));
    assert_int_equal(cast->hub->grants.n_entries, 2);
    world_release_after(cast->client, handle, 1, 0);
    assert_int_equal(world_take(cast->server, WIRE_REVOKE)->revoke.stub, 7);
    assert_int_equal(world_take(cast->server, WIRE_RELEASE)->release.id, 7);
}

static void test_not_made(void **state)
{
    struct cast *cast = *state;
    struct world_app *plain = world_app_connect(&cast->world, 0, 1003);
    struct wire_hello hello = { .version_min = 1, .version_max = 1, .name = { .text = "plain", .size = 5 } };
    uint64_t handle;
    struct sb_buf buf;

    sb_buf_init(&buf, WIRE_MSG_MAX);
    assert_int_equal(wire_hello_encode(&buf, &hello), 0);
    world_app_send(plain, &buf);
    sb_buf_deinit(&buf);
    handle = world_get(plain, 0, "server");
    for (unsigned i = 0; i < 5; i++)
        world_oneway(plain, handle, 0, NULL, 0); /* no feature */
    for (unsigned i = 0; i < 5; i++)
        world_oneway(cast->client, cast->far_handle, 0, NULL, 0); /* another device's */
    world_run(&cast->world);
    assert_int_equal(cast->hub->n_channels, 0);
    world_forget(cast->server);

    hub_set_channels(cast->hub, false);
    call_often(cast, cast->handle, 3);
    hub_set_channels(cast->hub, true);
    cast->world.devices[0].channel_error = -EMFILE;
    call_often(cast, cast->handle, 256 - 3);
    assert_int_equal(cast->hub->n_channels, 0);
    cast->world.devices[0].channel_error = 0;
    call_often(cast, cast->handle, 255);
    assert_int_equal(cast->hub->n_channels, 0);
    call_often(cast, cast->handle, 1);
    assert_int_equal(cast->hub->n_channels, 1);
}

/* A server that does not answer holds few descriptors of the hub's. */
static void test_pending_bound(void **state)
{
    struct cast *cast = *state;

    for (unsigned i = 0; i < 12; i++) {
        struct world_app *client = world_app_new(&cast->world, 0, "one of many", 1005);
        uint64_t handle = world_get(client, 0, "server");

        for (unsigned j = 0; j < 3; j++)
            world_oneway(client, handle, 0, NULL, 0);
    }
    assert_int_equal(cast->hub->n_channels, HUB_CHANNELS_PENDING_MAX);
    assert_int_equal(cast->world.devices[0].n_fds, HUB_CHANNELS_PENDING_MAX);
    world_app_close(cast->server);
    assert_int_equal(cast->world.devices[0].n_fds, 0);
}

static void test_refused_by_the_server(void **state)
{
    struct cast *cast = *state;
    struct wire_grant grant = get_asked(cast, cast->handle);

    world_channel_end(cast->server, grant.channel);
    assert_int_equal(cast->world.devices[0].n_fds, 0);
    assert_true(world_is_quiet(cast->client)); /* it has never heard of it */
    world_grant(cast->server, &grant);         /* crossed */
    world_forget(cast->server);
    call_often(cast, cast->handle, 600);
    assert_true(world_is_quiet(cast->server)); /* the pair gets no other */
    assert_false(cast->server->is_killed);
    assert_int_equal(cast->hub->n_channels, 0);
}

static void test_forged_answers(void **state)
{
    struct cast *cast = *state;
    struct wire_route route = get_route(cast, cast->handle);
    struct world_app *stranger = world_app_new(&cast->world, 0, "stranger", 1004);

    world_grant(stranger, &(struct wire_grant){ .channel = route.channel, .stub = 1 }); /* not its channel: nothing */
    assert_false(stranger->is_killed);
    world_channel_end(stranger, route.channel);
    assert_int_equal(cast->hub->n_channels, 1);
    world_detour(stranger, route.channel, 0);
    world_take(cast->server, WIRE_CHANNEL);
    assert_true(world_is_quiet(cast->server));
    world_grant(cast->client, &(struct wire_grant){ .channel = route.channel, .stub = 1 });
    assert_true(cast->client->is_killed);
    world_grant(cast->server, &(struct wire_grant){ .channel = route.channel, .stub = 1 });
    assert_true(cast->server->is_killed); /* answered twice */
}

static void test_release(void **state)
{
    struct cast *cast = *state;
    struct wire_route route = get_route(cast, cast->handle);
    struct world_msg *msg;
    uint64_t again;

    /* An arrival crosses the RELEASE of all that the client knew: it has forgotten the route by then. */
    again = world_get(cast->client, 0, "server");
    assert_int_equal(again, cast->handle);
    world_release_after(cast->client, cast->handle, 1, 5);
    msg = world_take(cast->client, WIRE_ROUTE);
    assert_int_equal(msg->route.handle, cast->handle);
    again = world_get(cast->client, 0, "server");
    world_release_after(cast->client, again, 1, 9);
    world_take(cast->client, WIRE_ROUTE);
    world_release_after(cast->client, cast->handle, 1, 0); /* before it has seen the ROUTE */
    world_take(cast->server, WIRE_CHANNEL);
    msg = world_take(cast->server, WIRE_REVOKE);
    assert_int_equal(msg->revoke.channel, route.channel);
    assert_int_equal(msg->revoke.stub, 1);
    assert_int_equal(msg->revoke.after, 9);
    assert_int_equal(cast->hub->grants.n_entries, 0);
    assert_int_equal(cast->hub->n_channels, 1);

    cast->handle = world_get(cast->client, 0, "server");
    assert_int_equal(get_route(cast, cast->handle).channel, route.channel); /* the same, for the next */
}

/* The reference ends, and comes again, before the server has answered: the answer to the first GRANT opens nothing. */
static void test_answers_are_counted(void **state)
{
    struct cast *cast = *state;
    struct wire_grant grant = get_asked(cast, cast->handle);

    world_release(cast->client, cast->handle, 1);
    assert_int_equal(world_take(cast->server, WIRE_REVOKE)->revoke.after, 0);
    cast->handle = world_get(cast->client, 0, "server");
    get_asked(cast, cast->handle);
    world_grant(cast->server, &grant);
    assert_false(world_has(cast->client, WIRE_ROUTE));
    world_grant(cast->server, &grant);
    assert_int_equal(world_take(cast->client, WIRE_ROUTE)->route.handle, cast->handle);
    assert_int_equal(cast->hub->n_channels, 1);

    world_release(cast->client, cast->handle, 1); /* and with no reference at all */
    cast->handle = world_get(cast->client, 0, "server");
    get_asked(cast, cast->handle);
    world_release(cast->client, cast->handle, 1);
    world_grant(cast->server, &grant);
    assert_false(world_has(cast->client, WIRE_ROUTE));
    assert_int_equal(cast->hub->grants.n_entries, 0);
}

/* Nobody wants the channel any more when the server has it ready: no descriptor stays for it. */
static void test_answered_too_late(void **state)
{
    struct cast *cast = *state;
    struct wire_grant grant = get_asked(cast, cast->handle);

    world_release(cast->client, cast->handle, 1);
    assert_int_equal(cast->world.devices[0].n_fds, 1);
    world_grant(cast->server, &grant);
    check_end(cast->server, grant.channel, 2);
    assert_int_equal(cast->world.devices[0].n_fds, 0);
    assert_int_equal(cast->hub->n_channels, 0);

    cast->handle = world_get(cast->client, 0, "server");
    grant = get_asked(cast, cast->handle);
    world_withdraw(cast->server, 1);
    world_grant(cast->server, &grant);
    world_release(cast->client, cast->handle, 1);
    check_end(cast->server, grant.channel, 2);
    assert_true(world_is_quiet(cast->client));
}

/* A stub's number is not given a new meaning on a channel while the client holds the old one. */
static void test_withdrawn(void **state)
{
    struct cast *cast = *state;
    struct wire_route route = get_route(cast, cast->handle);
    uint64_t old = cast->handle;

    world_withdraw(cast->server, 1);
    assert_int_equal(world_take(cast->server, WIRE_REVOKE)->revoke.after, 0);
    world_detour_call(cast->client, route.channel, 0, 77, old, no_data, NULL, 0);
    assert_int_equal(world_take(cast->client, WIRE_DETOUR)->reply.status, WIRE_DEAD_OBJECT);
    world_forget(cast->server);
    world_serve(cast->server, 1, "again", false);
    cast->handle = world_get(cast->client, 0, "again");
    assert_int_not_equal(cast->handle, old);
    call_often(cast, cast->handle, 600);
    assert_false(world_has(cast->server, WIRE_GRANT));
    world_release_after(cast->client, old, 1, 1);
    assert_false(world_has(cast->server, WIRE_REVOKE)); /* said before */
    call_often(cast, cast->handle, 256);
    assert_int_equal(world_take(cast->server, WIRE_GRANT)->grant.stub, 1);
}

static void test_dead_apps(void **state)
{
    struct cast *cast = *state;
    struct wire_route route = get_route(cast, cast->handle);
    struct world_app *second = world_app_new(&cast->world, 0, "second", 1005);
    uint64_t handle = world_get(second, 0, "server");

    for (unsigned i = 0; i < 3; i++)
        world_oneway(second, handle, 0, NULL, 0);
    world_take(cast->server, WIRE_CHANNEL);
    world_app_close(second); /* before the answer */
    check_end(cast->server, world_take(cast->server, WIRE_CHANNEL)->channel.channel, 1);
    assert_int_equal(cast->world.devices[0].n_fds, 0);
    world_app_close(cast->server);
    check_end(cast->client, route.channel, 1);
    assert_int_equal(cast->hub->n_channels, 0);
    world_detour(cast->client, route.channel, 0); /* it had not heard yet */
    world_detour_call(cast->client, route.channel, 1, 5, cast->handle, no_data, &(struct wire_object){ .kind = 1, .id = 4 }, 1);
    assert_int_equal(world_take(cast->client, WIRE_DETOUR)->reply.status, WIRE_DEAD_OBJECT);
    assert_int_equal(world_take(cast->client, WIRE_RELEASE)->release.id, 4);
    world_detour_call(cast->client, route.channel, 2, 0, cast->handle, no_data, NULL, 0);
    assert_int_equal(world_take(cast->client, WIRE_REFUSED)->refused.object, cast->handle);
}

static void test_closed_by_one(void **state)
{
    struct cast *cast = *state;
    struct wire_route route = get_route(cast, cast->handle);
    struct wire_object stub = world_stub(3);

    world_channel_end(cast->client, route.channel);
    check_end(cast->server, route.channel, 1);
    world_channel_end(cast->server, route.channel); /* both at once */
    assert_false(world_has(cast->client, WIRE_CHANNEL_END));
    world_detour_reply(cast->server, route.channel, 5, WIRE_OK, no_data, &stub, 1); /* crossed */
    assert_int_equal(world_take(cast->server, WIRE_RELEASE)->release.id, 3);
    world_release_after(cast->client, cast->handle, 1, 3);
    assert_false(world_has(cast->server, WIRE_REVOKE));
}

static void test_access_revoked(void **state)
{
    struct cast *cast = *state;
    struct wire_route route = get_route(cast, cast->handle);

    hub_ref_revoke(hub_ref_find(cast->client->hub_app, cast->handle), WIRE_DEATH_ACCESS_REVOKED);
    assert_int_equal(world_take(cast->server, WIRE_REVOKE)->revoke.after, 0);
    check_end(cast->server, route.channel, WIRE_DEATH_ACCESS_REVOKED);
    check_end(cast->client, route.channel, WIRE_DEATH_ACCESS_REVOKED);
    assert_int_equal(cast->hub->channels.n_used, 0);
}

/* What was given back, to end in a far future of the channel, ends with the right to it. */
static void test_access_revoked_afterwards(void **state)
{
    static const char nobody[] = "[service server]\nown = any\nlookup = none\n";
    struct cast *cast = *state;
    struct wire_route route = get_route(cast, cast->handle);
    struct hub_policy *policy;

    world_release_after(cast->client, cast->handle, 1, UINT64_MAX);
    world_take(cast->server, WIRE_REVOKE);
    assert_int_equal(hub_policy_parse("FILE", nobody, sizeof(nobody) - 1, hub_names_get(), NULL, NULL, &policy), 0);
    hub_set_policy(cast->hub, policy);
    world_run(&cast->world);
    check_end(cast->server, route.channel, WIRE_DEATH_ACCESS_REVOKED);
    check_end(cast->client, route.channel, WIRE_DEATH_ACCESS_REVOKED);
    assert_int_equal(cast->hub->channels.n_used, 0);
}

static void test_detours(void **state)
{
    struct cast *cast = *state;
    struct wire_route route = get_route(cast, cast->handle);
    struct wire_object objects[2] = { world_stub(9), world_proxy(cast->far_handle) };
    const struct wire_bytes data = { .data = (const uint8_t *)"abc", .size = 3 };
    uint32_t n_calls = cast->hub->calls.n_used;
    struct world_msg *msg;

    world_detour(cast->client, route.channel, 41);
    msg = world_take(cast->server, WIRE_DETOUR);
    assert_int_equal(msg->detour.type, 0);
    assert_int_equal(msg->detour.position, 41);
    cast->client->n_fds_next = 2;
    cast->client->fds[0] = 100;
    cast->client->fds[1] = 101;
    world_detour_call(cast->client, route.channel, 42, 1234, cast->handle, data, objects, 2);
    msg = world_take(cast->server, WIRE_DETOUR);
    assert_int_equal(msg->detour.type, WIRE_CALL);
    assert_int_equal(msg->detour.channel, route.channel);
    assert_int_equal(msg->detour.position, 42);
    assert_int_equal(msg->call.id, 1234);
    assert_int_equal(msg->call.target, 1);
    assert_int_equal(msg->call.data.size, 3);
    assert_int_equal(msg->objects.n, 2);
    assert_int_equal(msg->objects.items[1].hops, 1);
    assert_int_equal(msg->n_fds, 2);
    assert_int_equal(msg->fds[1], 101);
    assert_int_equal(cast->hub->calls.n_used, n_calls);

    objects[0] = world_proxy(msg->objects.items[0].id); /* home again */
    world_detour_reply(cast->server, route.channel, 1234, WIRE_OK, data, objects, 1);
    msg = world_take(cast->client, WIRE_DETOUR);
    assert_int_equal(msg->detour.type, WIRE_REPLY);
    assert_int_equal(msg->detour.position, 0);
    assert_int_equal(msg->reply.id, 1234);
    assert_int_equal(msg->objects.items[0].kind, WIRE_OBJECT_STUB);
    assert_int_equal(msg->objects.items[0].id, 9);
    world_detour_reply(cast->server, route.channel, 1235, WIRE_NO_DEVICE, no_data, NULL, 0); /* not for a stub to say */
    assert_int_equal(world_take(cast->client, WIRE_DETOUR)->reply.status, WIRE_FAILED);
}

/* What a refused one leaves is its number. */
static void check_skipped(struct cast *cast, uint64_t position)
{
    struct world_msg *msg = world_take(cast->server, WIRE_DETOUR);

    assert_int_equal(msg->detour.type, 0);
    assert_int_equal(msg->detour.position, position);
}

static void test_rules_hold(void **state)
{
    struct cast *cast = *state;
    struct wire_route route = get_route(cast, cast->handle);
    uint8_t *zeros = calloc(1, WIRE_LOCAL_MAX + 1);
    const struct wire_bytes large = { .data = zeros, .size = WIRE_LOCAL_MAX + 1 };
    struct wire_object forwarded, unknown = world_proxy(4711);
    struct world_msg *msg;

    world_detour_call(cast->client, route.channel, 0, 1, cast->handle, large, NULL, 0);
    assert_int_equal(world_take(cast->client, WIRE_DETOUR)->reply.status, WIRE_TOO_LARGE);
    check_skipped(cast, 0);
    forwarded = world_proxy(cast->far_handle);
    world_detour_call(cast->client, route.channel, 1, 2, cast->handle, no_data, &forwarded, 1);
    forwarded = world_proxy(world_take(cast->server, WIRE_DETOUR)->objects.items[0].id);
    world_detour_reply(cast->server, route.channel, 2, WIRE_OK, no_data, &forwarded, 1);
    assert_int_equal(world_take(cast->client, WIRE_DETOUR)->reply.status, WIRE_DOUBLE_FORWARD);
    msg = world_take(cast->server, WIRE_REFUSED);
    assert_int_equal(msg->refused.id, 2);
    assert_int_equal(msg->refused.status, WIRE_DOUBLE_FORWARD);
    world_detour_call(cast->client, route.channel, 2, 0, cast->handle, no_data, &unknown, 1);
    assert_int_equal(world_take(cast->client, WIRE_REFUSED)->refused.status, WIRE_DEAD_OBJECT);
    check_skipped(cast, 2);
    world_detour_reply(cast->server, route.channel, 3, WIRE_OK, no_data, &unknown, 1);
    assert_int_equal(world_take(cast->client, WIRE_DETOUR)->reply.status, WIRE_FAILED);
    cast->client->has_lost_fds = true;
    cast->client->n_fds_next = 1;
    world_detour_call(cast->client, route.channel, 3, 4, cast->handle, no_data, NULL, 0);
    assert_int_equal(world_take(cast->client, WIRE_DETOUR)->reply.status, WIRE_LIMIT);
    check_skipped(cast, 3);
    free(zeros);
}

static void test_violations(void **state)
{
    struct cast *cast = *state;
    struct wire_route route = get_route(cast, cast->handle);
    struct world_app *other = world_app_new(&cast->world, 0, "other", 1006);
    uint64_t handle;

    world_serve(other, 1, "other", false);
    handle = world_get(cast->client, 0, "other");
    world_detour_call(cast->client, route.channel, 0, 1, handle, no_data, NULL, 0); /* its stub is not the server's */
    assert_true(cast->client->is_killed);
    world_detour(cast->server, route.channel, 0);
    assert_true(cast->server->is_killed);
}

static void test_wrong_way(void **state)
{
    struct cast *cast = *state;
    struct wire_route route = get_route(cast, cast->handle);

    world_detour_reply(cast->client, route.channel, 1, WIRE_OK, no_data, NULL, 0);
    assert_true(cast->client->is_killed);
    world_detour_call(cast->server, route.channel, 0, 1, cast->handle, no_data, NULL, 0);
    assert_true(cast->server->is_killed);
}

static void test_full_server(void **state)
{
    struct cast *cast = *state;
    struct wire_route route = get_route(cast, cast->handle);
    uint64_t position = 0;

    world_set_queued(cast->server, 2 << 20);
    assert_int_equal(world_detour_call(cast->client, route.channel, position, 0, cast->handle, no_data, NULL, 0), HUB_WAIT);
    world_set_queued(cast->server, 0);
    hub_app_drained(cast->server->hub_app);
    assert_int_equal(world_app_resume(cast->client), HUB_DONE);
    assert_int_equal(world_take(cast->server, WIRE_DETOUR)->detour.type, WIRE_CALL);
    world_set_queued(cast->server, 2 << 20);
    assert_int_equal(world_detour(cast->client, route.channel, ++position), HUB_WAIT);
    hub_app_congested(cast->server->hub_app);
    assert_int_equal(world_app_resume(cast->client), HUB_DONE);
    check_skipped(cast, position);
    world_detour_call(cast->client, route.channel, ++position, 0, cast->handle, no_data, NULL, 0);
    assert_int_equal(world_take(cast->client, WIRE_REFUSED)->refused.status, WIRE_AGAIN);
    check_skipped(cast, position);
    world_detour_call(cast->client, route.channel, ++position, 8, cast->handle, no_data, NULL, 0);
    assert_int_equal(world_take(cast->client, WIRE_DETOUR)->reply.status, WIRE_AGAIN);
    check_skipped(cast, position);

    for (unsigned i = 3; i < HUB_SKIPS_MAX; i++) /* the client does not take the hint */
        world_detour(cast->client, route.channel, ++position);
    assert_false(world_has(cast->client, WIRE_CHANNEL_END));
    world_detour(cast->client, route.channel, ++position);
    check_end(cast->client, route.channel, 1);
    check_end(cast->server, route.channel, 1);
    assert_int_equal(cast->hub->n_channels, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_made_after_three_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_for_a_pair, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pending_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_by_the_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forged_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_release, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answers_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answered_too_late, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_withdrawn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dead_apps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_by_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_access_revoked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_access_revoked_afterwards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_detours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rules_hold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_violations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_server, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
