/* One device: names of objects, and the blocking run. */
#include "tests/integration/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVICE "org.softbus.test.registry"

static void start_device(struct lab *lab)
{
    lab_device_add(lab, "a", "[discovery]\nmdns = no\n");
}

static void test_names(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *one = lab_bus_open(lab, device, "one"), *two = lab_bus_open(lab, device, "two");
    struct kit *a = kit_new(lab, one, NULL, 0), *b = kit_new(lab, two, NULL, 0);
    char longest[257];
    memset(longest, 'x', 256);
    longest[256] = '\0';
    static const char *const wrong[] = { "", ".a", "a.", "-a", "a-", "a b", "a/b", "ä", "a\n" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        LAB_RESULT(lab, softbus_service_add(one, wrong[i], a->stub, 0), SOFTBUS_ERR_NAME_INVALID);
    LAB_RESULT(lab, softbus_service_add(one, longest, a->stub, 0), SOFTBUS_ERR_NAME_INVALID);
    longest[255] = '\0';
    LAB_OK(lab, softbus_service_add(one, longest, a->stub, 0));
    LAB_OK(lab, softbus_service_add(one, SERVICE, a->stub, 0));
    LAB_RESULT(lab, softbus_service_add(two, SERVICE, b->stub, 0), SOFTBUS_ERR_NAME_TAKEN);
    LAB_RESULT(lab, softbus_service_remove(two, SERVICE), SOFTBUS_ERR_DENIED);
    LAB_RESULT(lab, softbus_service_remove(two, SERVICE ".none"), SOFTBUS_ERR_NO_SERVICE);
    struct softbus_object *proxy = kit_get(lab, two, NULL, SERVICE);
    LAB_RESULT(lab, softbus_service_add(two, SERVICE ".proxy", proxy, 0), SOFTBUS_ERR_INVALID);
    softbus_object_unref(proxy);
    LAB_OK(lab, softbus_service_remove(one, SERVICE));
    LAB_OK(lab, softbus_service_add(two, SERVICE, b->stub, 0));
    kit_free(a);
    kit_free(b);
    lab_device_check_empty(device);
}

static void test_get(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *server = lab_bus_open(lab, device, "server"), *client = lab_bus_open(lab, device, "client");
    struct softbus_object *object = NULL;
    LAB_RESULT(lab, softbus_service_get(client, NULL, SERVICE, 0, &object), SOFTBUS_ERR_NO_SERVICE);
    LAB_RESULT(lab, softbus_service_get(client, NULL, SERVICE, 30, &object), SOFTBUS_ERR_NO_SERVICE);
    LAB_RESULT(lab, softbus_service_get(client, NULL, "no good", 0, &object), SOFTBUS_ERR_NAME_INVALID);
    LAB_RESULT(lab, softbus_service_get(client, "AAAA", SERVICE, 0, &object), SOFTBUS_ERR_BAD_DEVICE_ID);
    LAB_CHECK(lab, object == NULL);
    struct kit *kit = kit_new(lab, server, SERVICE, 0);
    LAB_OK(lab, softbus_service_get(server, NULL, SERVICE, 0, &object));
    LAB_CHECK(lab, object == kit->stub);
    softbus_object_unref(object);
    LAB_OK(lab, softbus_service_get(client, lab_device_get_id(device), SERVICE, 0, &object));
    LAB_CHECK(lab, !softbus_object_is_stub(object) && !softbus_object_is_remote(object));
    softbus_object_unref(object);
    kit_free(kit);
}

/* Waits for a service that the test offers once it is told to. */
static int wait_for_service(struct lab_app *app, struct softbus *bus, void *userdata)
{
    (void)userdata;
    struct softbus_object *object;
    lab_app_say(app, "waiting");
    int r = softbus_service_get(bus, NULL, SERVICE, 60000, &object);
    lab_app_say(app, "got %d", r);
    return 0;
}

static void test_wait(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *app = lab_app_fork(lab, device, "waiter", wait_for_service, NULL);
    LAB_UNTIL(lab, lab_app_has_said(app, "waiting"));
    LAB_UNTIL(lab, lab_device_get_status(device, "calls") == 1); /* it waits in the hub */
    struct softbus *server = lab_bus_open(lab, device, "server");
    struct kit *kit = kit_new(lab, server, SERVICE, 0);
    LAB_UNTIL(lab, lab_app_has_said(app, "got 0"));
    kit_free(kit);
    LAB_UNTIL(lab, !lab_app_is_running(app));
    lab_device_check_empty(device);
}

/* A waiting app that is killed leaves no waiting call behind. */
static void test_killed_while_waiting(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *app = lab_app_fork(lab, device, "waiter", wait_for_service, NULL);
    LAB_UNTIL(lab, lab_device_get_status(device, "calls") == 1);
    lab_app_kill(app);
    lab_device_check_empty(device);
}

static void test_list(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *server = lab_bus_open(lab, device, "lister");
    struct kit *kit = kit_new(lab, server, SERVICE ".b", SOFTBUS_SERVICE_DISTRIBUTED);
    LAB_OK(lab, softbus_service_add(server, SERVICE ".a", kit->stub, SOFTBUS_SERVICE_LOCAL));
    struct softbus_service_info *services;
    size_t n;
    unsigned found = 0;
    LAB_OK(lab, softbus_service_list(lab_device_get_admin(device), NULL, &services, &n));
    LAB_EQUAL(lab, n, 2);
    for (size_t i = 0; i < n; i++) {
        LAB_TEXT(lab, services[i].app, "lister");
        LAB_EQUAL(lab, services[i].pid, getpid());
        if (strcmp(services[i].name, SERVICE ".a") == 0 && !services[i].is_distributed)
            found |= 1;
        if (strcmp(services[i].name, SERVICE ".b") == 0 && services[i].is_distributed)
            found |= 2;
    }
    free(services);
    LAB_EQUAL(lab, found, 3);
    kit_free(kit);
}

struct seen {
    unsigned n_present, n_gone;
    char last[64], device[SOFTBUS_DEVICE_ID_SIZE];
};

static void see_service(void *userdata, const char *device, const char *name, bool is_present)
{
    struct seen *seen = userdata;
    if (strncmp(name, SERVICE, strlen(SERVICE)) != 0)
        return;
    seen->n_present += is_present;
    seen->n_gone += !is_present;
    snprintf(seen->last, sizeof(seen->last), "%s", name);
    snprintf(seen->device, sizeof(seen->device), "%s", device);
}

static void test_watch(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *server = lab_bus_open(lab, device, "server"), *client = lab_bus_open(lab, device, "client");
    struct kit *kit = kit_new(lab, server, SERVICE ".first", 0);
    struct seen seen = { 0 };
    struct softbus_watch *watch;
    LAB_OK(lab, softbus_service_watch(client, NULL, see_service, &seen, &watch));
    LAB_EQUAL(lab, seen.n_present, 0); /* not inside the call */
    LAB_UNTIL(lab, seen.n_present == 1);
    LAB_TEXT(lab, seen.device, lab_device_get_id(device));
    LAB_OK(lab, softbus_service_add(server, SERVICE ".second", kit->stub, 0));
    LAB_UNTIL(lab, seen.n_present == 2);
    LAB_TEXT(lab, seen.last, SERVICE ".second");
    LAB_OK(lab, softbus_service_remove(server, SERVICE ".second"));
    LAB_UNTIL(lab, seen.n_gone == 1);
    kit = kit_free(kit);
    LAB_UNTIL(lab, seen.n_gone == 2);
    LAB_TEXT(lab, seen.last, SERVICE ".first");
    struct lab_app *app = kit_serve(lab, device, "killed", SERVICE ".killed", 0);
    LAB_UNTIL(lab, seen.n_present == 3);
    lab_app_kill(app);
    LAB_UNTIL(lab, seen.n_gone == 3);
    softbus_unwatch(watch);
    kit = kit_new(lab, server, SERVICE ".unseen", 0);
    struct softbus_object *object = kit_get(lab, client, NULL, SERVICE ".unseen");
    LAB_OK(lab, kit_echo(lab, object, 3, 0));
    LAB_EQUAL(lab, seen.n_present, 3);
    softbus_object_unref(object);
    kit_free(kit);
    lab_device_check_empty(device);
}

/* The blocking run ends where a handler says so. */
static int stop_run(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                    struct softbus_parcel *request, struct softbus_parcel *reply)
{
    (void)transaction;
    (void)code;
    (void)request;
    (void)reply;
    softbus_stop(userdata);
    return 0;
}

static int run_until_stopped(struct lab_app *app, struct softbus *bus, void *userdata)
{
    (void)userdata;
    struct softbus_object *stub;
    if (softbus_stub_new(bus, "org.softbus.test.Stop", stop_run, bus, &stub) < 0 ||
        softbus_service_add(bus, SERVICE ".stop", stub, 0) < 0)
        return 1;
    lab_app_say(app, "running");
    int r = softbus_run(bus);
    lab_app_say(app, "run %d", r);
    softbus_object_unref(stub);
    softbus_close(bus);
    return r == 0 ? 0 : 1;
}

static void test_blocking_run(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *app = lab_app_fork(lab, device, "runner", run_until_stopped, NULL);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE ".stop");
    /* Closing sends what waits: the answer of the last call is not lost. */
    LAB_OK(lab, lab_call(lab, object, 1, NULL, NULL, 0));
    LAB_UNTIL(lab, lab_app_has_said(app, "run 0") && !lab_app_is_running(app));
    LAB_EQUAL(lab, lab_app_get_status(app), 0);
    softbus_object_unref(object);
    lab_device_check_empty(device);
}

static void test_wait_times_out(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *bus;
    LAB_OK(lab, softbus_open(lab_device_get_socket(device), "idle", &bus));
    LAB_EQUAL(lab, softbus_process(bus), 0);
    LAB_EQUAL(lab, softbus_wait(bus, 20), 0);
    LAB_EQUAL(lab, softbus_get_timeout_ms(bus), -1);
    softbus_close(bus);
    LAB_RESULT(lab, softbus_open("/run/lab-nowhere/softbusd.sock", "idle", &bus), SOFTBUS_ERR_NO_DAEMON);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device starts", start_device);
    lab_test(lab, "names are checked, taken and owned", test_names);
    lab_test(lab, "a service is got by name", test_get);
    lab_test(lab, "a service is waited for", test_wait);
    lab_test(lab, "an app is killed while it waits", test_killed_while_waiting);
    lab_test(lab, "services are listed", test_list);
    lab_test(lab, "services are watched", test_watch);
    lab_test(lab, "the blocking run ends when it is told to", test_blocking_run);
    lab_test(lab, "waiting ends in time", test_wait_times_out);
    return lab_leave(lab);
}
