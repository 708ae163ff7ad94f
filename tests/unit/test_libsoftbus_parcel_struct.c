/* Structures, nulls, exceptions, raw data, appending: what is written around values and what holds several of them. */
#include "libsoftbus/parcel.h"
#include "softbus/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct softbus_parcel *new_parcel(size_t capacity)
{
    struct softbus_parcel *parcel;

    assert_int_equal(softbus_parcel_new(capacity, &parcel), 0);
    return parcel;
}

static void test_null(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    const char *text = "before";
    uint8_t number = 7;
    size_t count;
    int type;

    (void)state;
    assert_int_equal(softbus_parcel_read_null(parcel), SOFTBUS_ERR_PARCEL_END);
    assert_int_equal(softbus_parcel_write_null(parcel), 0);
    assert_int_equal(softbus_parcel_write_u8(parcel, 1), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), 1 + 2);
    assert_int_equal(softbus_parcel_read_string(parcel, &text), SOFTBUS_ERR_PARCEL_TYPE);
    assert_int_equal(softbus_parcel_read_u8(parcel, &number), SOFTBUS_ERR_PARCEL_TYPE);
    assert_int_equal(softbus_parcel_enter_struct(parcel), SOFTBUS_ERR_PARCEL_TYPE);
    assert_string_equal(text, "before");
    assert_int_equal(softbus_parcel_peek(parcel, &type, &count), 0);
    assert_int_equal(type, SOFTBUS_TYPE_NULL);
    assert_int_equal(count, 1);
    assert_int_equal(softbus_parcel_read_null(parcel), 0);
    assert_int_equal(softbus_parcel_read_null(parcel), SOFTBUS_ERR_PARCEL_TYPE);
    assert_int_equal(softbus_parcel_read_u8(parcel, &number), 0);
    assert_int_equal(number, 1);
    softbus_parcel_free(parcel);
}

static void test_golden(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    static const char bytes[] = "\x12\x13\0\0\0"
                                "\x03\x05"
                                "\x12\x01\0\0\0\x11"
                                "\x13\xfe\xff\xff\xff\x01\0\0\0e\0"
                                "\x13\0\0\0\0\0\0\0\0\0";

    (void)state;
    assert_int_equal(softbus_parcel_begin_struct(parcel), 0);
    softbus_parcel_write_u8(parcel, 5);
    assert_int_equal(softbus_parcel_begin_struct(parcel), 0);
    softbus_parcel_write_null(parcel);
    assert_int_equal(softbus_parcel_end_struct(parcel), 0);
    assert_int_equal(softbus_parcel_write_exception(parcel, -2, "e"), 0);
    assert_int_equal(softbus_parcel_end_struct(parcel), 0);
    assert_int_equal(softbus_parcel_write_no_exception(parcel), 0);
    assert_int_equal(parcel->buf.length, sizeof(bytes) - 1);
    assert_memory_equal(sb_buf_bytes(&parcel->buf), bytes, sizeof(bytes) - 1);
    softbus_parcel_free(parcel);
}

