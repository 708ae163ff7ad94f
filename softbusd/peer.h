/* Devices as the hub knows them: trusted, found, or in session; and what their hubs say. hub.h has the events. */
#ifndef HUB_PEER_H
#define HUB_PEER_H

#include "softbusd/tables.h"

struct wire_writer;

struct hub_peer *hub_peer_find(struct hub *hub, const struct wire_devid *id);

/* Finds or makes it. NULL: HUB_PEERS_MAX or out of memory. */
struct hub_peer *hub_peer_ensure(struct hub *hub, const struct wire_devid *id);

bool hub_peer_is_trusted(const struct hub_peer *peer);

/* A device entry of DEVICE_LIST (wire/hub.h). */
void hub_peer_put_entry(const struct hub_peer *peer, struct wire_writer *writer);

/* Trust may have changed: watchers are told if it has and they were not told yet (a session that ends for it tells them
 * too); a device that is nowhere any more is forgotten. */
void hub_peer_refresh(struct hub_peer *peer);

/* Offers again what waited for room at apps. */
void hub_peer_unblock_all(struct hub *hub);

bool hub_peer_has_id(const struct sb_map_entry *entry, const void *key, size_t key_size);

/* When the hub goes. */
void hub_peer_free(struct hub_peer *peer);

#endif
