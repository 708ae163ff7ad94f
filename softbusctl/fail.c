#include "softbusctl/fail.h"

#include "softbusctl/ctl.h"
#include "softbusctl/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <softbus/error.h>

#define WHAT_MAX 1024

static void fail_print(const char *format, va_list arguments)
{
    char text[WHAT_MAX];
    int n = vsnprintf(text, sizeof(text), format, arguments);

    fputs("softbusctl: ", stderr);
    if (n > 0)
        ctl_text_print(stderr, text, strlen(text));
}

int ctl_fail_get_status(int error)
{
    switch (error) {
    case SOFTBUS_OK:
        return CTL_EXIT_OK;
    case SOFTBUS_ERR_NO_DAEMON:
    case SOFTBUS_ERR_DISCONNECTED:
    case SOFTBUS_ERR_VERSION:
        return CTL_EXIT_NO_DAEMON;
    case SOFTBUS_ERR_NO_DEVICE:
    case SOFTBUS_ERR_NO_SERVICE:
    case SOFTBUS_ERR_DEAD_OBJECT:
        return CTL_EXIT_NOT_FOUND;
    case SOFTBUS_ERR_DENIED:
        return CTL_EXIT_DENIED;
    case SOFTBUS_ERR_TIMEOUT:
        return CTL_EXIT_TIMEOUT;
    case SOFTBUS_ERR_DEVICE_OFFLINE:
    case SOFTBUS_ERR_DEVICE_LOST:
        return CTL_EXIT_OFFLINE;
    case SOFTBUS_ERR_BAD_DEVICE_ID:
    case SOFTBUS_ERR_NAME_INVALID:
        return CTL_EXIT_USAGE;
    default:
        return CTL_EXIT_FAILED;
    }
}

/* What the person in front of the terminal can do about it; NULL when the error's own text says all. */
static const char *fail_get_advice(int error)
{
    switch (error) {
    case SOFTBUS_ERR_NO_DAEMON:
        if (!getenv("XDG_RUNTIME_DIR"))
            return "start it: `systemctl start softbusd`; a daemon of your own (`softbusd --user`) is found by XDG_RUNTIME_DIR,\n"
                   "  which is not set here: logging in sets it where systemd runs; elsewhere make a directory of your own and\n"
                   "  `export XDG_RUNTIME_DIR=DIRECTORY`, the same for softbusd and for apps;\n"
                   "  for a daemon with a socket of its own give --socket PATH or set SOFTBUS_SOCKET";
        return "start it: `systemctl start softbusd`, `systemctl --user start softbusd`, or `softbusd --user` in a terminal;\n"
               "  for a daemon with a socket of its own give --socket PATH or set SOFTBUS_SOCKET";
    case SOFTBUS_ERR_DISCONNECTED:
        return "softbusd has gone or closed the connection; its log says why";
    case SOFTBUS_ERR_VERSION:
        return "restart softbusd after an upgrade, so that it and this program are of the same release";
    case SOFTBUS_ERR_NO_DEVICE:
        return "`softbusctl devices` shows who is there; `softbusctl trust add DEVICE-ID [NAME]` trusts one\n"
               "  (on both devices, each with the id that `softbusctl status` shows on the other)";
    case SOFTBUS_ERR_NO_SERVICE:
        return "`softbusctl services DEVICE` shows what it offers; only distributed services are seen from other devices";
    case SOFTBUS_ERR_DENIED:
        return "be root or the user that softbusd runs as";
    case SOFTBUS_ERR_TIMEOUT:
        return "--timeout MS waits longer";
    case SOFTBUS_ERR_DEVICE_OFFLINE:
        return "is it switched on, on the same network, and does it trust this device too? `softbusctl watch` shows when it comes";
    case SOFTBUS_ERR_BAD_DEVICE_ID:
        return "`softbusctl status` shows a device's id; copy all of it";
    case SOFTBUS_ERR_START:
        return "softbusd's log says why: `journalctl -u softbusd`, `journalctl --user -u softbusd`, or its standard error in a terminal;\n"
               "  after a failure it is not tried again for 1 s, after several for up to 60 s: softbusd.service(5), FAILURE";
    case SOFTBUS_ERR_INTERFACE:
        return "`softbusctl call DEVICE/SERVICE interface` shows its interface, for --token";
    case SOFTBUS_ERR_STORE:
        return "softbusd's log says why; is the disk full, is its state directory writable?";
    default:
        return NULL;
    }
}

static int fail_say(int error, const char *advice, const char *what_format, va_list arguments)
{
    fflush(stdout);
    fail_print(what_format, arguments);
    fprintf(stderr, ": %s (%s)\n", softbus_strerror(error), softbus_error_get_name(error));
    if (advice)
        fprintf(stderr, "  %s\n", advice);
    return ctl_fail_get_status(error);
}

int ctl_fail(int error, const char *what_format, ...)
{
    va_list arguments;
    int status;

    va_start(arguments, what_format);
    status = fail_say(error, fail_get_advice(error), what_format, arguments);
    va_end(arguments);
    return status;
}

static int fail_advise(int error, const char *advice, const char *what_format, ...) __attribute__((__format__(printf, 3, 4)));

static int fail_advise(int error, const char *advice, const char *what_format, ...)
{
    va_list arguments;
    int status;

    va_start(arguments, what_format);
    status = fail_say(error, advice, what_format, arguments);
    va_end(arguments);
    return status;
}

int ctl_fail_connect(int error, const char *socket_path)
{
    const char *advice = fail_get_advice(error);

    if (!socket_path)
        return ctl_fail(error, "connecting to softbusd");
    if (error == SOFTBUS_ERR_NO_DAEMON)
        advice = "start one that has this socket (`softbusd --socket PATH`), or leave --socket out";
    return fail_advise(error, advice, "connecting to softbusd at %s", socket_path);
}

int ctl_fail_service(int error, bool is_local, const char *doing, const char *name)
{
    const char *advice = fail_get_advice(error);

    if (error == SOFTBUS_ERR_DENIED)
        advice = "softbusd's policy, softbusd.policy(5), or the service itself does not let this user do it";
    else if (error == SOFTBUS_ERR_NO_SERVICE && is_local)
        advice = "`softbusctl services` shows what this device offers";
    return fail_advise(error, advice, "%s %s", doing, name);
}

int ctl_fail_usage(const char *command, const char *format, ...)
{
    const struct ctl_command *entry = command ? ctl_commands_find(command) : NULL;
    va_list arguments;

    va_start(arguments, format);
    fail_print(format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    if (entry)
        fprintf(stderr, "usage: softbusctl %s%s%s\n", entry->name, *entry->arguments ? " " : "", entry->arguments);
    fprintf(stderr, "`softbusctl help%s%s` says more\n", entry ? " " : "", entry ? entry->name : "");
    return CTL_EXIT_USAGE;
}

int ctl_fail_errno(const char *what)
{
    fprintf(stderr, "softbusctl: %s: %s\n", what, strerror(errno));
    return CTL_EXIT_FAILED;
}
