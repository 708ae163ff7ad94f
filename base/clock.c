/* Monotonic time; see clock.h. */
#include "base/clock.h"

#include <time.h>

uint64_t sb_clock_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t sb_clock_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int sb_clock_until_ms(uint64_t now_ms, uint64_t due_ms)
{
    if (due_ms <= now_ms)
        return 0;
    return due_ms - now_ms > INT32_MAX ? INT32_MAX : (int)(due_ms - now_ms);
}
