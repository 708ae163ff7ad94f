/* Managers over loopback with real TLS: sessions, messages, cuts, trust. No time is asserted: each test waits for what must come. */
#include "session_nodes.h"

#include <event2/event.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
