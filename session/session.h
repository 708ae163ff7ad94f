/* Words that the whole session layer shares with the hub. */
#ifndef SESS_SESSION_H
#define SESS_SESSION_H

/* Why a session ended. */
enum sess_end {
    SESS_END_LOST,      /* not heard of for suspect_ms + grace_ms */
    SESS_END_CLOSED,    /* the peer said goodbye: it is shutting down */
    SESS_END_RESTARTED, /* the peer's daemon came back as a new instance */
    SESS_END_UNTRUSTED, /* its key was removed from our trust store */
    SESS_END_REVOKED,   /* the peer said that our key was removed from its trust store */
    SESS_END_PROTOCOL,  /* the peer broke the protocol */
    SESS_END_SHUTDOWN,  /* we are shutting down */
};

/* Strict: a higher class is always sent first. Within a class, streams take turns frame by frame. */
enum sess_class { SESS_CLASS_CONTROL, SESS_CLASS_CALL, SESS_CLASS_BULK };

/* What the hub says to a message. */
enum sess_verdict {
    SESS_ACCEPTED,
    SESS_BUSY,     /* keep it, and everything behind it in its stream, until sess_manager_unblock(); no credit is
                    * returned meanwhile, so the sender is slowed down and nobody else is */
    SESS_VIOLATION /* counted; the third one ends the session with SESS_END_PROTOCOL */
};

#endif
