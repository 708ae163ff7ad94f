/*
 * What strangers and broken apps send: malformed, truncated, oversized, out of order, endless, or nothing at all. The
 * daemon goes on, other apps' calls go on, and no descriptor is lost.
 */
#include "tests/integration/kit.h"
#include "tests/integration/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONFIG_A \
    "[session]\nhandshake_ms = 1000\n[limits]\napp_hello_ms = 500\napp_stall_seconds = 1\napp_queue_bytes = 1000000\n" \
    "apps_per_user = 24\nreferences = 2000\nobjects = 2000\ncalls = 64\n"

static unsigned count_fds(struct lab *lab)
{
    return lab_device_count_fds(lab_get_device(lab, 0));
}

/* An honest app on the device, which must not notice anything. */
struct honest {
    struct softbus *server, *client;
    struct kit *kit;
    struct softbus_object *object;
};

static void open_honest(struct lab *lab, struct honest *honest)
{
    struct lab_device *device = lab_get_device(lab, 0);
    honest->server = lab_bus_open(lab, device, "honest server");
    honest->client = lab_bus_open(lab, device, "honest client");
    honest->kit = kit_new(lab, honest->server, "hostile.honest", SOFTBUS_SERVICE_DISTRIBUTED);
    honest->object = kit_get(lab, honest->client, NULL, "hostile.honest");
    LAB_OK(lab, kit_echo(lab, honest->object, 1000, 0));
}

static void close_honest(struct lab *lab, struct honest *honest)
{
    LAB_OK(lab, kit_echo(lab, honest->object, 1000, 0));
    softbus_object_unref(honest->object);
    kit_free(honest->kit);
    lab_bus_close(lab, honest->server);
    lab_bus_close(lab, honest->client);
    lab_device_check_empty(lab_get_device(lab, 0));
    LAB_UNTIL(lab, lab_device_get_status(lab_get_device(lab, 0), "apps") == 1);
}

static void start_devices(struct lab *lab)
{
    struct lab_device *a = lab_device_add(lab, "a", CONFIG_A), *b = lab_device_add(lab, "b", NULL);
    lab_device_add(lab, "c", NULL); /* nobody trusts it */
    lab_meet(a, b);
}

/* A message of that type with a body of that size, as it stands. */
struct message {
    const char *what;
    bool before_hello;
    uint32_t length;
    uint16_t type, reserved;
    uint8_t body[48];
    size_t body_size;
};

static const struct message malformed[] = {
    { "length 0", true, 0, WIRE_HELLO, 0, { 0 }, 0 },
    { "length 7", true, 7, WIRE_HELLO, 0, { 0 }, 0 },
    { "reserved field", true, 8, WIRE_HELLO, 1, { 0 }, 0 },
    { "longer than any message", true, UINT32_MAX, WIRE_HELLO, 0, { 0 }, 0 },
    { "one byte too long", false, WIRE_MSG_MAX + 1, WIRE_CALL, 0, { 0 }, 0 },
    { "no HELLO", true, 16, WIRE_CANCEL, 0, { 1 }, 8 },
    { "empty HELLO", true, 8, WIRE_HELLO, 0, { 0 }, 0 },
    { "versions turned round", true, 17, WIRE_HELLO, 0, { 2, 0, 1, 0 }, 9 },
    { "name of 64 bytes", true, 16, WIRE_HELLO, 0, { 1, 0, 1, 0, 64 }, 8 },
    { "trailing byte", true, 18, WIRE_HELLO, 0, { 1, 0, 1, 0 }, 10 },
    { "second HELLO", false, 17, WIRE_HELLO, 0, { 1, 0, 1, 0 }, 9 },
    { "WELCOME", false, 8, WIRE_WELCOME, 0, { 0 }, 0 },
    { "DEATH", false, 20, WIRE_DEATH, 0, { 1, 0, 0, 0, 0, 0, 0, 0, 1 }, 12 },
    { "REFUSED", false, 28, WIRE_REFUSED, 0, { 1 }, 20 },
    { "SERVICE", false, 14, WIRE_SERVICE, 0, { 1 }, 6 },
    { "type 0", false, 8, 0, 0, { 0 }, 0 },
    { "type 11", false, 8, 11, 0, { 0 }, 0 },
    { "type 65535", false, 8, 65535, 0, { 0 }, 0 },
    { "short CALL", false, 16, WIRE_CALL, 0, { 1 }, 8 },
    { "short CANCEL", false, 12, WIRE_CANCEL, 0, { 1 }, 4 },
    { "long CANCEL", false, 20, WIRE_CANCEL, 0, { 1 }, 12 },
    { "RELEASE of none", false, 20, WIRE_RELEASE, 0, { 1 }, 12 },
};

