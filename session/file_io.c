/* Atomic files; see file_io.h. */
#include "session/file_io.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int sess_file_read(const char *path, size_t max, char **ret_text, size_t *ret_size, unsigned *ret_mode,
                   unsigned *ret_uid)
{
    SB_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    SB_AUTO_FREE char *text = NULL;
    struct stat status;
    size_t size = 0;
    ssize_t n;

    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    if (status.st_size > (off_t)max)
        return -EFBIG;
    text = malloc(max + 1);
    if (!text)
        return -ENOMEM;
    do {
        n = read(fd, text + size, max - size);
        if (n < 0 && errno != EINTR)
            return -errno;
        size += n > 0 ? (size_t)n : 0;
    } while (n != 0 && size < max);
    text[size] = '\0';
    *ret_text = SB_TAKE_PTR(text);
    *ret_size = size;
    *ret_mode = status.st_mode & 07777;
    *ret_uid = status.st_uid;
    return 0;
}

static int write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, text, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        text += n;
        size -= (size_t)n;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

int sess_file_prepare(const char *path, const char *text, size_t size, char **ret_temporary)
{
    SB_AUTO_FREE char *temporary = NULL;
    SB_AUTO_CLOSE int fd = -1;
    int r;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return -ENOMEM;
    }
    fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return -errno;
    r = write_all(fd, text, size);
    if (r < 0) {
        unlink(temporary);
        return r;
    }
    *ret_temporary = SB_TAKE_PTR(temporary);
    return 0;
}

static int sync_folder(const char *path)
{
    SB_AUTO_FREE char *copy = strdup(path);
    SB_AUTO_CLOSE int fd = -1;

    if (!copy)
        return -ENOMEM;
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems cannot sync a folder; the rename itself has happened. */
    if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL && errno != EROFS))
        return -errno;
    return 0;
}

int sess_file_finish(char *temporary, const char *path)
{
    int r = rename(temporary, path) < 0 ? -errno : 0;

    if (r < 0)
        unlink(temporary);
    free(temporary);
    return r < 0 ? r : sync_folder(path);
}

void sess_file_abandon(char *temporary)
{
    if (temporary)
        unlink(temporary);
    free(temporary);
}
