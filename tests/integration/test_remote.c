/* Three devices that find each other by mDNS: sessions, services, calls, identity, order. */
#include "tests/integration/kit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVICE "org.softbus.test.remote"

static void test_discovery(struct lab *lab)
{
    struct lab_device *a = lab_device_add(lab, "a", NULL), *b = lab_device_add(lab, "b", NULL),
                      *c = lab_device_add(lab, "c", NULL);
    /* Found, and still strangers: no session. */
    struct softbus_device_info *devices;
    size_t n = 0;
    for (uint64_t due_ms = lab_get_due_ms(lab); n < 2;) {
        LAB_OK(lab, softbus_device_list(lab_device_get_admin(a), &devices, &n));
        for (size_t i = 0; i < n; i++) {
            LAB_CHECK(lab, !devices[i].is_trusted && devices[i].state == SOFTBUS_DEVICE_OFFLINE);
            LAB_CHECK(lab, devices[i].addresses[0] != '\0');
        }
        free(devices);
        lab_pump_until(lab, due_ms, __FILE__, __LINE__, "a finds two devices");
    }
    /* One-sided trust is none. */
    LAB_OK(lab, softbus_trust_add(lab_device_get_admin(a), lab_device_get_id(b), "b"));
    LAB_UNTIL(lab, lab_device_has_logged(b, lab_device_get_id(a)) || lab_device_has_logged(a, lab_device_get_id(b)));
    LAB_EQUAL(lab, lab_device_sees(b, a), SOFTBUS_DEVICE_OFFLINE);
    lab_meet(a, b);
    lab_meet(a, c);
    lab_meet(b, c);
    LAB_OK(lab, softbus_device_ping(lab_device_get_admin(a), lab_device_get_id(c), 0));
}

static void test_one_session_per_pair(struct lab *lab)
{
    for (unsigned i = 0; i < 3; i++)
        LAB_EQUAL(lab, lab_device_get_status(lab_get_device(lab, i), "sessions"), 2);
}

static void test_visibility(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct softbus *server = lab_bus_open(lab, b, "server"), *client = lab_bus_open(lab, a, "client");
    struct kit *open = kit_new(lab, server, SERVICE ".open", SOFTBUS_SERVICE_DISTRIBUTED),
               *closed = kit_new(lab, server, SERVICE ".closed", SOFTBUS_SERVICE_LOCAL);
    struct softbus_object *object;
    LAB_OK(lab, softbus_service_get(client, lab_device_get_id(b), SERVICE ".open", 10000, &object));
    LAB_CHECK(lab, softbus_object_is_remote(object) && softbus_object_is_service(object));
    LAB_RESULT(lab, softbus_service_get(client, lab_device_get_id(b), SERVICE ".closed", 0, &object),
               SOFTBUS_ERR_NO_SERVICE);
    LAB_RESULT(lab, softbus_service_get(client, NULL, SERVICE ".open", 0, &object), SOFTBUS_ERR_NO_SERVICE);
    softbus_object_unref(object);
    struct softbus_service_info *services;
    size_t n;
    LAB_OK(lab, softbus_service_list(client, lab_device_get_id(b), &services, &n));
    LAB_EQUAL(lab, n, 1);
    LAB_TEXT(lab, services[0].name, SERVICE ".open");
    LAB_CHECK(lab, services[0].is_distributed);
    free(services);
    kit_free(open);
    kit_free(closed);
}

static void test_unknown_devices(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0);
    struct softbus *client = lab_bus_open(lab, a, "client");
    struct softbus_object *object;
    /* Nobody's id, with check characters that are right: 52 zero bits' worth of 'A'. */
    const char *stranger = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    LAB_RESULT(lab, softbus_service_get(client, stranger, SERVICE, 0, &object), SOFTBUS_ERR_NO_DEVICE);
    LAB_RESULT(lab, softbus_device_ping(client, stranger, 0), SOFTBUS_ERR_NO_DEVICE);
    LAB_RESULT(lab, softbus_device_ping(client, "nonsense", 0), SOFTBUS_ERR_BAD_DEVICE_ID);
}

