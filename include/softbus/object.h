/**
 * @file softbus/object.h
 * Objects: stubs that this process implements, proxies of stubs elsewhere, calls, and links to death.
 *
 * @code
 * static int handle(void *userdata, struct softbus_transaction *transaction, uint32_t code,
 *                   struct softbus_parcel *request, struct softbus_parcel *reply)
 * {
 *     int32_t a, b;
 *     if (code != ADD)
 *         return SOFTBUS_ERR_UNKNOWN_CODE;
 *     if (softbus_parcel_read_i32(request, &a) < 0 || softbus_parcel_read_i32(request, &b) < 0)
 *         return SOFTBUS_ERR_BAD_REQUEST;
 *     return reply ? softbus_parcel_write_i32(reply, a + b) : 0; // a one-way call has no reply
 * }
 * @endcode
 *
 * Objects are counted: _new and the functions that give one leave the caller with one reference. All functions may be called
 * in any thread (softbus/bus.h), and inside a handler or callback.
 */
#ifndef SOFTBUS_OBJECT_H
#define SOFTBUS_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct softbus;
struct softbus_object;
struct softbus_parcel;
struct softbus_transaction;

/** Codes are the app's from 1 to SOFTBUS_CODE_MAX; those below are answered by every object. */
#define SOFTBUS_CODE_MAX 0x00ffffffu
#define SOFTBUS_CODE_PING 0x01000001u
#define SOFTBUS_CODE_INTERFACE 0x01000002u
#define SOFTBUS_CODE_DUMP 0x01000003u

/** The deadline of a call when 0 is given, in milliseconds. */
#define SOFTBUS_DEFAULT_TIMEOUT_MS 8000u
/** Bytes of a device id as text, with its NUL. */
#define SOFTBUS_DEVICE_ID_SIZE 64

/** @name Stubs @{ */

/**
 * Runs for each call of a stub. request and reply are lent for the call.
 * reply is NULL for a one-way call, which any caller may make with any code: what is written to it then is INVALID, and what the
 * handler returns reaches nobody. A stub that makes no sense one-way asks softbus_transaction_is_oneway() first.
 * Returns 0 to send the reply, or UNKNOWN_CODE, BAD_REQUEST, DENIED, AGAIN or FAILED: the caller gets that error and no
 * parcel. AGAIN says that nothing was done, and that the call may be repeated. PARCEL_END and PARCEL_TYPE count as BAD_REQUEST, everything else as FAILED. It may call other objects; while it
 * waits for them, other calls to this process may run, this handler's too.
 *
 * One that works long asks softbus_transaction_is_canceled() now and then, and ends when nobody waits any more. With a pool
 * (softbus/pool.h) that is always up to date. Without one, what happens meanwhile is only known when messages are processed: call
 * softbus_wait() (or softbus_process(), which does not block) before; other handlers and callbacks run inside that call, as
 * they do while a call waits.
 *
 * A stub runs one call at a time, unless it is concurrent: softbus_stub_set_concurrent(). The thread in which it runs may come back to it, in a
 * call made on behalf of the same one.
 */
typedef int (*softbus_handler_fn)(void *userdata, struct softbus_transaction *transaction, uint32_t code,
                                  struct softbus_parcel *request, struct softbus_parcel *reply);

/** Fills a string for DUMP; the parcel is lent. */
typedef int (*softbus_dump_fn)(void *userdata, struct softbus_parcel *reply);

/** descriptor: the interface's name, 1 to 255 bytes. borrows bus; userdata must live as long as the stub can be called: until
 * softbus_stub_withdraw(), or until the last reference here and elsewhere is gone.
 * @param[out] ret_stub gives. Errors: INVALID, NO_MEMORY. @since 0.1 */
int softbus_stub_new(struct softbus *bus, const char *descriptor, softbus_handler_fn handler, void *userdata,
                     struct softbus_object **ret_stub);

/** What SOFTBUS_CODE_DUMP answers; without one it is the descriptor and the number of calls. @since 0.1 */
void softbus_stub_set_dump(struct softbus_object *stub, softbus_dump_fn dump);

/** Whether calls of the stub may run at the same time in different threads (softbus/pool.h): not at first. Of one sender none overtakes a
 * one-way call all the same. For a stub that nobody can call yet. @since 0.1 */
void softbus_stub_set_concurrent(struct softbus_object *stub, bool is_concurrent);

