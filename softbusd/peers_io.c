/* Other devices, from the outside of the hub; see peers_io.h. */
#include "softbusd/peers_io.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/rate.h"
#include "discovery/address.h"
#include "discovery/helper_io.h"
#include "discovery/table.h"
#include "session/identity_io.h"
#include "session/manager_io.h"
#include "session/trust.h"
#include "session/trust_io.h"
#include "softbusd/config.h"
#include "softbusd/hub.h"
#include "softbusd/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROTOCOL_VERSION 1

/* Lines about devices that nobody trusts: whoever can multicast can make up thousands. */
#define STRANGER_BURST 20
#define STRANGER_RATE_PER_S 1

#define ADDRESS_TEXT_MAX (INET6_ADDRSTRLEN + IFNAMSIZ + 10)

struct hub_peers {
    struct hub_loop *loop;
    struct hub *hub;
    const struct sb_log *log;
    const struct sess_identity *identity;
    struct sess_trust *trust;
    struct sess_manager *manager;
    struct disc_helper *helper;
    struct disc_table table;
    struct sb_random random;
    struct sb_rate stranger_lines;
    const char *trust_file;
    char discovery_text[480];
};

/* --- addresses --- */

/* "192.0.2.1:3723" or "[fe80::1%eth0]:3723"; "" when it is neither. */
static void format_address(const struct sockaddr_storage *address, char text[ADDRESS_TEXT_MAX])
{
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)(const void *)address;
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)address;
    char host[INET6_ADDRSTRLEN] = "", interface[IFNAMSIZ] = "";

    text[0] = '\0';
    if (address->ss_family == AF_INET && inet_ntop(AF_INET, &ipv4->sin_addr, host, sizeof(host))) {
        snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", host, ntohs(ipv4->sin_port));
    } else if (address->ss_family == AF_INET6 && inet_ntop(AF_INET6, &ipv6->sin6_addr, host, sizeof(host))) {
        if (ipv6->sin6_scope_id && !if_indextoname(ipv6->sin6_scope_id, interface))
            snprintf(interface, sizeof(interface), "%" PRIu32, ipv6->sin6_scope_id);
        snprintf(text, ADDRESS_TEXT_MAX, "[%s%s%s]:%u", host, *interface ? "%" : "", interface, ntohs(ipv6->sin6_port));
    }
}

static bool is_repeated(const struct disc_candidate *candidates, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (disc_address_is_equal(&candidates[i].address, &candidates[n].address))
            return true;
    }
    return false;
}

static bool is_spoken(const struct disc_candidate *candidate)
{
    return candidate->version == 0 || candidate->version == PROTOCOL_VERSION;
}

/* A line about a device, but for strangers not each time. */
static void log_device(struct hub_peers *peers, const struct wire_devid *id, const char *what, const char *detail)
{
    bool is_trusted = sess_trust_find(peers->trust, id) != NULL;
    char text[WIRE_DEVID_TEXT_SIZE], others[48] = "";

    if (!is_trusted && !sb_rate_take(&peers->stranger_lines, sb_clock_now_ms()))
        return;
    if (!is_trusted && peers->stranger_lines.n_refused > 0)
        snprintf(others, sizeof(others), " not_logged_before=%u", peers->stranger_lines.n_refused);
    if (!is_trusted)
        peers->stranger_lines.n_refused = 0;
    wire_devid_format(id, text);
    sb_log_write(peers->log, SB_LOG_INFO, "%s device=%s trusted=%s %s%s", what, text, is_trusted ? "yes" : "no", detail, others);
}

static void tell_hub(struct hub_peers *peers, const struct wire_devid *id, const struct disc_candidate *candidates, size_t n)
{
    char text[sizeof("addresses=") + DISC_ADDRESSES_MAX * ADDRESS_TEXT_MAX] = "addresses=";
    char *list = text + strlen(text);
    size_t used = 0, room = sizeof(text) - strlen(text);

    for (size_t i = 0; i < n; i++) {
        char one[ADDRESS_TEXT_MAX];

        if (is_repeated(candidates, i))
            continue;
        format_address(&candidates[i].address, one);
        if (one[0] && used + strlen(one) + 2 <= room)
            used += (size_t)snprintf(list + used, room - used, "%s%s", used ? " " : "", one);
    }
    if (hub_peer_set_addresses(peers->hub, id, list))
        log_device(peers, id, "device found", text);
}

