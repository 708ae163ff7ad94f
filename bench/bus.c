#include "bench/bus.h"

#include "softbus/device.h"
#include "softbus/error.h"
#include "softbus/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BENCH_ECHO 1
#define BENCH_WAIT_MS 20000
#define BENCH_SIZE_MAX 204800

static int bench_complain(const char *what, int error)
{
    fprintf(stderr, "bench: %s: %s\n", what, softbus_strerror(error));
    return -1;
}

/* --- daemons --- */

static void bench_daemon_exec(const char *dir, const char *name, int port)
{
    const char *daemon = getenv("SOFTBUSD"), *build = getenv("SOFTBUS_BUILDDIR");
    char program[512], state[128], run[128], config[128], log[128], port_text[16];
    snprintf(program, sizeof(program), "%s/softbusd/softbusd", build != NULL ? build : ".");
    snprintf(state, sizeof(state), "%s/state", dir);
    snprintf(run, sizeof(run), "%s/run", dir);
    snprintf(config, sizeof(config), "%s/conf", dir);
    snprintf(log, sizeof(log), "%s/log", dir);
    snprintf(port_text, sizeof(port_text), "%d", port);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execl(daemon != NULL ? daemon : program, "softbusd", "--state-dir", state, "--run-dir", run, "--config", config,
          "--port", port_text, "--name", name, (char *)NULL);
    _exit(127);
}

static int bench_daemon_write_config(const char *path, int peer_port)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return -1;
    fprintf(file, "[device]\nallow_loopback = yes\n[discovery]\nmdns = no\n");
    if (peer_port != 0)
        fprintf(file, "peer = 127.0.0.1:%d\n", peer_port);
    return fclose(file);
}

static int bench_notify_open(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(address.sun_path))
        return -1;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int bench_notify_wait(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    char text[256];
    while (poll(&poll_fd, 1, BENCH_WAIT_MS) > 0) {
        ssize_t size = recv(fd, text, sizeof(text) - 1, 0);
        text[size > 0 ? size : 0] = '\0';
        if (strstr(text, "READY=1") != NULL)
            return 0;
    }
    return -1;
}

int bench_daemon_start(struct bench_world *world, const char *name, int port, int peer_port,
                       struct bench_daemon *ret_daemon)
{
    char dir[96], path[128];
    snprintf(dir, sizeof(dir), "%s/%s", world->dir, name);
    mkdir(dir, 0755);
    snprintf(path, sizeof(path), "%s/state", dir);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/run", dir);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/conf", dir);
    if (bench_daemon_write_config(path, peer_port) < 0)
        return -1;
    snprintf(path, sizeof(path), "%s/notify", dir);
    int notify_fd = bench_notify_open(path);
    setenv("NOTIFY_SOCKET", path, 1);
    *ret_daemon = (struct bench_daemon){ .port = port };
    snprintf(ret_daemon->socket, sizeof(ret_daemon->socket), "%s/run/softbusd.sock", dir);
    ret_daemon->pid = bench_world_fork(world);
    if (ret_daemon->pid == 0)
        bench_daemon_exec(dir, name, port);
    int r = bench_notify_wait(notify_fd);
    close(notify_fd);
    if (r < 0)
        fprintf(stderr, "bench: softbusd was not ready in time; is it in SOFTBUS_BUILDDIR, which bench/run sets?\n");
    return r;
}

int bench_daemon_introduce(const struct bench_daemon *a, const struct bench_daemon *b)
{
    struct softbus *bus_a = NULL, *bus_b = NULL;
    int r = softbus_open(a->socket, "bench", &bus_a);
    if (r == 0)
        r = softbus_open(b->socket, "bench", &bus_b);
    if (r == 0)
        r = softbus_trust_add(bus_a, softbus_get_device(bus_b), "b");
    if (r == 0)
        r = softbus_trust_add(bus_b, softbus_get_device(bus_a), "a");
    softbus_close(bus_a);
    softbus_close(bus_b);
    return r == 0 ? 0 : bench_complain("trust", r);
}

