/*
 * The daemon as a whole. Everything that can fail is done, and told, before READY; from then on an app or a device may go,
 * the daemon stays. What is made last is ended first: no new apps, goodbye to devices, then the apps, then the tables.
 */
#include "softbusd/daemon.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rate.h"
#include "session/identity_io.h"
#include "session/trust.h"
#include "session/trust_io.h"
#include "softbusd/accept_io.h"
#include "softbusd/activate_io.h"
#include "softbusd/apps_io.h"
#include "softbusd/config.h"
#include "softbusd/hub.h"
#include "softbusd/key.h"
#include "softbusd/listen.h"
#include "softbusd/load.h"
#include "softbusd/loop.h"
#include "softbusd/notify.h"
#include "softbusd/options.h"
#include "softbusd/paths.h"
#include "softbusd/peers_io.h"
#include "softbusd/rights.h"
#include "softbusd/policy.h"
#include "softbusd/service_file.h"
#include "wire/cursor.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif
#ifndef SOFTBUS_LIBEXECDIR
#define SOFTBUS_LIBEXECDIR "/usr/libexec/softbus"
#endif

#define ERROR_TEXT_MAX 1024
#define DESCRIPTORS_RESERVED 256
#define APP_LINES 50 /* in the log at once, and then one a second */

struct hub_daemon {
    const struct hub_options *options;
    struct hub_config config;
    struct hub_policy *policy; /* until there is a hub to give it to */
    bool has_policy;           /* the hub has one */
    struct hub_paths paths;
    struct sb_log log;
    struct sess_identity *identity;
    struct sess_trust trust;
    struct hub_listen listen;
    struct hub_loop *loop;
    struct hub_peers *peers;
    struct hub *hub;
    struct hub_apps *apps;
    struct hub_accept *accept;
    struct hub_starter *starter;
    struct sb_rate app_lines; /* in the log, caused by apps */
    uint64_t started_ms, n_descriptors;
    struct rlimit files_limit; /* as we were given it */
    int state_lock;
    char name[WIRE_NAME_MAX + 1];
};

/* --- configuration --- */

static void report_mistake(void *userdata, const char *line)
{
    sb_log_write(userdata, SB_LOG_ERROR, "%s", line);
}

/* The sink of what runs only once, for a person or a script: no time, no level. */
static void print_line(void *userdata, enum sb_log_level level, const char *line)
{
    (void)userdata, (void)level;
    fprintf(stderr, "%s\n", line);
}

/* File, then command line, then both together: every mistake is said. -EINVAL, -ENOMEM: said already. */
static int load_config(struct hub_daemon *daemon, struct hub_config *config)
{
    char error_text[ERROR_TEXT_MAX];
    int r, checked;

    hub_config_init(config);
    r = hub_config_read(config, daemon->paths.config_file, !daemon->paths.must_have_config, report_mistake, &daemon->log);
    checked = hub_options_apply(daemon->options, config, error_text, sizeof(error_text));
    if (checked < 0)
        sb_log_write(&daemon->log, SB_LOG_ERROR, "%s", error_text);
    r = r < 0 ? r : checked;
    checked = hub_config_check(config, report_mistake, &daemon->log);
    return r < 0 ? r : checked;
}

/* The host name when the configuration has none; cut, and dropped when it is no label that others would accept. */
static void choose_name(struct hub_daemon *daemon)
{
    char host[256] = "";

    if (*daemon->config.name) {
        memcpy(daemon->name, daemon->config.name, sizeof(daemon->name));
        return;
    }
    if (gethostname(host, sizeof(host) - 1) < 0 || !wire_text_is_valid(host, strlen(host)))
        host[0] = '\0';
    snprintf(daemon->name, sizeof(daemon->name), "%.*s", WIRE_NAME_MAX, *host ? host : "unnamed");
}

static struct hub_apps_limits get_apps_limits(const struct hub_config *config)
{
    return (struct hub_apps_limits){
        .hello_ms = config->app_hello_ms,
        .stall_ms = config->app_stall_seconds * 1000,
    };
}

