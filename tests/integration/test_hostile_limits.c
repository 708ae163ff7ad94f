/*
 * Apps that want more than their share: connections, objects, references, calls, services, watches, descriptors. They get an error at the
 * limit, and more again when they have given something back; softbusctl quota names them and the key; other users notice nothing.
 */
#include "tests/integration/honest.h"
#include "tests/integration/kit.h"
#include "tests/integration/raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB (1024 * 1024)
#define CONFIG \
    "[discovery]\nmdns = no\n[limits]\napps_per_user = 40\napp_hello_ms = 60000\nobjects = 10\nreferences = 10\ncalls = 10\n" \
    "services = 20\nservices_per_user = 24\nwatches = 5\n"

static void start_device(struct lab *lab)
{
    lab_device_add(lab, "a", CONFIG);
}

static struct lab_app *run_quota(struct lab *lab)
{
    struct lab_app *app = lab_app_exec(lab, lab_get_device(lab, 0), "softbusctl/softbusctl", "quota", "--app", (char *)NULL);
    LAB_UNTIL(lab, !lab_app_is_running(app));
    LAB_EQUAL(lab, lab_app_get_status(app), 0);
    return app;
}

/* It has a line about that app, that kind and that key. */
static void check_quota(struct lab *lab, const char *name, const char *kind, const char *key)
{
    struct lab_app *app = run_quota(lab);
    char line[512];
    bool has_found = false;
    for (const char *at = lab_app_get_text(app); *at != '\0' && !has_found;) {
        size_t n = strcspn(at, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)n, at);
        const char *found = strstr(line, name);
        found = found != NULL ? strstr(found, kind) : NULL;
        has_found = found != NULL && strstr(found + strlen(kind), key) != NULL;
        at += n + (at[n] == '\n');
    }
    if (!has_found)
        lab_fail(lab, __FILE__, __LINE__, "softbusctl quota has no line about %s %s %s", name, kind, key);
}

/* --- connections --- */

static void test_connections(struct lab *lab)
{
    enum { N_TRIES = 200, UID = 4343 };
    struct honest honest;
    struct lab_device *device = lab_get_device(lab, 0);
    int fds[N_TRIES];
    honest_start(&honest, lab, device);
    if (raw_connect_as(lab, device, UID, fds, N_TRIES)) {
        struct raw *raw[N_TRIES];
        unsigned n_open = 0;
        for (unsigned i = 0; i < N_TRIES; i++)
            raw[i] = raw_adopt(lab, fds[i]);
        LAB_UNTIL(lab, lab_device_has_logged(device, "app refused: too many apps of this user (limit apps_per_user)"));
        /* Another user's app comes in the middle of it. */
        lab_bus_close(lab, lab_bus_open(lab, device, "other user"));
        LAB_UNTIL(lab, raw_has_closed(raw[N_TRIES - 1]));
        for (unsigned i = 0; i < N_TRIES; i++)
            n_open += !raw_has_closed(raw[i]);
        LAB_EQUAL(lab, n_open, 40);
        honest_go_on(&honest);
        /* One goes, one may come. */
        unsigned n_fds = lab_device_count_fds(device);
        raw_close(raw[0]);
        LAB_UNTIL(lab, lab_device_count_fds(device) < n_fds);
        LAB_CHECK(lab, raw_connect_as(lab, device, UID, fds, 1));
        raw[0] = raw_adopt(lab, fds[0]);
        raw_hello(raw[0], "late", 0);
        for (unsigned i = 0; i < N_TRIES; i++)
            raw_close(raw[i]);
    }
    honest_check(&honest, 8 * MIB);
}

/* --- what an app holds --- */

static const struct wire_objects *make_stubs(struct wire_objects *objects, uint64_t first, uint16_t n)
{
    objects->n = n;
    for (uint16_t i = 0; i < n; i++)
        objects->items[i] = (struct wire_object){ .kind = WIRE_OBJECT_STUB, .id = first + i };
    return objects;
}

/* Passes so many stubs to the kit: they are its references. */
static int32_t pass_stubs(struct raw *raw, uint64_t target, uint64_t first, uint16_t n)
{
    static const uint8_t first_object[] = { WIRE_TAG_OBJECT, 0, 0 };
    struct wire_objects objects;
    raw_send_call(raw, ++raw->last_id, target, KIT_HOLD, make_stubs(&objects, first, n), first_object, sizeof(first_object));
    return raw_wait_reply(raw, raw->last_id, NULL);
}

static void test_objects_and_references(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    honest_start(&honest, lab, device);
    struct softbus *bus = lab_bus_open(lab, device, "holder");
    struct kit *kit = kit_new(lab, bus, "limits.kit", 0);
    struct raw *raw = raw_open(lab, device, "maker"), *other = raw_open(lab, device, "other maker");
    struct wire_object object;
    LAB_RESULT(lab, raw_get_service(raw, "", "limits.kit", &object), 0);
    /* 10 objects of its own; then no more, until one is withdrawn. */
    for (uint64_t i = 1; i <= 10; i++)
        LAB_RESULT(lab, pass_stubs(raw, object.id, i, 1), 0);
    LAB_RESULT(lab, pass_stubs(raw, object.id, 11, 1), SOFTBUS_ERR_LIMIT);
    check_quota(lab, "maker", "objects", "objects");
    /* The kit has its 10 references, too: nobody can give it more, and it is told to the one who tries. */
    struct wire_object object_of_other;
    LAB_RESULT(lab, raw_get_service(other, "", "limits.kit", &object_of_other), 0);
    LAB_RESULT(lab, pass_stubs(other, object_of_other.id, 1, 1), SOFTBUS_ERR_LIMIT);
    check_quota(lab, "holder", "references", "references");
    kit_drop_all(kit);
    LAB_UNTIL(lab, lab_device_get_status(device, "references") <= 6);
    LAB_RESULT(lab, pass_stubs(other, object_of_other.id, 1, 1), 0);
    LAB_RESULT(lab, pass_stubs(raw, object.id, 21, 1), 0);
    raw_close(raw);
    raw_close(other);
    kit_free(kit);
    lab_bus_close(lab, bus);
    honest_check(&honest, 8 * MIB);
}

