/* The trust store: text and file. */
#include "session/trust.h"
#include "session/trust_io.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct wire_devid make_id(unsigned n)
{
    struct wire_devid id = { { (uint8_t)(n * 37), (uint8_t)n, (uint8_t)(n >> 8) } };

    return id;
}

static void test_store(void **state)
{
    struct sess_trust trust, again;
    struct wire_devid id = make_id(7);
    char name[66] = "";
    unsigned line;
    char *text;

    (void)state;
    sess_trust_init(&trust);
    sess_trust_init(&again);
    for (unsigned n = 0; n < SESS_TRUST_MAX; n++) {
        struct wire_devid other = make_id(n);

        snprintf(name, sizeof(name), "device %u", n);
        assert_int_equal(sess_trust_add(&trust, &other, name), 0);
    }
    id = make_id(5000);
    assert_int_equal(sess_trust_add(&trust, &id, ""), -ENOSPC);
    id = make_id(7);
    assert_string_equal(sess_trust_find(&trust, &id)->name, "device 7");
    assert_int_equal(sess_trust_add(&trust, &id, ""), 0);
    text = sess_trust_format(&trust);
    assert_int_equal(sess_trust_parse(&again, text, strlen(text), &line), 0);
    assert_int_equal(again.n_entries, SESS_TRUST_MAX);
    assert_memory_equal(again.entries, trust.entries, sizeof(trust.entries[0]) * SESS_TRUST_MAX);
    free(text);
    assert_int_equal(sess_trust_remove(&trust, &id), 0);
    assert_int_equal(sess_trust_remove(&trust, &id), -ENOENT);
    assert_null(sess_trust_find(&trust, &id));
    memset(name, 'n', 64);
    assert_int_equal(sess_trust_add(&trust, &id, name), -EINVAL);
    name[63] = '\0';
    assert_int_equal(sess_trust_add(&trust, &id, name), 0);
    assert_int_equal(sess_trust_add(&trust, &id, "a\nb"), -EINVAL);
    assert_int_equal(sess_trust_add(&trust, &id, "\xff"), -EINVAL);
    sess_trust_deinit(&trust);
    sess_trust_deinit(&again);
}

static void test_lines(void **state)
{
    char id[WIRE_DEVID_TEXT_SIZE], wrong[WIRE_DEVID_TEXT_SIZE], text[512];
    struct wire_devid value = make_id(3);
    struct sess_trust trust;
    unsigned line = 0;
    int size;

    (void)state;
    sess_trust_init(&trust);
    wire_devid_format(&value, id);
    memcpy(wrong, id, sizeof(id));
    wrong[0] = wrong[0] == 'A' ? 'B' : 'A';
    size = snprintf(text, sizeof(text), "# comment\n\n  %s  living room \r\n", id);
    assert_int_equal(sess_trust_parse(&trust, text, (size_t)size, &line), 0);
    assert_string_equal(trust.entries[0].name, "living room");
    size = snprintf(text, sizeof(text), "\n%s a\n%s b", id, id);
    assert_int_equal(sess_trust_parse(&trust, text, (size_t)size, &line), -EEXIST);
    assert_int_equal(line, 3);
    size = snprintf(text, sizeof(text), "%s a", wrong);
    assert_int_equal(sess_trust_parse(&trust, text, (size_t)size, &line), -EBADMSG);
    assert_int_equal(line, 1);
    assert_int_equal(sess_trust_parse(&trust, "x\0y", 3, &line), -EINVAL);
    assert_string_equal(trust.entries[0].name, "living room"); /* unchanged by all that */
    sess_trust_deinit(&trust);
}

static void test_file(void **state)
{
    char dir[] = "/tmp/softbus-test-XXXXXX", path[64], error[256] = "";
    struct wire_devid id = make_id(3);
    struct sess_trust trust, again;
    struct stat status;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/trust", dir);
    sess_trust_init(&trust);
    sess_trust_init(&again);
    assert_int_equal(sess_trust_load(&trust, path, error, sizeof(error)), 0); /* missing: empty */
    assert_int_equal(sess_trust_add(&trust, &id, "x"), 0);
    assert_int_equal(sess_trust_save(&trust, path), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(sess_trust_load(&again, path, error, sizeof(error)), 0);
    assert_non_null(sess_trust_find(&again, &id));
    chmod(path, 0622);
    assert_int_equal(sess_trust_load(&again, path, error, sizeof(error)), -EACCES);
    assert_non_null(strstr(error, path));
    chmod(path, 0600);
    file = fopen(path, "ae");
    fputs("\nnonsense\n", file);
    fclose(file);
    assert_int_equal(sess_trust_load(&again, path, error, sizeof(error)), -EINVAL);
    assert_non_null(strstr(error, "trust:3: "));
    assert_int_equal(again.n_entries, 1);
    unlink(path);
    rmdir(dir);
    assert_int_equal(sess_trust_save(&trust, path), -ENOENT);
    sess_trust_deinit(&trust);
    sess_trust_deinit(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