static void test_malformed(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    open_honest(lab, &honest);
    unsigned n_fds = count_fds(lab);
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        const struct message *message = &malformed[i];
        struct raw *raw = raw_open(lab, device, message->before_hello ? NULL : "raw");
        raw_send_header(raw, message->length, message->type, message->reserved);
        raw_send(raw, message->body, message->body_size);
        for (uint64_t due_ms = lab_get_due_ms(lab); !raw_has_closed(raw);)
            lab_pump_until(lab, due_ms, __FILE__, __LINE__, message->what);
        raw_close(raw);
        LAB_OK(lab, kit_echo(lab, honest.object, 10, 0));
    }
    LAB_UNTIL(lab, count_fds(lab) <= n_fds);
    close_honest(lab, &honest);
}

static void test_unknown_version(struct lab *lab)
{
    struct raw *raw = raw_open(lab, lab_get_device(lab, 0), NULL);
    static const uint8_t hello[37] = { sizeof(hello), 0, 0, 0, WIRE_HELLO, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff };
    struct wire_welcome welcome;
    raw_send(raw, hello, sizeof(hello));
    LAB_EQUAL(lab, wire_welcome_decode(raw_wait(raw, WIRE_WELCOME), &welcome), 0);
    LAB_EQUAL(lab, welcome.version, 0);
    LAB_UNTIL(lab, raw_has_closed(raw));
    raw_close(raw);
}

/* Ids used twice or out of turn. What is merely late is dropped; what cannot be is the end. */
static void test_out_of_order(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    open_honest(lab, &honest);
    struct raw *raw = raw_open(lab, device, "late");
    static const uint8_t cancel[] = { 16, 0, 0, 0, WIRE_CANCEL, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0 };
    raw_send(raw, cancel, sizeof(cancel));
    raw_send_reply(raw, 4711, 0, NULL, "", 0);
    raw_send_reply(raw, UINT64_MAX, -1, NULL, "", 0);
    struct wire_object object;
    LAB_RESULT(lab, raw_get_service(raw, "", "hostile.honest", &object), 0);
    /* The same call sent twice is run once at most, and ends the connection. */
    LAB_RESULT(lab, raw_add_service(raw, "hostile.mute", 5, false), 0);
    struct wire_object mute;
    struct raw *caller = raw_open(lab, device, "replayer");
    LAB_RESULT(lab, raw_get_service(caller, "", "hostile.mute", &mute), 0);
    raw_send_call(caller, 50, mute.id, 1, NULL, "", 0);
    raw_send_call(caller, 50, mute.id, 1, NULL, "", 0);
    LAB_UNTIL(lab, raw_has_closed(caller));
    raw_wait(raw, WIRE_CALL);
    raw_wait(raw, WIRE_CANCEL); /* its caller is gone */
    raw_close(caller);
    raw_close(raw);
    close_honest(lab, &honest);
}

static uint32_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

/* Valid messages with bytes changed, cut and repeated: a different stream on every connection. */
static void test_mutations(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    const char *text = getenv("SOFTBUS_SEED");
    uint64_t state = text != NULL ? strtoull(text, NULL, 0) : 20240229;
    lab_note(lab, "SOFTBUS_SEED=%llu", (unsigned long long)state);
    state = state * 2 + 1;
    struct honest honest;
    open_honest(lab, &honest);
    unsigned n_fds = count_fds(lab);
    for (unsigned i = 0; i < 300; i++) {
        struct raw *raw = raw_open(lab, device, "mutant");
        struct wire_object object;
        struct sb_buf out;
        sb_buf_init(&out, 65536);
        LAB_RESULT(lab, raw_get_service(raw, "", "hostile.honest", &object), 0);
        struct wire_objects objects = { .n = 2,
                                        .items = { { .kind = WIRE_OBJECT_STUB, .id = 9 },
                                                   { .kind = WIRE_OBJECT_PROXY, .id = object.id } } };
        for (unsigned k = 0; k < 3; k++) {
            struct wire_call call = { .id = 1000 + k, .target = k == 2 ? 0 : object.id, .code = 1 + draw(&state) % 14,
                                      .deadline_ms = 1000, .data = { (const uint8_t *)"", 0 } };
            LAB_EQUAL(lab, wire_call_encode_head(&out, &call, &objects), 0);
        }
        uint8_t bytes[4096];
        size_t size = out.length < sizeof(bytes) ? out.length : sizeof(bytes);
        memcpy(bytes, sb_buf_bytes(&out), size);
        for (unsigned n = draw(&state) % 6; n > 0; n--)
            bytes[draw(&state) % size] = (uint8_t)draw(&state);
        raw_send(raw, bytes, draw(&state) % 4 == 0 ? draw(&state) % size : size);
        lab_pump(lab, 0);
        sb_buf_deinit(&out);
        raw_close(raw);
    }
    kit_drop_all(honest.kit);
    LAB_UNTIL(lab, count_fds(lab) <= n_fds);
    close_honest(lab, &honest);
}

