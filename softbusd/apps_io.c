/* The connections of apps; see apps_io.h. */
#include "softbusd/apps_io.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/rate.h"
#include "softbusd/hub.h"
#include "softbusd/loop.h"
#include "softbusd/outq.h"
#include "wire/msg.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
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
    struct event *tick;      /* runs only while one of the next three lists has members */
    struct sb_list mute;     /* connections that have not said HELLO */
    struct sb_list behind;   /* that have something queued */
    struct sb_list holding;  /* that have sent descriptors of messages which are not complete */
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
    struct hub_outq out;
    struct hub_rights rights;        /* descriptors of what is in `in` */
    uint64_t position;               /* in the stream, of the first byte that the hub has not done with */
    struct sb_list link;             /* in all */
    struct sb_list watch_link;       /* in mute or behind */
    struct sb_list turn_link;        /* in ready, resumed or dying */
    struct sb_list hold_link;        /* in holding */
    uint64_t held_since_ms;          /* the first of them came, or a message with some was complete */
    uint64_t since_ms;               /* of mute: accepted; of behind: last byte taken, or last seen within its quota */
    uint64_t over_since_ms;          /* last seen within its quota */
    struct hub_quota_account *account;
    struct hub_quota_charge connected;
    size_t need;                     /* bytes of the incomplete message in `in`, as far as known */
    int fd;
    bool has_hello, is_waiting, is_ready, is_dying;
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
    hub_outq_deinit(&conn->out);
    sb_list_remove(&conn->watch_link);
    sb_list_remove(&conn->hold_link);
    sb_list_remove(&conn->turn_link);
    sb_list_append(&apps->dying, &conn->turn_link);
    hub_loop_defer(apps->loop, &apps->turn_work);
}

static void conn_reap(struct conn *conn)
{
    if (conn->app)
        hub_app_close(conn->app);
    sb_list_remove(&conn->link);
    sb_list_remove(&conn->watch_link);
    sb_list_remove(&conn->turn_link);
    sb_buf_deinit(&conn->in);
    hub_rights_deinit(&conn->rights);
    hub_outq_deinit(&conn->out);
    close(conn->fd);
    free(conn);
}

static void start_tick(struct hub_apps *apps)
{
    if (!event_pending(apps->tick, EV_TIMEOUT, NULL))
        event_add(apps->tick, &tick_period);
}

