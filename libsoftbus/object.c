/* Stubs, proxies and how they are counted; see object.h and docs/protocol-app.md, "Counting". */
#include "libsoftbus/object.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/channel.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/reconnect.h"
#include "libsoftbus/registry.h"
#include "libsoftbus/restore.h"
#include "softbus/error.h"
#include "wire/rules.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(WIRE_DEVID_TEXT_SIZE <= SOFTBUS_DEVICE_ID_SIZE, "device ids fit");

static struct softbus_object *new_object(struct softbus *bus, bool is_stub)
{
    struct softbus_object *object = calloc(1, sizeof(*object));

    if (!object)
        return NULL;
    object->bus = softbus_bus_ref(bus);
    object->n_refs = 1;
    object->is_stub = is_stub;
    sb_list_init(&object->queue);
    sb_list_init(&object->running);
    sb_list_init(&object->runnable_link);
    sb_list_init(&object->lost_link);
    return object;
}

void softbus_object_unroute(struct softbus_object *proxy)
{
    struct softbus_channel *channel = proxy->channel;

    proxy->channel = NULL;
    if (channel)
        softbus_channel_unref(channel);
}

static struct softbus_object *free_object(struct softbus_object *object)
{
    struct softbus *bus = object->bus;

    softbus_object_unroute(object);
    sb_list_remove(&object->runnable_link);
    sb_list_remove(&object->lost_link);
    if (object->is_stub)
        softbus_registry_forget(object);
    free(object->descriptor);
    free(object);
    softbus_bus_unref(bus);
    return NULL;
}

int softbus_stub_new(struct softbus *bus, const char *descriptor, softbus_handler_fn handler, void *userdata,
                     struct softbus_object **ret_stub)
{
    size_t size = descriptor ? strlen(descriptor) : 0;
    SOFTBUS_LOCKED(bus);
    struct softbus_object *stub;

    if (size < 1 || size > 255 || !wire_text_is_valid(descriptor, size) || !handler)
        return SOFTBUS_ERR_INVALID;
    stub = new_object(bus, true);
    if (!stub)
        return SOFTBUS_ERR_NO_MEMORY;
    stub->descriptor = strdup(descriptor);
    stub->handler = handler;
    stub->userdata = userdata;
    if (!stub->descriptor || (!bus->error && sb_idtab_add(&bus->stubs, stub, &stub->id) < 0)) {
        free_object(stub);
        return SOFTBUS_ERR_NO_MEMORY;
    }
    *ret_stub = stub;
    return 0;
}

void softbus_stub_set_dump(struct softbus_object *stub, softbus_dump_fn dump)
{
    SOFTBUS_LOCKED(stub->bus);

    stub->dump = dump;
}

void softbus_stub_set_concurrent(struct softbus_object *stub, bool is_concurrent)
{
    SOFTBUS_LOCKED(stub->bus);

    stub->is_concurrent = is_concurrent;
}

int softbus_stub_withdraw(struct softbus_object *stub)
{
    SOFTBUS_LOCKED(stub->bus);
    struct softbus *bus = stub->bus;
    int r = 0;

    if (!stub->is_stub)
        return SOFTBUS_ERR_INVALID;
    if (stub->is_dead)
        return 0;
    stub->is_dead = true;
    stub->is_service = false;
    softbus_registry_forget(stub);
    /* A hub that is away will not be told of it. */
    if (stub->n_outside > 0 && softbus_reconnect_is_up(bus)) {
        bus->head.length = 0;
        r = wire_withdraw_encode(&bus->head, stub->id) < 0 ? SOFTBUS_ERR_NO_MEMORY : softbus_bus_send_head(bus);
    }
    if (stub->id)
        sb_idtab_remove(&bus->stubs, stub->id);
    stub->id = 0;
    stub->n_outside = 0;
    return bus->error ? SOFTBUS_ERR_DISCONNECTED : r == SOFTBUS_ERR_DISCONNECTED ? 0 : r;
}

struct softbus_object *softbus_object_ref(struct softbus_object *object)
{
    if (object) {
        SOFTBUS_LOCKED(object->bus);

        object->n_refs++;
    }
    return object;
}

/* Gives all arrivals of a handle back. */
static void release_handle(struct softbus_object *proxy)
{
    struct softbus *bus = proxy->bus;
    struct softbus_outgoing_bytes bytes = { .gathers = bus->n_corks > 0, .is_lazy = bus->n_lazy > 0 };

    while (proxy->n_outside > 0 && softbus_reconnect_is_up(bus)) {
        struct wire_release release = { .id = proxy->id, .after = proxy->channel ? proxy->channel->position : 0 };

        release.count = proxy->n_outside > UINT32_MAX ? UINT32_MAX : (uint32_t)proxy->n_outside;
        proxy->n_outside -= release.count;
        bus->head.length = 0;
        /* A release that is lost would keep the object's reference for good: rather another connection than that. */
        if (wire_release_encode(&bus->head, &release) < 0 || softbus_stream_send(&bus->hub, &bytes) == SOFTBUS_ERR_NO_MEMORY)
            softbus_stream_break(&bus->hub);
    }
}

