/*
 * Other devices, from the outside of the hub: the session manager, the discovery helper, the table of addresses and the
 * trust store's file, joined to each other and to the hub.
 */
#ifndef HUB_PEERS_IO_H
#define HUB_PEERS_IO_H

#include "session/session.h"
#include "wire/devid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub;
struct hub_config;
struct hub_loop;
struct hub_peers;
struct sb_log;
struct sess_identity;
struct sess_peer_stats;
struct sess_trust;

/* What must be there before the hub can be made; borrows everything. -ENOMEM */
int hub_peers_new(struct hub_loop *loop, const struct sb_log *log, const struct sess_identity *identity,
                  struct sess_trust *trust, const char *trust_file, struct hub_peers **ret_peers);

/* Listens, dials, announces. borrows hub until hub_peers_stop(). name: the device's label; helper: the program's path.
 * error_text says what failed and what to do. */
int hub_peers_start(struct hub_peers *peers, struct hub *hub, const struct hub_config *config, const char *name,
                    const char *helper, char *error_text, size_t error_size);

/* Says goodbye to every device and ends the helper; the hub hears SESS_END_SHUTDOWN of each session. What the hub asks for
 * from now on fails, as with a device that is gone. */
void hub_peers_stop(struct hub_peers *peers);

/* After the hub, which still asks for things while it ends. NULL is fine. */
struct hub_peers *hub_peers_free(struct hub_peers *peers);

/* The devices that the configuration names, in place of those it named before. */
void hub_peers_set_static(struct hub_peers *peers, const struct hub_config *config);

uint16_t hub_peers_get_port(const struct hub_peers *peers);

/* For STATUS: the helper's process, 0 when there is none, and its state in words (lent until it changes). */
int hub_peers_get_helper_pid(const struct hub_peers *peers);
const char *hub_peers_get_discovery(const struct hub_peers *peers);

/* For struct hub_ops; userdata is the struct hub_peers. */
int hub_peers_send(void *userdata, const struct wire_devid *id, enum sess_class class, uint32_t stream, uint64_t cookie,
                   const uint8_t *data, size_t size);
void hub_peers_unblock(void *userdata, const struct wire_devid *id, uint32_t stream);
void hub_peers_end_stream(void *userdata, const struct wire_devid *id, uint32_t stream);
int hub_peers_get_stats(void *userdata, const struct wire_devid *id, struct sess_peer_stats *ret_stats);
int hub_peers_save_trust(void *userdata);
void hub_peers_apply_trust(void *userdata);

#endif
