/* Error numbers, their texts and outcomes; see softbus/error.h. */
#include "softbus/error.h"

#include "wire/status.h"

/* What travels and what apps see are the same numbers. */
#define SAME(name) _Static_assert((int)SOFTBUS_ERR_##name == (int)WIRE_##name, "SOFTBUS_ERR_" #name)
SAME(INVALID);
SAME(NO_MEMORY);
SAME(DISCONNECTED);
SAME(NO_DAEMON);
SAME(VERSION);
SAME(PARCEL_FULL);
SAME(PARCEL_END);
SAME(PARCEL_TYPE);
SAME(TOO_LARGE);
SAME(DEATH_UNSUPPORTED);
SAME(PASSBACK);
SAME(DOUBLE_FORWARD);
SAME(NO_INTRODUCTION);
SAME(DEAD_OBJECT);
SAME(DIED);
SAME(DEVICE_OFFLINE);
SAME(DEVICE_LOST);
SAME(TIMEOUT);
SAME(CANCELED);
SAME(AGAIN);
SAME(UNKNOWN_CODE);
SAME(INTERFACE);
SAME(NO_SERVICE);
SAME(NAME_TAKEN);
SAME(NAME_INVALID);
SAME(DENIED);
SAME(NO_DEVICE);
SAME(BAD_DEVICE_ID);
SAME(FAILED);
SAME(PROTOCOL);
SAME(LIMIT);
SAME(NO_IDENTITY);
SAME(BAD_REQUEST);
SAME(NOT_LINKED);
SAME(STORE);
SAME(DESCRIPTOR);
SAME(START);
SAME(SEALS);
_Static_assert((int)SOFTBUS_OK == (int)WIRE_OK && (int)SOFTBUS_ERR_SEALS == (int)WIRE_STATUS_MIN, "none is missing");

const char *softbus_strerror(int error)
{
    switch ((enum softbus_error)error) {
    case SOFTBUS_OK:
        return "success";
    case SOFTBUS_ERR_INVALID:
        return "an argument is out of its range";
    case SOFTBUS_ERR_NO_MEMORY:
        return "out of memory, here or in softbusd";
    case SOFTBUS_ERR_DISCONNECTED:
        return "the connection to softbusd is gone";
    case SOFTBUS_ERR_NO_DAEMON:
        return "softbusd cannot be reached: it is not running, or listens on another socket";
    case SOFTBUS_ERR_VERSION:
        return "softbusd and this library have no protocol version in common";
    case SOFTBUS_ERR_PARCEL_FULL:
        return "rule 1 (size): the value does not fit into the parcel, whose capacity is 204,800 bytes unless it was made "
               "larger";
    case SOFTBUS_ERR_PARCEL_END:
        return "nothing is left to read in the parcel";
    case SOFTBUS_ERR_PARCEL_TYPE:
        return "the next value of the parcel has another type, or does not fit the room given";
    case SOFTBUS_ERR_TOO_LARGE:
        return "rule 1 (size): a transaction carries at most 204,800 bytes to a process of this device and 1,048,576 bytes "
               "to another device";
    case SOFTBUS_ERR_DEATH_UNSUPPORTED:
        return "rule 2 (death): the death of another device's anonymous stub cannot be linked to, only that of a service";
    case SOFTBUS_ERR_PASSBACK:
        return "rule 3 (no passback): a proxy cannot be passed back to the device that hosts its stub";
    case SOFTBUS_ERR_DOUBLE_FORWARD:
        return "rule 4 (no double forwarding): a proxy of another device's stub that a process of this device passed on "
               "cannot be passed on again on this device";
    case SOFTBUS_ERR_NO_INTRODUCTION:
        return "a proxy of another device's stub was on its way to a third device, which cannot be introduced to it";
    case SOFTBUS_ERR_DEAD_OBJECT:
        return "the object is dead: its stub was gone before the call reached it";
    case SOFTBUS_ERR_DIED:
        return "the stub went away while the call was with it; the call may have run";
    case SOFTBUS_ERR_DEVICE_OFFLINE:
        return "there is no session with that device; nothing was sent";
    case SOFTBUS_ERR_DEVICE_LOST:
        return "the device was lost after the call had left; the call may have run";
    case SOFTBUS_ERR_TIMEOUT:
        return "the deadline passed without an answer; the call may have run";
    case SOFTBUS_ERR_CANCELED:
        return "the call was cancelled by its caller";
    case SOFTBUS_ERR_AGAIN:
        return "too much is under way, of this app or for the receiver; try again later, and see `softbusctl quota`";
    case SOFTBUS_ERR_UNKNOWN_CODE:
        return "the stub has no such code";
    case SOFTBUS_ERR_INTERFACE:
        return "the request's interface token is not the stub's descriptor";
    case SOFTBUS_ERR_NO_SERVICE:
        return "there is no service of that name, or it is not offered to other devices";
    case SOFTBUS_ERR_NAME_TAKEN:
        return "another object has that service name";
    case SOFTBUS_ERR_NAME_INVALID:
        return "not a service name: it has 1 to 255 characters of A-Z, a-z, 0-9, '.', '_' and '-', and begins and ends with "
               "a letter or digit";
    case SOFTBUS_ERR_DENIED:
        return "permission denied";
    case SOFTBUS_ERR_NO_DEVICE:
        return "that device is not known or not trusted";
    case SOFTBUS_ERR_BAD_DEVICE_ID:
        return "not a device id: it has 56 letters and digits, of which four are check characters (a typing error?)";
    case SOFTBUS_ERR_FAILED:
        return "the stub's handler ran and failed";
    case SOFTBUS_ERR_PROTOCOL:
        return "the other side broke the protocol";
    case SOFTBUS_ERR_LIMIT:
        return "a limit is reached: 128 objects in a parcel, 65,536 calls under way, or one that `softbusctl quota` shows";
    case SOFTBUS_ERR_NO_IDENTITY:
        return "the caller's identity is not known";
    case SOFTBUS_ERR_BAD_REQUEST:
        return "the stub could not read the request";
    case SOFTBUS_ERR_NOT_LINKED:
        return "there is no such link to death";
    case SOFTBUS_ERR_STORE:
        return "softbusd could not write its trust store; its log says why";
    case SOFTBUS_ERR_DESCRIPTOR:
        return "descriptors and shared memory cannot be sent to another device";
    case SOFTBUS_ERR_START:
        return "the program that offers the service could not be started, or did not register it in time; softbusd's log says why";
    case SOFTBUS_ERR_SEALS:
        return "the shared memory is not sealed against shrinking and growing, or has another size than was said";
    }
    return "unknown error number";
}

