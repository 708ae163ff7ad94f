/* Calls in both directions, over a socket pair with a hub played by the test. */
#include "base/clock.h"
#include "libsoftbus/bus.h"
#include "softbus/error.h"
#include "softbus/object.h"
#include "softbus/parcel.h"
#include "softbus/registry.h"
#include "tests/unit/hub_end.h"
#include "wire/hub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define HANDLE 0x1234567800000001u
#define OBJECT_DATA "\x0f\x00\x00"

/* What a test has at hand: a connection, a proxy, a stub that the hub knows. */
struct world {
    struct hub_end end;
    struct softbus *bus;
    struct softbus_object *proxy, *stub;
    uint64_t stub_id;
    unsigned n_handled, n_done;
    uint32_t order[64];
    int last_error;
    uint64_t trace;
    bool was_canceled, is_enough;
};

static void process_all(struct world *w)
{
    while (softbus_process(w->bus) > 0)
        continue;
}

/* Codes: 1 echo of an i32, 2 error in the request, 3 calls the proxy, 4 fails, 5 looks at its caller, 6 takes in a CANCEL. */
static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    struct world *w = userdata;
    struct softbus_caller caller;
    int32_t value;
    int r;

    w->order[w->n_handled++ % 64] = code;
    w->trace = softbus_transaction_get_trace(transaction);
    assert_int_equal(reply == NULL, softbus_transaction_is_oneway(transaction));
    switch (code) {
    case 1:
        r = softbus_parcel_read_i32(request, &value);
        return r < 0 ? r : softbus_parcel_write_i32(reply, value + 1);
    case 2:
        return softbus_parcel_read_i32(request, &value);
    case 3:
        return softbus_call(w->proxy, 7, NULL, reply, 0);
    case 4:
        return SOFTBUS_ERR_NO_DEVICE;
    case 5:
        assert_int_equal(softbus_transaction_get_caller(transaction, &caller), 0);
        assert_false(caller.is_remote);
        assert_int_equal(caller.pid, 11);
        assert_int_equal(caller.uid, 12);
        assert_int_equal(caller.gid, 13);
        assert_string_equal(caller.security_label, "label");
        assert_string_equal(caller.device, softbus_get_device(w->bus));
        assert_in_range(softbus_transaction_get_left_ms(transaction), 1, 8000);
        return 0;
    case 6:
        assert_false(softbus_transaction_is_canceled(transaction));
        hub_end_say_cancel(&w->end, 66);
        softbus_process(w->bus);
        w->was_canceled = softbus_transaction_is_canceled(transaction);
        return 0;
    case 11:
        return SOFTBUS_ERR_INTERFACE; /* of a call that it made */
    case 10:
        return w->is_enough ? 0 : softbus_call_oneway(w->stub, 10, NULL);
    default:
        return reply ? SOFTBUS_ERR_UNKNOWN_CODE : 0;
    }
}

static void note_done(void *userdata, int error, struct softbus_parcel *reply)
{
    struct world *w = userdata;

    assert_int_equal(reply == NULL, error < 0);
    w->last_error = error;
    w->n_done++;
}

/* The proxy arrives as the answer to an asynchronous call of a stub's own ... there is none yet, so in a call of the stub. */
static int keep_object(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                       struct softbus_parcel *request, struct softbus_parcel *reply)
{
    (void)transaction;
    (void)code;
    (void)reply;
    return softbus_parcel_read_object(request, userdata);
}

static void answer_add(struct hub_end *end)
{
    struct wire_call call;

    hub_end_hear_call(end, &call);
    if (call.target != WIRE_HUB || call.code != WIRE_HUB_SERVICE_ADD || end->objects.n != 1)
        abort();
    end->n[0] = end->objects.items[0].id;
    hub_end_say_reply(end, call.id, 0, NULL, NULL, 0);
}

static uint64_t offer(struct world *w, struct softbus_object *stub)
{
    hub_end_start(&w->end, answer_add);
    assert_int_equal(softbus_service_add(w->bus, "org.example.test", stub, SOFTBUS_SERVICE_LOCAL), 0);
    hub_end_join(&w->end);
    return w->end.n[0];
}

