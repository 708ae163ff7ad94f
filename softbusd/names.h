/*
 * Users and groups by name, from /etc/passwd and /etc/group alone: a directory service that is asked over the network would stop the
 * daemon while it waits, so that users of one are named by number.
 */
#ifndef HUB_NAMES_H
#define HUB_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define HUB_NAMES_MAX 64        /* bytes of a name, with its NUL */
#define HUB_NAMES_HOME_MAX 256  /* bytes of a home directory, with its NUL */

struct hub_user {
    uint32_t uid, gid;
    char name[HUB_NAMES_MAX];      /* "": the number has none */
    char home[HUB_NAMES_HOME_MAX]; /* "/" when it has none, or one that is too long */
};

/* What the parsers of files ask, so that their tests need no such files. -ENOENT: there is none of that name. */
struct hub_names {
    int (*find_user)(const char *name, struct hub_user *ret_user); /* also by number; a number without an entry has the same gid */
    int (*find_group)(const char *name, uint32_t *ret_gid);        /* also by number */
    /* The groups that list the user, and its own; at most `size` of them. Returns how many. */
    size_t (*get_groups)(const struct hub_user *user, uint32_t *gids, size_t size);
};

/* Those of this system; static. */
const struct hub_names *hub_names_get(void);

#endif
