/* softbusd/key.c: the key stays, and one that others may know is not used. */
#include "softbusd/key.h"

#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned n_lines;

static void count_line(void *userdata, enum sb_log_level level, const char *line)
{
    (void)userdata, (void)level, (void)line;
    n_lines++;
}

static const struct sb_log log_ = { .level = SB_LOG_DEBUG, .sink = count_line };
static char folder[] = "/tmp/softbus-key-XXXXXX", path[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/" HUB_KEY_FILE, folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void test_stays(void **state)
{
    uint64_t first[2], second[2];
    struct stat stat_;

    (void)state;
    hub_key_load(folder, &log_, first);
    assert_int_equal(stat(path, &stat_), 0);
    assert_int_equal(stat_.st_mode & 0777, 0600);
    assert_int_equal(stat_.st_size, 16);
    hub_key_load(folder, &log_, second);
    assert_true(first[0] == second[0] && first[1] == second[1]);
    assert_true(first[0] != first[1]);
}

static void test_not_ours_alone(void **state)
{
    uint64_t first[2], second[2];
    struct stat stat_;

    (void)state;
    hub_key_load(folder, &log_, first);
    assert_int_equal(chmod(path, 0640), 0);
    hub_key_load(folder, &log_, second);
    assert_true(first[0] != second[0]);
    assert_int_equal(stat(path, &stat_), 0);
    assert_int_equal(stat_.st_mode & 0777, 0600);
    assert_int_equal(truncate(path, 15), 0);
    hub_key_load(folder, &log_, first);
    assert_true(first[0] != second[0]);
}

static void test_no_place(void **state)
{
    uint64_t key[2] = { 0 };

    (void)state;
    hub_key_load("", &log_, key);
    assert_true(key[0] != 0);
    assert_int_equal(n_lines, 0);
    hub_key_load("/nonexistent", &log_, key);
    assert_int_equal(n_lines, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stays),
        cmocka_unit_test(test_not_ours_alone),
        cmocka_unit_test(test_no_place),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
