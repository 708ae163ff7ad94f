#include "softbusctl/target.h"

#include "softbusctl/ctl.h"
#include "softbusctl/fail.h"
#include "softbusctl/text.h"

#include <softbus/bus.h>
#include <softbus/device.h>
#include <softbus/error.h>
#include <softbus/registry.h>
#include <stdlib.h>
#include <string.h>

#define ID_CHARACTERS 56

/* Without dashes and in capitals, as ids compare; "" when it cannot be the beginning of an id. */
static void target_normalize_id(const char *text, char ret_id[ID_CHARACTERS + 1])
{
    size_t n = 0;

    for (; *text; text++) {
        char c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;

        if (c == '-')
            continue;
        if (n == ID_CHARACTERS || !((c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7'))) {
            n = 0;
            break;
        }
        ret_id[n++] = c;
    }
    ret_id[n] = '\0';
}

static bool target_id_begins_with(const char *id, const char *wanted)
{
    char normal[ID_CHARACTERS + 1];

    target_normalize_id(id, normal);
    return strlen(wanted) >= CTL_TARGET_PREFIX_MIN && strncmp(normal, wanted, strlen(wanted)) == 0;
}

static void target_fill(struct ctl_target *target, const char *id, const char *name)
{
    snprintf(target->id, sizeof(target->id), "%s", id);
    snprintf(target->label, sizeof(target->label), "%s", name && *name ? name : id);
}

static void target_print_candidate(FILE *file, const char *id, const char *name)
{
    fprintf(file, "  %s  ", id);
    ctl_text_print(file, name, strlen(name));
    fputc('\n', file);
}

enum ctl_target_outcome ctl_target_match(const char *text, const char *own_id, const char *own_name,
                                         const struct softbus_device_info *devices, size_t n_devices,
                                         FILE *candidates, struct ctl_target *ret_target)
{
    char wanted[ID_CHARACTERS + 1];
    struct ctl_target found = { .id = "" };
    size_t n_found = 0;
    bool is_own;

    target_normalize_id(text, wanted);
    is_own = strcmp(text, own_name) == 0 || target_id_begins_with(own_id, wanted);
    if (strcmp(text, ".") == 0 || strcmp(text, "local") == 0) {
        target_fill(ret_target, "", *own_name ? own_name : own_id);
        return CTL_TARGET_LOCAL;
    }
    for (size_t i = 0; i < n_devices; i++) {
        bool is_named = devices[i].is_trusted && strcmp(text, devices[i].name) == 0;

        if (!is_named && !target_id_begins_with(devices[i].id, wanted))
            continue;
        target_fill(&found, devices[i].id, devices[i].name);
        n_found++;
    }
    if (n_found + is_own > 1) {
        if (is_own)
            target_print_candidate(candidates, own_id, own_name);
        for (size_t i = 0; i < n_devices; i++)
            if ((devices[i].is_trusted && strcmp(text, devices[i].name) == 0) ||
                target_id_begins_with(devices[i].id, wanted))
                target_print_candidate(candidates, devices[i].id, devices[i].name);
        return CTL_TARGET_AMBIGUOUS;
    }
    if (is_own)
        target_fill(&found, "", *own_name ? own_name : own_id);
    else if (n_found == 0 && strlen(wanted) == ID_CHARACTERS)
        target_fill(&found, text, NULL); /* softbusd says whether it is one, and known */
    else if (n_found == 0)
        return CTL_TARGET_NONE;
    *ret_target = found;
    return is_own ? CTL_TARGET_LOCAL : CTL_TARGET_FOUND;
}

bool ctl_target_is_same_id(const char *id, const char *other)
{
    char normal[ID_CHARACTERS + 1], other_normal[ID_CHARACTERS + 1];

    target_normalize_id(id, normal);
    target_normalize_id(other, other_normal);
    return strlen(normal) == ID_CHARACTERS && strcmp(normal, other_normal) == 0;
}

static const char *target_refuse_text(const char *name)
{
    size_t size = strlen(name), length;
    uint32_t character;

    if (size > CTL_TARGET_NAME_MAX)
        return "it is longer than 63 bytes";
    if (size > 0 && (name[0] == ' ' || name[size - 1] == ' '))
        return "it begins or ends with a space";
    for (size_t i = 0; i < size; i += length) {
        length = ctl_text_decode(name + i, size - i, &character);
        if (length == 0)
            return "it is not UTF-8";
        if (character < 0x20 || character == 0x7f)
            return "it has a control character";
    }
    return NULL;
}

const char *ctl_target_refuse_name(const char *name, const char *id, const char *own_id,
                                   const struct softbus_device_info *devices, size_t n_devices)
{
    const char *reason = target_refuse_text(name);
    char wanted[ID_CHARACTERS + 1];

    if (reason)
        return reason;
    if (strcmp(name, ".") == 0 || strcmp(name, "local") == 0)
        return "it means this device";
    if (strchr(name, '/'))
        return "the / stands between a device and its service";
    if (name[0] == '-')
        return "it begins as an option does";
    target_normalize_id(name, wanted);
    if (strlen(wanted) == ID_CHARACTERS)
        return "it looks like a device id";
    if (target_id_begins_with(own_id, wanted))
        return "this device's id begins like that";
    for (size_t i = 0; i < n_devices; i++)
        if (!ctl_target_is_same_id(devices[i].id, id) && target_id_begins_with(devices[i].id, wanted))
            return "another device's id begins like that";
    return NULL;
}

static int target_fail(const char *text, enum ctl_target_outcome outcome, const char *candidates)
{
    fputs("softbusctl: ", stderr);
    ctl_text_print(stderr, text, strlen(text));
    if (outcome == CTL_TARGET_AMBIGUOUS)
        fprintf(stderr, ": more than one device is meant by this; give more of its id:\n%s", candidates);
    else
        fputs(": no such device\n"
              "  a device is given by its id, the first 4 or more characters of it, the name of a trusted device, or . for\n"
              "  this one; `softbusctl devices` shows them, `softbusctl trust add DEVICE-ID [NAME]` trusts one\n",
              stderr);
    return CTL_EXIT_NOT_FOUND;
}

int ctl_target_find(struct ctl *ctl, const char *text, struct ctl_target *ret_target)
{
    struct softbus_device_info *devices = NULL;
    char *candidates = NULL;
    size_t n_devices = 0, size;
    enum ctl_target_outcome outcome;
    FILE *file;
    int r = softbus_device_list(ctl->bus, &devices, &n_devices);

    if (r < 0)
        return ctl_fail(r, "asking for the devices");
    file = open_memstream(&candidates, &size);
    if (!file) {
        free(devices);
        return ctl_fail_errno("candidates");
    }
    outcome = ctl_target_match(text, softbus_get_device(ctl->bus), softbus_get_device_name(ctl->bus), devices, n_devices,
                               file, ret_target);
    fclose(file);
    r = outcome == CTL_TARGET_FOUND || outcome == CTL_TARGET_LOCAL
            ? CTL_EXIT_OK
            : target_fail(text, outcome, candidates ? candidates : "");
    free(candidates);
    free(devices);
    return r;
}

int ctl_target_find_service(struct ctl *ctl, const char *text, struct ctl_target *ret_target, const char **ret_service)
{
    const char *slash = strrchr(text, '/'); /* the last: a device's name may hold one, a service's cannot */
    char *device;
    int r;

    *ret_service = slash ? slash + 1 : NULL;
    if (!slash)
        return ctl_target_find(ctl, text, ret_target);
    device = strndup(text, (size_t)(slash - text));
    if (!device)
        return ctl_fail(SOFTBUS_ERR_NO_MEMORY, "%s", text);
    r = ctl_target_find(ctl, device, ret_target);
    free(device);
    return r;
}

const char *ctl_target_get_device(const struct ctl_target *target)
{
    return *target->id ? target->id : NULL;
}

/* Whether the service is offered, or would be started. */
static int target_offers(struct ctl *ctl, const struct ctl_target *target, const char *service, bool *ret_is_offered)
{
    struct softbus_service_info *services;
    size_t n;
    int r = softbus_service_list(ctl->bus, ctl_target_get_device(target), &services, &n);

    if (r < 0)
        return r;
    *ret_is_offered = false;
    for (size_t i = 0; i < n && !*ret_is_offered; i++)
        *ret_is_offered = strcmp(services[i].name, service) == 0;
    free(services);
    return 0;
}

int ctl_target_look_up(struct ctl *ctl, const struct ctl_target *target, const char *service, struct softbus_object **ret_object)
{
    bool is_offered = false;
    int r = ctl->timeout_ms ? target_offers(ctl, target, service, &is_offered) : 0;

    if (r == 0)
        r = softbus_service_get(ctl->bus, ctl_target_get_device(target), service, is_offered ? ctl->timeout_ms : 0, ret_object);
    return r == SOFTBUS_ERR_NO_SERVICE && is_offered ? SOFTBUS_ERR_TIMEOUT : r;
}
