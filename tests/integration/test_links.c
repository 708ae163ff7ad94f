/* Cables, partitions, suspended and killed daemons, a killed helper, networks without multicast. */
#include "tests/integration/kit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SERVICE "org.softbus.test.links"
#define SHORT_GRACE "[session]\nheartbeat_ms = 300\nsuspect_ms = 1000\ngrace_ms = 3000\n"
#define LONG_GRACE "[session]\nheartbeat_ms = 300\nsuspect_ms = 1000\ngrace_ms = 60000\n"

struct scene {
    struct lab_device *a, *b;
    struct softbus *bus_a, *bus_b;
    struct kit *kit;               /* on b */
    struct softbus_object *object; /* a's proxy of it */
    struct kit_deaths deaths;
};

static void start_devices(struct lab *lab)
{
    struct lab_device *a = lab_device_add(lab, "a", LONG_GRACE), *b = lab_device_add(lab, "b", LONG_GRACE);
    lab_meet(a, b);
}

static void open_scene(struct lab *lab, struct scene *s)
{
    *s = (struct scene){ .a = lab_get_device(lab, 0), .b = lab_get_device(lab, 1) };
    LAB_UNTIL(lab, lab_device_sees(s->a, s->b) == SOFTBUS_DEVICE_ONLINE && lab_device_sees(s->b, s->a) == SOFTBUS_DEVICE_ONLINE);
    s->bus_a = lab_bus_open(lab, s->a, "near");
    s->bus_b = lab_bus_open(lab, s->b, "far");
    s->kit = kit_new(lab, s->bus_b, SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    s->object = kit_get(lab, s->bus_a, s->b, SERVICE);
    LAB_OK(lab, softbus_link_death(s->object, kit_on_death, &s->deaths, NULL));
    LAB_OK(lab, kit_echo(lab, s->object, 100, 0));
}

/* The link is unlinked by the end of its bus. */
static void close_scene(struct lab *lab, struct scene *s)
{
    lab_bus_close(lab, s->bus_a);
    softbus_object_unref(s->object);
    kit_free(s->kit);
    lab_bus_close(lab, s->bus_b);
    lab_device_check_empty(s->a);
    if (lab_device_is_running(s->b))
        lab_device_check_empty(s->b);
}

struct replies {
    unsigned n, n_errors;
    int last_error;
};

static void on_reply(void *userdata, int error, struct softbus_parcel *reply)
{
    struct replies *replies = userdata;
    (void)reply;
    replies->n++;
    replies->n_errors += error < 0;
    replies->last_error = error;
}

static void call_later(struct lab *lab, struct scene *s, uint32_t number, struct replies *replies)
{
    struct softbus_parcel *request = kit_parcel(lab, 0);
    softbus_parcel_write_u32(request, number);
    LAB_OK(lab, softbus_call_async(s->object, KIT_NOTE, request, 60000, on_reply, replies, NULL));
    softbus_parcel_free(request);
    lab_pump(lab, 0);
}

/* Breaks the link, calls before and after it is noticed, mends it: every call has run once, in order. */
static void interrupt_shortly(struct lab *lab, void (*set_link)(struct scene *s, bool is_up))
{
    struct scene s;
    open_scene(lab, &s);
    struct replies replies = { 0 };
    uint32_t number = 0;
    for (unsigned i = 0; i < 10; i++)
        call_later(lab, &s, number++, &replies);
    set_link(&s, false);
    for (unsigned i = 0; i < 10; i++)
        call_later(lab, &s, number++, &replies);
    LAB_UNTIL(lab, lab_device_sees(s.a, s.b) == SOFTBUS_DEVICE_SUSPECT);
    for (unsigned i = 0; i < 10; i++)
        call_later(lab, &s, number++, &replies);
    set_link(&s, true);
    LAB_UNTIL(lab, lab_device_sees(s.a, s.b) == SOFTBUS_DEVICE_ONLINE && lab_device_sees(s.b, s.a) == SOFTBUS_DEVICE_ONLINE);
    for (unsigned i = 0; i < 10; i++)
        call_later(lab, &s, number++, &replies);
    LAB_UNTIL(lab, replies.n == number);
    LAB_EQUAL(lab, replies.n_errors, 0);
    LAB_EQUAL(lab, s.kit->n_notes, number);
    for (uint32_t i = 0; i < number; i++)
        LAB_EQUAL(lab, s.kit->notes[i], i);
    LAB_EQUAL(lab, s.deaths.n, 0);
    close_scene(lab, &s);
}

static void set_cable(struct scene *s, bool is_up)
{
    lab_device_set_cable(s->b, is_up);
    /* The kernel takes the address of a device that is down away, IPv6 only; IPv4 stays. */
}

static void set_port(struct scene *s, bool is_up)
{
    lab_device_set_port(s->b, is_up);
}

static void set_running(struct scene *s, bool is_up)
{
    lab_device_signal(s->b, is_up ? SIGCONT : SIGSTOP);
}

static void test_cable(struct lab *lab)
{
    interrupt_shortly(lab, set_cable);
}

static void test_partition(struct lab *lab)
{
    interrupt_shortly(lab, set_port);
}

static void test_suspended(struct lab *lab)
{
    interrupt_shortly(lab, set_running);
}

static void test_address_change(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    LAB_EQUAL(lab, lab_device_run(s.b, "ip", "addr", "flush", "dev", "eth0", NULL), 0);
    LAB_EQUAL(lab, lab_device_run(s.b, "ip", "addr", "add", "10.77.0.102/24", "dev", "eth0", NULL), 0);
    struct replies replies = { 0 };
    for (uint32_t i = 0; i < 5; i++)
        call_later(lab, &s, i, &replies);
    LAB_UNTIL(lab, replies.n == 5);
    LAB_EQUAL(lab, replies.n_errors, 0);
    LAB_EQUAL(lab, s.kit->n_notes, 5);
    LAB_EQUAL(lab, s.deaths.n, 0);
    char old[40];
    snprintf(old, sizeof(old), "%s/24", lab_device_get_address(s.b));
    LAB_EQUAL(lab, lab_device_run(s.b, "ip", "addr", "add", old, "dev", "eth0", NULL), 0);
    close_scene(lab, &s);
}

static void test_helper_killed(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    pid_t helper = lab_device_get_helper(s.a);
    LAB_CHECK(lab, helper > 0);
    kill(helper, SIGKILL);
    LAB_UNTIL(lab, lab_device_get_helper(s.a) > 0 && lab_device_get_helper(s.a) != helper);
    LAB_OK(lab, kit_echo(lab, s.object, 100, 0));
    LAB_EQUAL(lab, s.deaths.n, 0);
    close_scene(lab, &s);
}

static void test_daemon_killed(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    struct lab_app *app = kit_serve(lab, s.b, "blocker", SERVICE ".blocker", SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus_object *blocker = kit_get(lab, s.bus_a, s.b, SERVICE ".blocker");
    struct replies under_way = { 0 };
    LAB_OK(lab, softbus_call_async(blocker, KIT_BLOCK, NULL, 60000, on_reply, &under_way, NULL));
    LAB_UNTIL(lab, lab_app_has_said(app, "blocked"));
    lab_device_kill(s.b);
    lab_device_start(s.b);
    /* The new daemon is another instance: what the old one had is gone, long before any grace is over. */
    LAB_UNTIL(lab, s.deaths.n == 1 && under_way.n == 1);
    LAB_EQUAL(lab, s.deaths.reason, SOFTBUS_DEATH_DEVICE_LOST);
    LAB_RESULT(lab, under_way.last_error, SOFTBUS_ERR_DEVICE_LOST);
    int32_t sum;
    LAB_RESULT(lab, kit_add(lab, s.object, 1, 2, &sum), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_UNTIL(lab, lab_device_sees(s.a, s.b) == SOFTBUS_DEVICE_ONLINE);
    /* The service has registered itself with the new one. */
    softbus_object_unref(s.object);
    s.object = kit_get(lab, s.bus_a, s.b, SERVICE);
    LAB_OK(lab, kit_add(lab, s.object, 1, 2, &sum));
    softbus_object_unref(blocker);
    close_scene(lab, &s);
}

static void start_short_grace(struct lab *lab)
{
    for (unsigned i = 0; i < 2; i++) {
        struct lab_device *device = lab_get_device(lab, i);
        lab_device_stop(device);
        lab_device_set_config(device, SHORT_GRACE);
        lab_device_start(device);
    }
    lab_meet(lab_get_device(lab, 0), lab_get_device(lab, 1));
}

/* Longer than the grace: lost, with errors that say what may have run. */
static void lose(struct lab *lab, void (*set_link)(struct scene *s, bool is_up))
{
    struct scene s;
    open_scene(lab, &s);
    struct lab_app *app = kit_serve(lab, s.b, "blocker", SERVICE ".blocker", SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus_object *blocker = kit_get(lab, s.bus_a, s.b, SERVICE ".blocker");
    struct replies under_way = { 0 }, late = { 0 };
    LAB_OK(lab, softbus_call_async(blocker, KIT_BLOCK, NULL, 60000, on_reply, &under_way, NULL));
    LAB_UNTIL(lab, lab_app_has_said(app, "blocked"));
    set_link(&s, false);
    LAB_UNTIL(lab, lab_device_sees(s.a, s.b) == SOFTBUS_DEVICE_SUSPECT);
    call_later(lab, &s, 1, &late);
    LAB_EQUAL(lab, s.deaths.n, 0);
    LAB_UNTIL(lab, s.deaths.n == 1 && under_way.n == 1 && late.n == 1);
    LAB_EQUAL(lab, s.deaths.reason, SOFTBUS_DEATH_DEVICE_LOST);
    LAB_UNTIL(lab, lab_device_sees(s.a, s.b) == SOFTBUS_DEVICE_OFFLINE);
    LAB_RESULT(lab, under_way.last_error, SOFTBUS_ERR_DEVICE_LOST);
    LAB_EQUAL(lab, softbus_error_get_outcome(under_way.last_error), SOFTBUS_OUTCOME_UNKNOWN);
    LAB_CHECK(lab, late.last_error == SOFTBUS_ERR_DEVICE_LOST || late.last_error == SOFTBUS_ERR_DEVICE_OFFLINE);
    struct softbus_object *none;
    LAB_RESULT(lab, softbus_service_get(s.bus_a, lab_device_get_id(s.b), SERVICE, 0, &none), SOFTBUS_ERR_DEVICE_OFFLINE);
    LAB_RESULT(lab, softbus_device_ping(s.bus_a, lab_device_get_id(s.b), 0), SOFTBUS_ERR_DEVICE_OFFLINE);
    set_link(&s, true);
    LAB_UNTIL(lab, lab_device_sees(s.a, s.b) == SOFTBUS_DEVICE_ONLINE && lab_device_sees(s.b, s.a) == SOFTBUS_DEVICE_ONLINE);
    /* A new session: the old proxy stays dead, the service is found again. */
    int32_t sum;
    LAB_RESULT(lab, kit_add(lab, s.object, 1, 2, &sum), SOFTBUS_ERR_DEAD_OBJECT);
    struct softbus_object *again = kit_get(lab, s.bus_a, s.b, SERVICE);
    LAB_OK(lab, kit_echo(lab, again, 10, 0));
    LAB_EQUAL(lab, s.deaths.n, 1);
    if (late.last_error == SOFTBUS_ERR_DEVICE_OFFLINE)
        LAB_EQUAL(lab, s.kit->n_notes, 0);
    LAB_CHECK(lab, s.kit->n_notes <= 1);
    softbus_object_unref(again);
    softbus_object_unref(blocker);
    lab_app_reap_all(lab);
    close_scene(lab, &s);
}

static void test_cable_lost(struct lab *lab)
{
    lose(lab, set_cable);
}

static void test_partition_lost(struct lab *lab)
{
    lose(lab, set_port);
}

static void test_suspended_lost(struct lab *lab)
{
    lose(lab, set_running);
}

static void test_static_peers(struct lab *lab)
{
    struct lab_device *c = lab_device_add(lab, "c", "[discovery]\nmdns = no\n"),
                      *d = lab_device_new(lab, "d", NULL);
    char config[256];
    snprintf(config, sizeof(config), "[discovery]\nmdns = no\npeer = %s:%d\n", lab_device_get_address(c), LAB_PORT);
    lab_device_set_config(d, config);
    lab_device_start(d);
    LAB_EQUAL(lab, lab_device_get_helper(d), 0);
    lab_meet(c, d);
    struct softbus *server = lab_bus_open(lab, c, "server"), *client = lab_bus_open(lab, d, "client");
    struct kit *kit = kit_new(lab, server, SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus_object *object = kit_get(lab, client, c, SERVICE);
    LAB_OK(lab, kit_echo(lab, object, 1000, 0));
    softbus_object_unref(object);
    kit_free(kit);
    lab_device_check_empty(c);
    lab_device_check_empty(d);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "two devices meet", start_devices);
    lab_test(lab, "a cable out for a moment costs no call", test_cable);
    lab_test(lab, "a partition for a moment costs no call", test_partition);
    lab_test(lab, "a suspended daemon costs no call", test_suspended);
    lab_test(lab, "a device changes its address", test_address_change);
    lab_test(lab, "a killed helper is replaced, the session stays", test_helper_killed);
    lab_test(lab, "a killed daemon comes back as another", test_daemon_killed);
    lab_test(lab, "a shorter grace", start_short_grace);
    lab_test(lab, "a cable out for long loses the device", test_cable_lost);
    lab_test(lab, "a partition for long loses the device", test_partition_lost);
    lab_test(lab, "a daemon suspended for long loses the device", test_suspended_lost);
    lab_test(lab, "static peers need no multicast", test_static_peers);
    return lab_leave(lab);
}
