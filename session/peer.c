/* State of a peer; see peer.h. */
#include "session/peer.h"

void sess_peer_init(struct sess_peer *peer, unsigned suspect_ms, unsigned grace_ms)
{
    *peer = (struct sess_peer){ .suspect_ms = suspect_ms, .grace_ms = grace_ms };
}

enum sess_peer_event sess_peer_connect(struct sess_peer *peer, uint64_t now_ms)
{
    enum sess_peer_state before = peer->state;

    peer->state = SESS_PEER_ONLINE;
    peer->is_connected = true;
    peer->heard_ms = now_ms;
    if (before == SESS_PEER_OFFLINE)
        peer->ticked_ms = now_ms;
    return before == SESS_PEER_SUSPECT ? SESS_PEER_IS_ONLINE : SESS_PEER_NOTHING;
}

static enum sess_peer_event become_suspect(struct sess_peer *peer, uint64_t now_ms)
{
    peer->state = SESS_PEER_SUSPECT;
    peer->suspect_since_ms = now_ms;
    return SESS_PEER_IS_SUSPECT;
}

enum sess_peer_event sess_peer_cut(struct sess_peer *peer, uint64_t now_ms)
{
    peer->is_connected = false;
    return peer->state == SESS_PEER_ONLINE ? become_suspect(peer, now_ms) : SESS_PEER_NOTHING;
}

enum sess_peer_event sess_peer_hear(struct sess_peer *peer, uint64_t now_ms)
{
    peer->heard_ms = now_ms;
    if (peer->state != SESS_PEER_SUSPECT || !peer->is_connected)
        return SESS_PEER_NOTHING;
    peer->state = SESS_PEER_ONLINE;
    return SESS_PEER_IS_ONLINE;
}

enum sess_peer_event sess_peer_tick(struct sess_peer *peer, uint64_t now_ms)
{
    uint64_t gap = now_ms - peer->ticked_ms;

    peer->ticked_ms = now_ms;
    if (peer->state == SESS_PEER_OFFLINE)
        return SESS_PEER_NOTHING;
    if (gap > peer->suspect_ms) {
        peer->heard_ms = now_ms;
        peer->suspect_since_ms = now_ms;
        return SESS_PEER_NOTHING;
    }
    if (peer->state == SESS_PEER_ONLINE && now_ms - peer->heard_ms >= peer->suspect_ms)
        return become_suspect(peer, now_ms);
    if (peer->state == SESS_PEER_SUSPECT && now_ms - peer->suspect_since_ms >= peer->grace_ms)
        return SESS_PEER_IS_LOST;
    return SESS_PEER_NOTHING;
}

void sess_peer_reset(struct sess_peer *peer)
{
    peer->state = SESS_PEER_OFFLINE;
    peer->is_connected = false;
}

uint64_t sess_peer_get_due_ms(const struct sess_peer *peer)
{
    /* Often enough that no gap of our own making looks like an absence. */
    uint64_t latest = peer->ticked_ms + (peer->suspect_ms + 1) / 2, due;

    switch (peer->state) {
    case SESS_PEER_ONLINE:
        due = peer->heard_ms + peer->suspect_ms;
        break;
    case SESS_PEER_SUSPECT:
        due = peer->suspect_since_ms + peer->grace_ms;
        break;
    case SESS_PEER_OFFLINE:
    default:
        return UINT64_MAX;
    }
    return due < latest ? due : latest;
}
