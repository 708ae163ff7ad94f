/* softbusctl watch: devices, and the services of this device and of each trusted one, as they come and go. */
#include "softbusctl/ctl.h"
#include "softbusctl/fail.h"
#include "softbusctl/interrupt.h"
#include "softbusctl/text.h"

#include <inttypes.h>
#include <softbus/bus.h>
#include <softbus/device.h>
#include <softbus/error.h>
#include <softbus/object.h>
#include <softbus/registry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct watched {
    char id[SOFTBUS_DEVICE_ID_SIZE];
    char name[64];
    bool is_watched;                /* while the device is trusted */
    struct softbus_watch *services; /* NULL until softbusd has taken the watch */
};

struct watch {
    struct ctl *ctl;
    struct watched *devices;
    size_t n_devices;
};

static void watch_print_time(const struct watch *watch)
{
    struct timespec now;
    struct tm parts;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    if (watch->ctl->is_json) {
        gmtime_r(&now.tv_sec, &parts);
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
        printf("{\"time\":\"%s.%03ldZ\"", text, now.tv_nsec / 1000000);
    } else {
        localtime_r(&now.tv_sec, &parts);
        strftime(text, sizeof(text), "%H:%M:%S", &parts);
        printf("%s.%03ld ", text, now.tv_nsec / 1000000);
    }
}

static struct watched *watch_find(struct watch *watch, const char *id)
{
    for (size_t i = 0; i < watch->n_devices; i++)
        if (strcmp(watch->devices[i].id, id) == 0)
            return &watch->devices[i];
    return NULL;
}

static void watch_on_service(void *userdata, const char *device, const char *name, bool is_present)
{
    struct watch *watch = userdata;
    const struct watched *known = watch_find(watch, device);
    bool is_local = strcmp(device, softbus_get_device(watch->ctl->bus)) == 0;
    const char *label = is_local ? "this device" : known && *known->name ? known->name : device;

    watch_print_time(watch);
    if (watch->ctl->is_json) {
        ctl_text_print_member(stdout, false, "event", "service");
        ctl_text_print_member(stdout, false, "device", device);
        ctl_text_print_member(stdout, false, "service", name);
        printf(",\"present\":%s}\n", is_present ? "true" : "false");
        return;
    }
    fputs("service ", stdout);
    ctl_text_print(stdout, name, strlen(name));
    fputs(is_present ? " offered by " : " no longer offered by ", stdout);
    ctl_text_print(stdout, label, strlen(label));
    putchar('\n');
}

static void watch_print_device(const struct watch *watch, const struct softbus_device_info *device)
{
    watch_print_time(watch);
    if (watch->ctl->is_json) {
        ctl_text_print_member(stdout, false, "event", "device");
        ctl_text_print_member(stdout, false, "device", device->id);
        ctl_text_print_member(stdout, false, "name", device->name);
        ctl_text_print_member(stdout, false, "state", softbus_device_state_get_name(device->state));
        printf(",\"trusted\":%s", device->is_trusted ? "true" : "false");
        ctl_text_print_member(stdout, false, "addresses", device->addresses);
        ctl_text_print_member_number(stdout, false, "services", device->n_services);
        puts("}");
        return;
    }
    printf("device %s", device->id);
    if (*device->name) {
        putchar(' ');
        ctl_text_print(stdout, device->name, strlen(device->name));
    }
    printf(": %s, %s", softbus_device_state_get_name(device->state), device->is_trusted ? "trusted" : "not trusted");
    if (*device->addresses) {
        fputs(", at ", stdout);
        ctl_text_print(stdout, device->addresses, strlen(device->addresses));
    }
    putchar('\n');
}

static struct watched *watch_add(struct watch *watch, const struct softbus_device_info *device)
{
    struct watched *grown = reallocarray(watch->devices, watch->n_devices + 1, sizeof(*grown));

    if (!grown)
        return NULL;
    watch->devices = grown;
    grown += watch->n_devices++;
    memset(grown, 0, sizeof(*grown));
    snprintf(grown->id, sizeof(grown->id), "%s", device->id);
    return grown;
}

/* Asking softbusd waits, and meanwhile other events can come in here: the list may have moved when it returns. */
static void watch_add_services(struct watch *watch, const char *id)
{
    char device[SOFTBUS_DEVICE_ID_SIZE];
    struct softbus_watch *services;
    struct watched *known;
    int r;

    snprintf(device, sizeof(device), "%s", id);
    r = softbus_service_watch(watch->ctl->bus, device, watch_on_service, watch, &services);
    known = watch_find(watch, device);
    if (r < 0) {
        known->is_watched = false;
        ctl_fail(r, "watching the services of %s", device);
    } else if (!known->is_watched) {
        softbus_unwatch(services);
    } else {
        known->services = services;
    }
}

/* Services are watched from when a device is trusted until it no longer is. */
static void watch_on_device(void *userdata, const struct softbus_device_info *device)
{
    struct watch *watch = userdata;
    struct watched *known = watch_find(watch, device->id);

    watch_print_device(watch, device);
    if (!known)
        known = watch_add(watch, device);
    if (!known) {
        ctl_fail(SOFTBUS_ERR_NO_MEMORY, "watching %s", device->id);
        return;
    }
    snprintf(known->name, sizeof(known->name), "%s", device->name);
    if (device->is_trusted && !known->is_watched) {
        known->is_watched = true;
        watch_add_services(watch, known->id);
    } else if (!device->is_trusted && known->is_watched) {
        known->is_watched = false;
        softbus_unwatch(known->services);
        known->services = NULL;
    }
}

static int watch_loop(struct watch *watch)
{
    struct ctl_interrupt interrupt;
    struct softbus_watch *devices, *services; /* end with the bus */
    int r = ctl_interrupt_open(&interrupt);

    if (r < 0)
        return ctl_fail_errno("signalfd");
    r = softbus_device_watch(watch->ctl->bus, watch_on_device, watch, &devices);
    if (r == 0)
        r = softbus_service_watch(watch->ctl->bus, NULL, watch_on_service, watch, &services);
    if (r == 0)
        r = ctl_interrupt_wait(&interrupt, watch->ctl->bus, -1);
    ctl_interrupt_close(&interrupt);
    return r < 0 ? ctl_fail(r, "watching") : CTL_EXIT_OK;
}

int ctl_watch_run(struct ctl *ctl, int argc, char **argv)
{
    struct watch watch = { .ctl = ctl };
    int r;

    if (argc != 1)
        return ctl_fail_usage(argv[0], "%s: takes no arguments", argv[0]);
    r = ctl_connect(ctl);
    if (r != CTL_EXIT_OK)
        return r;
    setvbuf(stdout, NULL, _IOLBF, 0);
    r = watch_loop(&watch);
    softbus_close(ctl->bus); /* before the memory that the callbacks use */
    ctl->bus = NULL;
    free(watch.devices);
    return r;
}
