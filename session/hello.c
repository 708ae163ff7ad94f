/* Opening of a connection; see hello.h. */
#include "session/hello.h"

#include "wire/frame.h"

#include <errno.h>

void sess_hello_init(struct sess_hello *hello, bool is_dialler)
{
    hello->state = is_dialler ? SESS_HELLO_IDLE : SESS_HELLO_WAITING;
}

static int step(struct sess_hello *hello, enum sess_hello_state from, enum sess_hello_state to)
{
    if (hello->state != from)
        return -EPROTO;
    hello->state = to;
    return 0;
}

int sess_hello_send(struct sess_hello *hello, uint8_t type)
{
    switch (type) {
    case WIRE_FRAME_HELLO:
        return step(hello, SESS_HELLO_IDLE, SESS_HELLO_ASKED);
    case WIRE_FRAME_ACCEPT:
        return step(hello, SESS_HELLO_DECIDING, SESS_HELLO_DONE);
    case WIRE_FRAME_REJECT:
        return step(hello, SESS_HELLO_DECIDING, SESS_HELLO_REFUSED);
    default:
        return hello->state == SESS_HELLO_DONE ? 0 : -EPROTO;
    }
}

int sess_hello_take(struct sess_hello *hello, uint8_t type)
{
    switch (type) {
    case WIRE_FRAME_HELLO:
        return step(hello, SESS_HELLO_WAITING, SESS_HELLO_DECIDING);
    case WIRE_FRAME_ACCEPT:
        return step(hello, SESS_HELLO_ASKED, SESS_HELLO_DONE);
    case WIRE_FRAME_REJECT:
        return step(hello, SESS_HELLO_ASKED, SESS_HELLO_REFUSED);
    default:
        return hello->state == SESS_HELLO_DONE ? 0 : -EPROTO;
    }
}

int sess_hello_choose_version(const struct wire_frame_hello *peer, uint16_t *ret_version)
{
    if (peer->version_min > WIRE_FRAME_VERSION || peer->version_max < WIRE_FRAME_VERSION)
        return -EPROTONOSUPPORT;
    *ret_version = WIRE_FRAME_VERSION;
    return 0;
}
