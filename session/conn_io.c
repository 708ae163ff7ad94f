/*
 * One connection: socket, TLS, and the pump between them. See manager_impl.h.
 *
 * Until the peer's key is known everything is bounded: the number of such connections (listener_io.c), their time (one
 * deadline from accept or connect to the end of HELLO) and their bytes. While the worker has the TLS object (is_at_worker) the
 * loop reads nothing and touches nothing but the flag that the connection is dead.
 */
#include "base/clock.h"
#include "session/address.h"
#include "session/manager_impl.h"
#include "session/tls_io.h"
#include "session/trust.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EARLY_BYTES_MAX (64 * 1024)
#define READ_SIZE (16 * 1024)
#define READ_BUDGET (256 * 1024) /* of one turn: other connections are waiting too */
#define LINGER_MS 1000

/* Unsent bytes the kernel may hold before it says that we cannot write: what is in there can no longer be overtaken. */
#define NOTSENT_BYTES (64 * 1024)

static void on_readable(evutil_socket_t fd, short events, void *userdata);
static void on_writable(evutil_socket_t fd, short events, void *userdata);
static void on_deadline(evutil_socket_t fd, short events, void *userdata);
static void shake_soon(struct sess_conn *conn);

void sess_conn_set_deadline(struct sess_conn *conn, unsigned ms)
{
    struct timeval delay = { .tv_sec = ms / 1000, .tv_usec = (long)(ms % 1000) * 1000 };

    if (ms > 0)
        event_add(conn->deadline, &delay);
    else
        event_del(conn->deadline);
}

static void set_options(int fd)
{
    int on = 1, notsent = NOTSENT_BYTES;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &notsent, sizeof(notsent));
}

/* takes fd, also on failure */
static int conn_new(struct sess_manager *manager, int fd, bool is_outgoing, const struct sockaddr_storage *address,
                    struct sess_conn **ret_conn)
{
    struct sess_conn *conn = calloc(1, sizeof(*conn));

    if (!conn) {
        close(fd);
        return -ENOMEM;
    }
    conn->manager = manager;
    conn->fd = fd;
    conn->is_outgoing = is_outgoing;
    conn->address = *address;
    sb_list_init(&conn->link);
    sb_list_init(&conn->job.link);
    sb_buf_init(&conn->greeting, WIRE_FRAME_MAX * 2);
    sess_hello_init(&conn->hello, is_outgoing);
    conn->read_event = event_new(manager->base, fd, EV_READ | EV_PERSIST, on_readable, conn);
    conn->write_event = event_new(manager->base, fd, EV_WRITE, on_writable, conn);
    conn->deadline = event_new(manager->base, -1, 0, on_deadline, conn);
    if (!conn->read_event || !conn->write_event || !conn->deadline) {
        sess_conn_free(conn);
        return -ENOMEM;
    }
    set_options(fd);
    sb_list_append(&manager->conns, &conn->link);
    sess_conn_set_deadline(conn, manager->config.handshake_ms);
    *ret_conn = conn;
    return 0;
}

struct sess_conn *sess_conn_free(struct sess_conn *conn)
{
    if (!conn)
        return NULL;
    if (conn->read_event)
        event_free(conn->read_event);
    if (conn->write_event)
        event_free(conn->write_event);
    if (conn->deadline)
        event_free(conn->deadline);
    if (conn->is_pending)
        conn->manager->n_pending--;
    sb_list_remove(&conn->link);
    sess_tls_free(conn->tls);
    sb_buf_deinit(&conn->greeting);
    close(conn->fd);
    free(conn);
    return NULL;
}

int sess_conn_new_incoming(struct sess_manager *manager, int fd, const struct sockaddr_storage *address)
{
    struct sess_conn *conn;
    int r;

    r = conn_new(manager, fd, false, address, &conn);
    if (r < 0)
        return r;
    conn->is_pending = true;
    manager->n_pending++;
    conn->state = SESS_CONN_QUIET;
    event_add(conn->read_event, NULL);
    return 0;
}

