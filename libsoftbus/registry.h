/* The names that this process has registered: what a new hub has to be told. */
#ifndef SOFTBUS_LIB_REGISTRY_H
#define SOFTBUS_LIB_REGISTRY_H

#include <stdbool.h>

struct softbus;
struct softbus_object;
struct softbus_pending;

/* The stub has no names any more. */
void softbus_registry_forget(const struct softbus_object *stub);

/* True when the stub is known under a name. */
bool softbus_registry_has(const struct softbus_object *stub);

/* Registers all names with a new hub; returns the number of requests. An answer to one. */
unsigned softbus_registry_restore(struct softbus *bus);
void softbus_registry_take(struct softbus *bus, const struct softbus_pending *pending);

/* At close. */
void softbus_registry_drop_all(struct softbus *bus);

#endif
