/*
 * Service files: which program offers a service, and how it is run; softbusd.service(5). Pure but for hub_service_files_read(): text in,
 * struct or lines of complaint out.
 */
#ifndef HUB_SERVICE_FILE_H
#define HUB_SERVICE_FILE_H

#include "softbusd/hub.h"
#include "softbusd/ini.h"
#include "softbusd/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HUB_SERVICE_FILES_MAX 256
#define HUB_SERVICE_NAMES_MAX 32     /* in one file */
#define HUB_SERVICE_ARGUMENTS_MAX 64 /* of a program, with its own path */

struct hub_service_file {
    char *path;      /* of the file itself */
    char **names;    /* service names */
    size_t n_names;
    char **arguments; /* the program's absolute path first, NULL behind the last */
    size_t n_arguments;
    struct hub_user user;
    uint32_t groups[HUB_GROUPS_MAX]; /* its own first */
    size_t n_groups;
    uint64_t start_timeout_ms, idle_timeout_ms; /* 0: idle programs stay */
    bool is_distributed;
};

/* Who reads: root runs programs as the user that the file names, others as themselves only. */
struct hub_service_reader {
    const struct hub_names *names;
    uint32_t own_uid;
    hub_ini_report_fn report;
    void *userdata;
};

/* gives a file. -EINVAL: mistakes, each reported with file name and line; -ENOMEM, not reported. */
int hub_service_file_parse(const struct hub_service_reader *reader, const char *path, const char *text, size_t size,
                           struct hub_service_file **ret_file);
struct hub_service_file *hub_service_file_free(struct hub_service_file *file);

/* gives an array of all *.service files of the folder that are right, in the order of their names; what is wrong is reported and left out. A
 * folder that is missing has none. -EINVAL: there were mistakes; the array is given all the same. -ENOMEM: it is not. */
int hub_service_files_read(const struct hub_service_reader *reader, const char *folder, struct hub_service_file ***ret_files,
                           size_t *ret_n);
void hub_service_files_free(struct hub_service_file **files, size_t n); /* the array too */

#endif
