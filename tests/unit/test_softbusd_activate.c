/* softbusd/activate.c: when programs are started, given up, and ended. Time is given; processes are numbers. */
#include "softbusd/activate.h"

#include "base/log.h"
#include "softbusd/service_file.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EXITED(status) ((status) << 8)
#define NEVER HUB_ACTIVATE_NEVER

struct stage {
    struct hub_activate *activate;
    struct sb_log log;
    char acts[512];     /* what was asked for, one word each */
    char there[64], used[64]; /* one letter per name */
    pid_t last_pid;
    int start_error;
    bool is_woken, shall_want; /* retry: the look-up wants it again */
    char log_text[2048];
};

static void act(struct stage *stage, const char *format, ...) __attribute__((__format__(printf, 2, 3)));

static void act(struct stage *stage, const char *format, ...)
{
    size_t used = strlen(stage->acts);
    va_list args;

    va_start(args, format);
    vsnprintf(stage->acts + used, sizeof(stage->acts) - used, format, args);
    va_end(args);
}

static void wake(void *userdata)
{
    ((struct stage *)userdata)->is_woken = true;
}

static int start(void *userdata, const struct hub_service_file *file, pid_t *ret_pid, char *error_text, size_t error_size)
{
    struct stage *stage = userdata;

    act(stage, "start:%s ", file->arguments[0]);
    if (stage->start_error < 0) {
        snprintf(error_text, error_size, "cannot");
        return stage->start_error;
    }
    *ret_pid = ++stage->last_pid;
    return 0;
}

static void send_signal(void *userdata, pid_t pid, int number)
{
    act(userdata, "%s:%d ", number == SIGTERM ? "term" : "kill", (int)pid);
}

static bool is_there(void *userdata, const char *name)
{
    return strstr(((struct stage *)userdata)->there, name) != NULL;
}

static bool is_used(void *userdata, const char *name)
{
    return strstr(((struct stage *)userdata)->used, name) != NULL;
}

static void retry(void *userdata, const char *name)
{
    struct stage *stage = userdata;

    act(stage, "retry:%s ", name);
    if (stage->shall_want)
        hub_activate_want(stage->activate, name, strlen(name), false);
}

static void fail_name(void *userdata, const char *name)
{
    act(userdata, "fail:%s ", name);
}

static void show(void *userdata, const char *name, bool is_startable)
{
    act(userdata, "%s:%s ", is_startable ? "show" : "hide", name);
}

static void sink(void *userdata, enum sb_log_level level, const char *line)
{
    struct stage *stage = userdata;
    size_t used = strlen(stage->log_text);

    (void)level;
    snprintf(stage->log_text + used, sizeof(stage->log_text) - used, "%s\n", line);
}

/* names: single letters. */
static struct hub_service_file *make_file(const char *path, const char *names, uint64_t start_s, uint64_t idle_s, bool is_distributed)
{
    struct hub_service_file *file = calloc(1, sizeof(*file));

    file->path = strdup(path);
    file->n_names = strlen(names);
    file->names = calloc(file->n_names, sizeof(char *));
    for (size_t i = 0; i < file->n_names; i++)
        file->names[i] = strndup(names + i, 1);
    file->arguments = calloc(2, sizeof(char *));
    file->arguments[0] = strdup(path);
    file->n_arguments = 1;
    file->start_timeout_ms = start_s * 1000;
    file->idle_timeout_ms = idle_s * 1000;
    file->is_distributed = is_distributed;
    return file;
}

static void set_files(struct stage *stage, struct hub_service_file *a, struct hub_service_file *b)
{
    struct hub_service_file **files = calloc(2, sizeof(struct hub_service_file *));

    files[0] = a ? a : b;
    files[1] = b;
    assert_int_equal(hub_activate_set_files(stage->activate, files, (a ? 1 : 0) + (b ? 1u : 0)), 0);
}

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    const struct hub_activate_ops ops = { .userdata = stage, .wake = wake, .start = start, .signal = send_signal, .is_there = is_there,
                                          .is_used = is_used, .retry = retry, .fail = fail_name, .show = show };

    stage->log = (struct sb_log){ .level = SB_LOG_DEBUG, .sink = sink, .userdata = stage };
    stage->last_pid = 100;
    assert_int_equal(hub_activate_new(&ops, &stage->log, &stage->activate), 0);
    set_files(stage, make_file("P", "ab", 10, 5, false), make_file("Q", "c", 3, 0, true));
    assert_string_equal(stage->acts, "show:c ");
    stage->acts[0] = '\0';
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;

    hub_activate_free(stage->activate);
    free(stage);
    return 0;
}

