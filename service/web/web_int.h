#ifndef WB_WEB_INT_H
#define WB_WEB_INT_H

#include "web.h"

/* Inside the web module: requests, responses, routes. */

enum method { WB_GET, WB_POST, WB_PUT, WB_DELETE, METHOD_COUNT };

enum { ROUTE_PARAMS_MAX = 4 };

struct header {
    const char *name, *value;
};

struct request {
    arena *mem;
    const char *id; /* of this request, in every log line and problem body */
    enum method method;
    bool head;        /* a HEAD, routed as GET; the body is left out */
    const char *path; /* as matched, for logs: the route's pattern, never the raw URL */
    const char *params[ROUTE_PARAMS_MAX]; /* decoded path segments, in the pattern's order */
    const char *query;                    /* raw, without the "?"; "" if there is none */
    struct bytes body;
    const char *remote; /* client address, X-Forwarded-For only from trusted proxies */
    int64_t until_ms;   /* at_once: monotonic; nobody waits for the answer after that */
    const struct at_once *at_once;
    const char *actor;            /* GATE_API: "token:<fingerprint>" for the audit; else NULL */
    const char *token;            /* GATE_API: shaped like a workspace's; to be looked up */
    const struct api_token *by;   /* GATE_API: the workspace's token; NULL: the operator's */
    const char *admin;            /* of the console: in whose name it asks; else NULL */
    bool whole;                   /* of the console: a list is answered in one page */
    const struct header *headers; /* as received, in their order */
    size_t headers_count;
};

/* A header by name; NULL if absent; *ret_count (may be NULL) tells how often it came. */
const char *request_header(const struct request *q, const char *name, size_t *ret_count);
/* All lines of a header whose value is a list, as the one list that they are (RFC 9110
 * section 5.3); NULL if absent. */
const char *request_header_list(const struct request *q, const char *name);
/* NULL when the cookie is absent or came twice. */
const char *request_cookie(const struct request *q, const char *name);
/* One decoded parameter of the query or of a form body. ERR_INPUT when it comes twice or is broken;
 * *ret NULL when absent. */
int request_query(const struct request *q, const char *name, const char **ret, struct err *e);
/* All parameters of the query, name -> text, but those that come twice. */
int request_query_all(const struct request *q, const json_t **ret, struct err *e);
int request_form(const struct request *q, const char *name, const char **ret, struct err *e);
/* Does Accept name text/html: a person with a browser is reading. */
bool request_wants_html(const struct request *q);

/* The first address from the right of X-Forwarded-For that is not a trusted proxy's, when the peer
 * is one; else the peer's. (forwarded.c) */
const char *request_remote(arena *mem, const struct text_list *trusted, const char *peer,
                           const char *forwarded_for);

enum { RESPONSE_HEADERS_MAX = 12 };

struct response;
typedef int route_fn(web *w, const struct request *q, struct response *r, struct err *e);

/* A webhook whose answer says something, and that its sender waits for no longer than AT_ONCE_MS.
 */
struct at_once {
    int (*answer)(web *w, const struct request *q, struct response *r, struct err *e);
    const void *about;     /* what the handler has read, for `answer`; on the request's arena */
    const char *workspace; /* that is worked for */
    const char *late;      /* JSON: the answer when there is no other in time; NULL: an empty one */
    int late_status;       /* of that; 0: 200 */
    const char *late_metric; /* labels of METRIC_FORMS for that */
    int64_t within_ms;       /* of the request's arrival; 0: AT_ONCE_MS */
};
enum { AT_ONCE_MS = 2500, LATER_MS = 8000 };
int at_once_late_status(const struct at_once *a); /* calls.c */

struct response {
    int status;
    const char *content_type;
    struct bytes body; /* on the arena or for ever: what was received is gone when it is sent */
    struct header headers[RESPONSE_HEADERS_MAX];
    size_t headers_count;
    struct job_seed
        *store;        /* ROUTE_INTAKE: commit this first, then send this response; NULL: none */
    size_t store_more; /* seeds that stand behind it and are committed with it */
    const struct at_once *at_once; /* ROUTE_INTAKE: a worker makes this response; NULL: it is one */
    route_fn *later; /* ROUTE_INTAKE: nothing is known yet, a worker asks this function in place of
                        the handler within LATER_MS; NULL: it is. Nothing is acknowledged without */
};

