/*
 * A private network namespace with nothing but loopback, a directory for everything, and processes that die with us:
 * a measurement leaves nothing behind and meets nobody else's daemon.
 */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include <stdint.h>
#include <sys/types.h>

#define BENCH_CHILDREN_MAX 512

struct bench_world {
    char dir[64];
    pid_t children[BENCH_CHILDREN_MAX];
    unsigned n_children;
};

int bench_world_open(struct bench_world *world);
void bench_world_close(struct bench_world *world); /* kills what is left and removes the directory */

/* fork; the child dies with its parent. -1 after printing why. */
pid_t bench_world_fork(struct bench_world *world);

/* Whole buffers through a blocking socket; 0 or -1. */
int bench_write_all(int fd, const void *data, size_t size);
int bench_read_all(int fd, void *data, size_t size);

#endif
