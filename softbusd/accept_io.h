/*
 * Accepting apps: who may connect and how many, by the kernel's word about who they are. A storm of connections costs
 * others no more than a few per turn of the loop, and running out of descriptors is a pause, not a spin.
 */
#ifndef HUB_ACCEPT_IO_H
#define HUB_ACCEPT_IO_H

#include <stdbool.h>
#include <stdint.h>

struct hub_accept;
struct hub_apps;
struct hub_loop;
struct sb_log;

struct hub_accept_limits {
    uint64_t n_apps_max; /* those of a user are a quota */
};

/* borrows loop, apps, log and the listening socket for its life. With for_all false only our own user and root may
 * connect. -ENOMEM */
int hub_accept_new(struct hub_loop *loop, struct hub_apps *apps, const struct sb_log *log, int listen_fd, bool for_all,
                   const struct hub_accept_limits *limits, struct hub_accept **ret_accept);
struct hub_accept *hub_accept_free(struct hub_accept *accept);

void hub_accept_set_limits(struct hub_accept *accept, const struct hub_accept_limits *limits);

#endif
