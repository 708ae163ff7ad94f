/* Finding the hub again; see reconnect.h. Away, greeting, up; and away again as often as it takes. */
#include "libsoftbus/reconnect.h"

#include "libsoftbus/call.h"
#include "libsoftbus/channel.h"
#include "libsoftbus/connect.h"
#include "libsoftbus/dispatch.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/restore.h"
#include "libsoftbus/serve.h"
#include "libsoftbus/wait.h"
#include "libsoftbus/watch.h"
#include "base/clock.h"
#include "softbus/error.h"
#include "softbus/object.h"

#include <stdlib.h>

#define DELAY_MIN_MS 20
#define DELAY_MAX_MS 1000
#define GREETING_MS SOFTBUS_DEFAULT_TIMEOUT_MS

/* --- telling the app --- */

static void tell(struct softbus *bus, enum softbus_state state)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;
    struct softbus_context context;

    if (!reconnect->fn)
        return;
    softbus_context_enter(bus, &context, NULL, 0);
    reconnect->fn(reconnect->userdata, state, state == SOFTBUS_STATE_CONNECTED ? reconnect->n_lost_names : 0);
    softbus_context_leave(&context);
}

static void run_state(struct softbus *bus, struct softbus_job *job)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;

    (void)job;
    if (reconnect->tells_lost) {
        reconnect->tells_lost = false;
        if (reconnect->tells_back)
            softbus_bus_add_job(bus, &reconnect->state_job);
        tell(bus, SOFTBUS_STATE_DISCONNECTED);
    } else if (reconnect->tells_back) {
        reconnect->tells_back = false;
        tell(bus, SOFTBUS_STATE_CONNECTED);
    }
}

static void drop_state(struct softbus *bus, struct softbus_job *job)
{
    (void)bus;
    (void)job;
}

static void tell_later(struct softbus *bus, bool is_lost)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;

    if (is_lost)
        reconnect->tells_lost = true;
    reconnect->tells_back = !is_lost;
    if (sb_list_is_empty(&reconnect->state_job.link))
        softbus_bus_add_job(bus, &reconnect->state_job);
}

/* --- state --- */

void softbus_reconnect_init(struct softbus *bus)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;

    reconnect->patience_ms = UINT32_MAX;
    reconnect->delay_ms = DELAY_MIN_MS;
    reconnect->due_ms = reconnect->lost_ms = UINT64_MAX;
    reconnect->state_job = (struct softbus_job){ .run = run_state, .drop = drop_state };
    sb_list_init(&reconnect->state_job.link);
    softbus_restore_init(bus);
}

void softbus_reconnect_deinit(struct softbus *bus)
{
    free(bus->reconnect.path);
}

bool softbus_reconnect_is_up(const struct softbus *bus)
{
    return bus->reconnect.state == SOFTBUS_HUB_UP && !bus->hub.is_broken && !bus->error;
}

bool softbus_reconnect_is_ready(const struct softbus *bus, const struct softbus_object *object,
                                const struct softbus_parcel *request)
{
    bool has_objects = request && request->n_objects > 0;

    if (object && object->channel && !has_objects)
        return true;
    if (!softbus_reconnect_is_up(bus) || (object && object->is_lost))
        return false;
    for (uint16_t i = 0; has_objects && i < request->n_objects; i++) {
        if (request->objects[i]->is_lost)
            return false;
    }
    return true;
}

/* The next try, or the end of patience when that is before. Some chance, so that not all apps of a device come at the same time. */
static void set_next_try(struct softbus *bus, uint64_t now_ms)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;
    uint32_t delay_ms = reconnect->delay_ms / 2 + sb_random_u32(&bus->random) % (reconnect->delay_ms / 2 + 1);

    reconnect->state = SOFTBUS_HUB_AWAY;
    reconnect->due_ms = now_ms + delay_ms;
    reconnect->delay_ms = 2 * reconnect->delay_ms < DELAY_MAX_MS ? 2 * reconnect->delay_ms : DELAY_MAX_MS;
    if (reconnect->patience_ms != UINT32_MAX && reconnect->lost_ms + reconnect->patience_ms < reconnect->due_ms)
        reconnect->due_ms = reconnect->lost_ms + reconnect->patience_ms;
}

/* What was put aside is the old hub's: calls wait for their stubs, answers for whoever runs things. The rest has lost its meaning. */
static void drain_kept(struct softbus *bus)
{
    struct softbus_incoming incoming = { .stream = &bus->hub, .from_kept = true, .rights = SOFTBUS_RUNS_NOTHING };

    while (bus->hub.kept.length > 0 && softbus_stream_peek(&bus->hub, true, &incoming.message, &incoming.size) > 0) {
        size_t before = bus->hub.kept.length;

        incoming.body = incoming.message.body;
        if (incoming.message.type == WIRE_REPLY)
            softbus_call_take_reply(&incoming);
        else if (incoming.message.type == WIRE_CALL)
            softbus_serve_keep_call(&incoming);
        else
            softbus_incoming_consume(&incoming, NULL);
        if (bus->hub.kept.length == before) /* it could not be taken */
            softbus_incoming_consume(&incoming, NULL);
    }
}

