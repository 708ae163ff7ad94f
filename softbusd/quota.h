/*
 * Who uses how much of the hub, and who may use more: the only place that counts against a limit. Pure.
 *
 *   quota ──▶ user (one per uid) ◀── account (one per app)        limits are per app and per user, of each kind
 *                                       ▲
 *                                     charge, which lies in the resource that was charged for
 *
 * Charge before the resource exists, refund when it is destroyed; closing an account asserts that all was refunded.
 *
 * Inside a user an app may take more as long as what it then holds, times the number of the user's apps that hold any of the kind (itself
 * included), is at most what is then left of the user's limit. One app alone gets half, and the nth of n greedy ones still
 * 1 / n (n + 1) of it: none can leave the others nothing.
 */
#ifndef HUB_QUOTA_H
#define HUB_QUOTA_H

#include "base/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_random;

enum hub_quota_kind {
    HUB_QUOTA_APPS,        /* connections; of users only, and not shared out, because each app is one: see hub_quota_admit() */
    HUB_QUOTA_BYTES,       /* queued for an app that does not read */
    HUB_QUOTA_DESCRIPTORS, /* queued for an app, likewise */
    HUB_QUOTA_OBJECTS,     /* stubs known outside the app */
    HUB_QUOTA_REFERENCES,  /* handles */
    HUB_QUOTA_CALLS,       /* under way, made by the app */
    HUB_QUOTA_SERVICES,
    HUB_QUOTA_WATCHES,
    HUB_QUOTA_CHANNELS,    /* direct channels that the app is an end of */
};
#define HUB_QUOTA_N_KINDS (HUB_QUOTA_CHANNELS + 1)

/* Each is a key of softbusd.conf(5). */
struct hub_quota_limits {
    uint64_t app[HUB_QUOTA_N_KINDS]; /* of APPS: not looked at */
    uint64_t user[HUB_QUOTA_N_KINDS];
};

struct hub_quota {
    struct hub_quota_limits limits;
    struct sb_map users; /* struct hub_quota_user by uid */
};

struct hub_quota_user {
    struct sb_map_entry entry; /* quota->users */
    struct hub_quota *quota;
    uint32_t uid;
    uint32_t n_accounts;
    uint32_t n_holders[HUB_QUOTA_N_KINDS]; /* its apps that hold any */
    uint32_t n_refused[HUB_QUOTA_N_KINDS]; /* for its limit, since its first app came; stays at its maximum */
    uint64_t used[HUB_QUOTA_N_KINDS];
};

struct hub_quota_account {
    struct hub_quota_user *user;
    uint32_t n_refused[HUB_QUOTA_N_KINDS];
    uint64_t used[HUB_QUOTA_N_KINDS];
};

/* All zero: nothing is charged. */
struct hub_quota_charge {
    struct hub_quota_account *account; /* borrowed while something is charged */
    uint32_t kind;
    uint32_t amount;
};

/* Why not. */
enum hub_quota_verdict {
    HUB_QUOTA_OK = 0,
    HUB_QUOTA_APP = 1,  /* the app's own limit */
    HUB_QUOTA_USER = 2, /* its share of what its user has left */
};

/* borrows random for its life. */
void hub_quota_init(struct hub_quota *quota, struct sb_random *random, const struct hub_quota_limits *limits);
void hub_quota_deinit(struct hub_quota *quota); /* all accounts are closed */
void hub_quota_set_limits(struct hub_quota *quota, const struct hub_quota_limits *limits); /* for what comes from now on */

/* Whether the user may have one more app. When not, the refusal is counted. */
bool hub_quota_admit(struct hub_quota *quota, uint32_t uid);

/* An app of this user came. The account is the caller's storage, at one address until it is closed. -ENOMEM */
int hub_quota_open(struct hub_quota *quota, uint32_t uid, struct hub_quota_account *account);
/* Every charge was refunded. Copes with one that is all zero. */
void hub_quota_close(struct hub_quota_account *account);

/* Whether `amount` more would do; 0: whether what it holds already is within the limits. */
enum hub_quota_verdict hub_quota_check(const struct hub_quota_account *account, enum hub_quota_kind kind, uint32_t amount);

/* Adds to the charge, or changes nothing but the number of refusals. A charge that is not empty is of this account and kind. */
enum hub_quota_verdict hub_quota_charge(struct hub_quota_charge *charge, struct hub_quota_account *account,
                                        enum hub_quota_kind kind, uint32_t amount);
/* The same for what cannot be refused (a reply that must reach its caller): over the limit if need be. */
void hub_quota_force(struct hub_quota_charge *charge, struct hub_quota_account *account, enum hub_quota_kind kind,
                     uint32_t amount);

/* Gives a part back, or all. Refunding nothing, or twice, is harmless. */
void hub_quota_refund_part(struct hub_quota_charge *charge, uint32_t amount); /* amount <= charge->amount */
void hub_quota_refund(struct hub_quota_charge *charge);

/* True when the user's apps together are over its limit, and this one has more than an equal part of it: who goes when
 * there is no other way. */
bool hub_quota_is_hog(const struct hub_quota_account *account, enum hub_quota_kind kind);

/* NULL: no app of this user is here. */
struct hub_quota_user *hub_quota_find_user(const struct hub_quota *quota, uint32_t uid);

/* As softbusctl shows it: the kind, and the keys of softbusd.conf(5) that set its limits; "" when there is none. */
const char *hub_quota_get_name(enum hub_quota_kind kind);
const char *hub_quota_get_app_key(enum hub_quota_kind kind);
const char *hub_quota_get_user_key(enum hub_quota_kind kind);

#endif
