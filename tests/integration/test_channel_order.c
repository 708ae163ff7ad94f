/*
 * Whatever an app sends to a stub arrives in the order sent: one-way or not, plain or with objects and descriptors, before there is a
 * direct channel and long after, also when the hub refuses some of it, when handles are given back and come again, and when the
 * server does not keep up. SOFTBUS_SEED repeats a schedule; SOFTBUS_STEPS makes it longer.
 */
#include "tests/integration/kit.h"
#include "softbus/pool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVICE "org.softbus.test.order"
#define CONFIG "[discovery]\nmdns = no\n[limits]\nreferences = 16\n"
#define N_STEPS 10000
#define N_REFERENCES 16 /* that an app may have */
#define N_MANY (N_REFERENCES + 4)
#define SLOW_TURNS 20000 /* of a loop that a slow server runs in each call */

enum { STEP = 1, RESULT, SECOND };
enum { WITH_OBJECT = 1, WITH_FD = 2, REPLY_OBJECT = 4, FORBIDDEN = 8 };

/* --- the server, a process of its own --- */

struct order_server {
    struct softbus_object *stubs[2];
    uint32_t next[2], n_wrong[2], n_forbidden[2]; /* of each stub: two threads may be in the two */
    bool is_slow;
    unsigned n_workers; /* 0: no pool */
};

struct order_stub {
    struct order_server *server;
    unsigned index;
};

/* What the flags promise is there. */
static bool has_extras(struct softbus_parcel *request, uint32_t flags)
{
    struct softbus_object *object = NULL;
    bool is_there = true;
    int fd = -1;
    if (flags & WITH_OBJECT)
        is_there = softbus_parcel_read_object(request, &object) == 0 && object != NULL;
    if (flags & WITH_FD)
        is_there = is_there && softbus_parcel_read_fd(request, &fd) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC;
    softbus_object_unref(object);
    if (fd >= 0)
        close(fd);
    return is_there;
}

static int do_step(struct order_server *server, unsigned index, struct softbus_parcel *request, struct softbus_parcel *reply)
{
    uint32_t number, flags;
    if (softbus_parcel_read_u32(request, &number) < 0 || softbus_parcel_read_u32(request, &flags) < 0)
        return SOFTBUS_ERR_BAD_REQUEST;
    for (volatile unsigned i = 0; server->is_slow && i < SLOW_TURNS; i++)
        ;
    if (flags & FORBIDDEN) {
        server->n_forbidden[index]++;
        return 0;
    }
    server->n_wrong[index] += number != server->next[index] || !has_extras(request, flags);
    server->next[index] = number + 1;
    if (reply != NULL && flags & REPLY_OBJECT)
        return softbus_parcel_write_object(reply, server->stubs[0]);
    return reply != NULL ? softbus_parcel_write_u32(reply, number) : 0;
}

static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    (void)transaction;
    struct order_stub *stub = userdata;
    struct order_server *server = stub->server;
    switch (code) {
    case STEP:
        return do_step(server, stub->index, request, reply);
    case RESULT:
        softbus_parcel_write_u32(reply, server->next[stub->index]);
        softbus_parcel_write_u32(reply, server->n_wrong[stub->index]);
        return softbus_parcel_write_u32(reply, server->n_forbidden[stub->index]);
    case SECOND:
        return softbus_parcel_write_object(reply, server->stubs[1]);
    default:
        return SOFTBUS_ERR_UNKNOWN_CODE;
    }
}

static int serve(struct lab_app *app, struct softbus *bus, void *userdata)
{
    struct order_server *server = userdata;
    struct order_stub stubs[2] = { { server, 0 }, { server, 1 } };
    for (unsigned i = 0; i < 2; i++)
        if (softbus_stub_new(bus, "order", handle, &stubs[i], &server->stubs[i]) < 0)
            return 1;
    if (server->n_workers > 0 && softbus_pool_start(bus, server->n_workers) < 0)
        return 2;
    if (softbus_service_add(bus, SERVICE, server->stubs[0], SOFTBUS_SERVICE_LOCAL) < 0)
        return 3;
    lab_app_say(app, "ready");
    if (server->n_workers > 0)
        return lab_app_hear(app) != NULL;
    return softbus_run(bus) < 0 ? 4 : 0;
}

/* --- the client --- */

struct client {
    struct lab *lab;
    uint64_t state;
    struct softbus *bus;
    struct softbus_object *objects[2], *own, *many[N_MANY];
    uint32_t next[2];
    unsigned n_async, n_done, n_failed, n_refused, n_again;
    int null_fd;
};

