/* Processes with channels; see channel_sim.h. */
#include "tests/unit/channel_sim.h"

#include "softbusd/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t next_epoch; /* of all processes */

uint32_t channel_sim_pick(struct sim *sim, uint32_t n)
{
    sim->state ^= sim->state << 13;
    sim->state ^= sim->state >> 7;
    sim->state ^= sim->state << 17;
    return (uint32_t)(sim->state >> 33) % n;
}

static uint32_t name(uint32_t life, uint64_t stub)
{
    return life * (N_STUBS + 1) + (uint32_t)stub;
}

static struct channel *find_channel(struct sim *sim, uint64_t id)
{
    for (unsigned i = 0; i < sim->n_channels; i++) {
        if (sim->channels[i]->id == id)
            return sim->channels[i];
    }
    return NULL;
}

static struct held *find_held(struct process *process, uint64_t handle)
{
    for (unsigned i = 0; i < process->n_held; i++) {
        if (process->held[i].handle == handle)
            return &process->held[i];
    }
    return NULL;
}

/* --- the client's end --- */

static unsigned choose_objects(struct sim *sim, struct process *process, struct wire_object objects[2], struct note *note)
{
    for (note->n = 0; note->n < 2 && channel_sim_pick(sim, 2); note->n++) {
        if (process->n_held > 0 && channel_sim_pick(sim, 2)) {
            const struct held *held = &process->held[channel_sim_pick(sim, process->n_held)];

            note->passed[note->n] = held->object;
            objects[note->n] = world_proxy(held->handle);
        } else {
            uint32_t stub = 1 + channel_sim_pick(sim, N_STUBS);

            if (process->is_withdrawn[stub])
                break;
            process->n_sent[stub]++;
            note->passed[note->n] = name(process->life, stub);
            objects[note->n] = world_stub(stub);
        }
    }
    return note->n;
}

static struct wire_bytes view(const struct note *note)
{
    return (struct wire_bytes){ .data = (const uint8_t *)note, .size = sizeof(*note) };
}

static void push(struct channel *channel, struct entry entry)
{
    assert_true(channel->last < N_QUEUE);
    channel->queue[channel->last++] = entry;
}

static void send_direct(struct sim *sim, struct process *process, const struct held *held, struct channel *channel, struct note *note)
{
    struct wire_object objects[2];
    uint16_t n = (uint16_t)choose_objects(sim, process, objects, note);

    if (n > 0 || channel_sim_pick(sim, 4) == 0) {
        world_detour_call(process->app, channel->id, channel->next++, channel_sim_pick(sim, 2) ? note->number : 0, held->handle, view(note), objects, n);
        channel->needs_seek = true;
        return;
    }
    if (channel->needs_seek)
        push(channel, (struct entry){ .is_seek = true, .position = channel->next });
    channel->needs_seek = false;
    channel->next++;
    push(channel, (struct entry){ .stub = held->object % (N_STUBS + 1), .note = *note });
    sim->n_direct++;
}

void channel_sim_do_call(struct sim *sim, struct process *process)
{
    struct note note = { .number = ++sim->next_number, .life = process->life };
    struct wire_object objects[2];
    struct channel *channel;
    const struct held *held;
    enum hub_receive result;
    uint16_t n;

    if (process->n_held == 0)
        return;
    held = &process->held[channel_sim_pick(sim, process->n_held)];
    channel = held->channel ? find_channel(sim, held->channel) : NULL;
    note.object = held->object;
    note.epoch = held->epoch;
    sim->n_sent++;
    if (channel && channel->is_open_at_client) {
        send_direct(sim, process, held, channel, &note);
        return;
    }
    n = (uint16_t)choose_objects(sim, process, objects, &note);
    world_call_full(process->app, 0, held->handle, 5, true, view(&note), objects, n, &result);
    assert_true(result == HUB_DONE || process->app->waiting);
}

void channel_sim_drop(struct sim *sim, struct process *process, struct held *held)
{
    struct channel *channel = held->channel ? find_channel(sim, held->channel) : NULL;
    struct held gone = *held;

    *held = process->held[--process->n_held];
    world_release_after(process->app, gone.handle, gone.n_arrivals, channel && channel->is_open_at_client ? channel->next : 0);
}

void channel_sim_do_drop(struct sim *sim, struct process *process)
{
    if (process->n_held > 0 && channel_sim_pick(sim, sim->drop_every) == 0)
        channel_sim_drop(sim, process, &process->held[channel_sim_pick(sim, process->n_held)]);
}

void channel_sim_do_get(struct sim *sim, struct process *process)
{
    const struct process *owner = sim->processes[channel_sim_pick(sim, N_APPS)];
    uint64_t handle;
    char text[16];

    if (!owner || owner == process || owner->is_withdrawn[1] || process->n_held > N_HELD - 8)
        return;
    snprintf(text, sizeof(text), "s%u", owner->life);
    handle = world_get(process->app, 0, text);
    if (!find_held(process, handle))
        process->held[process->n_held++] = (struct held){ .handle = handle, .object = name(owner->life, 1),
                                                          .epoch = ++next_epoch };
    find_held(process, handle)->n_arrivals++;
}

