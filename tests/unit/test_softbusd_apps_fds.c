/* softbusd/apps_io.c: descriptors that come with messages, and go with them. The functions of softbusd/hub.h that it calls are here. */
#include "softbusd/apps_io.h"

#include "base/log.h"
#include "base/random.h"
#include "softbusd/hub.h"
#include "softbusd/loop.h"
#include "softbusd/rights.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define N_FDS_MAX 80
#define QUEUE_BYTES ((size_t)300 * 1024)

struct hub {
    struct sb_random random;
    struct hub_quota quota;
};

struct hub_app {
    struct scene *scene;
    struct hub_quota_account account;
    void *conn;
};

struct scene {
    struct hub hub;
    struct sb_log log;
    struct hub_loop *loop;
    struct hub_work idle;
    struct hub_apps *apps;
    struct hub_app *app; /* the last one */
    unsigned n_open, n_received, n_closed, n_waits, n_turns_left;
    bool runs_until_closed;
    uint16_t n_fds;      /* of the last message */
    bool has_fds;
    char last_log[512];
};

int hub_app_open(struct hub *hub, void *conn, const struct hub_credentials *credentials, struct hub_app **ret_app)
{
    struct hub_app *app = calloc(1, sizeof(*app));

    assert_non_null(app);
    app->scene = (struct scene *)(void *)hub;
    app->conn = conn;
    assert_int_equal(hub_quota_open(&hub->quota, credentials->uid, &app->account), 0);
    app->scene->app = *ret_app = app;
    return 0;
}

enum hub_receive hub_app_receive(struct hub_app *app, const struct wire_msg *msg, int *fds)
{
    struct scene *scene = app->scene;

    if (scene->n_waits > 0) {
        scene->n_waits--;
        return HUB_WAIT;
    }
    scene->n_received++;
    scene->n_fds = msg->n_fds;
    scene->has_fds = fds != NULL;
    return HUB_DONE;
}

void hub_app_congested(struct hub_app *app)
{
    (void)app;
}

void hub_app_drained(struct hub_app *app)
{
    (void)app;
}

void hub_app_close(struct hub_app *app)
{
    app->scene->n_closed++;
    if (app->scene->runs_until_closed)
        hub_loop_stop(app->scene->loop);
    hub_quota_close(&app->account);
    free(app);
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
    struct scene *scene = userdata;

    if (level <= SB_LOG_WARNING)
        snprintf(scene->last_log, sizeof(scene->last_log), "%s", line);
}

static void on_reload(void *userdata)
{
    (void)userdata;
}

static void end_turn(void *userdata)
{
    struct scene *scene = userdata;

    if (--scene->n_turns_left == 0)
        hub_loop_stop(scene->loop);
    else
        hub_loop_postpone(scene->loop, &scene->idle);
}

static void run_turns(struct scene *scene, unsigned n)
{
    scene->n_turns_left = n;
    hub_loop_postpone(scene->loop, &scene->idle);
    assert_int_equal(hub_loop_run(scene->loop), 0);
}

static unsigned count_open(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    const struct hub_apps_limits limits = { .hello_ms = 60000, .stall_ms = 300 };
    struct hub_loop_callbacks callbacks = { .reload = on_reload };
    struct hub_quota_limits quota;

    for (unsigned i = 0; i < HUB_QUOTA_N_KINDS; i++)
        quota.app[i] = quota.user[i] = 1000;
    quota.app[HUB_QUOTA_BYTES] = QUEUE_BYTES;
    quota.user[HUB_QUOTA_BYTES] = 16 * QUEUE_BYTES;
    scene->n_open = count_open();
    scene->log = (struct sb_log){ .level = SB_LOG_WARNING, .sink = keep_line, .userdata = scene };
    hub_quota_init(&scene->hub.quota, &scene->hub.random, &quota);
    assert_int_equal(hub_loop_new(&callbacks, &scene->loop), 0);
    hub_work_init(&scene->idle, end_turn, scene);
    assert_int_equal(hub_apps_new(scene->loop, &scene->hub, &scene->log, &limits, &scene->apps), 0);
    *state = scene;
    return 0;
}

