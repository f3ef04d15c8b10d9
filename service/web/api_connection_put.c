#include "api_int.h"

#include "base/limits.h"
#include "base/str.h"

enum { APP_NAME_MAX = 63, HOST_MAX = 253, CLIENT_ID_MAX = 500, SCOPE_MAX = 200, KEY_BYTES = 12 };

/* One PUT: what the body wants, and what stands. */
struct put {
    struct default_connection next;
    struct api_secret secret;
    const struct default_connection *old; /* NULL: none */
    bool moved;                           /* to another app, host, variable or client */
};

/* What a connection is before its first PUT. */
static const struct default_connection none = {.host = "", .account_match = "off"};

/* Those of another app mean nothing to this one. */
static void read_vars(struct api *a, struct put *p, const app *found)
{
    if (api_given(&a->doc, "vars")) {
        p->next.vars = json_doc_member(&a->doc, "vars", false).object;
    } else if (p->old != NULL && !str_equal(p->old->app, p->next.app)) {
        p->next.vars = NULL;
    }
    app_check_vars(found, p->next.vars, "vars", &a->faults);
}

static bool vars_equal(const struct default_connection *a, const struct default_connection *b)
{
    bool none_a = json_object_size(a->vars) == 0, none_b = json_object_size(b->vars) == 0;
    return none_a || none_b ? none_a == none_b : json_equal(a->vars, b->vars) == 1;
}

static void read_app(struct api *a, struct put *p)
{
    const struct json_doc *d = &a->doc;
    if (p->old == NULL || api_given(d, "app")) {
        p->next.app = api_line(d, "app", true, APP_NAME_MAX);
    }
    if (api_given(d, "host")) {
        const char *host = api_line(d, "host", false, HOST_MAX);
        p->next.host = host == NULL ? "" : host;
    }
    if (p->next.app == NULL) {
        return;
    }
    const app *found = apps_find(a->web->options.apps, p->next.app);
    if (found == NULL) {
        json_doc_fault(d, "app", "There is no such app; GET /v1/apps lists them.");
        return;
    }
    app_check_host(found, p->next.host, config_trusts_host(a->web->config, p->next.host), "host",
                   &a->faults, &p->next.host);
    read_vars(a, p, found);
}

/* Without a word the strongest there is; once made it stays as it is until it is named. */
static void read_assurance(struct api *a, struct put *p)
{
    static const char *const assurances[] = {"code", "sign_in", NULL};
    const struct json_doc *d = &a->doc;
    bool on = chats_sign_in_on(a->web->options.chats, a->workspace);
    if (!api_given(d, "assurance")) {
        p->next.assurance_sign_in = p->old == NULL ? on : p->old->assurance_sign_in;
        return;
    }
    p->next.assurance_sign_in = json_doc_choice(d, "assurance", assurances, on ? 1 : 0) == 1;
    if (p->next.assurance_sign_in && !on) {
        json_doc_fault(d, "assurance",
                       "Signing in at the chat platform is switched off here. Use \"code\": the "
                       "person types a code in the chat.");
    }
}

static void read_connection(struct api *a, struct put *p)
{
    static const char *const keys[] = {"name",          "app",        "host",      "client_id",
                                       "client_secret", "scopes",     "assurance", "account_match",
                                       "vars",          "keep_alive", NULL};
    static const char *const matches[] = {"off", "warn", "require", NULL};
    const struct json_doc *d = &a->doc;
    json_doc_known(d, keys);
    api_check_name(a);
    p->next = p->old == NULL ? none : *p->old;
    p->next.workspace = a->workspace;
    p->next.name = a->name;
    read_app(a, p);
    if (api_given(d, "client_id")) {
        p->next.client_id = api_word(d, "client_id", CLIENT_ID_MAX);
    }
    p->secret = api_secret(d, "client_secret");
    if (api_given(d, "scopes")) {
        p->next.scopes = api_words(d, "scopes", SCOPE_MAX, &p->next.scopes_count);
    }
    if (api_given(d, "account_match")) {
        int match = json_doc_choice(d, "account_match", matches, 0);
        p->next.account_match = matches[match < 0 ? 0 : match];
    }
    if (api_given(d, "keep_alive")) {
        p->next.keep_alive = json_doc_flag(d, "keep_alive", false);
    }
    read_assurance(a, p);
}

/* A stored secret goes to no other place than the one it was given for. */
static void compare(struct api *a, struct put *p)
{
    const struct default_connection *old = p->old;
    if (old == NULL || p->next.app == NULL) {
        return;
    }
    p->moved = !str_equal(old->app, p->next.app) || !str_equal(old->host, p->next.host) ||
               !str_equal(old->client_id, p->next.client_id) || !vars_equal(old, &p->next);
    if (p->moved && !p->secret.given && !secret_empty(old->client_secret)) {
        faults_add(
            &a->faults, "client_secret",
            "The app, host, vars or client id changes: send the client secret that belongs to "
            "it, or null.");
    }
}

