/* Who breaks the protocol, apps and peers; devices that come and go; the trust store. */
#include "tests/unit/hub_world.h"
#include "wire/value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Device 1 is hostile: the test speaks for it. Device 0 has an owner of service "a" (stub 1), whose export id it knows. */
struct cast {
    struct world world;
    struct world_app *owner;
    uint64_t export_id;
    struct sb_buf buf;
};

static const struct wire_identity asserted = { .kind = WIRE_IDENTITY_ASSERTED, .uid = 5 };

static enum sess_verdict inject(struct cast *cast, uint32_t stream)
{
    enum sess_verdict verdict = world_inject(&cast->world, 1, 0, stream, &cast->buf);

    cast->buf.start = cast->buf.length = 0;
    return verdict;
}

static enum sess_verdict inject_call(struct cast *cast, uint32_t stream, struct wire_call call, const struct wire_object *object)
{
    struct wire_objects objects = { .n = object != NULL };

    if (object)
        objects.items[0] = *object;
    call.identity = asserted;
    call.code = call.code ? call.code : 1;
    call.flags = call.id ? 0 : WIRE_CALL_ONEWAY;
    assert_int_equal(wire_call_encode_head(&cast->buf, &call, &objects), 0);
    assert_int_equal(sb_buf_append(&cast->buf, call.data.data, call.data.size), 0);
    return inject(cast, stream);
}

/* What hub 0 has said to device 1: its first message on the stream, taken off. */
static struct wire_msg take_frame(struct cast *cast, uint32_t stream, uint8_t bytes[1024])
{
    struct wire_msg msg = { .type = 0 };
    size_t size;

    SB_LIST_FOREACH(link, &cast->world.devices[0].out[1].frames) {
        struct world_frame *frame = SB_CONTAINER_OF(link, struct world_frame, link);

        if (frame->stream != stream || msg.type)
            continue;
        assert_true(frame->size <= 1024);
        memcpy(bytes, frame->bytes, frame->size);
        assert_int_equal(wire_msg_scan(bytes, frame->size, WIRE_MSG_MAX, &msg, &size), 1);
        sb_list_remove(link);
        free(frame);
    }
    return msg;
}

static enum wire_status take_status(struct cast *cast, uint32_t stream, uint64_t id)
{
    struct wire_objects objects;
    struct wire_reply reply;
    uint8_t bytes[1024];
    struct wire_msg msg = take_frame(cast, stream, bytes);

    assert_int_equal(msg.type, WIRE_REPLY);
    assert_int_equal(wire_reply_decode(msg.body, &reply, &objects), 0);
    assert_int_equal(reply.id, id);
    if (objects.n > 0)
        cast->export_id = objects.items[0].id;
    return (enum wire_status)reply.status;
}

static enum wire_status ask_for(struct cast *cast, const char *name)
{
    struct wire_writer writer;
    struct sb_buf body;

    sb_buf_init(&body, 1024);
    wire_writer_init(&writer, &body);
    wire_value_put_str(&writer, name, strlen(name));
    assert_int_equal(inject_call(cast, 0, (struct wire_call){ .id = 1, .code = WIRE_PEER_SERVICE_GET,
                                                              .data = { sb_buf_bytes(&body), body.length } }, NULL), SESS_ACCEPTED);
    sb_buf_deinit(&body);
    return take_status(cast, 0, 1);
}

static int set_up(void **state)
{
    struct cast *cast = malloc(sizeof(*cast));

    world_init(&cast->world);
    sb_buf_init(&cast->buf, WIRE_MSG_MAX);
    cast->owner = world_app_new(&cast->world, 0, "owner", 1000);
    world_serve(cast->owner, 1, "a", true);
    assert_int_equal(ask_for(cast, "a"), WIRE_OK);
    *state = cast;
    return 0;
}

static int tear_down(void **state)
{
    struct cast *cast = *state;

    world_disconnect(&cast->world, 0, 1, SESS_END_PROTOCOL);
    world_deinit(&cast->world);
    sb_buf_deinit(&cast->buf);
    free(cast);
    return 0;
}

