#include "recipe_int.h"

#include "base/limits.h"
#include "base/str.h"

/* A step that asks in the chat and waits for a press. It calls nothing, so it has none of what
 * belongs to a call. */

enum { CHOICES_MAX = 10, TEXT_MAX = 2000 };

static void parse_choice(const struct json_doc *d, struct recipe_choice *c)
{
    static const char *const keys[] = {"title", "value", "style", "confirm", NULL};
    json_doc_known(d, keys);
    c->title = json_doc_text(d, "title", true, RECIPE_BUTTON_MAX);
    c->value = json_doc_text(d, "value", true, LIMIT_LABEL);
    c->style = recipe_parse_style(d);
    c->confirm = json_doc_text(d, "confirm", false, RECIPE_CONFIRM_MAX);
}

static void parse_choices(const struct json_doc *d, struct recipe_wait *w)
{
    json_t *list = json_doc_array(d, "buttons", true, CHOICES_MAX);
    size_t count = json_array_size(list);
    if (list != NULL && count == 0) {
        json_doc_fault(d, "buttons", "Give at least one button: the run waits for its press.");
    }
    w->choices = arena_array(d->mem, count + 1, sizeof(*w->choices));
    for (size_t i = 0; i < count; i++) {
        struct json_doc one = json_doc_item(d, "buttons", i);
        parse_choice(&one, &w->choices[i]);
        for (size_t k = 0; k < i; k++) {
            if (w->choices[i].value != NULL &&
                str_equal(w->choices[i].value, w->choices[k].value)) {
                json_doc_fault(&one, "value", "Two buttons give \"%s\".", w->choices[i].value);
            }
        }
    }
    w->choices_count = count;
}

const struct recipe_wait *recipe_parse_wait(const struct json_doc *d)
{
    static const char *const keys[] = {"text", "fields", "buttons", "from", NULL};
    static const char *const from[] = {"user", "everyone here", NULL};
    static const char *const of_calls[] = {"connection", "action", "with", "each", "at_most"};
    struct json_doc wait = json_doc_member(d, "wait", true);
    struct recipe_wait *w = arena_alloc(d->mem, sizeof(*w));
    for (size_t i = 0; i < sizeof of_calls / sizeof of_calls[0]; i++) {
        const json_t *there = json_member(d->object, of_calls[i]);
        if (there != NULL && !json_is_null(there)) {
            json_doc_fault(d, of_calls[i], "A step that waits calls nothing, and once.");
        }
    }
    json_doc_known(&wait, keys);
    w->text = recipe_parse_template(&wait, "text", true, TEXT_MAX);
    w->fields = recipe_parse_fields(&wait, &w->fields_count);
    w->everyone = json_doc_choice(&wait, "from", from, 0) == 1;
    parse_choices(&wait, w);
    return w;
}
