#ifndef WB_OAUTH_H
#define WB_OAUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "apps.h"
#include "base/arena.h"
#include "base/err.h"
#include "chat.h"
#include "config.h"
#include "net.h"
#include "store.h"

/*
 * The life of a connection: login, code exchange, typed code, use, refresh, revoke. No HTTP call is
 * made inside a transaction, and no session of the store stays open over one.
 */
typedef struct oauth oauth;

struct oauth_options {
    const struct config *config;
    stores *stores;
    net_client *http;
    const apps *apps;
    chats *chats;
};
oauth *oauth_new(arena *boot, const struct oauth_options *options);

/* Where a default connection's app is; ERR_CONFIG "unknown_app", "draft" or "missing_var" when it
 * cannot be used. */
int oauth_site(const oauth *o, arena *mem, const struct default_connection *d, struct app_site *ret,
               struct err *e);
/* The same site, for one account at it. */
void oauth_site_account(arena *mem, struct app_site *io, const struct account *a);

/* --- login: handle -> provider (begin.c) --- */

/* A new handle "<route>.<secret>"; only its hash is stored. */
char *oauth_handle_new(arena *mem, const char *route, const char **ret_hash);
/* Splits a handle, state or callback id that begins with a routing key; false if it has no such
 * shape. */
bool oauth_handle_split(arena *mem, const char *handle, const char **ret_route,
                        const char **ret_hash);
char *oauth_login_url(arena *mem, const oauth *o, const char *handle);
char *oauth_redirect_uri(arena *mem, const oauth *o, const char *callback_key);

struct oauth_begin {
    const char *url;        /* the provider's authorize page */
    const char *cookie;     /* value that binds the state to this browser */
    const char *cookie_key; /* for its name, so that logins in two tabs do not disturb each other */
};
/* The key of a state's cookie: 12 hex digits. */
char *oauth_cookie_key(arena *mem, const char *state);
/* Makes state, PKCE verifier and cookie for one attempt of this login (P4): at the chat platform's
 * sign-in where the connection demands that, else at the provider. ERR_CONFIG "sign_in_off" where
 * it is demanded and switched off. */
int oauth_begin(oauth *o, store *s, const struct workspace *w, const struct login *l,
                const struct default_connection *d, struct oauth_begin *ret, struct err *e);

/* --- provider -> callback (callback.c): RFC 6749 section 4.1.2, RFC 9207 --- */

struct oauth_outcome;
struct oauth_return {
    const char *callback_key; /* of the path; NULL for oauth_identity() */
    const char *platform;     /* "slack" of /identity/slack/callback; for oauth_identity() alone */
    const char *state, *code, *error, *description, *iss; /* NULL: absent */
    const json_t *query; /* all parameters, name -> text; for oauth_callback() alone */
    const char *cookie;
    /* What happens besides in the transaction in which a connection becomes active without a typed
     * code, or a site is asked for; for oauth_callback() alone. */
    int (*connected)(void *arg, store *s, const struct oauth_outcome *o, struct err *e);
    void *arg;
};

enum oauth_end {
    OAUTH_CODE_SHOWN,    /* provisional: `code` is to be typed in the chat */
    OAUTH_CONNECTED,     /* active: the chat platform has said before who this is */
    OAUTH_SITE_ASKED,    /* the same, and the login reaches several sites: its person must choose */
    OAUTH_DENIED,        /* the person said no */
    OAUTH_EXPIRED,       /* state unknown, used, too old, of another path, or another browser */
    OAUTH_TRY_AGAIN,     /* the provider is away: the same handle may be used again */
    OAUTH_MISCONFIGURED, /* an admin must look */
    OAUTH_GONE,          /* the login was cancelled, ended or replaced meanwhile */
    OAUTH_WRONG_ACCOUNT, /* account_match is "require" and the e-mails differ: tokens revoked */
    OAUTH_PROVEN,        /* oauth_identity: `next` is where this browser goes on */
    OAUTH_OTHER_PERSON,  /* oauth_identity: somebody else is signed in; the login stays open */
    OAUTH_UNPROVEN,      /* oauth_identity: what came back proves nobody */
    OAUTH_NOT_ALLOWED,   /* the login's user may not use Workbot (any more): tokens revoked */
    OAUTH_TOO_MANY, /* CONNECTION_ACCOUNTS_MAX others of this user stand there: tokens revoked */
    OAUTH_END_COUNT
};
struct oauth_outcome {
    enum oauth_end end;
    const char *code; /* OAUTH_CODE_SHOWN */
    /* OAUTH_CODE_SHOWN of a personal login where the chat has windows (chat_driver.windows): what
     * the window's last page hands to the chat's own client, which sends it on in the person's
     * name. It is good for this login alone, as `code` is, and never where it is typed. NULL
     * elsewhere. */
    const char *window_code;
    bool account_differs;    /* account_match is "warn" and the e-mails differ */
    bool email_unknown;      /* account_match cannot work: the chat tells no e-mail of this user */
    bool signing_in;         /* it is the chat platform's sign-in that ended so */
    struct oauth_begin next; /* OAUTH_PROVEN */
    struct chat_identity signed_in; /* oauth_identity: who; zeros when that is not known */
    struct account account;
    const char *connection_id; /* OAUTH_CONNECTED */
    const struct account
        *before;                /* OAUTH_CONNECTED: another account that acted until now; or NULL */
    struct account_place place; /* OAUTH_CONNECTED: where it stands beside this user's others */
    struct login *login;        /* NULL for OAUTH_EXPIRED */
    struct default_connection *connection;
    struct workspace *workspace;
    const char *reason; /* stable code for the log and the audit */
    const char *why;    /* in words, for the log; NULL: there are none */
    const char *words;  /* what a person can do about it, for the page; NULL: its own words do */
};
/* Exchanges, probes, stores provisionally. 0 for every end above; -1 only for our own faults. */
int oauth_callback(oauth *o, arena *mem, const struct oauth_return *r, struct oauth_outcome *ret,
                   struct err *e);

