/*
 * Direct channels between real processes: plain calls go on without the hub, and everything that the hub is for still holds:
 * identity, permission, death, and what becomes of calls under way.
 */
#include "softbus/ashmem.h"
#include "tests/integration/kit.h"
#include "tests/integration/someone.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG "[discovery]\nmdns = no\n"
#define SERVICE "org.softbus.test.channels"
#define N_WARM 10    /* calls after which there certainly is a channel */
#define N_PASSED 1000 /* descriptors */

/* --- a server that tells the test about its callers --- */

enum { TELL_CALLER = 100, AWAIT_CANCEL, LEFT_MS, TAKE_FDS };

struct teller {
    struct lab_app *app;
    struct softbus *bus;
};

/* Until its caller gives it up; what else comes runs meanwhile. */
static int await_cancel(struct teller *teller, struct softbus_transaction *transaction)
{
    lab_app_say(teller->app, "begun");
    while (!softbus_transaction_is_canceled(transaction))
        softbus_wait(teller->bus, UINT32_MAX);
    lab_app_say(teller->app, "canceled");
    return 0;
}

/* A descriptor and shared memory, both of which go back. */
static int take_fds(struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct softbus_ashmem *ashmem = NULL;
    char text[8] = "";
    int fd = -1, r;
    r = softbus_parcel_read_fd(request, &fd);
    if (r == 0)
        r = softbus_parcel_read_ashmem(request, &ashmem);
    if (r == 0)
        r = softbus_ashmem_read(ashmem, 0, text, sizeof(text));
    if (r == 0)
        r = strcmp(text, "shared") == 0 ? softbus_parcel_write_fd(reply, fd) : SOFTBUS_ERR_BAD_REQUEST;
    if (r == 0)
        r = softbus_parcel_write_ashmem(reply, ashmem);
    softbus_ashmem_free(ashmem);
    if (fd >= 0)
        close(fd);
    return r;
}

static int tell(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                struct softbus_parcel *reply)
{
    struct teller *teller = userdata;
    struct softbus_caller caller;
    switch (code) {
    case TELL_CALLER:
        if (softbus_transaction_get_caller(transaction, &caller) < 0)
            return SOFTBUS_ERR_FAILED;
        lab_app_say(teller->app, "caller %u %u %u %d", caller.pid, caller.uid, caller.gid, caller.is_remote);
        return 0;
    case AWAIT_CANCEL:
        return await_cancel(teller, transaction);
    case LEFT_MS:
        return softbus_parcel_write_u32(reply, softbus_transaction_get_left_ms(transaction));
    case TAKE_FDS:
        return take_fds(request, reply);
    default:
        return SOFTBUS_ERR_UNKNOWN_CODE;
    }
}

static int run_teller(struct lab_app *app, struct softbus *bus, void *userdata)
{
    (void)userdata;
    struct teller teller = { app, bus };
    struct softbus_object *stub;
    if (softbus_stub_new(bus, "teller", tell, &teller, &stub) < 0 ||
        softbus_service_add(bus, SERVICE, stub, SOFTBUS_SERVICE_LOCAL) < 0)
        return 1;
    lab_app_say(app, "ready");
    return softbus_run(bus) < 0 ? 2 : 0;
}

static struct lab_app *start_teller(struct lab *lab)
{
    struct lab_app *app = lab_app_fork(lab, lab_get_device(lab, 0), "teller", run_teller, NULL);
    LAB_UNTIL(lab, lab_app_has_said(app, "ready"));
    return app;
}

/* --- common --- */

static struct lab_device *the_device(struct lab *lab)
{
    return lab_get_device(lab, 0);
}

static uint64_t count_channels(struct lab *lab)
{
    return lab_device_get_status(the_device(lab), "channels");
}

static void warm(struct lab *lab, struct softbus_object *object)
{
    for (unsigned i = 0; i < N_WARM; i++)
        LAB_OK(lab, softbus_ping(object, 0));
}

static unsigned count_fds(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    unsigned n = 0;
    while (dir != NULL && readdir(dir) != NULL)
        n++;
    if (dir != NULL)
        closedir(dir);
    return n;
}

struct done {
    unsigned n;
    int error;
};

static void note_done(void *userdata, int error, struct softbus_parcel *reply)
{
    (void)reply;
    struct done *done = userdata;
    done->error = error;
    done->n++;
}

static void start_device(struct lab *lab)
{
    struct lab_device *device = lab_device_new(lab, "a", CONFIG);
    lab_device_set_file(device, "softbusd.policy", "");
    lab_device_start(device);
}

/* --- the hub is not asked --- */

