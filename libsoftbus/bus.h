/* The connection from the inside; the public half is softbus/bus.h. Threads: libsoftbus/lock.h and wait.h. */
#ifndef SOFTBUS_LIB_BUS_H
#define SOFTBUS_LIB_BUS_H

#include "base/buf.h"
#include "base/idtab.h"
#include "base/list.h"
#include "base/map.h"
#include "base/random.h"
#include "libsoftbus/lock.h"
#include "libsoftbus/stream.h"
#include "softbus/bus.h"
#include "wire/msg.h"

#include <stdbool.h>
#include <sys/types.h>

struct softbus_parcel;
struct softbus_pool;
struct softbus_transaction;

#define SOFTBUS_DEPTH_MAX 32      /* handlers and callbacks on one stack at once */
#define SOFTBUS_CALLS_MAX 65536   /* calls under way */
#define SOFTBUS_STUBS_MAX 1048576 /* stubs of one connection */
#define SOFTBUS_STREAMS_MAX 65536 /* sockets of one connection */
#define SOFTBUS_WAKE_FDS_MAX 8    /* eventfds kept for threads that wait */

/* Work that is due later: never inside the function that asked for it. */
struct softbus_job {
    struct sb_list link;
    void (*run)(struct softbus *bus, struct softbus_job *job);
    void (*drop)(struct softbus *bus, struct softbus_job *job); /* instead of run, when the connection closes */
};

enum softbus_hub_state {
    SOFTBUS_HUB_UP,       /* there is one, though not everything may be restored */
    SOFTBUS_HUB_AWAY,     /* there is none; the next try is due */
    SOFTBUS_HUB_GREETING, /* connected; its WELCOME has not come */
};

/* What it takes to find the hub again: reconnect.h, restore.h. */
struct softbus_reconnect {
    enum softbus_hub_state state;
    char *path;                  /* of its socket; NULL: there is no way back */
    char name[WIRE_NAME_MAX + 1];
    uint64_t instance, proof;    /* of the last WELCOME */
    uint32_t patience_ms;        /* UINT32_MAX: for ever */
    uint64_t lost_ms;            /* since when something is missing; UINT64_MAX: nothing is */
    uint64_t due_ms;             /* softbus_reconnect_advance() has something to do; UINT64_MAX: never */
    uint32_t delay_ms;           /* before the next try */
    unsigned n_left;             /* requests to restore what there was, not answered */
    unsigned n_claims;           /* of them, of proxies */
    unsigned n_hubs;             /* that have gone */
    unsigned n_lost_names;       /* that could not be registered again */
    struct sb_list lost, claimed; /* struct softbus_object.lost_link: proxies without a handle; whose claims are under way */
    struct sb_list dying;         /* proxies (held) whose links have to fire */
    struct softbus_job death_job, state_job;
    bool tells_lost, tells_back;  /* the app does not know yet */
    softbus_state_fn fn;
    void *userdata;
};

struct softbus {
    unsigned n_refs; /* atomic: the app's one until close, and one of every object: those outlive it as memory */
    struct softbus_lock lock;
    softbus_thread_id thread; /* the one that opened it */
    bool is_threaded;         /* others have been seen */
    int error;                /* 0, DISCONNECTED or PROTOCOL: the connection is gone for good */
    bool is_stopped; /* atomic: softbus_stop() may be called by a signal handler */
    bool is_ending;  /* close has begun: nobody waits any more */
    bool is_closed;
    unsigned turn;       /* softbus_dispatch() */
    unsigned n_contexts; /* of the app's functions that run, in all threads */
    unsigned n_busy;     /* things run without a pause */
    size_t waiting_bytes; /* of calls that came through the hub and wait for their stubs */
    unsigned n_corks;    /* releases are queued, to be sent together */
    unsigned n_lazy;     /* releases are not urgent: this thread will come back to wait */
    uint64_t lazy_due_ms; /* when what is lazy leaves by itself; UINT64_MAX: there is nothing */

    /* Sockets, and who waits for them. */
    struct softbus_stream hub;
    struct softbus_reconnect reconnect;
    int epoll_fd, kick_fd;   /* kick_fd: an eventfd in epoll_fd, under number 0 */
    struct sb_idtab streams; /* struct softbus_stream */
    struct sb_list ready, dirty;
    struct sb_list waiters;  /* struct softbus_waiter */
    unsigned n_drivers;
    int wake_fds[SOFTBUS_WAKE_FDS_MAX];
    unsigned n_wake_fds;
    struct sb_list channels; /* struct softbus_channel */
    struct softbus_pool *pool;
    uint64_t kicked_us;      /* when the pool was last told of work that waits */

    struct sb_random random;
    struct sb_buf head; /* of the message being sent */
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
    unsigned n_unsent;           /* of those, that wait for the hub */
    uint64_t next_deadline_ms;   /* no async is due before; may be early */
    struct sb_list jobs;
    struct sb_list urgent;       /* jobs that go before every message */
    struct sb_list runnable;     /* struct softbus_object.runnable_link: stubs with calls that wait */
    struct sb_list transactions; /* calls of our stubs that wait or run */
    struct sb_list links, watches;
    struct sb_list names;        /* struct softbus_name: registered services */

    struct softbus_parcel *parcels; /* stocks for reuse */
    struct softbus_transaction *transaction_stock;
    unsigned n_parcels, n_transactions_kept;

    softbus_refused_fn refused;
    void *refused_userdata;
};

/* As softbus_open() over a connected stream socket; takes fd, also on failure. path: where to connect again; NULL: nowhere. */
int softbus_bus_open_fd(int fd, const char *path, const char *name, struct softbus **ret_bus);

struct softbus *softbus_bus_ref(struct softbus *bus);
void softbus_bus_unref(struct softbus *bus);

/* Ends the connection for good: error is DISCONNECTED or PROTOCOL (the first one stays); asynchronous calls are ended. Returns error. */
int softbus_bus_fail(struct softbus *bus, int error);

/* When something is due though nothing arrives; UINT64_MAX: never. */
static inline uint64_t softbus_bus_get_due_ms(const struct softbus *bus)
{
    return bus->next_deadline_ms < bus->reconnect.due_ms ? bus->next_deadline_ms : bus->reconnect.due_ms;
}

/* Sends bus->head to the hub. 0, NO_MEMORY, DISCONNECTED (nothing was sent: there is none now). */
int softbus_bus_send_head(struct softbus *bus);

/* Queues a job. */
void softbus_bus_add_job(struct softbus *bus, struct softbus_job *job);

/* A parcel for one transaction, of this capacity, and back. NULL: no memory. */
struct softbus_parcel *softbus_bus_take_parcel(struct softbus *bus, size_t capacity);
void softbus_bus_give_parcel(struct softbus *bus, struct softbus_parcel *parcel);

#endif
