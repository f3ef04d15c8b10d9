#include "definition_int.h"

#include <stdlib.h>
#include <string.h>

/* Extended regular expressions (POSIX, base definitions 9.4) of a definition. libc copies what a
 * bound repeats, so a short text can ask for gigabytes; it is weighed before libc sees it. */

enum { PATTERN_MAX = 300, WEIGHT_MAX = 2000 };

struct weighing {
    const char *at;
    bool split;  /* "|" outside every group: ^ and $ belong to one side each */
    bool twice;  /* a repeat of a repeat without a group between them */
    bool behind; /* a reference back: its time grows without bound */
    bool open;   /* the last character was an anchor, not an escaped "$" */
};

/* To behind the "]": the first character may be one itself, and [:class:] holds one. */
static const char *behind_list(const char *at)
{
    at += at[0] == '[' ? 1 : 0;
    at += at[0] == '^' ? 1 : 0;
    at += at[0] == ']' ? 1 : 0;
    while (*at != '\0' && *at != ']') {
        char kind = at[0] == '[' ? at[1] : '\0';
        const char end[] = {kind, ']', '\0'};
        bool named = kind != '\0' && strchr(":.=", kind) != NULL;
        const char *close = named ? strstr(at + 2, end) : NULL;
        at = close == NULL ? at + 1 : close + 2;
    }
    return *at == ']' ? at + 1 : at;
}

static size_t capped(size_t weight)
{
    return weight > WEIGHT_MAX ? WEIGHT_MAX + 1 : weight;
}

/* {least,most}: how often it is copied. */
static size_t bound(struct weighing *w)
{
    char *end = NULL;
    unsigned long most = strtoul(w->at + 1, &end, 10);
    if (*end == ',' && end[1] != '}') {
        most = strtoul(end + 1, &end, 10);
    }
    w->at = end + strcspn(end, "}");
    w->at += *w->at == '}' ? 1 : 0;
    return capped(most) + 1;
}

static size_t repeated(struct weighing *w, size_t weight)
{
    size_t repeats = 0;
    while (*w->at != '\0' && strchr("*+?{", *w->at) != NULL) {
        repeats++;
        if (*w->at == '{') {
            weight = capped(weight * bound(w));
        } else {
            w->at++;
            weight = capped(2 * weight);
        }
    }
    w->twice |= repeats > 1;
    w->open &= repeats == 0;
    return weight;
}

static size_t weigh(struct weighing *w, bool inside);

static size_t weigh_piece(struct weighing *w)
{
    size_t weight = 1;
    w->open = *w->at == '$';
    switch (*w->at) {
    case '(':
        w->at++;
        weight += weigh(w, true);
        w->at += *w->at == ')' ? 1 : 0;
        w->open = false;
        break;
    case '[':
        w->at = behind_list(w->at);
        break;
    case '\\':
        w->behind |= w->at[1] >= '1' && w->at[1] <= '9';
        w->at += w->at[1] == '\0' ? 1 : 2;
        break;
    default:
        w->at++;
        break;
    }
    return repeated(w, weight);
}

static size_t weigh(struct weighing *w, bool inside)
{
    size_t weight = 0;
    while (*w->at != '\0' && !(inside && *w->at == ')')) {
        if (*w->at == '|') {
            w->split |= !inside;
            w->at++;
        } else {
            weight = capped(weight + weigh_piece(w));
        }
    }
    return weight;
}

static const char *pattern_fault(const char *text)
{
    struct weighing w = {.at = text};
    size_t weight = weigh(&w, false);
    if (text[0] != '^' || text[1] == '\0' || !w.open) {
        return "This must be an extended regular expression from ^ to $.";
    }
    if (w.split) {
        return "A choice belongs into parentheses, as in ^(a|b)$: else ^ and $ hold one side each.";
    }
    if (w.twice || w.behind) {
        return "No repeat stands behind a repeat, and nothing refers back.";
    }
    return weight > WEIGHT_MAX ? "Its repeats stand for too much: make their bounds smaller."
                               : NULL;
}

static void free_pattern(void *object)
{
    regfree(object);
}

const regex_t *apps_read_pattern(const struct json_doc *d, const char *key, const char *absent)
{
    const char *given = json_doc_text(d, key, false, PATTERN_MAX);
    const char *text = given == NULL ? absent : given;
    if (text == NULL) {
        return NULL;
    }
    regex_t *re = arena_alloc(d->mem, sizeof(*re));
    const char *fault = pattern_fault(text);
    if (fault == NULL && regcomp(re, text, REG_EXTENDED | REG_NOSUB) != 0) {
        fault = "This must be an extended regular expression from ^ to $.";
    }
    if (fault != NULL) {
        json_doc_fault(d, key, "%s", fault);
        return NULL;
    }
    arena_defer(d->mem, free_pattern, re);
    return re;
}
