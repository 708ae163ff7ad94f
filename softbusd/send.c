/* Messages on their way out; see send.h. */
#include "softbusd/send.h"

#include "base/log.h"
#include "softbusd/tables.h"

#include <errno.h>

bool hub_send_is_app_full(const struct hub_app *app)
{
    return hub_quota_check(&app->quota, HUB_QUOTA_BYTES, 0) != HUB_QUOTA_OK;
}

bool hub_send_has_room_for(const struct hub_app *app, unsigned n_fds)
{
    return hub_quota_check(&app->quota, HUB_QUOTA_DESCRIPTORS, n_fds) == HUB_QUOTA_OK;
}

static struct sb_buf *open_head(struct hub *hub)
{
    hub->head.start = hub->head.length = 0;
    return &hub->head;
}

/* Sends what was encoded into hub->head, with n descriptors. r: what the encoder said. */
static void to_app_with(struct hub_app *app, int r, struct wire_bytes data, int *fds, unsigned n)
{
    struct hub *hub = app->party.hub;

    if (app->is_killed)
        return;
    if (r < 0) {
        /* The app would miss a message that it counts on: better it learns at once. */
        app->is_killed = true;
        hub->ops.app_kill(app->conn, "out of memory while sending to it");
        return;
    }
    hub->ops.app_send(app->conn, sb_buf_bytes(&hub->head), hub->head.length, data.data, data.size, fds, n);
}

static void to_app(struct hub_app *app, int r)
{
    to_app_with(app, r, (struct wire_bytes){ .size = 0 }, NULL, 0);
}

void hub_send_welcome(struct hub_app *app, const struct wire_welcome *welcome)
{
    to_app(app, wire_welcome_encode(open_head(app->party.hub), welcome));
}

void hub_send_call_to_app(struct hub_app *app, const struct wire_call *call, const struct wire_objects *objects)
{
    to_app_with(app, wire_call_encode_head(open_head(app->party.hub), call, objects), call->data,
                app->party.hub->fds, call->n_fds);
}

void hub_send_reply_to_app(struct hub_app *app, const struct wire_reply *reply, const struct wire_objects *objects)
{
    to_app_with(app, wire_reply_encode_head(open_head(app->party.hub), reply, objects), reply->data,
                app->party.hub->fds, reply->n_fds);
}

void hub_send_cancel_to_app(struct hub_app *app, uint64_t call_id)
{
    to_app(app, wire_cancel_encode(open_head(app->party.hub), call_id));
}

void hub_send_release_to_app(struct hub_app *app, const struct wire_release *release)
{
    to_app(app, wire_release_encode(open_head(app->party.hub), release));
}

void hub_send_death_to_app(struct hub_app *app, const struct wire_death_msg *death)
{
    to_app(app, wire_death_encode(open_head(app->party.hub), death));
}

void hub_send_refused_to_app(struct hub_app *app, const struct wire_refused *refused)
{
    to_app(app, wire_refused_encode(open_head(app->party.hub), refused));
}

void hub_send_channel_to_app(struct hub_app *app, const struct wire_channel *channel, int *fd)
{
    to_app_with(app, wire_channel_encode(open_head(app->party.hub), channel), (struct wire_bytes){ .size = 0 }, fd, 1);
}

void hub_send_grant_to_app(struct hub_app *app, const struct wire_grant *grant)
{
    to_app(app, wire_grant_encode(open_head(app->party.hub), grant));
}

void hub_send_route_to_app(struct hub_app *app, const struct wire_route *route)
{
    to_app(app, wire_route_encode(open_head(app->party.hub), route));
}

void hub_send_revoke_to_app(struct hub_app *app, const struct wire_revoke *revoke)
{
    to_app(app, wire_revoke_encode(open_head(app->party.hub), revoke));
}

void hub_send_channel_end_to_app(struct hub_app *app, const struct wire_channel_end *end)
{
    to_app(app, wire_channel_end_encode(open_head(app->party.hub), end));
}

