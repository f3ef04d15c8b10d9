/* Elements of blocks as a person meets them: found by what stands on them, pressed, filled in. */
#include "slack_script.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

static const char *label_of(const json_t *element)
{
    return json_str_or(json_object_get(element, "text"), "text", "");
}

size_t slack_block_elements(const json_t *block, json_t **ret, size_t max)
{
    size_t count = 0;
    static const char *const single[] = {"accessory", "element"};
    for (size_t i = 0; i < 2; i++) {
        json_t *element = json_object_get(block, single[i]);
        if (json_is_object(element) && count < max) {
            ret[count++] = element;
        }
    }
    const json_t *elements = json_object_get(block, "elements");
    bool acts = strcmp(json_str_or(block, "type", ""), "actions") == 0;
    for (size_t i = 0; acts && i < json_array_size(elements) && count < max; i++) {
        ret[count++] = json_array_get(elements, i);
    }
    return count;
}

static bool named(const json_t *element, const json_t *block, const char *wanted)
{
    const char *input = json_str_or(json_object_get(block, "label"), "text", "");
    return strcmp(json_str_or(element, "action_id", ""), wanted) == 0 ||
           strcmp(label_of(element), wanted) == 0 ||
           (json_object_get(block, "element") != NULL &&
            (strcmp(input, wanted) == 0 ||
             strcmp(json_str_or(block, "block_id", ""), wanted) == 0));
}

json_t *element_find(const json_t *blocks, const char *wanted, json_t **ret_block)
{
    for (size_t i = 0; wanted[0] != '\0' && i < json_array_size(blocks); i++) {
        json_t *found[26];
        json_t *block = json_array_get(blocks, i);
        size_t count = slack_block_elements(block, found, 26);
        for (size_t j = 0; j < count; j++) {
            if (named(found[j], block, wanted)) {
                *ret_block = block;
                return found[j];
            }
        }
    }
    *ret_block = NULL;
    return NULL;
}

/* ---- what each kind of input holds ---- */

enum holds { HOLDS_TEXT, HOLDS_OPTION, HOLDS_OPTIONS, HOLDS_NUMBER, HOLDS_FILES };

struct input {
    const char *type;
    enum holds holds;
    const char *key;     /* in the state */
    const char *initial; /* in the element */
};

static const struct input inputs[] = {
    {"plain_text_input", HOLDS_TEXT, "value", "initial_value"},
    {"number_input", HOLDS_TEXT, "value", "initial_value"},
    {"email_text_input", HOLDS_TEXT, "value", "initial_value"},
    {"url_text_input", HOLDS_TEXT, "value", "initial_value"},
    {"datepicker", HOLDS_TEXT, "selected_date", "initial_date"},
    {"timepicker", HOLDS_TEXT, "selected_time", "initial_time"},
    {"datetimepicker", HOLDS_NUMBER, "selected_date_time", "initial_date_time"},
    {"users_select", HOLDS_TEXT, "selected_user", "initial_user"},
    {"conversations_select", HOLDS_TEXT, "selected_conversation", "initial_conversation"},
    {"static_select", HOLDS_OPTION, "selected_option", "initial_option"},
    {"external_select", HOLDS_OPTION, "selected_option", "initial_option"},
    {"radio_buttons", HOLDS_OPTION, "selected_option", "initial_option"},
    {"checkboxes", HOLDS_OPTIONS, "selected_options", "initial_options"},
    {"multi_static_select", HOLDS_OPTIONS, "selected_options", "initial_options"},
    {"file_input", HOLDS_FILES, "files", "files"},
};

static const struct input *input_of(const json_t *element)
{
    const char *type = json_str_or(element, "type", "");
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        if (strcmp(inputs[i].type, type) == 0) {
            return &inputs[i];
        }
    }
    return NULL;
}

static json_t *state_of(const json_t *element, const struct input *input, json_t *value)
{
    return json_pack("{s:s, s:o}", "type", json_str_or(element, "type", ""), input->key, value);
}

