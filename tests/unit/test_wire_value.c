/* Tagged values of the hub's own calls. */
#include "base/buf.h"
#include "wire/value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t golden[] = { 1, 1, 7, 4, 3, 2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 12, 2, 0, 0, 0, 'o', 'k', 0, 15, 0xff, 0xff };

static void test_golden(void **state)
{
    struct wire_writer writer;
    struct sb_buf buf;

    (void)state;
    sb_buf_init(&buf, 100);
    wire_writer_init(&writer, &buf);
    wire_value_put_bool(&writer, true);
    wire_value_put_u32(&writer, 0x01020304);
    wire_value_put_u64(&writer, 0x0102030405060708);
    wire_value_put_str(&writer, "ok", 2);
    wire_value_put_object(&writer, WIRE_NO_OBJECT);
    assert_int_equal(writer.error, 0);
    assert_int_equal(buf.length, sizeof(golden));
    assert_memory_equal(sb_buf_bytes(&buf), golden, sizeof(golden));
    sb_buf_deinit(&buf);
}

static int read_all(const uint8_t *bytes, size_t size)
{
    struct wire_reader reader;
    bool is_right;

    wire_reader_init(&reader, bytes, size);
    is_right = wire_value_get_bool(&reader);
    is_right &= wire_value_get_u32(&reader) == 0x01020304;
    is_right &= wire_value_get_u64(&reader) == 0x0102030405060708;
    is_right &= wire_value_get_str(&reader, 2).size == 2;
    is_right &= wire_value_get_object(&reader) == WIRE_NO_OBJECT;
    if (wire_reader_end(&reader) == 0)
        assert_true(is_right);
    return wire_reader_end(&reader);
}

static void test_reading(void **state)
{
    static const size_t tags[] = { 0, 2, 7, 16, 24 }; /* where they stand */
    uint8_t bytes[sizeof(golden)];

    (void)state;
    assert_int_equal(read_all(golden, sizeof(golden)), 0);
    for (size_t size = 0; size < sizeof(golden); size++)
        assert_int_equal(read_all(golden, size), -EBADMSG);
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        for (unsigned tag = 0; tag < 256; tag++) {
            memcpy(bytes, golden, sizeof(golden));
            bytes[tags[i]] = (uint8_t)tag;
            assert_int_equal(read_all(bytes, sizeof(bytes)) == 0, tag == golden[tags[i]]);
        }
    }
    memcpy(bytes, golden, sizeof(golden));
    bytes[1] = 2; /* no bool */
    assert_int_equal(read_all(bytes, sizeof(bytes)), -EBADMSG);
}

static void test_sizes(void **state)
{
    static const size_t sizes[] = { 0, 1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 0, 0, 0, 2 };

    (void)state;
    for (size_t tag = 0; tag <= WIRE_TAG_MAX; tag++)
        assert_int_equal(wire_tag_get_size((enum wire_tag)tag), sizes[tag]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
