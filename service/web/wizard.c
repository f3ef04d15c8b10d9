#include "wizard_int.h"

#include <inttypes.h>

/* The three steps above each page, and how a page looks again by itself. */

enum { WATCH_S = 3, WATCH_TIMES = 100 };

static int has_any(struct console *c, route_fn *handler, const char *query, bool *ret,
                   struct err *e)
{
    json_t *items = NULL;
    if (console_list(c, handler, query, &items, e) != 0) {
        return -1;
    }
    *ret = json_array_size(items) > 0;
    return 0;
}

static int app_acts(struct console *c, bool *ret, struct err *e)
{
    json_t *items = NULL;
    *ret = false;
    if (console_all(c, api_connections_get, &items, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(items); i++) {
        *ret = *ret || str_equal(json_text(json_array_get(items, i), "state"), "active");
    }
    return 0;
}

static void add_step(json_t *list, const char *label, const char *href, bool done)
{
    json_t *one = json_must(json_pack("{s:s, s:b}", "label", label, "done", done));
    json_put_words(one, "href", href);
    json_push(list, one);
}

static int steps_of(struct console *c, enum wizard_step here, json_t **ret, struct err *e)
{
    bool acts = false, ran = false, placed = c->workspace != NULL;
    if (placed && (app_acts(c, &acts, e) != 0 ||
                   has_any(c, api_runs_get, "limit=1&state=done", &ran, e) != 0)) {
        return -1;
    }
    *ret = arena_json(c->mem, json_array());
    add_step(*ret, "The chat", c->is_operator ? "/console/setup" : NULL, placed);
    add_step(*ret, "An app", placed ? console_path(c, "/setup") : NULL, acts);
    add_step(*ret, "A recipe", placed ? console_path(c, "/setup/recipes") : NULL, ran);
    json_put(json_array_get(*ret, (size_t)here - 1), "here", json_true());
    return 0;
}

/* In a cookie, as the address must stay: only a reload of the same one keeps the place that
 * somebody reads. It lapses soon after the page was left. */
static const char WATCH_COOKIE[] = "wb_watch";

static bool is_stopped(const struct console *c)
{
    const char *text = NULL;
    struct err ignored = {0};
    return c->q->method == WB_GET && request_query(c->q, "watch", &text, &ignored) == 0 &&
           text != NULL;
}

/* How often it still looks by itself; a page that begins to wait does. */
static int64_t times_left(const struct console *c)
{
    const char *text = request_cookie(c->q, cookie_name(c->mem, c->web, WATCH_COOKIE));
    long long before = WATCH_TIMES;
    if (is_stopped(c)) {
        return 0;
    }
    if (text != NULL && (!str_to_i64(text, &before) || before < 1 || before > WATCH_TIMES)) {
        before = 1;
    }
    return text == NULL ? WATCH_TIMES : before - 1;
}

static void look_again(struct console *c, const char *path, int64_t left)
{
    const char *count = arena_printf(c->mem, "%" PRId64, left);
    cookie_set(c->mem, c->web, c->r, &(struct header){WATCH_COOKIE, count},
               left > 0 ? INT64_C(10) * WATCH_S : 0);
    if (left > 0) {
        respond_header(c->r, "Refresh",
                       c->q->method == WB_GET ? arena_printf(c->mem, "%d", WATCH_S)
                                              : arena_printf(c->mem, "%d; url=%s", WATCH_S, path));
    }
}

int wizard_show(struct console *c, const struct wizard_page *page, json_t *data, struct err *e)
{
    json_t *steps = NULL;
    arena_json(c->mem, data);
    if (steps_of(c, page->step, &steps, e) != 0) {
        return -1;
    }
    json_put(data, "wizard", json_incref(steps));
    int64_t left = page->watch == NULL ? 0 : times_left(c);
    json_put(data, "watching", json_boolean(left > 0));
    json_put_words(data, "watch", page->watch);
    const struct console_page frame = {page->template, page->title, "setup", page->status};
    if (console_show(c, &frame, json_incref(data), e) != 0) {
        return -1;
    }
    if (page->watch != NULL) {
        look_again(c, page->watch, left);
    }
    return 0;
}

json_t *wizard_check(const char *word, const char *tone, const char *text)
{
    return json_must(json_pack("{s:s, s:s, s:s}", "word", word, "tone", tone, "text", text));
}

const char *wizard_chat_name(const struct console *c)
{
    return str_starts(c->workspace, "teams:") ? "Teams" : "Slack";
}

bool wizard_has(const json_t *items, const char *name)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        if (str_equal(json_text(json_array_get(items, i), "name"), name)) {
            return true;
        }
    }
    return false;
}
