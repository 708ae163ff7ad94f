/* Multiplexer: life, connection, and what each frame means; see mux.h. Streams are in mux_in.c and mux_out.c. */
#include "session/mux.h"

#include "session/mux_impl.h"
#include "wire/frame.h"

#include <errno.h>
#include <stdlib.h>

/* An ACK goes out after this much, or with the heartbeat: one per message would cost as much as the message. */
#define ACK_EVERY_FRAMES 32
#define ACK_EVERY_BYTES (64 * 1024)

/* Answers to PINGs and the like that wait for a connection that does not write; more are not made. */
#define URGENT_MAX 4096

static bool out_has_id(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    (void)key_size;
    return SB_CONTAINER_OF(entry, struct sess_mux_out, entry)->id == *(const uint32_t *)key;
}

static bool in_has_id(const struct sb_map_entry *entry, const void *key, size_t key_size)
{
    (void)key_size;
    return SB_CONTAINER_OF(entry, struct sess_mux_in, entry)->id == *(const uint32_t *)key;
}

int sess_mux_new(const struct sess_mux_config *config, sess_mux_message_fn message, void *userdata,
                 struct sess_mux **ret_mux)
{
    struct sess_mux *mux = calloc(1, sizeof(*mux));

    if (!mux)
        return -ENOMEM;
    mux->config = *config;
    mux->message = message;
    mux->userdata = userdata;
    sb_map_init(&mux->out, &mux->random, out_has_id);
    sb_map_init(&mux->in, &mux->random, in_has_id);
    sb_list_init(&mux->streams_out);
    sb_list_init(&mux->streams_in);
    sb_list_init(&mux->partial);
    sb_list_init(&mux->starved);
    sb_list_init(&mux->owed);
    for (int i = 0; i < SESS_MUX_N_CLASSES; i++)
        sb_list_init(&mux->ready[i]);
    sb_buf_init(&mux->urgent, URGENT_MAX);
    sb_buf_init(&mux->kept, SIZE_MAX / 4); /* bounded where frames are made */
    sb_buf_init(&mux->sent, SIZE_MAX / 4); /* bounded by the messages that queue_max lets in */
    sb_buf_init(&mux->broken, WIRE_FRAME_MAX);
    mux->n_out_max = config->n_streams_max;
    mux->peer_window = SESS_MUX_INITIAL_WINDOW;
    mux->peer_message_max = config->message_max;
    *ret_mux = mux;
    return 0;
}

struct sess_mux *sess_mux_free(struct sess_mux *mux)
{
    if (!mux)
        return NULL;
    SB_LIST_FOREACH(link, &mux->streams_out)
        sess_mux_out_free(mux, SB_CONTAINER_OF(link, struct sess_mux_out, link));
    SB_LIST_FOREACH(link, &mux->streams_in)
        sess_mux_in_free(mux, SB_CONTAINER_OF(link, struct sess_mux_in, link));
    sb_map_deinit(&mux->out);
    sb_map_deinit(&mux->in);
    sb_buf_deinit(&mux->urgent);
    sb_buf_deinit(&mux->kept);
    sb_buf_deinit(&mux->sent);
    sb_buf_deinit(&mux->broken);
    free(mux);
    return NULL;
}

void sess_mux_fill_hello(const struct sess_mux_config *config, struct wire_frame_hello *hello)
{
    hello->window_bytes = config->window_bytes < SESS_MUX_INITIAL_WINDOW ? (uint32_t)config->window_bytes
                                                                         : SESS_MUX_INITIAL_WINDOW;
    hello->n_streams = config->n_streams_max;
    hello->message_max = (uint32_t)config->message_max;
    hello->heartbeat_ms = config->heartbeat_ms;
}

uint64_t sess_mux_get_received(const struct sess_mux *mux)
{
    return mux->n_received;
}

void sess_mux_set_peer(struct sess_mux *mux, const struct wire_frame_hello *hello)
{
    mux->peer_window = hello->window_bytes;
    if (hello->n_streams < mux->n_out_max)
        mux->n_out_max = hello->n_streams;
    if (hello->message_max < mux->peer_message_max)
        mux->peer_message_max = hello->message_max;
}

