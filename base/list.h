/*
 * Intrusive doubly linked list. A link that is in no list points to itself, so removal is idempotent.
 */
#ifndef SB_BASE_LIST_H
#define SB_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct sb_list {
    struct sb_list *prev, *next;
};

#define SB_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

static inline void sb_list_init(struct sb_list *list)
{
    list->prev = list->next = list;
}

static inline bool sb_list_is_empty(const struct sb_list *list)
{
    return list->next == list;
}

static inline void sb_list_append(struct sb_list *list, struct sb_list *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

static inline void sb_list_remove(struct sb_list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    sb_list_init(link);
}

/* Makes an uninitialised list of everything that is in `from`, which is empty then. */
static inline void sb_list_take_all(struct sb_list *list, struct sb_list *from)
{
    sb_list_init(list);
    sb_list_append(from, list); /* a second head in the ring */
    sb_list_remove(from);
}

/* The first link, or NULL when the list is empty. */
static inline struct sb_list *sb_list_first(const struct sb_list *list)
{
    return sb_list_is_empty(list) ? NULL : list->next;
}

/* Iteration; the body may remove the current link, and no other. */
#define SB_LIST_FOREACH(link, list) \
    for (struct sb_list *link = (list)->next, *sb_next_ = link->next; link != (list); link = sb_next_, sb_next_ = link->next)

#endif
