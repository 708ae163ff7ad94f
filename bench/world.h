/*
 * A private network namespace with nothing but loopback, a directory for everything, and processes that die with us:
 * a measurement leaves nothing behind and meets nobody else's daemon.
 */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include <stdint.h>
#include <sys/types.h>

#define BENCH_CHILDREN_MAX 128

/* What a process does in a call: it decides where BENCH_PIN_SPREAD puts it. */
enum bench_role { BENCH_CLIENT, BENCH_SERVER, BENCH_MIDDLE };

/* What a wake-up costs depends on where the scheduler has put the two (across processors of a virtual machine it may be more
 * than the rest of the call), so unpinned runs differ. ONE: everything on one processor. SPREAD: clients on one, servers on
 * another, what is between them on either of the two. */
enum bench_pin { BENCH_PIN_NONE, BENCH_PIN_ONE, BENCH_PIN_SPREAD };

struct bench_world {
    char dir[64];
    enum bench_pin pin;
    unsigned cpus[2]; /* the processors to pin to */
    pid_t children[BENCH_CHILDREN_MAX];
    unsigned n_children;
    pid_t guard; /* removes the directory when we end, however that comes about */
    int guard_fd;
};

/* -1 after printing why, as for all here. */
int bench_world_open(struct bench_world *world, enum bench_pin pin);
void bench_world_close(struct bench_world *world); /* kills what is left and removes the directory */

/* fork; the child is pinned by its role and dies with its parent. */
pid_t bench_world_fork(struct bench_world *world, enum bench_role role);

/* Whole buffers through a blocking socket; 0 or -1. */
int bench_write_all(int fd, const void *data, size_t size);
int bench_read_all(int fd, void *data, size_t size);

#endif
