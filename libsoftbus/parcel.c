/* Parcels: scalars, text and objects; see parcel.h. Arrays are in parcel_array.c. */
#include "libsoftbus/parcel.h"

#include "libsoftbus/object.h"
#include "softbus/error.h"
#include "wire/msg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SOFTBUS_PARCEL_DEFAULT_CAPACITY == WIRE_LOCAL_MAX, "rule 1");
_Static_assert(SOFTBUS_PARCEL_MAX_CAPACITY == WIRE_REMOTE_MAX, "rule 1");
_Static_assert(SOFTBUS_PARCEL_MAX_OBJECTS == WIRE_OBJECTS_MAX, "one table");
_Static_assert((int)SOFTBUS_TYPE_OBJECT == (int)WIRE_TAG_MAX && (int)SOFTBUS_TYPE_ARRAY == (int)WIRE_TAG_ARRAY, "one numbering");

int softbus_parcel_new(size_t capacity, struct softbus_parcel **ret_parcel)
{
    struct softbus_parcel *parcel;

    if (capacity > SOFTBUS_PARCEL_MAX_CAPACITY)
        return SOFTBUS_ERR_INVALID;
    parcel = calloc(1, sizeof(*parcel));
    if (!parcel)
        return SOFTBUS_ERR_NO_MEMORY;
    parcel->capacity = capacity ? capacity : SOFTBUS_PARCEL_DEFAULT_CAPACITY;
    sb_buf_init(&parcel->buf, parcel->capacity);
    *ret_parcel = parcel;
    return 0;
}

void softbus_parcel_free(struct softbus_parcel *parcel)
{
    if (!parcel)
        return;
    softbus_parcel_clear(parcel);
    sb_buf_deinit(&parcel->buf);
    free(parcel->objects);
    free(parcel);
}

void softbus_parcel_clear(struct softbus_parcel *parcel)
{
    parcel->buf.length = 0;
    parcel->buf.max = parcel->capacity;
    parcel->start = parcel->position = 0;
    if (parcel->n_objects)
        softbus_object_unref_all(parcel->objects, parcel->n_objects);
    parcel->n_objects = 0;
}

size_t softbus_parcel_get_size(const struct softbus_parcel *parcel)
{
    return parcel->buf.length;
}

size_t softbus_parcel_get_left(const struct softbus_parcel *parcel)
{
    return parcel->buf.length - parcel->position;
}

size_t softbus_parcel_get_capacity(const struct softbus_parcel *parcel)
{
    return parcel->capacity;
}

void softbus_parcel_rewind(struct softbus_parcel *parcel)
{
    parcel->position = parcel->start;
}

int softbus_parcel_load(struct softbus_parcel *parcel, const void *data, size_t size)
{
    softbus_parcel_clear(parcel);
    /* What another device sent may be larger than what this parcel may be filled with here. */
    parcel->buf.max = size > parcel->capacity ? size : parcel->capacity;
    return sb_buf_append(&parcel->buf, data, size) < 0 ? SOFTBUS_ERR_NO_MEMORY : 0;
}

int softbus_parcel_add_object(struct softbus_parcel *parcel, struct softbus_object *object)
{
    if (parcel->n_objects >= parcel->objects_room) {
        uint16_t room = parcel->objects_room ? (uint16_t)(parcel->objects_room * 2) : 4;
        struct softbus_object **objects = reallocarray(parcel->objects, room, sizeof(struct softbus_object *));

        if (!objects) {
            softbus_object_unref(object);
            return SOFTBUS_ERR_NO_MEMORY;
        }
        parcel->objects = objects;
        parcel->objects_room = room;
    }
    parcel->objects[parcel->n_objects++] = object;
    return 0;
}

int softbus_parcel_copy(const struct softbus_parcel *from, struct softbus_parcel *to)
{
    int r = softbus_parcel_load(to, sb_buf_bytes(&from->buf), from->buf.length);

    for (uint16_t i = 0; r == 0 && i < from->n_objects; i++)
        r = softbus_parcel_add_object(to, softbus_object_ref(from->objects[i]));
    if (r < 0)
        softbus_parcel_clear(to);
    return r;
}

void softbus_parcel_move(struct softbus_parcel *from, struct softbus_parcel *to)
{
    struct softbus_parcel old = *to;

    softbus_parcel_clear(to);
    to->buf = from->buf;
    to->buf.max = from->buf.length > to->capacity ? from->buf.length : to->capacity;
    from->buf = old.buf;
    to->objects = from->objects;
    to->n_objects = from->n_objects;
    to->objects_room = from->objects_room;
    from->objects = old.objects;
    from->objects_room = old.objects_room;
    from->n_objects = 0;
    softbus_parcel_clear(from);
}

