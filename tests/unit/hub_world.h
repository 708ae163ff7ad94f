/*
 * Several devices in one process and one thread: each a real hub, whose apps and sessions are queues in memory. Nothing moves by
 * itself: a test says which message goes next, so that any order that the protocol allows can be had. No socket, no clock.
 */
#ifndef TESTS_HUB_WORLD_H
#define TESTS_HUB_WORLD_H

#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "session/trust.h"
#include "softbusd/hub.h"
#include "softbusd/tables.h"
#include "wire/channel.h"
#include "wire/hub.h"
#include "wire/status.h"

#define WORLD_DEVICES 3

/* A message that a hub sent to an app, decoded; the views are into bytes. */
struct world_msg {
    struct sb_list link;
    uint16_t type;
    uint16_t n_fds;
    int fds[WIRE_FDS_MAX]; /* numbers, not descriptors */
    struct wire_call call;
    struct wire_reply reply;
    struct wire_objects objects;
    uint64_t id; /* of CANCEL */
    struct wire_channel channel;
    struct wire_grant grant;
    struct wire_route route;
    struct wire_revoke revoke;
    struct wire_channel_end end;
    struct wire_detour detour; /* its message is in call or reply, and objects */
    struct wire_release release;
    struct wire_death_msg death;
    struct wire_refused refused;
    struct wire_welcome welcome;
    uint8_t bytes[];
};

struct world_app {
    struct sb_list link; /* device.apps, until it is closed */
    struct world_device *device;
    struct hub_app *hub_app; /* NULL: closed */
    struct sb_list inbox, taken;
    struct hub_quota_charge queued; /* what the app has not read: world_set_queued() */
    uint64_t last_call;
    bool is_killed, may_resume;
    uint8_t *waiting;        /* the message that the hub answered with HUB_WAIT */
    size_t waiting_size;
    char why[128];           /* it was killed */
    uint16_t n_fds_next;     /* its next CALL or REPLY takes along this many of the next */
    int fds[WIRE_FDS_MAX];   /* numbers for descriptors; the hub puts -1 where it keeps one */
    bool has_lost_fds;       /* the hub is told that they did not come */
    void *userdata;
};

/* One way between two devices: what one hub has sent and the other has not got yet. */
struct world_frame {
    struct sb_list link;
    uint32_t stream;
    uint64_t cookie;
    size_t size;
    bool has_left; /* `sent` was said */
    uint8_t bytes[];
};

struct world_way {
    struct sb_list frames;
    int error;            /* what peer_send says instead of taking it */
    uint32_t blocked[64]; /* streams that the receiver was busy for */
    size_t n_blocked;
};

struct world_device {
    struct world *world;
    unsigned index;
    struct hub *hub;
    struct hub_quota_limits limits;
    struct sess_trust trust;
    struct wire_devid id;
    char id_text[WIRE_DEVID_TEXT_SIZE];
    struct sb_list apps;
    struct world_way out[WORLD_DEVICES];
    bool is_up[WORLD_DEVICES]; /* its half of the session */
    int save_error;
    int channel_error;    /* what channel_make says */
    unsigned n_fds;       /* numbers for descriptors that the hub has to send or to close */
    unsigned n_violations, n_saves;
};

struct world {
    struct sb_log log;
    struct world_device devices[WORLD_DEVICES];
};

/* All devices trust each other and have sessions. */
void world_init(struct world *world);
/* Closes apps and sessions, and fails the test unless every table is empty. */
void world_deinit(struct world *world);

/* Every counter of the device is zero. */
void world_check_empty(const struct world_device *device);

void world_connect(struct world *world, unsigned a, unsigned b);
/* Both sides are told; what was under way is gone. */
void world_disconnect(struct world *world, unsigned a, unsigned b, enum sess_end why);

/* Says `sent` for everything on the way. */
void world_leave(struct world *world, unsigned from, unsigned to);
/* Delivers the first message of the stream; false: there is none, or the receiver is busy. */
bool world_deliver(struct world *world, unsigned from, unsigned to, uint32_t stream);
/* The stream of the nth message on the way; false: there is none. */
bool world_get_stream(struct world *world, unsigned from, unsigned to, unsigned n, uint32_t *ret_stream);
/* Delivers everything, control first, until nothing moves. */
void world_run(struct world *world);
/* A message of the test's own from a device that keeps no rules. */
enum sess_verdict world_inject(struct world *world, unsigned from, unsigned to, uint32_t stream, const struct sb_buf *msg);

