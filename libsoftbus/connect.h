/* How a process gets to its hub. */
#ifndef SOFTBUS_LIB_CONNECT_H
#define SOFTBUS_LIB_CONNECT_H

#include "wire/msg.h"

#include <stdbool.h>

struct softbus;

/* HELLO and WELCOME over bus->hub; waits for it. DENIED: the hub closed without a word, it does not want this process; VERSION, TIMEOUT,
 * PROTOCOL, NO_MEMORY. */
int softbus_connect_greet(struct softbus *bus);

/* gives a connected socket. blocks: it waits for a daemon whose backlog is full. NO_DAEMON, DENIED, TIMEOUT (also when it may not block),
 * INVALID, NO_MEMORY. */
int softbus_connect_dial(const char *path, bool blocks, int *ret_fd);

/* HELLO, with what the last WELCOME said. NO_MEMORY, DISCONNECTED. */
int softbus_connect_say_hello(struct softbus *bus);

/* Keeps what a WELCOME says. VERSION, PROTOCOL. */
int softbus_connect_take_welcome(struct softbus *bus, const struct wire_msg *message);

#endif
