/* The same rules against an app that speaks the wire itself: what the library would refuse, the hub refuses too. */
#include "tests/integration/kit.h"
#include "tests/integration/raw.h"

#include <stdlib.h>
#include <string.h>

struct scene {
    struct lab_device *a, *r;
    struct softbus *bus, *bus_r;
    struct kit *kit, *kit_r;
    struct raw *raw;
    struct wire_object local, remote; /* what the raw app holds */
};

static void start_devices(struct lab *lab)
{
    struct lab_device *a = lab_device_add(lab, "a", NULL), *r = lab_device_add(lab, "r", NULL);
    lab_meet(a, r);
}

static void open_scene(struct lab *lab, struct scene *s)
{
    *s = (struct scene){ .a = lab_get_device(lab, 0), .r = lab_get_device(lab, 1) };
    s->bus = lab_bus_open(lab, s->a, "honest");
    s->bus_r = lab_bus_open(lab, s->r, "honest-r");
    s->kit = kit_new(lab, s->bus, "raw.local", SOFTBUS_SERVICE_DISTRIBUTED);
    s->kit_r = kit_new(lab, s->bus_r, "raw.remote", SOFTBUS_SERVICE_DISTRIBUTED);
    s->raw = raw_open(lab, s->a, "raw");
    LAB_RESULT(lab, raw_get_service(s->raw, "", "raw.local", &s->local), 0);
    LAB_RESULT(lab, raw_get_service(s->raw, lab_device_get_id(s->r), "raw.remote", &s->remote), 0);
}

static void close_scene(struct lab *lab, struct scene *s)
{
    kit_free(s->kit);
    kit_free(s->kit_r);
    raw_close(s->raw);
    lab_bus_close(lab, s->bus);
    lab_bus_close(lab, s->bus_r);
    lab_device_check_empty(s->a);
    lab_device_check_empty(s->r);
}

/* A parcel of that size: one byte buffer. */
static uint8_t *make_parcel(size_t size)
{
    uint8_t *data = calloc(1, size);
    data[0] = WIRE_TAG_BYTES;
    wire_store_u32(data + 1, (uint32_t)(size - 5));
    return data;
}

static void send_parcel(struct scene *s, uint64_t id, uint64_t target, size_t size)
{
    uint8_t *data = make_parcel(size);
    raw_send_call(s->raw, id, target, KIT_STATS, NULL, data, size);
    free(data);
}

static void test_size_of_requests(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    send_parcel(&s, 100, s.local.id, WIRE_LOCAL_MAX);
    LAB_RESULT(lab, raw_wait_reply(s.raw, 100, NULL), 0);
    unsigned n_calls = s.kit->n_calls;
    send_parcel(&s, 101, s.local.id, WIRE_LOCAL_MAX + 1);
    LAB_RESULT(lab, raw_wait_reply(s.raw, 101, NULL), SOFTBUS_ERR_TOO_LARGE);
    send_parcel(&s, 0, s.local.id, WIRE_LOCAL_MAX + 1);
    struct wire_refused refused;
    LAB_EQUAL(lab, wire_refused_decode(raw_wait(s.raw, WIRE_REFUSED), &refused), 0);
    LAB_RESULT(lab, refused.status, SOFTBUS_ERR_TOO_LARGE);
    LAB_EQUAL(lab, refused.id, 0);
    LAB_EQUAL(lab, refused.object, s.local.id);
    LAB_EQUAL(lab, s.kit->n_calls, n_calls);
    send_parcel(&s, 102, s.remote.id, WIRE_REMOTE_MAX);
    LAB_RESULT(lab, raw_wait_reply(s.raw, 102, NULL), 0);
    close_scene(lab, &s);
}

struct pending {
    unsigned n;
    int error;
    size_t size;
};

static void on_reply(void *userdata, int error, struct softbus_parcel *reply)
{
    struct pending *pending = userdata;
    pending->n++;
    pending->error = error;
    pending->size = reply != NULL ? softbus_parcel_get_size(reply) : 0;
}

/* The call that the raw app's stub gets. */
static uint64_t wait_call(struct lab *lab, struct raw *raw)
{
    struct wire_call call;
    struct wire_objects objects;
    LAB_EQUAL(lab, wire_call_decode(raw_wait(raw, WIRE_CALL), &call, &objects), 0);
    return call.id;
}

