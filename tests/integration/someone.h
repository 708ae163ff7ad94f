/* A process of another user that does what it is told, one line at a time, and says what became of it. */
#ifndef TESTS_SOMEONE_H
#define TESTS_SOMEONE_H

#include "tests/integration/lab.h"

struct someone {
    struct lab *lab;
    struct lab_app *app;
    uint32_t uid, gid, extra_group; /* 0: no supplementary group */
    const char *socket;
    unsigned n_commands;
    char text[512];
};

/* Starts it; it ends with the test. False: this system gives us no other users (an ordinary user's namespace has only one), which is
 * noted. */
bool someone_init(struct someone *someone, struct lab *lab, struct lab_device *device, uint32_t uid, uint32_t gid,
                  uint32_t extra_group);

/*
 *   add NAME      registers a stub of its own            remove NAME
 *   get NAME      looks up without waiting, and keeps    wait NAME     the same, waiting
 *   link, call    what it has got last                   drop          lets go of it
 *   list          the names of services                  watch         keeps "+NAME" and "-NAME" for
 *   quit          closes the connection and ends         events
 *
 * Returns what softbus said (0, or SOFTBUS_ERR_…).
 */
int someone_do(struct someone *someone, const char *command);
/* Begins without waiting for the end, which is someone_finish(). */
void someone_start(struct someone *someone, const char *command);
bool someone_has_finished(struct someone *someone);
int someone_finish(struct someone *someone);

/* What the last command said, `list` or `events`: each name with a space behind it. */
const char *someone_get_names(struct someone *someone);
/* The reason that a link fired with, as text; NULL: none has. */
const char *someone_get_death(struct someone *someone);

#endif
