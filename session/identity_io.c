/*
 * The device's key and certificate; see identity_io.h. The certificate only carries the key through TLS: it is made
 * once beside the key, signed by it, and says nothing that anybody relies on.
 */
#include "session/identity_io.h"

#include "base/cleanup.h"
#include "session/file_io.h"
#include "session/identity.h"

#include <errno.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif

#define FILE_MAX 16384
#define PEM_MAX 4096

struct sess_identity {
    mbedtls_pk_context key;
    mbedtls_x509_crt certificate;
    struct wire_devid id;
};

/* Where a failure is explained, and the two files it may be about. */
struct report {
    char *text;
    size_t size;
    char *key_path, *crt_path;
};

int sess_identity_get_random(void *unused, unsigned char *bytes, size_t size)
{
    (void)unused;
    while (size > 0) {
        ssize_t n = getrandom(bytes, size, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return MBEDTLS_ERR_PK_ALLOC_FAILED; /* any error will do: the handshake fails */
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

static bool key_is_p256(const mbedtls_pk_context *key)
{
    if (!mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA))
        return false;
#if MBEDTLS_VERSION_NUMBER >= 0x03060000
    return mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*key)) == MBEDTLS_ECP_DP_SECP256R1;
#else
    return mbedtls_pk_ec(*key)->grp.id == MBEDTLS_ECP_DP_SECP256R1;
#endif
}

int sess_identity_read_id(const mbedtls_x509_crt *certificate, struct wire_devid *ret_id)
{
    struct wire_devid id;
    int r;

    if (certificate->version != 3 || !key_is_p256(&certificate->pk))
        return -EPROTO;
#if MBEDTLS_VERSION_MAJOR >= 3
    r = mbedtls_sha256(certificate->pk_raw.p, certificate->pk_raw.len, id.bytes, 0);
#else
    r = mbedtls_sha256_ret(certificate->pk_raw.p, certificate->pk_raw.len, id.bytes, 0);
#endif
    if (r != 0)
        return -EPROTO;
    *ret_id = id;
    return 0;
}

struct sess_identity *sess_identity_free(struct sess_identity *identity)
{
    if (!identity)
        return NULL;
    mbedtls_pk_free(&identity->key);
    mbedtls_x509_crt_free(&identity->certificate);
    free(identity);
    return NULL;
}

static struct sess_identity *identity_new(void)
{
    struct sess_identity *identity = calloc(1, sizeof(*identity));

    if (identity) {
        mbedtls_pk_init(&identity->key);
        mbedtls_x509_crt_init(&identity->certificate);
    }
    return identity;
}

static int make_key(mbedtls_pk_context *key)
{
    int r = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

    if (r == 0)
        r = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), sess_identity_get_random, NULL);
    return r == 0 ? 0 : -ENOMEM;
}

static int set_serial(mbedtls_x509write_cert *writer)
{
    unsigned char serial[16];
    int r = sess_identity_get_random(NULL, serial, sizeof(serial));

    if (r != 0)
        return r;
    serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40); /* positive and not padded, RFC 5280, section 4.1.2.2 */
#if MBEDTLS_VERSION_NUMBER >= 0x03040000
    return mbedtls_x509write_crt_set_serial_raw(writer, serial, sizeof(serial));
#else
    mbedtls_mpi number;

    mbedtls_mpi_init(&number);
    r = mbedtls_mpi_read_binary(&number, serial, sizeof(serial));
    if (r == 0)
        r = mbedtls_x509write_crt_set_serial(writer, &number);
    mbedtls_mpi_free(&number);
    return r;
#endif
}

