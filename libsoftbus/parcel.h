/* Parcels from the inside; the public half is softbus/parcel.h. */
#ifndef SOFTBUS_LIB_PARCEL_H
#define SOFTBUS_LIB_PARCEL_H

#include "base/buf.h"
#include "softbus/parcel.h"
#include "wire/value.h"

struct softbus_parcel {
    struct sb_buf buf; /* what was written; nothing is ever consumed */
    size_t capacity;
    size_t start;    /* where reading begins: behind the token that the library has taken */
    size_t position; /* of the next value to read */
    size_t limit;    /* where reading ends inside an entered structure; 0: where the data ends */
    uint32_t *limits;   /* those around it, the outermost first; NULL until the first structure is entered */
    uint32_t open;      /* where the length of the innermost begun structure goes; there lies that of the one around it */
    uint8_t n_entered, n_open;
    uint32_t reserved, reserved_at; /* room lent by reserve_bytes, while nothing else is written */
    struct softbus_object **objects; /* holds a reference to each */
    uint16_t n_objects, objects_room;
    uint8_t n_fds;
    int *fds; /* owns each; NULL until the first, then with room for SOFTBUS_PARCEL_MAX_FDS */
    struct softbus_parcel *next; /* in the stock of a bus */
};

/* Replaces the content by these bytes, whatever the capacity. NO_MEMORY: the parcel is empty. */
int softbus_parcel_load(struct softbus_parcel *parcel, const void *data, size_t size);

/* takes a reference to object (also NULL), also on failure: adds it to the table that values of type object point into. */
int softbus_parcel_add_object(struct softbus_parcel *parcel, struct softbus_object *object);

/* takes fd, also on failure: adds it to the table that values of types fd and ashmem point into. Errors: LIMIT, NO_MEMORY. */
int softbus_parcel_add_fd(struct softbus_parcel *parcel, int fd);

/* Gives a copy of a descriptor, close-on-exec and above those of stdio. Errors: INVALID (not open), LIMIT, NO_MEMORY. */
int softbus_parcel_dup_fd(int fd, int *ret_fd);

/* False while a structure is begun and not ended: such a parcel may not be sent. */
static inline bool softbus_parcel_is_complete(const struct softbus_parcel *parcel)
{
    return parcel->n_open == 0;
}

/* Replaces the content of `to` by a copy of `from`'s. NO_MEMORY, LIMIT (descriptors): `to` is empty. */
int softbus_parcel_copy(const struct softbus_parcel *from, struct softbus_parcel *to);

/* Moves the content; `from` is empty afterwards. */
void softbus_parcel_move(struct softbus_parcel *from, struct softbus_parcel *to);

/* Reading begins behind the token, if there is one. INTERFACE: it is another one than descriptor; BAD_REQUEST: not readable. */
int softbus_parcel_take_token(struct softbus_parcel *parcel, const char *descriptor);

/* Where reading ends. */
static inline size_t softbus_parcel_get_end(const struct softbus_parcel *parcel)
{
    return parcel->limit ? parcel->limit : parcel->buf.length;
}

/* For the files of the parcel: one value of a fixed size. */
int softbus_parcel_write_fixed(struct softbus_parcel *parcel, enum wire_tag tag, uint64_t bits);
int softbus_parcel_read_fixed(struct softbus_parcel *parcel, enum wire_tag tag, uint64_t *ret_bits);

/* A reader placed behind the tag of the next value, which must be `tag`. */
int softbus_parcel_open_value(const struct softbus_parcel *parcel, int tag, struct wire_reader *ret_reader);
/* The value is read: 0, or PROTOCOL when the reader has failed. */
int softbus_parcel_close_value(struct softbus_parcel *parcel, const struct wire_reader *reader);
/* Between memory and wire, both ways: n elements of `size` bytes, on big-endian hosts each turned around. */
void softbus_parcel_copy_elements(void *to, const void *from, size_t n, size_t size);
/* Room for exactly `size` bytes at the end, which the caller commits; NULL and the writer's error when it does not fit. */
uint8_t *softbus_parcel_make_room(struct softbus_parcel *parcel, struct wire_writer *writer, size_t size);
/* Takes a write that failed back: the data is `size` bytes long again, and what was reserved is void, as it may lie elsewhere now. */
static inline void softbus_parcel_cut(struct softbus_parcel *parcel, size_t size)
{
    parcel->buf.length = size;
    parcel->reserved = 0;
}
/* 0, or the public error for the writer's, and the parcel is `before` bytes long again. */
int softbus_parcel_end_write(struct softbus_parcel *parcel, const struct wire_writer *writer, size_t before);

#endif
