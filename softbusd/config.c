/* The table of keys and the text of single values; see config.h. The file as a whole is in config_file.c. */
#include "softbusd/config.h"

#include "wire/cursor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MEMBER(member) offsetof(struct hub_config, member), sizeof(((struct hub_config *)0)->member)
#define APP(kind) MEMBER(quota.app[HUB_QUOTA_##kind])
#define USER(kind) MEMBER(quota.user[HUB_QUOTA_##kind])
#define LIVE false
#define RESTART true

#define KIB (1024ULL)
#define MIB (1024ULL * 1024)
#define HOUR_MS 3600000ULL
/* Four times this must hold the largest message, or a single reply could end an app. */
#define QUEUE_BYTES_MIN (264 * KIB)

static const struct hub_config_key keys[] = {
    { "device", "name", HUB_CONFIG_NAME, "", "", RESTART, MEMBER(name), 0, 0 },
    { "device", "port", HUB_CONFIG_NUMBER, "3723", "", RESTART, MEMBER(port), 0, 65535 },
    { "device", "interface", HUB_CONFIG_INTERFACES, "", "", RESTART, MEMBER(interfaces), 0, 0 },
    { "device", "allow_loopback", HUB_CONFIG_BOOL, "no", "", RESTART, MEMBER(allow_loopback), 0, 0 },
    { "device", "direct_channels", HUB_CONFIG_BOOL, "yes", "", LIVE, MEMBER(use_channels), 0, 0 },
    { "device", "app_users", HUB_CONFIG_USERS, "auto", "", RESTART, MEMBER(app_users), 0, 0 },

    { "discovery", "mdns", HUB_CONFIG_BOOL, "yes", "", RESTART, MEMBER(use_mdns), 0, 0 },
    { "discovery", "ipv4", HUB_CONFIG_BOOL, "yes", "", RESTART, MEMBER(use_ipv4), 0, 0 },
    { "discovery", "ipv6", HUB_CONFIG_BOOL, "yes", "", RESTART, MEMBER(use_ipv6), 0, 0 },
    { "discovery", "helper", HUB_CONFIG_PATH, "", "", RESTART, MEMBER(helper), 0, 0 },
    { "discovery", "peer", HUB_CONFIG_PEERS, "", "", LIVE, MEMBER(peers), 0, 0 },

    { "session", "heartbeat_ms", HUB_CONFIG_NUMBER, "1000", "ms", RESTART, MEMBER(heartbeat_ms), 50, HOUR_MS },
    { "session", "suspect_ms", HUB_CONFIG_NUMBER, "3000", "ms", RESTART, MEMBER(suspect_ms), 100, HOUR_MS },
    { "session", "grace_ms", HUB_CONFIG_NUMBER, "15000", "ms", RESTART, MEMBER(grace_ms), 0, 24 * HOUR_MS },
    { "session", "handshake_ms", HUB_CONFIG_NUMBER, "10000", "ms", RESTART, MEMBER(handshake_ms), 100, HOUR_MS },
    { "session", "pending", HUB_CONFIG_NUMBER, "64", "connections", RESTART, MEMBER(n_pending_max), 1, 4096 },
    { "session", "pending_per_address", HUB_CONFIG_NUMBER, "8", "connections", RESTART, MEMBER(n_pending_address_max), 1, 4096 },
    { "session", "streams", HUB_CONFIG_NUMBER, "1024", "streams", RESTART, MEMBER(n_streams_max), 16, 65536 },
    { "session", "window_bytes", HUB_CONFIG_NUMBER, "262144", "bytes", RESTART, MEMBER(window_bytes), 16 * KIB, 16 * MIB },
    { "session", "reassembly_bytes", HUB_CONFIG_NUMBER, "8388608", "bytes", RESTART, MEMBER(reassembly_bytes), 2 * MIB, 1024 * MIB },
    { "session", "queue_bytes", HUB_CONFIG_NUMBER, "16777216", "bytes", RESTART, MEMBER(queue_bytes), 2 * MIB, 1024 * MIB },

    { "limits", "apps", HUB_CONFIG_NUMBER, "1024", "apps", LIVE, MEMBER(n_apps_max), 1, 65536 },
    { "limits", "apps_per_user", HUB_CONFIG_NUMBER, "256", "apps", LIVE, USER(APPS), 1, 65536 },
    { "limits", "objects", HUB_CONFIG_NUMBER, "4096", "objects", LIVE, APP(OBJECTS), 1, 1000000 },
    { "limits", "objects_per_user", HUB_CONFIG_NUMBER, "65536", "objects", LIVE, USER(OBJECTS), 2, 16000000 },
    { "limits", "references", HUB_CONFIG_NUMBER, "16384", "references", LIVE, APP(REFERENCES), 1, 1000000 },
    { "limits", "references_per_user", HUB_CONFIG_NUMBER, "262144", "references", LIVE, USER(REFERENCES), 2, 16000000 },
    { "limits", "calls", HUB_CONFIG_NUMBER, "1024", "calls", LIVE, APP(CALLS), 1, 1000000 },
    { "limits", "calls_per_user", HUB_CONFIG_NUMBER, "16384", "calls", LIVE, USER(CALLS), 2, 16000000 },
    { "limits", "services", HUB_CONFIG_NUMBER, "128", "services", LIVE, APP(SERVICES), 1, 65536 },
    { "limits", "services_per_user", HUB_CONFIG_NUMBER, "4096", "services", LIVE, USER(SERVICES), 2, 1000000 },
    { "limits", "watches", HUB_CONFIG_NUMBER, "64", "watches", LIVE, APP(WATCHES), 1, 65536 },
    { "limits", "watches_per_user", HUB_CONFIG_NUMBER, "4096", "watches", LIVE, USER(WATCHES), 2, 1000000 },
    { "limits", "descriptors_per_app", HUB_CONFIG_NUMBER, "256", "descriptors", LIVE, APP(DESCRIPTORS), 1, 65536 },
    { "limits", "descriptors_per_user", HUB_CONFIG_NUMBER, "1024", "descriptors", LIVE, USER(DESCRIPTORS), 2, 1000000 },
    { "limits", "channels_per_app", HUB_CONFIG_NUMBER, "1024", "channels", LIVE, APP(CHANNELS), 1, 65536 },
    { "limits", "channels_per_user", HUB_CONFIG_NUMBER, "16384", "channels", LIVE, USER(CHANNELS), 2, 1000000 },
    { "limits", "app_hello_ms", HUB_CONFIG_NUMBER, "5000", "ms", LIVE, MEMBER(app_hello_ms), 100, HOUR_MS },
    { "limits", "app_queue_bytes", HUB_CONFIG_NUMBER, "4194304", "bytes", LIVE, APP(BYTES), QUEUE_BYTES_MIN, 256 * MIB },
    { "limits", "user_queue_bytes", HUB_CONFIG_NUMBER, "67108864", "bytes", LIVE, USER(BYTES), 4 * QUEUE_BYTES_MIN, 16384 * MIB },
    { "limits", "app_stall_seconds", HUB_CONFIG_NUMBER, "30", "s", LIVE, MEMBER(app_stall_seconds), 1, 3600 },

    { "services", "directory", HUB_CONFIG_PATH, "", "", LIVE, MEMBER(services), 0, 0 },
    { "services", "policy", HUB_CONFIG_PATH, "", "", LIVE, MEMBER(policy), 0, 0 },

    { "log", "level", HUB_CONFIG_LEVEL, "info", "", LIVE, MEMBER(log_level), 0, 0 },
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))
_Static_assert(N_KEYS <= 64, "hub_config.wrong_keys has a bit for each");

