/* The trust store's file; see trust_io.h. */
#include "session/trust_io.h"

#include "base/cleanup.h"
#include "session/file_io.h"
#include "session/trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX (1024 * 1024) /* far above SESS_TRUST_MAX lines, with room for comments */

static const char *explain(int error)
{
    switch (error) {
    case -EBADMSG:
        return "a check character of the device id is wrong: it was mistyped";
    case -EEXIST:
        return "this device id stands there twice: remove one of the lines";
    case -ENOSPC:
        return "more devices than the store holds: remove some";
    case -EINVAL:
        return "expected DEVICE-ID [NAME], the id of 56 characters and the name of at most 63 bytes: correct the line";
    default:
        return strerror(-error);
    }
}

int sess_trust_load(struct sess_trust *trust, const char *path, char *error_text, size_t error_size)
{
    SB_AUTO_FREE char *text = NULL;
    unsigned mode, uid, line = 0;
    size_t size;
    int r;

    r = sess_file_read(path, FILE_MAX, &text, &size, &mode, &uid);
    if (r == -ENOENT) {
        sess_trust_deinit(trust);
        return 0;
    }
    if (r < 0) {
        snprintf(error_text, error_size, "%s: cannot be read: %s", path, strerror(-r));
        return r;
    }
    /* Who can write here decides whom this device trusts. */
    if ((mode & 022) || (uid != geteuid() && uid != 0)) {
        snprintf(error_text, error_size, "%s: may be written by others (owner %u, mode %04o): check it, then chown it to "
                 "the daemon's user and chmod 600", path, uid, mode);
        return -EACCES;
    }
    r = sess_trust_parse(trust, text, size, &line);
    if (r < 0)
        snprintf(error_text, error_size, "%s:%u: %s", path, line, explain(r));
    return r;
}

int sess_trust_save(const struct sess_trust *trust, const char *path)
{
    SB_AUTO_FREE char *text = sess_trust_format(trust);
    char *temporary;
    int r;

    if (!text)
        return -ENOMEM;
    r = sess_file_prepare(path, text, strlen(text), &temporary);
    return r < 0 ? r : sess_file_finish(temporary, path);
}
