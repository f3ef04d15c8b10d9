#ifndef WB_APPS_API_INT_H
#define WB_APPS_API_INT_H

#include "apps.h"

#include <regex.h>

#include "base/str.h"
#include "input_int.h"

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
    MEANS_SCOPE,       /* of the API: the access token is good, and allows less than this needs */
    MEANS_DEAD,        /* of the token endpoint: this grant has ended */
    MEANS_CONFIG,      /* of the token endpoint: our client or a setting at the app */
    MEANS_DECIDED,     /* of the API: somebody has decided there before */
    MEANS_UNSURE       /* of one request: that, or this person has no right; `ended` tells which */
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
    bool unless_client_refused;    /* dead, unless it is our client that is refused (P7) */
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
    bool decided; /* by a row of refused_when */
};

/* The first row that fits; NULL if none does. */
const struct apps_rule *apps_rule_find(const struct apps_rules *rules,
                                       const struct apps_refusal *r);
/* The code for a log line: NULL or not [A-Za-z0-9_.-]{1,64} gives "no code". */
const char *apps_code_text(const char *code);

/* --- the API of an app, and its actions --- */

/* An answer of 2xx that is a refusal all the same: how it looks, and where it says why. */
struct apps_refused {
    const char *path;
    const json_t *is;     /* NULL: anything but null, false and what is empty */
    const json_t *is_not; /* anything but this; NULL: not asked */
    bool missing;         /* the path leads nowhere */
    const char *code;     /* paths; NULL: where every refusal of this app has them */
    const char *message;
    struct apps_texts unless_code; /* codes of what is no refusal here */
    bool decided;                  /* it says that somebody has decided before */
    const char *words;             /* for the user, when no row of errors has any; NULL: none */
};

struct apps_refusals {
    struct apps_refused *items;
    size_t count;
};

struct apps_errors {
    struct apps_texts code;    /* paths of the code, the first that is there counts */
    struct apps_texts message; /* the same of the message */
    const char *fields;        /* path of a list of field names */
    struct apps_rules rules;
    struct apps_refusals refused;  /* of every answer */
    struct apps_texts retry_after; /* headers besides Retry-After, read like it */
    struct apps_texts retry_at;    /* headers that hold epoch seconds; of a limit alone */
};

/* One part of a request that is multipart/form-data. */
struct apps_form_part {
    const char *name;
    const json_t *json; /* with "{x}" in texts; NULL: */
    const char *file;   /* the input that is one */
};

/* A request is meant only when an input is there, and looks like this. */
struct apps_when {
    const char *input;      /* NULL: always */
    const regex_t *pattern; /* NULL: any */
};

/* What a result is made of: paths in {"answer":, "input":}, of a look-up also "found". */
struct apps_outcome {
    const json_t *output;        /* a path, or an object of paths; NULL: the action's */
    struct apps_texts record_id; /* the first that is there; none: the action's */
};

/* A refusal that says that what was wanted is there already. */
struct apps_already {
    int status;              /* 0: any */
    const char *code;        /* NULL: any */
    const char *contains;    /* part of the message, letter case ignored; NULL: any */
    struct apps_pairs where; /* paths in the answer and what must stand there */
    struct apps_outcome outcome;
};

/* What a good answer shows: an app may take a write and keep the old value. */
struct apps_expect {
    const char *path;
    const char *equals; /* with "{x}"; when that is absent, nothing is expected */
    const char *words;
};

