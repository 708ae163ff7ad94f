/*
 * The addresses of this machine, as the kernel tells them (rtnetlink), and their publication under our host name.
 * Avahi can do that by itself, but always with reverse records; two programs that claim the reverse record of one address
 * conflict, and the loser, which may be the machine's own avahi-daemon, withdraws or renames itself.
 */
#ifndef DISC_LOCAL_IO_H
#define DISC_LOCAL_IO_H

#include "base/list.h"

#include <stdbool.h>
#include <stddef.h>

#define DISC_LOCAL_MAX 128 /* addresses published */

struct AvahiServer;
struct event;
struct event_base;

struct disc_local {
    struct AvahiServer *server; /* borrowed */
    struct event *readable;
    struct sb_list addresses;
    size_t n_addresses;
    int fd;
};

/* borrows base and server until the deinit. The socket is open when this returns, nothing is published before the loop
 * runs. Errors of socket(2), bind(2); -ENOMEM. */
int disc_local_init(struct disc_local *local, struct event_base *base, struct AvahiServer *server);

/* Before the server is freed. */
void disc_local_deinit(struct disc_local *local);

/* Puts the records in again, after the server's host name has changed. */
void disc_local_publish(struct disc_local *local);

#endif
