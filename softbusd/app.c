/* Apps; see app.h and hub.h. */
#include "softbusd/app.h"

#include "base/log.h"
#include "softbusd/call.h"
#include "softbusd/channel.h"
#include "softbusd/detour.h"
#include "softbusd/hubcall.h"
#include "softbusd/node.h"
#include "softbusd/pass.h"
#include "softbusd/peer.h"
#include "softbusd/restart.h"
#include "softbusd/send.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name is what the app says; what it cannot say is a "pid=" or "uid=" of its own. */
static void format_text(struct hub_app *app)
{
    char name[sizeof(app->name)];

    snprintf(name, sizeof(name), "%s", app->name);
    for (char *c = name; *c; c++) {
        if (*c == ' ' || *c == '=' || *c == '"')
            *c = '_';
    }
    snprintf(app->text, sizeof(app->text), "name=%s pid=%u uid=%u", name, app->credentials.pid, app->credentials.uid);
}

/* A number for the app's streams that no other app has: after four thousand million apps they come round. */
static uint32_t find_stream(struct hub *hub)
{
    bool is_taken = true;

    while (is_taken) {
        is_taken = ++hub->next_stream == 0;
        SB_LIST_FOREACH(link, &hub->apps)
            is_taken |= SB_CONTAINER_OF(link, struct hub_app, link)->stream == hub->next_stream;
    }
    return hub->next_stream;
}

int hub_app_open(struct hub *hub, void *conn, const struct hub_credentials *credentials, struct hub_app **ret_app)
{
    struct hub_app *app = calloc(1, sizeof(*app));

    if (!app || hub_quota_open(&hub->quota, credentials->uid, &app->quota) < 0) {
        free(app);
        return -ENOMEM;
    }
    app->party.hub = hub;
    app->conn = conn;
    app->credentials = *credentials;
    app->stream = find_stream(hub);
    sb_map_init(&app->party.calls_made, &hub->random, hub_call_has_caller_id);
    sb_list_init(&app->party.calls_served);
    sb_map_init(&app->stubs, &hub->random, hub_node_has_id);
    sb_map_init(&app->refs, &hub->random, hub_ref_has_node);
    sb_idtab_init(&app->handles, &hub->random, UINT32_MAX); /* hub_ref_arrive() has the limit, which may change */
    sb_list_init(&app->channels_used);
    sb_list_init(&app->channels_served);
    sb_list_append(&hub->apps, &app->link);
    hub->n_apps++;
    format_text(app);
    *ret_app = app;
    return 0;
}

const char *hub_app_get_text(const struct hub_app *app)
{
    return app->text;
}

void hub_app_violate(struct hub_app *app, const char *what)
{
    app->is_killed = true;
    app->party.hub->ops.app_kill(app->conn, what);
}

struct hub_quota_account *hub_app_get_account(struct hub_app *app)
{
    return &app->quota;
}

enum hub_quota_verdict hub_app_charge(struct hub_app *app, enum hub_quota_kind kind, uint32_t amount,
                                      struct hub_quota_charge *charge)
{
    enum hub_quota_verdict verdict = hub_quota_charge(charge, &app->quota, kind, amount);
    const struct hub_quota_user *user = app->quota.user;
    uint32_t n_refused = user->n_refused[kind];

    if (verdict == HUB_QUOTA_APP && (n_refused & (n_refused - 1)) == 0)
        sb_log_write(app->party.hub->log, SB_LOG_INFO, "request refused: app is at its limit %s used=%" PRIu64 " %s=%" PRIu64 " refused=%" PRIu32,
                     app->text, app->quota.used[kind], hub_quota_get_app_key(kind), user->quota->limits.app[kind], n_refused);
    else if (verdict == HUB_QUOTA_USER && (n_refused & (n_refused - 1)) == 0)
        sb_log_write(app->party.hub->log, SB_LOG_INFO, "request refused: app has its share of what its user may have %s used=%" PRIu64
                     " user_used=%" PRIu64 " %s=%" PRIu64 " refused=%" PRIu32, app->text, app->quota.used[kind],
                     user->used[kind], hub_quota_get_user_key(kind), user->quota->limits.user[kind], n_refused);
    return verdict;
}

static void set_waiting(struct hub_app *app, bool is_waiting)
{
    app->party.hub->n_waiting += is_waiting;
    app->party.hub->n_waiting -= app->is_waiting;
    app->is_waiting = is_waiting;
}

