#include "console_recipe_int.h"

#include <string.h>

#include "base/limits.h"

/*
 * What is wrong with the text of a recipe, and what of it would not work: told while it is typed
 * (templates/console_check.js asks), when it is saved, and on the pages of one that is stored. And
 * the page that keeps the text of whoever was signed out while they wrote it.
 */

const char CONSOLE_OTHER_FORM[] =
    "You have signed in again since you opened this page, and nothing was saved yet. What you "
    "wrote stands below: look at it, then save it again.";

static const char *place_words(arena *mem, struct json_place at)
{
    return arena_printf(mem, "line %d, column %d", at.line, at.column);
}

json_t *console_recipe_read(arena *mem, const char *text, const char **ret_problem)
{
    struct json_place at = {0, 0};
    struct err broken = {0};
    json_t *body = NULL;
    if (strlen(text) > LIMIT_RECIPE_BODY) {
        *ret_problem = arena_printf(mem, "it has %zu bytes, and a recipe has %d at most.",
                                    strlen(text), LIMIT_RECIPE_BODY);
        return NULL;
    }
    if (json_read_placed(mem, bytes_of(text), &body, &at, &broken) != 0) {
        *ret_problem = arena_printf(mem, "it is no JSON at %s.", place_words(mem, at));
        return NULL;
    }
    return body;
}

json_t *console_recipe_placed(arena *mem, const char *text, const json_t *faults)
{
    const struct json_place *at = faults_places(mem, bytes_of(text), faults);
    json_t *list = arena_json(mem, json_array());
    for (size_t i = 0; i < json_array_size(faults); i++) {
        const json_t *one = json_array_get(faults, i);
        json_t *row = json_object();
        json_put_words(row, "place", place_words(mem, at[i]));
        json_put_words(row, "path", json_text(one, "path"));
        json_put_shown(row, "words", json_text(one, "text"));
        json_push(list, row);
    }
    return list;
}

int console_recipe_check(struct console *c, const char *name, const char *text,
                         struct console_checked *ret, struct err *e)
{
    struct console_answer a;
    json_t *body = NULL;
    if (json_read(c->mem, bytes_of(text), &body, e) != 0) {
        return -1;
    }
    const struct console_call check = {
        .method = WB_POST, .handler = api_recipe_check, .name = name, .body = json_incref(body)};
    if (console_try(c, &check, &a, e) != 0) {
        return -1;
    }
    if (a.problem != NULL && a.faults == NULL) {
        return err_set(e, ERR_INPUT, "query", "%s", a.problem);
    }
    const json_t *faults = a.problem == NULL ? json_member(a.value, "faults") : a.faults;
    ret->faults = console_recipe_placed(c->mem, text, faults);
    ret->warnings = console_recipe_placed(c->mem, text, json_member(a.value, "warnings"));
    return 0;
}

/* --- while it is typed --- */

/* {"tone", "words", "points"}, for the script. */
static int answer(struct console *c, const char *tone, const char *words, json_t *points)
{
    json_t *value = json_must(json_pack("{s:s}", "tone", tone));
    json_put_words(value, "words", words);
    json_put(value, "points", points == NULL ? json_array() : json_incref(points));
    respond_json(c->mem, c->r, 200, arena_json(c->mem, value));
    return 0;
}

int console_check(struct console *c, struct err *e)
{
    const char *name = NULL, *text = NULL, *problem = NULL;
    struct console_checked found;
    if (console_field(c, "name", &name, e) != 0 || console_field(c, "text", &text, e) != 0) {
        return -1;
    }
    if (console_recipe_read(c->mem, text, &problem) == NULL) {
        return answer(c, "bad", arena_printf(c->mem, "This cannot be saved: %s", problem), NULL);
    }
    /* the name is still to be typed, and asked for when it is saved */
    if (console_recipe_check(c, name[0] == '\0' ? "new" : name, text, &found, e) != 0) {
        return -1;
    }
    if (json_array_size(found.faults) > 0) {
        return answer(c, "bad", "This cannot be saved:", found.faults);
    }
    return json_array_size(found.warnings) > 0
               ? answer(c, "warn", "This can be saved, and will not work until this is mended:",
                        found.warnings)
               : answer(c, "good", "Nothing is wrong with it.", NULL);
}

/* --- whoever was signed out meanwhile --- */

/* Of nobody's: it says nothing but what was sent with it. */
int console_kept_page(struct console *c, struct err *e)
{
    const char *text = NULL, *name = NULL, *tag = NULL;
    char *html = NULL;
    if (console_field(c, "text", &text, e) != 0 || console_field(c, "name", &name, e) != 0 ||
        console_field(c, "tag", &tag, e) != 0) {
        return -1;
    }
    json_t *data = arena_json(
        c->mem, json_must(json_pack("{s:s, s:b}", "title", "You are signed out", "wide", 1)));
    json_put_words(data, "text", text);
    json_put_words(data, "name", name);
    json_put_words(data, "tag", tag);
    if (html_page(c->mem, "console_kept.html", data, &html, e) != 0) {
        return -1;
    }
    respond_html(c->mem, c->r, 401, html, NULL);
    return 0;
}