/* Apps never get the descriptors that sessions, the helper's restart and the trust store need. */
static struct hub_accept_limits get_accept_limits(const struct hub_daemon *daemon)
{
    uint64_t reserve = daemon->n_descriptors / 2 < DESCRIPTORS_RESERVED ? daemon->n_descriptors / 2 : DESCRIPTORS_RESERVED;
    uint64_t n_apps_max = daemon->config.n_apps_max;

    if (n_apps_max > daemon->n_descriptors - reserve) {
        sb_log_write(&daemon->log, SB_LOG_WARNING, "fewer apps than configured can connect: RLIMIT_NOFILE is too low n_apps=%" PRIu64
                     " limit_apps=%" PRIu64 " descriptors=%" PRIu64, daemon->n_descriptors - reserve, n_apps_max,
                     daemon->n_descriptors);
        n_apps_max = daemon->n_descriptors - reserve;
    }
    return (struct hub_accept_limits){ .n_apps_max = n_apps_max };
}

/* --- reload --- */

static void name_restart_keys(struct hub_daemon *daemon, const struct hub_config *next)
{
    const struct hub_config_key *key;

    for (size_t i = 0; (key = hub_config_get_key(i)); i++) {
        if (key->needs_restart && hub_config_is_changed(key, &daemon->config, next))
            sb_log_write(&daemon->log, SB_LOG_WARNING, "configuration: [%s] %s takes effect after a restart", key->section, key->name);
    }
}

static void reload_policy(struct hub_daemon *daemon)
{
    struct hub_policy *policy;

    if (hub_load_policy(&daemon->paths, &daemon->config, &daemon->log, &policy) < 0) {
        sb_log_write(&daemon->log, SB_LOG_ERROR, "policy not reloaded: the old one stays");
        return;
    }
    if (daemon->has_policy && !policy)
        sb_log_write(&daemon->log, SB_LOG_WARNING, "the policy file is gone: from now on every app may own and look up every name");
    daemon->has_policy = policy != NULL;
    hub_set_policy(daemon->hub, policy);
    sb_log_write(&daemon->log, SB_LOG_INFO, "policy reloaded file=%s n_sections=%zu", policy ? hub_policy_get_file(policy) : "",
                 policy ? hub_policy_count(policy) : 0);
}

/* At the start and at a reload: what is wrong is logged and left out. */
static void load_services(struct hub_daemon *daemon)
{
    struct hub_service_file **files = NULL;
    size_t n = 0;
    int r = hub_load_services(&daemon->paths, &daemon->config, &daemon->log, &files, &n);

    if (files)
        r = hub_starter_set_files(daemon->starter, files, n);
    if (r < 0 && r != -EINVAL)
        sb_log_write(&daemon->log, SB_LOG_ERROR, "service files not loaded: the old ones stay");
    else
        sb_log_write(&daemon->log, SB_LOG_INFO, "service files loaded n_files=%zu", n);
}

static void reload_config(struct hub_daemon *daemon)
{
    struct hub_config *next = malloc(sizeof(*next));
    struct hub_apps_limits apps_limits;
    struct hub_accept_limits accept_limits;

    if (!next || load_config(daemon, next) < 0) {
        sb_log_write(&daemon->log, SB_LOG_ERROR, "configuration not reloaded: the old one stays");
        free(next);
        return;
    }
    name_restart_keys(daemon, next);
    hub_config_update(&daemon->config, next);
    free(next);
    daemon->log.level = daemon->config.log_level;
    apps_limits = get_apps_limits(&daemon->config);
    accept_limits = get_accept_limits(daemon);
    hub_set_limits(daemon->hub, &daemon->config.quota);
    hub_set_channels(daemon->hub, daemon->config.use_channels);
    hub_apps_set_limits(daemon->apps, &apps_limits);
    hub_accept_set_limits(daemon->accept, &accept_limits);
    hub_peers_set_static(daemon->peers, &daemon->config);
    sb_log_write(&daemon->log, SB_LOG_INFO, "configuration reloaded file=%s", daemon->paths.config_file);
}

