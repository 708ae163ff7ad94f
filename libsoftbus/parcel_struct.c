/*
 * Structures in parcels, and values that are not there; see parcel.h.
 *
 * A structure is its length and its fields. While one is begun its length is not known: where the length will lie, the parcel keeps
 * the place of the one around it, so that writing needs no memory beside the data. Reading keeps a list of ends, made when the first
 * structure is entered: nothing is ever read past the innermost.
 */
#include "libsoftbus/parcel.h"

#include "softbus/error.h"

#include <stdlib.h>

_Static_assert(SOFTBUS_PARCEL_MAX_DEPTH == WIRE_STRUCT_DEPTH_MAX, "both sides stop at one depth");

int softbus_parcel_write_null(struct softbus_parcel *parcel)
{
    return softbus_parcel_write_fixed(parcel, WIRE_TAG_NULL, 0);
}

int softbus_parcel_read_null(struct softbus_parcel *parcel)
{
    struct wire_reader reader;
    int r = softbus_parcel_open_value(parcel, WIRE_TAG_NULL, &reader);

    return r < 0 ? r : softbus_parcel_close_value(parcel, &reader);
}

int softbus_parcel_begin_struct(struct softbus_parcel *parcel)
{
    struct wire_writer writer;
    size_t before;
    int r;

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    if (parcel->n_open >= SOFTBUS_PARCEL_MAX_DEPTH)
        return SOFTBUS_ERR_LIMIT;
    writer = (struct wire_writer){ .buf = &parcel->buf };
    before = parcel->buf.length;
    wire_put_u8(&writer, WIRE_TAG_STRUCT);
    wire_put_u32(&writer, parcel->open);
    r = softbus_parcel_end_write(parcel, &writer, before);
    if (r < 0)
        return r;
    parcel->open = (uint32_t)before + 1;
    parcel->n_open++;
    return 0;
}

int softbus_parcel_end_struct(struct softbus_parcel *parcel)
{
    uint8_t *length;

    if (!parcel || parcel->n_open == 0)
        return SOFTBUS_ERR_INVALID;
    length = parcel->buf.data + parcel->buf.start + parcel->open;
    parcel->open = wire_load_u32(length);
    parcel->n_open--;
    wire_store_u32(length, (uint32_t)(parcel->buf.data + parcel->buf.start + parcel->buf.length - (length + 4)));
    return 0;
}

int softbus_parcel_enter_struct(struct softbus_parcel *parcel)
{
    struct wire_reader reader;
    uint32_t size;
    int r = softbus_parcel_open_value(parcel, WIRE_TAG_STRUCT, &reader);

    if (r < 0)
        return r;
    if (!softbus_parcel_is_complete(parcel)) /* its length may not be there yet */
        return SOFTBUS_ERR_INVALID;
    size = wire_get_u32(&reader);
    if (reader.has_failed || size > reader.left || parcel->n_entered >= SOFTBUS_PARCEL_MAX_DEPTH)
        return SOFTBUS_ERR_PROTOCOL;
    if (!parcel->limits)
        parcel->limits = calloc(SOFTBUS_PARCEL_MAX_DEPTH, sizeof(*parcel->limits));
    if (!parcel->limits)
        return SOFTBUS_ERR_NO_MEMORY;
    parcel->position = softbus_parcel_get_end(parcel) - reader.left;
    parcel->limits[parcel->n_entered++] = (uint32_t)parcel->limit;
    parcel->limit = parcel->position + size;
    return 0;
}

int softbus_parcel_leave_struct(struct softbus_parcel *parcel)
{
    if (parcel->n_entered == 0)
        return SOFTBUS_ERR_INVALID;
    parcel->position = parcel->limit;
    parcel->limit = parcel->limits[--parcel->n_entered];
    return 0;
}
