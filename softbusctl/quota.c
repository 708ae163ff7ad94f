/* softbusctl quota: who uses how much of softbusd, and which key sets the limit. */
#include "softbusctl/ctl.h"
#include "softbusctl/fail.h"
#include "softbusctl/table.h"

#include <softbus/quota.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_UID, COLUMN_APP, COLUMN_PID, COLUMN_KIND, COLUMN_USED, COLUMN_LIMIT, COLUMN_REFUSED, COLUMN_KEY, N_COLUMNS };

static int quota_print(bool is_json, bool has_users, bool has_apps, const struct softbus_quota_info *quotas, size_t n)
{
    static const struct ctl_column columns[N_COLUMNS] = {
        [COLUMN_UID] = { "UID", CTL_COLUMN_NUMBER, false },         [COLUMN_APP] = { "APP", CTL_COLUMN_TEXT, true },
        [COLUMN_PID] = { "PID", CTL_COLUMN_NUMBER, false },         [COLUMN_KIND] = { "KIND", CTL_COLUMN_TEXT, false },
        [COLUMN_USED] = { "USED", CTL_COLUMN_NUMBER, false },       [COLUMN_LIMIT] = { "LIMIT", CTL_COLUMN_NUMBER, false },
        [COLUMN_REFUSED] = { "REFUSED", CTL_COLUMN_NUMBER, false }, [COLUMN_KEY] = { "KEY", CTL_COLUMN_TEXT, false },
    };
    struct ctl_table *table = ctl_table_new("quotas", is_json, columns, N_COLUMNS);

    for (size_t i = 0; i < n; i++) {
        if (!(quotas[i].is_user ? has_users : has_apps))
            continue;
        ctl_table_add_line(table);
        ctl_table_set_number(table, COLUMN_UID, quotas[i].uid);
        if (quotas[i].is_user) {
            ctl_table_set_none(table, COLUMN_APP);
            ctl_table_set_none(table, COLUMN_PID);
        } else {
            ctl_table_set_text(table, COLUMN_APP, quotas[i].app);
            ctl_table_set_number(table, COLUMN_PID, quotas[i].pid);
        }
        ctl_table_set_text(table, COLUMN_KIND, quotas[i].kind);
        ctl_table_set_number(table, COLUMN_USED, quotas[i].used);
        ctl_table_set_number(table, COLUMN_LIMIT, quotas[i].limit);
        ctl_table_set_number(table, COLUMN_REFUSED, quotas[i].n_refused);
        ctl_table_set_text(table, COLUMN_KEY, quotas[i].key);
    }
    return ctl_table_print(table);
}

int ctl_quota_run(struct ctl *ctl, int argc, char **argv)
{
    bool has_users = argc == 1 || strcmp(argv[1], "--user") == 0, has_apps = argc == 1 || strcmp(argv[1], "--app") == 0;
    struct softbus_quota_info *quotas;
    size_t n;
    int r;

    if (argc > 2 || !(has_users || has_apps))
        return ctl_fail_usage(argv[0], "%s: takes --app, --user or nothing", argv[0]);
    r = ctl_connect(ctl);
    if (r != CTL_EXIT_OK)
        return r;
    r = softbus_quota_list(ctl->bus, &quotas, &n);
    if (r < 0)
        return ctl_fail(r, "asking who uses how much");
    r = quota_print(ctl->is_json, has_users, has_apps, quotas, n);
    free(quotas);
    return r;
}
