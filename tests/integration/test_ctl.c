/* softbusctl on two devices: what one device cannot show. What it prints as JSON has to be JSON. */
#include "tests/integration/kit.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVICE "org.softbus.test.ctl"
#define OUTPUT_MAX 65536

struct output {
    char text[OUTPUT_MAX]; /* stdout, then stderr */
};

/* --- a judge of JSON: RFC 8259, nothing built --- */

static const char *skip_value(const char *at, unsigned depth);

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static const char *skip_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at == '\\' && strchr("\"\\/bfnrtu", *++at) == NULL)
            return NULL;
    }
    return at + 1;
}

static const char *skip_number(const char *at)
{
    char *end;
    if (*at != '-' && !isdigit((unsigned char)*at))
        return NULL;
    strtod(at, &end);
    return end > at ? end : NULL;
}

/* Members between brackets: [a, b] or {"k": a}. */
static const char *skip_members(const char *at, char end, unsigned depth)
{
    at = skip_space(at + 1);
    if (*at == end)
        return at + 1;
    for (;;) {
        if (end == '}') {
            at = skip_string(skip_space(at));
            if (at == NULL || *(at = skip_space(at)) != ':')
                return NULL;
            at++;
        }
        at = skip_value(at, depth + 1);
        if (at == NULL)
            return NULL;
        at = skip_space(at);
        if (*at == end)
            return at + 1;
        if (*at++ != ',')
            return NULL;
    }
}

