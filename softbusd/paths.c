/* Where the daemon keeps things; see paths.h. */
#include "softbusd/paths.h"

#include "softbusd/options.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A hand-made compile without the build's own definitions. */
#ifndef SOFTBUS_SYSCONFDIR
#define SOFTBUS_SYSCONFDIR "/etc"
#define SOFTBUS_LOCALSTATEDIR "/var"
#endif

/* libsoftbus looks here whatever the prefix is: bus.h, softbus_open(). */
#define SYSTEM_RUN_DIR "/run/softbus"

static int format_path(char *path, size_t size, char *error_text, size_t error_size, const char *format, ...)
    __attribute__((__format__(printf, 5, 6)));

static int format_path(char *path, size_t size, char *error_text, size_t error_size, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(path, size, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < size)
        return 0;
    snprintf(error_text, error_size, "%s… is too long: a path here has at most %zu bytes", path, size - 1);
    return -ENAMETOOLONG;
}

/* A directory of a user's own daemon: $VARIABLE/softbus, else $HOME/FALLBACK/softbus. */
static int find_user_dir(const char *variable, const char *fallback, const char *option, char path[HUB_PATHS_MAX], char *error_text,
                         size_t error_size)
{
    const char *base = getenv(variable), *home = getenv("HOME");

    if (base && base[0] == '/')
        return format_path(path, HUB_PATHS_MAX, error_text, error_size, "%s/softbus", base);
    if (fallback && home && home[0] == '/')
        return format_path(path, HUB_PATHS_MAX, error_text, error_size, "%s/%s/softbus", home, fallback);
    if (fallback)
        snprintf(error_text, error_size, "neither %s nor HOME is set: set one, or name the directory with %s", variable, option);
    else
        snprintf(error_text, error_size, "%s is not set: export %s=/run/user/$(id -u), or name another directory with %s", variable,
                 variable, option);
    return -EINVAL;
}

struct place {
    const char *option, *given;   /* its value on the command line, or NULL */
    const char *service_variable; /* what systemd made for us */
    const char *system_dir;
    const char *user_variable, *user_fallback;
};

static int find_dir(const struct place *place, bool is_system, char path[HUB_PATHS_MAX], char *error_text, size_t error_size)
{
    const char *made = getenv(place->service_variable);

    if (place->given)
        return format_path(path, HUB_PATHS_MAX, error_text, error_size, "%s", place->given);
    if (!is_system)
        return find_user_dir(place->user_variable, place->user_fallback, place->option, path, error_text, error_size);
    /* Several directories of a unit are separated by colons; ours has one. */
    if (made && made[0] == '/' && !strchr(made, ':'))
        return format_path(path, HUB_PATHS_MAX, error_text, error_size, "%s", made);
    return format_path(path, HUB_PATHS_MAX, error_text, error_size, "%s", place->system_dir);
}

static int find_config(const struct hub_options *options, struct hub_paths *paths, char *error_text, size_t error_size)
{
    const struct place place = { "--config-dir", options->config_dir, "CONFIGURATION_DIRECTORY", SOFTBUS_SYSCONFDIR "/softbus",
                                 "XDG_CONFIG_HOME", ".config" };
    char dir[HUB_PATHS_MAX];
    int r;

    paths->must_have_config = options->config_file != NULL;
    paths->must_have_config_dir = options->config_dir && !options->config_file;
    if (options->config_file)
        return format_path(paths->config_file, sizeof(paths->config_file), error_text, error_size, "%s", options->config_file);
    r = find_dir(&place, paths->is_system, dir, error_text, error_size);
    if (r < 0)
        return r;
    return format_path(paths->config_file, sizeof(paths->config_file), error_text, error_size, "%s/softbusd.conf", dir);
}

static int find_state(const struct hub_options *options, struct hub_paths *paths, char *error_text, size_t error_size)
{
    const struct place place = { "--state-dir", options->state_dir, "STATE_DIRECTORY", SOFTBUS_LOCALSTATEDIR "/lib/softbus",
                                 "XDG_STATE_HOME", ".local/state" };
    int r = find_dir(&place, paths->is_system, paths->state_dir, error_text, error_size);

    return r < 0 ? r : format_path(paths->trust_file, sizeof(paths->trust_file), error_text, error_size, "%s/trust", paths->state_dir);
}

static int find_run(const struct hub_options *options, struct hub_paths *paths, char *error_text, size_t error_size)
{
    const struct place place = { "--run-dir", options->run_dir, "RUNTIME_DIRECTORY", SYSTEM_RUN_DIR, "XDG_RUNTIME_DIR", NULL };
    int r = 0;

    if (!options->socket || options->run_dir)
        r = find_dir(&place, paths->is_system, paths->run_dir, error_text, error_size);
    if (r < 0)
        return r;
    if (options->socket)
        return format_path(paths->socket, sizeof(paths->socket), error_text, error_size, "%s", options->socket);
    return format_path(paths->socket, sizeof(paths->socket), error_text, error_size, "%s/softbusd.sock", paths->run_dir);
}

