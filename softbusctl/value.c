#include "softbusctl/value.h"

#include "softbusctl/number.h"
#include "softbusctl/text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <softbus/error.h>
#include <softbus/object.h>
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
};

#define N_TYPES ((int)(sizeof(value_types) / sizeof(value_types[0])))

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
    case SOFTBUS_TYPE_OBJECT:
        return CTL_VALUE_NO_TYPE; /* a command has none to give */
    default:
        return type < N_TYPES ? value_write_integer(parcel, type, text) : CTL_VALUE_NO_TYPE;
    }
}

static void value_print_double(FILE *file, double value, int digits, bool is_json)
{
    if (is_json && !isfinite(value))
        fputs("null", file); /* JSON has no word for it */
    else
        fprintf(file, "%.*g", digits, value);
}

static void value_print_string(FILE *file, const char *text, size_t size, bool is_json)
{
    if (is_json) {
        ctl_text_print_json(file, text, size);
        return;
    }
    fputc('"', file);
    ctl_text_print(file, text, size);
    fputc('"', file);
}

static int value_print_bytes(FILE *file, struct softbus_parcel *parcel, bool is_json)
{
    const void *data;
    size_t size;
    int r = softbus_parcel_read_bytes(parcel, &data, &size);

    if (r < 0)
        return r;
    fputs(is_json ? "\"" : "", file);
    for (size_t i = 0; i < size; i++)
        fprintf(file, "%02x", ((const unsigned char *)data)[i]);
    fputs(is_json ? "\"" : "", file);
    return 0;
}

static int value_print_object(FILE *file, struct softbus_parcel *parcel, bool is_json)
{
    struct softbus_object *object;
    int r = softbus_parcel_read_object(parcel, &object);

    if (r < 0)
        return r;
    if (!object) {
        fputs(is_json ? "null" : "none", file);
        return 0;
    }
    if (is_json) {
        fputc('{', file);
        ctl_text_print_member(file, true, "device", softbus_object_get_device(object));
        fprintf(file, ",\"service\":%s}", softbus_object_is_service(object) ? "true" : "false");
    } else {
        fprintf(file, "%s on %s", softbus_object_is_service(object) ? "service" : "anonymous",
                softbus_object_get_device(object));
    }
    softbus_object_unref(object);
    return 0;
}

/* One element of any type but bytes, token, object; the pointer is of the type's own C type. */
static void value_print_element(FILE *file, int type, const void *element, bool is_json)
{
    switch (type) {
    case SOFTBUS_TYPE_BOOL:
        fputs(*(const bool *)element ? "true" : "false", file);
        break;
    case SOFTBUS_TYPE_I8:
        fprintf(file, "%" PRId8, *(const int8_t *)element);
        break;
    case SOFTBUS_TYPE_U8:
        fprintf(file, "%" PRIu8, *(const uint8_t *)element);
        break;
    case SOFTBUS_TYPE_I16:
        fprintf(file, "%" PRId16, *(const int16_t *)element);
        break;
    case SOFTBUS_TYPE_U16:
        fprintf(file, "%" PRIu16, *(const uint16_t *)element);
        break;
    case SOFTBUS_TYPE_I32:
        fprintf(file, "%" PRId32, *(const int32_t *)element);
        break;
    case SOFTBUS_TYPE_U32:
        fprintf(file, "%" PRIu32, *(const uint32_t *)element);
        break;
    case SOFTBUS_TYPE_I64:
        fprintf(file, "%" PRId64, *(const int64_t *)element);
        break;
    case SOFTBUS_TYPE_U64:
        fprintf(file, "%" PRIu64, *(const uint64_t *)element);
        break;
    case SOFTBUS_TYPE_FLOAT:
        value_print_double(file, (double)*(const float *)element, 9, is_json);
        break;
    case SOFTBUS_TYPE_DOUBLE:
        value_print_double(file, *(const double *)element, 17, is_json);
        break;
    default: /* string, token */
        value_print_string(file, *(const char *const *)element, strlen(*(const char *const *)element), is_json);
        break;
    }
}

