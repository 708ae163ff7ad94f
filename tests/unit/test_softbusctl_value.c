/* Values of the command line: there and back, and what is refused. */
#include "softbusctl/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <softbus/ashmem.h>
#include <softbus/error.h>
#include <softbus/parcel.h>

/* Prints all values of the parcel; 0, or the error. */
static int print_all(struct softbus_parcel *parcel, bool is_json, char **ret_text)
{
    size_t size;
    FILE *file = open_memstream(ret_text, &size);
    int r;

    assert_non_null(file);
    do
        r = ctl_value_print_next(file, parcel, is_json);
    while (r > 0);
    fclose(file);
    return r;
}

static void check(const char *type, const char *text, const char *human, const char *json)
{
    struct softbus_parcel *parcel;
    char *printed;

    assert_int_equal(softbus_parcel_new(0, &parcel), 0);
    assert_int_equal(ctl_value_write(parcel, type, text), CTL_VALUE_WRITTEN);
    assert_int_equal(print_all(parcel, false, &printed), 0);
    assert_string_equal(printed, human);
    free(printed);
    softbus_parcel_rewind(parcel);
    assert_int_equal(print_all(parcel, true, &printed), 0);
    assert_string_equal(printed, json);
    free(printed);
    softbus_parcel_free(parcel);
}

static void check_refused(const char *type, const char *text, int expected)
{
    struct softbus_parcel *parcel;

    assert_int_equal(softbus_parcel_new(0, &parcel), 0);
    assert_int_equal(ctl_value_write(parcel, type, text), expected);
    assert_int_equal(softbus_parcel_get_size(parcel), 0);
    softbus_parcel_free(parcel);
}

static void test_integers(void **state)
{
    (void)state;
    check("i8", "-128", "i8 -128\n", "{\"type\":\"i8\",\"value\":-128}");
    check("u8", "0xff", "u8 255\n", "{\"type\":\"u8\",\"value\":255}");
    check("i16", "-32768", "i16 -32768\n", "{\"type\":\"i16\",\"value\":-32768}");
    check("u16", "010", "u16 10\n", "{\"type\":\"u16\",\"value\":10}");
    check("i32", "42", "i32 42\n", "{\"type\":\"i32\",\"value\":42}");
    check("u32", "4294967295", "u32 4294967295\n", "{\"type\":\"u32\",\"value\":4294967295}");
    check("i64", "-9223372036854775808", "i64 -9223372036854775808\n",
          "{\"type\":\"i64\",\"value\":-9223372036854775808}");
    check("u64", "18446744073709551615", "u64 18446744073709551615\n",
          "{\"type\":\"u64\",\"value\":18446744073709551615}");
}

static void test_other_types(void **state)
{
    (void)state;
    check("bool", "true", "bool true\n", "{\"type\":\"bool\",\"value\":true}");
    check("bool", "0", "bool false\n", "{\"type\":\"bool\",\"value\":false}");
    check("double", "-0.5", "double -0.5\n", "{\"type\":\"double\",\"value\":-0.5}");
    check("float", "1e3", "float 1000\n", "{\"type\":\"float\",\"value\":1000}");
    check("double", "inf", "double inf\n", "{\"type\":\"double\",\"value\":null}");
    check("string", "a\x1b\"", "string \"a\\u{1b}\"\"\n", "{\"type\":\"string\",\"value\":\"a\\u001b\\\"\"}");
    check("string16", "h\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "string16 \"h\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"\n",
          "{\"type\":\"string16\",\"value\":\"h\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}");
    check("string16", "a\x1b\"", "string16 \"a\\u{1b}\"\"\n", "{\"type\":\"string16\",\"value\":\"a\\u001b\\\"\"}");
    check("string16", "", "string16 \"\"\n", "{\"type\":\"string16\",\"value\":\"\"}");
    check("bytes", "00fFa5", "bytes 00ffa5\n", "{\"type\":\"bytes\",\"value\":\"00ffa5\"}");
    check("bytes", "", "bytes \n", "{\"type\":\"bytes\",\"value\":\"\"}");
    check("token", "org.x", "token \"org.x\"\n", "{\"type\":\"token\",\"value\":\"org.x\"}");
}

