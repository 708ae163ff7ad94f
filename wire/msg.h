/*
 * Messages: what an app and its hub, and two hubs, say to each other. One codec serves both links; who may send what,
 * and what an id means there, is in docs/protocol-app.md ("Messages") and docs/protocol-peer.md ("Messages between devices").
 * Decoding yields views into the input, valid as long as the input is.
 */
#ifndef SB_WIRE_MSG_H
#define SB_WIRE_MSG_H

#include "wire/cursor.h"
#include "wire/devid.h"

#include <stdint.h>

#define WIRE_VERSION_MIN 1
#define WIRE_VERSION_MAX 1

#define WIRE_LOCAL_MAX 204800          /* bytes of parcel data between processes of one device: rule 1 */
#define WIRE_REMOTE_MAX (1024 * 1024)  /* bytes of parcel data between devices */
#define WIRE_OBJECTS_MAX 128           /* objects in one transaction */
#define WIRE_FDS_MAX 32                /* descriptors in one transaction */
#define WIRE_NAME_MAX 63               /* bytes of an app's or device's label */
#define WIRE_SERVICE_NAME_MAX 255      /* bytes of a service's name */
#define WIRE_LABEL_MAX 255             /* bytes of a security label */
#define WIRE_HEADER_SIZE 8
/* Everything of a CALL but its data, in a DETOUR or not: fixed fields, a label, the largest object table. */
#define WIRE_HEAD_MAX (128 + WIRE_LABEL_MAX + WIRE_OBJECTS_MAX * (11 + WIRE_DEVID_SIZE))
#define WIRE_MSG_MAX (WIRE_HEADER_SIZE + WIRE_HEAD_MAX + WIRE_REMOTE_MAX)

#define WIRE_HUB 0 /* the target id of the hub itself; see wire/hub.h */

enum wire_type {
    WIRE_HELLO = 1,
    WIRE_WELCOME,
    WIRE_CALL,
    WIRE_REPLY,
    WIRE_CANCEL,
    WIRE_RELEASE,
    WIRE_WITHDRAW,
    WIRE_DEATH,
    WIRE_REFUSED,
    WIRE_SERVICE,
    WIRE_CHANNEL, /* this and what follows: wire/channel.h */
    WIRE_GRANT,
    WIRE_ROUTE,
    WIRE_REVOKE,
    WIRE_CHANNEL_END,
    WIRE_DETOUR,
    WIRE_SEEK,
    WIRE_OFFER,
};

enum wire_call_flags { WIRE_CALL_ONEWAY = 1, WIRE_CALL_FLAGS_ALL = 1 };

/* Who calls. From an app to its hub: always NONE, the hub knows. */
enum wire_identity_kind {
    WIRE_IDENTITY_NONE = 0,
    WIRE_IDENTITY_LOCAL = 1,    /* pid, uid, gid, label: the kernel's word */
    WIRE_IDENTITY_REMOTE = 2,   /* device: proved by its key; uid: that device's word (hub to app) */
    WIRE_IDENTITY_ASSERTED = 3, /* uid only (hub to hub: the session says which device) */
};

struct wire_identity {
    enum wire_identity_kind kind;
    uint32_t pid, uid, gid;
    struct wire_str label;
    struct wire_devid device;
};

enum wire_object_kind {
    WIRE_OBJECT_STUB = 1,  /* app to hub: my stub; hub to app: your own stub; hub to hub: an object of the sender's device */
    WIRE_OBJECT_PROXY = 2, /* app to hub: my handle; hub to app: your handle; hub to hub: never */
};

enum wire_object_flags {
    WIRE_OBJECT_REMOTE = 1,  /* its stub is on another device, which `device` names (hub to app only) */
    WIRE_OBJECT_SERVICE = 2, /* it is registered under a name */
    WIRE_OBJECT_ORIGIN = 4,  /* `origin` and `stub` are there (a PROXY of a stub of this device, hub to app, has it) */
    WIRE_OBJECT_FLAGS_ALL = 7,
};

struct wire_object {
    enum wire_object_kind kind;
    uint8_t flags, hops; /* hops: 0 or 1; 1: forwarded by another process of this device */
    uint64_t id;
    struct wire_devid device; /* only with WIRE_OBJECT_REMOTE */
    uint64_t origin, stub;    /* only with WIRE_OBJECT_ORIGIN: by which it can be claimed, and the owner's own id of it */
};

struct wire_objects {
    uint16_t n;
    struct wire_object items[WIRE_OBJECTS_MAX];
};

enum wire_features { WIRE_FEATURE_CHANNELS = 1, WIRE_FEATURES_ALL = 1 };