static void test_descriptors(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    open_honest(lab, &honest);
    unsigned n_fds = count_fds(lab);
    static const uint8_t cancel[] = { 16, 0, 0, 0, WIRE_CANCEL, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0 };
    static const unsigned numbers[] = { 1, 2, 100 };
    for (size_t i = 0; i < 3; i++)
        for (unsigned has_hello = 0; has_hello < 2; has_hello++) {
            struct raw *raw = raw_open(lab, device, has_hello != 0 ? "giver" : NULL);
            raw_send_fds(raw, cancel, sizeof(cancel), raw->fd, numbers[i]);
            LAB_UNTIL(lab, raw_has_closed(raw));
            raw_close(raw);
        }
    LAB_UNTIL(lab, count_fds(lab) <= n_fds);
    close_honest(lab, &honest);
}

/* Whoever connects and says nothing, or half a message, is closed; meanwhile there is a limit, and others are served. */
static void test_silent_apps(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    open_honest(lab, &honest);
    unsigned n_fds = count_fds(lab);
    struct raw *silent[40];
    for (unsigned i = 0; i < 40; i++) {
        silent[i] = raw_open(lab, device, NULL);
        if (i % 2 == 0)
            raw_send_header(silent[i], 17, WIRE_HELLO, 0);
    }
    LAB_OK(lab, kit_echo(lab, honest.object, 1000, 0));
    LAB_CHECK(lab, count_fds(lab) <= n_fds + 24);
    for (unsigned i = 0; i < 40; i++) {
        LAB_UNTIL(lab, raw_has_closed(silent[i]));
        raw_close(silent[i]);
    }
    LAB_UNTIL(lab, count_fds(lab) <= n_fds);
    LAB_CHECK(lab, lab_device_has_logged(device, "app refused"));
    struct raw *next = raw_open(lab, device, "next");
    raw_close(next);
    close_honest(lab, &honest);
}

/* Writes what the socket takes, without waiting. */
static bool send_some(struct raw *raw, const struct sb_buf *message, size_t *offset)
{
    ssize_t n = send(raw->fd, sb_buf_bytes(message) + *offset, message->length - *offset, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n <= 0)
        return false;
    *offset = (*offset + (size_t)n) % message->length;
    return true;
}

static void make_oneway(struct lab *lab, struct sb_buf *out, uint64_t target, size_t size)
{
    static const struct wire_objects none;
    uint8_t *data = calloc(1, size);
    struct wire_call call = { .target = target, .code = 1, .flags = WIRE_CALL_ONEWAY, .data = { data, size } };
    sb_buf_init(out, WIRE_MSG_MAX);
    LAB_EQUAL(lab, wire_call_encode_head(out, &call, &none), 0);
    LAB_EQUAL(lab, sb_buf_append(out, data, size), 0);
    free(data);
}

static int fill_and_probe(struct raw *flooder, const struct sb_buf *message, size_t *offset, struct softbus_object *object)
{
    while (send_some(flooder, message, offset))
        ;
    return softbus_call(object, 1, NULL, NULL, 20);
}

