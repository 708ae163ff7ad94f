/*
 * One peer device: its session, the connection that carries it, and the clock that says whether the peer is there.
 * See manager_impl.h. Everything the hub is told about a session is told from here.
 */
#include "base/clock.h"
#include "session/manager_impl.h"
#include "session/mux.h"
#include "session/tls_io.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VIOLATIONS_MAX 3
#define NOTE_BURST 20 /* lines about what one device does: a trusted one must not fill the log either */
#define NOTE_RATE_PER_S 1
#define BEAT_MIN_MS 100               /* a peer may ask for more heartbeats than we make, but not for a storm */
#define FLUSH_BUDGET (256 * 1024)     /* of one turn */
#define OUTPUT_LOW (32 * 1024)        /* ciphertext that waits; above it the multiplexer keeps the choice of what is next */

static bool has_id(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    (void)key_size;
    return wire_devid_is_equal(&SB_CONTAINER_OF(entry, struct sess_link, entry)->id, key);
}

void sess_link_init(struct sess_manager *manager)
{
    sb_map_init(&manager->links, &manager->random, has_id);
}

struct sess_link *sess_link_find(struct sess_manager *manager, const struct wire_devid *id)
{
    struct sb_map_entry *entry = sb_map_find(&manager->links, id, sizeof(*id));

    return entry ? SB_CONTAINER_OF(entry, struct sess_link, entry) : NULL;
}

void sess_link_note(struct sess_link *peer, const char *what, const char *detail)
{
    char id[WIRE_DEVID_TEXT_SIZE], others[48] = "";

    peer->was_noted = true;
    if (!sb_rate_take(&peer->notes, sb_clock_now_ms()))
        return;
    if (peer->notes.n_refused > 0)
        snprintf(others, sizeof(others), " (and %u other lines before)", peer->notes.n_refused);
    peer->notes.n_refused = 0;
    wire_devid_format(&peer->id, id);
    sess_manager_note(peer->manager, SB_LOG_WARNING, "device %s: %s: %s%s", id, what, detail, others);
}

static void rearm(struct sess_link *peer, uint64_t now_ms)
{
    uint64_t due = sess_peer_get_due_ms(&peer->peer);
    struct timeval delay;
    int ms;

    if (peer->conn && peer->session->next_beat_ms < due)
        due = peer->session->next_beat_ms;
    ms = sb_clock_until_ms(now_ms, due);
    delay = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };
    event_add(peer->timer, &delay);
}

static void tell(struct sess_link *peer, enum sess_peer_event event)
{
    const struct sess_callbacks *callbacks = &peer->manager->callbacks;

    if (event == SESS_PEER_IS_SUSPECT) {
        sess_dialer_kick(peer, true);
        callbacks->suspect(callbacks->userdata, &peer->id);
    } else if (event == SESS_PEER_IS_ONLINE) {
        callbacks->online(callbacks->userdata, &peer->id);
    } else if (event == SESS_PEER_IS_LOST) {
        sess_link_end(peer, SESS_END_LOST, 0);
    }
}

static void on_timer(evutil_socket_t fd, short events, void *userdata)
{
    struct sess_link *peer = userdata;
    uint64_t now_ms = sb_clock_now_ms();

    (void)fd;
    (void)events;
    tell(peer, sess_peer_tick(&peer->peer, now_ms));
    if (!peer->session)
        return;
    if (peer->conn && now_ms >= peer->session->next_beat_ms) {
        peer->session->next_beat_ms = now_ms + peer->session->beat_ms;
        sess_mux_beat(peer->session->mux, sb_clock_now_us());
        sess_link_flush(peer);
    }
    if (peer->session)
        rearm(peer, now_ms);
}

int sess_link_ensure(struct sess_manager *manager, const struct wire_devid *id, struct sess_link **ret_peer)
{
    struct sess_link *peer = sess_link_find(manager, id);
    int r;

    if (peer) {
        *ret_peer = peer;
        return 0;
    }
    peer = calloc(1, sizeof(*peer));
    if (!peer)
        return -ENOMEM;
    peer->manager = manager;
    peer->id = *id;
    peer->timer = event_new(manager->base, -1, 0, on_timer, peer);
    r = peer->timer ? sb_map_add(&manager->links, &peer->entry, &peer->id, sizeof(peer->id)) : -ENOMEM;
    if (r < 0) {
        if (peer->timer)
            event_free(peer->timer);
        free(peer);
        return r;
    }
    sb_list_append(&manager->link_list, &peer->link);
    sb_list_init(&peer->flush_link);
    sb_list_init(&peer->unblock_link);
    sb_list_init(&peer->dials);
    sb_buf_init(&peer->unblock, SIZE_MAX / 4); /* a number for each stream that is blocked */
    sb_rate_init(&peer->notes, NOTE_BURST, NOTE_RATE_PER_S, sb_clock_now_ms());
    sess_peer_init(&peer->peer, manager->config.suspect_ms, manager->config.grace_ms);
    *ret_peer = peer;
    return 0;
}

