/* softbusctl devices */
#include "softbusctl/ctl.h"
#include "softbusctl/fail.h"
#include "softbusctl/table.h"

#include <softbus/device.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMN_NAME, COLUMN_STATE, COLUMN_TRUSTED, COLUMN_SERVICES, COLUMN_RTT, COLUMN_ID, COLUMN_ADDRESSES, N_COLUMNS };

int ctl_devices_run(struct ctl *ctl, int argc, char **argv)
{
    static const struct ctl_column columns[N_COLUMNS] = {
        [COLUMN_NAME] = { "NAME", CTL_COLUMN_TEXT, false },
        [COLUMN_STATE] = { "STATE", CTL_COLUMN_TEXT, false },
        [COLUMN_TRUSTED] = { "TRUSTED", CTL_COLUMN_BOOL, false },
        [COLUMN_SERVICES] = { "SERVICES", CTL_COLUMN_NUMBER, false },
        [COLUMN_RTT] = { "RTT_US", CTL_COLUMN_NUMBER, false },
        [COLUMN_ID] = { "ID", CTL_COLUMN_TEXT, false },
        [COLUMN_ADDRESSES] = { "ADDRESSES", CTL_COLUMN_TEXT, true },
    };
    struct softbus_device_info *devices;
    struct ctl_table *table;
    size_t n;
    int r;

    if (argc != 1)
        return ctl_fail_usage(argv[0], "%s: takes no arguments", argv[0]);
    r = ctl_connect(ctl);
    if (r != CTL_EXIT_OK)
        return r;
    r = softbus_device_list(ctl->bus, &devices, &n);
    if (r < 0)
        return ctl_fail(r, "asking for the devices");
    table = ctl_table_new("devices", ctl->is_json, columns, N_COLUMNS);
    for (size_t i = 0; i < n; i++) {
        ctl_table_add_line(table);
        ctl_table_set_text(table, COLUMN_NAME, devices[i].name);
        ctl_table_set_text(table, COLUMN_STATE, softbus_device_state_get_name(devices[i].state));
        ctl_table_set_bool(table, COLUMN_TRUSTED, devices[i].is_trusted);
        ctl_table_set_number(table, COLUMN_SERVICES, devices[i].n_services);
        if (devices[i].rtt_us)
            ctl_table_set_number(table, COLUMN_RTT, devices[i].rtt_us);
        else
            ctl_table_set_none(table, COLUMN_RTT);
        ctl_table_set_text(table, COLUMN_ID, devices[i].id);
        ctl_table_set_text(table, COLUMN_ADDRESSES, devices[i].addresses);
    }
    free(devices);
    if (n == 0 && !ctl->is_json)
        fputs("no device was found yet and none is trusted; `softbusctl watch` shows when one comes\n", stderr);
    return ctl_table_print(table);
}
