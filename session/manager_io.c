/*
 * The manager as the hub calls it; see manager_io.h for the contract and manager_impl.h for the parts.
 */
#include "session/manager_io.h"

#include "base/clock.h"
#include "session/address.h"
#include "session/identity_io.h"
#include "session/manager_impl.h"
#include "session/mux.h"
#include "session/tls_io.h"
#include "session/trust.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOODBYE_MS 500
#define GOODBYE_POLL_MAX 256

/* Lines about strangers: a flood must not fill the log. */
#define STRANGER_BURST 20
#define STRANGER_RATE_PER_S 1

void sess_config_init(struct sess_config *config)
{
    *config = (struct sess_config){
        .name = "",
        .heartbeat_ms = 1000,
        .suspect_ms = 3000,
        .grace_ms = 15000,
        .handshake_ms = 10000,
        .n_pending_max = 64,
        .n_pending_address_max = 8,
        .n_streams_max = 1024,
        .message_max = 1024 * 1024 + 64 * 1024,
        .window_bytes = 256 * 1024,
        .reassembly_max = 8 * 1024 * 1024,
        .queue_max = 16 * 1024 * 1024,
    };
}

void sess_manager_note(struct sess_manager *manager, enum sb_log_level level, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    manager->callbacks.note(manager->callbacks.userdata, (int)level, text);
}

void sess_manager_note_stranger(struct sess_manager *manager, const struct sockaddr_storage *address, const char *why)
{
    char text[SESS_ADDRESS_TEXT_SIZE], others[48] = "";

    if (!sb_rate_take(&manager->stranger_notes, sb_clock_now_ms()))
        return;
    if (manager->stranger_notes.n_refused > 0)
        snprintf(others, sizeof(others), " (and %u others before)", manager->stranger_notes.n_refused);
    manager->stranger_notes.n_refused = 0;
    sess_address_format(address, text);
    sess_manager_note(manager, SB_LOG_WARNING, "%s: connection refused: %s%s", text, why, others);
}

bool sess_manager_is_trusted(const struct sess_manager *manager, const struct wire_devid *id)
{
    return sess_trust_find(manager->trust, id) != NULL;
}

void sess_manager_reap_soon(struct sess_manager *manager)
{
    event_active(manager->reap_event, EV_TIMEOUT, 1);
}

static void on_reap(evutil_socket_t fd, short events, void *userdata)
{
    struct sess_manager *manager = userdata;

    (void)fd;
    (void)events;
    SB_LIST_FOREACH(link, &manager->conns) {
        struct sess_conn *conn = SB_CONTAINER_OF(link, struct sess_conn, link);

        if (conn->state == SESS_CONN_DEAD && !conn->is_at_worker)
            sess_conn_free(conn);
    }
    SB_LIST_FOREACH(link, &manager->dead_sessions)
        sess_session_free(SB_CONTAINER_OF(link, struct sess_session, link));
    SB_LIST_FOREACH(link, &manager->link_list) {
        struct sess_link *peer = SB_CONTAINER_OF(link, struct sess_link, link);

        if (sess_link_is_idle(peer))
            sess_link_free(peer);
    }
}

/* The peer takes in so little that not even control messages find room. */
static void end_deaf(struct sess_link *peer)
{
    char text[96];

    snprintf(text, sizeof(text), "more than %zu bytes of control messages wait for it", peer->manager->config.queue_max);
    sess_link_note(peer, "session ended", text);
    sess_link_end(peer, SESS_END_PROTOCOL, WIRE_FRAME_CLOSE_PROTOCOL);
}

static void on_flush(evutil_socket_t fd, short events, void *userdata)
{
    struct sess_manager *manager = userdata;
    struct sb_list *last = manager->to_flush.prev, *link;

    (void)fd;
    (void)events;
    while ((link = sb_list_first(&manager->to_flush))) {
        struct sess_link *peer = SB_CONTAINER_OF(link, struct sess_link, flush_link);

        if (peer->session && peer->session->has_lost_control)
            end_deaf(peer);
        sess_link_flush(peer);
        if (link == last)
            break;
    }
}

