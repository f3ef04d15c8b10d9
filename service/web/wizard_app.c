#include "wizard_int.h"

#include "base/clock.h"

/*
 * Step 2: one app. What to enter there, the client that comes of it, a login with an account, and a
 * test that asks the app whose account that is.
 */

/* Where the login of this connection stands, besides its state. */
struct progress {
    const char *state;    /* of the connection, as the API has it */
    bool begun, has_code; /* a login is open; its code was shown */
    const char *reason;   /* why the last try came to nothing; NULL: none did */
};

static int look(struct console *c, const json_t *d, struct progress *ret, struct err *e)
{
    store *s = NULL;
    struct login *l = NULL;
    int64_t changed_at = 0;
    *ret = (struct progress){.state = json_text(d, "state")};
    clock_read_rfc3339(json_text(d, "updated"), &changed_at);
    if (store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_login_find_open(s, c->workspace, "", c->name, &l, e);
    store_close(s);
    if (rc == 0 && l != NULL && !store_login_takes_over(l)) {
        ret->begun = true;
        ret->has_code = l->state == LOGIN_CODE;
        /* what came to nothing before the connection was changed says nothing of it as it is now */
        ret->reason = l->state == LOGIN_OPEN && l->updated_at > changed_at ? l->reason : NULL;
    }
    return rc;
}

/* Which part of the page is the one to go on with. */
static const char *part_of(const struct progress *p, bool edits)
{
    if (edits || str_equal(p->state, "draft")) {
        return "client";
    }
    if (p->has_code) {
        return "code";
    }
    return str_equal(p->state, "active") ? "active" : "login";
}

static json_t *scopes_of(const struct console *c, const json_t *d)
{
    json_t *own = json_member(d, "scopes");
    const app *a = apps_find(c->web->options.apps, json_text(d, "app"));
    size_t count = 0;
    if (json_array_size(own) > 0 || a == NULL) {
        return json_incref(own);
    }
    const char *const *names = app_scopes(a, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_push(list, json_words(names[i]));
    }
    return list;
}

static json_t *facts_of(const struct console *c, const json_t *d)
{
    const app *a = apps_find(c->web->options.apps, json_text(d, "app"));
    const struct wizard_guide g = wizard_guide(c, json_text(d, "app"));
    json_t *data = json_must(json_pack("{s:s, s:O, s:o, s:b, s:b}", "name", c->name, "guide",
                                       g.steps, "scopes", scopes_of(c, d), "needs_secret",
                                       a != NULL && app_needs_secret(a), "has_secret",
                                       json_flag(d, "has_client_secret")));
    json_put(data, "any_scope", json_boolean(json_array_size(json_member(data, "scopes")) > 0));
    json_put(data, "state", console_state(json_text(d, "state")));
    json_put_words(data, "app", console_app_title(c, json_text(d, "app")));
    json_put_words(data, "host", json_text(d, "host"));
    json_put_words(data, "host_about", g.host_about);
    json_put_words(data, "redirect_uri", json_text(d, "redirect_uri"));
    json_put_words(data, "client_id", json_text(d, "client_id"));
    json_put_shown(data, "account", json_text(json_member(d, "account"), "name"));
    json_put_shown(data, "organization", json_text(json_member(d, "account"), "organization"));
    return data;
}

static bool asks_to_edit(const struct console *c)
{
    const char *edit = NULL;
    struct err ignored = {0};
    return c->q->method == WB_GET && request_query(c->q, "change", &edit, &ignored) == 0 &&
           edit != NULL;
}

/* more: what the page says besides; NULL. Taken over. */
static int show(struct console *c, const struct console_answer *said, json_t *more, bool edits,
                struct err *e)
{
    struct console_answer a;
    struct progress p;
    const struct console_call get = {
        .method = WB_GET, .handler = api_connection_get, .name = c->name};
    arena_json(c->mem, more);
    if (console_ask(c, &get, &a, e) != 0 || look(c, a.value, &p, e) != 0) {
        return -1;
    }
    json_t *data = arena_json(c->mem, facts_of(c, a.value));
    if (console_connection_vars(c, a.value, data, e) != 0) {
        return -1;
    }
    const char *part = part_of(&p, edits);
    json_put(data, arena_printf(c->mem, "at_%s", part), json_true());
    json_put_words(data, "tag", a.tag);
    json_put(data, "begun", json_boolean(p.begun && p.reason == NULL));
    json_put_words(data, "advice", p.reason == NULL ? NULL : wizard_advice(p.reason));
    json_put_words(data, "action", console_path(c, "/setup/apps/%s", c->name));
    console_put_problem(data, said);
    if (more != NULL) {
        json_object_update(data, more);
    }
    bool waits = str_equal(part, "login") && said->problem == NULL;
    const struct wizard_page page = {
        .template = "wizard_app.html",
        .title = arena_printf(c->mem, "Set up: %s", json_text(data, "app")),
        .step = WIZARD_APP,
        .status = said->status,
        .watch = waits ? console_path(c, "/setup/apps/%s", c->name) : NULL};
    return wizard_show(c, &page, json_incref(data), e);
}

int wizard_app_page(struct console *c, struct err *e)
{
    return show(c, &(struct console_answer){.status = 200}, NULL, asks_to_edit(c), e);
}

/* --- what its buttons do --- */

static int save(struct console *c, struct console_call *call, struct err *e)
{
    static const char *const keys[] = {"host", "client_id", "client_secret", NULL};
    json_t *body = arena_json(c->mem, json_object());
    for (size_t i = 0; keys[i] != NULL; i++) {
        if (console_take(c, body, keys[i], e) != 0) {
            return -1;
        }
    }
    if (console_connection_take_vars(c, body, e) != 0) {
        return -1;
    }
    call->method = WB_PUT;
    call->handler = api_connection_put;
    call->body = json_incref(body);
    return 0;
}

int wizard_app_do(struct console *c, struct err *e)
{
    static const struct console_deed deeds[] = {
        {"save", "saved", save, false, NULL},
        {"confirm", "confirmed", console_connection_confirm, false, NULL},
        {"login", NULL, console_connection_log_in, false, NULL},
        {.word = NULL},
    };
    const struct console_deed *deed = NULL;
    struct console_answer a;
    if (console_do(c, deeds, &deed, &a, e) != 0) {
        return -1;
    }
    if (a.problem != NULL) {
        return show(c, &a, NULL, str_equal(deed->word, "save"), e);
    }
    console_connection_done(c, deed, &a, console_path(c, "/setup/apps/%s", c->name));
    return 0;
}

/* --- the test --- */

static int find_use(struct console *c, struct oauth_use *ret, struct err *e)
{
    struct default_connection *d = NULL;
    struct connection *own = NULL;
    store *s = NULL;
    if (store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_default_find(s, c->workspace, c->name, &d, e);
    if (rc == 0 && d != NULL) {
        rc = store_connection_find(s, c->workspace, c->name, "", &own, e);
    }
    store_close(s);
    *ret = (struct oauth_use){own, d, OAUTH_ANY_GENERATION};
    return rc;
}

/* Faults of our own are no answer of the app's. */
static bool is_ours(const struct err *e)
{
    return e->kind == ERR_DATABASE || e->kind == ERR_INTERNAL;
}

int wizard_app_test(struct console *c, struct err *e)
{
    struct oauth_use use;
    struct account account = {.key = NULL};
    if (find_use(c, &use, e) != 0) {
        return -1;
    }
    if (use.def == NULL || use.connection == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_connection", "Nobody has logged this connection in.");
    }
    struct console_answer a = {.status = 200};
    if (oauth_probe(c->web->options.oauth, c->mem, &use, &account, e) == 0) {
        json_t *tested = json_object();
        json_put_shown(tested, "tested", account.name);
        json_put_shown(tested, "tested_at", account.organization);
        return show(c, &a, tested, false, e);
    }
    if (is_ours(e)) {
        return -1;
    }
    console_refuse(&a, 409, wizard_advice(e->code));
    *e = (struct err){0};
    return show(c, &a, NULL, false, e);
}
