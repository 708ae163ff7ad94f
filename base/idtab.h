/*
 * Ids for things that others refer to: a slot number below, a random generation above. An id is never a pointer,
 * cannot be guessed, and a stale one finds nothing instead of the slot's next tenant. Look-up is one array access.
 * Id 0 is never given out. Slots are bounded by the maximum given at init, and memory grows with use.
 */
#ifndef SB_BASE_IDTAB_H
#define SB_BASE_IDTAB_H

#include "base/random.h"

#include <stddef.h>
#include <stdint.h>

struct sb_idtab_slot;

struct sb_idtab {
    struct sb_random *random; /* borrowed */
    struct sb_idtab_slot *slots;
    uint32_t n_slots, n_used, first_free, max;
};

/* borrows random for the table's life. */
void sb_idtab_init(struct sb_idtab *tab, struct sb_random *random, uint32_t max);

/* Frees the slots, not what they point to. */
void sb_idtab_deinit(struct sb_idtab *tab);

/* borrows item (never NULL). -ENOSPC: the table holds `max` items; -ENOMEM. */
int sb_idtab_add(struct sb_idtab *tab, void *item, uint64_t *ret_id);

/* The item, or NULL when the id is unknown or stale. */
void *sb_idtab_find(const struct sb_idtab *tab, uint64_t id);

/* Returns the item as find does; its id is stale from now on. */
void *sb_idtab_remove(struct sb_idtab *tab, uint64_t id);

/* Iteration: start with *cursor = 0; NULL at the end. The item returned may be removed meanwhile. */
void *sb_idtab_next(const struct sb_idtab *tab, uint32_t *cursor);

#endif
