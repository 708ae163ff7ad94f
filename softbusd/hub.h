/*
 * The hub: every table of the daemon, and the one place that decides who may hold, pass, call and see what. Pure: it knows no socket,
 * no loop and no clock. Input and output code (apps_io, peers_io, main) tells it what happened, by the functions
 * below, and carries out what it asks for, by struct hub_ops. One thread.
 *
 * Nothing here calls back into the function that is running: ops may queue, mark and schedule, and must not call the
 * hub before they return.
 */
#ifndef HUB_HUB_H
#define HUB_HUB_H

#include "session/manager_io.h"
#include "softbusd/quota.h"
#include "wire/msg.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub;
struct hub_activate;
struct hub_app;
struct hub_policy;
struct sb_log;
struct sess_trust;

#define HUB_GROUPS_MAX 64

/* What the kernel said about an app when it connected. */
struct hub_credentials {
    uint32_t pid, uid, gid;
    uint32_t groups[HUB_GROUPS_MAX]; /* the supplementary ones; those beyond give no rights */
    uint32_t n_groups;
    char label[WIRE_LABEL_MAX + 1];
};

/* What the hub asks of the outside. */
struct hub_ops {
    void *userdata;

    /* Sends one message, head and data (may be empty) joined, with n descriptors, or queues what the socket does not take. All
     * are lent; in the place of a descriptor that it keeps it puts -1. */
    void (*app_send)(void *conn, const uint8_t *head, size_t head_size, const uint8_t *data, size_t data_size, int *fds,
                     unsigned n);
    /* The app broke the protocol, or a limit for good: close it at the end of the turn (then hub_app_close). `why` is lent. */
    void (*app_kill)(void *conn, const char *why);
    /* Two connected stream sockets for a direct channel; the hub's until it sends them or closes them with fd_close. -errno */
    int (*channel_make)(void *userdata, int ret_fds[2]);
    void (*fd_close)(void *userdata, int fd);
    /* A message that hub_app_receive() answered with HUB_WAIT may be offered again, at the end of the turn. */
    void (*app_resume)(void *conn);

    /* As sess_manager_send() and its neighbours. */
    int (*peer_send)(void *userdata, const struct wire_devid *id, enum sess_class class, uint32_t stream,
                     uint64_t cookie, const uint8_t *data, size_t size);
    void (*peer_unblock)(void *userdata, const struct wire_devid *id, uint32_t stream);
    void (*peer_end_stream)(void *userdata, const struct wire_devid *id, uint32_t stream);
    int (*peer_get_stats)(void *userdata, const struct wire_devid *id, struct sess_peer_stats *ret_stats);

    /* The trust store in memory has changed: write it. -errno: it could not be written; the hub takes the change back. */
    int (*trust_save)(void *userdata);
    /* It is written: sessions of keys that are gone must end (hub_peer_over comes from inside this one call), new ones are dialled. */
    void (*trust_apply)(void *userdata);

    /* More lines for STATUS, called n = 0, 1, … until it returns false; text may stay NULL (the value counts). Both lent
     * until the next call. */
    bool (*status_get)(void *userdata, unsigned n, const char **ret_name, uint64_t *ret_value, const char **ret_text);

    /* False: apps have caused enough lines in the log for now. *ret_n_before: how many were left out before this one. */
    bool (*may_log)(void *userdata, unsigned *ret_n_before);
};

/* borrows log and trust for the hub's life; copies the rest. own: of the daemon, whose user may administer, as root may.
 * -ENOMEM */
int hub_new(const struct hub_ops *ops, const struct hub_quota_limits *limits, const struct sb_log *log,
            struct sess_trust *trust, const struct wire_devid *self, const char *name,
            const struct hub_credentials *own, struct hub **ret_hub);
struct hub *hub_free(struct hub *hub); /* all apps closed and sessions over before */
void hub_set_limits(struct hub *hub, const struct hub_quota_limits *limits); /* for what comes from now on */

struct hub_quota *hub_get_quota(struct hub *hub);

/* borrows activate, until it is given NULL. Without one nothing is started. */
void hub_set_activate(struct hub *hub, struct hub_activate *activate);
/* For struct hub_activate_ops; see there. */
bool hub_service_is_there(struct hub *hub, const char *name);
bool hub_service_is_used(struct hub *hub, const char *name);
void hub_service_retry(struct hub *hub, const char *name);
void hub_service_fail(struct hub *hub, const char *name);
void hub_service_show(struct hub *hub, const char *name, bool is_startable);

/* takes policy; NULL allows everything. What it takes away from apps ends at once: names, look-ups that wait, references. */
void hub_set_policy(struct hub *hub, struct hub_policy *policy);

/* The key of what apps say about their life before this hub: docs/protocol-app.md, "A hub that restarts". At first a random one, which
 * knows nobody. To be said before the first app comes. */
void hub_set_key(struct hub *hub, const uint64_t key[2]);

/* HUB_CLAIM_MS have passed since the hub was started: nobody waits any longer for what apps had before. */
#define HUB_CLAIM_MS 5000
void hub_settle(struct hub *hub);

/* Whether apps may get direct channels from now on; at first not. */
void hub_set_channels(struct hub *hub, bool may_channel);

/* An app connected. conn is what ops get; name is "" until HELLO. -ENOMEM */
int hub_app_open(struct hub *hub, void *conn, const struct hub_credentials *credentials, struct hub_app **ret_app);

enum hub_receive {
    HUB_DONE = 0,
    HUB_WAIT = 1, /* keep the message, read nothing more from this app until ops->app_resume */
};
/* One whole message from the app, with its msg->n_fds descriptors; fds may be NULL: they were lost. Both are lent; in the places of
 * descriptors that are kept -1 is put. After app_kill was asked for, everything is HUB_DONE and ignored. */
enum hub_receive hub_app_receive(struct hub_app *app, const struct wire_msg *msg, int *fds);

/* The app's queue has been over its limit for a while: nobody of this device waits for room in it any more, one-way calls are
 * refused with AGAIN until it has drained. To be said as often as one likes. */
void hub_app_congested(struct hub_app *app);

/* What was queued for the app is now below half of its limit, or nothing. */
void hub_app_drained(struct hub_app *app);

/* Where what is queued for the app is charged; all of it is refunded before hub_app_close(). Lent until then. */
struct hub_quota_account *hub_app_get_account(struct hub_app *app);

/* The app is gone: its objects die, its references and calls end. Frees app. */
void hub_app_close(struct hub_app *app);

/* For log lines: name, pid and uid as one word; lent until the app is closed. */
const char *hub_app_get_text(const struct hub_app *app);

/* From the session manager. */
void hub_peer_up(struct hub *hub, const struct wire_devid *id, const char *name);
void hub_peer_suspect(struct hub *hub, const struct wire_devid *id);
void hub_peer_online(struct hub *hub, const struct wire_devid *id);
void hub_peer_over(struct hub *hub, const struct wire_devid *id, enum sess_end why);
enum sess_verdict hub_peer_receive(struct hub *hub, const struct wire_devid *id, uint32_t stream, const uint8_t *data,
                                   size_t size);
void hub_peer_sent(struct hub *hub, const struct wire_devid *id, uint64_t cookie);

/* From discovery: the device's addresses as text, separated by spaces; "": none is known any more. True: it had none before. */
bool hub_peer_set_addresses(struct hub *hub, const struct wire_devid *id, const char *addresses);

/* After the trust store was read again (reload): labels and trust of devices are looked at anew. */
void hub_trust_reloaded(struct hub *hub);

#endif
