/* Device id text; see devid.h. */
#include "wire/devid.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define N_GROUPS 4
#define GROUP_CHARS 13 /* data characters of a group; the check character follows */
#define PLAIN_CHARS (N_GROUPS * (GROUP_CHARS + 1))
#define DASH_EVERY 7

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* Luhn's algorithm over 32 symbols: catches every single wrong character and every swap of neighbours but one pair. */
static uint8_t check_value(const uint8_t values[GROUP_CHARS])
{
    unsigned sum = 0;

    for (int i = 0; i < GROUP_CHARS; i++) {
        unsigned addend = values[i] * (i % 2 ? 2u : 1u);

        sum += addend / 32 + addend % 32;
    }
    return (uint8_t)((32 - sum % 32) % 32);
}

/* The n-th group of five bits; the 52nd group has one bit of data and four zeros. */
static uint8_t get_5_bits(const uint8_t *bytes, unsigned n)
{
    unsigned bit = n * 5, byte = bit / 8;
    unsigned window = (unsigned)bytes[byte] << 8 | (byte + 1 < WIRE_DEVID_SIZE ? bytes[byte + 1] : 0u);

    return (uint8_t)(window >> (11 - bit % 8) & 31);
}

static void put_5_bits(uint8_t *bytes, unsigned n, uint8_t value)
{
    unsigned bit = n * 5, byte = bit / 8;
    unsigned window = (unsigned)value << (11 - bit % 8);

    bytes[byte] |= (uint8_t)(window >> 8);
    if (byte + 1 < WIRE_DEVID_SIZE)
        bytes[byte + 1] |= (uint8_t)window;
}

void wire_devid_format(const struct wire_devid *id, char ret_text[WIRE_DEVID_TEXT_SIZE])
{
    uint8_t values[GROUP_CHARS];
    unsigned n = 0, n_chars = 0;
    char *p = ret_text;

    for (int group = 0; group < N_GROUPS; group++) {
        for (int i = 0; i <= GROUP_CHARS; i++) {
            uint8_t value = i < GROUP_CHARS ? (values[i] = get_5_bits(id->bytes, n++)) : check_value(values);

            if (n_chars > 0 && n_chars % DASH_EVERY == 0)
                *p++ = '-';
            *p++ = alphabet[value];
            n_chars++;
        }
    }
    *p = '\0';
}

/* The characters' values without dashes; -EINVAL unless there are exactly PLAIN_CHARS. */
static int read_values(const char *text, uint8_t values[PLAIN_CHARS])
{
    unsigned n = 0;

    for (; *text; text++) {
        const char *found;

        if (*text == '-')
            continue;
        found = strchr(alphabet, toupper((unsigned char)*text));
        if (!found || n == PLAIN_CHARS)
            return -EINVAL;
        values[n++] = (uint8_t)(found - alphabet);
    }
    return n == PLAIN_CHARS ? 0 : -EINVAL;
}

int wire_devid_parse(const char *text, struct wire_devid *ret_id)
{
    uint8_t values[PLAIN_CHARS];
    struct wire_devid id = { 0 };
    unsigned n = 0;
    int r;

    r = read_values(text, values);
    if (r < 0)
        return r;
    for (int group = 0; group < N_GROUPS; group++) {
        const uint8_t *chars = values + group * (GROUP_CHARS + 1);

        if (check_value(chars) != chars[GROUP_CHARS])
            return -EBADMSG;
        for (int i = 0; i < GROUP_CHARS; i++)
            put_5_bits(id.bytes, n++, chars[i]);
    }
    if (values[PLAIN_CHARS - 2] & 15) /* the bits past the 256th: one id has one text */
        return -EINVAL;
    *ret_id = id;
    return 0;
}

bool wire_devid_is_equal(const struct wire_devid *a, const struct wire_devid *b)
{
    return wire_devid_compare(a, b) == 0;
}

int wire_devid_compare(const struct wire_devid *a, const struct wire_devid *b)
{
    return memcmp(a->bytes, b->bytes, WIRE_DEVID_SIZE);
}
