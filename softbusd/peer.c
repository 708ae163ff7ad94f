/* Devices, and the life of their sessions; see peer.h. What their hubs say is in peermsg.c. */
#include "softbusd/peer.h"

#include "base/log.h"
#include "session/trust.h"
#include "softbusd/app.h"
#include "softbusd/call.h"
#include "softbusd/get.h"
#include "softbusd/node.h"
#include "softbusd/registry.h"
#include "wire/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool hub_peer_has_id(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    const struct hub_peer *peer = SB_CONTAINER_OF(entry, struct hub_peer, entry);

    return memcmp(peer->id.bytes, key, key_size) == 0;
}

struct hub_peer *hub_peer_find(struct hub *hub, const struct wire_devid *id)
{
    struct sb_map_entry *entry = sb_map_find(&hub->peers, id->bytes, sizeof(id->bytes));

    return entry ? SB_CONTAINER_OF(entry, struct hub_peer, entry) : NULL;
}

struct hub_peer *hub_peer_ensure(struct hub *hub, const struct wire_devid *id)
{
    struct hub_peer *peer = hub_peer_find(hub, id);

    if (peer || hub->peers.n_entries >= HUB_PEERS_MAX)
        return peer;
    peer = calloc(1, sizeof(*peer));
    if (!peer)
        return NULL;
    peer->id = *id;
    if (sb_map_add(&hub->peers, &peer->entry, peer->id.bytes, sizeof(peer->id.bytes)) < 0) {
        free(peer);
        return NULL;
    }
    wire_devid_format(id, peer->id_text);
    peer->party = (struct hub_party){ .hub = hub, .is_peer = true };
    sb_map_init(&peer->party.calls_made, &hub->random, hub_call_has_caller_id);
    sb_list_init(&peer->party.calls_served);
    sb_idtab_init(&peer->exports_by_id, &hub->random, HUB_PEER_OBJECTS_MAX);
    sb_map_init(&peer->exports, &hub->random, hub_export_has_node);
    sb_map_init(&peer->imports, &hub->random, hub_node_has_id);
    sb_map_init(&peer->services, &hub->random, hub_remote_service_has_name);
    return peer;
}

void hub_peer_free(struct hub_peer *peer)
{
    sb_map_remove(&peer->party.hub->peers, &peer->entry);
    sb_map_deinit(&peer->party.calls_made);
    sb_idtab_deinit(&peer->exports_by_id);
    sb_map_deinit(&peer->exports);
    sb_map_deinit(&peer->imports);
    sb_map_deinit(&peer->services);
    free(peer->blocked_streams);
    free(peer->addresses);
    free(peer);
}

static const struct sess_trust_entry *get_trust(const struct hub_peer *peer)
{
    return sess_trust_find(peer->party.hub->trust, &peer->id);
}

bool hub_peer_is_trusted(const struct hub_peer *peer)
{
    return get_trust(peer) != NULL;
}

void hub_peer_put_entry(const struct hub_peer *peer, struct wire_writer *writer)
{
    const struct hub_ops *ops = &peer->party.hub->ops;
    const struct sess_trust_entry *trust = get_trust(peer);
    const char *name = trust && trust->name[0] ? trust->name : peer->label;
    const char *addresses = peer->addresses ? peer->addresses : "";
    struct sess_peer_stats stats = { .rtt_us = 0 };

    if (peer->has_session && ops->peer_get_stats(ops->userdata, &peer->id, &stats) == 0 && !addresses[0])
        addresses = stats.address;
    wire_value_put_str(writer, peer->id_text, strlen(peer->id_text));
    wire_value_put_str(writer, name, strlen(name));
    wire_value_put_u32(writer, peer->state);
    wire_value_put_bool(writer, trust != NULL);
    wire_value_put_str(writer, addresses, strlen(addresses));
    wire_value_put_u64(writer, stats.rtt_us);
    wire_value_put_u32(writer, (uint32_t)peer->services.n_entries);
}

static void note_trust(struct hub_peer *peer)
{
    const struct sess_trust_entry *trust = get_trust(peer);

    peer->told_trusted = trust != NULL;
    snprintf(peer->told_name, sizeof(peer->told_name), "%s", trust ? trust->name : "");
}

static void tell_watchers(struct hub_peer *peer)
{
    note_trust(peer);
    hub_watch_device_changed(peer);
}

static bool is_trust_news(const struct hub_peer *peer)
{
    const struct sess_trust_entry *trust = get_trust(peer);

    return peer->told_trusted != (trust != NULL) || strcmp(peer->told_name, trust ? trust->name : "") != 0;
}

/* A device without trust has nothing here; one that is nowhere at all is forgotten. */
static void forget_untrusted(struct hub_peer *peer)
{
    if (hub_peer_is_trusted(peer))
        return;
    hub_get_forget_device(peer->party.hub, &peer->id);
    if (!peer->has_session && !peer->addresses)
        hub_peer_free(peer);
}

void hub_peer_refresh(struct hub_peer *peer)
{
    if (is_trust_news(peer))
        tell_watchers(peer);
    forget_untrusted(peer);
}

