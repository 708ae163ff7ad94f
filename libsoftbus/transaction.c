/* What a handler asks about its call, and about its caller. */
#include "libsoftbus/bus.h"
#include "libsoftbus/lock.h"
#include "libsoftbus/serve.h"
#include "base/clock.h"
#include "softbus/error.h"
#include "softbus/object.h"

#include <string.h>


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
    SOFTBUS_LOCKED(transaction->bus);

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

/* --- the calling identity of this thread --- */

static void get_self(const struct softbus *bus, struct softbus_caller *ret_caller)
{
    struct softbus_caller self = { .pid = (uint32_t)bus->pid, .uid = bus->uid, .gid = bus->gid, .security_label = "" };

    memcpy(self.device, bus->device, sizeof(bus->device));
    *ret_caller = self;
}

int softbus_get_caller(const struct softbus *bus, struct softbus_caller *ret_caller)
{
    const struct softbus_context *context = softbus_context_find(bus);

    if (!context || !context->transaction)
        return SOFTBUS_ERR_NO_IDENTITY;
    if (!context->is_self)
        return softbus_transaction_get_caller(context->transaction, ret_caller);
    get_self(bus, ret_caller);
    return 0;
}

bool softbus_clear_caller(const struct softbus *bus)
{
    struct softbus_context *context = softbus_context_find(bus);
    bool was_self = context && context->is_self;

    if (context)
        context->is_self = true;
    return was_self;
}

void softbus_restore_caller(const struct softbus *bus, bool was_cleared)
{
    struct softbus_context *context = softbus_context_find(bus);

    if (context)
        context->is_self = was_cleared;
}
