/* Calls of this process's stubs. */
#ifndef SOFTBUS_LIB_SERVE_H
#define SOFTBUS_LIB_SERVE_H

#include "libsoftbus/bus.h"
#include "softbus/object.h"

struct softbus_parcel;
struct softbus_pending;

/* A call of one of our stubs, from its arrival to its reply. */
struct softbus_transaction {
    struct sb_list link; /* in bus->transactions */
    struct softbus *bus;
    struct softbus_object *stub; /* holds a reference */
    uint64_t id;                 /* the hub's; 0: one-way, or made by this process itself */
    uint32_t code;
    bool is_oneway, is_canceled;
    uint64_t deadline_ms, trace;
    struct wire_identity identity;
    char label[WIRE_LABEL_MAX + 1];
    struct softbus_parcel *request, *reply; /* owned; reply NULL: one-way */
    struct softbus_transaction *next;       /* in the stock */

    /* Made by this process itself and not waited for. */
    struct softbus_job job;
    struct softbus_pending *pending; /* NULL: one-way, or given up */
};

/* A CALL: takes the message off the head of `from` and runs it. PROTOCOL, NO_MEMORY, DISCONNECTED. */
int softbus_serve_take_call(struct softbus *bus, struct sb_buf *from, size_t size, struct wire_bytes body);

/* A CALL that is not run because too many are on the stack: takes it off and answers AGAIN. */
int softbus_serve_refuse_call(struct softbus *bus, struct sb_buf *from, size_t size, struct wire_bytes body);

/* A CANCEL. False when there is no such call. */
bool softbus_serve_cancel(struct softbus *bus, uint64_t id);

/* Calls of a stub by the process that owns it. */
int softbus_serve_own(struct softbus_object *stub, uint32_t code, const struct softbus_parcel *request,
                      struct softbus_parcel *reply, uint32_t timeout_ms);
/* As a job; pending: whom to tell (takes on success), NULL for one-way. */
int softbus_serve_own_later(struct softbus_object *stub, uint32_t code, const struct softbus_parcel *request,
                            uint32_t timeout_ms, struct softbus_pending *pending);

void softbus_serve_free_stock(struct softbus *bus);

#endif