bool sess_mux_can_resume(const struct sess_mux *mux, uint64_t received)
{
    return received >= mux->n_acked && received <= mux->n_made;
}

int sess_mux_attach(struct sess_mux *mux, uint64_t received)
{
    if (!sess_mux_can_resume(mux, received))
        return -EBADMSG;
    sess_mux_detach(mux);
    sess_mux_out_drop_acked(mux, received);
    mux->kept_offset = 0;
    mux->is_attached = true;
    return 0;
}

void sess_mux_detach(struct sess_mux *mux)
{
    mux->is_attached = false;
    mux->ping_stamp = 0;
    mux->is_ack_due = false; /* the next HELLO or ACCEPT says it */
    mux->n_unacked_frames = 0;
    mux->n_unacked_bytes = 0;
    sb_buf_deinit(&mux->broken);
    sb_buf_deinit(&mux->urgent);
}

/* Unsequenced frames may be lost; when there is no room they are. */
static void put_urgent(struct sess_mux *mux, uint8_t type, uint64_t value)
{
    struct wire_frame frame = { .type = type, .stamp = value };

    (void)wire_frame_write(&mux->urgent, &frame);
}

void sess_mux_beat(struct sess_mux *mux, uint64_t now_us)
{
    if (!mux->is_attached)
        return;
    if (mux->n_unacked_frames > 0)
        mux->is_ack_due = true;
    mux->ping_stamp = now_us;
    put_urgent(mux, WIRE_FRAME_PING, now_us);
}

void sess_mux_stop(struct sess_mux *mux)
{
    mux->is_stopped = true;
}

static void take_pong(struct sess_mux *mux, uint64_t stamp, uint64_t now_us)
{
    if (stamp == 0 || stamp != mux->ping_stamp)
        return;
    mux->ping_stamp = 0;
    mux->rtt_us = now_us > stamp ? now_us - stamp : 1;
}

static int take_credit(struct sess_mux *mux, uint32_t id, uint32_t credit_bytes)
{
    struct sess_mux_out *stream = sess_mux_out_find(mux, id);

    if (!stream) /* credit crosses nothing: our stream lives until the peer says it has ended */
        return -EBADMSG;
    stream->credit_bytes += credit_bytes;
    if (stream->credit_bytes > UINT32_MAX)
        return -EBADMSG;
    sess_mux_out_refresh(mux, stream);
    return 0;
}

static int take_stream_ended(struct sess_mux *mux, uint32_t id)
{
    struct sess_mux_out *stream = sess_mux_out_find(mux, id);

    if (!stream || !stream->has_sent_end)
        return -EBADMSG;
    sess_mux_out_free(mux, stream);
    return 0;
}

static int take_ack(struct sess_mux *mux, uint64_t received)
{
    if (!sess_mux_can_resume(mux, received))
        return -EBADMSG;
    sess_mux_out_drop_acked(mux, received);
    return 0;
}

static int take_sequenced(struct sess_mux *mux, const struct wire_frame *frame)
{
    switch (frame->type) {
    case WIRE_FRAME_DATA:
        return sess_mux_in_take_data(mux, frame->stream, frame->payload.data, frame->payload.size);
    case WIRE_FRAME_CREDIT:
        return take_credit(mux, frame->stream, frame->credit_bytes);
    case WIRE_FRAME_END_STREAM:
        return sess_mux_in_take_end(mux, frame->stream);
    case WIRE_FRAME_STREAM_ENDED:
        return take_stream_ended(mux, frame->stream);
    default: /* of a later version */
        return 0;
    }
}

