/* What the policy means for apps: who is above it, what is refused, and what ends when it changes. softbusd.policy(5) */
#ifndef HUB_ACCESS_H
#define HUB_ACCESS_H

#include "softbusd/tables.h"

/* The name is of this device, and a good one. Services of other devices are theirs to refuse. */
bool hub_access_may_look_up(const struct hub_app *app, struct wire_str name);

/* After a restart, an app that held the object gets it again; but not a service that it may look up under none of its names. */
bool hub_access_may_claim(const struct hub_app *app, const struct hub_node *node);
/* The node has got a name: the same for those who were faster than that. */
void hub_access_check_claims(struct hub_node *node, struct wire_str name);

/* WIRE_OK or WIRE_DENIED; logged. */
enum wire_status hub_access_check_look_up(const struct hub_app *app, struct wire_str name);
enum wire_status hub_access_check_own(const struct hub_app *app, struct wire_str name);

#endif
