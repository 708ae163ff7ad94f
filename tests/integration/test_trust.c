/* Keys and trust, and a daemon that cannot start: strangers, damaged files, full disks, taken ports, wrong configuration. */
#include "tests/integration/kit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void start_devices(struct lab *lab)
{
    lab_device_add(lab, "a", NULL);
    lab_device_add(lab, "b", NULL);
}

static void state_path(struct lab_device *device, const char *file, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", lab_device_get_state_dir(device), file);
}

static size_t read_file(struct lab *lab, const char *path, char *data, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    LAB_CHECK(lab, fd >= 0);
    ssize_t n = read(fd, data, size);
    close(fd);
    LAB_CHECK(lab, n >= 0);
    return (size_t)n;
}

static void write_file(struct lab *lab, const char *path, const char *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);
    LAB_CHECK(lab, fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

/* b trusts a and dials it; a does not know b: one line, an alert, and nothing that b learns. */
static void test_stranger(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    lab_device_forget_log(a);
    LAB_OK(lab, softbus_trust_add(lab_device_get_admin(b), lab_device_get_id(a), NULL));
    LAB_UNTIL(lab, lab_device_has_logged(a, "refused"));
    LAB_UNTIL(lab, lab_device_has_logged(b, "alert") || lab_device_has_logged(b, "refuse"));
    LAB_EQUAL(lab, lab_device_sees(b, a), SOFTBUS_DEVICE_OFFLINE);
    LAB_EQUAL(lab, lab_device_get_status(a, "sessions"), 0);
    struct softbus_device_info *devices;
    size_t n;
    LAB_OK(lab, softbus_device_list(lab_device_get_admin(b), &devices, &n));
    LAB_EQUAL(lab, n, 1);
    LAB_TEXT(lab, devices[0].name, ""); /* not even its name */
    LAB_EQUAL(lab, devices[0].n_services, 0);
    free(devices);
    struct softbus *bus = lab_bus_open(lab, b, "curious");
    struct softbus_object *object;
    LAB_RESULT(lab, softbus_service_get(bus, lab_device_get_id(a), "any", 0, &object), SOFTBUS_ERR_DEVICE_OFFLINE);
    /* One line for each connection (it dials every address), and no other. */
    LAB_EQUAL(lab, lab_device_count_log(a, "warning"), lab_device_count_log(a, "is not trusted"));
    LAB_EQUAL(lab, lab_device_count_log(a, lab_device_get_id(b)), lab_device_count_log(a, "is not trusted") +
              lab_device_count_log(a, "device found"));
}

static void test_trust_is_kept(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    lab_meet(a, b);
    lab_device_stop(a);
    lab_device_start(a);
    LAB_UNTIL(lab, lab_device_sees(a, b) == SOFTBUS_DEVICE_ONLINE);
    struct softbus_trust_info *entries;
    size_t n;
    LAB_OK(lab, softbus_trust_list(lab_device_get_admin(a), &entries, &n));
    LAB_EQUAL(lab, n, 1);
    LAB_TEXT(lab, entries[0].id, lab_device_get_id(b));
    LAB_TEXT(lab, entries[0].name, "b");
    free(entries);
}

static void test_trust_arguments(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct softbus *admin = lab_device_get_admin(a);
    char wrong[SOFTBUS_DEVICE_ID_SIZE], long_name[65];
    snprintf(wrong, sizeof(wrong), "%s", lab_device_get_id(b));
    wrong[0] = wrong[0] == 'A' ? 'B' : 'A';
    memset(long_name, 'n', 64);
    long_name[64] = '\0';
    LAB_RESULT(lab, softbus_trust_add(admin, wrong, NULL), SOFTBUS_ERR_BAD_DEVICE_ID);
    LAB_RESULT(lab, softbus_trust_add(admin, "", NULL), SOFTBUS_ERR_BAD_DEVICE_ID);
    LAB_RESULT(lab, softbus_trust_add(admin, lab_device_get_id(a), NULL), SOFTBUS_ERR_INVALID);
    LAB_RESULT(lab, softbus_trust_add(admin, lab_device_get_id(b), long_name), SOFTBUS_ERR_INVALID);
    LAB_RESULT(lab, softbus_trust_remove(admin, wrong), SOFTBUS_ERR_BAD_DEVICE_ID);
    LAB_OK(lab, softbus_trust_add(admin, lab_device_get_id(b), "another name"));
    LAB_EQUAL(lab, lab_device_sees(a, b), SOFTBUS_DEVICE_ONLINE);
}

static int try_administration(struct lab_app *app, struct softbus *root_bus, void *userdata)
{
    const char *socket = userdata;
    (void)root_bus;
    struct softbus *bus;
    struct softbus_trust_info *entries;
    size_t n;
    if (setgid(65534) < 0 || setuid(65534) < 0) {
        lab_app_say(app, "no other user here");
        return 0;
    }
    int r = softbus_open(socket, "nobody", &bus);
    if (r == 0)
        r = softbus_trust_list(bus, &entries, &n);
    lab_app_say(app, "%s", softbus_error_get_name(r));
    return 0;
}

static void test_only_the_owner_administers(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0);
    struct lab_app *app = lab_app_fork(lab, a, "nobody", try_administration, (void *)lab_device_get_socket(a));
    LAB_UNTIL(lab, !lab_app_is_running(app));
    LAB_UNTIL(lab, lab_app_has_said(app, "SOFTBUS_ERR_DENIED") || lab_app_has_said(app, "no other user here"));
}

