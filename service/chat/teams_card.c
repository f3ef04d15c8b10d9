/* View to Adaptive Card 1.5, within the size that Teams takes
 * (learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference). */
#include "teams_draw.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

enum {
    CARD_BYTES_MAX = 24 * 1024, /* leaves 4 of the 28 KB of an activity to what stands around it */
    FACTS_MAX = 40,
    FACT_BYTES_MAX = 300,
    ROW_BUTTONS_MAX = 5,
    LEAD_ITEMS_MAX = 5, /* of the longest text that can stand first */
    MENU_CHARS = 75,
    BESIDE_CHARS_MAX = 12, /* a longer button leaves too little beside it on a phone */
    REFRESH_USERS_MAX = 60
};

struct drawing {
    struct teams_drawing *sending;
    arena *mem;
    json_t *items;
    struct teams_room room;
    bool separated; /* a line is due before what comes next */
};

static const struct teams_style as_usual = {.size = NULL};
static const struct teams_style as_note = {.subtle = true, .size = "Small"};
static const struct teams_style as_title = {.bold = true, .size = "Large"};

/* --- kinds of blocks --- */

static void draw_title(struct drawing *d, const json_t *block)
{
    enum { TITLE_CHARS = 150 };
    const char *title = teams_line(d->mem, json_text(block, "text"), TITLE_CHARS);
    if (title == NULL) {
        return;
    }
    if (!teams_is_plain(title)) {
        teams_rich_text(d->mem, d->items, title, &as_title);
        return;
    }
    json_push(d->items,
              json_pack("{s:s, s:s, s:b, s:s, s:s, s:s}", "type", "TextBlock", "text", title,
                        "wrap", 1, "weight", "Bolder", "size", "Large", "style", "heading"));
}

static void draw_text(struct drawing *d, const json_t *block)
{
    teams_rich(d->mem, d->items, json_member(block, "spans"), &as_usual);
}

static void draw_note(struct drawing *d, const json_t *block)
{
    teams_rich(d->mem, d->items, json_member(block, "spans"), &as_note);
}

/* Clients put their reader's time there; of the text nothing may be read so. */
static void add_time(struct drawing *d, const json_t *block, json_t *items)
{
    const char *day = clock_rfc3339(d->mem, json_integer_value(json_member(block, "at")));
    json_push(items, json_pack("{s:s, s:s, s:s, s:b, s:b, s:s}", "type", "TextBlock", "text",
                               arena_printf(d->mem, "{{TIME(%s)}}, {{DATE(%s, SHORT)}}", day, day),
                               "size", "Small", "isSubtle", 1, "wrap", 1, "spacing", "None"));
}

static void draw_stamp(struct drawing *d, const json_t *block)
{
    draw_text(d, block);
    add_time(d, block, d->items);
}

static void draw_divider(struct drawing *d, const json_t *block)
{
    (void)block;
    d->separated = true;
}

/* --- fields --- */

static const char *shown(arena *mem, const json_t *field, const char *key)
{
    const char *text = str_trim(mem, json_text(field, key) == NULL ? "" : json_text(field, key));
    return *text == '\0' ? "-" : text;
}

static bool are_plain(arena *mem, const json_t *fields)
{
    size_t i = 0;
    const json_t *field = NULL;
    json_array_foreach(fields, i, field)
    {
        const char *value = shown(mem, field, "value");
        bool nothing = str_equal(value, "-");
        if (json_member(field, "at") != NULL || !teams_is_plain(shown(mem, field, "label")) ||
            (!nothing && !teams_is_plain(value)) || strlen(value) > FACT_BYTES_MAX) {
            return false;
        }
    }
    return true;
}

static void draw_facts(struct drawing *d, const json_t *fields)
{
    json_t *facts = NULL;
    size_t i = 0;
    const json_t *field = NULL;
    json_array_foreach(fields, i, field)
    {
        if (i % FACTS_MAX == 0) {
            facts = json_must(json_array());
            json_push(d->items, json_pack("{s:s, s:o}", "type", "FactSet", "facts", facts));
        }
        const char *value = shown(d->mem, field, "value");
        /* a lone hyphen would begin a list */
        value = str_equal(value, "-") ? "\xE2\x80\x93" : value;
        json_push(facts,
                  json_pack("{s:s, s:s}", "title", shown(d->mem, field, "label"), "value", value));
    }
}