const struct hub_config_key *hub_config_get_key(size_t n)
{
    return n < N_KEYS ? &keys[n] : NULL;
}

static const struct hub_config_key *find_key(const char *section, const char *name)
{
    for (size_t i = 0; i < N_KEYS; i++) {
        if (!strcmp(keys[i].section, section) && !strcmp(keys[i].name, name))
            return &keys[i];
    }
    return NULL;
}

bool hub_config_has_section(const char *section)
{
    for (size_t i = 0; i < N_KEYS; i++) {
        if (!strcmp(keys[i].section, section))
            return true;
    }
    return false;
}

static uint64_t get_bit(const struct hub_config_key *key)
{
    return UINT64_C(1) << (key - keys);
}

static int set_number(const struct hub_config_key *key, uint64_t *number, const char *value, char *error_text, size_t error_size)
{
    unsigned long long parsed;
    const char *rest = value + strspn(value, "0123456789");

    errno = 0;
    parsed = strtoull(value, NULL, 10);
    if (!*value || *rest || errno || parsed < key->min || parsed > key->max) {
        snprintf(error_text, error_size, "expected a number from %" PRIu64 " to %" PRIu64 "%s%s", key->min, key->max,
                 *key->unit ? ", in " : "", key->unit);
        return -EINVAL;
    }
    *number = parsed;
    return 0;
}