struct sess_link *sess_link_free(struct sess_link *peer)
{
    if (!peer)
        return NULL;
    SB_LIST_FOREACH(link, &peer->dials)
        sess_dialer_remove(SB_CONTAINER_OF(link, struct sess_dial, link));
    sess_session_free(peer->session);
    sb_map_remove(&peer->manager->links, &peer->entry);
    sb_list_remove(&peer->link);
    sb_list_remove(&peer->flush_link);
    sb_list_remove(&peer->unblock_link);
    sb_buf_deinit(&peer->unblock);
    event_free(peer->timer);
    free(peer);
    return NULL;
}

bool sess_link_is_idle(const struct sess_link *peer)
{
    if (peer->session || peer->conn || peer->asking || peer->n_greeting > 0 || !sb_list_is_empty(&peer->dials))
        return false;
    /* Coming again must not make its notes start over. The trust store bounds how many are kept for that. */
    return !peer->was_noted || !sess_manager_is_trusted(peer->manager, &peer->id);
}

bool sess_link_is_online(const struct sess_link *peer)
{
    return peer->session && peer->conn && peer->peer.state == SESS_PEER_ONLINE;
}

struct sess_session *sess_session_free(struct sess_session *session)
{
    if (!session)
        return NULL;
    sb_list_remove(&session->link);
    sess_mux_free(session->mux);
    free(session);
    return NULL;
}

/* Verdicts pass; violations are counted, and the last one silences the session until it is ended. */
static enum sess_verdict on_message(void *userdata, uint32_t stream, const uint8_t *data, size_t size)
{
    struct sess_session *session = userdata;
    struct sess_link *peer = session->peer;
    const struct sess_callbacks *callbacks = &peer->manager->callbacks;
    enum sess_verdict verdict = callbacks->message(callbacks->userdata, &peer->id, stream, data, size);

    if (verdict == SESS_VIOLATION && ++session->n_violations >= VIOLATIONS_MAX)
        sess_mux_stop(session->mux);
    return verdict;
}

int sess_link_begin(struct sess_link *peer, uint64_t id, const struct wire_frame_hello *hello)
{
    const struct sess_config *config = &peer->manager->config;
    const struct sess_mux_config limits = { .n_streams_max = config->n_streams_max, .message_max = config->message_max,
                                            .window_bytes = config->window_bytes, .heartbeat_ms = config->heartbeat_ms,
                                            .reassembly_max = config->reassembly_max, .queue_max = config->queue_max };
    struct sess_session *session = calloc(1, sizeof(*session));
    int r;

    if (!session)
        return -ENOMEM;
    r = sess_mux_new(&limits, on_message, session, &session->mux);
    if (r < 0) {
        free(session);
        return r;
    }
    sess_mux_set_peer(session->mux, hello);
    sb_list_init(&session->link);
    session->peer = peer;
    session->id = id;
    session->peer_instance = hello->instance;
    memcpy(session->name, hello->name.text, hello->name.size); /* at most 63 bytes, checked when it was read */
    session->beat_ms = hello->heartbeat_ms < config->heartbeat_ms ? hello->heartbeat_ms : config->heartbeat_ms;
    if (session->beat_ms < BEAT_MIN_MS)
        session->beat_ms = config->heartbeat_ms < BEAT_MIN_MS ? config->heartbeat_ms : BEAT_MIN_MS;
    peer->session = session;
    return 0;
}

/* Other attempts to reach this device have become pointless. */
static void drop_attempts(struct sess_link *peer)
{
    SB_LIST_FOREACH(link, &peer->dials) {
        struct sess_dial *dial = SB_CONTAINER_OF(link, struct sess_dial, link);

        if (dial->conn)
            sess_conn_drop(dial->conn);
    }
}

