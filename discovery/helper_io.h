/*
 * The daemon's side of discovery by multicast: starts the helper program that owns Avahi, listens to it, and starts it
 * again when it dies (250 ms doubling to 30 s; a helper that lived for a minute starts over at 250 ms). Every byte that
 * the helper says is hostile: strangers on the network may have taken it over. Messages are bounded in size, rate and
 * number of entries; a malformed one costs the helper its life.
 *
 * What a helper found outlives it for DISC_HELPER_KEEP_MS, so that a crash is not everybody's disappearance.
 */
#ifndef DISC_HELPER_IO_H
#define DISC_HELPER_IO_H

#include "wire/devid.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define DISC_HELPER_KEEP_MS 120000

struct disc_helper;
struct event_base;

struct disc_helper_config {
    const char *program;           /* path of softbus-mdns */
    struct wire_devid id;          /* our own; never reported */
    uint16_t port;                 /* where our sessions are accepted; not 0 */
    const char *instance;          /* DNS-SD instance name, at most 63 bytes; NULL: made from the device id */
    const char *const *interfaces; /* NULL-terminated; at most 32; NULL: all but lo */
    bool use_ipv4, use_ipv6;
};

/* All run on the loop, never from inside disc_helper_new(); userdata is borrowed. The helper object may be freed in
 * none of them. Pointers are lent for the call. */
struct disc_helper_callbacks {
    void *userdata;
    /* New, known with another protocol version, or told again, as everything is once a minute: an owner who had no room
     * for it may have some now. Versions we do not speak are reported too: log once and ignore. */
    void (*found)(void *userdata, const struct wire_devid *id, uint32_t version, const struct sockaddr_storage *address);
    void (*lost)(void *userdata, const struct wire_devid *id, const struct sockaddr_storage *address);
    /* The helper is up, sandboxed and publishing, or it is down; `text` is one line for the log that says why and when it
     * will be tried again. */
    void (*state)(void *userdata, bool is_up, const char *text);
    /* A line from Avahi, at most 20 at once and 1 a second; level as enum sb_log_level. May be NULL. */
    void (*log)(void *userdata, int level, const char *text);
    /* True for devices that matter (trusted ones): they win over others when a flood fills the table. May be NULL. */
    bool (*is_wanted)(void *userdata, const struct wire_devid *id);
};

/* The first helper is started in the loop's next turn. borrows base for the helper's life; copies the rest.
 * -EINVAL: a value of config is out of range; -ENOMEM. That the program does not exist is told by `state`. */
int disc_helper_new(struct event_base *base, const struct disc_helper_config *config,
                    const struct disc_helper_callbacks *callbacks, struct disc_helper **ret_helper);

/* Kills and reaps the child; no callbacks. NULL is fine. */
struct disc_helper *disc_helper_free(struct disc_helper *helper);

/* Of the running child; 0 when there is none at the moment. */
pid_t disc_helper_get_pid(const struct disc_helper *helper);

#endif
