/*
 * The trust store: which device keys are trusted, and under which label. One line a device, "ID NAME"; blank lines and
 * lines that open with # are skipped. The text is parsed and printed in pure code; trust_io.h reads and writes the file.
 */
#ifndef SESS_TRUST_H
#define SESS_TRUST_H

#include "wire/devid.h"

#include <stdbool.h>
#include <stddef.h>

#define SESS_TRUST_NAME_MAX 63 /* bytes of UTF-8, no control characters; "" is allowed */
#define SESS_TRUST_MAX 1024    /* devices */

struct sess_trust_entry {
    struct wire_devid id;
    char name[SESS_TRUST_NAME_MAX + 1];
};

struct sess_trust {
    struct sess_trust_entry *entries; /* sorted by id */
    size_t n_entries;
};

void sess_trust_init(struct sess_trust *trust);
void sess_trust_deinit(struct sess_trust *trust);

/* NULL when the device is not trusted; lent until the store changes. */
const struct sess_trust_entry *sess_trust_find(const struct sess_trust *trust, const struct wire_devid *id);

/* Adds, or changes the name. -EINVAL: bad name; -ENOSPC: SESS_TRUST_MAX; -ENOMEM. */
int sess_trust_add(struct sess_trust *trust, const struct wire_devid *id, const char *name);

/* -ENOENT */
int sess_trust_remove(struct sess_trust *trust, const struct wire_devid *id);

/* Replaces the store by what the text says; on failure the store is unchanged and *ret_line is the line at fault (from 1).
 * -EINVAL, -EBADMSG (mistyped id), -EEXIST (twice the same id), -ENOSPC, -ENOMEM. */
int sess_trust_parse(struct sess_trust *trust, const char *text, size_t size, unsigned *ret_line);

/* gives a NUL-terminated text to be freed; NULL when out of memory. */
char *sess_trust_format(const struct sess_trust *trust);

#endif
