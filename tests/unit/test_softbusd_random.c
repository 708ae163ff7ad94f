/*
 * Random schedules on three devices: add, pass, call, reply, cancel, drop, withdraw, kill, sessions that break, messages that
 * overtake each other. A model that knows only what each process has sent and seen checks every message; when all is closed, every
 * table is empty. SOFTBUS_SEED=n repeats one schedule. Even seeds are calm: nothing dies, and then nothing may get lost either.
 */
#include "tests/unit/hub_world.h"

#include "softbusd/node.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N_SEEDS 60
#define N_STEPS 20000
#define N_APPS_MAX 4    /* per device */
#define N_STUBS_MAX 12  /* per app and life */
#define N_HANDLES_MAX 64
#define N_CALLS_MAX 64
#define N_LIVES_MAX 200 /* processes in all */
#define N_OBJECTS_MAX (N_LIVES_MAX * (N_STUBS_MAX + 1))

struct held {
    uint64_t handle;
    uint32_t n_arrivals, object;
    bool is_dead;
};

struct made {
    uint64_t id;
    bool is_of_hub;  /* and not a look-up */
    uint32_t object; /* a look-up: what must come; UINT32_MAX: a call that must fail; 0: any other */
};

struct sim_app {
    struct world_app *app;
    uint32_t first_object;  /* its stub ids are 1 ... n_stubs, its objects first_object + id */
    uint32_t n_sent[N_STUBS_MAX + 1];
    bool is_withdrawn[N_STUBS_MAX + 1];
    struct held held[N_HANDLES_MAX];
    unsigned n_held;
    struct made made[N_CALLS_MAX];
    unsigned n_made;
    uint64_t serving[N_CALLS_MAX * 4];
    unsigned n_serving;
};

struct sim {
    struct world world;
    uint64_t state;
    bool is_calm;
    struct sim_app *apps[WORLD_DEVICES][N_APPS_MAX];
    uint32_t n_objects;
    uint32_t last_seen[N_OBJECTS_MAX][N_LIVES_MAX]; /* per object and caller: the number of its last call */
    uint64_t n_oneway_sent, n_oneway_got, n_refused, n_answered;
    uint32_t next_number;
};

static uint32_t pick(struct sim *sim, uint32_t n)
{
    sim->state ^= sim->state << 13;
    sim->state ^= sim->state >> 7;
    sim->state ^= sim->state << 17;
    return (uint32_t)(sim->state >> 33) % n;
}

static struct held *find_held(struct sim_app *app, uint64_t handle)
{
    for (unsigned i = 0; i < app->n_held; i++) {
        if (app->held[i].handle == handle)
            return &app->held[i];
    }
    return NULL;
}

/* --- what a process sends --- */

struct parcel {
    struct wire_object objects[3];
    uint16_t n;
    uint32_t data[8]; /* kind of message, number, n, the objects' true names; last: the sender's life */
};

static void put_object(struct sim *sim, struct sim_app *app, struct parcel *parcel)
{
    uint32_t object;

    if (app->n_held > 0 && pick(sim, 2)) {
        struct held *held = &app->held[pick(sim, app->n_held)];

        object = held->object;
        parcel->objects[parcel->n] = world_proxy(held->handle);
    } else {
        uint32_t id = 1 + pick(sim, N_STUBS_MAX);

        if (app->is_withdrawn[id])
            return;
        app->n_sent[id]++;
        object = app->first_object + id;
        parcel->objects[parcel->n] = world_stub(id);
    }
    parcel->data[3 + parcel->n++] = object;
}

static void fill(struct sim *sim, struct sim_app *app, struct parcel *parcel, uint32_t number)
{
    *parcel = (struct parcel){ .data = { 0x5eed, number } };
    for (uint32_t n = pick(sim, 4); n > 0; n--) {
        if (pick(sim, 2) && parcel->n < 3)
            put_object(sim, app, parcel);
    }
    parcel->data[2] = parcel->n;
    parcel->data[7] = app->first_object / (N_STUBS_MAX + 1);
}

static struct wire_bytes get_data(const struct parcel *parcel)
{
    return (struct wire_bytes){ .data = (const uint8_t *)parcel->data, .size = sizeof(parcel->data) };
}

