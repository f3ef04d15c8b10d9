#ifndef WB_OAUTH_INT_H
#define WB_OAUTH_INT_H

#include "base/log.h"
#include "oauth.h"

struct oauth {
    struct oauth_options options;
};

/* codec.c: tokens and accounts as JSON, for sealed places only. */
json_t *oauth_tokens_json(const struct tokens *t);
void oauth_tokens_read(arena *mem, const json_t *value, struct tokens *ret);
json_t *oauth_vars_json(const json_t *vars); /* NULL: none */
json_t *oauth_account_json(const struct account *a);
void oauth_account_read(arena *mem, const json_t *value, struct account *ret);
struct app_client oauth_client(const struct default_connection *d);

/* What is stored of a code typed in the chat, or of a window's: bound to its login. One behind
 * which a site is to be chosen has another hash: a replica of a release that asks nobody must find
 * it wrong rather than connect a site that nobody has chosen. */
struct coded {
    const char *login_id;
    bool asks_site;
};
char *oauth_code_hash(arena *mem, const struct coded *of, const char *code);

/* What a login keeps, sealed, until its code comes. */
struct provisional {
    const struct tokens *tokens;
    const struct account *account;
    const char *window_hash; /* oauth_code_hash() of the window's code: "window"; NULL: none */
    json_t *sites;           /* oauth_sites_json(), taken; NULL: there is nothing to choose */
};
/* Of a login that is to come to nothing; *ret stays where it is. */
struct provisional_grant {
    struct tokens tokens;
    struct account account;
    struct oauth_grant grant; /* of these two */
};
void oauth_provisional_read(arena *mem, const json_t *provisional, const char *user_id,
                            struct provisional_grant *ret);
json_t *oauth_provisional_json(arena *mem, const struct provisional *p);

/* account_match of one login (match.c) */
enum oauth_match {
    OAUTH_MATCH_OFF,
    OAUTH_MATCH_SAME,
    OAUTH_MATCH_DIFFERS,
    OAUTH_MATCH_UNKNOWN /* the chat tells no e-mail of its user */
};

/* Fills what is known of the end of io (refresh_expires_at as the app said, or 0), tokens of this
 * connection's owner; old: those that it renews, NULL for a login's. (forecast.c) */
void oauth_forecast(const app *a, const struct connection *of, const struct tokens *old,
                    struct tokens *io);

/* --- attempts: one trip of a browser to a provider or to the chat platform's sign-in --- */

#define PURPOSE_APP "app"
#define PURPOSE_IDENTITY "identity"

/* What a new state is for (begin.c). */
struct attempt_row {
    const struct workspace *workspace;
    const struct login *login;
    const struct default_connection *connection;
    const char *purpose;
    const char *redirect_uri;
    const char *verifier; /* the PKCE verifier, or the nonce of a sign-in */
    bool proven;          /* this browser has signed in as the login's user */
};
/* Stores a state with a cookie of its own: *ret_state, and ret's cookie. */
int attempt_add(oauth *o, store *s, const struct attempt_row *row, const char **ret_state,
                struct oauth_begin *ret, struct err *e);
/* To the provider's authorize page. */
int begin_app(oauth *o, store *s, const struct attempt_row *row, struct oauth_begin *ret,
              struct err *e);
/* identity.c: where a platform's sign-in sends the browser back to. */
char *identity_uri(arena *mem, const oauth *o, const char *platform);
/* The driver of a workspace whose people can be asked to sign in; NULL. */
const struct chat_driver *identity_driver(const oauth *o, const char *workspace);
/* Is that this user of this workspace, or of its organisation? */
struct identity_of {
    oauth *oauth;
    arena *mem;
    const struct workspace *workspace;
    const char *user_id;
};
int identity_is(const struct identity_of *of, const struct chat_driver *driver,
                const struct chat_identity *who, bool *ret, struct err *e);
/* try.c: what ties both ways of a sign-in to a browser's cookie: its nonce, and PKCE's verifier. */
struct chat_sign_in identity_asked(arena *mem, const char *cookie);
/* An error in place of a code: its reason. */
int identity_came_without(arena *mem, const struct chat_driver *driver,
                          const struct oauth_return *r, struct oauth_tried *ret);
/* To the chat platform's sign-in first. */
int identity_begin(oauth *o, store *s, const struct attempt_row *row, struct oauth_begin *ret,
                   struct err *e);

/* The way back (attempt.c). */
struct attempt {
    oauth *oauth;
    arena *mem;
    const char *purpose;
    const struct oauth_return *in;
    struct oauth_outcome *out;
    struct oauth_state *state;
    struct app_site site;
    struct app_sites sites; /* what there is to choose from: more than one */
    enum oauth_match match; /* of the account that was logged in */
};
/* The state, once, and everything that it was made for. *ret_go: all of it still stands; else *out
 * says how it ended. */
