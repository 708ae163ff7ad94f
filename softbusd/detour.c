/* Detours; see detour.h. */
#include "softbusd/detour.h"

#include "softbusd/app.h"
#include "softbusd/call.h"
#include "softbusd/channel.h"
#include "softbusd/node.h"
#include "softbusd/pass.h"
#include "softbusd/send.h"

static const struct wire_objects no_objects;

/* A server that does not read is sent no more than so many messages which only say that nothing comes: then the channel ends, so that
 * its client cannot make the server's queue pass its limit. */
static void skip(struct hub_channel *channel, const struct wire_detour *detour)
{
    hub_send_detour_to_app(channel->pair.server, detour);
    channel->n_skipped = hub_send_is_app_full(channel->pair.server) ? channel->n_skipped + 1 : 0;
    if (channel->n_skipped > HUB_SKIPS_MAX)
        hub_channel_end(channel);
}

/* The client is told; the server learns that nothing comes for this number. `channel` is NULL when it has gone. */
static void refuse_call(struct hub_app *app, struct hub_channel *channel, const struct wire_detour *detour,
                        const struct wire_call *call, enum wire_status status)
{
    const struct wire_detour answer = { .channel = detour->channel };
    const struct wire_reply reply = { .id = call->id, .status = status };

    hub_app_log_refusal(app, call, status);
    if (channel)
        skip(channel, detour);
    if (call->flags & WIRE_CALL_ONEWAY)
        hub_send_refused_to_app(app, &(struct wire_refused){ .object = call->target, .status = status });
    else
        hub_send_detour_reply_to_app(app, &answer, &reply, &no_objects);
}

/* WIRE_PROTOCOL: no honest client asks for this. */
static enum wire_status find_stub(struct hub_app *app, const struct hub_channel *channel, uint64_t handle, uint64_t *ret_stub)
{
    struct hub_ref *ref = hub_ref_find(app, handle);

    if (!channel || !ref || ref->node->is_dead)
        return WIRE_DEAD_OBJECT;
    if (ref->node->owner != channel->pair.server)
        return WIRE_PROTOCOL;
    *ret_stub = ref->node->id;
    return WIRE_OK;
}

/* The objects are counted by then; status: what resolving them has said. */
static enum hub_receive pass_call_on(struct hub_app *app, struct hub_channel *channel, const struct wire_detour *detour,
                                     const struct wire_call *call, struct hub_pass *pass, enum wire_status status)
{
    struct wire_objects *objects = &app->party.hub->objects_out;
    enum hub_forward verdict = HUB_REFUSED;
    struct wire_call request = *call;

    if (status == WIRE_OK)
        status = find_stub(app, channel, call->target, &request.target);
    if (status == WIRE_PROTOCOL) {
        hub_app_violate(app, "called an object of another app on a channel");
    } else if (status == WIRE_OK) {
        verdict = hub_call_check(&app->party, call, pass, &channel->pair.server->party, &status);
        if (verdict == HUB_FORWARDED)
            status = hub_pass_deliver(pass, &channel->pair.server->party, objects);
    }
    if (verdict == HUB_NO_ROOM) {
        hub_pass_unsend(pass);
        return HUB_WAIT;
    }
    if (status == WIRE_OK)
        hub_send_detour_call_to_app(channel->pair.server, detour, &request, objects);
    else if (status != WIRE_PROTOCOL)
        refuse_call(app, channel, detour, call, status);
    hub_pass_settle(pass);
    return HUB_DONE;
}

static enum hub_receive receive_call(struct hub_app *app, struct hub_channel *channel, const struct wire_detour *detour,
                                     const struct wire_msg *msg)
{
    struct wire_objects *objects = &app->party.hub->objects_in;
    enum wire_status status;
    struct wire_call call;
    struct hub_pass pass;

    if (wire_call_decode(detour->body, &call, objects) < 0 || call.identity.kind != WIRE_IDENTITY_NONE) {
        hub_app_violate(app, "malformed CALL in a DETOUR");
        return HUB_DONE;
    }
    call.n_fds = msg->n_fds;
    status = hub_pass_resolve_from_app(&pass, app, objects);
    if (status == WIRE_OK)
        status = hub_app_check_fds(app, msg);
    return pass_call_on(app, channel, detour, &call, &pass, status);
}

static enum wire_status pass_reply_on(const struct hub_channel *channel, struct wire_reply *reply, const struct hub_pass *pass)
{
    struct hub_party *client = &channel->pair.client->party;
    enum wire_status status = hub_call_check_reply(client, false, reply, pass);

    if (status == WIRE_OK)
        status = hub_pass_deliver(pass, client, &client->hub->objects_out);
    if (status != WIRE_OK)
        client->hub->n_refused++;
    return status;
}

static void receive_reply(struct hub_app *app, const struct hub_channel *channel, const struct wire_detour *detour,
                          const struct wire_msg *msg)
{
    const struct wire_detour answer = { .channel = detour->channel };
    struct hub *hub = app->party.hub;
    struct wire_reply reply;
    enum wire_status status;
    struct hub_pass pass;

    if (wire_reply_decode(detour->body, &reply, &hub->objects_in) < 0 || (reply.status != WIRE_OK && msg->n_fds > 0)) {
        hub_app_violate(app, "malformed REPLY in a DETOUR");
        return;
    }
    reply.n_fds = msg->n_fds;
    reply.status = hub_app_judge_status(reply.status);
    status = hub_pass_resolve_from_app(&pass, app, &hub->objects_in);
    if (status == WIRE_OK)
        status = hub_app_check_fds(app, msg);
    if (channel && status == WIRE_OK)
        status = pass_reply_on(channel, &reply, &pass);
    if (channel && status == WIRE_OK) {
        hub_send_detour_reply_to_app(channel->pair.client, &answer, &reply, &hub->objects_out);
    } else if (channel) {
        hub_app_refuse_reply(app, reply.id, 0, status);
        /* To the caller, DEAD_OBJECT would say that its call did not start. */
        reply = (struct wire_reply){ .id = reply.id, .status = status == WIRE_DEAD_OBJECT ? WIRE_FAILED : (int32_t)status };
        hub_send_detour_reply_to_app(channel->pair.client, &answer, &reply, &no_objects);
    }
    hub_pass_settle(&pass);
}

static enum hub_receive receive_place(struct hub_channel *channel, const struct wire_detour *detour)
{
    if (hub_send_is_app_full(channel->pair.server) && !channel->pair.server->is_congested)
        return HUB_WAIT;
    skip(channel, detour);
    return HUB_DONE;
}

enum hub_receive hub_detour_receive(struct hub_app *app, const struct wire_msg *msg)
{
    struct hub_channel *channel;
    struct wire_detour detour;

    if (wire_detour_decode(msg->body, &detour) < 0 || (detour.type == 0 && msg->n_fds > 0)) {
        hub_app_violate(app, "malformed DETOUR");
        return HUB_DONE;
    }
    channel = hub_channel_find(app, detour.channel); /* NULL: the message has crossed its end */
    if (channel && (channel->is_pending || (channel->pair.client == app) != (detour.type != WIRE_REPLY))) {
        hub_app_violate(app, "DETOUR from the wrong end of a channel");
        return HUB_DONE;
    }
    if (detour.type == WIRE_CALL)
        return receive_call(app, channel, &detour, msg);
    if (detour.type == WIRE_REPLY)
        receive_reply(app, channel, &detour, msg);
    else if (channel)
        return receive_place(channel, &detour);
    return HUB_DONE;
}
