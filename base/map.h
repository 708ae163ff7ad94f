/*
 * Intrusive hash map from byte keys to entries. The hash is keyed (SipHash-1-3), so strangers who choose names cannot
 * make chains long. Keys are compared by the caller's function; the map stores neither keys nor entries.
 */
#ifndef SB_BASE_MAP_H
#define SB_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_random;

struct sb_map_entry {
    struct sb_map_entry *next;
    uint64_t hash;
};

/* True when the entry has this key. */
typedef bool (*sb_map_equal_fn)(const struct sb_map_entry *entry, const void *key, size_t key_size);

struct sb_map {
    struct sb_map_entry **buckets;
    size_t n_buckets, n_entries;
    uint64_t secret[2];
    sb_map_equal_fn equal;
};

void sb_map_init(struct sb_map *map, struct sb_random *random, sb_map_equal_fn equal);
void sb_map_deinit(struct sb_map *map); /* the entries stay their owner's */

/* NULL when there is none. */
struct sb_map_entry *sb_map_find(const struct sb_map *map, const void *key, size_t key_size);

/* borrows entry until it is removed. The key must not be in the map. -ENOMEM. */
int sb_map_add(struct sb_map *map, struct sb_map_entry *entry, const void *key, size_t key_size);

/* The entry must be in the map. */
void sb_map_remove(struct sb_map *map, struct sb_map_entry *entry);

/* Iteration in no order: start with NULL. The entry passed in must still be in the map. */
struct sb_map_entry *sb_map_next(const struct sb_map *map, const struct sb_map_entry *entry);

#endif
