/* Starting programs; see activate_io.h. */
#include "softbusd/activate_io.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "softbusd/activate.h"
#include "softbusd/hub.h"
#include "softbusd/loop.h"
#include "softbusd/service_file.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GOODBYE_MS 3000 /* for programs to end when the daemon does */
#define ENVIRONMENT_MAX 6
#define VARIABLE_MAX 320

struct hub_starter {
    struct hub_loop *loop;
    struct hub *hub;
    const struct sb_log *log;
    struct hub_activate *activate;
    struct event *child_event, *timer;
    struct hub_work work;
    struct rlimit files_limit;
    char socket[VARIABLE_MAX - 32];
};

/* --- the child --- */

/* What the child needs, made before the fork: in the child of a process with threads there is no memory to be had. */
struct plan {
    char *const *arguments;
    char *environment[ENVIRONMENT_MAX];
    char variables[ENVIRONMENT_MAX][VARIABLE_MAX];
    const gid_t *groups;
    size_t n_groups;
    uid_t uid;
    gid_t gid;
    bool is_root;
    struct rlimit files_limit;
    pid_t parent;
};

static void add_variable(struct plan *plan, size_t *n, const char *name, const char *value)
{
    if (*n + 1 == ENVIRONMENT_MAX)
        return;
    snprintf(plan->variables[*n], VARIABLE_MAX, "%s=%s", name, value);
    plan->environment[*n] = plan->variables[*n];
    plan->environment[++*n] = NULL;
}

static void make_plan(const struct hub_starter *starter, const struct hub_service_file *file, struct plan *ret_plan)
{
    size_t n = 0;

    memset(ret_plan, 0, sizeof(*ret_plan));
    add_variable(ret_plan, &n, "SOFTBUS_SOCKET", starter->socket);
    add_variable(ret_plan, &n, "PATH", "/usr/local/bin:/usr/bin:/bin");
    add_variable(ret_plan, &n, "HOME", file->user.home);
    if (*file->user.name) {
        add_variable(ret_plan, &n, "USER", file->user.name);
        add_variable(ret_plan, &n, "LOGNAME", file->user.name);
    }
    ret_plan->arguments = file->arguments;
    ret_plan->groups = file->groups;
    ret_plan->n_groups = file->n_groups;
    ret_plan->uid = file->user.uid;
    ret_plan->gid = file->user.gid;
    ret_plan->is_root = geteuid() == 0;
    ret_plan->files_limit = starter->files_limit;
    ret_plan->parent = getpid();
}

/* All signals are blocked since before the fork: one that came while our own handlers are still there would be told to the daemon,
 * whose event loop they write to. */
static void reset_signals(void)
{
    const struct sigaction by_default = { .sa_handler = SIG_DFL };
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        sigaction(number, &by_default, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become_user(const struct plan *plan)
{
    if (!plan->is_root)
        return;
    if (setgroups(plan->n_groups, plan->groups) < 0 || setresgid(plan->gid, plan->gid, plan->gid) < 0 ||
        setresuid(plan->uid, plan->uid, plan->uid) < 0)
        _exit(HUB_ACTIVATE_EXIT_USER);
}

static void become_program(const struct plan *plan) __attribute__((__noreturn__));

static void become_program(const struct plan *plan)
{
    int null_fd;

    setsid();
    umask(022);
    setrlimit(RLIMIT_NOFILE, &plan->files_limit);
    null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 || chdir("/") < 0)
        _exit(HUB_ACTIVATE_EXIT_EXEC);
    close_range(3, ~0U, 0);
    become_user(plan);
    /* Behind the change of user, which clears it. The parent may have gone before. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != plan->parent)
        _exit(0);
    reset_signals();
    execve(plan->arguments[0], plan->arguments, plan->environment);
    _exit(HUB_ACTIVATE_EXIT_EXEC);
}

/* --- ops --- */

static int start(void *userdata, const struct hub_service_file *file, pid_t *ret_pid, char *error_text, size_t error_size)
{
    struct hub_starter *starter = userdata;
    sigset_t all, before;
    struct plan plan;
    int error;
    pid_t pid;

    /* The usual mistakes, told better than by an exit status. */
    if (access(file->arguments[0], X_OK) < 0) {
        error = errno;
        snprintf(error_text, error_size, "cannot execute %s: %s", file->arguments[0], strerror(error));
        return -error;
    }
    make_plan(starter, file, &plan);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    error = errno;
    if (pid == 0)
        become_program(&plan);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        snprintf(error_text, error_size, "cannot start a process: %s", strerror(error));
        return -error;
    }
    *ret_pid = pid;
    return 0;
}

/* Its children as well, as far as they stay in its process group; alone while it has not made that yet. */
static void send_signal(void *userdata, pid_t pid, int number)
{
    (void)userdata;
    if (kill(-pid, number) < 0)
        kill(pid, number);
}

static bool is_there(void *userdata, const char *name)
{
    return hub_service_is_there(((struct hub_starter *)userdata)->hub, name);
}

static bool is_used(void *userdata, const char *name)
{
    return hub_service_is_used(((struct hub_starter *)userdata)->hub, name);
}

static void retry(void *userdata, const char *name)
{
    hub_service_retry(((struct hub_starter *)userdata)->hub, name);
}

static void fail(void *userdata, const char *name)
{
    hub_service_fail(((struct hub_starter *)userdata)->hub, name);
}

static void show(void *userdata, const char *name, bool is_startable)
{
    hub_service_show(((struct hub_starter *)userdata)->hub, name, is_startable);
}

static void wake(void *userdata)
{
    struct hub_starter *starter = userdata;

    hub_loop_defer(starter->loop, &starter->work);
}

/* --- events --- */

static void run(void *userdata)
{
    struct hub_starter *starter = userdata;
    uint64_t now_ms = sb_clock_now_ms(), due_ms = hub_activate_run(starter->activate, now_ms), left_ms;
    struct timeval tv;

    event_del(starter->timer);
    if (due_ms == HUB_ACTIVATE_NEVER)
        return;
    left_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    tv = (struct timeval){ .tv_sec = (time_t)(left_ms / 1000), .tv_usec = (suseconds_t)(left_ms % 1000 * 1000) };
    event_add(starter->timer, &tv);
}

static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
    (void)fd, (void)what;
    run(userdata);
}

