/* The way out of a call: to the hub, or straight to the stub's process. */
#ifndef SOFTBUS_LIB_SEND_H
#define SOFTBUS_LIB_SEND_H

#include <stdint.h>

struct softbus;
struct softbus_object;
struct softbus_parcel;
struct softbus_pending;

/* What is to be sent. */
struct softbus_outgoing {
    struct softbus *bus;
    const struct softbus_object *object; /* NULL: the hub itself */
    uint64_t id, trace;
    uint32_t code, deadline_ms;
    const struct softbus_parcel *request; /* NULL: empty */
};

/* Whether the object can be called with this; nothing is sent when not. */
int softbus_send_check(const struct softbus_object *object, uint32_t code, const struct softbus_parcel *request);

/* That of what runs now in this thread, else a new one. */
uint64_t softbus_send_choose_trace(struct softbus *bus);

/* 0: it is on its way. Any error: it is not. */
int softbus_send_call(const struct softbus_outgoing *out);

/* CANCEL is a courtesy: when it cannot be sent, the reply is dropped as it comes. */
void softbus_send_cancel(struct softbus *bus, const struct softbus_pending *pending);

#endif
