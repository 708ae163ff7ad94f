/* Calls of the hub itself: target 0. docs/protocol-app.md, "The hub's calls". */
#ifndef HUB_HUBCALL_H
#define HUB_HUBCALL_H

struct hub_app;
struct hub_pass;
struct wire_call;

/* Answers at once, or later. pass holds the call's objects and stays the caller's. */
void hub_hubcall_receive(struct hub_app *app, const struct wire_call *call, const struct hub_pass *pass);

#endif