static bool holds_list(const struct input *input)
{
    return input->holds == HOLDS_OPTIONS || input->holds == HOLDS_FILES;
}

json_t *element_initial(const json_t *element)
{
    const struct input *input = input_of(element);
    if (input == NULL) {
        return NULL;
    }
    json_t *initial = json_object_get(element, input->initial);
    json_t *value = initial != NULL     ? json_deep_copy(initial)
                    : holds_list(input) ? json_array()
                                        : json_null();
    return state_of(element, input, value);
}

static json_t *option_in(const json_t *options, const char *wanted)
{
    for (size_t i = 0; wanted != NULL && i < json_array_size(options); i++) {
        json_t *option = json_array_get(options, i);
        if (strcmp(json_str_or(option, "value", ""), wanted) == 0 ||
            strcmp(label_of(option), wanted) == 0) {
            return option;
        }
    }
    return NULL;
}

/* By value or label, in the element's options or groups; of an external select in what the bot
 * offered last. */
static json_t *option_find(const json_t *element, const char *wanted)
{
    json_t *found = option_in(json_object_get(element, "options"), wanted);
    const json_t *groups = json_object_get(element, "option_groups");
    for (size_t i = 0; found == NULL && i < json_array_size(groups); i++) {
        found = option_in(json_object_get(json_array_get(groups, i), "options"), wanted);
    }
    return found != NULL ? found : option_in(json_object_get(element, "_offered"), wanted);
}

static json_t *options_entered(const json_t *element, const json_t *value)
{
    json_t *chosen = json_array();
    if (json_is_boolean(value)) { /* a single checkbox: on or off */
        json_t *only = json_array_get(json_object_get(element, "options"), 0);
        if (json_is_true(value) && only != NULL) {
            json_array_append_new(chosen, json_deep_copy(only));
        }
        return chosen;
    }
    size_t count = json_is_array(value) ? json_array_size(value) : 1;
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;
        json_t *option = option_find(element, json_string_value(one));
        if (option == NULL) {
            json_decref(chosen);
            return NULL;
        }
        json_array_append_new(chosen, json_deep_copy(option));
    }
    return chosen;
}

static json_t *text_entered(const json_t *value)
{
    if (json_is_string(value)) { /* a field left empty is null at Slack */
        return json_string_length(value) == 0 ? json_null() : json_deep_copy(value);
    }
    if (json_is_number(value)) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        json_t *out = json_string(text);
        free(text);
        return out;
    }
    return NULL;
}

json_t *element_entered(const json_t *element, const json_t *value)
{
    const struct input *input = input_of(element);
    if (input == NULL) {
        return NULL;
    }
    json_t *entered = NULL;
    if (json_is_null(value)) {
        entered = holds_list(input) ? json_array() : json_null();
    } else if (input->holds == HOLDS_OPTION) {
        json_t *option = option_find(element, json_string_value(value));
        entered = option == NULL ? NULL : json_deep_copy(option);
    } else if (input->holds == HOLDS_OPTIONS) {
        entered = options_entered(element, value);
    } else if (input->holds == HOLDS_FILES) {
        entered = json_is_array(value) ? json_deep_copy(value) : NULL;
    } else if (input->holds == HOLDS_NUMBER) {
        entered = json_is_integer(value) ? json_deep_copy(value) : NULL;
    } else {
        entered = text_entered(value);
    }
    return entered == NULL ? NULL : state_of(element, input, entered);
}

/* ---- what Slack's client refuses by itself ---- */

