/* Calls that this process makes; see call.h. The life of one: prepare, send, wait (or not), take_reply. */
#include "libsoftbus/call.h"

#include "libsoftbus/dispatch.h"
#include "libsoftbus/io.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/serve.h"
#include "base/clock.h"
#include "softbus/error.h"
#include "wire/hub.h"
#include "wire/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is to be sent. */
struct outgoing {
    struct softbus *bus;
    uint64_t id, target, trace;
    uint32_t code, deadline_ms;
    const struct softbus_parcel *request; /* NULL: empty */
};

static bool is_code(uint32_t code)
{
    return (code >= 1 && code <= SOFTBUS_CODE_MAX) || code == SOFTBUS_CODE_PING || code == SOFTBUS_CODE_INTERFACE ||
           code == SOFTBUS_CODE_DUMP;
}

/* Whether the object can be called with this; nothing is sent when not. */
static int check_call(const struct softbus_object *object, uint32_t code, const struct softbus_parcel *request)
{
    int r;

    if (!is_code(code))
        return SOFTBUS_ERR_INVALID;
    if (object->bus->error)
        return SOFTBUS_ERR_DISCONNECTED;
    if (object->is_dead)
        return SOFTBUS_ERR_DEAD_OBJECT;
    if (!request)
        return 0;
    if (request->n_objects && request->objects[0]->bus != object->bus)
        return SOFTBUS_ERR_INVALID;
    r = wire_rules_check_size(request->buf.length, object->is_remote);
    if (r == WIRE_OK && !object->is_stub)
        r = softbus_object_check_pass(request, object);
    return r;
}

/* 0: the hub will get it. Any error: it will not. */
static int send_call(const struct outgoing *out)
{
    struct softbus *bus = out->bus;
    struct wire_call call = { .id = out->id, .target = out->target, .code = out->code, .deadline_ms = out->deadline_ms,
                              .flags = out->id ? 0 : WIRE_CALL_ONEWAY, .trace = out->trace };
    int r = 0;

    bus->objects_out.n = 0;
    if (out->request) {
        call.data = (struct wire_bytes){ .data = sb_buf_bytes(&out->request->buf), .size = out->request->buf.length };
        r = softbus_object_export(bus, out->request, &bus->objects_out);
    }
    if (r < 0)
        return r;
    bus->head.length = 0;
    if (wire_call_encode_head(&bus->head, &call, &bus->objects_out) < 0)
        return SOFTBUS_ERR_NO_MEMORY;
    r = softbus_io_send(bus, call.data.data, call.data.size);
    if (r == 0 && out->request)
        softbus_object_count_sent(out->request);
    return r;
}

static int add_pending(struct softbus *bus, struct softbus_pending *pending)
{
    int r = sb_idtab_add(&bus->calls, pending, &pending->id);

    if (r < 0)
        return r == -ENOSPC ? SOFTBUS_ERR_LIMIT : SOFTBUS_ERR_NO_MEMORY;
    return 0;
}

/* CANCEL is a courtesy: when it cannot be sent, the reply is dropped as it comes. */
static void send_cancel(struct softbus *bus, uint64_t id)
{
    bus->head.length = 0;
    if (!bus->error && wire_cancel_encode(&bus->head, id) == 0)
        softbus_io_send(bus, NULL, 0);
}

/* Until the call is done or its deadline is here; what comes meanwhile is run. */
static int wait_done(struct softbus *bus, struct softbus_pending *pending, uint64_t deadline_ms)
{
    uint64_t now_ms, due_ms;
    int r;

    while (!pending->is_done) {
        r = softbus_dispatch(bus);
        if (pending->is_done || (r > 0 && !softbus_dispatch_is_long(bus)))
            continue;
        if (r < 0)
            return SOFTBUS_ERR_DISCONNECTED;
        now_ms = sb_clock_now_ms();
        if (softbus_call_expire(bus, now_ms))
            continue;
        if (now_ms >= deadline_ms)
            return SOFTBUS_ERR_TIMEOUT;
        if (r > 0)
            continue;
        due_ms = deadline_ms < bus->next_deadline_ms ? deadline_ms : bus->next_deadline_ms;
        softbus_io_wait(bus, sb_clock_until_ms(now_ms, due_ms)); /* its failure shows in the next turn */
    }
    return pending->status;
}

