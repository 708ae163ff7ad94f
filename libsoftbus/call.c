/* Calls that this process makes; see call.h. The life of one: check and send (send.c), wait here or not (call_async.c), take_reply. */
#include "libsoftbus/call.h"

#include "libsoftbus/channel.h"
#include "libsoftbus/dispatch.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/reconnect.h"
#include "libsoftbus/send.h"
#include "libsoftbus/serve.h"
#include "libsoftbus/stream.h"
#include "libsoftbus/wait.h"
#include "base/clock.h"
#include "softbus/error.h"
#include "wire/hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int softbus_call_add(struct softbus *bus, struct softbus_pending *pending, const struct softbus_object *object)
{
    int r = sb_idtab_add(&bus->calls, pending, &pending->id);

    if (r < 0)
        return r == -ENOSPC ? SOFTBUS_ERR_LIMIT : SOFTBUS_ERR_NO_MEMORY;
    if (object && object->channel)
        pending->channel = softbus_channel_ref(object->channel);
    return 0;
}

/* Until the call is done or its deadline is here; what comes meanwhile is run. */
static int wait_done(struct softbus *bus, struct softbus_pending *pending, struct softbus_waiter *waiter, uint64_t deadline_ms)
{
    uint64_t now_ms, due_ms;
    int r;

    while (!pending->is_done) {
        r = softbus_dispatch(bus, waiter);
        if (pending->is_done || (r > 0 && !softbus_dispatch_is_long(bus)))
            continue;
        if (r < 0 && (bus->is_ending || !(pending->channel && pending->channel->is_open)))
            return SOFTBUS_ERR_DISCONNECTED;
        now_ms = sb_clock_now_ms();
        if (softbus_call_expire(bus, now_ms))
            continue;
        if (now_ms >= deadline_ms)
            return SOFTBUS_ERR_TIMEOUT;
        if (r > 0)
            continue;
        due_ms = deadline_ms < bus->next_deadline_ms ? deadline_ms : bus->next_deadline_ms;
        softbus_wait_once(bus, waiter, sb_clock_until_ms(now_ms, due_ms));
    }
    return pending->status;
}

/* What a call needs before it can be sent. */
struct way {
    const struct softbus_object *object; /* NULL: the hub itself */
    const struct softbus_parcel *request;
    struct softbus_waiter *waiter;
    uint64_t due_ms;
    bool is_quiet; /* nothing runs while it waits for a hub */
};

/* Waits for a hub that knows the objects of the call, and for room in the queue that it would go to. AGAIN (no room), DISCONNECTED,
 * DEAD_OBJECT. */
static int wait_way(struct softbus *bus, const struct way *way)
{
    const struct softbus_object *object = way->object;
    struct softbus_waiter *waiter = way->waiter;
    bool was_quiet = waiter->is_quiet;
    int r = 0;

    while (r == 0 && !bus->error) {
        bool is_ready = softbus_reconnect_is_ready(bus, object, way->request);
        struct softbus_stream *stream = object && object->channel ? &object->channel->stream : &bus->hub;
        uint64_t now_ms, due_ms;

        if ((is_ready && !softbus_stream_is_full(stream)) || (object && object->is_dead))
            break;
        now_ms = sb_clock_now_ms();
        if (now_ms >= way->due_ms)
            r = is_ready ? SOFTBUS_ERR_AGAIN : SOFTBUS_ERR_DISCONNECTED;
        /* For room, what comes meanwhile is taken in but not run: two apps that both only send must not wait for each other. */
        waiter->is_quiet = was_quiet || way->is_quiet || is_ready;
        if (is_ready)
            softbus_stream_poll(stream, stream->polled != 0);
        if (r < 0 || softbus_dispatch(bus, waiter) != 0 || softbus_call_expire(bus, now_ms))
            continue;
        due_ms = softbus_bus_get_due_ms(bus);
        softbus_wait_once(bus, waiter, sb_clock_until_ms(now_ms, way->due_ms < due_ms ? way->due_ms : due_ms));
    }
    waiter->is_quiet = was_quiet;
    if (r == 0 && bus->error)
        r = SOFTBUS_ERR_DISCONNECTED;
    return r == 0 && object && object->is_dead ? SOFTBUS_ERR_DEAD_OBJECT : r;
}

void softbus_call_remove(struct softbus *bus, struct softbus_pending *pending)
{
    sb_idtab_remove(&bus->calls, pending->id);
    if (pending->channel)
        softbus_channel_unref(pending->channel);
    pending->channel = NULL;
}

