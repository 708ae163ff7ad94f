/* Values of parcels to people and programs; see value.h. What a stub replies is printed whatever its interface is. */
#include "softbusctl/text.h"
#include "softbusctl/value.h"

#include <inttypes.h>
#include <math.h>
#include <softbus/ashmem.h>
#include <softbus/error.h>
#include <softbus/object.h>
#include <softbus/parcel.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* takes object. */
static void value_print_object(FILE *file, struct softbus_object *object, bool is_json)
{
    if (!object) {
        fputs(is_json ? "null" : "none", file);
        return;
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
}

static int value_print_objects(FILE *file, struct softbus_parcel *parcel, bool is_array, size_t count, bool is_json)
{
    struct softbus_object **objects = calloc(count + 1, sizeof(*objects));
    size_t n = 1;
    int r;

    if (!objects)
        return SOFTBUS_ERR_NO_MEMORY;
    r = is_array ? softbus_parcel_read_object_array(parcel, objects, count, &n) : softbus_parcel_read_object(parcel, objects);
    if (r == 0) {
        fputs(is_array && is_json ? "[" : "", file);
        for (size_t i = 0; i < n; i++) {
            fputs(i == 0 ? "" : is_json ? "," : ", ", file);
            value_print_object(file, objects[i], is_json);
        }
        fputs(is_array && is_json ? "]" : "", file);
    }
    free(objects);
    return r;
}

/* Gives the text in UTF-8, or NULL. The library has seen that surrogates are in pairs. */
static char *value_convert(const uint16_t *units)
{
    size_t n = 0, size = 0;
    char *text;

    while (units[n])
        n++;
    text = malloc(3 * n + 1);
    if (!text)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        uint32_t character = units[i];

        if (character >> 10 == 0xd800 >> 10)
            character = 0x10000 + ((character & 0x3ff) << 10) + (units[++i] & 0x3ffu);
        if (character < 0x80) {
            text[size++] = (char)character;
            continue;
        }
        if (character < 0x800) {
            text[size++] = (char)(0xc0 | character >> 6);
        } else {
            if (character < 0x10000) {
                text[size++] = (char)(0xe0 | character >> 12);
            } else {
                text[size++] = (char)(0xf0 | character >> 18);
                text[size++] = (char)(0x80 | (character >> 12 & 0x3f));
            }
            text[size++] = (char)(0x80 | (character >> 6 & 0x3f));
        }
        text[size++] = (char)(0x80 | (character & 0x3f));
    }
    text[size] = '\0';
    return text;
}

static int value_print_texts16(FILE *file, const uint16_t *const *texts, size_t n, bool is_json)
{
    for (size_t i = 0; i < n; i++) {
        char *text = value_convert(texts[i]);

        if (!text)
            return SOFTBUS_ERR_NO_MEMORY;
        if (i > 0)
            fputc(is_json ? ',' : ' ', file);
        value_print_string(file, text, strlen(text), is_json);
        free(text);
    }
    return 0;
}

static int value_print_string16(FILE *file, struct softbus_parcel *parcel, bool is_array, size_t count, bool is_json)
{
    size_t n_units = is_array ? softbus_parcel_get_left(parcel) / 2 : count + 1, n = 1;
    uint16_t *units = calloc(n_units + 1, sizeof(*units));
    const uint16_t **texts = calloc(is_array ? count + 1 : 1, sizeof(*texts));
    int r = SOFTBUS_ERR_NO_MEMORY;

    if (units && texts) {
        texts[0] = units;
        r = is_array ? softbus_parcel_read_string16_array(parcel, units, n_units, texts, count, &n)
                     : softbus_parcel_read_string16(parcel, units, n_units, &n_units);
    }
    if (r == 0) {
        fputs(is_array && is_json ? "[" : "", file);
        r = value_print_texts16(file, texts, n, is_json);
        fputs(is_array && is_json ? "]" : "", file);
    }
    free(units);
    free(texts);
    return r;
}

static int value_print_exception(FILE *file, struct softbus_parcel *parcel, bool is_json)
{
    const char *text;
    int32_t code;
    int r = softbus_parcel_read_exception(parcel, &code, &text);

    if (r < 0)
        return r;
    if (code == 0) {
        fputs(is_json ? "null" : "none", file);
        return 0;
    }
    fprintf(file, is_json ? "{\"code\":%" PRId32 ",\"text\":" : "%" PRId32 " ", code);
    value_print_string(file, text, strlen(text), is_json);
    fputs(is_json ? "}" : "", file);
    return 0;
}