static enum wire_status want(struct stage *stage, const char *name)
{
    return hub_activate_want(stage->activate, name, strlen(name), false);
}

/* Runs, and checks what was done and when the next run is due. */
static void run(struct stage *stage, uint64_t now_ms, const char *acts, uint64_t next_ms)
{
    uint64_t due_ms = hub_activate_run(stage->activate, now_ms);

    assert_string_equal(stage->acts, acts);
    assert_int_equal(due_ms, next_ms);
    stage->acts[0] = '\0';
    stage->is_woken = false;
}

static void exited(struct stage *stage, pid_t pid, int status, uint64_t now_ms, const char *acts)
{
    assert_true(hub_activate_exited(stage->activate, pid, status, now_ms));
    assert_string_equal(stage->acts, acts);
    stage->acts[0] = '\0';
}

static void appear(struct stage *stage, const char *names)
{
    strcpy(stage->there, names);
    for (; *names; names++)
        hub_activate_touch(stage->activate, names, 1);
    assert_true(stage->is_woken);
}

static void test_who_is_startable(void **state)
{
    struct stage *stage = *state;
    struct hub_startable startable;

    assert_int_equal(want(stage, "d"), WIRE_NO_SERVICE);
    assert_int_equal(want(stage, "ab"), WIRE_NO_SERVICE);
    assert_int_equal(hub_activate_want(stage->activate, "a", 1, true), WIRE_NO_SERVICE); /* not for other devices */
    assert_int_equal(hub_activate_want(stage->activate, "c", 1, true), WIRE_OK);
    assert_int_equal(hub_activate_want(NULL, "c", 1, true), WIRE_NO_SERVICE);
    assert_false(hub_activate_is_ending(NULL, "c", 1));
    assert_true(hub_activate_get(stage->activate, 1, &startable));
    assert_string_equal(startable.name, "b");
    assert_false(hub_activate_get(stage->activate, 3, &startable));
    assert_false(hub_activate_get(NULL, 0, &startable));
    assert_string_equal(hub_activate_find(stage->activate, "c", 1)->path, "Q");
    assert_false(hub_activate_exited(stage->activate, 1, 0, 0));
}

static void test_started_once(void **state)
{
    struct stage *stage = *state;

    run(stage, 0, "", NEVER);
    assert_int_equal(want(stage, "a"), WIRE_OK);
    assert_true(stage->is_woken);
    assert_int_equal(want(stage, "a"), WIRE_OK);
    assert_int_equal(want(stage, "b"), WIRE_OK);
    run(stage, 1000, "start:P ", 11000);
    assert_int_equal(want(stage, "b"), WIRE_OK);
    run(stage, 2000, "", 11000);
    assert_int_equal(hub_activate_count(stage->activate), 1);
    assert_int_equal(hub_activate_get_pid(stage->activate, 0), 101);
    assert_int_equal(hub_activate_get_pid(stage->activate, 1), 0);
    appear(stage, "a");
    run(stage, 3000, "", 11000); /* not all yet */
    appear(stage, "ab");
    strcpy(stage->used, "b");
    run(stage, 4000, "", NEVER);
    run(stage, 999000, "", NEVER);
}

