/*
 * Forged numbers: of channels, stubs, calls, positions, handles that somebody else has or nobody. Whoever sends what no honest app can
 * loses its connection or its channel; what may merely be late is dropped; nobody else notices anything.
 */
#include "tests/integration/honest.h"
#include "tests/integration/kit.h"
#include "tests/integration/raw.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define VICTIM "forged.victim"
#define MIB (1024 * 1024)
#define NOBODYS 0x1122334455667788

static void start_device(struct lab *lab)
{
    lab_device_add(lab, "a", "[discovery]\nmdns = no\n");
}

/* The attacker, its channel to the victim, and somebody else who calls the same victim. */
struct scene {
    struct lab *lab;
    struct lab_device *device;
    struct honest honest;
    struct lab_app *victim;
    struct softbus *bus;
    struct softbus_object *object; /* the victim, as the other one has it */
    struct raw *raw;
    struct raw_end end;
    uint64_t handle;
};

static void come_again(struct scene *s)
{
    s->raw = raw_open_with(s->lab, s->device, "forger", WIRE_FEATURE_CHANNELS);
    s->end = raw_open_client(s->raw, VICTIM, &s->handle);
}

static void go_away(struct scene *s)
{
    raw_end_close(&s->end);
    s->raw = raw_close(s->raw);
    LAB_OK(s->lab, kit_echo(s->lab, s->object, 1000, 0));
}

static void open_scene(struct lab *lab, struct scene *s)
{
    *s = (struct scene){ .lab = lab, .device = lab_get_device(lab, 0) };
    honest_start(&s->honest, lab, s->device);
    s->victim = kit_serve(lab, s->device, "victim", VICTIM, 0);
    s->bus = lab_bus_open(lab, s->device, "other client");
    s->object = kit_get(lab, s->bus, NULL, VICTIM);
    for (unsigned i = 0; i < 8; i++)
        LAB_OK(lab, kit_echo(lab, s->object, 10, 0));
    come_again(s);
}

static void close_scene(struct scene *s)
{
    go_away(s);
    softbus_object_unref(s->object);
    lab_bus_close(s->lab, s->bus);
    LAB_CHECK(s->lab, lab_app_is_running(s->victim));
    lab_app_kill(s->victim);
    LAB_UNTIL(s->lab, !lab_app_is_running(s->victim));
    honest_check(&s->honest, 8 * MIB);
}

static const struct wire_objects no_objects;

static void send_detour(struct raw *raw, uint64_t channel, uint64_t position, uint16_t type, uint64_t id, uint64_t target)
{
    struct wire_detour detour = { .channel = channel, .position = position };
    struct wire_call call = { .id = id, .target = target, .code = KIT_STATS, .flags = id == 0 ? WIRE_CALL_ONEWAY : 0,
                              .deadline_ms = id == 0 ? 0 : 30000, .data = { (const uint8_t *)"", 0 } };
    struct wire_reply reply = { .id = id };
    struct sb_buf out;
    sb_buf_init(&out, 4096);
    int r = type == WIRE_CALL ? wire_detour_call_encode_head(&out, &detour, &call, &no_objects)
            : type == WIRE_REPLY ? wire_detour_reply_encode_head(&out, &detour, &reply, &no_objects)
                                 : wire_detour_encode(&out, &detour);
    LAB_EQUAL(raw->lab, r, 0);
    raw_send_buf(raw, &out);
    sb_buf_deinit(&out);
}

/* The status in the DETOUR with the reply to that call. */
static int32_t wait_detoured_reply(struct raw *raw, uint64_t id)
{
    struct wire_objects objects;
    struct wire_detour detour;
    struct wire_reply reply = { .id = id + 1 };
    while (reply.id != id) {
        LAB_EQUAL(raw->lab, wire_detour_decode(raw_wait(raw, WIRE_DETOUR), &detour), 0);
        if (detour.type == WIRE_REPLY)
            LAB_EQUAL(raw->lab, wire_reply_decode(detour.body, &reply, &objects), 0);
    }
    return reply.status;
}

