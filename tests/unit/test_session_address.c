/* Which addresses may be dialled, which are one host, and how they are written. */
#include "session/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct sockaddr_storage make(const char *host, uint16_t port, uint32_t scope)
{
    struct sockaddr_storage address = { 0 };
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&address;

    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
    } else {
        assert_int_equal(inet_pton(AF_INET6, host, &v6->sin6_addr), 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        v6->sin6_scope_id = scope;
    }
    return address;
}

static void test_dialable(void **state)
{
    static const struct {
        const char *host;
        uint16_t port;
        uint32_t scope;
        bool is_dialable, is_with_loopback;
    } rows[] = {
        { "192.168.1.5", 7070, 0, true, true },     { "192.168.1.5", 0, 0, false, false },
        { "127.0.0.1", 7070, 0, false, true },      { "127.9.9.9", 7070, 0, false, true },
        { "0.0.0.0", 7070, 0, false, false },       { "0.1.2.3", 7070, 0, false, false },
        { "224.0.0.251", 7070, 0, false, false },   { "255.255.255.255", 7070, 0, false, false },
        { "240.0.0.1", 7070, 0, false, false },     { "fd00::1", 7070, 0, true, true },
        { "::1", 7070, 0, false, true },            { "::", 7070, 0, false, false },
        { "ff02::fb", 7070, 3, false, false },      { "::ffff:127.0.0.1", 7070, 0, false, false },
        { "::127.0.0.1", 7070, 0, false, false },   { "fe80::1", 7070, 0, false, false },
        { "fe80::1", 7070, 3, true, true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sockaddr_storage address = make(rows[i].host, rows[i].port, rows[i].scope);

        assert_int_equal(sess_address_is_dialable(&address, false), rows[i].is_dialable);
        assert_int_equal(sess_address_is_dialable(&address, true), rows[i].is_with_loopback);
    }
}

static void test_same(void **state)
{
    struct sockaddr_storage a = make("fd00::1", 1, 0), b = make("fd00::2", 1, 0), c = make("fd00:0:0:1::1", 1, 0);
    struct sockaddr_storage link_a = make("fe80::1", 1, 2), link_b = make("fe80::2", 1, 2), link_c = make("fe80::1", 1, 3);
    struct sockaddr_storage v4 = make("10.0.0.1", 1, 0), v4_port = make("10.0.0.1", 2, 0);

    (void)state;
    assert_false(sess_address_is_equal(&a, &b));
    assert_true(sess_address_is_same_host(&a, &b));
    assert_false(sess_address_is_same_host(&a, &c));
    assert_true(sess_address_is_same_host(&link_a, &link_b)); /* one host may use all of fe80::/64 */
    assert_false(sess_address_is_same_host(&link_a, &link_c));
    assert_true(sess_address_is_same_host(&v4, &v4_port));
    assert_false(sess_address_is_equal(&v4, &v4_port));
    assert_false(sess_address_is_same_host(&v4, &a));
}

static void test_text(void **state)
{
    char text[SESS_ADDRESS_TEXT_SIZE];
    struct sockaddr_storage address = make("192.0.2.1", 7070, 0);

    (void)state;
    sess_address_format(&address, text);
    assert_string_equal(text, "192.0.2.1:7070");
    address = make("fe80::1", 65535, 3);
    sess_address_format(&address, text);
    assert_string_equal(text, "[fe80::1%3]:65535");
    address = make("fd00:1111:2222:3333:4444:5555:6666:7777", 65535, UINT32_MAX);
    sess_address_format(&address, text);
    assert_string_equal(text, "[fd00:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialable),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
