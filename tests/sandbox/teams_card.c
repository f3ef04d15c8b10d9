/* Adaptive Cards as Teams takes them: checked, searched for actions, filled in. */
#include "teams.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 12, REFRESH_USERS_MAX = 60 };

static const char card_type[] = "application/vnd.microsoft.card.adaptive";

static void fault(json_t *faults, const char *format, const char *a, const char *b)
{
    char *text = xasprintf("%s%s%s", a, format, b);
    json_array_append_new(faults, json_string(text));
    free(text);
}

/* ---- what there may be: schema 1.5 ---- */

static const struct {
    const char *type;
    const char *needs; /* members, by commas; "a[" must be an array */
} known[] = {
    {"TextBlock", "text"},
    {"RichTextBlock", "inlines["},
    {"Image", "url"},
    {"ImageSet", "images["},
    {"Container", "items["},
    {"ColumnSet", "columns["},
    {"Column", ""},
    {"FactSet", "facts["},
    {"ActionSet", "actions["},
    {"Table", ""},
    {"TableRow", ""},
    {"TableCell", "items["},
    {"Input.Text", "id"},
    {"Input.Number", "id"},
    {"Input.Date", "id"},
    {"Input.Time", "id"},
    {"Input.Toggle", "id,title"},
    {"Input.ChoiceSet", "id,choices["},
    {"Action.OpenUrl", "url"},
    {"Action.Submit", ""},
    /* the schema says optional; Teams does not route a click without it */
    {"Action.Execute", "verb"},
    {"Action.ShowCard", "card"},
    {"Action.ToggleVisibility", "targetElements["},
};

static const char *const children[] = {"body", "items", "columns", "actions",
                                       "rows", "cells", "images",  NULL};
static const char *const single[] = {"selectAction", "inlineAction", "card", NULL};

static void check_members(const json_t *node, const char *type, const char *needs, json_t *faults)
{
    while (*needs != '\0') {
        size_t len = strcspn(needs, ",");
        bool array = needs[len - 1] == '[';
        char *name = xstrndup(needs, len - array);
        const json_t *value = json_object_get(node, name);
        bool good = array ? json_is_array(value) : value != NULL && !json_is_null(value);
        good = good && (!json_is_string(value) || json_string_length(value) > 0 ||
                        strcmp(type, "TextBlock") == 0);
        if (!good) {
            fault(faults, " needs ", type, name);
        }
        free(name);
        needs += len + (needs[len] == ',');
    }
}

static bool is_input(const char *type)
{
    return strncmp(type, "Input.", 6) == 0;
}

static void check_text(const json_t *node, const char *type, json_t *faults)
{
    static const char *const texts[] = {"text", "title", "url", "verb", "id", "label"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const json_t *value = json_object_get(node, texts[i]);
        if (value != NULL && !json_is_string(value)) {
            fault(faults, ": must be text: ", type, texts[i]);
        }
    }
    const char *url = json_str(node, "url");
    if (url != NULL && strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) {
        fault(faults, ": not an address: ", type, url);
    }
    size_t i = 0;
    json_t *fact = NULL;
    json_array_foreach(json_object_get(node, "facts"), i, fact)
    {
        if (json_str(fact, "title") == NULL || json_str(fact, "value") == NULL) {
            fault(faults, " needs title and value", "a fact", "");
        }
    }
    json_array_foreach(json_object_get(node, "choices"), i, fact)
    {
        if (json_str(fact, "title") == NULL || json_str(fact, "value") == NULL) {
            fault(faults, " needs title and value", "a choice", "");
        }
    }
}

