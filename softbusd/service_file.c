/* Service files one by one; see service_file.h. The folder is in service_folder.c. */
#include "softbusd/service_file.h"

#include "wire/cursor.h"
#include "wire/hub.h"
#include "wire/rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_TIMEOUT_MAX_S (7 * 24 * 3600)

enum key { KEY_NAME, KEY_EXEC, KEY_USER, KEY_START_TIMEOUT, KEY_IDLE_TIMEOUT, KEY_DISTRIBUTED, N_KEYS };

static const char *const key_names[N_KEYS] = {
    [KEY_NAME] = "name",
    [KEY_EXEC] = "exec",
    [KEY_USER] = "user",
    [KEY_START_TIMEOUT] = "start_timeout",
    [KEY_IDLE_TIMEOUT] = "idle_timeout",
    [KEY_DISTRIBUTED] = "distributed",
};

struct parser {
    const struct hub_service_reader *reader;
    struct hub_service_file *file;
    unsigned section_line;
    bool seen[N_KEYS];
    char *error_text;
    size_t error_size;
};

struct hub_service_file *hub_service_file_free(struct hub_service_file *file)
{
    if (!file)
        return NULL;
    for (size_t i = 0; i < file->n_names; i++)
        free(file->names[i]);
    for (size_t i = 0; i < file->n_arguments; i++)
        free(file->arguments[i]);
    free(file->names);
    free(file->arguments);
    free(file->path);
    free(file);
    return NULL;
}

static int take_section(void *userdata, const char *name, unsigned line, char *error_text, size_t error_size)
{
    struct parser *parser = userdata;

    if (strcmp(name, "service")) {
        snprintf(error_text, error_size, "expected [service]; see softbusd.service(5)");
        return -EINVAL;
    }
    if (parser->section_line) {
        snprintf(error_text, error_size, "the section stands here for the second time; it began in line %u", parser->section_line);
        return -EINVAL;
    }
    parser->section_line = line;
    return 0;
}

static int expected(struct parser *parser, const char *what)
{
    snprintf(parser->error_text, parser->error_size, "expected %s", what);
    return -EINVAL;
}

/* Appends a copy of text, and keeps a NULL behind the last. */
static int append(struct parser *parser, char ***texts, size_t *n, const char *text, size_t size)
{
    char **grown = reallocarray(*texts, *n + 2, sizeof(*grown));

    if (grown) {
        *texts = grown;
        grown[*n] = strndup(text, size);
        grown[*n + 1] = NULL;
    }
    if (!grown || !grown[*n]) {
        snprintf(parser->error_text, parser->error_size, "out of memory");
        return -ENOMEM;
    }
    ++*n;
    return 0;
}

