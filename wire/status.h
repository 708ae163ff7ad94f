/*
 * Status numbers as they travel in REPLY and REFUSED. docs/protocol-app.md, section "Status"; the public names in
 * softbus/error.h have the same numbers (libsoftbus/error.c asserts it).
 */
#ifndef SB_WIRE_STATUS_H
#define SB_WIRE_STATUS_H

enum wire_status {
    WIRE_OK = 0,
    WIRE_INVALID = -1,
    WIRE_NO_MEMORY = -2,
    WIRE_DISCONNECTED = -3,
    WIRE_NO_DAEMON = -4,
    WIRE_VERSION = -5,
    WIRE_PARCEL_FULL = -6,
    WIRE_PARCEL_END = -7,
    WIRE_PARCEL_TYPE = -8,
    WIRE_TOO_LARGE = -9,
    WIRE_DEATH_UNSUPPORTED = -10,
    WIRE_PASSBACK = -11,
    WIRE_DOUBLE_FORWARD = -12,
    WIRE_NO_INTRODUCTION = -13,
    WIRE_DEAD_OBJECT = -14,
    WIRE_DIED = -15,
    WIRE_DEVICE_OFFLINE = -16,
    WIRE_DEVICE_LOST = -17,
    WIRE_TIMEOUT = -18,
    WIRE_CANCELED = -19,
    WIRE_AGAIN = -20,
    WIRE_UNKNOWN_CODE = -21,
    WIRE_INTERFACE = -22,
    WIRE_NO_SERVICE = -23,
    WIRE_NAME_TAKEN = -24,
    WIRE_NAME_INVALID = -25,
    WIRE_DENIED = -26,
    WIRE_NO_DEVICE = -27,
    WIRE_BAD_DEVICE_ID = -28,
    WIRE_FAILED = -29,
    WIRE_PROTOCOL = -30,
    WIRE_LIMIT = -31,
    WIRE_NO_IDENTITY = -32,
    WIRE_BAD_REQUEST = -33,
    WIRE_NOT_LINKED = -34,
    WIRE_STORE = -35,
    WIRE_DESCRIPTOR = -36,
    WIRE_START = -37,
    WIRE_SEALS = -38,
    WIRE_STATUS_MIN = WIRE_SEALS,
};

/* Why a link to death fired. docs/protocol-app.md, DEATH. */
enum wire_death {
    WIRE_DEATH_PROCESS_DIED = 1,
    WIRE_DEATH_WITHDRAWN = 2,
    WIRE_DEATH_DEVICE_LOST = 3,
    WIRE_DEATH_TRUST_REVOKED = 4,
    WIRE_DEATH_ACCESS_REVOKED = 5,
};

#endif
