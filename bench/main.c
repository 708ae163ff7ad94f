/*
 * Speed and memory, beside baselines measured in the same rounds. Reports; only --check has an opinion, and then only about
 * ratios and memory, which differ less between machines than times do.
 */
#include "bench/bus.h"
#include "bench/engine.h"
#include "bench/memory.h"
#include "bench/raw.h"
#include "bench/report.h"
#include "bench/sdbus.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lines of configuration, with their section, that make a daemon carry every call itself. NULL: it does anyway. */
#define BENCH_HUB_CONFIG "[device]\ndirect_channels = no\n"

#define BENCH_TRANSPORTS_MAX 8
#define BENCH_OBJECT_SIZE 16

struct bench_options {
    bool is_quick, is_json, do_check, do_local, do_remote, do_memory;
    enum bench_pin pin;
    const char *transports, *modes, *sizes; /* lists with commas; NULL: all */
};

static const size_t bench_sizes[] = { 16, 1024, 16 * 1024, 64 * 1024, BENCH_SIZE_MAX };
static const size_t bench_quick_sizes[] = { 16, 16 * 1024, BENCH_SIZE_MAX };

static bool bench_has_word(const char *list, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = list; at != NULL; at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, word, size) == 0 && (at[size] == '\0' || at[size] == ','))
            return true;
    return list == NULL;
}

/* --- what takes part --- */

struct bench_field {
    struct bench_world world;
    struct bench_engine engine;
    struct bench_transport transports[BENCH_TRANSPORTS_MAX];
    size_t n_transports;
    struct bench_raw stream, router, tls;
    struct bench_bus_setup bus, hub, remote;
    struct bench_sdbus_setup broker, daemon;
};

static struct bench_transport *bench_field_add(struct bench_field *field, const char *name, const char *baseline,
                                               const struct bench_transport_ops *ops, void *setup)
{
    struct bench_transport *transport = &field->transports[field->n_transports++];
    *transport = (struct bench_transport){ .name = name, .baseline = baseline, .ops = ops, .setup = setup };
    return transport;
}

#ifdef HAVE_SDEVENT
typedef int (*bench_start_fn)(struct bench_transport *transport, struct bench_sdbus_setup *setup,
                              struct bench_world *world);

static int bench_start_sdbus(struct bench_field *field, const char *name, struct bench_sdbus_setup *setup,
                             bench_start_fn start)
{
    struct bench_transport *transport = bench_field_add(field, name, "raw-router", &bench_sdbus_ops, setup);
    int r = start(transport, setup, &field->world);
    if (r > 0) {
        fprintf(stderr, "bench: without %s, which is not installed\n", name);
        field->n_transports--;
    }
    return r < 0 ? -1 : 0;
}
#endif

static int bench_start_others(struct bench_field *field, const char *wanted)
{
    int r = 0;
#ifdef HAVE_SDEVENT
    if (bench_has_word(wanted, "sd-bus-broker"))
        r = bench_start_sdbus(field, "sd-bus-broker", &field->broker, bench_sdbus_start_broker);
    if (r == 0 && bench_has_word(wanted, "sd-bus-daemon"))
        r = bench_start_sdbus(field, "sd-bus-daemon", &field->daemon, bench_sdbus_start_daemon);
#else
    (void)field;
    (void)wanted;
    fprintf(stderr, "bench: without sd-bus: libsystemd was not there when this was configured\n");
#endif
    return r;
}

static int bench_start_local(struct bench_field *field, const char *wanted)
{
    int r = 0;
    if (bench_has_word(wanted, "raw-stream"))
        r = bench_raw_start_stream(bench_field_add(field, "raw-stream", NULL, &bench_raw_ops, &field->stream),
                                   &field->stream, &field->world);
    if (r == 0 && bench_has_word(wanted, "softbus"))
        r = bench_bus_start_local(bench_field_add(field, "softbus", "raw-stream", &bench_bus_ops, &field->bus),
                                  &field->bus, &field->world, "local", NULL);
    if (r == 0 && bench_has_word(wanted, "raw-router"))
        r = bench_raw_start_router(bench_field_add(field, "raw-router", NULL, &bench_raw_ops, &field->router),
                                   &field->router, &field->world);
    if (r == 0 && bench_has_word(wanted, "softbus-hub"))
        r = bench_bus_start_local(bench_field_add(field, "softbus-hub", "raw-router", &bench_bus_ops, &field->hub),
                                  &field->hub, &field->world, "hub", BENCH_HUB_CONFIG);
    return r == 0 ? bench_start_others(field, wanted) : r;
}

