/* The command line. Pure: argv in, a struct or one line of complaint out; what overrides the file waits as text. */
#ifndef HUB_OPTIONS_H
#define HUB_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#define HUB_OPTIONS_OVERRIDES_MAX 64

enum hub_options_action {
    HUB_OPTIONS_RUN,
    HUB_OPTIONS_CHECK_CONFIG,
    HUB_OPTIONS_PRINT_ID,
    HUB_OPTIONS_VERSION,
    HUB_OPTIONS_HELP,
};

enum hub_options_scope { HUB_OPTIONS_AUTO, HUB_OPTIONS_SYSTEM, HUB_OPTIONS_USER };

/* A key of the configuration that the command line sets. */
struct hub_options_override {
    const char *option, *section, *key, *value;
};

struct hub_options {
    enum hub_options_action action;
    enum hub_options_scope scope;
    const char *config_file, *config_dir, *state_dir, *run_dir, *socket; /* NULL: not given */
    struct hub_options_override overrides[HUB_OPTIONS_OVERRIDES_MAX];
    size_t n_overrides;
};

struct hub_config;

/* borrows argv's strings for the life of *ret_options; argv may be put into another order. -EINVAL: error_text says why. */
int hub_options_parse(int argc, char **argv, struct hub_options *ret_options, char *error_text, size_t error_size);

/* Looks at the values without a configuration. -EINVAL: error_text says option and value. */
int hub_options_check(const struct hub_options *options, char *error_text, size_t error_size);

/* Sets what the command line says over what the file said. -EINVAL: error_text says option and value. */
int hub_options_apply(const struct hub_options *options, struct hub_config *config, char *error_text, size_t error_size);

void hub_options_print_help(FILE *stream);

#endif
