/* Objects in parcels: one, none, many; whose they are, who holds references; appended behind others. */
#include "libsoftbus/object.h"
#include "libsoftbus/parcel.h"
#include "softbus/error.h"
#include "tests/unit/hub_end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct world {
    struct hub_end end, other_end;
    struct softbus *bus, *other;
    struct softbus_object *a, *b, *stranger;
    struct softbus_parcel *parcel;
};

static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    (void)userdata;
    (void)transaction;
    (void)code;
    (void)request;
    (void)reply;
    return 0;
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    hub_end_open(&w->end, &w->bus);
    hub_end_open(&w->other_end, &w->other);
    assert_int_equal(softbus_stub_new(w->bus, "org.example.A", handle, w, &w->a), 0);
    assert_int_equal(softbus_stub_new(w->bus, "org.example.B", handle, w, &w->b), 0);
    assert_int_equal(softbus_stub_new(w->other, "org.example.Stranger", handle, w, &w->stranger), 0);
    assert_int_equal(softbus_parcel_new(0, &w->parcel), 0);
    *state = w;
    return 0;
}

/* When all parcels are gone, nobody but the test holds its objects. */
static int tear_down(void **state)
{
    struct world *w = *state;

    softbus_parcel_free(w->parcel);
    assert_int_equal(w->a->n_refs, 1);
    assert_int_equal(w->b->n_refs, 1);
    assert_int_equal(w->stranger->n_refs, 1);
    softbus_object_unref(w->a);
    softbus_object_unref(w->b);
    softbus_object_unref(w->stranger);
    softbus_close(w->bus);
    softbus_close(w->other);
    hub_end_close(&w->end);
    hub_end_close(&w->other_end);
    free(w);
    return 0;
}

static void test_array(void **state)
{
    struct world *w = *state;
    struct softbus_object *const in[] = { w->a, NULL, w->b };
    struct softbus_object *out[3] = { NULL, NULL, NULL };
    size_t n = 77;
    int type;

    assert_int_equal(softbus_parcel_write_object_array(w->parcel, in, 3), 0);
    assert_int_equal(softbus_parcel_write_object_array(w->parcel, NULL, 0), 0);
    assert_int_equal(softbus_parcel_get_size(w->parcel), 5 + 6 + 5);
    assert_int_equal(softbus_parcel_get_n_objects(w->parcel), 2);
    assert_memory_equal(sb_buf_bytes(&w->parcel->buf), "\x4f\3\0\0\0\0\0\xff\xff\1\0\x4f\0\0\0\0", 16);
    assert_int_equal(softbus_parcel_peek(w->parcel, &type, &n), 0);
    assert_int_equal(type, SOFTBUS_TYPE_OBJECT | SOFTBUS_TYPE_ARRAY);
    assert_int_equal(n, 3);
    n = 77;
    assert_int_equal(softbus_parcel_read_object(w->parcel, &out[0]), SOFTBUS_ERR_PARCEL_TYPE);
    assert_int_equal(softbus_parcel_read_object_array(w->parcel, out, 2, &n), SOFTBUS_ERR_PARCEL_TYPE);
    assert_true(n == 77 && !out[0]);
    assert_int_equal(softbus_parcel_read_object_array(w->parcel, out, 3, &n), 0);
    assert_int_equal(n, 3);
    assert_ptr_equal(out[0], w->a);
    assert_null(out[1]);
    assert_ptr_equal(out[2], w->b);
    assert_int_equal(w->a->n_refs, 3); /* the test's, the parcel's, the reader's */
    softbus_object_unref(out[0]);
    softbus_object_unref(out[2]);
    assert_int_equal(softbus_parcel_read_object_array(w->parcel, NULL, 0, &n), 0);
    assert_int_equal(n, 0);
}

/* An index beyond the table: nothing is handed out, also not what came before it. */
static void test_bad_index(void **state)
{
    struct world *w = *state;
    struct softbus_object *out[2] = { NULL, NULL };
    size_t n;

    assert_int_equal(softbus_parcel_load(w->parcel, "\x4f\2\0\0\0\0\0\1\0", 9), 0);
    assert_int_equal(softbus_parcel_add_object(w->parcel, softbus_object_ref(w->a)), 0);
    assert_int_equal(softbus_parcel_read_object_array(w->parcel, out, 2, &n), SOFTBUS_ERR_PROTOCOL);
    assert_null(out[0]);
    assert_int_equal(w->a->n_refs, 2);
    assert_int_equal(softbus_parcel_get_left(w->parcel), 9);
}

