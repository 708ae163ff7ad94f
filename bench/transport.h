/*
 * A way to make calls: processes that stand ready, and what a client does. All clients are processes of their own (workers,
 * bench/engine.h); each has one connection to every transport, made after the servers were started.
 */
#ifndef BENCH_TRANSPORT_H
#define BENCH_TRANSPORT_H

#include "bench/measure.h"
#include "bench/world.h"

/* Calls at once: of the workers in mode CONC, of one worker in mode PIPE. */
#define BENCH_WORKERS_MAX 16
#define BENCH_IN_FLIGHT 64
#define BENCH_PIDS_MAX 8

/* The largest payload: 200 KB of parcel data are one value of bytes, which takes 5 for itself. */
#define BENCH_SIZE_MAX (204800 - 5)
/* Room for any message of the raw transports. */
#define BENCH_BUFFER_SIZE (256 * 1024)

enum bench_mode {
    BENCH_SEQ,  /* one call after another */
    BENCH_PIPE, /* BENCH_IN_FLIGHT calls of one client on their way */
    BENCH_CONC, /* all workers at once, each as in SEQ */
    BENCH_OBJECT_PLAIN, /* as SEQ; what the next three are compared with */
    BENCH_OBJECT_STUB,  /* and the request carries a stub of the client, always the same one */
    BENCH_OBJECT_NEW,   /* and the request carries a stub of the client made for this call */
    BENCH_OBJECT_PROXY, /* and the request carries the client's proxy to an object of a third process */
};

const char *bench_mode_get_name(enum bench_mode mode);

struct bench_job {
    enum bench_mode mode;
    size_t size;      /* of the payload */
    uint8_t seed;     /* of the payload's bytes: an answer to something else is noticed */
    uint64_t end_ns;  /* no call is begun after this */
    struct bench_hist *hist;
};

/* All that return an int return 0, or -1 after printing why. All but stop run in a worker. */
struct bench_transport_ops {
    /* ret_client gives what the others take; it is gone with the process. */
    int (*connect)(void *setup, unsigned worker, void **ret_client);
    /* Makes the request for the job and one call with it, and compares all of the answer; not in the measured time. */
    int (*prepare)(void *client, const struct bench_job *job);
    /* One call as prepared; looks at the answer's size and its ends. */
    int (*call)(void *client, const struct bench_job *job);
    /* Keeps BENCH_IN_FLIGHT calls on their way until end_ns, and receives the rest of the answers. */
    int (*pipe)(void *client, const struct bench_job *job);
    /* Gives back what the bench's own process holds, also of a setup that was begun only; NULL: nothing. */
    void (*stop)(void *setup);
};

struct bench_transport {
    const char *name, *baseline; /* baseline: a transport of the same run that it is compared with; NULL: none */
    const struct bench_transport_ops *ops;
    void *setup;                 /* borrows what was started */
    pid_t pids[BENCH_PIDS_MAX];  /* all processes that take part but the clients */
    size_t n_pids;
};

/* Payloads. */
void bench_payload_fill(uint8_t *data, size_t size, uint8_t seed);
/* All of it, or only its first and last byte. */
int bench_payload_check(const uint8_t *data, size_t size, const struct bench_job *job);
int bench_payload_check_ends(const uint8_t *data, size_t size, const struct bench_job *job);

#endif
