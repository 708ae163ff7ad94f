/* The trust store's file, STATE/trust. */
#ifndef SESS_TRUST_IO_H
#define SESS_TRUST_IO_H

#include <stddef.h>

struct sess_trust;

/* A missing file is an empty store. On failure error_text says file, line and what to do, and the store is unchanged. */
int sess_trust_load(struct sess_trust *trust, const char *path, char *error_text, size_t error_size);

/* Written beside, synced, renamed, mode 0600: a full disk or a crash leaves the old file. -errno */
int sess_trust_save(const struct sess_trust *trust, const char *path);

#endif
