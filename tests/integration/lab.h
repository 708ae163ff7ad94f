/*
 * Real daemons on a bridge of network namespaces, all inside one test process: no fixed ports of the host, no files
 * outside a private /run, nothing left when the process is gone. Runs as root and as an ordinary user.
 *
 * The test's thread pumps every bus it has open, so a stub on one device and a caller on another can live in the same
 * function: use lab_call() instead of softbus_call() for objects of this process. What must die or block is a process of
 * its own (lab_app). Every wait is for a condition and has a deadline; a check that fails ends its test, not the program.
 */
#ifndef TESTS_LAB_H
#define TESTS_LAB_H

#include "softbus/bus.h"
#include "softbus/device.h"
#include "softbus/error.h"
#include "softbus/object.h"
#include "softbus/parcel.h"
#include "softbus/registry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lab;
struct lab_app;
struct lab_device;

/* Runs the program again inside its own namespaces; returns only there. Exits with a skip where the kernel has none. */
struct lab *lab_enter(int argc, char **argv);

typedef void (*lab_test_fn)(struct lab *lab);

/* Prints one TAP line. What the test opened with lab_… is closed behind it; devices stay. */
void lab_test(struct lab *lab, const char *name, lab_test_fn fn);

/* Prints the plan, stops the devices (each must exit with 0), and frees the lab. Returns the program's exit code. */
int lab_leave(struct lab *lab);

void lab_note(struct lab *lab, const char *format, ...) __attribute__((__format__(printf, 2, 3)));

/* Ends the test as failed. */
void lab_fail(struct lab *lab, const char *file, int line, const char *format, ...)
    __attribute__((__noreturn__, __format__(printf, 4, 5)));
void lab_check_equal(struct lab *lab, const char *file, int line, const char *what, int64_t actual, int64_t expected);
void lab_check_text(struct lab *lab, const char *file, int line, const char *what, const char *actual,
                    const char *expected);
/* What softbus functions return: the error's name is printed. */
void lab_check_result(struct lab *lab, const char *file, int line, const char *what, int actual, int expected);

