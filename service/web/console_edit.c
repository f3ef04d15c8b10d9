#include "console_recipe_int.h"

#include <string.h>

#include "base/limits.h"

/*
 * The editor: a recipe as its text, and its earlier versions. What is wrong is told with the line
 * and the column where it stands, and what was written stays on the page.
 */

struct editing {
    struct console_recipe recipe;
    const char *text;
    const char *problem;
    json_t *faults; /* of console_recipe_placed(); NULL: none */
    int status;
};

/* One that is too long for it in lines stands in one. */
static char *pretty(arena *mem, const json_t *body)
{
    char *text = json_write_lines(mem, body);
    return strlen(text) > LIMIT_RECIPE_BODY ? json_write(mem, body) : text;
}

static int add_versions(struct console *c, json_t *data, struct err *e)
{
    json_t *names = NULL;
    if (console_paged(c, api_recipe_versions_get, data, e) != 0) {
        return -1;
    }
    const json_t *items = json_member(data, "found");
    if (console_names(c, console_actors(c->mem, items, "by"), "user", &names, e) != 0) {
        return -1;
    }
    json_put(data, "versions", json_array());
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *one = json_array_get(items, i);
        const char *by = json_text(one, "by");
        json_t *row =
            json_must(json_pack("{s:I, s:b}", "number", (json_int_t)json_i64(one, "version"),
                                "current", json_flag(one, "current")));
        json_put_shown(row, "by", console_actor(names, by));
        json_put_words(row, "at", console_time(c->mem, json_text(one, "created")));
        json_push(json_member(data, "versions"), row);
    }
    return 0;
}

static int show(struct console *c, const struct editing *x, struct err *e)
{
    json_t *data = arena_json(c->mem, json_object());
    console_recipe_head(c, &x->recipe, "edit", data);
    if (add_versions(c, data, e) != 0) {
        return -1;
    }
    /* what was typed is never lost, however long it is */
    bool fits = c->q->method == WB_POST || strlen(x->text) <= LIMIT_RECIPE_BODY;
    json_put(data, "fits", json_boolean(fits));
    json_put_words(data, "text", fits ? x->text : "");
    json_put_words(data, "problem", x->problem);
    if (x->faults != NULL) {
        json_put(data, "faults", json_incref(x->faults));
    }
    json_put_words(data, "action", console_path(c, "/recipes/%s/edit", c->name));
    json_put_words(data, "check", console_path(c, "/recipe-check"));
    c->checked = true;
    const struct console_page page = {
        "console_edit.html", arena_printf(c->mem, "Edit %s", json_text(data, "recipe_title")),
        "home", x->status};
    return console_show(c, &page, json_incref(data), e);
}

/* The text of another version, to look at it and to store it again. */
static int load_version(struct console *c, struct editing *x, struct err *e)
{
    struct console_answer a;
    const char *version = NULL;
    if (request_query(c->q, "version", &version, e) != 0) {
        return -1;
    }
    if (version == NULL) {
        return 0;
    }
    const struct console_call call = {
        .method = WB_GET, .handler = api_recipe_version_get, .name = c->name, .part = version};
    if (console_ask(c, &call, &a, e) != 0) {
        return -1;
    }
    x->text = pretty(c->mem, json_member(a.value, "recipe"));
    return 0;
}

static int load(struct console *c, struct editing *ret, struct err *e)
{
    *ret = (struct editing){.status = 200};
    if (console_recipe_load(c, &ret->recipe, e) != 0) {
        return -1;
    }
    ret->text = pretty(c->mem, ret->recipe.body);
    return 0;
}

int console_edit_page(struct console *c, struct err *e)
{
    struct editing x;
    return load(c, &x, e) != 0 || load_version(c, &x, e) != 0 ? -1 : show(c, &x, e);
}

/* --- what was sent --- */

static int store_text(struct console *c, struct editing *x, json_t *body, struct err *e)
{
    struct console_answer a;
    const char *tag = NULL;
    if (console_field(c, "tag", &tag, e) != 0) {
        return -1;
    }
    const struct console_call put = {.method = WB_PUT,
                                     .handler = api_recipe_put,
                                     .name = c->name,
                                     .body = json_incref(body),
                                     .condition = {"If-Match", tag}};
    if (console_try(c, &put, &a, e) != 0) {
        return -1;
    }
    if (a.problem == NULL) {
        console_done(c, console_path(c, "/recipes/%s/edit", c->name), "saved");
        return 0;
    }
    x->problem = a.faults == NULL ? a.problem : "This was not saved:";
    if (a.status == err_http_status(ERR_PRECONDITION)) {
        x->problem = "This recipe was changed since you opened the page. Your text still stands "
                     "below: compare it with the newest version before you save it.";
    }
    x->faults = a.faults == NULL ? NULL : console_recipe_placed(c->mem, x->text, a.faults);
    x->status = a.status;
    return show(c, x, e);
}

/* Stored when it is sent from a page of this session, to what that page has shown. */
static int show_again(struct console *c, struct editing *x, struct err *e)
{
    if (console_field(c, "tag", &x->recipe.tag, e) != 0) {
        return -1;
    }
    x->status = err_http_status(ERR_FORBIDDEN);
    x->problem = CONSOLE_OTHER_FORM;
    return show(c, x, e);
}

int console_edit_save(struct console *c, struct err *e)
{
    struct editing x;
    const char *why = NULL;
    if (load(c, &x, e) != 0 || console_field(c, "text", &x.text, e) != 0) {
        return -1;
    }
    if (c->other_form) {
        return show_again(c, &x, e);
    }
    json_t *body = console_recipe_read(c->mem, x.text, &why);
    if (body == NULL) {
        x.status = 422;
        x.problem = arena_printf(c->mem, "This was not saved: %s", why);
        return show(c, &x, e);
    }
    return store_text(c, &x, body, e);
}