/* Sends the call and waits; `out` lacks only its id, trace and deadline. */
static int call_and_wait(struct outgoing *out, struct softbus_parcel *reply, uint32_t timeout_ms)
{
    struct softbus *bus = out->bus;
    struct softbus_pending pending = { .reply = reply };
    uint64_t deadline_ms;
    int r;

    if (timeout_ms == 0)
        timeout_ms = SOFTBUS_DEFAULT_TIMEOUT_MS;
    deadline_ms = sb_clock_now_ms() + timeout_ms;
    r = softbus_io_wait_room(bus, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms);
    if (r == 0)
        r = add_pending(bus, &pending);
    if (r < 0)
        return r;
    out->id = pending.id;
    out->deadline_ms = timeout_ms;
    out->trace = bus->trace ? bus->trace : sb_random_u64(&bus->random);
    r = send_call(out);
    if (r == 0) {
        r = wait_done(bus, &pending, deadline_ms);
        if (!pending.is_done)
            send_cancel(bus, pending.id);
    }
    if (!pending.is_done)
        sb_idtab_remove(&bus->calls, pending.id);
    return r;
}

int softbus_call(struct softbus_object *object, uint32_t code, struct softbus_parcel *request,
                 struct softbus_parcel *reply, uint32_t timeout_ms)
{
    struct outgoing out = { .bus = object->bus, .target = object->id, .code = code, .request = request };
    int r = check_call(object, code, request);

    if (r < 0) {
        if (reply)
            softbus_parcel_clear(reply);
        return r;
    }
    softbus_object_ref(object);
    if (object->is_stub) {
        r = softbus_serve_own(object, code, request, reply, timeout_ms);
    } else {
        r = call_and_wait(&out, reply, timeout_ms);
        /* DEAD_OBJECT may be said of an object in the request too. */
        if (r == SOFTBUS_ERR_DIED || (r == SOFTBUS_ERR_DEAD_OBJECT && !(request && request->n_objects)))
            object->is_dead = true;
    }
    if (r < 0 && reply)
        softbus_parcel_clear(reply);
    softbus_object_unref(object);
    return r;
}

int softbus_call_hub(struct softbus *bus, uint32_t code, struct softbus_parcel *request, struct softbus_parcel *reply,
                     uint32_t timeout_ms, enum softbus_hub_wait wait)
{
    struct outgoing out = { .bus = bus, .target = WIRE_HUB, .code = code, .request = request };
    int r;

    if (bus->error)
        return SOFTBUS_ERR_DISCONNECTED;
    if (wait == SOFTBUS_HUB_QUIET)
        bus->n_quiet++;
    r = call_and_wait(&out, reply, timeout_ms);
    if (wait == SOFTBUS_HUB_QUIET)
        bus->n_quiet--;
    return r;
}

int softbus_call_oneway(struct softbus_object *object, uint32_t code, struct softbus_parcel *request)
{
    struct softbus *bus = object->bus;
    struct outgoing out = { .bus = bus, .target = object->id, .code = code, .request = request };
    int r = check_call(object, code, request);

    if (r < 0)
        return r;
    if (object->is_stub)
        return softbus_serve_own_later(object, code, request, 0, NULL);
    out.trace = bus->trace ? bus->trace : sb_random_u64(&bus->random);
    r = softbus_io_wait_room(bus, SOFTBUS_DEFAULT_TIMEOUT_MS);
    return r < 0 ? r : send_call(&out);
}

/* Asynchronous calls. */

static void free_pending(struct softbus *bus, struct softbus_pending *pending)
{
    softbus_bus_give_parcel(bus, pending->reply);
    softbus_object_unref(pending->object);
    free(pending);
}

void softbus_call_complete(struct softbus *bus, struct softbus_pending *pending)
{
    uint64_t old_trace = softbus_bus_enter(bus, pending->trace);

    if (pending->status == SOFTBUS_ERR_DIED)
        pending->object->is_dead = true;
    if (pending->fn)
        pending->fn(pending->userdata, pending->status, pending->status == 0 ? pending->reply : NULL);
    softbus_bus_leave(bus, old_trace);
    free_pending(bus, pending);
}

