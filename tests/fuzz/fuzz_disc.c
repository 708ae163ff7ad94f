/* The helper protocol: whatever decodes must encode to the very same bytes, and become a socket address. */
#include "base/buf.h"
#include "discovery/address.h"
#include "wire/disc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_disc_message message;
    struct sb_buf buf;

    if (wire_disc_decode(data, size, &message) < 0)
        return 0;
    sb_buf_init(&buf, WIRE_DISC_MESSAGE_MAX);
    if (wire_disc_encode(&message, &buf) < 0 || buf.length != size || memcmp(sb_buf_bytes(&buf), data, size) != 0)
        abort();
    sb_buf_deinit(&buf);
    if (message.type == WIRE_DISC_FOUND || message.type == WIRE_DISC_LOST) {
        struct wire_disc_address back;
        struct sockaddr_storage address;

        disc_address_from_wire(&message.seen.address, &address);
        (void)disc_address_is_dialable(&address);
        disc_address_to_wire(&address, &back);
        if (back.port != message.seen.address.port || memcmp(back.bytes, message.seen.address.bytes, 16) != 0)
            abort();
    }
    return 0;
}