static void test_failed_writes(void **state)
{
    struct world *w = *state;
    struct softbus_object *const mixed[] = { w->a, w->stranger };
    struct softbus_object *many[SOFTBUS_PARCEL_MAX_OBJECTS + 1];
    struct softbus_parcel *small;

    for (size_t i = 0; i < SOFTBUS_PARCEL_MAX_OBJECTS + 1; i++)
        many[i] = w->b;
    assert_int_equal(softbus_parcel_write_object_array(w->parcel, mixed, 2), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_object_array(w->parcel, many, SOFTBUS_PARCEL_MAX_OBJECTS + 1), SOFTBUS_ERR_LIMIT);
    assert_int_equal(softbus_parcel_write_object_array(w->parcel, many, SIZE_MAX), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_get_size(w->parcel), 0);
    assert_int_equal(softbus_parcel_get_n_objects(w->parcel), 0);
    assert_int_equal(w->a->n_refs, 1);
    assert_int_equal(w->b->n_refs, 1);
    assert_int_equal(softbus_parcel_write_object_array(w->parcel, many, SOFTBUS_PARCEL_MAX_OBJECTS), 0);
    assert_int_equal(softbus_parcel_write_object(w->parcel, w->a), SOFTBUS_ERR_LIMIT);
    assert_int_equal(softbus_parcel_write_object_array(w->parcel, (struct softbus_object *const[]){ NULL }, 1), 0);
    assert_int_equal(softbus_parcel_new(8, &small), 0);
    assert_int_equal(softbus_parcel_write_object_array(small, many, 2), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_get_n_objects(small), 0);
    assert_int_equal(softbus_parcel_write_object(small, w->a), 0);
    assert_int_equal(softbus_parcel_write_object(small, w->a), 0);
    assert_int_equal(softbus_parcel_write_object(small, w->a), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_get_n_objects(small), 2);
    softbus_parcel_free(small);
}

static void test_append(void **state)
{
    struct world *w = *state;
    struct softbus_object *const two[] = { w->b, NULL };
    struct softbus_object *out[2] = { NULL, NULL };
    struct softbus_parcel *other;
    size_t n;

    assert_int_equal(softbus_parcel_new(0, &other), 0);
    softbus_parcel_write_object(w->parcel, w->a);
    softbus_parcel_begin_struct(other);
    softbus_parcel_write_object_array(other, two, 2);
    softbus_parcel_end_struct(other);
    softbus_parcel_write_object(other, w->a);
    assert_int_equal(softbus_parcel_append(w->parcel, other), 0);
    assert_int_equal(softbus_parcel_append(w->parcel, other), 0);
    softbus_parcel_clear(other);
    softbus_parcel_write_object(other, w->stranger);
    assert_int_equal(softbus_parcel_append(w->parcel, other), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_get_n_objects(w->parcel), 5);
    assert_int_equal(softbus_parcel_read_object(w->parcel, &out[0]), 0);
    assert_ptr_equal(out[0], w->a);
    softbus_object_unref(out[0]);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(softbus_parcel_enter_struct(w->parcel), 0);
        assert_int_equal(softbus_parcel_read_object_array(w->parcel, out, 2, &n), 0);
        assert_ptr_equal(out[0], w->b);
        assert_null(out[1]);
        softbus_object_unref(out[0]);
        assert_int_equal(softbus_parcel_leave_struct(w->parcel), 0);
        assert_int_equal(softbus_parcel_read_object(w->parcel, &out[0]), 0);
        assert_ptr_equal(out[0], w->a);
        softbus_object_unref(out[0]);
    }
    assert_int_equal(softbus_parcel_get_left(w->parcel), 0);
    softbus_parcel_clear(other);
    for (int i = 0; i < SOFTBUS_PARCEL_MAX_OBJECTS - 4; i++)
        softbus_parcel_write_object(other, w->a);
    assert_int_equal(softbus_parcel_append(w->parcel, other), SOFTBUS_ERR_LIMIT);
    softbus_parcel_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_array, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failed_writes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_append, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
