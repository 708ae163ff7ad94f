/* Log front-end; see log.h. */
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {
    [SB_LOG_ERROR] = "error",
    [SB_LOG_WARNING] = "warning",
    [SB_LOG_INFO] = "info",
    [SB_LOG_DEBUG] = "debug",
};
#define N_LEVELS (sizeof(level_names) / sizeof(level_names[0]))

const char *sb_log_level_name(enum sb_log_level level)
{
    return level_names[level];
}

int sb_log_level_parse(const char *name, enum sb_log_level *ret_level)
{
    for (size_t i = 0; i < N_LEVELS; i++) {
        if (!strcmp(name, level_names[i])) {
            *ret_level = (enum sb_log_level)i;
            return 0;
        }
    }
    return -EINVAL;
}

/* systemd.exec(5): DEVICE:INODE of the stream. A shell started below a service inherits the variable, but not the stream. */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char own[64];
    struct stat stat;

    if (!stream || fstat(STDERR_FILENO, &stat) < 0)
        return false;
    snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)stat.st_dev, (uintmax_t)stat.st_ino);
    return strcmp(stream, own) == 0;
}

void sb_log_to_stderr(void *userdata, enum sb_log_level level, const char *line)
{
    static const int priorities[] = { 3, 4, 6, 7 }; /* syslog(3) */
    char text[1100];
    struct timespec now;
    struct tm parts;
    int length;

    (void)userdata;
    if (is_journal()) {
        length = snprintf(text, sizeof(text), "<%d>%s\n", priorities[level], line);
    } else {
        clock_gettime(CLOCK_REALTIME, &now);
        if (!localtime_r(&now.tv_sec, &parts))
            memset(&parts, 0, sizeof(parts));
        length = snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d.%03ld %-7s %s\n", parts.tm_year + 1900, parts.tm_mon + 1,
                          parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec / 1000000, level_names[level], line);
    }
    /* One write per line keeps lines of several daemons on one terminal whole; a full pipe must not stop the daemon. */
    if (write(STDERR_FILENO, text, (size_t)length) < 0)
        return;
}

void sb_log_write(const struct sb_log *log, enum sb_log_level level, const char *format, ...)
{
    char line[1024];
    va_list args;

    if (level > log->level)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    for (char *c = line; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    log->sink(log->userdata, level, line);
}
