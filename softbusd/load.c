/* The policy and the service files; see load.h. */
#include "softbusd/load.h"

#include "base/log.h"
#include "softbusd/config.h"
#include "softbusd/names.h"
#include "softbusd/paths.h"
#include "softbusd/policy.h"
#include "softbusd/service_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void report(void *userdata, const char *line)
{
    sb_log_write(userdata, SB_LOG_ERROR, "%s", line);
}

/* What the configuration says, or else what stands beside it. */
static int find(const struct hub_paths *paths, const char *configured, const char *name, const struct sb_log *log,
                char path[HUB_PATHS_MAX])
{
    char error_text[HUB_PATHS_MAX + 128];
    int r = 0;

    if (*configured)
        snprintf(path, HUB_PATHS_MAX, "%s", configured);
    else
        r = hub_paths_find_beside(paths, name, path, error_text, sizeof(error_text));
    if (r < 0)
        sb_log_write(log, SB_LOG_ERROR, "%s", error_text);
    return r;
}

int hub_load_policy(const struct hub_paths *paths, const struct hub_config *config, const struct sb_log *log,
                    struct hub_policy **ret_policy)
{
    char path[HUB_PATHS_MAX];
    int r = find(paths, config->policy, "softbusd.policy", log, path);

    if (r == 0)
        r = hub_policy_read(path, !*config->policy, hub_names_get(), report, (void *)log, ret_policy);
    if (r == -ENOMEM)
        sb_log_write(log, SB_LOG_ERROR, "cannot read the policy: out of memory");
    return r;
}

int hub_load_services(const struct hub_paths *paths, const struct hub_config *config, const struct sb_log *log,
                      struct hub_service_file ***ret_files, size_t *ret_n)
{
    const struct hub_service_reader reader = {
        .names = hub_names_get(), .own_uid = (uint32_t)geteuid(), .report = report, .userdata = (void *)log
    };
    char path[HUB_PATHS_MAX];
    int r = find(paths, config->services, "services", log, path);

    if (r == 0)
        r = hub_service_files_read(&reader, path, ret_files, ret_n);
    if (r == -ENOMEM)
        sb_log_write(log, SB_LOG_ERROR, "cannot read service files: out of memory");
    return r;
}

int hub_load_check(const struct hub_paths *paths, const struct hub_config *config, const struct hub_policy *policy,
                   const struct sb_log *log)
{
    struct hub_service_file **files = NULL;
    size_t n = 0;
    int r = hub_load_services(paths, config, log, &files, &n);

    hub_service_files_free(files, n);
    if (r < 0)
        return r;
    printf("%s: ok\npolicy: %s%s\nservice files: %zu, ok\n", paths->config_file, policy ? hub_policy_get_file(policy) : "no file",
           policy ? ": ok" : "", n);
    return 0;
}
