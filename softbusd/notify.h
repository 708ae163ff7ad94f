/* The readiness protocol of sd_notify(3), without the library: one datagram to $NOTIFY_SOCKET. */
#ifndef HUB_NOTIFY_H
#define HUB_NOTIFY_H

/* Does nothing when there is no NOTIFY_SOCKET. Failures are of no interest to a daemon that runs. `state` is lines of KEY=VALUE. */
void hub_notify_send(const char *state);

/* "RELOADING=1" needs the time at which the reload began. */
void hub_notify_reloading(void);

#endif
