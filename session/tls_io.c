/* TLS over memory; see tls_io.h. The rest of the project does not know mbedTLS. */
#include "session/tls_io.h"

#include "base/buf.h"
#include "session/identity.h"
#include "session/identity_io.h"
#include "session/trust.h"

#include <errno.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (64 * 1024)
#define OUTPUT_MAX (128 * 1024)
#define RECORD_OVERHEAD 256 /* header, nonce, tag, padding: far less in every suite we take */

struct sess_tls_ids {
    unsigned n_refs;
    size_t n_ids;
    struct wire_devid ids[]; /* sorted */
};

struct sess_tls_context {
    mbedtls_ssl_config server, client;
    struct wire_devid own_id;
    const char *alpn[2];
};

struct sess_tls {
    mbedtls_ssl_context ssl;
    struct sess_tls_context *context;
    struct sess_tls_ids *ids;
    struct sb_buf input, output;
    struct wire_devid id, expected;
    bool has_id, has_expected;
    enum sess_tls_failure failure;
    char detail[128];
};

/* ChaCha20 first: in mbedTLS it is half as fast again as AES-GCM. */
static const int suites[] = {
#if MBEDTLS_VERSION_MAJOR >= 3
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
#endif
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    0,
};

int sess_tls_ids_new(const struct sess_trust *trust, struct sess_tls_ids **ret_ids)
{
    struct sess_tls_ids *ids = malloc(sizeof(*ids) + trust->n_entries * sizeof(ids->ids[0]));

    if (!ids)
        return -ENOMEM;
    ids->n_refs = 1;
    ids->n_ids = trust->n_entries;
    for (size_t i = 0; i < trust->n_entries; i++)
        ids->ids[i] = trust->entries[i].id;
    *ret_ids = ids;
    return 0;
}

struct sess_tls_ids *sess_tls_ids_ref(struct sess_tls_ids *ids)
{
    ids->n_refs++;
    return ids;
}

struct sess_tls_ids *sess_tls_ids_unref(struct sess_tls_ids *ids)
{
    if (ids && --ids->n_refs == 0)
        free(ids);
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    return wire_devid_compare(a, b);
}

static bool ids_has(const struct sess_tls_ids *ids, const struct wire_devid *id)
{
    return bsearch(id, ids->ids, ids->n_ids, sizeof(ids->ids[0]), compare_ids) != NULL;
}

