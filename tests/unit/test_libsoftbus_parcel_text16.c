/* UTF-16 in parcels: there and back, what is no UTF-16, room that is too small. */
#include "libsoftbus/parcel.h"
#include "softbus/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const uint16_t hello[] = { 'h', 0xe4, 0xd83d, 0xde00, 0 }, empty[] = { 0 }, broken[] = { 'x', 0xde00, 0 };

static struct softbus_parcel *new_parcel(size_t capacity)
{
    struct softbus_parcel *parcel;

    assert_int_equal(softbus_parcel_new(capacity, &parcel), 0);
    return parcel;
}

static void test_text(void **state)
{
    struct softbus_parcel *parcel = new_parcel(0);
    uint16_t room[5] = { 77 };
    size_t n = 77;
    int type;

    (void)state;
    assert_int_equal(softbus_parcel_write_string16(parcel, NULL), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_string16(parcel, broken), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_get_size(parcel), 0);
    softbus_parcel_write_u8(parcel, 1); /* what follows lies at an odd place too */
    assert_int_equal(softbus_parcel_write_string16(parcel, hello), 0);
    assert_int_equal(softbus_parcel_write_string16(parcel, empty), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), 2 + 13 + 5);
    assert_memory_equal(sb_buf_bytes(&parcel->buf) + 2, "\x10\4\0\0\0h\0\xe4\0\x3d\xd8\0\xde\x10\0\0\0\0", 18);
    assert_int_equal(softbus_parcel_read_string16(parcel, room, 5, &n), SOFTBUS_ERR_PARCEL_TYPE);
    softbus_parcel_read_u8(parcel, &(uint8_t){ 0 });
    assert_int_equal(softbus_parcel_peek(parcel, &type, &n), 0);
    assert_int_equal(type, SOFTBUS_TYPE_STRING16);
    assert_int_equal(n, 4);
    assert_int_equal(softbus_parcel_read_string16(parcel, room, 4, &n), SOFTBUS_ERR_PARCEL_TYPE);
    assert_int_equal(room[0], 77);
    assert_int_equal(softbus_parcel_read_string16(parcel, room, 5, &n), 0);
    assert_memory_equal(room, hello, sizeof(hello));
    assert_int_equal(n, 4);
    assert_int_equal(softbus_parcel_read_string16(parcel, room, 0, &n), SOFTBUS_ERR_PARCEL_TYPE);
    assert_int_equal(softbus_parcel_read_string16(parcel, room, 1, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(room[0], 0);
    softbus_parcel_load(parcel, "\x10\1\0\0\0\x3d\xd8", 7);
    assert_int_equal(softbus_parcel_read_string16(parcel, room, 5, &n), SOFTBUS_ERR_PROTOCOL);
    softbus_parcel_free(parcel);
}

static void test_array(void **state)
{
    const uint16_t *const in[] = { hello, empty, hello }, *const with_broken[] = { hello, broken }, *const with_none[] = { hello, NULL };
    struct softbus_parcel *parcel = new_parcel(0);
    const uint16_t *texts[3] = { NULL, NULL, NULL };
    uint16_t units[11] = { 77 };
    size_t n = 77;

    (void)state;
    assert_int_equal(softbus_parcel_write_string16_array(parcel, with_broken, 2), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_string16_array(parcel, with_none, 2), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_get_size(parcel), 0);
    assert_int_equal(softbus_parcel_write_string16_array(parcel, in, 3), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), 5 + 12 + 4 + 12);
    assert_int_equal(softbus_parcel_read_string16_array(parcel, units, 10, texts, 3, &n), SOFTBUS_ERR_PARCEL_TYPE);
    assert_int_equal(softbus_parcel_read_string16_array(parcel, units, 11, texts, 2, &n), SOFTBUS_ERR_PARCEL_TYPE);
    assert_true(n == 77 && units[0] == 77 && !texts[0]);
    assert_in_range(11, 0, softbus_parcel_get_left(parcel) / 2); /* as the header says */
    assert_int_equal(softbus_parcel_read_string16_array(parcel, units, 11, texts, 3, &n), 0);
    assert_int_equal(n, 3);
    assert_memory_equal(texts[0], hello, sizeof(hello));
    assert_memory_equal(texts[1], empty, sizeof(empty));
    assert_memory_equal(texts[2], hello, sizeof(hello));
    assert_int_equal(softbus_parcel_get_left(parcel), 0);
    assert_int_equal(softbus_parcel_write_string16_array(parcel, NULL, 0), 0);
    assert_int_equal(softbus_parcel_read_string16_array(parcel, NULL, 0, NULL, 0, &n), 0);
    assert_int_equal(n, 0);
    softbus_parcel_free(parcel);
}

static void test_capacity(void **state)
{
    struct softbus_parcel *parcel = new_parcel(13);
    uint16_t *large = calloc(SOFTBUS_PARCEL_MAX_CAPACITY + 1, sizeof(*large));

    (void)state;
    memset(large, 'x', SOFTBUS_PARCEL_MAX_CAPACITY * sizeof(*large));
    assert_int_equal(softbus_parcel_write_string16(parcel, large), SOFTBUS_ERR_PARCEL_FULL);
    large[5] = 0;
    assert_int_equal(softbus_parcel_write_string16(parcel, large), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_get_size(parcel), 0);
    large[4] = 0;
    assert_int_equal(softbus_parcel_write_string16(parcel, large), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), 13);
    softbus_parcel_free(parcel);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_array),
        cmocka_unit_test(test_capacity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
