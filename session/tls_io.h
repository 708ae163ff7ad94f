/*
 * TLS over memory: ciphertext goes in and comes out of two bounded buffers, so that a handshake can run on the worker
 * and records on the loop with the same object. Both sides prove their keys; the peer's key has to be in a snapshot of the trusted
 * ids, or the handshake ends in an alert before anything else is said. docs/protocol-peer.md, "TLS".
 */
#ifndef SESS_TLS_IO_H
#define SESS_TLS_IO_H

#include "wire/devid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_buf;
struct sess_identity;
struct sess_tls;
struct sess_tls_context;
struct sess_trust;

#define SESS_TLS_ALPN "softbus/1"

/* The trusted ids at one moment: never changed, counted by the loop's thread alone, read by the worker. */
struct sess_tls_ids;
int sess_tls_ids_new(const struct sess_trust *trust, struct sess_tls_ids **ret_ids);
struct sess_tls_ids *sess_tls_ids_ref(struct sess_tls_ids *ids);
struct sess_tls_ids *sess_tls_ids_unref(struct sess_tls_ids *ids);

/* What all connections share. borrows identity for its life. alpn: SESS_TLS_ALPN, or another in tests; borrowed. */
int sess_tls_context_new(const struct sess_identity *identity, const char *alpn, struct sess_tls_context **ret_context);
struct sess_tls_context *sess_tls_context_free(struct sess_tls_context *context);

enum sess_tls_failure {
    SESS_TLS_OK,
    SESS_TLS_UNTRUSTED,   /* a device that the snapshot does not have; its id is known */
    SESS_TLS_ITSELF,      /* it showed our own key */
    SESS_TLS_OTHER,       /* trusted, but not the device that was dialled; its id is known */
    SESS_TLS_CERTIFICATE, /* none, or not X.509 v3 with a P-256 key */
    SESS_TLS_ALPN_WRONG,
    SESS_TLS_ALERT,       /* the peer refused us */
    SESS_TLS_FAILED,      /* anything else; the detail says what */
};

/* borrows context for its life; takes a reference to ids. expected: the device that was dialled, copied, or NULL. */
int sess_tls_new(struct sess_tls_context *context, bool is_client, struct sess_tls_ids *ids,
                 const struct wire_devid *expected, struct sess_tls **ret_tls);
struct sess_tls *sess_tls_free(struct sess_tls *tls);

/* Ciphertext from and for the socket; lent for the life of the object. */
struct sb_buf *sess_tls_get_input(struct sess_tls *tls);
struct sb_buf *sess_tls_get_output(struct sess_tls *tls);

/* One step with what the input holds. 0: done, the peer is known; -EAGAIN: needs more input; -EPROTO: failed, see below;
 * in each case the output may hold bytes to be sent (an alert too). */
int sess_tls_shake(struct sess_tls *tls);
enum sess_tls_failure sess_tls_get_failure(const struct sess_tls *tls);
const char *sess_tls_get_detail(const struct sess_tls *tls);

/* The device whose key was shown, proved or not; NULL: none was. */
const struct wire_devid *sess_tls_get_id(const struct sess_tls *tls);

/* Plaintext. -EAGAIN: needs more input; -ECONNRESET: the peer has closed TLS; -EPROTO: broken records. */
int sess_tls_read(struct sess_tls *tls, uint8_t *room, size_t size, size_t *ret_size);

/* All of it, as records in the output. -ENOBUFS: the output is too full; -EPROTO, -ENOMEM: the connection is of no more use. */
int sess_tls_write(struct sess_tls *tls, const uint8_t *bytes, size_t size);

void sess_tls_close_notify(struct sess_tls *tls);

#endif
