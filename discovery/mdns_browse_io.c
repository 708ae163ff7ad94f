/* Who else publishes our service; see mdns_browse_io.h. All text and numbers from records are hostile. */
#include "discovery/mdns_browse_io.h"

#include "base/log.h"
#include "discovery/mdns_link_io.h"
#include "discovery/address.h"
#include "discovery/txt.h"

#include <avahi-common/address.h>
#include <avahi-common/defs.h>
#include <avahi-common/domain.h>
#include <avahi-common/strlst.h>
#include <avahi-core/core.h>
#include <avahi-core/lookup.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESSES_MAX 16 /* of one instance on one interface and family */

struct instance {
    struct sb_list link;
    struct disc_mdns_browser *browser;
    AvahiIfIndex interface;
    AvahiProtocol protocol;
    char *name;
    AvahiSRecordBrowser *srv_browser, *txt_browser, *a_browser, *aaaa_browser;
    AvahiRecord *srv, *txt; /* as last seen; NULL: not known */
    struct wire_disc_address addresses[ADDRESSES_MAX]; /* port 0: it is the SRV record's */
    size_t n_addresses;
    bool has_missed; /* an address found no room */
    struct wire_disc_seen reported[ADDRESSES_MAX];
    size_t n_reported;
};

static AvahiSRecordBrowser *free_browser(AvahiSRecordBrowser *browser)
{
    if (browser)
        avahi_s_record_browser_free(browser);
    return NULL;
}

static AvahiRecord *unref_record(AvahiRecord *record)
{
    if (record)
        avahi_record_unref(record);
    return NULL;
}

/* 0 when the instance says, in both records, who it is; *ret_seen lacks the address. */
static int read_identity(const struct instance *instance, struct wire_disc_seen *ret_seen)
{
    struct disc_txt txt;

    if (!instance->srv || !instance->txt || instance->srv->data.srv.port == 0)
        return -ENODATA;
    disc_txt_init(&txt);
    for (const AvahiStringList *item = instance->txt->data.txt.string_list; item; item = item->next)
        disc_txt_add(&txt, item->text, item->size);
    if (disc_txt_end(&txt) < 0 || wire_devid_is_equal(&txt.id, &instance->browser->own_id))
        return -EBADMSG;
    *ret_seen = (struct wire_disc_seen){ .id = txt.id, .version = txt.version };
    return 0;
}

/* Makes the report agree with the records. What did not change cancels out and is not told again. */
static void refresh(struct instance *instance)
{
    struct disc_mdns_link *link = instance->browser->link;
    struct wire_disc_seen seen, old[ADDRESSES_MAX];
    size_t n_old = instance->n_reported;

    memcpy(old, instance->reported, sizeof(old));
    instance->n_reported = 0;
    if (read_identity(instance, &seen) == 0)
        for (size_t i = 0; i < instance->n_addresses; i++) {
            seen.address = instance->addresses[i];
            seen.address.port = instance->srv->data.srv.port;
            if (disc_report_add(&link->report, &seen) == 0)
                instance->reported[instance->n_reported++] = seen;
        }
    for (size_t i = 0; i < n_old; i++)
        disc_report_remove(&link->report, &old[i]);
    disc_mdns_link_kick(link);
}

/* False for addresses that nobody should be made to dial. */
static bool read_address(const struct instance *instance, const AvahiRecord *record, struct wire_disc_address *ret_address)
{
    struct wire_disc_address address = { .port = 1 }; /* any, for the test below */
    struct sockaddr_storage socket_address;

    if (record->key->type == AVAHI_DNS_TYPE_A) {
        address.family = WIRE_DISC_IPV4;
        memcpy(address.bytes, &record->data.a.address, 4);
    } else {
        address.family = WIRE_DISC_IPV6;
        memcpy(address.bytes, &record->data.aaaa.address, 16);
        if (address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80) /* link-local: on this link only */
            address.scope = (uint32_t)instance->interface;
    }
    disc_address_from_wire(&address, &socket_address);
    address.port = 0;
    *ret_address = address;
    return disc_address_is_dialable(&socket_address);
}