/* Nothing is left open, whatever became of the apps. */
static int tear_down(void **state)
{
    struct scene *scene = *state;

    hub_apps_free(scene->apps);
    hub_loop_free(scene->loop);
    hub_quota_deinit(&scene->hub.quota);
    assert_int_equal(count_open(), scene->n_open);
    free(scene);
    return 0;
}

/* gives the app's end. */
static int connect_app(struct scene *scene)
{
    const struct hub_credentials credentials = { .pid = 1, .uid = 1000 };
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(hub_apps_add(scene->apps, fds[0], &credentials), 0);
    return fds[1];
}

/* A CALL's header that says n_fds, and size bytes in all; sends the first n_bytes, with n descriptors. */
static void send_message(int fd, uint16_t n_fds, size_t size, size_t n_bytes, unsigned n)
{
    uint8_t bytes[200] = { 0 };
    struct iovec part = { .iov_base = bytes, .iov_len = n_bytes };
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(N_FDS_MAX * sizeof(int))];
    } control = { .space = { 0 } };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
    int fds[N_FDS_MAX] = { 0 };

    wire_store_u32(bytes, (uint32_t)size);
    wire_store_u16(bytes + 4, WIRE_CALL);
    wire_store_u16(bytes + 6, n_fds);
    for (unsigned i = 0; i < n; i++)
        fds[i] = STDERR_FILENO;
    control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
    if (n == 0)
        message.msg_controllen = 0;
    assert_int_equal(sendmsg(fd, &message, MSG_NOSIGNAL), n_bytes);
}

static void test_with_its_message(void **state)
{
    struct scene *scene = *state;
    int fd = connect_app(scene);
    uint8_t rest[190] = { 0 };

    send_message(fd, 2, 16, 16, 2);
    run_turns(scene, 2);
    assert_int_equal(scene->n_received, 1);
    assert_true(scene->has_fds);
    assert_int_equal(count_open(), scene->n_open + 5); /* ours are closed: epoll, signals and the two ends stay */
    send_message(fd, 1, 200, 10, 1); /* in pieces */
    run_turns(scene, 2);
    assert_int_equal(scene->n_received, 1);
    assert_int_equal(send(fd, rest, 190, MSG_NOSIGNAL), 190);
    send_message(fd, 0, 16, 16, 0);
    run_turns(scene, 2);
    assert_int_equal(scene->n_received, 3);
    assert_false(scene->has_fds);
    close(fd);
}

/* The message waits for room: so do they. */
static void test_waiting(void **state)
{
    struct scene *scene = *state;
    int fd = connect_app(scene);

    scene->n_waits = 1;
    send_message(fd, 3, 16, 16, 3);
    run_turns(scene, 2);
    assert_int_equal(scene->n_received, 0);
    hub_apps_resume(scene->app->conn);
    run_turns(scene, 2);
    assert_int_equal(scene->n_received, 1);
    assert_true(scene->has_fds);
    scene->n_waits = 1;
    send_message(fd, 3, 16, 16, 3);
    run_turns(scene, 2);
    close(fd); /* and die with it */
    run_turns(scene, 2);
    assert_int_equal(scene->n_closed, 1);
}

static void test_nobodys(void **state)
{
    struct scene *scene = *state;
    int fd = connect_app(scene);

    send_message(fd, 0, 16, 16, 1);
    send_message(fd, 0, 16, 16, 0);
    run_turns(scene, 3);
    assert_int_equal(scene->n_closed, 1);
    assert_non_null(strstr(scene->last_log, "no message says"));
    close(fd);
    fd = connect_app(scene);
    send_message(fd, 1, 16, 16, 2);
    run_turns(scene, 3);
    assert_int_equal(scene->n_closed, 2);
    close(fd);
}

