#include "recipe_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

enum { OPTIONS_MAX = 500, FIELDS_MAX = 20, BUTTONS_MAX = 25 };

static const char *const input_types[] = {"string", "number", "boolean", "date", NULL};

void recipe_parse_connections(const struct json_doc *d, struct recipe *r)
{
    static const char *const keys[] = {"use", "verify_user_access", NULL};
    struct json_doc all = json_doc_member(d, "connections", true);
    size_t count = json_object_size(all.object);
    if (all.object == NULL) {
        return;
    }
    if (count == 0 || count > LIMIT_RECIPE_CONNECTIONS_COUNT) {
        json_doc_fault(d, "connections", "Name 1 to %d connections.",
                       LIMIT_RECIPE_CONNECTIONS_COUNT);
        return;
    }
    r->connections = arena_array(d->mem, count, sizeof(*r->connections));
    const char *alias = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)all.object, alias, value)
    {
        struct recipe_connection *c = &r->connections[r->connections_count++];
        struct json_doc one = json_doc_member(&all, alias, true);
        json_doc_known(&one, keys);
        size_t len = strlen(alias);
        if (len == 0 || len > LIMIT_NAME ||
            strspn(alias, "abcdefghijklmnopqrstuvwxyz0123456789_") != len) {
            json_doc_fault(&all, alias,
                           "Use 1 to %d lower-case letters, digits and \"_\" for an alias.",
                           LIMIT_NAME);
        }
        c->alias = arena_strdup(d->mem, alias);
        c->use = json_doc_text(&one, "use", true, LIMIT_NAME);
        c->verify_user_access = json_doc_flag(&one, "verify_user_access", false);
    }
}

static void parse_option(const struct json_doc *d, struct recipe_option *o)
{
    static const char *const keys[] = {"label", "value", NULL};
    json_doc_known(d, keys);
    o->label = json_doc_text(d, "label", true, 75);
    o->value = json_doc_text(d, "value", true, LIMIT_LABEL);
}

/* An option that no answer could choose is a fault: its value must be one of the input's type, and
 * its label may not stand for another one too. */
static void check_option(const struct json_doc *d, const struct recipe_input *in,
                         const struct recipe_option *o)
{
    const struct recipe_input plain = {.type = in->type};
    const char *why = NULL;
    json_t *value = NULL;
    if (!recipe_input_value(d->mem, &plain, o->value, &value, &why)) {
        json_doc_fault(d, "value", "This value does not fit: %s", why);
    }
    for (size_t i = 0; i < in->options_count; i++) {
        if (str_equal_fold(in->options[i].label, o->label)) {
            json_doc_fault(d, "label", "Two options are called \"%s\".", o->label);
            return;
        }
    }
}

static void parse_options(const struct json_doc *d, struct recipe_input *in)
{
    size_t count = json_array_size(json_doc_array(d, "options", false, OPTIONS_MAX));
    in->options = arena_array(d->mem, count + 1, sizeof(*in->options));
    for (size_t i = 0; i < count; i++) {
        struct json_doc one = json_doc_item(d, "options", i);
        struct recipe_option *o = &in->options[in->options_count];
        parse_option(&one, o);
        if (o->label != NULL && o->value != NULL) {
            check_option(&one, in, o);
            in->options_count++;
        }
    }
}

static void parse_default(const struct json_doc *d, struct recipe_input *in)
{
    const json_t *fallback = json_member(d->object, "default");
    if (fallback == NULL || json_is_null(fallback)) {
        return;
    }
    const char *why = NULL;
    json_t *value = NULL;
    const char *text =
        json_is_string(fallback) ? json_string_value(fallback) : json_write(d->mem, fallback);
    if (json_is_object(fallback) || json_is_array(fallback)) {
        json_doc_fault(d, "default", "Give a text, a number, true or false.");
    } else if (!recipe_input_value(d->mem, in, text, &value, &why)) {
        json_doc_fault(d, "default", "The default does not fit: %s", why);
    } else {
        in->fallback = value;
    }
}

static void parse_input(const struct json_doc *d, struct recipe_input *in)
{
    static const char *const keys[] = {"name",   "type",    "required", "multiline", "hint",
                                       "sample", "options", "default",  NULL};
    json_doc_known(d, keys);
    *in = (struct recipe_input){.name = recipe_parse_name(d, "name")};
    int type = json_doc_choice(d, "type", input_types, INPUT_STRING);
    in->type = type < 0 ? INPUT_STRING : (enum input_type)type;
    in->required = json_doc_flag(d, "required", false);
    in->multiline = json_doc_flag(d, "multiline", false);
    in->hint = json_doc_text(d, "hint", false, LIMIT_LABEL);
    in->sample = json_doc_text(d, "sample", false, LIMIT_LABEL);
    parse_options(d, in);
    parse_default(d, in);
    if (in->multiline && (in->type != INPUT_STRING || in->options_count > 0)) {
        json_doc_fault(d, "multiline", "Only a text without options has lines.");
    }
}

