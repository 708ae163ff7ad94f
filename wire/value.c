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
