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

struct app {
    const char *name;
    const char *title;
    const char *issuer;
    struct apps_pairs values;
    struct apps_var *vars;
    size_t vars_count;

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
/* An extended regular expression from ^ to $; `absent` (NULL: none) where there is none. */
const regex_t *apps_read_pattern(const struct json_doc *d, const char *key, const char *absent);
/* A text or a list of texts. */
struct apps_texts apps_read_paths(const struct json_doc *d, const char *key);
struct apps_refused apps_read_refused(const struct json_doc *d);
extern const char *const apps_api_meanings[]; /* what a refusal of the API may mean */
struct apps_refusals apps_read_refusals(const struct apps_reader *r, const struct json_doc *d);
/* The inputs of an action, into x. */
void apps_read_inputs(const struct json_doc *d, struct app_action *x);
/* NULL: there is none of this name. */
const struct apps_input *apps_input_find(const struct app_action *x, const char *name);
bool apps_has_input(const struct app_action *x, const char *name);

/* One action while it is read. */
struct apps_action_reader {
    const struct apps_reader *r;
    struct app_action *action;
    const char **names; /* what its templates may name, NULL-terminated */
};
void apps_read_request(const struct apps_action_reader *ar, const struct json_doc *d,
                       struct apps_request *q);
/* The part of it that a look-up has too: where it goes and with what. */
void apps_read_asking(const struct apps_action_reader *ar, const struct json_doc *d,
                      struct apps_request *q);
void apps_read_look_ups(const struct apps_action_reader *ar, const struct json_doc *d);
void apps_read_already(const struct apps_action_reader *ar, const struct json_doc *d,
                       struct apps_request *q);
void apps_read_expect(const struct apps_action_reader *ar, const struct json_doc *d,
                      struct apps_request *q);
/* "output" and "record_id"; `found`: their paths may begin with "found". */
struct apps_outcome apps_read_outcome(const struct apps_action_reader *ar, const struct json_doc *d,
                                      bool found);
/* Statuses between least and most. */
size_t apps_read_statuses(const struct json_doc *d, const char *key, int least, int most, int *ret,
                          size_t room);
void apps_check_body(const struct apps_action_reader *ar, const struct json_doc *d, const char *key,
                     const json_t *body);
/* "multipart" of a request. */
void apps_read_parts(const struct apps_action_reader *ar, const struct json_doc *d,
                     struct apps_request *q);
/* Faults when text names what is not known. */
void apps_check_template(const struct apps_action_reader *ar, const struct json_doc *d,
                         const char *key, const char *text);
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
/* The same of a text, as text: numbers and flags as JSON, a list with commas. NULL when absent. */
const char *apps_template_text(arena *mem, const char *text, const json_t *values);
/* Text of a number, flag, text or list of these; NULL for anything else. */
const char *apps_value_text(arena *mem, const json_t *value);

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

#endif
