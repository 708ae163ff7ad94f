/* Calls of the hub itself; see hubcall.h. */
#include "softbusd/hubcall.h"

#include "session/trust.h"
#include "softbusd/access.h"
#include "softbusd/activate.h"
#include "softbusd/call.h"
#include "softbusd/get.h"
#include "softbusd/node.h"
#include "softbusd/pass.h"
#include "softbusd/peer.h"
#include "softbusd/quotacall.h"
#include "softbusd/registry.h"
#include "softbusd/restart.h"
#include "softbusd/send.h"
#include "softbusd/service_file.h"
#include "softbusd/trustcall.h"
#include "wire/rules.h"
#include "wire/value.h"

#include <errno.h>
#include <string.h>

/* One call while it is handled. What is written to `reply` is sent when the handler returns WIRE_OK. */
struct request {
    struct hub_app *app;
    struct hub *hub;
    const struct wire_call *call;
    const struct hub_pass *pass;
    struct wire_reader reader;
    struct wire_writer reply;
    bool is_deferred; /* the handler has answered, or will: nothing is sent */
};

typedef enum wire_status (*request_fn)(struct request *request);

/* The device that a request names: "" is this one. */
static enum wire_status get_device(struct request *request, struct wire_devid *ret_id)
{
    struct wire_str text = wire_value_get_str(&request->reader, WIRE_DEVID_TEXT_SIZE);

    if (request->reader.has_failed)
        return WIRE_BAD_REQUEST;
    *ret_id = request->hub->self;
    return text.size == 0 || wire_devid_parse(text.text, ret_id) == 0 ? WIRE_OK : WIRE_BAD_DEVICE_ID;
}

/* The app's own stub that a request carries as its only object. */
static struct hub_node *get_stub(struct request *request)
{
    uint16_t index = wire_value_get_object(&request->reader);

    if (request->reader.has_failed || index >= request->pass->n ||
        request->pass->items[index].node->owner != request->app)
        return NULL;
    return request->pass->items[index].node;
}

/* A list in a reply: entries that do not fit any more are left out whole. */
struct list {
    struct wire_writer *writer;
    size_t count_at, mark;
    uint32_t n;
};

static struct list open_list(struct request *request)
{
    struct list list = { .writer = &request->reply, .count_at = request->hub->reply.length + 1 };

    wire_value_put_u32(list.writer, 0);
    list.mark = request->hub->reply.length;
    return list;
}

static bool add_entry(struct list *list)
{
    struct sb_buf *buf = list->writer->buf;

    if (list->writer->error < 0) {
        list->writer->error = 0;
        buf->length = list->mark;
        return false;
    }
    list->mark = buf->length;
    list->n++;
    wire_store_u32(buf->data + buf->start + list->count_at, list->n);
    return true;
}

static enum wire_status service_add(struct request *request)
{
    struct wire_str name = wire_value_get_str(&request->reader, WIRE_LOCAL_MAX);
    struct hub_node *node = get_stub(request);
    bool is_distributed = wire_value_get_bool(&request->reader);

    if (wire_reader_end(&request->reader) < 0)
        return WIRE_BAD_REQUEST;
    if (!node)
        return WIRE_INVALID;
    if (wire_rules_check_name(name.text, name.size))
        return WIRE_NAME_INVALID;
    if (hub_access_check_own(request->app, name) != WIRE_OK)
        return WIRE_DENIED;
    return hub_registry_add(request->app, name, node, is_distributed);
}

static enum wire_status service_remove(struct request *request)
{
    struct wire_str name = wire_value_get_str(&request->reader, WIRE_LOCAL_MAX);

    if (wire_reader_end(&request->reader) < 0)
        return WIRE_BAD_REQUEST;
    return hub_registry_remove(request->app, name);
}

static enum wire_status service_get(struct request *request)
{
    struct wire_devid device;
    enum wire_status status = get_device(request, &device);
    struct wire_str name = wire_value_get_str(&request->reader, WIRE_LOCAL_MAX);
    bool may_wait = wire_value_get_bool(&request->reader);

