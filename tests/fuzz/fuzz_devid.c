/* Any text as a device id: what is taken is one id with one text. */
#include "wire/devid.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), again[WIRE_DEVID_TEXT_SIZE];
    struct wire_devid id, parsed;

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (wire_devid_parse(text, &id) == 0) {
        wire_devid_format(&id, again);
        if (wire_devid_parse(again, &parsed) < 0 || !wire_devid_is_equal(&id, &parsed))
            abort();
    }
    free(text);
    return 0;
}
