/* What TLS needs of the identity; private to session/. The mbedTLS types are complete in *_io.c files only. */
#ifndef SESS_IDENTITY_H
#define SESS_IDENTITY_H

#include <stddef.h>

struct mbedtls_pk_context;
struct mbedtls_x509_crt;
struct sess_identity;
struct wire_devid;

/* lend until the identity is freed; used read-only, by the worker as well. */
struct mbedtls_pk_context *sess_identity_get_key(const struct sess_identity *identity);
struct mbedtls_x509_crt *sess_identity_get_certificate(const struct sess_identity *identity);

/* Random bytes in the form mbedTLS asks for: from the kernel, so that threads share no state. 0, or less on failure. */
int sess_identity_get_random(void *unused, unsigned char *bytes, size_t size);

/* The device that a certificate stands for. Its dates, names and signature say nothing: the key is the identity, and boards
 * without a battery have no date. -EPROTO: not X.509 v3 with an EC key on P-256. */
int sess_identity_read_id(const struct mbedtls_x509_crt *certificate, struct wire_devid *ret_id);

#endif
