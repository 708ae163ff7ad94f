/* Services and watches; see registry.h. */
#include "softbusd/registry.h"

#include "softbusd/access.h"
#include "softbusd/activate.h"
#include "softbusd/app.h"
#include "softbusd/get.h"
#include "softbusd/node.h"
#include "softbusd/peer.h"
#include "softbusd/send.h"
#include "softbusd/service_file.h"
#include "wire/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct wire_objects no_objects;

bool hub_service_has_name(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    const struct hub_service *service = SB_CONTAINER_OF(entry, struct hub_service, entry);

    return service->name_size == key_size && memcmp(service->name, key, key_size) == 0;
}

bool hub_remote_service_has_name(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    const struct hub_remote_service *service = SB_CONTAINER_OF(entry, struct hub_remote_service, entry);

    return service->name_size == key_size && memcmp(service->name, key, key_size) == 0;
}

/* A one-way call of the watch's callback by the hub itself; data is in hub->body. */
static void call_watcher(struct hub_watch *watch, enum wire_event_code code)
{
    struct hub *hub = watch->app->party.hub;
    struct wire_call call = {
        .target = watch->callback->id,
        .code = code,
        .flags = WIRE_CALL_ONEWAY,
        .identity = { .kind = WIRE_IDENTITY_LOCAL,
                      .pid = hub->own.pid,
                      .uid = hub->own.uid,
                      .gid = hub->own.gid,
                      .label = { .text = hub->own.label, .size = strlen(hub->own.label) } },
        .data = { .data = sb_buf_bytes(&hub->body), .size = hub->body.length },
    };

    hub_send_call_to_app(watch->app, &call, &no_objects);
}

static struct wire_writer open_body(struct hub *hub)
{
    struct wire_writer writer;

    hub->body.start = hub->body.length = 0;
    wire_writer_init(&writer, &hub->body);
    return writer;
}

/* Writes the event to hub->body; false: no memory for it. */
static bool put_service_event(struct hub *hub, const struct wire_devid *device, struct wire_str name, bool is_present)
{
    struct wire_writer writer = open_body(hub);
    char device_text[WIRE_DEVID_TEXT_SIZE];

    wire_devid_format(device, device_text);
    wire_value_put_str(&writer, device_text, strlen(device_text));
    wire_value_put_str(&writer, name.text, name.size);
    wire_value_put_bool(&writer, is_present);
    return writer.error == 0;
}

void hub_watch_tell(struct hub_watch *watch, struct wire_str name, bool is_present)
{
    if (put_service_event(watch->app->party.hub, &watch->device, name, is_present))
        call_watcher(watch, WIRE_EVENT_SERVICE);
}

static void tell_service_watchers(struct hub *hub, const struct wire_devid *device, struct wire_str name,
                                  bool is_present)
{
    bool is_own = wire_devid_is_equal(device, &hub->self);

    if (!put_service_event(hub, device, name, is_present))
        return;
    SB_LIST_FOREACH(link, &hub->watches) {
        struct hub_watch *watch = SB_CONTAINER_OF(link, struct hub_watch, link);

        if (watch->kind == HUB_WATCH_SERVICES && wire_devid_is_equal(&watch->device, device) &&
            (!is_own || hub_access_may_look_up(watch->app, name)))
            call_watcher(watch, WIRE_EVENT_SERVICE);
    }
}

void hub_watch_device_changed(struct hub_peer *peer)
{
    struct hub *hub = peer->party.hub;
    struct wire_writer writer = open_body(hub);

    hub_peer_put_entry(peer, &writer);
    if (writer.error < 0)
        return;
    SB_LIST_FOREACH(link, &hub->watches) {
        struct hub_watch *watch = SB_CONTAINER_OF(link, struct hub_watch, link);

        if (watch->kind == HUB_WATCH_DEVICES)
            call_watcher(watch, WIRE_EVENT_DEVICE);
    }
}

struct wire_str hub_service_get_name(const struct hub_service *service)
{
    return (struct wire_str){ .text = service->name, .size = service->name_size };
}

struct hub_service *hub_registry_find(struct hub *hub, struct wire_str name)
{
    struct sb_map_entry *entry = sb_map_find(&hub->services, name.text, name.size);

    return entry ? SB_CONTAINER_OF(entry, struct hub_service, entry) : NULL;
}

/* Other devices see names that are distributed, and those that can be started from there. */
static bool is_shown(const struct hub *hub, struct wire_str name)
{
    const struct hub_service_file *file = hub_activate_find(hub->activate, name.text, name.size);

    return file && file->is_distributed;
}

