/* A neutral form as a task module of Teams (learn.microsoft.com/microsoftteams/platform/
 * task-modules-and-cards/task-modules/task-modules-bots). */
#include "teams_draw.h"

#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/str.h"

enum {
    FORM_BYTES_MAX = 24 * 1024,
    TASK_BYTES_MAX = 27 * 1024, /* of the 28 KB that Teams takes */
    BLOCKS_BYTES_MIN = 4 * 1024,
    CHOICES_BYTES_MAX = 10 * 1024, /* of all lists of a form: what is longer is searched by words */
    CHOICES_BYTES_MIN = 2 * 1024,  /* where there is little room */
    FILTERED_FROM = 10,            /* choices that one types in rather than scrolls through */
    TITLE_CHARS = 60,
    LABEL_CHARS = 200,
    HINT_CHARS = 1000,
    SAMPLE_CHARS = 150,
    CHOICE_CHARS = 75,
    ERROR_CHARS = 500,
    ERROR_CHARS_MIN = 150,
    TALL_FROM = 5 /* fields */
};

static const struct teams_style as_hint = {.subtle = true, .size = "Small"};
static const struct teams_style as_error = {.color = "Attention"};

static const char NOWHERE[] = "Nothing has this in its name. Please try other words.";
static const char TOO_MANY[] = "Too many have this in their name. Please type more of it.";

/* What a form goes without when it is too long, each with all before it. */
enum room {
    ROOM_FOR_ALL,
    ROOM_WITHOUT_SAMPLES,
    ROOM_WITHOUT_HINTS,
    ROOM_WITHOUT_LISTS,
    ROOM_COUNT
};

struct drawing {
    arena *mem;
    json_t *items;
    const json_t *errors; /* {field: text}; NULL: none */
    enum room room;
    size_t choices_left; /* bytes */
    const json_t *field;
    json_t *input;
    const char *found; /* what came of the words that a long list was searched for; NULL: nothing
                          is to be said */
};

/* Some clients do not take an empty one. */
static void put_text(json_t *object, const char *key, const char *text)
{
    if (!str_empty(text)) {
        json_put_words(object, key, text);
    }
}

static void put_line(const struct drawing *d, const char *key, const char *text, size_t max)
{
    put_text(d->input, key, teams_line(d->mem, text, max));
}

static void put_sample(const struct drawing *d)
{
    if (d->room < ROOM_WITHOUT_SAMPLES) {
        put_line(d, "placeholder", json_text(d->field, "sample"), SAMPLE_CHARS);
    }
}

/* --- one input of each kind --- */

static void draw_text(struct drawing *d)
{
    json_put(d->input, "maxLength", json_integer(FORM_TEXT_MAX));
    if (str_equal(json_text(d->field, "kind"), "lines")) {
        json_put(d->input, "isMultiline", json_true());
    }
    put_text(d->input, "value", json_text(d->field, "value"));
    put_sample(d);
}

/* Its value is a number, not a text. */
static void draw_number(struct drawing *d)
{
    const char *value = json_text(d->field, "value");
    json_t *number = NULL;
    if (value != NULL && json_read(d->mem, bytes_of(value), &number, NULL) == 0 &&
        json_is_number(number)) {
        json_put(d->input, "value", json_incref(number));
    }
    put_sample(d);
}

static void draw_date(struct drawing *d)
{
    put_text(d->input, "value", json_text(d->field, "value"));
}

/* What the user's clock shows, "2026-12-31T14:30"; as it was sent when it is shown again. */
static const char *local_of(const struct drawing *d)
{
    const char *local = json_text(d->field, "local");
    local = local != NULL ? local : json_text(d->field, "value");
    return local == NULL ? "" : local;
}

/* Teams asks for a day and a time apart: the day here, the time in draw_time. */
static void draw_date_time(struct drawing *d)
{
    const char *local = local_of(d);
    if (strchr(local, '-') == NULL) {
        return; /* a time alone was sent */
    }
    put_text(d->input, "value", arena_strndup(d->mem, local, strcspn(local, "T")));
}

static json_t *draw_time(const struct drawing *d)
{
    const char *name = json_text(d->field, "name"), *label = json_text(d->input, "label");
    const char *local = local_of(d), *mark = strchr(local, 'T');
    const char *time = mark != NULL ? mark + 1 : strchr(local, '-') == NULL ? local : "";
    json_t *input =
        json_must(json_pack("{s:s, s:s, s:s, s:s}", "type", "Input.Time", "id",
                            arena_printf(d->mem, TEAMS_INPUT "%s" TEAMS_INPUT_TIME, name), "label",
                            arena_printf(d->mem, "%s: time", label), "spacing", "Small"));
    put_text(input, "value", arena_strndup(d->mem, time, strnlen(time, 5)));
    if (json_flag(d->field, "required")) {
        json_put(input, "isRequired", json_true());
        put_text(input, "errorMessage", "Please fill this in.");
    }
    return input;
}

