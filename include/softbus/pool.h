/**
 * @file softbus/pool.h
 * Worker threads of a connection.
 *
 * @code
 * softbus_stub_new(bus, "org.example.Images", handle, NULL, &stub);
 * softbus_stub_set_concurrent(stub, true); // its calls may run at the same time
 * softbus_pool_start(bus, 8);
 * softbus_service_add(bus, "org.example.images", stub, SOFTBUS_SERVICE_LOCAL);
 * do_other_things();                       // calls are served meanwhile
 * softbus_close(bus);                      // ends the workers too
 * @endcode
 *
 * Without a pool a connection starts no threads: what comes is run in softbus_run(), softbus_process(), or a waiting call. Any thread
 * may call all the same. With a pool the workers run what comes, and a thread that waits for a call runs only calls that are made
 * on behalf of its own. One stub runs one call at a time unless it is concurrent (softbus_stub_set_concurrent()).
 */
#ifndef SOFTBUS_POOL_H
#define SOFTBUS_POOL_H

#ifdef __cplusplus
extern "C" {
#endif

struct softbus;

/** Workers at most, and by default. */
#define SOFTBUS_POOL_MAX 32
#define SOFTBUS_POOL_DEFAULT 16

/** Starts a pool that grows on demand up to max_workers (0: SOFTBUS_POOL_DEFAULT). Workers block all signals, and end with the
 * connection. Once for a connection. Any thread. Errors: INVALID (more than SOFTBUS_POOL_MAX; there is a pool), NO_MEMORY (no thread
 * could be started), DISCONNECTED. @since 0.1 */
int softbus_pool_start(struct softbus *bus, unsigned max_workers);

#ifdef __cplusplus
}
#endif
#endif