static void tell_peers(struct hub *hub, struct wire_str name, bool is_present)
{
    struct sb_map_entry *entry = NULL;

    while ((entry = sb_map_next(&hub->peers, entry)))
        hub_send_service_to_peer(SB_CONTAINER_OF(entry, struct hub_peer, entry),
                                 &(struct wire_service){ .is_present = is_present, .name = name });
}

void hub_service_show(struct hub *hub, const char *text, bool is_startable)
{
    struct wire_str name = { .text = text, .size = strlen(text) };

    if (!hub_registry_find(hub, name))
        tell_peers(hub, name, is_startable);
}

enum wire_status hub_registry_add(struct hub_app *app, struct wire_str name, struct hub_node *node, bool is_distributed)
{
    struct hub *hub = app->party.hub;
    struct hub_service *service = hub_registry_find(hub, name);
    struct hub_quota_charge charge = { .amount = 0 };

    if (service)
        return service->node == node && service->is_distributed == is_distributed ? WIRE_OK : WIRE_NAME_TAKEN;
    if (hub_app_charge(app, HUB_QUOTA_SERVICES, 1, &charge) != HUB_QUOTA_OK)
        return WIRE_LIMIT;
    service = malloc(sizeof(*service) + name.size + 1);
    if (!service) {
        hub_quota_refund(&charge);
        return WIRE_NO_MEMORY;
    }
    service->node = node;
    service->charge = charge;
    service->is_distributed = is_distributed;
    service->name_size = name.size;
    memcpy(service->name, name.text, name.size);
    service->name[name.size] = '\0';
    if (sb_map_add(&hub->services, &service->entry, service->name, service->name_size) < 0) {
        hub_quota_refund(&charge);
        free(service);
        return WIRE_NO_MEMORY;
    }
    sb_list_append(&node->services, &service->node_link);
    tell_service_watchers(hub, &hub->self, hub_service_get_name(service), true);
    if (is_distributed || is_shown(hub, hub_service_get_name(service)))
        tell_peers(hub, hub_service_get_name(service), is_distributed);
    if (hub_activate_find(hub->activate, service->name, service->name_size)) {
        node->is_startable = true;
        hub_activate_touch(hub->activate, service->name, service->name_size);
    }
    hub_access_check_claims(node, hub_service_get_name(service));
    hub_get_wake(hub, &hub->self, hub_service_get_name(service));
    return WIRE_OK;
}

static void service_remove(struct hub *hub, struct hub_service *service)
{
    sb_map_remove(&hub->services, &service->entry);
    sb_list_remove(&service->node_link);
    hub_quota_refund(&service->charge);
    tell_service_watchers(hub, &hub->self, hub_service_get_name(service), false);
    if (service->is_distributed)
        tell_peers(hub, hub_service_get_name(service), false);
    if (is_shown(hub, hub_service_get_name(service))) /* gone, and there to be started */
        tell_peers(hub, hub_service_get_name(service), true);
    hub_activate_touch(hub->activate, service->name, service->name_size);
    free(service);
}

enum wire_status hub_registry_remove(struct hub_app *app, struct wire_str name)
{
    struct hub *hub = app->party.hub;
    struct hub_service *service = hub_registry_find(hub, name);

    if (!service)
        return WIRE_NO_SERVICE;
    if (service->node->owner != app)
        return WIRE_DENIED;
    hub_registry_withdraw(service, WIRE_DEATH_WITHDRAWN);
    return WIRE_OK;
}

void hub_registry_withdraw(struct hub_service *service, enum wire_death reason)
{
    struct hub_node *node = service->node;

    if (service->node_link.next == service->node_link.prev) {
        /* Its only name. The app did not withdraw the stub itself: it still counts its sendings. */
        hub_send_release_to_app(node->owner, &(struct wire_release){ .id = node->id, .count = node->n_sent });
        hub_node_die(node, reason);
        return;
    }
    service_remove(node->hub, service);
}

static void watch_free(struct hub_watch *watch)
{
    sb_list_remove(&watch->link);
    sb_list_remove(&watch->node_link);
    hub_quota_refund(&watch->charge);
    watch->app->party.hub->n_watches--;
    free(watch);
}

void hub_registry_forget_node(struct hub_node *node)
{
    struct sb_list *link;

    while ((link = sb_list_first(&node->watches)))
        watch_free(SB_CONTAINER_OF(link, struct hub_watch, node_link));
    while ((link = sb_list_first(&node->services)))
        service_remove(node->hub, SB_CONTAINER_OF(link, struct hub_service, node_link));
}

