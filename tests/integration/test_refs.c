/*
 * Random schedules of add, pass, drop, call and kill over three devices and several processes, with and without workers, by direct
 * channels and through the hubs. When all is closed every
 * table on every device is empty. SOFTBUS_SEED repeats a schedule; SOFTBUS_STEPS makes it longer.
 */
#include "tests/integration/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_DEVICES 3
#define N_WORKERS 6 /* two on each device, processes of their own */
#define STEPS_DEFAULT 400
#define N_HELD 64   /* of the test's own app on each device */

struct worker {
    struct lab_app *app;
    struct lab_device *device;
    char service[32];
    unsigned generation;
};

struct holder { /* the test's app on a device */
    struct lab_device *device;
    struct softbus *bus;
    struct kit *kit;
    struct softbus_object *held[N_HELD];
    struct softbus_object *services[N_WORKERS]; /* NULL: not looked up */
    unsigned n_held;
};

struct schedule {
    struct lab *lab;
    uint64_t state;
    struct worker workers[N_WORKERS];
    struct holder holders[N_DEVICES];
    bool is_orderly;
    unsigned n_channels_seen;
    struct kit_deaths ignored;
};

/* xorshift: the same numbers on every machine. */
static uint32_t draw(struct schedule *schedule, uint32_t limit)
{
    schedule->state ^= schedule->state << 13;
    schedule->state ^= schedule->state >> 7;
    schedule->state ^= schedule->state << 17;
    return (uint32_t)(schedule->state >> 33) % limit;
}

static void start_devices(struct lab *lab)
{
    struct lab_device *a = lab_device_add(lab, "a", NULL), *b = lab_device_add(lab, "b", NULL),
                      *c = lab_device_add(lab, "c", NULL);
    lab_meet(a, b);
    lab_meet(b, c);
    lab_meet(a, c);
}

static void start_worker(struct schedule *schedule, unsigned index)
{
    struct worker *worker = &schedule->workers[index];
    worker->device = lab_get_device(schedule->lab, index % N_DEVICES);
    snprintf(worker->service, sizeof(worker->service), "refs.%u.%u", index, worker->generation++);
    /* One of the two on a device has a pool. */
    worker->app = kit_serve_pool(schedule->lab, worker->device, worker->service, worker->service, SOFTBUS_SERVICE_DISTRIBUTED,
                                 index < N_DEVICES ? 0 : 1 + draw(schedule, 4));
}

static struct softbus_object *get_service(struct schedule *schedule, struct holder *holder, unsigned index)
{
    if (holder->services[index] == NULL) {
        struct worker *worker = &schedule->workers[index];
        const char *device = worker->device != holder->device ? lab_device_get_id(worker->device) : NULL;
        LAB_OK(schedule->lab, softbus_service_get(holder->bus, device, worker->service, 20000, &holder->services[index]));
    }
    return holder->services[index];
}

/* An object to pass: own, held, or a service. */
static struct softbus_object *pick_object(struct schedule *schedule, struct holder *holder)
{
    switch (draw(schedule, 3)) {
    case 0:
        return holder->kit->stub;
    case 1:
        if (holder->n_held > 0)
            return holder->held[draw(schedule, holder->n_held)];
        return holder->kit->stub;
    default:
        return get_service(schedule, holder, draw(schedule, N_WORKERS));
    }
}

/* What may come of an operation in a world where processes are killed and rules hold. */
static void check_outcome(struct schedule *schedule, int r)
{
    static const int allowed[] = { 0,
                                   SOFTBUS_ERR_BAD_REQUEST,
                                   SOFTBUS_ERR_PASSBACK,
                                   SOFTBUS_ERR_DOUBLE_FORWARD,
                                   SOFTBUS_ERR_NO_INTRODUCTION,
                                   SOFTBUS_ERR_DEAD_OBJECT,
                                   SOFTBUS_ERR_DIED,
                                   SOFTBUS_ERR_DEATH_UNSUPPORTED,
                                   SOFTBUS_ERR_AGAIN,
                                   SOFTBUS_ERR_INVALID };
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        if (r == allowed[i])
            return;
    lab_fail(schedule->lab, __FILE__, __LINE__, "an operation ended with %s", softbus_error_get_name(r));
}

static void keep(struct schedule *schedule, struct holder *holder, struct softbus_object *object)
{
    if (object == NULL)
        return;
    if (holder->n_held < N_HELD) {
        holder->held[holder->n_held++] = object;
        return;
    }
    unsigned i = draw(schedule, N_HELD);
    softbus_object_unref(holder->held[i]);
    holder->held[i] = object;
}

