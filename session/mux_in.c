/*
 * Multiplexer, the receiving half: reassembly of messages and the credit that bounds it; see mux.h.
 *
 * What a stream may come to hold is what it holds plus the credit that its sender still has. Up to the initial window
 * that is the stream's own; what is beyond counts against the reassembly budget of the peer. Over the budget only the
 * stream whose message began first is given more, so that one message always becomes complete and frees its share.
 */
#include "session/mux_impl.h"
#include "wire/cursor.h"
#include "wire/frame.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define MESSAGE_HEADER_SIZE 8

struct sess_mux_in *sess_mux_in_free(struct sess_mux *mux, struct sess_mux_in *stream)
{
    sb_map_remove(&mux->in, &stream->entry);
    sb_list_remove(&stream->link);
    sb_list_remove(&stream->partial_link);
    sb_list_remove(&stream->starved_link);
    sb_list_remove(&stream->owed_link);
    mux->n_in -= stream->id != 0;
    mux->extra_bytes -= stream->extra;
    mux->held_bytes -= stream->held.length;
    sb_buf_deinit(&stream->held);
    free(stream);
    return NULL;
}

static struct sess_mux_in *in_find(struct sess_mux *mux, uint32_t id)
{
    struct sb_map_entry *entry = sb_map_find(&mux->in, &id, sizeof(id));

    return entry ? SB_CONTAINER_OF(entry, struct sess_mux_in, entry) : NULL;
}

static size_t initial_window(const struct sess_mux *mux)
{
    return mux->config.window_bytes < SESS_MUX_INITIAL_WINDOW ? mux->config.window_bytes : SESS_MUX_INITIAL_WINDOW;
}

/* Stream 0 does not count: it is always there. */
static int in_new(struct sess_mux *mux, uint32_t id, struct sess_mux_in **ret_stream)
{
    struct sess_mux_in *stream;
    int r;

    if (id != 0 && mux->n_in >= mux->config.n_streams_max)
        return -EBADMSG;
    stream = calloc(1, sizeof(*stream));
    if (!stream)
        return -ENOMEM;
    stream->id = id;
    r = sb_map_add(&mux->in, &stream->entry, &stream->id, sizeof(stream->id));
    if (r < 0) {
        free(stream);
        return r;
    }
    sb_list_append(&mux->streams_in, &stream->link);
    sb_list_init(&stream->partial_link);
    sb_list_init(&stream->starved_link);
    sb_list_init(&stream->owed_link);
    sb_buf_init(&stream->held, SIZE_MAX / 4); /* bounded by credit; stream 0 by the budget */
    stream->window = stream->granted = initial_window(mux);
    mux->n_in += id != 0;
    *ret_stream = stream;
    return 0;
}

/* Gives whole messages to the callback until it is busy; *ret_used: their bytes. */
static int deliver(struct sess_mux *mux, struct sess_mux_in *stream, const uint8_t *bytes, size_t size, size_t *ret_used)
{
    size_t used = 0;

    while (size - used >= 4 && !mux->is_stopped) {
        uint32_t message_size = wire_load_u32(bytes + used);

        if (message_size < MESSAGE_HEADER_SIZE || message_size > mux->config.message_max)
            return -EBADMSG;
        if (size - used < message_size)
            break;
        if (mux->message(mux->userdata, stream->id, bytes + used, message_size) == SESS_BUSY) {
            stream->is_blocked = true;
            break;
        }
        used += message_size;
    }
    *ret_used = used;
    return 0;
}

static int deliver_held(struct sess_mux *mux, struct sess_mux_in *stream)
{
    size_t used;
    int r;

    r = deliver(mux, stream, sb_buf_bytes(&stream->held), stream->held.length, &used);
    if (r < 0)
        return r;
    if (used > 0)
        sb_buf_consume(&stream->held, used);
    mux->held_bytes -= used;
    return 0;
}

static size_t outstanding(const struct sess_mux_in *stream)
{
    return (size_t)(stream->granted - stream->received);
}

static size_t beyond_initial(const struct sess_mux *mux, size_t bytes)
{
    return bytes > initial_window(mux) ? bytes - initial_window(mux) : 0;
}

static void recount(struct sess_mux *mux, struct sess_mux_in *stream)
{
    size_t extra = stream->id ? beyond_initial(mux, stream->held.length + outstanding(stream)) : 0;

    mux->extra_bytes = mux->extra_bytes - stream->extra + extra;
    stream->extra = extra;
}

/* Credit up to which the sender may be refilled now. */
static size_t refill_target(const struct sess_mux *mux, const struct sess_mux_in *stream)
{
    size_t others = mux->extra_bytes - stream->extra;
    size_t wish = beyond_initial(mux, stream->held.length + mux->config.window_bytes);
    bool is_oldest = mux->partial.next == &stream->partial_link;

    if (is_oldest || (others <= mux->config.reassembly_max && wish <= mux->config.reassembly_max - others))
        return mux->config.window_bytes;
    return stream->held.length < initial_window(mux) ? initial_window(mux) - stream->held.length : 0;
}