/* An old reader of a structure with a new field at its end. */
static void test_leaving_skips(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    const char *text = NULL;
    uint32_t number = 0;
    size_t count;
    int type;

    (void)state;
    softbus_parcel_begin_struct(parcel);
    softbus_parcel_write_u32(parcel, 1);
    softbus_parcel_begin_struct(parcel);
    softbus_parcel_write_u32(parcel, 2);
    softbus_parcel_end_struct(parcel);
    softbus_parcel_write_string(parcel, "new");
    softbus_parcel_end_struct(parcel);
    softbus_parcel_write_string(parcel, "behind");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(softbus_parcel_peek(parcel, &type, &count), 0);
        assert_int_equal(type, SOFTBUS_TYPE_STRUCT);
        assert_int_equal(count, 5 + 10 + 9);
        assert_int_equal(softbus_parcel_leave_struct(parcel), SOFTBUS_ERR_INVALID);
        assert_int_equal(softbus_parcel_enter_struct(parcel), 0);
        assert_int_equal(softbus_parcel_get_left(parcel), 5 + 10 + 9);
        assert_int_equal(softbus_parcel_enter_struct(parcel), SOFTBUS_ERR_PARCEL_TYPE);
        assert_int_equal(softbus_parcel_read_u32(parcel, &number), 0);
        assert_int_equal(softbus_parcel_enter_struct(parcel), 0);
        assert_int_equal(softbus_parcel_read_u32(parcel, &number), 0);
        assert_int_equal(number, 2);
        assert_int_equal(softbus_parcel_get_left(parcel), 0);
        assert_int_equal(softbus_parcel_read_string(parcel, &text), SOFTBUS_ERR_PARCEL_END); /* not the one behind */
        assert_int_equal(softbus_parcel_peek(parcel, &type, &count), SOFTBUS_ERR_PARCEL_END);
        assert_int_equal(softbus_parcel_enter_struct(parcel), SOFTBUS_ERR_PARCEL_END);
        assert_int_equal(softbus_parcel_leave_struct(parcel), 0);
        if (i == 0) { /* inside a structure, rewinding leaves it */
            softbus_parcel_rewind(parcel);
            continue;
        }
        assert_int_equal(softbus_parcel_leave_struct(parcel), 0);
        assert_int_equal(softbus_parcel_read_string(parcel, &text), 0);
        assert_string_equal(text, "behind");
    }
    softbus_parcel_free(parcel);
}

static void test_unbalanced(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0), *copy = new_parcel(0);
    size_t count;
    int type;

    (void)state;
    assert_true(softbus_parcel_is_complete(parcel));
    assert_int_equal(softbus_parcel_end_struct(parcel), SOFTBUS_ERR_INVALID);
    softbus_parcel_begin_struct(parcel);
    softbus_parcel_write_null(parcel);
    assert_false(softbus_parcel_is_complete(parcel));
    assert_int_equal(softbus_parcel_enter_struct(parcel), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_peek(parcel, &type, &count), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_append(copy, parcel), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_copy(parcel, copy), 0);
    assert_false(softbus_parcel_is_complete(copy));
    assert_int_equal(softbus_parcel_end_struct(copy), 0);
    assert_int_equal(softbus_parcel_enter_struct(copy), 0);
    softbus_parcel_move(parcel, copy);
    assert_true(softbus_parcel_is_complete(parcel));
    assert_false(softbus_parcel_is_complete(copy));
    assert_int_equal(softbus_parcel_end_struct(copy), 0);
    assert_int_equal(softbus_parcel_enter_struct(copy), 0); /* the reader began again */
    softbus_parcel_begin_struct(copy);
    softbus_parcel_clear(copy);
    assert_true(softbus_parcel_is_complete(copy));
    assert_int_equal(softbus_parcel_end_struct(copy), SOFTBUS_ERR_INVALID);
    softbus_parcel_free(parcel);
    softbus_parcel_free(copy);
}

