/*
 * D-Bus beside us: method calls of sd-bus through a broker of the world's own. dbus-broker's launcher needs systemd and its
 * journal, so the broker itself is started and told by the bench what the launcher would tell it.
 */
#ifndef BENCH_SDBUS_H
#define BENCH_SDBUS_H

#include "bench/transport.h"

struct bench_sdbus_setup {
    char address[160];
    void *controller; /* the connection on which dbus-broker is told what to do; it ends with it */
};

extern const struct bench_transport_ops bench_sdbus_ops;

/* Each starts a broker and a process with an echo object. 1: the program is not installed; -1 after printing why. */
int bench_sdbus_start_broker(struct bench_transport *transport, struct bench_sdbus_setup *setup, struct bench_world *world);
int bench_sdbus_start_daemon(struct bench_transport *transport, struct bench_sdbus_setup *setup, struct bench_world *world);

#endif
