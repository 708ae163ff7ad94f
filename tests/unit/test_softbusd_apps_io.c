/*
 * softbusd/apps_io.c and accept_io.c, over socket pairs and a hub of our own that writes down what it gets: the functions
 * of softbusd/hub.h that the two call are defined here, so the real hub is not linked.
 */
#include "softbusd/accept_io.h"
#include "softbusd/apps_io.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "softbusd/hub.h"
#include "softbusd/listen.h"
#include "softbusd/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define QUEUE_BYTES (300 * 1024)

struct hub_app {
    struct world *world;
    void *conn;
    struct hub_quota_account account;
};

struct world {
    struct hub_loop *loop;
    struct hub_apps *apps;
    struct sb_log log;
    struct hub_work idle;
    char last_log[512];
    struct hub_app *app; /* the last one opened */
    unsigned n_opened, n_closed, n_received, n_drained, n_waits_left, n_idle_turns;
    size_t received_bytes;
    struct hub_app *slow_app; /* whose messages make much work */
    unsigned n_slow;
    struct sb_random random;
    struct hub_quota quota;
    unsigned stop_after_received, stop_after_closed, stop_after_drained, stop_after_idle_turns;
    uint8_t last_byte;
    bool kill_next;
};

static void stop_when(struct world *world, unsigned n, unsigned wanted)
{
    if (wanted && n >= wanted)
        hub_loop_stop(world->loop);
}

/* The hub's part: struct hub is our world. */
int hub_app_open(struct hub *hub, void *conn, const struct hub_credentials *credentials, struct hub_app **ret_app)
{
    struct world *world = (struct world *)(void *)hub;
    struct hub_app *app = calloc(1, sizeof(*app));

    assert_non_null(app);
    *app = (struct hub_app){ .world = world, .conn = conn };
    assert_int_equal(hub_quota_open(&world->quota, credentials->uid, &app->account), 0);
    world->app = *ret_app = app;
    world->n_opened++;
    return 0;
}

enum hub_receive hub_app_receive(struct hub_app *app, const struct wire_msg *msg, int *fds)
{
    struct world *world = app->world;

    (void)fds;
    if (world->n_waits_left > 0) {
        world->n_waits_left--;
        return HUB_WAIT;
    }
    if (app == world->slow_app) {
        for (uint64_t now_us = sb_clock_now_us(); sb_clock_now_us() - now_us < 2000;)
            continue;
        world->n_slow++;
        return HUB_DONE;
    }
    world->n_received++;
    world->received_bytes += msg->body.size;
    world->last_byte = msg->body.size ? msg->body.data[msg->body.size - 1] : 0;
    if (world->kill_next)
        hub_apps_kill(app->conn, "the test says so");
    stop_when(world, world->n_received, world->stop_after_received);
    return HUB_DONE;
}

void hub_app_congested(struct hub_app *app)
{
    (void)app;
}

void hub_app_drained(struct hub_app *app)
{
    app->world->n_drained++;
    stop_when(app->world, app->world->n_drained, app->world->stop_after_drained);
}

void hub_app_close(struct hub_app *app)
{
    app->world->n_closed++;
    stop_when(app->world, app->world->n_closed, app->world->stop_after_closed);
    hub_quota_close(&app->account);
    free(app);
}

struct hub_quota_account *hub_app_get_account(struct hub_app *app)
{
    return &app->account;
}

struct hub_quota *hub_get_quota(struct hub *hub)
{
    return &((struct world *)(void *)hub)->quota;
}

const char *hub_app_get_text(const struct hub_app *app)
{
    (void)app;
    return "name=test";
}

static void keep_line(void *userdata, enum sb_log_level level, const char *line)
{
    struct world *world = userdata;

    if (level <= SB_LOG_WARNING)
        snprintf(world->last_log, sizeof(world->last_log), "%s", line);
}

static void on_reload(void *userdata)
{
    (void)userdata;
}

static void on_idle(void *userdata)
{
    struct world *world = userdata;

    stop_when(world, ++world->n_idle_turns, world->stop_after_idle_turns);
    hub_loop_postpone(world->loop, &world->idle);
}

