/* The configuration file: any bytes either parse or are complained about, and what parses is within the table's ranges. */
#include "softbusd/config.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *userdata, const char *line)
{
    *(unsigned *)userdata += line[0] != '\0';
}

static void demand(int condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hub_config *config = malloc(sizeof(*config));
    const struct hub_config_key *key;
    unsigned n_reports = 0;
    uint64_t number;
    int r;

    if (!config)
        return 0;
    hub_config_init(config);
    r = hub_config_parse(config, "file", (const char *)data, size, count, &n_reports);
    demand((r == 0) == (n_reports == 0));
    demand(config->n_peers <= HUB_CONFIG_PEERS_MAX && config->n_interfaces <= WIRE_DISC_INTERFACES_MAX);
    demand(memchr(config->name, '\0', sizeof(config->name)) != NULL);
    for (size_t i = 0; (key = hub_config_get_key(i)); i++) {
        if (key->type != HUB_CONFIG_NUMBER)
            continue;
        memcpy(&number, (const char *)config + key->offset, sizeof(number));
        demand(number >= key->min && number <= key->max);
    }
    n_reports = 0;
    r = hub_config_check(config, count, &n_reports);
    demand((r == 0) == (n_reports == 0));
    free(config);
    return 0;
}
