/*
 * What a device says of itself in the TXT record of _softbus._tcp: "v=1" and "id=" with the 56 characters of its id.
 * Every byte is a stranger's. Strict for our two keys, each exactly once and in exactly one form; other keys are for
 * versions to come and are skipped.
 */
#ifndef DISC_TXT_H
#define DISC_TXT_H

#include "wire/devid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISC_TXT_ITEMS_MAX 16
#define DISC_TXT_VERSION 1                     /* what we publish */
#define DISC_TXT_ID_SIZE 56                    /* characters, without dashes */
#define DISC_TXT_ID_MAX (3 + DISC_TXT_ID_SIZE + 1) /* "id=", the text, NUL */

struct disc_txt {
    struct wire_devid id;
    uint32_t version;
    unsigned n_items;
    bool has_id, has_version, has_failed;
};

void disc_txt_init(struct disc_txt *txt);

/* One character string of the record, without its length byte. Errors stick. */
void disc_txt_add(struct disc_txt *txt, const void *item, size_t size);

/* 0: id and version are valid (the version is any number from 1 to 2^32 - 1); -EBADMSG. */
int disc_txt_end(const struct disc_txt *txt);

/* The id's characters without dashes, for the record we publish. */
void disc_txt_format_id(const struct wire_devid *id, char ret_item[DISC_TXT_ID_MAX]);

#endif
