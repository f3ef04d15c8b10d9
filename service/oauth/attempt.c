#include "oauth_int.h"

#include "base/str.h"

/* One return of a browser, from a provider or from the chat platform's sign-in: its state, once,
 * and everything that it was made for. RFC 6749 section 4.1.2, RFC 9207, RFC 9700 section 4. */

int attempt_ended(struct attempt *a, enum oauth_end end, const char *reason)
{
    a->out->end = end;
    a->out->reason = reason;
    return 0;
}

/* Of a state for a provider's path, that path; and the proof that its connection demands by now. */
static const char *misfit(const struct attempt *a)
{
    const struct default_connection *d = a->out->connection;
    if (!str_equal(a->purpose, PURPOSE_APP)) {
        return NULL;
    }
    if (!str_equal(d->callback_key, a->in->callback_key)) {
        return "state_of_other_path";
    }
    bool personal = !str_empty(a->out->login->user_id);
    return personal && d->assurance_sign_in && !a->state->proven ? "sign_in_required" : NULL;
}

int attempt_not_allowed(struct attempt *a, store *s, struct err *e)
{
    const struct login *l = a->out->login;
    json_t *detail = arena_json(a->mem, json_pack("{s:s, s:s}", "connection", l->default_name,
                                                  "user", store_login_person(l)));
    attempt_ended(a, OAUTH_NOT_ALLOWED, "not_allowed");
    return store_audit_add(s, l->workspace, "system", "login.not_allowed", l->id, detail, e);
}

static int load_rows(struct attempt *a, store *s, const char *workspace, struct err *e)
{
    struct oauth_outcome *out = a->out;
    return store_default_find(s, workspace, a->state->default_name, &out->connection, e) != 0
               ? -1
               : store_login_find(s, workspace, a->state->login_id, &out->login, e);
}

/* Before anything is asked for: what is stored is decided again when it is (callback.c). */
static int look_at_person(struct attempt *a, store *s, bool *ret_go, struct err *e)
{
    const struct login *l = a->out->login;
    struct user *u = NULL;
    const char *person = store_login_person(l);
    if (!str_empty(person) && store_user_find(s, l->workspace, person, &u, e) != 0) {
        return -1;
    }
    *ret_go = store_login_allowed(l, u, a->out->workspace);
    return *ret_go ? 0 : attempt_not_allowed(a, s, e);
}

/* Does all of it still stand? */
static int look_at_rows(struct attempt *a, store *s, bool *ret_go, struct err *e)
{
    struct oauth_outcome *out = a->out;
    if (out->connection == NULL || out->login == NULL ||
        (out->login->state != LOGIN_OPEN && out->login->state != LOGIN_CODE)) {
        return attempt_ended(a, OAUTH_GONE, "login_ended");
    }
    const char *why = misfit(a);
    if (why != NULL) {
        out->login = NULL;
        return attempt_ended(a, OAUTH_EXPIRED, why);
    }
    if (a->state->client_version != out->connection->client_version) {
        return attempt_ended(a, OAUTH_GONE, "client_changed");
    }
    if (look_at_person(a, s, ret_go, e) != 0) {
        return -1;
    }
    return *ret_go ? oauth_site(a->oauth, a->mem, out->connection, &a->site, e) : 0;
}

static int load_attempt(struct attempt *a, store *s, const char *state_hash, bool *ret_go,
                        struct err *e)
{
    struct oauth_outcome *out = a->out;
    const char *workspace = out->workspace->workspace;
    if (a->in->cookie == NULL) {
        return attempt_ended(a, OAUTH_EXPIRED, "other_browser"); /* a scanner spends nothing */
    }
    const struct state_use use = {.state_hash = state_hash,
                                  .purpose = a->purpose,
                                  .cookie_hash = crypto_hash_text(a->mem, a->in->cookie)};
    if (store_state_use(s, workspace, &use, &a->state, e) != 0) {
        return -1;
    }
    if (a->state == NULL) {
        return attempt_ended(a, OAUTH_EXPIRED, "state_unknown");
    }
    return load_rows(a, s, workspace, e) != 0 ? -1 : look_at_rows(a, s, ret_go, e);
}

/* A state for the sign-in of one chat platform, on the path of another: nothing is spent. */
static bool is_of_other_platform(const struct attempt *a)
{
    const char *workspace = a->out->workspace->workspace;
    return str_equal(a->purpose, PURPOSE_IDENTITY) &&
           !str_starts(workspace, arena_printf(a->mem, "%s:", a->in->platform));
}

