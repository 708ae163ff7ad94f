/* What the helper tells: once, coalesced, and nothing that cancelled out. */
#include "discovery/report.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct wire_disc_seen seen_of(unsigned n, uint32_t version)
{
    struct wire_disc_seen seen = { .version = version, .address = { .family = WIRE_DISC_IPV4, .port = 7000 } };

    seen.id.bytes[0] = (uint8_t)n;
    seen.id.bytes[1] = (uint8_t)(n >> 8);
    seen.address.bytes[0] = 10;
    return seen;
}

static void expect(struct disc_report *report, enum wire_disc_type type, unsigned n, uint32_t version)
{
    struct wire_disc_message message;

    assert_true(disc_report_next(report, &message));
    assert_int_equal(message.type, type);
    assert_int_equal(message.seen.id.bytes[0], n);
    if (type == WIRE_DISC_FOUND)
        assert_int_equal(message.seen.version, version);
}

static void expect_nothing(struct disc_report *report)
{
    struct wire_disc_message message;

    assert_false(disc_report_next(report, &message));
}

static void test_seen_twice_is_told_once(void **state)
{
    struct wire_disc_seen seen = seen_of(1, 1);
    struct disc_report report;

    (void)state;
    disc_report_init(&report);
    assert_int_equal(disc_report_add(&report, &seen), 0);
    assert_int_equal(disc_report_add(&report, &seen), 0);
    expect(&report, WIRE_DISC_FOUND, 1, 1);
    expect_nothing(&report);
    disc_report_remove(&report, &seen);
    expect_nothing(&report);
    disc_report_remove(&report, &seen);
    expect(&report, WIRE_DISC_LOST, 1, 0);
    expect_nothing(&report);
    assert_int_equal(report.n_entries, 0);
    disc_report_remove(&report, &seen);
    disc_report_deinit(&report);
}

static void test_what_cancels_out_is_not_told(void **state)
{
    struct wire_disc_seen seen = seen_of(1, 1);
    struct disc_report report;

    (void)state;
    disc_report_init(&report);
    disc_report_add(&report, &seen);
    disc_report_remove(&report, &seen);
    expect_nothing(&report);
    assert_int_equal(report.n_entries, 0);
    disc_report_add(&report, &seen);
    expect(&report, WIRE_DISC_FOUND, 1, 1);
    disc_report_remove(&report, &seen);
    disc_report_add(&report, &seen);
    expect_nothing(&report);
    disc_report_deinit(&report);
}

static void test_version_change_is_told(void **state)
{
    struct wire_disc_seen one = seen_of(1, 1), two = seen_of(1, 2);
    struct disc_report report;

    (void)state;
    disc_report_init(&report);
    disc_report_add(&report, &one);
    expect(&report, WIRE_DISC_FOUND, 1, 1);
    disc_report_add(&report, &two);
    disc_report_remove(&report, &one);
    expect(&report, WIRE_DISC_FOUND, 1, 2);
    expect_nothing(&report);
    disc_report_deinit(&report);
}

/* The daemon may have forgotten what it had no room for; what is lost meanwhile is still taken back. */
static void test_all_is_told_again(void **state)
{
    struct wire_disc_seen one = seen_of(1, 1), two = seen_of(2, 1), three = seen_of(3, 1);
    struct disc_report report;

    (void)state;
    disc_report_init(&report);
    disc_report_retell(&report);
    expect_nothing(&report);
    disc_report_add(&report, &one);
    disc_report_add(&report, &two);
    expect(&report, WIRE_DISC_FOUND, 1, 1);
    expect(&report, WIRE_DISC_FOUND, 2, 1);
    disc_report_add(&report, &three);
    disc_report_retell(&report);
    disc_report_retell(&report);
    disc_report_remove(&report, &one);
    expect(&report, WIRE_DISC_FOUND, 3, 1);
    expect(&report, WIRE_DISC_FOUND, 2, 1);
    expect(&report, WIRE_DISC_LOST, 1, 0);
    expect_nothing(&report);
    assert_int_equal(report.n_entries, 2);
    disc_report_deinit(&report);
}

static void test_entries_are_bounded(void **state)
{
    struct wire_disc_seen seen;
    struct disc_report report;

    (void)state;
    disc_report_init(&report);
    for (unsigned i = 0; i < DISC_REPORT_MAX; i++) {
        seen = seen_of(i, 1);
        assert_int_equal(disc_report_add(&report, &seen), 0);
    }
    seen = seen_of(DISC_REPORT_MAX, 1);
    assert_int_equal(disc_report_add(&report, &seen), -ENOSPC);
    seen = seen_of(0, 1);
    disc_report_remove(&report, &seen);
    seen = seen_of(DISC_REPORT_MAX, 1);
    assert_int_equal(disc_report_add(&report, &seen), 0);
    disc_report_deinit(&report);
    assert_int_equal(report.n_entries, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seen_twice_is_told_once),
        cmocka_unit_test(test_what_cancels_out_is_not_told),
        cmocka_unit_test(test_version_change_is_told),
        cmocka_unit_test(test_all_is_told_again),
        cmocka_unit_test(test_entries_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
