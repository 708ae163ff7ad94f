/* A connection in a loop of one's own around poll(2). What to copy: bus_prepare() and bus_dispatch(). */
#include "examples/counter.h"

#include <poll.h>
#include <signal.h>
#include <softbus/bus.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define BUS_STEPS_MAX 64 /* then the loop's other descriptors have their turn */

/* Before each poll(): what to wait for. Returns the time to wait. */
static int bus_prepare(const struct softbus *bus, struct pollfd *ret_poll_fd)
{
    *ret_poll_fd = (struct pollfd){ .fd = softbus_get_fd(bus), .events = softbus_get_events(bus) };
    return softbus_get_timeout_ms(bus);
}

/* After each poll(), whatever woke it. What is left over makes the next time-out 0. 0, or why the connection is lost. */
static int bus_dispatch(struct softbus *bus)
{
    int r = 1;

    for (unsigned i = 0; r > 0 && i < BUS_STEPS_MAX; i++)
        r = softbus_process(bus);
    return r < 0 ? r : 0;
}

static int open_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_timer(unsigned period_ms)
{
    struct timespec period = { .tv_sec = period_ms / 1000, .tv_nsec = period_ms % 1000 * 1000000 };
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    timerfd_settime(fd, 0, &(struct itimerspec){ .it_interval = period, .it_value = period }, NULL);
    return fd;
}

int main(int argc, char **argv)
{
    enum { BUS, SIGNALS, TIMER, N_FDS };
    static struct counter counter;
    int r = counter_open(&counter, argc, argv), signal_fd = open_signals(), timer_fd = open_timer(counter.tick_ms);
    struct pollfd fds[N_FDS] = { [SIGNALS] = { .fd = signal_fd, .events = POLLIN },
                                 [TIMER] = { .fd = timer_fd, .events = POLLIN } };
    unsigned long n_turns = 0;
    uint64_t n_expired;

    while (r == 0 && !(fds[SIGNALS].revents & POLLIN)) {
        int timeout_ms = bus_prepare(counter.bus, &fds[BUS]);

        poll(fds, N_FDS, timeout_ms);
        n_turns++;
        r = bus_dispatch(counter.bus);
        if (r == 0 && fds[TIMER].revents & POLLIN && read(timer_fd, &n_expired, sizeof(n_expired)) > 0)
            counter_tick(&counter);
    }
    close(signal_fd);
    close(timer_fd);
    return counter_close(&counter, r, n_turns);
}
