#include "console_recipe_int.h"

#include "base/limits.h"

/*
 * Recipe > Settings: for each app of the recipe one switch, "Verify user access at runtime", with
 * what it means and for whom; who may run it; and whether it is switched on.
 */

struct settings {
    struct console_recipe recipe;
    json_t *apps, *groups, *workspace;
    const char *problem;
    json_t *faults;
    int status;
};

/* --- what the page shows --- */

/* People who have connected their own account, at most a page of them. */
static int count_people(struct console *c, json_t *row, struct err *e)
{
    json_t *items = NULL;
    struct str query = str_new(c->mem, 300);
    size_t count = 0;
    if (json_text(row, "app") == NULL) {
        return 0;
    }
    console_add_param(&query, "app", json_text(row, "app"));
    str_printf(&query, "&limit=%d", LIMIT_PAGE_COUNT);
    if (console_list(c, api_personal_list, query.text, &items, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *p = json_array_get(items, i);
        count += str_equal(json_text(p, "connection"), json_text(row, "use")) &&
                         str_equal(json_text(p, "state"), "active")
                     ? 1
                     : 0;
    }
    bool more = json_array_size(items) == LIMIT_PAGE_COUNT;
    json_put_words(row, "people",
                   count == 1 && !more ? "1 account is"
                                       : arena_printf(c->mem, "%s%zu accounts are",
                                                      more ? "at least " : "", count));
    return 0;
}

static bool uses_default(const struct settings *x)
{
    return !str_equal(json_text(x->workspace, "installer_uses"), "personal");
}

static int add_apps(struct console *c, struct settings *x, json_t *data, struct err *e)
{
    if (console_recipe_apps(c, x->recipe.body, &x->apps, e) != 0) {
        return -1;
    }
    json_put(data, "apps", x->apps);
    json_put(data, "any_app", json_boolean(json_array_size(x->apps) > 0));
    for (size_t i = 0; i < json_array_size(x->apps); i++) {
        json_t *row = json_array_get(x->apps, i);
        json_put(row, "installer_default", json_boolean(uses_default(x)));
        if (count_people(c, row, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool is_group(const struct settings *x, const char *name)
{
    for (size_t i = 0; i < json_array_size(x->groups); i++) {
        if (str_equal(json_text(json_array_get(x->groups, i), "name"), name)) {
            return true;
        }
    }
    return false;
}

/* The groups that there are, and those that the recipe lets in whatever has become of them: a name
 * that does not stand on the page would be lost by the next save. */
static json_t *group_rows(const struct settings *x, const json_t *allowed)
{
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(x->groups); i++) {
        const char *name = json_text(json_array_get(x->groups, i), "name");
        json_push(list,
                  json_must(json_pack("{s:s, s:b}", "group", name, "on", json_has(allowed, name))));
    }
    for (size_t i = 0; i < json_array_size(allowed); i++) {
        const char *name = json_string_value(json_array_get(allowed, i));
        if (!is_group(x, name)) {
            json_push(list,
                      json_must(json_pack("{s:s, s:b, s:b}", "group", name, "on", 1, "gone", 1)));
        }
    }
    return list;
}

static int add_allow(struct console *c, const struct settings *x, json_t *data, struct err *e)
{
    const json_t *allow = json_member(x->recipe.body, "allow");
    const json_t *groups = json_member(allow, "groups");
    char *users = NULL, *channels = NULL;
    if (console_ids_shown(c, json_member(allow, "users"), &users, e) != 0 ||
        console_ids_shown(c, json_member(allow, "channels"), &channels, e) != 0) {
        return -1;
    }
    json_put(data, "allow_open", json_boolean(allow == NULL));
    json_put(data, "allow_everyone", json_boolean(json_is_string(allow)));
    json_put(data, "allow_listed", json_boolean(json_is_object(allow)));
    json_put_shown(data, "users", users);
    json_put_shown(data, "channels", channels);
    json_t *lines = group_rows(x, groups);
    json_put(data, "any_group", json_boolean(json_array_size(lines) > 0));
    json_put(data, "groups", lines);
    return 0;
}

static int load(struct console *c, struct settings *ret, struct err *e)
{
    struct console_answer a;
    const struct console_call call = {.method = WB_GET, .handler = api_workspace_get};
    *ret = (struct settings){.status = 200};
    if (console_recipe_load(c, &ret->recipe, e) != 0 || console_ask(c, &call, &a, e) != 0) {
        return -1;
    }
    ret->workspace = a.value;
    return console_all(c, api_groups_get, &ret->groups, e);
}

static int show(struct console *c, struct settings *x, struct err *e)
{
    json_t *data = arena_json(c->mem, json_object());
    console_recipe_head(c, &x->recipe, "settings", data);
    if (add_apps(c, x, data, e) != 0 || add_allow(c, x, data, e) != 0) {
        return -1;
    }
    json_put_words(data, "problem", x->problem);
    if (x->faults != NULL) {
        json_put(data, "faults", json_incref(x->faults));
    }
    json_put_words(data, "action", console_path(c, "/recipes/%s/settings", c->name));
    const struct console_page page = {
        "console_settings.html",
        arena_printf(c->mem, "Settings of %s", json_text(data, "recipe_title")), "home", x->status};
    return console_show(c, &page, json_incref(data), e);
}

int console_settings_page(struct console *c, struct err *e)
{
    struct settings x;
    return load(c, &x, e) != 0 ? -1 : show(c, &x, e);
}

/* --- what was sent --- */

static int read_flag(const struct console *c, const char *name, bool *ret, struct err *e)
{
    const char *value = NULL;
    if (console_field(c, name, &value, e) != 0) {
        return -1;
    }
    *ret = str_equal(value, "on");
    return 0;
}

static int read_switches(struct console *c, json_t *body, struct err *e)
{
    const char *alias = NULL;
    json_t *one = NULL;
    json_object_foreach(json_member(body, "connections"), alias, one)
    {
        bool on = false;
        if (read_flag(c, arena_printf(c->mem, "verify_%s", alias), &on, e) != 0) {
            return -1;
        }
        json_put(one, "verify_user_access", json_boolean(on));
    }
    return 0;
}

static void put_list(json_t *allow, const char *key, json_t *list)
{
    if (json_array_size(list) > 0) {
        json_put(allow, key, list);
    } else {
        json_decref(list);
    }
}

/* Those of the page's rows that are ticked. */
static int read_groups(struct console *c, const json_t *lines, json_t *list, struct err *e)
{
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const char *name = json_text(json_array_get(lines, i), "group");
        bool on = false;
        if (read_flag(c, arena_printf(c->mem, "group_%s", name), &on, e) != 0) {
            return -1;
        }
        if (on) {
            json_push(list, json_words(name));
        }
    }
    return 0;
}

static int read_allow(struct console *c, const struct settings *x, json_t *body, struct err *e)
{
    const char *who = NULL, *users = NULL, *channels = NULL;
    const json_t *was = json_member(json_member(body, "allow"), "groups");
    json_t *lines = arena_json(c->mem, group_rows(x, was));
    json_t *groups = arena_json(c->mem, json_array());
    if (console_field(c, "allow", &who, e) != 0 || console_field(c, "users", &users, e) != 0 ||
        console_field(c, "channels", &channels, e) != 0 || read_groups(c, lines, groups, e) != 0) {
        return -1;
    }
    if (str_equal(who, "everyone")) {
        json_put(body, "allow", json_words("everyone"));
    } else if (str_equal(who, "listed")) {
        json_t *allow = json_object();
        put_list(allow, "users", console_ids_read(c->mem, users));
        put_list(allow, "groups", json_incref(groups));
        put_list(allow, "channels", console_ids_read(c->mem, channels));
        json_put(body, "allow", allow);
    } else if (str_equal(who, "open")) {
        json_object_del(body, "allow");
    }
    return 0;
}

int console_settings_save(struct console *c, struct err *e)
{
    struct settings x;
    struct console_answer a;
    const char *tag = NULL;
    if (load(c, &x, e) != 0 || console_field(c, "tag", &tag, e) != 0) {
        return -1;
    }
    json_t *body = x.recipe.body;
    if (read_flag(c, "enabled", &x.recipe.enabled, e) != 0 || read_switches(c, body, e) != 0 ||
        read_allow(c, &x, body, e) != 0) {
        return -1;
    }
    json_put(body, "enabled", json_boolean(x.recipe.enabled));
    const struct console_call put = {.method = WB_PUT,
                                     .handler = api_recipe_put,
                                     .name = c->name,
                                     .body = json_deep_copy(body),
                                     .condition = {"If-Match", tag}};
    if (console_try(c, &put, &a, e) != 0) {
        return -1;
    }
    if (a.problem == NULL) {
        console_done(c, console_path(c, "/recipes/%s/settings", c->name), "saved");
        return 0;
    }
    x.problem = a.faults == NULL ? a.problem : "This was not saved:";
    if (a.status == err_http_status(ERR_PRECONDITION)) {
        x.problem = "This recipe was changed since you opened the page, and nothing was saved. "
                    "What you chose still stands below: look at the newest version under "
                    "Overview, then save again.";
    }
    x.faults = a.faults;
    x.status = a.status;
    return show(c, &x, e);
}
