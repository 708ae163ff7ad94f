/* Files of sections and keys; see ini.h. A line that inih would refuse, or take for less than what stands there, does not get to it. */
#include "softbusd/ini.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* some editors put it in front of UTF-8 */

struct parser {
    const struct hub_ini *ini;
    const char *file, *text;
    size_t left;
    unsigned line, n_mistakes;
    bool has_section, is_section_good;
    char section[HUB_INI_LINE_MAX + 1];
    char why[320];
};

static void complain(struct parser *parser, unsigned line, const char *what, const char *why)
{
    char text[1024];

    parser->n_mistakes++;
    snprintf(text, sizeof(text), "%s:%u: %s%s%s", parser->file, line, what, *what ? ": " : "", why);
    parser->ini->report(parser->ini->report_userdata, text);
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
    parser->is_section_good = false;
    if (!end)
        return "expected a section to be closed by ]";
    *end = '\0';
    snprintf(parser->section, sizeof(parser->section), "%s", line + 1);
    end[0] = ']';
    end[1] = '\0';
    if (parser->ini->section(parser->ini->userdata, parser->section, parser->line, parser->why, sizeof(parser->why)) < 0)
        return parser->why;
    parser->is_section_good = true;
    return has_rest ? "expected nothing behind the section: keys and comments stand on lines of their own" : NULL;
}

/* `line` has no blanks at its ends; what inih shall not see is cut off. */
static void check_line(struct parser *parser, char *line)
{
    char what[HUB_INI_LINE_MAX + 1];
    const char *why = NULL;

    snprintf(what, sizeof(what), "%s", line);
    if (*line == '[')
        why = enter_section(parser, line);
    else if (*line && *line != '#' && *line != ';' && !strchr(line, '='))
        why = "expected [section], key = value, or a comment that opens with #";
    else if (*line != '#' && *line != ';' && has_comment_behind(line))
        why = "expected nothing behind the value: comments stand on lines of their own";
    /* The section is ours to remember: to inih they are all one. */
    if (*line == '[')
        *line = '\0';
    if (!why)
        return;
    complain(parser, parser->line, what, why);
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
    } else if (length > HUB_INI_LINE_MAX || length >= (size_t)size) {
        complain(parser, parser->line, "", "the line is longer than 198 bytes");
    } else {
        memcpy(line, start, length);
        line[length] = '\0';
        check_line(parser, line);
    }
    return line;
}

static int take_value(void *userdata, const char *no_section, const char *name, const char *value)
{
    struct parser *parser = userdata;
    const struct hub_ini *ini = parser->ini;
    char what[2 * HUB_INI_LINE_MAX + 16];

    (void)no_section;
    if (parser->has_section && !parser->is_section_good)
        return 1; /* its section was complained about */
    if (!parser->has_section) {
        snprintf(what, sizeof(what), "%s = %s", name, value);
        complain(parser, parser->line, what, "expected a [section] above the first key");
    } else if (ini->key(ini->userdata, parser->section, name, value, parser->line, parser->why, sizeof(parser->why)) < 0) {
        snprintf(what, sizeof(what), "[%s] %s = %s", parser->section, name, value);
        complain(parser, parser->line, what, parser->why);
    }
    return 1;
}

int hub_ini_parse(const struct hub_ini *ini, const char *file, const char *text, size_t size)
{
    struct parser parser = { .ini = ini, .file = file, .text = text, .left = size };
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

static int fail(const char *file, int error, const char *why, hub_ini_report_fn report, void *userdata)
{
    char text[512];

    snprintf(text, sizeof(text), "%s: cannot read it: %s", file, why ? why : strerror(error));
    report(userdata, text);
    return -error;
}

static int read_all(int fd, char *text, size_t size_max, size_t *ret_size)
{
    size_t size = 0;
    ssize_t n;

    while (size < size_max && (n = read(fd, text + size, size_max - size)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        size += (size_t)n;
    }
    *ret_size = size;
    return 0;
}

int hub_ini_load(const char *file, bool is_guarded, hub_ini_report_fn report, void *userdata, char **ret_text, size_t *ret_size)
{
    SB_AUTO_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    SB_AUTO_FREE char *text = NULL;
    struct stat stat;
    int r;

    if (fd < 0 && errno == ENOENT)
        return -ENOENT;
    if (fd < 0 || fstat(fd, &stat) < 0)
        return fail(file, errno, NULL, report, userdata);
    if (!S_ISREG(stat.st_mode) || stat.st_size > HUB_INI_FILE_MAX)
        return fail(file, S_ISREG(stat.st_mode) ? EFBIG : EINVAL, NULL, report, userdata);
    if (is_guarded && ((stat.st_uid != geteuid() && stat.st_uid != 0) || (stat.st_mode & 0022)))
        return fail(file, EACCES, "others than root and the daemon's user may write to it: chown it, and chmod go-w it", report, userdata);
    text = malloc((size_t)stat.st_size + 1);
    if (!text)
        return fail(file, ENOMEM, NULL, report, userdata);
    r = read_all(fd, text, (size_t)stat.st_size, ret_size);
    if (r < 0)
        return fail(file, -r, NULL, report, userdata);
    *ret_text = SB_TAKE_PTR(text);
    return 0;
}
