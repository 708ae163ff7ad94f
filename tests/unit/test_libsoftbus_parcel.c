/* Parcels: every type there and back, wrong types, ends, capacity at its limit, failed writes, tokens, hostile bytes. */
#include "libsoftbus/parcel.h"
#include "softbus/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct softbus_parcel *new_parcel(size_t capacity)
{
    struct softbus_parcel *parcel;

    assert_int_equal(softbus_parcel_new(capacity, &parcel), 0);
    return parcel;
}

static void test_scalars(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    bool wrong = false;
    int8_t v_i8 = 0;
    uint8_t v_u8 = 0;
    int16_t v_i16 = 0;
    uint16_t v_u16 = 0;
    int32_t v_i32 = 0;
    uint32_t v_u32 = 0;
    int64_t v_i64 = 0;
    uint64_t v_u64 = 0;
    float v_float = 0;
    double v_double = 0;
    bool v_bool = 0;

    (void)state;
    assert_int_equal(softbus_parcel_write_i8(parcel, -128), 0);
    assert_int_equal(softbus_parcel_write_u8(parcel, 255), 0);
    assert_int_equal(softbus_parcel_write_i16(parcel, -32768), 0);
    assert_int_equal(softbus_parcel_write_u16(parcel, 65535), 0);
    assert_int_equal(softbus_parcel_write_i32(parcel, INT32_MIN), 0);
    assert_int_equal(softbus_parcel_write_u32(parcel, UINT32_MAX), 0);
    assert_int_equal(softbus_parcel_write_i64(parcel, INT64_MIN), 0);
    assert_int_equal(softbus_parcel_write_u64(parcel, UINT64_MAX), 0);
    assert_int_equal(softbus_parcel_write_float(parcel, 1.5f), 0);
    assert_int_equal(softbus_parcel_write_double(parcel, -2.25), 0);
    assert_int_equal(softbus_parcel_write_bool(parcel, true), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), 2 * 2 + 2 * 3 + 2 * 5 + 2 * 9 + 5 + 9 + 2);
    assert_int_equal(softbus_parcel_read_bool(parcel, &wrong), SOFTBUS_ERR_PARCEL_TYPE);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(softbus_parcel_read_i8(parcel, &v_i8), 0);
        assert_int_equal(softbus_parcel_read_u8(parcel, &v_u8), 0);
        assert_int_equal(softbus_parcel_read_i16(parcel, &v_i16), 0);
        assert_int_equal(softbus_parcel_read_u16(parcel, &v_u16), 0);
        assert_int_equal(softbus_parcel_read_i32(parcel, &v_i32), 0);
        assert_int_equal(softbus_parcel_read_u32(parcel, &v_u32), 0);
        assert_int_equal(softbus_parcel_read_i64(parcel, &v_i64), 0);
        assert_int_equal(softbus_parcel_read_u64(parcel, &v_u64), 0);
        assert_int_equal(softbus_parcel_read_float(parcel, &v_float), 0);
        assert_int_equal(softbus_parcel_read_double(parcel, &v_double), 0);
        assert_int_equal(softbus_parcel_read_bool(parcel, &v_bool), 0);
        assert_int_equal(softbus_parcel_get_left(parcel), 0);
        assert_int_equal(softbus_parcel_read_u8(parcel, &v_u8), SOFTBUS_ERR_PARCEL_END);
        softbus_parcel_rewind(parcel);
    }
    assert_true(v_i8 == -128);
    assert_true(v_u8 == 255);
    assert_true(v_i16 == -32768);
    assert_true(v_u16 == 65535);
    assert_true(v_i32 == INT32_MIN);
    assert_true(v_u32 == UINT32_MAX);
    assert_true(v_i64 == INT64_MIN);
    assert_true(v_u64 == UINT64_MAX);
    assert_true(v_float == 1.5f);
    assert_true(v_double == -2.25);
    assert_true(v_bool == true);
    softbus_parcel_free(parcel);
}

