/* What a person typed, out of Slack's message text
 * (docs.slack.dev/messaging/formatting-message-text). The order matters: control sequences, then
 * entities once, then typography. */
#include "chat_int.h"

#include <string.h>

#include "base/str.h"

/* Length of the own mention "<@UBOT>" or "<@UBOT|name>" that text begins with; 0 if none. */
static size_t own_mention(const char *text, const char *bot_user_id)
{
    if (str_empty(bot_user_id) || !str_starts(text, "<@") || !str_starts(text + 2, bot_user_id)) {
        return 0;
    }
    const char *rest = text + 2 + strlen(bot_user_id);
    if (*rest != '>' && *rest != '|') {
        return 0;
    }
    const char *end = strchr(rest, '>');
    return end == NULL ? 0 : (size_t)(end - text) + 1;
}

bool slack_text_mentions(const char *text, const char *bot_user_id)
{
    for (const char *at = text; at != NULL && (at = strchr(at, '<')) != NULL; at++) {
        if (own_mention(at, bot_user_id) > 0) {
            return true;
        }
    }
    return false;
}

/* Entities exactly once: what comes out is not looked at again. */
static void add_decoded(struct str *out, const char *text, size_t len)
{
    static const struct {
        const char *entity;
        char c;
    } rows[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}};
    for (size_t i = 0; i < len;) {
        size_t used = 0;
        for (size_t r = 0; text[i] == '&' && used == 0 && r < sizeof rows / sizeof rows[0]; r++) {
            size_t n = strlen(rows[r].entity);
            if (n <= len - i && memcmp(text + i, rows[r].entity, n) == 0) {
                str_add_char(out, rows[r].c);
                used = n;
            }
        }
        if (used == 0) {
            str_add_n(out, text + i, 1);
            used = 1;
        }
        i += used;
    }
}

/* One control sequence without its brackets: target, and the label behind the bar. */
struct token {
    const char *target;
    size_t target_len;
    const char *label; /* NULL: none */
    size_t label_len;
};

static struct token token_of(const char *inside, size_t len)
{
    const char *bar = memchr(inside, '|', len);
    struct token t = {inside, len, NULL, 0};
    if (bar != NULL) {
        t.target_len = (size_t)(bar - inside);
        t.label = bar + 1;
        t.label_len = len - t.target_len - 1;
    }
    return t;
}

/* People and channels as they look in the chat, links as their address, the rest as its label. */
static void add_token(struct str *out, const struct token *t)
{
    static const struct {
        const char *start;
        const char *shown; /* stands for start in front of the target; NULL: the label if any */
        bool by_label;
    } rows[] = {
        {"@", "@", false}, {"#", "#", true},       {"!subteam^", "@", true}, {"!date^", "", true},
        {"!", "@", true},  {"mailto:", "", false}, {"tel:", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t skip = strlen(rows[i].start);
        if (skip > t->target_len || memcmp(t->target, rows[i].start, skip) != 0) {
            continue;
        }
        bool labelled = rows[i].by_label && t->label_len > 0;
        const char *shown = labelled && *t->label == *rows[i].shown ? "" : rows[i].shown;
        str_add(out, shown);
        add_decoded(out, labelled ? t->label : t->target + skip,
                    labelled ? t->label_len : t->target_len - skip);
        return;
    }
    add_decoded(out, t->target, t->target_len);
}

/* Reads what begins at text and returns its length. */
static size_t step(struct str *out, const char *text, const char *bot_user_id)
{
    size_t plain = strcspn(text, "<");
    if (plain > 0) {
        add_decoded(out, text, plain);
        return plain;
    }
    size_t own = own_mention(text, bot_user_id);
    if (own > 0) {
        /* two spaces would be left where the mention stood between words */
        bool gap = out->len == 0 || out->text[out->len - 1] == ' ';
        return own + (gap && text[own] == ' ' ? 1 : 0);
    }
    size_t inside = strcspn(text + 1, "<>");
    if (inside == 0 || text[1 + inside] != '>') {
        str_add_char(out, '<');
        return 1;
    }
    struct token t = token_of(text + 1, inside);
    add_token(out, &t);
    return inside + 2;
}

char *slack_text_decode(arena *mem, const char *text, const char *bot_user_id)
{
    const char *rest = str_trim(mem, text == NULL ? "" : text);
    size_t own = own_mention(rest, bot_user_id);
    if (own > 0) {
        rest += own;
        rest += strspn(rest, " \t\r\n\v\f,:");
    }
    struct str out = str_new(mem, strlen(rest));
    while (*rest != '\0') {
        rest += step(&out, rest, bot_user_id);
    }
    return str_trim(mem, out.text);
}

/* --- typography --- */

struct glyph {
    const char *from;
    const char *to;
    bool in_values; /* nobody misses it there either */
};

static const struct glyph GLYPHS[] = {
    {"\xE2\x80\x9C", "\"", false}, {"\xE2\x80\x9D", "\"", false}, {"\xE2\x80\x9E", "\"", false},
    {"\xE2\x80\x98", "'", false},  {"\xE2\x80\x99", "'", false},  {"\xE2\x80\x93", "-", false},
    {"\xE2\x80\x94", "-", false},  {"\xC2\xA0", " ", true},       {"\xE2\x80\x8B", "", true},
    {"\xE2\x80\x8C", "", false},   {"\xE2\x80\x8D", "", false},   {"\xE2\x80\x8E", "", true},
    {"\xE2\x80\x8F", "", true},    {"\xEF\xBB\xBF", "", true},
};

static const struct glyph *glyph_at(const char *text)
{
    for (size_t i = 0; i < sizeof GLYPHS / sizeof GLYPHS[0]; i++) {
        if (str_starts(text, GLYPHS[i].from)) {
            return &GLYPHS[i];
        }
    }
    return NULL;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* Does the colon at text[at] end a name such as "amount:"? Not the one of an address or emoji. */
static bool ends_name(const char *text, size_t at)
{
    size_t start = at;
    while (start > 0 && is_name_char(text[start - 1])) {
        start--;
    }
    if (start == at || str_starts(text + at, "://")) {
        return false;
    }
    return start == 0 || text[start - 1] == ' ' || text[start - 1] == '\n' ||
           text[start - 1] == '\t';
}

char *slack_text_plain(arena *mem, const char *text)
{
    struct str out = str_new(mem, strlen(text));
    bool in_values = false;
    while (*text != '\0') {
        const struct glyph *g = (unsigned char)*text < 0x80 ? NULL : glyph_at(text);
        if (g != NULL && (g->in_values || !in_values)) {
            str_add(&out, g->to);
            text += strlen(g->from);
            continue;
        }
        str_add_n(&out, text, 1);
        text++;
        in_values = in_values || (out.text[out.len - 1] == ':' && !str_starts(text, "//") &&
                                  ends_name(out.text, out.len - 1));
    }
    return str_trim(mem, out.text);
}
