/*
 * A hub that goes away and comes back: docs/protocol-app.md, "A hub that restarts". Whoever drives the connection tries to connect
 * again; what there was is asked for again by restore.c. Nothing here runs the app's code, and nothing blocks.
 */
#ifndef SOFTBUS_LIB_RECONNECT_H
#define SOFTBUS_LIB_RECONNECT_H

#include "libsoftbus/bus.h"

struct softbus_incoming;
struct softbus_object;
struct softbus_parcel;

void softbus_reconnect_init(struct softbus *bus);
void softbus_reconnect_deinit(struct softbus *bus);

/* The hub is gone: what was under way with it ends, and it is looked for; or the connection fails, when that is not wanted. */
void softbus_reconnect_lose(struct softbus *bus);

/* Does what is due (bus->reconnect.due_ms). */
void softbus_reconnect_advance(struct softbus *bus);

/* The first message of a new hub. DISCONNECTED, PROTOCOL. */
int softbus_reconnect_take_welcome(struct softbus_incoming *incoming);

/* Everything is back. */
void softbus_reconnect_complete(struct softbus *bus);

/* Whether there is a hub that can be sent to. */
bool softbus_reconnect_is_up(const struct softbus *bus);

/* Whether a call of this object (NULL: of the hub) with this request (NULL: empty) could go on its way now. */
bool softbus_reconnect_is_ready(const struct softbus *bus, const struct softbus_object *object,
                                const struct softbus_parcel *request);

#endif
