/* Any bytes as a request to the hub: tagged values read in any order. */
#include "wire/value.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_reader reader;
    struct wire_str text;

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
