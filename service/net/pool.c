#include "net_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/str.h"

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_start(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        die("libcurl does not start");
    }
}

static void share_lock(CURL *curl, curl_lock_data data, curl_lock_access access, void *user)
{
    (void)curl;
    (void)access;
    net_client *c = user;
    if (pthread_mutex_lock(&c->share_locks[data]) != 0) {
        die("a lock of the HTTP client fails");
    }
}

static void share_unlock(CURL *curl, curl_lock_data data, void *user)
{
    (void)curl;
    net_client *c = user;
    if (pthread_mutex_unlock(&c->share_locks[data]) != 0) {
        die("a lock of the HTTP client fails");
    }
}

static void *must_alloc(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);
    if (memory == NULL) {
        die("out of memory");
    }
    return memory;
}

static void share_make(net_client *c)
{
    for (size_t i = 0; i < CURL_LOCK_DATA_LAST; i++) {
        pthread_mutex_init(&c->share_locks[i], NULL);
    }
    c->share = curl_share_init();
    if (c->share == NULL ||
        curl_share_setopt(c->share, CURLSHOPT_LOCKFUNC, share_lock) != CURLSHE_OK ||
        curl_share_setopt(c->share, CURLSHOPT_UNLOCKFUNC, share_unlock) != CURLSHE_OK ||
        curl_share_setopt(c->share, CURLSHOPT_USERDATA, c) != CURLSHE_OK ||
        curl_share_setopt(c->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) != CURLSHE_OK ||
        curl_share_setopt(c->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK) {
        die("libcurl shares no DNS answers");
    }
}

net_client *net_client_new(const struct net_options *options)
{
    if (pthread_once(&curl_once, curl_start) != 0) {
        die("pthread_once failed");
    }
    net_client *c = must_alloc(1, sizeof(*c));
    pthread_mutex_init(&c->lock, NULL);
    c->idle_max = options->handles == 0 ? 1 : options->handles;
    c->idle = must_alloc(c->idle_max, sizeof(*c->idle));
    c->per_peer = options->per_peer;
    c->per_app = options->per_app;
    c->tls_trust = options->tls_trust;
    c->trusted_count = options->trusted_count;
    c->trusted = must_alloc(c->trusted_count, sizeof(*c->trusted));
    for (size_t i = 0; i < c->trusted_count; i++) {
        c->trusted[i] = strdup(options->trusted_hosts[i]);
        if (c->trusted[i] == NULL) {
            die("out of memory");
        }
    }
    share_make(c);
    return c;
}

void net_client_free(net_client *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->idle_count; i++) {
        curl_easy_cleanup(c->idle[i].curl);
    }
    for (size_t i = 0; i < c->trusted_count; i++) {
        free(c->trusted[i]);
    }
    curl_share_cleanup(c->share);
    for (size_t i = 0; i < CURL_LOCK_DATA_LAST; i++) {
        pthread_mutex_destroy(&c->share_locks[i]);
    }
    pthread_mutex_destroy(&c->lock);
    free(c->trusted);
    free(c->idle);
    free(c);
}

void net_client_stop(net_client *c)
{
    atomic_store(&c->stopped, true);
}

bool net_client_trusts(const net_client *c, const char *host_port)
{
    for (size_t i = 0; i < c->trusted_count; i++) {
        if (str_equal_fold(c->trusted[i], host_port)) {
            return true;
        }
    }
    return false;
}

/* Takes out the idle handle at a position. Called with the lock held. */
static CURL *idle_remove(net_client *c, size_t at)
{
    CURL *curl = c->idle[at].curl;
    c->idle_count--;
    memmove(&c->idle[at], &c->idle[at + 1], (c->idle_count - at) * sizeof(c->idle[0]));
    return curl;
}

/* The newest idle handle that last spoke to this host. While there may be more handles, none is
 * taken from another host; then it is the one that was idle longest. NULL: make one. */
static CURL *idle_take(net_client *c, uint64_t host)
{
    for (size_t i = c->idle_count; i > 0; i--) {
        if (c->idle[i - 1].host == host) {
            return idle_remove(c, i - 1);
        }
    }
    if (c->idle_count == 0 || c->live < c->idle_max) {
        c->live++;
        return NULL;
    }
    return idle_remove(c, 0);
}

CURL *net_pool_take(net_client *c, uint64_t host)
{
    pthread_mutex_lock(&c->lock);
    CURL *curl = idle_take(c, host);
    pthread_mutex_unlock(&c->lock);
    if (curl != NULL) {
        return curl;
    }
    curl = curl_easy_init();
    if (curl == NULL || curl_easy_setopt(curl, CURLOPT_SHARE, c->share) != CURLE_OK) {
        die("out of memory");
    }
    return curl;
}

void net_pool_drop(net_client *c, CURL *curl)
{
    curl_easy_cleanup(curl);
    pthread_mutex_lock(&c->lock);
    c->live--;
    pthread_mutex_unlock(&c->lock);
}

void net_pool_give(net_client *c, CURL *curl, uint64_t host)
{
    /* forgets pointers to the call's memory, keeps connections */
    curl_easy_reset(curl);
    pthread_mutex_lock(&c->lock);
    bool room = c->idle_count < c->idle_max;
    if (room) {
        c->idle[c->idle_count++] = (struct net_idle){curl, host};
    }
    pthread_mutex_unlock(&c->lock);
    if (!room) {
        net_pool_drop(c, curl);
    }
}