static void on_address(AvahiSRecordBrowser *browser, AvahiIfIndex interface, AvahiProtocol protocol,
                       AvahiBrowserEvent event, AvahiRecord *record, AvahiLookupResultFlags flags, void *userdata)
{
    struct instance *instance = userdata;
    struct wire_disc_address address;
    size_t i;

    (void)browser, (void)interface, (void)protocol, (void)flags;
    if ((event != AVAHI_BROWSER_NEW && event != AVAHI_BROWSER_REMOVE) || !record ||
        (record->key->type != AVAHI_DNS_TYPE_A && record->key->type != AVAHI_DNS_TYPE_AAAA) ||
        !read_address(instance, record, &address))
        return;
    for (i = 0; i < instance->n_addresses; i++)
        if (memcmp(instance->addresses[i].bytes, address.bytes, sizeof(address.bytes)) == 0 &&
            instance->addresses[i].family == address.family)
            break;
    if (event == AVAHI_BROWSER_NEW && i == ADDRESSES_MAX)
        instance->has_missed = true;
    if (event == AVAHI_BROWSER_NEW && i == instance->n_addresses && i < ADDRESSES_MAX)
        instance->addresses[instance->n_addresses++] = address;
    else if (event == AVAHI_BROWSER_REMOVE && i < instance->n_addresses)
        instance->addresses[i] = instance->addresses[--instance->n_addresses];
    else
        return;
    refresh(instance);
}

static AvahiSRecordBrowser *watch_record(struct instance *instance, const char *name, uint16_t type,
                                         AvahiSRecordBrowserCallback callback)
{
    AvahiKey *key = avahi_key_new(name, AVAHI_DNS_CLASS_IN, type);
    AvahiSRecordBrowser *browser;

    if (!key)
        return NULL;
    browser = avahi_s_record_browser_new(instance->browser->server, instance->interface, instance->protocol, key,
                                         AVAHI_LOOKUP_USE_MULTICAST, callback, instance);
    avahi_key_unref(key);
    return browser;
}

/* The host that the SRV record names is another one, or the first. */
static void watch_host(struct instance *instance)
{
    const char *host = instance->srv->data.srv.name;

    instance->a_browser = free_browser(instance->a_browser);
    instance->aaaa_browser = free_browser(instance->aaaa_browser);
    instance->n_addresses = 0;
    instance->has_missed = false;
    if (!host || !avahi_is_valid_domain_name(host))
        return;
    instance->a_browser = watch_record(instance, host, AVAHI_DNS_TYPE_A, on_address);
    instance->aaaa_browser = watch_record(instance, host, AVAHI_DNS_TYPE_AAAA, on_address);
}

static void set_srv(struct instance *instance, AvahiRecord *record)
{
    bool is_same_host = instance->srv && instance->srv->data.srv.name && record->data.srv.name &&
                        avahi_domain_equal(instance->srv->data.srv.name, record->data.srv.name);

    unref_record(instance->srv);
    instance->srv = avahi_record_ref(record);
    if (!is_same_host)
        watch_host(instance);
}

static void on_record(AvahiSRecordBrowser *browser, AvahiIfIndex interface, AvahiProtocol protocol,
                      AvahiBrowserEvent event, AvahiRecord *record, AvahiLookupResultFlags flags, void *userdata)
{
    struct instance *instance = userdata;
    AvahiRecord **known;

    (void)browser, (void)interface, (void)protocol, (void)flags;
    if (!record || (record->key->type != AVAHI_DNS_TYPE_SRV && record->key->type != AVAHI_DNS_TYPE_TXT))
        return;
    known = record->key->type == AVAHI_DNS_TYPE_SRV ? &instance->srv : &instance->txt;
    if (event == AVAHI_BROWSER_NEW && known == &instance->srv) {
        set_srv(instance, record);
    } else if (event == AVAHI_BROWSER_NEW) {
        unref_record(*known);
        *known = avahi_record_ref(record);
    } else if (event == AVAHI_BROWSER_REMOVE && *known && avahi_record_equal_no_ttl(*known, record)) {
        /* The removal of a record that another has replaced comes a second after it, and means nothing. */
        *known = unref_record(*known);
    } else {
        return;
    }
    refresh(instance);
}

static void instance_free(struct instance *instance)
{
    struct disc_mdns_browser *browser = instance->browser;

    free_browser(instance->srv_browser);
    free_browser(instance->txt_browser);
    free_browser(instance->a_browser);
    free_browser(instance->aaaa_browser);
    instance->srv = unref_record(instance->srv);
    instance->txt = unref_record(instance->txt);
    refresh(instance);
    sb_list_remove(&instance->link);
    browser->n_instances--;
    free(instance->name);
    free(instance);
}

