/* Calls that this process makes; see call.h. The life of one: check and send (send.c), wait here or not (call_async.c), take_reply. */
#include "libsoftbus/call.h"

#include "libsoftbus/channel.h"
#include "libsoftbus/dispatch.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/send.h"
#include "libsoftbus/serve.h"
#include "libsoftbus/stream.h"
#include "libsoftbus/wait.h"
#include "base/clock.h"
#include "softbus/error.h"

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

/* Waits until the queue that the call would go to has room. AGAIN, DISCONNECTED. */
static int wait_room(struct softbus *bus, const struct softbus_object *object, struct softbus_waiter *waiter, uint64_t due_ms)
{
    /* What comes meanwhile is taken in but not run: two apps that both only send must not wait for each other. */
    bool was_quiet = waiter->is_quiet;
    int r = 0;

    waiter->is_quiet = true;
    for (;;) {
        struct softbus_channel *channel = object ? object->channel : NULL;
        struct softbus_stream *stream = channel ? &channel->stream : &bus->hub;
        uint64_t now_ms;

        if (!softbus_stream_is_full(stream) || bus->error)
            break;
        now_ms = sb_clock_now_ms();
        r = now_ms >= due_ms ? SOFTBUS_ERR_AGAIN : 0;
        if (r < 0)
            break;
        softbus_stream_poll(stream, stream->polled != 0);
        if (softbus_dispatch(bus, waiter) <= 0)
            softbus_wait_once(bus, waiter, sb_clock_until_ms(now_ms, due_ms));
    }
    waiter->is_quiet = was_quiet;
    return r == 0 && bus->error ? SOFTBUS_ERR_DISCONNECTED : r;
}

void softbus_call_remove(struct softbus *bus, struct softbus_pending *pending)
{
    sb_idtab_remove(&bus->calls, pending->id);
    if (pending->channel)
        softbus_channel_unref(pending->channel);
    pending->channel = NULL;
}

/* Sends the call and waits; `out` lacks only its id, trace and deadline. */
static int call_and_wait(struct softbus_outgoing *out, struct softbus_parcel *reply, uint32_t timeout_ms, struct softbus_waiter *waiter)
{
    struct softbus *bus = out->bus;
    struct softbus_pending pending = { .reply = reply, .waiter = waiter };
    uint64_t deadline_ms;
    int r;

    if (timeout_ms == 0)
        timeout_ms = SOFTBUS_DEFAULT_TIMEOUT_MS;
    deadline_ms = sb_clock_now_ms() + timeout_ms;
    r = wait_room(bus, out->object, waiter, deadline_ms);
    if (r == 0)
        r = softbus_call_add(bus, &pending, out->object);
    if (r < 0)
        return r;
    out->id = pending.id;
    out->deadline_ms = timeout_ms;
    out->trace = softbus_send_choose_trace(bus);
    waiter->trace = out->trace;
    waiter->stream = pending.channel ? &pending.channel->stream : NULL;
    r = softbus_send_call(out);
    if (r == 0) {
        r = wait_done(bus, &pending, waiter, deadline_ms);
        if (!pending.is_done)
            softbus_send_cancel(bus, &pending);
    }
    waiter->stream = NULL;
    softbus_call_remove(bus, &pending);
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
            r = call_and_wait(&out, reply, timeout_ms, &waiter);
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
    int r;

    if (bus->error)
        return SOFTBUS_ERR_DISCONNECTED;
    softbus_waiter_init(bus, &waiter);
    waiter.is_quiet = wait == SOFTBUS_HUB_QUIET;
    r = call_and_wait(&out, reply, timeout_ms, &waiter);
    softbus_waiter_deinit(bus, &waiter);
    return r;
}

int softbus_call_wait_room(struct softbus_object *object)
{
    struct softbus *bus = object->bus;
    struct softbus_waiter waiter;
    int r;

    if (!softbus_stream_is_full(object->channel ? &object->channel->stream : &bus->hub))
        return 0;
    softbus_waiter_init(bus, &waiter);
    r = wait_room(bus, object, &waiter, sb_clock_now_ms() + SOFTBUS_DEFAULT_TIMEOUT_MS);
    softbus_waiter_deinit(bus, &waiter);
    return r;
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
    r = softbus_call_wait_room(object);
    return r < 0 ? r : softbus_send_call(&out);
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
