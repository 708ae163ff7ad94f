/*
 * The sockets of a connection; see stream.h. A descriptor that arrives does so at the latest with the first byte of its
 * message, as the kernel never joins two sets of descriptors in one receive; so a queue of them, from whose head each
 * message takes its number, keeps them apart.
 */
#include "libsoftbus/stream.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/channel.h"
#include "base/clock.h"
#include "softbus/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BYTES (20 * 1024)      /* asked for when nothing is known: a message with 16 KiB of data fits */
#define USUAL_MAX_BYTES (80 * 1024)    /* as much as the last message had is asked for up to here; more of it at once was slower */
#define RECEIVE_MAX_BYTES (256 * 1024) /* asked for at once when a long message is on its way */
#define OUT_HIGH_BYTES (4u << 20)      /* queued above this: no more calls */
#define REPLIES_HIGH_BYTES (1u << 20)  /* the same at a server end: no more calls are taken from it; there may be many clients */
#define OUT_MAX_BYTES (64u << 20)      /* what was taken is answered up to here: 256 calls, with 200 KB each */
#define KEPT_HIGH_BYTES (16u << 20)    /* put aside above this: nothing more is received */
#define KEPT_MAX_BYTES (64u << 20)
#define KEEP_BYTES (256 * 1024)        /* memory that the receive buffer keeps between two uses: a local transaction */
#define GATHER_MAX_BYTES (32 * 1024)   /* gathered up to here, then sent */
#define LAZY_MS 5                      /* what is not urgent waits so long for something to leave with */
#define SWAP_MIN_BYTES (8 * 1024)      /* less is copied faster than a large buffer is found again */
#define SEND_BUFFER_BYTES (512 * 1024) /* a whole local transaction in one sendmsg(); the kernel gives what it may */

/* Descriptors that leave with the byte at `at`. */
struct softbus_stream_fds {
    struct sb_list link; /* stream->out_fds */
    uint64_t at;
    unsigned n;
    int fds[WIRE_FDS_MAX];
};

int softbus_stream_init(struct softbus_stream *stream, struct softbus *bus, enum softbus_stream_kind kind, int fd)
{
    int send_bytes = SEND_BUFFER_BYTES;

    *stream = (struct softbus_stream){ .bus = bus, .kind = kind, .fd = fd };
    sb_list_init(&stream->ready_link);
    sb_list_init(&stream->dirty_link);
    sb_list_init(&stream->out_fds);
    sb_buf_init(&stream->in, WIRE_MSG_MAX + 64 * 1024);
    stream->in.keep = KEEP_BYTES;
    sb_buf_init(&stream->out, OUT_MAX_BYTES);
    sb_buf_init(&stream->kept, KEPT_MAX_BYTES);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
    if (sb_idtab_add(&bus->streams, stream, &stream->id) == 0)
        return 0;
    close(fd);
    stream->fd = -1;
    return SOFTBUS_ERR_NO_MEMORY;
}

static void close_fds(const int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

static void free_out_fds(struct softbus_stream_fds *fds)
{
    close_fds(fds->fds, fds->n);
    sb_list_remove(&fds->link);
    free(fds);
}

void softbus_stream_deinit(struct softbus_stream *stream)
{
    struct sb_list *link;

    sb_list_remove(&stream->ready_link);
    sb_list_remove(&stream->dirty_link);
    while ((link = sb_list_first(&stream->out_fds)))
        free_out_fds(SB_CONTAINER_OF(link, struct softbus_stream_fds, link));
    close_fds(stream->in_fds, stream->n_in_fds);
    stream->n_in_fds = stream->n_in_sets = stream->n_kept_sets = 0;
    if (stream->fd >= 0) {
        sb_idtab_remove(&stream->bus->streams, stream->id);
        close(stream->fd); /* leaves epoll by itself: nobody else has this socket */
    }
    stream->fd = -1;
    stream->polled = 0;
    stream->is_over = true;
    sb_buf_deinit(&stream->in);
    sb_buf_deinit(&stream->out);
    sb_buf_deinit(&stream->kept);
}

/* --- out --- */

static bool is_patience(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS || error == ENOMEM;
}

int softbus_stream_break(struct softbus_stream *stream)
{
    struct sb_list *link;

    while ((link = sb_list_first(&stream->out_fds)))
        free_out_fds(SB_CONTAINER_OF(link, struct softbus_stream_fds, link));
    sb_list_remove(&stream->dirty_link);
    sb_buf_deinit(&stream->out);
    stream->is_broken = true;
    shutdown(stream->fd, SHUT_RDWR); /* so that the reader sees it too */
    stream->is_readable = true;
    softbus_stream_update(stream);
    return SOFTBUS_ERR_DISCONNECTED;
}

/* The bytes taken; 0: none now; -errno. */
static ssize_t send_some(int fd, struct iovec *parts, size_t n_parts, const int *fds, unsigned n_fds)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
    } control;
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = n_parts };
    ssize_t n;

    if (n_fds) {
        memset(&control, 0, sizeof(control));
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int) * n_fds), .cmsg_level = SOL_SOCKET,
                                           .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
    }
    n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0)
        return is_patience(errno) ? 0 : -errno;
    return n;
}

