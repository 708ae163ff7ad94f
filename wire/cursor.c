/* Field cursor; see cursor.h. */
#include "wire/cursor.h"

#include "base/buf.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

void wire_reader_init(struct wire_reader *reader, const void *data, size_t size)
{
    *reader = (struct wire_reader){ .position = data, .left = size };
}

void wire_reader_fail(struct wire_reader *reader)
{
    reader->has_failed = true;
    reader->left = 0;
}

/* The next `size` bytes, or NULL and failure. */
static const uint8_t *take(struct wire_reader *reader, size_t size)
{
    const uint8_t *p = reader->position;

    if (reader->has_failed || reader->left < size) {
        wire_reader_fail(reader);
        return NULL;
    }
    reader->position += size;
    reader->left -= size;
    return p;
}

uint8_t wire_get_u8(struct wire_reader *reader)
{
    const uint8_t *p = take(reader, 1);

    return p ? *p : 0;
}

uint16_t wire_get_u16(struct wire_reader *reader)
{
    const uint8_t *p = take(reader, 2);

    return p ? wire_load_u16(p) : 0;
}

uint32_t wire_get_u32(struct wire_reader *reader)
{
    const uint8_t *p = take(reader, 4);

    return p ? wire_load_u32(p) : 0;
}

uint64_t wire_get_u64(struct wire_reader *reader)
{
    const uint8_t *p = take(reader, 8);

    return p ? wire_load_u64(p) : 0;
}

struct wire_bytes wire_get_fixed(struct wire_reader *reader, size_t size)
{
    const uint8_t *p = take(reader, size);

    return (struct wire_bytes){ .data = p, .size = p ? size : 0 };
}

struct wire_bytes wire_get_bytes(struct wire_reader *reader, size_t max)
{
    uint32_t size = wire_get_u32(reader);

    if (size > max)
        wire_reader_fail(reader);
    return wire_get_fixed(reader, size);
}

struct wire_str wire_get_str(struct wire_reader *reader, size_t max)
{
    struct wire_bytes bytes = wire_get_bytes(reader, max);
    uint8_t end = wire_get_u8(reader);
    const char *text = (const char *)bytes.data;

    if (!reader->has_failed && (end != 0 || !wire_text_is_valid(text, bytes.size)))
        wire_reader_fail(reader);
    if (reader->has_failed)
        return (struct wire_str){ .text = "" };
    return (struct wire_str){ .text = text, .size = bytes.size };
}

int wire_reader_end(const struct wire_reader *reader)
{
    return reader->has_failed || reader->left > 0 ? -EBADMSG : 0;
}

void wire_writer_init(struct wire_writer *writer, struct sb_buf *buf)
{
    *writer = (struct wire_writer){ .buf = buf };
}

/* Fields are short and many: where there is room they are stored in place. */
static inline void put(struct wire_writer *writer, const void *data, size_t size)
{
    struct sb_buf *buf = writer->buf;

    if (writer->error)
        return;
    if (buf->capacity - buf->start - buf->length >= size && buf->max - buf->length >= size && size > 0) {
        memcpy(buf->data + buf->start + buf->length, data, size);
        buf->length += size;
    } else {
        writer->error = sb_buf_append(buf, data, size);
    }
}

void wire_put_fixed(struct wire_writer *writer, const void *data, size_t size)
{
    put(writer, data, size);
}

void wire_put_u8(struct wire_writer *writer, uint8_t value)
{
    put(writer, &value, 1);
}

void wire_put_u16(struct wire_writer *writer, uint16_t value)
{
    value = htole16(value);
    put(writer, &value, sizeof(value));
}

void wire_put_u32(struct wire_writer *writer, uint32_t value)
{
    value = htole32(value);
    put(writer, &value, sizeof(value));
}

void wire_put_u64(struct wire_writer *writer, uint64_t value)
{
    value = htole64(value);
    put(writer, &value, sizeof(value));
}

void wire_put_bytes(struct wire_writer *writer, const void *data, size_t size)
{
    if (size > UINT32_MAX && writer->error == 0)
        writer->error = -EINVAL;
    wire_put_u32(writer, (uint32_t)size);
    wire_put_fixed(writer, data, size);
}

void wire_put_str(struct wire_writer *writer, const char *text, size_t size)
{
    if (!wire_text_is_valid(text, size) && writer->error == 0)
        writer->error = -EINVAL;
    wire_put_bytes(writer, text, size);
    wire_put_u8(writer, 0);
}

/* Length of the sequence that `lead` opens and the range of its second byte; 0 when it opens none. RFC 3629, section 4. */
static size_t sequence_length(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high)
{
    *ret_low = 0x80;
    *ret_high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef) {
        *ret_low = lead == 0xe0 ? 0xa0 : 0x80;
        *ret_high = lead == 0xed ? 0x9f : 0xbf;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *ret_low = lead == 0xf0 ? 0x90 : 0x80;
        *ret_high = lead == 0xf4 ? 0x8f : 0xbf;
        return 4;
    }
    return 0;
}

bool wire_text_is_valid(const char *text, size_t size)
{
    const uint8_t *p = (const uint8_t *)text, *end = p + size;
    uint8_t low, high;
    size_t n;

    while (p < end) {
        if (*p > 0 && *p < 0x80) {
            p++;
            continue;
        }
        n = sequence_length(*p, &low, &high);
        if (n == 0 || (size_t)(end - p) < n || p[1] < low || p[1] > high)
            return false;
        for (size_t i = 2; i < n; i++) {
            if ((p[i] & 0xc0) != 0x80)
                return false;
        }
        p += n;
    }
    return true;
}