int hub_registry_hear(struct hub_peer *peer, const struct wire_service *heard)
{
    struct sb_map_entry *entry = sb_map_find(&peer->services, heard->name.text, heard->name.size);
    struct hub *hub = peer->party.hub;
    struct hub_remote_service *service;

    if (!!entry == heard->is_present)
        return 0;
    if (!heard->is_present) {
        sb_map_remove(&peer->services, entry);
        tell_service_watchers(hub, &peer->id, heard->name, false);
        free(SB_CONTAINER_OF(entry, struct hub_remote_service, entry));
        return 0;
    }
    if (peer->services.n_entries >= HUB_PEER_SERVICES_MAX)
        return -ENOSPC;
    service = malloc(sizeof(*service) + heard->name.size);
    if (!service)
        return -ENOMEM;
    service->name_size = heard->name.size;
    memcpy(service->name, heard->name.text, heard->name.size);
    if (sb_map_add(&peer->services, &service->entry, service->name, service->name_size) < 0) {
        free(service);
        return -ENOMEM;
    }
    tell_service_watchers(hub, &peer->id, heard->name, true);
    hub_get_wake(hub, &peer->id, heard->name);
    return 0;
}

bool hub_registry_peer_has(struct hub_peer *peer, struct wire_str name)
{
    return sb_map_find(&peer->services, name.text, name.size) != NULL;
}

void hub_registry_forget_peer(struct hub_peer *peer)
{
    struct sb_map_entry *entry;

    while ((entry = sb_map_next(&peer->services, NULL))) {
        struct hub_remote_service *service = SB_CONTAINER_OF(entry, struct hub_remote_service, entry);
        struct wire_str name = { .text = service->name, .size = service->name_size };

        sb_map_remove(&peer->services, entry);
        tell_service_watchers(peer->party.hub, &peer->id, name, false);
        free(service);
    }
}

void hub_registry_announce(struct hub_peer *peer)
{
    struct hub *hub = peer->party.hub;
    struct sb_map_entry *entry = NULL;
    struct hub_startable startable;

    while ((entry = sb_map_next(&hub->services, entry))) {
        struct hub_service *service = SB_CONTAINER_OF(entry, struct hub_service, entry);

        if (service->is_distributed)
            hub_send_service_to_peer(peer, &(struct wire_service){ .is_present = 1, .name = hub_service_get_name(service) });
    }
    for (size_t n = 0; hub_activate_get(hub->activate, n, &startable); n++) {
        struct wire_str name = { .text = startable.name, .size = strlen(startable.name) };

        if (startable.file->is_distributed && !hub_registry_find(hub, name))
            hub_send_service_to_peer(peer, &(struct wire_service){ .is_present = 1, .name = name });
    }
}

void hub_registry_touch(struct hub_node *node)
{
    SB_LIST_FOREACH(link, &node->services) {
        const struct hub_service *service = SB_CONTAINER_OF(link, struct hub_service, node_link);

        hub_activate_touch(node->hub->activate, service->name, service->name_size);
    }
}

bool hub_service_is_there(struct hub *hub, const char *name)
{
    return hub_registry_find(hub, (struct wire_str){ .text = name, .size = strlen(name) }) != NULL;
}

bool hub_service_is_used(struct hub *hub, const char *name)
{
    const struct hub_service *service = hub_registry_find(hub, (struct wire_str){ .text = name, .size = strlen(name) });

    return service && (!sb_list_is_empty(&service->node->refs) || !sb_list_is_empty(&service->node->exports));
}

enum wire_status hub_watch_new(struct hub_app *app, enum hub_watch_kind kind, const struct wire_devid *device,
                               struct hub_node *callback)
{
    struct hub_quota_charge charge = { .amount = 0 };
    struct hub *hub = app->party.hub;
    struct hub_watch *watch;

    if (hub_app_charge(app, HUB_QUOTA_WATCHES, 1, &charge) != HUB_QUOTA_OK)
        return WIRE_LIMIT;
    watch = calloc(1, sizeof(*watch));
    if (!watch) {
        hub_quota_refund(&charge);
        return WIRE_NO_MEMORY;
    }
    *watch = (struct hub_watch){ .callback = callback, .app = app, .charge = charge, .kind = kind, .device = *device };
    sb_list_append(&hub->watches, &watch->link);
    sb_list_append(&callback->watches, &watch->node_link);
    hub->n_watches++;
    return WIRE_OK;
}
