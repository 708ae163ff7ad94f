/**
 * @file softbus/bus.h
 * The connection of a process to its device's softbusd.
 *
 * @code
 * struct softbus *bus;
 * int r = softbus_open(NULL, "hello", &bus);
 * if (r < 0)
 *     errx(1, "softbusd: %s", softbus_strerror(r));
 * struct softbus_object *stub;
 * softbus_stub_new(bus, "org.example.Hello", handle, NULL, &stub);
 * softbus_service_add(bus, "org.example.hello", stub, SOFTBUS_SERVICE_DISTRIBUTED);
 * r = softbus_run(bus);
 * softbus_object_unref(stub);
 * softbus_close(bus);
 * @endcode
 *
 * Any thread may use a connection and what came from it; only parcels belong to one thread at a time. Without a pool (softbus/pool.h) the
 * library starts no threads: calls, callbacks and links run inside softbus_process(), softbus_run(), or a waiting call.
 *
 * In another event loop: watch get_fd() for get_events(), wake up after get_timeout_ms(), then call process(), and ask for both
 * again, as after any other function. examples/loop_*.c do so with poll, libevent, GLib and sd-event.
 */
#ifndef SOFTBUS_BUS_H
#define SOFTBUS_BUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct softbus;
struct softbus_object;

/**
 * Connects. socket_path NULL: $SOFTBUS_SOCKET when set, else the user's own daemon ($XDG_RUNTIME_DIR/softbus/softbusd.sock)
 * when there is one, else the system's (/run/softbus/softbusd.sock). name: a label for people, at most 63 bytes of UTF-8.
 * @param[out] ret_bus gives. Errors: NO_DAEMON, DENIED, VERSION, INVALID, NO_MEMORY, TIMEOUT, PROTOCOL. @since 0.1
 */
int softbus_open(const char *socket_path, const char *name, struct softbus **ret_bus);

/** takes; NULL is fine. Everything offered is withdrawn (its watchers see PROCESS_DIED as with any end of a process);
 * pending asynchronous calls end with DISCONNECTED, running their fn. Objects and parcels still held stay valid memory; what is done with them fails with
 * DISCONNECTED. Calls that other threads wait in end with DISCONNECTED before it returns; no thread may begin anything with the bus
 * itself any more, so softbus_run() of another thread is stopped first. Not inside a handler or callback of this bus. @since 0.1 */
void softbus_close(struct softbus *bus);

/** A descriptor for poll(2), the same until softbus_close(), and what to wait for on it (POLLIN, POLLOUT). */
int softbus_get_fd(const struct softbus *bus);
short softbus_get_events(const struct softbus *bus);
/** Milliseconds until process() has something to do though nothing arrives; 0: now; -1: never. */
int softbus_get_timeout_ms(const struct softbus *bus);

/** Sends what waits, receives what has come, runs what is due; does not block.
 * 1: something was done, call again; 0: nothing left to do; DISCONNECTED (softbusd is gone, and not looked for any more: see
 * softbus_set_reconnect()), PROTOCOL: the connection has ended. @since 0.1 */
int softbus_process(struct softbus *bus);

/** Waits up to timeout_ms (UINT32_MAX: without end) for something to do, and processes it.
 * 1: something was done; 0: time is over, or a signal handler has run; errors as process. @since 0.1 */
int softbus_wait(struct softbus *bus, uint32_t timeout_ms);

/** Processes until softbus_stop() (0) or an error. @since 0.1 */
int softbus_run(struct softbus *bus);
/** Makes a run loop return. Any thread, and signal handlers. @since 0.1 */
void softbus_stop(struct softbus *bus);

/**
 * How long the connection looks for a softbusd that has gone: it was updated, or killed. 0: not at all, everything fails with DISCONNECTED
 * from then on; UINT32_MAX, the default: for ever; else that many milliseconds, and then as with 0. The search is part of whatever drives the
 * connection (softbus_run(), process(), wait(), a call that waits, the pool), and what get_fd() returned stays as it was.
 *
 * Meanwhile: calls under way through softbusd have ended with DISCONNECTED (they may have run; one-way calls may be lost). New ones, one-way
 * calls too, wait for it until their deadline (one-way calls: SOFTBUS_DEFAULT_TIMEOUT_MS), and then fail with DISCONNECTED: nothing was sent. What
 * asks softbusd itself is asked again. Plain calls between two processes of this device that have called each other before go on.
 *
 * When softbusd is back, everything is as before: services are registered, watches tell of what has changed, references work, links to death
 * of what has died meanwhile fire (PROCESS_DIED), those of other devices' objects have fired (DEVICE_LOST). Any thread. @since 0.2
 */
void softbus_set_reconnect(struct softbus *bus, uint32_t patience_ms);

/** @since 0.2 */
enum softbus_state {
    SOFTBUS_STATE_DISCONNECTED, /**< softbusd is gone, and looked for */
    SOFTBUS_STATE_CONNECTED,    /**< it is back, and so is all that could be had back; that may take some seconds when a process has died */
};

/** n_lost: services that could not be registered again (NAME_TAKEN, DENIED); softbus_service_add() says why. */
typedef void (*softbus_state_fn)(void *userdata, enum softbus_state state, unsigned n_lost);
/** fn (NULL: none) is told when softbusd goes and comes back; not of the end of the connection. Any thread. @since 0.2 */
void softbus_set_state_fn(struct softbus *bus, softbus_state_fn fn, void *userdata);

/** This device's id; lent until close. @since 0.1 */
const char *softbus_get_device(const struct softbus *bus);
const char *softbus_get_device_name(const struct softbus *bus);

/** Told when the hub refuses what was sent without anybody waiting: a one-way call (object: its target), or a reply of ours (object:
 * the stub) that broke a rule. object is lent, NULL when it is gone. */
typedef void (*softbus_refused_fn)(void *userdata, struct softbus_object *object, int error);
void softbus_set_refused_fn(struct softbus *bus, softbus_refused_fn fn, void *userdata);

#ifdef __cplusplus
}
#endif
#endif
