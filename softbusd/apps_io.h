/*
 * The connections of apps: bytes in, whole messages to the hub; messages of the hub out, or into a bounded queue.
 *
 * A message costs one wake-up, one recvmsg() and one sendmsg(): it is parsed where it was received, in a buffer that all
 * connections share, and sent from where the hub made it. Only what is incomplete, or does not fit into a socket, is copied.
 * A connection whose callback runs is never freed: it is marked, and reaped at the end of the turn.
 */
#ifndef HUB_APPS_IO_H
#define HUB_APPS_IO_H

#include <stddef.h>
#include <stdint.h>

struct hub;
struct hub_apps;
struct hub_credentials;
struct hub_loop;
struct hub_quota;
struct sb_log;

struct hub_apps_limits {
    uint64_t hello_ms;    /* from accept to the end of HELLO */
    uint64_t stall_ms;    /* an app that reads nothing for this long while its queue is over its quota is closed */
};

/* borrows loop, hub and log for its life. -ENOMEM */
int hub_apps_new(struct hub_loop *loop, struct hub *hub, const struct sb_log *log, const struct hub_apps_limits *limits,
                 struct hub_apps **ret_apps);

/* Closes all connections, and tells the hub of each. Not from inside a callback. */
struct hub_apps *hub_apps_free(struct hub_apps *apps);

void hub_apps_set_limits(struct hub_apps *apps, const struct hub_apps_limits *limits);

/* An accepted connection. takes fd, also when it fails. -ENOMEM, or what the hub says. */
int hub_apps_add(struct hub_apps *apps, int fd, const struct hub_credentials *credentials);

size_t hub_apps_count(const struct hub_apps *apps);
struct hub_quota *hub_apps_get_quota(const struct hub_apps *apps);

/* For struct hub_ops; conn is what hub_app_open() was given. */
void hub_apps_send(void *conn, const uint8_t *head, size_t head_size, const uint8_t *data, size_t data_size, int *fds,
                   unsigned n);
void hub_apps_kill(void *conn, const char *why);
void hub_apps_resume(void *conn);

#endif
