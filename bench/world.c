#include "bench/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void bench_write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        perror(path);
    if (fd >= 0)
        close(fd);
}

/* Our own user id stays what it is: the daemon compares it with the owner of its files. */
static int bench_enter_network(void)
{
    if (geteuid() == 0)
        return unshare(CLONE_NEWNET);
    char uids[64], gids[64];
    snprintf(uids, sizeof(uids), "%u %u 1", geteuid(), geteuid());
    snprintf(gids, sizeof(gids), "%u %u 1", getegid(), getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return -1;
    bench_write_file("/proc/self/setgroups", "deny");
    bench_write_file("/proc/self/uid_map", uids);
    bench_write_file("/proc/self/gid_map", gids);
    return 0;
}

static int bench_raise_loopback(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = { .ifr_name = "lo" };
    int r = ioctl(fd, SIOCGIFFLAGS, &request);
    request.ifr_flags |= IFF_UP;
    if (r == 0)
        r = ioctl(fd, SIOCSIFFLAGS, &request);
    close(fd);
    return r;
}

/* The first processors that we may use. */
static int bench_find_cpus(struct bench_world *world)
{
    cpu_set_t set;
    int n = 0, n_wanted = world->pin == BENCH_PIN_SPREAD ? 2 : 1;
    if (sched_getaffinity(0, sizeof(set), &set) < 0)
        return -1;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE && n < n_wanted; cpu++)
        if (CPU_ISSET(cpu, &set))
            world->cpus[n++] = cpu;
    return n == n_wanted ? 0 : -1;
}

static void bench_pin_self(const struct bench_world *world, enum bench_role role)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (world->pin == BENCH_PIN_ONE || role != BENCH_SERVER)
        CPU_SET(world->cpus[0], &set);
    if (world->pin == BENCH_PIN_SPREAD && role != BENCH_CLIENT)
        CPU_SET(world->cpus[1], &set);
    if (world->pin != BENCH_PIN_NONE && sched_setaffinity(0, sizeof(set), &set) < 0)
        perror("bench: sched_setaffinity");
}

static int bench_remove(const char *path, const struct stat *info, int type, struct FTW *position)
{
    (void)info;
    (void)type;
    (void)position;
    return remove(path);
}

/* Waits for the end of all that have the other end: the bench and what it forked. */
static int bench_guard_run(const char *dir, int fd)
{
    char byte;
    setsid(); /* what ends the bench's process group, or its terminal, does not end us */
    while (read(fd, &byte, 1) < 0 && errno == EINTR)
        ;
    return nftw(dir, bench_remove, 16, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : 1;
}

static int bench_guard_start(struct bench_world *world)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -1;
    world->guard = fork();
    if (world->guard == 0) {
        close(fds[1]);
        _exit(bench_guard_run(world->dir, fds[0]));
    }
    close(fds[0]);
    world->guard_fd = fds[1];
    return world->guard > 0 ? 0 : -1;
}

int bench_world_open(struct bench_world *world, enum bench_pin pin)
{
    *world = (struct bench_world){ .dir = "/tmp/softbus-bench-XXXXXX", .pin = pin };
    signal(SIGPIPE, SIG_IGN);
    if (pin != BENCH_PIN_NONE && bench_find_cpus(world) < 0) {
        fprintf(stderr, "bench: not enough processors to pin to\n");
        return -1;
    }
    if (bench_enter_network() < 0 || bench_raise_loopback() < 0) {
        fprintf(stderr, "bench: no network namespace of our own: %s\n", strerror(errno));
        return -1;
    }
    if (mkdtemp(world->dir) == NULL || bench_guard_start(world) < 0) {
        fprintf(stderr, "bench: %s: %s\n", world->dir, strerror(errno));
        return -1;
    }
    return 0;
}

void bench_world_close(struct bench_world *world)
{
    for (unsigned i = 0; i < world->n_children; i++)
        kill(world->children[i], SIGKILL);
    for (unsigned i = 0; i < world->n_children; i++)
        waitpid(world->children[i], NULL, 0);
    close(world->guard_fd);
    waitpid(world->guard, NULL, 0);
}

pid_t bench_world_fork(struct bench_world *world, enum bench_role role)
{
    if (world->n_children == BENCH_CHILDREN_MAX) {
        fprintf(stderr, "bench: more than %d processes\n", BENCH_CHILDREN_MAX);
        return -1;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        fprintf(stderr, "bench: fork: %s\n", strerror(errno));
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        bench_pin_self(world, role);
    }
    if (pid > 0)
        world->children[world->n_children++] = pid;
    return pid;
}

int bench_write_all(int fd, const void *data, size_t size)
{
    const char *bytes = data;
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

int bench_read_all(int fd, void *data, size_t size)
{
    char *bytes = data;
    while (size > 0) {
        ssize_t n = read(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}