static void reload_trust(struct hub_daemon *daemon)
{
    char error_text[ERROR_TEXT_MAX];

    if (sess_trust_load(&daemon->trust, daemon->paths.trust_file, error_text, sizeof(error_text)) < 0) {
        sb_log_write(&daemon->log, SB_LOG_ERROR, "trusted devices not reloaded: the old ones stay: %s", error_text);
        return;
    }
    hub_peers_apply_trust(daemon->peers);
    hub_trust_reloaded(daemon->hub);
    sb_log_write(&daemon->log, SB_LOG_INFO, "trusted devices reloaded n_devices=%zu", daemon->trust.n_entries);
}

static void on_reload(void *userdata)
{
    struct hub_daemon *daemon = userdata;

    hub_notify_reloading();
    reload_config(daemon);
    reload_policy(daemon);
    load_services(daemon);
    reload_trust(daemon);
    hub_notify_send("READY=1");
}

/* --- STATUS --- */

static bool get_status(void *userdata, unsigned n, const char **ret_name, uint64_t *ret_value, const char **ret_text)
{
    struct hub_daemon *daemon = userdata;
    struct rusage usage;

    *ret_text = NULL;
    *ret_value = 0;
    switch (n) {
    case 0:
        *ret_name = "version";
        *ret_text = PACKAGE_VERSION;
        return true;
    case 1:
        *ret_name = "pid";
        *ret_value = (uint64_t)getpid();
        return true;
    case 2:
        *ret_name = "uptime_s";
        *ret_value = (sb_clock_now_ms() - daemon->started_ms) / 1000;
        return true;
    case 3:
        *ret_name = "port";
        *ret_value = hub_peers_get_port(daemon->peers);
        return true;
    case 4:
        *ret_name = "connections";
        *ret_value = hub_apps_count(daemon->apps);
        return true;
    case 5:
        *ret_name = "discovery";
        *ret_value = (uint64_t)hub_peers_get_helper_pid(daemon->peers);
        *ret_text = hub_peers_get_discovery(daemon->peers);
        return true;
    case 6:
        *ret_name = "memory_peak_kb";
        *ret_value = getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss : 0;
        return true;
    case 7:
        *ret_name = "programs";
        *ret_value = hub_starter_count(daemon->starter);
        return true;
    default:
        return false;
    }
}

static bool may_log(void *userdata, unsigned *ret_n_before)
{
    struct sb_rate *rate = &((struct hub_daemon *)userdata)->app_lines;

    if (!sb_rate_take(rate, sb_clock_now_ms()))
        return false;
    *ret_n_before = rate->n_refused;
    rate->n_refused = 0;
    return true;
}

/* The hub's ops have one userdata for all that is not about a connection: it is ours, and most goes on to the peers. */
static int send_to_peer(void *userdata, const struct wire_devid *id, enum sess_class class, uint32_t stream, uint64_t cookie,
                        const uint8_t *data, size_t size)
{
    return hub_peers_send(((struct hub_daemon *)userdata)->peers, id, class, stream, cookie, data, size);
}

static void unblock_peer(void *userdata, const struct wire_devid *id, uint32_t stream)
{
    hub_peers_unblock(((struct hub_daemon *)userdata)->peers, id, stream);
}

static void end_peer_stream(void *userdata, const struct wire_devid *id, uint32_t stream)
{
    hub_peers_end_stream(((struct hub_daemon *)userdata)->peers, id, stream);
}

static int get_peer_stats(void *userdata, const struct wire_devid *id, struct sess_peer_stats *ret_stats)
{
    return hub_peers_get_stats(((struct hub_daemon *)userdata)->peers, id, ret_stats);
}

static int save_trust(void *userdata)
{
    return hub_peers_save_trust(((struct hub_daemon *)userdata)->peers);
}

