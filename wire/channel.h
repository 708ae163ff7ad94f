/*
 * The messages of direct channels, and of apps that outlive their hub: docs/protocol-app.md, "Direct channels" and
 * "A hub that restarts". Decoders and encoders are as in wire/msg.h.
 */
#ifndef SB_WIRE_CHANNEL_H
#define SB_WIRE_CHANNEL_H

#include "wire/msg.h"

enum wire_role { WIRE_ROLE_CLIENT = 1, WIRE_ROLE_SERVER = 2 };

struct wire_channel {
    uint64_t channel;
    enum wire_role role;           /* of the app that gets it */
    struct wire_identity identity; /* of the other one: LOCAL */
};

struct wire_grant {
    uint64_t channel, stub;
};

struct wire_route {
    uint64_t handle, channel, stub;
};

struct wire_revoke {
    uint64_t channel, stub;
    uint64_t after; /* position of the channel at which the grant ends */
};

struct wire_channel_end {
    uint64_t channel;
    uint32_t reason; /* enum wire_death */
};

/* A CALL or REPLY with a place in its channel, or, of type 0, the place alone. */
struct wire_detour {
    uint64_t channel, position;
    uint16_t type;          /* WIRE_CALL, WIRE_REPLY or 0 */
    struct wire_bytes body; /* of that message, not looked into; when encoding not used */
};

int wire_channel_decode(struct wire_bytes body, struct wire_channel *ret_channel);
int wire_grant_decode(struct wire_bytes body, struct wire_grant *ret_grant);
int wire_route_decode(struct wire_bytes body, struct wire_route *ret_route);
int wire_revoke_decode(struct wire_bytes body, struct wire_revoke *ret_revoke);
int wire_channel_end_decode(struct wire_bytes body, struct wire_channel_end *ret_end);
int wire_detour_decode(struct wire_bytes body, struct wire_detour *ret_detour);
int wire_seek_decode(struct wire_bytes body, uint64_t *ret_position);
int wire_offer_decode(struct wire_bytes body, uint64_t *ret_stub);

int wire_channel_encode(struct sb_buf *buf, const struct wire_channel *channel); /* says that one descriptor comes with it */
int wire_grant_encode(struct sb_buf *buf, const struct wire_grant *grant);
int wire_route_encode(struct sb_buf *buf, const struct wire_route *route);
int wire_revoke_encode(struct sb_buf *buf, const struct wire_revoke *revoke);
int wire_channel_end_encode(struct sb_buf *buf, const struct wire_channel_end *end);
int wire_seek_encode(struct sb_buf *buf, uint64_t position);
int wire_offer_encode(struct sb_buf *buf, uint64_t stub);

/* The type is the function's, whatever detour->type says; the first is of type 0. */
int wire_detour_encode(struct sb_buf *buf, const struct wire_detour *detour);
int wire_detour_call_encode_head(struct sb_buf *buf, const struct wire_detour *detour, const struct wire_call *call,
                                 const struct wire_objects *objects);
int wire_detour_reply_encode_head(struct sb_buf *buf, const struct wire_detour *detour, const struct wire_reply *reply,
                                  const struct wire_objects *objects);

#endif
