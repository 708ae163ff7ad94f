/* Any bytes as a request to the hub: tagged values read in any order. */
#include "wire/value.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size, n_indices;
};

static void count_index(void *userdata, enum wire_tag tag, const uint8_t *index)
{
    struct input *input = userdata;

    if ((tag != WIRE_TAG_OBJECT && tag != WIRE_TAG_FD) || index < input->data || index + 2 > input->data + input->size)
        abort();
    input->n_indices++;
}

/* Whatever its values are: each takes room, holds no more indices than it has place for, and UTF-16 is read as it is skipped. */
static void skip_all(const uint8_t *data, size_t size)
{
    struct wire_reader reader, text;
    struct input input = { .data = data, .size = size };
    size_t left;

    wire_reader_init(&reader, data, size);
    while (reader.left > 0) {
        left = reader.left;
        text = reader;
        wire_value_skip(&reader, WIRE_STRUCT_DEPTH_MAX, count_index, &input);
        if (reader.left >= left)
            abort();
        if (wire_get_u8(&text) != WIRE_TAG_STRING16)
            continue;
        wire_get_str16(&text);
        if (!text.has_failed && (reader.has_failed || text.left != reader.left))
            abort();
    }
    if (input.n_indices > size / 2)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_reader reader;
    struct wire_str text;

    skip_all(data, size);
    wire_reader_init(&reader, data, size);
    while (reader.left > 0) {
        switch (*reader.position) {
        case WIRE_TAG_BOOL: wire_value_get_bool(&reader); break;
        case WIRE_TAG_U64: wire_value_get_u64(&reader); break;
        case WIRE_TAG_OBJECT: wire_value_get_object(&reader); break;
        case WIRE_TAG_STRING:
            text = wire_value_get_str(&reader, 255);
            if (text.size > 255 || strlen(text.text) != text.size)
                abort();
            break;
        default: wire_value_get_u32(&reader);
        }
        wire_tag_get_size((enum wire_tag)(size & 0xff));
    }
    return 0;
}
