/* Random numbers from the kernel, fetched in batches. */
#ifndef SB_BASE_RANDOM_H
#define SB_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct sb_random {
    uint32_t pool[256];
    size_t n_left;
};

/* A zeroed struct sb_random is ready for use. The value is never 0. Aborts only if the kernel has no getrandom(). */
uint32_t sb_random_u32(struct sb_random *random);
uint64_t sb_random_u64(struct sb_random *random);

#endif
