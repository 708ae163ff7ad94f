/*
 * The multiplexer without sockets: two of them back to back, through pipes that a test may cut anywhere. What is
 * checked throughout: every message arrives exactly once, unchanged, in order within its stream, and when all
 * is done both sides hold nothing.
 */
#include "base/buf.h"
#include "session/mux.h"
#include "wire/frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/mux_world.h"

static size_t roll_size(struct mux_world *world)
{
    switch (mux_world_roll(world, 8)) {
    case 0:
        return 8;
    case 1:
        return 8 + mux_world_roll(world, 200 * 1024);
    case 2:
        return WIRE_FRAME_PAYLOAD_MAX - 4 + mux_world_roll(world, 8);
    default:
        return 8 + mux_world_roll(world, 300);
    }
}

static void random_step(struct mux_world *world, bool with_cuts)
{
    int i = (int)mux_world_roll(world, 2);
    struct mux_end *end = &world->ends[i];
    uint32_t stream = mux_world_roll(world, MUX_WORLD_STREAMS);
    enum sess_class class = stream == 0 ? SESS_CLASS_CONTROL : stream < 6 ? SESS_CLASS_CALL : SESS_CLASS_BULK;

    switch (mux_world_roll(world, 16)) {
    case 0:
    case 1:
    case 2:
        (void)mux_world_send(end, class, stream, roll_size(world));
        break;
    case 3:
        if (mux_world_roll(world, 4) == 0)
            sess_mux_end_stream(end->mux, stream);
        break;
    case 4:
        mux_world_unblock_all(world);
        break;
    case 5:
        sess_mux_beat(end->mux, ++world->now_us);
        break;
    case 6:
        if (with_cuts && mux_world_roll(world, 8) == 0)
            mux_world_cut(world);
        break;
    default:
        mux_world_push(world, i);
        mux_world_deliver(world, mux_world_roll(world, 2) != 0, 1 + mux_world_roll(world, mux_world_roll(world, 4) ? 40000 : 16));
        break;
    }
}

static void test_random_schedules(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct mux_world world;

        mux_world_init(&world, &mux_world_defaults, seed);
        world.ends[0].busy_of_16 = seed % 3 ? 1 : 0;
        world.ends[1].busy_of_16 = seed % 4 ? 2 : 0;
        for (int i = 0; i < 3000; i++)
            random_step(&world, seed % 2 == 0);
        mux_world_drain(&world);
        mux_world_check_arrived(&world);
        mux_world_check_empty(&world);
        mux_world_deinit(&world);
    }
}

/* One conversation, cut after every possible number of bytes in one direction. */
static bool run_cut_at(size_t position)
{
    struct mux_world world;
    size_t passed = 0;
    bool was_cut = false;

    mux_world_init(&world, &mux_world_defaults, 7);
    for (int n = 0; n < 3; n++) {
        mux_world_send(&world.ends[0], SESS_CLASS_CONTROL, 0, 20);
        mux_world_send(&world.ends[0], SESS_CLASS_CALL, 1, 60 + (size_t)n);
        mux_world_send(&world.ends[0], SESS_CLASS_CALL, 2, 8);
        mux_world_send(&world.ends[1], SESS_CLASS_CALL, 1, 33);
        mux_world_push(&world, 0);
        mux_world_push(&world, 1);
        if (n == 1)
            sess_mux_end_stream(world.ends[0].mux, 2);
        while (!was_cut && world.ends[1].pipe.length > 0) {
            if (passed == position) {
                mux_world_cut(&world);
                was_cut = true;
                break;
            }
            mux_world_deliver(&world, 1, 1);
            passed++;
        }
        mux_world_deliver(&world, 0, position % 50);
    }
    mux_world_drain(&world);
    mux_world_check_arrived(&world);
    mux_world_check_empty(&world);
    mux_world_deinit(&world);
    return was_cut;
}

