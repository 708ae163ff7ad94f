/*
 * Threads in real processes: chains of calls that come back, with and without a pool and with whatever else is on its way between the same
 * apps; and many threads that do everything at once on one connection. SOFTBUS_SEED repeats what the threads draw.
 */
#include "softbus/pool.h"
#include "tests/integration/kit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG "[discovery]\nmdns = no\n"
#define SERVICE "org.softbus.test.threads"
#define N_RINGS_MAX 4
#define N_HOPS 13
#define N_ROUNDS 40
#define N_THREADS 16
#define N_STEPS 300
#define MAKE_MAX 8

enum { HOP = 1, NOISE, MEET, BACK, MAKE, ADD };

/* --- a process of a ring: each calls the next --- */

struct ring {
    unsigned n, index, n_workers;
    struct softbus *bus;
    struct softbus_object *stub, *next;
};

static void name_service(char *text, size_t size, unsigned index)
{
    snprintf(text, size, SERVICE ".%u", index);
}

static int call_hop(struct ring *ring, uint32_t n_left, struct softbus_parcel *parcel)
{
    softbus_parcel_clear(parcel);
    softbus_parcel_write_u32(parcel, n_left);
    if (n_left % 3 == 0) /* now by the channel, now by the hub */
        softbus_parcel_write_object(parcel, ring->stub);
    return softbus_call(ring->next, HOP, parcel, parcel, 20000);
}

/* What is on its way before: it must neither be overtaken nor keep the chain. */
static int send_noise(struct ring *ring, struct softbus_parcel *parcel)
{
    int r = 0;
    for (unsigned i = 0; i < 4 && r == 0; i++) {
        softbus_parcel_clear(parcel);
        if (i == 2)
            softbus_parcel_write_object(parcel, ring->stub);
        r = softbus_call_oneway(ring->next, NOISE, parcel);
    }
    return r;
}

static int hop(struct ring *ring, struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct softbus_parcel *parcel;
    uint32_t n_left, n_done = 0;
    int r;
    if (softbus_parcel_read_u32(request, &n_left) < 0)
        return SOFTBUS_ERR_BAD_REQUEST;
    if (n_left == 0)
        return softbus_parcel_write_u32(reply, 1);
    r = softbus_parcel_new(0, &parcel);
    if (r == 0 && !ring->next) {
        char name[64];
        name_service(name, sizeof(name), (ring->index + 1) % ring->n);
        r = softbus_service_get(ring->bus, NULL, name, 20000, &ring->next);
    }
    if (r == 0)
        r = send_noise(ring, parcel);
    if (r == 0)
        r = call_hop(ring, n_left - 1, parcel);
    if (r == 0)
        r = softbus_parcel_read_u32(parcel, &n_done);
    softbus_parcel_free(parcel);
    return r < 0 ? SOFTBUS_ERR_FAILED : softbus_parcel_write_u32(reply, n_done + 1);
}

static int handle_ring(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                       struct softbus_parcel *reply)
{
    (void)transaction;
    return code == HOP ? hop(userdata, request, reply) : 0;
}

static int serve_ring(struct lab_app *app, struct softbus *bus, void *userdata)
{
    struct ring *ring = userdata;
    char name[64];
    ring->bus = bus;
    name_service(name, sizeof(name), ring->index);
    if (softbus_stub_new(bus, "ring", handle_ring, ring, &ring->stub) < 0)
        return 1;
    if (ring->n_workers > 0 && softbus_pool_start(bus, ring->n_workers) < 0)
        return 2;
    if (softbus_service_add(bus, name, ring->stub, SOFTBUS_SERVICE_LOCAL) < 0)
        return 3;
    lab_app_say(app, "ready");
    if (ring->n_workers > 0)
        return lab_app_hear(app) != NULL;
    return softbus_run(bus) < 0 ? 4 : 0;
}

