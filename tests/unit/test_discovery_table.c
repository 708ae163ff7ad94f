/* The device table: bounds, eviction, expiry, and what the caller learns of it. */
#include "base/random.h"
#include "discovery/table.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct sb_random random;
    struct disc_table table;
    size_t n_removed;
    struct wire_devid removed_id, wanted_id;
};

static struct wire_devid id_of(unsigned n)
{
    struct wire_devid id = { { (uint8_t)n, (uint8_t)(n >> 8), 7 } };

    return id;
}

static struct sockaddr_storage address_of(unsigned n)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(7000), .sin_addr.s_addr = htonl(0x0a000000u + n) };
    struct sockaddr_storage address = { 0 };

    memcpy(&address, &in, sizeof(in));
    return address;
}

static void on_removed(void *userdata, const struct wire_devid *id, const struct disc_candidate *candidate)
{
    struct world *world = userdata;

    (void)candidate;
    world->n_removed++;
    world->removed_id = *id;
}

static bool on_is_wanted(void *userdata, const struct wire_devid *id)
{
    struct world *world = userdata;

    return wire_devid_is_equal(&world->wanted_id, id);
}

static void setup(struct world *world, size_t n_devices_max)
{
    *world = (struct world){ 0 };
    disc_table_init(&world->table, &world->random, n_devices_max,
                    &(struct disc_table_callbacks){ .userdata = world, .is_wanted = on_is_wanted, .removed = on_removed });
}

static int add(struct world *world, unsigned device, enum disc_source source, unsigned address, uint64_t expires_ms)
{
    struct wire_devid id = id_of(device);
    struct sockaddr_storage where = address_of(address);

    return disc_table_add(&world->table, &id, source, 1, &where, expires_ms);
}

static int take(struct world *world, unsigned device, enum disc_source source, unsigned address)
{
    struct wire_devid id = id_of(device);
    struct sockaddr_storage where = address_of(address);

    return disc_table_remove(&world->table, &id, source, &where);
}

static size_t count(struct world *world, unsigned device)
{
    const struct disc_candidate *candidates;
    struct wire_devid id = id_of(device);

    return disc_table_get(&world->table, &id, &candidates);
}

static void expect_change(struct world *world, unsigned device, enum disc_change change, unsigned sources)
{
    struct wire_devid id = id_of(device);
    struct disc_changed changed;

    assert_true(disc_table_next_changed(&world->table, &changed));
    assert_true(wire_devid_is_equal(&changed.id, &id));
    assert_int_equal(changed.change, change);
    assert_int_equal(changed.sources, sources);
}

static void expect_no_change(struct world *world)
{
    struct disc_changed changed;

    assert_false(disc_table_next_changed(&world->table, &changed));
}

static void test_changes_are_told_once(void **state)
{
    struct world world;

    (void)state;
    setup(&world, 8);
    assert_int_equal(add(&world, 1, DISC_SOURCE_MDNS, 1, UINT64_MAX), 0);
    assert_int_equal(add(&world, 1, DISC_SOURCE_STATIC, 1, UINT64_MAX), 0);
    assert_int_equal(count(&world, 1), 2);
    expect_change(&world, 1, DISC_APPEARED, 1u << DISC_SOURCE_MDNS | 1u << DISC_SOURCE_STATIC);
    expect_no_change(&world);
    assert_int_equal(add(&world, 1, DISC_SOURCE_MDNS, 1, UINT64_MAX), DISC_TABLE_SAME);
    expect_no_change(&world);
    assert_int_equal(take(&world, 1, DISC_SOURCE_MDNS, 1), 0);
    expect_change(&world, 1, DISC_CHANGED, 1u << DISC_SOURCE_MDNS);
    assert_int_equal(take(&world, 1, DISC_SOURCE_MDNS, 1), DISC_TABLE_UNKNOWN);
    assert_int_equal(take(&world, 1, DISC_SOURCE_STATIC, 1), 0);
    expect_change(&world, 1, DISC_VANISHED, 1u << DISC_SOURCE_STATIC);
    expect_no_change(&world);
    assert_int_equal(world.table.devices.n_entries, 0);
    assert_int_equal(world.n_removed, 0);
    disc_table_deinit(&world.table);
}

