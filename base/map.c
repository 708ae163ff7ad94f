/* Keyed hash map; see map.h. SipHash: Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012; 1 and 3 rounds. */
#include "base/map.h"

#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t rotate(uint64_t value, unsigned n_bits)
{
    return value << n_bits | value >> (64 - n_bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static uint64_t hash(const uint64_t secret[2], const void *key, size_t size)
{
    uint64_t v[4] = { secret[0] ^ 0x736f6d6570736575U, secret[1] ^ 0x646f72616e646f6dU,
                      secret[0] ^ 0x6c7967656e657261U, secret[1] ^ 0x7465646279746573U };
    const uint8_t *bytes = key;
    uint64_t word, last = (uint64_t)size << 56;

    for (; size >= 8; size -= 8, bytes += 8) {
        memcpy(&word, bytes, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    for (size_t i = 0; i < size; i++)
        last |= (uint64_t)bytes[i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

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
    h = hash(map->secret, key, key_size);
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
    entry->hash = hash(map->secret, key, key_size);
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
