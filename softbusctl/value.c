#include "softbusctl/value.h"

#include "softbusctl/number.h"
#include "softbusctl/text.h"

#include <errno.h>
#include <math.h>
#include <softbus/error.h>
#include <softbus/parcel.h>
#include <stdlib.h>
#include <string.h>

/* In the order of enum softbus_type; the limits are of the integers. */
static const struct {
    const char *name;
    int64_t min;
    uint64_t max;
} value_types[] = {
    [SOFTBUS_TYPE_BOOL] = { "bool", 0, 0 },
    [SOFTBUS_TYPE_I8] = { "i8", INT8_MIN, INT8_MAX },
    [SOFTBUS_TYPE_U8] = { "u8", 0, UINT8_MAX },
    [SOFTBUS_TYPE_I16] = { "i16", INT16_MIN, INT16_MAX },
    [SOFTBUS_TYPE_U16] = { "u16", 0, UINT16_MAX },
    [SOFTBUS_TYPE_I32] = { "i32", INT32_MIN, INT32_MAX },
    [SOFTBUS_TYPE_U32] = { "u32", 0, UINT32_MAX },
    [SOFTBUS_TYPE_I64] = { "i64", INT64_MIN, INT64_MAX },
    [SOFTBUS_TYPE_U64] = { "u64", 0, UINT64_MAX },
    [SOFTBUS_TYPE_FLOAT] = { "float", 0, 0 },
    [SOFTBUS_TYPE_DOUBLE] = { "double", 0, 0 },
    [SOFTBUS_TYPE_STRING] = { "string", 0, 0 },
    [SOFTBUS_TYPE_BYTES] = { "bytes", 0, 0 },
    [SOFTBUS_TYPE_TOKEN] = { "token", 0, 0 },
    [SOFTBUS_TYPE_OBJECT] = { "object", 0, 0 },
    [SOFTBUS_TYPE_STRING16] = { "string16", 0, 0 },
    [SOFTBUS_TYPE_NULL] = { "null", 0, 0 },
    [SOFTBUS_TYPE_STRUCT] = { "struct", 0, 0 },
    [SOFTBUS_TYPE_EXCEPTION] = { "exception", 0, 0 },
    [SOFTBUS_TYPE_FD] = { "fd", 0, 0 },
    [SOFTBUS_TYPE_ASHMEM] = { "ashmem", 0, 0 },
};

#define N_TYPES ((int)(sizeof(value_types) / sizeof(value_types[0])))

const char *ctl_value_get_name(int type)
{
    return type >= SOFTBUS_TYPE_BOOL && type < N_TYPES ? value_types[type].name : NULL;
}

static int value_write_signed(struct softbus_parcel *parcel, int type, int64_t value)
{
    switch (type) {
    case SOFTBUS_TYPE_I8:
        return softbus_parcel_write_i8(parcel, (int8_t)value);
    case SOFTBUS_TYPE_I16:
        return softbus_parcel_write_i16(parcel, (int16_t)value);
    case SOFTBUS_TYPE_I32:
        return softbus_parcel_write_i32(parcel, (int32_t)value);
    default:
        return softbus_parcel_write_i64(parcel, value);
    }
}

static int value_write_unsigned(struct softbus_parcel *parcel, int type, uint64_t value)
{
    switch (type) {
    case SOFTBUS_TYPE_U8:
        return softbus_parcel_write_u8(parcel, (uint8_t)value);
    case SOFTBUS_TYPE_U16:
        return softbus_parcel_write_u16(parcel, (uint16_t)value);
    case SOFTBUS_TYPE_U32:
        return softbus_parcel_write_u32(parcel, (uint32_t)value);
    default:
        return softbus_parcel_write_u64(parcel, value);
    }
}