const char *softbus_error_get_name(int error)
{
#define NAME(name) \
    case SOFTBUS_ERR_##name: \
        return "SOFTBUS_ERR_" #name
    switch ((enum softbus_error)error) {
    case SOFTBUS_OK:
        return "SOFTBUS_OK";
        NAME(INVALID);
        NAME(NO_MEMORY);
        NAME(DISCONNECTED);
        NAME(NO_DAEMON);
        NAME(VERSION);
        NAME(PARCEL_FULL);
        NAME(PARCEL_END);
        NAME(PARCEL_TYPE);
        NAME(TOO_LARGE);
        NAME(DEATH_UNSUPPORTED);
        NAME(PASSBACK);
        NAME(DOUBLE_FORWARD);
        NAME(NO_INTRODUCTION);
        NAME(DEAD_OBJECT);
        NAME(DIED);
        NAME(DEVICE_OFFLINE);
        NAME(DEVICE_LOST);
        NAME(TIMEOUT);
        NAME(CANCELED);
        NAME(AGAIN);
        NAME(UNKNOWN_CODE);
        NAME(INTERFACE);
        NAME(NO_SERVICE);
        NAME(NAME_TAKEN);
        NAME(NAME_INVALID);
        NAME(DENIED);
        NAME(NO_DEVICE);
        NAME(BAD_DEVICE_ID);
        NAME(FAILED);
        NAME(PROTOCOL);
        NAME(LIMIT);
        NAME(NO_IDENTITY);
        NAME(BAD_REQUEST);
        NAME(NOT_LINKED);
        NAME(STORE);
        NAME(DESCRIPTOR);
        NAME(START);
        NAME(SEALS);
    }
    return "SOFTBUS_ERR_?";
#undef NAME
}

enum softbus_outcome softbus_error_get_outcome(int error)
{
    switch ((enum softbus_error)error) {
    case SOFTBUS_OK:
    case SOFTBUS_ERR_UNKNOWN_CODE:
    case SOFTBUS_ERR_DENIED: /* by policy or by the handler: either way it is the answer */
    case SOFTBUS_ERR_FAILED:
    case SOFTBUS_ERR_BAD_REQUEST:
    case SOFTBUS_ERR_STORE:
        return SOFTBUS_OUTCOME_DONE;
    case SOFTBUS_ERR_INVALID:
    case SOFTBUS_ERR_NO_DAEMON:
    case SOFTBUS_ERR_VERSION:
    case SOFTBUS_ERR_PARCEL_FULL:
    case SOFTBUS_ERR_PARCEL_END:
    case SOFTBUS_ERR_PARCEL_TYPE:
    case SOFTBUS_ERR_DEATH_UNSUPPORTED:
    case SOFTBUS_ERR_DEAD_OBJECT:
    case SOFTBUS_ERR_DEVICE_OFFLINE:
    case SOFTBUS_ERR_AGAIN:
    case SOFTBUS_ERR_INTERFACE:
    case SOFTBUS_ERR_NO_SERVICE:
    case SOFTBUS_ERR_NAME_TAKEN:
    case SOFTBUS_ERR_NAME_INVALID:
    case SOFTBUS_ERR_NO_DEVICE:
    case SOFTBUS_ERR_BAD_DEVICE_ID:
    case SOFTBUS_ERR_NO_IDENTITY:
    case SOFTBUS_ERR_NOT_LINKED:
    case SOFTBUS_ERR_START:
    case SOFTBUS_ERR_SEALS:
        return SOFTBUS_OUTCOME_NOT_STARTED;
    case SOFTBUS_ERR_TOO_LARGE: /* these five may be said of the request or of the reply */
    case SOFTBUS_ERR_PASSBACK:
    case SOFTBUS_ERR_DOUBLE_FORWARD:
    case SOFTBUS_ERR_NO_INTRODUCTION:
    case SOFTBUS_ERR_DESCRIPTOR:
    case SOFTBUS_ERR_LIMIT:     /* and so may these: the objects of either count */
    case SOFTBUS_ERR_NO_MEMORY:
    case SOFTBUS_ERR_DISCONNECTED:
    case SOFTBUS_ERR_DIED:
    case SOFTBUS_ERR_DEVICE_LOST:
    case SOFTBUS_ERR_TIMEOUT:
    case SOFTBUS_ERR_CANCELED:
    case SOFTBUS_ERR_PROTOCOL:
        return SOFTBUS_OUTCOME_UNKNOWN;
    }
    return SOFTBUS_OUTCOME_UNKNOWN;
}
