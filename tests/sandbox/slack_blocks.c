#include "slack.h"

#include <stdlib.h>
#include <string.h>

/* Block Kit as tables: what each block, element and composition object may hold. */

enum kind {
    K_STRING, /* max characters */
    K_URL,    /* the same, must be an address */
    K_BOOL,
    K_INT,
    K_ANY,
    K_PLAIN,  /* a plain_text object of 1..max characters */
    K_TEXT,   /* plain_text or mrkdwn, 1..max */
    K_FIELDS, /* up to 10 texts of 1..2000 */
    K_STYLE,
    K_CONFIRM,
    K_OPTION,
    K_OPTIONS,  /* 1..max options */
    K_GROUPS,   /* 1..max option groups */
    K_ELEMENT,  /* one element of the places in max */
    K_ELEMENTS, /* 1..n elements; max holds the place, see limits below */
};

enum place {
    IN_ACTIONS = 1,
    IN_ACCESSORY = 2,
    IN_CONTEXT = 4,
    IN_INPUT = 8,
};

struct rule {
    const char *name;
    enum kind kind;
    int max;
    bool required;
};

struct shape {
    const char *type;
    unsigned places; /* 0: a block */
    struct rule rules[14];
};

static const struct shape blocks_known[] = {
    {"section",
     0,
     {{"text", K_TEXT, 3000, false},
      {"fields", K_FIELDS, 10, false},
      {"accessory", K_ELEMENT, IN_ACCESSORY, false},
      {"expand", K_BOOL, 0, false}}},
    {"actions", 0, {{"elements", K_ELEMENTS, IN_ACTIONS, true}}},
    {"context", 0, {{"elements", K_ELEMENTS, IN_CONTEXT, true}}},
    {"divider", 0, {{NULL, K_ANY, 0, false}}},
    {"header", 0, {{"text", K_PLAIN, 150, true}}},
    {"image",
     0,
     {{"image_url", K_URL, 3000, false},
      {"slack_file", K_ANY, 0, false},
      {"alt_text", K_STRING, 2000, true},
      {"title", K_PLAIN, 2000, false}}},
    {"input",
     0,
     {{"label", K_PLAIN, 2000, true},
      {"element", K_ELEMENT, IN_INPUT, true},
      {"hint", K_PLAIN, 2000, false},
      {"optional", K_BOOL, 0, false},
      {"dispatch_action", K_BOOL, 0, false}}},
    {"rich_text", 0, {{"elements", K_ANY, 0, true}}},
};

