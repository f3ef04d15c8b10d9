#ifndef WB_WEB_CONSOLE_INT_H
#define WB_WEB_CONSOLE_INT_H

#include "base/json.h"
#include "base/str.h"
#include "web_int.h"

/*
 * The console: pages for people, in front of the very calls that /v1 has. A page asks a call as the
 * person who is signed in (console_ask), shows what it answers, and stores nothing by itself. So
 * what may be changed, how it is checked and what the audit says of it stands once, in api_*.c.
 */

enum console_right {
    CONSOLE_ADMIN,   /* an admin of the workspace in the path, or an operator */
    CONSOLE_OPERATOR /* an operator alone */
};

struct console {
    web *web;
    const struct request *q;
    struct response *r;
    arena *mem;
    const char *workspace; /* of the path; NULL: none stands there */
    const char *name;      /* the path's second parameter */
    bool is_operator;
    const char *actor;       /* for the audit: "user:U...", "token:..." */
    const char *home;        /* an admin's own workspace; NULL for operators */
    const char *user_id;     /* NULL for operators */
    const char *person;      /* as the page names whoever is signed in */
    const char *token_hash;  /* of the cookie */
    const char *session_id;  /* NULL for operators */
    const char *form_key;    /* stands in each form: the form is of a page of this session */
    const char *form_action; /* origins that forms of the page lead on to; NULL: none */
    bool other_form;         /* what was sent is of a page of another one: see keeps_text() */
    bool checked;            /* the page has console_check.js: what is typed is checked */
};
typedef int console_fn(struct console *c, struct err *e);

/* --- console.c: who asks, for which page --- */

/* *ret false: nobody is signed in in this browser. */
int console_who(struct console *c, bool *ret, struct err *e);

/* --- console_enter.c --- */

/* Is Workbot installed in any chat? */
int console_any_bot(const struct console *c, bool *ret, struct err *e);

/* --- console_ask.c: what pages are made of --- */

struct console_call {
    enum method method;
    route_fn *handler;       /* of api_*.c */
    const char *name;        /* the path's second parameter; NULL */
    const char *part;        /* and the third; NULL */
    const char *query;       /* NULL: none */
    json_t *body;            /* NULL: none; taken over */
    bool whole;              /* see console_all() */
    struct header condition; /* If-Match or If-None-Match; no name: none */
    const char *unmet;   /* of console_try(): its words when that does not hold; NULL: the API's */
    const char *refusal; /* of console_do(): why the page does not ask; NULL: it does */
};
struct console_answer {
    int status;
    json_t *value;       /* NULL: no body */
    const char *tag;     /* its ETag; NULL: none */
    const char *problem; /* of console_try: why it was not done, in words; NULL: it was */
    json_t *faults;      /* [{path, text}] of a 422; NULL: none */
};
/* What a call answers. What fails there fails here. */
int console_ask(struct console *c, const struct console_call *call, struct console_answer *ret,
                struct err *e);
/* The same for a change that may be refused: its words are for the page. */
int console_try(struct console *c, const struct console_call *call, struct console_answer *ret,
                struct err *e);
/* The items of a list, the first `limit`. */
int console_list(struct console *c, route_fn *handler, const char *query, json_t **ret,
                 struct err *e);
/* All of a list of what is made by hand, which the API reads whole: apps, connections, recipes,
 * hooks, groups or tokens. What is chosen from or looked up ends at no hundredth. */
int console_all(struct console *c, route_fn *handler, json_t **ret, struct err *e);