/* With the lock. */
static void unref(struct softbus_object *object)
{
    if (--object->n_refs > 0)
        return;
    if (object->is_stub) {
        if (object->n_outside > 0 && !object->bus->error)
            return; /* others can still call it */
        if (object->id)
            sb_idtab_remove(&object->bus->stubs, object->id);
    } else if (object->id) {
        sb_map_remove(&object->bus->proxies, &object->entry);
        release_handle(object);
    }
    free_object(object);
}

struct softbus_object *softbus_object_unref(struct softbus_object *object)
{
    struct softbus *bus;

    if (!object)
        return NULL;
    bus = softbus_bus_ref(object->bus); /* the object may be the last that holds its memory */
    softbus_lock(bus);
    unref(object);
    softbus_unlock(bus);
    softbus_bus_unref(bus);
    return NULL;
}

void softbus_object_unref_all(struct softbus_object **objects, size_t n)
{
    struct softbus *bus = NULL;

    for (size_t i = 0; i < n && !bus; i++)
        bus = objects[i] ? softbus_bus_ref(objects[i]->bus) : NULL;
    if (!bus)
        return;
    softbus_lock(bus);
    bus->n_corks++;
    for (size_t i = 0; i < n; i++)
        softbus_object_unref(objects[i]);
    bus->n_corks--;
    if (!bus->error && bus->n_corks == 0 && bus->n_lazy == 0 && bus->hub.out.length > 0)
        softbus_stream_flush(&bus->hub);
    softbus_unlock(bus);
    softbus_bus_unref(bus);
}

bool softbus_object_is_stub(const struct softbus_object *object)
{
    return object->is_stub;
}

bool softbus_object_is_remote(const struct softbus_object *object)
{
    return object->is_remote;
}

bool softbus_object_is_service(const struct softbus_object *object)
{
    SOFTBUS_LOCKED(object->bus);

    return object->is_service;
}

bool softbus_object_is_dead(const struct softbus_object *object)
{
    SOFTBUS_LOCKED(object->bus);

    return object->is_dead;
}

const char *softbus_object_get_device(const struct softbus_object *object)
{
    return object->is_remote ? object->home_text : object->bus->device;
}

unsigned softbus_object_get_hops(const struct softbus_object *object)
{
    SOFTBUS_LOCKED(object->bus);

    return object->hops;
}

bool softbus_object_has_handle(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    return !memcmp(&SB_CONTAINER_OF(entry, struct softbus_object, entry)->id, key, key_size);
}

/* A proxy that arrives: a new reference to the one of its handle. NULL: no memory. */
static struct softbus_object *import_proxy(struct softbus *bus, const struct wire_object *from)
{
    struct sb_map_entry *entry = sb_map_find(&bus->proxies, &from->id, sizeof(from->id));
    struct softbus_object *proxy;

    if (entry) {
        proxy = softbus_object_ref(SB_CONTAINER_OF(entry, struct softbus_object, entry));
        if (from->hops < proxy->hops)
            proxy->hops = from->hops;
    } else if ((proxy = softbus_restore_adopt(bus, from))) {
        softbus_object_ref(proxy);
    } else {
        proxy = new_object(bus, false);
        if (!proxy)
            return NULL;
        proxy->id = from->id;
        proxy->is_remote = (from->flags & WIRE_OBJECT_REMOTE) != 0;
        proxy->hops = from->hops;
        proxy->origin = from->origin;
        proxy->origin_stub = from->stub;
        if (proxy->is_remote) {
            proxy->home = from->device;
            wire_devid_format(&proxy->home, proxy->home_text);
        }
        if (sb_map_add(&bus->proxies, &proxy->entry, &proxy->id, sizeof(proxy->id)) < 0) {
            free_object(proxy);
            return NULL;
        }
    }
    proxy->n_outside++;
    proxy->is_service = (from->flags & WIRE_OBJECT_SERVICE) != 0;
    return proxy;
}

/* A stub that comes home. One that was withdrawn meanwhile is a dead object, never NULL: NULL is what somebody wrote. */
static struct softbus_object *import_stub(struct softbus *bus, const struct wire_object *from)
{
    struct softbus_object *stub = sb_idtab_find(&bus->stubs, from->id);

