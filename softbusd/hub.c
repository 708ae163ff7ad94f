/* The hub's beginning and end; see hub.h. */
#include "softbusd/hub.h"

#include "session/trust.h"
#include "softbusd/call.h"
#include "softbusd/channel.h"
#include "softbusd/node.h"
#include "softbusd/peer.h"
#include "softbusd/policy.h"
#include "softbusd/registry.h"
#include "softbusd/restart.h"
#include "softbusd/tables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int hub_new(const struct hub_ops *ops, const struct hub_quota_limits *limits, const struct sb_log *log,
            struct sess_trust *trust, const struct wire_devid *self, const char *name,
            const struct hub_credentials *own, struct hub **ret_hub)
{
    struct hub *hub = calloc(1, sizeof(*hub));
    struct hub_peer *peer;

    if (!hub)
        return -ENOMEM;
    hub->ops = *ops;
    hub_quota_init(&hub->quota, &hub->random, limits);
    hub->log = log;
    hub->trust = trust;
    hub->self = *self;
    hub->own = *own;
    wire_devid_format(self, hub->self_text);
    hub_node_init_revoked(hub);
    snprintf(hub->name, sizeof(hub->name), "%s", name);
    sb_idtab_init(&hub->calls, &hub->random, HUB_CALLS_MAX);
    sb_list_init(&hub->apps);
    sb_list_init(&hub->watches);
    sb_list_init(&hub->getters);
    sb_list_init(&hub->claims);
    sb_map_init(&hub->peers, &hub->random, hub_peer_has_id);
    sb_map_init(&hub->services, &hub->random, hub_service_has_name);
    sb_idtab_init(&hub->channels, &hub->random, HUB_CHANNELS_MAX);
    sb_map_init(&hub->pairs, &hub->random, hub_channel_has_pair);
    sb_map_init(&hub->origins, &hub->random, hub_restart_has_origin);
    hub->key[0] = sb_random_u64(&hub->random);
    hub->key[1] = sb_random_u64(&hub->random);
    sb_map_init(&hub->grants, &hub->random, hub_grant_has_stub);
    sb_buf_init(&hub->head, WIRE_MSG_MAX);
    sb_buf_init(&hub->body, WIRE_LOCAL_MAX);
    sb_buf_init(&hub->reply, WIRE_LOCAL_MAX);
    for (size_t i = 0; i < trust->n_entries; i++) {
        peer = hub_peer_ensure(hub, &trust->entries[i].id);
        if (!peer) {
            hub_free(hub);
            return -ENOMEM;
        }
        hub_peer_refresh(peer);
    }
    *ret_hub = hub;
    return 0;
}

struct hub *hub_free(struct hub *hub)
{
    struct sb_map_entry *entry;

    if (!hub)
        return NULL;
    while ((entry = sb_map_next(&hub->peers, NULL)))
        hub_peer_free(SB_CONTAINER_OF(entry, struct hub_peer, entry));
    sb_map_deinit(&hub->peers);
    sb_map_deinit(&hub->services);
    sb_idtab_deinit(&hub->calls);
    sb_idtab_deinit(&hub->channels);
    sb_map_deinit(&hub->pairs);
    sb_map_deinit(&hub->grants);
    sb_map_deinit(&hub->origins);
    sb_buf_deinit(&hub->head);
    sb_buf_deinit(&hub->body);
    sb_buf_deinit(&hub->reply);
    hub_policy_free(hub->policy);
    hub_quota_deinit(&hub->quota);
    free(hub);
    return NULL;
}

void hub_set_key(struct hub *hub, const uint64_t key[2])
{
    hub->key[0] = key[0];
    hub->key[1] = key[1];
}

void hub_set_channels(struct hub *hub, bool may_channel)
{
    hub->may_channel = may_channel;
}

void hub_set_activate(struct hub *hub, struct hub_activate *activate)
{
    hub->activate = activate;
}

void hub_set_limits(struct hub *hub, const struct hub_quota_limits *limits)
{
    hub_quota_set_limits(&hub->quota, limits);
}

struct hub_quota *hub_get_quota(struct hub *hub)
{
    return &hub->quota;
}