static void test_what_came_and_went_is_not_told(void **state)
{
    struct world world;

    (void)state;
    setup(&world, 8);
    add(&world, 1, DISC_SOURCE_MDNS, 1, UINT64_MAX);
    take(&world, 1, DISC_SOURCE_MDNS, 1);
    expect_no_change(&world);
    assert_int_equal(world.table.devices.n_entries, 0);
    add(&world, 2, DISC_SOURCE_MDNS, 1, UINT64_MAX);
    expect_change(&world, 2, DISC_APPEARED, 1);
    take(&world, 2, DISC_SOURCE_MDNS, 1);
    add(&world, 2, DISC_SOURCE_MDNS, 2, UINT64_MAX);
    expect_change(&world, 2, DISC_CHANGED, 1);
    disc_table_deinit(&world.table);
}

static void test_version_change_is_told(void **state)
{
    struct wire_devid id = id_of(1);
    struct sockaddr_storage where = address_of(1);
    const struct disc_candidate *candidates;
    struct world world;

    (void)state;
    setup(&world, 8);
    add(&world, 1, DISC_SOURCE_MDNS, 1, UINT64_MAX);
    expect_change(&world, 1, DISC_APPEARED, 1);
    assert_int_equal(disc_table_add(&world.table, &id, DISC_SOURCE_MDNS, 2, &where, UINT64_MAX), 0);
    expect_change(&world, 1, DISC_CHANGED, 1);
    assert_int_equal(disc_table_get(&world.table, &id, &candidates), 1);
    assert_int_equal(candidates[0].version, 2);
    disc_table_deinit(&world.table);
}

static void test_addresses_are_bounded(void **state)
{
    struct world world;

    (void)state;
    setup(&world, 8);
    for (unsigned i = 0; i < DISC_ADDRESSES_MAX; i++)
        assert_int_equal(add(&world, 1, DISC_SOURCE_MDNS, i, UINT64_MAX), 0);
    assert_int_equal(add(&world, 1, DISC_SOURCE_MDNS, 99, UINT64_MAX), DISC_TABLE_FULL);
    assert_int_equal(world.n_removed, 0);
    /* What was configured displaces what was multicast, never the other way round. */
    for (unsigned i = 0; i < DISC_ADDRESSES_MAX; i++)
        assert_int_equal(add(&world, 1, DISC_SOURCE_STATIC, i, UINT64_MAX), 0);
    assert_int_equal(world.n_removed, DISC_ADDRESSES_MAX);
    assert_int_equal(add(&world, 1, DISC_SOURCE_STATIC, 99, UINT64_MAX), DISC_TABLE_FULL);
    assert_int_equal(add(&world, 1, DISC_SOURCE_VOUCHED, 99, UINT64_MAX), DISC_TABLE_FULL);
    assert_int_equal(count(&world, 1), DISC_ADDRESSES_MAX);
    take(&world, 1, DISC_SOURCE_STATIC, 3);
    assert_int_equal(add(&world, 1, DISC_SOURCE_MDNS, 99, UINT64_MAX), 0);
    disc_table_deinit(&world.table);
}