int softbus_stream_flush(struct softbus_stream *stream)
{
    sb_list_remove(&stream->dirty_link);
    if (stream == &stream->bus->hub)
        stream->bus->lazy_due_ms = UINT64_MAX;
    while (stream->out.length > 0) {
        struct sb_list *link = sb_list_first(&stream->out_fds);
        struct softbus_stream_fds *fds = link ? SB_CONTAINER_OF(link, struct softbus_stream_fds, link) : NULL;
        bool is_now = fds && fds->at == stream->n_out;
        struct softbus_stream_fds *next = NULL;
        struct iovec part = { .iov_base = stream->out.data + stream->out.start, .iov_len = stream->out.length };
        ssize_t n;

        if (is_now && fds->link.next != &stream->out_fds)
            next = SB_CONTAINER_OF(fds->link.next, struct softbus_stream_fds, link);
        else if (!is_now)
            next = fds;
        if (next)
            part.iov_len = next->at - stream->n_out;
        n = send_some(stream->fd, &part, 1, is_now ? fds->fds : NULL, is_now ? fds->n : 0);
        if (n < 0)
            return softbus_stream_break(stream);
        if (n == 0)
            break;
        if (is_now)
            free_out_fds(fds);
        sb_buf_consume(&stream->out, (size_t)n);
        stream->n_out += (uint64_t)n;
    }
    softbus_stream_poll(stream, stream->polled & EPOLLIN);
    if (stream->kind == SOFTBUS_STREAM_SERVER)
        softbus_channel_look_at_replies(stream);
    return 0;
}

void softbus_stream_flush_all(struct softbus *bus)
{
    struct sb_list *link;

    while ((link = sb_list_first(&bus->dirty)))
        softbus_stream_flush(SB_CONTAINER_OF(link, struct softbus_stream, dirty_link));
}

/* Duplicates, to leave with the byte that is queued next. */
static int queue_fds(struct softbus_stream *stream, const int *fds, unsigned n)
{
    struct softbus_stream_fds *queued = malloc(sizeof(*queued));

    if (!queued)
        return SOFTBUS_ERR_NO_MEMORY;
    queued->at = stream->n_out + stream->out.length;
    for (queued->n = 0; queued->n < n; queued->n++) {
        queued->fds[queued->n] = fcntl(fds[queued->n], F_DUPFD_CLOEXEC, 0);
        if (queued->fds[queued->n] < 0) {
            close_fds(queued->fds, queued->n);
            free(queued);
            return SOFTBUS_ERR_LIMIT;
        }
    }
    sb_list_append(&stream->out_fds, &queued->link);
    return 0;
}