/* Whoever looks it up in the meantime is told at once; each failure doubles the time, a success begins anew. */
static void test_back_off(void **state)
{
    static const unsigned seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
    struct stage *stage = *state;
    uint64_t now_ms = 1000;

    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        uint64_t due_ms = now_ms + seconds[i] * 1000;

        assert_int_equal(want(stage, "c"), WIRE_OK);
        run(stage, now_ms, "start:Q ", now_ms + 3000);
        exited(stage, stage->last_pid, EXITED(3), now_ms, "fail:c ");
        assert_int_equal(want(stage, "c"), WIRE_START);
        run(stage, due_ms - 1, "", due_ms);
        assert_int_equal(want(stage, "c"), WIRE_START);
        run(stage, due_ms, "", NEVER);
        now_ms = due_ms;
    }
    assert_non_null(strstr(stage->log_text, "program of service c failed: it exited with status 3 file=Q next_try_in_s=60\n"));
    assert_int_equal(want(stage, "c"), WIRE_OK);
    run(stage, now_ms, "start:Q ", now_ms + 3000);
    appear(stage, "c");
    hub_activate_run(stage->activate, now_ms);
    stage->there[0] = '\0';
    exited(stage, stage->last_pid, SIGSEGV, now_ms, "");
    run(stage, now_ms, "retry:c ", NEVER);
    assert_int_equal(want(stage, "c"), WIRE_OK); /* it ran: at once */
    run(stage, now_ms, "start:Q ", now_ms + 3000);
    exited(stage, stage->last_pid, EXITED(0), now_ms, "fail:c ");
    run(stage, now_ms, "", now_ms + 1000);
}

static void test_cannot_start(void **state)
{
    struct stage *stage = *state;

    stage->start_error = -ENOENT;
    assert_int_equal(want(stage, "a"), WIRE_OK);
    run(stage, 0, "start:P fail:a fail:b ", 1000);
    assert_int_equal(want(stage, "b"), WIRE_START);
    assert_int_equal(hub_activate_count(stage->activate), 0);
    assert_non_null(strstr(stage->log_text, "program of service a failed: cannot file=P next_try_in_s=1\n"));
}

static void test_start_times_out(void **state)
{
    struct stage *stage = *state;

    want(stage, "c");
    run(stage, 0, "start:Q ", 3000);
    run(stage, 2999, "", 3000);
    run(stage, 3000, "term:101 fail:c ", 3000 + HUB_ACTIVATE_KILL_MS);
    assert_int_equal(want(stage, "c"), WIRE_START);
    run(stage, 8000, "kill:101 ", 13000); /* back-off is over, but it still lives */
    assert_int_equal(want(stage, "c"), WIRE_START);
    exited(stage, 101, SIGKILL, 8001, "");
    run(stage, 8001, "", NEVER);
    assert_int_equal(want(stage, "c"), WIRE_OK);
}

/* One of two is better than none. */
static void test_offers_some(void **state)
{
    struct stage *stage = *state;

    want(stage, "b");
    run(stage, 0, "start:P ", 10000);
    appear(stage, "a");
    hub_activate_run(stage->activate, 1);
    run(stage, 10000, "fail:a fail:b ", 15000);
    assert_non_null(strstr(stage->log_text, "offers only some of its services number=1 of=2"));
    /* Looked up again, it is waited for as long again, and then nobody knows. */
    strcpy(stage->used, "a");
    run(stage, 10000, "", NEVER);
    assert_int_equal(want(stage, "b"), WIRE_OK);
    run(stage, 20000, "", 30000);
    run(stage, 30000, "fail:a fail:b ", NEVER);
    /* Wanted when it ends: its successor is started. */
    assert_int_equal(want(stage, "b"), WIRE_OK);
    run(stage, 31000, "", 41000);
    stage->shall_want = true;
    stage->there[0] = '\0';
    exited(stage, 101, EXITED(0), 32000, "");
    run(stage, 32000, "retry:a retry:b ", NEVER);
    run(stage, 32000, "start:P ", 42000);
}

static void start_p(struct stage *stage, uint64_t now_ms)
{
    want(stage, "a");
    run(stage, now_ms, "start:P ", now_ms + 10000);
    appear(stage, "ab");
    strcpy(stage->used, "a");
    run(stage, now_ms, "", NEVER);
}

static void release(struct stage *stage)
{
    stage->used[0] = '\0';
    hub_activate_touch(stage->activate, "a", 1);
}

