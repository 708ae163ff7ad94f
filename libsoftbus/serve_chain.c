/*
 * Calls that come back to a chain; see serve.h. A chain's call waits in its stub's queue like any other, so that it keeps its
 * place among its sender's; the thread that waits in the chain may take it from there as soon as its stub lets it.
 */
#include "libsoftbus/serve.h"

#include "libsoftbus/channel.h"
#include "libsoftbus/dispatch.h"
#include "libsoftbus/object.h"
#include "libsoftbus/wait.h"
#include "softbus/error.h"

struct softbus_waiter *softbus_serve_find_chain(const struct softbus_transaction *transaction)
{
    const struct sb_list *waiters = &transaction->bus->waiters;

    if (transaction->is_oneway)
        return NULL;
    /* A thread that waits in a call that it makes for one that came to it in the chain waits in the innermost: the last. */
    for (struct sb_list *link = waiters->prev; link != waiters; link = link->prev) {
        struct softbus_waiter *waiter = SB_CONTAINER_OF(link, struct softbus_waiter, link);

        if (waiter->trace == transaction->trace && !waiter->is_quiet)
            return waiter;
    }
    return NULL;
}

void softbus_serve_join_chain(struct softbus_transaction *transaction, struct softbus_waiter *waiter)
{
    transaction->waiter = waiter;
    transaction->stub->n_chained++;
    sb_list_append(&waiter->inbox, &transaction->chain_link);
}

void softbus_serve_leave_chain(struct softbus_transaction *transaction)
{
    if (!transaction->waiter)
        return;
    transaction->waiter = NULL;
    transaction->stub->n_chained--;
    sb_list_remove(&transaction->chain_link);
}

void softbus_serve_wake_chains(const struct softbus_object *stub)
{
    if (stub->n_chained == 0)
        return;
    SB_LIST_FOREACH (link, &stub->queue) {
        const struct softbus_transaction *transaction = SB_CONTAINER_OF(link, struct softbus_transaction, queue_link);

        if (transaction->waiter && transaction->waiter->is_blocked)
            softbus_waiter_wake(transaction->waiter);
    }
}

/* What its sender sent to the stub before comes before. */
static struct softbus_transaction *find_first(struct softbus_transaction *transaction)
{
    SB_LIST_FOREACH (link, &transaction->stub->queue) {
        struct softbus_transaction *other = SB_CONTAINER_OF(link, struct softbus_transaction, queue_link);

        if (softbus_serve_is_same_sender(other, transaction))
            return other;
    }
    return transaction;
}

bool softbus_serve_run_inbox(struct softbus_waiter *waiter)
{
    SB_LIST_FOREACH (link, &waiter->inbox) {
        struct softbus_transaction *transaction = SB_CONTAINER_OF(link, struct softbus_transaction, chain_link);
        struct softbus *bus = transaction->bus;

        if (softbus_context_get_depth(bus) >= SOFTBUS_DEPTH_MAX) {
            softbus_serve_refuse(transaction, SOFTBUS_ERR_AGAIN);
            return true;
        }
        transaction = find_first(transaction);
        if (!softbus_serve_may_begin(transaction->stub, transaction))
            continue;
        softbus_serve_run_and_answer(transaction);
        if (!sb_list_is_empty(&bus->runnable)) /* this thread does not run the others */
            softbus_wait_kick(bus);
        return true;
    }
    return false;
}

void softbus_serve_return_inbox(struct softbus *bus, struct softbus_waiter *waiter)
{
    struct sb_list *link;
    bool has_any = false;

    while ((link = sb_list_first(&waiter->inbox))) {
        struct softbus_transaction *transaction = SB_CONTAINER_OF(link, struct softbus_transaction, chain_link);
        struct softbus_waiter *outer;

        softbus_serve_leave_chain(transaction);
        outer = softbus_serve_find_chain(transaction);
        if (outer)
            softbus_serve_join_chain(transaction, outer);
        has_any = true;
    }
    if (has_any)
        softbus_wait_kick(bus);
}