static struct softbus_object *receive_proxy(struct world *w, uint8_t flags, uint8_t hops, uint64_t handle_id)
{
    struct softbus_object *keeper, *proxy = NULL;
    struct wire_object object = hub_end_make_proxy(handle_id, flags, hops);
    uint64_t id;

    assert_int_equal(softbus_stub_new(w->bus, "keeper", keep_object, &proxy, &keeper), 0);
    id = offer(w, keeper);
    hub_end_say_call(&w->end, 0, id, 1, &object, OBJECT_DATA, 3);
    process_all(w);
    assert_non_null(proxy);
    softbus_object_unref(keeper);
    hub_end_say_release(&w->end, id, 1);
    process_all(w);
    return proxy;
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    hub_end_open(&w->end, &w->bus);
    assert_int_equal(softbus_stub_new(w->bus, "org.example.Test", handle, w, &w->stub), 0);
    w->stub_id = offer(w, w->stub);
    w->proxy = receive_proxy(w, 0, 0, HANDLE);
    w->n_handled = 0;
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    softbus_object_unref(w->proxy);
    softbus_object_unref(w->stub);
    softbus_close(w->bus);
    hub_end_close(&w->end);
    free(w);
    return 0;
}

static void answer_echo(struct hub_end *end)
{
    struct wire_call call;

    hub_end_hear_call(end, &call);
    end->n[0] = call.target;
    end->n[1] = call.code;
    end->n[2] = call.deadline_ms;
    hub_end_say_reply(end, call.id, 0, NULL, call.data.data, call.data.size);
}