bool hub_peer_set_addresses(struct hub *hub, const struct wire_devid *id, const char *addresses)
{
    struct hub_peer *peer = addresses[0] ? hub_peer_ensure(hub, id) : hub_peer_find(hub, id);
    bool is_new;

    if (!peer || strcmp(peer->addresses ? peer->addresses : "", addresses) == 0)
        return false;
    is_new = !peer->addresses;
    free(peer->addresses);
    peer->addresses = addresses[0] ? strdup(addresses) : NULL;
    tell_watchers(peer);
    forget_untrusted(peer);
    return is_new;
}

void hub_peer_up(struct hub *hub, const struct wire_devid *id, const char *name)
{
    struct hub_peer *peer = hub_peer_ensure(hub, id);

    if (!peer) {
        sb_log_write(hub->log, SB_LOG_ERROR, "session not used: %u devices are known, the limit is %u",
                     (unsigned)hub->peers.n_entries, HUB_PEERS_MAX);
        return;
    }
    snprintf(peer->label, sizeof(peer->label), "%s", name);
    peer->has_session = true;
    peer->state = WIRE_STATE_ONLINE;
    sb_log_write(hub->log, SB_LOG_INFO, "device online device=%s name=%s", peer->id_text, name);
    hub_registry_announce(peer);
    tell_watchers(peer);
}

static void set_state(struct hub *hub, const struct wire_devid *id, enum wire_device_state state, const char *text)
{
    struct hub_peer *peer = hub_peer_find(hub, id);

    if (!peer || !peer->has_session || peer->state == state)
        return;
    peer->state = state;
    sb_log_write(hub->log, SB_LOG_INFO, "device %s device=%s", text, peer->id_text);
    tell_watchers(peer);
}

void hub_peer_suspect(struct hub *hub, const struct wire_devid *id)
{
    set_state(hub, id, WIRE_STATE_SUSPECT, "suspect");
}

void hub_peer_online(struct hub *hub, const struct wire_devid *id)
{
    set_state(hub, id, WIRE_STATE_ONLINE, "online again");
}

static const char *get_end_text(enum sess_end why)
{
    switch (why) {
    case SESS_END_LOST:
        return "not heard of";
    case SESS_END_CLOSED:
        return "said goodbye";
    case SESS_END_RESTARTED:
        return "its daemon restarted";
    case SESS_END_UNTRUSTED:
        return "trust removed";
    case SESS_END_REVOKED:
        return "it trusts this device no more";
    case SESS_END_PROTOCOL:
        return "broke the protocol";
    case SESS_END_SHUTDOWN:
        return "this daemon stops";
    }
    return "unknown";
}

static void drop_exports(struct hub_peer *peer)
{
    uint32_t cursor = 0;
    struct hub_export *export;

    while ((export = sb_idtab_next(&peer->exports_by_id, &cursor)))
        hub_export_release(export, export->n_arrivals);
}

void hub_peer_over(struct hub *hub, const struct wire_devid *id, enum sess_end why)
{
    struct hub_peer *peer = hub_peer_find(hub, id);
    bool is_revoked = why == SESS_END_UNTRUSTED || why == SESS_END_REVOKED;
    enum wire_death reason = is_revoked ? WIRE_DEATH_TRUST_REVOKED : WIRE_DEATH_DEVICE_LOST;
    struct sb_map_entry *entry, *next;

    if (!peer || !peer->has_session)
        return;
    sb_log_write(hub->log, SB_LOG_INFO, "device offline device=%s why=\"%s\"", peer->id_text, get_end_text(why));
    peer->has_session = false;
    peer->state = WIRE_STATE_OFFLINE;
    peer->n_blocked = 0;
    hub_call_forget_party(&peer->party);
    for (entry = sb_map_next(&peer->imports, NULL); entry; entry = next) {
        next = sb_map_next(&peer->imports, entry);
        hub_node_die(SB_CONTAINER_OF(entry, struct hub_node, entry), reason);
    }
    drop_exports(peer);
    hub_registry_forget_peer(peer);
    hub_app_wake_all(hub);
    tell_watchers(peer);
    forget_untrusted(peer);
}

void hub_peer_sent(struct hub *hub, const struct wire_devid *id, uint64_t cookie)
{
    struct hub_peer *peer = hub_peer_find(hub, id);
    struct hub_call *call = peer ? hub_call_find_served(&peer->party, cookie) : NULL;

    if (call)
        call->has_left = true;
    hub_app_wake_all(hub);
}

void hub_peer_unblock_all(struct hub *hub)
{
    struct sb_map_entry *entry = NULL;

    while ((entry = sb_map_next(&hub->peers, entry))) {
        struct hub_peer *peer = SB_CONTAINER_OF(entry, struct hub_peer, entry);

        while (peer->n_blocked > 0)
            hub->ops.peer_unblock(hub->ops.userdata, &peer->id, peer->blocked_streams[--peer->n_blocked]);
    }
}

void hub_trust_reloaded(struct hub *hub)
{
    struct sb_map_entry *entry, *next;

    for (size_t i = 0; i < hub->trust->n_entries; i++)
        hub_peer_ensure(hub, &hub->trust->entries[i].id);
    for (entry = sb_map_next(&hub->peers, NULL); entry; entry = next) {
        next = sb_map_next(&hub->peers, entry);
        hub_peer_refresh(SB_CONTAINER_OF(entry, struct hub_peer, entry));
    }
}
