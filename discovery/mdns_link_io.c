/* The helper's end of the socket to the daemon; see mdns_link_io.h and docs/discovery.md. */
#include "discovery/mdns_link_io.h"

#include "base/clock.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ALIVE_S 10
#define LOG_BURST 20
#define LOG_EVERY_MS 1000
#define TURN_BUDGET 64 /* messages told in one turn of the loop */

int disc_mdns_link_read_config(int fd, void *storage, struct wire_disc_config *ret_config)
{
    struct wire_disc_message message;
    ssize_t n;
    int r;

    do
        n = recv(fd, storage, WIRE_DISC_MESSAGE_MAX, 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n < 0 ? -errno : -EPIPE;
    r = wire_disc_decode(storage, (size_t)n, &message);
    if (r < 0 || message.type != WIRE_DISC_CONFIG)
        return -EBADMSG;
    *ret_config = message.config;
    return 0;
}

/* 0; -EAGAIN: the message stays in link->out. Any other error is the daemon's end: the read event will say so. */
static int flush_out(struct disc_mdns_link *link)
{
    ssize_t n;

    if (link->out.length == 0)
        return 0;
    n = send(link->fd, sb_buf_bytes(&link->out), link->out.length, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
        return -EAGAIN;
    sb_buf_consume(&link->out, link->out.length);
    return 0;
}

/* -EAGAIN when the socket is full already; else the message is sent or kept for the next turn. */
static int send_message(struct disc_mdns_link *link, const struct wire_disc_message *message)
{
    int r = flush_out(link);

    if (r < 0)
        return r;
    r = wire_disc_encode(message, &link->out);
    if (r < 0)
        return r;
    if (flush_out(link) < 0)
        event_add(link->write_event, NULL);
    return 0;
}

static void on_writable(evutil_socket_t fd, short what, void *userdata)
{
    struct disc_mdns_link *link = userdata;
    struct wire_disc_message message;

    (void)fd;
    (void)what;
    for (int i = 0; i < TURN_BUDGET; i++) {
        if (flush_out(link) < 0)
            break;
        if (!disc_report_next(&link->report, &message))
            return;
        (void)wire_disc_encode(&message, &link->out);
    }
    event_add(link->write_event, NULL);
}

static void on_readable(evutil_socket_t fd, short what, void *userdata)
{
    struct disc_mdns_link *link = userdata;
    char byte;

    (void)what;
    if (recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    event_base_loopbreak(link->base);
}

static void on_alive(evutil_socket_t fd, short what, void *userdata)
{
    (void)fd;
    (void)what;
    (void)send_message(userdata, &(struct wire_disc_message){ .type = WIRE_DISC_ALIVE });
}

int disc_mdns_link_init(struct disc_mdns_link *link, struct event_base *base, int fd)
{
    const struct timeval alive = { .tv_sec = ALIVE_S };

    *link = (struct disc_mdns_link){ .base = base, .fd = -1, .n_log_tokens = LOG_BURST };
    disc_report_init(&link->report);
    sb_buf_init(&link->out, WIRE_DISC_MESSAGE_MAX);
    link->log_refill_ms = sb_clock_now_ms();
    link->read_event = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, link);
    link->write_event = event_new(base, fd, EV_WRITE, on_writable, link);
    link->alive_event = event_new(base, -1, EV_PERSIST, on_alive, link);
    if (!link->read_event || !link->write_event || !link->alive_event || event_add(link->read_event, NULL) < 0 ||
        event_add(link->alive_event, &alive) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
        disc_mdns_link_deinit(link);
        return -ENOMEM;
    }
    link->fd = fd;
    return 0;
}

void disc_mdns_link_deinit(struct disc_mdns_link *link)
{
    struct event *events[] = { link->read_event, link->write_event, link->alive_event };

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i])
            event_free(events[i]);
    disc_report_deinit(&link->report);
    sb_buf_deinit(&link->out);
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
}

void disc_mdns_link_kick(struct disc_mdns_link *link)
{
    event_add(link->write_event, NULL);
}

/* True when one more line may be sent now. */
static bool take_log_token(struct disc_mdns_link *link)
{
    uint64_t n = (sb_clock_now_ms() - link->log_refill_ms) / LOG_EVERY_MS;

    link->log_refill_ms += n * LOG_EVERY_MS;
    link->n_log_tokens = n + link->n_log_tokens > LOG_BURST ? LOG_BURST : link->n_log_tokens + (unsigned)n;
    if (link->n_log_tokens == 0) {
        link->n_logs_dropped++;
        return false;
    }
    link->n_log_tokens--;
    return true;
}

void disc_mdns_link_log(struct disc_mdns_link *link, int level, const char *text)
{
    struct wire_disc_message message = { .type = WIRE_DISC_LOG, .log.level = (uint8_t)level };
    char line[WIRE_DISC_LOG_MAX + 1];

    if (!take_log_token(link))
        return;
    if (link->n_logs_dropped > 0)
        snprintf(line, sizeof(line), "(%u lines dropped) %s", link->n_logs_dropped, text);
    else
        snprintf(line, sizeof(line), "%s", text);
    for (char *c = line; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    message.log.text = (struct wire_str){ .text = line, .size = strlen(line) };
    if (send_message(link, &message) == 0)
        link->n_logs_dropped = 0;
    else
        link->n_logs_dropped++;
}

void disc_mdns_link_send_ready(struct disc_mdns_link *link, uint32_t sandbox)
{
    (void)send_message(link, &(struct wire_disc_message){ .type = WIRE_DISC_READY, .ready.sandbox = sandbox });
}
