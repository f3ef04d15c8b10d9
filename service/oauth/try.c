#include "oauth_int.h"

#include <string.h>

#include "base/str.h"

/*
 * An operator tries the sign-in before logins depend on it: the same page, client, address and
 * checks as a login's, with nobody to compare with. The nonce and PKCE's verifier are made from the
 * browser's cookie, so that without it the platform's answer is worth nothing and no row holds
 * them. No row holds who signed in either, but the audit of that person's workspace.
 */

static const char BEGINS[] = "try"; /* no digit of a route: never a login's */
enum { STATE_BYTES = 32, COOKIE_BYTES = 24, WORD_MAX = 60 };

bool oauth_is_try(const char *state)
{
    return state != NULL && str_starts(state, BEGINS);
}

int oauth_sign_in(oauth *o, store *s, const char *platform, struct oauth_sign_in *ret,
                  bool *ret_any, struct err *e)
{
    arena *mem = store_arena(s);
    struct sign_in_proof *proof = NULL;
    *ret = (struct oauth_sign_in){.redirect_uri = identity_uri(mem, o, platform)};
    *ret_any = chats_sign_in_client(o->options.chats, mem, platform, &ret->client) != NULL;
    if (!*ret_any) {
        return 0;
    }
    const struct sign_in_client of = {platform, ret->client.id, ret->redirect_uri};
    if (store_sign_in_proof_find(s, &of, &proof, e) != 0) {
        return -1;
    }
    ret->proof = proof;
    return 0;
}

/* --- there --- */

/* What both ways of a try say of it. */
struct chat_sign_in identity_asked(arena *mem, const char *cookie)
{
    return (struct chat_sign_in){
        .nonce = crypto_hash_text(mem, arena_printf(mem, "nonce:%s", cookie)),
        .verifier = crypto_hash_text(mem, arena_printf(mem, "verifier:%s", cookie))};
}

