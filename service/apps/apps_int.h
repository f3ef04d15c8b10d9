#ifndef WB_APPS_INT_H
#define WB_APPS_INT_H

#include "api_int.h"

/* --- variables (definition_vars.c, vars.c) --- */

/* Where a value comes from, one bit each: a URL that is needed before an account is known may hold
 * only what is known by then. */
enum {
    VAR_CONNECTION = 1,
    VAR_CALLBACK = 2,
    VAR_TOKEN = 4,
    VAR_LOOKUP = 8,
    VAR_ANY = VAR_CONNECTION | VAR_CALLBACK | VAR_TOKEN | VAR_LOOKUP
};

struct apps_var {
    const char *name;
    unsigned from;
    const regex_t *pattern;
    const char *value; /* the default; NULL: none */
    const char *words; /* "the directory (tenant) id" */
    bool in_host;      /* it stands in the host of a URL */
};

/* A value as the app gives it, before anybody has looked at it. */
struct apps_given {
    const struct apps_var *var;
    const char *value; /* NULL: absent */
};

const struct apps_var *apps_var_find(const app *a, const char *name);
bool apps_var_fits(const struct apps_var *v, const char *value);
/* Into io, checked: app_callback_vars() lists the errors. */
int apps_var_take(arena *mem, const struct app_site *site, const struct apps_given *given,
                  json_t *io, struct err *e);
/* A parameter's text with the connection's variables. ERR_CONFIG "missing_var": one has no value.
 */
int apps_var_text(arena *mem, const struct app_site *site, const char *text, const char **ret,
                  struct err *e);
json_t *apps_vars_copy(arena *mem, const json_t *vars);
/* The same for what a token endpoint's answer holds; again: of a refresh, which may leave it out.
 */
int apps_token_vars(arena *mem, const struct app_site *site, const json_t *answer, bool again,
                    struct account *io, struct err *e);

/* "2026-11-02T09:15:00Z", fractions and offsets cut off or counted; 0 when it is none. */
int64_t apps_iso_time(const char *text); /* token_answer.c */

/* --- a definition --- */

struct apps_scope {
    const char *name;
    const char *words;
    bool required; /* a grant without it is refused */
};

/* A scope that allows what others do. */
struct apps_cover {
    const char *scope;
    struct apps_texts covers;
};

enum apps_client_auth {
    CLIENT_AUTH_POST,
    CLIENT_AUTH_BASIC,
    CLIENT_AUTH_BASIC_RAW, /* id and secret as they are, for those who decode nothing */
    CLIENT_AUTH_NONE       /* a public client: its id alone */
};
enum apps_revoke_token { REVOKE_REFRESH, REVOKE_ACCESS, REVOKE_BOTH };
enum apps_revoke_auth {
    REVOKE_AUTH_NONE,
    REVOKE_AUTH_CLIENT,
    REVOKE_AUTH_BASIC,
    REVOKE_AUTH_BEARER
};
enum apps_revoke_format { REVOKE_FORM, REVOKE_JSON, REVOKE_QUERY };

struct apps_authorize {
    const char *url;
    struct apps_pairs params;
    struct apps_pairs rename; /* our name -> theirs; "": left out */
    bool skip_empty;
    bool pkce;
    const char *scope_separator;
    bool scopes_told;   /* what was granted is known from the answer of the token endpoint */
    const char *barred; /* what to do where the app lets nobody in yet; NULL: nothing is known */
};

struct apps_callback {
    const char *code;          /* the query parameter that holds it */
    struct apps_pairs capture; /* variable -> query parameter */
};

/* In a path of these it stands for the token: for an app that says whose it is in no other way. */
#define APPS_ACCESS_TOKEN "access_token"

/* A call that asks who or where an account is. */
struct apps_question {
    const char *url;  /* absolute; or: */
    const char *path; /* below the API base */
    const char *method;
    const json_t *body; /* NULL: none */
};

/* One variable or more from the one row of an answer that fits. */
struct apps_site_lookup {
    struct apps_question ask;
    const char *list;        /* path of the rows; "": the answer itself */
    struct apps_pairs where; /* path in a row -> text that must stand there */
    struct apps_pairs set;   /* variable -> path in a row */
    const char *label;       /* path in a row of what a person knows it by; NULL: nobody is asked */
    const char *host; /* path in a row of an address, of which the host is shown; NULL: none */
};

/* A member of an answer, cut to its first characters (0: whole), or a variable or "host". */
struct apps_part {
    const char *path; /* NULL: var */
    size_t first;
    const char *var;
};

/* A second probe, for what the first does not tell. */
struct apps_details {
    const char *path;         /* below the API base; NULL: none */
    const char *organization; /* paths in the answer; NULL: not there */
    const char *sandbox;      /* true or false */
};

/* A question of another kind, whose answer must name the same account. */
struct apps_identity_check {
    const char *path;    /* below the API base; NULL: none */
    const char *answer;  /* path in its answer */
    const char *account; /* path in the first answer of what must be equal to it */
};