static void check_ring(struct lab *lab, unsigned n, unsigned n_workers)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *apps[N_RINGS_MAX];
    struct softbus *bus = lab_bus_open(lab, device, "client");
    struct softbus_parcel *parcel = kit_parcel(lab, 0);
    struct softbus_object *first;
    for (unsigned i = 0; i < n; i++) {
        struct ring ring = { .n = n, .index = i, .n_workers = n_workers };
        apps[i] = lab_app_fork(lab, device, "ring", serve_ring, &ring);
        LAB_UNTIL(lab, lab_app_has_said(apps[i], "ready"));
    }
    first = kit_get(lab, bus, NULL, SERVICE ".0");
    for (unsigned i = 0; i < N_ROUNDS; i++) {
        uint32_t n_done = 0;
        softbus_parcel_clear(parcel);
        softbus_parcel_write_u32(parcel, N_HOPS);
        LAB_OK(lab, softbus_call(first, HOP, parcel, parcel, 60000));
        LAB_OK(lab, softbus_parcel_read_u32(parcel, &n_done));
        LAB_EQUAL(lab, n_done, N_HOPS + 1);
    }
    LAB_EQUAL(lab, lab_device_get_status(device, "channels"), n + 1);
    softbus_parcel_free(parcel);
    softbus_object_unref(first);
    lab_bus_close(lab, bus);
    for (unsigned i = 0; i < n; i++)
        lab_app_discard(apps[i]);
    lab_device_check_empty(device);
}

static void test_rings_of_single_threads(struct lab *lab)
{
    check_ring(lab, 2, 0);
    check_ring(lab, 3, 0);
}

static void test_rings_of_single_workers(struct lab *lab)
{
    check_ring(lab, 2, 1);
    check_ring(lab, 3, 1);
}

static void test_rings_of_pools(struct lab *lab)
{
    check_ring(lab, 2, 2);
    check_ring(lab, 3, 4);
}

/* --- everything at once --- */

struct crowd {
    struct softbus *bus;
    struct softbus_object *stub;
    pthread_mutex_t mutex;
    pthread_cond_t all_here;
    unsigned n_here;
};

static int make_nothing(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                        struct softbus_parcel *reply)
{
    (void)userdata;
    (void)transaction;
    (void)code;
    (void)request;
    (void)reply;
    return 0;
}

/* Everybody comes, and nobody leaves before all are here. */
static int meet(struct crowd *crowd)
{
    pthread_mutex_lock(&crowd->mutex);
    if (++crowd->n_here % N_THREADS == 0)
        pthread_cond_broadcast(&crowd->all_here);
    for (unsigned round = (crowd->n_here - 1) / N_THREADS; crowd->n_here < (round + 1) * N_THREADS;)
        pthread_cond_wait(&crowd->all_here, &crowd->mutex);
    pthread_mutex_unlock(&crowd->mutex);
    return 0;
}

static int call_back(struct softbus_parcel *request, struct softbus_parcel *reply)
{
    struct softbus_object *object;
    int r = softbus_parcel_read_object(request, &object);
    if (r < 0 || !object)
        return SOFTBUS_ERR_BAD_REQUEST;
    r = softbus_ping(object, 20000);
    if (r == 0 && reply)
        r = softbus_parcel_write_object(reply, object);
    softbus_object_unref(object);
    return r;
}

static int handle_crowd(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                        struct softbus_parcel *reply)
{
    (void)transaction;
    struct crowd *crowd = userdata;
    struct softbus_object *made;
    int32_t a, b;
    int r;
    switch (code) {
    case MEET:
        return meet(crowd);
    case BACK:
        return call_back(request, reply);
    case MAKE:
        r = softbus_stub_new(crowd->bus, "made", make_nothing, NULL, &made);
        if (r == 0)
            r = softbus_parcel_write_object(reply, made);
        softbus_object_unref(made);
        return r;
    case ADD:
        if (softbus_parcel_read_i32(request, &a) < 0 || softbus_parcel_read_i32(request, &b) < 0)
            return SOFTBUS_ERR_BAD_REQUEST;
        return reply ? softbus_parcel_write_i32(reply, a + b) : 0;
    default:
        return SOFTBUS_ERR_UNKNOWN_CODE;
    }
}

