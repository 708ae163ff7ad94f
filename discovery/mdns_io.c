/*
 * The discovery helper: an Avahi core of its own that publishes one service and browses for the same. It parses what
 * strangers multicast, so it runs with nothing to lose (sandbox_io.h) and may die at any time.
 */
#include "discovery/mdns_io.h"

#include "base/log.h"
#include "discovery/avahi_poll_io.h"
#include "discovery/local_io.h"
#include "discovery/mdns_browse_io.h"
#include "discovery/mdns_link_io.h"
#include "discovery/sandbox_io.h"
#include "discovery/txt.h"

#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/strlst.h>
#include <avahi-common/watch.h>
#include <avahi-core/core.h>
#include <avahi-core/log.h>
#include <avahi-core/publish.h>
#include <ctype.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define CACHE_ENTRIES_MAX 4096 /* per interface and family */
#define HOST_NAME_ID_CHARS 14
#define RETELL_S 60

struct mdns {
    struct event_base *base;
    AvahiPoll poll;
    AvahiServer *server;
    AvahiSEntryGroup *group;
    struct disc_mdns_link link;
    struct disc_mdns_browser browser;
    struct disc_local local;
    struct event *retell;
    struct wire_disc_config config;
    uint8_t config_bytes[WIRE_DISC_MESSAGE_MAX]; /* what the strings in config point into */
    char *instance;                              /* avahi_malloc(); the name in use, which a collision changes */
    bool has_failed;
};

/* Avahi's log function has no userdata: the one piece of static state, set while the helper runs. */
static struct disc_mdns_link *log_link;

static void on_log(AvahiLogLevel level, const char *text)
{
    static const int levels[AVAHI_LOG_LEVEL_MAX] = { SB_LOG_ERROR, SB_LOG_WARNING, SB_LOG_INFO, SB_LOG_DEBUG,
                                                     SB_LOG_DEBUG };

    if (log_link && level < AVAHI_LOG_LEVEL_MAX)
        disc_mdns_link_log(log_link, levels[level], text);
}

static void fail(struct mdns *mdns, const char *what, int error)
{
    char text[160];

    snprintf(text, sizeof(text), "%s: %s", what, avahi_strerror(error));
    disc_mdns_link_log(&mdns->link, SB_LOG_ERROR, text);
    mdns->has_failed = true;
    event_base_loopbreak(mdns->base);
}

static void on_group(AvahiServer *server, AvahiSEntryGroup *group, AvahiEntryGroupState state, void *userdata);

/* The text of the TXT record: our protocol version and device id, and nothing that tells more of us. */
static AvahiStringList *make_txt(const struct wire_devid *id)
{
    char version[16], id_item[DISC_TXT_ID_MAX];

    snprintf(version, sizeof(version), "v=%u", DISC_TXT_VERSION);
    disc_txt_format_id(id, id_item);
    return avahi_string_list_new(version, id_item, NULL);
}

/* server, not mdns->server: the first call may come before avahi_server_new() has returned. */
static void publish(struct mdns *mdns, AvahiServer *server)
{
    AvahiStringList *txt = make_txt(&mdns->config.id);
    int r = AVAHI_ERR_NO_MEMORY;

    if (!mdns->group)
        mdns->group = avahi_s_entry_group_new(server, on_group, mdns);
    if (mdns->group && txt && mdns->instance) {
        avahi_s_entry_group_reset(mdns->group);
        r = avahi_server_add_service_strlst(server, mdns->group, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, 0, mdns->instance,
                                            DISC_MDNS_SERVICE, NULL, NULL, mdns->config.port, txt);
        if (r == 0)
            r = avahi_s_entry_group_commit(mdns->group);
    }
    avahi_string_list_free(txt);
    if (r < 0)
        fail(mdns, "cannot publish", r);
}

static void on_group(AvahiServer *server, AvahiSEntryGroup *group, AvahiEntryGroupState state, void *userdata)
{
    struct mdns *mdns = userdata;
    char *next;

    (void)group;
    if (state == AVAHI_ENTRY_GROUP_COLLISION) {
        next = mdns->instance ? avahi_alternative_service_name(mdns->instance) : NULL;
        avahi_free(mdns->instance);
        mdns->instance = next;
        publish(mdns, server);
    } else if (state == AVAHI_ENTRY_GROUP_FAILURE) {
        fail(mdns, "cannot publish", avahi_server_errno(server));
    }
}

static void rename_host(struct mdns *mdns, AvahiServer *server)
{
    char *name = avahi_alternative_host_name(avahi_server_get_host_name(server));
    int r = name ? avahi_server_set_host_name(server, name) : AVAHI_ERR_NO_MEMORY;

    avahi_free(name);
    if (r < 0)
        fail(mdns, "cannot change the host name", r);
    else if (mdns->local.server)
        disc_local_publish(&mdns->local);
}

