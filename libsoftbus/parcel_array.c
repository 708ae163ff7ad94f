/* Arrays in parcels: elements as they lie in memory, in the wire's byte order; see parcel.h. */
#include "libsoftbus/parcel.h"

#include "softbus/error.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

void softbus_parcel_copy_elements(void *to, const void *from, size_t n, size_t size)
{
    if (n == 0)
        return;
    if (le16toh(1) == 1 || size == 1) {
        memcpy(to, from, n * size);
        return;
    }
    for (size_t i = 0; i < n * size; i++)
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[i - i % size + (size - 1 - i % size)];
}

uint8_t *softbus_parcel_make_room(struct softbus_parcel *parcel, struct wire_writer *writer, size_t size)
{
    uint8_t *room = NULL;
    size_t got;

    if (writer->error == 0 && size > 0)
        writer->error = sb_buf_reserve(&parcel->buf, size, &room, &got);
    if (writer->error == 0 && room && got < size)
        writer->error = -ENOBUFS;
    return writer->error == 0 ? room : NULL;
}

static int write_array(struct softbus_parcel *parcel, enum wire_tag tag, const void *values, size_t n)
{
    size_t size = wire_tag_get_size(tag), before;
    struct wire_writer writer;
    uint8_t *room;

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    if (n > SOFTBUS_PARCEL_MAX_CAPACITY / size)
        return SOFTBUS_ERR_PARCEL_FULL;
    writer = (struct wire_writer){ .buf = &parcel->buf };
    before = parcel->buf.length;
    wire_put_u8(&writer, (uint8_t)(tag | WIRE_TAG_ARRAY));
    wire_put_u32(&writer, (uint32_t)n);
    room = softbus_parcel_make_room(parcel, &writer, n * size);
    if (room) {
        softbus_parcel_copy_elements(room, values, n, size);
        sb_buf_commit(&parcel->buf, n * size);
    }
    return softbus_parcel_end_write(parcel, &writer, before);
}

static int read_array(struct softbus_parcel *parcel, enum wire_tag tag, void *values, size_t max, size_t *ret_n)
{
    size_t size = wire_tag_get_size(tag);
    struct wire_reader reader;
    struct wire_bytes bytes;
    uint32_t n;
    int r = softbus_parcel_open_value(parcel, (int)tag | WIRE_TAG_ARRAY, &reader);

    if (r < 0)
        return r;
    n = wire_get_u32(&reader);
    if (n > reader.left / size)
        return SOFTBUS_ERR_PROTOCOL;
    if (n > max)
        return SOFTBUS_ERR_PARCEL_TYPE;
    bytes = wire_get_fixed(&reader, n * size);
    for (size_t i = 0; tag == WIRE_TAG_BOOL && i < bytes.size; i++) {
        if (bytes.data[i] > 1)
            wire_reader_fail(&reader);
    }
    r = softbus_parcel_close_value(parcel, &reader);
    if (r < 0)
        return r;
    softbus_parcel_copy_elements(values, bytes.data, n, size);
    *ret_n = n;
    return 0;
}

int softbus_parcel_write_bool_array(struct softbus_parcel *parcel, const bool *values, size_t n)
{
    return write_array(parcel, WIRE_TAG_BOOL, values, n);
}

int softbus_parcel_write_i8_array(struct softbus_parcel *parcel, const int8_t *values, size_t n)
{
    return write_array(parcel, WIRE_TAG_I8, values, n);
}

int softbus_parcel_write_u8_array(struct softbus_parcel *parcel, const uint8_t *values, size_t n)
{
    return write_array(parcel, WIRE_TAG_U8, values, n);
}

int softbus_parcel_write_i16_array(struct softbus_parcel *parcel, const int16_t *values, size_t n)
{
    return write_array(parcel, WIRE_TAG_I16, values, n);
}

int softbus_parcel_write_u16_array(struct softbus_parcel *parcel, const uint16_t *values, size_t n)
{
    return write_array(parcel, WIRE_TAG_U16, values, n);
}

int softbus_parcel_write_i32_array(struct softbus_parcel *parcel, const int32_t *values, size_t n)
{
    return write_array(parcel, WIRE_TAG_I32, values, n);
}

int softbus_parcel_write_u32_array(struct softbus_parcel *parcel, const uint32_t *values, size_t n)
{
    return write_array(parcel, WIRE_TAG_U32, values, n);
}

int softbus_parcel_write_i64_array(struct softbus_parcel *parcel, const int64_t *values, size_t n)
{
    return write_array(parcel, WIRE_TAG_I64, values, n);
}

int softbus_parcel_write_u64_array(struct softbus_parcel *parcel, const uint64_t *values, size_t n)
{
    return write_array(parcel, WIRE_TAG_U64, values, n);
}

