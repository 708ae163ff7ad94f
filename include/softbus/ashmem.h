/**
 * @file softbus/ashmem.h
 * Anonymous shared memory: what is too large for a transaction inside a device, or is to be read without copying.
 *
 * @code
 * struct softbus_ashmem *frame;
 * void *pixels;
 * if (softbus_ashmem_new("frame", 1920 * 1080 * 4, &frame) < 0)
 *     return;
 * softbus_ashmem_map(frame, SOFTBUS_ASHMEM_READ_WRITE, &pixels);
 * softbus_ashmem_set_protection(frame, SOFTBUS_ASHMEM_READ_ONLY); // this mapping stays; nobody gets another that writes
 * softbus_parcel_write_ashmem(request, frame);
 * softbus_call(screen, SHOW, request, NULL, 0);
 * softbus_ashmem_free(frame);
 * @endcode
 *
 * The size never changes: the memory is a memfd that is sealed against shrinking and growing from the beginning, and the receiver
 * checks that before it maps anything. So no mapping loses its pages (SIGBUS), whatever the other side does. What lies in
 * the pages is the other side's as long as it can write there: copy what is to be judged, then judge the copy.
 * Memory is taken from the system when it is first touched. It lives as long as somebody has it, maps it, or has it in a parcel.
 *
 * No connection is needed. Each handle belongs to one thread at a time; any function may be called inside a handler or callback.
 * Passing is for calls inside a device: a parcel with shared memory for another device is refused with DESCRIPTOR.
 */
#ifndef SOFTBUS_ASHMEM_H
#define SOFTBUS_ASHMEM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct softbus_ashmem;

/** Largest size: 1 GiB. */
#define SOFTBUS_ASHMEM_MAX_SIZE 1073741824
/** Bytes of a name, without its NUL. */
#define SOFTBUS_ASHMEM_MAX_NAME 127

/** What may be done with the memory, and what a mapping is for. @since 0.1 */
enum softbus_ashmem_protection {
    SOFTBUS_ASHMEM_READ_ONLY = 1,
    SOFTBUS_ASHMEM_READ_WRITE = 3,
};

/** Zeros that may be read and written. name: UTF-8 of 1 to SOFTBUS_ASHMEM_MAX_NAME bytes, for people; /proc shows it.
 * size: 1 to SOFTBUS_ASHMEM_MAX_SIZE bytes.
 * @param[out] ret_ashmem gives. Errors: INVALID, NO_MEMORY, LIMIT (the process may open no more descriptors), DENIED. @since 0.1 */
int softbus_ashmem_new(const char *name, size_t size, struct softbus_ashmem **ret_ashmem);

/** takes; NULL is fine. Unmaps it here; others keep theirs. @since 0.1 */
void softbus_ashmem_free(struct softbus_ashmem *ashmem);

/** The name is lent until the handle is freed; so is the descriptor, which is not to be closed. @since 0.1 */
const char *softbus_ashmem_get_name(const struct softbus_ashmem *ashmem);
size_t softbus_ashmem_get_size(const struct softbus_ashmem *ashmem);
int softbus_ashmem_get_fd(const struct softbus_ashmem *ashmem);
enum softbus_ashmem_protection softbus_ashmem_get_protection(const struct softbus_ashmem *ashmem);

/** Reduces what may be done. READ_ONLY is for ever and for all who have the memory, through whatever descriptor: nothing can be
 * written and nothing mapped for writing from now on. Mappings that exist stay: who mapped before can go on writing for others to read.
 * Errors: INVALID, DENIED (it would be raised; or the kernel is older than 5.1, or the memory's maker allows no more seals).
 * @since 0.1 */
int softbus_ashmem_set_protection(struct softbus_ashmem *ashmem, enum softbus_ashmem_protection protection);

/** Maps all of it into the process, once at a time.
 * @param[out] ret_data lends until softbus_ashmem_unmap() or softbus_ashmem_free().
 * Errors: INVALID (it is mapped already), DENIED (for writing, and the protection is READ_ONLY), NO_MEMORY. @since 0.1 */
int softbus_ashmem_map(struct softbus_ashmem *ashmem, enum softbus_ashmem_protection protection, void **ret_data);

/** Does nothing when it is not mapped. @since 0.1 */
void softbus_ashmem_unmap(struct softbus_ashmem *ashmem);

/** Copies `size` bytes from or to `offset`, all or INVALID when they do not lie inside; nothing needs to be mapped.
 * Also DENIED (write, and the protection is READ_ONLY), NO_MEMORY (when writing, a part may have been written). @since 0.1 */
int softbus_ashmem_read(const struct softbus_ashmem *ashmem, size_t offset, void *data, size_t size);
int softbus_ashmem_write(struct softbus_ashmem *ashmem, size_t offset, const void *data, size_t size);

#ifdef __cplusplus
}
#endif
#endif
