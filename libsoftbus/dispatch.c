/*
 * What is run, and in which order: urgent jobs, then messages in the order of their arrival, stream by stream, in turn with the
 * other jobs. A thread that may not run a message of the hub's gets at the answers behind it all the same. Beside a pool it takes
 * calls in, to wait for their stubs, in whose queues they keep their order; else, and with what runs other functions of the app, it puts
 * the message aside: what was put aside comes before what arrives later.
 */
#include "libsoftbus/dispatch.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/channel.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/reconnect.h"
#include "libsoftbus/serve.h"
#include "libsoftbus/stream.h"
#include "libsoftbus/wait.h"
#include "base/clock.h"
#include "softbus/error.h"

#define BUSY_TURNS 32 /* without a pause, then the sockets and the clock are looked at */

int softbus_incoming_consume(struct softbus_incoming *incoming, int *ret_fds)
{
    int r = softbus_stream_consume(incoming->stream, incoming->from_kept, &incoming->message,
                                   incoming->is_swapped ? 0 : incoming->size, ret_fds);

    /* Behind the others, and before anything runs: another thread may go on with what comes next. */
    sb_list_remove(&incoming->stream->ready_link);
    softbus_stream_update(incoming->stream);
    return r;
}

int softbus_incoming_load(struct softbus_incoming *incoming, struct wire_bytes data, struct softbus_parcel *parcel)
{
    softbus_parcel_clear(parcel);
    if (!incoming->from_kept && softbus_stream_swap(incoming->stream, data, &parcel->buf)) {
        incoming->is_swapped = true;
        if (data.size > parcel->capacity) /* as softbus_parcel_load() has it */
            parcel->buf.max = data.size;
        return 0;
    }
    return softbus_parcel_load(parcel, data.data, data.size);
}

/* For a message that should carry no descriptors. */
static int consume(struct softbus_incoming *incoming)
{
    return incoming->message.n_fds > 0 ? SOFTBUS_ERR_PROTOCOL : softbus_incoming_consume(incoming, NULL);
}

