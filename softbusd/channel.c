/* Direct channels; see channel.h. What needs the hub on its way is in detour.c. */
#include "softbusd/channel.h"

#include "base/log.h"
#include "softbusd/app.h"
#include "softbusd/send.h"
#include "softbusd/tables.h"

#include <stdlib.h>
#include <string.h>

bool hub_channel_has_pair(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    const struct hub_channel *channel = SB_CONTAINER_OF(entry, struct hub_channel, entry);

    return memcmp(&channel->pair, key, key_size) == 0;
}

bool hub_grant_has_stub(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    const struct hub_grant *grant = SB_CONTAINER_OF(entry, struct hub_grant, entry);

    return memcmp(&grant->key, key, key_size) == 0;
}

static struct hub_channel *find_pair(struct hub *hub, const struct hub_pair *pair)
{
    struct sb_map_entry *entry = sb_map_find(&hub->pairs, pair, sizeof(*pair));

    return entry ? SB_CONTAINER_OF(entry, struct hub_channel, entry) : NULL;
}

static struct hub_grant *find_grant(struct hub *hub, uint64_t channel_id, uint64_t stub)
{
    struct wire_grant key = { .channel = channel_id, .stub = stub };
    struct sb_map_entry *entry = sb_map_find(&hub->grants, &key, sizeof(key));

    return entry ? SB_CONTAINER_OF(entry, struct hub_grant, entry) : NULL;
}

struct hub_channel *hub_channel_find(struct hub_app *app, uint64_t id)
{
    struct hub_channel *channel = sb_idtab_find(&app->party.hub->channels, id);

    return channel && !channel->is_over && (channel->pair.client == app || channel->pair.server == app) ? channel : NULL;
}

/* The client gets its end, or has lost the chance. */
static void stop_pending(struct hub_channel *channel)
{
    if (!channel->is_pending)
        return;
    channel->is_pending = false;
    channel->pair.server->n_pending--;
    if (channel->client_fd >= 0)
        channel->hub->ops.fd_close(channel->hub->ops.userdata, channel->client_fd);
    channel->client_fd = -1;
}

static void grant_free(struct hub_grant *grant)
{
    if (grant->ref)
        grant->ref->grant = NULL;
    sb_map_remove(&grant->channel->hub->grants, &grant->entry);
    sb_list_remove(&grant->link);
    free(grant);
}

/* Ends the channel for both but `silent`, which knows, or is gone. */
static void end(struct hub_channel *channel, const struct hub_app *silent, enum wire_death reason)
{
    const struct wire_channel_end message = { .channel = channel->id, .reason = reason };
    bool client_knows = !channel->is_pending;
    struct sb_list *link;

    if (channel->is_over)
        return;
    stop_pending(channel);
    channel->is_over = true;
    channel->hub->n_channels--;
    while ((link = sb_list_first(&channel->grants)))
        grant_free(SB_CONTAINER_OF(link, struct hub_grant, link));
    if (channel->pair.client != silent && client_knows)
        hub_send_channel_end_to_app(channel->pair.client, &message);
    if (channel->pair.server != silent)
        hub_send_channel_end_to_app(channel->pair.server, &message);
}

static void refund(struct hub_channel *channel)
{
    hub_quota_refund(&channel->used);
    hub_quota_refund(&channel->served);
}

static void channel_free(struct hub_channel *channel)
{
    refund(channel);
    sb_idtab_remove(&channel->hub->channels, channel->id);
    sb_map_remove(&channel->hub->pairs, &channel->entry);
    sb_list_remove(&channel->client_link);
    sb_list_remove(&channel->server_link);
    free(channel);
}

void hub_channel_forget_app(struct hub_app *app)
{
    struct sb_list *link;

    while ((link = sb_list_first(&app->channels_used))) {
        struct hub_channel *channel = SB_CONTAINER_OF(link, struct hub_channel, client_link);

        end(channel, app, WIRE_DEATH_PROCESS_DIED);
        channel_free(channel);
    }
    while ((link = sb_list_first(&app->channels_served))) {
        struct hub_channel *channel = SB_CONTAINER_OF(link, struct hub_channel, server_link);

        end(channel, app, WIRE_DEATH_PROCESS_DIED);
        channel_free(channel);
    }
}

/* --- making --- */