void hub_app_wake_all(struct hub *hub)
{
    if (hub->n_waiting == 0)
        return;
    SB_LIST_FOREACH(link, &hub->apps) {
        struct hub_app *app = SB_CONTAINER_OF(link, struct hub_app, link);

        if (app->is_waiting && !app->is_killed)
            hub->ops.app_resume(app->conn);
        set_waiting(app, false);
    }
}

void hub_app_congested(struct hub_app *app)
{
    if (app->is_congested)
        return;
    app->is_congested = true;
    sb_log_write(app->party.hub->log, SB_LOG_INFO, "app does not keep up, one-way calls of it are refused %s", app->text);
    hub_app_wake_all(app->party.hub);
}

void hub_app_drained(struct hub_app *app)
{
    app->is_congested = false;
    hub_app_wake_all(app->party.hub);
    hub_peer_unblock_all(app->party.hub);
}

static void drop_refs(struct hub_app *app)
{
    uint32_t cursor = 0;
    struct hub_ref *ref;

    while ((ref = sb_idtab_next(&app->handles, &cursor)))
        hub_ref_release(ref, ref->n_arrivals);
}

static void end_streams(struct hub_app *app)
{
    struct hub *hub = app->party.hub;
    struct sb_map_entry *entry = NULL;

    while ((entry = sb_map_next(&hub->peers, entry))) {
        struct hub_peer *peer = SB_CONTAINER_OF(entry, struct hub_peer, entry);

        if (peer->has_session)
            hub->ops.peer_end_stream(hub->ops.userdata, &peer->id, app->stream);
    }
}

void hub_app_close(struct hub_app *app)
{
    struct hub *hub = app->party.hub;
    struct sb_map_entry *entry, *next;

    app->is_killed = true;
    set_waiting(app, false);
    hub_channel_forget_app(app);
    hub_call_forget_party(&app->party);
    for (entry = sb_map_next(&app->stubs, NULL); entry; entry = next) {
        next = sb_map_next(&app->stubs, entry);
        hub_node_die(SB_CONTAINER_OF(entry, struct hub_node, entry), WIRE_DEATH_PROCESS_DIED);
    }
    drop_refs(app);
    end_streams(app);
    sb_list_remove(&app->link);
    hub->n_apps--;
    sb_map_deinit(&app->party.calls_made);
    sb_map_deinit(&app->stubs);
    sb_map_deinit(&app->refs);
    sb_idtab_deinit(&app->handles);
    hub_quota_close(&app->quota);
    free(app);
    hub_app_wake_all(hub);
    hub_peer_unblock_all(hub);
}

static void receive_hello(struct hub_app *app, struct wire_bytes body)
{
    struct hub *hub = app->party.hub;
    struct wire_welcome welcome = {
        .local_max = WIRE_LOCAL_MAX,
        .remote_max = WIRE_REMOTE_MAX,
        .device = hub->self,
        .device_name = { .text = hub->name, .size = strlen(hub->name) },
    };
    struct wire_hello hello;

    if (wire_hello_decode(body, &hello) < 0) {
        hub_app_violate(app, "malformed HELLO");
        return;
    }
    snprintf(app->name, sizeof(app->name), "%s", hello.name.text);
    app->features = hello.features;
    format_text(app);
    if (hello.version_min <= WIRE_VERSION_MAX && hello.version_max >= WIRE_VERSION_MIN)
        welcome.version = hello.version_max < WIRE_VERSION_MAX ? hello.version_max : WIRE_VERSION_MAX;
    hub_restart_greet(app, &hello, &welcome);
    hub_send_welcome(app, &welcome);
    if (welcome.version == 0)
        hub_app_violate(app, "no protocol version in common");
    app->has_greeted = true;
}

/* The object that a call of an app is meant for. */
static enum wire_status find_target(struct hub_app *app, struct hub_ref *ref, struct hub_target *ret_target)
{
    struct hub_node *node;

    if (!ref || ref->node->is_dead)
        return WIRE_DEAD_OBJECT;
    node = ref->node;
    ret_target->party = node->is_remote ? &node->home->party : &node->owner->party;
    ret_target->id = node->id;
    ret_target->stream = app->stream;
    if (node->is_remote)
        node->call_stream = app->stream;
    return WIRE_OK;
}

void hub_app_get_identity(const struct hub_app *app, struct wire_identity *ret_identity)
{
    const struct hub_credentials *who = &app->credentials;

    *ret_identity = (struct wire_identity){
        .kind = WIRE_IDENTITY_LOCAL,
        .pid = who->pid,
        .uid = who->uid,
        .gid = who->gid,
        .label = { .text = who->label, .size = strlen(who->label) },
    };
}

