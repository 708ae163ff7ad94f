/* The connections of apps; see apps_io.h. */
#include "softbusd/apps_io.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/rate.h"
#include "softbusd/hub.h"
#include "softbusd/loop.h"
#include "wire/msg.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define RECEIVE_BYTES (256 * 1024) /* one call takes in a whole message of a local transaction */
#define GROW_BYTES (64 * 1024)
#define MESSAGES_PER_TURN 64
#define TURN_US 1000 /* and for this long: a small message can make much work, as a name that a thousand watches are told of */
#define TICK_MS 250
#define BROKEN_LINES 20 /* in the log about apps that broke the protocol, at once; then one a second */
#define PATIENCE_MS 1000 /* senders of one-way calls wait this long for room; then AGAIN, so that one deaf app stops nobody */
#define QUEUE_FACTOR 4 /* times the limit: docs/protocol-app.md, "Back-pressure" */

struct hub_apps {
    struct hub_loop *loop;
    struct hub *hub;
    const struct sb_log *log;
    struct hub_apps_limits limits;
    uint8_t *receive_buffer; /* made when the first app speaks: a daemon without apps stays small */
    struct event *tick;      /* runs only while one of the next two lists has members */
    struct sb_list mute;     /* connections that have not said HELLO */
    struct sb_list behind;   /* that have something queued */
    struct sb_list all, ready, resumed, dying;
    struct hub_work ready_work, turn_work;
    struct sb_rate broken_lines;
    size_t n_conns; /* without those that are dying */
};

struct conn {
    struct hub_apps *apps;
    struct hub_app *app;
    struct event event, write_event; /* the first: reading and the other end's close; close alone while waiting */
    struct sb_buf in;                /* an incomplete message; or whole ones while waiting or over the budget of a turn */
    struct sb_buf out;
    struct sb_list link;             /* in all */
    struct sb_list watch_link;       /* in mute or behind */
    struct sb_list turn_link;        /* in ready, resumed or dying */
    uint64_t since_ms;               /* of mute: accepted; of behind: last byte taken, or last seen within its quota */
    uint64_t over_since_ms;          /* last seen within its quota */
    struct hub_quota_account *account;
    struct hub_quota_charge connected, queued; /* the second: what is in `out` */
    size_t need;                     /* bytes of the incomplete message in `in`, as far as known */
    int fd;
    bool has_hello, is_waiting, is_ready, is_dying;
    bool is_deaf; /* the other end takes no more; what it sent before is still read */
};

static const struct timeval tick_period = { 0, TICK_MS * 1000 };

static void on_readable(evutil_socket_t fd, short what, void *userdata);
static void on_writable(evutil_socket_t fd, short what, void *userdata);

/* Nothing happens to the connection any more but the reaping. */
static void conn_end(struct conn *conn)
{
    struct hub_apps *apps = conn->apps;

    if (conn->is_dying)
        return;
    conn->is_dying = true;
    apps->n_conns--;
    event_del(&conn->event);
    event_del(&conn->write_event);
    hub_quota_refund(&conn->connected);
    hub_quota_refund(&conn->queued);
    sb_list_remove(&conn->watch_link);
    sb_list_remove(&conn->turn_link);
    sb_list_append(&apps->dying, &conn->turn_link);
    hub_loop_defer(apps->loop, &apps->turn_work);
}

static void conn_free(struct conn *conn)
{
    sb_list_remove(&conn->link);
    sb_list_remove(&conn->watch_link);
    sb_list_remove(&conn->turn_link);
    sb_buf_deinit(&conn->in);
    sb_buf_deinit(&conn->out);
    close(conn->fd);
    free(conn);
}

static void conn_watch(struct conn *conn, struct sb_list *list)
{
    struct hub_apps *apps = conn->apps;

    conn->since_ms = sb_clock_now_ms();
    sb_list_remove(&conn->watch_link);
    sb_list_append(list, &conn->watch_link);
    if (!event_pending(apps->tick, EV_TIMEOUT, NULL))
        event_add(apps->tick, &tick_period);
}

/* Listens for `what` from now on. -ENOMEM */
static int conn_listen(struct conn *conn, short what)
{
    event_del(&conn->event);
    if (event_assign(&conn->event, hub_loop_get_base(conn->apps->loop), conn->fd, (short)(what | EV_PERSIST), on_readable, conn) < 0 ||
        event_add(&conn->event, NULL) < 0)
        return -ENOMEM;
    return 0;
}

/* --- output --- */