static void test_objects_that_are_not_its_own(void **state)
{
    struct cast *cast = *state;
    struct wire_object proxy = world_proxy(7), relayed = world_stub(7);

    relayed.flags = WIRE_OBJECT_REMOTE;
    assert_int_equal(inject_call(cast, 1, (struct wire_call){ .id = 2, .target = cast->export_id }, &proxy), SESS_VIOLATION);
    assert_int_equal(take_status(cast, 0, 2), WIRE_PASSBACK);
    assert_int_equal(inject_call(cast, 1, (struct wire_call){ .id = 3, .target = cast->export_id }, &relayed), SESS_VIOLATION);
    assert_int_equal(take_status(cast, 0, 3), WIRE_PASSBACK);
    assert_true(world_is_quiet(cast->owner));
    assert_int_equal(cast->world.devices[0].hub->n_nodes, 1);
}

static void test_ids_that_it_was_not_given(void **state)
{
    struct cast *cast = *state;

    assert_int_equal(inject_call(cast, 1, (struct wire_call){ .id = 2, .target = cast->export_id + 1 }, NULL), SESS_ACCEPTED);
    assert_int_equal(take_status(cast, 0, 2), WIRE_DEAD_OBJECT);
    assert_int_equal(wire_release_encode(&cast->buf, &(struct wire_release){ .id = cast->export_id, .count = 2 }), 0);
    assert_int_equal(inject(cast, 0), SESS_VIOLATION);
    assert_int_equal(wire_release_encode(&cast->buf, &(struct wire_release){ .id = 99, .count = 1 }), 0);
    assert_int_equal(inject(cast, 0), SESS_VIOLATION);
    assert_int_equal(wire_death_encode(&cast->buf, &(struct wire_death_msg){ .id = 99, .reason = 1 }), 0);
    assert_int_equal(inject(cast, 0), SESS_ACCEPTED);
    assert_int_equal(wire_cancel_encode(&cast->buf, 99), 0);
    assert_int_equal(inject(cast, 0), SESS_ACCEPTED);
    assert_int_equal(ask_for(cast, "b"), WIRE_NO_SERVICE);
}

static void test_export_ids_are_one_peers(void **state)
{
    struct cast *cast = *state;
    struct wire_objects none = { .n = 0 };
    struct wire_call call = { .id = 2, .code = 1, .target = cast->export_id, .identity = asserted };

    assert_int_equal(wire_call_encode_head(&cast->buf, &call, &none), 0);
    assert_int_equal(world_inject(&cast->world, 2, 0, 1, &cast->buf), SESS_ACCEPTED);
    cast->buf.length = 0;
    assert_true(world_is_quiet(cast->owner));
}

static void test_call_violations(void **state)
{
    struct cast *cast = *state;
    struct wire_objects none = { .n = 0 };
    struct wire_call call = { .id = 9, .code = 1, .target = cast->export_id, .identity = { .kind = WIRE_IDENTITY_NONE } };
    struct wire_object object = world_stub(7);

    assert_int_equal(wire_call_encode_head(&cast->buf, &call, &none), 0);
    assert_int_equal(inject(cast, 1), SESS_VIOLATION);
    assert_int_equal(inject_call(cast, 1, (struct wire_call){ .id = 2, .target = cast->export_id }, NULL), SESS_ACCEPTED);
    assert_int_equal(inject_call(cast, 1, (struct wire_call){ .id = 2, .target = cast->export_id }, NULL), SESS_VIOLATION);
    assert_int_equal(inject_call(cast, 0, (struct wire_call){ .id = 3, .target = cast->export_id }, NULL), SESS_VIOLATION);
    assert_int_equal(inject_call(cast, 0, (struct wire_call){ .id = 4, .code = WIRE_CODE_PING }, &object), SESS_VIOLATION);
    assert_int_equal(inject_call(cast, 0, (struct wire_call){ .id = 0, .code = WIRE_PEER_SERVICE_GET }, NULL), SESS_VIOLATION);
    assert_int_equal(inject_call(cast, 0, (struct wire_call){ .id = 5, .code = 77 }, NULL), SESS_ACCEPTED);
    assert_int_equal(take_status(cast, 0, 5), WIRE_UNKNOWN_CODE);
    assert_int_equal(inject_call(cast, 0, (struct wire_call){ .id = 6, .code = WIRE_PEER_LINK }, NULL), SESS_ACCEPTED);
    assert_int_equal(take_status(cast, 0, 6), WIRE_BAD_REQUEST);
    world_take(cast->owner, WIRE_CALL);
    assert_true(world_is_quiet(cast->owner));
}