/* Grants what is due: half a window at a time, so that small messages do not each cost a frame. */
static void refill(struct sess_mux *mux, struct sess_mux_in *stream)
{
    size_t target, has = outstanding(stream);

    recount(mux, stream);
    sb_list_remove(&stream->starved_link);
    if (stream->id == 0 || stream->is_blocked || stream->has_ended || has > stream->window / 2)
        return;
    target = refill_target(mux, stream);
    if (target < mux->config.window_bytes && stream->held.length > 0)
        sb_list_append(&mux->starved, &stream->starved_link);
    if (target <= has)
        return;
    if (target - has > UINT32_MAX - stream->owed)
        return;
    stream->owed += (uint32_t)(target - has);
    stream->granted += target - has;
    stream->window = target > initial_window(mux) ? target : initial_window(mux);
    recount(mux, stream);
    if (sb_list_is_empty(&stream->owed_link))
        sb_list_append(&mux->owed, &stream->owed_link);
}

/* Each of them once: who still has to wait goes back to the end of the list. */
static void refill_starved(struct sess_mux *mux)
{
    struct sb_list *last = mux->starved.prev, *link;

    while ((link = sb_list_first(&mux->starved))) {
        refill(mux, SB_CONTAINER_OF(link, struct sess_mux_in, starved_link));
        if (link == last)
            break;
    }
}

/* The beginning of a message waits for its rest. */
static bool is_partial(const struct sess_mux_in *stream)
{
    return stream->held.length > 0 && !stream->is_blocked;
}

/* After the stream's state changed: its place among the partial ones, its end, and credit for it and for who waited. */
static int settle(struct sess_mux *mux, struct sess_mux_in *stream)
{
    struct sb_list *oldest = sb_list_first(&mux->partial);
    size_t extra = mux->extra_bytes;

    if (!is_partial(stream))
        sb_list_remove(&stream->partial_link);
    else if (sb_list_is_empty(&stream->partial_link))
        sb_list_append(&mux->partial, &stream->partial_link);
    if (stream->has_ended && !stream->is_blocked && !mux->is_stopped) {
        if (stream->held.length > 0) /* it ended within a message */
            return -EBADMSG;
        stream->is_finished = true;
        if (sb_list_is_empty(&stream->owed_link))
            sb_list_append(&mux->owed, &stream->owed_link);
    }
    refill(mux, stream);
    if (mux->extra_bytes < extra || sb_list_first(&mux->partial) != oldest)
        refill_starved(mux);
    return 0;
}

int sess_mux_in_take_data(struct sess_mux *mux, uint32_t id, const uint8_t *bytes, size_t size)
{
    struct sess_mux_in *stream = in_find(mux, id);
    size_t used = 0;
    int r;

    if (!stream) {
        r = in_new(mux, id, &stream);
        if (r < 0)
            return r;
    }
    if (stream->has_ended || (id != 0 && size > outstanding(stream)))
        return -EBADMSG;
    if (id == 0 && stream->held.length > mux->config.reassembly_max)
        return -EBADMSG;
    if (stream->held.length == 0 && !stream->is_blocked) {
        r = deliver(mux, stream, bytes, size, &used);
        if (r < 0)
            return r;
    }
    /* From here on the frame counts as received. When memory is short after a part of it was delivered, the peer must
     * not send that part again; the stream cannot go on either. */
    r = sb_buf_append(&stream->held, bytes + used, size - used);
    if (r < 0)
        return used > 0 ? -EBADMSG : r;
    mux->held_bytes += size - used;
    stream->received += id != 0 ? size : 0;
    if (used == 0 && !stream->is_blocked) {
        r = deliver_held(mux, stream);
        if (r < 0)
            return r;
    }
    return settle(mux, stream);
}

int sess_mux_in_take_end(struct sess_mux *mux, uint32_t id)
{
    struct sess_mux_in *stream = in_find(mux, id);
    int r;

    if (!stream) { /* a stream may end without ever having carried anything */
        r = in_new(mux, id, &stream);
        if (r < 0)
            return r;
    }
    if (stream->has_ended)
        return -EBADMSG;
    stream->has_ended = true;
    return settle(mux, stream);
}

int sess_mux_unblock(struct sess_mux *mux, uint32_t id)
{
    struct sess_mux_in *stream = in_find(mux, id);
    int r;

    if (!stream || !stream->is_blocked || mux->is_stopped)
        return 0;
    stream->is_blocked = false;
    r = deliver_held(mux, stream);
    return r < 0 ? r : settle(mux, stream);
}
