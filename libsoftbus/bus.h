/* The connection from the inside; the public half is softbus/bus.h. */
#ifndef SOFTBUS_LIB_BUS_H
#define SOFTBUS_LIB_BUS_H

#include "base/buf.h"
#include "base/idtab.h"
#include "base/list.h"
#include "base/map.h"
#include "base/random.h"
#include "softbus/bus.h"
#include "wire/msg.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct softbus_parcel;
struct softbus_transaction;

#define SOFTBUS_DEPTH_MAX 32      /* handlers and callbacks on the stack at once */
#define SOFTBUS_CALLS_MAX 65536   /* calls under way */
#define SOFTBUS_STUBS_MAX 1048576 /* stubs of one connection */

/* Work that is due later: never inside the function that asked for it. */
struct softbus_job {
    struct sb_list link;
    void (*run)(struct softbus *bus, struct softbus_job *job);
    void (*drop)(struct softbus *bus, struct softbus_job *job); /* instead of run, when the connection closes */
};

struct softbus {
    unsigned n_refs; /* the app's one until close, and one of every object: those outlive it as memory */
    int fd;          /* -1: closed */
    int error;       /* 0, DISCONNECTED or PROTOCOL: the connection is gone */
    volatile sig_atomic_t is_stopped;
    bool is_idle;    /* a blocking receive has timed out: wait with poll(), which does not wake up in between */
    bool is_job_turn;
    unsigned depth;   /* of handlers and callbacks on the stack */
    unsigned n_quiet; /* waits on the stack that run nothing */
    unsigned n_busy;  /* things run without a pause */
    unsigned n_corks; /* releases are queued, to be sent together */
    uint64_t trace;   /* of what is run now, 0: none */

    struct sb_random random;
    struct sb_buf in, out;
    struct sb_buf kept; /* messages put aside while nothing may run, in order; they go before `in` */
    struct sb_buf head; /* of the message being sent */
    size_t in_needed;   /* bytes of the message at the head of `in`, as far as known */
    struct wire_objects objects_in, objects_out; /* of the message being decoded, being sent: too large for every stack */

    uint32_t version;
    struct wire_devid device_id;
    char device[WIRE_DEVID_TEXT_SIZE], device_name[WIRE_NAME_MAX + 1];
    pid_t pid; /* as the hub saw this process connect */
    uid_t uid;
    gid_t gid;

    struct sb_idtab stubs;       /* struct softbus_object, by the id that travels */
    struct sb_map proxies;       /* struct softbus_object, by handle */
    struct sb_idtab calls;       /* struct softbus_pending */
    struct sb_list asyncs;       /* asynchronous ones of them */
    uint64_t next_deadline_ms;   /* no async is due before; may be early */
    struct sb_list jobs;
    struct sb_list urgent;       /* jobs that go before every message */
    struct sb_list transactions; /* calls of our stubs that wait or run */
    struct sb_list links, watches;

    struct softbus_parcel *parcels; /* stocks for reuse */
    struct softbus_transaction *transaction_stock;
    unsigned n_parcels, n_transactions_kept;

    softbus_refused_fn refused;
    void *refused_userdata;
};

/* As softbus_open() over a connected stream socket; takes fd, also on failure. */
int softbus_bus_open_fd(int fd, const char *name, struct softbus **ret_bus);

struct softbus *softbus_bus_ref(struct softbus *bus);
void softbus_bus_unref(struct softbus *bus);

/* Ends the connection: error is DISCONNECTED or PROTOCOL (the first one stays); asynchronous calls are ended. Returns error. */
int softbus_bus_fail(struct softbus *bus, int error);

/* Queues a job. */
void softbus_bus_add_job(struct softbus *bus, struct softbus_job *job);

/* A parcel for one transaction, of this capacity, and back. NULL: no memory. */
struct softbus_parcel *softbus_bus_take_parcel(struct softbus *bus, size_t capacity);
void softbus_bus_give_parcel(struct softbus *bus, struct softbus_parcel *parcel);

/* Brackets what runs the app's code; trace: of that which is run. Returns the one to give to leave. */
uint64_t softbus_bus_enter(struct softbus *bus, uint64_t trace);
void softbus_bus_leave(struct softbus *bus, uint64_t old_trace);

#endif
