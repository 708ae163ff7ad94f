/* The pure decisions: message X in state Y of the opening, what becomes of a HELLO, and whether the peer is there. */
#include "session/hello.h"
#include "session/peer.h"
#include "session/settle.h"
#include "wire/devid.h"
#include "wire/frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_every_frame_in_every_state(void **state)
{
    static const uint8_t types[] = { WIRE_FRAME_HELLO, WIRE_FRAME_ACCEPT, WIRE_FRAME_REJECT, WIRE_FRAME_DATA,
                                     WIRE_FRAME_PING,  WIRE_FRAME_CLOSE,  0x0f };
    static const struct {
        enum sess_hello_state from;
        uint8_t type;
        enum sess_hello_state to;
    } takes[] = {
        { SESS_HELLO_WAITING, WIRE_FRAME_HELLO, SESS_HELLO_DECIDING },
        { SESS_HELLO_ASKED, WIRE_FRAME_ACCEPT, SESS_HELLO_DONE },
        { SESS_HELLO_ASKED, WIRE_FRAME_REJECT, SESS_HELLO_REFUSED },
    }, sends[] = {
        { SESS_HELLO_IDLE, WIRE_FRAME_HELLO, SESS_HELLO_ASKED },
        { SESS_HELLO_DECIDING, WIRE_FRAME_ACCEPT, SESS_HELLO_DONE },
        { SESS_HELLO_DECIDING, WIRE_FRAME_REJECT, SESS_HELLO_REFUSED },
    };

    (void)state;
    for (int from = SESS_HELLO_IDLE; from <= SESS_HELLO_REFUSED; from++) {
        for (size_t t = 0; t < sizeof(types); t++) {
            struct sess_hello take = { (enum sess_hello_state)from }, send = take;
            int take_to = -1, send_to = -1;

            for (size_t i = 0; i < 3; i++) {
                if ((int)takes[i].from == from && takes[i].type == types[t])
                    take_to = (int)takes[i].to;
                if ((int)sends[i].from == from && sends[i].type == types[t])
                    send_to = (int)sends[i].to;
            }
            if (from == SESS_HELLO_DONE && types[t] > WIRE_FRAME_REJECT)
                take_to = send_to = from;
            assert_int_equal(sess_hello_take(&take, types[t]), take_to < 0 ? -EPROTO : 0);
            assert_int_equal(take.state, take_to < 0 ? from : take_to);
            assert_int_equal(sess_hello_send(&send, types[t]), send_to < 0 ? -EPROTO : 0);
            assert_int_equal(send.state, send_to < 0 ? from : send_to);
        }
    }
}

static const struct wire_devid small = { { 1 } }, large = { { 2 } };

static void test_settling(void **state)
{
    static const struct {
        uint64_t session, instance, asks_for, from_instance;
        bool has_asked, is_smaller, can_resume;
        uint16_t version;
        enum sess_settle_outcome outcome;
    } rows[] = {
        { 0, 0, 0, 7, false, true, false, 1, SESS_SETTLE_NEW },
        { 0, 0, 5, 7, false, true, false, 1, SESS_SETTLE_NEW },
        { 5, 7, 5, 7, false, true, true, 1, SESS_SETTLE_RESUME },
        { 5, 7, 5, 7, false, true, false, 1, SESS_SETTLE_REPLACE_LOST },
        { 5, 7, 6, 7, false, true, true, 1, SESS_SETTLE_REPLACE_LOST },
        { 5, 7, 0, 7, false, true, true, 1, SESS_SETTLE_REPLACE_LOST },
        { 5, 7, 5, 8, false, true, true, 1, SESS_SETTLE_REPLACE_RESTARTED },
        { 5, 7, 0, 8, false, true, true, 1, SESS_SETTLE_REPLACE_RESTARTED },
        { 0, 0, 0, 7, true, true, false, 1, SESS_SETTLE_REJECT_BUSY },
        { 0, 0, 0, 7, true, false, false, 1, SESS_SETTLE_NEW },
        { 5, 7, 5, 7, true, true, true, 1, SESS_SETTLE_REJECT_BUSY },
        { 5, 7, 5, 7, true, false, true, 1, SESS_SETTLE_RESUME },
        { 5, 7, 5, 7, false, true, true, 2, SESS_SETTLE_REJECT_VERSION },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sess_settle_session session = { rows[i].session, rows[i].instance };
        struct wire_frame_hello hello = { .version_min = rows[i].version, .version_max = rows[i].version,
                                          .instance = rows[i].from_instance, .session = rows[i].asks_for };

        assert_int_equal(sess_settle_hello(rows[i].is_smaller ? &small : &large, rows[i].is_smaller ? &large : &small,
                                           &session, rows[i].has_asked, rows[i].can_resume, &hello),
                         rows[i].outcome);
    }
}

