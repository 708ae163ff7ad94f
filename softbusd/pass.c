/* Objects on their way through the hub; see pass.h. */
#include "softbusd/pass.h"

#include "softbusd/node.h"
#include "softbusd/send.h"
#include "softbusd/tables.h"
#include "wire/rules.h"

#include <errno.h>

static enum wire_status to_status(int error)
{
    return error == -ENOSPC ? WIRE_LIMIT : WIRE_NO_MEMORY;
}

static void append(struct hub_pass *pass, struct hub_node *node, uint8_t hops, bool is_sent)
{
    node->n_pins++;
    pass->items[pass->n].node = node;
    pass->items[pass->n].hops = hops;
    pass->items[pass->n].is_sent = is_sent;
    pass->n++;
}

enum wire_status hub_pass_resolve_from_app(struct hub_pass *pass, struct hub_app *app, const struct wire_objects *objects)
{
    enum wire_status status = WIRE_OK;

    pass->n = 0;
    for (uint16_t i = 0; i < objects->n; i++) {
        const struct wire_object *object = &objects->items[i];

        if (object->kind == WIRE_OBJECT_STUB) {
            struct hub_node *node;
            int r = hub_node_sent_by_app(app, object->id, &node);

            if (r == 0)
                append(pass, node, 0, true);
            else
                hub_send_release_to_app(app, &(struct wire_release){ .id = object->id, .count = 1 });
            if (r < 0 && status == WIRE_OK)
                status = to_status(r);
        } else {
            struct hub_ref *ref = hub_ref_find(app, object->id);

            if (ref)
                append(pass, ref->node, ref->hops, false);
            else if (status == WIRE_OK)
                status = WIRE_DEAD_OBJECT;
        }
    }
    return status;
}

enum wire_status hub_pass_resolve_from_peer(struct hub_pass *pass, struct hub_peer *peer,
                                            const struct wire_objects *objects)
{
    enum wire_status status = WIRE_OK;

    pass->n = 0;
    for (uint16_t i = 0; i < objects->n; i++) {
        const struct wire_object *object = &objects->items[i];
        struct hub_node *node;
        int r;

        if (object->kind != WIRE_OBJECT_STUB || object->flags & WIRE_OBJECT_REMOTE) {
            status = WIRE_PASSBACK;
            continue;
        }
        r = hub_node_sent_by_peer(peer, object->id, object->flags & WIRE_OBJECT_SERVICE, &node);
        if (r == 0)
            append(pass, node, 0, true);
        else
            hub_send_release_to_peer(peer, 0, &(struct wire_release){ .id = object->id, .count = 1 });
        if (r < 0 && status == WIRE_OK)
            status = to_status(r);
    }
    return status;
}

void hub_pass_set(struct hub_pass *pass, struct hub_node *node)
{
    pass->n = 0;
    append(pass, node, 0, false);
}

enum wire_status hub_pass_check(const struct hub_pass *pass, const struct hub_party *to)
{
    struct wire_destination destination = { .is_remote = to->is_peer };

    if (to->is_peer)
        destination.device = SB_CONTAINER_OF(to, struct hub_peer, party)->id;
    for (uint16_t i = 0; i < pass->n; i++) {
        const struct hub_node *node = pass->items[i].node;
        struct wire_passed passed = { .is_remote = node->is_remote, .home = node->home_id, .hops = pass->items[i].hops };
        enum wire_status status = wire_rules_check_pass(&passed, &destination);

        if (status != WIRE_OK)
            return status;
    }
    return WIRE_OK;
}

/* A reference that a peer sent arrives with hop 0, one that a process of this device passed on with hop 1: rule 4. */
static uint8_t hops_at_receiver(const struct hub_node *node, bool is_sent)
{
    return node->is_remote && !is_sent ? 1 : 0;
}

static int deliver_to_app(struct hub_app *app, struct hub_node *node, bool is_sent, struct wire_object *ret_object)
{
    struct hub_ref *ref;
    int r;

    if (node->owner == app) {
        *ret_object = (struct wire_object){ .kind = WIRE_OBJECT_STUB, .id = node->id };
        return 0;
    }
    r = hub_ref_arrive(app, node, hops_at_receiver(node, is_sent), &ref);
    if (r < 0)
        return r;
    *ret_object = (struct wire_object){
        .kind = WIRE_OBJECT_PROXY,
        .flags = (uint8_t)((node->is_remote ? WIRE_OBJECT_REMOTE : 0) |
                           (hub_node_is_service(node) ? WIRE_OBJECT_SERVICE : 0) |
                           (node->is_remote ? 0 : WIRE_OBJECT_ORIGIN)),
        .hops = ref->hops,
        .id = ref->handle,
        .device = node->home_id,
        .origin = node->origin,
        .stub = node->id,
    };
    return 0;
}

static int deliver_to_peer(struct hub_peer *peer, struct hub_node *node, struct wire_object *ret_object)
{
    struct hub_export *export;
    int r = hub_export_arrive(peer, node, &export);

    if (r < 0)
        return r;
    *ret_object = (struct wire_object){
        .kind = WIRE_OBJECT_STUB,
        .flags = hub_node_is_service(node) ? WIRE_OBJECT_SERVICE : 0,
        .id = export->id,
    };
    return 0;
}

enum wire_status hub_pass_deliver(const struct hub_pass *pass, struct hub_party *to, struct wire_objects *ret_objects)
{
    int r = 0;

    for (ret_objects->n = 0; ret_objects->n < pass->n; ret_objects->n++) {
        struct hub_node *node = pass->items[ret_objects->n].node;
        struct wire_object *object = &ret_objects->items[ret_objects->n];

        if (to->is_peer)
            r = deliver_to_peer(SB_CONTAINER_OF(to, struct hub_peer, party), node, object);
        else
            r = deliver_to_app(SB_CONTAINER_OF(to, struct hub_app, party), node,
                               pass->items[ret_objects->n].is_sent, object);
        if (r < 0)
            break;
    }
    if (r == 0)
        return WIRE_OK;
    hub_pass_undo_delivery(to, ret_objects);
    return to_status(r);
}

void hub_pass_undo_delivery(struct hub_party *to, const struct wire_objects *objects)
{
    for (uint16_t i = 0; i < objects->n; i++) {
        const struct wire_object *object = &objects->items[i];

        if (to->is_peer)
            hub_export_release(hub_export_find(SB_CONTAINER_OF(to, struct hub_peer, party), object->id), 1);
        else if (object->kind == WIRE_OBJECT_PROXY)
            hub_ref_release(hub_ref_find(SB_CONTAINER_OF(to, struct hub_app, party), object->id), 1);
    }
}

void hub_pass_settle(struct hub_pass *pass)
{
    for (uint16_t i = 0; i < pass->n; i++) {
        pass->items[i].node->n_pins--;
        hub_node_settle(pass->items[i].node);
    }
    pass->n = 0;
}

void hub_pass_unsend(struct hub_pass *pass)
{
    for (uint16_t i = 0; i < pass->n; i++) {
        struct hub_node *node = pass->items[i].node;

        node->n_pins--;
        if (pass->items[i].is_sent)
            hub_node_unsent(node);
        else
            hub_node_settle(node);
    }
    pass->n = 0;
}
