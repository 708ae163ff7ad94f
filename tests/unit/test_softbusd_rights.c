/* softbusd/rights.c over socket pairs: descriptors stay with their message however the bytes are cut, and none is left open. */
#include "softbusd/rights.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
    int fds[2];
    unsigned n_open; /* before */
    struct hub_rights in;
};

static unsigned count_open(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static int set_up(void **state)
{
    struct pair *pair = calloc(1, sizeof(*pair));

    pair->n_open = count_open();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair->fds), 0);
    hub_rights_init(&pair->in);
    *state = pair;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *pair = *state;

    hub_rights_deinit(&pair->in);
    close(pair->fds[0]);
    close(pair->fds[1]);
    assert_int_equal(count_open(), pair->n_open);
    free(pair);
    return 0;
}

/* size bytes, and n times the same descriptor. */
static void send_with(struct pair *pair, size_t size, unsigned n)
{
    char bytes[100] = { 0 };
    struct iovec part = { .iov_base = bytes, .iov_len = size };
    int fds[100];

    for (unsigned i = 0; i < n; i++)
        fds[i] = pair->fds[0];
    assert_int_equal(hub_rights_send(pair->fds[0], &part, 1, fds, n), size);
}

static ssize_t receive(struct pair *pair, size_t size, uint64_t position)
{
    char room[200];

    return hub_rights_receive(&pair->in, pair->fds[1], room, size, position);
}

static bool has(const struct pair *pair, uint64_t position, unsigned n)
{
    int *fds;

    assert_int_equal(hub_rights_match(&pair->in, position, n, &fds), 0);
    for (unsigned i = 0; fds && i < n; i++)
        assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
    return fds != NULL;
}

static void test_with_their_message(void **state)
{
    struct pair *pair = *state;

    assert_int_equal(receive(pair, 100, 0), -EAGAIN);
    send_with(pair, 30, 0);
    send_with(pair, 20, 3); /* at 30 */
    send_with(pair, 10, 1); /* at 50: not in the same read */
    assert_int_equal(receive(pair, 100, 0), 50);
    assert_int_equal(pair->in.n_fds, 3);
    assert_false(has(pair, 0, 0));
    hub_rights_done(&pair->in, 0, 0);
    assert_true(has(pair, 30, 3));
    assert_true(has(pair, 30, 3)); /* it waited */
    hub_rights_done(&pair->in, 30, 3);
    assert_true(hub_rights_is_empty(&pair->in));
    assert_int_equal(receive(pair, 4, 50), 4); /* a part of it brings them all */
    assert_int_equal(receive(pair, 100, 54), 6);
    assert_true(has(pair, 50, 1));
    hub_rights_done(&pair->in, 50, 1);
    close(pair->fds[0]);
    assert_int_equal(receive(pair, 100, 60), 0);
    pair->fds[0] = dup(pair->fds[1]);
}

static void test_kept_by_the_receiver(void **state)
{
    struct pair *pair = *state;
    int *fds, kept;

    send_with(pair, 10, 2);
    receive(pair, 100, 0);
    assert_int_equal(hub_rights_match(&pair->in, 0, 2, &fds), 0);
    kept = fds[1];
    fds[1] = -1;
    hub_rights_done(&pair->in, 0, 2);
    assert_true(fcntl(kept, F_GETFD) >= 0);
    close(kept);
}

static void test_wrong_numbers(void **state)
{
    struct pair *pair = *state;
    int *fds;

    send_with(pair, 10, 2);
    receive(pair, 100, 0);
    assert_int_equal(hub_rights_match(&pair->in, 0, 1, &fds), -EPROTO);
    assert_int_equal(hub_rights_match(&pair->in, 0, 3, &fds), -EPROTO);
    assert_false(has(pair, 0, 0)); /* perhaps the next one's */
    assert_int_equal(hub_rights_match(&pair->in, 10, 0, &fds), -EPROTO); /* no: nobody's */
    hub_rights_deinit(&pair->in);
    assert_false(has(pair, 10, 2)); /* said, and not sent */
}