static void test_without_the_hub(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    kit_serve(lab, device, "server", SERVICE, SOFTBUS_SERVICE_LOCAL);
    struct softbus *first = lab_bus_open(lab, device, "first"), *second = lab_bus_open(lab, device, "second");
    struct softbus_object *a = kit_get(lab, first, NULL, SERVICE), *b = kit_get(lab, second, NULL, SERVICE);
    struct softbus_parcel *request = kit_parcel(lab, 0);
    struct done with_object = { 0 }, behind = { 0 };
    LAB_EQUAL(lab, count_channels(lab), 0);
    warm(lab, a);
    warm(lab, b);
    LAB_EQUAL(lab, count_channels(lab), 2);
    lab_device_signal(device, SIGSTOP);
    for (uint32_t i = 0; i < 100; i++) {
        LAB_OK(lab, softbus_ping(a, 0));
        LAB_OK(lab, kit_echo(lab, b, 50000, 0));
        LAB_OK(lab, kit_note(a, i));
    }
    LAB_OK(lab, softbus_parcel_write_object(request, a));
    LAB_OK(lab, softbus_call_async(a, KIT_HOLD, request, 60000, note_done, &with_object, NULL));
    LAB_OK(lab, softbus_call_async(a, SOFTBUS_CODE_PING, NULL, 60000, note_done, &behind, NULL));
    for (unsigned i = 0; i < 100; i++)
        LAB_OK(lab, softbus_ping(b, 0));
    while (softbus_process(first) > 0)
        continue;
    LAB_EQUAL(lab, with_object.n + behind.n, 0);
    lab_device_signal(device, SIGCONT);
    LAB_UNTIL(lab, with_object.n == 1 && behind.n == 1);
    LAB_OK(lab, with_object.error);
    LAB_OK(lab, behind.error);
    LAB_OK(lab, lab_call(lab, a, KIT_DROP, NULL, NULL, 0));
    softbus_parcel_free(request);
    softbus_object_unref(a);
    softbus_object_unref(b);
}

static void test_size(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    kit_serve(lab, device, "server", SERVICE, SOFTBUS_SERVICE_LOCAL);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE);
    int32_t value;
    warm(lab, object);
    LAB_OK(lab, kit_echo(lab, object, 204800 - 5, 0));
    LAB_RESULT(lab, kit_echo(lab, object, 204800 - 4, 1 << 20), SOFTBUS_ERR_TOO_LARGE);
    LAB_RESULT(lab, kit_ask_i32(lab, object, KIT_FILL, 204801, &value), SOFTBUS_ERR_FAILED);
    LAB_OK(lab, kit_echo(lab, object, 204800 - 5, 0));
    softbus_object_unref(object);
}

/* --- deaths --- */

/* In this process, so that nothing is served before the test wants it. */
static void test_withdrawn(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct softbus *server = lab_bus_open(lab, device, "server"), *client = lab_bus_open(lab, device, "client");
    struct kit *kit = kit_new(lab, server, SERVICE, 0), *other = kit_new(lab, server, SERVICE ".other", 0);
    struct softbus_object *object = kit_get(lab, client, NULL, SERVICE),
                          *stays = kit_get(lab, client, NULL, SERVICE ".other");
    struct kit_deaths deaths = { 0 };
    struct done done = { 0 }, done_staying = { 0 };
    int32_t sum;
    for (unsigned i = 0; i < N_WARM; i++) {
        LAB_OK(lab, kit_add(lab, object, 1, 2, &sum));
        LAB_OK(lab, kit_add(lab, stays, 1, 2, &sum));
    }
    LAB_EQUAL(lab, count_channels(lab), 1);
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &deaths, NULL));
    for (unsigned i = 0; i < 20; i++) {
        LAB_OK(lab, softbus_call_async(object, SOFTBUS_CODE_PING, NULL, 0, note_done, &done, NULL));
        LAB_OK(lab, softbus_call_async(stays, SOFTBUS_CODE_PING, NULL, 0, note_done, &done_staying, NULL));
    }
    LAB_OK(lab, softbus_stub_withdraw(kit->stub));
    LAB_UNTIL(lab, done.n == 20 && done_staying.n == 20 && deaths.n == 1);
    LAB_RESULT(lab, done.error, SOFTBUS_ERR_DEAD_OBJECT);
    LAB_OK(lab, done_staying.error);
    LAB_EQUAL(lab, deaths.reason, SOFTBUS_DEATH_WITHDRAWN);
    LAB_RESULT(lab, softbus_ping(object, 0), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_OK(lab, kit_add(lab, stays, 3, 4, &sum));
    softbus_object_unref(object);
    softbus_object_unref(stays);
    kit_free(kit);
    kit_free(other);
    lab_bus_close(lab, server);
    lab_bus_close(lab, client);
    lab_device_check_empty(device);
}

