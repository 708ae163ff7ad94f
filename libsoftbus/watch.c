/*
 * Watches; see watch.h. What was there at the beginning is told from urgent jobs, one entry each: before any event, and never
 * inside the function that began the watch. What the app was told is remembered, so that after a restart of the hub it hears of the
 * difference only: what is new when the new hub answers, what is gone when nothing from before can come back any more.
 */
#include "libsoftbus/watch.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/restore.h"
#include "libsoftbus/serve.h"
#include "libsoftbus/wait.h"
#include "softbus/error.h"

#include <stdlib.h>
#include <string.h>

/* What the app was told is there. */
struct known {
    struct sb_map_entry entry; /* watch->known, by key */
    const char *key;           /* behind detail */
    bool is_missing;           /* the present hub has not said so */
    char detail[];
};

struct softbus_watch {
    struct sb_list link; /* in bus->watches */
    struct softbus *bus;
    struct softbus_object *stub; /* holds a reference */
    const struct softbus_watch_kind *kind;
    void (*fn)(void);
    void *userdata;
    bool has_device; /* its code takes one */
    char device[WIRE_DEVID_TEXT_SIZE];
    struct softbus_parcel *entries; /* of the first answer */
    struct softbus_parcel *fresh;   /* of a new hub's, while the app reads in `entries` */
    uint32_t n_entries_left;
    struct sb_map known;
    bool has_begun;     /* a hub has answered */
    bool is_sweeping;   /* what is missing now is gone */
    uint64_t restoring; /* the call that begins it again; 0: none */
    struct softbus_job job;
    unsigned n_telling; /* tell functions on the stack */
    bool is_ended;
};

static bool has_key(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    const struct known *known = SB_CONTAINER_OF(entry, struct known, entry);

    return strlen(known->key) == key_size && !memcmp(known->key, key, key_size);
}

static void forget(struct softbus_watch *watch, struct known *known)
{
    sb_map_remove(&watch->known, &known->entry);
    free(known);
}

/* Without memory it will be told once more. */
static void remember(struct softbus_watch *watch, const char *key, const char *detail)
{
    size_t key_size = strlen(key), detail_size = strlen(detail) + 1;
    struct known *known = malloc(sizeof(*known) + detail_size + key_size + 1);

    if (!known)
        return;
    memcpy(known->detail, detail, detail_size);
    memcpy(known->detail + detail_size, key, key_size + 1);
    known->key = known->detail + detail_size;
    known->is_missing = false;
    if (sb_map_add(&watch->known, &known->entry, key, key_size) < 0)
        free(known);
}

bool softbus_watch_learn(struct softbus_watch *watch, const char *key, const char *detail)
{
    SOFTBUS_LOCKED(watch->bus);
    struct sb_map_entry *entry = sb_map_find(&watch->known, key, strlen(key));
    struct known *known = entry ? SB_CONTAINER_OF(entry, struct known, entry) : NULL;

    if (watch->is_ended)
        return false;
    if (known && detail && !strcmp(known->detail, detail)) {
        known->is_missing = false;
        return false;
    }
    if (known)
        forget(watch, known);
    if (detail)
        remember(watch, key, detail);
    return known || detail;
}

static struct known *find_missing(struct softbus_watch *watch)
{
    struct sb_map_entry *entry = NULL;

    while ((entry = sb_map_next(&watch->known, entry))) {
        struct known *known = SB_CONTAINER_OF(entry, struct known, entry);

        if (known->is_missing)
            return known;
    }
    return NULL;
}

static void free_watch(struct softbus_watch *watch)
{
    struct sb_map_entry *entry;

    while ((entry = sb_map_next(&watch->known, NULL)))
        forget(watch, SB_CONTAINER_OF(entry, struct known, entry));
    sb_map_deinit(&watch->known);
    softbus_bus_give_parcel(watch->bus, watch->entries);
    softbus_bus_give_parcel(watch->bus, watch->fresh);
    free(watch);
}

