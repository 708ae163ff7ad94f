/* The daemon's side of the discovery helper; see helper_io.h and docs/discovery.md. */
#include "discovery/helper_io.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/rate.h"
#include "discovery/address.h"
#include "discovery/table.h"
#include "discovery/txt.h"
#include "wire/disc.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER_FD 3 /* where the program expects its end of the socket */
#define BACKOFF_MIN_MS 250
#define BACKOFF_MAX_MS 30000
#define STEADY_MS 60000   /* a helper that lived this long starts over at the shortest back-off */
#define SILENCE_MS 35000  /* it says something every 10 s; one that does not hangs, or spins */
#define REAP_MS 20        /* between looks at a killed child that is not gone yet */
#define GOODBYE_MS 250    /* for the last helper to say goodbye to the network */
#define TURN_BUDGET 64    /* messages in one turn of the loop */
#define BURST 4096        /* messages at once, and then */
#define RATE_PER_S 200    /* a second: a flood waits in the socket, where it stops the helper */
#define LOG_BURST 20
#define LOG_RATE_PER_S 1

enum phase {
    PHASE_WAITING, /* for `timer` to start the next helper */
    PHASE_RUNNING, /* timer: SILENCE_MS */
    PHASE_PAUSED,  /* running, but it has said too much: not read until `timer` */
    PHASE_REAPING, /* killed or dead; `timer` looks again */
};

struct disc_helper {
    struct event_base *base;
    struct disc_helper_callbacks callbacks;
    char *program;
    struct sb_buf config; /* the CONFIG message */
    struct wire_devid own_id;
    struct sb_random random;
    struct disc_table found;
    struct event *timer, *expiry, *readable;
    struct sb_rate messages, logs;
    enum phase phase;
    pid_t pid;
    int fd;
    bool is_up;
    uint64_t started_ms;
    unsigned backoff_ms;
    char reason[160]; /* why it is being reaped; "": it died by itself */
};

static void arm(struct event *event, uint64_t delay_ms)
{
    const struct timeval tv = { .tv_sec = (time_t)(delay_ms / 1000), .tv_usec = (suseconds_t)(delay_ms % 1000 * 1000) };

    event_add(event, &tv);
}

static bool is_wanted(void *userdata, const struct wire_devid *id)
{
    const struct disc_helper *helper = userdata;

    return helper->callbacks.is_wanted && helper->callbacks.is_wanted(helper->callbacks.userdata, id);
}

static void tell_lost(void *userdata, const struct wire_devid *id, const struct disc_candidate *candidate)
{
    const struct disc_helper *helper = userdata;

    helper->callbacks.lost(helper->callbacks.userdata, id, &candidate->address);
}

/* We keep the table for its bounds and expiry; its changed list is not ours to tell. */
static void forget_changes(struct disc_helper *helper)
{
    struct disc_changed changed;

    while (disc_table_next_changed(&helper->found, &changed))
        ;
}

static void on_expiry(evutil_socket_t fd, short what, void *userdata)
{
    struct disc_helper *helper = userdata;
    uint64_t now_ms = sb_clock_now_ms(), next_ms = disc_table_expire(&helper->found, now_ms);

    (void)fd, (void)what;
    forget_changes(helper);
    if (next_ms != UINT64_MAX)
        arm(helper->expiry, next_ms - now_ms);
}

/* Takes the helper out of service for `reason` (NULL: it went by itself); reaps it now or soon. */
static void stop(struct disc_helper *helper, const char *reason)
{
    if (reason)
        snprintf(helper->reason, sizeof(helper->reason), "%s", reason);
    else
        helper->reason[0] = '\0';
    event_free(helper->readable);
    helper->readable = NULL;
    close(helper->fd);
    helper->fd = -1;
    if (reason)
        kill(helper->pid, SIGKILL);
    helper->phase = PHASE_REAPING;
    arm(helper->timer, 0);
}

