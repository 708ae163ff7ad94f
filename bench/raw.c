/* The servers and the clients; what stands between them is in router.c and tls_baseline_io.c. */
#include "bench/raw.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* As libsoftbus and softbusd do, so that the largest message leaves in one write and wakes the receiver once. */
#define BENCH_SEND_BUFFER (512 * 1024)

int bench_transport_take(struct bench_transport *transport, pid_t pid)
{
    if (pid > 0)
        transport->pids[transport->n_pids++] = pid;
    return pid > 0 ? 0 : -1;
}

int bench_raw_pair(int ret_fds[2])
{
    int bytes = BENCH_SEND_BUFFER;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_fds) < 0) {
        perror("bench: socketpair");
        return -1;
    }
    for (int i = 0; i < 2; i++)
        setsockopt(ret_fds[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    return 0;
}

/* --- servers --- */

struct bench_echo {
    int fd;
    size_t length; /* of what is in the buffer */
    uint8_t buffer[BENCH_BUFFER_SIZE];
};

/* Whole messages at the front of the buffer, in bytes. */
static size_t bench_echo_find_end(const struct bench_echo *echo)
{
    size_t end = 0;
    uint32_t size;
    while (echo->length - end >= sizeof(size)) {
        memcpy(&size, echo->buffer + end, sizeof(size));
        if (size > BENCH_SIZE_MAX || echo->length - end - sizeof(size) < size)
            break;
        end += sizeof(size) + size;
    }
    return end;
}

/* One read, and one write of all messages that are complete. */
static int bench_echo_turn(struct bench_echo *echo)
{
    ssize_t n = read(echo->fd, echo->buffer + echo->length, sizeof(echo->buffer) - echo->length);
    if (n <= 0)
        return -1;
    echo->length += (size_t)n;
    size_t end = bench_echo_find_end(echo);
    if (end > 0 && bench_write_all(echo->fd, echo->buffer, end) < 0)
        return -1;
    echo->length -= end;
    memmove(echo->buffer, echo->buffer + end, echo->length);
    return 0;
}

static int bench_echo_run(int fd)
{
    struct bench_echo *echo = calloc(1, sizeof(*echo));
    if (echo == NULL)
        return 1;
    echo->fd = fd;
    while (bench_echo_turn(echo) == 0)
        ;
    free(echo);
    return 0;
}

int bench_raw_start_echo(struct bench_transport *transport, struct bench_world *world, int fd)
{
    pid_t pid = bench_world_fork(world, BENCH_SERVER);
    if (pid == 0)
        _exit(bench_echo_run(fd));
    return bench_transport_take(transport, pid);
}

/* A client writes no message before it has the answer to its last: a blocking write waits at most for its reading. */
static int bench_echo_run_many(const int *fds, int n)
{
    struct epoll_event events[BENCH_WORKERS_MAX];
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < n; i++) {
        struct bench_echo *echo = calloc(1, sizeof(*echo));
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = echo };
        if (echo == NULL || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fds[i], &event) < 0)
            return 1;
        echo->fd = fds[i];
    }
    for (;;) {
        int n_events = epoll_wait(epoll_fd, events, BENCH_WORKERS_MAX, -1);
        for (int i = 0; i < n_events; i++)
            if (bench_echo_turn(events[i].data.ptr) < 0)
                return 0;
    }
}

static int bench_raw_start_servers(struct bench_transport *transport, struct bench_world *world,
                                   const int fds[BENCH_RAW_PAIRS])
{
    int r = bench_raw_start_echo(transport, world, fds[BENCH_RAW_SOLO]);
    pid_t pid = r == 0 ? bench_world_fork(world, BENCH_SERVER) : -1;
    if (pid == 0)
        _exit(bench_echo_run_many(fds, BENCH_WORKERS_MAX));
    return bench_transport_take(transport, pid);
}

void bench_raw_init(struct bench_raw *raw)
{
    for (int i = 0; i < BENCH_RAW_PAIRS; i++)
        raw->client_fds[i] = -1;
}

