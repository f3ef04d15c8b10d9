#ifndef WB_APPS_H
#define WB_APPS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/account.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/faults.h"
#include "base/json.h"
#include "base/secret.h"
#include "net.h"

/*
 * The apps: OAuth2 providers and what can be done in them. An app is one JSON definition
 * (service/apps/definitions/NAME.json, further ones from WORKBOT_APPS_DIR), plus a driver with only
 * the hooks that a definition cannot say. This module never fetches or stores a token: it is handed
 * one.
 */

typedef struct apps apps; /* the catalogue; immutable after loading */
typedef struct app app;   /* one entry */

/* Loads the built-in definitions and those of dir (NULL: none). Unknown members, wrong types and
 * shadowed names are faults, all at once. */
int apps_load(arena *boot, const char *dir, apps **ret, struct faults *faults);
const app *apps_find(const apps *a, const char *name); /* NULL if unknown */
/* By its name or title, however they are cased. */
const app *apps_called(const apps *a, const char *words);
/* Of the folder that apps_load() was given, NULL behind the last: the apps that came from there,
 * and the files that it passed over, since their names do not end in ".json" (at most 50). */
const char *apps_from_dir(const apps *a, size_t index);
const char *apps_passed_over(const apps *a, size_t index);
const app *apps_at(const apps *a, size_t index); /* NULL behind the last; by name */

const char *app_name(const app *a);  /* "salesforce" */
const char *app_title(const app *a); /* "Salesforce" */
/* Scopes to ask for when the default connection names none. */
const char *const *app_scopes(const app *a, size_t *ret_count);
/* Plain words for a scope on the landing page; the scope itself when there are none. */
const char *app_scope_words(const app *a, const char *scope);
/* Whether its token endpoint ever says what it granted. */
bool app_tells_scopes(const app *a);
/* Who was granted the one may do what the other allows: the same, or one that covers it. */
bool app_scope_covers(const app *a, const char *granted, const char *scope);
/* Seconds before its end at which an access token is refreshed. */
int64_t app_refresh_margin_s(const app *a);
/* Each refresh token works once: a lost answer may be tried again once, and no more. False also
 * where it is a setting at the app, and one of its refreshes must tell. */
bool app_single_use_refresh(const app *a);
/* An older refresh token works on beside the one that a refresh brought. */
bool app_old_refresh_lives(const app *a);
/* Revoking the tokens that a new grant replaces leaves the new ones alive. */
bool app_revokes_one_grant(const app *a);
/* It offers to end a login from outside, and ends with it every grant of the user to the client. */
bool app_revokes_all_grants(const app *a);
/* One grant of it may be for several sites, and so for several accounts of one person. */
bool app_spans_sites(const app *a);
/* Its revocation takes an access token, and one that lives. */
bool app_revokes_by_access(const app *a);
/* Until when the access token works on at the app though its refresh token has been revoked, in
 * seconds since the epoch, as the app told or at the latest; 0: it does not. */
int64_t app_access_left(const app *a, const struct tokens *t, int64_t now);
/* False: a public client, which has an id and no secret. */
bool app_needs_secret(const app *a);
/* Days after which a refresh token that nobody uses ends, and those after which it ends in any
 * case; 0: not so. */
int64_t app_refresh_idle_days(const app *a);
int64_t app_refresh_fixed_days(const app *a);
/* So many grants of one user live at a time, and one more ends the oldest; 0: any number. */
int64_t app_grants_per_user(const app *a);
/* RFC 9207: `iss` of a callback, NULL when there is none. A definition that names no issuer takes
 * any; one that demands it takes no callback without. */
bool app_issuer_fits(const app *a, const char *iss);
/* Public description for GET /v1/apps: a new reference. */
json_t *app_describe(const app *a);

/* --- where an app is --- */

struct app_site {
    const app *app;
    const char *workspace; /* whose calls these are; NULL: nobody calls there */
    const char *host;      /* of the default connection; "login.salesforce.com" */
    bool plain_http;       /* the host is a trusted local peer */
    const char *api_base;  /* as captured with the tokens; NULL: the definition's */
    const json_t *vars;    /* name -> text, from app_site_vars(); NULL: none */
    const json_t *own;     /* those of them that the default connection sets; NULL: none */
};

/* May this host be used for this app: equal to a listed host or below a listed suffix, a plain DNS
 * name, or a trusted peer (`trusted`). An empty host is the definition's default, given in
 * *ret_host. Adds a fault under `path` otherwise. */
void app_check_host(const app *a, const char *host, bool trusted, const char *path,
                    struct faults *faults, const char **ret_host);

/*
 * Variables: parts of URLs, paths and bodies that differ from one default connection or account to
 * another. What a default connection sets counts before what came with the account, that before
 * the definition's default. A value that the definition does not allow is as if it were not there.
 */