    if (status == WIRE_BAD_DEVICE_ID)
        return status;
    if (wire_reader_end(&request->reader) < 0 || request->call->id == 0)
        return WIRE_BAD_REQUEST;
    if (wire_rules_check_name(name.text, name.size))
        return WIRE_NAME_INVALID;
    request->is_deferred = true;
    return hub_get_service(request->app, request->call->id, &device, name, may_wait);
}

/* An entry of SERVICE_LIST. False: the list is full. */
static bool put_service(struct list *list, struct wire_str name, bool is_distributed, const char *app, uint32_t pid)
{
    wire_value_put_str(list->writer, name.text, name.size);
    wire_value_put_bool(list->writer, is_distributed);
    wire_value_put_str(list->writer, app, strlen(app));
    wire_value_put_u32(list->writer, pid);
    return add_entry(list);
}

/* What is there, and then what can be started. */
static void list_local_services(struct request *request)
{
    struct list list = open_list(request);
    struct sb_map_entry *entry = NULL;
    struct hub *hub = request->hub;
    struct hub_startable startable;
    bool has_room = true;

    while (has_room && (entry = sb_map_next(&hub->services, entry))) {
        const struct hub_service *service = SB_CONTAINER_OF(entry, struct hub_service, entry);
        const struct hub_app *owner = service->node->owner;
        struct wire_str name = hub_service_get_name(service);

        if (hub_access_may_look_up(request->app, name))
            has_room = put_service(&list, name, service->is_distributed, owner->name, owner->credentials.pid);
    }
    for (size_t n = 0; has_room && hub_activate_get(hub->activate, n, &startable); n++) {
        struct wire_str name = { .text = startable.name, .size = strlen(startable.name) };

        if (!hub_registry_find(hub, name) && hub_access_may_look_up(request->app, name))
            has_room = put_service(&list, name, startable.file->is_distributed, "", 0);
    }
}

/* The names that a peer announces; with details they are entries of SERVICE_LIST. */
static void list_remote_services(struct request *request, struct hub_peer *peer, bool has_details)
{
    struct list list = open_list(request);
    struct sb_map_entry *entry = NULL;

    while ((entry = sb_map_next(&peer->services, entry))) {
        const struct hub_remote_service *service = SB_CONTAINER_OF(entry, struct hub_remote_service, entry);

        wire_value_put_str(&request->reply, service->name, service->name_size);
        if (has_details) {
            wire_value_put_bool(&request->reply, true);
            wire_value_put_str(&request->reply, "", 0);
            wire_value_put_u32(&request->reply, 0);
        }
        if (!add_entry(&list))
            return;
    }
}

static void list_local_names(struct request *request)
{
    struct list list = open_list(request);
    struct sb_map_entry *entry = NULL;

    while ((entry = sb_map_next(&request->hub->services, entry))) {
        const struct hub_service *service = SB_CONTAINER_OF(entry, struct hub_service, entry);

        if (!hub_access_may_look_up(request->app, hub_service_get_name(service)))
            continue;
        wire_value_put_str(&request->reply, service->name, service->name_size);
        if (!add_entry(&list))
            return;
    }
}

static bool is_self(const struct request *request, const struct wire_devid *device)
{
    return wire_devid_is_equal(device, &request->hub->self);
}

/* The trusted peer that a request names, or NULL. */
static struct hub_peer *get_peer(const struct request *request, const struct wire_devid *device)
{
    struct hub_peer *peer = hub_peer_find(request->hub, device);

    return peer && hub_peer_is_trusted(peer) ? peer : NULL;
}

static enum wire_status service_list(struct request *request)
{
    struct wire_devid device;
    enum wire_status status = get_device(request, &device);
    struct hub_peer *peer;

    if (status == WIRE_OK && wire_reader_end(&request->reader) < 0)
        status = WIRE_BAD_REQUEST;
    if (status != WIRE_OK)
        return status;
    if (is_self(request, &device)) {
        list_local_services(request);
        return WIRE_OK;
    }
    peer = get_peer(request, &device);
    if (!peer)
        return WIRE_NO_DEVICE;
    if (!peer->has_session)
        return WIRE_DEVICE_OFFLINE;
    list_remote_services(request, peer, true);
    return WIRE_OK;
}

static enum wire_status service_watch(struct request *request)
{
    struct wire_devid device;
    enum wire_status status = get_device(request, &device);
    struct hub_node *callback = get_stub(request);
    struct hub_peer *peer = NULL;