static void do_call(struct sim *sim, struct sim_app *app)
{
    bool is_oneway = pick(sim, 2);
    struct parcel parcel;
    uint64_t id = 0, target;
    enum hub_receive result;

    if (app->n_held == 0 || app->n_made == N_CALLS_MAX)
        return;
    target = app->held[pick(sim, app->n_held)].handle;
    fill(sim, app, &parcel, ++sim->next_number);
    if (!is_oneway) {
        id = ++app->app->last_call;
        app->made[app->n_made++] = (struct made){ .id = id };
    } else {
        sim->n_oneway_sent++;
    }
    world_call_full(app->app, id, target, 1, is_oneway, get_data(&parcel), parcel.objects, parcel.n, &result);
}

static void do_reply(struct sim *sim, struct sim_app *app)
{
    struct parcel parcel;
    unsigned at;
    uint64_t id;

    if (app->n_serving == 0)
        return;
    at = pick(sim, app->n_serving);
    id = app->serving[at];
    app->serving[at] = app->serving[--app->n_serving];
    fill(sim, app, &parcel, 0);
    world_reply_full(app->app, id, WIRE_OK, get_data(&parcel), parcel.objects, parcel.n);
}

static void do_get(struct sim *sim, struct sim_app *app)
{
    unsigned device = pick(sim, WORLD_DEVICES), slot = pick(sim, N_APPS_MAX);
    struct sim_app *owner = sim->apps[device][slot];
    char name[32];

    if (!owner || app->n_made == N_CALLS_MAX)
        return;
    snprintf(name, sizeof(name), "s%u", owner->first_object);
    app->made[app->n_made++] = (struct made){
        .id = world_ask(app->app, WIRE_HUB_SERVICE_GET, NULL, "ssb", sim->world.devices[device].id_text, name, pick(sim, 2)),
        .object = owner->first_object + 1,
    };
}

/* While others on the device hold the object too, a release may pass calls: where losses are counted, it waits. */
static bool may_drop(struct sim *sim, struct sim_app *app, const struct held *held)
{
    const struct hub_ref *ref = hub_ref_find(app->app->hub_app, held->handle);

    if (!sim->is_calm || ref->node->refs.next == ref->node->refs.prev)
        return true;
    for (unsigned i = 0; i < WORLD_DEVICES; i++) {
        if (!sb_list_is_empty(&app->app->device->out[i].frames))
            return false;
    }
    return true;
}

static void drop(struct sim_app *app, struct held *held, uint32_t count)
{
    uint64_t handle = held->handle;

    held->n_arrivals -= count;
    if (held->n_arrivals == 0)
        *held = app->held[--app->n_held];
    world_release(app->app, handle, count);
}

static void do_drop(struct sim *sim, struct sim_app *app)
{
    struct held *held;

    if (app->n_held == 0)
        return;
    held = &app->held[pick(sim, app->n_held)];
    if (may_drop(sim, app, held))
        drop(app, held, 1 + pick(sim, held->n_arrivals));
}

static void do_cancel(struct sim *sim, struct sim_app *app)
{
    struct made *made;

    if (app->n_made == 0)
        return;
    made = &app->made[pick(sim, app->n_made)];
    if (!made->object && !made->is_of_hub)
        world_cancel(app->app, made->id); /* its reply may have crossed: it stays expected */
}

static void do_link(struct sim *sim, struct sim_app *app)
{
    struct held *held;

    if (app->n_held == 0 || app->n_made == N_CALLS_MAX)
        return;
    held = &app->held[pick(sim, app->n_held)];
    app->made[app->n_made++] = (struct made){
        .id = world_ask(app->app, pick(sim, 3) ? WIRE_HUB_LINK_DEATH : WIRE_HUB_UNLINK_DEATH, NULL, "u", held->handle),
        .is_of_hub = true,
    };
}

static void do_steal(struct sim *sim, struct sim_app *app)
{
    struct sim_app *victim = sim->apps[pick(sim, WORLD_DEVICES)][pick(sim, N_APPS_MAX)];
    uint64_t handle;

    if (!victim || victim == app || victim->n_held == 0 || app->n_made == N_CALLS_MAX)
        return;
    handle = victim->held[0].handle;
    if (hub_ref_find(app->app->hub_app, handle))
        return; /* its own, by chance */
    app->made[app->n_made++] = (struct made){ .id = world_call(app->app, handle, 0, NULL, 0), .object = UINT32_MAX };
}

static void do_withdraw(struct sim *sim, struct sim_app *app)
{
    uint32_t id = 1 + pick(sim, N_STUBS_MAX);

    if (!sim->is_calm && !app->is_withdrawn[id])
        world_withdraw(app->app, id);
    app->is_withdrawn[id] = !sim->is_calm;
}

/* --- what a process receives --- */