const json_t *app_site_vars(arena *mem, const app *a, const json_t *own, const json_t *account);
/* Faults of what an admin sets (`vars` may be NULL): unknown names, values outside their pattern,
 * and what only an admin can say and did not. */
void app_check_vars(const app *a, const json_t *vars, const char *path, struct faults *faults);

/* --- OAuth2 at the app --- */

struct app_client {
    const char *id;
    struct secret secret;
};

struct app_authorize {
    const char *client_id;
    const char *redirect_uri;
    const char *const *scopes;
    size_t scopes_count;
    const char *state;
    const char *challenge;  /* PKCE S256; left out when the definition switches it off */
    const char *login_hint; /* NULL: none */
};
/* RFC 6749 section 4.1.1 with the definition's extra parameters. Errors as every URL of a site:
 *   ERR_CONFIG "missing_var"    a variable in it has no value
 *   ERR_CONFIG "captured_host"  its value would lead to a host outside the definition */
int app_authorize_url(arena *mem, const struct app_site *site, const struct app_authorize *q,
                      char **ret, struct err *e);
/* "https://host": the origin of the authorize page, for form-action of our CSP; NULL where the
 * page's URL cannot be made. */
char *app_authorize_origin(arena *mem, const struct app_site *site);

/* The query parameter of the callback that holds the code: "code", as a rule. */
const char *app_callback_code(const app *a);
/* What an administrator of the app does where it lets nobody in before that: whole sentences; NULL:
 * nothing is known of it. Some apps say so on a page of their own, and send no browser back. */
const char *app_barred(const app *a);
/* Takes the variables that come as query parameters (name -> text) of the callback into io->vars.
 * Errors of every variable that an app gives:
 *   ERR_CONFIG "missing_var"   it is not there
 *   ERR_CONFIG "captured_var"  its definition does not allow this value
 *   ERR_CONFIG "other_var"     the default connection is set to another value */
int app_callback_vars(arena *mem, const struct app_site *site, const json_t *query,
                      struct account *io, struct err *e);

/* One call of the token endpoint: a code or a refresh token. */
struct app_grant {
    struct secret code; /* empty: refresh */
    const char *redirect_uri;
    struct secret verifier;
    struct secret refresh;
    const char *const
        *scopes; /* of a code: what was asked for; none: all that the definition has */
    size_t scopes_count;
};
/*
 * RFC 6749 sections 4.1.3, 5 and 6. A refresh that brings no new refresh token leaves it empty: the
 * old one stays. *io_account gets what came with the tokens, checked: the API base, and variables
 * beside those that it has. A refresh may say them anew, for an organisation that has moved; what
 * it leaves out stays, and where one of them is not allowed all stay and io_account->not_taken says
 * why: the tokens are good all the same. Errors, beside those of URLs and variables of a code, by
 * what they mean and not by what the status was:
 *
 *   ERR_LOGIN_NEEDED   "grant_dead"      the provider says that this code or refresh token is dead
 *   ERR_LOGIN_NEEDED   "grant_unclear"   that, or our client is wrong: this app says one for both
 *   ERR_CONFIG         "client_refused"  our client id or secret is wrong, or a setting at the app
 *   ERR_CONFIG         "address"         its host may not be called; nothing was sent
 *   ERR_CONFIG         "no_refresh_token" a first grant came without one: *ret is to be revoked, as
 *                                     it is with all of ERR_CONFIG below
 *   ERR_CONFIG         "captured_host"   its API base is outside the hosts of the definition
 *   ERR_CONFIG         "token_signature" the app signs its answers, and this one it has not signed:
 *                                     of a refresh, too, *ret holds what came
 *   ERR_ATTENTION      "token_of_another" a refresh brought the tokens of another account
 *   ERR_CONFIG         "scope_missing"   a first grant allows less than was asked for, and the
 *                                     definition requires it
 *   ERR_UPSTREAM_BUSY  "token_busy"      outage, throttle, HTML: nothing is known; maybe_done: the
 *                                     answer is a gateway's, and the app may have done it
 *   ERR_ATTENTION      "token_refused"   an unknown refusal: keep the tokens, show it
 */
int app_token(arena *mem, net_client *http, const struct app_site *site,
              const struct app_client *client, const struct app_grant *grant, struct tokens *ret,
              struct account *io_account, struct err *e);

enum app_revoked {
    APP_REVOKED,    /* at the app, now or before */
    APP_REVOKE_NONE /* the app offers no way: removed here only */
};
/* RFC 7009. ERR_UPSTREAM_BUSY "revoke_busy" and the network's errors: try again later.
 * ERR_ATTENTION "revoke_refused", "revoke_other_token": the app does not do it, nor will it with
 * these tokens. */
int app_revoke(arena *mem, net_client *http, const struct app_site *site,
               const struct app_client *client, const struct tokens *t, enum app_revoked *ret,
               struct err *e);

