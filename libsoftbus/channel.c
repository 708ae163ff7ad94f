/* Direct channels; see channel.h. */
#include "libsoftbus/channel.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/dispatch.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/serve.h"
#include "softbus/error.h"
#include "wire/channel.h"
#include "wire/status.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAITING_BYTES 1024          /* what a call that waits takes beside its data */
#define DESCRIPTOR_BYTES (32 * 1024) /* each counts as much: a process has few, and a call that waits keeps up to 32 */

/* A stub that the client may call. */
struct grant {
    struct sb_map_entry entry;   /* channel->grants, by id */
    struct softbus_object *stub; /* holds a reference */
    uint64_t id;
    uint64_t after; /* it ends when the channel's position is this */
};

/* A message that came through the hub, and waits for its turn. */
struct detour {
    struct sb_list link; /* channel->detours */
    uint64_t position;
    struct softbus_transaction *transaction; /* NULL: one that the hub refused, or that was empty */
};

struct softbus_channel *softbus_channel_ref(struct softbus_channel *channel)
{
    channel->n_refs++;
    return channel;
}

/* Of the present hub. */
static struct softbus_channel *find_channel(struct softbus *bus, uint64_t number)
{
    SB_LIST_FOREACH (link, &bus->channels) {
        struct softbus_channel *channel = SB_CONTAINER_OF(link, struct softbus_channel, link);

        if (channel->number == number && !channel->is_orphan)
            return channel;
    }
    return NULL;
}

static bool has_id(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    return !memcmp(&SB_CONTAINER_OF(entry, struct grant, entry)->id, key, key_size);
}

static struct grant *find_grant(struct softbus_channel *channel, uint64_t id)
{
    struct sb_map_entry *entry = sb_map_find(&channel->grants, &id, sizeof(id));

    return entry ? SB_CONTAINER_OF(entry, struct grant, entry) : NULL;
}

static void free_grant(struct softbus_channel *channel, struct grant *grant)
{
    sb_map_remove(&channel->grants, &grant->entry);
    channel->n_ending -= grant->after != UINT64_MAX;
    softbus_object_unref(grant->stub);
    free(grant);
}

static void free_detour(struct detour *detour)
{
    sb_list_remove(&detour->link);
    if (detour->transaction)
        softbus_serve_free(detour->transaction);
    free(detour);
}

static void free_detours(struct softbus_channel *channel)
{
    while (!sb_list_is_empty(&channel->detours))
        free_detour(SB_CONTAINER_OF(channel->detours.next, struct detour, link));
    channel->detour_bytes = 0;
}

static size_t count_bytes(const struct softbus_transaction *transaction)
{
    return transaction ? softbus_parcel_get_size(transaction->request) + transaction->request->n_fds * DESCRIPTOR_BYTES : 0;
}

/* Closes our end. Calls under way on it end with DIED. */
static void close_channel(struct softbus_channel *channel)
{
    struct sb_map_entry *entry;

    if (!channel->is_open)
        return;
    channel->is_open = false;
    softbus_channel_ref(channel);
    softbus_call_end_channel(channel);
    softbus_object_unroute_all(channel);
    free_detours(channel);
    while ((entry = sb_map_next(&channel->grants, NULL)))
        free_grant(channel, SB_CONTAINER_OF(entry, struct grant, entry));
    sb_map_deinit(&channel->grants);
    sb_list_remove(&channel->link);
    shutdown(channel->stream.fd, SHUT_RDWR); /* another thread may wait for it */
    softbus_stream_deinit(&channel->stream);
    softbus_channel_unref(channel); /* the one of being open */
    softbus_channel_unref(channel);
}

void softbus_channel_unref(struct softbus_channel *channel)
{
    if (--channel->n_refs == 0)
        free(channel);
    else if (channel->n_refs == 1 && channel->is_open && channel->is_orphan && channel->stream.kind == SOFTBUS_STREAM_CLIENT)
        close_channel(channel);
}

void softbus_channel_close_all(struct softbus *bus)
{
    struct sb_list *link;

    while ((link = sb_list_first(&bus->channels)))
        close_channel(SB_CONTAINER_OF(link, struct softbus_channel, link));
}

static int tell_end(struct softbus *bus, uint64_t number)
{
    struct wire_channel_end end = { .channel = number, .reason = WIRE_DEATH_PROCESS_DIED };

    bus->head.length = 0;
    return wire_channel_end_encode(&bus->head, &end) < 0 ? SOFTBUS_ERR_NO_MEMORY : softbus_bus_send_head(bus);
}

