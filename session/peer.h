/*
 * Is the peer there? A clock for one session, fed with what happens and asked by a timer. Pure.
 *
 *     offline -> online -> suspect (nothing heard for suspect_ms, or connection cut) -> online, or lost after grace_ms
 *
 * A gap between two ticks longer than suspect_ms is our own absence (stopped, suspended): silence during it says
 * nothing about the peer, so its timers start anew.
 */
#ifndef SESS_PEER_H
#define SESS_PEER_H

#include <stdbool.h>
#include <stdint.h>

enum sess_peer_state { SESS_PEER_OFFLINE, SESS_PEER_ONLINE, SESS_PEER_SUSPECT };
enum sess_peer_event { SESS_PEER_NOTHING, SESS_PEER_IS_SUSPECT, SESS_PEER_IS_ONLINE, SESS_PEER_IS_LOST };

struct sess_peer {
    unsigned suspect_ms, grace_ms;
    enum sess_peer_state state;
    bool is_connected;
    uint64_t heard_ms, suspect_since_ms, ticked_ms;
};

void sess_peer_init(struct sess_peer *peer, unsigned suspect_ms, unsigned grace_ms);

/* A connection carries the session (for the first time or again). */
enum sess_peer_event sess_peer_connect(struct sess_peer *peer, uint64_t now_ms);

/* The connection is gone. */
enum sess_peer_event sess_peer_cut(struct sess_peer *peer, uint64_t now_ms);

/* Bytes that the peer's key vouches for have come. */
enum sess_peer_event sess_peer_hear(struct sess_peer *peer, uint64_t now_ms);

/* To be called when sess_peer_get_due_ms() says, or more often. */
enum sess_peer_event sess_peer_tick(struct sess_peer *peer, uint64_t now_ms);

/* The session is over. */
void sess_peer_reset(struct sess_peer *peer);

/* When the next tick can change something; UINT64_MAX: never. */
uint64_t sess_peer_get_due_ms(const struct sess_peer *peer);

#endif
