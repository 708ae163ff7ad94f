/*
 * Shared memory; see softbus/ashmem.h. A memfd whose size is sealed before anybody else sees it.
 *
 * Read-only is F_SEAL_FUTURE_WRITE. A descriptor opened for reading would not do: whoever holds one can open the file again through
 * /proc. F_SEAL_WRITE would not do either: it asks that nothing is mapped for writing, and kernels before 6.7 then refuse
 * shared mappings for reading.
 */
#include "libsoftbus/ashmem.h"

#include "softbus/error.h"
#include "wire/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* Linux 6.3; Debian 12's libc does not have it */
#endif

#define SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)
#define WRITE_SEALS (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

struct softbus_ashmem {
    int fd;
    size_t size;
    enum softbus_ashmem_protection protection;
    void *data; /* NULL: not mapped */
    char name[SOFTBUS_ASHMEM_MAX_NAME + 1];
};

static int get_public_error(int error)
{
    switch (error) {
    case EMFILE:
    case ENFILE:
        return SOFTBUS_ERR_LIMIT;
    case EACCES:
    case EPERM:
        return SOFTBUS_ERR_DENIED;
    default:
        return SOFTBUS_ERR_NO_MEMORY;
    }
}

/* takes fd, also on failure. */
static int make_handle(int fd, const char *name, size_t size, enum softbus_ashmem_protection protection,
                       struct softbus_ashmem **ret_ashmem)
{
    struct softbus_ashmem *ashmem = calloc(1, sizeof(*ashmem));

    if (!ashmem) {
        close(fd);
        return SOFTBUS_ERR_NO_MEMORY;
    }
    *ashmem = (struct softbus_ashmem){ .fd = fd, .size = size, .protection = protection };
    memcpy(ashmem->name, name, strlen(name));
    *ret_ashmem = ashmem;
    return 0;
}

/* Gives a descriptor, or an error. */
static int make_file(const char *name, size_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL), error;

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return get_public_error(errno);
    if (ftruncate(fd, (off_t)size) < 0 || fcntl(fd, F_ADD_SEALS, SIZE_SEALS) < 0) {
        error = get_public_error(errno);
        close(fd);
        return error;
    }
    return fd;
}

int softbus_ashmem_new(const char *name, size_t size, struct softbus_ashmem **ret_ashmem)
{
    size_t length = name ? strnlen(name, SOFTBUS_ASHMEM_MAX_NAME + 1) : 0;
    int fd;

    if (length == 0 || length > SOFTBUS_ASHMEM_MAX_NAME || !wire_text_is_valid(name, length))
        return SOFTBUS_ERR_INVALID;
    if (size == 0 || size > SOFTBUS_ASHMEM_MAX_SIZE)
        return SOFTBUS_ERR_INVALID;
    fd = make_file(name, size);
    return fd < 0 ? fd : make_handle(fd, name, size, SOFTBUS_ASHMEM_READ_WRITE, ret_ashmem);
}

/* Can nobody make this file smaller, larger, or its pages go away? Its seals, or -1. Huge pages have seals too, but a hole that is
 * punched there may not be filled again, and who touches it dies; other files of a tmpfs have none. */
static int get_sound_seals(int fd, uint64_t size)
{
    int seals = fcntl(fd, F_GET_SEALS);
    struct statfs system;
    struct stat file;

    if (seals < 0 || (seals & SIZE_SEALS) != SIZE_SEALS)
        return -1;
    if (fstatfs(fd, &system) < 0 || system.f_type != TMPFS_MAGIC)
        return -1;
    if (fstat(fd, &file) < 0 || (uint64_t)file.st_size != size)
        return -1;
    return seals;
}

int softbus_ashmem_adopt(int fd, const char *name, uint64_t size, enum softbus_ashmem_protection protection,
                         struct softbus_ashmem **ret_ashmem)
{
    int seals = get_sound_seals(fd, size), flags = fcntl(fd, F_GETFL);

    if (seals < 0 || flags < 0 || (flags & O_ACCMODE) == O_WRONLY) {
        close(fd);
        return SOFTBUS_ERR_SEALS;
    }
    if (seals & WRITE_SEALS || (flags & O_ACCMODE) == O_RDONLY)
        protection = SOFTBUS_ASHMEM_READ_ONLY;
    return make_handle(fd, name, (size_t)size, protection, ret_ashmem);
}