int sess_conn_new_outgoing(struct sess_manager *manager, struct sess_dial *dial)
{
    struct sess_conn *conn;
    int fd, r;

    fd = socket(dial->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&dial->address, sess_address_get_size(&dial->address)) < 0 &&
        errno != EINPROGRESS) {
        r = -errno;
        close(fd);
        return r;
    }
    r = conn_new(manager, fd, true, &dial->address, &conn);
    if (r < 0)
        return r;
    conn->state = SESS_CONN_CONNECTING;
    conn->dial = dial;
    dial->conn = conn;
    event_add(conn->write_event, NULL);
    return 0;
}

/* Why an attempt failed, for the one who dialled and for the log. */
static void fail(struct sess_conn *conn, int error, const char *text)
{
    struct sess_dial *dial = conn->dial;

    conn->dial = NULL;
    if (dial)
        sess_dialer_fail(dial, error, text);
    else if (error != 0 && error != -ECONNRESET && !conn->is_outgoing)
        /* Hanging up early is what a device does whose other connection was faster: not worth a line. */
        sess_manager_note_stranger(conn->manager, &conn->address, text);
}

void sess_conn_drop(struct sess_conn *conn)
{
    struct sess_link *peer = conn->peer;

    if (conn->state == SESS_CONN_DEAD)
        return;
    fail(conn, 0, "");
    if (peer && conn->state == SESS_CONN_GREETING)
        peer->n_greeting--;
    conn->state = SESS_CONN_DEAD;
    conn->peer = NULL;
    event_del(conn->read_event);
    event_del(conn->write_event);
    event_del(conn->deadline);
    shutdown(conn->fd, SHUT_RDWR);
    if (peer && peer->asking == conn) {
        peer->asking = NULL;
        sess_dialer_kick(peer, false);
    }
    sess_manager_reap_soon(conn->manager);
    if (peer && peer->conn == conn)
        sess_link_cut(peer);
}

int sess_conn_write(struct sess_conn *conn)
{
    struct sb_buf *output = sess_tls_get_output(conn->tls);

    while (output->length > 0) {
        ssize_t n = send(conn->fd, sb_buf_bytes(output), output->length, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
            event_add(conn->write_event, NULL);
            return 0;
        }
        if (n < 0)
            return -errno;
        sb_buf_consume(output, (size_t)n);
    }
    if (conn->state == SESS_CONN_LINGER)
        shutdown(conn->fd, SHUT_WR);
    return 0;
}

/* The last words (an alert, a REJECT, a CLOSE) must reach the peer: closing while its bytes are unread would send a
 * reset that overtakes them. So we stop writing, and throw away what comes until it closes too. */
void sess_conn_linger(struct sess_conn *conn)
{
    if (conn->state == SESS_CONN_DEAD || conn->state == SESS_CONN_LINGER)
        return;
    if (conn->peer && conn->state == SESS_CONN_GREETING)
        conn->peer->n_greeting--;
    if (conn->peer && conn->peer->asking == conn)
        conn->peer->asking = NULL;
    conn->state = SESS_CONN_LINGER;
    fail(conn, 0, "");
    conn->peer = NULL;
    if (sess_conn_write(conn) < 0) {
        sess_conn_drop(conn);
        return;
    }
    event_add(conn->read_event, NULL);
    sess_conn_set_deadline(conn, LINGER_MS);
}

static void on_deadline(evutil_socket_t fd, short events, void *userdata)
{
    struct sess_conn *conn = userdata;

    (void)fd;
    (void)events;
    if (conn->state != SESS_CONN_LINGER)
        fail(conn, -ETIMEDOUT, conn->state == SESS_CONN_QUIET ? "said nothing within handshake_ms"
                                                              : "not done within handshake_ms");
    sess_conn_drop(conn);
}

static void run_job(struct sess_worker_job *job)
{
    struct sess_conn *conn = SB_CONTAINER_OF(job, struct sess_conn, job);

    conn->job_result = sess_tls_shake(conn->tls);
}

/* Gives the TLS object to the worker; sess_conn_collect() takes it back. */
static void shake_soon(struct sess_conn *conn)
{
    event_del(conn->read_event);
    conn->is_at_worker = true;
    conn->job.run = run_job;
    sess_worker_submit(conn->manager->worker, &conn->job);
}