static void test_cut_everywhere(void **state)
{
    size_t position = 0;

    (void)state;
    while (run_cut_at(position))
        position++;
    assert_true(position > 200);
}

/* Many messages at once, far more than the budget: one after the other becomes whole. */
static void test_budget(void **state)
{
    struct sess_mux_config config = mux_world_defaults;
    struct sess_mux_stats stats;
    struct mux_world world;
    size_t most = 0;

    (void)state;
    config.reassembly_max = 128 * 1024;
    mux_world_init(&world, &config, 3);
    for (uint32_t s = 1; s < MUX_WORLD_STREAMS; s++)
        assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_BULK, s, 300 * 1024), 0);
    for (int i = 0; i < 100000 && world.ends[1].n_got[MUX_WORLD_STREAMS - 1] == 0; i++) {
        mux_world_push(&world, 0);
        mux_world_deliver(&world, 1, SIZE_MAX);
        mux_world_push(&world, 1);
        mux_world_deliver(&world, 0, SIZE_MAX);
        sess_mux_get_stats(world.ends[1].mux, &stats);
        if (stats.held_bytes > most)
            most = stats.held_bytes;
    }
    mux_world_drain(&world);
    mux_world_check_arrived(&world);
    /* the budget, the initial windows, and the one message that is always let through */
    assert_true(most <= config.reassembly_max + (MUX_WORLD_STREAMS - 1) * 16 * 1024 + 300 * 1024 + config.window_bytes);
    assert_true(most < (MUX_WORLD_STREAMS - 1) * 300 * 1024 / 2);
    mux_world_check_empty(&world);
    mux_world_deinit(&world);
}

/* A busy receiver holds its own stream up and no other, and its sender gets no more than the window out. */
static void test_busy(void **state)
{
    struct sess_mux_stats stats;
    struct mux_world world;

    (void)state;
    mux_world_init(&world, &mux_world_defaults, 5);
    world.ends[1].busy_of_16 = 16;
    for (int i = 0; i < 100; i++)
        assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 1, 10000), 0);
    for (int i = 0; i < 1000; i++) {
        mux_world_push(&world, 0);
        mux_world_deliver(&world, 1, SIZE_MAX);
        mux_world_push(&world, 1);
        mux_world_deliver(&world, 0, SIZE_MAX);
    }
    assert_int_equal(world.ends[1].n_got[1], 0);
    sess_mux_get_stats(world.ends[1].mux, &stats);
    assert_true(stats.held_bytes > 0 && stats.held_bytes <= mux_world_defaults.window_bytes);
    world.ends[1].busy_of_16 = 0;
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 2, 10000), 0);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CONTROL, 0, 100), 0);
    mux_world_push(&world, 0);
    mux_world_deliver(&world, 1, SIZE_MAX);
    assert_int_equal(world.ends[1].n_got[2], 1);
    assert_int_equal(world.ends[1].n_got[0], 1);
    mux_world_drain(&world);
    mux_world_check_arrived(&world);
    mux_world_deinit(&world);
}

/* Streams of the DATA frames that come out of one end, in order. */
static size_t list_streams(struct sess_mux *mux, uint32_t *streams, size_t n_max)
{
    uint8_t room[WIRE_FRAME_MAX];
    struct wire_frame frame;
    size_t n = 0, size, used;

    while ((size = sess_mux_pull(mux, room, sizeof(room))) > 0) {
        for (size_t at = 0; at < size; at += used) {
            assert_int_equal(wire_frame_read(room + at, size - at, &frame, &used), 0);
            if (frame.type == WIRE_FRAME_DATA && n < n_max)
                streams[n++] = frame.stream;
        }
    }
    return n;
}

