/*
 * What an app's socket did not take: bytes, and the descriptors that belong to them, charged to the app. docs/protocol-app.md,
 * "Back-pressure". An app that reads costs nothing here: its messages are sent from where they were made.
 */
#ifndef HUB_OUTQ_H
#define HUB_OUTQ_H

#include "base/buf.h"
#include "softbusd/quota.h"
#include "softbusd/rights.h"

struct hub_outq {
    struct sb_buf bytes;
    struct hub_rights rights;
    uint64_t position; /* in the stream, of the first byte queued */
    struct hub_quota_account *account;
    struct hub_quota_charge queued, descriptors;
    int fd;
    bool is_deaf;   /* the other end takes no more; what it sent before is still read */
    bool is_choked; /* descriptors of this process that nobody has taken are too many: the socket says that it is writable, and is not */
};

/* borrows fd and account for its life. */
void hub_outq_init(struct hub_outq *queue, int fd, struct hub_quota_account *account);
void hub_outq_deinit(struct hub_outq *queue);

/* Sends head and data joined, with n descriptors, or queues what is left behind the rest, up to max bytes; puts -1 in the place of
 * each descriptor that it keeps. 1: something is queued now; 0: nothing is, or it is deaf; -ENOBUFS: over max; -ENOMEM: after both the
 * stream is broken. */
int hub_outq_send(struct hub_outq *queue, size_t max, const uint8_t *head, size_t head_size, const uint8_t *data, size_t data_size,
                  int *fds, unsigned n);

/* Sends from the queue. True: some bytes left. */
bool hub_outq_flush(struct hub_outq *queue);

#endif