static void do_take(struct schedule *schedule, struct holder *holder, struct softbus_object *service)
{
    struct softbus_parcel *reply = kit_parcel(schedule->lab, 0);
    struct softbus_object *object = NULL;
    int r;
    if (draw(schedule, 2) == 0) {
        r = lab_call(schedule->lab, service, KIT_MAKE, NULL, reply, 0);
        if (r == 0)
            r = softbus_parcel_read_object(reply, &object);
    } else {
        r = kit_give(schedule->lab, service, draw(schedule, 4), &object);
    }
    softbus_parcel_free(reply);
    keep(schedule, holder, object);
    check_outcome(schedule, r);
}

/* The worker passes what it holds to another worker by itself. */
static void do_pass_on(struct schedule *schedule, struct holder *holder, struct softbus_object *service)
{
    int32_t result = 0;
    struct softbus_object *target = get_service(schedule, holder, draw(schedule, N_WORKERS));
    if (target == service)
        return; /* it would call itself */
    check_outcome(schedule, kit_pass(schedule->lab, service, draw(schedule, 4), target, &result));
    check_outcome(schedule, result);
}

static void do_drop(struct schedule *schedule, struct holder *holder, struct softbus_object *service)
{
    if (draw(schedule, 3) == 0) {
        check_outcome(schedule, lab_call(schedule->lab, service, KIT_DROP, NULL, NULL, 0));
    } else if (holder->n_held > 0) {
        unsigned i = draw(schedule, holder->n_held);
        softbus_object_unref(holder->held[i]);
        holder->held[i] = holder->held[--holder->n_held];
    }
}

static void do_link(struct schedule *schedule, struct holder *holder, struct softbus_object *service)
{
    int32_t result = 0;
    /* A link keeps a reference: where all are to be given back, it is ended at once. */
    if (schedule->is_orderly || draw(schedule, 2) == 0) {
        struct softbus_link *link;
        int r = softbus_link_death(pick_object(schedule, holder), kit_on_death, &schedule->ignored, &link);
        check_outcome(schedule, r);
        if (r == 0 && schedule->is_orderly)
            check_outcome(schedule, softbus_unlink_death(link));
    } else {
        check_outcome(schedule, kit_ask_i32(schedule->lab, service, KIT_LINK, draw(schedule, 4), &result));
    }
}

/* Enough calls of one object that they go by a channel, where there can be one, and then without waiting. */
static void do_plain(struct schedule *schedule, struct holder *holder, struct softbus_object *service)
{
    struct softbus_object *object = service;
    if (holder->n_held > 0 && draw(schedule, 2) == 0)
        object = holder->held[draw(schedule, holder->n_held)];
    for (unsigned i = draw(schedule, 8); i > 0; i--) {
        int32_t sum;
        check_outcome(schedule, kit_add(schedule->lab, object, 1, 2, &sum));
    }
    for (unsigned i = draw(schedule, 4); i > 0; i--)
        check_outcome(schedule, kit_note(object, 0));
    if (!softbus_object_is_remote(object))
        schedule->n_channels_seen += lab_device_get_status(holder->device, "channels") > 0;
}

static void do_kill(struct schedule *schedule)
{
    unsigned index = draw(schedule, N_WORKERS);
    lab_app_discard(schedule->workers[index].app);
    for (unsigned i = 0; i < N_DEVICES; i++)
        schedule->holders[i].services[index] = softbus_object_unref(schedule->holders[i].services[index]);
    start_worker(schedule, index);
}

static void step(struct schedule *schedule)
{
    struct holder *holder = &schedule->holders[draw(schedule, N_DEVICES)];
    unsigned what = draw(schedule, 100);
    if (what < 4) {
        do_kill(schedule);
        return;
    }
    struct softbus_object *service = get_service(schedule, holder, draw(schedule, N_WORKERS));
    if (what < 34) {
        check_outcome(schedule, kit_hold(schedule->lab, service, pick_object(schedule, holder)));
    } else if (what < 54) {
        do_take(schedule, holder, service);
    } else if (what < 69) {
        do_pass_on(schedule, holder, service);
    } else if (what < 84) {
        do_drop(schedule, holder, service);
    } else if (what < 92) {
        do_link(schedule, holder, service);
    } else {
        do_plain(schedule, holder, service);
    }
}

static void open_holders(struct schedule *schedule)
{
    for (unsigned i = 0; i < N_DEVICES; i++) {
        struct holder *holder = &schedule->holders[i];
        holder->device = lab_get_device(schedule->lab, i);
        holder->bus = lab_bus_open(schedule->lab, holder->device, "holder");
        holder->kit = kit_new(schedule->lab, holder->bus, NULL, 0);
    }
}