/* The helper is gone: says why, keeps what it found for a while, and sets the time of the next one. */
static void plan_restart(struct disc_helper *helper, const char *why)
{
    uint64_t now_ms = sb_clock_now_ms();
    char text[448];

    if (now_ms - helper->started_ms >= STEADY_MS)
        helper->backoff_ms = BACKOFF_MIN_MS;
    snprintf(text, sizeof(text), "discovery helper %s; next start in %u ms", why, helper->backoff_ms);
    helper->phase = PHASE_WAITING;
    arm(helper->timer, helper->backoff_ms);
    helper->backoff_ms = helper->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : helper->backoff_ms * 2;
    disc_table_limit_source(&helper->found, DISC_SOURCE_MDNS, now_ms + DISC_HELPER_KEEP_MS);
    arm(helper->expiry, DISC_HELPER_KEEP_MS);
    helper->is_up = false;
    helper->callbacks.state(helper->callbacks.userdata, false, text);
}

static void reap(struct disc_helper *helper)
{
    char why[sizeof(helper->reason) + 64];
    int status = 0;
    pid_t pid = waitpid(helper->pid, &status, WNOHANG);

    if (pid == 0) {
        kill(helper->pid, SIGKILL); /* it closed its socket but lives on */
        arm(helper->timer, REAP_MS);
        return;
    }
    if (helper->reason[0])
        snprintf(why, sizeof(why), "%d was killed: %s", (int)helper->pid, helper->reason);
    else if (pid > 0 && WIFSIGNALED(status))
        snprintf(why, sizeof(why), "%d died of signal %d%s", (int)helper->pid, WTERMSIG(status),
                 WTERMSIG(status) == SIGSYS ? " (a system call outside its filter)" : "");
    else
        snprintf(why, sizeof(why), "%d exited with status %d", (int)helper->pid, pid > 0 ? WEXITSTATUS(status) : -1);
    helper->pid = 0;
    plan_restart(helper, why);
}

static void handle_found(struct disc_helper *helper, const struct wire_disc_seen *seen)
{
    struct sockaddr_storage address;
    int r;

    disc_address_from_wire(&seen->address, &address);
    if (!disc_address_is_dialable(&address) || wire_devid_is_equal(&seen->id, &helper->own_id))
        return;
    r = disc_table_add(&helper->found, &seen->id, DISC_SOURCE_MDNS, seen->version, &address, UINT64_MAX);
    if (r == 0 || r == DISC_TABLE_SAME) /* the owner may have room now for what it had none for before */
        helper->callbacks.found(helper->callbacks.userdata, &seen->id, seen->version, &address);
    forget_changes(helper);
}

static void handle_lost(struct disc_helper *helper, const struct wire_disc_seen *seen)
{
    struct sockaddr_storage address;

    disc_address_from_wire(&seen->address, &address);
    if (disc_table_remove(&helper->found, &seen->id, DISC_SOURCE_MDNS, &address) == 0)
        helper->callbacks.lost(helper->callbacks.userdata, &seen->id, &address);
    forget_changes(helper);
}

static void handle_ready(struct disc_helper *helper, uint32_t sandbox)
{
    char text[200];

    snprintf(text, sizeof(text), "discovery helper %d is up (%s, %s, %s, %s)", (int)helper->pid,
             sandbox & WIRE_DISC_SANDBOX_USER ? "no root" : "user 0 of its namespace",
             sandbox & WIRE_DISC_SANDBOX_ROOT ? "empty root directory" : "no root directory of its own",
             sandbox & WIRE_DISC_SANDBOX_CAPS ? "no capabilities" : "capabilities",
             sandbox & WIRE_DISC_SANDBOX_SECCOMP ? "system-call filter" : "no system-call filter");
    helper->is_up = true;
    helper->callbacks.state(helper->callbacks.userdata, true, text);
}

/* NULL, or why the helper must go. */
static const char *handle_message(struct disc_helper *helper, const struct wire_disc_message *message)
{
    switch (message->type) {
    case WIRE_DISC_READY:
        if (helper->is_up)
            return "it said READY twice";
        handle_ready(helper, message->ready.sandbox);
        return NULL;
    case WIRE_DISC_FOUND:
    case WIRE_DISC_LOST:
        if (!helper->is_up)
            return "it spoke before READY";
        if (message->type == WIRE_DISC_FOUND)
            handle_found(helper, &message->seen);
        else
            handle_lost(helper, &message->seen);
        return NULL;
    case WIRE_DISC_LOG:
        if (helper->callbacks.log && sb_rate_take(&helper->logs, sb_clock_now_ms()))
            helper->callbacks.log(helper->callbacks.userdata, message->log.level, message->log.text.text);
        return NULL;
    case WIRE_DISC_ALIVE:
        return NULL;
    case WIRE_DISC_CONFIG:
        break;
    }
    return "it sent a message that is not its to send";
}