static const struct shape elements_known[] = {
    {"button",
     IN_ACTIONS | IN_ACCESSORY,
     {{"text", K_PLAIN, 75, true},
      {"value", K_STRING, 2000, false},
      {"url", K_URL, 3000, false},
      {"style", K_STYLE, 0, false},
      {"confirm", K_CONFIRM, 0, false},
      {"accessibility_label", K_STRING, 75, false}}},
    {"static_select",
     IN_ACTIONS | IN_ACCESSORY | IN_INPUT,
     {{"placeholder", K_PLAIN, 150, false},
      {"options", K_OPTIONS, 100, false},
      {"option_groups", K_GROUPS, 100, false},
      {"initial_option", K_OPTION, 0, false},
      {"confirm", K_CONFIRM, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"external_select",
     IN_ACTIONS | IN_ACCESSORY | IN_INPUT,
     {{"placeholder", K_PLAIN, 150, false},
      {"initial_option", K_OPTION, 0, false},
      {"min_query_length", K_INT, 0, false},
      {"confirm", K_CONFIRM, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"overflow",
     IN_ACTIONS | IN_ACCESSORY,
     {{"options", K_OPTIONS, 5, true}, {"confirm", K_CONFIRM, 0, false}}},
    {"plain_text_input",
     IN_INPUT,
     {{"multiline", K_BOOL, 0, false},
      {"min_length", K_INT, 3000, false},
      {"max_length", K_INT, 3000, false},
      {"initial_value", K_STRING, 3000, false},
      {"placeholder", K_PLAIN, 150, false},
      {"dispatch_action_config", K_ANY, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"datepicker",
     IN_ACTIONS | IN_ACCESSORY | IN_INPUT,
     {{"initial_date", K_STRING, 10, false},
      {"placeholder", K_PLAIN, 150, false},
      {"confirm", K_CONFIRM, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"file_input", IN_INPUT, {{"filetypes", K_ANY, 0, false}, {"max_files", K_INT, 10, false}}},
    {"number_input",
     IN_INPUT,
     {{"is_decimal_allowed", K_BOOL, 0, true},
      {"initial_value", K_STRING, 3000, false},
      {"min_value", K_STRING, 40, false},
      {"max_value", K_STRING, 40, false},
      {"placeholder", K_PLAIN, 150, false},
      {"dispatch_action_config", K_ANY, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"email_text_input",
     IN_INPUT,
     {{"initial_value", K_STRING, 3000, false},
      {"placeholder", K_PLAIN, 150, false},
      {"dispatch_action_config", K_ANY, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"url_text_input",
     IN_INPUT,
     {{"initial_value", K_STRING, 3000, false},
      {"placeholder", K_PLAIN, 150, false},
      {"dispatch_action_config", K_ANY, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"timepicker",
     IN_ACTIONS | IN_ACCESSORY | IN_INPUT,
     {{"initial_time", K_STRING, 5, false},
      {"timezone", K_STRING, 100, false},
      {"placeholder", K_PLAIN, 150, false},
      {"confirm", K_CONFIRM, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"datetimepicker",
     IN_ACTIONS | IN_INPUT,
     {{"initial_date_time", K_INT, 0, false},
      {"confirm", K_CONFIRM, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"radio_buttons",
     IN_ACTIONS | IN_ACCESSORY | IN_INPUT,
     {{"options", K_OPTIONS, 10, true},
      {"initial_option", K_OPTION, 0, false},
      {"confirm", K_CONFIRM, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"multi_static_select",
     IN_ACCESSORY | IN_INPUT,
     {{"placeholder", K_PLAIN, 150, false},
      {"options", K_OPTIONS, 100, false},
      {"option_groups", K_GROUPS, 100, false},
      {"initial_options", K_OPTIONS, 100, false},
      {"max_selected_items", K_INT, 0, false},
      {"confirm", K_CONFIRM, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"users_select",
     IN_ACTIONS | IN_ACCESSORY | IN_INPUT,
     {{"placeholder", K_PLAIN, 150, false},
      {"initial_user", K_STRING, 255, false},
      {"confirm", K_CONFIRM, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"conversations_select",
     IN_ACTIONS | IN_ACCESSORY | IN_INPUT,
     {{"placeholder", K_PLAIN, 150, false},
      {"initial_conversation", K_STRING, 255, false},
      {"default_to_current_conversation", K_BOOL, 0, false},
      {"response_url_enabled", K_BOOL, 0, false},
      {"filter", K_ANY, 0, false},
      {"confirm", K_CONFIRM, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"checkboxes",
     IN_ACTIONS | IN_ACCESSORY | IN_INPUT,
     {{"options", K_OPTIONS, 10, true},
      {"initial_options", K_OPTIONS, 10, false},
      {"confirm", K_CONFIRM, 0, false},
      {"focus_on_load", K_BOOL, 0, false}}},
    {"image",
     IN_ACCESSORY | IN_CONTEXT,
     {{"image_url", K_URL, 3000, true}, {"alt_text", K_STRING, 2000, true}}},
    {"plain_text", IN_CONTEXT, {{"text", K_STRING, 3000, true}, {"emoji", K_BOOL, 0, false}}},
    {"mrkdwn", IN_CONTEXT, {{"text", K_STRING, 3000, true}, {"verbatim", K_BOOL, 0, false}}},
};

struct check {
    json_t *faults;
    json_t *action_ids; /* of the block at hand */
};

static void fault(struct check *c, const char *what, const char *pointer)
{
    char *text = xasprintf("%s [json-pointer:%s]", what, pointer);
    json_array_append_new(c->faults, json_string(text));
    free(text);
}

static void check_length(struct check *c, const char *text, int max, bool may_be_empty,
                         const char *pointer)
{
    size_t len = utf8_length(text);
    if (len == 0 && !may_be_empty) {
        fault(c, "must be more than 0 characters", pointer);
    }
    if (len > (size_t)max) {
        char *what = xasprintf("must be less than %d characters", max + 1);
        fault(c, what, pointer);
        free(what);
    }
}

static void check_keys(struct check *c, const json_t *object, const char *const *known,
                       const char *pointer)
{
    void *iter = json_object_iter((json_t *)(uintptr_t)object);
    for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)object, iter)) {
        const char *key = json_object_iter_key(iter);
        bool found = false;
        for (size_t i = 0; known[i] != NULL; i++) {
            found = found || strcmp(known[i], key) == 0;
        }
        if (!found) {
            char *what = xasprintf("invalid additional property: %s", key);
            fault(c, what, pointer);
            free(what);
        }
    }
}

static void check_text(struct check *c, const json_t *text, bool plain_only, int max,
                       const char *pointer)
{
    static const char *const plain_keys[] = {"type", "text", "emoji", NULL};
    static const char *const mrkdwn_keys[] = {"type", "text", "verbatim", NULL};
    const char *type = json_str(text, "type");
    bool plain = type != NULL && strcmp(type, "plain_text") == 0;
    bool mrkdwn = type != NULL && strcmp(type, "mrkdwn") == 0;
    if (!plain && !(mrkdwn && !plain_only)) {
        char *at = xasprintf("%s/type", pointer);
        fault(c,
              plain_only ? "must be a valid enum value: plain_text"
                         : "must be a valid enum value: plain_text or mrkdwn",
              at);
        free(at);
        return;
    }
    check_keys(c, text, plain ? plain_keys : mrkdwn_keys, pointer);
    char *at = xasprintf("%s/text", pointer);
    if (json_str(text, "text") == NULL) {
        fault(c, "missing required field: text", pointer);
    } else {
        check_length(c, json_str(text, "text"), max, false, at);
    }
    free(at);
}

static void check_confirm(struct check *c, const json_t *confirm, const char *pointer)
{
    static const char *const keys[] = {"title", "text", "confirm", "deny", "style", NULL};
    static const struct {
        const char *name;
        int max;
        bool plain;
    } parts[] = {
        {"title", 100, true}, {"text", 300, false}, {"confirm", 30, true}, {"deny", 30, true}};
    if (!json_is_object(confirm)) {
        fault(c, "must be an object", pointer);
        return;
    }
    check_keys(c, confirm, keys, pointer);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char *at = xasprintf("%s/%s", pointer, parts[i].name);
        const json_t *part = json_object_get(confirm, parts[i].name);
        if (part == NULL) {
            fault(c, "missing required field", at);
        } else {
            check_text(c, part, parts[i].plain, parts[i].max, at);
        }
        free(at);
    }
}

static void check_option(struct check *c, const json_t *option, const char *pointer)
{
    static const char *const keys[] = {"text", "value", "description", "url", NULL};
    if (!json_is_object(option)) {
        fault(c, "must be an object", pointer);
        return;
    }
    check_keys(c, option, keys, pointer);
    char *at = xasprintf("%s/text", pointer);
    check_text(c, json_object_get(option, "text"), false, 75, at);
    free(at);
    at = xasprintf("%s/value", pointer);
    if (json_str(option, "value") == NULL) {
        fault(c, "missing required field: value", pointer);
    } else {
        check_length(c, json_str(option, "value"), 75, true, at);
    }
    free(at);
    const json_t *description = json_object_get(option, "description");
    if (description != NULL) {
        at = xasprintf("%s/description", pointer);
        check_text(c, description, false, 75, at);
        free(at);
    }
}

static void check_options(struct check *c, const json_t *options, int max, const char *pointer)
{
    size_t count = json_array_size(options);
    if (!json_is_array(options) || count == 0) {
        fault(c, "no fewer than 1 item allowed", pointer);
    }
    if (count > (size_t)max) {
        char *what = xasprintf("no more than %d items allowed", max);
        fault(c, what, pointer);
        free(what);
    }
    for (size_t i = 0; i < count; i++) {
        char *at = xasprintf("%s/%zu", pointer, i);
        check_option(c, json_array_get(options, i), at);
        free(at);
    }
}

static void check_groups(struct check *c, const json_t *groups, const char *pointer)
{
    if (!json_is_array(groups) || json_array_size(groups) == 0 || json_array_size(groups) > 100) {
        fault(c, "must hold 1 to 100 groups", pointer);
    }
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);
        char *at = xasprintf("%s/%zu/label", pointer, i);
        check_text(c, json_object_get(group, "label"), true, 75, at);
        free(at);
        at = xasprintf("%s/%zu/options", pointer, i);
        check_options(c, json_object_get(group, "options"), 100, at);
        free(at);
    }
}

static void check_element(struct check *c, const json_t *element, unsigned place,
                          const char *pointer);

static void check_elements(struct check *c, const json_t *elements, unsigned place,
                           const char *pointer)
{
    size_t max = place == IN_CONTEXT ? 10 : 25;
    size_t count = json_array_size(elements);
    if (!json_is_array(elements) || count == 0) {
        fault(c, "no fewer than 1 item allowed", pointer);
    }
    if (count > max) {
        char *what = xasprintf("no more than %zu items allowed", max);
        fault(c, what, pointer);
        free(what);
    }
    for (size_t i = 0; i < count; i++) {
        char *at = xasprintf("%s/%zu", pointer, i);
        check_element(c, json_array_get(elements, i), place, at);
        free(at);
    }
}

static void check_fields(struct check *c, const json_t *fields, const char *pointer)
{
    if (!json_is_array(fields) || json_array_size(fields) == 0) {
        fault(c, "no fewer than 1 item allowed", pointer);
    }
    if (json_array_size(fields) > 10) {
        fault(c, "no more than 10 items allowed", pointer);
    }
    for (size_t i = 0; i < json_array_size(fields); i++) {
        char *at = xasprintf("%s/%zu", pointer, i);
        check_text(c, json_array_get(fields, i), false, 2000, at);
        free(at);
    }
}

static void check_scalar(struct check *c, const struct rule *rule, const json_t *value,
                         const char *pointer)
{
    const char *text = json_string_value(value);
    if (rule->kind == K_BOOL) {
        if (!json_is_boolean(value)) {
            fault(c, "must be a boolean", pointer);
        }
    } else if (rule->kind == K_INT) {
        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
            (rule->max > 0 && json_integer_value(value) > rule->max)) {
            fault(c, "must be a number in range", pointer);
        }
    } else if (text == NULL) {
        fault(c, "must be a string", pointer);
    } else if (rule->kind == K_STYLE) {
        if (strcmp(text, "primary") != 0 && strcmp(text, "danger") != 0) {
            fault(c, "must be a valid enum value", pointer);
        }
    } else {
        bool required = rule->kind == K_URL || strcmp(rule->name, "text") == 0;
        check_length(c, text, rule->max, !required, pointer);
        if (rule->kind == K_URL && strncmp(text, "http://", 7) != 0 &&
            strncmp(text, "https://", 8) != 0) {
            fault(c, "must be a valid url", pointer);
        }
    }
}

static void check_value(struct check *c, const struct rule *rule, const json_t *value,
                        const char *pointer)
{
    switch (rule->kind) {
    case K_ANY:
        break;
    case K_PLAIN:
    case K_TEXT:
        check_text(c, value, rule->kind == K_PLAIN, rule->max, pointer);
        break;
    case K_FIELDS:
        check_fields(c, value, pointer);
        break;
    case K_CONFIRM:
        check_confirm(c, value, pointer);
        break;
    case K_OPTION:
        check_option(c, value, pointer);
        break;
    case K_OPTIONS:
        check_options(c, value, rule->max, pointer);
        break;
    case K_GROUPS:
        check_groups(c, value, pointer);
        break;
    case K_ELEMENT:
        check_element(c, value, (unsigned)rule->max, pointer);
        break;
    case K_ELEMENTS:
        check_elements(c, value, (unsigned)rule->max, pointer);
        break;
    case K_STRING:
    case K_URL:
    case K_BOOL:
    case K_INT:
    case K_STYLE:
        check_scalar(c, rule, value, pointer);
        break;
    }
}

static void check_shape(struct check *c, const json_t *object, const struct shape *shape,
                        const char *id_name, const char *pointer)
{
    const char *known[20] = {"type", id_name};
    size_t count = 2;
    for (size_t i = 0; i < 14 && shape->rules[i].name != NULL; i++) {
        const struct rule *rule = &shape->rules[i];
        const json_t *value = json_object_get(object, rule->name);
        known[count++] = rule->name;
        if (value == NULL) {
            if (rule->required) {
                char *what = xasprintf("missing required field: %s", rule->name);
                fault(c, what, pointer);
                free(what);
            }
            continue;
        }
        char *at = xasprintf("%s/%s", pointer, rule->name);
        check_value(c, rule, value, at);
        free(at);
    }
    check_keys(c, object, known, pointer);
    const json_t *id = json_object_get(object, id_name);
    if (id != NULL) {
        static const struct rule id_rule = {"id", K_STRING, 255, false};
        char *at = xasprintf("%s/%s", pointer, id_name);
        check_scalar(c, &id_rule, id, at);
        free(at);
    }
}

static const struct shape *shape_find(const struct shape *list, size_t count, const char *type)
{
    for (size_t i = 0; type != NULL && i < count; i++) {
        if (strcmp(list[i].type, type) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

static void unsupported(struct check *c, const char *type, const char *pointer)
{
    char *what = xasprintf("unsupported type: %s", type == NULL ? "undefined" : type);
    char *at = xasprintf("%s/type", pointer);
    fault(c, what, at);
    free(what);
    free(at);
}

static void check_action_id(struct check *c, const json_t *element, const char *pointer)
{
    const char *id = json_str(element, "action_id");
    if (id == NULL) {
        return;
    }
    if (json_object_get(c->action_ids, id) != NULL) {
        char *what = xasprintf("`action_id`s should be unique per message block; `%s` already "
                               "exists",
                               id);
        fault(c, what, pointer);
        free(what);
    }
    json_object_set_new(c->action_ids, id, json_true());
}

static bool option_offered(const json_t *options, const json_t *wanted)
{
    for (size_t i = 0; i < json_array_size(options); i++) {
        if (json_equal(json_array_get(options, i), wanted)) {
            return true;
        }
    }
    return false;
}

/* What is chosen at first must equal one of the options exactly. */
static void check_initial(struct check *c, const json_t *element, const json_t *chosen,
                          const char *pointer)
{
    bool found = option_offered(json_object_get(element, "options"), chosen);
    const json_t *groups = json_object_get(element, "option_groups");
    for (size_t i = 0; i < json_array_size(groups); i++) {
        found =
            found || option_offered(json_object_get(json_array_get(groups, i), "options"), chosen);
    }
    if (!found) {
        fault(c, "must match an option exactly", pointer);
    }
}

/* Rules between the fields of one element. */
static void check_together(struct check *c, const json_t *element, const char *pointer)
{
    const char *type = json_str_or(element, "type", "");
    const json_t *first = json_object_get(element, "initial_option");
    const json_t *more = json_object_get(element, "initial_options");
    if (first != NULL && strcmp(type, "external_select") != 0) {
        check_initial(c, element, first, pointer);
    }
    for (size_t i = 0; i < json_array_size(more); i++) {
        check_initial(c, element, json_array_get(more, i), pointer);
    }
    int64_t low = json_int_or(element, "min_length", 0);
    int64_t high = json_int_or(element, "max_length", 3000);
    if (low > high || high < 1) {
        fault(c, "min_length must not be above max_length", pointer);
    }
    const char *date = json_str(element, "initial_date");
    if (date != NULL && (strlen(date) != 10 || date[4] != '-' || date[7] != '-')) {
        fault(c, "must be a valid date in format YYYY-MM-DD", pointer);
    }
}

static void check_element(struct check *c, const json_t *element, unsigned place,
                          const char *pointer)
{
    const char *type = json_str(element, "type");
    const struct shape *shape =
        shape_find(elements_known, sizeof elements_known / sizeof elements_known[0], type);
    if (shape == NULL || (shape->places & place) == 0) {
        unsupported(c, type, pointer);
        return;
    }
    /* texts and images carry no action_id; an unused name makes the key unknown there */
    bool acts = (shape->places & IN_CONTEXT) == 0;
    check_shape(c, element, shape, acts ? "action_id" : "type", pointer);
    check_action_id(c, element, pointer);
    check_together(c, element, pointer);
    bool choice = strcmp(shape->type, "static_select") == 0 ||
                  strcmp(shape->type, "multi_static_select") == 0;
    bool options = json_object_get(element, "options") != NULL;
    if (choice && options == (json_object_get(element, "option_groups") != NULL)) {
        fault(c, "must have either options or option_groups", pointer);
    }
}

static void check_block(struct check *c, const json_t *block, bool in_view, const char *pointer)
{
    const char *type = json_str(block, "type");
    const struct shape *shape =
        shape_find(blocks_known, sizeof blocks_known / sizeof blocks_known[0], type);
    if (shape == NULL || (in_view && strcmp(shape->type, "rich_text") == 0)) {
        unsupported(c, type, pointer);
        return;
    }
    check_shape(c, block, shape, "block_id", pointer);
    if (strcmp(shape->type, "section") == 0 && json_object_get(block, "text") == NULL &&
        json_object_get(block, "fields") == NULL) {
        fault(c, "must have either text or fields", pointer);
    }
}

void slack_blocks_check(const json_t *blocks, bool in_view, json_t *ret_faults)
{
    struct check c = {.faults = ret_faults};
    size_t max = in_view ? 100 : 50;
    size_t count = json_array_size(blocks);
    if (count > max) {
        char *what = xasprintf("no more than %zu items allowed", max);
        fault(&c, what, "/blocks");
        free(what);
    }
    json_t *block_ids = json_object();
    for (size_t i = 0; i < count; i++) {
        const json_t *block = json_array_get(blocks, i);
        c.action_ids = json_object();
        char *at = xasprintf("/blocks/%zu", i);
        check_block(&c, block, in_view, at);
        const char *id = json_str(block, "block_id");
        if (id != NULL && json_object_get(block_ids, id) != NULL) {
            fault(&c, "`block_id` already exists in this message", at);
        }
        if (id != NULL) {
            json_object_set_new(block_ids, id, json_true());
        }
        free(at);
        json_decref(c.action_ids);
    }
    json_decref(block_ids);
}

void slack_options_check(const json_t *given, json_t *ret_faults)
{
    struct check c = {.faults = ret_faults};
    const json_t *options = json_object_get(given, "options");
    const json_t *groups = json_object_get(given, "option_groups");
    if (!json_is_object(given) || (options == NULL) == (groups == NULL)) {
        fault(&c, "must have either options or option_groups", "/");
    } else if (groups != NULL) {
        check_groups(&c, groups, "/option_groups");
    } else if (json_array_size(options) > 0) { /* none is a good answer */
        check_options(&c, options, 100, "/options");
    }
}

static void check_view_keys(struct check *c, const json_t *view, bool modal)
{
    static const char *const modal_keys[] = {"type",
                                             "title",
                                             "blocks",
                                             "close",
                                             "submit",
                                             "callback_id",
                                             "clear_on_close",
                                             "notify_on_close",
                                             "external_id",
                                             "private_metadata",
                                             "submit_disabled",
                                             NULL};
    static const char *const home_keys[] = {"type",        "blocks",           "callback_id",
                                            "external_id", "private_metadata", NULL};
    check_keys(c, view, modal ? modal_keys : home_keys, "/view");
}

void slack_view_check(const json_t *view, json_t *ret_faults)
{
    struct check c = {.faults = ret_faults};
    const char *type = json_str_or(view, "type", "");
    bool modal = strcmp(type, "modal") == 0;
    if (!modal && strcmp(type, "home") != 0) {
        fault(&c, "must be a valid enum value: modal or home", "/view/type");
        return;
    }
    check_view_keys(&c, view, modal);
    if (modal && json_object_get(view, "title") == NULL) {
        fault(&c, "missing required field: title", "/view");
    }
    static const char *const texts[] = {"title", "submit", "close"};
    for (size_t i = 0; modal && i < 3; i++) {
        const json_t *text = json_object_get(view, texts[i]);
        if (text != NULL) {
            char *at = xasprintf("/view/%s", texts[i]);
            check_text(&c, text, true, 24, at);
            free(at);
        }
    }
    check_length(&c, json_str_or(view, "private_metadata", ""), 3000, true,
                 "/view/private_metadata");
    check_length(&c, json_str_or(view, "callback_id", ""), 255, true, "/view/callback_id");
    check_length(&c, json_str_or(view, "external_id", ""), 255, true, "/view/external_id");
    const json_t *blocks = json_object_get(view, "blocks");
    if (!json_is_array(blocks)) {
        fault(&c, "missing required field: blocks", "/view");
        return;
    }
    bool input = false;
    for (size_t i = 0; i < json_array_size(blocks); i++) {
        input = input || strcmp(json_str_or(json_array_get(blocks, i), "type", ""), "input") == 0;
    }
    if (input && modal && json_object_get(view, "submit") == NULL) {
        fault(&c, "`submit` is required when an `input` block is used", "/view");
    }
    slack_blocks_check(blocks, true, ret_faults);
}

static void fill_id(json_t *object, const char *name)
{
    if (json_object_get(object, name) == NULL) {
        char *id = random_token("", 5);
        json_object_set_new(object, name, json_string(id));
        free(id);
    }
}

static void fill_element(json_t *element)
{
    const char *type = json_str_or(element, "type", "");
    if (strcmp(type, "image") != 0 && strcmp(type, "mrkdwn") != 0 &&
        strcmp(type, "plain_text") != 0) {
        fill_id(element, "action_id");
    }
}

void slack_blocks_fill(json_t *blocks)
{
    size_t i = 0;
    json_t *block = NULL;
    json_array_foreach(blocks, i, block)
    {
        fill_id(block, "block_id");
        json_t *accessory = json_object_get(block, "accessory");
        if (accessory != NULL) {
            fill_element(accessory);
        }
        json_t *input = json_object_get(block, "element");
        if (input != NULL) {
            fill_element(input);
        }
        bool acts = strcmp(json_str_or(block, "type", ""), "actions") == 0;
        size_t j = 0;
        json_t *element = NULL;
        json_array_foreach(acts ? json_object_get(block, "elements") : NULL, j, element)
        {
            fill_element(element);
        }
    }
}
