/* SERVICE_GET: answers at once, asks the peer that has it, or waits until the service appears or its program has failed to start. */
#ifndef HUB_GET_H
#define HUB_GET_H

#include "softbusd/tables.h"

/* WIRE_OK: answered, asked, or waiting: the caller gets its reply by itself. Else what to answer: NO_SERVICE, DENIED, START,
 * NO_DEVICE, DEVICE_OFFLINE, and what hub_call_forward() refuses with. */
enum wire_status hub_get_service(struct hub_app *app, uint64_t caller_id, const struct wire_devid *device,
                                 struct wire_str name, bool may_wait);

/* PEER_SERVICE_GET: the same for another device, which sees what is distributed. */
enum wire_status hub_get_for_peer(struct hub_peer *peer, uint64_t caller_id, struct wire_str name);

/* The policy has changed: whoever waits for what it may not look up is told DENIED. */
void hub_get_check_all(struct hub *hub);

/* The device is trusted no more: whoever waits for a service of it is told NO_DEVICE. */
void hub_get_forget_device(struct hub *hub, const struct wire_devid *device);

/* A service appeared: whoever waits for it goes on. */
void hub_get_wake(struct hub *hub, const struct wire_devid *device, struct wire_str name);

#endif