static void test_golden(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    const int16_t numbers[] = { 1, -2 };
    const char *const texts[] = { "a", "" };

    (void)state;
    softbus_parcel_write_token(parcel, "t");
    softbus_parcel_write_i16_array(parcel, numbers, 2);
    softbus_parcel_write_string_array(parcel, texts, 2);
    softbus_parcel_write_bytes(parcel, "\xff", 1);
    softbus_parcel_write_double(parcel, 1.0);
    softbus_parcel_write_object(parcel, NULL);
    assert_memory_equal(sb_buf_bytes(&parcel->buf),
                        "\x0e\x01\0\0\0t\0"
                        "\x44\x02\0\0\0\x01\0\xfe\xff"
                        "\x4c\x02\0\0\0\x01\0\0\0a\0\0\0\0\0\0"
                        "\x0d\x01\0\0\0\xff"
                        "\x0b\0\0\0\0\0\0\xf0\x3f"
                        "\x0f\xff\xff",
                        7 + 9 + 16 + 6 + 9 + 3);
    assert_int_equal(parcel->buf.length, 7 + 9 + 16 + 6 + 9 + 3);
    softbus_parcel_free(parcel);
}

/* Three values of a type there and back; room for two is too little, and nothing is read then. */
#define CHECK_ARRAY(name, type, ...)                                                                                   \
    do {                                                                                                               \
        const type in[] = { __VA_ARGS__ };                                                                             \
        type room[3] = { 0 };                                                                                          \
        n = 77;                                                                                                        \
        assert_int_equal(softbus_parcel_write_##name##_array(parcel, in, 3), 0);                                       \
        assert_int_equal(softbus_parcel_read_##name##_array(parcel, room, 2, &n), SOFTBUS_ERR_PARCEL_TYPE);            \
        assert_int_equal(n, 77);                                                                                       \
        assert_int_equal(softbus_parcel_read_##name##_array(parcel, room, 3, &n), 0);                                  \
        assert_int_equal(n, 3);                                                                                        \
        assert_memory_equal(in, room, sizeof(in));                                                                     \
    } while (0)

static void test_arrays(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    size_t n = 77;

    (void)state;
    CHECK_ARRAY(i8, int8_t, -128, 0, 1);
    CHECK_ARRAY(u8, uint8_t, 255, 0, 1);
    CHECK_ARRAY(i16, int16_t, -32768, 0, 1);
    CHECK_ARRAY(u16, uint16_t, 65535, 0, 1);
    CHECK_ARRAY(i32, int32_t, INT32_MIN, 0, 1);
    CHECK_ARRAY(u32, uint32_t, UINT32_MAX, 0, 1);
    CHECK_ARRAY(i64, int64_t, INT64_MIN, 0, 1);
    CHECK_ARRAY(u64, uint64_t, UINT64_MAX, 0, 1);
    CHECK_ARRAY(float, float, 1.5f, 0, 1);
    CHECK_ARRAY(double, double, -2.25, 0, 1);
    CHECK_ARRAY(bool, bool, true, 0, 1);
    assert_int_equal(softbus_parcel_write_u8_array(parcel, NULL, 0), 0);
    assert_int_equal(softbus_parcel_read_u8_array(parcel, NULL, 0, &n), 0);
    assert_int_equal(n, 0);
    softbus_parcel_free(parcel);
}

static void test_texts(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    const char *const texts[] = { "one", "", "\xc3\xa4" };
    const char *room[3] = { NULL, NULL, NULL }, *text = NULL;
    const void *data;
    size_t n, size;

    (void)state;
    assert_int_equal(softbus_parcel_write_string(parcel, "\xff"), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_string(parcel, NULL), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_get_size(parcel), 0);
    assert_int_equal(softbus_parcel_write_string(parcel, "hello"), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), 6 + 5);
    assert_int_equal(softbus_parcel_write_token(parcel, "late"), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_bytes(parcel, "\0\1", 2), 0);
    assert_int_equal(softbus_parcel_write_string_array(parcel, texts, 3), 0);
    assert_int_equal(softbus_parcel_read_bytes(parcel, &data, &size), SOFTBUS_ERR_PARCEL_TYPE);
    assert_int_equal(softbus_parcel_read_string(parcel, &text), 0);
    assert_string_equal(text, "hello");
    assert_int_equal(softbus_parcel_read_bytes(parcel, &data, &size), 0);
    assert_int_equal(size, 2);
    assert_int_equal(softbus_parcel_read_string_array(parcel, room, 2, &n), SOFTBUS_ERR_PARCEL_TYPE);
    assert_null(room[0]);
    assert_int_equal(softbus_parcel_read_string_array(parcel, room, 3, &n), 0);
    assert_string_equal(room[2], "\xc3\xa4");
    softbus_parcel_free(parcel);
}

/* Rule 1 in the parcel: 204,800 bytes fit, one more does not, and a failed write leaves it as it was. */
static void test_capacity(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0), *larger;
    uint8_t *data = calloc(1, SOFTBUS_PARCEL_MAX_CAPACITY);
    const char *const texts[] = { "does", "not", "fit" };

    (void)state;
    assert_int_equal(softbus_parcel_get_capacity(parcel), 204800);
    assert_int_equal(softbus_parcel_write_bytes(parcel, data, 204801 - 5), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_get_size(parcel), 0);
    assert_int_equal(softbus_parcel_write_bytes(parcel, data, 204800 - 5), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), 204800);
    assert_int_equal(softbus_parcel_write_bool(parcel, true), SOFTBUS_ERR_PARCEL_FULL);
    softbus_parcel_clear(parcel);
    assert_int_equal(softbus_parcel_write_u8_array(parcel, data, 204800 - 5 - 8), 0);
    assert_int_equal(softbus_parcel_write_u64(parcel, 1), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_write_string(parcel, "abc"), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_write_string_array(parcel, texts, 3), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_write_u32_array(parcel, (const uint32_t *)(const void *)data, 1), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_write_u32_array(parcel, (const uint32_t *)(const void *)data, SIZE_MAX / 2), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_get_size(parcel), 204800 - 8);
    assert_int_equal(softbus_parcel_write_string(parcel, "ab"), 0);
    assert_int_equal(softbus_parcel_new(SOFTBUS_PARCEL_MAX_CAPACITY + 1, &larger), SOFTBUS_ERR_INVALID);
    larger = new_parcel(SOFTBUS_PARCEL_MAX_CAPACITY);
    assert_int_equal(softbus_parcel_write_bytes(larger, data, SOFTBUS_PARCEL_MAX_CAPACITY - 5), 0);
    assert_int_equal(softbus_parcel_write_bool(larger, true), SOFTBUS_ERR_PARCEL_FULL);
    /* What came may be larger than what can be written here; it is not written to. */
    assert_int_equal(softbus_parcel_load(parcel, sb_buf_bytes(&larger->buf), larger->buf.length), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), SOFTBUS_PARCEL_MAX_CAPACITY);
    assert_int_equal(softbus_parcel_write_bool(parcel, true), SOFTBUS_ERR_PARCEL_FULL);
    softbus_parcel_clear(parcel);
    assert_int_equal(softbus_parcel_write_bytes(parcel, data, 204801 - 5), SOFTBUS_ERR_PARCEL_FULL);
    softbus_parcel_free(larger);
    softbus_parcel_free(parcel);
    free(data);
}

