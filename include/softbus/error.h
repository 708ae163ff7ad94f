/**
 * @file softbus/error.h
 * Errors of softbus: every function that can fail returns 0 or one of these negative numbers.
 *
 * @code
 * int r = softbus_call(board, POST, request, reply, 0);
 * if (r < 0) {
 *     fprintf(stderr, "post: %s\n", softbus_strerror(r));
 *     if (softbus_error_get_outcome(r) == SOFTBUS_OUTCOME_NOT_STARTED)
 *         try_again();
 * }
 * @endcode
 */
#ifndef SOFTBUS_ERROR_H
#define SOFTBUS_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/** @since 0.1 */
enum softbus_error {
    SOFTBUS_OK = 0,
    SOFTBUS_ERR_INVALID = -1,            /**< an argument is out of its range */
    SOFTBUS_ERR_NO_MEMORY = -2,          /**< out of memory, here or in softbusd */
    SOFTBUS_ERR_DISCONNECTED = -3,       /**< softbusd is gone, or was for too long: softbus_set_reconnect() */
    SOFTBUS_ERR_NO_DAEMON = -4,          /**< softbusd could not be reached at all */
    SOFTBUS_ERR_VERSION = -5,            /**< softbusd and this library have no protocol version in common */
    SOFTBUS_ERR_PARCEL_FULL = -6,        /**< rule 1: the write would pass the parcel's capacity */
    SOFTBUS_ERR_PARCEL_END = -7,         /**< nothing is left to read */
    SOFTBUS_ERR_PARCEL_TYPE = -8,        /**< the next value has another type, or does not fit the room given */
    SOFTBUS_ERR_TOO_LARGE = -9,          /**< rule 1: more than 204,800 bytes for this device, 1 MiB for another */
    SOFTBUS_ERR_DEATH_UNSUPPORTED = -10, /**< rule 2: link to death of a remote anonymous stub */
    SOFTBUS_ERR_PASSBACK = -11,          /**< rule 3: a proxy on its way to the device that hosts its stub */
    SOFTBUS_ERR_DOUBLE_FORWARD = -12,    /**< rule 4: a remote proxy passed twice between local processes */
    SOFTBUS_ERR_NO_INTRODUCTION = -13,   /**< a remote proxy on its way to a third device, which cannot be introduced */
    SOFTBUS_ERR_DEAD_OBJECT = -14,       /**< the stub was gone before the call reached it */
    SOFTBUS_ERR_DIED = -15,              /**< the stub went away while the call was with it */
    SOFTBUS_ERR_DEVICE_OFFLINE = -16,    /**< no session with that device, and the call had not left */
    SOFTBUS_ERR_DEVICE_LOST = -17,       /**< the device was lost after the call had left */
    SOFTBUS_ERR_TIMEOUT = -18,           /**< the deadline passed */
    SOFTBUS_ERR_CANCELED = -19,          /**< the caller cancelled */
    SOFTBUS_ERR_AGAIN = -20,             /**< too many calls under way, or too much queued for the receiver; try again later */
    SOFTBUS_ERR_UNKNOWN_CODE = -21,      /**< the stub has no such code */
    SOFTBUS_ERR_INTERFACE = -22,         /**< the request's interface token is not the stub's descriptor */
    SOFTBUS_ERR_NO_SERVICE = -23,        /**< no service of that name, or it is not offered to other devices */
    SOFTBUS_ERR_NAME_TAKEN = -24,        /**< another object has that service name */
    SOFTBUS_ERR_NAME_INVALID = -25,      /**< not a service name: 1-255 of [A-Za-z0-9._-], letter or digit at both ends */
    SOFTBUS_ERR_DENIED = -26,            /**< you may not do this */
    SOFTBUS_ERR_NO_DEVICE = -27,         /**< that device is not known or not trusted */
    SOFTBUS_ERR_BAD_DEVICE_ID = -28,     /**< not a device id: 56 characters, of which four are check characters */
    SOFTBUS_ERR_FAILED = -29,            /**< the stub's handler ran and failed */
    SOFTBUS_ERR_PROTOCOL = -30,          /**< the other side broke the protocol */
    SOFTBUS_ERR_LIMIT = -31,             /**< a limit of softbusd.conf(5) is reached */
    SOFTBUS_ERR_NO_IDENTITY = -32,       /**< there is no caller, or its identity is not known */
    SOFTBUS_ERR_BAD_REQUEST = -33,       /**< the stub's handler could not read the request */
    SOFTBUS_ERR_NOT_LINKED = -34,        /**< there is no such link to death */
    SOFTBUS_ERR_STORE = -35,             /**< softbusd could not write its trust store; its log says why */
    SOFTBUS_ERR_DESCRIPTOR = -36,        /**< descriptors and shared memory cannot be sent to another device */
    SOFTBUS_ERR_START = -37,             /**< the program that offers the service could not be started; softbusd's log says why */
    SOFTBUS_ERR_SEALS = -38,             /**< shared memory that its maker could still shrink or grow, or of another size than said */
};

/** What has become of a call that returned a given error. @since 0.1 */
enum softbus_outcome {
    SOFTBUS_OUTCOME_DONE,        /**< the handler ran and answered (0, or an error of its own) */
    SOFTBUS_OUTCOME_NOT_STARTED, /**< the handler did not run: safe to repeat */
    SOFTBUS_OUTCOME_UNKNOWN,     /**< it may have run: the device, the process or the patience was lost meanwhile */
};

/** A sentence for people that names rule, size and limit. Never NULL; static text. Any thread. @since 0.1 */
const char *softbus_strerror(int error);

/** The name of the constant, "SOFTBUS_ERR_PASSBACK"; "SOFTBUS_ERR_?" for unknown numbers. Any thread. @since 0.1 */
const char *softbus_error_get_name(int error);

/** Tells the three outcomes apart. Any thread. @since 0.1 */
enum softbus_outcome softbus_error_get_outcome(int error);

#ifdef __cplusplus
}
#endif
#endif