struct apps_request {
    struct apps_when when;
    const char *method;
    const char *base; /* URL of one of api.bases; NULL: the API base */
    const char *path; /* "/sobjects/{object}": each {x} is percent-encoded */
    struct apps_pairs query;
    struct apps_pairs headers;
    const json_t *body;           /* with "{x}" in texts; NULL: none */
    struct apps_form_part *parts; /* instead of a body */
    size_t parts_count;
    bool is_file;                 /* what its answer is */
    struct apps_texts file_hosts; /* suffixes: where a redirect may lead to */
    int success[8];
    size_t success_count;
    bool repeatable;
    struct apps_rules rules; /* what its refusals mean, before those of the API */
    struct apps_refusals refused;
    struct apps_already *already;
    size_t already_count;
    struct apps_expect *expect;
    size_t expect_count;
    struct apps_pairs
        taken; /* input -> path in the answer where its value stands if it was taken */
    struct apps_outcome outcome;
    struct apps_read_back *read_back; /* NULL: none */
    struct apps_decided *decided;     /* NULL: none */
};

/* Asked when a good answer does not say which record it means. */
struct apps_read_back {
    struct apps_request request;
    struct apps_outcome outcome;
};

/* Asked when a refusal says that somebody has decided before: who that was. Paths in the answer,
 * or in the only row of the list `one`. */
struct apps_decided {
    struct apps_request request;
    const char *one; /* NULL: the answer says it itself */
    const char *by, *at, *word;
    struct apps_ended *ended; /* NULL: none */
};

/* Asked when a refusal leaves that open: decided where the list `rows` has some, and none waits. */
struct apps_ended {
    struct apps_request request;
    const char *rows, *words;
    struct apps_pairs waits; /* path in a row -> the text that stands there while it waits */
};

/* A link for each row of a list that an action gives. */
struct apps_row {
    struct apps_texts in;    /* members of the output: a list of rows, or one */
    struct apps_pairs where; /* what must stand in a row; the first that fits counts */
    struct apps_texts id;    /* paths in a row, the first that is there */
    const char *url;
};

/* How to find out whether a write has happened. */
struct apps_look_up {
    struct apps_request request;
    int none[4]; /* statuses that say that nothing is there */
    size_t none_count;
    const char *found;            /* path of what the write leaves; with `where`, of a list */
    struct apps_pairs where;      /* path in a row -> text with "{x}" that must stand there */
    struct apps_refused not_done; /* an answer that proves that it was not done; no path: that
                                     nothing is found proves it */
    bool before; /* asked before each write too; of one that may be sent again, before
                    the first try alone */
    struct apps_outcome outcome;
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
    struct apps_look_up *look_ups; /* the first that applies, if any does */
    size_t look_ups_count;
    struct apps_outcome outcome;
    const char *record_url; /* "{api_base}/{id}", "https://{host}/x?id={id}" */
    struct apps_row *rows;
    size_t rows_count;
};

/* --- answers (api_error.c, refused.c) and calls (call.c) --- */

/* JSON that must be an object or a list; NULL when it is none. */
const json_t *apps_json_body(arena *mem, const struct net_response *r);
/* An answer that was read: once, for it may be large. */
struct apps_said {
    const struct net_response *r;
    const json_t *body;             /* as apps_json_body reads it */
    const struct apps_refused *row; /* that found a refusal in an answer of 2xx; NULL: none did */
};
bool apps_is_html(const struct net_response *r);
/* Fills *e by what an API's refusal means; returns -1. *ret_words: for the user, or NULL. */
int apps_api_error(arena *mem, const app *a, const struct net_response *r, bool writes,
                   const char **ret_words, struct err *e);
/* The same of an answer that was read. `q` (NULL: none) may have its own rows. */
int apps_api_refusal(arena *mem, const app *a, const struct apps_said *said,
                     const struct apps_request *q, bool writes, const char **ret_words,
                     struct err *e);
/* RFC 6750 section 3.1, read leniently: a WWW-Authenticate header that says insufficient_scope.
 * *ret_scope: the scopes that it names, "" for none. (challenge.c) */
bool apps_challenge_scope(arena *mem, const char *header, const char **ret_scope);
/* Milliseconds to wait by Retry-After and the headers that the definition names; those that hold a
 * time only for a limit, for they stand on every answer. 0: nothing says. */