static void test_bad_bytes(void **state)
{
    struct cast *cast = *state;
    static const uint16_t types[] = { WIRE_CALL, WIRE_REPLY, WIRE_CANCEL, WIRE_RELEASE, WIRE_DEATH, WIRE_SERVICE };
    static const uint16_t ignored[] = { WIRE_HELLO, WIRE_WELCOME, WIRE_WITHDRAW, WIRE_REFUSED, WIRE_DETOUR, 0xffff };
    uint8_t bytes[9] = { 9 };

    for (size_t i = 0; i < 6; i++) {
        wire_store_u16(bytes + 4, types[i]);
        assert_int_equal(sb_buf_append(&cast->buf, bytes, sizeof(bytes)), 0);
        assert_int_equal(inject(cast, 0), SESS_VIOLATION);
        wire_store_u16(bytes + 4, ignored[i]);
        assert_int_equal(sb_buf_append(&cast->buf, bytes, sizeof(bytes)), 0);
        assert_int_equal(inject(cast, 0), SESS_ACCEPTED);
    }
    wire_store_u16(bytes + 4, WIRE_CALL);
    bytes[6] = 1; /* a descriptor */
    assert_int_equal(sb_buf_append(&cast->buf, bytes, sizeof(bytes)), 0);
    assert_int_equal(inject(cast, 0), SESS_VIOLATION);
    assert_int_equal(sb_buf_append(&cast->buf, bytes, 5), 0);
    assert_int_equal(inject(cast, 0), SESS_VIOLATION);
}

static int has_no_room(void *userdata, const struct wire_devid *id, enum sess_class class, uint32_t stream, uint64_t cookie,
                       const uint8_t *data, size_t size)
{
    (void)userdata, (void)id, (void)class, (void)stream, (void)cookie, (void)data, (void)size;
    return -EAGAIN;
}

static void count_line(void *userdata, enum sb_log_level level, const char *line)
{
    (void)level, (void)line;
    ++*(unsigned *)userdata;
}

/* It sends what must be given back and never reads: the session's end is logged, not each message on the way there. */
static void test_full_session_is_quiet(void **state)
{
    struct cast *cast = *state;
    struct hub *hub = cast->world.devices[0].hub;
    const struct hub_ops ops = hub->ops;
    const struct sb_log log = cast->world.log;
    struct wire_objects objects = { .n = WIRE_OBJECTS_MAX };
    unsigned n_lines = 0;

    for (uint16_t i = 0; i < objects.n; i++)
        objects.items[i] = (struct wire_object){ .kind = WIRE_OBJECT_STUB, .id = i + 1u };
    hub->ops.peer_send = has_no_room;
    cast->world.log.sink = count_line;
    cast->world.log.userdata = &n_lines;
    assert_int_equal(wire_reply_encode_head(&cast->buf, &(struct wire_reply){ .id = 99 }, &objects), 0);
    assert_int_equal(inject(cast, 0), SESS_ACCEPTED);
    assert_int_equal(n_lines, 0);
    cast->world.log = log;
    hub->ops = ops;
}

static enum sess_verdict announce(struct cast *cast, const char *name, bool is_present)
{
    struct wire_service service = { .is_present = is_present, .name = { .text = name, .size = strlen(name) } };

    assert_int_equal(wire_service_encode(&cast->buf, &service), 0);
    return inject(cast, 0);
}

static void test_names(void **state)
{
    struct cast *cast = *state;
    char name[16];

    assert_int_equal(announce(cast, "a b", true), SESS_VIOLATION);
    for (int i = 0; i < 1024; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        assert_int_equal(announce(cast, name, true), SESS_ACCEPTED);
    }
    assert_int_equal(announce(cast, "n7", true), SESS_ACCEPTED); /* known */
    assert_int_equal(announce(cast, "n1024", true), SESS_VIOLATION);
    assert_int_equal(announce(cast, "n7", false), SESS_ACCEPTED);
    assert_int_equal(announce(cast, "n7", false), SESS_ACCEPTED);
    assert_int_equal(announce(cast, "n1024", true), SESS_ACCEPTED);
}