static int add_service(struct softbus *bus, const struct kit *kit, const char *prefix, unsigned number)
{
    char name[32];
    snprintf(name, sizeof(name), "limits.%s%u", prefix, number);
    return softbus_service_add(bus, name, kit->stub, 0);
}

static void test_services(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    honest_start(&honest, lab, device);
    struct softbus *bus = lab_bus_open(lab, device, "namer"), *other = lab_bus_open(lab, device, "neighbour");
    struct kit *kit = kit_new(lab, bus, NULL, 0), *kit_other = kit_new(lab, other, NULL, 0);
    /* 24 of the user: alone it gets half, and the next what the rule of softbusd.conf(5) leaves to two. */
    for (unsigned i = 0; i < 12; i++)
        LAB_OK(lab, add_service(bus, kit, "first", i));
    LAB_RESULT(lab, add_service(bus, kit, "first", 12), SOFTBUS_ERR_LIMIT);
    LAB_CHECK(lab, strstr(softbus_strerror(SOFTBUS_ERR_LIMIT), "softbusctl quota") != NULL);
    LAB_CHECK(lab, lab_device_has_logged(device, "request refused: app has its share of what its user may have name=namer"));
    check_quota(lab, "namer", "services", "services");
    for (unsigned i = 0; i < 4; i++)
        LAB_OK(lab, add_service(other, kit_other, "second", i));
    LAB_RESULT(lab, add_service(other, kit_other, "second", 4), SOFTBUS_ERR_LIMIT);
    for (unsigned i = 0; i < 12; i++) {
        char name[32];
        snprintf(name, sizeof(name), "limits.first%u", i);
        LAB_OK(lab, softbus_service_remove(bus, name));
    }
    LAB_OK(lab, add_service(other, kit_other, "second", 4));
    LAB_OK(lab, add_service(bus, kit, "first", 0));
    kit_free(kit);
    kit_free(kit_other);
    lab_bus_close(lab, bus);
    lab_bus_close(lab, other);
    honest_check(&honest, 8 * MIB);
}

static void on_service(void *userdata, const char *device, const char *name, bool is_present)
{
    (void)userdata, (void)device, (void)name, (void)is_present;
}

static void test_watches(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    honest_start(&honest, lab, device);
    struct softbus *bus = lab_bus_open(lab, device, "watcher");
    struct softbus_watch *watches[6] = { NULL };
    for (unsigned i = 0; i < 6; i++)
        LAB_RESULT(lab, softbus_service_watch(bus, NULL, on_service, NULL, &watches[i]), i < 5 ? 0 : SOFTBUS_ERR_LIMIT);
    check_quota(lab, "watcher", "watches", "watches");
    softbus_unwatch(watches[0]);
    LAB_OK(lab, softbus_service_watch(bus, NULL, on_service, NULL, &watches[5]));
    for (unsigned i = 1; i < 6; i++)
        softbus_unwatch(watches[i]);
    lab_bus_close(lab, bus);
    honest_check(&honest, 8 * MIB);
}

/* Calls that are not answered, and 32 descriptors in each. */
static void test_calls(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    honest_start(&honest, lab, device);
    struct raw *mute = raw_open(lab, device, "mute"), *raw = raw_open(lab, device, "caller"), *other = raw_open(lab, device, "other");
    struct wire_object object, of_other;
    LAB_RESULT(lab, raw_add_service(mute, "limits.mute", 1, false), 0);
    LAB_RESULT(lab, raw_get_service(raw, "", "limits.mute", &object), 0);
    LAB_RESULT(lab, raw_get_service(other, "", "limits.mute", &of_other), 0);
    for (uint64_t id = 100; id < 110; id++)
        raw_send_call(raw, id, object.id, 1, NULL, "", 0);
    raw_send_call(raw, 110, object.id, 1, NULL, "", 0);
    LAB_RESULT(lab, raw_wait_reply(raw, 110, NULL), SOFTBUS_ERR_AGAIN);
    check_quota(lab, "caller", "calls", "calls");
    struct wire_objects objects;
    struct wire_call call;
    raw_send_call(other, 100, of_other.id, 7, NULL, "", 0); /* the neighbour's gets there */
    do
        LAB_EQUAL(lab, wire_call_decode(raw_wait(mute, WIRE_CALL), &call, &objects), 0);
    while (call.code != 7);
    raw_send_reply(mute, call.id, 0, NULL, "", 0);
    LAB_RESULT(lab, raw_wait_reply(other, 100, NULL), 0);
    raw_close(mute);
    for (uint64_t id = 100; id < 110; id++)
        LAB_RESULT(lab, raw_wait_reply(raw, id, NULL), SOFTBUS_ERR_DIED);
    raw_close(raw);
    raw_close(other);
    honest_check(&honest, 8 * MIB);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device", start_device);
    lab_test(lab, "more connections than a user may have", test_connections);
    lab_test(lab, "more objects and references", test_objects_and_references);
    lab_test(lab, "more services", test_services);
    lab_test(lab, "more watches", test_watches);
    lab_test(lab, "more calls", test_calls);
    return lab_leave(lab);
}
