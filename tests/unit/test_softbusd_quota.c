/* softbusd/quota.c: limits of apps and users at n, n + 1 and after release; shares inside a user; nothing left behind. */
#include "softbusd/quota.h"

#include "base/random.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define APP_MAX 10
#define USER_MAX 120
#define N_APPS 16

struct scene {
    struct sb_random random;
    struct hub_quota quota;
    struct hub_quota_account apps[N_APPS];
    struct hub_quota_charge charges[N_APPS];
};

static struct hub_quota_limits get_limits(uint64_t app, uint64_t user)
{
    struct hub_quota_limits limits;

    for (unsigned kind = 0; kind < HUB_QUOTA_N_KINDS; kind++) {
        limits.app[kind] = app;
        limits.user[kind] = user;
    }
    return limits;
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    const struct hub_quota_limits limits = get_limits(APP_MAX, USER_MAX);

    assert_non_null(scene);
    hub_quota_init(&scene->quota, &scene->random, &limits);
    for (int i = 0; i < N_APPS; i++) /* the last one is another user's */
        assert_int_equal(hub_quota_open(&scene->quota, i == N_APPS - 1 ? 8 : 7, &scene->apps[i]), 0);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < N_APPS; i++) {
        hub_quota_refund(&scene->charges[i]);
        hub_quota_close(&scene->apps[i]);
    }
    hub_quota_deinit(&scene->quota);
    free(scene);
    return 0;
}

/* How many the app gets, taken one by one. */
static uint32_t take_all(struct scene *scene, int app, enum hub_quota_kind kind)
{
    while (hub_quota_charge(&scene->charges[app], &scene->apps[app], kind, 1) == HUB_QUOTA_OK)
        ;
    return scene->charges[app].amount;
}

static void set_limits(struct scene *scene, uint64_t app, uint64_t user)
{
    const struct hub_quota_limits limits = get_limits(app, user);

    hub_quota_set_limits(&scene->quota, &limits);
}

static void test_limit_of_an_app(void **state)
{
    struct scene *scene = *state;

    for (unsigned kind = HUB_QUOTA_BYTES; kind < HUB_QUOTA_N_KINDS; kind++) {
        struct hub_quota_charge all = { .amount = 0 }, one = { .amount = 0 };

        assert_int_equal(hub_quota_charge(&all, &scene->apps[0], kind, APP_MAX + 1), HUB_QUOTA_APP);
        assert_int_equal(hub_quota_charge(&all, &scene->apps[0], kind, APP_MAX), HUB_QUOTA_OK);
        assert_int_equal(hub_quota_check(&scene->apps[0], kind, 0), HUB_QUOTA_OK);
        assert_int_equal(hub_quota_charge(&one, &scene->apps[0], kind, 1), HUB_QUOTA_APP);
        assert_int_equal(one.amount, 0);
        assert_int_equal(hub_quota_charge(&one, &scene->apps[1], kind, 1), HUB_QUOTA_OK); /* each has its own */
        hub_quota_refund_part(&all, 1);
        assert_int_equal(hub_quota_charge(&all, &scene->apps[0], kind, 1), HUB_QUOTA_OK);
        assert_int_equal(scene->apps[0].used[kind], APP_MAX);
        assert_int_equal(scene->apps[0].user->used[kind], APP_MAX + 1);
        assert_int_equal(scene->apps[0].n_refused[kind], 2);
        assert_int_equal(scene->apps[0].user->n_refused[kind], 0);
        hub_quota_refund(&all);
        hub_quota_refund(&one);
        hub_quota_refund(&one);
        assert_int_equal(scene->apps[0].user->used[kind], 0);
        assert_int_equal(scene->apps[0].user->n_holders[kind], 0);
    }
}