static void apply_trust(void *userdata)
{
    hub_peers_apply_trust(((struct hub_daemon *)userdata)->peers);
}

/* --- start --- */

/* One descriptor an app and a few a device: the soft limit is made for programs that use select(). */
static void raise_descriptor_limit(struct hub_daemon *daemon)
{
    struct rlimit limit;

    daemon->n_descriptors = 1024;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    daemon->files_limit = limit;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        daemon->n_descriptors = (uint64_t)limit.rlim_cur;
}

static int open_state(struct hub_daemon *daemon, char *error_text, size_t error_size)
{
    int r = hub_paths_make_state(&daemon->paths, error_text, error_size);

    if (r == 0)
        r = hub_paths_lock_state(&daemon->paths, &daemon->state_lock, error_text, error_size);
    if (r == 0)
        r = sess_identity_load(daemon->paths.state_dir, &daemon->identity, error_text, error_size);
    if (r == 0)
        r = sess_trust_load(&daemon->trust, daemon->paths.trust_file, error_text, error_size);
    return r;
}

static bool is_for_all(const struct hub_daemon *daemon)
{
    if (daemon->config.app_users == HUB_CONFIG_USERS_AUTO)
        return daemon->paths.is_system;
    return daemon->config.app_users == HUB_CONFIG_USERS_ALL;
}

static int open_socket(struct hub_daemon *daemon, char *error_text, size_t error_size)
{
    int r = hub_paths_make_run(&daemon->paths, error_text, error_size);

    return r < 0 ? r : hub_listen_open(&daemon->listen, daemon->paths.socket, is_for_all(daemon), error_text, error_size);
}

static void settle(void *userdata)
{
    hub_settle(((struct hub_daemon *)userdata)->hub);
}

/* Apps of the daemon before may come back. -ENOMEM */
static int remember(struct hub_daemon *daemon)
{
    uint64_t key[2];

    hub_key_load(daemon->paths.run_dir, &daemon->log, key);
    hub_set_key(daemon->hub, key);
    hub_set_channels(daemon->hub, daemon->config.use_channels);
    return hub_loop_call_later(daemon->loop, HUB_CLAIM_MS, settle, daemon);
}

/* Everything that says only "out of memory" when it fails. */
static int make_parts(struct hub_daemon *daemon)
{
    const struct hub_loop_callbacks loop_callbacks = { .userdata = daemon, .reload = on_reload };
    const struct hub_ops ops = {
        .userdata = daemon,
        .app_send = hub_apps_send,
        .app_kill = hub_apps_kill,
        .app_resume = hub_apps_resume,
        .channel_make = hub_rights_make_pair,
        .fd_close = hub_rights_close,
        .peer_send = send_to_peer,
        .peer_unblock = unblock_peer,
        .peer_end_stream = end_peer_stream,
        .peer_get_stats = get_peer_stats,
        .trust_save = save_trust,
        .trust_apply = apply_trust,
        .status_get = get_status,
        .may_log = may_log,
    };
    const struct hub_credentials own = { .pid = (uint32_t)getpid(), .uid = (uint32_t)geteuid(), .gid = (uint32_t)getegid() };
    const struct hub_apps_limits apps_limits = get_apps_limits(&daemon->config);
    const struct hub_accept_limits accept_limits = get_accept_limits(daemon);
    int r = hub_loop_new(&loop_callbacks, &daemon->loop);

    if (r == 0)
        r = hub_peers_new(daemon->loop, &daemon->log, daemon->identity, &daemon->trust, daemon->paths.trust_file, &daemon->peers);
    if (r == 0)
        r = hub_new(&ops, &daemon->config.quota, &daemon->log, &daemon->trust, sess_identity_get_id(daemon->identity), daemon->name,
                    &own, &daemon->hub);
    if (r == 0)
        hub_set_policy(daemon->hub, SB_TAKE_PTR(daemon->policy));
    if (r == 0)
        r = hub_starter_new(daemon->loop, daemon->hub, &daemon->log, daemon->paths.socket, &daemon->files_limit, &daemon->starter);
    if (r == 0)
        r = remember(daemon);
    if (r == 0)
        r = hub_apps_new(daemon->loop, daemon->hub, &daemon->log, &apps_limits, &daemon->apps);
    if (r == 0)
        r = hub_accept_new(daemon->loop, daemon->apps, &daemon->log, daemon->listen.fd, is_for_all(daemon), &accept_limits,
                           &daemon->accept);
    return r;
}

