/* Changes of the trust store that an administrator asks for: in memory, on disk, and in the sessions, or not at all. */
#ifndef HUB_TRUSTCALL_H
#define HUB_TRUSTCALL_H

#include "wire/status.h"

struct hub;
struct wire_devid;

/* WIRE_OK, INVALID (name), LIMIT, NO_MEMORY, STORE. */
enum wire_status hub_trustcall_add(struct hub *hub, const struct wire_devid *device, const char *name);
/* WIRE_OK, NO_DEVICE, STORE. */
enum wire_status hub_trustcall_remove(struct hub *hub, const struct wire_devid *device);

#endif