/* Numbers of eight bytes each: the bodies of most messages of channels. */
static void send_numbers(struct raw *raw, uint16_t type, unsigned n, const uint64_t *numbers)
{
    uint8_t body[8 * 4];
    for (unsigned i = 0; i < n; i++)
        wire_store_u64(body + 8 * i, numbers[i]);
    raw_send_header(raw, WIRE_HEADER_SIZE + 8 * n, type, 0);
    raw_send(raw, body, 8 * n);
}

static bool is_alive(struct raw *raw)
{
    struct wire_object object;
    return raw_get_service(raw, "", VICTIM, &object) == 0;
}

/* --- to the hub --- */

/* Only the hub says these. */
static void test_messages_of_the_hub(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    static const struct {
        uint16_t type;
        unsigned n;
    } cases[] = { { WIRE_ROUTE, 3 }, { WIRE_REVOKE, 3 }, { WIRE_SEEK, 1 }, { WIRE_DEATH, 2 } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        send_numbers(s.raw, cases[i].type, cases[i].n, (uint64_t[]){ s.end.number, s.end.stub, 0, 0 });
        LAB_UNTIL(lab, raw_has_closed(s.raw));
        LAB_UNTIL(lab, raw_has_closed(s.end.channel)); /* the victim has closed its end, as its client is gone */
        go_away(&s);
        come_again(&s);
    }
    /* One end of a channel that the app has made itself, for the hub to hand on. */
    raw_send_fds(s.raw, (const uint8_t[]){ 8, 0, 0, 0, WIRE_CHANNEL, 0, 1, 0 }, 8, s.raw->fd, 1);
    LAB_UNTIL(lab, raw_has_closed(s.raw));
    close_scene(&s);
}

static void test_grants(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    /* Of nobody's channel, or one of two others: as if it had crossed the channel's end. */
    struct raw *third = raw_open_with(lab, s.device, "third", WIRE_FEATURE_CHANNELS);
    send_numbers(third, WIRE_GRANT, 2, (uint64_t[]){ s.end.number, s.end.stub });
    send_numbers(third, WIRE_GRANT, 2, (uint64_t[]){ NOBODYS, 1 });
    LAB_CHECK(lab, is_alive(third));
    raw_close(third);
    /* The client grants itself another stub. */
    send_numbers(s.raw, WIRE_GRANT, 2, (uint64_t[]){ s.end.number, s.end.stub + 1 });
    LAB_UNTIL(lab, raw_has_closed(s.raw));
    LAB_CHECK(lab, lab_device_has_logged(s.device, "granted what it was not asked for name=forger"));
    go_away(&s);
    /* A server grants twice what it was asked for once. */
    struct raw *server = raw_open_with(lab, s.device, "forger", WIRE_FEATURE_CHANNELS);
    struct raw *client = raw_open_with(lab, s.device, "client", WIRE_FEATURE_CHANNELS);
    struct wire_object object;
    LAB_RESULT(lab, raw_add_service(server, "forged.server", 7, false), 0);
    LAB_RESULT(lab, raw_get_service(client, "", "forged.server", &object), 0);
    for (uint64_t id = 100; id < 103; id++)
        raw_send_call(client, id, object.id, 1, NULL, "", 0);
    struct raw_end end = raw_open_server(server);
    send_numbers(server, WIRE_GRANT, 2, (uint64_t[]){ end.number, end.stub });
    LAB_UNTIL(lab, raw_has_closed(server));
    LAB_RESULT(lab, raw_wait_reply(client, 102, NULL), SOFTBUS_ERR_DIED);
    raw_end_close(&end);
    raw_close(server);
    raw_close(client);
    come_again(&s);
    close_scene(&s);
}