/* 32 deep is written and read, 33 is neither. */
static void test_depth(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0), *outer = new_parcel(0);
    uint8_t deep[5 * 33];

    (void)state;
    for (int i = 0; i < SOFTBUS_PARCEL_MAX_DEPTH; i++)
        assert_int_equal(softbus_parcel_begin_struct(parcel), 0);
    assert_int_equal(softbus_parcel_begin_struct(parcel), SOFTBUS_ERR_LIMIT);
    for (int i = 0; i < SOFTBUS_PARCEL_MAX_DEPTH; i++)
        assert_int_equal(softbus_parcel_end_struct(parcel), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), 5 * SOFTBUS_PARCEL_MAX_DEPTH);
    for (int i = 0; i < SOFTBUS_PARCEL_MAX_DEPTH; i++)
        assert_int_equal(softbus_parcel_enter_struct(parcel), 0);
    for (int i = 0; i < SOFTBUS_PARCEL_MAX_DEPTH; i++)
        assert_int_equal(softbus_parcel_leave_struct(parcel), 0);
    assert_int_equal(softbus_parcel_get_left(parcel), 0);
    assert_int_equal(softbus_parcel_append(outer, parcel), 0);
    softbus_parcel_clear(outer);
    softbus_parcel_begin_struct(outer);
    assert_int_equal(softbus_parcel_append(outer, parcel), SOFTBUS_ERR_PROTOCOL);
    assert_int_equal(softbus_parcel_get_size(outer), 5);
    for (uint32_t i = 0; i < 33; i++) {
        deep[5 * i] = WIRE_TAG_STRUCT;
        wire_store_u32(deep + 5 * i + 1, 5 * (32 - i));
    }
    assert_int_equal(softbus_parcel_load(parcel, deep, sizeof(deep)), 0);
    for (int i = 0; i < SOFTBUS_PARCEL_MAX_DEPTH; i++)
        assert_int_equal(softbus_parcel_enter_struct(parcel), 0);
    assert_int_equal(softbus_parcel_enter_struct(parcel), SOFTBUS_ERR_PROTOCOL);
    softbus_parcel_free(parcel);
    softbus_parcel_free(outer);
}

/* A length beyond the end, and one beyond that of the structure around. */
static void test_hostile_lengths(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    size_t count;
    int type;

    (void)state;
    softbus_parcel_load(parcel, "\x12\xff\xff\xff\xff\x11", 6);
    assert_int_equal(softbus_parcel_enter_struct(parcel), SOFTBUS_ERR_PROTOCOL);
    assert_int_equal(softbus_parcel_peek(parcel, &type, &count), SOFTBUS_ERR_PROTOCOL);
    assert_int_equal(softbus_parcel_get_left(parcel), 6);
    softbus_parcel_load(parcel, "\x12\x06\0\0\0\x12\x02\0\0\0\x11\x11", 12);
    assert_int_equal(softbus_parcel_enter_struct(parcel), 0);
    assert_int_equal(softbus_parcel_enter_struct(parcel), SOFTBUS_ERR_PROTOCOL);
    assert_int_equal(softbus_parcel_get_left(parcel), 6);
    assert_int_equal(softbus_parcel_leave_struct(parcel), 0);
    assert_int_equal(softbus_parcel_read_null(parcel), 0);
    softbus_parcel_free(parcel);
}

static void test_exception(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    const char *text = NULL;
    int32_t code = 99;

    (void)state;
    assert_int_equal(softbus_parcel_write_exception(parcel, 0, "none"), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_exception(parcel, 1, NULL), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_exception(parcel, 1, "\xff"), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_get_size(parcel), 0);
    assert_int_equal(softbus_parcel_write_exception(parcel, INT32_MIN, "no paper"), 0);
    assert_int_equal(softbus_parcel_write_no_exception(parcel), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), 10 + 8 + 10);
    assert_int_equal(softbus_parcel_read_string(parcel, &text), SOFTBUS_ERR_PARCEL_TYPE);
    assert_int_equal(softbus_parcel_read_exception(parcel, &code, &text), 0);
    assert_int_equal(code, INT32_MIN);
    assert_string_equal(text, "no paper");
    assert_int_equal(softbus_parcel_read_exception(parcel, &code, &text), 0);
    assert_int_equal(code, 0);
    assert_string_equal(text, "");
    assert_int_equal(softbus_parcel_read_exception(parcel, &code, &text), SOFTBUS_ERR_PARCEL_END);
    softbus_parcel_load(parcel, "\x13\0\0\0\0\1\0\0\0x\0", 11); /* nothing happened, and that is what */
    assert_int_equal(softbus_parcel_read_exception(parcel, &code, &text), SOFTBUS_ERR_PROTOCOL);
    softbus_parcel_free(parcel);
}