/* connection.reason of one whose person has said that it was not their account, or not the site
 * that they meant. */
#define OAUTH_NOT_ME "not_me"
/* Why a default connection's own tokens rest: whose they are has left. */
#define OAUTH_OWNER_LEFT "owner_left"
/* Why a connection's tokens are not renewed any more: whether the app has taken the one for it is
 * not known. An access token that still lives is used. */
#define OAUTH_REFRESH_LOST "refresh_lost"

/* --- the chat platform's sign-in -> callback (identity.c) --- */

/* oauth_outcome.reason: an administrator must first allow people to sign in. */
#define OAUTH_SIGN_IN_BARRED "sign_in_barred"
/* The same: the app let somebody in, and gave nothing to stay connected with. */
#define OAUTH_NO_REFRESH "no_refresh_token"
/* the app sent the browser back with an error that only an admin can mend */
#define OAUTH_PROVIDER_ERROR "provider_error"
/* The app did not take the code: too old, used, or of another try. Another login helps. */
#define OAUTH_NOT_TAKEN "login_not_taken"
/* The app did not take the code, for no reason that we know or for our client's sake. */
#define OAUTH_EXCHANGE_REFUSED "exchange_refused"
/* The app let somebody in, and does not say whose account that is. */
#define OAUTH_NO_IDENTITY "no_identity"
/* The app granted less than its definition requires. */
#define OAUTH_SCOPE_MISSING "scope_missing"

/* Proves that the browser's person is the login's user, before the provider is called. As
 * oauth_callback(); nothing is stored but the state of the way on. */
int oauth_identity(oauth *o, arena *mem, const struct oauth_return *r, struct oauth_outcome *ret,
                   struct err *e);

/* --- the typed code (confirm.c) --- */

enum oauth_code {
    OAUTH_CODE_NONE,  /* nothing waits for a code */
    OAUTH_CODE_RIGHT, /* the connection is active now */
    OAUTH_CODE_SITE,  /* it was right, and `login` waits for its person to choose a site */
    OAUTH_CODE_AGAIN, /* by_window: it was right a moment ago, and nothing is left to do */
    OAUTH_CODE_WRONG, /* tries_left says how often more */
    OAUTH_CODE_SPENT  /* that was the last try, its time is over, or it proves too little by now:
                         tokens are being revoked */
};
/* What a connection may demand since the code was shown. */
#define OAUTH_NOW_SIGN_IN "sign_in_required"
#define OAUTH_NOW_ACCOUNT "account_differs" /* account_match is "require": another e-mail */
#define OAUTH_NOW_E_MAIL "email_unknown"    /* the same, and the chat tells no e-mail */
#define OAUTH_NOW_NO_ADMIN "no_admin"       /* who takes a default connection over is none now */
struct oauth_confirm {
    enum oauth_code result;
    int64_t tries_left;
    bool expired; /* OAUTH_CODE_SPENT: by its time, not by wrong tries */
    /* OAUTH_CODE_SPENT: it was right, and does not do what its connection demands by now:
     * OAUTH_NOW_*, as in the reason of its login; NULL: not that */
    const char *barred;
    bool ended; /* OAUTH_CODE_NONE, by_window: a login of this user came to nothing a moment ago */
    struct login *login;
    const char *connection_id;
    struct account account;
    const struct account *before; /* another account that acted until now; NULL: none */
    struct account_place place;   /* where it stands beside this user's others */
    bool account_differs;         /* account_match is "warn" and the e-mails differ */
};
struct oauth_typed {
    const char *workspace;
    const char *user_id;  /* who typed it */
    const char *login_id; /* for a default connection's login, whose user is ""; else NULL */
    const char *code;
    bool by_window; /* the chat's client sent it on (EVENT_CODE): a window's code is good, too */
    bool counted;   /* were it wrong: that was a try already, and is no other */
};
/* Compares with all logins of this user that wait for one, inside the caller's transaction. A code
 * is good for its own user alone: whoever else has read it cannot use it. Of somebody who may not
 * use Workbot (any more) nothing waits. A window's code cannot be guessed: one that fits nothing is
 * of a login that is over, or somebody else's, and no try. */
