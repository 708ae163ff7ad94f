/* Processes of other users; see someone.h. */
#include "tests/integration/someone.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define WAIT_MS 60000

/* Its half. */
struct puppet {
    struct lab_app *app;
    struct softbus *bus;
    struct softbus_object *stub, *got;
    unsigned n; /* commands so far */
    char events[400];
};

static int answer(void *userdata, struct softbus_transaction *transaction, uint32_t code, struct softbus_parcel *request,
                  struct softbus_parcel *reply)
{
    (void)userdata, (void)transaction, (void)code, (void)request, (void)reply;
    return 0;
}

static void on_death(void *userdata, struct softbus_object *object, enum softbus_death reason)
{
    struct puppet *puppet = userdata;

    (void)object;
    lab_app_say(puppet->app, "death %s", softbus_death_get_text(reason));
}

static void on_service(void *userdata, const char *device, const char *name, bool is_present)
{
    struct puppet *puppet = userdata;
    size_t used = strlen(puppet->events);

    (void)device;
    snprintf(puppet->events + used, sizeof(puppet->events) - used, "%c%s ", is_present ? '+' : '-', name);
}

static int add(struct puppet *puppet, const char *name)
{
    int r = 0;

    if (!puppet->stub)
        r = softbus_stub_new(puppet->bus, "org.softbus.test.Someone", answer, puppet, &puppet->stub);
    return r < 0 ? r : softbus_service_add(puppet->bus, name, puppet->stub, 0);
}

static int get(struct puppet *puppet, const char *name, uint32_t wait_ms)
{
    struct softbus_object *object;
    int r = softbus_service_get(puppet->bus, NULL, name, wait_ms, &object);

    if (r < 0)
        return r;
    softbus_object_unref(puppet->got);
    puppet->got = object;
    return 0;
}

static int list(struct puppet *puppet)
{
    struct softbus_service_info *services;
    char text[400] = "";
    size_t n;
    int r = softbus_service_list(puppet->bus, NULL, &services, &n);

    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", services[i].name);
    free(services);
    lab_app_say(puppet->app, "names %u %s", puppet->n, text);
    return 0;
}

static int obey(struct puppet *puppet, const char *word, const char *name)
{
    if (!strcmp(word, "add"))
        return add(puppet, name);
    if (!strcmp(word, "remove"))
        return softbus_service_remove(puppet->bus, name);
    if (!strcmp(word, "get"))
        return get(puppet, name, 0);
    if (!strcmp(word, "wait"))
        return get(puppet, name, WAIT_MS);
    if (!strcmp(word, "drop")) {
        puppet->got = softbus_object_unref(puppet->got);
        return 0;
    }
    if (!strcmp(word, "list"))
        return list(puppet);
    if (!strcmp(word, "watch"))
        return softbus_service_watch(puppet->bus, NULL, on_service, puppet, NULL);
    if (!strcmp(word, "events")) {
        while (softbus_process(puppet->bus) > 0) /* what the hub sent before it answered others is here */
            ;
        lab_app_say(puppet->app, "names %u %s", puppet->n, puppet->events);
        return 0;
    }
    if (!strcmp(word, "link"))
        return softbus_link_death(puppet->got, on_death, puppet, NULL);
    if (!strcmp(word, "call"))
        return softbus_call(puppet->got, 1, NULL, NULL, 0);
    return SOFTBUS_ERR_INVALID;
}

/* Works on the bus until the test says something. */
static void pump(struct puppet *puppet)
{
    struct pollfd fds[2] = { { .fd = 3, .events = POLLIN }, { .fd = softbus_get_fd(puppet->bus) } };

    do {
        while (softbus_process(puppet->bus) > 0)
            ;
        fds[1].events = softbus_get_events(puppet->bus);
        poll(fds, 2, -1);
    } while (!fds[0].revents && !(fds[1].revents & POLLHUP));
}

static int perform(struct puppet *puppet)
{
    char line[512];

    for (puppet->n = 1;; puppet->n++) {
        const char *heard, *name;

        pump(puppet);
        heard = lab_app_hear(puppet->app);
        if (!heard || !strcmp(heard, "quit"))
            break;
        snprintf(line, sizeof(line), "%s", heard);
        name = strchr(line, ' ');
        line[strcspn(line, " ")] = '\0';
        lab_app_say(puppet->app, "did %u %d", puppet->n, obey(puppet, line, name ? name + 1 : ""));
    }
    softbus_object_unref(puppet->stub);
    softbus_object_unref(puppet->got);
    softbus_close(puppet->bus);
    return 0;
}

/* The connection that it was born with is root's. */
static int become(struct lab_app *app, struct softbus *bus, void *userdata)
{
    const struct someone *someone = userdata;
    struct puppet puppet = { .app = app };
    gid_t groups[1] = { someone->extra_group };

    softbus_close(bus);
    if (setgroups(someone->extra_group ? 1 : 0, groups) < 0 || setresgid(someone->gid, someone->gid, someone->gid) < 0 ||
        setresuid(someone->uid, someone->uid, someone->uid) < 0) {
        lab_app_say(app, "cannot become uid %u: %s", someone->uid, strerror(errno));
        return 1;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* the change of user cleared it */
    if (softbus_open(someone->socket, "someone", &puppet.bus) < 0) {
        lab_app_say(app, "no connection");
        return 1;
    }
    lab_app_say(app, "ready");
    return perform(&puppet);
}

bool someone_init(struct someone *someone, struct lab *lab, struct lab_device *device, uint32_t uid, uint32_t gid,
                  uint32_t extra_group)
{
    const char *why;

    *someone = (struct someone){ .lab = lab, .uid = uid, .gid = gid, .extra_group = extra_group };
    someone->socket = lab_device_get_socket(device);
    someone->app = lab_app_fork(lab, device, "someone", become, someone);
    LAB_UNTIL(lab, lab_app_has_said(someone->app, "ready") || !lab_app_is_running(someone->app));
    if (lab_app_has_said(someone->app, "ready"))
        return true;
    why = lab_app_find_said(someone->app, "cannot become ");
    LAB_CHECK(lab, why != NULL);
    lab_note(lab, "left out: cannot become %s", why);
    return false;
}

void someone_start(struct someone *someone, const char *command)
{
    someone->n_commands++;
    lab_app_tell(someone->app, command);
}

/* The line about the last command that begins with `word`. */
static const char *find_answer(struct someone *someone, const char *word)
{
    char prefix[32];
    const char *found;

    snprintf(prefix, sizeof(prefix), "%s %u ", word, someone->n_commands);
    found = lab_app_find_said(someone->app, prefix);
    if (found)
        snprintf(someone->text, sizeof(someone->text), "%s", found);
    return found ? someone->text : NULL;
}

bool someone_has_finished(struct someone *someone)
{
    return find_answer(someone, "did") != NULL;
}

int someone_finish(struct someone *someone)
{
    LAB_UNTIL(someone->lab, someone_has_finished(someone));
    return atoi(find_answer(someone, "did"));
}

const char *someone_get_names(struct someone *someone)
{
    const char *names = find_answer(someone, "names");

    return names ? names : "(nothing said)";
}

const char *someone_get_death(struct someone *someone)
{
    return lab_app_find_said(someone->app, "death ");
}

int someone_do(struct someone *someone, const char *command)
{
    someone_start(someone, command);
    return someone_finish(someone);
}
