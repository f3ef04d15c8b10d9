#ifndef WB_APPS_INT_H
#define WB_APPS_INT_H

#include "apps.h"

#include <regex.h>

/* What a definition says, ready for use: docs/app-definitions.md describes every key. All texts
 * live as long as the catalogue. */

struct apps_texts {
    const char **items;
    size_t count;
};

struct apps_pair {
    const char *name;
    const char *value;
};

struct apps_pairs {
    struct apps_pair *items;
    size_t count;
};

/* --- rows that say what a refusal means (rules.c) --- */

enum apps_meaning {
    MEANS_REFUSED, /* the app's own no */
    MEANS_BUSY,
    MEANS_LIMIT,
    MEANS_UNAUTHENTIC, /* of the API: the access token is not accepted */
    MEANS_DEAD,        /* of the token endpoint: this grant has ended */
    MEANS_CONFIG       /* of the token endpoint: our client or a setting at the app */
};

enum apps_grant_kind { ANY_GRANT, CODE_GRANT, REFRESH_GRANT };

struct apps_rule {
    int status;           /* 0: any */
    const char *code;     /* NULL: any */
    const char *contains; /* part of the message, letter case ignored; NULL: any */
    bool retry_after;     /* only where the answer says when to come again */
    enum apps_grant_kind grant;
    enum apps_meaning meaning;
    int64_t retry_after_ms;
    bool nothing_done;             /* of the API: this answer proves that a write did not happen */
    const char *words;             /* for the user; NULL: none */
    const char *words_with_fields; /* with "{fields}" */
};

struct apps_rules {
    struct apps_rule *items;
    size_t count;
};

/* What an app said instead of doing what was asked. */
struct apps_refusal {
    int status;
    const char *code;    /* NULL: none */
    const char *message; /* NULL: none */
    bool retry_after;
    enum apps_grant_kind grant;
};

/* The first row that fits; NULL if none does. */
const struct apps_rule *apps_rule_find(const struct apps_rules *rules,
                                       const struct apps_refusal *r);
/* The code for a log line: NULL or not [A-Za-z0-9_.-]{1,64} gives "no code". */
const char *apps_code_text(const char *code);

/* --- a definition --- */

struct apps_scope {
    const char *name;
    const char *words;
};

enum apps_client_auth { CLIENT_AUTH_POST, CLIENT_AUTH_BASIC };
enum apps_revoke_token { REVOKE_REFRESH, REVOKE_ACCESS, REVOKE_BOTH };

/* A member of an answer, cut to its first characters (0: whole). */
struct apps_part {
    const char *path;
    size_t first;
};

/* A second probe, for what the first does not tell. */
struct apps_details {
    const char *path;         /* below the API base; NULL: none */
    const char *organization; /* paths in the answer; NULL: not there */
    const char *sandbox;      /* true or false */
};

struct apps_identity {
    const char *path; /* below the API base */
    struct apps_part *key;
    size_t key_count;
    const char *name; /* paths in the answer */
    const char *email;
    const char *organization;
    struct apps_details details;
};

struct apps_token_rules {
    const char *url;
    struct apps_pairs params;
    const char *api_base; /* path of the base URL in the answer; NULL: none */
    bool any_type;        /* token_type may be missing or odd */
    bool refresh_required;
    bool single_use_refresh;
    int64_t margin_s;
    struct apps_rules errors;
};

struct apps_errors {
    struct apps_texts code; /* paths of the code, the first that is there counts */
    const char *message;
    const char *fields; /* path of a list of field names */
    struct apps_rules rules;
};

enum apps_input_type { INPUT_TEXT, INPUT_OBJECT, INPUT_SOQL };

struct apps_input {
    const char *name;
    enum apps_input_type type;
    bool required;
    const regex_t *pattern; /* of a text; NULL: any */
    const regex_t *keys;    /* of an object's keys; NULL: any */
    const char *values;     /* of a soql: the input that holds the values of its :names */
    const char *words;      /* "an object's API name, like Opportunity" */
};

struct apps_request {
    const char *when; /* only if this input is there; NULL: always */
    const char *method;
    const char *path; /* "/sobjects/{object}": each {x} is percent-encoded */
    struct apps_pairs query;
    const json_t *body; /* with "{x}" in texts; NULL: none */
    int success[8];
    size_t success_count;
    bool repeatable;
};

