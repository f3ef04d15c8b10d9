#include "console_int.h"

#include <string.h>

/*
 * Default connections: made, given a client, logged in by an admin in the browser, and watched. A
 * secret goes in and never comes out; what may be changed together the API decides.
 */

static json_t *row_of(const struct console *c, const json_t *d)
{
    json_t *row = json_must(json_pack("{s:s, s:s, s:o}", "name", json_text(d, "name"), "href",
                                      console_path(c, "/connections/%s", json_text(d, "name")),
                                      "state", console_state(json_text(d, "state"))));
    json_put_words(row, "app", console_app_title(c, json_text(d, "app")));
    json_put_words(row, "host", json_text(d, "host"));
    json_put_shown(row, "account", json_text(json_member(d, "account"), "name"));
    return row;
}

static int show_list(struct console *c, const struct console_answer *said, struct err *e)
{
    json_t *known = NULL;
    json_t *data =
        arena_json(c->mem, json_must(json_pack("{s:[], s:[]}", "connections", "app_choices")));
    if (console_paged(c, api_connections_get, data, e) != 0 ||
        console_all(c, api_apps_get, &known, e) != 0) {
        return -1;
    }
    const json_t *all = json_member(data, "found");
    json_put(data, "any", json_boolean(json_array_size(all) > 0));
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_push(json_member(data, "connections"), row_of(c, json_array_get(all, i)));
    }
    for (size_t i = 0; i < json_array_size(known); i++) {
        const json_t *one = json_array_get(known, i);
        json_push(json_member(data, "app_choices"),
                  console_choice(json_text(one, "name"), json_text(one, "title"), NULL));
    }
    console_put_problem(data, said);
    json_put_words(data, "action", console_path(c, "/connections"));
    const struct console_page page = {"console_connections.html", "Default connections",
                                      "connections", said->status};
    return console_show(c, &page, json_incref(data), e);
}

int console_connections_page(struct console *c, struct err *e)
{
    return show_list(c, &(struct console_answer){.status = 200}, e);
}

int console_connection_make(struct console *c, struct err *e)
{
    const char *name = NULL;
    struct console_answer a;
    json_t *body = arena_json(c->mem, json_object());
    if (console_field(c, "name", &name, e) != 0 || console_take(c, body, "app", e) != 0 ||
        console_take(c, body, "host", e) != 0) {
        return -1;
    }
    const struct console_call put = {
        .method = WB_PUT, .handler = api_connection_put, .name = name, .body = json_incref(body)};
    if (console_make(c, &put, &a, "There is a connection of that name already.", e) != 0) {
        return -1;
    }
    if (a.problem != NULL) {
        return show_list(c, &a, e);
    }
    console_done(c, console_path(c, "/connections/%s", name), "made");
    return 0;
}

/* --- one --- */

/* The others are learnt from the app's answers. */
static bool is_admins(const json_t *var)
{
    return json_flag(var, "required") || json_text(var, "default") != NULL;
}

static void add_var(const json_t *var, const json_t *d, json_t *list)
{
    const char *key = json_text(var, "name");
    json_t *row = json_object();
    json_put_words(row, "key", key);
    json_put_words(row, "about", json_text(var, "words"));
    json_put_words(row, "value", json_text(json_member(d, "vars"), key));
    json_push(list, row);
}

int console_connection_vars(struct console *c, const json_t *d, json_t *data, struct err *e)
{
    json_t *known = NULL;
    if (console_all(c, api_apps_get, &known, e) != 0) {
        return -1;
    }
    json_put(data, "vars", json_array());
    for (size_t i = 0; i < json_array_size(known); i++) {
        const json_t *one = json_array_get(known, i), *vars = json_member(one, "vars");
        bool ours = str_equal(json_text(one, "name"), json_text(d, "app"));
        for (size_t k = 0; ours && k < json_array_size(vars); k++) {
            if (is_admins(json_array_get(vars, k))) {
                add_var(json_array_get(vars, k), d, json_member(data, "vars"));
            }
        }
    }
    return 0;
}

static char *words_line(arena *mem, const json_t *list)
{
    struct str words = str_new(mem, 16 * 1024);
    for (size_t i = 0; i < json_array_size(list); i++) {
        str_printf(&words, "%s\n", json_string_value(json_array_get(list, i)));
    }
    return words.text;
}

static json_t *facts_of(const struct console *c, const json_t *d)
{
    json_t *data = row_of(c, d);
    const char *match = json_text(d, "account_match"), *assurance = json_text(d, "assurance");
    json_put_words(data, "redirect_uri", json_text(d, "redirect_uri"));
    json_put_words(data, "client_id", json_text(d, "client_id"));
    json_put(data, "has_secret", json_boolean(json_flag(d, "has_client_secret")));
    const char *reason = json_text(d, "reason"), *words = console_reason(reason);
    json_put_words(data, "reason", words == NULL ? reason : words);
    json_put(data, "left", json_boolean(str_equal(reason, OAUTH_OWNER_LEFT)));
    json_put(data, "draft", json_boolean(str_equal(json_text(d, "state"), "draft")));
    json_put_words(data, "scopes", words_line(c->mem, json_member(d, "scopes")));
    json_put_shown(data, "organization", json_text(json_member(d, "account"), "organization"));
    json_put_words(data, "expires", console_time(c->mem, json_text(d, "expires")));
    json_put_words(data, "changed_at", console_time(c->mem, json_text(d, "updated")));
    json_put(data, "sign_in", json_boolean(str_equal(assurance, "sign_in")));
    json_put(data, "match_off", json_boolean(str_equal(match, "off")));
    json_put(data, "match_warn", json_boolean(str_equal(match, "warn")));
    json_put(data, "match_require", json_boolean(str_equal(match, "require")));
    return data;
}

