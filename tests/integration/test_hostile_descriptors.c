/*
 * Descriptors as a weapon: many for an app that does not read, more than the receiver's table has room for, and shared memory that its
 * maker can still change under the reader.
 */
#include "softbus/ashmem.h"
#include "tests/integration/honest.h"
#include "tests/integration/kit.h"
#include "tests/integration/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define VICTIM "descriptors.victim"
#define MIB (1024 * 1024)
#define SIZE 8192

static void start_device(struct lab *lab)
{
    lab_device_add(lab, "a", "[discovery]\nmdns = no\n[limits]\napp_stall_seconds = 1\ndescriptors_per_app = 100\n");
}

enum victim_code { VICTIM_MAP = 1, VICTIM_FULL, VICTIM_ROOM };

/* MAP: -> i32 what reading the memory said; it touches every page of what it maps. FULL: from now on it can open nothing. */
static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    struct softbus_ashmem *memory;
    volatile char sum = 0;
    void *data;
    (void)userdata, (void)transaction;
    if (code != VICTIM_MAP) {
        struct rlimit limit = { code == VICTIM_FULL ? 0 : 1024, 1024 };
        return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? SOFTBUS_ERR_FAILED : 0;
    }
    int r = softbus_parcel_read_ashmem(request, &memory);
    if (r == 0) {
        r = softbus_ashmem_map(memory, SOFTBUS_ASHMEM_READ_ONLY, &data);
        for (size_t i = 0; r == 0 && i < softbus_ashmem_get_size(memory); i += 4096)
            sum = (char)(sum + ((char *)data)[i]);
        softbus_ashmem_free(memory);
    }
    return softbus_parcel_write_i32(reply, r);
}

static int run_victim(struct lab_app *app, struct softbus *bus, void *userdata)
{
    struct softbus_object *stub;
    (void)userdata;
    if (softbus_stub_new(bus, KIT_DESCRIPTOR, handle, NULL, &stub) < 0 || softbus_service_add(bus, VICTIM, stub, 0) < 0)
        return 1;
    lab_app_say(app, "ready");
    return softbus_run(bus) < 0 ? 2 : 0;
}

static struct lab_app *start_victim(struct lab *lab)
{
    struct lab_app *app = lab_app_fork(lab, lab_get_device(lab, 0), "victim", run_victim, NULL);
    LAB_UNTIL(lab, lab_app_has_said(app, "ready"));
    return app;
}

/* A call with a memory file as a hostile maker describes it: the status, or what the victim made of it. */
static int32_t offer(struct lab *lab, struct raw *raw, uint64_t target, int fd, uint64_t size)
{
    static const struct wire_objects none;
    struct sb_buf out, data;
    sb_buf_init(&data, 64);
    struct wire_writer writer;
    wire_writer_init(&writer, &data);
    wire_put_u8(&writer, WIRE_TAG_ASHMEM);
    wire_put_u16(&writer, 0);
    wire_put_u8(&writer, 1);
    wire_put_u64(&writer, size);
    wire_put_str(&writer, "bait", 4);
    struct wire_call call = { .id = ++raw->last_id, .target = target, .code = VICTIM_MAP, .deadline_ms = 10000, .n_fds = 1,
                              .data = { sb_buf_bytes(&data), data.length } };
    sb_buf_init(&out, 4096);
    LAB_EQUAL(lab, wire_call_encode_head(&out, &call, &none), 0);
    LAB_EQUAL(lab, sb_buf_append(&out, sb_buf_bytes(&data), data.length), 0);
    raw_send_fds(raw, sb_buf_bytes(&out), out.length, fd, 1);
    sb_buf_deinit(&out);
    sb_buf_deinit(&data);
    struct wire_objects objects;
    struct wire_reply reply;
    LAB_EQUAL(lab, wire_reply_decode(raw_wait(raw, WIRE_REPLY), &reply, &objects), 0);
    LAB_EQUAL(lab, reply.id, raw->last_id);
    LAB_CHECK(lab, reply.status != 0 || reply.data.size == 5);
    return reply.status != 0 ? reply.status : (int32_t)wire_load_u32(reply.data.data + 1);
}

static int make_memory(struct lab *lab, unsigned flags, int seals)
{
    int fd = memfd_create("bait", MFD_CLOEXEC | flags);
    if (fd < 0 && flags & MFD_HUGETLB)
        return -1; /* this kernel has none */
    LAB_CHECK(lab, fd >= 0);
    LAB_CHECK(lab, ftruncate(fd, flags & MFD_HUGETLB ? 2 * MIB : SIZE) == 0);
    LAB_CHECK(lab, seals == 0 || fcntl(fd, F_ADD_SEALS, seals) == 0);
    return fd;
}

