/* One thing after another: jobs, and messages of all streams. */
#ifndef SOFTBUS_LIB_DISPATCH_H
#define SOFTBUS_LIB_DISPATCH_H

#include "wire/msg.h"

#include <stdbool.h>

struct softbus;
struct softbus_stream;
struct softbus_waiter;

/* What this thread may run now. */
enum softbus_rights {
    SOFTBUS_RUNS_NOTHING, /* it takes answers for those who wait, and puts the rest aside */
    SOFTBUS_RUNS_CHAIN,   /* calls of its own chain too: the pool's workers run the rest */
    SOFTBUS_RUNS_ALL,
};

/* A message at the head of a stream. */
struct softbus_incoming {
    struct softbus_stream *stream;
    bool from_kept;
    enum softbus_rights rights;
    struct softbus_waiter *waiter; /* this thread's; NULL */
    struct wire_msg message;
    size_t size;
    bool is_swapped; /* its bytes have left the stream already */
    struct wire_bytes body; /* of the message, or of the one inside a DETOUR */
    bool is_nobodys;        /* a reply that answers no call of its sender's */
};

/* Takes the message off; as softbus_stream_consume(). What `body` views is gone. */
int softbus_incoming_consume(struct softbus_incoming *incoming, int *ret_fds);

struct softbus_parcel;
/* The data of the message, into the parcel. NO_MEMORY. */
int softbus_incoming_load(struct softbus_incoming *incoming, struct wire_bytes data, struct softbus_parcel *parcel);

/* Runs one job or one message that has come. waiter: this thread's, when it waits for something; NULL: it runs everything.
 * 1: done; 0: there is none for it; DISCONNECTED, PROTOCOL: the connection is gone. */
int softbus_dispatch(struct softbus *bus, struct softbus_waiter *waiter);

/* True now and then while softbus_dispatch() always has something to do: the clock must be looked at all the same. */
bool softbus_dispatch_is_long(const struct softbus *bus);

/* True when softbus_dispatch() has something to do for a thread that runs everything. */
bool softbus_dispatch_is_due(const struct softbus *bus);

#endif
