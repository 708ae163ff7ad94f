/* Sending calls; see send.h. */
#include "libsoftbus/send.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/channel.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/reconnect.h"
#include "libsoftbus/stream.h"
#include "softbus/error.h"
#include "wire/channel.h"
#include "wire/hub.h"
#include "wire/rules.h"

static bool is_code(uint32_t code)
{
    return (code >= 1 && code <= SOFTBUS_CODE_MAX) || code == SOFTBUS_CODE_PING || code == SOFTBUS_CODE_INTERFACE ||
           code == SOFTBUS_CODE_DUMP;
}

int softbus_send_check(const struct softbus_object *object, uint32_t code, const struct softbus_parcel *request)
{
    int r;

    if (!is_code(code) || (request && !softbus_parcel_is_complete(request)))
        return SOFTBUS_ERR_INVALID;
    if (object->bus->error)
        return SOFTBUS_ERR_DISCONNECTED;
    if (object->is_dead)
        return SOFTBUS_ERR_DEAD_OBJECT;
    if (!request)
        return 0;
    if (request->n_objects && request->objects[0]->bus != object->bus)
        return SOFTBUS_ERR_INVALID;
    if (object->is_remote && request->n_fds)
        return SOFTBUS_ERR_DESCRIPTOR;
    r = wire_rules_check_size(request->buf.length, object->is_remote);
    if (r == WIRE_OK && !object->is_stub && request->n_objects)
        r = softbus_object_check_pass(request, object);
    return r;
}

uint64_t softbus_send_choose_trace(struct softbus *bus)
{
    uint64_t trace = softbus_context_get_trace(bus);

    return trace ? trace : sb_random_u64(&bus->random);
}

/* What a callback sends without waiting leaves together with what the others of its turn send. */
static bool gathers(const struct softbus *bus, const struct softbus_outgoing *out)
{
    const struct softbus_context *context = softbus_context_find(bus);

    return context && context->gathers && out->id;
}

/* Plain data goes straight to the stub's process. */
static int send_direct(const struct softbus_outgoing *out, struct softbus_channel *channel, struct wire_call *call,
                       const struct softbus_outgoing_bytes *bytes)
{
    static const struct wire_objects no_objects;
    struct softbus *bus = out->bus;
    int r = softbus_channel_begin_direct(channel);

    call->target = out->object->direct_id;
    if (r == 0 && wire_call_encode_head(&bus->head, call, &no_objects) < 0)
        r = SOFTBUS_ERR_NO_MEMORY;
    if (r == 0)
        r = softbus_stream_send(&channel->stream, bytes);
    if (r == 0) {
        channel->position++;
        channel->needs_seek = false;
    }
    return r;
}

/* What carries objects goes through the hub, with its place in the channel when there is one. */
static int send_to_hub(const struct softbus_outgoing *out, struct softbus_channel *channel, struct wire_call *call,
                       const struct softbus_outgoing_bytes *bytes)
{
    struct softbus *bus = out->bus;
    struct wire_detour detour = { 0 };
    int r;

    if (out->object && out->object->is_lost)
        return SOFTBUS_ERR_DISCONNECTED;
    bus->objects_out.n = 0;
    r = out->request ? softbus_object_export(bus, out->request, &bus->objects_out) : 0;
    if (r < 0)
        return r;
    call->target = out->object ? out->object->id : WIRE_HUB;
    if (channel) {
        detour = (struct wire_detour){ .channel = channel->number, .position = channel->position };
        r = wire_detour_call_encode_head(&bus->head, &detour, call, &bus->objects_out);
    } else {
        r = wire_call_encode_head(&bus->head, call, &bus->objects_out);
    }
    if (r < 0)
        return SOFTBUS_ERR_NO_MEMORY;
    r = softbus_reconnect_is_up(bus) ? softbus_stream_send(&bus->hub, bytes) : SOFTBUS_ERR_DISCONNECTED;
    if (r == 0 && out->request)
        softbus_object_count_sent(out->request);
    if (r == 0 && channel) {
        channel->position++;
        channel->needs_seek = true;
    }
    return r;
}

int softbus_send_call(const struct softbus_outgoing *out)
{
    struct softbus *bus = out->bus;
    struct softbus_channel *channel = out->object ? out->object->channel : NULL;
    struct wire_call call = { .id = out->id, .code = out->code, .deadline_ms = out->deadline_ms,
                              .flags = out->id ? 0 : WIRE_CALL_ONEWAY, .trace = out->trace };
    struct softbus_outgoing_bytes bytes = { .gathers = gathers(bus, out) };
    struct softbus_pending *pending;
    int r;

    if (out->request) {
        call.data = (struct wire_bytes){ .data = sb_buf_bytes(&out->request->buf), .size = out->request->buf.length };
        call.n_fds = out->request->n_fds;
        bytes.data = call.data.data;
        bytes.size = call.data.size;
        bytes.fds = out->request->fds;
        bytes.n_fds = out->request->n_fds;
    }
    bus->head.length = 0;
    if (!channel || (out->request && out->request->n_objects))
        return send_to_hub(out, channel && !channel->is_orphan ? channel : NULL, &call, &bytes);
    r = send_direct(out, channel, &call, &bytes);
    if (r != SOFTBUS_ERR_DISCONNECTED)
        return r;
    /* Nothing was sent: the hub knows what has become of the stub. */
    pending = sb_idtab_find(&bus->calls, out->id);
    if (pending && pending->channel)
        softbus_channel_unref(pending->channel);
    if (pending)
        pending->channel = NULL;
    softbus_channel_break(&channel->stream, false);
    bus->head.length = 0;
    return send_to_hub(out, NULL, &call, &bytes);
}

void softbus_send_cancel(struct softbus *bus, const struct softbus_pending *pending)
{
    static const struct softbus_outgoing_bytes nothing;
    struct softbus_channel *channel = pending->channel;

    bus->head.length = 0;
    if (!channel) {
        if (wire_cancel_encode(&bus->head, pending->id) == 0)
            softbus_bus_send_head(bus);
    } else if (channel->is_open && softbus_channel_begin_direct(channel) == 0 &&
               wire_cancel_encode(&bus->head, pending->id) == 0 && softbus_stream_send(&channel->stream, &nothing) == 0) {
        channel->position++;
        channel->needs_seek = false;
    }
}