static void take_objects(struct sim_app *app, const struct world_msg *msg, struct wire_bytes data, uint32_t looked_up)
{
    uint32_t words[8] = { 0 };

    if (looked_up) {
        words[2] = 1;
        words[3] = looked_up;
    } else if (data.size == sizeof(words)) {
        memcpy(words, data.data, sizeof(words));
        assert_int_equal(words[0], 0x5eed);
    }
    assert_int_equal(msg->objects.n, words[2]);
    for (uint16_t i = 0; i < msg->objects.n; i++) {
        const struct wire_object *object = &msg->objects.items[i];
        struct held *held;

        if (object->kind == WIRE_OBJECT_STUB) {
            assert_int_equal(app->first_object + object->id, words[3 + i]);
            continue;
        }
        held = find_held(app, object->id);
        if (!held) {
            assert_true(app->n_held < N_HANDLES_MAX);
            held = &app->held[app->n_held++];
            *held = (struct held){ .handle = object->id, .object = words[3 + i] };
        }
        assert_int_equal(held->object, words[3 + i]); /* the same proxy is the same object, for ever */
        held->n_arrivals++;
    }
}

static void take_reply(struct sim *sim, struct sim_app *app, const struct world_msg *msg)
{
    struct made made;
    unsigned i = 0;

    while (i < app->n_made && app->made[i].id != msg->reply.id)
        i++;
    assert_true(i < app->n_made); /* else answered twice, or never asked */
    made = app->made[i];
    app->made[i] = app->made[--app->n_made];
    sim->n_answered += msg->reply.status == WIRE_OK;
    if (made.object == UINT32_MAX)
        assert_int_equal(msg->reply.status, WIRE_DEAD_OBJECT);
    if (msg->reply.status == WIRE_OK)
        take_objects(app, msg, msg->reply.data, made.object);
}

static void take_call(struct sim *sim, struct sim_app *app, const struct world_msg *msg)
{
    uint32_t words[8], object = app->first_object + (uint32_t)msg->call.target;

    assert_int_not_equal(msg->call.identity.kind, WIRE_IDENTITY_NONE);
    assert_in_range(msg->call.target, 1, N_STUBS_MAX);
    assert_true(app->n_sent[msg->call.target] > 0 || app->is_withdrawn[msg->call.target]); /* nobody calls what nobody holds */
    take_objects(app, msg, msg->call.data, 0);
    memcpy(words, msg->call.data.data, sizeof(words));
    assert_true(words[1] > sim->last_seen[object][words[7]]); /* in order, and once */
    sim->last_seen[object][words[7]] = words[1];
    if (msg->call.id != 0) {
        assert_true(app->n_serving < N_CALLS_MAX * 4);
        app->serving[app->n_serving++] = msg->call.id;
        return;
    }
    sim->n_oneway_got++;
}

static void take_message(struct sim *sim, struct sim_app *app, const struct world_msg *msg)
{
    struct held *held;

    switch (msg->type) {
    case WIRE_CALL:
        return take_call(sim, app, msg);
    case WIRE_REPLY:
        return take_reply(sim, app, msg);
    case WIRE_CANCEL: /* it answers all the same */
        return;
    case WIRE_RELEASE:
        if (app->is_withdrawn[msg->release.id])
            return;
        assert_true(msg->release.count <= app->n_sent[msg->release.id]);
        app->n_sent[msg->release.id] -= msg->release.count;
        return;
    case WIRE_DEATH:
        assert_false(sim->is_calm);
        held = find_held(app, msg->death.id);
        assert_true(!held || !held->is_dead); /* once */
        if (held)
            held->is_dead = true;
        return;
    case WIRE_REFUSED:
        sim->n_refused += msg->refused.id == 0;
        return;
    default:
        fail_msg("message of type %d", msg->type);
    }
}

static void read_inbox(struct sim *sim, struct sim_app *app, unsigned n)
{
    struct sb_list *link;

    while (n-- > 0 && (link = sb_list_first(&app->app->inbox))) {
        sb_list_remove(link);
        take_message(sim, app, SB_CONTAINER_OF(link, struct world_msg, link));
        free(SB_CONTAINER_OF(link, struct world_msg, link));
    }
}

/* --- the world --- */

