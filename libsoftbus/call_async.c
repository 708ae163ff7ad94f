/* Calls that nobody waits for, how calls end, and replies; see call.h. */
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

#include <stdlib.h>

static void free_pending(struct softbus *bus, struct softbus_pending *pending)
{
    softbus_bus_give_parcel(bus, pending->reply);
    softbus_bus_give_parcel(bus, pending->request);
    bus->n_unsent -= pending->is_unsent;
    softbus_object_unref(pending->object);
    free(pending);
}

/* Runs fn and frees the call, which was ended. */
static void complete(struct softbus *bus, struct softbus_pending *pending)
{
    struct softbus_context context;

    if (pending->status == SOFTBUS_ERR_DIED)
        pending->object->is_dead = true;
    if (pending->fn) {
        softbus_context_enter(bus, &context, NULL, pending->trace);
        context.gathers = true;
        pending->fn(pending->userdata, pending->status, pending->status < 0 ? NULL : pending->reply);
        softbus_context_leave(&context);
    }
    free_pending(bus, pending);
}

static void run_completion(struct softbus *bus, struct softbus_job *job)
{
    complete(bus, SB_CONTAINER_OF(job, struct softbus_pending, job));
}

/* Nobody will answer it any more: out of the tables. */
static void forget(struct softbus *bus, struct softbus_pending *pending, int status)
{
    struct softbus_channel *channel = pending->channel;

    if (channel && --channel->n_pending == 0)
        softbus_stream_poll(&channel->stream, false);
    softbus_call_remove(bus, pending);
    sb_list_remove(&pending->link);
    if (sb_list_is_empty(&bus->asyncs))
        bus->next_deadline_ms = UINT64_MAX;
    pending->is_done = true;
    pending->status = status;
}

void softbus_call_end(struct softbus *bus, struct softbus_pending *pending, int status)
{
    if (!pending->is_async) {
        pending->is_done = true;
        pending->status = status;
        softbus_waiter_wake(pending->waiter);
        return;
    }
    forget(bus, pending, status);
    if (pending->restores) { /* what it was for begins anew with the next hub */
        free_pending(bus, pending);
        return;
    }
    if (pending->local) {
        pending->local->is_canceled = true;
        pending->local->pending = NULL;
    }
    /* At close fn runs too, with what has become of the call. */
    pending->job = (struct softbus_job){ .run = run_completion, .drop = run_completion };
    softbus_bus_add_job(bus, &pending->job);
}

bool softbus_call_expire(struct softbus *bus, uint64_t now_ms)
{
    bool has_expired = false;

    if (now_ms < bus->next_deadline_ms)
        return false;
    bus->next_deadline_ms = UINT64_MAX;
    SB_LIST_FOREACH (link, &bus->asyncs) {
        struct softbus_pending *pending = SB_CONTAINER_OF(link, struct softbus_pending, link);

        if (pending->deadline_ms > now_ms) {
            if (pending->deadline_ms < bus->next_deadline_ms)
                bus->next_deadline_ms = pending->deadline_ms;
            continue;
        }
        has_expired = true;
        if (!pending->local && !pending->is_unsent)
            softbus_send_cancel(bus, pending);
        softbus_call_end(bus, pending, pending->is_unsent ? SOFTBUS_ERR_DISCONNECTED : SOFTBUS_ERR_TIMEOUT);
    }
    return has_expired;
}

void softbus_call_end_all(struct softbus *bus, int status)
{
    struct sb_list *link;

    while ((link = sb_list_first(&bus->asyncs)))
        softbus_call_end(bus, SB_CONTAINER_OF(link, struct softbus_pending, link), status);
}

void softbus_call_end_hub(struct softbus *bus)
{
    struct softbus_pending *pending;
    uint32_t cursor = 0;

    while ((pending = sb_idtab_next(&bus->calls, &cursor))) {
        if (!pending->is_done && !pending->local && !pending->is_unsent && (!pending->channel || pending->is_detoured))
            softbus_call_end(bus, pending, SOFTBUS_ERR_DISCONNECTED);
    }
}

