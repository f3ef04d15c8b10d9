/* The bot's own token: one for the deployment, by client credentials (RFC 6749 section 4.4; learn.
 * microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow). It is a password for
 * the bot: kept in memory alone, and renewed before it ends. */
#include "teams_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

enum {
    MARGIN_S = 300, /* before its end; of a short one, half of its life */
    LIFE_MAX_S = 24 * 3600,
    FAILED_PAUSE_MS = 5000,   /* what was refused is asked for again no sooner */
    REFUSED_PAUSE_MS = 60000, /* nor a token for one that Bot Connector refused */
    CALL_MS = 8000,
    TOKEN_MAX = 16 * 1024
};

struct teams_token {
    struct turn turn; /* of whoever fetches; its lock guards the rest */
    arena *mem;       /* of the value; NULL: there is none */
    struct secret value;
    int64_t until_ms;   /* on clock_mono_ms(), as all of these */
    int64_t renewed_ms; /* when one was fetched in place of a refused one; 0: never */
    int64_t failed_ms;
    struct err failure; /* of the last try, if it failed */
};

static void token_free(void *object)
{
    struct teams_token *t = object;
    arena_free(t->mem);
    turn_destroy(&t->turn);
}

struct teams_token *teams_token_new(arena *mem)
{
    struct teams_token *t = arena_alloc(mem, sizeof *t);
    turn_init(&t->turn);
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

static int fetch(chats *c, arena *mem, int64_t within_ms, json_t **ret, struct err *e)
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
        .timeout_ms = within_ms,
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

static bool is_refused(const struct teams_token *t, struct secret not_this)
{
    return !secret_empty(not_this) && secret_equal(t->value, not_this);
}

static bool give(const struct teams_token *t, arena *mem, struct secret not_this,
                 struct secret *ret)
{
    bool good = t->mem != NULL && clock_mono_ms() < t->until_ms && !is_refused(t, not_this);
    if (good) {
        *ret = secret_new(mem, secret_reveal(t->value), t->value.len);
    }
    return good;
}

/* Why it would lead to nothing to ask again so soon. */
static int may_fetch(const struct teams_token *t, struct secret not_this, struct err *e)
{
    int64_t now_ms = clock_mono_ms();
    if (t->failure.kind != ERR_NONE && now_ms - t->failed_ms < FAILED_PAUSE_MS) {
        *e = t->failure;
        return -1;
    }
    bool again = t->mem != NULL && is_refused(t, not_this) && t->renewed_ms > 0 &&
                 now_ms - t->renewed_ms < REFUSED_PAUSE_MS;
    return again ? err_set(e, ERR_CONFIG, "chat_client",
                           "Bot Connector refuses this bot's tokens, also a fresh one: is it "
                           "registered, and its Teams channel on?")
                 : 0;
}

/* One asks for all who wait; the value of what it got is theirs even if it is over at once. What
 * failed for want of its own time keeps nobody else from trying. */
static int renew(chats *c, arena *mem, const struct teams_token_query *q, struct secret *ret,
                 struct err *e)
{
    struct teams_token *t = c->teams_token;
    int64_t left_ms = q->until_ms == 0 ? CALL_MS : q->until_ms - clock_mono_ms();
    bool cut = left_ms < CALL_MS;
    struct err why = {0};
    json_t *answer = NULL;
    turn_take(&t->turn);
    turn_unlock(&t->turn);
    int result = fetch(c, mem, cut ? left_ms : CALL_MS, &answer, &why);
    turn_lock(&t->turn);
    if (result == 0) {
        t->renewed_ms = secret_empty(q->not_this) ? t->renewed_ms : clock_mono_ms();
        keep(t, answer);
        *ret = secret_new(mem, secret_reveal(t->value), t->value.len);
    } else {
        if (!cut || why.kind != ERR_TIMEOUT) {
            keep_failure(t, &why);
        }
        *e = why;
    }
    turn_give(&t->turn);
    return result;
}

static int late(struct err *e)
{
    return err_set(e, ERR_TIMEOUT, "chat_busy", "no token of Entra in time");
}

static int get(chats *c, arena *mem, const struct teams_token_query *q, struct secret *ret,
               struct err *e)
{
    struct teams_token *t = c->teams_token;
    if (!turn_wait(&t->turn, q->until_ms)) {
        return late(e);
    }
    if (give(t, mem, q->not_this, ret)) {
        return 0;
    }
    if (may_fetch(t, q->not_this, e) != 0) {
        return -1;
    }
    bool over = q->until_ms != 0 && q->until_ms <= clock_mono_ms();
    return over ? late(e) : renew(c, mem, q, ret, e);
}

int teams_token_get(chats *c, arena *mem, const struct teams_token_query *q, struct secret *ret,
                    struct err *e)
{
    struct err why = {0};
    turn_lock(&c->teams_token->turn);
    int result = get(c, mem, q, ret, &why);
    turn_unlock(&c->teams_token->turn);
    if (result != 0 && e != NULL) {
        *e = why;
    }
    return result;
}
