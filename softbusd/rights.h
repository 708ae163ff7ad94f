/*
 * Descriptors on a unix stream socket. Whatever way the bytes are cut, a message's descriptors come, or go, with its first byte
 * (docs/protocol-app.md, "Messages"): so each batch is kept with the place of its bytes in the stream, and one that was lost on the
 * way never becomes another message's. Memory is used only while there are descriptors.
 */
#ifndef HUB_RIGHTS_H
#define HUB_RIGHTS_H

#include "base/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#define HUB_RIGHTS_MAX 64 /* descriptors that were received and no message has taken yet */

/* Of one direction of a connection, which counts its bytes from 0. */
struct hub_rights {
    struct sb_list batches;
    unsigned n_fds, n_batches;
};

void hub_rights_init(struct hub_rights *rights);
void hub_rights_deinit(struct hub_rights *rights); /* closes what is left */

static inline bool hub_rights_is_empty(const struct hub_rights *rights)
{
    return rights->n_batches == 0;
}

/* As recv(MSG_DONTWAIT), but -errno. Descriptors that come along are kept for the bytes from `position` on. -ENOBUFS: more than
 * HUB_RIGHTS_MAX of them wait; -ENOMEM: after both, bytes are lost. */
ssize_t hub_rights_receive(struct hub_rights *rights, int fd, void *room, size_t size, uint64_t position);

/* Those of a message that begins at position and says that it has n. *ret_fds: NULL when n is 0, or when they were lost (no room in
 * this process's table); else lent until hub_rights_done(), and whoever keeps one puts -1 in its place.
 * -EPROTO: an earlier message left some, or the number is another. */
int hub_rights_match(const struct hub_rights *rights, uint64_t position, unsigned n, int **ret_fds);

/* The message is done with: what is left of its descriptors is closed. */
void hub_rights_done(struct hub_rights *rights, uint64_t position, unsigned n);

/* Keeps descriptors for sending with the byte at position, behind all others; puts -1 in their places. -ENOMEM: nothing was changed. */
int hub_rights_keep(struct hub_rights *rights, uint64_t position, int *fds, unsigned n);

/* As sendmsg(MSG_DONTWAIT | MSG_NOSIGNAL) of parts, but -errno; with the first byte go n descriptors, at most
 * HUB_RIGHTS_MAX. */
ssize_t hub_rights_send(int fd, struct iovec *parts, size_t n_parts, const int *fds, unsigned n);

/* The same for what was queued: bytes[0] is at position. Sends up to where the next batch begins. */
ssize_t hub_rights_flush(struct hub_rights *rights, int fd, const uint8_t *bytes, size_t size, uint64_t position);

/* For struct hub_ops: two connected stream sockets, non-blocking, with room for a whole transaction. -errno */
int hub_rights_make_pair(void *unused, int ret_fds[2]);
void hub_rights_close(void *unused, int fd);

#endif
