/* Programs that softbusd starts when their service is looked up. The program is this one again, with --serve. */
#include "tests/integration/kit.h"
#include "tests/integration/someone.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "org.softbus.test.activate."

enum code { CODE_FACTS = 1, CODE_CRASH };

/* --- the program --- */

static unsigned count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n - 3; /* itself, "." and ".." */
}

/* n_fds: as the program was born with. */
static int tell_facts(struct softbus_parcel *reply, unsigned n_fds)
{
    char facts[1024], directory[64] = "", in[64] = "";
    int length;

    if (!getcwd(directory, sizeof(directory)) || readlink("/proc/self/fd/0", in, sizeof(in) - 1) < 0)
        return SOFTBUS_ERR_FAILED;
    length = snprintf(facts, sizeof(facts), "pid=%d leader=%d uid=%u gid=%u groups=%d fds=%u directory=%s in=%s", (int)getpid(),
                      getsid(0) == getpid(), getuid(), getgid(), getgroups(0, NULL), n_fds, directory, in);
    for (char **variable = environ; *variable && length < (int)sizeof(facts); variable++)
        length += snprintf(facts + length, sizeof(facts) - (size_t)length, " %.*s", (int)strcspn(*variable, "="), *variable);
    return softbus_parcel_write_string(reply, facts);
}

static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    (void)transaction, (void)request;
    if (code == CODE_FACTS)
        return tell_facts(reply, *(const unsigned *)userdata);
    if (code == CODE_CRASH)
        _exit(7);
    return SOFTBUS_ERR_UNKNOWN_CODE;
}

/* serve MODE NAME … */
static int serve(int argc, char **argv)
{
    unsigned n_fds = count_fds();
    struct softbus_object *stub;
    struct softbus *bus;

    if (!strcmp(argv[2], "fail"))
        return 3;
    if (!strcmp(argv[2], "stubborn"))
        signal(SIGTERM, SIG_IGN);
    if (softbus_open(NULL, "service", &bus) < 0 || softbus_stub_new(bus, "org.softbus.test.Service", handle, &n_fds, &stub) < 0)
        return 4;
    for (int i = 3; i < argc && strcmp(argv[2], "mute"); i++) {
        if (softbus_service_add(bus, argv[i], stub, SOFTBUS_SERVICE_DISTRIBUTED) < 0)
            return 5;
    }
    softbus_run(bus);
    while (strcmp(argv[2], "well")) /* others do not care that the daemon has gone */
        pause();
    return 0;
}

/* --- helpers --- */

/* A copy that every user can read, with the library, whose place a clean environment does not tell. */
static void install(struct lab *lab, struct lab_device *device)
{
    const char *dir = lab_device_get_dir(device);
    char command[1024];

    snprintf(command, sizeof(command),
             "cp -L /proc/%d/exe %s/program && IFS=: && for d in $LD_LIBRARY_PATH; do cp -L $d/libsoftbus.so* %s/ 2>/dev/null; done; "
             "printf '#!/bin/sh\\nexport LD_LIBRARY_PATH=%s\\nexec %s/program --serve \"$@\"\\n' >%s/serve && chmod 0755 %s/serve %s/program",
             (int)getpid(), dir, dir, dir, dir, dir, dir, dir);
    LAB_EQUAL(lab, lab_device_run(device, "sh", "-c", command, NULL), 0);
}

/* One that serves `name`; its folder is beside the configuration. */
static void set_service(struct lab_device *device, const char *name, const char *mode, const char *more)
{
    char file[64], text[512];

    snprintf(file, sizeof(file), "services/%s.service", name);
    snprintf(text, sizeof(text), "[service]\nname = " NAME "%s\nexec = %s/serve %s " NAME "%s\n%s", name, lab_device_get_dir(device), mode,
             name, more);
    lab_device_set_file(device, file, text);
}

static int get(struct softbus *bus, const char *name, struct softbus_object **ret_object)
{
    return softbus_service_get(bus, NULL, name, 0, ret_object);
}

/* The number behind "what=" in what the service says of itself. */
static int ask(struct lab *lab, struct softbus_object *object, const char *what, char *ret_facts, size_t size)
{
    struct softbus_parcel *reply = kit_parcel(lab, 0);
    const char *facts = "", *found;
    char key[32];
    int number = -1;

    LAB_OK(lab, softbus_call(object, CODE_FACTS, NULL, reply, 0));
    LAB_OK(lab, softbus_parcel_read_string(reply, &facts));
    snprintf(key, sizeof(key), "%s=", what);
    found = strstr(facts, key);
    if (found)
        number = atoi(found + strlen(key));
    if (ret_facts)
        snprintf(ret_facts, size, "%s", facts);
    softbus_parcel_free(reply);
    return number;
}