static void test_apps_of_a_user_are_not_shared_out(void **state)
{
    struct scene *scene = *state;

    set_limits(scene, 0, 3);
    for (int i = 0; i < 3; i++) {
        assert_true(hub_quota_admit(&scene->quota, 7));
        hub_quota_force(&scene->charges[i], &scene->apps[i], HUB_QUOTA_APPS, 1);
    }
    assert_false(hub_quota_admit(&scene->quota, 7));
    assert_true(hub_quota_admit(&scene->quota, 8));
    assert_true(hub_quota_admit(&scene->quota, 9)); /* who has no app here yet */
    hub_quota_refund(&scene->charges[0]);
    assert_true(hub_quota_admit(&scene->quota, 7));
    assert_int_equal(hub_quota_find_user(&scene->quota, 7)->used[HUB_QUOTA_APPS], 2);
    assert_int_equal(hub_quota_find_user(&scene->quota, 7)->n_refused[HUB_QUOTA_APPS], 1);
    assert_null(hub_quota_find_user(&scene->quota, 9));
}

/* The nth of n greedy apps gets 1 / n (n + 1) of what the user may have. */
static void test_shares(void **state)
{
    struct scene *scene = *state;

    set_limits(scene, 1000, USER_MAX);
    for (uint32_t n = 1; n <= 4; n++)
        assert_int_equal(take_all(scene, (int)n - 1, HUB_QUOTA_OBJECTS), USER_MAX / (n * (n + 1)));
    assert_int_equal(take_all(scene, N_APPS - 1, HUB_QUOTA_OBJECTS), USER_MAX / 2); /* another user's is all its own */
    assert_int_equal(take_all(scene, 4, HUB_QUOTA_OBJECTS), USER_MAX / (5 * 6));
    assert_int_equal(hub_quota_charge(&scene->charges[0], &scene->apps[0], HUB_QUOTA_OBJECTS, 1), HUB_QUOTA_USER);
    assert_int_equal(scene->apps[0].user->n_refused[HUB_QUOTA_OBJECTS], 6); /* its share counts as the user's limit */
}

/* Apps that hold nothing of the kind take nothing from those that do. */
static void test_idle_apps_cost_nothing(void **state)
{
    struct scene *scene = *state;
    struct hub_quota_charge other = { .amount = 0 };

    set_limits(scene, 1000, USER_MAX);
    assert_int_equal(hub_quota_charge(&other, &scene->apps[1], HUB_QUOTA_CALLS, 5), HUB_QUOTA_OK);
    assert_int_equal(take_all(scene, 0, HUB_QUOTA_OBJECTS), USER_MAX / 2);
    hub_quota_refund(&other);
}

static void test_what_is_given_back_is_shared_again(void **state)
{
    struct scene *scene = *state;

    set_limits(scene, 1000, USER_MAX);
    take_all(scene, 0, HUB_QUOTA_REFERENCES);
    assert_int_equal(take_all(scene, 1, HUB_QUOTA_REFERENCES), 20);
    assert_int_equal(hub_quota_charge(&scene->charges[1], &scene->apps[1], HUB_QUOTA_REFERENCES, 1), HUB_QUOTA_USER);
    hub_quota_refund_part(&scene->charges[0], 3);
    assert_int_equal(take_all(scene, 1, HUB_QUOTA_REFERENCES), 21);
    hub_quota_refund(&scene->charges[0]);
    assert_int_equal(take_all(scene, 1, HUB_QUOTA_REFERENCES), USER_MAX / 2);
}

static void test_a_large_amount(void **state)
{
    struct scene *scene = *state;

    set_limits(scene, UINT32_MAX, UINT32_MAX);
    assert_int_equal(hub_quota_charge(&scene->charges[0], &scene->apps[0], HUB_QUOTA_BYTES, UINT32_MAX), HUB_QUOTA_USER);
    assert_int_equal(hub_quota_charge(&scene->charges[0], &scene->apps[0], HUB_QUOTA_BYTES, UINT32_MAX / 2), HUB_QUOTA_OK);
    assert_int_equal(hub_quota_charge(&scene->charges[0], &scene->apps[0], HUB_QUOTA_BYTES, UINT32_MAX), HUB_QUOTA_APP);
}

