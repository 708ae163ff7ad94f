/* softbusd/options.c: each option, what overrides what, and complaints that name the culprit. */
#include "softbusd/config.h"
#include "softbusd/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARGS_MAX 100

static char error_text[256];

/* Words separated by '|'. getopt moves the pointers, so they are copied. */
static int parse(const char *words, struct hub_options *ret_options)
{
    static char storage[8192];
    char *argv[ARGS_MAX + 2] = { (char[]){ "softbusd" } }, *save = NULL;
    int argc = 1;

    snprintf(storage, sizeof(storage), "%s", words);
    for (char *word = strtok_r(storage, "|", &save); word && argc <= ARGS_MAX; word = strtok_r(NULL, "|", &save))
        argv[argc++] = word;
    error_text[0] = '\0';
    return hub_options_parse(argc, argv, ret_options, error_text, sizeof(error_text));
}

static void test_nothing_given(void **state)
{
    struct hub_options options;

    (void)state;
    assert_int_equal(parse("", &options), 0);
    assert_int_equal(options.action, HUB_OPTIONS_RUN);
    assert_int_equal(options.scope, HUB_OPTIONS_AUTO);
    assert_null(options.config_file);
    assert_null(options.socket);
    assert_int_equal(options.n_overrides, 0);
}

static void test_places(void **state)
{
    struct hub_options options;

    (void)state;
    assert_int_equal(parse("--config=a|--config-dir|b|--state-dir=c|--run-dir=d|--socket=e|--user", &options), 0);
    assert_string_equal(options.config_file, "a");
    assert_string_equal(options.config_dir, "b");
    assert_string_equal(options.state_dir, "c");
    assert_string_equal(options.run_dir, "d");
    assert_string_equal(options.socket, "e");
    assert_int_equal(options.scope, HUB_OPTIONS_USER);
    assert_int_equal(parse("--system", &options), 0);
    assert_int_equal(options.scope, HUB_OPTIONS_SYSTEM);
}

static void test_actions(void **state)
{
    static const struct { const char *word; enum hub_options_action action; } rows[] = {
        { "--check-config", HUB_OPTIONS_CHECK_CONFIG },
        { "--print-id", HUB_OPTIONS_PRINT_ID },
        { "--version", HUB_OPTIONS_VERSION },
        { "--help", HUB_OPTIONS_HELP },
    };
    struct hub_options options;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse(rows[i].word, &options), 0);
        assert_int_equal(options.action, rows[i].action);
    }
}

static void test_overrides(void **state)
{
    struct hub_options options;
    struct hub_config config;

    (void)state;
    hub_config_init(&config);
    assert_int_equal(hub_config_set(&config, "device", "interface", "eth9", error_text, sizeof(error_text)), 0);
    assert_int_equal(hub_config_set(&config, "device", "port", "9", error_text, sizeof(error_text)), 0);
    assert_int_equal(parse("--port|5|--port|6|--name=n|--interface=eth0,eth1|--interface=eth2|--allow-loopback|--no-mdns|"
                           "--helper=/h|--peer=192.0.2.1|--peer=192.0.2.2|--log-level=error", &options), 0);
    assert_int_equal(hub_options_apply(&options, &config, error_text, sizeof(error_text)), 0);
    assert_int_equal(config.port, 6);
    assert_string_equal(config.name, "n");
    assert_int_equal(config.n_interfaces, 3); /* the file's are replaced, the command line's add up */
    assert_string_equal(config.interfaces[0], "eth0");
    assert_true(config.allow_loopback);
    assert_false(config.use_mdns);
    assert_string_equal(config.helper, "/h");
    assert_int_equal(config.n_peers, 2);
    assert_int_equal(config.log_level, SB_LOG_ERROR);
}

static void test_bad_value_is_named(void **state)
{
    struct hub_options options;
    struct hub_config config;

    (void)state;
    hub_config_init(&config);
    assert_int_equal(parse("--port=99999", &options), 0);
    assert_int_equal(hub_options_apply(&options, &config, error_text, sizeof(error_text)), -EINVAL);
    assert_string_equal(error_text, "--port 99999: expected a number from 0 to 65535");
    error_text[0] = '\0';
    assert_int_equal(hub_options_check(&options, error_text, sizeof(error_text)), -EINVAL);
    assert_string_equal(error_text, "--port 99999: expected a number from 0 to 65535");
    assert_int_equal(parse("--port=9|--log-level=loud", &options), 0);
    assert_int_equal(hub_options_check(&options, error_text, sizeof(error_text)), -EINVAL);
    assert_int_equal(parse("--port=9|--log-level=error", &options), 0);
    assert_int_equal(hub_options_check(&options, error_text, sizeof(error_text)), 0);
}

static void test_mistakes_are_named(void **state)
{
    static const struct { const char *words, *text; } rows[] = {
        { "--user|--prot=1", "--prot=1" },
        { "--config-dir=a|--port", "--port" },
        { "--help=yes", "--help" },
        { "-x", "-x" },
        { "stray", "stray" },
        { "--|stray", "stray" },
    };
    struct hub_options options;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse(rows[i].words, &options), -EINVAL);
        if (!strstr(error_text, rows[i].text))
            fail_msg("\"%s\" does not name %s", error_text, rows[i].text);
    }
}

static void test_too_many_overrides(void **state)
{
    char words[ARGS_MAX * 16] = "";
    struct hub_options options;

    (void)state;
    for (int i = 0; i < HUB_OPTIONS_OVERRIDES_MAX; i++)
        strcat(words, "--port=1|");
    assert_int_equal(parse(words, &options), 0);
    strcat(words, "--port=1");
    assert_int_equal(parse(words, &options), -EINVAL);
}

/* Every option that the help text names is known, with a value where it says so. */
static void test_help_names_options(void **state)
{
    struct hub_options options;
    char *text = NULL, *at, word[64];
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    (void)state;
    hub_options_print_help(stream);
    fclose(stream);
    for (at = strstr(text, "  --"); at; at = strstr(at + 1, "  --")) {
        size_t length = strcspn(at + 2, " ,\n");

        snprintf(word, sizeof(word), "%.*s", (int)length, at + 2);
        if (at[2 + length] == ' ' && at[3 + length] != ' ')
            strcat(word, "=v");
        print_message("# %s\n", word);
        assert_int_equal(parse(word, &options), 0);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_given),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_bad_value_is_named),
        cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_too_many_overrides),
        cmocka_unit_test(test_help_names_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