bool softbus_channel_is_drained(struct softbus_stream *stream)
{
    const struct softbus_channel *channel = softbus_channel_of(stream);

    return channel && channel->is_ending && !stream->is_readable && !stream->is_blocked && sb_list_is_empty(&channel->detours);
}

void softbus_channel_break(struct softbus_stream *stream, bool is_violation)
{
    struct softbus_channel *channel = softbus_channel_of(stream);

    /* A client that is gone: what it had sent through the hub may still come, and its end will be told. */
    if (stream->kind == SOFTBUS_STREAM_SERVER && !is_violation && !channel->is_ending && !channel->is_orphan) {
        stream->is_blocked = true;
        softbus_stream_update(stream);
        return;
    }
    if (!channel->is_ending && !channel->is_orphan)
        tell_end(stream->bus, channel->number);
    close_channel(channel);
}

/* --- order at a server end --- */

static bool has_too_many(const struct softbus_channel *channel)
{
    return channel->n_waiting >= SOFTBUS_CHANNEL_CALLS_MAX || channel->waiting_bytes >= SOFTBUS_CHANNEL_BYTES_MAX;
}

/* Grants that end here end. */
static void revoke_due(struct softbus_channel *channel)
{
    struct sb_map_entry *entry = channel->n_ending > 0 ? sb_map_next(&channel->grants, NULL) : NULL, *next;

    for (; entry; entry = next) {
        struct grant *grant = SB_CONTAINER_OF(entry, struct grant, entry);

        next = sb_map_next(&channel->grants, entry);
        if (grant->after <= channel->position)
            free_grant(channel, grant);
    }
}

static void look_again(struct softbus_channel *channel)
{
    struct softbus_stream *stream = &channel->stream;
    struct sb_list *first = sb_list_first(&channel->detours);
    bool is_next = first && SB_CONTAINER_OF(first, struct detour, link)->position == channel->position;

    /* What a client that is gone left behind a place that will never be filled is not taken any more. */
    if (channel->is_ending && channel->barrier > channel->position && !is_next)
        sb_buf_consume(&stream->in, stream->in.length);
    stream->is_blocked = (channel->barrier > channel->position && !channel->is_ending) || is_next || has_too_many(channel) ||
                         softbus_stream_is_full(stream);
    softbus_stream_update(stream);
}

void softbus_channel_look_at_replies(struct softbus_stream *stream)
{
    struct softbus_channel *channel = softbus_channel_of(stream);

    if (channel->is_open && stream->is_blocked != softbus_stream_is_full(stream))
        look_again(channel);
}

/* Takes every detour whose turn it is, and runs the last of them here; first, which may be NULL, goes before. */
static int submit_due(struct softbus_channel *channel, struct softbus_transaction *first, struct softbus_incoming *incoming)
{
    struct softbus_transaction *last = first;
    struct sb_list *link;

    while ((link = sb_list_first(&channel->detours))) {
        struct detour *detour = SB_CONTAINER_OF(link, struct detour, link);
        struct softbus_transaction *transaction = detour->transaction;

        if (detour->position != channel->position)
            break;
        detour->transaction = NULL;
        free_detour(detour);
        channel->n_detours--;
        channel->detour_bytes -= count_bytes(transaction);
        channel->position++;
        if (!transaction)
            continue;
        if (last)
            softbus_serve_enqueue(last);
        last = transaction;
    }
    revoke_due(channel);
    if (last)
        softbus_channel_count(last);
    look_again(channel);
    return last ? softbus_serve_submit(last, incoming) : 0;
}

int softbus_channel_advance(struct softbus_incoming *incoming)
{
    struct softbus_channel *channel = softbus_channel_of(incoming->stream);

    channel->position++;
    return submit_due(channel, NULL, incoming);
}

void softbus_channel_count(struct softbus_transaction *transaction)
{
    struct softbus_channel *channel = transaction->channel;

    if (transaction->is_counted)
        return;
    transaction->is_counted = true;
    if (!channel) {
        transaction->bus->waiting_bytes += WAITING_BYTES + count_bytes(transaction);
        return;
    }
    channel->n_waiting++;
    channel->waiting_bytes += count_bytes(transaction);
    if (channel->is_open && has_too_many(channel))
        look_again(channel);
}