/* It calls with an object, and its reply to a call of ours carries one that is not its own. */
static void test_reply_violation(void **state)
{
    struct cast *cast = *state;
    struct wire_object object = world_stub(7);
    struct wire_objects objects = { .n = 1, .items = { world_proxy(8) } };
    struct wire_reply reply = { .status = WIRE_OK };
    struct wire_objects table;
    uint8_t bytes[1024];
    struct wire_call call;
    struct wire_msg msg;
    uint64_t handle, id;

    assert_int_equal(inject_call(cast, 1, (struct wire_call){ .target = cast->export_id }, &object), SESS_ACCEPTED);
    handle = world_take(cast->owner, WIRE_CALL)->objects.items[0].id;
    id = world_call(cast->owner, handle, 0, NULL, 0);
    msg = take_frame(cast, cast->owner->hub_app->stream, bytes);
    assert_int_equal(wire_call_decode(msg.body, &call, &table), 0);
    assert_int_equal(call.target, 7);
    assert_int_equal(call.identity.kind, WIRE_IDENTITY_ASSERTED);
    reply.id = call.id;
    assert_int_equal(wire_reply_encode_head(&cast->buf, &reply, &objects), 0);
    assert_int_equal(inject(cast, 1), SESS_VIOLATION);
    assert_int_equal(world_take_status(cast->owner, id), WIRE_PASSBACK);
    assert_int_equal(wire_reply_encode_head(&cast->buf, &reply, &objects), 0); /* a second time: of no call */
    assert_int_equal(inject(cast, 1), SESS_VIOLATION);
    assert_true(world_is_quiet(cast->owner));
}

static void test_app_violations(void **state)
{
    struct cast *cast = *state;
    static const uint16_t types[] = { WIRE_HELLO, WIRE_WELCOME, WIRE_CALL, WIRE_REPLY, WIRE_CANCEL, WIRE_RELEASE,
                                      WIRE_WITHDRAW, WIRE_DEATH, WIRE_REFUSED, WIRE_SERVICE, WIRE_GRANT, WIRE_ROUTE, WIRE_REVOKE, WIRE_CHANNEL_END,
                                      WIRE_DETOUR, WIRE_SEEK, WIRE_OFFER, 0, 0xffff };
    uint8_t bytes[9] = { 9 };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct world_app *app = world_app_new(&cast->world, 0, "bad", 1), *silent = world_app_connect(&cast->world, 0, 1);

        wire_store_u16(bytes + 4, types[i]);
        assert_int_equal(world_app_send_bytes(app, bytes, sizeof(bytes)), HUB_DONE);
        assert_true(app->is_killed);
        assert_int_equal(world_app_send_bytes(app, bytes, sizeof(bytes)), HUB_DONE); /* ignored */
        assert_int_equal(world_app_send_bytes(silent, bytes, sizeof(bytes)), HUB_DONE); /* malformed, or before HELLO */
        assert_true(silent->is_killed);
        world_app_close(app);
        world_app_close(silent);
    }
}

static void test_hello(void **state)
{
    struct cast *cast = *state;
    struct world_app *app = world_app_connect(&cast->world, 0, 1);
    struct wire_hello hello = { .version_min = 2, .version_max = 9, .name = { .text = "new", .size = 3 } };

    assert_int_equal(wire_hello_encode(&cast->buf, &hello), 0);
    world_app_send(app, &cast->buf);
    assert_int_equal(world_take(app, WIRE_WELCOME)->welcome.version, 0);
    assert_true(app->is_killed);
    app = world_app_connect(&cast->world, 0, 1);
    cast->buf.length = 0;
    hello.version_min = 0;
    assert_int_equal(wire_hello_encode(&cast->buf, &hello), 0);
    world_app_send(app, &cast->buf);
    cast->buf.length = 0;
    assert_int_equal(world_take(app, WIRE_WELCOME)->welcome.version, 1);
    assert_string_equal(hub_app_get_text(app->hub_app), "name=new pid=102 uid=1");
}

static void test_failing_oneway_of_the_hub(void **state)
{
    struct cast *cast = *state;
    struct world_msg *msg;

    world_call_full(cast->owner, 0, WIRE_HUB, WIRE_HUB_SERVICE_REMOVE, true, (struct wire_bytes){ 0 }, NULL, 0, NULL);
    msg = world_take(cast->owner, WIRE_REFUSED);
    assert_int_equal(msg->refused.object, WIRE_HUB);
    assert_int_equal(msg->refused.status, WIRE_BAD_REQUEST);
}

