/*
 * Speed and memory, beside baselines measured in the same rounds: so that what the machine does meanwhile meets both.
 * Reports, and judges nothing.
 */
#include "bench/bus.h"
#include "bench/chain.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BENCH_PORT_A 47001
#define BENCH_PORT_B 47002

static const size_t bench_sizes[] = { 16, 1024, 16 * 1024, 64 * 1024, 200 * 1000 };
#define BENCH_N_SIZES (sizeof(bench_sizes) / sizeof(bench_sizes[0]))

struct bench_options {
    bool is_quick, is_json, is_pinned, do_local, do_remote, do_memory;
};

static void bench_print(const struct bench_options *options, const struct bench_subject *subject, size_t size,
                        struct bench_series *series, unsigned rounds)
{
    double p50 = bench_series_get_us(series, 500), p99 = bench_series_get_us(series, 990);
    double rate = bench_series_get_rate(series), cpu = bench_series_get_cpu_s(series);
    if (options->is_json)
        printf("{\"transport\":\"%s\",\"mode\":\"%s\",\"size\":%zu,\"p50_us\":%.2f,\"p99_us\":%.2f,"
               "\"calls_per_s\":%.0f,\"cpu_s_per_100k\":%.3f,\"rounds\":%u,\"calls\":%zu}\n",
               subject->transport, subject->mode, size, p50, p99, rate, cpu, rounds, series->n);
    else
        printf("%-7s %-9s %7zu %10.1f %10.1f %10.0f %12.2f\n", subject->transport, subject->mode, size, p50, p99, rate,
               cpu);
}

static void bench_print_ratio(const struct bench_options *options, const char *transport, size_t size,
                              struct bench_series *bus, struct bench_series *raw)
{
    double p50 = bench_series_get_us(bus, 500) / bench_series_get_us(raw, 500);
    double p99 = bench_series_get_us(bus, 990) / bench_series_get_us(raw, 990);
    double rate = bench_series_get_rate(bus) / bench_series_get_rate(raw);
    double cpu = bench_series_get_cpu_s(bus) / bench_series_get_cpu_s(raw);
    if (options->is_json)
        printf("{\"transport\":\"%s\",\"mode\":\"ratio\",\"size\":%zu,\"p50\":%.2f,\"p99\":%.2f,\"calls_per_s\":%.2f,"
               "\"cpu\":%.2f}\n",
               transport, size, p50, p99, rate, cpu);
    else
        printf("%-7s %-9s %7zu %9.2fx %9.2fx %9.2fx %11.2fx\n", transport, "ratio", size, p50, p99, rate, cpu);
}

static size_t bench_calls_per_round(const struct bench_options *options, size_t size)
{
    size_t n = size <= 1024 ? 5000 : size <= 16 * 1024 ? 2000 : 500;
    return options->is_quick ? n / 5 : n;
}

/* Rounds go through both subjects, and the order alternates: neither always runs on the warmer caches. */
static int bench_compare_size(const struct bench_options *options, struct bench_subject subjects[2], size_t size)
{
    unsigned rounds = options->is_quick ? 5 : 11;
    size_t n = bench_calls_per_round(options, size);
    struct bench_series series[2] = { 0 }, warm_up = { 0 };
    int r = bench_series_init(&series[0], n * rounds);
    if (r == 0)
        r = bench_series_init(&series[1], n * rounds);
    if (r == 0)
        r = bench_series_init(&warm_up, n);
    for (unsigned i = 0; r == 0 && i < 2; i++)
        r = bench_series_run(&warm_up, &subjects[i], size, n / 4);
    for (unsigned round = 0; r == 0 && round < rounds; round++)
        for (unsigned i = 0; r == 0 && i < 2; i++) {
            unsigned which = (i + round) % 2;
            r = bench_series_run(&series[which], &subjects[which], size, n);
        }
    if (r == 0) {
        bench_print(options, &subjects[0], size, &series[0], rounds);
        bench_print(options, &subjects[1], size, &series[1], rounds);
        bench_print_ratio(options, subjects[0].transport, size, &series[0], &series[1]);
    }
    bench_series_deinit(&series[0]);
    bench_series_deinit(&series[1]);
    bench_series_deinit(&warm_up);
    return r;
}

static int bench_compare_all(const struct bench_options *options, struct bench_subject subjects[2])
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < BENCH_N_SIZES; i++)
        r = bench_compare_size(options, subjects, bench_sizes[i]);
    return r;
}

static void bench_subject_take_chain(struct bench_subject *subject, const struct bench_chain *chain)
{
    for (size_t i = 0; i < chain->n_pids; i++)
        subject->pids[subject->n_pids++] = chain->pids[i];
    subject->pids[subject->n_pids++] = getpid();
}