static void start_app(struct sim *sim, unsigned device, unsigned slot)
{
    struct sim_app *app = calloc(1, sizeof(*app));
    struct wire_object object = world_stub(1);
    char name[32];

    assert_non_null(app);
    app->app = world_app_new(&sim->world, device, "sim", 1000 + device);
    app->first_object = sim->n_objects;
    sim->n_objects += N_STUBS_MAX + 1;
    snprintf(name, sizeof(name), "s%u", app->first_object);
    app->n_sent[1]++;
    app->made[app->n_made++] = (struct made){ .id = world_ask(app->app, WIRE_HUB_SERVICE_ADD, &object, "sob", name, 0, true),
                                              .is_of_hub = true };
    sim->apps[device][slot] = app;
}

static void stop_app(struct sim *sim, unsigned device, unsigned slot)
{
    world_app_close(sim->apps[device][slot]->app);
    free(sim->apps[device][slot]);
    sim->apps[device][slot] = NULL;
}

static void set_full(struct sim *sim, struct sim_app *app)
{
    world_set_queued(app->app, app->app->queued.amount == 0 && pick(sim, 3) == 0 ? 2 << 20 : 0);
    if (app->app->queued.amount == 0)
        hub_app_drained(app->app->hub_app);
}

static void act(struct sim *sim, struct sim_app *app)
{
    static void (*const acts[])(struct sim *, struct sim_app *) = {
        do_call, do_call,  do_call, do_call, do_reply,  do_reply, do_reply, do_get,
        do_get,  do_drop,  do_drop, do_drop, do_cancel, do_link,  do_steal, do_withdraw,
    };

    if (app->app->may_resume && app->app->waiting)
        world_app_resume(app->app);
    if (app->app->waiting)
        return;
    acts[pick(sim, sizeof(acts) / sizeof(acts[0]))](sim, app);
    assert_false(app->app->is_killed);
}

static void disturb(struct sim *sim, unsigned device, unsigned slot)
{
    unsigned other = (device + 1 + pick(sim, WORLD_DEVICES - 1)) % WORLD_DEVICES;
    static const enum sess_end reasons[] = { SESS_END_LOST, SESS_END_CLOSED, SESS_END_UNTRUSTED, SESS_END_RESTARTED };
    unsigned what = sim->is_calm ? 3 + pick(sim, 37) : pick(sim, 40);

    switch (what) {
    case 0:
        stop_app(sim, device, slot);
        break;
    case 1: case 2:
        world_disconnect(&sim->world, device, other, reasons[pick(sim, 4)]);
        break;
    case 3: case 4: case 5: case 6:
        if (!sim->world.devices[device].is_up[other])
            world_connect(&sim->world, device, other);
        break;
    case 7:
        hub_peer_suspect(sim->world.devices[device].hub, &sim->world.devices[other].id);
        hub_peer_online(sim->world.devices[other].hub, &sim->world.devices[device].id);
        break;
    case 9:
        sim->world.devices[device].out[other].error = sim->world.devices[device].is_up[other] ? -EAGAIN : 0;
        break;
    case 10:
        world_leave(&sim->world, device, other);
        break;
    default: /* room again; a session that has room says so only when something leaves */
        if (sim->world.devices[device].out[other].error) {
            sim->world.devices[device].out[other].error = 0;
            hub_peer_sent(sim->world.devices[device].hub, &sim->world.devices[other].id, HUB_COOKIE_WAKE);
        }
        set_full(sim, sim->apps[device][slot]);
    }
}

static void move(struct sim *sim)
{
    unsigned from = pick(sim, WORLD_DEVICES), to = (from + 1 + pick(sim, WORLD_DEVICES - 1)) % WORLD_DEVICES;
    uint32_t stream;

    /* Control tends to be faster; it need not be. */
    if (pick(sim, 2))
        world_deliver(&sim->world, from, to, 0);
    else if (world_get_stream(&sim->world, from, to, pick(sim, 8), &stream))
        world_deliver(&sim->world, from, to, stream);
}

static void step(struct sim *sim)
{
    unsigned device = pick(sim, WORLD_DEVICES), slot = pick(sim, N_APPS_MAX);
    struct sim_app *app = sim->apps[device][slot];

    if (!app) {
        if (pick(sim, 10) == 0 && sim->n_objects + N_STUBS_MAX + 1 < N_OBJECTS_MAX)
            start_app(sim, device, slot);
        return;
    }
    if (app->n_held > N_HANDLES_MAX - 8 && !app->app->waiting)
        drop(app, &app->held[0], app->held[0].n_arrivals);
    if (app->n_held > N_HANDLES_MAX - 8)
        return;
    switch (pick(sim, 20)) {
    case 0: case 1: case 2: case 3: case 4: case 5:
        act(sim, app);
        break;
    case 6: case 7: case 8: case 9: case 10:
        read_inbox(sim, app, 1 + pick(sim, 3));
        break;
    case 11: case 12: case 13: case 14: case 15: case 16: case 17: case 18:
        move(sim);
        break;
    default:
        disturb(sim, device, slot);
    }
}

