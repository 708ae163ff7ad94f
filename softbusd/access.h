/* What the policy means for apps: who is above it, what is refused, and what ends when it changes. softbusd.policy(5) */
#ifndef HUB_ACCESS_H
#define HUB_ACCESS_H

#include "softbusd/tables.h"

/* The name is of this device, and a good one. Services of other devices are theirs to refuse. */
bool hub_access_may_look_up(const struct hub_app *app, struct wire_str name);

/* WIRE_OK or WIRE_DENIED; logged. */
enum wire_status hub_access_check_look_up(const struct hub_app *app, struct wire_str name);
enum wire_status hub_access_check_own(const struct hub_app *app, struct wire_str name);

#endif