static void test_server_is_killed(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct lab_app *app = kit_serve(lab, device, "server", SERVICE, SOFTBUS_SERVICE_LOCAL);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE);
    struct softbus_parcel *request = kit_parcel(lab, 0);
    struct kit_deaths deaths = { 0 };
    struct done blocked = { 0 }, done = { 0 }, with_object = { 0 };
    warm(lab, object);
    LAB_OK(lab, softbus_link_death(object, kit_on_death, &deaths, NULL));
    LAB_OK(lab, softbus_call_async(object, KIT_BLOCK, NULL, 60000, note_done, &blocked, NULL));
    LAB_OK(lab, softbus_parcel_write_object(request, object));
    for (unsigned i = 0; i < 20; i++) {
        LAB_OK(lab, softbus_call_async(object, SOFTBUS_CODE_PING, NULL, 60000, note_done, &done, NULL));
        LAB_OK(lab, softbus_call_async(object, KIT_HOLD, request, 60000, note_done, &with_object, NULL));
    }
    LAB_UNTIL(lab, lab_app_has_said(app, "blocked"));
    lab_app_kill(app);
    LAB_UNTIL(lab, blocked.n == 1 && done.n == 20 && with_object.n == 20 && deaths.n == 1);
    LAB_RESULT(lab, blocked.error, SOFTBUS_ERR_DIED);
    LAB_RESULT(lab, done.error, SOFTBUS_ERR_DIED);
    LAB_RESULT(lab, with_object.error, SOFTBUS_ERR_DIED);
    LAB_EQUAL(lab, deaths.reason, SOFTBUS_DEATH_PROCESS_DIED);
    LAB_RESULT(lab, softbus_ping(object, 0), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_UNTIL(lab, count_channels(lab) == 0);
    softbus_parcel_free(request);
    softbus_object_unref(object);
    lab_bus_close(lab, bus);
    lab_device_check_empty(device);
}

#define N_LAST 200

/* Calls the service until there is a channel, then, when told to, one way and no more. */
static int send_last_words(struct lab_app *app, struct softbus *bus, void *userdata)
{
    const uint32_t *code = userdata;
    struct softbus_object *object;
    struct softbus_parcel *request;
    if (softbus_service_get(bus, NULL, SERVICE, 10000, &object) < 0 || softbus_parcel_new(0, &request) < 0)
        return 1;
    for (unsigned i = 0; i < N_WARM; i++)
        if (softbus_ping(object, 0) < 0)
            return 2;
    lab_app_say(app, "warm");
    if (lab_app_hear(app) == NULL)
        return 3;
    for (uint32_t i = 0; i < N_LAST; i++) {
        softbus_parcel_clear(request);
        softbus_parcel_write_u32(request, i);
        if (i % 10 == 5 && softbus_parcel_write_object(request, object) < 0)
            return 4;
        if (softbus_call_oneway(object, *code, request) < 0)
            return 5;
    }
    lab_app_say(app, "sent");
    return lab_app_hear(app) != NULL;
}

static void test_client_is_killed(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    uint32_t code = KIT_NOTE, n, n_wrong;
    struct lab_app *server = kit_serve(lab, device, "server", SERVICE, SOFTBUS_SERVICE_LOCAL);
    struct lab_app *client = lab_app_fork(lab, device, "client", send_last_words, &code);
    struct softbus *bus = lab_bus_open(lab, device, "observer");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE);
    struct softbus_parcel *reply = kit_parcel(lab, 0);
    LAB_UNTIL(lab, lab_app_has_said(client, "warm"));
    LAB_EQUAL(lab, count_channels(lab), 1);
    lab_app_signal(server, SIGSTOP);
    lab_app_tell(client, "go");
    LAB_UNTIL(lab, lab_app_has_said(client, "sent"));
    lab_app_kill(client);
    LAB_UNTIL(lab, count_channels(lab) == 0);
    lab_app_signal(server, SIGCONT);
    LAB_UNTIL(lab, lab_call(lab, object, KIT_NOTES, NULL, reply, 0) == 0 && softbus_parcel_read_u32(reply, &n) == 0 && n == N_LAST);
    LAB_OK(lab, softbus_parcel_read_u32(reply, &n_wrong));
    LAB_EQUAL(lab, n_wrong, 0);
    softbus_parcel_free(reply);
    softbus_object_unref(object);
    lab_bus_close(lab, bus);
    LAB_UNTIL(lab, lab_device_get_status(device, "references") == 0);
    lab_app_discard(server);
    lab_device_check_empty(device);
}

