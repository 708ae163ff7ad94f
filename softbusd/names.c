/* Users and groups; see names.h. */
#include "softbusd/names.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_MAX 65536 /* bytes of a line: a group may list thousands */

/* An id: digits only, and not the one that means "no change" to the kernel. */
static bool parse_id(const char *text, uint32_t *ret_id)
{
    unsigned long long id;

    if (!*text || text[strspn(text, "0123456789")] || strlen(text) > 10)
        return false;
    id = strtoull(text, NULL, 10);
    if (id >= UINT32_MAX)
        return false;
    *ret_id = (uint32_t)id;
    return true;
}

static void fill_user(const struct passwd *entry, struct hub_user *ret_user)
{
    *ret_user = (struct hub_user){ .uid = entry->pw_uid, .gid = entry->pw_gid };
    snprintf(ret_user->name, sizeof(ret_user->name), "%s", entry->pw_name);
    snprintf(ret_user->home, sizeof(ret_user->home), "%s",
             entry->pw_dir[0] == '/' && strlen(entry->pw_dir) < sizeof(ret_user->home) ? entry->pw_dir : "/");
}

static int find_user(const char *name, struct hub_user *ret_user)
{
    FILE *file = fopen("/etc/passwd", "re");
    char *text = malloc(ENTRY_MAX);
    struct passwd entry, *found = NULL;
    uint32_t uid = 0;
    bool is_number = parse_id(name, &uid), is_found = false;

    while (file && text && !is_found && fgetpwent_r(file, &entry, text, ENTRY_MAX, &found) == 0)
        is_found = is_number ? entry.pw_uid == uid : !strcmp(entry.pw_name, name);
    if (is_found)
        fill_user(&entry, ret_user);
    else if (is_number)
        *ret_user = (struct hub_user){ .uid = uid, .gid = uid, .home = "/" };
    free(text);
    if (file)
        fclose(file);
    return is_found || is_number ? 0 : -ENOENT;
}

static int find_group(const char *name, uint32_t *ret_gid)
{
    FILE *file;
    struct group entry, *found = NULL;
    bool is_found = false;
    char *text;

    if (parse_id(name, ret_gid))
        return 0;
    file = fopen("/etc/group", "re");
    text = malloc(ENTRY_MAX);
    while (file && text && !is_found && fgetgrent_r(file, &entry, text, ENTRY_MAX, &found) == 0)
        is_found = !strcmp(entry.gr_name, name);
    if (is_found)
        *ret_gid = entry.gr_gid;
    free(text);
    if (file)
        fclose(file);
    return is_found ? 0 : -ENOENT;
}

static bool has_member(const struct group *group, const char *name)
{
    for (char **member = group->gr_mem; *member; member++) {
        if (!strcmp(*member, name))
            return true;
    }
    return false;
}

static size_t get_groups(const struct hub_user *user, uint32_t *gids, size_t size)
{
    FILE *file = fopen("/etc/group", "re");
    char *text = malloc(ENTRY_MAX);
    struct group entry, *found = NULL;
    size_t n = 0;

    if (size > 0)
        gids[n++] = user->gid;
    while (file && text && *user->name && n < size && fgetgrent_r(file, &entry, text, ENTRY_MAX, &found) == 0) {
        if (entry.gr_gid != user->gid && has_member(&entry, user->name))
            gids[n++] = entry.gr_gid;
    }
    free(text);
    if (file)
        fclose(file);
    return n;
}

const struct hub_names *hub_names_get(void)
{
    static const struct hub_names names = { .find_user = find_user, .find_group = find_group, .get_groups = get_groups };

    return &names;
}