static void test_removed(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    LAB_OK(lab, softbus_trust_remove(lab_device_get_admin(a), lab_device_get_id(b)));
    LAB_UNTIL(lab, lab_device_sees(b, a) == SOFTBUS_DEVICE_OFFLINE);
    LAB_EQUAL(lab, lab_device_get_status(a, "sessions"), 0);
    LAB_RESULT(lab, softbus_trust_remove(lab_device_get_admin(a), lab_device_get_id(b)), SOFTBUS_ERR_NO_DEVICE);
}

/* --- reload --- */

static void test_reload(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    char path[128], line[128];
    state_path(a, "trust", path, sizeof(path));
    snprintf(line, sizeof(line), "# by hand\n%s by hand\n", lab_device_get_id(b));
    write_file(lab, path, line, strlen(line));
    lab_device_set_config(a, "[limits]\nservices = 1\n");
    lab_device_signal(a, SIGHUP);
    LAB_UNTIL(lab, lab_device_sees(a, b) == SOFTBUS_DEVICE_ONLINE && lab_device_has_logged(a, "configuration reloaded"));
    struct softbus *bus = lab_bus_open(lab, a, "app");
    struct kit *kit = kit_new(lab, bus, "trust.one", 0);
    LAB_RESULT(lab, softbus_service_add(bus, "trust.two", kit->stub, 0), SOFTBUS_ERR_LIMIT);
    /* A broken file changes nothing and stops nothing. */
    lab_device_forget_log(a);
    lab_device_set_config(a, "[limits]\nservices = many\n[nonsense]\nkey = 1\n");
    write_file(lab, path, "garbage\n", 8);
    lab_device_signal(a, SIGHUP);
    LAB_UNTIL(lab, lab_device_has_logged(a, "configuration not reloaded") && lab_device_has_logged(a, "trusted devices not reloaded"));
    LAB_CHECK(lab, lab_device_has_logged(a, "services") && lab_device_has_logged(a, "nonsense"));
    LAB_EQUAL(lab, lab_device_sees(a, b), SOFTBUS_DEVICE_ONLINE);
    LAB_RESULT(lab, softbus_service_add(bus, "trust.two", kit->stub, 0), SOFTBUS_ERR_LIMIT);
    kit_free(kit);
    write_file(lab, path, "", 0);
    lab_device_set_config(a, "");
    lab_device_signal(a, SIGHUP);
    LAB_UNTIL(lab, lab_device_sees(b, a) == SOFTBUS_DEVICE_OFFLINE);
}

static void test_check_config(struct lab *lab)
{
    struct lab_device *device = lab_device_new(lab, "c", "[discovery]\nmdns = no\n");
    LAB_EQUAL(lab, lab_device_try(device, "--check-config"), 0);
    lab_device_set_config(device, "[session]\ngrace_ms = soon\n[device]\nunheard_of = 1\n");
    LAB_EQUAL(lab, lab_device_try(device, "--check-config"), 1);
    LAB_CHECK(lab, lab_device_has_logged(device, "grace_ms") && lab_device_has_logged(device, "unheard_of")); /* all, not the first */
    LAB_CHECK(lab, lab_device_try(device, NULL) > 0);
    LAB_CHECK(lab, lab_device_try(device, "--no-such-option") > 0);
    lab_device_set_config(device, "[discovery]\nmdns = no\n");
    lab_device_start(device);
    lab_device_stop(device);
}

