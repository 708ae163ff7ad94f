/* softbusd as the bench starts it: without mDNS, on loopback, in a directory of the world. */
#ifndef BENCH_DAEMON_H
#define BENCH_DAEMON_H

#include "bench/world.h"

#include "softbus/object.h"

/* How long anything may take that is not measured. */
#define BENCH_WAIT_MS 20000

struct bench_daemon {
    char socket[128];
    char device[SOFTBUS_DEVICE_ID_SIZE];
    pid_t pid;
};

struct bench_daemon_options {
    const char *name;
    int port, peer_port; /* of this host; port 0: the kernel chooses; peer_port 0: no peer */
    const char *config;  /* more lines for its configuration; NULL: none */
};

/* Starts a daemon and waits until it is ready. -1 after printing why. */
int bench_daemon_start(struct bench_world *world, const struct bench_daemon_options *options,
                       struct bench_daemon *ret_daemon);
/* Both trust each other. */
int bench_daemon_introduce(const struct bench_daemon *a, const struct bench_daemon *b);

/* Prints what failed and why; -1. error: SOFTBUS_ERR_… */
int bench_complain(const char *what, int error);

#endif
