/* Programs that are started on demand; see activate.h. */
#include "softbusd/activate.h"

#include "base/list.h"
#include "base/log.h"
#include "softbusd/service_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define LEAVING_MS 1000 /* for the hub to notice that its connection is closed */

enum state {
    STATE_STOPPED,
    STATE_WANTED,   /* to be started in the next run */
    STATE_STARTING,
    STATE_RUNNING,
    STATE_ENDING,   /* SIGTERM was sent; what waits is for its successor */
    STATE_LEAVING,  /* it has ended, and what it had registered is about to go */
    STATE_FAILING,  /* SIGTERM was sent after a failure: nothing waits */
    STATE_FAILED,   /* until due_ms nothing is started */
};

struct unit {
    struct sb_list link;
    struct hub_service_file *file;
    enum state state;
    pid_t pid;         /* 0: none */
    bool is_orphan;    /* its file is gone: it is only waited for */
    bool is_touched;   /* since the last run */
    bool is_wanted;    /* while it runs: somebody waits for a name that is not there */
    uint64_t due_ms;   /* of the state; RUNNING: what is wanted must be there */
    uint64_t retry_ms; /* FAILING, FAILED: nothing is started before */
    uint64_t unused_ms; /* RUNNING: since when nobody has held any of its services */
    unsigned n_failures;
};

struct name {
    const char *text;
    struct unit *unit;
};

struct hub_activate {
    struct hub_activate_ops ops;
    const struct sb_log *log;
    struct sb_list units;
    struct name *names; /* in order */
    size_t n_names;
};

int hub_activate_new(const struct hub_activate_ops *ops, const struct sb_log *log, struct hub_activate **ret_activate)
{
    struct hub_activate *activate = calloc(1, sizeof(*activate));

    if (!activate)
        return -ENOMEM;
    activate->ops = *ops;
    activate->log = log;
    sb_list_init(&activate->units);
    *ret_activate = activate;
    return 0;
}

static struct unit *as_unit(struct sb_list *link)
{
    return SB_CONTAINER_OF(link, struct unit, link);
}

static void unit_free(struct unit *unit)
{
    sb_list_remove(&unit->link);
    hub_service_file_free(unit->file);
    free(unit);
}

struct hub_activate *hub_activate_free(struct hub_activate *activate)
{
    if (!activate)
        return NULL;
    SB_LIST_FOREACH(link, &activate->units)
        unit_free(as_unit(link));
    free(activate->names);
    free(activate);
    return NULL;
}

/* --- names --- */

static int compare(const char *text, const char *name, size_t size)
{
    int order = strncmp(text, name, size);

    return order ? order : text[size] != '\0';
}

static struct unit *find(const struct hub_activate *activate, const char *name, size_t size)
{
    size_t low = 0, high = activate ? activate->n_names : 0, middle;
    int order;

