/*
 * What a peer's hub says: docs/protocol-peer.md, "Messages between devices". A peer is trusted, not believed: every id is looked up among
 * what this very peer was given, and a message that breaks a rule is a violation that the session counts.
 */
#include "base/log.h"
#include "softbusd/app.h"
#include "softbusd/call.h"
#include "softbusd/get.h"
#include "softbusd/node.h"
#include "softbusd/pass.h"
#include "softbusd/peer.h"
#include "softbusd/registry.h"
#include "softbusd/send.h"
#include "wire/rules.h"
#include "wire/value.h"

#include <errno.h>
#include <stdlib.h>

static enum sess_verdict violation(struct hub_peer *peer, const char *what)
{
    sb_log_write(peer->party.hub->log, SB_LOG_WARNING, "protocol violation device=%s what=\"%s\"", peer->id_text, what);
    return SESS_VIOLATION;
}

/* Remembers that the stream was told SESS_BUSY. */
static enum sess_verdict block(struct hub_peer *peer, uint32_t stream)
{
    uint32_t *streams = reallocarray(peer->blocked_streams, peer->n_blocked + 1, sizeof(*streams));

    if (!streams)
        return violation(peer, "no memory left to let its stream wait");
    peer->blocked_streams = streams;
    streams[peer->n_blocked++] = stream;
    return SESS_BUSY;
}

static enum wire_status answer_get(struct hub_peer *peer, uint64_t call_id, struct wire_reader *reader)
{
    struct wire_str name = wire_value_get_str(reader, WIRE_SERVICE_NAME_MAX);

    return wire_reader_end(reader) < 0 ? WIRE_BAD_REQUEST : hub_get_for_peer(peer, call_id, name);
}

/* PEER_LINK: the answer and a later DEATH travel in order on the control stream. */
static enum wire_status answer_link(struct hub_peer *peer, struct wire_reader *reader)
{
    struct hub_export *export = hub_export_find(peer, wire_value_get_u64(reader));

    if (wire_reader_end(reader) < 0)
        return WIRE_BAD_REQUEST;
    if (!export || export->node->is_dead)
        return WIRE_DEAD_OBJECT;
    return wire_rules_check_link(true, hub_node_is_service(export->node));
}

static void receive_hub_call(struct hub_peer *peer, const struct wire_call *call)
{
    enum wire_status status = WIRE_UNKNOWN_CODE;
    struct wire_reader reader;

    wire_reader_init(&reader, call->data.data, call->data.size);
    if (call->code == WIRE_CODE_PING) {
        status = WIRE_OK;
    } else if (call->code == WIRE_PEER_LINK) {
        status = answer_link(peer, &reader);
    } else if (call->code == WIRE_PEER_SERVICE_GET) {
        status = answer_get(peer, call->id, &reader);
        if (status == WIRE_OK)
            return;
    }
    hub_call_answer(&peer->party, call->id, status);
}

/* A call of a stub here. The caller's identity is what the session proved and what its device asserts. */
static enum sess_verdict forward_call(struct hub_peer *peer, const struct wire_call *call, uint32_t stream)
{
    struct hub_export *export = hub_export_find(peer, call->target);
    struct wire_call request = *call;
    enum hub_forward verdict = HUB_REFUSED;
    enum wire_status status;
    struct hub_pass pass;

    status = hub_pass_resolve_from_peer(&pass, peer, &peer->party.hub->objects_in);
    if (status == WIRE_PASSBACK) {
        hub_pass_settle(&pass);
        hub_call_answer(&peer->party, call->id, status);
        return violation(peer, "passed an object that is not its own");
    }
    request.identity =
        (struct wire_identity){ .kind = WIRE_IDENTITY_REMOTE, .uid = call->identity.uid, .device = peer->id };
    if (status == WIRE_OK) {
        if (!export || export->node->is_dead) {
            status = WIRE_DEAD_OBJECT;
        } else {
            struct hub_target target = { .party = &export->node->owner->party, .id = export->node->id };

            verdict = hub_call_forward(&peer->party, &request, &pass, &target, &status, NULL);
        }
    }
    if (verdict == HUB_NO_ROOM) {
        hub_pass_unsend(&pass);
        return block(peer, stream);
    }
    hub_pass_settle(&pass);
    if (verdict == HUB_FORWARDED)
        return SESS_ACCEPTED;
    if (status == WIRE_PROTOCOL)
        return violation(peer, "used a call number twice");
    hub_call_answer(&peer->party, call->id, status);
    return SESS_ACCEPTED;
}

static enum sess_verdict receive_call(struct hub_peer *peer, uint32_t stream, struct wire_bytes body)
{
    struct wire_call call;

    if (wire_call_decode(body, &call, &peer->party.hub->objects_in) < 0)
        return violation(peer, "malformed CALL");
    if (call.identity.kind != WIRE_IDENTITY_ASSERTED)
        return violation(peer, "CALL without an asserted uid");
    if (call.target != WIRE_HUB && stream == 0)
        return violation(peer, "CALL of an app on the control stream");
    if (call.target != WIRE_HUB)
        return forward_call(peer, &call, stream);
    if (call.id == 0)
        return violation(peer, "one-way CALL of the hub");
    if (peer->party.hub->objects_in.n > 0)
        return violation(peer, "objects in a call of the hub");
    receive_hub_call(peer, &call);
    return SESS_ACCEPTED;
}

