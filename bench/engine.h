/*
 * Runs transports against each other: round by round and in turn, so that what the machine does meanwhile meets all of them.
 * A round lasts a fixed time, not a fixed number of calls: then all clients of a round work until its end.
 */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include "bench/transport.h"

#define BENCH_ROUNDS_MAX 32
#define BENCH_SUBJECTS_MAX 16

/* One side of a comparison. */
struct bench_subject {
    size_t transport;   /* index into the engine's */
    enum bench_mode mode;
    int baseline;       /* index of another subject of the comparison; -1: none */
};

/* What came of it. Latencies are of all calls, rates and CPU time the median of the rounds, and ratios the median of what
 * each round says: the two of a round met the same machine. */
struct bench_row {
    const char *transport, *baseline; /* baseline: NULL: no ratios */
    enum bench_mode mode;
    size_t size;
    unsigned n_rounds;
    uint64_t n_calls;
    double p50_us, p99_us, calls_per_s, cpu_s_per_100k;
    double p50_ratio, p99_ratio, calls_ratio, cpu_ratio;
};

struct bench_worker {
    pid_t pid;
    int fd;
    struct bench_hist *hist; /* shared with it */
};

struct bench_engine {
    const struct bench_transport *transports;
    size_t n_transports;
    struct bench_worker workers[BENCH_WORKERS_MAX];
    unsigned n_workers, n_rounds;
    uint64_t round_ns;
    uint8_t seed; /* of the last round */
};

/* Starts the workers, which connect to the transports; borrows these until close. -1 after printing why. */
int bench_engine_open(struct bench_engine *engine, struct bench_world *world, const struct bench_transport *transports,
                      size_t n_transports, unsigned n_workers);
void bench_engine_close(struct bench_engine *engine); /* the world ends the workers */

/* rows: one for each subject. */
int bench_engine_compare(struct bench_engine *engine, const struct bench_subject *subjects, size_t n, size_t size,
                         struct bench_row *ret_rows);

#endif