static const char *skip_value(const char *at, unsigned depth)
{
    static const char *const words[] = { "true", "false", "null" };
    at = skip_space(at);
    if (depth > 20)
        return NULL;
    if (*at == '{' || *at == '[')
        return skip_members(at, *at == '{' ? '}' : ']', depth);
    if (*at == '"')
        return skip_string(at);
    for (size_t i = 0; i < 3; i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    return skip_number(at);
}

/* One object, or one a line. */
static bool is_json(const char *text)
{
    unsigned n = 0;
    for (text = skip_space(text); *text != '\0'; n++) {
        text = *text == '{' ? skip_value(text, 0) : NULL;
        if (text == NULL)
            return false;
        text = skip_space(text);
    }
    return n > 0;
}

/* --- running it --- */

static void exec_ctl(const struct lab_device *device, int out_fd, char **arguments)
{
    char program[512];
    const char *path = getenv("SOFTBUSCTL"), *build = getenv("SOFTBUS_BUILDDIR");
    snprintf(program, sizeof(program), "%s/softbusctl/softbusctl", build != NULL ? build : ".");
    arguments[0] = (char *)(path != NULL ? path : program);
    setenv("SOFTBUS_SOCKET", lab_device_get_socket(device), 1);
    dup2(out_fd, STDOUT_FILENO);
    dup2(out_fd, STDERR_FILENO);
    execv(arguments[0], arguments);
    _exit(127);
}

/* Exit status; arguments end with NULL. The test's buses are served meanwhile. */
__attribute__((__sentinel__)) static int ctl(struct lab *lab, struct lab_device *device, struct output *output, ...)
{
    char *arguments[24] = { NULL };
    va_list list;
    va_start(list, output);
    for (size_t n = 1; n < 23 && (arguments[n] = va_arg(list, char *)) != NULL; n++)
        ;
    va_end(list);
    int fds[2];
    LAB_CHECK(lab, pipe2(fds, O_CLOEXEC) == 0);
    pid_t pid = lab_fork(lab);
    if (pid == 0)
        exec_ctl(device, fds[1], arguments);
    lab_expect_child(lab, pid);
    close(fds[1]);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    lab_keep_fd(lab, fds[0]);
    size_t size = 0;
    for (uint64_t due_ms = lab_get_due_ms(lab);;) {
        ssize_t n = read(fds[0], output->text + size, sizeof(output->text) - 1 - size);
        if (n == 0)
            break;
        if (n > 0) {
            size += (size_t)n;
            continue;
        }
        lab_await_fd(lab, fds[0]);
        lab_pump_until(lab, due_ms, __FILE__, __LINE__, arguments[1]);
    }
    output->text[size] = '\0';
    lab_close_fd(lab, fds[0]);
    return lab_wait_child(lab);
}

#define CHECK_HAS(lab, output, part) \
    do { \
        if (strstr((output)->text, (part)) == NULL) \
            lab_fail((lab), __FILE__, __LINE__, "no \"%s\" in: %s", (part), (output)->text); \
    } while (0)
#define CHECK_JSON(lab, output) \
    do { \
        if (!is_json((output)->text)) \
            lab_fail((lab), __FILE__, __LINE__, "no JSON: %s", (output)->text); \
    } while (0)

static void test_judge(struct lab *lab)
{
    LAB_CHECK(lab, is_json("{}") && is_json("{\"a\":[1,-2.5e3,true,null,\"x\\n\"]}\n{\"b\":{}}\n"));
    static const char *const wrong[] = { "", "[]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":\"\n\"}", "{\"a\":01x}", "{} x" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        LAB_CHECK(lab, !is_json(wrong[i]));
}

static void start_devices(struct lab *lab)
{
    lab_device_add(lab, "a", NULL);
    lab_device_add(lab, "b", NULL);
}

/* Trust is given by typing, as a user would. */
static void test_trust(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    static struct output output;
    LAB_EQUAL(lab, ctl(lab, a, &output, "trust", "add", lab_device_get_id(b), "kitchen", NULL), 0);
    LAB_EQUAL(lab, ctl(lab, b, &output, "trust", "add", lab_device_get_id(a), NULL), 0);
    LAB_UNTIL(lab, lab_device_sees(a, b) == SOFTBUS_DEVICE_ONLINE && lab_device_sees(b, a) == SOFTBUS_DEVICE_ONLINE);
    LAB_EQUAL(lab, ctl(lab, a, &output, "trust", "list", NULL), 0);
    CHECK_HAS(lab, &output, lab_device_get_id(b));
    CHECK_HAS(lab, &output, "kitchen");
    LAB_EQUAL(lab, ctl(lab, a, &output, "--json", "trust", "list", NULL), 0);
    CHECK_JSON(lab, &output);
    LAB_CHECK(lab, ctl(lab, a, &output, "trust", "add", "AAAA", NULL) > 0);
}

static void test_lists(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct softbus *server = lab_bus_open(lab, b, "server");
    struct kit *kit = kit_new(lab, server, SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus *client = lab_bus_open(lab, a, "client");
    softbus_object_unref(kit_get(lab, client, b, SERVICE));
    static struct output output;
    LAB_EQUAL(lab, ctl(lab, a, &output, "devices", NULL), 0);
    CHECK_HAS(lab, &output, "kitchen");
    CHECK_HAS(lab, &output, "online");
    LAB_EQUAL(lab, ctl(lab, a, &output, "services", "kitchen", NULL), 0);
    CHECK_HAS(lab, &output, SERVICE);
    static const char *const commands[] = { "status", "devices", "services", "version" };
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        LAB_EQUAL(lab, ctl(lab, a, &output, "--json", commands[i], NULL), 0);
        CHECK_JSON(lab, &output);
    }
    LAB_EQUAL(lab, ctl(lab, a, &output, "--json", "services", "kitchen", NULL), 0);
    CHECK_JSON(lab, &output);
    CHECK_HAS(lab, &output, SERVICE);
    kit_free(kit);
}

static void test_calls(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    struct softbus *server = lab_bus_open(lab, b, "server");
    struct kit *kit = kit_new(lab, server, SERVICE, SOFTBUS_SERVICE_DISTRIBUTED);
    struct softbus *client = lab_bus_open(lab, a, "client");
    softbus_object_unref(kit_get(lab, client, b, SERVICE));
    static struct output output;
    const char *target = "kitchen/" SERVICE;
    LAB_EQUAL(lab, ctl(lab, a, &output, "call", target, "2", "i32", "40", "i32", "2", NULL), 0);
    CHECK_HAS(lab, &output, "i32 42");
    LAB_EQUAL(lab, ctl(lab, a, &output, "--json", "call", target, "2", "i32", "-1", "i32", "1", NULL), 0);
    CHECK_JSON(lab, &output);
    LAB_EQUAL(lab, ctl(lab, a, &output, "call", target, "interface", NULL), 0);
    CHECK_HAS(lab, &output, KIT_DESCRIPTOR);
    LAB_CHECK(lab, ctl(lab, a, &output, "call", target, "99", NULL) > 0);
    LAB_CHECK(lab, ctl(lab, a, &output, "call", "kitchen/no.such.service", "1", NULL) > 0);
    LAB_EQUAL(lab, ctl(lab, a, &output, "ping", target, "-c", "3", "-i", "0", NULL), 0);
    CHECK_HAS(lab, &output, "3 received");
    LAB_EQUAL(lab, ctl(lab, a, &output, "ping", "kitchen", "-c", "2", "-i", "0", "--json", NULL), 0);
    CHECK_JSON(lab, &output);
    kit_free(kit);
}

/* What watch prints of a killed process, before it is interrupted itself. */
static void test_exit_codes(struct lab *lab)
{
    struct lab_device *a = lab_get_device(lab, 0), *b = lab_get_device(lab, 1);
    static struct output output;
    LAB_EQUAL(lab, ctl(lab, a, &output, "no-such-command", NULL), 2);
    LAB_EQUAL(lab, ctl(lab, a, &output, "ping", NULL), 2);
    lab_device_stop(b);
    LAB_UNTIL(lab, lab_device_sees(a, b) == SOFTBUS_DEVICE_OFFLINE);
    int offline = ctl(lab, a, &output, "ping", "kitchen", "-c", "1", NULL);
    LAB_CHECK(lab, offline > 0 && offline != 2 && offline != 3);
    LAB_EQUAL(lab, ctl(lab, b, &output, "status", NULL), 3);
    LAB_EQUAL(lab, ctl(lab, a, &output, "trust", "remove", "kitchen", NULL), 0);
    LAB_EQUAL(lab, ctl(lab, a, &output, "trust", "list", NULL), 0);
    LAB_CHECK(lab, strstr(output.text, "kitchen") == NULL);
}

int main(int argc, char **argv)
{
    struct lab *lab = lab_enter(argc, argv);
    lab_test(lab, "the judge of JSON can say no", test_judge);
    lab_test(lab, "two devices", start_devices);
    lab_test(lab, "trust add and list", test_trust);
    lab_test(lab, "devices and services of another device", test_lists);
    lab_test(lab, "call and ping across devices", test_calls);
    lab_test(lab, "exit codes", test_exit_codes);
    return lab_leave(lab);
}
