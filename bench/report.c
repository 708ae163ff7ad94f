#include "bench/report.h"

#include <stdio.h>
#include <string.h>

static const char *bench_pin_get_name(enum bench_pin pin)
{
    switch (pin) {
    case BENCH_PIN_NONE:
        return "none";
    case BENCH_PIN_ONE:
        return "one";
    case BENCH_PIN_SPREAD:
        return "spread";
    }
    return "?";
}

static const char *bench_pin_get_text(enum bench_pin pin)
{
    switch (pin) {
    case BENCH_PIN_NONE:
        return "not pinned: the scheduler's choice of processors is in the numbers";
    case BENCH_PIN_ONE:
        return "pinned: all processes on one processor";
    case BENCH_PIN_SPREAD:
        return "pinned: clients on one processor, servers on another, hubs and routers on either";
    }
    return "?";
}

/* --- rows --- */

static void bench_print_heading(struct bench_report *report)
{
    if (report->has_heading)
        return;
    report->has_heading = true;
    printf("%s\n", bench_pin_get_text(report->pin));
    printf("%-15s %-12s %6s %9s %9s %9s %10s   %7s %7s %7s %7s\n", "transport", "mode", "bytes", "p50 us", "p99 us",
           "calls/s", "CPU s/100k", "p50", "p99", "calls/s", "CPU");
}

static void bench_print_row(const struct bench_row *row)
{
    printf("%-15s %-12s %6zu %9.2f %9.2f %9.0f %10.3f", row->transport, bench_mode_get_name(row->mode), row->size,
           row->p50_us, row->p99_us, row->calls_per_s, row->cpu_s_per_100k);
    if (row->baseline != NULL)
        printf("   %6.2fx %6.2fx %6.2fx %6.2fx of %s", row->p50_ratio, row->p99_ratio, row->calls_ratio, row->cpu_ratio,
               row->baseline);
    printf("\n");
}

static void bench_print_row_json(const struct bench_row *row, enum bench_pin pin)
{
    printf("{\"transport\":\"%s\",\"mode\":\"%s\",\"size\":%zu,\"p50_us\":%.2f,\"p99_us\":%.2f,\"calls_per_s\":%.0f,"
           "\"cpu_s_per_100k\":%.3f,\"rounds\":%u,\"calls\":%llu,\"pin\":\"%s\"",
           row->transport, bench_mode_get_name(row->mode), row->size, row->p50_us, row->p99_us, row->calls_per_s,
           row->cpu_s_per_100k, row->n_rounds, (unsigned long long)row->n_calls, bench_pin_get_name(pin));
    if (row->baseline != NULL)
        printf(",\"baseline\":\"%s\",\"p50_ratio\":%.3f,\"p99_ratio\":%.3f,\"calls_ratio\":%.3f,\"cpu_ratio\":%.3f",
               row->baseline, row->p50_ratio, row->p99_ratio, row->calls_ratio, row->cpu_ratio);
    printf("}\n");
}

void bench_report_add_row(struct bench_report *report, const struct bench_row *row)
{
    if (report->n_rows < BENCH_ROWS_MAX)
        report->rows[report->n_rows++] = *row;
    if (report->is_json)
        bench_print_row_json(row, report->pin);
    else {
        bench_print_heading(report);
        bench_print_row(row);
    }
    fflush(stdout);
}

/* --- memory --- */

static double bench_memory_get_per_app(long with_kb, long without_kb)
{
    return (double)(with_kb - without_kb) * 1024 / BENCH_MEMORY_APPS;
}

static void bench_print_memory_json(const struct bench_memory *memory)
{
    printf("{\"transport\":\"softbusd\",\"mode\":\"memory\",\"apps\":%u,\"rss_kb\":%ld,\"pss_kb\":%ld,\"private_kb\":%ld}\n",
           memory->n_apps, memory->rss_kb, memory->pss_kb, memory->private_kb);
}

void bench_report_add_memory(struct bench_report *report, const struct bench_memory memory[2])
{
    double rss = bench_memory_get_per_app(memory[1].rss_kb, memory[0].rss_kb);
    double pss = bench_memory_get_per_app(memory[1].pss_kb, memory[0].pss_kb);
    double own = bench_memory_get_per_app(memory[1].private_kb, memory[0].private_kb);
    memcpy(report->memory, memory, sizeof(report->memory));
    report->has_memory = true;
    if (report->is_json) {
        bench_print_memory_json(&memory[0]);
        bench_print_memory_json(&memory[1]);
        printf("{\"transport\":\"softbusd\",\"mode\":\"memory-per-app\",\"rss_bytes\":%.0f,\"pss_bytes\":%.0f,"
               "\"private_bytes\":%.0f}\n",
               rss, pss, own);
        return;
    }
    printf("\nmemory of softbusd   resident    its share    its own\n");
    for (int i = 0; i < 2; i++)
        printf("%5u idle apps    %8ld KB  %8ld KB %7ld KB\n", memory[i].n_apps, memory[i].rss_kb, memory[i].pss_kb,
               memory[i].private_kb);
    printf("more for each app %8.0f B   %8.0f B  %7.0f B\n", rss, pss, own);
}

