/* The configuration file: what the lines that ini.c finds mean to the table in config.c. */
#include "softbusd/config.h"

#include "base/cleanup.h"
#include "softbusd/ini.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define N_SEEN 64

struct parser {
    struct hub_config *config;
    bool seen[N_SEEN]; /* by row of the table */
};

static int take_section(void *userdata, const char *name, unsigned line, char *error_text, size_t error_size)
{
    (void)userdata, (void)line;
    if (hub_config_has_section(name))
        return 0;
    snprintf(error_text, error_size, "there is no such section; see softbusd.conf(5)");
    return -EINVAL;
}

static bool is_repeated(struct parser *parser, const char *section, const char *name)
{
    const struct hub_config_key *key;

    for (size_t i = 0; (key = hub_config_get_key(i)) && i < N_SEEN; i++) {
        if (strcmp(key->section, section) || strcmp(key->name, name))
            continue;
        if (key->type == HUB_CONFIG_INTERFACES || key->type == HUB_CONFIG_PEERS)
            return false;
        if (parser->seen[i])
            return true;
        parser->seen[i] = true;
    }
    return false;
}

static int take_key(void *userdata, const char *section, const char *name, const char *value, unsigned line, char *error_text,
                    size_t error_size)
{
    struct parser *parser = userdata;

    (void)line;
    if (is_repeated(parser, section, name)) {
        snprintf(error_text, error_size, "the key stands here for the second time");
        return -EINVAL;
    }
    return hub_config_set(parser->config, section, name, value, error_text, error_size);
}

int hub_config_parse(struct hub_config *config, const char *file, const char *text, size_t size, hub_ini_report_fn report,
                     void *userdata)
{
    struct parser parser = { .config = config };
    const struct hub_ini ini = {
        .userdata = &parser, .section = take_section, .key = take_key, .report = report, .report_userdata = userdata
    };

    return hub_ini_parse(&ini, file, text, size);
}

int hub_config_read(struct hub_config *config, const char *file, bool is_optional, hub_ini_report_fn report, void *userdata)
{
    SB_AUTO_FREE char *text = NULL;
    char line[512];
    size_t size;
    int r = hub_ini_load(file, false, report, userdata, &text, &size);

    if (r == -ENOENT && is_optional)
        return 0;
    if (r == -ENOENT) {
        snprintf(line, sizeof(line), "%s: cannot read it: %s", file, strerror(ENOENT));
        report(userdata, line);
    }
    return r < 0 ? -EINVAL : hub_config_parse(config, file, text, size, report, userdata);
}