static void test_order_of_classes(void **state)
{
    static const uint32_t expected[] = { 0, 1, 8, 9, 8, 9 };
    uint32_t streams[16];
    struct mux_world world;

    (void)state;
    mux_world_init(&world, &mux_world_defaults, 1);
    mux_world_send(&world.ends[0], SESS_CLASS_BULK, 8, 2 * WIRE_FRAME_PAYLOAD_MAX - 5000);
    mux_world_send(&world.ends[0], SESS_CLASS_BULK, 9, 2 * WIRE_FRAME_PAYLOAD_MAX - 5000);
    mux_world_send(&world.ends[0], SESS_CLASS_CALL, 1, 100);
    mux_world_send(&world.ends[0], SESS_CLASS_CONTROL, 0, 100);
    /* 16 KiB of credit each: two turns, the second shorter. */
    assert_true(list_streams(world.ends[0].mux, streams, 16) >= 6);
    assert_memory_equal(streams, expected, 2 * sizeof(uint32_t));
    for (int i = 2; i < 6; i++)
        assert_true(streams[i] == 8 || streams[i] == 9);
    assert_int_not_equal(streams[2], streams[3]);
    mux_world_deinit(&world);
}

static void test_sent_cookies(void **state)
{
    uint8_t data[40000] = { 0 }, room[WIRE_FRAME_MAX];
    uint64_t cookie;
    struct mux_world world;

    (void)state;
    mux_world_init(&world, &mux_world_defaults, 1);
    wire_store_u32(data, 10000);
    assert_int_equal(sess_mux_send(world.ends[0].mux, SESS_CLASS_CALL, 1, 11, data, 10000), 0);
    assert_int_equal(sess_mux_send(world.ends[0].mux, SESS_CLASS_CALL, 1, 12, data, 10000), 0);
    assert_false(sess_mux_next_sent(world.ends[0].mux, &cookie));
    while (sess_mux_pull(world.ends[0].mux, room, sizeof(room)) > 0)
        ;
    /* The credit of 16 KiB let the first out whole, and the second only in part. */
    assert_true(sess_mux_next_sent(world.ends[0].mux, &cookie));
    assert_int_equal(cookie, 11);
    assert_false(sess_mux_next_sent(world.ends[0].mux, &cookie));
    mux_world_deinit(&world);
}

static void test_send_limits(void **state)
{
    struct sess_mux_config config = mux_world_defaults;
    struct mux_world world;
    uint8_t data[16] = { 16 };

    (void)state;
    config.queue_max = 1000;
    config.message_max = 2000;
    config.n_streams_max = 2;
    mux_world_init(&world, &config, 1);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 1, 2001), -EMSGSIZE);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 1, 900), 0);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 1, 101), -EAGAIN);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 1, 100), 0);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CONTROL, 0, 1000), 0); /* has a share of its own */
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CONTROL, 0, 33), -EAGAIN);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 1, 33), -EAGAIN);
    for (int i = 0; i < 31; i++) /* what gives back has as much again */
        assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 1, 32), 0);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 1, 32), -EAGAIN);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CONTROL, 1, 8), -EINVAL);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 0, 8), -EINVAL);
    assert_int_equal(sess_mux_send(world.ends[0].mux, SESS_CLASS_CALL, 1, 0, data, 15), -EINVAL);
    mux_world_drain(&world);
    sess_mux_beat(world.ends[1].mux, 5);
    mux_world_drain(&world);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 2, 1000), 0);
    mux_world_drain(&world);
    sess_mux_beat(world.ends[1].mux, 6);
    mux_world_drain(&world);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 3, 8), -EAGAIN);
    sess_mux_end_stream(world.ends[0].mux, 2);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 2, 8), -EINVAL);
    mux_world_drain(&world);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CALL, 3, 8), 0);
    mux_world_deinit(&world);
}

/* A frame of our own making to a fresh mux. */
static int feed_frame(struct sess_mux *mux, uint8_t type, uint32_t stream, const void *payload, size_t size)
{
    uint8_t *bytes = malloc(WIRE_FRAME_HEADER_SIZE + size);
    uint32_t reason = 0;
    int r;

    wire_frame_store_header(bytes, (enum wire_frame_type)type, stream, size);
    if (size)
        memcpy(bytes + WIRE_FRAME_HEADER_SIZE, payload, size);
    r = sess_mux_feed(mux, bytes, WIRE_FRAME_HEADER_SIZE + size, 1, &reason);
    free(bytes);
    return r;
}

