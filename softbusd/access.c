/* The policy at work; see access.h. */
#include "softbusd/access.h"

#include "base/log.h"
#include "softbusd/activate.h"
#include "softbusd/call.h"
#include "softbusd/channel.h"
#include "softbusd/get.h"
#include "softbusd/node.h"
#include "softbusd/policy.h"
#include "softbusd/registry.h"
#include "softbusd/service_file.h"

/* Root owns what it likes anyway. It and the daemon's own user look everything up, so that softbusctl shows it. */
static bool is_above(const struct hub_app *app, enum hub_policy_right right)
{
    uint32_t uid = app->credentials.uid;

    return uid == 0 || (right == HUB_POLICY_LOOKUP && uid == app->party.hub->own.uid);
}

static bool may(const struct hub_policy *policy, const struct hub_app *app, enum hub_policy_right right, struct wire_str name)
{
    return is_above(app, right) || hub_policy_decide(policy, right, &app->credentials, name.text, name.size).is_allowed;
}

bool hub_access_may_look_up(const struct hub_app *app, struct wire_str name)
{
    return may(app->party.hub->policy, app, HUB_POLICY_LOOKUP, name);
}

static void log_denial(const struct hub_app *app, enum hub_policy_right right, struct wire_str name, const char *what)
{
    struct hub *hub = app->party.hub;
    struct hub_policy_verdict verdict = hub_policy_decide(hub->policy, right, &app->credentials, name.text, name.size);
    unsigned n_before;

    if (hub->ops.may_log(hub->ops.userdata, &n_before))
        sb_log_write(hub->log, SB_LOG_WARNING, "%s service=%s %s rule=\"[service %s]\" file=%s line=%u n_others_before=%u", what, name.text,
                     app->text, verdict.pattern, hub_policy_get_file(hub->policy), verdict.line, n_before);
}

enum wire_status hub_access_check_look_up(const struct hub_app *app, struct wire_str name)
{
    if (hub_access_may_look_up(app, name))
        return WIRE_OK;
    log_denial(app, HUB_POLICY_LOOKUP, name, "denied: may not look this service up");
    return WIRE_DENIED;
}

/* A name that a program is started for is its user's, or whoever is faster than the program could take its place. */
static bool is_of_other_user(const struct hub_app *app, struct wire_str name)
{
    struct hub *hub = app->party.hub;
    const struct hub_service_file *file = hub_activate_find(hub->activate, name.text, name.size);
    unsigned n_before;

    if (!file || app->credentials.uid == 0 || app->credentials.uid == file->user.uid)
        return false;
    if (hub->ops.may_log(hub->ops.userdata, &n_before))
        sb_log_write(hub->log, SB_LOG_WARNING, "denied: this name is for a program of another user service=%s %s owner_uid=%u file=%s "
                     "n_others_before=%u", name.text, app->text, file->user.uid, file->path, n_before);
    return true;
}

enum wire_status hub_access_check_own(const struct hub_app *app, struct wire_str name)
{
    if (is_of_other_user(app, name))
        return WIRE_DENIED;
    if (may(app->party.hub->policy, app, HUB_POLICY_OWN, name))
        return WIRE_OK;
    log_denial(app, HUB_POLICY_OWN, name, "denied: may not own this name");
    return WIRE_DENIED;
}

/* --- a new policy --- */

static struct hub_service *next_service(struct hub *hub, struct hub_service *service)
{
    struct sb_map_entry *entry = sb_map_next(&hub->services, service ? &service->entry : NULL);

    return entry ? SB_CONTAINER_OF(entry, struct hub_service, entry) : NULL;
}

/* To watchers, a name that they may see now has appeared, and one that they may not see any more has vanished. */
static void tell_watchers(struct hub *hub, const struct hub_policy *old, const struct hub_service *service)
{
    struct wire_str name = hub_service_get_name(service);

    SB_LIST_FOREACH(link, &hub->watches) {
        struct hub_watch *watch = SB_CONTAINER_OF(link, struct hub_watch, link);
        bool may_now = hub_access_may_look_up(watch->app, name);

        if (watch->kind == HUB_WATCH_SERVICES && wire_devid_is_equal(&watch->device, &hub->self) &&
            may(old, watch->app, HUB_POLICY_LOOKUP, name) != may_now)
            hub_watch_tell(watch, name, may_now);
    }
}

