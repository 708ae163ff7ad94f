/* Nodes, references and exports; see node.h. */
#include "softbusd/node.h"

#include "softbusd/app.h"
#include "softbusd/channel.h"
#include "softbusd/registry.h"
#include "softbusd/restart.h"
#include "softbusd/send.h"
#include "softbusd/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool hub_node_has_id(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    const struct hub_node *node = SB_CONTAINER_OF(entry, struct hub_node, entry);

    return memcmp(&node->id, key, key_size) == 0;
}

bool hub_ref_has_node(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    const struct hub_ref *ref = SB_CONTAINER_OF(entry, struct hub_ref, entry);

    return memcmp(&ref->node, key, key_size) == 0;
}

bool hub_export_has_node(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    const struct hub_export *export = SB_CONTAINER_OF(entry, struct hub_export, entry);

    return memcmp(&export->node, key, key_size) == 0;
}

bool hub_node_is_service(const struct hub_node *node)
{
    return node->is_remote ? node->is_remote_service : !sb_list_is_empty(&node->services);
}

/* The map that finds a node by its id: its owner's or its home's. */
static struct sb_map *get_map(struct hub_node *node)
{
    return node->is_remote ? &node->home->imports : &node->owner->stubs;
}

static void node_init(struct hub_node *node, struct hub *hub, uint64_t id)
{
    node->hub = hub;
    node->id = id;
    sb_list_init(&node->refs);
    sb_list_init(&node->exports);
    sb_list_init(&node->services);
    sb_list_init(&node->watches);
}

void hub_node_init_revoked(struct hub *hub)
{
    node_init(&hub->revoked, hub, 0);
    hub->revoked.is_dead = true;
    hub->revoked.n_pins = 1; /* it is a part of the hub, and never settled */
}

static int node_new(struct hub *hub, struct sb_map *map, uint64_t id, struct hub_node **ret_node)
{
    struct hub_node *node = calloc(1, sizeof(*node));
    int r;

    if (!node)
        return -ENOMEM;
    node_init(node, hub, id);
    r = sb_map_add(map, &node->entry, &node->id, sizeof(node->id));
    if (r < 0) {
        free(node);
        return r;
    }
    hub->n_nodes++;
    *ret_node = node;
    return 0;
}

static int count_sending(struct hub_node *node, struct hub_node **ret_node)
{
    if (node->n_sent == UINT32_MAX)
        return -ENOSPC;
    node->n_sent++;
    *ret_node = node;
    return 0;
}

int hub_node_sent_by_app(struct hub_app *app, uint64_t id, struct hub_node **ret_node)
{
    struct sb_map_entry *entry = sb_map_find(&app->stubs, &id, sizeof(id));
    struct hub_quota_charge charge = { .amount = 0 };
    struct hub_node *node;
    int r;

    if (entry) {
        node = SB_CONTAINER_OF(entry, struct hub_node, entry);
    } else {
        if (hub_app_charge(app, HUB_QUOTA_OBJECTS, 1, &charge) != HUB_QUOTA_OK)
            return -ENOSPC;
        r = node_new(app->party.hub, &app->stubs, id, &node);
        if (r < 0) {
            hub_quota_refund(&charge);
            return r;
        }
        node->owner = app;
        node->origin = hub_restart_get_origin(app, id);
        node->charge = charge;
    }
    return count_sending(node, ret_node);
}

int hub_node_sent_by_peer(struct hub_peer *peer, uint64_t id, bool is_service, struct hub_node **ret_node)
{
    struct sb_map_entry *entry = sb_map_find(&peer->imports, &id, sizeof(id));
    struct hub_node *node;
    int r;

    if (entry) {
        node = SB_CONTAINER_OF(entry, struct hub_node, entry);
    } else {
        if (peer->imports.n_entries >= HUB_PEER_OBJECTS_MAX)
            return -ENOSPC;
        r = node_new(peer->party.hub, &peer->imports, id, &node);
        if (r < 0)
            return r;
        node->is_remote = true;
        node->home = peer;
        node->home_id = peer->id;
    }
    node->is_remote_service = is_service;
    return count_sending(node, ret_node);
}

