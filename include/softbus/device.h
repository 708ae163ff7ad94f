/**
 * @file softbus/device.h
 * Devices: who is there, who is trusted, and the state of this device's softbusd.
 *
 * @code
 * struct softbus_device_info *devices;
 * size_t n;
 * if (softbus_device_list(bus, &devices, &n) == 0) {
 *     for (size_t i = 0; i < n; i++)
 *         printf("%s %s %s\n", devices[i].id, devices[i].name, softbus_device_state_get_name(devices[i].state));
 *     free(devices);
 * }
 * @endcode
 *
 * Thread rule and common errors as in softbus/registry.h.
 */
#ifndef SOFTBUS_DEVICE_H
#define SOFTBUS_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct softbus;
struct softbus_watch;

enum softbus_device_state {
    SOFTBUS_DEVICE_OFFLINE = 0, /**< no session */
    SOFTBUS_DEVICE_ONLINE = 1,
    SOFTBUS_DEVICE_SUSPECT = 2, /**< not heard of for a moment; calls wait, nothing is lost yet */
};

struct softbus_device_info {
    const char *id;
    const char *name;      /**< a label that decides nothing: ours from `trust add`, else the device's own, else "" */
    enum softbus_device_state state;
    bool is_trusted;
    const char *addresses; /**< candidate addresses, separated by spaces; "" when none is known */
    uint64_t rtt_us;       /**< of the last heartbeat; 0 when not measured */
    uint32_t n_services;   /**< distributed services it offers */
};

/** Devices found or trusted, without this one. @param[out] ret_devices gives an array of *ret_n, to be freed as one block
 * with free(). @since 0.1 */
int softbus_device_list(struct softbus *bus, struct softbus_device_info **ret_devices, size_t *ret_n);

/** device is lent. */
typedef void (*softbus_device_fn)(void *userdata, const struct softbus_device_info *device);

/** fn runs once for each device there now, then at each change of state, trust or presence; never inside this call.
 * @param[out] ret_watch lends until softbus_unwatch() or close. @since 0.1 */
int softbus_device_watch(struct softbus *bus, softbus_device_fn fn, void *userdata, struct softbus_watch **ret_watch);

/** Asks the softbusd of that device to answer. Errors: NO_DEVICE, BAD_DEVICE_ID, DEVICE_OFFLINE, DEVICE_LOST. @since 0.1 */
int softbus_device_ping(struct softbus *bus, const char *device, uint32_t timeout_ms);

const char *softbus_device_state_get_name(enum softbus_device_state state); /**< "online", ... @since 0.1 */

/** @name Administration
 * For root and the user that softbusd runs as; DENIED for others (listing included). @{ */

/** Trusts a device's key, or changes its label (at most 63 bytes of UTF-8, NULL for none). On disk when it returns 0.
 * Errors: BAD_DEVICE_ID, INVALID (name; own id), LIMIT, STORE. @since 0.1 */
int softbus_trust_add(struct softbus *bus, const char *device, const char *name);
/** Ends its sessions and every reference at once. Errors: BAD_DEVICE_ID, NO_DEVICE, STORE. @since 0.1 */
int softbus_trust_remove(struct softbus *bus, const char *device);

struct softbus_trust_info {
    const char *id, *name;
};
int softbus_trust_list(struct softbus *bus, struct softbus_trust_info **ret_entries, size_t *ret_n);
/** @} */

struct softbus_status_item {
    const char *name;
    uint64_t value;
    const char *text; /**< NULL: the value counts */
};

/** What softbusd says of itself: version, device, tables' sizes, uptime, helper. Gives as device_list. @since 0.1 */
int softbus_status_get(struct softbus *bus, struct softbus_status_item **ret_items, size_t *ret_n);

#ifdef __cplusplus
}
#endif
#endif
