/*
 * Tables for people and JSON for programs, by libsmartcols. The first failure sticks and is told by ctl_table_print().
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stdbool.h>
#include <stdint.h>

enum ctl_column_type { CTL_COLUMN_TEXT, CTL_COLUMN_NUMBER, CTL_COLUMN_BOOL };

struct ctl_column {
    const char *name; /* heading; in JSON the key, in lower case */
    enum ctl_column_type type;
    bool may_truncate; /* on a terminal that is too narrow */
};

struct ctl_table;

/* name: of the list in JSON. NULL when out of memory, which the functions below take: ctl_table_print() tells it. */
struct ctl_table *ctl_table_new(const char *name, bool is_json, const struct ctl_column *columns, unsigned n_columns);
void ctl_table_free(struct ctl_table *table);

void ctl_table_add_line(struct ctl_table *table);
/* Into the line added last. Text may come from anywhere: it is escaped as text.h says, in JSON too. */
void ctl_table_set_text(struct ctl_table *table, unsigned column, const char *text);
void ctl_table_set_number(struct ctl_table *table, unsigned column, uint64_t value);
/* "-", or null in JSON: there is no such number. */
void ctl_table_set_none(struct ctl_table *table, unsigned column);
void ctl_table_set_bool(struct ctl_table *table, unsigned column, bool value);

/* To stdout; takes the table. Returns the exit status. */
int ctl_table_print(struct ctl_table *table);

#endif