static void test_call(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *parcel; /* for both */
    int32_t value = 0;

    assert_int_equal(softbus_parcel_new(0, &parcel), 0);
    softbus_parcel_write_i32(parcel, -5);
    hub_end_start(&w->end, answer_echo);
    assert_int_equal(softbus_call(w->proxy, 17, parcel, parcel, 0), 0);
    hub_end_join(&w->end);
    assert_int_equal(softbus_parcel_read_i32(parcel, &value), 0);
    assert_int_equal(value, -5);
    assert_true(w->end.n[0] == HANDLE);
    assert_int_equal(w->end.n[1], 17);
    assert_int_equal(w->end.n[2], SOFTBUS_DEFAULT_TIMEOUT_MS);
    assert_int_equal(softbus_call(w->proxy, 0, parcel, parcel, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_call(w->proxy, SOFTBUS_CODE_MAX + 1, parcel, parcel, 0), SOFTBUS_ERR_INVALID);
    assert_true(hub_end_is_silent(&w->end));
    softbus_parcel_free(parcel);
}

static void answer_nothing(struct hub_end *end)
{
    struct wire_call call;
    uint64_t id;

    hub_end_hear_call(end, &call);
    if (wire_cancel_decode(hub_end_hear_type(end, WIRE_CANCEL), &id) < 0 || id != call.id)
        abort();
    /* The reply that crosses the CANCEL carries a proxy, which must be given back. */
    struct wire_object object = hub_end_make_proxy(77, 0, 0);
    hub_end_say_reply(end, call.id, 0, &object, OBJECT_DATA, 3);
}

static void test_timeout(void **state)
{
    struct world *w = *state;
    struct wire_release release;

    hub_end_start(&w->end, answer_nothing);
    assert_int_equal(softbus_call(w->proxy, 1, NULL, NULL, 20), SOFTBUS_ERR_TIMEOUT);
    hub_end_join(&w->end);
    process_all(w);
    assert_int_equal(wire_release_decode(hub_end_hear_type(&w->end, WIRE_RELEASE), &release), 0);
    assert_int_equal(release.id, 77);
    assert_int_equal(release.count, 1);
}

/* While the app waits: a one-way call, a call whose handler calls in turn (nested), then the answer. */
static void answer_nested(struct hub_end *end)
{
    struct wire_call outer, inner;
    struct wire_reply reply;

    hub_end_hear_call(end, &outer);
    hub_end_say_call(end, 0, end->n[3], 8, NULL, NULL, 0);
    hub_end_say_call(end, 500, end->n[3], 3, NULL, NULL, 0);
    hub_end_hear_call(end, &inner);
    end->n[1] = inner.trace;
    hub_end_say_reply(end, inner.id, 0, NULL, "\x07\x01\x00\x00\x00", 5);
    hub_end_hear_reply(end, &reply);
    end->n[0] = reply.id == 500 && reply.status == 0 && reply.data.size == 5;
    hub_end_say_reply(end, outer.id, 0, NULL, NULL, 0);
}

static void test_nested(void **state)
{
    struct world *w = *state;

    w->end.n[3] = w->stub_id;
    hub_end_start(&w->end, answer_nested);
    assert_int_equal(softbus_call(w->proxy, 1, NULL, NULL, 0), 0);
    hub_end_join(&w->end);
    assert_int_equal(w->end.n[0], 1);
    assert_int_equal(w->end.n[1], 99); /* the trace of the call that caused it */
    assert_int_equal(w->n_handled, 2);
    assert_int_equal(w->order[0], 8);
    assert_int_equal(w->order[1], 3);
}

/* Statuses of handlers, built-in codes and tokens, one call each. */
static void test_serve(void **state)
{
    struct world *w = *state;
    static const struct {
        uint32_t code;
        const char *data;
        size_t size;
        int32_t status;
    } cases[] = {
        { 1, "\x06\x01\x00\x00\x00", 5, 0 },
        { 2, "", 0, SOFTBUS_ERR_BAD_REQUEST },
        { 2, "\x07\x01\x00\x00\x00", 5, SOFTBUS_ERR_BAD_REQUEST },
        { 4, "", 0, SOFTBUS_ERR_FAILED },
        { 11, "", 0, SOFTBUS_ERR_FAILED },
        { 5, "", 0, 0 },
        { 9, "", 0, SOFTBUS_ERR_UNKNOWN_CODE },
        { SOFTBUS_CODE_PING, "", 0, 0 },
        { SOFTBUS_CODE_INTERFACE, "", 0, 0 },
        { SOFTBUS_CODE_DUMP, "", 0, 0 },
        { SOFTBUS_CODE_DUMP + 1, "", 0, SOFTBUS_ERR_UNKNOWN_CODE },
        { 2, "\x0e\x01\x00\x00\x00x\x00", 7, SOFTBUS_ERR_INTERFACE },
        { 2, "\x0e\x09\x00\x00\x00x\x00", 7, SOFTBUS_ERR_BAD_REQUEST },
        { 2, "\x0e\x10\x00\x00\x00org.example.Test\x00\x06\x01\x00\x00\x00", 27, 0 },
    };
    struct wire_reply reply;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        hub_end_say_call(&w->end, i + 1, w->stub_id, cases[i].code, NULL, cases[i].data, cases[i].size);
        process_all(w);
        hub_end_hear_reply(&w->end, &reply);
        assert_int_equal(reply.id, i + 1);
        assert_int_equal(reply.status, cases[i].status);
    }
    hub_end_say_call(&w->end, 50, w->stub_id + 1, 1, NULL, "", 0);
    process_all(w);
    hub_end_hear_reply(&w->end, &reply);
    assert_int_equal(reply.status, SOFTBUS_ERR_DEAD_OBJECT);
    assert_int_equal(w->trace, 99);
}

static void test_cancel_seen(void **state)
{
    struct world *w = *state;
    struct wire_reply reply;

    hub_end_say_call(&w->end, 66, w->stub_id, 6, NULL, "", 0);
    process_all(w);
    assert_true(w->was_canceled);
    hub_end_hear_reply(&w->end, &reply);
    assert_int_equal(reply.id, 66);
}

