/* Opening, closing and driving a connection; see bus.h. */
#include "libsoftbus/bus.h"

#include "libsoftbus/call.h"
#include "libsoftbus/dispatch.h"
#include "libsoftbus/io.h"
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "libsoftbus/serve.h"
#include "libsoftbus/watch.h"
#include "base/clock.h"
#include "softbus/error.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SOFTBUS_RUNSTATEDIR
#define SOFTBUS_RUNSTATEDIR "/run"
#endif
#define SOCKET_BELOW "/softbus/softbusd.sock"

#define OUT_MAX_BYTES (64u << 20)  /* replies and releases are queued up to here */
#define KEPT_MAX_BYTES (64u << 20) /* io.c stops receiving long before */
#define PARCELS_KEPT_MAX 8
#define KEPT_BYTES (256 * 1024) /* memory that a parcel and the receive buffer keep between two uses: a local transaction */
#define LAST_WORDS_MS 1000            /* close waits this long for the hub to take what was sent */

struct softbus *softbus_bus_ref(struct softbus *bus)
{
    bus->n_refs++;
    return bus;
}

static void free_parcels(struct softbus *bus)
{
    while (bus->parcels) {
        struct softbus_parcel *parcel = bus->parcels;

        bus->parcels = parcel->next;
        softbus_parcel_free(parcel);
    }
}

void softbus_bus_unref(struct softbus *bus)
{
    if (--bus->n_refs > 0)
        return;
    free_parcels(bus);
    softbus_serve_free_stock(bus);
    free(bus);
}

int softbus_bus_fail(struct softbus *bus, int error)
{
    if (bus->error)
        return bus->error;
    bus->error = error == SOFTBUS_ERR_PROTOCOL ? error : SOFTBUS_ERR_DISCONNECTED;
    shutdown(bus->fd, SHUT_RDWR);
    sb_buf_deinit(&bus->out);
    softbus_call_end_all(bus, SOFTBUS_ERR_DISCONNECTED);
    return bus->error;
}

void softbus_bus_add_job(struct softbus *bus, struct softbus_job *job)
{
    sb_list_append(&bus->jobs, &job->link);
}

struct softbus_parcel *softbus_bus_take_parcel(struct softbus *bus, size_t capacity)
{
    struct softbus_parcel *parcel = bus->parcels;

    if (!parcel)
        return softbus_parcel_new(capacity, &parcel) < 0 ? NULL : parcel;
    bus->parcels = parcel->next;
    bus->n_parcels--;
    parcel->capacity = parcel->buf.max = capacity ? capacity : SOFTBUS_PARCEL_DEFAULT_CAPACITY;
    return parcel;
}

void softbus_bus_give_parcel(struct softbus *bus, struct softbus_parcel *parcel)
{
    if (!parcel)
        return;
    softbus_parcel_clear(parcel);
    if (bus->n_parcels >= PARCELS_KEPT_MAX) {
        softbus_parcel_free(parcel);
        return;
    }
    if (parcel->buf.capacity > KEPT_BYTES)
        sb_buf_deinit(&parcel->buf);
    parcel->next = bus->parcels;
    bus->parcels = parcel;
    bus->n_parcels++;
}

uint64_t softbus_bus_enter(struct softbus *bus, uint64_t trace)
{
    uint64_t old_trace = bus->trace;

    bus->depth++;
    bus->trace = trace;
    return old_trace;
}

void softbus_bus_leave(struct softbus *bus, uint64_t old_trace)
{
    bus->depth--;
    bus->trace = old_trace;
}

/* Opening. */

static struct softbus *new_bus(int fd)
{
    struct softbus *bus = calloc(1, sizeof(*bus));

    if (!bus)
        return NULL;
    bus->n_refs = 1;
    bus->fd = fd;
    bus->next_deadline_ms = UINT64_MAX;
    sb_buf_init(&bus->in, WIRE_MSG_MAX + 64 * 1024);
    bus->in.keep = KEPT_BYTES;
    sb_buf_init(&bus->out, OUT_MAX_BYTES);
    sb_buf_init(&bus->kept, KEPT_MAX_BYTES);
    sb_buf_init(&bus->head, WIRE_HEADER_SIZE + WIRE_HEAD_MAX);
    sb_idtab_init(&bus->stubs, &bus->random, SOFTBUS_STUBS_MAX);
    sb_idtab_init(&bus->calls, &bus->random, SOFTBUS_CALLS_MAX);
    sb_map_init(&bus->proxies, &bus->random, softbus_object_has_handle);
    sb_list_init(&bus->asyncs);
    sb_list_init(&bus->jobs);
    sb_list_init(&bus->urgent);
    sb_list_init(&bus->transactions);
    sb_list_init(&bus->links);
    sb_list_init(&bus->watches);
    bus->pid = getpid();
    bus->uid = geteuid(); /* as SO_PEERCRED has it on the other side */
    bus->gid = getegid();
    return bus;
}