static void test_app_that_never_reads(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    open_honest(lab, &honest);
    struct raw *deaf = raw_open(lab, device, "deaf"), *flooder = raw_open(lab, device, "flooder");
    struct wire_object object;
    LAB_RESULT(lab, raw_add_service(deaf, "hostile.deaf", 1, false), 0);
    LAB_RESULT(lab, raw_get_service(flooder, "", "hostile.deaf", &object), 0);
    struct sb_buf message;
    make_oneway(lab, &message, object.id, 100000);
    size_t offset = 0;
    struct softbus_object *deaf_proxy = kit_get(lab, honest.client, NULL, "hostile.deaf");
    /* The hub takes what it may hold and then stops reading from the flooder; calls are told to try again. */
    LAB_UNTIL(lab, fill_and_probe(flooder, &message, &offset, deaf_proxy) == SOFTBUS_ERR_AGAIN);
    LAB_OK(lab, kit_echo(lab, honest.object, 100000, 0));
    /* In the end the deaf one is closed, by name, and the flooder is read again. */
    LAB_UNTIL(lab, lab_device_has_logged(device, "app closed: it has stopped reading name=deaf"));
    LAB_UNTIL(lab, softbus_object_is_dead(deaf_proxy) || softbus_ping(deaf_proxy, 1000) == SOFTBUS_ERR_DEAD_OBJECT);
    while (offset != 0) {
        send_some(flooder, &message, &offset);
        lab_pump(lab, 1);
    }
    LAB_RESULT(lab, raw_get_service(flooder, "", "hostile.honest", &object), 0);
    sb_buf_deinit(&message);
    softbus_object_unref(deaf_proxy);
    raw_close(deaf);
    raw_close(flooder);
    close_honest(lab, &honest);
}

/* Calls whose replies are never read. */
static void test_replies_never_read(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    open_honest(lab, &honest);
    struct raw *raw = raw_open(lab, device, "hoarder");
    struct wire_object object;
    LAB_RESULT(lab, raw_get_service(raw, "", "hostile.honest", &object), 0);
    size_t size = 100005;
    uint8_t *data = calloc(1, size);
    data[0] = WIRE_TAG_BYTES;
    wire_store_u32(data + 1, (uint32_t)size - 5);
    for (unsigned i = 0; i < 60; i++)
        raw_send_call(raw, 1000 + i, object.id, KIT_ECHO, NULL, data, size); /* pumps when the socket is full */
    LAB_UNTIL(lab, lab_device_has_logged(device, "app closed: it does not read fast enough name=hoarder"));
    LAB_UNTIL(lab, lab_device_get_status(device, "apps") == 3);
    free(data);
    raw_close(raw);
    close_honest(lab, &honest);
}

/* More objects, references and calls than the limits allow: refused, and everything is given back afterwards. */
static void test_thousands(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    open_honest(lab, &honest);
    struct raw *raw = raw_open(lab, device, "greedy");
    struct wire_object object;
    LAB_RESULT(lab, raw_get_service(raw, "", "hostile.honest", &object), 0);
    static uint8_t ignored_data[1];
    unsigned n_ok = 0, n_limit = 0;
    for (uint64_t i = 0; i < 40; i++) {
        struct wire_objects objects = { .n = WIRE_OBJECTS_MAX };
        for (uint64_t k = 0; k < WIRE_OBJECTS_MAX; k++)
            objects.items[k] = (struct wire_object){ .kind = WIRE_OBJECT_STUB, .id = 1 + i * WIRE_OBJECTS_MAX + k };
        raw_send_call(raw, 100 + i, object.id, KIT_STATS, &objects, ignored_data, 0);
        int32_t status = raw_wait_reply(raw, 100 + i, NULL);
        n_ok += status == 0;
        n_limit += status == SOFTBUS_ERR_LIMIT;
        LAB_CHECK(lab, status == 0 || status == SOFTBUS_ERR_LIMIT);
    }
    LAB_CHECK(lab, n_ok > 0);
    /* Calls that nobody answers: the 65th is refused. */
    LAB_RESULT(lab, raw_add_service(raw, "hostile.mute", UINT32_MAX, false), 0);
    struct wire_object mute;
    struct raw *caller = raw_open(lab, device, "caller");
    LAB_RESULT(lab, raw_get_service(caller, "", "hostile.mute", &mute), 0);
    for (uint64_t i = 0; i < 64; i++)
        raw_send_call(caller, 100 + i, mute.id, 1, NULL, "", 0);
    raw_send_call(caller, 1000, mute.id, 1, NULL, "", 0);
    LAB_RESULT(lab, raw_wait_reply(caller, 1000, NULL), SOFTBUS_ERR_AGAIN);
    raw_close(caller);
    raw_close(raw);
    close_honest(lab, &honest);
}

/* --- the port for devices --- */

