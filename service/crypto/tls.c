#include "crypto.h"

#include <pthread.h>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "base/die.h"

static pthread_once_t store_once = PTHREAD_ONCE_INIT;
static X509_STORE *store;

static void store_make(void)
{
    store = X509_STORE_new();
    if (store == NULL || X509_STORE_set_default_paths(store) != 1 ||
        X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST) != 1) {
        die("the trusted certificates of the system cannot be set up");
    }
}

bool crypto_tls_trust(void *ssl_ctx)
{
    if (pthread_once(&store_once, store_make) != 0) {
        die("pthread_once failed");
    }
    return SSL_CTX_set1_verify_cert_store(ssl_ctx, store) == 1;
}
