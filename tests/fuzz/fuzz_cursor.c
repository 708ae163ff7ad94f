/* Any sequence of reads over any bytes: the first byte of each step says which. */
#include "wire/cursor.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n_steps = size / 2;
    struct wire_reader reader;

    wire_reader_init(&reader, data + n_steps, size - n_steps);
    for (size_t i = 0; i < n_steps; i++) {
        size_t before = reader.left;
        struct wire_bytes bytes = { .size = 0 };
        struct wire_str text = { .text = "" };

        switch (data[i] % 7) {
        case 0: wire_get_u8(&reader); break;
        case 1: wire_get_u16(&reader); break;
        case 2: wire_get_u32(&reader); break;
        case 3: wire_get_u64(&reader); break;
        case 4: bytes = wire_get_fixed(&reader, data[i]); break;
        case 5: bytes = wire_get_bytes(&reader, data[i] * 16u); break;
        default: text = wire_get_str(&reader, data[i] * 16u);
        }
        if (reader.left > before || bytes.size > before || strlen(text.text) != text.size)
            abort();
        if (reader.has_failed && (reader.left || wire_reader_end(&reader) == 0))
            abort();
    }
    return 0;
}
