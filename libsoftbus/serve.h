/*
 * Calls of this process's stubs. A call that may not begin yet, because its stub is busy, waits in the stub's queue; the queue is
 * emptied in order by whichever thread runs things. A stub runs one call at a time unless it is concurrent; the thread in which it runs may
 * run it again, on behalf of the same chain. Of one sender's calls of a concurrent stub none overtakes a one-way call.
 */
#ifndef SOFTBUS_LIB_SERVE_H
#define SOFTBUS_LIB_SERVE_H

#include "libsoftbus/bus.h"
#include "softbus/object.h"

struct softbus_channel;
struct softbus_incoming;
struct softbus_parcel;
struct softbus_pending;
struct softbus_waiter;

/* A call of one of our stubs, from its arrival to its reply. */
struct softbus_transaction {
    struct sb_list link;       /* in bus->transactions */
    struct sb_list queue_link; /* in stub->queue, stub->running or a channel's detours */
    struct sb_list chain_link; /* in waiter->inbox */
    struct softbus_waiter *waiter; /* who waits in its chain, and may run it; NULL */
    struct softbus *bus;
    struct softbus_object *stub;     /* holds a reference */
    struct softbus_channel *channel; /* that the reply goes by: holds a reference; NULL: the hub, or this process itself */
    uint64_t id;                     /* the hub's, or the channel's client's; 0: one-way, or made by this process itself */
    uint32_t code;
    bool is_oneway, is_canceled, has_begun;
    bool is_counted;                 /* among its channel's calls that wait */
    softbus_thread_id thread;        /* in which it runs */
    uint64_t deadline_ms, trace;
    uint64_t position;               /* in its channel, while it is in detours */
    struct wire_identity identity;
    char label[WIRE_LABEL_MAX + 1];
    struct softbus_parcel *request, *reply; /* owned; reply NULL: one-way */
    struct softbus_transaction *next;       /* in the stock */
    struct softbus_pending *pending;        /* of this process's own call: whom to tell */
};

/* A CALL from the hub: takes the message off and runs it, or queues it. PROTOCOL, NO_MEMORY, DISCONNECTED. */
int softbus_serve_take_call(struct softbus_incoming *incoming);

/* A CALL to be kept: takes the message off. stub NULL: looks the target up; channel NULL: the answer goes to the hub.
 * *ret_transaction is NULL when it was answered at once. */
int softbus_serve_load_call(struct softbus_incoming *incoming, struct softbus_object *stub, struct softbus_channel *channel,
                            struct softbus_transaction **ret_transaction);
/* takes it: runs or queues it. */
int softbus_serve_submit(struct softbus_transaction *transaction, struct softbus_incoming *incoming);
void softbus_serve_free(struct softbus_transaction *transaction);

/* A new one, not yet filled; NULL: no memory. */
struct softbus_transaction *softbus_serve_new(struct softbus_object *stub, uint32_t code, bool is_oneway,
                                              size_t reply_capacity);
void softbus_serve_set_identity(struct softbus_transaction *transaction, const struct wire_identity *identity);

/* Whether this thread may begin the call now, as far as the calls that run are concerned. */
bool softbus_serve_may_begin(const struct softbus_object *stub, const struct softbus_transaction *transaction);
/* Whether the same app sent both. */
bool softbus_serve_is_same_sender(const struct softbus_transaction *a, const struct softbus_transaction *b);
/* Runs it now; the status for its caller. */
int softbus_serve_run(struct softbus_transaction *transaction);
/* The same, and answers; takes it. */
int softbus_serve_run_and_answer(struct softbus_transaction *transaction);
/* takes it: it is not run. */
void softbus_serve_refuse(struct softbus_transaction *transaction, int status);

/* The stub is busy no more: calls of it that waited may begin. */
void softbus_serve_open_gate(struct softbus_object *stub);

/* takes it: it waits in its stub's queue. */
void softbus_serve_enqueue(struct softbus_transaction *transaction);

/* A CALL that is not run: takes it off, and answers with status unless that is 0. */
int softbus_serve_refuse_call(struct softbus_incoming *incoming, int status);
/* A two-way CALL that would go too deep. */
bool softbus_serve_is_too_deep(const struct softbus_incoming *incoming);

/* A CANCEL from this stream. False when there is no such call. */
bool softbus_serve_cancel(struct softbus_stream *stream, uint64_t id);

/* Runs one call that waited for its stub; one of this thread's chain, or what must come before it. False: there is none. */
bool softbus_serve_run_queued(struct softbus *bus);
bool softbus_serve_run_inbox(struct softbus_waiter *waiter);
/* The waiter waits no more: what is in its inbox waits for its stub like any other call. */
void softbus_serve_return_inbox(struct softbus *bus, struct softbus_waiter *waiter);

/* The thread that waits in the call's chain; NULL: none. */
struct softbus_waiter *softbus_serve_find_chain(const struct softbus_transaction *transaction);
/* A call in its stub's queue that this thread may take; and no more. */
void softbus_serve_join_chain(struct softbus_transaction *transaction, struct softbus_waiter *waiter);
void softbus_serve_leave_chain(struct softbus_transaction *transaction);
/* The stub may be free: chains with calls of it look again. */
void softbus_serve_wake_chains(const struct softbus_object *stub);

/* Calls of a stub by the process that owns it. */
int softbus_serve_own(struct softbus_object *stub, uint32_t code, const struct softbus_parcel *request,
                      struct softbus_parcel *reply, uint32_t timeout_ms, struct softbus_waiter *waiter);
/* Without waiting; pending: whom to tell (takes on success), NULL for one-way. */
int softbus_serve_own_later(struct softbus_object *stub, uint32_t code, const struct softbus_parcel *request,
                            uint32_t timeout_ms, struct softbus_pending *pending);

/* The hub is gone: a CALL of it that was put aside is taken off and waits; nobody waits for its calls' answers any more. */
int softbus_serve_keep_call(struct softbus_incoming *incoming);
void softbus_serve_end_hub(struct softbus *bus);

/* At close: what waits is not run. */
void softbus_serve_drop_all(struct softbus *bus);
void softbus_serve_free_stock(struct softbus *bus);

#endif
