/* One thing after another: jobs and messages. */
#ifndef SOFTBUS_LIB_DISPATCH_H
#define SOFTBUS_LIB_DISPATCH_H

#include <stdbool.h>

struct softbus;

/* Runs one job or one message that has come. 1: done; 0: there is none; DISCONNECTED, PROTOCOL, NO_MEMORY: the connection is gone. */
int softbus_dispatch(struct softbus *bus);

/* True now and then while softbus_dispatch() always has something to do: the clock must be looked at all the same. */
bool softbus_dispatch_is_long(const struct softbus *bus);

/* True when softbus_dispatch() has something to do. */
int softbus_dispatch_is_due(const struct softbus *bus);

/* Runs the first job; 0 when there is none. */
int softbus_dispatch_job(struct softbus *bus);

#endif
