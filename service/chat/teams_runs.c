/* Texts of cards. TextBlocks and facts are read as markdown, and there is no escape that all
 * clients know; the runs of a RichTextBlock are not. So foreign text stands in runs, or in the
 * others when nothing in it could be markup. */
#include "teams_draw.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

enum { PIECE_BYTES = 3000 };

/* --- plain --- */

/* "# a", "- a", "+ a", "1. a": a heading or a list. */
static bool begins_markup(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    bool numbered = digits > 0 && (text[digits] == '.' || text[digits] == ')') &&
                    (text[digits + 1] == ' ' || text[digits + 1] == '\0');
    return numbered || (*text != '\0' && strchr("#-+=", *text) != NULL);
}

/* Clients make links of what looks like an address. */
static bool looks_like_link(const char *text)
{
    return strchr(text, '@') != NULL || strstr(text, "://") != NULL ||
           strcasestr(text, "www.") != NULL;
}

bool teams_is_plain(const char *text)
{
    return text[strcspn(text, "*_[]`~<>&\\|{}\r\n\t")] == '\0' && !begins_markup(text) &&
           !looks_like_link(text) && *text != ' ';
}

char *teams_line(arena *mem, const char *text, size_t max)
{
    char *line = arena_strdup(mem, text == NULL ? "" : text);
    for (char *c = line; *c != '\0'; c++) {
        *c = iscntrl((unsigned char)*c) ? ' ' : *c;
    }
    line = str_trim(mem, line);
    if (*line == '\0') {
        return NULL;
    }
    size_t at = 0, characters = 0;
    while (line[at] != '\0' && characters + 1 < max) {
        at += str_utf8_step(line + at, strlen(line + at));
        characters++;
    }
    bool whole = line[at] == '\0' || str_characters(line + at) == 1;
    return whole ? line : arena_printf(mem, "%.*s\xE2\x80\xA6", (int)at, line);
}

/* --- runs --- */

struct flow {
    arena *mem;
    json_t *items;
    json_t *inlines; /* of the block being filled; NULL: none */
    size_t bytes;
    const struct teams_style *style;
};

/* Clients put dates in the place of {{DATE(...)}} and {{TIME(...)}}: data is not to be read so. */
static char *without_macros(arena *mem, const char *text, size_t len)
{
    struct str out = str_new(mem, 4 * len + 1);
    for (size_t i = 0; i < len; i++) {
        str_add_n(&out, text + i, 1);
        if (text[i] == '{' && i + 1 < len && text[i + 1] == '{') {
            str_add(&out, "\xE2\x80\x8B");
        }
    }
    return out.text;
}

static json_t *run_of(const struct flow *f, const char *text, const char *mark)
{
    json_t *run = json_must(json_pack("{s:s, s:s}", "type", "TextRun", "text", text));
    if (f->style->bold || str_equal(mark, "bold")) {
        json_put_words(run, "weight", "Bolder");
    }
    if (str_equal(mark, "code")) {
        json_put_words(run, "fontType", "Monospace");
    }
    if (f->style->subtle) {
        json_put(run, "isSubtle", json_true());
    }
    json_put_words(run, "size", f->style->size);
    json_put_words(run, "color", f->style->color);
    return run;
}

static void open_block(struct flow *f)
{
    f->inlines = json_must(json_array());
    f->bytes = 0;
    json_push(f->items, json_pack("{s:s, s:o}", "type", "RichTextBlock", "inlines", f->inlines));
}

static void add_span(struct flow *f, const char *text, const char *mark)
{
    for (size_t len = strlen(text); len > 0;) {
        if (f->inlines == NULL || f->bytes >= PIECE_BYTES) {
            open_block(f);
        }
        size_t room = PIECE_BYTES - f->bytes;
        size_t used = str_fit(text, len, room);
        if (used == 0) {
            f->bytes = PIECE_BYTES; /* less room than the next character takes */
            continue;
        }
        json_push(f->inlines, run_of(f, without_macros(f->mem, text, used), mark));
        f->bytes += used;
        text += used;
        len -= used;
    }
}

static void add_any_span(struct flow *f, const json_t *span)
{
    static const char *const marks[] = {"bold", "code"};
    if (json_is_string(span)) {
        add_span(f, json_string_value(span), NULL);
        return;
    }
    if (json_text(span, "channel") != NULL) {
        add_span(f, TEAMS_SOME_PLACE, NULL);
        return;
    }
    if (json_text(span, "person") != NULL) {
        add_span(f, json_text(span, "name"), NULL); /* runs of text cannot mention anybody */
        return;
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const char *text = json_text(span, marks[i]);
        if (text != NULL) {
            add_span(f, text, marks[i]);
        }
    }
}

/* Blank blocks break some clients. */
static bool is_blank(const json_t *spans)
{
    size_t i = 0;
    const json_t *span = NULL;
    json_array_foreach(spans, i, span)
    {
        const char *text = json_is_string(span)              ? json_string_value(span)
                           : json_text(span, "bold") != NULL ? json_text(span, "bold")
                                                             : json_text(span, "code");
        if (json_text(span, "channel") != NULL || json_text(span, "person") != NULL ||
            (text != NULL && text[strspn(text, " \t\r\n")] != '\0')) {
            return false;
        }
    }
    return true;
}

void teams_rich(arena *mem, json_t *items, const json_t *spans, const struct teams_style *s)
{
    struct flow f = {.mem = mem, .items = items, .style = s};
    size_t i = 0;
    const json_t *span = NULL;
    if (is_blank(spans)) {
        return;
    }
    json_array_foreach(spans, i, span)
    {
        add_any_span(&f, span);
    }
}

void teams_rich_text(arena *mem, json_t *items, const char *text, const struct teams_style *s)
{
    json_t *spans = arena_json(mem, json_must(json_pack("[s]", text)));
    teams_rich(mem, items, spans, s);
}