void softbus_call_end_channel(struct softbus_channel *channel)
{
    struct softbus *bus = channel->stream.bus;
    struct softbus_pending *pending;
    uint32_t cursor = 0;

    while ((pending = sb_idtab_next(&bus->calls, &cursor))) {
        if (pending->channel == channel && !pending->is_done)
            softbus_call_end(bus, pending, SOFTBUS_ERR_DIED);
    }
}

/* object NULL: the hub. */
static int new_pending(struct softbus *bus, struct softbus_object *object, struct softbus_pending **ret_pending)
{
    struct softbus_pending *pending = calloc(1, sizeof(*pending));
    int r;

    if (!pending)
        return SOFTBUS_ERR_NO_MEMORY;
    pending->is_async = true;
    sb_list_init(&pending->link);
    pending->reply = softbus_bus_take_parcel(bus, 0);
    r = pending->reply ? softbus_call_add(bus, pending, object) : SOFTBUS_ERR_NO_MEMORY;
    if (r < 0) {
        softbus_bus_give_parcel(bus, pending->reply);
        free(pending);
        return r;
    }
    pending->object = softbus_object_ref(object);
    pending->trace = softbus_send_choose_trace(bus);
    *ret_pending = pending;
    return 0;
}

/* It is on its way: somebody has to look for the answer. */
static void enter_async(struct softbus *bus, struct softbus_pending *pending)
{
    sb_list_append(&bus->asyncs, &pending->link);
    if (pending->deadline_ms < bus->next_deadline_ms) {
        bus->next_deadline_ms = pending->deadline_ms;
        if (bus->is_threaded) /* whoever keeps the time sleeps for longer */
            softbus_wait_kick(bus);
    }
    if (pending->channel && pending->channel->n_pending++ == 0)
        softbus_stream_poll(&pending->channel->stream, true);
}

static int send_pending(struct softbus_pending *pending, uint32_t code, const struct softbus_parcel *request, uint32_t timeout_ms)
{
    struct softbus_object *object = pending->object;
    struct softbus_outgoing out = { .bus = object->bus, .object = object, .id = pending->id, .trace = pending->trace, .code = code,
                                    .deadline_ms = timeout_ms, .request = request };

    pending->is_detoured = request && request->n_objects > 0;
    return softbus_send_call(&out);
}

/* There is no hub now: it is sent when there is one again. */
static int put_off(struct softbus *bus, struct softbus_pending *pending, uint32_t code, const struct softbus_parcel *request)
{
    int r = 0;

    if (pending->channel)
        softbus_channel_unref(pending->channel);
    pending->channel = NULL;
    if (request) {
        pending->request = softbus_bus_take_parcel(bus, softbus_parcel_get_capacity(request));
        r = pending->request ? softbus_parcel_copy(request, pending->request) : SOFTBUS_ERR_NO_MEMORY;
    }
    pending->code = code;
    pending->is_unsent = true;
    bus->n_unsent++;
    return r;
}

static int begin_call(struct softbus_pending *pending, uint32_t code, const struct softbus_parcel *request, uint32_t timeout_ms)
{
    struct softbus_object *object = pending->object;
    struct softbus *bus = object->bus;
    int r = SOFTBUS_ERR_DISCONNECTED;

    if (object->is_stub)
        return softbus_serve_own_later(object, code, request, timeout_ms, pending);
    if (softbus_reconnect_is_ready(bus, object, request))
        r = send_pending(pending, code, request, timeout_ms);
    return r == SOFTBUS_ERR_DISCONNECTED && !bus->error ? put_off(bus, pending, code, request) : r;
}