static struct instance *find_instance(const struct disc_mdns_browser *browser, AvahiIfIndex interface,
                                      AvahiProtocol protocol, const char *name)
{
    SB_LIST_FOREACH(link, &browser->instances) {
        struct instance *instance = SB_CONTAINER_OF(link, struct instance, link);

        if (instance->interface == interface && instance->protocol == protocol && strcmp(instance->name, name) == 0)
            return instance;
    }
    return NULL;
}

static void add_instance(struct disc_mdns_browser *browser, AvahiIfIndex interface, AvahiProtocol protocol,
                         const char *name, const char *type, const char *domain)
{
    char full[AVAHI_DOMAIN_NAME_MAX];
    struct instance *instance;

    if (browser->n_instances >= DISC_MDNS_INSTANCES_MAX) {
        browser->has_missed = true;
        disc_mdns_link_log(browser->link, SB_LOG_WARNING, "too many devices announce themselves: one is left out");
        return;
    }
    if (avahi_service_name_join(full, sizeof(full), name, type, domain) < 0)
        return;
    instance = calloc(1, sizeof(*instance));
    if (!instance)
        return;
    sb_list_append(&browser->instances, &instance->link);
    browser->n_instances++;
    instance->browser = browser;
    instance->interface = interface;
    instance->protocol = protocol;
    instance->name = strdup(name);
    if (instance->name) {
        instance->srv_browser = watch_record(instance, full, AVAHI_DNS_TYPE_SRV, on_record);
        instance->txt_browser = watch_record(instance, full, AVAHI_DNS_TYPE_TXT, on_record);
    }
    if (!instance->srv_browser || !instance->txt_browser)
        instance_free(instance);
}

static void on_service(AvahiSServiceBrowser *service_browser, AvahiIfIndex interface, AvahiProtocol protocol,
                       AvahiBrowserEvent event, const char *name, const char *type, const char *domain,
                       AvahiLookupResultFlags flags, void *userdata)
{
    struct disc_mdns_browser *browser = userdata;
    struct instance *instance;

    (void)service_browser;
    if ((event != AVAHI_BROWSER_NEW && event != AVAHI_BROWSER_REMOVE) || !name)
        return;
    instance = find_instance(browser, interface, protocol, name);
    if (event == AVAHI_BROWSER_REMOVE && instance)
        instance_free(instance);
    else if (event == AVAHI_BROWSER_NEW && !instance && !(flags & AVAHI_LOOKUP_RESULT_LOCAL))
        add_instance(browser, interface, protocol, name, type, domain);
}

static AvahiSServiceBrowser *browse(struct disc_mdns_browser *browser)
{
    return avahi_s_service_browser_new(browser->server, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, DISC_MDNS_SERVICE, NULL, 0,
                                       on_service, browser);
}

/* Avahi tells a record once: whoever had no room for it must ask anew, and is told all that it has in its cache. */
static void retry_instance(struct instance *instance)
{
    if (instance->has_missed && instance->n_addresses < ADDRESSES_MAX && instance->srv)
        watch_host(instance); /* not reported as lost: the first address of the answer refreshes */
    else if (instance->n_reported < instance->n_addresses)
        refresh(instance);
}

void disc_mdns_browser_retry(struct disc_mdns_browser *browser)
{
    AvahiSServiceBrowser *again;

    SB_LIST_FOREACH(link, &browser->instances) {
        if (browser->link->report.n_entries >= DISC_REPORT_MAX)
            break;
        retry_instance(SB_CONTAINER_OF(link, struct instance, link));
    }
    if (!browser->has_missed || browser->n_instances >= DISC_MDNS_INSTANCES_MAX)
        return;
    again = browse(browser);
    if (!again)
        return;
    avahi_s_service_browser_free(browser->browser);
    browser->browser = again;
    browser->has_missed = false;
}

int disc_mdns_browser_init(struct disc_mdns_browser *browser, struct AvahiServer *server, struct disc_mdns_link *link,
                           const struct wire_devid *own_id)
{
    *browser = (struct disc_mdns_browser){ .server = server, .link = link, .own_id = *own_id };
    sb_list_init(&browser->instances);
    browser->browser = browse(browser);
    return browser->browser ? 0 : -EIO;
}

void disc_mdns_browser_deinit(struct disc_mdns_browser *browser)
{
    if (browser->browser)
        avahi_s_service_browser_free(browser->browser);
    browser->browser = NULL;
    SB_LIST_FOREACH(link, &browser->instances)
        instance_free(SB_CONTAINER_OF(link, struct instance, link));
}