static void check_memory(struct lab *lab, struct raw *raw, uint64_t target)
{
    static const int size_seals = F_SEAL_SHRINK | F_SEAL_GROW;
    static const struct {
        unsigned flags;
        int seals;
        uint64_t size;
        int expected;
    } cases[] = {
        { MFD_ALLOW_SEALING, size_seals, SIZE, 0 },
        { MFD_ALLOW_SEALING, size_seals | F_SEAL_WRITE, SIZE, 0 },
        { MFD_ALLOW_SEALING, size_seals, SIZE - 1, SOFTBUS_ERR_SEALS },
        { MFD_ALLOW_SEALING, size_seals, SIZE + 4096, SOFTBUS_ERR_SEALS },
        { MFD_ALLOW_SEALING, F_SEAL_SHRINK, SIZE, SOFTBUS_ERR_SEALS },
        { MFD_ALLOW_SEALING, F_SEAL_GROW, SIZE, SOFTBUS_ERR_SEALS },
        { MFD_ALLOW_SEALING, 0, SIZE, SOFTBUS_ERR_SEALS },
        { 0, 0, SIZE, SOFTBUS_ERR_SEALS },
        { MFD_ALLOW_SEALING | MFD_HUGETLB, size_seals, 2 * MIB, SOFTBUS_ERR_SEALS },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int fd = make_memory(lab, cases[i].flags, cases[i].seals);
        if (fd < 0)
            continue;
        LAB_RESULT(lab, offer(lab, raw, target, fd, cases[i].size), cases[i].expected);
        /* What was accepted cannot be taken away any more. */
        LAB_CHECK(lab, cases[i].expected != 0 || (ftruncate(fd, 0) < 0 && errno == EPERM));
        LAB_CHECK(lab, cases[i].expected != 0 || (ftruncate(fd, MIB) < 0 && errno == EPERM));
        close(fd);
    }
    int ends[2], file = open("/run", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    LAB_CHECK(lab, file >= 0 && ftruncate(file, SIZE) == 0 && pipe2(ends, O_CLOEXEC) == 0);
    LAB_RESULT(lab, offer(lab, raw, target, file, SIZE), SOFTBUS_ERR_SEALS);
    LAB_RESULT(lab, offer(lab, raw, target, ends[0], SIZE), SOFTBUS_ERR_SEALS);
    close(file);
    close(ends[0]);
    close(ends[1]);
}

static void test_shared_memory(struct lab *lab)
{
    struct honest honest;
    honest_start(&honest, lab, lab_get_device(lab, 0));
    struct lab_app *victim = start_victim(lab);
    struct raw *raw = raw_open(lab, lab_get_device(lab, 0), "maker");
    struct wire_object object;
    LAB_RESULT(lab, raw_get_service(raw, "", VICTIM, &object), 0);
    check_memory(lab, raw, object.id);
    LAB_CHECK(lab, lab_app_is_running(victim));
    raw_close(raw);
    lab_app_discard(victim);
    honest_check(&honest, 8 * MIB);
}

/* Its table is full: that call is refused, and the next without descriptors, or with room, is not. */
static void test_receiver_is_full(struct lab *lab)
{
    struct honest honest;
    honest_start(&honest, lab, lab_get_device(lab, 0));
    struct lab_app *victim = start_victim(lab);
    struct raw *raw = raw_open(lab, lab_get_device(lab, 0), "maker");
    struct wire_object object;
    LAB_RESULT(lab, raw_get_service(raw, "", VICTIM, &object), 0);
    int fd = make_memory(lab, MFD_ALLOW_SEALING, F_SEAL_SHRINK | F_SEAL_GROW);
    for (unsigned i = 0; i < 3; i++) {
        raw_send_call(raw, ++raw->last_id, object.id, VICTIM_FULL, NULL, "", 0);
        LAB_RESULT(lab, raw_wait_reply(raw, raw->last_id, NULL), 0);
        LAB_RESULT(lab, offer(lab, raw, object.id, fd, SIZE), SOFTBUS_ERR_LIMIT);
        raw_send_call(raw, ++raw->last_id, object.id, VICTIM_ROOM, NULL, "", 0);
        LAB_RESULT(lab, raw_wait_reply(raw, raw->last_id, NULL), 0);
        LAB_RESULT(lab, offer(lab, raw, object.id, fd, SIZE), 0);
    }
    close(fd);
    raw_close(raw);
    lab_app_discard(victim);
    honest_check(&honest, 8 * MIB);
}

/* 32 in each call for an app that does not read: up to the limit; then the caller is told. */
static void test_receiver_does_not_read(struct lab *lab)
{
    static const struct wire_objects none;
    static const uint8_t data[60000];
    struct lab_device *device = lab_get_device(lab, 0);
    struct honest honest;
    honest_start(&honest, lab, device);
    struct raw *deaf = raw_open(lab, device, "deaf"), *raw = raw_open(lab, device, "giver");
    struct wire_object object;
    LAB_RESULT(lab, raw_add_service(deaf, "descriptors.deaf", 1, false), 0);
    LAB_RESULT(lab, raw_get_service(raw, "", "descriptors.deaf", &object), 0);
    unsigned n_before = lab_device_count_fds(device);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct sb_buf out;
    sb_buf_init(&out, WIRE_MSG_MAX);
    for (uint64_t id = 100; id < 130; id++) { /* the socket takes some of them */
        struct wire_call call = { .id = id, .target = object.id, .code = 1, .deadline_ms = 10000, .n_fds = 32,
                                  .data = { data, sizeof(data) } };
        LAB_EQUAL(lab, wire_call_encode_head(&out, &call, &none), 0);
        LAB_EQUAL(lab, sb_buf_append(&out, data, sizeof(data)), 0);
        raw_send_fds(raw, sb_buf_bytes(&out), out.length, fd, 32);
        sb_buf_consume(&out, out.length);
    }
    LAB_RESULT(lab, raw_wait_reply(raw, 129, NULL), SOFTBUS_ERR_AGAIN);
    LAB_CHECK(lab, lab_device_count_fds(device) <= n_before + 100 + 64);
    honest_go_on(&honest);
    sb_buf_deinit(&out);
    close(fd);
    raw_close(deaf);
    LAB_RESULT(lab, raw_wait_reply(raw, 100, NULL), SOFTBUS_ERR_DIED);
    raw_close(raw);
    honest_check(&honest, 16 * MIB);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device", start_device);
    lab_test(lab, "shared memory that is not sealed", test_shared_memory);
    lab_test(lab, "a receiver without room for descriptors", test_receiver_is_full);
    lab_test(lab, "a receiver that does not read", test_receiver_does_not_read);
    return lab_leave(lab);
}
