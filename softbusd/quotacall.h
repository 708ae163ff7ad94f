/* QUOTA_LIST: who uses how much; docs/protocol-app.md, "The hub's calls". */
#ifndef HUB_QUOTACALL_H
#define HUB_QUOTACALL_H

#include <stdbool.h>
#include <stdint.h>

struct hub;
struct wire_writer;

/* An entry is written. False: there is no room for more. */
typedef bool (*hub_quotacall_fn)(void *userdata);

/* Writes the entries: of all users (of `uid` alone unless sees_all), and then what their apps use or were refused. */
void hub_quotacall_put(struct hub *hub, bool sees_all, uint32_t uid, struct wire_writer *writer, hub_quotacall_fn fn,
                       void *userdata);

#endif