void sess_link_attach(struct sess_link *peer, struct sess_conn *conn, uint64_t received)
{
    const struct sess_callbacks *callbacks = &peer->manager->callbacks;
    struct sess_session *session = peer->session;
    uint64_t now_ms = sb_clock_now_ms();
    bool is_new = peer->peer.state == SESS_PEER_OFFLINE;
    struct sess_conn *old = peer->conn;
    enum sess_peer_event event;

    peer->conn = conn;
    if (old) { /* replaced, not cut: the peer is here */
        old->peer = NULL;
        sess_conn_drop(old);
    }
    conn->state = SESS_CONN_LIVE;
    peer->n_greeting--;
    sess_conn_set_deadline(conn, 0);
    if (conn->dial)
        sess_dialer_succeed(conn->dial);
    conn->dial = NULL;
    drop_attempts(peer);
    (void)sess_mux_attach(session->mux, received); /* the count was judged when the connection was settled */
    event = sess_peer_connect(&peer->peer, now_ms);
    session->next_beat_ms = now_ms; /* the first one measures the round trip */
    rearm(peer, now_ms);
    sess_link_flush_soon(peer);
    if (is_new)
        callbacks->up(callbacks->userdata, &peer->id, session->name);
    else
        tell(peer, event);
}

static void write_goodbye(struct sess_conn *conn, uint32_t reason)
{
    const struct wire_frame frame = { .type = WIRE_FRAME_CLOSE, .reason = reason };
    struct sb_buf bytes;

    sb_buf_init(&bytes, WIRE_FRAME_MAX);
    if (wire_frame_write(&bytes, &frame) == 0 && sess_tls_write(conn->tls, sb_buf_bytes(&bytes), bytes.length) == 0)
        sess_tls_close_notify(conn->tls);
    sb_buf_deinit(&bytes);
}

/* All of them, even when a callback ends the session meanwhile: sess_link_end() then tells those that are left. */
static void tell_sent(struct sess_link *peer)
{
    const struct sess_callbacks *callbacks = &peer->manager->callbacks;
    struct sess_session *session = peer->session;
    uint64_t cookie;

    while (peer->session == session && sess_mux_next_sent(session->mux, &cookie))
        callbacks->sent(callbacks->userdata, &peer->id, cookie);
}

/* goodbye: enum wire_frame_close, or 0 to say nothing. */
void sess_link_end(struct sess_link *peer, enum sess_end why, uint32_t goodbye)
{
    struct sess_manager *manager = peer->manager;
    struct sess_session *session = peer->session;
    struct sess_conn *conn;

    if (!session)
        return;
    tell_sent(peer); /* before `over`, after which a message that may have been acted upon would pass for unsent */
    if (peer->session != session) /* ended by that callback */
        return;
    conn = peer->conn;
    peer->session = NULL;
    peer->conn = NULL;
    sess_peer_reset(&peer->peer);
    event_del(peer->timer);
    sb_list_remove(&peer->unblock_link);
    sb_buf_deinit(&peer->unblock);
    sess_mux_stop(session->mux); /* it may be in the middle of a message callback, so it is freed later */
    sb_list_append(&manager->dead_sessions, &session->link);
    sess_manager_reap_soon(manager);
    if (conn) {
        conn->peer = NULL;
        if (goodbye)
            write_goodbye(conn, goodbye);
        sess_conn_linger(conn);
    }
    sess_dialer_kick(peer, true);
    manager->callbacks.over(manager->callbacks.userdata, &peer->id, why);
}

void sess_link_cut(struct sess_link *peer)
{
    peer->conn = NULL;
    if (!peer->session)
        return;
    sess_mux_detach(peer->session->mux);
    tell(peer, sess_peer_cut(&peer->peer, sb_clock_now_ms()));
    if (peer->session)
        rearm(peer, sb_clock_now_ms());
    sess_dialer_kick(peer, true);
}