void hub_app_log_refusal(const struct hub_app *app, const struct wire_call *call, enum wire_status status)
{
    sb_log_write(app->party.hub->log, SB_LOG_DEBUG, "call refused %s code=%u trace=%016llx status=%d", app->text,
                 call->code, (unsigned long long)call->trace, status);
}

/* Tells the caller, or for a one-way call whoever may still listen. */
static void refuse_call(struct hub_app *app, const struct wire_call *call, enum wire_status status)
{
    hub_app_log_refusal(app, call, status);
    if (call->flags & WIRE_CALL_ONEWAY)
        hub_send_refused_to_app(app, &(struct wire_refused){ .object = call->target, .status = status });
    else
        hub_call_answer(&app->party, call->id, status);
}

static enum hub_receive forward_call(struct hub_app *app, struct wire_call *call, struct hub_pass *pass,
                                     enum wire_status status)
{
    struct hub_ref *ref = hub_ref_find(app, call->target);
    enum hub_forward verdict = HUB_REFUSED;
    struct hub_target target;

    if (status == WIRE_OK)
        status = find_target(app, ref, &target);
    if (status == WIRE_OK) {
        struct wire_call request = *call;

        hub_app_get_identity(app, &request.identity);
        if (target.party->is_peer)
            request.identity.kind = WIRE_IDENTITY_ASSERTED;
        verdict = hub_call_forward(&app->party, &request, pass, &target, &status, NULL);
    }
    if (verdict == HUB_NO_ROOM) {
        hub_pass_unsend(pass);
        return HUB_WAIT;
    }
    if (verdict == HUB_FORWARDED)
        hub_channel_note_call(ref);
    hub_pass_settle(pass);
    if (verdict == HUB_REFUSED && status == WIRE_PROTOCOL)
        hub_app_violate(app, "call number used twice");
    else if (verdict == HUB_REFUSED)
        refuse_call(app, call, status);
    return HUB_DONE;
}

enum wire_status hub_app_check_fds(const struct hub_app *app, const struct wire_msg *msg)
{
    return msg->n_fds > 0 && !app->party.hub->fds ? WIRE_LIMIT : WIRE_OK;
}

static enum hub_receive receive_call(struct hub_app *app, const struct wire_msg *msg)
{
    struct wire_objects *objects = &app->party.hub->objects_in;
    enum wire_status status;
    struct wire_call call;
    struct hub_pass pass;

    if (wire_call_decode(msg->body, &call, objects) < 0 || call.identity.kind != WIRE_IDENTITY_NONE) {
        hub_app_violate(app, "malformed CALL");
        return HUB_DONE;
    }
    call.n_fds = msg->n_fds;
    status = hub_pass_resolve_from_app(&pass, app, objects);
    if (status == WIRE_OK)
        status = hub_app_check_fds(app, msg);
    if (status == WIRE_OK && call.target == WIRE_HUB && call.n_fds > 0)
        status = WIRE_BAD_REQUEST;
    if (call.target != WIRE_HUB)
        return forward_call(app, &call, &pass, status);
    if (hub_call_find_made(&app->party, call.id))
        hub_app_violate(app, "call number used twice");
    else if (status == WIRE_OK)
        hub_hubcall_receive(app, &call, &pass);
    else
        refuse_call(app, &call, status);
    hub_pass_settle(&pass);
    return HUB_DONE;
}

int32_t hub_app_judge_status(int32_t status)
{
    switch (status) {
    case WIRE_OK:
    case WIRE_UNKNOWN_CODE:
    case WIRE_INTERFACE:
    case WIRE_BAD_REQUEST:
    case WIRE_DENIED:
    case WIRE_AGAIN:
    case WIRE_DEAD_OBJECT:
    case WIRE_FAILED:
    case WIRE_LIMIT: /* its descriptors were lost on the way */
        return status;
    default:
        return WIRE_FAILED;
    }
}

void hub_app_refuse_reply(struct hub_app *app, uint64_t call_id, uint64_t stub_id, enum wire_status status)
{
    sb_log_write(app->party.hub->log, SB_LOG_INFO, "reply refused %s status=%d", app->text, status);
    hub_send_refused_to_app(app, &(struct wire_refused){ .id = call_id, .object = stub_id, .status = status });
}

static enum hub_receive receive_reply(struct hub_app *app, const struct wire_msg *msg)
{
    struct wire_objects *objects = &app->party.hub->objects_in;
    enum hub_forward verdict = HUB_FORWARDED;
    enum wire_status status, rule;
    struct wire_reply reply;
    struct hub_call *call;
    struct hub_pass pass;
    uint64_t stub_id;

