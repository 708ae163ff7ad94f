/* The TXT record: what is taken for a device, and what is not. */
#include "discovery/txt.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct wire_devid some_id = { { 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5, 6, 7, 8 } };

/* items: NULL-terminated; "ID" stands for the good id item. */
static int parse(const char *const *items, struct disc_txt *ret_txt)
{
    char id_item[DISC_TXT_ID_MAX];

    disc_txt_format_id(&some_id, id_item);
    disc_txt_init(ret_txt);
    for (; *items; items++) {
        const char *item = strcmp(*items, "ID") == 0 ? id_item : *items;

        disc_txt_add(ret_txt, item, strlen(item));
    }
    return disc_txt_end(ret_txt);
}

static void test_good(void **state)
{
    const char *const good[][5] = {
        { "v=1", "ID" }, { "ID", "v=1" }, { "V=1", "ID" }, { "v=1", "ID", "x=y", "" }, { "v=1", "vv=2", "ID", "ids" },
    };
    struct disc_txt txt;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(parse(good[i], &txt), 0);
        assert_int_equal(txt.version, 1);
        assert_true(wire_devid_is_equal(&txt.id, &some_id));
    }
    assert_int_equal(parse((const char *const[]){ "v=4294967295", "ID", NULL }, &txt), 0);
    assert_true(txt.version == UINT32_MAX);
}

static void test_bad(void **state)
{
    const char *const bad[][4] = {
        { NULL },          { "ID" },           { "v=1" },          { "v", "ID" },      { "v=", "ID" },
        { "v=0", "ID" },   { "v=01", "ID" },   { "v=-1", "ID" },   { "v=1 ", "ID" },   { "v=4294967296", "ID" },
        { "v=1", "v=1", "ID" }, { "v=1", "v=2", "ID" }, { "v=1", "ID", "ID" }, { "v=1", "id" }, { "v=1", "id=" },
        { "v=99999999999", "ID" }, { "v=1", "id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
    };
    struct disc_txt txt;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(parse(bad[i], &txt), -EBADMSG);
}

/* Every single character of the id matters, and so does its length. */
static void test_id_is_exact(void **state)
{
    char item[3 + WIRE_DEVID_TEXT_SIZE];
    struct disc_txt txt;

    (void)state;
    disc_txt_format_id(&some_id, item);
    assert_int_equal(strlen(item), 3 + DISC_TXT_ID_SIZE);
    for (size_t size = 0; size <= strlen(item) + 1; size++) {
        disc_txt_init(&txt);
        disc_txt_add(&txt, "v=1", 3);
        disc_txt_add(&txt, item, size); /* the last one with the NUL */
        assert_int_equal(disc_txt_end(&txt), size == 3 + DISC_TXT_ID_SIZE ? 0 : -EBADMSG);
    }
    for (size_t i = 3; i < strlen(item); i++) {
        char old = item[i];

        item[i] = old == 'A' ? 'B' : 'A';
        disc_txt_init(&txt);
        disc_txt_add(&txt, "v=1", 3);
        disc_txt_add(&txt, item, 3 + DISC_TXT_ID_SIZE);
        assert_int_equal(disc_txt_end(&txt), -EBADMSG);
        item[i] = old;
    }
    wire_devid_format(&some_id, item + 3); /* with dashes: 56 characters of them are not an id either */
    disc_txt_init(&txt);
    disc_txt_add(&txt, "v=1", 3);
    disc_txt_add(&txt, item, 3 + DISC_TXT_ID_SIZE);
    assert_int_equal(disc_txt_end(&txt), -EBADMSG);
}

static void test_items_are_bounded(void **state)
{
    struct disc_txt txt;

    (void)state;
    for (unsigned n_other = DISC_TXT_ITEMS_MAX - 2; n_other <= DISC_TXT_ITEMS_MAX - 1; n_other++) {
        char id_item[DISC_TXT_ID_MAX];

        disc_txt_format_id(&some_id, id_item);
        disc_txt_init(&txt);
        for (unsigned i = 0; i < n_other; i++)
            disc_txt_add(&txt, "x", 1);
        disc_txt_add(&txt, "v=1", 3);
        disc_txt_add(&txt, id_item, strlen(id_item));
        assert_int_equal(disc_txt_end(&txt), n_other + 2 <= DISC_TXT_ITEMS_MAX ? 0 : -EBADMSG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_id_is_exact),
        cmocka_unit_test(test_items_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
