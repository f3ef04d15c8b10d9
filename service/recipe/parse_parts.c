#include "recipe_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

enum { OPTIONS_MAX = 500, FIELDS_MAX = 20, BUTTONS_MAX = 25, MENU_MAX = 25, ENDINGS_MAX = 20 };

static const char *const input_types[] = {"string",    "number", "boolean", "date",
                                          "date_time", "file",   NULL};

void recipe_parse_connections(const struct json_doc *d, struct recipe *r)
{
    static const char *const keys[] = {"use", "verify_user_access", NULL};
    bool needed = r->hook == NULL;
    struct json_doc all = json_doc_member(d, "connections", needed);
    size_t count = json_object_size(all.object);
    if (all.object == NULL || (!needed && count == 0)) {
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
    const json_t *list = json_member(d->object, "options");
    if (json_array_size(list) > OPTIONS_MAX) {
        json_doc_fault(
            d, "options",
            "This may have at most %d entries. For a longer list ask for a text, and let "
            "a step look it up.",
            OPTIONS_MAX);
        return;
    }
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

static bool is_ending(const char *text)
{
    enum { ENDING_MAX = 16 };
    size_t len = text == NULL ? 0 : strlen(text);
    return len > 0 && len <= ENDING_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789") == len;
}

static void parse_endings(const struct json_doc *d, struct recipe_input *in)
{
    const json_t *list = json_doc_array(d, "endings", false, ENDINGS_MAX);
    in->endings = arena_array(d->mem, json_array_size(list) + 1, sizeof(*in->endings));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *ending = json_string_value(json_array_get(list, i));
        if (is_ending(ending)) {
            in->endings[in->endings_count++] = ending;
        } else {
            json_doc_fault(d, "endings", "Item %zu is not the end of a name, like \"pdf\".", i);
        }
    }
    if (list != NULL && in->type != INPUT_FILE) {
        json_doc_fault(d, "endings", "Only a file has an ending.");
    }
}

static void parse_input(const struct json_doc *d, struct recipe_input *in)
{
    static const char *const keys[] = {"name",   "type",    "required", "multiline", "hint",
                                       "sample", "options", "default",  "endings",   NULL};
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
    parse_endings(d, in);
    if (in->type == INPUT_DATE_TIME && in->options_count > 0) {
        json_doc_fault(d, "options", "A date and time has no options.");
    }
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

static void parse_templates_at(const struct json_doc *d, const struct json_way *at,
                               const json_t *value)
{
    const char *why = NULL;
    const char *name = NULL;
    json_t *member = NULL;
    if (json_is_string(value) && !template_check(json_string_value(value), &why)) {
        json_doc_fault(d, faults_full(d->faults) ? NULL : json_way_text(d->mem, at),
                       "\"%s\" cannot be read: %s.", str_cut(d->mem, json_string_value(value), 60),
                       why);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        parse_templates_at(d, &(struct json_way){.up = at, .item = i}, json_array_get(value, i));
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        parse_templates_at(d, &(struct json_way){.up = at, .name = name}, member);
    }
}

void recipe_parse_templates(const struct json_doc *d, const char *key, const json_t *value)
{
    parse_templates_at(d, &(struct json_way){.name = key}, value);
}

static void parse_ask(const struct json_doc *d, struct recipe_button *b)
{
    json_t *list = json_doc_array(d, "ask", false, LIMIT_INPUTS_COUNT);
    b->ask = arena_array(d->mem, json_array_size(list) + 1, sizeof(*b->ask));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (str_empty(name) || strlen(name) > LIMIT_NAME) {
            json_doc_fault(d, "ask", "Item %zu is not the name of an input.", i);
        } else if (json_member(b->inputs, name) != NULL) {
            json_doc_fault(d, "ask", "\"%s\" stands in inputs already: nobody can change it.",
                           name);
        } else {
            b->ask[b->ask_count++] = name;
        }
    }
}

enum recipe_style recipe_parse_style(const struct json_doc *d)
{
    static const char *const styles[] = {"default", "primary", "danger", NULL};
    int style = json_doc_choice(d, "style", styles, STYLE_PLAIN);
    return style < 0 ? STYLE_PLAIN : (enum recipe_style)style;
}

static void parse_looks(const struct json_doc *d, struct recipe_button *b)
{
    enum { DECIDES_MAX = 40 };
    b->style = recipe_parse_style(d);
    b->confirm = json_doc_text(d, "confirm", false, RECIPE_CONFIRM_MAX);
    b->decides = json_doc_text(d, "decides", false, DECIDES_MAX);
    if (b->decides != NULL && *str_trim(d->mem, b->decides) == '\0') {
        json_doc_fault(d, "decides", "Say in a word what the message is then, like \"approved\".");
    }
}

/* What it runs, of a button and of a choice in a menu. */
static void parse_call(const struct json_doc *d, struct recipe_button *b)
{
    b->title = json_doc_text(d, "title", true, 75);
    b->command = json_doc_text(d, "command", true, LIMIT_LABEL);
    struct json_doc inputs = json_doc_member(d, "inputs", false);
    b->inputs = inputs.object;
    recipe_parse_templates(d, "inputs", b->inputs);
    parse_ask(d, b);
}

static void parse_button(const struct json_doc *d, struct recipe_button *b)
{
    static const char *const keys[] = {"title", "command", "inputs",  "confirm",
                                       "style", "ask",     "decides", NULL};
    json_doc_known(d, keys);
    parse_call(d, b);
    parse_looks(d, b);
}

static void parse_menu(const struct json_doc *reply, struct recipe *r)
{
    static const char *const keys[] = {"title", "options", NULL};
    static const char *const option_keys[] = {"title", "command", "inputs", "ask", NULL};
    struct json_doc menu = json_doc_member(reply, "menu", false);
    if (menu.object == NULL) {
        return;
    }
    json_doc_known(&menu, keys);
    r->reply_menu_title = json_doc_text(&menu, "title", true, RECIPE_BUTTON_MAX);
    json_t *list = json_doc_array(&menu, "options", true, MENU_MAX);
    size_t count = json_array_size(list);
    if (list != NULL && count == 0) {
        json_doc_fault(&menu, "options", "A menu has at least one option.");
    }
    r->reply_menu = arena_array(reply->mem, count + 1, sizeof(*r->reply_menu));
    for (size_t i = 0; i < count; i++) {
        struct json_doc one = json_doc_item(&menu, "options", i);
        json_doc_known(&one, option_keys);
        parse_call(&one, &r->reply_menu[i]);
    }
    r->reply_menu_count = count;
}

struct recipe_field *recipe_parse_fields(const struct json_doc *d, size_t *ret_count)
{
    static const char *const keys[] = {"label", "value", NULL};
    *ret_count = json_array_size(json_doc_array(d, "fields", false, FIELDS_MAX));
    struct recipe_field *list = arena_array(d->mem, *ret_count + 1, sizeof(*list));
    for (size_t i = 0; i < *ret_count; i++) {
        struct json_doc one = json_doc_item(d, "fields", i);
        json_doc_known(&one, keys);
        list[i].label = json_doc_text(&one, "label", true, 75);
        list[i].value = recipe_parse_template(&one, "value", true, 1000);
    }
    return list;
}

void recipe_parse_reply(const struct json_doc *d, struct recipe *r)
{
    static const char *const keys[] = {"text", "fields", "link", "buttons", "menu", NULL};
    static const char *const link_keys[] = {"label", "url", NULL};
    struct json_doc reply = json_doc_member(d, "reply", true);
    json_doc_known(&reply, keys);
    r->reply_text = recipe_parse_template(&reply, "text", true, 2000);
    r->reply_fields = recipe_parse_fields(&reply, &r->reply_fields_count);
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
    parse_menu(&reply, r);
}
