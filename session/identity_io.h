/* The device's own key and certificate: made on first start, loaded ever after. */
#ifndef SESS_IDENTITY_IO_H
#define SESS_IDENTITY_IO_H

#include "wire/devid.h"

#include <stddef.h>

struct sess_identity;

/*
 * Loads DIR/device.key and DIR/device.crt (PEM). When neither exists, makes an ECDSA P-256 key and a self-signed X.509 v3
 * certificate, each written to a temporary file of mode 0600, synced and renamed. On failure error_text (error_size bytes)
 * says what is wrong, where, and what to do. Never replaces a key: damaged, unreadable, readable by others, not ours, one file
 * missing, or key and certificate that do not belong together are errors.
 *   -EACCES permissions or owner; -EBADMSG damaged or mismatched; -errno of the file system (ENOSPC leaves nothing behind).
 */
int sess_identity_load(const char *dir, struct sess_identity **ret_identity, char *error_text, size_t error_size);
struct sess_identity *sess_identity_free(struct sess_identity *identity);

const struct wire_devid *sess_identity_get_id(const struct sess_identity *identity);

#endif
