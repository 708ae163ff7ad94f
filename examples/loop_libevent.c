/* A connection in libevent. What to copy: struct bus_source and its functions. */
#include "examples/counter.h"

#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <softbus/bus.h>
#include <softbus/error.h>
#include <sys/time.h>

#define BUS_STEPS_MAX 64 /* then the loop's other events have their turn */

struct bus_source {
    struct softbus *bus;
    struct event_base *base;
    struct event *event;
    short events; /* what it waits for now */
    int error;    /* why the loop was ended, or 0 */
    unsigned long n_turns;
};

static void bus_dispatch(evutil_socket_t fd, short what, void *userdata);

/* libevent runs nothing before it waits. So this is called after everything that may have used the bus: it arms the one event
 * anew, for what the connection waits for and until when. 0, or NO_MEMORY. */
static int bus_update(struct bus_source *source)
{
    short wanted = softbus_get_events(source->bus);
    short events = (short)(EV_PERSIST | (wanted & POLLIN ? EV_READ : 0) | (wanted & POLLOUT ? EV_WRITE : 0));
    int timeout_ms = softbus_get_timeout_ms(source->bus);
    struct timeval timeout = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };

    if (!source->event || events != source->events) {
        if (source->event)
            event_free(source->event);
        source->event = event_new(source->base, softbus_get_fd(source->bus), events, bus_dispatch, source);
        source->events = events;
    }
    if (!source->event || event_add(source->event, timeout_ms < 0 ? NULL : &timeout) < 0)
        return source->error = SOFTBUS_ERR_NO_MEMORY;
    if (timeout_ms < 0) /* event_add() without a time keeps the one set before */
        event_remove_timer(source->event);
    return 0;
}

/* Something to read, room to write, or the time is over: all the same. */
static void bus_dispatch(evutil_socket_t fd, short what, void *userdata)
{
    struct bus_source *source = userdata;
    int r = 1;

    (void)fd;
    (void)what;
    source->n_turns++;
    for (unsigned i = 0; r > 0 && i < BUS_STEPS_MAX; i++)
        r = softbus_process(source->bus);
    if (r < 0)
        source->error = r;
    if (r < 0 || bus_update(source) < 0)
        event_base_loopbreak(source->base);
}

struct program {
    struct counter counter;
    struct bus_source source;
};

static void on_tick(evutil_socket_t fd, short what, void *userdata)
{
    struct program *program = userdata;

    (void)fd;
    (void)what;
    counter_tick(&program->counter);
    if (bus_update(&program->source) < 0)
        event_base_loopbreak(program->source.base);
}

static void on_signal(evutil_socket_t number, short what, void *userdata)
{
    (void)number;
    (void)what;
    event_base_loopbreak(userdata);
}

int main(int argc, char **argv)
{
    static struct program program;
    struct event_base *base = event_base_new();
    struct event *tick = event_new(base, -1, EV_PERSIST, on_tick, &program);
    struct event *interrupt = evsignal_new(base, SIGINT, on_signal, base);
    struct event *terminate = evsignal_new(base, SIGTERM, on_signal, base);
    int r = counter_open(&program.counter, argc, argv);

    if (r == 0) {
        unsigned tick_ms = program.counter.tick_ms;
        struct timeval period = { .tv_sec = tick_ms / 1000, .tv_usec = tick_ms % 1000 * 1000 };

        program.source = (struct bus_source){ .bus = program.counter.bus, .base = base };
        event_add(tick, &period);
        event_add(interrupt, NULL);
        event_add(terminate, NULL);
        r = bus_update(&program.source);
        if (r == 0 && event_base_dispatch(base) == 0)
            r = program.source.error;
    }
    if (program.source.event)
        event_free(program.source.event);
    event_free(terminate);
    event_free(interrupt);
    event_free(tick);
    event_base_free(base);
    return counter_close(&program.counter, r, program.source.n_turns);
}
