/* Who may own and look up which service, by user and group, and what a new policy takes away. */
#include "tests/integration/kit.h"
#include "tests/integration/someone.h"

#include <stdlib.h>
#include <string.h>

#define NAME "org.softbus.test.policy"
#define DENIED SOFTBUS_ERR_DENIED

static void start_device(struct lab *lab)
{
    struct lab_device *device = lab_device_new(lab, "a", "[discovery]\nmdns = no\n");

    lab_device_set_file(device, "softbusd.policy", "[service " NAME "*\n");
    LAB_EQUAL(lab, lab_device_try(device, NULL), 1);
    LAB_CHECK(lab, lab_device_has_logged(device, "softbusd.policy:1: [service " NAME "*: expected a section to be closed by ]"));
    LAB_EQUAL(lab, lab_device_try(device, "--check-config"), 1);
    lab_device_set_file(device, "softbusd.policy",
                        "[service " NAME "*]\n"
                        "own = user:5001, group:6002\n"
                        "lookup = user:5002, group:6003\n");
    LAB_EQUAL(lab, lab_device_try(device, "--check-config"), 0);
    lab_device_start(device);
}

static void test_users_and_groups(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct someone owner, reader, member, late_member, stranger;

    if (!someone_init(&owner, lab, device, 5001, 7001, 0) || !someone_init(&reader, lab, device, 5002, 7002, 0) ||
        !someone_init(&member, lab, device, 5003, 6002, 6003) || !someone_init(&late_member, lab, device, 5004, 7004, 6002) ||
        !someone_init(&stranger, lab, device, 5005, 5001, 5002))
        return;
    LAB_OK(lab, someone_do(&owner, "add " NAME));
    LAB_OK(lab, someone_do(&member, "add " NAME ".member"));
    LAB_OK(lab, someone_do(&late_member, "add " NAME ".late"));
    LAB_RESULT(lab, someone_do(&reader, "add " NAME ".reader"), DENIED);
    LAB_RESULT(lab, someone_do(&stranger, "add " NAME ".stranger"), DENIED);
    LAB_CHECK(lab, lab_device_has_logged(device, "denied: may not own this name service=" NAME ".stranger name=someone"));
    LAB_CHECK(lab, lab_device_has_logged(device, "uid=5005 rule=\"[service " NAME "*]\" file=/run/lab-a/softbusd.policy line=2"));
    LAB_OK(lab, someone_do(&stranger, "add org.softbus.test.free"));

    LAB_OK(lab, someone_do(&reader, "get " NAME));
    LAB_OK(lab, someone_do(&reader, "call"));
    LAB_OK(lab, someone_do(&member, "get " NAME));
    LAB_RESULT(lab, someone_do(&owner, "get " NAME), DENIED); /* to own is not to look up */
    LAB_RESULT(lab, someone_do(&stranger, "get " NAME), DENIED);
    LAB_RESULT(lab, someone_do(&stranger, "get " NAME ".none"), DENIED);
    LAB_RESULT(lab, someone_do(&reader, "get " NAME ".none"), SOFTBUS_ERR_NO_SERVICE);
    LAB_OK(lab, someone_do(&owner, "get org.softbus.test.free"));

    LAB_OK(lab, someone_do(&stranger, "list"));
    LAB_TEXT(lab, someone_get_names(&stranger), "org.softbus.test.free ");
    LAB_OK(lab, someone_do(&reader, "list"));
    LAB_CHECK(lab, strstr(someone_get_names(&reader), NAME ".member ") != NULL);
}

/* Root owns and sees everything. */
static void test_root(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct kit *kit = kit_new(lab, lab_bus_open(lab, device, "root"), NAME ".root", 0);
    struct softbus_object *object = kit_get(lab, lab_device_get_admin(device), NULL, NAME ".root");

    softbus_object_unref(object);
    kit_free(kit);
}

static void test_watch(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct someone owner, other, stranger;

    if (!someone_init(&owner, lab, device, 5001, 7001, 0) || !someone_init(&other, lab, device, 5003, 6002, 0) ||
        !someone_init(&stranger, lab, device, 5002, 7002, 0))
        return;
    LAB_OK(lab, someone_do(&owner, "watch"));
    LAB_OK(lab, someone_do(&stranger, "watch"));
    LAB_OK(lab, someone_do(&other, "add " NAME));
    LAB_OK(lab, someone_do(&other, "remove " NAME));
    LAB_OK(lab, someone_do(&owner, "add " NAME)); /* replaces it */
    LAB_OK(lab, someone_do(&stranger, "events"));
    LAB_TEXT(lab, someone_get_names(&stranger), "+" NAME " -" NAME " +" NAME " ");
    LAB_OK(lab, someone_do(&owner, "events"));
    LAB_TEXT(lab, someone_get_names(&owner), "");
}

