/* Changes of the trust store; see trustcall.h. */
#include "softbusd/trustcall.h"

#include "base/log.h"
#include "session/trust.h"
#include "softbusd/peer.h"

#include <errno.h>
#include <stdio.h>

/* Writes the store and lets it act. -errno: it could not be written. */
static int apply(struct hub *hub, const struct wire_devid *device, const char *what)
{
    char text[WIRE_DEVID_TEXT_SIZE];
    struct hub_peer *peer;
    int r = hub->ops.trust_save(hub->ops.userdata);

    if (r < 0)
        return r;
    wire_devid_format(device, text);
    sb_log_write(hub->log, SB_LOG_INFO, "trust %s device=%s", what, text);
    hub->ops.trust_apply(hub->ops.userdata);
    peer = hub_peer_find(hub, device);
    if (peer)
        hub_peer_refresh(peer);
    return 0;
}

enum wire_status hub_trustcall_add(struct hub *hub, const struct wire_devid *device, const char *name)
{
    const struct sess_trust_entry *known = sess_trust_find(hub->trust, device);
    char old_name[SESS_TRUST_NAME_MAX + 1];
    int r;

    snprintf(old_name, sizeof(old_name), "%s", known ? known->name : "");
    if (!hub_peer_ensure(hub, device))
        return WIRE_LIMIT;
    r = sess_trust_add(hub->trust, device, name);
    if (r == 0) {
        r = apply(hub, device, "added");
        if (r == 0)
            return WIRE_OK;
        if (known)
            sess_trust_add(hub->trust, device, old_name);
        else
            sess_trust_remove(hub->trust, device);
        r = -EIO;
    }
    hub_peer_refresh(hub_peer_find(hub, device));
    return r == -EINVAL ? WIRE_INVALID : r == -ENOSPC ? WIRE_LIMIT : r == -EIO ? WIRE_STORE : WIRE_NO_MEMORY;
}

enum wire_status hub_trustcall_remove(struct hub *hub, const struct wire_devid *device)
{
    const struct sess_trust_entry *known = sess_trust_find(hub->trust, device);
    struct sess_trust_entry old;

    if (!known)
        return WIRE_NO_DEVICE;
    old = *known;
    sess_trust_remove(hub->trust, device);
    if (apply(hub, device, "removed") == 0)
        return WIRE_OK;
    if (sess_trust_add(hub->trust, &old.id, old.name) < 0)
        sb_log_write(hub->log, SB_LOG_ERROR, "out of memory: trust stays removed until the next start");
    return WIRE_STORE;
}
