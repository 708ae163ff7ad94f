/* What the examples share: devices as users name them, and a way to say that something failed. */
#ifndef EXAMPLES_FIND_H
#define EXAMPLES_FIND_H

struct softbus;
struct softbus_object;

/* Gives the service of a device that is named by its id, by the name of a trusted one, or by "." (this device), waiting for
 * it. 0 or a SOFTBUS_ERR_*. */
int find_service(struct softbus *bus, const char *device, const char *service, unsigned wait_ms,
                 struct softbus_object **ret_object);

/* "what: why" on stderr; returns EXIT_FAILURE. */
int find_fail(const char *what, int error);

#endif
