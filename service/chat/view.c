/* The neutral card: built by the words of the bot, drawn by each platform. */
#include "chat.h"

#include <stdarg.h>
#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/str.h"

/* What is named by its id, so that the platform shows its name and leads there. */
static const struct {
    const char *format, *keys[2];
} named[] = {{"<#%s>", {"channel", NULL}}, {"<@%s|%s>", {"person", "name"}}};

enum { TEXT_MAX = 64 * 1024, SUMMARY_MAX = 300, BUTTONS_A_ROW = 5 };

static json_t *blocks_of(json_t *view)
{
    return json_object_get(view, "blocks");
}

static json_t *block_add(json_t *view, const char *kind)
{
    json_t *block = json_must(json_object());
    json_put(block, "kind", json_string(kind));
    json_push(blocks_of(view), block);
    return block;
}

/* The list `key` of the last block if that is of this kind and has room, else of a new one. */
static json_t *list_at_end(json_t *view, const char *kind, size_t max)
{
    json_t *blocks = blocks_of(view);
    json_t *last = json_array_get(blocks, json_array_size(blocks) - 1);
    if (str_equal(json_text(last, "kind"), kind)) {
        json_t *list = json_object_get(last, kind);
        if (json_array_size(list) < max) {
            return list;
        }
    }
    json_t *list = json_must(json_array());
    json_put(block_add(view, kind), kind, list);
    return list;
}

/* --- the mini format --- */

struct spans {
    json_t *list;
    struct str run; /* text of the span being read */
    bool bold;
    bool code;
};

static void end_span(struct spans *s)
{
    if (s->run.len == 0) {
        return;
    }
    json_t *text = json_shown(s->run.text);
    if (s->bold || s->code) {
        json_t *span = json_must(json_object());
        json_put(span, s->code ? "code" : "bold", text);
        text = span;
    }
    json_push(s->list, text);
    s->run = str_new(s->run.mem, TEXT_MAX);
}

/* 0: nothing of that kind begins here. */
static size_t read_named(struct spans *s, const char *format, va_list *args)
{
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (str_starts(format, named[i].format)) {
            end_span(s);
            json_t *span = json_must(json_object());
            for (size_t k = 0; k < 2 && named[i].keys[k] != NULL; k++) {
                json_put(span, named[i].keys[k], json_shown(va_arg(*args, const char *)));
            }
            json_push(s->list, span);
            return strlen(named[i].format);
        }
    }
    return 0;
}

/* Reads one element of the format and returns its length. */
static size_t read_element(struct spans *s, const char *format, va_list *args)
{
    if (str_starts(format, "**")) {
        end_span(s);
        s->bold = !s->bold;
        return 2;
    }
    if (*format == '`') {
        end_span(s);
        s->code = !s->code;
        return 1;
    }
    size_t id = read_named(s, format, args);
    if (id > 0) {
        return id;
    }
    if (str_starts(format, "%s")) {
        str_add(&s->run, va_arg(*args, const char *));
        return 2;
    }
    if (str_starts(format, "%lld")) {
        str_printf(&s->run, "%lld", va_arg(*args, long long));
        return 4;
    }
    if (str_starts(format, "%%")) {
        str_add_char(&s->run, '%');
        return 2;
    }
    if (*format == '%') {
        die("a view's format may hold %%s and %%lld only: %s", format);
    }
    size_t plain = strcspn(format, "*`%<");
    plain = plain == 0 ? 1 : plain;
    str_add_n(&s->run, format, plain);
    return plain;
}

static json_t *spans_new(const char *format, va_list *args)
{
    arena *mem = arena_new();
    struct spans s = {.list = json_must(json_array()), .run = str_new(mem, TEXT_MAX)};
    while (*format != '\0') {
        format += read_element(&s, format, args);
    }
    end_span(&s);
    if (s.bold || s.code) {
        die("a view's format leaves a style open");
    }
    arena_free(mem);
    return s.list;
}

static const char *span_text(const json_t *span)
{
    if (json_is_string(span)) {
        return json_string_value(span);
    }
    static const char *const kinds[] = {"bold", "code", "channel", "name"};
    const char *text = NULL;
    for (size_t i = 0; text == NULL && i < sizeof kinds / sizeof kinds[0]; i++) {
        text = json_text(span, kinds[i]);
    }
    return text;
}

static char *spans_text(arena *mem, const json_t *spans)
{
    struct str out = str_new(mem, TEXT_MAX);
    size_t i = 0;
    const json_t *span = NULL;
    json_array_foreach(spans, i, span)
    {
        str_add(&out, span_text(span));
    }
    return out.text;
}

/* --- building --- */

json_t *view_new(arena *mem)
{
    json_t *view = json_must(json_object());
    json_put(view, "blocks", json_array());
    return arena_json(mem, view);
}

void view_title(json_t *view, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *spans = spans_new(format, &args);
    va_end(args);
    arena *mem = arena_new();
    json_put(block_add(view, "title"), "text", json_shown(spans_text(mem, spans)));
    arena_free(mem);
    json_decref(spans);
}

void view_text(json_t *view, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_put(block_add(view, "text"), "spans", spans_new(format, &args));
    va_end(args);
}

