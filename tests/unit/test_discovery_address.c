/* Which addresses a stranger can make us dial. */
#include "discovery/address.h"
#include "wire/disc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct sockaddr_storage make(const char *text, uint16_t port, uint32_t scope)
{
    struct wire_disc_address wire = { .family = strchr(text, ':') ? WIRE_DISC_IPV6 : WIRE_DISC_IPV4, .port = port,
                                      .scope = scope };
    struct sockaddr_storage address;

    assert_int_equal(inet_pton(wire.family == WIRE_DISC_IPV6 ? AF_INET6 : AF_INET, text, wire.bytes), 1);
    disc_address_from_wire(&wire, &address);
    return address;
}

static void test_dialable(void **state)
{
    static const struct { const char *text; uint16_t port; uint32_t scope; bool is_dialable; } cases[] = {
        { "10.1.2.3", 7000, 0, true },      { "10.1.2.3", 0, 0, false },          { "127.0.0.1", 7000, 0, false },
        { "127.9.9.9", 7000, 0, false },    { "0.0.0.0", 7000, 0, false },        { "0.1.2.3", 7000, 0, false },
        { "224.0.0.251", 7000, 0, false },  { "255.255.255.255", 7000, 0, false }, { "169.254.3.4", 7000, 0, true },
        { "fd77::1", 7000, 0, true },       { "fd77::1", 0, 0, false },           { "fe80::1", 7000, 3, true },
        { "fe80::1", 7000, 0, false },      { "::1", 7000, 0, false },            { "::", 7000, 0, false },
        { "ff02::fb", 7000, 3, false },     { "::ffff:127.0.0.1", 7000, 0, false }, { "::7f00:1", 7000, 0, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sockaddr_storage address = make(cases[i].text, cases[i].port, cases[i].scope);

        assert_int_equal(disc_address_is_dialable(&address), cases[i].is_dialable);
    }
    assert_false(disc_address_is_dialable(&(struct sockaddr_storage){ .ss_family = AF_UNIX }));
}

static void test_equal(void **state)
{
    struct sockaddr_storage four = make("10.0.0.1", 1, 0), six = make("fe80::1", 1, 2), other;

    (void)state;
    assert_true(disc_address_is_equal(&four, &four));
    assert_true(disc_address_is_equal(&six, &six));
    assert_false(disc_address_is_equal(&four, &six));
    other = make("10.0.0.1", 2, 0);
    assert_false(disc_address_is_equal(&four, &other));
    other = make("10.0.0.2", 1, 0);
    assert_false(disc_address_is_equal(&four, &other));
    other = make("fe80::1", 1, 3);
    assert_false(disc_address_is_equal(&six, &other));
    other = make("fe80::2", 1, 2);
    assert_false(disc_address_is_equal(&six, &other));
}

static void test_wire_and_back(void **state)
{
    const char *const texts[] = { "10.0.0.1", "fe80::1" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_storage address = make(texts[i], 513, i ? 9 : 0), back;
        struct wire_disc_address wire;

        disc_address_to_wire(&address, &wire);
        assert_int_equal(wire.port, 513);
        assert_int_equal(wire.scope, i ? 9 : 0);
        disc_address_from_wire(&wire, &back);
        assert_true(disc_address_is_equal(&address, &back));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialable),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_wire_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
