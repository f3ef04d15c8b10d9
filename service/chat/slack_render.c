/* View to Block Kit within every limit of docs.slack.dev/reference/block-kit: one block too long
 * would make Slack refuse the whole message. */
#include "chat_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

enum {
    MESSAGE_BLOCKS_MAX = 50,
    HOME_BLOCKS_MAX = 100,
    HOME_BYTES_MAX = 240 * 1024, /* below Slack's 250 kB of a whole view */
    HOME_MORE_BYTES = 1024,
    FIELDS_MAX = 10,
    BUTTONS_MAX = 25,
    HEADER_UNITS = 150,
    BUTTON_UNITS = 75,
    VALUE_UNITS = 2000,
    URL_UNITS = 3000,
    ACTION_UNITS = 255,
    CONFIRM_UNITS = 300,
    CONFIRM_TITLE_UNITS = 100,
    ANSWER_UNITS = 30,
    STAMP_UNITS = 100,
    OPTION_UNITS = 75
};

static const char HOME_MORE[] = "There is more than fits on this page.";

struct render {
    arena *mem;
    json_t *blocks;
    size_t buttons; /* so far in this message: makes their ids unique */
};

/* verbatim: Slack makes no links of its own */
static json_t *mrkdwn_object(const json_t *text)
{
    return json_pack("{s:s, s:O, s:b}", "type", "mrkdwn", "text", text, "verbatim", 1);
}

static void render_title(struct render *r, const json_t *block)
{
    json_t *text = slack_plain(r->mem, json_text(block, "text"), HEADER_UNITS);
    if (text != NULL) {
        json_push(r->blocks, json_pack("{s:s, s:o}", "type", "header", "text", text));
    }
}

static const json_t *pieces_of(struct render *r, const json_t *block)
{
    return slack_mrkdwn(r->mem, json_member(block, "spans"), SLACK_SECTION_UNITS);
}

static void render_text(struct render *r, const json_t *block)
{
    const json_t *pieces = pieces_of(r, block);
    size_t i = 0;
    const json_t *piece = NULL;
    json_array_foreach(pieces, i, piece)
    {
        json_push(r->blocks,
                  json_pack("{s:s, s:o}", "type", "section", "text", mrkdwn_object(piece)));
    }
}

static void render_note(struct render *r, const json_t *block)
{
    const json_t *pieces = pieces_of(r, block);
    size_t i = 0;
    const json_t *piece = NULL;
    json_array_foreach(pieces, i, piece)
    {
        json_push(r->blocks,
                  json_pack("{s:s, s:[o]}", "type", "context", "elements", mrkdwn_object(piece)));
    }
}

/* Each reader sees it in their own time zone. docs.slack.dev/messaging/formatting-message-text */
static char *slack_date(arena *mem, int64_t at, const char *form)
{
    return arena_printf(mem, "<!date^%lld^%s|%s>", (long long)at, form, clock_rfc3339(mem, at));
}

static void render_stamp(struct render *r, const json_t *block)
{
    int64_t at = json_integer_value(json_member(block, "at"));
    bool row = str_equal(json_text(block, "kind"), "row");
    const json_t *pieces =
        slack_mrkdwn(r->mem, json_member(block, "spans"), SLACK_SECTION_UNITS - STAMP_UNITS);
    const char *text = json_string_value(json_array_get(pieces, 0));
    json_t *piece = json_string(arena_printf(
        r->mem, "%s%s%s", text == NULL ? "" : text, row ? "\n" : ", ",
        slack_date(r->mem, at,
                   row ? "{date_short_pretty}, {time}" : "{time}, {date_short_pretty}")));
    json_push(r->blocks, json_pack("{s:s, s:o}", "type", "section", "text", mrkdwn_object(piece)));
    json_decref(piece);
}

/* "*Label*\nvalue"; what is too long ends with an ellipsis. */
static json_t *field_object(arena *mem, const json_t *field)
{
    const char *label = str_trim(mem, json_text(field, "label"));
    const char *value = str_trim(mem, json_text(field, "value"));
    json_t *spans = json_pack("[{s:s}, s, s]", "bold", str_empty(label) ? "-" : label, "\n",
                              str_empty(value) ? "-" : value);
    const json_t *pieces = slack_mrkdwn(mem, arena_json(mem, spans), SLACK_FIELD_UNITS);
    const char *text = json_string_value(json_array_get(pieces, 0));
    const char *more = json_array_size(pieces) > 1 ? "\xE2\x80\xA6 (cut)" : "";
    const json_t *at = json_member(field, "at");
    if (at != NULL) {
        text = arena_strndup(mem, text, strlen(text) - 1); /* the dash of no value */
        more = slack_date(mem, json_integer_value(at), "{date_short_pretty}, {time}");
    }
    return json_pack("{s:s, s:o, s:b}", "type", "mrkdwn", "text",
                     json_string(arena_printf(mem, "%s%s", text, more)), "verbatim", 1);
}

