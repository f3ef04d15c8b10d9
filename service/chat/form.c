/* The neutral form: built by the words of the bot, drawn by each platform. */
#include "chat.h"

#include "base/die.h"
#include "base/json.h"
#include "base/str.h"

static json_t *must(json_t *value)
{
    if (value == NULL) {
        die("out of memory for a form");
    }
    return value;
}

static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, must(value)) != 0) {
        die("out of memory for a form");
    }
}

/* Texts of recipes and people: what is not UTF-8 is replaced. */
static void put_text(json_t *object, const char *key, const char *text)
{
    if (text == NULL) {
        return;
    }
    json_t *value = json_string(text);
    if (value == NULL) {
        arena *mem = arena_new();
        value = json_string(str_clean(mem, text));
        arena_free(mem);
    }
    put(object, key, value);
}

json_t *form_new(arena *mem, const struct form *f)
{
    json_t *form = view_new(mem);
    put_text(form, "form", f->name);
    put_text(form, "heading", f->heading);
    put_text(form, "submit", f->submit);
    put_text(form, "private", f->private_value);
    put(form, "fields", json_array());
    return form;
}

static json_t *choices_of(const struct form_field *f)
{
    json_t *list = must(json_array());
    for (size_t i = 0; i < f->choices_count; i++) {
        const struct form_choice *c = &f->choices[i];
        if (f->search && !str_equal(c->value, f->value)) {
            continue;
        }
        json_t *choice = must(json_object());
        put_text(choice, "label", c->label);
        put_text(choice, "value", c->value);
        if (json_array_append_new(list, choice) != 0) {
            die("out of memory for a form");
        }
    }
    return list;
}

void form_add(json_t *form, const struct form_field *f)
{
    static const char *const kinds[] = {
        [FORM_TEXT] = "text", [FORM_LINES] = "lines",   [FORM_NUMBER] = "number",
        [FORM_DATE] = "date", [FORM_CHOICE] = "choice", [FORM_FLAG] = "flag"};
    json_t *field = must(json_object());
    put_text(field, "name", f->name);
    put_text(field, "label", f->label);
    put_text(field, "kind", kinds[f->kind]);
    put(field, "required", json_boolean(f->required));
    put_text(field, "value", f->value);
    put_text(field, "hint", f->hint);
    put_text(field, "sample", f->sample);
    if (f->kind == FORM_CHOICE) {
        put(field, "choices", choices_of(f));
        put(field, "search", json_boolean(f->search));
    }
    if (json_array_append_new(json_member(form, "fields"), field) != 0) {
        die("out of memory for a form");
    }
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
        put_text(field, "value", json_string_value(sent));
    }
}