/* Writing. There is no parcel where a handler answers a one-way call: that is refused here, so that handlers need not ask. */

int softbus_parcel_end_write(struct softbus_parcel *parcel, const struct wire_writer *writer, size_t before)
{
    if (writer->error == 0)
        return 0;
    parcel->buf.length = before;
    if (writer->error == -ENOBUFS)
        return SOFTBUS_ERR_PARCEL_FULL;
    return writer->error == -EINVAL ? SOFTBUS_ERR_INVALID : SOFTBUS_ERR_NO_MEMORY;
}

int softbus_parcel_write_fixed(struct softbus_parcel *parcel, enum wire_tag tag, uint64_t bits)
{
    struct wire_writer writer;
    uint8_t bytes[1 + 8];

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    writer = (struct wire_writer){ .buf = &parcel->buf };
    bytes[0] = (uint8_t)tag;
    wire_store_u64(bytes + 1, bits); /* little-endian: the low bytes come first */
    wire_put_fixed(&writer, bytes, 1 + wire_tag_get_size(tag));
    return softbus_parcel_end_write(parcel, &writer, parcel->buf.length);
}

int softbus_parcel_write_bool(struct softbus_parcel *parcel, bool value)
{
    return softbus_parcel_write_fixed(parcel, WIRE_TAG_BOOL, value);
}

int softbus_parcel_write_i8(struct softbus_parcel *parcel, int8_t value)
{
    return softbus_parcel_write_fixed(parcel, WIRE_TAG_I8, (uint8_t)value);
}

int softbus_parcel_write_u8(struct softbus_parcel *parcel, uint8_t value)
{
    return softbus_parcel_write_fixed(parcel, WIRE_TAG_U8, value);
}

int softbus_parcel_write_i16(struct softbus_parcel *parcel, int16_t value)
{
    return softbus_parcel_write_fixed(parcel, WIRE_TAG_I16, (uint16_t)value);
}

int softbus_parcel_write_u16(struct softbus_parcel *parcel, uint16_t value)
{
    return softbus_parcel_write_fixed(parcel, WIRE_TAG_U16, value);
}

int softbus_parcel_write_i32(struct softbus_parcel *parcel, int32_t value)
{
    return softbus_parcel_write_fixed(parcel, WIRE_TAG_I32, (uint32_t)value);
}

int softbus_parcel_write_u32(struct softbus_parcel *parcel, uint32_t value)
{
    return softbus_parcel_write_fixed(parcel, WIRE_TAG_U32, value);
}

int softbus_parcel_write_i64(struct softbus_parcel *parcel, int64_t value)
{
    return softbus_parcel_write_fixed(parcel, WIRE_TAG_I64, (uint64_t)value);
}

int softbus_parcel_write_u64(struct softbus_parcel *parcel, uint64_t value)
{
    return softbus_parcel_write_fixed(parcel, WIRE_TAG_U64, value);
}

int softbus_parcel_write_float(struct softbus_parcel *parcel, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return softbus_parcel_write_fixed(parcel, WIRE_TAG_FLOAT, bits);
}

int softbus_parcel_write_double(struct softbus_parcel *parcel, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return softbus_parcel_write_fixed(parcel, WIRE_TAG_DOUBLE, bits);
}

static int write_text(struct softbus_parcel *parcel, enum wire_tag tag, const char *text)
{
    struct wire_writer writer;
    size_t before;

    if (!parcel || !text)
        return SOFTBUS_ERR_INVALID;
    writer = (struct wire_writer){ .buf = &parcel->buf };
    before = parcel->buf.length;
    wire_put_u8(&writer, (uint8_t)tag);
    wire_put_str(&writer, text, strlen(text));
    return softbus_parcel_end_write(parcel, &writer, before);
}

int softbus_parcel_write_string(struct softbus_parcel *parcel, const char *text)
{
    return write_text(parcel, WIRE_TAG_STRING, text);
}

int softbus_parcel_write_bytes(struct softbus_parcel *parcel, const void *data, size_t size)
{
    struct wire_writer writer;
    size_t before;

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    if (size > SOFTBUS_PARCEL_MAX_CAPACITY)
        return SOFTBUS_ERR_PARCEL_FULL;
    writer = (struct wire_writer){ .buf = &parcel->buf };
    before = parcel->buf.length;
    wire_put_u8(&writer, WIRE_TAG_BYTES);
    wire_put_bytes(&writer, data, size);
    return softbus_parcel_end_write(parcel, &writer, before);
}

int softbus_parcel_write_token(struct softbus_parcel *parcel, const char *descriptor)
{
    if (!parcel || parcel->buf.length > 0)
        return SOFTBUS_ERR_INVALID;
    return write_text(parcel, WIRE_TAG_TOKEN, descriptor);
}

