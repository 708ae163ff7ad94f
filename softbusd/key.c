/* The key file; see key.h. */
#include "softbusd/key.h"

#include "base/log.h"
#include "base/random.h"
#include "session/file_io.h"
#include "softbusd/paths.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_SIZE (2 * sizeof(uint64_t))

static bool read_key(const char *path, uint64_t ret_key[2])
{
    unsigned mode, uid;
    bool is_good;
    size_t size;
    char *bytes;

    if (sess_file_read(path, KEY_SIZE, &bytes, &size, &mode, &uid) < 0)
        return false;
    is_good = size == KEY_SIZE && !(mode & 077) && uid == geteuid();
    if (is_good)
        memcpy(ret_key, bytes, KEY_SIZE);
    free(bytes);
    return is_good;
}

static int write_key(const char *path, const uint64_t key[2])
{
    char *temporary;
    int r = sess_file_prepare(path, (const char *)key, KEY_SIZE, &temporary);

    return r < 0 ? r : sess_file_finish(temporary, path);
}

void hub_key_load(const char *run_dir, const struct sb_log *log, uint64_t ret_key[2])
{
    struct sb_random random = { .n_left = 0 };
    char path[HUB_PATHS_MAX + sizeof("/" HUB_KEY_FILE)];
    int r;

    snprintf(path, sizeof(path), "%s/" HUB_KEY_FILE, run_dir);
    if (*run_dir && read_key(path, ret_key))
        return;
    ret_key[0] = sb_random_u64(&random);
    ret_key[1] = sb_random_u64(&random);
    r = *run_dir ? write_key(path, ret_key) : 0;
    if (r < 0)
        sb_log_write(log, SB_LOG_WARNING, "apps will not find their objects again when this daemon is restarted: cannot write %s "
                     "error=\"%s\"", path, strerror(-r));
}
