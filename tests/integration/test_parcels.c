/* What parcels carry besides plain values, between processes: structures, UTF-16, descriptors, shared memory. */
#include "softbus/ashmem.h"
#include "tests/integration/kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVICE "org.softbus.test.parcels"
#define SIZE 10000

enum server_code {
    SERVER_BACK = 1, /* whatever it is, back */
    SERVER_MAP,      /* ashmem -> ; mapped and kept */
    SERVER_LOOK,     /* -> bytes: what lies in the mapping */
    SERVER_COUNT,    /* -> u32 open descriptors */
};

struct server {
    struct softbus_ashmem *kept;
    void *data;
};

static uint32_t count_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint32_t n = 0;
    if (folder == NULL)
        abort();
    while (readdir(folder) != NULL)
        n++;
    closedir(folder);
    return n;
}

static int serve_map(struct server *server, struct softbus_parcel *request)
{
    softbus_ashmem_free(server->kept);
    server->kept = NULL;
    int r = softbus_parcel_read_ashmem(request, &server->kept);
    return r < 0 ? r : softbus_ashmem_map(server->kept, SOFTBUS_ASHMEM_READ_ONLY, &server->data);
}

static int serve(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                 struct softbus_parcel *reply)
{
    struct server *server = userdata;
    (void)transaction;
    switch (code) {
    case SERVER_BACK:
        return softbus_parcel_append(reply, request);
    case SERVER_MAP:
        return serve_map(server, request);
    case SERVER_LOOK:
        return softbus_parcel_write_bytes(reply, server->data, SIZE);
    case SERVER_COUNT:
        return softbus_parcel_write_u32(reply, count_fds());
    default:
        return SOFTBUS_ERR_UNKNOWN_CODE;
    }
}

static int run_server(struct lab_app *app, struct softbus *bus, void *userdata)
{
    struct server server = { 0 };
    struct softbus_object *stub;
    (void)userdata;
    if (softbus_stub_new(bus, "org.softbus.test.Parcels", serve, &server, &stub) < 0 ||
        softbus_service_add(bus, SERVICE, stub, SOFTBUS_SERVICE_DISTRIBUTED) < 0)
        return 1;
    lab_app_say(app, "ready");
    return softbus_run(bus) < 0 ? 2 : 0;
}

/* The server as an object of a new client. */
static struct softbus_object *start_server(struct lab *lab, struct softbus **ret_bus)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *app = lab_app_fork(lab, device, "server", run_server, NULL);
    LAB_UNTIL(lab, lab_app_has_said(app, "ready"));
    *ret_bus = lab_bus_open(lab, device, "client");
    return kit_get(lab, *ret_bus, NULL, SERVICE);
}

static void start_device(struct lab *lab)
{
    lab_device_add(lab, "a", NULL);
}

static void write_values(struct lab *lab, struct softbus_parcel *request)
{
    static const uint16_t wide[] = { 'w', 0xd83d, 0xde00, 0 };
    LAB_OK(lab, softbus_parcel_write_exception(request, 5, "no paper"));
    LAB_OK(lab, softbus_parcel_begin_struct(request));
    LAB_OK(lab, softbus_parcel_write_null(request));
    LAB_OK(lab, softbus_parcel_write_string16(request, wide));
    LAB_OK(lab, softbus_parcel_end_struct(request));
}

static void check_values(struct lab *lab, struct softbus_parcel *reply)
{
    uint16_t wide[8];
    const char *text;
    int32_t code;
    size_t n;
    LAB_OK(lab, softbus_parcel_read_exception(reply, &code, &text));
    LAB_EQUAL(lab, code, 5);
    LAB_TEXT(lab, text, "no paper");
    LAB_OK(lab, softbus_parcel_enter_struct(reply));
    LAB_OK(lab, softbus_parcel_read_null(reply));
    LAB_OK(lab, softbus_parcel_read_string16(reply, wide, 8, &n));
    LAB_EQUAL(lab, n, 3);
    LAB_EQUAL(lab, wide[2], 0xde00);
    LAB_OK(lab, softbus_parcel_leave_struct(reply));
}