static void test_too_many(void **state)
{
    struct pair *pair = *state;

    send_with(pair, 1, 32);
    send_with(pair, 1, 32);
    send_with(pair, 1, 1);
    assert_int_equal(receive(pair, 1, 0), 1);
    assert_int_equal(receive(pair, 1, 1), 1);
    assert_int_equal(receive(pair, 1, 2), -ENOBUFS);
    assert_int_equal(pair->in.n_fds, 64);
}

/* More than there is room for in the control buffer, or in our table: the message has none, and the next one has its own. */
static void test_cut(void **state)
{
    struct pair *pair = *state;
    struct rlimit limit, low;
    int fds[80];
    char bytes[10] = { 0 };
    struct iovec part = { .iov_base = bytes, .iov_len = 10 };
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(fds))];
    } control = { .space = { 0 } };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };

    for (unsigned i = 0; i < 80; i++)
        fds[i] = pair->fds[0];
    control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(fds)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
    assert_int_equal(sendmsg(pair->fds[0], &message, MSG_NOSIGNAL), 10);
    assert_int_equal(receive(pair, 100, 0), 10);
    assert_false(has(pair, 0, 32));
    assert_int_equal(pair->in.n_fds, 0);
    hub_rights_done(&pair->in, 0, 32);

    send_with(pair, 10, 2);
    send_with(pair, 10, 1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = (rlim_t)pair->fds[1] + 2; /* room for one */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_int_equal(receive(pair, 100, 10), 10);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(receive(pair, 100, 20), 10);
    assert_false(has(pair, 10, 2));
    hub_rights_done(&pair->in, 10, 2);
    assert_true(has(pair, 20, 1));
}

/* Queued bytes leave in pieces, and the descriptors with the byte they belong to. */
static void test_queue(void **state)
{
    struct pair *pair = *state;
    struct hub_rights out;
    uint8_t bytes[60] = { 0 };
    int fds[3];

    hub_rights_init(&out);
    for (int i = 0; i < 3; i++)
        fds[i] = dup(pair->fds[0]);
    assert_int_equal(hub_rights_keep(&out, 1010, fds, 2), 0);
    assert_int_equal(fds[1], -1);
    assert_int_equal(hub_rights_keep(&out, 1040, fds + 2, 1), 0);
    assert_int_equal(hub_rights_flush(&out, pair->fds[0], bytes, 60, 1000), 10);
    assert_int_equal(hub_rights_flush(&out, pair->fds[0], bytes, 50, 1010), 30);
    assert_int_equal(out.n_fds, 1);
    assert_int_equal(hub_rights_flush(&out, pair->fds[0], bytes, 20, 1040), 20);
    assert_true(hub_rights_is_empty(&out));
    assert_int_equal(receive(pair, 100, 0), 40);
    assert_int_equal(pair->in.n_fds, 2);
    assert_true(has(pair, 10, 2));
    hub_rights_done(&pair->in, 10, 2);
    assert_int_equal(receive(pair, 100, 40), 20);
    assert_true(has(pair, 40, 1));
    hub_rights_deinit(&out);
}

/* A socket that takes nothing leaves them queued; the end closes them. */
static void test_full(void **state)
{
    struct pair *pair = *state;
    struct hub_rights out;
    uint8_t bytes[4096] = { 0 };
    int fd = dup(pair->fds[0]);

    hub_rights_init(&out);
    assert_int_equal(hub_rights_keep(&out, 0, &fd, 1), 0);
    while (send(pair->fds[0], bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        continue;
    assert_int_equal(hub_rights_flush(&out, pair->fds[0], bytes, 10, 0), -EAGAIN);
    assert_int_equal(out.n_fds, 1);
    hub_rights_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_with_their_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kept_by_the_receiver, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_queue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