int64_t apps_retry_after(const app *a, const struct net_response *r, bool limit);
/* Code and message of a refusal, as apps_api_refusal reads them. */
struct apps_refusal apps_refusal_read(arena *mem, const app *a, const struct apps_said *said);
/* The first row that fits the answer; NULL: none, it is no refusal. */
const struct apps_refused *apps_refused_find(const struct apps_refusals *rows,
                                             const json_t *answer);
bool apps_row_fits(const struct apps_refused *row, const json_t *answer);
/* Anything but null, false and what is empty. */
bool apps_is_there(const json_t *value);
/* What every call of the API carries: the token and the definition's headers, filled from values.
 */
void apps_api_dress(arena *mem, const app *a, struct secret access, const json_t *values,
                    struct net_request *io);
/* One call of one request. */
struct apps_exchange {
    const struct app_call *call;
    const struct apps_request *request;
    const json_t *values; /* of the templates */
};
/* The network's errors, and ERR_CONFIG "missing_var", ERR_INVALID "bad_path", "template_too_long"
 * before anything is sent. */
int apps_send(const struct apps_exchange *x, struct net_response *ret, struct err *e);
/* 0, or ERR_INVALID "template_too_long" of a text that was cut at LIMIT_URL. */
int apps_not_cut(const struct str *s, const char *what, struct err *e);
/* Adds a header, or changes it when it is there. */
void apps_header_set(struct net_request *io, const char *name, const char *value);
/* Of a list that ends with NULL. */
bool apps_is_listed(const char *const *names, const char *name);
/* Text of a scalar; NULL for anything else. */
const char *apps_scalar(arena *mem, const json_t *value);
/* The first of these places that has one. */
const char *apps_first_scalar(arena *mem, const struct apps_texts *paths, const json_t *scope);

/* --- what inputs lead to (actions.c, soql.c) --- */

bool apps_when_fits(const struct app_action *x, const struct apps_when *when, const json_t *with);
const struct apps_request *apps_request_pick(const struct app_action *x, const json_t *with);
/* Puts literals for the :names outside quotes. ERR_INVALID "bad_input", "template_too_long". */
int apps_soql_bind(arena *mem, const char *soql, const json_t *values, char **ret, struct err *e);
/* The next :name behind *io_at, outside quotes; NULL at the end. */
const char *apps_soql_next(arena *mem, const char **io_at);

/* --- one action, once (act.c, look_up.c, result.c) --- */

struct apps_act {
    const struct app_call *call;
    const struct app_action *action;
    json_t *values; /* of the templates: inputs that are there, the connection's, and the key */
};

/* Inputs are checked again here, for templates have become values: ERR_INVALID "bad_input". */
int apps_act_begin(const struct app_call *c, const app_action *x, const json_t *with,
                   const char **ret_words, struct apps_act *ret, struct err *e);
bool apps_is_success(const struct apps_request *q, int status);
/* Reads a good answer (without a body: it has none). Errors: what an answer of 2xx says against
 * itself (ret->row), ERR_UPSTREAM_BUSY "app_unreadable" for HTML, and APPS_ODD for anything else
 * that is no JSON. */
int apps_answer_body(const struct apps_act *t, const struct apps_request *q,
                     const struct net_response *r, struct apps_said *ret, struct err *e);
/* An answer of 2xx held against what its action gives (shown.c). */
enum apps_look_of { LOOKS_GOOD, LOOKS_REFUSED, LOOKS_ODD };
enum apps_look_of apps_look_of(const struct apps_act *t, const struct apps_request *q,
                               const struct net_response *r, const json_t *answer);
/* ERR_UPSTREAM_REFUSED "app_refused": the app took it, but shows another value than it was told. */
int apps_check_expected(const struct apps_act *t, const struct apps_request *q,
                        const json_t *answer, const char **ret_words, struct err *e);
/* What is wrong with an input where this request puts it, as the end of a sentence; NULL: nothing.
 * later: names of those that are not known yet; NULL: none (places.c). */
