/* Messages: golden bytes of each, every truncation, trailing bytes, and values at and beyond their ranges. */
#include "base/buf.h"
#include "wire/channel.h"
#include "wire/msg.h"
#include "wire/status.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ID "\x08\x07\x06\x05\x04\x03\x02\x01"
#define ID_VALUE 0x0102030405060708u
#define DEVICE "\xaa\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xbb"

static const struct wire_devid device = { { [0] = 0xaa, [31] = 0xbb } };
static const struct wire_objects no_objects = { .n = 0 };
static const struct wire_objects three_objects = {
    .n = 3,
    .items = { { .kind = WIRE_OBJECT_STUB, .id = ID_VALUE },
               { .kind = WIRE_OBJECT_PROXY, .flags = 3, .hops = 1, .id = ID_VALUE, .device = { { [0] = 0xaa, [31] = 0xbb } } },
               { .kind = WIRE_OBJECT_PROXY, .flags = 6, .id = 9, .origin = ID_VALUE, .stub = 10 } },
};

static int put_hello(struct sb_buf *buf)
{
    struct wire_hello hello = { .version_min = 1, .version_max = 2, .features = WIRE_FEATURE_CHANNELS, .instance = ID_VALUE, .proof = 9,
                                .name = { "app", 3 } };

    return wire_hello_encode(buf, &hello);
}

static int put_welcome(struct sb_buf *buf)
{
    struct wire_welcome welcome = { .version = 1, .local_max = 204800, .remote_max = 1048576, .device = device,
                                    .device_name = { "k", 1 }, .instance = ID_VALUE, .proof = 9 };

    return wire_welcome_encode(buf, &welcome);
}

static int put_call(struct sb_buf *buf)
{
    struct wire_call call = { .id = ID_VALUE, .target = 2, .code = 3, .deadline_ms = 4, .trace = 5,
                              .identity = { .kind = WIRE_IDENTITY_LOCAL, .pid = 6, .uid = 7, .gid = 8, .label = { "l", 1 } },
                              .data = { NULL, 2 }, .n_fds = WIRE_FDS_MAX };
    int r = wire_call_encode_head(buf, &call, &three_objects);

    return r < 0 ? r : sb_buf_append(buf, "\x01\x01", 2);
}

static int put_oneway(struct sb_buf *buf)
{
    struct wire_call call = { .target = 2, .code = 3, .flags = WIRE_CALL_ONEWAY,
                              .identity = { .kind = WIRE_IDENTITY_REMOTE, .device = device, .uid = 7 } };

    return wire_call_encode_head(buf, &call, &no_objects);
}

static int put_asserted(struct sb_buf *buf)
{
    struct wire_call call = { .id = 1, .code = 3, .identity = { .kind = WIRE_IDENTITY_ASSERTED, .uid = 7 } };

    return wire_call_encode_head(buf, &call, &no_objects);
}

static int put_reply(struct sb_buf *buf)
{
    struct wire_reply reply = { .id = ID_VALUE, .data = { NULL, 1 }, .n_fds = 1 };
    int r = wire_reply_encode_head(buf, &reply, &no_objects);

    return r < 0 ? r : sb_buf_append(buf, "\x63", 1);
}

static int put_error(struct sb_buf *buf)
{
    struct wire_reply reply = { .id = ID_VALUE, .status = WIRE_STATUS_MIN };

    return wire_reply_encode_head(buf, &reply, &no_objects);
}

static int put_cancel(struct sb_buf *buf)
{
    return wire_cancel_encode(buf, ID_VALUE);
}

static int put_release(struct sb_buf *buf)
{
    return wire_release_encode(buf, &(struct wire_release){ .id = ID_VALUE, .count = 1, .after = 9 });
}

static int put_withdraw(struct sb_buf *buf)
{
    return wire_withdraw_encode(buf, ID_VALUE);
}

static int put_death(struct sb_buf *buf)
{
    return wire_death_encode(buf, &(struct wire_death_msg){ .id = ID_VALUE, .reason = 5 });
}

