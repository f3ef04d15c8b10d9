#include "console_int.h"

/* Who administers the workspace, what proves a person at each connection, and groups. */

/* --- what the page shows --- */

static json_t *group_row(const struct console *c, const json_t *group)
{
    long long count = (long long)json_i64(group, "count");
    json_t *row = json_object();
    json_put_words(row, "group", json_text(group, "name"));
    json_put_words(row, "href", console_path(c, "/groups/%s", json_text(group, "name")));
    json_put_words(row, "count",
                   count == 1 ? "1 person" : arena_printf(c->mem, "%lld people", count));
    return row;
}

/* With the tag of this connection: the page's own is the workspace's. */
static int add_proof(struct console *c, const char *name, json_t *list, struct err *e)
{
    struct console_answer a;
    const struct console_call get = {.method = WB_GET, .handler = api_connection_get, .name = name};
    if (console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    const json_t *d = a.value;
    const char *match = json_text(d, "account_match");
    json_t *row = json_must(json_pack(
        "{s:b, s:b, s:b, s:b}", "sign_in", str_equal(json_text(d, "assurance"), "sign_in"),
        "match_off", str_equal(match, "off"), "match_warn", str_equal(match, "warn"),
        "match_require", str_equal(match, "require")));
    json_put_words(row, "connection", name);
    json_put_words(row, "label", console_app_title(c, json_text(d, "app")));
    json_put_words(row, "tag", a.tag);
    json_push(list, row);
    return 0;
}

static int add_lists(struct console *c, json_t *data, struct err *e)
{
    json_t *groups = NULL, *defaults = NULL;
    if (console_all(c, api_groups_get, &groups, e) != 0 ||
        console_all(c, api_connections_get, &defaults, e) != 0) {
        return -1;
    }
    json_put(data, "groups", json_array());
    json_put(data, "proofs", json_array());
    for (size_t i = 0; i < json_array_size(groups); i++) {
        json_push(json_member(data, "groups"), group_row(c, json_array_get(groups, i)));
    }
    for (size_t i = 0; i < json_array_size(defaults); i++) {
        const char *name = json_text(json_array_get(defaults, i), "name");
        if (add_proof(c, name, json_member(data, "proofs"), e) != 0) {
            return -1;
        }
    }
    json_put(data, "any_group", json_boolean(json_array_size(groups) > 0));
    json_put(data, "any_proof", json_boolean(json_array_size(defaults) > 0));
    return 0;
}

static int add_admins(struct console *c, const json_t *w, json_t *data, struct err *e)
{
    char *admins = NULL, *installer = NULL;
    json_t *one = arena_json(c->mem, json_array());
    if (json_text(w, "installer") != NULL) {
        json_push(one, json_words(json_text(w, "installer")));
    }
    if (console_ids_shown(c, json_member(w, "admins"), &admins, e) != 0 ||
        console_ids_shown(c, one, &installer, e) != 0) {
        return -1;
    }
    json_put_shown(data, "admins", admins);
    json_put_shown(data, "installer", str_trim(c->mem, installer));
    json_put(data, "uses_default",
             json_boolean(str_equal(json_text(w, "installer_uses"), "default")));
    json_put(data, "guests", json_boolean(str_equal(json_text(w, "guests"), "allow")));
    return 0;
}

/* What was not stored can be mended; who would be no admin any more is asked. */
static int keep_typed(struct console *c, json_t *data, struct err *e)
{
    const char *admins = NULL, *installer = NULL;
    if (console_field(c, "admins", &admins, e) != 0 ||
        console_field(c, "installer", &installer, e) != 0) {
        return -1;
    }
    if (admins[0] != '\0') {
        json_put_shown(data, "admins", admins);
        json_put_shown(data, "installer", installer);
        json_put(data, "asks", json_boolean(c->user_id != NULL));
    }
    return 0;
}

/* Of the workspace's platform. */
static int add_sign_in(struct console *c, json_t *data, struct err *e)
{
    json_t *found = NULL;
    bool teams = str_starts(c->workspace, "teams:");
    if (console_sign_in(c, teams ? "teams" : "slack", &found, e) != 0) {
        return -1;
    }
    json_put_words(data, "platform", console_platform(c->workspace));
    json_put_words(data, "sign_in_name", json_text(found, "title"));
    json_put(data, "sign_in_is", json_incref(found));
    return 0;
}

static int show(struct console *c, const struct console_answer *said, struct err *e)
{
    struct console_answer a;
    const struct console_call get = {.method = WB_GET, .handler = api_workspace_get};
    json_t *data = arena_json(c->mem, json_object());
    if (console_ask(c, &get, &a, e) != 0 || add_admins(c, a.value, data, e) != 0 ||
        add_lists(c, data, e) != 0 || add_sign_in(c, data, e) != 0) {
        return -1;
    }
    if (said->problem != NULL && !console_outdated(said) && keep_typed(c, data, e) != 0) {
        return -1;
    }
    json_put_words(data, "tag", a.tag);
    console_put_problem(data, said);
    json_put_words(data, "action", console_path(c, "/admins"));
    const struct console_page page = {"console_admins.html", "Admins and groups", "admins",
                                      said->status};
    return console_show(c, &page, json_incref(data), e);
}

int console_admins_page(struct console *c, struct err *e)
{
    return show(c, &(struct console_answer){.status = 200}, e);
}

/* --- what its buttons do --- */

/* Would whoever is signed in be an admin still? */
static bool stays(const struct console *c, const json_t *body)
{
    const json_t *admins = json_member(body, "admins");
    bool is = c->user_id == NULL || str_equal(json_text(body, "installer"), c->user_id);
    for (size_t i = 0; i < json_array_size(admins); i++) {
        is = is || str_equal(json_string_value(json_array_get(admins, i)), c->user_id);
    }
    return is;
}

static int save(struct console *c, struct console_call *call, struct err *e)
{
    const char *admins = NULL, *installer = NULL, *guests = NULL, *sure = NULL;
    json_t *body = arena_json(c->mem, json_object());
    if (console_field(c, "admins", &admins, e) != 0 ||
        console_field(c, "installer", &installer, e) != 0 ||
        console_take(c, body, "installer_uses", e) != 0 ||
        console_field(c, "guests", &guests, e) != 0 || console_field(c, "sure", &sure, e) != 0) {
        return -1;
    }
    json_t *one = arena_json(c->mem, console_ids_read(c->mem, installer));
    const json_t *first = json_array_get(one, 0);
    json_put(body, "installer", first == NULL ? json_null() : json_deep_copy(first));
    json_put(body, "admins", console_ids_read(c->mem, admins));
    json_put(body, "guests", json_words(str_equal(guests, "on") ? "allow" : "refuse"));
    call->method = WB_PUT;
    call->handler = api_workspace_put;
    call->body = json_incref(body);
    if (!stays(c, body) && !str_equal(sure, "on")) {
        call->refusal = "Nothing was done: you would be no admin any more. Name yourself, or tick "
                        "the box to say that you mean it.";
    }
    return 0;
}

static int prove(struct console *c, struct console_call *call, struct err *e)
{
    json_t *body = arena_json(c->mem, json_object());
    if (console_field(c, "connection", &call->name, e) != 0 ||
        console_take(c, body, "assurance", e) != 0 ||
        console_take(c, body, "account_match", e) != 0) {
        return -1;
    }
    call->method = WB_PUT;
    call->handler = api_connection_put;
    call->body = json_incref(body);
    if (call->condition.name == NULL) {
        call->condition = (struct header){"If-Match", "*"};
        call->unmet = "There is no such connection any more.";
    }
    return 0;
}

static int make_group(struct console *c, struct console_call *call, struct err *e)
{
    const char *users = NULL;
    if (console_field(c, "name", &call->name, e) != 0 ||
        console_field(c, "users", &users, e) != 0) {
        return -1;
    }
    call->method = WB_PUT;
    call->handler = api_group_put;
    call->body = json_must(json_pack("{s:o}", "users", console_ids_read(c->mem, users)));
    call->condition = (struct header){"If-None-Match", "*"};
    call->unmet = "There is a group of that name already.";
    return 0;
}

int console_admins_do(struct console *c, struct err *e)
{
    static const struct console_deed deeds[] = {
        {"save", "saved", save, false, NULL},
        {"prove", "saved", prove, false, NULL},
        {"group", "saved", make_group, false, NULL},
        {.word = NULL},
    };
    return console_deeds(c, deeds, show, e);
}
