/* One hub with three apps and one session, for the harnesses: what the outside asks of it, and a check that nothing is left. */
#ifndef TESTS_HUB_FUZZ_H
#define TESTS_HUB_FUZZ_H

#include "base/log.h"
#include "session/trust.h"
#include "softbusd/hub.h"
#include "softbusd/tables.h"

#define FUZZ_APPS 3
#define FUZZ_IDS 64

struct fuzz_world;

struct fuzz_app {
    struct fuzz_world *world;
    struct hub_app *hub_app; /* NULL: closed */
    struct hub_quota_charge queued;
    uint16_t n_fds; /* that come with its next message, at most 3 */
    bool is_killed, has_lost_fds;
};

struct fuzz_world {
    struct hub *hub;
    struct sb_log log;
    struct sess_trust trust;
    struct wire_devid self, peer, stranger;
    struct fuzz_app apps[FUZZ_APPS];
    bool has_session, is_hearing;
    int peer_error, save_error, channel_error;
    unsigned n_fds; /* that the hub has to send or to close */
    uint64_t last_cookie;
    /* Numbers that the hub has given out: an input cannot guess them, so it names them by their place. */
    uint64_t ids[FUZZ_IDS];
    unsigned n_ids;
};

void fuzz_world_init(struct fuzz_world *world);
/* Closes everything; aborts when a table is not empty. */
void fuzz_world_deinit(struct fuzz_world *world);

void fuzz_set_session(struct fuzz_world *world, bool is_up);

void fuzz_app_open(struct fuzz_world *world, struct fuzz_app *app, bool has_greeted);
void fuzz_app_close(struct fuzz_app *app);

/* Toggles: its queue is full, or empty. */
void fuzz_app_toggle_full(struct fuzz_app *app);

/* A message with that body, in which numbers of 0xf0xxxxxx xxxxxxxx mean ids[x]. */
void fuzz_app_send(struct fuzz_app *app, uint16_t type, const uint8_t *body, size_t size);
void fuzz_peer_send(struct fuzz_world *world, uint32_t stream, uint16_t type, const uint8_t *body, size_t size);

/* The end of a turn: apps that were killed are closed. */
void fuzz_reap(struct fuzz_world *world);

#endif