static int set_bool(bool *flag, const char *value, char *error_text, size_t error_size)
{
    if (!strcmp(value, "yes"))
        *flag = true;
    else if (!strcmp(value, "no"))
        *flag = false;
    else {
        snprintf(error_text, error_size, "expected yes or no");
        return -EINVAL;
    }
    return 0;
}

/* Names go into logs, terminals and announcements: no control characters. */
static int set_text(const struct hub_config_key *key, char *text, const char *value, char *error_text, size_t error_size)
{
    size_t size = strlen(value);
    bool is_clean = true;

    for (const char *c = value; *c; c++)
        is_clean = is_clean && (unsigned char)*c >= 0x20 && *c != 0x7f;
    if (size >= key->size || !is_clean || !wire_text_is_valid(value, size)) {
        snprintf(error_text, error_size, "expected at most %zu bytes of UTF-8 without control characters", key->size - 1);
        return -EINVAL;
    }
    if (key->type == HUB_CONFIG_PATH && size > 0 && value[0] != '/') {
        snprintf(error_text, error_size, "expected an absolute path");
        return -EINVAL;
    }
    memset(text, 0, key->size);
    memcpy(text, value, size);
    return 0;
}

static int set_users(enum hub_config_users *users, const char *value, char *error_text, size_t error_size)
{
    if (!strcmp(value, "auto"))
        *users = HUB_CONFIG_USERS_AUTO;
    else if (!strcmp(value, "all"))
        *users = HUB_CONFIG_USERS_ALL;
    else if (!strcmp(value, "own"))
        *users = HUB_CONFIG_USERS_OWN;
    else {
        snprintf(error_text, error_size, "expected auto, all or own");
        return -EINVAL;
    }
    return 0;
}

static int set_level(enum sb_log_level *level, const char *value, char *error_text, size_t error_size)
{
    if (sb_log_level_parse(value, level) < 0) {
        snprintf(error_text, error_size, "expected error, warning, info or debug");
        return -EINVAL;
    }
    return 0;
}

/* One or several names, separated by commas or blanks. */
static int add_interfaces(struct hub_config *config, const char *value, char *error_text, size_t error_size)
{
    while (*value) {
        size_t size = strcspn(value, ", \t");

        if (size > WIRE_DISC_INTERFACE_MAX || memchr(value, '/', size)) {
            snprintf(error_text, error_size, "expected names of network interfaces, at most %d bytes each",
                     WIRE_DISC_INTERFACE_MAX);
            return -EINVAL;
        }
        if (size > 0 && config->n_interfaces == WIRE_DISC_INTERFACES_MAX) {
            snprintf(error_text, error_size, "expected at most %d interfaces in all", WIRE_DISC_INTERFACES_MAX);
            return -EINVAL;
        }
        if (size > 0)
            memcpy(config->interfaces[config->n_interfaces++], value, size);
        value += size;
        value += strspn(value, ", \t");
    }
    return 0;
}