static int serve_crowd(struct lab_app *app, struct softbus *bus, void *userdata)
{
    (void)userdata;
    struct crowd crowd = { .bus = bus };
    pthread_mutex_init(&crowd.mutex, NULL);
    pthread_cond_init(&crowd.all_here, NULL);
    if (softbus_stub_new(bus, "crowd", handle_crowd, &crowd, &crowd.stub) < 0)
        return 1;
    softbus_stub_set_concurrent(crowd.stub, true);
    if (softbus_pool_start(bus, SOFTBUS_POOL_MAX) < 0 || softbus_service_add(bus, SERVICE, crowd.stub, SOFTBUS_SERVICE_LOCAL) < 0)
        return 2;
    lab_app_say(app, "ready");
    return lab_app_hear(app) != NULL;
}

struct member {
    pthread_t thread;
    struct softbus *bus;
    struct softbus_object *object, *own;
    uint64_t state;
    const char *wrong; /* what went wrong; NULL: nothing */
    int error;
    unsigned n_async, n_done;
};

static uint32_t draw(struct member *member, uint32_t limit)
{
    member->state ^= member->state << 13;
    member->state ^= member->state >> 7;
    member->state ^= member->state << 17;
    return (uint32_t)(member->state >> 33) % limit;
}

static void expect(struct member *member, const char *what, int error)
{
    if (error != 0 && !member->wrong) {
        member->wrong = what;
        member->error = error;
    }
}

static void note_done(void *userdata, int error, struct softbus_parcel *reply)
{
    struct member *member = userdata;
    (void)error;
    (void)reply;
    __atomic_add_fetch(&member->n_done, 1, __ATOMIC_RELEASE);
}

static void add(struct member *member, struct softbus_parcel *parcel)
{
    int32_t a = (int32_t)draw(member, 1000), sum = 0;
    softbus_parcel_write_i32(parcel, a);
    softbus_parcel_write_i32(parcel, 5);
    expect(member, "ADD", softbus_call(member->object, ADD, parcel, parcel, 20000));
    softbus_parcel_read_i32(parcel, &sum);
    expect(member, "the sum", sum != a + 5);
}

static void make(struct member *member, struct softbus_parcel *parcel)
{
    struct softbus_object *made = NULL;
    struct softbus_link *link;
    unsigned n = draw(member, MAKE_MAX);
    expect(member, "MAKE", softbus_call(member->object, MAKE, NULL, parcel, 20000));
    expect(member, "what was made", softbus_parcel_read_object(parcel, &made));
    if (!made)
        return;
    for (unsigned i = 0; i < n; i++)
        expect(member, "calling what was made", softbus_call(made, 1, NULL, NULL, 20000));
    expect(member, "link", softbus_link_death(made, kit_on_death, NULL, &link));
    expect(member, "unlink", softbus_unlink_death(link));
    softbus_object_unref(made);
}

static void call_async(struct member *member)
{
    uint64_t call;
    int r = softbus_call_async(member->object, SOFTBUS_CODE_PING, NULL, 1 + draw(member, 2) * 20000, note_done, member, &call);
    expect(member, "asynchronous", r);
    member->n_async += r == 0;
    if (r == 0 && draw(member, 2) == 0)
        softbus_cancel(member->bus, call); /* unless it has ended */
}