/* The part of head and data behind the first n_sent bytes; all of it or nothing is appended. */
static int queue_rest(struct softbus_stream *stream, const struct softbus_outgoing_bytes *bytes, size_t n_sent)
{
    const struct sb_buf *head = &stream->bus->head;
    size_t before = stream->out.length, n_head = head->length;
    bool has_fds = bytes->n_fds && n_sent == 0;
    int r = has_fds ? queue_fds(stream, bytes->fds, bytes->n_fds) : 0;

    if (r < 0)
        return r;
    if (n_sent < n_head) {
        r = sb_buf_append(&stream->out, sb_buf_bytes(head) + n_sent, n_head - n_sent);
        n_sent = n_head;
    }
    if (r == 0 && bytes->size > 0)
        r = sb_buf_append(&stream->out, (const uint8_t *)bytes->data + (n_sent - n_head), bytes->size - (n_sent - n_head));
    if (r == 0)
        return 0;
    stream->out.length = before;
    if (has_fds)
        free_out_fds(SB_CONTAINER_OF(stream->out_fds.prev, struct softbus_stream_fds, link));
    return SOFTBUS_ERR_NO_MEMORY;
}

/* What is gathered and this in one go, as far as the kernel takes it. Returns how much of this it took, or -errno. */
static ssize_t send_joined(struct softbus_stream *stream, const struct softbus_outgoing_bytes *bytes)
{
    const struct sb_buf *head = &stream->bus->head;
    size_t n_before = stream->out.length;
    struct iovec parts[3] = { { .iov_base = n_before ? stream->out.data + stream->out.start : NULL, .iov_len = n_before },
                              { .iov_base = head->data + head->start, .iov_len = head->length },
                              { .iov_base = (void *)(uintptr_t)bytes->data, .iov_len = bytes->size } };
    size_t skipped = n_before ? 0 : 1;
    ssize_t n = send_some(stream->fd, parts + skipped, 3 - skipped - (bytes->size == 0), bytes->fds, bytes->n_fds);

    if (n <= 0)
        return n;
    stream->n_out += (uint64_t)n;
    if (n_before > 0)
        sb_buf_consume(&stream->out, (size_t)n < n_before ? (size_t)n : n_before);
    if (stream->out.length > 0)
        return 0;
    sb_list_remove(&stream->dirty_link);
    if (stream == &stream->bus->hub)
        stream->bus->lazy_due_ms = UINT64_MAX;
    return n - (ssize_t)n_before;
}

/* True when nothing that was queued keeps this from being sent now. */
static bool may_send(struct softbus_stream *stream, const struct softbus_outgoing_bytes *bytes)
{
    if (stream->out.length == 0)
        return true;
    if (stream->polled & EPOLLOUT) /* the kernel has refused some; it will say when it takes more */
        return false;
    return (bytes->n_fds == 0 && sb_list_is_empty(&stream->out_fds)) || softbus_stream_flush(stream) < 0 ||
           stream->out.length == 0;
}

int softbus_stream_send(struct softbus_stream *stream, const struct softbus_outgoing_bytes *bytes)
{
    struct softbus *bus = stream->bus;
    size_t size = bus->head.length + bytes->size;
    bool gathers = (bytes->gathers || bytes->is_lazy) && size + stream->out.length <= GATHER_MAX_BYTES;
    ssize_t n = 0;
    int r;

    if (stream->is_broken)
        return SOFTBUS_ERR_DISCONNECTED;
    if (!gathers && !stream->is_over && may_send(stream, bytes))
        n = stream->is_over ? 0 : send_joined(stream, bytes);
    if (stream->is_over)
        return SOFTBUS_ERR_DISCONNECTED;
    if (n < 0)
        return softbus_stream_break(stream);
    if ((size_t)n == size)
        return 0;
    r = queue_rest(stream, bytes, (size_t)n);
    if (r < 0)
        return n > 0 ? softbus_stream_break(stream) : r;
    if (stream->kind == SOFTBUS_STREAM_SERVER)
        softbus_channel_look_at_replies(stream);
    if (!gathers)
        softbus_stream_poll(stream, stream->polled & EPOLLIN);
    else if (!bytes->is_lazy && sb_list_is_empty(&stream->dirty_link))
        sb_list_append(&bus->dirty, &stream->dirty_link);
    else if (bytes->is_lazy && bus->lazy_due_ms == UINT64_MAX)
        bus->lazy_due_ms = sb_clock_now_ms() + LAZY_MS;
    return 0;
}

void softbus_stream_flush_lazy(struct softbus *bus)
{
    if (bus->lazy_due_ms != UINT64_MAX)
        softbus_stream_flush(&bus->hub);
}

