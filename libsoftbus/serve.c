/* Calls of this process's stubs; see serve.h. The life of one: load, submit, run, send_reply. */
#include "libsoftbus/serve.h"

#include "libsoftbus/call.h"
#include "libsoftbus/channel.h"
#include "libsoftbus/dispatch.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/pool.h"
#include "libsoftbus/reconnect.h"
#include "libsoftbus/stream.h"
#include "libsoftbus/wait.h"
#include "base/clock.h"
#include "softbus/error.h"
#include "wire/channel.h"
#include "wire/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOCK_MAX 64      /* transactions kept for reuse */
#define QUICK_US 50       /* a stub whose calls take less on average: its answers may leave together */
#define MEASURE_PERIOD 8  /* of the calls of a quick stub one in so many is measured */
#define KICK_PERIOD_US 1000

_Static_assert(SOFTBUS_CODE_MAX == WIRE_CODE_APP_MAX && SOFTBUS_CODE_PING == WIRE_CODE_PING &&
                   SOFTBUS_CODE_INTERFACE == WIRE_CODE_INTERFACE && SOFTBUS_CODE_DUMP == WIRE_CODE_DUMP,
               "one numbering");

/* --- transactions --- */

void softbus_serve_free(struct softbus_transaction *transaction)
{
    struct softbus *bus = transaction->bus;

    softbus_channel_discount(transaction);
    sb_list_remove(&transaction->link);
    sb_list_remove(&transaction->queue_link);
    softbus_serve_leave_chain(transaction);
    bus->n_lazy++;
    softbus_bus_give_parcel(bus, transaction->request);
    softbus_bus_give_parcel(bus, transaction->reply);
    softbus_object_unref(transaction->stub);
    bus->n_lazy--;
    if (transaction->channel)
        softbus_channel_unref(transaction->channel);
    if (bus->n_transactions_kept >= STOCK_MAX || bus->is_closed) {
        free(transaction);
        return;
    }
    transaction->next = bus->transaction_stock;
    bus->transaction_stock = transaction;
    bus->n_transactions_kept++;
}

void softbus_serve_free_stock(struct softbus *bus)
{
    while (bus->transaction_stock) {
        struct softbus_transaction *transaction = bus->transaction_stock;

        bus->transaction_stock = transaction->next;
        free(transaction);
    }
}

struct softbus_transaction *softbus_serve_new(struct softbus_object *stub, uint32_t code, bool is_oneway,
                                                   size_t reply_capacity)
{
    struct softbus *bus = stub->bus;
    struct softbus_transaction *transaction = bus->transaction_stock;

    if (transaction) {
        bus->transaction_stock = transaction->next;
        bus->n_transactions_kept--;
    } else {
        transaction = malloc(sizeof(*transaction));
        if (!transaction)
            return NULL;
    }
    transaction->bus = bus;
    stub->n_refs++;
    transaction->stub = stub;
    transaction->channel = NULL;
    transaction->id = 0;
    transaction->code = code;
    transaction->is_oneway = is_oneway;
    transaction->is_canceled = transaction->is_counted = transaction->has_begun = false;
    transaction->deadline_ms = UINT64_MAX;
    transaction->pending = NULL;
    transaction->waiter = NULL;
    transaction->request = softbus_bus_take_parcel(bus, 0);
    transaction->reply = is_oneway ? NULL : softbus_bus_take_parcel(bus, reply_capacity);
    sb_list_append(&bus->transactions, &transaction->link);
    sb_list_init(&transaction->queue_link);
    sb_list_init(&transaction->chain_link);
    if (transaction->request && (is_oneway || transaction->reply))
        return transaction;
    softbus_serve_free(transaction);
    return NULL;
}

void softbus_serve_set_identity(struct softbus_transaction *transaction, const struct wire_identity *identity)
{
    transaction->identity = *identity;
    memcpy(transaction->label, identity->label.text, identity->label.size);
    transaction->label[identity->label.size] = '\0';
    transaction->identity.label = (struct wire_str){ .text = transaction->label, .size = identity->label.size };
}

