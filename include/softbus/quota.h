/**
 * @file softbus/quota.h
 * Who uses how much of softbusd, and how much they may.
 *
 * @code
 * struct softbus_quota_info *quotas;
 * size_t n;
 * if (softbus_quota_list(bus, &quotas, &n) == 0) {
 *     for (size_t i = 0; i < n; i++)
 *         if (quotas[i].n_refused > 0)
 *             printf("%s: %s = %" PRIu64 " is too little\n", quotas[i].app, quotas[i].key, quotas[i].limit);
 *     free(quotas);
 * }
 * @endcode
 *
 * Thread rule and common errors as in softbus/registry.h.
 */
#ifndef SOFTBUS_QUOTA_H
#define SOFTBUS_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct softbus;

struct softbus_quota_info {
    bool is_user;       /**< of all apps of the user together; pid is 0 then, and app "" */
    uint32_t uid, pid;  /**< pid is 0 also when softbusd cannot see the process */
    const char *app;    /**< what it calls itself */
    const char *kind;   /**< apps, bytes, descriptors, objects, references, calls, services, watches or channels */
    uint64_t used, limit;
    uint64_t n_refused; /**< times that more was wanted, since the app (or the user's first one) connected; of a user: and that its
                             own limit, or an app's share of it, was the reason */
    const char *key;    /**< what sets the limit: a key of softbusd.conf(5), section [limits] */
};

/** Lists the limits of users, and of each app those of which it uses any or was refused some. Root and softbusd's own user see all,
 * others what is their user's. Gives one block, to be freed with free(). @since 0.1 */
int softbus_quota_list(struct softbus *bus, struct softbus_quota_info **ret_quotas, size_t *ret_n);

#ifdef __cplusplus
}
#endif
#endif
