/* Calls that this process makes. */
#ifndef SOFTBUS_LIB_CALL_H
#define SOFTBUS_LIB_CALL_H

#include "libsoftbus/bus.h"
#include "softbus/object.h"

struct softbus_parcel;

/* A call under way: on the stack of the function that waits, or asynchronous and on the heap. */
struct softbus_pending {
    uint64_t id;
    bool is_async, is_done;
    int status;
    struct softbus_parcel *reply; /* where the reply goes */
    uint64_t trace;

    /* Asynchronous. */
    struct sb_list link;
    struct softbus_job job;
    struct softbus_object *object; /* holds a reference */
    uint64_t deadline_ms;
    softbus_reply_fn fn;
    void *userdata;
    struct softbus_transaction *local; /* the call of an own stub that has not begun */
};

enum softbus_hub_wait {
    SOFTBUS_HUB_QUIET, /* nothing runs meanwhile: what comes is put aside. For what the hub answers by itself */
    SOFTBUS_HUB_BUSY,  /* other calls run meanwhile */
};

/* Calls the hub itself; reply may be NULL. Errors as softbus_call(). */
int softbus_call_hub(struct softbus *bus, uint32_t code, struct softbus_parcel *request, struct softbus_parcel *reply,
                     uint32_t timeout_ms, enum softbus_hub_wait wait);

/* A REPLY: takes the message off the head of `from`. PROTOCOL, NO_MEMORY. */
int softbus_call_take_reply(struct softbus *bus, struct sb_buf *from, size_t size, struct wire_bytes body);

/* True when the REPLY is for somebody who waits on the stack, or for nobody. */
bool softbus_call_is_sync_reply(const struct softbus *bus, struct wire_bytes body);

/* Ends an asynchronous call: its fn runs from a job. */
void softbus_call_end(struct softbus *bus, struct softbus_pending *pending, int status);

/* Runs fn and frees the call, which was ended. */
void softbus_call_complete(struct softbus *bus, struct softbus_pending *pending);

/* Ends asynchronous calls whose deadline has passed. True when there were any. */
bool softbus_call_expire(struct softbus *bus, uint64_t now_ms);
/* Ends all. */
void softbus_call_end_all(struct softbus *bus, int status);

#endif