static void check_node(const json_t *node, json_t *ids, int depth, json_t *faults)
{
    const char *type = json_str_or(node, "type", "");
    size_t at = 0;
    while (at < sizeof known / sizeof known[0] && strcmp(known[at].type, type) != 0) {
        at++;
    }
    if (strcmp(type, "AdaptiveCard") != 0) {
        if (at == sizeof known / sizeof known[0]) {
            fault(faults, "unknown type ", "", type);
            return;
        }
        check_members(node, type, known[at].needs, faults);
        check_text(node, type, faults);
    }
    const char *id = json_str(node, "id");
    if (id != NULL && is_input(type) && json_object_get(ids, id) != NULL) {
        fault(faults, " is given twice", "id ", id);
    } else if (id != NULL && is_input(type)) {
        json_object_set_new(ids, id, json_true());
    }
    if (depth >= DEPTH_MAX) {
        fault(faults, "nested too deep", "", "");
        return;
    }
    for (size_t i = 0; children[i] != NULL; i++) {
        size_t n = 0;
        json_t *child = NULL;
        json_array_foreach(json_object_get(node, children[i]), n, child)
        {
            check_node(child, ids, depth + 1, faults);
        }
    }
    for (size_t i = 0; single[i] != NULL; i++) {
        const json_t *child = json_object_get(node, single[i]);
        if (json_is_object(child)) {
            check_node(child, ids, depth + 1, faults);
        }
    }
    if (json_is_object(json_object_get(node, "fallback"))) {
        check_node(json_object_get(node, "fallback"), ids, depth + 1, faults);
    }
}

void teams_card_check(const json_t *card, json_t *ret_faults)
{
    const char *version = json_str_or(card, "version", "");
    if (strcmp(json_str_or(card, "type", ""), "AdaptiveCard") != 0) {
        fault(ret_faults, "the card's type is not AdaptiveCard", "", "");
        return;
    }
    if (strlen(version) != 3 || strncmp(version, "1.", 2) != 0 || version[2] < '0' ||
        version[2] > '5') {
        fault(ret_faults, "version is not 1.0 to 1.5: ", "", version);
    }
    const json_t *refresh = json_object_get(card, "refresh");
    if (refresh != NULL) {
        const json_t *action = json_object_get(refresh, "action");
        bool good = strcmp(json_str_or(action, "type", ""), "Action.Execute") == 0 &&
                    json_str(action, "verb") != NULL &&
                    json_array_size(json_object_get(refresh, "userIds")) <= REFRESH_USERS_MAX;
        if (!good) {
            fault(ret_faults, "refresh needs an Action.Execute with a verb, and at most 60 users",
                  "", "");
        }
    }
    json_t *ids = json_object();
    check_node(card, ids, 0, ret_faults);
    json_decref(ids);
}

/* ---- whole messages ---- */

static void check_mentions(const json_t *activity, json_t *faults)
{
    const char *text = json_str_or(activity, "text", "");
    size_t i = 0;
    json_t *entity = NULL;
    json_array_foreach(json_object_get(activity, "entities"), i, entity)
    {
        const char *mark = json_str_or(entity, "text", "");
        bool mention = strcmp(json_str_or(entity, "type", ""), "mention") == 0;
        if (mention && (mark[0] == '\0' || strstr(text, mark) == NULL ||
                        json_str(json_object_get(entity, "mentioned"), "id") == NULL)) {
            fault(faults, "a mention needs its id, and its text in the message's", "", "");
        }
    }
}

static void check_attachment(const json_t *attachment, json_t *faults)
{
    const char *type = json_str_or(attachment, "contentType", "");
    const json_t *content = json_object_get(attachment, "content");
    static const char *const others[] = {"application/vnd.microsoft.card.hero",
                                         "application/vnd.microsoft.card.thumbnail",
                                         "application/vnd.microsoft.card.signin"};
    if (strcmp(type, card_type) == 0) {
        teams_card_check(content, faults);
        return;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(type, others[i]) == 0 && json_is_object(content)) {
            return;
        }
    }
    fault(faults, "unknown attachment ", "", type);
}

void teams_message_check(const json_t *activity, json_t *ret_faults)
{
    const json_t *attachments = json_object_get(activity, "attachments");
    const char *format = json_str_or(activity, "textFormat", "markdown");
    const char *from = json_str(json_object_get(activity, "from"), "id");
    char *bot = teams_bot();
    if (from != NULL && strcmp(from, bot) != 0) {
        fault(ret_faults, "from.id is not the bot's", "", "");
    }
    free(bot);
    if (json_str_or(activity, "text", "")[0] == '\0' && json_array_size(attachments) == 0) {
        fault(ret_faults, "Activity must include non empty 'text' field or at least 1 attachment",
              "", "");
    }
    if (strcmp(format, "plain") != 0 && strcmp(format, "markdown") != 0 &&
        strcmp(format, "xml") != 0) {
        fault(ret_faults, "textFormat is unknown: ", "", format);
    }
    check_mentions(activity, ret_faults);
    size_t i = 0;
    json_t *attachment = NULL;
    json_array_foreach(attachments, i, attachment)
    {
        check_attachment(attachment, ret_faults);
    }
}

