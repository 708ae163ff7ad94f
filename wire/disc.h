/*
 * Messages between the daemon and its discovery helper, one per SOCK_SEQPACKET datagram: docs/discovery.md, section
 * "Helper protocol". What decodes here is well formed; whether an address may be dialled is discovery's business.
 */
#ifndef WIRE_DISC_H
#define WIRE_DISC_H

#include "wire/cursor.h"
#include "wire/devid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_DISC_VERSION 1
#define WIRE_DISC_MESSAGE_MAX 1024
#define WIRE_DISC_INSTANCE_MAX 63  /* a DNS label */
#define WIRE_DISC_INTERFACES_MAX 32
#define WIRE_DISC_INTERFACE_MAX 15 /* IFNAMSIZ without the NUL */
#define WIRE_DISC_LOG_MAX 255

enum wire_disc_type {
    WIRE_DISC_CONFIG = 1, /* daemon to helper, once, first */
    WIRE_DISC_READY,      /* the rest: helper to daemon; READY once, before any FOUND */
    WIRE_DISC_FOUND,
    WIRE_DISC_LOST,
    WIRE_DISC_LOG,
    WIRE_DISC_ALIVE, /* nothing else to say */
};

enum wire_disc_family { WIRE_DISC_IPV4 = 4, WIRE_DISC_IPV6 = 6 };

/* Bits of wire_disc_ready.sandbox: what the helper has put itself under. */
enum {
    WIRE_DISC_SANDBOX_USER = 1,    /* another user than root */
    WIRE_DISC_SANDBOX_ROOT = 2,    /* an empty root directory */
    WIRE_DISC_SANDBOX_CAPS = 4,    /* no capabilities, and none to be had */
    WIRE_DISC_SANDBOX_SECCOMP = 8, /* the system-call filter */
};

struct wire_disc_address {
    enum wire_disc_family family;
    uint16_t port;     /* not 0 */
    uint32_t scope;    /* interface index for link-local IPv6, else 0 */
    uint8_t bytes[16]; /* network order; the first 4 for IPv4, and the rest 0 */
};

struct wire_disc_config {
    struct wire_devid id;
    uint16_t port; /* not 0 */
    bool use_ipv4, use_ipv6;
    struct wire_str instance; /* not empty */
    size_t n_interfaces;      /* 0: all but lo */
    struct wire_str interfaces[WIRE_DISC_INTERFACES_MAX];
};

struct wire_disc_seen {
    struct wire_devid id;
    uint32_t version; /* protocol version announced, not 0; absent (0) in LOST */
    struct wire_disc_address address;
};

struct wire_disc_message {
    enum wire_disc_type type;
    union {
        struct wire_disc_config config;
        struct { uint32_t sandbox; } ready;
        struct wire_disc_seen seen; /* FOUND, LOST */
        struct { uint8_t level; struct wire_str text; } log; /* level: enum sb_log_level, 0 … 3 */
    };
};

/* 0; -EBADMSG. Strings are views into data. */
int wire_disc_decode(const void *data, size_t size, struct wire_disc_message *ret_message);

/* Appends one message. -EINVAL: a value that decoding would refuse; -ENOBUFS, -ENOMEM. */
int wire_disc_encode(const struct wire_disc_message *message, struct sb_buf *buf);

#endif
