/* Tagged values; see value.h. */
#include "wire/value.h"

size_t wire_tag_get_size(enum wire_tag tag)
{
    switch (tag) {
    case WIRE_TAG_BOOL:
    case WIRE_TAG_I8:
    case WIRE_TAG_U8:
        return 1;
    case WIRE_TAG_I16:
    case WIRE_TAG_U16:
    case WIRE_TAG_OBJECT:
    case WIRE_TAG_FD:
        return 2;
    case WIRE_TAG_I32:
    case WIRE_TAG_U32:
    case WIRE_TAG_FLOAT:
        return 4;
    case WIRE_TAG_I64:
    case WIRE_TAG_U64:
    case WIRE_TAG_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

bool wire_tag_is_valid(int tag)
{
    int element = tag & ~WIRE_TAG_ARRAY;

    if (tag & WIRE_TAG_ARRAY)
        return (element >= WIRE_TAG_BOOL && element <= WIRE_TAG_STRING) || element == WIRE_TAG_OBJECT || element == WIRE_TAG_STRING16;
    return tag >= WIRE_TAG_BOOL && tag <= WIRE_TAG_MAX;
}

/* A high surrogate and then a low one, or neither (RFC 2781, section 2). */
static bool is_utf16(const uint8_t *units, size_t n)
{
    bool is_open = false; /* the unit before was a high surrogate */

    for (size_t i = 0; i < n; i++) {
        uint16_t unit = wire_load_u16(units + 2 * i);

        if (unit == 0 || is_open != ((unit & 0xfc00) == 0xdc00))
            return false;
        is_open = (unit & 0xfc00) == 0xd800;
    }
    return !is_open;
}

struct wire_bytes wire_get_str16(struct wire_reader *reader)
{
    uint32_t n = wire_get_u32(reader);
    struct wire_bytes bytes;

    if (n > reader->left / 2)
        wire_reader_fail(reader);
    bytes = wire_get_fixed(reader, (size_t)n * 2);
    if (!reader->has_failed && !is_utf16(bytes.data, n))
        wire_reader_fail(reader);
    return bytes;
}

struct walk {
    wire_index_fn visit;
    void *userdata;
};

static void skip_index(struct wire_reader *reader, enum wire_tag tag, const struct walk *walk)
{
    struct wire_bytes index = wire_get_fixed(reader, 2);

    if (!reader->has_failed)
        walk->visit(walk->userdata, tag, index.data);
}

/* The text of a string (its NUL behind it) or of a string16 (none), with the length before it. */
static void skip_text(struct wire_reader *reader, bool is_wide)
{
    uint32_t n = wire_get_u32(reader);

    if (is_wide ? n > reader->left / 2 : n >= reader->left)
        wire_reader_fail(reader);
    wire_get_fixed(reader, is_wide ? (size_t)n * 2 : (size_t)n + 1);
}

static void skip_array(struct wire_reader *reader, enum wire_tag element, const struct walk *walk)
{
    uint32_t n = wire_get_u32(reader);
    size_t size = wire_tag_get_size(element);

    if (element == WIRE_TAG_STRING || element == WIRE_TAG_STRING16) {
        /* Each takes four bytes at least, so the work is bounded by what is left. */
        for (uint32_t i = 0; i < n && !reader->has_failed; i++)
            skip_text(reader, element == WIRE_TAG_STRING16);
        return;
    }
    if (n > reader->left / size) {
        wire_reader_fail(reader);
        return;
    }
    if (element != WIRE_TAG_OBJECT)
        wire_get_fixed(reader, n * size);
    else
        for (uint32_t i = 0; i < n; i++)
            skip_index(reader, WIRE_TAG_OBJECT, walk);
}

static void skip_value(struct wire_reader *reader, unsigned depth, const struct walk *walk)
{
    int tag = wire_get_u8(reader);
    struct wire_bytes content;
    struct wire_reader inner;

    if (!wire_tag_is_valid(tag)) {
        wire_reader_fail(reader);
        return;
    }
    if (tag & WIRE_TAG_ARRAY) {
        skip_array(reader, (enum wire_tag)(tag & ~WIRE_TAG_ARRAY), walk);
        return;
    }
    switch ((enum wire_tag)tag) {
    case WIRE_TAG_OBJECT:
    case WIRE_TAG_FD:
        skip_index(reader, (enum wire_tag)tag, walk);
        break;
    case WIRE_TAG_STRING:
    case WIRE_TAG_STRING16:
    case WIRE_TAG_TOKEN:
        skip_text(reader, tag == WIRE_TAG_STRING16);
        break;
    case WIRE_TAG_BYTES:
        wire_get_bytes(reader, SIZE_MAX);
        break;
    case WIRE_TAG_NULL:
        break;
    case WIRE_TAG_STRUCT:
        content = wire_get_bytes(reader, SIZE_MAX);
        wire_reader_init(&inner, content.data, content.size);
        if (depth == 0)
            wire_reader_fail(reader);
        while (!reader->has_failed && inner.left > 0) {
            skip_value(&inner, depth - 1, walk);
            if (inner.has_failed)
                wire_reader_fail(reader);
        }
        break;
    case WIRE_TAG_EXCEPTION:
        wire_get_fixed(reader, 4);
        skip_text(reader, false);
        break;
    case WIRE_TAG_ASHMEM:
        skip_index(reader, WIRE_TAG_FD, walk);
        wire_get_fixed(reader, 1 + 8);
        skip_text(reader, false);
        break;
    default:
        wire_get_fixed(reader, wire_tag_get_size((enum wire_tag)tag));
    }
}

void wire_value_skip(struct wire_reader *reader, unsigned depth, wire_index_fn visit, void *userdata)
{
    struct walk walk = { .visit = visit, .userdata = userdata };

    skip_value(reader, depth, &walk);
}

static void expect(struct wire_reader *reader, enum wire_tag tag)
{
    if (wire_get_u8(reader) != tag)
        wire_reader_fail(reader);
}

bool wire_value_get_bool(struct wire_reader *reader)
{
    uint8_t value;

    expect(reader, WIRE_TAG_BOOL);
    value = wire_get_u8(reader);
    if (value > 1)
        wire_reader_fail(reader);
    return value == 1;
}

uint32_t wire_value_get_u32(struct wire_reader *reader)
{
    expect(reader, WIRE_TAG_U32);
    return wire_get_u32(reader);
}

uint64_t wire_value_get_u64(struct wire_reader *reader)
{
    expect(reader, WIRE_TAG_U64);
    return wire_get_u64(reader);
}

struct wire_str wire_value_get_str(struct wire_reader *reader, size_t max)
{
    expect(reader, WIRE_TAG_STRING);
    return wire_get_str(reader, max);
}

uint16_t wire_value_get_object(struct wire_reader *reader)
{
    expect(reader, WIRE_TAG_OBJECT);
    return wire_get_u16(reader);
}

void wire_value_put_bool(struct wire_writer *writer, bool value)
{
    wire_put_u8(writer, WIRE_TAG_BOOL);
    wire_put_u8(writer, value);
}

void wire_value_put_u32(struct wire_writer *writer, uint32_t value)
{
    wire_put_u8(writer, WIRE_TAG_U32);
    wire_put_u32(writer, value);
}

void wire_value_put_u64(struct wire_writer *writer, uint64_t value)
{
    wire_put_u8(writer, WIRE_TAG_U64);
    wire_put_u64(writer, value);
}

void wire_value_put_str(struct wire_writer *writer, const char *text, size_t size)
{
    wire_put_u8(writer, WIRE_TAG_STRING);
    wire_put_str(writer, text, size);
}

void wire_value_put_object(struct wire_writer *writer, uint16_t index)
{
    wire_put_u8(writer, WIRE_TAG_OBJECT);
    wire_put_u16(writer, index);
}
