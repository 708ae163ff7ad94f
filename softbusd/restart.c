/* Apps that outlive their hub; see restart.h. */
#include "softbusd/restart.h"

#include "base/sip.h"
#include "softbusd/access.h"
#include "softbusd/app.h"
#include "softbusd/call.h"
#include "softbusd/node.h"
#include "softbusd/pass.h"
#include "softbusd/send.h"
#include "wire/channel.h"
#include "wire/value.h"

#include <string.h>

/* What a hash is for, so that one never is good for the other. */
enum purpose { PROOF = 1, ORIGIN = 2 };

bool hub_restart_has_origin(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    const struct hub_node *node = SB_CONTAINER_OF(entry, struct hub_node, origin_entry);

    return memcmp(&node->origin, key, key_size) == 0;
}

static uint64_t hash(const struct hub_app *app, enum purpose purpose, uint64_t instance, uint64_t value)
{
    const uint64_t data[] = { purpose, instance, value };

    return sb_sip24(app->party.hub->key, data, sizeof(data));
}

static uint64_t get_proof(const struct hub_app *app, uint64_t instance)
{
    return hash(app, PROOF, instance, (uint64_t)app->credentials.uid << 32 | app->credentials.pid);
}

uint64_t hub_restart_get_origin(const struct hub_app *app, uint64_t stub)
{
    return hash(app, ORIGIN, app->instance, stub);
}

static bool is_taken(const struct hub *hub, uint64_t instance)
{
    SB_LIST_FOREACH(link, &hub->apps) {
        if (SB_CONTAINER_OF(link, struct hub_app, link)->instance == instance)
            return true;
    }
    return false;
}

void hub_restart_greet(struct hub_app *app, const struct wire_hello *hello, struct wire_welcome *welcome)
{
    struct hub *hub = app->party.hub;

    if (hello->instance != 0 && hello->proof == get_proof(app, hello->instance) && !is_taken(hub, hello->instance))
        app->instance = hello->instance;
    else
        app->instance = sb_random_u64(&hub->random);
    welcome->instance = app->instance;
    welcome->proof = get_proof(app, app->instance);
}

static enum wire_status answer(struct hub_app *app, uint64_t caller_id, struct hub_node *node)
{
    struct hub *hub = app->party.hub;
    struct wire_writer writer;
    enum wire_status status;
    struct hub_pass pass;

    hub->body.start = hub->body.length = 0;
    wire_writer_init(&writer, &hub->body);
    wire_value_put_object(&writer, 0);
    if (writer.error < 0)
        return WIRE_NO_MEMORY;
    if (!hub_access_may_claim(app, node))
        return WIRE_DEAD_OBJECT;
    hub_pass_set(&pass, node);
    status = hub_pass_deliver(&pass, &app->party, &hub->objects_out);
    if (status == WIRE_OK && hub->objects_out.items[0].kind == WIRE_OBJECT_PROXY)
        hub_ref_find(app, hub->objects_out.items[0].id)->is_claimed = true;
    if (status == WIRE_OK)
        hub_call_answer_data(&app->party, caller_id,
                             (struct wire_bytes){ .data = sb_buf_bytes(&hub->body), .size = hub->body.length }, &hub->objects_out);
    hub_pass_settle(&pass);
    return status;
}

static struct hub_node *find_offered(struct hub *hub, uint64_t origin, uint64_t stub)
{
    struct sb_map_entry *entry = sb_map_find(&hub->origins, &origin, sizeof(origin));
    struct hub_node *node = entry ? SB_CONTAINER_OF(entry, struct hub_node, origin_entry) : NULL;

    return node && node->id == stub ? node : NULL;
}

static void answer_waiting(struct hub *hub, struct hub_node *node)
{
    SB_LIST_FOREACH(link, &hub->claims) {
        struct hub_call *call = SB_CONTAINER_OF(link, struct hub_call, served_link);
        struct hub_app *app = SB_CONTAINER_OF(call->caller, struct hub_app, party);
        uint64_t caller_id = call->caller_id;
        enum wire_status status;

        if (call->origin != node->origin || call->target_id != node->id)
            continue;
        hub_call_free(call);
        status = answer(app, caller_id, node);
        if (status != WIRE_OK)
            hub_call_answer(&app->party, caller_id, status);
    }
}

void hub_restart_receive_offer(struct hub_app *app, struct wire_bytes body)
{
    struct hub *hub = app->party.hub;
    struct hub_node *node;
    uint64_t stub;

    if (wire_offer_decode(body, &stub) < 0) {
        hub_app_violate(app, "malformed OFFER");
        return;
    }
    if (hub_node_sent_by_app(app, stub, &node) < 0) {
        hub_send_release_to_app(app, &(struct wire_release){ .id = stub, .count = 1 });
        return;
    }
    if (!node->has_origin && sb_map_add(&hub->origins, &node->origin_entry, &node->origin, sizeof(node->origin)) == 0) {
        node->has_origin = true;
        node->is_offered = !hub->is_settled;
        answer_waiting(hub, node);
    }
    hub_node_settle(node);
}

enum wire_status hub_restart_claim(struct hub_app *app, uint64_t caller_id, uint64_t origin, uint64_t stub)
{
    struct hub *hub = app->party.hub;
    struct hub_node *node = find_offered(hub, origin, stub);
    enum wire_status status;
    struct hub_call *call;

    if (node)
        return answer(app, caller_id, node);
    if (hub->is_settled)
        return WIRE_DEAD_OBJECT;
    status = hub_call_new(&app->party, caller_id, HUB_CALL_CLAIM, &call);
    if (status != WIRE_OK)
        return status;
    call->origin = origin;
    call->target_id = stub;
    sb_list_append(&hub->claims, &call->served_link);
    return WIRE_OK;
}

void hub_restart_forget_node(struct hub_node *node)
{
    if (node->has_origin)
        sb_map_remove(&node->hub->origins, &node->origin_entry);
    node->has_origin = node->is_offered = false;
}

void hub_settle(struct hub *hub)
{
    struct sb_map_entry *entry, *next;
    struct sb_list *link;

    hub->is_settled = true;
    while ((link = sb_list_first(&hub->claims)))
        hub_call_fail(SB_CONTAINER_OF(link, struct hub_call, served_link), WIRE_DEAD_OBJECT);
    for (entry = sb_map_next(&hub->origins, NULL); entry; entry = next) {
        struct hub_node *node = SB_CONTAINER_OF(entry, struct hub_node, origin_entry);

        next = sb_map_next(&hub->origins, entry);
        node->is_offered = false;
        hub_node_settle(node);
    }
}
