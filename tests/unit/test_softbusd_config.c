/* softbusd/config.c and config_file.c: every key, every mistake, and that the manual says what the table says. */
#include "softbusd/config.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID "MHWB4XH-ZF2M4M6-67XBZIT-EYUKS7X-5P57JTW-HPWP27W-7KRD7VY-WNZWZQO"

struct reports {
    char text[4096];
    unsigned n;
};

static void collect(void *userdata, const char *line)
{
    struct reports *reports = userdata;
    size_t used = strlen(reports->text);

    reports->n++;
    snprintf(reports->text + used, sizeof(reports->text) - used, "%s\n", line);
}

static int parse(struct hub_config *config, const char *text, struct reports *reports)
{
    memset(reports, 0, sizeof(*reports));
    hub_config_init(config);
    return hub_config_parse(config, "FILE", text, strlen(text), collect, reports);
}

static void test_defaults(void **state)
{
    struct hub_config config;

    (void)state;
    hub_config_init(&config);
    assert_int_equal(config.port, 3723);
    assert_string_equal(config.name, "");
    assert_true(config.use_mdns && config.use_ipv4 && config.use_ipv6);
    assert_false(config.allow_loopback);
    assert_int_equal(config.app_users, HUB_CONFIG_USERS_AUTO);
    assert_int_equal(config.grace_ms, 15000);
    assert_int_equal(config.n_apps_max, 1024);
    assert_int_equal(config.log_level, SB_LOG_INFO);
}

static void test_whole_file(void **state)
{
    struct hub_config config;
    struct reports reports;

    (void)state;
    assert_int_equal(parse(&config,
                           "# a comment\n[device]\nname = kitchen\r\nport=0\ninterface = eth0, wlan0\ninterface = usb0\n"
                           "allow_loopback = yes\napp_users = own\n"
                           "[discovery]\nmdns = no\npeer = 192.0.2.7\npeer = [2001:db8::7]:99 " ID "\n"
                           "[session]\n  grace_ms = 0\n[limits]\napps = 65536\n[log]\nlevel = debug",
                           &reports),
                     0);
    assert_int_equal(reports.n, 0);
    assert_string_equal(config.name, "kitchen");
    assert_int_equal(config.port, 0);
    assert_int_equal(config.n_interfaces, 3);
    assert_string_equal(config.interfaces[2], "usb0");
    assert_true(config.allow_loopback);
    assert_false(config.use_mdns);
    assert_int_equal(config.app_users, HUB_CONFIG_USERS_OWN);
    assert_int_equal(config.n_peers, 2);
    assert_false(config.peers[0].has_id);
    assert_true(config.peers[1].has_id);
    assert_int_equal(config.grace_ms, 0);
    assert_int_equal(config.n_apps_max, 65536);
    assert_int_equal(config.log_level, SB_LOG_DEBUG);
}

/* Each mistake is named with file, line, key and value, and none hides another. */
static void test_mistakes_are_all_named(void **state)
{
    struct hub_config config;
    struct reports reports;

    (void)state;
    assert_int_equal(parse(&config,
                           "[device]\nport = 65536\nprot = 1\n[devize]\nport = 1\n[discovery]\nmdns = maybe\n"
                           "what is this\n[session]\ngrace_ms = -1\ngrace_ms = 5x\n[limits]\napps = 0\n[log]\nlevel = loud\n"
                           "[nonsense]\n",
                           &reports),
                     -EINVAL);
    assert_non_null(strstr(reports.text, "FILE:2: [device] port = 65536: expected a number from 0 to 65535\n"));
    assert_non_null(strstr(reports.text, "FILE:3: [device] prot = 1: there is no such key"));
    assert_non_null(strstr(reports.text, "FILE:4: [devize]: there is no such section; see softbusd.conf(5)\n"));
    assert_non_null(strstr(reports.text, "FILE:7: [discovery] mdns = maybe: expected yes or no"));
    assert_non_null(strstr(reports.text, "FILE:8: what is this: expected [section]"));
    assert_non_null(strstr(reports.text, "FILE:10: [session] grace_ms = -1: expected a number from 0 to 86400000, in ms"));
    assert_non_null(strstr(reports.text, "FILE:11: [session] grace_ms = 5x: the key stands here for the second time"));
    assert_non_null(strstr(reports.text, "FILE:13: [limits] apps = 0: expected a number from 1 to 65536, in apps"));
    assert_non_null(strstr(reports.text, "FILE:15: [log] level = loud: expected error, warning, info or debug"));
    assert_non_null(strstr(reports.text, "FILE:16: [nonsense]: there is no such section")); /* empty as it is */
    assert_int_equal(reports.n, 10);
}