bool softbus_stream_is_full(const struct softbus_stream *stream)
{
    return stream->out.length >= (stream->kind == SOFTBUS_STREAM_SERVER ? REPLIES_HIGH_BYTES : OUT_HIGH_BYTES);
}

/* --- in --- */

/* Descriptors that came along are ours from here on: one set a receive, even when none of it fitted into this process's table. */
static int take_control(struct softbus_stream *stream, struct msghdr *message)
{
    unsigned before = stream->n_in_fds;

    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        unsigned n, room = SOFTBUS_STREAM_FDS_MAX - stream->n_in_fds;
        int fds[WIRE_FDS_MAX];

        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        n = (unsigned)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(header), n * sizeof(int));
        if (n > room)
            close_fds(fds + room, n - room);
        n = n < room ? n : room;
        memcpy(stream->in_fds + stream->n_in_fds, fds, n * sizeof(int));
        stream->n_in_fds += n;
    }
    if (stream->n_in_sets == SOFTBUS_STREAM_FDS_MAX)
        return SOFTBUS_ERR_PROTOCOL;
    stream->in_sets[stream->n_in_sets++] = (uint8_t)(stream->n_in_fds - before);
    return 0;
}

bool softbus_stream_has_room(const struct softbus_stream *stream)
{
    size_t waiting_bytes = stream->kind == SOFTBUS_STREAM_HUB ? stream->bus->waiting_bytes : 0;

    return stream->kept.length + waiting_bytes < KEPT_HIGH_BYTES && stream->in.length < stream->in.max;
}