void softbus_channel_discount(struct softbus_transaction *transaction)
{
    struct softbus_channel *channel = transaction->channel;
    bool was_full;

    if (!transaction->is_counted)
        return;
    transaction->is_counted = false;
    if (!channel) {
        transaction->bus->waiting_bytes -= WAITING_BYTES + count_bytes(transaction);
        softbus_stream_update(&transaction->bus->hub);
        return;
    }
    was_full = has_too_many(channel);
    channel->n_waiting--;
    channel->waiting_bytes -= count_bytes(transaction);
    if (channel->is_open && was_full)
        look_again(channel);
}

/* --- the client's messages --- */

int softbus_channel_take_call(struct softbus_incoming *incoming)
{
    struct softbus_channel *channel = softbus_channel_of(incoming->stream);
    struct grant *grant = incoming->body.size < 16 ? NULL : find_grant(channel, wire_load_u64(incoming->body.data + 8));
    struct softbus_transaction *transaction = NULL;
    int r;

    if (grant)
        r = softbus_serve_load_call(incoming, grant->stub, channel, &transaction);
    else
        r = softbus_serve_refuse_call(incoming, SOFTBUS_ERR_DEAD_OBJECT);
    if (r < 0 || !channel->is_open)
        return r;
    channel->position++;
    return submit_due(channel, transaction, incoming);
}