static void draw_flag(struct drawing *d)
{
    bool on = str_equal(json_text(d->field, "value"), "yes");
    put_text(d->input, "title", "Yes");
    put_text(d->input, "valueOn", "yes");
    put_text(d->input, "valueOff", "no");
    put_text(d->input, "value", on ? "yes" : "no");
}

/* --- choices --- */

static bool is_named(arena *mem, const json_t *choice, const char *typed)
{
    const char *label = json_text(choice, "label");
    return str_empty(typed) ||
           (label != NULL && strstr(str_lower(mem, label), str_lower(mem, typed)) != NULL);
}

/* Those with the words in their label, as many as fit. */
static json_t *choices_with(struct drawing *d, const char *typed)
{
    json_t *list = json_must(json_array());
    size_t i = 0;
    const json_t *choice = NULL;
    json_array_foreach(json_member(d->field, "choices"), i, choice)
    {
        const char *value = json_text(choice, "value");
        const char *label = teams_line(d->mem, json_text(choice, "label"), CHOICE_CHARS);
        if (value != NULL && is_named(d->mem, choice, typed) &&
            json_array_size(list) < FORM_CHOICES_SHOWN) {
            json_push(list, json_pack("{s:s, s:s}", "title", label == NULL ? value : label, "value",
                                      value));
        }
    }
    return list;
}

/* By its value, or, as it comes back where it was typed, by its label. */
static const json_t *choice_of(const json_t *list, const char *value)
{
    const json_t *named = NULL, *choice = NULL;
    size_t i = 0;
    json_array_foreach(list, i, choice)
    {
        const char *label = json_text(choice, "label");
        if (value != NULL && str_equal(json_text(choice, "value"), value)) {
            return choice;
        }
        if (value != NULL && label != NULL && str_equal_fold(label, value)) {
            named = choice;
        }
    }
    return named;
}

/* Its label says what is chosen, and is taken for it. */
static void draw_search(struct drawing *d, bool none)
{
    const char *value = json_text(d->field, "value");
    const json_t *chosen = choice_of(json_member(d->field, "choices"), value);
    const char *label = json_text(chosen, "label");
    put_text(d->input, "type", "Input.Text");
    put_line(d, "placeholder", "Type a part of its name", SAMPLE_CHARS);
    put_text(d->input, "value", label != NULL ? label : value);
    d->found = str_empty(value) || chosen != NULL ? NULL : none ? NOWHERE : TOO_MANY;
}

static void draw_list(struct drawing *d, const json_t *list)
{
    const json_t *choices = json_member(d->field, "choices");
    const json_t *chosen = choice_of(choices, json_text(d->field, "value"));
    bool many = json_array_size(list) >= FILTERED_FROM;
    put_text(d->input, "style", many ? "filtered" : "compact");
    put_line(d, "placeholder", "Choose one", SAMPLE_CHARS);
    put_text(d->input, "value", json_text(chosen, "value"));
    json_put(d->input, "choices", json_deep_copy(list));
}

/* Takes the room that it needs; false: there is too little. */
static bool has_room(struct drawing *d, const json_t *list)
{
    size_t bytes = strlen(json_write(d->mem, list));
    bool fits = bytes <= d->choices_left;
    d->choices_left -= fits ? bytes : 0;
    return fits;
}

/* A long list is asked for in words first: what was entered and is none of it is looked for in it,
 * and those that have it in their name are offered. */
static void draw_choice(struct drawing *d)
{
    const json_t *choices = json_member(d->field, "choices");
    const char *value = json_text(d->field, "value");
    json_t *all = arena_json(d->mem, choices_with(d, NULL));
    bool whole = json_array_size(all) > 0 && json_array_size(all) == json_array_size(choices);
    if (whole && has_room(d, all)) {
        draw_list(d, all);
        return;
    }
    bool looks = !str_empty(value) && choice_of(choices, value) == NULL;
    json_t *found = looks ? arena_json(d->mem, choices_with(d, value)) : NULL;
    if (json_array_size(found) > 0 && has_room(d, found)) {
        draw_list(d, found);
        return;
    }
    draw_search(d, json_array_size(found) == 0);
}

/* --- fields --- */

static const struct kind {
    const char *kind, *type;
    void (*draw)(struct drawing *d);
} kinds[] = {
    {"text", "Input.Text", draw_text},           {"lines", "Input.Text", draw_text},
    {"number", "Input.Number", draw_number},     {"date", "Input.Date", draw_date},
    {"choice", "Input.ChoiceSet", draw_choice},  {"flag", "Input.Toggle", draw_flag},
    {"date_time", "Input.Date", draw_date_time},
};

static const struct kind *kind_of(const json_t *field)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (str_equal(kinds[i].kind, json_text(field, "kind"))) {
            return &kinds[i];
        }
    }
    die("a form's field is of no kind");
}

static void draw_under(const struct drawing *d, const char *text, size_t max,
                       const struct teams_style *style)
{
    const char *line = teams_line(d->mem, text, max);
    size_t at = json_array_size(d->items);
    if (line != NULL) {
        teams_rich_text(d->mem, d->items, line, style);
        put_text(json_array_get(d->items, at), "spacing", "Small");
    }
}

