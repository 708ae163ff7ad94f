#include "bench/daemon.h"

#include "softbus/bus.h"
#include "softbus/device.h"
#include "softbus/error.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int bench_complain(const char *what, int error)
{
    fprintf(stderr, "bench: %s: %s\n", what, softbus_strerror(error));
    return -1;
}

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

/* Limits that no measurement meets: what is measured is not waiting. */
static int bench_daemon_write_config(const char *path, const struct bench_daemon_options *options)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return -1;
    fprintf(file, "[device]\nallow_loopback = yes\n[discovery]\nmdns = no\n");
    if (options->peer_port != 0)
        fprintf(file, "peer = 127.0.0.1:%d\n", options->peer_port);
    fprintf(file, "[limits]\napps = 2048\napps_per_user = 2048\napp_queue_bytes = 67108864\n");
    if (options->config != NULL)
        fputs(options->config, file);
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

/* The log of a daemon that did not start: the directory is gone in a moment. */
static void bench_show_file(const char *path)
{
    char line[512];
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        fputs(line, stderr);
    if (file != NULL)
        fclose(file);
}

static int bench_daemon_get_device(struct bench_daemon *daemon)
{
    struct softbus *bus;
    int r = softbus_open(daemon->socket, "bench", &bus);
    if (r < 0)
        return bench_complain(daemon->socket, r);
    snprintf(daemon->device, sizeof(daemon->device), "%s", softbus_get_device(bus));
    softbus_close(bus);
    return 0;
}

int bench_daemon_start(struct bench_world *world, const struct bench_daemon_options *options,
                       struct bench_daemon *ret_daemon)
{
    char dir[96], path[128];
    snprintf(dir, sizeof(dir), "%s/%s", world->dir, options->name);
    mkdir(dir, 0755);
    snprintf(path, sizeof(path), "%s/state", dir);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/run", dir);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/conf", dir);
    if (bench_daemon_write_config(path, options) < 0)
        return -1;
    snprintf(path, sizeof(path), "%s/notify", dir);
    int notify_fd = bench_notify_open(path);
    setenv("NOTIFY_SOCKET", path, 1);
    *ret_daemon = (struct bench_daemon){ 0 };
    snprintf(ret_daemon->socket, sizeof(ret_daemon->socket), "%s/run/softbusd.sock", dir);
    ret_daemon->pid = bench_world_fork(world, BENCH_MIDDLE);
    if (ret_daemon->pid == 0)
        bench_daemon_exec(dir, options->name, options->port);
    int r = ret_daemon->pid > 0 ? bench_notify_wait(notify_fd) : -1;
    close(notify_fd);
    if (r == 0)
        return bench_daemon_get_device(ret_daemon);
    snprintf(path, sizeof(path), "%s/log", dir);
    fprintf(stderr, "bench: softbusd was not ready in time; is it in SOFTBUS_BUILDDIR, which bench/run sets?\n");
    bench_show_file(path);
    return -1;
}

int bench_daemon_introduce(const struct bench_daemon *a, const struct bench_daemon *b)
{
    struct softbus *bus_a = NULL, *bus_b = NULL;
    int r = softbus_open(a->socket, "bench", &bus_a);
    if (r == 0)
        r = softbus_open(b->socket, "bench", &bus_b);
    if (r == 0)
        r = softbus_trust_add(bus_a, b->device, "b");
    if (r == 0)
        r = softbus_trust_add(bus_b, a->device, "a");
    softbus_close(bus_a);
    softbus_close(bus_b);
    return r == 0 ? 0 : bench_complain("trust", r);
}
