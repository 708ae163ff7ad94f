/* Private to session/mux*.c: the multiplexer's two halves share these structures. */
#ifndef SESS_MUX_IMPL_H
#define SESS_MUX_IMPL_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "base/random.h"
#include "session/mux.h"

#define SESS_MUX_N_CLASSES 3

/* Initial credit of a stream. More follows when a stream proves busy and the reassembly budget has room, so that
 * n_streams_max idle promises do not add up to gigabytes. */
#define SESS_MUX_INITIAL_WINDOW (16u * 1024)

/* A stream towards the peer. */
struct sess_mux_out {
    struct sb_map_entry entry;
    struct sb_list link; /* in streams_out */
    struct sb_list ready_link;
    uint32_t id;
    enum sess_class class;
    struct sb_buf queue; /* bytes of messages not yet in frames */
    struct sb_buf marks; /* struct sess_mux_mark, of the messages with a cookie */
    uint64_t queued_total, sent_total;
    uint64_t credit_bytes;
    bool is_ending, has_sent_end;
};

struct sess_mux_mark {
    uint64_t end, cookie;
};

/* A stream from the peer. */
struct sess_mux_in {
    struct sb_map_entry entry;
    struct sb_list link;         /* in streams_in */
    struct sb_list partial_link; /* has the beginning of a message: in partial, oldest first */
    struct sb_list starved_link; /* waits for the budget */
    struct sb_list owed_link;    /* has a CREDIT or STREAM_ENDED to be sent */
    uint32_t id;
    struct sb_buf held;
    uint64_t received, granted;
    size_t window;     /* what credit is refilled to */
    size_t extra;      /* its share of the budget: what it may come to hold beyond the initial window */
    uint32_t owed;     /* credit granted and not yet in a frame */
    bool is_blocked, has_ended, is_finished;
};

struct sess_mux {
    struct sess_mux_config config;
    sess_mux_message_fn message;
    void *userdata;
    struct sb_random random;
    bool is_attached, is_stopped;

    /* out */
    struct sb_map out;
    struct sb_list streams_out;
    struct sb_list ready[SESS_MUX_N_CLASSES];
    uint32_t n_out, n_out_max;
    size_t peer_window, peer_message_max;
    size_t queued_bytes[2]; /* of control, of the rest */
    struct sb_buf urgent;   /* unsequenced frames, not yet pulled */
    struct sb_buf kept;     /* sequenced frames n_acked ... n_made - 1 */
    size_t kept_offset;     /* of the first frame in it not pulled on this connection */
    uint64_t n_made, n_acked;
    struct sb_buf sent; /* cookies */

    /* in */
    struct sb_map in;
    struct sb_list streams_in;
    struct sb_list partial, starved, owed;
    uint32_t n_in;
    struct sb_buf broken; /* the beginning of a frame */
    uint64_t n_received;
    unsigned n_unacked_frames;
    size_t n_unacked_bytes;
    bool is_ack_due;
    size_t extra_bytes; /* sum of extra */
    size_t held_bytes;
    uint64_t ping_stamp, rtt_us;
};

/* mux_in.c */
int sess_mux_in_take_data(struct sess_mux *mux, uint32_t id, const uint8_t *bytes, size_t size);
int sess_mux_in_take_end(struct sess_mux *mux, uint32_t id);
struct sess_mux_in *sess_mux_in_free(struct sess_mux *mux, struct sess_mux_in *stream);

/* mux_out.c */
struct sess_mux_out *sess_mux_out_find(struct sess_mux *mux, uint32_t id);
struct sess_mux_out *sess_mux_out_free(struct sess_mux *mux, struct sess_mux_out *stream);
void sess_mux_out_refresh(struct sess_mux *mux, struct sess_mux_out *stream);
void sess_mux_out_drop_acked(struct sess_mux *mux, uint64_t received);

#endif
