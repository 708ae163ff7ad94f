/* A service file: any bytes either say how to run a program or are complained about, and what they say is within bounds. */
#include "softbusd/service_file.h"

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

static int find_user(const char *name, struct hub_user *ret_user)
{
    *ret_user = (struct hub_user){ .uid = name[0] == 'r' ? 0 : 7, .home = "/" };
    return name[0] == 'x' ? -1 : 0;
}

static size_t get_groups(const struct hub_user *user, uint32_t *gids, size_t size)
{
    gids[size - 1] = user->gid;
    return size;
}

static void check(const struct hub_service_file *file, uint32_t own_uid)
{
    demand(file->n_names >= 1 && file->n_names <= HUB_SERVICE_NAMES_MAX);
    demand(file->n_arguments >= 1 && file->n_arguments <= HUB_SERVICE_ARGUMENTS_MAX);
    demand(file->arguments[0][0] == '/' && !file->arguments[file->n_arguments]);
    demand(own_uid == 0 || file->user.uid == own_uid);
    demand(file->start_timeout_ms >= 1000 && file->start_timeout_ms <= 300000 && file->idle_timeout_ms <= 604800000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hub_names names = { .find_user = find_user, .get_groups = get_groups };
    unsigned n_reports;

    for (uint32_t own_uid = 0; own_uid <= 7; own_uid += 7) {
        const struct hub_service_reader reader = { .names = &names, .own_uid = own_uid, .report = count, .userdata = &n_reports };
        struct hub_service_file *file = NULL;
        int r;

        n_reports = 0;
        r = hub_service_file_parse(&reader, "file", (const char *)data, size, &file);
        demand((r == 0) == (n_reports == 0) && (r == 0) == (file != NULL));
        if (file)
            check(file, own_uid);
        hub_service_file_free(file);
    }
    return 0;
}