void channel_sim_do_withdraw(struct sim *sim, struct process *process)
{
    uint32_t stub = 1 + channel_sim_pick(sim, N_STUBS);

    if (sim->is_calm || process->is_withdrawn[stub] || channel_sim_pick(sim, 4))
        return;
    process->is_withdrawn[stub] = true;
    world_withdraw(process->app, stub);
}

void channel_sim_do_close_channel(struct sim *sim, struct process *process)
{
    struct channel *channel;

    if (sim->is_calm || sim->n_channels == 0 || channel_sim_pick(sim, 20))
        return;
    channel = sim->channels[channel_sim_pick(sim, sim->n_channels)];
    if (channel->client == process->life && channel->is_open_at_client)
        channel->is_open_at_client = false;
    else if (channel->server == process->life && channel->is_open_at_server)
        channel->is_open_at_server = false;
    else
        return;
    world_channel_end(process->app, channel->id);
}

/* --- the server's end --- */

void channel_sim_do_grant(struct sim *sim, struct process *process)
{
    (void)sim;
    if (process->n_asked == 0)
        return;
    world_grant(process->app, &process->asked[0]);
    memmove(&process->asked[0], &process->asked[1], --process->n_asked * sizeof(process->asked[0]));
}

static bool is_granted(const struct channel *channel, uint64_t stub)
{
    return channel->is_granted[stub] && channel->position < channel->revoked_after[stub];
}

static void take_objects(struct process *process, const struct world_msg *msg, const uint32_t *passed)
{
    for (uint16_t i = 0; i < msg->objects.n; i++) {
        const struct wire_object *object = &msg->objects.items[i];
        struct held *held;

        if (object->kind == WIRE_OBJECT_STUB) {
            assert_int_equal(name(process->life, object->id), passed[i]);
            continue;
        }
        held = find_held(process, object->id);
        if (!held) {
            assert_true(process->n_held < N_HELD);
            held = &process->held[process->n_held++];
            *held = (struct held){ .handle = object->id, .object = passed[i], .epoch = ++next_epoch };
        }
        assert_int_equal(held->object, passed[i]);
        assert_int_equal(object->stub, passed[i] % (N_STUBS + 1));
        held->n_arrivals++;
    }
}

static void take_note(struct sim *sim, struct process *process, uint64_t stub, const struct note *note)
{
    uint32_t *epoch = &sim->last_epoch[note->object][note->life], *number = &sim->last_seen[note->object][note->life];

    assert_int_equal(note->object, name(process->life, stub));
    assert_false(sim->is_taken[note->number]);
    sim->is_taken[note->number] = true;
    assert_true(note->epoch != *epoch || note->number > *number); /* in order, as long as the client has held it */
    if (note->epoch >= *epoch)
        *number = note->number;
    if (note->epoch >= *epoch)
        *epoch = note->epoch;
    sim->n_taken++;
}

static struct note get_note(struct wire_bytes data)
{
    struct note note;

    assert_int_equal(data.size, sizeof(note));
    memcpy(&note, data.data, sizeof(note));
    return note;
}

static struct world_msg *find_detour(struct channel *channel)
{
    SB_LIST_FOREACH(link, &channel->detours) {
        struct world_msg *msg = SB_CONTAINER_OF(link, struct world_msg, link);

        if (msg->detour.position == channel->position)
            return msg;
    }
    return NULL;
}

static void take_detour(struct sim *sim, struct process *process, struct channel *channel, struct world_msg *msg)
{
    struct wire_object objects[2];
    struct note note, answer = { .life = process->life };
    uint16_t n;

    sb_list_remove(&msg->link);
    if (msg->detour.type == WIRE_CALL) {
        note = get_note(msg->call.data);
        take_note(sim, process, msg->call.target, &note);
        take_objects(process, msg, note.passed);
        if (msg->call.id) {
            n = (uint16_t)choose_objects(sim, process, objects, &answer);
            world_detour_reply(process->app, channel->id, msg->call.id, WIRE_OK, view(&answer), objects, n);
        }
    }
    channel->position++;
    free(msg);
}

/* One message of the channel, if there is one whose turn it is. */
bool channel_sim_take_one(struct sim *sim, struct process *process, struct channel *channel)
{
    struct world_msg *msg = find_detour(channel);
    const struct entry *entry = &channel->queue[channel->first];

    if (msg) {
        take_detour(sim, process, channel, msg);
        return true;
    }
    if (channel->first == channel->last || (entry->is_seek && entry->position > channel->position))
        return false;
    channel->first++;
    if (entry->is_seek) {
        assert_int_equal(entry->position, channel->position);
        return true;
    }
    assert_true(is_granted(channel, entry->stub) || !sim->is_calm);
    if (is_granted(channel, entry->stub) && !process->is_withdrawn[entry->stub])
        take_note(sim, process, entry->stub, &entry->note);
    channel->position++;
    return true;
}

