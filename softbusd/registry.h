/* Services by name, here and on peers; who waits for one; and who watches services and devices. */
#ifndef HUB_REGISTRY_H
#define HUB_REGISTRY_H

#include "softbusd/tables.h"

struct hub_service *hub_registry_find(struct hub *hub, struct wire_str name);

/* The node is a stub of the app. WIRE_OK, also when it has that name already; NAME_TAKEN, NO_MEMORY, LIMIT. */
enum wire_status hub_registry_add(struct hub_app *app, struct wire_str name, struct hub_node *node, bool is_distributed);

/* The name goes; with its last one, so does the object (WITHDRAWN). NO_SERVICE, DENIED. */
enum wire_status hub_registry_remove(struct hub_app *app, struct wire_str name);

/* The same by the hub's own decision; an object that goes with its name dies of `reason`. Frees service. */
void hub_registry_withdraw(struct hub_service *service, enum wire_death reason);

/* Who holds a service that a program offers has changed. */
void hub_registry_touch(struct hub_node *node);

struct wire_str hub_service_get_name(const struct hub_service *service);

/* Tells one watcher of this device's services, who may have missed it before. */
void hub_watch_tell(struct hub_watch *watch, struct wire_str name, bool is_present);

/* The node died: its names vanish and watches that call it end. */
void hub_registry_forget_node(struct hub_node *node);

/* A peer says that a name is (not) there. -ENOSPC: too many names; -ENOMEM */
int hub_registry_hear(struct hub_peer *peer, const struct wire_service *service);
bool hub_registry_peer_has(struct hub_peer *peer, struct wire_str name);
void hub_registry_forget_peer(struct hub_peer *peer);

/* Tells a peer whose session is new all distributed names, of services that are there and that can be started. */
void hub_registry_announce(struct hub_peer *peer);

/* callback is a stub of the app. WIRE_LIMIT, WIRE_NO_MEMORY */
enum wire_status hub_watch_new(struct hub_app *app, enum hub_watch_kind kind, const struct wire_devid *device,
                               struct hub_node *callback);

/* Tells the watchers of devices. */
void hub_watch_device_changed(struct hub_peer *peer);

bool hub_service_has_name(const struct sb_map_entry *entry, const void *key, size_t key_size);
bool hub_remote_service_has_name(const struct sb_map_entry *entry, const void *key, size_t key_size);

#endif