static void close_holders(struct schedule *schedule, bool is_orderly)
{
    for (unsigned i = 0; i < N_DEVICES; i++) {
        struct holder *holder = &schedule->holders[i];
        if (!is_orderly)
            lab_bus_close(schedule->lab, holder->bus);
        for (unsigned k = 0; k < holder->n_held; k++)
            softbus_object_unref(holder->held[k]);
        for (unsigned k = 0; k < N_WORKERS; k++)
            softbus_object_unref(holder->services[k]);
        kit_free(holder->kit);
    }
}

/* Orderly: references are given back one by one and the workers are told to drop theirs, all processes still there.
 * Else connections are closed and processes killed with everything in their hands. */
static void run_schedule(struct lab *lab, uint64_t seed, unsigned n_steps, bool is_orderly)
{
    struct schedule *schedule = calloc(1, sizeof(*schedule));
    LAB_CHECK(lab, schedule != NULL);
    schedule->lab = lab;
    schedule->is_orderly = is_orderly;
    uint64_t n_at_rest[N_DEVICES];
    for (unsigned i = 0; i < N_DEVICES; i++)
        n_at_rest[i] = lab_device_get_status(lab_get_device(lab, i), "references");
    schedule->state = seed * 2654435761U + 88172645463325252U;
    lab_note(lab, "SOFTBUS_SEED=%llu, %u steps", (unsigned long long)seed, n_steps);
    for (unsigned i = 0; i < N_WORKERS; i++)
        start_worker(schedule, i);
    open_holders(schedule);
    for (unsigned i = 0; i < n_steps; i++)
        step(schedule);
    if (n_steps >= STEPS_DEFAULT)
        LAB_CHECK(lab, schedule->n_channels_seen > 0);
    if (is_orderly)
        for (unsigned i = 0; i < N_WORKERS; i++)
            LAB_OK(lab, lab_call(lab, get_service(schedule, &schedule->holders[0], i), KIT_DROP, NULL, NULL, 0));
    close_holders(schedule, is_orderly);
    if (is_orderly)
        for (unsigned i = 0; i < N_DEVICES; i++) /* nothing but the workers' services is left */
            LAB_UNTIL(lab, lab_device_get_status(lab_get_device(lab, i), "references") == n_at_rest[i] &&
                               lab_device_get_status(lab_get_device(lab, i), "services") == N_WORKERS / N_DEVICES);
    for (unsigned i = 0; i < N_WORKERS; i++)
        lab_app_discard(schedule->workers[i].app);
    for (unsigned i = 0; i < N_DEVICES; i++)
        lab_device_check_empty(lab_get_device(lab, i));
    free(schedule);
}

static uint64_t get_number(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void test_orderly(struct lab *lab)
{
    uint64_t seed = get_number("SOFTBUS_SEED", 1);
    for (uint64_t i = 0; i < 3; i++)
        run_schedule(lab, seed + i, (unsigned)get_number("SOFTBUS_STEPS", STEPS_DEFAULT), true);
}

static void test_abrupt(struct lab *lab)
{
    uint64_t seed = get_number("SOFTBUS_SEED", 101);
    for (uint64_t i = 0; i < 3; i++)
        run_schedule(lab, seed + i, (unsigned)get_number("SOFTBUS_STEPS", STEPS_DEFAULT), false);
}

/* The daemon of a device is killed in the middle: the others' tables must not keep anything of it. */
static void test_device_dies(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct softbus *bus_a = lab_bus_open(lab, a, "a"), *bus_b = lab_bus_open(lab, b, "b");
    struct kit *kit_a = kit_new(lab, bus_a, "refs.a", SOFTBUS_SERVICE_DISTRIBUTED),
               *kit_b = kit_new(lab, bus_b, "refs.b", SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus_object *b_from_a = kit_get(lab, bus_a, b, "refs.b"), *a_from_b = kit_get(lab, bus_b, a, "refs.a");
    LAB_OK(lab, kit_hold(lab, b_from_a, kit_a->stub));
    LAB_OK(lab, kit_hold(lab, a_from_b, kit_b->stub));
    lab_device_kill(b);
    softbus_object_unref(b_from_a);
    softbus_object_unref(a_from_b);
    kit_free(kit_b);
    lab_bus_close(lab, bus_b);
    kit_free(kit_a);
    lab_bus_close(lab, bus_a);
    lab_device_start(b);
    LAB_UNTIL(lab, lab_device_sees(a, b) == SOFTBUS_DEVICE_ONLINE && lab_device_sees(b, a) == SOFTBUS_DEVICE_ONLINE);
    lab_device_check_empty(a);
    lab_device_check_empty(b);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "three devices meet", start_devices);
    lab_test(lab, "random schedules, given back in order", test_orderly);
    lab_test(lab, "random schedules, broken off", test_abrupt);
    lab_test(lab, "a device dies with references in its hands", test_device_dies);
    return lab_leave(lab);
}
