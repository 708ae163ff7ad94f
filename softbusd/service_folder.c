/* The folder of service files; see service_file.h. */
#include "softbusd/service_file.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct folder {
    const struct hub_service_reader *reader;
    struct hub_service_file **files;
    size_t n;
    bool has_mistakes;
};

static void complain(struct folder *folder, const char *path, const char *what)
{
    char text[2048];

    snprintf(text, sizeof(text), "%s: %s", path, what);
    folder->reader->report(folder->reader->userdata, text);
    folder->has_mistakes = true;
}

static int is_service_file(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name), suffix_size = strlen(".service");

    return entry->d_name[0] != '.' && size > suffix_size && !strcmp(entry->d_name + size - suffix_size, ".service");
}

/* The file of the folder that has one of these names already. */
static const struct hub_service_file *find_rival(const struct folder *folder, const struct hub_service_file *file, const char **ret_name)
{
    for (size_t i = 0; i < folder->n; i++) {
        for (size_t j = 0; j < folder->files[i]->n_names * file->n_names; j++) {
            *ret_name = file->names[j % file->n_names];
            if (!strcmp(folder->files[i]->names[j / file->n_names], *ret_name))
                return folder->files[i];
        }
    }
    return NULL;
}

static int add_file(struct folder *folder, const char *path)
{
    const struct hub_service_reader *reader = folder->reader;
    SB_AUTO_FREE char *text = NULL;
    const struct hub_service_file *rival;
    struct hub_service_file *file;
    const char *name;
    char why[768];
    size_t size;
    int r = hub_ini_load(path, true, reader->report, reader->userdata, &text, &size);

    if (r == -ENOENT)
        return 0; /* it is gone meanwhile */
    if (r == 0)
        r = hub_service_file_parse(reader, path, text, size, &file);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        folder->has_mistakes = true;
        return 0;
    }
    rival = find_rival(folder, file, &name);
    if (rival) {
        snprintf(why, sizeof(why), "the service %s is offered by the program of %s already", name, rival->path);
        complain(folder, path, why);
        hub_service_file_free(file);
    } else {
        folder->files[folder->n++] = file;
    }
    return 0;
}

/* Whoever can put a file there can have programs run. */
static bool is_guarded(const char *path)
{
    struct stat stat_;

    return stat(path, &stat_) == 0 && S_ISDIR(stat_.st_mode) && (stat_.st_uid == geteuid() || stat_.st_uid == 0) &&
           !(stat_.st_mode & 0022);
}

static int add_all(struct folder *folder, const char *path, struct dirent **entries, int n)
{
    char file_path[HUB_INI_LINE_MAX * 4];
    int r = 0;

    for (int i = 0; i < n && r == 0; i++) {
        if (folder->n == HUB_SERVICE_FILES_MAX) {
            complain(folder, path, "expected at most 256 service files; those behind are left out");
            break;
        }
        if (snprintf(file_path, sizeof(file_path), "%s/%s", path, entries[i]->d_name) >= (int)sizeof(file_path))
            complain(folder, path, "a path in it is too long");
        else
            r = add_file(folder, file_path);
    }
    return r;
}

int hub_service_files_read(const struct hub_service_reader *reader, const char *path, struct hub_service_file ***ret_files,
                           size_t *ret_n)
{
    struct folder folder = { .reader = reader, .files = calloc(HUB_SERVICE_FILES_MAX, sizeof(*folder.files)) };
    struct dirent **entries = NULL;
    int n = 0, r = folder.files ? 0 : -ENOMEM;

    if (r == 0)
        n = scandir(path, &entries, is_service_file, alphasort);
    if (r == 0 && n < 0 && errno != ENOENT)
        complain(&folder, path, strerror(errno));
    if (r == 0 && n > 0 && !is_guarded(path))
        complain(&folder, path, "others than root and the daemon's user may write to it: chown it, and chmod go-w it");
    else if (r == 0 && n > 0)
        r = add_all(&folder, path, entries, n);
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    if (r < 0) {
        hub_service_files_free(folder.files, folder.n);
        return r;
    }
    *ret_files = folder.files;
    *ret_n = folder.n;
    return folder.has_mistakes ? -EINVAL : 0;
}

void hub_service_files_free(struct hub_service_file **files, size_t n)
{
    for (size_t i = 0; files && i < n; i++)
        hub_service_file_free(files[i]);
    free(files);
}
