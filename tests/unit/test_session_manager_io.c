/* Managers over loopback with real TLS: sessions, messages, cuts, trust. No time is asserted: each test waits for what must come. */
#include "tests/unit/session_nodes.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct pair {
    struct event_base *base;
    struct nodes_node a, b;
};

static void pair_init(struct pair *pair)
{
    pair->base = event_base_new();
    nodes_init(&pair->a, pair->base);
    nodes_init(&pair->b, pair->base);
}

static void pair_deinit(struct pair *pair)
{
    nodes_deinit(&pair->a);
    nodes_deinit(&pair->b);
    event_base_free(pair->base);
}

/* Both trust each other; only a knows where b is. */
static void pair_connect(struct pair *pair)
{
    nodes_trust(&pair->a, &pair->b);
    nodes_trust(&pair->b, &pair->a);
    nodes_start(&pair->a);
    nodes_start(&pair->b);
    nodes_tell_address(&pair->a, &pair->b, sess_manager_get_port(pair->b.manager));
    NODES_WAIT(pair->base, pair->a.n_up == 1 && pair->b.n_up == 1);
}

static void test_messages(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair);
    pair_connect(&pair);
    pair.b.echo_to = &pair.a;
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(nodes_send(&pair.a, &pair.b, i, 16 + i % 300, i + 1), 0);
    NODES_WAIT(pair.base, pair.a.n_messages == 1000);
    assert_int_equal(pair.b.n_wrong + pair.a.n_wrong, 0);
    assert_int_equal(pair.a.n_sent, 1000);
    assert_int_equal(pair.a.last_cookie, 1000);
    assert_int_equal(nodes_send(&pair.a, &pair.b, 1000, 1024 * 1024, 0), 0);
    NODES_WAIT(pair.base, pair.a.n_messages == 1001);
    assert_int_equal(pair.b.n_wrong + pair.a.n_wrong, 0);
    pair_deinit(&pair);
}

static void test_stranger(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair);
    nodes_trust(&pair.a, &pair.b); /* b does not know a */
    nodes_start(&pair.a);
    nodes_start(&pair.b);
    nodes_tell_address(&pair.a, &pair.b, sess_manager_get_port(pair.b.manager));
    NODES_WAIT(pair.base, pair.b.n_notes == 1 && pair.a.n_notes == 1);
    assert_non_null(strstr(pair.b.last_note, "is not trusted"));
    assert_non_null(strstr(pair.a.last_note, "refused us with a TLS alert"));
    assert_int_equal(pair.b.n_up + pair.a.n_up, 0);
    /* trusted later: the dialler comes again by itself */
    nodes_trust(&pair.b, &pair.a);
    NODES_WAIT(pair.base, pair.a.n_up == 1 && pair.b.n_up == 1);
    pair_deinit(&pair);
}

/* Each dials the other at once: one session, and no other connection replaces it. */
static void test_crossing(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct pair pair;

        pair_init(&pair);
        nodes_trust(&pair.a, &pair.b);
        nodes_trust(&pair.b, &pair.a);
        nodes_start(&pair.a);
        nodes_start(&pair.b);
        nodes_tell_address(&pair.a, &pair.b, sess_manager_get_port(pair.b.manager));
        nodes_tell_address(&pair.b, &pair.a, sess_manager_get_port(pair.a.manager));
        NODES_WAIT(pair.base, pair.a.n_up > 0 && pair.b.n_up > 0);
        pair.b.echo_to = &pair.a;
        assert_int_equal(nodes_send(&pair.a, &pair.b, 0, 100, 0), 0);
        NODES_WAIT(pair.base, pair.a.n_messages == 1);
        assert_int_equal(pair.a.n_up, 1);
        assert_int_equal(pair.b.n_up, 1);
        assert_int_equal(pair.a.n_over + pair.b.n_over, 0);
        pair_deinit(&pair);
    }
}

