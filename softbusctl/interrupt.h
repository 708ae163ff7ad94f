/* Commands that run until SIGINT or SIGTERM: the signals become a descriptor, waited for beside the bus. */
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

/* Processes the bus for timeout_ms (-1: without end) or until a signal comes. 0, or a SOFTBUS_ERR_* of the bus. */
int ctl_interrupt_wait(struct ctl_interrupt *interrupt, struct softbus *bus, int timeout_ms);

/* Of the monotonic clock, in microseconds. */
uint64_t ctl_interrupt_get_now_us(void);

#endif
