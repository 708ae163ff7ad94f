/* Samples and what they come to: latencies of calls, CPU time of processes. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BENCH_PIDS_MAX 8

/* One call of the transport under test; 0 or -1 after printing why. */
typedef int (*bench_call_fn)(void *userdata, size_t size);

/* What is measured: a way to make calls, and the processes that take part in one (the caller's own included). */
struct bench_subject {
    const char *transport, *mode;
    bench_call_fn call;
    void *userdata;
    pid_t pids[BENCH_PIDS_MAX];
    size_t n_pids;
};

struct bench_series {
    uint32_t *latencies_ns;
    size_t n, max;
    uint64_t wall_ns, cpu_ns;
};

uint64_t bench_now_ns(void);
/* CPU time that the processes have used so far, all threads. */
uint64_t bench_cpu_ns(const pid_t *pids, size_t n);

int bench_series_init(struct bench_series *series, size_t max);
void bench_series_deinit(struct bench_series *series);
/* n calls, each timed. */
int bench_series_run(struct bench_series *series, const struct bench_subject *subject, size_t size, size_t n);
/* In microseconds; sorts. per_thousand: 500 for the median. */
double bench_series_get_us(struct bench_series *series, unsigned per_thousand);
double bench_series_get_rate(const struct bench_series *series);     /* calls/s */
double bench_series_get_cpu_s(const struct bench_series *series);    /* per 100,000 calls */

/* A line "Name:  123 kB" of /proc/PID/status; -1 when there is none. */
long bench_memory_kb(pid_t pid, const char *name);

#endif
