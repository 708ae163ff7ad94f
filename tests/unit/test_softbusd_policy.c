/* softbusd/policy.c, policy_file.c and names.c: every mistake of a file, and who may do what. */
#include "softbusd/hub.h"
#include "softbusd/names.h"
#include "softbusd/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct reports {
    char text[8192];
    unsigned n;
};

static void collect(void *userdata, const char *line)
{
    struct reports *reports = userdata;
    size_t used = strlen(reports->text);

    reports->n++;
    snprintf(reports->text + used, sizeof(reports->text) - used, "%s\n", line);
}

static int find_user(const char *name, struct hub_user *ret_user)
{
    *ret_user = (struct hub_user){ .uid = 1001 };
    if (name[0] >= '0' && name[0] <= '9')
        ret_user->uid = (uint32_t)atoi(name);
    return name[0] <= '9' || !strcmp(name, "joe") ? 0 : -ENOENT;
}

static int find_group(const char *name, uint32_t *ret_gid)
{
    *ret_gid = name[0] >= '0' && name[0] <= '9' ? (uint32_t)atoi(name) : 29;
    return name[0] <= '9' || !strcmp(name, "audio") ? 0 : -ENOENT;
}

static const struct hub_names fake_names = { .find_user = find_user, .find_group = find_group };

static int parse(const char *text, struct reports *reports, struct hub_policy **ret_policy)
{
    memset(reports, 0, sizeof(*reports));
    return hub_policy_parse("FILE", text, strlen(text), &fake_names, collect, reports, ret_policy);
}

static struct hub_policy *must_parse(const char *text)
{
    struct hub_policy *policy = NULL;
    struct reports reports;

    if (parse(text, &reports, &policy) < 0)
        fail_msg("%s", reports.text);
    return policy;
}

static struct hub_policy_verdict decide(const struct hub_policy *policy, enum hub_policy_right right, uint32_t uid, uint32_t gid,
                                        uint32_t extra_gid, const char *name)
{
    const struct hub_credentials who = { .uid = uid, .gid = gid, .groups = { 7, extra_gid }, .n_groups = 2 };

    return hub_policy_decide(policy, right, &who, name, strlen(name));
}

static bool may_own(const struct hub_policy *policy, uint32_t uid, uint32_t gid, uint32_t extra_gid, const char *name)
{
    return decide(policy, HUB_POLICY_OWN, uid, gid, extra_gid, name).is_allowed;
}

static void test_who(void **state)
{
    struct hub_policy *policy = must_parse("[service a.b]\nown = user:joe, group:audio\nown = user:2000\nlookup = any\n"
                                           "[service a.c]\nown = none\nlookup=group:5 user:joe\n[service a.d]\n");

    (void)state;
    assert_int_equal(hub_policy_count(policy), 3);
    assert_true(may_own(policy, 1001, 1, 1, "a.b"));
    assert_true(may_own(policy, 2000, 1, 1, "a.b"));
    assert_true(may_own(policy, 1, 29, 1, "a.b"));
    assert_true(may_own(policy, 1, 1, 29, "a.b"));
    assert_false(may_own(policy, 29, 1001, 1, "a.b")); /* a uid is no gid */
    assert_false(may_own(policy, 1, 1, 1, "a.b"));
    assert_true(decide(policy, HUB_POLICY_LOOKUP, 1, 1, 1, "a.b").is_allowed);
    assert_false(may_own(policy, 1001, 29, 29, "a.c"));
    assert_true(decide(policy, HUB_POLICY_LOOKUP, 1, 5, 1, "a.c").is_allowed);
    assert_true(decide(policy, HUB_POLICY_LOOKUP, 1001, 1, 1, "a.c").is_allowed);
    assert_false(decide(policy, HUB_POLICY_LOOKUP, 1, 1, 1, "a.c").is_allowed);
    /* A section that says nothing allows nothing. */
    assert_false(may_own(policy, 1001, 29, 29, "a.d"));
    assert_false(decide(policy, HUB_POLICY_LOOKUP, 1001, 29, 29, "a.d").is_allowed);
    hub_policy_free(policy);
}

/* Those beyond n_groups are not looked at. */
static void test_groups_are_counted(void **state)
{
    struct hub_policy *policy = must_parse("[service a]\nown = group:29\n");
    struct hub_credentials who = { .uid = 1, .gid = 1, .groups = { 1, 29 }, .n_groups = 1 };

    (void)state;
    assert_false(hub_policy_decide(policy, HUB_POLICY_OWN, &who, "a", 1).is_allowed);
    who.n_groups = 2;
    assert_true(hub_policy_decide(policy, HUB_POLICY_OWN, &who, "a", 1).is_allowed);
    hub_policy_free(policy);
}

