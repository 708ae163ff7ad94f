/*
 * The opening of a connection: one HELLO from who dialled, one ACCEPT or REJECT back, each once and in that order.
 * Pure: it says whether a frame may come now; what to answer is settled in settle.h. docs/protocol-peer.md, "HELLO".
 */
#ifndef SESS_HELLO_H
#define SESS_HELLO_H

#include <stdbool.h>
#include <stdint.h>

struct wire_frame;
struct wire_frame_hello;

enum sess_hello_state {
    SESS_HELLO_IDLE,     /* the dialler has not sent its HELLO */
    SESS_HELLO_ASKED,    /* the dialler waits for the answer */
    SESS_HELLO_WAITING,  /* the acceptor waits for the HELLO */
    SESS_HELLO_DECIDING, /* the acceptor has it and owes the answer */
    SESS_HELLO_DONE,     /* accepted */
    SESS_HELLO_REFUSED,
};

struct sess_hello {
    enum sess_hello_state state;
};

void sess_hello_init(struct sess_hello *hello, bool is_dialler);

/* Our own frame of this type goes out now. -EPROTO: not in this state. */
int sess_hello_send(struct sess_hello *hello, uint8_t type);

/* A frame of this type has come. -EPROTO: not in this state. */
int sess_hello_take(struct sess_hello *hello, uint8_t type);

/* The highest version that both speak; -EPROTONOSUPPORT: none. */
int sess_hello_choose_version(const struct wire_frame_hello *peer, uint16_t *ret_version);

#endif
