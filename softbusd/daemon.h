/* The daemon as a whole: everything put together, in order, and taken apart again. */
#ifndef HUB_DAEMON_H
#define HUB_DAEMON_H

struct hub_options;

/* Exit statuses: softbusd(8). */
enum hub_daemon_status { HUB_DAEMON_OK = 0, HUB_DAEMON_FAILED = 1, HUB_DAEMON_USAGE = 2 };

/* Does what the options ask for, which may be to run until a signal comes. Returns the exit status. */
int hub_daemon_run(const struct hub_options *options);

#endif
