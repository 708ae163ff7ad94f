/* See hub_fuzz.h. */
#include "tests/fuzz/hub_fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FULL_BYTES (1 << 20)

/* Every 8 bytes of a message that may be a number of the hub's: it does not matter whether they are one. */
static void learn_ids(struct fuzz_world *world, const uint8_t *bytes, size_t size)
{
    struct wire_channel channel;
    struct wire_grant grant;
    struct wire_objects objects;
    struct wire_reply reply;
    struct wire_call call;
    struct wire_msg msg;
    size_t msg_size;

    objects.n = 0;
    if (wire_msg_scan(bytes, size, WIRE_MSG_MAX, &msg, &msg_size) != 1 || msg_size != size)
        abort();
    if (msg.type == WIRE_CALL) {
        if (wire_call_decode(msg.body, &call, &objects) < 0)
            abort();
        world->ids[world->n_ids++ % FUZZ_IDS] = call.id;
    } else if (msg.type == WIRE_CHANNEL && wire_channel_decode(msg.body, &channel) == 0) {
        world->ids[world->n_ids++ % FUZZ_IDS] = channel.channel;
    } else if (msg.type == WIRE_GRANT && wire_grant_decode(msg.body, &grant) == 0) {
        world->ids[world->n_ids++ % FUZZ_IDS] = grant.channel;
    } else if (msg.type == WIRE_REPLY && wire_reply_decode(msg.body, &reply, &objects) < 0) {
        abort();
    }
    for (uint16_t i = 0; i < objects.n; i++)
        world->ids[world->n_ids++ % FUZZ_IDS] = objects.items[i].id;
}

static void learn(struct fuzz_world *world, const uint8_t *head, size_t head_size, const uint8_t *data, size_t data_size)
{
    uint8_t *whole = malloc(head_size + data_size);

    if (!whole)
        abort();
    memcpy(whole, head, head_size);
    if (data_size > 0)
        memcpy(whole + head_size, data, data_size);
    learn_ids(world, whole, head_size + data_size);
    free(whole);
}

/* Descriptors are numbers here: the hub only hands them on. */
static void app_send(void *conn, const uint8_t *head, size_t head_size, const uint8_t *data, size_t data_size, int *fds,
                     unsigned n)
{
    struct fuzz_app *app = conn;

    if (app->is_killed || wire_load_u16(head + 6) != n)
        abort();
    for (unsigned i = 0; i < n; i++) {
        if (fds[i] < 0)
            abort();
        app->world->n_fds -= fds[i] >= 1000;
        fds[i] = -1;
    }
    learn(app->world, head, head_size, data, data_size);
}

static void app_kill(void *conn, const char *why)
{
    struct fuzz_app *app = conn;

    if (app->is_killed || !why)
        abort();
    app->is_killed = true;
}

static void app_resume(void *conn)
{
    if (((struct fuzz_app *)conn)->is_killed)
        abort();
}

static int channel_make(void *userdata, int ret_fds[2])
{
    struct fuzz_world *world = userdata;

    if (world->channel_error)
        return world->channel_error;
    ret_fds[0] = 1000;
    ret_fds[1] = 1001;
    world->n_fds += 2;
    return 0;
}

static void fd_close(void *userdata, int fd)
{
    if (fd < 1000)
        abort();
    ((struct fuzz_world *)userdata)->n_fds--;
}

static int peer_send(void *userdata, const struct wire_devid *id, enum sess_class class, uint32_t stream, uint64_t cookie,
                     const uint8_t *data, size_t size)
{
    struct fuzz_world *world = userdata;

    if ((class == SESS_CLASS_CONTROL) != (stream == 0) || !wire_devid_is_equal(id, &world->peer))
        abort();
    if (!world->has_session)
        return -ENOTCONN;
    if (world->peer_error && class != SESS_CLASS_CONTROL)
        return world->peer_error;
    world->last_cookie = cookie;
    learn(world, data, size, NULL, 0);
    return 0;
}

static void ignore_stream(void *userdata, const struct wire_devid *id, uint32_t stream)
{
    (void)userdata;
    (void)id;
    (void)stream;
}

