/*
 * The request is made once for a size and sent again with each call, as a stub's answer is made with each: what is measured is one
 * copy in and one out, as the raw transports have, and what the bus does.
 */
#include "bench/bus.h"

#include "bench/raw.h"

#include "softbus/bus.h"
#include "softbus/error.h"
#include "softbus/object.h"
#include "softbus/parcel.h"
#include "softbus/registry.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BENCH_ECHO 1
#define BENCH_INTERFACE "org.softbus.bench.Echo"
#define BENCH_SERVICE "bench.echo"
/* An object of worker 1, which worker 0 passes on. */
#define BENCH_OTHER "bench.other"

#define BENCH_PORT_A 47001
#define BENCH_PORT_B 47002

/* --- the echo object --- */

/* Bytes go back; an object that came with them is dropped. */
static int bench_echo_handle(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                             struct softbus_parcel *request, struct softbus_parcel *reply)
{
    (void)userdata;
    (void)transaction;
    const void *data;
    size_t size;
    struct softbus_object *object = NULL;
    if (code != BENCH_ECHO)
        return SOFTBUS_ERR_UNKNOWN_CODE;
    int r = softbus_parcel_read_bytes(request, &data, &size);
    if (r == 0)
        r = softbus_parcel_write_bytes(reply, data, size);
    if (r == 0 && softbus_parcel_get_left(request) > 0)
        r = softbus_parcel_read_object(request, &object);
    softbus_object_unref(object);
    return r;
}

static int bench_echo_offer(struct softbus *bus, const char *service)
{
    struct softbus_object *stub;
    int r = softbus_stub_new(bus, BENCH_INTERFACE, bench_echo_handle, NULL, &stub);
    if (r == 0)
        r = softbus_service_add(bus, service, stub, SOFTBUS_SERVICE_DISTRIBUTED);
    return r < 0 ? bench_complain(service, r) : 0;
}

static int bench_echo_run(const char *socket, int ready_fd)
{
    struct softbus *bus;
    int r = softbus_open(socket, "bench-echo", &bus);
    if (r < 0)
        bench_complain("echo", r);
    else if (bench_echo_offer(bus, BENCH_SERVICE) == 0 && write(ready_fd, "", 1) == 1)
        r = softbus_run(bus);
    return r < 0 ? 1 : 0;
}

