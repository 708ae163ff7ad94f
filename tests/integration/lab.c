/* The lab's frame: entering the namespaces, TAP, and the pump. */
#include "tests/integration/lab_impl.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAB_RECHECK_MS 50 /* conditions that no descriptor announces are looked at this often */

static void lab_skip_all(const char *why)
{
    printf("1..0 # SKIP %s\n", why);
    exit(0); /* any other status would count once more */
}

static bool lab_can_unshare(const char *const *options)
{
    const char *arguments[16] = { "unshare" };
    size_t n = 1;
    for (; options[n - 1] != NULL; n++)
        arguments[n] = options[n - 1];
    arguments[n++] = "true";
    arguments[n] = NULL;
    pid_t pid = fork();
    if (pid == 0) {
        int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(null_fd, STDERR_FILENO);
        execvp("unshare", (char **)arguments);
        _exit(127);
    }
    int status;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void lab_reexec(char **argv)
{
    static const char *const as_root[] = { "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", NULL };
    static const char *const as_user[] = { "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork",
                                           "--kill-child", "--mount-proc", NULL };
    const char *const *options = geteuid() == 0 ? as_root : as_user;
    if (!lab_can_unshare(options))
        lab_skip_all("this kernel gives us no namespaces");
    char self[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (size < 0)
        lab_skip_all("no /proc");
    self[size] = '\0';
    const char *arguments[64] = { "unshare" };
    size_t n = 1;
    for (size_t i = 0; options[i] != NULL; i++)
        arguments[n++] = options[i];
    arguments[n++] = self;
    for (size_t i = 1; argv[i] != NULL && n < 63; i++)
        arguments[n++] = argv[i];
    setenv("SOFTBUS_LAB", "inside", 1);
    execvp("unshare", (char **)arguments);
    lab_skip_all("unshare is missing");
}

static int lab_system(const char *command)
{
    int status = system(command);
    if (status != 0)
        fprintf(stderr, "lab: failed: %s\n", command);
    return status;
}

struct lab *lab_enter(int argc, char **argv)
{
    (void)argc;
    const char *inside = getenv("SOFTBUS_LAB");
    if (inside == NULL || strcmp(inside, "inside") != 0)
        lab_reexec(argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    umask(022);
    if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0 || lab_system("ip link set lo up") != 0 ||
        lab_system("ip link add br0 type bridge") != 0 || lab_system("ip link set br0 up") != 0)
        lab_skip_all("no private /run or no bridge");

    struct lab *lab = calloc(1, sizeof(*lab));
    if (lab == NULL)
        abort();
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    lab->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    lab->awaited_fd = -1;
    lab->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    const char *patience = getenv("SOFTBUS_LAB_SECONDS");
    lab->patience_ms = patience != NULL ? (unsigned)atoi(patience) * 1000 : 45000;
    return lab;
}

void lab_child_prepare(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

pid_t lab_fork(struct lab *lab)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        lab_fail(lab, __FILE__, __LINE__, "fork: %s", strerror(errno));
    if (pid == 0)
        lab_child_prepare();
    return pid;
}

/* --- TAP --- */

void lab_note(struct lab *lab, const char *format, ...)
{
    (void)lab;
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (char *line = text, *next; line != NULL && *line != '\0'; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        printf("# %s\n", line);
    }
}

void lab_fail(struct lab *lab, const char *file, int line, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    lab_note(lab, "%s:%d: %s", file, line, text);
    if (!lab->is_in_test) {
        printf("Bail out! %s\n", text);
        for (unsigned i = 0; i < lab->n_devices; i++)
            lab_device_show_log(lab->devices[i]);
        exit(1);
    }
    longjmp(lab->escape, 1);
}

void lab_check_equal(struct lab *lab, const char *file, int line, const char *what, int64_t actual, int64_t expected)
{
    if (actual != expected)
        lab_fail(lab, file, line, "%s is %lld, expected %lld", what, (long long)actual, (long long)expected);
}

void lab_check_text(struct lab *lab, const char *file, int line, const char *what, const char *actual,
                    const char *expected)
{
    if (actual == NULL || strcmp(actual, expected) != 0)
        lab_fail(lab, file, line, "%s is \"%s\", expected \"%s\"", what, actual != NULL ? actual : "(null)", expected);
}

void lab_check_result(struct lab *lab, const char *file, int line, const char *what, int actual, int expected)
{
    if (actual != expected)
        lab_fail(lab, file, line, "%s is %d (%s), expected %d (%s)", what, actual,
                 actual < 0 ? softbus_error_get_name(actual) : "done", expected,
                 expected < 0 ? softbus_error_get_name(expected) : "done");
}

/* Buses before apps: a test that failed may have left an app in a blocking handler. */
static void lab_clean_up(struct lab *lab)
{
    for (unsigned i = lab->n_buses; i-- > 0;)
        if (!lab->buses[i].is_admin)
            lab_bus_close(lab, lab->buses[i].bus);
    while (lab->n_fds > 0)
        close(lab->fds[--lab->n_fds]);
    lab->awaited_fd = -1;
    lab_app_reap_all(lab);
}

void lab_test(struct lab *lab, const char *name, lab_test_fn fn)
{
    const char *only = getenv("SOFTBUS_LAB_ONLY");
    if (only != NULL && strstr(name, only) == NULL)
        return;
    lab->n_tests++;
    lab->is_in_test = true;
    uint64_t begin_ms = sb_clock_now_ms();
    bool has_passed = setjmp(lab->escape) == 0;
    if (has_passed)
        fn(lab);
    lab->is_in_test = false;
    printf("%s %u - %s\n", has_passed ? "ok" : "not ok", lab->n_tests, name);
    if (!has_passed) {
        lab->n_failed++;
        for (unsigned i = 0; i < lab->n_devices; i++)
            lab_device_show_log(lab->devices[i]);
    }
    lab_note(lab, "%llu ms", (unsigned long long)(sb_clock_now_ms() - begin_ms));
    lab_clean_up(lab);
}

static void lab_stop_devices(struct lab *lab)
{
    for (unsigned i = 0; i < lab->n_devices; i++)
        if (lab->devices[i]->is_running)
            lab_device_stop(lab->devices[i]);
}

int lab_leave(struct lab *lab)
{
    lab_test(lab, "every daemon ends with 0 and leaves nothing", lab_stop_devices);
    printf("1..%u\n", lab->n_tests);
    int result = lab->n_failed == 0 ? 0 : 1;
    for (unsigned i = 0; i < lab->n_devices; i++)
        lab_device_free(lab->devices[i]);
    close(lab->signal_fd);
    close(lab->inotify_fd);
    free(lab);
    return result;
}

/* --- the pump --- */

void lab_reap(struct lab *lab)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (pid == lab->awaited_pid) {
            lab->awaited_pid = 0;
            lab->awaited_status = code;
        }
        for (unsigned i = 0; i < lab->n_devices; i++)
            if (lab->devices[i]->pid == pid) {
                lab->devices[i]->is_running = false;
                lab->devices[i]->status = code;
            }
        for (unsigned i = 0; i < lab->n_apps; i++)
            if (lab->apps[i]->pid == pid) {
                lab->apps[i]->is_running = false;
                lab->apps[i]->status = code;
            }
    }
}