/* respond.c */
void respond_header(struct response *r, const char *name, const char *value);
void respond_empty(struct response *r, int status);
void respond_text(struct response *r, int status, const char *text);
void respond_json(arena *mem, struct response *r, int status, const json_t *value);
/* A page with the security headers: strict CSP, no-store, no-referrer, nosniff, frame-ancestors
 * none. form_action: extra origin forms may end at, or NULL. */
void respond_html(arena *mem, struct response *r, int status, const char *html,
                  const char *form_action);
/* The same for a page that has console_check.js. */
void respond_html_checked(arena *mem, struct response *r, int status, const char *html);
/* The same for a page in a window of Teams: the client that opened it stays its opener, and its
 * script may load the client's library. */
void respond_window(arena *mem, struct response *r, int status, const char *html,
                    const char *form_action);
/* TeamsJS, at the address and with the hash that its makers publish. */
#define TEAMS_LIBRARY_URL "https://res.cdn.office.net/teams-js/2.58.0/js/MicrosoftTeams.min.js"
#define TEAMS_LIBRARY_INTEGRITY                                                                    \
    "sha384-sMo/EOqQPa1OCup2/VBRum7oFeOS22kvs8WGDc45xK53tUVZzFR5WwFYDUYN1LO4"
#define TEAMS_LIBRARY_ORIGINS_URL                                                                  \
    "https://res.cdn.office.net/teams-js/validDomains/json/validDomains.json"
void respond_see_other(struct response *r, const char *location); /* 303, never 307 */
/* application/problem+json (RFC 9457) with our stable code; faults become "errors". */
void respond_problem(arena *mem, struct response *r, const struct err *e, const char *request_id,
                     const struct faults *faults);
/* What a request that failed is answered: a page for a browser, nothing for an unproven webhook, a
 * problem for everybody else. Adds Retry-After where the error says when. (errors.c) */
struct route;
void respond_error(const struct request *q, const struct route *route, const struct err *e,
                   struct response *r);

/* cookies.c: __Host- names, Secure, HttpOnly, SameSite=Lax, Path=/; on a loopback http public URL
 * without Secure and __Host-. max_age_s 0 removes it. */
const char *cookie_name(arena *mem, const struct web *w, const char *base);
void cookie_set(arena *mem, const struct web *w, struct response *r, const struct header *cookie,
                int64_t max_age_s);

/* html.c: {{name}} is always escaped, {{#name}}...{{/name}} is a section (true, object or list),
 * {{^name}}...{{/name}} its opposite, {{.}} the item of a list of texts; no raw form, no logic.
 * ERR_INTERNAL "html" for a broken template or too much output. */
char *html_render(arena *mem, const char *tmpl, const json_t *data, struct err *e);
const char *html_template(const char *name); /* "login.html"; dies for an unknown name */
/* Renders templates/<name> inside templates/layout.html with data's "title". */
int html_page(arena *mem, const char *name, json_t *data, char **ret, struct err *e);
/* The same inside another frame. */
int html_page_in(arena *mem, const char *frame, const char *name, json_t *data, char **ret,
                 struct err *e);

/* Files that are part of the program (embed.c); NULL for an unknown name. */
const char *embed_find(const char *name);
const char *embed_version(void); /* changes with the style sheet and the script */
char *embed_release(arena *mem); /* "0.1.0": of the program, as its openapi.yaml says it */

/* --- routes --- */

enum route_kind {
    ROUTE_INLINE, /* microseconds, on the HTTP thread: health, metrics, static text */
    ROUTE_INTAKE, /* a webhook: verified on the HTTP thread, committed by the intake writer */
    ROUTE_HOOK, /* the same of an app: its rules are looked up first, on a worker of its own lane */
    ROUTE_WORKER, /* a bounded worker queue; may use the database */
    ROUTE_CALLER  /* the same with threads and a queue of its own: it waits for a provider */
};

