#include "login_int.h"

#include "base/str.h"

/*
 * Faults that only an admin can mend are told to the admins, once an hour each, and never to
 * everybody who happens to meet them (P7).
 */

enum { EVERY_S = 3600 };

static const struct {
    const char *code;
    const char *text;
} faults[] = {
    {"client_refused", "the app does not accept its client id or secret. Nobody was disconnected. "
                       "Please correct them."},
    {"grant_unclear",
     "the app refuses to renew a login and does not say whether that login has ended "
     "or the client id or secret is wrong. Nobody was disconnected. Please check the "
     "client, and log this connection itself in: then I can tell the two apart."},
    {OAUTH_NO_REFRESH,
     "a login there came without a refresh token, and would have ended within hours. "
     "Nobody was connected. Please ask for the scope, or switch on the setting of "
     "its client, that gives one."},
    {OAUTH_SCOPE_MISSING,
     "a login there does not allow all that the app's definition requires. Nobody was connected. "
     "Please see to it that the client may ask for it; then people allow it when they log in "
     "again."},
    {"no_default_tokens", "a command needs it, and nobody has logged it in. Please log it in."},
    {"draft", "a command needs it, and it is not finished. Please complete its client id and "
              "secret."},
    {"captured_host", "the app answered with an address outside its own hosts. Nothing was sent "
                      "there. Please look."},
    {"address",
     "the name of its host leads to an address that may not be called: only public ones "
     "may. Nothing was sent there, and nobody was disconnected. Please look at its host, "
     "and at what DNS says of it."},
    {"missing_var", "its app needs a variable that nobody has set, or that the app did not give. "
                    "Please set it under vars, or look."},
    {"captured_var",
     "the app answered with a value that its definition does not allow. Nothing was "
     "sent there. Please look."},
    {"lookup_many", "an account there has several places to choose from. Please set under vars "
                    "which one is meant."},
    {"email_unknown", "its account_match compares e-mail addresses, and the chat tells me none. "
                      "Please give the bot the scope users:read.email, or change account_match."},
    {OAUTH_REFRESH_LOST, "the app's answers to renewing its login were lost. Please log it in."},
    {"owner_left", "a command needs it, and whose login it is has left. Please log it in."},
    {"sign_in_off",
     "it asks people to sign in to this chat first, and that is switched off. Please "
     "switch it on, or set its assurance to code."},
    {"chat_client", "signing in to this chat does not work: the chat does not accept Workbot's own "
                    "client id, secret or address there. Please look."},
    {OAUTH_SIGN_IN_BARRED,
     "it asks people to sign in to this chat first, and an administrator of the directory must "
     "allow that once: in Entra, Enterprise applications, Workbot, Permissions, Grant admin "
     "consent. Then people try again."},
    {"token_refused",
     "the app refuses to renew a login, in a way that I do not know. Its tokens are kept, and the "
     "next commands try again. If it stays so, please look at the client and at the log."},
    {"token_of_another",
     "the app renewed a login with the tokens of another account. They were used for nothing, and "
     "its person is asked to log in again. Please look who answers in the app's place."},
    {"token_signature",
     "the app's answer to a login, or to renewing one, is not signed with the client's secret. What "
     "it lets in was used for nothing, and nobody was disconnected. Please compare the secret, and "
     "look who answers in the app's place."},
    {"app_scope",
     "the app says that a login does not allow what a command needs, and a new login would not "
     "change that or has not. Please look at its scopes, and at what the client may do there; "
     "when they have changed, people are asked for their consent."},
    {OAUTH_EXCHANGE_REFUSED,
     "the app did not take a login, and does not say that it was too late. Nobody was connected. "
     "Please compare client id, secret and redirect address with what the app has; the log has its "
     "words."},
    {OAUTH_NO_IDENTITY,
     "the app lets people in, but does not say whose login that is. Nobody was connected. Please "
     "look at its scopes, and at what the client may read there."},
    {OAUTH_PROVIDER_ERROR,
     "its app sent somebody who wanted to log in back with an error. Nobody was "
     "connected. Please compare client id, redirect address and scopes with what the "
     "app has; the log has its words."},
    {"unknown_app", "this version does not know its app. Please look."},
};

int notice_one(struct scene *sc, const char *user_id, json_t *view, struct err *e)
{
    struct user *u = NULL;
    if (store_user_find(sc->s, sc->workspace->workspace, user_id, &u, e) != 0) {
        return -1;
    }
    const struct target t = {.channel = u == NULL || u->dm_channel == NULL ? "" : u->dm_channel,
                             .user_id = user_id};
    return say_new(sc, &t, view, NULL, e);
}

int notice_all(struct scene *sc, json_t *view, struct err *e)
{
    const struct workspace *w = sc->workspace;
    bool installer_listed = false;
    for (size_t i = 0; i < w->admins_count; i++) {
        installer_listed = installer_listed || str_equal(w->admins[i], w->installer);
        if (notice_one(sc, w->admins[i], view, e) != 0) {
            return -1;
        }
    }
    return w->installer == NULL || installer_listed ? 0 : notice_one(sc, w->installer, view, e);
}

static void add_barred(struct scene *sc, json_t *view, const struct default_connection *d,
                       const char *code)
{
    const app *a = apps_find(sc->bot->options.apps, d->app);
    if (a != NULL && app_barred(a) != NULL && str_equal(code, OAUTH_PROVIDER_ERROR)) {
        view_note(view, "%s", app_barred(a));
    }
}

/* What was asked to know whose login it is. */
static void add_asked(struct scene *sc, json_t *view, const struct default_connection *d,
                      const char *code)
{
    const app *a = apps_find(sc->bot->options.apps, d->app);
    if (a != NULL && str_equal(code, OAUTH_NO_IDENTITY)) {
        view_note(view, "Its definition asks %s.", app_identity_asks(sc->mem, a));
    }
}

static void add_takeover(json_t *view, const struct default_connection *d, const char *code)
{
    if (str_equal(code, "owner_left") || str_equal(code, "no_default_tokens")) {
        takeover_add_button(view, d->name, "Take over");
    }
}

int notice_admins(struct scene *sc, const struct default_connection *d, const char *code,
                  const char *lacks, struct err *e)
{
    bool due = false;
    for (size_t i = 0; d != NULL && i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (!str_equal(faults[i].code, code)) {
            continue;
        }
        const char *key = arena_printf(sc->mem, "%s:%s", d->name, code);
        if (store_notice_due(sc->s, d->workspace, key, EVERY_S, &due, e) != 0) {
            return -1;
        }
        json_t *view = view_new(sc->mem);
        view_text(view, "**%s**, connection `%s`: %s", words_app(sc, d->app), d->name,
                  faults[i].text);
        add_barred(sc, view, d, code);
        add_asked(sc, view, d, code);
        if (!str_empty(lacks)) {
            view_note(view, "%s", lacks);
        }
        add_takeover(view, d, code);
        return due ? notice_all(sc, view, e) : 0;
    }
    return 0;
}
