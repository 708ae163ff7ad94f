/* Any bytes as a stream of messages; what is decoded and encoded again gives the same bytes. */
#include "base/buf.h"
#include "wire/channel.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wire_objects objects;

/* The body of a detour has the same decoder as the message of its own. */
static int decode_and_encode_detour(struct sb_buf *buf, const struct wire_msg *message)
{
    struct wire_detour detour;
    struct wire_call call;
    struct wire_reply reply;

    if (wire_detour_decode(message->body, &detour))
        return 1;
    if (detour.type == 0)
        return wire_detour_encode(buf, &detour);
    if (detour.type == WIRE_CALL) {
        if (wire_call_decode(detour.body, &call, &objects))
            return 1;
        call.n_fds = message->n_fds;
        return wire_detour_call_encode_head(buf, &detour, &call, &objects) || sb_buf_append(buf, call.data.data, call.data.size);
    }
    if (wire_reply_decode(detour.body, &reply, &objects))
        return 1;
    reply.n_fds = message->n_fds;
    return wire_detour_reply_encode_head(buf, &detour, &reply, &objects) || sb_buf_append(buf, reply.data.data, reply.data.size);
}

static int decode_and_encode_channel(struct sb_buf *buf, const struct wire_msg *message)
{
    struct wire_channel channel;
    struct wire_grant grant;
    struct wire_route route;
    struct wire_revoke revoke;
    struct wire_channel_end end;
    uint64_t id;

    switch (message->type) {
    case WIRE_CHANNEL:
        return wire_channel_decode(message->body, &channel) ? 1 : wire_channel_encode(buf, &channel);
    case WIRE_GRANT:
        return wire_grant_decode(message->body, &grant) ? 1 : wire_grant_encode(buf, &grant);
    case WIRE_ROUTE:
        return wire_route_decode(message->body, &route) ? 1 : wire_route_encode(buf, &route);
    case WIRE_REVOKE:
        return wire_revoke_decode(message->body, &revoke) ? 1 : wire_revoke_encode(buf, &revoke);
    case WIRE_CHANNEL_END:
        return wire_channel_end_decode(message->body, &end) ? 1 : wire_channel_end_encode(buf, &end);
    case WIRE_SEEK:
        return wire_seek_decode(message->body, &id) ? 1 : wire_seek_encode(buf, id);
    case WIRE_OFFER:
        return wire_offer_decode(message->body, &id) ? 1 : wire_offer_encode(buf, id);
    case WIRE_DETOUR:
        return decode_and_encode_detour(buf, message);
    default:
        return 1;
    }
}

/* Encodes what was decoded; 1: nothing was, or it has no encoder of its own here. */
static int decode_and_encode(struct sb_buf *buf, const struct wire_msg *message)
{
    struct wire_hello hello;
    struct wire_welcome welcome;
    struct wire_call call;
    struct wire_reply reply;
    struct wire_release release;
    struct wire_death_msg death;
    struct wire_refused refused;
    struct wire_service service;
    uint64_t id;

    switch (message->type) {
    case WIRE_HELLO:
        return wire_hello_decode(message->body, &hello) ? 1 : wire_hello_encode(buf, &hello);
    case WIRE_WELCOME:
        return wire_welcome_decode(message->body, &welcome) ? 1 : wire_welcome_encode(buf, &welcome);
    case WIRE_CALL:
        if (wire_call_decode(message->body, &call, &objects))
            return 1;
        call.n_fds = message->n_fds;
        return wire_call_encode_head(buf, &call, &objects) || sb_buf_append(buf, call.data.data, call.data.size);
    case WIRE_REPLY:
        if (wire_reply_decode(message->body, &reply, &objects))
            return 1;
        reply.n_fds = message->n_fds;
        return wire_reply_encode_head(buf, &reply, &objects) || sb_buf_append(buf, reply.data.data, reply.data.size);
    case WIRE_CANCEL:
        return wire_cancel_decode(message->body, &id) ? 1 : wire_cancel_encode(buf, id);
    case WIRE_RELEASE:
        return wire_release_decode(message->body, &release) ? 1 : wire_release_encode(buf, &release);
    case WIRE_WITHDRAW:
        return wire_withdraw_decode(message->body, &id) ? 1 : wire_withdraw_encode(buf, id);
    case WIRE_DEATH:
        return wire_death_decode(message->body, &death) ? 1 : wire_death_encode(buf, &death);
    case WIRE_REFUSED:
        return wire_refused_decode(message->body, &refused) ? 1 : wire_refused_encode(buf, &refused);
    case WIRE_SERVICE:
        return wire_service_decode(message->body, &service) ? 1 : wire_service_encode(buf, &service);
    default:
        return decode_and_encode_channel(buf, message);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_msg message;
    size_t n;

    while (wire_msg_scan(data, size, WIRE_MSG_MAX, &message, &n) > 0) {
        struct sb_buf buf;

        if (n < WIRE_HEADER_SIZE || n > size)
            abort();
        sb_buf_init(&buf, 2 * WIRE_MSG_MAX);
        if (decode_and_encode(&buf, &message) == 0 && (buf.length != n || memcmp(sb_buf_bytes(&buf), data, n)))
            abort();
        sb_buf_deinit(&buf);
        data += n;
        size -= n;
    }
    return 0;
}