/** Ends the object: its names vanish, every link to its death fires with WITHDRAWN, calls of it fail with DEAD_OBJECT, and its
 * handler does not run again. The reference held stays the caller's. Errors: INVALID (a proxy), DISCONNECTED. @since 0.1 */
int softbus_stub_withdraw(struct softbus_object *stub);
/** @} */

/** @name Any object @{ */
struct softbus_object *softbus_object_ref(struct softbus_object *object);
/** takes one reference; NULL is fine. Always returns NULL. @since 0.1 */
struct softbus_object *softbus_object_unref(struct softbus_object *object);
bool softbus_object_is_stub(const struct softbus_object *object);    /**< implemented by this process */
bool softbus_object_is_remote(const struct softbus_object *object);  /**< its stub is on another device */
bool softbus_object_is_service(const struct softbus_object *object); /**< registered under a name when it last arrived */
bool softbus_object_is_dead(const struct softbus_object *object);    /**< known to be dead */
/** The device of its stub: lends text until the object or bus goes. @since 0.1 */
const char *softbus_object_get_device(const struct softbus_object *object);
/** 0; 1 for a remote stub's proxy that another process of this device passed on (rule 4). @since 0.1 */
unsigned softbus_object_get_hops(const struct softbus_object *object);
/** @} */

/** @name Calls
 * Rules 1, 3 and 4 are checked before anything is sent: TOO_LARGE, PASSBACK, DOUBLE_FORWARD, NO_INTRODUCTION. A reply that
 * breaks one arrives as that error too. request may be NULL (empty). It stays the caller's and may be sent again, unless it is
 * the reply of the same call as well.
 * @{ */

/** Calls and waits. reply (may be NULL) is cleared and filled. It may be the same parcel as request, whose content is replaced
 * when the reply is there, and gone when the call fails. timeout_ms 0: SOFTBUS_DEFAULT_TIMEOUT_MS.
 * While it waits, this thread runs calls that come in on behalf of this one; without a pool, every call that comes in: two single-threaded
 * apps that call each other do not block. Errors: those of the rules, of the stub's handler (see softbus_handler_fn), DEAD_OBJECT, DIED,
 * DEVICE_OFFLINE, DEVICE_LOST, TIMEOUT, AGAIN, INTERFACE, DISCONNECTED, LIMIT, NO_MEMORY, INVALID. @since 0.1 */
int softbus_call(struct softbus_object *object, uint32_t code, struct softbus_parcel *request,
                 struct softbus_parcel *reply, uint32_t timeout_ms);

/** error and reply as softbus_call() would give them; reply is lent, NULL when error < 0. */
typedef void (*softbus_reply_fn)(void *userdata, int error, struct softbus_parcel *reply);

/** Calls without waiting; fn runs exactly once, from process, run, a worker or a waiting call, never inside this one. What
 * it sends without waiting leaves when the functions that run in its turn have returned; it should not work long.
 * On failure fn does not run. @param[out] ret_call for softbus_cancel(); may be NULL. @since 0.1 */
int softbus_call_async(struct softbus_object *object, uint32_t code, struct softbus_parcel *request,
                       uint32_t timeout_ms, softbus_reply_fn fn, void *userdata, uint64_t *ret_call);

/** Gives an asynchronous call up: its fn runs with CANCELED (soon, not inside this call) and the stub can see it.
 * Unknown or finished calls are INVALID. @since 0.1 */
int softbus_cancel(struct softbus *bus, uint64_t call);

/** Sends and forgets: 0 means accepted. One-way calls of this process to one stub arrive in order, and in order with other calls
 * sent around them. A refusal that is only found later reaches softbus_set_refused_fn(). @since 0.1 */
int softbus_call_oneway(struct softbus_object *object, uint32_t code, struct softbus_parcel *request);

/** SOFTBUS_CODE_PING. @since 0.1 */
int softbus_ping(struct softbus_object *object, uint32_t timeout_ms);
/** The stub's descriptor; gives text to be freed with free(). @since 0.1 */
int softbus_get_interface(struct softbus_object *object, uint32_t timeout_ms, char **ret_descriptor);
/** What the stub says of itself; gives text to be freed with free(). @since 0.1 */
int softbus_dump(struct softbus_object *object, uint32_t timeout_ms, char **ret_text);
/** @} */

/** @name The transaction inside a handler @{ */

