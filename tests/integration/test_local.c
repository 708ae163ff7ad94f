/* One device: calls, the registry, identity, death. */
#include "tests/integration/kit.h"
#include "tests/integration/raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVICE "org.softbus.test.local"

/* The one device of this program is made by its first test; later ones find it by its number. */
static void start_device(struct lab *lab)
{
    struct lab_device *device = lab_device_add(lab, "a", "[discovery]\nmdns = no\n");
    LAB_EQUAL(lab, strlen(lab_device_get_id(device)), 63);
    LAB_TEXT(lab, softbus_get_device_name(lab_device_get_admin(device)), "a");
    lab_device_check_empty(device);
}

static struct lab_device *the_device(struct lab *lab)
{
    return lab_get_device(lab, 0);
}

static void test_sync_calls(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    kit_serve(lab, device, "server", SERVICE, SOFTBUS_SERVICE_LOCAL);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE);
    LAB_CHECK(lab, !softbus_object_is_stub(object) && !softbus_object_is_remote(object));
    LAB_CHECK(lab, softbus_object_is_service(object));
    LAB_TEXT(lab, softbus_object_get_device(object), lab_device_get_id(device));
    LAB_EQUAL(lab, softbus_object_get_hops(object), 0);
    struct softbus_parcel *request = kit_parcel(lab, 0), *reply = kit_parcel(lab, 0);
    for (int32_t i = 0; i < 500; i++) {
        int32_t sum;
        softbus_parcel_clear(request);
        softbus_parcel_write_i32(request, i);
        softbus_parcel_write_i32(request, -1);
        LAB_OK(lab, softbus_call(object, KIT_ADD, request, reply, 0));
        LAB_OK(lab, softbus_parcel_read_i32(reply, &sum));
        LAB_EQUAL(lab, sum, i - 1);
        LAB_EQUAL(lab, softbus_parcel_get_left(reply), 0);
    }
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    LAB_OK(lab, kit_echo(lab, object, 0, 0));
    LAB_OK(lab, kit_echo(lab, object, 1, 0));
    LAB_OK(lab, kit_echo(lab, object, 100000, 0));
    softbus_object_unref(object);
}

static void test_errors_of_handlers(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct softbus *server = lab_bus_open(lab, device, "server"), *client = lab_bus_open(lab, device, "client");
    struct kit *kit = kit_new(lab, server, SERVICE, 0);
    struct softbus_object *object = kit_get(lab, client, NULL, SERVICE);
    static const struct {
        int returned, expected;
    } cases[] = {
        { SOFTBUS_ERR_UNKNOWN_CODE, SOFTBUS_ERR_UNKNOWN_CODE }, { SOFTBUS_ERR_BAD_REQUEST, SOFTBUS_ERR_BAD_REQUEST },
        { SOFTBUS_ERR_DENIED, SOFTBUS_ERR_DENIED },             { SOFTBUS_ERR_AGAIN, SOFTBUS_ERR_AGAIN },
        { SOFTBUS_ERR_FAILED, SOFTBUS_ERR_FAILED },             { SOFTBUS_ERR_PARCEL_END, SOFTBUS_ERR_BAD_REQUEST },
        { SOFTBUS_ERR_PARCEL_TYPE, SOFTBUS_ERR_BAD_REQUEST },   { SOFTBUS_ERR_TIMEOUT, SOFTBUS_ERR_FAILED },
        { SOFTBUS_ERR_DEVICE_LOST, SOFTBUS_ERR_FAILED },        { -4711, SOFTBUS_ERR_FAILED },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int32_t unused;
        struct softbus_parcel *request = kit_parcel(lab, 0);
        softbus_parcel_write_i32(request, cases[i].returned);
        LAB_RESULT(lab, lab_call(lab, object, KIT_FAIL, request, NULL, 0), cases[i].expected);
        softbus_parcel_free(request);
        LAB_RESULT(lab, kit_ask_i32(lab, object, 4711, 1, &unused), SOFTBUS_ERR_UNKNOWN_CODE);
    }
    struct softbus_parcel *request = kit_parcel(lab, 0);
    softbus_parcel_write_token(request, "org.example.Other");
    unsigned n_calls = kit->n_calls;
    LAB_RESULT(lab, lab_call(lab, object, KIT_ADD, request, NULL, 0), SOFTBUS_ERR_INTERFACE);
    LAB_EQUAL(lab, kit->n_calls, n_calls);
    softbus_parcel_free(request);
    softbus_object_unref(object);
    kit_free(kit);
}

struct replies {
    unsigned n, n_errors;
    int last_error;
};

