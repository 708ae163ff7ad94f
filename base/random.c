/* Random numbers; see random.h. */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static void refill(struct sb_random *random)
{
    ssize_t n;

    do
        n = getrandom(random->pool, sizeof(random->pool), 0);
    while (n < 0 && errno == EINTR);
    if (n != sizeof(random->pool)) /* up to 256 bytes are never cut short; see getrandom(2) */
        abort();
    random->n_left = sizeof(random->pool) / sizeof(random->pool[0]);
}

uint32_t sb_random_u32(struct sb_random *random)
{
    uint32_t value;

    do {
        if (random->n_left == 0)
            refill(random);
        random->n_left--;
        value = random->pool[random->n_left];
        random->pool[random->n_left] = 0;
    } while (value == 0);
    return value;
}

uint64_t sb_random_u64(struct sb_random *random)
{
    uint64_t high = sb_random_u32(random);

    return high << 32 | sb_random_u32(random);
}