/* The raw app answers a call with what breaks a rule: the caller and the raw app are both told. */
static void check_refused_reply(struct lab *lab, struct scene *s, struct softbus_object *object, struct wire_objects *objects,
                                const void *data, size_t size, int expected)
{
    struct pending pending = { 0 };
    struct wire_refused refused;
    LAB_OK(lab, softbus_call_async(object, 1, NULL, 0, on_reply, &pending, NULL));
    lab_pump(lab, 0);
    uint64_t id = wait_call(lab, s->raw);
    raw_send_reply(s->raw, id, 0, objects, data, size);
    LAB_UNTIL(lab, pending.n == 1);
    LAB_RESULT(lab, pending.error, expected);
    if (expected == 0)
        return;
    LAB_EQUAL(lab, wire_refused_decode(raw_wait(s->raw, WIRE_REFUSED), &refused), 0);
    LAB_RESULT(lab, refused.status, expected);
    LAB_EQUAL(lab, refused.id, id);
    LAB_EQUAL(lab, refused.object, 77);
}

static void test_replies(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    LAB_RESULT(lab, raw_add_service(s.raw, "raw.stub", 77, true), 0);
    struct softbus_object *here = kit_get(lab, s.bus, NULL, "raw.stub"), *there = kit_get(lab, s.bus_r, s.a, "raw.stub");
    uint8_t *data = calloc(1, WIRE_REMOTE_MAX);
    check_refused_reply(lab, &s, here, NULL, data, WIRE_LOCAL_MAX, 0);
    check_refused_reply(lab, &s, here, NULL, data, WIRE_LOCAL_MAX + 1, SOFTBUS_ERR_TOO_LARGE);
    check_refused_reply(lab, &s, there, NULL, data, WIRE_REMOTE_MAX, 0);
    struct wire_objects objects = { .n = 1, .items = { { .kind = WIRE_OBJECT_PROXY, .id = s.remote.id } } };
    check_refused_reply(lab, &s, there, &objects, data, 0, SOFTBUS_ERR_PASSBACK);
    check_refused_reply(lab, &s, here, &objects, data, 0, 0); /* hop 0: may be passed on */
    free(data);
    softbus_object_unref(here);
    softbus_object_unref(there);
    close_scene(lab, &s);
}

static void test_requests(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    LAB_RESULT(lab, raw_pass(s.raw, s.remote.id, WIRE_OBJECT_PROXY, s.remote.id), SOFTBUS_ERR_PASSBACK);
    LAB_EQUAL(lab, s.kit_r->n_calls, 0);
    LAB_RESULT(lab, raw_pass(s.raw, s.local.id, WIRE_OBJECT_PROXY, s.remote.id), 0);
    LAB_EQUAL(lab, softbus_object_get_hops(s.kit->held[0]), 1);
    /* Given a hop 1 proxy, the raw app claims to have it with hop 0. */
    LAB_RESULT(lab, raw_add_service(s.raw, "raw.stub", 77, false), 0);
    struct softbus_object *stub = kit_get(lab, s.bus, NULL, "raw.stub"), *remote = kit_get(lab, s.bus, s.r, "raw.remote");
    raw_close(s.raw);
    s.raw = raw_open(lab, s.a, "second");
    LAB_RESULT(lab, raw_add_service(s.raw, "raw.second", 78, false), 0);
    struct softbus_object *second = kit_get(lab, s.bus, NULL, "raw.second");
    struct softbus_parcel *parcel = kit_parcel(lab, 0);
    LAB_OK(lab, softbus_parcel_write_object(parcel, remote));
    LAB_OK(lab, softbus_call_oneway(second, 1, parcel));
    lab_pump(lab, 0);
    struct wire_call call;
    struct wire_objects objects;
    LAB_EQUAL(lab, wire_call_decode(raw_wait(s.raw, WIRE_CALL), &call, &objects), 0);
    LAB_EQUAL(lab, objects.n, 1);
    LAB_EQUAL(lab, objects.items[0].hops, 1);
    LAB_RESULT(lab, raw_get_service(s.raw, "", "raw.local", &s.local), 0);
    LAB_RESULT(lab, raw_pass(s.raw, s.local.id, WIRE_OBJECT_PROXY, objects.items[0].id), SOFTBUS_ERR_DOUBLE_FORWARD);
    softbus_parcel_free(parcel);
    softbus_object_unref(remote);
    softbus_object_unref(second);
    softbus_object_unref(stub);
    close_scene(lab, &s);
}