static size_t conn_get_limit(const struct conn *conn)
{
    return (size_t)conn->account->user->quota->limits.app[HUB_QUOTA_BYTES];
}

/* Bytes that the socket took: all, some or none. */
static size_t conn_write(struct conn *conn, const uint8_t *head, size_t head_size, const uint8_t *data, size_t data_size)
{
    struct iovec parts[2] = {
        { .iov_base = (void *)(uintptr_t)head, .iov_len = head_size },
        { .iov_base = (void *)(uintptr_t)data, .iov_len = data_size },
    };
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = data_size > 0 ? 2 : 1 };
    ssize_t n = sendmsg(conn->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n >= 0)
        return (size_t)n;
    /* That the app is gone is learnt by reading, behind the last thing it said. */
    if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ENOMEM)
        conn->is_deaf = true;
    return 0;
}

/* Ends an app that has more than an equal part of what is queued for all apps of its user, when that is too much: a user with many
 * apps that read nothing must not fill the memory, and those of its apps that read must not suffer for the others. */
static void conn_check_share(struct conn *conn)
{
    const struct hub_quota_user *user = conn->account->user;

    if (conn->is_dying || !hub_quota_is_hog(conn->account, HUB_QUOTA_BYTES))
        return;
    sb_log_write(conn->apps->log, SB_LOG_WARNING,
                 "app closed: too much is queued for its user's apps %s queued_bytes=%zu n_apps=%" PRIu32 " user_queued_bytes=%" PRIu64
                 " limit=%" PRIu64, hub_app_get_text(conn->app), conn->out.length, user->n_holders[HUB_QUOTA_BYTES],
                 user->used[HUB_QUOTA_BYTES], user->quota->limits.user[HUB_QUOTA_BYTES]);
    conn_end(conn);
}

static void conn_queue(struct conn *conn, const uint8_t *bytes, size_t size)
{
    int r;

    if (conn->is_dying || size == 0)
        return;
    hub_quota_force(&conn->queued, conn->account, HUB_QUOTA_BYTES, (uint32_t)size);
    r = sb_buf_append(&conn->out, bytes, size);
    if (r == 0)
        return;
    sb_log_write(conn->apps->log, SB_LOG_WARNING, "app closed: %s %s queued_bytes=%zu limit=%zu",
                 r == -ENOMEM ? "out of memory" : "it does not read fast enough", hub_app_get_text(conn->app),
                 conn->out.length + size, conn->out.max);
    conn_end(conn);
}

void hub_apps_send(void *userdata, const uint8_t *head, size_t head_size, const uint8_t *data, size_t data_size, int *fds,
                   unsigned n)
{
    struct conn *conn = userdata;
    struct hub_apps *apps = conn->apps;
    size_t taken = 0;

    (void)fds, (void)n;
    if (conn->is_dying || conn->is_deaf)
        return;
    if (conn->out.length == 0) {
        taken = conn_write(conn, head, head_size, data, data_size);
        if (taken == head_size + data_size || conn->is_deaf)
            return;
        event_add(&conn->write_event, NULL);
    }
    conn->out.max = QUEUE_FACTOR * conn_get_limit(conn);
    if (taken < head_size)
        conn_queue(conn, head + taken, head_size - taken);
    taken = taken > head_size ? taken - head_size : 0;
    conn_queue(conn, data + taken, data_size - taken);
    conn_check_share(conn);
    if (!conn->is_dying && sb_list_is_empty(&conn->watch_link)) {
        conn_watch(conn, &apps->behind);
        conn->over_since_ms = conn->since_ms;
    }
}

static void on_writable(evutil_socket_t fd, short what, void *userdata)
{
    struct conn *conn = userdata;
    size_t before = conn->out.length, taken, half = conn_get_limit(conn) / 2;

    (void)fd;
    (void)what;
    taken = before > 0 ? conn_write(conn, sb_buf_bytes(&conn->out), before, NULL, 0) : 0;
    if (conn->is_deaf)
        sb_buf_deinit(&conn->out);
    else
        sb_buf_consume(&conn->out, taken);
    hub_quota_refund_part(&conn->queued, conn->queued.amount - (uint32_t)conn->out.length);
    if (conn->out.length == 0)
        event_del(&conn->write_event);
    if (conn->has_hello && conn->out.length == 0)
        sb_list_remove(&conn->watch_link);
    else if (conn->has_hello && taken > 0)
        conn->since_ms = sb_clock_now_ms();
    /* Empty always counts: the limit may have been another one when somebody began to wait for room. */
    if (conn->out.length < half && (before >= half || conn->out.length == 0))
        hub_app_drained(conn->app);
}

