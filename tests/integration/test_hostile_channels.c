/*
 * Hostile apps on direct channels: ends that never read, floods, forged numbers, malformed messages. The other end of the channel loses
 * the channel at most; its other callers, and everybody else, notice nothing.
 */
#include "softbus/pool.h"
#include "tests/integration/honest.h"
#include "tests/integration/kit.h"
#include "tests/integration/raw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define VICTIM "hostile.victim"
#define CONFIG "[discovery]\nmdns = no\n[limits]\napp_stall_seconds = 1\napp_queue_bytes = 1000000\n"
#define MIB (1024 * 1024)
/* What a victim may grow by: calls that wait (4 MiB), answers that wait (1 MiB, in a buffer that doubles), and what an allocator with an
 * arena for each thread keeps of both. Without bounds it would be 64 MiB and more. */
#define VICTIM_MAX (40 * MIB)

static struct lab_device *get_device(struct lab *lab)
{
    return lab_get_device(lab, 0);
}

static void start_device(struct lab *lab)
{
    lab_device_add(lab, "a", CONFIG);
}

static void fill_parcel(uint8_t *data, size_t size)
{
    memset(data, 0, size);
    data[0] = WIRE_TAG_BYTES;
    wire_store_u32(data + 1, (uint32_t)(size - 5));
}

/* Until there is a channel to it from this process: more calls than it takes, through the hub at first. */
static void warm_up(struct lab *lab, struct softbus_object *object)
{
    for (unsigned i = 0; i < 8; i++)
        LAB_OK(lab, kit_echo(lab, object, 10, 0));
}

/* --- a server that never reads --- */

struct tally {
    unsigned n_done, n_died, n_again, n_started;
};

static void on_reply(void *userdata, int error, struct softbus_parcel *reply)
{
    struct tally *tally = userdata;
    (void)reply;
    tally->n_done++;
    tally->n_died += error == SOFTBUS_ERR_DIED || error == SOFTBUS_ERR_DEAD_OBJECT;
}

/* Answers what comes through the hub until it is asked for a channel. */
static struct raw_end serve_until_channel(struct lab *lab, struct raw *raw, struct softbus_object *object, struct tally *tally)
{
    for (unsigned i = 0; i < 3; i++) {
        LAB_OK(lab, softbus_call_async(object, 1, NULL, 10000, on_reply, tally, NULL));
        tally->n_started++;
        struct wire_objects objects;
        struct wire_call call;
        LAB_EQUAL(lab, wire_call_decode(raw_wait(raw, WIRE_CALL), &call, &objects), 0);
        raw_send_reply(raw, call.id, 0, NULL, "", 0);
        LAB_UNTIL(lab, tally->n_done == tally->n_started);
    }
    return raw_open_server(raw);
}

