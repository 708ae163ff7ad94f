/* Links to death: exactly once, with the reason; on one device and between two. */
#include "tests/integration/kit.h"

#include <stdio.h>

#define SERVICE "org.softbus.test.death"

static void start_devices(struct lab *lab)
{
    struct lab_device *a = lab_device_add(lab, "a", NULL), *b = lab_device_add(lab, "b", NULL);
    lab_meet(a, b);
}

struct scene {
    struct lab *lab;
    struct lab_device *near, *far; /* where the watcher is, where the object is */
};

/* Runs a case with the object on the watcher's device, and with the object on the other one. */
static void in_both_scenes(struct lab *lab, void (*fn)(struct scene *scene))
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    fn(&(struct scene){ lab, a, a });
    fn(&(struct scene){ lab, a, b });
    lab_app_reap_all(lab);
    lab_device_check_empty(a);
    lab_device_check_empty(b);
}

static void killed(struct scene *scene)
{
    struct lab *lab = scene->lab;
    struct lab_app *app = kit_serve(lab, scene->far, "victim", SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus *bus = lab_bus_open(lab, scene->near, "watcher");
    struct softbus_object *object = kit_get(lab, bus, scene->far, SERVICE);
    struct kit_deaths deaths = { 0 }, others = { 0 }, unlinked = { 0 };
    struct softbus_link *link;
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &deaths, NULL));
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &others, NULL));
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &unlinked, &link));
    LAB_OK(lab, softbus_unlink_death(link));
    LAB_CHECK(lab, !softbus_object_is_dead(object));
    lab_app_kill(app);
    LAB_UNTIL(lab, deaths.n > 0 && others.n > 0);
    LAB_EQUAL(lab, deaths.reason, SOFTBUS_DEATH_PROCESS_DIED);
    LAB_CHECK(lab, softbus_object_is_dead(object));
    int32_t sum;
    LAB_RESULT(lab, kit_add(lab, object, 1, 2, &sum), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_EQUAL(lab, softbus_error_get_outcome(SOFTBUS_ERR_DEAD_OBJECT), SOFTBUS_OUTCOME_NOT_STARTED);
    LAB_RESULT(lab, softbus_link_death(object, kit_on_death, &unlinked, NULL), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_CHECK(lab, deaths.n == 1 && others.n == 1 && unlinked.n == 0);
    softbus_object_unref(object);
    lab_bus_close(lab, bus);
}

static void test_killed(struct lab *lab)
{
    in_both_scenes(lab, killed);
}

/* The link itself keeps the object watched: no other reference is needed. */
static void killed_unheld(struct scene *scene)
{
    struct lab *lab = scene->lab;
    struct lab_app *app = kit_serve(lab, scene->far, "victim", SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus *bus = lab_bus_open(lab, scene->near, "watcher");
    struct softbus_object *object = kit_get(lab, bus, scene->far, SERVICE);
    struct kit_deaths deaths = { 0 };
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &deaths, NULL));
    softbus_object_unref(object);
    lab_app_kill(app);
    LAB_UNTIL(lab, deaths.n == 1);
    lab_bus_close(lab, bus);
}

static void test_killed_unheld(struct lab *lab)
{
    in_both_scenes(lab, killed_unheld);
}

static void withdrawn(struct scene *scene)
{
    struct lab *lab = scene->lab;
    struct softbus *server = lab_bus_open(lab, scene->far, "server"), *bus = lab_bus_open(lab, scene->near, "watcher");
    struct kit *kit = kit_new(lab, server, SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus_object *object = kit_get(lab, bus, scene->far, SERVICE);
    struct kit_deaths deaths = { 0 };
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &deaths, NULL));
    LAB_OK(lab, softbus_stub_withdraw(kit->stub));
    LAB_UNTIL(lab, deaths.n > 0);
    LAB_EQUAL(lab, deaths.reason, SOFTBUS_DEATH_WITHDRAWN);
    int32_t sum;
    LAB_RESULT(lab, kit_add(lab, object, 1, 2, &sum), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_EQUAL(lab, deaths.n, 1);
    LAB_EQUAL(lab, kit->n_calls, 0);
    softbus_object_unref(object);
    kit_free(kit);
    lab_bus_close(lab, server);
    lab_bus_close(lab, bus);
}

