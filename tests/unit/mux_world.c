/* Two multiplexers back to back; see mux_world.h. */
#include "tests/unit/mux_world.h"

#include "wire/cursor.h"
#include "wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PIPE_MAX (64 * 1024)

uint32_t mux_world_roll(struct mux_world *world, uint32_t n)
{
    world->seed ^= world->seed << 13;
    world->seed ^= world->seed >> 7;
    world->seed ^= world->seed << 17;
    return (uint32_t)(world->seed >> 33) % n;
}

static void fill(uint8_t *data, uint32_t stream, uint32_t serial, size_t size)
{
    memset(data, 0, 8);
    wire_store_u32(data, (uint32_t)size);
    for (size_t i = 8; i < size; i++)
        data[i] = (uint8_t)(stream * 17 + serial * 31 + i * 7 + (i >> 8));
}

static enum sess_verdict on_message(void *userdata, uint32_t stream, const uint8_t *data, size_t size)
{
    struct mux_end *end = userdata;
    uint8_t *expected;

    if (stream >= MUX_WORLD_STREAMS) {
        end->has_failed = true;
        return SESS_ACCEPTED;
    }
    if (stream != 0 && end->busy_of_16 && mux_world_roll(end->world, 16) < end->busy_of_16) {
        end->is_blocked[stream] = true;
        return SESS_BUSY;
    }
    expected = malloc(size);
    fill(expected, stream, end->n_got[stream]++, size);
    if (memcmp(expected, data, size) != 0)
        end->has_failed = true;
    free(expected);
    return SESS_ACCEPTED;
}

const struct sess_mux_config mux_world_defaults = {
    .n_streams_max = MUX_WORLD_STREAMS,
    .message_max = 1024 * 1024,
    .window_bytes = 64 * 1024,
    .reassembly_max = 256 * 1024,
    .queue_max = 4 * 1024 * 1024,
    .heartbeat_ms = 1000,
};

void mux_world_init(struct mux_world *world, const struct sess_mux_config *config, uint64_t seed)
{
    struct wire_frame_hello hello = { 0 };

    memset(world, 0, sizeof(*world));
    world->seed = seed * 0x9e3779b97f4a7c15u + 1;
    world->now_us = 1;
    sess_mux_fill_hello(config, &hello);
    for (int i = 0; i < 2; i++) {
        struct mux_end *end = &world->ends[i];

        end->world = world;
        assert_int_equal(sess_mux_new(config, on_message, end, &end->mux), 0);
        sess_mux_set_peer(end->mux, &hello);
        assert_int_equal(sess_mux_attach(end->mux, 0), 0);
        sb_buf_init(&end->pipe, 1 << 24);
    }
}

void mux_world_deinit(struct mux_world *world)
{
    for (int i = 0; i < 2; i++) {
        sess_mux_free(world->ends[i].mux);
        sb_buf_deinit(&world->ends[i].pipe);
    }
}

int mux_world_send(struct mux_end *from, enum sess_class class, uint32_t stream, size_t size)
{
    uint8_t *data = malloc(size);
    int r;

    fill(data, stream, from->n_sent[stream], size);
    r = sess_mux_send(from->mux, class, stream, 0, data, size);
    if (r == 0)
        from->n_sent[stream]++;
    free(data);
    return r;
}

void mux_world_push(struct mux_world *world, int from)
{
    uint8_t room[WIRE_FRAME_MAX];
    size_t size;

    if (world->ends[!from].pipe.length > PIPE_MAX)
        return;
    size = sess_mux_pull(world->ends[from].mux, room, sizeof(room));
    if (size)
        assert_int_equal(sb_buf_append(&world->ends[!from].pipe, room, size), 0);
}

void mux_world_deliver(struct mux_world *world, int to, size_t size)
{
    struct mux_end *end = &world->ends[to];
    uint32_t reason;
    uint8_t *copy;

    if (size > end->pipe.length)
        size = end->pipe.length;
    if (size == 0)
        return;
    copy = malloc(size); /* exact, so that a read past its end is seen */
    memcpy(copy, sb_buf_bytes(&end->pipe), size);
    sb_buf_consume(&end->pipe, size);
    assert_int_equal(sess_mux_feed(end->mux, copy, size, ++world->now_us, &reason), 0);
    free(copy);
    assert_false(end->has_failed);
}

/* The connection breaks with whatever was on it, and another one takes the session on. */
void mux_world_cut(struct mux_world *world)
{
    for (int i = 0; i < 2; i++) {
        sb_buf_deinit(&world->ends[i].pipe);
        sess_mux_detach(world->ends[i].mux);
        assert_int_equal(sess_mux_pull(world->ends[i].mux, (uint8_t[WIRE_FRAME_MAX]){ 0 }, WIRE_FRAME_MAX), 0);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(sess_mux_attach(world->ends[i].mux, sess_mux_get_received(world->ends[!i].mux)), 0);
}

void mux_world_unblock_all(struct mux_world *world)
{
    for (int i = 0; i < 2; i++) {
        for (uint32_t s = 0; s < MUX_WORLD_STREAMS; s++) {
            if (!world->ends[i].is_blocked[s])
                continue;
            world->ends[i].is_blocked[s] = false;
            assert_int_equal(sess_mux_unblock(world->ends[i].mux, s), 0);
        }
    }
}

/* Until nothing moves any more. */
void mux_world_drain(struct mux_world *world)
{
    bool moves = true;

    world->ends[0].busy_of_16 = world->ends[1].busy_of_16 = 0;
    mux_world_unblock_all(world);
    while (moves) {
        moves = false;
        for (int i = 0; i < 2; i++) {
            mux_world_push(world, i);
            moves = moves || world->ends[!i].pipe.length > 0;
            mux_world_deliver(world, !i, SIZE_MAX);
        }
    }
}

void mux_world_check_arrived(struct mux_world *world)
{
    for (int i = 0; i < 2; i++) {
        for (int s = 0; s < MUX_WORLD_STREAMS; s++)
            assert_int_equal(world->ends[!i].n_got[s], world->ends[i].n_sent[s]);
    }
}

void mux_world_check_empty(struct mux_world *world)
{
    struct sess_mux_stats stats;

    for (int i = 0; i < 2; i++) {
        for (uint32_t s = 1; s < MUX_WORLD_STREAMS; s++)
            sess_mux_end_stream(world->ends[i].mux, s);
    }
    mux_world_drain(world);
    for (int n = 0; n < 2; n++) {
        sess_mux_beat(world->ends[0].mux, world->now_us);
        sess_mux_beat(world->ends[1].mux, world->now_us);
        mux_world_drain(world);
    }
    for (int i = 0; i < 2; i++) {
        sess_mux_get_stats(world->ends[i].mux, &stats);
        assert_int_equal(stats.queued_bytes, 0);
        assert_int_equal(stats.held_bytes, 0);
        assert_int_equal(stats.n_streams_out, 0);
        assert_int_equal(stats.n_streams_in, 0);
        assert_true(stats.rtt_us > 0);
    }
}