/* --- answers --- */

struct answer {
    uint64_t id;
    int status;
    const struct softbus_parcel *parcel; /* used when the status is 0 */
    bool gathers;
};

/* Encodes the reply into bus->head. */
static int encode_reply(struct softbus *bus, struct softbus_channel *channel, const struct wire_reply *reply)
{
    struct wire_detour detour = { .channel = channel ? channel->number : 0 };
    int r;

    bus->head.length = 0;
    if (channel && bus->objects_out.n > 0)
        r = wire_detour_reply_encode_head(&bus->head, &detour, reply, &bus->objects_out);
    else
        r = wire_reply_encode_head(&bus->head, reply, &bus->objects_out);
    return r < 0 ? SOFTBUS_ERR_NO_MEMORY : 0;
}

/* Replies to the hub or the channel's client; a reply that cannot be sent ends the connection or channel: the caller must not
 * wait for nothing. */
static int send_reply(struct softbus *bus, struct softbus_channel *channel, const struct answer *answer)
{
    struct wire_reply reply = { .id = answer->id, .status = answer->status };
    struct softbus_outgoing_bytes bytes = { .gathers = answer->gathers };
    const struct softbus_parcel *parcel = answer->parcel;
    struct softbus_stream *stream;
    int r;

    bus->objects_out.n = 0;
    if (reply.status == 0 && (!softbus_parcel_is_complete(parcel) || softbus_object_export(bus, parcel, &bus->objects_out) < 0)) {
        bus->objects_out.n = 0;
        reply.status = SOFTBUS_ERR_FAILED;
    }
    if (reply.status == 0) {
        reply.data = (struct wire_bytes){ .data = sb_buf_bytes(&parcel->buf), .size = parcel->buf.length };
        reply.n_fds = parcel->n_fds;
        bytes.data = reply.data.data;
        bytes.size = reply.data.size;
        bytes.fds = parcel->fds;
        bytes.n_fds = parcel->n_fds;
    }
    /* What would have to go through a hub that is not there, or never knew the channel, is lost. */
    if (channel && bus->objects_out.n > 0 && (channel->is_orphan || !softbus_reconnect_is_up(bus))) {
        reply = (struct wire_reply){ .id = answer->id, .status = SOFTBUS_ERR_DISCONNECTED };
        bytes = (struct softbus_outgoing_bytes){ .gathers = answer->gathers };
        bus->objects_out.n = 0;
    }
    stream = channel && bus->objects_out.n == 0 ? &channel->stream : &bus->hub;
    if (stream == &bus->hub && !softbus_reconnect_is_up(bus))
        return 0;
    r = encode_reply(bus, channel, &reply);
    if (r == 0)
        r = softbus_stream_send(stream, &bytes);
    if (r == 0 && reply.status == 0)
        softbus_object_count_sent(parcel);
    if (r < 0 && stream != &bus->hub) {
        softbus_channel_break(stream, r != SOFTBUS_ERR_DISCONNECTED);
        return 0;
    }
    if (r < 0)
        softbus_stream_break(stream);
    return 0;
}

/* --- running --- */

/* What a handler may say: softbus_handler_fn. Not what tells a caller that no handler ran. */
static int narrow_status(int status)
{
    switch (status) {
    case 0:
    case SOFTBUS_ERR_UNKNOWN_CODE:
    case SOFTBUS_ERR_BAD_REQUEST:
    case SOFTBUS_ERR_DENIED:
    case SOFTBUS_ERR_AGAIN:
        return status;
    case SOFTBUS_ERR_PARCEL_END:
    case SOFTBUS_ERR_PARCEL_TYPE:
        return SOFTBUS_ERR_BAD_REQUEST;
    default:
        return SOFTBUS_ERR_FAILED;
    }
}

static int dump(struct softbus_transaction *transaction)
{
    const struct softbus_object *stub = transaction->stub;
    char text[300];

    if (stub->dump)
        return stub->dump(stub->userdata, transaction->reply);
    snprintf(text, sizeof(text), "%s: %llu calls", stub->descriptor, (unsigned long long)stub->n_calls);
    return softbus_parcel_write_string(transaction->reply, text);
}

