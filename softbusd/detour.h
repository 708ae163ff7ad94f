/*
 * Messages of direct channels that need the hub: what carries objects, and the places that others left in a channel's order.
 * docs/protocol-app.md, "Direct channels". The hub keeps nothing of them: whose call it is, and where, the two ends know.
 */
#ifndef HUB_DETOUR_H
#define HUB_DETOUR_H

#include "softbusd/hub.h"

enum hub_receive hub_detour_receive(struct hub_app *app, const struct wire_msg *msg);

#endif