static void test_names_match(void **state)
{
    static const struct {
        const char *name, *pattern;
        unsigned line;
    } rows[] = {
        { "org.example.Clock", "org.example.Clock", 2 }, { "org.example.Clocks", "org.example.Clock*", 5 },
        { "org.example.Cloc", "org.example.*", 4 },      { "org.example.Clock.x", "org.example.Clock*", 5 },
        { "org.exampl", "org*", 6 },                     { "org", "org*", 6 },
        { "net.example", NULL, 0 },                      { "or", NULL, 0 },
        { "xorg", NULL, 0 },
    };
    struct hub_policy *policy = must_parse("[service org.example.Clock]\nown = any\n\n[service org.example.*]\n"
                                           "[service org.example.Clock*]\n[service org*]\n");

    (void)state;
    assert_string_equal(hub_policy_get_file(policy), "FILE");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hub_policy_verdict verdict = decide(policy, HUB_POLICY_OWN, 1, 1, 1, rows[i].name);

        assert_int_equal(verdict.is_allowed, i == 0 || !rows[i].pattern);
        assert_int_equal(verdict.line, rows[i].line);
        if (rows[i].pattern)
            assert_string_equal(verdict.pattern, rows[i].pattern);
        else
            assert_null(verdict.pattern);
    }
    /* The line of the key when there is one, else of the section. */
    assert_int_equal(decide(policy, HUB_POLICY_LOOKUP, 1, 1, 1, "org.example.Clock").line, 1);
    hub_policy_free(policy);
    policy = must_parse("[service *]\nown = none\n[service a*]\nown = any\n");
    assert_false(may_own(policy, 1, 1, 1, "b"));
    assert_true(may_own(policy, 1, 1, 1, "a"));
    hub_policy_free(policy);
}

static void test_no_policy_allows_all(void **state)
{
    struct hub_policy *policy = must_parse("# nothing\n");

    (void)state;
    assert_true(may_own(NULL, 1, 1, 1, "a"));
    assert_true(may_own(policy, 1, 1, 1, "a"));
    hub_policy_free(policy);
}

static void expect_mistake(const char *text, const char *expected)
{
    struct hub_policy *policy = NULL;
    struct reports reports;

    assert_int_equal(parse(text, &reports, &policy), -EINVAL);
    assert_null(policy);
    if (strcmp(reports.text, expected))
        fail_msg("%sinstead of\n%s", reports.text, expected);
}

#define PATTERN "expected [service NAME], a service name or the beginning of one with a * behind it\n"
#define LIST "expected user:NAME, group:NAME, any or none, separated by commas"

static void test_mistakes(void **state)
{
    static const char *const wrong[] = { "a*b", "**", ".*", ".a", "a.", "a/b", "a b", "-*", "\xc3\xa4*", "a*c*" };
    char text[256], expected[512];

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(text, sizeof(text), "\n[service %s]\nown = any\n", wrong[i]);
        snprintf(expected, sizeof(expected), "FILE:2: [service %s]: " PATTERN, wrong[i]);
        expect_mistake(text, expected);
    }
    expect_mistake("[service]\n", "FILE:1: [service]: expected [service NAME]; see softbusd.policy(5)\n");
    expect_mistake("[service ]\n", "FILE:1: [service ]: " PATTERN);
    expect_mistake("[servicea]\nown = any", "FILE:1: [servicea]: expected [service NAME]; see softbusd.policy(5)\n");
    expect_mistake("[device]\n", "FILE:1: [device]: expected [service NAME]; see softbusd.policy(5)\n");
    expect_mistake("own = any\n", "FILE:1: own = any: expected a [section] above the first key\n");
    expect_mistake("[service a]\n[service b]\n[service a]\n",
                   "FILE:3: [service a]: the section stands here for the second time; it began in line 1\n");
    expect_mistake("[service a]\nowns = any\n", "FILE:2: [service a] owns = any: expected the key own or lookup\n");
    expect_mistake("[service a]\nown =\n", "FILE:2: [service a] own = : " LIST "\n");
    expect_mistake("[service a]\nown = ,any\n", "FILE:2: [service a] own = ,any: " LIST "\n");
    expect_mistake("[service a]\nown = all\n", "FILE:2: [service a] own = all: " LIST ", not all\n");
    expect_mistake("[service a]\nown = user:\n", "FILE:2: [service a] own = user:: " LIST ", not user:\n");
    expect_mistake("[service a]\nown = any, user:jim\n",
                   "FILE:2: [service a] own = any, user:jim: expected a user of /etc/passwd or a number behind user:, not jim\n");
    expect_mistake("[service a]\nlookup = group:joe\n",
                   "FILE:2: [service a] lookup = group:joe: expected a group of /etc/group or a number behind group:, not joe\n");
    expect_mistake("[service a]\nown = none, any\n", "FILE:2: [service a] own = none, any: expected none to stand alone\n");
    expect_mistake("[service a]\nown = any\nown = none\n", "FILE:3: [service a] own = none: expected none to stand alone\n");
    expect_mistake("[service a]\nwhat\nown = x\n[service a]\n",
                   "FILE:2: what: expected [section], key = value, or a comment that opens with #\n"
                   "FILE:3: [service a] own = x: " LIST ", not x\n"
                   "FILE:4: [service a]: the section stands here for the second time; it began in line 1\n");
}