static int run_code(struct softbus_transaction *transaction)
{
    const struct softbus_object *stub = transaction->stub;

    if (transaction->code <= SOFTBUS_CODE_MAX)
        return narrow_status(
            stub->handler(stub->userdata, transaction, transaction->code, transaction->request, transaction->reply));
    if (transaction->is_oneway)
        return SOFTBUS_ERR_UNKNOWN_CODE;
    if (transaction->code == SOFTBUS_CODE_PING)
        return 0;
    if (transaction->code == SOFTBUS_CODE_INTERFACE)
        return narrow_status(softbus_parcel_write_string(transaction->reply, stub->descriptor));
    return transaction->code == SOFTBUS_CODE_DUMP ? narrow_status(dump(transaction)) : SOFTBUS_ERR_UNKNOWN_CODE;
}

/* Work that waits while this thread is with the app: another worker may take it. Now and then is often enough, as one that
 * finds nothing looks again soon (pool.c). */
static void tell_others(struct softbus *bus)
{
    uint64_t now_us;

    if (!bus->pool || (sb_list_is_empty(&bus->ready) && sb_list_is_empty(&bus->runnable)))
        return;
    now_us = sb_clock_now_us();
    if (now_us - bus->kicked_us < KICK_PERIOD_US)
        return;
    bus->kicked_us = now_us;
    softbus_wait_kick(bus);
}

/* Runs the handler, and now and then measures how long it takes. */
static int run_measured(struct softbus_transaction *transaction)
{
    struct softbus_object *stub = transaction->stub;
    uint64_t began_us = 0, took_us;
    struct softbus_context context;
    bool measures = stub->n_calls % MEASURE_PERIOD == 0 || stub->average_us >= QUICK_US;
    int status;

    if (stub->is_internal)
        return run_code(transaction);
    if (measures)
        began_us = sb_clock_now_us();
    softbus_context_enter(transaction->bus, &context, transaction, transaction->trace);
    status = run_code(transaction);
    softbus_context_leave(&context);
    if (measures) {
        took_us = sb_clock_now_us() - began_us;
        stub->average_us = (stub->average_us + (took_us < UINT32_MAX / 2 ? (uint32_t)took_us : UINT32_MAX / 2)) / 2;
    }
    return status;
}

bool softbus_serve_is_same_sender(const struct softbus_transaction *a, const struct softbus_transaction *b)
{
    return a->identity.kind == b->identity.kind && a->identity.pid == b->identity.pid && a->identity.uid == b->identity.uid &&
           wire_devid_is_equal(&a->identity.device, &b->identity.device);
}

bool softbus_serve_may_begin(const struct softbus_object *stub, const struct softbus_transaction *transaction)
{
    softbus_thread_id self = softbus_thread_get_id();

    if (!stub->is_concurrent)
        return !stub->owner || stub->owner == self;
    SB_LIST_FOREACH (link, &stub->running) {
        const struct softbus_transaction *other = SB_CONTAINER_OF(link, struct softbus_transaction, queue_link);

        /* One that waits in this very thread can only go on afterwards. */
        if (other->is_oneway && other->thread != self && softbus_serve_is_same_sender(other, transaction))
            return false;
    }
    return true;
}

void softbus_serve_open_gate(struct softbus_object *stub)
{
    struct softbus *bus = stub->bus;

    softbus_serve_wake_chains(stub);
    if (sb_list_is_empty(&stub->queue) || !sb_list_is_empty(&stub->runnable_link))
        return;
    sb_list_append(&bus->runnable, &stub->runnable_link);
    if (!bus->pool && bus->is_threaded)
        softbus_wait_kick(bus);
}