static bool is_gone(pid_t pid)
{
    return kill(pid, 0) < 0 && errno == ESRCH;
}

static unsigned count_starts(struct lab_device *device, const char *name)
{
    char text[128];

    snprintf(text, sizeof(text), "program of service " NAME "%s started", name);
    return lab_device_count_log(device, text);
}

/* --- tests --- */

static void start_devices(struct lab *lab)
{
    struct lab_device *device = lab_device_new(lab, "a", "[discovery]\nmdns = no\npeer = 10.77.0.2:7400\n");
    char folder[128];

    snprintf(folder, sizeof(folder), "%s/services", lab_device_get_dir(device));
    LAB_EQUAL(lab, mkdir(folder, 0755), 0);
    install(lab, device);
    lab_device_set_file(device, "services/bad.service", "[service]\nname = a b\nexec = serve\n");
    LAB_EQUAL(lab, lab_device_try(device, "--check-config"), 1);
    LAB_CHECK(lab, lab_device_has_logged(device, "bad.service:3: [service] exec = serve: expected the absolute path of a program"));
    set_service(device, "good", "well", "user = 0\ndistributed = yes\n");
    set_service(device, "local", "well", "user = 0\n");
    set_service(device, "fail", "fail", "user = 0\n");
    set_service(device, "mute", "mute", "user = 0\nstart_timeout = 1\n");
    set_service(device, "idle", "well", "user = 0\nidle_timeout = 1\n");
    set_service(device, "user", "well", "user = 5001\n");
    set_service(device, "stubborn", "stubborn", "user = 0\n");
    set_service(device, "secret", "well", "user = 0\n");
    lab_device_set_file(device, "services/gone.service", "[service]\nname = " NAME "gone\nexec = /no/such/program\nuser = 0\n");
    lab_device_set_file(device, "softbusd.policy", "[service " NAME "secret]\nown = none\n");
    lab_device_start(device); /* one file with mistakes is left out, the others work */
    LAB_CHECK(lab, lab_device_has_logged(device, "service files loaded n_files=9"));
    lab_device_set_file(device, "services/bad.service", NULL);
    lab_device_add(lab, "b", "[discovery]\nmdns = no\npeer = 10.77.0.1:7400\n");
}

/* Whether the list has the name, and whose process it says it is. */
static bool is_listed(struct lab *lab, struct softbus *bus, const char *device, const char *name, uint32_t *ret_pid)
{
    struct softbus_service_info *services;
    bool is_found = false;
    size_t n;

    LAB_OK(lab, softbus_service_list(bus, device, &services, &n));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(services[i].name, name))
            continue;
        is_found = true;
        if (ret_pid)
            *ret_pid = services[i].pid;
    }
    free(services);
    return is_found;
}

static void test_start(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object, *again;
    char facts[1024];
    uint32_t listed = 1;
    int pid;

    LAB_CHECK(lab, is_listed(lab, bus, NULL, NAME "good", &listed));
    LAB_EQUAL(lab, listed, 0); /* it can be started */
    LAB_OK(lab, get(bus, NAME "good", &object));
    pid = ask(lab, object, "pid", facts, sizeof(facts));
    LAB_CHECK(lab, is_listed(lab, bus, NULL, NAME "good", &listed));
    LAB_EQUAL(lab, listed, pid);
    LAB_EQUAL(lab, lab_device_get_status(device, "programs"), 1);
    LAB_EQUAL(lab, ask(lab, object, "leader", NULL, 0), 1);
    LAB_EQUAL(lab, ask(lab, object, "fds", NULL, 0), 3);
    LAB_CHECK(lab, strstr(facts, " directory=/ in=/dev/null ") != NULL);
    LAB_CHECK(lab, strstr(facts, " SOFTBUS_SOCKET") && strstr(facts, " PATH") && strstr(facts, " HOME") && strstr(facts, " USER"));
    LAB_CHECK(lab, !strstr(facts, "SOFTBUS_LAB") && !strstr(facts, "NOTIFY_SOCKET")); /* what the daemon has in its own */
    LAB_OK(lab, get(bus, NAME "good", &again));
    LAB_CHECK(lab, again == object);
    LAB_EQUAL(lab, count_starts(device, "good"), 1);
    softbus_object_unref(again);
    softbus_object_unref(object);
}