static int put_refused(struct sb_buf *buf)
{
    return wire_refused_encode(buf, &(struct wire_refused){ .id = 0, .object = ID_VALUE, .status = WIRE_PASSBACK });
}

static int put_service(struct sb_buf *buf)
{
    return wire_service_encode(buf, &(struct wire_service){ .is_present = 1, .name = { "s", 1 } });
}

static int put_channel(struct sb_buf *buf)
{
    struct wire_channel channel = { .channel = ID_VALUE, .role = WIRE_ROLE_SERVER,
                                    .identity = { .kind = WIRE_IDENTITY_LOCAL, .pid = 6, .uid = 7, .gid = 8, .label = { "l", 1 } } };

    return wire_channel_encode(buf, &channel);
}

static int put_grant(struct sb_buf *buf)
{
    return wire_grant_encode(buf, &(struct wire_grant){ .channel = ID_VALUE, .stub = 9 });
}

static int put_route(struct sb_buf *buf)
{
    return wire_route_encode(buf, &(struct wire_route){ .handle = ID_VALUE, .channel = 9, .stub = 10 });
}

static int put_revoke(struct sb_buf *buf)
{
    return wire_revoke_encode(buf, &(struct wire_revoke){ .channel = ID_VALUE, .stub = 9, .after = 10 });
}

static int put_channel_end(struct sb_buf *buf)
{
    return wire_channel_end_encode(buf, &(struct wire_channel_end){ .channel = ID_VALUE, .reason = 5 });
}

static const struct wire_detour detour = { .channel = ID_VALUE, .position = 9 };

static int put_detour(struct sb_buf *buf)
{
    return wire_detour_encode(buf, &detour);
}

static int put_detoured_call(struct sb_buf *buf)
{
    struct wire_call call = { .id = 1, .code = 3, .data = { NULL, 1 }, .n_fds = 2 };
    int r = wire_detour_call_encode_head(buf, &detour, &call, &no_objects);

    return r < 0 ? r : sb_buf_append(buf, "\x63", 1);
}

static int put_detoured_reply(struct sb_buf *buf)
{
    struct wire_reply reply = { .id = 1, .data = { NULL, 1 }, .n_fds = 3 };
    int r = wire_detour_reply_encode_head(buf, &detour, &reply, &no_objects);

    return r < 0 ? r : sb_buf_append(buf, "\x63", 1);
}

static int put_seek(struct sb_buf *buf)
{
    return wire_seek_encode(buf, ID_VALUE);
}

static int put_offer(struct sb_buf *buf)
{
    return wire_offer_encode(buf, ID_VALUE);
}

