#include "web_int.h"

#include <string.h>

#include "base/die.h"
#include "base/limits.h"
#include "base/str.h"

/*
 * A small part of mustache. There is no way to write data unescaped. The layout is joined with its
 * page as template text, before any data is looked at.
 */
enum {
    DEPTH_MAX = 16,
    STEPS_MAX = 100 * 1000, /* tags worked off: sections over lists in lists could take for ever */
    /* what a browser sends as "%22" stands on the page as "&quot;": the editor loses no text */
    OUTPUT_MAX = 2 * LIMIT_EDITOR_BODY + 64 * 1024,
    NAME_MAX_LEN = 64
};

struct render {
    arena *mem;
    struct str out;
    const json_t *stack[DEPTH_MAX]; /* inner scopes last */
    size_t depth;
    size_t steps;
};

struct tag {
    char sign; /* '#', '^', '/', '!', '~' for words to type, '>' for a part, or 'v' for a value */
    char name[NAME_MAX_LEN];
    const char *start; /* of "{{" */
    const char *end;   /* behind "}}" */
};

static int broken(struct err *e, const char *why)
{
    return err_set(e, ERR_INTERNAL, "html", "template: %s", why);
}

static bool name_take(const char *name, size_t len, char ret[NAME_MAX_LEN])
{
    if (len == 0 || len >= NAME_MAX_LEN) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_.", name[i]) == NULL) {
            return false;
        }
    }
    memcpy(ret, name, len);
    return true;
}

/* The next tag between at and end; false when there is none. A broken one has sign 0. */
static bool tag_next(const char *at, const char *end, struct tag *ret)
{
    const char *open = memmem(at, (size_t)(end - at), "{{", 2);
    if (open == NULL) {
        return false;
    }
    const char *close = memmem(open + 2, (size_t)(end - open - 2), "}}", 2);
    *ret = (struct tag){.sign = 0, .start = open, .end = end};
    if (close == NULL) {
        return true;
    }
    ret->end = close + 2;
    bool has_sign = open + 2 < close && strchr("#^/!~>", open[2]) != NULL;
    const char *name = has_sign ? open + 3 : open + 2;
    char sign = has_sign ? open[2] : 'v';
    if (sign == '!' || name_take(name, (size_t)(close - name), ret->name)) {
        ret->sign = sign;
    }
    return true;
}

static const json_t *look_up(const struct render *r, const char *name)
{
    if (str_equal(name, ".")) {
        return r->stack[r->depth - 1];
    }
    for (size_t i = r->depth; i > 0; i--) {
        const json_t *found = json_object_get(r->stack[i - 1], name);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static bool is_truthy(const json_t *value)
{
    if (value == NULL || json_is_null(value) || json_is_false(value)) {
        return false;
    }
    if (json_is_array(value)) {
        return json_array_size(value) > 0;
    }
    return !json_is_string(value) || json_string_length(value) > 0;
}

static void add_escaped(struct str *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *entity = *text == '&'    ? "&amp;"
                             : *text == '<'  ? "&lt;"
                             : *text == '>'  ? "&gt;"
                             : *text == '"'  ? "&quot;"
                             : *text == '\'' ? "&#39;"
                                             : NULL;
        if (entity != NULL) {
            str_add(out, entity);
        } else {
            str_add_char(out, *text);
        }
    }
}

static void add_value(struct render *r, const json_t *value)
{
    if (json_is_string(value)) {
        add_escaped(&r->out, json_string_value(value));
    } else if (json_is_integer(value)) {
        str_printf(&r->out, "%lld", (long long)json_integer_value(value));
    }
}

/* What stands between two backticks is a word to type; with an odd number all are mere signs. */
static void add_words(struct render *r, const json_t *value)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    size_t marks = 0;
    for (const char *c = text; *c != '\0'; c++) {
        marks += *c == '`' ? 1 : 0;
    }
    if (marks % 2 != 0) {
        add_escaped(&r->out, text);
        return;
    }
    for (bool code = false; *text != '\0'; code = !code) {
        size_t len = strcspn(text, "`");
        str_add(&r->out, code ? "<code>" : "");
        add_escaped(&r->out, arena_strndup(r->mem, text, len));
        str_add(&r->out, code ? "</code>" : "");
        text += len + (text[len] == '`' ? 1 : 0);
    }
}

static int render_text(struct render *r, const char *at, const char *end, struct err *e);

static int render_scope(struct render *r, const json_t *scope, const struct tag *body,
                        struct err *e)
{
    if (r->depth == DEPTH_MAX) {
        return broken(e, "too deep");
    }
    r->stack[r->depth++] = scope;
    int result = render_text(r, body->start, body->end, e);
    r->depth--;
    return result;
}