static void count_reply(void *userdata, int error, struct softbus_parcel *reply)
{
    struct replies *replies = userdata;
    replies->n++;
    replies->n_errors += error < 0;
    replies->last_error = error;
    (void)reply;
}

static void test_async_and_order(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct softbus *server = lab_bus_open(lab, device, "server"), *client = lab_bus_open(lab, device, "client");
    struct kit *kit = kit_new(lab, server, SERVICE, 0);
    struct softbus_object *object = kit_get(lab, client, NULL, SERVICE);
    struct replies replies = { 0 };
    struct softbus_parcel *request = kit_parcel(lab, 0);
    uint32_t number = 0;
    /* Three kinds of calls around each other: all arrive in the order sent. */
    for (unsigned i = 0; i < 200; i++) {
        LAB_OK(lab, kit_note(object, number++));
        softbus_parcel_clear(request);
        softbus_parcel_write_u32(request, number++);
        LAB_OK(lab, softbus_call_async(object, KIT_NOTE, request, 0, count_reply, &replies, NULL));
        LAB_EQUAL(lab, replies.n, 0); /* never before the call returns, and we have not processed since */
        LAB_OK(lab, kit_note(object, number++));
    }
    softbus_parcel_clear(request);
    softbus_parcel_write_u32(request, number++);
    LAB_OK(lab, lab_call(lab, object, KIT_NOTE, request, NULL, 0));
    LAB_UNTIL(lab, replies.n == 200);
    LAB_EQUAL(lab, replies.n_errors, 0);
    LAB_EQUAL(lab, kit->n_notes, number);
    for (uint32_t i = 0; i < number; i++)
        LAB_EQUAL(lab, kit->notes[i], i);
    softbus_parcel_free(request);
    softbus_object_unref(object);
    kit_free(kit);
}

static void test_deadline_and_cancel(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct lab_app *app = kit_serve(lab, device, "server", SERVICE, 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE);
    LAB_RESULT(lab, softbus_call(object, KIT_BLOCK, NULL, NULL, 50), SOFTBUS_ERR_TIMEOUT);
    LAB_EQUAL(lab, softbus_error_get_outcome(SOFTBUS_ERR_TIMEOUT), SOFTBUS_OUTCOME_UNKNOWN);
    LAB_UNTIL(lab, lab_app_has_said(app, "blocked"));
    struct replies timed = { 0 }, canceled = { 0 };
    uint64_t call;
    LAB_OK(lab, softbus_call_async(object, KIT_STATS, NULL, 50, count_reply, &timed, NULL));
    LAB_OK(lab, softbus_call_async(object, KIT_STATS, NULL, 0, count_reply, &canceled, &call));
    LAB_OK(lab, softbus_cancel(bus, call));
    LAB_EQUAL(lab, canceled.n, 0);
    LAB_UNTIL(lab, timed.n == 1 && canceled.n == 1);
    LAB_RESULT(lab, timed.last_error, SOFTBUS_ERR_TIMEOUT);
    LAB_RESULT(lab, canceled.last_error, SOFTBUS_ERR_CANCELED);
    LAB_RESULT(lab, softbus_cancel(bus, call), SOFTBUS_ERR_INVALID);
    lab_app_tell(app, "go on");
    /* The late reply disturbs nobody. */
    LAB_OK(lab, kit_echo(lab, object, 10, 0));
    LAB_EQUAL(lab, timed.n + canceled.n, 2);
    softbus_object_unref(object);
}

/* The handler runs while its call is given up. */
struct watcher {
    struct softbus *bus;
    struct softbus_transaction *transaction;
    struct softbus_object *prober;
    bool was_canceled, has_run;
};

static int watch_cancel(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                        struct softbus_parcel *request, struct softbus_parcel *reply)
{
    (void)code;
    (void)request;
    (void)reply;
    struct watcher *watcher = userdata;
    watcher->has_run = true;
    /* A call to the other app returns only after the CANCEL was sent ahead of its reply. */
    int r = softbus_call(watcher->prober, KIT_BLOCK, NULL, NULL, 0);
    watcher->was_canceled = softbus_transaction_is_canceled(transaction);
    return r;
}