/* Sends the call, and waits for its end. *ret_was_sent: whether it had left. */
static int send_and_wait(struct softbus_outgoing *out, struct softbus_parcel *reply, uint64_t deadline_ms,
                         struct softbus_waiter *waiter, bool *ret_was_sent)
{
    struct softbus *bus = out->bus;
    struct softbus_pending pending = { .reply = reply, .waiter = waiter,
                                       .is_detoured = out->request && out->request->n_objects > 0 };
    int r = softbus_call_add(bus, &pending, out->object);

    *ret_was_sent = false;
    if (r < 0)
        return r;
    out->id = pending.id;
    r = softbus_send_call(out);
    if (r == 0) {
        *ret_was_sent = true;
        waiter->stream = pending.channel ? &pending.channel->stream : NULL; /* a broken channel has gone while sending */
        r = wait_done(bus, &pending, waiter, deadline_ms);
        if (!pending.is_done)
            softbus_send_cancel(bus, &pending);
    }
    waiter->stream = NULL;
    softbus_call_remove(bus, &pending);
    return r;
}

/* What the call of a hub that is gone is worth to the next one: the hub's own calls can be made again. */
static bool is_worth_repeating(const struct softbus_outgoing *out, int status, bool was_sent)
{
    return status == SOFTBUS_ERR_DISCONNECTED && !out->bus->error && (!was_sent || !out->object);
}

/* `out` lacks only its id, trace and deadline. more_ms: what the answer may take on top, once the hub has the call. */
static int call_and_wait(struct softbus_outgoing *out, struct softbus_parcel *reply, uint32_t timeout_ms, uint32_t more_ms,
                         struct softbus_waiter *waiter)
{
    struct way way = { .object = out->object, .request = out->request, .waiter = waiter };
    uint64_t now_ms = sb_clock_now_ms(), due_ms;
    bool was_sent;
    int r;

    if (timeout_ms == 0)
        timeout_ms = SOFTBUS_DEFAULT_TIMEOUT_MS;
    due_ms = now_ms + timeout_ms + more_ms;
    out->trace = softbus_send_choose_trace(out->bus);
    waiter->trace = out->trace;
    do {
        way.due_ms = due_ms - now_ms < timeout_ms ? due_ms : now_ms + timeout_ms;
        r = wait_way(out->bus, &way);
        if (r < 0)
            break;
        out->deadline_ms = (uint32_t)(due_ms - now_ms);
        r = send_and_wait(out, reply, due_ms, waiter, &was_sent);
    } while (is_worth_repeating(out, r, was_sent) && (now_ms = sb_clock_now_ms()) < due_ms);
    return r;
}

int softbus_call(struct softbus_object *object, uint32_t code, struct softbus_parcel *request,
                 struct softbus_parcel *reply, uint32_t timeout_ms)
{
    SOFTBUS_LOCKED(object->bus);
    struct softbus *bus = object->bus;
    struct softbus_outgoing out = { .bus = bus, .object = object, .code = code, .request = request };
    struct softbus_waiter waiter;
    int r = softbus_send_check(object, code, request);

    if (r == 0) {
        object->n_refs++;
        softbus_waiter_init(bus, &waiter);
        if (object->is_stub)
            r = softbus_serve_own(object, code, request, reply, timeout_ms, &waiter);
        else
            r = call_and_wait(&out, reply, timeout_ms, 0, &waiter);
        softbus_waiter_deinit(bus, &waiter);
        /* DEAD_OBJECT may be said of an object in the request too. */
        if (!object->is_stub && (r == SOFTBUS_ERR_DIED || (r == SOFTBUS_ERR_DEAD_OBJECT && !(request && request->n_objects))))
            object->is_dead = true;
        softbus_object_unref(object);
    }
    if (r < 0 && reply)
        softbus_parcel_clear(reply);
    return r;
}

int softbus_call_wait_own(struct softbus_pending *pending, struct softbus *bus, uint64_t deadline_ms)
{
    int r = softbus_call_add(bus, pending, NULL);

    if (r == 0)
        r = wait_done(bus, pending, pending->waiter, deadline_ms);
    sb_idtab_remove(&bus->calls, pending->id);
    return r;
}

int softbus_call_hub(struct softbus *bus, uint32_t code, struct softbus_parcel *request, struct softbus_parcel *reply,
                     uint32_t timeout_ms, enum softbus_hub_wait wait)
{
    SOFTBUS_LOCKED(bus);
    struct softbus_outgoing out = { .bus = bus, .code = code, .request = request };
    struct softbus_waiter waiter;
    bool was_sent;
    int r;

    if (bus->error)
        return SOFTBUS_ERR_DISCONNECTED;
    softbus_waiter_init(bus, &waiter);
    waiter.is_quiet = wait != SOFTBUS_HUB_BUSY && wait != SOFTBUS_HUB_START;
    if (wait != SOFTBUS_HUB_QUIET_ONCE) {
        r = call_and_wait(&out, reply, timeout_ms, wait == SOFTBUS_HUB_START ? WIRE_HUB_START_MAX_MS : 0, &waiter);
    } else {
        out.trace = waiter.trace = softbus_send_choose_trace(bus);
        out.deadline_ms = timeout_ms ? timeout_ms : SOFTBUS_DEFAULT_TIMEOUT_MS;
        r = send_and_wait(&out, reply, sb_clock_now_ms() + out.deadline_ms, &waiter, &was_sent);
    }
    softbus_waiter_deinit(bus, &waiter);
    return r;
}

