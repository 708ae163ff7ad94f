/* softbusd/service_file.c and service_folder.c: every key, every mistake, and which files of a folder count. */
#include "softbusd/service_file.h"

#include <errno.h>
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
    *ret_user = (struct hub_user){ .uid = 1001, .gid = 100, .name = "joe", .home = "/home/joe" };
    if (name[0] >= '0' && name[0] <= '9')
        ret_user->uid = (uint32_t)atoi(name);
    return name[0] <= '9' || !strcmp(name, "joe") ? 0 : -ENOENT;
}

static size_t get_groups(const struct hub_user *user, uint32_t *gids, size_t size)
{
    assert_int_equal(size, HUB_GROUPS_MAX);
    gids[0] = user->gid;
    gids[1] = 29;
    return 2;
}

static const struct hub_names fake_names = { .find_user = find_user, .get_groups = get_groups };

static int parse(uint32_t own_uid, const char *text, struct reports *reports, struct hub_service_file **ret_file)
{
    const struct hub_service_reader reader = { .names = &fake_names, .own_uid = own_uid, .report = collect, .userdata = reports };

    memset(reports, 0, sizeof(*reports));
    return hub_service_file_parse(&reader, "FILE", text, strlen(text), ret_file);
}

static void test_whole_file(void **state)
{
    struct hub_service_file *file = NULL;
    struct reports reports;

    (void)state;
    assert_int_equal(parse(0, "[service]\nname = a.b, c\nname = d\nexec = /bin/x  -y \"a b\" \"\" z\nuser = joe\nstart_timeout = 300\n"
                              "idle_timeout = 604800\ndistributed = yes\n", &reports, &file), 0);
    assert_string_equal(file->path, "FILE");
    assert_int_equal(file->n_names, 3);
    assert_string_equal(file->names[0], "a.b");
    assert_string_equal(file->names[2], "d");
    assert_int_equal(file->n_arguments, 5);
    assert_string_equal(file->arguments[0], "/bin/x");
    assert_string_equal(file->arguments[2], "a b");
    assert_string_equal(file->arguments[3], "");
    assert_string_equal(file->arguments[4], "z");
    assert_null(file->arguments[5]);
    assert_int_equal(file->user.uid, 1001);
    assert_int_equal(file->n_groups, 2);
    assert_int_equal(file->groups[1], 29);
    assert_int_equal(file->start_timeout_ms, 300000);
    assert_int_equal(file->idle_timeout_ms, 604800000);
    assert_true(file->is_distributed);
    hub_service_file_free(file);
}

static void test_defaults(void **state)
{
    struct hub_service_file *file = NULL;
    struct reports reports;

    (void)state;
    assert_int_equal(parse(1001, "[service]\nname = a\nexec = /bin/x\n", &reports, &file), 0);
    assert_int_equal(file->start_timeout_ms, 10000);
    assert_int_equal(file->idle_timeout_ms, 0);
    assert_false(file->is_distributed);
    assert_int_equal(file->user.uid, 1001);
    assert_string_equal(file->user.home, "/home/joe");
    hub_service_file_free(file);
    /* Named, it must be the daemon's own; root runs as root where that is written. */
    assert_int_equal(parse(1001, "[service]\nname = a\nexec = /bin/x\nuser = joe\n", &reports, &file), 0);
    hub_service_file_free(file);
    assert_int_equal(parse(0, "[service]\nname = a\nexec = /bin/x\nuser = 0\n", &reports, &file), 0);
    assert_int_equal(file->user.uid, 0);
    hub_service_file_free(file);
}

#define REST "name = a\nexec = /x\nuser = joe\n"