struct apps_identity {
    struct apps_question ask;
    const char *sandbox_url; /* in place of ask.url at a host of sandbox.hosts; NULL: the same */
    const char *one; /* path of a list with exactly one row, which is meant; NULL: the answer is */
    struct apps_part *key;
    size_t key_count;
    const char *name; /* paths in the answer */
    const char *email;
    const char *organization;
    struct apps_details details;
    struct apps_identity_check check;
};

enum apps_expires { EXPIRES_IN_S, EXPIRES_AT_S, EXPIRES_AT_MS, EXPIRES_AT_ISO };

struct apps_token_rules {
    const char *url;
    struct apps_pairs params;
    bool json; /* the request's body is JSON */
    struct apps_pairs headers;
    const char *tokens;  /* path of the object that holds them; NULL: the answer */
    const char *expires; /* path of when the access token ends; NULL: found by its name */
    enum apps_expires expires_unit;
    struct apps_pairs capture; /* variable -> path in the answer */
    const char *api_base;      /* path of the base URL in the answer; NULL: none */
    bool any_type;             /* token_type may be missing or odd */
    bool refresh_required;
    bool single_use_refresh, old_refresh_lives; /* neither: what its refreshes bring tells */
    int64_t margin_s;
    struct apps_texts error_code; /* paths, before those of RFC 6749 */
    struct apps_texts error_message;
    struct apps_rules errors;
};

struct apps_refresh {
    const char *url; /* NULL: the token endpoint's */
    struct apps_pairs params;
    int64_t idle_days;       /* a refresh token that is not used so long ends; 0: never */
    int64_t fixed_days;      /* it ends so long after the login; 0: never */
    int64_t grants_per_user; /* one more ends the oldest; 0: any number */
};

struct apps_revoke {
    const char *url; /* NULL: the app offers no way */
    const char *method;
    enum apps_revoke_token token;
    enum apps_revoke_format format;
    enum apps_revoke_auth auth;
    const char *param; /* "": the token is in the header alone */
    int success[8];
    size_t success_count; /* 0: any 2xx */
    bool ends_one_grant;
    struct apps_texts gone;  /* error words for a token that has ended, beside those of RFC 7009 */
    int64_t leaves_access_s; /* an access token lives on for so long at most; 0: it ends with it */
};

/* What a definition cannot say: each hook may be NULL. One file of each, driver_NAME.c, and a row
 * in drivers.c. */
struct apps_driver {
    const char *name;
    /* Is this answer of the token endpoint the app's own, and for this account (a first grant's has
     * no key)? The errors of app_token(): nothing of it is used. */
    int (*check_tokens)(arena *mem, const struct app_client *client, const struct account *account,
                        const json_t *answer, struct err *e);
};
const struct apps_driver *apps_driver_find(const char *name); /* NULL: there is none */
extern const struct apps_driver apps_driver_salesforce;

struct app {
    const char *name;
    const char *title;
    const char *issuer;
    bool issuer_required;
    struct apps_pairs values;
    struct apps_var *vars;
    size_t vars_count;
    struct apps_texts unverified;

    const char *host; /* the default; NULL: none */
    struct apps_texts host_names;
    struct apps_texts host_suffixes;
    struct apps_texts api_suffixes;
    struct apps_texts sandbox_hosts;
    struct apps_texts sandbox_marks; /* parts of the API base's host */

    const struct apps_driver *driver; /* NULL: none is needed */
    enum apps_client_auth client_auth;
    struct apps_authorize authorize;
    struct apps_callback callback;
    struct apps_scope *scopes;
    const char **scope_names;
    size_t scopes_count;
    struct apps_cover *covers;
    size_t covers_count;

    struct apps_token_rules token;
    struct apps_refresh refresh;
    struct apps_revoke revoke;
    struct apps_site_lookup *lookups;
    size_t lookups_count;

    const char *api_base;        /* URL, when none came with the tokens */
    struct apps_pairs api_bases; /* further ones, by name */
    struct apps_pairs api_headers;
    const char *token_header; /* NULL: Authorization: Bearer */
    const char *token_prefix;
    struct apps_identity identity;
    struct apps_errors errors;
    struct app_action *actions;
    size_t actions_count;
};

enum { APPS_DEFINITION_MAX = 256 * 1024 };

/* --- reading a definition (definition*.c) --- */

/* Reads one definition document; all faults go to faults, under `source`. NULL when it has any. */
app *apps_definition_read(arena *boot, const char *source, struct bytes text,
                          struct faults *faults);

/* The value of one name; NULL: none. */
const char *apps_pair_value(const struct apps_pairs *p, const char *name);

/* --- "{name}" in texts (template.c) --- */

/* A NULL-terminated list of names; the first {x} of text that is none of them, or a broken brace,
 * goes to *ret_why as a sentence. */
bool apps_template_known(arena *mem, const char *text, const char *const *names,
                         const char **ret_why);
/* Faults of the texts in a body; there "{{" and "}}" are braces that are meant. */
void apps_check_body(const struct json_doc *d, const char *key, const json_t *body,
                     const char *const *names);

struct apps_vars {
    const json_t *values; /* name -> text */
    const char *raw_name; /* one name whose value is taken as it is: api_base */
    const char *raw_value;
};

