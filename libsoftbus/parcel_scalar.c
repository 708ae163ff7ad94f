/* Values of a fixed size in parcels, and what reading and writing of all types have in common; see parcel.h. */
#include "libsoftbus/parcel.h"

#include "softbus/error.h"

#include <errno.h>
#include <string.h>

/* Writing. There is no parcel where a handler answers a one-way call: that is refused here, so that handlers need not ask. */

int softbus_parcel_end_write(struct softbus_parcel *parcel, const struct wire_writer *writer, size_t before)
{
    if (writer->error == 0)
        return 0;
    softbus_parcel_cut(parcel, before);
    if (writer->error == -ENOBUFS)
        return SOFTBUS_ERR_PARCEL_FULL;
    return writer->error == -EINVAL ? SOFTBUS_ERR_INVALID : SOFTBUS_ERR_NO_MEMORY;
}

int softbus_parcel_write_fixed(struct softbus_parcel *parcel, enum wire_tag tag, uint64_t bits)
{
    uint8_t bytes[1 + 8];
    int r;

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    bytes[0] = (uint8_t)tag;
    wire_store_u64(bytes + 1, bits); /* little-endian: the low bytes come first */
    r = sb_buf_append(&parcel->buf, bytes, 1 + wire_tag_get_size(tag));
    if (r == 0)
        return 0;
    return r == -ENOBUFS ? SOFTBUS_ERR_PARCEL_FULL : SOFTBUS_ERR_NO_MEMORY;
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

/* Reading. */

int softbus_parcel_open_value(const struct softbus_parcel *parcel, int tag, struct wire_reader *ret_reader)
{
    size_t left = softbus_parcel_get_end(parcel) - parcel->position;
    uint8_t found;

    if (left == 0)
        return SOFTBUS_ERR_PARCEL_END;
    wire_reader_init(ret_reader, sb_buf_bytes(&parcel->buf) + parcel->position, left);
    found = wire_get_u8(ret_reader);
    if (found != tag)
        return wire_tag_is_valid(found) ? SOFTBUS_ERR_PARCEL_TYPE : SOFTBUS_ERR_PROTOCOL;
    return 0;
}

int softbus_parcel_close_value(struct softbus_parcel *parcel, const struct wire_reader *reader)
{
    if (reader->has_failed)
        return SOFTBUS_ERR_PROTOCOL;
    parcel->position = softbus_parcel_get_end(parcel) - reader->left;
    return 0;
}

/* Without a cursor: most values of most calls pass here. */
int softbus_parcel_read_fixed(struct softbus_parcel *parcel, enum wire_tag tag, uint64_t *ret_bits)
{
    size_t left = softbus_parcel_get_end(parcel) - parcel->position, size = wire_tag_get_size(tag);
    const uint8_t *value;
    uint64_t bits;

    if (left == 0)
        return SOFTBUS_ERR_PARCEL_END;
    value = sb_buf_bytes(&parcel->buf) + parcel->position;
    if (*value != tag)
        return wire_tag_is_valid(*value) ? SOFTBUS_ERR_PARCEL_TYPE : SOFTBUS_ERR_PROTOCOL;
    if (left - 1 < size)
        return SOFTBUS_ERR_PROTOCOL;
    value++;
    bits = size == 1 ? *value : size == 2 ? wire_load_u16(value) : size == 4 ? wire_load_u32(value) : wire_load_u64(value);
    if (tag == WIRE_TAG_BOOL && bits > 1)
        return SOFTBUS_ERR_PROTOCOL;
    parcel->position += 1 + size;
    *ret_bits = bits;
    return 0;
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
