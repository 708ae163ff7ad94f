/* Accepting apps; see accept_io.h. */
#include "softbusd/accept_io.h"

#include "base/clock.h"
#include "base/log.h"
#include "softbusd/apps_io.h"
#include "softbusd/hub.h"
#include "softbusd/loop.h"
#include "wire/cursor.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 16
#define PAUSE_MS 1000
#define SEND_BUFFER_BYTES (512 * 1024) /* a whole local transaction in one sendmsg(); the kernel gives what it may */
#define REFUSAL_LOG_MS 1000

struct hub_accept {
    struct hub_loop *loop;
    struct hub_apps *apps;
    const struct sb_log *log;
    struct hub_accept_limits limits;
    struct event *event, *pause_timer;
    struct hub_work work;
    uint64_t refused_ms; /* when a refusal was last logged */
    unsigned n_unlogged;
    int listen_fd;
    int spare_fd; /* given up for a moment when there are no descriptors left, to turn a caller away */
    bool for_all;
};

/* The supplementary groups; the first ones of somebody who has more than we keep. Groups only ever give rights, so that not knowing one
 * takes a right away. */
static uint32_t get_groups(int fd, uint32_t groups[HUB_GROUPS_MAX])
{
    gid_t *all = NULL;
    socklen_t size = HUB_GROUPS_MAX * sizeof(gid_t);
    uint32_t n = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
        return (uint32_t)(size / sizeof(gid_t));
    if (errno != ERANGE) /* the kernel says how many there are */
        return 0;
    all = malloc(size);
    if (all && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, all, &size) == 0) {
        n = HUB_GROUPS_MAX;
        memcpy(groups, all, n * sizeof(gid_t));
    }
    free(all);
    return n;
}

/* -errno: the kernel would not say who it is, or the label is none that fits. */
static int get_credentials(int fd, struct hub_credentials *ret_credentials)
{
    struct hub_credentials credentials = { .pid = 0 };
    struct ucred ucred;
    socklen_t size = sizeof(ucred);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &size) < 0)
        return -errno;
    if (size != sizeof(ucred) || ucred.uid == (uid_t)-1 || ucred.gid == (gid_t)-1)
        return -ESRCH;
    /* pid 0: a process of a pid namespace that we cannot see into. */
    credentials.pid = (uint32_t)ucred.pid;
    credentials.uid = (uint32_t)ucred.uid;
    credentials.gid = (uint32_t)ucred.gid;
    size = sizeof(credentials.label) - 1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERSEC, credentials.label, &size) < 0) {
        if (errno != ENOPROTOOPT) /* no security module has labels: not known is "" */
            return -errno;
        size = 0;
    }
    credentials.label[size < sizeof(credentials.label) ? size : sizeof(credentials.label) - 1] = '\0';
    credentials.label[strcspn(credentials.label, "\n")] = '\0';
    if (!wire_text_is_valid(credentials.label, strlen(credentials.label)))
        return -EILSEQ;
    credentials.n_groups = get_groups(fd, credentials.groups);
    *ret_credentials = credentials;
    return 0;
}

/* One line a second at most: who is turned away in a storm must not fill the log. */
static void log_refusal(struct hub_accept *accept_, const char *why, const struct hub_credentials *credentials, uint64_t number,
                        uint64_t limit)
{
    uint64_t now_ms = sb_clock_now_ms();

    if (accept_->refused_ms && now_ms - accept_->refused_ms < REFUSAL_LOG_MS) {
        accept_->n_unlogged++;
        return;
    }
    sb_log_write(accept_->log, SB_LOG_WARNING,
                 "app refused: %s pid=%" PRIu32 " uid=%" PRIu32 " number=%" PRIu64 " limit=%" PRIu64 " refused_before=%u", why,
                 credentials->pid, credentials->uid, number, limit, accept_->n_unlogged);
    accept_->refused_ms = now_ms;
    accept_->n_unlogged = 0;
}

static bool is_welcome(struct hub_accept *accept_, const struct hub_credentials *credentials)
{
    struct hub_quota *quota = hub_apps_get_quota(accept_->apps);
    size_t n = hub_apps_count(accept_->apps);

    if (!accept_->for_all && credentials->uid != geteuid() && credentials->uid != 0) {
        log_refusal(accept_, "this daemon is its user's own", credentials, credentials->uid, geteuid());
        return false;
    }
    if (n >= accept_->limits.n_apps_max) {
        log_refusal(accept_, "too many apps (limit apps)", credentials, n, accept_->limits.n_apps_max);
        return false;
    }
    if (!hub_quota_admit(quota, credentials->uid)) {
        log_refusal(accept_, "too many apps of this user (limit apps_per_user)", credentials,
                    hub_quota_find_user(quota, credentials->uid)->used[HUB_QUOTA_APPS], quota->limits.user[HUB_QUOTA_APPS]);
        return false;
    }
    return true;
}

