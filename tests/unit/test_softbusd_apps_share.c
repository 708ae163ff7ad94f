/* softbusd/apps_io.c: what is queued for all apps of a user. The functions of softbusd/hub.h that it calls are defined here. */
#include "softbusd/apps_io.h"

#include "base/log.h"
#include "base/random.h"
#include "softbusd/hub.h"
#include "softbusd/loop.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define QUEUE_BYTES ((size_t)300 * 1024)
#define N_APPS 40

struct hub_app {
    struct hub_quota_account account;
    void *conn;
    bool is_congested, has_drained;
    int fd; /* the app's end */
};

struct hub {
    struct sb_random random;
    struct hub_quota quota;
};

struct scene {
    struct hub hub;
    struct hub_loop *loop;
    struct hub_work turn;
    struct hub_apps *apps;
    struct hub_app *all[N_APPS];
};

static struct hub_app *last_app;
static unsigned n_closed;
static char last_log[512];
static struct hub_loop *loop_to_stop;

int hub_app_open(struct hub *hub, void *conn, const struct hub_credentials *credentials, struct hub_app **ret_app)
{
    struct hub_app *app = calloc(1, sizeof(*app));

    assert_non_null(app);
    app->conn = conn;
    assert_int_equal(hub_quota_open(&hub->quota, credentials->uid, &app->account), 0);
    *ret_app = last_app = app;
    return 0;
}

enum hub_receive hub_app_receive(struct hub_app *app, const struct wire_msg *msg, int *fds)
{
    (void)app;
    (void)msg;
    (void)fds;
    hub_loop_stop(loop_to_stop);
    return HUB_DONE;
}

void hub_app_congested(struct hub_app *app)
{
    app->is_congested = true;
    hub_loop_stop(loop_to_stop);
}

void hub_app_drained(struct hub_app *app)
{
    app->has_drained = true;
    hub_loop_stop(loop_to_stop);
}

void hub_app_close(struct hub_app *app)
{
    close(app->fd);
    hub_quota_close(&app->account);
    free(app);
    n_closed++;
}

struct hub_quota_account *hub_app_get_account(struct hub_app *app)
{
    return &app->account;
}

struct hub_quota *hub_get_quota(struct hub *hub)
{
    return &hub->quota;
}

const char *hub_app_get_text(const struct hub_app *app)
{
    (void)app;
    return "name=test";
}

static void keep_line(void *userdata, enum sb_log_level level, const char *line)
{
    (void)userdata;
    if (level <= SB_LOG_WARNING)
        snprintf(last_log, sizeof(last_log), "%s", line);
}

static void on_reload(void *userdata)
{
    (void)userdata;
}

static struct hub_app *add_app(struct hub_apps *apps, uint32_t uid)
{
    const struct hub_credentials credentials = { .pid = 1, .uid = uid };
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(hub_apps_add(apps, fds[0], &credentials), 0);
    last_app->fd = fds[1];
    return last_app;
}

static void end_turn(void *userdata)
{
    hub_loop_stop(userdata);
}

static int set_up(void **state)
{
    const struct hub_apps_limits limits = { .hello_ms = 600000, .stall_ms = 600000 };
    const struct hub_quota_limits quotas = { .app = { [HUB_QUOTA_BYTES] = QUEUE_BYTES },
                                             .user = { [HUB_QUOTA_BYTES] = 16 * QUEUE_BYTES } };
    const struct hub_loop_callbacks callbacks = { .reload = on_reload };
    static const struct sb_log log = { .level = SB_LOG_DEBUG, .sink = keep_line };
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    last_log[0] = '\0';
    n_closed = 0;
    hub_quota_init(&scene->hub.quota, &scene->hub.random, &quotas);
    assert_int_equal(hub_loop_new(&callbacks, &scene->loop), 0);
    assert_int_equal(hub_apps_new(scene->loop, &scene->hub, &log, &limits, &scene->apps), 0);
    loop_to_stop = scene->loop;
    hub_work_init(&scene->turn, end_turn, scene->loop);
    for (int i = 0; i < N_APPS; i++)
        scene->all[i] = add_app(scene->apps, i == 1 ? 8 : 7);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    hub_work_cancel(&scene->turn);
    hub_apps_free(scene->apps);
    hub_loop_free(scene->loop);
    assert_int_equal(n_closed, N_APPS);
    hub_quota_deinit(&scene->hub.quota);
    free(scene);
    return 0;
}

