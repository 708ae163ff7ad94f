/* Devices in memory: sessions and time; see hub_world.h. Apps are in hub_world_app.c. */
#include "tests/unit/hub_world.h"

#include "tests/unit/hub_world_app.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RELEASE_SIZE 28

static struct world_device *find_device(struct world *world, const struct wire_devid *id)
{
    for (unsigned i = 0; i < WORLD_DEVICES; i++) {
        if (wire_devid_is_equal(&world->devices[i].id, id))
            return &world->devices[i];
    }
    fail_msg("no such device");
    return NULL;
}

static int peer_send(void *userdata, const struct wire_devid *id, enum sess_class class, uint32_t stream,
                     uint64_t cookie, const uint8_t *data, size_t size)
{
    struct world_device *from = userdata;
    struct world_device *to = find_device(from->world, id);
    struct world_way *way = &from->out[to->index];
    struct world_frame *frame;

    assert_int_equal(class == SESS_CLASS_CONTROL, stream == 0);
    if (!from->is_up[to->index])
        return -ENOTCONN;
    /* A full session still takes what gives back: a RELEASE that went another way would pass the calls before it. */
    if (way->error < 0 && class != SESS_CLASS_CONTROL && size > RELEASE_SIZE)
        return way->error;
    frame = malloc(sizeof(*frame) + size);
    assert_non_null(frame);
    *frame = (struct world_frame){ .stream = stream, .cookie = cookie, .size = size };
    memcpy(frame->bytes, data, size);
    sb_list_append(&way->frames, &frame->link);
    return 0;
}

static void peer_unblock(void *userdata, const struct wire_devid *id, uint32_t stream)
{
    struct world_device *to = userdata;
    struct world_way *way = &find_device(to->world, id)->out[to->index];

    for (size_t i = 0; i < way->n_blocked; i++) {
        if (way->blocked[i] == stream) {
            way->blocked[i] = way->blocked[--way->n_blocked];
            return;
        }
    }
    fail_msg("a stream is unblocked that is not blocked");
}

static void peer_end_stream(void *userdata, const struct wire_devid *id, uint32_t stream)
{
    (void)userdata;
    (void)id;
    assert_int_not_equal(stream, 0);
}

static int peer_get_stats(void *userdata, const struct wire_devid *id, struct sess_peer_stats *ret_stats)
{
    struct world_device *device = userdata;

    if (!device->is_up[find_device(device->world, id)->index])
        return -ENOTCONN;
    *ret_stats = (struct sess_peer_stats){ .rtt_us = 250, .address = "192.0.2.9:1" };
    return 0;
}

static int trust_save(void *userdata)
{
    struct world_device *device = userdata;

    device->n_saves++;
    return device->save_error;
}

static void drop_frames(struct world_way *way)
{
    struct sb_list *link;

    while ((link = sb_list_first(&way->frames))) {
        sb_list_remove(link);
        free(SB_CONTAINER_OF(link, struct world_frame, link));
    }
    way->n_blocked = 0;
    way->error = 0;
}

static void end_half(struct world_device *device, struct world_device *other, enum sess_end why)
{
    if (!device->is_up[other->index])
        return;
    device->is_up[other->index] = false;
    drop_frames(&device->out[other->index]);
    hub_peer_over(device->hub, &other->id, why);
}

static void trust_apply(void *userdata)
{
    struct world_device *device = userdata;

    for (unsigned i = 0; i < WORLD_DEVICES; i++) {
        if (device->is_up[i] && !sess_trust_find(&device->trust, &device->world->devices[i].id))
            end_half(device, &device->world->devices[i], SESS_END_UNTRUSTED);
    }
}

static bool status_get(void *userdata, unsigned n, const char **ret_name, uint64_t *ret_value, const char **ret_text)
{
    (void)userdata;
    *ret_name = "uptime_s";
    *ret_value = 7;
    *ret_text = NULL;
    return n == 0;
}

static bool may_log(void *userdata, unsigned *ret_n_before)
{
    (void)userdata;
    *ret_n_before = 0;
    return true;
}

static void log_line(void *userdata, enum sb_log_level level, const char *line)
{
    (void)userdata;
    if (getenv("SOFTBUS_TEST_LOG"))
        printf("# %s %s\n", sb_log_level_name(level), line);
}

