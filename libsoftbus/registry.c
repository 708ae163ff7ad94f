/* Services: what the hub's registry is asked and told. */
#include "libsoftbus/registry.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/listing.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/restore.h"
#include "libsoftbus/watch.h"
#include "softbus/error.h"
#include "softbus/registry.h"
#include "wire/hub.h"
#include "wire/rules.h"

#include <stdlib.h>
#include <string.h>

static int check_name(const char *name)
{
    return !name || wire_rules_check_name(name, strlen(name)) ? SOFTBUS_ERR_NAME_INVALID : 0;
}

/* A service of this process. */
struct softbus_name {
    struct sb_list link;         /* bus->names */
    struct softbus_object *stub; /* forgets it when it goes */
    unsigned flags;
    uint64_t restoring;          /* the call that registers it again; 0: none */
    char text[];
};

static struct softbus_name *free_name(struct softbus_name *name)
{
    if (name)
        sb_list_remove(&name->link);
    free(name);
    return NULL;
}

/* NULL: no memory. In no list yet. */
static struct softbus_name *new_name(const char *text, struct softbus_object *stub, unsigned flags)
{
    size_t size = strlen(text) + 1;
    struct softbus_name *name = malloc(sizeof(*name) + size);

    if (!name)
        return NULL;
    *name = (struct softbus_name){ .stub = stub, .flags = flags };
    sb_list_init(&name->link);
    memcpy(name->text, text, size);
    return name;
}

static struct softbus_name *find_name(struct softbus *bus, const char *text)
{
    SB_LIST_FOREACH (link, &bus->names) {
        struct softbus_name *name = SB_CONTAINER_OF(link, struct softbus_name, link);

        if (!strcmp(name->text, text))
            return name;
    }
    return NULL;
}

bool softbus_registry_has(const struct softbus_object *stub)
{
    SB_LIST_FOREACH (link, &stub->bus->names) {
        if (SB_CONTAINER_OF(link, struct softbus_name, link)->stub == stub)
            return true;
    }
    return false;
}

void softbus_registry_forget(const struct softbus_object *stub)
{
    SB_LIST_FOREACH (link, &stub->bus->names) {
        struct softbus_name *name = SB_CONTAINER_OF(link, struct softbus_name, link);

        if (name->stub == stub)
            free_name(name);
    }
}

void softbus_registry_drop_all(struct softbus *bus)
{
    struct sb_list *link;

    while ((link = sb_list_first(&bus->names)))
        free_name(SB_CONTAINER_OF(link, struct softbus_name, link));
}

/* What SERVICE_ADD says. NULL: no memory. */
static struct softbus_parcel *new_request(struct softbus *bus, const struct softbus_name *name)
{
    struct softbus_parcel *request = softbus_bus_take_parcel(bus, 0);
    int r = request ? softbus_parcel_write_string(request, name->text) : SOFTBUS_ERR_NO_MEMORY;

    if (r == 0)
        r = softbus_parcel_write_object(request, name->stub);
    if (r == 0)
        r = softbus_parcel_write_bool(request, (name->flags & SOFTBUS_SERVICE_DISTRIBUTED) != 0);
    if (r == 0)
        return request;
    softbus_bus_give_parcel(bus, request);
    return NULL;
}

unsigned softbus_registry_restore(struct softbus *bus)
{
    unsigned n = 0;

    SB_LIST_FOREACH (link, &bus->names) {
        struct softbus_name *name = SB_CONTAINER_OF(link, struct softbus_name, link);
        struct softbus_parcel *request = new_request(bus, name);
        int r = request ? softbus_call_hub_later(bus, WIRE_HUB_SERVICE_ADD, request, NULL, SOFTBUS_RESTORES_SERVICE, &name->restoring)
                        : SOFTBUS_ERR_NO_MEMORY;

        softbus_bus_give_parcel(bus, request);
        if (r < 0) {
            softbus_stream_break(&bus->hub); /* all of it once more */
            break;
        }
        n++;
    }
    return n;
}

void softbus_registry_take(struct softbus *bus, const struct softbus_pending *pending)
{
    SB_LIST_FOREACH (link, &bus->names) {
        struct softbus_name *name = SB_CONTAINER_OF(link, struct softbus_name, link);
        struct softbus_object *stub = name->stub;

        if (name->restoring != pending->id)
            continue;
        name->restoring = 0;
        if (pending->status == 0)
            return;
        bus->reconnect.n_lost_names++;
        free_name(name);
        stub->is_service = softbus_registry_has(stub);
        return;
    }
}

int softbus_service_add(struct softbus *bus, const char *name, struct softbus_object *stub, unsigned flags)
{
    SOFTBUS_LOCKED(bus);
    struct softbus_parcel *request;
    struct softbus_name *known;
    int r = check_name(name);

    if (r < 0)
        return r;
    if (!stub->is_stub || stub->bus != bus || flags & ~(unsigned)SOFTBUS_SERVICE_DISTRIBUTED)
        return SOFTBUS_ERR_INVALID;
    known = new_name(name, stub, flags);
    request = known ? new_request(bus, known) : NULL;
    r = request ? softbus_call_hub(bus, WIRE_HUB_SERVICE_ADD, request, NULL, 0, SOFTBUS_HUB_QUIET) : SOFTBUS_ERR_NO_MEMORY;
    if (r == 0 && !stub->is_dead) { /* not withdrawn meanwhile */
        stub->is_service = true;
        free_name(find_name(bus, name));
        sb_list_append(&bus->names, &known->link);
    } else {
        free_name(known);
    }
    softbus_bus_give_parcel(bus, request);
    return r;
}

