/* Devices, trust and the hub's status. */
#include "softbus/device.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/listing.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/watch.h"
#include "softbus/error.h"
#include "wire/hub.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)SOFTBUS_DEVICE_OFFLINE == (int)WIRE_STATE_OFFLINE &&
                   (int)SOFTBUS_DEVICE_ONLINE == (int)WIRE_STATE_ONLINE &&
                   (int)SOFTBUS_DEVICE_SUSPECT == (int)WIRE_STATE_SUSPECT,
               "one numbering");

const char *softbus_device_state_get_name(enum softbus_device_state state)
{
    switch (state) {
    case SOFTBUS_DEVICE_OFFLINE:
        return "offline";
    case SOFTBUS_DEVICE_ONLINE:
        return "online";
    case SOFTBUS_DEVICE_SUSPECT:
        return "suspect";
    }
    return "unknown";
}

/* A device entry whose texts stay in the parcel. */
static int read_device(struct softbus_parcel *parcel, struct softbus_device_info *device)
{
    uint32_t state = 0;
    int r = softbus_parcel_read_string(parcel, &device->id);

    if (r == 0)
        r = softbus_parcel_read_string(parcel, &device->name);
    if (r == 0)
        r = softbus_parcel_read_u32(parcel, &state);
    if (r == 0)
        r = softbus_parcel_read_bool(parcel, &device->is_trusted);
    if (r == 0)
        r = softbus_parcel_read_string(parcel, &device->addresses);
    if (r == 0)
        r = softbus_parcel_read_u64(parcel, &device->rtt_us);
    if (r == 0)
        r = softbus_parcel_read_u32(parcel, &device->n_services);
    if (r == 0 && state > WIRE_STATE_SUSPECT)
        r = SOFTBUS_ERR_PROTOCOL;
    device->state = (enum softbus_device_state)state;
    return r;
}

static int read_device_item(struct softbus_parcel *parcel, void *item, char **texts)
{
    struct softbus_device_info *device = item;
    int r = read_device(parcel, device);

    if (r < 0)
        return r;
    device->id = softbus_listing_put(texts, device->id);
    device->name = softbus_listing_put(texts, device->name);
    device->addresses = softbus_listing_put(texts, device->addresses);
    return 0;
}

int softbus_device_list(struct softbus *bus, struct softbus_device_info **ret_devices, size_t *ret_n)
{
    void *devices;
    int r = softbus_listing_get(bus, WIRE_HUB_DEVICE_LIST, NULL, sizeof(**ret_devices), read_device_item, &devices, ret_n);

    if (r == 0)
        *ret_devices = devices;
    return r;
}

/* What is told of a device again when it has changed. */
static bool has_changed(struct softbus_watch *watch, const struct softbus_device_info *device)
{
    char detail[WIRE_NAME_MAX + 1024];

    snprintf(detail, sizeof(detail), "%u %u %u %s %s", (unsigned)device->state, device->is_trusted, device->n_services, device->name,
             device->addresses);
    return softbus_watch_learn(watch, device->id, detail);
}

static void tell_device_gone(struct softbus_watch *watch, const char *id)
{
    softbus_device_fn fn = (softbus_device_fn)softbus_watch_get_fn(watch);
    struct softbus_device_info device = { .id = id, .name = "", .state = SOFTBUS_DEVICE_OFFLINE, .addresses = "" };

    softbus_watch_learn(watch, id, NULL);
    fn(softbus_watch_get_userdata(watch), &device);
}

/* As an event, whatever it was before. */
static int tell_device_event(struct softbus_watch *watch, struct softbus_parcel *parcel)
{
    softbus_device_fn fn = (softbus_device_fn)softbus_watch_get_fn(watch);
    struct softbus_device_info device;
    int r = read_device(parcel, &device);

    if (r == 0) {
        has_changed(watch, &device);
        fn(softbus_watch_get_userdata(watch), &device);
    }
    return r;
}