static void test_calls(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct lab_app *app = kit_serve(lab, b, "server", SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus *client = lab_bus_open(lab, a, "client");
    struct softbus_object *object = kit_get(lab, client, b, SERVICE);
    char *text;
    for (int32_t i = 0; i < 200; i++) {
        int32_t sum;
        LAB_OK(lab, kit_add(lab, object, i, 1, &sum));
        LAB_EQUAL(lab, sum, i + 1);
    }
    static const size_t sizes[] = { 0, 1, 16383, 16384, 16385, 65536, 200000, 1000000 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        LAB_OK(lab, kit_echo(lab, object, sizes[i], SOFTBUS_PARCEL_MAX_CAPACITY));
    LAB_OK(lab, softbus_ping(object, 0));
    LAB_OK(lab, softbus_get_interface(object, 0, &text));
    LAB_TEXT(lab, text, KIT_DESCRIPTOR);
    free(text);
    LAB_OK(lab, softbus_dump(object, 0, &text));
    free(text);
    LAB_RESULT(lab, softbus_call(object, 4711, NULL, NULL, 0), SOFTBUS_ERR_UNKNOWN_CODE);
    LAB_RESULT(lab, softbus_call(object, KIT_BLOCK, NULL, NULL, 50), SOFTBUS_ERR_TIMEOUT);
    LAB_UNTIL(lab, lab_app_has_said(app, "blocked"));
    lab_app_tell(app, "go on");
    LAB_OK(lab, kit_echo(lab, object, 9, 0));
    softbus_object_unref(object);
}

static void test_identity(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct softbus *server = lab_bus_open(lab, b, "server"), *client = lab_bus_open(lab, a, "client");
    struct kit *kit = kit_new(lab, server, SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus_object *object = kit_get(lab, client, b, SERVICE);
    struct softbus_parcel *reply = kit_parcel(lab, 0);
    const char *who;
    char expected[256];
    LAB_OK(lab, lab_call(lab, object, KIT_WHO, NULL, reply, 0));
    LAB_OK(lab, softbus_parcel_read_string(reply, &who));
    snprintf(expected, sizeof(expected), "remote=1 pid=0 uid=%u gid=0 device=%s", (unsigned)geteuid(), lab_device_get_id(a));
    LAB_TEXT(lab, who, expected);
    softbus_parcel_free(reply);
    softbus_object_unref(object);
    kit_free(kit);
}

struct replies {
    unsigned n, n_errors, n_again;
};

static void count_reply(void *userdata, int error, struct softbus_parcel *reply)
{
    struct replies *replies = userdata;
    (void)reply;
    replies->n++;
    replies->n_again += error == SOFTBUS_ERR_AGAIN;
    replies->n_errors += error < 0;
}

static void test_order(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct softbus *server = lab_bus_open(lab, b, "server"), *client = lab_bus_open(lab, a, "client");
    struct kit *kit = kit_new(lab, server, SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus_object *object = kit_get(lab, client, b, SERVICE);
    struct softbus_parcel *request = kit_parcel(lab, 0);
    struct replies replies = { 0 };
    uint32_t number = 0;
    uint8_t *ballast = calloc(1, 50000);
    for (unsigned i = 0; i < 100; i++) {
        LAB_OK(lab, kit_note(object, number++));
        softbus_parcel_clear(request);
        softbus_parcel_write_u32(request, number++);
        softbus_parcel_write_bytes(request, ballast, i % 3 * 25000); /* some of them long */
        LAB_OK(lab, softbus_call_async(object, KIT_NOTE, request, 0, count_reply, &replies, NULL));
    }
    LAB_UNTIL(lab, replies.n == 100 && kit->n_notes == number);
    LAB_EQUAL(lab, replies.n_errors, 0);
    for (uint32_t i = 0; i < number; i++)
        LAB_EQUAL(lab, kit->notes[i], i);
    free(ballast);
    softbus_parcel_free(request);
    softbus_object_unref(object);
    kit_free(kit);
}

static void test_call_chain_across(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    kit_serve(lab, b, "far", SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus *client = lab_bus_open(lab, a, "client");
    struct kit *own = kit_new(lab, client, NULL, 0);
    struct softbus_object *far = kit_get(lab, client, b, SERVICE);
    struct softbus_parcel *request = kit_parcel(lab, 0), *reply = kit_parcel(lab, 0);
    uint32_t depth;
    softbus_parcel_write_u32(request, 9);
    softbus_parcel_write_object(request, own->stub);
    LAB_OK(lab, softbus_call(far, KIT_CHAIN, request, reply, 0));
    LAB_OK(lab, softbus_parcel_read_u32(reply, &depth));
    LAB_EQUAL(lab, depth, 9);
    LAB_EQUAL(lab, own->n_calls, 5);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    softbus_object_unref(far);
    kit_free(own);
}

/* A callback that outlives the call, and its release that travels back. */
static void test_callbacks(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct softbus *server = lab_bus_open(lab, b, "server"), *client = lab_bus_open(lab, a, "client");
    struct kit *kit = kit_new(lab, server, SERVICE, SOFTBUS_SERVICE_DISTRIBUTED), *own = kit_new(lab, client, NULL, 0);
    struct softbus_object *object = kit_get(lab, client, b, SERVICE), *back;
    for (unsigned i = 0; i < 20; i++)
        LAB_OK(lab, kit_hold(lab, object, own->stub));
    LAB_CHECK(lab, kit->n_held == 20 && kit->held[0] == kit->held[19]);
    LAB_OK(lab, kit_note(kit->held[0], 5));
    LAB_UNTIL(lab, own->n_notes == 1);
    LAB_RESULT(lab, kit_give(lab, object, 0, &back), SOFTBUS_ERR_PASSBACK);
    kit_drop_all(kit);
    softbus_object_unref(object);
    kit_free(kit);
    kit_free(own);
    lab_device_check_empty(a);
    lab_device_check_empty(b);
}

static void test_bulk_does_not_starve(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct lab_app *bulk_app = kit_serve(lab, b, "bulk", SERVICE ".bulk", SOFTBUS_SERVICE_DISTRIBUTED);
    kit_serve(lab, b, "small", SERVICE ".small", SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus *loud = lab_bus_open(lab, a, "loud"), *quiet = lab_bus_open(lab, a, "quiet");
    struct softbus_object *bulk = kit_get(lab, loud, b, SERVICE ".bulk"), *small = kit_get(lab, quiet, b, SERVICE ".small");
    struct softbus_parcel *request = kit_parcel(lab, SOFTBUS_PARCEL_MAX_CAPACITY);
    uint8_t *data = calloc(1, 1 << 20);
    softbus_parcel_write_bytes(request, data, (1 << 20) - 100);
    struct replies replies = { 0 };
    /* The bulk receiver does not even run: its data fills what it may fill, and small calls go on. */
    lab_app_signal(bulk_app, SIGSTOP);
    for (unsigned i = 0; i < 12; i++)
        LAB_OK(lab, softbus_call_async(bulk, KIT_ECHO, request, 60000, count_reply, &replies, NULL));
    for (unsigned i = 0; i < 50; i++)
        LAB_OK(lab, kit_echo(lab, small, 100, 0));
    LAB_OK(lab, softbus_device_ping(lab_device_get_admin(a), lab_device_get_id(b), 0));
    lab_app_signal(bulk_app, SIGCONT);
    LAB_UNTIL(lab, replies.n == 12);
    /* What its queue had no room for is answered, and with nothing but that. */
    LAB_CHECK(lab, replies.n_errors == replies.n_again && replies.n_again < 12);
    free(data);
    softbus_parcel_free(request);
    softbus_object_unref(bulk);
    softbus_object_unref(small);
}

struct seen {
    unsigned n_present, n_gone;
};

static void see_service(void *userdata, const char *device, const char *name, bool is_present)
{
    struct seen *seen = userdata;
    (void)device;
    (void)name;
    seen->n_present += is_present;
    seen->n_gone += !is_present;
}

static void test_watch_of_another_device(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct softbus *client = lab_bus_open(lab, a, "client"), *server = lab_bus_open(lab, b, "server");
    struct seen seen = { 0 };
    struct softbus_watch *watch;
    LAB_OK(lab, softbus_service_watch(client, lab_device_get_id(b), see_service, &seen, &watch));
    struct kit *hidden = kit_new(lab, server, SERVICE ".hidden", 0);
    struct kit *shown = kit_new(lab, server, SERVICE ".shown", SOFTBUS_SERVICE_DISTRIBUTED);
    LAB_UNTIL(lab, seen.n_present == 1);
    kit_free(shown);
    LAB_UNTIL(lab, seen.n_gone == 1);
    struct lab_app *app = kit_serve(lab, b, "killed", SERVICE ".killed", SOFTBUS_SERVICE_DISTRIBUTED);
    LAB_UNTIL(lab, seen.n_present == 2);
    lab_app_kill(app);
    LAB_UNTIL(lab, seen.n_gone == 2);
    softbus_unwatch(watch);
    kit_free(hidden);
}

/* Two that are told of each other at the same instant, again and again: one session each time. */
static void test_crossing_dials(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    for (unsigned i = 0; i < 5; i++) {
        LAB_OK(lab, softbus_trust_remove(lab_device_get_admin(a), lab_device_get_id(b)));
        LAB_OK(lab, softbus_trust_remove(lab_device_get_admin(b), lab_device_get_id(a)));
        LAB_UNTIL(lab, lab_device_sees(a, b) == SOFTBUS_DEVICE_OFFLINE && lab_device_sees(b, a) == SOFTBUS_DEVICE_OFFLINE);
        lab_meet(a, b);
        LAB_OK(lab, softbus_device_ping(lab_device_get_admin(a), lab_device_get_id(b), 0));
        LAB_OK(lab, softbus_device_ping(lab_device_get_admin(b), lab_device_get_id(a), 0));
        LAB_EQUAL(lab, lab_device_get_status(a, "sessions"), 2);
        LAB_EQUAL(lab, lab_device_get_status(b, "sessions"), 2);
    }
}

static void test_everything_is_given_back(struct lab *lab)
{
    for (unsigned i = 0; i < 3; i++)
        lab_device_check_empty(lab_get_device(lab, i));
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "three devices find each other and stay strangers until trusted", test_discovery);
    lab_test(lab, "one session per pair", test_one_session_per_pair);
    lab_test(lab, "only distributed services are seen from outside", test_visibility);
    lab_test(lab, "unknown devices have errors of their own", test_unknown_devices);
    lab_test(lab, "calls of all sizes, built-in codes, errors, deadlines", test_calls);
    lab_test(lab, "a remote caller is its device and what that asserts", test_identity);
    lab_test(lab, "calls arrive in order", test_order);
    lab_test(lab, "calls that come back across devices do not block", test_call_chain_across);
    lab_test(lab, "callbacks are counted across devices", test_callbacks);
    lab_test(lab, "bulk data does not starve small calls", test_bulk_does_not_starve);
    lab_test(lab, "another device's services are watched", test_watch_of_another_device);
    lab_test(lab, "crossing dials settle on one session", test_crossing_dials);
    lab_test(lab, "everything is given back", test_everything_is_given_back);
    return lab_leave(lab);
}