static int value_write_integer(struct softbus_parcel *parcel, int type, const char *text)
{
    bool is_signed = value_types[type].min < 0;
    uint64_t large = 0;
    int64_t small = 0;
    int r = is_signed
                ? ctl_number_parse_signed(text, value_types[type].min, (int64_t)value_types[type].max, &small)
                : ctl_number_parse_unsigned(text, value_types[type].max, &large);

    if (r < 0)
        return r == -ERANGE ? CTL_VALUE_RANGE : CTL_VALUE_NO_VALUE;
    return is_signed ? value_write_signed(parcel, type, small) : value_write_unsigned(parcel, type, large);
}

static int value_write_bool(struct softbus_parcel *parcel, const char *text)
{
    if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
        return softbus_parcel_write_bool(parcel, true);
    if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
        return softbus_parcel_write_bool(parcel, false);
    return CTL_VALUE_NO_VALUE;
}

static int value_write_floating(struct softbus_parcel *parcel, int type, const char *text)
{
    double value;
    int r = ctl_number_parse_double(text, &value);

    if (r < 0)
        return r == -ERANGE ? CTL_VALUE_RANGE : CTL_VALUE_NO_VALUE;
    if (type == SOFTBUS_TYPE_DOUBLE)
        return softbus_parcel_write_double(parcel, value);
    if (isfinite(value) && isinf((float)value))
        return CTL_VALUE_RANGE;
    return softbus_parcel_write_float(parcel, (float)value);
}

static int value_get_digit(char c)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (int)(found - digits) % 16 : -1;
}

static int value_write_bytes(struct softbus_parcel *parcel, const char *text)
{
    size_t size = strlen(text) / 2;
    unsigned char *bytes;
    int r = 0;

    if (strlen(text) % 2 != 0)
        return CTL_VALUE_NO_VALUE;
    bytes = malloc(size + 1);
    if (!bytes)
        return SOFTBUS_ERR_NO_MEMORY;
    for (size_t i = 0; i < size && r == 0; i++) {
        int high = value_get_digit(text[2 * i]), low = value_get_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            r = CTL_VALUE_NO_VALUE;
        else
            bytes[i] = (unsigned char)(high * 16 + low);
    }
    if (r == 0)
        r = softbus_parcel_write_bytes(parcel, bytes, size);
    free(bytes);
    return r;
}

static int value_write_string16(struct softbus_parcel *parcel, const char *text)
{
    size_t left = strlen(text), n = 0, used;
    uint16_t *units = calloc(left + 1, sizeof(*units)); /* a character has no more units than bytes */
    uint32_t character;
    int r;

    if (!units)
        return SOFTBUS_ERR_NO_MEMORY;
    while ((used = ctl_text_decode(text, left, &character)) > 0) {
        if (character >= 0x10000) {
            units[n++] = (uint16_t)(0xd800 + ((character - 0x10000) >> 10));
            character = 0xdc00 + (character & 0x3ff);
        }
        units[n++] = (uint16_t)character;
        text += used;
        left -= used;
    }
    r = left > 0 ? SOFTBUS_ERR_INVALID : softbus_parcel_write_string16(parcel, units);
    free(units);
    return r;
}

int ctl_value_write(struct softbus_parcel *parcel, const char *type_name, const char *text)
{
    int type = SOFTBUS_TYPE_BOOL;

    while (type < N_TYPES && strcmp(value_types[type].name, type_name) != 0)
        type++;
    switch (type) {
    case SOFTBUS_TYPE_BOOL:
        return value_write_bool(parcel, text);
    case SOFTBUS_TYPE_FLOAT:
    case SOFTBUS_TYPE_DOUBLE:
        return value_write_floating(parcel, type, text);
    case SOFTBUS_TYPE_STRING:
        return softbus_parcel_write_string(parcel, text);
    case SOFTBUS_TYPE_BYTES:
        return value_write_bytes(parcel, text);
    case SOFTBUS_TYPE_TOKEN:
        return softbus_parcel_write_token(parcel, text);
    case SOFTBUS_TYPE_STRING16:
        return value_write_string16(parcel, text);
    default: /* of the others a command has none to give */
        return type < SOFTBUS_TYPE_FLOAT ? value_write_integer(parcel, type, text) : CTL_VALUE_NO_TYPE;
    }
}