enum route_listener { LISTEN_MAIN, LISTEN_OPS, LISTEN_API, LISTENER_COUNT };

enum route_gate {
    GATE_NONE,
    GATE_FORM, /* a form of our own page: a browser that says "cross-site" is refused */
    GATE_API   /* Authorization: Bearer operator's or workspace's token; failures rate-limited per
                  address */
};

struct route {
    enum method method;
    const char *pattern; /* "/v1/workspaces/{workspace}" */
    enum route_kind kind;
    enum route_listener listener; /* LISTEN_API: the main one when there is no API listener */
    enum route_gate gate;
    size_t body_max;
    route_fn *handler;
    const char *operation_id; /* as in openapi.yaml */
    int roles; /* GATE_API: of enum api_role, the tokens of its workspace that may; 0: none */
};

struct router_request {
    const char *method;             /* as sent: "GET", "HEAD", ... */
    const char *raw_path;           /* as sent: not decoded, without the query */
    bool listeners[LISTENER_COUNT]; /* whose routes this listener serves */
};
/* Its sender is a program that nobody has let in by a token. */
bool route_is_webhook(const struct route *r);
/* Finds by method and RAW path: split at "/", then each segment decoded; %2F, %00, empty and dot
 * segments are ERR_INPUT "path". Sets method, head, path and params of *q. ERR_NOT_FOUND
 * "no_route"; ERR_INPUT "method" (405) with *ret_allow. */
int router_match(const struct router_request *from, struct request *q, const struct route **ret,
                 const char **ret_allow, struct err *e);
const struct route *router_routes(size_t *ret_count);

/* --- gates.c --- */

typedef struct gates gates;
/* Digests of the operator tokens, and who failed how often. */
gates *gates_new(arena *boot, const struct config *config);
/* 0 when the request may pass; sets q->actor, or q->token where a worker must look whose it is.
 * ERR_UNAUTHENTIC "token", ERR_LIMIT "token_tries", ERR_FORBIDDEN "cross_site". */
int gates_check(gates *g, const struct route *route, struct request *q, struct err *e);
/* Counts a wrong token; -1 with the first or the second of these. */
int gates_token_wrong(gates *g, const struct request *q, struct err *e);

/* --- token_gate.c: tokens of workspaces --- */

/* A new one, which stands in the answer alone; *ret_digest is stored, and *ret_begins shown. */
char *token_new(arena *mem, const char *route, const char **ret_digest, const char **ret_begins);
bool token_shaped(const char *text);
/* "token:<first 8 hex digits of its digest>" */
const char *token_actor(arena *mem, const char *digest);
/* On a worker, before the handler: whose token is q->token, and may it do this? Sets q->actor and
 * q->by. Of another workspace it knows nothing, as if there were none: ERR_NOT_FOUND
 * "no_workspace"; ERR_FORBIDDEN "token_role". */
int token_gate(web *w, const struct route *route, struct request *q, struct err *e);
/* query_gate.c: /v1 takes the parameters that it knows; ERR_INPUT "query". */
int query_gate(const struct route *route, const struct request *q, struct err *e);
/* The operator token that a form gives: its actor, or the errors above. */
int gates_token(gates *g, const struct request *q, const char *token, const char **ret_actor,
                struct err *e);
/* Is this still the actor of one of the deployment's tokens? */
bool gates_knows(const gates *g, const char *actor);
/* An address as text, however it is written (forwarded.c). */
struct ip_address {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
};
bool ip_address_parse(const char *text, struct ip_address *ret);
/* The network of an address: a /64 of IPv6 is one subscriber, one address of IPv4 is, too, also
 * where a listener of both sees it as ::ffff:a.b.c.d. */
enum { GATES_NETWORK = 46 };
void gates_network(const char *remote, char ret[GATES_NETWORK]);
/* An exchange of an installation's code is begun from here: 0, or the milliseconds that this
 * address must wait after so many that came to nothing. One that succeeded is given back. */
int64_t gates_install_begin(gates *g, const char *remote);
void gates_install_done(gates *g, const char *remote);
/* False: this process has seen that state before. */
bool gates_state_spend(gates *g, const char *state, int64_t ttl_s);

