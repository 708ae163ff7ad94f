/* Apps: what they send, and their end. hub.h has the events. */
#ifndef HUB_APP_H
#define HUB_APP_H

struct hub;
struct hub_app;

/* Ends an app that broke the protocol; hub_ops.app_kill logs why, at a limited rate. */
void hub_app_violate(struct hub_app *app, const char *what);

/* There may be room again: messages that waited are offered again. */
void hub_app_wake_all(struct hub *hub);

#endif
