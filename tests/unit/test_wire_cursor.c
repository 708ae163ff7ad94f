/* Fields: golden bytes, sticky errors, and the table of what is UTF-8. */
#include "base/buf.h"
#include "wire/cursor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t golden[] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
                                  2, 0, 0, 0, 'h', 'i', 0, 1, 0, 0, 0, 0xff, 9, 8 };

static void test_golden(void **state)
{
    struct sb_buf buf;
    struct wire_writer writer;

    (void)state;
    sb_buf_init(&buf, 1000);
    wire_writer_init(&writer, &buf);
    wire_put_u8(&writer, 0x11);
    wire_put_u16(&writer, 0x3322);
    wire_put_u32(&writer, 0x77665544);
    wire_put_u64(&writer, 0x1122334455667788);
    wire_put_str(&writer, "hi", 2);
    wire_put_bytes(&writer, "\xff", 1);
    wire_put_fixed(&writer, "\x09\x08", 2);
    assert_int_equal(writer.error, 0);
    assert_int_equal(buf.length, sizeof(golden));
    assert_memory_equal(sb_buf_bytes(&buf), golden, sizeof(golden));
    sb_buf_deinit(&buf);
}

/* Reads what test_golden() wrote; the number of bytes decides whether it can. */
static int read_all(const uint8_t *bytes, size_t size)
{
    struct wire_reader reader;
    struct wire_str text;
    struct wire_bytes data, fixed;
    bool is_right;

    wire_reader_init(&reader, bytes, size);
    is_right = wire_get_u8(&reader) == 0x11;
    is_right &= wire_get_u16(&reader) == 0x3322;
    is_right &= wire_get_u32(&reader) == 0x77665544;
    is_right &= wire_get_u64(&reader) == 0x1122334455667788;
    text = wire_get_str(&reader, 2);
    data = wire_get_bytes(&reader, 1);
    fixed = wire_get_fixed(&reader, 2);
    assert_non_null(text.text);
    if (wire_reader_end(&reader) == 0) {
        assert_true(is_right);
        assert_string_equal(text.text, "hi");
        assert_int_equal(data.size, 1);
        assert_int_equal(fixed.data[1], 8);
    }
    return wire_reader_end(&reader);
}

static void test_truncation(void **state)
{
    uint8_t longer[sizeof(golden) + 1] = { 0 };

    (void)state;
    memcpy(longer, golden, sizeof(golden));
    for (size_t size = 0; size < sizeof(golden); size++)
        assert_int_equal(read_all(golden, size), -EBADMSG);
    assert_int_equal(read_all(golden, sizeof(golden)), 0);
    assert_int_equal(read_all(longer, sizeof(longer)), -EBADMSG);
}

static void test_errors_stick(void **state)
{
    static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    struct wire_reader reader;
    struct wire_writer writer;
    struct sb_buf buf;

    (void)state;
    wire_reader_init(&reader, bytes, 3);
    assert_int_equal(wire_get_u32(&reader), 0);
    assert_int_equal(wire_get_u8(&reader), 0);
    assert_string_equal(wire_get_str(&reader, 9).text, "");
    assert_int_equal(wire_reader_end(&reader), -EBADMSG);
    sb_buf_init(&buf, 3);
    wire_writer_init(&writer, &buf);
    wire_put_u32(&writer, 1);
    wire_put_u8(&writer, 1);
    assert_int_equal(writer.error, -ENOBUFS);
    assert_int_equal(buf.length, 0);
    sb_buf_deinit(&buf);
}

static void test_lengths(void **state)
{
    static const struct {
        const char *bytes;
        size_t size, max;
        bool is_good;
    } cases[] = {
        { "\x00\x00\x00\x00\x00", 5, 0, true },
        { "\x03\x00\x00\x00xyz\x00", 8, 3, true },
        { "\x03\x00\x00\x00xyz\x00", 8, 2, false },
        { "\x03\x00\x00\x00xyz\x01", 8, 3, false },
        { "\x03\x00\x00\x00x\x00z\x00", 8, 3, false },
        { "\xff\xff\xff\xffxyz\x00", 8, 3, false },
        { "\xff\xff\xff\xffxyz\x00", 8, SIZE_MAX, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wire_reader reader;

        wire_reader_init(&reader, cases[i].bytes, cases[i].size);
        wire_get_str(&reader, cases[i].max);
        assert_int_equal(wire_reader_end(&reader) == 0, cases[i].is_good);
    }
}

static void test_utf8(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        { "", true },
        { "plain", true },
        { "\x7f", true },
        { "\x80", false },
        { "\xbf", false },
        { "\xc0\x80", false },         /* NUL, overlong */
        { "\xc1\xbf", false },         /* overlong */
        { "\xc2\x80", true },          /* U+0080 */
        { "\xdf\xbf", true },          /* U+07FF */
        { "\xc2", false },             /* cut */
        { "\xc2\x41", false },         /* not continued */
        { "\xe0\x9f\xbf", false },     /* overlong */
        { "\xe0\xa0\x80", true },      /* U+0800 */
        { "\xed\x9f\xbf", true },      /* U+D7FF */
        { "\xed\xa0\x80", false },     /* surrogate */
        { "\xed\xbf\xbf", false },     /* surrogate */
        { "\xee\x80\x80", true },      /* U+E000 */
        { "\xef\xbf\xbf", true },      /* U+FFFF */
        { "\xe2\x82", false },         /* cut */
        { "\xf0\x8f\xbf\xbf", false }, /* overlong */
        { "\xf0\x90\x80\x80", true },  /* U+10000 */
        { "\xf4\x8f\xbf\xbf", true },  /* U+10FFFF */
        { "\xf4\x90\x80\x80", false }, /* above */
        { "\xf5\x80\x80\x80", false },
        { "\xff", false },
        { "a\xe2\x82\xac" "b", true },
        { "\xf0\x90\x80\x41", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(wire_text_is_valid(cases[i].text, strlen(cases[i].text)), cases[i].is_good);
    assert_false(wire_text_is_valid("a\0b", 3));
}

static void test_writing_bad_text(void **state)
{
    struct wire_writer writer;
    struct sb_buf buf;

    (void)state;
    sb_buf_init(&buf, 100);
    wire_writer_init(&writer, &buf);
    wire_put_str(&writer, "\xff", 1);
    assert_int_equal(writer.error, -EINVAL);
    sb_buf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),  cmocka_unit_test(test_truncation), cmocka_unit_test(test_errors_stick),
        cmocka_unit_test(test_lengths), cmocka_unit_test(test_utf8),       cmocka_unit_test(test_writing_bad_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