/* Only our own: the discovery helper is waited for by who started it. */
static void on_child(evutil_socket_t number, short what, void *userdata)
{
    struct hub_starter *starter = userdata;
    size_t n = 0;
    int status;
    pid_t pid;

    (void)number, (void)what;
    while ((pid = hub_activate_get_pid(starter->activate, n))) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            hub_activate_exited(starter->activate, pid, status, sb_clock_now_ms());
        else
            n++;
    }
    wake(starter);
}

/* --- life --- */

int hub_starter_new(struct hub_loop *loop, struct hub *hub, const struct sb_log *log, const char *socket, const struct rlimit *files_limit,
                    struct hub_starter **ret_starter)
{
    struct event_base *base = hub_loop_get_base(loop);
    struct hub_starter *starter = calloc(1, sizeof(*starter));
    SB_AUTO_FREE char *absolute = realpath(socket, NULL); /* programs are started elsewhere */
    const struct hub_activate_ops ops = { .userdata = starter, .wake = wake, .start = start, .signal = send_signal, .is_there = is_there,
                                          .is_used = is_used, .retry = retry, .fail = fail, .show = show };

    if (!starter)
        return -ENOMEM;
    starter->loop = loop;
    starter->hub = hub;
    starter->log = log;
    starter->files_limit = *files_limit;
    snprintf(starter->socket, sizeof(starter->socket), "%s", absolute ? absolute : socket);
    hub_work_init(&starter->work, run, starter);
    starter->child_event = evsignal_new(base, SIGCHLD, on_child, starter);
    starter->timer = event_new(base, -1, 0, on_timer, starter);
    if (!starter->child_event || !starter->timer || event_add(starter->child_event, NULL) < 0 ||
        hub_activate_new(&ops, log, &starter->activate) < 0) {
        hub_starter_free(starter);
        return -ENOMEM;
    }
    hub_set_activate(hub, starter->activate);
    *ret_starter = starter;
    return 0;
}

int hub_starter_set_files(struct hub_starter *starter, struct hub_service_file **files, size_t n)
{
    return hub_activate_set_files(starter->activate, files, n);
}

size_t hub_starter_count(const struct hub_starter *starter)
{
    return hub_activate_count(starter->activate);
}

void hub_starter_stop(struct hub_starter *starter)
{
    pid_t pid;

    hub_set_activate(starter->hub, NULL);
    starter->hub = NULL;
    hub_work_cancel(&starter->work);
    event_del(starter->timer);
    event_del(starter->child_event);
    for (size_t n = 0; (pid = hub_activate_get_pid(starter->activate, n)); n++)
        send_signal(starter, pid, SIGTERM);
}

/* True when the process has ended before the time was over. */
static bool wait_for_end(pid_t pid, uint64_t due_ms)
{
    struct pollfd poll_fd = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
    uint64_t now_ms = sb_clock_now_ms();
    int r = 0;

    while (poll_fd.fd >= 0 && now_ms < due_ms && (r = poll(&poll_fd, 1, (int)(due_ms - now_ms))) < 0 && errno == EINTR)
        now_ms = sb_clock_now_ms();
    if (poll_fd.fd >= 0)
        close(poll_fd.fd);
    return r > 0;
}

struct hub_starter *hub_starter_free(struct hub_starter *starter)
{
    uint64_t due_ms = sb_clock_now_ms() + GOODBYE_MS;
    pid_t pid;

    if (!starter)
        return NULL;
    for (size_t n = 0; starter->activate && (pid = hub_activate_get_pid(starter->activate, n)); n++) {
        if (!wait_for_end(pid, due_ms))
            sb_log_write(starter->log, SB_LOG_WARNING, "program did not end and is killed pid=%d", (int)pid);
        /* Also when it has ended: what it has left behind in its process group. It is not reaped yet, so that the number is its own. */
        send_signal(starter, pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    hub_activate_free(starter->activate);
    if (starter->child_event)
        event_free(starter->child_event);
    if (starter->timer)
        event_free(starter->timer);
    free(starter);
    return NULL;
}
