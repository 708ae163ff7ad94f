/* Every cell of the table "what is put into a parcel", rule 1 at its limits, rule 2, and service names. */
#include "wire/msg.h"
#include "wire/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define R { { 1 } }
#define D { { 2 } }

static void test_pass(void **state)
{
    static const struct {
        struct wire_passed passed;
        struct wire_destination to;
        enum wire_status status;
    } cases[] = {
        /* own stub, or proxy to a stub on this device */
        { { .is_remote = false }, { .is_remote = false }, WIRE_OK },
        { { .is_remote = false }, { .is_remote = true, .device = D }, WIRE_OK },
        { { .is_remote = false, .hops = 1 }, { .is_remote = false }, WIRE_OK },
        /* received from R, hop 0 */
        { { .is_remote = true, .home = R }, { .is_remote = false }, WIRE_OK },
        { { .is_remote = true, .home = R }, { .is_remote = true, .device = R }, WIRE_PASSBACK },
        { { .is_remote = true, .home = R }, { .is_remote = true, .device = D }, WIRE_NO_INTRODUCTION },
        /* the same with hop 1 */
        { { .is_remote = true, .home = R, .hops = 1 }, { .is_remote = false }, WIRE_DOUBLE_FORWARD },
        { { .is_remote = true, .home = R, .hops = 1 }, { .is_remote = true, .device = R }, WIRE_PASSBACK },
        { { .is_remote = true, .home = R, .hops = 1 }, { .is_remote = true, .device = D }, WIRE_NO_INTRODUCTION },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(wire_rules_check_pass(&cases[i].passed, &cases[i].to), cases[i].status);
}

static void test_size(void **state)
{
    (void)state;
    assert_int_equal(wire_rules_check_size(0, false), WIRE_OK);
    assert_int_equal(wire_rules_check_size(204800, false), WIRE_OK);
    assert_int_equal(wire_rules_check_size(204801, false), WIRE_TOO_LARGE);
    assert_int_equal(wire_rules_check_size(204801, true), WIRE_OK);
    assert_int_equal(wire_rules_check_size(1048576, true), WIRE_OK);
    assert_int_equal(wire_rules_check_size(1048577, true), WIRE_TOO_LARGE);
}

static void test_link(void **state)
{
    (void)state;
    assert_int_equal(wire_rules_check_link(false, false), WIRE_OK);
    assert_int_equal(wire_rules_check_link(false, true), WIRE_OK);
    assert_int_equal(wire_rules_check_link(true, true), WIRE_OK);
    assert_int_equal(wire_rules_check_link(true, false), WIRE_DEATH_UNSUPPORTED);
}

static void test_names(void **state)
{
    static const char *const good[] = { "a", "7", "org.softbus.example.Board", "A-b_c.9" };
    static const char *const bad[] = { "", ".a", "a.", "-a", "a-", "_", "a b", "a/b", "\xc3\xa4", "a\n", "a:b" };
    char longest[257];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(wire_rules_check_name(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(wire_rules_check_name(bad[i], strlen(bad[i])));
    memset(longest, 'x', sizeof(longest));
    assert_null(wire_rules_check_name(longest, 255));
    assert_non_null(wire_rules_check_name(longest, 256));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pass),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_link),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