json_t *teams_card_of(const json_t *message, const char *user)
{
    json_t *own = json_object_get(json_object_get(message, "_views"), user);
    const json_t *first = json_array_get(json_object_get(message, "attachments"), 0);
    return own != NULL ? own : json_object_get(first, "content");
}

/* ---- actions ---- */

static void collect(json_t *node, const char *prefix, json_t *list)
{
    if (!json_is_object(node)) {
        return;
    }
    if (strncmp(json_str_or(node, "type", ""), prefix, strlen(prefix)) == 0) {
        json_array_append(list, node);
    }
    for (size_t i = 0; children[i] != NULL; i++) {
        size_t n = 0;
        json_t *child = NULL;
        json_array_foreach(json_object_get(node, children[i]), n, child)
        {
            collect(child, prefix, list);
        }
    }
    for (size_t i = 0; single[i] != NULL; i++) {
        collect(json_object_get(node, single[i]), prefix, list);
    }
}

/* Buttons of hero and sign-in cards look like actions with these types. */
static void collect_buttons(const json_t *content, json_t *list)
{
    size_t i = 0;
    json_t *button = NULL;
    json_array_foreach(json_object_get(content, "buttons"), i, button)
    {
        json_array_append(list, button);
    }
}

static bool action_fits(const json_t *action, size_t at, const char *wanted)
{
    static const char *const names[] = {"title", "verb", "id"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(json_str_or(action, names[i], ""), wanted) == 0) {
            return true;
        }
    }
    return wanted[0] == '#' && strtoull(wanted + 1, NULL, 10) == at + 1;
}

/* Nothing is sent: the client shows or hides something. What is asked for is rather the button of
 * the same name that it shows. */
static bool shows_only(const json_t *action)
{
    const char *type = json_str_or(action, "type", "");
    return strcmp(type, "Action.ShowCard") == 0 || strcmp(type, "Action.ToggleVisibility") == 0;
}

json_t *teams_action(const json_t *card, const char *wanted, bool fallback)
{
    json_t *list = json_array();
    json_t *found = NULL;
    collect((json_t *)(uintptr_t)card, "Action.", list);
    collect_buttons(card, list);
    size_t i = 0;
    json_t *action = NULL;
    json_array_foreach(list, i, action)
    {
        if (action_fits(action, i, wanted) && (found == NULL || shows_only(found))) {
            json_t *old = json_object_get(action, "fallback");
            found = fallback && json_is_object(old) ? old : action;
        }
    }
    json_decref(list);
    return found;
}

/* ---- inputs ---- */

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static char *choice_of(const json_t *input, const char *typed)
{
    size_t i = 0;
    json_t *choice = NULL;
    json_array_foreach(json_object_get(input, "choices"), i, choice)
    {
        if (same(json_str(choice, "value"), typed) || same(json_str(choice, "title"), typed)) {
            return xstrdup(json_str_or(choice, "value", ""));
        }
    }
    return NULL;
}

