/*
 * Multiplexer, the sending half: queues, turns, and the frames kept until they are acknowledged; see mux.h.
 *
 * Order of what is pulled: unsequenced frames, the acknowledgement, frames that a new connection must repeat, credit and
 * ends of streams, then control, calls, bulk. Each kind stops at its own mark of unacknowledged bytes, so that bulk
 * that nobody acknowledges cannot keep a control message out.
 */
#include "session/mux_impl.h"
#include "wire/cursor.h"
#include "wire/frame.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Unacknowledged bytes above which a class makes no more frames; credit and ends of streams stop at the last one. */
static const size_t kept_max[SESS_MUX_N_CLASSES] = { 1536 * 1024, 1280 * 1024, 1024 * 1024 };
#define KEPT_MAX_OTHER (2048u * 1024)

/* What gives back or gives up must find room where requests do not, and go behind them: up to twice queue_max. */
#define SMALL_MESSAGE_BYTES 32

/* Less room than this at the end of a pull is left alone rather than cut a message for it. */
#define ROOM_MIN 1024

struct sess_mux_out *sess_mux_out_find(struct sess_mux *mux, uint32_t id)
{
    struct sb_map_entry *entry = sb_map_find(&mux->out, &id, sizeof(id));

    return entry ? SB_CONTAINER_OF(entry, struct sess_mux_out, entry) : NULL;
}

struct sess_mux_out *sess_mux_out_free(struct sess_mux *mux, struct sess_mux_out *stream)
{
    sb_map_remove(&mux->out, &stream->entry);
    sb_list_remove(&stream->link);
    sb_list_remove(&stream->ready_link);
    mux->n_out -= stream->id != 0;
    mux->queued_bytes[stream->class != SESS_CLASS_CONTROL] -= stream->queue.length;
    sb_buf_deinit(&stream->queue);
    sb_buf_deinit(&stream->marks);
    free(stream);
    return NULL;
}

/* Stream 0 does not count: it is always there. */
static int out_new(struct sess_mux *mux, enum sess_class class, uint32_t id, struct sess_mux_out **ret_stream)
{
    struct sess_mux_out *stream;
    int r;

    if (id != 0 && mux->n_out >= mux->n_out_max)
        return -EAGAIN;
    stream = calloc(1, sizeof(*stream));
    if (!stream)
        return -ENOMEM;
    stream->id = id;
    stream->class = class;
    r = sb_map_add(&mux->out, &stream->entry, &stream->id, sizeof(stream->id));
    if (r < 0) {
        free(stream);
        return r;
    }
    sb_list_append(&mux->streams_out, &stream->link);
    sb_list_init(&stream->ready_link);
    sb_buf_init(&stream->queue, SIZE_MAX / 4); /* bounded by queue_max */
    sb_buf_init(&stream->marks, SIZE_MAX / 4);
    stream->credit_bytes = mux->peer_window;
    mux->n_out += id != 0;
    *ret_stream = stream;
    return 0;
}

/* Puts the stream into its class's queue of turns, or out of it. */
void sess_mux_out_refresh(struct sess_mux *mux, struct sess_mux_out *stream)
{
    bool is_ready = stream->queue.length > 0 ? stream->id == 0 || stream->credit_bytes > 0
                                             : stream->is_ending && !stream->has_sent_end;

    if (!is_ready)
        sb_list_remove(&stream->ready_link);
    else if (sb_list_is_empty(&stream->ready_link))
        sb_list_append(&mux->ready[stream->class], &stream->ready_link);
}

static int check_message(const struct sess_mux *mux, enum sess_class class, uint32_t id, const uint8_t *data,
                         size_t size)
{
    size_t queued = mux->queued_bytes[class != SESS_CLASS_CONTROL], queue_max = mux->config.queue_max;

    if ((id == 0) != (class == SESS_CLASS_CONTROL) || (unsigned)class >= SESS_MUX_N_CLASSES)
        return -EINVAL;
    if (size > mux->peer_message_max || size > mux->config.message_max)
        return -EMSGSIZE;
    if (size < 8 || wire_load_u32(data) != size)
        return -EINVAL;
    if (size <= SMALL_MESSAGE_BYTES)
        queue_max *= 2;
    /* What is kept was let in once; it counts so that a peer that acknowledges nothing slows us down. */
    if (size > queue_max || queued + mux->kept.length > queue_max - size)
        return -EAGAIN;
    return 0;
}

