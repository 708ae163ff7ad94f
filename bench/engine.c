#include "bench/engine.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define BENCH_WARM_UP_PART 4 /* of a round */

/* What the bench says to a worker: prepare this; it answers with a byte. */
struct bench_order {
    size_t transport, size;
    enum bench_mode mode;
    uint8_t seed;
};

/* Then: go, until then. And it answers when it was at work. */
struct bench_span {
    uint64_t begin_ns, end_ns;
};

/* --- a worker's process --- */

static int bench_work_calls(const struct bench_transport_ops *ops, void *client, const struct bench_job *job)
{
    uint64_t last_ns = bench_now_ns();
    while (last_ns < job->end_ns) {
        if (ops->call(client, job) < 0)
            return -1;
        uint64_t now_ns = bench_now_ns();
        bench_hist_add(job->hist, now_ns - last_ns);
        last_ns = now_ns;
    }
    return 0;
}

static int bench_work_order(const struct bench_engine *engine, void *const *clients, const struct bench_worker *worker)
{
    struct bench_order order;
    struct bench_span span;
    if (bench_read_all(worker->fd, &order, sizeof(order)) < 0)
        return -1;
    const struct bench_transport_ops *ops = engine->transports[order.transport].ops;
    void *client = clients[order.transport];
    struct bench_job job = { .mode = order.mode, .size = order.size, .seed = order.seed, .hist = worker->hist };
    if (ops->prepare(client, &job) < 0 || bench_write_all(worker->fd, "", 1) < 0 ||
        bench_read_all(worker->fd, &span, sizeof(span)) < 0)
        return -1;
    job.end_ns = span.end_ns;
    span.begin_ns = bench_now_ns();
    int r = job.mode == BENCH_PIPE ? ops->pipe(client, &job) : bench_work_calls(ops, client, &job);
    span.end_ns = bench_now_ns();
    return r == 0 ? bench_write_all(worker->fd, &span, sizeof(span)) : r;
}

static int bench_work(const struct bench_engine *engine, const struct bench_worker *worker, unsigned number)
{
    void **clients = calloc(engine->n_transports, sizeof(*clients));
    int r = clients != NULL ? 0 : -1;
    for (size_t i = 0; r == 0 && i < engine->n_transports; i++)
        r = engine->transports[i].ops->connect(engine->transports[i].setup, number, &clients[i]);
    if (r == 0)
        r = bench_write_all(worker->fd, "", 1);
    while (r == 0)
        r = bench_work_order(engine, clients, worker);
    free(clients);
    return 1;
}

/* --- the bench's --- */