static void test_busy(void **state)
{
    struct pair pair;
    struct sess_peer_stats stats;

    (void)state;
    pair_init(&pair);
    pair_connect(&pair);
    pair.b.n_busy = 1;
    for (uint32_t i = 0; i < 40; i++)
        assert_int_equal(nodes_send(&pair.a, &pair.b, i, 100000, 0), 0);
    NODES_WAIT(pair.base, pair.b.n_busy == 0);
    assert_int_equal(pair.b.n_messages, 0);
    pair.b.n_busy = 1; /* and once more */
    sess_manager_unblock(pair.b.manager, nodes_id(&pair.a), 1);
    NODES_WAIT(pair.base, pair.b.n_busy == 0);
    sess_manager_unblock(pair.b.manager, nodes_id(&pair.a), 1);
    NODES_WAIT(pair.base, pair.b.n_messages == 40);
    assert_int_equal(pair.b.n_wrong, 0);
    sess_manager_end_stream(pair.a.manager, nodes_id(&pair.b), 1);
    do {
        NODES_WAIT(pair.base, sess_manager_get_stats(pair.a.manager, nodes_id(&pair.b), &stats) == 0);
        event_base_loop(pair.base, EVLOOP_ONCE);
    } while (stats.queued_bytes > 0 || stats.rtt_us == 0);
    pair_deinit(&pair);
}

/* The connection breaks again and again while messages flow both ways: one session, nothing lost. */
static void test_cut_and_resume(void **state)
{
    struct pair pair;
    struct nodes_relay *relay;
    struct sess_peer_stats stats;
    uint32_t n_sent = 0;

    (void)state;
    pair_init(&pair);
    pair.b.echo_to = &pair.a;
    nodes_trust(&pair.a, &pair.b);
    nodes_trust(&pair.b, &pair.a);
    nodes_start(&pair.a);
    nodes_start(&pair.b);
    relay = nodes_relay_new(pair.base, sess_manager_get_port(pair.b.manager));
    nodes_tell_address(&pair.a, &pair.b, nodes_relay_get_port(relay));
    NODES_WAIT(pair.base, pair.a.n_up == 1 && pair.b.n_up == 1);
    for (unsigned round = 1; round <= 5; round++) {
        unsigned before = pair.a.n_messages;

        for (int i = 0; i < 50; i++, n_sent++)
            assert_int_equal(nodes_send(&pair.a, &pair.b, n_sent, 20 + n_sent % 7 * 9000, 0), 0);
        NODES_WAIT(pair.base, pair.a.n_messages > before + 5);
        nodes_relay_cut(relay);
        NODES_WAIT(pair.base, pair.a.n_online >= round && pair.b.n_online + pair.b.n_over >= 1);
    }
    NODES_WAIT(pair.base, pair.a.n_messages == n_sent);
    assert_int_equal(pair.a.n_wrong + pair.b.n_wrong, 0);
    assert_int_equal(pair.b.n_messages, n_sent);
    assert_int_equal(pair.a.n_over + pair.b.n_over, 0);
    assert_int_equal(pair.a.n_up + pair.b.n_up, 2);
    assert_int_equal(sess_manager_get_stats(pair.a.manager, nodes_id(&pair.b), &stats), 0);
    assert_int_equal(stats.n_resumed, 5);
    nodes_relay_free(relay);
    pair_deinit(&pair);
}

static void test_lost(void **state)
{
    struct pair pair;
    struct nodes_relay *relay;

    (void)state;
    pair_init(&pair);
    pair.a.config.grace_ms = pair.b.config.grace_ms = 300;
    nodes_trust(&pair.a, &pair.b);
    nodes_trust(&pair.b, &pair.a);
    nodes_start(&pair.a);
    nodes_start(&pair.b);
    relay = nodes_relay_new(pair.base, sess_manager_get_port(pair.b.manager));
    nodes_tell_address(&pair.a, &pair.b, nodes_relay_get_port(relay));
    NODES_WAIT(pair.base, pair.a.n_up == 1 && pair.b.n_up == 1);
    nodes_relay_refuse(relay, true);
    nodes_relay_cut(relay);
    NODES_WAIT(pair.base, pair.a.n_over == 1 && pair.b.n_over == 1);
    assert_int_equal(pair.a.last_end, SESS_END_LOST);
    assert_int_equal(pair.b.last_end, SESS_END_LOST);
    assert_int_equal(pair.a.n_suspect, 1);
    assert_int_equal(nodes_send(&pair.a, &pair.b, 0, 100, 0), -ENOTCONN);
    nodes_relay_refuse(relay, false);
    NODES_WAIT(pair.base, pair.a.n_up == 2 && pair.b.n_up == 2);
    nodes_relay_free(relay);
    pair_deinit(&pair);
}