    if (status == WIRE_BAD_DEVICE_ID)
        return status;
    if (wire_reader_end(&request->reader) < 0)
        return WIRE_BAD_REQUEST;
    if (!callback)
        return WIRE_INVALID;
    if (!is_self(request, &device)) {
        peer = get_peer(request, &device);
        if (!peer)
            return WIRE_NO_DEVICE;
    }
    status = hub_watch_new(request->app, HUB_WATCH_SERVICES, &device, callback);
    if (status != WIRE_OK)
        return status;
    if (peer)
        list_remote_services(request, peer, false);
    else
        list_local_names(request);
    return WIRE_OK;
}

static enum wire_status device_list(struct request *request)
{
    struct list list = open_list(request);
    struct sb_map_entry *entry = NULL;

    if (wire_reader_end(&request->reader) < 0)
        return WIRE_BAD_REQUEST;
    while ((entry = sb_map_next(&request->hub->peers, entry))) {
        hub_peer_put_entry(SB_CONTAINER_OF(entry, struct hub_peer, entry), &request->reply);
        if (!add_entry(&list))
            break;
    }
    return WIRE_OK;
}

static enum wire_status device_watch(struct request *request)
{
    struct hub_node *callback = get_stub(request);
    enum wire_status status;

    if (wire_reader_end(&request->reader) < 0)
        return WIRE_BAD_REQUEST;
    if (!callback)
        return WIRE_INVALID;
    status = hub_watch_new(request->app, HUB_WATCH_DEVICES, &request->hub->self, callback);
    return status == WIRE_OK ? device_list(request) : status;
}

/* Asks the peer's hub on behalf of the app. body: what the request carries. ret_call as of hub_call_forward(). */
static enum wire_status ask_peer(struct request *request, struct hub_peer *peer, uint32_t code, struct wire_bytes body,
                                 struct hub_call **ret_call)
{
    struct hub_target target = { .party = &peer->party, .id = WIRE_HUB };
    struct hub_pass no_pass = { .n = 0 };
    enum wire_status status;
    struct wire_call call = {
        .id = request->call->id,
        .code = code,
        .deadline_ms = request->call->deadline_ms,
        .trace = request->call->trace,
        .identity = { .kind = WIRE_IDENTITY_ASSERTED, .uid = request->app->credentials.uid },
        .data = body,
    };

    if (hub_call_forward(&request->app->party, &call, &no_pass, &target, &status, ret_call) != HUB_FORWARDED)
        return status;
    request->is_deferred = true;
    return WIRE_OK;
}

static enum wire_status device_ping(struct request *request)
{
    struct wire_devid device;
    enum wire_status status = get_device(request, &device);
    struct hub_peer *peer;

    if (status == WIRE_OK && (wire_reader_end(&request->reader) < 0 || request->call->id == 0))
        status = WIRE_BAD_REQUEST;
    if (status != WIRE_OK || is_self(request, &device))
        return status;
    peer = get_peer(request, &device);
    if (!peer)
        return WIRE_NO_DEVICE;
    if (!peer->has_session)
        return WIRE_DEVICE_OFFLINE;
    return ask_peer(request, peer, WIRE_CODE_PING, (struct wire_bytes){ .size = 0 }, NULL);
}

/* The owner's hub is asked, so that a link never waits for a death that has already happened. */
static enum wire_status link_remote(struct request *request, struct hub_ref *ref)
{
    struct wire_writer writer = request->reply;
    struct hub_call *call;
    enum wire_status status;

    wire_value_put_u64(&writer, ref->node->id);
    if (writer.error < 0)
        return WIRE_NO_MEMORY;
    status = ask_peer(request, ref->node->home, WIRE_PEER_LINK,
                      (struct wire_bytes){ .data = sb_buf_bytes(writer.buf), .size = writer.buf->length }, &call);
    if (status != WIRE_OK)
        return status;
    call->kind = HUB_CALL_LINK;
    call->link_handle = ref->handle;
    return WIRE_OK;
}

static enum wire_status link_death(struct request *request)
{
    struct hub_ref *ref = hub_ref_find(request->app, wire_value_get_u64(&request->reader));
    enum wire_status status;