static void test_mistakes(void **state)
{
    static const struct {
        uint32_t own_uid;
        const char *text, *expected;
    } rows[] = {
        { 0, "[service]\n" REST "user = joe\n", "FILE:5: [service] user = joe: expected the key to stand here once\n" },
        { 0, "[service]\n" REST "exec = /y\n", "FILE:5: [service] exec = /y: expected the key to stand here once\n" },
        { 0, "[service]\n" REST "nice = 1\n",
          "FILE:5: [service] nice = 1: expected the key name, exec, user, start_timeout, idle_timeout or distributed\n" },
        { 0, "[service]\n" REST "[service]\n", "FILE:5: [service]: the section stands here for the second time; it began in line 1\n" },
        { 0, "[Service]\n" REST,
          "FILE:1: [Service]: expected [service]; see softbusd.service(5)\n" },
        { 0, "# nothing\n", "FILE:1: [service]: expected this section to be there\n" },
        { 0, "[service]\n", "FILE:1: [service]: expected the key name\nFILE:1: [service]: expected the key exec\n"
          "FILE:1: [service]: expected the key user: a daemon that is root runs programs as root only where the file says so\n" },
        { 7, "\n\n[service]\n", "FILE:3: [service]: expected the key name\nFILE:3: [service]: expected the key exec\n" },
        { 0, "[service]\n" REST "name = a\n", "FILE:5: [service] name = a: expected each name once\n" },
        { 0, "[service]\n" REST "name =\n", "FILE:5: [service] name = : expected one or several service names, separated by commas\n" },
        { 0, "[service]\n" REST "name = b, c/d\n",
          "FILE:5: [service] name = b, c/d: expected service names, separated by commas: the name c/d has a character other than letters, "
          "digits, '.', '_' and '-'\n" },
        { 0, "[service]\nname = a\nuser = joe\nexec = x\n",
          "FILE:4: [service] exec = x: expected the absolute path of a program, and perhaps arguments\n" },
        { 0, "[service]\nname = a\nuser = joe\nexec =\n",
          "FILE:4: [service] exec = : expected the absolute path of a program, and perhaps arguments\n" },
        { 0, "[service]\nname = a\nuser = joe\nexec = /x \"a\n",
          "FILE:4: [service] exec = /x \"a: expected a word in double quotes to be quoted as a whole\n" },
        { 0, "[service]\nname = a\nuser = joe\nexec = /x \"a\"b\n",
          "FILE:4: [service] exec = /x \"a\"b: expected a word in double quotes to be quoted as a whole\n" },
        { 0, "[service]\nname = a\nuser = joe\nexec = /x a\"b\"\n",
          "FILE:4: [service] exec = /x a\"b\": expected a word in double quotes to be quoted as a whole\n" },
        { 0, "[service]\nname = a\nexec = /x\nuser = jim\n",
          "FILE:4: [service] user = jim: expected a user of /etc/passwd or a number\n" },
        { 0, "[service]\nname = a\nexec = /x\nuser =\n", "FILE:4: [service] user = : expected a user of /etc/passwd or a number\n" },
        { 7, "[service]\n" REST,
          "FILE:4: [service] user = joe: expected the user of this daemon, which is not root and cannot run programs as another\n" },
        { 0, "[service]\n" REST "start_timeout = 0\n", "FILE:5: [service] start_timeout = 0: expected a number from 1 to 300, in s\n" },
        { 0, "[service]\n" REST "start_timeout = 301\n", "FILE:5: [service] start_timeout = 301: expected a number from 1 to 300, in s\n" },
        { 0, "[service]\n" REST "idle_timeout = 1h\n", "FILE:5: [service] idle_timeout = 1h: expected a number from 0 to 604800, in s\n" },
        { 0, "[service]\n" REST "idle_timeout = 604801\n",
          "FILE:5: [service] idle_timeout = 604801: expected a number from 0 to 604800, in s\n" },
        { 0, "[service]\n" REST "idle_timeout = 18446744073709551617\n",
          "FILE:5: [service] idle_timeout = 18446744073709551617: expected a number from 0 to 604800, in s\n" },
        { 0, "[service]\n" REST "distributed = true\n", "FILE:5: [service] distributed = true: expected yes or no\n" },
    };
    struct hub_service_file *file = NULL;
    struct reports reports;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse(rows[i].own_uid, rows[i].text, &reports, &file), -EINVAL);
        assert_null(file);
        assert_string_equal(reports.text, rows[i].expected);
    }
}

