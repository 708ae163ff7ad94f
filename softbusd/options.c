/* The command line; see options.h. */
#include "softbusd/options.h"

#include "softbusd/config.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <string.h>

enum {
    OPTION_CONFIG = 256,
    OPTION_CONFIG_DIR,
    OPTION_STATE_DIR,
    OPTION_RUN_DIR,
    OPTION_SOCKET,
    OPTION_PORT,
    OPTION_NAME,
    OPTION_INTERFACE,
    OPTION_HELPER,
    OPTION_PEER,
    OPTION_LOG_LEVEL,
    OPTION_ALLOW_LOOPBACK,
    OPTION_NO_MDNS,
    OPTION_USER,
    OPTION_SYSTEM,
    OPTION_CHECK_CONFIG,
    OPTION_PRINT_ID,
    OPTION_VERSION,
    OPTION_HELP,
};

static const struct option long_options[] = {
    { "config", required_argument, NULL, OPTION_CONFIG },
    { "config-dir", required_argument, NULL, OPTION_CONFIG_DIR },
    { "state-dir", required_argument, NULL, OPTION_STATE_DIR },
    { "run-dir", required_argument, NULL, OPTION_RUN_DIR },
    { "socket", required_argument, NULL, OPTION_SOCKET },
    { "port", required_argument, NULL, OPTION_PORT },
    { "name", required_argument, NULL, OPTION_NAME },
    { "interface", required_argument, NULL, OPTION_INTERFACE },
    { "helper", required_argument, NULL, OPTION_HELPER },
    { "peer", required_argument, NULL, OPTION_PEER },
    { "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
    { "allow-loopback", no_argument, NULL, OPTION_ALLOW_LOOPBACK },
    { "no-mdns", no_argument, NULL, OPTION_NO_MDNS },
    { "user", no_argument, NULL, OPTION_USER },
    { "system", no_argument, NULL, OPTION_SYSTEM },
    { "check-config", no_argument, NULL, OPTION_CHECK_CONFIG },
    { "print-id", no_argument, NULL, OPTION_PRINT_ID },
    { "version", no_argument, NULL, OPTION_VERSION },
    { "help", no_argument, NULL, OPTION_HELP },
    { NULL, 0, NULL, 0 },
};

void hub_options_print_help(FILE *stream)
{
    fputs("usage: softbusd [OPTION]…\n"
          "\n"
          "The softbus daemon of this device: apps connect to its socket, other devices to its port.\n"
          "It stays in the foreground and logs to stderr.\n"
          "\n"
          "Which daemon\n"
          "  --system             the device's own, for apps of all users (default as root)\n"
          "  --user               yours alone, in your own directories (default otherwise)\n"
          "\n"
          "Where things are\n"
          "  --config FILE        configuration; must exist (default: CONFIG-DIR/softbusd.conf, if there is one)\n"
          "  --config-dir DIR     where softbusd.conf is\n"
          "  --state-dir DIR      the device's key and the trusted devices\n"
          "  --run-dir DIR        where the socket softbusd.sock is made\n"
          "  --socket PATH        make the socket for apps here instead\n"
          "  --helper PATH        the program that does mDNS\n"
          "\n"
          "What stands in the configuration, from here\n"
          "  --name NAME          this device's label (default: the host name)\n"
          "  --port PORT          TCP port for other devices; 0: the kernel chooses (default: 3723)\n"
          "  --interface NAME     accept and dial only there; repeat it, or separate by commas (default: all but lo)\n"
          "  --allow-loopback     also accept and dial 127.0.0.1 and ::1\n"
          "  --no-mdns            neither announce this device nor look for others\n"
          "  --peer 'ADDRESS[:PORT] [ID]'\n"
          "                       dial this device; repeat it for more\n"
          "  --log-level LEVEL    error, warning, info or debug (default: info)\n"
          "\n"
          "Instead of running\n"
          "  --check-config       say whether the configuration is right; exit status 0 or 1\n"
          "  --print-id           print the device id, making the key when there is none\n"
          "  --version, --help\n"
          "\n"
          "SIGHUP reads configuration and trusted devices again. Manual: softbusd(8), softbusd.conf(5)\n",
          stream);
}

/* The row of an option that sets a configuration key; false when it is none. */
static bool find_override(int option, const char *value, struct hub_options_override *ret_override)
{
    static const struct {
        int option;
        struct hub_options_override override;
    } rows[] = {
        { OPTION_PORT, { "--port", "device", "port", NULL } },
        { OPTION_NAME, { "--name", "device", "name", NULL } },
        { OPTION_INTERFACE, { "--interface", "device", "interface", NULL } },
        { OPTION_ALLOW_LOOPBACK, { "--allow-loopback", "device", "allow_loopback", "yes" } },
        { OPTION_HELPER, { "--helper", "discovery", "helper", NULL } },
        { OPTION_NO_MDNS, { "--no-mdns", "discovery", "mdns", "no" } },
        { OPTION_PEER, { "--peer", "discovery", "peer", NULL } },
        { OPTION_LOG_LEVEL, { "--log-level", "log", "level", NULL } },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].option != option)
            continue;
        *ret_override = rows[i].override;
        if (!ret_override->value)
            ret_override->value = value;
        return true;
    }
    return false;
}