#define BYTES(text) text, sizeof(text) - 1
static const struct {
    int (*put)(struct sb_buf *buf);
    const char *bytes;
    size_t size;
} goldens[] = {
    { put_hello, BYTES("\x28\0\0\0\x01\0\0\0\x01\0\x02\0\x01\0\0\0" ID "\x09\0\0\0\0\0\0\0\x03\0\0\0app\0") },
    { put_welcome, BYTES("\x48\0\0\0\x02\0\0\0\x01\0\0\x20\x03\0\0\0\x10\0" DEVICE "\x01\0\0\0k\0" ID "\x09\0\0\0\0\0\0\0") },
    { put_call, BYTES("\x98\0\0\0\x03\0\x20\0" ID "\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x04\0\0\0\x05\0\0\0\0\0\0\0"
                      "\x01\x06\0\0\0\x07\0\0\0\x08\0\0\0\x01\0\0\0l\0"
                      "\x03\0\x01\0\0" ID "\x02\x03\x01" ID DEVICE "\x02\x06\0\x09\0\0\0\0\0\0\0" ID "\x0a\0\0\0\0\0\0\0"
                      "\x02\0\0\0\x01\x01") },
    { put_oneway, BYTES("\x57\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                        "\x02" DEVICE "\x07\0\0\0\0\0\0\0\0\0") },
    { put_asserted, BYTES("\x37\0\0\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                          "\x03\x07\0\0\0\0\0\0\0\0\0") },
    { put_reply, BYTES("\x1b\0\0\0\x04\0\x01\0" ID "\0\0\0\0\0\0\x01\0\0\0\x63") },
    { put_error, BYTES("\x1a\0\0\0\x04\0\0\0" ID "\xda\xff\xff\xff\0\0\0\0\0\0") },
    { put_cancel, BYTES("\x10\0\0\0\x05\0\0\0" ID) },
    { put_release, BYTES("\x1c\0\0\0\x06\0\0\0" ID "\x01\0\0\0\x09\0\0\0\0\0\0\0") },
    { put_withdraw, BYTES("\x10\0\0\0\x07\0\0\0" ID) },
    { put_death, BYTES("\x14\0\0\0\x08\0\0\0" ID "\x05\0\0\0") },
    { put_refused, BYTES("\x1c\0\0\0\x09\0\0\0\0\0\0\0\0\0\0\0" ID "\xf5\xff\xff\xff") },
    { put_service, BYTES("\x0f\0\0\0\x0a\0\0\0\x01\x01\0\0\0s\0") },
    { put_channel, BYTES("\x24\0\0\0\x0b\0\x01\0" ID "\x02\x01\x06\0\0\0\x07\0\0\0\x08\0\0\0\x01\0\0\0l\0") },
    { put_grant, BYTES("\x18\0\0\0\x0c\0\0\0" ID "\x09\0\0\0\0\0\0\0") },
    { put_route, BYTES("\x20\0\0\0\x0d\0\0\0" ID "\x09\0\0\0\0\0\0\0\x0a\0\0\0\0\0\0\0") },
    { put_revoke, BYTES("\x20\0\0\0\x0e\0\0\0" ID "\x09\0\0\0\0\0\0\0\x0a\0\0\0\0\0\0\0") },
    { put_channel_end, BYTES("\x14\0\0\0\x0f\0\0\0" ID "\x05\0\0\0") },
    { put_detour, BYTES("\x1a\0\0\0\x10\0\0\0" ID "\x09\0\0\0\0\0\0\0\0\0") },
    { put_detoured_call, BYTES("\x46\0\0\0\x10\0\x02\0" ID "\x09\0\0\0\0\0\0\0\x03\0"
                               "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                               "\0\0\x01\0\0\0\x63") },
    { put_detoured_reply, BYTES("\x2d\0\0\0\x10\0\x03\0" ID "\x09\0\0\0\0\0\0\0\x04\0"
                                "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x63") },
    { put_seek, BYTES("\x10\0\0\0\x11\0\0\0" ID) },
    { put_offer, BYTES("\x10\0\0\0\x12\0\0\0" ID) },
};
#define N_GOLDENS (sizeof(goldens) / sizeof(goldens[0]))

static struct wire_objects objects;

static int decode_detour(struct wire_bytes body)
{
    struct wire_detour inner;
    struct wire_call call;
    struct wire_reply reply;

    if (wire_detour_decode(body, &inner) < 0)
        return -EBADMSG;
    switch (inner.type) {
    case WIRE_CALL: return wire_call_decode(inner.body, &call, &objects);
    case WIRE_REPLY: return wire_reply_decode(inner.body, &reply, &objects);
    default: return 0;
    }
}

/* 0 or -EBADMSG from the body's decoder; the body is an exact heap copy, so that a sanitizer sees a read behind its end. */
static int decode(uint16_t type, const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct wire_bytes body = { copy, size };
    struct wire_hello hello;
    struct wire_welcome welcome;
    struct wire_call call;
    struct wire_reply reply;
    struct wire_release release;
    struct wire_death_msg death;
    struct wire_refused refused;
    struct wire_service service;
    struct wire_channel channel;
    struct wire_grant grant;
    struct wire_route route;
    struct wire_revoke revoke;
    struct wire_channel_end end;
    uint64_t id;
    int r = -1;

    if (size)
        memcpy(copy, bytes, size);
    switch (type) {
    case WIRE_HELLO: r = wire_hello_decode(body, &hello); break;
    case WIRE_WELCOME: r = wire_welcome_decode(body, &welcome); break;
    case WIRE_CALL: r = wire_call_decode(body, &call, &objects); break;
    case WIRE_REPLY: r = wire_reply_decode(body, &reply, &objects); break;
    case WIRE_CANCEL: r = wire_cancel_decode(body, &id); break;
    case WIRE_RELEASE: r = wire_release_decode(body, &release); break;
    case WIRE_WITHDRAW: r = wire_withdraw_decode(body, &id); break;
    case WIRE_DEATH: r = wire_death_decode(body, &death); break;
    case WIRE_REFUSED: r = wire_refused_decode(body, &refused); break;
    case WIRE_SERVICE: r = wire_service_decode(body, &service); break;
    case WIRE_CHANNEL: r = wire_channel_decode(body, &channel); break;
    case WIRE_GRANT: r = wire_grant_decode(body, &grant); break;
    case WIRE_ROUTE: r = wire_route_decode(body, &route); break;
    case WIRE_REVOKE: r = wire_revoke_decode(body, &revoke); break;
    case WIRE_CHANNEL_END: r = wire_channel_end_decode(body, &end); break;
    case WIRE_DETOUR: r = decode_detour(body); break;
    case WIRE_SEEK: r = wire_seek_decode(body, &id); break;
    case WIRE_OFFER: r = wire_offer_decode(body, &id); break;
    default: fail_msg("type %u", type);
    }
    free(copy);
    return r;
}

static void test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_GOLDENS; i++) {
        struct sb_buf buf;

        sb_buf_init(&buf, 1000);
        sb_buf_append(&buf, "before", 6); /* what is there stays */
        assert_int_equal(goldens[i].put(&buf), 0);
        sb_buf_consume(&buf, 6);
        assert_int_equal(buf.length, goldens[i].size);
        assert_memory_equal(sb_buf_bytes(&buf), goldens[i].bytes, goldens[i].size);
        sb_buf_deinit(&buf);
    }
}

static void test_lengths(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_GOLDENS; i++) {
        const uint8_t *bytes = (const uint8_t *)goldens[i].bytes;
        uint8_t longer[200];
        struct wire_msg message;
        size_t size;

        for (size_t n = 0; n < goldens[i].size; n++) {
            assert_int_equal(wire_msg_scan(bytes, n, WIRE_MSG_MAX, &message, &size), 0);
            assert_int_equal(size, n < 8 ? 8 : goldens[i].size);
            if (n >= 8)
                assert_int_equal(decode(wire_load_u16(bytes + 4), bytes + 8, n - 8), -EBADMSG);
        }
        assert_int_equal(wire_msg_scan(bytes, goldens[i].size, WIRE_MSG_MAX, &message, &size), 1);
        assert_int_equal(decode(message.type, message.body.data, message.body.size), 0);
        memcpy(longer, message.body.data, message.body.size);
        longer[message.body.size] = 0;
        assert_int_equal(decode(message.type, longer, message.body.size + 1), -EBADMSG);
    }
}

/* No encoder leaves half a message behind when there is no room. */
static void test_no_room(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_GOLDENS; i++) {
        for (size_t max = 0; max < goldens[i].size - 2; max++) {
            struct sb_buf buf;

            sb_buf_init(&buf, max);
            if (goldens[i].put(&buf) == 0)
                fail_msg("golden %zu fits into %zu", i, max);
            sb_buf_deinit(&buf);
        }
    }
}

static void test_header(void **state)
{
    struct wire_msg message;
    size_t size;

    (void)state;
    assert_int_equal(wire_msg_scan((const uint8_t *)"\x07\0\0\0\x01\0\0\0", 8, 100, &message, &size), -EBADMSG);
    assert_int_equal(wire_msg_scan((const uint8_t *)"\x08\0\0\0\x01\0\x01\0", 8, 100, &message, &size), -EBADMSG);
    assert_int_equal(wire_msg_scan((const uint8_t *)"\x08\0\0\0\x03\0\x20\0", 8, 100, &message, &size), 1);
    assert_int_equal(message.n_fds, 32);
    assert_int_equal(wire_msg_scan((const uint8_t *)"\x08\0\0\0\x03\0\x21\0", 8, 100, &message, &size), -EBADMSG);
    assert_int_equal(wire_msg_scan((const uint8_t *)"\x08\0\0\0\x0b\0\0\0", 8, 100, &message, &size), -EBADMSG); /* CHANNEL */
    assert_int_equal(wire_msg_scan((const uint8_t *)"\x08\0\0\0\x0b\0\x02\0", 8, 100, &message, &size), -EBADMSG);
    assert_int_equal(wire_msg_scan((const uint8_t *)"\x65\0\0\0\x01\0\0\0", 8, 100, &message, &size), -EMSGSIZE);
    assert_int_equal(wire_msg_scan((const uint8_t *)"\x64\0\0\0\x01\0\0\0", 8, 100, &message, &size), 0);
    assert_int_equal(wire_msg_scan((const uint8_t *)"\xff\xff\xff\xff\x01\0\0\0", 8, WIRE_MSG_MAX, &message, &size), -EMSGSIZE);
    assert_int_equal(wire_msg_scan((const uint8_t *)"\x08\0\0\0\xff\xff\0\0", 8, 100, &message, &size), 1);
    assert_int_equal(message.type, 0xffff);
    assert_int_equal(message.n_fds, 0);
    assert_int_equal(message.body.size, 0);
}

/* One byte of a golden body changed to a value out of its range. */
static void test_ranges(void **state)
{
    static const struct {
        size_t golden, offset;
        uint8_t value;
    } cases[] = {
        { 0, 0, 3 },     /* version_min > version_max */
        { 0, 4, 2 },     /* unknown feature */
        { 0, 24, 64 },   /* longer name than there is */
        { 2, 16, 0 },    /* code 0 */
        { 2, 20, 1 },    /* one-way with an id */
        { 2, 20, 2 },    /* unknown flag */
        { 2, 36, 4 },    /* identity kind */
        { 2, 55, 129 },  /* objects */
        { 2, 57, 0 },    /* object kinds */
        { 2, 57, 3 },
        { 2, 58, 8 },    /* object flag */
        { 2, 58, 4 },    /* a stub with an origin */
        { 2, 69, 7 },    /* a remote object with an origin */
        { 2, 59, 2 },    /* hops */
        { 3, 20, 0 },    /* id 0 and not one-way */
        { 5, 8, 1 },     /* status > 0 */
        { 6, 8, 0xd9 },  /* status below the last one */
        { 8, 8, 0 },     /* count 0 */
        { 10, 8, 0 },    /* reasons */
        { 10, 8, 6 },
        { 11, 16, 0xd9 }, /* status */
        { 12, 0, 2 },    /* present */
        { 12, 5, 0xff }, /* not UTF-8 */
        { 13, 8, 0 },    /* roles */
        { 13, 8, 3 },
        { 13, 9, 0 },    /* identity not LOCAL */
        { 13, 9, 3 },
        { 17, 8, 0 },    /* reasons */
        { 17, 8, 6 },
        { 18, 16, 3 },   /* detour without the body of its type */
        { 18, 16, 5 },
        { 19, 16, 0 },   /* detour with a body and no type */
        { 19, 16, 5 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[200];
        size_t size = goldens[cases[i].golden].size;

        memcpy(bytes, goldens[cases[i].golden].bytes, size);
        bytes[8 + cases[i].offset] = cases[i].value;
        if (decode(wire_load_u16(bytes + 4), bytes + 8, size - 8) == 0)
            fail_msg("case %zu is taken", i);
    }
    /* REFUSED with status 0; SERVICE without a name; an error REPLY with data. */
    assert_int_equal(decode(WIRE_REFUSED, ID ID "\0\0\0\0", 20), -EBADMSG);
    assert_int_equal(decode(WIRE_SERVICE, "\x01\0\0\0\0\0", 6), -EBADMSG);
    assert_int_equal(decode(WIRE_REPLY, ID "\xff\xff\xff\xff\0\0\x01\0\0\0x", 19), -EBADMSG);
}

static int decode_name(size_t size)
{
    struct wire_hello hello = { .version_min = 1, .version_max = 1 };
    char name[100];
    struct sb_buf buf;
    int r;

    memset(name, 'n', sizeof(name));
    hello.name = (struct wire_str){ name, size };
    sb_buf_init(&buf, 1000);
    assert_int_equal(wire_hello_encode(&buf, &hello), 0);
    r = decode(WIRE_HELLO, sb_buf_bytes(&buf) + 8, buf.length - 8);
    sb_buf_deinit(&buf);
    return r;
}

static int decode_call(uint16_t n_objects, size_t data_size, size_t label_size)
{
    struct wire_call call = { .id = 1, .code = 1, .data = { NULL, data_size },
                              .identity = { .kind = WIRE_IDENTITY_LOCAL, .label = { NULL, label_size } } };
    char label[300];
    uint8_t *data = calloc(1, data_size + 1);
    struct sb_buf buf;
    int r;

    memset(label, 'l', sizeof(label));
    call.identity.label.text = label;
    objects.n = n_objects;
    for (size_t i = 0; i < n_objects && i < WIRE_OBJECTS_MAX; i++)
        objects.items[i] = (struct wire_object){ .kind = WIRE_OBJECT_PROXY, .flags = WIRE_OBJECT_REMOTE, .id = i };
    if (n_objects > WIRE_OBJECTS_MAX)
        objects.n = WIRE_OBJECTS_MAX;
    sb_buf_init(&buf, 2 * WIRE_MSG_MAX);
    assert_int_equal(wire_call_encode_head(&buf, &call, &objects), 0);
    if (n_objects <= WIRE_OBJECTS_MAX && data_size <= WIRE_REMOTE_MAX && label_size <= WIRE_LABEL_MAX)
        assert_in_range(buf.length, WIRE_HEADER_SIZE, WIRE_HEADER_SIZE + WIRE_HEAD_MAX);
    sb_buf_append(&buf, data, data_size);
    if (n_objects > WIRE_OBJECTS_MAX) /* the encoder has no room for more: say so in the bytes */
        wire_store_u16(buf.data + buf.start + 8 + 36 + 13 + 5 + label_size, n_objects);
    r = decode(WIRE_CALL, sb_buf_bytes(&buf) + 8, buf.length - 8);
    sb_buf_deinit(&buf);
    free(data);
    return r;
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(decode_name(63), 0);
    assert_int_equal(decode_name(64), -EBADMSG);
    assert_int_equal(decode_name(0), 0);
    assert_int_equal(decode_call(128, 0, 0), 0);
    assert_int_equal(decode_call(129, 0, 0), -EBADMSG);
    assert_int_equal(decode_call(0, 1048576, 0), 0);
    assert_int_equal(decode_call(0, 1048577, 0), -EBADMSG);
    assert_int_equal(decode_call(128, 1048576, 255), 0);
    assert_int_equal(decode_call(0, 0, 256), -EBADMSG);
}

/* Decoders leave their outputs alone when they fail. */
static void test_untouched(void **state)
{
    struct wire_hello hello = { .version_min = 77 };

    (void)state;
    assert_int_equal(wire_hello_decode((struct wire_bytes){ (const uint8_t *)"\x01\0", 2 }, &hello), -EBADMSG);
    assert_int_equal(hello.version_min, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_lengths), cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_header), cmocka_unit_test(test_ranges),  cmocka_unit_test(test_limits),
        cmocka_unit_test(test_untouched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