/* Whether it may be run at all: 0, or the answer. */
static int check(struct softbus_transaction *transaction)
{
    struct softbus_object *stub = transaction->stub;
    int r;

    if (stub->is_dead) /* withdrawn while this was on its way */
        return SOFTBUS_ERR_DEAD_OBJECT;
    if (transaction->code > SOFTBUS_CODE_MAX)
        return 0;
    r = softbus_parcel_take_token(transaction->request, stub->descriptor);
    stub->n_calls += r == 0;
    return r;
}

int softbus_serve_run(struct softbus_transaction *transaction)
{
    struct softbus *bus = transaction->bus;
    struct softbus_object *stub = transaction->stub;
    softbus_thread_id old_owner = stub->owner;
    int status;

    softbus_channel_discount(transaction);
    softbus_serve_leave_chain(transaction);
    transaction->has_begun = true;
    status = check(transaction);
    if (status == 0) {
        if (stub->average_us >= QUICK_US)
            softbus_stream_flush_all(bus);
        stub->owner = transaction->thread = softbus_thread_get_id();
        sb_list_remove(&transaction->queue_link);
        sb_list_append(&stub->running, &transaction->queue_link);
        tell_others(bus);
        status = run_measured(transaction);
        stub->owner = stub->is_concurrent ? NULL : old_owner;
    }
    sb_list_remove(&transaction->queue_link);
    if (!stub->owner)
        softbus_serve_open_gate(stub);
    return status;
}

int softbus_serve_run_and_answer(struct softbus_transaction *transaction)
{
    struct softbus *bus = transaction->bus;
    struct softbus_pending *pending;
    int status = softbus_serve_run(transaction), r = 0;

    if (status == 0 && transaction->id && !(transaction->channel && transaction->channel->is_orphan))
        softbus_call_wait_reply(bus, transaction->reply);
    if (transaction->is_canceled && transaction->id) /* nobody waits for data any more, but the hub may count the answers */
        status = SOFTBUS_ERR_FAILED;
    pending = transaction->pending;
    if (pending) {
        pending->local = NULL;
        if (status == 0 && pending->reply)
            softbus_parcel_move(transaction->reply, pending->reply);
        softbus_call_end(bus, pending, status);
    } else if (transaction->id) {
        const struct softbus_stream *stream = transaction->channel ? &transaction->channel->stream : &bus->hub;
        struct answer answer = { .id = transaction->id, .status = status, .parcel = transaction->reply,
                                 .gathers = transaction->stub->average_us < QUICK_US && stream->has_whole };

        r = send_reply(bus, transaction->channel, &answer);
    }
    softbus_serve_free(transaction);
    return r;
}

void softbus_serve_refuse(struct softbus_transaction *transaction, int status)
{
    struct answer answer = { .id = transaction->id, .status = status };

    if (answer.id)
        send_reply(transaction->bus, transaction->channel, &answer);
    softbus_serve_free(transaction);
}

int softbus_serve_submit(struct softbus_transaction *transaction, struct softbus_incoming *incoming)
{
    struct softbus_object *stub = transaction->stub;
    struct softbus *bus = stub->bus;
    bool runs_all = incoming->rights == SOFTBUS_RUNS_ALL;
    struct softbus_waiter *waiter = runs_all && !bus->is_threaded ? NULL : softbus_serve_find_chain(transaction);
    bool is_mine = waiter ? waiter == incoming->waiter : runs_all;

    if (is_mine && incoming->rights != SOFTBUS_RUNS_NOTHING && sb_list_is_empty(&stub->queue) &&
        softbus_serve_may_begin(stub, transaction))
        return softbus_serve_run_and_answer(transaction);
    softbus_serve_enqueue(transaction);
    if (waiter)
        softbus_serve_join_chain(transaction, waiter);
    if (waiter && !is_mine)
        softbus_waiter_wake(waiter);
    else if (!runs_all)
        softbus_wait_kick(bus);
    return 0;
}

void softbus_serve_enqueue(struct softbus_transaction *transaction)
{
    softbus_channel_count(transaction);
    sb_list_append(&transaction->stub->queue, &transaction->queue_link);
    softbus_serve_open_gate(transaction->stub);
}