static void test_peek(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    int type = -1;
    size_t count = 99;

    (void)state;
    assert_int_equal(softbus_parcel_peek(parcel, &type, &count), SOFTBUS_ERR_PARCEL_END);
    softbus_parcel_write_string(parcel, "four");
    assert_int_equal(softbus_parcel_peek(parcel, &type, &count), 0);
    assert_int_equal(type, SOFTBUS_TYPE_STRING);
    assert_int_equal(count, 4);
    softbus_parcel_clear(parcel);
    softbus_parcel_write_u16_array(parcel, (const uint16_t[]){ 1, 2, 3 }, 3);
    assert_int_equal(softbus_parcel_peek(parcel, &type, &count), 0);
    assert_int_equal(type, SOFTBUS_TYPE_U16 | SOFTBUS_TYPE_ARRAY);
    assert_int_equal(count, 3);
    softbus_parcel_clear(parcel);
    softbus_parcel_write_object(parcel, NULL);
    assert_int_equal(softbus_parcel_peek(parcel, &type, &count), 0);
    assert_int_equal(type, SOFTBUS_TYPE_OBJECT);
    assert_int_equal(count, 1);
    softbus_parcel_free(parcel);
}

static void test_token(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    const char *token = NULL;
    bool value = false;

    (void)state;
    assert_int_equal(softbus_parcel_take_token(parcel, "right"), 0);
    softbus_parcel_write_token(parcel, "right");
    softbus_parcel_write_bool(parcel, true);
    assert_int_equal(softbus_parcel_read_token(parcel, &token), 0);
    assert_string_equal(token, "right");
    softbus_parcel_rewind(parcel);
    assert_int_equal(softbus_parcel_take_token(parcel, "wrong"), SOFTBUS_ERR_INTERFACE);
    softbus_parcel_rewind(parcel);
    parcel->start = parcel->position = 0;
    assert_int_equal(softbus_parcel_take_token(parcel, "right"), 0);
    assert_int_equal(softbus_parcel_read_bool(parcel, &value), 0);
    softbus_parcel_rewind(parcel); /* not to the token, which the handler does not see */
    assert_int_equal(softbus_parcel_read_bool(parcel, &value), 0);
    softbus_parcel_free(parcel);
}