/* Handles of others, stale ones, invented ones: DEAD_OBJECT, whatever they are used for. */
static void test_forged_handles(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    struct raw *other = raw_open(lab, s.a, "other");
    struct wire_object own;
    LAB_RESULT(lab, raw_get_service(other, "", "raw.local", &own), 0);
    const uint64_t forged[] = { own.id, 1, 2, s.local.id ^ 1, s.local.id + (1ULL << 32), UINT64_MAX };
    unsigned n_calls = s.kit->n_calls;
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        if (forged[i] == s.local.id || forged[i] == s.remote.id)
            continue; /* both apps may have the same number for their own */
        raw_send_call(s.raw, 200 + i, forged[i], KIT_STATS, NULL, "", 0);
        LAB_RESULT(lab, raw_wait_reply(s.raw, 200 + i, NULL), SOFTBUS_ERR_DEAD_OBJECT);
        LAB_RESULT(lab, raw_pass(s.raw, s.local.id, WIRE_OBJECT_PROXY, forged[i]), SOFTBUS_ERR_DEAD_OBJECT);
        LAB_RESULT(lab, raw_link_death(s.raw, forged[i]), SOFTBUS_ERR_DEAD_OBJECT);
    }
    LAB_EQUAL(lab, s.kit->n_calls, n_calls);
    LAB_EQUAL(lab, s.kit->n_held, 0);
    /* A handle given back is stale. */
    raw_send_release(s.raw, s.local.id, 1);
    raw_send_call(s.raw, 300, s.local.id, KIT_STATS, NULL, "", 0);
    LAB_RESULT(lab, raw_wait_reply(s.raw, 300, NULL), SOFTBUS_ERR_DEAD_OBJECT);
    /* More given back than ever came ends the connection, and only this one. */
    raw_send_release(s.raw, s.remote.id, 2);
    LAB_UNTIL(lab, raw_has_closed(s.raw));
    raw_send_call(other, 1, own.id, KIT_STATS, NULL, "", 0);
    LAB_RESULT(lab, raw_wait_reply(other, 1, NULL), 0);
    raw_close(other);
    close_scene(lab, &s);
}

static void test_death_link(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    struct kit *anonymous = kit_new(lab, s.bus_r, NULL, 0);
    s.kit_r->held[s.kit_r->n_held++] = softbus_object_ref(anonymous->stub);
    static const uint8_t index_0[] = { WIRE_TAG_U32, 0, 0, 0, 0 };
    struct wire_objects objects;
    raw_send_call(s.raw, 400, s.remote.id, KIT_GIVE, NULL, index_0, sizeof(index_0));
    LAB_RESULT(lab, raw_wait_reply(s.raw, 400, &objects), 0);
    LAB_EQUAL(lab, objects.n, 1);
    LAB_RESULT(lab, raw_link_death(s.raw, objects.items[0].id), SOFTBUS_ERR_DEATH_UNSUPPORTED);
    LAB_RESULT(lab, raw_link_death(s.raw, s.remote.id), 0);
    kit_free(anonymous);
    close_scene(lab, &s);
}

/* Identity, flags and hops that an app asserts are nothing to the hub. */
static void test_forged_identity(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    struct sb_buf out;
    sb_buf_init(&out, 4096);
    static const struct wire_objects none;
    struct wire_call call = { .id = 500,
                              .target = s.local.id,
                              .code = KIT_WHO,
                              .deadline_ms = 1000,
                              .identity = { .kind = WIRE_IDENTITY_LOCAL, .pid = 1, .label = { "", 0 } } };
    unsigned n_calls = s.kit->n_calls;
    LAB_EQUAL(lab, wire_call_encode_head(&out, &call, &none), 0);
    raw_send(s.raw, sb_buf_bytes(&out), out.length);
    sb_buf_deinit(&out);
    LAB_UNTIL(lab, raw_has_closed(s.raw));
    LAB_EQUAL(lab, s.kit->n_calls, n_calls);
    close_scene(lab, &s);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "two devices meet", start_devices);
    lab_test(lab, "rule 1 in raw requests", test_size_of_requests);
    lab_test(lab, "rules 1 and 3 in raw replies: caller and stub are told", test_replies);
    lab_test(lab, "rules 3 and 4 in raw requests", test_requests);
    lab_test(lab, "forged and stale handles gain nothing", test_forged_handles);
    lab_test(lab, "rule 2 on the wire", test_death_link);
    lab_test(lab, "an asserted identity ends the connection", test_forged_identity);
    return lab_leave(lab);
}
