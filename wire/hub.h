/*
 * The hub as an object: target 0 of a CALL. Requests and replies are parcels of tagged values (wire/value.h).
 * docs/protocol-app.md, "The hub's calls"; docs/protocol-peer.md, "The peer hub's calls".
 */
#ifndef SB_WIRE_HUB_H
#define SB_WIRE_HUB_H

/* Built-in codes that every object answers; the app's own codes are 1 ... WIRE_CODE_APP_MAX. */
#define WIRE_CODE_APP_MAX 0x00ffffff
#define WIRE_CODE_PING 0x01000001      /* request and reply empty */
#define WIRE_CODE_INTERFACE 0x01000002 /* reply: string, the descriptor */
#define WIRE_CODE_DUMP 0x01000003      /* reply: string */

/* SERVICE_GET without waiting is answered within this and the default deadline, though a program has to be started for it: the largest
 * start_timeout of softbusd.service(5). */
#define WIRE_HUB_START_MAX_MS 300000u

/* Codes of the hub for its apps. "device" is a device id text, "" for this device. */
enum wire_hub_code {
    WIRE_HUB_SERVICE_ADD = 1,    /* string name, object stub, bool distributed -> */
    WIRE_HUB_SERVICE_REMOVE,     /* string name -> */
    WIRE_HUB_SERVICE_GET,        /* string device, string name, bool wait -> object */
    WIRE_HUB_SERVICE_LIST,       /* string device -> u32 n, n times (string name, bool distributed, string app, u32 pid) */
    WIRE_HUB_SERVICE_WATCH,      /* string device, object callback -> u32 n, n times string name: those there now */
    WIRE_HUB_DEVICE_LIST,        /* -> u32 n, n times a device entry */
    WIRE_HUB_DEVICE_WATCH,       /* object callback -> as DEVICE_LIST */
    WIRE_HUB_DEVICE_PING,        /* string device -> ; answered by that device's hub */
    WIRE_HUB_LINK_DEATH,         /* u64 handle -> */
    WIRE_HUB_UNLINK_DEATH,       /* u64 handle -> */
    WIRE_HUB_STATUS,             /* -> u32 n, n times (string name, u64 value, string text) */
    WIRE_HUB_TRUST_ADD,          /* string device, string name -> */
    WIRE_HUB_TRUST_REMOVE,       /* string device -> */
    WIRE_HUB_TRUST_LIST,         /* -> u32 n, n times (string device, string name) */
    WIRE_HUB_QUOTA_LIST,         /* -> u32 n, n times (bool of a user, u32 uid, u32 pid, string app, string kind, u64 used, u64 limit,
                                  * u64 refused, string key) */
    WIRE_HUB_CLAIM = 16,         /* u64 origin, u64 stub -> object; after the hub was started again */
};

/* A device entry: string id, string name, u32 enum wire_device_state, bool trusted, string addresses (space-separated),
 * u64 rtt_us, u32 n_services. */
enum wire_device_state {
    WIRE_STATE_OFFLINE = 0, /* trusted or discovered, no session */
    WIRE_STATE_ONLINE = 1,
    WIRE_STATE_SUSPECT = 2, /* heartbeat missed; its session is being resumed */
};

/* One-way codes that the hub sends to callbacks of watches. */
enum wire_event_code {
    WIRE_EVENT_SERVICE = 1, /* string device, string name, bool present */
    WIRE_EVENT_DEVICE = 2,  /* a device entry */
};

/* Codes of a peer's hub. */
enum wire_peer_code {
    WIRE_PEER_SERVICE_GET = 1, /* string name -> object */
    WIRE_PEER_LINK = 2,        /* u64 id of an object of the receiver that is a service -> ; DEATH follows when it dies */
};

#endif
