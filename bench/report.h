/* What is printed: a table, or an object a line. And what the numbers should be. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/engine.h"
#include "bench/memory.h"

#include <stdbool.h>

#define BENCH_ROWS_MAX 256

struct bench_report {
    bool is_json, has_heading;
    enum bench_pin pin;
    struct bench_row rows[BENCH_ROWS_MAX];
    size_t n_rows;
    struct bench_memory memory[2];
    bool has_memory;
};

/* Both print at once and keep it for the check. */
void bench_report_add_row(struct bench_report *report, const struct bench_row *row);
void bench_report_add_memory(struct bench_report *report, const struct bench_memory memory[2]);

/* Prints each target with what was seen, in so far as it was measured; the number of those that were missed. */
unsigned bench_report_check(const struct bench_report *report);

#endif
