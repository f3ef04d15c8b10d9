/*
 * TLS: a certificate that nobody vouches for is refused before anything is sent, and the one store
 * of trusted certificates that all connections share is really asked. And the address rules hold on
 * a kept connection too, which opens no socket.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "crypto.h"
#include "net.h"
#include "service/net/net_int.h"

struct tls_peer {
    int listener;
    char host[32];
    SSL_CTX *ctx;
    pthread_t thread;
    atomic_int requests;
};

/* A certificate for 127.0.0.1 signed by its own key. */
static X509 *certificate_make(EVP_PKEY *key)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    static const unsigned char common_name[] = "workbot test";
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), 1), 1);
    assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x), -60));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x), 3600));
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(x, name), 1);
    assert_int_equal(X509_set_pubkey(x, key), 1);
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    assert_int_equal(X509_add_ext(x, san, -1), 1);
    X509_EXTENSION_free(san);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    return x;
}

static void *peer_run(void *user)
{
    struct tls_peer *p = user;
    int fd;
    while ((fd = accept(p->listener, NULL, NULL)) >= 0) {
        SSL *ssl = SSL_new(p->ctx);
        char buffer[4096];
        if (SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1) {
            while (SSL_read(ssl, buffer, sizeof(buffer)) > 0) {
                static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
                atomic_fetch_add(&p->requests, 1);
                (void)SSL_write(ssl, ok, sizeof(ok) - 1);
            }
        }
        SSL_free(ssl);
        close(fd);
    }
    return NULL;
}

static void peer_start(struct tls_peer *p, EVP_PKEY *key, X509 *certificate)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    p->ctx = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(p->ctx, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(p->ctx, key), 1);
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(p->listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(p->listener, 8), 0);
    assert_int_equal(getsockname(p->listener, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(p->host, sizeof(p->host), "127.0.0.1:%d", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&p->thread, NULL, peer_run, p), 0);
}

static void peer_stop(struct tls_peer *p)
{
    shutdown(p->listener, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->listener);
    SSL_CTX_free(p->ctx);
}

static net_client *client_make(const struct tls_peer *p, bool (*trust)(void *))
{
    const char *host = p->host;
    struct net_options options = {
        .trusted_hosts = &host, .trusted_count = 1, .handles = 1, .tls_trust = trust};
    return net_client_new(&options);
}

static int call_by(net_client *c, const struct tls_peer *p, struct err *e)
{
    arena *mem = arena_new();
    struct net_request q = {.method = "POST",
                            .url = arena_printf(mem, "https://%s/", p->host),
                            .peer = "tls",
                            .timeout_ms = 10000};
    struct net_response r = {.status = 0};
    int result = net_call(c, mem, &q, &r, e);
    arena_free(mem);
    return result == 0 ? r.status : -1;
}

static int call(const struct tls_peer *p, bool (*trust)(void *), struct err *e)
{
    net_client *c = client_make(p, trust);
    int status = call_by(c, p, e);
    net_client_free(c);
    return status;
}

/* The client keeps its connection, and its host is none that address rules pass over any more. */
static void expect_kept_refused(struct tls_peer *p)
{
    struct err e = {0};
    net_client *c = client_make(p, crypto_tls_trust);
    int before = atomic_load(&p->requests);
    assert_int_equal(call_by(c, p, &e), 200);
    c->trusted_count = 0;
    assert_int_equal(call_by(c, p, &e), -1);
    assert_int_equal(e.kind, ERR_FORBIDDEN);
    assert_string_equal(e.code, "address");
    assert_false(e.maybe_done);
    assert_int_equal(atomic_load(&p->requests), before + 1);
    c->trusted_count = 1; /* freed with the client */
    net_client_free(c);
}

static bool trust_fails(void *ssl_ctx)
{
    (void)ssl_ctx;
    return false;
}

static void expect_refused(struct tls_peer *p, bool (*trust)(void *))
{
    struct err e = {0};
    assert_int_equal(call(p, trust, &e), -1);
    assert_int_equal(e.kind, ERR_UPSTREAM_BUSY);
    assert_string_equal(e.code, "tls");
    assert_false(e.maybe_done);
    assert_int_equal(atomic_load(&p->requests), 0);
}

static void test_certificates(void **state)
{
    (void)state;
    char path[] = "/tmp/workbot-test-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    assert_non_null(f);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = certificate_make(key);
    assert_int_equal(PEM_write_X509(f, certificate), 1);
    fclose(f);
    /* read when the shared store is first used, that is below */
    assert_int_equal(setenv("SSL_CERT_FILE", path, 1), 0);

    EVP_PKEY *other_key = EVP_EC_gen("P-256");
    X509 *other_certificate = certificate_make(other_key);
    struct tls_peer good = {.listener = -1}, bad = {.listener = -1};
    peer_start(&good, key, certificate);
    peer_start(&bad, other_key, other_certificate);

    expect_refused(&bad, NULL);
    expect_refused(&bad, crypto_tls_trust);
    expect_refused(&good, trust_fails);
    struct err e = {0};
    int status = call(&good, crypto_tls_trust, &e);
    if (status != 200) {
        fail_msg("%s: %s", e.code, e.text);
    }
    assert_int_equal(atomic_load(&good.requests), 1);
    expect_kept_refused(&good);

    peer_stop(&good);
    peer_stop(&bad);
    X509_free(certificate);
    X509_free(other_certificate);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
    unlink(path);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_certificates)};
    return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
