/* softbusctl trust: whose key is trusted. */
#include "softbusctl/ctl.h"
#include "softbusctl/fail.h"
#include "softbusctl/table.h"
#include "softbusctl/target.h"

#include <softbus/bus.h>
#include <softbus/device.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int trust_list(struct ctl *ctl)
{
    static const struct ctl_column columns[] = {
        { "NAME", CTL_COLUMN_TEXT, true },
        { "ID", CTL_COLUMN_TEXT, false },
    };
    struct softbus_trust_info *entries;
    struct ctl_table *table;
    size_t n;
    int r = softbus_trust_list(ctl->bus, &entries, &n);

    if (r < 0)
        return ctl_fail(r, "asking whom softbusd trusts");
    table = ctl_table_new("trusted", ctl->is_json, columns, 2);
    for (size_t i = 0; i < n; i++) {
        ctl_table_add_line(table);
        ctl_table_set_text(table, 0, entries[i].name ? entries[i].name : "");
        ctl_table_set_text(table, 1, entries[i].id);
    }
    free(entries);
    if (n == 0 && !ctl->is_json)
        fputs("no device is trusted; `softbusctl trust add DEVICE-ID [NAME]` trusts one\n", stderr);
    return ctl_table_print(table);
}

/* What the names of devices have to be so that DEVICE can be one: softbusd itself takes more. */
static int trust_check(struct ctl *ctl, const char *device, const char *name)
{
    struct softbus_device_info *devices;
    const char *reason = NULL;
    size_t n;
    int r;

    if (ctl_target_is_same_id(device, softbus_get_device(ctl->bus)))
        return ctl_fail_usage("trust", "%s: this is this device's own id; the other device's `softbusctl status` shows its id",
                              device);
    r = softbus_device_list(ctl->bus, &devices, &n);
    if (r < 0)
        return ctl_fail(r, "asking for the devices");
    if (name)
        reason = ctl_target_refuse_name(name, device, softbus_get_device(ctl->bus), devices, n);
    free(devices);
    return reason ? ctl_fail_usage("trust", "%s: not a name for a device: %s", name, reason) : CTL_EXIT_OK;
}

/* Takes full ids only: what is trusted has to be what the other device's screen showed, not what happens to begin alike. */
static int trust_add(struct ctl *ctl, const char *device, const char *name)
{
    int r = trust_check(ctl, device, name);

    if (r != CTL_EXIT_OK)
        return r;
    r = softbus_trust_add(ctl->bus, device, name);
    return r < 0 ? ctl_fail(r, "trusting %s", device) : CTL_EXIT_OK;
}

static int trust_remove(struct ctl *ctl, const char *device)
{
    struct ctl_target target;
    int r = ctl_target_find(ctl, device, &target);

    if (r != CTL_EXIT_OK)
        return r;
    if (!ctl_target_get_device(&target))
        return ctl_fail_usage("trust", "%s is this device", device);
    r = softbus_trust_remove(ctl->bus, target.id);
    return r < 0 ? ctl_fail(r, "no longer trusting %s", target.label) : CTL_EXIT_OK;
}

int ctl_trust_run(struct ctl *ctl, int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    int r;

    if (!(strcmp(verb, "list") == 0 && argc == 2) && !(strcmp(verb, "add") == 0 && (argc == 3 || argc == 4)) &&
        !(strcmp(verb, "remove") == 0 && argc == 3))
        return ctl_fail_usage("trust", strcmp(verb, "add") == 0      ? "trust add: a device's id is expected, and a name or none"
                                       : strcmp(verb, "remove") == 0 ? "trust remove: one device is expected"
                                       : strcmp(verb, "list") == 0   ? "trust list: takes no arguments"
                                                                     : "trust: list, add or remove is expected");
    r = ctl_connect(ctl);
    if (r != CTL_EXIT_OK)
        return r;
    if (strcmp(verb, "list") == 0)
        return trust_list(ctl);
    if (strcmp(verb, "add") == 0)
        return trust_add(ctl, argv[2], argv[3]);
    return trust_remove(ctl, argv[2]);
}
