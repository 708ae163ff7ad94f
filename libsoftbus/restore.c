/* What a new hub is told and asked; see restore.h. */
#include "libsoftbus/restore.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/channel.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/reconnect.h"
#include "libsoftbus/registry.h"
#include "libsoftbus/wait.h"
#include "libsoftbus/watch.h"
#include "base/clock.h"
#include "softbus/error.h"
#include "wire/channel.h"
#include "wire/hub.h"
#include "wire/status.h"

#define CLAIMS_MAX 512    /* under way at once: they count as calls, of which a process may have 1024 by default */
#define CLAIM_AGAIN_MS 50 /* after the hub has answered AGAIN */

/* --- death --- */

static void run_death(struct softbus *bus, struct softbus_job *job)
{
    struct sb_list *link = sb_list_first(&bus->reconnect.dying);
    struct softbus_object *proxy;

    if (!link)
        return;
    sb_list_remove(link);
    if (!sb_list_is_empty(&bus->reconnect.dying))
        softbus_bus_add_job(bus, job);
    proxy = SB_CONTAINER_OF(link, struct softbus_object, lost_link);
    softbus_death_fire(proxy, proxy->death_reason);
    softbus_object_unref(proxy);
}

static void drop_death(struct softbus *bus, struct softbus_job *job)
{
    (void)bus;
    (void)job;
}

void softbus_restore_init(struct softbus *bus)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;

    sb_list_init(&reconnect->lost);
    sb_list_init(&reconnect->claimed);
    sb_list_init(&reconnect->dying);
    reconnect->death_job = (struct softbus_job){ .run = run_death, .drop = drop_death };
    sb_list_init(&reconnect->death_job.link);
}

void softbus_restore_kill(struct softbus_object *proxy, uint32_t reason)
{
    struct softbus *bus = proxy->bus;

    proxy->is_dead = true;
    proxy->is_lost = proxy->is_linked = false;
    softbus_object_unroute(proxy);
    sb_list_remove(&proxy->lost_link);
    if (!softbus_death_is_awaited(proxy))
        return;
    proxy->death_reason = reason;
    softbus_object_ref(proxy);
    sb_list_append(&bus->reconnect.dying, &proxy->lost_link);
    if (sb_list_is_empty(&bus->reconnect.death_job.link))
        softbus_bus_add_job(bus, &bus->reconnect.death_job);
}

void softbus_restore_drop_all(struct softbus *bus)
{
    struct sb_list *link;

    while ((link = sb_list_first(&bus->reconnect.dying))) {
        sb_list_remove(link);
        softbus_object_unref(SB_CONTAINER_OF(link, struct softbus_object, lost_link));
    }
    while ((link = sb_list_first(&bus->reconnect.lost)))
        sb_list_remove(link);
    while ((link = sb_list_first(&bus->reconnect.claimed)))
        sb_list_remove(link);
}

/* --- the old hub --- */

static void take_handle_away(struct softbus_object *proxy)
{
    struct softbus *bus = proxy->bus;

    sb_map_remove(&bus->proxies, &proxy->entry);
    proxy->id = 0;
    proxy->n_outside = 0;
    proxy->is_linked = false;
    if (proxy->is_remote) {
        softbus_restore_kill(proxy, WIRE_DEATH_DEVICE_LOST);
    } else if (proxy->is_dead && !softbus_death_is_awaited(proxy)) {
        softbus_object_unroute(proxy);
    } else if (sb_list_is_empty(&proxy->lost_link)) {
        proxy->is_lost = true;
        sb_list_append(&bus->reconnect.lost, &proxy->lost_link);
    }
}

void softbus_restore_forget(struct softbus *bus)
{
    struct sb_map_entry *entry;
    struct sb_list *link;

    bus->reconnect.n_left = bus->reconnect.n_claims = 0;
    while ((link = sb_list_first(&bus->reconnect.claimed))) {
        sb_list_remove(link);
        sb_list_append(&bus->reconnect.lost, link);
    }
    while ((entry = sb_map_next(&bus->proxies, NULL)))
        take_handle_away(SB_CONTAINER_OF(entry, struct softbus_object, entry));
}