/* "Label: value"; the label is bold. */
static void draw_lines(struct drawing *d, const json_t *fields)
{
    size_t i = 0;
    const json_t *field = NULL;
    json_array_foreach(fields, i, field)
    {
        size_t before = json_array_size(d->items);
        bool at = json_member(field, "at") != NULL;
        json_t *spans =
            json_pack("[{s:o}, s]", "bold",
                      json_string(arena_printf(d->mem, "%s: ", shown(d->mem, field, "label"))),
                      at ? "" : shown(d->mem, field, "value"));
        teams_rich(d->mem, d->items, arena_json(d->mem, json_must(spans)), &as_usual);
        if (at) {
            add_time(d, field, d->items);
        }
        json_t *first = json_array_get(d->items, before);
        if (first != NULL && i > 0) {
            json_put_words(first, "spacing", "Small");
        }
    }
}

static void draw_fields(struct drawing *d, const json_t *block)
{
    const json_t *fields = json_member(block, "fields");
    if (are_plain(d->mem, fields)) {
        draw_facts(d, fields);
    } else {
        draw_lines(d, fields);
    }
}

/* --- buttons --- */

static void draw_buttons(struct drawing *d, const json_t *block)
{
    json_t *all = arena_json(d->mem, json_must(json_array())), *row = NULL, *action = NULL;
    size_t i = 0;
    const json_t *button = NULL;
    json_array_foreach(json_member(block, "buttons"), i, button)
    {
        teams_button(d->sending, button, all);
    }
    json_array_foreach(all, i, action)
    {
        if (row == NULL || json_array_size(row) == ROW_BUTTONS_MAX) {
            row = json_must(json_array());
            json_push(d->items, json_pack("{s:s, s:o}", "type", "ActionSet", "actions", row));
        }
        json_push(row, json_incref(action));
    }
}

/* Each of them may open a form in its answer, as no choice of a list can: they unfold. */
static void draw_menu(struct drawing *d, const json_t *block)
{
    struct drawing inside = *d;
    const char *title = teams_line(d->mem, json_text(block, "title"), MENU_CHARS);
    inside.items = json_must(json_array());
    draw_buttons(&inside, block);
    if (json_array_size(inside.items) == 0 || title == NULL) {
        json_decref(inside.items);
        return;
    }
    json_push(d->items, json_pack("{s:s, s:[{s:s, s:s, s:{s:s, s:o}}]}", "type", "ActionSet",
                                  "actions", "type", "Action.ShowCard", "title", title, "card",
                                  "type", "AdaptiveCard", "body", inside.items));
}

static json_t *column(const char *width, json_t *items)
{
    return json_must(
        json_pack("{s:s, s:s, s:o}", "type", "Column", "width", width, "items", items));
}

/* A short button stands beside its text, a long one under it. */
static json_t *row_of(json_t *text, json_t *set)
{
    const char *title = json_text(json_array_get(json_member(set, "actions"), 0), "title");
    if (title != NULL && str_characters(title) > BESIDE_CHARS_MAX) {
        json_put_words(set, "spacing", "Small");
        json_push(text, set);
        return json_must(json_pack("{s:s, s:o}", "type", "Container", "items", text));
    }
    return json_must(json_pack("{s:s, s:[o, o]}", "type", "ColumnSet", "columns",
                               column("stretch", text),
                               column("auto", json_must(json_pack("[o]", set)))));
}

static void draw_row(struct drawing *d, const json_t *block)
{
    const json_t *button = json_member(block, "button");
    json_t *actions = json_must(json_array());
    if (button != NULL) {
        teams_button(d->sending, button, actions);
    }
    if (json_array_size(actions) == 0) {
        json_decref(actions);
        draw_text(d, block);
        if (json_member(block, "at") != NULL) {
            add_time(d, block, d->items);
        }
        return;
    }
    json_t *set = json_must(json_pack("{s:s, s:o}", "type", "ActionSet", "actions", actions));
    json_t *text = json_must(json_array());
    teams_rich(d->mem, text, json_member(block, "spans"), &as_usual);
    if (json_array_size(text) == 0) {
        json_decref(text);
        json_push(d->items, set);
        return;
    }
    if (json_member(block, "at") != NULL) {
        add_time(d, block, text);
    }
    json_push(d->items, row_of(text, set));
}

