/* The trust store's text; see trust.h. */
#include "session/trust.h"

#include "base/cleanup.h"
#include "wire/cursor.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sess_trust_init(struct sess_trust *trust)
{
    *trust = (struct sess_trust){ 0 };
}

void sess_trust_deinit(struct sess_trust *trust)
{
    free(trust->entries);
    sess_trust_init(trust);
}

/* Where the id is, or belongs. */
static size_t find_place(const struct sess_trust *trust, const struct wire_devid *id, bool *ret_is_there)
{
    size_t low = 0, high = trust->n_entries;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = wire_devid_compare(&trust->entries[middle].id, id);

        if (order == 0) {
            *ret_is_there = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_is_there = false;
    return low;
}

const struct sess_trust_entry *sess_trust_find(const struct sess_trust *trust, const struct wire_devid *id)
{
    bool is_there;
    size_t place = find_place(trust, id, &is_there);

    return is_there ? &trust->entries[place] : NULL;
}

static bool name_is_valid(const char *name, size_t size)
{
    if (size > SESS_TRUST_NAME_MAX || !wire_text_is_valid(name, size))
        return false;
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return false;
    }
    /* A file that was written must read back the same. */
    return size == 0 || (name[0] != ' ' && name[size - 1] != ' ');
}

static int add(struct sess_trust *trust, const struct wire_devid *id, const char *name, size_t size, bool may_replace)
{
    struct sess_trust_entry *entries;
    bool is_there;
    size_t place;

    if (!name_is_valid(name, size))
        return -EINVAL;
    place = find_place(trust, id, &is_there);
    if (is_there && !may_replace)
        return -EEXIST;
    if (!is_there) {
        if (trust->n_entries >= SESS_TRUST_MAX)
            return -ENOSPC;
        entries = reallocarray(trust->entries, trust->n_entries + 1, sizeof(*entries));
        if (!entries)
            return -ENOMEM;
        trust->entries = entries;
        memmove(entries + place + 1, entries + place, (trust->n_entries - place) * sizeof(*entries));
        entries[place] = (struct sess_trust_entry){ .id = *id };
        trust->n_entries++;
    }
    memset(trust->entries[place].name, 0, sizeof(trust->entries[place].name));
    memcpy(trust->entries[place].name, name, size);
    return 0;
}

int sess_trust_add(struct sess_trust *trust, const struct wire_devid *id, const char *name)
{
    return add(trust, id, name, strlen(name), true);
}

int sess_trust_remove(struct sess_trust *trust, const struct wire_devid *id)
{
    bool is_there;
    size_t place = find_place(trust, id, &is_there);

    if (!is_there)
        return -ENOENT;
    trust->n_entries--;
    memmove(trust->entries + place, trust->entries + place + 1,
            (trust->n_entries - place) * sizeof(trust->entries[0]));
    if (trust->n_entries == 0)
        sess_trust_deinit(trust);
    return 0;
}

static int parse_line(struct sess_trust *trust, const char *line, size_t size)
{
    char text[WIRE_DEVID_TEXT_SIZE];
    struct wire_devid id;
    const char *name;
    size_t id_size;
    int r;

    while (size > 0 && (line[size - 1] == ' ' || line[size - 1] == '\t' || line[size - 1] == '\r'))
        size--;
    while (size > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        size--;
    }
    if (size == 0 || *line == '#')
        return 0;
    for (id_size = 0; id_size < size && line[id_size] != ' ' && line[id_size] != '\t'; id_size++)
        ;
    if (id_size >= sizeof(text) || memchr(line, '\0', id_size))
        return -EINVAL;
    memcpy(text, line, id_size);
    text[id_size] = '\0';
    r = wire_devid_parse(text, &id);
    if (r < 0)
        return r;
    for (name = line + id_size; name < line + size && (*name == ' ' || *name == '\t'); name++)
        ;
    return add(trust, &id, name, (size_t)(line + size - name), false);
}

int sess_trust_parse(struct sess_trust *trust, const char *text, size_t size, unsigned *ret_line)
{
    struct sess_trust parsed = { 0 };
    const char *end = text + size;
    unsigned line = 1;
    int r = 0;

    for (; text < end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));

        if (!stop)
            stop = end;
        r = parse_line(&parsed, text, (size_t)(stop - text));
        if (r < 0) {
            *ret_line = line;
            sess_trust_deinit(&parsed);
            return r;
        }
        text = stop < end ? stop + 1 : end;
    }
    sess_trust_deinit(trust);
    *trust = parsed;
    return 0;
}

char *sess_trust_format(const struct sess_trust *trust)
{
    size_t size = trust->n_entries * (WIRE_DEVID_TEXT_SIZE + SESS_TRUST_NAME_MAX + 2) + 1, used = 0;
    char *text = malloc(size), id[WIRE_DEVID_TEXT_SIZE];

    if (!text)
        return NULL;
    text[0] = '\0';
    for (size_t i = 0; i < trust->n_entries; i++) {
        const struct sess_trust_entry *entry = &trust->entries[i];

        wire_devid_format(&entry->id, id);
        used += (size_t)snprintf(text + used, size - used, "%s%s%s\n", id, entry->name[0] ? " " : "", entry->name);
    }
    return text;
}