static uint32_t draw(struct client *client, uint32_t limit)
{
    client->state ^= client->state << 13;
    client->state ^= client->state >> 7;
    client->state ^= client->state << 17;
    return (uint32_t)(client->state >> 33) % limit;
}

static void note_refused(void *userdata, struct softbus_object *object, int error)
{
    (void)object;
    (void)error;
    struct client *client = userdata;
    client->n_refused++;
}

static void note_done(void *userdata, int error, struct softbus_parcel *reply)
{
    (void)reply;
    struct client *client = userdata;
    client->n_done++;
    client->n_failed += error < 0 && error != SOFTBUS_ERR_CANCELED;
}

static void write_step(struct client *client, unsigned index, uint32_t flags, struct softbus_parcel *request)
{
    softbus_parcel_clear(request);
    softbus_parcel_write_u32(request, client->next[index]);
    softbus_parcel_write_u32(request, flags);
    if (flags & FORBIDDEN)
        LAB_OK(client->lab, softbus_parcel_write_object_array(request, client->many, N_MANY));
    else if (flags & WITH_OBJECT)
        LAB_OK(client->lab, softbus_parcel_write_object(request, draw(client, 2) ? client->own : client->objects[0]));
    if (flags & WITH_FD)
        LAB_OK(client->lab, softbus_parcel_write_fd(request, client->null_fd));
}

static void do_sync(struct client *client, unsigned index, uint32_t flags, struct softbus_parcel *request)
{
    struct softbus_parcel *reply = kit_parcel(client->lab, 0);
    struct softbus_object *object = NULL;
    uint32_t number = client->next[index];
    if (draw(client, 4) == 0)
        flags |= REPLY_OBJECT;
    write_step(client, index, flags, request);
    LAB_OK(client->lab, softbus_call(client->objects[index], STEP, request, reply, 60000));
    if (flags & REPLY_OBJECT) {
        LAB_OK(client->lab, softbus_parcel_read_object(reply, &object));
        LAB_CHECK(client->lab, object == client->objects[0]);
        softbus_object_unref(object);
    } else {
        LAB_OK(client->lab, softbus_parcel_read_u32(reply, &number));
    }
    LAB_EQUAL(client->lab, number, client->next[index]);
    client->next[index]++;
    softbus_parcel_free(reply);
}

static void do_async(struct client *client, unsigned index, uint32_t flags, struct softbus_parcel *request)
{
    uint64_t call;
    write_step(client, index, flags, request);
    LAB_OK(client->lab, softbus_call_async(client->objects[index], STEP, request, 60000, note_done, client, &call));
    client->n_async++;
    client->next[index]++;
    if (draw(client, 8) == 0)
        LAB_OK(client->lab, softbus_cancel(client->bus, call));
}

/* More references than the server may have: the hub refuses it, and the calls around it do not notice. */
static void do_forbidden(struct client *client, unsigned index, struct softbus_parcel *request)
{
    write_step(client, index, FORBIDDEN, request);
    if (draw(client, 2) == 0)
        LAB_OK(client->lab, softbus_call_oneway(client->objects[index], STEP, request));
    else
        LAB_RESULT(client->lab, softbus_call(client->objects[index], STEP, request, NULL, 60000), SOFTBUS_ERR_LIMIT);
}

static void get_second(struct client *client)
{
    struct softbus_parcel *reply = kit_parcel(client->lab, 0);
    LAB_OK(client->lab, softbus_call(client->objects[0], SECOND, NULL, reply, 60000));
    LAB_OK(client->lab, softbus_parcel_read_object(reply, &client->objects[1]));
    softbus_parcel_free(reply);
}

static void step(struct client *client, struct softbus_parcel *request)
{
    static const uint32_t extras[] = { 0, 0, 0, 0, 0, WITH_OBJECT, WITH_FD, WITH_OBJECT | WITH_FD };
    unsigned index = draw(client, 3) == 0, what = draw(client, 100);
    uint32_t flags = extras[draw(client, 8)];
    if (what < 1) {
        client->objects[1] = softbus_object_unref(client->objects[1]);
        get_second(client);
    } else if (what < 3) {
        do_forbidden(client, index, request);
    } else if (what < 25) {
        do_sync(client, index, flags, request);
    } else if (what < 45) {
        do_async(client, index, flags, request);
    } else {
        write_step(client, index, flags, request);
        LAB_OK(client->lab, softbus_call_oneway(client->objects[index], STEP, request));
        client->next[index]++;
    }
    if (draw(client, 50) == 0)
        softbus_process(client->bus);
}

