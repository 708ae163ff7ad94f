/* Accounting; see quota.h. */
#include "softbusd/quota.h"

#include "base/list.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of a key in softbusd.conf(5), section [limits]. */
struct kind {
    const char *name, *app_key, *user_key;
};

static const struct kind kinds[HUB_QUOTA_N_KINDS] = {
    [HUB_QUOTA_APPS] = { "apps", "", "apps_per_user" },
    [HUB_QUOTA_BYTES] = { "bytes", "app_queue_bytes", "user_queue_bytes" },
    [HUB_QUOTA_DESCRIPTORS] = { "descriptors", "descriptors_per_app", "descriptors_per_user" },
    [HUB_QUOTA_OBJECTS] = { "objects", "objects", "objects_per_user" },
    [HUB_QUOTA_REFERENCES] = { "references", "references", "references_per_user" },
    [HUB_QUOTA_CALLS] = { "calls", "calls", "calls_per_user" },
    [HUB_QUOTA_SERVICES] = { "services", "services", "services_per_user" },
    [HUB_QUOTA_WATCHES] = { "watches", "watches", "watches_per_user" },
    [HUB_QUOTA_CHANNELS] = { "channels", "channels_per_app", "channels_per_user" },
};

static bool has_uid(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    return memcmp(&SB_CONTAINER_OF(entry, struct hub_quota_user, entry)->uid, key, key_size) == 0;
}

void hub_quota_init(struct hub_quota *quota, struct sb_random *random, const struct hub_quota_limits *limits)
{
    quota->limits = *limits;
    sb_map_init(&quota->users, random, has_uid);
}

void hub_quota_deinit(struct hub_quota *quota)
{
    assert(quota->users.n_entries == 0);
    sb_map_deinit(&quota->users);
}

void hub_quota_set_limits(struct hub_quota *quota, const struct hub_quota_limits *limits)
{
    quota->limits = *limits;
}

struct hub_quota_user *hub_quota_find_user(const struct hub_quota *quota, uint32_t uid)
{
    struct sb_map_entry *entry = sb_map_find(&quota->users, &uid, sizeof(uid));

    return entry ? SB_CONTAINER_OF(entry, struct hub_quota_user, entry) : NULL;
}

static int user_new(struct hub_quota *quota, uint32_t uid, struct hub_quota_user **ret_user)
{
    struct hub_quota_user *user = calloc(1, sizeof(*user));
    int r;

    if (!user)
        return -ENOMEM;
    user->quota = quota;
    user->uid = uid;
    r = sb_map_add(&quota->users, &user->entry, &user->uid, sizeof(user->uid));
    if (r < 0) {
        free(user);
        return r;
    }
    *ret_user = user;
    return 0;
}

static void count_refusal(uint32_t *n)
{
    *n += *n < UINT32_MAX;
}

bool hub_quota_admit(struct hub_quota *quota, uint32_t uid)
{
    struct hub_quota_user *user = hub_quota_find_user(quota, uid);

    if (!user || user->used[HUB_QUOTA_APPS] < quota->limits.user[HUB_QUOTA_APPS])
        return true;
    count_refusal(&user->n_refused[HUB_QUOTA_APPS]);
    return false;
}

int hub_quota_open(struct hub_quota *quota, uint32_t uid, struct hub_quota_account *account)
{
    struct hub_quota_user *user = hub_quota_find_user(quota, uid);
    int r = user ? 0 : user_new(quota, uid, &user);

    if (r < 0)
        return r;
    user->n_accounts++;
    *account = (struct hub_quota_account){ .user = user };
    return 0;
}

void hub_quota_close(struct hub_quota_account *account)
{
    struct hub_quota_user *user = account->user;

    if (!user)
        return;
    for (unsigned kind = 0; kind < HUB_QUOTA_N_KINDS; kind++)
        assert(account->used[kind] == 0);
    account->user = NULL;
    if (--user->n_accounts > 0)
        return;
    for (unsigned kind = 0; kind < HUB_QUOTA_N_KINDS; kind++)
        assert(user->used[kind] == 0 && user->n_holders[kind] == 0);
    sb_map_remove(&user->quota->users, &user->entry);
    free(user);
}

enum hub_quota_verdict hub_quota_check(const struct hub_quota_account *account, enum hub_quota_kind kind, uint32_t amount)
{
    const struct hub_quota_user *user = account->user;
    const struct hub_quota_limits *limits = &user->quota->limits;
    uint64_t held = account->used[kind] + amount, taken = user->used[kind] + amount;
    uint64_t n_holders = user->n_holders[kind] + (account->used[kind] == 0);

    if (held > limits->app[kind])
        return HUB_QUOTA_APP;
    /* Nothing is held of what is not asked for: an app with an empty queue has room even when its user has none. No overflow: fewer
     * than 2^17 apps hold less than 2^32 each. */
    if (held > 0 && (taken > limits->user[kind] || n_holders * held > limits->user[kind] - taken))
        return HUB_QUOTA_USER;
    return HUB_QUOTA_OK;
}

enum hub_quota_verdict hub_quota_charge(struct hub_quota_charge *charge, struct hub_quota_account *account,
                                        enum hub_quota_kind kind, uint32_t amount)
{
    enum hub_quota_verdict verdict = hub_quota_check(account, kind, amount);

    if (verdict == HUB_QUOTA_OK) {
        hub_quota_force(charge, account, kind, amount);
        return HUB_QUOTA_OK;
    }
    count_refusal(&account->n_refused[kind]);
    if (verdict == HUB_QUOTA_USER)
        count_refusal(&account->user->n_refused[kind]);
    return verdict;
}

void hub_quota_force(struct hub_quota_charge *charge, struct hub_quota_account *account, enum hub_quota_kind kind,
                     uint32_t amount)
{
    if (amount == 0)
        return;
    assert(charge->amount == 0 || (charge->account == account && charge->kind == kind));
    assert(amount <= UINT32_MAX - charge->amount);
    account->user->n_holders[kind] += account->used[kind] == 0;
    account->user->used[kind] += amount;
    account->used[kind] += amount;
    charge->account = account;
    charge->kind = kind;
    charge->amount += amount;
}

void hub_quota_refund_part(struct hub_quota_charge *charge, uint32_t amount)
{
    struct hub_quota_account *account = charge->account;

    assert(amount <= charge->amount);
    if (amount == 0)
        return;
    charge->amount -= amount;
    account->used[charge->kind] -= amount;
    account->user->used[charge->kind] -= amount;
    account->user->n_holders[charge->kind] -= account->used[charge->kind] == 0;
    if (charge->amount == 0)
        charge->account = NULL;
}

void hub_quota_refund(struct hub_quota_charge *charge)
{
    hub_quota_refund_part(charge, charge->amount);
}

bool hub_quota_is_hog(const struct hub_quota_account *account, enum hub_quota_kind kind)
{
    const struct hub_quota_user *user = account->user;
    uint64_t limit = user->quota->limits.user[kind];

    return user->used[kind] > limit && account->used[kind] * user->n_holders[kind] > limit;
}

const char *hub_quota_get_name(enum hub_quota_kind kind)
{
    return kinds[kind].name;
}

const char *hub_quota_get_app_key(enum hub_quota_kind kind)
{
    return kinds[kind].app_key;
}

const char *hub_quota_get_user_key(enum hub_quota_kind kind)
{
    return kinds[kind].user_key;
}
