/* The helper protocol: golden bytes, truncation at every length, and values out of range. */
#include "base/buf.h"
#include "wire/disc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ID_BYTES "0123456789abcdefghijklmnopqrstuv"

static const uint8_t golden_config[] = "\x01" "\x01\0\0\0" ID_BYTES "\x58\x1b" "\x03" "\x03\0\0\0one\0" "\x02"
                                       "\x02\0\0\0lo\0" "\x04\0\0\0eth0";
static const uint8_t golden_ready[] = "\x02" "\x01\0\0\0" "\x0f\0\0";
static const uint8_t golden_found4[] = "\x03" ID_BYTES "\x01\0\0\0" "\x04" "\x58\x1b" "\0\0\0\0" "\x0a\x4d\0\x01";
static const uint8_t golden_lost6[] = "\x04" ID_BYTES "\x06" "\x58\x1b" "\x02\0\0\0" "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01";
static const uint8_t golden_log[] = "\x05" "\x01" "\x05\0\0\0hello";
static const uint8_t golden_alive[] = "\x06";

/* Sizes: the NUL of the literal is the message's last byte where a string ends it, else it is not counted. */
static const struct golden { const uint8_t *data; size_t size; enum wire_disc_type type; } goldens[] = {
    { golden_config, sizeof(golden_config), WIRE_DISC_CONFIG },
    { golden_ready, sizeof(golden_ready), WIRE_DISC_READY },
    { golden_found4, sizeof(golden_found4) - 1, WIRE_DISC_FOUND },
    { golden_lost6, sizeof(golden_lost6) - 1, WIRE_DISC_LOST },
    { golden_log, sizeof(golden_log), WIRE_DISC_LOG },
    { golden_alive, 1, WIRE_DISC_ALIVE },
};

static void test_golden_bytes_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
        struct wire_disc_message message;
        struct sb_buf buf;

        assert_int_equal(wire_disc_decode(goldens[i].data, goldens[i].size, &message), 0);
        assert_int_equal(message.type, goldens[i].type);
        sb_buf_init(&buf, WIRE_DISC_MESSAGE_MAX);
        assert_int_equal(wire_disc_encode(&message, &buf), 0);
        assert_int_equal(buf.length, goldens[i].size);
        assert_memory_equal(sb_buf_bytes(&buf), goldens[i].data, goldens[i].size);
        sb_buf_deinit(&buf);
    }
}

static void test_values(void **state)
{
    struct wire_disc_message message;

    (void)state;
    assert_int_equal(wire_disc_decode(golden_config, sizeof(golden_config), &message), 0);
    assert_int_equal(message.config.port, 7000);
    assert_true(message.config.use_ipv4 && message.config.use_ipv6);
    assert_string_equal(message.config.instance.text, "one");
    assert_int_equal(message.config.n_interfaces, 2);
    assert_string_equal(message.config.interfaces[1].text, "eth0");
    assert_int_equal(wire_disc_decode(golden_lost6, sizeof(golden_lost6) - 1, &message), 0);
    assert_memory_equal(message.seen.id.bytes, ID_BYTES, WIRE_DEVID_SIZE);
    assert_int_equal(message.seen.address.family, WIRE_DISC_IPV6);
    assert_int_equal(message.seen.address.scope, 2);
}

static void test_every_truncation_and_excess(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
        struct wire_disc_message message;
        uint8_t longer[256] = { 0 };

        for (size_t size = 0; size < goldens[i].size; size++)
            assert_int_equal(wire_disc_decode(goldens[i].data, size, &message), -EBADMSG);
        memcpy(longer, goldens[i].data, goldens[i].size);
        assert_int_equal(wire_disc_decode(longer, goldens[i].size + 1, &message), -EBADMSG);
    }
}

static void expect_refused(const struct golden *golden, size_t at, uint8_t value)
{
    struct wire_disc_message message;
    uint8_t copy[256];

    memcpy(copy, golden->data, golden->size);
    copy[at] = value;
    assert_int_equal(wire_disc_decode(copy, golden->size, &message), -EBADMSG);
}

static void test_values_out_of_range(void **state)
{
    struct wire_disc_message message;
    uint8_t large[WIRE_DISC_MESSAGE_MAX + 1] = { WIRE_DISC_LOG };

    (void)state;
    expect_refused(&goldens[0], 0, 0);             /* types */
    expect_refused(&goldens[5], 0, 7);
    expect_refused(&goldens[0], 1, 2);             /* CONFIG: version, flags, instance with NUL, empty interface */
    expect_refused(&goldens[0], 39, 0);
    expect_refused(&goldens[0], 39, 4);
    expect_refused(&goldens[0], 45, 0);
    expect_refused(&goldens[0], 48, 33);
    expect_refused(&goldens[0], 49, 0);
    expect_refused(&goldens[1], 1, 2);             /* READY: version, unknown bits */
    expect_refused(&goldens[1], 5, 0x1f);
    expect_refused(&goldens[2], 33, 0);            /* FOUND: version 0, family, scope on IPv4 */
    expect_refused(&goldens[2], 37, 5);
    expect_refused(&goldens[2], 40, 1);
    expect_refused(&goldens[4], 1, 4);             /* LOG: level, not UTF-8 */
    expect_refused(&goldens[4], 7, 0xff);
    assert_int_equal(wire_disc_decode(large, sizeof(large), &message), -EBADMSG);
}

static void test_encode_refuses_what_decode_would(void **state)
{
    struct wire_disc_message message = { .type = WIRE_DISC_FOUND };
    char text[WIRE_DISC_LOG_MAX + 2];
    struct sb_buf buf;

    (void)state;
    sb_buf_init(&buf, WIRE_DISC_MESSAGE_MAX);
    assert_int_equal(wire_disc_encode(&message, &buf), -EINVAL);
    assert_int_equal(buf.length, 0);
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    message = (struct wire_disc_message){ .type = WIRE_DISC_LOG, .log.text = { text, WIRE_DISC_LOG_MAX + 1 } };
    assert_int_equal(wire_disc_encode(&message, &buf), -EINVAL);
    text[WIRE_DISC_LOG_MAX] = '\0';
    message.log.text.size = WIRE_DISC_LOG_MAX;
    assert_int_equal(wire_disc_encode(&message, &buf), 0);
    sb_buf_deinit(&buf);
}

/* The largest CONFIG fits into a message. */
static void test_largest_config(void **state)
{
    struct wire_disc_message message = { .type = WIRE_DISC_CONFIG,
                                         .config = { .port = 1, .use_ipv4 = true, .n_interfaces = WIRE_DISC_INTERFACES_MAX } };
    char instance[WIRE_DISC_INSTANCE_MAX + 1];
    struct sb_buf buf;

    (void)state;
    memset(instance, 'i', WIRE_DISC_INSTANCE_MAX);
    instance[WIRE_DISC_INSTANCE_MAX] = '\0';
    message.config.instance = (struct wire_str){ instance, WIRE_DISC_INSTANCE_MAX };
    for (size_t i = 0; i < WIRE_DISC_INTERFACES_MAX; i++)
        message.config.interfaces[i] = (struct wire_str){ "abcdefghijklmno", WIRE_DISC_INTERFACE_MAX };
    sb_buf_init(&buf, WIRE_DISC_MESSAGE_MAX);
    assert_int_equal(wire_disc_encode(&message, &buf), 0);
    sb_buf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_bytes_both_ways),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_every_truncation_and_excess),
        cmocka_unit_test(test_values_out_of_range),
        cmocka_unit_test(test_encode_refuses_what_decode_would),
        cmocka_unit_test(test_largest_config),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
