/*
 * The hub's tables. Every struct here is made and freed in one file, named beside it; the others look and link.
 *
 *   app ──stubs──▶ node ◀──refs── app          a node is an object; its owner is an app here or its home a peer
 *   peer ─imports─▶ node ◀─exports─ peer       refs and exports are who holds it, each with the arrivals counted
 *   party (an app or a peer) ──calls_made──▶ call ◀──calls_served── party
 *   app ──channels_used──▶ channel ◀──channels_served── app, and ref ──▶ grant ──▶ channel: see channel.h
 *
 * A node lives while a ref, an export, a service name or a watch needs it; node.c gives it back to its owner when none does.
 */
#ifndef HUB_TABLES_H
#define HUB_TABLES_H

#include "base/buf.h"
#include "base/idtab.h"
#include "base/list.h"
#include "base/map.h"
#include "base/random.h"
#include "session/trust.h"
#include "softbusd/hub.h"
#include "wire/channel.h"
#include "wire/hub.h"

/* Bounds that are not per app and need no tuning. */
#define HUB_CALLS_MAX (1u << 20)       /* calls under way in all */
#define HUB_PEER_OBJECTS_MAX 65536u    /* exports to, and imports from, one peer */
#define HUB_PEER_CALLS_MAX 4096u       /* calls under way that one peer made */
#define HUB_PEER_SERVICES_MAX 1024u    /* names that one peer announces */
#define HUB_PEERS_MAX 2048u            /* devices known: trusted, found, or both */
#define HUB_CHANNELS_MAX (1u << 20)    /* direct channels, and marks of those that were closed */
#define HUB_SKIPS_MAX 256u             /* DETOURs without a message to a server that does not read */
#define HUB_CHANNELS_PENDING_MAX 8u    /* whose other end waits here for the same server's answer */

#define HUB_ROUTE_AFTER 3   /* calls of a handle through the hub make a direct channel worth it */
#define HUB_ROUTE_RETRY 256 /* and so many are the next attempt */

#define HUB_COOKIE_WAKE UINT64_MAX     /* a message with no call behind it has left: there may be room again */

/* Whoever makes and serves calls. */
struct hub_party {
    struct hub *hub;
    bool is_peer;
    struct sb_map calls_made;    /* struct hub_call by the party's own number */
    struct sb_list calls_served; /* struct hub_call.served_link */
};

struct hub_app { /* app.c */
    struct hub_party party;
    struct sb_list link; /* hub.apps */
    void *conn;
    struct hub_credentials credentials;
    char name[WIRE_NAME_MAX + 1];
    char text[WIRE_NAME_MAX + 48];
    uint32_t stream;        /* the number of this app's stream in every session */
    bool has_greeted, is_killed;
    bool is_waiting;        /* a message of it waits for room somewhere */
    bool is_congested;      /* nobody waits for room in its queue */
    struct sb_map stubs;    /* struct hub_node by the app's stub id */
    struct sb_idtab handles; /* struct hub_ref */
    struct sb_map refs;     /* struct hub_ref by node */
    uint32_t n_links;
    uint32_t features;      /* enum wire_features */
    uint64_t instance;      /* see restart.h */
    uint32_t n_pending;     /* channels for which it has still to answer */
    struct sb_list channels_used, channels_served; /* struct hub_channel.client_link, server_link */
    struct hub_quota_account quota; /* what it uses */
};

struct hub_peer { /* peer.c */
    struct hub_party party;
    struct sb_map_entry entry; /* hub.peers, by id */
    struct wire_devid id;
    char id_text[WIRE_DEVID_TEXT_SIZE];
    char label[WIRE_NAME_MAX + 1]; /* what the device calls itself */
    char *addresses;
    enum wire_device_state state;
    bool has_session;
    bool told_trusted;                   /* what watchers of devices know of its trust: see hub_peer_refresh() */
    char told_name[SESS_TRUST_NAME_MAX + 1];
    struct sb_idtab exports_by_id; /* struct hub_export */
    struct sb_map exports;         /* struct hub_export by node */
    struct sb_map imports;         /* struct hub_node by the peer's export id */
    struct sb_map services;        /* struct hub_remote_service by name */
    uint32_t *blocked_streams;     /* that were told SESS_BUSY */
    size_t n_blocked;
};