static void end_what_was(struct softbus *bus)
{
    bus->reconnect.n_hubs++;
    drain_kept(bus);
    SB_LIST_FOREACH (link, &bus->channels)
        softbus_channel_orphan(SB_CONTAINER_OF(link, struct softbus_channel, link));
    softbus_call_end_hub(bus);
    softbus_serve_end_hub(bus);
    softbus_watch_suspend_all(bus);
    softbus_restore_forget(bus);
}

void softbus_reconnect_lose(struct softbus *bus)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;
    bool was_up = reconnect->state == SOFTBUS_HUB_UP;
    uint64_t now_ms = sb_clock_now_ms();

    if (bus->error)
        return;
    if (!reconnect->path || reconnect->patience_ms == 0) {
        softbus_bus_fail(bus, SOFTBUS_ERR_DISCONNECTED);
        return;
    }
    reconnect->state = SOFTBUS_HUB_AWAY; /* nothing is sent from here on */
    if (reconnect->lost_ms == UINT64_MAX) {
        reconnect->lost_ms = now_ms;
        tell_later(bus, true);
    }
    if (was_up)
        end_what_was(bus);
    softbus_stream_deinit(&bus->hub);
    bus->lazy_due_ms = UINT64_MAX;
    set_next_try(bus, now_ms);
    softbus_wait_wake_all(bus);
}

static void try_again(struct softbus *bus, uint64_t now_ms)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;
    int fd;

    if (softbus_connect_dial(reconnect->path, false, &fd) < 0 ||
        softbus_stream_init(&bus->hub, bus, SOFTBUS_STREAM_HUB, fd) < 0) {
        set_next_try(bus, now_ms);
        return;
    }
    reconnect->state = SOFTBUS_HUB_GREETING;
    reconnect->due_ms = now_ms + GREETING_MS;
    softbus_stream_poll(&bus->hub, true);
    if (!bus->hub.polled || softbus_connect_say_hello(bus) < 0)
        softbus_reconnect_lose(bus);
}

void softbus_reconnect_advance(struct softbus *bus)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;
    uint64_t now_ms = sb_clock_now_ms();

    if (now_ms < reconnect->due_ms || bus->error)
        return;
    if (reconnect->state == SOFTBUS_HUB_UP) {
        reconnect->due_ms = UINT64_MAX;
        softbus_restore_claim(bus);
    } else if (reconnect->patience_ms != UINT32_MAX && now_ms - reconnect->lost_ms >= reconnect->patience_ms) {
        softbus_bus_fail(bus, SOFTBUS_ERR_DISCONNECTED);
    } else if (reconnect->state == SOFTBUS_HUB_GREETING) {
        softbus_reconnect_lose(bus);
    } else {
        try_again(bus, now_ms);
    }
}

int softbus_reconnect_take_welcome(struct softbus_incoming *incoming)
{
    struct softbus *bus = incoming->stream->bus;
    struct softbus_reconnect *reconnect = &bus->reconnect;
    uint64_t instance = reconnect->instance;
    struct wire_devid device = bus->device_id;
    int r = softbus_connect_take_welcome(bus, &incoming->message);

    if (r < 0) /* one that speaks another version may be replaced, as this one was */
        return r == SOFTBUS_ERR_VERSION ? SOFTBUS_ERR_DISCONNECTED : r;
    if (softbus_incoming_consume(incoming, NULL) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    reconnect->state = SOFTBUS_HUB_UP;
    reconnect->due_ms = UINT64_MAX;
    softbus_restore_begin(bus, instance == reconnect->instance && wire_devid_is_equal(&device, &bus->device_id));
    return 0;
}

void softbus_reconnect_complete(struct softbus *bus)
{
    struct softbus_reconnect *reconnect = &bus->reconnect;

    reconnect->delay_ms = DELAY_MIN_MS;
    reconnect->lost_ms = UINT64_MAX;
    tell_later(bus, false);
    softbus_wait_wake_all(bus);
}

/* --- the app's wishes --- */

void softbus_set_reconnect(struct softbus *bus, uint32_t patience_ms)
{
    SOFTBUS_LOCKED(bus);
    struct softbus_reconnect *reconnect = &bus->reconnect;

    reconnect->patience_ms = patience_ms;
    if (reconnect->state != SOFTBUS_HUB_UP && patience_ms != UINT32_MAX && !bus->error) {
        reconnect->due_ms = sb_clock_now_ms();
        softbus_wait_wake_all(bus);
    }
}

void softbus_set_state_fn(struct softbus *bus, softbus_state_fn fn, void *userdata)
{
    SOFTBUS_LOCKED(bus);

    bus->reconnect.fn = fn;
    bus->reconnect.userdata = userdata;
}
