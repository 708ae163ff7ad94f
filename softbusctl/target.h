/*
 * Which device is meant: a full id, the beginning of one (4 characters at least), the name of a trusted device, "." or
 * "local" for this one. Names of strangers do not count: anybody could call itself as your device is called.
 */
#ifndef CTL_TARGET_H
#define CTL_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <softbus/object.h>

struct ctl;
struct softbus_device_info;
struct softbus_object;

#define CTL_TARGET_PREFIX_MIN 4
#define CTL_TARGET_NAME_MAX 63 /* bytes: softbus/device.h, softbus_trust_add() */

enum ctl_target_outcome {
    CTL_TARGET_FOUND = 0,
    CTL_TARGET_LOCAL,
    CTL_TARGET_NONE,
    CTL_TARGET_AMBIGUOUS,
};

struct ctl_target {
    char id[SOFTBUS_DEVICE_ID_SIZE]; /* full, with FOUND; "" with LOCAL: ask ctl_target_get_device() */
    char label[SOFTBUS_DEVICE_ID_SIZE + 64]; /* for people: the name if it has one, else the id */
};

/* Pure. own_id, own_name: this device's. With AMBIGUOUS the candidates are printed to `candidates`, one a line. */
enum ctl_target_outcome ctl_target_match(const char *text, const char *own_id, const char *own_name,
                                         const struct softbus_device_info *devices, size_t n_devices,
                                         FILE *candidates, struct ctl_target *ret_target);

/* Whether both are the same full id, however they are written. Pure. */
bool ctl_target_is_same_id(const char *id, const char *other);

/* Pure. Why a device with that id is not to be named so: the name is not what trust takes, or DEVICE would mean another
 * device by it, or none. NULL: it may. */
const char *ctl_target_refuse_name(const char *name, const char *id, const char *own_id,
                                   const struct softbus_device_info *devices, size_t n_devices);

/* The same as ctl_target_match() for the devices that softbusd knows. CTL_EXIT_OK, or another exit status after saying why. */
int ctl_target_find(struct ctl *ctl, const char *text, struct ctl_target *ret_target);

/* DEVICE or DEVICE/SERVICE; *ret_service is lent from text, NULL when there is none. As ctl_target_find(). */
int ctl_target_find_service(struct ctl *ctl, const char *text, struct ctl_target *ret_target, const char **ret_service);

/* Looks the service up. As softbus_service_get() without waiting for what is not there; with --timeout, what softbusd has to start for it
 * is waited for no longer than that: TIMEOUT. */
int ctl_target_look_up(struct ctl *ctl, const struct ctl_target *target, const char *service, struct softbus_object **ret_object);

/* As the functions of softbus/registry.h want it: NULL for this device. Lent from target. */
const char *ctl_target_get_device(const struct ctl_target *target);

#endif