/* A reload that takes rights away: references end, a look-up that waits is told, names are withdrawn. */
static void test_reload(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct someone owner, reader, member, waiter;

    if (!someone_init(&owner, lab, device, 5001, 7001, 0) || !someone_init(&reader, lab, device, 5002, 7002, 0) ||
        !someone_init(&member, lab, device, 5003, 7003, 6003) || !someone_init(&waiter, lab, device, 5002, 7002, 0))
        return;
    LAB_OK(lab, someone_do(&owner, "add " NAME));
    LAB_OK(lab, someone_do(&reader, "watch"));
    LAB_OK(lab, someone_do(&reader, "get " NAME));
    LAB_OK(lab, someone_do(&reader, "link"));
    LAB_OK(lab, someone_do(&member, "get " NAME));
    LAB_OK(lab, someone_do(&member, "link"));
    someone_start(&waiter, "wait " NAME ".later");
    LAB_UNTIL(lab, lab_device_get_status(device, "calls") == 1);

    lab_device_set_file(device, "softbusd.policy", "[service " NAME "*]\nown = user:5001\nlookup = group:6003\n");
    lab_device_reload(device);
    LAB_UNTIL(lab, someone_get_death(&reader) != NULL);
    LAB_TEXT(lab, someone_get_death(&reader), softbus_death_get_text(SOFTBUS_DEATH_ACCESS_REVOKED));
    LAB_RESULT(lab, someone_do(&reader, "call"), SOFTBUS_ERR_DEAD_OBJECT);
    LAB_RESULT(lab, someone_do(&reader, "get " NAME), DENIED);
    LAB_OK(lab, someone_do(&reader, "events"));
    LAB_TEXT(lab, someone_get_names(&reader), "+" NAME " -" NAME " ");
    LAB_RESULT(lab, someone_finish(&waiter), DENIED);
    LAB_CHECK(lab, lab_device_has_logged(device, "revoked: may not look this service up any more service=" NAME " name=someone"));
    LAB_OK(lab, someone_do(&member, "call"));
    LAB_CHECK(lab, someone_get_death(&member) == NULL);

    lab_device_set_file(device, "softbusd.policy", "[service " NAME "*]\nlookup = any\n");
    lab_device_reload(device);
    LAB_UNTIL(lab, someone_get_death(&member) != NULL);
    LAB_TEXT(lab, someone_get_death(&member), softbus_death_get_text(SOFTBUS_DEATH_ACCESS_REVOKED));
    LAB_RESULT(lab, someone_do(&member, "get " NAME), SOFTBUS_ERR_NO_SERVICE);
    LAB_RESULT(lab, someone_do(&owner, "add " NAME), DENIED);
    LAB_CHECK(lab, lab_device_has_logged(device, "withdrawn: may not own this name any more service=" NAME));
}

/* With a mistake in it the old policy stays; without the file everything is allowed. */
static void test_bad_reload(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct someone owner;

    if (!someone_init(&owner, lab, device, 5001, 7001, 0))
        return;
    lab_device_set_file(device, "softbusd.policy", "[service " NAME "*]\nown = any\nlookup = nobody\n");
    lab_device_reload(device);
    LAB_CHECK(lab, lab_device_has_logged(device, "softbusd.policy:3: [service " NAME "*] lookup = nobody: expected user:NAME"));
    LAB_CHECK(lab, lab_device_has_logged(device, "policy not reloaded: the old one stays"));
    LAB_RESULT(lab, someone_do(&owner, "add " NAME), DENIED);
    lab_device_set_file(device, "softbusd.policy", NULL);
    lab_device_reload(device);
    LAB_OK(lab, someone_do(&owner, "add " NAME));
    LAB_OK(lab, someone_do(&owner, "get " NAME));
}

static void test_nothing_is_left(struct lab *lab)
{
    lab_device_check_empty(lab_get_device(lab, 0));
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a policy with a mistake stops the start", start_device);
    lab_test(lab, "users and groups have the rights that the policy gives", test_users_and_groups);
    lab_test(lab, "root is above the policy", test_root);
    lab_test(lab, "watchers are told of replacements, and of nothing they may not see", test_watch);
    lab_test(lab, "a new policy takes away what it does not allow", test_reload);
    lab_test(lab, "a new policy with a mistake changes nothing", test_bad_reload);
    lab_test(lab, "nothing is left", test_nothing_is_left);
    return lab_leave(lab);
}
