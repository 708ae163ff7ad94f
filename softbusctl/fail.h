/* What is said when something fails: what was tried, why it failed, and what to do next. */
#ifndef CTL_FAIL_H
#define CTL_FAIL_H

/* Says on stderr that `what` (printf style, may hold names from peers: it is escaped) failed with a SOFTBUS_ERR_*, and what
 * helps; returns the exit status for it. */
int ctl_fail(int error, const char *what_format, ...) __attribute__((__format__(printf, 2, 3)));

/* The exit status for a SOFTBUS_ERR_*. */
int ctl_fail_get_status(int error);

/* Says how the command line of a command is wrong, and its usage; returns CTL_EXIT_USAGE. */
int ctl_fail_usage(const char *command, const char *format, ...) __attribute__((__format__(printf, 2, 3)));

/* Says that the system refused something (errno's text); returns CTL_EXIT_FAILED. */
int ctl_fail_errno(const char *what);

#endif
