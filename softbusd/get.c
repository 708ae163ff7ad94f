/* SERVICE_GET, of apps and of other devices; see get.h. */
#include "softbusd/get.h"

#include "softbusd/access.h"
#include "softbusd/activate.h"
#include "softbusd/call.h"
#include "softbusd/pass.h"
#include "softbusd/peer.h"
#include "softbusd/registry.h"
#include "wire/value.h"

#include <stdlib.h>
#include <string.h>

static enum wire_status wait_for(struct hub_party *caller, uint64_t caller_id, const struct wire_devid *device,
                                 struct wire_str name, bool may_wait)
{
    struct hub_call *call;
    struct hub_getter *getter = malloc(sizeof(*getter) + name.size + 1);
    enum wire_status status;

    if (!getter)
        return WIRE_NO_MEMORY;
    getter->device = *device;
    getter->may_wait = may_wait;
    getter->name_size = name.size;
    memcpy(getter->name, name.text, name.size);
    getter->name[name.size] = '\0';
    status = hub_call_new(caller, caller_id, HUB_CALL_GETTER, &call);
    if (status != WIRE_OK) {
        free(getter);
        return status;
    }
    call->getter = getter;
    sb_list_append(&caller->hub->getters, &call->served_link);
    return WIRE_OK;
}

static struct wire_str get_name(const struct hub_getter *getter)
{
    return (struct wire_str){ .text = getter->name, .size = getter->name_size };
}

static struct wire_writer open_body(struct hub *hub)
{
    struct wire_writer writer;

    hub->body.start = hub->body.length = 0;
    wire_writer_init(&writer, &hub->body);
    return writer;
}

static struct wire_bytes get_body(struct hub *hub)
{
    return (struct wire_bytes){ .data = sb_buf_bytes(&hub->body), .size = hub->body.length };
}

static enum wire_status answer(struct hub_party *caller, uint64_t caller_id, struct hub_node *node)
{
    struct hub *hub = caller->hub;
    struct wire_writer writer = open_body(hub);
    enum wire_status status;
    struct hub_pass pass;

    wire_value_put_object(&writer, 0);
    if (writer.error < 0)
        return WIRE_NO_MEMORY;
    hub_pass_set(&pass, node);
    status = hub_pass_deliver(&pass, caller, &hub->objects_out);
    if (status == WIRE_OK && hub_call_answer_data(caller, caller_id, get_body(hub), &hub->objects_out) < 0)
        hub_pass_undo_delivery(caller, &hub->objects_out);
    hub_pass_settle(&pass);
    return status;
}

/* A service of this device. One whose program is being ended is as good as gone, and its successor is waited for. */
static enum wire_status get_local(struct hub_party *caller, uint64_t caller_id, struct wire_str name, bool may_wait)
{
    struct hub *hub = caller->hub;
    struct hub_service *service = hub_registry_find(hub, name);
    enum wire_status status;

    if (service && !hub_activate_is_ending(hub->activate, name.text, name.size))
        return caller->is_peer && !service->is_distributed ? WIRE_NO_SERVICE : answer(caller, caller_id, service->node);
    status = hub_activate_want(hub->activate, name.text, name.size, caller->is_peer);
    if (status == WIRE_OK || (status == WIRE_NO_SERVICE && may_wait))
        return wait_for(caller, caller_id, &hub->self, name, may_wait);
    return status;
}

enum wire_status hub_get_for_peer(struct hub_peer *peer, uint64_t caller_id, struct wire_str name)
{
    return get_local(&peer->party, caller_id, name, false);
}

static enum wire_status ask_peer(struct hub_app *app, uint64_t caller_id, struct hub_peer *peer, struct wire_str name)
{
    struct hub *hub = app->party.hub;
    struct wire_writer writer = open_body(hub);
    struct hub_target target = { .party = &peer->party, .id = WIRE_HUB };
    struct hub_pass no_pass = { .n = 0 };
    enum wire_status status;

    wire_value_put_str(&writer, name.text, name.size);
    if (writer.error < 0)
        return WIRE_NO_MEMORY;
    if (hub_call_forward(&app->party,
                         &(struct wire_call){ .id = caller_id,
                                              .code = WIRE_PEER_SERVICE_GET,
                                              .identity = { .kind = WIRE_IDENTITY_ASSERTED, .uid = app->credentials.uid },
                                              .data = get_body(hub) },
                         &no_pass, &target, &status, NULL) == HUB_FORWARDED)
        return WIRE_OK;
    return status;
}