static void test_server_never_reads(struct lab *lab)
{
    struct honest honest;
    honest_start(&honest, lab, get_device(lab));
    struct raw *raw = raw_open_with(lab, get_device(lab), "deaf", WIRE_FEATURE_CHANNELS);
    LAB_RESULT(lab, raw_add_service(raw, "hostile.deaf", 1, false), 0);
    struct softbus *bus = lab_bus_open(lab, get_device(lab), "caller");
    struct softbus_object *deaf = kit_get(lab, bus, NULL, "hostile.deaf");
    struct lab_app *other = kit_serve(lab, get_device(lab), "other", "hostile.other", 0);
    struct softbus_object *object = kit_get(lab, bus, NULL, "hostile.other");
    struct tally tally = { 0 };
    struct raw_end end = serve_until_channel(lab, raw, deaf, &tally);
    warm_up(lab, object); /* by then the route to the deaf one is known, too */
    struct softbus_parcel *request = kit_parcel(lab, 0);
    static const uint8_t data[100000];
    LAB_OK(lab, softbus_parcel_write_bytes(request, data, sizeof(data)));
    for (unsigned i = 0; i < 40; i++, tally.n_started++) /* not quite the 4 MiB that may be queued */
        LAB_OK(lab, softbus_call_async(deaf, 1, request, 60000, on_reply, &tally, NULL));
    int r = SOFTBUS_ERR_TIMEOUT;
    for (unsigned i = 0; i < 100 && r == SOFTBUS_ERR_TIMEOUT; i++)
        r = softbus_call(deaf, 1, request, NULL, 10);
    LAB_RESULT(lab, r, SOFTBUS_ERR_AGAIN);
    LAB_RESULT(lab, softbus_call(deaf, 1, request, NULL, 50), SOFTBUS_ERR_AGAIN);
    /* The caller's own calls to others go on, and the hub has none of it. */
    LAB_OK(lab, kit_echo(lab, object, 100000, 0));
    honest_go_on(&honest);
    raw_end_close(&end);
    raw_close(raw);
    LAB_UNTIL(lab, tally.n_done == tally.n_started);
    LAB_EQUAL(lab, tally.n_died, tally.n_started - 3);
    LAB_RESULT(lab, softbus_call(deaf, 1, NULL, NULL, 0), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_OK(lab, kit_echo(lab, object, 1000, 0));
    softbus_parcel_free(request);
    softbus_object_unref(deaf);
    softbus_object_unref(object);
    lab_bus_close(lab, bus);
    lab_app_discard(other);
    honest_check(&honest, 8 * MIB);
}

/* --- clients that never read their replies, or flood --- */

enum victim_code {
    VICTIM_ECHO = KIT_ECHO,
    VICTIM_WAIT = 100, /* one-way: says "waiting", and returns when the test says something */
    VICTIM_COUNT,      /* one-way: counts */
    VICTIM_COUNTED,    /* -> i32 how often, u32 descriptors open */
};

struct victim {
    struct lab_app *app;
    unsigned n_counted;
};

static int victim_handle(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                         struct softbus_parcel *reply)
{
    struct victim *victim = userdata;
    (void)transaction;
    switch (code) {
    case VICTIM_ECHO:
        return softbus_parcel_append(reply, request);
    case VICTIM_WAIT:
        lab_app_say(victim->app, "waiting");
        return lab_app_hear(victim->app) != NULL ? 0 : SOFTBUS_ERR_FAILED;
    case VICTIM_COUNT:
        victim->n_counted++;
        return 0;
    case VICTIM_COUNTED:
        return softbus_parcel_write_i32(reply, (int32_t)victim->n_counted);
    default:
        return 0;
    }
}

/* Two stubs: the first is what is attacked, the second must go on answering; with_pool: by four threads. */
static int run_victim(struct lab_app *app, struct softbus *bus, void *userdata)
{
    const bool *with_pool = userdata;
    struct victim victim = { .app = app };
    struct softbus_object *first, *second;
    if (softbus_stub_new(bus, KIT_DESCRIPTOR, victim_handle, &victim, &first) < 0 ||
        softbus_stub_new(bus, KIT_DESCRIPTOR, victim_handle, &victim, &second) < 0 ||
        softbus_service_add(bus, VICTIM, first, 0) < 0 || softbus_service_add(bus, VICTIM ".second", second, 0) < 0 ||
        (*with_pool && softbus_pool_start(bus, 4) < 0))
        return 1;
    lab_app_say(app, "ready");
    if (*with_pool)
        for (;;)
            pause();
    return softbus_run(bus) < 0 ? 2 : 0;
}

static struct lab_app *start_victim(struct lab *lab, bool with_pool)
{
    struct lab_app *app = lab_app_fork(lab, get_device(lab), "victim", run_victim, &with_pool);
    LAB_UNTIL(lab, lab_app_has_said(app, "ready"));
    return app;
}

static void end_victim(struct lab *lab, struct lab_app *app)
{
    LAB_CHECK(lab, lab_app_is_running(app));
    lab_app_kill(app);
    LAB_UNTIL(lab, !lab_app_is_running(app));
    LAB_EQUAL(lab, lab_app_get_status(app), 128 + 9);
}

static void check_memory(struct lab *lab, struct lab_app *app, uint64_t before, uint64_t max)
{
#ifndef __SANITIZE_ADDRESS__
    uint64_t now = honest_get_memory(lab, lab_app_get_pid(app), "VmHWM");
    if (now > before + max)
        lab_fail(lab, __FILE__, __LINE__, "the victim has used %llu bytes, after %llu before", (unsigned long long)now,
                 (unsigned long long)before);
#else
    (void)lab, (void)app, (void)before, (void)max;
#endif
}

/* Bytes of one message over and over; where it stands. */
struct stream {
    struct raw *raw;
    struct sb_buf message;
    size_t offset, n_whole;
};

static void stream_init(struct lab *lab, struct stream *stream, struct raw *raw, uint64_t target, uint64_t id, uint32_t code,
                        size_t size)
{
    static const struct wire_objects none;
    uint8_t *data = malloc(size);
    LAB_CHECK(lab, data != NULL);
    fill_parcel(data, size);
    struct wire_call call = { .id = id, .target = target, .code = code, .flags = id == 0 ? WIRE_CALL_ONEWAY : 0,
                              .deadline_ms = id == 0 ? 0 : 30000, .data = { data, size } };
    *stream = (struct stream){ .raw = raw };
    sb_buf_init(&stream->message, WIRE_MSG_MAX);
    LAB_EQUAL(lab, wire_call_encode_head(&stream->message, &call, &none), 0);
    LAB_EQUAL(lab, sb_buf_append(&stream->message, data, size), 0);
    free(data);
}

/* As much as the socket takes, but no more than so many messages. False: nothing. */
static bool stream_push(struct stream *stream, size_t n_max)
{
    bool has_moved = false;
    while (stream->n_whole < n_max) {
        const uint8_t *bytes = sb_buf_bytes(&stream->message);
        ssize_t n = send(stream->raw->fd, bytes + stream->offset, stream->message.length - stream->offset,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n <= 0)
            break;
        has_moved = true;
        stream->offset += (size_t)n;
        if (stream->offset == stream->message.length) {
            stream->offset = 0;
            stream->n_whole++;
        }
    }
    return has_moved;
}

/* Until the socket has taken nothing for a while in which others were served. */
static void stream_fill(struct lab *lab, struct stream *stream, struct softbus_object *second, size_t n_max)
{
    for (unsigned n_idle = 0; n_idle < 300; n_idle++) {
        if (stream_push(stream, n_max))
            n_idle = 0;
        LAB_OK(lab, kit_echo(lab, second, 1000, 0));
    }
}

static void check_replies_never_read(struct lab *lab, bool with_pool)
{
    enum { N_CALLS = 2000, SIZE = 100000 };
    struct honest honest;
    honest_start(&honest, lab, get_device(lab));
    struct lab_app *victim = start_victim(lab, with_pool);
    struct softbus *bus = lab_bus_open(lab, get_device(lab), "other client");
    struct softbus_object *second = kit_get(lab, bus, NULL, VICTIM ".second");
    struct raw *raw = raw_open_with(lab, get_device(lab), "hoarder", WIRE_FEATURE_CHANNELS);
    struct raw_end end = raw_open_client(raw, VICTIM, NULL);
    uint64_t before = honest_get_memory(lab, lab_app_get_pid(victim), "VmRSS");
    struct stream stream;
    stream_init(lab, &stream, end.channel, end.stub, 7, VICTIM_ECHO, SIZE);
    stream_fill(lab, &stream, second, N_CALLS);
    LAB_CHECK(lab, stream.n_whole < N_CALLS); /* it is not read any more */
    check_memory(lab, victim, before, VICTIM_MAX);
    /* Nothing was lost meanwhile: each call is answered as soon as the answers are read. */
    size_t n_replies = 0;
    struct wire_objects objects;
    struct wire_reply reply;
    for (size_t n_sent = stream.n_whole + 20; n_replies < n_sent; n_replies++) {
        stream_push(&stream, n_sent);
        LAB_EQUAL(lab, wire_reply_decode(raw_wait(end.channel, WIRE_REPLY), &reply, &objects), 0);
        LAB_EQUAL(lab, reply.status, 0);
        LAB_EQUAL(lab, reply.data.size, SIZE);
    }
    LAB_OK(lab, kit_echo(lab, second, 1000, 0));
    /* And once more, to go in the middle of it. */
    stream.n_whole = 0;
    stream_fill(lab, &stream, second, N_CALLS);
    raw_end_close(&end);
    raw_close(raw);
    LAB_OK(lab, kit_echo(lab, second, 1000, 0));
    check_memory(lab, victim, before, VICTIM_MAX);
    sb_buf_deinit(&stream.message);
    softbus_object_unref(second);
    lab_bus_close(lab, bus);
    end_victim(lab, victim);
    honest_check(&honest, 8 * MIB);
}

static void test_client_never_reads(struct lab *lab)
{
    check_replies_never_read(lab, false);
}

static void test_client_of_a_pool_never_reads(struct lab *lab)
{
    check_replies_never_read(lab, true);
}

/* One-way calls without end to a stub whose handler does not return. by_hub: not on a channel. */
static void check_flood(struct lab *lab, bool by_hub)
{
    enum { N_CALLS = 3000, SIZE = 100000 };
    struct honest honest;
    honest_start(&honest, lab, get_device(lab));
    struct lab_app *victim = start_victim(lab, true);
    struct softbus *bus = lab_bus_open(lab, get_device(lab), "other client");
    struct softbus_object *second = kit_get(lab, bus, NULL, VICTIM ".second");
    struct raw *raw = raw_open_with(lab, get_device(lab), "flooder", WIRE_FEATURE_CHANNELS);
    uint64_t handle;
    struct raw_end end = raw_open_client(raw, VICTIM, &handle);
    uint64_t before = honest_get_memory(lab, lab_app_get_pid(victim), "VmRSS");
    warm_up(lab, second);
    struct raw *way = by_hub ? raw : end.channel;
    raw_send_call(way, 0, by_hub ? handle : end.stub, VICTIM_WAIT, NULL, "", 0);
    LAB_UNTIL(lab, lab_app_has_said(victim, "waiting"));
    struct stream stream;
    stream_init(lab, &stream, way, by_hub ? handle : end.stub, 0, VICTIM_COUNT, SIZE);
    stream_fill(lab, &stream, second, N_CALLS);
    LAB_CHECK(lab, stream.n_whole < N_CALLS); /* what waits is bounded */
    check_memory(lab, victim, before, VICTIM_MAX);
    honest_go_on(&honest);
    lab_app_tell(victim, "go on");
    while (!by_hub && stream.offset > 0) { /* the rest of the last one, and a call behind it */
        stream_push(&stream, stream.n_whole + 1);
        lab_pump(lab, 1);
    }
    if (!by_hub) {
        raw_send_call(way, 9, end.stub, VICTIM_COUNTED, NULL, "", 0);
        LAB_RESULT(lab, raw_wait_reply(way, 9, NULL), 0);
    }
    LAB_OK(lab, kit_echo(lab, second, 1000, 0));
    sb_buf_deinit(&stream.message);
    raw_end_close(&end);
    raw_close(raw);
    softbus_object_unref(second);
    lab_bus_close(lab, bus);
    end_victim(lab, victim);
    honest_check(&honest, VICTIM_MAX);
}

static void test_flood_of_a_channel(struct lab *lab)
{
    check_flood(lab, false);
}

static void test_flood_through_the_hub(struct lab *lab)
{
    check_flood(lab, true);
}

/* A process with one thread that is kept busy reads nothing; its other callers are told so, or wait. Then it answers all of them. */
static void test_flood_of_one_thread(struct lab *lab)
{
    enum { N_CALLS = 20000, SIZE = 1000 };
    struct honest honest;
    honest_start(&honest, lab, get_device(lab));
    struct lab_app *victim = start_victim(lab, false);
    struct softbus *bus = lab_bus_open(lab, get_device(lab), "other client");
    struct softbus_object *second = kit_get(lab, bus, NULL, VICTIM ".second");
    struct raw *raw = raw_open_with(lab, get_device(lab), "flooder", WIRE_FEATURE_CHANNELS);
    struct raw_end end = raw_open_client(raw, VICTIM, NULL);
    struct stream stream;
    stream_init(lab, &stream, end.channel, end.stub, 0, VICTIM_COUNT, SIZE);
    warm_up(lab, second);
    raw_send_call(end.channel, 0, end.stub, VICTIM_WAIT, NULL, "", 0);
    LAB_UNTIL(lab, lab_app_has_said(victim, "waiting"));
    while (stream_push(&stream, N_CALLS))
        ;
    LAB_RESULT(lab, softbus_call(second, VICTIM_ECHO, NULL, NULL, 50), SOFTBUS_ERR_TIMEOUT);
    lab_app_tell(victim, "go on");
    /* In the flood, everybody's calls have their turn. */
    while (stream.n_whole < N_CALLS) {
        stream_push(&stream, N_CALLS);
        LAB_OK(lab, kit_echo(lab, second, 1000, 0));
    }
    raw_send_call(end.channel, 9, end.stub, VICTIM_COUNTED, NULL, "", 0);
    struct wire_objects objects;
    struct wire_reply reply;
    LAB_EQUAL(lab, wire_reply_decode(raw_wait(end.channel, WIRE_REPLY), &reply, &objects), 0);
    LAB_EQUAL(lab, reply.data.size, 5);
    LAB_EQUAL(lab, wire_load_u32(reply.data.data + 1), N_CALLS);
    sb_buf_deinit(&stream.message);
    raw_end_close(&end);
    raw_close(raw);
    softbus_object_unref(second);
    lab_bus_close(lab, bus);
    end_victim(lab, victim);
    honest_check(&honest, 8 * MIB);
}

static void test_daemon_is_whole(struct lab *lab)
{
    lab_device_check_empty(get_device(lab));
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device", start_device);
    lab_test(lab, "a server that never reads its channel", test_server_never_reads);
    lab_test(lab, "a client that never reads its replies", test_client_never_reads);
    lab_test(lab, "a client that never reads a pool's replies", test_client_of_a_pool_never_reads);
    lab_test(lab, "a flood of one-way calls to one thread", test_flood_of_one_thread);
    lab_test(lab, "a flood of one-way calls on a channel to a pool", test_flood_of_a_channel);
    lab_test(lab, "a flood of one-way calls through the hub to a pool", test_flood_through_the_hub);
    lab_test(lab, "the daemon is whole", test_daemon_is_whole);
    return lab_leave(lab);
}