/* inih has room for 49 bytes of a section's name; ours are longer. */
static void test_long_names(void **state)
{
    char name[181], text[512];
    struct hub_policy *policy;

    (void)state;
    memset(name, 'n', sizeof(name));
    name[180] = '\0';
    snprintf(text, sizeof(text), "[service %s]\nown = none\n", name);
    policy = must_parse(text);
    assert_false(may_own(policy, 1, 1, 1, name));
    name[179] = '\0';
    assert_true(may_own(policy, 1, 1, 1, name));
    hub_policy_free(policy);
}

static void test_bounds(void **state)
{
    size_t room = 64 * (HUB_POLICY_SECTIONS_MAX + 2);
    struct hub_policy *policy = NULL;
    struct reports reports;
    char *text = calloc(1, room), *end = text;

    (void)state;
    for (unsigned i = 0; i < HUB_POLICY_SECTIONS_MAX; i++)
        end += sprintf(end, "[service n%u]\n", i);
    hub_policy_free(must_parse(text));
    strcpy(end, "[service one.more]\n");
    assert_int_equal(parse(text, &reports, &policy), -EINVAL);
    assert_string_equal(reports.text, "FILE:1025: [service one.more]: expected at most 1024 sections\n");
    end = text + sprintf(text, "[service a]\n");
    for (unsigned i = 0; i < HUB_POLICY_ENTRIES_MAX; i++)
        end += sprintf(end, "own = user:%u\n", i);
    hub_policy_free(must_parse(text));
    strcpy(end, "own = any\n");
    assert_int_equal(parse(text, &reports, &policy), -EINVAL);
    assert_string_equal(reports.text, "FILE:1026: [service a] own = any: expected at most 1024 users and groups\n");
    free(text);
}

static void test_files(void **state)
{
    char path[] = "/tmp/test-policy-XXXXXX", missing[64];
    struct hub_policy *policy = NULL;
    struct reports reports = { .n = 0 };
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "[service a]\n", 12), 12);
    close(fd);
    assert_int_equal(hub_policy_read(path, false, &fake_names, collect, &reports, &policy), 0);
    assert_int_equal(hub_policy_count(policy), 1);
    policy = hub_policy_free(policy);
    assert_int_equal(chmod(path, 0620), 0);
    assert_int_equal(hub_policy_read(path, true, &fake_names, collect, &reports, &policy), -EINVAL);
    assert_non_null(strstr(reports.text, "may write to it: chown it, and chmod go-w it"));
    unlink(path);
    snprintf(missing, sizeof(missing), "%s.none", path);
    policy = (struct hub_policy *)&reports; /* must be written */
    assert_int_equal(hub_policy_read(missing, true, &fake_names, collect, &reports, &policy), 0);
    assert_null(policy);
    assert_int_equal(hub_policy_read(missing, false, &fake_names, collect, &reports, &policy), -EINVAL);
    assert_non_null(strstr(reports.text, "cannot read it: No such file or directory"));
}

static void test_system_names(void **state)
{
    const struct hub_names *names = hub_names_get();
    struct hub_user user;
    uint32_t gid = 0, gids[4];

    (void)state;
    assert_int_equal(names->find_user("root", &user), 0);
    assert_int_equal(user.uid, 0);
    assert_int_equal(names->find_user("0", &user), 0);
    assert_string_equal(user.name, "root");
    assert_true(names->get_groups(&user, gids, 4) >= 1);
    assert_int_equal(gids[0], user.gid);
    assert_int_equal(names->find_user("4294967294", &user), 0); /* a number needs no entry */
    assert_int_equal(user.uid, 4294967294u);
    assert_int_equal(names->get_groups(&user, gids, 4), 1);
    assert_int_equal(names->find_user("4294967295", &user), -ENOENT); /* "nobody in particular" to the kernel */
    assert_int_equal(names->find_user("no such user", &user), -ENOENT);
    assert_int_equal(names->find_group("root", &gid), 0);
    assert_int_equal(gid, 0);
    assert_int_equal(names->find_group("77", &gid), 0);
    assert_int_equal(gid, 77);
    assert_int_equal(names->find_group("no such group", &gid), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who),
        cmocka_unit_test(test_groups_are_counted),
        cmocka_unit_test(test_names_match),
        cmocka_unit_test(test_no_policy_allows_all),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_system_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
