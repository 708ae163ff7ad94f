/*
 * Private to the manager's files: manager_io.c (what the hub calls), listener_io.c, dialer_io.c, conn_io.c (one socket
 * and its TLS), greet_io.c (HELLO and what follows from it), link_io.c (one peer device and its session).
 *
 * Nothing is freed while a callback may still use it: connections, sessions and links are marked and reaped by an event
 * of their own, which runs when no other callback of ours is on the stack.
 */
#ifndef SESS_MANAGER_IMPL_H
#define SESS_MANAGER_IMPL_H

#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/random.h"
#include "base/rate.h"
#include "session/hello.h"
#include "session/manager_io.h"
#include "session/peer.h"
#include "session/settle.h"
#include "session/worker.h"
#include "wire/frame.h"

struct event;
struct sess_mux;
struct sess_tls;
struct sess_tls_context;
struct sess_tls_ids;

struct sess_listener {
    struct sess_manager *manager;
    int fd; /* -1: this address family is not there */
    struct event *event;
};

struct sess_manager {
    struct event_base *base;
    struct sess_config config; /* name and interfaces are copies */
    const struct sess_identity *identity;
    const struct sess_trust *trust;
    struct sess_callbacks callbacks;
    struct sb_random random;
    uint64_t instance;

    struct sess_tls_context *tls;
    struct sess_tls_ids *ids;
    struct sess_worker *worker;
    struct event *worker_event;

    struct sess_listener listeners[2];
    struct event *listen_again; /* after EMFILE */
    int spare_fd;
    unsigned n_pending;
    struct sb_rate stranger_notes;
    uint16_t port;

    struct sb_list conns;
    struct sb_map links;
    struct sb_list link_list, to_flush, to_unblock;
    struct sb_list dead_sessions;
    struct sb_list statics; /* struct sess_dial */
    struct event *flush_event, *unblock_event, *reap_event;

    uint8_t plain[WIRE_FRAME_MAX], staging[WIRE_FRAME_MAX];
};

/* One session; outlives its connections. */
struct sess_session {
    struct sb_list link; /* in dead_sessions once it is over */
    struct sess_link *peer;
    struct sess_mux *mux;
    uint64_t id, peer_instance;
    char name[64];
    unsigned n_violations, beat_ms;
    bool has_lost_control; /* a control message found no room: both sides' counts differ from now on */
    uint64_t n_resumed, sent_bytes, received_bytes, next_beat_ms;
};

/* A peer device: trusted, or somebody told us an address of it. */
struct sess_link {
    struct sb_map_entry entry;
    struct sb_list link, flush_link, unblock_link;
    struct sess_manager *manager;
    struct wire_devid id;
    struct sess_session *session; /* NULL: none */
    struct sess_conn *conn;       /* carries the session now */
    struct sess_conn *asking;     /* has sent our HELLO and waits for the answer */
    unsigned n_greeting;
    struct sess_peer peer;
    struct event *timer;
    struct sb_list dials;
    struct sb_buf unblock; /* stream numbers */
    struct sb_rate notes;
    bool was_noted;        /* `notes` is to be remembered while the device is trusted */
};

/* An address to be dialled. */
struct sess_dial {
    struct sb_list link;
    struct sess_manager *manager;
    struct sess_link *peer; /* NULL: static */
    struct sockaddr_storage address;
    uint32_t sources;       /* a bit for each; 0: to be removed */
    unsigned backoff_ms;
    struct event *timer;
    struct sess_conn *conn; /* the attempt that runs */
    int last_error;         /* what was noted last */
    bool has_known;
    struct wire_devid known; /* who answered at a static address */
};

enum sess_conn_state {
    SESS_CONN_CONNECTING,
    SESS_CONN_QUIET, /* accepted; has not said a byte, so it has no TLS yet */
    SESS_CONN_SHAKING,
    SESS_CONN_GREETING,
    SESS_CONN_LIVE,
    SESS_CONN_LINGER, /* the last bytes are on their way, whatever comes is thrown away */
    SESS_CONN_DEAD,
};