    if (wire_reader_end(&request->reader) < 0 || request->call->id == 0)
        return WIRE_BAD_REQUEST;
    if (!ref || ref->node->is_dead)
        return WIRE_DEAD_OBJECT;
    status = wire_rules_check_link(ref->node->is_remote, hub_node_is_service(ref->node));
    if (status != WIRE_OK) {
        request->hub->n_refused++;
        return status;
    }
    if (ref->is_linked)
        return WIRE_OK;
    if (ref->node->is_remote)
        return link_remote(request, ref);
    ref->is_linked = true;
    request->app->n_links++;
    request->hub->n_links++;
    return WIRE_OK;
}

static enum wire_status unlink_death(struct request *request)
{
    struct hub_ref *ref = hub_ref_find(request->app, wire_value_get_u64(&request->reader));

    if (wire_reader_end(&request->reader) < 0)
        return WIRE_BAD_REQUEST;
    if (!ref || !ref->is_linked)
        return WIRE_NOT_LINKED;
    ref->is_linked = false;
    request->app->n_links--;
    request->hub->n_links--;
    return WIRE_OK;
}

static void put_status(struct list *list, const char *name, uint64_t value, const char *text)
{
    wire_value_put_str(list->writer, name, strlen(name));
    wire_value_put_u64(list->writer, value);
    wire_value_put_str(list->writer, text ? text : "", text ? strlen(text) : 0);
    add_entry(list);
}

static uint32_t count_sessions(const struct hub *hub)
{
    struct sb_map_entry *entry = NULL;
    uint32_t n = 0;

    while ((entry = sb_map_next(&hub->peers, entry)))
        n += SB_CONTAINER_OF(entry, struct hub_peer, entry)->has_session;
    return n;
}

static enum wire_status status(struct request *request)
{
    struct list list = open_list(request);
    const struct hub *hub = request->hub;
    const char *name, *text;
    uint64_t value;

    if (wire_reader_end(&request->reader) < 0)
        return WIRE_BAD_REQUEST;
    put_status(&list, "device", 0, hub->self_text);
    put_status(&list, "name", 0, hub->name);
    put_status(&list, "apps", hub->n_apps, NULL);
    put_status(&list, "objects", hub->n_nodes, NULL);
    put_status(&list, "references", hub->n_refs, NULL);
    put_status(&list, "exports", hub->n_exports, NULL);
    put_status(&list, "services", hub->services.n_entries, NULL);
    put_status(&list, "calls", hub->calls.n_used, NULL);
    put_status(&list, "channels", hub->n_channels, NULL);
    put_status(&list, "links", hub->n_links, NULL);
    put_status(&list, "watches", hub->n_watches, NULL);
    put_status(&list, "devices", hub->peers.n_entries, NULL);
    put_status(&list, "sessions", count_sessions(hub), NULL);
    put_status(&list, "refused", hub->n_refused, NULL);
    for (unsigned n = 0; text = NULL, hub->ops.status_get(hub->ops.userdata, n, &name, &value, &text); n++)
        put_status(&list, name, value, text);
    return WIRE_OK;
}

static bool may_administer(const struct request *request)
{
    uint32_t uid = request->app->credentials.uid;

    return uid == 0 || uid == request->hub->own.uid;
}

static enum wire_status trust_add(struct request *request)
{
    struct wire_devid device;
    enum wire_status result = get_device(request, &device);
    struct wire_str name = wire_value_get_str(&request->reader, WIRE_LOCAL_MAX);

    if (!may_administer(request))
        return WIRE_DENIED;
    if (result != WIRE_OK)
        return result;
    if (wire_reader_end(&request->reader) < 0)
        return WIRE_BAD_REQUEST;
    return is_self(request, &device) ? WIRE_INVALID : hub_trustcall_add(request->hub, &device, name.text);
}

static enum wire_status trust_remove(struct request *request)
{
    struct wire_devid device;
    enum wire_status result = get_device(request, &device);

    if (!may_administer(request))
        return WIRE_DENIED;
    if (result == WIRE_OK && wire_reader_end(&request->reader) < 0)
        result = WIRE_BAD_REQUEST;
    return result == WIRE_OK ? hub_trustcall_remove(request->hub, &device) : result;
}