static void test_idle(void **state)
{
    struct stage *stage = *state;

    start_p(stage, 0);
    run(stage, 100000, "", NEVER);
    release(stage);
    run(stage, 100000, "", 105000);
    run(stage, 104999, "", 105000);
    /* Taken and let go of within one turn: used all the same. */
    hub_activate_touch(stage->activate, "b", 1);
    run(stage, 104999, "", 109999);
    strcpy(stage->used, "b");
    hub_activate_touch(stage->activate, "b", 1);
    run(stage, 109000, "", NEVER);
    release(stage);
    run(stage, 110000, "", 115000);
    assert_false(hub_activate_is_ending(stage->activate, "a", 1));
    run(stage, 115000, "term:101 ", 120000);
    assert_true(hub_activate_is_ending(stage->activate, "a", 1));
    assert_int_equal(want(stage, "a"), WIRE_OK); /* waits for the next one */
    run(stage, 120000, "kill:101 ", 125000);
    exited(stage, 101, SIGKILL, 120001, "");
    /* Its end is known before that of its connection. */
    run(stage, 120001, "", 121001);
    assert_true(hub_activate_is_ending(stage->activate, "a", 1));
    stage->there[0] = '\0';
    stage->shall_want = true;
    hub_activate_touch(stage->activate, "a", 1);
    run(stage, 120002, "retry:a retry:b ", NEVER);
    run(stage, 120002, "start:P ", 130002);
}

/* A name that somebody else has keeps nobody waiting for long. */
static void test_name_of_another(void **state)
{
    struct stage *stage = *state;

    start_p(stage, 0);
    exited(stage, 101, SIGSEGV, 10, "");
    run(stage, 10, "", 1010);
    run(stage, 1010, "retry:a retry:b ", NEVER);
    /* All of it is there: nothing to start. */
    stage->shall_want = false;
    want(stage, "a");
    run(stage, 1010, "retry:a retry:b ", NEVER);
}

static void test_reload(void **state)
{
    struct stage *stage = *state;

    start_p(stage, 0);
    want(stage, "c");
    run(stage, 0, "start:Q ", 3000);
    exited(stage, 102, EXITED(1), 0, "fail:c ");
    run(stage, 0, "", 1000);
    /* P runs on under its new names; Q may be tried at once, and is not for other devices any more. */
    set_files(stage, make_file("P", "ae", 10, 0, true), make_file("Q", "c", 3, 0, false));
    assert_string_equal(stage->acts, "hide:c show:a show:e retry:a retry:b retry:c ");
    stage->acts[0] = '\0';
    assert_int_equal(want(stage, "b"), WIRE_NO_SERVICE);
    assert_int_equal(want(stage, "c"), WIRE_OK);
    run(stage, 1, "start:Q ", 3001);
    assert_int_equal(hub_activate_get_pid(stage->activate, 0), 101);
    assert_int_equal(want(stage, "e"), WIRE_OK); /* it runs and does not offer it: as at the start */
    run(stage, 2, "", 3001);
    /* Files that are gone: their programs are waited for. */
    set_files(stage, NULL, NULL);
    assert_string_equal(stage->acts, "hide:a hide:e retry:a retry:c retry:e ");
    stage->acts[0] = '\0';
    run(stage, 99000, "", NEVER);
    assert_int_equal(hub_activate_count(stage->activate), 2);
    assert_int_equal(want(stage, "a"), WIRE_NO_SERVICE);
    exited(stage, 101, EXITED(0), 0, "");
    exited(stage, 103, EXITED(0), 0, "");
    assert_int_equal(hub_activate_count(stage->activate), 0);
    set_files(stage, NULL, make_file("Q", "c", 3, 0, true));
    assert_string_equal(stage->acts, "show:c ");
}

/* What is being ended when its file goes is still killed. */
static void test_orphan_is_killed(void **state)
{
    struct stage *stage = *state;

    start_p(stage, 0);
    release(stage);
    run(stage, 0, "", 5000);
    run(stage, 5000, "term:101 ", 10000);
    set_files(stage, NULL, NULL);
    stage->acts[0] = '\0';
    run(stage, 10000, "kill:101 ", 15000);
    exited(stage, 101, SIGKILL, 10001, "");
    run(stage, 10001, "", NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_is_startable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_started_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_back_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cannot_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_start_times_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_offers_some, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_idle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_name_of_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_orphan_is_killed, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