/* Enters a channel in the tables. False: no memory, or too many. */
static bool enter(struct hub_channel *channel)
{
    struct hub *hub = channel->hub;

    if (hub_app_charge(channel->pair.client, HUB_QUOTA_CHANNELS, 1, &channel->used) != HUB_QUOTA_OK ||
        hub_app_charge(channel->pair.server, HUB_QUOTA_CHANNELS, 1, &channel->served) != HUB_QUOTA_OK)
        return false;
    if (sb_idtab_add(&hub->channels, channel, &channel->id) < 0)
        return false;
    if (sb_map_add(&hub->pairs, &channel->entry, &channel->pair, sizeof(channel->pair)) < 0) {
        sb_idtab_remove(&hub->channels, channel->id);
        return false;
    }
    sb_list_append(&channel->pair.client->channels_used, &channel->client_link);
    sb_list_append(&channel->pair.server->channels_served, &channel->server_link);
    hub->n_channels++;
    return true;
}

static void tell(struct hub_channel *channel, struct hub_app *app, struct hub_app *other, enum wire_role role, int *fd)
{
    struct wire_channel message = { .channel = channel->id, .role = role };

    hub_app_get_identity(other, &message.identity);
    hub_send_channel_to_app(app, &message, fd);
    if (*fd >= 0)
        channel->hub->ops.fd_close(channel->hub->ops.userdata, *fd);
    *fd = -1;
}

/* NULL: there can be none now. */
static struct hub_channel *channel_new(struct hub *hub, const struct hub_pair *pair)
{
    struct hub_channel *channel;
    int fds[2];

    if (pair->server->n_pending >= HUB_CHANNELS_PENDING_MAX)
        return NULL;
    channel = calloc(1, sizeof(*channel));
    if (!channel)
        return NULL;
    *channel = (struct hub_channel){ .hub = hub, .pair = *pair, .client_fd = -1 };
    sb_list_init(&channel->grants);
    if (!enter(channel)) {
        refund(channel);
        free(channel);
        return NULL;
    }
    if (hub->ops.channel_make(hub->ops.userdata, fds) < 0) {
        hub->n_channels--;
        channel_free(channel);
        return NULL;
    }
    channel->is_pending = true;
    channel->client_fd = fds[0];
    pair->server->n_pending++;
    tell(channel, pair->server, pair->client, WIRE_ROLE_SERVER, &fds[1]);
    return channel;
}

static struct hub_grant *grant_new(struct hub_channel *channel, uint64_t stub)
{
    struct hub_grant *grant = calloc(1, sizeof(*grant));

    if (!grant)
        return NULL;
    *grant = (struct hub_grant){ .channel = channel, .key = { .channel = channel->id, .stub = stub } };
    if (sb_map_add(&channel->hub->grants, &grant->entry, &grant->key, sizeof(grant->key)) < 0) {
        free(grant);
        return NULL;
    }
    sb_list_append(&channel->grants, &grant->link);
    return grant;
}

/* Asks the server to let the reference's stub be called on the channel. */
static void ask(struct hub_channel *channel, struct hub_ref *ref)
{
    struct hub_grant *grant = find_grant(channel->hub, channel->id, ref->node->id);

    if (grant && grant->ref)
        return; /* the stub's number still means another object to the client, a dead one */
    if (!grant)
        grant = grant_new(channel, ref->node->id);
    if (!grant)
        return;
    grant->ref = ref;
    grant->is_routed = grant->is_dead = false;
    grant->n_unanswered++;
    ref->grant = grant;
    hub_send_grant_to_app(channel->pair.server, &grant->key);
}

static bool is_worth_it(const struct hub_ref *ref)
{
    return ref->n_calls == HUB_ROUTE_AFTER || ref->n_calls % HUB_ROUTE_RETRY == 0;
}

void hub_channel_note_call(struct hub_ref *ref)
{
    struct hub_app *client = ref->app, *server = ref->node->owner;
    const struct hub_pair pair = { .client = client, .server = server };
    struct hub *hub = client->party.hub;
    struct hub_channel *channel;

    ref->n_calls++;
    if (ref->grant || !is_worth_it(ref) || !hub->may_channel || !server)
        return;
    if (!(client->features & server->features & WIRE_FEATURE_CHANNELS) || server->is_killed || hub_send_is_app_full(server))
        return;
    channel = find_pair(hub, &pair);
    if (!channel)
        channel = channel_new(hub, &pair);
    if (channel && !channel->is_over)
        ask(channel, ref);
}

static void send_route(struct hub_ref *ref)
{
    hub_send_route_to_app(ref->app, &(struct wire_route){ .handle = ref->handle,
                                                          .channel = ref->grant->channel->id,
                                                          .stub = ref->grant->key.stub });
}

/* A RELEASE by a client that has not seen its ROUTE, or not the second, says 0; what went before it on the channel still counts. */
static void note_position(struct hub_channel *channel, uint64_t after)
{
    if (after > channel->after)
        channel->after = after;
}

void hub_channel_route_again(struct hub_ref *ref, uint64_t after)
{
    if (!ref->grant || !ref->grant->is_routed || ref->grant->is_dead)
        return;
    note_position(ref->grant->channel, after);
    send_route(ref);
}