/* A process that has said HELLO; it takes direct channels, but for its device to make any hub_set_channels() must be said. */
struct world_app *world_app_new(struct world *world, unsigned device, const char *name, uint32_t uid);
/* One that has not; its first message is the test's. */
struct world_app *world_app_connect(struct world *world, unsigned device, uint32_t uid);
/* From now on the app has so many bytes queued. */
void world_set_queued(struct world_app *app, uint32_t bytes);
/* The process ends, and is freed. */
void world_app_close(struct world_app *app);

enum hub_receive world_app_send(struct world_app *app, const struct sb_buf *msg);
/* Offers the message that waits again. */
enum hub_receive world_app_resume(struct world_app *app);
enum hub_receive world_app_send_bytes(struct world_app *app, const uint8_t *bytes, size_t size);

/* Objects of a message. */
struct wire_object world_stub(uint64_t id);
struct wire_object world_proxy(uint64_t handle);

/* Calls; id 0 in the result of a one-way call. size bytes of data are zeros. ret_result may be NULL. */
uint64_t world_call_full(struct world_app *app, uint64_t id, uint64_t target, uint32_t code, bool is_oneway,
                         struct wire_bytes data, const struct wire_object *objects, uint16_t n, enum hub_receive *ret_result);
uint64_t world_call(struct world_app *app, uint64_t target, size_t size, const struct wire_object *objects, uint16_t n);
enum hub_receive world_oneway(struct world_app *app, uint64_t target, size_t size, const struct wire_object *objects,
                              uint16_t n);
enum hub_receive world_reply(struct world_app *app, uint64_t id, int32_t status, size_t size,
                             const struct wire_object *objects, uint16_t n);
enum hub_receive world_reply_full(struct world_app *app, uint64_t id, int32_t status, struct wire_bytes data,
                                  const struct wire_object *objects, uint16_t n);
void world_cancel(struct world_app *app, uint64_t id);
void world_release(struct world_app *app, uint64_t handle, uint32_t count);
void world_release_after(struct world_app *app, uint64_t handle, uint32_t count, uint64_t after);
void world_withdraw(struct world_app *app, uint64_t id);

/* Channels; id 0: one-way. */
enum hub_receive world_grant(struct world_app *app, const struct wire_grant *grant);
void world_channel_end(struct world_app *app, uint64_t channel);
enum hub_receive world_detour(struct world_app *app, uint64_t channel, uint64_t position);
enum hub_receive world_detour_call(struct world_app *app, uint64_t channel, uint64_t position, uint64_t id, uint64_t target,
                                   struct wire_bytes data, const struct wire_object *objects, uint16_t n);
enum hub_receive world_detour_reply(struct world_app *app, uint64_t channel, uint64_t id, int32_t status, struct wire_bytes data,
                                    const struct wire_object *objects, uint16_t n);

/* A call of the hub; format: s string, u u64, b bool, o object index, in the order of the arguments. */
uint64_t world_ask(struct world_app *app, uint32_t code, const struct wire_object *object, const char *format, ...);
/* The same, run to its end. */
enum wire_status world_do(struct world_app *app, uint32_t code, const struct wire_object *object, const char *format, ...);

/* The app's first message of that type, which must be there; lent until the app is closed. */
struct world_msg *world_take(struct world_app *app, enum wire_type type);
/* The same for its reply to that call. */
struct world_msg *world_take_reply(struct world_app *app, uint64_t id);
enum wire_status world_take_status(struct world_app *app, uint64_t id);
bool world_has(const struct world_app *app, enum wire_type type);
bool world_is_quiet(const struct world_app *app); /* nothing in its inbox */
void world_forget(struct world_app *app);         /* empties its inbox */

/* Registers stub `id` of one app and looks it up from another: the handle there. */
void world_serve(struct world_app *owner, uint64_t stub, const char *name, bool is_distributed);
uint64_t world_get(struct world_app *app, unsigned device, const char *name);
/* Hands an object to an app that offers a service: makes `giver` send it in a one-way call of `taker`'s stub. */
uint64_t world_give(struct world_app *giver, struct world_app *taker, const char *name, struct wire_object object);

#endif
