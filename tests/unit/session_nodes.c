/* Devices for the session tests; see session_nodes.h. */
#include "tests/unit/session_nodes.h"

#include "wire/cursor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WATCH_SECONDS 60

unsigned nodes_watch_begin(void)
{
    alarm(WATCH_SECONDS);
    return 0;
}

void nodes_turn(struct event_base *base, unsigned *turns, const char *what, const char *file, int line)
{
    static const struct timeval beat = { .tv_usec = 100 * 1000 };

    /* Nothing here depends on the beat: it only lets a condition outside the loop be looked at again. */
    event_base_loopexit(base, &beat);
    event_base_loop(base, EVLOOP_ONCE);
    if (++*turns > 1000 * 1000) {
        fprintf(stderr, "%s:%d: never came true: %s\n", file, line, what);
        exit(1);
    }
}

static void on_up(void *userdata, const struct wire_devid *id, const char *name)
{
    struct nodes_node *node = userdata;

    (void)id;
    (void)name;
    node->n_up++;
}

static void on_suspect(void *userdata, const struct wire_devid *id)
{
    struct nodes_node *node = userdata;

    (void)id;
    node->n_suspect++;
}

static void on_online(void *userdata, const struct wire_devid *id)
{
    struct nodes_node *node = userdata;

    (void)id;
    node->n_online++;
}

static void on_over(void *userdata, const struct wire_devid *id, enum sess_end why)
{
    struct nodes_node *node = userdata;

    (void)id;
    node->n_over++;
    node->last_end = why;
}

static void fill(uint8_t *data, uint32_t value, size_t size)
{
    memset(data, 0, 8);
    wire_store_u32(data, (uint32_t)size);
    wire_store_u32(data + 8, value);
    for (size_t i = 12; i < size; i++)
        data[i] = (uint8_t)(value * 31 + i * 7 + (i >> 8));
}

static enum sess_verdict on_message(void *userdata, const struct wire_devid *id, uint32_t stream, const uint8_t *data,
                                    size_t size)
{
    struct nodes_node *node = userdata;
    uint8_t *expected;

    (void)id;
    if (node->n_busy > 0) {
        node->n_busy--;
        return SESS_BUSY;
    }
    expected = malloc(size);
    fill(expected, node->next_value, size);
    if (stream == 1 && size >= 12 && memcmp(expected, data, size) != 0)
        node->n_wrong++;
    free(expected);
    node->next_value++;
    node->n_messages++;
    node->message_bytes += size;
    if (node->echo_to)
        sess_manager_send(node->manager, nodes_id(node->echo_to), SESS_CLASS_CALL, 1, 0, data, size);
    return node->verdict;
}

static void on_sent(void *userdata, const struct wire_devid *id, uint64_t cookie)
{
    struct nodes_node *node = userdata;

    (void)id;
    node->n_sent++;
    node->last_cookie = cookie;
}

static void on_note(void *userdata, int level, const char *text)
{
    struct nodes_node *node = userdata;

    (void)level;
    node->n_notes++;
    snprintf(node->last_note, sizeof(node->last_note), "%s", text);
    if (getenv("NODES_VERBOSE"))
        fprintf(stderr, "note %s: %s\n", node->dir, text);
}

void nodes_init(struct nodes_node *node, struct event_base *base)
{
    char error[512];

    memset(node, 0, sizeof(*node));
    node->base = base;
    snprintf(node->dir, sizeof(node->dir), "/tmp/softbus-test-XXXXXX");
    if (!mkdtemp(node->dir) || sess_identity_load(node->dir, &node->identity, error, sizeof(error)) < 0) {
        perror(node->dir);
        exit(1);
    }
    sess_trust_init(&node->trust);
    sess_config_init(&node->config);
    node->config.allow_loopback = true;
    node->config.name = "node";
    node->callbacks = (struct sess_callbacks){ .userdata = node, .up = on_up, .suspect = on_suspect,
                                               .online = on_online, .over = on_over, .message = on_message,
                                               .sent = on_sent, .note = on_note };
}

void nodes_start(struct nodes_node *node)
{
    int r = sess_manager_new(node->base, &node->config, node->identity, &node->trust, &node->callbacks, &node->manager);

    if (r < 0) {
        fprintf(stderr, "manager: %s\n", strerror(-r));
        exit(1);
    }
}

void nodes_stop(struct nodes_node *node)
{
    node->manager = sess_manager_free(node->manager);
}

void nodes_deinit(struct nodes_node *node)
{
    char path[128];

    nodes_stop(node);
    sess_trust_deinit(&node->trust);
    node->identity = sess_identity_free(node->identity);
    snprintf(path, sizeof(path), "%s/device.key", node->dir);
    unlink(path);
    snprintf(path, sizeof(path), "%s/device.crt", node->dir);
    unlink(path);
    rmdir(node->dir);
}

