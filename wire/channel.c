/* Codec of the channel messages; see channel.h. Section names are those of docs/protocol-app.md. */
#include "wire/channel.h"

#include "wire/codec.h"
#include "wire/status.h"

#include <errno.h>

/* Section "Direct channels": CHANNEL. */
int wire_channel_decode(struct wire_bytes body, struct wire_channel *ret_channel)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_channel channel;

    channel.channel = wire_get_u64(&reader);
    channel.role = wire_get_u8(&reader);
    channel.identity = wire_get_identity(&reader);
    if ((channel.role != WIRE_ROLE_CLIENT && channel.role != WIRE_ROLE_SERVER) ||
        channel.identity.kind != WIRE_IDENTITY_LOCAL)
        wire_reader_fail(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_channel = channel;
    return 0;
}

int wire_channel_encode(struct sb_buf *buf, const struct wire_channel *channel)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_CHANNEL, 1);

    wire_put_u64(&msg.writer, channel->channel);
    wire_put_u8(&msg.writer, (uint8_t)channel->role);
    wire_put_identity(&msg.writer, &channel->identity);
    return wire_close_msg(&msg, 0);
}

/* GRANT. */
int wire_grant_decode(struct wire_bytes body, struct wire_grant *ret_grant)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_grant grant;

    grant.channel = wire_get_u64(&reader);
    grant.stub = wire_get_u64(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_grant = grant;
    return 0;
}

int wire_grant_encode(struct sb_buf *buf, const struct wire_grant *grant)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_GRANT, 0);

    wire_put_u64(&msg.writer, grant->channel);
    wire_put_u64(&msg.writer, grant->stub);
    return wire_close_msg(&msg, 0);
}

/* ROUTE. */
int wire_route_decode(struct wire_bytes body, struct wire_route *ret_route)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_route route;

    route.handle = wire_get_u64(&reader);
    route.channel = wire_get_u64(&reader);
    route.stub = wire_get_u64(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_route = route;
    return 0;
}

int wire_route_encode(struct sb_buf *buf, const struct wire_route *route)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_ROUTE, 0);

    wire_put_u64(&msg.writer, route->handle);
    wire_put_u64(&msg.writer, route->channel);
    wire_put_u64(&msg.writer, route->stub);
    return wire_close_msg(&msg, 0);
}

/* REVOKE. */
int wire_revoke_decode(struct wire_bytes body, struct wire_revoke *ret_revoke)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_revoke revoke;

    revoke.channel = wire_get_u64(&reader);
    revoke.stub = wire_get_u64(&reader);
    revoke.after = wire_get_u64(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_revoke = revoke;
    return 0;
}

int wire_revoke_encode(struct sb_buf *buf, const struct wire_revoke *revoke)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_REVOKE, 0);

    wire_put_u64(&msg.writer, revoke->channel);
    wire_put_u64(&msg.writer, revoke->stub);
    wire_put_u64(&msg.writer, revoke->after);
    return wire_close_msg(&msg, 0);
}

/* CHANNEL_END. */
int wire_channel_end_decode(struct wire_bytes body, struct wire_channel_end *ret_end)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_channel_end end;

    end.channel = wire_get_u64(&reader);
    end.reason = wire_get_u32(&reader);
    if (end.reason < WIRE_DEATH_PROCESS_DIED || end.reason > WIRE_DEATH_ACCESS_REVOKED)
        wire_reader_fail(&reader);
    if (wire_reader_end(&reader) < 0)
        return -EBADMSG;
    *ret_end = end;
    return 0;
}

int wire_channel_end_encode(struct sb_buf *buf, const struct wire_channel_end *end)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_CHANNEL_END, 0);

    wire_put_u64(&msg.writer, end->channel);
    wire_put_u32(&msg.writer, end->reason);
    return wire_close_msg(&msg, 0);
}

/* SEEK. */
int wire_seek_decode(struct wire_bytes body, uint64_t *ret_position)
{
    return wire_decode_id(body, ret_position);
}

int wire_seek_encode(struct sb_buf *buf, uint64_t position)
{
    return wire_encode_id(buf, WIRE_SEEK, position);
}

/* Section "A hub that restarts": OFFER. */
int wire_offer_decode(struct wire_bytes body, uint64_t *ret_stub)
{
    return wire_decode_id(body, ret_stub);
}

int wire_offer_encode(struct sb_buf *buf, uint64_t stub)
{
    return wire_encode_id(buf, WIRE_OFFER, stub);
}

/* Section "Direct channels": DETOUR. */
int wire_detour_decode(struct wire_bytes body, struct wire_detour *ret_detour)
{
    struct wire_reader reader = wire_open_body(body);
    struct wire_detour detour;

    detour.channel = wire_get_u64(&reader);
    detour.position = wire_get_u64(&reader);
    detour.type = wire_get_u16(&reader);
    if (reader.has_failed)
        return -EBADMSG;
    detour.body = wire_get_fixed(&reader, reader.left);
    if (detour.type != WIRE_CALL && detour.type != WIRE_REPLY && (detour.type != 0 || detour.body.size > 0))
        return -EBADMSG;
    *ret_detour = detour;
    return 0;
}

static struct wire_open open_detour(struct sb_buf *buf, const struct wire_detour *detour, uint16_t type, uint16_t n_fds)
{
    struct wire_open msg = wire_open_msg(buf, WIRE_DETOUR, n_fds);

    wire_put_u64(&msg.writer, detour->channel);
    wire_put_u64(&msg.writer, detour->position);
    wire_put_u16(&msg.writer, type);
    return msg;
}

int wire_detour_encode(struct sb_buf *buf, const struct wire_detour *detour)
{
    struct wire_open msg = open_detour(buf, detour, 0, 0);

    return wire_close_msg(&msg, 0);
}

int wire_detour_call_encode_head(struct sb_buf *buf, const struct wire_detour *detour, const struct wire_call *call,
                                 const struct wire_objects *objects)
{
    struct wire_open msg = open_detour(buf, detour, WIRE_CALL, call->n_fds);

    wire_put_call(&msg.writer, call, objects);
    return wire_close_msg(&msg, call->data.size);
}

int wire_detour_reply_encode_head(struct sb_buf *buf, const struct wire_detour *detour, const struct wire_reply *reply,
                                  const struct wire_objects *objects)
{
    struct wire_open msg = open_detour(buf, detour, WIRE_REPLY, reply->n_fds);

    wire_put_reply(&msg.writer, reply, objects);
    return wire_close_msg(&msg, reply->data.size);
}