static void test_refused(void **state)
{
    (void)state;
    check_refused("i8", "128", CTL_VALUE_RANGE);
    check_refused("i8", "-129", CTL_VALUE_RANGE);
    check_refused("u8", "256", CTL_VALUE_RANGE);
    check_refused("u64", "18446744073709551616", CTL_VALUE_RANGE);
    check_refused("u8", "-1", CTL_VALUE_NO_VALUE);
    check_refused("i32", "", CTL_VALUE_NO_VALUE);
    check_refused("i32", " 1", CTL_VALUE_NO_VALUE);
    check_refused("i32", "1x", CTL_VALUE_NO_VALUE);
    check_refused("bool", "yes", CTL_VALUE_NO_VALUE);
    check_refused("float", "1e300", CTL_VALUE_RANGE);
    check_refused("double", "1e999", CTL_VALUE_RANGE);
    check_refused("double", "one", CTL_VALUE_NO_VALUE);
    check_refused("bytes", "abc", CTL_VALUE_NO_VALUE);
    check_refused("bytes", "zz", CTL_VALUE_NO_VALUE);
    check_refused("string", "\xff", SOFTBUS_ERR_INVALID);
    check_refused("string16", "x\xff", SOFTBUS_ERR_INVALID);
    check_refused("object", "x", CTL_VALUE_NO_TYPE);
    check_refused("null", "", CTL_VALUE_NO_TYPE);
    check_refused("struct", "x", CTL_VALUE_NO_TYPE);
    check_refused("fd", "1", CTL_VALUE_NO_TYPE);
    check_refused("i128", "1", CTL_VALUE_NO_TYPE);
    check_refused("", "1", CTL_VALUE_NO_TYPE);
}

static void test_arrays_and_no_object(void **state)
{
    const int16_t numbers[] = { -1, 0, 300 };
    const char *const texts[] = { "a", "" };
    const bool flags[] = { true, false };
    struct softbus_parcel *parcel;
    char *printed;

    (void)state;
    assert_int_equal(softbus_parcel_new(0, &parcel), 0);
    assert_int_equal(softbus_parcel_write_i16_array(parcel, numbers, 3), 0);
    assert_int_equal(softbus_parcel_write_string_array(parcel, texts, 2), 0);
    assert_int_equal(softbus_parcel_write_bool_array(parcel, flags, 2), 0);
    assert_int_equal(softbus_parcel_write_double_array(parcel, NULL, 0), 0);
    assert_int_equal(softbus_parcel_write_object(parcel, NULL), 0);
    assert_int_equal(print_all(parcel, false, &printed), 0);
    assert_string_equal(printed, "i16[3] -1 0 300\nstring[2] \"a\" \"\"\nbool[2] true false\ndouble[0] \nobject none\n");
    free(printed);
    softbus_parcel_rewind(parcel);
    assert_int_equal(print_all(parcel, true, &printed), 0);
    assert_string_equal(printed, "{\"type\":\"i16[]\",\"value\":[-1,0,300]}{\"type\":\"string[]\",\"value\":[\"a\",\"\"]}"
                                 "{\"type\":\"bool[]\",\"value\":[true,false]}{\"type\":\"double[]\",\"value\":[]}"
                                 "{\"type\":\"object\",\"value\":null}");
    free(printed);
    softbus_parcel_free(parcel);
}

/* Prints the parcel both ways and frees it. */
static void check_printed(struct softbus_parcel *parcel, const char *human, const char *json)
{
    char *printed;

    assert_int_equal(print_all(parcel, false, &printed), 0);
    assert_string_equal(printed, human);
    free(printed);
    softbus_parcel_rewind(parcel);
    assert_int_equal(print_all(parcel, true, &printed), 0);
    assert_string_equal(printed, json);
    free(printed);
    softbus_parcel_free(parcel);
}

