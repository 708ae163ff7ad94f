/* Reading the files that stand beside the configuration: the policy and the service files. What is wrong with them is logged here. */
#ifndef HUB_LOAD_H
#define HUB_LOAD_H

#include <stddef.h>

struct hub_config;
struct hub_paths;
struct hub_policy;
struct hub_service_file;
struct sb_log;

/* gives a policy, or NULL when there is no file and none was asked for. -EINVAL, -ENAMETOOLONG, -ENOMEM */
int hub_load_policy(const struct hub_paths *paths, const struct hub_config *config, const struct sb_log *log,
                    struct hub_policy **ret_policy);

/* gives an array of the files that are right. -EINVAL: others are not; the array is given all the same. -ENAMETOOLONG, -ENOMEM: it
 * is not. */
int hub_load_services(const struct hub_paths *paths, const struct hub_config *config, const struct sb_log *log,
                      struct hub_service_file ***ret_files, size_t *ret_n);

/* The last step of --check-config, after configuration and policy: reads the service files, and prints what was looked at if they are right.
 * As hub_load_services(). */
int hub_load_check(const struct hub_paths *paths, const struct hub_config *config, const struct hub_policy *policy,
                   const struct sb_log *log);

#endif