static void on_unblock(evutil_socket_t fd, short events, void *userdata)
{
    struct sess_manager *manager = userdata;
    struct sb_list *last = manager->to_unblock.prev, *link;

    (void)fd;
    (void)events;
    while ((link = sb_list_first(&manager->to_unblock))) {
        sess_link_unblock(SB_CONTAINER_OF(link, struct sess_link, unblock_link));
        if (link == last)
            break;
    }
}

static void on_worker(evutil_socket_t fd, short events, void *userdata)
{
    (void)fd;
    (void)events;
    sess_conn_collect(userdata);
}

static void free_config(struct sess_config *config)
{
    for (size_t i = 0; config->interfaces && config->interfaces[i]; i++)
        free((char *)config->interfaces[i]);
    free((void *)config->interfaces);
    free((char *)config->name);
}

/* Copies the texts; the numbers have to leave room for a session to make progress. */
static int copy_config(struct sess_config *config, const struct sess_config *from)
{
    size_t n = 0;
    char **names;

    if (strlen(from->name) > WIRE_FRAME_NAME_MAX || !wire_text_is_valid(from->name, strlen(from->name)) ||
        from->heartbeat_ms == 0 || from->suspect_ms == 0 || from->handshake_ms == 0 || from->n_streams_max == 0 ||
        from->message_max < 1024 || from->message_max > 64u * 1024 * 1024 || from->window_bytes < 1024 ||
        from->window_bytes > 64u * 1024 * 1024)
        return -EINVAL;
    *config = *from;
    config->interfaces = NULL;
    config->name = strdup(from->name);
    if (!config->name)
        return -ENOMEM;
    while (from->interfaces && from->interfaces[n])
        n++;
    if (!from->interfaces)
        return 0;
    names = calloc(n + 1, sizeof(*names));
    if (!names)
        return -ENOMEM;
    config->interfaces = (const char *const *)names;
    for (size_t i = 0; i < n; i++) {
        names[i] = strdup(from->interfaces[i]);
        if (!names[i])
            return -ENOMEM;
    }
    return 0;
}

static int make_events(struct sess_manager *manager)
{
    int r;

    manager->reap_event = event_new(manager->base, -1, 0, on_reap, manager);
    manager->flush_event = event_new(manager->base, -1, 0, on_flush, manager);
    manager->unblock_event = event_new(manager->base, -1, 0, on_unblock, manager);
    if (!manager->reap_event || !manager->flush_event || !manager->unblock_event)
        return -ENOMEM;
    r = sess_worker_new(&manager->worker);
    if (r < 0)
        return r;
    manager->worker_event = event_new(manager->base, sess_worker_get_fd(manager->worker), EV_READ | EV_PERSIST, on_worker,
                                      manager);
    return manager->worker_event && event_add(manager->worker_event, NULL) == 0 ? 0 : -ENOMEM;
}

static int manager_open(struct sess_manager *manager, const struct sess_config *config)
{
    int r;

    r = copy_config(&manager->config, config);
    if (r == 0)
        r = sess_tls_context_new(manager->identity, SESS_TLS_ALPN, &manager->tls);
    if (r == 0)
        r = sess_tls_ids_new(manager->trust, &manager->ids);
    if (r == 0)
        r = make_events(manager);
    if (r == 0)
        r = sess_listener_open(manager);
    return r;
}

int sess_manager_new(struct event_base *base, const struct sess_config *config, const struct sess_identity *identity,
                     const struct sess_trust *trust, const struct sess_callbacks *callbacks,
                     struct sess_manager **ret_manager)
{
    struct sess_manager *manager = calloc(1, sizeof(*manager));
    int r;

    if (!manager)
        return -ENOMEM;
    manager->base = base;
    manager->identity = identity;
    manager->trust = trust;
    manager->callbacks = *callbacks;
    manager->instance = sb_random_u64(&manager->random);
    sb_rate_init(&manager->stranger_notes, STRANGER_BURST, STRANGER_RATE_PER_S, sb_clock_now_ms());
    manager->spare_fd = manager->listeners[0].fd = manager->listeners[1].fd = -1;
    sb_list_init(&manager->conns);
    sb_list_init(&manager->link_list);
    sb_list_init(&manager->to_flush);
    sb_list_init(&manager->to_unblock);
    sb_list_init(&manager->dead_sessions);
    sb_list_init(&manager->statics);
    sess_link_init(manager);
    r = manager_open(manager, config);
    if (r < 0) {
        sess_manager_free(manager);
        return r;
    }
    *ret_manager = manager;
    return 0;
}