static void test_ends(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    static const uint8_t reason[4] = { 1 };
    struct raw *third = raw_open_with(lab, s.device, "third", WIRE_FEATURE_CHANNELS);
    uint64_t numbers[] = { s.end.number, NOBODYS, 0, UINT64_MAX };
    for (unsigned i = 0; i < 4; i++) {
        uint8_t body[8];
        wire_store_u64(body, numbers[i]);
        raw_send_header(third, WIRE_HEADER_SIZE + 12, WIRE_CHANNEL_END, 0);
        raw_send(third, body, sizeof(body));
        raw_send(third, reason, sizeof(reason));
    }
    LAB_CHECK(lab, is_alive(third));
    /* The channel of the others is there. */
    raw_send_call(s.end.channel, 5, s.end.stub, KIT_STATS, NULL, "", 0);
    LAB_RESULT(lab, raw_wait_reply(s.end.channel, 5, NULL), 0);
    raw_close(third);
    close_scene(&s);
}

static void test_detours(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    struct raw *third = raw_open_with(lab, s.device, "third", WIRE_FEATURE_CHANNELS);
    struct wire_object object;
    LAB_RESULT(lab, raw_get_service(third, "", VICTIM, &object), 0);
    /* On somebody else's channel, or nobody's. */
    send_detour(third, s.end.number, 0, WIRE_CALL, 50, object.id);
    LAB_RESULT(lab, wait_detoured_reply(third, 50), SOFTBUS_ERR_DEAD_OBJECT);
    send_detour(third, NOBODYS, 0, WIRE_CALL, 51, object.id);
    LAB_RESULT(lab, wait_detoured_reply(third, 51), SOFTBUS_ERR_DEAD_OBJECT);
    send_detour(third, s.end.number, 0, WIRE_REPLY, 5, 0);
    send_detour(third, s.end.number, 0, 0, 0, 0);
    LAB_CHECK(lab, is_alive(third));
    raw_close(third);
    /* A handle of nobody's: the place is kept, the call refused. The place of ROUTE's DETOUR is 0. */
    send_detour(s.raw, s.end.number, 0, 0, 0, 0);
    send_detour(s.raw, s.end.number, 1, WIRE_CALL, 60, NOBODYS);
    LAB_RESULT(lab, wait_detoured_reply(s.raw, 60), SOFTBUS_ERR_DEAD_OBJECT);
    send_detour(s.raw, s.end.number, 2, WIRE_CALL, 61, s.handle);
    LAB_RESULT(lab, raw_wait_reply(s.end.channel, 61, NULL), 0);
    /* An object of another app on this channel; a reply from the client's end. */
    struct wire_object foreign;
    LAB_RESULT(lab, raw_get_service(s.raw, "", "honest.service", &foreign), 0);
    send_detour(s.raw, s.end.number, 3, WIRE_CALL, 62, foreign.id);
    LAB_UNTIL(lab, raw_has_closed(s.raw));
    LAB_CHECK(lab, lab_device_has_logged(s.device, "called an object of another app on a channel name=forger"));
    go_away(&s);
    come_again(&s);
    send_detour(s.raw, s.end.number, 0, WIRE_REPLY, 62, 0);
    LAB_UNTIL(lab, raw_has_closed(s.raw));
    LAB_CHECK(lab, lab_device_has_logged(s.device, "DETOUR from the wrong end of a channel name=forger"));
    close_scene(&s);
}

/* Places in the channel that no honest client names. */
static void test_positions(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    static const struct {
        uint64_t first, second;
        bool ends; /* the channel */
    } cases[] = {
        { 0, 0, true },           { 5, 4, true },
        { 5, 5, true },           { UINT64_MAX, 0, true },
        { 1, UINT64_MAX, false }, { UINT64_MAX - 1, UINT64_MAX, false },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        send_detour(s.raw, s.end.number, cases[i].first, 0, 0, 0);
        send_detour(s.raw, s.end.number, cases[i].second, WIRE_CALL, 70, s.handle);
        if (cases[i].ends)
            LAB_UNTIL(lab, raw_has_closed(s.end.channel));
        LAB_CHECK(lab, is_alive(s.raw));
        LAB_OK(lab, kit_echo(lab, s.object, 1000, 0));
        go_away(&s);
        come_again(&s);
    }
    close_scene(&s);
}

