/* Accepting: who may knock, how many, and what to do when descriptors run out. See manager_impl.h. */
#include "session/address.h"
#include "session/manager_impl.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 16
#define BACKLOG 128
#define PORT_TRIES 8

static unsigned count_of_host(const struct sess_manager *manager, const struct sockaddr_storage *address)
{
    unsigned n = 0;

    SB_LIST_FOREACH(link, &manager->conns) {
        const struct sess_conn *conn = SB_CONTAINER_OF(link, struct sess_conn, link);

        n += conn->is_pending && sess_address_is_same_host(&conn->address, address);
    }
    return n;
}

/* A dialler speaks first, so that one whose bytes only wait to be read in this turn must not pass for silent. */
static bool is_silent(const struct sess_conn *conn)
{
    uint8_t first;

    return conn->state == SESS_CONN_QUIET && recv(conn->fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

/* host NULL: of any. */
static struct sess_conn *find_oldest_silent(const struct sess_manager *manager, const struct sockaddr_storage *host)
{
    SB_LIST_FOREACH(link, &manager->conns) {
        struct sess_conn *conn = SB_CONTAINER_OF(link, struct sess_conn, link);

        if (conn->is_pending && (!host || sess_address_is_same_host(&conn->address, host)) && is_silent(conn))
            return conn;
    }
    return NULL;
}

/* At a limit the oldest one that has said nothing gives its place to the newcomer: holding places must cost more than
 * connecting. When all have spoken the newcomer goes, as those before it may be about to prove who they are. */
static bool make_room(struct sess_manager *manager, const struct sockaddr_storage *address,
                      const struct sockaddr_storage *host, unsigned limit)
{
    struct sess_conn *silent = find_oldest_silent(manager, host);
    char text[96];

    snprintf(text, sizeof(text), "%s%u unauthenticated ones %s is the limit", silent ? "it is silent, and " : "", limit,
             host ? "of its address" : "in all");
    sess_manager_note_stranger(manager, silent ? &silent->address : address, text);
    if (!silent)
        return false;
    silent->is_pending = false; /* the newcomer has its place from now on, not when it is reaped */
    manager->n_pending--;
    sess_conn_drop(silent);
    return true;
}

static bool has_room(struct sess_manager *manager, const struct sockaddr_storage *address)
{
    const struct sess_config *config = &manager->config;

    if (count_of_host(manager, address) >= config->n_pending_address_max)
        return make_room(manager, address, address, config->n_pending_address_max);
    return manager->n_pending < config->n_pending_max || make_room(manager, address, NULL, config->n_pending_max);
}

static void stop_listening(struct sess_manager *manager)
{
    struct timeval second = { .tv_sec = 1 };

    for (int i = 0; i < 2; i++) {
        if (manager->listeners[i].event)
            event_del(manager->listeners[i].event);
    }
    event_add(manager->listen_again, &second);
}

/* Out of descriptors the kernel would report the same connection for ever: the spare one takes it and lets it go. */
static void on_exhausted(struct sess_listener *listener)
{
    struct sess_manager *manager = listener->manager;
    int fd;

    if (manager->spare_fd >= 0) {
        close(manager->spare_fd);
        fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            close(fd);
        manager->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    sess_manager_note(manager, SB_LOG_WARNING, "out of file descriptors: no connections are accepted for a second");
    stop_listening(manager);
}

/* False: enough for this turn. */
static bool accept_one(struct sess_listener *listener)
{
    struct sess_manager *manager = listener->manager;
    struct sockaddr_storage address = { 0 };
    socklen_t size = sizeof(address);
    int fd;

    fd = accept4(listener->fd, (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            on_exhausted(listener);
        return errno == ECONNABORTED || errno == EINTR;
    }
    if (!sess_address_came_through(fd, manager->config.interfaces, manager->config.allow_loopback) ||
        !has_room(manager, &address)) {
        close(fd);
        return true;
    }
    sess_conn_new_incoming(manager, fd, &address);
    return true;
}

static void on_connection(evutil_socket_t fd, short events, void *userdata)
{
    struct sess_listener *listener = userdata;

    (void)fd;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN && accept_one(listener); i++)
        ;
}

static void on_again(evutil_socket_t fd, short events, void *userdata)
{
    struct sess_manager *manager = userdata;

    (void)fd;
    (void)events;
    if (manager->spare_fd < 0)
        manager->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 2; i++) {
        if (manager->listeners[i].event)
            event_add(manager->listeners[i].event, NULL);
    }
}

/* Both families get sockets of their own, so that addresses never come as IPv4 inside IPv6. */
static int bind_one(int family, uint16_t port, int *ret_fd, uint16_t *ret_port)
{
    struct sockaddr_storage address = { .ss_family = (sa_family_t)family };
    socklen_t size = sess_address_get_size(&address);
    int fd, on = 1, r;

    if (family == AF_INET)
        ((struct sockaddr_in *)(void *)&address)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)(void *)&address)->sin6_port = htons(port);
    fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
        r = -errno;
        close(fd);
        return r;
    }
    *ret_fd = fd;
    *ret_port = (uint16_t)sess_address_get_port(&address);
    return 0;
}

static bool is_without_family(int error)
{
    return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL || error == -EPROTONOSUPPORT;
}

/* The same port for both families; a port that the kernel chose for one may be taken in the other. */
static int bind_both(struct sess_manager *manager)
{
    struct sess_listener *v4 = &manager->listeners[0], *v6 = &manager->listeners[1];
    int r = -EADDRINUSE;

    for (int i = 0; i < PORT_TRIES && r == -EADDRINUSE; i++) {
        manager->port = manager->config.port;
        r = bind_one(AF_INET, manager->port, &v4->fd, &manager->port);
        if (r < 0 && !is_without_family(r))
            return r;
        r = bind_one(AF_INET6, manager->port, &v6->fd, &manager->port);
        if (r < 0 && is_without_family(r) && v4->fd >= 0)
            return 0;
        if (r < 0 && v4->fd >= 0) {
            close(v4->fd);
            v4->fd = -1;
        }
        if (manager->config.port != 0)
            return r;
    }
    return r;
}

int sess_listener_open(struct sess_manager *manager)
{
    int r;

    manager->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    manager->listen_again = event_new(manager->base, -1, 0, on_again, manager);
    if (!manager->listen_again)
        return -ENOMEM;
    r = bind_both(manager);
    if (r < 0)
        return r;
    for (int i = 0; i < 2; i++) {
        struct sess_listener *listener = &manager->listeners[i];

        listener->manager = manager;
        if (listener->fd < 0)
            continue;
        listener->event = event_new(manager->base, listener->fd, EV_READ | EV_PERSIST, on_connection, listener);
        if (!listener->event || event_add(listener->event, NULL) < 0)
            return -ENOMEM;
    }
    return 0;
}

void sess_listener_close(struct sess_manager *manager)
{
    for (int i = 0; i < 2; i++) {
        struct sess_listener *listener = &manager->listeners[i];

        if (listener->event)
            event_free(listener->event);
        if (listener->fd >= 0)
            close(listener->fd);
        *listener = (struct sess_listener){ .fd = -1 };
    }
    if (manager->listen_again)
        event_free(manager->listen_again);
    manager->listen_again = NULL;
    if (manager->spare_fd >= 0)
        close(manager->spare_fd);
    manager->spare_fd = -1;
}