int softbus_channel_take_seek(struct softbus_incoming *incoming)
{
    struct softbus_channel *channel = softbus_channel_of(incoming->stream);
    uint64_t position;

    if (wire_seek_decode(incoming->body, &position) < 0 || position < channel->position ||
        softbus_incoming_consume(incoming, NULL) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    channel->barrier = position;
    if (channel->is_orphan) /* what is missing will not come */
        channel->position = position;
    look_again(channel);
    return 0;
}

/* A call in its place among the channel's. PROTOCOL: a place that no honest client names, or more than one leaves open. */
static int add_detour(struct softbus_channel *channel, uint64_t position, struct softbus_transaction *transaction)
{
    struct sb_list *last = channel->detours.prev;
    struct detour *detour;

    if (position < channel->position || channel->n_detours >= SOFTBUS_CHANNEL_DETOURS_MAX ||
        channel->detour_bytes >= SOFTBUS_CHANNEL_DETOUR_BYTES_MAX ||
        (last != &channel->detours && SB_CONTAINER_OF(last, struct detour, link)->position >= position))
        return SOFTBUS_ERR_PROTOCOL;
    detour = malloc(sizeof(*detour));
    if (!detour)
        return SOFTBUS_ERR_NO_MEMORY;
    *detour = (struct detour){ .position = position, .transaction = transaction };
    sb_list_append(&channel->detours, &detour->link);
    channel->n_detours++;
    channel->detour_bytes += count_bytes(transaction);
    return 0;
}

/* A call that the client made through the hub, or the place of one that the hub refused. The client's mistakes end its channel,
 * not our connection to the hub. */
static int take_detoured_call(struct softbus_incoming *incoming, struct softbus_channel *channel,
                              const struct wire_detour *detour)
{
    struct softbus_transaction *transaction = NULL;
    int r;

    r = detour->type ? softbus_serve_load_call(incoming, NULL, channel, &transaction) : softbus_incoming_consume(incoming, NULL);
    if (r < 0 || !channel->is_open)
        return r;
    r = add_detour(channel, detour->position, transaction);
    if (r < 0 && transaction)
        softbus_serve_free(transaction);
    if (r == SOFTBUS_ERR_PROTOCOL) {
        softbus_channel_break(&channel->stream, true);
        return 0;
    }
    return r < 0 ? r : submit_due(channel, NULL, incoming);
}

bool softbus_channel_is_busy(struct softbus *bus, struct wire_bytes body)
{
    const struct softbus_channel *channel;
    struct wire_detour detour;

    if (wire_detour_decode(body, &detour) < 0 || detour.type == WIRE_REPLY)
        return false;
    channel = find_channel(bus, detour.channel);
    return channel && has_too_many(channel);
}

bool softbus_channel_is_sync_reply(struct softbus *bus, struct wire_bytes body)
{
    struct wire_detour detour;

    return wire_detour_decode(body, &detour) == 0 && detour.type == WIRE_REPLY &&
           softbus_call_is_sync_reply(bus, detour.body);
}

int softbus_channel_take_detour(struct softbus_incoming *incoming)
{
    struct softbus_channel *channel;
    struct wire_detour detour;
    int r;

    if (wire_detour_decode(incoming->body, &detour) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    channel = find_channel(incoming->stream->bus, detour.channel);
    incoming->body = detour.body;
    if (detour.type == WIRE_REPLY) {
        /* The hub does not know these calls: it is the server that may answer twice, or what it was not asked. */
        incoming->is_nobodys = !channel || !softbus_call_is_answered_by(channel, detour.body);
        return softbus_call_take_reply(incoming);
    }
    if (!channel) /* closed meanwhile */
        return detour.type ? softbus_serve_refuse_call(incoming, 0) : softbus_incoming_consume(incoming, NULL);
    if (channel->stream.kind != SOFTBUS_STREAM_SERVER)
        return SOFTBUS_ERR_PROTOCOL;
    softbus_channel_ref(channel);
    r = take_detoured_call(incoming, channel, &detour);
    softbus_channel_unref(channel);
    return r;
}

/* --- what the hub arranges --- */

static void set_identity(struct softbus_channel *channel, const struct wire_identity *identity)
{
    channel->identity = *identity;
    memcpy(channel->label, identity->label.text, identity->label.size);
    channel->identity.label = (struct wire_str){ .text = channel->label, .size = identity->label.size };
}

/* NULL: no memory. */
static struct softbus_channel *new_channel(struct softbus *bus, const struct wire_channel *message)
{
    struct softbus_channel *channel = calloc(1, sizeof(*channel));

    if (!channel)
        return NULL;
    channel->n_refs = 1;
    channel->number = message->channel;
    sb_list_init(&channel->detours);
    sb_map_init(&channel->grants, &bus->random, has_id);
    set_identity(channel, &message->identity);
    return channel;
}

static int take_channel(struct softbus_incoming *incoming)
{
    struct softbus *bus = incoming->stream->bus;
    struct softbus_channel *channel;
    struct wire_channel message;
    int fds[WIRE_FDS_MAX], r;
    bool is_client;

    if (wire_channel_decode(incoming->body, &message) < 0 || find_channel(bus, message.channel) || incoming->message.n_fds != 1)
        return SOFTBUS_ERR_PROTOCOL;
    is_client = message.role == WIRE_ROLE_CLIENT;
    channel = new_channel(bus, &message);
    r = softbus_incoming_consume(incoming, fds);
    if (r == 0 && channel &&
        softbus_stream_init(&channel->stream, bus, is_client ? SOFTBUS_STREAM_CLIENT : SOFTBUS_STREAM_SERVER, fds[0]) == 0) {
        channel->is_open = true;
        sb_list_append(&bus->channels, &channel->link);
        softbus_stream_poll(&channel->stream, !is_client);
        return 0;
    }
    if (r == 0 && !channel)
        close(fds[0]);
    if (channel)
        sb_map_deinit(&channel->grants);
    free(channel);
    return r == SOFTBUS_ERR_PROTOCOL ? r : tell_end(bus, message.channel);
}

/* The answer goes behind everything that came before: from now on the client may use it. */
static int take_grant(struct softbus_incoming *incoming)
{
    struct softbus *bus = incoming->stream->bus;
    struct softbus_channel *channel;
    struct softbus_object *stub;
    struct wire_grant message;
    struct grant *grant;

    if (wire_grant_decode(incoming->body, &message) < 0 || softbus_incoming_consume(incoming, NULL) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    channel = find_channel(bus, message.channel);
    if (!channel)
        return tell_end(bus, message.channel);
    grant = find_grant(channel, message.stub);
    stub = sb_idtab_find(&bus->stubs, message.stub);
    if (grant) {
        channel->n_ending -= grant->after != UINT64_MAX;
        grant->after = UINT64_MAX;
    } else if (stub) { /* else withdrawn meanwhile, which the hub will hear */
        grant = malloc(sizeof(*grant));
        if (!grant)
            return SOFTBUS_ERR_NO_MEMORY;
        *grant = (struct grant){ .stub = softbus_object_ref(stub), .id = message.stub, .after = UINT64_MAX };
        if (sb_map_add(&channel->grants, &grant->entry, &grant->id, sizeof(grant->id)) < 0) {
            softbus_object_unref(stub);
            free(grant);
            return SOFTBUS_ERR_NO_MEMORY;
        }
    }
    bus->head.length = 0;
    return wire_grant_encode(&bus->head, &message) < 0 ? SOFTBUS_ERR_NO_MEMORY : softbus_bus_send_head(bus);
}

/* Calls of the proxy go by the channel from now on, behind an empty place for what went through the hub before. */
static int take_route(struct softbus_incoming *incoming)
{
    struct softbus *bus = incoming->stream->bus;
    struct softbus_channel *channel;
    struct softbus_object *proxy;
    struct sb_map_entry *entry;
    struct wire_detour detour;
    struct wire_route route;
    int r;

    if (wire_route_decode(incoming->body, &route) < 0 || softbus_incoming_consume(incoming, NULL) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    channel = find_channel(bus, route.channel);
    entry = sb_map_find(&bus->proxies, &route.handle, sizeof(route.handle));
    if (!channel || !entry) /* closed, or released, meanwhile */
        return 0;
    if (channel->stream.kind != SOFTBUS_STREAM_CLIENT)
        return SOFTBUS_ERR_PROTOCOL;
    proxy = SB_CONTAINER_OF(entry, struct softbus_object, entry);
    softbus_object_unroute(proxy);
    detour = (struct wire_detour){ .channel = channel->number, .position = channel->position };
    bus->head.length = 0;
    r = wire_detour_encode(&bus->head, &detour) < 0 ? SOFTBUS_ERR_NO_MEMORY : softbus_bus_send_head(bus);
    if (r < 0)
        return r;
    channel->position++;
    channel->needs_seek = true;
    proxy->channel = softbus_channel_ref(channel);
    proxy->direct_id = route.stub;
    return 0;
}

static int take_revoke(struct softbus_incoming *incoming)
{
    struct softbus_channel *channel;
    struct wire_revoke revoke;
    struct grant *grant;

    if (wire_revoke_decode(incoming->body, &revoke) < 0 || softbus_incoming_consume(incoming, NULL) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    channel = find_channel(incoming->stream->bus, revoke.channel);
    grant = channel ? find_grant(channel, revoke.stub) : NULL;
    if (!grant)
        return 0;
    channel->n_ending += grant->after == UINT64_MAX;
    grant->after = revoke.after;
    revoke_due(channel);
    return 0;
}

static int take_channel_end(struct softbus_incoming *incoming)
{
    struct softbus_channel *channel;
    struct wire_channel_end end;

    if (wire_channel_end_decode(incoming->body, &end) < 0 || softbus_incoming_consume(incoming, NULL) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    channel = find_channel(incoming->stream->bus, end.channel);
    if (!channel)
        return 0;
    channel->is_ending = true;
    if (channel->stream.kind == SOFTBUS_STREAM_CLIENT || end.reason == WIRE_DEATH_ACCESS_REVOKED) {
        close_channel(channel);
        return 0;
    }
    channel->stream.is_readable = true;
    look_again(channel);
    return 0;
}

void softbus_channel_orphan(struct softbus_channel *channel)
{
    channel->is_orphan = true;
    if (channel->stream.kind == SOFTBUS_STREAM_CLIENT) {
        softbus_channel_ref(channel);
        softbus_channel_unref(channel); /* closes it when it is idle */
        return;
    }
    /* What came through the hub and waits for its turn has ended for its caller. */
    free_detours(channel);
    if (channel->position < channel->barrier)
        channel->position = channel->barrier;
    channel->stream.is_readable = true; /* its client may be gone already */
    look_again(channel);
}

int softbus_channel_take_management(struct softbus_incoming *incoming)
{
    switch (incoming->message.type) {
    case WIRE_CHANNEL:
        return take_channel(incoming);
    case WIRE_GRANT:
        return take_grant(incoming);
    case WIRE_ROUTE:
        return take_route(incoming);
    case WIRE_REVOKE:
        return take_revoke(incoming);
    case WIRE_CHANNEL_END:
        return take_channel_end(incoming);
    default:
        return SOFTBUS_ERR_PROTOCOL;
    }
}

int softbus_channel_begin_direct(struct softbus_channel *channel)
{
    if (channel->needs_seek && wire_seek_encode(&channel->stream.bus->head, channel->position) < 0)
        return SOFTBUS_ERR_NO_MEMORY;
    return 0;
}
