/* The bot's own token: one for the deployment, by client credentials (RFC 6749 section 4.4; learn.
 * microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow). It is a password for
 * the bot: kept in memory alone, and renewed before it ends. */
#include "teams_int.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

enum {
    MARGIN_S = 300, /* before its end; of a short one, half of its life */
    LIFE_MAX_S = 24 * 3600,
    FAILED_PAUSE_MS = 5000, /* what was refused is asked for again no sooner */
    CALL_MS = 8000,
    TOKEN_MAX = 16 * 1024
};

struct teams_token {
    pthread_mutex_t lock;
    pthread_cond_t fetched;
    bool fetching;
    arena *mem; /* of the value; NULL: there is none */
    struct secret value;
    int64_t until_ms; /* on clock_mono_ms() */
    int64_t failed_ms;
    struct err failure; /* of the last try, if it failed */
};

static void token_free(void *object)
{
    struct teams_token *t = object;
    arena_free(t->mem);
    pthread_cond_destroy(&t->fetched);
    pthread_mutex_destroy(&t->lock);
}

struct teams_token *teams_token_new(arena *mem)
{
    struct teams_token *t = arena_alloc(mem, sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->fetched, NULL);
    arena_defer(mem, token_free, t);
    return t;
}

/* --- the token endpoint --- */

static int refused(arena *mem, const json_t *answer, int status, struct err *e)
{
    static const char *const ours[] = {"invalid_client",   "unauthorized_client", "invalid_scope",
                                       "invalid_resource", "invalid_request",     "invalid_grant"};
    const char *error = json_text(answer, "error");
    const char *reason = teams_entra_reason(mem, json_text(answer, "error_description"));
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (str_equal(ours[i], error)) {
            return err_set(e, ERR_CONFIG, "chat_client",
                           "Entra gives this bot no token: %s, %s (WORKBOT_TEAMS_APP_ID, "
                           "_APP_SECRET, _TENANT_ID)",
                           error, reason);
        }
    }
    bool again = str_equal(error, "temporarily_unavailable") || status == 408;
    return again ? err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "Entra: not now, %s", reason)
                 : err_set(e, ERR_UPSTREAM_REFUSED, "chat_refused", "Entra: status %d, %s", status,
                           reason);
}

static int read_answer(arena *mem, const struct net_response *r, json_t **ret, struct err *e)
{
    json_t *answer = NULL;
    if (teams_entra_read(mem, r, &answer, e) != 0) {
        return -1;
    }
    if (r->status != 200) {
        return refused(mem, answer, r->status, e);
    }
    const char *token = json_text(answer, "access_token");
    const char *type = json_text(answer, "token_type");
    if (str_empty(token) || strlen(token) > TOKEN_MAX || !str_equal_fold(type, "Bearer")) {
        return err_set(e, ERR_UPSTREAM_BUSY, "chat_busy", "Entra: an answer without a token");
    }
    *ret = answer;
    return 0;
}

static int fetch(chats *c, arena *mem, json_t **ret, struct err *e)
{
    const struct chat_settings *s = &c->settings;
    const struct teams_cloud cloud = teams_cloud(s);
    const struct net_request q = {
        .method = "POST",
        .url = arena_printf(mem, "%s/%s/oauth2/v2.0/token", cloud.login_url, s->teams_tenant_id),
        .peer = "teams",
        .form = {{.name = "grant_type", .value = "client_credentials"},
                 {.name = "client_id", .value = s->teams_app_id},
                 {.name = "client_secret", .secret = s->teams_app_secret},
                 {.name = "scope", .value = cloud.scope}},
        .timeout_ms = CALL_MS,
        .answer_max = 4 * TOKEN_MAX};
    struct net_response r = {0};
    if (net_call(s->http, mem, &q, &r, e) != 0) {
        e->maybe_done = false; /* what it would be part of was not begun */
        return -1;
    }
    return read_answer(mem, &r, ret, e);
}

/* --- the cache; under the lock --- */

static int64_t life_ms(const json_t *answer)
{
    const json_t *given = json_member(answer, "expires_in");
    long long life_s = json_integer_value(given);
    if (json_is_string(given)) { /* older endpoints */
        (void)str_to_i64(json_string_value(given), &life_s);
    }
    life_s = life_s < 0 ? 0 : life_s;
    life_s = life_s > LIFE_MAX_S ? LIFE_MAX_S : life_s;
    return (life_s > 2 * MARGIN_S ? life_s - MARGIN_S : life_s / 2) * 1000;
}

static void keep(struct teams_token *t, const json_t *answer)
{
    arena_free(t->mem);
    t->mem = arena_new();
    t->value = secret_of(t->mem, json_text(answer, "access_token"));
    t->until_ms = clock_mono_ms() + life_ms(answer);
    t->failure = (struct err){0};
}

static void keep_failure(struct teams_token *t, const struct err *why)
{
    t->failure = *why;
    t->failed_ms = clock_mono_ms();
}

static bool give(const struct teams_token *t, arena *mem, struct secret not_this,
                 struct secret *ret)
{
    bool good = t->mem != NULL && clock_mono_ms() < t->until_ms &&
                (secret_empty(not_this) || !secret_equal(t->value, not_this));
    if (good) {
        *ret = secret_new(mem, secret_reveal(t->value), t->value.len);
    }
    return good;
}

static bool failed_just_now(const struct teams_token *t)
{
    return t->failure.kind != ERR_NONE && clock_mono_ms() - t->failed_ms < FAILED_PAUSE_MS;
}

/* One asks for all who wait; the value of what it got is theirs even if it is over at once. */
static int renew(chats *c, arena *mem, struct secret *ret, struct err *e)
{
    struct teams_token *t = c->teams_token;
    struct err why = {0};
    json_t *answer = NULL;
    t->fetching = true;
    pthread_mutex_unlock(&t->lock);
    int result = fetch(c, mem, &answer, &why);
    pthread_mutex_lock(&t->lock);
    if (result == 0) {
        keep(t, answer);
        *ret = secret_new(mem, secret_reveal(t->value), t->value.len);
    } else {
        keep_failure(t, &why);
        *e = why;
    }
    t->fetching = false;
    pthread_cond_broadcast(&t->fetched);
    return result;
}

static int get(chats *c, arena *mem, struct secret not_this, struct secret *ret, struct err *e)
{
    struct teams_token *t = c->teams_token;
    while (t->fetching) {
        pthread_cond_wait(&t->fetched, &t->lock);
    }
    if (give(t, mem, not_this, ret)) {
        return 0;
    }
    if (failed_just_now(t)) {
        *e = t->failure;
        return -1;
    }
    return renew(c, mem, ret, e);
}

int teams_token_get(chats *c, arena *mem, struct secret not_this, struct secret *ret, struct err *e)
{
    struct err why = {0};
    pthread_mutex_lock(&c->teams_token->lock);
    int result = get(c, mem, not_this, ret, &why);
    pthread_mutex_unlock(&c->teams_token->lock);
    if (result != 0 && e != NULL) {
        *e = why;
    }
    return result;
}