const struct wire_devid *nodes_id(const struct nodes_node *node)
{
    return sess_identity_get_id(node->identity);
}

void nodes_trust(struct nodes_node *node, const struct nodes_node *other)
{
    if (sess_trust_add(&node->trust, nodes_id(other), "other") < 0)
        exit(1);
    if (node->manager)
        sess_manager_trust_changed(node->manager);
}

struct sockaddr_storage nodes_address(uint16_t port)
{
    struct sockaddr_storage address = { 0 };
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&address;

    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void nodes_tell_address(struct nodes_node *node, const struct nodes_node *other, uint16_t port)
{
    struct sockaddr_storage address = nodes_address(port);

    if (sess_manager_set_addresses(node->manager, nodes_id(other), 0, &address, 1) < 0)
        exit(1);
}

int nodes_send(struct nodes_node *node, const struct nodes_node *to, uint32_t value, size_t size, uint64_t cookie)
{
    uint8_t *data = malloc(size);
    int r;

    fill(data, value, size);
    r = sess_manager_send(node->manager, nodes_id(to), SESS_CLASS_CALL, 1, cookie, data, size);
    free(data);
    return r;
}

#define RELAY_PAIRS 64

struct nodes_relay {
    struct event_base *base;
    struct event *event;
    int fd;
    uint16_t port, target;
    bool does_refuse;
    struct bufferevent *pairs[RELAY_PAIRS][2];
    unsigned n_pairs;
};

static void relay_read(struct bufferevent *from, void *userdata)
{
    struct bufferevent *to = userdata;

    bufferevent_write_buffer(to, bufferevent_get_input(from));
}

static void relay_event(struct bufferevent *from, short events, void *userdata)
{
    struct bufferevent *to = userdata;

    if (!(events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
        return;
    bufferevent_write_buffer(to, bufferevent_get_input(from));
    shutdown(bufferevent_getfd(to), SHUT_WR);
}

int nodes_connect(uint16_t port)
{
    struct sockaddr_storage address = nodes_address(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(struct sockaddr_in)) < 0) {
        perror("connect");
        exit(1);
    }
    evutil_make_socket_nonblocking(fd);
    return fd;
}

static void relay_accept(evutil_socket_t listener, short events, void *userdata)
{
    struct nodes_relay *relay = userdata;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct bufferevent **pair = relay->pairs[relay->n_pairs];

    (void)events;
    if (fd < 0)
        return;
    if (relay->does_refuse || relay->n_pairs == RELAY_PAIRS) {
        close(fd);
        return;
    }
    relay->n_pairs++;
    pair[0] = bufferevent_socket_new(relay->base, fd, BEV_OPT_CLOSE_ON_FREE);
    pair[1] = bufferevent_socket_new(relay->base, nodes_connect(relay->target), BEV_OPT_CLOSE_ON_FREE);
    for (int i = 0; i < 2; i++) {
        bufferevent_setcb(pair[i], relay_read, NULL, relay_event, pair[!i]);
        bufferevent_enable(pair[i], EV_READ | EV_WRITE);
    }
}

struct nodes_relay *nodes_relay_new(struct event_base *base, uint16_t target)
{
    struct nodes_relay *relay = calloc(1, sizeof(*relay));
    struct sockaddr_storage address = nodes_address(0);
    socklen_t size = sizeof(struct sockaddr_in);

    relay->base = base;
    relay->target = target;
    relay->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(relay->fd, (struct sockaddr *)&address, size) < 0 || listen(relay->fd, 16) < 0 ||
        getsockname(relay->fd, (struct sockaddr *)&address, &size) < 0)
        exit(1);
    relay->port = ntohs(((struct sockaddr_in *)(void *)&address)->sin_port);
    relay->event = event_new(base, relay->fd, EV_READ | EV_PERSIST, relay_accept, relay);
    event_add(relay->event, NULL);
    return relay;
}

uint16_t nodes_relay_get_port(const struct nodes_relay *relay)
{
    return relay->port;
}

void nodes_relay_cut(struct nodes_relay *relay)
{
    for (unsigned i = 0; i < relay->n_pairs; i++) {
        bufferevent_free(relay->pairs[i][0]);
        bufferevent_free(relay->pairs[i][1]);
    }
    relay->n_pairs = 0;
}

void nodes_relay_refuse(struct nodes_relay *relay, bool does_refuse)
{
    relay->does_refuse = does_refuse;
}

struct nodes_relay *nodes_relay_free(struct nodes_relay *relay)
{
    nodes_relay_cut(relay);
    event_free(relay->event);
    close(relay->fd);
    free(relay);
    return NULL;
}
