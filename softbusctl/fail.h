/* What is said when something fails: what was tried, why it failed, and what to do next. */
#ifndef CTL_FAIL_H
#define CTL_FAIL_H

#include <stdbool.h>

/* Says on stderr that `what` (printf style, may hold names from peers: it is escaped) failed with a SOFTBUS_ERR_*, and what
 * helps; returns the exit status for it. */
int ctl_fail(int error, const char *what_format, ...) __attribute__((__format__(printf, 2, 3)));
/* The same for connecting; socket_path: what --socket says, or NULL. */
int ctl_fail_connect(int error, const char *socket_path);
/* The same for what was done with a service of this device, or another's: "looking for", its name. */
int ctl_fail_service(int error, bool is_local, const char *doing, const char *name);

/* The exit status for a SOFTBUS_ERR_*. */
int ctl_fail_get_status(int error);

/* Says how the command line of a command is wrong, and its usage; returns CTL_EXIT_USAGE. */
int ctl_fail_usage(const char *command, const char *format, ...) __attribute__((__format__(printf, 2, 3)));

/* Says that the system refused something (errno's text); returns CTL_EXIT_FAILED. */
int ctl_fail_errno(const char *what);

#endif