int attempt_find(struct attempt *a, bool *ret_go, struct err *e);
int attempt_ended(struct attempt *a, enum oauth_end end, const char *reason);
/* Its user may not use Workbot: in the audit, in the caller's transaction if there is one. */
int attempt_not_allowed(struct attempt *a, store *s, struct err *e);
/* The return says an error in place of a code. */
int attempt_refused(struct attempt *a);
/* What an error of a call out means for the person who waits. */
int attempt_failed(struct attempt *a, const struct err *why);

/* --- sites.c: several sites that one login reaches --- */

/* As its provisional value keeps them, under the id of a new question; NULL of one or none. */
json_t *oauth_sites_json(const struct app_sites *sites);
/* Its person is to choose a site, now or when the code was typed. */
bool oauth_sites_stand(const struct login *l);
/* That of them that this connection was at; NULL: none, or its person has said it was not theirs.
 */
const struct app_site_choice *oauth_site_before(const struct app_sites *sites,
                                                const struct connection *c);

/* --- confirm.c: it is proven whose a login is, in the caller's transaction, which has it locked
 * ---
 */

/* Becomes active with this account, unless it does not do any more (ret->barred). */
int oauth_confirm_account(oauth *o, store *s, struct login *l, struct oauth_confirm *ret,
                          struct err *e);
/* Its time is over. */
int oauth_confirm_spent(oauth *o, store *s, struct login *l, struct oauth_confirm *ret,
                        struct err *e);

/* --- match.c, activate.c --- */

const char *oauth_match_name(enum oauth_match match);
/* Does the app's e-mail say the same person as the chat profile's? Both must be addresses. */
bool oauth_same_email(const char *a, const char *b);
enum oauth_match oauth_match_account(const struct default_connection *d, const struct user *u,
                                     const struct account *account);
/* account_match is "require", and this is another account, or it cannot be known. */
bool oauth_match_refuses(const struct default_connection *d, enum oauth_match match);

struct activation {
    const struct login *login; /* locked */
    const struct tokens *tokens;
    const struct account *account;
    const char *assurance; /* the level reached: "sign_in" or "code" */
    enum oauth_match match;
    const char *code_hash; /* store_login_set_done() */
};
/* What has become active: zeros before. */
struct activated {
    const char *id;
    const struct account *before; /* another account, which it replaces here; NULL: none */
    struct account_place place;
};
/* The owner's connection is active with these tokens, the login done, in the caller's transaction,
 * which has the owner locked. */
int oauth_activate(oauth *o, store *s, const struct activation *a, struct activated *ret,
                   struct err *e);

/* revoke.c: ends a grant at the app now, once, for want of a database that could keep it for later.
 * False: it may stay alive there, as at an app that would end what acts along with it. Counted. */
bool oauth_revoke_now(oauth *o, arena *mem, const struct default_connection *d,
                      const struct tokens *t);

/* access.c: how long before its end an access token is renewed: the app's margin, and of one that
 * does not live much longer than that a quarter of its life. Else each call would renew it. */
int64_t oauth_margin_s(const struct tokens *t, int64_t margin_s);

/* refresh.c: new tokens for a row of this generation, by the one refresher over all replicas.
 * *ret is the row as it stands afterwards. Errors as oauth_access(). */
int oauth_refresh(oauth *o, arena *mem, const struct connection *c,
                  const struct default_connection *d, struct connection **ret, struct err *e);
/* Two answers to refreshes with its token of single use never came: it is sent no more. */
bool oauth_is_lost(const struct connection *c);
/* ERR_LOGIN_NEEDED OAUTH_REFRESH_LOST; always -1. */
int oauth_lost(const struct connection *c, struct err *e);

/* look_alike.c: where an app says the same of a dead grant and of a wrong client ("grant_unclear"),
 * a refresh of the default connection's own tokens decides: *io becomes "grant_dead", ERR_CONFIG
 * "grant_unclear", or what kept it from being known. Every other error stays as it is. */
struct oauth_unclear {
    const struct connection *connection;
    const struct default_connection *def;
};
void oauth_clear_up(oauth *o, arena *mem, const struct oauth_unclear *of, struct err *io);

/* --- bot_token.c, bot_refresh.c: the bot's own token --- */

bool oauth_bot_lives(const struct oauth_bot *as, int64_t margin_s);
/* *as is the row's token when that is another one by now, and lives. */
int oauth_bot_newer(oauth *o, arena *mem, struct oauth_bot *as, bool *ret_newer, struct err *e);
/* A new pair; *as holds it. Errors as oauth_bot_access(). */
int oauth_bot_renew(oauth *o, arena *mem, struct oauth_bot *as, struct err *e);
/* The workspace of a token that is worth nothing is broken. -1 with ERR_CONFIG "chat_dead". */
int oauth_bot_break(oauth *o, arena *mem, const struct oauth_bot *as, const char *fault,
                    struct err *e);
void oauth_bot_log(enum log_level level, const char *message, const struct oauth_bot *as,
                   const struct err *why);

#endif
