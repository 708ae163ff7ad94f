/*
 * The configuration: one table row per key, with its type, range, default, unit and whether it can change while the
 * daemon runs. softbusd.conf(5) and data/softbusd.conf say the same as the table, and a test compares them. Pure: text in,
 * struct or lines of complaint out; every mistake of a file is reported, not only the first.
 */
#ifndef HUB_CONFIG_H
#define HUB_CONFIG_H

#include "base/log.h"
#include "softbusd/ini.h"
#include "softbusd/quota.h"
#include "wire/devid.h"
#include "wire/disc.h"
#include "wire/msg.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HUB_CONFIG_PORT 3723
#define HUB_CONFIG_PEERS_MAX 256
#define HUB_CONFIG_PATH_MAX 255

enum hub_config_users { HUB_CONFIG_USERS_AUTO, HUB_CONFIG_USERS_ALL, HUB_CONFIG_USERS_OWN };

/* A device to dial without discovery. Numeric: looking up a name would block the loop. */
struct hub_config_peer {
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6; /* its scope id is not set: `interface` names it */
    } address;
    char interface[WIRE_DISC_INTERFACE_MAX + 1];
    bool has_id;
    struct wire_devid id;
};

/* Copied and compared as plain memory; unused bytes of arrays are 0. Numbers are uint64_t for the table's sake. */
struct hub_config {
    char name[WIRE_NAME_MAX + 1]; /* "": the host name */
    uint64_t port;
    char interfaces[WIRE_DISC_INTERFACES_MAX][WIRE_DISC_INTERFACE_MAX + 1];
    bool allow_loopback, use_channels;
    enum hub_config_users app_users;

    bool use_mdns, use_ipv4, use_ipv6;
    char helper[HUB_CONFIG_PATH_MAX + 1]; /* "": the installed one */
    struct hub_config_peer peers[HUB_CONFIG_PEERS_MAX];
    size_t n_interfaces, n_peers;

    uint64_t heartbeat_ms, suspect_ms, grace_ms, handshake_ms;
    uint64_t n_pending_max, n_pending_address_max, n_streams_max;
    uint64_t window_bytes, reassembly_bytes, queue_bytes;

    uint64_t n_apps_max;
    struct hub_quota_limits quota;
    uint64_t app_hello_ms, app_stall_seconds;

    char policy[HUB_CONFIG_PATH_MAX + 1];   /* "": the one beside the configuration file, if there is one */
    char services[HUB_CONFIG_PATH_MAX + 1]; /* the same */

    enum sb_log_level log_level;

    uint64_t wrong_keys; /* a bit per row of the table: its text was refused, so that its value is not what was meant */
};

enum hub_config_type {
    HUB_CONFIG_NUMBER,
    HUB_CONFIG_BOOL,
    HUB_CONFIG_NAME,
    HUB_CONFIG_PATH,
    HUB_CONFIG_INTERFACES, /* may be given several times, like PEERS */
    HUB_CONFIG_PEERS,
    HUB_CONFIG_USERS,
    HUB_CONFIG_LEVEL,
};

struct hub_config_key {
    const char *section, *name;
    enum hub_config_type type;
    const char *default_text; /* as in the file; "": not set */
    const char *unit;         /* "" when it has none */
    bool needs_restart;
    size_t offset, size;
    uint64_t min, max;        /* of numbers */
};

/* The table; row number n, or NULL behind its end. */
const struct hub_config_key *hub_config_get_key(size_t n);

void hub_config_init(struct hub_config *config);

/* True when the table has keys in this section. */
bool hub_config_has_section(const char *section);

/* Sets one key from its text; lists grow. -ENOENT: no such key; -EINVAL: bad value. error_text says what was expected. */
int hub_config_set(struct hub_config *config, const char *section, const char *name, const char *value, char *error_text,
                   size_t error_size);

/* Back to the default: for lists that the command line replaces. The key must exist. */
void hub_config_reset(struct hub_config *config, const char *section, const char *name);

/* True when the two differ in this key. */
bool hub_config_is_changed(const struct hub_config_key *key, const struct hub_config *a, const struct hub_config *b);

/* Takes over from `next` what may change while the daemon runs. */
void hub_config_update(struct hub_config *config, const struct hub_config *next);

/* What no single key can say: relations between them. Those of keys whose own text was refused are not looked at.
 * -EINVAL: reported. */
int hub_config_check(const struct hub_config *config, hub_ini_report_fn report, void *userdata);

/* Sets what the text of a configuration file says. -EINVAL: there were mistakes, each reported with file name and line;
 * config is then half set. */
int hub_config_parse(struct hub_config *config, const char *file, const char *text, size_t size, hub_ini_report_fn report,
                     void *userdata);

/* Reads the file and parses it. A missing file is 0 when is_optional. -EINVAL: reported, as above; also what stopped the reading. */
int hub_config_read(struct hub_config *config, const char *file, bool is_optional, hub_ini_report_fn report,
                    void *userdata);

/* "ADDRESS [DEVICE-ID]", address with or without ":PORT". -EINVAL, -EBADMSG: the id is mistyped. */
int hub_config_peer_parse(const char *text, struct hub_config_peer *ret_peer);

#endif