static void on_server(AvahiServer *server, AvahiServerState state, void *userdata)
{
    struct mdns *mdns = userdata;

    switch (state) {
    case AVAHI_SERVER_RUNNING:
        publish(mdns, server);
        break;
    case AVAHI_SERVER_COLLISION:
        rename_host(mdns, server);
        break;
    case AVAHI_SERVER_REGISTERING:
        if (mdns->group)
            avahi_s_entry_group_reset(mdns->group);
        break;
    case AVAHI_SERVER_FAILURE:
        fail(mdns, "Avahi failed", avahi_server_errno(server));
        break;
    case AVAHI_SERVER_INVALID:
        break;
    }
}

/* A host name of our own: the machine's would collide where several daemons share it, and is nobody's business. */
static char *make_host_name(const struct wire_devid *id)
{
    char item[DISC_TXT_ID_MAX], name[32];

    disc_txt_format_id(id, item);
    snprintf(name, sizeof(name), "softbus-%.*s", HOST_NAME_ID_CHARS, item + 3);
    for (char *c = name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return avahi_strdup(name);
}

static int make_server(struct mdns *mdns)
{
    AvahiServerConfig config;
    int error = 0;

    avahi_server_config_init(&config);
    avahi_free(config.host_name);
    config.host_name = make_host_name(&mdns->config.id);
    config.use_ipv4 = mdns->config.use_ipv4;
    config.use_ipv6 = mdns->config.use_ipv6;
    config.publish_hinfo = 0;
    config.publish_workstation = 0;
    config.publish_domain = 0;
    config.publish_addresses = 0; /* local_io.h says why */
    config.enable_reflector = 0;
    config.enable_wide_area = 0;
    config.disallow_other_stacks = 0;
    config.n_cache_entries_max = CACHE_ENTRIES_MAX;
    for (size_t i = 0; i < mdns->config.n_interfaces; i++)
        config.allow_interfaces = avahi_string_list_add(config.allow_interfaces, mdns->config.interfaces[i].text);
    if (mdns->config.n_interfaces == 0)
        config.deny_interfaces = avahi_string_list_add(NULL, "lo");
    mdns->server = avahi_server_new(&mdns->poll, &config, on_server, mdns, &error);
    avahi_server_config_free(&config);
    if (!mdns->server) {
        fail(mdns, "Avahi does not start", error);
        return -EIO;
    }
    return 0;
}

/* Avahi spreads its packets over time with rand(), and expects the program to seed it. */
static void seed_rand(void)
{
    unsigned seed = 0;

    (void)!getrandom(&seed, sizeof(seed), 0);
    srand(seed);
}

/* What found no room, here or with the daemon, must not stay forgotten when there is some. */
static void on_retell(evutil_socket_t fd, short what, void *userdata)
{
    struct mdns *mdns = userdata;

    (void)fd;
    (void)what;
    disc_mdns_browser_retry(&mdns->browser);
    disc_report_retell(&mdns->link.report);
    disc_mdns_link_kick(&mdns->link);
}

static int start_retelling(struct mdns *mdns)
{
    const struct timeval every = { .tv_sec = RETELL_S };

    mdns->retell = event_new(mdns->base, -1, EV_PERSIST, on_retell, mdns);
    return mdns->retell && event_add(mdns->retell, &every) == 0 ? 0 : -ENOMEM;
}

static int run(struct mdns *mdns, uint32_t sandbox)
{
    int r;

    disc_avahi_poll_init(&mdns->poll, mdns->base);
    log_link = &mdns->link;
    avahi_set_log_function(on_log);
    mdns->instance = avahi_strdup(mdns->config.instance.text);
    r = make_server(mdns);
    if (r == 0)
        r = disc_mdns_browser_init(&mdns->browser, mdns->server, &mdns->link, &mdns->config.id);
    if (r == 0)
        r = disc_local_init(&mdns->local, mdns->base, mdns->server);
    if (r == 0)
        r = start_retelling(mdns);
    /* Every socket is open now, and not one packet has been read. */
    if (r == 0)
        r = disc_sandbox_lock();
    if (r == 0) {
        disc_mdns_link_send_ready(&mdns->link, sandbox | WIRE_DISC_SANDBOX_SECCOMP);
        if (!mdns->has_failed)
            event_base_dispatch(mdns->base);
    }
    if (mdns->retell)
        event_free(mdns->retell);
    if (mdns->server) {
        disc_mdns_browser_deinit(&mdns->browser);
        disc_local_deinit(&mdns->local);
        avahi_server_free(mdns->server); /* says goodbye to the network, and frees the group */
    }
    avahi_free(mdns->instance);
    log_link = NULL;
    return r < 0 || mdns->has_failed ? 1 : 0;
}

int disc_mdns_run(int fd)
{
    struct mdns mdns = { 0 };
    uint32_t sandbox;
    int r, status;

    if (disc_sandbox_enter(fd, &sandbox) < 0)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    seed_rand();
    r = disc_mdns_link_read_config(fd, mdns.config_bytes, &mdns.config);
    if (r < 0)
        return 3;
    mdns.base = event_base_new();
    if (!mdns.base)
        return 4;
    if (disc_mdns_link_init(&mdns.link, mdns.base, fd) < 0)
        return 4;
    status = run(&mdns, sandbox);
    disc_mdns_link_deinit(&mdns.link);
    event_base_free(mdns.base);
    return status;
}