static void quiet_id(void *userdata, const struct wire_devid *id)
{
    (void)userdata;
    (void)id;
}

static void quiet_over(void *userdata, const struct wire_devid *id, enum sess_end why)
{
    (void)userdata;
    (void)id;
    (void)why;
}

static void quiet_sent(void *userdata, const struct wire_devid *id, uint64_t cookie)
{
    (void)userdata;
    (void)id;
    (void)cookie;
}

static void quiet_note(void *userdata, int level, const char *text)
{
    (void)userdata;
    (void)level;
    (void)text;
}

/* Writes what lingering connections still hold, waiting for slow ones until the time is over. */
static void flush_goodbyes(struct sess_manager *manager)
{
    uint64_t end_ms = sb_clock_now_ms() + GOODBYE_MS;
    struct pollfd polls[GOODBYE_POLL_MAX];
    nfds_t n;
    int ms;

    do {
        n = 0;
        SB_LIST_FOREACH(link, &manager->conns) {
            struct sess_conn *conn = SB_CONTAINER_OF(link, struct sess_conn, link);

            if (conn->state != SESS_CONN_LINGER || n == GOODBYE_POLL_MAX || sess_tls_get_output(conn->tls)->length == 0)
                continue;
            if (sess_conn_write(conn) < 0)
                sess_conn_drop(conn);
            else if (sess_tls_get_output(conn->tls)->length > 0)
                polls[n++] = (struct pollfd){ .fd = conn->fd, .events = POLLOUT };
        }
        ms = sb_clock_until_ms(sb_clock_now_ms(), end_ms);
    } while (n > 0 && ms > 0 && poll(polls, n, ms) >= 0);
}

static void say_goodbye(struct sess_manager *manager)
{
    manager->callbacks = (struct sess_callbacks){ .suspect = quiet_id, .online = quiet_id, .over = quiet_over,
                                                  .sent = quiet_sent, .note = quiet_note };
    SB_LIST_FOREACH(link, &manager->link_list) {
        struct sess_link *peer = SB_CONTAINER_OF(link, struct sess_link, link);

        sess_link_flush(peer);
        sess_link_end(peer, SESS_END_SHUTDOWN, WIRE_FRAME_CLOSE_SHUTDOWN);
    }
    flush_goodbyes(manager);
}

static void free_event(struct event *event)
{
    if (event)
        event_free(event);
}

struct sess_manager *sess_manager_free(struct sess_manager *manager)
{
    if (!manager)
        return NULL;
    sess_listener_close(manager);
    say_goodbye(manager);
    sess_manager_clear_static(manager);
    manager->worker = sess_worker_free(manager->worker);
    SB_LIST_FOREACH(link, &manager->conns) {
        struct sess_conn *conn = SB_CONTAINER_OF(link, struct sess_conn, link);

        conn->is_at_worker = false;
        sess_conn_drop(conn);
    }
    if (manager->reap_event)
        on_reap(-1, 0, manager);
    SB_LIST_FOREACH(link, &manager->link_list)
        sess_link_free(SB_CONTAINER_OF(link, struct sess_link, link));
    sb_map_deinit(&manager->links);
    free_event(manager->worker_event);
    free_event(manager->flush_event);
    free_event(manager->unblock_event);
    free_event(manager->reap_event);
    sess_tls_ids_unref(manager->ids);
    sess_tls_context_free(manager->tls);
    free_config(&manager->config);
    free(manager);
    return NULL;
}

uint16_t sess_manager_get_port(const struct sess_manager *manager)
{
    return manager->port;
}

int sess_manager_set_addresses(struct sess_manager *manager, const struct wire_devid *id, unsigned source,
                               const struct sockaddr_storage *addresses, size_t n)
{
    struct sess_link *peer = sess_link_find(manager, id);
    int r;

    if (wire_devid_is_equal(id, sess_identity_get_id(manager->identity)) || (!peer && n == 0))
        return 0;
    r = sess_link_ensure(manager, id, &peer);
    if (r == 0)
        r = sess_dialer_set(peer, source, addresses, n);
    if (n == 0)
        sess_manager_reap_soon(manager);
    return r;
}

