/* softbusctl version */
#include "softbusctl/ctl.h"
#include "softbusctl/fail.h"

#include <stdio.h>

int ctl_version_run(struct ctl *ctl, int argc, char **argv)
{
    if (argc != 1)
        return ctl_fail_usage(argv[0], "%s: takes no arguments", argv[0]);
    if (ctl->is_json)
        puts("{\"version\":\"" PACKAGE_VERSION "\"}");
    else
        puts("softbusctl " PACKAGE_VERSION);
    return CTL_EXIT_OK;
}