static void test_withdrawn(struct lab *lab)
{
    in_both_scenes(lab, withdrawn);
}

/* Removing the last name withdraws the object; removing one of two does not. */
static void last_name_removed(struct scene *scene)
{
    struct lab *lab = scene->lab;
    struct softbus *server = lab_bus_open(lab, scene->far, "server"), *bus = lab_bus_open(lab, scene->near, "watcher");
    struct kit *kit = kit_new(lab, server, SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    LAB_OK(lab, softbus_service_add(server, SERVICE ".alias", kit->stub, SOFTBUS_SERVICE_DISTRIBUTED));
    struct softbus_object *object = kit_get(lab, bus, scene->far, SERVICE);
    struct kit_deaths deaths = { 0 };
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &deaths, NULL));
    LAB_OK(lab, softbus_service_remove(server, SERVICE));
    LAB_OK(lab, kit_echo(lab, object, 5, 0));
    LAB_EQUAL(lab, deaths.n, 0);
    LAB_OK(lab, softbus_service_remove(server, SERVICE ".alias"));
    LAB_UNTIL(lab, deaths.n == 1);
    LAB_EQUAL(lab, deaths.reason, SOFTBUS_DEATH_WITHDRAWN);
    softbus_object_unref(object);
    kit_free(kit);
    lab_bus_close(lab, server);
    lab_bus_close(lab, bus);
}

static void test_last_name_removed(struct lab *lab)
{
    in_both_scenes(lab, last_name_removed);
}

/* Closing is an end of the process for everybody else. */
static void closed(struct scene *scene)
{
    struct lab *lab = scene->lab;
    struct softbus *server = lab_bus_open(lab, scene->far, "server"), *bus = lab_bus_open(lab, scene->near, "watcher");
    struct kit *kit = kit_new(lab, server, SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus_object *object = kit_get(lab, bus, scene->far, SERVICE);
    struct kit_deaths deaths = { 0 };
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &deaths, NULL));
    lab_bus_close(lab, server);
    LAB_UNTIL(lab, deaths.n == 1);
    LAB_EQUAL(lab, deaths.reason, SOFTBUS_DEATH_PROCESS_DIED);
    softbus_object_unref(object);
    kit_free(kit);
    lab_bus_close(lab, bus);
}

static void test_closed(struct lab *lab)
{
    in_both_scenes(lab, closed);
}

struct pending {
    unsigned n;
    int error;
};

static void on_reply(void *userdata, int error, struct softbus_parcel *reply)
{
    struct pending *pending = userdata;
    pending->n++;
    pending->error = error;
    (void)reply;
}

/* The process dies while a call is with it, and another waits behind. */
static void died_inside_a_call(struct scene *scene)
{
    struct lab *lab = scene->lab;
    struct lab_app *app = kit_serve(lab, scene->far, "victim", SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus *bus = lab_bus_open(lab, scene->near, "caller");
    struct softbus_object *object = kit_get(lab, bus, scene->far, SERVICE);
    struct pending pending = { 0 };
    LAB_OK(lab, softbus_call_async(object, KIT_BLOCK, NULL, 30000, on_reply, &pending, NULL));
    LAB_UNTIL(lab, lab_app_has_said(app, "blocked"));
    lab_app_kill(app);
    LAB_UNTIL(lab, pending.n == 1);
    LAB_RESULT(lab, pending.error, SOFTBUS_ERR_DIED);
    LAB_EQUAL(lab, softbus_error_get_outcome(pending.error), SOFTBUS_OUTCOME_UNKNOWN);
    softbus_object_unref(object);
    lab_bus_close(lab, bus);
}

static void test_died_inside_a_call(struct lab *lab)
{
    in_both_scenes(lab, died_inside_a_call);
}

static void test_local_anonymous(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0);
    struct lab_app *app = kit_serve(lab, a, "maker", SERVICE, 0);
    struct softbus *bus = lab_bus_open(lab, a, "watcher");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE), *made;
    LAB_RESULT(lab, kit_give(lab, object, 0, &made), SOFTBUS_ERR_BAD_REQUEST); /* it holds nothing yet */
    struct softbus_parcel *reply = kit_parcel(lab, 0);
    LAB_OK(lab, lab_call(lab, object, KIT_MAKE, NULL, reply, 0));
    LAB_OK(lab, softbus_parcel_read_object(reply, &made));
    softbus_parcel_free(reply);
    LAB_CHECK(lab, !softbus_object_is_service(made));
    struct kit_deaths deaths = { 0 };
    LAB_OK(lab, softbus_link_death(made, kit_on_death, &deaths, NULL));
    lab_app_kill(app);
    LAB_UNTIL(lab, deaths.n == 1);
    LAB_EQUAL(lab, deaths.reason, SOFTBUS_DEATH_PROCESS_DIED);
    struct kit *own = kit_new(lab, bus, NULL, 0);
    LAB_RESULT(lab, softbus_link_death(own->stub, kit_on_death, &deaths, NULL), SOFTBUS_ERR_INVALID);
    kit_free(own);
    softbus_object_unref(made);
    softbus_object_unref(object);
    lab_bus_close(lab, bus);
    lab_device_check_empty(a);
}

