/*
 * The helper's end of the socket to the daemon: reads CONFIG once, then only tells. When the daemon is slow nothing is
 * queued but what disc_report holds; log lines are dropped.
 */
#ifndef DISC_MDNS_LINK_IO_H
#define DISC_MDNS_LINK_IO_H

#include "base/buf.h"
#include "discovery/report.h"

#include <stdbool.h>
#include <stdint.h>

struct event;
struct event_base;

struct disc_mdns_link {
    struct event_base *base;
    struct event *read_event, *write_event, *alive_event;
    struct disc_report report;
    struct sb_buf out; /* at most one message, which the socket would not take */
    uint64_t log_refill_ms;
    unsigned n_log_tokens, n_logs_dropped;
    int fd;
};

/* Blocks until the daemon's CONFIG is there. Strings of *ret_config point into storage, of WIRE_DISC_MESSAGE_MAX bytes.
 * -EBADMSG, -EPIPE or another error of recv(2). */
int disc_mdns_link_read_config(int fd, void *storage, struct wire_disc_config *ret_config);

/* takes fd when it succeeds. When the daemon closes its end, or says anything more, the loop of base is broken. -ENOMEM. */
int disc_mdns_link_init(struct disc_mdns_link *link, struct event_base *base, int fd);
void disc_mdns_link_deinit(struct disc_mdns_link *link);

/* What is new in link->report will be told in a later turn of the loop. */
void disc_mdns_link_kick(struct disc_mdns_link *link);

/* At most 20 lines at once and 1 a second; what is not printable ASCII becomes '?'. */
void disc_mdns_link_log(struct disc_mdns_link *link, int level, const char *text);

void disc_mdns_link_send_ready(struct disc_mdns_link *link, uint32_t sandbox);

#endif