/* In the order of the lines, whichever part of the parser notices. */
static void test_mistakes_are_in_order(void **state)
{
    static const char *const rows[] = {
        "port = 1", "[devize]", "[device", "[device] port = 1", "stray", "port = 1x", "name = a\001", "interface = a/b", "[x]",
    };
    struct hub_config config;
    struct reports reports;
    char text[512] = "", prefix[32];
    const char *at;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s\n", i == 5 ? "[device]\n" : "", rows[i]);
    assert_int_equal(parse(&config, text, &reports), -EINVAL);
    print_message("# %s\n", reports.text);
    assert_int_equal(reports.n, sizeof(rows) / sizeof(rows[0]));
    at = reports.text;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(prefix, sizeof(prefix), "FILE:%zu: ", i < 5 ? i + 1 : i + 2);
        assert_int_equal(strncmp(at, prefix, strlen(prefix)), 0);
        at = strchr(at, '\n') + 1;
    }
}

/* What inih would cut off, or keep as a part of the value, is neither. */
static void test_comments(void **state)
{
    static const char *const good[] = {
        "# port = x", "; port = x", "  # [nonsense]", "\t; x", "name = a#b;c", "name =", "[device]", " [device]\t\r", "",
    };
    static const char *const bad[] = {
        "port = 1 # why", "port = 1 ; why", "port = 1\t# why", "name = Printer #2", "name = # none", "[device] # this one",
        "[device] ; this one", "[dev ;ice]", "[device] port = 1", "[device", "[]", "name", "port : 1",
    };
    struct hub_config config;
    struct reports reports;
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        snprintf(text, sizeof(text), "\xef\xbb\xbf[device]\n%s\nport = 7\n", good[i]);
        assert_int_equal(parse(&config, text, &reports), 0);
        assert_int_equal(config.port, 7);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        print_message("# %s\n", bad[i]);
        snprintf(text, sizeof(text), "[device]\n%s\n", bad[i]);
        assert_int_equal(parse(&config, text, &reports), -EINVAL);
        assert_int_equal(reports.n, 1);
        assert_non_null(strstr(reports.text, "FILE:2: "));
        assert_int_equal(config.port, 3723);
    }
    assert_int_equal(parse(&config, "[device]\nport = 1 # why\n", &reports), -EINVAL);
    assert_string_equal(reports.text, "FILE:2: port = 1 # why: expected nothing behind the value: comments stand on lines of their own\n");
    /* The keys below are still taken for those of the section. */
    assert_int_equal(parse(&config, "[device] ; this one\nport = 1x\n[session\ngrace_ms = 1x\n", &reports), -EINVAL);
    assert_int_equal(reports.n, 3);
    assert_non_null(strstr(reports.text, "FILE:2: [device] port = 1x"));
}