static int bench_start_remote(struct bench_field *field, const char *wanted)
{
    int r = 0;
    if (bench_has_word(wanted, "raw-tls"))
        r = bench_raw_start_tls(bench_field_add(field, "raw-tls", NULL, &bench_raw_ops, &field->tls), &field->tls,
                                &field->world);
    if (r == 0 && bench_has_word(wanted, "softbus-remote"))
        r = bench_bus_start_remote(bench_field_add(field, "softbus-remote", "raw-tls", &bench_bus_ops, &field->remote),
                                   &field->remote, &field->world);
    return r;
}

/* --- comparisons --- */

/* On a terminal one line that goes again, because the table is there too. */
static void bench_progress_show(const char *mode, size_t size)
{
    fprintf(stderr, "bench: %s, %zu bytes%s", mode, size, isatty(STDERR_FILENO) ? " …" : "\n");
}

static void bench_progress_hide(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static int bench_compare(struct bench_field *field, const struct bench_subject *subjects, size_t n, size_t size,
                         struct bench_report *report)
{
    struct bench_row rows[BENCH_SUBJECTS_MAX];
    bench_progress_show(bench_mode_get_name(subjects[n - 1].mode), size);
    int r = bench_engine_compare(&field->engine, subjects, n, size, rows);
    bench_progress_hide();
    for (size_t i = 0; r == 0 && i < n; i++)
        bench_report_add_row(report, &rows[i]);
    return r;
}

/* All transports in one mode. */
static int bench_compare_transports(struct bench_field *field, enum bench_mode mode, size_t size,
                                    struct bench_report *report)
{
    struct bench_subject subjects[BENCH_TRANSPORTS_MAX];
    for (size_t i = 0; i < field->n_transports; i++) {
        const char *baseline = field->transports[i].baseline;
        subjects[i] = (struct bench_subject){ .transport = i, .mode = mode, .baseline = -1 };
        for (size_t j = 0; baseline != NULL && j < field->n_transports; j++)
            if (strcmp(field->transports[j].name, baseline) == 0)
                subjects[i].baseline = (int)j;
    }
    return bench_compare(field, subjects, field->n_transports, size, report);
}

static int bench_compare_mode(const struct bench_options *options, struct bench_field *field, enum bench_mode mode,
                              struct bench_report *report)
{
    const size_t *sizes = options->is_quick ? bench_quick_sizes : bench_sizes;
    size_t n_sizes = (options->is_quick ? sizeof(bench_quick_sizes) : sizeof(bench_sizes)) / sizeof(sizes[0]);
    int r = 0;
    for (size_t i = 0; r == 0 && i < n_sizes; i++) {
        char text[24];
        snprintf(text, sizeof(text), "%zu", sizes[i]);
        if (bench_has_word(options->sizes, text))
            r = bench_compare_transports(field, mode, sizes[i], report);
    }
    return r;
}

/* Each softbus with itself: what an object in the request costs. */
static int bench_compare_objects(struct bench_field *field, struct bench_report *report)
{
    struct bench_subject subjects[BENCH_SUBJECTS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < field->n_transports; i++) {
        int plain = (int)n;
        if (field->transports[i].ops != &bench_bus_ops)
            continue;
        for (enum bench_mode mode = BENCH_OBJECT_PLAIN; mode <= BENCH_OBJECT_PROXY; mode++)
            subjects[n++] = (struct bench_subject){ .transport = i, .mode = mode,
                                                    .baseline = mode == BENCH_OBJECT_PLAIN ? -1 : plain };
    }
    return n > 0 ? bench_compare(field, subjects, n, BENCH_OBJECT_SIZE, report) : 0;
}

/* --- parts, each in a world of its own: nothing of one burdens the next --- */

static void bench_set_rounds(const struct bench_options *options, struct bench_engine *engine)
{
    engine->n_rounds = options->is_quick ? 5 : 11;
    engine->round_ns = options->is_quick ? 60000000 : 200000000;
}

static int bench_run_local(const struct bench_options *options, struct bench_field *field, struct bench_report *report)
{
    static const enum bench_mode modes[] = { BENCH_SEQ, BENCH_PIPE, BENCH_CONC };
    int r = bench_start_local(field, options->transports);
    bench_set_rounds(options, &field->engine);
    if (r == 0)
        r = bench_engine_open(&field->engine, &field->world, field->transports, field->n_transports, BENCH_WORKERS_MAX);
    for (size_t i = 0; r == 0 && i < sizeof(modes) / sizeof(modes[0]); i++)
        if (bench_has_word(options->modes, bench_mode_get_name(modes[i])))
            r = bench_compare_mode(options, field, modes[i], report);
    if (r == 0 && bench_has_word(options->modes, "object"))
        r = bench_compare_objects(field, report);
    bench_engine_close(&field->engine);
    return r;
}

static int bench_run_remote(const struct bench_options *options, struct bench_field *field, struct bench_report *report)
{
    int r = bench_start_remote(field, options->transports);
    bench_set_rounds(options, &field->engine);
    if (r == 0)
        r = bench_engine_open(&field->engine, &field->world, field->transports, field->n_transports, 1);
    if (r == 0)
        r = bench_compare_mode(options, field, BENCH_SEQ, report);
    bench_engine_close(&field->engine);
    return r;
}

static int bench_run_memory(const struct bench_options *options, struct bench_field *field, struct bench_report *report)
{
    struct bench_memory memory[2];
    (void)options;
    int r = bench_memory_run(&field->world, memory);
    if (r == 0)
        bench_report_add_memory(report, memory);
    return r;
}

typedef int (*bench_part_fn)(const struct bench_options *options, struct bench_field *field,
                             struct bench_report *report);

static int bench_run_part(const struct bench_options *options, bench_part_fn part, struct bench_report *report)
{
    struct bench_field *field = calloc(1, sizeof(*field));
    if (field == NULL || bench_world_open(&field->world, options->pin) < 0) {
        free(field);
        return -1;
    }
    int r = part(options, field, report);
    fflush(stdout);
    for (size_t i = 0; i < field->n_transports; i++)
        if (field->transports[i].ops->stop != NULL)
            field->transports[i].ops->stop(field->transports[i].setup);
    bench_world_close(&field->world);
    free(field);
    return r;
}

/* --- the command line --- */

static bool bench_take_list(const char *argument, const char *name, const char **ret_list)
{
    size_t size = strlen(name);
    if (strncmp(argument, name, size) != 0)
        return false;
    *ret_list = argument + size;
    return true;
}

static bool bench_take_argument(struct bench_options *options, const char *argument)
{
    const struct {
        const char *name;
        bool *is_set;
    } switches[] = {
        { "--quick", &options->is_quick }, { "--json", &options->is_json },     { "--check", &options->do_check },
        { "local", &options->do_local },   { "remote", &options->do_remote },   { "memory", &options->do_memory },
    };
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
        if (strcmp(argument, switches[i].name) == 0)
            return *switches[i].is_set = true;
    if (strcmp(argument, "--pin") == 0)
        options->pin = BENCH_PIN_ONE;
    else if (strcmp(argument, "--pin=spread") == 0)
        options->pin = BENCH_PIN_SPREAD;
    else
        return bench_take_list(argument, "--transports=", &options->transports) ||
               bench_take_list(argument, "--modes=", &options->modes) ||
               bench_take_list(argument, "--sizes=", &options->sizes);
    return true;
}

static int bench_run(const struct bench_options *options, struct bench_report *report)
{
    bool do_all = !options->do_local && !options->do_remote && !options->do_memory;
    int r = 0;
    if (do_all || options->do_local)
        r = bench_run_part(options, bench_run_local, report);
    if (r == 0 && (do_all || options->do_remote))
        r = bench_run_part(options, bench_run_remote, report);
    if (r == 0 && (do_all || options->do_memory || (options->do_local && bench_has_word(options->modes, "memory"))))
        r = bench_run_part(options, bench_run_memory, report);
    return r;
}

int main(int argc, char **argv)
{
    struct bench_options options = { 0 };
    for (int i = 1; i < argc; i++)
        if (!bench_take_argument(&options, argv[i])) {
            fprintf(stderr, "softbus-bench: %s: unknown; bench/run --help says what there is\n", argv[i]);
            return 2;
        }
    struct bench_report *report = calloc(1, sizeof(*report));
    if (report == NULL)
        return 1;
    report->is_json = options.is_json;
    report->pin = options.pin;
    int r = bench_run(&options, report);
    unsigned n_missed = r == 0 && options.do_check ? bench_report_check(report) : 0;
    free(report);
    return r == 0 && n_missed == 0 ? 0 : 1;
}
