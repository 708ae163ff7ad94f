#include "softbusctl/table.h"

#include "softbusctl/ctl.h"
#include "softbusctl/text.h"

#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ctl_table {
    struct libscols_table *lines;
    struct libscols_line *last; /* lent by lines */
    bool is_json;
    bool has_failed;
};

static void table_add_column(struct ctl_table *table, const struct ctl_column *column)
{
    int flags = (column->type == CTL_COLUMN_NUMBER ? SCOLS_FL_RIGHT : 0) | (column->may_truncate ? SCOLS_FL_TRUNC : 0);
    struct libscols_column *made = scols_table_new_column(table->lines, column->name, 0, flags);

    if (!made) {
        table->has_failed = true;
        return;
    }
    if (column->type == CTL_COLUMN_NUMBER)
        scols_column_set_json_type(made, SCOLS_JSON_NUMBER);
    else if (column->type == CTL_COLUMN_BOOL)
        scols_column_set_json_type(made, SCOLS_JSON_BOOLEAN);
}

struct ctl_table *ctl_table_new(const char *name, bool is_json, const struct ctl_column *columns, unsigned n_columns)
{
    struct ctl_table *table = calloc(1, sizeof(*table));

    if (!table)
        return NULL;
    table->is_json = is_json;
    table->lines = scols_new_table();
    table->has_failed = !table->lines || scols_table_set_name(table->lines, name) < 0 ||
                        scols_table_enable_json(table->lines, is_json) < 0;
    for (unsigned i = 0; i < n_columns && !table->has_failed; i++)
        table_add_column(table, &columns[i]);
    return table;
}

void ctl_table_free(struct ctl_table *table)
{
    if (!table)
        return;
    scols_unref_table(table->lines);
    free(table);
}

void ctl_table_add_line(struct ctl_table *table)
{
    if (!table || table->has_failed)
        return;
    table->last = scols_table_new_line(table->lines, NULL);
    table->has_failed = !table->last;
}

static void table_set(struct ctl_table *table, unsigned column, const char *text)
{
    if (table && !table->has_failed && scols_line_set_data(table->last, column, text) < 0)
        table->has_failed = true;
}

void ctl_table_set_text(struct ctl_table *table, unsigned column, const char *text)
{
    char *escaped = ctl_text_escape(text);

    if (escaped)
        table_set(table, column, escaped);
    else if (table)
        table->has_failed = true;
    free(escaped);
}

void ctl_table_set_number(struct ctl_table *table, unsigned column, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    table_set(table, column, text);
}

void ctl_table_set_none(struct ctl_table *table, unsigned column)
{
    if (table && !table->is_json) /* libsmartcols makes null of what is not set */
        table_set(table, column, "-");
}

void ctl_table_set_bool(struct ctl_table *table, unsigned column, bool value)
{
    table_set(table, column, value ? "yes" : "no"); /* libsmartcols makes true and false of them in JSON */
}

int ctl_table_print(struct ctl_table *table)
{
    bool has_failed = !table || table->has_failed || scols_print_table(table->lines) < 0 || fflush(stdout) != 0;

    ctl_table_free(table);
    if (has_failed)
        fputs("softbusctl: the list could not be printed: out of memory, or the output cannot be written\n", stderr);
    return has_failed ? CTL_EXIT_FAILED : CTL_EXIT_OK;
}
