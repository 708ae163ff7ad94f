/*
 * The examples of event loops against a real daemon: what a loop forgets (to write, to wake up, to sleep) shows as a call
 * without an answer, a deadline that never comes, or turns that nothing asked for.
 */
#include "tests/integration/kit.h"

#include "examples/counter.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SERVICE "org.softbus.test.loop"
#define PEER "org.softbus.test.peer"
#define NEVER "3600000"
#define N_ONEWAY 3000
#define N_ASYNC 200

/* What the example calls. */
struct peer {
    struct softbus_object *stub;
    uint64_t n_calls;
};

struct totals {
    uint64_t n_served, n_called, n_answered, n_turns;
};

static int handle_peer(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                       struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct peer *peer = userdata;
    uint32_t amount;
    (void)transaction;
    if (code != COUNTER_ADD || softbus_parcel_read_u32(request, &amount) < 0)
        return SOFTBUS_ERR_BAD_REQUEST;
    peer->n_calls += amount;
    return softbus_parcel_write_u64(reply, peer->n_calls);
}

static void peer_appear(struct lab *lab, struct peer *peer, struct softbus *bus)
{
    peer->n_calls = 0;
    LAB_OK(lab, softbus_stub_new(bus, COUNTER_DESCRIPTOR, handle_peer, peer, &peer->stub));
    LAB_OK(lab, softbus_service_add(bus, PEER, peer->stub, SOFTBUS_SERVICE_LOCAL));
}

static void peer_vanish(struct lab *lab, struct peer *peer)
{
    LAB_OK(lab, softbus_stub_withdraw(peer->stub));
    peer->stub = softbus_object_unref(peer->stub);
}

static struct softbus_parcel *new_request(struct lab *lab, uint32_t amount)
{
    struct softbus_parcel *request = kit_parcel(lab, 0);
    LAB_OK(lab, softbus_parcel_write_token(request, COUNTER_DESCRIPTOR));
    LAB_OK(lab, softbus_parcel_write_u32(request, amount));
    return request;
}

static uint64_t add(struct lab *lab, struct softbus_object *object, uint32_t amount)
{
    struct softbus_parcel *parcel = new_request(lab, amount), *reply = kit_parcel(lab, 0);
    uint64_t sum;
    LAB_OK(lab, lab_call(lab, object, COUNTER_ADD, parcel, reply, 0));
    LAB_OK(lab, softbus_parcel_read_u64(reply, &sum));
    softbus_parcel_free(parcel);
    softbus_parcel_free(reply);
    return sum;
}

/* SIGTERM ends it, with 0, and it tells what it has done. */
static struct totals terminate(struct lab *lab, struct lab_app *app)
{
    struct totals totals;
    lab_app_signal(app, SIGTERM);
    LAB_UNTIL(lab, !lab_app_is_running(app));
    LAB_EQUAL(lab, lab_app_get_status(app), 0);
    const char *said = NULL;
    LAB_UNTIL(lab, (said = lab_app_find_said(app, "served ")) != NULL);
    LAB_EQUAL(lab, sscanf(said, "%" SCNu64 ", called %" SCNu64 ", answered %" SCNu64 ", turns %" SCNu64,
                          &totals.n_served, &totals.n_called, &totals.n_answered, &totals.n_turns), 4);
    return totals;
}

/* It serves, and calls a peer that comes, goes and comes again. */
static void check_both_ways(struct lab *lab, const char *loop)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *bus = lab_bus_open(lab, device, "peer");
    struct lab_app *app = lab_app_exec(lab, device, loop, SERVICE, PEER, "10", NULL);
    struct softbus_object *counter = kit_get(lab, bus, NULL, SERVICE);
    static struct peer peer;
    LAB_EQUAL(lab, add(lab, counter, 5), 5);
    peer_appear(lab, &peer, bus);
    LAB_UNTIL(lab, peer.n_calls >= 5);
    LAB_EQUAL(lab, add(lab, counter, 7), 12);
    peer_vanish(lab, &peer);
    LAB_EQUAL(lab, add(lab, counter, 1), 13);
    peer_appear(lab, &peer, bus);
    LAB_UNTIL(lab, peer.n_calls >= 5);
    struct totals totals = terminate(lab, app);
    LAB_EQUAL(lab, totals.n_served, 3);
    LAB_CHECK(lab, totals.n_called >= 10 && totals.n_answered >= 8 && totals.n_answered <= totals.n_called);
    peer_vanish(lab, &peer);
    softbus_object_unref(counter);
    lab_bus_close(lab, bus);
    lab_device_check_empty(device);
}

struct burst {
    unsigned n_answered, n_wrong;
};

static void on_history(void *userdata, int error, struct softbus_parcel *reply)
{
    struct burst *burst = userdata;
    uint64_t sums[COUNTER_HISTORY_MAX];
    size_t n = 0;
    bool is_right = error == 0 && softbus_parcel_read_u64_array(reply, sums, COUNTER_HISTORY_MAX, &n) == 0 && n == N_ONEWAY;
    for (size_t i = 0; i < n && is_right; i++)
        is_right = sums[i] == i + 1;
    burst->n_wrong += !is_right;
    burst->n_answered++;
}