/* --- input --- */

static void conn_break(struct conn *conn, const char *why)
{
    struct sb_rate *rate = &conn->apps->broken_lines;

    if (sb_rate_take(rate, sb_clock_now_ms())) {
        sb_log_write(conn->apps->log, SB_LOG_WARNING, "app closed: %s %s n_others_before=%u", why, hub_app_get_text(conn->app),
                     rate->n_refused);
        rate->n_refused = 0;
    }
    conn_end(conn);
}

void hub_apps_kill(void *userdata, const char *why)
{
    struct conn *conn = userdata;

    if (!conn->is_dying)
        conn_break(conn, why);
}

static void conn_wait(struct conn *conn)
{
    if (conn->is_waiting)
        return;
    conn->is_waiting = true;
    if (conn_listen(conn, EV_CLOSED) < 0)
        conn_break(conn, "out of memory");
}

/* The budget of this turn is spent, and libevent does not know of bytes that have left the socket. */
static void conn_continue_later(struct conn *conn)
{
    struct hub_apps *apps = conn->apps;

    conn->is_ready = true;
    if (sb_list_is_empty(&conn->turn_link))
        sb_list_append(&apps->ready, &conn->turn_link);
    hub_loop_postpone(apps->loop, &apps->ready_work);
}

/* Gives whole messages to the hub; returns how many bytes are done with. */
static size_t conn_parse(struct conn *conn, const uint8_t *bytes, size_t size)
{
    uint64_t due_us = sb_clock_now_us() + TURN_US;
    struct wire_msg msg;
    size_t done = 0, msg_size;
    unsigned n = 0;
    int r;

    while (!conn->is_dying) {
        r = wire_msg_scan(bytes + done, size - done, WIRE_MSG_MAX, &msg, &msg_size);
        if (r == 0) {
            conn->need = msg_size;
            break;
        }
        if (r < 0) {
            conn_break(conn, r == -EMSGSIZE ? "its message is longer than a message can be" : "its message is malformed");
            break;
        }
        if (n == MESSAGES_PER_TURN || (n > 0 && sb_clock_now_us() >= due_us)) {
            conn_continue_later(conn);
            break;
        }
        if (hub_app_receive(conn->app, &msg, NULL) == HUB_WAIT) {
            if (!conn->is_dying)
                conn_wait(conn);
            break;
        }
        done += msg_size;
        n++;
        if (!conn->has_hello && !conn->is_dying) {
            conn->has_hello = true;
            sb_list_remove(&conn->watch_link);
            sb_log_write(conn->apps->log, SB_LOG_DEBUG, "app connected %s n_apps=%zu", hub_app_get_text(conn->app),
                         conn->apps->n_conns);
        }
    }
    return done;
}

static void conn_parse_kept(struct conn *conn)
{
    size_t done;

    conn->is_ready = false;
    sb_list_remove(&conn->turn_link);
    done = conn_parse(conn, sb_buf_bytes(&conn->in), conn->in.length);
    sb_buf_consume(&conn->in, done);
    if (conn->in.length == 0)
        sb_buf_deinit(&conn->in); /* an app that is silent costs no buffer */
}

/* Receives at most size bytes; 0 when there is nothing to parse. Without room for control data the kernel closes
 * descriptors that were sent along before they are ours, and says so. */
static size_t conn_receive(struct conn *conn, uint8_t *room, size_t size)
{
    struct iovec part = { .iov_base = room, .iov_len = size };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    ssize_t n = recvmsg(conn->fd, &message, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0) {
        sb_log_write(conn->apps->log, SB_LOG_DEBUG, "app gone %s in_message=%s", hub_app_get_text(conn->app),
                     conn->in.length > 0 ? "yes" : "no");
        conn_end(conn);
        return 0;
    }
    if (message.msg_flags & MSG_CTRUNC) {
        conn_break(conn, "it sent a descriptor, which this version does not carry");
        return 0;
    }
    return (size_t)n;
}

/* Nothing is kept: receive where all connections do, and keep what is left over. */
static void conn_read_fresh(struct conn *conn)
{
    struct hub_apps *apps = conn->apps;
    size_t size, done;

    if (!apps->receive_buffer)
        apps->receive_buffer = malloc(RECEIVE_BYTES);
    if (!apps->receive_buffer) {
        conn_break(conn, "out of memory");
        return;
    }
    size = conn_receive(conn, apps->receive_buffer, RECEIVE_BYTES);
    if (size == 0)
        return;
    done = conn_parse(conn, apps->receive_buffer, size);
    if (done < size && !conn->is_dying && sb_buf_append(&conn->in, apps->receive_buffer + done, size - done) < 0)
        conn_break(conn, "out of memory");
}

