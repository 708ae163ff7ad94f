/* Any bytes as a parcel, read by what peek says and by what it does not say. With it come two descriptors, a file and shared memory of
 * 100 bytes; what is read of them is given back, and none is left. */
#include "libsoftbus/parcel.h"
#include "softbus/ashmem.h"
#include "softbus/error.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM 64
#define MEMORY_SIZE 100

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
        const uint16_t *texts16[ROOM];
        struct softbus_object *objects[ROOM];
    } room;
    uint16_t units[4 * ROOM];
    size_t n;
    int r;

    switch (type & ~SOFTBUS_TYPE_ARRAY) {
    case SOFTBUS_TYPE_BOOL: return softbus_parcel_read_bool_array(parcel, room.flags, ROOM, &n);
    case SOFTBUS_TYPE_U8: return softbus_parcel_read_u8_array(parcel, room.u8, ROOM, &n);
    case SOFTBUS_TYPE_U16: return softbus_parcel_read_u16_array(parcel, room.u16, ROOM, &n);
    case SOFTBUS_TYPE_U32: return softbus_parcel_read_u32_array(parcel, room.u32, ROOM, &n);
    case SOFTBUS_TYPE_U64: return softbus_parcel_read_u64_array(parcel, room.u64, ROOM, &n);
    case SOFTBUS_TYPE_FLOAT: return softbus_parcel_read_float_array(parcel, room.f, ROOM, &n);
    case SOFTBUS_TYPE_DOUBLE: return softbus_parcel_read_double_array(parcel, room.d, ROOM, &n);
    case SOFTBUS_TYPE_STRING: return softbus_parcel_read_string_array(parcel, room.texts, ROOM, &n);
    case SOFTBUS_TYPE_STRING16: return softbus_parcel_read_string16_array(parcel, units, 4 * ROOM, room.texts16, ROOM, &n);
    case SOFTBUS_TYPE_OBJECT:
        r = softbus_parcel_read_object_array(parcel, room.objects, ROOM, &n);
        for (size_t i = 0; r == 0 && i < n; i++)
            if (room.objects[i]) /* there is none in this parcel */
                abort();
        return r;
    default: return softbus_parcel_read_i32_array(parcel, (int32_t *)room.u32, ROOM, &n);
    }
}

static int read_all(struct softbus_parcel *parcel);

static int read_special(struct softbus_parcel *parcel, int type, size_t count)
{
    struct softbus_ashmem *ashmem;
    uint16_t units[ROOM];
    const char *text;
    int32_t code;
    size_t n;
    int r, fd;
    void *data;

    switch (type) {
    case SOFTBUS_TYPE_NULL:
        return softbus_parcel_read_null(parcel);
    case SOFTBUS_TYPE_STRUCT:
        r = softbus_parcel_enter_struct(parcel);
        if (r == 0 && softbus_parcel_get_left(parcel) != count)
            abort();
        if (r == 0) {
            read_all(parcel); /* what is not understood is left */
            if (softbus_parcel_leave_struct(parcel) < 0)
                abort();
        }
        return r;
    case SOFTBUS_TYPE_EXCEPTION:
        return softbus_parcel_read_exception(parcel, &code, &text);
    case SOFTBUS_TYPE_STRING16:
        r = softbus_parcel_read_string16(parcel, units, ROOM, &n);
        if (r == 0 && (n != count || units[n] != 0))
            abort();
        return r;
    case SOFTBUS_TYPE_FD:
        r = softbus_parcel_read_fd(parcel, &fd);
        if (r == 0)
            close(fd);
        return r;
    default:
        r = softbus_parcel_read_ashmem(parcel, &ashmem);
        if (r < 0)
            return r;
        if (softbus_ashmem_get_size(ashmem) != MEMORY_SIZE || softbus_ashmem_map(ashmem, SOFTBUS_ASHMEM_READ_ONLY, &data) < 0)
            abort();
        softbus_ashmem_free(ashmem);
        return 0;
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
    if (type > SOFTBUS_TYPE_OBJECT)
        return read_special(parcel, type, count);
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

static int read_all(struct softbus_parcel *parcel)
{
    size_t count, left;
    int type, r = 0;

    while (r == 0 && softbus_parcel_peek(parcel, &type, &count) == 0) {
        left = softbus_parcel_get_left(parcel);
        r = read_value(parcel, type, count);
        /* A value that is read takes room, one that is not takes none. */
        if ((r == 0) == (softbus_parcel_get_left(parcel) == left))
            abort();
    }
    return r < 0 || softbus_parcel_get_left(parcel) > 0 ? -1 : 0;
}

/* What can be appended can be read as often as it stands there, or as seldom. */
static void append(struct softbus_parcel *parcel)
{
    struct softbus_parcel *twice;
    size_t size;
    int whole = read_all(parcel);

    if (softbus_parcel_new(SOFTBUS_PARCEL_MAX_CAPACITY, &twice) < 0)
        return;
    softbus_parcel_begin_struct(twice);
    if (softbus_parcel_append(twice, parcel) == 0 && softbus_parcel_append(twice, parcel) == 0) {
        softbus_parcel_end_struct(twice);
        size = softbus_parcel_get_size(twice);
        if (softbus_parcel_enter_struct(twice) < 0 || (read_all(twice) == 0) != (whole == 0) ||
            softbus_parcel_leave_struct(twice) < 0 || softbus_parcel_get_left(twice) != 0 || softbus_parcel_get_size(twice) != size)
            abort();
    }
    softbus_parcel_free(twice);
}

static void give_descriptors(struct softbus_parcel *parcel)
{
    struct softbus_ashmem *ashmem;

    softbus_parcel_add_fd(parcel, open("/dev/null", O_RDWR | O_CLOEXEC));
    if (softbus_ashmem_new("fuzz", MEMORY_SIZE, &ashmem) < 0)
        abort();
    softbus_parcel_add_fd(parcel, fcntl(softbus_ashmem_get_fd(ashmem), F_DUPFD_CLOEXEC, 0));
    softbus_ashmem_free(ashmem);
}

/* The lowest descriptor that is free. */
static int get_next_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    close(fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct softbus_parcel *parcel;
    int next_fd = get_next_fd();

    if (size > SOFTBUS_PARCEL_MAX_CAPACITY / 4 || softbus_parcel_new(0, &parcel) < 0)
        return 0;
    if (softbus_parcel_load(parcel, data, size) == 0) {
        give_descriptors(parcel);
        softbus_parcel_take_token(parcel, "org.example");
        read_all(parcel);
        softbus_parcel_rewind(parcel);
        append(parcel);
    }
    softbus_parcel_free(parcel);
    if (get_next_fd() != next_fd)
        abort();
    return 0;
}