/* --- who calls --- */

static void test_dead_caller(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    uint32_t code = TELL_CALLER;
    struct lab_app *server = start_teller(lab);
    struct lab_app *client = lab_app_fork(lab, device, "client", send_last_words, &code);
    char expected[64];
    LAB_UNTIL(lab, lab_app_has_said(client, "warm"));
    lab_app_signal(server, SIGSTOP);
    lab_app_tell(client, "go");
    LAB_UNTIL(lab, lab_app_has_said(client, "sent"));
    lab_app_kill(client);
    LAB_UNTIL(lab, !lab_app_is_running(client));
    lab_app_signal(server, SIGCONT);
    snprintf(expected, sizeof(expected), "caller %d %u %u 0", (int)lab_app_get_pid(client), geteuid(), getegid());
    LAB_UNTIL(lab, lab_app_find_said(server, "caller ") != NULL);
    LAB_CHECK(lab, lab_app_has_said(server, expected));
}

/* Another user, and what a new policy takes away from him. */
static void test_other_user(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct someone someone;
    kit_serve(lab, device, "server", SERVICE, SOFTBUS_SERVICE_LOCAL);
    if (!someone_init(&someone, lab, device, 5002, 7002, 0))
        return;
    LAB_OK(lab, someone_do(&someone, "get " SERVICE));
    for (unsigned i = 0; i < N_WARM; i++)
        LAB_RESULT(lab, someone_do(&someone, "call"), SOFTBUS_ERR_BAD_REQUEST); /* the kit has read it */
    LAB_OK(lab, someone_do(&someone, "link"));
    LAB_EQUAL(lab, count_channels(lab), 1);
    lab_device_set_file(device, "softbusd.policy", "[service " SERVICE "]\nlookup = user:5003\n");
    lab_device_reload(device);
    LAB_EQUAL(lab, count_channels(lab), 0);
    LAB_RESULT(lab, someone_do(&someone, "call"), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_TEXT(lab, someone_get_death(&someone), softbus_death_get_text(SOFTBUS_DEATH_ACCESS_REVOKED));
    lab_device_set_file(device, "softbusd.policy", "");
    lab_device_reload(device);
    LAB_OK(lab, someone_do(&someone, "get " SERVICE));
    for (unsigned i = 0; i < N_WARM; i++)
        LAB_RESULT(lab, someone_do(&someone, "call"), SOFTBUS_ERR_BAD_REQUEST); /* the kit has read it */
    LAB_EQUAL(lab, count_channels(lab), 1);
}

/* Becomes another user, and calls over a connection of its own. */
static int call_as_other(struct lab_app *app, struct softbus *bus, void *userdata)
{
    const char *socket = userdata;
    struct softbus_object *object;
    softbus_close(bus);
    if (setresgid(7009, 7009, 7009) < 0 || setresuid(5009, 5009, 5009) < 0) {
        lab_app_say(app, "alone");
        return 0;
    }
    if (softbus_open(socket, "other", &bus) < 0 || softbus_service_get(bus, NULL, SERVICE, 10000, &object) < 0)
        return 1;
    for (unsigned i = 0; i < N_WARM; i++)
        if (softbus_ping(object, 0) < 0)
            return 2;
    lab_app_say(app, "done %d", softbus_call(object, TELL_CALLER, NULL, NULL, 0));
    return lab_app_hear(app) != NULL;
}

static void test_identity(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct lab_app *server = start_teller(lab);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE);
    char expected[64];
    warm(lab, object);
    LAB_OK(lab, softbus_call(object, TELL_CALLER, NULL, NULL, 0));
    snprintf(expected, sizeof(expected), "caller %d %u %u 0", (int)getpid(), geteuid(), getegid());
    LAB_UNTIL(lab, lab_app_has_said(server, expected));
    struct lab_app *other = lab_app_fork(lab, device, "other", call_as_other, (void *)(uintptr_t)lab_device_get_socket(device));
    LAB_UNTIL(lab, lab_app_has_said(other, "done 0") || lab_app_has_said(other, "alone"));
    if (lab_app_has_said(other, "alone")) {
        lab_note(lab, "no other users here");
    } else {
        snprintf(expected, sizeof(expected), "caller %d 5009 7009 0", (int)lab_app_get_pid(other));
        LAB_UNTIL(lab, lab_app_has_said(server, expected));
        LAB_EQUAL(lab, count_channels(lab), 2);
    }
    softbus_object_unref(object);
}

/* --- deadlines, cancels --- */