int sess_mux_send(struct sess_mux *mux, enum sess_class class, uint32_t id, uint64_t cookie, const uint8_t *data,
                  size_t size)
{
    struct sess_mux_out *stream;
    struct sess_mux_mark mark;
    int r;

    r = check_message(mux, class, id, data, size);
    if (r < 0)
        return r;
    stream = sess_mux_out_find(mux, id);
    if (!stream) {
        r = out_new(mux, class, id, &stream);
        if (r < 0)
            return r;
    }
    if (stream->is_ending)
        return -EINVAL;
    if (cookie) {
        mark = (struct sess_mux_mark){ .end = stream->queued_total + size, .cookie = cookie };
        r = sb_buf_append(&stream->marks, &mark, sizeof(mark));
        if (r < 0)
            return r;
    }
    r = sb_buf_append(&stream->queue, data, size);
    if (r < 0) {
        if (cookie)
            stream->marks.length -= sizeof(mark);
        return r;
    }
    stream->queued_total += size;
    mux->queued_bytes[stream->class != SESS_CLASS_CONTROL] += size;
    sess_mux_out_refresh(mux, stream);
    return 0;
}

void sess_mux_end_stream(struct sess_mux *mux, uint32_t id)
{
    struct sess_mux_out *stream = sess_mux_out_find(mux, id);

    if (!stream || id == 0)
        return;
    stream->is_ending = true;
    sess_mux_out_refresh(mux, stream);
}

void sess_mux_out_drop_acked(struct sess_mux *mux, uint64_t received)
{
    size_t size = 0;

    for (; mux->n_acked < received; mux->n_acked++)
        size += wire_frame_load_size(sb_buf_bytes(&mux->kept) + size);
    /* Frames that this connection has not carried yet may be acknowledged by what the peer got on the last one. */
    mux->kept_offset -= size < mux->kept_offset ? size : mux->kept_offset;
    if (size > 0)
        sb_buf_consume(&mux->kept, size);
}

/* Appends a frame to those that are kept and to the room; false: out of memory, try again later. */
static bool make_frame(struct sess_mux *mux, enum wire_frame_type type, uint32_t id, const void *payload, size_t size,
                       uint8_t *room)
{
    uint8_t *place;
    size_t place_size, frame_size = WIRE_FRAME_HEADER_SIZE + size;

    if (sb_buf_reserve(&mux->kept, frame_size, &place, &place_size) < 0 || place_size < frame_size)
        return false;
    wire_frame_store_header(place, type, id, size);
    if (size > 0)
        memcpy(place + WIRE_FRAME_HEADER_SIZE, payload, size);
    memcpy(room, place, frame_size);
    sb_buf_commit(&mux->kept, frame_size);
    mux->kept_offset = mux->kept.length;
    mux->n_made++;
    return true;
}

static void report_sent(struct sess_mux *mux, struct sess_mux_out *stream)
{
    struct sess_mux_mark mark;

    while (stream->marks.length > 0) {
        memcpy(&mark, sb_buf_bytes(&stream->marks), sizeof(mark));
        if (mark.end > stream->sent_total || sb_buf_append(&mux->sent, &mark.cookie, sizeof(mark.cookie)) < 0)
            return;
        sb_buf_consume(&stream->marks, sizeof(mark));
    }
}

/* One frame of a stream whose turn it is; 0: no room or no memory. */
static size_t pull_stream(struct sess_mux *mux, struct sess_mux_out *stream, uint8_t *room, size_t size)
{
    size_t part = stream->queue.length;

    if (part == 0) {
        if (!make_frame(mux, WIRE_FRAME_END_STREAM, stream->id, NULL, 0, room))
            return 0;
        stream->has_sent_end = true;
        sess_mux_out_refresh(mux, stream);
        return WIRE_FRAME_HEADER_SIZE;
    }
    if (stream->id != 0 && part > stream->credit_bytes)
        part = (size_t)stream->credit_bytes;
    if (part > size - WIRE_FRAME_HEADER_SIZE)
        part = size - WIRE_FRAME_HEADER_SIZE;
    if (part > WIRE_FRAME_PAYLOAD_MAX)
        part = WIRE_FRAME_PAYLOAD_MAX;
    if (!make_frame(mux, WIRE_FRAME_DATA, stream->id, sb_buf_bytes(&stream->queue), part, room))
        return 0;
    sb_buf_consume(&stream->queue, part);
    mux->queued_bytes[stream->class != SESS_CLASS_CONTROL] -= part;
    stream->sent_total += part;
    if (stream->id != 0)
        stream->credit_bytes -= part;
    report_sent(mux, stream);
    sb_list_remove(&stream->ready_link); /* to the end of the queue of turns */
    sess_mux_out_refresh(mux, stream);
    return WIRE_FRAME_HEADER_SIZE + part;
}

