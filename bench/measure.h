/* Samples and what they come to: latencies of calls, CPU time and memory of processes. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Each power of two has 2^7 buckets: 0.8 percent, of nanoseconds up to 2^36 (a minute). */
#define BENCH_HIST_BITS 7
#define BENCH_HIST_BUCKETS ((36 - BENCH_HIST_BITS + 1) << BENCH_HIST_BITS)

/* How many calls took how long; bounded, whatever their number, so that processes can share it. */
struct bench_hist {
    uint64_t n;
    uint32_t counts[BENCH_HIST_BUCKETS];
};

void bench_hist_clear(struct bench_hist *hist);
void bench_hist_add(struct bench_hist *hist, uint64_t ns);
void bench_hist_merge(struct bench_hist *hist, const struct bench_hist *other);
/* In microseconds; per_thousand: 500 for the median. */
double bench_hist_get_us(const struct bench_hist *hist, unsigned per_thousand);

/* Sorts the values. */
double bench_median(double *values, size_t n);

uint64_t bench_now_ns(void);
/* CPU time that the processes have used so far, all threads. */
uint64_t bench_cpu_ns(const pid_t *pids, size_t n);

/* A line "Name:  123 kB" of /proc/PID/smaps_rollup, or what several such lines add up to; -1 when there is none. */
long bench_memory_kb(pid_t pid, const char *const *names, size_t n_names);

#endif
