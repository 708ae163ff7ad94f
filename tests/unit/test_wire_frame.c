/* Frames: golden bytes, every truncation, what must be refused. */
#include "base/buf.h"
#include "wire/frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HELLO_FIELDS .version_min = 1, .version_max = 1, .instance = 0x0102030405060708, .session = 9, .received = 10, \
                     .window_bytes = 0x4000, .n_streams = 1024, .message_max = 0x110000, .heartbeat_ms = 1000, \
                     .name = { .text = "ab", .size = 2 }
#define HELLO_BYTES 0x01, 0, 0x01, 0, 8, 7, 6, 5, 4, 3, 2, 1, 9, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, \
                    0, 0x40, 0, 0, 0, 4, 0, 0, 0, 0, 0x11, 0, 0xe8, 3, 0, 0, 2, 0, 0, 0, 'a', 'b', 0

static const struct {
    struct wire_frame frame;
    uint8_t bytes[64];
    size_t size;
} golden[] = {
    { { .type = WIRE_FRAME_HELLO, .hello = { HELLO_FIELDS } }, { 51, 0, 0x01, 0, 0, 0, 0, 0, HELLO_BYTES }, 59 },
    { { .type = WIRE_FRAME_ACCEPT, .hello = { HELLO_FIELDS } }, { 51, 0, 0x02, 0, 0, 0, 0, 0, HELLO_BYTES }, 59 },
    { { .type = WIRE_FRAME_REJECT, .reason = 2 }, { 4, 0, 0x03, 0, 0, 0, 0, 0, 2, 0, 0, 0 }, 12 },
    { { .type = WIRE_FRAME_CREDIT, .stream = 0x01020304, .credit_bytes = 0x05060708 },
      { 4, 0, 0x11, 0, 4, 3, 2, 1, 8, 7, 6, 5 }, 12 },
    { { .type = WIRE_FRAME_END_STREAM, .stream = 5 }, { 0, 0, 0x12, 0, 5, 0, 0, 0 }, 8 },
    { { .type = WIRE_FRAME_STREAM_ENDED, .stream = 5 }, { 0, 0, 0x13, 0, 5, 0, 0, 0 }, 8 },
    { { .type = WIRE_FRAME_PING, .stamp = 0x0102030405060708 }, { 8, 0, 0x80, 0, 0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1 }, 16 },
    { { .type = WIRE_FRAME_PONG, .stamp = 1 }, { 8, 0, 0x81, 0, 0, 0, 0, 0, 1 }, 16 },
    { { .type = WIRE_FRAME_ACK, .received = 300 }, { 8, 0, 0x82, 0, 0, 0, 0, 0, 44, 1 }, 16 },
    { { .type = WIRE_FRAME_CLOSE, .reason = 1 }, { 4, 0, 0x83, 0, 0, 0, 0, 0, 1, 0, 0, 0 }, 12 },
};
#define N_GOLDEN (sizeof(golden) / sizeof(golden[0]))

static void test_golden_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_GOLDEN; i++) {
        struct sb_buf buf;
        struct wire_frame frame;
        size_t size;

        sb_buf_init(&buf, 1024);
        assert_int_equal(wire_frame_write(&buf, &golden[i].frame), 0);
        assert_int_equal(buf.length, golden[i].size);
        assert_memory_equal(sb_buf_bytes(&buf), golden[i].bytes, golden[i].size);
        assert_int_equal(wire_frame_read(golden[i].bytes, golden[i].size, &frame, &size), 0);
        assert_int_equal(size, golden[i].size);
        assert_int_equal(frame.type, golden[i].frame.type);
        assert_int_equal(frame.stream, golden[i].frame.stream);
        if (frame.type <= WIRE_FRAME_ACCEPT) {
            assert_int_equal(frame.hello.instance, 0x0102030405060708);
            assert_int_equal(frame.hello.session, 9);
            assert_int_equal(frame.hello.received, 10);
            assert_int_equal(frame.hello.n_streams, 1024);
            assert_string_equal(frame.hello.name.text, "ab");
        }
        sb_buf_deinit(&buf);
    }
}

/* A frame that is cut short waits; a payload that is cut short is an error, in both directions of being wrong. */
static void test_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_GOLDEN; i++) {
        struct wire_frame frame;
        size_t size;

        for (size_t length = 0; length < golden[i].size; length++) {
            uint8_t *copy = malloc(length + 1);

            memcpy(copy, golden[i].bytes, length);
            copy = realloc(copy, length ? length : 1);
            assert_int_equal(wire_frame_read(copy, length, &frame, &size), -EAGAIN);
            if (length >= WIRE_FRAME_HEADER_SIZE) {
                wire_store_u16(copy, (uint16_t)(length - WIRE_FRAME_HEADER_SIZE));
                assert_int_equal(wire_frame_read(copy, length, &frame, &size), -EBADMSG);
            }
            free(copy);
        }
        if (golden[i].frame.type != WIRE_FRAME_DATA) { /* one byte too many */
            uint8_t longer[65];

            memcpy(longer, golden[i].bytes, 64);
            wire_store_u16(longer, (uint16_t)(golden[i].size - WIRE_FRAME_HEADER_SIZE + 1));
            assert_int_equal(wire_frame_read(longer, golden[i].size + 1, &frame, &size), -EBADMSG);
        }
    }
}

