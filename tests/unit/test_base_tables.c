/* Id tables, maps, lists, rates and the keyed hash. */
#include "base/idtab.h"
#include "base/list.h"
#include "base/map.h"
#include "base/rate.h"
#include "base/sip.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void test_idtab_max(void **state)
{
    struct sb_random random = { .n_left = 0 };
    struct sb_idtab tab;
    uint64_t ids[21], extra;
    int items[21];

    (void)state;
    sb_idtab_init(&tab, &random, 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(sb_idtab_add(&tab, &items[i], &ids[i]), 0);
        assert_true(ids[i] != 0);
    }
    extra = 5;
    assert_int_equal(sb_idtab_add(&tab, &items[20], &extra), -ENOSPC);
    assert_int_equal(extra, 5);
    for (int i = 0; i < 20; i++)
        assert_ptr_equal(sb_idtab_find(&tab, ids[i]), &items[i]);
    assert_ptr_equal(sb_idtab_remove(&tab, ids[7]), &items[7]);
    assert_null(sb_idtab_find(&tab, ids[7]));
    assert_null(sb_idtab_remove(&tab, ids[7]));
    assert_int_equal(sb_idtab_add(&tab, &items[20], &ids[20]), 0);
    assert_int_equal((uint32_t)ids[20], (uint32_t)ids[7]); /* the slot is used again, the id is another */
    assert_null(sb_idtab_find(&tab, ids[7]));
    assert_ptr_equal(sb_idtab_find(&tab, ids[20]), &items[20]);
    sb_idtab_deinit(&tab);
}

static void test_idtab_strangers(void **state)
{
    struct sb_random random = { .n_left = 0 };
    struct sb_idtab tab;
    uint64_t id;
    int item;

    (void)state;
    sb_idtab_init(&tab, &random, 10);
    assert_null(sb_idtab_find(&tab, 0));
    assert_int_equal(sb_idtab_add(&tab, &item, &id), 0);
    assert_null(sb_idtab_find(&tab, 0));
    assert_null(sb_idtab_find(&tab, (uint32_t)id));
    assert_null(sb_idtab_find(&tab, id + 1));
    assert_null(sb_idtab_find(&tab, id ^ (uint64_t)1 << 32));
    assert_null(sb_idtab_find(&tab, UINT64_MAX));
    sb_idtab_remove(&tab, id);
    assert_null(sb_idtab_find(&tab, (uint32_t)id)); /* a free slot has generation 0 */
    sb_idtab_deinit(&tab);
}

static void test_idtab_next(void **state)
{
    struct sb_random random = { .n_left = 0 };
    struct sb_idtab tab;
    uint64_t ids[50];
    int items[50];
    uint32_t cursor = 0;
    unsigned n = 0;
    int *item;

    (void)state;
    sb_idtab_init(&tab, &random, 50);
    for (int i = 0; i < 50; i++) {
        items[i] = i;
        sb_idtab_add(&tab, &items[i], &ids[i]);
    }
    for (int i = 0; i < 50; i += 2)
        sb_idtab_remove(&tab, ids[i]);
    while ((item = sb_idtab_next(&tab, &cursor))) {
        assert_int_equal(*item % 2, 1);
        sb_idtab_remove(&tab, ids[*item]);
        n++;
    }
    assert_int_equal(n, 25);
    assert_int_equal(tab.n_used, 0);
    sb_idtab_deinit(&tab);
}

struct named {
    struct sb_map_entry entry;
    char name[16];
};

static bool has_name(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    const char *name = SB_CONTAINER_OF(entry, struct named, entry)->name;

    return strlen(name) == key_size && !memcmp(name, key, key_size);
}