static void test_trust_is_administrators(void **state)
{
    struct cast *cast = *state;
    struct world_app *stranger = world_app_new(&cast->world, 0, "stranger", 1001), *root = world_app_new(&cast->world, 0, "root", 0);
    const char *id = cast->world.devices[2].id_text;

    assert_int_equal(world_do(stranger, WIRE_HUB_TRUST_REMOVE, NULL, "s", id), WIRE_DENIED);
    assert_int_equal(world_do(stranger, WIRE_HUB_TRUST_ADD, NULL, "ss", id, "x"), WIRE_DENIED);
    assert_int_equal(world_do(stranger, WIRE_HUB_TRUST_LIST, NULL, ""), WIRE_DENIED);
    assert_int_equal(world_do(root, WIRE_HUB_TRUST_LIST, NULL, ""), WIRE_OK);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_LIST, NULL, ""), WIRE_OK); /* the daemon's own uid */
    assert_int_equal(cast->world.devices[0].n_saves, 0);
}

static void test_trust_removed(void **state)
{
    struct cast *cast = *state;
    struct world_app *far = world_app_new(&cast->world, 2, "far", 1);
    const char *id = cast->world.devices[2].id_text;
    uint64_t handle, call;

    world_serve(far, 1, "far", true);
    handle = world_get(cast->owner, 2, "far");
    assert_int_equal(world_do(cast->owner, WIRE_HUB_LINK_DEATH, NULL, "u", handle), WIRE_OK);
    cast->world.devices[0].save_error = -ENOSPC;
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_REMOVE, NULL, "s", id), WIRE_STORE);
    assert_true(cast->world.devices[0].is_up[2]);
    assert_non_null(sess_trust_find(&cast->world.devices[0].trust, &cast->world.devices[2].id));
    cast->world.devices[0].save_error = 0;
    call = world_call(cast->owner, handle, 0, NULL, 0);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_REMOVE, NULL, "s", id), WIRE_OK);
    assert_false(cast->world.devices[0].is_up[2]);
    world_disconnect(&cast->world, 0, 2, SESS_END_CLOSED); /* the other side learns of it */
    assert_int_equal(world_take_status(cast->owner, call), WIRE_DEVICE_OFFLINE); /* it had not left */
    assert_int_equal(world_take(cast->owner, WIRE_DEATH)->death.reason, WIRE_DEATH_TRUST_REVOKED);
    assert_int_equal(cast->world.devices[0].hub->peers.n_entries, 1);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_REMOVE, NULL, "s", id), WIRE_NO_DEVICE);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_SERVICE_GET, NULL, "ssb", id, "far", true), WIRE_NO_DEVICE);
}

/* The only device, and its line could not be removed: it is still there. */
static void test_last_trust_is_taken_back(void **state)
{
    struct cast *cast = *state;

    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_REMOVE, NULL, "s", cast->world.devices[2].id_text), WIRE_OK);
    cast->world.devices[0].save_error = -EIO;
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_REMOVE, NULL, "s", cast->world.devices[1].id_text), WIRE_STORE);
    assert_int_equal(cast->world.devices[0].trust.n_entries, 1);
}

