/*
 * A bounded byte queue: appended at the tail, consumed at the head. Memory follows the bytes really held, never a
 * length somebody announced, and goes back to the system when a queue that was large runs empty.
 */
#ifndef SB_BASE_BUF_H
#define SB_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct sb_buf {
    uint8_t *data;
    size_t start, length, capacity;
    size_t max;  /* bytes it may hold */
    size_t keep; /* memory up to this size stays when it runs empty; after init 16 KiB */
};

void sb_buf_init(struct sb_buf *buf, size_t max);
void sb_buf_deinit(struct sb_buf *buf);

/* -ENOBUFS: it would hold more than max bytes (nothing is appended); -ENOMEM. */
int sb_buf_append(struct sb_buf *buf, const void *data, size_t size);

/* Room for up to `size` bytes at the tail, less when max is near (*ret_size says; 0 when full: -ENOBUFS).
 * The room is lent until the next call; sb_buf_commit() makes the bytes written there part of the queue. */
int sb_buf_reserve(struct sb_buf *buf, size_t size, uint8_t **ret_room, size_t *ret_size);
void sb_buf_commit(struct sb_buf *buf, size_t size);

/* The bytes held, contiguous; lent until the next call that changes the queue. NULL when there never were any. */
static inline const uint8_t *sb_buf_bytes(const struct sb_buf *buf)
{
    return buf->data ? buf->data + buf->start : NULL;
}

/* size <= length. */
void sb_buf_consume(struct sb_buf *buf, size_t size);

#endif