bool softbus_serve_run_queued(struct softbus *bus)
{
    struct sb_list *link;

    while ((link = sb_list_first(&bus->runnable))) {
        struct softbus_object *stub = SB_CONTAINER_OF(link, struct softbus_object, runnable_link);
        struct softbus_transaction *first =
            SB_CONTAINER_OF(stub->queue.next, struct softbus_transaction, queue_link);

        sb_list_remove(link);
        if (sb_list_is_empty(&stub->queue) || !softbus_serve_may_begin(stub, first)) /* open_gate() brings it back */
            continue;
        sb_list_remove(&first->queue_link);
        if (stub->is_concurrent || stub->owner == softbus_thread_get_id())
            softbus_serve_open_gate(stub);
        if (first->id == 0 && !first->is_oneway && !first->pending) { /* given up before it began */
            softbus_serve_open_gate(stub); /* first: the stub may go with the last call of it */
            softbus_serve_free(first);
            continue;
        }
        softbus_serve_run_and_answer(first);
        return true;
    }
    return false;
}

/* --- what comes --- */

/* A call that nobody will run. Its objects have arrived all the same, and are given back. */
static int answer_unserved(struct softbus_incoming *incoming, struct softbus_channel *channel, uint64_t id, int status)
{
    struct softbus *bus = incoming->stream->bus;
    struct softbus_parcel *nobodys = bus->objects_in.n > 0 ? softbus_bus_take_parcel(bus, 0) : NULL;
    struct answer answer = { .id = id, .status = status };
    int r = 0;

    if (bus->objects_in.n > 0)
        r = nobodys ? softbus_object_import(bus, &bus->objects_in, nobodys) : SOFTBUS_ERR_NO_MEMORY;
    if (softbus_incoming_consume(incoming, NULL) == SOFTBUS_ERR_PROTOCOL)
        r = SOFTBUS_ERR_PROTOCOL;
    softbus_bus_give_parcel(bus, nobodys);
    return r < 0 || id == 0 ? r : send_reply(bus, channel, &answer);
}

bool softbus_serve_is_too_deep(const struct softbus_incoming *incoming)
{
    bool is_twoway = incoming->body.size >= 8 && wire_load_u64(incoming->body.data) != 0;

    return is_twoway && softbus_context_get_depth(incoming->stream->bus) >= SOFTBUS_DEPTH_MAX;
}

/* What a client says by itself carries no objects and no identity: those are the hub's words. */
static int decode_call(const struct softbus_incoming *incoming, struct wire_call *ret_call)
{
    struct wire_objects *objects = &incoming->stream->bus->objects_in;
    int r = wire_call_decode(incoming->body, ret_call, objects);
    bool is_plain = r == 0 && objects->n == 0 && ret_call->identity.kind == WIRE_IDENTITY_NONE;

    return r < 0 || (incoming->stream->kind == SOFTBUS_STREAM_SERVER && !is_plain) ? SOFTBUS_ERR_PROTOCOL : 0;
}