/* Two look-ups at once, one that waits and one that does not: one program. */
static void test_once(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct someone one, other;

    if (!someone_init(&one, lab, device, 5001, 5001, 0) || !someone_init(&other, lab, device, 5002, 5002, 0))
        return;
    someone_start(&one, "get " NAME "local");
    someone_start(&other, "wait " NAME "local");
    LAB_OK(lab, someone_finish(&one));
    LAB_OK(lab, someone_finish(&other));
    LAB_EQUAL(lab, count_starts(device, "local"), 1);
    LAB_RESULT(lab, someone_do(&one, "add " NAME "fail"), SOFTBUS_ERR_DENIED); /* the name is for a program of root's */
    LAB_CHECK(lab, lab_device_has_logged(device, "denied: this name is for a program of another user service=" NAME "fail"));
    LAB_RESULT(lab, someone_do(&one, "get " NAME "secret"), SOFTBUS_ERR_DENIED);
    LAB_EQUAL(lab, count_starts(device, "secret"), 0);
}

static void test_failure(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object;

    LAB_RESULT(lab, get(bus, NAME "fail", &object), SOFTBUS_ERR_START);
    LAB_CHECK(lab, lab_device_has_logged(device, "program of service " NAME "fail failed: it exited with status 3"));
    LAB_CHECK(lab, lab_device_has_logged(device, "fail.service next_try_in_s=1"));
    LAB_RESULT(lab, softbus_service_get(bus, NULL, NAME "fail", 60000, &object), SOFTBUS_ERR_START); /* at once */
    LAB_RESULT(lab, get(bus, NAME "gone", &object), SOFTBUS_ERR_START);
    LAB_CHECK(lab, lab_device_has_logged(device, "cannot execute /no/such/program: No such file or directory"));
    /* Back-off ends, doubles, and is told. */
    for (uint64_t due_ms = lab_get_due_ms(lab); count_starts(device, "fail") < 2;) {
        LAB_RESULT(lab, get(bus, NAME "fail", &object), SOFTBUS_ERR_START);
        lab_pump_until(lab, due_ms, __FILE__, __LINE__, "the second start");
    }
    LAB_UNTIL(lab, lab_device_has_logged(device, "fail.service next_try_in_s=2"));
    LAB_EQUAL(lab, count_starts(device, "fail"), 2);
}

static void test_time_out(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    uint64_t n_programs = lab_device_get_status(device, "programs");
    struct softbus_object *object;

    LAB_RESULT(lab, get(bus, NAME "mute", &object), SOFTBUS_ERR_START);
    LAB_CHECK(lab, lab_device_has_logged(device, "program of service " NAME "mute failed: it did not offer it within 1 s"));
    LAB_UNTIL(lab, lab_device_get_status(device, "programs") == n_programs);
}

static void test_idle(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object;
    int pid, next_pid;

    LAB_OK(lab, get(bus, NAME "idle", &object));
    pid = ask(lab, object, "pid", NULL, 0);
    softbus_object_unref(object);
    LAB_UNTIL(lab, is_gone(pid));
    LAB_CHECK(lab, lab_device_has_logged(device, "program of service " NAME "idle is ended: nobody uses it"));
    LAB_OK(lab, get(bus, NAME "idle", &object));
    next_pid = ask(lab, object, "pid", NULL, 0);
    LAB_CHECK(lab, next_pid != pid);
    LAB_EQUAL(lab, count_starts(device, "idle"), 2);
    softbus_object_unref(object);
}

static void test_crash(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object;
    unsigned n = count_starts(device, "local");
    int pid;

    LAB_OK(lab, get(bus, NAME "local", &object));
    pid = ask(lab, object, "pid", NULL, 0);
    LAB_RESULT(lab, softbus_call(object, CODE_CRASH, NULL, NULL, 0), SOFTBUS_ERR_DIED);
    softbus_object_unref(object);
    LAB_UNTIL(lab, lab_device_has_logged(device, "program of service " NAME "local ended: it exited with status 7"));
    LAB_OK(lab, get(bus, NAME "local", &object));
    LAB_CHECK(lab, ask(lab, object, "pid", NULL, 0) != pid);
    LAB_EQUAL(lab, count_starts(device, "local"), n + 1);
    softbus_object_unref(object);
}

