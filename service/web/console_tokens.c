#include "console_int.h"

/* Tokens of the API for programs: one is shown by the page that made it, this once. And whether
 * those of the role "act" start anything in this workspace. */

static json_t *row_of(const struct console *c, const json_t *t, const json_t *names)
{
    const char *by = json_text(t, "made_by");
    bool orphan = json_flag(t, "orphaned"), user = by != NULL && str_starts(by, "user:");
    json_t *row =
        json_must(json_pack("{s:b, s:b, s:b}", "over", str_equal(json_text(t, "state"), "expired"),
                            "left", orphan && user, "left_behind", orphan && !user));
    json_put_words(row, "token_name", json_text(t, "name"));
    json_put_words(row, "role", json_text(t, "role"));
    json_put_words(row, "begins", json_text(t, "begins"));
    json_put_shown(row, "by", console_actor(names, by));
    json_put_words(row, "made_at", console_time(c->mem, json_text(t, "created")));
    json_put_words(row, "expires", console_time(c->mem, json_text(t, "expires")));
    json_put_words(row, "last_used", console_time(c->mem, json_text(t, "last_used")));
    return row;
}

static int add_acting(struct console *c, json_t *data, struct err *e)
{
    struct console_answer a;
    const struct console_call get = {.method = WB_GET, .handler = api_workspace_get};
    if (console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    json_put(data, "acting", json_boolean(str_equal(json_text(a.value, "acting"), "on")));
    json_put_words(data, "tag", a.tag);
    return 0;
}

static int show(struct console *c, const struct console_answer *said, struct err *e)
{
    json_t *all = NULL, *names = NULL;
    json_t *data = arena_json(c->mem, json_must(json_pack("{s:[]}", "tokens")));
    if (console_all(c, api_tokens_get, &all, e) != 0 ||
        console_names(c, console_actors(c->mem, all, "made_by"), "user", &names, e) != 0 ||
        add_acting(c, data, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_push(json_member(data, "tokens"), row_of(c, json_array_get(all, i), names));
    }
    json_put(data, "any", json_boolean(json_array_size(all) > 0));
    json_put_words(data, "fresh", json_text(said->value, "token"));
    json_put_words(data, "fresh_name", json_text(said->value, "name"));
    console_put_problem(data, said);
    json_put_words(data, "action", console_path(c, "/api-tokens"));
    const struct console_page page = {"console_tokens.html", "API tokens", "tokens", said->status};
    return console_show(c, &page, json_incref(data), e);
}

int console_tokens_page(struct console *c, struct err *e)
{
    return show(c, &(struct console_answer){.status = 200}, e);
}

static int make(struct console *c, struct console_call *call, struct err *e)
{
    json_t *body = arena_json(c->mem, json_object());
    if (console_take(c, body, "name", e) != 0 || console_take(c, body, "role", e) != 0 ||
        console_take_number(c, body, "expires_in_days", e) != 0) {
        return -1;
    }
    call->handler = api_tokens_post;
    call->body = json_incref(body);
    return 0;
}

static int end(struct console *c, struct console_call *call, struct err *e)
{
    call->method = WB_DELETE;
    call->handler = api_token_delete;
    return console_field(c, "name", &call->name, e);
}

static int switch_acting(struct console *c, struct console_call *call, struct err *e)
{
    const char *on = NULL;
    if (console_field(c, "acting", &on, e) != 0) {
        return -1;
    }
    call->method = WB_PUT;
    call->handler = api_workspace_put;
    call->body = json_must(json_pack("{s:s}", "acting", str_equal(on, "on") ? "on" : "off"));
    return 0;
}

int console_tokens_do(struct console *c, struct err *e)
{
    static const struct console_deed deeds[] = {
        {"make", NULL, make, false, NULL},
        {"remove", "removed", end, true, NULL},
        {"acting", "saved", switch_acting, false, NULL},
        {.word = NULL},
    };
    return console_deeds(c, deeds, show, e);
}
