/* Descriptors in parcels: who owns which copy, what travels, what is closed; no path leaks one. */
#include "libsoftbus/parcel.h"
#include "softbus/error.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct softbus_parcel *new_parcel(size_t capacity)
{
    struct softbus_parcel *parcel;

    assert_int_equal(softbus_parcel_new(capacity, &parcel), 0);
    return parcel;
}

static size_t count_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static bool is_same_file(int a, int b)
{
    struct stat one, two;

    return fstat(a, &one) == 0 && fstat(b, &two) == 0 && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

/* Each test begins and ends with the same number of open descriptors, and has one to give away. */
struct world {
    size_t n_fds;
    int fd;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    w->n_fds = count_fds();
    w->fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_true(w->fd >= 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    close(w->fd);
    assert_int_equal(count_fds(), w->n_fds);
    free(w);
    return 0;
}

static void test_there_and_back(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *parcel = new_parcel(0);
    int fd = -1, again = -1, type;
    size_t count;

    assert_int_equal(softbus_parcel_write_fd(parcel, w->fd), 0);
    assert_int_equal(softbus_parcel_write_fd(parcel, w->fd), 0);
    assert_int_equal(softbus_parcel_get_size(parcel), 6);
    assert_int_equal(softbus_parcel_get_n_fds(parcel), 2);
    assert_memory_equal(sb_buf_bytes(&parcel->buf), "\x14\0\0\x14\1\0", 6);
    assert_int_equal(softbus_parcel_peek(parcel, &type, &count), 0);
    assert_int_equal(type, SOFTBUS_TYPE_FD);
    assert_int_equal(count, 1);
    assert_int_equal(softbus_parcel_read_fd(parcel, &fd), 0);
    softbus_parcel_rewind(parcel);
    assert_int_equal(softbus_parcel_read_fd(parcel, &again), 0);
    assert_true(fd > 2 && again > 2 && fd != again && fd != w->fd && fd != parcel->fds[0]);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(parcel->fds[0], F_GETFD), FD_CLOEXEC);
    softbus_parcel_free(parcel);
    assert_true(is_same_file(fd, w->fd)); /* neither the giver's nor the reader's is closed with the parcel */
    assert_true(is_same_file(again, w->fd));
    close(fd);
    close(again);
}

static void test_refused(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *parcel = new_parcel(0), *small = new_parcel(4);
    struct softbus_object *object;
    int fd = -7;

    assert_int_equal(softbus_parcel_write_fd(parcel, -1), SOFTBUS_ERR_INVALID);
    for (int i = 0; i < SOFTBUS_PARCEL_MAX_FDS; i++)
        assert_int_equal(softbus_parcel_write_fd(parcel, w->fd), 0);
    assert_int_equal(softbus_parcel_write_fd(parcel, w->fd), SOFTBUS_ERR_LIMIT);
    assert_int_equal(softbus_parcel_add_fd(parcel, dup(w->fd)), SOFTBUS_ERR_LIMIT);
    assert_int_equal(softbus_parcel_get_size(parcel), 3 * SOFTBUS_PARCEL_MAX_FDS);
    assert_int_equal(softbus_parcel_write_fd(small, w->fd), 0);
    assert_int_equal(softbus_parcel_write_fd(small, w->fd), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_get_n_fds(small), 1);
    assert_int_equal(softbus_parcel_read_object(small, &object), SOFTBUS_ERR_PARCEL_TYPE);
    assert_int_equal(softbus_parcel_load(small, "\x14\1\0", 3), 0);
    assert_int_equal(softbus_parcel_get_n_fds(small), 0);
    assert_int_equal(softbus_parcel_add_fd(small, dup(w->fd)), 0);
    assert_int_equal(softbus_parcel_read_fd(small, &fd), SOFTBUS_ERR_PROTOCOL);
    assert_int_equal(softbus_parcel_get_left(small), 3);
    assert_int_equal(fd, -7);
    softbus_parcel_free(parcel);
    softbus_parcel_free(small);
}

/* A process that may open no more is told so, and nothing has changed. */
static void test_no_more_fds(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *parcel = new_parcel(0), *copy = new_parcel(0);
    struct rlimit limit, low;
    int fd = -7;

    assert_int_equal(softbus_parcel_write_fd(parcel, w->fd), 0);
    assert_int_equal(softbus_parcel_write_u8(copy, 1), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_int_equal(softbus_parcel_write_fd(parcel, w->fd), SOFTBUS_ERR_LIMIT);
    assert_int_equal(softbus_parcel_read_fd(parcel, &fd), SOFTBUS_ERR_LIMIT);
    assert_int_equal(softbus_parcel_append(copy, parcel), SOFTBUS_ERR_LIMIT);
    assert_int_equal(softbus_parcel_get_size(copy), 2);
    assert_int_equal(softbus_parcel_copy(parcel, copy), SOFTBUS_ERR_LIMIT);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(softbus_parcel_get_size(copy), 0);
    assert_int_equal(softbus_parcel_get_left(parcel), 3);
    assert_int_equal(softbus_parcel_get_n_fds(parcel), 1);
    softbus_parcel_free(parcel);
    softbus_parcel_free(copy);
}

/* Of two descriptors one can still be copied: that one is given up again. */
static void test_half_an_append(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *parcel = new_parcel(0), *other = new_parcel(0);
    struct rlimit limit, low;
    int next;

    softbus_parcel_write_fd(parcel, w->fd);
    softbus_parcel_write_fd(parcel, w->fd);
    next = dup(w->fd);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = (rlim_t)next + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_int_equal(softbus_parcel_append(other, parcel), SOFTBUS_ERR_LIMIT);
    assert_int_equal(softbus_parcel_get_n_fds(other), 0);
    assert_int_equal(softbus_parcel_get_size(other), 0);
    assert_int_equal(softbus_parcel_copy(parcel, other), SOFTBUS_ERR_LIMIT);
    assert_int_equal(softbus_parcel_get_n_fds(other), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    softbus_parcel_free(parcel);
    softbus_parcel_free(other);
}

static void test_copy_move_append(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *parcel = new_parcel(0), *other = new_parcel(0);
    int ends[2], fd;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    softbus_parcel_write_fd(parcel, w->fd);
    assert_int_equal(softbus_parcel_copy(parcel, other), 0);
    assert_int_not_equal(parcel->fds[0], other->fds[0]);
    softbus_parcel_clear(parcel);
    assert_int_equal(softbus_parcel_get_n_fds(parcel), 0);
    softbus_parcel_write_fd(parcel, ends[0]);
    assert_int_equal(softbus_parcel_append(parcel, other), 0);
    softbus_parcel_move(parcel, other);
    assert_int_equal(softbus_parcel_get_n_fds(parcel), 0);
    assert_int_equal(softbus_parcel_get_n_fds(other), 2);
    softbus_parcel_free(parcel);
    assert_int_equal(softbus_parcel_read_fd(other, &fd), 0);
    assert_true(is_same_file(fd, ends[0]));
    close(fd);
    assert_int_equal(softbus_parcel_read_fd(other, &fd), 0);
    assert_true(is_same_file(fd, w->fd));
    close(fd);
    parcel = new_parcel(0);
    for (int i = 0; i < SOFTBUS_PARCEL_MAX_FDS - 1; i++)
        softbus_parcel_write_fd(parcel, w->fd);
    assert_int_equal(softbus_parcel_append(parcel, other), SOFTBUS_ERR_LIMIT);
    assert_int_equal(softbus_parcel_get_n_fds(parcel), SOFTBUS_PARCEL_MAX_FDS - 1);
    softbus_parcel_free(parcel);
    softbus_parcel_free(other);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_more_fds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_half_an_append, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_copy_move_append, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