struct hub_node { /* node.c */
    struct hub *hub;
    struct hub_app *owner;   /* NULL when remote or dead */
    struct hub_peer *home;   /* NULL when local or dead */
    struct sb_map_entry entry; /* owner->stubs or home->imports */
    struct wire_devid home_id; /* when is_remote */
    uint64_t id;             /* the owner's stub id, or the home's export id */
    struct hub_quota_charge charge; /* its owner's, while it has one */
    uint32_t n_sent;         /* times the owner or home has sent it, not given back yet */
    uint32_t call_stream;    /* of the app that called the remote object last, while it holds it; 0: none has */
    uint64_t origin;         /* of a local one; see restart.h */
    struct sb_map_entry origin_entry; /* hub.origins, while has_origin */
    bool has_origin;         /* it was offered: apps may claim it */
    bool is_offered;         /* and stays for that */
    uint32_t n_pins;         /* transactions being handled right now that carry it; see pass.c */
    bool is_remote, is_dead;
    bool is_remote_service;  /* as its home last said */
    bool is_startable;       /* a program that can be started offers it: who holds it is of interest to activate.c */
    struct sb_list refs;     /* struct hub_ref.node_link */
    struct sb_list exports;  /* struct hub_export.node_link */
    struct sb_list services; /* struct hub_service.node_link */
    struct sb_list watches;  /* struct hub_watch.node_link */
};

struct hub_ref { /* node.c: an app holds a node */
    struct hub_app *app;
    struct hub_node *node;
    struct sb_list node_link;
    struct sb_map_entry entry; /* app->refs */
    struct hub_quota_charge charge;
    uint64_t handle;
    uint32_t n_arrivals;
    uint32_t n_calls; /* through the hub; comes round */
    uint8_t hops;
    bool is_linked; /* to death */
    bool is_claimed; /* after a restart, by its origin: nobody has asked yet whether its app may look it up */
    bool is_revoked; /* the node is the hub's `revoked`, and refs does not have it; see hub_ref_revoke() */
    struct hub_grant *grant; /* NULL: none was asked for */
};

/* A key: without padding, and compared as memory. */
struct hub_pair {
    struct hub_app *client, *server;
};

struct hub_channel { /* channel.c */
    struct hub *hub;
    struct hub_pair pair;
    struct sb_map_entry entry; /* hub.pairs */
    struct sb_list client_link, server_link;
    struct sb_list grants; /* struct hub_grant.link */
    uint64_t id;
    struct hub_quota_charge used, served; /* one of each end */
    int client_fd;   /* while is_pending */
    bool is_pending; /* the client waits for the server's first answer, and knows nothing of it */
    bool is_over;    /* a mark: no messages, no grants */
    uint32_t n_skipped; /* see detour.c */
    uint64_t after;  /* the highest position that a RELEASE has named */
};

struct hub_grant { /* channel.c */
    struct hub_channel *channel;
    struct wire_grant key;
    struct sb_map_entry entry; /* hub.grants */
    struct sb_list link;
    struct hub_ref *ref;   /* NULL: it has gone before the server's answer */
    uint32_t n_unanswered; /* GRANTs sent to the server; what it says to the last of them counts */
    bool is_routed;        /* the client knows */
    bool is_dead;          /* its object is dead: taken back from the server already */
};

struct hub_export { /* node.c: a peer holds a node of ours */
    struct hub_peer *peer;
    struct hub_node *node;
    struct sb_list node_link;
    struct sb_map_entry entry; /* peer->exports */
    uint64_t id;
    uint32_t n_arrivals;
};

struct hub_getter { /* get.c: what a SERVICE_GET waits for */
    struct wire_devid device;
    bool may_wait; /* also when nothing is being started */
    size_t name_size;
    char name[];
};

