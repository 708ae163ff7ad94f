/*
 * The baselines: the same echo over the same kind of sockets and as many processes, with nothing else in between.
 * A message is a u32 length and that many bytes; the caller and the echo block, the processes between them forward
 * bytes from one epoll loop each.
 */
#ifndef BENCH_CHAIN_H
#define BENCH_CHAIN_H

#include "bench/measure.h"
#include "bench/world.h"

struct bench_chain {
    int fd; /* our end */
    void *data;
    pid_t pids[3]; /* what we started: forwarders, then the echo */
    size_t n_pids;
};

/* us - router - echo, on unix stream sockets */
int bench_chain_open_local(struct bench_chain *chain, struct bench_world *world);
/* us - process - TLS over TCP on loopback - process - echo */
int bench_chain_open_remote(struct bench_chain *chain, struct bench_world *world);
void bench_chain_close(struct bench_chain *chain);
int bench_chain_call(void *userdata, size_t size);

/* For both: the echo at the end of a chain, in a process of its own. */
int bench_chain_start_echo(struct bench_chain *chain, struct bench_world *world, int fd, const int *others, size_t n_others);

#endif