/* An object of several names is there for whoever may look one of them up. */
static bool may_hold(const struct hub_policy *policy, const struct hub_app *app, const struct hub_node *node)
{
    SB_LIST_FOREACH(link, &node->services) {
        const struct hub_service *service = SB_CONTAINER_OF(link, struct hub_service, node_link);

        if (may(policy, app, HUB_POLICY_LOOKUP, hub_service_get_name(service)))
            return true;
    }
    return false;
}

bool hub_access_may_claim(const struct hub_app *app, const struct hub_node *node)
{
    return sb_list_is_empty(&node->services) || may_hold(app->party.hub->policy, app, node);
}

void hub_access_check_claims(struct hub_node *node, struct wire_str name)
{
    SB_LIST_FOREACH(link, &node->refs) {
        struct hub_ref *ref = SB_CONTAINER_OF(link, struct hub_ref, node_link);

        if (!ref->is_claimed || hub_access_may_claim(ref->app, node))
            continue;
        log_denial(ref->app, HUB_POLICY_LOOKUP, name, "revoked: may not look this service up any more");
        hub_ref_revoke(ref, WIRE_DEATH_ACCESS_REVOKED);
    }
}

/* Only what was taken away: a reference of an app that could not look the service up before was handed to it by another app. */
static void revoke_refs(struct hub *hub, const struct hub_policy *old, struct hub_service *service)
{
    struct hub_node *node = service->node;

    SB_LIST_FOREACH(link, &node->refs) {
        struct hub_ref *ref = SB_CONTAINER_OF(link, struct hub_ref, node_link);

        if (!may_hold(old, ref->app, node) || may_hold(hub->policy, ref->app, node))
            continue;
        log_denial(ref->app, HUB_POLICY_LOOKUP, hub_service_get_name(service), "revoked: may not look this service up any more");
        hub_ref_revoke(ref, WIRE_DEATH_ACCESS_REVOKED);
    }
}

static bool holds(const struct hub_app *app, const struct hub_node *node)
{
    SB_LIST_FOREACH(link, &node->refs) {
        if (SB_CONTAINER_OF(link, struct hub_ref, node_link)->app == app)
            return true;
    }
    return false;
}

/* A reference that was given back may leave its grant open until its channel has come as far as the app said; who may not look the
 * service up any more has no such time. */
static void end_channels(struct hub *hub, const struct hub_policy *old, const struct hub_service *service)
{
    const struct hub_node *node = service->node;

    SB_LIST_FOREACH(link, &node->owner->channels_served) {
        struct hub_channel *channel = SB_CONTAINER_OF(link, struct hub_channel, server_link);
        const struct hub_app *client = channel->pair.client;

        if (!channel->is_over && may_hold(old, client, node) && !may_hold(hub->policy, client, node) && !holds(client, node))
            hub_channel_revoke(channel);
    }
}

static void withdraw_names(struct hub *hub)
{
    struct hub_service *next;

    for (struct hub_service *service = next_service(hub, NULL); service; service = next) {
        struct wire_str name = hub_service_get_name(service);
        const struct hub_app *owner = service->node->owner;

        next = next_service(hub, service);
        if (may(hub->policy, owner, HUB_POLICY_OWN, name))
            continue;
        log_denial(owner, HUB_POLICY_OWN, name, "withdrawn: may not own this name any more");
        hub_registry_withdraw(service, WIRE_DEATH_ACCESS_REVOKED);
    }
}

void hub_set_policy(struct hub *hub, struct hub_policy *policy)
{
    struct hub_policy *old = hub->policy;

    hub->policy = policy;
    hub_get_check_all(hub);
    for (struct hub_service *service = next_service(hub, NULL); service; service = next_service(hub, service)) {
        tell_watchers(hub, old, service);
        end_channels(hub, old, service);
        revoke_refs(hub, old, service);
    }
    withdraw_names(hub);
    hub_policy_free(old);
}
