/* A connection in sd-event. What to copy: struct bus_source and its functions. */
#include "examples/counter.h"

#include <errno.h>
#include <signal.h>
#include <softbus/bus.h>
#include <softbus/error.h>
#include <systemd/sd-event.h>
#include <time.h>

#define BUS_STEPS_MAX 64         /* then the loop's other sources have their turn */
#define BUS_ACCURACY_USEC 1000   /* the default of 250 ms is not what a deadline means */

struct bus_source {
    struct softbus *bus;
    sd_event_source *io, *time;
    int error; /* why the loop was ended, or 0 */
    unsigned long n_turns;
};

/* Before each wait. The values of EPOLLIN and EPOLLOUT are those of POLLIN and POLLOUT. */
static int bus_prepare(sd_event_source *io, void *userdata)
{
    struct bus_source *source = userdata;
    int timeout_ms = softbus_get_timeout_ms(source->bus);
    int r = sd_event_source_set_io_events(io, (uint32_t)softbus_get_events(source->bus));

    source->n_turns++;
    if (r >= 0 && timeout_ms >= 0)
        r = sd_event_source_set_time_relative(source->time, (uint64_t)timeout_ms * 1000);
    return r < 0 ? r : sd_event_source_set_enabled(source->time, timeout_ms < 0 ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* What is left over makes the next time-out 0. */
static int bus_dispatch(struct bus_source *source)
{
    int r = 1;

    for (unsigned i = 0; r > 0 && i < BUS_STEPS_MAX; i++)
        r = softbus_process(source->bus);
    if (r >= 0)
        return 0;
    source->error = r;
    return sd_event_exit(sd_event_source_get_event(source->io), 0);
}

static int on_io(sd_event_source *io, int fd, uint32_t events, void *userdata)
{
    (void)io;
    (void)fd;
    (void)events;
    return bus_dispatch(userdata);
}

static int on_time(sd_event_source *time, uint64_t usec, void *userdata)
{
    (void)time;
    (void)usec;
    return bus_dispatch(userdata);
}

/* 0 or -errno. bus_detach() in any case, before the bus is closed. */
static int bus_attach(struct bus_source *source, struct softbus *bus, sd_event *event)
{
    int r;

    *source = (struct bus_source){ .bus = bus };
    r = sd_event_add_io(event, &source->io, softbus_get_fd(bus), (uint32_t)softbus_get_events(bus), on_io, source);
    if (r >= 0)
        r = sd_event_add_time(event, &source->time, CLOCK_MONOTONIC, 0, BUS_ACCURACY_USEC, on_time, source);
    return r < 0 ? r : sd_event_source_set_prepare(source->io, bus_prepare);
}

static void bus_detach(struct bus_source *source)
{
    sd_event_source_disable_unref(source->io);
    sd_event_source_disable_unref(source->time);
}

static int on_tick(sd_event_source *tick, uint64_t usec, void *userdata)
{
    struct counter *counter = userdata;

    (void)usec;
    counter_tick(counter);
    if (sd_event_source_set_time_relative(tick, (uint64_t)counter->tick_ms * 1000) < 0)
        return -EINVAL;
    return sd_event_source_set_enabled(tick, SD_EVENT_ONESHOT);
}

int main(int argc, char **argv)
{
    static struct counter counter;
    struct bus_source source = { 0 };
    sd_event *event = NULL;
    sigset_t signals;
    int r = counter_open(&counter, argc, argv);

    if (r == 0) {
        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        if (sd_event_new(&event) < 0 || bus_attach(&source, counter.bus, event) < 0 ||
            sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 0, BUS_ACCURACY_USEC, on_tick, &counter) < 0 ||
            sd_event_add_signal(event, NULL, SIGINT, NULL, NULL) < 0 || /* no handler: exits the loop with 0 */
            sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL) < 0 || sd_event_loop(event) < 0)
            r = SOFTBUS_ERR_FAILED;
        else
            r = source.error;
    }
    bus_detach(&source);
    sd_event_unref(event);
    return counter_close(&counter, r, source.n_turns);
}