int softbus_parcel_write_object(struct softbus_parcel *parcel, struct softbus_object *object)
{
    int r;

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    if (!object)
        return softbus_parcel_write_fixed(parcel, WIRE_TAG_OBJECT, WIRE_NO_OBJECT);
    if (parcel->n_objects >= SOFTBUS_PARCEL_MAX_OBJECTS)
        return SOFTBUS_ERR_LIMIT;
    if (parcel->n_objects > 0 && parcel->objects[0]->bus != object->bus)
        return SOFTBUS_ERR_INVALID;
    r = softbus_parcel_add_object(parcel, softbus_object_ref(object));
    if (r < 0)
        return r;
    r = softbus_parcel_write_fixed(parcel, WIRE_TAG_OBJECT, (uint64_t)(parcel->n_objects - 1));
    if (r < 0)
        softbus_object_unref(parcel->objects[--parcel->n_objects]);
    return r;
}

/* Reading. */

static bool is_tag(int tag)
{
    int element = tag & ~WIRE_TAG_ARRAY;

    if (tag & WIRE_TAG_ARRAY)
        return element >= WIRE_TAG_BOOL && element <= WIRE_TAG_STRING;
    return tag >= WIRE_TAG_BOOL && tag <= WIRE_TAG_MAX;
}

int softbus_parcel_open_value(const struct softbus_parcel *parcel, int tag, struct wire_reader *ret_reader)
{
    size_t left = parcel->buf.length - parcel->position;
    uint8_t found;

    if (left == 0)
        return SOFTBUS_ERR_PARCEL_END;
    wire_reader_init(ret_reader, sb_buf_bytes(&parcel->buf) + parcel->position, left);
    found = wire_get_u8(ret_reader);
    if (found != tag)
        return is_tag(found) ? SOFTBUS_ERR_PARCEL_TYPE : SOFTBUS_ERR_PROTOCOL;
    return 0;
}

int softbus_parcel_close_value(struct softbus_parcel *parcel, const struct wire_reader *reader)
{
    if (reader->has_failed)
        return SOFTBUS_ERR_PROTOCOL;
    parcel->position = parcel->buf.length - reader->left;
    return 0;
}

int softbus_parcel_peek(const struct softbus_parcel *parcel, int *ret_type, size_t *ret_count)
{
    struct wire_reader reader;
    size_t left = parcel->buf.length - parcel->position, count = 1, element;
    int tag;

    if (left == 0)
        return SOFTBUS_ERR_PARCEL_END;
    wire_reader_init(&reader, sb_buf_bytes(&parcel->buf) + parcel->position, left);
    tag = wire_get_u8(&reader);
    if (!is_tag(tag))
        return SOFTBUS_ERR_PROTOCOL;
    element = wire_tag_get_size((enum wire_tag)(tag & ~WIRE_TAG_ARRAY));
    if (tag & WIRE_TAG_ARRAY || element == 0) {
        count = wire_get_u32(&reader);
        if (element == 0) /* text and bytes: at least a byte each; texts of an array: a length and a NUL each */
            element = tag & WIRE_TAG_ARRAY ? 5 : 1;
    }
    if (reader.has_failed || count > reader.left / element)
        return SOFTBUS_ERR_PROTOCOL;
    *ret_type = tag;
    *ret_count = count;
    return 0;
}

int softbus_parcel_read_fixed(struct softbus_parcel *parcel, enum wire_tag tag, uint64_t *ret_bits)
{
    size_t size = wire_tag_get_size(tag);
    struct wire_reader reader;
    uint64_t bits;
    int r;

    r = softbus_parcel_open_value(parcel, tag, &reader);
    if (r < 0)
        return r;
    bits = size == 1 ? wire_get_u8(&reader)
           : size == 2 ? wire_get_u16(&reader)
           : size == 4 ? wire_get_u32(&reader)
                       : wire_get_u64(&reader);
    if (tag == WIRE_TAG_BOOL && bits > 1)
        wire_reader_fail(&reader);
    r = softbus_parcel_close_value(parcel, &reader);
    if (r == 0)
        *ret_bits = bits;
    return r;
}

int softbus_parcel_read_bool(struct softbus_parcel *parcel, bool *ret_value)
{
    uint64_t bits;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_BOOL, &bits);

    if (r == 0)
        *ret_value = bits != 0;
    return r;
}

int softbus_parcel_read_i8(struct softbus_parcel *parcel, int8_t *ret_value)
{
    uint64_t bits;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_I8, &bits);

    if (r == 0)
        *ret_value = (int8_t)bits;
    return r;
}