static int take_cancel(struct softbus_incoming *incoming)
{
    uint64_t id;

    if (wire_cancel_decode(incoming->body, &id) < 0 || consume(incoming) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    softbus_serve_cancel(incoming->stream, id);
    return incoming->stream->kind == SOFTBUS_STREAM_SERVER ? softbus_channel_advance(incoming) : 0;
}

static int take_release(struct softbus_incoming *incoming)
{
    struct wire_release release;

    if (wire_release_decode(incoming->body, &release) < 0 || consume(incoming) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    return softbus_object_release(incoming->stream->bus, &release);
}

static int take_death(struct softbus_incoming *incoming)
{
    struct wire_death_msg death;

    if (wire_death_decode(incoming->body, &death) < 0 || consume(incoming) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    softbus_death_run(incoming->stream->bus, &death);
    return 0;
}

static int take_refused(struct softbus_incoming *incoming)
{
    struct softbus *bus = incoming->stream->bus;
    struct softbus_context context;
    struct wire_refused refused;
    struct softbus_object *object;

    if (wire_refused_decode(incoming->body, &refused) < 0 || consume(incoming) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    if (!bus->refused)
        return 0;
    if (refused.id) {
        object = sb_idtab_find(&bus->stubs, refused.object);
    } else {
        struct sb_map_entry *entry = sb_map_find(&bus->proxies, &refused.object, sizeof(refused.object));

        object = entry ? SB_CONTAINER_OF(entry, struct softbus_object, entry) : NULL;
    }
    softbus_object_ref(object);
    softbus_context_enter(bus, &context, NULL, 0);
    bus->refused(bus->refused_userdata, object, refused.status);
    softbus_context_leave(&context);
    softbus_object_unref(object);
    return 0;
}

static int take_from_hub(struct softbus_incoming *incoming)
{
    switch (incoming->message.type) {
    case WIRE_CALL:
        return softbus_serve_take_call(incoming);
    case WIRE_REPLY:
        return softbus_call_take_reply(incoming);
    case WIRE_CANCEL:
        return take_cancel(incoming);
    case WIRE_RELEASE:
        return take_release(incoming);
    case WIRE_DEATH:
        return take_death(incoming);
    case WIRE_REFUSED:
        return take_refused(incoming);
    case WIRE_DETOUR:
        return softbus_channel_take_detour(incoming);
    default:
        return softbus_channel_take_management(incoming);
    }
}

static int take_from_end(struct softbus_incoming *incoming)
{
    bool is_client = incoming->stream->kind == SOFTBUS_STREAM_CLIENT;

    switch (incoming->message.type) {
    case WIRE_CALL:
        return is_client ? SOFTBUS_ERR_PROTOCOL : softbus_channel_take_call(incoming);
    case WIRE_CANCEL:
        return is_client ? SOFTBUS_ERR_PROTOCOL : take_cancel(incoming);
    case WIRE_SEEK:
        return is_client ? SOFTBUS_ERR_PROTOCOL : softbus_channel_take_seek(incoming);
    case WIRE_REPLY:
        return is_client ? softbus_call_take_reply(incoming) : SOFTBUS_ERR_PROTOCOL;
    default:
        return SOFTBUS_ERR_PROTOCOL;
    }
}

static int take_from_channel(struct softbus_incoming *incoming)
{
    struct softbus_channel *channel = softbus_channel_ref(softbus_channel_of(incoming->stream)); /* it may close meanwhile */
    int r = take_from_end(incoming);

    softbus_channel_unref(channel);
    return r;
}

/* Beside a pool: everything but what runs the app's functions at once, and must not overtake such. */
static bool may_take_in(const struct softbus_incoming *incoming)
{
    switch (incoming->message.type) {
    case WIRE_DEATH:
    case WIRE_REFUSED:
        return false;
    case WIRE_ROUTE: /* its handle may come with an answer that waits */
        return incoming->stream->kept.length == 0;
    default:
        return true;
    }
}

/* The hub's message is not for this thread to run: taken in for others to run, or put aside. 1, or an error. */
static int take_in(struct softbus_incoming *incoming)
{
    struct softbus_stream *stream = incoming->stream;
    const struct wire_msg *message = &incoming->message;
    uint64_t id;
    int r;

    if (stream->bus->pool && may_take_in(incoming))
        return take_from_hub(incoming);
    if (message->type == WIRE_REPLY && softbus_call_is_sync_reply(stream->bus, message->body))
        return softbus_call_take_reply(incoming);
    if (message->type == WIRE_DETOUR && softbus_channel_is_sync_reply(stream->bus, message->body))
        return softbus_channel_take_detour(incoming);
    if (message->type == WIRE_CALL && softbus_serve_is_too_deep(incoming))
        return softbus_serve_refuse_call(incoming, SOFTBUS_ERR_AGAIN);
    if (message->type == WIRE_CANCEL && wire_cancel_decode(message->body, &id) == 0 && softbus_serve_cancel(stream, id))
        return consume(incoming);
    r = softbus_stream_put_aside(stream, message, incoming->size);
    softbus_stream_update(stream);
    return r;
}

static bool may_take(const struct softbus_incoming *incoming)
{
    return incoming->rights == SOFTBUS_RUNS_ALL || incoming->stream->kind == SOFTBUS_STREAM_CLIENT || incoming->stream->bus->pool ||
           (incoming->message.type == WIRE_CALL && softbus_serve_is_too_deep(incoming));
}

/* One message of this stream. 1, 0, or an error of the stream. */
static int dispatch_stream(struct softbus_stream *stream, enum softbus_rights rights, struct softbus_waiter *waiter)
{
    struct softbus_incoming incoming = { .stream = stream, .rights = rights, .waiter = waiter };
    int r;

    incoming.from_kept = rights == SOFTBUS_RUNS_ALL && stream->kept.length > 0;
    r = softbus_stream_peek(stream, incoming.from_kept, &incoming.message, &incoming.size);
    while (r == 0 && stream->is_readable && softbus_stream_receive(stream) > 0) /* until the kernel has no more, or a message is whole */
        r = softbus_stream_peek(stream, incoming.from_kept, &incoming.message, &incoming.size);
    if (r == 0)
        softbus_stream_update(stream);
    if (r == 0 && softbus_channel_is_drained(stream))
        return SOFTBUS_ERR_DISCONNECTED;
    if (r == 0 && stream->is_over)
        return SOFTBUS_ERR_DISCONNECTED;
    if (r <= 0)
        return r;
    incoming.body = incoming.message.body;
    if (stream->kind == SOFTBUS_STREAM_HUB && rights == SOFTBUS_RUNS_ALL && incoming.message.type == WIRE_DETOUR &&
        softbus_channel_is_busy(stream->bus, incoming.body))
        return 0;
    if (stream->kind == SOFTBUS_STREAM_HUB && stream->bus->reconnect.state == SOFTBUS_HUB_GREETING)
        r = softbus_reconnect_take_welcome(&incoming);
    else if (stream->kind == SOFTBUS_STREAM_HUB)
        r = rights == SOFTBUS_RUNS_ALL ? take_from_hub(&incoming) : take_in(&incoming);
    else if (may_take(&incoming))
        r = take_from_channel(&incoming);
    else
        return 0;
    return r < 0 ? r : 1;
}

/* A stream that is over, or whose other end broke the protocol. */
static void end_stream(struct softbus *bus, uint64_t id, int error)
{
    struct softbus_stream *stream = sb_idtab_find(&bus->streams, id);

    if (stream == &bus->hub && error == SOFTBUS_ERR_PROTOCOL)
        softbus_bus_fail(bus, error);
    else if (stream == &bus->hub)
        softbus_reconnect_lose(bus);
    else if (stream)
        softbus_channel_break(stream, error == SOFTBUS_ERR_PROTOCOL);
}

/* The first message that this thread may take, of any stream. */
static int dispatch_message(struct softbus *bus, enum softbus_rights rights, struct softbus_waiter *waiter)
{
    struct sb_list *link = bus->ready.next;
    int r = 0;

    while (link != &bus->ready) {
        struct softbus_stream *stream = SB_CONTAINER_OF(link, struct softbus_stream, ready_link);
        uint64_t id = stream->id;

        link = link->next;
        r = dispatch_stream(stream, rights, waiter);
        if (r > 0)
            return r;
        if (r < 0) {
            end_stream(bus, id, r);
            return bus->error ? bus->error : 1;
        }
    }
    return 0;
}

static int run_job(struct softbus *bus, struct sb_list *list)
{
    struct sb_list *link = sb_list_first(list);
    struct softbus_job *job;

    if (!link)
        return 0;
    sb_list_remove(link);
    job = SB_CONTAINER_OF(link, struct softbus_job, link);
    job->run(bus, job);
    return 1;
}

static enum softbus_rights find_rights(const struct softbus *bus, const struct softbus_waiter *waiter)
{
    if (softbus_context_get_depth(bus) >= SOFTBUS_DEPTH_MAX || (waiter && waiter->is_quiet))
        return SOFTBUS_RUNS_NOTHING;
    return waiter && bus->pool ? SOFTBUS_RUNS_CHAIN : SOFTBUS_RUNS_ALL;
}

static int dispatch_one(struct softbus *bus, struct softbus_waiter *waiter)
{
    enum softbus_rights rights = find_rights(bus, waiter);

    if (waiter && softbus_serve_run_inbox(waiter))
        return 1;
    if (rights != SOFTBUS_RUNS_ALL)
        return bus->error ? bus->error : dispatch_message(bus, rights, waiter);
    if (run_job(bus, &bus->urgent))
        return 1;
    /* In turn, so that none keeps the others waiting: calls that waited, jobs, messages. */
    for (unsigned i = 0; i < 3; i++) {
        int r;

        bus->turn = (bus->turn + 1) % 3;
        if (bus->turn == 0)
            r = softbus_serve_run_queued(bus);
        else if (bus->turn == 1)
            r = run_job(bus, &bus->jobs);
        else
            r = bus->error ? 0 : dispatch_message(bus, rights, waiter);
        if (r != 0)
            return r;
    }
    return bus->error;
}

int softbus_dispatch(struct softbus *bus, struct softbus_waiter *waiter)
{
    int r;

    /* Work that makes work, as one-way calls of an own stub may, must not keep us from the sockets for ever. */
    if (softbus_dispatch_is_long(bus)) {
        softbus_wait_poll(bus);
        softbus_call_expire(bus, sb_clock_now_ms());
    }
    if (bus->reconnect.due_ms != UINT64_MAX)
        softbus_reconnect_advance(bus);
    bus->n_busy++;
    r = dispatch_one(bus, waiter);
    if (r <= 0)
        bus->n_busy = 0;
    return r;
}

bool softbus_dispatch_is_long(const struct softbus *bus)
{
    return bus->n_busy % BUSY_TURNS == BUSY_TURNS - 1;
}

bool softbus_dispatch_is_due(const struct softbus *bus)
{
    return !sb_list_is_empty(&bus->urgent) || !sb_list_is_empty(&bus->jobs) || !sb_list_is_empty(&bus->runnable) ||
           !sb_list_is_empty(&bus->ready);
}
