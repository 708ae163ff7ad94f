/* Two processes that go on calling; see honest.h. */
#include "tests/integration/honest.h"

#include "tests/integration/kit.h"

#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SERVICE "honest.service"
#define PAUSE_MS 1     /* between two calls: others need the processor too */
#define PATIENCE_MS 60000

struct honest_caller {
    struct lab_app *app;
    struct softbus *bus;
    struct softbus_object *object, *stub;
    struct softbus_parcel *request, *reply;
    unsigned n_calls;
    int error; /* of the first that failed */
};

static int answer(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    (void)userdata, (void)transaction, (void)code;
    return softbus_parcel_append(reply, request);
}

/* Becomes its user, and connects again: the connection that it was born with is the test's user's. */
static struct softbus *reopen(struct lab_app *app, struct softbus *bus, const struct honest *honest)
{
    softbus_close(bus);
    if (setgroups(0, NULL) < 0 || setresgid(HONEST_UID, HONEST_UID, HONEST_UID) < 0 ||
        setresuid(HONEST_UID, HONEST_UID, HONEST_UID) < 0)
        lab_app_say(app, "same user");
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* the change of user cleared it */
    return softbus_open(lab_device_get_socket(honest->device), "honest", &bus) < 0 ? NULL : bus;
}

static int run_server(struct lab_app *app, struct softbus *bus, void *userdata)
{
    struct softbus_object *stub;
    bus = reopen(app, bus, userdata);
    if (bus == NULL || softbus_stub_new(bus, KIT_DESCRIPTOR, answer, NULL, &stub) < 0 ||
        softbus_service_add(bus, SERVICE, stub, 0) < 0)
        return 1;
    lab_app_say(app, "ready");
    return softbus_run(bus) < 0 ? 2 : 0;
}

/* The n-th call: the bytes and the object come back. */
static int call_once(struct honest_caller *caller, bool has_object)
{
    struct softbus_object *back = NULL;
    char bytes[1000];
    const void *data;
    size_t size;
    softbus_parcel_clear(caller->request);
    memset(bytes, (int)caller->n_calls, sizeof(bytes));
    int r = softbus_parcel_write_bytes(caller->request, bytes, sizeof(bytes));
    if (r == 0 && has_object)
        r = softbus_parcel_write_object(caller->request, caller->stub);
    if (r == 0)
        r = softbus_call(caller->object, 1, caller->request, caller->reply, PATIENCE_MS);
    if (r == 0)
        r = softbus_parcel_read_bytes(caller->reply, &data, &size);
    if (r == 0 && (size != sizeof(bytes) || memcmp(data, bytes, size) != 0))
        r = SOFTBUS_ERR_PROTOCOL;
    if (r == 0 && has_object)
        r = softbus_parcel_read_object(caller->reply, &back);
    if (r == 0 && has_object && back != caller->stub)
        r = SOFTBUS_ERR_PROTOCOL;
    softbus_object_unref(back);
    return r;
}

static int look_up(struct honest_caller *caller)
{
    struct softbus_object *object;
    int r = softbus_service_get(caller->bus, NULL, SERVICE, PATIENCE_MS, &object);
    if (r == 0)
        softbus_object_unref(object);
    return r;
}

/* Until the test says something; answers with the number of calls. */
static int call_on(struct honest_caller *caller)
{
    struct pollfd line = { .fd = 3, .events = POLLIN };
    for (;;) {
        if (poll(&line, 1, PAUSE_MS) > 0) {
            const char *heard = lab_app_hear(caller->app);
            lab_app_say(caller->app, "calls %s %u %d", heard != NULL ? heard : "", caller->n_calls, caller->error);
            if (heard == NULL || strcmp(heard, "0") == 0)
                return 0;
        }
        int r = caller->n_calls % 64 == 63 ? look_up(caller) : call_once(caller, caller->n_calls % 8 == 7);
        caller->n_calls++;
        if (caller->error == 0)
            caller->error = r;
    }
}

