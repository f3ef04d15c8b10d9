#ifndef WB_SERVICE_WEB_API_INT_H
#define WB_SERVICE_WEB_API_INT_H

#include "base/json.h"
#include "web_int.h"

/* What the calls of /v1 share: one session, one transaction where something is written, one body
 * whose faults are all told at once. */

struct api {
    web *web;
    const struct request *q;
    struct response *r;
    arena *mem;
    store *s;              /* in a transaction, unless the method is GET */
    const char *workspace; /* of the path */
    const char *name;      /* the path's second parameter: a name or an id; NULL: none */
    json_t *body;          /* NULL: none came */
    struct json_doc doc;   /* the same, for strict reading */
    struct faults faults;
};

/* A call: 0 commits and sends what api_answer() was given; -1 rolls back. With faults noted, -1
 * becomes a 422 that lists them. */
typedef int api_fn(struct api *a, struct err *e);
int api_run(web *w, const struct request *q, struct response *r, api_fn *fn, struct err *e);

/* Takes the reference. */
void api_answer(struct api *a, int status, json_t *value);

/* --- conditions of a request (api_condition.c) --- */

/* The strong ETag of what a GET answers, whose reference it takes, stored at that time. */
const char *api_tag(struct api *a, json_t *value, int64_t stored_us);
/* It says If-Match or If-None-Match: what stands is only read for the tag then. */
bool api_is_conditional(const struct api *a);
/* Do they hold for what stands under this tag, NULL: nothing? ERR_PRECONDITION "precondition". To
 * be asked in the transaction that writes, when its row or its workspace is locked. */
int api_condition(const struct api *a, const char *tag, struct err *e);
/* api_answer() with the ETag of the resource. */
void api_answer_tagged(struct api *a, int status, json_t *value, const char *tag);

/* ERR_INVALID "invalid" when faults were noted, else 0. */
int api_refuse(const struct api *a, struct err *e);

/* The workspace of the path; ERR_NOT_FOUND "no_workspace". */
int api_workspace(struct api *a, struct workspace **ret, struct err *e);
/* The same, locked until the end: such changes of one workspace are made one after the other. Asks
 * api_still_may(). */
int api_workspace_lock(struct api *a, struct workspace **ret, struct err *e);
/* Under that lock: is whoever asks an admin still, is their token one still? What took that away
 * may have held the lock. ERR_FORBIDDEN "no_admin", ERR_UNAUTHENTIC "token". */
int api_still_may(struct api *a, const struct workspace *w, struct err *e);
/* The default connection of the path; ERR_NOT_FOUND "no_default_connection". */
int api_default(struct api *a, struct default_connection **ret, struct err *e);
/* What an admin changes here stands on people's home pages. */
int api_touch_homes(struct api *a, struct err *e);
int api_audit(struct api *a, const char *action, const char *subject, json_t *detail,
              struct err *e);
/* The path's {name}: its shape, and the same as in the body where that has one. */
void api_check_name(struct api *a);

/* In a PUT of settings a member that is absent keeps what stands, and null puts back the default
 * (or removes): only a given one is read. */
bool api_given(const struct json_doc *d, const char *key);

/* One line of text: a control character is a fault. */
const char *api_line(const struct json_doc *d, const char *key, bool required, size_t max);
/* A word without white space; an empty one is a fault. */
const char *api_word(const struct json_doc *d, const char *key, size_t max);
const char **api_words(const struct json_doc *d, const char *key, size_t max, size_t *ret_count);

/* --- users' ids as their chat names them (api_users.c) --- */

enum { API_USER_ID_MAX = 100 };
/* An id that the workspace's platform cannot have is a fault; NULL for none. */
const char *api_user(const struct api *a, const char *key);
/* The same of a word that was read already, or NULL, where no struct api is. */
const char *api_user_in(const struct json_doc *d, arena *mem, const char *workspace,
                        const char *key, const char *word);
const char **api_users(const struct api *a, const char *key, size_t *ret_count);
/* A long list of them, in order; who is named twice stands there once. */
const char **api_people(const struct api *a, const char *key, size_t max, size_t *ret_count);
/* The same for users and channels in allow of the recipe in the body, which then holds them so. */
void api_recipe_allow(struct api *a);