static int send_hello(struct softbus *bus, const char *name)
{
    struct wire_hello hello = { .version_min = WIRE_VERSION_MIN, .version_max = WIRE_VERSION_MAX,
                                .name = { .text = name, .size = strlen(name) } };

    return wire_hello_encode(&bus->head, &hello) < 0 ? SOFTBUS_ERR_NO_MEMORY : softbus_io_send(bus, NULL, 0);
}

static int take_welcome(struct softbus *bus, size_t size, const struct wire_msg *message)
{
    struct wire_welcome welcome;

    if (message->type != WIRE_WELCOME || wire_welcome_decode(message->body, &welcome) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    if (welcome.version == 0)
        return SOFTBUS_ERR_VERSION;
    if (welcome.version < WIRE_VERSION_MIN || welcome.version > WIRE_VERSION_MAX)
        return SOFTBUS_ERR_PROTOCOL;
    bus->version = welcome.version;
    bus->device_id = welcome.device;
    wire_devid_format(&welcome.device, bus->device);
    memcpy(bus->device_name, welcome.device_name.text, welcome.device_name.size + 1);
    sb_buf_consume(&bus->in, size);
    return 0;
}

/* HELLO and WELCOME. A hub that closes without a word does not want this process. */
static int greet(struct softbus *bus, const char *name)
{
    uint64_t due_ms = sb_clock_now_ms() + SOFTBUS_DEFAULT_TIMEOUT_MS, now_ms;
    struct wire_msg message;
    size_t size;
    int r = send_hello(bus, name);

    if (r == SOFTBUS_ERR_NO_MEMORY)
        return r;
    for (;;) {
        r = wire_msg_scan(sb_buf_bytes(&bus->in), bus->in.length, WIRE_MSG_MAX, &message, &size);
        if (r != 0)
            return r < 0 ? SOFTBUS_ERR_PROTOCOL : take_welcome(bus, size, &message);
        now_ms = sb_clock_now_ms();
        if (now_ms >= due_ms)
            return SOFTBUS_ERR_TIMEOUT;
        r = softbus_io_wait(bus, sb_clock_until_ms(now_ms, due_ms));
        if (r < 0 && r != -EINTR)
            return r == SOFTBUS_ERR_DISCONNECTED ? SOFTBUS_ERR_DENIED : r;
    }
}

int softbus_bus_open_fd(int fd, const char *name, struct softbus **ret_bus)
{
    struct softbus *bus;
    int r;

    bus = new_bus(fd);
    if (!bus) {
        close(fd);
        return SOFTBUS_ERR_NO_MEMORY;
    }
    softbus_io_prepare(fd);
    r = greet(bus, name);
    if (r < 0) {
        softbus_close(bus);
        return r;
    }
    *ret_bus = bus;
    return 0;
}

/* The socket to use; buffer is for names that are put together. NULL: too long. */
static const char *choose_path(char *buffer, size_t size)
{
    const char *path = secure_getenv("SOFTBUS_SOCKET"), *folder = secure_getenv("XDG_RUNTIME_DIR");
    int n;

    if (path && *path)
        return path;
    if (folder && *folder) {
        n = snprintf(buffer, size, "%s%s", folder, SOCKET_BELOW);
        if (n > 0 && (size_t)n < size && access(buffer, F_OK) == 0)
            return buffer;
    }
    return SOFTBUS_RUNSTATEDIR SOCKET_BELOW;
}

int softbus_open(const char *socket_path, const char *name, struct softbus **ret_bus)
{
    char buffer[4096];
    int fd, r;

    if (!name || strlen(name) > WIRE_NAME_MAX || !wire_text_is_valid(name, strlen(name)))
        return SOFTBUS_ERR_INVALID;
    r = softbus_io_connect(socket_path ? socket_path : choose_path(buffer, sizeof(buffer)), &fd);
    return r < 0 ? r : softbus_bus_open_fd(fd, name, ret_bus);
}

/* Closing. */

/* What was accepted is sent, if the hub takes it within a while. */
static void send_last_words(struct softbus *bus)
{
    uint64_t due_ms = sb_clock_now_ms() + LAST_WORDS_MS, now_ms;

    while (!bus->error && bus->out.length > 0 && (now_ms = sb_clock_now_ms()) < due_ms) {
        struct pollfd poll_fd = { .fd = bus->fd, .events = POLLOUT };

        if (poll(&poll_fd, 1, sb_clock_until_ms(now_ms, due_ms)) > 0)
            softbus_io_flush(bus);
    }
}

static void drop_jobs(struct softbus *bus, struct sb_list *list)
{
    struct sb_list *link;

    while ((link = sb_list_first(list))) {
        struct softbus_job *job = SB_CONTAINER_OF(link, struct softbus_job, link);

        sb_list_remove(link);
        job->drop(bus, job);
    }
}

void softbus_close(struct softbus *bus)
{
    if (!bus)
        return;
    send_last_words(bus);
    softbus_bus_fail(bus, SOFTBUS_ERR_DISCONNECTED);
    if (bus->depth > 0) /* forbidden: what is on the stack still uses it */
        return;
    /* Functions that run now may hand in watches and links. */
    drop_jobs(bus, &bus->urgent);
    drop_jobs(bus, &bus->jobs);
    softbus_watch_free_all(bus);
    softbus_death_drop_all(bus);
    softbus_object_detach_all(bus);
    sb_idtab_deinit(&bus->calls);
    close(bus->fd);
    bus->fd = -1;
    sb_buf_deinit(&bus->in);
    sb_buf_deinit(&bus->out);
    sb_buf_deinit(&bus->kept);
    sb_buf_deinit(&bus->head);
    softbus_bus_unref(bus);
}

/* Driving. */

int softbus_get_fd(const struct softbus *bus)
{
    return bus->fd;
}

short softbus_get_events(const struct softbus *bus)
{
    return (short)(POLLIN | (bus->out.length > 0 ? POLLOUT : 0));
}

int softbus_get_timeout_ms(const struct softbus *bus)
{
    if (softbus_dispatch_is_due(bus))
        return 0;
    if (bus->next_deadline_ms == UINT64_MAX)
        return -1;
    return sb_clock_until_ms(sb_clock_now_ms(), bus->next_deadline_ms);
}

/* Runs what is there. 1, 0, or an error. */
static int process_present(struct softbus *bus)
{
    int r = softbus_dispatch(bus);

    if (bus->next_deadline_ms != UINT64_MAX && (r == 0 || softbus_dispatch_is_long(bus)) &&
        softbus_call_expire(bus, sb_clock_now_ms()) && r == 0)
        r = softbus_dispatch(bus);
    return r == SOFTBUS_ERR_NO_MEMORY ? SOFTBUS_ERR_DISCONNECTED : r;
}

int softbus_process(struct softbus *bus)
{
    int r;

    if (!bus->error)
        softbus_io_flush(bus);
    for (;;) {
        r = process_present(bus);
        if (r != 0)
            return r;
        if (softbus_io_wait(bus, 0) == 0)
            return 0;
    }
}

/* Waits until due_ms (UINT64_MAX: without end) and processes. -EINTR: a signal came first. */
static int wait_until(struct softbus *bus, uint64_t due_ms)
{
    for (;;) {
        uint64_t now_ms = 0, until_ms;
        int r = process_present(bus);

        if (r != 0)
            return r;
        until_ms = due_ms < bus->next_deadline_ms ? due_ms : bus->next_deadline_ms;
        if (until_ms != UINT64_MAX)
            now_ms = sb_clock_now_ms();
        if (now_ms >= due_ms)
            return 0;
        r = softbus_io_wait(bus, until_ms == UINT64_MAX ? -1 : sb_clock_until_ms(now_ms, until_ms));
        if (r == -EINTR)
            return r;
    }
}

int softbus_wait(struct softbus *bus, uint32_t timeout_ms)
{
    int r;

    if (timeout_ms == 0)
        return softbus_process(bus);
    r = wait_until(bus, timeout_ms == UINT32_MAX ? UINT64_MAX : sb_clock_now_ms() + timeout_ms);
    return r == -EINTR ? 0 : r;
}

int softbus_run(struct softbus *bus)
{
    int r = 0;

    while (!bus->is_stopped && (r >= 0 || r == -EINTR))
        r = wait_until(bus, UINT64_MAX);
    if (!bus->is_stopped)
        return r;
    bus->is_stopped = false;
    return 0;
}

void softbus_stop(struct softbus *bus)
{
    bus->is_stopped = true;
}

const char *softbus_get_device(const struct softbus *bus)
{
    return bus->device;
}

const char *softbus_get_device_name(const struct softbus *bus)
{
    return bus->device_name;
}

void softbus_set_refused_fn(struct softbus *bus, softbus_refused_fn fn, void *userdata)
{
    bus->refused = fn;
    bus->refused_userdata = userdata;
}