/* What the multiplexer said to bytes or to an unblocked stream. */
static void judge(struct sess_link *peer, struct sess_session *session, int result, uint32_t reason)
{
    if (peer->session != session) /* ended by a callback */
        return;
    if (result == SESS_MUX_CLOSED) {
        if (reason == WIRE_FRAME_CLOSE_UNTRUSTED || reason == WIRE_FRAME_CLOSE_PROTOCOL)
            sess_link_note(peer, "it closed the session",
                           reason == WIRE_FRAME_CLOSE_PROTOCOL ? "it says that we broke the protocol"
                                                               : "it does not trust this device any more");
        sess_link_end(peer, reason == WIRE_FRAME_CLOSE_UNTRUSTED ? SESS_END_REVOKED : SESS_END_CLOSED, 0);
    } else if (result == -ENOMEM) {
        if (peer->conn)
            sess_conn_drop(peer->conn);
    } else if (result < 0 || session->n_violations >= VIOLATIONS_MAX) {
        sess_link_note(peer, "session ended",
                       result < 0 ? "it sent a frame that breaks the protocol" : "three messages broke the rules");
        sess_link_end(peer, SESS_END_PROTOCOL, WIRE_FRAME_CLOSE_PROTOCOL);
    }
}

void sess_link_take(struct sess_link *peer, const uint8_t *bytes, size_t size)
{
    struct sess_session *session = peer->session;
    uint32_t reason = 0;
    int r;

    session->received_bytes += size;
    tell(peer, sess_peer_hear(&peer->peer, sb_clock_now_ms()));
    if (peer->session != session)
        return;
    r = sess_mux_feed(session->mux, bytes, size, sb_clock_now_us(), &reason);
    if (r != 0 || session->n_violations >= VIOLATIONS_MAX)
        judge(peer, session, r, reason);
    else if (peer->session == session && sess_mux_has_output(session->mux))
        sess_link_flush_soon(peer);
}

void sess_link_unblock(struct sess_link *peer)
{
    struct sess_session *session = peer->session;
    size_t n = peer->unblock.length / sizeof(uint32_t);
    uint32_t stream;
    int r = 0;

    sb_list_remove(&peer->unblock_link);
    while (n-- > 0 && r == 0 && session && peer->session == session) {
        memcpy(&stream, sb_buf_bytes(&peer->unblock), sizeof(stream));
        sb_buf_consume(&peer->unblock, sizeof(stream));
        r = sess_mux_unblock(session->mux, stream);
    }
    if (!session || peer->session != session)
        return;
    if (r != 0 || session->n_violations >= VIOLATIONS_MAX)
        judge(peer, session, r, 0);
    else if (sess_mux_has_output(session->mux))
        sess_link_flush_soon(peer);
}

void sess_link_flush_soon(struct sess_link *peer)
{
    if (!sb_list_is_empty(&peer->flush_link))
        return;
    sb_list_append(&peer->manager->to_flush, &peer->flush_link);
    event_active(peer->manager->flush_event, EV_TIMEOUT, 1);
}

/* After the loop has looked at everybody else. */
static void flush_later(struct sess_link *peer)
{
    static const struct timeval now = { 0 };

    if (sb_list_is_empty(&peer->flush_link))
        sb_list_append(&peer->manager->to_flush, &peer->flush_link);
    event_add(peer->manager->flush_event, &now);
}

/* One record into TLS; false: nothing (more) to send now. */
static bool flush_record(struct sess_link *peer, struct sess_session *session, size_t *ret_size)
{
    struct sess_manager *manager = peer->manager;
    size_t size;

    size = sess_mux_pull(session->mux, manager->staging, sizeof(manager->staging));
    if (size == 0)
        return false;
    session->sent_bytes += size;
    *ret_size = size;
    if (sess_tls_write(peer->conn->tls, manager->staging, size) < 0) {
        sess_conn_drop(peer->conn); /* what was pulled goes again over the next one */
        return false;
    }
    tell_sent(peer);
    return peer->session == session && peer->conn;
}

void sess_link_flush(struct sess_link *peer)
{
    struct sess_session *session = peer->session;
    size_t total = 0, size = 0;

    sb_list_remove(&peer->flush_link);
    while (session && peer->session == session && peer->conn) {
        bool has_more = true;

        while (has_more && sess_tls_get_output(peer->conn->tls)->length < OUTPUT_LOW) {
            has_more = flush_record(peer, session, &size);
            total += size;
            if (!peer->conn || peer->session != session)
                return;
        }
        if (sess_conn_write(peer->conn) < 0) {
            sess_conn_drop(peer->conn);
            return;
        }
        if (!has_more || sess_tls_get_output(peer->conn->tls)->length > 0)
            return; /* done, or on_writable() goes on */
        if (total >= FLUSH_BUDGET) {
            flush_later(peer);
            return;
        }
    }
}
