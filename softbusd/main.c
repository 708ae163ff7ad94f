/* softbusd: the command line, and nothing else. */
#include "softbusd/daemon.h"
#include "softbusd/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Started with one of them closed, a socket would take its place, and an app would be told what belongs into the log. */
static int open_standard_descriptors(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? -errno : 0;
}

int main(int argc, char **argv)
{
    struct hub_options options;
    char error_text[512];

    if (open_standard_descriptors() < 0)
        return HUB_DAEMON_FAILED;
    if (hub_options_parse(argc, argv, &options, error_text, sizeof(error_text)) < 0 ||
        hub_options_check(&options, error_text, sizeof(error_text)) < 0) {
        fprintf(stderr, "softbusd: %s\nTry softbusd --help.\n", error_text);
        return HUB_DAEMON_USAGE;
    }
    return hub_daemon_run(&options);
}