#define LAB_CHECK(lab, condition) \
    do { \
        if (!(condition)) \
            lab_fail((lab), __FILE__, __LINE__, "not true: %s", #condition); \
    } while (0)
#define LAB_EQUAL(lab, actual, expected) \
    lab_check_equal((lab), __FILE__, __LINE__, #actual, (int64_t)(actual), (int64_t)(expected))
#define LAB_TEXT(lab, actual, expected) lab_check_text((lab), __FILE__, __LINE__, #actual, (actual), (expected))
#define LAB_RESULT(lab, actual, expected) lab_check_result((lab), __FILE__, __LINE__, #actual, (actual), (expected))
#define LAB_OK(lab, actual) LAB_RESULT((lab), (actual), 0)

/* Pumps until the condition holds; the test fails at the deadline. */
#define LAB_UNTIL(lab, condition) \
    for (uint64_t lab_due_ = lab_get_due_ms(lab); !(condition);) \
        lab_pump_until((lab), lab_due_, __FILE__, __LINE__, #condition)
uint64_t lab_get_due_ms(struct lab *lab);
void lab_pump_until(struct lab *lab, uint64_t due_ms, const char *file, int line, const char *what);

/* Processes everything that is due now: buses, lines of apps, exits of children. Waits up to timeout_ms for something. */
void lab_pump(struct lab *lab, int timeout_ms);

/* A descriptor that a test which fails leaves to the lab. */
void lab_keep_fd(struct lab *lab, int fd);
void lab_close_fd(struct lab *lab, int fd);
/* Wakes the next pumps when it is readable; one at a time. What is readable and not read makes them spin. */
void lab_await_fd(struct lab *lab, int fd);

/* fork; the child has the signals of a fresh process and dies with the lab. */
pid_t lab_fork(struct lab *lab);
/* Right after the fork of a child whose end the test waits for; one at a time. */
void lab_expect_child(struct lab *lab, pid_t pid);
int lab_wait_child(struct lab *lab); /* exit status, or 128 + signal */

/* --- devices: lab_device.c --- */

/* A device: its namespace, a cable to the bridge, and empty directories. config: the text of softbusd.conf, or NULL.
 * Lends; the lab frees it. */
struct lab_device *lab_device_new(struct lab *lab, const char *name, const char *config);
/* Waits for READY=1 and opens the admin bus. */
void lab_device_start(struct lab_device *device);
/* The devices in the order they were made, from 0. Ends the test when there is none: an earlier one failed. */
struct lab_device *lab_get_device(struct lab *lab, unsigned index);
/* new + start. */
struct lab_device *lab_device_add(struct lab *lab, const char *name, const char *config);
/* Runs the daemon where it is expected to give up by itself; returns its exit status. */
int lab_device_try(struct lab_device *device, const char *extra_option);
/* The same while the device's daemon runs: a second one in the same place. */
int lab_device_try_beside(struct lab_device *device, const char *option, const char *second_option);
void lab_device_stop(struct lab_device *device); /* SIGTERM; exit status 0, no process and no socket left */
void lab_device_kill(struct lab_device *device); /* SIGKILL */
/* A restart that apps live through, the admin bus among them: the daemon ends by this signal; it is started again. */
void lab_device_go_away(struct lab_device *device, int signal);
void lab_device_come_back(struct lab_device *device);
void lab_device_signal(struct lab_device *device, int signal);
void lab_device_set_config(struct lab_device *device, const char *text);
/* A file beside the configuration file; NULL removes it. */
void lab_device_set_file(struct lab_device *device, const char *name, const char *text);
const char *lab_device_get_dir(const struct lab_device *device);
/* SIGHUP, and waits until the daemon has read everything again. */
void lab_device_reload(struct lab_device *device);
bool lab_device_is_running(const struct lab_device *device);

void lab_device_set_cable(struct lab_device *device, bool is_plugged); /* the device's own end */
void lab_device_set_port(struct lab_device *device, bool is_up);       /* the bridge's end: a partition */
/* Runs a command in the device's network namespace and returns its exit status; arguments end with NULL. */
int lab_device_run(struct lab_device *device, const char *program, ...) __attribute__((__sentinel__));
/* A connected TCP socket from that device's namespace to the other's daemon; -errno. */
int lab_device_dial(struct lab_device *from, const struct lab_device *to);

bool lab_device_has_logged(struct lab_device *device, const char *text); /* since the last start or forget */
unsigned lab_device_count_log(struct lab_device *device, const char *text);
void lab_device_forget_log(struct lab_device *device);
unsigned lab_device_count_fds(const struct lab_device *device);
pid_t lab_device_get_pid(const struct lab_device *device);
pid_t lab_device_get_helper(const struct lab_device *device); /* its discovery helper; 0: none */
const char *lab_device_get_socket(const struct lab_device *device);
const char *lab_device_get_state_dir(const struct lab_device *device);
const char *lab_device_get_address(const struct lab_device *device); /* IPv4 */
const char *lab_device_get_id(const struct lab_device *device);
struct softbus *lab_device_get_admin(const struct lab_device *device);
/* One item of softbus_status_get(); UINT64_MAX when there is none of that name. */
uint64_t lab_device_get_status(struct lab_device *device, const char *name);
/* What is in the tables beyond what the admin bus puts there, as text; "" when nothing is. Lent until the next call. */
const char *lab_device_get_leftovers(struct lab_device *device);
void lab_device_check_empty(struct lab_device *device); /* waits for it */

enum softbus_device_state lab_device_sees(const struct lab_device *device, const struct lab_device *other);
void lab_trust(struct lab_device *a, struct lab_device *b); /* both ways */
void lab_meet(struct lab_device *a, struct lab_device *b);  /* trust, and wait until each sees the other online */

#define LAB_PORT 7400 /* in every device's own namespace */

/* --- buses and processes: lab_app.c --- */

/* A connection of this process, pumped by the lab and closed after the test. */
struct softbus *lab_bus_open(struct lab *lab, struct lab_device *device, const char *name);
void lab_bus_close(struct lab *lab, struct softbus *bus);

/* As softbus_call(), pumping meanwhile. */
int lab_call(struct lab *lab, struct softbus_object *object, uint32_t code, struct softbus_parcel *request,
             struct softbus_parcel *reply, uint32_t timeout_ms);

/* A process of its own with a connection of its own; fn runs in it and its return value is the exit status. */
typedef int (*lab_app_fn)(struct lab_app *app, struct softbus *bus, void *userdata);
struct lab_app *lab_app_fork(struct lab *lab, struct lab_device *device, const char *name, lab_app_fn fn,
                             void *userdata);
/* A program of the build tree ("examples/hello") that connects to the device; arguments end with NULL. What it prints is what
 * it says. */
struct lab_app *lab_app_exec(struct lab *lab, struct lab_device *device, const char *program, ...)
    __attribute__((__sentinel__));
pid_t lab_app_get_pid(const struct lab_app *app);
bool lab_app_is_running(const struct lab_app *app);
int lab_app_get_status(const struct lab_app *app); /* exit status, or 128 + signal */
void lab_app_signal(struct lab_app *app, int signal);
void lab_app_kill(struct lab_app *app);            /* SIGKILL; does not wait */
/* SIGKILL, and the lab may free it from now on: for tests that use up many. */
void lab_app_discard(struct lab_app *app);
/* Lines between the test and the process. say and hear are for the process; hear blocks; NULL when the test is gone. */
void lab_app_say(struct lab_app *app, const char *format, ...) __attribute__((__format__(printf, 2, 3)));
const char *lab_app_hear(struct lab_app *app);
void lab_app_tell(struct lab_app *app, const char *line);
bool lab_app_has_said(struct lab_app *app, const char *line);
const char *lab_app_get_text(struct lab_app *app); /* all that it has said; lent until the next pump */
/* The line that begins with prefix, after it; NULL when none was said. */
const char *lab_app_find_said(struct lab_app *app, const char *prefix);

/* For the lab's own files. */
void lab_app_reap_all(struct lab *lab);

#endif
