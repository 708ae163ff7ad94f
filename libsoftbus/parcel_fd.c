/* Descriptors in parcels; see parcel.h. In the data they are indices into the parcel's table, which owns what it holds. */
#include "libsoftbus/parcel.h"

#include "softbus/error.h"

#include <unistd.h>

int softbus_parcel_write_fd(struct softbus_parcel *parcel, int fd)
{
    int r, copy;

    if (!parcel)
        return SOFTBUS_ERR_INVALID;
    if (parcel->n_fds >= SOFTBUS_PARCEL_MAX_FDS)
        return SOFTBUS_ERR_LIMIT;
    r = softbus_parcel_dup_fd(fd, &copy);
    if (r == 0)
        r = softbus_parcel_add_fd(parcel, copy);
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
