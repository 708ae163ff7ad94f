/*
 * Programs that are started when a service of theirs is looked up: what state each is in, and what is to be done at what time. Pure: it
 * starts and signals through its ops, and is told what time it is. The look-ups themselves wait in get.c.
 *
 *   stopped ─want─▶ wanted ─run─▶ starting ─all names there─▶ running ─unused for a while─▶ ending ─exit─▶ stopped
 *                                    └─ exit, time-out ─▶ (ending ─exit─▶) failed ─time─▶ stopped
 *
 * Nothing is started, signalled or answered but in hub_activate_run() and hub_activate_exited(); everything else only asks for it.
 */
#ifndef HUB_ACTIVATE_H
#define HUB_ACTIVATE_H

#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HUB_ACTIVATE_NEVER UINT64_MAX
#define HUB_ACTIVATE_KILL_MS 5000         /* between SIGTERM and SIGKILL */
#define HUB_ACTIVATE_EXIT_EXEC 203        /* exit statuses of a process that did not become the program; systemd has the same numbers */
#define HUB_ACTIVATE_EXIT_USER 217
#define HUB_ACTIVATE_BACKOFF_MAX_MS 60000 /* doubled from 1000 with each failure */

struct hub_activate;
struct hub_service_file;
struct sb_log;

struct hub_activate_ops {
    void *userdata;
    void (*wake)(void *userdata); /* hub_activate_run() is due; must not call back before it returns */

    /* gives the pid of a program that was started. -errno: error_text says what could not be done. */
    int (*start)(void *userdata, const struct hub_service_file *file, pid_t *ret_pid, char *error_text, size_t error_size);
    void (*signal)(void *userdata, pid_t pid, int signal);

    bool (*is_there)(void *userdata, const char *name); /* registered */
    bool (*is_used)(void *userdata, const char *name);  /* somebody holds it */
    void (*retry)(void *userdata, const char *name);    /* look-ups that wait begin anew; they call hub_activate_want() */
    void (*fail)(void *userdata, const char *name);     /* look-ups that wait are answered START */
    /* Other devices see that a name which nobody has can be started, or cannot any more. */
    void (*show)(void *userdata, const char *name, bool is_startable);
};

/* borrows log. -ENOMEM */
int hub_activate_new(const struct hub_activate_ops *ops, const struct sb_log *log, struct hub_activate **ret_activate);
struct hub_activate *hub_activate_free(struct hub_activate *activate); /* signals nobody */

/* takes files and the array. A program whose file is gone or names it no more runs on until it ends. Back-off is over. -ENOMEM: files are
 * freed, and the old ones stay. */
int hub_activate_set_files(struct hub_activate *activate, struct hub_service_file **files, size_t n);

/* The rest copes with activate NULL: nothing can be started then. */

/* Somebody looks up a name that nobody has, or whose program is ending. WIRE_OK: wait; WIRE_START: its program has failed lately;
 * WIRE_NO_SERVICE: there is no file for it, or none for other devices. */
enum wire_status hub_activate_want(struct hub_activate *activate, const char *name, size_t size, bool is_remote);

/* True while the name's program is being ended, so that what it has registered is no good any more. */
bool hub_activate_is_ending(const struct hub_activate *activate, const char *name, size_t size);

/* A name was registered, or who holds its object has changed. */
void hub_activate_touch(struct hub_activate *activate, const char *name, size_t size);

struct hub_startable {
    const char *name;
    const struct hub_service_file *file; /* lent, as name is, until the files change */
};
/* NULL: no file names it. */
const struct hub_service_file *hub_activate_find(const struct hub_activate *activate, const char *name, size_t size);
/* Names n = 0, 1, … in alphabetical order, until it returns false. */
bool hub_activate_get(const struct hub_activate *activate, size_t n, struct hub_startable *ret_startable);

/* Does what is due. Returns when to call it again, or NEVER; sooner after wake. */
uint64_t hub_activate_run(struct hub_activate *activate, uint64_t now_ms);

/* A started program has ended: status as of waitpid(). False: the pid is none of ours. */
bool hub_activate_exited(struct hub_activate *activate, pid_t pid, int status, uint64_t now_ms);

/* The running program number n = 0, 1, …; 0 behind the last. */
pid_t hub_activate_get_pid(const struct hub_activate *activate, size_t n);
size_t hub_activate_count(const struct hub_activate *activate);

#endif
