/*
 * Objects on their way through the hub: resolved from the sender's numbers to nodes, judged by the rules, and turned into the
 * receiver's numbers. The nodes are pinned in between, so that nothing a step does frees one under the next.
 *
 *   resolve -> check -> deliver -> settle       the transaction went, or was refused for good
 *   resolve -> ... -> undo_delivery -> unsend   there is no room: the message is kept and comes again
 */
#ifndef HUB_PASS_H
#define HUB_PASS_H

#include "wire/msg.h"
#include "wire/status.h"

#include <stdbool.h>

struct hub_app;
struct hub_node;
struct hub_party;
struct hub_peer;

struct hub_pass {
    uint16_t n;
    struct {
        struct hub_node *node;
        uint8_t hops;
        bool is_sent; /* counted as a sending of its owner or home */
    } items[WIRE_OBJECTS_MAX];
};

/* All of the sender's sendings are counted, also when this fails, or given back at once. WIRE_DEAD_OBJECT: a handle that is not the app's;
 * WIRE_LIMIT; WIRE_NO_MEMORY; from a peer also WIRE_PASSBACK: it named an object that is not its own (a violation). */
enum wire_status hub_pass_resolve_from_app(struct hub_pass *pass, struct hub_app *app, const struct wire_objects *objects);
enum wire_status hub_pass_resolve_from_peer(struct hub_pass *pass, struct hub_peer *peer,
                                            const struct wire_objects *objects);

/* An object of the hub's own choice as the only one. */
void hub_pass_set(struct hub_pass *pass, struct hub_node *node);

/* Rules 3 and 4. */
enum wire_status hub_pass_check(const struct hub_pass *pass, const struct hub_party *to);

/* Counts the arrivals and writes the receiver's entries; all or nothing. WIRE_LIMIT, WIRE_NO_MEMORY. */
enum wire_status hub_pass_deliver(const struct hub_pass *pass, struct hub_party *to, struct wire_objects *ret_objects);
void hub_pass_undo_delivery(struct hub_party *to, const struct wire_objects *objects);

/* One of these two ends every pass. */
void hub_pass_settle(struct hub_pass *pass);
void hub_pass_unsend(struct hub_pass *pass);

#endif