static void pause_reading(struct disc_helper *helper)
{
    event_del(helper->readable);
    helper->phase = PHASE_PAUSED;
    arm(helper->timer, 1000);
}

/* False when there is no more to read now, or ever. */
static bool read_message(struct disc_helper *helper)
{
    uint8_t bytes[WIRE_DISC_MESSAGE_MAX + 1];
    struct wire_disc_message message;
    const char *why;
    ssize_t n;

    if (!sb_rate_take(&helper->messages, sb_clock_now_ms())) {
        pause_reading(helper);
        return false;
    }
    n = recv(helper->fd, bytes, sizeof(bytes), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        sb_rate_give_back(&helper->messages);
        return false;
    }
    if (n <= 0) {
        stop(helper, NULL);
        return false;
    }
    why = wire_disc_decode(bytes, (size_t)n, &message) < 0 ? "it sent a malformed message" : handle_message(helper, &message);
    if (why) {
        stop(helper, why);
        return false;
    }
    return true;
}

static void on_readable(evutil_socket_t fd, short what, void *userdata)
{
    struct disc_helper *helper = userdata;

    (void)fd, (void)what;
    arm(helper->timer, SILENCE_MS);
    for (int i = 0; i < TURN_BUDGET && read_message(helper); i++)
        ; /* what is left waits in the kernel, and the event is level-triggered */
}

/* The child: /dev/null as 0 … 2, the socket as 3, nothing else, no environment. */
static int spawn(struct disc_helper *helper, int fd)
{
    char *const argv[] = { (char[]){ "softbus-mdns" }, NULL }, *const environment[] = { NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    int r;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return -ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return -ENOMEM;
    }
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    r = posix_spawn_file_actions_adddup2(&actions, fd, HELPER_FD); /* first: fd may be one of 0 … 2 */
    for (int i = 0; i < HELPER_FD && r == 0; i++)
        r = posix_spawn_file_actions_addopen(&actions, i, "/dev/null", i == 0 ? O_RDONLY : O_WRONLY, 0);
    if (r == 0)
        r = posix_spawn(&helper->pid, helper->program, &actions, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (r != 0)
        helper->pid = 0;
    return -r;
}

static int start(struct disc_helper *helper)
{
    SB_AUTO_CLOSE int ours = -1;
    SB_AUTO_CLOSE int theirs = -1;
    int pair[2], r;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    ours = pair[0];
    theirs = pair[1];
    if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    if (send(ours, sb_buf_bytes(&helper->config), helper->config.length, MSG_NOSIGNAL) < 0)
        return -errno;
    helper->readable = event_new(helper->base, ours, EV_READ | EV_PERSIST, on_readable, helper);
    if (!helper->readable)
        return -ENOMEM;
    r = event_add(helper->readable, NULL) < 0 ? -ENOMEM : spawn(helper, theirs);
    if (r < 0) {
        event_free(helper->readable);
        helper->readable = NULL;
        return r;
    }
    helper->fd = SB_TAKE_FD(ours);
    return 0;
}

static void start_or_plan(struct disc_helper *helper)
{
    char why[384];
    int r;

    helper->started_ms = sb_clock_now_ms();
    sb_rate_init(&helper->messages, BURST, RATE_PER_S, helper->started_ms);
    r = start(helper);
    if (r == 0) {
        helper->phase = PHASE_RUNNING;
        arm(helper->timer, SILENCE_MS);
        return;
    }
    snprintf(why, sizeof(why), "%s cannot be started: %s", helper->program, strerror(-r));
    plan_restart(helper, why);
}

static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
    struct disc_helper *helper = userdata;

    (void)fd, (void)what;
    switch (helper->phase) {
    case PHASE_WAITING:
        start_or_plan(helper);
        break;
    case PHASE_RUNNING:
        stop(helper, "it has been silent for too long");
        break;
    case PHASE_PAUSED:
        helper->phase = PHASE_RUNNING;
        event_add(helper->readable, NULL);
        arm(helper->timer, SILENCE_MS);
        break;
    case PHASE_REAPING:
        reap(helper);
        break;
    }
}