int softbus_parcel_read_u8(struct softbus_parcel *parcel, uint8_t *ret_value)
{
    uint64_t bits;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_U8, &bits);

    if (r == 0)
        *ret_value = (uint8_t)bits;
    return r;
}

int softbus_parcel_read_i16(struct softbus_parcel *parcel, int16_t *ret_value)
{
    uint64_t bits;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_I16, &bits);

    if (r == 0)
        *ret_value = (int16_t)bits;
    return r;
}

int softbus_parcel_read_u16(struct softbus_parcel *parcel, uint16_t *ret_value)
{
    uint64_t bits;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_U16, &bits);

    if (r == 0)
        *ret_value = (uint16_t)bits;
    return r;
}

int softbus_parcel_read_i32(struct softbus_parcel *parcel, int32_t *ret_value)
{
    uint64_t bits;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_I32, &bits);

    if (r == 0)
        *ret_value = (int32_t)bits;
    return r;
}

int softbus_parcel_read_u32(struct softbus_parcel *parcel, uint32_t *ret_value)
{
    uint64_t bits;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_U32, &bits);

    if (r == 0)
        *ret_value = (uint32_t)bits;
    return r;
}

int softbus_parcel_read_i64(struct softbus_parcel *parcel, int64_t *ret_value)
{
    uint64_t bits;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_I64, &bits);

    if (r == 0)
        *ret_value = (int64_t)bits;
    return r;
}

int softbus_parcel_read_u64(struct softbus_parcel *parcel, uint64_t *ret_value)
{
    return softbus_parcel_read_fixed(parcel, WIRE_TAG_U64, ret_value);
}

int softbus_parcel_read_float(struct softbus_parcel *parcel, float *ret_value)
{
    uint64_t bits;
    uint32_t narrow;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_FLOAT, &bits);

    if (r < 0)
        return r;
    narrow = (uint32_t)bits;
    memcpy(ret_value, &narrow, sizeof(*ret_value));
    return 0;
}

int softbus_parcel_read_double(struct softbus_parcel *parcel, double *ret_value)
{
    uint64_t bits;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_DOUBLE, &bits);

    if (r == 0)
        memcpy(ret_value, &bits, sizeof(*ret_value));
    return r;
}

static int read_text(struct softbus_parcel *parcel, enum wire_tag tag, const char **ret_text)
{
    struct wire_reader reader;
    struct wire_str text;
    int r = softbus_parcel_open_value(parcel, tag, &reader);

    if (r < 0)
        return r;
    text = wire_get_str(&reader, SIZE_MAX);
    r = softbus_parcel_close_value(parcel, &reader);
    if (r == 0)
        *ret_text = text.text;
    return r;
}

int softbus_parcel_read_string(struct softbus_parcel *parcel, const char **ret_text)
{
    return read_text(parcel, WIRE_TAG_STRING, ret_text);
}

int softbus_parcel_read_token(struct softbus_parcel *parcel, const char **ret_descriptor)
{
    return read_text(parcel, WIRE_TAG_TOKEN, ret_descriptor);
}

int softbus_parcel_read_bytes(struct softbus_parcel *parcel, const void **ret_data, size_t *ret_size)
{
    struct wire_reader reader;
    struct wire_bytes bytes;
    int r = softbus_parcel_open_value(parcel, WIRE_TAG_BYTES, &reader);

    if (r < 0)
        return r;
    bytes = wire_get_bytes(&reader, SIZE_MAX);
    r = softbus_parcel_close_value(parcel, &reader);
    if (r < 0)
        return r;
    *ret_data = bytes.data;
    *ret_size = bytes.size;
    return 0;
}

int softbus_parcel_read_object(struct softbus_parcel *parcel, struct softbus_object **ret_object)
{
    size_t before = parcel->position;
    uint64_t index;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_OBJECT, &index);

    if (r < 0)
        return r;
    if (index != WIRE_NO_OBJECT && index >= parcel->n_objects) {
        parcel->position = before;
        return SOFTBUS_ERR_PROTOCOL;
    }
    *ret_object = index == WIRE_NO_OBJECT ? NULL : softbus_object_ref(parcel->objects[index]);
    return 0;
}

int softbus_parcel_take_token(struct softbus_parcel *parcel, const char *descriptor)
{
    const char *token;
    int r = softbus_parcel_read_token(parcel, &token);

    if (r == SOFTBUS_ERR_PARCEL_END || r == SOFTBUS_ERR_PARCEL_TYPE)
        return 0;
    if (r < 0)
        return SOFTBUS_ERR_BAD_REQUEST;
    parcel->start = parcel->position;
    return strcmp(token, descriptor) ? SOFTBUS_ERR_INTERFACE : 0;
}