struct sess_conn {
    struct sb_list link;
    struct sess_manager *manager;
    enum sess_conn_state state;
    int fd;
    bool is_outgoing, is_pending, is_at_worker, is_reading;
    struct sockaddr_storage address;
    struct event *read_event, *write_event, *deadline;
    struct sess_tls *tls;
    struct sess_worker_job job;
    int job_result;
    size_t early_bytes; /* received before the peer was known */
    struct sess_dial *dial;
    struct sess_link *peer; /* known after TLS */
    struct sess_hello hello;
    uint64_t asked;         /* the session that our HELLO named */
    struct sb_buf greeting; /* plaintext before the session */
};

/* manager_io.c */
void sess_manager_note(struct sess_manager *manager, enum sb_log_level level, const char *format, ...)
    __attribute__((__format__(printf, 3, 4)));
/* Why somebody who has proved nothing was refused; in a flood not each time. */
void sess_manager_note_stranger(struct sess_manager *manager, const struct sockaddr_storage *address, const char *why);
void sess_manager_reap_soon(struct sess_manager *manager);
bool sess_manager_is_trusted(const struct sess_manager *manager, const struct wire_devid *id);

/* listener_io.c */
int sess_listener_open(struct sess_manager *manager);
void sess_listener_close(struct sess_manager *manager);

/* dialer_io.c */
void sess_dialer_fail(struct sess_dial *dial, int error, const char *text);
void sess_dialer_succeed(struct sess_dial *dial);
void sess_dialer_kick(struct sess_link *peer, bool is_news);
void sess_dialer_kick_all(struct sess_manager *manager);
struct sess_dial *sess_dialer_remove(struct sess_dial *dial);
int sess_dialer_set(struct sess_link *peer, unsigned source, const struct sockaddr_storage *addresses, size_t n);

/* conn_io.c. An outgoing one may fail at once (-errno). An incoming one takes fd, also on failure. */
int sess_conn_new_outgoing(struct sess_manager *manager, struct sess_dial *dial);
int sess_conn_new_incoming(struct sess_manager *manager, int fd, const struct sockaddr_storage *address);
void sess_conn_drop(struct sess_conn *conn);
void sess_conn_linger(struct sess_conn *conn);
struct sess_conn *sess_conn_free(struct sess_conn *conn);
void sess_conn_collect(struct sess_manager *manager);
int sess_conn_write(struct sess_conn *conn); /* what TLS has put out; -errno when the socket is dead */
void sess_conn_set_deadline(struct sess_conn *conn, unsigned ms);

/* greet_io.c */
void sess_greet_begin(struct sess_conn *conn);
void sess_greet_take(struct sess_conn *conn, const uint8_t *bytes, size_t size);

/* link_io.c */
void sess_link_init(struct sess_manager *manager); /* the map of links */
/* A line about what the peer did, with its id; in a flood not each time. */
void sess_link_note(struct sess_link *peer, const char *what, const char *detail);
struct sess_link *sess_link_find(struct sess_manager *manager, const struct wire_devid *id);
int sess_link_ensure(struct sess_manager *manager, const struct wire_devid *id, struct sess_link **ret_peer);
struct sess_link *sess_link_free(struct sess_link *peer);
bool sess_link_is_idle(const struct sess_link *peer);
bool sess_link_is_online(const struct sess_link *peer);
int sess_link_begin(struct sess_link *peer, uint64_t session, const struct wire_frame_hello *hello);
void sess_link_attach(struct sess_link *peer, struct sess_conn *conn, uint64_t received);
void sess_link_end(struct sess_link *peer, enum sess_end why, uint32_t goodbye);
void sess_link_cut(struct sess_link *peer);
void sess_link_take(struct sess_link *peer, const uint8_t *bytes, size_t size);
void sess_link_flush_soon(struct sess_link *peer);
void sess_link_flush(struct sess_link *peer);
void sess_link_unblock(struct sess_link *peer);
struct sess_session *sess_session_free(struct sess_session *session);

#endif
