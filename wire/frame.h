/*
 * Frames between two devices: an 8-byte header (u16 payload length, u8 type, u8 flags = 0, u32 stream) and the payload.
 * docs/protocol-peer.md, "Frames". Reading yields a validated struct of views; writing appends to a buffer.
 *
 * The type says what an unknown frame means to an older peer: 0x01-0x0f open a connection and are errors after that,
 * 0x10-0x7f are sequenced (counted, acknowledged, resent; an unknown one is counted and ignored), 0x80-0xff are not.
 */
#ifndef SB_WIRE_FRAME_H
#define SB_WIRE_FRAME_H

#include "wire/cursor.h"

#define WIRE_FRAME_HEADER_SIZE 8
#define WIRE_FRAME_MAX (16 * 1024) /* header and payload */
#define WIRE_FRAME_PAYLOAD_MAX (WIRE_FRAME_MAX - WIRE_FRAME_HEADER_SIZE)
#define WIRE_FRAME_NAME_MAX 63
#define WIRE_FRAME_VERSION 1

enum wire_frame_type {
    WIRE_FRAME_HELLO = 0x01,
    WIRE_FRAME_ACCEPT = 0x02,
    WIRE_FRAME_REJECT = 0x03,
    WIRE_FRAME_DATA = 0x10,
    WIRE_FRAME_CREDIT = 0x11,
    WIRE_FRAME_END_STREAM = 0x12,
    WIRE_FRAME_STREAM_ENDED = 0x13,
    WIRE_FRAME_PING = 0x80,
    WIRE_FRAME_PONG = 0x81,
    WIRE_FRAME_ACK = 0x82,
    WIRE_FRAME_CLOSE = 0x83,
};

enum wire_frame_reject { WIRE_FRAME_REJECT_BUSY = 1, WIRE_FRAME_REJECT_VERSION = 2 };
enum wire_frame_close { WIRE_FRAME_CLOSE_SHUTDOWN = 1, WIRE_FRAME_CLOSE_UNTRUSTED = 2, WIRE_FRAME_CLOSE_PROTOCOL = 3 };

/* HELLO and ACCEPT; in an ACCEPT both versions are the chosen one. */
struct wire_frame_hello {
    uint16_t version_min, version_max;
    uint64_t instance; /* of the daemon, random at its start; never 0 */
    uint64_t session;  /* HELLO: 0 when there is none; ACCEPT: never 0 */
    uint64_t received; /* sequenced frames received in that session */
    uint32_t window_bytes; /* initial credit of each stream towards the sender of this frame */
    uint32_t n_streams;
    uint32_t message_max;
    uint32_t heartbeat_ms;
    struct wire_str name;
};

struct wire_frame {
    uint8_t type;
    uint32_t stream;
    struct wire_bytes payload; /* as it came: a DATA frame's bytes */
    union {
        struct wire_frame_hello hello; /* HELLO, ACCEPT */
        uint32_t reason;               /* REJECT, CLOSE; unknown values are passed on */
        uint32_t credit_bytes;         /* CREDIT; never 0 */
        uint64_t stamp;                /* PING, PONG: chosen by who pings */
        uint64_t received;             /* ACK: sequenced frames received so far */
    };
};

static inline bool wire_frame_is_sequenced(uint8_t type)
{
    return type >= 0x10 && type < 0x80;
}

/* The first frame of the bytes, which it borrows, and its size. -EAGAIN: not all of it is there; -EBADMSG. */
int wire_frame_read(const uint8_t *bytes, size_t size, struct wire_frame *ret_frame, size_t *ret_size);

/* A header in front of payload_size bytes (at most WIRE_FRAME_PAYLOAD_MAX) that the caller adds. */
void wire_frame_store_header(uint8_t bytes[WIRE_FRAME_HEADER_SIZE], enum wire_frame_type type, uint32_t stream,
                             size_t payload_size);

/* Size of the frame whose header these bytes are: for frames of our own making. */
size_t wire_frame_load_size(const uint8_t bytes[WIRE_FRAME_HEADER_SIZE]);

/* Whole frames but DATA, from `type`, `stream` and the type's member. -EINVAL: a value that no reader would take;
 * -ENOBUFS, -ENOMEM; then the buffer is as it was. */
int wire_frame_write(struct sb_buf *buf, const struct wire_frame *frame);

#endif
