/* Connecting; see connect.h. */
#include "libsoftbus/connect.h"

#include "libsoftbus/bus.h"
#include "libsoftbus/stream.h"
#include "libsoftbus/wait.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "softbus/error.h"
#include "softbus/object.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef SOFTBUS_RUNSTATEDIR
#define SOFTBUS_RUNSTATEDIR "/run"
#endif
#define SOCKET_BELOW "/softbus/softbusd.sock"

int softbus_connect_dial(const char *path, bool blocks, int *ret_fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval patience = { .tv_sec = SOFTBUS_DEFAULT_TIMEOUT_MS / 1000 };
    SB_AUTO_CLOSE int fd = -1;
    int r;

    if (strlen(path) >= sizeof(address.sun_path))
        return SOFTBUS_ERR_INVALID;
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (blocks ? 0 : SOCK_NONBLOCK), 0);
    if (fd < 0)
        return errno == ENOMEM ? SOFTBUS_ERR_NO_MEMORY : SOFTBUS_ERR_NO_DAEMON;
    /* A daemon whose backlog is full makes connect() wait this long. */
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    do
        r = connect(fd, (const struct sockaddr *)&address, sizeof(address));
    while (r < 0 && errno == EINTR);
    if (r < 0 && (errno == EACCES || errno == EPERM))
        return SOFTBUS_ERR_DENIED;
    if (r < 0)
        return errno == EAGAIN ? SOFTBUS_ERR_TIMEOUT : SOFTBUS_ERR_NO_DAEMON;
    *ret_fd = SB_TAKE_FD(fd);
    return 0;
}

int softbus_connect_say_hello(struct softbus *bus)
{
    static const struct softbus_outgoing_bytes nothing;
    const char *name = bus->reconnect.name;
    struct wire_hello hello = { .version_min = WIRE_VERSION_MIN, .version_max = WIRE_VERSION_MAX, .features = WIRE_FEATURE_CHANNELS,
                                .instance = bus->reconnect.instance, .proof = bus->reconnect.proof,
                                .name = { .text = name, .size = strlen(name) } };

    bus->head.length = 0;
    return wire_hello_encode(&bus->head, &hello) < 0 ? SOFTBUS_ERR_NO_MEMORY : softbus_stream_send(&bus->hub, &nothing);
}

int softbus_connect_take_welcome(struct softbus *bus, const struct wire_msg *message)
{
    struct wire_welcome welcome;

    if (message->type != WIRE_WELCOME || wire_welcome_decode(message->body, &welcome) < 0)
        return SOFTBUS_ERR_PROTOCOL;
    if (welcome.version == 0)
        return SOFTBUS_ERR_VERSION;
    if (welcome.version < WIRE_VERSION_MIN || welcome.version > WIRE_VERSION_MAX)
        return SOFTBUS_ERR_PROTOCOL;
    bus->version = welcome.version;
    bus->reconnect.instance = welcome.instance;
    bus->reconnect.proof = welcome.proof;
    bus->device_id = welcome.device;
    wire_devid_format(&welcome.device, bus->device);
    memcpy(bus->device_name, welcome.device_name.text, welcome.device_name.size + 1);
    return 0;
}

int softbus_connect_greet(struct softbus *bus)
{
    uint64_t due_ms = sb_clock_now_ms() + SOFTBUS_DEFAULT_TIMEOUT_MS, now_ms;
    struct wire_msg message;
    size_t size;
    int r = softbus_connect_say_hello(bus);

    if (r == SOFTBUS_ERR_NO_MEMORY)
        return r;
    for (;;) {
        r = wire_msg_scan(sb_buf_bytes(&bus->hub.in), bus->hub.in.length, WIRE_MSG_MAX, &message, &size);
        if (r != 0)
            break;
        now_ms = sb_clock_now_ms();
        if (now_ms >= due_ms)
            return SOFTBUS_ERR_TIMEOUT;
        if (bus->hub.is_over)
            return SOFTBUS_ERR_DENIED;
        softbus_wait_once(bus, NULL, sb_clock_until_ms(now_ms, due_ms));
    }
    r = r < 0 ? SOFTBUS_ERR_PROTOCOL : softbus_connect_take_welcome(bus, &message);
    if (r == 0)
        sb_buf_consume(&bus->hub.in, size);
    return r;
}

/* The socket to use; buffer is for names that are put together. NULL: too long. */
static const char *choose_path(char *buffer, size_t size)
{
    const char *path = secure_getenv("SOFTBUS_SOCKET"), *folder = secure_getenv("XDG_RUNTIME_DIR");
    int n;

    if (path && *path)
        return path;
    if (folder && *folder) {
        n = snprintf(buffer, size, "%s%s", folder, SOCKET_BELOW);
        if (n > 0 && (size_t)n < size && access(buffer, F_OK) == 0)
            return buffer;
    }
    return SOFTBUS_RUNSTATEDIR SOCKET_BELOW;
}

int softbus_open(const char *socket_path, const char *name, struct softbus **ret_bus)
{
    char buffer[4096];
    const char *path = socket_path ? socket_path : choose_path(buffer, sizeof(buffer));
    int fd, r;

    if (!name || strlen(name) > WIRE_NAME_MAX || !wire_text_is_valid(name, strlen(name)))
        return SOFTBUS_ERR_INVALID;
    r = softbus_connect_dial(path, true, &fd);
    return r < 0 ? r : softbus_bus_open_fd(fd, path, name, ret_bus);
}
