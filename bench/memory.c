#include "bench/memory.h"

#include "bench/daemon.h"
#include "bench/measure.h"

#include "softbus/bus.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* One process that has all connections: what an app is to the daemon does not depend on whose process it is. */
static int bench_memory_connect(const char *socket, int ready_fd)
{
    struct rlimit limit;
    struct softbus *bus;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    for (unsigned i = 0; i < BENCH_MEMORY_APPS; i++) {
        int r = softbus_open(socket, "bench-idle", &bus); /* open until the process ends */
        if (r < 0) {
            fprintf(stderr, "bench: after %u idle apps:\n", i);
            return bench_complain(socket, r);
        }
    }
    if (write(ready_fd, "", 1) != 1)
        return -1;
    for (;;)
        pause();
}

static int bench_memory_start_apps(struct bench_world *world, const struct bench_daemon *daemon)
{
    int ready_fds[2];
    char byte;
    if (pipe2(ready_fds, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = bench_world_fork(world, BENCH_CLIENT);
    if (pid == 0) {
        close(ready_fds[0]);
        _exit(bench_memory_connect(daemon->socket, ready_fds[1]) < 0);
    }
    close(ready_fds[1]);
    int r = pid > 0 ? bench_read_all(ready_fds[0], &byte, 1) : -1;
    close(ready_fds[0]);
    return r;
}

static int bench_memory_read(pid_t pid, unsigned n_apps, struct bench_memory *ret_memory)
{
    static const char *const rss[] = { "Rss" }, *const pss[] = { "Pss" };
    static const char *const own[] = { "Private_Clean", "Private_Dirty" };
    *ret_memory = (struct bench_memory){
        .n_apps = n_apps,
        .rss_kb = bench_memory_kb(pid, rss, 1),
        .pss_kb = bench_memory_kb(pid, pss, 1),
        .private_kb = bench_memory_kb(pid, own, 2),
    };
    if (ret_memory->rss_kb < 0)
        fprintf(stderr, "bench: /proc/%d/smaps_rollup cannot be read\n", (int)pid);
    return ret_memory->rss_kb < 0 ? -1 : 0;
}

int bench_memory_run(struct bench_world *world, struct bench_memory ret_memory[2])
{
    const struct bench_daemon_options options = { .name = "memory" };
    struct bench_daemon daemon;
    if (bench_daemon_start(world, &options, &daemon) < 0 || bench_memory_read(daemon.pid, 0, &ret_memory[0]) < 0 ||
        bench_memory_start_apps(world, &daemon) < 0)
        return -1;
    return bench_memory_read(daemon.pid, BENCH_MEMORY_APPS, &ret_memory[1]);
}
