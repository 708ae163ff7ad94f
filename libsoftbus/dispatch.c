/*
 * What is run, and in which order: urgent jobs, then messages in the order of their arrival, in turn with the other jobs.
 * Where nothing may run (too deep, or in a quiet wait) only replies to those who wait on the stack are taken; everything else is put
 * aside in bus->kept and comes before what arrives later.
 */
#include "libsoftbus/dispatch.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/call.h"
#include "libsoftbus/io.h"
#include "libsoftbus/object.h"
#include "libsoftbus/serve.h"
#include "softbus/error.h"

#define BUSY_TURNS 32 /* without a pause, then the socket and the clock are looked at */

static int take_cancel(struct softbus *bus, struct sb_buf *from, size_t size, struct wire_bytes body)
{
    uint64_t id;

    if (wire_cancel_decode(body, &id) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    sb_buf_consume(from, size);
    softbus_serve_cancel(bus, id);
    return 0;
}

static int take_release(struct softbus *bus, struct sb_buf *from, size_t size, struct wire_bytes body)
{
    struct wire_release release;

    if (wire_release_decode(body, &release) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    sb_buf_consume(from, size);
    return softbus_object_release(bus, &release);
}

static int take_death(struct softbus *bus, struct sb_buf *from, size_t size, struct wire_bytes body)
{
    struct wire_death_msg death;

    if (wire_death_decode(body, &death) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    sb_buf_consume(from, size);
    softbus_death_run(bus, &death);
    return 0;
}

static int take_refused(struct softbus *bus, struct sb_buf *from, size_t size, struct wire_bytes body)
{
    struct wire_refused refused;
    struct softbus_object *object;
    uint64_t old_trace;

    if (wire_refused_decode(body, &refused) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    sb_buf_consume(from, size);
    if (!bus->refused)
        return 0;
    if (refused.id) {
        object = sb_idtab_find(&bus->stubs, refused.object);
    } else {
        struct sb_map_entry *entry = sb_map_find(&bus->proxies, &refused.object, sizeof(refused.object));

        object = entry ? SB_CONTAINER_OF(entry, struct softbus_object, entry) : NULL;
    }
    softbus_object_ref(object);
    old_trace = softbus_bus_enter(bus, 0);
    bus->refused(bus->refused_userdata, object, refused.status);
    softbus_bus_leave(bus, old_trace);
    softbus_object_unref(object);
    return 0;
}

/* Takes the message off the head of `from` and does what it says. */
static int take(struct softbus *bus, struct sb_buf *from, size_t size, const struct wire_msg *message)
{
    switch (message->type) {
    case WIRE_CALL:
        return softbus_serve_take_call(bus, from, size, message->body);
    case WIRE_REPLY:
        return softbus_call_take_reply(bus, from, size, message->body);
    case WIRE_CANCEL:
        return take_cancel(bus, from, size, message->body);
    case WIRE_RELEASE:
        return take_release(bus, from, size, message->body);
    case WIRE_DEATH:
        return take_death(bus, from, size, message->body);
    case WIRE_REFUSED:
        return take_refused(bus, from, size, message->body);
    default:
        return SOFTBUS_ERR_PROTOCOL;
    }
}

/* Where nothing may run: replies to those who wait are taken, two-way calls refused when it is too deep, the rest kept. */
static int put_aside(struct softbus *bus, size_t size, const struct wire_msg *message)
{
    uint64_t id;

    if (message->type == WIRE_REPLY && softbus_call_is_sync_reply(bus, message->body))
        return softbus_call_take_reply(bus, &bus->in, size, message->body);
    if (message->type == WIRE_CALL && bus->depth >= SOFTBUS_DEPTH_MAX && message->body.size >= 8 &&
        wire_load_u64(message->body.data) != 0)
        return softbus_serve_refuse_call(bus, &bus->in, size, message->body);
    if (message->type == WIRE_CANCEL && wire_cancel_decode(message->body, &id) == 0 && softbus_serve_cancel(bus, id)) {
        sb_buf_consume(&bus->in, size);
        return 0;
    }
    if (sb_buf_append(&bus->kept, sb_buf_bytes(&bus->in), size) < 0)
        return SOFTBUS_ERR_NO_MEMORY;
    sb_buf_consume(&bus->in, size);
    return 0;
}

static bool may_run(const struct softbus *bus)
{
    return bus->depth < SOFTBUS_DEPTH_MAX && bus->n_quiet == 0;
}

/* As softbus_dispatch(), messages only. */
static int dispatch_message(struct softbus *bus)
{
    bool runs = may_run(bus);
    struct sb_buf *from = runs && bus->kept.length > 0 ? &bus->kept : &bus->in;
    struct wire_msg message;
    size_t size;
    int r = wire_msg_scan(sb_buf_bytes(from), from->length, WIRE_MSG_MAX, &message, &size);

    if (from == &bus->in)
        bus->in_needed = size;
    if (r == 0)
        return 0;
    if (r < 0 || message.n_fds > 0)
        return softbus_bus_fail(bus, SOFTBUS_ERR_PROTOCOL);
    r = runs ? take(bus, from, size, &message) : put_aside(bus, size, &message);
    return r < 0 ? softbus_bus_fail(bus, r) : 1;
}

static int run_job(struct softbus *bus, struct sb_list *list)
{
    struct sb_list *link = sb_list_first(list);
    struct softbus_job *job;

    if (!link)
        return 0;
    sb_list_remove(link);
    job = SB_CONTAINER_OF(link, struct softbus_job, link);
    job->run(bus, job);
    return 1;
}

int softbus_dispatch_job(struct softbus *bus)
{
    return run_job(bus, &bus->jobs);
}

static int dispatch_one(struct softbus *bus)
{
    int r;

    if (!may_run(bus))
        return bus->error ? bus->error : dispatch_message(bus);
    if (run_job(bus, &bus->urgent))
        return 1;
    bus->is_job_turn = !bus->is_job_turn;
    if (bus->is_job_turn && run_job(bus, &bus->jobs))
        return 1;
    r = bus->error ? 0 : dispatch_message(bus);
    /* Jobs that make jobs, as one-way calls of an own stub may, must not keep us from the socket for ever. */
    if (r == 0 && !bus->error && softbus_dispatch_is_long(bus) && softbus_io_wait(bus, 0) > 0)
        r = dispatch_message(bus);
    if (r == 0)
        r = run_job(bus, &bus->jobs);
    return r == 0 && bus->error ? bus->error : r;
}

int softbus_dispatch(struct softbus *bus)
{
    int r = dispatch_one(bus);

    bus->n_busy = r > 0 ? bus->n_busy + 1 : 0;
    return r;
}

bool softbus_dispatch_is_long(const struct softbus *bus)
{
    return bus->n_busy % BUSY_TURNS == BUSY_TURNS - 1;
}

int softbus_dispatch_is_due(const struct softbus *bus)
{
    struct wire_msg message;
    size_t size;

    return !sb_list_is_empty(&bus->urgent) || !sb_list_is_empty(&bus->jobs) || bus->kept.length > 0 ||
           wire_msg_scan(sb_buf_bytes(&bus->in), bus->in.length, WIRE_MSG_MAX, &message, &size) != 0;
}
