/* Bounded byte queue; see buf.h. */
#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_BYTES (16 * 1024)

void sb_buf_init(struct sb_buf *buf, size_t max)
{
    *buf = (struct sb_buf){ .max = max, .keep = KEEP_BYTES };
}

void sb_buf_deinit(struct sb_buf *buf)
{
    free(buf->data);
    *buf = (struct sb_buf){ .max = buf->max, .keep = buf->keep };
}

/* Makes room for `size` more bytes at the tail: by moving what is there to the front when that is cheap, else by growing. */
static int make_room(struct sb_buf *buf, size_t size)
{
    size_t capacity;
    uint8_t *data;

    if (buf->capacity - buf->start - buf->length >= size)
        return 0;
    if (buf->capacity - buf->length >= size && buf->start >= buf->length) {
        memmove(buf->data, buf->data + buf->start, buf->length);
        buf->start = 0;
        return 0;
    }
    capacity = buf->capacity ? buf->capacity : 512;
    while (capacity < buf->length + size)
        capacity *= 2;
    data = malloc(capacity);
    if (!data)
        return -ENOMEM;
    if (buf->length)
        memcpy(data, buf->data + buf->start, buf->length);
    free(buf->data);
    buf->data = data;
    buf->start = 0;
    buf->capacity = capacity;
    return 0;
}

int sb_buf_append(struct sb_buf *buf, const void *data, size_t size)
{
    int r;

    if (size == 0)
        return 0;
    if (buf->max - buf->length < size)
        return -ENOBUFS;
    r = make_room(buf, size);
    if (r < 0)
        return r;
    memcpy(buf->data + buf->start + buf->length, data, size);
    buf->length += size;
    return 0;
}

int sb_buf_reserve(struct sb_buf *buf, size_t size, uint8_t **ret_room, size_t *ret_size)
{
    int r;

    if (size > buf->max - buf->length)
        size = buf->max - buf->length;
    if (size == 0)
        return -ENOBUFS;
    r = make_room(buf, size);
    if (r < 0)
        return r;
    *ret_room = buf->data + buf->start + buf->length;
    *ret_size = size;
    return 0;
}

void sb_buf_commit(struct sb_buf *buf, size_t size)
{
    assert(size <= buf->capacity - buf->start - buf->length);
    buf->length += size;
}

void sb_buf_consume(struct sb_buf *buf, size_t size)
{
    assert(size <= buf->length);
    buf->start += size;
    buf->length -= size;
    if (buf->length > 0)
        return;
    buf->start = 0;
    if (buf->capacity > buf->keep)
        sb_buf_deinit(buf);
}
