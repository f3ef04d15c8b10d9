#include "console_int.h"

#include <string.h>

/* The personal connections of the workspace: whose, to which account, in which state, and their
 * ends. Never a token: the API has none. */

static json_t *row_of(const struct console *c, const json_t *p, const json_t *names)
{
    const json_t *account = json_member(p, "account");
    const char *state = json_text(p, "state");
    json_t *row = json_must(json_pack(
        "{s:s, s:s, s:o, s:b}", "id", json_text(p, "id"), "connection", json_text(p, "connection"),
        "state", console_state(state), "ended", str_equal(state, "disconnected")));
    json_put_words(row, "label", console_app_title(c, json_text(p, "app")));
    json_put_shown(row, "user", console_name(names, json_text(p, "user")));
    json_put_shown(row, "account", json_text(account, "name"));
    json_put_shown(row, "organization", json_text(account, "organization"));
    json_put_words(row, "connected", console_time(c->mem, json_text(p, "connected")));
    json_put_words(row, "last_used", console_time(c->mem, json_text(p, "last_used")));
    json_put_words(row, "expires", console_time(c->mem, json_text(p, "expires")));
    json_put_words(row, "reason", console_reason(json_text(p, "reason")));
    json_put(row, "by_sign_in", json_boolean(str_equal(json_text(p, "assurance"), "sign_in")));
    json_put(row, "by_code", json_boolean(str_equal(json_text(p, "assurance"), "code")));
    return row;
}

static const char *const FILTERS[] = {"app", "connection", "state", "user", "begins", NULL};

/* What can be chosen: the default connections, their apps, and the states. */
static int add_choices(struct console *c, const json_t *chosen, json_t *data, struct err *e)
{
    static const char *const states[] = {"active",      "needs_attention", "needs_login",
                                         "provisional", "disconnected",    NULL};
    json_t *all = NULL, *seen = arena_json(c->mem, json_object());
    json_t *of_app = json_array(), *connections = json_array(), *of_state = json_array();
    json_put(data, "app_choices", of_app);
    json_put(data, "connection_choices", connections);
    json_put(data, "state_choices", of_state);
    if (console_all(c, api_connections_get, &all, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *name = json_text(json_array_get(all, i), "name");
        const char *of = json_text(json_array_get(all, i), "app");
        json_push(connections, console_choice(name, name, json_text(chosen, "connection")));
        if (json_member(seen, of) == NULL) {
            json_put(seen, of, json_true());
            json_push(of_app,
                      console_choice(of, console_app_title(c, of), json_text(chosen, "app")));
        }
    }
    for (size_t i = 0; states[i] != NULL; i++) {
        json_t *state = arena_json(c->mem, console_state(states[i]));
        json_push(of_state,
                  console_choice(states[i], json_text(state, "word"), json_text(chosen, "state")));
    }
    json_put(data, "any_app", json_boolean(json_array_size(of_app) > 0));
    return 0;
}

/* With what is searched for: whoever ends one goes on with the same list. */
static const char *address(const struct console *c, const struct console_filter *f)
{
    const char *path = console_path(c, "/personal-connections");
    return f->query.len == 0 ? path : arena_printf(c->mem, "%s?%s", path, f->query.text);
}

static int show(struct console *c, const char *problem, int status, struct err *e)
{
    struct console_filter f;
    json_t *data = arena_json(c->mem, json_object()), *names = NULL;
    if (console_filter(c, FILTERS, &f, e) != 0 ||
        console_filtered(c, api_personal_list, &f, data, e) != 0 ||
        console_names(c, json_member(data, "found"), "user", &names, e) != 0 ||
        add_choices(c, f.values, data, e) != 0) {
        return -1;
    }
    const json_t *found = json_member(data, "found");
    json_put(data, "any", json_boolean(json_array_size(found) > 0));
    json_put_words(data, "problem", problem);
    json_put_words(data, "action", address(c, &f));
    json_put(data, "connections", json_array());
    for (size_t i = 0; i < json_array_size(found); i++) {
        json_push(json_member(data, "connections"), row_of(c, json_array_get(found, i), names));
    }
    const struct console_page page = {"console_personal.html", "Personal connections", "personal",
                                      status};
    return console_show(c, &page, json_incref(data), e);
}

int console_personal_page(struct console *c, struct err *e)
{
    return show(c, NULL, 200, e);
}

/* The call of the API that was meant. What is final, or ends many, is asked. */
static int call_of(struct console *c, struct console_call *ret, struct err *e)
{
    const char *id = NULL, *app_key = NULL, *does = NULL, *sure = NULL;
    struct str query = str_new(c->mem, 300);
    if (console_field(c, "id", &id, e) != 0 || console_field(c, "app", &app_key, e) != 0 ||
        console_field(c, "do", &does, e) != 0 || console_field(c, "sure", &sure, e) != 0) {
        return -1;
    }
    bool forget = str_equal(does, "forget"), one = id[0] != '\0';
    console_add_param(&query, "app", one ? "" : app_key);
    console_add_param(&query, "forget", forget ? "true" : "");
    *ret = (struct console_call){
        .method = WB_DELETE, .query = query.text, .handler = api_personal_delete_all};
    if (one) {
        ret->handler = api_personal_delete;
        ret->name = id;
    }
    if ((forget || !one) && !str_equal(sure, "on")) {
        ret->refusal = "Nothing was done: tick the box to say that you mean it.";
    }
    return 0;
}

int console_personal_end(struct console *c, struct err *e)
{
    struct console_call call;
    struct console_answer a;
    struct console_filter f;
    if (call_of(c, &call, e) != 0) {
        return -1;
    }
    if (call.refusal != NULL) {
        return show(c, call.refusal, 422, e);
    }
    if (console_try(c, &call, &a, e) != 0 || console_filter(c, FILTERS, &f, e) != 0) {
        return -1;
    }
    if (a.problem != NULL) {
        return show(c, a.problem, a.status, e);
    }
    console_done(c, address(c, &f),
                 strstr(call.query, "forget=") == NULL ? "disconnected" : "forgotten");
    return 0;
}