/* Reads the scalar or array of a type into room for `count` elements of it. */
static int value_read(struct softbus_parcel *parcel, int type, bool is_array, void *room, size_t count)
{
    size_t n;

#define READ(name) \
    return is_array ? softbus_parcel_read_##name##_array(parcel, room, count, &n) : softbus_parcel_read_##name(parcel, room)
    switch (type) {
    case SOFTBUS_TYPE_BOOL:
        READ(bool);
    case SOFTBUS_TYPE_I8:
        READ(i8);
    case SOFTBUS_TYPE_U8:
        READ(u8);
    case SOFTBUS_TYPE_I16:
        READ(i16);
    case SOFTBUS_TYPE_U16:
        READ(u16);
    case SOFTBUS_TYPE_I32:
        READ(i32);
    case SOFTBUS_TYPE_U32:
        READ(u32);
    case SOFTBUS_TYPE_I64:
        READ(i64);
    case SOFTBUS_TYPE_U64:
        READ(u64);
    case SOFTBUS_TYPE_FLOAT:
        READ(float);
    case SOFTBUS_TYPE_DOUBLE:
        READ(double);
    case SOFTBUS_TYPE_STRING:
        READ(string);
    default:
        return softbus_parcel_read_token(parcel, room);
    }
#undef READ
}

static size_t value_get_element_size(int type)
{
    switch (type) {
    case SOFTBUS_TYPE_BOOL:
        return sizeof(bool);
    case SOFTBUS_TYPE_I8:
    case SOFTBUS_TYPE_U8:
        return 1;
    case SOFTBUS_TYPE_I16:
    case SOFTBUS_TYPE_U16:
        return 2;
    case SOFTBUS_TYPE_I32:
    case SOFTBUS_TYPE_U32:
        return 4;
    case SOFTBUS_TYPE_FLOAT:
        return sizeof(float);
    default:
        return 8;
    }
}

_Static_assert(sizeof(double) == 8 && sizeof(char *) <= 8, "elements take 8 bytes at most");

static int value_print_elements(FILE *file, struct softbus_parcel *parcel, int type, bool is_array, size_t count,
                                bool is_json)
{
    size_t element_size = value_get_element_size(type), n = is_array ? count : 1;
    char *room = calloc(n + 1, 8);
    int r;

    if (!room)
        return SOFTBUS_ERR_NO_MEMORY;
    r = value_read(parcel, type, is_array, room, n);
    if (r == 0) {
        if (is_array && is_json)
            fputc('[', file);
        for (size_t i = 0; i < n; i++) {
            if (i > 0)
                fputc(is_json ? ',' : ' ', file);
            value_print_element(file, type, room + i * element_size, is_json);
        }
        if (is_array && is_json)
            fputc(']', file);
    }
    free(room);
    return r;
}

int ctl_value_print_next(FILE *file, struct softbus_parcel *parcel, bool is_json)
{
    int tag, type, r;
    size_t count;
    bool is_array;

    r = softbus_parcel_peek(parcel, &tag, &count);
    if (r == SOFTBUS_ERR_PARCEL_END)
        return 0;
    if (r < 0)
        return r;
    is_array = (tag & SOFTBUS_TYPE_ARRAY) != 0;
    type = tag & ~SOFTBUS_TYPE_ARRAY;
    if (type < SOFTBUS_TYPE_BOOL || type >= N_TYPES)
        return SOFTBUS_ERR_PROTOCOL;
    if (is_json)
        fprintf(file, "{\"type\":\"%s%s\",\"value\":", value_types[type].name, is_array ? "[]" : "");
    else if (is_array)
        fprintf(file, "%s[%zu] ", value_types[type].name, count);
    else
        fprintf(file, "%s ", value_types[type].name);
    if (type == SOFTBUS_TYPE_BYTES)
        r = value_print_bytes(file, parcel, is_json);
    else if (type == SOFTBUS_TYPE_OBJECT)
        r = value_print_object(file, parcel, is_json);
    else
        r = value_print_elements(file, parcel, type, is_array, count, is_json);
    if (r < 0)
        return r;
    fputs(is_json ? "}" : "\n", file);
    return 1;
}