/* The rest of a message: right behind its beginning. The room grows with what has come, whatever the length field says. */
static void conn_read_rest(struct conn *conn)
{
    size_t want = conn->need > conn->in.length ? conn->need - conn->in.length : 1;
    size_t most = conn->in.length > GROW_BYTES ? conn->in.length : GROW_BYTES, size;
    uint8_t *room;

    if (sb_buf_reserve(&conn->in, want < most ? want : most, &room, &size) < 0) {
        conn_break(conn, "out of memory");
        return;
    }
    size = conn_receive(conn, room, size);
    if (size == 0)
        return;
    sb_buf_commit(&conn->in, size);
    conn_parse_kept(conn);
}

static void on_readable(evutil_socket_t fd, short what, void *userdata)
{
    struct conn *conn = userdata;

    (void)fd;
    (void)what;
    if (conn->is_dying)
        return;
    if (conn->is_waiting) { /* its death must be known at once; what it had not got rid of dies with it */
        sb_log_write(conn->apps->log, SB_LOG_DEBUG, "app gone %s while its message waited", hub_app_get_text(conn->app));
        conn_end(conn);
    } else if (conn->is_ready) {
        conn_parse_kept(conn);
    } else if (conn->in.length > 0) {
        conn_read_rest(conn);
    } else {
        conn_read_fresh(conn);
    }
}

void hub_apps_resume(void *userdata)
{
    struct conn *conn = userdata;

    if (conn->is_dying || !conn->is_waiting || !sb_list_is_empty(&conn->turn_link))
        return;
    sb_list_append(&conn->apps->resumed, &conn->turn_link);
    hub_loop_defer(conn->apps->loop, &conn->apps->turn_work);
}

static void resume_one(struct conn *conn)
{
    conn->is_waiting = false;
    if (conn_listen(conn, EV_READ | EV_CLOSED) < 0)
        conn_break(conn, "out of memory");
    else
        conn_parse_kept(conn);
}

static void run_turn(void *userdata)
{
    struct hub_apps *apps = userdata;
    struct sb_list *link;
    struct conn *conn;

    while ((link = sb_list_first(&apps->resumed))) {
        sb_list_remove(link);
        resume_one(SB_CONTAINER_OF(link, struct conn, turn_link));
    }
    while ((link = sb_list_first(&apps->dying))) {
        conn = SB_CONTAINER_OF(link, struct conn, turn_link);
        sb_list_remove(link);
        hub_app_close(conn->app);
        conn_free(conn);
    }
}

static void run_ready(void *userdata)
{
    struct hub_apps *apps = userdata;
    struct sb_list due, *link;
    struct conn *conn;

    sb_list_take_all(&due, &apps->ready);
    while ((link = sb_list_first(&due))) {
        conn = SB_CONTAINER_OF(link, struct conn, turn_link);
        sb_list_remove(link);
        if (conn->is_ready && !conn->is_waiting && !conn->is_dying)
            conn_parse_kept(conn);
    }
}

/* What becomes of an app that has something queued. It may be over its quota because others of its user are: each that is closed
 * leaves the next one more. */
static void conn_judge(struct conn *conn, uint64_t now_ms)
{
    const struct hub_quota_user *user = conn->account->user;

    if (hub_quota_check(conn->account, HUB_QUOTA_BYTES, 0) == HUB_QUOTA_OK) {
        conn->over_since_ms = conn->since_ms = now_ms;
        return;
    }
    if (now_ms - conn->over_since_ms >= PATIENCE_MS)
        hub_app_congested(conn->app);
    if (now_ms - conn->since_ms < conn->apps->limits.stall_ms)
        return;
    sb_log_write(conn->apps->log, SB_LOG_WARNING,
                 "app closed: it has stopped reading %s queued_bytes=%zu limit=%zu user_queued_bytes=%" PRIu64 " user_limit=%" PRIu64
                 " stalled_ms=%" PRIu64, hub_app_get_text(conn->app), conn->out.length, conn_get_limit(conn),
                 user->used[HUB_QUOTA_BYTES], user->quota->limits.user[HUB_QUOTA_BYTES], now_ms - conn->since_ms);
    conn_end(conn);
}

