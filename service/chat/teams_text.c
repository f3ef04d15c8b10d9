/* What a person typed, out of a message of Teams. The order matters: mentions, which stand there
 * literally, then entities once, then spaces. */
#include "teams_read.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

enum { MENTIONS_MAX = 50, NAME_BYTES = 100, TAG_BYTES = sizeof "<at</at>" - 1 };

/* --- mentions --- */

struct mention {
    const char *text; /* as it stands in the message */
    const char *shown;
    bool own;
};

struct mentions {
    struct mention list[MENTIONS_MAX];
    size_t count;
};

/* A client can send any text as that of a mention: only one in its tags takes words away. */
static const char *mention_text(arena *mem, const json_t *entity, const char *name)
{
    const char *text = json_text(entity, "text");
    if (str_starts_fold(text, "<at") && str_ends(str_lower(mem, text), "</at>")) {
        return text;
    }
    return str_empty(name) ? NULL : arena_printf(mem, "<at>%s</at>", name);
}

static void add_mentions(arena *mem, const json_t *activity, bool own, struct mentions *m)
{
    size_t i = 0;
    const json_t *entity = NULL;
    json_array_foreach(json_member(activity, "entities"), i, entity)
    {
        bool fits = str_equal_fold(json_text(entity, "type"), "mention") &&
                    teams_is_own_mention(activity, entity) == own;
        if (!fits || m->count == MENTIONS_MAX) {
            continue;
        }
        const char *name = json_text(json_member(entity, "mentioned"), "name");
        const char *text = mention_text(mem, entity, name);
        if (text != NULL) {
            m->list[m->count++] =
                (struct mention){text, str_cut(mem, name == NULL ? "" : name, NAME_BYTES), own};
        }
    }
}

/* Ours first: of the others there can be more than are read. */
static struct mentions mentions_of(arena *mem, const json_t *activity)
{
    struct mentions m = {.count = 0};
    add_mentions(mem, activity, true, &m);
    add_mentions(mem, activity, false, &m);
    return m;
}

static const struct mention *mention_at(const struct mentions *m, const char *text)
{
    for (size_t i = 0; *text == '<' && i < m->count; i++) {
        if (str_starts_fold(text, m->list[i].text)) {
            return &m->list[i];
        }
    }
    return NULL;
}

/* --- entities and spaces --- */

struct glyph {
    const char *from, *to;
};

/* Once: what comes out is not looked at again. */
static const struct glyph GLYPHS[] = {
    {"&nbsp;", " "},      {"&lt;", "<"},        {"&gt;", ">"},        {"&amp;", "&"},
    {"&quot;", "\""},     {"&#39;", "'"},       {"&#160;", " "},      {"\xC2\xA0", " "},
    {"\xE2\x80\x8B", ""}, {"\xE2\x80\x8E", ""}, {"\xE2\x80\x8F", ""}, {"\xE2\x81\xA0", ""},
    {"\xEF\xBB\xBF", ""}, {"\r\n", "\n"},       {"\r", "\n"},
};

static const struct glyph *glyph_at(const char *text)
{
    bool special = *text == '&' || *text == '\r' || (unsigned char)*text >= 0x80;
    for (size_t i = 0; special && i < sizeof GLYPHS / sizeof GLYPHS[0]; i++) {
        if (str_starts(text, GLYPHS[i].from)) {
            return &GLYPHS[i];
        }
    }
    return NULL;
}

/* No two words become one where the mention stood, and no two spaces are left. */
static size_t skip_own(struct str *out, const char *rest)
{
    if (out->len == 0) {
        return strspn(rest, " \t\r\n\v\f,:");
    }
    bool blank = out->text[out->len - 1] == ' ' || out->text[out->len - 1] == '\n';
    if (blank) {
        return *rest == ' ' ? 1 : 0;
    }
    if (*rest != '\0' && strchr(" \t\r\n.,:;!?", *rest) == NULL) {
        str_add_char(out, ' ');
    }
    return 0;
}

/* Reads what begins at text and returns its length. */
static size_t step(struct str *out, const char *text, const struct mentions *m)
{
    const struct mention *at = mention_at(m, text);
    if (at != NULL) {
        size_t len = strlen(at->text);
        if (at->own) {
            return len + skip_own(out, text + len);
        }
        str_printf(out, "@%s", at->shown);
        return len;
    }
    const struct glyph *g = glyph_at(text);
    if (g != NULL) {
        str_add(out, g->to);
        return strlen(g->from);
    }
    str_add_n(out, text, 1);
    return 1;
}

char *teams_text(arena *mem, const json_t *activity)
{
    const struct mentions m = mentions_of(mem, activity);
    const char *text = json_text(activity, "text");
    text = str_trim(mem, text == NULL ? "" : text);
    /* "<at</at>" can stand for the longest name there is; cut, it would be another command */
    struct str out = str_new(mem, strlen(text) * (1 + (1 + NAME_BYTES) / TAG_BYTES) + 1);
    while (*text != '\0') {
        text += step(&out, text, &m);
    }
    return str_trim(mem, out.text);
}

/* --- a command --- */

/* Runs of spaces as one; with a line's end among them they are that. */
char *teams_text_plain(arena *mem, const char *typed)
{
    static const char spaces[] = " \t\n\v\f";
    struct str out = str_new(mem, strlen(typed));
    for (const char *at = typed; *at != '\0';) {
        size_t run = strspn(at, spaces);
        if (run > 0) {
            str_add_char(&out, memchr(at, '\n', run) != NULL ? '\n' : ' ');
            at += run;
            continue;
        }
        size_t word = strcspn(at, spaces);
        str_add_n(&out, at, word);
        at += word;
    }
    return slack_text_plain(mem, out.text); /* quotes, dashes: nothing in it is Slack's alone */
}