static void test_settling_answers(void **state)
{
    struct sess_settle_session none = { 0 }, session = { 5, 7 };
    struct wire_frame_hello accept = { .version_min = 1, .version_max = 1, .instance = 7, .session = 5, .received = 3 };
    enum sess_settle_outcome outcome;

    (void)state;
    assert_int_equal(sess_settle_accept(&session, 5, true, &accept, &outcome), 0);
    assert_int_equal(outcome, SESS_SETTLE_RESUME);
    assert_int_equal(sess_settle_accept(&session, 5, false, &accept, &outcome), -EPROTO);
    assert_int_equal(sess_settle_accept(&none, 0, false, &accept, &outcome), -EPROTO); /* anew, with frames received */
    accept.instance = 8;
    assert_int_equal(sess_settle_accept(&session, 5, true, &accept, &outcome), -EPROTO);
    accept.session = 6;
    accept.received = 0;
    assert_int_equal(sess_settle_accept(&session, 5, true, &accept, &outcome), 0);
    assert_int_equal(outcome, SESS_SETTLE_REPLACE_RESTARTED);
    accept.instance = 7;
    assert_int_equal(sess_settle_accept(&session, 5, true, &accept, &outcome), 0);
    assert_int_equal(outcome, SESS_SETTLE_REPLACE_LOST);
    assert_int_equal(sess_settle_accept(&none, 0, false, &accept, &outcome), 0);
    assert_int_equal(outcome, SESS_SETTLE_NEW);
    accept.session = 5; /* goes on, but its grace ended here while the answer was on its way */
    assert_int_equal(sess_settle_accept(&none, 5, false, &accept, &outcome), -EPROTO);
    accept.session = 6;
    assert_int_equal(sess_settle_accept(&none, 5, false, &accept, &outcome), 0);
    accept.version_min = accept.version_max = 2;
    assert_int_equal(sess_settle_accept(&none, 0, false, &accept, &outcome), -EPROTO);
}

/* Ticks as often as the peer asks for, from one time up to another; the last event. */
static enum sess_peer_event tick_until(struct sess_peer *peer, uint64_t *now, uint64_t end)
{
    enum sess_peer_event event = SESS_PEER_NOTHING;

    while (*now < end && event == SESS_PEER_NOTHING) {
        uint64_t due = sess_peer_get_due_ms(peer);

        *now = due > *now ? due : *now + 1;
        if (*now > end)
            *now = end;
        event = sess_peer_tick(peer, *now);
    }
    return event;
}

static void test_peer(void **state)
{
    struct sess_peer peer;
    uint64_t now = 1000;

    (void)state;
    sess_peer_init(&peer, 3000, 15000);
    assert_int_equal(sess_peer_get_due_ms(&peer), UINT64_MAX);
    assert_int_equal(sess_peer_connect(&peer, now), SESS_PEER_NOTHING);
    assert_int_equal(tick_until(&peer, &now, 3999), SESS_PEER_NOTHING);
    assert_int_equal(sess_peer_hear(&peer, now), SESS_PEER_NOTHING);
    assert_int_equal(tick_until(&peer, &now, 20000), SESS_PEER_IS_SUSPECT);
    assert_int_equal(now, 3999 + 3000);
    assert_int_equal(sess_peer_hear(&peer, now + 1), SESS_PEER_IS_ONLINE);
    assert_int_equal(sess_peer_cut(&peer, now + 2), SESS_PEER_IS_SUSPECT);
    assert_int_equal(sess_peer_hear(&peer, now + 3), SESS_PEER_NOTHING); /* there is no connection */
    assert_int_equal(sess_peer_connect(&peer, now + 4), SESS_PEER_IS_ONLINE);
    assert_int_equal(sess_peer_cut(&peer, now + 4), SESS_PEER_IS_SUSPECT);
    assert_int_equal(sess_peer_cut(&peer, now + 5), SESS_PEER_NOTHING);
    assert_int_equal(tick_until(&peer, &now, 100000), SESS_PEER_IS_LOST);
    assert_int_equal(now, 3999 + 3000 + 4 + 15000);
    sess_peer_reset(&peer);
    assert_int_equal(sess_peer_tick(&peer, now + 100000), SESS_PEER_NOTHING);
}

/* We were stopped for an hour: that says nothing about the peer. */
static void test_own_absence(void **state)
{
    struct sess_peer peer;
    uint64_t now = 1000;

    (void)state;
    sess_peer_init(&peer, 3000, 15000);
    sess_peer_connect(&peer, now);
    now += 3600 * 1000;
    assert_int_equal(sess_peer_tick(&peer, now), SESS_PEER_NOTHING);
    assert_int_equal(peer.state, SESS_PEER_ONLINE);
    assert_int_equal(tick_until(&peer, &now, now + 2999), SESS_PEER_NOTHING);
    assert_int_equal(tick_until(&peer, &now, now + 1), SESS_PEER_IS_SUSPECT);
    now += 3600 * 1000;
    assert_int_equal(sess_peer_tick(&peer, now), SESS_PEER_NOTHING);
    assert_int_equal(tick_until(&peer, &now, now + 14999), SESS_PEER_NOTHING);
    assert_int_equal(tick_until(&peer, &now, now + 1), SESS_PEER_IS_LOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_frame_in_every_state), cmocka_unit_test(test_settling),
        cmocka_unit_test(test_settling_answers),           cmocka_unit_test(test_peer),
        cmocka_unit_test(test_own_absence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
