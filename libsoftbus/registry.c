/* Services: what the hub's registry is asked and told. */
#include "softbus/registry.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/listing.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/watch.h"
#include "softbus/error.h"
#include "wire/hub.h"
#include "wire/rules.h"

#include <string.h>

static int check_name(const char *name)
{
    return !name || wire_rules_check_name(name, strlen(name)) ? SOFTBUS_ERR_NAME_INVALID : 0;
}

int softbus_service_add(struct softbus *bus, const char *name, struct softbus_object *stub, unsigned flags)
{
    SOFTBUS_LOCKED(bus);
    struct softbus_parcel *request;
    int r = check_name(name);

    if (r < 0)
        return r;
    if (!stub->is_stub || stub->bus != bus || flags & ~(unsigned)SOFTBUS_SERVICE_DISTRIBUTED)
        return SOFTBUS_ERR_INVALID;
    request = softbus_bus_take_parcel(bus, 0);
    r = request ? softbus_parcel_write_string(request, name) : SOFTBUS_ERR_NO_MEMORY;
    if (r == 0)
        r = softbus_parcel_write_object(request, stub);
    if (r == 0)
        r = softbus_parcel_write_bool(request, (flags & SOFTBUS_SERVICE_DISTRIBUTED) != 0);
    if (r == 0)
        r = softbus_call_hub(bus, WIRE_HUB_SERVICE_ADD, request, NULL, 0, SOFTBUS_HUB_QUIET);
    if (r == 0)
        stub->is_service = true;
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
    softbus_bus_give_parcel(bus, request);
    return r;
}

/* The hub is asked to wait, and given up at the end of our own patience. */
static int ask_for_service(struct softbus *bus, const char *device, const char *name, uint32_t wait_ms,
                           struct softbus_parcel *request, struct softbus_parcel *reply)
{
    int r = softbus_parcel_write_string(request, device);

    if (r == 0)
        r = softbus_parcel_write_string(request, name);
    if (r == 0)
        r = softbus_parcel_write_bool(request, wait_ms > 0);
    if (r == 0)
        r = softbus_call_hub(bus, WIRE_HUB_SERVICE_GET, request, reply, wait_ms, SOFTBUS_HUB_BUSY);
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

    fn(softbus_watch_get_userdata(watch), device, name, is_present);
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
                                                    .tell_event = tell_service_event };
    char device_text[WIRE_DEVID_TEXT_SIZE];
    int r = softbus_listing_check_device(device, device_text);

    return r < 0 ? r : softbus_watch_open(bus, &kind, device_text, (void (*)(void))fn, userdata, ret_watch);
}