/* Writes through the memory and the pipe that came back, and sees it at the other end. */
static void check_descriptors(struct lab *lab, struct softbus_parcel *reply, const struct softbus_ashmem *made, int read_end)
{
    struct softbus_ashmem *memory;
    char bytes[6] = "";
    int fd;
    LAB_OK(lab, softbus_parcel_read_fd(reply, &fd));
    lab_keep_fd(lab, fd);
    LAB_EQUAL(lab, write(fd, "piped", 5), 5);
    LAB_EQUAL(lab, read(read_end, bytes, 5), 5);
    LAB_TEXT(lab, bytes, "piped");
    lab_close_fd(lab, fd);
    LAB_OK(lab, softbus_parcel_read_ashmem(reply, &memory));
    LAB_EQUAL(lab, softbus_ashmem_get_size(memory), SIZE);
    LAB_OK(lab, softbus_ashmem_write(memory, SIZE - 5, "share", 5));
    LAB_OK(lab, softbus_ashmem_read(made, SIZE - 5, bytes, 5));
    LAB_TEXT(lab, bytes, "share");
    softbus_ashmem_free(memory);
}

/* Twice: as plain data, and with objects, which take the way through softbusd. */
static void test_there_and_back(struct lab *lab)
{
    struct softbus *bus;
    struct softbus_object *server = start_server(lab, &bus), *objects[3] = { NULL };
    struct kit *kit = kit_new(lab, bus, NULL, 0);
    struct softbus_parcel *request = kit_parcel(lab, 0), *reply = kit_parcel(lab, 0);
    struct softbus_ashmem *memory;
    int ends[2];
    LAB_EQUAL(lab, pipe2(ends, O_CLOEXEC), 0);
    lab_keep_fd(lab, ends[0]);
    lab_keep_fd(lab, ends[1]);
    LAB_OK(lab, softbus_ashmem_new("memory", SIZE, &memory));
    for (int with_objects = 0; with_objects < 2; with_objects++) {
        size_t n = 0;
        softbus_parcel_clear(request);
        write_values(lab, request);
        LAB_OK(lab, softbus_parcel_write_fd(request, ends[1]));
        LAB_OK(lab, softbus_parcel_write_ashmem(request, memory));
        if (with_objects)
            LAB_OK(lab, softbus_parcel_write_object_array(
                            request, (struct softbus_object *const[]){ kit->stub, NULL, kit->stub }, 3));
        LAB_OK(lab, softbus_call(server, SERVER_BACK, request, reply, 0));
        check_values(lab, reply);
        check_descriptors(lab, reply, memory, ends[0]);
        if (with_objects) {
            LAB_OK(lab, softbus_parcel_read_object_array(reply, objects, 3, &n));
            LAB_EQUAL(lab, n, 3);
            LAB_CHECK(lab, objects[0] == kit->stub && objects[1] == NULL && objects[2] == kit->stub);
            softbus_object_unref(objects[0]);
            softbus_object_unref(objects[2]);
        }
        LAB_EQUAL(lab, softbus_parcel_get_left(reply), 0);
    }
    softbus_ashmem_free(memory);
    lab_close_fd(lab, ends[0]);
    lab_close_fd(lab, ends[1]);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    softbus_object_unref(server);
    kit_free(kit);
}

static uint32_t ask_count(struct lab *lab, struct softbus_object *server)
{
    struct softbus_parcel *reply = kit_parcel(lab, 0);
    uint32_t n = 0;
    LAB_OK(lab, softbus_call(server, SERVER_COUNT, NULL, reply, 0));
    LAB_OK(lab, softbus_parcel_read_u32(reply, &n));
    softbus_parcel_free(reply);
    return n;
}

static void test_nothing_leaks(struct lab *lab)
{
    struct softbus *bus;
    struct softbus_object *server = start_server(lab, &bus);
    struct softbus_parcel *request = kit_parcel(lab, 0), *reply = kit_parcel(lab, 0);
    uint32_t n_here = 0, n_there = 0;
    for (int i = 0; i < 100; i++) {
        softbus_parcel_clear(request);
        for (int j = 0; j < (i < 50 ? 1 : SOFTBUS_PARCEL_MAX_FDS); j++)
            LAB_OK(lab, softbus_parcel_write_fd(request, 0));
        LAB_OK(lab, softbus_call(server, SERVER_BACK, request, reply, 0));
        LAB_EQUAL(lab, softbus_parcel_get_n_fds(reply), softbus_parcel_get_n_fds(request));
        softbus_parcel_clear(request);
        softbus_parcel_clear(reply);
        if (i == 49) { /* by now the direct channel is there */
            n_there = ask_count(lab, server);
            n_here = count_fds();
        }
    }
    LAB_EQUAL(lab, ask_count(lab, server), n_there);
    LAB_EQUAL(lab, count_fds(), n_here);
    softbus_parcel_free(request);
    softbus_parcel_free(reply);
    softbus_object_unref(server);
}

