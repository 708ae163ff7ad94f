/* Watches of services and devices: the hub calls a stub of ours, one-way, for each change. */
#ifndef SOFTBUS_LIB_WATCH_H
#define SOFTBUS_LIB_WATCH_H

#include "softbus/registry.h"

#include <stdbool.h>

struct softbus_parcel;
struct softbus_pending;
struct softbus_watch;

/* Reads one entry of the hub's first answer, or one event, and tells the app. */
typedef int (*softbus_watch_tell_fn)(struct softbus_watch *watch, struct softbus_parcel *parcel);

struct softbus_watch_kind {
    unsigned code;       /* of the hub, to begin */
    unsigned event_code; /* of its events */
    softbus_watch_tell_fn tell_entry, tell_event;
    void (*tell_gone)(struct softbus_watch *watch, const char *key); /* what was there before the hub went, and is there no more */
};

/* Begins a watch; device "" for this one, NULL: the code takes none. fn is the app's, of the type that the kind calls. */
int softbus_watch_open(struct softbus *bus, const struct softbus_watch_kind *kind, const char *device, void (*fn)(void),
                       void *userdata, struct softbus_watch **ret_watch);

/* For the tell functions. False: the app has ended the watch. */
void (*softbus_watch_get_fn(const struct softbus_watch *watch))(void);
void *softbus_watch_get_userdata(const struct softbus_watch *watch);
const char *softbus_watch_get_device(const struct softbus_watch *watch);

/* The app is about to be told of this; detail NULL: that it is gone. False: it knows already. */
bool softbus_watch_learn(struct softbus_watch *watch, const char *key, const char *detail);

/* The hub is gone; a new one is asked again (the number of requests), has answered, and has nothing from before any more. */
void softbus_watch_suspend_all(struct softbus *bus);
unsigned softbus_watch_restore_all(struct softbus *bus);
void softbus_watch_take(struct softbus *bus, struct softbus_pending *pending);
void softbus_watch_end_wait(struct softbus *bus);

void softbus_watch_free_all(struct softbus *bus);

#endif
