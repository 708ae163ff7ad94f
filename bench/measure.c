#include "bench/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_HIST_PART (1u << BENCH_HIST_BITS)

uint64_t bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* The process's own clock: nanoseconds, where /proc/PID/stat counts ticks of ten milliseconds. */
uint64_t bench_cpu_ns(const pid_t *pids, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        clockid_t clock;
        struct timespec used;
        if (clock_getcpuclockid(pids[i], &clock) == 0 && clock_gettime(clock, &used) == 0)
            sum += (uint64_t)used.tv_sec * 1000000000U + (uint64_t)used.tv_nsec;
    }
    return sum;
}

/* --- the histogram --- */

/* Exact below 2^BITS; above, the leading bit chooses a group and the BITS after it a bucket of the group. */
static size_t bench_hist_find(uint64_t ns)
{
    if (ns < BENCH_HIST_PART)
        return (size_t)ns;
    unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - BENCH_HIST_BITS;
    size_t bucket = ((size_t)(shift + 1) << BENCH_HIST_BITS) + (size_t)((ns >> shift) - BENCH_HIST_PART);
    return bucket < BENCH_HIST_BUCKETS ? bucket : BENCH_HIST_BUCKETS - 1;
}

/* The middle of a bucket. */
static double bench_hist_get_ns(size_t bucket)
{
    if (bucket < BENCH_HIST_PART)
        return (double)bucket;
    unsigned shift = (unsigned)(bucket >> BENCH_HIST_BITS) - 1;
    uint64_t first = (uint64_t)(BENCH_HIST_PART + (bucket & (BENCH_HIST_PART - 1))) << shift;
    return (double)first + (double)((uint64_t)1 << shift) / 2;
}

void bench_hist_clear(struct bench_hist *hist)
{
    memset(hist, 0, sizeof(*hist));
}

void bench_hist_add(struct bench_hist *hist, uint64_t ns)
{
    hist->counts[bench_hist_find(ns)]++;
    hist->n++;
}

void bench_hist_merge(struct bench_hist *hist, const struct bench_hist *other)
{
    for (size_t i = 0; i < BENCH_HIST_BUCKETS; i++)
        hist->counts[i] += other->counts[i];
    hist->n += other->n;
}

double bench_hist_get_us(const struct bench_hist *hist, unsigned per_thousand)
{
    if (hist->n == 0)
        return 0;
    uint64_t wanted = (hist->n - 1) * per_thousand / 1000, seen = 0;
    for (size_t i = 0; i < BENCH_HIST_BUCKETS; i++) {
        seen += hist->counts[i];
        if (seen > wanted)
            return bench_hist_get_ns(i) / 1000;
    }
    return 0;
}

/* --- rounds --- */

static int bench_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double bench_median(double *values, size_t n)
{
    if (n == 0)
        return 0;
    qsort(values, n, sizeof(values[0]), bench_compare);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/* --- memory --- */

static long bench_memory_read_line(const char *line, const char *name)
{
    size_t size = strlen(name);
    return strncmp(line, name, size) == 0 && line[size] == ':' ? strtol(line + size + 1, NULL, 10) : -1;
}

long bench_memory_kb(pid_t pid, const char *const *names, size_t n_names)
{
    char path[64], line[256];
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "re");
    long sum = -1;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        for (size_t i = 0; i < n_names; i++) {
            long kb = bench_memory_read_line(line, names[i]);
            if (kb >= 0)
                sum = kb + (sum > 0 ? sum : 0);
        }
    if (file != NULL)
        fclose(file);
    return sum;
}