static void test_async(void **state)
{
    struct world *w = *state;
    struct wire_call call;
    uint64_t id = 0;

    assert_int_equal(softbus_call_async(w->proxy, 3, NULL, 0, note_done, w, &id), 0);
    assert_int_equal(w->n_done, 0);
    hub_end_hear_call(&w->end, &call);
    assert_true(call.id == id);
    hub_end_say_reply(&w->end, id, 0, NULL, NULL, 0);
    process_all(w);
    assert_int_equal(w->n_done, 1);
    assert_int_equal(softbus_cancel(w->bus, id), SOFTBUS_ERR_INVALID);

    assert_int_equal(softbus_call_async(w->proxy, 3, NULL, 0, note_done, w, &id), 0);
    hub_end_hear_call(&w->end, &call);
    assert_int_equal(softbus_cancel(w->bus, id), 0);
    assert_int_equal(w->n_done, 1); /* not inside */
    assert_int_equal(softbus_get_timeout_ms(w->bus), 0);
    process_all(w);
    assert_int_equal(w->n_done, 2);
    assert_int_equal(w->last_error, SOFTBUS_ERR_CANCELED);
    hub_end_hear_type(&w->end, WIRE_CANCEL);
    hub_end_say_reply(&w->end, id, 0, NULL, NULL, 0); /* crossed */
    process_all(w);
    assert_int_equal(w->n_done, 2);

    assert_int_equal(softbus_call_async(w->proxy, 3, NULL, 5, note_done, w, NULL), 0);
    assert_int_equal(softbus_wait(w->bus, 5000), 1);
    assert_int_equal(w->last_error, SOFTBUS_ERR_TIMEOUT);
    assert_int_equal(w->n_done, 3);
}

static void test_own_stub(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *request, *reply;
    int32_t value = 0;

    assert_int_equal(softbus_parcel_new(0, &request), 0);
    assert_int_equal(softbus_parcel_new(0, &reply), 0);
    softbus_parcel_write_i32(request, 4);
    /* Order holds: the one-way call runs first, but not inside call_oneway. */
    assert_int_equal(softbus_call_oneway(w->stub, 8, request), 0);
    assert_int_equal(w->n_handled, 0);
    assert_int_equal(softbus_call(w->stub, 1, request, reply, 0), 0);
    assert_int_equal(w->n_handled, 2);
    assert_int_equal(w->order[0], 8);
    assert_int_equal(softbus_parcel_read_i32(reply, &value), 0);
    assert_int_equal(value, 5);
    assert_int_equal(softbus_call(w->stub, 1, reply, reply, 0), 0); /* one parcel for both */
    assert_true(softbus_parcel_read_i32(reply, &value) == 0 && value == 6);
    assert_true(softbus_call(w->stub, 4, reply, reply, 0) == SOFTBUS_ERR_FAILED && softbus_parcel_get_size(reply) == 0);
    assert_int_equal(softbus_call_async(w->stub, 4, request, 0, note_done, w, NULL), 0);
    assert_int_equal(w->n_handled, 4);
    process_all(w);
    assert_int_equal(w->n_done, 1);
    assert_int_equal(w->last_error, SOFTBUS_ERR_FAILED);
    assert_true(hub_end_is_silent(&w->end));
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
}

/* Code 10 calls its own stub again: there is always something to run. */
static void answer_late(struct hub_end *end)
{
    struct wire_call call;
    uint64_t id;

    hub_end_hear_call(end, &call);
    hub_end_say_reply(end, call.id, 0, NULL, NULL, 0);
    hub_end_hear_call(end, &call);
    if (wire_cancel_decode(hub_end_hear_type(end, WIRE_CANCEL), &id) < 0 || id != call.id)
        abort();
}

static void test_own_work_without_end(void **state)
{
    struct world *w = *state;

    assert_int_equal(softbus_call_async(w->proxy, 1, NULL, 0, note_done, w, NULL), 0);
    assert_int_equal(softbus_call_oneway(w->stub, 10, NULL), 0);
    hub_end_start(&w->end, answer_late);
    /* The reply is taken from the socket, and deadlines pass. */
    while (w->n_done == 0)
        assert_int_equal(softbus_process(w->bus), 1);
    assert_int_equal(w->last_error, 0);
    assert_int_equal(softbus_call(w->proxy, 2, NULL, NULL, 20), SOFTBUS_ERR_TIMEOUT);
    hub_end_join(&w->end);
    assert_int_equal(softbus_call_async(w->proxy, 1, NULL, 5, note_done, w, NULL), 0);
    while (w->n_done == 1)
        assert_int_equal(softbus_process(w->bus), 1);
    assert_int_equal(w->last_error, SOFTBUS_ERR_TIMEOUT);
    w->is_enough = true;
    process_all(w);
}