static int peer_get_stats(void *userdata, const struct wire_devid *id, struct sess_peer_stats *ret_stats)
{
    (void)id;
    *ret_stats = (struct sess_peer_stats){ .rtt_us = 1 };
    return ((struct fuzz_world *)userdata)->has_session ? 0 : -ENOTCONN;
}

static int trust_save(void *userdata)
{
    return ((struct fuzz_world *)userdata)->save_error;
}

static void trust_apply(void *userdata)
{
    struct fuzz_world *world = userdata;

    if (!world->has_session || sess_trust_find(&world->trust, &world->peer))
        return;
    world->has_session = false;
    hub_peer_over(world->hub, &world->peer, SESS_END_UNTRUSTED);
}

static bool status_get(void *userdata, unsigned n, const char **ret_name, uint64_t *ret_value, const char **ret_text)
{
    (void)userdata;
    *ret_name = "name";
    *ret_value = n;
    *ret_text = n ? "text" : NULL;
    return n < 2;
}

static bool may_log(void *userdata, unsigned *ret_n_before)
{
    (void)userdata;
    *ret_n_before = 0;
    return true;
}

static void sink(void *userdata, enum sb_log_level level, const char *line)
{
    (void)userdata;
    (void)level;
    if (strlen(line) > 1023)
        abort();
}

void fuzz_world_init(struct fuzz_world *world)
{
    const struct hub_ops ops = {
        .userdata = world, .app_send = app_send, .app_kill = app_kill,
        .app_resume = app_resume, .channel_make = channel_make, .fd_close = fd_close, .peer_send = peer_send, .peer_unblock = ignore_stream, .peer_end_stream = ignore_stream,
        .peer_get_stats = peer_get_stats, .trust_save = trust_save, .trust_apply = trust_apply, .status_get = status_get,
        .may_log = may_log,
    };
    const struct hub_credentials own = { .pid = 1 };
    struct hub_quota_limits limits;

    for (unsigned kind = 0; kind < HUB_QUOTA_N_KINDS; kind++) {
        limits.app[kind] = kind == HUB_QUOTA_BYTES ? FULL_BYTES - 1 : kind == HUB_QUOTA_SERVICES || kind == HUB_QUOTA_WATCHES ? 3 : 6;
        limits.user[kind] = 3 * limits.app[kind]; /* less than what three may have: shares count too */
    }
    *world = (struct fuzz_world){ .log = { .level = SB_LOG_DEBUG, .sink = sink } };
    memset(world->self.bytes, 1, WIRE_DEVID_SIZE);
    memset(world->peer.bytes, 2, WIRE_DEVID_SIZE);
    memset(world->stranger.bytes, 3, WIRE_DEVID_SIZE);
    sess_trust_init(&world->trust);
    if (sess_trust_add(&world->trust, &world->peer, "peer") < 0 ||
        hub_new(&ops, &limits, &world->log, &world->trust, &world->self, "self", &own, &world->hub) < 0)
        abort();
    hub_set_channels(world->hub, true);
    fuzz_set_session(world, true);
    for (unsigned i = 0; i < FUZZ_APPS; i++)
        fuzz_app_open(world, &world->apps[i], true);
}

static void check_empty(const struct fuzz_world *world)
{
    const struct hub *hub = world->hub;

    if (hub->n_channels || hub->channels.n_used || hub->pairs.n_entries || hub->grants.n_entries || hub->origins.n_entries || !sb_list_is_empty(&hub->claims) || world->n_fds)
        abort();
    if (hub->quota.users.n_entries || hub->n_apps || hub->n_nodes || hub->n_refs || hub->n_exports || hub->n_links || hub->n_watches || hub->n_waiting ||
        hub->calls.n_used || hub->services.n_entries || !sb_list_is_empty(&hub->getters))
        abort();
}

void fuzz_world_deinit(struct fuzz_world *world)
{
    for (unsigned i = 0; i < FUZZ_APPS; i++)
        fuzz_app_close(&world->apps[i]);
    fuzz_set_session(world, false);
    check_empty(world);
    hub_free(world->hub);
    sess_trust_deinit(&world->trust);
}