    if (stub) {
        stub->is_service = (from->flags & WIRE_OBJECT_SERVICE) != 0;
        return softbus_object_ref(stub);
    }
    stub = new_object(bus, false);
    if (stub)
        stub->is_dead = true;
    return stub;
}

int softbus_object_import(struct softbus *bus, const struct wire_objects *objects, struct softbus_parcel *parcel)
{
    for (uint16_t i = 0; i < objects->n; i++) {
        const struct wire_object *from = &objects->items[i];
        struct softbus_object *object;
        int r;

        if (from->id == 0)
            return SOFTBUS_ERR_PROTOCOL;
        object = from->kind == WIRE_OBJECT_STUB ? import_stub(bus, from) : import_proxy(bus, from);
        if (!object)
            return SOFTBUS_ERR_NO_MEMORY;
        r = softbus_parcel_add_object(parcel, object);
        if (r < 0)
            return r;
    }
    return 0;
}

int softbus_object_export(struct softbus *bus, const struct softbus_parcel *parcel, struct wire_objects *ret_objects)
{
    ret_objects->n = 0;
    for (uint16_t i = 0; i < parcel->n_objects; i++) {
        const struct softbus_object *object = parcel->objects[i];

        if (object->bus != bus)
            return SOFTBUS_ERR_INVALID;
        if (object->id == 0)
            return SOFTBUS_ERR_DEAD_OBJECT;
        ret_objects->items[i] =
            (struct wire_object){ .kind = object->is_stub ? WIRE_OBJECT_STUB : WIRE_OBJECT_PROXY, .id = object->id };
    }
    ret_objects->n = parcel->n_objects;
    return 0;
}

void softbus_object_count_sent(const struct softbus_parcel *parcel)
{
    for (uint16_t i = 0; i < parcel->n_objects; i++) {
        if (parcel->objects[i]->is_stub)
            parcel->objects[i]->n_outside++;
    }
}

int softbus_object_check_pass(const struct softbus_parcel *parcel, const struct softbus_object *to)
{
    struct wire_destination destination = { .is_remote = to->is_remote, .device = to->home };

    for (uint16_t i = 0; i < parcel->n_objects; i++) {
        const struct softbus_object *object = parcel->objects[i];
        struct wire_passed passed = { .is_remote = object->is_remote, .home = object->home, .hops = object->hops };
        enum wire_status status = wire_rules_check_pass(&passed, &destination);

        if (status != WIRE_OK)
            return status;
    }
    return 0;
}

int softbus_object_release(struct softbus *bus, const struct wire_release *release)
{
    struct softbus_object *stub = sb_idtab_find(&bus->stubs, release->id);

    if (!stub)
        return 0; /* it crossed a withdrawal */
    if (release->count > stub->n_outside)
        return SOFTBUS_ERR_PROTOCOL;
    stub->n_outside -= release->count;
    softbus_object_collect(stub);
    return 0;
}

void softbus_object_collect(struct softbus_object *stub)
{
    if (stub->n_outside == 0 && stub->n_refs == 0) {
        softbus_object_ref(stub);
        softbus_object_unref(stub);
    }
}

static void unroute_lost(const struct softbus_channel *channel, struct sb_list *list)
{
    SB_LIST_FOREACH (link, list) {
        struct softbus_object *proxy = SB_CONTAINER_OF(link, struct softbus_object, lost_link);

        if (proxy->channel == channel)
            softbus_object_unroute(proxy);
    }
}

void softbus_object_unroute_all(const struct softbus_channel *channel)
{
    struct softbus *bus = channel->stream.bus;
    struct sb_map_entry *entry = NULL;

    while ((entry = sb_map_next(&bus->proxies, entry))) {
        struct softbus_object *proxy = SB_CONTAINER_OF(entry, struct softbus_object, entry);

        if (proxy->channel == channel)
            softbus_object_unroute(proxy);
    }
    unroute_lost(channel, &bus->reconnect.lost);
    unroute_lost(channel, &bus->reconnect.claimed);
}

void softbus_object_detach_all(struct softbus *bus)
{
    struct sb_map_entry *entry;
    uint32_t cursor = 0;
    struct softbus_object *stub;

    while ((entry = sb_map_next(&bus->proxies, NULL))) {
        SB_CONTAINER_OF(entry, struct softbus_object, entry)->id = 0;
        sb_map_remove(&bus->proxies, entry);
    }
    sb_map_deinit(&bus->proxies);
    while ((stub = sb_idtab_next(&bus->stubs, &cursor))) {
        stub->id = 0;
        if (stub->n_refs == 0)
            free_object(stub);
    }
    sb_idtab_deinit(&bus->stubs);
}