/* Rule 1 at the limit and beyond; nothing is sent when it is broken. */
static void test_size_rule(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *request;
    uint8_t *data = calloc(1, SOFTBUS_PARCEL_MAX_CAPACITY);
    struct softbus_object *remote = receive_proxy(w, WIRE_OBJECT_REMOTE, 0, 5);

    assert_int_equal(softbus_parcel_new(SOFTBUS_PARCEL_MAX_CAPACITY, &request), 0);
    assert_int_equal(softbus_parcel_write_bytes(request, data, 204800 - 5), 0);
    hub_end_start(&w->end, answer_echo);
    assert_int_equal(softbus_call(w->proxy, 1, request, NULL, 0), 0);
    hub_end_join(&w->end);
    assert_int_equal(softbus_parcel_write_bool(request, true), 0);
    assert_int_equal(softbus_call(w->proxy, 1, request, NULL, 0), SOFTBUS_ERR_TOO_LARGE);
    assert_int_equal(softbus_call_oneway(w->proxy, 1, request), SOFTBUS_ERR_TOO_LARGE);
    assert_int_equal(softbus_call(w->stub, 1, request, NULL, 0), SOFTBUS_ERR_TOO_LARGE);
    assert_true(hub_end_is_silent(&w->end));
    hub_end_start(&w->end, answer_echo);
    assert_int_equal(softbus_call(remote, 1, request, NULL, 0), 0);
    hub_end_join(&w->end);
    softbus_parcel_free(request);
    softbus_object_unref(remote);
    free(data);
}

/* Rules 3 and 4; all cells of the table are in test_wire_rules.c. */
static void test_pass_rules(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *request;
    struct softbus_object *near = receive_proxy(w, WIRE_OBJECT_REMOTE, 0, 5), *far = receive_proxy(w, WIRE_OBJECT_REMOTE, 1, 6);

    assert_int_equal(softbus_object_get_hops(far), 1);
    assert_true(softbus_object_is_remote(far));
    assert_int_equal(softbus_parcel_new(0, &request), 0);
    softbus_parcel_write_object(request, near);
    assert_int_equal(softbus_call(far, 1, request, NULL, 0), SOFTBUS_ERR_PASSBACK);
    softbus_parcel_clear(request);
    softbus_parcel_write_object(request, far);
    assert_int_equal(softbus_call_oneway(w->proxy, 1, request), SOFTBUS_ERR_DOUBLE_FORWARD);
    assert_true(hub_end_is_silent(&w->end));
    /* A later arrival with hop 0 lowers it. */
    softbus_object_unref(receive_proxy(w, WIRE_OBJECT_REMOTE, 0, 6));
    assert_int_equal(softbus_object_get_hops(far), 0);
    assert_int_equal(softbus_call_oneway(w->proxy, 1, request), 0);
    softbus_parcel_free(request);
    softbus_object_unref(near);
    softbus_object_unref(far);
}

static void answer_close(struct hub_end *end)
{
    struct wire_call call;

    hub_end_hear_call(end, &call);
    close(end->fd);
    end->fd = -1;
}

static void test_disconnect(void **state)
{
    struct world *w = *state;
    struct wire_call call;

    assert_int_equal(softbus_call_async(w->proxy, 3, NULL, 0, note_done, w, NULL), 0);
    hub_end_hear_call(&w->end, &call);
    hub_end_start(&w->end, answer_close);
    assert_int_equal(softbus_call(w->proxy, 1, NULL, NULL, 0), SOFTBUS_ERR_DISCONNECTED);
    hub_end_join(&w->end);
    process_all(w);
    assert_int_equal(w->n_done, 1);
    assert_int_equal(w->last_error, SOFTBUS_ERR_DISCONNECTED);
    assert_int_equal(softbus_process(w->bus), SOFTBUS_ERR_DISCONNECTED);
    assert_int_equal(softbus_run(w->bus), SOFTBUS_ERR_DISCONNECTED);
    assert_int_equal(softbus_call(w->proxy, 1, NULL, NULL, 0), SOFTBUS_ERR_DISCONNECTED);
    assert_int_equal(softbus_call_oneway(w->stub, 1, NULL), SOFTBUS_ERR_DISCONNECTED);
}

