/**
 * @file softbus/registry.h
 * Services: objects registered under a name, on this device or another.
 *
 * @code
 * struct softbus_object *board;
 * int r = softbus_service_get(bus, device, "org.softbus.example.Board", 5000, &board);
 * if (r == SOFTBUS_ERR_NO_SERVICE)
 *     fprintf(stderr, "no board on that device within 5 s\n");
 * @endcode
 *
 * `device` is a device id, or NULL for this device. Only distributed services can be seen from other devices. Any thread may call these
 * functions (softbus/bus.h), in handlers too; those that ask softbusd wait for it, at most SOFTBUS_DEFAULT_TIMEOUT_MS longer than
 * they say, and can fail with DISCONNECTED, TIMEOUT, NO_MEMORY, LIMIT besides the errors named.
 */
#ifndef SOFTBUS_REGISTRY_H
#define SOFTBUS_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct softbus;
struct softbus_object;

enum softbus_service_flags {
    SOFTBUS_SERVICE_LOCAL = 0,
    SOFTBUS_SERVICE_DISTRIBUTED = 1, /**< other devices see it too */
};

/** Registers a stub of this process. Errors: NAME_INVALID, NAME_TAKEN, INVALID (a proxy), DENIED (the policy, softbusd.policy(5),
 * does not let you own that name). @since 0.1 */
int softbus_service_add(struct softbus *bus, const char *name, struct softbus_object *stub, unsigned flags);

/** Removes a name that this process registered. With its last name the object is withdrawn: links to its death fire with
 * WITHDRAWN. Errors: NO_SERVICE, DENIED (another process's). @since 0.1 */
int softbus_service_remove(struct softbus *bus, const char *name);

/** Looks a service up, waiting up to wait_ms for it (and for its device) to appear; 0: only what is there now, and what softbusd can
 * start, see softbusd.service(5): with 0 the call waits until its program has registered it or has failed (its start_timeout, 300 s
 * at most); else no longer than wait_ms, while the start goes on without it.
 * @param[out] ret_object gives a proxy, or the own stub. Errors: NO_SERVICE, NO_DEVICE, BAD_DEVICE_ID, DEVICE_OFFLINE,
 * DEVICE_LOST, NAME_INVALID, DENIED (the policy does not let you look up that name; whether there is such a service is not told),
 * START (the program that offers it could not be started, or not lately; softbusd's log says why). @since 0.1 */
int softbus_service_get(struct softbus *bus, const char *device, const char *name, uint32_t wait_ms,
                        struct softbus_object **ret_object);

struct softbus_service_info {
    const char *name;
    bool is_distributed;
    const char *app; /**< label of the process; "" for another device's services, and for one that is not running */
    uint32_t pid;    /**< 0 for the same: a service of this device that is not running is started when it is looked up */
};

/** What is there, and what softbusd can start. Services of this device that you may not look up are not in the list.
 * @param[out] ret_services gives an array of *ret_n, to be freed as one block with free().
 * Errors: NO_DEVICE, BAD_DEVICE_ID, DEVICE_OFFLINE. @since 0.1 */
int softbus_service_list(struct softbus *bus, const char *device, struct softbus_service_info **ret_services,
                         size_t *ret_n);

/** device and name are lent. device is this device's id for its own services. */
typedef void (*softbus_service_fn)(void *userdata, const char *device, const char *name, bool is_present);

struct softbus_watch;

/** fn runs once for each service there now, then for each that appears or vanishes; never inside this call. A service that is replaced
 * vanishes and appears. Services of this device that you may not look up are not told of; one that a change of the policy shows or
 * hides appears or vanishes. device may be one that is not
 * here yet. @param[out] ret_watch lends until softbus_unwatch() or close. Errors: NO_DEVICE, BAD_DEVICE_ID. @since 0.1 */
int softbus_service_watch(struct softbus *bus, const char *device, softbus_service_fn fn, void *userdata,
                          struct softbus_watch **ret_watch);

/** Ends a watch of services or devices; takes; NULL is fine; fn will not run again. @since 0.1 */
void softbus_unwatch(struct softbus_watch *watch);

#ifdef __cplusplus
}
#endif
#endif
