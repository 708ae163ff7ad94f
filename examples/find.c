#include "examples/find.h"

#include <softbus/device.h>
#include <softbus/error.h>
#include <softbus/registry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int find_service(struct softbus *bus, const char *device, const char *service, unsigned wait_ms,
                 struct softbus_object **ret_object)
{
    struct softbus_device_info *devices;
    size_t n;
    int r;

    if (strcmp(device, ".") == 0)
        return softbus_service_get(bus, NULL, service, wait_ms, ret_object);
    r = softbus_device_list(bus, &devices, &n);
    if (r < 0)
        return r;
    /* A name counts only for a device that is trusted: strangers may call themselves as they like. */
    for (size_t i = 0; i < n; i++)
        if (devices[i].is_trusted && strcmp(devices[i].name, device) == 0) {
            device = devices[i].id;
            break;
        }
    r = softbus_service_get(bus, device, service, wait_ms, ret_object);
    free(devices);
    return r;
}

int find_fail(const char *what, int error)
{
    fprintf(stderr, "%s: %s (%s)\n", what, softbus_strerror(error), softbus_error_get_name(error));
    return EXIT_FAILURE;
}