static void check_result(struct client *client)
{
    for (unsigned i = 0; i < 2; i++) {
        struct softbus_parcel *reply = kit_parcel(client->lab, 0);
        uint32_t next, n_wrong, n_forbidden;
        LAB_OK(client->lab, softbus_call(client->objects[i], RESULT, NULL, reply, 60000));
        LAB_OK(client->lab, softbus_parcel_read_u32(reply, &next));
        LAB_OK(client->lab, softbus_parcel_read_u32(reply, &n_wrong));
        LAB_OK(client->lab, softbus_parcel_read_u32(reply, &n_forbidden));
        LAB_EQUAL(client->lab, n_wrong, 0);
        LAB_EQUAL(client->lab, next, client->next[i]);
        LAB_EQUAL(client->lab, n_forbidden, 0);
        softbus_parcel_free(reply);
    }
}

static int refuse(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    (void)userdata;
    (void)transaction;
    (void)code;
    (void)request;
    (void)reply;
    return SOFTBUS_ERR_DENIED;
}

static uint64_t get_number(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void check_order(struct lab *lab, bool is_slow, unsigned n_workers, bool is_direct)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct client *client = calloc(1, sizeof(*client));
    struct softbus_parcel *request = kit_parcel(lab, 0);
    struct order_server server = { .is_slow = is_slow, .n_workers = n_workers };
    uint64_t seed = get_number("SOFTBUS_SEED", 7), n_steps = get_number("SOFTBUS_STEPS", is_slow ? N_STEPS / 4 : N_STEPS);
    LAB_CHECK(lab, client != NULL);
    *client = (struct client){ .lab = lab, .state = seed * 2654435761U + 88172645463325252U };
    lab_note(lab, "SOFTBUS_SEED=%llu, %llu steps", (unsigned long long)seed, (unsigned long long)n_steps);
    client->bus = lab_bus_open(lab, device, "client");
    struct lab_app *app = lab_app_fork(lab, device, "server", serve, &server);
    LAB_UNTIL(lab, lab_app_has_said(app, "ready"));
    struct kit *kit = kit_new(lab, client->bus, NULL, 0);
    client->own = kit->stub;
    for (unsigned i = 0; i < N_MANY; i++)
        LAB_OK(lab, softbus_stub_new(client->bus, "order", refuse, NULL, &client->many[i]));
    client->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    lab_keep_fd(lab, client->null_fd);
    softbus_set_refused_fn(client->bus, note_refused, client);
    client->objects[0] = kit_get(lab, client->bus, NULL, SERVICE);
    get_second(client);
    for (uint64_t i = 0; i < n_steps; i++)
        step(client, request);
    check_result(client);
    LAB_EQUAL(lab, lab_device_get_status(device, "channels"), is_direct ? 1 : 0);
    LAB_UNTIL(lab, client->n_done == client->n_async);
    LAB_EQUAL(lab, client->n_failed, 0);
    LAB_CHECK(lab, client->n_refused > 0);
    for (unsigned i = 0; i < 2; i++)
        softbus_object_unref(client->objects[i]);
    for (unsigned i = 0; i < N_MANY; i++)
        softbus_object_unref(client->many[i]);
    softbus_parcel_free(request);
    kit_free(kit);
    lab_app_discard(app);
    lab_bus_close(lab, client->bus);
    lab_close_fd(lab, client->null_fd);
    free(client);
    lab_device_check_empty(device);
}

static void start_device(struct lab *lab)
{
    lab_device_add(lab, "a", CONFIG);
}

static void test_plain_server(struct lab *lab)
{
    check_order(lab, false, 0, true);
}

static void test_slow_server(struct lab *lab)
{
    check_order(lab, true, 0, true);
}

static void test_pool(struct lab *lab)
{
    check_order(lab, false, 4, true);
}

static void test_slow_pool_of_one(struct lab *lab)
{
    check_order(lab, true, 1, true);
}

static void test_through_the_hub(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    lab_device_set_config(device, CONFIG "[device]\ndirect_channels = no\n");
    lab_device_reload(device);
    check_order(lab, false, 0, false);
    check_order(lab, false, 4, false);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device", start_device);
    lab_test(lab, "10,000 mixed calls to a plain server", test_plain_server);
    lab_test(lab, "to a slow server", test_slow_server);
    lab_test(lab, "to a server with a pool", test_pool);
    lab_test(lab, "to a slow server with one worker", test_slow_pool_of_one);
    lab_test(lab, "through the hub alone", test_through_the_hub);
    return lab_leave(lab);
}