/* "key=value" for a query, encoded; NULL or "" adds nothing. */
void console_add_param(struct str *s, const char *key, const char *value);
/* A field of the form that was sent; "" when it is absent. */
int console_field(const struct console *c, const char *name, const char **ret, struct err *e);
/* Where a page of this workspace stands: "/console/workspaces/{workspace}" and the rest. */
char *console_path(const struct console *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- console_deed.c: what the buttons of a page do --- */

/* The last row of a table has no word. */
struct console_deed {
    const char *word; /* of the form's field "do" */
    const char *said; /* for console_done(); NULL: the page shows the answer itself */
    /* Fills in which call it is; method and name are there: POST, and that of the path. */
    int (*call)(struct console *c, struct console_call *call, struct err *e);
    bool asked;     /* only when the form's box "sure" is ticked */
    const char *to; /* where it leads, behind the workspace's path; NULL: to this page again */
};
/* Does what the pressed button stands for; with the form's field "tag", an ETag, only to what the
 * page has shown. ret_answer->problem: why it was not done. */
int console_do(struct console *c, const struct console_deed *deeds, const struct console_deed **ret,
               struct console_answer *ret_answer, struct err *e);
/* The same, and on to where the deed leads; the page itself shows why it was not done, and the
 * answer of a deed that says nothing. */
typedef int console_show_fn(struct console *c, const struct console_answer *said, struct err *e);
int console_deeds(struct console *c, const struct console_deed *deeds, console_show_fn *show,
                  struct err *e);
/* Not done, as something else stands there since the page was opened: what was typed was meant for
 * what stood before. */
bool console_outdated(const struct console_answer *a);
/* Not done, for a reason of the page's own. */
void console_refuse(struct console_answer *ret, int status, const char *problem);
/* The page tells why nothing was done: data gets "problem" and "faults". */
void console_put_problem(json_t *data, const struct console_answer *a);
/* A field that is given goes into the body; an empty one keeps what stands. */
int console_take(struct console *c, json_t *body, const char *key, struct err *e);
/* The same for a number; whatever else was typed, the API refuses. */
int console_take_number(struct console *c, json_t *body, const char *key, struct err *e);
/* A PUT that makes something; where there is one of that name it changes none, and ret->problem is
 * `taken`. */
int console_make(struct console *c, const struct console_call *put, struct console_answer *ret,
                 const char *taken, struct err *e);

/* --- console_ids.c: people and channels in a text, one a line --- */

/* Each id, and behind it the name, where one is known, for whoever reads. */
int console_ids_shown(struct console *c, const json_t *ids, char **ret, struct err *e);
/* The first word of each line; a new reference. */
json_t *console_ids_read(arena *mem, const char *lines);

/* --- console_show.c: how they look --- */

/* The page in the console's frame. here: the entry of the menu that is lit; NULL: none. data gets
 * "form_key", "base" and what the frame needs. Takes data over. */
struct console_page {
    const char *template, *title, *here;
    int status; /* 0: 200 */
};
int console_show(struct console *c, const struct console_page *page, json_t *data, struct err *e);
/* 303 to a page that says what was done: a key of its table. */
void console_done(struct console *c, const char *path, const char *said);

/* "22 Nov 2026, 10:00" of a time of the API; NULL for null. */
char *console_time(arena *mem, const char *rfc3339);
/* Why a connection is in its state, in words; NULL: there is no reason, or none that says more. */
const char *console_reason(const char *reason);
/* {"word", "tone"} of a state: how it is said, and whether it is good. */
json_t *console_state(const char *state);
/* The names of the people whose ids stand under `key` of these items, as far as they are known:
 * {id: name}. */
int console_names(struct console *c, const json_t *items, const char *key, json_t **ret,
                  struct err *e);
/* "Slack" or "Microsoft Teams": where the workspace of this key is. */
const char *console_platform(const char *workspace);
/* As people call the app; its key where the catalogue has none. */
const char *console_app_title(const struct console *c, const char *app_key);
/* The name, or the id where none is known. */
const char *console_name(const json_t *names, const char *user_id);
/* Whose doing it was ("user:U...", "token:..."), as a person reads it. */
const char *console_actor(const json_t *names, const char *actor);
/* The people among those who did something, for console_names(): {"user": id} each. */
json_t *console_actors(arena *mem, const json_t *items, const char *key);

/* --- console_filter.c: lists that can be searched --- */

struct console_filter {
    struct str query; /* for the API */
    const char *same; /* without the cursor: what the next page's address begins with */
    json_t *values;   /* as they were given, for the form */
    bool any, later;  /* something is searched for; it is not the first page */
};
/* Reads these parameters, and the cursor, of the page's address. */
int console_filter(struct console *c, const char *const *names, struct console_filter *ret,
                   struct err *e);
/* Asks for the list: data gets "found" (its items), "more" (the query of the next page), "filter",
 * "filtered", "later", and "problem" where the API does not take it. */
int console_filtered(struct console *c, route_fn *handler, const struct console_filter *f,
                     json_t *data, struct err *e);
/* The same without a search: the page of the list that the address names. */
int console_paged(struct console *c, route_fn *handler, json_t *data, struct err *e);
/* An entry of a list to choose from. */
json_t *console_choice(const char *value, const char *label, const char *chosen);

/* What a list and a page show of a person of the API: {"user_name", "user", "admin", "installer",
 * "erasing", "standing": {word, tone} unless a member, "connections" in words, "last_run",
 * "created", "href", "connections_href", "runs_href"} (console_people.c). */
json_t *console_person(const struct console *c, const json_t *p);
/* A run as lists show it: {reference, href, recipe: its title, recipe_name, state, user, at}
 * (console_runs.c). */
json_t *console_run_row(const struct console *c, const json_t *run, const json_t *names,
                        const json_t *titles);
/* {name: title} of the workspace's recipes, for it. */
int console_titles(struct console *c, json_t **ret, struct err *e);

/* --- console_connections.c: what the app of connection d asks for besides a client --- */

/* data gets "vars": {key, about, value} each. */
int console_connection_vars(struct console *c, const json_t *d, json_t *data, struct err *e);
/* The fields of the form for them, into body's "vars"; c->name is the connection. */
int console_connection_take_vars(struct console *c, json_t *body, struct err *e);
/* Deeds of both pages of a connection: a login is begun, and its code confirmed. */
int console_connection_log_in(struct console *c, struct console_call *call, struct err *e);
int console_connection_confirm(struct console *c, struct console_call *call, struct err *e);
/* After one: on to the login, where the deed says nothing, else back to this page. */
void console_connection_done(struct console *c, const struct console_deed *deed,
                             const struct console_answer *a, const char *page);

/* --- console_next.c: what comes next --- */

/* Where the set-up of this workspace is not finished: to gets "next_step": {label, text, href}. */
int console_next(const struct console *c, store *s, const char *workspace, json_t *to,
                 struct err *e);
/* The same of this page's workspace, and what needs somebody: "any_need", "needs_words",
 * "needs_names". */
int console_put_next(struct console *c, json_t *data, struct err *e);

/* --- console_operators.c: operators who are in the console --- */

/* data gets "operators": {id, actor, own, opened, used} each. */
int console_operators(struct console *c, json_t *data, struct err *e);
/* Signs one out, by its id or its token_hash, and tells the log who did. */
int console_operator_end(const struct console *c, const char *id, struct err *e);

/* --- console_sign_in.c: how the sign-in of a platform ("slack") stands --- */

/* {"any": it has a client, "on", "proven", "title", "platform", "setting", "redirect_uri"} and, of
 * one that has a client, {"client_id", "origin", "state": {word, tone, text}, "when", "by",
 * "place"}: the last three where it is proven. */
int console_sign_in(struct console *c, const char *platform, json_t **ret, struct err *e);

/* --- the pages, by file --- */

console_fn console_home_page;                                          /* console_home.c */
console_fn console_workspaces_page;                                    /* console_home.c */
console_fn console_recipe_new, console_recipe_make, console_recipe_do; /* console_recipes.c */
console_fn console_recipe_page;                                        /* console_recipe.c */
console_fn console_edit_page, console_edit_save;                       /* console_edit.c */
console_fn console_check, console_kept_page;                           /* console_check.c */
console_fn console_settings_page, console_settings_save;               /* console_settings.c */
console_fn console_connections_page, console_connection_make, console_connection_page,
    console_connection_do;                              /* console_connections.c */
console_fn console_hooks_page, console_hook_make;       /* console_hooks.c */
console_fn console_hook_page, console_hook_do;          /* console_hook.c */
console_fn console_people_page;                         /* console_people.c */
console_fn console_person_page, console_person_do;      /* console_person.c */
console_fn console_admins_page, console_admins_do;      /* console_admins.c */
console_fn console_group_page, console_group_do;        /* console_group.c */
console_fn console_tokens_page, console_tokens_do;      /* console_tokens.c */
console_fn console_runs_page, console_run_page;         /* console_runs.c */
console_fn console_audit_page;                          /* console_audit.c */
console_fn console_personal_page, console_personal_end; /* console_personal.c */
console_fn console_sessions_page, console_sessions_end; /* console_sessions.c */
console_fn console_health_page;                         /* console_health.c */
console_fn console_deployment_page;                     /* console_deployment.c */
console_fn console_operators_end;                       /* console_operators.c */

#endif