static int encode_config(struct disc_helper *helper, const struct disc_helper_config *config)
{
    struct wire_disc_message message = { .type = WIRE_DISC_CONFIG };
    char item[DISC_TXT_ID_MAX], instance[32];
    size_t n = 0;

    disc_txt_format_id(&config->id, item);
    snprintf(instance, sizeof(instance), "softbus-%.14s", item + 3);
    message.config = (struct wire_disc_config){ .id = config->id, .port = config->port, .use_ipv4 = config->use_ipv4,
                                                .use_ipv6 = config->use_ipv6 };
    message.config.instance.text = config->instance ? config->instance : instance;
    message.config.instance.size = strlen(message.config.instance.text);
    for (const char *const *name = config->interfaces; name && *name; name++) {
        if (n == WIRE_DISC_INTERFACES_MAX)
            return -EINVAL;
        message.config.interfaces[n++] = (struct wire_str){ .text = *name, .size = strlen(*name) };
    }
    if (config->interfaces && n == 0)
        return -EINVAL; /* "on none" must not become "on all" */
    message.config.n_interfaces = n;
    return wire_disc_encode(&message, &helper->config);
}

int disc_helper_new(struct event_base *base, const struct disc_helper_config *config,
                    const struct disc_helper_callbacks *callbacks, struct disc_helper **ret_helper)
{
    struct disc_helper *helper = calloc(1, sizeof(*helper));
    int r;

    if (!helper)
        return -ENOMEM;
    helper->base = base;
    helper->callbacks = *callbacks;
    helper->own_id = config->id;
    helper->fd = -1;
    helper->backoff_ms = BACKOFF_MIN_MS;
    sb_rate_init(&helper->logs, LOG_BURST, LOG_RATE_PER_S, sb_clock_now_ms());
    disc_table_init(&helper->found, &helper->random, DISC_DEVICES_MAX,
                    &(struct disc_table_callbacks){ .userdata = helper, .is_wanted = is_wanted, .removed = tell_lost });
    sb_buf_init(&helper->config, WIRE_DISC_MESSAGE_MAX);
    r = encode_config(helper, config);
    if (r < 0) {
        disc_helper_free(helper);
        return r;
    }
    helper->program = strdup(config->program);
    helper->timer = event_new(base, -1, 0, on_timer, helper);
    helper->expiry = event_new(base, -1, 0, on_expiry, helper);
    if (!helper->program || !helper->timer || !helper->expiry) {
        disc_helper_free(helper);
        return -ENOMEM;
    }
    arm(helper->timer, 0);
    *ret_helper = helper;
    return 0;
}

/* Without its socket the helper leaves the network politely and exits; it is not given long. */
static void end_child(pid_t pid)
{
    struct pollfd pollfd = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };

    if (pollfd.fd >= 0) {
        (void)poll(&pollfd, 1, GOODBYE_MS);
        close(pollfd.fd);
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

struct disc_helper *disc_helper_free(struct disc_helper *helper)
{
    struct event *events[] = { helper ? helper->timer : NULL, helper ? helper->expiry : NULL,
                               helper ? helper->readable : NULL };

    if (!helper)
        return NULL;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i])
            event_free(events[i]);
    if (helper->fd >= 0)
        close(helper->fd);
    if (helper->pid > 0)
        end_child(helper->pid);
    disc_table_deinit(&helper->found);
    sb_buf_deinit(&helper->config);
    free(helper->program);
    free(helper);
    return NULL;
}

pid_t disc_helper_get_pid(const struct disc_helper *helper)
{
    return helper->phase == PHASE_RUNNING || helper->phase == PHASE_PAUSED ? helper->pid : 0;
}
