#include "wizard_int.h"

#include <inttypes.h>

/* Step 2 begins: which app, and where it is. A draft is made at once, since the redirect URI that
 * the app wants to know belongs to it. */

/* What people begin with stands first. */
static const char *const first[] = {"salesforce", "servicenow", "box"};
enum { FIRST = sizeof first / sizeof first[0], SAME_APP_MAX = 9 };

static bool is_first(const char *app_key)
{
    for (size_t i = 0; i < FIRST; i++) {
        if (str_equal(first[i], app_key)) {
            return true;
        }
    }
    return false;
}

static json_t *app_choices(const struct console *c, const char *chosen)
{
    json_t *list = json_array();
    for (size_t i = 0; i < FIRST; i++) {
        json_push(list, console_choice(first[i], console_app_title(c, first[i]), chosen));
    }
    for (size_t i = 0; apps_at(c->web->options.apps, i) != NULL; i++) {
        const app *a = apps_at(c->web->options.apps, i);
        if (!is_first(app_name(a))) {
            json_push(list, console_choice(app_name(a), app_title(a), chosen));
        }
    }
    return list;
}

static json_t *hosts(const struct console *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < FIRST; i++) {
        const struct wizard_guide g = wizard_guide(c, first[i]);
        json_t *one = json_object();
        json_put_words(one, "app", console_app_title(c, first[i]));
        json_put_words(one, "host", g.host);
        json_put_words(one, "about", g.host_about);
        json_push(list, one);
    }
    return list;
}

static json_t *row_of(const struct console *c, const json_t *d)
{
    const char *name = json_text(d, "name");
    json_t *row = json_must(json_pack("{s:s, s:s, s:o}", "name", name, "href",
                                      console_path(c, "/setup/apps/%s", name), "state",
                                      console_state(json_text(d, "state"))));
    json_put_words(row, "app", console_app_title(c, json_text(d, "app")));
    json_put_words(row, "host", json_text(d, "host"));
    json_put_shown(row, "account", json_text(json_member(d, "account"), "name"));
    return row;
}

struct asked {
    const char *app, *host;
};

static int show(struct console *c, const struct console_answer *said, const struct asked *q,
                struct err *e)
{
    json_t *all = NULL;
    if (console_all(c, api_connections_get, &all, e) != 0) {
        return -1;
    }
    json_t *data = json_must(json_pack("{s:[], s:o, s:o, s:b}", "connections", "app_choices",
                                       app_choices(c, q->app), "hosts", hosts(c), "any",
                                       json_array_size(all) > 0));
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_push(json_member(data, "connections"), row_of(c, json_array_get(all, i)));
    }
    console_put_problem(data, said);
    json_put_words(data, "host_given", q->host);
    json_put_words(data, "action", console_path(c, "/setup"));
    const struct wizard_page page = {.template = "wizard_apps.html",
                                     .title = "Set up: an app",
                                     .step = WIZARD_APP,
                                     .status = said->status};
    return wizard_show(c, &page, data, e);
}

int wizard_apps_page(struct console *c, struct err *e)
{
    return show(c, &(struct console_answer){.status = 200}, &(struct asked){NULL, NULL}, e);
}

/* "salesforce", or "salesforce-2" where that stands there; NULL: so many are no beginning. */
static int free_name(struct console *c, const char *app_key, const char **ret, struct err *e)
{
    json_t *all = NULL;
    *ret = NULL;
    if (console_all(c, api_connections_get, &all, e) != 0) {
        return -1;
    }
    for (int i = 1; *ret == NULL && i <= SAME_APP_MAX; i++) {
        const char *name = i == 1 ? app_key : arena_printf(c->mem, "%s-%d", app_key, i);
        *ret = wizard_has(all, name) ? NULL : name;
    }
    return 0;
}

int wizard_apps_make(struct console *c, struct err *e)
{
    struct asked q = {NULL, NULL};
    const char *name = NULL;
    struct console_answer a = {.status = 422, .problem = "Choose an app."};
    json_t *body = arena_json(c->mem, json_object());
    if (console_field(c, "app", &q.app, e) != 0 || console_field(c, "host", &q.host, e) != 0 ||
        console_take(c, body, "app", e) != 0 || console_take(c, body, "host", e) != 0) {
        return -1;
    }
    if (apps_find(c->web->options.apps, q.app) != NULL) {
        if (free_name(c, q.app, &name, e) != 0) {
            return -1;
        }
        console_refuse(&a, 409, "There are many connections of this app: go on with one of them.");
    }
    const struct console_call put = {
        .method = WB_PUT, .handler = api_connection_put, .name = name, .body = json_incref(body)};
    if (name != NULL &&
        console_make(c, &put, &a, "Somebody made one just now: look below.", e) != 0) {
        return -1;
    }
    if (a.problem != NULL) {
        return show(c, &a, &q, e);
    }
    respond_see_other(c->r, console_path(c, "/setup/apps/%s", name));
    return 0;
}
