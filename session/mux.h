/*
 * One session's multiplexer: messages in streams on our side, bytes of frames on the other. Pure: bytes and the time
 * go in, bytes come out, and whole messages are given to one callback. docs/protocol-peer.md, "Frames" to "Resumption".
 *
 * Invariants: every sequenced frame that was made is kept until the peer has acknowledged it, so a session survives
 * its connection; a message is delivered exactly once and in order within its stream; what the peer can make us hold
 * is bounded by the credit we gave. It refuses to know sockets, keys, and what is in a message.
 */
#ifndef SESS_MUX_H
#define SESS_MUX_H

#include "session/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sess_mux;
struct wire_frame_hello;

struct sess_mux_config {
    uint32_t n_streams_max;
    size_t message_max, window_bytes, reassembly_max, queue_max;
    unsigned heartbeat_ms;
};

struct sess_mux_stats {
    size_t queued_bytes; /* not yet sent, or sent and not yet acknowledged */
    size_t held_bytes;   /* received and not yet delivered */
    uint32_t n_streams_out, n_streams_in;
    uint64_t rtt_us; /* of the last PING that came back; 0: none yet */
};

/* data is lent for the call. The callback may use every function of this header but feed, pull, unblock and free.
 * SESS_VIOLATION is taken as accepted: who counts is the caller. */
typedef enum sess_verdict (*sess_mux_message_fn)(void *userdata, uint32_t stream, const uint8_t *data, size_t size);

/* -ENOMEM. A new mux is detached. */
int sess_mux_new(const struct sess_mux_config *config, sess_mux_message_fn message, void *userdata,
                 struct sess_mux **ret_mux);
struct sess_mux *sess_mux_free(struct sess_mux *mux);

/* What to say in a HELLO or ACCEPT about limits. */
void sess_mux_fill_hello(const struct sess_mux_config *config, struct wire_frame_hello *hello);

/* Sequenced frames received in this session. */
uint64_t sess_mux_get_received(const struct sess_mux *mux);

/* The limits of the peer's HELLO or ACCEPT, once at the beginning of the session. */
void sess_mux_set_peer(struct sess_mux *mux, const struct wire_frame_hello *hello);

/* A connection carries the session from now on; the peer has received that many frames, and gets the rest again.
 * -EBADMSG: the number is impossible (nothing changes; sess_mux_can_resume() tells beforehand). */
int sess_mux_attach(struct sess_mux *mux, uint64_t received);
bool sess_mux_can_resume(const struct sess_mux *mux, uint64_t received);

/* The connection is gone: half a frame that was read from it is forgotten. */
void sess_mux_detach(struct sess_mux *mux);

/* Queues a message, which opens with its own u32 size; copies data. -EINVAL: stream 0 with another class than
 * control or the reverse, a size that does not fit the first four bytes, or an ended stream; -EMSGSIZE: more than both sides take;
 * -EAGAIN: queue_max (control is counted apart; twice as much for a message of at most 32 bytes), or too many streams; -ENOMEM. */
int sess_mux_send(struct sess_mux *mux, enum sess_class class, uint32_t stream, uint64_t cookie, const uint8_t *data,
                  size_t size);

/* No more will be sent on the stream. Its number is free again when the peer has confirmed; until then it counts. */
void sess_mux_end_stream(struct sess_mux *mux, uint32_t stream);

/* Bytes from the connection. -EBADMSG: the peer broke the protocol; -ENOMEM: cut the connection and resume;
 * SESS_MUX_CLOSED: the peer said goodbye with *ret_reason (enum wire_frame_close), and later bytes are ignored. */
#define SESS_MUX_CLOSED 1
int sess_mux_feed(struct sess_mux *mux, const uint8_t *bytes, size_t size, uint64_t now_us, uint32_t *ret_reason);

/* Offers held messages again. -EBADMSG: what follows in the stream breaks the protocol. */
int sess_mux_unblock(struct sess_mux *mux, uint32_t stream);

/* The next bytes for the connection, whole frames, most urgent first; 0: nothing to send now. size is at least
 * WIRE_FRAME_MAX. What this returns must be sent: it is not returned again on this connection. */
size_t sess_mux_pull(struct sess_mux *mux, uint8_t *room, size_t size);
bool sess_mux_has_output(const struct sess_mux *mux);

/* Cookies of messages whose last byte was pulled, in that order; false: no more. */
bool sess_mux_next_sent(struct sess_mux *mux, uint64_t *ret_cookie);

/* Queues a PING, and an ACK when one is owed: call it every heartbeat_ms while attached. */
void sess_mux_beat(struct sess_mux *mux, uint64_t now_us);

/* Nothing is delivered any more, not even the rest of the bytes being fed: for a callback that ends the session. */
void sess_mux_stop(struct sess_mux *mux);

void sess_mux_get_stats(const struct sess_mux *mux, struct sess_mux_stats *ret_stats);

#endif
