/*
 * The cage of the discovery helper, in two steps: first what belongs to the process (user, capabilities, root
 * directory, descriptors, limits), then, when every socket is open, the system-call filter, after which none can be
 * opened. Root becomes nobody; without privileges, or in a user namespace, as much is done as the kernel lets us. The
 * filter is not optional.
 */
#ifndef DISC_SANDBOX_IO_H
#define DISC_SANDBOX_IO_H

#include <stdint.h>

/* Keeps descriptors 0 … 2 and keep_fd, closes all others. ret_sandbox: bits WIRE_DISC_SANDBOX_*. Errors are those without
 * which we must not go on: no_new_privs, capabilities, limits, descriptors. */
int disc_sandbox_enter(int keep_fd, uint32_t *ret_sandbox);

/* From here any system call but the listed ones kills the process. Negative errno of libseccomp. */
int disc_sandbox_lock(void);

#endif