/* Fills in, percent-encoding every value. ERR_INVALID "bad_path" when one is missing, "", "." or
 * "..". */
int apps_template_url(arena *mem, const char *text, const struct apps_vars *vars, char **ret,
                      struct err *e);
/* A copy of a JSON template, a new reference: a text that is only "{x}" becomes the value x, an
 * absent one leaves its member out; other texts are filled in. NULL when the whole is absent. */
json_t *apps_template_json(arena *mem, const json_t *body, const json_t *values);
/* The same of a text, as text: numbers and flags as JSON, a list with commas. NULL when absent. */
const char *apps_template_text(arena *mem, const char *text, const json_t *values);
/* Text of a number, flag, text or list of these; NULL for anything else. */
const char *apps_value_text(arena *mem, const json_t *value);

/* --- where things are (site.c) --- */

/* An absolute URL of the definition at this site: app_authorize_url() lists the errors. */
int apps_site_url(arena *mem, const struct app_site *site, const char *url, char **ret,
                  struct err *e);
/* A text with the site's variables and {host} filled in, percent-encoded. */
int apps_site_fill(arena *mem, const struct app_site *site, const char *text, char **ret,
                   struct err *e);
/* What stands between "https://" and the path. */
char *apps_authority(arena *mem, const char *url);
/* A full name in lower case, and no IP address. */
bool apps_is_dns_name(const char *host);
/* DNS labels with dots between them. */
bool apps_is_host_part(const char *text);
/* Where API calls go. */
int apps_api_base(arena *mem, const struct app_site *site, const char **ret, struct err *e);
/* A base URL that came with a token ("instance_url"), without a slash at its end: https and below
 * an allowed suffix, or the site's own trusted peer. ERR_CONFIG "captured_host". */
int apps_capture_base(arena *mem, const struct app_site *site, const char *url, char **ret,
                      struct err *e);
/* An https URL without a port at a host below one of these suffixes; where the site is a trusted
 * peer, any of these by http. */
bool apps_is_below(arena *mem, const struct app_site *site, const char *url,
                   const struct apps_texts *suffixes);
#define APPS_TOKEN_SLOT "{token}" /* in revoke.url: one segment of its path */
bool apps_is_sandbox(arena *mem, const struct app_site *site, const char *api_base);

/* --- asking who and where an account is (probe.c, site_lookup.c) --- */

struct apps_probe {
    arena *mem;
    net_client *http;
    const struct app_site *site;
    struct secret access;
};
/* The JSON of a 200. Errors as those of URLs and of the API; ERR_UPSTREAM_BUSY "app_unreadable". */
int apps_ask(const struct apps_probe *p, const struct apps_question *q, const json_t **ret,
             struct err *e);
/* The rows at a path of an answer ("": the answer): *ret is the one that is there, NULL for none or
 * several; the number of rows. */
size_t apps_one_row(const json_t *answer, const char *path, const json_t **ret);
/* All of a definition's look-ups, into io->vars: app_identify() lists the errors. Of several rows
 * *ret is each, with the account as far as it is known by then; NULL: that is refused. */
int apps_look_up_vars(const struct apps_probe *p, struct account *io, struct app_sites *ret,
                      struct err *e);

/* --- the token endpoint --- */

enum apps_answer_kind {
    ANSWER_TOKENS,
    ANSWER_REFUSED,   /* it says why, or is JSON without a token */
    ANSWER_UNREADABLE /* HTML, nothing, garbage: nobody knows what happened */
};

struct apps_answer {
    enum apps_answer_kind kind;
    struct tokens tokens;
    const char *error;       /* NULL: none */
    const char *description; /* NULL: none */
    const json_t *body;      /* NULL unless it was JSON */
};

struct apps_answer_context {
    const struct apps_token_rules *rules; /* NULL: as RFC 6749 has it */
    bool refresh;
    int status;
    const char *content_type;
    int64_t asked_at; /* epoch seconds before the call */
};

/* Reads what a token endpoint answered, in every known dialect: pure. */
void apps_answer_read(arena *mem, const struct apps_answer_context *context, struct bytes body,
                      struct apps_answer *ret);

/* Fills *e by what a refusal means; returns -1. */
int apps_token_error(const app *a, const struct apps_refusal *r, bool html, int64_t retry_after_ms,
                     struct err *e);
/* The app's own rows, then the generic ones of RFC 6749 section 5.2. *ret_rule: NULL if none fits.
 */
enum apps_meaning apps_token_meaning(const app *a, const struct apps_refusal *r, bool html,
                                     const struct apps_rule **ret_rule);

/* Adds the client's proof to a request: secret in the form (`*io_n` fields so far) or Basic. */
void apps_client_auth(arena *mem, const app *a, const struct app_client *client,
                      struct net_request *io, size_t *io_n);

/* The form's fields as a JSON body. */
void apps_body_json(arena *mem, struct net_request *io);
/* What a code or a refresh token is sent with. */
int apps_token_request(arena *mem, const struct app_site *site, const struct app_client *client,
                       const struct app_grant *grant, struct net_request *ret, struct err *e);

#endif
