/* Text objects of Slack. Data in them may not mention, link or style: & < > become entities, and
 * since there is no escape for * _ ~ and backtick, look-alikes stand for them where they could
 * style. */
#include "chat_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

enum { MRKDWN_MAX = 4 * SLACK_SECTION_UNITS, ID_MAX = 30 };

/* UTF-16 units of the character that begins with this byte. */
static size_t lead_units(char c)
{
    unsigned char lead = (unsigned char)c;
    if ((lead & 0xC0) == 0x80) {
        return 0;
    }
    return lead >= 0xF0 ? 2 : 1;
}

size_t slack_units(const char *text)
{
    size_t units = 0;
    for (; *text != '\0'; text++) {
        units += lead_units(*text);
    }
    return units;
}

/* --- plain text --- */

static char *cut_units(arena *mem, const char *text, size_t max_units)
{
    if (slack_units(text) <= max_units) {
        return arena_strdup(mem, text);
    }
    size_t units = 1; /* the ellipsis */
    size_t at = 0;
    while (text[at] != '\0' && units + lead_units(text[at]) <= max_units) {
        units += lead_units(text[at]);
        at++;
    }
    return arena_printf(mem, "%.*s\xE2\x80\xA6", (int)at, text);
}

json_t *slack_plain(arena *mem, const char *text, size_t max_units)
{
    char *shown = str_trim(mem, text == NULL ? "" : text);
    if (*shown == '\0') {
        return NULL;
    }
    for (char *c = shown; *c != '\0'; c++) {
        *c = *c == '\n' || *c == '\r' ? ' ' : *c;
    }
    return json_pack("{s:s, s:s, s:b}", "type", "plain_text", "text",
                     cut_units(mem, shown, max_units), "emoji", 0);
}

/* --- escapes --- */

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    default:
        return NULL;
    }
}

char *slack_escape(arena *mem, const char *text)
{
    struct str out = str_new(mem, 5 * strlen(text));
    for (; *text != '\0'; text++) {
        const char *entity = entity_of(*text);
        str_add_n(&out, entity == NULL ? text : entity, entity == NULL ? 1 : strlen(entity));
    }
    return out.text;
}

static const char *look_alike(char c)
{
    switch (c) {
    case '*':
        return "\xE2\x88\x97"; /* U+2217 */
    case '_':
        return "\xCB\x8D"; /* U+02CD */
    case '~':
        return "\xE2\x88\xBC"; /* U+223C */
    case '`':
        return "\xCB\x8B"; /* U+02CB */
    default:
        return NULL;
    }
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

static bool is_space(char c)
{
    return c == '\0' || c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Could the style character text[at] open or close a style? Inside a word and alone between
 * spaces it cannot: my_field, 5 * 3. */
static bool could_style(const char *text, size_t at)
{
    char before = at == 0 ? '\0' : text[at - 1];
    char after = text[at + 1];
    if (text[at] == '`') {
        return true;
    }
    return !(is_word(before) && is_word(after)) &&
           !(at > 0 && after != '\0' && is_space(before) && is_space(after));
}

/* --- spans as pieces --- */

struct flow {
    json_t *pieces;
    struct str out;
    size_t units;
    size_t max_units;
    char mark; /* of the open style; NUL: none */
};

static void add_mark(struct flow *f)
{
    if (f->mark != '\0') {
        str_add_char(&f->out, f->mark);
        f->units++;
    }
}

static void end_piece(struct flow *f)
{
    if (*str_trim(f->out.mem, f->out.text) != '\0') {
        json_push(f->pieces, json_string(f->out.text));
    }
    f->out = str_new(f->out.mem, MRKDWN_MAX);
    f->units = 0;
}

static void add_char(struct flow *f, const char *text, size_t len)
{
    size_t units = 0;
    for (size_t i = 0; i < len; i++) {
        units += lead_units(text[i]);
    }
    if (f->units + units + 1 > f->max_units) {
        add_mark(f);
        end_piece(f);
        add_mark(f);
    }
    str_add_n(&f->out, text, len);
    f->units += units;
}

/* What stands for the character at text[at]; NULL: itself. */
static const char *stand_in(const struct flow *f, const char *text, size_t at)
{
    char c = text[at];
    const char *alike = look_alike(c);
    if (alike != NULL) {
        bool ends_ours = c == f->mark;
        bool styles = f->mark != '`' && could_style(text, at);
        return ends_ours || styles ? alike : NULL;
    }
    if (f->mark != '\0' && is_space(c)) {
        return " "; /* no style goes over a line's end */
    }
    return entity_of(c);
}

static void add_span(struct flow *f, const char *text, char mark)
{
    f->mark = mark;
    text = mark == '\0' ? text : str_trim(f->out.mem, text);
    if (*text == '\0') {
        return;
    }
    /* the longest character between two marks */
    if (f->units + strlen("*&amp;*") > f->max_units) {
        end_piece(f);
    }
    add_mark(f);
    for (size_t i = 0, len = strlen(text), used = 0; i < len; i += used) {
        const char *other = stand_in(f, text, i);
        used = str_utf8_step(text + i, len - i);
        used = used == 0 ? 1 : used;
        add_char(f, other != NULL ? other : text + i, other != NULL ? strlen(other) : used);
    }
    add_mark(f);
    f->mark = '\0';
}

/* "<#C1>", "<@U1>". What looks like no id of Slack's is words. */
static void add_named(struct flow *f, char sign, const char *id)
{
    size_t len = strlen(id);
    bool ours = len > 1 && len <= ID_MAX && strchr(sign == '#' ? "CG" : "UW", *id) != NULL &&
                strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
    if (!ours) {
        add_span(f, id, '\0');
        return;
    }
    if (f->units + len + strlen("<#>") > f->max_units) {
        end_piece(f);
    }
    str_printf(&f->out, "<%c%s>", sign, id);
    f->units += len + strlen("<#>");
}

static void add_any_span(struct flow *f, const json_t *span)
{
    const char *plain = json_string_value(span);
    const char *bold = json_text(span, "bold");
    const char *code = json_text(span, "code");
    const char *channel = json_text(span, "channel");
    const char *person = json_text(span, "person");
    if (channel != NULL || person != NULL) {
        add_named(f, channel != NULL ? '#' : '@', channel != NULL ? channel : person);
    } else if (plain != NULL) {
        add_span(f, plain, '\0');
    } else if (bold != NULL) {
        add_span(f, bold, '*');
    } else if (code != NULL) {
        add_span(f, code, '`');
    }
}

json_t *slack_mrkdwn(arena *mem, const json_t *spans, size_t max_units)
{
    struct flow f = {
        .pieces = json_array(), .out = str_new(mem, MRKDWN_MAX), .max_units = max_units};
    size_t i = 0;
    const json_t *span = NULL;
    json_array_foreach(spans, i, span)
    {
        add_any_span(&f, span);
    }
    end_piece(&f);
    return arena_json(mem, f.pieces);
}
