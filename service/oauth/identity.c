#include "oauth_int.h"

#include "base/str.h"

/*
 * The person in the browser is the person in the chat (P4), by the chat platform's own sign-in and
 * before the app is asked anything: nonce, state and cookie bind its answer to this browser and
 * this attempt; user and workspace must both be those of the login.
 */

const struct chat_driver *identity_driver(const oauth *o, const char *workspace)
{
    return chats_sign_in_on(o->options.chats, workspace) ? chats_driver(o->options.chats, workspace)
                                                         : NULL;
}

char *identity_uri(arena *mem, const oauth *o, const char *platform)
{
    return arena_printf(mem, "%s/identity/%s/callback", o->options.config->public_url, platform);
}

int identity_begin(oauth *o, store *s, const struct attempt_row *row, struct oauth_begin *ret,
                   struct err *e)
{
    arena *mem = store_arena(s);
    const struct chat_driver *driver = identity_driver(o, row->workspace->workspace);
    if (driver == NULL) {
        return err_set(e, ERR_CONFIG, "sign_in_off", "connection %s demands a sign-in that is off",
                       row->connection->name);
    }
    const char *redirect_uri = identity_uri(mem, o, driver->name);
    const char *nonce = crypto_random_hex(mem, 32);
    struct attempt_row r = *row;
    r.purpose = PURPOSE_IDENTITY;
    r.redirect_uri = redirect_uri;
    r.verifier = nonce;
    const char *state = NULL;
    if (attempt_add(o, s, &r, &state, ret, e) != 0) {
        return -1;
    }
    const struct chat_sign_in q = {.workspace = row->workspace->workspace,
                                   .redirect_uri = redirect_uri,
                                   .state = state,
                                   .nonce = nonce};
    ret->url = driver->sign_in_url(o->options.chats, mem, &q);
    return 0;
}

/* Signed in at another workspace: the same person if both belong to one organisation, since user
 * ids are an organisation's then. The platform tells the bot of which one our user is. */
static int same_organisation(const struct identity_of *of, const struct chat_driver *driver,
                             const struct chat_identity *who, bool *ret, struct err *e)
{
    oauth *o = of->oauth;
    struct chat_person person = {0};
    struct oauth_bot as = oauth_bot_of(of->workspace);
    *ret = false;
    if (who->organisation == NULL) {
        return 0;
    }
    if (oauth_bot_access(o, of->mem, of->workspace->workspace, &as, e) != 0) {
        return -1;
    }
    while (driver->person(o->options.chats, of->mem, &as.access, who->user_id, &person, e) != 0) {
        if (!oauth_bot_again(o, of->mem, &as, e)) {
            return e->kind == ERR_NOT_FOUND ? 0 : -1;
        }
    }
    *ret = str_equal(person.organisation, who->organisation) && !person.stranger;
    return 0;
}

int identity_is(const struct identity_of *of, const struct chat_driver *driver,
                const struct chat_identity *who, bool *ret, struct err *e)
{
    bool same_user = str_equal(who->user_id, of->user_id);
    if (!same_user || who->at_home) {
        *ret = same_user;
        return 0;
    }
    return same_organisation(of, driver, who, ret, e);
}

static int sign_in_failed(struct attempt *a, const struct err *why)
{
    a->out->why = arena_printf(a->mem, "%s", why->text);
    /* a key that even the newest set lacks is more often one that has just been made */
    bool forged = why->kind == ERR_UNAUTHENTIC && !str_equal(why->code, "jwt_key_unknown");
    if (forged || str_equal(why->code, "chat_code")) {
        return attempt_ended(a, OAUTH_UNPROVEN, why->code);
    }
    return attempt_failed(a, why);
}

/* On to the provider, from the same browser: a state that says so. */
static int go_on(struct attempt *a, struct err *e)
{
    struct oauth_outcome *out = a->out;
    const struct attempt_row row = {.workspace = out->workspace,
                                    .login = out->login,
                                    .connection = out->connection,
                                    .proven = true};
    store *s = NULL;
    if (store_open(a->oauth->options.stores, a->mem, &s, e) != 0) {
        return -1;
    }
    int rc = begin_app(a->oauth, s, &row, &out->next, e);
    store_close(s);
    return rc == 0 ? attempt_ended(a, OAUTH_PROVEN, "proven") : -1;
}

static int prove(struct attempt *a, struct err *e)
{
    struct oauth_outcome *out = a->out;
    const char *workspace = out->workspace->workspace;
    const struct chat_driver *driver = identity_driver(a->oauth, workspace);
    struct err why = {0};
    bool same = false;
    if (driver == NULL) {
        return attempt_ended(a, OAUTH_MISCONFIGURED, "sign_in_off");
    }
    const struct chat_sign_in q = {.workspace = workspace,
                                   .redirect_uri = a->state->redirect_uri,
                                   .nonce = secret_reveal(a->state->verifier),
                                   .code = secret_of(a->mem, a->in->code)};
    const struct identity_of requester = {a->oauth, a->mem, out->workspace, out->login->user_id};
    if (driver->sign_in(a->oauth->options.chats, a->mem, &q, &out->signed_in, &why) != 0 ||
        identity_is(&requester, driver, &out->signed_in, &same, &why) != 0) {
        return sign_in_failed(a, &why);
    }
    return same ? go_on(a, e) : attempt_ended(a, OAUTH_OTHER_PERSON, "other_person");
}

/* No code came back. Who may not sign in before an administrator allows it cannot help it. */
static int came_back_without(struct attempt *a)
{
    const struct oauth_return *in = a->in;
    const struct chat_driver *driver = identity_driver(a->oauth, a->out->workspace->workspace);
    bool barred = driver != NULL && driver->sign_in_barred != NULL &&
                  driver->sign_in_barred(a->mem, in->error, in->description);
    return barred ? attempt_ended(a, OAUTH_MISCONFIGURED, OAUTH_SIGN_IN_BARRED)
                  : attempt_refused(a);
}

int oauth_identity(oauth *o, arena *mem, const struct oauth_return *r, struct oauth_outcome *ret,
                   struct err *e)
{
    *ret = (struct oauth_outcome){.signing_in = true};
    struct attempt a = {.oauth = o, .mem = mem, .purpose = PURPOSE_IDENTITY, .in = r, .out = ret};
    bool go = false;
    if (attempt_find(&a, &go, e) != 0) {
        return -1;
    }
    if (!go) {
        return 0;
    }
    if (r->error != NULL) {
        return came_back_without(&a);
    }
    return str_empty(r->code) ? attempt_ended(&a, OAUTH_EXPIRED, "code_missing") : prove(&a, e);
}
