/* Where the daemon keeps things: the defaults of a system's and of a user's daemon, and the making of directories. */
#ifndef HUB_PATHS_H
#define HUB_PATHS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

#define HUB_PATHS_MAX 512

struct hub_options;

struct hub_paths {
    bool is_system;
    bool must_have_config, must_have_config_dir; /* named on the command line */
    char config_file[HUB_PATHS_MAX], state_dir[HUB_PATHS_MAX], run_dir[HUB_PATHS_MAX], trust_file[HUB_PATHS_MAX];
    char socket[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* From options, the environment (XDG_*, and what systemd sets) and the compiled-in defaults; of what the action does not
 * use nothing is asked, and its paths stay empty. -EINVAL, -ENAMETOOLONG:
 * error_text says what is missing or too long. */
int hub_paths_find(const struct hub_options *options, struct hub_paths *ret_paths, char *error_text, size_t error_size);

/* A file in the directory of the configuration file. -ENAMETOOLONG */
int hub_paths_find_beside(const struct hub_paths *paths, const char *name, char path[HUB_PATHS_MAX], char *error_text,
                          size_t error_size);

/* Whether the directory of the configuration file is one that only we, or root, can write to; one that nobody named may be missing.
 * -ENOENT, -EACCES, -ENOTDIR */
int hub_paths_check_config(const struct hub_paths *paths, char *error_text, size_t error_size);

/* Makes the state directory (mode 0700) when it is missing; one that others can write to is -EACCES. */
int hub_paths_make_state(const struct hub_paths *paths, char *error_text, size_t error_size);

/* Makes the run directory: mode 0755 for the system's daemon, 0700 for a user's. */
int hub_paths_make_run(const struct hub_paths *paths, char *error_text, size_t error_size);

/* Locks the state directory, so that no two daemons are the same device; closing ret_fd unlocks. -EBUSY: locked by another. */
int hub_paths_lock_state(const struct hub_paths *paths, int *ret_fd, char *error_text, size_t error_size);

#endif
