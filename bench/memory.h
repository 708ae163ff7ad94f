/* What a daemon and each idle app of it take. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include "bench/world.h"

#define BENCH_MEMORY_APPS 1000

/* In KB, as /proc/PID/smaps_rollup has them; private: of no other process, whether or not it was written to. */
struct bench_memory {
    unsigned n_apps;
    long rss_kb, pss_kb, private_kb;
};

/* With no app, and with BENCH_MEMORY_APPS that are connected and do nothing. */
int bench_memory_run(struct bench_world *world, struct bench_memory ret_memory[2]);

#endif