static void test_numbers_at_their_ends(void **state)
{
    const struct hub_config_key *key;
    char text[64], why[256];
    struct hub_config config;

    (void)state;
    hub_config_init(&config);
    for (size_t i = 0; (key = hub_config_get_key(i)); i++) {
        if (key->type != HUB_CONFIG_NUMBER)
            continue;
        assert_true(key->min < key->max);
        snprintf(text, sizeof(text), "%" PRIu64, key->min);
        assert_int_equal(hub_config_set(&config, key->section, key->name, text, why, sizeof(why)), 0);
        snprintf(text, sizeof(text), "%" PRIu64, key->max);
        assert_int_equal(hub_config_set(&config, key->section, key->name, text, why, sizeof(why)), 0);
        snprintf(text, sizeof(text), "%" PRIu64, key->max + 1);
        assert_int_equal(hub_config_set(&config, key->section, key->name, text, why, sizeof(why)), -EINVAL);
        if (key->min > 0) {
            snprintf(text, sizeof(text), "%" PRIu64, key->min - 1);
            assert_int_equal(hub_config_set(&config, key->section, key->name, text, why, sizeof(why)), -EINVAL);
        }
        assert_int_equal(hub_config_set(&config, key->section, key->name, "", why, sizeof(why)), -EINVAL);
        assert_int_equal(hub_config_set(&config, key->section, key->name, "99999999999999999999999", why, sizeof(why)), -EINVAL);
    }
}

static void test_odd_lines(void **state)
{
    char text[512] = "[device]\nname = ";
    struct hub_config config;
    struct reports reports;

    (void)state;
    memset(text + strlen(text), 'x', 300);
    strcat(text, "\nport = 7\n");
    assert_int_equal(parse(&config, text, &reports), -EINVAL);
    assert_non_null(strstr(reports.text, "FILE:2: the line is longer than 198 bytes"));
    assert_int_equal(config.port, 7); /* the lines behind it are still looked at */

    memset(&reports, 0, sizeof(reports));
    assert_int_equal(hub_config_parse(&config, "FILE", "[device]\nname = a\0b\n", 20, collect, &reports), -EINVAL);
    assert_non_null(strstr(reports.text, "FILE:2: the line contains a NUL byte"));

    assert_int_equal(parse(&config, "[device]\nname = \xff\xfe\n", &reports), -EINVAL);
    assert_int_equal(parse(&config, "[device]\ninterface = a/b\n", &reports), -EINVAL);
    assert_int_equal(parse(&config, "[device]\ninterface = abcdefghijklmnop\n", &reports), -EINVAL);
    assert_int_equal(parse(&config, "[discovery]\nhelper = relative\n", &reports), -EINVAL);
    assert_int_equal(parse(&config, "", &reports), 0);
}

static void test_lists_have_an_end(void **state)
{
    char why[256];
    struct hub_config config;

    (void)state;
    hub_config_init(&config);
    for (int i = 0; i < WIRE_DISC_INTERFACES_MAX; i++)
        assert_int_equal(hub_config_set(&config, "device", "interface", "eth0", why, sizeof(why)), 0);
    assert_int_equal(hub_config_set(&config, "device", "interface", "eth0", why, sizeof(why)), -EINVAL);
    for (int i = 0; i < HUB_CONFIG_PEERS_MAX; i++)
        assert_int_equal(hub_config_set(&config, "discovery", "peer", "192.0.2.1", why, sizeof(why)), 0);
    assert_int_equal(hub_config_set(&config, "discovery", "peer", "192.0.2.1", why, sizeof(why)), -EINVAL);
    hub_config_reset(&config, "discovery", "peer");
    assert_int_equal(hub_config_set(&config, "discovery", "peer", "192.0.2.1", why, sizeof(why)), 0);
    assert_int_equal(config.n_peers, 1);
}

