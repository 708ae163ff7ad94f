/*
 * A socket and its two queues: the connection to the hub, or one end of a direct channel. Sending and receiving never block;
 * waiting is wait.h's. Descriptors stay with the bytes they came with, in both directions.
 */
#ifndef SOFTBUS_LIB_STREAM_H
#define SOFTBUS_LIB_STREAM_H

#include "base/buf.h"
#include "base/list.h"
#include "wire/msg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct softbus;
struct softbus_waiter;

#define SOFTBUS_STREAM_FDS_MAX 64 /* received and not yet taken by a message */

enum softbus_stream_kind { SOFTBUS_STREAM_HUB, SOFTBUS_STREAM_CLIENT, SOFTBUS_STREAM_SERVER };

struct softbus_stream {
    struct softbus *bus;
    uint64_t id; /* in bus->streams: what epoll knows it by */
    enum softbus_stream_kind kind;
    bool is_blocked; /* nothing more is taken from it now: softbus_channel_unblock() */
    struct sb_list ready_link; /* bus->ready: something may be taken or received */
    struct sb_list dirty_link; /* bus->dirty: bytes were gathered in `out` */
    int fd;                    /* -1: closed */
    uint32_t polled;           /* events registered in bus->epoll_fd; 0: it is not there */
    bool is_readable;          /* the kernel may have bytes for us */
    bool has_whole;            /* `in` opens with a whole message, or a broken one; as of the last update */
    bool is_broken;            /* nothing can be sent any more; what was received is there still */
    bool is_over;              /* end of file, or broken: what is in `in` is the last */
    struct softbus_waiter *reader; /* who polls it by itself now */

    struct sb_buf in, out;
    struct sb_buf kept; /* messages put aside while nothing may run, in order; they go before `in` */
    size_t in_needed;   /* bytes of the message at the head of `in`, as far as known */
    uint64_t received_ms; /* when bytes came last */
    size_t usual;         /* bytes of the last message, when they are worth asking for at once */
    int in_fds[SOFTBUS_STREAM_FDS_MAX];
    uint8_t in_sets[SOFTBUS_STREAM_FDS_MAX]; /* how many of in_fds belong together: one set for each message that has any */
    unsigned n_in_fds, n_in_sets, n_kept_sets; /* the first n_kept_sets belong to messages in `kept` */
    uint64_t n_out;                /* bytes that have left `out` */
    struct sb_list out_fds;        /* struct softbus_stream_fds, by position */
};

/* takes fd, also on failure. NO_MEMORY. */
int softbus_stream_init(struct softbus_stream *stream, struct softbus *bus, enum softbus_stream_kind kind, int fd);
/* Closes it and every descriptor in it. */
void softbus_stream_deinit(struct softbus_stream *stream);

/* Sends bus->head with these bytes behind it, now or from the queue; `gathers`: small ones wait in the queue for
 * softbus_stream_flush_all(). fds are borrowed, and leave with the first byte. 0: it will be sent whole.
 * NO_MEMORY (or LIMIT, for descriptors): nothing was; DISCONNECTED: the stream is broken. */
struct softbus_outgoing_bytes {
    const void *data;
    size_t size;
    const int *fds;
    unsigned n_fds;
    bool gathers, is_lazy; /* is_lazy: to the hub, and not urgent at all: it leaves with what comes next, or soon */
};
int softbus_stream_send(struct softbus_stream *stream, const struct softbus_outgoing_bytes *bytes);

/* Sends what waits, as far as it goes. 0 or DISCONNECTED. */
int softbus_stream_flush(struct softbus_stream *stream);
void softbus_stream_flush_all(struct softbus *bus);
void softbus_stream_flush_lazy(struct softbus *bus);

/* Nothing more is sent; what was received can be taken still. Returns DISCONNECTED. */
int softbus_stream_break(struct softbus_stream *stream);

/* Receives once. 1: bytes came; 0: none now, or no room for them; DISCONNECTED: no more will. */
int softbus_stream_receive(struct softbus_stream *stream);

/* The message at the head: of `kept` when there is one and from_kept, else of `in`. 1, 0, or PROTOCOL. */
int softbus_stream_peek(struct softbus_stream *stream, bool from_kept, struct wire_msg *ret_msg, size_t *ret_size);

/* Takes the message that was peeked off. Gives its descriptors (message->n_fds of them) to ret_fds, or closes them when that is NULL.
 * LIMIT: they did not all arrive, and none is given; PROTOCOL: there are more than it says. */
int softbus_stream_consume(struct softbus_stream *stream, bool from_kept, const struct wire_msg *message, size_t size,
                           int *ret_fds);
/* Large data that ends `in` is not copied: `to` gets the memory with just these bytes in it, and its own becomes that of `in`, which is
 * empty then. False: not worth it, or not possible. */
bool softbus_stream_swap(struct softbus_stream *stream, struct wire_bytes data, struct sb_buf *to);

/* Moves the message at the head of `in` behind `kept`. NO_MEMORY. */
int softbus_stream_put_aside(struct softbus_stream *stream, const struct wire_msg *message, size_t size);

bool softbus_stream_has_room(const struct softbus_stream *stream); /* to receive */
bool softbus_stream_is_full(const struct softbus_stream *stream);  /* so much is queued that no more calls are */

/* Tells the kernel which events the bus's epoll descriptor is to have: none, or input, and output while something is queued. */
void softbus_stream_poll(struct softbus_stream *stream, bool wants_input);

/* Puts it among the ready ones if there is something to take or to receive, else takes it away. */
void softbus_stream_update(struct softbus_stream *stream);

#endif
