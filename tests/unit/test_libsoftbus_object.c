/* Objects: counting in both directions, links to death, watches, lists; and error numbers. */
#include "libsoftbus/bus.h"
#include "softbus/device.h"
#include "softbus/error.h"
#include "softbus/object.h"
#include "softbus/parcel.h"
#include "softbus/registry.h"
#include "tests/unit/hub_end.h"
#include "wire/hub.h"
#include "wire/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define OBJECT_DATA "\x0f\x00\x00"

struct world {
    struct hub_end end;
    struct softbus *bus;
    struct softbus_object *stub, *received;
    uint64_t stub_id;
    unsigned n_deaths, n_told;
    enum softbus_death reason;
    char told[8][32];
    struct softbus_watch *watch;
    struct softbus_link *link;
};

static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    struct world *w = userdata;

    (void)transaction;
    (void)code;
    (void)reply;
    softbus_object_unref(w->received);
    w->received = NULL;
    return softbus_parcel_read_object(request, &w->received);
}

static void process_all(struct world *w)
{
    while (softbus_process(w->bus) > 0)
        continue;
}

/* Answers one call of the hub with status n[1]; brings its objects' id back in n[0]. */
static void answer(struct hub_end *end)
{
    struct wire_call call;

    hub_end_hear_call(end, &call);
    if (call.target != WIRE_HUB)
        abort();
    end->n[0] = end->objects.n ? end->objects.items[0].id : 0;
    end->n[2] = call.code;
    hub_end_say_reply(end, call.id, -(int32_t)end->n[1], NULL, NULL, 0);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    hub_end_open(&w->end, &w->bus);
    assert_int_equal(softbus_stub_new(w->bus, "org.example.Test", handle, w, &w->stub), 0);
    hub_end_start(&w->end, answer);
    assert_int_equal(softbus_service_add(w->bus, "org.example.test", w->stub, SOFTBUS_SERVICE_LOCAL), 0);
    hub_end_join(&w->end);
    w->stub_id = w->end.n[0];
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    softbus_object_unref(w->received);
    softbus_object_unref(w->stub);
    softbus_close(w->bus);
    hub_end_close(&w->end);
    free(w);
    return 0;
}

static void receive(struct world *w, uint64_t handle_id, uint8_t flags)
{
    struct wire_object object = hub_end_make_proxy(handle_id, flags, 0);

    hub_end_say_call(&w->end, 0, w->stub_id, 1, &object, OBJECT_DATA, 3);
    process_all(w);
    assert_non_null(w->received);
}

/* The same handle is the same proxy; all arrivals are given back at once, when the last reference goes. */
static void test_arrivals(void **state)
{
    struct world *w = *state;
    struct softbus_object *first;
    struct wire_release release;

    receive(w, 9, 0);
    first = softbus_object_ref(w->received);
    receive(w, 9, WIRE_OBJECT_SERVICE);
    assert_ptr_equal(first, w->received);
    assert_true(softbus_object_is_service(first));
    assert_string_equal(softbus_object_get_device(first), softbus_get_device(w->bus));
    w->received = softbus_object_unref(w->received);
    assert_true(hub_end_is_silent(&w->end));
    softbus_object_unref(first);
    assert_int_equal(wire_release_decode(hub_end_hear_type(&w->end, WIRE_RELEASE), &release), 0);
    assert_int_equal(release.id, 9);
    assert_int_equal(release.count, 2);
}

/* A stub lives as long as somebody outside can call it; what comes home is the stub itself. */
static void test_stub_counting(void **state)
{
    struct world *w = *state;
    struct wire_object home = { .kind = WIRE_OBJECT_STUB, .id = w->stub_id };
    struct wire_reply reply;

    hub_end_say_call(&w->end, 0, w->stub_id, 1, &home, OBJECT_DATA, 3);
    process_all(w);
    assert_ptr_equal(w->received, w->stub);
    assert_true(softbus_object_is_stub(w->received));
    w->received = softbus_object_unref(w->received);
    w->stub = softbus_object_unref(w->stub);
    hub_end_say_call(&w->end, 1, w->stub_id, SOFTBUS_CODE_PING, NULL, NULL, 0);
    process_all(w);
    hub_end_hear_reply(&w->end, &reply);
    assert_int_equal(reply.status, 0);
    hub_end_say_release(&w->end, w->stub_id, 1);
    hub_end_say_call(&w->end, 2, w->stub_id, SOFTBUS_CODE_PING, NULL, NULL, 0);
    process_all(w);
    hub_end_hear_reply(&w->end, &reply);
    assert_int_equal(reply.status, SOFTBUS_ERR_DEAD_OBJECT);
}

