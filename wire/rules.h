/*
 * The rules about objects that are passed (design: the table "what is put into a parcel"). Pure, and used on both sides:
 * the library refuses before anything is sent, the hub enforces.
 */
#ifndef SB_WIRE_RULES_H
#define SB_WIRE_RULES_H

#include "wire/devid.h"
#include "wire/status.h"

#include <stddef.h>

/* What is passed. */
struct wire_passed {
    bool is_remote;           /* its stub is on another device: `home` */
    struct wire_devid home;
    uint8_t hops;             /* of the passing process's reference */
};

/* To whom. */
struct wire_destination {
    bool is_remote;           /* on another device: `device`; else a process of this device */
    struct wire_devid device;
};

/* WIRE_OK, WIRE_PASSBACK, WIRE_DOUBLE_FORWARD or WIRE_NO_INTRODUCTION. */
enum wire_status wire_rules_check_pass(const struct wire_passed *passed, const struct wire_destination *to);

/* Rule 1, requests and replies: WIRE_OK or WIRE_TOO_LARGE. */
enum wire_status wire_rules_check_size(size_t data_bytes, bool is_remote);

/* Rule 2: WIRE_OK or WIRE_DEATH_UNSUPPORTED. */
enum wire_status wire_rules_check_link(bool is_remote, bool is_service);

/* Why a service name is refused, or NULL when it is good: 1 to 255 characters of [A-Za-z0-9._-], that begins and ends with a
 * letter or digit. The text is a phrase that completes "the name ...". */
const char *wire_rules_check_name(const char *name, size_t size);

#endif