/* The answer to PEER_LINK. The object may have been released, or have died, while it was asked about. */
static void finish_link(struct hub_call *call, enum wire_status status)
{
    struct hub_app *app = SB_CONTAINER_OF(call->caller, struct hub_app, party);
    struct hub_ref *ref = hub_ref_find(app, call->link_handle);

    if (status == WIRE_OK && (!ref || ref->node->is_dead))
        status = WIRE_DEAD_OBJECT;
    if (status == WIRE_OK && !ref->is_linked) {
        ref->is_linked = true;
        app->n_links++;
        app->party.hub->n_links++;
    }
    hub_call_fail(call, status);
}

static enum sess_verdict receive_reply(struct hub_peer *peer, struct wire_bytes body)
{
    struct hub *hub = peer->party.hub;
    enum wire_status status, rule;
    struct wire_reply reply;
    struct hub_call *call;
    struct hub_pass pass;

    if (wire_reply_decode(body, &reply, &hub->objects_in) < 0)
        return violation(peer, "malformed REPLY");
    status = hub_pass_resolve_from_peer(&pass, peer, &hub->objects_in);
    call = hub_call_find_served(&peer->party, reply.id);
    if (call && call->kind == HUB_CALL_LINK)
        finish_link(call, reply.status);
    else if (call && (status != WIRE_OK || reply.status != WIRE_OK))
        hub_call_fail(call, status != WIRE_OK ? status : (enum wire_status)reply.status);
    else if (call)
        hub_call_reply(call, &reply, &pass, 0, &rule);
    hub_pass_settle(&pass);
    return status == WIRE_PASSBACK ? violation(peer, "replied with an object that is not its own") : SESS_ACCEPTED;
}

static enum sess_verdict receive_cancel(struct hub_peer *peer, struct wire_bytes body)
{
    struct hub_call *call;
    uint64_t id;

    if (wire_cancel_decode(body, &id) < 0)
        return violation(peer, "malformed CANCEL");
    call = hub_call_find_made(&peer->party, id);
    if (call)
        hub_call_cancel(call);
    return SESS_ACCEPTED;
}

static enum sess_verdict receive_release(struct hub_peer *peer, struct wire_bytes body)
{
    struct wire_release release;
    struct hub_export *export;

    if (wire_release_decode(body, &release) < 0)
        return violation(peer, "malformed RELEASE");
    export = hub_export_find(peer, release.id);
    if (!export || hub_export_release(export, release.count) < 0)
        return violation(peer, "gave back what it does not hold");
    return SESS_ACCEPTED;
}

/* The object's arrivals so far are given back at once: nothing can be done with it but to forget it. One that is on its way
 * still arrives as new, and its first call says DEAD_OBJECT. */
static enum sess_verdict receive_death(struct hub_peer *peer, struct wire_bytes body)
{
    struct wire_death_msg death;
    struct sb_map_entry *entry;
    struct hub_node *node;

    if (wire_death_decode(body, &death) < 0)
        return violation(peer, "malformed DEATH");
    entry = sb_map_find(&peer->imports, &death.id, sizeof(death.id));
    if (!entry)
        return SESS_ACCEPTED;
    node = SB_CONTAINER_OF(entry, struct hub_node, entry);
    hub_send_release_to_peer(peer, 0, &(struct wire_release){ .id = node->id, .count = node->n_sent });
    hub_node_die(node, (enum wire_death)death.reason);
    return SESS_ACCEPTED;
}

static enum sess_verdict receive_service(struct hub_peer *peer, struct wire_bytes body)
{
    struct wire_service service;

    if (wire_service_decode(body, &service) < 0 || wire_rules_check_name(service.name.text, service.name.size))
        return violation(peer, "malformed SERVICE");
    switch (hub_registry_hear(peer, &service)) {
    case 0:
        return SESS_ACCEPTED;
    case -ENOSPC:
        return violation(peer, "announces more than 1024 services");
    default:
        return violation(peer, "no memory left for its services");
    }
}

enum sess_verdict hub_peer_receive(struct hub *hub, const struct wire_devid *id, uint32_t stream, const uint8_t *data,
                                   size_t size)
{
    struct hub_peer *peer = hub_peer_find(hub, id);
    struct wire_msg msg;
    size_t msg_size;

    if (!peer || !peer->has_session)
        return SESS_ACCEPTED; /* hub_peer_up() had no room for it, and said so */
    if (wire_msg_scan(data, size, WIRE_MSG_MAX, &msg, &msg_size) != 1 || msg_size != size)
        return violation(peer, "malformed message");
    if (msg.n_fds > 0)
        return violation(peer, "descriptors in a message");
    switch (msg.type) {
    case WIRE_CALL:
        return receive_call(peer, stream, msg.body);
    case WIRE_REPLY:
        return receive_reply(peer, msg.body);
    case WIRE_CANCEL:
        return receive_cancel(peer, msg.body);
    case WIRE_RELEASE:
        return receive_release(peer, msg.body);
    case WIRE_DEATH:
        return receive_death(peer, msg.body);
    case WIRE_SERVICE:
        return receive_service(peer, msg.body);
    default:
        return SESS_ACCEPTED; /* from a later version: ignored */
    }
}
