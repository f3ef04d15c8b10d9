#include "console_recipe_int.h"

/* A new recipe, from its text; and the end of one. */

/* With the workspace's first default connection, and the place where its steps go. */
static int starter(struct console *c, const char **ret, struct err *e)
{
    json_t *all = NULL;
    if (console_list(c, api_connections_get, "limit=1", &all, e) != 0) {
        return -1;
    }
    const char *use = json_text(json_array_get(all, 0), "name");
    *ret = arena_printf(
        c->mem,
        "{\n"
        "  \"title\": \"What it does\",\n"
        "  \"command\": \"words to type\",\n"
        "  \"hint\": \"What people read about it\",\n"
        "  \"inputs\": [{\"name\": \"name\", \"required\": true, \"hint\": \"What it asks for\"}],\n"
        "  \"connections\": {\"app\": {\"use\": \"%s\", \"verify_user_access\": true}},\n"
        "  \"steps\": [{\"id\": \"first\", \"connection\": \"app\", \"action\": \"create_record\",\n"
        "             \"with\": {\"object\": \"Task\", \"fields\": {\"Subject\": \"{{inputs.name}}\"}}}],\n"
        "  \"reply\": {\"text\": \"Done: {{inputs.name}}\"},\n"
        "  \"enabled\": false\n"
        "}\n",
        use == NULL ? "a-default-connection" : use);
    return 0;
}

static int show(struct console *c, const struct console_answer *said, struct err *e)
{
    const char *name = "", *text = NULL;
    bool sent = c->q->method == WB_POST;
    if ((sent && console_field(c, "name", &name, e) != 0) ||
        (sent ? console_field(c, "text", &text, e) : starter(c, &text, e)) != 0) {
        return -1;
    }
    json_t *data = arena_json(c->mem, json_object());
    json_put_shown(data, "name", name);
    json_put_shown(data, "text", text);
    console_put_problem(data, said);
    json_put_words(data, "action", console_path(c, "/recipes"));
    json_put_words(data, "check", console_path(c, "/recipe-check"));
    c->checked = true;
    const struct console_page page = {"console_recipe_new.html", "A new recipe", "home",
                                      said->status};
    return console_show(c, &page, json_incref(data), e);
}

int console_recipe_new(struct console *c, struct err *e)
{
    return show(c, &(struct console_answer){.status = 200}, e);
}

/* What it makes is no recipe yet, or it is: ret->problem says why not. */
static int make(struct console *c, const char *name, const char *text, struct console_answer *ret,
                struct err *e)
{
    const char *why = NULL;
    if (c->other_form) {
        console_refuse(ret, err_http_status(ERR_FORBIDDEN), CONSOLE_OTHER_FORM);
        return 0;
    }
    json_t *body = console_recipe_read(c->mem, text, &why);
    if (body == NULL) {
        console_refuse(ret, 422, arena_printf(c->mem, "Nothing was made: %s", why));
        return 0;
    }
    const struct console_call put = {
        .method = WB_PUT, .handler = api_recipe_put, .name = name, .body = json_incref(body)};
    if (console_make(c, &put, ret, "There is a recipe of that name already.", e) != 0) {
        return -1;
    }
    ret->faults = ret->faults == NULL ? NULL : console_recipe_placed(c->mem, text, ret->faults);
    return 0;
}

int console_recipe_make(struct console *c, struct err *e)
{
    const char *name = NULL, *text = NULL;
    struct console_answer a;
    if (console_field(c, "name", &name, e) != 0 || console_field(c, "text", &text, e) != 0 ||
        make(c, name, text, &a, e) != 0) {
        return -1;
    }
    if (a.problem != NULL) {
        return show(c, &a, e);
    }
    console_done(c, console_path(c, "/recipes/%s/settings", name), "recipe");
    return 0;
}

static int end(struct console *c, struct console_call *call, struct err *e)
{
    (void)c;
    (void)e;
    call->method = WB_DELETE;
    call->handler = api_recipe_delete;
    return 0;
}

int console_recipe_do(struct console *c, struct err *e)
{
    static const struct console_deed deeds[] = {{"remove", "removed", end, true, ""},
                                                {.word = NULL}};
    return console_deeds(c, deeds, console_recipe_show, e);
}
