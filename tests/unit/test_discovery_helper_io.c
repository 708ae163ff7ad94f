/*
 * The daemon's side of the discovery helper, against helpers that misbehave. The test starts itself as the helper: the
 * instance name in CONFIG says what to do.
 */
#include "base/buf.h"
#include "discovery/address.h"
#include "discovery/helper_io.h"
#include "discovery/table.h"
#include "wire/disc.h"

#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FD 3
#define GUARD_S 20

/* ---- the helper ---- */

static void say(const struct wire_disc_message *message)
{
    struct sb_buf buf;

    sb_buf_init(&buf, WIRE_DISC_MESSAGE_MAX);
    if (wire_disc_encode(message, &buf) < 0 || send(FD, sb_buf_bytes(&buf), buf.length, MSG_NOSIGNAL) < 0)
        _exit(9);
    sb_buf_deinit(&buf);
}

static void say_ready(void)
{
    say(&(struct wire_disc_message){ .type = WIRE_DISC_READY, .ready.sandbox = WIRE_DISC_SANDBOX_SECCOMP });
}

static void say_seen(enum wire_disc_type type, unsigned n, uint32_t version, uint8_t host)
{
    struct wire_disc_message message = { .type = type, .seen.version = version,
                                         .seen.address = { .family = WIRE_DISC_IPV4, .port = 7000 } };

    message.seen.id.bytes[0] = (uint8_t)n;
    message.seen.id.bytes[1] = (uint8_t)(n >> 8);
    message.seen.address.bytes[0] = 10;
    message.seen.address.bytes[3] = host;
    say(&message);
}

static void say_found(unsigned n, uint32_t version)
{
    say_seen(WIRE_DISC_FOUND, n, version, 0);
}

/* Fills a device's places, the table's, and empties one of each; in the end all that is still seen is told again. */
static void say_too_much(void)
{
    for (unsigned host = 1; host <= DISC_ADDRESSES_MAX; host++)
        say_seen(WIRE_DISC_FOUND, 1, 1, (uint8_t)host); /* the last one is one too many */
    for (unsigned n = 2; n <= DISC_DEVICES_MAX + 1; n++)
        say_found(n, 1);                                /* and so is this */
    say_seen(WIRE_DISC_LOST, 1, 1, 0);
    say_seen(WIRE_DISC_LOST, 2, 1, 0);
    say_seen(WIRE_DISC_FOUND, 1, 1, DISC_ADDRESSES_MAX);
    say_found(DISC_DEVICES_MAX + 1, 1);
    say_found(3, 1);
}

static void wait_for_end(void)
{
    char byte;

    while (recv(FD, &byte, 1, 0) > 0)
        ;
}

static int be_helper(void)
{
    uint8_t bytes[WIRE_DISC_MESSAGE_MAX];
    ssize_t n = recv(FD, bytes, sizeof(bytes), 0);
    struct wire_disc_message config;
    const char *what;

    if (n <= 0 || wire_disc_decode(bytes, (size_t)n, &config) < 0)
        return 8;
    what = config.config.instance.text;
    if (strcmp(what, "early") != 0)
        say_ready();
    say_found(1, 1);
    if (strcmp(what, "garbage") == 0)
        (void)!send(FD, "\xffgarbage", 8, 0);
    else if (strcmp(what, "empty") == 0)
        (void)!send(FD, "", 0, 0);
    else if (strcmp(what, "oversize") == 0)
        (void)!send(FD, bytes, sizeof(bytes), 0);
    else if (strcmp(what, "twice") == 0)
        say_ready();
    else if (strcmp(what, "die") == 0)
        abort();
    else if (strcmp(what, "hide") == 0) { /* closes its socket and lives on */
        close(FD);
        for (;;)
            pause();
    } else if (strcmp(what, "versions") == 0) {
        say_found(1, 1);
        say_found(1, 2);
    } else if (strcmp(what, "full") == 0) {
        say_too_much();
    } else if (strcmp(what, "flood") == 0) {
        for (unsigned i = 2; i < 3000; i++)
            say_found(i, 1);
    }
    wait_for_end();
    return 0;
}

/* ---- the daemon ---- */

struct world {
    struct event_base *base;
    struct disc_helper *helper;
    unsigned n_found, n_lost, n_up, n_down, want_down, want_found;
    uint32_t version;
    struct wire_devid last_id;
    pid_t first_pid;
    char text[256];
};

static void check_done(struct world *world)
{
    if ((world->want_down && world->n_down >= world->want_down) || (world->want_found && world->n_found >= world->want_found))
        event_base_loopbreak(world->base);
}

static void on_found(void *userdata, const struct wire_devid *id, uint32_t version, const struct sockaddr_storage *address)
{
    struct world *world = userdata;

    assert_true(disc_address_is_dialable(address));
    world->n_found++;
    world->last_id = *id;
    world->version = version;
    check_done(world);
}

static void on_lost(void *userdata, const struct wire_devid *id, const struct sockaddr_storage *address)
{
    struct world *world = userdata;

    (void)id, (void)address;
    world->n_lost++;
}

static void on_state(void *userdata, bool is_up, const char *text)
{
    struct world *world = userdata;

    if (is_up) {
        world->n_up++;
        if (world->n_up == 1)
            world->first_pid = disc_helper_get_pid(world->helper);
    } else {
        world->n_down++;
        strncpy(world->text, text, sizeof(world->text) - 1);
        assert_int_equal(disc_helper_get_pid(world->helper), 0);
    }
    check_done(world);
}

