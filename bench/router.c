/*
 * The least that a process between client and server can do: it waits for both, reads what is there and writes it on. Bytes that
 * the receiver has no room for stay in the direction's buffer, and nothing more is read until they have left.
 */
#include "bench/raw.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* A socket, and the direction that begins at it. */
struct bench_end {
    int fd;
    struct bench_end *other;
    size_t begin, end; /* in the buffer: read here, not yet written to the other */
    uint8_t buffer[BENCH_BUFFER_SIZE];
};

static int bench_end_watch(int epoll_fd, int operation, struct bench_end *end)
{
    bool is_full = end->begin < end->end, has_backlog = end->other->begin < end->other->end;
    struct epoll_event event = { .data.ptr = end,
                                 .events = (is_full ? 0u : EPOLLIN) | (has_backlog ? EPOLLOUT : 0u) };
    return epoll_ctl(epoll_fd, operation, end->fd, &event);
}

/* Writes the rest of a direction's buffer; ret_is_done: nothing is left. */
static int bench_end_flush(struct bench_end *end, bool *ret_is_done)
{
    while (end->begin < end->end) {
        ssize_t n = send(end->other->fd, end->buffer + end->begin, end->end - end->begin, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -1;
        if (n < 0)
            break;
        end->begin += (size_t)n;
    }
    *ret_is_done = end->begin == end->end;
    return 0;
}

static int bench_end_forward(int epoll_fd, struct bench_end *end)
{
    bool is_done;
    ssize_t n = recv(end->fd, end->buffer, sizeof(end->buffer), MSG_DONTWAIT);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    end->begin = 0;
    end->end = (size_t)n;
    if (bench_end_flush(end, &is_done) < 0)
        return -1;
    if (is_done)
        return 0;
    int r = bench_end_watch(epoll_fd, EPOLL_CTL_MOD, end);
    return r == 0 ? bench_end_watch(epoll_fd, EPOLL_CTL_MOD, end->other) : r;
}

/* There is room at end: the other direction's backlog goes on. */
static int bench_end_resume(int epoll_fd, struct bench_end *end)
{
    bool is_done;
    if (bench_end_flush(end->other, &is_done) < 0)
        return -1;
    if (!is_done)
        return 0;
    int r = bench_end_watch(epoll_fd, EPOLL_CTL_MOD, end);
    return r == 0 ? bench_end_watch(epoll_fd, EPOLL_CTL_MOD, end->other) : r;
}

static int bench_end_turn(int epoll_fd, struct bench_end *end, uint32_t events)
{
    int r = 0;
    if (events & EPOLLOUT)
        r = bench_end_resume(epoll_fd, end);
    if (r == 0 && (events & ~(uint32_t)EPOLLOUT) && end->begin == end->end)
        r = bench_end_forward(epoll_fd, end);
    return r;
}

int bench_router_run(const int *near_fds, const int *far_fds, int n)
{
    struct epoll_event events[16];
    struct bench_end *ends = calloc((size_t)n * 2, sizeof(*ends));
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC), r = ends != NULL ? 0 : -1;
    for (int i = 0; r == 0 && i < n * 2; i++) {
        ends[i].fd = i % 2 == 0 ? near_fds[i / 2] : far_fds[i / 2];
        ends[i].other = &ends[i ^ 1];
        r = bench_end_watch(epoll_fd, EPOLL_CTL_ADD, &ends[i]);
    }
    while (r == 0) {
        int n_events = epoll_wait(epoll_fd, events, 16, -1);
        for (int i = 0; r == 0 && i < n_events; i++)
            r = bench_end_turn(epoll_fd, events[i].data.ptr, events[i].events);
    }
    free(ends);
    return 0;
}
