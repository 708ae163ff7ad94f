/* Id tables; see idtab.h. */
#include "base/idtab.h"

#include <errno.h>
#include <stdlib.h>

#define NO_SLOT UINT32_MAX

struct sb_idtab_slot {
    void *item; /* NULL: the slot is free */
    uint32_t generation;
    uint32_t next_free;
};

void sb_idtab_init(struct sb_idtab *tab, struct sb_random *random, uint32_t max)
{
    *tab = (struct sb_idtab){ .random = random, .max = max, .first_free = NO_SLOT };
}

void sb_idtab_deinit(struct sb_idtab *tab)
{
    free(tab->slots);
    *tab = (struct sb_idtab){ .random = tab->random, .max = tab->max, .first_free = NO_SLOT };
}

static int grow(struct sb_idtab *tab)
{
    uint32_t n_slots = tab->n_slots ? tab->n_slots * 2 : 8;
    struct sb_idtab_slot *slots;

    slots = reallocarray(tab->slots, n_slots, sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    for (uint32_t i = tab->n_slots; i < n_slots; i++)
        slots[i] = (struct sb_idtab_slot){ .next_free = i + 1 < n_slots ? i + 1 : NO_SLOT };
    tab->first_free = tab->n_slots;
    tab->slots = slots;
    tab->n_slots = n_slots;
    return 0;
}

int sb_idtab_add(struct sb_idtab *tab, void *item, uint64_t *ret_id)
{
    struct sb_idtab_slot *slot;
    uint32_t index;
    int r;

    if (tab->n_used >= tab->max)
        return -ENOSPC;
    if (tab->first_free == NO_SLOT) {
        r = grow(tab);
        if (r < 0)
            return r;
    }
    index = tab->first_free;
    slot = &tab->slots[index];
    tab->first_free = slot->next_free;
    slot->item = item;
    slot->generation = sb_random_u32(tab->random);
    tab->n_used++;
    *ret_id = (uint64_t)slot->generation << 32 | index;
    return 0;
}

void *sb_idtab_find(const struct sb_idtab *tab, uint64_t id)
{
    uint32_t index = (uint32_t)id;

    if (index >= tab->n_slots || tab->slots[index].generation != (uint32_t)(id >> 32))
        return NULL;
    return tab->slots[index].item;
}

void *sb_idtab_remove(struct sb_idtab *tab, uint64_t id)
{
    void *item = sb_idtab_find(tab, id);
    uint32_t index = (uint32_t)id;

    if (!item)
        return NULL;
    tab->slots[index] = (struct sb_idtab_slot){ .next_free = tab->first_free };
    tab->first_free = index;
    tab->n_used--;
    return item;
}

void *sb_idtab_next(const struct sb_idtab *tab, uint32_t *cursor)
{
    while (*cursor < tab->n_slots) {
        void *item = tab->slots[(*cursor)++].item;

        if (item)
            return item;
    }
    return NULL;
}
