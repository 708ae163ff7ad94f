/* Keyed hash map; see map.h. */
#include "base/map.h"

#include "base/random.h"
#include "base/sip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sb_map_init(struct sb_map *map, struct sb_random *random, sb_map_equal_fn equal)
{
    *map = (struct sb_map){ .equal = equal, .secret = { sb_random_u64(random), sb_random_u64(random) } };
}

void sb_map_deinit(struct sb_map *map)
{
    free(map->buckets);
    map->buckets = NULL;
    map->n_buckets = map->n_entries = 0;
}

struct sb_map_entry *sb_map_find(const struct sb_map *map, const void *key, size_t key_size)
{
    uint64_t h;

    if (map->n_entries == 0)
        return NULL;
    h = sb_sip13(map->secret, key, key_size);
    for (struct sb_map_entry *entry = map->buckets[h & (map->n_buckets - 1)]; entry; entry = entry->next) {
        if (entry->hash == h && map->equal(entry, key, key_size))
            return entry;
    }
    return NULL;
}

static int grow(struct sb_map *map)
{
    size_t n_buckets = map->n_buckets ? map->n_buckets * 2 : 8;
    struct sb_map_entry **buckets = calloc(n_buckets, sizeof(struct sb_map_entry *));

    if (!buckets)
        return -ENOMEM;
    for (size_t i = 0; i < map->n_buckets; i++) {
        while (map->buckets[i]) {
            struct sb_map_entry *entry = map->buckets[i];

            map->buckets[i] = entry->next;
            entry->next = buckets[entry->hash & (n_buckets - 1)];
            buckets[entry->hash & (n_buckets - 1)] = entry;
        }
    }
    free(map->buckets);
    map->buckets = buckets;
    map->n_buckets = n_buckets;
    return 0;
}

int sb_map_add(struct sb_map *map, struct sb_map_entry *entry, const void *key, size_t key_size)
{
    struct sb_map_entry **bucket;

    if (map->n_entries >= map->n_buckets) {
        int r = grow(map);

        if (r < 0)
            return r;
    }
    entry->hash = sb_sip13(map->secret, key, key_size);
    bucket = &map->buckets[entry->hash & (map->n_buckets - 1)];
    entry->next = *bucket;
    *bucket = entry;
    map->n_entries++;
    return 0;
}

void sb_map_remove(struct sb_map *map, struct sb_map_entry *entry)
{
    struct sb_map_entry **link = &map->buckets[entry->hash & (map->n_buckets - 1)];

    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    entry->next = NULL;
    map->n_entries--;
}

struct sb_map_entry *sb_map_next(const struct sb_map *map, const struct sb_map_entry *entry)
{
    size_t i = 0;

    if (entry) {
        if (entry->next)
            return entry->next;
        i = (entry->hash & (map->n_buckets - 1)) + 1;
    }
    for (; i < map->n_buckets; i++) {
        if (map->buckets[i])
            return map->buckets[i];
    }
    return NULL;
}
