/*
 * Dialling: every known address of a device that we trust and have no connection with, all at once, each with a back-off of
 * its own. See manager_impl.h. An attempt is a connection (conn_io.c) that points back here until it has carried
 * a session; a failure is noted when it differs from the last one.
 */
#include "session/address.h"
#include "session/manager_impl.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_MIN_MS 250
#define BACKOFF_MAX_MS 30000
#define ADDRESSES_PER_SOURCE 16
#define N_SOURCES 32

static void schedule(struct sess_dial *dial, unsigned ms)
{
    struct timeval delay = { .tv_sec = ms / 1000, .tv_usec = (long)(ms % 1000) * 1000 };

    event_add(dial->timer, &delay);
}

static struct sess_link *get_peer(const struct sess_dial *dial)
{
    if (dial->peer || !dial->has_known)
        return dial->peer;
    return sess_link_find(dial->manager, &dial->known);
}

static bool is_wanted(const struct sess_dial *dial)
{
    const struct sess_link *peer = get_peer(dial);

    if (dial->conn || dial->sources == 0)
        return false;
    if (!peer)
        return true;
    if (dial->peer && !sess_manager_is_trusted(dial->manager, &peer->id))
        return false;
    return !peer->asking && !sess_link_is_online(peer);
}

static void on_due(evutil_socket_t fd, short events, void *userdata)
{
    struct sess_dial *dial = userdata;
    struct sess_manager *manager = dial->manager;
    int r;

    (void)fd;
    (void)events;
    if (!is_wanted(dial))
        return;
    if (!sess_address_goes_through(&dial->address, manager->config.interfaces)) {
        sess_dialer_fail(dial, -ENETUNREACH, "not through the configured interfaces");
        return;
    }
    r = sess_conn_new_outgoing(manager, dial);
    if (r < 0)
        sess_dialer_fail(dial, r, strerror(-r));
}

void sess_dialer_fail(struct sess_dial *dial, int error, const char *text)
{
    char address[SESS_ADDRESS_TEXT_SIZE], id[WIRE_DEVID_TEXT_SIZE] = "";

    dial->conn = NULL;
    if (error != 0 && error != dial->last_error) {
        sess_address_format(&dial->address, address);
        if (dial->peer)
            wire_devid_format(&dial->peer->id, id);
        sess_manager_note(dial->manager, SB_LOG_INFO, "%s: cannot be reached%s%s: %s", address, id[0] ? " for device " : "",
                          id, text);
        dial->last_error = error;
    }
    dial->backoff_ms = dial->backoff_ms ? dial->backoff_ms * 2 : BACKOFF_MIN_MS;
    if (dial->backoff_ms > BACKOFF_MAX_MS)
        dial->backoff_ms = BACKOFF_MAX_MS;
    if (dial->sources)
        schedule(dial, dial->backoff_ms);
}

void sess_dialer_succeed(struct sess_dial *dial)
{
    dial->conn = NULL;
    dial->backoff_ms = 0;
    dial->last_error = 0;
}

static void kick(struct sess_dial *dial, bool is_news)
{
    if (dial->conn || dial->sources == 0)
        return;
    if (is_news)
        dial->backoff_ms = 0;
    if (is_news || !event_pending(dial->timer, EV_TIMEOUT, NULL))
        schedule(dial, dial->backoff_ms);
}

/* is_news: something happened to that peer, so start again without back-off. */
void sess_dialer_kick(struct sess_link *peer, bool is_news)
{
    SB_LIST_FOREACH(link, &peer->dials)
        kick(SB_CONTAINER_OF(link, struct sess_dial, link), is_news);
    SB_LIST_FOREACH(link, &peer->manager->statics) {
        struct sess_dial *dial = SB_CONTAINER_OF(link, struct sess_dial, link);

        if (dial->has_known && wire_devid_is_equal(&dial->known, &peer->id))
            kick(dial, is_news);
    }
}

void sess_dialer_kick_all(struct sess_manager *manager)
{
    SB_LIST_FOREACH(link, &manager->link_list)
        sess_dialer_kick(SB_CONTAINER_OF(link, struct sess_link, link), true);
    SB_LIST_FOREACH(link, &manager->statics)
        kick(SB_CONTAINER_OF(link, struct sess_dial, link), true);
}

static int dial_new(struct sess_manager *manager, struct sess_link *peer, const struct sockaddr_storage *address,
                    uint32_t sources)
{
    struct sess_dial *dial = calloc(1, sizeof(*dial));

    if (!dial)
        return -ENOMEM;
    dial->timer = event_new(manager->base, -1, 0, on_due, dial);
    if (!dial->timer) {
        free(dial);
        return -ENOMEM;
    }
    dial->manager = manager;
    dial->peer = peer;
    dial->address = *address;
    dial->sources = sources;
    sb_list_append(peer ? &peer->dials : &manager->statics, &dial->link);
    schedule(dial, 0);
    return 0;
}

struct sess_dial *sess_dialer_remove(struct sess_dial *dial)
{
    struct sess_conn *conn = dial->conn;

    dial->sources = 0;
    if (conn) {
        conn->dial = NULL;
        dial->conn = NULL;
        sess_conn_drop(conn);
    }
    sb_list_remove(&dial->link);
    event_free(dial->timer);
    free(dial);
    return NULL;
}

static struct sess_dial *find(struct sb_list *dials, const struct sockaddr_storage *address)
{
    SB_LIST_FOREACH(link, dials) {
        struct sess_dial *dial = SB_CONTAINER_OF(link, struct sess_dial, link);

        if (sess_address_is_equal(&dial->address, address))
            return dial;
    }
    return NULL;
}

int sess_dialer_set(struct sess_link *peer, unsigned source, const struct sockaddr_storage *addresses, size_t n)
{
    uint32_t bit;
    size_t n_used = 0;
    int r;

    if (source >= N_SOURCES)
        return -EINVAL;
    bit = 1u << source;
    SB_LIST_FOREACH(link, &peer->dials)
        SB_CONTAINER_OF(link, struct sess_dial, link)->sources &= ~bit;
    for (size_t i = 0; i < n && n_used < ADDRESSES_PER_SOURCE; i++) {
        struct sess_dial *dial;

        if (!sess_address_is_dialable(&addresses[i], peer->manager->config.allow_loopback))
            continue;
        n_used++;
        dial = find(&peer->dials, &addresses[i]);
        if (dial) {
            dial->sources |= bit;
            continue;
        }
        r = dial_new(peer->manager, peer, &addresses[i], bit);
        if (r < 0)
            return r;
    }
    SB_LIST_FOREACH(link, &peer->dials) {
        struct sess_dial *dial = SB_CONTAINER_OF(link, struct sess_dial, link);

        if (dial->sources == 0)
            sess_dialer_remove(dial);
    }
    /* A new address is dialled at once. The others keep their back-off: strangers can announce new ones all day. */
    return 0;
}

int sess_manager_add_static(struct sess_manager *manager, const struct sockaddr_storage *address)
{
    if (!sess_address_is_dialable(address, manager->config.allow_loopback))
        return -EINVAL;
    return find(&manager->statics, address) ? 0 : dial_new(manager, NULL, address, 1);
}

void sess_manager_clear_static(struct sess_manager *manager)
{
    SB_LIST_FOREACH(link, &manager->statics)
        sess_dialer_remove(SB_CONTAINER_OF(link, struct sess_dial, link));
}