static int keep(oauth *o, arena *mem, const struct sign_in_try *t, struct err *e)
{
    store *s = NULL;
    if (store_enter(o->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    return store_leave(s, store_sign_in_try(s, t, o->options.config->ttl_state, e), e);
}

int oauth_try_begin(oauth *o, arena *mem, const struct oauth_try *t, struct oauth_begin *ret,
                    struct err *e)
{
    struct chat_sign_in_client client;
    const struct chat_driver *driver =
        chats_sign_in_client(o->options.chats, mem, t->platform, &client);
    if (driver == NULL) {
        return err_set(e, ERR_INPUT, "sign_in_platform",
                       "No platform of that name has a client to sign in with.");
    }
    const char *cookie = crypto_random_hex(mem, COOKIE_BYTES);
    struct chat_sign_in q = identity_asked(mem, cookie);
    q.workspace = client.workspace;
    q.redirect_uri = identity_uri(mem, o, t->platform);
    q.state = arena_printf(mem, "%s%s", BEGINS, crypto_random_hex(mem, STATE_BYTES));
    const struct sign_in_try row = {.state_hash = crypto_hash_text(mem, q.state),
                                    .cookie_hash = crypto_hash_text(mem, cookie),
                                    .session_hash = t->session_hash,
                                    .of = {t->platform, client.id, q.redirect_uri}};
    *ret = (struct oauth_begin){.url = driver->sign_in_url(o->options.chats, mem, &q),
                                .cookie = cookie,
                                .cookie_key = oauth_cookie_key(mem, q.state)};
    return keep(o, mem, &row, e);
}

/* --- and back --- */

struct back {
    oauth *oauth;
    arena *mem;
    const struct oauth_try *by;
    const struct oauth_return *in;
    const struct chat_driver *driver;
    struct chat_sign_in_client client; /* as it is set now */
    struct sign_in_client *of;         /* as it was when the try was begun; NULL: there is none */
    struct oauth_tried *out;
};

static int ended(struct back *b, const char *reason, const char *why)
{
    b->out->reason = reason;
    b->out->why = why;
    return 0;
}

static int spend(struct back *b, struct err *e)
{
    store *s = NULL;
    const struct sign_in_try given = {.state_hash = crypto_hash_text(b->mem, b->in->state),
                                      .cookie_hash = crypto_hash_text(b->mem, b->in->cookie),
                                      .session_hash = b->by->session_hash,
                                      .of = {.platform = b->by->platform}};
    if (store_open(b->oauth->options.stores, b->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_sign_in_return(s, &given, &b->of, e);
    store_close(s);
    return rc;
}

static bool stands(struct back *b)
{
    b->driver = chats_sign_in_client(b->oauth->options.chats, b->mem, b->by->platform, &b->client);
    return b->driver != NULL && str_equal(b->client.id, b->of->client_id) &&
           str_equal(identity_uri(b->mem, b->oauth, b->by->platform), b->of->redirect_uri);
}

/* Words of the standards are shown; whatever else an address may hold is not. */
static const char *word_of(arena *mem, const char *error)
{
    bool plain = strlen(error) <= WORD_MAX &&
                 error[strspn(error, "abcdefghijklmnopqrstuvwxyz_0123456789")] == '\0';
    return plain ? arena_strdup(mem, error) : NULL;
}

/* RFC 6749 section 4.1.2.1 */
int identity_came_without(arena *mem, const struct chat_driver *driver,
                          const struct oauth_return *r, struct oauth_tried *ret)
{
    bool denied = str_equal(r->error, "access_denied");
    ret->why = word_of(mem, r->error);
    ret->reason = denied ? OAUTH_TRY_DENIED : OAUTH_PROVIDER_ERROR;
    if (driver->sign_in_barred != NULL && driver->sign_in_barred(mem, r->error, r->description)) {
        ret->reason = OAUTH_SIGN_IN_BARRED;
    }
    return 0;
}

/* The workspace of ours that this person is of: the team's own, or its organisation's. */
static int find_workspace(struct back *b, store *s, struct err *e)
{
    const char *const ids[] = {b->out->who.team, b->out->who.organisation};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct workspace *w = NULL;
        if (ids[i] == NULL || b->out->workspace != NULL) {
            continue;
        }
        if (store_workspace_find(s, arena_printf(b->mem, "%s%s", b->driver->prefix, ids[i]), &w,
                                 e) != 0) {
            return -1;
        }
        b->out->workspace = w == NULL ? NULL : w->workspace;
    }
    return 0;
}

static int note(struct back *b, store *s, struct err *e)
{
    const struct chat_identity *who = &b->out->who;
    const struct sign_in_proof proof = {.of = *b->of, .place = who->team, .actor = b->by->actor};
    if (store_sign_in_prove(s, &proof, e) != 0 || find_workspace(b, s, e) != 0) {
        return -1;
    }
    if (b->out->workspace == NULL) {
        return 0;
    }
    json_t *detail =
        arena_json(b->mem, json_pack("{s:s, s:s, s:s}", "client_id", b->of->client_id,
                                     "signed_in_user", who->user_id, "signed_in_team", who->team));
    return store_audit_add(s, b->out->workspace, b->by->actor, "sign_in.proven", b->of->platform,
                           detail, e);
}

static int prove(struct back *b, struct err *e)
{
    store *s = NULL;
    if (store_enter(b->oauth->options.stores, b->mem, &s, e) != 0 ||
        store_leave(s, note(b, s, e), e) != 0) {
        return -1;
    }
    return ended(b, OAUTH_TRY_PROVEN, NULL);
}

static int sign_in(struct back *b, struct err *e)
{
    struct err why = {0};
    struct chat_sign_in q = identity_asked(b->mem, b->in->cookie);
    q.workspace = b->client.workspace;
    q.redirect_uri = b->of->redirect_uri;
    q.code = secret_of(b->mem, b->in->code == NULL ? "" : b->in->code);
    if (b->driver->sign_in(b->oauth->options.chats, b->mem, &q, &b->out->who, &why) != 0) {
        return ended(b, why.code, arena_strdup(b->mem, why.text));
    }
    bool anywhere = str_equal(q.workspace, b->driver->prefix);
    return anywhere || b->out->who.at_home ? prove(b, e) : ended(b, OAUTH_TRY_PLACE, NULL);
}

int oauth_try_return(oauth *o, arena *mem, const struct oauth_try *t, const struct oauth_return *r,
                     struct oauth_tried *ret, struct err *e)
{
    struct back b = {.oauth = o, .mem = mem, .by = t, .in = r, .out = ret};
    *ret = (struct oauth_tried){.reason = NULL};
    if (!oauth_is_try(r->state) || r->cookie == NULL) {
        return ended(&b, OAUTH_TRY_UNKNOWN, NULL);
    }
    if (spend(&b, e) != 0) {
        return -1;
    }
    if (b.of == NULL) {
        return ended(&b, OAUTH_TRY_UNKNOWN, NULL);
    }
    if (!stands(&b)) {
        return ended(&b, OAUTH_TRY_CHANGED, NULL);
    }
    return r->error != NULL ? identity_came_without(mem, b.driver, r, ret) : sign_in(&b, e);
}