int softbus_call_async(struct softbus_object *object, uint32_t code, struct softbus_parcel *request,
                       uint32_t timeout_ms, softbus_reply_fn fn, void *userdata, uint64_t *ret_call)
{
    SOFTBUS_LOCKED(object->bus);
    struct softbus *bus = object->bus;
    struct softbus_pending *pending = NULL;
    int r = softbus_send_check(object, code, request);

    if (r == 0 && !object->is_stub && softbus_reconnect_is_ready(bus, object, request))
        r = softbus_call_wait_room(object, request);
    if (r == 0)
        r = new_pending(bus, object, &pending);
    if (r < 0)
        return r;
    if (timeout_ms == 0)
        timeout_ms = SOFTBUS_DEFAULT_TIMEOUT_MS;
    pending->fn = fn;
    pending->userdata = userdata;
    pending->deadline_ms = sb_clock_now_ms() + timeout_ms;
    r = begin_call(pending, code, request, timeout_ms);
    if (r < 0) {
        softbus_call_remove(bus, pending);
        free_pending(bus, pending);
        return r;
    }
    enter_async(bus, pending);
    if (ret_call)
        *ret_call = pending->id;
    return 0;
}

/* One that was put off. */
static void send_late(struct softbus *bus, struct softbus_pending *pending, uint64_t now_ms)
{
    const struct softbus_object *object = pending->object;
    int r = object->is_dead ? SOFTBUS_ERR_DEAD_OBJECT : 0;

    if (r == 0) {
        pending->is_unsent = false;
        bus->n_unsent--;
        if (object->channel)
            pending->channel = softbus_channel_ref(object->channel);
        if (pending->channel && pending->channel->n_pending++ == 0)
            softbus_stream_poll(&pending->channel->stream, true);
        r = send_pending(pending, pending->code, pending->request, (uint32_t)(pending->deadline_ms - now_ms));
    }
    if (r < 0)
        softbus_call_end(bus, pending, r);
}

static struct softbus_pending *find_sendable(struct softbus *bus, uint64_t now_ms)
{
    SB_LIST_FOREACH (link, &bus->asyncs) {
        struct softbus_pending *pending = SB_CONTAINER_OF(link, struct softbus_pending, link);

        if (pending->is_unsent && pending->deadline_ms > now_ms &&
            (pending->object->is_dead || softbus_reconnect_is_ready(bus, pending->object, pending->request)))
            return pending;
    }
    return NULL;
}

void softbus_call_send_unsent(struct softbus *bus)
{
    uint64_t now_ms = bus->n_unsent > 0 ? sb_clock_now_ms() : 0;
    struct softbus_pending *pending;

    /* Found anew each time: sending may find that a channel is broken, and end others. */
    while (bus->n_unsent > 0 && (pending = find_sendable(bus, now_ms)))
        send_late(bus, pending, now_ms);
}

int softbus_call_hub_later(struct softbus *bus, uint32_t code, const struct softbus_parcel *request, struct softbus_object *object,
                           enum softbus_restores restores, uint64_t *ret_id)
{
    struct softbus_outgoing out = { .bus = bus, .code = code, .deadline_ms = SOFTBUS_DEFAULT_TIMEOUT_MS, .request = request };
    struct softbus_pending *pending;
    int r = new_pending(bus, NULL, &pending);

    if (r < 0)
        return r;
    pending->object = softbus_object_ref(object);
    pending->restores = restores;
    pending->deadline_ms = UINT64_MAX;
    out.id = pending->id;
    out.trace = pending->trace;
    r = softbus_send_call(&out);
    if (r < 0) {
        softbus_call_remove(bus, pending);
        free_pending(bus, pending);
        return r;
    }
    enter_async(bus, pending);
    if (ret_id)
        *ret_id = pending->id;
    return 0;
}

int softbus_cancel(struct softbus *bus, uint64_t call)
{
    SOFTBUS_LOCKED(bus);
    struct softbus_pending *pending = sb_idtab_find(&bus->calls, call);

    if (!pending || !pending->is_async || pending->restores)
        return SOFTBUS_ERR_INVALID;
    if (!pending->local && !pending->is_unsent)
        softbus_send_cancel(bus, pending);
    softbus_call_end(bus, pending, SOFTBUS_ERR_CANCELED);
    return 0;
}

/* Replies. */