/* body: its start and end are those of the text inside the section */
static int render_section(struct render *r, const struct tag *open, const struct tag *body,
                          struct err *e)
{
    const json_t *value = look_up(r, open->name);
    if ((open->sign == '#') != is_truthy(value)) {
        return 0;
    }
    if (open->sign == '#' && json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (render_scope(r, json_array_get(value, i), body, e) != 0) {
                return -1;
            }
        }
        return 0;
    }
    bool object = open->sign == '#' && json_is_object(value);
    return render_scope(r, object ? value : r->stack[r->depth - 1], body, e);
}

/* Another template in its place; one in itself is too deep. */
static int render_part(struct render *r, const struct tag *tag, struct err *e)
{
    const char *text = embed_find(tag->name);
    if (text == NULL) {
        return broken(e, "there is no such part");
    }
    const struct tag body = {.start = text, .end = text + strlen(text)};
    return render_scope(r, r->stack[r->depth - 1], &body, e);
}

/* Finds the end of the section that `open` began: *ret is its closing tag. */
static int section_end(struct render *r, const struct tag *open, const char *end, struct tag *ret,
                       struct err *e)
{
    size_t nested = 0;
    for (const char *at = open->end; tag_next(at, end, ret); at = ret->end) {
        if (ret->sign == 0 || ++r->steps > STEPS_MAX) {
            break;
        }
        if (ret->sign == '#' || ret->sign == '^') {
            nested++;
        } else if (ret->sign == '/' && nested > 0) {
            nested--;
        } else if (ret->sign == '/') {
            return str_equal(ret->name, open->name) ? 0 : broken(e, "sections cross");
        }
    }
    return broken(e, "a section does not end");
}

/* *io_at is behind the tag; behind its end where it is a section. */
static int render_tag(struct render *r, const struct tag *tag, const char *end, const char **io_at,
                      struct err *e)
{
    struct tag close;
    switch (tag->sign) {
    case '!':
        return 0;
    case 'v':
        add_value(r, look_up(r, tag->name));
        return 0;
    case '~':
        add_words(r, look_up(r, tag->name));
        return 0;
    case '>':
        return render_part(r, tag, e);
    default:
        break;
    }
    if (section_end(r, tag, end, &close, e) != 0) {
        return -1;
    }
    *io_at = close.end;
    return render_section(r, tag, &(struct tag){.start = tag->end, .end = close.start}, e);
}

static int render_text(struct render *r, const char *at, const char *end, struct err *e)
{
    struct tag tag;
    while (tag_next(at, end, &tag)) {
        str_add_n(&r->out, at, (size_t)(tag.start - at));
        if (tag.sign == 0 || tag.sign == '/') {
            return broken(e, "a tag that cannot be read");
        }
        if (++r->steps > STEPS_MAX || r->out.cut) {
            return broken(e, "too much output");
        }
        at = tag.end;
        if (render_tag(r, &tag, end, &at, e) != 0) {
            return -1;
        }
    }
    str_add_n(&r->out, at, (size_t)(end - at));
    return r->out.cut ? broken(e, "too much output") : 0;
}

char *html_render(arena *mem, const char *tmpl, const json_t *data, struct err *e)
{
    struct render r = {.mem = mem, .out = str_new(mem, OUTPUT_MAX), .stack = {data}, .depth = 1};
    if (render_text(&r, tmpl, tmpl + strlen(tmpl), e) != 0) {
        return NULL;
    }
    return r.out.text;
}

const char *html_template(const char *name)
{
    const char *text = embed_find(name);
    if (text == NULL) {
        die("there is no template %s", name);
    }
    return text;
}

int html_page(arena *mem, const char *name, json_t *data, char **ret, struct err *e)
{
    return html_page_in(mem, "layout.html", name, data, ret, e);
}

int html_page_in(arena *mem, const char *frame, const char *name, json_t *data, char **ret,
                 struct err *e)
{
    static const char MARK[] = "<!-- page -->";
    const char *layout = html_template(frame);
    const char *mark = strstr(layout, MARK);
    if (mark == NULL) {
        die("%s has no place for the page", frame);
    }
    json_object_set_new(data, "asset_version", json_string(embed_version()));
    char *whole = arena_printf(mem, "%.*s%s%s", (int)(mark - layout), layout, html_template(name),
                               mark + sizeof MARK - 1);
    char *html = html_render(mem, whole, data, e);
    if (html == NULL) {
        return -1;
    }
    *ret = html;
    return 0;
}
