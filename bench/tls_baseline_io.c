/*
 * The remote baseline: two processes with an epoll loop each, a unix socket to the app on one side and Mbed TLS over TCP
 * on the other, with the suite that softbusd's sessions settle on. Keys are made before the fork and checked by nobody.
 */
#include "bench/raw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BENCH_RECORD (16 * 1024)

struct bench_tls {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_pk_context key;
    mbedtls_x509_crt certificate;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    int fd;
};

static int bench_tls_send(void *userdata, const unsigned char *data, size_t size)
{
    struct bench_tls *tls = userdata;
    ssize_t n = send(tls->fd, data, size, MSG_NOSIGNAL);
    return n >= 0 ? (int)n : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int bench_tls_receive(void *userdata, unsigned char *data, size_t size)
{
    struct bench_tls *tls = userdata;
    /* After the handshake the loop says when there is something; only the rest of a record is waited for. */
    ssize_t n = recv(tls->fd, data, size, 0);
    return n >= 0 ? (int)n : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int bench_tls_set_serial(mbedtls_x509write_cert *writer)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03040000
    unsigned char one[] = { 1 };
    return mbedtls_x509write_crt_set_serial_raw(writer, one, sizeof(one));
#else
    mbedtls_mpi one;
    mbedtls_mpi_init(&one);
    int r = mbedtls_mpi_lset(&one, 1);
    if (r == 0)
        r = mbedtls_x509write_crt_set_serial(writer, &one);
    mbedtls_mpi_free(&one);
    return r;
#endif
}

static int bench_tls_make_certificate(struct bench_tls *tls)
{
    mbedtls_x509write_cert writer;
    unsigned char pem[4096];
    mbedtls_x509write_crt_init(&writer);
    mbedtls_x509write_crt_set_version(&writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&writer, &tls->key);
    mbedtls_x509write_crt_set_issuer_key(&writer, &tls->key);
    int r = bench_tls_set_serial(&writer);
    if (r == 0)
        r = mbedtls_x509write_crt_set_subject_name(&writer, "CN=bench");
    if (r == 0)
        r = mbedtls_x509write_crt_set_issuer_name(&writer, "CN=bench");
    if (r == 0)
        r = mbedtls_x509write_crt_set_validity(&writer, "20000101000000", "99991231235959");
    if (r == 0)
        r = mbedtls_x509write_crt_pem(&writer, pem, sizeof(pem), mbedtls_ctr_drbg_random, &tls->random);
    mbedtls_x509write_crt_free(&writer);
    for (size_t size = 0; r == 0 && size < sizeof(pem); size++)
        if (pem[size] == '\0')
            return mbedtls_x509_crt_parse(&tls->certificate, pem, size + 1);
    return r != 0 ? r : -1;
}

static int bench_tls_init(struct bench_tls *tls)
{
    mbedtls_entropy_init(&tls->entropy);
    mbedtls_ctr_drbg_init(&tls->random);
    mbedtls_pk_init(&tls->key);
    mbedtls_x509_crt_init(&tls->certificate);
    mbedtls_ssl_config_init(&tls->config);
    mbedtls_ssl_init(&tls->ssl);
    int r = mbedtls_ctr_drbg_seed(&tls->random, mbedtls_entropy_func, &tls->entropy, NULL, 0);
    if (r == 0)
        r = mbedtls_pk_setup(&tls->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (r == 0)
        r = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(tls->key), mbedtls_ctr_drbg_random,
                                &tls->random);
    return r == 0 ? bench_tls_make_certificate(tls) : r;
}

static int bench_tls_shake(struct bench_tls *tls, int role)
{
    static const int suites[] = { MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 0 };
    int r = mbedtls_ssl_config_defaults(&tls->config, role, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_rng(&tls->config, mbedtls_ctr_drbg_random, &tls->random);
    mbedtls_ssl_conf_authmode(&tls->config, MBEDTLS_SSL_VERIFY_NONE);
#if MBEDTLS_VERSION_MAJOR >= 3
    mbedtls_ssl_conf_max_tls_version(&tls->config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
    mbedtls_ssl_conf_ciphersuites(&tls->config, suites);
    if (r == 0)
        r = mbedtls_ssl_conf_own_cert(&tls->config, &tls->certificate, &tls->key);
    if (r == 0)
        r = mbedtls_ssl_setup(&tls->ssl, &tls->config);
    mbedtls_ssl_set_bio(&tls->ssl, tls, bench_tls_send, bench_tls_receive, NULL);
    while (r == 0 && (r = mbedtls_ssl_handshake(&tls->ssl)) != 0)
        if (r != MBEDTLS_ERR_SSL_WANT_READ && r != MBEDTLS_ERR_SSL_WANT_WRITE)
            fprintf(stderr, "bench: TLS handshake: -0x%04x\n", (unsigned)-r);
    return r;
}

static int bench_tls_write_all(struct bench_tls *tls, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        int n = mbedtls_ssl_write(&tls->ssl, bytes, size < BENCH_RECORD ? size : BENCH_RECORD);
        if (n <= 0)
            return -1;
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

static int bench_tls_forward(struct bench_tls *tls, int app_fd)
{
    uint8_t *bytes = malloc(BENCH_BUFFER_SIZE);
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[2] = { { .events = EPOLLIN, .data.fd = app_fd }, { .events = EPOLLIN, .data.fd = tls->fd } };
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, app_fd, &events[0]);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, tls->fd, &events[1]);
    while (bytes != NULL) {
        int n_events = epoll_wait(epoll_fd, events, 2, -1);
        for (int i = 0; i < n_events; i++) {
            if (events[i].data.fd == app_fd) {
                ssize_t size = read(app_fd, bytes, BENCH_BUFFER_SIZE);
                if (size <= 0 || bench_tls_write_all(tls, bytes, (size_t)size) < 0)
                    return 0;
                continue;
            }
            do {
                int size = mbedtls_ssl_read(&tls->ssl, bytes, BENCH_BUFFER_SIZE);
                if (size <= 0 || bench_write_all(app_fd, bytes, (size_t)size) < 0)
                    return 0;
            } while (mbedtls_ssl_get_bytes_avail(&tls->ssl) > 0);
        }
    }
    return 1;
}

/* Both ends of a TCP connection over loopback. */
static int bench_tcp_pair(int ret_fds[2])
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    ret_fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 1) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) < 0 ||
        connect(ret_fds[0], (struct sockaddr *)&address, size) < 0)
        return -1;
    ret_fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    close(listener);
    for (int i = 0; i < 2; i++)
        if (setsockopt(ret_fds[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) < 0)
            return -1;
    return 0;
}

