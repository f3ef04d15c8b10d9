/* The neutral form: built by the words of the bot, drawn by each platform. */
#include "chat.h"

#include "base/json.h"
#include "base/str.h"

json_t *form_new(arena *mem, const struct form *f)
{
    json_t *form = view_new(mem);
    json_put_words(form, "form", f->name);
    json_put_shown(form, "heading", f->heading);
    json_put_shown(form, "submit", f->submit);
    json_put_words(form, "private", f->private_value);
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
        json_put_shown(choice, "label", c->label);
        json_put_words(choice, "value", c->value);
        json_push(list, choice);
    }
    return list;
}

void form_add(json_t *form, const struct form_field *f)
{
    static const char *const kinds[] = {
        [FORM_TEXT] = "text",           [FORM_LINES] = "lines",   [FORM_NUMBER] = "number",
        [FORM_DATE] = "date",           [FORM_CHOICE] = "choice", [FORM_FLAG] = "flag",
        [FORM_DATE_TIME] = "date_time", [FORM_FILE] = "file"};
    json_t *field = json_must(json_object());
    json_put_words(field, "name", f->name);
    json_put_shown(field, "label", f->label);
    json_put_words(field, "kind", kinds[f->kind]);
    json_put(field, "required", json_boolean(f->required));
    json_put_words(field, "value", f->value);
    if (f->local != NULL) {
        json_put_words(field, "local", f->local);
    }
    json_put_shown(field, "hint", f->hint);
    json_put_shown(field, "sample", f->sample);
    if (f->kind == FORM_CHOICE) {
        json_put(field, "choices", choices_of(f));
        json_put(field, "search", json_boolean(f->search));
    }
    if (f->kind == FORM_FILE) {
        json_put(field, "endings", json_array());
    }
    for (size_t i = 0; f->kind == FORM_FILE && i < f->endings_count; i++) {
        json_push(json_member(field, "endings"), json_string(f->endings[i]));
    }
    json_push(json_member(form, "fields"), field);
}

void form_fill(json_t *form, const json_t *fields)
{
    size_t i = 0;
    json_t *field = NULL;
    json_array_foreach(json_member(form, "fields"), i, field)
    {
        const json_t *sent = json_member(fields, json_text(field, "name"));
        if (sent == NULL) {
            continue; /* is none of what was asked for */
        }
        json_object_del(field, "value");
        json_object_del(field, "local");
        json_put_words(field, "value", json_string_value(sent));
    }
}