static void queue_entries(struct softbus_watch *watch)
{
    if (!sb_list_is_empty(&watch->job.link))
        return;
    sb_list_append(&watch->bus->urgent, &watch->job.link);
    if (watch->bus->is_threaded) /* whoever runs things may be asleep */
        softbus_wait_kick(watch->bus);
}

/* Begins with what the hub's answer holds. */
static int take_entries(struct softbus_watch *watch)
{
    if (softbus_parcel_read_u32(watch->entries, &watch->n_entries_left) < 0 ||
        watch->n_entries_left > softbus_parcel_get_left(watch->entries)) {
        watch->n_entries_left = 0;
        return SOFTBUS_ERR_PROTOCOL;
    }
    watch->has_begun = true;
    if (watch->n_entries_left > 0)
        queue_entries(watch);
    return 0;
}

static void use_fresh(struct softbus_watch *watch)
{
    if (!watch->fresh || watch->n_telling > 0)
        return;
    softbus_bus_give_parcel(watch->bus, watch->entries);
    watch->entries = watch->fresh;
    watch->fresh = NULL;
    take_entries(watch);
}

static void end_telling(struct softbus_watch *watch, struct softbus_context *context)
{
    softbus_context_leave(context);
    watch->n_telling--;
    if (!watch->is_ended) {
        use_fresh(watch);
        if (watch->n_entries_left > 0 || watch->is_sweeping) /* another thread may have come for them meanwhile */
            queue_entries(watch);
    } else if (watch->n_telling == 0) {
        free_watch(watch);
    }
}

/* Runs one of the kind's functions: what it lends to the app must live until it returns, even when the app ends the watch. */
static int tell(struct softbus_watch *watch, softbus_watch_tell_fn fn, struct softbus_parcel *parcel)
{
    struct softbus_context context;
    int r;

    watch->n_telling++;
    softbus_context_enter(watch->bus, &context, NULL, softbus_context_get_trace(watch->bus));
    r = fn(watch, parcel);
    end_telling(watch, &context);
    return r;
}

