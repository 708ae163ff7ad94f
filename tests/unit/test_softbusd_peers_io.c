/* Other devices from the outside of the hub: what discovery may cause. The helper is this program itself. */
#include "softbusd/peers_io.h"

#include "base/buf.h"
#include "base/log.h"
#include "session/identity_io.h"
#include "session/trust.h"
#include "softbusd/config.h"
#include "softbusd/hub.h"
#include "softbusd/loop.h"
#include "softbusd/tables.h"
#include "wire/disc.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define FD 3
#define N_STRANGERS 500

static void say(const struct wire_disc_message *message)
{
    struct sb_buf buf;

    sb_buf_init(&buf, WIRE_DISC_MESSAGE_MAX);
    if (wire_disc_encode(message, &buf) < 0 || send(FD, sb_buf_bytes(&buf), buf.length, MSG_NOSIGNAL) < 0)
        _exit(9);
    sb_buf_deinit(&buf);
}

static int be_helper(void)
{
    struct wire_disc_message message = { .type = WIRE_DISC_READY, .ready.sandbox = WIRE_DISC_SANDBOX_SECCOMP };
    char bytes[WIRE_DISC_MESSAGE_MAX];

    say(&message);
    for (unsigned i = 0; i < N_STRANGERS; i++) {
        message = (struct wire_disc_message){
            .type = WIRE_DISC_FOUND,
            .seen = { .id.bytes = { (uint8_t)i, (uint8_t)(i >> 8) }, .version = 1 + i % 2,
                      .address = { .family = WIRE_DISC_IPV4, .port = 7000, .bytes = { 10 } } },
        };
        say(&message);
    }
    while (recv(FD, bytes, sizeof(bytes), 0) > 0)
        ;
    return 0;
}

static int no_stats(void *userdata, const struct wire_devid *id, struct sess_peer_stats *ret_stats)
{
    (void)userdata, (void)id, (void)ret_stats;
    return -1;
}

static void count_line(void *userdata, enum sb_log_level level, const char *line)
{
    (void)level;
    *(unsigned *)userdata += strstr(line, " device=") != NULL;
}

/* Strangers that multicast fill no logs. */
static void test_strangers_are_logged_sparsely(void **state)
{
    const struct hub_ops ops = { .peer_get_stats = no_stats };
    const struct hub_quota_limits limits = { .app = { 0 } };
    const struct hub_credentials own = { .uid = 0 };
    const struct hub_loop_callbacks callbacks = { .userdata = NULL };
    unsigned n_lines = 0;
    const struct sb_log log = { .level = SB_LOG_INFO, .sink = count_line, .userdata = &n_lines };
    char dir[] = "/tmp/softbus-peers-XXXXXX", path[64], error[256] = "";
    struct sess_identity *identity;
    struct sess_trust trust = { 0 };
    struct hub_config config;
    struct hub_peers *peers;
    struct hub_loop *loop;
    struct hub *hub;

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(sess_identity_load(dir, &identity, error, sizeof(error)), 0);
    assert_int_equal(hub_loop_new(&callbacks, &loop), 0);
    assert_int_equal(hub_peers_new(loop, &log, identity, &trust, "", &peers), 0);
    assert_int_equal(hub_new(&ops, &limits, &log, &trust, sess_identity_get_id(identity), "x", &own, &hub), 0);
    hub_config_init(&config);
    config.port = 0;
    assert_int_equal(hub_peers_start(peers, hub, &config, "x", "/proc/self/exe", error, sizeof(error)), 0);
    while (hub->peers.n_entries < N_STRANGERS)
        assert_true(event_base_loop(hub_loop_get_base(loop), EVLOOP_ONCE) >= 0);
    assert_in_range(n_lines, 20, 100); /* of 750 */
    hub_peers_stop(peers);
    hub_free(hub);
    hub_peers_free(peers);
    hub_loop_free(loop);
    sess_identity_free(identity);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, i ? "device.key" : "device.crt");
        unlink(path);
    }
    rmdir(dir);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strangers_are_logged_sparsely),
    };

    if (argc == 1 && strcmp(argv[0], "softbus-mdns") == 0)
        return be_helper();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