    if (wire_reply_decode(msg->body, &reply, objects) < 0 || (reply.status != WIRE_OK && msg->n_fds > 0)) {
        hub_app_violate(app, "malformed REPLY");
        return HUB_DONE;
    }
    reply.n_fds = msg->n_fds;
    status = hub_pass_resolve_from_app(&pass, app, objects);
    if (status == WIRE_OK)
        status = hub_app_check_fds(app, msg);
    call = hub_call_find_served(&app->party, reply.id);
    stub_id = call ? call->target_id : 0;
    if (call && status != WIRE_OK) {
        /* To the caller, DEAD_OBJECT would say that its call did not start. */
        hub_call_fail(call, status == WIRE_DEAD_OBJECT ? WIRE_FAILED : status);
        hub_app_refuse_reply(app, reply.id, stub_id, status);
    } else if (call) {
        reply.status = hub_app_judge_status(reply.status);
        verdict = hub_call_reply(call, &reply, &pass, app->stream, &rule);
        if (verdict == HUB_REFUSED)
            hub_app_refuse_reply(app, reply.id, stub_id, rule);
    }
    if (verdict == HUB_NO_ROOM) {
        hub_pass_unsend(&pass);
        return HUB_WAIT;
    }
    hub_pass_settle(&pass);
    return HUB_DONE;
}

static void receive_cancel(struct hub_app *app, struct wire_bytes body)
{
    struct hub_call *call;
    uint64_t id;

    if (wire_cancel_decode(body, &id) < 0) {
        hub_app_violate(app, "malformed CANCEL");
        return;
    }
    call = hub_call_find_made(&app->party, id);
    if (call)
        hub_call_cancel(call);
}

static void receive_release(struct hub_app *app, struct wire_bytes body)
{
    struct wire_release release;
    struct hub_ref *ref;

    if (wire_release_decode(body, &release) < 0) {
        hub_app_violate(app, "malformed RELEASE");
        return;
    }
    ref = hub_ref_find(app, release.id);
    if (!ref || release.count > ref->n_arrivals) {
        hub_app_violate(app, "gave back what it does not hold");
        return;
    }
    if (release.count == ref->n_arrivals)
        hub_channel_forget_ref(ref, release.after);
    else
        hub_channel_route_again(ref, release.after);
    hub_ref_release(ref, release.count);
}

static void receive_withdraw(struct hub_app *app, struct wire_bytes body)
{
    struct sb_map_entry *entry;
    uint64_t id;

    if (wire_withdraw_decode(body, &id) < 0) {
        hub_app_violate(app, "malformed WITHDRAW");
        return;
    }
    entry = sb_map_find(&app->stubs, &id, sizeof(id));
    if (entry)
        hub_node_die(SB_CONTAINER_OF(entry, struct hub_node, entry), WIRE_DEATH_WITHDRAWN);
}

static enum hub_receive receive(struct hub_app *app, const struct wire_msg *msg)
{
    switch (msg->type) {
    case WIRE_CALL:
        return receive_call(app, msg);
    case WIRE_REPLY:
        return receive_reply(app, msg);
    case WIRE_CANCEL:
        receive_cancel(app, msg->body);
        break;
    case WIRE_RELEASE:
        receive_release(app, msg->body);
        break;
    case WIRE_WITHDRAW:
        receive_withdraw(app, msg->body);
        break;
    case WIRE_GRANT:
        hub_channel_receive_grant(app, msg->body);
        break;
    case WIRE_OFFER:
        hub_restart_receive_offer(app, msg->body);
        break;
    case WIRE_CHANNEL_END:
        hub_channel_receive_end(app, msg->body);
        break;
    case WIRE_DETOUR:
        return hub_detour_receive(app, msg);
    case WIRE_HELLO:
        hub_app_violate(app, "second HELLO");
        break;
    default:
        hub_app_violate(app, "message of a type that apps do not send");
    }
    return HUB_DONE;
}

enum hub_receive hub_app_receive(struct hub_app *app, const struct wire_msg *msg, int *fds)
{
    enum hub_receive result;

    if (app->is_killed)
        return HUB_DONE;
    if (!app->has_greeted) {
        if (msg->type == WIRE_HELLO)
            receive_hello(app, msg->body);
        else
            hub_app_violate(app, "first message is not HELLO");
        return HUB_DONE;
    }
    app->party.hub->fds = fds;
    result = receive(app, msg);
    app->party.hub->fds = NULL;
    set_waiting(app, result == HUB_WAIT);
    return result;
}
