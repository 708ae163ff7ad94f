/* The device's key: made once, never replaced, refused when others may have had it; a full disk leaves nothing. */
#include "session/identity_io.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct place {
    char dir[32], key[64], crt[64], error[512];
};

static int place_init(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    strcpy(place->dir, "/tmp/softbus-test-XXXXXX");
    if (!mkdtemp(place->dir))
        return -1;
    snprintf(place->key, sizeof(place->key), "%s/device.key", place->dir);
    snprintf(place->crt, sizeof(place->crt), "%s/device.crt", place->dir);
    *state = place;
    return 0;
}

static int place_deinit(void **state)
{
    struct place *place = *state;

    unlink(place->key);
    unlink(place->crt);
    rmdir(place->dir);
    free(place);
    return 0;
}

static int load(struct place *place, struct wire_devid *ret_id)
{
    struct sess_identity *identity;
    int r = sess_identity_load(place->dir, &identity, place->error, sizeof(place->error));

    if (r == 0) {
        *ret_id = *sess_identity_get_id(identity);
        sess_identity_free(identity);
    }
    return r;
}

static unsigned count_files(const char *path)
{
    DIR *dir = opendir(path);
    unsigned n = 0;

    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 2;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    fputs(text, file);
    fclose(file);
}

static void test_made_once(void **state)
{
    struct place *place = *state;
    struct wire_devid first, second;
    struct stat status;

    assert_int_equal(load(place, &first), 0);
    assert_int_equal(stat(place->key, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(count_files(place->dir), 2);
    assert_int_equal(load(place, &second), 0);
    assert_true(wire_devid_is_equal(&first, &second));
}

static void test_permissions(void **state)
{
    struct place *place = *state;
    struct wire_devid id;

    assert_int_equal(load(place, &id), 0);
    chmod(place->key, 0640);
    assert_int_equal(load(place, &id), -EACCES);
    assert_non_null(strstr(place->error, place->key));
    assert_non_null(strstr(place->error, "chmod 600"));
    chmod(place->key, 0600);
    chmod(place->crt, 0644); /* is public */
    assert_int_equal(load(place, &id), 0);
}

static void test_damaged(void **state)
{
    struct place *place = *state;
    struct wire_devid id;
    char other[64];

    assert_int_equal(load(place, &id), 0);
    snprintf(other, sizeof(other), "%s/other", place->dir);
    rename(place->key, other);
    assert_int_equal(load(place, &id), -EBADMSG);
    assert_non_null(strstr(place->error, "is missing"));
    write_file(place->key, "-----BEGIN EC PRIVATE KEY-----\nnot a key\n");
    chmod(place->key, 0600);
    assert_int_equal(load(place, &id), -EBADMSG);
    assert_non_null(strstr(place->error, "damaged"));
    write_file(place->key, "");
    assert_int_equal(load(place, &id), -EBADMSG);
    rename(other, place->key);
    rename(place->crt, other);
    assert_int_equal(load(place, &id), -EBADMSG);
    assert_non_null(strstr(place->error, "device.crt: is missing"));
    /* a certificate of another key */
    unlink(place->key);
    assert_int_equal(load(place, &id), 0);
    rename(other, place->crt);
    assert_int_equal(load(place, &id), -EBADMSG);
    assert_non_null(strstr(place->error, "does not belong"));
}

/* RLIMIT_FSIZE makes every write fail, as a full disk does. */
static void test_no_room(void **state)
{
    struct place *place = *state;
    struct rlimit before, none;
    struct wire_devid id;
    int r;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    none = (struct rlimit){ .rlim_cur = 100, .rlim_max = before.rlim_max };
    setrlimit(RLIMIT_FSIZE, &none);
    r = load(place, &id);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(r, -EFBIG);
    assert_non_null(strstr(place->error, place->key));
    assert_int_equal(count_files(place->dir), 0);
    assert_int_equal(load(place, &id), 0);
}

static void test_no_folder(void **state)
{
    struct place *place = *state;
    struct place missing = *place;
    struct wire_devid id;

    strcat(missing.dir, "/no");
    assert_int_equal(load(&missing, &id), -ENOENT);
    assert_non_null(strstr(missing.error, "No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_made_once, place_init, place_deinit),
        cmocka_unit_test_setup_teardown(test_permissions, place_init, place_deinit),
        cmocka_unit_test_setup_teardown(test_damaged, place_init, place_deinit),
        cmocka_unit_test_setup_teardown(test_no_room, place_init, place_deinit),
        cmocka_unit_test_setup_teardown(test_no_folder, place_init, place_deinit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