static void test_devices_are_bounded(void **state)
{
    struct world world;
    struct wire_devid oldest = id_of(0), second = id_of(1);

    (void)state;
    setup(&world, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(add(&world, i, DISC_SOURCE_MDNS, 1, UINT64_MAX), 0);
    assert_int_equal(add(&world, 9, DISC_SOURCE_MDNS, 1, UINT64_MAX), DISC_TABLE_FULL);
    assert_int_equal(world.table.devices.n_entries, 3);
    world.wanted_id = id_of(9);
    assert_int_equal(add(&world, 9, DISC_SOURCE_MDNS, 1, UINT64_MAX), 0);
    assert_true(wire_devid_is_equal(&world.removed_id, &oldest));
    assert_int_equal(add(&world, 10, DISC_SOURCE_STATIC, 1, UINT64_MAX), 0);
    assert_true(wire_devid_is_equal(&world.removed_id, &second));
    assert_int_equal(add(&world, 11, DISC_SOURCE_VOUCHED, 1, UINT64_MAX), 0);
    assert_int_equal(add(&world, 12, DISC_SOURCE_STATIC, 1, UINT64_MAX), DISC_TABLE_FULL); /* 9 is wanted */
    assert_int_equal(count(&world, 9), 1);
    take(&world, 10, DISC_SOURCE_STATIC, 1);
    assert_int_equal(add(&world, 12, DISC_SOURCE_MDNS, 1, UINT64_MAX), 0);
    disc_table_deinit(&world.table);
}

static void test_expiry(void **state)
{
    struct world world;

    (void)state;
    setup(&world, 8);
    add(&world, 1, DISC_SOURCE_MDNS, 1, 100);
    add(&world, 1, DISC_SOURCE_MDNS, 2, 200);
    add(&world, 2, DISC_SOURCE_STATIC, 1, UINT64_MAX);
    assert_int_equal(disc_table_expire(&world.table, 99), 100);
    assert_int_equal(world.n_removed, 0);
    assert_int_equal(disc_table_expire(&world.table, 100), 200);
    assert_int_equal(world.n_removed, 1);
    assert_int_equal(add(&world, 1, DISC_SOURCE_MDNS, 2, 300), DISC_TABLE_SAME);
    assert_int_equal(disc_table_expire(&world.table, 200), 300);
    assert_true(disc_table_expire(&world.table, 300) == UINT64_MAX);
    assert_int_equal(world.n_removed, 2);
    assert_int_equal(world.table.devices.n_entries, 1);
    disc_table_deinit(&world.table);
}

/* A helper died: what it found goes at its time, but for what the next one has found again. */
static void test_limited_source(void **state)
{
    struct world world;

    (void)state;
    setup(&world, 8);
    add(&world, 1, DISC_SOURCE_MDNS, 1, UINT64_MAX);
    add(&world, 2, DISC_SOURCE_MDNS, 1, UINT64_MAX);
    add(&world, 2, DISC_SOURCE_STATIC, 1, UINT64_MAX);
    disc_table_limit_source(&world.table, DISC_SOURCE_MDNS, 500);
    assert_int_equal(add(&world, 1, DISC_SOURCE_MDNS, 1, UINT64_MAX), DISC_TABLE_SAME);
    assert_int_equal(disc_table_expire(&world.table, 499), 500);
    assert_true(disc_table_expire(&world.table, 500) == UINT64_MAX);
    assert_int_equal(count(&world, 1), 1);
    assert_int_equal(count(&world, 2), 1);
    disc_table_clear_source(&world.table, DISC_SOURCE_MDNS);
    assert_int_equal(count(&world, 1), 0);
    assert_int_equal(count(&world, 2), 1);
    assert_int_equal(world.n_removed, 2);
    disc_table_deinit(&world.table);
}

static void test_iteration_skips_the_gone(void **state)
{
    const struct sb_map_entry *cursor = NULL;
    const struct wire_devid *id;
    struct wire_devid two = id_of(2);
    struct world world;

    (void)state;
    setup(&world, 8);
    add(&world, 1, DISC_SOURCE_MDNS, 1, UINT64_MAX);
    expect_change(&world, 1, DISC_APPEARED, 1);
    add(&world, 2, DISC_SOURCE_MDNS, 1, UINT64_MAX);
    take(&world, 1, DISC_SOURCE_MDNS, 1);
    id = disc_table_next(&world.table, &cursor);
    assert_non_null(id);
    assert_true(wire_devid_is_equal(id, &two));
    assert_null(disc_table_next(&world.table, &cursor));
    disc_table_deinit(&world.table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_are_told_once),
        cmocka_unit_test(test_what_came_and_went_is_not_told),
        cmocka_unit_test(test_version_change_is_told),
        cmocka_unit_test(test_addresses_are_bounded),
        cmocka_unit_test(test_devices_are_bounded),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_limited_source),
        cmocka_unit_test(test_iteration_skips_the_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