static void test_stub_sees_cancel(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct lab_app *prober = kit_serve(lab, device, "prober", SERVICE ".prober", 0);
    struct softbus *server = lab_bus_open(lab, device, "server"), *client = lab_bus_open(lab, device, "client");
    struct watcher watcher = { .prober = kit_get(lab, server, NULL, SERVICE ".prober") };
    struct softbus_object *stub;
    LAB_OK(lab, softbus_stub_new(server, "org.softbus.test.Watcher", watch_cancel, &watcher, &stub));
    LAB_OK(lab, softbus_service_add(server, SERVICE, stub, 0));
    struct softbus_object *object = kit_get(lab, client, NULL, SERVICE);
    struct replies replies = { 0 };
    uint64_t call;
    LAB_OK(lab, softbus_call_async(object, 1, NULL, 0, count_reply, &replies, &call));
    LAB_OK(lab, softbus_cancel(client, call));
    lab_app_tell(prober, "go on"); /* read when its handler runs */
    LAB_UNTIL(lab, replies.n == 1 && watcher.has_run);
    LAB_CHECK(lab, watcher.was_canceled);
    LAB_OK(lab, softbus_stub_withdraw(stub));
    softbus_object_unref(stub);
    softbus_object_unref(object);
    softbus_object_unref(watcher.prober);
}

static void test_builtin_codes(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    kit_serve(lab, device, "server", SERVICE, 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE);
    char *text;
    LAB_OK(lab, softbus_ping(object, 0));
    LAB_OK(lab, softbus_get_interface(object, 0, &text));
    LAB_TEXT(lab, text, KIT_DESCRIPTOR);
    free(text);
    LAB_OK(lab, softbus_dump(object, 0, &text));
    LAB_CHECK(lab, strstr(text, KIT_DESCRIPTOR) != NULL);
    free(text);
    softbus_object_unref(object);
}

static void test_identity(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct softbus *server = lab_bus_open(lab, device, "server"), *client = lab_bus_open(lab, device, "client");
    struct kit *kit = kit_new(lab, server, SERVICE, 0);
    struct softbus_object *object = kit_get(lab, client, NULL, SERVICE);
    struct softbus_parcel *reply = kit_parcel(lab, 0);
    const char *who;
    char expected[256];
    LAB_OK(lab, lab_call(lab, object, KIT_WHO, NULL, reply, 0));
    LAB_OK(lab, softbus_parcel_read_string(reply, &who));
    snprintf(expected, sizeof(expected), "remote=0 pid=%u uid=%u gid=%u device=%s", (unsigned)getpid(),
             (unsigned)geteuid(), (unsigned)getegid(), lab_device_get_id(device));
    LAB_TEXT(lab, who, expected);
    softbus_parcel_free(reply);
    softbus_object_unref(object);
    kit_free(kit);
}

