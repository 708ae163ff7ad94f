/*
 * Two processes that go on calling each other while others misbehave: plain calls on their direct channel, calls with objects, which
 * take the way through the hub, and calls to the hub. None may fail, and at the end the daemon is as it was.
 */
#ifndef TESTS_HONEST_H
#define TESTS_HONEST_H

#include "tests/integration/lab.h"

struct honest {
    struct lab *lab;
    struct lab_device *device;
    struct lab_app *server, *client;
    unsigned n_fds;         /* of the daemon, before all others */
    uint64_t memory_bytes;  /* resident, likewise */
    unsigned n_questions;
};

#define HONEST_UID 4242     /* where this system gives us other users; else the test's own */

/* Starts them, as a user of their own, and waits for the first calls. */
void honest_start(struct honest *honest, struct lab *lab, struct lab_device *device);
/* Waits until they have made some more calls: they are not stuck now. */
void honest_go_on(struct honest *honest);
/* Ends them; the others have gone before. Not one call failed, the hub's tables are empty, its descriptors closed, and it has not used
 * more than max_bytes of memory at any time (not looked at with sanitizers). */
void honest_check(struct honest *honest, uint64_t max_bytes);

/* VmRSS, VmHWM, VmSize of a process. */
uint64_t honest_get_memory(struct lab *lab, pid_t pid, const char *field);

#endif
