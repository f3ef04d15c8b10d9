/* The neutral form: built by the words of the bot, drawn by each platform. */
#include "chat.h"

#include "base/json.h"
#include "base/str.h"

/* What comes back as it went. */
static void put_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL) {
        json_put(object, key, json_words(text));
    }
}

static void put_shown(json_t *object, const char *key, const char *text)
{
    if (text != NULL) {
        json_put(object, key, json_shown(text));
    }
}

json_t *form_new(arena *mem, const struct form *f)
{
    json_t *form = view_new(mem);
    put_text(form, "form", f->name);
    put_shown(form, "heading", f->heading);
    put_shown(form, "submit", f->submit);
    put_text(form, "private", f->private_value);
    json_put(form, "fields", json_array());
    return form;
}

static json_t *choices_of(const struct form_field *f)
{
    json_t *list = json_must(json_array());
    for (size_t i = 0; i < f->choices_count; i++) {
        const struct form_choice *c = &f->choices[i];
        if (f->search && !str_equal(c->value, f->value)) {
            continue;
        }
        json_t *choice = json_must(json_object());
        put_shown(choice, "label", c->label);
        put_text(choice, "value", c->value);
        json_push(list, choice);
    }
    return list;
}

void form_add(json_t *form, const struct form_field *f)
{
    static const char *const kinds[] = {
        [FORM_TEXT] = "text", [FORM_LINES] = "lines",   [FORM_NUMBER] = "number",
        [FORM_DATE] = "date", [FORM_CHOICE] = "choice", [FORM_FLAG] = "flag"};
    json_t *field = json_must(json_object());
    put_text(field, "name", f->name);
    put_shown(field, "label", f->label);
    put_text(field, "kind", kinds[f->kind]);
    json_put(field, "required", json_boolean(f->required));
    put_text(field, "value", f->value);
    put_shown(field, "hint", f->hint);
    put_shown(field, "sample", f->sample);
    if (f->kind == FORM_CHOICE) {
        json_put(field, "choices", choices_of(f));
        json_put(field, "search", json_boolean(f->search));
    }
    json_push(json_member(form, "fields"), field);
}
