/* The discovery helper: everything of softbus-mdns but main(). */
#ifndef DISC_MDNS_IO_H
#define DISC_MDNS_IO_H

#define DISC_MDNS_FD 3 /* where the daemon puts the helper's end of the socket */

/* Runs until the daemon closes its end of fd. Returns the exit status. */
int disc_mdns_run(int fd);

#endif