int oauth_confirm_code(oauth *o, store *s, const struct oauth_typed *typed,
                       struct oauth_confirm *ret, struct err *e);
/* Is it the typed code that the login waits for? Then *ret is the account that it would
 * connect. For the page that shows it again; it is no try. (shown.c) */
bool oauth_code_stands(arena *mem, const struct login *l, const char *code, struct account *ret);

/* --- which of several sites (sites.c) --- */

/* When it is proven whose login it is, its person chooses from what is sealed with it, once. */
struct oauth_site_row {
    const char *label, *host; /* host NULL: not known */
};
struct oauth_sites {
    const char *question; /* a valid id: of this list, and of no other of the same login */
    struct oauth_site_row *items;
    size_t count;
};
/* False: this login asks for none now. */
bool oauth_sites_of(arena *mem, const struct login *l, struct oauth_sites *ret);
struct oauth_site_pick {
    const char *workspace;
    const char *user_id; /* who picks */
    const char *login_id;
    const char *question;
    size_t index; /* of oauth_sites */
};
/* In the caller's transaction, as of a typed code; OAUTH_CODE_NONE: nothing of this user waits. */
int oauth_site_pick(oauth *o, store *s, const struct oauth_site_pick *pick,
                    struct oauth_confirm *ret, struct err *e);

/* "Not me", Back, expiry: ends the login and revokes provisional tokens, in the caller's
 * transaction (the revoke itself is a job). */
int oauth_login_end(oauth *o, store *s, const struct login *l, enum login_state state,
                    const char *reason, struct err *e);
/* The same where its user disconnects the app. message_id: as in struct oauth_disconnect. */
int oauth_login_disconnect(oauth *o, store *s, const struct login *l, const char *message_id,
                           struct err *e);

/* --- using tokens (access.c, refresh.c) --- */

struct oauth_access {
    struct app_site site;
    struct secret token;
    int64_t generation;
    struct account account;
    const char *connection_id;
};
/*
 * A valid access token of this connection, refreshed first if it is about to end. After a 401 pass
 * the generation that was refused: it is refreshed once, or a newer one is taken. Errors:
 *
 * - ERR_LOGIN_NEEDED "grant_dead": the row is needs_login now;
 * - ERR_LOGIN_NEEDED OAUTH_REFRESH_LOST: the row is needs_attention, tokens kept and not renewed;
 * - ERR_ATTENTION "needs_attention": the row is needs_attention, tokens kept;
 * - ERR_LIMIT "refreshing": another worker refreshes, or a cool-down runs (retry_after_ms);
 * - ERR_LIMIT OAUTH_MOVED, after a 401: the connection has another client, host or account than
 *   when it was resolved. Resolve it anew, nothing was tried;
 * - ERR_UPSTREAM_BUSY, ERR_CONFIG: as app_token().
 */
#define OAUTH_MOVED "connection_moved"
enum { OAUTH_ANY_GENERATION = -1 };
struct oauth_use {
    const struct connection *connection; /* as just resolved, with its tokens */
    const struct default_connection *def;
    int64_t refused_generation; /* OAUTH_ANY_GENERATION: none was refused */
};
int oauth_access(oauth *o, arena *mem, const struct oauth_use *use, struct oauth_access *ret,
                 struct err *e);

/* Asks the app whose account that is; a token that it refuses is renewed once. Errors as
 * oauth_access() and app_identify(). (probe.c) */
int oauth_probe(oauth *o, arena *mem, const struct oauth_use *use, struct account *ret,
                struct err *e);

/* --- scopes: asked for, and granted (scopes.c) --- */

