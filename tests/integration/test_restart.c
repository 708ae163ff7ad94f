/* Apps live through a restart of their daemon: killed or asked to end, it is gone for a while, and then everything is as before. */
#include "tests/integration/kit.h"

#include "softbus/pool.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE "org.softbus.test.restart"
#define N_ROUTED 8 /* calls after which a channel is there */

static void start_device(struct lab *lab)
{
    lab_device_check_empty(lab_device_add(lab, "a", NULL));
}

struct reply {
    bool is_done;
    int error;
};

static void on_reply(void *userdata, int error, struct softbus_parcel *reply)
{
    struct reply *pending = userdata;
    (void)reply;
    pending->is_done = true;
    pending->error = error;
}

struct states {
    unsigned n_lost, n_back, n_names;
};

static void on_state(void *userdata, enum softbus_state state, unsigned n_lost)
{
    struct states *states = userdata;
    if (state == SOFTBUS_STATE_CONNECTED) {
        states->n_back++;
        states->n_names += n_lost;
    } else {
        states->n_lost++;
    }
}

static void check_sum(struct lab *lab, struct softbus_object *object)
{
    int32_t sum = 0;
    LAB_OK(lab, kit_add(lab, object, 2, 3, &sum));
    LAB_EQUAL(lab, sum, 5);
}

/* A service in another process, a link to its death, a call made while nobody is there. */
static void live_through(struct lab *lab, int signal)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *app = kit_serve(lab, device, "server", SERVICE, 0);
    struct softbus *bus = lab_bus_open(lab, device, "client"), *other;
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE), *again;
    struct kit_deaths deaths = { 0 };
    struct states states = { 0 };
    struct reply reply = { 0 };
    int fd = softbus_get_fd(bus);
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &deaths, NULL));
    softbus_set_state_fn(bus, on_state, &states);
    check_sum(lab, object);
    lab_device_go_away(device, signal);
    LAB_UNTIL(lab, states.n_lost == 1);
    LAB_OK(lab, softbus_call_async(object, SOFTBUS_CODE_PING, NULL, 60000, on_reply, &reply, NULL));
    LAB_CHECK(lab, !reply.is_done);
    lab_device_come_back(device);
    LAB_UNTIL(lab, reply.is_done && states.n_back == 1);
    LAB_OK(lab, reply.error);
    LAB_EQUAL(lab, states.n_names, 0);
    LAB_EQUAL(lab, softbus_get_fd(bus), fd);
    check_sum(lab, object);
    LAB_EQUAL(lab, deaths.n, 0);
    other = lab_bus_open(lab, device, "other");
    again = kit_get(lab, other, NULL, SERVICE);
    check_sum(lab, again);
    softbus_object_unref(again);
    /* The link is the new daemon's now. */
    lab_app_kill(app);
    LAB_UNTIL(lab, deaths.n == 1);
    LAB_EQUAL(lab, deaths.reason, SOFTBUS_DEATH_PROCESS_DIED);
    softbus_object_unref(object);
    lab_bus_close(lab, other);
    lab_bus_close(lab, bus);
    lab_device_check_empty(device);
}

static void test_killed(struct lab *lab)
{
    live_through(lab, SIGKILL);
}

static void test_ended(struct lab *lab)
{
    live_through(lab, SIGTERM);
}

/* What dies while nobody looks is told of later, once. */
static void test_death_meanwhile(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *mortal = kit_serve(lab, device, "mortal", SERVICE ".mortal", 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE ".mortal"), *anonymous;
    struct softbus_parcel *parcel = kit_parcel(lab, 0);
    struct kit_deaths deaths = { 0 };
    LAB_OK(lab, lab_call(lab, object, KIT_MAKE, NULL, parcel, 0));
    LAB_OK(lab, softbus_parcel_read_object(parcel, &anonymous));
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &deaths, NULL));
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &deaths, NULL));
    LAB_OK(lab, softbus_link_death(anonymous, kit_on_death, &deaths, NULL));
    lab_device_go_away(device, SIGKILL);
    lab_app_kill(mortal);
    LAB_UNTIL(lab, !lab_app_is_running(mortal));
    lab_device_come_back(device);
    LAB_RESULT(lab, lab_call(lab, object, SOFTBUS_CODE_PING, NULL, NULL, 60000), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_UNTIL(lab, deaths.n == 3);
    LAB_EQUAL(lab, deaths.reason, SOFTBUS_DEATH_PROCESS_DIED);
    LAB_CHECK(lab, softbus_object_is_dead(anonymous));
    softbus_parcel_free(parcel);
    softbus_object_unref(anonymous);
    softbus_object_unref(object);
    lab_bus_close(lab, bus);
    lab_device_check_empty(device);
}

