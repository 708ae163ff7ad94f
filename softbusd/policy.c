/* The table of the policy and the text of single values; see policy.h. The file as a whole is in policy_file.c. */
#include "softbusd/policy.h"

#include "softbusd/hub.h"
#include "softbusd/names.h"
#include "wire/rules.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum entry_kind { ENTRY_USER, ENTRY_GROUP, ENTRY_ANY, ENTRY_NONE };

struct entry {
    enum entry_kind kind;
    uint32_t id;
};

struct list {
    unsigned line; /* 0: the key is not there */
    size_t n;
    struct entry *entries;
};

struct section {
    unsigned line;
    bool is_prefix;
    size_t size; /* of the name, or of what stands before the asterisk */
    char *pattern;
    struct list lists[HUB_POLICY_N_RIGHTS];
};

struct hub_policy {
    char *file;
    struct section *sections;
    size_t n_sections;
};

static const char *const right_names[HUB_POLICY_N_RIGHTS] = { [HUB_POLICY_OWN] = "own", [HUB_POLICY_LOOKUP] = "lookup" };

int hub_policy_new(const char *file, struct hub_policy **ret_policy)
{
    struct hub_policy *policy = calloc(1, sizeof(*policy));

    if (policy)
        policy->file = strdup(file);
    if (!policy || !policy->file) {
        hub_policy_free(policy);
        return -ENOMEM;
    }
    *ret_policy = policy;
    return 0;
}

struct hub_policy *hub_policy_free(struct hub_policy *policy)
{
    if (!policy)
        return NULL;
    for (size_t i = 0; i < policy->n_sections; i++) {
        for (size_t right = 0; right < HUB_POLICY_N_RIGHTS; right++)
            free(policy->sections[i].lists[right].entries);
        free(policy->sections[i].pattern);
    }
    free(policy->sections);
    free(policy->file);
    free(policy);
    return NULL;
}

const char *hub_policy_get_file(const struct hub_policy *policy)
{
    return policy->file;
}

size_t hub_policy_count(const struct hub_policy *policy)
{
    return policy->n_sections;
}

/* --- the verdict --- */

static bool is_match(const struct section *section, const char *name, size_t size)
{
    if (section->is_prefix ? size < section->size : size != section->size)
        return false;
    return memcmp(section->pattern, name, section->size) == 0;
}

/* Of two that match: the longer one; of "a.b" and "a.b*", the name itself. */
static bool is_closer(const struct section *section, const struct section *than)
{
    return !than || section->size > than->size || (section->size == than->size && !section->is_prefix);
}

static bool is_member(const struct hub_credentials *who, uint32_t gid)
{
    if (who->gid == gid)
        return true;
    for (size_t i = 0; i < who->n_groups; i++) {
        if (who->groups[i] == gid)
            return true;
    }
    return false;
}

static bool is_listed(const struct list *list, const struct hub_credentials *who)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct entry *entry = &list->entries[i];

        if (entry->kind == ENTRY_ANY || (entry->kind == ENTRY_USER && entry->id == who->uid) ||
            (entry->kind == ENTRY_GROUP && is_member(who, entry->id)))
            return true;
    }
    return false;
}

struct hub_policy_verdict hub_policy_decide(const struct hub_policy *policy, enum hub_policy_right right,
                                            const struct hub_credentials *who, const char *name, size_t size)
{
    const struct section *found = NULL;
    const struct list *list;

    for (size_t i = 0; policy && i < policy->n_sections; i++) {
        if (is_match(&policy->sections[i], name, size) && is_closer(&policy->sections[i], found))
            found = &policy->sections[i];
    }
    if (!found)
        return (struct hub_policy_verdict){ .is_allowed = true };
    list = &found->lists[right];
    return (struct hub_policy_verdict){
        .is_allowed = is_listed(list, who), .pattern = found->pattern, .line = list->line ? list->line : found->line
    };
}

/* --- the text --- */

/* "a.b", "a.b.*", "a*" or "*": what stands before the asterisk must be able to begin a name. */
static bool is_pattern(const char *pattern, size_t size, bool is_prefix)
{
    if (!is_prefix)
        return !wire_rules_check_name(pattern, size);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)pattern[i];

        if (c >= 0x80 || !(isalnum(c) || (i > 0 && strchr("._-", c))))
            return false;
    }
    return size < WIRE_SERVICE_NAME_MAX;
}