static int wait_quietly(struct softbus *bus, const struct softbus_object *object, const struct softbus_parcel *request, uint64_t due_ms)
{
    struct softbus_waiter waiter;
    struct way way = { .object = object, .request = request, .waiter = &waiter, .due_ms = due_ms, .is_quiet = true };
    int r;

    softbus_waiter_init(bus, &waiter);
    r = wait_way(bus, &way);
    softbus_waiter_deinit(bus, &waiter);
    return r;
}

int softbus_call_wait_room(struct softbus_object *object, const struct softbus_parcel *request)
{
    struct softbus *bus = object->bus;

    if (softbus_reconnect_is_ready(bus, object, request) &&
        !softbus_stream_is_full(object->channel ? &object->channel->stream : &bus->hub))
        return 0;
    return wait_quietly(bus, object, request, sb_clock_now_ms() + SOFTBUS_DEFAULT_TIMEOUT_MS);
}

int softbus_call_wait_back(struct softbus_object *object, uint64_t due_ms)
{
    struct softbus *bus = object->bus;

    while (object->is_lost || !softbus_reconnect_is_up(bus)) {
        /* A route would let a call go, but the hub is what is wanted here. */
        struct softbus_parcel carrier = { .n_objects = 1, .objects = &object };
        int r = wait_quietly(bus, NULL, &carrier, due_ms);

        if (r < 0)
            return r;
    }
    return object->is_dead ? SOFTBUS_ERR_DEAD_OBJECT : 0;
}

void softbus_call_wait_reply(struct softbus *bus, const struct softbus_parcel *reply)
{
    if (reply->n_objects > 0 && !softbus_reconnect_is_ready(bus, NULL, reply))
        wait_quietly(bus, NULL, reply, sb_clock_now_ms() + SOFTBUS_DEFAULT_TIMEOUT_MS);
}

int softbus_call_oneway(struct softbus_object *object, uint32_t code, struct softbus_parcel *request)
{
    SOFTBUS_LOCKED(object->bus);
    struct softbus *bus = object->bus;
    struct softbus_outgoing out = { .bus = bus, .object = object, .code = code, .request = request };
    int r = softbus_send_check(object, code, request);

    if (r < 0)
        return r;
    if (object->is_stub)
        return softbus_serve_own_later(object, code, request, 0, NULL);
    out.trace = softbus_send_choose_trace(bus);
    do
        r = softbus_call_wait_room(object, request);
    while (r == 0 && (r = softbus_send_call(&out)) == SOFTBUS_ERR_DISCONNECTED && !bus->error);
    return r;
}

/* Built-in codes. */

int softbus_ping(struct softbus_object *object, uint32_t timeout_ms)
{
    return softbus_call(object, SOFTBUS_CODE_PING, NULL, NULL, timeout_ms);
}

static int call_for_text(struct softbus_object *object, uint32_t code, uint32_t timeout_ms, char **ret_text)
{
    struct softbus *bus = softbus_bus_ref(object->bus);
    struct softbus_parcel *reply = softbus_bus_take_parcel(bus, SOFTBUS_PARCEL_MAX_CAPACITY);
    const char *text;
    char *copy;
    int r = reply ? softbus_call(object, code, NULL, reply, timeout_ms) : SOFTBUS_ERR_NO_MEMORY;

    if (r == 0 && softbus_parcel_read_string(reply, &text) < 0)
        r = SOFTBUS_ERR_PROTOCOL;
    if (r == 0) {
        copy = strdup(text);
        if (copy)
            *ret_text = copy;
        else
            r = SOFTBUS_ERR_NO_MEMORY;
    }
    softbus_bus_give_parcel(bus, reply);
    softbus_bus_unref(bus);
    return r;
}

int softbus_get_interface(struct softbus_object *object, uint32_t timeout_ms, char **ret_descriptor)
{
    return call_for_text(object, SOFTBUS_CODE_INTERFACE, timeout_ms, ret_descriptor);
}

int softbus_dump(struct softbus_object *object, uint32_t timeout_ms, char **ret_text)
{
    return call_for_text(object, SOFTBUS_CODE_DUMP, timeout_ms, ret_text);
}
