/* Devices and their candidate addresses; see table.h. */
#include "discovery/table.h"

#include "discovery/address.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct device {
    struct sb_map_entry by_id;
    struct sb_list by_age, changed; /* in by_age while it has candidates */
    struct wire_devid id;
    struct disc_candidate *candidates;
    size_t n_candidates, capacity;
    unsigned changed_sources;
    bool was_known; /* had candidates when its changes were last taken */
};

static struct device *device_of(const struct sb_map_entry *entry)
{
    return SB_CONTAINER_OF(entry, struct device, by_id);
}

static bool device_has_id(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    return memcmp(device_of(entry)->id.bytes, key, key_size) == 0;
}

void disc_table_init(struct disc_table *table, struct sb_random *random, size_t n_devices_max,
                     const struct disc_table_callbacks *callbacks)
{
    *table = (struct disc_table){ .n_devices_max = n_devices_max };
    if (callbacks)
        table->callbacks = *callbacks;
    sb_map_init(&table->devices, random, device_has_id);
    sb_list_init(&table->by_age);
    sb_list_init(&table->changed);
}

static void device_free(struct disc_table *table, struct device *device)
{
    sb_map_remove(&table->devices, &device->by_id);
    sb_list_remove(&device->by_age);
    sb_list_remove(&device->changed);
    free(device->candidates);
    free(device);
}

void disc_table_deinit(struct disc_table *table)
{
    struct sb_map_entry *entry;

    while ((entry = sb_map_next(&table->devices, NULL)))
        device_free(table, device_of(entry));
    sb_map_deinit(&table->devices);
}

static struct device *find_device(const struct disc_table *table, const struct wire_devid *id)
{
    struct sb_map_entry *entry = sb_map_find(&table->devices, id->bytes, WIRE_DEVID_SIZE);

    return entry ? device_of(entry) : NULL;
}

static int make_device(struct disc_table *table, const struct wire_devid *id, struct device **ret_device)
{
    struct device *device = calloc(1, sizeof(*device));

    if (!device)
        return -ENOMEM;
    device->id = *id;
    if (sb_map_add(&table->devices, &device->by_id, device->id.bytes, WIRE_DEVID_SIZE) < 0) {
        free(device);
        return -ENOMEM;
    }
    sb_list_init(&device->by_age);
    sb_list_init(&device->changed);
    *ret_device = device;
    return 0;
}

static void mark_changed(struct disc_table *table, struct device *device, enum disc_source source)
{
    device->changed_sources |= 1u << source;
    if (sb_list_is_empty(&device->changed))
        sb_list_append(&table->changed, &device->changed);
}

/* A device without candidates stays until its change is taken. */
static void drop_candidate(struct disc_table *table, struct device *device, size_t i)
{
    mark_changed(table, device, device->candidates[i].source);
    device->n_candidates--;
    memmove(device->candidates + i, device->candidates + i + 1,
            (device->n_candidates - i) * sizeof(device->candidates[0]));
    if (device->n_candidates == 0) {
        sb_list_remove(&device->by_age);
        table->n_devices--;
    }
}

/* As drop_candidate(), and tells the owner, who did not ask for it. */
static void take_candidate(struct disc_table *table, struct device *device, size_t i)
{
    struct disc_candidate gone = device->candidates[i];

    drop_candidate(table, device, i);
    if (table->callbacks.removed)
        table->callbacks.removed(table->callbacks.userdata, &device->id, &gone);
}

static bool is_wanted(const struct disc_table *table, const struct wire_devid *id)
{
    return table->callbacks.is_wanted && table->callbacks.is_wanted(table->callbacks.userdata, id);
}

static bool is_multicast_only(const struct device *device)
{
    for (size_t i = 0; i < device->n_candidates; i++)
        if (device->candidates[i].source != DISC_SOURCE_MDNS)
            return false;
    return true;
}

/* Makes room for one device that matters by evicting the oldest one that only strangers speak of. False: no such. */
static bool evict_device(struct disc_table *table)
{
    SB_LIST_FOREACH(link, &table->by_age) {
        struct device *device = SB_CONTAINER_OF(link, struct device, by_age);

        if (!is_multicast_only(device) || is_wanted(table, &device->id))
            continue;
        while (device->n_candidates > 0)
            take_candidate(table, device, device->n_candidates - 1);
        if (!device->was_known)
            device_free(table, device);
        return true;
    }
    return false;
}

static bool evict_candidate(struct disc_table *table, struct device *device)
{
    for (size_t i = 0; i < device->n_candidates; i++)
        if (device->candidates[i].source == DISC_SOURCE_MDNS) {
            take_candidate(table, device, i);
            return true;
        }
    return false;
}

static int reserve_candidate(struct device *device)
{
    size_t capacity = device->capacity ? device->capacity * 2 : 2;
    struct disc_candidate *candidates;

    if (device->n_candidates < device->capacity)
        return 0;
    candidates = reallocarray(device->candidates, capacity, sizeof(*candidates));
    if (!candidates)
        return -ENOMEM;
    device->candidates = candidates;
    device->capacity = capacity;
    return 0;
}

static struct disc_candidate *find_candidate(const struct device *device, enum disc_source source,
                                             const struct sockaddr_storage *address)
{
    for (size_t i = 0; i < device->n_candidates; i++)
        if (device->candidates[i].source == source && disc_address_is_equal(&device->candidates[i].address, address))
            return device->candidates + i;
    return NULL;
}

