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
    static const size_t sizes[] = { 0, 1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0 };

    (void)state;
    for (size_t tag = 0; tag <= WIRE_TAG_MAX; tag++)
        assert_int_equal(wire_tag_get_size((enum wire_tag)tag), sizes[tag]);
}

static void test_tags(void **state)
{
    (void)state;
    for (int tag = 0; tag < 256; tag++) {
        int element = tag - WIRE_TAG_ARRAY;
        bool is_array = element == WIRE_TAG_OBJECT || element == WIRE_TAG_STRING16 ||
                        (element >= WIRE_TAG_BOOL && element <= WIRE_TAG_STRING);

        assert_int_equal(wire_tag_is_valid(tag), (tag >= 1 && tag <= 21) || is_array);
    }
}

static void test_str16(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        bool is_valid;
    } cases[] = {
        { "\0\0\0\0", 4, true },
        { "\1\0\0\0a\0", 6, true },
        { "\2\0\0\0\x3d\xd8\x00\xde", 8, true },            /* a pair */
        { "\4\0\0\0\x3d\xd8\x00\xde\xff\xdb\xff\xdf", 12, true },
        { "\1\0\0\0\x3d\xd8", 6, false },                     /* its half */
        { "\2\0\0\0\x3d\xd8\x61\x00", 8, false },
        { "\2\0\0\0\x3d\xd8\x3d\xd8", 8, false },
        { "\1\0\0\0\x00\xde", 6, false },                     /* the other one */
        { "\3\0\0\0\x3d\xd8\x00\xde\x00\xde", 10, false },
        { "\2\0\0\0a\0\0\0", 8, false },                       /* a NUL */
        { "\2\0\0\0a\0b", 7, false },                           /* cut */
        { "\xff\xff\xff\xff" "a", 5, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wire_reader reader;
        struct wire_bytes bytes;

        wire_reader_init(&reader, cases[i].bytes, cases[i].size);
        bytes = wire_get_str16(&reader);
        assert_int_equal(wire_reader_end(&reader), cases[i].is_valid ? 0 : -EBADMSG);
        if (cases[i].is_valid)
            assert_int_equal(bytes.size, cases[i].size - 4);
    }
}

/* One value of each kind; the bytes that are indices are 'O' (objects) and 'F' (descriptors), both bytes of each. */
static const char kinds[] = "\x01\x01" "\x0b" "12345678" "\x0c\2\0\0\0ok\0" "\x0d\1\0\0\0x" "\x0f" "OO" "\x10\1\0\0\0a\0" "\x11"
                            "\x12\x0f\0\0\0" "\x11" "\x14" "FF" "\x12\6\0\0\0" "\x0f" "OO" "\2" "i\x11" "\x13\0\0\0\1\0\0\0\0\0"
                            "\x15" "FF" "\1" "12345678" "\1\0\0\0n\0" "\x44\2\0\0\0" "1122" "\x4c\2\0\0\0\1\0\0\0a\0\0\0\0\0\0"
                            "\x4f\2\0\0\0" "OOOO" "\x50\2\0\0\0\0\0\0\0\1\0\0\0a\0";

static void count_index(void *userdata, enum wire_tag tag, const uint8_t *index)
{
    unsigned *n = userdata;

    assert_memory_equal(index, tag == WIRE_TAG_OBJECT ? "OO" : "FF", 2);
    n[tag == WIRE_TAG_FD]++;
}

/* The number of values skipped, or -1. */
static int skip_all(const void *bytes, size_t size, unsigned depth, unsigned *n)
{
    struct wire_reader reader;
    int count = 0;

    wire_reader_init(&reader, bytes, size);
    while (reader.left > 0) {
        wire_value_skip(&reader, depth, count_index, n);
        count++;
    }
    return reader.has_failed ? -1 : count;
}

static void test_skip(void **state)
{
    unsigned n[2] = { 0, 0 };
    size_t whole = 0; /* beginnings that are whole values */
    uint8_t deep[5 * 40];

    (void)state;
    assert_int_equal(skip_all(kinds, sizeof(kinds) - 1, 2, n), 14);
    assert_int_equal(n[0], 1 + 1 + 2);
    assert_int_equal(n[1], 1 + 1);
    assert_int_equal(skip_all(kinds, sizeof(kinds) - 1, 1, n), -1);
    for (size_t size = 1; size < sizeof(kinds); size++)
        whole += skip_all(kinds, size, 2, n) >= 0;
    assert_int_equal(whole, 14);
    for (size_t i = 0; i < 40; i++) {
        deep[5 * i] = WIRE_TAG_STRUCT;
        wire_store_u32(deep + 5 * i + 1, (uint32_t)(sizeof(deep) - 5 * (i + 1)));
    }
    assert_int_equal(skip_all(deep, sizeof(deep), 40, n), 1);
    assert_int_equal(skip_all(deep, sizeof(deep), 39, n), -1);
}

/* Lengths and counts that say more than there is. */
static void test_skip_hostile(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        { "\0", 1 }, { "\x16", 1 }, { "\x4d\0\0\0\0", 5 }, { "\xff", 1 },
        { "\x0c\xff\xff\xff\xff\0", 6 }, { "\x0d\xff\xff\xff\xff\0", 6 }, { "\x10\xff\xff\xff\xff\0", 6 },
        { "\x10\0\0\0\x80", 5 }, { "\x12\xff\xff\xff\xff\x11", 6 }, { "\x12\2\0\0\0\x02", 6 },
        { "\x12\1\0\0\0\x02\x02", 7 }, { "\x48\xff\xff\xff\xff" "12345678", 13 }, { "\x49\0\0\0\x20", 5 },
        { "\x4c\xff\xff\xff\xff", 5 }, { "\x4c\2\0\0\0\0\0\0\0\0", 10 }, { "\x4f\xff\xff\xff\xff" "OO", 7 },
        { "\x50\1\0\0\0\1\0\0\0a", 10 }, { "\x13\1\0\0\0\xff\xff\xff\xff\0", 10 }, { "\x15" "FF" "\1" "1234567", 11 },
    };
    unsigned n[2];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(skip_all(cases[i].bytes, cases[i].size, 32, n), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_str16),
        cmocka_unit_test(test_skip),
        cmocka_unit_test(test_skip_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