static void test_release_too_many(void **state)
{
    struct world *w = *state;

    hub_end_say_release(&w->end, w->stub_id, 2);
    assert_int_equal(softbus_process(w->bus), SOFTBUS_ERR_PROTOCOL);
}

static void test_withdraw(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *parcel;
    uint64_t id;

    assert_int_equal(softbus_stub_withdraw(w->stub), 0);
    assert_int_equal(softbus_stub_withdraw(w->stub), 0);
    assert_int_equal(wire_withdraw_decode(hub_end_hear_type(&w->end, WIRE_WITHDRAW), &id), 0);
    assert_true(id == w->stub_id);
    assert_true(softbus_object_is_dead(w->stub));
    assert_int_equal(softbus_call(w->stub, 1, NULL, NULL, 0), SOFTBUS_ERR_DEAD_OBJECT);
    hub_end_say_release(&w->end, w->stub_id, 1); /* crossed */
    process_all(w);
    assert_int_equal(softbus_process(w->bus), 0);
    assert_int_equal(softbus_parcel_new(0, &parcel), 0);
    softbus_parcel_free(parcel);
}

static void test_parcel_objects(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *parcel;
    struct hub_end other_end;
    struct softbus *other;
    struct softbus_object *stranger;

    assert_int_equal(softbus_parcel_new(0, &parcel), 0);
    for (int i = 0; i < 128; i++)
        assert_int_equal(softbus_parcel_write_object(parcel, w->stub), 0);
    assert_int_equal(softbus_parcel_write_object(parcel, w->stub), SOFTBUS_ERR_LIMIT);
    assert_int_equal(softbus_parcel_get_size(parcel), 128 * 3);
    assert_int_equal(softbus_parcel_write_object(parcel, NULL), 0);
    hub_end_open(&other_end, &other);
    assert_int_equal(softbus_stub_new(other, "org.example", handle, NULL, &stranger), 0);
    softbus_parcel_clear(parcel);
    softbus_parcel_write_object(parcel, w->stub);
    assert_int_equal(softbus_parcel_write_object(parcel, stranger), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_get_size(parcel), 3);
    softbus_parcel_clear(parcel);
    softbus_parcel_write_object(parcel, stranger);
    assert_int_equal(softbus_call(w->stub, 1, parcel, NULL, 0), SOFTBUS_ERR_INVALID);
    softbus_parcel_free(parcel);
    softbus_object_unref(stranger);
    softbus_close(other);
    hub_end_close(&other_end);
}

static void note_death(void *userdata, struct softbus_object *object, enum softbus_death reason)
{
    struct world *w = userdata;

    assert_true(softbus_object_is_dead(object));
    w->n_deaths++;
    w->reason = reason;
}

static int link_once(struct world *w, int32_t status, struct softbus_link **ret_link)
{
    int r;

    w->end.n[1] = (uint64_t)-status;
    hub_end_start(&w->end, answer);
    r = softbus_link_death(w->received, note_death, w, ret_link);
    hub_end_join(&w->end);
    w->end.n[1] = 0;
    return r;
}

static void test_death(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *reply;
    struct softbus_link *second;

    receive(w, 9, 0);
    assert_int_equal(link_once(w, 0, NULL), 0);
    assert_int_equal(w->end.n[2], WIRE_HUB_LINK_DEATH);
    assert_int_equal(softbus_link_death(w->received, note_death, w, &second), 0); /* the hub has one already */
    assert_int_equal(softbus_link_death(w->received, note_death, w, NULL), 0);
    assert_int_equal(softbus_unlink_death(second), 0);
    assert_true(hub_end_is_silent(&w->end));
    hub_end_say_death(&w->end, 9, WIRE_DEATH_DEVICE_LOST);
    hub_end_say_death(&w->end, 9, WIRE_DEATH_DEVICE_LOST);
    process_all(w);
    assert_int_equal(w->n_deaths, 2);
    assert_int_equal(w->reason, SOFTBUS_DEATH_DEVICE_LOST);
    assert_int_equal(softbus_parcel_new(0, &reply), 0);
    softbus_parcel_write_bool(reply, true);
    assert_int_equal(softbus_call(w->received, 1, NULL, reply, 0), SOFTBUS_ERR_DEAD_OBJECT);
    assert_int_equal(softbus_parcel_get_size(reply), 0); /* of an earlier call: nobody may take it for an answer */
    softbus_parcel_free(reply);
    assert_int_equal(softbus_link_death(w->received, note_death, w, NULL), SOFTBUS_ERR_DEAD_OBJECT);
    assert_true(hub_end_is_silent(&w->end));
}

