/* Calls of this process's stubs; see serve.h. The life of one: take_call, run, send_reply. */
#include "libsoftbus/serve.h"

#include "libsoftbus/call.h"
#include "libsoftbus/dispatch.h"
#include "libsoftbus/io.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "base/clock.h"
#include "softbus/error.h"
#include "wire/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOCK_MAX 8 /* transactions kept for reuse */

_Static_assert(SOFTBUS_CODE_MAX == WIRE_CODE_APP_MAX && SOFTBUS_CODE_PING == WIRE_CODE_PING &&
                   SOFTBUS_CODE_INTERFACE == WIRE_CODE_INTERFACE && SOFTBUS_CODE_DUMP == WIRE_CODE_DUMP,
               "one numbering");

static void free_transaction(struct softbus_transaction *transaction)
{
    struct softbus *bus = transaction->bus;

    sb_list_remove(&transaction->link);
    softbus_bus_give_parcel(bus, transaction->request);
    softbus_bus_give_parcel(bus, transaction->reply);
    softbus_object_unref(transaction->stub);
    if (bus->n_transactions_kept >= STOCK_MAX || bus->fd < 0) {
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

/* NULL: no memory. */
static struct softbus_transaction *new_transaction(struct softbus_object *stub, uint32_t code, bool is_oneway,
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
    transaction->stub = softbus_object_ref(stub);
    transaction->id = 0;
    transaction->code = code;
    transaction->is_oneway = is_oneway;
    transaction->is_canceled = false;
    transaction->deadline_ms = UINT64_MAX;
    transaction->pending = NULL;
    transaction->request = softbus_bus_take_parcel(bus, 0);
    transaction->reply = is_oneway ? NULL : softbus_bus_take_parcel(bus, reply_capacity);
    sb_list_append(&bus->transactions, &transaction->link);
    if (transaction->request && (is_oneway || transaction->reply))
        return transaction;
    free_transaction(transaction);
    return NULL;
}

/* Running. */

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
    struct softbus_object *stub = transaction->stub;
    int r;

    if (transaction->code <= SOFTBUS_CODE_MAX) {
        r = softbus_parcel_take_token(transaction->request, stub->descriptor);
        if (r < 0)
            return r;
        stub->n_calls++;
        return narrow_status(
            stub->handler(stub->userdata, transaction, transaction->code, transaction->request, transaction->reply));
    }
    if (transaction->is_oneway)
        return SOFTBUS_ERR_UNKNOWN_CODE;
    if (transaction->code == SOFTBUS_CODE_PING)
        return 0;
    if (transaction->code == SOFTBUS_CODE_INTERFACE)
        return narrow_status(softbus_parcel_write_string(transaction->reply, stub->descriptor));
    return transaction->code == SOFTBUS_CODE_DUMP ? narrow_status(dump(transaction)) : SOFTBUS_ERR_UNKNOWN_CODE;
}

/* Runs it now; the status for its caller. */
static int run(struct softbus_transaction *transaction)
{
    uint64_t old_trace;
    int status;

    if (transaction->stub->is_dead) /* withdrawn while this was on its way */
        return SOFTBUS_ERR_DEAD_OBJECT;
    old_trace = softbus_bus_enter(transaction->bus, transaction->trace);
    status = run_code(transaction);
    softbus_bus_leave(transaction->bus, old_trace);
    return status;
}

/* Replies to the hub; a reply that cannot be sent ends the connection: the caller must not wait for nothing. */
static int send_reply(struct softbus *bus, uint64_t id, int status, const struct softbus_parcel *parcel)
{
    struct wire_reply reply = { .id = id, .status = status };

    bus->objects_out.n = 0;
    if (status == 0 && softbus_object_export(bus, parcel, &bus->objects_out) < 0) {
        bus->objects_out.n = 0;
        reply.status = SOFTBUS_ERR_FAILED;
    }
    if (reply.status == 0)
        reply.data = (struct wire_bytes){ .data = sb_buf_bytes(&parcel->buf), .size = parcel->buf.length };
    bus->head.length = 0;
    if (bus->error || wire_reply_encode_head(&bus->head, &reply, &bus->objects_out) < 0 ||
        softbus_io_send(bus, reply.data.data, reply.data.size) < 0)
        return softbus_bus_fail(bus, SOFTBUS_ERR_DISCONNECTED);
    if (reply.status == 0)
        softbus_object_count_sent(parcel);
    return 0;
}

static int run_for_hub(struct softbus_transaction *transaction)
{
    int status = run(transaction), r = 0;

    if (transaction->is_canceled) /* nobody waits for data any more, but the hub may count the answers */
        status = SOFTBUS_ERR_FAILED;
    if (!transaction->is_oneway)
        r = send_reply(transaction->bus, transaction->id, status, transaction->reply);
    free_transaction(transaction);
    return r;
}

static void set_identity(struct softbus_transaction *transaction, const struct wire_identity *identity)
{
    transaction->identity = *identity;
    memcpy(transaction->label, identity->label.text, identity->label.size);
    transaction->label[identity->label.size] = '\0';
    transaction->identity.label = (struct wire_str){ .text = transaction->label, .size = identity->label.size };
}

/* A call that nobody will run. Its objects have arrived all the same, and are given back. */
static int answer_unserved(struct softbus *bus, struct sb_buf *from, size_t size, uint64_t id, int status)
{
    struct softbus_parcel *nobodys = softbus_bus_take_parcel(bus, 0);
    int r = nobodys ? softbus_object_import(bus, &bus->objects_in, nobodys) : SOFTBUS_ERR_NO_MEMORY;

    sb_buf_consume(from, size);
    softbus_bus_give_parcel(bus, nobodys);
    return r < 0 || id == 0 ? r : send_reply(bus, id, status, NULL);
}

int softbus_serve_refuse_call(struct softbus *bus, struct sb_buf *from, size_t size, struct wire_bytes body)
{
    struct wire_call call;

    if (wire_call_decode(body, &call, &bus->objects_in) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    return answer_unserved(bus, from, size, call.id, SOFTBUS_ERR_AGAIN);
}

int softbus_serve_take_call(struct softbus *bus, struct sb_buf *from, size_t size, struct wire_bytes body)
{
    struct softbus_transaction *transaction;
    struct softbus_object *stub;
    struct wire_call call;
    int r;

    if (wire_call_decode(body, &call, &bus->objects_in) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    stub = sb_idtab_find(&bus->stubs, call.target);
    if (!stub) /* withdrawn while this was on its way */
        return answer_unserved(bus, from, size, call.id, SOFTBUS_ERR_DEAD_OBJECT);
    transaction = new_transaction(stub, call.code, call.id == 0,
                                  call.identity.kind == WIRE_IDENTITY_REMOTE ? SOFTBUS_PARCEL_MAX_CAPACITY : 0);
    if (!transaction)
        return SOFTBUS_ERR_NO_MEMORY;
    transaction->id = call.id;
    transaction->trace = call.trace;
    if (call.deadline_ms)
        transaction->deadline_ms = sb_clock_now_ms() + call.deadline_ms;
    set_identity(transaction, &call.identity);
    r = softbus_parcel_load(transaction->request, call.data.data, call.data.size);
    if (r == 0 && bus->objects_in.n > 0)
        r = softbus_object_import(bus, &bus->objects_in, transaction->request);
    sb_buf_consume(from, size);
    if (r < 0) {
        free_transaction(transaction);
        return r;
    }
    return run_for_hub(transaction);
}

bool softbus_serve_cancel(struct softbus *bus, uint64_t id)
{
    SB_LIST_FOREACH(link, &bus->transactions) {
        struct softbus_transaction *transaction = SB_CONTAINER_OF(link, struct softbus_transaction, link);

        if (transaction->id == id && id != 0) {
            transaction->is_canceled = true;
            return true;
        }
    }
    return false;
}

/* Own stubs: the same rules, no hub in between. */

static int new_own(struct softbus_object *stub, uint32_t code, const struct softbus_parcel *request, bool is_oneway,
                   uint32_t timeout_ms, struct softbus_transaction **ret_transaction)
{
    struct softbus *bus = stub->bus;
    struct wire_identity self = { .kind = WIRE_IDENTITY_LOCAL, .pid = (uint32_t)bus->pid, .uid = bus->uid,
                                  .gid = bus->gid, .label = { .text = "" } };
    struct softbus_transaction *transaction = new_transaction(stub, code, is_oneway, 0);
    int r;

    if (!transaction)
        return SOFTBUS_ERR_NO_MEMORY;
    r = request ? softbus_parcel_copy(request, transaction->request) : 0;
    if (r < 0) {
        free_transaction(transaction);
        return r;
    }
    if (!is_oneway)
        transaction->deadline_ms = sb_clock_now_ms() + (timeout_ms ? timeout_ms : SOFTBUS_DEFAULT_TIMEOUT_MS);
    transaction->trace = bus->trace ? bus->trace : sb_random_u64(&bus->random);
    set_identity(transaction, &self);
    *ret_transaction = transaction;
    return 0;
}

int softbus_serve_own(struct softbus_object *stub, uint32_t code, const struct softbus_parcel *request,
                      struct softbus_parcel *reply, uint32_t timeout_ms)
{
    struct softbus *bus = stub->bus;
    uint64_t n_before = stub->n_queued;
    struct softbus_transaction *transaction;
    int r;

    if (bus->depth >= SOFTBUS_DEPTH_MAX)
        return SOFTBUS_ERR_AGAIN;
    r = new_own(stub, code, request, false, timeout_ms, &transaction);
    if (r < 0)
        return r;
    /* What was sent to this stub before comes before. */
    while (stub->n_taken < n_before && softbus_dispatch_job(bus))
        continue;
    r = stub->is_dead ? SOFTBUS_ERR_DEAD_OBJECT : run(transaction);
    if (r == 0 && reply)
        softbus_parcel_move(transaction->reply, reply);
    free_transaction(transaction);
    return r;
}

static void run_own(struct softbus *bus, struct softbus_job *job)
{
    struct softbus_transaction *transaction = SB_CONTAINER_OF(job, struct softbus_transaction, job);
    struct softbus_pending *pending;
    bool is_oneway = transaction->is_oneway;
    int status;

    transaction->stub->n_taken++;
    if (!is_oneway && !transaction->pending) { /* given up before it began */
        free_transaction(transaction);
        return;
    }
    status = transaction->stub->is_dead ? SOFTBUS_ERR_DEAD_OBJECT : run(transaction);
    pending = transaction->pending; /* NULL by now if it was given up meanwhile */
    if (pending) {
        pending->local = NULL;
        if (status == 0)
            softbus_parcel_move(transaction->reply, pending->reply);
        softbus_call_end(bus, pending, status);
    }
    free_transaction(transaction);
}

static void drop_own(struct softbus *bus, struct softbus_job *job)
{
    (void)bus;
    free_transaction(SB_CONTAINER_OF(job, struct softbus_transaction, job));
}

int softbus_serve_own_later(struct softbus_object *stub, uint32_t code, const struct softbus_parcel *request,
                            uint32_t timeout_ms, struct softbus_pending *pending)
{
    struct softbus_transaction *transaction;
    int r = new_own(stub, code, request, !pending, timeout_ms, &transaction);

    if (r < 0)
        return r;
    transaction->pending = pending;
    if (pending)
        pending->local = transaction;
    stub->n_queued++;
    transaction->job = (struct softbus_job){ .run = run_own, .drop = drop_own };
    softbus_bus_add_job(stub->bus, &transaction->job);
    return 0;
}

/* What a handler asks about its call. */

int softbus_transaction_get_caller(const struct softbus_transaction *transaction, struct softbus_caller *ret_caller)
{
    const struct wire_identity *identity = &transaction->identity;
    struct softbus_caller caller = { .security_label = "" };

    if (identity->kind == WIRE_IDENTITY_LOCAL) {
        caller.pid = identity->pid;
        caller.gid = identity->gid;
        caller.security_label = transaction->label;
        memcpy(caller.device, transaction->bus->device, sizeof(transaction->bus->device));
    } else if (identity->kind == WIRE_IDENTITY_REMOTE) {
        caller.is_remote = true;
        wire_devid_format(&identity->device, caller.device);
    } else {
        return SOFTBUS_ERR_NO_IDENTITY;
    }
    caller.uid = identity->uid;
    *ret_caller = caller;
    return 0;
}

bool softbus_transaction_is_oneway(const struct softbus_transaction *transaction)
{
    return transaction->is_oneway;
}

bool softbus_transaction_is_canceled(const struct softbus_transaction *transaction)
{
    return transaction->is_canceled;
}

uint32_t softbus_transaction_get_left_ms(const struct softbus_transaction *transaction)
{
    uint64_t now_ms;

    if (transaction->deadline_ms == UINT64_MAX)
        return UINT32_MAX;
    now_ms = sb_clock_now_ms();
    if (transaction->deadline_ms <= now_ms)
        return 0;
    return transaction->deadline_ms - now_ms >= UINT32_MAX ? UINT32_MAX : (uint32_t)(transaction->deadline_ms - now_ms);
}

uint64_t softbus_transaction_get_trace(const struct softbus_transaction *transaction)
{
    return transaction->trace;
}
