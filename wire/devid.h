/*
 * Device ids: the SHA-256 of a device's public key (DER SubjectPublicKeyInfo), and its text: base32 (RFC 4648, capital
 * letters) in four groups of 13 characters, each followed by a Luhn mod 32 check character, 56 in all. Shown with a
 * dash after every seven; read with dashes anywhere, in either case.
 */
#ifndef SB_WIRE_DEVID_H
#define SB_WIRE_DEVID_H

#include <stdbool.h>
#include <stdint.h>

#define WIRE_DEVID_SIZE 32
#define WIRE_DEVID_TEXT_SIZE (56 + 7 + 1) /* with dashes and NUL */

struct wire_devid {
    uint8_t bytes[WIRE_DEVID_SIZE];
};

void wire_devid_format(const struct wire_devid *id, char ret_text[WIRE_DEVID_TEXT_SIZE]);

/* -EINVAL: not 56 characters of the alphabet; -EBADMSG: a check character is wrong (a typing error). */
int wire_devid_parse(const char *text, struct wire_devid *ret_id);

bool wire_devid_is_equal(const struct wire_devid *a, const struct wire_devid *b);

/* The order of the bytes: decides which of two crossing connections stays. */
int wire_devid_compare(const struct wire_devid *a, const struct wire_devid *b);

#endif
