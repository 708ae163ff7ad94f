/* Messages on their way out: encoded, and handed to hub_ops. An app that is being killed or closed gets nothing more. */
#ifndef HUB_SEND_H
#define HUB_SEND_H

#include "session/manager_io.h"
#include "wire/channel.h"

struct hub_app;
struct hub_peer;

void hub_send_welcome(struct hub_app *app, const struct wire_welcome *welcome);
void hub_send_call_to_app(struct hub_app *app, const struct wire_call *call, const struct wire_objects *objects);
void hub_send_reply_to_app(struct hub_app *app, const struct wire_reply *reply, const struct wire_objects *objects);
void hub_send_cancel_to_app(struct hub_app *app, uint64_t call_id);
void hub_send_release_to_app(struct hub_app *app, const struct wire_release *release);
void hub_send_death_to_app(struct hub_app *app, const struct wire_death_msg *death);
void hub_send_refused_to_app(struct hub_app *app, const struct wire_refused *refused);
void hub_send_channel_to_app(struct hub_app *app, const struct wire_channel *channel, int *fd); /* lends fd; -1: it was kept */
void hub_send_grant_to_app(struct hub_app *app, const struct wire_grant *grant);
void hub_send_route_to_app(struct hub_app *app, const struct wire_route *route);
void hub_send_revoke_to_app(struct hub_app *app, const struct wire_revoke *revoke);
void hub_send_channel_end_to_app(struct hub_app *app, const struct wire_channel_end *end);
void hub_send_detour_to_app(struct hub_app *app, const struct wire_detour *detour); /* of type 0, whatever it says */
void hub_send_detour_call_to_app(struct hub_app *app, const struct wire_detour *detour, const struct wire_call *call,
                                 const struct wire_objects *objects);
void hub_send_detour_reply_to_app(struct hub_app *app, const struct wire_detour *detour, const struct wire_reply *reply,
                                  const struct wire_objects *objects);

/* A stream of 0 sends as control. -EAGAIN: no room; -ENOTCONN and the like: no session. */
int hub_send_call_to_peer(struct hub_peer *peer, uint32_t stream, uint64_t cookie, const struct wire_call *call,
                          const struct wire_objects *objects);
int hub_send_reply_to_peer(struct hub_peer *peer, uint32_t stream, const struct wire_reply *reply,
                           const struct wire_objects *objects);

/* Control messages. When the session is over they have no one to reach, and no meaning. */
/* stream: the call's. Sent twice, so that it is neither stuck behind calls nor forgotten because it came before its own. */
void hub_send_cancel_to_peer(struct hub_peer *peer, uint32_t stream, uint64_t call_id);
/* stream: where calls of the object may still be on their way, so that it does not pass them; 0: nowhere. */
void hub_send_release_to_peer(struct hub_peer *peer, uint32_t stream, const struct wire_release *release);
void hub_send_death_to_peer(struct hub_peer *peer, const struct wire_death_msg *death);
void hub_send_service_to_peer(struct hub_peer *peer, const struct wire_service *service);

/* True when what is queued for the app has passed its limit, or its share of what its user has left. */
bool hub_send_is_app_full(const struct hub_app *app);

/* False when so many descriptors more would pass its limit, should it not read. */
bool hub_send_has_room_for(const struct hub_app *app, unsigned n_fds);

#endif