static void start(struct world *world, const struct hub_apps_limits *limits)
{
    static const struct hub_apps_limits defaults = { .hello_ms = 600000, .stall_ms = 600000 };
    static const struct hub_quota_limits quotas = { .app = { [HUB_QUOTA_BYTES] = QUEUE_BYTES },
                                                    .user = { [HUB_QUOTA_BYTES] = 16 * QUEUE_BYTES, [HUB_QUOTA_APPS] = 2 } };
    const struct hub_loop_callbacks callbacks = { .reload = on_reload };

    memset(world, 0, sizeof(*world));
    hub_quota_init(&world->quota, &world->random, &quotas);
    world->log = (struct sb_log){ .level = SB_LOG_DEBUG, .sink = keep_line, .userdata = world };
    hub_work_init(&world->idle, on_idle, world);
    assert_int_equal(hub_loop_new(&callbacks, &world->loop), 0);
    assert_int_equal(hub_apps_new(world->loop, (struct hub *)(void *)world, &world->log, limits ? limits : &defaults, &world->apps), 0);
}

static void finish(struct world *world)
{
    hub_work_cancel(&world->idle);
    hub_apps_free(world->apps);
    hub_loop_free(world->loop);
    assert_int_equal(world->n_opened, world->n_closed);
    hub_quota_deinit(&world->quota);
}

/* Our end of a new connection. */
static int connect_app(struct world *world)
{
    static const struct hub_credentials credentials = { .pid = 1, .uid = 7 };
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(hub_apps_add(world->apps, fds[0], &credentials), 0);
    return fds[1];
}

/* A message of `size` bytes in all, filled with `fill`. */
static size_t make_message(uint8_t *bytes, uint32_t size, uint8_t fill)
{
    memset(bytes, fill, size);
    memcpy(bytes, &(uint32_t){ htole32(size) }, 4);
    memcpy(bytes + 4, "\3\0\0\0", 4);
    return size;
}

static void send_all(int fd, const uint8_t *bytes, size_t size)
{
    assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

/* Runs turns in which nothing but what is due happens. */
static void run_turns(struct world *world, unsigned n)
{
    world->n_idle_turns = 0;
    world->stop_after_idle_turns = n;
    hub_loop_postpone(world->loop, &world->idle);
    assert_int_equal(hub_loop_run(world->loop), 0);
    hub_work_cancel(&world->idle);
    world->stop_after_idle_turns = 0;
}

static void test_pieces(void **state)
{
    struct world world;
    uint8_t bytes[64];
    size_t size = make_message(bytes, 40, 9);
    int fd;

    (void)state;
    start(&world, NULL);
    fd = connect_app(&world);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(world.n_received, 0);
        send_all(fd, bytes + i, 1);
        run_turns(&world, 3);
    }
    assert_int_equal(world.n_received, 1);
    assert_int_equal(world.received_bytes, 32);
    close(fd);
    finish(&world);
}

/* More than a turn's budget, and a piece of the next, in one write: libevent calls once for them. */
static void test_many_at_once(void **state)
{
    struct world world;
    uint8_t bytes[16 * 1000 + 8];
    int fd;

    (void)state;
    start(&world, NULL);
    fd = connect_app(&world);
    for (size_t i = 0; i < 1000; i++)
        make_message(bytes + 16 * i, 16, (uint8_t)i);
    make_message(bytes + 16 * 1000, 8, 0);
    send_all(fd, bytes, sizeof(bytes) - 4);
    world.stop_after_received = 1000;
    assert_int_equal(hub_loop_run(world.loop), 0);
    assert_int_equal(world.last_byte, (uint8_t)999);
    world.stop_after_received = 1001;
    send_all(fd, bytes + sizeof(bytes) - 4, 4);
    assert_int_equal(hub_loop_run(world.loop), 0);
    close(fd);
    finish(&world);
}

/* Few messages that make much work are a turn's budget too: another app's message goes before the rest of them. */
static void test_much_work(void **state)
{
    struct world world;
    uint8_t bytes[16 * 50];
    int busy_fd, fd;

    (void)state;
    start(&world, NULL);
    busy_fd = connect_app(&world);
    world.slow_app = world.app;
    fd = connect_app(&world);
    for (size_t i = 0; i < 50; i++)
        make_message(bytes + 16 * i, 16, 0);
    send_all(busy_fd, bytes, sizeof(bytes));
    send_all(fd, bytes, 16);
    world.stop_after_received = 1;
    assert_int_equal(hub_loop_run(world.loop), 0);
    assert_in_range(world.n_slow, 0, 49);
    close(busy_fd);
    close(fd);
    finish(&world);
}

