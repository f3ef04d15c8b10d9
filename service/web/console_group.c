#include "console_int.h"

/* One group of people, whom recipes let in by its name. */

enum { SHOWN_MAX = 500 };

static int show(struct console *c, const struct console_answer *said, struct err *e)
{
    struct console_answer a;
    char *lines = NULL;
    const char *typed = NULL;
    const struct console_call get = {.method = WB_GET, .handler = api_group_get, .name = c->name};
    if (console_ask(c, &get, &a, e) != 0) {
        return -1;
    }
    const json_t *users = json_member(a.value, "users");
    bool fits = json_array_size(users) <= SHOWN_MAX;
    if (fits && console_ids_shown(c, users, &lines, e) != 0) {
        return -1;
    }
    if (said->problem != NULL && !console_outdated(said) &&
        console_field(c, "users", &typed, e) != 0) {
        return -1;
    }
    json_t *data = arena_json(c->mem, json_object());
    json_put_words(data, "name", c->name);
    json_put_words(data, "tag", a.tag);
    json_put(data, "fits", json_boolean(fits));
    json_put(data, "number", json_must(json_integer(json_i64(a.value, "count"))));
    json_put_words(data, "changed_at", console_time(c->mem, json_text(a.value, "updated")));
    json_put_shown(data, "users", str_empty(typed) ? lines : typed);
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
        {"save", "saved", save, false},
        {"remove", "removed", end, true},
        {.word = NULL},
    };
    const struct console_deed *deed = NULL;
    struct console_answer a;
    if (console_do(c, deeds, &deed, &a, e) != 0) {
        return -1;
    }
    if (a.problem != NULL) {
        return show(c, &a, e);
    }
    console_done(c,
                 deed->asked ? console_path(c, "/admins") : console_path(c, "/groups/%s", c->name),
                 deed->said);
    return 0;
}