/* Who logged it in: that person's leaving ends it. */
static int add_owner(struct console *c, const json_t *d, json_t *data, struct err *e)
{
    json_t *names = NULL;
    const char *owner = json_text(d, "owner");
    json_t *one = arena_json(c->mem, json_array());
    json_push(one, json_must(json_pack("{s:s?}", "owner", owner)));
    if (console_names(c, one, "owner", &names, e) != 0) {
        return -1;
    }
    json_put_shown(data, "owner", console_name(names, owner));
    return 0;
}

static int show_one(struct console *c, const struct console_answer *said, struct err *e)
{
    struct console_answer a;
    const struct console_call get = {
        .method = WB_GET, .handler = api_connection_get, .name = c->name};
    if (console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    json_t *data = arena_json(c->mem, facts_of(c, a.value));
    json_put_words(data, "tag", a.tag);
    if (console_connection_vars(c, a.value, data, e) != 0 || add_owner(c, a.value, data, e) != 0) {
        return -1;
    }
    console_put_problem(data, said);
    json_put_words(data, "action", console_path(c, "/connections/%s", c->name));
    const struct console_page page = {"console_connection.html", c->name, "connections",
                                      said->status};
    return console_show(c, &page, json_incref(data), e);
}

int console_connection_page(struct console *c, struct err *e)
{
    return show_one(c, &(struct console_answer){.status = 200}, e);
}

/* --- what its buttons do --- */

static int take_scopes(struct console *c, json_t *body, struct err *e)
{
    const char *lines = NULL;
    json_t *list = json_array();
    json_put(body, "scopes", list);
    if (console_field(c, "scopes", &lines, e) != 0) {
        return -1;
    }
    for (const char *rest = lines, *line; (line = str_split(c->mem, &rest, '\n')) != NULL;) {
        const char *word = str_trim(c->mem, line);
        if (word[0] != '\0') {
            json_push(list, json_words(word));
        }
    }
    return 0;
}

int console_connection_take_vars(struct console *c, json_t *body, struct err *e)
{
    struct console_answer a;
    json_t *data = arena_json(c->mem, json_object()), *vars = json_object();
    const struct console_call get = {
        .method = WB_GET, .handler = api_connection_get, .name = c->name};
    json_put(body, "vars", vars);
    if (console_ask(c, &get, &a, e) != 0 || console_connection_vars(c, a.value, data, e) != 0) {
        return -1;
    }
    const json_t *known = json_member(data, "vars");
    for (size_t i = 0; i < json_array_size(known); i++) {
        const char *key = json_text(json_array_get(known, i), "key"), *value = NULL;
        if (console_field(c, arena_printf(c->mem, "var_%s", key), &value, e) != 0) {
            return -1;
        }
        if (value[0] != '\0') {
            json_put_words(vars, key, str_trim(c->mem, value));
        }
    }
    return 0;
}

static int save(struct console *c, struct console_call *call, struct err *e)
{
    static const char *const keys[] = {"host",      "client_id",     "client_secret",
                                       "assurance", "account_match", NULL};
    json_t *body = arena_json(c->mem, json_object());
    for (size_t i = 0; keys[i] != NULL; i++) {
        if (console_take(c, body, keys[i], e) != 0) {
            return -1;
        }
    }
    if (take_scopes(c, body, e) != 0 || console_connection_take_vars(c, body, e) != 0) {
        return -1;
    }
    call->method = WB_PUT;
    call->handler = api_connection_put;
    call->body = json_incref(body);
    return 0;
}

int console_connection_confirm(struct console *c, struct console_call *call, struct err *e)
{
    const char *code = NULL;
    if (console_field(c, "code", &code, e) != 0) {
        return -1;
    }
    call->handler = api_connection_confirm;
    call->body = json_must(json_pack("{s:s}", "code", str_trim(c->mem, code)));
    return 0;
}

int console_connection_log_in(struct console *c, struct console_call *call, struct err *e)
{
    (void)c;
    (void)e;
    call->handler = api_connection_login;
    return 0;
}

static int end(struct console *c, struct console_call *call, struct err *e)
{
    (void)c;
    (void)e;
    call->method = WB_DELETE;
    call->handler = api_connection_delete;
    return 0;
}

/* Of one that recipes use. */
static void refuse_end(struct console *c, struct console_answer *a)
{
    if (a->status == err_http_status(ERR_CONFLICT)) {
        a->problem = arena_printf(c->mem,
                                  "Nothing was removed. %s Give each another connection under its "
                                  "Edit, or remove it, and then come back.",
                                  a->problem);
    }
}

void console_connection_done(struct console *c, const struct console_deed *deed,
                             const struct console_answer *a, const char *page)
{
    if (deed->said == NULL) {
        respond_see_other(c->r, arena_strdup(c->mem, json_text(a->value, "login_url")));
    } else {
        console_done(c, page, deed->said);
    }
}

int console_connection_do(struct console *c, struct err *e)
{
    static const struct console_deed deeds[] = {
        {"save", "saved", save, false, NULL},
        {"confirm", "confirmed", console_connection_confirm, false, NULL},
        {"login", NULL, console_connection_log_in, false, NULL},
        {"remove", "removed", end, true, NULL},
        {.word = NULL},
    };
    const struct console_deed *deed = NULL;
    struct console_answer a;
    if (console_do(c, deeds, &deed, &a, e) != 0) {
        return -1;
    }
    bool ends = deed->call == end;
    if (a.problem != NULL) {
        if (ends) {
            refuse_end(c, &a);
        }
        return show_one(c, &a, e);
    }
    console_connection_done(c, deed, &a,
                            ends ? console_path(c, "/connections")
                                 : console_path(c, "/connections/%s", c->name));
    return 0;
}
