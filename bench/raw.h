/*
 * The baselines: the same echo over the same kind of sockets and as many processes, with nothing else in between.
 * A message is a u32 length and that many bytes. One client and its echo block in read and write; the echo for many clients
 * and the router have one epoll loop each. The router forwards bytes and does not even look for whom they are.
 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "bench/transport.h"

/* A pair for each worker to the server of mode CONC, and worker 0's to the server of the others. */
#define BENCH_RAW_PAIRS (BENCH_WORKERS_MAX + 1)
#define BENCH_RAW_SOLO BENCH_WORKERS_MAX

/* Descriptors that all processes inherit; -1: no connection. */
struct bench_raw {
    int client_fds[BENCH_RAW_PAIRS];
};

extern const struct bench_transport_ops bench_raw_ops;

/* client - server */
int bench_raw_start_stream(struct bench_transport *transport, struct bench_raw *raw, struct bench_world *world);
/* client - router - server */
int bench_raw_start_router(struct bench_transport *transport, struct bench_raw *raw, struct bench_world *world);
/* client - process - TLS over TCP on loopback - process - server; for worker 0 only */
int bench_raw_start_tls(struct bench_transport *transport, struct bench_raw *raw, struct bench_world *world);

void bench_raw_init(struct bench_raw *raw); /* without connections */
/* A pair of unix stream sockets. */
int bench_raw_pair(int ret_fds[2]);
/* Starts the server that blocks, of one connection; adds it to the transport. */
int bench_raw_start_echo(struct bench_transport *transport, struct bench_world *world, int fd);
/* The router's process: forwards between near_fds[i] and far_fds[i], n pairs; returns when a connection ends. */
int bench_router_run(const int *near_fds, const int *far_fds, int n);
/* Takes a process to the transport; -1 when pid is not one. */
int bench_transport_take(struct bench_transport *transport, pid_t pid);

#endif
