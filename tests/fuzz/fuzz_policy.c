/* The policy file: any bytes either make a policy or are complained about, and a policy has an answer for everybody. */
#include "softbusd/hub.h"
#include "softbusd/names.h"
#include "softbusd/policy.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *userdata, const char *line)
{
    *(unsigned *)userdata += line[0] != '\0';
}

static void demand(int condition)
{
    if (!condition)
        abort();
}

static int find_user(const char *name, struct hub_user *ret_user)
{
    *ret_user = (struct hub_user){ .uid = (uint32_t)strlen(name) };
    return name[0] == 'x' ? -1 : 0;
}

static int find_group(const char *name, uint32_t *ret_gid)
{
    *ret_gid = (uint32_t)strlen(name);
    return name[0] == 'x' ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hub_names names = { .find_user = find_user, .find_group = find_group };
    static const char *const services[] = { "a", "a.b", "a.b.c", "org.example.Clock", "Z" };
    const struct hub_credentials who = { .uid = 3, .gid = 4, .groups = { 5, 6 }, .n_groups = 2 };
    struct hub_policy *policy = NULL;
    unsigned n_reports = 0;
    int r = hub_policy_parse("file", (const char *)data, size, &names, count, &n_reports, &policy);

    demand((r == 0) == (n_reports == 0) && (r == 0) == (policy != NULL));
    for (size_t i = 0; policy && i < 2 * sizeof(services) / sizeof(services[0]); i++) {
        const char *name = services[i / 2];
        struct hub_policy_verdict verdict = hub_policy_decide(policy, (enum hub_policy_right)(i % 2), &who, name, strlen(name));

        demand(verdict.pattern ? verdict.line > 0 : verdict.is_allowed);
    }
    hub_policy_free(policy);
    return 0;
}