int attempt_find(struct attempt *a, bool *ret_go, struct err *e)
{
    const char *route = NULL, *path_route = NULL, *hash = NULL, *unused = NULL;
    bool shaped = oauth_handle_split(a->mem, a->in->state, &route, &hash);
    if (shaped && str_equal(a->purpose, PURPOSE_APP)) {
        shaped = oauth_handle_split(a->mem, a->in->callback_key, &path_route, &unused) &&
                 str_equal(route, path_route);
    }
    if (!shaped) {
        return attempt_ended(a, OAUTH_EXPIRED, "state_shape");
    }
    store *s = NULL;
    if (store_open(a->oauth->options.stores, a->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_workspace_by_route(s, route, &a->out->workspace, e);
    if (rc == 0 && a->out->workspace == NULL) {
        rc = attempt_ended(a, OAUTH_EXPIRED, "workspace_unknown");
    } else if (rc == 0 && is_of_other_platform(a)) {
        rc = attempt_ended(a, OAUTH_EXPIRED, "state_of_other_path");
    } else if (rc == 0) {
        rc = load_attempt(a, s, hash, ret_go, e);
    }
    store_close(s);
    return rc;
}

/* RFC 6749 section 4.1.2.1: an error in place of a code. */
int attempt_refused(struct attempt *a)
{
    static const struct {
        const char *error;
        enum oauth_end end;
    } ends[] = {
        {"access_denied", OAUTH_DENIED},     {"access-denied", OAUTH_DENIED},
        {"server_error", OAUTH_TRY_AGAIN},   {"temporarily_unavailable", OAUTH_TRY_AGAIN},
        {"login_required", OAUTH_TRY_AGAIN}, {"interaction_required", OAUTH_TRY_AGAIN},
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (str_equal(a->in->error, ends[i].error)) {
            return attempt_ended(a, ends[i].end,
                                 ends[i].end == OAUTH_DENIED ? "denied" : "provider_busy");
        }
    }
    return attempt_ended(a, OAUTH_MISCONFIGURED, OAUTH_PROVIDER_ERROR);
}

/* Refusals of which our own words say what to do: never the app's. */
static bool is_told(const char *code)
{
    static const char *const told[] = {OAUTH_SCOPE_MISSING, "lookup_none", "lookup_many"};
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        if (str_equal(told[i], code)) {
            return true;
        }
    }
    return false;
}

/* Behind the code: no outage, whatever kind of error it is where a command meets it. */
static const struct {
    const char *code;
    enum oauth_end end;
    const char *reason;
} behind_the_code[] = {
    {"grant_dead", OAUTH_TRY_AGAIN, OAUTH_NOT_TAKEN},
    {"grant_unclear", OAUTH_MISCONFIGURED, OAUTH_EXCHANGE_REFUSED},
    {"token_refused", OAUTH_MISCONFIGURED, OAUTH_EXCHANGE_REFUSED},
    {OAUTH_NO_IDENTITY, OAUTH_MISCONFIGURED, OAUTH_NO_IDENTITY},
    {"app_401", OAUTH_MISCONFIGURED, OAUTH_NO_IDENTITY},
    {"app_refused", OAUTH_MISCONFIGURED, OAUTH_NO_IDENTITY},
    {"app_scope", OAUTH_MISCONFIGURED, OAUTH_NO_IDENTITY},
    {"app_odd", OAUTH_MISCONFIGURED, OAUTH_NO_IDENTITY},
};

int attempt_failed(struct attempt *a, const struct err *why)
{
    a->out->why = arena_strdup(a->mem, why->text);
    a->out->words = is_told(why->code) ? a->out->why : NULL;
    for (size_t i = 0; i < sizeof(behind_the_code) / sizeof(behind_the_code[0]); i++) {
        if (str_equal(behind_the_code[i].code, why->code)) {
            return attempt_ended(a, behind_the_code[i].end, behind_the_code[i].reason);
        }
    }
    switch ((int)why->kind) {
    case ERR_CONFIG:
    case ERR_ATTENTION:
    case ERR_FORBIDDEN:
        return attempt_ended(a, OAUTH_MISCONFIGURED, why->code);
    default:
        return attempt_ended(a, OAUTH_TRY_AGAIN, why->code);
    }
}
