/*
 * HELLO, ACCEPT, REJECT: from a proved key to a session on this connection. See manager_impl.h, hello.h (what may come
 * when) and settle.h (what becomes of it).
 */
#include "session/identity_io.h"
#include "session/manager_impl.h"
#include "session/mux.h"
#include "session/tls_io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GREETING_PER_PEER_MAX 8 /* a device needs one; addresses in parallel make a few */

static void refuse(struct sess_conn *conn, const char *what)
{
    sess_link_note(conn->peer, "connection closed", what);
    sess_conn_drop(conn);
}

/* Our half of a HELLO or ACCEPT. */
static void fill(struct sess_conn *conn, uint64_t session, struct wire_frame_hello *hello)
{
    struct sess_manager *manager = conn->manager;
    const struct sess_config *config = &manager->config;
    const struct sess_mux_config limits = { .n_streams_max = config->n_streams_max, .message_max = config->message_max,
                                            .window_bytes = config->window_bytes, .heartbeat_ms = config->heartbeat_ms };

    *hello = (struct wire_frame_hello){
        .version_min = WIRE_FRAME_VERSION,
        .version_max = WIRE_FRAME_VERSION,
        .instance = manager->instance,
        .session = session,
        .received = session ? sess_mux_get_received(conn->peer->session->mux) : 0,
        .name = { .text = config->name, .size = strlen(config->name) },
    };
    sess_mux_fill_hello(&limits, hello);
}

static int send_frame(struct sess_conn *conn, const struct wire_frame *frame)
{
    struct sb_buf bytes;
    int r;

    sb_buf_init(&bytes, WIRE_FRAME_MAX);
    r = sess_hello_send(&conn->hello, frame->type);
    if (r == 0)
        r = wire_frame_write(&bytes, frame);
    if (r == 0)
        r = sess_tls_write(conn->tls, sb_buf_bytes(&bytes), bytes.length);
    if (r == 0)
        r = sess_conn_write(conn);
    sb_buf_deinit(&bytes);
    return r;
}

void sess_greet_begin(struct sess_conn *conn)
{
    struct sess_link *peer = conn->peer;
    struct wire_frame frame = { .type = WIRE_FRAME_HELLO };

    if (peer->n_greeting > GREETING_PER_PEER_MAX) {
        refuse(conn, "too many at once");
        return;
    }
    if (!conn->is_outgoing)
        return;
    if (peer->asking || sess_link_is_online(peer)) { /* another connection was faster */
        sess_conn_drop(conn);
        return;
    }
    /* From here on nothing may come over the old connection any more: HELLO says how much has come. */
    if (peer->conn)
        sess_conn_drop(peer->conn);
    if (conn->state != SESS_CONN_GREETING) /* the callback took the trust away */
        return;
    peer->asking = conn;
    conn->asked = peer->session ? peer->session->id : 0;
    fill(conn, conn->asked, &frame.hello);
    if (send_frame(conn, &frame) < 0)
        sess_conn_drop(conn);
}

/* Ends what is over and begins what is new; false: the connection is of no use any more. */
static bool apply(struct sess_conn *conn, enum sess_settle_outcome outcome, uint64_t session,
                  const struct wire_frame_hello *hello)
{
    struct sess_link *peer = conn->peer;

    if (outcome == SESS_SETTLE_REPLACE_LOST || outcome == SESS_SETTLE_REPLACE_RESTARTED) {
        sess_link_end(peer, outcome == SESS_SETTLE_REPLACE_LOST ? SESS_END_LOST : SESS_END_RESTARTED, 0);
        if (conn->state != SESS_CONN_GREETING) /* the callback took the trust away */
            return false;
    } else if (outcome == SESS_SETTLE_RESUME) {
        peer->session->n_resumed++;
        return true;
    }
    if (sess_link_begin(peer, session, hello) < 0) {
        sess_conn_drop(conn);
        return false;
    }
    return true;
}

static void reject(struct sess_conn *conn, enum wire_frame_reject reason)
{
    struct wire_frame frame = { .type = WIRE_FRAME_REJECT, .reason = reason };

    if (send_frame(conn, &frame) < 0)
        sess_conn_drop(conn);
    else
        sess_conn_linger(conn);
}

