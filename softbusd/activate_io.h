/*
 * The programs of service files as processes: started, signalled, and waited for. What is to be done when is decided in activate.c.
 *
 * A program gets nothing of the daemon's but its standard error (as output, too): no descriptors, a clean environment with
 * SOFTBUS_SOCKET, PATH, HOME, USER and LOGNAME, a session of its own, and the user that its file names. It ends with the daemon.
 */
#ifndef HUB_ACTIVATE_IO_H
#define HUB_ACTIVATE_IO_H

#include <stddef.h>

struct hub;
struct hub_loop;
struct hub_service_file;
struct hub_starter;
struct rlimit;
struct sb_log;

/* borrows loop, hub and log for its life; copies the rest. files_limit: RLIMIT_NOFILE as it was before the daemon raised its own.
 * -ENOMEM */
int hub_starter_new(struct hub_loop *loop, struct hub *hub, const struct sb_log *log, const char *socket, const struct rlimit *files_limit,
                    struct hub_starter **ret_starter);

/* takes files and the array, as hub_activate_set_files(). -ENOMEM */
int hub_starter_set_files(struct hub_starter *starter, struct hub_service_file **files, size_t n);

size_t hub_starter_count(const struct hub_starter *starter); /* running programs */

/* Nothing is started any more; SIGTERM to all that run. */
void hub_starter_stop(struct hub_starter *starter);

/* Waits for them, SIGKILL after a few seconds, and frees. The hub may be gone. Not from inside a callback. */
struct hub_starter *hub_starter_free(struct hub_starter *starter);

#endif
