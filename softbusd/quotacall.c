/* Who uses how much; see quotacall.h. */
#include "softbusd/quotacall.h"

#include "softbusd/tables.h"
#include "wire/value.h"

#include <string.h>

struct entry {
    const struct hub_app *app; /* NULL: all of the user */
    const struct hub_quota_user *user;
    enum hub_quota_kind kind;
    uint64_t used, limit;
    uint32_t n_refused;
    const char *key;
};

static void put_str(struct wire_writer *writer, const char *text)
{
    wire_value_put_str(writer, text, strlen(text));
}

static void put_entry(struct wire_writer *writer, const struct entry *entry)
{
    wire_value_put_bool(writer, entry->app == NULL);
    wire_value_put_u32(writer, entry->user->uid);
    wire_value_put_u32(writer, entry->app ? entry->app->credentials.pid : 0);
    put_str(writer, entry->app ? entry->app->name : "");
    put_str(writer, hub_quota_get_name(entry->kind));
    wire_value_put_u64(writer, entry->used);
    wire_value_put_u64(writer, entry->limit);
    wire_value_put_u64(writer, entry->n_refused);
    put_str(writer, entry->key);
}

void hub_quotacall_put(struct hub *hub, bool sees_all, uint32_t uid, struct wire_writer *writer, hub_quotacall_fn fn,
                       void *userdata)
{
    const struct hub_quota_limits *limits = &hub->quota.limits;
    struct sb_map_entry *link = NULL;

    while ((link = sb_map_next(&hub->quota.users, link))) {
        const struct hub_quota_user *user = SB_CONTAINER_OF(link, struct hub_quota_user, entry);

        for (unsigned kind = 0; kind < HUB_QUOTA_N_KINDS && (sees_all || user->uid == uid); kind++) {
            put_entry(writer, &(struct entry){ .user = user, .kind = kind, .used = user->used[kind], .limit = limits->user[kind],
                                               .n_refused = user->n_refused[kind], .key = hub_quota_get_user_key(kind) });
            if (!fn(userdata))
                return;
        }
    }
    SB_LIST_FOREACH (app_link, &hub->apps) {
        const struct hub_app *app = SB_CONTAINER_OF(app_link, struct hub_app, link);
        const struct hub_quota_account *account = &app->quota;

        for (unsigned kind = HUB_QUOTA_APPS + 1; kind < HUB_QUOTA_N_KINDS && (sees_all || account->user->uid == uid); kind++) {
            if (account->used[kind] == 0 && account->n_refused[kind] == 0) /* most are: a list of thousands of apps fits */
                continue;
            put_entry(writer, &(struct entry){ .app = app, .user = account->user, .kind = kind, .used = account->used[kind],
                                               .limit = limits->app[kind], .n_refused = account->n_refused[kind],
                                               .key = hub_quota_get_app_key(kind) });
            if (!fn(userdata))
                return;
        }
    }
}