static int start_tls(struct sess_conn *conn)
{
    const struct wire_devid *expected = conn->dial && conn->dial->peer ? &conn->dial->peer->id : NULL;
    int r;

    r = sess_tls_new(conn->manager->tls, conn->is_outgoing, conn->manager->ids, expected, &conn->tls);
    if (r == 0)
        conn->state = SESS_CONN_SHAKING;
    return r;
}

static void on_connected(struct sess_conn *conn)
{
    int error = 0, r;
    socklen_t size = sizeof(error);

    getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0 && sess_address_is_ourselves(conn->fd, conn->manager->port)) {
        sess_conn_drop(conn);
        return;
    }
    r = error ? -error : start_tls(conn);
    if (r < 0) {
        fail(conn, r, strerror(-r));
        sess_conn_drop(conn);
        return;
    }
    shake_soon(conn);
}

static void on_writable(evutil_socket_t fd, short events, void *userdata)
{
    struct sess_conn *conn = userdata;

    (void)fd;
    (void)events;
    if (conn->state == SESS_CONN_CONNECTING) {
        on_connected(conn);
        return;
    }
    if (conn->is_at_worker)
        return;
    if (sess_conn_write(conn) < 0)
        sess_conn_drop(conn);
    else if (conn->state == SESS_CONN_LIVE)
        sess_link_flush(conn->peer);
}

static void take_plaintext(struct sess_conn *conn);

/* Text of a failed handshake; NULL: nothing worth a line. */
static const char *explain(struct sess_conn *conn, char *text, size_t size)
{
    const struct wire_devid *id = sess_tls_get_id(conn->tls);
    char id_text[WIRE_DEVID_TEXT_SIZE] = "";

    if (id)
        wire_devid_format(id, id_text);
    switch (sess_tls_get_failure(conn->tls)) {
    case SESS_TLS_UNTRUSTED:
        snprintf(text, size, "device %s is not trusted", id_text);
        break;
    case SESS_TLS_OTHER:
        snprintf(text, size, "it is device %s", id_text);
        break;
    case SESS_TLS_CERTIFICATE:
        snprintf(text, size, "its certificate is not X.509 v3 with an ECDSA P-256 key");
        break;
    case SESS_TLS_ALPN_WRONG:
        snprintf(text, size, "it does not speak " SESS_TLS_ALPN);
        break;
    case SESS_TLS_ALERT:
        snprintf(text, size, "it refused us with a TLS alert: does it trust this device?");
        break;
    case SESS_TLS_ITSELF:
        return NULL;
    case SESS_TLS_OK:
    case SESS_TLS_FAILED:
        snprintf(text, size, "TLS handshake failed: %s", sess_tls_get_detail(conn->tls));
        break;
    }
    return text;
}

static void on_refused(struct sess_conn *conn)
{
    char text[256];
    const char *what = explain(conn, text, sizeof(text));

    if (what)
        fail(conn, -(int)(1000 + sess_tls_get_failure(conn->tls)), what);
    sess_conn_linger(conn);
}

/* The peer has proved its key, which the snapshot had; the store may have changed since. */
static void on_authenticated(struct sess_conn *conn)
{
    struct sess_manager *manager = conn->manager;
    const struct wire_devid *id = sess_tls_get_id(conn->tls);
    char id_text[WIRE_DEVID_TEXT_SIZE], text[128];

    if (!sess_manager_is_trusted(manager, id)) {
        wire_devid_format(id, id_text);
        snprintf(text, sizeof(text), "device %s is not trusted", id_text);
        fail(conn, -EACCES, text);
        sess_conn_drop(conn);
        return;
    }
    if (sess_link_ensure(manager, id, &conn->peer) < 0) {
        sess_conn_drop(conn);
        return;
    }
    if (conn->is_pending)
        manager->n_pending--;
    conn->is_pending = false;
    conn->state = SESS_CONN_GREETING;
    conn->peer->n_greeting++;
    if (conn->dial && !conn->dial->peer) {
        conn->dial->known = *id;
        conn->dial->has_known = true;
    }
    event_add(conn->read_event, NULL);
    sess_greet_begin(conn);
    if (conn->state == SESS_CONN_GREETING) /* with TLS 1.3 the HELLO may have come along */
        take_plaintext(conn);
}