static int bench_tls_start(struct bench_transport *transport, struct bench_world *world, struct bench_tls *tls, int role,
                           int tcp_fd, int app_fd)
{
    pid_t pid = bench_world_fork(world, BENCH_MIDDLE);
    if (pid == 0) {
        tls->fd = tcp_fd;
        _exit(bench_tls_shake(tls, role) == 0 ? bench_tls_forward(tls, app_fd) : 1);
    }
    return bench_transport_take(transport, pid);
}

int bench_raw_start_tls(struct bench_transport *transport, struct bench_raw *raw, struct bench_world *world)
{
    struct bench_tls *tls = calloc(1, sizeof(*tls));
    int near_fds[2], tcp_fds[2], far_fds[2];
    bench_raw_init(raw);
    if (tls == NULL || bench_tls_init(tls) != 0 || bench_tcp_pair(tcp_fds) < 0 || bench_raw_pair(near_fds) < 0 ||
        bench_raw_pair(far_fds) < 0) {
        fprintf(stderr, "bench: no TLS baseline: %s\n", strerror(errno));
        free(tls);
        return -1;
    }
    raw->client_fds[BENCH_RAW_SOLO] = near_fds[0];
    int r = bench_tls_start(transport, world, tls, MBEDTLS_SSL_IS_CLIENT, tcp_fds[0], near_fds[1]);
    if (r == 0)
        r = bench_tls_start(transport, world, tls, MBEDTLS_SSL_IS_SERVER, tcp_fds[1], far_fds[0]);
    if (r == 0)
        r = bench_raw_start_echo(transport, world, far_fds[1]);
    int started_fds[] = { near_fds[1], tcp_fds[0], tcp_fds[1], far_fds[0], far_fds[1] };
    for (size_t i = 0; i < sizeof(started_fds) / sizeof(started_fds[0]); i++)
        close(started_fds[i]);
    mbedtls_ssl_free(&tls->ssl);
    mbedtls_ssl_config_free(&tls->config);
    mbedtls_x509_crt_free(&tls->certificate);
    mbedtls_pk_free(&tls->key);
    mbedtls_ctr_drbg_free(&tls->random);
    mbedtls_entropy_free(&tls->entropy);
    free(tls);
    return r;
}