/* --- the new hub --- */

static int offer(struct softbus *bus, struct softbus_object *stub)
{
    bus->head.length = 0;
    if (wire_offer_encode(&bus->head, stub->id) < 0)
        return SOFTBUS_ERR_NO_MEMORY;
    stub->n_outside = 1;
    return softbus_bus_send_head(bus);
}

static int offer_stubs(struct softbus *bus, bool is_same)
{
    struct softbus_object *stub;
    uint32_t cursor = 0;
    int r = 0;

    while (r == 0 && (stub = sb_idtab_next(&bus->stubs, &cursor))) {
        bool is_known = (stub->n_outside > 0 && is_same) || softbus_registry_has(stub);

        if (is_known)
            r = offer(bus, stub);
        else
            stub->n_outside = 0;
        softbus_object_collect(stub);
    }
    return r;
}

static int claim(struct softbus *bus, struct softbus_object *proxy)
{
    struct softbus_parcel *request = softbus_bus_take_parcel(bus, 0);
    int r = request ? softbus_parcel_write_u64(request, proxy->origin) : SOFTBUS_ERR_NO_MEMORY;

    if (r == 0)
        r = softbus_parcel_write_u64(request, proxy->origin_stub);
    if (r == 0)
        r = softbus_call_hub_later(bus, WIRE_HUB_CLAIM, request, proxy, SOFTBUS_RESTORES_PROXY, NULL);
    softbus_bus_give_parcel(bus, request);
    return r;
}

static void check_complete(struct softbus *bus)
{
    const struct softbus_reconnect *reconnect = &bus->reconnect;

    if (reconnect->n_left == 0 && sb_list_is_empty(&reconnect->lost) && reconnect->lost_ms != UINT64_MAX &&
        softbus_reconnect_is_up(bus))
        softbus_reconnect_complete(bus);
}

void softbus_restore_claim(struct softbus *bus)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;
    struct sb_list *link;

    if (reconnect->due_ms != UINT64_MAX) /* the hub wants a break */
        return;
    while (reconnect->n_claims < CLAIMS_MAX && softbus_reconnect_is_up(bus) && (link = sb_list_first(&reconnect->lost))) {
        if (claim(bus, SB_CONTAINER_OF(link, struct softbus_object, lost_link)) < 0) {
            softbus_stream_break(&bus->hub); /* all of it once more */
            return;
        }
        sb_list_remove(link);
        sb_list_append(&reconnect->claimed, link);
        reconnect->n_claims++;
        reconnect->n_left++;
    }
    check_complete(bus);
}

/* Watches: until the hub is sure that nobody comes back any more. That is when it answers a claim that nobody can fulfil. */
static int ask_for_rest(struct softbus *bus)
{
    struct softbus_parcel *request = softbus_bus_take_parcel(bus, 0);
    int r = request ? softbus_parcel_write_u64(request, 0) : SOFTBUS_ERR_NO_MEMORY;

    if (r == 0)
        r = softbus_parcel_write_u64(request, 0);
    if (r == 0)
        r = softbus_call_hub_later(bus, WIRE_HUB_CLAIM, request, NULL, SOFTBUS_RESTORES_REST, NULL);
    softbus_bus_give_parcel(bus, request);
    return r;
}

static void kill_lost(struct softbus *bus)
{
    struct sb_list *link;

    while ((link = sb_list_first(&bus->reconnect.lost)))
        softbus_restore_kill(SB_CONTAINER_OF(link, struct softbus_object, lost_link), WIRE_DEATH_PROCESS_DIED);
}

void softbus_restore_begin(struct softbus *bus, bool is_same)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;
    int r = offer_stubs(bus, is_same);

    reconnect->n_lost_names = 0;
    if (!is_same)
        kill_lost(bus);
    reconnect->n_left = 1; /* so that it is not complete before everything was asked */
    reconnect->n_left += softbus_registry_restore(bus);
    reconnect->n_left += softbus_watch_restore_all(bus);
    softbus_restore_claim(bus);
    if (r == 0 && !sb_list_is_empty(&bus->watches))
        r = ask_for_rest(bus);
    if (r < 0)
        softbus_stream_break(&bus->hub);
    softbus_restore_count_down(bus);
}

