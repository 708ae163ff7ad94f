/*
 * What a new hub is told and asked: stubs are offered, services registered, watches begun and proxies claimed again. Requests are
 * asynchronous, and their answers are taken by any thread, also by one that may run nothing.
 */
#ifndef SOFTBUS_LIB_RESTORE_H
#define SOFTBUS_LIB_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

struct softbus;
struct softbus_object;
struct softbus_pending;
struct wire_object;

/* What an answer is for. */
enum softbus_restores {
    SOFTBUS_RESTORES_NOTHING, /* an ordinary call */
    SOFTBUS_RESTORES_PROXY,
    SOFTBUS_RESTORES_LINK,
    SOFTBUS_RESTORES_SERVICE,
    SOFTBUS_RESTORES_WATCH,
    SOFTBUS_RESTORES_REST, /* no longer than this may what was there before come back */
};

void softbus_restore_init(struct softbus *bus);

/* The hub is gone, and what it knew of our objects with it. */
void softbus_restore_forget(struct softbus *bus);

/* There is a new hub; is_same: for it this process and this device are the same as before. */
void softbus_restore_begin(struct softbus *bus, bool is_same);

/* Claims more, as many as may be under way at once. */
void softbus_restore_claim(struct softbus *bus);

/* An answer; does not free the call. */
void softbus_restore_take(struct softbus *bus, struct softbus_pending *pending);

/* One request less under way. */
void softbus_restore_count_down(struct softbus *bus);

/* A handle that nobody has: the proxy of the old hub that it is for, or NULL. The proxy has the handle then. */
struct softbus_object *softbus_restore_adopt(struct softbus *bus, const struct wire_object *from);

/* It dies: links fire from a job. */
void softbus_restore_kill(struct softbus_object *proxy, uint32_t reason);

/* At close. */
void softbus_restore_drop_all(struct softbus *bus);

#endif