static int add_names(struct parser *parser, const char *value)
{
    struct hub_service_file *file = parser->file;
    const char *why;
    size_t size;
    int r;

    if (!*value)
        return expected(parser, "one or several service names, separated by commas");
    for (; *value; value += size + strspn(value + size, ", \t")) {
        size = strcspn(value, ", \t");
        why = wire_rules_check_name(value, size);
        if (why) {
            snprintf(parser->error_text, parser->error_size, "expected service names, separated by commas: the name %.*s %s", (int)size,
                     value, why);
            return -EINVAL;
        }
        for (size_t i = 0; i < file->n_names; i++) {
            if (strlen(file->names[i]) == size && !memcmp(file->names[i], value, size))
                return expected(parser, "each name once");
        }
        if (file->n_names == HUB_SERVICE_NAMES_MAX)
            return expected(parser, "at most 32 names");
        r = append(parser, &file->names, &file->n_names, value, size);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Words are separated by blanks; one in double quotes may contain them, and may be empty. No shell looks at it. */
static int set_exec(struct parser *parser, const char *value)
{
    struct hub_service_file *file = parser->file;
    bool is_quoted;
    size_t size;
    int r;

    if (*value != '/')
        return expected(parser, "the absolute path of a program, and perhaps arguments");
    if (!wire_text_is_valid(value, strlen(value)))
        return expected(parser, "UTF-8");
    while (*value) {
        is_quoted = *value == '"';
        value += is_quoted;
        size = strcspn(value, is_quoted ? "\"" : " \t");
        if (is_quoted ? !value[size] : memchr(value, '"', size) != NULL)
            return expected(parser, "a word in double quotes to be quoted as a whole");
        if (file->n_arguments == HUB_SERVICE_ARGUMENTS_MAX)
            return expected(parser, "at most 63 arguments");
        r = append(parser, &file->arguments, &file->n_arguments, value, size);
        if (r < 0)
            return r;
        value += size + is_quoted;
        if (*value && !strchr(" \t", *value))
            return expected(parser, "a word in double quotes to be quoted as a whole");
        value += strspn(value, " \t");
    }
    return 0;
}

static int set_user(struct parser *parser, const char *value)
{
    const struct hub_service_reader *reader = parser->reader;
    struct hub_user user;

    if (!*value || reader->names->find_user(value, &user) < 0)
        return expected(parser, "a user of /etc/passwd or a number");
    if (reader->own_uid != 0 && user.uid != reader->own_uid)
        return expected(parser, "the user of this daemon, which is not root and cannot run programs as another");
    parser->file->user = user;
    return 0;
}

static int set_seconds(struct parser *parser, const char *value, uint64_t min, uint64_t max, uint64_t *ret_ms)
{
    uint64_t seconds = strtoull(value, NULL, 10);

    if (!*value || value[strspn(value, "0123456789")] || strlen(value) > 9 || seconds < min || seconds > max) {
        snprintf(parser->error_text, parser->error_size, "expected a number from %" PRIu64 " to %" PRIu64 ", in s", min, max);
        return -EINVAL;
    }
    *ret_ms = seconds * 1000;
    return 0;
}

static int set_distributed(struct parser *parser, const char *value)
{
    if (strcmp(value, "yes") && strcmp(value, "no"))
        return expected(parser, "yes or no");
    parser->file->is_distributed = *value == 'y';
    return 0;
}

static int take_key(void *userdata, const char *section, const char *name, const char *value, unsigned line, char *error_text,
                    size_t error_size)
{
    struct parser *parser = userdata;
    size_t key = 0;

    (void)section, (void)line;
    parser->error_text = error_text;
    parser->error_size = error_size;
    while (key < N_KEYS && strcmp(key_names[key], name))
        key++;
    if (key == N_KEYS)
        return expected(parser, "the key name, exec, user, start_timeout, idle_timeout or distributed");
    if (parser->seen[key] && key != KEY_NAME)
        return expected(parser, "the key to stand here once");
    parser->seen[key] = true;
    switch ((enum key)key) {
    case KEY_NAME:
        return add_names(parser, value);
    case KEY_EXEC:
        return set_exec(parser, value);
    case KEY_USER:
        return set_user(parser, value);
    case KEY_START_TIMEOUT:
        return set_seconds(parser, value, 1, WIRE_HUB_START_MAX_MS / 1000, &parser->file->start_timeout_ms);
    case KEY_IDLE_TIMEOUT:
        return set_seconds(parser, value, 0, IDLE_TIMEOUT_MAX_S, &parser->file->idle_timeout_ms);
    case KEY_DISTRIBUTED:
        return set_distributed(parser, value);
    case N_KEYS:
        break;
    }
    return -EINVAL;
}

static int require(const struct parser *parser, bool is_there, const char *what)
{
    char text[512];

    if (is_there)
        return 0;
    snprintf(text, sizeof(text), "%s:%u: [service]: expected %s", parser->file->path, parser->section_line ? parser->section_line : 1, what);
    parser->reader->report(parser->reader->userdata, text);
    return -EINVAL;
}

/* What the file must say, and whom it runs as when it does not say that. */
static int complete(const struct parser *parser)
{
    const struct hub_service_reader *reader = parser->reader;
    struct hub_service_file *file = parser->file;
    char number[16];
    int r = require(parser, parser->seen[KEY_NAME], "the key name");

    if (require(parser, parser->seen[KEY_EXEC], "the key exec") < 0)
        r = -EINVAL;
    if (require(parser, parser->seen[KEY_USER] || reader->own_uid != 0,
                "the key user: a daemon that is root runs programs as root only where the file says so") < 0)
        r = -EINVAL;
    if (!parser->seen[KEY_USER]) {
        snprintf(number, sizeof(number), "%" PRIu32, reader->own_uid);
        if (reader->names->find_user(number, &file->user) < 0)
            file->user = (struct hub_user){ .uid = reader->own_uid, .gid = reader->own_uid, .home = "/" };
    }
    file->n_groups = reader->names->get_groups(&file->user, file->groups, HUB_GROUPS_MAX);
    return r;
}

int hub_service_file_parse(const struct hub_service_reader *reader, const char *path, const char *text, size_t size,
                           struct hub_service_file **ret_file)
{
    struct parser parser = { .reader = reader, .file = calloc(1, sizeof(*parser.file)) };
    const struct hub_ini ini = {
        .userdata = &parser, .section = take_section, .key = take_key, .report = reader->report, .report_userdata = reader->userdata
    };
    int r, completed;

    if (parser.file)
        parser.file->path = strdup(path);
    if (!parser.file || !parser.file->path) {
        hub_service_file_free(parser.file);
        return -ENOMEM;
    }
    parser.file->start_timeout_ms = 10000;
    r = hub_ini_parse(&ini, path, text, size);
    completed = parser.section_line ? complete(&parser) : -EINVAL;
    if (r == 0 && !parser.section_line)
        require(&parser, false, "this section to be there");
    if (r == 0)
        r = completed;
    if (r < 0)
        hub_service_file_free(parser.file);
    else
        *ret_file = parser.file;
    return r;
}