/* An object that has only travelled: the other process calls it back. */
static void test_callback(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *app = kit_serve(lab, device, "publisher", SERVICE ".publisher", 0);
    struct softbus *bus = lab_bus_open(lab, device, "subscriber");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE ".publisher");
    struct kit *callback = kit_new(lab, bus, NULL, 0);
    struct softbus_parcel *request = kit_parcel(lab, 0), *reply = kit_parcel(lab, 0);
    int32_t result = -1, sum = 0;
    LAB_OK(lab, kit_hold(lab, object, callback->stub));
    for (unsigned i = 0; i < 2; i++) { /* a restart after a restart */
        lab_device_go_away(device, SIGKILL);
        lab_device_come_back(device);
        softbus_parcel_clear(request);
        LAB_OK(lab, softbus_parcel_write_u32(request, 0));
        LAB_OK(lab, lab_call(lab, object, KIT_USE, request, reply, 0));
        LAB_OK(lab, softbus_parcel_read_i32(reply, &result));
        LAB_OK(lab, softbus_parcel_read_i32(reply, &sum));
        LAB_OK(lab, result);
    }
    LAB_EQUAL(lab, callback->n_calls, 2);
    /* And an object passed while it is all coming back. */
    lab_device_go_away(device, SIGKILL);
    lab_device_come_back(device);
    LAB_OK(lab, kit_hold(lab, object, callback->stub));
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    lab_app_kill(app);
    softbus_object_unref(object);
    kit_free(callback);
    lab_bus_close(lab, bus);
    lab_device_check_empty(device);
}

struct seen {
    unsigned n, n_stays, n_goes, n_gone, n_comes;
};

static void on_service(void *userdata, const char *device, const char *name, bool is_present)
{
    struct seen *seen = userdata;
    (void)device;
    seen->n++;
    seen->n_stays += strcmp(name, SERVICE ".stays") == 0;
    seen->n_goes += strcmp(name, SERVICE ".goes") == 0 && is_present;
    seen->n_gone += strcmp(name, SERVICE ".goes") == 0 && !is_present;
    seen->n_comes += strcmp(name, SERVICE ".comes") == 0;
}

static void test_watch(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *stays = kit_serve(lab, device, "stays", SERVICE ".stays", 0);
    struct lab_app *goes = kit_serve(lab, device, "goes", SERVICE ".goes", 0), *comes;
    struct softbus *bus = lab_bus_open(lab, device, "watcher");
    struct seen seen = { 0 };
    LAB_OK(lab, softbus_service_watch(bus, NULL, on_service, &seen, NULL));
    LAB_UNTIL(lab, seen.n == 2);
    lab_device_go_away(device, SIGKILL);
    lab_app_kill(goes);
    LAB_UNTIL(lab, !lab_app_is_running(goes));
    lab_device_come_back(device);
    comes = kit_serve(lab, device, "comes", SERVICE ".comes", 0);
    LAB_UNTIL(lab, seen.n_comes == 1 && seen.n_gone == 1);
    LAB_EQUAL(lab, seen.n, 4);
    LAB_EQUAL(lab, seen.n_stays, 1);
    lab_app_kill(stays);
    lab_app_kill(comes);
    LAB_UNTIL(lab, seen.n == 6);
    lab_bus_close(lab, bus);
    lab_device_check_empty(device);
}

/* Two processes that have a channel do not need the daemon. */
static void test_channel(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *app = kit_serve(lab, device, "server", SERVICE ".direct", 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE ".direct");
    struct reply reply = { 0 };
    for (unsigned i = 0; i < N_ROUTED; i++)
        check_sum(lab, object);
    LAB_OK(lab, softbus_call_async(object, KIT_BLOCK, NULL, 60000, on_reply, &reply, NULL));
    LAB_UNTIL(lab, lab_app_has_said(app, "blocked"));
    lab_device_go_away(device, SIGKILL);
    lab_app_tell(app, "go");
    LAB_UNTIL(lab, reply.is_done);
    LAB_OK(lab, reply.error);
    for (unsigned i = 0; i < 100; i++)
        check_sum(lab, object);
    lab_device_come_back(device);
    for (unsigned i = 0; i < 100; i++)
        check_sum(lab, object);
    lab_app_kill(app);
    softbus_object_unref(object);
    lab_bus_close(lab, bus);
    lab_device_check_empty(device);
}

/* --- threads --- */

#define N_THREADS 4

static void *call_for_ever(void *userdata)
{
    struct softbus_object *object = userdata;
    int r = 0;
    while (r == 0 || r == SOFTBUS_ERR_DISCONNECTED)
        r = softbus_call(object, SOFTBUS_CODE_PING, NULL, NULL, 60000);
    return NULL;
}

