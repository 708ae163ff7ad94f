/* UTF-16 in parcels; see parcel.h. Units lie at odd places too, so a reader is given copies, never views. */
#include "libsoftbus/parcel.h"

#include "softbus/error.h"

#include <errno.h>

/* Length and units of a text. What is not UTF-16 shows when it is read back. */
static void put_text(struct softbus_parcel *parcel, struct wire_writer *writer, const uint16_t *text)
{
    struct wire_reader reader;
    uint8_t *room;
    size_t n = 0;

    while (n < SOFTBUS_PARCEL_MAX_CAPACITY && text[n])
        n++;
    wire_put_u32(writer, (uint32_t)n);
    room = softbus_parcel_make_room(parcel, writer, n * 2);
    if (!room)
        return;
    softbus_parcel_copy_elements(room, text, n, 2);
    sb_buf_commit(&parcel->buf, n * 2);
    wire_reader_init(&reader, room - 4, 4 + n * 2);
    wire_get_str16(&reader);
    if (reader.has_failed)
        writer->error = -EINVAL;
}

int softbus_parcel_write_string16(struct softbus_parcel *parcel, const uint16_t *text)
{
    struct wire_writer writer;
    size_t before;

    if (!parcel || !text)
        return SOFTBUS_ERR_INVALID;
    writer = (struct wire_writer){ .buf = &parcel->buf };
    before = parcel->buf.length;
    wire_put_u8(&writer, WIRE_TAG_STRING16);
    put_text(parcel, &writer, text);
    return softbus_parcel_end_write(parcel, &writer, before);
}

int softbus_parcel_write_string16_array(struct softbus_parcel *parcel, const uint16_t *const *texts, size_t n)
{
    struct wire_writer writer;
    size_t before;

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    if (n > SOFTBUS_PARCEL_MAX_CAPACITY)
        return SOFTBUS_ERR_PARCEL_FULL;
    writer = (struct wire_writer){ .buf = &parcel->buf };
    before = parcel->buf.length;
    wire_put_u8(&writer, WIRE_TAG_STRING16 | WIRE_TAG_ARRAY);
    wire_put_u32(&writer, (uint32_t)n);
    for (size_t i = 0; i < n && writer.error == 0; i++) {
        if (texts[i])
            put_text(parcel, &writer, texts[i]);
        else
            writer.error = -EINVAL;
    }
    return softbus_parcel_end_write(parcel, &writer, before);
}

int softbus_parcel_read_string16(struct softbus_parcel *parcel, uint16_t *text, size_t max, size_t *ret_n)
{
    struct wire_reader reader;
    struct wire_bytes bytes;
    size_t n;
    int r = softbus_parcel_open_value(parcel, WIRE_TAG_STRING16, &reader);

    if (r < 0)
        return r;
    bytes = wire_get_str16(&reader);
    n = bytes.size / 2;
    if (!reader.has_failed && n >= max)
        return SOFTBUS_ERR_PARCEL_TYPE;
    r = softbus_parcel_close_value(parcel, &reader);
    if (r < 0)
        return r;
    softbus_parcel_copy_elements(text, bytes.data, n, 2);
    text[n] = 0;
    *ret_n = n;
    return 0;
}

int softbus_parcel_read_string16_array(struct softbus_parcel *parcel, uint16_t *units, size_t max_units, const uint16_t **texts,
                                       size_t max, size_t *ret_n)
{
    struct wire_reader reader, again;
    size_t n_units = 0;
    uint32_t n;
    int r = softbus_parcel_open_value(parcel, WIRE_TAG_STRING16 | WIRE_TAG_ARRAY, &reader);

    if (r < 0)
        return r;
    n = wire_get_u32(&reader);
    /* Judged first and handed out then: outputs stay untouched on failure. */
    again = reader;
    for (uint32_t i = 0; i < n && !reader.has_failed; i++)
        n_units += wire_get_str16(&reader).size / 2 + 1;
    if (!reader.has_failed && (n > max || n_units > max_units))
        return SOFTBUS_ERR_PARCEL_TYPE;
    r = softbus_parcel_close_value(parcel, &reader);
    if (r < 0)
        return r;
    for (uint32_t i = 0; i < n; i++) {
        struct wire_bytes bytes = wire_get_str16(&again);

        softbus_parcel_copy_elements(units, bytes.data, bytes.size / 2, 2);
        texts[i] = units;
        units += bytes.size / 2;
        *units++ = 0;
    }
    *ret_n = n;
    return 0;
}
