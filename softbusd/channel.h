/*
 * Direct channels: docs/protocol-app.md, "Direct channels". A channel is made for a client and a server, apps of this device, when the
 * client calls a stub of the server often; a grant lets it call one stub there.
 *
 *   client ──▶ channel ◀── server          hub_channel: made and freed here; it goes with the first of the two
 *     ref ───▶ grant ──▶ channel           hub_grant: made and freed here; it goes with its reference, or its channel, and
 *                                          stays while the server has still to answer for it
 *
 * A channel that was closed by one of them stays as a mark that the pair gets no other.
 */
#ifndef HUB_CHANNEL_H
#define HUB_CHANNEL_H

#include "wire/channel.h"
#include "wire/status.h"

#include <stdbool.h>

struct hub_app;
struct hub_channel;
struct hub_ref;
struct sb_map_entry;

/* The reference's app has called a stub of this device through the hub: perhaps from now on without it. */
void hub_channel_note_call(struct hub_ref *ref);

/* From the server: it knows of the grant. */
void hub_channel_receive_grant(struct hub_app *app, struct wire_bytes body);
/* From one of the two: it has closed its end. */
void hub_channel_receive_end(struct hub_app *app, struct wire_bytes body);

/* The app, which is an end of it; NULL: the channel has gone, or is going. */
struct hub_channel *hub_channel_find(struct hub_app *app, uint64_t id);

/* Ends it for both, who may get another. */
void hub_channel_end(struct hub_channel *channel);

/* The app has given arrivals back, after so many numbered messages of the channel, and keeps others: it may have forgotten the route
 * before they came. */
void hub_channel_route_again(struct hub_ref *ref, uint64_t after);

/* The reference ends after so many numbered messages of the channel. */
void hub_channel_forget_ref(struct hub_ref *ref, uint64_t after);
/* Its object is dead: nobody may call it any more. The grant stays, so that its stub's number means nothing else to this client. */
void hub_channel_ref_is_dead(struct hub_ref *ref);
/* The app may not call the object any more. Ends the channel when this was its last grant. */
void hub_channel_revoke_ref(struct hub_ref *ref);

/* Its client may not call what may still be granted on it: ends it for both, who may get another. */
void hub_channel_revoke(struct hub_channel *channel);

/* The app is gone. */
void hub_channel_forget_app(struct hub_app *app);

/* For the map constructors. */
bool hub_channel_has_pair(const struct sb_map_entry *entry, const void *key, size_t key_size);
bool hub_grant_has_stub(const struct sb_map_entry *entry, const void *key, size_t key_size);

#endif
