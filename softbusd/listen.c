/* The app socket; see listen.h. */
#include "softbusd/listen.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 512

static int say_errno(int error, const char *what, const char *path, char *error_text, size_t error_size)
{
    snprintf(error_text, error_size, "cannot %s %s: %s", what, path, strerror(error));
    return -error;
}

static int say_busy(const char *path, char *error_text, size_t error_size)
{
    snprintf(error_text, error_size, "another softbusd is running at %s: stop it first, or choose another place with --run-dir or --socket",
             path);
    return -EBUSY;
}

/* Held as long as we live, so that two daemons that start at once cannot both find the socket stale. */
static int lock_path(const char *path, int *ret_fd, char *error_text, size_t error_size)
{
    char lock[128];
    SB_AUTO_CLOSE int fd = -1;

    snprintf(lock, sizeof(lock), "%s.lock", path);
    fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        int error = errno;

        snprintf(error_text, error_size, "cannot make %s: %s: %s, or choose another place with --run-dir or --socket", lock,
                 strerror(error), error == ENOENT ? "make its directory first" : "see to it that we may write to its directory");
        return -error;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? say_busy(path, error_text, error_size) : say_errno(errno, "lock", lock, error_text, error_size);
    *ret_fd = SB_TAKE_FD(fd);
    return 0;
}

/* Removes a socket that nobody listens on. Anything else there is not ours to remove. */
static int remove_stale(const struct sockaddr_un *address, char *error_text, size_t error_size)
{
    SB_AUTO_CLOSE int fd = -1;
    struct stat stat;

    if (lstat(address->sun_path, &stat) < 0)
        return errno == ENOENT ? 0 : say_errno(errno, "look at", address->sun_path, error_text, error_size);
    if (!S_ISSOCK(stat.st_mode)) {
        snprintf(error_text, error_size, "%s exists and is not a socket: move it away", address->sun_path);
        return -EEXIST;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return say_errno(errno, "make", "a socket", error_text, error_size);
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
        return say_busy(address->sun_path, error_text, error_size);
    if (unlink(address->sun_path) < 0 && errno != ENOENT)
        return say_errno(errno, "remove the stale", address->sun_path, error_text, error_size);
    return 0;
}

static int bind_path(const struct sockaddr_un *address, bool for_all, int *ret_fd, char *error_text, size_t error_size)
{
    SB_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return say_errno(errno, "make", "a socket", error_text, error_size);
    if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
        return say_errno(errno, "make the socket", address->sun_path, error_text, error_size);
    /* Nobody can connect before listen(), so the mode is never wrong for anyone. */
    if (chmod(address->sun_path, for_all ? 0666 : 0600) < 0 || listen(fd, BACKLOG) < 0) {
        int error = errno;

        unlink(address->sun_path);
        return say_errno(error, "open", address->sun_path, error_text, error_size);
    }
    *ret_fd = SB_TAKE_FD(fd);
    return 0;
}

int hub_listen_open(struct hub_listen *listen_, const char *path, bool for_all, char *error_text, size_t error_size)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    SB_AUTO_CLOSE int lock_fd = -1;
    int fd = -1, r;

    if (strlen(path) >= sizeof(address.sun_path)) {
        snprintf(error_text, error_size, "%s is too long for a socket: at most %zu bytes", path, sizeof(address.sun_path) - 1);
        return -ENAMETOOLONG;
    }
    memcpy(address.sun_path, path, strlen(path));
    r = lock_path(path, &lock_fd, error_text, error_size);
    if (r == 0)
        r = remove_stale(&address, error_text, error_size);
    if (r == 0)
        r = bind_path(&address, for_all, &fd, error_text, error_size);
    if (r < 0)
        return r;
    *listen_ = (struct hub_listen){ .fd = fd, .lock_fd = SB_TAKE_FD(lock_fd) };
    memcpy(listen_->path, path, strlen(path) + 1);
    return 0;
}

/* The lock file stays: removing it would let two daemons lock two files of one name. */
void hub_listen_close(struct hub_listen *listen_)
{
    if (listen_->fd >= 0) {
        unlink(listen_->path);
        close(listen_->fd);
    }
    if (listen_->lock_fd >= 0)
        close(listen_->lock_fd);
    listen_->fd = listen_->lock_fd = -1;
}
