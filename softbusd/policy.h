/*
 * The policy: who may own and who may look up which service names of this device; softbusd.policy(5). A name is judged by one
 * section, its longest match; a name that no section is about is free to all. Pure: text in, a table out, and a verdict for each
 * question; it changes nothing and logs nothing. Who is above it (root, the daemon's own user) the hub decides: access.h.
 */
#ifndef HUB_POLICY_H
#define HUB_POLICY_H

#include "softbusd/ini.h"

#include <stdbool.h>
#include <stddef.h>

#define HUB_POLICY_SECTIONS_MAX 1024
#define HUB_POLICY_ENTRIES_MAX 1024 /* users and groups of one key of one section */

struct hub_credentials;
struct hub_names;
struct hub_policy;

enum hub_policy_right { HUB_POLICY_OWN, HUB_POLICY_LOOKUP };
#define HUB_POLICY_N_RIGHTS 2

struct hub_policy_verdict {
    bool is_allowed;
    const char *pattern; /* of the section that decided; lent by the policy. NULL: none is about the name */
    unsigned line;       /* of the key in the file, or of the section when the key is not there */
};

/* NULL allows everything. The name is a good service name. */
struct hub_policy_verdict hub_policy_decide(const struct hub_policy *policy, enum hub_policy_right right,
                                            const struct hub_credentials *who, const char *name, size_t size);

/* The file's name, for log lines. */
const char *hub_policy_get_file(const struct hub_policy *policy);
size_t hub_policy_count(const struct hub_policy *policy); /* sections */

/* gives a policy. names: who is called what. -EINVAL: there were mistakes, each reported with file name and line; -ENOMEM. */
int hub_policy_parse(const char *file, const char *text, size_t size, const struct hub_names *names, hub_ini_report_fn report,
                     void *userdata, struct hub_policy **ret_policy);

/* Reads the file and parses it. A missing file is 0 and NULL when is_optional. -EINVAL: reported; also when others may write to it. */
int hub_policy_read(const char *file, bool is_optional, const struct hub_names *names, hub_ini_report_fn report, void *userdata,
                    struct hub_policy **ret_policy);

struct hub_policy *hub_policy_free(struct hub_policy *policy);

/* For policy_file.c: a section, and a key of the last one. -EINVAL: error_text says what was expected; -ENOMEM likewise. */
int hub_policy_new(const char *file, struct hub_policy **ret_policy);
int hub_policy_add_section(struct hub_policy *policy, const char *pattern, unsigned line, char *error_text, size_t error_size);
int hub_policy_add_key(struct hub_policy *policy, const char *name, const char *value, unsigned line, const struct hub_names *names,
                       char *error_text, size_t error_size);

#endif
