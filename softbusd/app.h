/* Apps: what they send, and their end. hub.h has the events. */
#ifndef HUB_APP_H
#define HUB_APP_H

#include "softbusd/quota.h"
#include "wire/msg.h"
#include "wire/status.h"

struct hub;
struct hub_app;

/* Ends an app that broke the protocol; hub_ops.app_kill logs why, at a limited rate. */
void hub_app_violate(struct hub_app *app, const char *what);

/* For others of this device: LOCAL. The label is lent as long as the app is there. */
void hub_app_get_identity(const struct hub_app *app, struct wire_identity *ret_identity);

/* WIRE_LIMIT: the descriptors that the message speaks of were lost. */
enum wire_status hub_app_check_fds(const struct hub_app *app, const struct wire_msg *msg);

/* What a stub's process may say; anything else, which would make the hub's own errors ambiguous, is FAILED. */
int32_t hub_app_judge_status(int32_t status);

/* A call of the app was refused; it is told elsewhere. */
void hub_app_log_refusal(const struct hub_app *app, const struct wire_call *call, enum wire_status status);

/* The stub's process is told that its reply went nowhere. */
void hub_app_refuse_reply(struct hub_app *app, uint64_t call_id, uint64_t stub_id, enum wire_status status);
/* hub_quota_charge(), and a line in the log when it is refused: for the 1st, 2nd, 4th, 8th ... time of its user. */
enum hub_quota_verdict hub_app_charge(struct hub_app *app, enum hub_quota_kind kind, uint32_t amount,
                                      struct hub_quota_charge *charge);

/* There may be room again: messages that waited are offered again. */
void hub_app_wake_all(struct hub *hub);

#endif