static void test_map(void **state)
{
    struct sb_random random = { .n_left = 0 };
    static struct named items[1000];
    struct sb_map_entry *entry = NULL;
    struct sb_map map;
    size_t n = 0;

    (void)state;
    sb_map_init(&map, &random, has_name);
    assert_null(sb_map_find(&map, "x", 1));
    assert_null(sb_map_next(&map, NULL));
    for (size_t i = 0; i < 1000; i++) {
        snprintf(items[i].name, sizeof(items[i].name), "name-%zu", i);
        assert_null(sb_map_find(&map, items[i].name, strlen(items[i].name)));
        assert_int_equal(sb_map_add(&map, &items[i].entry, items[i].name, strlen(items[i].name)), 0);
    }
    while ((entry = sb_map_next(&map, entry)))
        n++;
    assert_int_equal(n, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_ptr_equal(sb_map_find(&map, items[i].name, strlen(items[i].name)), &items[i].entry);
    for (size_t i = 0; i < 1000; i += 2)
        sb_map_remove(&map, &items[i].entry);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(sb_map_find(&map, items[i].name, strlen(items[i].name)) != NULL, i % 2);
    assert_null(sb_map_find(&map, "name-1", 5));
    assert_int_equal(map.n_entries, 500);
    sb_map_deinit(&map);
}

static void test_list(void **state)
{
    struct sb_list list, other, links[3];
    int n = 0;

    (void)state;
    sb_list_init(&list);
    assert_true(sb_list_is_empty(&list));
    assert_null(sb_list_first(&list));
    for (int i = 0; i < 3; i++) {
        sb_list_init(&links[i]);
        sb_list_remove(&links[i]); /* harmless */
        sb_list_append(&list, &links[i]);
    }
    SB_LIST_FOREACH(link, &list) {
        assert_ptr_equal(link, &links[n++]);
        sb_list_remove(link);
    }
    assert_int_equal(n, 3);
    assert_true(sb_list_is_empty(&list));
    sb_list_take_all(&other, &list);
    assert_true(sb_list_is_empty(&other));
    sb_list_append(&list, &links[0]);
    sb_list_append(&list, &links[1]);
    sb_list_take_all(&other, &list);
    assert_true(sb_list_is_empty(&list));
    assert_ptr_equal(sb_list_first(&other), &links[0]);
    assert_ptr_equal(links[0].next, &links[1]);
    assert_ptr_equal(links[1].next, &other);
}

static void test_rate(void **state)
{
    struct sb_rate rate;

    (void)state;
    sb_rate_init(&rate, 3, 2, 1000);
    for (int i = 0; i < 3; i++)
        assert_true(sb_rate_take(&rate, 1000));
    assert_false(sb_rate_take(&rate, 1000));
    assert_false(sb_rate_take(&rate, 1499));
    assert_int_equal(rate.n_refused, 2);
    assert_true(sb_rate_take(&rate, 1500));
    assert_false(sb_rate_take(&rate, 1999));
    assert_true(sb_rate_take(&rate, 2000));
    sb_rate_give_back(&rate);
    assert_true(sb_rate_take(&rate, 2000));
    for (int i = 0; i < 3; i++) /* no more than the burst is saved up */
        assert_true(sb_rate_take(&rate, UINT64_MAX / 2));
    assert_false(sb_rate_take(&rate, UINT64_MAX / 2));
}

/* The vectors of the paper's appendix and of its reference code; for machines that have the low byte first. */
static void test_sip(void **state)
{
    static const uint64_t key[2] = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };
    uint8_t data[15];

    (void)state;
    for (uint8_t i = 0; i < 15; i++)
        data[i] = i;
    assert_true(sb_sip24(key, data, 15) == 0xa129ca6149be45e5u);
    assert_true(sb_sip24(key, data, 0) == 0x726fdb47dd0e0e31u);
    assert_true(sb_sip24(key, data, 8) == 0x93f5f5799a932462u);
    assert_true(sb_sip13(key, data, 15) != sb_sip24(key, data, 15));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idtab_max), cmocka_unit_test(test_idtab_strangers), cmocka_unit_test(test_idtab_next),
        cmocka_unit_test(test_map),       cmocka_unit_test(test_list),            cmocka_unit_test(test_rate), cmocka_unit_test(test_sip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
