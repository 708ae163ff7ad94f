/*
 * The configuration file. inih splits it into sections, keys and values; this file counts the lines (the library keeps
 * the number to itself) and reports what is wrong with each, in their order. A line that inih would refuse, or take for
 * less than what stands there, does not get to it.
 */
#include "softbusd/config.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX (256 * 1024)
#define N_SEEN 64
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* some editors put it in front of UTF-8 */

struct parser {
    struct hub_config *config;
    const char *file, *text;
    size_t left;
    unsigned line, n_mistakes;
    bool has_section, is_section_known;
    bool seen[N_SEEN]; /* by row of the table */
    hub_config_report_fn report;
    void *userdata;
};

static void complain(struct parser *parser, unsigned line, const char *what, const char *why)
{
    char text[768];

    parser->n_mistakes++;
    snprintf(text, sizeof(text), "%s:%u: %s%s%s", parser->file, line, what, *what ? ": " : "", why);
    parser->report(parser->userdata, text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A blank and a comment sign: inih drops what follows one of the signs and keeps it after the other. */
static bool has_comment_behind(const char *text)
{
    for (; *text; text++) {
        if ((text[0] == ' ' || text[0] == '\t') && (text[1] == '#' || text[1] == ';'))
            return true;
    }
    return false;
}

/* Cuts the line behind its "]", so that the keys below are taken for those of a known section, whatever else is wrong.
 * Returns what that is. */
static const char *enter_section(struct parser *parser, char *line)
{
    char *end = strchr(line, ']');
    bool has_rest = end && end[1];

    parser->has_section = true;
    parser->is_section_known = false;
    if (!end)
        return "expected a section to be closed by ]";
    *end = '\0';
    parser->is_section_known = hub_config_has_section(line + 1);
    end[0] = ']';
    end[1] = '\0';
    if (!parser->is_section_known)
        return "there is no such section; see softbusd.conf(5)";
    return has_rest ? "expected nothing behind the section: keys and comments stand on lines of their own" : NULL;
}

/* `line` has no blanks at its ends; what inih shall not see is cut off. */
static void check_line(struct parser *parser, char *line)
{
    char what[HUB_CONFIG_LINE_MAX + 1];
    const char *why = NULL;

    snprintf(what, sizeof(what), "%s", line);
    if (*line == '[')
        why = enter_section(parser, line);
    else if (*line && *line != '#' && *line != ';' && !strchr(line, '='))
        why = "expected [section], key = value, or a comment that opens with #";
    else if (*line != '#' && *line != ';' && has_comment_behind(line))
        why = "expected nothing behind the value: comments stand on lines of their own";
    if (!why)
        return;
    complain(parser, parser->line, what, why);
    if (*line != '[' || !parser->is_section_known)
        *line = '\0';
}

/* As fgets(). Blanks at the start go: to inih they would make the line a part of the one before. A line that is wrong is
 * reported and given as an empty one, so that no half of it is taken for the whole. */
static char *read_line(char *line, int size, void *stream)
{
    struct parser *parser = stream;
    const char *start = parser->text, *end;
    size_t length;

    if (parser->left == 0 || size < 2)
        return NULL;
    parser->line++;
    end = memchr(start, '\n', parser->left);
    length = end ? (size_t)(end - start) : parser->left;
    parser->text += end ? length + 1 : length;
    parser->left -= end ? length + 1 : length;
    for (; length > 0 && is_blank(*start); length--)
        start++;
    while (length > 0 && is_blank(start[length - 1]))
        length--;
    line[0] = '\0';
    if (memchr(start, '\0', length)) {
        complain(parser, parser->line, "", "the line contains a NUL byte: this is not a configuration file");
    } else if (length > HUB_CONFIG_LINE_MAX || length >= (size_t)size) {
        complain(parser, parser->line, "", "the line is longer than 198 bytes");
    } else {
        memcpy(line, start, length);
        line[length] = '\0';
        check_line(parser, line);
    }
    return line;
}

static bool is_repeated(struct parser *parser, const char *section, const char *name)
{
    const struct hub_config_key *key;

    for (size_t i = 0; (key = hub_config_get_key(i)) && i < N_SEEN; i++) {
        if (strcmp(key->section, section) || strcmp(key->name, name))
            continue;
        if (key->type == HUB_CONFIG_INTERFACES || key->type == HUB_CONFIG_PEERS)
            return false;
        if (parser->seen[i])
            return true;
        parser->seen[i] = true;
    }
    return false;
}

static int take_value(void *userdata, const char *section, const char *name, const char *value)
{
    struct parser *parser = userdata;
    char what[512], why[256];

    if (parser->has_section && !parser->is_section_known)
        return 1; /* its section was complained about */
    snprintf(what, sizeof(what), parser->has_section ? "[%s] %s = %s" : "%s%s = %s", section, name, value);
    if (!parser->has_section)
        complain(parser, parser->line, what, "expected a [section] above the first key");
    else if (is_repeated(parser, section, name))
        complain(parser, parser->line, what, "the key stands here for the second time");
    else if (hub_config_set(parser->config, section, name, value, why, sizeof(why)) < 0)
        complain(parser, parser->line, what, why);
    return 1;
}

int hub_config_parse(struct hub_config *config, const char *file, const char *text, size_t size, hub_config_report_fn report,
                     void *userdata)
{
    struct parser parser = { .config = config, .file = file, .text = text, .left = size, .report = report, .userdata = userdata };
    int line;

    if (size >= strlen(BYTE_ORDER_MARK) && !memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK))) {
        parser.text += strlen(BYTE_ORDER_MARK);
        parser.left -= strlen(BYTE_ORDER_MARK);
    }
    line = ini_parse_stream(read_line, &parser, take_value, &parser);
    if (line > 0) /* check_line() lets none through that it knows of */
        complain(&parser, (unsigned)line, "", "expected [section], key = value, or a comment that opens with #");
    else if (line < 0)
        complain(&parser, parser.line, "", "out of memory");
    return parser.n_mistakes > 0 ? -EINVAL : 0;
}

static void report_errno(const char *file, int error, hub_config_report_fn report, void *userdata)
{
    char text[512];

    snprintf(text, sizeof(text), "%s: cannot read it: %s", file, strerror(error));
    report(userdata, text);
}

int hub_config_read(struct hub_config *config, const char *file, bool is_optional, hub_config_report_fn report, void *userdata)
{
    SB_AUTO_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    SB_AUTO_FREE char *text = NULL;
    struct stat stat;
    size_t size = 0;
    ssize_t n;

    if (fd < 0 && errno == ENOENT && is_optional)
        return 0;
    if (fd < 0 || fstat(fd, &stat) < 0) {
        report_errno(file, errno, report, userdata);
        return -EINVAL;
    }
    if (!S_ISREG(stat.st_mode) || stat.st_size > FILE_BYTES_MAX) {
        report_errno(file, S_ISREG(stat.st_mode) ? EFBIG : EINVAL, report, userdata);
        return -EINVAL;
    }
    text = malloc((size_t)stat.st_size + 1);
    if (!text)
        return -ENOMEM;
    while (size < (size_t)stat.st_size && (n = read(fd, text + size, (size_t)stat.st_size - size)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            report_errno(file, errno, report, userdata);
            return -EINVAL;
        }
        size += (size_t)n;
    }
    return hub_config_parse(config, file, text, size, report, userdata);
}
