/* softbusctl services */
#include "softbusctl/ctl.h"
#include "softbusctl/fail.h"
#include "softbusctl/table.h"
#include "softbusctl/target.h"
#include "softbusctl/text.h"

#include <softbus/registry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_SERVICE, COLUMN_DISTRIBUTED, COLUMN_RUNNING, COLUMN_APP, COLUMN_PID, N_COLUMNS };

static struct ctl_table *services_make_table(bool is_json, bool is_local, const struct softbus_service_info *services,
                                             size_t n)
{
    static const struct ctl_column columns[N_COLUMNS] = {
        [COLUMN_SERVICE] = { "SERVICE", CTL_COLUMN_TEXT, false },
        [COLUMN_DISTRIBUTED] = { "DISTRIBUTED", CTL_COLUMN_BOOL, false },
        [COLUMN_RUNNING] = { "RUNNING", CTL_COLUMN_BOOL, false },
        [COLUMN_APP] = { "APP", CTL_COLUMN_TEXT, true },
        [COLUMN_PID] = { "PID", CTL_COLUMN_NUMBER, false },
    };
    bool is_running;
    /* Whose process it is, and whether there is one yet, another device does not tell. */
    struct ctl_table *table = ctl_table_new("services", is_json, columns, is_local ? N_COLUMNS : COLUMN_RUNNING);

    for (size_t i = 0; i < n; i++) {
        ctl_table_add_line(table);
        ctl_table_set_text(table, COLUMN_SERVICE, services[i].name);
        ctl_table_set_bool(table, COLUMN_DISTRIBUTED, services[i].is_distributed);
        if (!is_local)
            continue;
        /* One that is not running has no process: it is started when it is looked up. */
        is_running = services[i].pid != 0 || *services[i].app;
        ctl_table_set_bool(table, COLUMN_RUNNING, is_running);
        if (is_running) {
            ctl_table_set_text(table, COLUMN_APP, services[i].app);
            ctl_table_set_number(table, COLUMN_PID, services[i].pid);
        } else {
            ctl_table_set_none(table, COLUMN_APP);
            ctl_table_set_none(table, COLUMN_PID);
        }
    }
    return table;
}

int ctl_services_run(struct ctl *ctl, int argc, char **argv)
{
    struct softbus_service_info *services;
    struct ctl_target target;
    struct ctl_table *table;
    size_t n;
    int r;

    if (argc > 2)
        return ctl_fail_usage(argv[0], "%s: takes one device", argv[0]);
    r = ctl_connect(ctl);
    if (r == CTL_EXIT_OK)
        r = ctl_target_find(ctl, argc == 2 ? argv[1] : ".", &target);
    if (r != CTL_EXIT_OK)
        return r;
    r = softbus_service_list(ctl->bus, ctl_target_get_device(&target), &services, &n);
    if (r < 0)
        return ctl_fail(r, "asking %s for its services", target.label);
    table = services_make_table(ctl->is_json, !ctl_target_get_device(&target), services, n);
    free(services);
    if (n == 0 && !ctl->is_json) {
        fputs("no service is offered by ", stderr);
        ctl_text_print(stderr, target.label, strlen(target.label));
        fputs(ctl_target_get_device(&target) ? " to this device\n" : "\n", stderr);
    }
    return ctl_table_print(table);
}
