/* Devices of the lab: namespace, cable, directories, and the daemon in it. */
#include "tests/integration/lab_impl.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAB_LOG_SHOWN 60 /* lines of each daemon's log behind a failed test */

/* What must be as it was after the start when nobody holds anything any more. */
static const char *const lab_table_names[LAB_N_TABLES] = { "objects", "references", "services", "calls",
                                                           "exports", "links",      "watches" };

/* Runs argv in the namespace (netns_fd < 0: the bridge's). Returns the exit status. */
static int lab_spawn(struct lab *lab, int netns_fd, char *const *argv)
{
    pid_t pid = lab_fork(lab);
    if (pid == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        if (netns_fd >= 0 && setns(netns_fd, CLONE_NEWNET) < 0)
            _exit(126);
        execvp(argv[0], argv);
        _exit(127);
    }
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define LAB_ARGUMENTS_MAX 32

static int lab_spawn_list(struct lab *lab, int netns_fd, const char *program, va_list arguments)
{
    char *argv[LAB_ARGUMENTS_MAX] = { (char *)program };
    for (size_t n = 1; n < LAB_ARGUMENTS_MAX - 1; n++)
        if ((argv[n] = va_arg(arguments, char *)) == NULL)
            break;
    return lab_spawn(lab, netns_fd, argv);
}

int lab_device_run(struct lab_device *device, const char *program, ...)
{
    va_list arguments;
    va_start(arguments, program);
    int status = lab_spawn_list(device->lab, device->netns_fd, program, arguments);
    va_end(arguments);
    return status;
}

__attribute__((__sentinel__)) static void lab_run(struct lab *lab, const char *program, ...)
{
    va_list arguments;
    va_start(arguments, program);
    int status = lab_spawn_list(lab, -1, program, arguments);
    va_end(arguments);
    if (status != 0)
        lab_fail(lab, __FILE__, __LINE__, "%s: exit status %d", program, status);
}

static void lab_write_file(struct lab *lab, const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        lab_fail(lab, __FILE__, __LINE__, "%s: %s", path, strerror(errno));
    close(fd);
}

/* A child makes the namespace and waits while the cable is laid; the descriptor keeps it afterwards. */
static void lab_device_make_netns(struct lab_device *device)
{
    struct lab *lab = device->lab;
    int made[2], done[2];
    if (pipe2(made, O_CLOEXEC) < 0 || pipe2(done, O_CLOEXEC) < 0)
        lab_fail(lab, __FILE__, __LINE__, "pipe: %s", strerror(errno));
    pid_t pid = lab_fork(lab);
    char byte = 0;
    if (pid == 0) {
        close(done[1]);
        if (unshare(CLONE_NEWNET) < 0)
            _exit(1);
        int fd = open("/proc/sys/net/ipv6/conf/default/accept_dad", O_WRONLY | O_CLOEXEC);
        if (fd >= 0 && write(fd, "0", 1) == 1) /* no one-second wait for link-local addresses */
            close(fd);
        _exit(write(made[1], &byte, 1) == 1 && read(done[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(made[1]);
    if (read(made[0], &byte, 1) != 1)
        lab_fail(lab, __FILE__, __LINE__, "no network namespace");
    char path[64], number[16];
    snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
    snprintf(number, sizeof(number), "%d", (int)pid);
    device->netns_fd = open(path, O_RDONLY | O_CLOEXEC);
    lab_run(lab, "ip", "link", "add", device->bridge_end, "type", "veth", "peer", "name", "eth0", "netns", number, NULL);
    close(made[0]);
    close(done[0]);
    close(done[1]);
    waitpid(pid, NULL, 0);
    lab_run(lab, "ip", "link", "set", device->bridge_end, "master", "br0", "up", NULL);
    char address[40];
    snprintf(address, sizeof(address), "%s/24", device->address);
    if (lab_device_run(device, "ip", "link", "set", "lo", "up", NULL) != 0 ||
        lab_device_run(device, "ip", "addr", "add", address, "dev", "eth0", NULL) != 0 ||
        lab_device_run(device, "ip", "link", "set", "eth0", "up", NULL) != 0)
        lab_fail(lab, __FILE__, __LINE__, "cannot set up the namespace of %s", device->name);
}

struct lab_device *lab_device_new(struct lab *lab, const char *name, const char *config)
{
    struct lab_device *device = calloc(1, sizeof(*device));
    if (device == NULL || lab->n_devices == LAB_DEVICES_MAX)
        lab_fail(lab, __FILE__, __LINE__, "no room for device %s", name);
    device->lab = lab;
    device->number = lab->n_devices + 1;
    device->netns_fd = device->notify_fd = -1;
    snprintf(device->name, sizeof(device->name), "%s", name);
    snprintf(device->dir, sizeof(device->dir), "/run/lab-%s", device->name);
    snprintf(device->state_dir, sizeof(device->state_dir), "%s/state", device->dir);
    snprintf(device->socket, sizeof(device->socket), "%s/run/softbusd.sock", device->dir);
    snprintf(device->config, sizeof(device->config), "%s/softbusd.conf", device->dir);
    snprintf(device->log, sizeof(device->log), "%s/log", device->dir);
    snprintf(device->address, sizeof(device->address), "10.77.0.%u", device->number);
    snprintf(device->bridge_end, sizeof(device->bridge_end), "lab%u", device->number);
    lab->devices[lab->n_devices++] = device;
    char run_dir[96];
    snprintf(run_dir, sizeof(run_dir), "%s/run", device->dir);
    if (mkdir(device->dir, 0755) < 0 || mkdir(device->state_dir, 0700) < 0 || mkdir(run_dir, 0755) < 0)
        lab_fail(lab, __FILE__, __LINE__, "%s: %s", device->dir, strerror(errno));
    lab_write_file(lab, device->log, "");
    inotify_add_watch(lab->inotify_fd, device->log, IN_MODIFY);
    lab_device_set_config(device, config != NULL ? config : "");
    lab_device_make_netns(device);
    return device;
}

struct lab_device *lab_get_device(struct lab *lab, unsigned index)
{
    if (index >= lab->n_devices || !lab->devices[index]->is_running)
        lab_fail(lab, __FILE__, __LINE__, "device %u is not running", index);
    return lab->devices[index];
}

struct lab_device *lab_device_free(struct lab_device *device)
{
    if (device->admin != NULL)
        lab_bus_close(device->lab, device->admin);
    close(device->netns_fd);
    if (device->notify_fd >= 0)
        close(device->notify_fd);
    free(device);
    return NULL;
}

void lab_device_set_config(struct lab_device *device, const char *text)
{
    lab_write_file(device->lab, device->config, text);
}

void lab_device_set_file(struct lab_device *device, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", device->dir, name);
    if (text != NULL)
        lab_write_file(device->lab, path, text);
    else if (unlink(path) < 0)
        lab_fail(device->lab, __FILE__, __LINE__, "%s: %s", path, strerror(errno));
}

const char *lab_device_get_dir(const struct lab_device *device)
{
    return device->dir;
}

void lab_device_reload(struct lab_device *device)
{
    unsigned n = lab_device_count_log(device, "trusted devices reloaded"); /* the last step */
    kill(device->pid, SIGHUP);
    LAB_UNTIL(device->lab, lab_device_count_log(device, "trusted devices reloaded") > n);
}

static const char *lab_find_program(const char *variable, const char *built, char *buffer, size_t size)
{
    const char *path = getenv(variable), *build_dir = getenv("SOFTBUS_BUILDDIR");
    snprintf(buffer, size, "%s/%s", build_dir != NULL ? build_dir : ".", built);
    return path != NULL ? path : buffer;
}

static void lab_device_exec(const struct lab_device *device, const char *option, const char *second_option)
{
    char daemon[512], helper[512], port[16], run_dir[96], notify[128];
    snprintf(port, sizeof(port), "%d", LAB_PORT);
    snprintf(run_dir, sizeof(run_dir), "%s/run", device->dir);
    snprintf(notify, sizeof(notify), "%s/notify", device->dir);
    setenv("NOTIFY_SOCKET", notify, 1);
    int log_fd = open(device->log, O_WRONLY | O_APPEND | O_CLOEXEC);
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null_fd, STDIN_FILENO);
    dup2(log_fd, STDOUT_FILENO);
    dup2(log_fd, STDERR_FILENO);
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    if (setns(device->netns_fd, CLONE_NEWNET) < 0)
        _exit(126);
    const char *path = lab_find_program("SOFTBUSD", "softbusd/softbusd", daemon, sizeof(daemon));
    const char *helper_path = lab_find_program("SOFTBUS_MDNS", "discovery/softbus-mdns", helper, sizeof(helper));
    execl(path, "softbusd", "--state-dir", device->state_dir, "--run-dir", run_dir, "--config", device->config, "--port",
          port, "--name", device->name, "--interface", "eth0", "--helper", helper_path, "--log-level", "debug",
          option, second_option, (char *)NULL);
    perror(path);
    _exit(127);
}

static void lab_device_launch(struct lab_device *device, const char *extra_option)
{
    lab_device_forget_log(device);
    device->pid = lab_fork(device->lab);
    if (device->pid == 0)
        lab_device_exec(device, extra_option, NULL);
    device->is_running = true;
    device->status = -1;
}

int lab_device_try(struct lab_device *device, const char *extra_option)
{
    lab_device_launch(device, extra_option);
    LAB_UNTIL(device->lab, !device->is_running);
    return device->status;
}

int lab_device_try_beside(struct lab_device *device, const char *option, const char *second_option)
{
    lab_device_forget_log(device);
    pid_t pid = lab_fork(device->lab);
    if (pid == 0)
        lab_device_exec(device, option, second_option);
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void lab_device_listen_notify(struct lab_device *device)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", device->dir);
    unlink(address.sun_path);
    if (device->notify_fd >= 0)
        close(device->notify_fd);
    device->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (device->notify_fd < 0 || bind(device->notify_fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        lab_fail(device->lab, __FILE__, __LINE__, "notify socket: %s", strerror(errno));
}

static bool lab_device_is_ready(struct lab_device *device)
{
    char text[256];
    ssize_t size = recv(device->notify_fd, text, sizeof(text) - 1, 0);
    if (size <= 0)
        return false;
    text[size] = '\0';
    return strstr(text, "READY=1") != NULL;
}

static void lab_device_on_device(void *userdata, const struct softbus_device_info *info)
{
    struct lab_device *device = userdata;
    unsigned i = 0;
    while (i < device->n_peers && strcmp(device->peers[i].id, info->id) != 0)
        i++;
    if (i == LAB_DEVICES_MAX)
        return;
    if (i == device->n_peers) {
        snprintf(device->peers[i].id, sizeof(device->peers[i].id), "%s", info->id);
        device->n_peers++;
    }
    device->peers[i].state = info->state;
}

static void lab_device_open_admin(struct lab_device *device)
{
    struct lab *lab = device->lab;
    LAB_OK(lab, softbus_open(device->socket, "lab", &device->admin));
    lab_bus_register(lab, device->admin, true);
    snprintf(device->id, sizeof(device->id), "%s", softbus_get_device(device->admin));
    device->n_peers = 0;
    LAB_OK(lab, softbus_device_watch(device->admin, lab_device_on_device, device, &device->watch));
    for (size_t t = 0; t < LAB_N_TABLES; t++)
        device->at_rest[t] = lab_device_get_status(device, lab_table_names[t]);
}

static void lab_device_drop_admin(struct lab_device *device)
{
    if (device->admin != NULL)
        lab_bus_close(device->lab, device->admin);
    device->admin = NULL;
}

void lab_device_come_back(struct lab_device *device)
{
    struct lab *lab = device->lab;
    lab_device_listen_notify(device);
    lab_device_launch(device, NULL);
    struct pollfd fd = { .fd = device->notify_fd, .events = POLLIN };
    for (uint64_t due_ms = lab_get_due_ms(lab); !lab_device_is_ready(device);) {
        lab_pump_until(lab, due_ms, __FILE__, __LINE__, "READY=1");
        if (!device->is_running)
            lab_fail(lab, __FILE__, __LINE__, "softbusd on %s ended with %d", device->name, device->status);
        poll(&fd, 1, 20);
    }
}

void lab_device_start(struct lab_device *device)
{
    lab_device_drop_admin(device);
    lab_device_come_back(device);
    lab_device_open_admin(device);
}

struct lab_device *lab_device_add(struct lab *lab, const char *name, const char *config)
{
    struct lab_device *device = lab_device_new(lab, name, config);
    lab_device_start(device);
    return device;
}

void lab_device_stop(struct lab_device *device)
{
    struct lab *lab = device->lab;
    pid_t helper = lab_device_get_helper(device);
    kill(device->pid, SIGTERM);
    LAB_UNTIL(lab, !device->is_running);
    lab_device_drop_admin(device);
    LAB_EQUAL(lab, device->status, 0);
    LAB_UNTIL(lab, helper == 0 || (kill(helper, 0) < 0 && errno == ESRCH));
    LAB_CHECK(lab, access(device->socket, F_OK) < 0 && errno == ENOENT);
}

void lab_device_kill(struct lab_device *device)
{
    kill(device->pid, SIGKILL);
    LAB_UNTIL(device->lab, !device->is_running);
    lab_device_drop_admin(device);
}

void lab_device_go_away(struct lab_device *device, int signal)
{
    kill(device->pid, signal);
    LAB_UNTIL(device->lab, !device->is_running);
}

void lab_device_signal(struct lab_device *device, int signal)
{
    kill(device->pid, signal);
}

bool lab_device_is_running(const struct lab_device *device)
{
    return device->is_running;
}

void lab_device_set_cable(struct lab_device *device, bool is_plugged)
{
    LAB_EQUAL(device->lab, lab_device_run(device, "ip", "link", "set", "eth0", is_plugged ? "up" : "down", NULL), 0);
}

void lab_device_set_port(struct lab_device *device, bool is_up)
{
    lab_run(device->lab, "ip", "link", "set", device->bridge_end, is_up ? "up" : "down", NULL);
}

int lab_device_dial(struct lab_device *from, const struct lab_device *to)
{
    int own_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own_ns < 0 || setns(from->netns_fd, CLONE_NEWNET) < 0)
        lab_fail(from->lab, __FILE__, __LINE__, "setns: %s", strerror(errno));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (setns(own_ns, CLONE_NEWNET) < 0)
        abort();
    close(own_ns);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(LAB_PORT) };
    inet_pton(AF_INET, to->address, &address.sin_addr);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    int error = errno;
    if (fd >= 0)
        close(fd);
    return -error;
}

/* --- what a daemon shows of itself --- */

/* gives the log from `start`. */
static char *lab_device_read_log(const struct lab_device *device, off_t start)
{
    int fd = open(device->log, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) < 0 || info.st_size < start)
        info.st_size = start;
    size_t size = (size_t)(info.st_size - start);
    char *text = calloc(1, size + 1);
    if (text != NULL && pread(fd, text, size, start) < 0)
        text[0] = '\0';
    close(fd);
    return text;
}

unsigned lab_device_count_log(struct lab_device *device, const char *text)
{
    char *log = lab_device_read_log(device, device->log_start);
    unsigned n = 0;
    for (const char *at = log; at != NULL && (at = strstr(at, text)) != NULL; at++)
        n++;
    free(log);
    return n;
}

bool lab_device_has_logged(struct lab_device *device, const char *text)
{
    return lab_device_count_log(device, text) > 0;
}

void lab_device_forget_log(struct lab_device *device)
{
    struct stat info;
    if (stat(device->log, &info) == 0)
        device->log_start = info.st_size;
}

void lab_device_show_log(const struct lab_device *device)
{
    char *log = lab_device_read_log(device, 0);
    if (log == NULL)
        return;
    const char *from = log + strlen(log);
    for (unsigned n = 0; from > log && n <= LAB_LOG_SHOWN; from--)
        n += from[-1] == '\n' ? 1 : 0;
    lab_note(device->lab, "--- the end of %s's log", device->name);
    for (const char *end; *from != '\0'; from = *end != '\0' ? end + 1 : end) {
        end = strchrnul(from, '\n');
        if (end > from)
            lab_note(device->lab, "%s| %.*s", device->name, (int)(end - from), from);
    }
    free(log);
}

unsigned lab_device_count_fds(const struct lab_device *device)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)device->pid);
    DIR *dir = opendir(path);
    unsigned n = 0;
    while (dir != NULL && readdir(dir) != NULL)
        n++;
    if (dir != NULL)
        closedir(dir);
    return n > 2 ? n - 2 : 0;
}