/* --- keys --- */

#define KEY_MAX 4096

/* The daemon gives up, says why, and leaves the key as it is. */
static void check_key_refused(struct lab *lab, struct lab_device *device, const char *file, const char *said)
{
    char path[128], before[KEY_MAX], after[KEY_MAX];
    state_path(device, file, path, sizeof(path));
    bool is_there = access(path, F_OK) == 0;
    size_t size = is_there ? read_file(lab, path, before, sizeof(before)) : 0;
    LAB_CHECK(lab, lab_device_try(device, NULL) > 0);
    LAB_CHECK(lab, lab_device_has_logged(device, path));
    LAB_UNTIL(lab, lab_device_has_logged(device, said));
    LAB_EQUAL(lab, access(path, F_OK) == 0, is_there);
    if (is_there) {
        LAB_EQUAL(lab, read_file(lab, path, after, sizeof(after)), size);
        LAB_CHECK(lab, memcmp(before, after, size) == 0);
    }
}

static void test_key(struct lab *lab)
{
    struct lab_device *device = lab_device_new(lab, "d", "[discovery]\nmdns = no\n");
    char key[128], crt[128], saved_key[KEY_MAX], saved_crt[KEY_MAX], id[SOFTBUS_DEVICE_ID_SIZE];
    struct stat info;
    lab_device_start(device);
    snprintf(id, sizeof(id), "%s", lab_device_get_id(device));
    state_path(device, "device.key", key, sizeof(key));
    state_path(device, "device.crt", crt, sizeof(crt));
    LAB_CHECK(lab, stat(key, &info) == 0);
    LAB_EQUAL(lab, info.st_mode & 07777, 0600);
    lab_device_stop(device);
    size_t key_size = read_file(lab, key, saved_key, sizeof(saved_key)),
           crt_size = read_file(lab, crt, saved_crt, sizeof(saved_crt));
    LAB_CHECK(lab, chmod(key, 0640) == 0);
    check_key_refused(lab, device, "device.key", "chmod 600");
    LAB_CHECK(lab, chmod(key, 0600) == 0);
    write_file(lab, key, saved_key, key_size / 2);
    check_key_refused(lab, device, "device.key", "damaged");
    write_file(lab, key, "", 0);
    check_key_refused(lab, device, "device.key", "restore");
    unlink(key);
    check_key_refused(lab, device, "device.key", "missing");
    write_file(lab, key, saved_key, key_size);
    write_file(lab, crt, "rubbish", 7);
    check_key_refused(lab, device, "device.crt", "damaged");
    write_file(lab, crt, saved_crt, crt_size);
    lab_device_start(device);
    LAB_TEXT(lab, lab_device_get_id(device), id);
    lab_device_stop(device);
}

static unsigned count_files(const char *path)
{
    DIR *dir = opendir(path);
    unsigned n = 0;
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        n += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    if (dir != NULL)
        closedir(dir);
    return n;
}

static void test_full_disk(struct lab *lab)
{
    struct lab_device *device = lab_device_new(lab, "e", "[discovery]\nmdns = no\n");
    const char *state = lab_device_get_state_dir(device);
    char filler[128], page[4096] = { 0 };
    LAB_CHECK(lab, mount("tmpfs", state, "tmpfs", 0, "size=16k,mode=0700") == 0);
    state_path(device, "filler", filler, sizeof(filler));
    int fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(fd, page, sizeof(page)) > 0)
        ;
    LAB_EQUAL(lab, errno, ENOSPC);
    close(fd);
    unsigned n_files = count_files(state);
    LAB_CHECK(lab, lab_device_try(device, NULL) > 0);
    LAB_CHECK(lab, lab_device_has_logged(device, "make room"));
    LAB_CHECK(lab, count_files(state) <= n_files + 1); /* a lock, perhaps; no half of a key */
    char key[128];
    state_path(device, "device.key", key, sizeof(key));
    LAB_CHECK(lab, access(key, F_OK) < 0);
    unlink(filler);
    lab_device_start(device);
    /* Full again: trust that cannot be stored is not granted, and the store stays what it was. */
    LAB_OK(lab, softbus_trust_add(lab_device_get_admin(device), lab_device_get_id(lab_get_device(lab, 0)), "a"));
    fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(fd, page, sizeof(page)) > 0)
        ;
    close(fd);
    LAB_RESULT(lab, softbus_trust_add(lab_device_get_admin(device), lab_device_get_id(lab_get_device(lab, 1)), "b"),
               SOFTBUS_ERR_STORE);
    struct softbus_trust_info *entries;
    size_t n;
    LAB_OK(lab, softbus_trust_list(lab_device_get_admin(device), &entries, &n));
    LAB_EQUAL(lab, n, 1);
    free(entries);
    lab_device_stop(device);
    lab_device_start(device);
    LAB_OK(lab, softbus_trust_list(lab_device_get_admin(device), &entries, &n));
    LAB_EQUAL(lab, n, 1);
    free(entries);
    lab_device_stop(device);
}

