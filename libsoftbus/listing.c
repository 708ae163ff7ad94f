/* Lists from the hub; see listing.h. */
#include "libsoftbus/listing.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/parcel.h"
#include "softbus/error.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY_MIN 6 /* bytes of the shortest entry: an empty string */

const char *softbus_listing_put(char **texts, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*texts, text, size);

    *texts += size;
    return copy;
}

int softbus_listing_read(struct softbus_parcel *parcel, char **texts, const char **ret_text)
{
    const char *text;
    int r = softbus_parcel_read_string(parcel, &text);

    if (r == 0)
        *ret_text = softbus_listing_put(texts, text);
    return r;
}

/* One block is enough: each text is shorter than what carries it in the parcel. */
static int make_items(struct softbus_parcel *parcel, size_t item_size, softbus_listing_fn fn, void **ret_items,
                      size_t *ret_n)
{
    uint32_t n;
    size_t left;
    char *block, *texts;
    int r = softbus_parcel_read_u32(parcel, &n);

    left = softbus_parcel_get_left(parcel);
    if (r < 0 || n > left / ENTRY_MIN)
        return SOFTBUS_ERR_PROTOCOL;
    block = calloc(1, n * item_size + left + 1);
    if (!block)
        return SOFTBUS_ERR_NO_MEMORY;
    texts = block + n * item_size;
    for (uint32_t i = 0; i < n && r == 0; i++)
        r = fn(parcel, block + i * item_size, &texts);
    if (r < 0) {
        free(block);
        return SOFTBUS_ERR_PROTOCOL;
    }
    *ret_items = block;
    *ret_n = n;
    return 0;
}

int softbus_listing_get(struct softbus *bus, unsigned code, const char *device, size_t item_size, softbus_listing_fn fn,
                        void **ret_items, size_t *ret_n)
{
    struct softbus_parcel *request, *reply;
    char text[WIRE_DEVID_TEXT_SIZE] = "";
    int r = device ? softbus_listing_check_device(device, text) : 0;

    if (r < 0)
        return r;
    request = softbus_bus_take_parcel(bus, 0);
    reply = softbus_bus_take_parcel(bus, 0);
    if (!request || !reply)
        r = SOFTBUS_ERR_NO_MEMORY;
    if (r == 0 && device)
        r = softbus_parcel_write_string(request, text);
    if (r == 0)
        r = softbus_call_hub(bus, code, request, reply, 0, SOFTBUS_HUB_BUSY);
    if (r == 0)
        r = make_items(reply, item_size, fn, ret_items, ret_n);
    softbus_bus_give_parcel(bus, request);
    softbus_bus_give_parcel(bus, reply);
    return r;
}

int softbus_listing_check_device(const char *device, char ret_text[64])
{
    struct wire_devid id;

    ret_text[0] = '\0';
    if (!device || !*device)
        return 0;
    if (wire_devid_parse(device, &id) < 0)
        return SOFTBUS_ERR_BAD_DEVICE_ID;
    wire_devid_format(&id, ret_text);
    return 0;
}
