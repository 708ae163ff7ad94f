/*
 * Apps that outlive their hub: docs/protocol-app.md, "A hub that restarts". What was known outside an app before is known by its origin, a
 * number that the hub makes of the app's instance and the stub with a key that outlives it: who never held the object cannot make it.
 */
#ifndef HUB_RESTART_H
#define HUB_RESTART_H

#include "wire/msg.h"
#include "wire/status.h"

#include <stdbool.h>

struct hub_app;
struct hub_node;
struct sb_map_entry;

/* The app's instance, the one it says it had if it proves it, and what it is to be told. */
void hub_restart_greet(struct hub_app *app, const struct wire_hello *hello, struct wire_welcome *welcome);

uint64_t hub_restart_get_origin(const struct hub_app *app, uint64_t stub);

/* From an app: a stub of its own that was known outside. */
void hub_restart_receive_offer(struct hub_app *app, struct wire_bytes body);

/* The call is answered, or enters the tables until the object is offered. An error: nobody has answered it yet. */
enum wire_status hub_restart_claim(struct hub_app *app, uint64_t caller_id, uint64_t origin, uint64_t stub);

/* The node dies, or is given back. */
void hub_restart_forget_node(struct hub_node *node);

/* For the map constructor. */
bool hub_restart_has_origin(const struct sb_map_entry *entry, const void *key, size_t key_size);

#endif