static void test_protocol_error(void **state)
{
    struct world *w = *state;

    hub_end_say_bytes(&w->end, "\x08\x00\x00\x00\x63\x00\x00\x00", 8);
    assert_int_equal(softbus_wait(w->bus, 5000), SOFTBUS_ERR_PROTOCOL);
    assert_int_equal(softbus_call(w->proxy, 1, NULL, NULL, 0), SOFTBUS_ERR_DISCONNECTED);
}

/* Objects and parcels outlive the connection as memory. */
static void test_close_first(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *parcel;

    assert_int_equal(softbus_parcel_new(0, &parcel), 0);
    softbus_parcel_write_object(parcel, w->proxy);
    softbus_parcel_write_object(parcel, w->stub);
    assert_int_equal(softbus_call_oneway(w->stub, 8, parcel), 0);
    assert_int_equal(softbus_call_async(w->proxy, 8, NULL, 0, note_done, w, NULL), 0);
    softbus_close(w->bus);
    w->bus = NULL;
    assert_int_equal(w->n_done, 1);
    assert_int_equal(w->last_error, SOFTBUS_ERR_DISCONNECTED);
    assert_int_equal(softbus_call(w->proxy, 1, NULL, NULL, 0), SOFTBUS_ERR_DISCONNECTED);
    assert_int_equal(softbus_stub_withdraw(w->stub), SOFTBUS_ERR_DISCONNECTED);
    softbus_parcel_free(parcel);
}

/* What the hub does not take is queued, sent later, in order, and nothing is lost. */
static void test_full_socket(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *request;
    struct wire_call call;
    unsigned n = 0;

    assert_int_equal(softbus_parcel_new(0, &request), 0);
    while (w->bus->hub.out.length == 0) {
        softbus_parcel_clear(request);
        softbus_parcel_write_u32(request, n);
        assert_int_equal(softbus_call_oneway(w->proxy, ++n, request), 0);
    }
    for (unsigned i = 1; i <= n; i++) {
        while (hub_end_is_silent(&w->end))
            softbus_process(w->bus);
        hub_end_hear_call(&w->end, &call);
        assert_int_equal(call.code, i);
        assert_int_equal(wire_load_u32(call.data.data + 1), i - 1);
    }
    process_all(w);
    assert_false(softbus_get_events(w->bus) & 4);
    softbus_parcel_free(request);
}

/* Nesting ends at 32: two-way calls beyond are answered AGAIN, one-way ones are kept. */
static void answer_deep(struct hub_end *end)
{
    struct wire_call call;
    struct wire_reply reply;
    uint64_t outer[40];
    unsigned n = 0;

    for (;;) {
        struct wire_msg message;

        hub_end_say_call(end, 100 + n, end->n[3], 3, NULL, NULL, 0);
        if (!hub_end_hear(end, &message))
            abort();
        if (message.type != WIRE_CALL)
            break;
        if (wire_call_decode(message.body, &call, &end->objects) < 0 || n == 40)
            abort();
        outer[n++] = call.id;
    }
    end->n[0] = n;
    hub_end_say_call(end, 0, end->n[3], 8, NULL, NULL, 0);
    while (n > 0) {
        hub_end_say_reply(end, outer[--n], 0, NULL, NULL, 0);
        if (n > 0)
            hub_end_hear_reply(end, &reply);
    }
}

static void test_depth(void **state)
{
    struct world *w = *state;

    w->end.n[3] = w->stub_id;
    hub_end_start(&w->end, answer_deep);
    assert_int_equal(softbus_call(w->proxy, 1, NULL, NULL, 0), 0);
    hub_end_join(&w->end);
    process_all(w);
    assert_int_equal(w->end.n[0], 33); /* ours, and those of 32 handlers */
    assert_int_equal(w->n_handled, 33);
    assert_int_equal(w->order[32], 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_call),       TEST(test_timeout),    TEST(test_nested),         TEST(test_serve),
        TEST(test_cancel_seen), TEST(test_async),     TEST(test_own_stub),       TEST(test_own_work_without_end),
        TEST(test_size_rule),
        TEST(test_pass_rules), TEST(test_disconnect), TEST(test_protocol_error), TEST(test_close_first),
        TEST(test_full_socket), TEST(test_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
