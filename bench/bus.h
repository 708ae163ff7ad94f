/* The subject: calls of an echo object through softbus. */
#ifndef BENCH_BUS_H
#define BENCH_BUS_H

#include "bench/daemon.h"
#include "bench/transport.h"

/* Who calls whom. */
struct bench_bus_setup {
    struct bench_daemon client, server; /* the daemons of the two; the same one twice for a local call */
};

extern const struct bench_transport_ops bench_bus_ops;

/* Starts a daemon and a process with an echo object; name: of the daemon; config: see struct bench_daemon_options. */
int bench_bus_start_local(struct bench_transport *transport, struct bench_bus_setup *setup, struct bench_world *world,
                          const char *name, const char *config);
/* Two daemons that trust each other, the echo object at the second. */
int bench_bus_start_remote(struct bench_transport *transport, struct bench_bus_setup *setup, struct bench_world *world);

#endif
