/* An app's output queue; see outq.h. */
#include "softbusd/outq.h"

#include <errno.h>

void hub_outq_init(struct hub_outq *queue, int fd, struct hub_quota_account *account)
{
    *queue = (struct hub_outq){ .fd = fd, .account = account };
    sb_buf_init(&queue->bytes, 0);
    hub_rights_init(&queue->rights);
}

static void clear(struct hub_outq *queue)
{
    sb_buf_deinit(&queue->bytes);
    hub_rights_deinit(&queue->rights);
    hub_quota_refund(&queue->queued);
    hub_quota_refund(&queue->descriptors);
}

void hub_outq_deinit(struct hub_outq *queue)
{
    clear(queue);
}

/* Bytes that the socket took: all, some or none. */
static size_t judge(struct hub_outq *queue, ssize_t n)
{
    queue->is_choked = n == -ETOOMANYREFS;
    if (n >= 0)
        return (size_t)n;
    /* That the app is gone is learnt by reading, behind the last thing it said. */
    if (n != -EAGAIN && n != -EINTR && n != -ENOBUFS && n != -ENOMEM && n != -ETOOMANYREFS)
        queue->is_deaf = true;
    return 0;
}

static int append(struct hub_outq *queue, const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return 0;
    hub_quota_force(&queue->queued, queue->account, HUB_QUOTA_BYTES, (uint32_t)size);
    return sb_buf_append(&queue->bytes, bytes, size);
}

int hub_outq_send(struct hub_outq *queue, size_t max, const uint8_t *head, size_t head_size, const uint8_t *data, size_t data_size,
                  int *fds, unsigned n)
{
    struct iovec parts[2] = {
        { .iov_base = (void *)(uintptr_t)head, .iov_len = head_size },
        { .iov_base = (void *)(uintptr_t)data, .iov_len = data_size },
    };
    size_t taken = 0;
    int r = 0;

    if (queue->bytes.length == 0) {
        taken = judge(queue, hub_rights_send(queue->fd, parts, data_size > 0 ? 2 : 1, fds, n));
        queue->position += taken;
        if (taken == head_size + data_size || queue->is_deaf)
            return 0;
    }
    queue->bytes.max = max;
    if (n > 0 && taken == 0) {
        r = hub_rights_keep(&queue->rights, queue->position + queue->bytes.length, fds, n);
        if (r == 0)
            hub_quota_force(&queue->descriptors, queue->account, HUB_QUOTA_DESCRIPTORS, n);
    }
    if (r == 0 && taken < head_size)
        r = append(queue, head + taken, head_size - taken);
    taken = taken > head_size ? taken - head_size : 0;
    if (r == 0)
        r = append(queue, data + taken, data_size - taken);
    return r < 0 ? r : 1;
}

bool hub_outq_flush(struct hub_outq *queue)
{
    size_t taken;

    if (queue->bytes.length == 0)
        return false;
    taken = judge(queue, hub_rights_flush(&queue->rights, queue->fd, sb_buf_bytes(&queue->bytes), queue->bytes.length, queue->position));
    if (queue->is_deaf) {
        clear(queue);
        return false;
    }
    sb_buf_consume(&queue->bytes, taken);
    queue->position += taken;
    hub_quota_refund_part(&queue->queued, queue->queued.amount - (uint32_t)queue->bytes.length);
    hub_quota_refund_part(&queue->descriptors, queue->descriptors.amount - queue->rights.n_fds);
    return taken > 0;
}
