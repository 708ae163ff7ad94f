/* The trust store's text: what is accepted reads back the same after it was printed. */
#include "session/trust.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sess_trust trust, again;
    unsigned line;
    char *text;

    sess_trust_init(&trust);
    sess_trust_init(&again);
    if (sess_trust_parse(&trust, (const char *)data, size, &line) == 0) {
        text = sess_trust_format(&trust);
        if (text && (sess_trust_parse(&again, text, strlen(text), &line) != 0 || again.n_entries != trust.n_entries ||
                     (again.n_entries &&
                      memcmp(again.entries, trust.entries, again.n_entries * sizeof(again.entries[0])) != 0)))
            abort();
        free(text);
    }
    sess_trust_deinit(&trust);
    sess_trust_deinit(&again);
    return 0;
}
