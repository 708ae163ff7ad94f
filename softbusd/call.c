/* Calls under way; see call.h. */
#include "softbusd/call.h"

#include "softbusd/app.h"
#include "softbusd/pass.h"
#include "softbusd/registry.h"
#include "softbusd/send.h"
#include "wire/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct wire_objects no_objects;

bool hub_call_has_caller_id(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    const struct hub_call *call = SB_CONTAINER_OF(entry, struct hub_call, made_entry);

    return memcmp(&call->caller_id, key, key_size) == 0;
}

static struct hub_app *as_app(struct hub_party *party)
{
    return SB_CONTAINER_OF(party, struct hub_app, party);
}

static struct hub_peer *as_peer(struct hub_party *party)
{
    return SB_CONTAINER_OF(party, struct hub_peer, party);
}

struct hub_call *hub_call_find_made(struct hub_party *caller, uint64_t caller_id)
{
    struct sb_map_entry *entry = sb_map_find(&caller->calls_made, &caller_id, sizeof(caller_id));

    return entry ? SB_CONTAINER_OF(entry, struct hub_call, made_entry) : NULL;
}

struct hub_call *hub_call_find_served(struct hub_party *callee, uint64_t id)
{
    struct hub_call *call = sb_idtab_find(&callee->hub->calls, id);

    return call && call->callee == callee ? call : NULL;
}

enum wire_status hub_call_new(struct hub_party *caller, uint64_t caller_id, enum hub_call_kind kind,
                              struct hub_call **ret_call)
{
    struct hub_quota_charge charge = { .amount = 0 };
    struct hub *hub = caller->hub;
    struct hub_call *call;
    int r;

    if (hub_call_find_made(caller, caller_id))
        return WIRE_PROTOCOL;
    if (caller->is_peer && caller->calls_made.n_entries >= HUB_PEER_CALLS_MAX)
        return WIRE_LIMIT;
    if (!caller->is_peer && hub_app_charge(as_app(caller), HUB_QUOTA_CALLS, 1, &charge) != HUB_QUOTA_OK)
        return WIRE_AGAIN; /* there will be room when one of them is answered */
    call = calloc(1, sizeof(*call));
    if (!call) {
        hub_quota_refund(&charge);
        return WIRE_NO_MEMORY;
    }
    *call = (struct hub_call){ .kind = kind, .caller = caller, .caller_id = caller_id, .charge = charge };
    sb_list_init(&call->served_link);
    r = sb_idtab_add(&hub->calls, call, &call->id);
    if (r == 0) {
        r = sb_map_add(&caller->calls_made, &call->made_entry, &call->caller_id, sizeof(call->caller_id));
        if (r < 0)
            sb_idtab_remove(&hub->calls, call->id);
    }
    if (r < 0) {
        hub_quota_refund(&charge);
        free(call);
        return r == -ENOSPC ? WIRE_AGAIN : WIRE_NO_MEMORY;
    }
    *ret_call = call;
    return WIRE_OK;
}

void hub_call_free(struct hub_call *call)
{
    sb_idtab_remove(&call->caller->hub->calls, call->id);
    sb_map_remove(&call->caller->calls_made, &call->made_entry);
    sb_list_remove(&call->served_link);
    hub_quota_refund(&call->charge);
    free(call->getter);
    free(call);
}

/* The request in the callee's numbers. 0, -EAGAIN, or another error of the session. */
static int send_request(const struct hub_target *target, struct wire_call *call, const struct wire_objects *objects,
                        const struct hub_call *entered)
{
    call->target = target->id;
    call->id = entered ? entered->id : 0;
    if (target->party->is_peer)
        return hub_send_call_to_peer(as_peer(target->party), target->stream, entered ? entered->id : HUB_COOKIE_WAKE,
                                     call, objects);
    hub_send_call_to_app(as_app(target->party), call, objects);
    return 0;
}

enum hub_forward hub_call_check(const struct hub_party *caller, const struct wire_call *call, const struct hub_pass *pass,
                                struct hub_party *to, enum wire_status *ret_status)
{
    bool is_remote = caller->is_peer || to->is_peer;

    *ret_status = wire_rules_check_size(call->data.size, is_remote);
    if (*ret_status == WIRE_OK && is_remote && call->n_fds > 0)
        *ret_status = WIRE_DESCRIPTOR;
    if (*ret_status == WIRE_OK)
        *ret_status = hub_pass_check(pass, to);
    if (*ret_status != WIRE_OK) {
        caller->hub->n_refused++;
        return HUB_REFUSED;
    }
    if (!to->is_peer && hub_send_is_app_full(as_app(to))) {
        /* There is no message that would tell a peer: its stream waits, and nothing else of it does. */
        if (call->flags & WIRE_CALL_ONEWAY && (caller->is_peer || !as_app(to)->is_congested))
            return HUB_NO_ROOM;
        *ret_status = WIRE_AGAIN;
        return HUB_REFUSED;
    }
    if (call->n_fds > 0 && !hub_send_has_room_for(as_app(to), call->n_fds)) {
        *ret_status = WIRE_AGAIN;
        return HUB_REFUSED;
    }
    return HUB_FORWARDED;
}

enum hub_forward hub_call_forward(struct hub_party *caller, const struct wire_call *call, const struct hub_pass *pass,
                                  const struct hub_target *target, enum wire_status *ret_status,
                                  struct hub_call **ret_call)
{
    struct wire_objects *objects = &caller->hub->objects_out;
    bool is_oneway = call->flags & WIRE_CALL_ONEWAY;
    struct wire_call request = *call;
    struct hub_call *entered = NULL;
    enum hub_forward verdict;
    int r;