/* --- the echo object --- */

static int bench_echo_handle(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                             struct softbus_parcel *request, struct softbus_parcel *reply)
{
    (void)userdata;
    (void)transaction;
    const void *data;
    size_t size;
    if (code != BENCH_ECHO)
        return SOFTBUS_ERR_UNKNOWN_CODE;
    int r = softbus_parcel_read_bytes(request, &data, &size);
    return r < 0 ? r : softbus_parcel_write_bytes(reply, data, size);
}

static int bench_echo_run(const char *socket, const char *service, int ready_fd)
{
    struct softbus *bus;
    struct softbus_object *stub;
    int r = softbus_open(socket, "bench-echo", &bus);
    if (r == 0)
        r = softbus_stub_new(bus, "org.softbus.bench.Echo", bench_echo_handle, NULL, &stub);
    if (r == 0)
        r = softbus_service_add(bus, service, stub, SOFTBUS_SERVICE_DISTRIBUTED);
    if (r < 0)
        bench_complain("echo", r);
    else if (write(ready_fd, "", 1) == 1)
        r = softbus_run(bus);
    return r < 0 ? 1 : 0;
}

pid_t bench_echo_start(struct bench_world *world, const struct bench_daemon *daemon, const char *service)
{
    int ready[2];
    char byte;
    if (pipe2(ready, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = bench_world_fork(world);
    if (pid == 0)
        _exit(bench_echo_run(daemon->socket, service, ready[1]));
    close(ready[1]);
    if (pid > 0 && bench_read_all(ready[0], &byte, 1) < 0)
        pid = -1;
    close(ready[0]);
    return pid;
}

/* --- the caller --- */

int bench_bus_open(struct bench_bus *bench, const struct bench_daemon *client, const struct bench_daemon *server,
                   const char *service)
{
    *bench = (struct bench_bus){ .data = calloc(1, BENCH_SIZE_MAX) };
    char device[SOFTBUS_DEVICE_ID_SIZE] = "";
    struct softbus *other = NULL;
    int r = bench->data != NULL ? 0 : SOFTBUS_ERR_NO_MEMORY;
    if (r == 0 && server != client && (r = softbus_open(server->socket, "bench", &other)) == 0) {
        snprintf(device, sizeof(device), "%s", softbus_get_device(other));
        softbus_close(other);
    }
    if (r == 0)
        r = softbus_open(client->socket, "bench", &bench->bus);
    if (r == 0)
        r = softbus_service_get(bench->bus, device[0] != '\0' ? device : NULL, service, BENCH_WAIT_MS, &bench->echo);
    if (r == 0)
        r = softbus_parcel_new(0, &bench->request);
    if (r == 0)
        r = softbus_parcel_new(0, &bench->reply);
    return r == 0 ? 0 : bench_complain(service, r);
}

void bench_bus_close(struct bench_bus *bench)
{
    softbus_parcel_free(bench->request);
    softbus_parcel_free(bench->reply);
    softbus_object_unref(bench->echo);
    softbus_close(bench->bus);
    free(bench->data);
}

int bench_bus_call(void *userdata, size_t size)
{
    struct bench_bus *bench = userdata;
    const void *data;
    size_t back = 0;
    if (bench->size != size) {
        softbus_parcel_clear(bench->request);
        softbus_parcel_write_bytes(bench->request, bench->data, size);
        bench->size = size;
    }
    int r = softbus_call(bench->echo, BENCH_ECHO, bench->request, bench->reply, 0);
    if (r == 0)
        r = softbus_parcel_read_bytes(bench->reply, &data, &back);
    if (r == 0 && back != size)
        r = SOFTBUS_ERR_PROTOCOL;
    return r == 0 ? 0 : bench_complain("call", r);
}