int softbus_parcel_write_float_array(struct softbus_parcel *parcel, const float *values, size_t n)
{
    return write_array(parcel, WIRE_TAG_FLOAT, values, n);
}

int softbus_parcel_write_double_array(struct softbus_parcel *parcel, const double *values, size_t n)
{
    return write_array(parcel, WIRE_TAG_DOUBLE, values, n);
}

int softbus_parcel_write_string_array(struct softbus_parcel *parcel, const char *const *texts, size_t n)
{
    struct wire_writer writer;
    size_t before;

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    if (n > SOFTBUS_PARCEL_MAX_CAPACITY)
        return SOFTBUS_ERR_PARCEL_FULL;
    writer = (struct wire_writer){ .buf = &parcel->buf };
    before = parcel->buf.length;
    wire_put_u8(&writer, WIRE_TAG_STRING | WIRE_TAG_ARRAY);
    wire_put_u32(&writer, (uint32_t)n);
    for (size_t i = 0; i < n && writer.error == 0; i++) {
        if (!texts[i]) {
            parcel->buf.length = before;
            return SOFTBUS_ERR_INVALID;
        }
        wire_put_str(&writer, texts[i], strlen(texts[i]));
    }
    return softbus_parcel_end_write(parcel, &writer, before);
}

int softbus_parcel_read_bool_array(struct softbus_parcel *parcel, bool *values, size_t max, size_t *ret_n)
{
    return read_array(parcel, WIRE_TAG_BOOL, values, max, ret_n);
}

int softbus_parcel_read_i8_array(struct softbus_parcel *parcel, int8_t *values, size_t max, size_t *ret_n)
{
    return read_array(parcel, WIRE_TAG_I8, values, max, ret_n);
}

int softbus_parcel_read_u8_array(struct softbus_parcel *parcel, uint8_t *values, size_t max, size_t *ret_n)
{
    return read_array(parcel, WIRE_TAG_U8, values, max, ret_n);
}

int softbus_parcel_read_i16_array(struct softbus_parcel *parcel, int16_t *values, size_t max, size_t *ret_n)
{
    return read_array(parcel, WIRE_TAG_I16, values, max, ret_n);
}

int softbus_parcel_read_u16_array(struct softbus_parcel *parcel, uint16_t *values, size_t max, size_t *ret_n)
{
    return read_array(parcel, WIRE_TAG_U16, values, max, ret_n);
}

int softbus_parcel_read_i32_array(struct softbus_parcel *parcel, int32_t *values, size_t max, size_t *ret_n)
{
    return read_array(parcel, WIRE_TAG_I32, values, max, ret_n);
}

int softbus_parcel_read_u32_array(struct softbus_parcel *parcel, uint32_t *values, size_t max, size_t *ret_n)
{
    return read_array(parcel, WIRE_TAG_U32, values, max, ret_n);
}

int softbus_parcel_read_i64_array(struct softbus_parcel *parcel, int64_t *values, size_t max, size_t *ret_n)
{
    return read_array(parcel, WIRE_TAG_I64, values, max, ret_n);
}

int softbus_parcel_read_u64_array(struct softbus_parcel *parcel, uint64_t *values, size_t max, size_t *ret_n)
{
    return read_array(parcel, WIRE_TAG_U64, values, max, ret_n);
}

int softbus_parcel_read_float_array(struct softbus_parcel *parcel, float *values, size_t max, size_t *ret_n)
{
    return read_array(parcel, WIRE_TAG_FLOAT, values, max, ret_n);
}

int softbus_parcel_read_double_array(struct softbus_parcel *parcel, double *values, size_t max, size_t *ret_n)
{
    return read_array(parcel, WIRE_TAG_DOUBLE, values, max, ret_n);
}

int softbus_parcel_read_string_array(struct softbus_parcel *parcel, const char **texts, size_t max, size_t *ret_n)
{
    struct wire_reader reader, again;
    uint32_t n;
    int r = softbus_parcel_open_value(parcel, WIRE_TAG_STRING | WIRE_TAG_ARRAY, &reader);

    if (r < 0)
        return r;
    n = wire_get_u32(&reader);
    if (n > max && !reader.has_failed)
        return SOFTBUS_ERR_PARCEL_TYPE;
    /* Judged first and handed out then: outputs stay untouched on failure. */
    again = reader;
    for (uint32_t i = 0; i < n && !reader.has_failed; i++)
        wire_get_str(&reader, SIZE_MAX);
    r = softbus_parcel_close_value(parcel, &reader);
    if (r < 0)
        return r;
    for (uint32_t i = 0; i < n; i++)
        texts[i] = wire_get_str(&again, SIZE_MAX).text;
    *ret_n = n;
    return 0;
}
