/* Links to death. The hub keeps one for each handle; here each caller has its own. */
#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "base/clock.h"
#include "softbus/error.h"
#include "wire/hub.h"
#include "wire/rules.h"
#include "wire/status.h"

#include <stdlib.h>

_Static_assert((int)SOFTBUS_DEATH_PROCESS_DIED == (int)WIRE_DEATH_PROCESS_DIED &&
                   (int)SOFTBUS_DEATH_WITHDRAWN == (int)WIRE_DEATH_WITHDRAWN &&
                   (int)SOFTBUS_DEATH_DEVICE_LOST == (int)WIRE_DEATH_DEVICE_LOST &&
                   (int)SOFTBUS_DEATH_TRUST_REVOKED == (int)WIRE_DEATH_TRUST_REVOKED &&
                   (int)SOFTBUS_DEATH_ACCESS_REVOKED == (int)WIRE_DEATH_ACCESS_REVOKED,
               "one numbering");

struct softbus_link {
    struct sb_list link;           /* in bus->links */
    struct softbus_object *object; /* holds a reference */
    softbus_death_fn fn;
    void *userdata;
    bool has_fired; /* fn runs now; softbus_death_fire() frees it */
};

static void free_link(struct softbus_link *link)
{
    sb_list_remove(&link->link);
    softbus_object_unref(link->object);
    free(link);
}

/* LINK_DEATH or UNLINK_DEATH. Quiet: a death that comes right behind the answer runs after this function. The handle is the present
 * hub's: when that goes meanwhile the next one is asked, by another handle. */
static int ask_hub(struct softbus_object *object, uint32_t code)
{
    struct softbus *bus = object->bus;
    struct softbus_parcel *request = softbus_bus_take_parcel(bus, 0);
    uint64_t due_ms = sb_clock_now_ms() + SOFTBUS_DEFAULT_TIMEOUT_MS;
    int r = request ? SOFTBUS_ERR_DISCONNECTED : SOFTBUS_ERR_NO_MEMORY;

    while (r == SOFTBUS_ERR_DISCONNECTED && !bus->error && sb_clock_now_ms() < due_ms) {
        unsigned n_hubs;

        r = softbus_call_wait_back(object, due_ms);
        n_hubs = bus->reconnect.n_hubs;
        softbus_parcel_clear(request);
        if (r == 0)
            r = softbus_parcel_write_u64(request, object->id);
        if (r == 0)
            r = softbus_call_hub(bus, code, request, NULL, 0, SOFTBUS_HUB_QUIET_ONCE);
        if (r == 0 && n_hubs != bus->reconnect.n_hubs)
            r = SOFTBUS_ERR_DISCONNECTED;
    }
    softbus_bus_give_parcel(bus, request);
    return r;
}

int softbus_link_death(struct softbus_object *object, softbus_death_fn fn, void *userdata,
                       struct softbus_link **ret_link)
{
    SOFTBUS_LOCKED(object->bus);
    struct softbus_link *link;
    int r;

    if (object->is_stub || !fn)
        return SOFTBUS_ERR_INVALID;
    if (object->bus->error)
        return SOFTBUS_ERR_DISCONNECTED;
    if (object->is_dead)
        return SOFTBUS_ERR_DEAD_OBJECT;
    r = wire_rules_check_link(object->is_remote, object->is_service);
    if (r < 0)
        return r;
    link = malloc(sizeof(*link));
    if (!link)
        return SOFTBUS_ERR_NO_MEMORY;
    *link = (struct softbus_link){ .object = softbus_object_ref(object), .fn = fn, .userdata = userdata };
    sb_list_init(&link->link);
    if (!object->is_linked)
        r = ask_hub(object, WIRE_HUB_LINK_DEATH);
    if (r == SOFTBUS_ERR_DEAD_OBJECT)
        object->is_dead = true;
    if (r < 0) {
        free_link(link);
        return r;
    }
    object->is_linked = true;
    sb_list_append(&object->bus->links, &link->link);
    if (ret_link)
        *ret_link = link;
    return 0;
}

bool softbus_death_is_awaited(const struct softbus_object *object)
{
    SB_LIST_FOREACH(link, &object->bus->links) {
        if (SB_CONTAINER_OF(link, struct softbus_link, link)->object == object)
            return true;
    }
    return false;
}

int softbus_unlink_death(struct softbus_link *link)
{
    SOFTBUS_LOCKED(link->object->bus);
    struct softbus_object *object;
    int r = 0;

    if (link->has_fired) /* inside its own fn */
        return SOFTBUS_ERR_NOT_LINKED;
    object = softbus_object_ref(link->object);
    free_link(link);
    if (object->is_linked && !softbus_death_is_awaited(object)) {
        object->is_linked = false;
        if (!object->is_lost) /* else no hub knows of it */
            r = ask_hub(object, WIRE_HUB_UNLINK_DEATH);
        if (r == SOFTBUS_ERR_NOT_LINKED) /* a hub that has come meanwhile does not either */
            r = 0;
    }
    softbus_object_unref(object);
    return r;
}

/* The first link of the object, or NULL. */
static struct softbus_link *find_link(struct softbus *bus, const struct softbus_object *object)
{
    SB_LIST_FOREACH(link, &bus->links) {
        struct softbus_link *found = SB_CONTAINER_OF(link, struct softbus_link, link);

        if (found->object == object)
            return found;
    }
    return NULL;
}

void softbus_death_fire(struct softbus_object *object, uint32_t reason)
{
    struct softbus *bus = object->bus;
    struct softbus_link *link;

    softbus_object_ref(object);
    object->is_dead = true;
    object->is_linked = false;
    /* Found anew each time: fn may unlink others. */
    while ((link = find_link(bus, object))) {
        struct softbus_context context;

        sb_list_remove(&link->link);
        link->has_fired = true;
        softbus_context_enter(bus, &context, NULL, 0);
        link->fn(link->userdata, object, (enum softbus_death)reason);
        softbus_context_leave(&context);
        free_link(link);
    }
    softbus_object_unref(object);
}

void softbus_death_run(struct softbus *bus, const struct wire_death_msg *death)
{
    struct sb_map_entry *entry = sb_map_find(&bus->proxies, &death->id, sizeof(death->id));

    if (entry) /* else it crossed the release of the handle */
        softbus_death_fire(SB_CONTAINER_OF(entry, struct softbus_object, entry), death->reason);
}

void softbus_death_drop_all(struct softbus *bus)
{
    struct sb_list *link;

    while ((link = sb_list_first(&bus->links)))
        free_link(SB_CONTAINER_OF(link, struct softbus_link, link));
}

const char *softbus_death_get_text(enum softbus_death reason)
{
    switch (reason) {
    case SOFTBUS_DEATH_PROCESS_DIED:
        return "process died";
    case SOFTBUS_DEATH_WITHDRAWN:
        return "object withdrawn";
    case SOFTBUS_DEATH_DEVICE_LOST:
        return "device lost";
    case SOFTBUS_DEATH_TRUST_REVOKED:
        return "trust revoked";
    case SOFTBUS_DEATH_ACCESS_REVOKED:
        return "access revoked";
    }
    return "unknown reason";
}
