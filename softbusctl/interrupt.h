/* Commands that run until SIGINT or SIGTERM, or until nobody reads what they print: the signals become a descriptor, waited for
 * beside the bus and standard output. */
#ifndef CTL_INTERRUPT_H
#define CTL_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

struct softbus;

struct ctl_interrupt {
    int fd;
    bool is_raised;
};

/* Blocks the signals and opens the descriptor; -errno. */
int ctl_interrupt_open(struct ctl_interrupt *interrupt);
void ctl_interrupt_close(struct ctl_interrupt *interrupt);

/* Whether one of the signals has come by now. */
bool ctl_interrupt_is_raised(struct ctl_interrupt *interrupt);

/* Processes the bus for timeout_ms (-1: without end), until a signal comes, or until the other end of standard output is
 * closed, which counts as a signal: what prints seldom would not learn of it by SIGPIPE for long. 0, or a SOFTBUS_ERR_* of the bus. */
int ctl_interrupt_wait(struct ctl_interrupt *interrupt, struct softbus *bus, int timeout_ms);

/* Of the monotonic clock, in microseconds. */
uint64_t ctl_interrupt_get_now_us(void);

#endif