/* A member that is written and never read: absent keeps, null removes. */
struct api_secret {
    bool given;
    struct secret value; /* empty: remove, when given */
};
struct api_secret api_secret(const struct json_doc *d, const char *key);
/* Would it change what is stored? */
bool api_secret_differs(struct api_secret given, struct secret stored);

bool api_texts_equal(const char *const *a, size_t a_count, const char *const *b, size_t b_count);
/* Adds key to a list of what changed. */
void api_note(json_t *changed, bool differs, const char *key);

/* --- what the audit says of a change (api_told.c) --- */

struct api_list {
    const char *const *texts;
    size_t count;
};
/* detail gets "<prefix>added" and "<prefix>removed", the first 100 by name, and "..._count" of
 * each; false: they hold the same. */
bool api_tell_list(arena *mem, json_t *detail, const char *prefix, struct api_list was,
                   struct api_list now);
/* detail gets "<key>_before" and "<key>", unless they are the same. Not for secrets. */
void api_tell_change(arena *mem, json_t *detail, const char *key, const char *was, const char *now);

/* RFC 3339, or null for 0. */
json_t *api_time(arena *mem, int64_t at);
/* null when nobody is known. */
json_t *api_account(const struct account *a);

/* ?name=true or false; absent: false. */
int api_flag(const struct api *a, const char *name, bool *ret, struct err *e);

/* --- lists: {"items": [...], "next": cursor or null} --- */

enum { API_PAGE_COUNT = 50 };
struct api_page {
    const char *cursor; /* NULL: from the start */
    int64_t limit;
};
/* ?cursor= and ?limit= */
int api_page(const struct api *a, struct api_page *ret, struct err *e);
/* A time in the query; 0: not given. */
int api_query_time(const struct api *a, const char *name, int64_t *ret, struct err *e);
/* Answers with items and, unless NULL, the cursor behind the last. */
void api_answer_list(struct api *a, json_t *items, const char *next);
/* Of rows in the order of their names, those that stand on this page: [from, to). */
struct api_window {
    size_t from, to;
    const char *next; /* cursor of the next page; NULL: this is the last one */
};
struct api_window api_window(const struct api_page *page, const void *list, size_t count,
                             const char *(*name)(const void *list, size_t i));

/* --- the end of grants (api_ending.c) --- */

struct api_ended {
    int64_t connections;
    int64_t revoking; /* grants that a job ends at the app */
};
/* Ends the logins of this user under this default connection that wait for a code. to: LOGIN_OPEN
 * lets the same link be used again. */
int api_end_logins(struct api *a, const struct connection *c, enum login_state to,
                   struct api_ended *ended, struct err *e);
/* Revokes all grants under a default connection, at the app as it is stored now. The rows stay. Its
 * row is locked from here on: no callback brings tokens meanwhile. */
int api_end_grants(struct api *a, const struct default_connection *d, enum login_state to,
                   struct api_ended *ended, struct err *e);
/* 202 with the numbers. */
void api_answer_ended(struct api *a, const struct api_ended *ended);

/* The answer for one default connection (api_connections.c). */
/* It has no client yet. */
bool api_is_draft(const struct api *a, const struct default_connection *d);
int api_default_json(struct api *a, const struct default_connection *d, json_t **ret,
                     struct err *e);
int api_default_tag(struct api *a, const struct default_connection *d, const char **ret,
                    struct err *e);
/* api_condition() for it; d NULL: there is none. */
int api_default_condition(struct api *a, const struct default_connection *d, struct err *e);

/* The recipe of the body, by the workspace as it stands; shape and meaning in one go, so that all
 * faults are noted at once (api_recipes.c). */
int api_recipe_read(struct api *a, struct recipe **ret, struct err *e);
/* What of a stored recipe will not work as the workspace stands (api_recipe_warn.c):
 * [{"path":..., "text":...}], a new reference. */
int api_recipe_warn(struct api *a, const struct recipe *r, json_t **ret, struct err *e);

#endif