static int bench_run_local(const struct bench_options *options, struct bench_world *world)
{
    struct bench_daemon daemon;
    struct bench_bus bus = { 0 };
    struct bench_chain chain;
    int r = bench_chain_open_local(&chain, world);
    if (r == 0)
        r = bench_daemon_start(world, "local", BENCH_PORT_A, 0, &daemon);
    pid_t echo = r == 0 ? bench_echo_start(world, &daemon, "bench.local") : -1;
    r = echo > 0 ? bench_bus_open(&bus, &daemon, &daemon, "bench.local") : -1;
    if (r == 0) {
        struct bench_subject subjects[2] = {
            { "local", "softbus", bench_bus_call, &bus, { daemon.pid, echo, getpid() }, 3 },
            { "local", "router", bench_chain_call, &chain, { 0 }, 0 },
        };
        bench_subject_take_chain(&subjects[1], &chain);
        r = bench_compare_all(options, subjects);
    }
    bench_bus_close(&bus);
    bench_chain_close(&chain);
    return r;
}

static int bench_run_remote(const struct bench_options *options, struct bench_world *world)
{
    struct bench_daemon a, b;
    struct bench_bus bus = { 0 };
    struct bench_chain chain;
    int r = bench_chain_open_remote(&chain, world);
    if (r == 0)
        r = bench_daemon_start(world, "a", BENCH_PORT_A, BENCH_PORT_B, &a);
    if (r == 0)
        r = bench_daemon_start(world, "b", BENCH_PORT_B, 0, &b);
    if (r == 0)
        r = bench_daemon_introduce(&a, &b);
    pid_t echo = r == 0 ? bench_echo_start(world, &b, "bench.remote") : -1;
    r = echo > 0 ? bench_bus_open(&bus, &a, &b, "bench.remote") : -1;
    if (r == 0) {
        struct bench_subject subjects[2] = {
            { "remote", "softbus", bench_bus_call, &bus, { a.pid, b.pid, echo, getpid() }, 4 },
            { "remote", "tls-chain", bench_chain_call, &chain, { 0 }, 0 },
        };
        bench_subject_take_chain(&subjects[1], &chain);
        r = bench_compare_all(options, subjects);
    }
    bench_bus_close(&bus);
    bench_chain_close(&chain);
    return r;
}

/* --- memory --- */

static void bench_print_memory(const struct bench_options *options, const char *mode, unsigned n_apps, pid_t pid)
{
    long all = bench_memory_kb(pid, "VmRSS"), own = bench_memory_kb(pid, "RssAnon");
    if (options->is_json)
        printf("{\"transport\":\"memory\",\"mode\":\"%s\",\"apps\":%u,\"rss_kb\":%ld,\"anonymous_kb\":%ld}\n", mode, n_apps,
               all, own);
    else
        printf("memory  %-9s %3u apps: %ld KB resident, %ld KB of it its own\n", mode, n_apps, all, own);
}

static int bench_run_memory(const struct bench_options *options, struct bench_world *world)
{
    static const unsigned steps[] = { 0, 10, 100 };
    struct bench_daemon daemon;
    int r = bench_daemon_start(world, "memory", BENCH_PORT_A, 0, &daemon);
    unsigned n_apps = 0;
    for (size_t i = 0; r == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
        for (; r == 0 && n_apps < steps[i]; n_apps++) {
            char service[64];
            snprintf(service, sizeof(service), "bench.memory-%u", n_apps);
            r = bench_echo_start(world, &daemon, service) > 0 ? 0 : -1;
        }
        bench_print_memory(options, n_apps == 0 ? "idle" : "used", n_apps, daemon.pid);
    }
    return r;
}

/* All processes on one processor: what a wake-up across processors costs (in a virtual machine more than the call itself)
 * depends on where the scheduler put them, and differs from run to run. */
static void bench_pin(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)sched_getcpu(), &set);
    sched_setaffinity(0, sizeof(set), &set);
}

/* Each part in a world of its own: nothing of one burdens the next. */
static int bench_run_part(const struct bench_options *options,
                          int (*part)(const struct bench_options *, struct bench_world *))
{
    struct bench_world world;
    if (bench_world_open(&world) < 0)
        return -1;
    int r = part(options, &world);
    fflush(stdout);
    bench_world_close(&world);
    return r;
}

int main(int argc, char **argv)
{
    struct bench_options options = { 0 };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            options.is_quick = true;
        else if (strcmp(argv[i], "--json") == 0)
            options.is_json = true;
        else if (strcmp(argv[i], "--pin") == 0)
            options.is_pinned = true;
        else if (strcmp(argv[i], "local") == 0)
            options.do_local = true;
        else if (strcmp(argv[i], "remote") == 0)
            options.do_remote = true;
        else if (strcmp(argv[i], "memory") == 0)
            options.do_memory = true;
        else {
            fprintf(stderr, "usage: softbus-bench [--quick] [--json] [--pin] [local] [remote] [memory]\n");
            return 2;
        }
    }
    if (options.is_pinned)
        bench_pin();
    bool do_all = !options.do_local && !options.do_remote && !options.do_memory;
    if (!options.is_json && (do_all || options.do_local || options.do_remote))
        printf("%-7s %-9s %7s %10s %10s %10s %12s\n", "", "", "bytes", "p50 us", "p99 us", "calls/s", "CPU s/100k");
    int r = 0;
    if (do_all || options.do_local)
        r |= bench_run_part(&options, bench_run_local);
    if (do_all || options.do_remote)
        r |= bench_run_part(&options, bench_run_remote);
    if (do_all || options.do_memory)
        r |= bench_run_part(&options, bench_run_memory);
    return r == 0 ? 0 : 1;
}
