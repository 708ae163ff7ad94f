#include "bench/sdbus.h"

#include "bench/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define BENCH_NAME "org.softbus.Bench"
#define BENCH_PATH "/org/softbus/Bench"
#define BENCH_INTERFACE "org.softbus.Bench.Echo"
#define BENCH_NO_TIMEOUT UINT64_MAX

static int bench_sdbus_complain(const char *what, int error)
{
    fprintf(stderr, "bench: sd-bus: %s: %s\n", what, strerror(-error));
    return -1;
}

static bool bench_has_program(const char *name)
{
    char list[1024], path[1200], *rest = NULL;
    snprintf(list, sizeof(list), "%s", getenv("PATH") != NULL ? getenv("PATH") : "/usr/bin:/bin");
    for (char *dir = strtok_r(list, ":", &rest); dir != NULL; dir = strtok_r(NULL, ":", &rest)) {
        snprintf(path, sizeof(path), "%s/%s", dir, name);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/* Asking for the name waits for the end of the greeting: brokers close whoever leaves it unfinished for half a minute. */
static int bench_sdbus_open(const char *address, sd_bus **ret_bus)
{
    sd_bus *bus = NULL;
    const char *name;
    int r = sd_bus_new(&bus);
    if (r >= 0)
        r = sd_bus_set_address(bus, address);
    if (r >= 0)
        r = sd_bus_set_bus_client(bus, 1);
    if (r >= 0)
        r = sd_bus_start(bus);
    if (r >= 0)
        r = sd_bus_get_unique_name(bus, &name);
    if (r < 0)
        return bench_sdbus_complain(address, r);
    *ret_bus = bus;
    return 0;
}

/* --- the echo object --- */

static int bench_sdbus_handle(sd_bus_message *request, void *userdata, sd_bus_error *error)
{
    (void)userdata;
    (void)error;
    const void *data;
    size_t size;
    sd_bus_message *reply = NULL;
    int r = sd_bus_message_read_array(request, 'y', &data, &size);
    if (r >= 0)
        r = sd_bus_message_new_method_return(request, &reply);
    if (r >= 0)
        r = sd_bus_message_append_array(reply, 'y', data, size);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r;
}

static const sd_bus_vtable bench_sdbus_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Echo", "ay", "ay", bench_sdbus_handle, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static int bench_sdbus_run(const char *address, int ready_fd)
{
    sd_bus *bus = NULL;
    if (bench_sdbus_open(address, &bus) < 0)
        return 1;
    int r = sd_bus_add_object_vtable(bus, NULL, BENCH_PATH, BENCH_INTERFACE, bench_sdbus_vtable, NULL);
    if (r >= 0)
        r = sd_bus_request_name(bus, BENCH_NAME, 0);
    if (r >= 0 && write(ready_fd, "", 1) != 1)
        r = -errno;
    while (r >= 0) {
        r = sd_bus_process(bus, NULL);
        if (r == 0)
            r = sd_bus_wait(bus, BENCH_NO_TIMEOUT);
    }
    bench_sdbus_complain("echo", r);
    return 1;
}

static int bench_sdbus_start_echo(struct bench_transport *transport, const struct bench_sdbus_setup *setup,
                                  struct bench_world *world)
{
    int ready_fds[2];
    char byte;
    if (pipe2(ready_fds, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = bench_world_fork(world, BENCH_SERVER);
    if (pid == 0) {
        close(ready_fds[0]);
        _exit(bench_sdbus_run(setup->address, ready_fds[1]));
    }
    close(ready_fds[1]);
    int r = bench_transport_take(transport, pid);
    if (r == 0)
        r = bench_read_all(ready_fds[0], &byte, 1);
    close(ready_fds[0]);
    return r;
}

/* --- dbus-daemon --- */

static int bench_sdbus_write_config(const char *path, const char *socket)
{
    static const char *const limits[] = { "max_incoming_bytes", "max_outgoing_bytes", "max_message_size",
                                          "max_connections_per_user", "max_completed_connections",
                                          "max_replies_per_connection" };
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return -1;
    fprintf(file,
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
            " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
            "<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>\n"
            "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/>\n"
            "<allow receive_sender=\"*\"/></policy>\n",
            socket);
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        fprintf(file, "<limit name=\"%s\">100000000</limit>\n", limits[i]);
    fprintf(file, "</busconfig>\n");
    return fclose(file);
}

int bench_sdbus_start_daemon(struct bench_transport *transport, struct bench_sdbus_setup *setup, struct bench_world *world)
{
    char config[96], socket[96], option[128], address[256];
    int fds[2];
    if (!bench_has_program("dbus-daemon"))
        return 1;
    snprintf(config, sizeof(config), "%s/dbus-daemon.conf", world->dir);
    snprintf(socket, sizeof(socket), "%s/dbus-daemon.sock", world->dir);
    snprintf(setup->address, sizeof(setup->address), "unix:path=%s", socket);
    if (bench_sdbus_write_config(config, socket) < 0 || pipe2(fds, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = bench_world_fork(world, BENCH_MIDDLE);
    if (pid == 0) {
        dup2(fds[1], STDOUT_FILENO);
        int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null_fd, STDERR_FILENO);
        snprintf(option, sizeof(option), "--config-file=%s", config);
        execlp("dbus-daemon", "dbus-daemon", option, "--nofork", "--print-address", (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    int r = bench_transport_take(transport, pid);
    if (r == 0 && read(fds[0], address, sizeof(address)) <= 0) {
        fprintf(stderr, "bench: dbus-daemon did not start\n");
        r = -1;
    }
    close(fds[0]);
    return r == 0 ? bench_sdbus_start_echo(transport, setup, world) : -1;
}

/* --- dbus-broker --- */

static int bench_sdbus_listen(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 128) < 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void bench_sdbus_exec_broker(int controller_fd)
{
    char controller[16];
    snprintf(controller, sizeof(controller), "%d", controller_fd);
    fcntl(controller_fd, F_SETFD, 0);
    execlp("dbus-broker", "dbus-broker", "--controller", controller, "--machine-id", "0123456789abcdef0123456789abcdef",
           "--max-bytes", "1000000000", "--max-fds", "10000", "--max-matches", "10000", "--max-objects", "1000000",
           (char *)NULL);
    _exit(127);
}

/* What a user may do: connect; own; send; receive. The numbers are priorities, and the empty strings match everything. */
#define BENCH_POLICY_USER "bta(btbs)a(btssssuutt)a(btssssuutt)"
#define BENCH_POLICY "(a(u(" BENCH_POLICY_USER "))a(buu(" BENCH_POLICY_USER "))a(ss)bs)"

/* Hands the listening socket to the broker, with a policy that lets everybody do everything. */
static int bench_sdbus_add_listener(sd_bus *controller, int listen_fd)
{
    sd_bus_message *message = NULL;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    const uint64_t priority = 1, no_fds = 0, all_fds = UINT64_MAX;
    int r = sd_bus_message_new_method_call(controller, &message, NULL, "/org/bus1/DBus/Broker", "org.bus1.DBus.Broker",
                                           "AddListener");
    if (r >= 0)
        r = sd_bus_message_append(message, "oh", "/org/bus1/DBus/Listener/0", listen_fd);
    if (r >= 0)
        r = sd_bus_message_append(message, "v", BENCH_POLICY,
                                  1, UINT32_MAX, true, priority, /* users without rules of their own */
                                  1, true, priority, true, "",
                                  1, true, priority, "", "", "", "", 0u, 0u, no_fds, all_fds,
                                  1, true, priority, "", "", "", "", 0u, 0u, no_fds, all_fds,
                                  0, 0, false, "session"); /* no groups, no SELinux, no AppArmor */
    if (r >= 0)
        r = sd_bus_call(controller, message, 0, &error, NULL);
    if (r < 0)
        fprintf(stderr, "bench: dbus-broker takes no listener: %s\n", error.message != NULL ? error.message : strerror(-r));
    sd_bus_error_free(&error);
    sd_bus_message_unref(message);
    return r < 0 ? -1 : 0;
}

static int bench_sdbus_control(struct bench_sdbus_setup *setup, int controller_fd, int listen_fd)
{
    sd_bus *controller = NULL;
    int r = sd_bus_new(&controller);
    if (r >= 0)
        r = sd_bus_set_fd(controller, controller_fd, controller_fd);
    if (r >= 0)
        r = sd_bus_start(controller);
    if (r < 0)
        return bench_sdbus_complain("controller", r);
    setup->controller = controller;
    return bench_sdbus_add_listener(controller, listen_fd);
}

int bench_sdbus_start_broker(struct bench_transport *transport, struct bench_sdbus_setup *setup, struct bench_world *world)
{
    char socket_path[96];
    int pair[2];
    if (!bench_has_program("dbus-broker"))
        return 1;
    snprintf(socket_path, sizeof(socket_path), "%s/dbus-broker.sock", world->dir);
    snprintf(setup->address, sizeof(setup->address), "unix:path=%s", socket_path);
    int listen_fd = bench_sdbus_listen(socket_path);
    if (listen_fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
        perror("bench: dbus-broker");
        return -1;
    }
    pid_t pid = bench_world_fork(world, BENCH_MIDDLE);
    if (pid == 0)
        bench_sdbus_exec_broker(pair[1]);
    close(pair[1]);
    int r = bench_transport_take(transport, pid);
    if (r == 0)
        r = bench_sdbus_control(setup, pair[0], listen_fd);
    close(listen_fd);
    return r == 0 ? bench_sdbus_start_echo(transport, setup, world) : -1;
}

static void bench_sdbus_stop(void *userdata)
{
    struct bench_sdbus_setup *setup = userdata;
    sd_bus_close_unref(setup->controller);
}

/* --- a client --- */

struct bench_sdbus_client {
    sd_bus *bus;
    uint8_t data[BENCH_SIZE_MAX];
};

static int bench_sdbus_connect(void *userdata, unsigned worker, void **ret_client)
{
    const struct bench_sdbus_setup *setup = userdata;
    (void)worker;
    struct bench_sdbus_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return -1;
    *ret_client = client;
    return bench_sdbus_open(setup->address, &client->bus);
}

/* A message of sd-bus is sent once. */
static int bench_sdbus_make_request(struct bench_sdbus_client *client, size_t size, sd_bus_message **ret_message)
{
    sd_bus_message *message = NULL;
    int r = sd_bus_message_new_method_call(client->bus, &message, BENCH_NAME, BENCH_PATH, BENCH_INTERFACE, "Echo");
    if (r >= 0)
        r = sd_bus_message_append_array(message, 'y', client->data, size);
    if (r < 0)
        sd_bus_message_unref(message);
    else
        *ret_message = message;
    return r;
}

static int bench_sdbus_exchange(struct bench_sdbus_client *client, const struct bench_job *job, bool check_all)
{
    sd_bus_message *request, *reply = NULL;
    const void *data = NULL;
    size_t size = 0;
    int r = bench_sdbus_make_request(client, job->size, &request);
    if (r < 0)
        return bench_sdbus_complain("request", r);
    r = sd_bus_call(client->bus, request, 0, NULL, &reply);
    if (r >= 0)
        r = sd_bus_message_read_array(reply, 'y', &data, &size);
    if (r < 0)
        bench_sdbus_complain("call", r);
    else
        r = check_all ? bench_payload_check(data, size, job) : bench_payload_check_ends(data, size, job);
    sd_bus_message_unref(request);
    sd_bus_message_unref(reply);
    return r < 0 ? -1 : 0;
}

static int bench_sdbus_prepare(void *userdata, const struct bench_job *job)
{
    struct bench_sdbus_client *client = userdata;
    bench_payload_fill(client->data, job->size, job->seed);
    return bench_sdbus_exchange(client, job, true);
}

static int bench_sdbus_call(void *userdata, const struct bench_job *job)
{
    return bench_sdbus_exchange(userdata, job, false);
}

/* --- many calls on their way --- */

struct bench_sdbus_pipe {
    struct bench_sdbus_client *client;
    const struct bench_job *job;
    unsigned n_under_way;
    bool has_failed;
    struct bench_sdbus_slot {
        struct bench_sdbus_pipe *pipe;
        uint64_t begun_ns;
    } slots[BENCH_IN_FLIGHT];
};

static int bench_sdbus_done(sd_bus_message *reply, void *userdata, sd_bus_error *error);

static void bench_sdbus_begin(struct bench_sdbus_slot *slot, uint64_t now_ns)
{
    struct bench_sdbus_pipe *pipe = slot->pipe;
    sd_bus_message *request = NULL;
    slot->begun_ns = now_ns;
    int r = bench_sdbus_make_request(pipe->client, pipe->job->size, &request);
    if (r >= 0)
        r = sd_bus_call_async(pipe->client->bus, NULL, request, bench_sdbus_done, slot, 0);
    sd_bus_message_unref(request);
    if (r >= 0)
        pipe->n_under_way++;
    else {
        pipe->has_failed = true;
        bench_sdbus_complain("call", r);
    }
}

static int bench_sdbus_done(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct bench_sdbus_slot *slot = userdata;
    struct bench_sdbus_pipe *pipe = slot->pipe;
    const void *data = NULL;
    size_t size = 0;
    (void)error;
    uint64_t now_ns = bench_now_ns();
    pipe->n_under_way--;
    bench_hist_add(pipe->job->hist, now_ns - slot->begun_ns);
    int r = sd_bus_message_is_method_error(reply, NULL) ? -EIO : sd_bus_message_read_array(reply, 'y', &data, &size);
    if (r < 0)
        bench_sdbus_complain("call", r);
    if (r < 0 || bench_payload_check_ends(data, size, pipe->job) < 0)
        pipe->has_failed = true;
    if (now_ns < pipe->job->end_ns && !pipe->has_failed)
        bench_sdbus_begin(slot, now_ns);
    return 0;
}

static int bench_sdbus_pipe_run(void *userdata, const struct bench_job *job)
{
    struct bench_sdbus_pipe pipe = { .client = userdata, .job = job };
    for (size_t i = 0; i < BENCH_IN_FLIGHT; i++) {
        pipe.slots[i].pipe = &pipe;
        bench_sdbus_begin(&pipe.slots[i], bench_now_ns());
    }
    int r = 0;
    while (r >= 0 && pipe.n_under_way > 0) {
        r = sd_bus_process(pipe.client->bus, NULL);
        if (r == 0)
            r = sd_bus_wait(pipe.client->bus, BENCH_NO_TIMEOUT);
    }
    if (r < 0)
        return bench_sdbus_complain("run", r);
    return pipe.has_failed ? -1 : 0;
}

const struct bench_transport_ops bench_sdbus_ops = {
    .connect = bench_sdbus_connect,
    .prepare = bench_sdbus_prepare,
    .call = bench_sdbus_call,
    .pipe = bench_sdbus_pipe_run,
    .stop = bench_sdbus_stop,
};