    verdict = hub_call_check(caller, call, pass, target->party, ret_status);
    if (verdict != HUB_FORWARDED)
        return verdict;
    if (!is_oneway) {
        *ret_status = hub_call_new(caller, call->id, HUB_CALL_FORWARD, &entered);
        if (*ret_status != WIRE_OK)
            return HUB_REFUSED;
        entered->callee = target->party;
        entered->stream = target->stream;
        entered->target_id = target->id;
        sb_list_append(&target->party->calls_served, &entered->served_link);
    }
    *ret_status = hub_pass_deliver(pass, target->party, objects);
    if (*ret_status == WIRE_OK) {
        r = send_request(target, &request, objects, entered);
        if (r == 0) {
            if (ret_call)
                *ret_call = entered;
            return HUB_FORWARDED;
        }
        hub_pass_undo_delivery(target->party, objects);
        *ret_status = r == -EAGAIN ? WIRE_AGAIN : r == -ENOMEM || r == -ENOBUFS ? WIRE_NO_MEMORY : WIRE_DEVICE_OFFLINE;
    }
    if (entered)
        hub_call_free(entered);
    return *ret_status == WIRE_AGAIN && is_oneway ? HUB_NO_ROOM : HUB_REFUSED;
}

static int send_reply(struct hub_party *to, const struct wire_reply *reply, const struct wire_objects *objects,
                      uint32_t stream)
{
    if (to->is_peer)
        return hub_send_reply_to_peer(as_peer(to), stream, reply, objects);
    hub_send_reply_to_app(as_app(to), reply, objects);
    return 0;
}

int hub_call_answer_data(struct hub_party *caller, uint64_t caller_id, struct wire_bytes data,
                         const struct wire_objects *objects)
{
    struct wire_reply reply = { .id = caller_id, .status = WIRE_OK, .data = data };

    return caller_id != 0 ? send_reply(caller, &reply, objects, 0) : 0;
}

void hub_call_answer(struct hub_party *caller, uint64_t caller_id, enum wire_status status)
{
    struct wire_reply reply = { .id = caller_id, .status = status };

    if (caller_id != 0)
        send_reply(caller, &reply, &no_objects, 0);
}

void hub_call_fail(struct hub_call *call, enum wire_status status)
{
    struct hub_party *caller = call->caller;
    uint64_t caller_id = call->caller_id;

    hub_call_free(call);
    hub_call_answer(caller, caller_id, status);
}

enum wire_status hub_call_check_reply(struct hub_party *caller, bool is_remote, const struct wire_reply *reply,
                                      const struct hub_pass *pass)
{
    enum wire_status status = wire_rules_check_size(reply->data.size, is_remote);

    if (status == WIRE_OK && is_remote && reply->n_fds > 0)
        status = WIRE_DESCRIPTOR;
    if (status == WIRE_OK && reply->n_fds > 0 && !hub_send_has_room_for(as_app(caller), reply->n_fds))
        status = WIRE_LIMIT;
    return status == WIRE_OK ? hub_pass_check(pass, caller) : status;
}

enum hub_forward hub_call_reply(struct hub_call *call, const struct wire_reply *reply, const struct hub_pass *pass,
                                uint32_t stream, enum wire_status *ret_status)
{
    struct hub_party *caller = call->caller;
    struct wire_objects *objects = &caller->hub->objects_out;
    struct wire_reply answer = *reply;
    bool is_remote = caller->is_peer || call->callee->is_peer;
    int r;

    *ret_status = hub_call_check_reply(caller, is_remote, reply, pass);
    if (*ret_status == WIRE_OK)
        *ret_status = hub_pass_deliver(pass, caller, objects);
    if (*ret_status != WIRE_OK) {
        caller->hub->n_refused++;
        hub_call_fail(call, *ret_status);
        return HUB_REFUSED;
    }
    answer.id = call->caller_id;
    r = send_reply(caller, &answer, objects, stream);
    if (r < 0)
        hub_pass_undo_delivery(caller, objects);
    if (r == -EAGAIN)
        return HUB_NO_ROOM;
    hub_call_free(call);
    return HUB_FORWARDED;
}

void hub_call_cancel(struct hub_call *call)
{
    struct hub_party *callee = call->callee;
    uint32_t stream = call->stream;
    uint64_t id = call->id;

    hub_call_free(call);
    if (!callee)
        return;
    if (callee->is_peer)
        hub_send_cancel_to_peer(as_peer(callee), stream, id);
    else
        hub_send_cancel_to_app(as_app(callee), id);
}

void hub_call_forget_party(struct hub_party *party)
{
    struct sb_map_entry *entry, *next;
    struct sb_list *link;

    for (entry = sb_map_next(&party->calls_made, NULL); entry; entry = next) {
        next = sb_map_next(&party->calls_made, entry);
        hub_call_cancel(SB_CONTAINER_OF(entry, struct hub_call, made_entry));
    }
    while ((link = sb_list_first(&party->calls_served))) {
        struct hub_call *call = SB_CONTAINER_OF(link, struct hub_call, served_link);

        if (!party->is_peer)
            hub_call_fail(call, WIRE_DIED);
        else
            hub_call_fail(call, call->has_left ? WIRE_DEVICE_LOST : WIRE_DEVICE_OFFLINE);
    }
}