/* What must stay when not all can, and what goes first. */
static void note_place(struct drawing *d, const char *kind, size_t before)
{
    size_t count = json_array_size(d->items), kept = before + 1;
    bool fields = str_equal(kind, "fields");
    bool titled =
        before == 1 && str_equal(json_text(json_array_get(d->items, 0), "style"), "heading");
    if (str_equal(kind, "text") && (before == 0 || titled)) {
        kept = before + LEAD_ITEMS_MAX;
        d->room.lead = kept < count ? kept : count;
    }
    for (size_t i = fields ? before : kept; i < count; i++) {
        json_push(fields ? d->room.fields : d->room.rest, json_incref(json_array_get(d->items, i)));
    }
}

static void draw_block(struct drawing *d, const json_t *block)
{
    static const struct {
        const char *kind;
        void (*draw)(struct drawing *d, const json_t *block);
    } rows[] = {
        {"title", draw_title},   {"text", draw_text},       {"note", draw_note},
        {"fields", draw_fields}, {"divider", draw_divider}, {"buttons", draw_buttons},
        {"row", draw_row},       {"stamp", draw_stamp},     {"menu", draw_menu},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!str_equal(rows[i].kind, json_text(block, "kind"))) {
            continue;
        }
        size_t before = json_array_size(d->items);
        bool due = d->separated && before > 0;
        rows[i].draw(d, block);
        note_place(d, rows[i].kind, before);
        json_t *first = json_array_get(d->items, before);
        if (due && first != NULL) {
            json_put(first, "separator", json_true());
            d->separated = false;
        }
    }
}

json_t *teams_body(struct teams_drawing *s, const json_t *view, size_t bytes_max)
{
    struct drawing d = {.sending = s,
                        .mem = s->mem,
                        .items = json_must(json_array()),
                        .room = {.bytes = bytes_max,
                                 .fields = arena_json(s->mem, json_must(json_array())),
                                 .rest = arena_json(s->mem, json_must(json_array()))}};
    size_t i = 0;
    const json_t *block = NULL;
    json_array_foreach(json_member(view, "blocks"), i, block)
    {
        draw_block(&d, block);
    }
    if (json_array_size(d.items) == 0) {
        teams_rich_text(s->mem, d.items, view_summary(s->mem, view), &as_usual);
    }
    teams_limit(s->mem, d.items, &d.room);
    return d.items;
}

/* --- the card --- */

json_t *teams_card_of(json_t *body)
{
    return json_must(json_pack("{s:s, s:s, s:s, s:o}", "type", "AdaptiveCard", "version", "1.5",
                               "$schema", "http://adaptivecards.io/schemas/adaptive-card.json",
                               "body", body));
}

json_t *teams_card(arena *mem, const json_t *view, const char *our_id, const char *token)
{
    struct teams_drawing s = {.mem = mem, .our_id = our_id, .token = token};
    json_t *card = teams_card_of(teams_body(&s, view, CARD_BYTES_MAX));
    /* is read as markdown: nothing of anybody's may stand in it */
    json_put_words(card, "fallbackText", "This message needs a newer version of Teams.");
    return arena_json(mem, card);
}

/* Nobody knows a place by its id. */
static void name_places(json_t *view)
{
    size_t i = 0, k = 0;
    json_t *block = NULL, *span = NULL;
    json_array_foreach(json_member(view, "blocks"), i, block)
    {
        json_t *spans = json_member(block, "spans");
        json_array_foreach(spans, k, span)
        {
            if (json_text(span, "channel") != NULL) {
                json_array_set_new(spans, k, json_must(json_string(TEAMS_SOME_PLACE)));
            }
        }
    }
}

char *teams_summary(arena *mem, const json_t *view)
{
    json_t *copy = arena_json(mem, json_must(json_deep_copy(view)));
    name_places(copy);
    return view_summary(mem, copy);
}

void teams_card_refresh(json_t *card, const char *our_id, const char *const *people, size_t count)
{
    json_t *ids = json_must(json_array());
    for (size_t i = 0; i < count && i < REFRESH_USERS_MAX; i++) {
        json_push(ids, json_string(people[i]));
    }
    json_t *action =
        json_must(json_pack("{s:s, s:s, s:s, s:{s:{s:s}}}", "type", "Action.Execute", "title",
                            "Refresh", "verb", TEAMS_REFRESH, "data", "wb", "a", TEAMS_REFRESH));
    json_put_words(json_member(json_member(action, "data"), "wb"), "m", our_id);
    json_put(card, "refresh", json_pack("{s:o, s:o}", "action", action, "userIds", ids));
}