/* --- intake.c: durable group commit --- */

typedef struct intake intake;
/* Sealed events on their way, committed together; live until done was called. */
struct intake_item {
    const struct job_seed *seeds;
    size_t count; /* 1 to INTAKE_SEEDS */
    void (*done)(struct intake_item *item, bool ok);
};
enum { INTAKE_SEEDS = 100 };
enum { INTAKE_QUEUE = 2048, INTAKE_BATCH = 512, INTAKE_WRITERS = 1 };
intake *intake_new(stores *s, void (*wake)(void *arg), void *wake_arg);
/* Hands one event to the writer; done is called once, after the commit or when it failed. False
 * when the queue is full (503). */
bool intake_put(intake *i, struct intake_item *item);
void intake_stop(intake *i); /* commits what is queued, joins */
void intake_free(intake *i);

/* --- pool.c: request workers --- */

typedef struct pool pool;
/* Lanes that share nothing: providers that hang hold up the callers alone (P13), and what a chat
 * waits for with a person before it waits for nobody else. Within a lane a group - a workspace -
 * holds at most half of the threads, and of the room to wait at most half. */
enum pool_lane {
    POOL_LANE_WORKER,
    POOL_LANE_CALLER,
    POOL_LANE_AT_ONCE,
    POOL_LANE_HOOK,
    POOL_LANE_COUNT
};
enum {
    POOL_WORKERS = 8,
    POOL_QUEUE = 256,
    POOL_CALLERS = 8,
    POOL_CALLERS_QUEUE = 64,
    POOL_AT_ONCE = 8,
    POOL_AT_ONCE_QUEUE = 64,
    POOL_HOOKS = 4,
    POOL_HOOKS_QUEUE = 256
};
pool *pool_new(void (*work)(void *item));
/* False when full, or the group's half is: 503. NULL: of no group, and bounded by the lane alone.
 */
bool pool_put(pool *p, enum pool_lane lane, void *item, const char *group);
void pool_stop(pool *p); /* ends what is queued, joins */
void pool_free(pool *p);

/* --- hook_gate.c: how often apps may tell us something --- */

typedef struct hook_gate hook_gate;
hook_gate *hook_gate_new(arena *boot);
/* 0, or the milliseconds to wait: of one hook so many a minute are taken, and of a network that
 * tells only what is refused so many tries, as long as this hook was not proven from there. Each
 * that was let in ends as genuine or not. */
enum { HOOK_RATE_MAX = 1200, HOOK_TRIES_MAX = 60 };
int64_t hook_gate_begin(hook_gate *g, const char *handle, const char *remote);
void hook_gate_end(hook_gate *g, const char *handle, const char *remote, bool genuine);

struct web {
    struct web_options options;
    const struct config *config;
    gates *gates;
    hook_gate *hook_gate;
    intake *intake; /* NULL for the role `worker` */
    pool *pool;
    struct server *server;
    bool draining; /* __atomic: written by web_stop(), read by all */
};
bool web_draining(const struct web *w);

/* --- link.c: whose a public link is --- */

struct link {
    const char *handle; /* of the address */
    /* Reads what stands behind it, when its workspace is known. */
    int (*rows)(void *arg, store *s, const char *hash, struct err *e);
    void *arg;
};
/* *ret: its workspace; NULL: the handle is none, or of no workspace. */
int link_load(web *w, arena *mem, const struct link *link, struct workspace **ret, struct err *e);

/* --- hooks.c: what webhooks of all chats share --- */

struct hook_label {
    const char *key, *labels;
};
/* The labels of a key; the last row is for the rest. */
const char *hook_label(const struct hook_label *table, size_t count, const char *key);
/* What a chat's door says is to be stored. */
struct hook_job {
    const char *chat; /* the label of its metrics */
    const char *workspace, *kind, *lane;
    bool urgent;
    const char *const (*keys)[3];
    struct bytes payload;
};
/* Sealed and ready for the intake. */
struct job_seed *hook_seed(web *w, arena *mem, const struct hook_job *job);
/* 200 with this JSON; NULL: with an empty body. */
void hook_respond_json(struct response *r, const char *json);
/* Labels of METRIC_FORMS. */
const char *hook_form_label(const struct form_answer *a);
/* There is work for whoever claims jobs. */
void hook_wake(const web *w);