static void on_shaken(struct sess_conn *conn)
{
    conn->is_at_worker = false;
    if (conn->state == SESS_CONN_DEAD) {
        sess_manager_reap_soon(conn->manager);
        return;
    }
    if (conn->job_result < 0 && conn->job_result != -EAGAIN) {
        on_refused(conn);
        return;
    }
    if (sess_conn_write(conn) < 0) {
        fail(conn, -ECONNRESET, strerror(ECONNRESET));
        sess_conn_drop(conn);
        return;
    }
    if (conn->job_result == 0)
        on_authenticated(conn);
    else
        event_add(conn->read_event, NULL);
}

void sess_conn_collect(struct sess_manager *manager)
{
    struct sess_worker_job *job;

    while ((job = sess_worker_collect(manager->worker)))
        on_shaken(SB_CONTAINER_OF(job, struct sess_conn, job));
}

/* Every record that is complete. */
static void take_plaintext(struct sess_conn *conn)
{
    struct sess_manager *manager = conn->manager;
    size_t size;
    int r;

    for (;;) {
        r = sess_tls_read(conn->tls, manager->plain, sizeof(manager->plain), &size);
        if (r == -EAGAIN)
            return;
        if (r < 0) {
            sess_conn_drop(conn);
            return;
        }
        if (conn->state == SESS_CONN_LIVE)
            sess_link_take(conn->peer, manager->plain, size);
        else
            sess_greet_take(conn, manager->plain, size);
        if (conn->state != SESS_CONN_LIVE && conn->state != SESS_CONN_GREETING)
            return;
    }
}

/* One recv(); 0: nothing more now. */
static ssize_t receive(struct sess_conn *conn)
{
    struct sb_buf *input = sess_tls_get_input(conn->tls);
    uint8_t *room;
    size_t size;
    ssize_t n;

    if (sb_buf_reserve(input, READ_SIZE, &room, &size) < 0)
        return -1;
    n = recv(conn->fd, room, size, 0);
    if (n > 0) {
        sb_buf_commit(input, (size_t)n);
        return n;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static void on_early_bytes(struct sess_conn *conn, size_t size)
{
    conn->early_bytes += size;
    if (conn->early_bytes > EARLY_BYTES_MAX) {
        fail(conn, -E2BIG, "more than 64 KiB before it was known who it is");
        sess_conn_drop(conn);
        return;
    }
    shake_soon(conn);
}

static void discard(struct sess_conn *conn)
{
    ssize_t n = recv(conn->fd, conn->manager->plain, sizeof(conn->manager->plain), 0);

    if (n > 0)
        conn->early_bytes += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || conn->early_bytes > 16 * EARLY_BYTES_MAX)
        sess_conn_drop(conn);
}

static void on_readable(evutil_socket_t fd, short events, void *userdata)
{
    struct sess_conn *conn = userdata;
    size_t total = 0;
    uint8_t first;
    ssize_t n;

    (void)events;
    if (conn->state == SESS_CONN_LINGER) {
        discard(conn);
        return;
    }
    /* The 37 KB of a TLS context are for those who have something to say. */
    if (conn->state == SESS_CONN_QUIET && (recv(fd, &first, 1, MSG_PEEK) <= 0 || start_tls(conn) < 0)) {
        sess_conn_drop(conn);
        return;
    }
    do {
        n = receive(conn);
        if (n < 0) {
            if (conn->state != SESS_CONN_LIVE)
                fail(conn, -ECONNRESET, "closed during the handshake");
            sess_conn_drop(conn);
            return;
        }
        if (n > 0 && conn->state == SESS_CONN_SHAKING) {
            on_early_bytes(conn, (size_t)n);
            return;
        }
        if (n > 0)
            take_plaintext(conn);
        total += (size_t)n;
    } while (n == READ_SIZE && total < READ_BUDGET &&
             (conn->state == SESS_CONN_LIVE || conn->state == SESS_CONN_GREETING));
}