/* Nobody finds it any more. */
static void leave_maps(struct hub_node *node)
{
    if (node->is_dead)
        return;
    sb_map_remove(get_map(node), &node->entry);
    hub_restart_forget_node(node);
}

static bool is_needed(const struct hub_node *node)
{
    return node->n_pins > 0 || node->is_offered || !sb_list_is_empty(&node->refs) || !sb_list_is_empty(&node->exports) || !sb_list_is_empty(&node->services) ||
           !sb_list_is_empty(&node->watches);
}

static void node_free(struct hub_node *node)
{
    node->hub->n_nodes--;
    hub_quota_refund(&node->charge);
    free(node);
}

void hub_node_unsent(struct hub_node *node)
{
    node->n_sent--;
    if (node->n_sent > 0 || is_needed(node)) {
        hub_node_settle(node);
        return;
    }
    /* First seen in the message that is kept: as if it had not been seen. */
    leave_maps(node);
    node_free(node);
}

void hub_node_settle(struct hub_node *node)
{
    if (is_needed(node))
        return;
    if (!node->is_dead) {
        struct wire_release release = { .id = node->id, .count = node->n_sent };

        leave_maps(node);
        if (node->is_remote)
            hub_send_release_to_peer(node->home, node->call_stream, &release);
        else
            hub_send_release_to_app(node->owner, &release);
    }
    node_free(node);
}

/* The link fires, once. */
static void fire_link(struct hub_ref *ref, enum wire_death reason)
{
    if (!ref->is_linked)
        return;
    ref->is_linked = false;
    ref->app->n_links--;
    ref->node->hub->n_links--;
    hub_send_death_to_app(ref->app, &(struct wire_death_msg){ .id = ref->handle, .reason = reason });
}

void hub_node_die(struct hub_node *node, enum wire_death reason)
{
    leave_maps(node);
    hub_registry_forget_node(node);
    hub_quota_refund(&node->charge); /* who holds it from now on, holds nothing of the owner's */
    node->is_dead = true;
    node->owner = NULL;
    node->home = NULL;
    SB_LIST_FOREACH(link, &node->refs) {
        struct hub_ref *ref = SB_CONTAINER_OF(link, struct hub_ref, node_link);

        hub_channel_ref_is_dead(ref);
        fire_link(ref, reason);
    }
    SB_LIST_FOREACH(link, &node->exports) {
        struct hub_export *export = SB_CONTAINER_OF(link, struct hub_export, node_link);

        hub_send_death_to_peer(export->peer, &(struct wire_death_msg){ .id = export->id, .reason = reason });
    }
    hub_node_settle(node);
}

/* Who holds the node has changed. */
static void tell_use(struct hub_node *node)
{
    if (node->is_startable)
        hub_registry_touch(node);
}

static int ref_new(struct hub_app *app, struct hub_node *node, struct hub_ref **ret_ref)
{
    struct hub_ref *ref = calloc(1, sizeof(*ref));
    int r;

    if (!ref)
        return -ENOMEM;
    *ref = (struct hub_ref){ .app = app, .node = node, .n_arrivals = 1 };
    r = sb_idtab_add(&app->handles, ref, &ref->handle);
    if (r == 0) {
        r = sb_map_add(&app->refs, &ref->entry, &ref->node, sizeof(ref->node));
        if (r < 0)
            sb_idtab_remove(&app->handles, ref->handle);
    }
    if (r < 0) {
        free(ref);
        return r;
    }
    *ret_ref = ref;
    return 0;
}

int hub_ref_arrive(struct hub_app *app, struct hub_node *node, uint8_t hops, struct hub_ref **ret_ref)
{
    struct sb_map_entry *entry = sb_map_find(&app->refs, &node, sizeof(node));
    struct hub_quota_charge charge = { .amount = 0 };
    struct hub_ref *ref;
    int r;

    if (entry) {
        ref = SB_CONTAINER_OF(entry, struct hub_ref, entry);
        if (ref->n_arrivals == UINT32_MAX)
            return -ENOSPC;
        ref->n_arrivals++;
        if (hops < ref->hops)
            ref->hops = hops;
        *ret_ref = ref;
        return 0;
    }
    if (hub_app_charge(app, HUB_QUOTA_REFERENCES, 1, &charge) != HUB_QUOTA_OK)
        return -ENOSPC;
    r = ref_new(app, node, &ref);
    if (r < 0) {
        hub_quota_refund(&charge);
        return r;
    }
    ref->charge = charge;
    ref->hops = hops;
    sb_list_append(&node->refs, &ref->node_link);
    node->hub->n_refs++;
    tell_use(node);
    *ret_ref = ref;
    return 0;
}