static void render_fields(struct render *r, const json_t *block)
{
    json_t *row = NULL;
    size_t i = 0;
    const json_t *field = NULL;
    json_array_foreach(json_member(block, "fields"), i, field)
    {
        if (i % FIELDS_MAX == 0) {
            row = json_array();
            json_push(r->blocks, json_pack("{s:s, s:o}", "type", "section", "fields", row));
        }
        json_push(row, field_object(r->mem, field));
    }
}

static void render_divider(struct render *r, const json_t *block)
{
    (void)block;
    json_push(r->blocks, json_pack("{s:s}", "type", "divider"));
}

static bool fits(const char *text, size_t max_units)
{
    return text == NULL || slack_units(text) <= max_units;
}

static void put_text(json_t *object, const char *key, const char *text)
{
    if (!str_empty(text)) {
        json_put(object, key, json_string(text));
    }
}

static json_t *confirm_object(arena *mem, const json_t *button)
{
    json_t *text = slack_plain(mem, json_text(button, "confirm"), CONFIRM_UNITS);
    if (text == NULL) {
        return NULL;
    }
    const char *title = json_text(button, "confirm_title"), *yes = json_text(button, "title");
    bool named = str_visible(title) && fits(title, CONFIRM_TITLE_UNITS) && str_visible(yes) &&
                 fits(yes, ANSWER_UNITS);
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:o}", "title",
                  slack_plain(mem, named ? title : "Are you sure?", CONFIRM_TITLE_UNITS), "text",
                  text, "confirm", slack_plain(mem, named ? yes : "Yes", ANSWER_UNITS), "deny",
                  slack_plain(mem, named ? "Keep it" : "No", ANSWER_UNITS));
    if (str_equal(json_text(button, "style"), "danger")) {
        put_text(object, "style", "danger");
    }
    return object;
}

/* NULL when it cannot be sent whole: a value or address that was cut would be another one. */
static json_t *button_object(struct render *r, const json_t *button)
{
    const char *url = json_text(button, "url");
    const char *value = json_text(button, "value");
    const char *id = arena_printf(
        r->mem, SLACK_ACTION_PREFIX "%s:%zu",
        json_text(button, "action") == NULL ? "" : json_text(button, "action"), ++r->buttons);
    if (!fits(url, URL_UNITS) || !fits(value, VALUE_UNITS) || !fits(id, ACTION_UNITS)) {
        return NULL;
    }
    json_t *title = slack_plain(r->mem, json_text(button, "title"), BUTTON_UNITS);
    if (title == NULL) {
        return NULL;
    }
    json_t *object = json_pack("{s:s, s:s, s:o}", "type", "button", "action_id", id, "text", title);
    put_text(object, "value", value);
    put_text(object, "url", url);
    const char *style = json_text(button, "style");
    if (str_equal(style, "primary") || str_equal(style, "danger")) {
        put_text(object, "style", style);
    }
    json_t *confirm = confirm_object(r->mem, button);
    if (confirm != NULL) {
        json_put(object, "confirm", confirm);
    }
    return object;
}

static void render_row(struct render *r, const json_t *block)
{
    const json_t *button = json_member(block, "button");
    json_t *object = button == NULL ? NULL : button_object(r, button);
    size_t before = json_array_size(r->blocks);
    void (*draw)(struct render *, const json_t *) =
        json_member(block, "at") == NULL ? render_text : render_stamp;
    draw(r, block);
    if (object == NULL) {
        return;
    }
    json_t *section = json_array_get(r->blocks, before);
    if (section != NULL) {
        json_put(section, "accessory", object);
    } else {
        json_push(r->blocks, json_pack("{s:s, s:[o]}", "type", "actions", "elements", object));
    }
}

static void render_buttons(struct render *r, const json_t *block)
{
    json_t *row = NULL;
    size_t i = 0;
    const json_t *button = NULL;
    json_array_foreach(json_member(block, "buttons"), i, button)
    {
        json_t *object = button_object(r, button);
        if (object == NULL) {
            continue;
        }
        if (row == NULL || json_array_size(row) == BUTTONS_MAX) {
            row = json_array();
            json_push(r->blocks, json_pack("{s:s, s:o}", "type", "actions", "elements", row));
        }
        json_push(row, object);
    }
}