/* The largest message arrives; one byte more is refused. */
static void test_largest(void **state)
{
    uint8_t *bytes = malloc(WIRE_MSG_MAX + 1);
    struct world world;
    size_t sent = 0;
    ssize_t n;
    int fd;

    (void)state;
    start(&world, NULL);
    fd = connect_app(&world);
    make_message(bytes, WIRE_MSG_MAX, 5);
    while (sent < WIRE_MSG_MAX) {
        n = send(fd, bytes + sent, WIRE_MSG_MAX - sent, MSG_NOSIGNAL);
        assert_true(n > 0 || errno == EAGAIN);
        sent += n > 0 ? (size_t)n : 0;
        run_turns(&world, 2);
    }
    assert_int_equal(world.n_received, 1);
    assert_int_equal(world.received_bytes, WIRE_MSG_MAX - 8);
    assert_int_equal(world.n_closed, 0);

    make_message(bytes, WIRE_MSG_MAX + 1, 5);
    send_all(fd, bytes, 8);
    run_turns(&world, 3);
    assert_int_equal(world.n_closed, 1);
    assert_non_null(strstr(world.last_log, "longer than a message can be"));
    close(fd);
    free(bytes);
    finish(&world);
}

/* HUB_WAIT keeps the message and all behind it; resumed, they come in order, once. */
static void test_wait_and_resume(void **state)
{
    struct world world;
    uint8_t bytes[48];
    int fd;

    (void)state;
    start(&world, NULL);
    fd = connect_app(&world);
    for (size_t i = 0; i < 3; i++)
        make_message(bytes + 16 * i, 16, (uint8_t)(i + 1));
    world.n_waits_left = 2;
    send_all(fd, bytes, 48);
    run_turns(&world, 3);
    assert_int_equal(world.n_received, 0);
    send_all(fd, bytes, 48); /* not read while waiting */
    run_turns(&world, 3);
    hub_apps_resume(world.app->conn);
    run_turns(&world, 3);
    assert_int_equal(world.n_received, 0); /* had to wait once more */
    hub_apps_resume(world.app->conn);
    hub_apps_resume(world.app->conn);
    run_turns(&world, 3);
    assert_int_equal(world.n_received, 6);
    assert_int_equal(world.last_byte, 3);
    close(fd);
    finish(&world);
}

static void test_death_while_waiting(void **state)
{
    struct world world;
    uint8_t bytes[16];
    int fd;

    (void)state;
    start(&world, NULL);
    fd = connect_app(&world);
    world.n_waits_left = 1;
    send_all(fd, bytes, make_message(bytes, 16, 1));
    run_turns(&world, 3);
    close(fd);
    run_turns(&world, 3);
    assert_int_equal(world.n_closed, 1);
    finish(&world);
}

/* What was sent before the end is still read, although the app takes no answers any more. */
static void test_last_words(void **state)
{
    struct world world;
    uint8_t bytes[16];
    int fd;

    (void)state;
    start(&world, NULL);
    fd = connect_app(&world);
    send_all(fd, bytes, make_message(bytes, 16, 1));
    close(fd);
    hub_apps_send(world.app->conn, bytes, 16, NULL, 0, NULL, 0);
    run_turns(&world, 3);
    assert_int_equal(world.n_received, 1);
    assert_int_equal(world.n_closed, 1);
    finish(&world);
}

static void test_killed_inside_receive(void **state)
{
    struct world world;
    uint8_t bytes[32];
    int fd;

    (void)state;
    start(&world, NULL);
    fd = connect_app(&world);
    make_message(bytes, 16, 1);
    make_message(bytes + 16, 16, 2);
    world.kill_next = true;
    send_all(fd, bytes, 32);
    run_turns(&world, 3);
    assert_int_equal(world.n_received, 1); /* nothing behind it is looked at */
    assert_int_equal(world.n_closed, 1);
    close(fd);
    finish(&world);
}

static size_t read_some(int fd, uint8_t *bytes, size_t size)
{
    ssize_t n = recv(fd, bytes, size, 0);

    return n > 0 ? (size_t)n : 0;
}

