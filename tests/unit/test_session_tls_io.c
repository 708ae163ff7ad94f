/*
 * TLS against a real manager with certificates that are not ours: each is refused with an alert, one line, and no byte of
 * the protocol. The client here is plain mbedTLS, so that it can do what our own never would.
 */
#include "session/identity_io.h"
#include "tests/unit/session_nodes.h"
#include "wire/frame.h"

#include <errno.h>
#include <event2/event.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/rsa.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum kind { KIND_P256, KIND_P384, KIND_RSA };

struct client {
    int fd;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_pk_context key;
    mbedtls_x509_crt certificate;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    const char *alpn[2];
    struct wire_devid id; /* as far as the key has one */
    int result;           /* of the handshake or of the first read after it */
    unsigned char bytes[256];
};

static int bio_send(void *userdata, const unsigned char *bytes, size_t size)
{
    ssize_t n = send(*(int *)userdata, bytes, size, MSG_NOSIGNAL);

    return n >= 0 ? (int)n : errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE : -1;
}

static int bio_receive(void *userdata, unsigned char *room, size_t size)
{
    ssize_t n = recv(*(int *)userdata, room, size, 0);

    return n >= 0 ? (int)n : errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_READ : -1;
}

static void make_key(struct client *client, enum kind kind)
{
    mbedtls_pk_type_t type = kind == KIND_RSA ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY;

    assert_int_equal(mbedtls_pk_setup(&client->key, mbedtls_pk_info_from_type(type)), 0);
    if (kind == KIND_RSA)
        assert_int_equal(mbedtls_rsa_gen_key(mbedtls_pk_rsa(client->key), mbedtls_ctr_drbg_random, &client->random, 2048,
                                             65537), 0);
    else
        assert_int_equal(mbedtls_ecp_gen_key(kind == KIND_P256 ? MBEDTLS_ECP_DP_SECP256R1 : MBEDTLS_ECP_DP_SECP384R1,
                                             mbedtls_pk_ec(client->key), mbedtls_ctr_drbg_random, &client->random), 0);
}

static void make_certificate(struct client *client, int version)
{
    mbedtls_x509write_cert writer;
    unsigned char der[4096];
    int size;

    mbedtls_x509write_crt_init(&writer);
    mbedtls_x509write_crt_set_version(&writer, version);
    mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&writer, &client->key);
    mbedtls_x509write_crt_set_issuer_key(&writer, &client->key);
    assert_int_equal(mbedtls_x509write_crt_set_subject_name(&writer, "CN=test"), 0);
    assert_int_equal(mbedtls_x509write_crt_set_issuer_name(&writer, "CN=test"), 0);
    assert_int_equal(mbedtls_x509write_crt_set_validity(&writer, "20000101000000", "20010101000000"), 0); /* expired */
    size = mbedtls_x509write_crt_der(&writer, der, sizeof(der), mbedtls_ctr_drbg_random, &client->random);
    assert_true(size > 0);
    assert_int_equal(mbedtls_x509_crt_parse_der(&client->certificate, der + sizeof(der) - size, (size_t)size), 0);
    mbedtls_x509write_crt_free(&writer);
#if MBEDTLS_VERSION_MAJOR >= 3
    mbedtls_sha256(client->certificate.pk_raw.p, client->certificate.pk_raw.len, client->id.bytes, 0);
#else
    mbedtls_sha256_ret(client->certificate.pk_raw.p, client->certificate.pk_raw.len, client->id.bytes, 0);
#endif
}

