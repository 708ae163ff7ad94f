#include "bench/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

int bench_series_init(struct bench_series *series, size_t max)
{
    *series = (struct bench_series){ .max = max };
    series->latencies_ns = calloc(max, sizeof(series->latencies_ns[0]));
    return series->latencies_ns != NULL ? 0 : -1;
}

void bench_series_deinit(struct bench_series *series)
{
    free(series->latencies_ns);
    series->latencies_ns = NULL;
}

int bench_series_run(struct bench_series *series, const struct bench_subject *subject, size_t size, size_t n)
{
    uint64_t cpu_ns = bench_cpu_ns(subject->pids, subject->n_pids);
    uint64_t begin_ns = bench_now_ns(), last_ns = begin_ns;
    for (size_t i = 0; i < n && series->n < series->max; i++) {
        if (subject->call(subject->userdata, size) < 0)
            return -1;
        uint64_t now_ns = bench_now_ns(), took_ns = now_ns - last_ns;
        series->latencies_ns[series->n++] = took_ns < UINT32_MAX ? (uint32_t)took_ns : UINT32_MAX;
        last_ns = now_ns;
    }
    series->wall_ns += last_ns - begin_ns;
    series->cpu_ns += bench_cpu_ns(subject->pids, subject->n_pids) - cpu_ns;
    return 0;
}

static int bench_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

double bench_series_get_us(struct bench_series *series, unsigned per_thousand)
{
    if (series->n == 0)
        return 0;
    qsort(series->latencies_ns, series->n, sizeof(series->latencies_ns[0]), bench_compare);
    return series->latencies_ns[(series->n - 1) * per_thousand / 1000] / 1000.0;
}

double bench_series_get_rate(const struct bench_series *series)
{
    return series->wall_ns > 0 ? (double)series->n * 1e9 / (double)series->wall_ns : 0;
}

double bench_series_get_cpu_s(const struct bench_series *series)
{
    return series->n > 0 ? (double)series->cpu_ns / 1e9 * 100000.0 / (double)series->n : 0;
}

long bench_memory_kb(pid_t pid, const char *name)
{
    char path[64], line[256];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    long value = -1;
    size_t size = strlen(name);
    while (file != NULL && value < 0 && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, size) == 0 && line[size] == ':')
            value = strtol(line + size + 1, NULL, 10);
    if (file != NULL)
        fclose(file);
    return value;
}
