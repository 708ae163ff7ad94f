/*
 * What the examples of event loops have in common: a service that counts, and calls of another such service, which may be
 * any of them. Nothing here waits; everything runs inside softbus_process() or counter_tick().
 */
#ifndef EXAMPLES_COUNTER_H
#define EXAMPLES_COUNTER_H

#include <stdint.h>

struct softbus;
struct softbus_object;
struct softbus_watch;

#define COUNTER_DESCRIPTOR "org.softbus.example.Counter"
#define COUNTER_HISTORY_MAX 4096

enum counter_code {
    COUNTER_ADD = 1, /* u32 -> u64 sum */
    COUNTER_HISTORY, /* -> u64 array: the latest sums, the oldest first */
};

struct counter {
    struct softbus *bus;
    struct softbus_object *stub, *peer; /* peer: NULL while its service is not there */
    struct softbus_watch *watch;
    const char *peer_name;
    uint64_t sums[COUNTER_HISTORY_MAX], sum;
    unsigned long n_served, n_called, n_answered;
    unsigned tick_ms, timeout_ms; /* timeout_ms 0: the library's own */
};

/* Takes the arguments of main(): NAME PEER [TICK-MS [TIMEOUT-MS]], the first two names of services. Connects, offers NAME and
 * watches for PEER, which is called as soon as it appears. 0, a SOFTBUS_ERR_*, or 1: usage was printed. To be closed in any case. */
int counter_open(struct counter *counter, int argc, char **argv);

/* Calls the peer, if it is there; to be run every tick_ms. */
void counter_tick(struct counter *counter);

/* Closes, prints what was done in how many turns of the loop, and why it ended when result is an error.
 * Returns the exit status. */
int counter_close(struct counter *counter, int result, unsigned long n_turns);

#endif
