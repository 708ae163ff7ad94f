/*
 * What the helper has seen and what it has told the daemon. One device at one address may be seen several times (each
 * address family's multicast repeats the other's); it is told once, when first seen, and taken back when last seen.
 * Nothing is queued: what is to be told is computed when the daemon can take it, so that a slow daemon costs no memory
 * and a record that comes and goes costs no message.
 */
#ifndef DISC_REPORT_H
#define DISC_REPORT_H

#include "base/list.h"
#include "wire/disc.h"

#include <stddef.h>

#define DISC_REPORT_MAX 4096 /* entries */

struct disc_report {
    struct sb_list entries, dirty;
    size_t n_entries;
};

void disc_report_init(struct disc_report *report);
void disc_report_deinit(struct disc_report *report);

/* Seen once more; the newest version counts. -ENOSPC: DISC_REPORT_MAX entries; -ENOMEM. */
int disc_report_add(struct disc_report *report, const struct wire_disc_seen *seen);

/* Takes back one successful disc_report_add() of that id and address. */
void disc_report_remove(struct disc_report *report, const struct wire_disc_seen *seen);

/* All that is seen is to be told once more: the daemon may not have had room for it. */
void disc_report_retell(struct disc_report *report);

/* The next thing to tell, FOUND or LOST; false: the daemon knows all. It counts as told when this returns. */
bool disc_report_next(struct disc_report *report, struct wire_disc_message *ret_message);

#endif