/* Everything that was begun is ended by those who still live; nothing new is begun. True: something was done. */
static bool finish_app(struct sim *sim, struct sim_app *app, bool may_drop_all)
{
    bool has_acted = !sb_list_is_empty(&app->app->inbox);

    world_set_queued(app->app, 0);
    hub_app_drained(app->app->hub_app);
    read_inbox(sim, app, UINT32_MAX);
    if (app->app->waiting && world_app_resume(app->app) == HUB_WAIT)
        return true;
    if (app->n_serving > 0) {
        world_reply(app->app, app->serving[--app->n_serving], WIRE_OK, 0, NULL, 0);
        return true;
    }
    if (may_drop_all && app->n_held > 0) {
        drop(app, &app->held[0], app->held[0].n_arrivals);
        return true;
    }
    return has_acted;
}

static void finish(struct sim *sim, bool may_drop_all)
{
    bool has_acted = true;

    for (unsigned i = 0; i < WORLD_DEVICES; i++) {
        for (unsigned j = 0; j < WORLD_DEVICES; j++)
            sim->world.devices[i].out[j].error = 0;
    }
    while (has_acted) {
        has_acted = false;
        for (unsigned i = 0; i < WORLD_DEVICES * N_APPS_MAX; i++) {
            struct sim_app *app = sim->apps[i / N_APPS_MAX][i % N_APPS_MAX];

            has_acted |= app && finish_app(sim, app, may_drop_all);
        }
        world_run(&sim->world);
    }
}

/* All that was asked was answered, every one-way call arrived or was refused, and what nobody holds was given back. */
static void check_calm(struct sim *sim)
{
    for (unsigned i = 0; i < WORLD_DEVICES; i++) {
        assert_int_equal(sim->world.devices[i].hub->calls.n_used, 0);
        assert_int_equal(sim->world.devices[i].n_violations, 0);
        assert_int_equal(sim->world.devices[i].hub->n_refs, 0);
        assert_int_equal(sim->world.devices[i].hub->n_exports, 0);
        assert_int_equal(sim->world.devices[i].hub->n_links, 0);
    }
    assert_int_equal(sim->n_oneway_got + sim->n_refused, sim->n_oneway_sent);
    for (unsigned i = 0; i < WORLD_DEVICES * N_APPS_MAX; i++) {
        struct sim_app *app = sim->apps[i / N_APPS_MAX][i % N_APPS_MAX];

        for (unsigned id = 2; app && id <= N_STUBS_MAX; id++)
            assert_int_equal(app->n_sent[id], 0);
        assert_true(!app || app->n_sent[1] > 0); /* its service */
    }
}

/* How many calls were answered with 0, and one-way calls came. */
static uint64_t run_seed(uint64_t seed, unsigned n_steps)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    uint64_t n_done;

    assert_non_null(sim);
    world_init(&sim->world);
    sim->state = seed * 0x9e3779b97f4a7c15U + 1;
    sim->is_calm = seed % 2 == 0;
    for (unsigned i = 0; i < n_steps; i++)
        step(sim);
    finish(sim, false);
    finish(sim, seed % 3 != 0 || sim->is_calm);
    if (sim->is_calm)
        check_calm(sim);
    for (unsigned i = 0; i < WORLD_DEVICES; i++)
        assert_int_equal(sim->world.devices[i].n_violations, 0);
    for (unsigned i = 0; i < WORLD_DEVICES * N_APPS_MAX; i++) {
        if (sim->apps[i / N_APPS_MAX][i % N_APPS_MAX])
            stop_app(sim, i / N_APPS_MAX, i % N_APPS_MAX);
    }
    world_deinit(&sim->world);
    n_done = sim->n_answered + sim->n_oneway_got;
    free(sim);
    return n_done;
}

static void test_random_schedules(void **state)
{
    const char *text = getenv("SOFTBUS_SEED");
    uint64_t first = text ? strtoull(text, NULL, 10) : 1, n_done = 0;

    (void)state;
    for (uint64_t seed = first; seed < first + (text ? 1 : N_SEEDS); seed++) {
        print_message("# SOFTBUS_SEED=%llu\n", (unsigned long long)seed);
        n_done += run_seed(seed, N_STEPS);
    }
    assert_true(text || n_done > N_SEEDS * N_STEPS / 100); /* else nothing was tested */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_schedules) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
