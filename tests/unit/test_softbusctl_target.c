/* Which device a text means, and that strangers cannot take a name. */
#include "softbusctl/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <softbus/device.h>

#define OWN "OWNAAAA-BBBBBBB-CCCCCCC-DDDDDDD-EEEEEEE-FFFFFFF-GGGGGGG-HHHHHHH"
#define KITCHEN "KITAAAA-BBBBBBB-CCCCCCC-DDDDDDD-EEEEEEE-FFFFFFF-GGGGGGG-HHHHHHH"
#define KITTY "KITAAAA-CBBBBBB-CCCCCCC-DDDDDDD-EEEEEEE-FFFFFFF-GGGGGGG-HHHHHHH"
#define STRANGER "ZZZZZZZ-BBBBBBB-CCCCCCC-DDDDDDD-EEEEEEE-FFFFFFF-GGGGGGG-HHHHHHH"
#define UNKNOWN "YYYYYYY-BBBBBBB-CCCCCCC-DDDDDDD-EEEEEEE-FFFFFFF-GGGGGGG-HHHHHHH"

static const struct softbus_device_info devices[] = {
    { .id = KITCHEN, .name = "kitchen", .is_trusted = true },
    { .id = KITTY, .name = "twin", .is_trusted = true },
    { .id = STRANGER, .name = "kitchen", .is_trusted = false },
    { .id = "TWINAAA-BBBBBBB-CCCCCCC-DDDDDDD-EEEEEEE-FFFFFFF-GGGGGGG-HHHHHHH", .name = "twin", .is_trusted = true },
};

static enum ctl_target_outcome match(const char *text, struct ctl_target *target, char **ret_candidates)
{
    enum ctl_target_outcome outcome;
    char *candidates = NULL;
    size_t size;
    FILE *file = open_memstream(&candidates, &size);

    assert_non_null(file);
    outcome = ctl_target_match(text, OWN, "desk", devices, 4, file, target);
    fclose(file);
    if (ret_candidates)
        *ret_candidates = candidates;
    else
        free(candidates);
    return outcome;
}

static void check_found(const char *text, const char *id)
{
    struct ctl_target target;

    assert_int_equal(match(text, &target, NULL), CTL_TARGET_FOUND);
    assert_string_equal(target.id, id);
    assert_string_equal(ctl_target_get_device(&target), id);
}

static void check_local(const char *text)
{
    struct ctl_target target;

    assert_int_equal(match(text, &target, NULL), CTL_TARGET_LOCAL);
    assert_null(ctl_target_get_device(&target));
    assert_string_equal(target.label, "desk");
}

static void test_this_device(void **state)
{
    (void)state;
    check_local(".");
    check_local("local");
    check_local("desk");
    check_local("ownaaaab");
    check_local(OWN);
}

static void test_full_id(void **state)
{
    (void)state;
    check_found(KITCHEN, KITCHEN);
    check_found("kitaaaabbbbbbbcccccccdddddddeeeeeeefffffffggggggghhhhhhh", KITCHEN);
    check_found(UNKNOWN, UNKNOWN); /* softbusd says what it thinks of it */
}

static void test_prefix(void **state)
{
    struct ctl_target target;

    (void)state;
    check_found("kitaaaac", KITTY);
    check_found("KITAAAA-B", KITCHEN);
    check_found("zzzz", STRANGER);
    assert_int_equal(match("zzz", &target, NULL), CTL_TARGET_NONE); /* too short */
    assert_int_equal(match("zzz1", &target, NULL), CTL_TARGET_NONE); /* 1 is no character of an id */
    assert_int_equal(match("", &target, NULL), CTL_TARGET_NONE);
}

static void test_name(void **state)
{
    struct ctl_target target;

    (void)state;
    check_found("kitchen", KITCHEN); /* and not the stranger that has taken the name */
    assert_int_equal(match("Kitchen", &target, NULL), CTL_TARGET_NONE);
    assert_int_equal(match("hall", &target, NULL), CTL_TARGET_NONE);
}

static void test_ambiguous(void **state)
{
    struct ctl_target target;
    char *candidates;

    (void)state;
    assert_int_equal(match("KITA", &target, &candidates), CTL_TARGET_AMBIGUOUS);
    assert_string_equal(candidates, "  " KITCHEN "  kitchen\n  " KITTY "  twin\n");
    free(candidates);
    assert_int_equal(match("twin", &target, &candidates), CTL_TARGET_AMBIGUOUS); /* two names, and an id's beginning */
    assert_non_null(strstr(candidates, KITTY));
    assert_non_null(strstr(candidates, "TWINAAA"));
    free(candidates);
}

static void check_refused(const char *name, const char *reason)
{
    const char *found = ctl_target_refuse_name(name, UNKNOWN, OWN, devices, 4);

    if (!reason)
        assert_null(found);
    else
        assert_true(found && strstr(found, reason));
}

static void test_refused_names(void **state)
{
    char longest[CTL_TARGET_NAME_MAX + 2] = "";

    (void)state;
    check_refused("", NULL);
    check_refused("hall", NULL); /* characters of an id, but no device's begins so */
    check_refused("k\xc3\xbc" "che 2", NULL);
    check_refused("zzz", NULL); /* too short for an id's beginning */
    memset(longest, 'x', CTL_TARGET_NAME_MAX);
    check_refused(longest, NULL);
    longest[CTL_TARGET_NAME_MAX] = 'x';
    check_refused(longest, "63");
    check_refused("\xff", "UTF-8");
    check_refused("a\x1b" "b", "control");
    check_refused("hall ", "space");
    check_refused(".", "this device");
    check_refused("local", "this device");
    check_refused("a/b", "/");
    check_refused("-c", "option");
    check_refused(KITTY, "looks like");
    check_refused("owna", "this device's id");
    check_refused("kitaa", "another device's id");
    assert_null(ctl_target_refuse_name("twinaaa", devices[3].id, OWN, devices, 4)); /* its own id: no other is meant */
}

static void test_same_id(void **state)
{
    (void)state;
    assert_true(ctl_target_is_same_id("kitaaaabbbbbbbcccccccdddddddeeeeeeefffffffggggggghhhhhhh", KITCHEN));
    assert_false(ctl_target_is_same_id(KITTY, KITCHEN));
    assert_false(ctl_target_is_same_id("KITA", "KITA"));
    assert_false(ctl_target_is_same_id("", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_this_device), cmocka_unit_test(test_full_id),   cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_name),        cmocka_unit_test(test_ambiguous),
        cmocka_unit_test(test_refused_names), cmocka_unit_test(test_same_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