static void tell_manager(struct hub_peers *peers, const struct wire_devid *id, unsigned source,
                         const struct disc_candidate *candidates, size_t n)
{
    struct sockaddr_storage addresses[DISC_ADDRESSES_MAX];
    size_t n_addresses = 0;
    int r;

    for (size_t i = 0; i < n && n_addresses < DISC_ADDRESSES_MAX; i++) {
        if ((unsigned)candidates[i].source == source && is_spoken(&candidates[i]))
            addresses[n_addresses++] = candidates[i].address;
    }
    r = sess_manager_set_addresses(peers->manager, id, source, addresses, n_addresses);
    if (r < 0)
        sb_log_write(peers->log, SB_LOG_WARNING, "addresses of a device not used error=\"%s\"", strerror(-r));
}

/* Carries what has changed in the table to the two who use it. */
static void spread_changes(struct hub_peers *peers)
{
    const struct disc_candidate *candidates = NULL;
    struct disc_changed changed;
    size_t n;

    while (disc_table_next_changed(&peers->table, &changed)) {
        n = disc_table_get(&peers->table, &changed.id, &candidates);
        for (unsigned source = 0; source < DISC_N_SOURCES; source++) {
            if (changed.sources & (1u << source))
                tell_manager(peers, &changed.id, source, candidates, n);
        }
        tell_hub(peers, &changed.id, candidates, n);
    }
}

/* --- discovery --- */

static void on_found(void *userdata, const struct wire_devid *id, uint32_t version, const struct sockaddr_storage *address)
{
    struct hub_peers *peers = userdata;
    char text[WIRE_DEVID_TEXT_SIZE], versions[48];
    int r = disc_table_add(&peers->table, id, DISC_SOURCE_MDNS, version, address, UINT64_MAX);

    wire_devid_format(id, text);
    snprintf(versions, sizeof(versions), "version=%" PRIu32 " ours=%d", version, PROTOCOL_VERSION);
    if (r == 0 && version != PROTOCOL_VERSION)
        log_device(peers, id, "device speaks another version", versions);
    if (r == DISC_TABLE_FULL)
        sb_log_write(peers->log, SB_LOG_DEBUG, "address not kept device=%s devices=%zu limit=%d addresses_limit=%d", text,
                     peers->table.n_devices, DISC_DEVICES_MAX, DISC_ADDRESSES_MAX);
    spread_changes(peers);
}

static void on_lost(void *userdata, const struct wire_devid *id, const struct sockaddr_storage *address)
{
    struct hub_peers *peers = userdata;

    disc_table_remove(&peers->table, id, DISC_SOURCE_MDNS, address);
    spread_changes(peers);
}

static void on_helper_state(void *userdata, bool is_up, const char *text)
{
    struct hub_peers *peers = userdata;

    snprintf(peers->discovery_text, sizeof(peers->discovery_text), "%s: %s", is_up ? "up" : "down", text);
    sb_log_write(peers->log, is_up ? SB_LOG_INFO : SB_LOG_WARNING, "discovery %s", peers->discovery_text);
}

static void on_helper_log(void *userdata, int level, const char *text)
{
    struct hub_peers *peers = userdata;

    sb_log_write(peers->log, (enum sb_log_level)level, "discovery: %s", text);
}

static bool is_wanted(void *userdata, const struct wire_devid *id)
{
    struct hub_peers *peers = userdata;

    return sess_trust_find(peers->trust, id) != NULL;
}

/* --- sessions --- */

static void on_up(void *userdata, const struct wire_devid *id, const char *name)
{
    hub_peer_up(((struct hub_peers *)userdata)->hub, id, name);
}

static void on_suspect(void *userdata, const struct wire_devid *id)
{
    hub_peer_suspect(((struct hub_peers *)userdata)->hub, id);
}

static void on_online(void *userdata, const struct wire_devid *id)
{
    hub_peer_online(((struct hub_peers *)userdata)->hub, id);
}

static void on_over(void *userdata, const struct wire_devid *id, enum sess_end why)
{
    hub_peer_over(((struct hub_peers *)userdata)->hub, id, why);
}

static enum sess_verdict on_message(void *userdata, const struct wire_devid *id, uint32_t stream, const uint8_t *data, size_t size)
{
    return hub_peer_receive(((struct hub_peers *)userdata)->hub, id, stream, data, size);
}

static void on_sent(void *userdata, const struct wire_devid *id, uint64_t cookie)
{
    hub_peer_sent(((struct hub_peers *)userdata)->hub, id, cookie);
}

static void on_note(void *userdata, int level, const char *text)
{
    sb_log_write(((struct hub_peers *)userdata)->log, (enum sb_log_level)level, "session: %s", text);
}

/* --- what the hub asks for: between hub_peers_free() and the hub's end there is no manager --- */

