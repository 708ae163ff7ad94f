/* Look-ups of services that a program offers which is not running yet: of apps, and of other devices. The programs are apps of the test. */
#include "softbusd/activate.h"
#include "softbusd/service_file.h"
#include "tests/unit/hub_world.h"
#include "wire/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct cast {
    struct world world;
    struct hub *hub; /* of device 0, which has the service files */
    struct hub_activate *activate;
    struct world_app *program, *user, *far;
    uint64_t now_ms;
    unsigned n_starts, n_signals;
    pid_t pid;
};

static void wake(void *userdata)
{
    (void)userdata;
}

static int start(void *userdata, const struct hub_service_file *file, pid_t *ret_pid, char *error_text, size_t error_size)
{
    struct cast *cast = userdata;

    (void)file, (void)error_text, (void)error_size;
    cast->n_starts++;
    *ret_pid = ++cast->pid;
    return 0;
}

static void send_signal(void *userdata, pid_t pid, int number)
{
    (void)pid, (void)number;
    ((struct cast *)userdata)->n_signals++;
}

static bool is_there(void *userdata, const char *name)
{
    return hub_service_is_there(((struct cast *)userdata)->hub, name);
}

static bool is_used(void *userdata, const char *name)
{
    return hub_service_is_used(((struct cast *)userdata)->hub, name);
}

static void retry(void *userdata, const char *name)
{
    hub_service_retry(((struct cast *)userdata)->hub, name);
}

static void fail_name(void *userdata, const char *name)
{
    hub_service_fail(((struct cast *)userdata)->hub, name);
}

static void show(void *userdata, const char *name, bool is_startable)
{
    hub_service_show(((struct cast *)userdata)->hub, name, is_startable);
}

static struct hub_service_file *make_file(const char *name, bool is_distributed)
{
    struct hub_service_file *file = calloc(1, sizeof(*file));

    file->path = strdup(name);
    file->names = calloc(1, sizeof(char *));
    file->names[file->n_names++] = strdup(name);
    file->arguments = calloc(2, sizeof(char *));
    file->arguments[file->n_arguments++] = strdup("/program");
    file->user.uid = 2000;
    file->start_timeout_ms = 10000;
    file->idle_timeout_ms = 5000;
    file->is_distributed = is_distributed;
    return file;
}

static void set_files(struct cast *cast, struct hub_service_file *a, struct hub_service_file *b)
{
    struct hub_service_file **files = calloc(2, sizeof(struct hub_service_file *));
    size_t n = 0;

    if (a)
        files[n++] = a;
    if (b)
        files[n++] = b;
    assert_int_equal(hub_activate_set_files(cast->activate, files, n), 0);
    world_run(&cast->world);
}

static int set_up(void **state)
{
    struct cast *cast = calloc(1, sizeof(*cast));
    const struct hub_activate_ops ops = { .userdata = cast, .wake = wake, .start = start, .signal = send_signal, .is_there = is_there,
                                          .is_used = is_used, .retry = retry, .fail = fail_name, .show = show };

    world_init(&cast->world);
    cast->hub = cast->world.devices[0].hub;
    cast->program = world_app_new(&cast->world, 0, "program", 2000);
    cast->user = world_app_new(&cast->world, 0, "user", 2001);
    cast->far = world_app_new(&cast->world, 1, "far", 2002);
    assert_int_equal(hub_activate_new(&ops, &cast->world.log, &cast->activate), 0);
    hub_set_activate(cast->hub, cast->activate);
    set_files(cast, make_file("a", false), make_file("d", true));
    *state = cast;
    return 0;
}

static int tear_down(void **state)
{
    struct cast *cast = *state;

    hub_set_activate(cast->hub, NULL);
    world_deinit(&cast->world);
    hub_activate_free(cast->activate);
    free(cast);
    return 0;
}

static void run(struct cast *cast)
{
    hub_activate_run(cast->activate, cast->now_ms);
    world_run(&cast->world);
}

static uint64_t ask(struct cast *cast, struct world_app *app, const char *name, bool may_wait)
{
    uint64_t id = world_ask(app, WIRE_HUB_SERVICE_GET, NULL, "ssb", cast->world.devices[0].id_text, name, may_wait);

    world_run(&cast->world);
    return id;
}

static enum wire_status add(struct world_app *app, const char *name, bool is_distributed)
{
    struct wire_object object = world_stub(1);