bool softbus_call_is_sync_reply(const struct softbus *bus, struct wire_bytes body)
{
    const struct softbus_pending *pending =
        body.size < 8 ? NULL : sb_idtab_find(&bus->calls, wire_load_u64(body.data));

    return !pending || !pending->is_async || pending->restores;
}

bool softbus_call_is_answered_by(const struct softbus_channel *channel, struct wire_bytes body)
{
    const struct softbus_pending *pending =
        body.size < 8 ? NULL : sb_idtab_find(&channel->stream.bus->calls, wire_load_u64(body.data));

    return pending && pending->channel == channel && !pending->is_done;
}

/* Fills the caller's parcel. Descriptors that did not arrive make it a failure of that call alone. */
static int load_reply(struct softbus_incoming *incoming, struct softbus_parcel *parcel, struct wire_reply *reply)
{
    struct softbus *bus = incoming->stream->bus;
    unsigned n_fds = incoming->message.n_fds;
    int fds[WIRE_FDS_MAX], r = 0;

    if (parcel && reply->status == 0)
        r = softbus_incoming_load(incoming, reply->data, parcel);
    if (parcel && reply->status == 0 && r == 0 && bus->objects_in.n > 0)
        r = softbus_object_import(bus, &bus->objects_in, parcel);
    if (r < 0 || !parcel || n_fds == 0) {
        int consumed = softbus_incoming_consume(incoming, NULL);

        return r < 0 ? r : consumed == SOFTBUS_ERR_PROTOCOL ? consumed : 0;
    }
    r = softbus_incoming_consume(incoming, fds);
    if (r == SOFTBUS_ERR_LIMIT)
        reply->status = r;
    for (unsigned i = 0; r == 0 && i < n_fds; i++) {
        if (softbus_parcel_add_fd(parcel, fds[i]) < 0)
            reply->status = SOFTBUS_ERR_NO_MEMORY;
    }
    return r == SOFTBUS_ERR_LIMIT ? 0 : r;
}

int softbus_call_take_reply(struct softbus_incoming *incoming)
{
    struct softbus *bus = incoming->stream->bus;
    struct softbus_parcel *nobodys = NULL, *parcel;
    struct softbus_pending *pending;
    struct wire_reply reply;
    int r;

    if (wire_reply_decode(incoming->body, &reply, &bus->objects_in) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    if (incoming->stream->kind == SOFTBUS_STREAM_CLIENT && bus->objects_in.n > 0) /* only the hub's handles mean anything */
        return SOFTBUS_ERR_PROTOCOL;
    /* Only from where it was sent: numbers of a channel and the hub are the same table's. */
    pending = incoming->is_nobodys ? NULL : sb_idtab_find(&bus->calls, reply.id);
    if (pending && incoming->stream->kind == SOFTBUS_STREAM_CLIENT &&
        (!pending->channel || &pending->channel->stream != incoming->stream))
        return SOFTBUS_ERR_PROTOCOL;
    if (pending && pending->is_done) /* answered, and its waiter has not seen it yet */
        return SOFTBUS_ERR_PROTOCOL;
    parcel = pending ? pending->reply : NULL;
    if (!parcel && bus->objects_in.n > 0) { /* what nobody reads is given back by its parcel */
        parcel = nobodys = softbus_bus_take_parcel(bus, 0);
        if (!nobodys)
            return SOFTBUS_ERR_NO_MEMORY;
    }
    r = load_reply(incoming, parcel, &reply);
    softbus_bus_give_parcel(bus, nobodys);
    if (r < 0 || !pending)
        return r;
    if (pending->restores) {
        forget(bus, pending, reply.status);
        softbus_restore_take(bus, pending);
        free_pending(bus, pending);
        return 0;
    }
    if (pending->is_async && incoming->rights == SOFTBUS_RUNS_ALL) {
        forget(bus, pending, reply.status);
        complete(bus, pending);
        return 0;
    }
    if (pending->waiter == incoming->waiter && pending->waiter) {
        pending->is_done = true;
        pending->status = reply.status;
        return 0;
    }
    softbus_call_end(bus, pending, reply.status);
    return 0;
}