int softbus_stream_receive(struct softbus_stream *stream)
{
    char control[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
    struct iovec part;
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
    size_t wanted = stream->usual > RECEIVE_BYTES ? stream->usual : RECEIVE_BYTES, room_size;
    uint8_t *room;
    ssize_t n;

    if (stream->is_over || !softbus_stream_has_room(stream))
        return stream->is_over ? SOFTBUS_ERR_DISCONNECTED : 0;
    if (stream->in_needed > stream->in.length + wanted)
        wanted = stream->in_needed - stream->in.length;
    if (wanted > RECEIVE_MAX_BYTES)
        wanted = RECEIVE_MAX_BYTES;
    if (sb_buf_reserve(&stream->in, wanted, &room, &room_size) < 0) {
        stream->is_over = true;
        return SOFTBUS_ERR_DISCONNECTED;
    }
    part = (struct iovec){ .iov_base = room, .iov_len = room_size };
    n = recvmsg(stream->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n > 0) {
        sb_buf_commit(&stream->in, (size_t)n);
        stream->received_ms = sb_clock_now_ms();
        if (message.msg_controllen > 0 || message.msg_flags & MSG_CTRUNC)
            stream->is_over = take_control(stream, &message) < 0;
        else if ((size_t)n < room_size) /* that was all; more will be another event */
            stream->is_readable = false;
        return 1;
    }
    if (n < 0 && is_patience(errno)) {
        stream->is_readable = errno == EINTR;
        return 0;
    }
    stream->is_over = true;
    return SOFTBUS_ERR_DISCONNECTED;
}

int softbus_stream_peek(struct softbus_stream *stream, bool from_kept, struct wire_msg *ret_msg, size_t *ret_size)
{
    const struct sb_buf *from = from_kept && stream->kept.length > 0 ? &stream->kept : &stream->in;
    int r = wire_msg_scan(sb_buf_bytes(from), from->length, WIRE_MSG_MAX, ret_msg, ret_size);

    if (from == &stream->in)
        stream->in_needed = *ret_size;
    return r < 0 ? SOFTBUS_ERR_PROTOCOL : r;
}

/* Takes the set of a message's descriptors out of the queue, to ret_fds (of WIRE_FDS_MAX), and returns its size. */
static unsigned take_set(struct softbus_stream *stream, bool from_kept, int *ret_fds)
{
    unsigned set = from_kept ? 0 : stream->n_kept_sets, at = 0, n;

    for (unsigned i = 0; i < set; i++)
        at += stream->in_sets[i];
    n = stream->in_sets[set];
    memcpy(ret_fds, stream->in_fds + at, n * sizeof(int));
    stream->n_in_fds -= n;
    memmove(stream->in_fds + at, stream->in_fds + at + n, (stream->n_in_fds - at) * sizeof(int));
    stream->n_in_sets--;
    memmove(stream->in_sets + set, stream->in_sets + set + 1, stream->n_in_sets - set);
    if (from_kept)
        stream->n_kept_sets--;
    return n;
}

/* As softbus_stream_consume(), the descriptors only. */
static int give_set(struct softbus_stream *stream, bool from_kept, unsigned n_wanted, int *ret_fds)
{
    unsigned n_sets = from_kept ? stream->n_kept_sets : stream->n_in_sets - stream->n_kept_sets, n;
    int fds[WIRE_FDS_MAX];

    if (n_sets == 0)
        return SOFTBUS_ERR_LIMIT;
    n = take_set(stream, from_kept, fds);
    if (n == n_wanted && ret_fds) {
        memcpy(ret_fds, fds, n * sizeof(int));
        return 0;
    }
    close_fds(fds, n);
    return n > n_wanted ? SOFTBUS_ERR_PROTOCOL : n < n_wanted ? SOFTBUS_ERR_LIMIT : 0;
}

int softbus_stream_consume(struct softbus_stream *stream, bool from_kept, const struct wire_msg *message, size_t size,
                           int *ret_fds)
{
    unsigned n_wanted = message->n_fds; /* what it views is gone below */

    sb_buf_consume(from_kept ? &stream->kept : &stream->in, size);
    stream->usual = message->body.size < USUAL_MAX_BYTES ? message->body.size + WIRE_HEADER_SIZE : 0;
    return n_wanted > 0 ? give_set(stream, from_kept, n_wanted, ret_fds) : 0;
}

bool softbus_stream_swap(struct softbus_stream *stream, struct wire_bytes data, struct sb_buf *to)
{
    struct sb_buf *in = &stream->in, mine = *in;

    if (data.size < SWAP_MIN_BYTES || data.data < in->data ||
        data.data + data.size != sb_buf_bytes(in) + in->length)
        return false;
    *in = (struct sb_buf){ .data = to->data, .capacity = to->capacity, .max = mine.max, .keep = mine.keep };
    *to = (struct sb_buf){ .data = mine.data, .start = (size_t)(data.data - mine.data), .length = data.size,
                           .capacity = mine.capacity, .max = to->max, .keep = to->keep };
    stream->in_needed = 0;
    return true;
}

int softbus_stream_put_aside(struct softbus_stream *stream, const struct wire_msg *message, size_t size)
{
    if (sb_buf_append(&stream->kept, sb_buf_bytes(&stream->in), size) < 0)
        return SOFTBUS_ERR_NO_MEMORY;
    if (message->n_fds && stream->n_kept_sets < stream->n_in_sets)
        stream->n_kept_sets++;
    sb_buf_consume(&stream->in, size);
    return 0;
}

/* --- readiness --- */

void softbus_stream_poll(struct softbus_stream *stream, bool wants_input)
{
    uint32_t wanted = (wants_input ? EPOLLIN | EPOLLRDHUP : 0u) | (stream->out.length > 0 ? EPOLLOUT : 0u);
    struct epoll_event event = { .data.u64 = stream->id };
    int how;

    if (wanted == stream->polled || stream->fd < 0)
        return;
    how = stream->polled == 0 ? EPOLL_CTL_ADD : wanted == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    event.events = wanted | EPOLLET;
    if (epoll_ctl(stream->bus->epoll_fd, how, stream->fd, &event) == 0)
        stream->polled = wanted;
}

void softbus_stream_update(struct softbus_stream *stream)
{
    struct wire_msg message;
    size_t size;
    bool is_ready;

    stream->has_whole = wire_msg_scan(sb_buf_bytes(&stream->in), stream->in.length, WIRE_MSG_MAX, &message, &size) != 0;
    is_ready = !stream->is_blocked && (stream->kept.length > 0 || stream->is_over || stream->has_whole ||
                                       (stream->is_readable && softbus_stream_has_room(stream)));
    if (!is_ready)
        sb_list_remove(&stream->ready_link);
    else if (sb_list_is_empty(&stream->ready_link))
        sb_list_append(&stream->bus->ready, &stream->ready_link);
}