struct wire_hello {
    uint16_t version_min, version_max;
    uint32_t features;
    uint64_t instance, proof; /* from an earlier WELCOME; 0: none */
    struct wire_str name;
};

struct wire_welcome {
    uint16_t version;
    uint32_t local_max, remote_max; /* bytes of parcel data */
    struct wire_devid device;
    struct wire_str device_name;
    uint64_t instance, proof; /* to be said in a later HELLO */
};

/* n_fds of a CALL or REPLY stands in the message's header: encoders write it, decoders of a body leave it 0. */
struct wire_call {
    uint64_t id;     /* the sender's number for it; 0 for one-way */
    uint64_t target; /* the receiver's id of the object */
    uint32_t code, flags;
    uint32_t deadline_ms; /* left when it was sent; 0: one-way */
    uint64_t trace;       /* the same for a call and all that is called on its behalf, on every device */
    struct wire_identity identity;
    struct wire_bytes data;
    uint16_t n_fds;
};

struct wire_reply {
    uint64_t id;
    int32_t status; /* enum wire_status; data and objects are empty unless it is 0 */
    struct wire_bytes data;
    uint16_t n_fds;
};

struct wire_release {
    uint64_t id;
    uint32_t count; /* arrivals given back, >= 1 */
    uint64_t after; /* of a handle with a ROUTE: numbered messages sent on its channel; else 0 */
};

struct wire_death_msg {
    uint64_t id;
    uint32_t reason; /* enum wire_death */
};

struct wire_refused {
    uint64_t id;
    uint64_t object; /* the target of the one-way call, or the stub whose reply was refused */
    int32_t status;
};

struct wire_service {
    uint8_t is_present;
    struct wire_str name;
};

/* One whole message as found in a stream of bytes. */
struct wire_msg {
    uint16_t type;
    uint16_t n_fds; /* descriptors that come with it */
    struct wire_bytes body;
};

/* Looks at the head of a byte stream. 1: a whole message is there, *ret_msg views it and *ret_size is what to consume;
 * 0: more bytes are needed (*ret_size: how many in all, or WIRE_HEADER_SIZE while unknown);
 * -EBADMSG: too short, or a number of descriptors that no message of its type has; -EMSGSIZE: longer than max. */
int wire_msg_scan(const uint8_t *bytes, size_t size, size_t max, struct wire_msg *ret_msg, size_t *ret_size);

/* Decoders of bodies: 0 or -EBADMSG. Ids are not judged here, only form and ranges. */
int wire_hello_decode(struct wire_bytes body, struct wire_hello *ret_hello);
int wire_welcome_decode(struct wire_bytes body, struct wire_welcome *ret_welcome);
int wire_call_decode(struct wire_bytes body, struct wire_call *ret_call, struct wire_objects *ret_objects);
int wire_reply_decode(struct wire_bytes body, struct wire_reply *ret_reply, struct wire_objects *ret_objects);
int wire_cancel_decode(struct wire_bytes body, uint64_t *ret_id);
int wire_release_decode(struct wire_bytes body, struct wire_release *ret_release);
int wire_withdraw_decode(struct wire_bytes body, uint64_t *ret_id);
int wire_death_decode(struct wire_bytes body, struct wire_death_msg *ret_death);
int wire_refused_decode(struct wire_bytes body, struct wire_refused *ret_refused);
int wire_service_decode(struct wire_bytes body, struct wire_service *ret_service);

/* Encoders append one whole message to buf. 0, -ENOBUFS, -ENOMEM, or -EINVAL (text that is not UTF-8); on failure buf is
 * as it was. CALL and REPLY end with their data: the `_head` forms append everything but those bytes, which the caller
 * sends right behind (the length in the header counts them). */
struct sb_buf;
int wire_hello_encode(struct sb_buf *buf, const struct wire_hello *hello);
int wire_welcome_encode(struct sb_buf *buf, const struct wire_welcome *welcome);
int wire_call_encode_head(struct sb_buf *buf, const struct wire_call *call, const struct wire_objects *objects);
int wire_reply_encode_head(struct sb_buf *buf, const struct wire_reply *reply, const struct wire_objects *objects);
int wire_cancel_encode(struct sb_buf *buf, uint64_t id);
int wire_release_encode(struct sb_buf *buf, const struct wire_release *release);
int wire_withdraw_encode(struct sb_buf *buf, uint64_t id);
int wire_death_encode(struct sb_buf *buf, const struct wire_death_msg *death);
int wire_refused_encode(struct sb_buf *buf, const struct wire_refused *refused);
int wire_service_encode(struct sb_buf *buf, const struct wire_service *service);

#endif