static int value_print_ashmem(FILE *file, struct softbus_parcel *parcel, bool is_json)
{
    struct softbus_ashmem *ashmem;
    const char *name;
    int r = softbus_parcel_read_ashmem(parcel, &ashmem);
    bool is_writable;

    if (r < 0)
        return r;
    name = softbus_ashmem_get_name(ashmem);
    is_writable = softbus_ashmem_get_protection(ashmem) == SOFTBUS_ASHMEM_READ_WRITE;
    if (is_json) {
        fputc('{', file);
        ctl_text_print_member(file, true, "name", name);
        ctl_text_print_member_number(file, false, "size", softbus_ashmem_get_size(ashmem));
        fprintf(file, ",\"writable\":%s}", is_writable ? "true" : "false");
    } else {
        value_print_string(file, name, strlen(name), false);
        fprintf(file, " of %zu bytes%s", softbus_ashmem_get_size(ashmem), is_writable ? "" : ", read-only");
    }
    softbus_ashmem_free(ashmem);
    return 0;
}

/* That there is one is all that can be said of it. */
static int value_print_fd(FILE *file, struct softbus_parcel *parcel, bool is_json)
{
    int fd, r = softbus_parcel_read_fd(parcel, &fd);

    if (r < 0)
        return r;
    close(fd);
    fputs(is_json ? "\"fd\"" : "", file);
    return 0;
}

/* One element of a type that value_read() reads; the pointer is of the type's own C type. */
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

static int value_print(FILE *file, struct softbus_parcel *parcel, bool is_json);

/* As deep as structures nest, which the library bounds. */
static int value_print_struct(FILE *file, struct softbus_parcel *parcel, bool is_json)
{
    bool is_first = true;
    int r = softbus_parcel_enter_struct(parcel);

    if (r < 0)
        return r;
    fputc(is_json ? '[' : '{', file);
    while (r == 0 && softbus_parcel_get_left(parcel) > 0) {
        fputs(is_first ? "" : is_json ? "," : ", ", file);
        is_first = false;
        r = value_print(file, parcel, is_json);
    }
    fputc(is_json ? ']' : '}', file);
    return r < 0 ? r : softbus_parcel_leave_struct(parcel);
}

static int value_print_content(FILE *file, struct softbus_parcel *parcel, int type, bool is_array, size_t count, bool is_json)
{
    switch (type) {
    case SOFTBUS_TYPE_BYTES:
        return value_print_bytes(file, parcel, is_json);
    case SOFTBUS_TYPE_OBJECT:
        return value_print_objects(file, parcel, is_array, count, is_json);
    case SOFTBUS_TYPE_STRING16:
        return value_print_string16(file, parcel, is_array, count, is_json);
    case SOFTBUS_TYPE_NULL:
        fputs(is_json ? "null" : "", file);
        return softbus_parcel_read_null(parcel);
    case SOFTBUS_TYPE_STRUCT:
        return value_print_struct(file, parcel, is_json);
    case SOFTBUS_TYPE_EXCEPTION:
        return value_print_exception(file, parcel, is_json);
    case SOFTBUS_TYPE_FD:
        return value_print_fd(file, parcel, is_json);
    case SOFTBUS_TYPE_ASHMEM:
        return value_print_ashmem(file, parcel, is_json);
    default:
        return value_print_elements(file, parcel, type, is_array, count, is_json);
    }
}

/* The next value, which there is, with its type. */
static int value_print(FILE *file, struct softbus_parcel *parcel, bool is_json)
{
    int tag, type, r;
    size_t count;
    bool is_array;
    const char *name;

    r = softbus_parcel_peek(parcel, &tag, &count);
    if (r < 0)
        return r;
    is_array = (tag & SOFTBUS_TYPE_ARRAY) != 0;
    type = tag & ~SOFTBUS_TYPE_ARRAY;
    name = ctl_value_get_name(type);
    if (!name)
        return SOFTBUS_ERR_PROTOCOL;
    if (is_json)
        fprintf(file, "{\"type\":\"%s%s\",\"value\":", name, is_array ? "[]" : "");
    else if (is_array)
        fprintf(file, "%s[%zu] ", name, count);
    else
        fprintf(file, type == SOFTBUS_TYPE_NULL || type == SOFTBUS_TYPE_FD ? "%s" : "%s ", name);
    r = value_print_content(file, parcel, type, is_array, count, is_json);
    if (r == 0 && is_json)
        fputc('}', file);
    return r;
}

int ctl_value_print_next(FILE *file, struct softbus_parcel *parcel, bool is_json)
{
    int r;

    if (softbus_parcel_get_left(parcel) == 0)
        return 0;
    r = value_print(file, parcel, is_json);
    if (r < 0)
        return r;
    fputs(is_json ? "" : "\n", file);
    return 1;
}