static void on_guard(evutil_socket_t fd, short what, void *userdata)
{
    (void)fd, (void)what, (void)userdata;
    fail_msg("nothing happened");
}

static void run(struct world *world, const char *program, const char *instance)
{
    struct disc_helper_config config = { .program = program, .id = { { 0xee } }, .port = 7000, .instance = instance,
                                         .use_ipv4 = true };
    struct disc_helper_callbacks callbacks = { .userdata = world, .found = on_found, .lost = on_lost, .state = on_state };
    const struct timeval guard = { .tv_sec = GUARD_S };
    struct event *event;

    world->base = event_base_new();
    event = event_new(world->base, -1, 0, on_guard, NULL);
    event_add(event, &guard);
    assert_int_equal(disc_helper_new(world->base, &config, &callbacks, &world->helper), 0);
    assert_int_equal(world->n_found + world->n_up + world->n_down, 0);
    event_base_dispatch(world->base);
    disc_helper_free(world->helper);
    event_free(event);
    event_base_free(world->base);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left, dead or alive */
    assert_int_equal(errno, ECHILD);
}

#define SELF "/proc/self/exe"

static void test_good_helper(void **state)
{
    struct world world = { .want_found = 1 };

    (void)state;
    run(&world, SELF, "good");
    assert_int_equal(world.n_up, 1);
    assert_int_equal(world.n_down, 0);
    assert_true(world.first_pid > 0);
}

/* Each of these is killed with a reason and started again; what the first found is told again, not lost. */
static void test_bad_helpers_are_restarted(void **state)
{
    static const struct { const char *instance, *reason; } cases[] = {
        { "garbage", "malformed" }, { "oversize", "malformed" }, { "twice", "READY twice" },
        { "empty", "exited" },      { "die", "died of signal 6" }, { "hide", "died of signal 9" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world world = { .want_down = 2 };

        run(&world, SELF, cases[i].instance);
        assert_int_equal(world.n_up, 2);
        assert_int_equal(world.n_found, 2);
        assert_int_equal(world.n_lost, 0);
        if (strcmp(cases[i].instance, "empty") != 0) /* ends as any end of the stream does */
            assert_non_null(strstr(world.text, cases[i].reason));
        assert_non_null(strstr(world.text, "500 ms"));
    }
}

static void test_nothing_is_believed_before_ready(void **state)
{
    struct world world = { .want_down = 1 };

    (void)state;
    run(&world, SELF, "early");
    assert_int_equal(world.n_found, 0);
    assert_non_null(strstr(world.text, "before READY"));
}

static void test_missing_program(void **state)
{
    struct world world = { .want_down = 2 };

    (void)state;
    run(&world, "/nonexistent/softbus-mdns", "x");
    assert_int_equal(world.n_up, 0);
    assert_non_null(strstr(world.text, "cannot be started"));
    assert_non_null(strstr(world.text, "500 ms"));
}

static void test_versions(void **state)
{
    struct world world = { .want_found = 3 };

    (void)state;
    run(&world, SELF, "versions");
    assert_int_equal(world.version, 2);
}

static void test_flood_is_bounded(void **state)
{
    struct world world = { .want_found = DISC_DEVICES_MAX };

    (void)state;
    run(&world, SELF, "flood");
    assert_int_equal(world.n_found, DISC_DEVICES_MAX);
    assert_int_equal(world.n_down, 0);
}

/* What there was no room for is found when it is told again and there is some; and what is known is told again. */
static void test_full_table_heals(void **state)
{
    const unsigned n_places = DISC_ADDRESSES_MAX + DISC_DEVICES_MAX - 1;
    struct world world = { .want_found = n_places + 3 };

    (void)state;
    run(&world, SELF, "full");
    assert_int_equal(world.n_found, n_places + 3);
    assert_int_equal(world.n_lost, 2);
    assert_int_equal(world.last_id.bytes[0], 3);
    assert_int_equal(world.n_down, 0);
}

static void test_config_is_checked(void **state)
{
    const char *const none[] = { NULL }, *const too_long[] = { "sixteen-charactr", NULL };
    struct disc_helper_config config = { .program = SELF, .port = 0, .use_ipv4 = true };
    struct disc_helper_callbacks callbacks = { .found = on_found, .lost = on_lost, .state = on_state };
    struct event_base *base = event_base_new();
    struct disc_helper *helper = NULL;

    (void)state;
    assert_int_equal(disc_helper_new(base, &config, &callbacks, &helper), -EINVAL);
    config.port = 1;
    config.use_ipv4 = false;
    assert_int_equal(disc_helper_new(base, &config, &callbacks, &helper), -EINVAL);
    config.use_ipv4 = true;
    config.interfaces = none;
    assert_int_equal(disc_helper_new(base, &config, &callbacks, &helper), -EINVAL);
    config.interfaces = too_long;
    assert_int_equal(disc_helper_new(base, &config, &callbacks, &helper), -EINVAL);
    assert_null(helper);
    assert_null(disc_helper_free(NULL));
    event_base_free(base);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_helper),
        cmocka_unit_test(test_bad_helpers_are_restarted),
        cmocka_unit_test(test_nothing_is_believed_before_ready),
        cmocka_unit_test(test_missing_program),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_flood_is_bounded),
        cmocka_unit_test(test_full_table_heals),
        cmocka_unit_test(test_config_is_checked),
    };

    if (argc == 1 && strcmp(argv[0], "softbus-mdns") == 0)
        return be_helper();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