static void tell_gone(struct softbus_watch *watch, struct known *known)
{
    struct softbus_context context;
    char *key = strdup(known->key);

    if (!key) { /* without memory it stays as it is */
        known->is_missing = false;
        return;
    }
    watch->n_telling++;
    softbus_context_enter(watch->bus, &context, NULL, 0);
    watch->kind->tell_gone(watch, key);
    end_telling(watch, &context);
    free(key);
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

/* The watch may be gone behind it. */
static void tell_next(struct softbus_watch *watch)
{
    struct softbus *bus = watch->bus;
    struct known *missing;

    /* Queued again first, and at the front: when fn waits, the other entries still go before all events. */
    if (watch->n_entries_left > 0) {
        if (--watch->n_entries_left > 0 || watch->is_sweeping)
            sb_list_append(bus->urgent.next, &watch->job.link);
        tell(watch, watch->kind->tell_entry, watch->entries);
        return;
    }
    missing = watch->is_sweeping ? find_missing(watch) : NULL;
    watch->is_sweeping = missing != NULL;
    if (!missing)
        return;
    sb_list_append(bus->urgent.next, &watch->job.link);
    tell_gone(watch, missing);
}

/* As if it were a call of the watch's stub: one at a time with the events, and never two threads in one parcel. */
static void run_entry(struct softbus *bus, struct softbus_job *job)
{
    struct softbus_watch *watch = SB_CONTAINER_OF(job, struct softbus_watch, job);
    struct softbus_object *stub = watch->stub;
    softbus_thread_id self = softbus_thread_get_id(), owner = stub->owner;

    (void)bus;
    if (owner && owner != self) /* end_telling() there brings it back */
        return;
    softbus_object_ref(stub);
    stub->owner = self;
    tell_next(watch);
    stub->owner = owner;
    if (!owner)
        softbus_serve_open_gate(stub);
    softbus_object_unref(stub);
}

/* The watch itself is freed with all others. */
static void drop_entries(struct softbus *bus, struct softbus_job *job)
{
    (void)bus;
    (void)job;
}

/* NULL: no memory. */
static struct softbus_parcel *new_request(struct softbus_watch *watch)
{
    struct softbus_parcel *request = softbus_bus_take_parcel(watch->bus, 0);
    int r = request ? 0 : SOFTBUS_ERR_NO_MEMORY;

    if (r == 0 && watch->has_device)
        r = softbus_parcel_write_string(request, watch->device);
    if (r == 0)
        r = softbus_parcel_write_object(request, watch->stub);
    if (r == 0)
        return request;
    softbus_bus_give_parcel(watch->bus, request);
    return NULL;
}

static int ask_hub(struct softbus_watch *watch)
{
    struct softbus *bus = watch->bus;
    struct softbus_parcel *request = new_request(watch);
    int r;

    watch->entries = softbus_bus_take_parcel(bus, 0);
    r = request && watch->entries ? 0 : SOFTBUS_ERR_NO_MEMORY;
    if (r == 0)
        r = softbus_call_hub(bus, watch->kind->code, request, watch->entries, 0, SOFTBUS_HUB_QUIET);
    if (r == 0)
        r = take_entries(watch);
    softbus_bus_give_parcel(bus, request);
    return r;
}

/* --- a hub that restarts --- */

void softbus_watch_suspend_all(struct softbus *bus)
{
    SB_LIST_FOREACH (link, &bus->watches) {
        struct softbus_watch *watch = SB_CONTAINER_OF(link, struct softbus_watch, link);
        struct sb_map_entry *entry = NULL;

        watch->n_entries_left = 0;
        watch->is_sweeping = false;
        watch->restoring = 0;
        softbus_bus_give_parcel(bus, watch->fresh);
        watch->fresh = NULL;
        sb_list_remove(&watch->job.link);
        while ((entry = sb_map_next(&watch->known, entry)))
            SB_CONTAINER_OF(entry, struct known, entry)->is_missing = true;
    }
}

unsigned softbus_watch_restore_all(struct softbus *bus)
{
    unsigned n = 0;

    SB_LIST_FOREACH (link, &bus->watches) {
        struct softbus_watch *watch = SB_CONTAINER_OF(link, struct softbus_watch, link);
        struct softbus_parcel *request;
        int r;

        if (!watch->has_begun) /* whoever begins it asks again */
            continue;
        request = new_request(watch);
        r = request ? softbus_call_hub_later(bus, watch->kind->code, request, NULL, SOFTBUS_RESTORES_WATCH, &watch->restoring)
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

void softbus_watch_take(struct softbus *bus, struct softbus_pending *pending)
{
    SB_LIST_FOREACH (link, &bus->watches) {
        struct softbus_watch *watch = SB_CONTAINER_OF(link, struct softbus_watch, link);

        if (watch->restoring != pending->id)
            continue;
        watch->restoring = 0;
        /* One that the hub does not want any more sees everything vanish. */
        if (pending->status < 0)
            return;
        softbus_bus_give_parcel(bus, watch->fresh);
        watch->fresh = pending->reply;
        pending->reply = NULL;
        use_fresh(watch);
        return;
    }
}

void softbus_watch_end_wait(struct softbus *bus)
{
    SB_LIST_FOREACH (link, &bus->watches) {
        struct softbus_watch *watch = SB_CONTAINER_OF(link, struct softbus_watch, link);

        if (!find_missing(watch))
            continue;
        watch->is_sweeping = true;
        queue_entries(watch);
    }
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
    sb_map_init(&watch->known, &bus->random, has_key);
    watch->has_device = device != NULL;
    if (device)
        memcpy(watch->device, device, strlen(device) + 1);
    r = softbus_stub_new(bus, "org.softbus.Watch", handle_event, watch, &watch->stub);
    if (r < 0) {
        free_watch(watch);
        return r;
    }
    watch->stub->is_internal = true;
    sb_list_append(&bus->watches, &watch->link);
    r = ask_hub(watch);
    if (r < 0) {
        end_watch(watch);
        return r;
    }
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