/* handlers, by file */
route_fn slack_events_post, slack_interactions_post, slack_commands_post,
    slack_options_post;       /* slack_hooks.c */
route_fn teams_messages_post; /* teams_messages.c */
route_fn app_hook_post;       /* app_hooks.c */
/* slack_forms.c: how a form that was sent, or a search for choices, is answered */
struct slack_intake;
const struct at_once *slack_form_at_once(arena *mem, const struct slack_intake *in);
/* teams_forms.c: the same for a task module. */
const struct at_once *teams_form_at_once(arena *mem, const struct teams_intake *in);
/* teams_window_code.c: what the window of a login hands over. */
const struct at_once *teams_code_at_once(arena *mem, const struct teams_intake *in);
const struct at_once *teams_at_once(arena *mem, const struct teams_intake *in, route_fn *answer);
struct bot_sent teams_sent_of(const struct request *q); /* of a call that is answered so */
/* teams_cards.c: the same for a card that others read, too. */
const struct at_once *teams_card_at_once(arena *mem, const struct teams_intake *in);
route_fn slack_install_get, slack_oauth_callback_get; /* slack_install.c */
route_fn ops_healthz, ops_readyz, ops_metrics;        /* ops.c */
/* What /readyz says of this process, asked with a session that is open already. */
json_t *ops_ready_json(const web *w, store *s);
route_fn front_get, openapi_get, privacy_get, terms_get, style_get, teams_window_script_get,
    console_check_script_get;   /* static.c */
route_fn login_get, login_post; /* login_pages.c */
route_fn login_result_get;      /* login_result.c */
route_fn oauth_callback_get, slack_identity_callback_get,
    teams_identity_callback_get; /* callback_page.c */
/* wizard_sign_in.c: a browser that comes back from a try of this platform's sign-in. */
int wizard_sign_in_return(web *w, const struct request *q, struct response *r, const char *platform,
                          struct err *e);
route_fn api_workspaces_get, api_workspace_get, api_workspace_put,
    api_workspace_delete;           /* api_workspaces.c */
route_fn console_get, console_post; /* console.c */
route_fn console_front_get, console_link_get, console_link_post, console_link_enter,
    console_operator_post, console_sign_out_post; /* console_enter.c */
route_fn console_link_sign_in;                    /* console_way.c */
/* console_way.c: a browser that comes back from there. */
int console_sign_in_return(web *w, const struct request *q, struct response *r,
                           const char *platform, struct err *e);
route_fn setup_get, setup_post;                        /* setup_pages.c */
route_fn api_admin_links_post, api_admin_links_delete; /* api_setup.c */
route_fn api_connection_get, api_connection_put, api_connection_delete,
    api_connections_get;                                  /* api_connections.c */
route_fn api_connection_login, api_connection_confirm;    /* api_connections.c */
route_fn api_recipe_versions_get, api_recipe_version_get; /* api_recipe_versions.c */
route_fn api_recipe_get, api_recipe_put, api_recipe_delete, api_recipes_get; /* api_recipes.c */
route_fn api_recipe_check; /* api_recipe_check.c */
route_fn api_hooks_get, api_hook_get, api_hook_put, api_hook_delete,
    api_hook_rotate;                                                      /* api_hooks.c */
route_fn api_groups_get, api_group_get, api_group_put, api_group_delete;  /* api_groups.c */
route_fn api_tokens_get, api_tokens_post, api_token_delete;               /* api_tokens.c */
route_fn api_act_post;                                                    /* api_act.c */
route_fn api_people_get, api_person_get, api_person_delete;               /* api_people.c */
route_fn api_personal_list, api_personal_delete, api_personal_delete_all; /* api_personal.c */
route_fn api_runs_get, api_run_get;                                       /* api_runs.c */
route_fn api_audit_get, api_apps_get;                                     /* api_audit.c */
route_fn api_stats_get;                                                   /* api_stats.c */
route_fn api_deployment_get;                                              /* api_deployment.c */

#endif