static void test_unlink(void **state)
{
    struct world *w = *state;
    struct softbus_link *link;

    receive(w, 9, 0);
    assert_int_equal(link_once(w, 0, &link), 0);
    hub_end_start(&w->end, answer);
    assert_int_equal(softbus_unlink_death(link), 0);
    hub_end_join(&w->end);
    assert_int_equal(w->end.n[2], WIRE_HUB_UNLINK_DEATH);
    hub_end_say_death(&w->end, 9, WIRE_DEATH_WITHDRAWN); /* crossed */
    process_all(w);
    assert_int_equal(w->n_deaths, 0);
}

static void unlink_myself(void *userdata, struct softbus_object *object, enum softbus_death reason)
{
    struct world *w = userdata;

    (void)object;
    (void)reason;
    w->n_deaths++;
    assert_int_equal(softbus_unlink_death(w->link), SOFTBUS_ERR_NOT_LINKED);
}

/* The link is lent until fn has run: fn may hand it in like anybody who cleans up. */
static void test_unlink_inside(void **state)
{
    struct world *w = *state;

    receive(w, 9, 0);
    hub_end_start(&w->end, answer);
    assert_int_equal(softbus_link_death(w->received, unlink_myself, w, &w->link), 0);
    hub_end_join(&w->end);
    hub_end_say_death(&w->end, 9, WIRE_DEATH_WITHDRAWN);
    process_all(w);
    assert_int_equal(w->n_deaths, 1);
    assert_true(hub_end_is_silent(&w->end));
}

static void test_link_refused(void **state)
{
    struct world *w = *state;

    assert_int_equal(softbus_link_death(w->stub, note_death, w, NULL), SOFTBUS_ERR_INVALID);
    receive(w, 10, WIRE_OBJECT_REMOTE);
    assert_int_equal(softbus_link_death(w->received, note_death, w, NULL), SOFTBUS_ERR_DEATH_UNSUPPORTED);
    assert_true(hub_end_is_silent(&w->end));
    receive(w, 10, WIRE_OBJECT_REMOTE | WIRE_OBJECT_SERVICE);
    assert_int_equal(link_once(w, WIRE_LIMIT, NULL), SOFTBUS_ERR_LIMIT);
    assert_int_equal(link_once(w, WIRE_DEAD_OBJECT, NULL), SOFTBUS_ERR_DEAD_OBJECT);
    assert_true(softbus_object_is_dead(w->received));
    assert_int_equal(w->n_deaths, 0);
}

static void note_service(void *userdata, const char *device, const char *name, bool is_present)
{
    struct world *w = userdata;

    assert_string_equal(device, softbus_get_device(w->bus));
    assert_non_null(w->watch); /* never inside the function that began it */
    strcpy(w->told[w->n_told], name);
    strcat(w->told[w->n_told++], is_present ? "+" : "-");
    if (!strcmp(name, "end"))
        softbus_unwatch(w->watch);
}

#define FOUR_NAMES \
    "\x07\x04\0\0\0\x0c\x03\0\0\0one\0\x0c\x03\0\0\0two\0\x0c\x05\0\0\0three\0\x0c\x04\0\0\0four\0"
#define EVENT_GONE "\x0c\0\0\0\0\0\x0c\x03\0\0\0two\0\x01\0"
#define EVENT_END "\x0c\0\0\0\0\0\x0c\x03\0\0\0end\0\x01\x01"

/* The answer and, right behind it, events. */
static void answer_watch(struct hub_end *end)
{
    struct wire_call call;
    uint64_t callback;

    hub_end_hear_call(end, &call);
    callback = end->objects.items[0].id;
    if (call.code != WIRE_HUB_SERVICE_WATCH || end->objects.n != 1)
        abort();
    hub_end_say_call(end, 0, callback, WIRE_EVENT_SERVICE, NULL, "", 0); /* malformed: nothing is told */
    hub_end_say_reply(end, call.id, 0, NULL, FOUR_NAMES, sizeof(FOUR_NAMES) - 1);
    hub_end_say_call(end, 0, callback, WIRE_EVENT_SERVICE, NULL, EVENT_GONE, sizeof(EVENT_GONE) - 1);
    hub_end_say_call(end, 0, callback, WIRE_EVENT_SERVICE, NULL, EVENT_END, sizeof(EVENT_END) - 1);
    hub_end_say_call(end, 0, callback, WIRE_EVENT_SERVICE, NULL, EVENT_GONE, sizeof(EVENT_GONE) - 1);
}