/* The server has mapped it; then the maker does what it can. */
static void test_maker_shrinks(struct lab *lab)
{
    struct softbus *bus;
    struct softbus_object *server = start_server(lab, &bus);
    struct softbus_parcel *parcel = kit_parcel(lab, 0);
    struct softbus_ashmem *memory;
    const void *data;
    size_t size;
    LAB_OK(lab, softbus_ashmem_new("memory", SIZE, &memory));
    LAB_OK(lab, softbus_ashmem_write(memory, 0, "kept", 4));
    LAB_OK(lab, softbus_parcel_write_ashmem(parcel, memory));
    LAB_OK(lab, softbus_call(server, SERVER_MAP, parcel, NULL, 0));
    LAB_EQUAL(lab, ftruncate(softbus_ashmem_get_fd(memory), 0), -1);
    LAB_EQUAL(lab, fallocate(softbus_ashmem_get_fd(memory), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096), 0);
    softbus_ashmem_free(memory);
    LAB_OK(lab, softbus_call(server, SERVER_LOOK, NULL, parcel, 0));
    LAB_OK(lab, softbus_parcel_read_bytes(parcel, &data, &size));
    LAB_EQUAL(lab, size, SIZE);
    LAB_CHECK(lab, memcmp(data, "kept", 4) == 0);
    softbus_parcel_free(parcel);
    softbus_object_unref(server);
}

/* Never to another device, and never with a structure that has no end. */
static void test_refused(struct lab *lab)
{
    struct softbus *bus, *far_bus;
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_device_add(lab, "b", NULL);
    struct softbus_object *server = start_server(lab, &bus), *far;
    struct softbus_parcel *parcel = kit_parcel(lab, 0), *reply = kit_parcel(lab, 0);
    struct softbus_ashmem *memory;
    lab_meet(a, b);
    far_bus = lab_bus_open(lab, b, "far");
    far = kit_get(lab, far_bus, a, SERVICE);
    LAB_OK(lab, softbus_parcel_write_fd(parcel, 0));
    LAB_RESULT(lab, softbus_call(far, SERVER_BACK, parcel, reply, 0), SOFTBUS_ERR_DESCRIPTOR);
    softbus_parcel_clear(parcel);
    LAB_OK(lab, softbus_ashmem_new("memory", SIZE, &memory));
    LAB_OK(lab, softbus_parcel_write_ashmem(parcel, memory));
    LAB_RESULT(lab, softbus_call(far, SERVER_BACK, parcel, reply, 0), SOFTBUS_ERR_DESCRIPTOR);
    LAB_RESULT(lab, softbus_call_oneway(far, SERVER_BACK, parcel), SOFTBUS_ERR_DESCRIPTOR);
    softbus_parcel_clear(parcel);
    LAB_OK(lab, softbus_parcel_begin_struct(parcel));
    LAB_RESULT(lab, softbus_call(server, SERVER_BACK, parcel, reply, 0), SOFTBUS_ERR_INVALID);
    LAB_OK(lab, softbus_parcel_end_struct(parcel));
    LAB_OK(lab, softbus_call(server, SERVER_BACK, parcel, reply, 0));
    LAB_OK(lab, softbus_call(far, SERVER_BACK, parcel, reply, 0));
    LAB_EQUAL(lab, softbus_parcel_get_size(reply), 5);
    softbus_ashmem_free(memory);
    softbus_parcel_free(parcel);
    softbus_parcel_free(reply);
    softbus_object_unref(far);
    softbus_object_unref(server);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device starts", start_device);
    lab_test(lab, "all that a parcel carries arrives and comes back, directly and through softbusd", test_there_and_back);
    lab_test(lab, "no descriptor stays behind", test_nothing_leaks);
    lab_test(lab, "shared memory stays when its maker shrinks it", test_maker_shrinks);
    lab_test(lab, "descriptors for another device and structures without an end are refused", test_refused);
    return lab_leave(lab);
}