static void test_trust_removed(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair);
    pair_connect(&pair);
    assert_int_equal(sess_trust_remove(&pair.b.trust, nodes_id(&pair.a)), 0);
    sess_manager_trust_changed(pair.b.manager);
    assert_int_equal(pair.b.n_over, 1); /* before it returned */
    assert_int_equal(pair.b.last_end, SESS_END_UNTRUSTED);
    NODES_WAIT(pair.base, pair.a.n_over == 1);
    assert_int_equal(pair.a.last_end, SESS_END_REVOKED);
    NODES_WAIT(pair.base, strstr(pair.b.last_note, "is not trusted") != NULL);
    pair_deinit(&pair);
}

/* The first message that is sent makes the hub take the trust away. */
static void on_sent_distrust(void *userdata, const struct wire_devid *id, uint64_t cookie)
{
    struct nodes_node *node = userdata;

    assert_int_equal(node->n_over, 0);
    assert_int_equal(cookie, ++node->n_sent);
    if (cookie == 1)
        assert_int_equal(sess_trust_remove(&node->trust, id), 0);
    if (cookie < 3) /* the second time from inside the first */
        sess_manager_trust_changed(node->manager);
}

/* Of several messages in one record each is told as sent, before the end of the session. */
static void test_ended_by_sent(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair);
    pair.a.callbacks.sent = on_sent_distrust;
    pair_connect(&pair);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(nodes_send(&pair.a, &pair.b, i, 100, i + 1), 0);
    NODES_WAIT(pair.base, pair.a.n_over == 1);
    assert_int_equal(pair.a.n_sent, 5);
    assert_int_equal(pair.a.last_end, SESS_END_UNTRUSTED);
    NODES_WAIT(pair.base, pair.b.n_over == 1);
    assert_int_equal(pair.a.n_over, 1);
    pair_deinit(&pair);
}

static void test_goodbye_and_restart(void **state)
{
    struct pair pair;
    uint16_t port;

    (void)state;
    pair_init(&pair);
    pair_connect(&pair);
    port = sess_manager_get_port(pair.b.manager);
    assert_int_equal(nodes_send(&pair.b, &pair.a, 0, 10000, 0), 0); /* said before the goodbye, heard before it */
    nodes_stop(&pair.b);
    assert_int_equal(pair.b.n_over, 0);
    NODES_WAIT(pair.base, pair.a.n_over == 1);
    assert_int_equal(pair.a.last_end, SESS_END_CLOSED);
    assert_int_equal(pair.a.n_messages, 1);
    pair.b.config.port = port;
    nodes_start(&pair.b);
    NODES_WAIT(pair.base, pair.a.n_up == 2 && pair.b.n_up == 2);
    pair_deinit(&pair);
}

/* The other daemon died without a word and came back: the old session is over with that reason. */
static void test_new_instance(void **state)
{
    struct pair pair;
    struct nodes_node again;

    (void)state;
    pair_init(&pair);
    pair_connect(&pair);
    again = pair.b; /* the same key, while the other one still stands there */
    nodes_start(&again);
    again.callbacks.userdata = &again;
    nodes_tell_address(&again, &pair.a, sess_manager_get_port(pair.a.manager));
    NODES_WAIT(pair.base, pair.a.n_over == 1 && pair.a.n_up == 2);
    assert_int_equal(pair.a.last_end, SESS_END_RESTARTED);
    nodes_stop(&again);
    pair_deinit(&pair);
}

static void test_violations(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair);
    pair_connect(&pair);
    pair.b.verdict = SESS_VIOLATION;
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(nodes_send(&pair.a, &pair.b, i, 50, 0), 0);
    NODES_WAIT(pair.base, pair.b.n_over == 1 && pair.a.n_over == 1);
    assert_int_equal(pair.b.last_end, SESS_END_PROTOCOL);
    assert_int_equal(pair.b.n_messages, 3);
    pair_deinit(&pair);
}

/* A trusted device fills no log either, not even by beginning a new session each time. */
static void test_quiet_violations(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair);
    pair_connect(&pair);
    pair.b.verdict = SESS_VIOLATION;
    for (unsigned round = 1; round <= 100; round++) {
        NODES_WAIT(pair.base, pair.a.n_up == round && pair.b.n_up == round);
        for (uint32_t i = 0; i < 3; i++)
            assert_int_equal(nodes_send(&pair.a, &pair.b, i, 50, 0), 0);
        NODES_WAIT(pair.base, pair.b.n_over == round && pair.a.n_over == round);
    }
    assert_in_range(pair.b.n_notes, 10, 90);
    assert_in_range(pair.a.n_notes, 10, 90);
    pair_deinit(&pair);
}