static int add_peer(struct hub_config *config, const char *value, char *error_text, size_t error_size)
{
    int r;

    if (config->n_peers == HUB_CONFIG_PEERS_MAX) {
        snprintf(error_text, error_size, "expected at most %d peers", HUB_CONFIG_PEERS_MAX);
        return -EINVAL;
    }
    r = hub_config_peer_parse(value, &config->peers[config->n_peers]);
    if (r == -EBADMSG)
        snprintf(error_text, error_size, "the device id is mistyped: a check character does not fit");
    else if (r < 0)
        snprintf(error_text, error_size, "expected a numeric ADDRESS, ADDRESS:PORT or [IPV6]:PORT (with %%INTERFACE if link-local), and perhaps a device id");
    else
        config->n_peers++;
    return r < 0 ? -EINVAL : 0;
}

static int set_key(struct hub_config *config, const struct hub_config_key *key, const char *value, char *error_text,
                   size_t error_size)
{
    char *member = (char *)config + key->offset;

    switch (key->type) {
    case HUB_CONFIG_NUMBER:
        return set_number(key, (uint64_t *)(void *)member, value, error_text, error_size);
    case HUB_CONFIG_BOOL:
        return set_bool((bool *)(void *)member, value, error_text, error_size);
    case HUB_CONFIG_NAME:
    case HUB_CONFIG_PATH:
        return set_text(key, member, value, error_text, error_size);
    case HUB_CONFIG_INTERFACES:
        return add_interfaces(config, value, error_text, error_size);
    case HUB_CONFIG_PEERS:
        return add_peer(config, value, error_text, error_size);
    case HUB_CONFIG_USERS:
        return set_users((enum hub_config_users *)(void *)member, value, error_text, error_size);
    case HUB_CONFIG_LEVEL:
        return set_level((enum sb_log_level *)(void *)member, value, error_text, error_size);
    }
    return -ENOENT;
}

int hub_config_set(struct hub_config *config, const char *section, const char *name, const char *value, char *error_text,
                   size_t error_size)
{
    const struct hub_config_key *key = find_key(section, name);
    int r;

    if (!key) {
        snprintf(error_text, error_size, hub_config_has_section(section) ? "there is no such key in this section; see softbusd.conf(5)"
                                                                         : "there is no such section; see softbusd.conf(5)");
        return -ENOENT;
    }
    r = set_key(config, key, value, error_text, error_size);
    if (r < 0)
        config->wrong_keys |= get_bit(key);
    return r;
}

static void reset_key(struct hub_config *config, const struct hub_config_key *key)
{
    char error_text[128];

    memset((char *)config + key->offset, 0, key->size);
    config->wrong_keys &= ~get_bit(key);
    if (key->type == HUB_CONFIG_INTERFACES)
        config->n_interfaces = 0;
    if (key->type == HUB_CONFIG_PEERS)
        config->n_peers = 0;
    if (*key->default_text)
        hub_config_set(config, key->section, key->name, key->default_text, error_text, sizeof(error_text));
}

void hub_config_reset(struct hub_config *config, const char *section, const char *name)
{
    const struct hub_config_key *key = find_key(section, name);

    if (key)
        reset_key(config, key);
}

void hub_config_init(struct hub_config *config)
{
    memset(config, 0, sizeof(*config));
    for (size_t i = 0; i < N_KEYS; i++)
        reset_key(config, &keys[i]);
}

static bool is_meant(const struct hub_config *config, const char *section, const char *name)
{
    return !(config->wrong_keys & get_bit(find_key(section, name)));
}

int hub_config_check(const struct hub_config *config, hub_ini_report_fn report, void *userdata)
{
    char text[256];
    int r = 0;

    if (config->suspect_ms <= config->heartbeat_ms && is_meant(config, "session", "suspect_ms") &&
        is_meant(config, "session", "heartbeat_ms")) {
        snprintf(text, sizeof(text),
                 "[session] suspect_ms = %" PRIu64 ": expected more than heartbeat_ms, which is %" PRIu64
                 ": every device would be suspect between two heartbeats",
                 config->suspect_ms, config->heartbeat_ms);
        report(userdata, text);
        r = -EINVAL;
    }
    if (config->use_mdns && !config->use_ipv4 && !config->use_ipv6 && is_meant(config, "discovery", "mdns")) {
        report(userdata, "[discovery] ipv4 = no and ipv6 = no: expected at least one of them, or mdns = no");
        r = -EINVAL;
    }
    return r;
}

