/* What the helper has to tell; see report.h. */
#include "discovery/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct sb_list link, dirty;
    struct wire_disc_seen seen;
    uint32_t told_version; /* 0: the daemon does not know of it */
    unsigned n_uses;
    bool is_retold; /* to be told once more */
};

void disc_report_init(struct disc_report *report)
{
    *report = (struct disc_report){ 0 };
    sb_list_init(&report->entries);
    sb_list_init(&report->dirty);
}

static void entry_free(struct disc_report *report, struct entry *entry)
{
    sb_list_remove(&entry->link);
    sb_list_remove(&entry->dirty);
    report->n_entries--;
    free(entry);
}

void disc_report_deinit(struct disc_report *report)
{
    SB_LIST_FOREACH(link, &report->entries)
        entry_free(report, SB_CONTAINER_OF(link, struct entry, link));
}

static bool is_same_place(const struct wire_disc_seen *a, const struct wire_disc_seen *b)
{
    return a->address.port == b->address.port && a->address.family == b->address.family &&
           a->address.scope == b->address.scope && wire_devid_is_equal(&a->id, &b->id) &&
           memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes)) == 0;
}

static struct entry *find_entry(const struct disc_report *report, const struct wire_disc_seen *seen)
{
    SB_LIST_FOREACH(link, &report->entries) {
        struct entry *entry = SB_CONTAINER_OF(link, struct entry, link);

        if (is_same_place(&entry->seen, seen))
            return entry;
    }
    return NULL;
}

/* The version that the daemon should know: 0 when it should not know the entry at all. */
static uint32_t wanted_version(const struct entry *entry)
{
    return entry->n_uses > 0 ? entry->seen.version : 0;
}

/* Files the entry where it belongs: to be told, or not; gone when neither seen nor known to the daemon. */
static void file_entry(struct disc_report *report, struct entry *entry)
{
    sb_list_remove(&entry->dirty);
    if (entry->told_version != wanted_version(entry) || (entry->is_retold && entry->n_uses > 0))
        sb_list_append(&report->dirty, &entry->dirty);
    else if (entry->n_uses == 0)
        entry_free(report, entry);
}

int disc_report_add(struct disc_report *report, const struct wire_disc_seen *seen)
{
    struct entry *entry = find_entry(report, seen);

    if (!entry) {
        if (report->n_entries >= DISC_REPORT_MAX)
            return -ENOSPC;
        entry = calloc(1, sizeof(*entry));
        if (!entry)
            return -ENOMEM;
        sb_list_append(&report->entries, &entry->link);
        sb_list_init(&entry->dirty);
        report->n_entries++;
    }
    entry->seen = *seen;
    entry->n_uses++;
    file_entry(report, entry);
    return 0;
}

void disc_report_remove(struct disc_report *report, const struct wire_disc_seen *seen)
{
    struct entry *entry = find_entry(report, seen);

    if (!entry || entry->n_uses == 0)
        return;
    entry->n_uses--;
    file_entry(report, entry);
}

void disc_report_retell(struct disc_report *report)
{
    SB_LIST_FOREACH(link, &report->entries) {
        struct entry *entry = SB_CONTAINER_OF(link, struct entry, link);

        entry->is_retold = true;
        if (sb_list_is_empty(&entry->dirty))
            file_entry(report, entry);
    }
}

bool disc_report_next(struct disc_report *report, struct wire_disc_message *ret_message)
{
    struct sb_list *link = sb_list_first(&report->dirty);
    struct entry *entry;

    if (!link)
        return false;
    entry = SB_CONTAINER_OF(link, struct entry, dirty);
    entry->told_version = wanted_version(entry);
    entry->is_retold = false;
    *ret_message = (struct wire_disc_message){ .type = entry->told_version ? WIRE_DISC_FOUND : WIRE_DISC_LOST,
                                               .seen = entry->seen };
    file_entry(report, entry);
    return true;
}