void lab_expect_child(struct lab *lab, pid_t pid)
{
    lab->awaited_pid = pid;
}

int lab_wait_child(struct lab *lab)
{
    LAB_UNTIL(lab, lab->awaited_pid == 0);
    return lab->awaited_status;
}

static void lab_drain(int fd)
{
    char dummy[4096];
    while (read(fd, dummy, sizeof(dummy)) > 0)
        ;
}

void lab_keep_fd(struct lab *lab, int fd)
{
    if (lab->n_fds < LAB_FDS_MAX)
        lab->fds[lab->n_fds++] = fd;
}

void lab_close_fd(struct lab *lab, int fd)
{
    for (unsigned i = 0; i < lab->n_fds; i++)
        if (lab->fds[i] == fd)
            lab->fds[i--] = lab->fds[--lab->n_fds];
    if (lab->awaited_fd == fd)
        lab->awaited_fd = -1;
    close(fd);
}

void lab_await_fd(struct lab *lab, int fd)
{
    lab->awaited_fd = fd;
}

static bool lab_process_buses(struct lab *lab)
{
    bool has_worked = false;
    for (unsigned i = 0; i < lab->n_buses; i++) {
        struct softbus *bus = lab->buses[i].bus;
        if (lab->buses[i].is_broken)
            continue;
        int r = softbus_process(bus);
        /* A callback may have opened or closed buses: look again from the start. */
        if (i >= lab->n_buses || lab->buses[i].bus != bus)
            return true;
        lab->buses[i].is_broken = r < 0;
        has_worked = has_worked || r > 0;
    }
    return has_worked;
}

void lab_pump(struct lab *lab, int timeout_ms)
{
    for (unsigned turns = 0; turns < 1000 && lab_process_buses(lab); turns++)
        timeout_ms = 0;
    struct pollfd fds[LAB_BUSES_MAX + LAB_APPS_MAX + 3];
    nfds_t n = 0;
    for (unsigned i = 0; i < lab->n_buses; i++) {
        if (lab->buses[i].is_broken)
            continue;
        fds[n++] = (struct pollfd){ .fd = softbus_get_fd(lab->buses[i].bus),
                                    .events = softbus_get_events(lab->buses[i].bus) };
        int due_ms = softbus_get_timeout_ms(lab->buses[i].bus);
        if (due_ms >= 0 && due_ms < timeout_ms)
            timeout_ms = due_ms;
    }
    for (unsigned i = 0; i < lab->n_apps; i++)
        if (lab->apps[i]->fd >= 0)
            fds[n++] = (struct pollfd){ .fd = lab->apps[i]->fd, .events = POLLIN };
    fds[n++] = (struct pollfd){ .fd = lab->awaited_fd, .events = POLLIN };
    fds[n++] = (struct pollfd){ .fd = lab->signal_fd, .events = POLLIN };
    fds[n++] = (struct pollfd){ .fd = lab->inotify_fd, .events = POLLIN };
    if (poll(fds, n, timeout_ms) > 0) {
        lab_drain(lab->inotify_fd);
        lab_drain(lab->signal_fd);
        for (unsigned i = 0; i < lab->n_apps; i++)
            lab_app_read(lab->apps[i]);
    }
    lab_reap(lab);
    for (unsigned turns = 0; turns < 1000 && lab_process_buses(lab); turns++)
        ;
}

uint64_t lab_get_due_ms(struct lab *lab)
{
    return sb_clock_now_ms() + lab->patience_ms;
}

void lab_pump_until(struct lab *lab, uint64_t due_ms, const char *file, int line, const char *what)
{
    uint64_t now_ms = sb_clock_now_ms();
    if (now_ms >= due_ms)
        lab_fail(lab, file, line, "waited %u ms for: %s", lab->patience_ms, what);
    int left_ms = sb_clock_until_ms(now_ms, due_ms);
    lab_pump(lab, left_ms < LAB_RECHECK_MS ? left_ms : LAB_RECHECK_MS);
}