static void test_peers(void **state)
{
    static const struct {
        const char *text;
        int result, family;
        unsigned port;
        const char *interface;
    } rows[] = {
        { "192.0.2.1", 0, AF_INET, 3723, "" },
        { "192.0.2.1:1", 0, AF_INET, 1, "" },
        { "2001:db8::1", 0, AF_INET6, 3723, "" },
        { "[2001:db8::1]", 0, AF_INET6, 3723, "" },
        { "[2001:db8::1]:65535", 0, AF_INET6, 65535, "" },
        { "fe80::1%eth0", 0, AF_INET6, 3723, "eth0" },
        { "[fe80::1%eth0]:9 " ID, 0, AF_INET6, 9, "eth0" },
        { "192.0.2.1:0", -EINVAL, 0, 0, "" },
        { "192.0.2.1:65536", -EINVAL, 0, 0, "" },
        { "192.0.2.1:", -EINVAL, 0, 0, "" },
        { "192.0.2.1:+1", -EINVAL, 0, 0, "" },
        { "192.0.2.1%eth0", -EINVAL, 0, 0, "" },
        { "fe80::1", -EINVAL, 0, 0, "" },
        { "2001:db8::1%eth0", -EINVAL, 0, 0, "" },
        { "fe80::1%", -EINVAL, 0, 0, "" },
        { "fe80::1%abcdefghijklmnop", -EINVAL, 0, 0, "" },
        { "[2001:db8::1", -EINVAL, 0, 0, "" },
        { "[2001:db8::1]x", -EINVAL, 0, 0, "" },
        { "kitchen.local", -EINVAL, 0, 0, "" },
        { "", -EINVAL, 0, 0, "" },
        { "192.0.2.1 nonsense", -EINVAL, 0, 0, "" },
        { "192.0.2.1 A" ID, -EINVAL, 0, 0, "" },
        { "192.0.2.1 NHWB4XH-ZF2M4M6-67XBZIT-EYUKS7X-5P57JTW-HPWP27W-7KRD7VY-WNZWZQO", -EBADMSG, 0, 0, "" },
    };
    struct hub_config_peer peer;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("# %s\n", rows[i].text);
        assert_int_equal(hub_config_peer_parse(rows[i].text, &peer), rows[i].result);
        if (rows[i].result < 0)
            continue;
        assert_int_equal(peer.address.any.sa_family, rows[i].family);
        assert_int_equal(ntohs(rows[i].family == AF_INET ? peer.address.ipv4.sin_port : peer.address.ipv6.sin6_port), rows[i].port);
        assert_string_equal(peer.interface, rows[i].interface);
    }
}

static void test_check(void **state)
{
    struct reports reports = { .n = 0 };
    struct hub_config config;

    (void)state;
    hub_config_init(&config);
    assert_int_equal(hub_config_check(&config, collect, &reports), 0);
    config.suspect_ms = config.heartbeat_ms;
    config.use_ipv4 = config.use_ipv6 = false;
    assert_int_equal(hub_config_check(&config, collect, &reports), -EINVAL);
    assert_int_equal(reports.n, 2);
    assert_non_null(strstr(reports.text, "suspect_ms = 1000"));
    assert_non_null(strstr(reports.text, "ipv6 = no"));
    config.use_mdns = false;
    config.suspect_ms++;
    assert_int_equal(hub_config_check(&config, collect, &reports), 0);
}

/* Other mistakes hide no relation between keys, but a default that stands in for a mistake is related to nothing. */
static void test_check_beside_mistakes(void **state)
{
    struct hub_config config;
    struct reports reports;

    (void)state;
    assert_int_equal(parse(&config, "[session]\nheartbeat_ms = 500\nsuspect_ms = 400\n[log]\nlevel = loud\n", &reports), -EINVAL);
    assert_int_equal(hub_config_check(&config, collect, &reports), -EINVAL);
    assert_int_equal(reports.n, 2);
    assert_int_equal(parse(&config, "[session]\nheartbeat_ms = 1OO\nsuspect_ms = 400\n", &reports), -EINVAL);
    assert_int_equal(hub_config_check(&config, collect, &reports), 0);
    hub_config_reset(&config, "session", "heartbeat_ms");
    assert_int_equal(hub_config_check(&config, collect, &reports), -EINVAL);
}

/* Reload: live keys are taken over, the others are found to differ and stay. */
static void test_update(void **state)
{
    const struct hub_config_key *key;
    struct hub_config config, next;
    struct reports reports;
    unsigned n_restart = 0;

    (void)state;
    hub_config_init(&config);
    assert_int_equal(parse(&next, "[device]\nport = 1\ninterface = eth0\n[discovery]\npeer = 192.0.2.1\n[limits]\napps = 7\n[log]\nlevel = error\n",
                           &reports), 0);
    for (size_t i = 0; (key = hub_config_get_key(i)); i++)
        n_restart += key->needs_restart && hub_config_is_changed(key, &config, &next);
    assert_int_equal(n_restart, 2);
    hub_config_update(&config, &next);
    assert_int_equal(config.port, 3723);
    assert_int_equal(config.n_interfaces, 0);
    assert_int_equal(config.n_peers, 1);
    assert_int_equal(config.n_apps_max, 7);
    assert_int_equal(config.log_level, SB_LOG_ERROR);
}

