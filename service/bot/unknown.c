#include "run_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* A write may have happened, and its user is asked (P10): what is said to them. */

enum { ITEM_BYTES = 60 };

static const char *scalar(arena *mem, const json_t *value)
{
    if (json_is_string(value)) {
        return str_empty(json_string_value(value)) ? NULL : json_string_value(value);
    }
    return json_is_number(value) ? json_write(mem, value) : NULL;
}

/* The first value whose key holds this part; NULL: whatever its key. */
static const char *member_with(arena *mem, const json_t *item, const char *part)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)item, key, value)
    {
        const char *text = scalar(mem, value);
        if (text != NULL && (part == NULL || strstr(str_lower(mem, key), part) != NULL)) {
            return text;
        }
    }
    return NULL;
}

/* What people call an item of a list, the likeliest first: ids stand before names in many an app's
 * answer. */
static const char *name_of(arena *mem, const json_t *item)
{
    static const char *const parts[] = {"name",   "title",       "subject", "summary",
                                        "number", "description", NULL};
    const char *name = scalar(mem, item);
    for (size_t i = 0; name == NULL && i < sizeof parts / sizeof parts[0]; i++) {
        name = member_with(mem, item, parts[i]);
    }
    return name == NULL ? NULL : str_cut(mem, name, ITEM_BYTES);
}

char *unknown_item(arena *mem, const struct run_outcome *o)
{
    const struct run_item *i = &o->item;
    if (i->number == 0) {
        return NULL;
    }
    return i->count == 0
               ? arena_printf(mem, "item %lld", (long long)i->number)
               : arena_printf(mem, "item %lld of %lld", (long long)i->number, (long long)i->count);
}

/* Only for its user: what the list holds is theirs. */
static void add_item(struct scene *sc, json_t *view, const struct run_outcome *o)
{
    const char *item = unknown_item(sc->mem, o), *name = name_of(sc->mem, o->item.value);
    if (item != NULL) {
        view_text(view, "It is about %s%s%s.", item, name == NULL ? "" : ": ",
                  name == NULL ? "" : name);
    }
}

enum unknown_rest unknown_rest(arena *mem, const struct recipe *recipe, size_t place)
{
    if (recipe == NULL || place >= recipe->steps_count ||
        (place + 1 == recipe->steps_count && recipe->steps[place].each == NULL)) {
        return REST_NONE;
    }
    return recipe_step_is_needed(mem, recipe, place) ? REST_STOPS : REST_GOES_ON;
}

bool unknown_posts(const struct run *r, const struct recipe *recipe)
{
    return run_is_nobodys(r) && recipe != NULL;
}

const char *unknown_left(const struct run *r, const struct recipe *recipe, enum unknown_rest rest)
{
    if (recipe == NULL) {
        return "what comes after it, if anything does, is not done. Please look into the app.";
    }
    if (rest == REST_NONE) {
        return "its message is not posted. Please tell whom it concerns.";
    }
    return run_is_nobodys(r) ? "the steps after it are not done, and its message is not posted. "
                               "Please do the rest in the app."
                             : "the steps after it are not done. Please do them in the app.";
}

static size_t place_of(const struct run_outcome *o)
{
    size_t i = 0;
    while (o->recipe != NULL && i < o->recipe->steps_count &&
           !str_equal(o->recipe->steps[i].id, o->step)) {
        i++;
    }
    return i;
}

/* What "It happened" means for what has not been done. */
static void add_rest(struct scene *sc, json_t *view, const struct run_outcome *o)
{
    size_t place = place_of(o);
    enum unknown_rest rest = unknown_rest(sc->mem, o->recipe, place);
    bool items = o->item.number < o->item.count;
    if (rest == REST_NONE || (!items && place + 1 == o->recipe->steps_count)) {
        if (unknown_posts(o->run, o->recipe)) {
            view_text(view, "Its message is not posted yet. Say that it happened, and I post it.");
        }
        return; /* no step comes after it */
    }
    view_text(view, "%s after it are not done%s. Say that it happened, and %s.",
              items ? "Those" : "The steps",
              rest == REST_GOES_ON ? " yet" : ", and need the answer that got lost",
              rest == REST_GOES_ON ? "I go on with them" : "they stay so");
}

json_t *unknown_view(struct scene *sc, const struct run_outcome *o, const char *app_words,
                     const char *value)
{
    const struct run *r = o->run;
    json_t *view = view_new(sc->mem);
    view_text(view, "**%s** may have happened or not: %s's answer got lost.",
              o->recipe == NULL ? r->recipe : o->recipe->title,
              app_words == NULL ? "the app" : app_words);
    add_item(sc, view, o);
    add_rest(sc, view, o);
    view_text(view, "Please look there before you choose.");
    words_inputs(sc, view, o->recipe, r, SIZE_MAX);
    words_inputs_link(sc, view, r);
    view_button(view,
                &(struct button){.title = "It happened", .action = "unknown_done", .value = value});
    view_button(view, &(struct button){.title = "It did not: run it again",
                                       .action = "unknown_again",
                                       .value = value,
                                       .style = BUTTON_PRIMARY});
    view_note(view, "Reference %s", r->reference);
    return view;
}