/* What the file calls distributed is there for other devices before it runs. */
static void test_remote(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct softbus *bus = lab_bus_open(lab, b, "far"), *near = lab_bus_open(lab, a, "near");
    struct softbus_object *object;

    LAB_OK(lab, get(near, NAME "good", &object));
    LAB_RESULT(lab, softbus_call(object, CODE_CRASH, NULL, NULL, 0), SOFTBUS_ERR_DIED);
    softbus_object_unref(object);
    LAB_UNTIL(lab, lab_device_has_logged(a, "program of service " NAME "good ended"));
    lab_meet(a, b);
    LAB_UNTIL(lab, is_listed(lab, bus, lab_device_get_id(a), NAME "good", NULL));
    LAB_CHECK(lab, !is_listed(lab, bus, lab_device_get_id(a), NAME "user", NULL));
    LAB_OK(lab, softbus_service_get(bus, lab_device_get_id(a), NAME "good", 0, &object));
    LAB_EQUAL(lab, ask(lab, object, "leader", NULL, 0), 1);
    LAB_EQUAL(lab, count_starts(a, "good"), 2);
    softbus_object_unref(object);
    LAB_RESULT(lab, softbus_service_get(bus, lab_device_get_id(a), NAME "user", 0, &object), SOFTBUS_ERR_NO_SERVICE);
}

static void test_user(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object;
    struct someone someone;

    if (!someone_init(&someone, lab, device, 5001, 5001, 0))
        return;
    LAB_OK(lab, get(bus, NAME "user", &object));
    LAB_EQUAL(lab, ask(lab, object, "uid", NULL, 0), 5001);
    LAB_EQUAL(lab, ask(lab, object, "gid", NULL, 0), 5001);
    LAB_EQUAL(lab, ask(lab, object, "groups", NULL, 0), 1);
    softbus_object_unref(object);
}

/* A file that is new, and one that is gone. */
static void test_reload(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *object;

    LAB_RESULT(lab, get(bus, NAME "new", &object), SOFTBUS_ERR_NO_SERVICE);
    set_service(device, "new", "well", "user = 0\n");
    lab_device_set_file(device, "services/gone.service", NULL);
    lab_device_reload(device);
    LAB_RESULT(lab, get(bus, NAME "gone", &object), SOFTBUS_ERR_NO_SERVICE);
    LAB_OK(lab, get(bus, NAME "new", &object));
    softbus_object_unref(object);
}

/* Whether it does what it is asked or not. */
static void test_shutdown(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_object *good, *stubborn;
    int pid, stubborn_pid;

    LAB_OK(lab, get(bus, NAME "good", &good));
    LAB_OK(lab, get(bus, NAME "stubborn", &stubborn));
    pid = ask(lab, good, "pid", NULL, 0);
    stubborn_pid = ask(lab, stubborn, "pid", NULL, 0);
    softbus_object_unref(good);
    softbus_object_unref(stubborn);
    lab_bus_close(lab, bus);
    lab_device_stop(device);
    LAB_CHECK(lab, is_gone(pid) && is_gone(stubborn_pid));
    LAB_CHECK(lab, lab_device_has_logged(device, "program did not end and is killed pid="));
}

/* Programs end with a daemon that is killed, too. */
static void test_killed_daemon(struct lab *lab)
{
    struct lab_device *device = lab_get_device(lab, 1);
    struct softbus_object *object;
    char folder[128];
    int pid;

    snprintf(folder, sizeof(folder), "%s/services", lab_device_get_dir(device));
    LAB_EQUAL(lab, mkdir(folder, 0755), 0);
    install(lab, device);
    set_service(device, "good", "lasting", "user = 0\n");
    lab_device_reload(device);
    LAB_OK(lab, get(lab_device_get_admin(device), NAME "good", &object));
    pid = ask(lab, object, "pid", NULL, 0);
    softbus_object_unref(object);
    lab_device_kill(device);
    LAB_UNTIL(lab, is_gone(pid));
}

int main(int argc, char **argv)
{
    struct lab *lab;

    if (argc > 3 && !strcmp(argv[1], "--serve"))
        return serve(argc, argv);
    lab = lab_enter(argc, argv);
    lab_test(lab, "devices start, with a service file that is wrong", start_devices);
    lab_test(lab, "a look-up starts the program in a clean place", test_start);
    lab_test(lab, "look-ups at once start one program, and its name is its user's", test_once);
    lab_test(lab, "a program that fails is tried again later", test_failure);
    lab_test(lab, "a program that offers nothing is given up", test_time_out);
    lab_test(lab, "a program that nobody uses is ended, and started again", test_idle);
    lab_test(lab, "a program that has crashed is started again", test_crash);
    lab_test(lab, "another device starts what is distributed", test_remote);
    lab_test(lab, "a program runs as the user that its file names", test_user);
    lab_test(lab, "service files are read again", test_reload);
    lab_test(lab, "a daemon that ends leaves no program", test_shutdown);
    lab_test(lab, "a daemon that is killed leaves no program", test_killed_daemon);
    return lab_leave(lab);
}