/* What may be right in a while, but is worth a look now. */
static void warn_of_missing(const struct hub_daemon *daemon, const char *helper)
{
    for (size_t i = 0; i < daemon->config.n_interfaces; i++) {
        if (if_nametoindex(daemon->config.interfaces[i]) == 0)
            sb_log_write(&daemon->log, SB_LOG_WARNING, "there is no interface %s now: it is used when it appears; \"ip link\" lists them",
                         daemon->config.interfaces[i]);
    }
    if (daemon->config.use_mdns && access(helper, X_OK) < 0)
        sb_log_write(&daemon->log, SB_LOG_WARNING, "devices are not discovered: cannot run %s: %s: install softbus, name the program with "
                     "--helper, or do without (--no-mdns)", helper, strerror(errno));
}

static int start(struct hub_daemon *daemon)
{
    const char *helper = *daemon->config.helper ? daemon->config.helper : SOFTBUS_LIBEXECDIR "/softbus-mdns";
    char error_text[ERROR_TEXT_MAX] = "";
    int r = open_state(daemon, error_text, sizeof(error_text));

    if (r == 0)
        r = open_socket(daemon, error_text, sizeof(error_text));
    if (r == 0) {
        r = make_parts(daemon);
        if (r < 0)
            snprintf(error_text, sizeof(error_text), "cannot start: %s", strerror(-r));
    }
    if (r == 0) {
        warn_of_missing(daemon, helper);
        load_services(daemon);
        r = hub_peers_start(daemon->peers, daemon->hub, &daemon->config, daemon->name, helper, error_text, sizeof(error_text));
    }
    if (r < 0)
        sb_log_write(&daemon->log, SB_LOG_ERROR, "%s", error_text);
    return r;
}

static void stop(struct hub_daemon *daemon)
{
    if (daemon->starter)
        hub_starter_stop(daemon->starter);
    daemon->accept = hub_accept_free(daemon->accept);
    hub_listen_close(&daemon->listen);
    if (daemon->peers)
        hub_peers_stop(daemon->peers);
    daemon->apps = hub_apps_free(daemon->apps);
    daemon->hub = hub_free(daemon->hub);
    daemon->peers = hub_peers_free(daemon->peers);
    daemon->starter = hub_starter_free(daemon->starter);
    daemon->loop = hub_loop_free(daemon->loop);
}

static int run(struct hub_daemon *daemon)
{
    char id[WIRE_DEVID_TEXT_SIZE], status[256];
    int r;

    raise_descriptor_limit(daemon);
    choose_name(daemon);
    daemon->started_ms = sb_clock_now_ms();
    sb_rate_init(&daemon->app_lines, APP_LINES, 1, daemon->started_ms);
    if (start(daemon) < 0) {
        stop(daemon);
        return HUB_DAEMON_FAILED;
    }
    wire_devid_format(sess_identity_get_id(daemon->identity), id);
    sb_log_write(&daemon->log, SB_LOG_INFO, "started version=%s device=%s name=%s port=%u socket=%s n_trusted=%zu", PACKAGE_VERSION,
                 id, daemon->name, hub_peers_get_port(daemon->peers), daemon->paths.socket, daemon->trust.n_entries);
    snprintf(status, sizeof(status), "READY=1\nSTATUS=Device %s, port %u", id, hub_peers_get_port(daemon->peers));
    hub_notify_send(status);
    r = hub_loop_run(daemon->loop);
    hub_notify_send("STOPPING=1");
    if (r < 0)
        sb_log_write(&daemon->log, SB_LOG_ERROR, "the event loop failed error=\"%s\"", strerror(-r));
    else
        sb_log_write(&daemon->log, SB_LOG_INFO, "stopping signal=%d", r);
    stop(daemon);
    sb_log_write(&daemon->log, SB_LOG_INFO, "stopped");
    return r < 0 ? HUB_DAEMON_FAILED : HUB_DAEMON_OK;
}