const char *apps_place_fault(const struct apps_act *t, const struct apps_request *q,
                             const json_t *later, const char **ret_input);
const char *apps_longest_input(const struct apps_act *t); /* its name; NULL: there is none */
/* Every input of `taken` that was sent stands in the answer (taken.c). */
bool apps_is_taken(const struct apps_act *t, const struct apps_request *q, const json_t *answer);
/* ERR_UPSTREAM_REFUSED "app_refused": a change of which the app took nothing. */
int apps_check_taken(const struct apps_act *t, const struct apps_request *q, const json_t *answer,
                     const char **ret_words, struct err *e);
/* Into the output, as APPS_NOT_TAKEN: what the app left out, or does not show, in words. */
void apps_add_taken(const struct apps_act *t, const struct apps_request *q, const json_t *answer,
                    struct app_result *io);
/* A sentence of ours about a write that is done, behind those that stand there. */
void apps_add_words(const struct apps_act *t, const char *words, struct app_result *io);
/* beside.c: a result without a record's id is read once more; where that says no id either, it is
 * told, for the write stands. */
void apps_read_back(const struct apps_act *t, const struct apps_request *q, struct app_result *io);
#define APPS_UNSURE "app_unsure" /* beside.c: it becomes "already_decided" or "app_refused" */
void apps_make_sure(const struct apps_act *t, const struct apps_request *q, const json_t *with,
                    const char **ret_words, struct err *e);
/* beside.c: *ret stays as it is where the app does not say, or not to this person. */
void apps_who_decided(const struct apps_act *t, const struct apps_request *q, const json_t *with,
                      struct app_decided *ret);
/* ERR_UPSTREAM_REFUSED "app_odd": an answer that nothing can be made of. */
#define APPS_ODD "app_odd"
int apps_odd(const app *a, const struct net_response *r, bool writes, struct err *e);
/* {"answer":, "input":}, a new reference, in which both stand themselves: not to be changed. */
json_t *apps_scope(const struct apps_act *t, const json_t *answer);
void apps_result_make(const struct apps_act *t, const struct apps_outcome *o, const json_t *scope,
                      struct app_result *ret);
/* All these values stand in the row (or answer). A variable without a value fits nothing. */
bool apps_where_fits(const struct apps_act *t, const struct apps_pairs *where, const json_t *row);
/* The same of a write that had happened before: "already" is true, and the id is there. */
void apps_result_already(const struct apps_act *t, const struct apps_outcome *o,
                         const json_t *scope, struct app_result *ret);
const struct apps_look_up *apps_look_up_pick(const struct app_action *x, const json_t *with);
/* Asks. *ret_result is set when it was found. */
int apps_look(const struct apps_act *t, const struct apps_look_up *l, enum app_lookup *ret,
              struct app_result *ret_result, const char **ret_words, struct err *e);

/* --- answers that are files (download.c) --- */

enum { APPS_RETRY_HEADERS_MAX = 4 }; /* the others of NET_ASKED_MAX are for files */
/* After apps_api_dress: the bound of a file, and the headers that tell of it. */
void apps_file_ask(const app *a, struct net_request *io);
/* Goes where the answer says that the file lies, once and without the token; nothing when it says
 * no such thing. Errors of the network, ERR_CONFIG "captured_host", ERR_UPSTREAM_BUSY "app_busy",
 * ERR_UPSTREAM_REFUSED "app_refused". */
int apps_file_follow(const struct apps_act *t, const struct apps_request *q,
                     struct net_response *io, const char **ret_words, struct err *e);
/* Words for a call for a file that failed with *e; gives -1. */
int apps_file_failed(const struct apps_act *t, const char **ret_words, struct err *e);
/* {"file": {"name", "content_base64"}, "size"}. */
const json_t *apps_file_answer(const struct apps_act *t, const struct net_response *r);

#endif