static void conn_watch(struct conn *conn, struct sb_list *list)
{
    conn->since_ms = sb_clock_now_ms();
    sb_list_remove(&conn->watch_link);
    sb_list_append(list, &conn->watch_link);
    start_tick(conn->apps);
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

/* Ends an app that has more than an equal part of what is queued for all apps of its user, when that is too much: a user with many
 * apps that read nothing must not fill the memory, and those of its apps that read must not suffer for the others. */
static void conn_check_share(struct conn *conn)
{
    const struct hub_quota_user *user = conn->account->user;

    if (conn->is_dying || !hub_quota_is_hog(conn->account, HUB_QUOTA_BYTES))
        return;
    sb_log_write(conn->apps->log, SB_LOG_WARNING,
                 "app closed: too much is queued for its user's apps %s queued_bytes=%zu n_apps=%" PRIu32 " user_queued_bytes=%" PRIu64
                 " limit=%" PRIu64, hub_app_get_text(conn->app), conn->out.bytes.length, user->n_holders[HUB_QUOTA_BYTES],
                 user->used[HUB_QUOTA_BYTES], user->quota->limits.user[HUB_QUOTA_BYTES]);
    conn_end(conn);
}

void hub_apps_send(void *userdata, const uint8_t *head, size_t head_size, const uint8_t *data, size_t data_size, int *fds,
                   unsigned n)
{
    struct conn *conn = userdata;
    size_t max = QUEUE_FACTOR * conn_get_limit(conn);
    int r;

    if (conn->is_dying || conn->out.is_deaf)
        return;
    r = hub_outq_send(&conn->out, max, head, head_size, data, data_size, fds, n);
    if (r == 0)
        return;
    if (r < 0) {
        sb_log_write(conn->apps->log, SB_LOG_WARNING, "app closed: %s %s queued_bytes=%zu limit=%zu",
                     r == -ENOMEM ? "out of memory" : "it does not read fast enough", hub_app_get_text(conn->app),
                     conn->out.bytes.length + head_size + data_size, max);
        conn_end(conn);
        return;
    }
    event_add(&conn->write_event, NULL);
    conn_check_share(conn);
    if (!conn->is_dying && sb_list_is_empty(&conn->watch_link)) {
        conn_watch(conn, &conn->apps->behind);
        conn->over_since_ms = conn->since_ms;
    }
}

static void on_writable(evutil_socket_t fd, short what, void *userdata)
{
    struct conn *conn = userdata;
    size_t before = conn->out.bytes.length, left, half = conn_get_limit(conn) / 2;
    bool has_moved = hub_outq_flush(&conn->out);

    (void)fd, (void)what;
    left = conn->out.bytes.length;
    if (left == 0 || conn->out.is_choked) /* else it would be called again at once; the tick tries once more */
        event_del(&conn->write_event);
    if (conn->has_hello && left == 0)
        sb_list_remove(&conn->watch_link);
    else if (conn->has_hello && has_moved)
        conn->since_ms = sb_clock_now_ms();
    /* Empty always counts: the limit may have been another one when somebody began to wait for room. */
    if (left < half && (before >= half || left == 0))
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

/* What the hub says of one message; the connection may be dying afterwards. */
static enum hub_receive conn_hand_over(struct conn *conn, const struct wire_msg *msg, size_t msg_size)
{
    int *fds;

    if (hub_rights_match(&conn->rights, conn->position, msg->n_fds, &fds) < 0) {
        conn_break(conn, "descriptors came from it that no message says it has");
        return HUB_DONE;
    }
    if (hub_app_receive(conn->app, msg, fds) == HUB_WAIT)
        return HUB_WAIT;
    if (msg->n_fds > 0) {
        hub_rights_done(&conn->rights, conn->position, msg->n_fds);
        conn->held_since_ms = sb_clock_now_ms();
    }
    conn->position += msg_size;
    return HUB_DONE;
}

/* Descriptors of a message that never comes would be ours for ever. */
static void conn_note_held(struct conn *conn)
{
    if (hub_rights_is_empty(&conn->rights) || conn->is_dying) {
        sb_list_remove(&conn->hold_link);
    } else if (sb_list_is_empty(&conn->hold_link)) {
        conn->held_since_ms = sb_clock_now_ms();
        sb_list_append(&conn->apps->holding, &conn->hold_link);
        start_tick(conn->apps);
    }
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
        if (conn_hand_over(conn, &msg, msg_size) == HUB_WAIT) {
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
    conn_note_held(conn);
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

static size_t conn_receive(struct conn *conn, uint8_t *room, size_t size)
{
    ssize_t n = hub_rights_receive(&conn->rights, conn->fd, room, size, conn->position + conn->in.length);

    if (n == -EAGAIN || n == -EINTR)
        return 0;
    if (n == -ENOBUFS || n == -ENOMEM) {
        conn_break(conn, n == -ENOBUFS ? "too many descriptors came from it before their messages" : "out of memory");
        return 0;
    }
    if (n <= 0) {
        sb_log_write(conn->apps->log, SB_LOG_DEBUG, "app gone %s in_message=%s", hub_app_get_text(conn->app),
                     conn->in.length > 0 ? "yes" : "no");
        conn_end(conn);
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

    (void)fd, (void)what;
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

    while ((link = sb_list_first(&apps->resumed))) {
        sb_list_remove(link);
        resume_one(SB_CONTAINER_OF(link, struct conn, turn_link));
    }
    while ((link = sb_list_first(&apps->dying))) {
        sb_list_remove(link);
        conn_reap(SB_CONTAINER_OF(link, struct conn, turn_link));
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

    if (conn->out.is_choked)
        event_add(&conn->write_event, NULL);
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
                 " stalled_ms=%" PRIu64, hub_app_get_text(conn->app), conn->out.bytes.length, conn_get_limit(conn),
                 user->used[HUB_QUOTA_BYTES], user->quota->limits.user[HUB_QUOTA_BYTES], now_ms - conn->since_ms);
    conn_end(conn);
}

static void on_tick(evutil_socket_t fd, short what, void *userdata)
{
    struct hub_apps *apps = userdata;
    uint64_t now_ms = sb_clock_now_ms();
    struct conn *conn;

    (void)fd, (void)what;
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
    SB_LIST_FOREACH (link, &apps->holding) {
        conn = SB_CONTAINER_OF(link, struct conn, hold_link);
        if (conn->is_waiting)
            conn->held_since_ms = now_ms;
        else if (now_ms - conn->held_since_ms >= apps->limits.stall_ms)
            conn_break(conn, "descriptors came from it whose message is not complete in time (limit app_stall_seconds)");
    }
    if (!sb_list_is_empty(&apps->mute) || !sb_list_is_empty(&apps->behind) || !sb_list_is_empty(&apps->holding))
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
    sb_list_init(&apps->holding);
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
    hub_rights_init(&conn->rights);
    hub_outq_init(&conn->out, fd, NULL);
    sb_list_init(&conn->watch_link);
    sb_list_init(&conn->hold_link);
    sb_list_init(&conn->turn_link);
    sb_list_append(&apps->all, &conn->link);
    r = hub_app_open(apps->hub, conn, credentials, &conn->app);
    if (r < 0) {
        conn_reap(conn);
        return r;
    }
    conn->account = conn->out.account = hub_app_get_account(conn->app);
    if (event_assign(&conn->event, base, fd, EV_READ | EV_CLOSED | EV_PERSIST, on_readable, conn) < 0 ||
        event_assign(&conn->write_event, base, fd, EV_WRITE | EV_PERSIST, on_writable, conn) < 0 ||
        event_add(&conn->event, NULL) < 0) {
        conn_reap(conn);
        return -ENOMEM;
    }
    hub_quota_force(&conn->connected, conn->account, HUB_QUOTA_APPS, 1); /* accept_io has asked */
    apps->n_conns++;
    conn_watch(conn, &apps->mute);
    return 0;
}