void softbus_restore_count_down(struct softbus *bus)
{
    bus->reconnect.n_left--;
    softbus_call_send_unsent(bus);
    softbus_wait_wake_all(bus);
    check_complete(bus);
}

static struct softbus_object *find_lost(struct sb_list *list, const struct wire_object *from)
{
    SB_LIST_FOREACH (link, list) {
        struct softbus_object *proxy = SB_CONTAINER_OF(link, struct softbus_object, lost_link);

        if (proxy->origin == from->origin && proxy->origin_stub == from->stub)
            return proxy;
    }
    return NULL;
}

struct softbus_object *softbus_restore_adopt(struct softbus *bus, const struct wire_object *from)
{
    struct softbus_object *proxy = NULL;

    if (from->flags & WIRE_OBJECT_ORIGIN)
        proxy = find_lost(&bus->reconnect.claimed, from);
    if (!proxy && from->flags & WIRE_OBJECT_ORIGIN)
        proxy = find_lost(&bus->reconnect.lost, from);
    if (!proxy)
        return NULL;
    if (sb_map_add(&bus->proxies, &proxy->entry, &from->id, sizeof(from->id)) < 0)
        return NULL;
    proxy->id = from->id;
    proxy->is_lost = false;
    softbus_object_unroute(proxy);
    return proxy;
}

/* --- answers --- */

static void link_again(struct softbus *bus, struct softbus_object *proxy)
{
    struct softbus_parcel *request = softbus_bus_take_parcel(bus, 0);
    int r = request ? softbus_parcel_write_u64(request, proxy->id) : SOFTBUS_ERR_NO_MEMORY;

    if (r == 0)
        r = softbus_call_hub_later(bus, WIRE_HUB_LINK_DEATH, request, proxy, SOFTBUS_RESTORES_LINK, NULL);
    softbus_bus_give_parcel(bus, request);
    if (r < 0) {
        softbus_stream_break(&bus->hub);
        return;
    }
    proxy->is_linked = true;
    bus->reconnect.n_left++;
}

/* What the answer carries has become the proxy's handle already, as with any object that arrives. */
static void take_claim(struct softbus *bus, struct softbus_pending *pending)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;
    struct softbus_object *proxy = pending->object;

    reconnect->n_claims--;
    sb_list_remove(&proxy->lost_link);
    if (pending->status == SOFTBUS_ERR_AGAIN && proxy->is_lost) {
        sb_list_append(&reconnect->lost, &proxy->lost_link);
        reconnect->n_left--;
        reconnect->due_ms = sb_clock_now_ms() + CLAIM_AGAIN_MS;
        softbus_wait_wake_all(bus);
        return;
    }
    if (proxy->is_lost)
        softbus_restore_kill(proxy, WIRE_DEATH_PROCESS_DIED);
    else if (softbus_death_is_awaited(proxy))
        link_again(bus, proxy);
    softbus_restore_claim(bus);
    softbus_restore_count_down(bus);
}

void softbus_restore_take(struct softbus *bus, struct softbus_pending *pending)
{
    switch (pending->restores) {
    case SOFTBUS_RESTORES_NOTHING:
        break;
    case SOFTBUS_RESTORES_PROXY:
        take_claim(bus, pending);
        break;
    case SOFTBUS_RESTORES_LINK:
        if (pending->status == SOFTBUS_ERR_DEAD_OBJECT)
            softbus_restore_kill(pending->object, WIRE_DEATH_PROCESS_DIED);
        softbus_restore_count_down(bus);
        break;
    case SOFTBUS_RESTORES_SERVICE:
        softbus_registry_take(bus, pending);
        softbus_restore_count_down(bus);
        break;
    case SOFTBUS_RESTORES_WATCH:
        softbus_watch_take(bus, pending);
        softbus_restore_count_down(bus);
        break;
    case SOFTBUS_RESTORES_REST:
        softbus_watch_end_wait(bus);
        break;
    }
}