void view_note(json_t *view, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_put(block_add(view, "note"), "spans", spans_new(format, &args));
    va_end(args);
}

void view_stamp(json_t *view, int64_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *block = block_add(view, "stamp");
    json_put(block, "spans", spans_new(format, &args));
    json_put(block, "at", json_integer(at));
    va_end(args);
}

void view_field(json_t *view, const char *label, const char *value)
{
    json_t *field = json_must(json_object());
    json_put(field, "label", json_shown(label));
    json_put(field, "value", json_shown(value));
    json_push(list_at_end(view, "fields", SIZE_MAX), field);
}

void view_field_at(json_t *view, const char *label, int64_t at)
{
    json_t *field = json_must(json_object());
    json_put(field, "label", json_shown(label));
    json_put(field, "at", json_integer(at));
    json_push(list_at_end(view, "fields", SIZE_MAX), field);
}

void view_divider(json_t *view)
{
    block_add(view, "divider");
}

static json_t *button_json(const struct button *b)
{
    static const char *const styles[] = {
        [BUTTON_PLAIN] = NULL, [BUTTON_PRIMARY] = "primary", [BUTTON_DANGER] = "danger"};
    json_t *button = json_must(json_object());
    json_put(button, "title", json_shown(b->title));
    json_put(button, "action", json_words(b->action));
    json_put_words(button, "value", b->value);
    json_put_words(button, "url", b->url);
    json_put_words(button, "style", styles[b->style]);
    json_put_shown(button, "confirm", b->confirm);
    json_put_shown(button, "confirm_title", b->confirm_title);
    if (b->opens) {
        json_put(button, "opens", json_true());
    }
    if (b->window) {
        json_put(button, "window", json_true());
    }
    if (b->call != NULL) {
        json_put(button, "call", json_deep_copy(b->call));
    }
    return button;
}

void view_button(json_t *view, const struct button *b)
{
    json_push(list_at_end(view, "buttons", BUTTONS_A_ROW), button_json(b));
}

void view_menu(json_t *view, const char *title, const struct button *list, size_t count)
{
    json_t *block = block_add(view, "menu"), *all = json_must(json_array());
    json_put(block, "title", json_shown(title));
    json_put(block, "buttons", all);
    for (size_t i = 0; i < count; i++) {
        json_push(all, button_json(&list[i]));
    }
}

const json_t *view_find_button(const json_t *view, const char *action)
{
    const json_t *blocks = json_member(view, "blocks");
    for (size_t i = 0; i < json_array_size(blocks); i++) {
        const json_t *buttons = json_member(json_array_get(blocks, i), "buttons");
        for (size_t k = 0; k < json_array_size(buttons); k++) {
            const json_t *b = json_array_get(buttons, k);
            if (str_equal(json_text(b, "action"), action)) {
                return b;
            }
        }
    }
    return NULL;
}

void view_row(json_t *view, const struct button *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *block = block_add(view, "row");
    json_put(block, "spans", spans_new(format, &args));
    va_end(args);
    if (b != NULL) {
        json_put(block, "button", button_json(b));
    }
}

void view_row_at(json_t *view, int64_t at)
{
    const json_t *blocks = json_member(view, "blocks");
    json_put(json_array_get(blocks, json_array_size(blocks) - 1), "at", json_integer(at));
}

/* One line without addresses: a notification is shown on locked screens. */
static char *one_line(arena *mem, const char *text)
{
    struct str out = str_new(mem, TEXT_MAX);
    while (*(text += strspn(text, " \t\r\n")) != '\0') {
        size_t len = strcspn(text, " \t\r\n");
        bool address = memmem(text, len, "://", 3) != NULL;
        str_add(&out, out.len > 0 ? " " : "");
        str_add_n(&out, address ? "\xE2\x80\xA6" : text, address ? 3 : len);
        text += len;
    }
    return str_cut(mem, out.text, SUMMARY_MAX);
}

static const json_t *first_of(const json_t *view, const char *kind)
{
    size_t i = 0;
    const json_t *block = NULL;
    json_array_foreach(json_member(view, "blocks"), i, block)
    {
        if (str_equal(json_text(block, "kind"), kind)) {
            return block;
        }
    }
    return NULL;
}

void view_note_moved(json_t *view)
{
    view_note(view, "This was meant for the channel where you typed it, but I cannot write there.");
}

char *view_subject(arena *mem, const json_t *view)
{
    static const char *const kinds[] = {"title", "text", "row", "note"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const json_t *block = first_of(view, kinds[i]);
        const char *text = json_text(block, "text");
        char *line =
            one_line(mem, text != NULL ? text : spans_text(mem, json_member(block, "spans")));
        if (*line != '\0') {
            return line;
        }
    }
    return arena_strdup(mem, "Workbot");
}

char *view_summary(arena *mem, const json_t *view)
{
    const json_t *first = json_array_get(json_member(view, "blocks"), 0);
    char *subject = view_subject(mem, view);
    if (!str_equal(json_text(first, "kind"), "stamp")) {
        return subject;
    }
    const char *ended = spans_text(mem, json_member(first, "spans"));
    return one_line(mem, arena_printf(mem, "%s: %s", ended, subject));
}
