/*
 * Who else publishes _softbus._tcp. For every instance the SRV, TXT, A and AAAA records are watched, on the interface and
 * address family where it was seen: that tells every address of a device and each one's coming and going, where
 * Avahi's own service resolver stops at the first address.
 */
#ifndef DISC_MDNS_BROWSE_IO_H
#define DISC_MDNS_BROWSE_IO_H

#include "base/list.h"
#include "wire/devid.h"

#include <stdbool.h>
#include <stddef.h>

#define DISC_MDNS_SERVICE "_softbus._tcp"
#define DISC_MDNS_INSTANCES_MAX 1024

struct AvahiSServiceBrowser;
struct AvahiServer;
struct disc_mdns_link;

struct disc_mdns_browser {
    struct AvahiServer *server;           /* borrowed */
    struct disc_mdns_link *link;          /* borrowed */
    struct AvahiSServiceBrowser *browser;
    struct wire_devid own_id;             /* never reported */
    struct sb_list instances;
    size_t n_instances;
    bool has_missed; /* an instance found no room */
};

/* borrows server and link until the deinit. -EIO: Avahi would not. */
int disc_mdns_browser_init(struct disc_mdns_browser *browser, struct AvahiServer *server, struct disc_mdns_link *link,
                           const struct wire_devid *own_id);
/* Takes in what there was no room for before, if there is now. */
void disc_mdns_browser_retry(struct disc_mdns_browser *browser);

void disc_mdns_browser_deinit(struct disc_mdns_browser *browser);

#endif
