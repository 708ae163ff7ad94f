/* What comes from other devices cannot drive a terminal or break JSON. */
#include "softbusctl/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_escape(const char *text, const char *expected)
{
    char *escaped = ctl_text_escape(text);

    assert_non_null(escaped);
    assert_string_equal(escaped, expected);
    free(escaped);
}

static void check_json(const char *text, size_t size, const char *expected)
{
    char *printed = NULL;
    size_t printed_size;
    FILE *file = open_memstream(&printed, &printed_size);

    assert_non_null(file);
    ctl_text_print_json(file, text, size);
    fclose(file);
    assert_string_equal(printed, expected);
    free(printed);
}

static void test_plain_text_stays(void **state)
{
    (void)state;
    check_escape("", "");
    check_escape("K\xc3\xbc""che \\ \xe2\x82\xac \xf0\x9f\x98\x80", "K\xc3\xbc""che \\ \xe2\x82\xac \xf0\x9f\x98\x80");
}

static void test_harmful_characters_are_escaped(void **state)
{
    (void)state;
    check_escape("\x1b[2J", "\\u{1b}[2J");
    check_escape("a\nb\x7f", "a\\u{a}b\\u{7f}");
    check_escape("\xc2\x9b", "\\u{9b}");                 /* C1: CSI in one character */
    check_escape("\xe2\x80\xaegnp.exe", "\\u{202e}gnp.exe"); /* right-to-left override */
    check_escape("\xef\xbb\xbf", "\\u{feff}");
}

static void test_bytes_that_are_not_utf8_are_escaped(void **state)
{
    (void)state;
    check_escape("\xff", "\\xff");
    check_escape("\xc0\x80", "\\xc0\\x80");         /* overlong */
    check_escape("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* surrogate */
    check_escape("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
    check_escape("\xe2\x82", "\\xe2\\x82"); /* cut short */
    check_escape("\xc3", "\\xc3");
}

static void test_json(void **state)
{
    (void)state;
    check_json("a\"b\\c", 5, "\"a\\\"b\\\\c\"");
    check_json("\x1b\n\0", 3, "\"\\u001b\\u000a\\u0000\"");
    check_json("\xc2\x9b\xff", 3, "\"\\u009b\xef\xbf\xbd\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_text_stays),
        cmocka_unit_test(test_harmful_characters_are_escaped),
        cmocka_unit_test(test_bytes_that_are_not_utf8_are_escaped),
        cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