static void hand_in_watch(void *userdata, int error, struct softbus_parcel *reply)
{
    struct world *w = userdata;

    (void)reply;
    assert_int_equal(error, SOFTBUS_ERR_DISCONNECTED);
    softbus_unwatch(w->watch);
    w->watch = NULL;
}

static void ignore_service(void *userdata, const char *device, const char *name, bool is_present)
{
    (void)userdata;
    (void)device;
    (void)name;
    (void)is_present;
}

/* What still runs in close may clean up. */
static void test_unwatch_inside_close(void **state)
{
    struct world *w = *state;

    hub_end_start(&w->end, answer_watch);
    assert_int_equal(softbus_service_watch(w->bus, NULL, ignore_service, w, &w->watch), 0);
    hub_end_join(&w->end);
    receive(w, 9, 0);
    assert_int_equal(softbus_call_async(w->received, 1, NULL, 0, hand_in_watch, w, NULL), 0);
    softbus_close(w->bus);
    w->bus = NULL;
    assert_null(w->watch);
}

static void test_watch(void **state)
{
    struct world *w = *state;

    hub_end_start(&w->end, answer_watch);
    assert_int_equal(softbus_service_watch(w->bus, NULL, note_service, w, &w->watch), 0);
    hub_end_join(&w->end);
    assert_int_equal(w->n_told, 0);
    process_all(w);
    assert_int_equal(w->n_told, 6);
    assert_string_equal(w->told[0], "one+");
    assert_string_equal(w->told[1], "two+");
    assert_string_equal(w->told[2], "three+");
    assert_string_equal(w->told[3], "four+");
    assert_string_equal(w->told[4], "two-");
    assert_string_equal(w->told[5], "end+");
    hub_end_hear_type(&w->end, WIRE_WITHDRAW);
}

static void answer_list(struct hub_end *end)
{
    struct wire_call call;

    hub_end_hear_call(end, &call);
    if (end->n[3] == 0)
        hub_end_say_reply(end, call.id, 0, NULL, "\x07\x01\0\0\0\x0c\x01\0\0\0a\0\x01\x01\x0c\x01\0\0\0b\0\x07\x05\0\0\0", 26);
    else /* says more than it has */
        hub_end_say_reply(end, call.id, 0, NULL, "\x07\x02\0\0\0\x0c\x01\0\0\0a\0\x01\x01\x0c\x01\0\0\0b\0\x07\x05\0\0\0", 26);
}

static void test_list(void **state)
{
    struct world *w = *state;
    struct softbus_service_info *services = NULL;
    struct softbus_device_info *devices = NULL;
    size_t n = 0;

    assert_int_equal(softbus_service_list(w->bus, "nonsense", &services, &n), SOFTBUS_ERR_BAD_DEVICE_ID);
    hub_end_start(&w->end, answer_list);
    assert_int_equal(softbus_service_list(w->bus, NULL, &services, &n), 0);
    hub_end_join(&w->end);
    assert_int_equal(n, 1);
    assert_string_equal(services[0].name, "a");
    assert_string_equal(services[0].app, "b");
    assert_true(services[0].is_distributed);
    assert_int_equal(services[0].pid, 5);
    free(services);
    w->end.n[3] = 1;
    services = NULL;
    hub_end_start(&w->end, answer_list);
    assert_int_equal(softbus_service_list(w->bus, NULL, &services, &n), SOFTBUS_ERR_PROTOCOL);
    hub_end_join(&w->end);
    hub_end_start(&w->end, answer_list);
    assert_int_equal(softbus_device_list(w->bus, &devices, &n), SOFTBUS_ERR_PROTOCOL);
    hub_end_join(&w->end);
    assert_null(services);
    assert_null(devices);
}

static void test_names(void **state)
{
    struct world *w = *state;

    assert_int_equal(softbus_service_add(w->bus, "-bad", w->stub, 0), SOFTBUS_ERR_NAME_INVALID);
    assert_int_equal(softbus_service_add(w->bus, "good", w->stub, 2), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_service_get(w->bus, NULL, "", 0, &w->received), SOFTBUS_ERR_NAME_INVALID);
    assert_int_equal(softbus_trust_add(w->bus, NULL, NULL), SOFTBUS_ERR_BAD_DEVICE_ID);
    assert_true(hub_end_is_silent(&w->end));
}

static void refuse_look_up(struct hub_end *end)
{
    struct wire_call call;

    hub_end_hear_call(end, &call);
    end->n[0] = call.code;
    end->n[1] = call.deadline_ms;
    hub_end_say_reply(end, call.id, WIRE_START, NULL, NULL, 0);
}