enum wire_status hub_get_service(struct hub_app *app, uint64_t caller_id, const struct wire_devid *device,
                                 struct wire_str name, bool may_wait)
{
    struct hub *hub = app->party.hub;
    enum wire_status status;
    struct hub_peer *peer;

    if (wire_devid_is_equal(device, &hub->self)) {
        status = hub_access_check_look_up(app, name);
        return status == WIRE_OK ? get_local(&app->party, caller_id, name, may_wait) : status;
    }
    peer = hub_peer_find(hub, device);
    if (!peer || !hub_peer_is_trusted(peer))
        return WIRE_NO_DEVICE;
    if (peer->has_session && hub_registry_peer_has(peer, name))
        return ask_peer(app, caller_id, peer, name);
    if (may_wait)
        return wait_for(&app->party, caller_id, device, name, true);
    return peer->has_session ? WIRE_NO_SERVICE : WIRE_DEVICE_OFFLINE;
}

static bool is_waiting_for(const struct hub_getter *getter, const struct wire_devid *device, struct wire_str name)
{
    return wire_devid_is_equal(&getter->device, device) && getter->name_size == name.size &&
           memcmp(getter->name, name.text, name.size) == 0;
}

/* Looks it up anew, after the call that waited is gone. */
static void go_on(struct hub_call *call, const struct wire_devid *device, struct wire_str name)
{
    struct hub_party *caller = call->caller;
    bool may_wait = call->getter->may_wait;
    uint64_t caller_id = call->caller_id;
    enum wire_status status;

    hub_call_free(call);
    if (caller->is_peer)
        status = hub_get_for_peer(SB_CONTAINER_OF(caller, struct hub_peer, party), caller_id, name);
    else
        status = hub_get_service(SB_CONTAINER_OF(caller, struct hub_app, party), caller_id, device, name, may_wait);
    if (status != WIRE_OK)
        hub_call_answer(caller, caller_id, status);
}

void hub_get_wake(struct hub *hub, const struct wire_devid *device, struct wire_str name)
{
    struct sb_list ready;
    struct sb_list *link;

    sb_list_init(&ready);
    SB_LIST_FOREACH(waiting, &hub->getters) {
        if (is_waiting_for(SB_CONTAINER_OF(waiting, struct hub_call, served_link)->getter, device, name)) {
            sb_list_remove(waiting);
            sb_list_append(&ready, waiting);
        }
    }
    while ((link = sb_list_first(&ready)))
        go_on(SB_CONTAINER_OF(link, struct hub_call, served_link), device, name);
}

void hub_service_retry(struct hub *hub, const char *name)
{
    hub_get_wake(hub, &hub->self, (struct wire_str){ .text = name, .size = strlen(name) });
}

void hub_service_fail(struct hub *hub, const char *name)
{
    struct wire_str wanted = { .text = name, .size = strlen(name) };

    SB_LIST_FOREACH(waiting, &hub->getters) {
        struct hub_call *call = SB_CONTAINER_OF(waiting, struct hub_call, served_link);

        if (is_waiting_for(call->getter, &hub->self, wanted))
            hub_call_fail(call, WIRE_START);
    }
}

void hub_get_check_all(struct hub *hub)
{
    SB_LIST_FOREACH(waiting, &hub->getters) {
        struct hub_call *call = SB_CONTAINER_OF(waiting, struct hub_call, served_link);
        struct hub_getter *getter = call->getter;

        if (!call->caller->is_peer && wire_devid_is_equal(&getter->device, &hub->self) &&
            hub_access_check_look_up(SB_CONTAINER_OF(call->caller, struct hub_app, party), get_name(getter)) != WIRE_OK)
            hub_call_fail(call, WIRE_DENIED);
    }
}

void hub_get_forget_device(struct hub *hub, const struct wire_devid *device)
{
    SB_LIST_FOREACH(waiting, &hub->getters) {
        struct hub_call *call = SB_CONTAINER_OF(waiting, struct hub_call, served_link);

        if (wire_devid_is_equal(&call->getter->device, device))
            hub_call_fail(call, WIRE_NO_DEVICE);
    }
}
