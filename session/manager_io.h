/*
 * The session layer as the hub sees it: one session per trusted peer device, kept alive by the manager.
 *
 * The manager listens, dials the addresses it is given, checks keys, settles crossing connections, multiplexes,
 * sends heartbeats, resumes after a cut link, and tells the hub four things: a session is up, it is suspect or online
 * again, it is over, and here is a message. Handshake arithmetic runs on the manager's own worker thread; every
 * callback runs on the loop's thread, and never from inside a constructor.
 */
#ifndef SESS_MANAGER_IO_H
#define SESS_MANAGER_IO_H

#include "session/session.h"
#include "wire/devid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct event_base;
struct sess_identity;
struct sess_manager;
struct sess_trust;

struct sess_peer_stats {
    char name[64];        /* the peer's own label, checked UTF-8; decides nothing */
    char address[64];     /* numeric, with port; of the current connection, "" when there is none */
    bool is_outgoing;
    uint64_t n_resumed;   /* times this session went on over a new connection */
    uint64_t sent_bytes, received_bytes;
    size_t queued_bytes;  /* not yet written, or written and not yet acknowledged */
    uint64_t rtt_us;      /* of the last heartbeat; 0: not measured yet */
};

struct sess_callbacks {
    void *userdata;
    void (*up)(void *userdata, const struct wire_devid *id, const char *name);
    void (*suspect)(void *userdata, const struct wire_devid *id);
    void (*online)(void *userdata, const struct wire_devid *id); /* suspect no more */
    void (*over)(void *userdata, const struct wire_devid *id, enum sess_end why);
    /* One whole message (docs/protocol-app.md, "Messages"), lent for the call. Streams are numbered by the sender. */
    enum sess_verdict (*message)(void *userdata, const struct wire_devid *id, uint32_t stream, const uint8_t *data,
                                 size_t size);
    /* The last byte of the message given to sess_manager_send() with this cookie (not 0) has been handed to TLS: until
     * now it cannot have been acted upon, from now on it can. Never after `over`. */
    void (*sent)(void *userdata, const struct wire_devid *id, uint64_t cookie);
    /* Something for the log that is nobody's fault to handle: a refused stranger, a failed handshake, a dial error
     * (reported once per change, not per attempt), what a device did wrong (20 lines at once, then one a second for each;
     * strangers together count as one). `text` is one line without newline. level as enum sb_log_level. */
    void (*note)(void *userdata, int level, const char *text);
};

struct sess_config {
    uint16_t port;                  /* 0: the kernel chooses; sess_manager_get_port() tells */
    const char *const *interfaces;  /* NULL-terminated names to accept on and dial through; NULL: all but lo */
    bool allow_loopback;            /* also accept and dial 127.0.0.0/8 and ::1 (several daemons on one host) */
    const char *name;               /* our label, sent to trusted peers only; at most 63 bytes */
    unsigned heartbeat_ms;          /* 1000 */
    unsigned suspect_ms;            /* 3000: nothing heard for this long */
    unsigned grace_ms;              /* 15000: suspect for this long is lost */
    unsigned handshake_ms;          /* 10000: from accept or connect to the end of HELLO */
    unsigned n_pending_max;         /* 64: unauthenticated connections in all */
    unsigned n_pending_address_max; /* 8: of one address */
    unsigned n_streams_max;         /* 1024 per peer */
    size_t message_max;             /* bytes of one message on a stream: 1 MiB + 64 KiB */
    size_t window_bytes;            /* 256 KiB: initial credit of a stream */
    size_t reassembly_max;          /* 8 MiB per peer: above it credit is held back but for the oldest message */
    size_t queue_max;               /* 16 MiB per peer: sess_manager_send() says -EAGAIN above it */
};

/* The defaults that stand beside the members above. */
void sess_config_init(struct sess_config *config);

/* Starts listening. borrows base, identity and trust for the manager's life; copies config and callbacks.
 * -EADDRINUSE and the other errors of bind(2); -ENOMEM. */
int sess_manager_new(struct event_base *base, const struct sess_config *config, const struct sess_identity *identity,
                     const struct sess_trust *trust, const struct sess_callbacks *callbacks,
                     struct sess_manager **ret_manager);

/* Ends every session with a goodbye that is flushed for at most 500 ms, without further callbacks. NULL is fine. */
struct sess_manager *sess_manager_free(struct sess_manager *manager);

uint16_t sess_manager_get_port(const struct sess_manager *manager);

/* Where a device may be reached, replacing what was said before by the same source (a small number the caller
 * chooses); n = 0 forgets it. All addresses of all sources are dialled in parallel while the device is trusted and
 * has no connection, again with back-off (250 ms doubling to 30 s, reset when the addresses change). Never dialled: port 0,
 * multicast, unspecified, our own addresses, loopback unless allowed. At most 16 addresses a source are used. */
int sess_manager_set_addresses(struct sess_manager *manager, const struct wire_devid *id, unsigned source,
                               const struct sockaddr_storage *addresses, size_t n);

/* An address whose device id is not known (configured by hand): dialled until it answers with a trusted key, and again
 * whenever that session is over. */
int sess_manager_add_static(struct sess_manager *manager, const struct sockaddr_storage *address);
void sess_manager_clear_static(struct sess_manager *manager);

/* Call after the trust store changed: ends sessions whose key is gone (goodbye, then SESS_END_UNTRUSTED, before this returns),
 * and dials who is new. */
void sess_manager_trust_changed(struct sess_manager *manager);

/* Queues one message; copies data. Order is kept within a stream. stream 0 is reserved for SESS_CLASS_CONTROL.
 * cookie 0: no `sent` callback. A control message that finds no room ends the session soon (SESS_END_PROTOCOL).
 * -ENOTCONN: no session; -EMSGSIZE; -EAGAIN: queue_max, or too many streams; -ENOMEM. */
int sess_manager_send(struct sess_manager *manager, const struct wire_devid *id, enum sess_class class, uint32_t stream,
                      uint64_t cookie, const uint8_t *data, size_t size);

/* Offers what SESS_BUSY held back to the message callback again, soon (never from inside this call). */
void sess_manager_unblock(struct sess_manager *manager, const struct wire_devid *id, uint32_t stream);

/* We shall send no more on this stream; its memory goes when all is sent and acknowledged, on both sides. */
void sess_manager_end_stream(struct sess_manager *manager, const struct wire_devid *id, uint32_t stream);

/* -ENOTCONN when there is no session. */
int sess_manager_get_stats(const struct sess_manager *manager, const struct wire_devid *id,
                           struct sess_peer_stats *ret_stats);

#endif
