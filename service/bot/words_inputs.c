#include "run_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/*
 * What a run was given, as people know it. What a button carries nobody has entered, and much of it
 * is ids: whoever pressed it knows it by what its message says.
 */

struct about {
    const char *text;   /* NULL: no button began it, or the message is gone */
    const json_t *link; /* its button that leads to the record; NULL: it has none */
};

/* As it was when it was pressed: how it ended, and what stands in its place meanwhile, is no part
 * of that. */
static int about_of(store *s, const struct run *r, struct about *ret, struct err *e)
{
    struct message *m = NULL;
    *ret = (struct about){.text = NULL};
    if (store_message_find(s, r->workspace, json_text(r->pressed, "message"), &m, e) != 0) {
        return -1;
    }
    if (m == NULL) {
        return 0; /* gone by age */
    }
    const json_t *under = json_member(view_under(m->body), "view");
    const json_t *said = under == NULL ? m->body : under;
    *ret = (struct about){.text = view_subject(store_arena(s), said),
                          .link = view_find_button(said, "open")};
    return 0;
}

static json_t *without_bound(arena *mem, const struct run *r)
{
    json_t *left = arena_json(mem, r->inputs == NULL ? json_object() : json_copy(r->inputs));
    size_t i = 0;
    const json_t *name = NULL;
    json_array_foreach(json_member(r->pressed, "bound"), i, name)
    {
        json_object_del(left, json_string_value(name));
    }
    return left;
}

/* Enough to know it again: a message holds the inputs of many commands. */
static char *shown_value(arena *mem, const char *text)
{
    enum { SHOWN_CHARACTERS = 300 };
    size_t at = 0, len = strlen(text);
    for (int n = 0; n < SHOWN_CHARACTERS && at < len; n++) {
        size_t step = str_utf8_step(text + at, len - at);
        at += step == 0 ? 1 : step;
    }
    return at == len ? arena_strdup(mem, text)
                     : arena_printf(mem, "%.*s\xE2\x80\xA6", (int)at, text);
}

static bool add_input(json_t *view, arena *mem, const char *name, const json_t *value)
{
    if (value == NULL || json_is_null(value)) {
        return false;
    }
    int64_t at = 0;
    if (recipe_instant(value, &at)) {
        view_field_at(view, name, at);
        return true;
    }
    view_field(view, name, shown_value(mem, words_value(mem, value)));
    return true;
}

static void add_inputs(json_t *view, const struct recipe *recipe, const json_t *inputs, size_t max)
{
    arena *mem = arena_new();
    size_t shown = 0, all = json_object_size(inputs);
    const char *name = NULL;
    json_t *value = NULL;
    for (size_t i = 0; recipe != NULL && i < recipe->inputs_count && shown < max; i++) {
        name = recipe->inputs[i].name;
        shown += add_input(view, mem, name, json_member(inputs, name)) ? 1 : 0;
    }
    json_object_foreach((json_t *)(uintptr_t)inputs, name, value)
    {
        if (recipe == NULL && shown < max) {
            shown += add_input(view, mem, name, value) ? 1 : 0;
        }
    }
    if (shown == max && all > shown) {
        view_note(view, "and %lld more", (long long)(all - shown));
    }
    arena_free(mem);
}

void words_inputs(struct scene *sc, json_t *view, const struct recipe *recipe, const struct run *r,
                  size_t max)
{
    struct about about;
    struct err unused = {0};
    if (about_of(sc->s, r, &about, &unused) != 0 || about.text == NULL) {
        add_inputs(view, recipe, r->inputs, max);
        return;
    }
    view_field(view, "About", about.text);
    add_inputs(view, recipe, without_bound(sc->mem, r), max);
}

void words_inputs_link(struct scene *sc, json_t *view, const struct run *r)
{
    struct about about;
    struct err unused = {0};
    if (about_of(sc->s, r, &about, &unused) == 0 && json_text(about.link, "url") != NULL) {
        view_button(view, &(struct button){.title = json_text(about.link, "title"),
                                           .action = "open",
                                           .value = json_text(about.link, "value"),
                                           .url = json_text(about.link, "url")});
    }
}

void words_inputs_about(struct scene *sc, json_t *view, const struct run *r)
{
    struct about about;
    struct err unused = {0};
    if (about_of(sc->s, r, &about, &unused) == 0 && about.text != NULL) {
        view_text(view, "%s", about.text);
        words_inputs_link(sc, view, r);
    }
}

char *words_input(store *s, const struct recipe *recipe, const struct run *r)
{
    enum { WORDS_MAX = 60 };
    arena *mem = store_arena(s);
    struct about about;
    struct err unused = {0};
    if (about_of(s, r, &about, &unused) == 0 && about.text != NULL) {
        return str_cut(mem, about.text, WORDS_MAX);
    }
    for (size_t i = 0; i < recipe->inputs_count; i++) {
        const char *name = recipe->inputs[i].name;
        const json_t *value = json_member(r->inputs, name);
        if (value != NULL && !json_is_null(value)) {
            return arena_printf(mem, "%s: %s", name,
                                str_cut(mem, words_value(mem, value), WORDS_MAX));
        }
    }
    return NULL;
}