pid_t lab_device_get_pid(const struct lab_device *device)
{
    return device->pid;
}

static pid_t lab_read_parent(const char *pid_text)
{
    char path[320], text[512] = "";
    snprintf(path, sizeof(path), "/proc/%s/stat", pid_text);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    int parent;
    char state;
    const char *after_name = size > 0 ? strrchr(text, ')') : NULL;
    return after_name != NULL && sscanf(after_name + 1, " %c %d", &state, &parent) == 2 && state != 'Z' ? parent : 0;
}

pid_t lab_device_get_helper(const struct lab_device *device)
{
    pid_t found = 0;
    DIR *dir = opendir("/proc");
    for (struct dirent *entry; dir != NULL && found == 0 && (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && lab_read_parent(entry->d_name) == device->pid)
            found = atoi(entry->d_name);
    if (dir != NULL)
        closedir(dir);
    return found;
}

const char *lab_device_get_socket(const struct lab_device *device)
{
    return device->socket;
}

const char *lab_device_get_state_dir(const struct lab_device *device)
{
    return device->state_dir;
}

const char *lab_device_get_address(const struct lab_device *device)
{
    return device->address;
}

const char *lab_device_get_id(const struct lab_device *device)
{
    return device->id;
}

struct softbus *lab_device_get_admin(const struct lab_device *device)
{
    return device->admin;
}

uint64_t lab_device_get_status(struct lab_device *device, const char *name)
{
    struct softbus_status_item *items;
    size_t n;
    LAB_OK(device->lab, softbus_status_get(device->admin, &items, &n));
    uint64_t value = UINT64_MAX;
    for (size_t i = 0; i < n; i++)
        if (strcmp(items[i].name, name) == 0)
            value = items[i].value;
    free(items);
    return value;
}

const char *lab_device_get_leftovers(struct lab_device *device)
{
    struct softbus_status_item *items;
    size_t n, used = 0;
    LAB_OK(device->lab, softbus_status_get(device->admin, &items, &n));
    device->leftovers[0] = '\0';
    for (size_t t = 0; t < LAB_N_TABLES; t++) {
        size_t i = 0;
        while (i < n && strcmp(items[i].name, lab_table_names[t]) != 0)
            i++;
        if (i == n || items[i].value != device->at_rest[t])
            used += (size_t)snprintf(device->leftovers + used, sizeof(device->leftovers) - used, "%s of %s are %lld, not %llu; ",
                                     lab_table_names[t], device->name, i < n ? (long long)items[i].value : -1LL,
                                     (unsigned long long)device->at_rest[t]);
    }
    free(items);
    return device->leftovers;
}

void lab_device_check_empty(struct lab_device *device)
{
    struct lab *lab = device->lab;
    for (uint64_t due_ms = lab_get_due_ms(lab); lab_device_get_leftovers(device)[0] != '\0';)
        lab_pump_until(lab, due_ms, device->name, 0, device->leftovers);
}

enum softbus_device_state lab_device_sees(const struct lab_device *device, const struct lab_device *other)
{
    for (unsigned i = 0; i < device->n_peers; i++)
        if (strcmp(device->peers[i].id, other->id) == 0)
            return device->peers[i].state;
    return SOFTBUS_DEVICE_OFFLINE;
}

void lab_trust(struct lab_device *a, struct lab_device *b)
{
    LAB_OK(a->lab, softbus_trust_add(a->admin, b->id, b->name));
    LAB_OK(a->lab, softbus_trust_add(b->admin, a->id, a->name));
}

void lab_meet(struct lab_device *a, struct lab_device *b)
{
    lab_trust(a, b);
    LAB_UNTIL(a->lab, lab_device_sees(a, b) == SOFTBUS_DEVICE_ONLINE && lab_device_sees(b, a) == SOFTBUS_DEVICE_ONLINE);
}
