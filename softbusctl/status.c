/* softbusctl status */
#include "softbusctl/ctl.h"
#include "softbusctl/fail.h"
#include "softbusctl/text.h"

#include <inttypes.h>
#include <softbus/device.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void status_print(const struct softbus_status_item *items, size_t n)
{
    int width = 0;

    for (size_t i = 0; i < n; i++)
        if ((int)strlen(items[i].name) > width)
            width = (int)strlen(items[i].name);
    for (size_t i = 0; i < n; i++) {
        printf("%-*s  ", width, items[i].name);
        if (items[i].text)
            ctl_text_print(stdout, items[i].text, strlen(items[i].text));
        else
            printf("%" PRIu64, items[i].value);
        putchar('\n');
    }
}

static void status_print_json(const struct softbus_status_item *items, size_t n)
{
    putchar('{');
    for (size_t i = 0; i < n; i++) {
        if (items[i].text)
            ctl_text_print_member(stdout, i == 0, items[i].name, items[i].text);
        else
            ctl_text_print_member_number(stdout, i == 0, items[i].name, items[i].value);
    }
    puts("}");
}

int ctl_status_run(struct ctl *ctl, int argc, char **argv)
{
    struct softbus_status_item *items;
    size_t n;
    int r;

    if (argc != 1)
        return ctl_fail_usage(argv[0], "%s: takes no arguments", argv[0]);
    r = ctl_connect(ctl);
    if (r != CTL_EXIT_OK)
        return r;
    r = softbus_status_get(ctl->bus, &items, &n);
    if (r < 0)
        return ctl_fail(r, "asking for the status");
    if (ctl->is_json)
        status_print_json(items, n);
    else
        status_print(items, n);
    free(items);
    return CTL_EXIT_OK;
}