struct hub_ref *hub_ref_find(struct hub_app *app, uint64_t handle)
{
    return sb_idtab_find(&app->handles, handle);
}

/* The stream may end while others keep the node. */
static void forget_stream(struct hub_node *node, const struct hub_app *app)
{
    if (node->call_stream == app->stream && !sb_list_is_empty(&node->refs))
        node->call_stream = 0;
}

void hub_ref_revoke(struct hub_ref *ref, enum wire_death reason)
{
    struct hub_node *node = ref->node;

    hub_channel_revoke_ref(ref);
    fire_link(ref, reason);
    sb_map_remove(&ref->app->refs, &ref->entry);
    sb_list_remove(&ref->node_link);
    ref->node = &node->hub->revoked;
    ref->is_revoked = true;
    sb_list_append(&ref->node->refs, &ref->node_link);
    forget_stream(node, ref->app);
    tell_use(node);
    hub_node_settle(node);
}

int hub_ref_release(struct hub_ref *ref, uint32_t count)
{
    struct hub_node *node = ref->node;

    if (count > ref->n_arrivals)
        return -EINVAL;
    ref->n_arrivals -= count;
    if (ref->n_arrivals > 0)
        return 0;
    hub_channel_forget_ref(ref, 0); /* who knows of a later position has said so before */
    if (ref->is_linked) {
        ref->app->n_links--;
        node->hub->n_links--;
    }
    sb_idtab_remove(&ref->app->handles, ref->handle);
    if (!ref->is_revoked)
        sb_map_remove(&ref->app->refs, &ref->entry);
    sb_list_remove(&ref->node_link);
    hub_quota_refund(&ref->charge);
    forget_stream(node, ref->app);
    free(ref);
    node->hub->n_refs--;
    tell_use(node);
    hub_node_settle(node);
    return 0;
}

int hub_export_arrive(struct hub_peer *peer, struct hub_node *node, struct hub_export **ret_export)
{
    struct sb_map_entry *entry = sb_map_find(&peer->exports, &node, sizeof(node));
    struct hub_export *export;
    int r;

    if (entry) {
        export = SB_CONTAINER_OF(entry, struct hub_export, entry);
        if (export->n_arrivals == UINT32_MAX)
            return -ENOSPC;
        export->n_arrivals++;
        *ret_export = export;
        return 0;
    }
    export = calloc(1, sizeof(*export));
    if (!export)
        return -ENOMEM;
    *export = (struct hub_export){ .peer = peer, .node = node, .n_arrivals = 1 };
    r = sb_idtab_add(&peer->exports_by_id, export, &export->id);
    if (r == 0) {
        r = sb_map_add(&peer->exports, &export->entry, &export->node, sizeof(export->node));
        if (r < 0)
            sb_idtab_remove(&peer->exports_by_id, export->id);
    }
    if (r < 0) {
        free(export);
        return r;
    }
    sb_list_append(&node->exports, &export->node_link);
    node->hub->n_exports++;
    tell_use(node);
    *ret_export = export;
    return 0;
}

struct hub_export *hub_export_find(struct hub_peer *peer, uint64_t id)
{
    return sb_idtab_find(&peer->exports_by_id, id);
}

int hub_export_release(struct hub_export *export, uint32_t count)
{
    struct hub_node *node = export->node;

    if (count > export->n_arrivals)
        return -EINVAL;
    export->n_arrivals -= count;
    if (export->n_arrivals > 0)
        return 0;
    sb_idtab_remove(&export->peer->exports_by_id, export->id);
    sb_map_remove(&export->peer->exports, &export->entry);
    sb_list_remove(&export->node_link);
    free(export);
    node->hub->n_exports--;
    tell_use(node);
    hub_node_settle(node);
    return 0;
}