static void run_completion(struct softbus *bus, struct softbus_job *job)
{
    softbus_call_complete(bus, SB_CONTAINER_OF(job, struct softbus_pending, job));
}

/* Nobody will answer it any more: out of the tables. */
static void forget(struct softbus *bus, struct softbus_pending *pending, int status)
{
    sb_idtab_remove(&bus->calls, pending->id);
    sb_list_remove(&pending->link);
    if (sb_list_is_empty(&bus->asyncs))
        bus->next_deadline_ms = UINT64_MAX;
    pending->is_done = true;
    pending->status = status;
}

void softbus_call_end(struct softbus *bus, struct softbus_pending *pending, int status)
{
    forget(bus, pending, status);
    if (pending->local) {
        pending->local->is_canceled = true;
        pending->local->pending = NULL;
    }
    /* At close fn runs too, with what has become of the call. */
    pending->job = (struct softbus_job){ .run = run_completion, .drop = run_completion };
    softbus_bus_add_job(bus, &pending->job);
}

bool softbus_call_expire(struct softbus *bus, uint64_t now_ms)
{
    bool has_expired = false;

    if (now_ms < bus->next_deadline_ms)
        return false;
    bus->next_deadline_ms = UINT64_MAX;
    SB_LIST_FOREACH(link, &bus->asyncs) {
        struct softbus_pending *pending = SB_CONTAINER_OF(link, struct softbus_pending, link);

        if (pending->deadline_ms > now_ms) {
            if (pending->deadline_ms < bus->next_deadline_ms)
                bus->next_deadline_ms = pending->deadline_ms;
            continue;
        }
        has_expired = true;
        if (!pending->local)
            send_cancel(bus, pending->id);
        if (bus->error) /* the connection broke under the CANCEL, which has ended all calls */
            break;
        softbus_call_end(bus, pending, SOFTBUS_ERR_TIMEOUT);
    }
    return has_expired;
}

void softbus_call_end_all(struct softbus *bus, int status)
{
    struct sb_list *link;

    while ((link = sb_list_first(&bus->asyncs)))
        softbus_call_end(bus, SB_CONTAINER_OF(link, struct softbus_pending, link), status);
}

static int new_pending(struct softbus_object *object, struct softbus_pending **ret_pending)
{
    struct softbus *bus = object->bus;
    struct softbus_pending *pending = calloc(1, sizeof(*pending));
    int r;

    if (!pending)
        return SOFTBUS_ERR_NO_MEMORY;
    pending->is_async = true;
    sb_list_init(&pending->link);
    pending->reply = softbus_bus_take_parcel(bus, 0);
    r = pending->reply ? add_pending(bus, pending) : SOFTBUS_ERR_NO_MEMORY;
    if (r < 0) {
        softbus_bus_give_parcel(bus, pending->reply);
        free(pending);
        return r;
    }
    pending->object = softbus_object_ref(object);
    pending->trace = bus->trace ? bus->trace : sb_random_u64(&bus->random);
    *ret_pending = pending;
    return 0;
}

int softbus_call_async(struct softbus_object *object, uint32_t code, struct softbus_parcel *request,
                       uint32_t timeout_ms, softbus_reply_fn fn, void *userdata, uint64_t *ret_call)
{
    struct softbus *bus = object->bus;
    struct softbus_pending *pending = NULL;
    int r = check_call(object, code, request);

    if (r == 0)
        r = softbus_io_wait_room(bus, SOFTBUS_DEFAULT_TIMEOUT_MS);
    if (r == 0)
        r = new_pending(object, &pending);
    if (r < 0)
        return r;
    if (timeout_ms == 0)
        timeout_ms = SOFTBUS_DEFAULT_TIMEOUT_MS;
    pending->fn = fn;
    pending->userdata = userdata;
    pending->deadline_ms = sb_clock_now_ms() + timeout_ms;
    if (object->is_stub) {
        r = softbus_serve_own_later(object, code, request, timeout_ms, pending);
    } else {
        struct outgoing out = { .bus = bus, .id = pending->id, .target = object->id, .trace = pending->trace,
                                .code = code, .deadline_ms = timeout_ms, .request = request };

        r = send_call(&out);
    }
    if (r < 0) {
        sb_idtab_remove(&bus->calls, pending->id);
        free_pending(bus, pending);
        return r;
    }
    sb_list_append(&bus->asyncs, &pending->link);
    if (pending->deadline_ms < bus->next_deadline_ms)
        bus->next_deadline_ms = pending->deadline_ms;
    if (ret_call)
        *ret_call = pending->id;
    return 0;
}

