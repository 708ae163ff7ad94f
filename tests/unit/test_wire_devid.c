/* Device ids: round trips, and every single wrong character is noticed. */
#include "wire/devid.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static struct wire_devid make_id(unsigned seed)
{
    struct wire_devid id;

    for (unsigned i = 0; i < WIRE_DEVID_SIZE; i++)
        id.bytes[i] = (uint8_t)(seed = (seed * 1103515245u + 12345u) >> 3);
    return id;
}

static void test_round_trip(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 200; seed++) {
        struct wire_devid id = make_id(seed), again;
        char text[WIRE_DEVID_TEXT_SIZE], plain[57];
        size_t n = 0;

        wire_devid_format(&id, text);
        assert_int_equal(strlen(text), WIRE_DEVID_TEXT_SIZE - 1);
        assert_int_equal(wire_devid_parse(text, &again), 0);
        assert_true(wire_devid_is_equal(&id, &again));
        for (const char *c = text; *c; c++) {
            if (*c != '-')
                plain[n++] = (char)tolower((unsigned char)*c);
        }
        plain[n] = '\0';
        assert_int_equal(n, 56);
        assert_int_equal(wire_devid_parse(plain, &again), 0);
        assert_true(wire_devid_is_equal(&id, &again));
    }
}

/* Golden: zeros are all A; ones, worked out by hand from RFC 4648 and the Luhn sum. */
static void test_golden(void **state)
{
    struct wire_devid id = { { 0 } };
    char text[WIRE_DEVID_TEXT_SIZE];

    (void)state;
    wire_devid_format(&id, text);
    assert_string_equal(text, "AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA");
    memset(&id, 0xff, sizeof(id));
    wire_devid_format(&id, text);
    /* Thirteen times 31, doubled 31 is 1 + 30: 13 * 31 = 403 = 12 * 32 + 19, check 13 = N. */
    assert_memory_equal(text, "7777777-777777N-", 16);
}

static void test_single_errors(void **state)
{
    struct wire_devid id = make_id(42), again;
    char text[WIRE_DEVID_TEXT_SIZE];

    (void)state;
    wire_devid_format(&id, text);
    for (size_t i = 0; i < strlen(text); i++) {
        char right = text[i];

        if (right == '-')
            continue;
        for (const char *wrong = alphabet; *wrong; wrong++) {
            if (*wrong == right)
                continue;
            text[i] = *wrong;
            assert_true(wire_devid_parse(text, &again) < 0);
        }
        text[i] = right;
    }
    assert_int_equal(wire_devid_parse(text, &again), 0);
}

static void test_form(void **state)
{
    static const char *const bad[] = { "", "-", "AAAA", "AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAA",
                                       "AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAAA",
                                       "AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAA1",
                                       "AAAAAAA AAAAAAA AAAAAAA AAAAAAA AAAAAAA AAAAAAA AAAAAAA AAAAAAA",
                                       "\xc3\x84" };
    /* Bits behind the 256th: the last data character may only be A or Q (one bit); B and its check character are refused. */
    struct wire_devid untouched = make_id(1), id = untouched;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(wire_devid_parse(bad[i], &id), -EINVAL);
        assert_true(wire_devid_is_equal(&id, &untouched));
    }
    assert_int_equal(wire_devid_parse("AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAB7", &id), -EINVAL);
    assert_int_equal(wire_devid_parse("AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAB", &id), -EBADMSG);
}

static void test_compare(void **state)
{
    struct wire_devid low = { { 0 } }, high = { { 0 } };

    (void)state;
    high.bytes[0] = 0x80;
    low.bytes[31] = 0xff;
    assert_true(wire_devid_compare(&low, &high) < 0);
    assert_true(wire_devid_compare(&high, &low) > 0);
    assert_int_equal(wire_devid_compare(&low, &low), 0);
    assert_false(wire_devid_is_equal(&low, &high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_golden),  cmocka_unit_test(test_single_errors),
        cmocka_unit_test(test_form),       cmocka_unit_test(test_compare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
