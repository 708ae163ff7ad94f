/*
 * Files of [sections] and "key = value" lines: softbusd.conf(5), softbusd.policy(5), softbusd.service(5). inih splits a line; this
 * file counts the lines (the library keeps the number to itself), gives section names whole (the library cuts them) and reports
 * what is wrong with each line, in their order. Pure but for hub_ini_load().
 */
#ifndef HUB_INI_H
#define HUB_INI_H

#include <stdbool.h>
#include <stddef.h>

#define HUB_INI_LINE_MAX 198             /* bytes of a line; inih has room for no more */
#define HUB_INI_FILE_MAX (256 * 1024)    /* bytes of a file */

/* One line of complaint, without newline; lent for the call. */
typedef void (*hub_ini_report_fn)(void *userdata, const char *line);

struct hub_ini {
    void *userdata;
    /* A section begins. -EINVAL: error_text says what is wrong, and its keys are passed over. */
    int (*section)(void *userdata, const char *name, unsigned line, char *error_text, size_t error_size);
    /* A key of a section that was taken. -EINVAL (or any other -errno): error_text says what was expected. */
    int (*key)(void *userdata, const char *section, const char *name, const char *value, unsigned line, char *error_text,
               size_t error_size);
    hub_ini_report_fn report;
    void *report_userdata;
};

/* -EINVAL: there were mistakes, each reported with file name and line. */
int hub_ini_parse(const struct hub_ini *ini, const char *file, const char *text, size_t size);

/* The whole file; gives text. -ENOENT: not there, and nothing was reported; other -errno: reported. With is_guarded, a file that
 * others than root and we ourselves may write to is -EACCES. */
int hub_ini_load(const char *file, bool is_guarded, hub_ini_report_fn report, void *userdata, char **ret_text, size_t *ret_size);

#endif