/* The server has answered, and there is nothing left that the client could want of it: its end would lie here for nothing. */
static void drop_pending(struct hub_channel *channel)
{
    if (!channel->is_pending || !sb_list_is_empty(&channel->grants))
        return;
    end(channel, NULL, WIRE_DEATH_WITHDRAWN);
    channel_free(channel);
}

static void take_answer(struct hub_grant *grant)
{
    struct hub_channel *channel = grant->channel;

    grant->n_unanswered--;
    if (grant->n_unanswered > 0)
        return; /* the server has still to hear that this one was taken back, and of the next */
    if (!grant->ref) {
        grant_free(grant);
        drop_pending(channel);
        return;
    }
    if (grant->is_dead)
        return;
    if (channel->is_pending) {
        tell(channel, channel->pair.client, channel->pair.server, WIRE_ROLE_CLIENT, &channel->client_fd);
        stop_pending(channel);
    }
    grant->is_routed = true;
    send_route(grant->ref);
}

void hub_channel_receive_grant(struct hub_app *app, struct wire_bytes body)
{
    struct hub_channel *channel;
    struct wire_grant message;
    struct hub_grant *grant;

    if (wire_grant_decode(body, &message) < 0) {
        hub_app_violate(app, "malformed GRANT");
        return;
    }
    channel = hub_channel_find(app, message.channel);
    if (!channel)
        return; /* it has crossed the channel's end */
    grant = find_grant(app->party.hub, message.channel, message.stub);
    if (channel->pair.server != app || !grant || grant->n_unanswered == 0)
        hub_app_violate(app, "granted what it was not asked for");
    else
        take_answer(grant);
}

/* --- the end --- */

static void send_revoke(const struct hub_grant *grant, uint64_t after)
{
    hub_send_revoke_to_app(grant->channel->pair.server, &(struct wire_revoke){ .channel = grant->key.channel,
                                                                               .stub = grant->key.stub,
                                                                               .after = after });
}

static void forget_ref(struct hub_ref *ref, uint64_t after)
{
    struct hub_grant *grant = ref->grant;

    note_position(grant->channel, after);
    if (!grant->is_dead)
        send_revoke(grant, grant->channel->after);
    ref->grant = NULL;
    grant->ref = NULL;
    if (grant->n_unanswered == 0)
        grant_free(grant);
}

void hub_channel_forget_ref(struct hub_ref *ref, uint64_t after)
{
    struct hub_channel *channel = ref->grant ? ref->grant->channel : NULL;

    if (!channel)
        return;
    forget_ref(ref, after);
    drop_pending(channel);
}

void hub_channel_ref_is_dead(struct hub_ref *ref)
{
    if (!ref->grant || ref->grant->is_dead)
        return;
    ref->grant->is_dead = true;
    send_revoke(ref->grant, 0);
}

void hub_channel_revoke_ref(struct hub_ref *ref)
{
    struct hub_channel *channel = ref->grant ? ref->grant->channel : NULL;

    if (!channel)
        return;
    hub_channel_ref_is_dead(ref); /* at once, whatever is on its way */
    forget_ref(ref, 0);
    SB_LIST_FOREACH(link, &channel->grants) {
        if (SB_CONTAINER_OF(link, struct hub_grant, link)->ref)
            return;
    }
    hub_channel_revoke(channel);
}

void hub_channel_revoke(struct hub_channel *channel)
{
    end(channel, NULL, WIRE_DEATH_ACCESS_REVOKED);
    channel_free(channel);
}

void hub_channel_end(struct hub_channel *channel)
{
    sb_log_write(channel->hub->log, SB_LOG_INFO, "channel ended: its server does not keep up client=\"%s\" server=\"%s\"",
                 channel->pair.client->text, channel->pair.server->text);
    end(channel, NULL, WIRE_DEATH_PROCESS_DIED);
    channel_free(channel);
}

void hub_channel_receive_end(struct hub_app *app, struct wire_bytes body)
{
    struct wire_channel_end message;
    struct hub_channel *channel;

    if (wire_channel_end_decode(body, &message) < 0) {
        hub_app_violate(app, "malformed CHANNEL_END");
        return;
    }
    channel = hub_channel_find(app, message.channel);
    if (!channel)
        return; /* the other has closed, too */
    sb_log_write(app->party.hub->log, SB_LOG_INFO, "channel closed by an app client=\"%s\" server=\"%s\" by=%s reason=%u",
                 channel->pair.client->text, channel->pair.server->text,
                 app == channel->pair.client ? "client" : "server", message.reason);
    end(channel, app, (enum wire_death)message.reason);
}
