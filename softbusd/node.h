/* Nodes, references and exports: who holds which object, counted. The counting is docs/protocol-app.md, "Counting". */
#ifndef HUB_NODE_H
#define HUB_NODE_H

#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub;
struct hub_app;
struct hub_export;
struct hub_node;
struct hub_peer;
struct hub_ref;

/* The app sends its stub `id` (once more). Makes the node on first sight. -ENOSPC: the quota of objects; -ENOMEM. */
int hub_node_sent_by_app(struct hub_app *app, uint64_t id, struct hub_node **ret_node);

/* The peer sends its object `id` (once more). -ENOSPC, -ENOMEM */
int hub_node_sent_by_peer(struct hub_peer *peer, uint64_t id, bool is_service, struct hub_node **ret_node);

/* Takes one sending back: the message that carried it is kept and will be offered again. */
void hub_node_unsent(struct hub_node *node);

/* Gives the node back to its owner or home when nobody needs it any more; frees it then. */
void hub_node_settle(struct hub_node *node);

/* The object is no more: names vanish, links fire, peers are told. Frees the node when nobody holds it. */
void hub_node_die(struct hub_node *node, enum wire_death reason);

/* One more arrival at the app. -ENOSPC: the quota of references; -ENOMEM */
int hub_ref_arrive(struct hub_app *app, struct hub_node *node, uint8_t hops, struct hub_ref **ret_ref);

/* NULL: no such handle. */
struct hub_ref *hub_ref_find(struct hub_app *app, uint64_t handle);

/* Gives arrivals back; at none left the reference goes, and perhaps its node. -EINVAL: more than there are. */
int hub_ref_release(struct hub_ref *ref, uint32_t count);

/*
 * Takes one app's reference to a living node away: its link fires with that reason, its handle stays the app's to give back but stands
 * for a dead object, and the node is settled. The same object may arrive at the app again, under a new handle. Calls that have
 * left go on. Whoever keeps anything else for an app and a node together ends it here.
 */
void hub_ref_revoke(struct hub_ref *ref, enum wire_death reason);

/* For hub_new(): the node of revoked references. */
void hub_node_init_revoked(struct hub *hub);

/* The same for a peer's hold on a node of ours. */
int hub_export_arrive(struct hub_peer *peer, struct hub_node *node, struct hub_export **ret_export);
struct hub_export *hub_export_find(struct hub_peer *peer, uint64_t id);
int hub_export_release(struct hub_export *export, uint32_t count);

/* For the map constructors. */
struct sb_map_entry;
bool hub_node_has_id(const struct sb_map_entry *entry, const void *key, size_t key_size);
bool hub_ref_has_node(const struct sb_map_entry *entry, const void *key, size_t key_size);
bool hub_export_has_node(const struct sb_map_entry *entry, const void *key, size_t key_size);

/* True while the object is registered under a name, here or (as last heard) on its device. */
bool hub_node_is_service(const struct hub_node *node);

#endif
