/* Objects in parcels, one and many; see parcel.h. In the data they are indices into the parcel's table. */
#include "libsoftbus/parcel.h"

#include "libsoftbus/object.h"
#include "softbus/error.h"
/* Puts an object into the table; its index there, or an error. */
static int add_object(struct softbus_parcel *parcel, struct softbus_object *object, uint16_t *ret_index)
{
    int r;

    if (!object) {
        *ret_index = WIRE_NO_OBJECT;
        return 0;
    }
    if (parcel->n_objects >= SOFTBUS_PARCEL_MAX_OBJECTS)
        return SOFTBUS_ERR_LIMIT;
    if (parcel->n_objects > 0 && parcel->objects[0]->bus != object->bus)
        return SOFTBUS_ERR_INVALID;
    r = softbus_parcel_add_object(parcel, softbus_object_ref(object));
    if (r == 0)
        *ret_index = (uint16_t)(parcel->n_objects - 1);
    return r;
}

int softbus_parcel_write_object(struct softbus_parcel *parcel, struct softbus_object *object)
{
    uint16_t index = WIRE_NO_OBJECT;
    int r;

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    r = add_object(parcel, object, &index);
    if (r < 0)
        return r;
    r = softbus_parcel_write_fixed(parcel, WIRE_TAG_OBJECT, index);
    if (r < 0 && object)
        softbus_object_unref(parcel->objects[--parcel->n_objects]);
    return r;
}

int softbus_parcel_write_object_array(struct softbus_parcel *parcel, struct softbus_object *const *objects, size_t n)
{
    struct wire_writer writer;
    uint16_t n_before, index;
    size_t before;
    int r = 0;

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    if (n > SOFTBUS_PARCEL_MAX_CAPACITY)
        return SOFTBUS_ERR_PARCEL_FULL;
    writer = (struct wire_writer){ .buf = &parcel->buf };
    before = parcel->buf.length;
    n_before = parcel->n_objects;
    wire_put_u8(&writer, WIRE_TAG_OBJECT | WIRE_TAG_ARRAY);
    wire_put_u32(&writer, (uint32_t)n);
    for (size_t i = 0; i < n && writer.error == 0 && r == 0; i++) {
        r = add_object(parcel, objects[i], &index);
        if (r == 0)
            wire_put_u16(&writer, index);
    }
    if (r < 0)
        softbus_parcel_cut(parcel, before);
    else
        r = softbus_parcel_end_write(parcel, &writer, before);
    while (r < 0 && parcel->n_objects > n_before)
        softbus_object_unref(parcel->objects[--parcel->n_objects]);
    return r;
}

int softbus_parcel_read_object(struct softbus_parcel *parcel, struct softbus_object **ret_object)
{
    size_t before = parcel->position;
    uint64_t index;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_OBJECT, &index);

    if (r < 0)
        return r;
    if (index != WIRE_NO_OBJECT && index >= parcel->n_objects) {
        parcel->position = before;
        return SOFTBUS_ERR_PROTOCOL;
    }
    *ret_object = index == WIRE_NO_OBJECT ? NULL : softbus_object_ref(parcel->objects[index]);
    return 0;
}

int softbus_parcel_read_object_array(struct softbus_parcel *parcel, struct softbus_object **objects, size_t max, size_t *ret_n)
{
    struct wire_reader reader;
    struct wire_bytes bytes;
    uint32_t n;
    int r = softbus_parcel_open_value(parcel, WIRE_TAG_OBJECT | WIRE_TAG_ARRAY, &reader);

    if (r < 0)
        return r;
    n = wire_get_u32(&reader);
    if (n > reader.left / 2)
        return SOFTBUS_ERR_PROTOCOL;
    bytes = wire_get_fixed(&reader, (size_t)n * 2);
    for (uint32_t i = 0; i < n; i++) {
        uint16_t index = wire_load_u16(bytes.data + 2 * (size_t)i);

        if (index != WIRE_NO_OBJECT && index >= parcel->n_objects)
            return SOFTBUS_ERR_PROTOCOL;
    }
    if (n > max)
        return SOFTBUS_ERR_PARCEL_TYPE;
    r = softbus_parcel_close_value(parcel, &reader);
    if (r < 0)
        return r;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t index = wire_load_u16(bytes.data + 2 * (size_t)i);

        objects[i] = index == WIRE_NO_OBJECT ? NULL : softbus_object_ref(parcel->objects[index]);
    }
    *ret_n = n;
    return 0;
}