struct app_action {
    const app *app;
    const char *name;
    const char *title;
    bool writes;
    bool approves;
    struct apps_input *inputs;
    size_t inputs_count;
    struct apps_request *requests; /* the first that applies */
    size_t requests_count;
    const json_t *output;   /* a path, or an object of paths, in {"answer":, "input":} */
    const char *record_id;  /* path; NULL: none */
    const char *record_url; /* "{api_base}/{id}" */
};

struct app {
    const char *name;
    const char *title;
    const char *issuer;
    struct apps_pairs values;

    const char *host; /* the default; NULL: none */
    struct apps_texts host_names;
    struct apps_texts host_suffixes;
    struct apps_texts api_suffixes;
    struct apps_texts sandbox_hosts;
    struct apps_texts sandbox_marks; /* parts of the API base's host */

    enum apps_client_auth client_auth;
    const char *authorize_url;
    struct apps_pairs authorize_params;
    bool pkce;
    const char *scope_separator;
    struct apps_scope *scopes;
    const char **scope_names;
    size_t scopes_count;

    struct apps_token_rules token;
    const char *revoke_url; /* NULL: none */
    enum apps_revoke_token revoke_token;
    bool revoke_with_client;
    bool revokes_one_grant;

    const char *api_base; /* URL, when none came with the tokens */
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

struct apps_reader {
    arena *mem;
    app *app;
};

/* Parts of it; each adds its own faults. */
void apps_read_oauth(const struct apps_reader *r, const struct json_doc *top);
void apps_read_api(const struct apps_reader *r, const struct json_doc *top);
void apps_read_actions(const struct apps_reader *r, const struct json_doc *top);
/* A list of non-empty texts. */
struct apps_texts apps_read_texts(const struct json_doc *d, const char *key, bool required);
/* An object of texts, with {value} filled in. */
struct apps_pairs apps_read_pairs(const struct apps_reader *r, const struct json_doc *d,
                                  const char *key, size_t max);
/* A URL: "https://{host}..." or "https://" and a fixed host; no other variable. */
const char *apps_read_url(const struct apps_reader *r, const struct json_doc *d, const char *key,
                          bool required);
/* Text in which {value} of "values" is filled in; other {names} stay. */
const char *apps_read_filled(const struct apps_reader *r, const struct json_doc *d, const char *key,
                             bool required);
/* A table of refusals: which meanings may stand in it is a NULL-terminated list of their names. */
struct apps_rules apps_read_rules(const struct apps_reader *r, const struct json_doc *d,
                                  const char *key, const char *const *meanings);

/* --- "{name}" in texts (template.c) --- */

/* A NULL-terminated list of names; the first {x} of text that is none of them, or a broken brace,
 * goes to *ret_why as a sentence. */
bool apps_template_known(arena *mem, const char *text, const char *const *names,
                         const char **ret_why);

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

/* --- where things are (site.c) --- */

/* An absolute URL of the definition at this site. */
char *apps_site_url(arena *mem, const struct app_site *site, const char *url);
/* Where API calls go. */
const char *apps_api_base(arena *mem, const struct app_site *site);
/* A base URL that came with a token ("instance_url"), without a slash at its end: https and below
 * an allowed suffix, or the site's own trusted peer. ERR_CONFIG "captured_host". */
int apps_capture_base(arena *mem, const struct app_site *site, const char *url, char **ret,
                      struct err *e);
bool apps_is_sandbox(arena *mem, const struct app_site *site, const char *api_base);

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
    bool any_type;
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

/* --- the API --- */

/* JSON that must be an object or a list; NULL when it is none. */
const json_t *apps_json_body(arena *mem, const struct net_response *r);
bool apps_is_html(const struct net_response *r);
/* Fills *e by what an API's refusal means; returns -1. *ret_words: for the user, or NULL. */
int apps_api_error(arena *mem, const app *a, const struct net_response *r, bool writes,
                   const char **ret_words, struct err *e);
/* Text of a scalar; NULL for anything else. */
const char *apps_scalar(arena *mem, const json_t *value);

/* --- inputs of actions (inputs.c, soql.c) --- */

/* Why a value does not do, as a sentence for the recipe's author; NULL: it does. */
const char *apps_input_fault(arena *mem, const struct apps_input *in, const json_t *value);
const struct apps_request *apps_request_pick(const struct app_action *x, const json_t *with);
/* Puts literals for the :names outside quotes. ERR_INVALID "bad_input", "template_too_long". */
int apps_soql_bind(arena *mem, const char *soql, const json_t *values, char **ret, struct err *e);
/* The next :name behind *io_at, outside quotes; NULL at the end. */
const char *apps_soql_next(arena *mem, const char **io_at);

#endif