static int take_frame(struct sess_mux *mux, const struct wire_frame *frame, uint64_t now_us, uint32_t *ret_reason)
{
    int r;

    switch (frame->type) {
    case WIRE_FRAME_PING:
        put_urgent(mux, WIRE_FRAME_PONG, frame->stamp);
        return 0;
    case WIRE_FRAME_PONG:
        take_pong(mux, frame->stamp, now_us);
        return 0;
    case WIRE_FRAME_ACK:
        return take_ack(mux, frame->received);
    case WIRE_FRAME_CLOSE:
        *ret_reason = frame->reason;
        mux->is_stopped = true;
        return SESS_MUX_CLOSED;
    default:
        break;
    }
    if (!wire_frame_is_sequenced(frame->type))
        return frame->type < 0x10 ? -EBADMSG : 0;
    r = take_sequenced(mux, frame);
    if (r < 0)
        return r;
    mux->n_received++;
    mux->n_unacked_frames++;
    mux->n_unacked_bytes += frame->payload.size;
    if (mux->n_unacked_frames >= ACK_EVERY_FRAMES || mux->n_unacked_bytes >= ACK_EVERY_BYTES)
        mux->is_ack_due = true;
    return 0;
}

/* Every whole frame of the bytes; *ret_used says how many bytes those were. */
static int take_frames(struct sess_mux *mux, const uint8_t *bytes, size_t size, uint64_t now_us, uint32_t *ret_reason,
                       size_t *ret_used)
{
    struct wire_frame frame;
    size_t used = 0, frame_size;
    int r = 0;

    while (!mux->is_stopped) {
        r = wire_frame_read(bytes + used, size - used, &frame, &frame_size);
        if (r == -EAGAIN) {
            r = 0;
            break;
        }
        if (r == 0)
            r = take_frame(mux, &frame, now_us, ret_reason);
        if (r != 0)
            break;
        used += frame_size;
    }
    *ret_used = used;
    return r;
}

/* Completes the frame that the bytes before these began, if they do. */
static int feed_broken(struct sess_mux *mux, const uint8_t *bytes, size_t size, uint64_t now_us, uint32_t *ret_reason,
                       size_t *ret_used)
{
    size_t want = WIRE_FRAME_HEADER_SIZE, part, used = 0, done;
    int r;

    for (;;) {
        if (mux->broken.length >= WIRE_FRAME_HEADER_SIZE)
            want = wire_frame_load_size(sb_buf_bytes(&mux->broken));
        if (want > WIRE_FRAME_MAX)
            return -EBADMSG;
        if (mux->broken.length >= want)
            break;
        part = want - mux->broken.length < size - used ? want - mux->broken.length : size - used;
        r = sb_buf_append(&mux->broken, bytes + used, part);
        if (r < 0)
            return r;
        used += part;
        if (part == 0) {
            *ret_used = used;
            return 0;
        }
    }
    r = take_frames(mux, sb_buf_bytes(&mux->broken), mux->broken.length, now_us, ret_reason, &done);
    sb_buf_deinit(&mux->broken);
    *ret_used = used;
    return r;
}

int sess_mux_feed(struct sess_mux *mux, const uint8_t *bytes, size_t size, uint64_t now_us, uint32_t *ret_reason)
{
    size_t used;
    int r;

    if (mux->is_stopped)
        return 0;
    if (mux->broken.length > 0) {
        r = feed_broken(mux, bytes, size, now_us, ret_reason, &used);
        if (r != 0)
            return r;
        bytes += used;
        size -= used;
    }
    if (mux->broken.length > 0)
        return 0;
    r = take_frames(mux, bytes, size, now_us, ret_reason, &used);
    if (r != 0 || mux->is_stopped)
        return r;
    return sb_buf_append(&mux->broken, bytes + used, size - used);
}

void sess_mux_get_stats(const struct sess_mux *mux, struct sess_mux_stats *ret_stats)
{
    *ret_stats = (struct sess_mux_stats){
        .queued_bytes = mux->queued_bytes[0] + mux->queued_bytes[1] + mux->kept.length,
        .held_bytes = mux->held_bytes,
        .n_streams_out = mux->n_out,
        .n_streams_in = mux->n_in,
        .rtt_us = mux->rtt_us,
    };
}