static int tell_device(struct softbus_watch *watch, struct softbus_parcel *parcel)
{
    softbus_device_fn fn = (softbus_device_fn)softbus_watch_get_fn(watch);
    struct softbus_device_info device;
    int r = read_device(parcel, &device);

    if (r == 0 && has_changed(watch, &device))
        fn(softbus_watch_get_userdata(watch), &device);
    return r;
}

int softbus_device_watch(struct softbus *bus, softbus_device_fn fn, void *userdata, struct softbus_watch **ret_watch)
{
    static const struct softbus_watch_kind kind = { .code = WIRE_HUB_DEVICE_WATCH,
                                                    .event_code = WIRE_EVENT_DEVICE,
                                                    .tell_entry = tell_device,
                                                    .tell_event = tell_device_event,
                                                    .tell_gone = tell_device_gone };

    return softbus_watch_open(bus, &kind, NULL, (void (*)(void))fn, userdata, ret_watch);
}

/* A call of the hub about one device: its id, a second text unless NULL, no reply. */
static int ask_about_device(struct softbus *bus, uint32_t code, const char *device, const char *text, uint32_t timeout_ms,
                            enum softbus_hub_wait wait)
{
    char device_text[WIRE_DEVID_TEXT_SIZE];
    struct softbus_parcel *request;
    int r = softbus_listing_check_device(device, device_text);

    if (r < 0)
        return r;
    request = softbus_bus_take_parcel(bus, 0);
    r = request ? softbus_parcel_write_string(request, device_text) : SOFTBUS_ERR_NO_MEMORY;
    if (r == 0 && text)
        r = softbus_parcel_write_string(request, text);
    if (r == 0)
        r = softbus_call_hub(bus, code, request, NULL, timeout_ms, wait);
    softbus_bus_give_parcel(bus, request);
    return r;
}

int softbus_device_ping(struct softbus *bus, const char *device, uint32_t timeout_ms)
{
    return ask_about_device(bus, WIRE_HUB_DEVICE_PING, device, NULL, timeout_ms, SOFTBUS_HUB_BUSY);
}

int softbus_trust_add(struct softbus *bus, const char *device, const char *name)
{
    if (!device || !*device)
        return SOFTBUS_ERR_BAD_DEVICE_ID;
    if (name && strlen(name) > WIRE_NAME_MAX)
        return SOFTBUS_ERR_INVALID;
    return ask_about_device(bus, WIRE_HUB_TRUST_ADD, device, name ? name : "", 0, SOFTBUS_HUB_QUIET);
}

int softbus_trust_remove(struct softbus *bus, const char *device)
{
    if (!device || !*device)
        return SOFTBUS_ERR_BAD_DEVICE_ID;
    return ask_about_device(bus, WIRE_HUB_TRUST_REMOVE, device, NULL, 0, SOFTBUS_HUB_QUIET);
}

static int read_trust(struct softbus_parcel *parcel, void *item, char **texts)
{
    struct softbus_trust_info *entry = item;
    int r = softbus_listing_read(parcel, texts, &entry->id);

    return r < 0 ? r : softbus_listing_read(parcel, texts, &entry->name);
}

int softbus_trust_list(struct softbus *bus, struct softbus_trust_info **ret_entries, size_t *ret_n)
{
    void *entries;
    int r = softbus_listing_get(bus, WIRE_HUB_TRUST_LIST, NULL, sizeof(**ret_entries), read_trust, &entries, ret_n);

    if (r == 0)
        *ret_entries = entries;
    return r;
}

static int read_status(struct softbus_parcel *parcel, void *item, char **texts)
{
    struct softbus_status_item *status = item;
    int r = softbus_listing_read(parcel, texts, &status->name);

    if (r == 0)
        r = softbus_parcel_read_u64(parcel, &status->value);
    if (r == 0)
        r = softbus_listing_read(parcel, texts, &status->text);
    if (r == 0 && !*status->text)
        status->text = NULL;
    return r;
}

int softbus_status_get(struct softbus *bus, struct softbus_status_item **ret_items, size_t *ret_n)
{
    void *items;
    int r = softbus_listing_get(bus, WIRE_HUB_STATUS, NULL, sizeof(**ret_items), read_status, &items, ret_n);

    if (r == 0)
        *ret_items = items;
    return r;
}
