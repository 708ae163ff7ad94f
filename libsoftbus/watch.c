/* Watches; see watch.h. What was there at the beginning is told from urgent jobs, one entry each: before any event, and never
 * inside the function that began the watch. */
#include "libsoftbus/watch.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "softbus/error.h"

#include <stdlib.h>
#include <string.h>

struct softbus_watch {
    struct sb_list link; /* in bus->watches */
    struct softbus *bus;
    struct softbus_object *stub; /* holds a reference */
    const struct softbus_watch_kind *kind;
    void (*fn)(void);
    void *userdata;
    char device[WIRE_DEVID_TEXT_SIZE];
    struct softbus_parcel *entries; /* of the first answer */
    uint32_t n_entries_left;
    struct softbus_job job;
    unsigned n_telling; /* tell functions on the stack */
    bool is_ended;
};

static void free_watch(struct softbus_watch *watch)
{
    softbus_bus_give_parcel(watch->bus, watch->entries);
    free(watch);
}

/* Runs one of the kind's functions: what it lends to the app must live until it returns, even when the app ends the watch. */
static int tell(struct softbus_watch *watch, softbus_watch_tell_fn fn, struct softbus_parcel *parcel)
{
    struct softbus_context context;
    int r;

    watch->n_telling++;
    softbus_context_enter(watch->bus, &context, NULL, softbus_context_get_trace(watch->bus));
    r = fn(watch, parcel);
    softbus_context_leave(&context);
    watch->n_telling--;
    if (watch->is_ended && watch->n_telling == 0)
        free_watch(watch);
    return r;
}

static int handle_event(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                        struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct softbus_watch *watch = userdata;

    (void)transaction;
    (void)reply;
    if (code != watch->kind->event_code)
        return SOFTBUS_ERR_UNKNOWN_CODE;
    return tell(watch, watch->kind->tell_event, request);
}

static void run_entry(struct softbus *bus, struct softbus_job *job)
{
    struct softbus_watch *watch = SB_CONTAINER_OF(job, struct softbus_watch, job);

    /* Queued again first, and at the front: when fn waits, the other entries still go before all events. */
    if (--watch->n_entries_left > 0)
        sb_list_append(bus->urgent.next, &job->link);
    tell(watch, watch->kind->tell_entry, watch->entries);
}

/* The watch itself is freed with all others. */
static void drop_entries(struct softbus *bus, struct softbus_job *job)
{
    (void)bus;
    (void)job;
}

static int ask_hub(struct softbus_watch *watch, bool has_device)
{
    struct softbus *bus = watch->bus;
    struct softbus_parcel *request = softbus_bus_take_parcel(bus, 0);
    int r;

    watch->entries = softbus_bus_take_parcel(bus, 0);
    r = request && watch->entries ? 0 : SOFTBUS_ERR_NO_MEMORY;
    if (r == 0 && has_device)
        r = softbus_parcel_write_string(request, watch->device);
    if (r == 0)
        r = softbus_parcel_write_object(request, watch->stub);
    if (r == 0)
        r = softbus_call_hub(bus, watch->kind->code, request, watch->entries, 0, SOFTBUS_HUB_QUIET);
    if (r == 0 && softbus_parcel_read_u32(watch->entries, &watch->n_entries_left) < 0)
        r = SOFTBUS_ERR_PROTOCOL;
    if (r == 0 && watch->n_entries_left > softbus_parcel_get_left(watch->entries))
        r = SOFTBUS_ERR_PROTOCOL;
    softbus_bus_give_parcel(bus, request);
    return r;
}

/* Takes it away from the hub and from all lists. */
static void end_watch(struct softbus_watch *watch)
{
    watch->is_ended = true;
    sb_list_remove(&watch->link);
    sb_list_remove(&watch->job.link);
    softbus_stub_withdraw(watch->stub);
    watch->stub = softbus_object_unref(watch->stub);
    if (watch->n_telling == 0)
        free_watch(watch);
}

int softbus_watch_open(struct softbus *bus, const struct softbus_watch_kind *kind, const char *device, void (*fn)(void),
                       void *userdata, struct softbus_watch **ret_watch)
{
    SOFTBUS_LOCKED(bus);
    struct softbus_watch *watch;
    int r;

    if (!fn)
        return SOFTBUS_ERR_INVALID;
    if (bus->error)
        return SOFTBUS_ERR_DISCONNECTED;
    watch = calloc(1, sizeof(*watch));
    if (!watch)
        return SOFTBUS_ERR_NO_MEMORY;
    watch->bus = bus;
    watch->kind = kind;
    watch->fn = fn;
    watch->userdata = userdata;
    watch->job = (struct softbus_job){ .run = run_entry, .drop = drop_entries };
    sb_list_init(&watch->job.link);
    if (device)
        memcpy(watch->device, device, strlen(device) + 1);
    r = softbus_stub_new(bus, "org.softbus.Watch", handle_event, watch, &watch->stub);
    if (r < 0) {
        free(watch);
        return r;
    }
    watch->stub->is_internal = true;
    sb_list_append(&bus->watches, &watch->link);
    r = ask_hub(watch, device != NULL);
    if (r < 0) {
        end_watch(watch);
        return r;
    }
    if (watch->n_entries_left > 0)
        sb_list_append(&bus->urgent, &watch->job.link);
    if (ret_watch)
        *ret_watch = watch;
    return 0;
}

void softbus_unwatch(struct softbus_watch *watch)
{
    if (watch) {
        SOFTBUS_LOCKED(watch->bus);

        end_watch(watch);
    }
}

void (*softbus_watch_get_fn(const struct softbus_watch *watch))(void)
{
    return watch->fn;
}

void *softbus_watch_get_userdata(const struct softbus_watch *watch)
{
    return watch->userdata;
}

const char *softbus_watch_get_device(const struct softbus_watch *watch)
{
    return watch->device[0] ? watch->device : watch->bus->device;
}

void softbus_watch_free_all(struct softbus *bus)
{
    struct sb_list *link;

    while ((link = sb_list_first(&bus->watches)))
        end_watch(SB_CONTAINER_OF(link, struct softbus_watch, link));
}