/* One of them is chosen: its value comes back as a button's would. */
static void render_menu(struct render *r, const json_t *block)
{
    json_t *options = json_must(json_array());
    const char *action = NULL;
    size_t i = 0;
    const json_t *button = NULL;
    json_array_foreach(json_member(block, "buttons"), i, button)
    {
        const char *value = json_text(button, "value");
        json_t *title = slack_plain(r->mem, json_text(button, "title"), OPTION_UNITS);
        if (title == NULL || value == NULL || !fits(value, OPTION_UNITS)) {
            json_decref(title);
            continue;
        }
        action = json_text(button, "action");
        json_push(options, json_pack("{s:o, s:s}", "text", title, "value", value));
    }
    json_t *title = slack_plain(r->mem, json_text(block, "title"), OPTION_UNITS);
    if (json_array_size(options) == 0 || title == NULL) {
        json_decref(options);
        json_decref(title);
        return;
    }
    const char *id = arena_printf(r->mem, SLACK_ACTION_PREFIX "%s:%zu", action, ++r->buttons);
    json_push(r->blocks, json_pack("{s:s, s:[{s:s, s:s, s:o, s:o}]}", "type", "actions", "elements",
                                   "type", "static_select", "action_id", id, "placeholder", title,
                                   "options", options));
}

static void render_block(struct render *r, const json_t *block)
{
    static const struct {
        const char *kind;
        void (*draw)(struct render *r, const json_t *block);
    } rows[] = {
        {"title", render_title},   {"text", render_text},       {"note", render_note},
        {"fields", render_fields}, {"divider", render_divider}, {"buttons", render_buttons},
        {"row", render_row},       {"stamp", render_stamp},     {"menu", render_menu},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (str_equal(rows[i].kind, json_text(block, "kind"))) {
            rows[i].draw(r, block);
        }
    }
}

static void add_more(json_t *blocks, const char *more)
{
    json_t *words = json_string(more);
    json_push(blocks,
              json_pack("{s:s, s:[o]}", "type", "context", "elements", mrkdwn_object(words)));
    json_decref(words);
}

/* Lines between things go first; then the end, and a note says so. */
static void limit_blocks(json_t *blocks, size_t max, const char *more)
{
    if (json_array_size(blocks) <= max) {
        return;
    }
    for (size_t i = json_array_size(blocks); i > 0; i--) {
        if (str_equal(json_text(json_array_get(blocks, i - 1), "type"), "divider")) {
            json_array_remove(blocks, i - 1);
        }
    }
    if (json_array_size(blocks) <= max) {
        return;
    }
    while (json_array_size(blocks) >= max) {
        json_array_remove(blocks, json_array_size(blocks) - 1);
    }
    add_more(blocks, more);
}

/* A view may have so many blocks of so much text, but not both. */
static void limit_bytes(arena *mem, json_t *blocks, size_t max)
{
    size_t bytes = strlen(json_write(mem, blocks));
    if (bytes <= max) {
        return;
    }
    while (bytes > max - HOME_MORE_BYTES) {
        size_t last = json_array_size(blocks) - 1;
        bytes -= strlen(json_write(mem, json_array_get(blocks, last))) + 1;
        json_array_remove(blocks, last);
    }
    add_more(blocks, HOME_MORE);
}

/* New reference. */
static json_t *render_blocks(arena *mem, const json_t *view)
{
    struct render r = {.mem = mem, .blocks = json_array()};
    size_t i = 0;
    const json_t *block = NULL;
    json_array_foreach(json_member(view, "blocks"), i, block)
    {
        render_block(&r, block);
    }
    return r.blocks;
}

json_t *chat_slack_render(arena *mem, const json_t *view)
{
    json_t *blocks = render_blocks(mem, view);
    limit_blocks(blocks, MESSAGE_BLOCKS_MAX, "There is more than fits in one message.");
    return arena_json(
        mem, json_must(json_pack("{s:s, s:o}", "text", slack_escape(mem, view_summary(mem, view)),
                                 "blocks", blocks)));
}

json_t *slack_page_blocks(arena *mem, const json_t *view, size_t blocks_max, size_t bytes_max)
{
    json_t *blocks = render_blocks(mem, view);
    limit_blocks(blocks, blocks_max, HOME_MORE);
    limit_bytes(mem, blocks, bytes_max);
    return blocks;
}

json_t *chat_slack_render_home(arena *mem, const json_t *view)
{
    return arena_json(
        mem, json_must(json_pack("{s:s, s:o}", "type", "home", "blocks",
                                 slack_page_blocks(mem, view, HOME_BLOCKS_MAX, HOME_BYTES_MAX))));
}