static char *read_source(const char *name)
{
    const char *dir = getenv("SOFTBUS_SRCDIR");
    char path[4096], *text;
    size_t size;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir ? dir : ".", name);
    file = fopen(path, "re");
    if (!file)
        fail_msg("cannot open %s", path);
    text = calloc(1, 65536);
    assert_non_null(text);
    size = fread(text, 1, 65535, file);
    assert_in_range(size, 1, 65534);
    fclose(file);
    return text;
}

/* The part of the text from the line that is `heading` to the next line that begins as it does. */
static char *cut_section(const char *text, const char *heading, const char *beginning)
{
    const char *start = strstr(text, heading), *end;

    if (!start)
        fail_msg("no line \"%s\"", heading);
    end = strstr(start + 1, beginning);
    return strndup(start, end ? (size_t)(end - start) : strlen(start));
}

static void test_manual_says_the_same(void **state)
{
    char *page = read_source("man/softbusd.conf.5"), *file = read_source("data/softbusd.conf"), *section;
    const struct hub_config_key *key;
    char heading[64], line[256], range[96];

    (void)state;
    for (size_t i = 0; (key = hub_config_get_key(i)); i++) {
        print_message("# [%s] %s\n", key->section, key->name);
        range[0] = '\0';
        if (key->type == HUB_CONFIG_NUMBER)
            snprintf(range, sizeof(range), "%" PRIu64 " to %" PRIu64 "%s%s, ", key->min, key->max, *key->unit ? " " : "", key->unit);
        snprintf(heading, sizeof(heading), "\n.SH \"SECTION [%s]\"\n", key->section);
        section = cut_section(page, heading, "\n.SH");
        snprintf(line, sizeof(line), "\n.B %s\n(%s%s%s%s)\n", key->name, range, *key->default_text ? "default " : "not set",
                 key->default_text, key->needs_restart ? "; restart" : "");
        if (!strstr(section, line))
            fail_msg("softbusd.conf(5), section %s, lacks%s", key->section, line);
        free(section);

        snprintf(heading, sizeof(heading), "\n[%s]\n", key->section);
        section = cut_section(file, heading, "\n[");
        snprintf(line, sizeof(line), "\n#%s =%s%s\n", key->name, *key->default_text ? " " : "", key->default_text);
        if (!strstr(section, line))
            fail_msg("softbusd.conf, section %s, lacks%s", key->section, line);
        free(section);
    }
    free(page);
    free(file);
}

/* With every comment sign before a default taken away, the file says what it said before. */
static void test_file_of_defaults_parses(void **state)
{
    char *text = read_source("data/softbusd.conf"), *out = calloc(1, 65536), *save = NULL;
    struct hub_config config, defaults;
    struct reports reports;
    const char *equals;

    (void)state;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        equals = strstr(line, " = ");
        strcat(strcat(out, line[0] == '#' && line[1] != ' ' && equals ? line + 1 : line), "\n");
    }
    assert_int_equal(parse(&config, out, &reports), 0);
    hub_config_init(&defaults);
    assert_memory_equal(&config, &defaults, sizeof(config));
    free(text);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_whole_file),
        cmocka_unit_test(test_mistakes_are_all_named),
        cmocka_unit_test(test_mistakes_are_in_order),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_numbers_at_their_ends),
        cmocka_unit_test(test_odd_lines),
        cmocka_unit_test(test_lists_have_an_end),
        cmocka_unit_test(test_peers),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_check_beside_mistakes),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_manual_says_the_same),
        cmocka_unit_test(test_file_of_defaults_parses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
