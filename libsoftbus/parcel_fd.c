/* Descriptors and shared memory in parcels; see parcel.h. In the data they are indices into the parcel's table, which owns what it holds. */
#include "libsoftbus/parcel.h"

#include "libsoftbus/ashmem.h"
#include "softbus/error.h"

#include <string.h>
#include <unistd.h>

/* Puts a copy of fd into the table, as the last. */
static int add_copy(struct softbus_parcel *parcel, int fd)
{
    int r, copy;

    if (parcel->n_fds >= SOFTBUS_PARCEL_MAX_FDS)
        return SOFTBUS_ERR_LIMIT;
    r = softbus_parcel_dup_fd(fd, &copy);
    return r < 0 ? r : softbus_parcel_add_fd(parcel, copy);
}

int softbus_parcel_write_fd(struct softbus_parcel *parcel, int fd)
{
    int r = parcel ? add_copy(parcel, fd) : SOFTBUS_ERR_INVALID;

    if (r < 0)
        return r;
    r = softbus_parcel_write_fixed(parcel, WIRE_TAG_FD, (uint64_t)(parcel->n_fds - 1));
    if (r < 0)
        close(parcel->fds[--parcel->n_fds]);
    return r;
}

int softbus_parcel_read_fd(struct softbus_parcel *parcel, int *ret_fd)
{
    size_t before = parcel->position;
    uint64_t index;
    int r = softbus_parcel_read_fixed(parcel, WIRE_TAG_FD, &index);

    if (r < 0)
        return r;
    r = index < parcel->n_fds ? softbus_parcel_dup_fd(parcel->fds[index], ret_fd) : SOFTBUS_ERR_PROTOCOL;
    if (r < 0)
        parcel->position = before;
    return r;
}

int softbus_parcel_write_ashmem(struct softbus_parcel *parcel, const struct softbus_ashmem *ashmem)
{
    struct wire_writer writer;
    const char *name;
    size_t before;
    int r = parcel && ashmem ? add_copy(parcel, softbus_ashmem_get_fd(ashmem)) : SOFTBUS_ERR_INVALID;

    if (r < 0)
        return r;
    name = softbus_ashmem_get_name(ashmem);
    writer = (struct wire_writer){ .buf = &parcel->buf };
    before = parcel->buf.length;
    wire_put_u8(&writer, WIRE_TAG_ASHMEM);
    wire_put_u16(&writer, (uint16_t)(parcel->n_fds - 1));
    wire_put_u8(&writer, (uint8_t)softbus_ashmem_get_protection(ashmem));
    wire_put_u64(&writer, softbus_ashmem_get_size(ashmem));
    wire_put_str(&writer, name, strlen(name));
    r = softbus_parcel_end_write(parcel, &writer, before);
    if (r < 0)
        close(parcel->fds[--parcel->n_fds]);
    return r;
}

int softbus_parcel_read_ashmem(struct softbus_parcel *parcel, struct softbus_ashmem **ret_ashmem)
{
    struct wire_reader reader;
    struct wire_str name;
    uint16_t index;
    uint8_t protection;
    uint64_t size;
    int r = softbus_parcel_open_value(parcel, WIRE_TAG_ASHMEM, &reader), fd;

    if (r < 0)
        return r;
    index = wire_get_u16(&reader);
    protection = wire_get_u8(&reader);
    size = wire_get_u64(&reader);
    name = wire_get_str(&reader, SOFTBUS_ASHMEM_MAX_NAME);
    if (reader.has_failed || name.size == 0 || index >= parcel->n_fds || !softbus_ashmem_is_protection(protection) || size == 0 ||
        size > SOFTBUS_ASHMEM_MAX_SIZE)
        return SOFTBUS_ERR_PROTOCOL;
    r = softbus_parcel_dup_fd(parcel->fds[index], &fd);
    if (r == 0)
        r = softbus_ashmem_adopt(fd, name.text, size, (enum softbus_ashmem_protection)protection, ret_ashmem);
    return r < 0 ? r : softbus_parcel_close_value(parcel, &reader);
}