void recipe_parse_inputs(const struct json_doc *d, struct recipe *r)
{
    size_t count = json_array_size(json_doc_array(d, "inputs", false, LIMIT_INPUTS_COUNT));
    r->inputs = arena_array(d->mem, count + 1, sizeof(*r->inputs));
    for (size_t i = 0; i < count; i++) {
        struct json_doc one = json_doc_item(d, "inputs", i);
        struct recipe_input *in = &r->inputs[r->inputs_count];
        parse_input(&one, in);
        if (in->name == NULL) {
            continue; /* a fault was added */
        }
        if (recipe_input_find(r, in->name) != NULL) {
            json_doc_fault(&one, "name", "Two inputs are called \"%s\".", in->name);
        }
        r->inputs_count++;
    }
}

static void check_templates(const struct json_doc *d, const char *key, const json_t *value)
{
    const char *why = NULL;
    const char *name = NULL;
    json_t *member = NULL;
    if (json_is_string(value) && !template_check(json_string_value(value), &why)) {
        json_doc_fault(d, key, "\"%s\" cannot be read: %s.",
                       str_cut(d->mem, json_string_value(value), 60), why);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        check_templates(d, arena_printf(d->mem, "%s[%zu]", key, i), json_array_get(value, i));
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        check_templates(d, arena_printf(d->mem, "%s.%s", key, name), member);
    }
}

void recipe_parse_steps(const struct json_doc *d, struct recipe *r)
{
    static const char *const keys[] = {"id", "connection", "action", "with", NULL};
    json_t *list = json_doc_array(d, "steps", true, LIMIT_RECIPE_STEPS_COUNT);
    size_t count = json_array_size(list);
    if (list != NULL && count == 0) {
        json_doc_fault(d, "steps", "A recipe has at least one step.");
    }
    r->steps = arena_array(d->mem, count + 1, sizeof(*r->steps));
    for (size_t i = 0; i < count; i++) {
        struct json_doc one = json_doc_item(d, "steps", i);
        struct recipe_step *p = &r->steps[i];
        json_doc_known(&one, keys);
        p->id = recipe_parse_name(&one, "id");
        p->alias = json_doc_text(&one, "connection", true, LIMIT_NAME);
        p->action = json_doc_text(&one, "action", true, LIMIT_NAME);
        struct json_doc with = json_doc_member(&one, "with", false);
        p->with = with.object == NULL ? arena_json(d->mem, json_object()) : with.object;
        check_templates(&one, "with", p->with);
        for (size_t k = 0; k < i; k++) {
            if (p->id != NULL && str_equal(p->id, r->steps[k].id)) {
                json_doc_fault(&one, "id", "Two steps are called \"%s\".", p->id);
            }
        }
    }
    r->steps_count = count;
}

static void parse_button(const struct json_doc *d, struct recipe_button *b)
{
    static const char *const keys[] = {"title", "command", "inputs", NULL};
    json_doc_known(d, keys);
    b->title = json_doc_text(d, "title", true, 75);
    b->command = json_doc_text(d, "command", true, LIMIT_LABEL);
    struct json_doc inputs = json_doc_member(d, "inputs", false);
    b->inputs = inputs.object;
    check_templates(d, "inputs", b->inputs);
}

void recipe_parse_reply(const struct json_doc *d, struct recipe *r)
{
    static const char *const keys[] = {"text", "fields", "link", "buttons", NULL};
    static const char *const field_keys[] = {"label", "value", NULL};
    static const char *const link_keys[] = {"label", "url", NULL};
    struct json_doc reply = json_doc_member(d, "reply", true);
    json_doc_known(&reply, keys);
    r->reply_text = recipe_parse_template(&reply, "text", true, 2000);

    r->reply_fields_count = json_array_size(json_doc_array(&reply, "fields", false, FIELDS_MAX));
    r->reply_fields = arena_array(d->mem, r->reply_fields_count + 1, sizeof(*r->reply_fields));
    for (size_t i = 0; i < r->reply_fields_count; i++) {
        struct json_doc one = json_doc_item(&reply, "fields", i);
        json_doc_known(&one, field_keys);
        r->reply_fields[i].label = json_doc_text(&one, "label", true, 75);
        r->reply_fields[i].value = recipe_parse_template(&one, "value", true, 1000);
    }
    struct json_doc link = json_doc_member(&reply, "link", false);
    json_doc_known(&link, link_keys);
    r->reply_link_label = json_doc_text(&link, "label", true, 75);
    r->reply_link_url = recipe_parse_template(&link, "url", true, 2000);
    size_t buttons = json_array_size(json_doc_array(&reply, "buttons", false, BUTTONS_MAX));
    r->reply_buttons = arena_array(d->mem, buttons + 1, sizeof(*r->reply_buttons));
    for (size_t i = 0; i < buttons; i++) {
        struct json_doc one = json_doc_item(&reply, "buttons", i);
        parse_button(&one, &r->reply_buttons[i]);
    }
    r->reply_buttons_count = buttons;
}