struct softbus_caller {
    bool is_remote;
    /** Of a caller on this device: what the kernel said when it connected. security_label is "" where the kernel has none. */
    uint32_t pid, gid;
    const char *security_label; /**< lent for the handler's duration */
    /** Of a local caller: from the kernel. Of a remote one: what its device asserts. */
    uint32_t uid;
    /** Of the caller's device; proved by its key when remote. */
    char device[SOFTBUS_DEVICE_ID_SIZE];
};

/** Errors: NO_IDENTITY: the caller's identity did not come with the call (never zeros instead). @since 0.1 */
int softbus_transaction_get_caller(const struct softbus_transaction *transaction, struct softbus_caller *ret_caller);
bool softbus_transaction_is_oneway(const struct softbus_transaction *transaction);
/** True when the caller has gone or given up. See softbus_handler_fn for handlers that work long. @since 0.1 */
bool softbus_transaction_is_canceled(const struct softbus_transaction *transaction);
/** @name The calling identity of this thread
 * For code that has no transaction at hand. It belongs to the innermost handler of this bus in this thread. Between clear and restore the
 * caller is this process itself, for code that checks permissions on its own behalf; pairs nest, and end with the handler. @{ */
/** As softbus_transaction_get_caller(). Errors: NO_IDENTITY: outside a handler too. @since 0.1 */
int softbus_get_caller(const struct softbus *bus, struct softbus_caller *ret_caller);
/** Returns what softbus_restore_caller() wants. @since 0.1 */
bool softbus_clear_caller(const struct softbus *bus);
void softbus_restore_caller(const struct softbus *bus, bool was_cleared);
/** @} */

/** Milliseconds until the caller's deadline; 0 when past; UINT32_MAX for one-way calls. @since 0.1 */
uint32_t softbus_transaction_get_left_ms(const struct softbus_transaction *transaction);
/** The trace id that this call and all calls made on its behalf carry, on every device. @since 0.1 */
uint64_t softbus_transaction_get_trace(const struct softbus_transaction *transaction);
/** @} */

/** @name Death
 * Rule 2: an anonymous stub of another device, such as a callback that came in a parcel, has no link to death. Send to it
 * one-way: what is sent after its end is refused, and the function of softbus_set_refused_fn() runs with the object and
 * DEAD_OBJECT. Then forget it and softbus_object_unref() it. What was on its way as it ended is lost, and nobody is told.
 * A call that waits returns DEAD_OBJECT, or DIED or DEVICE_LOST when the stub went away during the call.
 * @{ */
enum softbus_death {
    SOFTBUS_DEATH_PROCESS_DIED = 1,   /**< its process ended, or closed its connection */
    SOFTBUS_DEATH_WITHDRAWN = 2,      /**< softbus_stub_withdraw(), or softbus_service_remove() of its last name */
    SOFTBUS_DEATH_DEVICE_LOST = 3,    /**< its device said goodbye, or was not heard of until the grace was over */
    SOFTBUS_DEATH_TRUST_REVOKED = 4,  /**< trust between the two devices was removed, on either side */
    SOFTBUS_DEATH_ACCESS_REVOKED = 5, /**< the policy of its device was changed: you may not look the service up any more, or
                                        * its process may not own its last name any more */
};

/** Runs once. The object is lent. */
typedef void (*softbus_death_fn)(void *userdata, struct softbus_object *object, enum softbus_death reason);

struct softbus_link;

/** fn runs exactly once when the object dies, unless unlinked before. Keeps a reference to the object until then. Waits for the hub's
 * answer. Errors: DEAD_OBJECT (it is dead already: fn will not run), DEATH_UNSUPPORTED (rule 2), INVALID (a stub of this
 * process), DISCONNECTED, TIMEOUT, LIMIT, NO_MEMORY.
 * @param[out] ret_link lends until fn has run, it is unlinked, or the bus is closed; may be NULL. @since 0.1 */
int softbus_link_death(struct softbus_object *object, softbus_death_fn fn, void *userdata,
                       struct softbus_link **ret_link);

/** takes the link, also on failure: fn will not run. NOT_LINKED: fn is what calls this. Else as link_death. @since 0.1 */
int softbus_unlink_death(struct softbus_link *link);

const char *softbus_death_get_text(enum softbus_death reason); /**< "process died", ... @since 0.1 */
/** @} */

#ifdef __cplusplus
}
#endif
#endif