static size_t get_queued(const struct hub_app *app)
{
    return (size_t)app->account.used[HUB_QUOTA_BYTES];
}

static uint8_t bytes[64 * 1024];

static void send_to(struct hub_app *app)
{
    hub_apps_send(app->conn, bytes, sizeof(bytes), NULL, 0, NULL, 0);
}

/* At four times the limit, not before. */
static void test_queue_has_an_end(void **state)
{
    static uint8_t all[4 * QUEUE_BYTES];
    struct scene *scene = *state;
    struct hub_app *app = scene->all[0];

    hub_apps_send(app->conn, all, sizeof(all), NULL, 0, NULL, 0);
    hub_apps_send(app->conn, all, sizeof(all) - get_queued(app), NULL, 0, NULL, 0);
    assert_int_equal(get_queued(app), sizeof(all));
    assert_string_equal(last_log, "");
    hub_apps_send(app->conn, all, 1, NULL, 0, NULL, 0);
    assert_non_null(strstr(last_log, "queued_bytes=1228801 limit=1228800"));
    assert_int_equal(hub_apps_count(scene->apps), N_APPS - 1);
}

/* What must be queued, as replies, goes over the limit of the user: who has more than an equal part of it goes, all others stay. */
static void test_part_of_a_user(void **state)
{
    struct scene *scene = *state;

    while (get_queued(scene->all[0]) == 0) /* little */
        send_to(scene->all[0]);
    while (get_queued(scene->all[1]) < 2 * QUEUE_BYTES) /* another user's */
        send_to(scene->all[1]);
    assert_string_equal(last_log, "");
    for (int i = 2; !last_log[0]; i = i == N_APPS - 1 ? 2 : i + 1) {
        assert_true(get_queued(scene->all[i]) < QUEUE_BYTES);
        send_to(scene->all[i]);
    }
    assert_non_null(strstr(last_log, "app closed: too much is queued for its user's apps name=test"));
    send_to(scene->all[0]);
    send_to(scene->all[1]);
    assert_int_equal(hub_apps_count(scene->apps), N_APPS - 1);
}

static bool has_room(const struct hub_app *app)
{
    return hub_quota_check(&app->account, HUB_QUOTA_BYTES, 0) == HUB_QUOTA_OK;
}

/* The app reads all that was queued for it. */
static void drain(struct scene *scene, struct hub_app *app)
{
    static uint8_t in[256 * 1024];

    while (get_queued(app) > 0) {
        while (recv(app->fd, in, sizeof(in), MSG_DONTWAIT) > 0)
            continue;
        hub_loop_postpone(scene->loop, &scene->turn);
        hub_loop_run(scene->loop);
    }
    assert_true(app->has_drained);
}

static void greet(struct hub_app *app)
{
    static const uint8_t hello[8] = { 8, 0, 0, 0, 1 };

    assert_int_equal(send(app->fd, hello, sizeof(hello), 0), sizeof(hello));
}

/* An app far below its own limit has no room because others of its user took it: those who wait for room in it learn so
 * as if it were its own doing, and again when there is. */
static void test_no_room_because_of_others(void **state)
{
    struct scene *scene = *state;
    struct hub_app *app = scene->all[0];

    greet(app);
    hub_loop_run(scene->loop);
    while (get_queued(app) == 0)
        send_to(app);
    assert_true(has_room(app));
    for (int i = 2; has_room(app); i++) {
        assert_in_range(i, 2, N_APPS - 1);
        while (get_queued(scene->all[i]) < QUEUE_BYTES)
            send_to(scene->all[i]);
    }
    assert_true(get_queued(app) < QUEUE_BYTES / 2);
    hub_loop_run(scene->loop);
    assert_true(app->is_congested);
    for (int i = 2; !has_room(app); i++)
        drain(scene, scene->all[i]);
    assert_string_equal(last_log, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_queue_has_an_end),
        TEST(test_part_of_a_user),
        TEST(test_no_room_because_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
