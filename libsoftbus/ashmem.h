/* Shared memory from the inside; the public half is softbus/ashmem.h. */
#ifndef SOFTBUS_LIB_ASHMEM_H
#define SOFTBUS_LIB_ASHMEM_H

#include "softbus/ashmem.h"

#include <stdbool.h>
#include <stdint.h>

/* Is it a protection of shared memory? */
static inline bool softbus_ashmem_is_protection(unsigned protection)
{
    return protection == SOFTBUS_ASHMEM_READ_ONLY || protection == SOFTBUS_ASHMEM_READ_WRITE;
}

/* takes fd, also on failure: memory that somebody else made and says to have this size, with no more protection than he says and the
 * seals allow. Errors: SEALS, NO_MEMORY. */
int softbus_ashmem_adopt(int fd, const char *name, uint64_t size, enum softbus_ashmem_protection protection,
                         struct softbus_ashmem **ret_ashmem);

#endif