void hub_send_detour_to_app(struct hub_app *app, const struct wire_detour *detour)
{
    to_app(app, wire_detour_encode(open_head(app->party.hub), detour));
}

void hub_send_detour_call_to_app(struct hub_app *app, const struct wire_detour *detour, const struct wire_call *call,
                                 const struct wire_objects *objects)
{
    to_app_with(app, wire_detour_call_encode_head(open_head(app->party.hub), detour, call, objects), call->data,
                app->party.hub->fds, call->n_fds);
}

void hub_send_detour_reply_to_app(struct hub_app *app, const struct wire_detour *detour, const struct wire_reply *reply,
                                  const struct wire_objects *objects)
{
    to_app_with(app, wire_detour_reply_encode_head(open_head(app->party.hub), detour, reply, objects), reply->data,
                app->party.hub->fds, reply->n_fds);
}

/* Sends hub->head with data joined to it. */
static int to_peer(struct hub_peer *peer, enum sess_class class, uint32_t stream, uint64_t cookie, int r,
                   struct wire_bytes data)
{
    struct hub *hub = peer->party.hub;

    if (r == 0)
        r = sb_buf_append(&hub->head, data.data, data.size);
    if (r < 0)
        return r;
    if (!peer->has_session)
        return -ENOTCONN;
    return hub->ops.peer_send(hub->ops.userdata, &peer->id, class, stream, cookie, sb_buf_bytes(&hub->head),
                              hub->head.length);
}

int hub_send_call_to_peer(struct hub_peer *peer, uint32_t stream, uint64_t cookie, const struct wire_call *call,
                          const struct wire_objects *objects)
{
    int r = wire_call_encode_head(open_head(peer->party.hub), call, objects);

    return to_peer(peer, stream ? SESS_CLASS_CALL : SESS_CLASS_CONTROL, stream, cookie, r, call->data);
}

int hub_send_reply_to_peer(struct hub_peer *peer, uint32_t stream, const struct wire_reply *reply,
                           const struct wire_objects *objects)
{
    int r = wire_reply_encode_head(open_head(peer->party.hub), reply, objects);

    return to_peer(peer, stream ? SESS_CLASS_CALL : SESS_CLASS_CONTROL, stream, HUB_COOKIE_WAKE, r, reply->data);
}

/* In order with the calls of an app. */
static int behind_calls_to_peer(struct hub_peer *peer, uint32_t stream, int r)
{
    return to_peer(peer, SESS_CLASS_CALL, stream, HUB_COOKIE_WAKE, r, (struct wire_bytes){ .size = 0 });
}

/* One that finds no room ends the session, and it is the session's end that is logged: in a flood of what must be answered,
 * each answer would be a line. */
static void control_to_peer(struct hub_peer *peer, int r)
{
    if (r < 0)
        sb_log_write(peer->party.hub->log, SB_LOG_WARNING, "control message lost device=%s error=%d", peer->id_text, -r);
    else
        (void)to_peer(peer, SESS_CLASS_CONTROL, 0, 0, r, (struct wire_bytes){ .size = 0 });
}

void hub_send_cancel_to_peer(struct hub_peer *peer, uint32_t stream, uint64_t call_id)
{
    control_to_peer(peer, wire_cancel_encode(open_head(peer->party.hub), call_id));
    if (stream)
        behind_calls_to_peer(peer, stream, wire_cancel_encode(open_head(peer->party.hub), call_id));
}

void hub_send_release_to_peer(struct hub_peer *peer, uint32_t stream, const struct wire_release *release)
{
    if (!stream || behind_calls_to_peer(peer, stream, wire_release_encode(open_head(peer->party.hub), release)) < 0)
        control_to_peer(peer, wire_release_encode(open_head(peer->party.hub), release));
}

void hub_send_death_to_peer(struct hub_peer *peer, const struct wire_death_msg *death)
{
    control_to_peer(peer, wire_death_encode(open_head(peer->party.hub), death));
}

void hub_send_service_to_peer(struct hub_peer *peer, const struct wire_service *service)
{
    control_to_peer(peer, wire_service_encode(open_head(peer->party.hub), service));
}