/* What cannot be refused goes over the limit; whoever has more than an equal part of it then is the one to go. */
static void test_force(void **state)
{
    struct scene *scene = *state;

    hub_quota_force(&scene->charges[0], &scene->apps[0], HUB_QUOTA_BYTES, USER_MAX);
    assert_int_equal(hub_quota_check(&scene->apps[0], HUB_QUOTA_BYTES, 0), HUB_QUOTA_APP);
    assert_int_equal(hub_quota_check(&scene->apps[1], HUB_QUOTA_BYTES, 0), HUB_QUOTA_OK);
    assert_int_equal(hub_quota_check(&scene->apps[1], HUB_QUOTA_BYTES, 1), HUB_QUOTA_USER);
    assert_false(hub_quota_is_hog(&scene->apps[0], HUB_QUOTA_BYTES));
    hub_quota_force(&scene->charges[1], &scene->apps[1], HUB_QUOTA_BYTES, USER_MAX / 2);
    assert_true(hub_quota_is_hog(&scene->apps[0], HUB_QUOTA_BYTES));
    assert_false(hub_quota_is_hog(&scene->apps[1], HUB_QUOTA_BYTES)); /* its part, and no more */
    assert_false(hub_quota_is_hog(&scene->apps[2], HUB_QUOTA_BYTES));
    hub_quota_force(&scene->charges[1], &scene->apps[1], HUB_QUOTA_BYTES, 1);
    assert_true(hub_quota_is_hog(&scene->apps[1], HUB_QUOTA_BYTES));
    hub_quota_force(&scene->charges[2], &scene->apps[2], HUB_QUOTA_BYTES, 0);
    assert_int_equal(scene->apps[0].user->n_holders[HUB_QUOTA_BYTES], 2);
}

static void test_smaller_limits(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(take_all(scene, 0, HUB_QUOTA_SERVICES), APP_MAX);
    set_limits(scene, APP_MAX, 5); /* less than is used */
    assert_int_equal(hub_quota_check(&scene->apps[0], HUB_QUOTA_SERVICES, 0), HUB_QUOTA_USER);
    assert_int_equal(hub_quota_check(&scene->apps[1], HUB_QUOTA_SERVICES, 1), HUB_QUOTA_USER);
    hub_quota_refund_part(&scene->charges[0], 8);
    assert_int_equal(hub_quota_check(&scene->apps[0], HUB_QUOTA_SERVICES, 0), HUB_QUOTA_OK);
    assert_int_equal(hub_quota_check(&scene->apps[1], HUB_QUOTA_SERVICES, 0), HUB_QUOTA_OK);
    assert_int_equal(hub_quota_check(&scene->apps[0], HUB_QUOTA_SERVICES, 1), HUB_QUOTA_USER);
}

static void test_users_come_and_go(void **state)
{
    struct scene *scene = *state;
    struct hub_quota_account account, none = { .user = NULL };

    assert_int_equal(scene->quota.users.n_entries, 2);
    assert_int_equal(hub_quota_open(&scene->quota, 9, &account), 0);
    assert_int_equal(hub_quota_find_user(&scene->quota, 9)->n_accounts, 1);
    hub_quota_close(&account);
    assert_null(hub_quota_find_user(&scene->quota, 9));
    hub_quota_close(&none);
}

/* Whoever forgets to refund stops here, not where the numbers are missed much later. */
static void test_an_account_is_closed_empty(void **state)
{
    struct scene *scene = *state;
    const struct rlimit no_core = { .rlim_cur = 0 };
    int status;
    pid_t pid;

    assert_int_equal(take_all(scene, 0, HUB_QUOTA_WATCHES), APP_MAX);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &no_core);
        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        hub_quota_close(&scene->apps[0]);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void test_every_kind_has_its_words(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < HUB_QUOTA_N_KINDS; kind++) {
        assert_true(strlen(hub_quota_get_name(kind)) > 0);
        assert_int_equal(strlen(hub_quota_get_app_key(kind)) > 0, kind != HUB_QUOTA_APPS);
        assert_true(strlen(hub_quota_get_user_key(kind)) > 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_limit_of_an_app),
        TEST(test_apps_of_a_user_are_not_shared_out),
        TEST(test_shares),
        TEST(test_idle_apps_cost_nothing),
        TEST(test_what_is_given_back_is_shared_again),
        TEST(test_a_large_amount),
        TEST(test_force),
        TEST(test_smaller_limits),
        TEST(test_users_come_and_go),
        TEST(test_an_account_is_closed_empty),
        TEST(test_every_kind_has_its_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
