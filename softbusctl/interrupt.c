#include "softbusctl/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <softbus/bus.h>
#include <softbus/error.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

int ctl_interrupt_open(struct ctl_interrupt *interrupt)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    interrupt->is_raised = false;
    interrupt->fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (interrupt->fd < 0)
        return -errno;
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return 0;
}

void ctl_interrupt_close(struct ctl_interrupt *interrupt)
{
    if (interrupt->fd >= 0)
        close(interrupt->fd);
    interrupt->fd = -1;
}

bool ctl_interrupt_is_raised(struct ctl_interrupt *interrupt)
{
    struct signalfd_siginfo info;

    if (read(interrupt->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        interrupt->is_raised = true;
    return interrupt->is_raised;
}

uint64_t ctl_interrupt_get_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* The nearer of two waits in milliseconds, where -1 is for ever. */
static int interrupt_get_nearer(int a, int b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

int ctl_interrupt_wait(struct ctl_interrupt *interrupt, struct softbus *bus, int timeout_ms)
{
    uint64_t start_us = ctl_interrupt_get_now_us();
    int left_ms = timeout_ms, r;

    for (;;) {
        struct pollfd polled[3] = { { .fd = interrupt->fd, .events = POLLIN }, { .fd = -1 }, { .fd = STDOUT_FILENO } };

        while ((r = softbus_process(bus)) > 0)
            continue;
        if (r < 0)
            return r;
        polled[1].fd = softbus_get_fd(bus);
        polled[1].events = softbus_get_events(bus);
        if (poll(polled, 3, interrupt_get_nearer(left_ms, softbus_get_timeout_ms(bus))) < 0) {
            if (errno != EINTR)
                return SOFTBUS_ERR_NO_MEMORY;
            polled[2].revents = 0;
        }
        if (polled[2].revents & (POLLERR | POLLHUP))
            interrupt->is_raised = true;
        if (ctl_interrupt_is_raised(interrupt))
            return 0;
        if (timeout_ms >= 0) {
            uint64_t passed_ms = (ctl_interrupt_get_now_us() - start_us) / 1000u;

            if (passed_ms >= (uint64_t)timeout_ms)
                return 0;
            left_ms = timeout_ms - (int)passed_ms;
        }
    }
}
