/* Connections of the test process, and processes that can be killed. */
#include "tests/integration/lab_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void lab_bus_register(struct lab *lab, struct softbus *bus, bool is_admin)
{
    if (lab->n_buses == LAB_BUSES_MAX)
        lab_fail(lab, __FILE__, __LINE__, "more than %d buses", LAB_BUSES_MAX);
    lab->buses[lab->n_buses++] = (struct lab_bus){ .bus = bus, .is_admin = is_admin };
}

struct softbus *lab_bus_open(struct lab *lab, struct lab_device *device, const char *name)
{
    struct softbus *bus;
    LAB_OK(lab, softbus_open(device->socket, name, &bus));
    lab_bus_register(lab, bus, false);
    return bus;
}

void lab_bus_close(struct lab *lab, struct softbus *bus)
{
    for (unsigned i = 0; i < lab->n_buses; i++)
        if (lab->buses[i].bus == bus) {
            memmove(&lab->buses[i], &lab->buses[i + 1], (lab->n_buses - i - 1) * sizeof(lab->buses[0]));
            lab->n_buses--;
            softbus_close(bus);
            return;
        }
}

/* --- calls --- */

struct lab_pending {
    bool is_done;
    int error;
    struct softbus_parcel *reply;
};

static void lab_on_reply(void *userdata, int error, struct softbus_parcel *reply)
{
    struct lab_pending *pending = userdata;
    pending->error = error;
    if (error == 0 && pending->reply != NULL) {
        softbus_parcel_clear(pending->reply);
        pending->error = softbus_parcel_append(pending->reply, reply);
    }
    pending->is_done = true;
}

int lab_call(struct lab *lab, struct softbus_object *object, uint32_t code, struct softbus_parcel *request,
             struct softbus_parcel *reply, uint32_t timeout_ms)
{
    /* On the heap: a test that is given up while the call is under way leaves the callback something to write to. */
    struct lab_pending *pending = calloc(1, sizeof(*pending));
    if (pending == NULL)
        abort();
    pending->reply = reply;
    int r = softbus_call_async(object, code, request, timeout_ms, lab_on_reply, pending, NULL);
    if (r == 0) {
        LAB_UNTIL(lab, pending->is_done);
        r = pending->error;
    }
    free(pending);
    return r;
}

/* --- processes --- */

static void lab_app_run(struct lab *lab, struct lab_app *app, const char *socket, const char *name, lab_app_fn fn,
                        void *userdata)
{
    (void)lab;
    if (app->fd > 3) {
        dup2(app->fd, 3);
        app->fd = 3;
    }
    fcntl(3, F_SETFD, FD_CLOEXEC);
    close_range(4, ~0U, 0);
    app->is_child = true;
    struct softbus *bus;
    int r = softbus_open(socket, name, &bus);
    if (r < 0) {
        lab_app_say(app, "softbus_open: %s", softbus_error_get_name(r));
        _exit(99);
    }
    int status = fn(app, bus, userdata);
    /* No exit(): the parent's handlers and leak check are the parent's. */
    _exit(status);
}

static void lab_app_free_discarded(struct lab *lab)
{
    for (unsigned i = 0; i < lab->n_apps;) {
        struct lab_app *app = lab->apps[i];
        if (app->is_running || !app->is_discarded) {
            i++;
            continue;
        }
        if (app->fd >= 0)
            close(app->fd);
        free(app);
        lab->apps[i] = lab->apps[--lab->n_apps];
    }
}

