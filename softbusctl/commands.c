/* The table of commands, and what is common to them: options, the connection, help. */
#include "softbusctl/ctl.h"
#include "softbusctl/fail.h"
#include "softbusctl/number.h"

#include <getopt.h>
#include <locale.h>
#include <softbus/bus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static const struct ctl_command command_table[] = {
    { "status", ctl_status_run, "", "what softbusd says of itself, and this device's id", NULL, NULL, false },
    { "quota", ctl_quota_run, "[--app|--user]", "who uses how much of softbusd, the limit, and the key that sets it", NULL, NULL, false },
    { "devices", ctl_devices_run, "", "devices found on the network or trusted", NULL, NULL, false },
    { "services", ctl_services_run, "[DEVICE]", "services of this device, or those that another offers", NULL, NULL,
      false },
    { "ping", ctl_ping_run, "[-c N] [-i MS] [-W MS] DEVICE[/SERVICE]",
      "round trips to a device's softbusd, or to a service",
      "  -c N    stop after N pings (else at Ctrl-C)\n"
      "  -i MS   from one ping to the next (1000)\n"
      "  -W MS   wait for each answer (2000)\n", NULL, false },
    { "call", ctl_call_run, "DEVICE/SERVICE CODE [--token T] [--oneway] [TYPE VALUE]...",
      "call a service, print its reply",
      "  CODE    a number, or ping, interface, dump (which every object answers)\n"
      "  TYPE    bool i8 u8 i16 u16 i32 u32 i64 u64 float double string string16 bytes (VALUE in hexadecimal) token\n"
      "  --token T   open the request with the interface token T\n"
      "  --oneway    do not wait for an answer\n", NULL, true },
    { "trust", ctl_trust_run, "list | add DEVICE-ID [NAME] | remove DEVICE", "whose key is trusted",
      "  list                     the trusted devices\n"
      "  add DEVICE-ID [NAME]     trust that key; or give a trusted device another name here\n"
      "  remove DEVICE            no longer trust it: its sessions end at once\n"
      "  Two devices talk when each trusts the other: `softbusctl status` shows the id to give to the other's `trust add`.\n",
      "list add remove", false },
    { "watch", ctl_watch_run, "", "devices and services as they come and go, until Ctrl-C", NULL, NULL, false },
    { "version", ctl_version_run, "", "version of this program", NULL, NULL, false },
    { "help", ctl_help_run, "[COMMAND]", "this text, or a command's", NULL, NULL, false },
    { NULL, NULL, NULL, NULL, NULL, NULL, false },
};

const struct ctl_command *ctl_commands_get(void)
{
    return command_table;
}

const struct ctl_command *ctl_commands_find(const char *name)
{
    for (const struct ctl_command *command = command_table; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

int ctl_connect(struct ctl *ctl)
{
    const char *named = ctl->socket_path ? ctl->socket_path : getenv("SOFTBUS_SOCKET");
    size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    int r;

    if (named && strlen(named) > max)
        return ctl_fail_usage(NULL, "%s: the path of a socket has at most %zu bytes, and this has %zu", named, max,
                              strlen(named));
    r = softbus_open(ctl->socket_path, "softbusctl", &ctl->bus);
    if (r < 0)
        return ctl_fail_connect(r, ctl->socket_path);
    softbus_set_reconnect(ctl->bus, 0); /* who asks wants to know now */
    return CTL_EXIT_OK;
}

/* Options may stand before or after the command; those of commands are left to them. Returns a status, or -1: go on. */
static int commands_parse_option(struct ctl *ctl, int option, const char *value)
{
    uint64_t timeout_ms;

    switch (option) {
    case 's':
        ctl->socket_path = value;
        return -1;
    case 'j':
        ctl->is_json = true;
        return -1;
    case 't':
        if (ctl_number_parse_unsigned(value, UINT32_MAX - 1, &timeout_ms) < 0 || timeout_ms == 0)
            return ctl_fail_usage(NULL, "--timeout: %s is not a number of milliseconds", value);
        ctl->timeout_ms = (uint32_t)timeout_ms;
        return -1;
    case 'h':
        return ctl_help_run(ctl, 1, (char *[]){ (char[]){ "help" }, NULL });
    case 'v':
        return ctl_version_run(ctl, 1, (char *[]){ (char[]){ "version" }, NULL });
    default:
        return ctl_fail_usage(NULL, "unknown option, or a value is missing");
    }
}

/* The options of all commands are also known after the command's name: `softbusctl devices --json`. They are taken out
 * of argv so that a command sees its own arguments only. */
static int commands_take_options(struct ctl *ctl, int *argc, char **argv)
{
    static const struct {
        const char *name;
        int option;
        bool has_value;
    } common[] = { { "--json", 'j', false }, { "--socket", 's', true }, { "--timeout", 't', true } };
    int n = 1, r;

    for (int i = 1; i < *argc; i++) {
        size_t k = 0;

        if (strcmp(argv[i], "--") == 0) { /* what follows is data, whatever it looks like */
            while (i < *argc)
                argv[n++] = argv[i++];
            break;
        }
        while (k < 3 && strcmp(argv[i], common[k].name) != 0)
            k++;
        if (k == 3) {
            argv[n++] = argv[i];
            continue;
        }
        if (common[k].has_value && i + 1 == *argc)
            return ctl_fail_usage(NULL, "%s: a value is missing", argv[i]);
        if (common[k].has_value)
            i++;
        r = commands_parse_option(ctl, common[k].option, argv[i]);
        if (r >= 0)
            return r;
    }
    argv[n] = NULL;
    *argc = n;
    return -1;
}

static bool commands_ask_for_help(const struct ctl_command *command, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "-h") == 0)
        return true;
    for (int i = 1; i < (command->takes_data && argc > 2 ? 2 : argc) && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

static int commands_run(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_command *command = argc > 0 ? ctl_commands_find(argv[0]) : NULL;
    int r;

    if (argc <= 0)
        return ctl_fail_usage(NULL, "a command is missing");
    if (!command)
        return ctl_fail_usage(NULL, "%s: no such command", argv[0]);
    r = commands_take_options(ctl, &argc, argv);
    if (r >= 0)
        return r;
    if (commands_ask_for_help(command, argc, argv))
        return ctl_help_run(ctl, 2, (char *[]){ (char[]){ "help" }, argv[0], NULL });
    return command->run(ctl, argc, argv);
}

int ctl_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "socket", required_argument, NULL, 's' }, { "json", no_argument, NULL, 'j' },
        { "timeout", required_argument, NULL, 't' }, { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'v' },      { NULL, 0, NULL, 0 },
    };
    struct ctl ctl = { .bus = NULL };
    int option, r;

    setlocale(LC_CTYPE, "");
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
        r = commands_parse_option(&ctl, option, optarg);
        if (r >= 0)
            return r;
    }
    r = commands_run(&ctl, argc - optind, argv + optind);
    softbus_close(ctl.bus);
    if (r == CTL_EXIT_OK && fflush(stdout) != 0)
        return ctl_fail_errno("standard output");
    return r;
}
