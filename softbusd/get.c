/* SERVICE_GET; see get.h. */
#include "softbusd/get.h"

#include "softbusd/access.h"
#include "softbusd/call.h"
#include "softbusd/pass.h"
#include "softbusd/peer.h"
#include "softbusd/registry.h"
#include "wire/value.h"

#include <stdlib.h>
#include <string.h>

static enum wire_status wait_for(struct hub_app *app, uint64_t caller_id, const struct wire_devid *device,
                                 struct wire_str name)
{
    struct hub_call *call;
    struct hub_getter *getter = malloc(sizeof(*getter) + name.size + 1);
    enum wire_status status;

    if (!getter)
        return WIRE_NO_MEMORY;
    getter->device = *device;
    getter->name_size = name.size;
    memcpy(getter->name, name.text, name.size);
    getter->name[name.size] = '\0';
    status = hub_call_new(&app->party, caller_id, HUB_CALL_GETTER, &call);
    if (status != WIRE_OK) {
        free(getter);
        return status;
    }
    call->getter = getter;
    sb_list_append(&app->party.hub->getters, &call->served_link);
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

static enum wire_status answer_local(struct hub_app *app, uint64_t caller_id, struct hub_node *node)
{
    struct hub *hub = app->party.hub;
    struct wire_writer writer = open_body(hub);
    enum wire_status status;
    struct hub_pass pass;

    wire_value_put_object(&writer, 0);
    if (writer.error < 0)
        return WIRE_NO_MEMORY;
    hub_pass_set(&pass, node);
    status = hub_pass_deliver(&pass, &app->party, &hub->objects_out);
    if (status == WIRE_OK)
        hub_call_answer_data(&app->party, caller_id, get_body(hub), &hub->objects_out);
    hub_pass_settle(&pass);
    return status;
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
    struct hub_service *service;
    enum wire_status status;
    struct hub_peer *peer;

    if (wire_devid_is_equal(device, &hub->self)) {
        status = hub_access_check_look_up(app, name);
        if (status != WIRE_OK)
            return status;
        service = hub_registry_find(hub, name);
        if (service)
            return answer_local(app, caller_id, service->node);
        return may_wait ? wait_for(app, caller_id, device, name) : WIRE_NO_SERVICE;
    }
    peer = hub_peer_find(hub, device);
    if (!peer || !hub_peer_is_trusted(peer))
        return WIRE_NO_DEVICE;
    if (peer->has_session && hub_registry_peer_has(peer, name))
        return ask_peer(app, caller_id, peer, name);
    if (may_wait)
        return wait_for(app, caller_id, device, name);
    return peer->has_session ? WIRE_NO_SERVICE : WIRE_DEVICE_OFFLINE;
}

void hub_get_wake(struct hub *hub, const struct wire_devid *device, struct wire_str name)
{
    struct sb_list ready;
    struct sb_list *link;

    sb_list_init(&ready);
    SB_LIST_FOREACH(waiting, &hub->getters) {
        struct hub_getter *getter = SB_CONTAINER_OF(waiting, struct hub_call, served_link)->getter;

        if (wire_devid_is_equal(&getter->device, device) && getter->name_size == name.size &&
            memcmp(getter->name, name.text, name.size) == 0) {
            sb_list_remove(waiting);
            sb_list_append(&ready, waiting);
        }
    }
    while ((link = sb_list_first(&ready))) {
        struct hub_call *call = SB_CONTAINER_OF(link, struct hub_call, served_link);
        struct hub_app *app = SB_CONTAINER_OF(call->caller, struct hub_app, party);
        uint64_t caller_id = call->caller_id;
        enum wire_status status;

        hub_call_free(call);
        status = hub_get_service(app, caller_id, device, name, true);
        if (status != WIRE_OK)
            hub_call_answer(&app->party, caller_id, status);
    }
}

void hub_get_check_all(struct hub *hub)
{
    SB_LIST_FOREACH(waiting, &hub->getters) {
        struct hub_call *call = SB_CONTAINER_OF(waiting, struct hub_call, served_link);
        struct hub_getter *getter = call->getter;

        if (wire_devid_is_equal(&getter->device, &hub->self) &&
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