static void take_one(struct hub_accept *accept_, int fd)
{
    int r, send_bytes = SEND_BUFFER_BYTES;
    struct hub_credentials credentials;

    r = get_credentials(fd, &credentials);
    if (r < 0) {
        sb_log_write(accept_->log, SB_LOG_WARNING, "app refused: the kernel does not say who it is error=\"%s\"", strerror(-r));
        close(fd);
        return;
    }
    if (!is_welcome(accept_, &credentials)) {
        close(fd);
        return;
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
    r = hub_apps_add(accept_->apps, fd, &credentials);
    if (r < 0)
        sb_log_write(accept_->log, SB_LOG_WARNING, "app refused: no room for it pid=%" PRIu32 " uid=%" PRIu32 " error=\"%s\"",
                     credentials.pid, credentials.uid, strerror(-r));
}

/* A connection that nobody accepts keeps the listening socket readable: without a pause the loop would spin. */
static void pause_accepting(struct hub_accept *accept_, int error)
{
    static const struct timeval pause = { PAUSE_MS / 1000, 0 };
    int fd;

    if (error == EMFILE && accept_->spare_fd >= 0) {
        close(accept_->spare_fd);
        fd = accept4(accept_->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            close(fd); /* told at once, instead of waiting in the backlog */
        accept_->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    sb_log_write(accept_->log, SB_LOG_WARNING, "no app is accepted for %d ms error=\"%s\" n_apps=%zu", PAUSE_MS, strerror(error),
                 hub_apps_count(accept_->apps));
    event_del(accept_->event);
    event_add(accept_->pause_timer, &pause);
}

static void on_pause_over(evutil_socket_t fd, short what, void *userdata)
{
    struct hub_accept *accept_ = userdata;

    (void)fd;
    (void)what;
    if (accept_->spare_fd < 0)
        accept_->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    event_add(accept_->event, NULL);
}

static void accept_some(void *userdata)
{
    struct hub_accept *accept_ = userdata;
    int fd;

    for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
        fd = accept4(accept_->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take_one(accept_, fd);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            pause_accepting(accept_, errno);
            return;
        }
    }
}

/* At the end of the turn: who is leaving in this one makes room for who is coming. */
static void on_connection(evutil_socket_t listen_fd, short what, void *userdata)
{
    struct hub_accept *accept_ = userdata;

    (void)listen_fd;
    (void)what;
    hub_loop_defer(accept_->loop, &accept_->work);
}

int hub_accept_new(struct hub_loop *loop, struct hub_apps *apps, const struct sb_log *log, int listen_fd, bool for_all,
                   const struct hub_accept_limits *limits, struct hub_accept **ret_accept)
{
    struct event_base *base = hub_loop_get_base(loop);
    struct hub_accept *accept_ = calloc(1, sizeof(*accept_));

    if (!accept_)
        return -ENOMEM;
    accept_->loop = loop;
    accept_->apps = apps;
    accept_->log = log;
    accept_->limits = *limits;
    accept_->listen_fd = listen_fd;
    accept_->for_all = for_all;
    hub_work_init(&accept_->work, accept_some, accept_);
    accept_->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    accept_->event = event_new(base, listen_fd, EV_READ | EV_PERSIST, on_connection, accept_);
    accept_->pause_timer = event_new(base, -1, 0, on_pause_over, accept_);
    if (!accept_->event || !accept_->pause_timer || event_add(accept_->event, NULL) < 0) {
        hub_accept_free(accept_);
        return -ENOMEM;
    }
    *ret_accept = accept_;
    return 0;
}

struct hub_accept *hub_accept_free(struct hub_accept *accept_)
{
    if (!accept_)
        return NULL;
    hub_work_cancel(&accept_->work);
    if (accept_->event)
        event_free(accept_->event);
    if (accept_->pause_timer)
        event_free(accept_->pause_timer);
    if (accept_->spare_fd >= 0)
        close(accept_->spare_fd);
    free(accept_);
    return NULL;
}

void hub_accept_set_limits(struct hub_accept *accept_, const struct hub_accept_limits *limits)
{
    accept_->limits = *limits;
}