bool hub_config_is_changed(const struct hub_config_key *key, const struct hub_config *a, const struct hub_config *b)
{
    return memcmp((const char *)a + key->offset, (const char *)b + key->offset, key->size) != 0;
}

void hub_config_update(struct hub_config *config, const struct hub_config *next)
{
    for (size_t i = 0; i < N_KEYS; i++) {
        if (keys[i].needs_restart)
            continue;
        memcpy((char *)config + keys[i].offset, (const char *)next + keys[i].offset, keys[i].size);
        if (keys[i].type == HUB_CONFIG_PEERS)
            config->n_peers = next->n_peers;
    }
}

/* Splits "ADDRESS", "V4:PORT", "[V6]:PORT" or "V6" into host and port; a bare IPv6 address has more than one colon. */
static int split_address(char *text, char **ret_host, const char **ret_port)
{
    char *end, *colon = strchr(text, ':');

    *ret_host = text;
    *ret_port = NULL;
    if (text[0] == '[') {
        end = strchr(text, ']');
        if (!end || (end[1] != '\0' && end[1] != ':'))
            return -EINVAL;
        *ret_host = text + 1;
        *ret_port = end[1] == ':' ? end + 2 : NULL;
        *end = '\0';
    } else if (colon && !strchr(colon + 1, ':')) {
        *colon = '\0';
        *ret_port = colon + 1;
    }
    return 0;
}

static int parse_port(const char *text, uint16_t *ret_port)
{
    unsigned long port;

    if (!text) {
        *ret_port = HUB_CONFIG_PORT;
        return 0;
    }
    port = strtoul(text, NULL, 10);
    if (!*text || text[strspn(text, "0123456789")] || strlen(text) > 5 || port == 0 || port > 65535)
        return -EINVAL;
    *ret_port = (uint16_t)port;
    return 0;
}

static int parse_host(char *host, uint16_t port, struct hub_config_peer *peer)
{
    char *percent = strchr(host, '%');

    if (percent) {
        *percent = '\0';
        if (!percent[1] || strlen(percent + 1) > WIRE_DISC_INTERFACE_MAX)
            return -EINVAL;
        memcpy(peer->interface, percent + 1, strlen(percent + 1));
    }
    if (inet_pton(AF_INET6, host, &peer->address.ipv6.sin6_addr) == 1) {
        /* A link-local address means nothing without its link, any other nothing with one. */
        if (IN6_IS_ADDR_LINKLOCAL(&peer->address.ipv6.sin6_addr) != (percent != NULL))
            return -EINVAL;
        peer->address.ipv6.sin6_family = AF_INET6;
        peer->address.ipv6.sin6_port = htons(port);
        return 0;
    }
    memset(&peer->address, 0, sizeof(peer->address));
    if (percent || inet_pton(AF_INET, host, &peer->address.ipv4.sin_addr) != 1)
        return -EINVAL;
    peer->address.ipv4.sin_family = AF_INET;
    peer->address.ipv4.sin_port = htons(port);
    return 0;
}

int hub_config_peer_parse(const char *text, struct hub_config_peer *ret_peer)
{
    struct hub_config_peer peer;
    char address[96], *host;
    const char *port_text, *id = text + strcspn(text, " \t");
    size_t size = (size_t)(id - text);
    uint16_t port;
    int r;

    memset(&peer, 0, sizeof(peer));
    if (size == 0 || size >= sizeof(address))
        return -EINVAL;
    memcpy(address, text, size);
    address[size] = '\0';
    r = split_address(address, &host, &port_text);
    if (r == 0)
        r = parse_port(port_text, &port);
    if (r == 0)
        r = parse_host(host, port, &peer);
    if (r < 0)
        return r;
    id += strspn(id, " \t");
    if (*id) {
        r = wire_devid_parse(id, &peer.id);
        if (r < 0)
            return r;
        peer.has_id = true;
    }
    *ret_peer = peer;
    return 0;
}
