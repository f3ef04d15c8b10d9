#include "console_int.h"

/* The people whom Workbot knows in the workspace; what is done with one stands in console_person.c.
 */

/* Members are most of them: nothing is said of that. */
static json_t *standing_of(const json_t *p)
{
    static const struct {
        const char *standing, *word;
    } words[] = {
        {"guest", "Guest"},          {"stranger", "Of another organisation"}, {"bot", "Bot"},
        {"deactivated", "Has left"}, {"unknown", "Not asked after yet"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_equal(words[i].standing, json_text(p, "standing"))) {
            return json_must(json_pack("{s:s}", "word", words[i].word));
        }
    }
    return NULL;
}

static void put_paths(const struct console *c, const char *user_id, json_t *row)
{
    struct str id = str_new(c->mem, 100);
    str_add_url(&id, user_id);
    json_put_words(row, "href", console_path(c, "/people/%s", id.text));
    json_put_words(row, "connections_href",
                   console_path(c, "/personal-connections?user=%s", id.text));
    json_put_words(row, "runs_href", console_path(c, "/runs?user=%s", id.text));
}

json_t *console_person(const struct console *c, const json_t *p)
{
    const char *user_id = json_text(p, "user"), *name = json_text(p, "name");
    long long count = (long long)json_i64(p, "connections");
    json_t *row =
        json_must(json_pack("{s:b, s:b, s:b}", "admin", json_flag(p, "admin"), "installer",
                            json_flag(p, "installer"), "erasing", json_flag(p, "erasing")));
    json_put_shown(row, "user", user_id);
    json_put_shown(row, "user_name", name != NULL && str_visible(name) ? name : user_id);
    json_put_words(row, "connections",
                   count == 1 ? "1 connection" : arena_printf(c->mem, "%lld connections", count));
    json_put_words(row, "last_run", console_time(c->mem, json_text(p, "last_run")));
    json_put_words(row, "created", console_time(c->mem, json_text(p, "created")));
    json_t *standing = standing_of(p);
    if (standing != NULL) {
        json_put(row, "standing", standing);
    }
    put_paths(c, user_id, row);
    return row;
}

int console_people_page(struct console *c, struct err *e)
{
    static const char *const filters[] = {"begins", NULL};
    struct console_filter f;
    json_t *data = arena_json(c->mem, json_must(json_pack("{s:[]}", "people")));
    if (console_filter(c, filters, &f, e) != 0 ||
        console_filtered(c, api_people_get, &f, data, e) != 0) {
        return -1;
    }
    const json_t *found = json_member(data, "found");
    for (size_t i = 0; i < json_array_size(found); i++) {
        json_push(json_member(data, "people"), console_person(c, json_array_get(found, i)));
    }
    json_put(data, "any", json_boolean(json_array_size(found) > 0));
    const struct console_page page = {"console_people.html", "People", "people", 200};
    return console_show(c, &page, json_incref(data), e);
}
