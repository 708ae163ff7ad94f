/* The policy file as a whole; see policy.h. */
#include "softbusd/policy.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct parser {
    struct hub_policy *policy;
    const struct hub_names *names;
};

static int take_section(void *userdata, const char *name, unsigned line, char *error_text, size_t error_size)
{
    struct parser *parser = userdata;
    const char *pattern = name + strlen("service");

    if (strncmp(name, "service", strlen("service")) || !strchr(" \t", *pattern) || !*pattern) {
        snprintf(error_text, error_size, "expected [service NAME]; see softbusd.policy(5)");
        return -EINVAL;
    }
    return hub_policy_add_section(parser->policy, pattern + strspn(pattern, " \t"), line, error_text, error_size);
}

static int take_key(void *userdata, const char *section, const char *name, const char *value, unsigned line, char *error_text,
                    size_t error_size)
{
    struct parser *parser = userdata;

    (void)section;
    return hub_policy_add_key(parser->policy, name, value, line, parser->names, error_text, error_size);
}

int hub_policy_parse(const char *file, const char *text, size_t size, const struct hub_names *names, hub_ini_report_fn report,
                     void *userdata, struct hub_policy **ret_policy)
{
    struct parser parser = { .names = names };
    const struct hub_ini ini = {
        .userdata = &parser, .section = take_section, .key = take_key, .report = report, .report_userdata = userdata
    };
    int r = hub_policy_new(file, &parser.policy);

    if (r < 0)
        return r;
    r = hub_ini_parse(&ini, file, text, size);
    if (r < 0)
        hub_policy_free(parser.policy);
    else
        *ret_policy = parser.policy;
    return r;
}

int hub_policy_read(const char *file, bool is_optional, const struct hub_names *names, hub_ini_report_fn report, void *userdata,
                    struct hub_policy **ret_policy)
{
    SB_AUTO_FREE char *text = NULL;
    char line[512];
    size_t size;
    int r = hub_ini_load(file, true, report, userdata, &text, &size);

    if (r == -ENOENT && is_optional) {
        *ret_policy = NULL;
        return 0;
    }
    if (r == -ENOENT) {
        snprintf(line, sizeof(line), "%s: cannot read it: %s", file, strerror(ENOENT));
        report(userdata, line);
    }
    return r < 0 ? -EINVAL : hub_policy_parse(file, text, size, names, report, userdata, ret_policy);
}