static void test_hostile_frames(void **state)
{
    static const struct {
        uint8_t type;
        uint32_t stream;
        uint8_t payload[16];
        size_t size;
        int expected;
    } rows[] = {
        { WIRE_FRAME_HELLO, 0, { 0 }, 8, -EBADMSG },
        { 0x0f, 0, { 0 }, 0, -EBADMSG },
        { 0x7f, 9, { 1 }, 3, 0 },
        { 0xff, 9, { 1 }, 3, 0 },
        { WIRE_FRAME_DATA, 1, { 7 }, 8, -EBADMSG },
        { WIRE_FRAME_DATA, 1, { 0xff, 0xff, 0xff, 0xff }, 8, -EBADMSG },
        { WIRE_FRAME_DATA, 1, { 9 }, 8, 0 },
        { WIRE_FRAME_CREDIT, 5, { 1 }, 4, -EBADMSG },
        { WIRE_FRAME_CREDIT, 1, { 0 }, 4, -EBADMSG },
        { WIRE_FRAME_STREAM_ENDED, 5, { 0 }, 0, -EBADMSG },
        { WIRE_FRAME_END_STREAM, 5, { 0 }, 0, 0 },
        { WIRE_FRAME_END_STREAM, 0, { 0 }, 0, -EBADMSG },
        { WIRE_FRAME_ACK, 0, { 1 }, 8, -EBADMSG },
        { WIRE_FRAME_ACK, 0, { 0 }, 8, 0 },
        { WIRE_FRAME_PONG, 0, { 1 }, 8, 0 },
        { WIRE_FRAME_CLOSE, 0, { 1 }, 4, SESS_MUX_CLOSED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mux_world world;

        mux_world_init(&world, &mux_world_defaults, 1);
        assert_int_equal(feed_frame(world.ends[0].mux, rows[i].type, rows[i].stream, rows[i].payload, rows[i].size),
                         rows[i].expected);
        mux_world_deinit(&world);
    }
}

static void test_hostile_streams(void **state)
{
    static uint8_t data[WIRE_FRAME_PAYLOAD_MAX] = { 0, 0, 8 }; /* a message of 512 KiB begins */
    struct sess_mux_config config = mux_world_defaults;
    struct mux_world world;
    int r = 0;

    (void)state;
    /* more than its credit: n, n + 1. The second stream is not the oldest one, and without a budget it gets no more. */
    config.reassembly_max = 0;
    for (size_t extra = 0; extra < 2; extra++) {
        mux_world_init(&world, &config, 1);
        assert_int_equal(feed_frame(world.ends[0].mux, WIRE_FRAME_DATA, 1, data, sizeof(data)), 0);
        assert_int_equal(feed_frame(world.ends[0].mux, WIRE_FRAME_DATA, 2, data, sizeof(data)), 0);
        assert_int_equal(feed_frame(world.ends[0].mux, WIRE_FRAME_DATA, 2, data, 16384 - sizeof(data) + extra),
                         extra ? -EBADMSG : 0);
        mux_world_deinit(&world);
    }
    /* more streams than agreed: n, n + 1 */
    mux_world_init(&world, &mux_world_defaults, 1);
    for (uint32_t s = 1; s <= MUX_WORLD_STREAMS; s++)
        assert_int_equal(feed_frame(world.ends[0].mux, WIRE_FRAME_DATA, s, data, 4), 0);
    assert_int_equal(feed_frame(world.ends[0].mux, WIRE_FRAME_DATA, MUX_WORLD_STREAMS + 1, data, 4), -EBADMSG);
    mux_world_deinit(&world);
    /* an end within a message, and after the end */
    mux_world_init(&world, &mux_world_defaults, 1);
    assert_int_equal(feed_frame(world.ends[0].mux, WIRE_FRAME_DATA, 1, data, 4), 0);
    assert_int_equal(feed_frame(world.ends[0].mux, WIRE_FRAME_END_STREAM, 1, NULL, 0), -EBADMSG);
    mux_world_deinit(&world);
    mux_world_init(&world, &mux_world_defaults, 1);
    assert_int_equal(feed_frame(world.ends[0].mux, WIRE_FRAME_END_STREAM, 1, NULL, 0), 0);
    assert_int_equal(feed_frame(world.ends[0].mux, WIRE_FRAME_DATA, 1, data, 4), -EBADMSG);
    mux_world_deinit(&world);
    /* control messages that never become whole */
    mux_world_init(&world, &mux_world_defaults, 1);
    for (int i = 0, done = 0; i < 100 && !done; i++)
        done = (r = feed_frame(world.ends[0].mux, WIRE_FRAME_DATA, 0, data, sizeof(data))) != 0;
    assert_int_equal(r, -EBADMSG);
    mux_world_deinit(&world);
}

/* PINGs to somebody who cannot write: answers do not pile up. */
static void test_ping_flood(void **state)
{
    struct mux_world world;
    uint8_t stamp[8] = { 1 }, room[WIRE_FRAME_MAX];

    (void)state;
    mux_world_init(&world, &mux_world_defaults, 1);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(feed_frame(world.ends[0].mux, WIRE_FRAME_PING, 0, stamp, 8), 0);
    assert_true(sess_mux_pull(world.ends[0].mux, room, sizeof(room)) <= 4096);
    assert_int_equal(sess_mux_pull(world.ends[0].mux, room, sizeof(room)), 0);
    mux_world_deinit(&world);
}

static void test_impossible_resume(void **state)
{
    struct mux_world world;

    (void)state;
    mux_world_init(&world, &mux_world_defaults, 1);
    mux_world_send(&world.ends[0], SESS_CLASS_CALL, 1, 100);
    mux_world_drain(&world);
    sess_mux_beat(world.ends[1].mux, 5);
    mux_world_drain(&world); /* one frame is acknowledged */
    assert_false(sess_mux_can_resume(world.ends[0].mux, 0));
    assert_true(sess_mux_can_resume(world.ends[0].mux, 1));
    assert_false(sess_mux_can_resume(world.ends[0].mux, 2));
    assert_int_equal(sess_mux_attach(world.ends[0].mux, 0), -EBADMSG);
    mux_world_deinit(&world);
}

/* A receiver that acknowledges nothing stops bulk, and control still gets out. */
static void test_unacknowledged(void **state)
{
    uint32_t streams[512];
    struct mux_world world;
    uint8_t credit[4] = { 0, 0, 0, 1 };
    size_t n;

    (void)state;
    mux_world_init(&world, &mux_world_defaults, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_BULK, 8, 1024 * 1024), 0);
    assert_int_equal(feed_frame(world.ends[0].mux, WIRE_FRAME_CREDIT, 8, credit, 4), 0);
    n = list_streams(world.ends[0].mux, streams, 512);
    assert_true(n >= 64 && n <= 66);
    assert_int_equal(mux_world_send(&world.ends[0], SESS_CLASS_CONTROL, 0, 100), 0);
    assert_int_equal(list_streams(world.ends[0].mux, streams, 512), 1);
    assert_int_equal(streams[0], 0);
    mux_world_deinit(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_schedules), cmocka_unit_test(test_cut_everywhere),
        cmocka_unit_test(test_budget),           cmocka_unit_test(test_busy),
        cmocka_unit_test(test_order_of_classes), cmocka_unit_test(test_sent_cookies),
        cmocka_unit_test(test_send_limits),      cmocka_unit_test(test_hostile_frames),
        cmocka_unit_test(test_hostile_streams),  cmocka_unit_test(test_ping_flood),
        cmocka_unit_test(test_impossible_resume), cmocka_unit_test(test_unacknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
