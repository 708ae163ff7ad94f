/*
 * Random schedules with direct channels, on one device: processes that call each other through the hub, then on channels, with objects
 * as detours; that answer GRANTs late, drop and get handles again, withdraw, close channels and die at any point. The two ends keep the
 * rules of docs/protocol-app.md ("Direct channels"); a model checks that every call comes once and in order, and only where it is granted.
 * SOFTBUS_SEED=n repeats one schedule. Even seeds are calm: nothing dies, and then nothing may get lost either.
 */
#include "tests/unit/channel_sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define N_SEEDS 150

static void start_process(struct sim *sim, unsigned slot)
{
    struct process *process = calloc(1, sizeof(*process));
    struct wire_object object = world_stub(1);
    char text[16];

    assert_non_null(process);
    process->life = sim->n_lives++;
    process->app = world_app_new(&sim->world, 0, "sim", 1000);
    process->n_sent[1]++;
    snprintf(text, sizeof(text), "s%u", process->life);
    world_ask(process->app, WIRE_HUB_SERVICE_ADD, &object, "sob", text, 0, false);
    sim->processes[slot] = process;
}

static void stop_process(struct sim *sim, unsigned slot)
{
    struct process *process = sim->processes[slot];

    for (unsigned i = 0; i < sim->n_channels; i++) {
        if (sim->channels[i]->server == process->life)
            sim->channels[i]->is_open_at_server = false;
    }
    world_app_close(process->app);
    free(process);
    sim->processes[slot] = NULL;
}

static void set_queued(struct process *process, uint32_t bytes)
{
    world_set_queued(process->app, bytes);
    if (bytes == 0)
        hub_app_drained(process->app->hub_app);
}

static void step(struct sim *sim)
{
    static void (*const acts[])(struct sim *, struct process *) = {
        channel_sim_do_call, channel_sim_do_call, channel_sim_do_call, channel_sim_do_call, channel_sim_do_call, channel_sim_do_call, channel_sim_do_serve, channel_sim_do_serve, channel_sim_do_serve, channel_sim_do_serve, channel_sim_do_serve,
        channel_sim_do_grant, channel_sim_do_drop, channel_sim_do_get, channel_sim_do_withdraw, channel_sim_do_close_channel,
    };
    unsigned slot = channel_sim_pick(sim, N_APPS);
    struct process *process = sim->processes[slot];

    if (!process) {
        if (sim->n_lives < N_LIVES)
            start_process(sim, slot);
        return;
    }
    if (process->app->may_resume && process->app->waiting)
        world_app_resume(process->app);
    if (process->n_held > N_HELD - 8 && !process->app->waiting)
        channel_sim_drop(sim, process, &process->held[0]);
    if (channel_sim_pick(sim, 2)) {
        channel_sim_read_inbox(sim, process, 1 + channel_sim_pick(sim, 3));
        return;
    }
    if (!sim->is_calm && channel_sim_pick(sim, 300) == 0) {
        stop_process(sim, slot);
        return;
    }
    if (channel_sim_pick(sim, 30) == 0) {
        set_queued(process, process->app->queued.amount == 0 && channel_sim_pick(sim, 2) ? 2 << 20 : 0);
        return;
    }
    if (!process->app->waiting)
        acts[channel_sim_pick(sim, sizeof(acts) / sizeof(acts[0]))](sim, process);
    assert_false(process->app->is_killed);
}

static bool finish_process(struct sim *sim, struct process *process, bool drops)
{
    bool has_acted = !sb_list_is_empty(&process->app->inbox) || process->n_asked > 0 || process->app->waiting;

    set_queued(process, 0);
    if (process->app->waiting && world_app_resume(process->app) == HUB_WAIT)
        return true;
    channel_sim_read_inbox(sim, process, UINT32_MAX);
    if (process->app->waiting) /* it can say nothing else to the hub */
        return true;
    channel_sim_do_grant(sim, process);
    for (unsigned i = 0; i < sim->n_channels; i++) {
        while (sim->channels[i]->server == process->life && sim->channels[i]->is_open_at_server && process->n_held < N_HELD - 4 &&
               channel_sim_take_one(sim, process, sim->channels[i]))
            has_acted = true;
    }
    if (process->n_held > 0 && (drops || process->n_held > N_HELD - 8)) {
        channel_sim_drop(sim, process, &process->held[0]);
        has_acted = true;
    }
    return has_acted;
}

static void finish(struct sim *sim, bool drops)
{
    bool has_acted = true;

    while (has_acted) {
        has_acted = false;
        for (unsigned i = 0; i < N_APPS; i++)
            has_acted |= sim->processes[i] && finish_process(sim, sim->processes[i], drops);
    }
}

static void free_channels(struct sim *sim)
{
    for (unsigned i = 0; i < sim->n_channels; i++) {
        struct sb_list *link;

        while ((link = sb_list_first(&sim->channels[i]->detours))) {
            sb_list_remove(link);
            free(SB_CONTAINER_OF(link, struct world_msg, link));
        }
        free(sim->channels[i]);
    }
}

/* How many calls went on channels. */
static uint64_t run_seed(uint64_t seed)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    uint64_t n_direct;

    assert_non_null(sim);
    world_init(&sim->world);
    hub_set_channels(sim->world.devices[0].hub, true);
    sim->state = seed * 0x9e3779b97f4a7c15U + 1;
    sim->is_calm = seed % 2 == 0;
    sim->drop_every = seed % 4 < 2 ? 1 : 8;
    for (unsigned i = 0; i < N_STEPS; i++)
        step(sim);
    finish(sim, false);
    finish(sim, true);
    if (sim->is_calm) {
        assert_int_equal(sim->n_taken + sim->n_refused, sim->n_sent);
        assert_int_equal(sim->world.devices[0].hub->grants.n_entries, 0);
        assert_int_equal(sim->world.devices[0].n_fds, 0);
        for (unsigned i = 0; i < N_APPS; i++) {
            for (unsigned stub = 2; sim->processes[i] && stub <= N_STUBS; stub++)
                assert_int_equal(sim->processes[i]->n_sent[stub], 0);
        }
    }
    for (unsigned i = 0; i < N_APPS; i++) {
        if (sim->processes[i])
            stop_process(sim, i);
    }
    world_deinit(&sim->world);
    free_channels(sim);
    n_direct = sim->n_direct;
    free(sim);
    return n_direct;
}

static void test_random_schedules(void **state)
{
    const char *text = getenv("SOFTBUS_SEED");
    uint64_t first = text ? strtoull(text, NULL, 10) : 1, n_direct = 0;

    (void)state;
    for (uint64_t seed = first; seed < first + (text ? 1 : N_SEEDS); seed++) {
        print_message("# SOFTBUS_SEED=%llu\n", (unsigned long long)seed);
        n_direct += run_seed(seed);
    }
    assert_true(text || n_direct > N_SEEDS * 50); /* else nothing was tested */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_schedules) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
