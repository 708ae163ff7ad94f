/* Rates; see rate.h. */
#include "base/rate.h"

#include <limits.h>

void sb_rate_init(struct sb_rate *rate, unsigned burst, unsigned per_s, uint64_t now_ms)
{
    *rate = (struct sb_rate){ .refilled_ms = now_ms, .n = burst, .burst = burst, .per_s = per_s };
}

bool sb_rate_take(struct sb_rate *rate, uint64_t now_ms)
{
    uint64_t every_ms = 1000 / rate->per_s, n = (now_ms - rate->refilled_ms) / every_ms;

    rate->refilled_ms += n * every_ms;
    rate->n = n >= rate->burst - rate->n ? rate->burst : rate->n + (unsigned)n;
    if (rate->n == 0) {
        rate->n_refused += rate->n_refused < UINT_MAX;
        return false;
    }
    rate->n--;
    return true;
}

void sb_rate_give_back(struct sb_rate *rate)
{
    rate->n += rate->n < rate->burst;
}
