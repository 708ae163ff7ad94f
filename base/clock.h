/* Monotonic time, and the only place that reads it. */
#ifndef SB_BASE_CLOCK_H
#define SB_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC: it never jumps with the wall clock. */
uint64_t sb_clock_now_ms(void);

/* The same clock in microseconds: for measuring, not for due times. */
uint64_t sb_clock_now_us(void);

/* Milliseconds from now_ms until due_ms, 0 when past, capped to INT32_MAX: fit for poll(). */
int sb_clock_until_ms(uint64_t now_ms, uint64_t due_ms);

#endif