/* --- targets --- */

enum bench_value { BENCH_P50_RATIO, BENCH_CALLS_RATIO };

/* Ratios to the row's baseline. size 0: each size that was measured. */
struct bench_target {
    const char *transport;
    enum bench_mode mode;
    size_t size;
    enum bench_value value;
    double bound;
};

static const struct bench_target bench_targets[] = {
    { "softbus", BENCH_SEQ, 16, BENCH_P50_RATIO, 1.3 },
    { "softbus", BENCH_SEQ, BENCH_SIZE_MAX, BENCH_P50_RATIO, 1.3 },
    { "softbus", BENCH_CONC, 0, BENCH_CALLS_RATIO, 0.75 },
    { "softbus", BENCH_PIPE, 16, BENCH_CALLS_RATIO, 0.125 },
    { "softbus-hub", BENCH_SEQ, 0, BENCH_P50_RATIO, 1.3 },
    { "softbus", BENCH_OBJECT_STUB, 0, BENCH_P50_RATIO, 2.5 },
    { "softbus", BENCH_OBJECT_NEW, 0, BENCH_P50_RATIO, 2.5 },
    { "softbus", BENCH_OBJECT_PROXY, 0, BENCH_P50_RATIO, 2.5 },
};

#define BENCH_IDLE_MAX_KB (5 * 1024)
#define BENCH_APP_MAX_BYTES (4 * 1024)

static bool bench_print_target(const struct bench_report *report, const char *what, double seen, bool is_least,
                               double bound, const char *unit)
{
    bool is_met = is_least ? seen >= bound : seen <= bound;
    if (report->is_json)
        printf("{\"target\":\"%s\",\"seen\":%.3f,\"%s\":%g,\"unit\":\"%s\",\"met\":%s}\n", what, seen,
               is_least ? "at_least" : "at_most", bound, unit, is_met ? "true" : "false");
    else
        printf("%-6s %-46s %9.2f %s, %s %g\n", is_met ? "met" : "MISSED", what, seen, unit,
               is_least ? "at least" : "at most", bound);
    return is_met;
}

static bool bench_check_row(const struct bench_report *report, const struct bench_row *row,
                            const struct bench_target *target)
{
    char what[96], unit[48];
    bool is_rate = target->value == BENCH_CALLS_RATIO;
    snprintf(what, sizeof(what), "%s %s %zu bytes: %s", row->transport, bench_mode_get_name(row->mode), row->size,
             is_rate ? "calls/s" : "p50");
    snprintf(unit, sizeof(unit), "x %s", row->baseline);
    return bench_print_target(report, what, is_rate ? row->calls_ratio : row->p50_ratio, is_rate, target->bound, unit);
}

static unsigned bench_check_memory(const struct bench_report *report)
{
    double per_app = bench_memory_get_per_app(report->memory[1].rss_kb, report->memory[0].rss_kb);
    unsigned n_missed = 0;
    if (!bench_print_target(report, "softbusd idle: resident", (double)report->memory[0].rss_kb, false,
                            BENCH_IDLE_MAX_KB, "KB"))
        n_missed++;
    if (!bench_print_target(report, "softbusd: resident for each idle app", per_app, false, BENCH_APP_MAX_BYTES,
                            "bytes"))
        n_missed++;
    return n_missed;
}

unsigned bench_report_check(const struct bench_report *report)
{
    unsigned n_missed = 0;
    if (!report->is_json)
        printf("\ntargets\n");
    for (size_t i = 0; i < sizeof(bench_targets) / sizeof(bench_targets[0]); i++)
        for (size_t j = 0; j < report->n_rows; j++) {
            const struct bench_target *target = &bench_targets[i];
            const struct bench_row *row = &report->rows[j];
            if (row->baseline == NULL || strcmp(row->transport, target->transport) != 0 || row->mode != target->mode ||
                (target->size != 0 && row->size != target->size))
                continue;
            if (!bench_check_row(report, row, target))
                n_missed++;
        }
    if (report->has_memory)
        n_missed += bench_check_memory(report);
    return n_missed;
}