static int read_bytes(const uint8_t *bytes, size_t size)
{
    struct wire_frame frame;
    size_t used;

    return wire_frame_read(bytes, size, &frame, &used);
}

static void test_refused(void **state)
{
    uint8_t bytes[WIRE_FRAME_MAX + 1] = { 0 };

    (void)state;
    wire_frame_store_header(bytes, WIRE_FRAME_DATA, 1, WIRE_FRAME_PAYLOAD_MAX);
    assert_int_equal(read_bytes(bytes, WIRE_FRAME_MAX), 0);
    wire_store_u16(bytes, WIRE_FRAME_PAYLOAD_MAX + 1);
    assert_int_equal(read_bytes(bytes, WIRE_FRAME_HEADER_SIZE), -EBADMSG);
    assert_int_equal(read_bytes((const uint8_t[8]){ 0, 0, 0x10, 0, 1 }, 8), -EBADMSG);     /* empty DATA */
    assert_int_equal(read_bytes((const uint8_t[9]){ 1, 0, 0x10, 1, 1 }, 9), -EBADMSG);     /* flags */
    assert_int_equal(read_bytes((const uint8_t[8]){ 0, 0, 0, 0, 0 }, 8), -EBADMSG);        /* type 0 */
    assert_int_equal(read_bytes((const uint8_t[8]){ 0, 0, 0x12, 0, 0 }, 8), -EBADMSG);     /* the control stream ends */
    assert_int_equal(read_bytes((const uint8_t[16]){ 8, 0, 0x80, 0, 1 }, 16), -EBADMSG);   /* PING in a stream */
    assert_int_equal(read_bytes((const uint8_t[12]){ 4, 0, 0x11, 0, 1 }, 12), -EBADMSG);   /* no credit */
    assert_int_equal(read_bytes((const uint8_t[9]){ 1, 0, 0x7f, 0, 1 }, 9), 0);            /* unknown */
    assert_int_equal(read_bytes((const uint8_t[9]){ 1, 0, 0xfe, 0, 1 }, 9), 0);
    assert_true(wire_frame_is_sequenced(0x7f) && wire_frame_is_sequenced(0x10));
    assert_false(wire_frame_is_sequenced(0x80) || wire_frame_is_sequenced(0x0f));
}

static int read_hello(struct wire_frame frame, size_t n_extra)
{
    struct sb_buf buf;
    uint8_t bytes[256];
    size_t size;
    int r;

    sb_buf_init(&buf, 1024);
    r = wire_frame_write(&buf, &frame);
    if (r == 0) {
        size = buf.length;
        memcpy(bytes, sb_buf_bytes(&buf), size);
        memset(bytes + size, 7, n_extra);
        wire_store_u16(bytes, (uint16_t)(size + n_extra - WIRE_FRAME_HEADER_SIZE));
        r = read_bytes(bytes, size + n_extra);
    }
    sb_buf_deinit(&buf);
    return r;
}

static void test_hello_limits(void **state)
{
    const struct wire_frame good = golden[0].frame;
    struct wire_frame frame;
    char name[65] = "";

    (void)state;
    assert_int_equal(read_hello(good, 0), 0);
    frame = good, frame.hello.version_min = 2;
    assert_int_equal(read_hello(frame, 0), -EINVAL);
    frame = good, frame.hello.instance = 0;
    assert_int_equal(read_hello(frame, 0), -EINVAL);
    frame = good, frame.hello.window_bytes = 1023;
    assert_int_equal(read_hello(frame, 0), -EINVAL);
    frame = good, frame.hello.n_streams = 0;
    assert_int_equal(read_hello(frame, 0), -EINVAL);
    frame = good, frame.hello.heartbeat_ms = 0;
    assert_int_equal(read_hello(frame, 0), -EINVAL);
    frame = good, frame.hello.session = 0;
    assert_int_equal(read_hello(frame, 0), 0);
    frame.type = WIRE_FRAME_ACCEPT;
    assert_int_equal(read_hello(frame, 0), -EINVAL);
    memset(name, 'x', 64);
    frame = good, frame.hello.name = (struct wire_str){ .text = name, .size = 63 };
    assert_int_equal(read_hello(frame, 0), 0);
    frame.hello.name.size = 64;
    assert_int_equal(read_hello(frame, 0), -EINVAL);
    /* a newer peer may say more, one of our version may not */
    assert_int_equal(read_hello(good, 4), -EBADMSG);
    frame = good, frame.hello.version_max = 2;
    assert_int_equal(read_hello(frame, 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_bytes),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_hello_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