/* A process whose threads call and serve; it says how many calls it has served when it is told to. */
static int run_pooled(struct lab_app *app, struct softbus *bus, void *userdata)
{
    struct softbus_object *object;
    struct softbus_parcel *parcel;
    pthread_t threads[N_THREADS];
    (void)userdata;
    if (softbus_pool_start(bus, 8) < 0 || softbus_parcel_new(0, &parcel) < 0 ||
        softbus_service_get(bus, NULL, SERVICE ".server", 10000, &object) < 0)
        return 1;
    for (unsigned i = 0; i < N_THREADS; i++)
        if (pthread_create(&threads[i], NULL, call_for_ever, object) != 0)
            return 2;
    lab_app_say(app, "ready");
    while (lab_app_hear(app) != NULL)
        lab_app_say(app, "pinged %d", softbus_ping(object, 60000));
    return 0;
}

static void test_pool(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *server = kit_serve(lab, device, "server", SERVICE ".server", 0);
    struct lab_app *app = lab_app_fork(lab, device, "pooled", run_pooled, NULL);
    LAB_UNTIL(lab, lab_app_has_said(app, "ready"));
    lab_device_go_away(device, SIGKILL);
    lab_app_tell(app, "ping"); /* by the channel, or when the daemon is back */
    lab_device_come_back(device);
    LAB_UNTIL(lab, lab_app_has_said(app, "pinged 0"));
    LAB_CHECK(lab, lab_app_is_running(app));
    lab_app_kill(app);
    lab_app_kill(server);
    lab_device_check_empty(device);
}

/* --- limits --- */

static unsigned count_fds(pid_t pid)
{
    char path[64];
    unsigned n = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    while (dir != NULL && readdir(dir) != NULL)
        n++;
    if (dir != NULL)
        closedir(dir);
    return n;
}

static void test_many(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *app = kit_serve(lab, device, "server", SERVICE ".many", 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE ".many");
    unsigned before[2] = { 0 };
    for (unsigned i = 0; i < 21; i++) {
        for (unsigned n = 0; n < N_ROUTED; n++)
            check_sum(lab, object);
        if (i == 0) {
            before[0] = count_fds(getpid());
            before[1] = count_fds(lab_app_get_pid(app));
        }
        lab_device_go_away(device, i % 2 ? SIGTERM : SIGKILL);
        lab_device_come_back(device);
    }
    for (unsigned n = 0; n < N_ROUTED; n++)
        check_sum(lab, object);
    LAB_UNTIL(lab, count_fds(getpid()) <= before[0]);
    LAB_UNTIL(lab, count_fds(lab_app_get_pid(app)) <= before[1]);
    lab_app_kill(app);
    softbus_object_unref(object);
    lab_bus_close(lab, bus);
    lab_device_check_empty(device);
}

/* Who does not want to wait, or not that long. */
static void test_patience(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *never = lab_bus_open(lab, device, "never"), *briefly = lab_bus_open(lab, device, "briefly");
    struct softbus_service_info *services;
    size_t n;
    softbus_set_reconnect(never, 0);
    softbus_set_reconnect(briefly, 100);
    lab_device_go_away(device, SIGKILL);
    LAB_RESULT(lab, softbus_service_list(never, NULL, &services, &n), SOFTBUS_ERR_DISCONNECTED);
    LAB_RESULT(lab, softbus_service_list(briefly, NULL, &services, &n), SOFTBUS_ERR_DISCONNECTED);
    LAB_RESULT(lab, softbus_process(never), SOFTBUS_ERR_DISCONNECTED);
    LAB_RESULT(lab, softbus_process(briefly), SOFTBUS_ERR_DISCONNECTED);
    lab_device_come_back(device);
    LAB_RESULT(lab, softbus_process(briefly), SOFTBUS_ERR_DISCONNECTED);
    lab_bus_close(lab, never);
    lab_bus_close(lab, briefly);
    lab_device_check_empty(device);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device starts", start_device);
    lab_test(lab, "apps live through a daemon that is killed", test_killed);
    lab_test(lab, "apps live through a daemon that is ended", test_ended);
    lab_test(lab, "what has died meanwhile is told of", test_death_meanwhile);
    lab_test(lab, "callbacks are called still", test_callback);
    lab_test(lab, "watchers see the difference", test_watch);
    lab_test(lab, "direct calls do not need the daemon", test_channel);
    lab_test(lab, "threads go on", test_pool);
    lab_test(lab, "twenty restarts leave no descriptors", test_many);
    lab_test(lab, "who is impatient learns that it is over", test_patience);
    return lab_leave(lab);
}