static int bench_echo_start(struct bench_transport *transport, struct bench_world *world, const struct bench_daemon *daemon)
{
    int ready_fds[2];
    char byte;
    if (pipe2(ready_fds, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = bench_world_fork(world, BENCH_SERVER);
    if (pid == 0) {
        close(ready_fds[0]);
        _exit(bench_echo_run(daemon->socket, ready_fds[1]));
    }
    close(ready_fds[1]);
    int r = bench_transport_take(transport, pid);
    if (r == 0)
        r = bench_read_all(ready_fds[0], &byte, 1);
    close(ready_fds[0]);
    return r;
}

int bench_bus_start_local(struct bench_transport *transport, struct bench_bus_setup *setup, struct bench_world *world,
                          const char *name, const char *config)
{
    const struct bench_daemon_options options = { .name = name, .config = config };
    if (bench_daemon_start(world, &options, &setup->client) < 0)
        return -1;
    setup->server = setup->client;
    bench_transport_take(transport, setup->client.pid);
    return bench_echo_start(transport, world, &setup->server);
}

int bench_bus_start_remote(struct bench_transport *transport, struct bench_bus_setup *setup, struct bench_world *world)
{
    const struct bench_daemon_options a = { .name = "a", .port = BENCH_PORT_A, .peer_port = BENCH_PORT_B };
    const struct bench_daemon_options b = { .name = "b", .port = BENCH_PORT_B };
    if (bench_daemon_start(world, &a, &setup->client) < 0 || bench_daemon_start(world, &b, &setup->server) < 0 ||
        bench_daemon_introduce(&setup->client, &setup->server) < 0)
        return -1;
    bench_transport_take(transport, setup->client.pid);
    bench_transport_take(transport, setup->server.pid);
    return bench_echo_start(transport, world, &setup->server);
}

/* --- a client --- */

struct bench_bus_client {
    struct softbus *bus;
    struct softbus_object *echo, *stub, *other; /* other: NULL but in worker 0 of a local transport */
    struct softbus_parcel *request, *reply;
    uint8_t data[BENCH_SIZE_MAX];
};

static int bench_bus_find_objects(struct bench_bus_client *client, const struct bench_bus_setup *setup, unsigned worker)
{
    bool is_local = setup->client.pid == setup->server.pid;
    int r = softbus_service_get(client->bus, is_local ? NULL : setup->server.device, BENCH_SERVICE, BENCH_WAIT_MS,
                                &client->echo);
    if (r == 0)
        r = softbus_stub_new(client->bus, BENCH_INTERFACE, bench_echo_handle, NULL, &client->stub);
    if (r == 0 && is_local && worker == 1)
        return bench_echo_offer(client->bus, BENCH_OTHER);
    if (r == 0 && is_local && worker == 0)
        r = softbus_service_get(client->bus, NULL, BENCH_OTHER, BENCH_WAIT_MS, &client->other);
    return r < 0 ? bench_complain("objects", r) : 0;
}

static int bench_bus_connect(void *userdata, unsigned worker, void **ret_client)
{
    const struct bench_bus_setup *setup = userdata;
    struct bench_bus_client *client = calloc(1, sizeof(*client));
    int r = client != NULL ? softbus_open(setup->client.socket, "bench", &client->bus) : SOFTBUS_ERR_NO_MEMORY;
    if (r == 0)
        r = softbus_parcel_new(0, &client->request);
    if (r == 0)
        r = softbus_parcel_new(0, &client->reply);
    if (r < 0)
        return bench_complain(setup->client.socket, r);
    *ret_client = client;
    return bench_bus_find_objects(client, setup, worker);
}

static int bench_bus_write_object(struct bench_bus_client *client, enum bench_mode mode)
{
    struct softbus_object *stub;
    if (mode == BENCH_OBJECT_STUB)
        return softbus_parcel_write_object(client->request, client->stub);
    if (mode == BENCH_OBJECT_PROXY)
        return softbus_parcel_write_object(client->request, client->other);
    if (mode != BENCH_OBJECT_NEW)
        return 0;
    int r = softbus_stub_new(client->bus, BENCH_INTERFACE, bench_echo_handle, NULL, &stub);
    if (r == 0) {
        r = softbus_parcel_write_object(client->request, stub);
        softbus_object_unref(stub);
    }
    return r;
}

static int bench_bus_write_request(struct bench_bus_client *client, const struct bench_job *job)
{
    softbus_parcel_clear(client->request);
    int r = softbus_parcel_write_bytes(client->request, client->data, job->size);
    return r == 0 ? bench_bus_write_object(client, job->mode) : r;
}

static int bench_bus_exchange(struct bench_bus_client *client, const uint8_t **ret_data, size_t *ret_size)
{
    const void *data;
    int r = softbus_call(client->echo, BENCH_ECHO, client->request, client->reply, 0);
    if (r == 0)
        r = softbus_parcel_read_bytes(client->reply, &data, ret_size);
    if (r < 0)
        return bench_complain("call", r);
    *ret_data = data;
    return 0;
}

static int bench_bus_prepare(void *userdata, const struct bench_job *job)
{
    struct bench_bus_client *client = userdata;
    const uint8_t *data;
    size_t size;
    bench_payload_fill(client->data, job->size, job->seed);
    int r = bench_bus_write_request(client, job);
    if (r < 0)
        return bench_complain("request", r);
    r = bench_bus_exchange(client, &data, &size);
    return r == 0 ? bench_payload_check(data, size, job) : r;
}

static int bench_bus_call(void *userdata, const struct bench_job *job)
{
    struct bench_bus_client *client = userdata;
    const uint8_t *data;
    size_t size;
    int r = job->mode == BENCH_OBJECT_NEW ? bench_bus_write_request(client, job) : 0;
    if (r < 0)
        return bench_complain("request", r);
    r = bench_bus_exchange(client, &data, &size);
    return r == 0 ? bench_payload_check_ends(data, size, job) : r;
}

/* --- many calls on their way --- */

struct bench_bus_pipe {
    struct bench_bus_client *client;
    const struct bench_job *job;
    unsigned n_under_way;
    bool has_failed;
    struct bench_bus_slot {
        struct bench_bus_pipe *pipe;
        uint64_t begun_ns;
    } slots[BENCH_IN_FLIGHT];
};

static void bench_bus_done(void *userdata, int error, struct softbus_parcel *reply);

static void bench_bus_begin(struct bench_bus_slot *slot, uint64_t now_ns)
{
    struct bench_bus_pipe *pipe = slot->pipe;
    slot->begun_ns = now_ns;
    int r = softbus_call_async(pipe->client->echo, BENCH_ECHO, pipe->client->request, 0, bench_bus_done, slot, NULL);
    if (r == 0)
        pipe->n_under_way++;
    else {
        pipe->has_failed = true;
        bench_complain("call", r);
    }
}

static int bench_bus_check(const struct bench_job *job, int error, struct softbus_parcel *reply)
{
    const void *data;
    size_t size;
    int r = error == 0 ? softbus_parcel_read_bytes(reply, &data, &size) : error;
    return r == 0 ? bench_payload_check_ends(data, size, job) : bench_complain("call", r);
}

/* An answer makes room for the next call. */
static void bench_bus_done(void *userdata, int error, struct softbus_parcel *reply)
{
    struct bench_bus_slot *slot = userdata;
    struct bench_bus_pipe *pipe = slot->pipe;
    uint64_t now_ns = bench_now_ns();
    pipe->n_under_way--;
    bench_hist_add(pipe->job->hist, now_ns - slot->begun_ns);
    if (bench_bus_check(pipe->job, error, reply) < 0)
        pipe->has_failed = true;
    if (now_ns < pipe->job->end_ns && !pipe->has_failed)
        bench_bus_begin(slot, now_ns);
    if (pipe->n_under_way == 0)
        softbus_stop(pipe->client->bus);
}

static int bench_bus_pipe_run(void *userdata, const struct bench_job *job)
{
    struct bench_bus_pipe pipe = { .client = userdata, .job = job };
    for (size_t i = 0; i < BENCH_IN_FLIGHT; i++) {
        pipe.slots[i].pipe = &pipe;
        bench_bus_begin(&pipe.slots[i], bench_now_ns());
    }
    int r = pipe.n_under_way > 0 ? softbus_run(pipe.client->bus) : 0;
    if (r < 0)
        return bench_complain("run", r);
    return pipe.has_failed ? -1 : 0;
}

const struct bench_transport_ops bench_bus_ops = {
    .connect = bench_bus_connect,
    .prepare = bench_bus_prepare,
    .call = bench_bus_call,
    .pipe = bench_bus_pipe_run,
};
