/*
 * What becomes of a HELLO or ACCEPT, given what is known about the peer. Pure. docs/protocol-peer.md, "HELLO".
 * Everything here happens after the peer has proved its key: nobody else can displace anything.
 */
#ifndef SESS_SETTLE_H
#define SESS_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

struct wire_devid;
struct wire_frame_hello;

/* Our session with that device; session 0: none. */
struct sess_settle_session {
    uint64_t session;
    uint64_t peer_instance;
};

enum sess_settle_outcome {
    SESS_SETTLE_NEW,             /* there was none */
    SESS_SETTLE_RESUME,          /* ours goes on */
    SESS_SETTLE_REPLACE_LOST,    /* ours is over: the peer has forgotten it */
    SESS_SETTLE_REPLACE_RESTARTED, /* ours is over: the peer's daemon is another one */
    SESS_SETTLE_REJECT_BUSY,     /* our own crossing connection stays */
    SESS_SETTLE_REJECT_VERSION,
};

/* The acceptor's decision. can_resume: the received count fits ours. has_asked: we have sent a HELLO to that device
 * ourselves and wait for the answer; unless the outcome is a rejection, that connection is to be dropped. */
enum sess_settle_outcome sess_settle_hello(const struct wire_devid *own_id, const struct wire_devid *peer_id,
                                           const struct sess_settle_session *session, bool has_asked, bool can_resume,
                                           const struct wire_frame_hello *hello);

/* What an ACCEPT means to the dialler; never a rejection. asked: the session that our HELLO named, which may be over by
 * now. -EPROTO: an answer that no acceptor may give, or that goes on with what is over here. */
int sess_settle_accept(const struct sess_settle_session *session, uint64_t asked, bool can_resume,
                       const struct wire_frame_hello *accept, enum sess_settle_outcome *ret_outcome);

#endif
