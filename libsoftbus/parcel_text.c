/* Text and bytes in parcels: UTF-8, raw data, interface tokens, exceptions; see parcel.h. UTF-16 is in parcel_text16.c. */
#include "libsoftbus/parcel.h"

#include "softbus/error.h"

#include <string.h>

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

static int read_text(struct softbus_parcel *parcel, enum wire_tag tag, const char **ret_text)
{
    struct wire_reader reader;
    struct wire_str text;
    int r = softbus_parcel_open_value(parcel, (int)tag, &reader);

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

int softbus_parcel_take_token(struct softbus_parcel *parcel, const char *descriptor)
{
    const char *token = "";
    int r = softbus_parcel_read_token(parcel, &token);

    if (r == SOFTBUS_ERR_PARCEL_END || r == SOFTBUS_ERR_PARCEL_TYPE)
        return 0;
    if (r < 0)
        return SOFTBUS_ERR_BAD_REQUEST;
    parcel->start = parcel->position;
    return strcmp(token, descriptor) ? SOFTBUS_ERR_INTERFACE : 0;
}

/* Raw data: the value's head is reserved with its room, and written when it is known how much the caller has put there. */

#define BYTES_HEAD (1 + 4)

int softbus_parcel_reserve_bytes(struct softbus_parcel *parcel, size_t size, void **ret_room)
{
    uint8_t *room;
    int r;

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    if (size > SOFTBUS_PARCEL_MAX_CAPACITY)
        return SOFTBUS_ERR_PARCEL_FULL;
    size += BYTES_HEAD;
    r = softbus_parcel_reserve(parcel, size);
    if (r < 0)
        return r;
    if (sb_buf_reserve(&parcel->buf, size, &room, &size) < 0)
        return SOFTBUS_ERR_NO_MEMORY;
    parcel->reserved = (uint32_t)size;
    parcel->reserved_at = (uint32_t)parcel->buf.length;
    *ret_room = room + BYTES_HEAD;
    return 0;
}

int softbus_parcel_commit_bytes(struct softbus_parcel *parcel, size_t size)
{
    uint8_t *head;

    if (!parcel || parcel->reserved == 0 || parcel->reserved_at != parcel->buf.length || size > parcel->reserved - BYTES_HEAD)
        return SOFTBUS_ERR_INVALID;
    head = parcel->buf.data + parcel->buf.start + parcel->buf.length;
    head[0] = WIRE_TAG_BYTES;
    wire_store_u32(head + 1, (uint32_t)size);
    sb_buf_commit(&parcel->buf, BYTES_HEAD + size);
    parcel->reserved = 0;
    return 0;
}

/* Exceptions: what a handler says before its reply's values. */

static int write_exception(struct softbus_parcel *parcel, int32_t code, const char *text)
{
    struct wire_writer writer;
    size_t before;

    if (!parcel || !text)
        return SOFTBUS_ERR_INVALID;
    writer = (struct wire_writer){ .buf = &parcel->buf };
    before = parcel->buf.length;
    wire_put_u8(&writer, WIRE_TAG_EXCEPTION);
    wire_put_u32(&writer, (uint32_t)code);
    wire_put_str(&writer, text, strlen(text));
    return softbus_parcel_end_write(parcel, &writer, before);
}

int softbus_parcel_write_exception(struct softbus_parcel *parcel, int32_t code, const char *text)
{
    return code == 0 ? SOFTBUS_ERR_INVALID : write_exception(parcel, code, text);
}

int softbus_parcel_write_no_exception(struct softbus_parcel *parcel)
{
    return write_exception(parcel, 0, "");
}

int softbus_parcel_read_exception(struct softbus_parcel *parcel, int32_t *ret_code, const char **ret_text)
{
    struct wire_reader reader;
    struct wire_str text;
    uint32_t code;
    int r = softbus_parcel_open_value(parcel, WIRE_TAG_EXCEPTION, &reader);

    if (r < 0)
        return r;
    code = wire_get_u32(&reader);
    text = wire_get_str(&reader, SIZE_MAX);
    if (code == 0 && text.size > 0)
        wire_reader_fail(&reader);
    r = softbus_parcel_close_value(parcel, &reader);
    if (r < 0)
        return r;
    *ret_code = (int32_t)code;
    *ret_text = text.text;
    return 0;
}