static void test_calls_and_references(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    /* Replies to calls that others have got, by any number the hub may use next; and of a channel's. */
    for (uint64_t id = 0; id < 2000; id++)
        raw_send_reply(s.raw, id, 0, NULL, "", 0);
    LAB_OK(lab, kit_echo(lab, s.object, 1000, 0));
    /* Calls of handles that others have: the hub's numbers are of one app each. */
    struct raw *third = raw_open_with(lab, s.device, "third", 0);
    raw_send_call(third, 10, s.handle, KIT_STATS, NULL, "", 0);
    LAB_RESULT(lab, raw_wait_reply(third, 10, NULL), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_RESULT(lab, raw_link_death(third, s.handle), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_RESULT(lab, raw_pass(third, WIRE_HUB, WIRE_OBJECT_PROXY, s.handle), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_CHECK(lab, is_alive(third));
    raw_send_release(third, s.handle, 1);
    LAB_UNTIL(lab, raw_has_closed(third));
    raw_close(third);
    /* More messages than were sent: the reference goes all the same, and so does the grant, with the channel at the latest. */
    struct sb_buf out;
    sb_buf_init(&out, 64);
    LAB_EQUAL(lab, wire_release_encode(&out, &(struct wire_release){ .id = s.handle, .count = 1, .after = UINT64_MAX }), 0);
    raw_send_buf(s.raw, &out);
    sb_buf_deinit(&out);
    raw_send_call(s.raw, 11, s.handle, KIT_STATS, NULL, "", 0);
    LAB_RESULT(lab, raw_wait_reply(s.raw, 11, NULL), SOFTBUS_ERR_DEAD_OBJECT);
    go_away(&s);
    come_again(&s);
    raw_send_release(s.raw, s.handle, UINT32_MAX);
    LAB_UNTIL(lab, raw_has_closed(s.raw));
    close_scene(&s);
}

/* What is for after a restart, when there was none. */
static void test_offers_and_claims(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    send_numbers(s.raw, WIRE_OFFER, 1, (uint64_t[]){ 77 });
    send_numbers(s.raw, WIRE_OFFER, 1, (uint64_t[]){ 77 });
    struct sb_buf data;
    struct wire_writer writer;
    for (uint64_t origin = 0; origin < 3; origin++) {
        sb_buf_init(&data, 64);
        wire_writer_init(&writer, &data);
        wire_value_put_u64(&writer, origin == 2 ? NOBODYS : origin);
        wire_value_put_u64(&writer, s.end.stub);
        raw_send_call(s.raw, 20 + origin, WIRE_HUB, WIRE_HUB_CLAIM, NULL, sb_buf_bytes(&data), data.length);
        LAB_RESULT(lab, raw_wait_reply(s.raw, 20 + origin, NULL), SOFTBUS_ERR_DEAD_OBJECT);
        sb_buf_deinit(&data);
    }
    LAB_CHECK(lab, is_alive(s.raw));
    send_numbers(s.raw, WIRE_OFFER, 2, (uint64_t[]){ 77, 78 });
    LAB_UNTIL(lab, raw_has_closed(s.raw));
    close_scene(&s);
}

/* --- on the channel's socket --- */

enum kind { PLAIN, WITH_OBJECT, WITH_IDENTITY };

static void send_bad_call(struct raw *raw, uint64_t target, enum kind kind)
{
    struct wire_objects objects = { .n = kind == WITH_OBJECT, .items = { { .kind = WIRE_OBJECT_STUB, .id = 3 } } };
    struct wire_call call = { .id = 80, .target = target, .code = KIT_STATS, .deadline_ms = 1000,
                              .data = { (const uint8_t *)"", 0 } };
    if (kind == WITH_IDENTITY)
        call.identity = (struct wire_identity){ .kind = WIRE_IDENTITY_LOCAL, .pid = 1, .label = { .text = "" } };
    struct sb_buf out;
    sb_buf_init(&out, 4096);
    LAB_EQUAL(raw->lab, wire_call_encode_head(&out, &call, &objects), 0);
    raw_send_buf(raw, &out);
    sb_buf_deinit(&out);
}

static const struct {
    const char *what;
    uint32_t length;
    uint16_t type, n_fds;
    unsigned body_size;
} on_channel[] = {
    { "length 0", 0, WIRE_CALL, 0, 0 },       { "length 7", 7, WIRE_CALL, 0, 0 },
    { "too long", UINT32_MAX, WIRE_CALL, 0, 0 }, { "short CALL", 16, WIRE_CALL, 0, 8 },
    { "short CANCEL", 12, WIRE_CANCEL, 0, 4 }, { "long SEEK", 17, WIRE_SEEK, 0, 9 },
    { "33 descriptors", 60, WIRE_CALL, 33, 52 }, { "descriptors of a CANCEL", 16, WIRE_CANCEL, 1, 8 },
    { "HELLO", 37, WIRE_HELLO, 0, 29 },       { "REPLY from the client", 26, WIRE_REPLY, 0, 18 },
    { "RELEASE", 28, WIRE_RELEASE, 0, 20 },   { "WITHDRAW", 16, WIRE_WITHDRAW, 0, 8 },
    { "GRANT", 24, WIRE_GRANT, 0, 16 },       { "CHANNEL_END", 20, WIRE_CHANNEL_END, 0, 12 },
    { "DETOUR", 26, WIRE_DETOUR, 0, 18 },     { "type 0", 8, 0, 0, 0 },
    { "type 999", 8, 999, 0, 0 },
};

/* The end closes; both apps keep their connections, and call each other through the hub. */
static void check_channel_ended(struct scene *s, const char *what)
{
    struct lab *lab = s->lab;
    for (uint64_t due_ms = lab_get_due_ms(lab); !raw_has_closed(s->end.channel);)
        lab_pump_until(lab, due_ms, __FILE__, __LINE__, what);
    for (uint64_t id = 90; id < 100; id++) {
        raw_send_call(s->raw, id, s->handle, KIT_STATS, NULL, "", 0);
        LAB_RESULT(lab, raw_wait_reply(s->raw, id, NULL), 0);
    }
    LAB_EQUAL(lab, s->raw->n_fds, 0); /* no other channel */
    go_away(s);
    come_again(s);
}

static void test_malformed_on_a_channel(struct lab *lab)
{
    static const uint8_t zeros[64];
    struct scene s;
    open_scene(lab, &s);
    for (size_t i = 0; i < sizeof(on_channel) / sizeof(on_channel[0]); i++) {
        raw_send_header(s.end.channel, on_channel[i].length, on_channel[i].type, on_channel[i].n_fds);
        raw_send(s.end.channel, zeros, on_channel[i].body_size);
        check_channel_ended(&s, on_channel[i].what);
    }
    send_bad_call(s.end.channel, s.end.stub, WITH_OBJECT);
    check_channel_ended(&s, "an object on a channel");
    send_bad_call(s.end.channel, s.end.stub, WITH_IDENTITY);
    check_channel_ended(&s, "an identity that a client gives itself");
    send_detour(s.raw, s.end.number, 0, 0, 0, 0);
    raw_send_call(s.end.channel, 81, s.end.stub, KIT_STATS, NULL, "", 0);
    LAB_RESULT(lab, raw_wait_reply(s.end.channel, 81, NULL), 0);
    send_numbers(s.end.channel, WIRE_SEEK, 1, (uint64_t[]){ 0 });
    check_channel_ended(&s, "SEEK backwards");
    close_scene(&s);
}

static void test_numbers_on_a_channel(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    /* Stubs that are not granted, be they there or not: nothing is called. */
    for (uint64_t i = 1; i < 20; i++)
        send_bad_call(s.end.channel, s.end.stub + i, PLAIN);
    send_bad_call(s.end.channel, NOBODYS, PLAIN);
    LAB_RESULT(lab, raw_wait_reply(s.end.channel, 80, NULL), SOFTBUS_ERR_DEAD_OBJECT);
    send_numbers(s.end.channel, WIRE_CANCEL, 1, (uint64_t[]){ NOBODYS });
    raw_send_call(s.end.channel, 82, s.end.stub, KIT_STATS, NULL, "", 0);
    LAB_RESULT(lab, raw_wait_reply(s.end.channel, 82, NULL), 0);
    /* The same number twice: the client's own trouble. */
    for (unsigned i = 0; i < 2; i++)
        raw_send_call(s.end.channel, 83, s.end.stub, KIT_STATS, NULL, "", 0);
    for (unsigned i = 0; i < 2; i++)
        LAB_RESULT(lab, raw_wait_reply(s.end.channel, 83, NULL), 0);
    /* A place that will never come: nothing of this client is taken any more, and nobody else waits. */
    send_numbers(s.end.channel, WIRE_SEEK, 1, (uint64_t[]){ UINT64_MAX });
    raw_send_call(s.end.channel, 84, s.end.stub, KIT_STATS, NULL, "", 0);
    LAB_OK(lab, kit_echo(lab, s.object, 1000, 0));
    LAB_CHECK(lab, is_alive(s.raw));
    close_scene(&s);
}

static bool has_come(struct raw *raw)
{
    char byte;
    return recv(raw->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* A server that says on its channel what servers do not: the client loses the channel, and its calls there end. */
static void test_server_forges(struct lab *lab)
{
    struct scene s;
    open_scene(lab, &s);
    static const uint16_t types[] = { WIRE_CALL, WIRE_CANCEL, WIRE_SEEK, WIRE_DETOUR, 0 };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct raw *server = raw_open_with(lab, s.device, "forging server", WIRE_FEATURE_CHANNELS);
        LAB_RESULT(lab, raw_add_service(server, "forged.server", 7, false), 0);
        struct softbus_object *object = kit_get(lab, s.bus, NULL, "forged.server");
        for (unsigned k = 0; k < 3; k++)
            LAB_RESULT(lab, softbus_call(object, 1, NULL, NULL, 20), SOFTBUS_ERR_TIMEOUT);
        struct raw_end end = raw_open_server(server);
        LAB_UNTIL(lab, softbus_call(object, 1, NULL, NULL, 20) == SOFTBUS_ERR_TIMEOUT && has_come(end.channel));
        raw_send_reply(end.channel, NOBODYS, 0, NULL, "", 0); /* dropped */
        send_numbers(end.channel, types[i], 1, (uint64_t[]){ 1 });
        LAB_RESULT(lab, softbus_call(object, 1, NULL, NULL, 0), SOFTBUS_ERR_DIED); /* it reads when it waits for an answer */
        LAB_UNTIL(lab, raw_has_closed(end.channel));
        LAB_OK(lab, kit_echo(lab, s.object, 10, 0));
        raw_end_close(&end);
        raw_close(server);
        softbus_object_unref(object);
    }
    close_scene(&s);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device", start_device);
    lab_test(lab, "what only the hub says", test_messages_of_the_hub);
    lab_test(lab, "grants that nobody asked for", test_grants);
    lab_test(lab, "ends of other apps' channels", test_ends);
    lab_test(lab, "detours of other apps' channels and objects", test_detours);
    lab_test(lab, "places that no honest client names", test_positions);
    lab_test(lab, "calls and references of other apps", test_calls_and_references);
    lab_test(lab, "offers and claims without a restart", test_offers_and_claims);
    lab_test(lab, "malformed messages end their channel only", test_malformed_on_a_channel);
    lab_test(lab, "forged numbers on a channel", test_numbers_on_a_channel);
    lab_test(lab, "a server that forges", test_server_forges);
    return lab_leave(lab);
}
