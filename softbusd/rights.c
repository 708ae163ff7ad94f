/* Descriptors on a stream; see rights.h. */
#include "softbusd/rights.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND_BUFFER_BYTES (512 * 1024)

struct batch {
    struct sb_list link;
    uint64_t from, to; /* the bytes that came with it; when sending: the byte that it goes with */
    bool is_cut;       /* the kernel could not give us all of them */
    unsigned n;
    int fds[];
};

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(HUB_RIGHTS_MAX * sizeof(int))];
};

static struct batch *get_first(const struct hub_rights *rights)
{
    struct sb_list *link = sb_list_first(&rights->batches);

    return link ? SB_CONTAINER_OF(link, struct batch, link) : NULL;
}

static void close_all(const int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

static void drop(struct hub_rights *rights, struct batch *batch)
{
    rights->n_fds -= batch->n;
    rights->n_batches--;
    sb_list_remove(&batch->link);
    close_all(batch->fds, batch->n);
    free(batch);
}

void hub_rights_init(struct hub_rights *rights)
{
    *rights = (struct hub_rights){ .n_fds = 0 };
    sb_list_init(&rights->batches);
}

void hub_rights_deinit(struct hub_rights *rights)
{
    struct batch *batch;

    while ((batch = get_first(rights)))
        drop(rights, batch);
}

static int add(struct hub_rights *rights, uint64_t from, uint64_t to, const int *fds, unsigned n, bool is_cut)
{
    struct batch *batch = malloc(sizeof(*batch) + n * sizeof(int));

    if (!batch)
        return -ENOMEM;
    *batch = (struct batch){ .from = from, .to = to, .n = n, .is_cut = is_cut };
    if (n > 0)
        memcpy(batch->fds, fds, n * sizeof(int));
    sb_list_append(&rights->batches, &batch->link);
    rights->n_fds += n;
    rights->n_batches++;
    return 0;
}

/* All that the kernel has put into our table, be it one batch, several, or cut short. */
static unsigned collect(struct msghdr *message, int fds[HUB_RIGHTS_MAX])
{
    unsigned n = 0, n_more;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        n_more = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds + n, CMSG_DATA(c), n_more * sizeof(int));
        n += n_more;
    }
    return n;
}

ssize_t hub_rights_receive(struct hub_rights *rights, int fd, void *room, size_t size, uint64_t position)
{
    struct iovec part = { .iov_base = room, .iov_len = size };
    union control control;
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
    ssize_t size_got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    bool is_cut = message.msg_flags & MSG_CTRUNC;
    int fds[HUB_RIGHTS_MAX], r;
    unsigned n;

    if (size_got < 0)
        return -errno;
    if (message.msg_controllen == 0 && !is_cut)
        return size_got;
    n = collect(&message, fds);
    /* A batch that is cut holds nothing, and counts all the same. */
    r = rights->n_fds + n > HUB_RIGHTS_MAX || rights->n_batches == HUB_RIGHTS_MAX ? -ENOBUFS : 0;
    if (is_cut) {
        close_all(fds, n);
        n = 0;
    }
    if (r == 0)
        r = add(rights, position, position + (uint64_t)size_got, fds, n, is_cut);
    if (r < 0)
        close_all(fds, n);
    return r < 0 ? r : size_got;
}

int hub_rights_match(const struct hub_rights *rights, uint64_t position, unsigned n, int **ret_fds)
{
    struct batch *first = get_first(rights);

    if (first && first->to <= position)
        return -EPROTO;
    *ret_fds = NULL;
    if (n == 0 || !first || first->from > position || first->is_cut)
        return 0;
    if (first->n != n)
        return -EPROTO;
    *ret_fds = first->fds;
    return 0;
}

void hub_rights_done(struct hub_rights *rights, uint64_t position, unsigned n)
{
    struct batch *first = get_first(rights);

    if (n > 0 && first && first->from <= position)
        drop(rights, first);
}

int hub_rights_keep(struct hub_rights *rights, uint64_t position, int *fds, unsigned n)
{
    int r = add(rights, position, position + 1, fds, n, false);

    if (r < 0)
        return r;
    for (unsigned i = 0; i < n; i++)
        fds[i] = -1;
    return 0;
}

ssize_t hub_rights_send(int fd, struct iovec *parts, size_t n_parts, const int *fds, unsigned n)
{
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = n_parts };
    union control control;
    ssize_t size;

    assert(n <= HUB_RIGHTS_MAX); /* wire_msg_scan() has refused messages with more */
    if (n > 0) {
        memset(&control, 0, sizeof(control));
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(n * sizeof(int));
        CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
        CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
        CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), fds, n * sizeof(int));
    }
    size = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    return size < 0 ? -errno : size;
}

ssize_t hub_rights_flush(struct hub_rights *rights, int fd, const uint8_t *bytes, size_t size, uint64_t position)
{
    struct batch *batch = get_first(rights), *next = batch;
    struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
    ssize_t size_sent;

    if (batch && batch->from == position)
        next = batch->link.next == &rights->batches ? NULL : SB_CONTAINER_OF(batch->link.next, struct batch, link);
    else
        batch = NULL;
    if (next && next->from - position < size)
        part.iov_len = (size_t)(next->from - position);
    size_sent = hub_rights_send(fd, &part, 1, batch ? batch->fds : NULL, batch ? batch->n : 0);
    if (batch && size_sent > 0)
        drop(rights, batch);
    return size_sent;
}

void hub_rights_close(void *unused, int fd)
{
    (void)unused;
    close(fd);
}

int hub_rights_make_pair(void *unused, int ret_fds[2])
{
    const int send_bytes = SEND_BUFFER_BYTES;

    (void)unused;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ret_fds) < 0)
        return -errno;
    /* The kernel gives what it may; less is slower and does no harm. */
    setsockopt(ret_fds[0], SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
    setsockopt(ret_fds[1], SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
    return 0;
}