static void set_option(struct hub_options *options, int option, const char *value)
{
    switch (option) {
    case OPTION_CONFIG: options->config_file = value; break;
    case OPTION_CONFIG_DIR: options->config_dir = value; break;
    case OPTION_STATE_DIR: options->state_dir = value; break;
    case OPTION_RUN_DIR: options->run_dir = value; break;
    case OPTION_SOCKET: options->socket = value; break;
    case OPTION_USER: options->scope = HUB_OPTIONS_USER; break;
    case OPTION_SYSTEM: options->scope = HUB_OPTIONS_SYSTEM; break;
    case OPTION_CHECK_CONFIG: options->action = HUB_OPTIONS_CHECK_CONFIG; break;
    case OPTION_PRINT_ID: options->action = HUB_OPTIONS_PRINT_ID; break;
    case OPTION_VERSION: options->action = HUB_OPTIONS_VERSION; break;
    case OPTION_HELP: options->action = HUB_OPTIONS_HELP; break;
    default: break;
    }
}

int hub_options_parse(int argc, char **argv, struct hub_options *ret_options, char *error_text, size_t error_size)
{
    struct hub_options options = { .action = HUB_OPTIONS_RUN };
    struct hub_options_override override;
    int option, at;

    optind = 0; /* glibc: start over, whatever was parsed before */
    opterr = 0;
    for (;;) {
        at = optind ? optind : 1;
        option = getopt_long(argc, argv, ":", long_options, NULL);
        if (option < 0)
            break;
        if (option == ':' || option == '?') {
            snprintf(error_text, error_size, option == ':' ? "%s needs a value" : "%s is no option, or has a value it does not take",
                     argv[at]);
            return -EINVAL;
        }
        if (!find_override(option, optarg, &override)) {
            set_option(&options, option, optarg);
        } else if (options.n_overrides == HUB_OPTIONS_OVERRIDES_MAX) {
            snprintf(error_text, error_size, "more than %d options that set configuration keys: put them into the file",
                     HUB_OPTIONS_OVERRIDES_MAX);
            return -EINVAL;
        } else {
            options.overrides[options.n_overrides++] = override;
        }
    }
    if (optind < argc) {
        snprintf(error_text, error_size, "%s: there are no arguments but options", argv[optind]);
        return -EINVAL;
    }
    *ret_options = options;
    return 0;
}

int hub_options_apply(const struct hub_options *options, struct hub_config *config, char *error_text, size_t error_size)
{
    const struct hub_options_override *override;
    char why[256];

    /* Lists of the file are replaced; several of one option add up. */
    for (size_t i = 0; i < options->n_overrides; i++)
        hub_config_reset(config, options->overrides[i].section, options->overrides[i].key);
    for (size_t i = 0; i < options->n_overrides; i++) {
        override = &options->overrides[i];
        if (hub_config_set(config, override->section, override->key, override->value, why, sizeof(why)) < 0) {
            snprintf(error_text, error_size, "%s %s: %s", override->option, override->value, why);
            return -EINVAL;
        }
    }
    return 0;
}

int hub_options_check(const struct hub_options *options, char *error_text, size_t error_size)
{
    struct hub_config config;

    hub_config_init(&config);
    return hub_options_apply(options, &config, error_text, error_size);
}