    while (low < high) {
        middle = (low + high) / 2;
        order = compare(activate->names[middle].text, name, size);
        if (order == 0)
            return activate->names[middle].unit;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct hub_service_file *hub_activate_find(const struct hub_activate *activate, const char *name, size_t size)
{
    const struct unit *unit = find(activate, name, size);

    return unit ? unit->file : NULL;
}

bool hub_activate_get(const struct hub_activate *activate, size_t n, struct hub_startable *ret_startable)
{
    if (!activate || n >= activate->n_names)
        return false;
    *ret_startable = (struct hub_startable){ .name = activate->names[n].text, .file = activate->names[n].unit->file };
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* --- files --- */

/* NULL: out of memory. */
static struct unit **make_units(struct hub_service_file **files, size_t n)
{
    struct unit **units = calloc(n + 1, sizeof(struct unit *));

    for (size_t i = 0; units && i < n; i++) {
        units[i] = calloc(1, sizeof(**units));
        if (!units[i]) {
            while (i > 0)
                free(units[--i]);
            free(units);
            return NULL;
        }
        sb_list_init(&units[i]->link);
        units[i]->file = files[i];
        units[i]->unused_ms = HUB_ACTIVATE_NEVER;
    }
    return units;
}

/* What a unit of the same file was in goes over to the new one. What has failed may be tried at once: perhaps it was repaired. */
static void take_over(struct hub_activate *activate, struct unit *unit)
{
    struct hub_service_file *file = unit->file;

    SB_LIST_FOREACH(link, &activate->units) {
        struct unit *old = as_unit(link);

        if (old->is_orphan || strcmp(old->file->path, file->path) || old->state == STATE_FAILED)
            continue;
        *unit = *old;
        sb_list_init(&unit->link);
        unit->file = file;
        unit->n_failures = 0;
        unit->retry_ms = 0;
        old->pid = 0;
    }
}

static struct name *make_names(struct unit **units, size_t n_units, size_t *ret_n)
{
    struct name *names;
    size_t n = 0;

    for (size_t i = 0; i < n_units; i++)
        n += units[i]->file->n_names;
    names = calloc(n + 1, sizeof(*names));
    *ret_n = 0;
    for (size_t i = 0; names && i < n_units; i++) {
        for (size_t j = 0; j < units[i]->file->n_names; j++)
            names[(*ret_n)++] = (struct name){ .text = units[i]->file->names[j], .unit = units[i] };
    }
    if (names)
        qsort(names, *ret_n, sizeof(*names), compare_names);
    return names;
}

/* Tells of the names of `names` that other devices see, and not among those of `others`. */
static void show_difference(const struct hub_activate *activate, const struct name *names, size_t n, const struct hub_activate *others,
                            bool is_startable)
{
    const struct unit *other;

    for (size_t i = 0; i < n; i++) {
        other = find(others, names[i].text, strlen(names[i].text));
        if (names[i].unit->file->is_distributed && !(other && other->file->is_distributed))
            activate->ops.show(activate->ops.userdata, names[i].text, is_startable);
    }
}

/* The old units: what runs on is waited for, and look-ups that wait find out what there is now. */
static void retire(struct hub_activate *activate, struct sb_list *old_units, const struct name *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        activate->ops.retry(activate->ops.userdata, names[i].text);
    SB_LIST_FOREACH(link, old_units) {
        struct unit *unit = as_unit(link);

        if (unit->pid == 0) {
            unit_free(unit);
            continue;
        }
        unit->is_orphan = true;
        sb_list_remove(&unit->link);
        sb_list_append(&activate->units, &unit->link);
    }
}

int hub_activate_set_files(struct hub_activate *activate, struct hub_service_file **files, size_t n)
{
    struct hub_activate old = *activate;
    struct unit **units = make_units(files, n);
    struct name *names = units ? make_names(units, n, &activate->n_names) : NULL;
    struct sb_list old_units;

    if (!names) {
        for (size_t i = 0; units && i < n; i++)
            free(units[i]);
        free(units);
        hub_service_files_free(files, n);
        activate->n_names = old.n_names;
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++)
        take_over(activate, units[i]);
    sb_list_take_all(&old_units, &activate->units);
    activate->names = names;
    for (size_t i = 0; i < n; i++)
        sb_list_append(&activate->units, &units[i]->link);
    free(units);
    free(files);
    show_difference(activate, old.names, old.n_names, activate, false);
    show_difference(activate, activate->names, activate->n_names, &old, true);
    retire(activate, &old_units, old.names, old.n_names);
    free(old.names);
    activate->ops.wake(activate->ops.userdata);
    return 0;
}

/* --- what is asked --- */

enum wire_status hub_activate_want(struct hub_activate *activate, const char *name, size_t size, bool is_remote)
{
    struct unit *unit = find(activate, name, size);

    if (!unit || (is_remote && !unit->file->is_distributed))
        return WIRE_NO_SERVICE;
    switch (unit->state) {
    case STATE_STOPPED:
        unit->state = STATE_WANTED;
        activate->ops.wake(activate->ops.userdata);
        return WIRE_OK;
    case STATE_RUNNING:
        if (!unit->is_wanted) {
            unit->is_wanted = true;
            unit->due_ms = 0;
            activate->ops.wake(activate->ops.userdata);
        }
        return WIRE_OK;
    case STATE_WANTED:
    case STATE_STARTING:
    case STATE_ENDING:
    case STATE_LEAVING:
        return WIRE_OK;
    case STATE_FAILING:
    case STATE_FAILED:
        break;
    }
    return WIRE_START;
}

bool hub_activate_is_ending(const struct hub_activate *activate, const char *name, size_t size)
{
    const struct unit *unit = find(activate, name, size);

    return unit && (unit->state == STATE_ENDING || unit->state == STATE_LEAVING);
}

void hub_activate_touch(struct hub_activate *activate, const char *name, size_t size)
{
    struct unit *unit = find(activate, name, size);

    if (!unit || unit->is_touched)
        return;
    unit->is_touched = true;
    activate->ops.wake(activate->ops.userdata);
}

pid_t hub_activate_get_pid(const struct hub_activate *activate, size_t n)
{
    SB_LIST_FOREACH(link, &activate->units) {
        if (as_unit(link)->pid > 0 && n-- == 0)
            return as_unit(link)->pid;
    }
    return 0;
}

size_t hub_activate_count(const struct hub_activate *activate)
{
    size_t n = 0;

    SB_LIST_FOREACH(link, &activate->units)
        n += as_unit(link)->pid > 0;
    return n;
}

/* --- what is done --- */

static size_t count_there(const struct hub_activate *activate, const struct unit *unit)
{
    size_t n = 0;

    for (size_t i = 0; i < unit->file->n_names; i++)
        n += activate->ops.is_there(activate->ops.userdata, unit->file->names[i]);
    return n;
}

static bool is_used(const struct hub_activate *activate, const struct unit *unit)
{
    for (size_t i = 0; i < unit->file->n_names; i++) {
        if (activate->ops.is_used(activate->ops.userdata, unit->file->names[i]))
            return true;
    }
    return false;
}

/* Those who wait for a name that is there have their answer already. */
static void fail_waiting(const struct hub_activate *activate, const struct unit *unit)
{
    for (size_t i = 0; i < unit->file->n_names; i++)
        activate->ops.fail(activate->ops.userdata, unit->file->names[i]);
}

static void set_state(struct unit *unit, enum state state, uint64_t due_ms)
{
    unit->state = state;
    unit->due_ms = due_ms;
}

static void set_stopped(const struct hub_activate *activate, struct unit *unit)
{
    set_state(unit, STATE_STOPPED, HUB_ACTIVATE_NEVER);
    unit->is_wanted = false;
    for (size_t i = 0; i < unit->file->n_names; i++)
        activate->ops.retry(activate->ops.userdata, unit->file->names[i]);
}

static void set_failed(const struct hub_activate *activate, struct unit *unit, const char *why, uint64_t now_ms)
{
    uint64_t delay_ms = unit->n_failures < 6 ? UINT64_C(1000) << unit->n_failures : HUB_ACTIVATE_BACKOFF_MAX_MS;

    unit->n_failures++;
    unit->retry_ms = now_ms + delay_ms;
    sb_log_write(activate->log, SB_LOG_WARNING, "program of service %s failed: %s file=%s next_try_in_s=%llu", unit->file->names[0], why,
                 unit->file->path, (unsigned long long)delay_ms / 1000);
    if (unit->pid > 0) {
        set_state(unit, STATE_FAILING, now_ms + HUB_ACTIVATE_KILL_MS);
        activate->ops.signal(activate->ops.userdata, unit->pid, SIGTERM);
    } else {
        set_state(unit, STATE_FAILED, unit->retry_ms);
    }
    fail_waiting(activate, unit);
}

static void run_wanted(const struct hub_activate *activate, struct unit *unit, uint64_t now_ms)
{
    char why[512];

    if (count_there(activate, unit) == unit->file->n_names) { /* somebody else offers them meanwhile */
        set_stopped(activate, unit);
        return;
    }
    if (activate->ops.start(activate->ops.userdata, unit->file, &unit->pid, why, sizeof(why)) < 0) {
        unit->pid = 0;
        set_failed(activate, unit, why, now_ms);
        return;
    }
    set_state(unit, STATE_STARTING, now_ms + unit->file->start_timeout_ms);
    sb_log_write(activate->log, SB_LOG_INFO, "program of service %s started pid=%d uid=%u program=%s", unit->file->names[0],
                 (int)unit->pid, unit->file->user.uid, unit->file->arguments[0]);
}

/* Ends it when nobody has held a service of it for long enough. */
static void run_idle(const struct hub_activate *activate, struct unit *unit, uint64_t now_ms)
{
    if (unit->file->idle_timeout_ms == 0 || is_used(activate, unit))
        unit->unused_ms = HUB_ACTIVATE_NEVER;
    else if (unit->is_touched || unit->unused_ms == HUB_ACTIVATE_NEVER)
        unit->unused_ms = now_ms;
    if (unit->unused_ms == HUB_ACTIVATE_NEVER || now_ms - unit->unused_ms < unit->file->idle_timeout_ms)
        return;
    sb_log_write(activate->log, SB_LOG_INFO, "program of service %s is ended: nobody uses it pid=%d idle_s=%llu", unit->file->names[0],
                 (int)unit->pid, (unsigned long long)unit->file->idle_timeout_ms / 1000);
    set_state(unit, STATE_ENDING, now_ms + HUB_ACTIVATE_KILL_MS);
    activate->ops.signal(activate->ops.userdata, unit->pid, SIGTERM);
}

static void run_starting(const struct hub_activate *activate, struct unit *unit, uint64_t now_ms)
{
    size_t n_there = count_there(activate, unit);
    char why[64];

    if (n_there < unit->file->n_names && now_ms < unit->due_ms)
        return;
    if (n_there == 0) {
        snprintf(why, sizeof(why), "it did not offer it within %llu s", (unsigned long long)unit->file->start_timeout_ms / 1000);
        set_failed(activate, unit, why, now_ms);
        return;
    }
    unit->n_failures = 0;
    unit->is_wanted = false;
    unit->unused_ms = HUB_ACTIVATE_NEVER;
    set_state(unit, STATE_RUNNING, 0);
    if (n_there < unit->file->n_names) {
        sb_log_write(activate->log, SB_LOG_WARNING, "program of service %s offers only some of its services number=%zu of=%zu file=%s",
                     unit->file->names[0], n_there, unit->file->n_names, unit->file->path);
        fail_waiting(activate, unit);
    }
    run_idle(activate, unit, now_ms);
}

/* A service that it does not offer, or no more, is waited for as at the start. */
static void run_running(const struct hub_activate *activate, struct unit *unit, uint64_t now_ms)
{
    if (unit->is_wanted && unit->due_ms == 0)
        unit->due_ms = now_ms + unit->file->start_timeout_ms;
    if (unit->is_wanted && (now_ms >= unit->due_ms || count_there(activate, unit) == unit->file->n_names)) {
        unit->is_wanted = false;
        fail_waiting(activate, unit);
    }
    run_idle(activate, unit, now_ms);
}

static void run_unit(const struct hub_activate *activate, struct unit *unit, uint64_t now_ms)
{
    switch (unit->state) {
    case STATE_STOPPED:
        break;
    case STATE_WANTED:
        run_wanted(activate, unit, now_ms);
        break;
    case STATE_STARTING:
        run_starting(activate, unit, now_ms);
        break;
    case STATE_RUNNING:
        run_running(activate, unit, now_ms);
        break;
    case STATE_ENDING:
    case STATE_FAILING:
        if (now_ms < unit->due_ms)
            break;
        activate->ops.signal(activate->ops.userdata, unit->pid, SIGKILL);
        unit->due_ms = now_ms + HUB_ACTIVATE_KILL_MS;
        break;
    case STATE_LEAVING:
        if (now_ms >= unit->due_ms || count_there(activate, unit) == 0)
            set_stopped(activate, unit);
        break;
    case STATE_FAILED:
        if (now_ms >= unit->due_ms)
            set_state(unit, STATE_STOPPED, HUB_ACTIVATE_NEVER);
        break;
    }
    unit->is_touched = false;
}

static uint64_t get_due_ms(const struct unit *unit)
{
    uint64_t idle_ms = HUB_ACTIVATE_NEVER, wanted_ms = unit->is_wanted ? unit->due_ms : HUB_ACTIVATE_NEVER;

    if (unit->state == STATE_STOPPED || unit->state == STATE_WANTED) /* for what is wanted, wake was asked for */
        return HUB_ACTIVATE_NEVER;
    if (unit->state != STATE_RUNNING)
        return unit->due_ms;
    if (unit->unused_ms != HUB_ACTIVATE_NEVER)
        idle_ms = unit->unused_ms + unit->file->idle_timeout_ms;
    return wanted_ms < idle_ms ? wanted_ms : idle_ms;
}

uint64_t hub_activate_run(struct hub_activate *activate, uint64_t now_ms)
{
    uint64_t next_ms = HUB_ACTIVATE_NEVER;

    SB_LIST_FOREACH(link, &activate->units) {
        struct unit *unit = as_unit(link);
        uint64_t due_ms;

        if (unit->is_orphan && unit->state != STATE_ENDING && unit->state != STATE_FAILING)
            continue;
        run_unit(activate, unit, now_ms);
        due_ms = get_due_ms(unit);
        if (due_ms < next_ms)
            next_ms = due_ms;
    }
    return next_ms;
}

static void describe(int status, char *text, size_t size)
{
    const char *known = "";

    if (WIFSIGNALED(status)) {
        snprintf(text, size, "it was killed by signal %d", WTERMSIG(status));
        return;
    }
    if (WEXITSTATUS(status) == HUB_ACTIVATE_EXIT_EXEC)
        known = " (it could not be executed)";
    else if (WEXITSTATUS(status) == HUB_ACTIVATE_EXIT_USER)
        known = " (it could not be given its user and groups)";
    snprintf(text, size, "it exited with status %d%s", WEXITSTATUS(status), known);
}

static void unit_exited(struct hub_activate *activate, struct unit *unit, int status, uint64_t now_ms)
{
    bool is_expected = unit->state == STATE_ENDING || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
    char text[96];

    describe(status, text, sizeof(text));
    switch (unit->state) {
    case STATE_STARTING:
        set_failed(activate, unit, text, now_ms);
        return;
    case STATE_FAILING:
        set_state(unit, STATE_FAILED, unit->retry_ms);
        break;
    default:
        sb_log_write(activate->log, is_expected ? SB_LOG_INFO : SB_LOG_WARNING, "program of service %s ended: %s file=%s",
                     unit->file->names[0], text, unit->file->path);
        /* The end of its connection may be told later than its own. */
        set_state(unit, STATE_LEAVING, now_ms + LEAVING_MS);
    }
    activate->ops.wake(activate->ops.userdata);
}

bool hub_activate_exited(struct hub_activate *activate, pid_t pid, int status, uint64_t now_ms)
{
    SB_LIST_FOREACH(link, &activate->units) {
        struct unit *unit = as_unit(link);

        if (unit->pid != pid)
            continue;
        unit->pid = 0;
        if (unit->is_orphan)
            unit_free(unit);
        else
            unit_exited(activate, unit, status, now_ms);
        return true;
    }
    return false;
}