static json_t *changes(const struct put *p)
{
    const struct default_connection *old = p->old == NULL ? &none : p->old;
    const struct default_connection *next = &p->next;
    json_t *list = json_array();
    api_note(list, !str_equal(old->app, next->app), "app");
    api_note(list, !str_equal(old->host, next->host), "host");
    api_note(list, !str_equal(old->client_id, next->client_id), "client_id");
    api_note(list, api_secret_differs(p->secret, old->client_secret), "client_secret");
    api_note(list,
             !api_texts_equal(old->scopes, old->scopes_count, next->scopes, next->scopes_count),
             "scopes");
    api_note(list, !vars_equal(old, next), "vars");
    api_note(list, old->assurance_sign_in != next->assurance_sign_in, "assurance");
    api_note(list, !str_equal(old->account_match, next->account_match), "account_match");
    api_note(list, old->keep_alive != next->keep_alive, "keep_alive");
    return list;
}

static json_t *vars_of(const struct default_connection *d)
{
    return d->vars == NULL ? json_null() : json_deep_copy(d->vars);
}

/* Where people's logins go from now on, and where they went. */
static void tell_place(struct api *a, const struct put *p, json_t *detail)
{
    const struct default_connection *old = p->old == NULL ? &none : p->old;
    if (p->old != NULL && !str_equal(old->app, p->next.app)) {
        json_put(detail, "app_before", json_must(json_string(old->app)));
    }
    api_tell_change(a->mem, detail, "host", old->host, p->next.host);
    api_tell_change(a->mem, detail, "client_id", old->client_id, p->next.client_id);
    if (!vars_equal(old, &p->next)) {
        json_put(detail, "vars_before", vars_of(old));
        json_put(detail, "vars", vars_of(&p->next));
    }
}

/* Revoked with the old client at the old place, before that is forgotten. */
static int leave_old_place(struct api *a, const struct put *p, struct api_ended *ended,
                           struct err *e)
{
    if (!p->moved) {
        return 0;
    }
    if (api_end_grants(a, p->old, LOGIN_OPEN, ended, e) != 0 ||
        store_connection_client_changed(a->s, a->workspace, a->name, e) != 0) {
        return -1;
    }
    /* another client's login releases a run that waits; another app has not its actions */
    return str_equal(p->old->app, p->next.app)
               ? 0
               : store_run_let_go(a->s, a->workspace, a->name, "connection_changed", e);
}

static int store_it(struct api *a, struct put *p, const struct workspace *w, json_t *changed,
                    struct err *e)
{
    struct api_ended ended = {0};
    struct default_connection *next = &p->next;
    if (p->old == NULL) {
        next->client_version = 1;
        next->callback_key =
            arena_printf(a->mem, "%s.%s", w->route, crypto_random_hex(a->mem, KEY_BYTES));
    } else {
        next->client_version = p->old->client_version + (p->moved ? 1 : 0);
        next->callback_key = p->old->callback_key;
    }
    next->client_secret =
        p->secret.given || p->old == NULL ? p->secret.value : p->old->client_secret;
    if (leave_old_place(a, p, &ended, e) != 0 || store_default_put(a->s, next, e) != 0 ||
        store_connection_scopes_changed(a->s, a->workspace, a->name, e) != 0 ||
        api_touch_homes(a, e) != 0) {
        return -1;
    }
    json_t *detail = json_must(json_pack("{s:s, s:O, s:I}", "app", next->app, "changed", changed,
                                         "revoking", (json_int_t)ended.revoking));
    tell_place(a, p, detail);
    return api_audit(a,
                     p->old == NULL ? "default_connection.created" : "default_connection.changed",
                     next->name, detail, e);
}

/* What stands, for whoever may change it; *ret NULL: nothing. */
static int lock_old(struct api *a, struct default_connection **ret, struct err *e)
{
    return store_default_lock(a->s, a->workspace, a->name, e) != 0 ||
                   store_default_find(a->s, a->workspace, a->name, ret, e) != 0
               ? -1
               : api_default_condition(a, *ret, e);
}

static int connection_put(struct api *a, struct err *e)
{
    struct put p = {.moved = false};
    struct workspace *w = NULL;
    struct default_connection *d = NULL;
    const char *tag = NULL;
    json_t *value = NULL;
    if (api_workspace_lock(a, &w, e) != 0 || lock_old(a, &d, e) != 0) {
        return -1;
    }
    p.old = d;
    read_connection(a, &p);
    compare(a, &p);
    if (api_refuse(a, e) != 0) {
        return -1;
    }
    json_t *changed = arena_json(a->mem, changes(&p));
    bool same = p.old != NULL && json_array_size(changed) == 0;
    if ((!same && store_it(a, &p, w, changed, e) != 0) || api_default(a, &d, e) != 0 ||
        api_default_tag(a, d, &tag, e) != 0 || api_default_json(a, d, &value, e) != 0) {
        return -1;
    }
    api_answer_tagged(a, p.old == NULL ? 201 : 200, value, tag);
    return 0;
}

int api_connection_put(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, connection_put, e);
}
