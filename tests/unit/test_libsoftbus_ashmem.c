/* Shared memory: what may be done with it, what is never undone, and what a receiver refuses to map. */
#include "libsoftbus/parcel.h"
#include "softbus/ashmem.h"
#include "softbus/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#define SIZE 10000 /* not of whole pages */
#define SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

/* Each test begins and ends with the same number of open descriptors. */
struct world {
    size_t n_fds;
    struct softbus_ashmem *made;
    struct softbus_parcel *parcel;
};

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

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    w->n_fds = count_fds();
    assert_int_equal(softbus_ashmem_new("test", SIZE, &w->made), 0);
    assert_int_equal(softbus_parcel_new(0, &w->parcel), 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    softbus_ashmem_free(w->made);
    softbus_parcel_free(w->parcel);
    assert_int_equal(count_fds(), w->n_fds);
    free(w);
    return 0;
}

static void test_new(void **state)
{
    struct world *w = *state;
    struct softbus_ashmem *other;
    char name[SOFTBUS_ASHMEM_MAX_NAME + 2], byte = 1;
    int fd = softbus_ashmem_get_fd(w->made);

    assert_string_equal(softbus_ashmem_get_name(w->made), "test");
    assert_int_equal(softbus_ashmem_get_size(w->made), SIZE);
    assert_int_equal(softbus_ashmem_get_protection(w->made), SOFTBUS_ASHMEM_READ_WRITE);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(ftruncate(fd, SIZE - 1), -1);
    assert_int_equal(ftruncate(fd, SIZE + 1), -1);
    assert_int_equal(softbus_ashmem_read(w->made, SIZE - 1, &byte, 1), 0);
    assert_int_equal(byte, 0);
    memset(name, 'n', sizeof(name));
    name[SOFTBUS_ASHMEM_MAX_NAME + 1] = '\0';
    assert_int_equal(softbus_ashmem_new(name, 1, &other), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_new(NULL, 1, &other), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_new("", 1, &other), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_new("\xff", 1, &other), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_new("x", 0, &other), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_new("x", (size_t)SOFTBUS_ASHMEM_MAX_SIZE + 1, &other), SOFTBUS_ERR_INVALID);
    name[SOFTBUS_ASHMEM_MAX_NAME] = '\0';
    assert_int_equal(softbus_ashmem_new(name, SOFTBUS_ASHMEM_MAX_SIZE, &other), 0);
    assert_string_equal(softbus_ashmem_get_name(other), name);
    softbus_ashmem_free(other);
    softbus_ashmem_free(NULL);
}

static void test_map(void **state)
{
    struct world *w = *state;
    void *data, *again;
    char bytes[3];

    assert_int_equal(softbus_ashmem_map(w->made, (enum softbus_ashmem_protection)2, &data), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_map(w->made, SOFTBUS_ASHMEM_READ_WRITE, &data), 0);
    assert_int_equal(softbus_ashmem_map(w->made, SOFTBUS_ASHMEM_READ_ONLY, &again), SOFTBUS_ERR_INVALID);
    memcpy((char *)data + SIZE - 3, "end", 3);
    assert_int_equal(softbus_ashmem_read(w->made, SIZE - 3, bytes, 3), 0);
    assert_memory_equal(bytes, "end", 3);
    assert_int_equal(softbus_ashmem_write(w->made, 0, "begin", 5), 0);
    assert_memory_equal(data, "begin", 5);
    softbus_ashmem_unmap(w->made);
    softbus_ashmem_unmap(w->made);
    assert_int_equal(softbus_ashmem_map(w->made, SOFTBUS_ASHMEM_READ_ONLY, &data), 0);
    assert_memory_equal(data, "begin", 5);
}