/* Forks; in the child, pid is 0 and fd is its end of the lines. */
static struct lab_app *lab_app_start(struct lab *lab, const char *name)
{
    struct lab_app *app = calloc(1, sizeof(*app));
    int pair[2];
    lab_app_free_discarded(lab);
    if (app == NULL || lab->n_apps == LAB_APPS_MAX || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        lab_fail(lab, __FILE__, __LINE__, "no room for app %s", name);
    app->pid = lab_fork(lab);
    if (app->pid == 0) {
        app->fd = pair[1];
        return app;
    }
    close(pair[1]);
    app->fd = pair[0];
    app->is_running = true;
    app->status = -1;
    fcntl(app->fd, F_SETFL, O_NONBLOCK);
    lab->apps[lab->n_apps++] = app;
    return app;
}

struct lab_app *lab_app_fork(struct lab *lab, struct lab_device *device, const char *name, lab_app_fn fn,
                             void *userdata)
{
    struct lab_app *app = lab_app_start(lab, name);
    if (app->pid == 0)
        lab_app_run(lab, app, device->socket, name, fn, userdata);
    return app;
}

struct lab_app *lab_app_exec(struct lab *lab, struct lab_device *device, const char *program, ...)
{
    struct lab_app *app = lab_app_start(lab, program);
    if (app->pid != 0)
        return app;
    char path[512], *arguments[16] = { path };
    const char *build = getenv("SOFTBUS_BUILDDIR");
    snprintf(path, sizeof(path), "%s/%s", build != NULL ? build : ".", program);
    va_list list;
    va_start(list, program);
    for (size_t n = 1; n < 15 && (arguments[n] = va_arg(list, char *)) != NULL; n++)
        ;
    va_end(list);
    setenv("SOFTBUS_SOCKET", device->socket, 1);
    dup2(app->fd, STDOUT_FILENO);
    dup2(app->fd, STDERR_FILENO);
    execv(path, arguments);
    _exit(127);
}

/* The end of the stream closes the descriptor: poll() would report it for ever. */
void lab_app_read(struct lab_app *app)
{
    ssize_t size = 1;
    while (app->fd >= 0 && app->n_text < sizeof(app->text) - 1 && size > 0) {
        size = read(app->fd, app->text + app->n_text, sizeof(app->text) - 1 - app->n_text);
        if (size > 0)
            app->n_text += (size_t)size;
        else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
            close(app->fd);
            app->fd = -1;
        }
    }
    app->text[app->n_text] = '\0';
}

void lab_app_say(struct lab_app *app, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof(text) - 1, format, arguments);
    va_end(arguments);
    if (size > (int)sizeof(text) - 2)
        size = (int)sizeof(text) - 2;
    text[size] = '\n';
    if (send(app->fd, text, (size_t)size + 1, MSG_NOSIGNAL) < 0)
        _exit(98);
}

const char *lab_app_hear(struct lab_app *app)
{
    for (;;) {
        char *end = memchr(app->text, '\n', app->n_text);
        if (end != NULL) {
            size_t size = (size_t)(end - app->text);
            snprintf(app->line, sizeof(app->line), "%.*s", (int)size, app->text);
            app->n_text -= size + 1;
            memmove(app->text, end + 1, app->n_text);
            return app->line;
        }
        ssize_t got = read(app->fd, app->text + app->n_text, sizeof(app->text) - app->n_text);
        if (got <= 0)
            return NULL;
        app->n_text += (size_t)got;
    }
}

void lab_app_tell(struct lab_app *app, const char *line)
{
    char text[512];
    int size = snprintf(text, sizeof(text), "%s\n", line);
    if (app->fd >= 0)
        send(app->fd, text, (size_t)size, MSG_NOSIGNAL);
}

const char *lab_app_find_said(struct lab_app *app, const char *prefix)
{
    size_t size = strlen(prefix);
    for (const char *line = app->text; *line != '\0';) {
        const char *end = strchr(line, '\n');
        if (end == NULL)
            return NULL;
        if ((size_t)(end - line) >= size && memcmp(line, prefix, size) == 0) {
            snprintf(app->line, sizeof(app->line), "%.*s", (int)((size_t)(end - line) - size), line + size);
            return app->line;
        }
        line = end + 1;
    }
    return NULL;
}

const char *lab_app_get_text(struct lab_app *app)
{
    lab_app_read(app); /* it may have ended before the last of it was read */
    return app->text;
}

bool lab_app_has_said(struct lab_app *app, const char *line)
{
    const char *rest = lab_app_find_said(app, line);
    return rest != NULL && *rest == '\0';
}

pid_t lab_app_get_pid(const struct lab_app *app)
{
    return app->pid;
}

bool lab_app_is_running(const struct lab_app *app)
{
    return app->is_running;
}

int lab_app_get_status(const struct lab_app *app)
{
    return app->status;
}

void lab_app_signal(struct lab_app *app, int signal)
{
    kill(app->pid, signal);
}

void lab_app_kill(struct lab_app *app)
{
    kill(app->pid, SIGKILL);
}

void lab_app_discard(struct lab_app *app)
{
    app->is_discarded = true;
    lab_app_kill(app);
}

void lab_app_reap_all(struct lab *lab)
{
    for (unsigned i = 0; i < lab->n_apps; i++)
        if (lab->apps[i]->is_running)
            kill(lab->apps[i]->pid, SIGKILL);
    for (unsigned i = 0; i < lab->n_apps; i++)
        LAB_UNTIL(lab, !lab->apps[i]->is_running);
    for (unsigned i = 0; i < lab->n_apps; i++) {
        if (lab->apps[i]->fd >= 0)
            close(lab->apps[i]->fd);
        free(lab->apps[i]);
    }
    lab->n_apps = 0;
}