static int run_client(struct lab_app *app, struct softbus *bus, void *userdata)
{
    struct honest_caller caller = { .app = app, .bus = reopen(app, bus, userdata) };
    if (caller.bus == NULL || softbus_service_get(caller.bus, NULL, SERVICE, PATIENCE_MS, &caller.object) < 0 ||
        softbus_stub_new(caller.bus, KIT_DESCRIPTOR, answer, NULL, &caller.stub) < 0 ||
        softbus_parcel_new(0, &caller.request) < 0 || softbus_parcel_new(0, &caller.reply) < 0)
        return 1;
    lab_app_say(app, "ready");
    call_on(&caller);
    softbus_parcel_free(caller.request);
    softbus_parcel_free(caller.reply);
    softbus_object_unref(caller.object);
    softbus_object_unref(caller.stub);
    softbus_close(caller.bus);
    return 0;
}

uint64_t honest_get_memory(struct lab *lab, pid_t pid, const char *field)
{
    char path[64], line[256];
    unsigned long long kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    LAB_CHECK(lab, file != NULL);
    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            kib = strtoull(line + strlen(field) + 1, NULL, 10);
    fclose(file);
    return kib * 1024;
}

void honest_start(struct honest *honest, struct lab *lab, struct lab_device *device)
{
    *honest = (struct honest){ .lab = lab, .device = device, .n_fds = lab_device_count_fds(device) };
    honest->memory_bytes = honest_get_memory(lab, lab_device_get_pid(device), "VmRSS");
    honest->server = lab_app_fork(lab, device, "honest server", run_server, honest);
    LAB_UNTIL(lab, lab_app_has_said(honest->server, "ready"));
    honest->client = lab_app_fork(lab, device, "honest client", run_client, honest);
    LAB_UNTIL(lab, lab_app_has_said(honest->client, "ready"));
    honest_go_on(honest);
}

static unsigned ask(struct honest *honest, unsigned number)
{
    char text[32], prefix[32];
    const char *said;
    snprintf(text, sizeof(text), "%u", number);
    snprintf(prefix, sizeof(prefix), "calls %u ", number);
    lab_app_tell(honest->client, text);
    LAB_UNTIL(honest->lab, (said = lab_app_find_said(honest->client, prefix)) != NULL);
    unsigned n_calls = 0;
    int error = 0;
    LAB_EQUAL(honest->lab, sscanf(said, "%u %d", &n_calls, &error), 2);
    LAB_OK(honest->lab, error);
    return n_calls;
}

void honest_go_on(struct honest *honest)
{
    static const unsigned enough = 16; /* both kinds of calls */
    unsigned n = ++honest->n_questions, before = ask(honest, n);
    while (ask(honest, n = ++honest->n_questions) < before + enough)
        ;
}

void honest_check(struct honest *honest, uint64_t max_bytes)
{
    struct lab *lab = honest->lab;
    honest_go_on(honest);
    ask(honest, 0);
    LAB_UNTIL(lab, !lab_app_is_running(honest->client));
    LAB_EQUAL(lab, lab_app_get_status(honest->client), 0);
    lab_app_kill(honest->server);
    LAB_UNTIL(lab, !lab_app_is_running(honest->server));
    lab_device_check_empty(honest->device);
    LAB_UNTIL(lab, lab_device_get_status(honest->device, "apps") == 1);
    LAB_UNTIL(lab, lab_device_count_fds(honest->device) <= honest->n_fds);
    LAB_CHECK(lab, lab_device_is_running(honest->device));
#ifndef __SANITIZE_ADDRESS__
    uint64_t most = honest_get_memory(lab, lab_device_get_pid(honest->device), "VmHWM");
    if (most > honest->memory_bytes + max_bytes)
        lab_fail(lab, __FILE__, __LINE__, "the daemon has used %llu bytes, after %llu before", (unsigned long long)most,
                 (unsigned long long)honest->memory_bytes);
#else
    (void)max_bytes;
#endif
}
