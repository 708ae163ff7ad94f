/* Lists from the hub, made into arrays of structs in one block: the structs, and behind them their texts. */
#ifndef SOFTBUS_LIB_LISTING_H
#define SOFTBUS_LIB_LISTING_H

#include <stddef.h>

struct softbus;
struct softbus_parcel;

/* Fills item number i from the parcel. texts: where texts go, see softbus_listing_put(). PROTOCOL and errors of reading. */
typedef int (*softbus_listing_fn)(struct softbus_parcel *parcel, void *item, char **texts);

/* Copies text to *texts, which moves behind it; returns the copy. */
const char *softbus_listing_put(char **texts, const char *text);

/* Reads a string and puts it. */
int softbus_listing_read(struct softbus_parcel *parcel, char **texts, const char **ret_text);

/* Asks the hub for a list; device NULL: the code takes none. Gives the block, to be freed with free(). */
int softbus_listing_get(struct softbus *bus, unsigned code, const char *device, size_t item_size, softbus_listing_fn fn,
                        void **ret_items, size_t *ret_n);

/* "" for NULL, else the id in its canonical form. BAD_DEVICE_ID. */
int softbus_listing_check_device(const char *device, char ret_text[64]);

#endif