void fuzz_set_session(struct fuzz_world *world, bool is_up)
{
    if (world->has_session == is_up || (is_up && !sess_trust_find(&world->trust, &world->peer)))
        return;
    world->has_session = is_up;
    if (is_up)
        hub_peer_up(world->hub, &world->peer, "peer");
    else
        hub_peer_over(world->hub, &world->peer, SESS_END_LOST);
}

void fuzz_app_open(struct fuzz_world *world, struct fuzz_app *app, bool has_greeted)
{
    static const uint8_t hello[] = { 1, 0, 1, 0, 1, 0, 0, 0, [24] = 1, 0, 0, 0, 'a', 0 };
    const struct hub_credentials credentials = { .pid = 1, .uid = (uint32_t)(app - world->apps), .label = "label" }; /* the first is root */

    *app = (struct fuzz_app){ .world = world };
    if (hub_app_open(world->hub, app, &credentials, &app->hub_app) < 0)
        abort();
    if (has_greeted)
        fuzz_app_send(app, WIRE_HELLO, hello, sizeof(hello));
}

void fuzz_app_close(struct fuzz_app *app)
{
    struct hub_app *hub_app = app->hub_app;

    app->is_killed = true;
    app->hub_app = NULL;
    hub_quota_refund(&app->queued);
    if (hub_app)
        hub_app_close(hub_app);
}

void fuzz_app_toggle_full(struct fuzz_app *app)
{
    if (app->queued.amount > 0)
        hub_quota_refund(&app->queued);
    else if (app->hub_app)
        hub_quota_force(&app->queued, hub_app_get_account(app->hub_app), HUB_QUOTA_BYTES, FULL_BYTES);
}

/* gives an exact copy in which the places are filled in. */
static uint8_t *fill_in(const struct fuzz_world *world, const uint8_t *body, size_t size)
{
    uint8_t *copy = malloc(size + !size);

    if (!copy)
        abort();
    if (size > 0)
        memcpy(copy, body, size);
    for (size_t i = 0; i + 8 <= size; i++) {
        if (copy[i + 7] != 0xf0)
            continue;
        wire_store_u64(copy + i, world->ids[copy[i] % FUZZ_IDS]);
        i += 7;
    }
    return copy;
}

void fuzz_app_send(struct fuzz_app *app, uint16_t type, const uint8_t *body, size_t size)
{
    uint8_t *copy = fill_in(app->world, body, size);
    struct wire_msg msg = { .type = type, .body = { .data = copy, .size = size } };
    int fds[] = { 100, 101, 102 };

    if (type == WIRE_CALL || type == WIRE_REPLY || type == WIRE_DETOUR)
        msg.n_fds = app->n_fds;
    app->n_fds = 0;

    if (app->hub_app)
        hub_app_receive(app->hub_app, &msg, msg.n_fds > 0 && !app->has_lost_fds ? fds : NULL);
    free(copy);
}

void fuzz_peer_send(struct fuzz_world *world, uint32_t stream, uint16_t type, const uint8_t *body, size_t size)
{
    uint8_t *copy = fill_in(world, body, size);
    uint8_t *msg = malloc(WIRE_HEADER_SIZE + size);

    if (!msg)
        abort();
    wire_store_u32(msg, (uint32_t)(WIRE_HEADER_SIZE + size));
    wire_store_u16(msg + 4, type);
    wire_store_u16(msg + 6, 0);
    memcpy(msg + WIRE_HEADER_SIZE, copy, size);
    if (world->has_session)
        hub_peer_receive(world->hub, &world->peer, stream, msg, WIRE_HEADER_SIZE + size);
    free(copy);
    free(msg);
}

void fuzz_reap(struct fuzz_world *world)
{
    for (unsigned i = 0; i < FUZZ_APPS; i++) {
        if (world->apps[i].is_killed && world->apps[i].hub_app) {
            fuzz_app_close(&world->apps[i]);
            fuzz_app_open(world, &world->apps[i], true);
        }
    }
}