void softbus_ashmem_free(struct softbus_ashmem *ashmem)
{
    if (!ashmem)
        return;
    softbus_ashmem_unmap(ashmem);
    close(ashmem->fd);
    free(ashmem);
}

const char *softbus_ashmem_get_name(const struct softbus_ashmem *ashmem)
{
    return ashmem->name;
}

size_t softbus_ashmem_get_size(const struct softbus_ashmem *ashmem)
{
    return ashmem->size;
}

int softbus_ashmem_get_fd(const struct softbus_ashmem *ashmem)
{
    return ashmem->fd;
}

enum softbus_ashmem_protection softbus_ashmem_get_protection(const struct softbus_ashmem *ashmem)
{
    return ashmem->protection;
}

int softbus_ashmem_set_protection(struct softbus_ashmem *ashmem, enum softbus_ashmem_protection protection)
{
    int seals;

    if (!softbus_ashmem_is_protection(protection))
        return SOFTBUS_ERR_INVALID;
    if (protection == ashmem->protection)
        return 0;
    if (protection == SOFTBUS_ASHMEM_READ_WRITE)
        return SOFTBUS_ERR_DENIED;
    /* Another holder may have come first: then no seal can be added, and none is needed. */
    seals = fcntl(ashmem->fd, F_GET_SEALS);
    if ((seals < 0 || !(seals & WRITE_SEALS)) && fcntl(ashmem->fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0)
        return SOFTBUS_ERR_DENIED;
    ashmem->protection = protection;
    return 0;
}

int softbus_ashmem_map(struct softbus_ashmem *ashmem, enum softbus_ashmem_protection protection, void **ret_data)
{
    bool is_writable = protection == SOFTBUS_ASHMEM_READ_WRITE;
    int seals, flags = MAP_SHARED;
    void *data;

    if (!softbus_ashmem_is_protection(protection) || ashmem->data)
        return SOFTBUS_ERR_INVALID;
    if (is_writable && ashmem->protection != SOFTBUS_ASHMEM_READ_WRITE)
        return SOFTBUS_ERR_DENIED;
    /* Where nobody writes any more a private mapping shows the same, and every kernel makes it. */
    seals = fcntl(ashmem->fd, F_GET_SEALS);
    if (seals >= 0 && seals & F_SEAL_WRITE)
        flags = MAP_PRIVATE;
    data = mmap(NULL, ashmem->size, is_writable ? PROT_READ | PROT_WRITE : PROT_READ, flags, ashmem->fd, 0);
    if (data == MAP_FAILED)
        return get_public_error(errno);
    ashmem->data = data;
    *ret_data = data;
    return 0;
}

void softbus_ashmem_unmap(struct softbus_ashmem *ashmem)
{
    if (ashmem->data)
        munmap(ashmem->data, ashmem->size);
    ashmem->data = NULL;
}

static bool is_inside(const struct softbus_ashmem *ashmem, size_t offset, size_t size)
{
    return offset <= ashmem->size && size <= ashmem->size - offset;
}

/* Through the file, not a mapping: where there is no memory left this is an error, there it would be a signal. */

int softbus_ashmem_read(const struct softbus_ashmem *ashmem, size_t offset, void *data, size_t size)
{
    if (!is_inside(ashmem, offset, size))
        return SOFTBUS_ERR_INVALID;
    while (size > 0) {
        ssize_t n = pread(ashmem->fd, data, size, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return SOFTBUS_ERR_NO_MEMORY;
        data = (char *)data + n;
        offset += (size_t)n;
        size -= (size_t)n;
    }
    return 0;
}

int softbus_ashmem_write(struct softbus_ashmem *ashmem, size_t offset, const void *data, size_t size)
{
    if (!is_inside(ashmem, offset, size))
        return SOFTBUS_ERR_INVALID;
    if (ashmem->protection != SOFTBUS_ASHMEM_READ_WRITE)
        return SOFTBUS_ERR_DENIED;
    while (size > 0) {
        ssize_t n = pwrite(ashmem->fd, data, size, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) /* another holder may have made it read-only since */
            return n < 0 ? get_public_error(errno) : SOFTBUS_ERR_NO_MEMORY;
        data = (const char *)data + n;
        offset += (size_t)n;
        size -= (size_t)n;
    }
    return 0;
}
