#include "bench/chain.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BENCH_MESSAGE_MAX (256 * 1024)

static int bench_chain_echo(int fd)
{
    uint8_t *message = malloc(BENCH_MESSAGE_MAX);
    uint32_t size;
    while (message != NULL && bench_read_all(fd, &size, sizeof(size)) == 0 && size <= BENCH_MESSAGE_MAX - sizeof(size)) {
        memcpy(message, &size, sizeof(size));
        if (bench_read_all(fd, message + sizeof(size), size) < 0 || bench_write_all(fd, message, size + sizeof(size)) < 0)
            break;
    }
    return 0;
}

int bench_chain_start_echo(struct bench_chain *chain, struct bench_world *world, int fd, const int *others, size_t n_others)
{
    pid_t pid = bench_world_fork(world);
    if (pid == 0) {
        for (size_t i = 0; i < n_others; i++)
            close(others[i]);
        _exit(bench_chain_echo(fd));
    }
    if (pid > 0)
        chain->pids[chain->n_pids++] = pid;
    return pid > 0 ? 0 : -1;
}

/* One message is under way at a time, so writing may block: the receiver is reading. */
static int bench_chain_route(int a, int b)
{
    uint8_t *bytes = malloc(BENCH_MESSAGE_MAX);
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[2] = { { .events = EPOLLIN, .data.fd = a }, { .events = EPOLLIN, .data.fd = b } };
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, a, &events[0]);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, b, &events[1]);
    while (bytes != NULL) {
        int n = epoll_wait(epoll_fd, events, 2, -1);
        for (int i = 0; i < n; i++) {
            ssize_t size = read(events[i].data.fd, bytes, BENCH_MESSAGE_MAX);
            if (size <= 0 || bench_write_all(events[i].data.fd == a ? b : a, bytes, (size_t)size) < 0)
                return 0;
        }
    }
    return 1;
}

int bench_chain_open_local(struct bench_chain *chain, struct bench_world *world)
{
    int near_pair[2], far_pair[2];
    *chain = (struct bench_chain){ .fd = -1, .data = calloc(1, BENCH_MESSAGE_MAX) };
    if (chain->data == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, near_pair) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, far_pair) < 0)
        return -1;
    chain->fd = near_pair[0];
    pid_t router = bench_world_fork(world);
    if (router == 0) {
        close(near_pair[0]);
        close(far_pair[1]);
        _exit(bench_chain_route(near_pair[1], far_pair[0]));
    }
    chain->pids[chain->n_pids++] = router;
    int others[] = { near_pair[0], near_pair[1], far_pair[0] };
    int r = bench_chain_start_echo(chain, world, far_pair[1], others, 3);
    close(near_pair[1]);
    close(far_pair[0]);
    close(far_pair[1]);
    return router > 0 ? r : -1;
}

void bench_chain_close(struct bench_chain *chain)
{
    if (chain->fd >= 0)
        close(chain->fd);
    free(chain->data);
}

int bench_chain_call(void *userdata, size_t size)
{
    struct bench_chain *chain = userdata;
    uint32_t length = (uint32_t)size;
    memcpy(chain->data, &length, sizeof(length));
    if (bench_write_all(chain->fd, chain->data, size + sizeof(length)) < 0 ||
        bench_read_all(chain->fd, chain->data, size + sizeof(length)) < 0)
        return -1;
    memcpy(&length, chain->data, sizeof(length));
    return length == size ? 0 : -1;
}