/* connection.reason of one that acts: asked again, the app did not allow all that is asked for. */
#define OAUTH_SCOPE_REFUSED "scope_refused"

struct oauth_scopes {
    const char *const *names;
    size_t count;
};
/* What a login asks for: the default connection's scopes, else those of its app. */
struct oauth_scopes oauth_scopes_asked(const oauth *o, const struct default_connection *d);
/* Those of them that c's login did not bring; none where it is not known what it brought. OpenID
 * Connect's own do not count: many apps grant them and do not name them. */
struct oauth_scopes oauth_scopes_lacking(const oauth *o, arena *mem,
                                         const struct default_connection *d,
                                         const struct connection *c);
/* Would a new login ask for what c's lacks? needed: the scopes that the app named, one of which may
 * do, with blanks between them; "": it named none. */
bool oauth_consent_helps(const oauth *o, arena *mem, const struct default_connection *d,
                         const struct connection *c, const char *needed);

/* --- the end of a connection (forecast.c) --- */

/* So long before its end is its owner told of one that lasts so long, in seconds; 0: not told. */
int64_t oauth_lead_s(int64_t life_s);
/* Renews the tokens although they are good yet, so that the connection does not end for want of
 * use. asked: by a person; else nothing is done where keep_alive was switched off. Nothing is done
 * either where it was renewed since x was made. *ret: how it stands now. Errors as oauth_access(),
 * and ERR_NOT_FOUND "no_connection". */
int oauth_keep(oauth *o, arena *mem, const struct known_end *x, bool asked, struct connection **ret,
               struct err *e);

/* Tells the admins of something, in the caller's transaction: a job that bot_job_notice does. what
 * may be the code of a fault that only an admin can mend, and about the default connection's name.
 */
int oauth_notice_later(store *s, const char *workspace, const char *what, const char *about,
                       struct err *e);

/* --- ending (revoke.c) --- */

/* Marks the connection disconnected, wipes its tokens and adds the revoke job, in the caller's
 * transaction. forget also deletes the row. reason: "user", "admin", ... for the audit. */
struct oauth_disconnect {
    const struct connection *connection;
    const char *actor;
    bool forget;
    const char *message_id; /* told the outcome; NULL: nobody */
};
int oauth_disconnect(oauth *o, store *s, const struct oauth_disconnect *q, struct err *e);

/* Tokens that are to act no more, and whose they were. */
struct oauth_grant {
    const struct tokens *tokens;
    const struct account *account; /* its key is NULL: nobody knows whose */
    const char *user_id;           /* "": the default connection's own */
};
struct oauth_grant oauth_grant_of(const struct connection *c);
/* Adds a revoke job for tokens that stand in no row any more. Where the app would end with them
 * what somebody else of the workspace acts by, the job ends nothing there and says so. */
int oauth_revoke_later(oauth *o, store *s, const struct default_connection *d,
                       const struct oauth_grant *g, const char *message_id, struct err *e);

/* The same, and what came of it goes into the audit: whose it was must have ended. */
struct oauth_evidence {
    const char *connection_id; /* the subject */
    const char *default_name;
    const char *user_id;
};
int oauth_revoke_on_record(oauth *o, store *s, const struct default_connection *d,
                           const struct oauth_grant *g, const struct oauth_evidence *of,
                           struct err *e);

struct oauth_revoked {
    enum app_revoked result;
    const char *app_title;
    const char *message_id;
    struct oauth_evidence of; /* zeros: nobody asked for it */
    const char *default_name; /* whose it was; NULL: an earlier release does not say */
    const char *user_id;
    struct account_holder kept_for; /* who acts by the same grant: it stays; zeros: nobody */
    int64_t access_until; /* revoked, but an access token works on until then; 0: none does */
    const char *next; /* nothing is revoked yet: the tokens were renewed for it; NULL: it is over */
};
/* The job: payload as written by oauth_revoke_later. ERR_UPSTREAM_BUSY: again. */
int oauth_revoke_run(oauth *o, arena *mem, const struct job *j, struct oauth_revoked *ret,
                     struct err *e);
/* The job that goes on with renewed tokens (r->next), in the transaction that ends this one. */
int oauth_revoke_go_on(store *s, const struct job *j, const struct oauth_revoked *r, struct err *e);
/* What the job's payload says of it, without doing anything: for one that is given up. */
int oauth_revoke_read(oauth *o, arena *mem, const struct job *j, struct oauth_revoked *ret,
                      struct err *e);

#include "oauth/bot_token.h"
#include "oauth/enter.h"
#include "oauth/try.h"

#endif