static void client_init(struct client *client, enum kind kind, int version, const char *alpn)
{
    memset(client, 0, sizeof(*client));
    client->fd = -1;
    mbedtls_entropy_init(&client->entropy);
    mbedtls_ctr_drbg_init(&client->random);
    mbedtls_pk_init(&client->key);
    mbedtls_x509_crt_init(&client->certificate);
    mbedtls_ssl_config_init(&client->config);
    mbedtls_ssl_init(&client->ssl);
    assert_int_equal(mbedtls_ctr_drbg_seed(&client->random, mbedtls_entropy_func, &client->entropy, NULL, 0), 0);
    make_key(client, kind);
    make_certificate(client, version);
    mbedtls_ssl_config_defaults(&client->config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_rng(&client->config, mbedtls_ctr_drbg_random, &client->random);
    mbedtls_ssl_conf_authmode(&client->config, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_own_cert(&client->config, &client->certificate, &client->key);
    client->alpn[0] = alpn;
    if (alpn)
        mbedtls_ssl_conf_alpn_protocols(&client->config, client->alpn);
}

static void client_deinit(struct client *client)
{
    close(client->fd);
    mbedtls_ssl_free(&client->ssl);
    mbedtls_ssl_config_free(&client->config);
    mbedtls_x509_crt_free(&client->certificate);
    mbedtls_pk_free(&client->key);
    mbedtls_ctr_drbg_free(&client->random);
    mbedtls_entropy_free(&client->entropy);
}

static void client_connect(struct client *client, uint16_t port)
{
    client->fd = nodes_connect(port);
    assert_int_equal(mbedtls_ssl_setup(&client->ssl, &client->config), 0);
    mbedtls_ssl_set_bio(&client->ssl, &client->fd, bio_send, bio_receive, NULL);
}

/* True when the handshake is over and something has been read, or either has failed. */
static bool client_step(struct client *client)
{
    client->result = mbedtls_ssl_handshake(&client->ssl);
    if (client->result == 0)
        client->result = mbedtls_ssl_read(&client->ssl, client->bytes, sizeof(client->bytes));
    return client->result != MBEDTLS_ERR_SSL_WANT_READ && client->result != MBEDTLS_ERR_SSL_WANT_WRITE;
}

static void run_refused(enum kind kind, int version, const char *alpn, bool is_trusted, const char *note)
{
    struct event_base *base = event_base_new();
    struct nodes_node node;
    struct client client;

    nodes_init(&node, base);
    client_init(&client, kind, version, alpn);
    if (is_trusted)
        assert_int_equal(sess_trust_add(&node.trust, &client.id, "client"), 0);
    nodes_start(&node);
    client_connect(&client, sess_manager_get_port(node.manager));
    NODES_WAIT(base, client_step(&client));
    assert_int_equal(client.result, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
    assert_int_equal(node.n_notes, 1);
    assert_non_null(strstr(node.last_note, note));
    assert_int_equal(node.n_up, 0);
    client_deinit(&client);
    nodes_deinit(&node);
    event_base_free(base);
}

static void test_refused(void **state)
{
    (void)state;
    run_refused(KIND_P256, MBEDTLS_X509_CRT_VERSION_3, "softbus/1", false, "is not trusted");
    run_refused(KIND_P256, MBEDTLS_X509_CRT_VERSION_1, "softbus/1", true, "not X.509 v3");
    run_refused(KIND_P384, MBEDTLS_X509_CRT_VERSION_3, "softbus/1", true, "");
    run_refused(KIND_RSA, MBEDTLS_X509_CRT_VERSION_3, "softbus/1", true, "");
    run_refused(KIND_P256, MBEDTLS_X509_CRT_VERSION_3, "http/1.1", true, "");
    run_refused(KIND_P256, MBEDTLS_X509_CRT_VERSION_3, NULL, true, "does not speak softbus/1");
}

/* An expired certificate of a trusted key is as good as any: then HELLO must be the first frame, and whole. */
static void run_greeting(const uint8_t *bytes, size_t size, bool is_answered)
{
    struct event_base *base = event_base_new();
    struct nodes_node node;
    struct client client;
    struct wire_frame frame;
    size_t used;

    nodes_init(&node, base);
    client_init(&client, KIND_P256, MBEDTLS_X509_CRT_VERSION_3, "softbus/1");
    assert_int_equal(sess_trust_add(&node.trust, &client.id, "client"), 0);
    nodes_start(&node);
    client_connect(&client, sess_manager_get_port(node.manager));
    NODES_WAIT(base, mbedtls_ssl_handshake(&client.ssl) == 0);
    assert_int_equal(mbedtls_ssl_write(&client.ssl, bytes, size), size);
    NODES_WAIT(base, client_step(&client));
    if (is_answered) {
        assert_true(client.result > 0);
        assert_int_equal(wire_frame_read(client.bytes, (size_t)client.result, &frame, &used), 0);
        assert_int_equal(frame.type, WIRE_FRAME_ACCEPT);
        NODES_WAIT(base, node.n_up == 1);
    } else {
        assert_true(client.result <= 0);
        assert_int_equal(node.n_notes, 1);
        assert_int_equal(node.n_up, 0);
    }
    client_deinit(&client);
    nodes_deinit(&node);
    event_base_free(base);
}

static void test_greetings(void **state)
{
    static const uint8_t data[] = { 1, 0, WIRE_FRAME_DATA, 0, 1, 0, 0, 0, 7 };
    static const uint8_t broken[] = { 0xff, 0xff, WIRE_FRAME_HELLO, 0, 0, 0, 0, 0 };
    static const uint8_t empty[] = { 0, 0, WIRE_FRAME_HELLO, 0, 0, 0, 0, 0 };
    struct wire_frame hello = { .type = WIRE_FRAME_HELLO,
                                .hello = { .version_min = 1, .version_max = 9, .instance = 5, .window_bytes = 16384,
                                           .n_streams = 8, .message_max = 65536, .heartbeat_ms = 1000,
                                           .name = { .text = "client", .size = 6 } } };
    struct sb_buf buf;

    (void)state;
    sb_buf_init(&buf, 1024);
    assert_int_equal(wire_frame_write(&buf, &hello), 0);
    run_greeting(data, sizeof(data), false);
    run_greeting(broken, sizeof(broken), false);
    run_greeting(empty, sizeof(empty), false);
    run_greeting(sb_buf_bytes(&buf), buf.length, true);
    sb_buf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_greetings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
