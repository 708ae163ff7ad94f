/*
 * Who is out there: devices by id, each with the addresses at which it may be reached and who said so. Nothing in here
 * is proved: an address is a candidate to dial, and the handshake decides who answers.
 *
 * Everything is bounded. What anybody can multicast (DISC_SOURCE_MDNS) never displaces what was configured or vouched
 * for: those evict multicast candidates when a device or the table is full, never the other way round, and devices
 * that the owner wants (it trusts them) evict devices that nobody asked for.
 */
#ifndef DISC_TABLE_H
#define DISC_TABLE_H

#include "base/list.h"
#include "base/map.h"
#include "wire/devid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define DISC_DEVICES_MAX 1024
#define DISC_ADDRESSES_MAX 16 /* of one device, all sources together */

enum disc_source { DISC_SOURCE_MDNS, DISC_SOURCE_STATIC, DISC_SOURCE_VOUCHED };
#define DISC_N_SOURCES 3

/* Outcomes > 0 of disc_table_add() and disc_table_remove(). */
enum {
    DISC_TABLE_SAME = 1, /* the candidate was there with the same protocol version: only its expiry was renewed */
    DISC_TABLE_FULL,     /* the device has DISC_ADDRESSES_MAX addresses, or the table n_devices_max devices */
    DISC_TABLE_UNKNOWN,  /* nothing to remove */
};

struct disc_candidate {
    struct sockaddr_storage address; /* with port and scope id */
    enum disc_source source;
    uint32_t version;    /* protocol version that was announced; 0: not known */
    uint64_t expires_ms; /* UINT64_MAX: never */
};

enum disc_change { DISC_APPEARED, DISC_CHANGED, DISC_VANISHED };

struct disc_changed {
    struct wire_devid id;
    enum disc_change change;
    unsigned sources; /* bit n: candidates of source n came, went, or have another version */
};

/* Called while the table is being changed: they must not touch it. Pointers are lent for the call. */
struct disc_table_callbacks {
    void *userdata;
    /* True for devices that matter more than others when the table is full. May be NULL. */
    bool (*is_wanted)(void *userdata, const struct wire_devid *id);
    /* A candidate went without a disc_table_remove(): it expired, was evicted or cleared. May be NULL. */
    void (*removed)(void *userdata, const struct wire_devid *id, const struct disc_candidate *candidate);
};

struct disc_table {
    struct sb_map devices;
    struct sb_list by_age, changed;
    size_t n_devices, n_devices_max;
    struct disc_table_callbacks callbacks;
};

struct sb_random;

/* borrows random for the call; callbacks may be NULL. */
void disc_table_init(struct disc_table *table, struct sb_random *random, size_t n_devices_max,
                     const struct disc_table_callbacks *callbacks);
void disc_table_deinit(struct disc_table *table);

/* The same address from two sources is two candidates. -ENOMEM; > 0: DISC_TABLE_SAME, DISC_TABLE_FULL.
 * Eviction shows in the changed list like any other removal. */
int disc_table_add(struct disc_table *table, const struct wire_devid *id, enum disc_source source, uint32_t version,
                   const struct sockaddr_storage *address, uint64_t expires_ms);

/* > 0: DISC_TABLE_UNKNOWN. */
int disc_table_remove(struct disc_table *table, const struct wire_devid *id, enum disc_source source,
                      const struct sockaddr_storage *address);

/* Forgets all that a source said, at once. */
void disc_table_clear_source(struct disc_table *table, enum disc_source source);

/* Everything that a source has said so far expires at expires_ms, unless it is added again. */
void disc_table_limit_source(struct disc_table *table, enum disc_source source, uint64_t expires_ms);

/* Removes what has expired (expires_ms <= now_ms). Returns when the next one will; UINT64_MAX: none. */
uint64_t disc_table_expire(struct disc_table *table, uint64_t now_ms);

/* Takes the next device off the changed list; false when it is empty. Changes since the last call for that device are
 * one: a device that came and went meanwhile is not told at all. */
bool disc_table_next_changed(struct disc_table *table, struct disc_changed *ret_changed);

/* The candidates of a device, at most max; lent until the table changes. Returns how many; 0: not known. */
size_t disc_table_get(const struct disc_table *table, const struct wire_devid *id, const struct disc_candidate **ret_candidates);

/* Iteration in no order over devices that have candidates: start with a zeroed *cursor; NULL at the end; the table must
 * not change meanwhile. The id is lent until then. */
const struct wire_devid *disc_table_next(const struct disc_table *table, const struct sb_map_entry **cursor);

#endif