static struct sess_settle_session get_session(const struct sess_link *peer)
{
    if (!peer->session)
        return (struct sess_settle_session){ 0 };
    return (struct sess_settle_session){ .session = peer->session->id, .peer_instance = peer->session->peer_instance };
}

static bool can_resume(const struct sess_link *peer, const struct wire_frame_hello *hello)
{
    return peer->session && sess_mux_can_resume(peer->session->mux, hello->received);
}

/* As acceptor. */
static void take_hello(struct sess_conn *conn, const struct wire_frame_hello *hello)
{
    struct sess_manager *manager = conn->manager;
    struct sess_link *peer = conn->peer;
    struct sess_settle_session session = get_session(peer);
    struct wire_frame frame = { .type = WIRE_FRAME_ACCEPT };
    enum sess_settle_outcome outcome;
    uint64_t id;

    outcome = sess_settle_hello(sess_identity_get_id(manager->identity), &peer->id, &session, peer->asking != NULL,
                                can_resume(peer, hello), hello);
    if (outcome == SESS_SETTLE_REJECT_BUSY || outcome == SESS_SETTLE_REJECT_VERSION) {
        reject(conn, outcome == SESS_SETTLE_REJECT_BUSY ? WIRE_FRAME_REJECT_BUSY : WIRE_FRAME_REJECT_VERSION);
        return;
    }
    if (peer->asking)
        sess_conn_drop(peer->asking);
    id = outcome == SESS_SETTLE_RESUME ? session.session : sb_random_u64(&manager->random);
    if (!apply(conn, outcome, id, hello))
        return;
    fill(conn, id, &frame.hello);
    if (send_frame(conn, &frame) < 0) {
        sess_conn_drop(conn);
        /* A session that the peer never heard of cannot be resumed; one that goes on waits for the next connection. */
        if (outcome != SESS_SETTLE_RESUME)
            sess_link_end(peer, SESS_END_LOST, 0);
        return;
    }
    sess_link_attach(peer, conn, outcome == SESS_SETTLE_RESUME ? hello->received : 0);
}

/* As dialler. */
static void take_accept(struct sess_conn *conn, const struct wire_frame_hello *accept)
{
    struct sess_link *peer = conn->peer;
    struct sess_settle_session session = get_session(peer);
    enum sess_settle_outcome outcome;

    if (sess_settle_accept(&session, conn->asked, can_resume(peer, accept), accept, &outcome) < 0) {
        refuse(conn, "its ACCEPT does not answer our HELLO");
        return;
    }
    peer->asking = NULL;
    if (apply(conn, outcome, accept->session, accept))
        sess_link_attach(peer, conn, accept->received);
}

static void take_frame(struct sess_conn *conn, const struct wire_frame *frame)
{
    if (sess_hello_take(&conn->hello, frame->type) < 0) {
        refuse(conn, "a frame that has no place before HELLO and ACCEPT");
        return;
    }
    if (frame->type == WIRE_FRAME_HELLO)
        take_hello(conn, &frame->hello);
    else if (frame->type == WIRE_FRAME_ACCEPT)
        take_accept(conn, &frame->hello);
    else if (frame->reason == WIRE_FRAME_REJECT_BUSY) /* its own connection to us stays */
        sess_conn_drop(conn);
    else
        refuse(conn, "it speaks no version of the protocol that we do");
}

void sess_greet_take(struct sess_conn *conn, const uint8_t *bytes, size_t size)
{
    struct wire_frame frame;
    size_t used;
    int r;

    if (conn->state != SESS_CONN_GREETING)
        return;
    r = sb_buf_append(&conn->greeting, bytes, size);
    if (r == 0)
        r = wire_frame_read(sb_buf_bytes(&conn->greeting), conn->greeting.length, &frame, &used);
    if (r == -EAGAIN)
        return;
    if (r < 0) {
        refuse(conn, "malformed frame before HELLO and ACCEPT");
        return;
    }
    take_frame(conn, &frame); /* its views into the buffer end here */
    sb_buf_consume(&conn->greeting, used);
    if (conn->state == SESS_CONN_LIVE && conn->greeting.length > 0)
        sess_link_take(conn->peer, sb_buf_bytes(&conn->greeting), conn->greeting.length);
    if (conn->state == SESS_CONN_LIVE)
        sb_buf_deinit(&conn->greeting);
}