static int bench_raw_make_pairs(int near_fds[BENCH_RAW_PAIRS], int far_fds[BENCH_RAW_PAIRS])
{
    for (int i = 0; i < BENCH_RAW_PAIRS; i++) {
        int pair[2];
        if (bench_raw_pair(pair) < 0)
            return -1;
        near_fds[i] = pair[0];
        far_fds[i] = pair[1];
    }
    return 0;
}

static void bench_raw_close_all(const int fds[BENCH_RAW_PAIRS])
{
    for (int i = 0; i < BENCH_RAW_PAIRS; i++)
        close(fds[i]);
}

int bench_raw_start_stream(struct bench_transport *transport, struct bench_raw *raw, struct bench_world *world)
{
    int fds[BENCH_RAW_PAIRS];
    bench_raw_init(raw);
    if (bench_raw_make_pairs(raw->client_fds, fds) < 0)
        return -1;
    int r = bench_raw_start_servers(transport, world, fds);
    bench_raw_close_all(fds);
    return r;
}

int bench_raw_start_router(struct bench_transport *transport, struct bench_raw *raw, struct bench_world *world)
{
    int near_fds[BENCH_RAW_PAIRS], far_fds[BENCH_RAW_PAIRS], fds[BENCH_RAW_PAIRS];
    bench_raw_init(raw);
    if (bench_raw_make_pairs(raw->client_fds, near_fds) < 0 || bench_raw_make_pairs(far_fds, fds) < 0)
        return -1;
    int r = bench_raw_start_servers(transport, world, fds);
    pid_t pid = r == 0 ? bench_world_fork(world, BENCH_MIDDLE) : -1;
    if (pid == 0)
        _exit(bench_router_run(near_fds, far_fds, BENCH_RAW_PAIRS));
    r = bench_transport_take(transport, pid);
    bench_raw_close_all(near_fds);
    bench_raw_close_all(far_fds);
    bench_raw_close_all(fds);
    return r;
}

static void bench_raw_stop(void *setup)
{
    const struct bench_raw *raw = setup;
    for (int i = 0; i < BENCH_RAW_PAIRS; i++)
        if (raw->client_fds[i] >= 0)
            close(raw->client_fds[i]);
}

/* --- clients --- */

struct bench_raw_client {
    int solo_fd, conc_fd; /* solo_fd: -1 but in worker 0 */
    size_t stride;        /* bytes of a message */
    size_t n;             /* messages in `requests`, all the same */
    uint8_t *requests;
    uint8_t answer[BENCH_BUFFER_SIZE];
};

static int bench_raw_connect(void *setup, unsigned worker, void **ret_client)
{
    const struct bench_raw *raw = setup;
    struct bench_raw_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return -1;
    client->conc_fd = raw->client_fds[worker];
    client->solo_fd = worker == 0 ? raw->client_fds[BENCH_RAW_SOLO] : -1;
    *ret_client = client;
    return 0;
}

static int bench_raw_exchange(struct bench_raw_client *client, const struct bench_job *job)
{
    int fd = job->mode == BENCH_CONC ? client->conc_fd : client->solo_fd;
    if (bench_write_all(fd, client->requests, client->stride) < 0 ||
        bench_read_all(fd, client->answer, client->stride) < 0) {
        perror("bench: raw");
        return -1;
    }
    return 0;
}

/* As many messages as one write may take in mode PIPE. */
static int bench_raw_prepare(void *userdata, const struct bench_job *job)
{
    struct bench_raw_client *client = userdata;
    uint32_t size = (uint32_t)job->size;
    free(client->requests);
    client->stride = sizeof(size) + job->size;
    client->n = BENCH_BUFFER_SIZE / client->stride;
    if (client->n > BENCH_IN_FLIGHT)
        client->n = BENCH_IN_FLIGHT;
    client->requests = malloc(client->n * client->stride);
    if (client->requests == NULL)
        return -1;
    memcpy(client->requests, &size, sizeof(size));
    bench_payload_fill(client->requests + sizeof(size), size, job->seed);
    for (size_t i = 1; i < client->n; i++)
        memcpy(client->requests + i * client->stride, client->requests, client->stride);
    if (bench_raw_exchange(client, job) < 0)
        return -1;
    return bench_payload_check(client->answer + sizeof(size), size, job);
}