int hub_policy_add_section(struct hub_policy *policy, const char *pattern, unsigned line, char *error_text, size_t error_size)
{
    size_t size = strlen(pattern);
    bool is_prefix = size > 0 && pattern[size - 1] == '*';
    struct section *sections;

    size -= is_prefix;
    if (!is_pattern(pattern, size, is_prefix)) {
        snprintf(error_text, error_size, "expected [service NAME], a service name or the beginning of one with a * behind it");
        return -EINVAL;
    }
    for (size_t i = 0; i < policy->n_sections; i++) {
        if (!strcmp(policy->sections[i].pattern, pattern)) {
            snprintf(error_text, error_size, "the section stands here for the second time; it began in line %u", policy->sections[i].line);
            return -EINVAL;
        }
    }
    if (policy->n_sections == HUB_POLICY_SECTIONS_MAX) {
        snprintf(error_text, error_size, "expected at most %d sections", HUB_POLICY_SECTIONS_MAX);
        return -EINVAL;
    }
    sections = reallocarray(policy->sections, policy->n_sections + 1, sizeof(*sections));
    if (sections) {
        policy->sections = sections;
        sections[policy->n_sections] =
            (struct section){ .line = line, .is_prefix = is_prefix, .size = size, .pattern = strdup(pattern) };
    }
    if (!sections || !sections[policy->n_sections].pattern) {
        snprintf(error_text, error_size, "out of memory");
        return -ENOMEM;
    }
    policy->n_sections++;
    return 0;
}

/* One word of a list. */
static int parse_entry(const char *word, const struct hub_names *names, struct entry *ret_entry, char *error_text, size_t error_size)
{
    struct hub_user user;

    *ret_entry = (struct entry){ .kind = ENTRY_ANY };
    if (!strcmp(word, "any"))
        return 0;
    ret_entry->kind = ENTRY_NONE;
    if (!strcmp(word, "none"))
        return 0;
    if (!strncmp(word, "user:", 5) && word[5]) {
        ret_entry->kind = ENTRY_USER;
        if (names->find_user(word + 5, &user) < 0) {
            snprintf(error_text, error_size, "expected a user of /etc/passwd or a number behind user:, not %s", word + 5);
            return -EINVAL;
        }
        ret_entry->id = user.uid;
        return 0;
    }
    if (!strncmp(word, "group:", 6) && word[6]) {
        ret_entry->kind = ENTRY_GROUP;
        if (names->find_group(word + 6, &ret_entry->id) < 0) {
            snprintf(error_text, error_size, "expected a group of /etc/group or a number behind group:, not %s", word + 6);
            return -EINVAL;
        }
        return 0;
    }
    snprintf(error_text, error_size, "expected user:NAME, group:NAME, any or none, separated by commas, not %s", word);
    return -EINVAL;
}

static int append(struct list *list, const struct entry *entry, char *error_text, size_t error_size)
{
    struct entry *entries;

    if (list->n == HUB_POLICY_ENTRIES_MAX) {
        snprintf(error_text, error_size, "expected at most %d users and groups", HUB_POLICY_ENTRIES_MAX);
        return -EINVAL;
    }
    if (list->n > 0 && (entry->kind == ENTRY_NONE || list->entries[0].kind == ENTRY_NONE)) {
        snprintf(error_text, error_size, "expected none to stand alone");
        return -EINVAL;
    }
    entries = reallocarray(list->entries, list->n + 1, sizeof(*entries));
    if (!entries) {
        snprintf(error_text, error_size, "out of memory");
        return -ENOMEM;
    }
    entries[list->n++] = *entry;
    list->entries = entries;
    return 0;
}

static int add_entries(struct list *list, const char *value, const struct hub_names *names, char *error_text, size_t error_size)
{
    char word[HUB_INI_LINE_MAX + 1];
    struct entry entry;
    unsigned n = 0;
    size_t size;
    int r;

    for (; *value; value += size + strspn(value + size, ", \t")) {
        size = strcspn(value, ", \t");
        if (size == 0 || size >= sizeof(word))
            break;
        memcpy(word, value, size);
        word[size] = '\0';
        r = parse_entry(word, names, &entry, error_text, error_size);
        if (r == 0)
            r = append(list, &entry, error_text, error_size);
        if (r < 0)
            return r;
        n++;
    }
    if (n > 0 && !*value)
        return 0;
    snprintf(error_text, error_size, "expected user:NAME, group:NAME, any or none, separated by commas");
    return -EINVAL;
}

int hub_policy_add_key(struct hub_policy *policy, const char *name, const char *value, unsigned line, const struct hub_names *names,
                       char *error_text, size_t error_size)
{
    struct section *section = &policy->sections[policy->n_sections - 1];

    for (size_t right = 0; right < HUB_POLICY_N_RIGHTS; right++) {
        if (strcmp(name, right_names[right]))
            continue;
        if (section->lists[right].line == 0)
            section->lists[right].line = line;
        return add_entries(&section->lists[right], value, names, error_text, error_size);
    }
    snprintf(error_text, error_size, "expected the key own or lookup");
    return -EINVAL;
}