int hub_paths_find(const struct hub_options *options, struct hub_paths *ret_paths, char *error_text, size_t error_size)
{
    enum hub_options_action action = options->action;
    struct hub_paths paths;
    int r = 0;

    memset(&paths, 0, sizeof(paths));
    paths.is_system = options->scope == HUB_OPTIONS_AUTO ? geteuid() == 0 : options->scope == HUB_OPTIONS_SYSTEM;
    if (action != HUB_OPTIONS_PRINT_ID)
        r = find_config(options, &paths, error_text, error_size);
    if (r == 0 && action != HUB_OPTIONS_CHECK_CONFIG)
        r = find_state(options, &paths, error_text, error_size);
    if (r == 0 && action != HUB_OPTIONS_CHECK_CONFIG && action != HUB_OPTIONS_PRINT_ID)
        r = find_run(options, &paths, error_text, error_size);
    if (r == 0)
        *ret_paths = paths;
    return r;
}

int hub_paths_find_beside(const struct hub_paths *paths, const char *name, char path[HUB_PATHS_MAX], char *error_text,
                          size_t error_size)
{
    const char *slash = strrchr(paths->config_file, '/');
    int size = slash ? (int)(slash + 1 - paths->config_file) : 0;

    return format_path(path, HUB_PATHS_MAX, error_text, error_size, "%.*s%s", size, paths->config_file, name);
}

/* The directories above a user's own, which need not be there yet on a fresh account. */
static void make_parents(const char *path)
{
    char parent[HUB_PATHS_MAX];

    snprintf(parent, sizeof(parent), "%s", path);
    for (char *slash = strchr(parent + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(parent, 0700) < 0 && errno != EEXIST)
            return; /* the mkdir() of the last one will say why */
        *slash = '/';
    }
}

static int make_dir(const char *path, mode_t mode, bool with_parents, const char *option, char *error_text, size_t error_size)
{
    int error;

    if (with_parents)
        make_parents(path);
    if (mkdir(path, mode) == 0) {
        /* The umask may have taken bits that others need, or left ones that nobody should have. */
        if (chmod(path, mode) == 0)
            return 0;
    } else if (errno == EEXIST) {
        return 0;
    }
    error = errno;
    snprintf(error_text, error_size, "cannot make the directory %s: %s: %s, or choose another with %s", path, strerror(error),
             error == ENOENT ? "make its parent first" : "make it yourself", option);
    return -error;
}

static int check_dir(const char *path, mode_t forbidden, const char *option, char *error_text, size_t error_size)
{
    struct stat stat_;

    if (stat(path, &stat_) < 0) {
        snprintf(error_text, error_size, "cannot look at %s: %s", path, strerror(errno));
        return -EACCES;
    }
    if (!S_ISDIR(stat_.st_mode)) {
        snprintf(error_text, error_size, "%s is not a directory: move it away, or choose another with %s", path, option);
        return -ENOTDIR;
    }
    if (stat_.st_uid != geteuid() && stat_.st_uid != 0) {
        snprintf(error_text, error_size, "%s belongs to uid %u, not to us (uid %u): chown it, or choose another with %s", path,
                 (unsigned)stat_.st_uid, (unsigned)geteuid(), option);
        return -EACCES;
    }
    /* With the sticky bit, as in /tmp, others cannot replace what is ours. */
    if ((stat_.st_mode & forbidden) && !(stat_.st_mode & S_ISVTX)) {
        snprintf(error_text, error_size, "others can write to %s (mode %04o): chmod go-w it, or choose another with %s", path,
                 (unsigned)(stat_.st_mode & 07777), option);
        return -EACCES;
    }
    return 0;
}

int hub_paths_make_state(const struct hub_paths *paths, char *error_text, size_t error_size)
{
    int r = make_dir(paths->state_dir, 0700, !paths->is_system, "--state-dir", error_text, error_size);

    return r < 0 ? r : check_dir(paths->state_dir, 0022, "--state-dir", error_text, error_size);
}

int hub_paths_check_config(const struct hub_paths *paths, char *error_text, size_t error_size)
{
    char dir[HUB_PATHS_MAX];
    char *slash;

    snprintf(dir, sizeof(dir), "%s", paths->config_file);
    slash = strrchr(dir, '/');
    if (!slash)
        snprintf(dir, sizeof(dir), ".");
    else
        slash[slash == dir] = '\0'; /* of / itself the slash stays */
    if (access(dir, F_OK) < 0 && errno == ENOENT) {
        if (!paths->must_have_config_dir)
            return 0;
        snprintf(error_text, error_size, "%s: there is no such directory: make it, or choose another with --config-dir", dir);
        return -ENOENT;
    }
    return check_dir(dir, 0022, "--config-dir", error_text, error_size);
}

int hub_paths_make_run(const struct hub_paths *paths, char *error_text, size_t error_size)
{
    int r;

    if (!*paths->run_dir)
        return 0; /* --socket names a place of its own */
    r = make_dir(paths->run_dir, paths->is_system ? 0755 : 0700, !paths->is_system, "--run-dir", error_text, error_size);
    return r < 0 ? r : check_dir(paths->run_dir, 0022, "--run-dir", error_text, error_size);
}

int hub_paths_lock_state(const struct hub_paths *paths, int *ret_fd, char *error_text, size_t error_size)
{
    SB_AUTO_CLOSE int fd = open(paths->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error;

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *ret_fd = SB_TAKE_FD(fd);
        return 0;
    }
    error = errno;
    if (error == EWOULDBLOCK) {
        snprintf(error_text, error_size, "another softbusd is running with the state directory %s: stop it first, or choose another with "
                 "--state-dir", paths->state_dir);
        return -EBUSY;
    }
    snprintf(error_text, error_size, "cannot lock %s: %s", paths->state_dir, strerror(error));
    return -error;
}
