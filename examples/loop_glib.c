/* A connection in GLib's main loop. What to copy: struct bus_source and its functions. */
#include "examples/counter.h"

#include <glib-unix.h>
#include <glib.h>
#include <softbus/bus.h>

#define BUS_STEPS_MAX 64 /* then the loop's other sources have their turn */

struct bus_source {
    GSource source; /* first: GLib allocates it */
    struct softbus *bus;
    GMainLoop *loop; /* quit when the connection is lost */
    gpointer tag;
    short events;
    int error;
    unsigned long n_turns;
};

/* The values of G_IO_IN and G_IO_OUT are those of POLLIN and POLLOUT. */
static GIOCondition get_condition(const struct bus_source *source)
{
    return (GIOCondition)source->events;
}

/* Before each poll(). A change of events wakes the loop up, so only real ones are told. */
static gboolean bus_prepare(GSource *base, gint *ret_timeout_ms)
{
    struct bus_source *source = (struct bus_source *)base;
    short events = softbus_get_events(source->bus);

    source->n_turns++;
    if (events != source->events) {
        source->events = events;
        g_source_modify_unix_fd(base, source->tag, get_condition(source));
    }
    *ret_timeout_ms = softbus_get_timeout_ms(source->bus);
    return *ret_timeout_ms == 0;
}

/* After each poll(). */
static gboolean bus_check(GSource *base)
{
    struct bus_source *source = (struct bus_source *)base;

    return g_source_query_unix_fd(base, source->tag) != 0 || softbus_get_timeout_ms(source->bus) == 0;
}

/* What is left over makes bus_prepare() return TRUE. */
static gboolean bus_dispatch(GSource *base, GSourceFunc unused, gpointer data)
{
    struct bus_source *source = (struct bus_source *)base;
    int r = 1;

    (void)unused;
    (void)data;
    for (unsigned i = 0; r > 0 && i < BUS_STEPS_MAX; i++)
        r = softbus_process(source->bus);
    if (r >= 0)
        return G_SOURCE_CONTINUE;
    source->error = r;
    g_main_loop_quit(source->loop);
    return G_SOURCE_REMOVE;
}

/* gives; ends with g_source_destroy() and g_source_unref(), before the bus is closed. */
static struct bus_source *bus_source_new(struct softbus *bus, GMainLoop *loop)
{
    static GSourceFuncs functions = { .prepare = bus_prepare, .check = bus_check, .dispatch = bus_dispatch };
    GSource *base = g_source_new(&functions, sizeof(struct bus_source));
    struct bus_source *source = (struct bus_source *)base;

    source->bus = bus;
    source->loop = loop;
    source->events = softbus_get_events(bus);
    source->tag = g_source_add_unix_fd(base, softbus_get_fd(bus), get_condition(source));
    g_source_attach(base, g_main_loop_get_context(loop));
    return source;
}

static gboolean on_tick(gpointer userdata)
{
    counter_tick(userdata);
    return G_SOURCE_CONTINUE;
}

static gboolean on_signal(gpointer userdata)
{
    g_main_loop_quit(userdata);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    static struct counter counter;
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    unsigned long n_turns = 0;
    int r = counter_open(&counter, argc, argv);

    if (r == 0) {
        struct bus_source *source = bus_source_new(counter.bus, loop);

        g_timeout_add(counter.tick_ms, on_tick, &counter);
        g_unix_signal_add(SIGINT, on_signal, loop);
        g_unix_signal_add(SIGTERM, on_signal, loop);
        g_main_loop_run(loop);
        r = source->error;
        n_turns = source->n_turns;
        g_source_destroy(&source->source);
        g_source_unref(&source->source);
    }
    g_main_loop_unref(loop);
    return counter_close(&counter, r, n_turns);
}
