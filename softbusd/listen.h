/* The app socket: made so that it never takes the place of a daemon that runs, and always the place of one that died. */
#ifndef HUB_LISTEN_H
#define HUB_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

struct hub_listen {
    int fd, lock_fd;
    char path[108];
};

/* All users may connect when for_all, else the owner alone. -EBUSY: another daemon has it; else -errno of socket(2),
 * bind(2), open(2). error_text says what and what to do. */
int hub_listen_open(struct hub_listen *listen, const char *path, bool for_all, char *error_text, size_t error_size);

/* Closes and removes the socket. A struct of zeros but for fd = lock_fd = -1 is fine. */
void hub_listen_close(struct hub_listen *listen);

#endif