static void test_static_address(void **state)
{
    struct pair pair;
    struct sockaddr_storage address, own;

    (void)state;
    pair_init(&pair);
    nodes_trust(&pair.a, &pair.b);
    nodes_trust(&pair.b, &pair.a);
    nodes_start(&pair.a);
    nodes_start(&pair.b);
    address = nodes_address(sess_manager_get_port(pair.b.manager));
    own = nodes_address(sess_manager_get_port(pair.a.manager));
    assert_int_equal(sess_manager_add_static(pair.a.manager, &own), 0);
    assert_int_equal(sess_manager_add_static(pair.a.manager, &address), 0);
    NODES_WAIT(pair.base, pair.a.n_up == 1 && pair.b.n_up == 1);
    assert_int_equal(pair.a.n_notes + pair.b.n_notes, 0); /* dialling oneself is nobody's news */
    sess_manager_clear_static(pair.a.manager);
    assert_int_equal(nodes_send(&pair.a, &pair.b, 0, 100, 0), 0);
    NODES_WAIT(pair.base, pair.b.n_messages == 1);
    pair_deinit(&pair);
}

/* True when the other side has closed. */
static bool is_closed(int fd)
{
    char bytes[4096];
    ssize_t n;

    while ((n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
        ;
    return n == 0 || (errno != EAGAIN && errno != EINTR);
}

static void test_silent_and_garbage(void **state)
{
    static const char garbage[4096] = "GET / HTTP/1.1\r\nHost: softbus\r\n\r\n";
    struct pair pair;
    int silent, talker, slow;

    (void)state;
    pair_init(&pair);
    pair.b.config.handshake_ms = 300;
    nodes_start(&pair.b);
    silent = nodes_connect(sess_manager_get_port(pair.b.manager));
    talker = nodes_connect(sess_manager_get_port(pair.b.manager));
    slow = nodes_connect(sess_manager_get_port(pair.b.manager));
    assert_true(send(talker, garbage, sizeof(garbage), MSG_NOSIGNAL) > 0);
    assert_true(send(slow, "\x16\x03\x01", 3, MSG_NOSIGNAL) == 3); /* the beginning of a ClientHello */
    NODES_WAIT(pair.base, is_closed(talker));
    NODES_WAIT(pair.base, is_closed(silent));
    NODES_WAIT(pair.base, is_closed(slow));
    assert_int_equal(pair.b.n_notes, 3);
    assert_int_equal(pair.b.n_up, 0);
    close(silent);
    close(talker);
    close(slow);
    pair_deinit(&pair);
}

/* At the limit of one address all who have spoken stay, n + 1 goes, and after one left there is room again. */
static void test_flood(void **state)
{
    struct pair pair;
    int fds[5];

    (void)state;
    pair_init(&pair);
    pair.b.config.n_pending_address_max = 4;
    nodes_start(&pair.b);
    for (int i = 0; i < 5; i++) {
        fds[i] = nodes_connect(sess_manager_get_port(pair.b.manager));
        assert_true(send(fds[i], "\x16\x03\x01", 3, MSG_NOSIGNAL) == 3);
    }
    NODES_WAIT(pair.base, is_closed(fds[4]));
    assert_int_equal(pair.b.n_notes, 1);
    assert_non_null(strstr(pair.b.last_note, "4 unauthenticated"));
    for (int i = 0; i < 4; i++)
        assert_false(is_closed(fds[i]));
    close(fds[0]);
    close(fds[4]);
    /* a device gets in beside three that never finish */
    nodes_trust(&pair.a, &pair.b);
    nodes_trust(&pair.b, &pair.a);
    nodes_start(&pair.a);
    nodes_tell_address(&pair.a, &pair.b, sess_manager_get_port(pair.b.manager));
    NODES_WAIT(pair.base, pair.a.n_up == 1);
    for (int i = 1; i < 4; i++)
        close(fds[i]);
    pair_deinit(&pair);
}

/* Whoever holds places without a word loses the oldest to each newcomer, at either limit; who has spoken keeps its own. */
static void test_silent_give_way(void **state)
{
    (void)state;
    for (int is_total = 0; is_total < 2; is_total++) {
        struct pair pair;
        int fds[5];

        pair_init(&pair);
        *(is_total ? &pair.b.config.n_pending_max : &pair.b.config.n_pending_address_max) = 4;
        nodes_start(&pair.b);
        for (int i = 0; i < 5; i++) {
            fds[i] = nodes_connect(sess_manager_get_port(pair.b.manager));
            if (i == 0)
                assert_true(send(fds[i], "\x16\x03\x01", 3, MSG_NOSIGNAL) == 3);
        }
        NODES_WAIT(pair.base, is_closed(fds[1]));
        assert_int_equal(pair.b.n_notes, 1);
        assert_non_null(strstr(pair.b.last_note, "it is silent, and 4 unauthenticated"));
        nodes_trust(&pair.a, &pair.b);
        nodes_trust(&pair.b, &pair.a);
        nodes_start(&pair.a);
        nodes_tell_address(&pair.a, &pair.b, sess_manager_get_port(pair.b.manager));
        NODES_WAIT(pair.base, pair.a.n_up == 1);
        assert_false(is_closed(fds[0]));
        assert_true(is_closed(fds[2]));
        assert_false(is_closed(fds[3]));
        assert_false(is_closed(fds[4]));
        for (int i = 0; i < 5; i++)
            close(fds[i]);
        pair_deinit(&pair);
    }
}

/* Strangers fill no logs: after some lines it is one a second, and it says how many went without one. */
static void test_quiet_flood(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair);
    nodes_start(&pair.b);
    for (int i = 0; i < 200; i++) {
        int fd = nodes_connect(sess_manager_get_port(pair.b.manager));

        assert_true(send(fd, "GET / HTTP/1.1\r\n", 16, MSG_NOSIGNAL) == 16);
        NODES_WAIT(pair.base, is_closed(fd));
        close(fd);
    }
    assert_in_range(pair.b.n_notes, 10, 100);
    pair_deinit(&pair);
}

static int listen_on_loopback(uint16_t *ret_port)
{
    struct sockaddr_storage address = nodes_address(0);
    socklen_t size = sizeof(struct sockaddr_in);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 16) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(((struct sockaddr_in *)(void *)&address)->sin_port);
    return fd;
}