static void test_port_in_use(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0);
    char state[128], other_socket[128];
    snprintf(state, sizeof(state), "--state-dir=%s-second", lab_device_get_state_dir(a));
    snprintf(other_socket, sizeof(other_socket), "--socket=%s-second", lab_device_get_socket(a));
    int status = lab_device_try_beside(a, state, other_socket);
    LAB_CHECK(lab, status > 0);
    LAB_CHECK(lab, lab_device_has_logged(a, "7400"));
    /* The first one has lost nothing. */
    struct softbus *bus = lab_bus_open(lab, a, "app");
    struct kit *kit = kit_new(lab, bus, "trust.alive", 0);
    kit_free(kit);
    /* The same directories: another daemon has them. */
    LAB_CHECK(lab, lab_device_try_beside(a, NULL, NULL) > 0);
    LAB_CHECK(lab, lab_device_has_logged(a, "another softbusd"));
    LAB_CHECK(lab, lab_device_try_beside(a, state, NULL) > 0);
    LAB_CHECK(lab, lab_device_has_logged(a, "another softbusd"));
    bus = lab_bus_open(lab, a, "app");
}

static void test_missing_directories(struct lab *lab)
{
    struct lab_device *device = lab_device_new(lab, "f", "[discovery]\nmdns = no\n");
    LAB_CHECK(lab, lab_device_try(device, "--state-dir=/run/no/such/place") > 0);
    LAB_CHECK(lab, lab_device_has_logged(device, "/run/no/such/place"));
    LAB_CHECK(lab, lab_device_try(device, "--run-dir=/run/no/such/place") > 0);
    LAB_CHECK(lab, lab_device_has_logged(device, "/run/no/such/place"));
    LAB_CHECK(lab, lab_device_try(device, "--config=/run/no/such/file") > 0);
    LAB_CHECK(lab, lab_device_has_logged(device, "/run/no/such/file"));
    LAB_CHECK(lab, rmdir(lab_device_get_state_dir(device)) == 0 || errno == ENOTEMPTY);
    LAB_CHECK(lab, chmod(lab_device_get_state_dir(device), 0777) == 0 || errno == ENOENT);
    if (access(lab_device_get_state_dir(device), F_OK) == 0) {
        LAB_CHECK(lab, lab_device_try(device, NULL) > 0);
        LAB_CHECK(lab, lab_device_has_logged(device, "others can write"));
        LAB_CHECK(lab, chmod(lab_device_get_state_dir(device), 0700) == 0);
    }
    lab_device_start(device);
    lab_device_stop(device);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "two devices", start_devices);
    lab_test(lab, "a stranger is refused and learns nothing", test_stranger);
    lab_test(lab, "trust outlives the daemon", test_trust_is_kept);
    lab_test(lab, "ids and names are checked", test_trust_arguments);
    lab_test(lab, "only the owner administers", test_only_the_owner_administers);
    lab_test(lab, "removed trust ends the session at once", test_removed);
    lab_test(lab, "SIGHUP reads configuration and trust again", test_reload);
    lab_test(lab, "--check-config tells all that is wrong", test_check_config);
    lab_test(lab, "a wrong key is an error, never a new key", test_key);
    lab_test(lab, "a full disk", test_full_disk);
    lab_test(lab, "a port and directories that are taken", test_port_in_use);
    lab_test(lab, "directories that are missing", test_missing_directories);
    return lab_leave(lab);
}
