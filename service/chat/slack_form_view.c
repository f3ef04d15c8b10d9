/* A neutral form as a modal of Slack (docs.slack.dev/surfaces/modals), within its limits, and what
 * the sending of one is answered. */
#include "chat_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/json.h"
#include "base/str.h"

enum {
    MODAL_BLOCKS_MAX = 100,
    MODAL_BYTES_MAX = 240 * 1024, /* below Slack's 250 kB */
    TITLE_UNITS = 24,
    LABEL_UNITS = 2000,
    HINT_UNITS = 2000,
    SAMPLE_UNITS = 150,
    OPTION_UNITS = 75,
    PRIVATE_UNITS = 3000,
    ERROR_UNITS = 500
};

struct form_text {
    const char *text;
    size_t max_units;
};

/* `text` cut to its limit; nothing when there is nothing to show. */
static void put_plain(arena *mem, json_t *object, const char *key, const struct form_text *t)
{
    json_t *text = slack_plain(mem, t->text, t->max_units);
    if (text != NULL) {
        json_put(object, key, text);
    }
}

/* --- elements --- */

struct drawing {
    arena *mem;
    const json_t *field;
    json_t *element;
};

static void put_value(const struct drawing *d, const char *key, size_t max_units)
{
    const char *value = json_text(d->field, "value");
    if (!str_empty(value) && slack_units(value) <= max_units) {
        json_put(d->element, key, json_string(value));
    }
}

static void put_sample(const struct drawing *d)
{
    put_plain(d->mem, d->element, "placeholder",
              &(struct form_text){json_text(d->field, "sample"), SAMPLE_UNITS});
}

static void draw_text(const struct drawing *d)
{
    if (str_equal(json_text(d->field, "kind"), "lines")) {
        json_put(d->element, "multiline", json_true());
    }
    json_put(d->element, "max_length", json_integer(FORM_TEXT_MAX));
    put_value(d, "initial_value", FORM_TEXT_MAX);
    put_sample(d);
}

static void draw_number(const struct drawing *d)
{
    json_put(d->element, "is_decimal_allowed", json_true());
    put_value(d, "initial_value", FORM_TEXT_MAX);
    put_sample(d);
}

static void draw_date(const struct drawing *d)
{
    put_value(d, "initial_date", strlen("2026-12-31"));
    put_sample(d);
}

/* Slack takes seconds of ten digits (docs.slack.dev/reference/block-kit/block-elements/
 * datetime-picker-element) and shows them in the zone of who looks. Other times are typed. */
static void draw_date_time(const struct drawing *d)
{
    const int64_t first = 1000000000, last = 9999999999;
    const char *value = json_text(d->field, "value");
    int64_t at = 0;
    if (str_empty(value)) {
        return; /* it takes no placeholder */
    }
    if (clock_read_rfc3339(value, &at) && at >= first && at <= last) {
        json_put(d->element, "initial_date_time", json_integer(at));
        return;
    }
    json_put(d->element, "type", json_string("plain_text_input"));
    put_value(d, "initial_value", FORM_TEXT_MAX);
}

static json_t *option_object(arena *mem, const json_t *choice)
{
    json_t *label = slack_plain(mem, json_text(choice, "label"), OPTION_UNITS);
    const char *value = json_text(choice, "value");
    if (label == NULL) {
        label = slack_plain(mem, value, OPTION_UNITS);
    }
    if (label == NULL || slack_units(value) > OPTION_UNITS) {
        json_decref(label);
        return NULL;
    }
    return json_must(json_pack("{s:o, s:s}", "text", label, "value", value));
}

static json_t *options_of(arena *mem, const json_t *choices)
{
    json_t *list = json_must(json_array());
    size_t i = 0;
    const json_t *choice = NULL;
    json_array_foreach(choices, i, choice)
    {
        json_t *option = option_object(mem, choice);
        if (option != NULL && json_array_size(list) < FORM_CHOICES_SHOWN) {
            json_push(list, option);
        } else {
            json_decref(option);
        }
    }
    return list;
}

/* It must equal the option exactly. */
static void put_chosen(const struct drawing *d, const json_t *options)
{
    const char *value = json_text(d->field, "value");
    size_t i = 0;
    json_t *option = NULL;
    json_array_foreach(options, i, option)
    {
        if (str_equal(json_text(option, "value"), value)) {
            json_put(d->element, "initial_option", json_deep_copy(option));
            return;
        }
    }
}