static int make_certificate(mbedtls_pk_context *key, char pem[PEM_MAX])
{
    mbedtls_x509write_cert writer;
    int r;

    mbedtls_x509write_crt_init(&writer);
    mbedtls_x509write_crt_set_version(&writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&writer, key);
    mbedtls_x509write_crt_set_issuer_key(&writer, key);
    r = set_serial(&writer);
    if (r == 0)
        r = mbedtls_x509write_crt_set_subject_name(&writer, "CN=softbus device");
    if (r == 0)
        r = mbedtls_x509write_crt_set_issuer_name(&writer, "CN=softbus device");
    if (r == 0)
        r = mbedtls_x509write_crt_set_validity(&writer, "20000101000000", "99991231235959");
    if (r == 0)
        r = mbedtls_x509write_crt_set_basic_constraints(&writer, 0, -1);
    if (r == 0)
        r = mbedtls_x509write_crt_set_key_usage(&writer, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
    if (r == 0)
        r = mbedtls_x509write_crt_pem(&writer, (unsigned char *)pem, PEM_MAX, sess_identity_get_random, NULL);
    mbedtls_x509write_crt_free(&writer);
    return r == 0 ? 0 : -ENOMEM;
}

/* Both files, or neither: what can fail for want of space is done before the first name appears. */
static int write_files(const struct report *report, const char *key_pem, const char *crt_pem, const char **ret_path)
{
    char *key_temporary, *crt_temporary;
    int r;

    *ret_path = report->key_path;
    r = sess_file_prepare(report->key_path, key_pem, strlen(key_pem), &key_temporary);
    if (r < 0)
        return r;
    *ret_path = report->crt_path;
    r = sess_file_prepare(report->crt_path, crt_pem, strlen(crt_pem), &crt_temporary);
    if (r < 0) {
        sess_file_abandon(key_temporary);
        return r;
    }
    r = sess_file_finish(crt_temporary, report->crt_path);
    if (r < 0) {
        unlink(report->crt_path);
        sess_file_abandon(key_temporary);
        return r;
    }
    *ret_path = report->key_path;
    r = sess_file_finish(key_temporary, report->key_path);
    if (r < 0) {
        unlink(report->key_path);
        unlink(report->crt_path);
    }
    return r;
}

static int identity_make(const struct report *report)
{
    struct sess_identity *identity = identity_new();
    char key_pem[PEM_MAX], crt_pem[PEM_MAX];
    const char *path = report->key_path;
    int r;

    if (!identity)
        return -ENOMEM;
    r = make_key(&identity->key);
    if (r == 0 && mbedtls_pk_write_key_pem(&identity->key, (unsigned char *)key_pem, sizeof(key_pem)) != 0)
        r = -ENOMEM;
    if (r == 0)
        r = make_certificate(&identity->key, crt_pem);
    if (r == 0)
        r = write_files(report, key_pem, crt_pem, &path);
    explicit_bzero(key_pem, sizeof(key_pem));
    sess_identity_free(identity);
    if (r < 0)
        snprintf(report->text, report->size, "%s: this device's new key cannot be stored: %s: make room or correct the "
                 "permissions of the folder; nothing was left behind", path, strerror(-r));
    return r;
}

/* Opens with what was found and ends with what to do: a key is never replaced silently, since that would be another device. */
static int complain(const struct report *report, int error, const char *path, const char *what)
{
    snprintf(report->text, report->size, "%s: %s: restore %s and %s from a backup, or remove both to make this a new "
             "device, which others have to trust again", path, what, report->key_path, report->crt_path);
    return error;
}

static int read_pem(const struct report *report, const char *path, bool is_secret, char **ret_text, size_t *ret_size)
{
    SB_AUTO_FREE char *text = NULL;
    unsigned mode, uid;
    size_t size;
    int r;

    r = sess_file_read(path, FILE_MAX, &text, &size, &mode, &uid);
    if (r == -EFBIG || r == -EINVAL)
        return complain(report, -EBADMSG, path, "is not a key or certificate file");
    if (r < 0) {
        snprintf(report->text, report->size, "%s: cannot be read: %s: correct its permissions", path, strerror(-r));
        return r;
    }
    if (uid != geteuid() || (mode & (is_secret ? 077 : 022))) {
        if (is_secret)
            explicit_bzero(text, size);
        snprintf(report->text, report->size, "%s: belongs to user %u with mode %04o, but only user %u may have access: "
                 "if nobody else has had it, chown it and chmod 600", path, uid, mode, (unsigned)geteuid());
        return -EACCES;
    }
    *ret_text = SB_TAKE_PTR(text);
    *ret_size = size;
    return 0;
}

static int parse_key(mbedtls_pk_context *key, const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;

#if MBEDTLS_VERSION_MAJOR >= 3
    return mbedtls_pk_parse_key(key, bytes, size + 1, NULL, 0, sess_identity_get_random, NULL);
#else
    return mbedtls_pk_parse_key(key, bytes, size + 1, NULL, 0);
#endif
}

static bool is_pair(struct sess_identity *identity)
{
#if MBEDTLS_VERSION_MAJOR >= 3
    return mbedtls_pk_check_pair(&identity->certificate.pk, &identity->key, sess_identity_get_random, NULL) == 0;
#else
    return mbedtls_pk_check_pair(&identity->certificate.pk, &identity->key) == 0;
#endif
}

static int identity_read(const struct report *report, struct sess_identity *identity)
{
    SB_AUTO_FREE char *key_text = NULL, *crt_text = NULL;
    size_t key_size, crt_size;
    int r;

    r = read_pem(report, report->key_path, true, &key_text, &key_size);
    if (r < 0)
        return r;
    r = parse_key(&identity->key, key_text, key_size);
    explicit_bzero(key_text, key_size);
    if (r != 0 || !key_is_p256(&identity->key))
        return complain(report, -EBADMSG, report->key_path, "is damaged or not an ECDSA P-256 key");
    r = read_pem(report, report->crt_path, false, &crt_text, &crt_size);
    if (r < 0)
        return r;
    if (mbedtls_x509_crt_parse(&identity->certificate, (const unsigned char *)crt_text, crt_size + 1) != 0 ||
        sess_identity_read_id(&identity->certificate, &identity->id) < 0)
        return complain(report, -EBADMSG, report->crt_path, "is damaged or not an X.509 v3 certificate of a P-256 key");
    if (!is_pair(identity))
        return complain(report, -EBADMSG, report->crt_path, "does not belong to the key beside it");
    return 0;
}

/* Makes the files when neither is there. */
static int ensure_files(const struct report *report)
{
    bool has_key = access(report->key_path, F_OK) == 0 || errno != ENOENT;
    bool has_crt = access(report->crt_path, F_OK) == 0 || errno != ENOENT;

    if (!has_key && !has_crt)
        return identity_make(report);
    if (!has_key)
        return complain(report, -EBADMSG, report->key_path, "is missing");
    if (!has_crt)
        return complain(report, -EBADMSG, report->crt_path, "is missing");
    return 0;
}

static int load(const struct report *report, struct sess_identity **ret_identity)
{
    struct sess_identity *identity;
    int r;

#if MBEDTLS_VERSION_MAJOR >= 3
    if (psa_crypto_init() != PSA_SUCCESS)
        return -EIO;
#endif
    r = ensure_files(report);
    if (r < 0)
        return r;
    identity = identity_new();
    if (!identity)
        return -ENOMEM;
    r = identity_read(report, identity);
    if (r < 0) {
        sess_identity_free(identity);
        return r;
    }
    *ret_identity = identity;
    return 0;
}

int sess_identity_load(const char *dir, struct sess_identity **ret_identity, char *error_text, size_t error_size)
{
    struct report report = { .text = error_text, .size = error_size };
    int r = -ENOMEM;

    snprintf(error_text, error_size, "%s: out of memory", dir);
    if (asprintf(&report.key_path, "%s/device.key", dir) < 0)
        return -ENOMEM;
    if (asprintf(&report.crt_path, "%s/device.crt", dir) >= 0) {
        r = load(&report, ret_identity);
        free(report.crt_path);
    }
    free(report.key_path);
    return r;
}

const struct wire_devid *sess_identity_get_id(const struct sess_identity *identity)
{
    return &identity->id;
}

mbedtls_pk_context *sess_identity_get_key(const struct sess_identity *identity)
{
    return (mbedtls_pk_context *)&identity->key; /* mbedTLS takes it without const and does not change it */
}

mbedtls_x509_crt *sess_identity_get_certificate(const struct sess_identity *identity)
{
    return (mbedtls_x509_crt *)&identity->certificate;
}