static bool date_good(const char *text)
{
    int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool shape =
        strlen(text) == 10 && text[4] == '-' && text[7] == '-' && strspn(text, "0123456789-") == 10;
    long month = shape ? strtol(text + 5, NULL, 10) : 0;
    long day = shape ? strtol(text + 8, NULL, 10) : 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

static const char *number_wrong(const json_t *element, const char *text)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || strspn(text, "0123456789.-+eE") != strlen(text)) {
        return "Please enter a number.";
    }
    if (!json_flag(element, "is_decimal_allowed", false) && strchr(text, '.') != NULL) {
        return "Please enter a whole number.";
    }
    const char *low = json_str(element, "min_value");
    const char *high = json_str(element, "max_value");
    if ((low != NULL && value < strtod(low, NULL)) ||
        (high != NULL && value > strtod(high, NULL))) {
        return "This number is out of range.";
    }
    return NULL;
}

static const char *text_wrong(const json_t *element, const char *text)
{
    size_t len = utf8_length(text);
    if ((int64_t)len < json_int_or(element, "min_length", 0)) {
        return "This is too short.";
    }
    if ((int64_t)len > json_int_or(element, "max_length", 3000)) {
        return "This is too long.";
    }
    return NULL;
}

static bool state_empty(const json_t *value)
{
    return value == NULL || json_is_null(value) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

const char *element_wrong(const json_t *block, const json_t *element, const json_t *state)
{
    const struct input *input = input_of(element);
    const json_t *value = input == NULL ? NULL : json_object_get(state, input->key);
    if (strcmp(json_str_or(block, "type", ""), "input") != 0) {
        return NULL;
    }
    if (state_empty(value)) {
        return json_flag(block, "optional", false) ? NULL : "Please complete this required field.";
    }
    const char *text = json_string_value(value);
    const char *type = json_str_or(element, "type", "");
    if (strcmp(type, "datepicker") == 0 && text != NULL) {
        return date_good(text) ? NULL : "Please pick a date.";
    }
    if (strcmp(type, "number_input") == 0 && text != NULL) {
        return number_wrong(element, text);
    }
    return strcmp(type, "plain_text_input") == 0 && text != NULL ? text_wrong(element, text) : NULL;
}

/* ---- pressing ---- */

/* The choice of a press: {"option"}, {"options"}, {"date"} or {"value"}. */
static const json_t *choice_of(const json_t *body)
{
    static const char *const names[] = {"option", "options", "date", "value"};
    for (size_t i = 0; i < 4; i++) {
        if (json_object_get(body, names[i]) != NULL) {
            return json_object_get(body, names[i]);
        }
    }
    return NULL;
}

static void add_choice(json_t *action, const json_t *element, const json_t *body)
{
    const struct input *input = input_of(element);
    bool overflow = strcmp(json_str_or(element, "type", ""), "overflow") == 0;
    if (input == NULL && !overflow) {
        return;
    }
    json_object_del(action, "text");
    if (overflow) {
        json_t *option = option_find(element, json_str(body, "option"));
        json_object_set_new(action, "selected_option",
                            option == NULL ? json_null() : json_deep_copy(option));
        return;
    }
    json_t *state = element_entered(element, choice_of(body));
    if (state == NULL) {
        state = element_initial(element);
        json_object_set_new(state, input->key,
                            input->holds == HOLDS_OPTIONS ? json_array() : json_null());
    }
    json_object_update(action, state);
    json_decref(state);
}

json_t *element_action(const json_t *element, const json_t *block, const json_t *body)
{
    char ts[32];
    slack_ts(ts);
    json_t *action =
        json_pack("{s:s, s:s, s:s, s:s}", "type", json_str_or(element, "type", "button"),
                  "action_id", json_str_or(element, "action_id", json_str_or(body, "action", "")),
                  "block_id", json_str_or(block, "block_id", "forged"), "action_ts", ts);
    static const char *const copied[] = {"text", "value", "style", "url"};
    for (size_t i = 0; i < 4; i++) {
        if (json_object_get(element, copied[i]) != NULL) {
            json_object_set(action, copied[i], json_object_get(element, copied[i]));
        }
    }
    if (json_str(body, "value") != NULL && json_flag(body, "force", false)) {
        json_object_set(action, "value", json_object_get(body, "value"));
    }
    add_choice(action, element, body);
    return action;
}