static void do_step(struct member *member, struct softbus_parcel *parcel)
{
    int r;
    softbus_parcel_clear(parcel);
    switch (draw(member, 7)) {
    case 0:
        softbus_parcel_write_object(parcel, member->own);
        expect(member, "BACK", softbus_call(member->object, BACK, parcel, parcel, 20000));
        break;
    case 1:
        make(member, parcel);
        break;
    case 2:
        call_async(member);
        break;
    case 3:
        softbus_parcel_write_i32(parcel, 1);
        softbus_parcel_write_i32(parcel, 2);
        expect(member, "one-way", softbus_call_oneway(member->object, ADD, parcel));
        break;
    case 4:
        r = softbus_call(member->object, SOFTBUS_CODE_PING, NULL, NULL, 1);
        expect(member, "a short time", r == SOFTBUS_ERR_TIMEOUT ? 0 : r);
        break;
    default:
        add(member, parcel);
    }
}

static void *take_part(void *userdata)
{
    struct member *member = userdata;
    struct softbus_parcel *parcel;
    if (softbus_parcel_new(0, &parcel) < 0)
        return NULL;
    for (unsigned i = 0; i < N_STEPS && !member->wrong; i++) {
        if (i == 0 || i == N_STEPS / 2)
            expect(member, "MEET", softbus_call(member->object, MEET, NULL, NULL, 20000));
        do_step(member, parcel);
    }
    softbus_parcel_free(parcel);
    return NULL;
}

static void check_crowd(struct lab *lab, unsigned n_workers)
{
    struct lab_device *device = lab_get_device(lab, 0);
    struct lab_app *app = lab_app_fork(lab, device, "crowd", serve_crowd, NULL);
    struct member members[N_THREADS];
    struct softbus_object *object, *own;
    struct softbus *bus;
    const char *seed = getenv("SOFTBUS_SEED");
    LAB_UNTIL(lab, lab_app_has_said(app, "ready"));
    LAB_OK(lab, softbus_open(lab_device_get_socket(device), "members", &bus)); /* not the lab's to pump */
    LAB_OK(lab, softbus_service_get(bus, NULL, SERVICE, 20000, &object));
    LAB_OK(lab, softbus_stub_new(bus, "own", make_nothing, NULL, &own));
    LAB_OK(lab, softbus_pool_start(bus, n_workers));
    for (unsigned i = 0; i < N_THREADS; i++) {
        members[i] = (struct member){ .bus = bus, .object = object, .own = own };
        members[i].state = ((seed ? strtoull(seed, NULL, 0) : 3) + i) * 2654435761U + 88172645463325252U;
        LAB_EQUAL(lab, pthread_create(&members[i].thread, NULL, take_part, &members[i]), 0);
    }
    for (unsigned i = 0; i < N_THREADS; i++)
        pthread_join(members[i].thread, NULL);
    for (unsigned i = 0; i < N_THREADS; i++) {
        if (members[i].wrong)
            lab_fail(lab, __FILE__, __LINE__, "thread %u: %s: %s", i, members[i].wrong, softbus_error_get_name(members[i].error));
        LAB_UNTIL(lab, __atomic_load_n(&members[i].n_done, __ATOMIC_ACQUIRE) == members[i].n_async);
    }
    softbus_object_unref(object);
    LAB_UNTIL(lab, lab_device_get_status(device, "references") == 0);
    softbus_object_unref(own);
    softbus_close(bus);
    lab_app_discard(app);
    lab_device_check_empty(device);
}

static void test_crowd_and_one_worker(struct lab *lab)
{
    check_crowd(lab, 1);
}

static void test_crowd_and_pool(struct lab *lab)
{
    check_crowd(lab, 0);
}

static void start_device(struct lab *lab)
{
    lab_device_add(lab, "a", CONFIG);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "a device", start_device);
    lab_test(lab, "chains come back to apps of one thread", test_rings_of_single_threads);
    lab_test(lab, "chains come back to pools of one", test_rings_of_single_workers);
    lab_test(lab, "chains come back to pools", test_rings_of_pools);
    lab_test(lab, "16 threads do everything beside one worker", test_crowd_and_one_worker);
    lab_test(lab, "16 threads do everything beside a pool", test_crowd_and_pool);
    return lab_leave(lab);
}
