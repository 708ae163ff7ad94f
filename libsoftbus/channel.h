/*
 * Direct channels: plain calls between two apps of this device that do not pass through the hub. docs/protocol-app.md, "Direct
 * channels". A client end carries this process's calls, a server end those of another app.
 */
#ifndef SOFTBUS_LIB_CHANNEL_H
#define SOFTBUS_LIB_CHANNEL_H

#include "base/list.h"
#include "base/map.h"
#include "libsoftbus/stream.h"

struct softbus_incoming;
struct softbus_object;
struct softbus_transaction;
struct wire_bytes;

#define SOFTBUS_CHANNEL_CALLS_MAX 256         /* of a server end, waiting: then it is not read */
#define SOFTBUS_CHANNEL_BYTES_MAX (4u << 20)  /* the same in bytes */

/* Calls that came through the hub and whose turn has not come. An honest client leaves few: what lies before them is on its way. */
#define SOFTBUS_CHANNEL_DETOURS_MAX 16384
#define SOFTBUS_CHANNEL_DETOUR_BYTES_MAX (16u << 20)

struct softbus_channel {
    struct softbus_stream stream;
    struct sb_list link;  /* bus->channels */
    unsigned n_refs;      /* one while it is open, one for each call under way, route and transaction */
    uint64_t number;      /* the hub's */
    bool is_open;
    bool is_orphan;       /* the hub that made it is gone: nothing will come through it, and nobody waits for our words about it */
    bool is_ending;       /* server: the hub has said that nothing more will come through it */
    uint64_t position;    /* client: messages numbered; server: messages taken */
    unsigned n_pending;   /* client: asynchronous calls */

    /* Client. */
    bool needs_seek;      /* a DETOUR went since the last message on the channel */

    /* Server. */
    uint64_t barrier;     /* nothing is taken from the socket before the position is this */
    struct sb_list detours;   /* what came through the hub and waits for its turn, by position */
    unsigned n_detours;
    size_t detour_bytes;
    struct sb_map grants;     /* by stub id */
    unsigned n_ending;        /* of them, that end at a position */
    struct wire_identity identity; /* of the client */
    char label[WIRE_LABEL_MAX + 1];
    unsigned n_waiting;   /* transactions that have not begun, and their bytes */
    size_t waiting_bytes;
};

struct softbus_channel *softbus_channel_ref(struct softbus_channel *channel);
void softbus_channel_unref(struct softbus_channel *channel);

/* CHANNEL, GRANT, ROUTE, REVOKE, CHANNEL_END from the hub. PROTOCOL, NO_MEMORY. */
int softbus_channel_take_management(struct softbus_incoming *incoming);
/* A DETOUR from the hub. */
int softbus_channel_take_detour(struct softbus_incoming *incoming);
/* True when the DETOUR carries the reply to a call that somebody waits for. */
bool softbus_channel_is_sync_reply(struct softbus *bus, struct wire_bytes body);

/* True when the DETOUR is for a server end that has too many calls waiting already: it stays where it is until some have begun. */
bool softbus_channel_is_busy(struct softbus *bus, struct wire_bytes body);

/* CALL and SEEK at a server end. */
int softbus_channel_take_call(struct softbus_incoming *incoming);
int softbus_channel_take_seek(struct softbus_incoming *incoming);
/* A numbered message without a call was taken at a server end. */
int softbus_channel_advance(struct softbus_incoming *incoming);

/* What is queued at a server end has become more or less: who does not read its answers is asked for no more calls. */
void softbus_channel_look_at_replies(struct softbus_stream *stream);

/* A transaction waits: then its channel, or the hub, may be read no more for a while; it has begun or was dropped. */
void softbus_channel_count(struct softbus_transaction *transaction);
void softbus_channel_discount(struct softbus_transaction *transaction);

/* A server end whose client is gone, with nothing left in its socket. */
bool softbus_channel_is_drained(struct softbus_stream *stream);

/* The other end is gone, or broke the protocol. */
void softbus_channel_break(struct softbus_stream *stream, bool is_violation);

/* Appends to bus->head what the order needs before a message on the channel itself. NO_MEMORY. */
int softbus_channel_begin_direct(struct softbus_channel *channel);

/* The hub is gone. Calls that are with their stubs go on; a client end is closed with the last of them when no route uses it any more. */
void softbus_channel_orphan(struct softbus_channel *channel);

void softbus_channel_close_all(struct softbus *bus);

static inline struct softbus_channel *softbus_channel_of(struct softbus_stream *stream)
{
    return stream->kind == SOFTBUS_STREAM_HUB ? NULL : SB_CONTAINER_OF(stream, struct softbus_channel, stream);
}

#endif