int softbus_serve_refuse_call(struct softbus_incoming *incoming, int status)
{
    struct wire_call call;

    if (decode_call(incoming, &call) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    return answer_unserved(incoming, softbus_channel_of(incoming->stream), status ? call.id : 0, status);
}

/* Moves what came into the transaction's request. Descriptors that did not arrive: *ret_is_lost. */
static int load_request(struct softbus_incoming *incoming, struct softbus_transaction *transaction,
                        const struct wire_call *call, bool *ret_is_lost)
{
    struct softbus *bus = transaction->bus;
    unsigned n_fds = incoming->message.n_fds;
    int fds[WIRE_FDS_MAX];
    int r = softbus_incoming_load(incoming, call->data, transaction->request);

    if (r == 0 && bus->objects_in.n > 0)
        r = softbus_object_import(bus, &bus->objects_in, transaction->request);
    if (r < 0)
        return r;
    r = softbus_incoming_consume(incoming, fds);
    *ret_is_lost = r == SOFTBUS_ERR_LIMIT;
    for (unsigned i = 0; r == 0 && i < n_fds; i++) {
        if (softbus_parcel_add_fd(transaction->request, fds[i]) < 0)
            *ret_is_lost = true;
    }
    return r == SOFTBUS_ERR_LIMIT ? 0 : r;
}

int softbus_serve_load_call(struct softbus_incoming *incoming, struct softbus_object *stub, struct softbus_channel *channel,
                            struct softbus_transaction **ret_transaction)
{
    struct softbus *bus = incoming->stream->bus;
    struct softbus_transaction *transaction;
    struct wire_call call;
    bool is_lost;
    int r;

    *ret_transaction = NULL;
    if (decode_call(incoming, &call) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    if (!stub)
        stub = sb_idtab_find(&bus->stubs, call.target);
    if (!stub) /* withdrawn while this was on its way */
        return answer_unserved(incoming, channel, call.id, SOFTBUS_ERR_DEAD_OBJECT);
    transaction = softbus_serve_new(stub, call.code, call.id == 0,
                                  call.identity.kind == WIRE_IDENTITY_REMOTE ? SOFTBUS_PARCEL_MAX_CAPACITY : 0);
    if (!transaction)
        return SOFTBUS_ERR_NO_MEMORY;
    transaction->id = call.id;
    transaction->trace = call.trace;
    if (call.deadline_ms)
        transaction->deadline_ms = incoming->stream->received_ms + call.deadline_ms;
    softbus_serve_set_identity(transaction, channel ? &channel->identity : &call.identity);
    if (channel)
        transaction->channel = softbus_channel_ref(channel);
    r = load_request(incoming, transaction, &call, &is_lost);
    if (r == 0 && is_lost) {
        struct answer answer = { .id = call.id, .status = SOFTBUS_ERR_LIMIT };

        r = call.id ? send_reply(bus, channel, &answer) : 0;
        softbus_serve_free(transaction);
        return r;
    }
    if (r < 0)
        softbus_serve_free(transaction);
    else
        *ret_transaction = transaction;
    return r;
}

int softbus_serve_take_call(struct softbus_incoming *incoming)
{
    struct softbus_transaction *transaction;
    int r = softbus_serve_load_call(incoming, NULL, NULL, &transaction);

    return transaction ? softbus_serve_submit(transaction, incoming) : r;
}

bool softbus_serve_cancel(struct softbus_stream *stream, uint64_t id)
{
    SB_LIST_FOREACH (link, &stream->bus->transactions) {
        struct softbus_transaction *transaction = SB_CONTAINER_OF(link, struct softbus_transaction, link);

        if (transaction->id == id && id != 0 && transaction->channel == softbus_channel_of(stream)) {
            transaction->is_canceled = true;
            return true;
        }
    }
    return false;
}

/* --- the end --- */

int softbus_serve_keep_call(struct softbus_incoming *incoming)
{
    struct softbus_transaction *transaction;
    int r = softbus_serve_load_call(incoming, NULL, NULL, &transaction);

    if (transaction)
        softbus_serve_enqueue(transaction);
    return r;
}

void softbus_serve_end_hub(struct softbus *bus)
{
    SB_LIST_FOREACH (link, &bus->transactions) {
        struct softbus_transaction *transaction = SB_CONTAINER_OF(link, struct softbus_transaction, link);

        if (transaction->channel || transaction->pending)
            continue;
        if (transaction->id)
            transaction->is_canceled = true;
        transaction->id = 0;
        /* What a watch was going to tell: the next hub's answer says all of it. */
        if (transaction->stub->is_internal && !transaction->has_begun)
            softbus_serve_free(transaction);
    }
}

void softbus_serve_drop_all(struct softbus *bus)
{
    struct sb_list *link;

    while ((link = sb_list_first(&bus->transactions))) {
        struct softbus_transaction *transaction = SB_CONTAINER_OF(link, struct softbus_transaction, link);

        if (transaction->pending)
            transaction->pending->local = NULL;
        softbus_serve_free(transaction);
    }
}