/* Queued, told when half empty, and every byte arrives in order. */
static void test_queue_drains(void **state)
{
    uint8_t *bytes = malloc(QUEUE_BYTES * 2), *in = malloc(QUEUE_BYTES * 2);
    size_t n = 0;
    struct world world;
    int fd;

    (void)state;
    start(&world, NULL);
    fd = connect_app(&world);
    for (size_t i = 0; i < QUEUE_BYTES * 2; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    hub_apps_send(world.app->conn, bytes, 10, bytes + 10, QUEUE_BYTES - 10, NULL, 0);
    hub_apps_send(world.app->conn, bytes + QUEUE_BYTES, QUEUE_BYTES, NULL, 0, NULL, 0);
    assert_true(world.app->account.used[HUB_QUOTA_BYTES] > QUEUE_BYTES / 2);
    run_turns(&world, 3);
    assert_int_equal(world.n_drained, 0);
    while (n < QUEUE_BYTES * 2) {
        n += read_some(fd, in + n, QUEUE_BYTES * 2 - n);
        run_turns(&world, 2);
    }
    assert_memory_equal(bytes, in, QUEUE_BYTES * 2);
    assert_true(world.n_drained >= 1);
    assert_int_equal(world.app->account.used[HUB_QUOTA_BYTES], 0);
    assert_int_equal(world.n_closed, 0);
    free(bytes);
    free(in);
    close(fd);
    finish(&world);
}

static void test_mute_app_is_closed(void **state)
{
    const struct hub_apps_limits limits = { .hello_ms = 0, .stall_ms = 600000 };
    struct world world;
    int fd;

    (void)state;
    start(&world, &limits);
    fd = connect_app(&world);
    world.stop_after_closed = 1;
    assert_int_equal(hub_loop_run(world.loop), 0);
    assert_non_null(strstr(world.last_log, "HELLO"));
    close(fd);
    finish(&world);
}

static void test_stalled_app_is_closed(void **state)
{
    const struct hub_apps_limits limits = { .hello_ms = 600000, .stall_ms = 0 };
    uint8_t *bytes = calloc(1, 3 * QUEUE_BYTES), hello[16];
    struct world world;
    int fd;

    (void)state;
    start(&world, &limits);
    fd = connect_app(&world);
    send_all(fd, hello, make_message(hello, 16, 1));
    run_turns(&world, 2);
    hub_apps_send(world.app->conn, bytes, 3 * QUEUE_BYTES, NULL, 0, NULL, 0);
    world.stop_after_closed = 1;
    assert_int_equal(hub_loop_run(world.loop), 0);
    assert_non_null(strstr(world.last_log, "stopped reading"));
    free(bytes);
    close(fd);
    finish(&world);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* At the limit, one above it, and after one has gone; and the socket itself: busy, stale, not a socket. */
static void test_accept(void **state)
{
    char dir[] = "/tmp/softbus-test-XXXXXX", path[64], lock[80], why[512];
    const struct hub_accept_limits limits = { .n_apps_max = 10 };
    struct hub_listen first = { .fd = -1, .lock_fd = -1 }, second = { .fd = -1, .lock_fd = -1 };
    struct hub_accept *acceptor;
    struct world world;
    int fds[4];

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/sock", dir);
    snprintf(lock, sizeof(lock), "%s.lock", path);
    assert_int_equal(hub_listen_open(&first, path, false, why, sizeof(why)), 0);
    assert_int_equal(hub_listen_open(&second, path, false, why, sizeof(why)), -EBUSY);
    assert_non_null(strstr(why, "another softbusd is running"));

    start(&world, NULL);
    assert_int_equal(hub_accept_new(world.loop, world.apps, &world.log, first.fd, true, &limits, &acceptor), 0);
    for (int i = 0; i < 3; i++)
        fds[i] = connect_to(path);
    run_turns(&world, 3);
    assert_int_equal(world.n_opened, 2);
    assert_int_equal(hub_quota_find_user(&world.quota, geteuid())->used[HUB_QUOTA_APPS], 2);
    assert_non_null(strstr(world.last_log, "number=2 limit=2"));
    close(fds[0]); /* who leaves makes room for who comes in the same turn */
    fds[3] = connect_to(path);
    run_turns(&world, 3);
    assert_int_equal(world.n_opened, 3);
    for (int i = 1; i < 4; i++)
        close(fds[i]);
    hub_accept_free(acceptor);
    finish(&world);

    /* As after kill -9: the socket is there, nobody listens, nobody holds the lock. */
    close(first.fd);
    close(first.lock_fd);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(hub_listen_open(&second, path, true, why, sizeof(why)), 0);
    hub_listen_close(&second);
    assert_int_equal(access(path, F_OK), -1);
    close(open(path, O_CREAT | O_CLOEXEC | O_WRONLY, 0600));
    assert_int_equal(hub_listen_open(&second, path, true, why, sizeof(why)), -EEXIST);
    unlink(path);
    unlink(lock);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_much_work),
        cmocka_unit_test(test_largest),
        cmocka_unit_test(test_wait_and_resume),
        cmocka_unit_test(test_death_while_waiting),
        cmocka_unit_test(test_last_words),
        cmocka_unit_test(test_killed_inside_receive),
        cmocka_unit_test(test_queue_drains),
        cmocka_unit_test(test_mute_app_is_closed),
        cmocka_unit_test(test_stalled_app_is_closed),
        cmocka_unit_test(test_accept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