static void restrict_algorithms(mbedtls_ssl_config *config)
{
#if MBEDTLS_VERSION_MAJOR >= 3
    static const uint16_t groups[] = { MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, 0 };
    static const uint16_t signatures[] = { MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, 0 };

    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_groups(config, groups);
    mbedtls_ssl_conf_sig_algs(config, signatures);
#else
    static const mbedtls_ecp_group_id curves[] = { MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_NONE };
    static const int hashes[] = { MBEDTLS_MD_SHA256, MBEDTLS_MD_NONE };

    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_curves(config, curves);
    mbedtls_ssl_conf_sig_hashes(config, hashes);
#endif
    mbedtls_ssl_conf_ciphersuites(config, suites);
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    mbedtls_ssl_conf_renegotiation(config, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
#endif
#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_CLI_C)
    /* A resumed TLS session would not show the certificate again. */
    mbedtls_ssl_conf_session_tickets(config, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#endif
}

static int configure(struct sess_tls_context *context, mbedtls_ssl_config *config, int role,
                     const struct sess_identity *identity)
{
    mbedtls_x509_crt *certificate = sess_identity_get_certificate(identity);

    if (mbedtls_ssl_config_defaults(config, role, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0)
        return -ENOMEM;
    mbedtls_ssl_conf_rng(config, sess_identity_get_random, NULL);
    restrict_algorithms(config);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    /* mbedTLS wants an authority to verify against; the verdict is the verify callback's alone. */
    mbedtls_ssl_conf_ca_chain(config, certificate, NULL);
    if (role == MBEDTLS_SSL_IS_SERVER)
        mbedtls_ssl_conf_cert_req_ca_list(config, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
    if (mbedtls_ssl_conf_own_cert(config, certificate, sess_identity_get_key(identity)) != 0 ||
        mbedtls_ssl_conf_alpn_protocols(config, context->alpn) != 0)
        return -ENOMEM;
    return 0;
}

int sess_tls_context_new(const struct sess_identity *identity, const char *alpn, struct sess_tls_context **ret_context)
{
    struct sess_tls_context *context = calloc(1, sizeof(*context));
    int r;

    if (!context)
        return -ENOMEM;
    context->own_id = *sess_identity_get_id(identity);
    context->alpn[0] = alpn;
    mbedtls_ssl_config_init(&context->server);
    mbedtls_ssl_config_init(&context->client);
    r = configure(context, &context->server, MBEDTLS_SSL_IS_SERVER, identity);
    if (r == 0)
        r = configure(context, &context->client, MBEDTLS_SSL_IS_CLIENT, identity);
    if (r < 0) {
        sess_tls_context_free(context);
        return r;
    }
    *ret_context = context;
    return 0;
}

struct sess_tls_context *sess_tls_context_free(struct sess_tls_context *context)
{
    if (!context)
        return NULL;
    mbedtls_ssl_config_free(&context->server);
    mbedtls_ssl_config_free(&context->client);
    free(context);
    return NULL;
}

static enum sess_tls_failure judge(struct sess_tls *tls, const mbedtls_x509_crt *certificate)
{
    if (sess_identity_read_id(certificate, &tls->id) < 0)
        return SESS_TLS_CERTIFICATE;
    tls->has_id = true;
    if (wire_devid_is_equal(&tls->id, &tls->context->own_id))
        return SESS_TLS_ITSELF;
    if (!ids_has(tls->ids, &tls->id))
        return SESS_TLS_UNTRUSTED;
    if (tls->has_expected && !wire_devid_is_equal(&tls->id, &tls->expected))
        return SESS_TLS_OTHER;
    return SESS_TLS_OK;
}

/* Replaces mbedTLS's own verdict: the key is in the snapshot or not. Whatever is wrong, the alert is the same. */
static int verify(void *userdata, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    struct sess_tls *tls = userdata;

    if (depth > 0) { /* we know no authorities: a chain is not for us */
        tls->failure = SESS_TLS_CERTIFICATE;
        *flags = MBEDTLS_X509_BADCERT_OTHER;
        return 0;
    }
    if (tls->failure == SESS_TLS_OK)
        tls->failure = judge(tls, certificate);
    *flags = tls->failure == SESS_TLS_OK ? 0 : MBEDTLS_X509_BADCERT_OTHER;
    return 0;
}

static int bio_send(void *userdata, const unsigned char *bytes, size_t size)
{
    struct sess_tls *tls = userdata;

    return sb_buf_append(&tls->output, bytes, size) < 0 ? MBEDTLS_ERR_SSL_WANT_WRITE : (int)size;
}

static int bio_receive(void *userdata, unsigned char *room, size_t size)
{
    struct sess_tls *tls = userdata;

    if (tls->input.length == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    if (size > tls->input.length)
        size = tls->input.length;
    memcpy(room, sb_buf_bytes(&tls->input), size);
    sb_buf_consume(&tls->input, size);
    return (int)size;
}

int sess_tls_new(struct sess_tls_context *context, bool is_client, struct sess_tls_ids *ids,
                 const struct wire_devid *expected, struct sess_tls **ret_tls)
{
    struct sess_tls *tls = calloc(1, sizeof(*tls));

    if (!tls)
        return -ENOMEM;
    tls->context = context;
    tls->ids = sess_tls_ids_ref(ids);
    sb_buf_init(&tls->input, INPUT_MAX);
    sb_buf_init(&tls->output, OUTPUT_MAX);
    if (expected) {
        tls->expected = *expected;
        tls->has_expected = true;
    }
    mbedtls_ssl_init(&tls->ssl);
    if (mbedtls_ssl_setup(&tls->ssl, is_client ? &context->client : &context->server) != 0 ||
        (is_client && mbedtls_ssl_set_hostname(&tls->ssl, NULL) != 0)) {
        sess_tls_free(tls);
        return -ENOMEM;
    }
    mbedtls_ssl_set_verify(&tls->ssl, verify, tls);
    mbedtls_ssl_set_bio(&tls->ssl, tls, bio_send, bio_receive, NULL);
    *ret_tls = tls;
    return 0;
}

struct sess_tls *sess_tls_free(struct sess_tls *tls)
{
    if (!tls)
        return NULL;
    mbedtls_ssl_free(&tls->ssl);
    sess_tls_ids_unref(tls->ids);
    sb_buf_deinit(&tls->input);
    sb_buf_deinit(&tls->output);
    free(tls);
    return NULL;
}

struct sb_buf *sess_tls_get_input(struct sess_tls *tls)
{
    return &tls->input;
}

struct sb_buf *sess_tls_get_output(struct sess_tls *tls)
{
    return &tls->output;
}

/* The verdict stands on what TLS has proved, not on what the callback was shown. */
static int check_peer(struct sess_tls *tls)
{
    const mbedtls_x509_crt *certificate = mbedtls_ssl_get_peer_cert(&tls->ssl);
    const char *alpn = mbedtls_ssl_get_alpn_protocol(&tls->ssl);

    tls->failure = certificate ? judge(tls, certificate) : SESS_TLS_CERTIFICATE;
    if (tls->failure == SESS_TLS_OK && (!alpn || strcmp(alpn, tls->context->alpn[0]) != 0))
        tls->failure = SESS_TLS_ALPN_WRONG;
    if (tls->failure == SESS_TLS_OK)
        return 0;
    mbedtls_ssl_send_alert_message(&tls->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                   tls->failure == SESS_TLS_ALPN_WRONG ? MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL
                                                                       : MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED);
    return -EPROTO;
}

int sess_tls_shake(struct sess_tls *tls)
{
    int r = mbedtls_ssl_handshake(&tls->ssl);

    if (r == 0)
        return check_peer(tls);
    if (r == MBEDTLS_ERR_SSL_WANT_READ)
        return -EAGAIN;
    if (tls->failure == SESS_TLS_OK)
        tls->failure = r == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE ? SESS_TLS_ALERT : SESS_TLS_FAILED;
    mbedtls_strerror(r, tls->detail, sizeof(tls->detail));
    return -EPROTO;
}

enum sess_tls_failure sess_tls_get_failure(const struct sess_tls *tls)
{
    return tls->failure;
}

const char *sess_tls_get_detail(const struct sess_tls *tls)
{
    return tls->detail;
}

const struct wire_devid *sess_tls_get_id(const struct sess_tls *tls)
{
    return tls->has_id ? &tls->id : NULL;
}

int sess_tls_read(struct sess_tls *tls, uint8_t *room, size_t size, size_t *ret_size)
{
    int r;

    do
        r = mbedtls_ssl_read(&tls->ssl, room, size);
#if defined(MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
    while (r == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
#else
    while (false);
#endif
    if (r > 0) {
        *ret_size = (size_t)r;
        return 0;
    }
    if (r == MBEDTLS_ERR_SSL_WANT_READ)
        return -EAGAIN;
    if (r == 0 || r == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || r == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
        return -ECONNRESET;
    mbedtls_strerror(r, tls->detail, sizeof(tls->detail));
    return -EPROTO;
}

int sess_tls_write(struct sess_tls *tls, const uint8_t *bytes, size_t size)
{
    if (tls->output.max - tls->output.length < size + RECORD_OVERHEAD * (1 + size / 4096))
        return -ENOBUFS;
    while (size > 0) {
        int r = mbedtls_ssl_write(&tls->ssl, bytes, size);

        if (r == MBEDTLS_ERR_SSL_WANT_WRITE) /* the output has room, so memory is short */
            return -ENOMEM;
        if (r <= 0)
            return -EPROTO;
        bytes += r;
        size -= (size_t)r;
    }
    return 0;
}

void sess_tls_close_notify(struct sess_tls *tls)
{
    mbedtls_ssl_close_notify(&tls->ssl);
}