/* Works beside a running daemon too: what that holds locked is there already, and only read. */
static int print_id(struct hub_daemon *daemon)
{
    char error_text[ERROR_TEXT_MAX], text[WIRE_DEVID_TEXT_SIZE];
    int r = hub_paths_make_state(&daemon->paths, error_text, sizeof(error_text));

    if (r == 0) {
        r = hub_paths_lock_state(&daemon->paths, &daemon->state_lock, error_text, sizeof(error_text));
        r = r == -EBUSY ? 0 : r;
    }
    if (r == 0)
        r = sess_identity_load(daemon->paths.state_dir, &daemon->identity, error_text, sizeof(error_text));
    if (r < 0) {
        sb_log_write(&daemon->log, SB_LOG_ERROR, "%s", error_text);
        return HUB_DAEMON_FAILED;
    }
    wire_devid_format(sess_identity_get_id(daemon->identity), text);
    return puts(text) < 0 || fflush(stdout) != 0 ? HUB_DAEMON_FAILED : HUB_DAEMON_OK;
}

static int act(struct hub_daemon *daemon)
{
    char error_text[ERROR_TEXT_MAX];

    bool prints_id = daemon->options->action == HUB_OPTIONS_PRINT_ID;

    if (hub_paths_find(daemon->options, &daemon->paths, error_text, sizeof(error_text)) < 0 ||
        (!prints_id && hub_paths_check_config(&daemon->paths, error_text, sizeof(error_text)) < 0)) {
        sb_log_write(&daemon->log, SB_LOG_ERROR, "%s", error_text);
        return HUB_DAEMON_FAILED;
    }
    if (prints_id)
        return print_id(daemon);
    if (load_config(daemon, &daemon->config) < 0 ||
        hub_load_policy(&daemon->paths, &daemon->config, &daemon->log, &daemon->policy) < 0)
        return HUB_DAEMON_FAILED;
    daemon->has_policy = daemon->policy != NULL;
    daemon->log.level = daemon->config.log_level;
    if (daemon->options->action == HUB_OPTIONS_CHECK_CONFIG)
        return hub_load_check(&daemon->paths, &daemon->config, daemon->policy, &daemon->log) < 0 ? HUB_DAEMON_FAILED : HUB_DAEMON_OK;
    return run(daemon);
}

int hub_daemon_run(const struct hub_options *options)
{
    struct hub_daemon *daemon;
    int status;

    switch (options->action) {
    case HUB_OPTIONS_HELP:
        hub_options_print_help(stdout);
        return HUB_DAEMON_OK;
    case HUB_OPTIONS_VERSION:
        puts("softbusd " PACKAGE_VERSION);
        return HUB_DAEMON_OK;
    default:
        break;
    }
    daemon = calloc(1, sizeof(*daemon));
    if (!daemon)
        return HUB_DAEMON_FAILED;
    umask(0077);
    daemon->options = options;
    daemon->log = (struct sb_log){ .level = SB_LOG_INFO,
                                   .sink = options->action == HUB_OPTIONS_RUN ? sb_log_to_stderr : print_line };
    daemon->listen.fd = daemon->listen.lock_fd = daemon->state_lock = -1;
    sess_trust_init(&daemon->trust);
    status = act(daemon);
    hub_policy_free(daemon->policy);
    sess_trust_deinit(&daemon->trust);
    sess_identity_free(daemon->identity);
    if (daemon->state_lock >= 0)
        close(daemon->state_lock);
    free(daemon);
    return status;
}