int softbus_service_remove(struct softbus *bus, const char *name)
{
    SOFTBUS_LOCKED(bus);
    struct softbus_parcel *request;
    int r = check_name(name);

    if (r < 0)
        return SOFTBUS_ERR_NO_SERVICE;
    request = softbus_bus_take_parcel(bus, 0);
    r = request ? softbus_parcel_write_string(request, name) : SOFTBUS_ERR_NO_MEMORY;
    if (r == 0)
        r = softbus_call_hub(bus, WIRE_HUB_SERVICE_REMOVE, request, NULL, 0, SOFTBUS_HUB_QUIET);
    if (r == 0 || r == SOFTBUS_ERR_NO_SERVICE)
        free_name(find_name(bus, name));
    softbus_bus_give_parcel(bus, request);
    return r;
}

/* The hub is asked to wait, and given up at the end of our own patience. Without any, it says by itself how a start has ended. */
static int ask_for_service(struct softbus *bus, const char *device, const char *name, uint32_t wait_ms,
                           struct softbus_parcel *request, struct softbus_parcel *reply)
{
    int r = softbus_parcel_write_string(request, device);

    if (r == 0)
        r = softbus_parcel_write_string(request, name);
    if (r == 0)
        r = softbus_parcel_write_bool(request, wait_ms > 0);
    if (r == 0)
        r = softbus_call_hub(bus, WIRE_HUB_SERVICE_GET, request, reply, wait_ms, wait_ms > 0 ? SOFTBUS_HUB_BUSY : SOFTBUS_HUB_START);
    return r == SOFTBUS_ERR_TIMEOUT && wait_ms > 0 ? SOFTBUS_ERR_NO_SERVICE : r;
}

int softbus_service_get(struct softbus *bus, const char *device, const char *name, uint32_t wait_ms,
                        struct softbus_object **ret_object)
{
    SOFTBUS_LOCKED(bus);
    char device_text[WIRE_DEVID_TEXT_SIZE];
    struct softbus_parcel *request, *reply;
    struct softbus_object *object = NULL;
    int r = softbus_listing_check_device(device, device_text);

    if (r == 0)
        r = check_name(name);
    if (r < 0)
        return r;
    request = softbus_bus_take_parcel(bus, 0);
    reply = softbus_bus_take_parcel(bus, 0);
    r = request && reply ? ask_for_service(bus, device_text, name, wait_ms, request, reply) : SOFTBUS_ERR_NO_MEMORY;
    if (r == 0 && (softbus_parcel_read_object(reply, &object) < 0 || !object))
        r = SOFTBUS_ERR_PROTOCOL;
    softbus_bus_give_parcel(bus, request);
    softbus_bus_give_parcel(bus, reply);
    if (r == 0)
        *ret_object = object;
    return r;
}

static int read_service(struct softbus_parcel *parcel, void *item, char **texts)
{
    struct softbus_service_info *service = item;
    int r = softbus_listing_read(parcel, texts, &service->name);

    if (r == 0)
        r = softbus_parcel_read_bool(parcel, &service->is_distributed);
    if (r == 0)
        r = softbus_listing_read(parcel, texts, &service->app);
    return r < 0 ? r : softbus_parcel_read_u32(parcel, &service->pid);
}

int softbus_service_list(struct softbus *bus, const char *device, struct softbus_service_info **ret_services,
                         size_t *ret_n)
{
    void *services;
    int r = softbus_listing_get(bus, WIRE_HUB_SERVICE_LIST, device ? device : "", sizeof(**ret_services), read_service,
                                &services, ret_n);

    if (r == 0)
        *ret_services = services;
    return r;
}

static void tell_service(struct softbus_watch *watch, const char *device, const char *name, bool is_present)
{
    softbus_service_fn fn = (softbus_service_fn)softbus_watch_get_fn(watch);

    if (softbus_watch_learn(watch, name, is_present ? "" : NULL))
        fn(softbus_watch_get_userdata(watch), device, name, is_present);
}

static void tell_service_gone(struct softbus_watch *watch, const char *name)
{
    tell_service(watch, softbus_watch_get_device(watch), name, false);
}

static int tell_service_entry(struct softbus_watch *watch, struct softbus_parcel *parcel)
{
    const char *name;
    int r = softbus_parcel_read_string(parcel, &name);

    if (r == 0)
        tell_service(watch, softbus_watch_get_device(watch), name, true);
    return r;
}

static int tell_service_event(struct softbus_watch *watch, struct softbus_parcel *parcel)
{
    const char *device, *name;
    bool is_present;
    int r = softbus_parcel_read_string(parcel, &device);

    if (r == 0)
        r = softbus_parcel_read_string(parcel, &name);
    if (r == 0)
        r = softbus_parcel_read_bool(parcel, &is_present);
    if (r == 0)
        tell_service(watch, *device ? device : softbus_watch_get_device(watch), name, is_present);
    return r;
}

int softbus_service_watch(struct softbus *bus, const char *device, softbus_service_fn fn, void *userdata,
                          struct softbus_watch **ret_watch)
{
    SOFTBUS_LOCKED(bus);
    static const struct softbus_watch_kind kind = { .code = WIRE_HUB_SERVICE_WATCH,
                                                    .event_code = WIRE_EVENT_SERVICE,
                                                    .tell_entry = tell_service_entry,
                                                    .tell_event = tell_service_event,
                                                    .tell_gone = tell_service_gone };
    char device_text[WIRE_DEVID_TEXT_SIZE];
    int r = softbus_listing_check_device(device, device_text);

    return r < 0 ? r : softbus_watch_open(bus, &kind, device_text, (void (*)(void))fn, userdata, ret_watch);
}
