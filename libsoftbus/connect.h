/* How a process gets to its hub. */
#ifndef SOFTBUS_LIB_CONNECT_H
#define SOFTBUS_LIB_CONNECT_H

struct softbus;

/* HELLO and WELCOME over bus->hub; waits for it. DENIED: the hub closed without a word, it does not want this process; VERSION, TIMEOUT,
 * PROTOCOL, NO_MEMORY. */
int softbus_connect_greet(struct softbus *bus, const char *name);

#endif