/* One login may reach several sites of an app: what a person knows one by, and who they are there.
 */
enum { APP_SITES_MAX = 25 };
struct app_site_choice {
    const char *label;
    const char *host; /* where it is, to tell it from its namesakes; NULL: the app does not say */
    json_t *set;      /* the variables that name it */
    struct account account;
};
struct app_sites {
    struct app_site_choice *items;
    size_t count;
};
/* Who is this account: the definition's look-ups of variables, its identity probe, and a second one
 * for the organization's name that may fail; fills *io (api_base and variables may be there
 * already). Where the login reaches several sites, and the definition says what people call them,
 * *ret holds each at which it is known who this is, and *io is the account at the first; else *ret
 * is left as it was. With a count of 1 or 0 there is nothing to choose. ret NULL: nobody can be
 * asked. ERR_UNAUTHENTIC "app_401" when
 * the token is refused, ERR_UPSTREAM_REFUSED "no_identity" when the answer does not say who;
 * ERR_CONFIG "lookup_none" when a look-up finds nothing that fits, "lookup_many" when it finds
 * several and an admin must set which. */
int app_identify(arena *mem, net_client *http, const struct app_site *site, struct secret access,
                 struct account *io, struct app_sites *ret, struct err *e);

/* "GET /user for id, login": for whoever must find out why that gives nothing. */
const char *app_identity_asks(arena *mem, const app *a);

/* An id that the app gave, as the last part of its accounts' keys holds it (Salesforce: the first
 * 15 characters). NULL where a key has one part, which is the id. */
const char *app_account_id(arena *mem, const app *a, const char *id);

/* --- actions --- */

typedef struct app_action app_action;
const app_action *app_action_find(const app *a, const char *name);
bool app_action_writes(const app_action *x);
bool app_action_approves(const app_action *x); /* approve or reject: design section 2 */
/* Faults of a step's `with`: unknown and missing members, wrong types (templates count as text of
 * any type). */
void app_action_check(const app_action *x, const struct json_doc *with);

struct app_call {
    arena *mem;
    net_client *http;
    struct app_site site;
    struct secret access;
    const char *idempotency_key; /* of the step */
    bool again;                  /* an earlier try of the step may have had its effect */
    const char *account_key;
};

/* A member of an output: a sentence that says which inputs of a write the app did not take. */
#define APPS_NOT_TAKEN "not_taken"

/* Would the action take these values? `with` of a step as far as it is known by now, and the names
 * of what is not. ERR_INVALID "bad_input", with the input's name and *ret_words as of app_act. */
struct app_given {
    const json_t *with, *later;
};
int app_act_fits(arena *mem, const app_action *x, const struct app_given *given,
                 const char **ret_input, const char **ret_words, struct err *e);

/* Who had decided before, as the app says it to this person. */
struct app_decided {
    const char *by;   /* a name there; NULL: nobody says */
    const char *word; /* "approved", "rejected", "completed" */
    int64_t at;       /* epoch seconds; 0: unknown */
};

struct app_result {
    json_t *output;             /* what later templates see as steps.ID */
    const char *record_id;      /* NULL: none */
    const char *record_url;     /* deep link */
    struct app_decided decided; /* of the error "already_decided" alone */
};
/*
 * Runs an action once. Errors:
 *   ERR_UNAUTHENTIC      "app_401"        refresh once, repeat once
 *   ERR_UPSTREAM_REFUSED "app_refused"    the app's own word; e->text for the log. The user's
 *                                         words are in *ret_words: short, plain, from our table
 *   ERR_UPSTREAM_REFUSED "already_decided" somebody has decided there before; ret->decided may say
 *                                         who
 *   ERR_UPSTREAM_REFUSED "app_scope"      the token allows less than this needs, and nothing was
 *                                         done; e->needed: which scopes, where the app says so
 *   ERR_INVALID          "bad_input"      a value that a template gave does not do; *ret_words say
 *   ERR_LIMIT, ERR_UPSTREAM_BUSY, ERR_TIMEOUT  again later; maybe_done: a write may have happened
 */
int app_act(const struct app_call *c, const app_action *x, const json_t *with,
            struct app_result *ret, const char **ret_words, struct err *e);

enum app_lookup {
    APP_FOUND,     /* it happened: *ret is the result */
    APP_NOT_FOUND, /* it certainly did not: may be repeated */
    APP_CANNOT_TELL
};
/* After a write whose answer was lost (P10): did it happen? */
int app_look_up(const struct app_call *c, const app_action *x, const json_t *with,
                enum app_lookup *ret, struct app_result *ret_result, struct err *e);
/* Is a repeat of this action with the same idempotency key harmless? */
bool app_action_repeatable(const app_action *x, const json_t *with);

#endif