static enum wire_status trust_list(struct request *request)
{
    const struct sess_trust *trust = request->hub->trust;
    struct list list = open_list(request);
    char text[WIRE_DEVID_TEXT_SIZE];

    if (!may_administer(request))
        return WIRE_DENIED;
    if (wire_reader_end(&request->reader) < 0)
        return WIRE_BAD_REQUEST;
    for (size_t i = 0; i < trust->n_entries; i++) {
        wire_devid_format(&trust->entries[i].id, text);
        wire_value_put_str(&request->reply, text, strlen(text));
        wire_value_put_str(&request->reply, trust->entries[i].name, strlen(trust->entries[i].name));
        if (!add_entry(&list))
            break;
    }
    return WIRE_OK;
}

static enum wire_status claim(struct request *request)
{
    uint64_t origin = wire_value_get_u64(&request->reader), stub = wire_value_get_u64(&request->reader);

    if (wire_reader_end(&request->reader) < 0 || request->call->id == 0)
        return WIRE_BAD_REQUEST;
    request->is_deferred = true;
    return hub_restart_claim(request->app, request->call->id, origin, stub);
}

static bool add_quota(void *userdata)
{
    return add_entry(userdata);
}

static enum wire_status quota_list(struct request *request)
{
    struct list list = open_list(request);

    if (wire_reader_end(&request->reader) < 0)
        return WIRE_BAD_REQUEST;
    hub_quotacall_put(request->hub, may_administer(request), request->app->credentials.uid, &request->reply, add_quota, &list);
    return WIRE_OK;
}

static enum wire_status ping(struct request *request)
{
    return wire_reader_end(&request->reader) < 0 ? WIRE_BAD_REQUEST : WIRE_OK;
}

static request_fn find_handler(uint32_t code)
{
    static const request_fn handlers[] = {
        [WIRE_HUB_SERVICE_ADD] = service_add,     [WIRE_HUB_SERVICE_REMOVE] = service_remove,
        [WIRE_HUB_SERVICE_GET] = service_get,     [WIRE_HUB_SERVICE_LIST] = service_list,
        [WIRE_HUB_SERVICE_WATCH] = service_watch, [WIRE_HUB_DEVICE_LIST] = device_list,
        [WIRE_HUB_DEVICE_WATCH] = device_watch,   [WIRE_HUB_DEVICE_PING] = device_ping,
        [WIRE_HUB_LINK_DEATH] = link_death,       [WIRE_HUB_UNLINK_DEATH] = unlink_death,
        [WIRE_HUB_STATUS] = status,               [WIRE_HUB_TRUST_ADD] = trust_add,
        [WIRE_HUB_TRUST_REMOVE] = trust_remove,   [WIRE_HUB_TRUST_LIST] = trust_list,
        [WIRE_HUB_QUOTA_LIST] = quota_list,       [WIRE_HUB_CLAIM] = claim,
    };

    if (code == WIRE_CODE_PING)
        return ping;
    return code < sizeof(handlers) / sizeof(handlers[0]) ? handlers[code] : NULL;
}

void hub_hubcall_receive(struct hub_app *app, const struct wire_call *call, const struct hub_pass *pass)
{
    static const struct wire_objects no_objects;
    struct request request = { .app = app, .hub = app->party.hub, .call = call, .pass = pass };
    struct sb_buf *reply = &request.hub->reply;
    request_fn handler = find_handler(call->code);
    enum wire_status result = WIRE_UNKNOWN_CODE;

    if (handler) {
        reply->start = reply->length = 0;
        wire_reader_init(&request.reader, call->data.data, call->data.size);
        wire_writer_init(&request.reply, reply);
        result = handler(&request);
    }
    if (result != WIRE_OK && call->id == 0)
        hub_send_refused_to_app(app, &(struct wire_refused){ .object = WIRE_HUB, .status = result });
    else if (result != WIRE_OK)
        hub_call_answer(&app->party, call->id, result);
    else if (!request.is_deferred && call->id != 0)
        hub_call_answer_data(&app->party, call->id,
                             (struct wire_bytes){ .data = sb_buf_bytes(reply), .size = reply->length }, &no_objects);
}