/* Without an end of its own a look-up outlasts every start; the hub says how that went. */
static void test_deadline_of_look_ups(void **state)
{
    static const uint32_t waits_ms[] = { 0, 1000 };
    static const uint64_t deadlines_ms[] = { WIRE_HUB_START_MAX_MS + SOFTBUS_DEFAULT_TIMEOUT_MS, 1000 };
    struct world *w = *state;

    for (size_t i = 0; i < 2; i++) {
        hub_end_start(&w->end, refuse_look_up);
        assert_int_equal(softbus_service_get(w->bus, NULL, "name", waits_ms[i], &w->received), SOFTBUS_ERR_START);
        hub_end_join(&w->end);
        assert_int_equal(w->end.n[0], WIRE_HUB_SERVICE_GET);
        assert_int_equal(w->end.n[1], deadlines_ms[i]);
    }
}

static void test_errors(void **state)
{
    (void)state;
    for (int error = WIRE_STATUS_MIN; error <= 0; error++) {
        assert_string_not_equal(softbus_error_get_name(error), "SOFTBUS_ERR_?");
        for (int other = WIRE_STATUS_MIN; other < error; other++) {
            assert_string_not_equal(softbus_strerror(error), softbus_strerror(other));
            assert_string_not_equal(softbus_error_get_name(error), softbus_error_get_name(other));
        }
    }
    assert_string_equal(softbus_error_get_name(WIRE_STATUS_MIN - 1), "SOFTBUS_ERR_?");
    assert_string_equal(softbus_error_get_name(1), "SOFTBUS_ERR_?");
    assert_non_null(strstr(softbus_strerror(SOFTBUS_ERR_TOO_LARGE), "204,800"));
    assert_non_null(strstr(softbus_strerror(SOFTBUS_ERR_PASSBACK), "rule 3"));
    assert_non_null(strstr(softbus_strerror(SOFTBUS_ERR_DOUBLE_FORWARD), "rule 4"));
    assert_int_equal(softbus_error_get_outcome(0), SOFTBUS_OUTCOME_DONE);
    assert_int_equal(softbus_error_get_outcome(SOFTBUS_ERR_FAILED), SOFTBUS_OUTCOME_DONE);
    assert_int_equal(softbus_error_get_outcome(SOFTBUS_ERR_DEVICE_OFFLINE), SOFTBUS_OUTCOME_NOT_STARTED);
    assert_int_equal(softbus_error_get_outcome(SOFTBUS_ERR_DEVICE_LOST), SOFTBUS_OUTCOME_UNKNOWN);
    assert_int_equal(softbus_error_get_outcome(SOFTBUS_ERR_LIMIT), SOFTBUS_OUTCOME_UNKNOWN); /* of the reply's objects? */
    assert_int_equal(softbus_error_get_outcome(SOFTBUS_ERR_DESCRIPTOR), SOFTBUS_OUTCOME_UNKNOWN); /* of the reply? */
    assert_int_equal(softbus_error_get_outcome(-1000), SOFTBUS_OUTCOME_UNKNOWN);
}

static void note_error(void *userdata, int error, struct softbus_parcel *reply)
{
    int *ret_error = userdata;

    (void)reply;
    *ret_error = error;
}

/* A call that is refused before its handler runs keeps nobody waiting who queued behind it. */
static void test_queue_goes_on(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *request;
    int errors[2] = { 0, 0 };

    assert_int_equal(softbus_parcel_new(0, &request), 0);
    softbus_parcel_write_token(request, "org.example.Another");
    assert_int_equal(softbus_call_async(w->stub, 1, request, 0, note_error, &errors[0], NULL), 0);
    softbus_parcel_clear(request);
    assert_int_equal(softbus_call_async(w->stub, 1, request, 0, note_error, &errors[1], NULL), 0);
    softbus_parcel_free(request);
    process_all(w);
    assert_int_equal(errors[0], SOFTBUS_ERR_INTERFACE);
    assert_int_equal(errors[1], SOFTBUS_ERR_BAD_REQUEST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_arrivals), TEST(test_stub_counting), TEST(test_release_too_many), TEST(test_withdraw),
        TEST(test_parcel_objects), TEST(test_death),   TEST(test_unlink),           TEST(test_link_refused),
        TEST(test_unlink_inside), TEST(test_watch),    TEST(test_unwatch_inside_close), TEST(test_list),
        TEST(test_names), TEST(test_deadline_of_look_ups),    TEST(test_queue_goes_on), cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