static void test_raw_data(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    const void *data;
    size_t size;
    void *room, *again;

    (void)state;
    assert_int_equal(softbus_parcel_commit_bytes(parcel, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_reserve_bytes(parcel, 204800 - 5 + 1, &room), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_reserve_bytes(parcel, SIZE_MAX, &room), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_reserve_bytes(parcel, 204800 - 5, &room), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), 0); /* until it is committed */
    memset(room, 'r', 204800 - 5);
    assert_int_equal(softbus_parcel_commit_bytes(parcel, 204800 - 5 + 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_commit_bytes(parcel, 100), 0);
    assert_int_equal(softbus_parcel_commit_bytes(parcel, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_get_size(parcel), 105);
    assert_int_equal(softbus_parcel_read_bytes(parcel, &data, &size), 0);
    assert_ptr_equal(data, room); /* no copy was made on the way */
    assert_int_equal(size, 100);
    /* Whatever is written or reserved in between ends a reservation, also when it fails or all is cleared. */
    assert_int_equal(softbus_parcel_reserve_bytes(parcel, 10, &room), 0);
    assert_int_equal(softbus_parcel_write_null(parcel), 0);
    assert_int_equal(softbus_parcel_commit_bytes(parcel, 10), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_reserve_bytes(parcel, 10, &room), 0);
    assert_int_equal(softbus_parcel_write_string(parcel, "\xff"), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_commit_bytes(parcel, 10), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_reserve_bytes(parcel, 10, &room), 0);
    assert_int_equal(softbus_parcel_reserve(parcel, 1000), 0);
    assert_int_equal(softbus_parcel_commit_bytes(parcel, 10), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_reserve_bytes(parcel, 10, &room), 0);
    assert_int_equal(softbus_parcel_reserve_bytes(parcel, 0, &again), 0);
    assert_int_equal(softbus_parcel_commit_bytes(parcel, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_commit_bytes(parcel, 0), 0);
    assert_int_equal(softbus_parcel_reserve_bytes(parcel, 10, &room), 0);
    softbus_parcel_clear(parcel);
    assert_int_equal(softbus_parcel_commit_bytes(parcel, 10), SOFTBUS_ERR_INVALID);
    softbus_parcel_free(parcel);
}

static void test_reserve(void **state)
{
    struct softbus_parcel *parcel = new_parcel(100);
    const uint8_t *data;

    (void)state;
    assert_int_equal(softbus_parcel_reserve(parcel, 101), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_reserve(parcel, 100), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), 0);
    data = parcel->buf.data;
    assert_int_equal(softbus_parcel_write_bytes(parcel, "0123456789", 10), 0);
    assert_ptr_equal(parcel->buf.data, data);
    assert_int_equal(softbus_parcel_reserve(parcel, 86), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_reserve(parcel, 0), 0);
    softbus_parcel_free(parcel);
}

static void test_append(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0), *other = new_parcel(0), *small = new_parcel(14);
    const char *text;
    uint8_t number;

    (void)state;
    assert_int_equal(softbus_parcel_append(parcel, other), 0); /* nothing */
    assert_int_equal(softbus_parcel_append(parcel, parcel), SOFTBUS_ERR_INVALID);
    softbus_parcel_write_token(other, "t");
    softbus_parcel_write_u8(other, 1);
    assert_int_equal(softbus_parcel_append(parcel, other), 0);
    assert_int_equal(softbus_parcel_append(parcel, other), SOFTBUS_ERR_INVALID); /* a second token, not in front */
    assert_int_equal(softbus_parcel_get_size(parcel), 7 + 2);
    assert_int_equal(softbus_parcel_take_token(other, "t"), 0);
    softbus_parcel_read_u8(other, &number);
    softbus_parcel_begin_struct(parcel);
    assert_int_equal(softbus_parcel_append(parcel, other), 0); /* what was read counts, the token that was taken does not */
    softbus_parcel_end_struct(parcel);
    assert_int_equal(softbus_parcel_read_token(parcel, &text), 0);
    assert_int_equal(softbus_parcel_read_u8(parcel, &number), 0);
    assert_int_equal(softbus_parcel_enter_struct(parcel), 0);
    assert_int_equal(softbus_parcel_read_u8(parcel, &number), 0);
    assert_int_equal(softbus_parcel_get_left(parcel), 0);
    softbus_parcel_write_bytes(small, "12345678", 8);
    assert_int_equal(softbus_parcel_append(small, other), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_get_size(small), 13);
    softbus_parcel_load(other, "\x03\x05\x0f\0\0", 5); /* an object that is not in its table */
    assert_int_equal(softbus_parcel_append(parcel, other), SOFTBUS_ERR_PROTOCOL);
    softbus_parcel_load(other, "\x03\x05\x14\0\0", 5);
    assert_int_equal(softbus_parcel_append(parcel, other), SOFTBUS_ERR_PROTOCOL);
    softbus_parcel_load(other, "\x03\x05\x0c", 3);
    assert_int_equal(softbus_parcel_append(parcel, other), SOFTBUS_ERR_PROTOCOL);
    assert_int_equal(softbus_parcel_get_size(parcel), 7 + 2 + 5 + 2);
    softbus_parcel_free(parcel);
    softbus_parcel_free(other);
    softbus_parcel_free(small);
}

/* Each encoding cut at every length: an error, nothing read, nothing touched. */
static void test_truncated(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        { "\x10\2\0\0\0a\0b\0", 9 },
        { "\x12\2\0\0\0\x11\x11", 7 },
        { "\x13\1\0\0\0\2\0\0\0ab\0", 12 },
        { "\x14\0\0", 3 },
        { "\x15\0\0\1\0\x10\0\0\0\0\0\0\1\0\0\0n\0", 18 },
        { "\x4f\2\0\0\0\xff\xff\xff\xff", 9 },
        { "\x50\2\0\0\0\1\0\0\0a\0\0\0\0\0", 15 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t size = 0; size < cases[i].size; size++) {
            struct softbus_parcel *parcel = new_parcel(0);
            int expected = size ? SOFTBUS_ERR_PROTOCOL : SOFTBUS_ERR_PARCEL_END, r, fd = -7;
            const uint16_t *texts[2] = { NULL, NULL };
            struct softbus_object *objects[2] = { NULL, NULL };
            uint16_t units[8] = { 77 };
            const char *text = NULL;
            int32_t code = 77;
            size_t n = 77;

            assert_int_equal(softbus_parcel_load(parcel, cases[i].bytes, size), 0);
            r = i == 0   ? softbus_parcel_read_string16(parcel, units, 8, &n)
                : i == 1 ? softbus_parcel_enter_struct(parcel)
                : i == 2 ? softbus_parcel_read_exception(parcel, &code, &text)
                : i == 3 ? softbus_parcel_read_fd(parcel, &fd)
                : i == 4 ? softbus_parcel_peek(parcel, &fd, &n)
                : i == 5 ? softbus_parcel_read_object_array(parcel, objects, 2, &n)
                         : softbus_parcel_read_string16_array(parcel, units, 8, texts, 2, &n);
            if (i != 4 || size < 17)
                assert_int_equal(r, expected);
            assert_int_equal(softbus_parcel_get_left(parcel), size);
            if (r < 0)
                assert_true(n == 77 && units[0] == 77 && !texts[0] && !objects[0] && !text && code == 77 && fd == -7);
            softbus_parcel_free(parcel);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null),       cmocka_unit_test(test_golden),          cmocka_unit_test(test_leaving_skips),
        cmocka_unit_test(test_unbalanced), cmocka_unit_test(test_depth),           cmocka_unit_test(test_hostile_lengths),
        cmocka_unit_test(test_exception),  cmocka_unit_test(test_raw_data),        cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_append),     cmocka_unit_test(test_truncated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
