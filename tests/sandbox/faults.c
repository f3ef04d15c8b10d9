#include "faults.h"

#include "peers.h"

#include <pthread.h>
#include <string.h>

static const char *const names[] = {
    "slow",
    "429",
    "5xx",
    "html",
    "cut",
    "lost",
    "token_expired",
    "refresh_rotated",
    "refresh_busy",
    "grant_revoked",
    "client_secret_refused",
    "preview_bot",
    "error",
    "id_token_nonce",
    "id_token_no_nonce",
    "id_token_aud",
    "id_token_iss",
    "id_token_expired",
    "id_token_alg_none",
    "id_token_kid",
    "id_token_key",
    "id_token_signature",
    "id_token_tid",
    "admin_consent",
    "id_token_oid",
    "id_token_no_oid",
    "redirect",
    "5xx_after",
    "not_ready",
    "asleep",
    "query_ignored",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static json_t *faults;     /* array of the objects given, plus "fired" */
static size_t fault_count; /* read without the lock: the usual case is none */

static bool matches(const json_t *f, const char *key, const char *text, bool part)
{
    const char *want = json_str(f, key);
    if (want == NULL) {
        return true;
    }
    if (text == NULL) {
        return false;
    }
    return part ? strstr(text, want) != NULL : strcmp(text, want) == 0;
}

static bool count_down(json_t *f)
{
    int64_t skip = json_int_or(f, "skip", 0);
    if (skip > 0) {
        json_object_set_new(f, "skip", json_integer(skip - 1));
        return false;
    }
    int64_t times = json_int_or(f, "times", 1);
    if (times > 0) {
        json_object_set_new(f, "times", json_integer(times - 1));
    }
    json_object_set_new(f, "fired", json_integer(json_int_or(f, "fired", 0) + 1));
    return true;
}

bool fault_take(const char *peer, const char *name, const char *method, const char *path,
                struct fault *ret)
{
    if (__atomic_load_n(&fault_count, __ATOMIC_RELAXED) == 0) {
        return false;
    }
    bool taken = false;
    pthread_mutex_lock(&lock);
    size_t i = 0;
    json_t *f = NULL;
    json_array_foreach(faults, i, f)
    {
        bool fits = matches(f, "peer", peer, false) && matches(f, "fault", name, false) &&
                    matches(f, "method", method, false) && matches(f, "path", path, true) &&
                    json_int_or(f, "times", 1) != 0;
        if (fits && count_down(f)) {
            *ret = (struct fault){.delay_ms = json_int_or(f, "delay_ms", 0),
                                  .status = json_int_or(f, "status", 0),
                                  .retry_after = json_int_or(f, "retry_after", 1),
                                  .says_when = json_object_get(f, "retry_after") != NULL};
            strncpy(ret->error, json_str_or(f, "error", "fatal_error"), sizeof ret->error - 1);
            taken = true;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    return taken;
}

const char *fault_add(const json_t *body)
{
    const char *peer = json_str(body, "peer");
    const char *name = json_str(body, "fault");
    if (peer == NULL || peer_find(peer) == NULL) {
        return "\"peer\" must name one of the peers";
    }
    bool known = false;
    for (size_t i = 0; name != NULL && i < sizeof names / sizeof names[0]; i++) {
        known = known || strcmp(names[i], name) == 0;
    }
    if (!known) {
        return "\"fault\" is not known";
    }
    json_t *copy = json_deep_copy(body);
    json_object_set_new(copy, "times", json_integer(json_int_or(body, "times", 1)));
    json_object_set_new(copy, "fired", json_integer(0));
    pthread_mutex_lock(&lock);
    if (faults == NULL) {
        faults = json_array();
    }
    json_array_append_new(faults, copy);
    __atomic_store_n(&fault_count, json_array_size(faults), __ATOMIC_RELAXED);
    pthread_mutex_unlock(&lock);
    return NULL;
}

json_t *fault_list(void)
{
    pthread_mutex_lock(&lock);
    json_t *copy = faults == NULL ? json_array() : json_deep_copy(faults);
    pthread_mutex_unlock(&lock);
    return copy;
}

void fault_clear(const char *peer)
{
    pthread_mutex_lock(&lock);
    size_t i = faults == NULL ? 0 : json_array_size(faults);
    while (i-- > 0) {
        if (peer == NULL || matches(json_array_get(faults, i), "peer", peer, false)) {
            json_array_remove(faults, i);
        }
    }
    __atomic_store_n(&fault_count, faults == NULL ? 0 : json_array_size(faults), __ATOMIC_RELAXED);
    pthread_mutex_unlock(&lock);
}
