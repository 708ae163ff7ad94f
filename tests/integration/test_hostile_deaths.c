/*
 * Apps that die at any point of what they do: killed while they call over the hub and over channels, with objects and descriptors, and
 * closed behind every single byte of a valid sequence of messages. Nothing of them stays, and nobody else notices.
 */
#include "softbus/pool.h"
#include "tests/integration/honest.h"
#include "tests/integration/kit.h"
#include "tests/integration/raw.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VICTIM "deaths.victim"
#define MIB (1024 * 1024)
#define N_KILLS 300

static void start_device(struct lab *lab)
{
    lab_device_add(lab, "a", "[discovery]\nmdns = no\n[limits]\napp_stall_seconds = 1\n");
}

static uint32_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

/* --- killed --- */

/* One call of a random kind: plain, one-way, with an object, with a descriptor, with both, to the hub. Its result does not matter. */
static void call_anything(struct softbus *bus, struct softbus_object *object, struct softbus_object *stub, uint32_t kind)
{
    struct softbus_parcel *request, *reply;
    struct softbus_object *found = NULL;
    if (softbus_parcel_new(0, &request) < 0 || softbus_parcel_new(0, &reply) < 0)
        _exit(1);
    static const uint8_t data[100000];
    (void)softbus_parcel_write_bytes(request, data, kind % 7 == 0 ? sizeof(data) : 10);
    if (kind & 8)
        (void)softbus_parcel_write_object(request, stub);
    if (kind & 16)
        (void)softbus_parcel_write_fd(request, 3);
    if (kind % 5 == 0)
        (void)softbus_call_oneway(object, 1, request);
    else if (kind % 11 == 0)
        (void)softbus_service_get(bus, NULL, VICTIM, 100, &found);
    else
        (void)softbus_call(object, 1, request, reply, 100);
    softbus_object_unref(found);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
}

static int answer(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    (void)userdata, (void)transaction, (void)code;
    return reply != NULL ? softbus_parcel_append(reply, request) : 0;
}

/* Calls the service of that name, which may have just died, for ever. */
static int run_caller(struct lab_app *app, struct softbus *bus, void *userdata)
{
    const uint64_t *seed = userdata;
    uint64_t state = *seed;
    struct softbus_object *object = NULL, *stub;
    if (softbus_stub_new(bus, KIT_DESCRIPTOR, answer, NULL, &stub) < 0)
        return 1;
    lab_app_say(app, "ready");
    for (;;) {
        if (object == NULL && softbus_service_get(bus, NULL, VICTIM, 10000, &object) < 0)
            continue;
        call_anything(bus, object, stub, draw(&state));
        if (softbus_object_is_dead(object))
            object = softbus_object_unref(object);
    }
}

static int run_server(struct lab_app *app, struct softbus *bus, void *userdata)
{
    const uint64_t *seed = userdata;
    struct softbus_object *stub;
    if (softbus_stub_new(bus, KIT_DESCRIPTOR, answer, NULL, &stub) < 0 ||
        (*seed % 3 == 0 && softbus_pool_start(bus, 3) < 0))
        return 1;
    while (softbus_service_add(bus, VICTIM, stub, 0) < 0) /* the one before may not be gone yet */
        poll(NULL, 0, 1);
    lab_app_say(app, "ready");
    if (*seed % 3 == 0)
        for (;;)
            pause();
    return softbus_run(bus);
}

static struct lab_app *start_one(struct lab *lab, lab_app_fn fn, uint64_t seed)
{
    struct lab_app *app = lab_app_fork(lab, lab_get_device(lab, 0), fn == run_server ? "server" : "caller", fn, &seed);
    LAB_UNTIL(lab, lab_app_has_said(app, "ready"));
    return app;
}

/* Busy for as long as drawn: what the others do meanwhile decides where the victim stands when it is killed. */
static void let_run(struct lab *lab, uint32_t us)
{
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        lab_pump(lab, 0);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((uint64_t)(now.tv_sec - begin.tv_sec) * 1000000 + (uint64_t)(now.tv_nsec - begin.tv_nsec) / 1000 < us);
}

