/* The TXT record of a stranger, as it is on the wire: items, each behind its length in one byte. */
#include "discovery/txt.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char item[DISC_TXT_ID_MAX];
    struct disc_txt txt, again;

    disc_txt_init(&txt);
    while (size > 0 && data[0] < size) {
        size_t n = data[0];

        disc_txt_add(&txt, data + 1, n);
        data += n + 1;
        size -= n + 1;
    }
    if (disc_txt_end(&txt) < 0)
        return 0;
    disc_txt_format_id(&txt.id, item);
    disc_txt_init(&again);
    disc_txt_add(&again, "v=1", 3);
    disc_txt_add(&again, item, strlen(item));
    if (txt.version == 0 || disc_txt_end(&again) < 0 || !wire_devid_is_equal(&txt.id, &again.id))
        abort();
    return 0;
}
