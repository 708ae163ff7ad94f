/* softbusd/apps_io.c: what is queued for all apps of a user. The functions of softbusd/hub.h that it calls are defined here. */
#include "softbusd/apps_io.h"

#include "base/log.h"
#include "softbusd/hub.h"
#include "softbusd/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define QUEUE_BYTES ((size_t)300 * 1024)
#define N_APPS 40

static void *last_conn;
static unsigned n_closed;
static char last_log[512];

int hub_app_open(struct hub *hub, void *conn, const struct hub_credentials *credentials, struct hub_app **ret_app)
{
    (void)hub;
    (void)credentials;
    *ret_app = last_conn = conn;
    return 0;
}

enum hub_receive hub_app_receive(struct hub_app *app, const struct wire_msg *msg, int *fds)
{
    (void)app;
    (void)msg;
    (void)fds;
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
    (void)app;
    n_closed++;
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

static int add_app(struct hub_apps *apps, uint32_t uid)
{
    const struct hub_credentials credentials = { .pid = 1, .uid = uid };
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(hub_apps_add(apps, fds[0], &credentials), 0);
    return fds[1];
}

/* Sixteen times queue_bytes for all, of which each may have its share: who has more goes, all others stay. */
static void test_share_of_a_user(void **state)
{
    const struct hub_apps_limits limits = { .hello_ms = 600000, .stall_ms = 600000, .queue_bytes = QUEUE_BYTES };
    const struct hub_loop_callbacks callbacks = { .reload = on_reload };
    const struct sb_log log = { .level = SB_LOG_DEBUG, .sink = keep_line };
    static uint8_t bytes[64 * 1024];
    struct hub_loop *loop;
    struct hub_apps *apps;
    void *conns[N_APPS];
    int fds[N_APPS];

    (void)state;
    assert_int_equal(hub_loop_new(&callbacks, &loop), 0);
    assert_int_equal(hub_apps_new(loop, NULL, &log, &limits, &apps), 0);
    for (int i = 0; i < N_APPS; i++) {
        fds[i] = add_app(apps, i == 1 ? 8 : 7);
        conns[i] = last_conn;
    }
    while (hub_apps_get_queued(conns[0]) == 0) /* little */
        hub_apps_send(conns[0], bytes, sizeof(bytes), NULL, 0, NULL, 0);
    while (hub_apps_get_queued(conns[1]) < 2 * QUEUE_BYTES) /* another user's */
        hub_apps_send(conns[1], bytes, sizeof(bytes), NULL, 0, NULL, 0);
    assert_string_equal(last_log, "");
    for (int i = 2; !last_log[0]; i = i == N_APPS - 1 ? 2 : i + 1) {
        assert_true(hub_apps_get_queued(conns[i]) < QUEUE_BYTES);
        hub_apps_send(conns[i], bytes, sizeof(bytes), NULL, 0, NULL, 0);
    }
    assert_non_null(strstr(last_log, "app closed: too much is queued for its user's apps name=test"));
    hub_apps_send(conns[0], bytes, sizeof(bytes), NULL, 0, NULL, 0);
    hub_apps_send(conns[1], bytes, sizeof(bytes), NULL, 0, NULL, 0);
    assert_int_equal(hub_apps_count(apps), N_APPS - 1);
    hub_apps_free(apps);
    hub_loop_free(loop);
    assert_int_equal(n_closed, N_APPS);
    for (int i = 0; i < N_APPS; i++)
        close(fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_share_of_a_user) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
