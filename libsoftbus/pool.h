/* Worker threads, from the inside; the public half is softbus/pool.h. */
#ifndef SOFTBUS_LIB_POOL_H
#define SOFTBUS_LIB_POOL_H

#include <stdbool.h>

struct softbus;
struct softbus_pool;

/* Starts one more worker if the pool may have one. False: it is as large as it may be, is ending, or has one that is idle. */
bool softbus_pool_add_worker(struct softbus *bus);

/* Ends and joins all workers; takes the lock away meanwhile. */
void softbus_pool_end(struct softbus *bus);

#endif