void channel_sim_do_serve(struct sim *sim, struct process *process)
{
    struct channel *channel;

    if (sim->n_channels == 0)
        return;
    channel = sim->channels[channel_sim_pick(sim, sim->n_channels)];
    if (channel->server == process->life && channel->is_open_at_server && process->n_held < N_HELD - 4)
        channel_sim_take_one(sim, process, channel);
}

/* --- what the hub says --- */

static void add_channel(struct sim *sim, struct process *process, const struct world_msg *msg)
{
    struct channel *channel = find_channel(sim, msg->channel.channel);

    assert_int_equal(msg->n_fds, 1);
    if (msg->channel.role == WIRE_ROLE_CLIENT) {
        assert_non_null(channel);
        channel->client = process->life;
        channel->is_open_at_client = true;
        return;
    }
    assert_null(channel);
    assert_true(sim->n_channels < N_CHANNELS);
    channel = calloc(1, sizeof(*channel));
    assert_non_null(channel);
    channel->id = msg->channel.channel;
    channel->server = process->life;
    channel->client = UINT32_MAX;
    channel->is_open_at_server = true;
    sb_list_init(&channel->detours);
    sim->channels[sim->n_channels++] = channel;
}

static void take_route(struct sim *sim, struct process *process, const struct world_msg *msg)
{
    struct held *held = find_held(process, msg->route.handle);
    struct channel *channel = find_channel(sim, msg->route.channel);

    assert_non_null(channel);
    if (!held || held->channel || !channel->is_open_at_client)
        return; /* given up meanwhile; or said again */
    assert_int_equal(msg->route.stub, held->object % (N_STUBS + 1));
    held->channel = channel->id;
    world_detour(process->app, channel->id, channel->next++);
    channel->needs_seek = true;
}

static void end_channel(struct sim *sim, struct process *process, const struct world_msg *msg)
{
    struct channel *channel = find_channel(sim, msg->end.channel);

    assert_non_null(channel);
    assert_true(!sim->is_calm || channel->client == UINT32_MAX);
    if (channel->client == process->life) {
        channel->is_open_at_client = false;
        return;
    }
    while (channel->is_open_at_server && process->n_held < N_HELD - 4 && channel_sim_take_one(sim, process, channel))
        continue;
    channel->is_open_at_server = false;
}

/* True: the message is kept. */
static bool take_message(struct sim *sim, struct process *process, struct world_msg *msg)
{
    struct channel *channel;
    struct note note;

    switch (msg->type) {
    case WIRE_CALL:
        note = get_note(msg->call.data);
        take_note(sim, process, msg->call.target, &note);
        take_objects(process, msg, note.passed);
        return false;
    case WIRE_REPLY: /* its name is registered */
        return false;
    case WIRE_RELEASE:
        if (!process->is_withdrawn[msg->release.id]) {
            assert_true(msg->release.count <= process->n_sent[msg->release.id]);
            process->n_sent[msg->release.id] -= msg->release.count;
        }
        return false;
    case WIRE_REFUSED:
        sim->n_refused++;
        return false;
    case WIRE_CHANNEL:
        add_channel(sim, process, msg);
        return false;
    case WIRE_GRANT:
        channel = find_channel(sim, msg->grant.channel);
        channel->is_granted[msg->grant.stub] = true;
        channel->revoked_after[msg->grant.stub] = UINT64_MAX;
        assert_true(process->n_asked < 64);
        process->asked[process->n_asked++] = msg->grant;
        return false;
    case WIRE_REVOKE:
        find_channel(sim, msg->revoke.channel)->revoked_after[msg->revoke.stub] = msg->revoke.after;
        return false;
    case WIRE_ROUTE:
        take_route(sim, process, msg);
        return false;
    case WIRE_CHANNEL_END:
        end_channel(sim, process, msg);
        return false;
    case WIRE_DETOUR:
        channel = find_channel(sim, msg->detour.channel);
        assert_non_null(channel);
        if (channel->server == process->life) {
            if (channel->is_open_at_server)
                sb_list_append(&channel->detours, &msg->link);
            return channel->is_open_at_server;
        }
        sim->n_refused += msg->reply.status != WIRE_OK;
        if (msg->reply.status == WIRE_OK) {
            note = get_note(msg->reply.data);
            take_objects(process, msg, note.passed);
        }
        return false;
    default:
        fail_msg("message of type %d", msg->type);
        return false;
    }
}

void channel_sim_read_inbox(struct sim *sim, struct process *process, unsigned n)
{
    struct sb_list *link;

    while (n-- > 0 && process->n_held < N_HELD - 4 && !process->app->waiting && (link = sb_list_first(&process->app->inbox))) {
        sb_list_remove(link);
        if (!take_message(sim, process, SB_CONTAINER_OF(link, struct world_msg, link)))
            free(SB_CONTAINER_OF(link, struct world_msg, link));
    }
}