static void test_deadline_and_cancel(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct lab_app *server = start_teller(lab);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE);
    struct softbus_parcel *reply = kit_parcel(lab, 0);
    struct done done = { 0 };
    uint32_t left_ms;
    uint64_t call;
    warm(lab, object);
    LAB_OK(lab, softbus_call(object, LEFT_MS, NULL, reply, 600000));
    LAB_OK(lab, softbus_parcel_read_u32(reply, &left_ms));
    LAB_CHECK(lab, left_ms > 0 && left_ms <= 600000);
    LAB_OK(lab, softbus_call_async(object, AWAIT_CANCEL, NULL, 600000, note_done, &done, &call));
    LAB_UNTIL(lab, lab_app_has_said(server, "begun"));
    LAB_OK(lab, softbus_cancel(bus, call));
    LAB_UNTIL(lab, done.n == 1 && lab_app_has_said(server, "canceled"));
    LAB_RESULT(lab, done.error, SOFTBUS_ERR_CANCELED);
    LAB_RESULT(lab, softbus_call(object, AWAIT_CANCEL, NULL, NULL, 30), SOFTBUS_ERR_TIMEOUT);
    LAB_OK(lab, softbus_ping(object, 0)); /* it is through */
    softbus_parcel_free(reply);
    softbus_object_unref(object);
}

/* --- descriptors --- */

static void pass_fds(struct lab *lab, struct softbus_object *object, int fd, struct softbus_ashmem *ashmem, bool by_hub)
{
    struct softbus_parcel *parcel = kit_parcel(lab, 0);
    struct softbus_ashmem *back;
    int fd_back;
    LAB_OK(lab, softbus_parcel_write_fd(parcel, fd));
    LAB_OK(lab, softbus_parcel_write_ashmem(parcel, ashmem));
    if (by_hub)
        LAB_OK(lab, softbus_parcel_write_object(parcel, object));
    LAB_OK(lab, softbus_call(object, TAKE_FDS, parcel, parcel, 0));
    LAB_OK(lab, softbus_parcel_read_fd(parcel, &fd_back));
    close(fd_back);
    LAB_OK(lab, softbus_parcel_read_ashmem(parcel, &back));
    LAB_EQUAL(lab, softbus_ashmem_get_size(back), softbus_ashmem_get_size(ashmem));
    softbus_ashmem_free(back);
    softbus_parcel_free(parcel);
}

static void test_descriptors(struct lab *lab)
{
    struct lab_device *device = the_device(lab);
    struct lab_app *server = start_teller(lab);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object = kit_get(lab, bus, NULL, SERVICE);
    struct softbus_ashmem *ashmem;
    unsigned n_own, n_hub, n_server;
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    lab_keep_fd(lab, fd);
    LAB_OK(lab, softbus_ashmem_new("test", 4096, &ashmem));
    LAB_OK(lab, softbus_ashmem_write(ashmem, 0, "shared", 7));
    warm(lab, object);
    pass_fds(lab, object, fd, ashmem, true);
    LAB_OK(lab, softbus_ping(object, 0)); /* what came before has been closed */
    n_own = count_fds(getpid());
    n_hub = count_fds(lab_device_get_pid(device));
    n_server = count_fds(lab_app_get_pid(server));
    for (unsigned i = 0; i < N_PASSED; i++) {
        pass_fds(lab, object, fd, ashmem, false);
        pass_fds(lab, object, fd, ashmem, true);
    }
    LAB_OK(lab, softbus_ping(object, 0));
    LAB_EQUAL(lab, count_fds(getpid()), n_own);
    LAB_EQUAL(lab, count_fds(lab_app_get_pid(server)), n_server);
    /* Not more: what the hub had of the apps before may have been among them. */
    LAB_UNTIL(lab, count_fds(lab_device_get_pid(device)) <= n_hub);
    softbus_ashmem_free(ashmem);
    softbus_object_unref(object);
    lab_close_fd(lab, fd);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device", start_device);
    lab_test(lab, "plain calls go on without the hub", test_without_the_hub);
    lab_test(lab, "the limit of size", test_size);
    lab_test(lab, "a stub is withdrawn under calls", test_withdrawn);
    lab_test(lab, "the server is killed under calls", test_server_is_killed);
    lab_test(lab, "the client is killed when it has sent", test_client_is_killed);
    lab_test(lab, "a caller that has died is itself", test_dead_caller);
    lab_test(lab, "another user, and a new policy", test_other_user);
    lab_test(lab, "callers are who the kernel says", test_identity);
    lab_test(lab, "deadline and cancel reach the stub", test_deadline_and_cancel);
    lab_test(lab, "1000 descriptors each way", test_descriptors);
    return lab_leave(lab);
}