/* More than there is room for: the message comes without, and the next one is not mixed up with it. */
static void test_lost(void **state)
{
    struct scene *scene = *state;
    int fd = connect_app(scene);

    send_message(fd, 32, 16, 16, 80);
    run_turns(scene, 2);
    assert_int_equal(scene->n_received, 1);
    assert_false(scene->has_fds);
    send_message(fd, 32, 16, 16, 32);
    run_turns(scene, 2);
    assert_int_equal(scene->n_received, 2);
    assert_true(scene->has_fds);
    close(fd);
}

static void test_never_complete(void **state)
{
    struct scene *scene = *state;
    int fd = connect_app(scene);

    send_message(fd, 1, 100, 16, 1);
    scene->runs_until_closed = true;
    assert_int_equal(hub_loop_run(scene->loop), 0);
    assert_non_null(strstr(scene->last_log, "app_stall_seconds"));
    close(fd);
}

static void test_too_many(void **state)
{
    struct scene *scene = *state;
    int fd = connect_app(scene);

    scene->n_waits = 1; /* it stops reading: what is in the socket is the kernel's */
    send_message(fd, 0, 16, 16, 0);
    run_turns(scene, 2);
    for (unsigned i = 0; i < 3; i++)
        send_message(fd, 32, 100, 16, 32);
    hub_apps_resume(scene->app->conn);
    run_turns(scene, 6);
    assert_int_equal(scene->n_closed, 1);
    assert_non_null(strstr(scene->last_log, "too many descriptors"));
    close(fd);
}

/* They are queued with the byte they belong to, are charged, and go when there is room, or when the app dies. */
static void test_out(void **state)
{
    struct scene *scene = *state;
    int fd = connect_app(scene), own = dup(STDERR_FILENO);
    struct hub_rights in;
    uint8_t bytes[4096] = { 8 };
    uint64_t position = 0;
    ssize_t n;

    send_message(fd, 0, 16, 16, 0); /* instead of HELLO */
    run_turns(scene, 2);
    hub_apps_send(scene->app->conn, bytes, 8, NULL, 0, &own, 1);
    assert_true(own >= 0); /* gone at once, and the caller's to close */
    while (scene->app->account.used[HUB_QUOTA_BYTES] == 0)
        hub_apps_send(scene->app->conn, bytes, sizeof(bytes), NULL, 0, NULL, 0);
    hub_apps_send(scene->app->conn, bytes, 8, bytes, 100, &own, 1);
    assert_int_equal(own, -1);
    assert_int_equal(scene->app->account.used[HUB_QUOTA_DESCRIPTORS], 1);
    hub_apps_send(scene->app->conn, bytes, 8, NULL, 0, NULL, 0);

    hub_rights_init(&in);
    for (unsigned turns = 0; turns < 1000 && (scene->app->account.used[HUB_QUOTA_BYTES] > 0 || turns < 10); turns++) {
        while ((n = hub_rights_receive(&in, fd, bytes, sizeof(bytes), position)) > 0) {
            position += (uint64_t)n;
            assert_in_range(in.n_fds, position > 8, 2);
        }
        run_turns(scene, 1);
    }
    assert_int_equal(in.n_fds, 2);
    assert_int_equal(scene->app->account.used[HUB_QUOTA_DESCRIPTORS], 0);
    hub_rights_deinit(&in);

    own = dup(STDERR_FILENO);
    while (scene->app->account.used[HUB_QUOTA_BYTES] == 0)
        hub_apps_send(scene->app->conn, bytes, sizeof(bytes), NULL, 0, NULL, 0);
    hub_apps_send(scene->app->conn, bytes, 8, NULL, 0, &own, 1);
    assert_int_equal(own, -1);
    shutdown(fd, SHUT_RDWR);
    run_turns(scene, 3);
    assert_int_equal(scene->n_closed, 1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_with_its_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobodys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_never_complete, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_out, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
