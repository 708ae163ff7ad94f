/*
 * A hostile peer at the multiplexer: its bytes in, in pieces, while we send, pull, are busy, and resume. The first byte of the
 * input chooses how. What may never happen: a crash, more held than the credit given, or a message of another size than it says.
 */
#include "session/mux.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
    struct sess_mux *mux;
    unsigned n_messages, busy_every;
};

static enum sess_verdict on_message(void *userdata, uint32_t stream, const uint8_t *data, size_t size)
{
    struct peer *peer = userdata;

    if (size < 8 || size > 65536 || wire_load_u32(data) != size)
        abort();
    if (peer->busy_every && ++peer->n_messages % peer->busy_every == 0)
        return SESS_BUSY;
    (void)sess_mux_send(peer->mux, stream ? SESS_CLASS_CALL : SESS_CLASS_CONTROL, stream, 0, data, size);
    if (peer->n_messages % 8 == 7)
        sess_mux_end_stream(peer->mux, stream);
    return SESS_ACCEPTED;
}

static void check(const struct sess_mux *mux)
{
    struct sess_mux_stats stats;

    sess_mux_get_stats(mux, &stats);
    if (stats.held_bytes > 4 * 65536 + 8 * 16384 + 65536 || stats.n_streams_in > 8 || stats.n_streams_out > 8)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sess_mux_config config = { .n_streams_max = 8, .message_max = 65536, .window_bytes = 65536,
                                                   .reassembly_max = 65536, .queue_max = 1 << 20, .heartbeat_ms = 1000 };
    struct peer peer = { 0 };
    uint8_t room[WIRE_FRAME_MAX], how;
    uint32_t reason;
    size_t step;
    int r = 0;

    if (size == 0 || sess_mux_new(&config, on_message, &peer, &peer.mux) < 0)
        return 0;
    how = data[0];
    peer.busy_every = how & 3;
    step = how & 4 ? (size_t)1 + (how >> 3) : size;
    (void)sess_mux_attach(peer.mux, 0);
    for (size_t at = 1; at < size && r == 0; at += step) {
        r = sess_mux_feed(peer.mux, data + at, size - at < step ? size - at : step, at, &reason);
        for (uint32_t stream = 0; stream < 4 && r == 0 && (how & 8); stream++)
            r = sess_mux_unblock(peer.mux, stream);
        while (sess_mux_pull(peer.mux, room, sizeof(room)) > 0)
            ;
        check(peer.mux);
        if ((how & 16) && at % 64 == 1)
            (void)sess_mux_attach(peer.mux, at % 3);
    }
    sess_mux_free(peer.mux);
    return 0;
}
