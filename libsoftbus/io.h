/* The socket of a connection: sending never blocks, receiving waits as long as it is told. */
#ifndef SOFTBUS_LIB_IO_H
#define SOFTBUS_LIB_IO_H

#include <stdbool.h>
#include <stddef.h>

struct softbus;

/* Connects. NO_DAEMON, DENIED, TIMEOUT, INVALID, NO_MEMORY. */
int softbus_io_connect(const char *path, int *ret_fd);

/* Options of a connected socket. */
void softbus_io_prepare(int fd);

/* Sends bus->head with these bytes behind it, now or from the queue. 0: it will be sent whole. NO_MEMORY: nothing was;
 * DISCONNECTED. */
int softbus_io_send(struct softbus *bus, const void *data, size_t size);

/* Queues bus->head, to be sent with what comes next. */
int softbus_io_queue(struct softbus *bus);

/* Sends what waits, as far as it goes. 0 or DISCONNECTED. */
int softbus_io_flush(struct softbus *bus);

/* Waits until the queue has room for calls: up to timeout_ms. AGAIN, DISCONNECTED. */
int softbus_io_wait_room(struct softbus *bus, int timeout_ms);

/* Waits up to timeout_ms (-1: without end, 0: not at all) for bytes, and sends meanwhile. 1: something came or left; 0: not yet (it may
 * return early); -EINTR: a signal; DISCONNECTED and NO_MEMORY as public errors, the connection is gone. */
int softbus_io_wait(struct softbus *bus, int timeout_ms);

#endif