/* Who announces ever new addresses of a device does not have its other ones dialled each time: they keep their back-off. */
static void test_new_addresses(void **state)
{
    struct sockaddr_storage addresses[2];
    unsigned n_dialled = 0;
    struct pair pair;
    uint16_t port;
    int listener, fd;

    (void)state;
    pair_init(&pair);
    nodes_trust(&pair.a, &pair.b);
    nodes_start(&pair.a);
    listener = listen_on_loopback(&port);
    addresses[0] = addresses[1] = nodes_address(port);
    for (uint32_t i = 0; i < 200; i++) {
        unsigned before = pair.a.n_notes;

        ((struct sockaddr_in *)(void *)&addresses[1])->sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + i); /* nobody is there */
        assert_int_equal(sess_manager_set_addresses(pair.a.manager, nodes_id(&pair.b), 0, addresses, 2), 0);
        NODES_WAIT(pair.base, pair.a.n_notes > before);
        while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
            close(fd);
            n_dialled++;
        }
    }
    assert_in_range(n_dialled, 1, 10); /* the 11th would come after four minutes */
    close(listener);
    pair_deinit(&pair);
}

static void test_start_errors(void **state)
{
    struct pair pair;
    struct sess_manager *manager;

    (void)state;
    pair_init(&pair);
    nodes_start(&pair.a);
    pair.b.config.port = sess_manager_get_port(pair.a.manager);
    assert_int_equal(sess_manager_new(pair.base, &pair.b.config, pair.b.identity, &pair.b.trust, &pair.b.callbacks,
                                      &manager), -EADDRINUSE);
    pair.b.config.port = 0;
    pair.b.config.window_bytes = 0;
    assert_int_equal(sess_manager_new(pair.base, &pair.b.config, pair.b.identity, &pair.b.trust, &pair.b.callbacks,
                                      &manager), -EINVAL);
    pair_deinit(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),          cmocka_unit_test(test_stranger),
        cmocka_unit_test(test_crossing),          cmocka_unit_test(test_busy),
        cmocka_unit_test(test_cut_and_resume),    cmocka_unit_test(test_lost),
        cmocka_unit_test(test_trust_removed),     cmocka_unit_test(test_ended_by_sent),
        cmocka_unit_test(test_goodbye_and_restart),
        cmocka_unit_test(test_new_instance),      cmocka_unit_test(test_violations),
        cmocka_unit_test(test_quiet_violations),
        cmocka_unit_test(test_static_address),    cmocka_unit_test(test_silent_and_garbage),
        cmocka_unit_test(test_flood),             cmocka_unit_test(test_silent_give_way),
        cmocka_unit_test(test_quiet_flood),       cmocka_unit_test(test_new_addresses),
        cmocka_unit_test(test_start_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