    return world_do(app, WIRE_HUB_SERVICE_ADD, &object, "sob", name, 0, is_distributed);
}

static bool has_reply(const struct world_app *app)
{
    return world_has(app, WIRE_REPLY);
}

/* The handle that a reply brought. */
static uint64_t take_object(struct world_app *app, uint64_t id)
{
    struct world_msg *msg = world_take_reply(app, id);

    assert_int_equal(msg->reply.status, WIRE_OK);
    assert_int_equal(msg->objects.n, 1);
    return msg->objects.items[0].id;
}

static void test_started(void **state)
{
    struct cast *cast = *state;
    uint64_t one = ask(cast, cast->user, "a", false), other = ask(cast, cast->user, "a", true);

    run(cast);
    run(cast);
    assert_int_equal(cast->n_starts, 1);
    assert_false(has_reply(cast->user));
    assert_int_equal(add(cast->program, "a", false), WIRE_OK);
    take_object(cast->user, one);
    take_object(cast->user, other);
}

static void test_failed(void **state)
{
    struct cast *cast = *state;
    uint64_t one = ask(cast, cast->user, "a", false), other = ask(cast, cast->user, "a", true), far = ask(cast, cast->far, "d", false);

    run(cast);
    assert_int_equal(cast->n_starts, 2);
    assert_true(hub_activate_exited(cast->activate, 1, 0, 0));
    assert_true(hub_activate_exited(cast->activate, 2, 0, 0));
    world_run(&cast->world);
    assert_int_equal(world_take_status(cast->user, one), WIRE_START);
    assert_int_equal(world_take_status(cast->user, other), WIRE_START);
    assert_int_equal(world_take_status(cast->far, far), WIRE_START);
    assert_int_equal(world_take_status(cast->user, ask(cast, cast->user, "a", true)), WIRE_START); /* at once */
    assert_int_equal(world_take_status(cast->far, ask(cast, cast->far, "d", true)), WIRE_START);
    cast->now_ms = 1000;
    run(cast);
    one = ask(cast, cast->user, "a", false);
    run(cast);
    assert_int_equal(cast->n_starts, 3);
    world_cancel(cast->user, one);
}

/* Other devices see and start what the file calls distributed, and get what the program does. */
static void test_from_afar(void **state)
{
    struct cast *cast = *state;
    uint64_t far;

    assert_int_equal(world_take_status(cast->far, ask(cast, cast->far, "a", false)), WIRE_NO_SERVICE);
    far = ask(cast, cast->far, "d", false);
    run(cast);
    assert_int_equal(cast->n_starts, 1);
    assert_int_equal(add(cast->program, "d", true), WIRE_OK);
    run(cast);
    take_object(cast->far, far);
    /* Gone and there again, as far as others see. */
    world_app_close(cast->program);
    cast->program = world_app_new(&cast->world, 0, "program", 2000);
    world_run(&cast->world);
    hub_activate_exited(cast->activate, 1, 0, 0);
    run(cast);
    far = ask(cast, cast->far, "d", false);
    run(cast);
    assert_int_equal(cast->n_starts, 2);
    /* A program that does not register it as distributed has not kept its file's word. */
    assert_int_equal(add(cast->program, "d", false), WIRE_OK);
    world_run(&cast->world);
    assert_int_equal(world_take_status(cast->far, far), WIRE_NO_SERVICE);
    assert_int_equal(world_take_status(cast->far, ask(cast, cast->far, "d", false)), WIRE_NO_SERVICE);
}

/* A device that comes later is told, and one whose session ends while it waits is forgotten. */
static void test_sessions(void **state)
{
    struct cast *cast = *state;
    uint64_t far;

    world_disconnect(&cast->world, 0, 1, SESS_END_LOST);
    world_connect(&cast->world, 0, 1);
    world_run(&cast->world);
    far = ask(cast, cast->far, "d", false);
    run(cast);
    assert_int_equal(cast->n_starts, 1);
    world_leave(&cast->world, 1, 0);
    world_disconnect(&cast->world, 0, 1, SESS_END_LOST);
    world_take_reply(cast->far, far);
    assert_true(sb_list_is_empty(&cast->hub->getters));
    world_connect(&cast->world, 0, 1);
    world_run(&cast->world);
    far = ask(cast, cast->far, "d", false);
    world_cancel(cast->far, far);
    world_run(&cast->world);
    assert_true(sb_list_is_empty(&cast->hub->getters));
}