/* A device that is not in use after all leaves no trace. */
static void tidy(struct disc_table *table, struct device *device)
{
    if (device->n_candidates == 0 && !device->was_known)
        device_free(table, device);
}

static int append_candidate(struct disc_table *table, struct device *device, const struct disc_candidate *candidate)
{
    bool is_ours = candidate->source != DISC_SOURCE_MDNS;
    int r;

    if (device->n_candidates == 0 && table->n_devices >= table->n_devices_max &&
        !((is_ours || is_wanted(table, &device->id)) && evict_device(table)))
        return DISC_TABLE_FULL;
    if (device->n_candidates == DISC_ADDRESSES_MAX && !(is_ours && evict_candidate(table, device)))
        return DISC_TABLE_FULL;
    r = reserve_candidate(device);
    if (r < 0)
        return r;
    if (device->n_candidates == 0) {
        sb_list_append(&table->by_age, &device->by_age);
        table->n_devices++;
    }
    device->candidates[device->n_candidates++] = *candidate;
    mark_changed(table, device, candidate->source);
    return 0;
}

int disc_table_add(struct disc_table *table, const struct wire_devid *id, enum disc_source source, uint32_t version,
                   const struct sockaddr_storage *address, uint64_t expires_ms)
{
    struct disc_candidate candidate = { .address = *address, .source = source, .version = version,
                                        .expires_ms = expires_ms };
    struct device *device = find_device(table, id);
    struct disc_candidate *known;
    int r;

    if (!device) {
        r = make_device(table, id, &device);
        if (r < 0)
            return r;
    }
    known = find_candidate(device, source, address);
    if (known) {
        known->expires_ms = expires_ms;
        if (known->version == version)
            return DISC_TABLE_SAME;
        known->version = version;
        mark_changed(table, device, source);
        return 0;
    }
    r = append_candidate(table, device, &candidate);
    if (r != 0)
        tidy(table, device);
    return r;
}

int disc_table_remove(struct disc_table *table, const struct wire_devid *id, enum disc_source source,
                      const struct sockaddr_storage *address)
{
    struct device *device = find_device(table, id);
    struct disc_candidate *candidate = device ? find_candidate(device, source, address) : NULL;

    if (!candidate)
        return DISC_TABLE_UNKNOWN;
    drop_candidate(table, device, (size_t)(candidate - device->candidates));
    tidy(table, device);
    return 0;
}

void disc_table_clear_source(struct disc_table *table, enum disc_source source)
{
    SB_LIST_FOREACH(link, &table->by_age) {
        struct device *device = SB_CONTAINER_OF(link, struct device, by_age);

        for (size_t i = device->n_candidates; i > 0; i--)
            if (device->candidates[i - 1].source == source)
                take_candidate(table, device, i - 1);
        tidy(table, device);
    }
}

void disc_table_limit_source(struct disc_table *table, enum disc_source source, uint64_t expires_ms)
{
    SB_LIST_FOREACH(link, &table->by_age) {
        struct device *device = SB_CONTAINER_OF(link, struct device, by_age);

        for (size_t i = 0; i < device->n_candidates; i++)
            if (device->candidates[i].source == source && device->candidates[i].expires_ms > expires_ms)
                device->candidates[i].expires_ms = expires_ms;
    }
}

uint64_t disc_table_expire(struct disc_table *table, uint64_t now_ms)
{
    uint64_t next_ms = UINT64_MAX;

    SB_LIST_FOREACH(link, &table->by_age) {
        struct device *device = SB_CONTAINER_OF(link, struct device, by_age);

        for (size_t i = device->n_candidates; i > 0; i--) {
            if (device->candidates[i - 1].expires_ms <= now_ms)
                take_candidate(table, device, i - 1);
            else if (device->candidates[i - 1].expires_ms < next_ms)
                next_ms = device->candidates[i - 1].expires_ms;
        }
        tidy(table, device);
    }
    return next_ms;
}

bool disc_table_next_changed(struct disc_table *table, struct disc_changed *ret_changed)
{
    struct sb_list *link;

    link = sb_list_first(&table->changed);
    if (link) {
        struct device *device = SB_CONTAINER_OF(link, struct device, changed);
        bool is_known = device->n_candidates > 0, was_known = device->was_known;

        assert(is_known || was_known); /* tidy() frees the others */
        *ret_changed = (struct disc_changed){ .id = device->id, .sources = device->changed_sources };
        ret_changed->change = !was_known ? DISC_APPEARED : is_known ? DISC_CHANGED : DISC_VANISHED;
        device->was_known = is_known;
        device->changed_sources = 0;
        sb_list_remove(&device->changed);
        tidy(table, device);
        return true;
    }
    return false;
}

size_t disc_table_get(const struct disc_table *table, const struct wire_devid *id,
                      const struct disc_candidate **ret_candidates)
{
    const struct device *device = find_device(table, id);

    *ret_candidates = device ? device->candidates : NULL;
    return device ? device->n_candidates : 0;
}

const struct wire_devid *disc_table_next(const struct disc_table *table, const struct sb_map_entry **cursor)
{
    while ((*cursor = sb_map_next(&table->devices, *cursor)))
        if (device_of(*cursor)->n_candidates > 0)
            return &device_of(*cursor)->id;
    return NULL;
}