/* Bytes that no parcel of ours has: an error, nothing read, nothing touched. */
static void test_hostile(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        { "\x00", 1 },
        { "\x16", 1 },
        { "\x4d\0\0\0\0", 5 },          /* array of bytes */
        { "\xff", 1 },
        { "\x01\x02", 2 },               /* bool 2 */
        { "\x07\0\0\0", 4 },             /* cut */
        { "\x0c\xff\xff\xff\xff", 5 },   /* length */
        { "\x0c\x01\0\0\0\xff\0", 7 },  /* not UTF-8 */
        { "\x0d\x02\0\0\0x", 6 },
        { "\x0f\0\0", 3 },               /* an index without its object */
        { "\x41\x01\0\0\0\x02", 6 },     /* array of bool 2 */
        { "\x48\xff\xff\xff\xff\0", 6 },
        { "\x4c\x01\0\0\0\x02\0\0\0x\0", 11 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct softbus_parcel *parcel = new_parcel(0);
        struct softbus_object *object = NULL;
        const char *texts[2] = { NULL, NULL };
        const void *data = NULL;
        bool flags[4] = { false };
        uint64_t numbers[4] = { 0 };
        uint32_t number = 0;
        size_t n = 0;

        assert_int_equal(softbus_parcel_load(parcel, cases[i].bytes, cases[i].size), 0);
        assert_true(softbus_parcel_read_bool(parcel, flags) < 0);
        assert_true(softbus_parcel_read_u32(parcel, &number) < 0);
        assert_true(softbus_parcel_read_string(parcel, texts) < 0);
        assert_true(softbus_parcel_read_bytes(parcel, &data, &n) < 0);
        assert_true(softbus_parcel_read_object(parcel, &object) < 0);
        assert_true(softbus_parcel_read_bool_array(parcel, flags, 4, &n) < 0);
        assert_true(softbus_parcel_read_i64_array(parcel, (int64_t *)(void *)numbers, 4, &n) < 0);
        assert_true(softbus_parcel_read_string_array(parcel, texts, 2, &n) < 0);
        assert_int_equal(softbus_parcel_get_left(parcel), cases[i].size);
        assert_true(!object && !texts[0] && !data && !flags[0] && !numbers[0] && !number && !n);
        softbus_parcel_free(parcel);
    }
}

/* A handler that answers a one-way call writes to no parcel. */
static void test_no_parcel(void **state)
{
    const char *const texts[] = { "x" };
    const uint64_t values[] = { 0 };
    const void *data = values;
    void *room;

    (void)state;
    assert_int_equal(softbus_parcel_write_bool(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_i8(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_u8(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_i16(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_u16(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_i32(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_u32(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_i64(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_u64(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_float(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_double(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_bool_array(NULL, data, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_i8_array(NULL, data, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_u8_array(NULL, data, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_i16_array(NULL, data, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_u16_array(NULL, data, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_i32_array(NULL, data, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_u32_array(NULL, data, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_i64_array(NULL, data, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_u64_array(NULL, data, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_float_array(NULL, data, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_double_array(NULL, data, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_string(NULL, "x"), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_bytes(NULL, "x", 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_token(NULL, "x"), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_object(NULL, NULL), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_string_array(NULL, texts, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_string16(NULL, data), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_string16_array(NULL, NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_object_array(NULL, NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_fd(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_null(NULL), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_exception(NULL, 1, "x"), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_no_exception(NULL), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_begin_struct(NULL), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_end_struct(NULL), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_reserve(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_reserve_bytes(NULL, 0, &room), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_commit_bytes(NULL, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_append(NULL, NULL), SOFTBUS_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),  cmocka_unit_test(test_golden), cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_texts),    cmocka_unit_test(test_capacity), cmocka_unit_test(test_peek),
        cmocka_unit_test(test_token),    cmocka_unit_test(test_hostile), cmocka_unit_test(test_no_parcel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