static void test_killed(struct lab *lab)
{
    const char *text = getenv("SOFTBUS_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 20240301, state = seed * 2 + 1;
    struct lab_app *server, *callers[3];
    struct honest honest;
    lab_note(lab, "SOFTBUS_SEED=%llu", (unsigned long long)seed);
    honest_start(&honest, lab, lab_get_device(lab, 0));
    server = start_one(lab, run_server, state);
    for (unsigned i = 0; i < 3; i++)
        callers[i] = start_one(lab, run_caller, state + i);
    for (unsigned i = 0; i < N_KILLS; i++) {
        let_run(lab, draw(&state) % 4000);
        uint32_t who = draw(&state) % 4;
        struct lab_app **dying = who == 3 ? &server : &callers[who];
        LAB_CHECK(lab, lab_app_is_running(*dying)); /* nobody dies of another's death */
        lab_app_discard(*dying);
        *dying = start_one(lab, who == 3 ? run_server : run_caller, draw(&state) | 1);
        if (i % 50 == 49)
            honest_go_on(&honest);
    }
    lab_app_discard(server);
    for (unsigned i = 0; i < 3; i++)
        lab_app_discard(callers[i]);
    honest_check(&honest, 16 * MIB);
}

/* --- closed behind every byte --- */

/* What a valid app says, and where a descriptor goes along. */
struct script {
    struct sb_buf bytes;
    size_t fd_at[8];
    unsigned n_fds;
};

static void add_call(struct lab *lab, struct script *script, const struct wire_detour *detour, uint64_t id, uint64_t target,
                     bool has_object, bool has_fd)
{
    static const uint8_t data[40] = { WIRE_TAG_BYTES, 35 };
    struct wire_objects objects = { .n = has_object, .items = { { .kind = WIRE_OBJECT_STUB, .id = 5 } } };
    struct wire_call call = { .id = id, .target = target, .code = 1, .flags = id == 0 ? WIRE_CALL_ONEWAY : 0,
                              .deadline_ms = id == 0 ? 0 : 1000, .data = { data, sizeof(data) }, .n_fds = has_fd };
    if (has_fd)
        script->fd_at[script->n_fds++] = script->bytes.length;
    LAB_EQUAL(lab, detour != NULL ? wire_detour_call_encode_head(&script->bytes, detour, &call, &objects)
                                  : wire_call_encode_head(&script->bytes, &call, &objects), 0);
    LAB_EQUAL(lab, sb_buf_append(&script->bytes, data, sizeof(data)), 0);
}

/* The first `size` bytes, each descriptor with its byte. */
static void play(struct raw *raw, const struct script *script, size_t size)
{
    const uint8_t *bytes = sb_buf_bytes(&script->bytes);
    size_t at = 0;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* its own socket would not be closed while somebody has it */
    LAB_CHECK(raw->lab, fd >= 0);
    for (unsigned i = 0; i <= script->n_fds && at < size; i++) {
        size_t next = i < script->n_fds && script->fd_at[i] < size ? script->fd_at[i] : size;
        if (i == 0)
            raw_send(raw, bytes, next);
        else
            raw_send_fds(raw, bytes + at, next - at, fd, 1);
        at = next;
    }
    close(fd);
}

/* On the hub's socket: HELLO, calls, one-way calls, a detour with an object and a descriptor on a channel that is there. */
static void test_every_byte_to_the_hub(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    honest_start(&honest, lab, device);
    struct lab_app *server = start_one(lab, run_server, 1);
    for (size_t size = 0, total = 1; size <= total; size++) {
        struct raw *raw = raw_open_with(lab, device, "dying", WIRE_FEATURE_CHANNELS);
        uint64_t handle;
        struct raw_end end = raw_open_client(raw, VICTIM, &handle);
        struct wire_detour detour = { .channel = end.number };
        struct script script = { .n_fds = 0 };
        sb_buf_init(&script.bytes, 65536);
        add_call(lab, &script, NULL, 21, handle, false, false);
        add_call(lab, &script, NULL, 22, handle, true, true);
        add_call(lab, &script, NULL, 0, handle, true, false);
        add_call(lab, &script, &detour, 23, handle, true, true);
        detour.position = 1;
        add_call(lab, &script, &detour, 0, handle, true, true);
        LAB_EQUAL(lab, wire_release_encode(&script.bytes, &(struct wire_release){ .id = handle, .count = 1, .after = 2 }), 0);
        total = script.bytes.length;
        play(raw, &script, size);
        sb_buf_deinit(&script.bytes);
        raw_end_close(&end);
        raw_close(raw);
    }
    LAB_CHECK(lab, lab_app_is_running(server));
    lab_app_discard(server);
    honest_check(&honest, 8 * MIB);
}

/* A connection that has sent itself is not closed by its end; it goes when the descriptor's message does not come. */
static void test_own_socket(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    honest_start(&honest, lab, device);
    for (unsigned i = 0; i < 10; i++) {
        struct raw *raw = raw_open(lab, device, "narcissus");
        raw_send_fds(raw, (const uint8_t[]){ 100, 0, 0, 0, WIRE_CALL, 0, 1, 0 }, 8, raw->fd, 1);
        raw_close(raw);
    }
    honest_check(&honest, 8 * MIB);
    LAB_CHECK(lab, lab_device_has_logged(device, "(limit app_stall_seconds) name=narcissus"));
}

static void test_every_byte_on_a_channel(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    honest_start(&honest, lab, device);
    struct lab_app *server = start_one(lab, run_server, 1);
    for (size_t size = 0, total = 1; size <= total; size++) {
        struct raw *raw = raw_open_with(lab, device, "dying", WIRE_FEATURE_CHANNELS);
        struct raw_end end = raw_open_client(raw, VICTIM, NULL);
        struct script script = { .n_fds = 0 };
        sb_buf_init(&script.bytes, 65536);
        add_call(lab, &script, NULL, 21, end.stub, false, false);
        add_call(lab, &script, NULL, 22, end.stub, false, true);
        LAB_EQUAL(lab, wire_cancel_encode(&script.bytes, 22), 0);
        LAB_EQUAL(lab, wire_seek_encode(&script.bytes, 3), 0);
        add_call(lab, &script, NULL, 0, end.stub, false, true);
        total = script.bytes.length;
        play(end.channel, &script, size);
        sb_buf_deinit(&script.bytes);
        raw_end_close(&end);
        raw_close(raw);
    }
    LAB_CHECK(lab, lab_app_is_running(server));
    lab_app_discard(server);
    honest_check(&honest, 8 * MIB);
}

/* Before there is an app at all. */
static void test_every_byte_of_the_first(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    honest_start(&honest, lab, device);
    struct script script = { .n_fds = 0 };
    sb_buf_init(&script.bytes, 65536);
    struct wire_hello hello = { .version_min = WIRE_VERSION_MIN, .version_max = WIRE_VERSION_MAX,
                                .features = WIRE_FEATURE_CHANNELS, .name = { "dying", 5 } };
    LAB_EQUAL(lab, wire_hello_encode(&script.bytes, &hello), 0);
    add_call(lab, &script, NULL, 1, WIRE_HUB, true, true);
    for (size_t size = 0; size <= script.bytes.length; size++) {
        struct raw *raw = raw_open(lab, device, NULL);
        play(raw, &script, size);
        raw_close(raw);
    }
    sb_buf_deinit(&script.bytes);
    honest_check(&honest, 8 * MIB);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device", start_device);
    lab_test(lab, "closed behind each byte of the first messages", test_every_byte_of_the_first);
    lab_test(lab, "closed behind each byte to the hub", test_every_byte_to_the_hub);
    lab_test(lab, "closed behind each byte on a channel", test_every_byte_on_a_channel);
    lab_test(lab, "a connection that has sent itself", test_own_socket);
    lab_test(lab, "killed at any time", test_killed);
    return lab_leave(lab);
}