static int bench_engine_start(struct bench_engine *engine, struct bench_world *world, unsigned number)
{
    struct bench_worker *worker = &engine->workers[number];
    int pair[2];
    worker->hist = mmap(NULL, sizeof(*worker->hist), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (worker->hist == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        perror("bench: worker");
        return -1;
    }
    worker->pid = bench_world_fork(world, BENCH_CLIENT);
    worker->fd = pair[worker->pid == 0];
    close(pair[worker->pid != 0]);
    if (worker->pid == 0)
        _exit(bench_work(engine, worker, number));
    return worker->pid > 0 ? 0 : -1;
}

static int bench_engine_wait(struct bench_engine *engine, unsigned n_workers)
{
    char byte;
    for (unsigned i = 0; i < n_workers; i++)
        if (bench_read_all(engine->workers[i].fd, &byte, 1) < 0)
            return -1;
    return 0;
}

int bench_engine_open(struct bench_engine *engine, struct bench_world *world, const struct bench_transport *transports,
                      size_t n_transports, unsigned n_workers)
{
    engine->transports = transports;
    engine->n_transports = n_transports;
    for (engine->n_workers = 0; engine->n_workers < n_workers; engine->n_workers++)
        if (bench_engine_start(engine, world, engine->n_workers) < 0)
            return -1;
    return bench_engine_wait(engine, n_workers);
}

void bench_engine_close(struct bench_engine *engine)
{
    for (unsigned i = 0; i < engine->n_workers; i++) {
        close(engine->workers[i].fd);
        munmap(engine->workers[i].hist, sizeof(*engine->workers[i].hist));
    }
    engine->n_workers = 0;
}

/* One subject over all rounds. */
struct bench_series {
    struct bench_hist hist;
    double p50_us[BENCH_ROUNDS_MAX], p99_us[BENCH_ROUNDS_MAX], calls_per_s[BENCH_ROUNDS_MAX], cpu_s[BENCH_ROUNDS_MAX];
};

static unsigned bench_engine_count(const struct bench_engine *engine, enum bench_mode mode)
{
    return mode == BENCH_CONC ? engine->n_workers : 1;
}

static uint64_t bench_engine_get_cpu_ns(const struct bench_engine *engine, const struct bench_subject *subject)
{
    const struct bench_transport *transport = &engine->transports[subject->transport];
    uint64_t ns = bench_cpu_ns(transport->pids, transport->n_pids);
    for (unsigned i = 0; i < bench_engine_count(engine, subject->mode); i++)
        ns += bench_cpu_ns(&engine->workers[i].pid, 1);
    return ns;
}

static int bench_engine_prepare(struct bench_engine *engine, const struct bench_subject *subject, size_t size)
{
    unsigned n_workers = bench_engine_count(engine, subject->mode);
    const struct bench_order order = { .transport = subject->transport, .size = size, .mode = subject->mode,
                                       .seed = ++engine->seed };
    for (unsigned i = 0; i < n_workers; i++) {
        bench_hist_clear(engine->workers[i].hist);
        if (bench_write_all(engine->workers[i].fd, &order, sizeof(order)) < 0)
            return -1;
    }
    return bench_engine_wait(engine, n_workers);
}

/* From the first worker's begin to the last one's end. */
static int bench_engine_go(struct bench_engine *engine, const struct bench_subject *subject, uint64_t ns,
                           uint64_t *ret_wall_ns)
{
    unsigned n_workers = bench_engine_count(engine, subject->mode);
    struct bench_span span = { .end_ns = bench_now_ns() + ns }, all = { .begin_ns = UINT64_MAX };
    for (unsigned i = 0; i < n_workers; i++)
        if (bench_write_all(engine->workers[i].fd, &span, sizeof(span)) < 0)
            return -1;
    for (unsigned i = 0; i < n_workers; i++) {
        if (bench_read_all(engine->workers[i].fd, &span, sizeof(span)) < 0)
            return -1;
        if (span.begin_ns < all.begin_ns)
            all.begin_ns = span.begin_ns;
        if (span.end_ns > all.end_ns)
            all.end_ns = span.end_ns;
    }
    *ret_wall_ns = all.end_ns - all.begin_ns;
    return 0;
}

/* series NULL: warming up. */
static int bench_engine_run(struct bench_engine *engine, const struct bench_subject *subject, size_t size,
                            struct bench_series *series, unsigned round)
{
    uint64_t wall_ns, ns = series != NULL ? engine->round_ns : engine->round_ns / BENCH_WARM_UP_PART;
    struct bench_hist hist;
    if (bench_engine_prepare(engine, subject, size) < 0)
        return -1;
    uint64_t cpu_ns = bench_engine_get_cpu_ns(engine, subject);
    if (bench_engine_go(engine, subject, ns, &wall_ns) < 0)
        return -1;
    cpu_ns = bench_engine_get_cpu_ns(engine, subject) - cpu_ns;
    if (series == NULL)
        return 0;
    bench_hist_clear(&hist);
    for (unsigned i = 0; i < bench_engine_count(engine, subject->mode); i++)
        bench_hist_merge(&hist, engine->workers[i].hist);
    bench_hist_merge(&series->hist, &hist);
    series->p50_us[round] = bench_hist_get_us(&hist, 500);
    series->p99_us[round] = bench_hist_get_us(&hist, 990);
    series->calls_per_s[round] = (double)hist.n * 1e9 / (double)wall_ns;
    series->cpu_s[round] = hist.n > 0 ? (double)cpu_ns / 1e9 * 100000.0 / (double)hist.n : 0;
    return 0;
}

/* --- what came of it --- */

static double bench_ratio(const double *values, const double *baseline, unsigned n)
{
    double ratios[BENCH_ROUNDS_MAX];
    for (unsigned i = 0; i < n; i++)
        ratios[i] = baseline[i] > 0 ? values[i] / baseline[i] : 0;
    return bench_median(ratios, n);
}

static double bench_middle(const double *values, unsigned n)
{
    double sorted[BENCH_ROUNDS_MAX];
    memcpy(sorted, values, n * sizeof(sorted[0]));
    return bench_median(sorted, n);
}

static void bench_engine_fill_row(const struct bench_engine *engine, const struct bench_subject *subjects,
                                  const struct bench_series *series, size_t i, size_t size, struct bench_row *ret_row)
{
    const struct bench_series *own = &series[i];
    unsigned n = engine->n_rounds;
    *ret_row = (struct bench_row){
        .transport = engine->transports[subjects[i].transport].name,
        .mode = subjects[i].mode,
        .size = size,
        .n_rounds = n,
        .n_calls = own->hist.n,
        .p50_us = bench_hist_get_us(&own->hist, 500),
        .p99_us = bench_hist_get_us(&own->hist, 990),
        .calls_per_s = bench_middle(own->calls_per_s, n),
        .cpu_s_per_100k = bench_middle(own->cpu_s, n),
    };
    if (subjects[i].baseline < 0)
        return;
    const struct bench_subject *baseline = &subjects[subjects[i].baseline];
    const struct bench_series *other = &series[subjects[i].baseline];
    ret_row->baseline = baseline->mode != subjects[i].mode ? bench_mode_get_name(baseline->mode)
                                                           : engine->transports[baseline->transport].name;
    ret_row->p50_ratio = bench_ratio(own->p50_us, other->p50_us, n);
    ret_row->p99_ratio = bench_ratio(own->p99_us, other->p99_us, n);
    ret_row->calls_ratio = bench_ratio(own->calls_per_s, other->calls_per_s, n);
    ret_row->cpu_ratio = bench_ratio(own->cpu_s, other->cpu_s, n);
}

/* Each round begins with another subject: none always runs on the warmer caches. */
int bench_engine_compare(struct bench_engine *engine, const struct bench_subject *subjects, size_t n, size_t size,
                         struct bench_row *ret_rows)
{
    struct bench_series *series = calloc(n, sizeof(*series));
    int r = series != NULL ? 0 : -1;
    for (size_t i = 0; r == 0 && i < n; i++)
        r = bench_engine_run(engine, &subjects[i], size, NULL, 0);
    for (unsigned round = 0; r == 0 && round < engine->n_rounds; round++)
        for (size_t i = 0; r == 0 && i < n; i++) {
            size_t which = (i + round) % n;
            r = bench_engine_run(engine, &subjects[which], size, &series[which], round);
        }
    for (size_t i = 0; r == 0 && i < n; i++)
        bench_engine_fill_row(engine, subjects, series, i, size, &ret_rows[i]);
    free(series);
    return r;
}