static void test_structures(void **state)
{
    struct softbus_object *const none[] = { NULL, NULL };
    static const uint16_t text[] = { 'a', 0xd83d, 0xde00, 0 }, empty[] = { 0 };
    const uint16_t *const texts[] = { text, empty };
    struct softbus_parcel *parcel;

    (void)state;
    assert_int_equal(softbus_parcel_new(0, &parcel), 0);
    softbus_parcel_write_no_exception(parcel);
    softbus_parcel_write_exception(parcel, -3, "no \"paper\"");
    softbus_parcel_begin_struct(parcel);
    softbus_parcel_write_i32(parcel, 1);
    softbus_parcel_begin_struct(parcel);
    softbus_parcel_end_struct(parcel);
    softbus_parcel_write_null(parcel);
    softbus_parcel_write_object_array(parcel, none, 2);
    softbus_parcel_end_struct(parcel);
    softbus_parcel_write_string16_array(parcel, texts, 2);
    softbus_parcel_write_null(parcel);
    check_printed(parcel,
                  "exception none\nexception -3 \"no \"paper\"\"\nstruct {i32 1, struct {}, null, object[2] none, none}\n"
                  "string16[2] \"a\xf0\x9f\x98\x80\" \"\"\nnull\n",
                  "{\"type\":\"exception\",\"value\":null}"
                  "{\"type\":\"exception\",\"value\":{\"code\":-3,\"text\":\"no \\\"paper\\\"\"}}"
                  "{\"type\":\"struct\",\"value\":[{\"type\":\"i32\",\"value\":1},{\"type\":\"struct\",\"value\":[]},"
                  "{\"type\":\"null\",\"value\":null},{\"type\":\"object[]\",\"value\":[null,null]}]}"
                  "{\"type\":\"string16[]\",\"value\":[\"a\xf0\x9f\x98\x80\",\"\"]}"
                  "{\"type\":\"null\",\"value\":null}");
}

static void test_descriptors(void **state)
{
    struct softbus_parcel *parcel;
    struct softbus_ashmem *ashmem;

    (void)state;
    assert_int_equal(softbus_parcel_new(0, &parcel), 0);
    assert_int_equal(softbus_ashmem_new("frame", 5000, &ashmem), 0);
    softbus_parcel_write_fd(parcel, 1);
    softbus_parcel_write_ashmem(parcel, ashmem);
    softbus_ashmem_set_protection(ashmem, SOFTBUS_ASHMEM_READ_ONLY);
    softbus_parcel_write_ashmem(parcel, ashmem);
    softbus_ashmem_free(ashmem);
    /* The seal holds for both, whenever they were written. */
    check_printed(parcel, "fd\nashmem \"frame\" of 5000 bytes, read-only\nashmem \"frame\" of 5000 bytes, read-only\n",
                  "{\"type\":\"fd\",\"value\":\"fd\"}"
                  "{\"type\":\"ashmem\",\"value\":{\"name\":\"frame\",\"size\":5000,\"writable\":false}}"
                  "{\"type\":\"ashmem\",\"value\":{\"name\":\"frame\",\"size\":5000,\"writable\":false}}");
    assert_int_equal(softbus_parcel_new(0, &parcel), 0);
    assert_int_equal(softbus_ashmem_new("frame", 1, &ashmem), 0);
    softbus_parcel_write_ashmem(parcel, ashmem);
    softbus_ashmem_free(ashmem);
    check_printed(parcel, "ashmem \"frame\" of 1 bytes\n",
                  "{\"type\":\"ashmem\",\"value\":{\"name\":\"frame\",\"size\":1,\"writable\":true}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_other_types),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_arrays_and_no_object),
        cmocka_unit_test(test_structures),
        cmocka_unit_test(test_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