static void test_two_threads_of_one_call(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    kit_serve(lab, device, "one", SERVICE ".one", 0);
    kit_serve(lab, device, "two", SERVICE ".two", 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *one = kit_get(lab, bus, NULL, SERVICE ".one"), *two = kit_get(lab, bus, NULL, SERVICE ".two");
    struct softbus_parcel *request = kit_parcel(lab, 0), *reply = kit_parcel(lab, 0);
    uint32_t depth;
    softbus_parcel_write_u32(request, 20);
    softbus_parcel_write_object(request, two);
    LAB_OK(lab, softbus_call(one, KIT_CHAIN, request, reply, 0));
    LAB_OK(lab, softbus_parcel_read_u32(reply, &depth));
    LAB_EQUAL(lab, depth, 20);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    softbus_object_unref(one);
    softbus_object_unref(two);
}

/* The blocking client here is single-threaded too: it calls, and is called back while it waits. */
static void test_called_back_while_waiting(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    kit_serve(lab, device, "other", SERVICE, 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct kit *own = kit_new(lab, bus, NULL, 0);
    struct softbus_object *other = kit_get(lab, bus, NULL, SERVICE);
    struct softbus_parcel *request = kit_parcel(lab, 0), *reply = kit_parcel(lab, 0);
    uint32_t depth;
    softbus_parcel_write_u32(request, 7);
    softbus_parcel_write_object(request, own->stub);
    LAB_OK(lab, softbus_call(other, KIT_CHAIN, request, reply, 0));
    LAB_OK(lab, softbus_parcel_read_u32(reply, &depth));
    LAB_EQUAL(lab, depth, 7);
    LAB_EQUAL(lab, own->n_calls, 4);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    softbus_object_unref(other);
    kit_free(own);
}

static void test_objects_keep_their_identity(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct softbus *server = lab_bus_open(lab, device, "server"), *client = lab_bus_open(lab, device, "client");
    struct kit *kit = kit_new(lab, server, SERVICE, 0), *mine = kit_new(lab, client, NULL, 0);
    struct softbus_object *object = kit_get(lab, client, NULL, SERVICE), *again = kit_get(lab, client, NULL, SERVICE);
    LAB_CHECK(lab, object == again);
    again = softbus_object_unref(again);
    /* My stub travels twice and is one proxy there; back here it is the stub itself. */
    LAB_OK(lab, kit_hold(lab, object, mine->stub));
    LAB_OK(lab, kit_hold(lab, object, mine->stub));
    LAB_CHECK(lab, kit->n_held == 2 && kit->held[0] == kit->held[1]);
    LAB_OK(lab, kit_give(lab, object, 0, &again));
    LAB_CHECK(lab, again == mine->stub);
    softbus_object_unref(again);
    /* Its own stub reached the server through the client: as the stub. */
    LAB_OK(lab, kit_hold(lab, object, object));
    LAB_CHECK(lab, kit->n_held == 3 && kit->held[2] == kit->stub);
    softbus_object_unref(object);
    kit_free(kit);
    kit_free(mine);
    lab_bus_close(lab, server);
    lab_bus_close(lab, client);
    lab_device_check_empty(device);
}

static void test_tables_follow_references(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct softbus *server = lab_bus_open(lab, device, "server"), *client = lab_bus_open(lab, device, "client");
    struct kit *kit = kit_new(lab, server, SERVICE, 0), *mine = kit_new(lab, client, NULL, 0);
    struct softbus_object *object = kit_get(lab, client, NULL, SERVICE);
    for (unsigned i = 0; i < 50; i++)
        LAB_OK(lab, kit_hold(lab, object, mine->stub));
    LAB_EQUAL(lab, lab_device_get_status(device, "apps"), 3);
    LAB_EQUAL(lab, lab_device_get_status(device, "services"), 1);
    kit_drop_all(kit);
    mine = kit_free(mine);
    object = softbus_object_unref(object);
    kit = kit_free(kit);
    /* Both apps are still there, and nothing else. */
    lab_device_check_empty(device);
    LAB_EQUAL(lab, lab_device_get_status(device, "apps"), 3);
}

struct refusals {
    struct softbus_object *object;
    unsigned n_again;
};

static void count_again(void *userdata, struct softbus_object *object, int error)
{
    struct refusals *refusals = userdata;
    refusals->n_again += object == refusals->object && error == SOFTBUS_ERR_AGAIN;
}

static bool post_until_refused(struct refusals *refusals, struct softbus_parcel *request)
{
    if (refusals->n_again == 0)
        softbus_call_oneway(refusals->object, 1, request); /* AGAIN when the library itself holds enough */
    return refusals->n_again > 0;
}

/* It is not closed before app_stall_seconds, and nobody waits for that. */
static void test_deaf_app_stops_nobody(struct lab *lab)
{
    struct raw *deaf = raw_open(lab, lab_get_device(lab, 0), "deaf");
    LAB_RESULT(lab, raw_add_service(deaf, "local.deaf", 1, false), 0);
    struct softbus *bus = lab_bus_open(lab, lab_get_device(lab, 0), "poster");
    struct refusals refusals = { .object = kit_get(lab, bus, NULL, "local.deaf") };
    softbus_set_refused_fn(bus, count_again, &refusals);
    struct softbus_parcel *request = kit_parcel(lab, 0);
    static const uint8_t zeros[100000];
    LAB_OK(lab, softbus_parcel_write_bytes(request, zeros, sizeof(zeros)));
    LAB_UNTIL(lab, post_until_refused(&refusals, request));
    struct softbus_service_info *services;
    size_t n;
    LAB_OK(lab, softbus_service_list(bus, NULL, &services, &n)); /* the hub listens to the poster */
    free(services);
    softbus_parcel_free(request);
    softbus_object_unref(refusals.object);
    lab_bus_close(lab, bus);
    raw_close(deaf);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device starts with empty tables", start_device);
    lab_test(lab, "a call is answered", test_sync_calls);
    lab_test(lab, "a handler's error reaches the caller", test_errors_of_handlers);
    lab_test(lab, "asynchronous and one-way calls keep their order", test_async_and_order);
    lab_test(lab, "a call ends at its deadline or when it is cancelled", test_deadline_and_cancel);
    lab_test(lab, "a stub sees that its caller gave up", test_stub_sees_cancel);
    lab_test(lab, "PING, INTERFACE and DUMP", test_builtin_codes);
    lab_test(lab, "the caller's identity is the kernel's word", test_identity);
    lab_test(lab, "two single-threaded apps call each other", test_two_threads_of_one_call);
    lab_test(lab, "a waiting thread is called back", test_called_back_while_waiting);
    lab_test(lab, "an object is the same however it came", test_objects_keep_their_identity);
    lab_test(lab, "an app that does not read stops nobody", test_deaf_app_stops_nobody);
    lab_test(lab, "tables follow the references", test_tables_follow_references);
    return lab_leave(lab);
}
