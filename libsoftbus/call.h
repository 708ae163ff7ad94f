/* Calls that this process makes. */
#ifndef SOFTBUS_LIB_CALL_H
#define SOFTBUS_LIB_CALL_H

#include "libsoftbus/bus.h"
#include "libsoftbus/restore.h"
#include "softbus/object.h"

struct softbus_channel;
struct softbus_incoming;
struct softbus_parcel;
struct softbus_waiter;

/* A call under way: on the stack of the function that waits, or asynchronous and on the heap. */
struct softbus_pending {
    uint64_t id;
    bool is_async, is_done;
    bool is_detoured; /* its request went by the hub, though it has a channel */
    bool is_unsent;   /* asynchronous; it waits for the hub, with `request` and `code` */
    int status;
    struct softbus_parcel *reply;    /* where the reply goes */
    struct softbus_channel *channel; /* that its request went by, and its reply may come by: holds a reference; NULL: the hub */
    struct softbus_waiter *waiter;   /* who waits; NULL: asynchronous */
    uint64_t trace;

    /* Asynchronous. */
    struct sb_list link;
    struct softbus_job job;
    struct softbus_object *object; /* holds a reference */
    uint64_t deadline_ms;
    softbus_reply_fn fn;
    void *userdata;
    enum softbus_restores restores;    /* the library's own: what for. It has no fn, and no deadline */
    struct softbus_parcel *request;
    uint32_t code;
    struct softbus_transaction *local; /* the call of an own stub that has not ended */
};

enum softbus_hub_wait {
    SOFTBUS_HUB_QUIET, /* nothing runs meanwhile: what comes is put aside. For what the hub answers by itself */
    SOFTBUS_HUB_BUSY,  /* other calls run meanwhile */
    SOFTBUS_HUB_START, /* as BUSY, and the hub, once it has been asked, may first start a program */
    SOFTBUS_HUB_QUIET_ONCE, /* as QUIET, but the present hub only: the request says what another would not understand */
};

/* Calls the hub itself; reply may be NULL. When it goes meanwhile, the next one is asked the same. Errors as softbus_call(). */
int softbus_call_hub(struct softbus *bus, uint32_t code, struct softbus_parcel *request, struct softbus_parcel *reply,
                     uint32_t timeout_ms, enum softbus_hub_wait wait);

/* Enters a call of this object (NULL: of the hub) into the table, and takes it off. LIMIT, NO_MEMORY. */
int softbus_call_add(struct softbus *bus, struct softbus_pending *pending, const struct softbus_object *object);
void softbus_call_remove(struct softbus *bus, struct softbus_pending *pending);

/* Asks the hub for something that was there before it restarted, without waiting; object may be NULL. NO_MEMORY, LIMIT, DISCONNECTED. */
int softbus_call_hub_later(struct softbus *bus, uint32_t code, const struct softbus_parcel *request, struct softbus_object *object,
                           enum softbus_restores restores, uint64_t *ret_id);

/* Waits until there is room for what is sent to the object without waiting for an answer, and a hub that knows all objects.
 * AGAIN, DISCONNECTED, DEAD_OBJECT. */
int softbus_call_wait_room(struct softbus_object *object, const struct softbus_parcel *request);
/* Waits until the present hub knows the object. DISCONNECTED, DEAD_OBJECT. */
int softbus_call_wait_back(struct softbus_object *object, uint64_t due_ms);
/* Waits until the hub knows all objects that a reply carries, as long as there is hope. */
void softbus_call_wait_reply(struct softbus *bus, const struct softbus_parcel *reply);

/* Waits for a call of an own stub that another thread has to run first. */
int softbus_call_wait_own(struct softbus_pending *pending, struct softbus *bus, uint64_t deadline_ms);

/* A REPLY: takes the message off. PROTOCOL, NO_MEMORY. */
int softbus_call_take_reply(struct softbus_incoming *incoming);

/* True when the REPLY is for somebody who waits on a stack, or for nobody. */
bool softbus_call_is_sync_reply(const struct softbus *bus, struct wire_bytes body);

/* True when the REPLY is for a call under way that went by this channel. */
bool softbus_call_is_answered_by(const struct softbus_channel *channel, struct wire_bytes body);

/* Ends a call: who waits is woken, or its fn runs from a job. */
void softbus_call_end(struct softbus *bus, struct softbus_pending *pending, int status);

/* Ends asynchronous calls whose deadline has passed. True when there were any. */
bool softbus_call_expire(struct softbus *bus, uint64_t now_ms);
/* Sends asynchronous ones that waited for the hub, as far as it knows their objects again. */
void softbus_call_send_unsent(struct softbus *bus);
/* Ends all asynchronous ones; all that went by the hub; all that went by this channel. */
void softbus_call_end_all(struct softbus *bus, int status);
void softbus_call_end_hub(struct softbus *bus);
void softbus_call_end_channel(struct softbus_channel *channel);

#endif