static void test_trust_added(void **state)
{
    struct cast *cast = *state;
    struct wire_devid stranger = { { 42 } };
    struct hub *hub = cast->world.devices[0].hub;
    struct wire_object callback = world_stub(9);
    char text[WIRE_DEVID_TEXT_SIZE];

    wire_devid_format(&stranger, text);
    hub_peer_set_addresses(hub, &stranger, "192.0.2.7:1");
    assert_int_equal(hub->peers.n_entries, 3);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_DEVICE_WATCH, &callback, "o", 0), WIRE_OK);
    cast->world.devices[0].save_error = -ENOSPC;
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_ADD, NULL, "ss", text, "kitchen"), WIRE_STORE);
    assert_null(sess_trust_find(&cast->world.devices[0].trust, &stranger));
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_ADD, NULL, "ss", cast->world.devices[1].id_text, "new"), WIRE_STORE);
    assert_string_equal(sess_trust_find(&cast->world.devices[0].trust, &cast->world.devices[1].id)->name, "");
    cast->world.devices[0].save_error = 0;
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_ADD, NULL, "ss", text, "bad\nname"), WIRE_INVALID);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_ADD, NULL, "ss", "", "self"), WIRE_INVALID);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_ADD, NULL, "ss", "rubbish", "x"), WIRE_BAD_DEVICE_ID);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_ADD, NULL, "ss", text, "kitchen"), WIRE_OK);
    hub_peer_set_addresses(hub, &stranger, "");
    assert_int_equal(hub->peers.n_entries, 3); /* trusted: remembered */
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_REMOVE, NULL, "s", text), WIRE_OK);
    assert_int_equal(hub->peers.n_entries, 2);
    world_forget(cast->owner);
    sess_trust_remove(&cast->world.devices[0].trust, &cast->world.devices[2].id);
    world_disconnect(&cast->world, 0, 2, SESS_END_UNTRUSTED);
    hub_trust_reloaded(hub);
    assert_int_equal(hub->peers.n_entries, 1);
}

/* The number of DEVICE events since the last time. */
static unsigned count_device_events(struct world_app *app)
{
    unsigned n = 0;

    for (; world_has(app, WIRE_CALL); n++)
        assert_int_equal(world_take(app, WIRE_CALL)->call.code, WIRE_EVENT_DEVICE);
    return n;
}

/* The end of a session and the end of the trust that was its reason are one event; what stayed as it was is none. */
static void test_trust_is_told_once(void **state)
{
    struct cast *cast = *state;
    struct world_device *here = &cast->world.devices[0];
    struct wire_object callback = world_stub(9);

    hub_peer_set_addresses(here->hub, &cast->world.devices[2].id, "192.0.2.7:1"); /* stays known without trust */
    assert_int_equal(world_do(cast->owner, WIRE_HUB_DEVICE_WATCH, &callback, "o", 0), WIRE_OK);
    hub_trust_reloaded(here->hub);
    assert_int_equal(count_device_events(cast->owner), 0);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_REMOVE, NULL, "s", cast->world.devices[2].id_text), WIRE_OK);
    assert_int_equal(count_device_events(cast->owner), 1);
    hub_trust_reloaded(here->hub);
    assert_int_equal(count_device_events(cast->owner), 0);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_ADD, NULL, "ss", cast->world.devices[2].id_text, "kitchen"), WIRE_OK);
    assert_int_equal(count_device_events(cast->owner), 1);
    assert_int_equal(world_do(cast->owner, WIRE_HUB_TRUST_ADD, NULL, "ss", cast->world.devices[2].id_text, "hall"), WIRE_OK);
    assert_int_equal(count_device_events(cast->owner), 1);
    sess_trust_remove(&here->trust, &cast->world.devices[2].id);
    hub_trust_reloaded(here->hub);
    assert_int_equal(count_device_events(cast->owner), 1);
}

static void test_status(void **state)
{
    struct cast *cast = *state;
    uint64_t id = world_ask(cast->owner, WIRE_HUB_STATUS, NULL, "");
    struct world_msg *msg = world_take_reply(cast->owner, id);
    struct wire_reader reader;
    uint32_t n;

    wire_reader_init(&reader, msg->reply.data.data, msg->reply.data.size);
    n = wire_value_get_u32(&reader);
    assert_true(n > 5);
    while (n-- > 0) {
        wire_value_get_str(&reader, 255);
        wire_value_get_u64(&reader);
        wire_value_get_str(&reader, 255);
    }
    assert_int_equal(wire_reader_end(&reader), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_objects_that_are_not_its_own),
        TEST(test_ids_that_it_was_not_given),
        TEST(test_export_ids_are_one_peers),
        TEST(test_call_violations),
        TEST(test_bad_bytes),
        TEST(test_full_session_is_quiet),
        TEST(test_names),
        TEST(test_reply_violation),
        TEST(test_app_violations),
        TEST(test_hello),
        TEST(test_failing_oneway_of_the_hub),
        TEST(test_trust_is_administrators),
        TEST(test_trust_removed),
        TEST(test_last_trust_is_taken_back),
        TEST(test_trust_added),
        TEST(test_trust_is_told_once),
        TEST(test_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
