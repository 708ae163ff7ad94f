/* softbus-mdns: the daemon starts it; it is of no use by hand. */
#include "discovery/mdns_io.h"

#include <unistd.h>

int main(void)
{
    /* Without the exit handlers of libraries: the system-call filter knows nothing of their needs. */
    _exit(disc_mdns_run(DISC_MDNS_FD));
}