static void on_tick(evutil_socket_t fd, short what, void *userdata)
{
    struct hub_apps *apps = userdata;
    uint64_t now_ms = sb_clock_now_ms();
    struct conn *conn;

    (void)fd;
    (void)what;
    SB_LIST_FOREACH (link, &apps->mute) {
        conn = SB_CONTAINER_OF(link, struct conn, watch_link);
        if (now_ms - conn->since_ms < apps->limits.hello_ms)
            continue;
        sb_log_write(apps->log, SB_LOG_WARNING, "app closed: it said no HELLO in time %s limit_ms=%" PRIu64,
                     hub_app_get_text(conn->app), apps->limits.hello_ms);
        conn_end(conn);
    }
    SB_LIST_FOREACH (link, &apps->behind)
        conn_judge(SB_CONTAINER_OF(link, struct conn, watch_link), now_ms);
    if (!sb_list_is_empty(&apps->mute) || !sb_list_is_empty(&apps->behind))
        event_add(apps->tick, &tick_period);
}

/* --- life --- */

int hub_apps_new(struct hub_loop *loop, struct hub *hub, const struct sb_log *log, const struct hub_apps_limits *limits,
                 struct hub_apps **ret_apps)
{
    struct hub_apps *apps = calloc(1, sizeof(*apps));

    if (!apps)
        return -ENOMEM;
    apps->loop = loop;
    apps->hub = hub;
    apps->log = log;
    apps->limits = *limits;
    sb_list_init(&apps->mute);
    sb_list_init(&apps->behind);
    sb_rate_init(&apps->broken_lines, BROKEN_LINES, 1, sb_clock_now_ms());
    sb_list_init(&apps->all);
    sb_list_init(&apps->ready);
    sb_list_init(&apps->resumed);
    sb_list_init(&apps->dying);
    hub_work_init(&apps->ready_work, run_ready, apps);
    hub_work_init(&apps->turn_work, run_turn, apps);
    apps->tick = event_new(hub_loop_get_base(loop), -1, 0, on_tick, apps);
    if (!apps->tick) {
        hub_apps_free(apps);
        return -ENOMEM;
    }
    *ret_apps = apps;
    return 0;
}

struct hub_apps *hub_apps_free(struct hub_apps *apps)
{
    if (!apps)
        return NULL;
    SB_LIST_FOREACH (link, &apps->all)
        conn_end(SB_CONTAINER_OF(link, struct conn, link));
    run_turn(apps);
    hub_work_cancel(&apps->turn_work);
    hub_work_cancel(&apps->ready_work);
    if (apps->tick)
        event_free(apps->tick);
    free(apps->receive_buffer);
    free(apps);
    return NULL;
}

void hub_apps_set_limits(struct hub_apps *apps, const struct hub_apps_limits *limits)
{
    apps->limits = *limits;
}

size_t hub_apps_count(const struct hub_apps *apps)
{
    return apps->n_conns;
}

struct hub_quota *hub_apps_get_quota(const struct hub_apps *apps)
{
    return hub_get_quota(apps->hub);
}

int hub_apps_add(struct hub_apps *apps, int fd, const struct hub_credentials *credentials)
{
    struct event_base *base = hub_loop_get_base(apps->loop);
    struct conn *conn = calloc(1, sizeof(*conn));
    int r;

    if (!conn) {
        close(fd);
        return -ENOMEM;
    }
    conn->apps = apps;
    conn->fd = fd;
    sb_buf_init(&conn->in, WIRE_MSG_MAX + RECEIVE_BYTES);
    sb_buf_init(&conn->out, 0); /* until something is queued */
    sb_list_init(&conn->watch_link);
    sb_list_init(&conn->turn_link);
    sb_list_append(&apps->all, &conn->link);
    r = hub_app_open(apps->hub, conn, credentials, &conn->app);
    if (r < 0) {
        conn_free(conn);
        return r;
    }
    conn->account = hub_app_get_account(conn->app);
    if (event_assign(&conn->event, base, fd, EV_READ | EV_CLOSED | EV_PERSIST, on_readable, conn) < 0 ||
        event_assign(&conn->write_event, base, fd, EV_WRITE | EV_PERSIST, on_writable, conn) < 0 ||
        event_add(&conn->event, NULL) < 0) {
        hub_app_close(conn->app);
        conn_free(conn);
        return -ENOMEM;
    }
    hub_quota_force(&conn->connected, conn->account, HUB_QUOTA_APPS, 1); /* accept_io has asked */
    apps->n_conns++;
    conn_watch(conn, &apps->mute);
    return 0;
}
