/* Parcels from the inside; the public half is softbus/parcel.h. */
#ifndef SOFTBUS_LIB_PARCEL_H
#define SOFTBUS_LIB_PARCEL_H

#include "base/buf.h"
#include "softbus/parcel.h"
#include "wire/value.h"

struct softbus_parcel {
    struct sb_buf buf; /* what was written; nothing is ever consumed, so its start is 0 */
    size_t capacity;
    size_t start;    /* where reading begins: behind the token that the library has taken */
    size_t position; /* of the next value to read */
    struct softbus_object **objects; /* holds a reference to each */
    uint16_t n_objects, objects_room;
    struct softbus_parcel *next; /* in the stock of a bus */
};

/* Replaces the content by these bytes, whatever the capacity. NO_MEMORY: the parcel is empty. */
int softbus_parcel_load(struct softbus_parcel *parcel, const void *data, size_t size);

/* takes a reference to object (also NULL), also on failure: adds it to the table that values of type object point into. */
int softbus_parcel_add_object(struct softbus_parcel *parcel, struct softbus_object *object);

/* Replaces the content of `to` by a copy of `from`'s. NO_MEMORY: `to` is empty. */
int softbus_parcel_copy(const struct softbus_parcel *from, struct softbus_parcel *to);

/* Moves the content; `from` is empty afterwards. */
void softbus_parcel_move(struct softbus_parcel *from, struct softbus_parcel *to);

/* Reading begins behind the token, if there is one. INTERFACE: it is another one than descriptor; BAD_REQUEST: not readable. */
int softbus_parcel_take_token(struct softbus_parcel *parcel, const char *descriptor);

/* For the files of the parcel: one value of `size` bytes; one array of them. */
int softbus_parcel_write_fixed(struct softbus_parcel *parcel, enum wire_tag tag, uint64_t bits);
int softbus_parcel_read_fixed(struct softbus_parcel *parcel, enum wire_tag tag, uint64_t *ret_bits);

/* A reader placed behind the tag of the next value, which must be `tag`. */
int softbus_parcel_open_value(const struct softbus_parcel *parcel, int tag, struct wire_reader *ret_reader);
/* The value is read: 0, or PROTOCOL when the reader has failed. */
int softbus_parcel_close_value(struct softbus_parcel *parcel, const struct wire_reader *reader);
/* 0, or the public error for the writer's, and the parcel is `before` bytes long again. */
int softbus_parcel_end_write(struct softbus_parcel *parcel, const struct wire_writer *writer, size_t before);

#endif