static void test_device_lost_by_shutdown(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    kit_serve(lab, b, "server", SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus *bus = lab_bus_open(lab, a, "watcher");
    struct softbus_object *object = kit_get(lab, bus, b, SERVICE);
    struct kit_deaths deaths = { 0 };
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &deaths, NULL));
    lab_device_stop(b);
    LAB_UNTIL(lab, deaths.n == 1);
    LAB_EQUAL(lab, deaths.reason, SOFTBUS_DEATH_DEVICE_LOST);
    LAB_UNTIL(lab, lab_device_sees(a, b) == SOFTBUS_DEVICE_OFFLINE);
    softbus_object_unref(object);
    lab_bus_close(lab, bus);
    lab_device_check_empty(a);
    lab_device_start(b);
    LAB_UNTIL(lab, lab_device_sees(a, b) == SOFTBUS_DEVICE_ONLINE);
}

/* Whichever side removes the trust: holders are told why. */
static void check_trust_revoked(struct lab *lab, struct lab_device *remover)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct softbus *bus = lab_bus_open(lab, a, "watcher");
    struct softbus_object *object = kit_get(lab, bus, b, SERVICE);
    struct kit_deaths deaths = { 0 };
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &deaths, NULL));
    LAB_OK(lab, softbus_trust_remove(lab_device_get_admin(remover), lab_device_get_id(remover == a ? b : a)));
    LAB_UNTIL(lab, deaths.n == 1);
    LAB_EQUAL(lab, deaths.reason, SOFTBUS_DEATH_TRUST_REVOKED);
    int32_t sum;
    LAB_RESULT(lab, kit_add(lab, object, 1, 2, &sum), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_UNTIL(lab, lab_device_sees(b, a) == SOFTBUS_DEVICE_OFFLINE);
    softbus_object_unref(object);
    lab_bus_close(lab, bus);
    lab_device_check_empty(a);
    lab_meet(a, b);
}

static void test_trust_revoked(struct lab *lab)
{
    kit_serve(lab, lab_get_device(lab, 1), "server", SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    check_trust_revoked(lab, lab_get_device(lab, 0));
    check_trust_revoked(lab, lab_get_device(lab, 1));
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "two devices meet", start_devices);
    lab_test(lab, "a killed process is told once, with the reason", test_killed);
    lab_test(lab, "a link alone keeps watch", test_killed_unheld);
    lab_test(lab, "a withdrawn object is told", test_withdrawn);
    lab_test(lab, "an object dies with its last name", test_last_name_removed);
    lab_test(lab, "a closed connection is a process that died", test_closed);
    lab_test(lab, "a process dies while a call is with it", test_died_inside_a_call);
    lab_test(lab, "an anonymous object of this device can be linked to", test_local_anonymous);
    lab_test(lab, "a device that shuts down is lost at once", test_device_lost_by_shutdown);
    lab_test(lab, "revoked trust is a death of its own", test_trust_revoked);
    return lab_leave(lab);
}