int softbus_cancel(struct softbus *bus, uint64_t call)
{
    struct softbus_pending *pending = sb_idtab_find(&bus->calls, call);

    if (!pending || !pending->is_async)
        return SOFTBUS_ERR_INVALID;
    if (!pending->local)
        send_cancel(bus, call);
    /* When the connection broke under the CANCEL, that has ended the call already. */
    if (sb_idtab_find(&bus->calls, call))
        softbus_call_end(bus, pending, SOFTBUS_ERR_CANCELED);
    return 0;
}

/* Replies. */

bool softbus_call_is_sync_reply(const struct softbus *bus, struct wire_bytes body)
{
    const struct softbus_pending *pending =
        body.size < 8 ? NULL : sb_idtab_find(&bus->calls, wire_load_u64(body.data));

    return !pending || !pending->is_async;
}

int softbus_call_take_reply(struct softbus *bus, struct sb_buf *from, size_t size, struct wire_bytes body)
{
    struct softbus_parcel *nobodys = NULL, *parcel;
    struct softbus_pending *pending;
    struct wire_reply reply;
    int r = 0;

    if (wire_reply_decode(body, &reply, &bus->objects_in) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    pending = sb_idtab_find(&bus->calls, reply.id);
    parcel = pending ? pending->reply : NULL;
    if (!parcel && bus->objects_in.n > 0) { /* what nobody reads is given back by its parcel */
        parcel = nobodys = softbus_bus_take_parcel(bus, 0);
        if (!nobodys)
            return SOFTBUS_ERR_NO_MEMORY;
    }
    if (parcel && reply.status == 0) {
        r = softbus_parcel_load(parcel, reply.data.data, reply.data.size);
        if (r == 0)
            r = softbus_object_import(bus, &bus->objects_in, parcel);
    }
    sb_buf_consume(from, size);
    softbus_bus_give_parcel(bus, nobodys);
    if (r < 0 || !pending)
        return r;
    if (pending->is_async) {
        forget(bus, pending, reply.status);
        softbus_call_complete(bus, pending);
        return 0;
    }
    sb_idtab_remove(&bus->calls, pending->id);
    pending->status = reply.status;
    pending->is_done = true;
    return 0;
}

/* Built-in codes. */

int softbus_ping(struct softbus_object *object, uint32_t timeout_ms)
{
    return softbus_call(object, SOFTBUS_CODE_PING, NULL, NULL, timeout_ms);
}

static int call_for_text(struct softbus_object *object, uint32_t code, uint32_t timeout_ms, char **ret_text)
{
    struct softbus *bus = softbus_bus_ref(object->bus);
    struct softbus_parcel *reply = softbus_bus_take_parcel(bus, SOFTBUS_PARCEL_MAX_CAPACITY);
    const char *text;
    char *copy;
    int r = reply ? softbus_call(object, code, NULL, reply, timeout_ms) : SOFTBUS_ERR_NO_MEMORY;

    if (r == 0 && softbus_parcel_read_string(reply, &text) < 0)
        r = SOFTBUS_ERR_PROTOCOL;
    if (r == 0) {
        copy = strdup(text);
        if (copy)
            *ret_text = copy;
        else
            r = SOFTBUS_ERR_NO_MEMORY;
    }
    softbus_bus_give_parcel(bus, reply);
    softbus_bus_unref(bus);
    return r;
}

int softbus_get_interface(struct softbus_object *object, uint32_t timeout_ms, char **ret_descriptor)
{
    return call_for_text(object, SOFTBUS_CODE_INTERFACE, timeout_ms, ret_descriptor);
}

int softbus_dump(struct softbus_object *object, uint32_t timeout_ms, char **ret_text)
{
    return call_for_text(object, SOFTBUS_CODE_DUMP, timeout_ms, ret_text);
}
