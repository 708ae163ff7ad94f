/* Any bytes as a parcel, read by what peek says and by what it does not say. */
#include "libsoftbus/parcel.h"
#include "softbus/error.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM 64

static int read_array(struct softbus_parcel *parcel, int type)
{
    union {
        bool flags[ROOM];
        uint8_t u8[ROOM];
        uint16_t u16[ROOM];
        uint32_t u32[ROOM];
        uint64_t u64[ROOM];
        float f[ROOM];
        double d[ROOM];
        const char *texts[ROOM];
    } room;
    size_t n;

    switch (type & ~SOFTBUS_TYPE_ARRAY) {
    case SOFTBUS_TYPE_BOOL: return softbus_parcel_read_bool_array(parcel, room.flags, ROOM, &n);
    case SOFTBUS_TYPE_U8: return softbus_parcel_read_u8_array(parcel, room.u8, ROOM, &n);
    case SOFTBUS_TYPE_U16: return softbus_parcel_read_u16_array(parcel, room.u16, ROOM, &n);
    case SOFTBUS_TYPE_U32: return softbus_parcel_read_u32_array(parcel, room.u32, ROOM, &n);
    case SOFTBUS_TYPE_U64: return softbus_parcel_read_u64_array(parcel, room.u64, ROOM, &n);
    case SOFTBUS_TYPE_FLOAT: return softbus_parcel_read_float_array(parcel, room.f, ROOM, &n);
    case SOFTBUS_TYPE_DOUBLE: return softbus_parcel_read_double_array(parcel, room.d, ROOM, &n);
    case SOFTBUS_TYPE_STRING: return softbus_parcel_read_string_array(parcel, room.texts, ROOM, &n);
    default: return softbus_parcel_read_i32_array(parcel, (int32_t *)room.u32, ROOM, &n);
    }
}

static int read_value(struct softbus_parcel *parcel, int type, size_t count)
{
    struct softbus_object *object;
    const char *text;
    const void *data;
    uint64_t number;
    double real;
    bool flag;
    size_t size;
    int r;

    if (type & SOFTBUS_TYPE_ARRAY)
        return read_array(parcel, type);
    switch (type) {
    case SOFTBUS_TYPE_BOOL:
        return softbus_parcel_read_bool(parcel, &flag);
    case SOFTBUS_TYPE_DOUBLE:
        return softbus_parcel_read_double(parcel, &real);
    case SOFTBUS_TYPE_OBJECT:
        r = softbus_parcel_read_object(parcel, &object);
        if (r == 0 && object) /* there is none in this parcel */
            abort();
        return r;
    case SOFTBUS_TYPE_STRING:
    case SOFTBUS_TYPE_TOKEN:
        r = type == SOFTBUS_TYPE_STRING ? softbus_parcel_read_string(parcel, &text) : softbus_parcel_read_token(parcel, &text);
        if (r == 0 && strlen(text) != count)
            abort();
        return r;
    case SOFTBUS_TYPE_BYTES:
        r = softbus_parcel_read_bytes(parcel, &data, &size);
        if (r == 0 && size != count)
            abort();
        return r;
    default:
        return softbus_parcel_read_fixed(parcel, (enum wire_tag)type, &number);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct softbus_parcel *parcel;
    size_t count, left;
    int type, r = 0;

    if (size > SOFTBUS_PARCEL_MAX_CAPACITY || softbus_parcel_new(0, &parcel) < 0)
        return 0;
    if (softbus_parcel_load(parcel, data, size) == 0) {
        softbus_parcel_take_token(parcel, "org.example");
        while (r == 0 && softbus_parcel_peek(parcel, &type, &count) == 0) {
            left = softbus_parcel_get_left(parcel);
            r = read_value(parcel, type, count);
            /* A value that is read takes room, one that is not takes none. */
            if ((r == 0) == (softbus_parcel_get_left(parcel) == left))
                abort();
        }
    }
    softbus_parcel_free(parcel);
    return 0;
}
