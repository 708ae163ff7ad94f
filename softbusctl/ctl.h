/*
 * softbusctl: one file per command, one table of them (commands.c). A command gets the context and its own arguments and
 * returns the exit status, having said on stderr what went wrong. Only the public headers of softbus are used here.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>

struct softbus;

/* Exit statuses: softbusctl(1), "EXIT STATUS". */
enum ctl_exit {
    CTL_EXIT_OK = 0,
    CTL_EXIT_FAILED = 1,
    CTL_EXIT_USAGE = 2,
    CTL_EXIT_NO_DAEMON = 3,
    CTL_EXIT_NOT_FOUND = 4,
    CTL_EXIT_DENIED = 5,
    CTL_EXIT_TIMEOUT = 6,
    CTL_EXIT_OFFLINE = 7,
};

struct ctl {
    struct softbus *bus;     /* NULL until ctl_connect() */
    const char *socket_path; /* borrows; NULL: where libsoftbus looks */
    uint32_t timeout_ms;     /* of each call; 0: the library's default */
    bool is_json;
};

struct ctl_command {
    const char *name;
    int (*run)(struct ctl *ctl, int argc, char **argv); /* argv[0] is the command's name */
    const char *arguments;
    const char *summary;
    const char *details; /* for `help COMMAND`; may be NULL */
    const char *verbs;   /* "list add", the words that may come first; NULL: none */
    bool takes_data;     /* what its arguments look like means nothing */
};

/* Ends with an entry whose name is NULL. */
const struct ctl_command *ctl_commands_get(void);
const struct ctl_command *ctl_commands_find(const char *name);

/* Everything but the process: parses argv, runs the command; returns the exit status. */
int ctl_main(int argc, char **argv);

/* Opens ctl->bus. CTL_EXIT_OK, or another status after saying why. */
int ctl_connect(struct ctl *ctl);

int ctl_call_run(struct ctl *ctl, int argc, char **argv);
int ctl_devices_run(struct ctl *ctl, int argc, char **argv);
int ctl_help_run(struct ctl *ctl, int argc, char **argv);
int ctl_ping_run(struct ctl *ctl, int argc, char **argv);
int ctl_services_run(struct ctl *ctl, int argc, char **argv);
int ctl_quota_run(struct ctl *ctl, int argc, char **argv);
int ctl_status_run(struct ctl *ctl, int argc, char **argv);
int ctl_trust_run(struct ctl *ctl, int argc, char **argv);
int ctl_version_run(struct ctl *ctl, int argc, char **argv);
int ctl_watch_run(struct ctl *ctl, int argc, char **argv);

#endif