/* The value of an input as text; NULL: it cannot be entered there. The caller frees. */
static char *entered(const json_t *input, const json_t *typed)
{
    const char *type = json_str_or(input, "type", "");
    if (strcmp(type, "Input.Toggle") == 0 && json_is_boolean(typed)) {
        return xstrdup(json_is_true(typed) ? json_str_or(input, "valueOn", "true")
                                           : json_str_or(input, "valueOff", "false"));
    }
    if (json_is_array(typed)) {
        struct buf joined = {0};
        for (size_t i = 0; i < json_array_size(typed); i++) {
            char *one = choice_of(input, json_string_value(json_array_get(typed, i)));
            buf_addf(&joined, "%s%s", i == 0 ? "" : ",", one == NULL ? "" : one);
            free(one);
        }
        return joined.data == NULL ? xstrdup("") : joined.data;
    }
    if (json_is_number(typed)) {
        return json_dumps(typed, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    }
    const char *text = json_is_string(typed) ? json_string_value(typed) : "";
    bool choice = strcmp(type, "Input.ChoiceSet") == 0 && text[0] != '\0' &&
                  strcmp(json_str_or(input, "style", ""), "filtered") != 0;
    if (strcmp(type, "Input.ChoiceSet") == 0 && text[0] != '\0') {
        char *found = choice_of(input, text);
        return found != NULL || choice ? found : xstrdup(text);
    }
    return xstrdup(text);
}

static bool is_number(const char *text)
{
    char *end = NULL;
    strtod(text, &end);
    return end != text && *end == '\0';
}

/* What Teams' client says before it sends anything; NULL: nothing. */
static const char *wrong(const json_t *input, const char *value)
{
    const char *type = json_str_or(input, "type", "");
    const char *words = json_str_or(input, "errorMessage", "This is not right");
    if (value[0] == '\0') {
        return json_flag(input, "isRequired", false) ? words : NULL;
    }
    if (strcmp(type, "Input.Number") == 0) {
        const json_t *min = json_object_get(input, "min"), *max = json_object_get(input, "max");
        double number = strtod(value, NULL);
        bool good = is_number(value) && (min == NULL || number >= json_number_value(min)) &&
                    (max == NULL || number <= json_number_value(max));
        return good ? NULL : words;
    }
    if (strcmp(type, "Input.Date") == 0) {
        bool good = strlen(value) == 10 && value[4] == '-' && value[7] == '-';
        return good ? NULL : words;
    }
    int64_t max = json_int_or(input, "maxLength", 0);
    return max > 0 && (int64_t)utf8_length(value) > max ? words : NULL;
}

static const json_t *typed_for(const json_t *input, const json_t *typed)
{
    const json_t *value = json_object_get(typed, json_str_or(input, "id", ""));
    const char *label = json_str_or(input, "label", json_str(input, "title"));
    return value != NULL || label == NULL ? value : json_object_get(typed, label);
}

/* A key that names no input is a mistake of the test. */
static void check_names(const json_t *list, const json_t *typed, json_t *errors)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)typed, key, value)
    {
        bool found = false;
        size_t i = 0;
        json_t *input = NULL;
        json_array_foreach(list, i, input)
        {
            found = found || same(json_str(input, "id"), key) ||
                    same(json_str(input, "label"), key) || same(json_str(input, "title"), key);
        }
        if (!found) {
            json_object_set_new(errors, key, json_string("there is no such input"));
        }
    }
}

json_t *teams_inputs(const json_t *card, const json_t *typed, json_t *ret_errors)
{
    json_t *list = json_array();
    json_t *out = json_object();
    collect((json_t *)(uintptr_t)card, "Input.", list);
    check_names(list, typed, ret_errors);
    size_t i = 0;
    json_t *input = NULL;
    json_array_foreach(list, i, input)
    {
        const char *id = json_str_or(input, "id", "");
        const json_t *given = typed_for(input, typed);
        bool toggle = strcmp(json_str_or(input, "type", ""), "Input.Toggle") == 0;
        const json_t *start = json_object_get(input, "value");
        char *value = given != NULL ? entered(input, given) : entered(input, start);
        if (given == NULL && toggle && start == NULL) {
            free(value);
            value = xstrdup(json_str_or(input, "valueOff", "false"));
        }
        const char *error = value == NULL ? "there is no such choice" : wrong(input, value);
        if (error != NULL) {
            json_object_set_new(ret_errors, id, json_string(error));
        } else if (value[0] != '\0') {
            json_object_set_new(out, id, json_string(value));
        }
        free(value);
    }
    json_decref(list);
    return out;
}

json_t *teams_actions(const json_t *card)
{
    json_t *list = json_array();
    collect((json_t *)(uintptr_t)card, "Action.", list);
    collect_buttons(card, list);
    return list;
}
