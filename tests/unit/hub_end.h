/* The hub's end of a connection in tests of libsoftbus: says and hears what a test wants, byte by byte or message by message. */
#ifndef TESTS_UNIT_HUB_END_H
#define TESTS_UNIT_HUB_END_H

#include "base/buf.h"
#include "softbus/bus.h"
#include "wire/msg.h"

#include <pthread.h>

struct hub_end {
    int fd, listen_fd; /* listen_fd 0: none */
    char folder[32];
    struct sb_buf in, out;
    struct wire_objects objects; /* of the message heard last */
    size_t n_consume;
    pthread_t thread;
    void (*script)(struct hub_end *end);
    uint64_t n[4]; /* for scripts: numbers to take along and bring back */
};

/* A connection whose other end is here; HELLO is heard. */
void hub_end_open(struct hub_end *end, struct softbus **ret_bus);
void hub_end_close(struct hub_end *end);

/* The same over a socket with a path, so that the bus can come again. */
void hub_end_open_path(struct hub_end *end, struct softbus **ret_bus);
/* The hub restarts: this connection ends, and the next one of the bus, which is driven meanwhile unless that is NULL, is welcomed with this
 * instance. Gives what its HELLO said. */
void hub_end_restart(struct hub_end *end, struct softbus *bus, uint64_t instance, uint64_t *ret_instance, uint64_t *ret_proof);
/* Its first half: nobody is there. */
void hub_end_go_away(struct hub_end *end);
#define HUB_END_INSTANCE 77 /* of the first connection */

/* Runs script in a thread, so that the test may wait in the library; join() before anything else is done with the end. */
void hub_end_start(struct hub_end *end, void (*script)(struct hub_end *end));
void hub_end_join(struct hub_end *end);

/* Hears the next message, waiting for it; its views last until the next one. False: the connection has ended. */
bool hub_end_hear(struct hub_end *end, struct wire_msg *ret_message);
/* Hears a message of this type; aborts on any other. */
void hub_end_hear_call(struct hub_end *end, struct wire_call *ret_call);
void hub_end_hear_reply(struct hub_end *end, struct wire_reply *ret_reply);
struct wire_bytes hub_end_hear_type(struct hub_end *end, enum wire_type type);
/* True when nothing is there to hear. */
bool hub_end_is_silent(struct hub_end *end);

void hub_end_say_bytes(struct hub_end *end, const void *data, size_t size);
void hub_end_say_call(struct hub_end *end, uint64_t id, uint64_t target, uint32_t code, const struct wire_object *object,
                      const void *data, size_t size);
/* Without data, on behalf of this chain, by an app of this pid. */
void hub_end_say_call_of(struct hub_end *end, uint32_t pid, uint64_t trace, uint64_t id, uint64_t target, uint32_t code);
void hub_end_say_reply(struct hub_end *end, uint64_t id, int32_t status, const struct wire_object *object,
                       const void *data, size_t size);
void hub_end_say_cancel(struct hub_end *end, uint64_t id);
void hub_end_say_release(struct hub_end *end, uint64_t id, uint32_t count);
void hub_end_say_death(struct hub_end *end, uint64_t id, uint32_t reason);

/* A proxy with this handle and these flags, as the hub passes it. */
struct wire_object hub_end_make_proxy(uint64_t handle, uint8_t flags, uint8_t hops);

#endif