int hub_peers_send(void *userdata, const struct wire_devid *id, enum sess_class class, uint32_t stream, uint64_t cookie,
                   const uint8_t *data, size_t size)
{
    struct hub_peers *peers = userdata;

    return peers->manager ? sess_manager_send(peers->manager, id, class, stream, cookie, data, size) : -ENOTCONN;
}

void hub_peers_unblock(void *userdata, const struct wire_devid *id, uint32_t stream)
{
    struct hub_peers *peers = userdata;

    if (peers->manager)
        sess_manager_unblock(peers->manager, id, stream);
}

void hub_peers_end_stream(void *userdata, const struct wire_devid *id, uint32_t stream)
{
    struct hub_peers *peers = userdata;

    if (peers->manager)
        sess_manager_end_stream(peers->manager, id, stream);
}

int hub_peers_get_stats(void *userdata, const struct wire_devid *id, struct sess_peer_stats *ret_stats)
{
    struct hub_peers *peers = userdata;

    return peers->manager ? sess_manager_get_stats(peers->manager, id, ret_stats) : -ENOTCONN;
}

int hub_peers_save_trust(void *userdata)
{
    struct hub_peers *peers = userdata;
    int r = sess_trust_save(peers->trust, peers->trust_file);

    if (r < 0)
        sb_log_write(peers->log, SB_LOG_ERROR, "trusted devices not written file=%s error=\"%s\"", peers->trust_file, strerror(-r));
    return r;
}

void hub_peers_apply_trust(void *userdata)
{
    struct hub_peers *peers = userdata;

    if (peers->manager)
        sess_manager_trust_changed(peers->manager);
}

/* --- configuration --- */

static bool get_static_address(struct hub_peers *peers, const struct hub_config_peer *peer, struct sockaddr_storage *ret_address)
{
    struct sockaddr_storage address;

    memset(&address, 0, sizeof(address));
    memcpy(&address, &peer->address, sizeof(peer->address));
    if (*peer->interface) {
        unsigned scope = if_nametoindex(peer->interface);

        if (scope == 0) {
            sb_log_write(peers->log, SB_LOG_WARNING, "configured peer not dialled: there is no interface %s", peer->interface);
            return false;
        }
        ((struct sockaddr_in6 *)(void *)&address)->sin6_scope_id = scope;
    }
    *ret_address = address;
    return true;
}

void hub_peers_set_static(struct hub_peers *peers, const struct hub_config *config)
{
    struct sockaddr_storage address;
    int r;

    sess_manager_clear_static(peers->manager);
    disc_table_clear_source(&peers->table, DISC_SOURCE_STATIC);
    for (size_t i = 0; i < config->n_peers; i++) {
        if (!get_static_address(peers, &config->peers[i], &address))
            continue;
        if (config->peers[i].has_id)
            r = disc_table_add(&peers->table, &config->peers[i].id, DISC_SOURCE_STATIC, 0, &address, UINT64_MAX);
        else
            r = sess_manager_add_static(peers->manager, &address);
        if (r < 0 || r == DISC_TABLE_FULL)
            sb_log_write(peers->log, SB_LOG_WARNING, "configured peer not dialled: %s",
                         r < 0 ? strerror(-r) : "there are too many for one device");
    }
    spread_changes(peers);
}

/* Pointers to the names, NULL at the end; NULL: all interfaces. */
static const char *const *list_interfaces(const struct hub_config *config, const char *list[WIRE_DISC_INTERFACES_MAX + 1])
{
    for (size_t i = 0; i < config->n_interfaces; i++)
        list[i] = config->interfaces[i];
    list[config->n_interfaces] = NULL;
    return config->n_interfaces > 0 ? list : NULL;
}

static int start_manager(struct hub_peers *peers, const struct hub_config *config, const char *name, char *error_text,
                         size_t error_size)
{
    const struct sess_callbacks callbacks = {
        .userdata = peers, .up = on_up, .suspect = on_suspect, .online = on_online, .over = on_over,
        .message = on_message, .sent = on_sent, .note = on_note,
    };
    const char *interfaces[WIRE_DISC_INTERFACES_MAX + 1];
    struct sess_config session;
    int r;

    sess_config_init(&session);
    session.port = (uint16_t)config->port;
    session.interfaces = list_interfaces(config, interfaces);
    session.allow_loopback = config->allow_loopback;
    session.name = name;
    session.heartbeat_ms = (unsigned)config->heartbeat_ms;
    session.suspect_ms = (unsigned)config->suspect_ms;
    session.grace_ms = (unsigned)config->grace_ms;
    session.handshake_ms = (unsigned)config->handshake_ms;
    session.n_pending_max = (unsigned)config->n_pending_max;
    session.n_pending_address_max = (unsigned)config->n_pending_address_max;
    session.n_streams_max = (unsigned)config->n_streams_max;
    session.window_bytes = (size_t)config->window_bytes;
    session.reassembly_max = (size_t)config->reassembly_bytes;
    session.queue_max = (size_t)config->queue_bytes;
    r = sess_manager_new(hub_loop_get_base(peers->loop), &session, peers->identity, peers->trust, &callbacks, &peers->manager);
    if (r == -EADDRINUSE)
        snprintf(error_text, error_size,
                 "port %u is in use, perhaps by another softbusd: stop that, or choose another with --port (0: any that is free)",
                 session.port);
    else if (r < 0)
        snprintf(error_text, error_size, "cannot listen on port %u: %s", session.port, strerror(-r));
    return r;
}

