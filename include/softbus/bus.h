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
 * 1: something was done, call again; 0: nothing left to do; DISCONNECTED, PROTOCOL. @since 0.1 */
int softbus_process(struct softbus *bus);

/** Waits up to timeout_ms (UINT32_MAX: without end) for something to do, and processes it.
 * 1: something was done; 0: time is over, or a signal handler has run; errors as process. @since 0.1 */
int softbus_wait(struct softbus *bus, uint32_t timeout_ms);

/** Processes until softbus_stop() (0) or an error. @since 0.1 */
int softbus_run(struct softbus *bus);
/** Makes a run loop return. Any thread, and signal handlers. @since 0.1 */
void softbus_stop(struct softbus *bus);

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
