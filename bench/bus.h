/* The subject: calls of an echo object through one softbusd, or through two. */
#ifndef BENCH_BUS_H
#define BENCH_BUS_H

#include "bench/measure.h"
#include "bench/world.h"

#include "softbus/bus.h"
#include "softbus/object.h"
#include "softbus/parcel.h"

struct bench_daemon {
    char socket[128];
    pid_t pid;
    int port;
};

/* Starts a daemon that knows peer_port of this host as a peer (0: none), and waits until it is ready. */
int bench_daemon_start(struct bench_world *world, const char *name, int port, int peer_port,
                       struct bench_daemon *ret_daemon);
/* Both trust each other. */
int bench_daemon_introduce(const struct bench_daemon *a, const struct bench_daemon *b);

/* Starts a process that offers an echo object; -1 or its pid. */
pid_t bench_echo_start(struct bench_world *world, const struct bench_daemon *daemon, const char *service);

struct bench_bus {
    struct softbus *bus;
    struct softbus_object *echo;
    struct softbus_parcel *request, *reply;
    size_t size; /* of the request as it stands */
    void *data;
};

/* server: the daemon where the echo object is; client: where we connect. */
int bench_bus_open(struct bench_bus *bench, const struct bench_daemon *client, const struct bench_daemon *server,
                   const char *service);
void bench_bus_close(struct bench_bus *bench);
int bench_bus_call(void *userdata, size_t size);

#endif
