/* The bounded byte queue, and time. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void test_max(void **state)
{
    struct sb_buf buf;
    uint8_t *room;
    size_t size;

    (void)state;
    sb_buf_init(&buf, 10);
    assert_int_equal(sb_buf_append(&buf, "0123456789a", 11), -ENOBUFS);
    assert_int_equal(buf.length, 0);
    assert_int_equal(sb_buf_append(&buf, "01234567", 8), 0);
    assert_int_equal(sb_buf_append(&buf, "890", 3), -ENOBUFS);
    assert_int_equal(sb_buf_reserve(&buf, 100, &room, &size), 0);
    assert_int_equal(size, 2);
    memcpy(room, "89", 2);
    sb_buf_commit(&buf, 2);
    assert_int_equal(sb_buf_reserve(&buf, 1, &room, &size), -ENOBUFS);
    assert_memory_equal(sb_buf_bytes(&buf), "0123456789", 10);
    sb_buf_consume(&buf, 4);
    assert_int_equal(sb_buf_append(&buf, "abcd", 4), 0);
    assert_memory_equal(sb_buf_bytes(&buf), "456789abcd", 10);
    sb_buf_deinit(&buf);
    assert_int_equal(buf.length, 0);
}

/* Bytes go through in order while the queue is filled and emptied in odd steps. */
static void test_order(void **state)
{
    struct sb_buf buf;
    uint8_t in = 0, out = 0, chunk[97];

    (void)state;
    sb_buf_init(&buf, 100000);
    for (size_t round = 0; round < 3000; round++) {
        size_t n = round * 31 % sizeof(chunk), n_out;

        for (size_t i = 0; i < n; i++)
            chunk[i] = in++;
        assert_int_equal(sb_buf_append(&buf, chunk, n), 0);
        n_out = round * 29 % 96;
        for (size_t i = 0; i < n_out && buf.length > 0; i++) {
            assert_int_equal(*sb_buf_bytes(&buf), out++);
            sb_buf_consume(&buf, 1);
        }
    }
    while (buf.length > 0) {
        assert_int_equal(*sb_buf_bytes(&buf), out++);
        sb_buf_consume(&buf, 1);
    }
    assert_int_equal(in, out);
    sb_buf_deinit(&buf);
}

static void test_memory_goes_back(void **state)
{
    static uint8_t large[100000];
    struct sb_buf buf;

    (void)state;
    sb_buf_init(&buf, sizeof(large));
    assert_int_equal(sb_buf_append(&buf, large, sizeof(large)), 0);
    sb_buf_consume(&buf, sizeof(large));
    assert_int_equal(buf.capacity, 0);
    assert_int_equal(sb_buf_append(&buf, large, 100), 0);
    sb_buf_consume(&buf, 100);
    assert_true(buf.capacity > 0);
    sb_buf_deinit(&buf);
}

static void test_clock(void **state)
{
    uint64_t now = sb_clock_now_ms();

    (void)state;
    assert_true(sb_clock_now_ms() >= now);
    assert_int_equal(sb_clock_until_ms(100, 99), 0);
    assert_int_equal(sb_clock_until_ms(100, 100), 0);
    assert_int_equal(sb_clock_until_ms(100, 101), 1);
    assert_int_equal(sb_clock_until_ms(0, UINT64_MAX), INT32_MAX);
}

static void keep_line(void *userdata, enum sb_log_level level, const char *line)
{
    (void)level;
    strcpy(userdata, line);
}

static void test_log(void **state)
{
    char line[1024] = "";
    struct sb_log log = { .level = SB_LOG_INFO, .sink = keep_line, .userdata = line };
    enum sb_log_level level;
    char text[3000];

    (void)state;
    sb_log_write(&log, SB_LOG_DEBUG, "not this");
    assert_string_equal(line, "");
    sb_log_write(&log, SB_LOG_INFO, "a\nb\x7f%d", 5);
    assert_string_equal(line, "a?b?5");
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    sb_log_write(&log, SB_LOG_ERROR, "%s", text);
    assert_int_equal(strlen(line), 1023);
    for (int i = SB_LOG_ERROR; i <= SB_LOG_DEBUG; i++) {
        assert_int_equal(sb_log_level_parse(sb_log_level_name((enum sb_log_level)i), &level), 0);
        assert_int_equal(level, i);
    }
    assert_int_equal(sb_log_level_parse("loud", &level), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_max),   cmocka_unit_test(test_order), cmocka_unit_test(test_memory_goes_back),
        cmocka_unit_test(test_clock), cmocka_unit_test(test_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