static int start_helper(struct hub_peers *peers, const struct hub_config *config, const char *helper, char *error_text,
                        size_t error_size)
{
    const struct disc_helper_callbacks callbacks = {
        .userdata = peers, .found = on_found, .lost = on_lost, .state = on_helper_state, .log = on_helper_log,
        .is_wanted = is_wanted,
    };
    const char *interfaces[WIRE_DISC_INTERFACES_MAX + 1];
    struct disc_helper_config discovery = {
        .program = helper,
        .id = *sess_identity_get_id(peers->identity),
        .port = sess_manager_get_port(peers->manager),
        .interfaces = list_interfaces(config, interfaces),
        .use_ipv4 = config->use_ipv4,
        .use_ipv6 = config->use_ipv6,
        /* No instance: our label is for those we trust, not for the network. */
    };
    int r;

    if (!config->use_mdns) {
        snprintf(peers->discovery_text, sizeof(peers->discovery_text), "off");
        return 0;
    }
    snprintf(peers->discovery_text, sizeof(peers->discovery_text), "starting");
    r = disc_helper_new(hub_loop_get_base(peers->loop), &discovery, &callbacks, &peers->helper);
    if (r < 0)
        snprintf(error_text, error_size, "cannot start discovery: %s", strerror(-r));
    return r;
}

/* --- life --- */

int hub_peers_new(struct hub_loop *loop, const struct sb_log *log, const struct sess_identity *identity,
                  struct sess_trust *trust, const char *trust_file, struct hub_peers **ret_peers)
{
    struct hub_peers *peers = calloc(1, sizeof(*peers));
    const struct disc_table_callbacks callbacks = { .userdata = peers, .is_wanted = is_wanted };

    if (!peers)
        return -ENOMEM;
    peers->loop = loop;
    peers->log = log;
    peers->identity = identity;
    peers->trust = trust;
    peers->trust_file = trust_file;
    sb_rate_init(&peers->stranger_lines, STRANGER_BURST, STRANGER_RATE_PER_S, sb_clock_now_ms());
    disc_table_init(&peers->table, &peers->random, DISC_DEVICES_MAX, &callbacks);
    *ret_peers = peers;
    return 0;
}

int hub_peers_start(struct hub_peers *peers, struct hub *hub, const struct hub_config *config, const char *name,
                    const char *helper, char *error_text, size_t error_size)
{
    int r;

    peers->hub = hub;
    r = start_manager(peers, config, name, error_text, error_size);
    if (r < 0)
        return r;
    hub_peers_set_static(peers, config);
    return start_helper(peers, config, helper, error_text, error_size);
}

void hub_peers_stop(struct hub_peers *peers)
{
    peers->helper = disc_helper_free(peers->helper);
    if (!peers->manager)
        return;
    peers->manager = sess_manager_free(peers->manager);
    /* The manager ends without a word; sessions are with trusted devices only. */
    for (size_t i = 0; i < peers->trust->n_entries; i++)
        hub_peer_over(peers->hub, &peers->trust->entries[i].id, SESS_END_SHUTDOWN);
}

struct hub_peers *hub_peers_free(struct hub_peers *peers)
{
    if (!peers)
        return NULL;
    hub_peers_stop(peers);
    disc_table_deinit(&peers->table);
    free(peers);
    return NULL;
}

uint16_t hub_peers_get_port(const struct hub_peers *peers)
{
    return peers->manager ? sess_manager_get_port(peers->manager) : 0;
}

int hub_peers_get_helper_pid(const struct hub_peers *peers)
{
    return peers->helper ? (int)disc_helper_get_pid(peers->helper) : 0;
}

const char *hub_peers_get_discovery(const struct hub_peers *peers)
{
    return peers->discovery_text;
}
