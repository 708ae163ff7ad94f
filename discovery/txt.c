/* The TXT record of a device; see txt.h. */
#include "discovery/txt.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

void disc_txt_init(struct disc_txt *txt)
{
    *txt = (struct disc_txt){ 0 };
}

/* Decimal, no sign, no leading zero, 1 … 2^32 - 1; 0 when it is not that. */
static uint32_t read_version(const char *text, size_t size)
{
    uint64_t value = 0;

    if (size == 0 || size > 10 || text[0] == '0')
        return 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    return value <= UINT32_MAX ? (uint32_t)value : 0;
}

static int read_id(const char *text, size_t size, struct wire_devid *ret_id)
{
    char copy[DISC_TXT_ID_SIZE + 1];

    if (size != DISC_TXT_ID_SIZE || memchr(text, '\0', size) || memchr(text, '-', size))
        return -EBADMSG;
    memcpy(copy, text, size);
    copy[size] = '\0';
    return wire_devid_parse(copy, ret_id) < 0 ? -EBADMSG : 0;
}

/* Keys are compared without case (RFC 6763, 6.4). */
static bool has_key(const char *item, size_t size, const char *key)
{
    size_t n = strlen(key);

    return size >= n && strncasecmp(item, key, n) == 0 && (size == n || item[n] == '=');
}

void disc_txt_add(struct disc_txt *txt, const void *item, size_t size)
{
    const char *text = item;

    if (txt->has_failed)
        return;
    if (++txt->n_items > DISC_TXT_ITEMS_MAX) {
        txt->has_failed = true;
    } else if (has_key(text, size, "v")) {
        /* The RFC lets the first of two win; a device that says two things is not one of ours. */
        txt->version = !txt->has_version && size > 2 ? read_version(text + 2, size - 2) : 0;
        txt->has_version = true;
        txt->has_failed = txt->version == 0;
    } else if (has_key(text, size, "id")) {
        txt->has_failed = txt->has_id || size < 3 || read_id(text + 3, size - 3, &txt->id) < 0;
        txt->has_id = true;
    }
}

int disc_txt_end(const struct disc_txt *txt)
{
    return txt->has_failed || !txt->has_id || !txt->has_version ? -EBADMSG : 0;
}

void disc_txt_format_id(const struct wire_devid *id, char ret_item[DISC_TXT_ID_MAX])
{
    char text[WIRE_DEVID_TEXT_SIZE];
    char *p = ret_item + 3;

    memcpy(ret_item, "id=", 3);
    wire_devid_format(id, text);
    for (const char *c = text; *c; c++)
        if (*c != '-')
            *p++ = *c;
    *p = '\0';
}
