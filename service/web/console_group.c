#include "console_int.h"

/* One group of people, whom recipes let in by its name. */

enum { SHOWN_MAX = 500 };

/* What was not stored can be mended. */
static int put_typed(struct console *c, json_t *data, struct err *e)
{
    static const char *const keys[] = {"users", "comes", "goes", NULL};
    const char *typed = NULL;
    for (size_t i = 0; keys[i] != NULL; i++) {
        if (console_field(c, keys[i], &typed, e) != 0) {
            return -1;
        }
        if (typed[0] != '\0') {
            json_put_shown(data, keys[i], typed);
        }
    }
    return 0;
}

static int show(struct console *c, const struct console_answer *said, struct err *e)
{
    struct console_answer a;
    char *lines = NULL;
    const struct console_call get = {.method = WB_GET, .handler = api_group_get, .name = c->name};
    if (console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    const json_t *users = json_member(a.value, "users");
    bool fits = json_array_size(users) <= SHOWN_MAX;
    if (fits && console_ids_shown(c, users, &lines, e) != 0) {
        return -1;
    }
    json_t *data = arena_json(c->mem, json_object());
    json_put_words(data, "name", c->name);
    json_put_words(data, "tag", a.tag);
    json_put(data, "fits", json_boolean(fits));
    json_put(data, "number", json_must(json_integer(json_i64(a.value, "count"))));
    json_put_words(data, "changed_at", console_time(c->mem, json_text(a.value, "updated")));
    json_put_shown(data, "users", lines);
    if (said->problem != NULL && !console_outdated(said) && put_typed(c, data, e) != 0) {
        return -1;
    }
    console_put_problem(data, said);
    json_put_words(data, "action", console_path(c, "/groups/%s", c->name));
    const struct console_page page = {"console_group.html", c->name, "admins", said->status};
    return console_show(c, &page, json_incref(data), e);
}

int console_group_page(struct console *c, struct err *e)
{
    return show(c, &(struct console_answer){.status = 200}, e);
}

/* A change of one that is gone makes none anew. */
static int save(struct console *c, struct console_call *call, struct err *e)
{
    const char *users = NULL;
    if (console_field(c, "users", &users, e) != 0) {
        return -1;
    }
    call->method = WB_PUT;
    call->handler = api_group_put;
    if (call->condition.name == NULL) {
        call->condition = (struct header){"If-Match", "*"};
    }
    call->body = json_must(json_pack("{s:o}", "users", console_ids_read(c->mem, users)));
    return 0;
}

/* Those of `ids` that are none of `but`, behind what `to` has. */
static void add_others(arena *mem, json_t *to, const json_t *ids, const json_t *but)
{
    json_t *known = arena_json(mem, json_object());
    for (size_t i = 0; i < json_array_size(but); i++) {
        json_put(known, json_string_value(json_array_get(but, i)), json_true());
    }
    for (size_t i = 0; i < json_array_size(ids); i++) {
        if (json_member(known, json_string_value(json_array_get(ids, i))) == NULL) {
            json_push(to, json_deep_copy(json_array_get(ids, i)));
        }
    }
}

/* Of one that is too long to be shown: who comes, and who goes. */
static int change(struct console *c, struct console_call *call, struct err *e)
{
    struct console_answer a;
    const char *comes = NULL, *goes = NULL;
    const struct console_call get = {.method = WB_GET, .handler = api_group_get, .name = c->name};
    if (console_field(c, "comes", &comes, e) != 0 || console_field(c, "goes", &goes, e) != 0 ||
        console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    const json_t *users = json_member(a.value, "users");
    json_t *next = json_array(), *leave = arena_json(c->mem, console_ids_read(c->mem, goes));
    add_others(c->mem, next, users, leave);
    if (json_array_size(users) - json_array_size(next) != json_array_size(leave)) {
        call->refusal =
            "Nothing was done: under \"Who goes\" stands an id that is not in this group, "
            "or one stands there twice.";
    }
    add_others(c->mem, next, arena_json(c->mem, console_ids_read(c->mem, comes)), users);
    call->method = WB_PUT;
    call->handler = api_group_put;
    call->condition = (struct header){"If-Match", a.tag};
    call->body = json_must(json_pack("{s:o}", "users", next));
    return 0;
}

static int end(struct console *c, struct console_call *call, struct err *e)
{
    (void)c;
    (void)e;
    call->method = WB_DELETE;
    call->handler = api_group_delete;
    return 0;
}

int console_group_do(struct console *c, struct err *e)
{
    static const struct console_deed deeds[] = {
        {"save", "saved", save, false, NULL},
        {"change", "saved", change, false, NULL},
        {"remove", "removed", end, true, "/admins"},
        {.word = NULL},
    };
    return console_deeds(c, deeds, show, e);
}
