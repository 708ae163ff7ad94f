/* Objects from the inside; the public half is softbus/object.h. */
#ifndef SOFTBUS_LIB_OBJECT_H
#define SOFTBUS_LIB_OBJECT_H

#include "base/list.h"
#include "base/map.h"
#include "softbus/object.h"
#include "wire/devid.h"

struct softbus_channel;
struct softbus_parcel;
struct wire_death_msg;
struct wire_object;
struct wire_objects;
struct wire_release;

struct softbus_object {
    struct softbus *bus; /* holds a reference: its memory outlives close */
    unsigned n_refs;     /* of the app, of parcels, links and transactions */
    bool is_stub, is_remote, is_service, is_dead;
    bool is_linked; /* the hub has a link to its death for us */
    uint8_t hops;
    uint64_t id; /* handle or stub id; 0: not known to the hub any more */
    uint64_t n_outside; /* proxies: arrivals to give back. Stubs: sendings not given back */

    /* Proxies. */
    struct sb_map_entry entry;
    struct wire_devid home;
    char home_text[WIRE_DEVID_TEXT_SIZE];
    struct softbus_channel *channel; /* that plain calls go by: holds a reference; NULL: through the hub */
    uint64_t direct_id;              /* the stub's number there */
    uint64_t origin, origin_stub; /* of a stub of this device: what it can be claimed by after a restart */
    bool is_lost;                 /* no hub knows it now; it may come back */
    uint32_t death_reason;        /* while it is dying */
    struct sb_list lost_link;     /* bus->reconnect.lost, claimed or dying */

    /* Stubs. */
    char *descriptor;
    softbus_handler_fn handler;
    softbus_dump_fn dump;
    void *userdata;
    bool is_internal;              /* its handler is the library's own, and runs with the lock */
    bool is_concurrent;            /* several calls at once */
    const char *owner;             /* softbus_thread_id of the thread in which it runs; NULL: none, or concurrent */
    struct sb_list queue, running; /* struct softbus_transaction.queue_link: calls that wait; that run */
    struct sb_list runnable_link;  /* bus->runnable: the queue may be looked at */
    unsigned n_chained;            /* calls that wait and belong to a chain that waits, too */
    uint32_t average_us;           /* how long its calls take, of late */
    uint64_t n_calls;
};

void softbus_object_unref_all(struct softbus_object **objects, size_t n);

/* The map of proxies. */
bool softbus_object_has_handle(const struct sb_map_entry *entry, const void *key, size_t key_size);

/* Objects of a message that came: each becomes one of the parcel's. NO_MEMORY, PROTOCOL. */
int softbus_object_import(struct softbus *bus, const struct wire_objects *objects, struct softbus_parcel *parcel);

/* Objects of a parcel to be sent. Stubs count as sent with softbus_object_count_sent(), when it is certain.
 * INVALID: an object of another connection; DEAD_OBJECT: a withdrawn stub. */
int softbus_object_export(struct softbus *bus, const struct softbus_parcel *parcel, struct wire_objects *ret_objects);
void softbus_object_count_sent(const struct softbus_parcel *parcel);

/* Rules 3 and 4 for the objects of a parcel on their way to `to`. */
int softbus_object_check_pass(const struct softbus_parcel *parcel, const struct softbus_object *to);

/* The hub's word: no (or fewer) references outside. PROTOCOL: more than were sent. */
int softbus_object_release(struct softbus *bus, const struct wire_release *release);

/* The route of a proxy ends. */
void softbus_object_unroute(struct softbus_object *proxy);
/* The channel ends: no proxy has a route by it any more. */
void softbus_object_unroute_all(const struct softbus_channel *channel);

/* A stub that nobody refers to any more may go. */
void softbus_object_collect(struct softbus_object *stub);

/* All objects of a connection that closes. */
void softbus_object_detach_all(struct softbus *bus);

/* death.c: the links of an object fire: of that which the message is of, of this one. */
void softbus_death_run(struct softbus *bus, const struct wire_death_msg *death);
void softbus_death_fire(struct softbus_object *object, uint32_t reason);
bool softbus_death_is_awaited(const struct softbus_object *object); /* it has links */
void softbus_death_drop_all(struct softbus *bus);

#endif
