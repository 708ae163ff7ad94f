/*
 * Calls under way, from the request's arrival at the hub to its reply. A call has a caller and a callee, each an app or a peer;
 * whichever goes first, the other is told. The reply is sent exactly once, or nobody is left to get it.
 */
#ifndef HUB_CALL_H
#define HUB_CALL_H

#include "softbusd/hub.h"
#include "softbusd/tables.h"

struct hub_pass;

/* Where a request goes, found by the caller of hub_call_forward(). */
struct hub_target {
    struct hub_party *party; /* serves it */
    uint64_t id;             /* target in the party's numbers */
    uint32_t stream;         /* to a peer: the sending app's; 0: control */
};

/* What became of a request that was to be forwarded. */
enum hub_forward {
    HUB_FORWARDED,
    HUB_REFUSED,  /* *ret_status says why; the caller has not been told yet */
    HUB_NO_ROOM,  /* nothing was changed: the message must wait */
};

/*
 * Checks rules 1, 3 and 4 and the receiver's room, counts the objects' arrivals, enters a two-way call in the tables, and sends it.
 * call->id is the caller's number; identity and data are as the callee shall see them. The pass stays the caller's to settle
 * (or to unsend after HUB_NO_ROOM). ret_call may be NULL; it is NULL after a one-way call.
 */
enum hub_forward hub_call_forward(struct hub_party *caller, const struct wire_call *call, const struct hub_pass *pass,
                                  const struct hub_target *target, enum wire_status *ret_status,
                                  struct hub_call **ret_call);

/* The checks of hub_call_forward() alone: HUB_FORWARDED when it may go on. */
enum hub_forward hub_call_check(const struct hub_party *caller, const struct wire_call *call, const struct hub_pass *pass,
                                struct hub_party *to, enum wire_status *ret_status);

/* Rules 1, 3 and 4, and descriptors, for a reply. */
enum wire_status hub_call_check_reply(struct hub_party *caller, bool is_remote, const struct wire_reply *reply,
                                      const struct hub_pass *pass);

/* Enters a call that nobody serves yet. WIRE_AGAIN; of a peer WIRE_LIMIT; WIRE_NO_MEMORY; WIRE_PROTOCOL: the number is in use. */
enum wire_status hub_call_new(struct hub_party *caller, uint64_t caller_id, enum hub_call_kind kind,
                              struct hub_call **ret_call);

/* NULL: not among the calls that the party made. */
struct hub_call *hub_call_find_made(struct hub_party *caller, uint64_t caller_id);
/* NULL: no such call, or it is not this party that serves it. */
struct hub_call *hub_call_find_served(struct hub_party *callee, uint64_t id);

/* Takes the call out of all tables and frees it; nobody is told. */
void hub_call_free(struct hub_call *call);

/* Answers without data, and frees the call. */
void hub_call_fail(struct hub_call *call, enum wire_status status);

/* Answers a request that never was in the tables; nothing is sent for one-way calls (caller_id 0). */
void hub_call_answer(struct hub_party *caller, uint64_t caller_id, enum wire_status status);

/* Answers with data and objects of the hub's own. -errno: a peer's session did not take it; an app gets everything. */
int hub_call_answer_data(struct hub_party *caller, uint64_t caller_id, struct wire_bytes data,
                         const struct wire_objects *objects);

/*
 * The callee's reply, objects resolved in pass. Frees the call, except with HUB_NO_ROOM. HUB_REFUSED: a rule was broken; the caller was
 * told, the callee has still to be. stream: to a peer, the replying app's.
 */
enum hub_forward hub_call_reply(struct hub_call *call, const struct wire_reply *reply, const struct hub_pass *pass,
                                uint32_t stream, enum wire_status *ret_status);

/* The party gives its call up: the callee is told. */
void hub_call_cancel(struct hub_call *call);

/* The party is gone: what it made is cancelled, what it serves ends with DIED or, for a peer, DEVICE_LOST (DEVICE_OFFLINE when
 * the request had not left). */
void hub_call_forget_party(struct hub_party *party);

struct sb_map_entry;
bool hub_call_has_caller_id(const struct sb_map_entry *entry, const void *key, size_t key_size);

#endif
