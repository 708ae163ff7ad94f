/*
 * Log front-end. A program makes one struct sb_log and passes it on; lines go to a sink that the program chooses.
 * Libraries and pure folders do not log: they return a reason.
 */
#ifndef SB_BASE_LOG_H
#define SB_BASE_LOG_H

#include <stdarg.h>

enum sb_log_level { SB_LOG_ERROR, SB_LOG_WARNING, SB_LOG_INFO, SB_LOG_DEBUG };

/* `line` has no newline and is lent for the duration of the call. */
typedef void (*sb_log_sink_fn)(void *userdata, enum sb_log_level level, const char *line);

struct sb_log {
    enum sb_log_level level; /* lines above this level are dropped before they are formatted */
    sb_log_sink_fn sink;
    void *userdata;
};

/* The sink for foreground programs: "<3>line" with the kernel's priority prefix when stderr is the journal
 * (JOURNAL_STREAM names it), else "2026-11-23 02:03:55.143 LEVEL line" in local time. userdata is not used. */
void sb_log_to_stderr(void *userdata, enum sb_log_level level, const char *line);

/* Control characters in the formatted text are replaced by '?': what peers sent cannot forge lines.
 * Lines are cut at 1,023 bytes. */
void sb_log_write(const struct sb_log *log, enum sb_log_level level, const char *format, ...)
    __attribute__((__format__(printf, 3, 4)));

/* "error", "warning", "info", "debug"; -EINVAL for anything else. */
int sb_log_level_parse(const char *name, enum sb_log_level *ret_level);
const char *sb_log_level_name(enum sb_log_level level);

#endif