/* Much comes at once, and more goes back than a socket holds; no timer helps a loop that does not wait for room. */
static void check_burst(struct lab *lab, const char *loop)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *bus = lab_bus_open(lab, device, "many");
    struct lab_app *app = lab_app_exec(lab, device, loop, SERVICE, PEER, NEVER, NULL);
    struct softbus_object *counter = kit_get(lab, bus, NULL, SERVICE);
    struct softbus_parcel *request = new_request(lab, 1);
    static struct burst burst;
    burst = (struct burst){ 0 };
    for (unsigned i = 0; i < N_ONEWAY; i++)
        LAB_OK(lab, softbus_call_oneway(counter, COUNTER_ADD, request));
    for (unsigned i = 0; i < N_ASYNC; i++)
        LAB_OK(lab, softbus_call_async(counter, COUNTER_HISTORY, NULL, 60000, on_history, &burst, NULL));
    LAB_UNTIL(lab, burst.n_answered == N_ASYNC);
    LAB_EQUAL(lab, burst.n_wrong, 0);
    LAB_EQUAL(lab, add(lab, counter, 0), N_ONEWAY);
    LAB_EQUAL(lab, terminate(lab, app).n_served, N_ONEWAY + 1);
    softbus_parcel_free(request);
    softbus_object_unref(counter);
    lab_bus_close(lab, bus);
    lab_device_check_empty(device);
}

/* A loop that never sleeps makes thousands of turns between two ticks. */
static void check_idle(struct lab *lab, const char *loop)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *bus = lab_bus_open(lab, device, "peer");
    static struct peer peer;
    peer_appear(lab, &peer, bus);
    struct lab_app *app = lab_app_exec(lab, device, loop, SERVICE, PEER, "20", NULL);
    LAB_UNTIL(lab, peer.n_calls >= 25);
    struct totals totals = terminate(lab, app);
    lab_note(lab, "%" PRIu64 " calls, %" PRIu64 " turns", totals.n_called, totals.n_turns);
    LAB_CHECK(lab, totals.n_turns >= totals.n_answered / 2 && totals.n_turns <= 6 * totals.n_called + 50);
    peer_vanish(lab, &peer);
    lab_bus_close(lab, bus);
    lab_device_check_empty(device);
}

/* Nothing arrives and no timer of the example's runs: only the connection's own time-out can wake it. */
static void check_deadline(struct lab *lab, const char *loop)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *mute = kit_serve(lab, device, "mute", PEER, SOFTBUS_SERVICE_LOCAL);
    char line[256];
    snprintf(line, sizeof(line), PEER ": %s", softbus_strerror(SOFTBUS_ERR_TIMEOUT));
    lab_app_signal(mute, SIGSTOP);
    struct lab_app *app = lab_app_exec(lab, device, loop, SERVICE, PEER, NEVER, "100", NULL);
    LAB_UNTIL(lab, lab_app_has_said(app, line));
    struct totals totals = terminate(lab, app);
    LAB_EQUAL(lab, totals.n_called, 1);
    LAB_EQUAL(lab, totals.n_answered, 0);
    lab_app_kill(mute);
    LAB_UNTIL(lab, !lab_app_is_running(mute));
    lab_device_check_empty(device);
}

static void start_device(struct lab *lab)
{
    lab_device_add(lab, "a", NULL);
}

#define DEFINE_TESTS(name) \
    static void test_##name##_both_ways(struct lab *lab) { check_both_ways(lab, "examples/loop_" #name); } \
    static void test_##name##_burst(struct lab *lab) { check_burst(lab, "examples/loop_" #name); } \
    static void test_##name##_idle(struct lab *lab) { check_idle(lab, "examples/loop_" #name); } \
    static void test_##name##_deadline(struct lab *lab) { check_deadline(lab, "examples/loop_" #name); }
#define RUN_TESTS(lab, name) \
    do { \
        lab_test((lab), #name " serves and calls", test_##name##_both_ways); \
        lab_test((lab), #name " survives a burst", test_##name##_burst); \
        lab_test((lab), #name " sleeps when nothing is to do", test_##name##_idle); \
        lab_test((lab), #name " wakes up for a deadline", test_##name##_deadline); \
    } while (0)

DEFINE_TESTS(libevent)
DEFINE_TESTS(poll)
#ifdef HAVE_GLIB
DEFINE_TESTS(glib)
#endif
#ifdef HAVE_SDEVENT
DEFINE_TESTS(sdevent)
#endif

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device starts", start_device);
    RUN_TESTS(lab, poll);
    RUN_TESTS(lab, libevent);
#ifdef HAVE_GLIB
    RUN_TESTS(lab, glib);
#else
    lab_note(lab, "glib-2.0 was not found when this was built: its example is not tested");
#endif
#ifdef HAVE_SDEVENT
    RUN_TESTS(lab, sdevent);
#else
    lab_note(lab, "libsystemd was not found when this was built: its example is not tested");
#endif
    return lab_leave(lab);
}