/* Files that are read again: what is new is seen and started, what is gone is not, and nobody waits for it who did not want to. */
static void test_reload(void **state)
{
    struct cast *cast = *state;
    uint64_t one = ask(cast, cast->user, "a", false), waiting = ask(cast, cast->user, "a", true), far;

    run(cast);
    set_files(cast, make_file("e", true), NULL);
    assert_int_equal(world_take_status(cast->user, one), WIRE_NO_SERVICE);
    assert_false(has_reply(cast->user));
    assert_int_equal(world_take_status(cast->far, ask(cast, cast->far, "d", false)), WIRE_NO_SERVICE);
    far = ask(cast, cast->far, "e", false);
    run(cast);
    assert_int_equal(cast->n_starts, 2);
    world_cancel(cast->user, waiting);
    world_cancel(cast->far, far);
}

static void test_owner(void **state)
{
    struct cast *cast = *state;

    assert_int_equal(add(cast->user, "a", false), WIRE_DENIED);
    assert_int_equal(add(world_app_new(&cast->world, 0, "root", 0), "a", false), WIRE_OK);
    assert_int_equal(add(cast->user, "b", false), WIRE_OK);
}

static uint64_t start_a(struct cast *cast)
{
    uint64_t id = ask(cast, cast->user, "a", false);

    run(cast);
    assert_int_equal(add(cast->program, "a", false), WIRE_OK);
    run(cast);
    return take_object(cast->user, id);
}

/* While a reference is held it stays; who looks it up while it ends gets the next one. */
static void test_idle(void **state)
{
    struct cast *cast = *state;
    uint64_t handle = start_a(cast), id;

    cast->now_ms = 100000;
    run(cast);
    assert_int_equal(cast->n_signals, 0);
    world_release(cast->user, handle, 1);
    run(cast);
    cast->now_ms = 104999;
    run(cast);
    assert_int_equal(cast->n_signals, 0);
    cast->now_ms = 105000;
    run(cast);
    assert_int_equal(cast->n_signals, 1);
    id = ask(cast, cast->user, "a", false);
    hub_activate_exited(cast->activate, 1, 15, cast->now_ms);
    run(cast);
    assert_false(has_reply(cast->user)); /* its process is gone, its connection not yet */
    world_app_close(cast->program);
    cast->program = world_app_new(&cast->world, 0, "program", 2000);
    run(cast);
    run(cast);
    assert_int_equal(cast->n_starts, 2);
    assert_int_equal(add(cast->program, "a", false), WIRE_OK);
    take_object(cast->user, id);
}

/* Looked up and given back within one turn: its time begins anew. */
static void test_short_use(void **state)
{
    struct cast *cast = *state;

    world_release(cast->user, start_a(cast), 1);
    run(cast);
    cast->now_ms = 4999;
    world_release(cast->user, world_get(cast->user, 0, "a"), 1);
    run(cast);
    cast->now_ms = 9998;
    run(cast);
    assert_int_equal(cast->n_signals, 0);
    cast->now_ms = 9999;
    run(cast);
    assert_int_equal(cast->n_signals, 1);
}

/* "name:pid " of each entry of SERVICE_LIST. */
static const char *list(struct world_app *app, char text[256])
{
    uint64_t id = world_ask(app, WIRE_HUB_SERVICE_LIST, NULL, "s", "");
    struct wire_reader reader;
    struct world_msg *msg;

    world_run(app->device->world);
    msg = world_take_reply(app, id);
    wire_reader_init(&reader, msg->reply.data.data, msg->reply.data.size);
    text[0] = '\0';
    for (uint32_t n = wire_value_get_u32(&reader); n > 0; n--) {
        struct wire_str name = wire_value_get_str(&reader, 255);
        bool is_distributed = wire_value_get_bool(&reader);
        struct wire_str app_name = wire_value_get_str(&reader, 255);

        wire_value_get_u32(&reader);
        snprintf(text + strlen(text), 256 - strlen(text), "%s%s:%s ", name.text, is_distributed ? "+" : "", app_name.text);
    }
    assert_int_equal(wire_reader_end(&reader), 0);
    return text;
}

static void test_list(void **state)
{
    struct cast *cast = *state;
    char text[256];

    assert_string_equal(list(cast->user, text), "a: d+: ");
    assert_int_equal(add(cast->program, "d", false), WIRE_OK);
    assert_string_equal(list(cast->user, text), "d:program a: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_started, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_from_afar, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sessions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_owner, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_idle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_short_use, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_list, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
