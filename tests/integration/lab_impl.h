/* What the lab's own files share. */
#ifndef TESTS_LAB_IMPL_H
#define TESTS_LAB_IMPL_H

#include "tests/integration/lab.h"

#include <setjmp.h>
#include <stdio.h>

#define LAB_DEVICES_MAX 8
#define LAB_APPS_MAX 64
#define LAB_BUSES_MAX 64
#define LAB_N_TABLES 7
#define LAB_FDS_MAX 512

struct lab_bus {
    struct softbus *bus;
    bool is_broken, is_admin;
};

struct lab_app {
    pid_t pid;
    int fd, status;
    bool is_running, is_child, is_discarded;
    char text[65536]; /* said so far; in the child: heard and not returned yet */
    size_t n_text;
    char line[512];
};

struct lab_peer_state {
    char id[SOFTBUS_DEVICE_ID_SIZE];
    enum softbus_device_state state;
};

struct lab_device {
    struct lab *lab;
    unsigned number;
    char name[32], dir[64], state_dir[96], socket[96], address[32], config[96], log[96], bridge_end[16];
    char id[SOFTBUS_DEVICE_ID_SIZE];
    char leftovers[512];
    int netns_fd, notify_fd, status;
    pid_t pid;
    bool is_running;
    off_t log_start;
    struct softbus *admin;
    struct softbus_watch *watch;
    uint64_t at_rest[LAB_N_TABLES]; /* sizes of tables with the admin bus and its watch only */
    struct lab_peer_state peers[LAB_DEVICES_MAX];
    unsigned n_peers;
};

struct lab {
    unsigned n_tests, n_failed;
    bool is_in_test;
    jmp_buf escape;
    int signal_fd, inotify_fd;
    unsigned patience_ms;
    struct lab_device *devices[LAB_DEVICES_MAX];
    unsigned n_devices;
    struct lab_app *apps[LAB_APPS_MAX];
    unsigned n_apps;
    struct lab_bus buses[LAB_BUSES_MAX];
    unsigned n_buses;
    int fds[LAB_FDS_MAX]; /* lab_keep_fd() */
    unsigned n_fds;
    int awaited_fd; /* -1: none */
    pid_t awaited_pid; /* lab_wait_child() */
    int awaited_status;
};

/* Takes note of every child that has ended. */
void lab_reap(struct lab *lab);
void lab_bus_register(struct lab *lab, struct softbus *bus, bool is_admin);
void lab_app_read(struct lab_app *app);
struct lab_device *lab_device_free(struct lab_device *device);
void lab_device_show_log(const struct lab_device *device);

/* For a child between fork and exec or before its function: the mask of signals, and no descriptor but stdio. */
void lab_child_prepare(void);

#endif