static void draw_field(struct drawing *d, const json_t *field)
{
    const struct kind *k = kind_of(field);
    const char *name = json_text(field, "name");
    const char *label = teams_line(d->mem, json_text(field, "label"), LABEL_CHARS);
    d->field = field;
    d->input = json_must(json_pack("{s:s, s:s, s:s}", "type", k->type, "id",
                                   arena_printf(d->mem, TEAMS_INPUT "%s", name), "label",
                                   label == NULL ? name : label));
    d->found = NULL;
    k->draw(d);
    if (json_flag(field, "required") && !str_equal(k->kind, "flag")) {
        json_put(d->input, "isRequired", json_true());
        put_text(d->input, "errorMessage", "Please fill this in.");
    }
    json_push(d->items, d->input);
    if (k->draw == draw_date_time) {
        json_push(d->items, draw_time(d));
    }
    bool little = d->room >= ROOM_WITHOUT_HINTS;
    draw_under(d, d->found != NULL ? d->found : json_text(d->errors, name),
               little ? ERROR_CHARS_MIN : ERROR_CHARS, &as_error);
    draw_under(d, little ? NULL : json_text(field, "hint"), HINT_CHARS, &as_hint);
}

/* --- the module --- */

/* What comes back with the inputs: which form, our own text, and which fields there are, since one
 * that is empty is left out. */
static json_t *send_action(arena *mem, const json_t *form)
{
    json_t *names = json_must(json_array()), *flags = json_must(json_array());
    json_t *times = json_must(json_array());
    size_t i = 0;
    const json_t *field = NULL;
    json_array_foreach(json_member(form, "fields"), i, field)
    {
        const char *kind = json_text(field, "kind");
        json_t *list = str_equal(kind, "flag")        ? flags
                       : str_equal(kind, "date_time") ? times
                                                      : names;
        json_push(list, json_string(json_text(field, "name")));
    }
    const char *title = teams_line(mem, json_text(form, "submit"), TITLE_CHARS);
    json_t *ours = json_must(
        json_pack("{s:s, s:o, s:o}", "f", json_text(form, "form"), "l", names, "y", flags));
    if (json_array_size(times) > 0) {
        json_put(ours, "t", json_incref(times));
    }
    json_decref(times);
    put_text(ours, "p", json_text(form, "private"));
    return json_must(json_pack("{s:s, s:s, s:{s:o}}", "type", "Action.Submit", "title",
                               title == NULL ? "Send" : title, "data", "wb", ours));
}

static json_t *form_card(arena *mem, const json_t *form, const json_t *errors, enum room room)
{
    bool no_lists = room >= ROOM_WITHOUT_LISTS;
    struct drawing d = {.mem = mem,
                        .items = arena_json(mem, json_must(json_array())),
                        .errors = errors,
                        .room = room,
                        .choices_left = no_lists ? CHOICES_BYTES_MIN : CHOICES_BYTES_MAX};
    size_t i = 0;
    const json_t *field = NULL;
    json_array_foreach(json_member(form, "fields"), i, field)
    {
        draw_field(&d, field);
    }
    size_t used = strlen(json_write(mem, d.items));
    bool little = used + BLOCKS_BYTES_MIN > FORM_BYTES_MAX;
    struct teams_drawing s = {.mem = mem};
    bool bare = json_array_size(json_member(form, "blocks")) == 0 && json_array_size(d.items) > 0;
    json_t *body = bare ? json_must(json_array())
                        : teams_body(&s, form, little ? BLOCKS_BYTES_MIN : FORM_BYTES_MAX - used);
    if (json_array_extend(body, d.items) != 0) {
        die("out of memory for a form");
    }
    json_t *card = teams_card_of(body);
    if (json_text(form, "form") != NULL) {
        json_put(card, "actions", json_pack("[o]", send_action(mem, form)));
    }
    return card;
}

static json_t *task_of(arena *mem, const json_t *form, json_t *card)
{
    const char *title = teams_line(mem, json_text(form, "heading"), TITLE_CHARS);
    bool tall = json_array_size(json_member(form, "fields")) >= TALL_FROM;
    json_t *value = json_must(
        json_pack("{s:s, s:s, s:s, s:{s:s, s:o}}", "title", title == NULL ? "Workbot" : title,
                  "width", "medium", "height", tall ? "large" : "medium", "card", "contentType",
                  "application/vnd.microsoft.card.adaptive", "content", card));
    return arena_json(mem, json_must(json_pack("{s:s, s:o}", "type", "continue", "value", value)));
}

bool teams_task_too_long(arena *mem, const json_t *task)
{
    return strlen(json_write(mem, task)) > TASK_BYTES_MAX;
}

json_t *teams_task(arena *mem, const json_t *form, const json_t *errors)
{
    json_t *task = task_of(mem, form, form_card(mem, form, errors, ROOM_FOR_ALL));
    for (int room = ROOM_FOR_ALL + 1; room < ROOM_COUNT && teams_task_too_long(mem, task); room++) {
        task = task_of(mem, form, form_card(mem, form, errors, (enum room)room));
    }
    return task;
}