static void test_bounds(void **state)
{
    struct world *w = *state;
    char *bytes = calloc(1, SIZE + 1);

    memset(bytes, 'b', SIZE);
    assert_int_equal(softbus_ashmem_write(w->made, 0, bytes, SIZE + 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_write(w->made, 1, bytes, SIZE), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_write(w->made, SIZE, bytes, 1), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_write(w->made, SIZE + 1, bytes, 0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_write(w->made, SIZE_MAX, bytes, 2), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_write(w->made, 2, bytes, SIZE_MAX), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_write(w->made, SIZE, bytes, 0), 0);
    assert_int_equal(softbus_ashmem_write(w->made, 0, bytes, SIZE), 0);
    assert_int_equal(softbus_ashmem_read(w->made, 1, bytes, SIZE), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_read(w->made, SIZE_MAX, bytes, 2), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_read(w->made, SIZE, bytes, 0), 0);
    assert_int_equal(softbus_ashmem_read(w->made, 0, bytes, SIZE), 0);
    assert_int_equal(bytes[SIZE - 1], 'b');
    free(bytes);
}

/* Read-only is for ever, and through every descriptor of the memory; the mapping made before stays. */
static void test_reduced(void **state)
{
    struct world *w = *state;
    char path[64], byte;
    void *data, *other;
    int fd;

    assert_int_equal(softbus_ashmem_set_protection(w->made, (enum softbus_ashmem_protection)0), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_ashmem_set_protection(w->made, SOFTBUS_ASHMEM_READ_WRITE), 0);
    assert_int_equal(softbus_ashmem_map(w->made, SOFTBUS_ASHMEM_READ_WRITE, &data), 0);
    assert_int_equal(softbus_ashmem_set_protection(w->made, SOFTBUS_ASHMEM_READ_ONLY), 0);
    assert_int_equal(softbus_ashmem_set_protection(w->made, SOFTBUS_ASHMEM_READ_ONLY), 0);
    assert_int_equal(softbus_ashmem_set_protection(w->made, SOFTBUS_ASHMEM_READ_WRITE), SOFTBUS_ERR_DENIED);
    assert_int_equal(softbus_ashmem_get_protection(w->made), SOFTBUS_ASHMEM_READ_ONLY);
    *(char *)data = 'w';
    assert_int_equal(softbus_ashmem_read(w->made, 0, &byte, 1), 0);
    assert_int_equal(byte, 'w');
    assert_int_equal(softbus_ashmem_write(w->made, 0, "x", 1), SOFTBUS_ERR_DENIED);
    softbus_ashmem_unmap(w->made);
    assert_int_equal(softbus_ashmem_map(w->made, SOFTBUS_ASHMEM_READ_WRITE, &data), SOFTBUS_ERR_DENIED);
    assert_int_equal(softbus_ashmem_map(w->made, SOFTBUS_ASHMEM_READ_ONLY, &data), 0);
    assert_int_equal(mprotect(data, SIZE, PROT_READ | PROT_WRITE), -1);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", softbus_ashmem_get_fd(w->made));
    fd = open(path, O_RDWR | O_CLOEXEC); /* opening may go well: writing does not */
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    other = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_equal(other, MAP_FAILED);
    close(fd);
}

static void test_there_and_back(void **state)
{
    struct world *w = *state;
    struct softbus_ashmem *received, *again;
    size_t count;
    void *data;
    int type;

    assert_int_equal(softbus_parcel_write_ashmem(w->parcel, w->made), 0);
    assert_int_equal(softbus_parcel_get_size(w->parcel), 17 + 4);
    assert_memory_equal(sb_buf_bytes(&w->parcel->buf), "\x15\0\0\3\x10\x27\0\0\0\0\0\0\4\0\0\0test\0", 21);
    assert_int_equal(softbus_parcel_peek(w->parcel, &type, &count), 0);
    assert_int_equal(type, SOFTBUS_TYPE_ASHMEM);
    assert_int_equal(count, 1);
    assert_int_equal(softbus_parcel_read_fd(w->parcel, &type), SOFTBUS_ERR_PARCEL_TYPE);
    assert_int_equal(softbus_parcel_read_ashmem(w->parcel, &received), 0);
    assert_int_equal(softbus_parcel_get_left(w->parcel), 0);
    softbus_parcel_rewind(w->parcel);
    assert_int_equal(softbus_parcel_read_ashmem(w->parcel, &again), 0);
    assert_string_equal(softbus_ashmem_get_name(received), "test");
    assert_int_equal(softbus_ashmem_get_size(received), SIZE);
    assert_int_equal(softbus_ashmem_get_protection(received), SOFTBUS_ASHMEM_READ_WRITE);
    assert_int_equal(softbus_ashmem_map(received, SOFTBUS_ASHMEM_READ_WRITE, &data), 0);
    softbus_ashmem_write(w->made, SIZE - 4, "here", 4);
    assert_memory_equal((char *)data + SIZE - 4, "here", 4);
    /* The receiver reduces it: the maker's handle finds out when it tries, and may say the same. */
    assert_int_equal(softbus_ashmem_set_protection(received, SOFTBUS_ASHMEM_READ_ONLY), 0);
    assert_int_equal(softbus_ashmem_write(w->made, 0, "x", 1), SOFTBUS_ERR_DENIED);
    assert_int_equal(softbus_ashmem_map(again, SOFTBUS_ASHMEM_READ_WRITE, &data), SOFTBUS_ERR_DENIED);
    assert_int_equal(softbus_ashmem_set_protection(w->made, SOFTBUS_ASHMEM_READ_ONLY), 0);
    softbus_ashmem_free(received);
    softbus_ashmem_free(again);
}

/* The parcel's word counts when it is less than the seals', theirs when they are less than it. */
static void test_protection_travels(void **state)
{
    struct world *w = *state;
    struct softbus_ashmem *received;

    softbus_parcel_write_ashmem(w->parcel, w->made);
    w->parcel->buf.data[3] = SOFTBUS_ASHMEM_READ_ONLY;
    assert_int_equal(softbus_parcel_read_ashmem(w->parcel, &received), 0);
    assert_int_equal(softbus_ashmem_get_protection(received), SOFTBUS_ASHMEM_READ_ONLY);
    assert_int_equal(softbus_ashmem_set_protection(received, SOFTBUS_ASHMEM_READ_WRITE), SOFTBUS_ERR_DENIED);
    softbus_parcel_clear(w->parcel);
    softbus_parcel_write_ashmem(w->parcel, received); /* and it stays less when passed on */
    assert_int_equal(w->parcel->buf.data[3], SOFTBUS_ASHMEM_READ_ONLY);
    softbus_ashmem_free(received);
    assert_int_equal(softbus_ashmem_set_protection(w->made, SOFTBUS_ASHMEM_READ_ONLY), 0);
    softbus_parcel_clear(w->parcel);
    softbus_parcel_write_ashmem(w->parcel, w->made);
    w->parcel->buf.data[3] = SOFTBUS_ASHMEM_READ_WRITE;
    assert_int_equal(softbus_parcel_read_ashmem(w->parcel, &received), 0);
    assert_int_equal(softbus_ashmem_get_protection(received), SOFTBUS_ASHMEM_READ_ONLY);
    softbus_ashmem_free(received);
}

/* What a parcel with this descriptor (taken) for SIZE bytes of shared memory gives. */
static int receive(int fd, struct softbus_ashmem **ret_ashmem)
{
    struct softbus_parcel *parcel;
    size_t left;
    int r;

    assert_true(fd >= 0);
    assert_int_equal(softbus_parcel_new(0, &parcel), 0);
    assert_int_equal(softbus_parcel_load(parcel, "\x15\0\0\3\x10\x27\0\0\0\0\0\0\4\0\0\0test\0", 21), 0);
    assert_int_equal(softbus_parcel_add_fd(parcel, fd), 0);
    r = softbus_parcel_read_ashmem(parcel, ret_ashmem);
    left = softbus_parcel_get_left(parcel);
    assert_int_equal(left, r == 0 ? 0 : 21);
    softbus_parcel_free(parcel);
    return r;
}

static int make_memfd(unsigned flags, off_t size, int seals)
{
    int fd = memfd_create("foreign", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);

    if (fd >= 0 && (ftruncate(fd, size) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void test_unsound(void **state)
{
    struct softbus_ashmem *received = NULL;
    int ends[2], fd;

    (void)state;
    assert_int_equal(receive(make_memfd(0, SIZE, 0), &received), SOFTBUS_ERR_SEALS);
    assert_int_equal(receive(make_memfd(0, SIZE, F_SEAL_SHRINK), &received), SOFTBUS_ERR_SEALS);
    assert_int_equal(receive(make_memfd(0, SIZE, F_SEAL_GROW), &received), SOFTBUS_ERR_SEALS);
    assert_int_equal(receive(make_memfd(0, SIZE - 1, SIZE_SEALS), &received), SOFTBUS_ERR_SEALS);
    assert_int_equal(receive(make_memfd(0, SIZE + 1, SIZE_SEALS), &received), SOFTBUS_ERR_SEALS);
    assert_int_equal(receive(memfd_create("no sealing", MFD_CLOEXEC), &received), SOFTBUS_ERR_SEALS);
    assert_int_equal(receive(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), &received), SOFTBUS_ERR_SEALS);
    assert_int_equal(receive(open("/dev/zero", O_RDWR | O_CLOEXEC), &received), SOFTBUS_ERR_SEALS);
    assert_int_equal(receive(open("/", O_PATH | O_CLOEXEC), &received), SOFTBUS_ERR_SEALS);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(receive(ends[0], &received), SOFTBUS_ERR_SEALS);
    assert_int_equal(receive(ends[1], &received), SOFTBUS_ERR_SEALS);
    fd = make_memfd(MFD_HUGETLB, 1 << 30, SIZE_SEALS); /* where the kernel has huge pages */
    if (fd >= 0) {
        struct softbus_parcel *parcel;

        assert_int_equal(softbus_parcel_new(0, &parcel), 0);
        softbus_parcel_load(parcel, "\x15\0\0\3\0\0\0\x40\0\0\0\0\4\0\0\0huge\0", 21);
        softbus_parcel_add_fd(parcel, fd);
        assert_int_equal(softbus_parcel_read_ashmem(parcel, &received), SOFTBUS_ERR_SEALS);
        softbus_parcel_free(parcel);
    }
    assert_null(received);
}

/* A memory file of another library: sealed against all writing, or handed over for reading or writing only. */
static void test_foreign(void **state)
{
    struct softbus_ashmem *received;
    char path[64], byte = 1;
    void *data;
    int fd;

    (void)state;
    assert_int_equal(receive(make_memfd(0, SIZE, SIZE_SEALS | F_SEAL_WRITE), &received), 0);
    assert_int_equal(softbus_ashmem_get_protection(received), SOFTBUS_ASHMEM_READ_ONLY);
    assert_int_equal(softbus_ashmem_map(received, SOFTBUS_ASHMEM_READ_ONLY, &data), 0);
    assert_int_equal(((char *)data)[SIZE - 1], 0);
    softbus_ashmem_free(received);
    fd = make_memfd(0, SIZE, SIZE_SEALS | F_SEAL_SEAL);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    assert_int_equal(receive(open(path, O_WRONLY | O_CLOEXEC), &received), SOFTBUS_ERR_SEALS);
    assert_int_equal(receive(open(path, O_RDONLY | O_CLOEXEC), &received), 0);
    assert_int_equal(softbus_ashmem_get_protection(received), SOFTBUS_ASHMEM_READ_ONLY);
    assert_int_equal(softbus_ashmem_read(received, 0, &byte, 1), 0);
    softbus_ashmem_free(received);
    assert_int_equal(receive(fd, &received), 0); /* it can be written for ever: no seal can be added */
    assert_int_equal(softbus_ashmem_set_protection(received, SOFTBUS_ASHMEM_READ_ONLY), SOFTBUS_ERR_DENIED);
    assert_int_equal(softbus_ashmem_get_protection(received), SOFTBUS_ASHMEM_READ_WRITE);
    softbus_ashmem_free(received);
}

/* The maker does what it can after the receiver has mapped: the pages stay. */
static void test_maker_shrinks(void **state)
{
    struct world *w = *state;
    struct softbus_ashmem *received;
    int fd = softbus_ashmem_get_fd(w->made);
    char *data;
    void *room;

    softbus_ashmem_write(w->made, 0, "kept", 4);
    softbus_parcel_write_ashmem(w->parcel, w->made);
    assert_int_equal(softbus_parcel_read_ashmem(w->parcel, &received), 0);
    assert_int_equal(softbus_ashmem_map(received, SOFTBUS_ASHMEM_READ_ONLY, &room), 0);
    data = room;
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(fallocate(fd, 0, 0, SIZE * 2), -1);
    assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096), 0); /* reads as zeros */
    softbus_ashmem_free(w->made);
    w->made = NULL;
    softbus_parcel_clear(w->parcel);
    assert_memory_equal(data, "kept", 4);
    for (size_t i = 4; i < SIZE; i++)
        assert_int_equal(data[i], 0);
    softbus_ashmem_free(received);
}

/* Values that no sender of ours writes. */
static void test_hostile(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        { "\x15\1\0\3\x10\x27\0\0\0\0\0\0\4\0\0\0test\0", 21 },      /* index */
        { "\x15\0\0\0\x10\x27\0\0\0\0\0\0\4\0\0\0test\0", 21 },      /* protection */
        { "\x15\0\0\2\x10\x27\0\0\0\0\0\0\4\0\0\0test\0", 21 },
        { "\x15\0\0\7\x10\x27\0\0\0\0\0\0\4\0\0\0test\0", 21 },
        { "\x15\0\0\3\0\0\0\0\0\0\0\0\4\0\0\0test\0", 21 },          /* size */
        { "\x15\0\0\3\1\0\0\x40\0\0\0\0\4\0\0\0test\0", 21 },
        { "\x15\0\0\3\x10\x27\0\0\1\0\0\0\4\0\0\0test\0", 21 },
        { "\x15\0\0\3\x10\x27\0\0\0\0\0\0\0\0\0\0\0", 17 },          /* name */
        { "\x15\0\0\3\x10\x27\0\0\0\0\0\0\4\0\0\0tes\xff\0", 21 },
        { "\x15\0\0\3\x10\x27\0\0\0\0\0\0\4\0\0\0test", 20 },
        { "\x15\0\0\3\x10\x27", 6 },
        { "\x15", 1 },
    };
    struct world *w = *state;
    char too_long[17 + SOFTBUS_ASHMEM_MAX_NAME + 1] = "\x15\0\0\3\x10\x27\0\0\0\0\0\0\x80";
    struct softbus_ashmem *received = NULL;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(softbus_parcel_load(w->parcel, cases[i].bytes, cases[i].size), 0);
        assert_int_equal(softbus_parcel_add_fd(w->parcel, dup(softbus_ashmem_get_fd(w->made))), 0);
        assert_int_equal(softbus_parcel_read_ashmem(w->parcel, &received), SOFTBUS_ERR_PROTOCOL);
        assert_int_equal(softbus_parcel_get_left(w->parcel), cases[i].size);
    }
    memset(too_long + 16, 'n', SOFTBUS_ASHMEM_MAX_NAME + 1);
    assert_int_equal(softbus_parcel_load(w->parcel, too_long, sizeof(too_long)), 0);
    assert_int_equal(softbus_parcel_add_fd(w->parcel, dup(softbus_ashmem_get_fd(w->made))), 0);
    assert_int_equal(softbus_parcel_read_ashmem(w->parcel, &received), SOFTBUS_ERR_PROTOCOL);
    assert_null(received);
}

static void test_failed_writes(void **state)
{
    struct world *w = *state;
    struct softbus_parcel *small;

    assert_int_equal(softbus_parcel_write_ashmem(NULL, w->made), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_write_ashmem(w->parcel, NULL), SOFTBUS_ERR_INVALID);
    assert_int_equal(softbus_parcel_new(20, &small), 0);
    assert_int_equal(softbus_parcel_write_ashmem(small, w->made), SOFTBUS_ERR_PARCEL_FULL);
    assert_int_equal(softbus_parcel_get_size(small), 0);
    assert_int_equal(softbus_parcel_get_n_fds(small), 0);
    softbus_parcel_free(small);
    for (int i = 0; i < SOFTBUS_PARCEL_MAX_FDS; i++)
        assert_int_equal(softbus_parcel_write_ashmem(w->parcel, w->made), 0);
    assert_int_equal(softbus_parcel_write_ashmem(w->parcel, w->made), SOFTBUS_ERR_LIMIT);
    assert_int_equal(softbus_parcel_write_fd(w->parcel, 0), SOFTBUS_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_map, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reduced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_there_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_protection_travels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unsound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_foreign, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_maker_shrinks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failed_writes, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