static void init_device(struct world *world, unsigned index)
{
    struct world_device *device = &world->devices[index];

    device->world = world;
    device->index = index;
    for (unsigned kind = 0; kind < HUB_QUOTA_N_KINDS; kind++) {
        device->limits.app[kind] = kind == HUB_QUOTA_BYTES ? 1 << 20 : 1000;
        device->limits.user[kind] = 100 * device->limits.app[kind];
    }
    memset(device->id.bytes, (int)index + 1, sizeof(device->id.bytes));
    wire_devid_format(&device->id, device->id_text);
    sb_list_init(&device->apps);
    for (unsigned i = 0; i < WORLD_DEVICES; i++)
        sb_list_init(&device->out[i].frames);
    sess_trust_init(&device->trust);
}

static void start_device(struct world_device *device)
{
    const struct hub_ops ops = {
        .userdata = device,
        .app_send = world_op_app_send,
        .app_kill = world_op_app_kill,
        .app_resume = world_op_app_resume,
        .channel_make = world_op_channel_make,
        .fd_close = world_op_fd_close,
        .peer_send = peer_send,
        .peer_unblock = peer_unblock,
        .peer_end_stream = peer_end_stream,
        .peer_get_stats = peer_get_stats,
        .trust_save = trust_save,
        .trust_apply = trust_apply,
        .status_get = status_get,
        .may_log = may_log,
    };
    const struct hub_credentials own = { .pid = 4711, .uid = 1000, .gid = 1000 };

    for (unsigned i = 0; i < WORLD_DEVICES; i++) {
        if (i != device->index)
            assert_int_equal(sess_trust_add(&device->trust, &device->world->devices[i].id, ""), 0);
    }
    assert_int_equal(hub_new(&ops, &device->limits, &device->world->log, &device->trust, &device->id, "device", &own,
                             &device->hub), 0);
}

void world_init(struct world *world)
{
    *world = (struct world){ .log = { .level = SB_LOG_DEBUG, .sink = log_line } };
    for (unsigned i = 0; i < WORLD_DEVICES; i++)
        init_device(world, i);
    for (unsigned i = 0; i < WORLD_DEVICES; i++)
        start_device(&world->devices[i]);
    for (unsigned i = 0; i < WORLD_DEVICES; i++) {
        for (unsigned j = i + 1; j < WORLD_DEVICES; j++)
            world_connect(world, i, j);
    }
    world_run(world);
}

void world_check_empty(const struct world_device *device)
{
    const struct hub *hub = device->hub;
    struct sb_map_entry *entry = NULL;

    assert_int_equal(hub->n_apps, 0);
    assert_int_equal(hub->quota.users.n_entries, 0); /* each account was empty when it was closed */
    assert_int_equal(hub->n_nodes, 0);
    assert_int_equal(hub->n_refs, 0);
    assert_int_equal(hub->n_exports, 0);
    assert_int_equal(hub->n_links, 0);
    assert_int_equal(hub->n_watches, 0);
    assert_int_equal(hub->n_waiting, 0);
    assert_int_equal(hub->n_channels, 0);
    assert_int_equal(hub->channels.n_used, 0);
    assert_int_equal(hub->pairs.n_entries, 0);
    assert_int_equal(hub->grants.n_entries, 0);
    assert_int_equal(device->n_fds, 0);
    assert_int_equal(hub->calls.n_used, 0);
    assert_int_equal(hub->services.n_entries, 0);
    assert_true(sb_list_is_empty(&hub->watches));
    assert_true(sb_list_is_empty(&hub->getters));
    assert_true(sb_list_is_empty(&hub->claims));
    assert_int_equal(hub->origins.n_entries, 0);
    while ((entry = sb_map_next(&hub->peers, entry))) {
        const struct hub_peer *peer = SB_CONTAINER_OF(entry, struct hub_peer, entry);

        assert_int_equal(peer->exports_by_id.n_used, 0);
        assert_int_equal(peer->exports.n_entries, 0);
        assert_int_equal(peer->imports.n_entries, 0);
        assert_int_equal(peer->party.calls_made.n_entries, 0);
        assert_true(sb_list_is_empty(&peer->party.calls_served));
    }
}

void world_deinit(struct world *world)
{
    struct sb_list *link;

    for (unsigned i = 0; i < WORLD_DEVICES; i++) {
        while ((link = sb_list_first(&world->devices[i].apps)))
            world_app_close(SB_CONTAINER_OF(link, struct world_app, link));
    }
    world_run(world);
    for (unsigned i = 0; i < WORLD_DEVICES; i++)
        world_check_empty(&world->devices[i]);
    for (unsigned i = 0; i < WORLD_DEVICES; i++) {
        for (unsigned j = i + 1; j < WORLD_DEVICES; j++)
            world_disconnect(world, i, j, SESS_END_SHUTDOWN);
    }
    for (unsigned i = 0; i < WORLD_DEVICES; i++) {
        world_check_empty(&world->devices[i]);
        hub_free(world->devices[i].hub);
        sess_trust_deinit(&world->devices[i].trust);
    }
}

