/* An app that speaks the protocol itself, byte by byte: what the library would never send. */
#ifndef TESTS_RAW_H
#define TESTS_RAW_H

#include "tests/integration/lab.h"

#include "base/buf.h"
#include "wire/channel.h"
#include "wire/hub.h"
#include "wire/msg.h"
#include "wire/value.h"

struct raw {
    struct lab *lab;
    int fd;
    struct sb_buf in;
    size_t n_consumed; /* the message lent last */
    bool is_closed;    /* by the other end */
    uint64_t last_id;
    int fds[64]; /* that came; the oldest first */
    unsigned n_fds;
};

/* Connects, and with name != NULL says HELLO and waits for WELCOME. */
struct raw *raw_open(struct lab *lab, struct lab_device *device, const char *name);
/* The same with the features of a HELLO. */
struct raw *raw_open_with(struct lab *lab, struct lab_device *device, const char *name, uint32_t features);
struct raw *raw_close(struct raw *raw);

/* Sockets connected by another user, who says nothing. False: this system gives us no other users, which is noted. */
bool raw_connect_as(struct lab *lab, struct lab_device *device, uint32_t uid, int *ret_fds, unsigned n);
/* Any stream socket; taken. */
struct raw *raw_adopt(struct lab *lab, int fd);
void raw_hello(struct raw *raw, const char *name, uint32_t features); /* and waits for WELCOME */

/* As much as the socket takes; true when all of it went. A connection that the hub closed takes nothing. */
bool raw_send(struct raw *raw, const void *data, size_t size);
/* All of it; with its first byte go n descriptors, at most 250, each a copy of fd. */
bool raw_send_fds(struct raw *raw, const void *data, size_t size, int fd, unsigned n);
void raw_send_buf(struct raw *raw, struct sb_buf *message); /* empties it */
void raw_send_header(struct raw *raw, uint32_t length, uint16_t type, uint16_t reserved);
/* target, code and the objects as given; id 0: one-way. */
void raw_send_call(struct raw *raw, uint64_t id, uint64_t target, uint32_t code, const struct wire_objects *objects,
                   const void *data, size_t size);
void raw_send_reply(struct raw *raw, uint64_t id, int32_t status, const struct wire_objects *objects, const void *data,
                    size_t size);
void raw_send_release(struct raw *raw, uint64_t handle, uint32_t count);

/* The next message of that type, others are skipped; lent until the next call. Fails the test when none comes. */
struct wire_bytes raw_wait(struct raw *raw, enum wire_type type);
/* The status of the answer to that call. ret_objects may be NULL. */
int32_t raw_wait_reply(struct raw *raw, uint64_t id, struct wire_objects *ret_objects);
bool raw_has_closed(struct raw *raw); /* reads; for LAB_UNTIL */

/* One end of a direct channel. */
struct raw_end {
    struct raw *channel; /* closed by raw_end_close() */
    uint64_t number, stub;
};

/* As a client of the service (it answers KIT_STATS), which raw looks up; *ret_handle may be NULL. */
struct raw_end raw_open_client(struct raw *raw, const char *service, uint64_t *ret_handle);
/* As a server: of the next channel that the hub asks about, and one grant, which is answered. */
struct raw_end raw_open_server(struct raw *raw);
void raw_end_close(struct raw_end *end);

/* Calls of the hub: status, and the object in the answer. */
int32_t raw_add_service(struct raw *raw, const char *name, uint64_t stub, bool is_distributed);
int32_t raw_get_service(struct raw *raw, const char *device, const char *name, struct wire_object *ret_object);
int32_t raw_link_death(struct raw *raw, uint64_t handle);
/* Passes one object to target with code KIT_HOLD. */
int32_t raw_pass(struct raw *raw, uint64_t target, enum wire_object_kind kind, uint64_t id);

#endif