static void draw_choice(const struct drawing *d)
{
    json_t *options = options_of(d->mem, json_member(d->field, "choices"));
    put_chosen(d, options);
    put_plain(d->mem, d->element, "placeholder", &(struct form_text){"Choose one", SAMPLE_UNITS});
    if (json_flag(d->field, "search")) {
        json_put(d->element, "type", json_string("external_select"));
        json_put(d->element, "min_query_length", json_integer(0));
        json_decref(options);
    } else {
        json_put(d->element, "options", options);
    }
}

static json_t *option_of(arena *mem, const char *label, const char *value)
{
    return json_must(
        json_pack("{s:o, s:s}", "text", slack_plain(mem, label, OPTION_UNITS), "value", value));
}

static void draw_flag(const struct drawing *d)
{
    json_t *yes = option_of(d->mem, "Yes", "yes");
    if (str_equal(json_text(d->field, "value"), "yes")) {
        json_put(d->element, "initial_options", json_pack("[O]", yes));
    }
    json_put(d->element, "options", json_pack("[o]", yes));
}

/* A box may stay empty, and Slack says at it that it is optional: an answer that is needed is one
 * of two. */
static void draw_yes_no(const struct drawing *d)
{
    json_t *options = json_must(
        json_pack("[o,o]", option_of(d->mem, "Yes", "yes"), option_of(d->mem, "No", "no")));
    put_chosen(d, options);
    json_put(d->element, "options", options);
}

/* Slack looks at the ending of the name alone, and so does the recipe once more. */
static void draw_file(const struct drawing *d)
{
    const json_t *endings = json_member(d->field, "endings");
    json_put(d->element, "max_files", json_integer(1));
    if (json_array_size(endings) > 0) {
        json_put(d->element, "filetypes", json_deep_copy(endings));
    }
}

static const struct kind {
    const char *kind, *type;
    void (*draw)(const struct drawing *d);
} kinds[] = {
    {"text", "plain_text_input", draw_text},         {"lines", "plain_text_input", draw_text},
    {"number", "number_input", draw_number},         {"date", "datepicker", draw_date},
    {"choice", "static_select", draw_choice},        {"flag", "checkboxes", draw_flag},
    {"date_time", "datetimepicker", draw_date_time}, {"file", "file_input", draw_file},
};
static const struct kind yes_no = {"flag", "radio_buttons", draw_yes_no};

static const struct kind *kind_of(const json_t *field)
{
    const char *kind = json_text(field, "kind");
    if (str_equal(kind, yes_no.kind) && json_flag(field, "required")) {
        return &yes_no;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (str_equal(kinds[i].kind, kind)) {
            return &kinds[i];
        }
    }
    die("a form's field is of no kind");
}

static json_t *input_block(arena *mem, const json_t *field)
{
    const struct kind *k = kind_of(field);
    const char *name = json_text(field, "name");
    const char *label = json_text(field, "label");
    struct drawing d = {mem, field,
                        json_must(json_pack("{s:s, s:s}", "type", k->type, "action_id", name))};
    k->draw(&d);
    json_t *block =
        json_must(json_pack("{s:s, s:s, s:o, s:b}", "type", "input", "block_id", name, "element",
                            d.element, "optional", !json_flag(field, "required")));
    put_plain(mem, block, "label",
              &(struct form_text){str_empty(label) ? name : label, LABEL_UNITS});
    put_plain(mem, block, "hint", &(struct form_text){json_text(field, "hint"), HINT_UNITS});
    return block;
}

/* --- the modal --- */

static void put_sending(arena *mem, json_t *modal, const json_t *form)
{
    const char *private = json_text(form, "private");
    json_put(modal, "callback_id",
             json_string(arena_printf(mem, SLACK_ACTION_PREFIX "%s", json_text(form, "form"))));
    put_plain(mem, modal, "submit", &(struct form_text){json_text(form, "submit"), TITLE_UNITS});
    if (private != NULL && slack_units(private) <= PRIVATE_UNITS) {
        json_put(modal, "private_metadata", json_string(private));
    }
}