void world_connect(struct world *world, unsigned a, unsigned b)
{
    struct world_device *one = &world->devices[a], *other = &world->devices[b];

    one->is_up[b] = other->is_up[a] = true;
    hub_peer_up(one->hub, &other->id, "other");
    hub_peer_up(other->hub, &one->id, "one");
}

void world_disconnect(struct world *world, unsigned a, unsigned b, enum sess_end why)
{
    struct world_device *one = &world->devices[a], *other = &world->devices[b];

    end_half(one, other, why);
    end_half(other, one, why == SESS_END_UNTRUSTED ? SESS_END_REVOKED : why);
}

static void say_sent(struct world_device *from, struct world_device *to, struct world_frame *frame)
{
    if (!frame->has_left && frame->cookie != 0) {
        frame->has_left = true;
        hub_peer_sent(from->hub, &to->id, frame->cookie);
    }
}

void world_leave(struct world *world, unsigned from, unsigned to)
{
    SB_LIST_FOREACH(link, &world->devices[from].out[to].frames)
        say_sent(&world->devices[from], &world->devices[to], SB_CONTAINER_OF(link, struct world_frame, link));
}

static bool is_blocked(const struct world_way *way, uint32_t stream)
{
    for (size_t i = 0; i < way->n_blocked; i++) {
        if (way->blocked[i] == stream)
            return true;
    }
    return false;
}

static struct world_frame *find_frame(const struct world_way *way, uint32_t stream)
{
    SB_LIST_FOREACH(link, &way->frames) {
        struct world_frame *frame = SB_CONTAINER_OF(link, struct world_frame, link);

        if (frame->stream == stream)
            return frame;
    }
    return NULL;
}

bool world_deliver(struct world *world, unsigned from, unsigned to, uint32_t stream)
{
    struct world_device *sender = &world->devices[from], *receiver = &world->devices[to];
    struct world_way *way = &sender->out[to];
    struct world_frame *frame = find_frame(way, stream);
    enum sess_verdict verdict;

    if (!frame || is_blocked(way, stream))
        return false;
    say_sent(sender, receiver, frame);
    verdict = receiver->is_up[from] ? hub_peer_receive(receiver->hub, &sender->id, stream, frame->bytes, frame->size)
                                    : SESS_ACCEPTED;
    if (verdict == SESS_BUSY) {
        assert_true(way->n_blocked < sizeof(way->blocked) / sizeof(way->blocked[0]));
        way->blocked[way->n_blocked++] = stream;
        return false;
    }
    receiver->n_violations += verdict == SESS_VIOLATION;
    sb_list_remove(&frame->link);
    free(frame);
    return true;
}

bool world_get_stream(struct world *world, unsigned from, unsigned to, unsigned n, uint32_t *ret_stream)
{
    SB_LIST_FOREACH(link, &world->devices[from].out[to].frames) {
        if (n-- == 0) {
            *ret_stream = SB_CONTAINER_OF(link, struct world_frame, link)->stream;
            return true;
        }
    }
    return false;
}

/* Everything of one way that is not blocked, control first; true when something moved. */
static bool run_way(struct world *world, unsigned from, unsigned to)
{
    bool has_moved = false;
    uint32_t stream;

    while (world_deliver(world, from, to, 0))
        has_moved = true;
    for (unsigned n = 0; world_get_stream(world, from, to, n, &stream); n++) {
        if (world_deliver(world, from, to, stream))
            return true;
    }
    return has_moved;
}

void world_run(struct world *world)
{
    bool has_moved = true;

    while (has_moved) {
        has_moved = false;
        for (unsigned i = 0; i < WORLD_DEVICES; i++) {
            for (unsigned j = 0; j < WORLD_DEVICES; j++)
                has_moved |= i != j && run_way(world, i, j);
        }
    }
}

enum sess_verdict world_inject(struct world *world, unsigned from, unsigned to, uint32_t stream, const struct sb_buf *msg)
{
    return hub_peer_receive(world->devices[to].hub, &world->devices[from].id, stream, sb_buf_bytes(msg), msg->length);
}
