/* So many at once, and then so many a second: for what strangers can cause. Pure: the caller says what time it is. */
#ifndef SB_BASE_RATE_H
#define SB_BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct sb_rate {
    uint64_t refilled_ms;
    unsigned n, burst, per_s;
    unsigned n_refused; /* since the user of this last set it to 0 */
};

/* per_s: 1 … 1000. */
void sb_rate_init(struct sb_rate *rate, unsigned burst, unsigned per_s, uint64_t now_ms);

/* False: not now; counted in n_refused. */
bool sb_rate_take(struct sb_rate *rate, uint64_t now_ms);

/* Undoes a take of which nothing came. */
void sb_rate_give_back(struct sb_rate *rate);

#endif