json_t *chat_slack_render_form(arena *mem, const json_t *form)
{
    json_t *inputs = json_must(json_array());
    size_t i = 0;
    const json_t *field = NULL;
    json_array_foreach(json_member(form, "fields"), i, field)
    {
        json_push(inputs, input_block(mem, field));
    }
    arena_json(mem, inputs);
    size_t bytes = strlen(json_write(mem, inputs));
    bytes = bytes < MODAL_BYTES_MAX / 2 ? MODAL_BYTES_MAX - bytes : MODAL_BYTES_MAX / 2;
    json_t *blocks =
        slack_page_blocks(mem, form, MODAL_BLOCKS_MAX - json_array_size(inputs), bytes);
    bool sends = json_text(form, "form") != NULL;
    const char *heading = json_text(form, "heading");
    json_t *modal =
        json_must(json_pack("{s:s, s:o, s:o}", "type", "modal", "blocks", blocks, "close",
                            slack_plain(mem, sends ? "Not now" : "Close", TITLE_UNITS)));
    put_plain(mem, modal, "title",
              &(struct form_text){str_empty(heading) ? "Workbot" : heading, TITLE_UNITS});
    if (sends) {
        put_sending(mem, modal, form);
    }
    if (json_array_extend(blocks, inputs) != 0) {
        die("out of memory for a form");
    }
    return arena_json(mem, modal);
}

/* --- answers in the same breath --- */

/* The block that holds the field: "<field>" or, after a change of the form, "<field>:<n>". */
static const char *block_of(const json_t *view, const char *field)
{
    size_t i = 0, len = strlen(field);
    const json_t *block = NULL;
    json_array_foreach(json_member(view, "blocks"), i, block)
    {
        const char *id = json_text(block, "block_id");
        if (str_equal(json_text(block, "type"), "input") && str_starts(id, field) &&
            (id[len] == '\0' || id[len] == ':')) {
            return id;
        }
    }
    return NULL;
}

static const char *first_input(const json_t *view)
{
    size_t i = 0;
    const json_t *block = NULL;
    json_array_foreach(json_member(view, "blocks"), i, block)
    {
        if (str_equal(json_text(block, "type"), "input") && json_text(block, "block_id") != NULL) {
            return json_text(block, "block_id");
        }
    }
    return NULL;
}

static char *errors_text(arena *mem, const json_t *view, const json_t *errors)
{
    json_t *list = json_must(json_object());
    const char *field = NULL;
    json_t *text = NULL;
    json_object_foreach((json_t *)(uintptr_t)errors, field, text)
    {
        const char *id = block_of(view, field);
        id = id == NULL ? first_input(view) : id;
        json_t *plain = slack_plain(mem, json_string_value(text), ERROR_UNITS);
        if (id != NULL && plain != NULL) {
            json_put(list, id, json_incref(json_member(plain, "text")));
        }
        json_decref(plain);
    }
    return json_write(mem, arena_json(mem, json_must(json_pack("{s:s, s:o}", "response_action",
                                                               "errors", "errors", list))));
}

char *chat_slack_form_answer(arena *mem, struct bytes payload, const struct form_answer *a)
{
    json_t *sent = NULL;
    if (a->errors != NULL && json_read(mem, payload, &sent, NULL) == 0) {
        return errors_text(mem, json_member(sent, "view"), a->errors);
    }
    if (a->next == NULL) {
        return NULL;
    }
    return json_write(
        mem, arena_json(mem, json_must(json_pack("{s:s, s:O}", "response_action", "update", "view",
                                                 chat_slack_render_form(mem, a->next)))));
}

char *slack_form_late(arena *mem, const json_t *view)
{
    const char *field = first_input(view);
    if (field == NULL) {
        return NULL;
    }
    json_t *errors = json_must(json_pack(
        "{s:s}", field,
        "I could not take this in time. Nothing is lost: press the button again in a moment."));
    return errors_text(mem, view, arena_json(mem, errors));
}

char *chat_slack_choices(arena *mem, const struct form_choice *list, size_t count)
{
    json_t *choices = json_must(json_array());
    for (size_t i = 0; i < count; i++) {
        json_push(choices, json_pack("{s:s, s:s}", "label", list[i].label, "value", list[i].value));
    }
    json_t *options = options_of(mem, arena_json(mem, choices));
    return json_write(mem, arena_json(mem, json_must(json_pack("{s:o}", "options", options))));
}