void sess_manager_trust_changed(struct sess_manager *manager)
{
    struct sess_tls_ids *ids;

    /* Without memory for a new snapshot the old one stays: on_authenticated() asks the store itself anyway. */
    if (sess_tls_ids_new(manager->trust, &ids) == 0) {
        sess_tls_ids_unref(manager->ids);
        manager->ids = ids;
    }
    SB_LIST_FOREACH(link, &manager->conns) {
        struct sess_conn *conn = SB_CONTAINER_OF(link, struct sess_conn, link);

        if (conn->state == SESS_CONN_GREETING && !sess_manager_is_trusted(manager, &conn->peer->id))
            sess_conn_drop(conn);
    }
    SB_LIST_FOREACH(link, &manager->link_list) {
        struct sess_link *peer = SB_CONTAINER_OF(link, struct sess_link, link);

        if (!sess_manager_is_trusted(manager, &peer->id))
            sess_link_end(peer, SESS_END_UNTRUSTED, WIRE_FRAME_CLOSE_UNTRUSTED);
    }
    sess_manager_reap_soon(manager); /* links that were kept for their notes */
    sess_dialer_kick_all(manager);
}

static struct sess_link *find_session(const struct sess_manager *manager, const struct wire_devid *id)
{
    struct sess_link *peer = sess_link_find((struct sess_manager *)manager, id);

    return peer && peer->session ? peer : NULL;
}

int sess_manager_send(struct sess_manager *manager, const struct wire_devid *id, enum sess_class class, uint32_t stream,
                      uint64_t cookie, const uint8_t *data, size_t size)
{
    struct sess_link *peer = find_session(manager, id);
    int r;

    if (!peer)
        return -ENOTCONN;
    r = sess_mux_send(peer->session->mux, class, stream, cookie, data, size);
    if (class == SESS_CLASS_CONTROL && (r == -EAGAIN || r == -ENOMEM))
        peer->session->has_lost_control = true;
    if (r == 0 || peer->session->has_lost_control)
        sess_link_flush_soon(peer);
    return r;
}

void sess_manager_unblock(struct sess_manager *manager, const struct wire_devid *id, uint32_t stream)
{
    static const struct timeval now = { 0 };
    struct sess_link *peer = find_session(manager, id);

    if (!peer || sb_buf_append(&peer->unblock, &stream, sizeof(stream)) < 0)
        return;
    if (sb_list_is_empty(&peer->unblock_link))
        sb_list_append(&manager->to_unblock, &peer->unblock_link);
    /* By way of the loop: a hub that says "busy" and "unblock" in one breath must not keep it from turning. */
    event_add(manager->unblock_event, &now);
}

void sess_manager_end_stream(struct sess_manager *manager, const struct wire_devid *id, uint32_t stream)
{
    struct sess_link *peer = find_session(manager, id);

    if (!peer)
        return;
    sess_mux_end_stream(peer->session->mux, stream);
    sess_link_flush_soon(peer);
}

int sess_manager_get_stats(const struct sess_manager *manager, const struct wire_devid *id,
                           struct sess_peer_stats *ret_stats)
{
    const struct sess_link *peer = find_session(manager, id);
    struct sess_mux_stats mux;

    if (!peer)
        return -ENOTCONN;
    sess_mux_get_stats(peer->session->mux, &mux);
    *ret_stats = (struct sess_peer_stats){
        .is_outgoing = peer->conn && peer->conn->is_outgoing,
        .n_resumed = peer->session->n_resumed,
        .sent_bytes = peer->session->sent_bytes,
        .received_bytes = peer->session->received_bytes,
        .queued_bytes = mux.queued_bytes,
        .rtt_us = mux.rtt_us,
    };
    memcpy(ret_stats->name, peer->session->name, sizeof(ret_stats->name));
    if (peer->conn)
        sess_address_format(&peer->conn->address, ret_stats->address);
    return 0;
}