static void test_bounds(void **state)
{
    struct hub_service_file *file = NULL;
    struct reports reports;
    char text[2048], *end;

    (void)state;
    end = text + sprintf(text, "[service]\nuser = joe\nexec = /x");
    for (unsigned i = 1; i < HUB_SERVICE_ARGUMENTS_MAX; i++)
        end += sprintf(end, " %u", i % 10);
    strcpy(end, "\nname = a\n");
    assert_int_equal(parse(0, text, &reports, &file), 0);
    assert_int_equal(file->n_arguments, 64);
    file = hub_service_file_free(file);
    strcpy(end, " x\nname = a\n");
    assert_int_equal(parse(0, text, &reports, &file), -EINVAL);
    assert_non_null(strstr(reports.text, "expected at most 63 arguments"));
    end = text + sprintf(text, "[service]\nuser = joe\nexec = /x\n");
    for (unsigned i = 0; i < HUB_SERVICE_NAMES_MAX; i++)
        end += sprintf(end, "name = n%u\n", i);
    assert_int_equal(parse(0, text, &reports, &file), 0);
    file = hub_service_file_free(file);
    strcpy(end, "name = more\n");
    assert_int_equal(parse(0, text, &reports, &file), -EINVAL);
    assert_non_null(strstr(reports.text, "expected at most 32 names"));
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, 0644), 0);
}

static void test_folder(void **state)
{
    char dir[] = "/tmp/test-services-XXXXXX", command[64];
    struct reports reports = { .n = 0 };
    const struct hub_service_reader reader = { .names = &fake_names, .own_uid = 1001, .report = collect, .userdata = &reports };
    struct hub_service_file **files;
    size_t n;

    (void)state;
    assert_int_equal(hub_service_files_read(&reader, "/no/such/folder", &files, &n), 0);
    assert_int_equal(n, 0);
    hub_service_files_free(files, n);
    assert_non_null(mkdtemp(dir));
    write_file(dir, "b.service", "[service]\nname = b\nexec = /b\n");
    write_file(dir, "a.service", "[service]\nname = a, a2\nexec = /a\n");
    write_file(dir, "a.service~", "nonsense");
    write_file(dir, ".service", "nonsense");
    write_file(dir, ".x.service", "nonsense");
    assert_int_equal(hub_service_files_read(&reader, dir, &files, &n), 0);
    assert_int_equal(reports.n, 0);
    assert_int_equal(n, 2);
    assert_string_equal(files[0]->names[1], "a2");
    hub_service_files_free(files, n);
    /* What is wrong is left out. */
    write_file(dir, "c.service", "[service]\nname = c, b\nexec = /b\n");
    write_file(dir, "d.service", "[service]\nname = d\n");
    assert_int_equal(hub_service_files_read(&reader, dir, &files, &n), -EINVAL);
    assert_int_equal(n, 2);
    assert_int_equal(reports.n, 2);
    assert_non_null(strstr(reports.text, "c.service: the service b is offered by the program of /tmp/test-services-"));
    assert_non_null(strstr(reports.text, "d.service:1: [service]: expected the key exec\n"));
    hub_service_files_free(files, n);
    assert_int_equal(chmod(dir, 0777), 0);
    assert_int_equal(hub_service_files_read(&reader, dir, &files, &n), -EINVAL);
    assert_int_equal(n, 0);
    assert_non_null(strstr(reports.text, ": others than root and the daemon's user may write to it: chown it, and chmod go-w it\n"));
    hub_service_files_free(files, n);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_file),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