enum hub_call_kind {
    HUB_CALL_FORWARD, /* the reply goes to the caller */
    HUB_CALL_LINK,    /* a link to the death of a remote service: the reply decides */
    HUB_CALL_GETTER,  /* waits for a service to appear; nobody serves it yet */
    HUB_CALL_CLAIM,   /* waits for an object to be offered; likewise */
};

struct hub_call { /* call.c */
    uint64_t id;
    enum hub_call_kind kind;
    struct hub_party *caller, *callee;
    struct sb_map_entry made_entry; /* caller->calls_made */
    struct sb_list served_link;     /* callee->calls_served, or hub.getters, or hub.claims */
    uint64_t caller_id;
    uint64_t target_id;             /* the callee's number of the object */
    uint32_t stream;                /* to a peer: the request's */
    bool has_left;                  /* to a peer: the whole request was handed to TLS */
    uint64_t link_handle;           /* LINK */
    uint64_t origin;                /* CLAIM; its target_id is the stub */
    struct hub_quota_charge charge; /* the caller's, when it is an app */
    struct hub_getter *getter;      /* GETTER: what it waits for */
};

struct hub_service { /* registry.c */
    struct sb_map_entry entry; /* hub.services, by name */
    struct sb_list node_link;
    struct hub_node *node;
    struct hub_quota_charge charge;
    bool is_distributed;
    size_t name_size;
    char name[];
};

struct hub_remote_service { /* registry.c */
    struct sb_map_entry entry; /* peer->services, by name */
    size_t name_size;
    char name[];
};

enum hub_watch_kind { HUB_WATCH_SERVICES, HUB_WATCH_DEVICES };

struct hub_watch { /* registry.c */
    struct sb_list link; /* hub.watches */
    struct sb_list node_link;
    struct hub_node *callback; /* a stub of the watching app */
    struct hub_app *app;
    struct hub_quota_charge charge;
    enum hub_watch_kind kind;
    struct wire_devid device; /* SERVICES: of which device */
};

struct hub {
    struct hub_ops ops;
    struct hub_quota quota;
    const struct sb_log *log;
    struct sess_trust *trust;
    struct wire_devid self;
    char self_text[WIRE_DEVID_TEXT_SIZE];
    char name[WIRE_NAME_MAX + 1];
    struct hub_credentials own;
    struct hub_policy *policy; /* NULL: everything is allowed */
    struct hub_activate *activate; /* NULL: nothing can be started */
    struct hub_node revoked;   /* dead from the beginning: what the handles of revoked references stand for */
    struct sb_random random;
    struct sb_idtab calls;  /* struct hub_call */
    struct sb_list apps;
    struct sb_map peers;    /* struct hub_peer by id */
    struct sb_map services; /* struct hub_service by name */
    struct sb_list watches;
    struct sb_list getters; /* struct hub_call.served_link */
    struct sb_idtab channels; /* struct hub_channel */
    struct sb_map pairs;    /* struct hub_channel by struct hub_pair */
    struct sb_map grants;   /* struct hub_grant by struct wire_grant */
    struct sb_map origins;  /* struct hub_node by origin */
    struct sb_list claims;  /* struct hub_call.served_link */
    uint64_t key[2];        /* see hub_set_key() */
    bool may_channel, is_settled;
    uint32_t next_stream;
    uint32_t n_apps, n_nodes, n_refs, n_exports, n_watches, n_links;
    uint32_t n_channels; /* without marks */
    uint32_t n_waiting; /* apps */
    uint64_t n_refused; /* transactions that broke a rule */
    int *fds; /* of the app's message that is being handled, lent by hub_app_receive()'s caller; NULL: there are none, or they were lost */
    /* Scratch: what is decoded and encoded in one turn. A function that fills one uses it up before it calls on. */
    struct wire_objects objects_in, objects_out;
    struct sb_buf head, body;
    struct sb_buf reply; /* hubcall.c's alone, while it handles a request: what it calls on fills body */
};

#endif