/* Reads until the daemon closes; what comes may only be TLS records. */
static void wait_closed(struct lab *lab, int fd, const char *what)
{
    char dummy[4096];
    ssize_t n;
    for (uint64_t due_ms = lab_get_due_ms(lab); (n = recv(fd, dummy, sizeof(dummy), MSG_DONTWAIT)) != 0;) {
        if (n < 0 && errno != EAGAIN)
            break;
        lab_await_fd(lab, fd);
        lab_pump_until(lab, due_ms, __FILE__, __LINE__, what);
    }
    lab_close_fd(lab, fd);
}

static int dial(struct lab *lab, struct lab_device *from)
{
    int fd = lab_device_dial(from, lab_get_device(lab, 0));
    LAB_CHECK(lab, fd >= 0);
    lab_keep_fd(lab, fd);
    return fd;
}

static void check_peer_lives(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    LAB_EQUAL(lab, lab_device_sees(b, a), SOFTBUS_DEVICE_ONLINE);
    LAB_OK(lab, softbus_device_ping(lab_device_get_admin(b), lab_device_get_id(a), 0));
}

static void test_garbage_for_tls(struct lab *lab)
{
    struct lab_device *stranger = lab_get_device(lab, 2);
    unsigned n_fds = count_fds(lab);
    static const struct {
        const char *what;
        uint8_t bytes[64];
        size_t size;
    } cases[] = {
        { "HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27 },
        { "zeros", { 0 }, 64 },
        { "an alert", { 21, 3, 3, 0, 2, 2, 40 }, 7 },
        { "application data first", { 23, 3, 3, 0, 4, 1, 2, 3, 4 }, 9 },
        { "an oversized record", { 22, 3, 3, 0xff, 0xff, 1, 0, 0, 0 }, 9 },
        { "a broken ClientHello", { 22, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3, 0, 0 }, 13 },
        { "SSL 2", { 0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10 }, 11 },
        { "our own frames, bare", { 16, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0 }, 24 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int fd = dial(lab, stranger);
        LAB_CHECK(lab, send(fd, cases[i].bytes, cases[i].size, MSG_NOSIGNAL) > 0);
        wait_closed(lab, fd, cases[i].what);
    }
    check_peer_lives(lab);
    LAB_UNTIL(lab, count_fds(lab) <= n_fds);
}

/* Connections that say nothing, or a byte: bounded in number and time. */
static void test_silent_strangers(struct lab *lab)
{
    struct lab_device *stranger = lab_get_device(lab, 2), *a = lab_get_device(lab, 0);
    unsigned n_fds = count_fds(lab);
    int fds[30];
    for (unsigned i = 0; i < 30; i++) {
        fds[i] = dial(lab, stranger);
        if (i % 3 == 0)
            (void)!send(fds[i], "\x16", 1, MSG_NOSIGNAL);
    }
    /* pending_per_address = 8, which test_session_manager_io counts; here, those that give way may still be closing. */
    LAB_UNTIL(lab, count_fds(lab) <= n_fds + 10);
    check_peer_lives(lab);
    for (unsigned i = 0; i < 30; i++)
        wait_closed(lab, fds[i], "the end of a silent connection");
    LAB_UNTIL(lab, count_fds(lab) <= n_fds);
    LAB_CHECK(lab, lab_device_is_running(a));
    check_peer_lives(lab);
}

static void test_daemon_is_whole(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    check_peer_lives(lab);
    lab_device_check_empty(a);
    lab_device_check_empty(b);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "two devices and a stranger", start_devices);
    lab_test(lab, "malformed messages end their connection only", test_malformed);
    lab_test(lab, "an unknown version is told so", test_unknown_version);
    lab_test(lab, "messages out of order and replayed", test_out_of_order);
    lab_test(lab, "mutated messages", test_mutations);
    lab_test(lab, "descriptors where none belong", test_descriptors);
    lab_test(lab, "apps that say nothing", test_silent_apps);
    lab_test(lab, "an app that never reads its calls", test_app_that_never_reads);
    lab_test(lab, "an app that never reads its replies", test_replies_never_read);
    lab_test(lab, "thousands of objects and calls", test_thousands);
    lab_test(lab, "garbage on the port for devices", test_garbage_for_tls);
    lab_test(lab, "strangers that say nothing", test_silent_strangers);
    lab_test(lab, "the daemon is whole", test_daemon_is_whole);
    return lab_leave(lab);
}
