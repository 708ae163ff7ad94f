/* Calls of a stub by the process that owns it: the same rules, nobody in between. */
#include "libsoftbus/serve.h"

#include "libsoftbus/call.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/wait.h"
#include "base/clock.h"
#include "softbus/error.h"

static int new_own(struct softbus_object *stub, uint32_t code, const struct softbus_parcel *request, bool is_oneway,
                   uint32_t timeout_ms, struct softbus_transaction **ret_transaction)
{
    struct softbus *bus = stub->bus;
    struct wire_identity self = { .kind = WIRE_IDENTITY_LOCAL, .pid = (uint32_t)bus->pid, .uid = bus->uid,
                                  .gid = bus->gid, .label = { .text = "" } };
    struct softbus_transaction *transaction = softbus_serve_new(stub, code, is_oneway, 0);
    uint64_t trace = softbus_context_get_trace(bus);
    int r;

    if (!transaction)
        return SOFTBUS_ERR_NO_MEMORY;
    r = request ? softbus_parcel_copy(request, transaction->request) : 0;
    if (r < 0) {
        softbus_serve_free(transaction);
        return r;
    }
    if (!is_oneway)
        transaction->deadline_ms = sb_clock_now_ms() + (timeout_ms ? timeout_ms : SOFTBUS_DEFAULT_TIMEOUT_MS);
    transaction->trace = trace ? trace : sb_random_u64(&bus->random);
    softbus_serve_set_identity(transaction, &self);
    *ret_transaction = transaction;
    return 0;
}

int softbus_serve_own(struct softbus_object *stub, uint32_t code, const struct softbus_parcel *request,
                      struct softbus_parcel *reply, uint32_t timeout_ms, struct softbus_waiter *waiter)
{
    struct softbus *bus = stub->bus;
    struct softbus_transaction *transaction;
    struct softbus_pending pending = { .reply = reply, .waiter = waiter };
    int r;

    if (softbus_context_get_depth(bus) >= SOFTBUS_DEPTH_MAX)
        return SOFTBUS_ERR_AGAIN;
    r = new_own(stub, code, request, false, timeout_ms, &transaction);
    if (r < 0)
        return r;
    waiter->trace = transaction->trace;
    if (sb_list_is_empty(&stub->queue) && softbus_serve_may_begin(stub, transaction)) {
        r = softbus_serve_run(transaction);
        if (r == 0 && reply)
            softbus_parcel_move(transaction->reply, reply);
        softbus_serve_free(transaction);
        return r;
    }
    /* What was sent to this stub before comes before. */
    transaction->pending = &pending;
    pending.local = transaction;
    softbus_serve_enqueue(transaction);
    r = softbus_call_wait_own(&pending, bus, transaction->deadline_ms);
    if (pending.local) { /* given up */
        pending.local->pending = NULL;
        pending.local->is_canceled = true;
    }
    return r;
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
    softbus_serve_enqueue(transaction);
    if (stub->bus->is_threaded)
        softbus_wait_kick(stub->bus);
    return 0;
}