static int bench_raw_call(void *userdata, const struct bench_job *job)
{
    struct bench_raw_client *client = userdata;
    if (bench_raw_exchange(client, job) < 0)
        return -1;
    return bench_payload_check_ends(client->answer + sizeof(uint32_t), client->stride - sizeof(uint32_t), job);
}

/* Mode PIPE: positions in the two streams of bytes since the job began. */
struct bench_raw_pipe {
    uint64_t sent, received;
    uint64_t limit;                     /* what may be sent */
    uint64_t begun_ns[BENCH_IN_FLIGHT]; /* of message i at i % BENCH_IN_FLIGHT */
};

/* Up to the limit, as far as the socket takes it. */
static int bench_raw_pipe_send(struct bench_raw_client *client, struct bench_raw_pipe *pipe, uint64_t now_ns)
{
    while (pipe->sent < pipe->limit) {
        size_t offset = (size_t)(pipe->sent % (client->n * client->stride)), size = client->n * client->stride - offset;
        if (size > pipe->limit - pipe->sent)
            size = (size_t)(pipe->limit - pipe->sent);
        ssize_t n = send(client->solo_fd, client->requests + offset, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        uint64_t end = pipe->sent + (uint64_t)n;
        for (uint64_t i = (pipe->sent + client->stride - 1) / client->stride; i * client->stride < end; i++)
            pipe->begun_ns[i % BENCH_IN_FLIGHT] = now_ns;
        pipe->sent = end;
    }
    return 0;
}

/* Waits for answers, and for room as long as there is something to send. */
static int bench_raw_pipe_receive(struct bench_raw_client *client, struct bench_raw_pipe *pipe,
                                  const struct bench_job *job)
{
    bool has_more = pipe->sent < pipe->limit;
    struct pollfd poll_fd = { .fd = client->solo_fd, .events = POLLIN | POLLOUT };
    if (has_more && poll(&poll_fd, 1, -1) < 0)
        return errno == EINTR ? 0 : -1;
    ssize_t n = recv(client->solo_fd, client->answer, sizeof(client->answer), has_more ? MSG_DONTWAIT : 0);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    if (client->answer[0] != client->requests[pipe->received % (client->n * client->stride)]) {
        errno = EBADMSG;
        return -1;
    }
    uint64_t now_ns = bench_now_ns(), i = pipe->received / client->stride;
    pipe->received += (uint64_t)n;
    for (; i < pipe->received / client->stride; i++)
        bench_hist_add(job->hist, now_ns - pipe->begun_ns[i % BENCH_IN_FLIGHT]);
    return 0;
}

static int bench_raw_pipe_run(void *userdata, const struct bench_job *job)
{
    struct bench_raw_client *client = userdata;
    struct bench_raw_pipe pipe = { 0 };
    bool is_over = false;
    while (!is_over || pipe.received < pipe.limit) {
        uint64_t now_ns = bench_now_ns();
        if (now_ns < job->end_ns)
            pipe.limit = (pipe.received / client->stride + BENCH_IN_FLIGHT) * client->stride;
        else if (!is_over) {
            is_over = true;
            pipe.limit = (pipe.sent + client->stride - 1) / client->stride * client->stride;
        }
        if (bench_raw_pipe_send(client, &pipe, now_ns) < 0 ||
            (pipe.received < pipe.limit && bench_raw_pipe_receive(client, &pipe, job) < 0)) {
            perror("bench: raw");
            return -1;
        }
    }
    return 0;
}

const struct bench_transport_ops bench_raw_ops = {
    .connect = bench_raw_connect,
    .prepare = bench_raw_prepare,
    .call = bench_raw_call,
    .pipe = bench_raw_pipe_run,
    .stop = bench_raw_stop,
};
