/* Devices for the session tests: several managers on one event loop, each with a state folder of its own. */
#ifndef TESTS_SESSION_NODES_H
#define TESTS_SESSION_NODES_H

#include "base/buf.h"
#include "session/identity_io.h"
#include "session/manager_io.h"
#include "session/trust.h"

#include <sys/socket.h>

#define NODES_MESSAGES 4096

struct event_base;

struct nodes_node {
    struct event_base *base;
    char dir[64];
    struct sess_identity *identity;
    struct sess_trust trust;
    struct sess_manager *manager;
    struct sess_config config;
    struct sess_callbacks callbacks;
    unsigned n_up, n_suspect, n_online, n_over, n_notes, n_messages, n_sent;
    enum sess_end last_end;
    char last_note[512];
    uint64_t last_cookie;
    uint32_t next_value;   /* expected content of the next message on stream 1 */
    unsigned n_wrong;      /* messages that were not as expected */
    size_t message_bytes;
    unsigned n_busy;       /* say busy that many times more */
    enum sess_verdict verdict;
    struct nodes_node *echo_to; /* send each message back */
};

/* The process ends with a failure when the condition does not come true within half a minute. */
#define NODES_WAIT(base, condition) \
    do { \
        unsigned nodes_turns_ = nodes_watch_begin(); \
        while (!(condition)) \
            nodes_turn(base, &nodes_turns_, #condition, __FILE__, __LINE__); \
    } while (0)

unsigned nodes_watch_begin(void);
void nodes_turn(struct event_base *base, unsigned *turns, const char *what, const char *file, int line);

/* Makes the folder and identity; nodes_start() starts the manager with node->config. */
void nodes_init(struct nodes_node *node, struct event_base *base);
void nodes_start(struct nodes_node *node);
void nodes_stop(struct nodes_node *node);
void nodes_deinit(struct nodes_node *node);

const struct wire_devid *nodes_id(const struct nodes_node *node);
void nodes_trust(struct nodes_node *node, const struct nodes_node *other);
struct sockaddr_storage nodes_address(uint16_t port);
void nodes_tell_address(struct nodes_node *node, const struct nodes_node *other, uint16_t port);

/* A message of `size` bytes on stream 1 whose content follows from value; -errno of the send. */
int nodes_send(struct nodes_node *node, const struct nodes_node *to, uint32_t value, size_t size, uint64_t cookie);

/* A relay on loopback in front of a port: its connections can be cut, and it can refuse new ones. */
struct nodes_relay;
struct nodes_relay *nodes_relay_new(struct event_base *base, uint16_t target);
struct nodes_relay *nodes_relay_free(struct nodes_relay *relay);
uint16_t nodes_relay_get_port(const struct nodes_relay *relay);
void nodes_relay_cut(struct nodes_relay *relay);
void nodes_relay_refuse(struct nodes_relay *relay, bool does_refuse);

/* A plain connection to the port; a descriptor. */
int nodes_connect(uint16_t port);

#endif