static size_t pull_classes(struct sess_mux *mux, uint8_t *room, size_t size)
{
    size_t n = 0, part;

    for (int class = 0; class < SESS_MUX_N_CLASSES; class++) {
        struct sb_list *link;

        while ((link = sb_list_first(&mux->ready[class])) && mux->kept.length < kept_max[class]) {
            if (size - n < ROOM_MIN)
                return n;
            part = pull_stream(mux, SB_CONTAINER_OF(link, struct sess_mux_out, ready_link), room + n, size - n);
            if (part == 0)
                return n;
            n += part;
        }
    }
    return n;
}

/* CREDIT and STREAM_ENDED frames. */
static size_t pull_owed(struct sess_mux *mux, uint8_t *room, size_t size)
{
    uint8_t bytes[4];
    size_t n = 0;

    SB_LIST_FOREACH(link, &mux->owed) {
        struct sess_mux_in *stream = SB_CONTAINER_OF(link, struct sess_mux_in, owed_link);

        if (size - n < WIRE_FRAME_HEADER_SIZE + sizeof(bytes) || mux->kept.length >= KEPT_MAX_OTHER)
            break;
        if (stream->is_finished) {
            if (!make_frame(mux, WIRE_FRAME_STREAM_ENDED, stream->id, NULL, 0, room + n))
                break;
            n += WIRE_FRAME_HEADER_SIZE;
            sess_mux_in_free(mux, stream);
            continue;
        }
        wire_store_u32(bytes, stream->owed);
        if (!make_frame(mux, WIRE_FRAME_CREDIT, stream->id, bytes, sizeof(bytes), room + n))
            break;
        n += WIRE_FRAME_HEADER_SIZE + sizeof(bytes);
        stream->owed = 0;
        sb_list_remove(&stream->owed_link);
    }
    return n;
}

/* Unsequenced frames and the acknowledgement. */
static size_t pull_urgent(struct sess_mux *mux, uint8_t *room, size_t size)
{
    struct wire_frame ack = { .type = WIRE_FRAME_ACK, .received = mux->n_received };
    size_t n;

    if (mux->is_ack_due && wire_frame_write(&mux->urgent, &ack) == 0) {
        mux->is_ack_due = false;
        mux->n_unacked_frames = 0;
        mux->n_unacked_bytes = 0;
    }
    n = mux->urgent.length;
    assert(n <= size); /* its maximum is far below a frame's */
    if (n > 0) {
        memcpy(room, sb_buf_bytes(&mux->urgent), n);
        sb_buf_consume(&mux->urgent, n);
    }
    return n;
}

/* Frames of an earlier connection that the peer has not received; true when none are left. */
static bool pull_repeated(struct sess_mux *mux, uint8_t *room, size_t size, size_t *n)
{
    while (mux->kept_offset < mux->kept.length) {
        const uint8_t *frame = sb_buf_bytes(&mux->kept) + mux->kept_offset;
        size_t frame_size = wire_frame_load_size(frame);

        if (size - *n < frame_size)
            return false;
        memcpy(room + *n, frame, frame_size);
        *n += frame_size;
        mux->kept_offset += frame_size;
    }
    return true;
}

size_t sess_mux_pull(struct sess_mux *mux, uint8_t *room, size_t size)
{
    size_t n;

    if (!mux->is_attached)
        return 0;
    n = pull_urgent(mux, room, size);
    if (!pull_repeated(mux, room, size, &n))
        return n;
    n += pull_owed(mux, room + n, size - n);
    n += pull_classes(mux, room + n, size - n);
    return n;
}

bool sess_mux_has_output(const struct sess_mux *mux)
{
    if (!mux->is_attached)
        return false;
    if (mux->urgent.length > 0 || mux->is_ack_due || mux->kept_offset < mux->kept.length)
        return true;
    if (!sb_list_is_empty(&mux->owed) && mux->kept.length < KEPT_MAX_OTHER)
        return true;
    for (int class = 0; class < SESS_MUX_N_CLASSES; class++) {
        if (!sb_list_is_empty(&mux->ready[class]) && mux->kept.length < kept_max[class])
            return true;
    }
    return false;
}

bool sess_mux_next_sent(struct sess_mux *mux, uint64_t *ret_cookie)
{
    if (mux->sent.length == 0)
        return false;
    memcpy(ret_cookie, sb_buf_bytes(&mux->sent), sizeof(*ret_cookie));
    sb_buf_consume(&mux->sent, sizeof(*ret_cookie));
    return true;
}
