#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/*
 * What a write gave, held against what the app shows of it. Some apps leave out, without a word and
 * with a status of success, what this person may not write. The rest stands, so a step of which a
 * part was taken is done, and says what was not; a change of which nothing was taken is refused.
 */

enum how { TAKEN, DROPPED, HIDDEN };

struct taken {
    struct str dropped, hidden; /* lists of inputs in words */
    size_t sent, dropped_count;
};

/* Where nothing but space differs, the app only tidied up. */
static bool same_text(const char *a, const char *b)
{
    static const char space[] = " \t\r\n";
    for (;;) {
        size_t gap_a = strspn(a, space), gap_b = strspn(b, space);
        a += gap_a;
        b += gap_b;
        bool ends = *a == '\0' || *b == '\0';
        if (ends || *a != *b) {
            return *a == *b;
        }
        size_t word = strcspn(a, space);
        if (word != strcspn(b, space) || strncmp(a, b, word) != 0) {
            return false;
        }
        a += word;
        b += word;
    }
}

static bool is_same(arena *mem, const char *sent, const json_t *shown)
{
    const char *text = apps_value_text(mem, shown);
    return text != NULL && same_text(sent, text);
}

/* A field may be given as {"value", "display_value"}, a reference as {"value", "link"}: what was
 * sent is one of them. */
static enum how how_taken(arena *mem, const char *sent, const json_t *shown)
{
    if (shown == NULL || json_is_null(shown)) {
        return HIDDEN;
    }
    bool same = json_is_object(shown) ? is_same(mem, sent, json_member(shown, "value")) ||
                                            is_same(mem, sent, json_member(shown, "display_value"))
                                      : is_same(mem, sent, shown);
    return same ? TAKEN : DROPPED;
}

static void add_name(struct str *list, const char *input)
{
    str_add(list, list->len == 0 ? "" : ", ");
    for (; *input != '\0'; input++) {
        str_add_char(list, *input == '_' ? ' ' : *input);
    }
}

static struct taken hold(const struct apps_act *t, const struct apps_request *q,
                         const json_t *answer)
{
    arena *mem = t->call->mem;
    struct taken r = {.dropped = str_new(mem, LIMIT_TEMPLATE_OUTPUT),
                      .hidden = str_new(mem, LIMIT_TEMPLATE_OUTPUT)};
    for (size_t i = 0; i < q->taken.count; i++) {
        const struct apps_pair *p = &q->taken.items[i];
        const char *sent = apps_value_text(mem, json_member(t->values, p->name));
        if (str_empty(sent)) {
            continue;
        }
        r.sent++;
        enum how how = how_taken(mem, sent, json_at(answer, p->value));
        if (how == DROPPED) {
            r.dropped_count++;
            add_name(&r.dropped, p->name);
        } else if (how == HIDDEN) {
            add_name(&r.hidden, p->name);
        }
    }
    return r;
}

static const char *words_of(const struct apps_act *t, const struct taken *r)
{
    const char *title = t->action->app->title;
    struct str s = str_new(t->call->mem, 2 * LIMIT_TEMPLATE_OUTPUT);
    if (r->dropped.len > 0) {
        str_printf(&s,
                   "%s did not take: %s. This account may not set that there, or a rule there "
                   "keeps another value.",
                   title, r->dropped.text);
    }
    if (r->hidden.len > 0) {
        str_printf(&s, "%s%s does not show whether it took: %s.", s.len == 0 ? "" : " ", title,
                   r->hidden.text);
    }
    return s.len == 0 ? NULL : s.text;
}

bool apps_is_taken(const struct apps_act *t, const struct apps_request *q, const json_t *answer)
{
    const struct taken r = hold(t, q, answer);
    return r.sent > 0 && r.dropped_count == 0 && r.hidden.len == 0;
}

int apps_check_taken(const struct apps_act *t, const struct apps_request *q, const json_t *answer,
                     const char **ret_words, struct err *e)
{
    const struct taken r = hold(t, q, answer);
    /* a new record stands, and so does what the definition expects, whatever was left out */
    bool made = str_equal(q->method, "POST") || q->expect_count > 0;
    if (made || r.sent == 0 || r.dropped_count < r.sent) {
        return 0;
    }
    *ret_words = words_of(t, &r);
    return err_set(e, ERR_UPSTREAM_REFUSED, "app_refused", "%s took none of what was sent",
                   t->action->app->name);
}

void apps_add_words(const struct apps_act *t, const char *words, struct app_result *io)
{
    const char *before = json_text(io->output, APPS_NOT_TAKEN);
    if (!json_is_object(io->output)) {
        json_t *whole = json_must(json_object());
        json_put(whole, "value", io->output == NULL ? json_null() : json_deep_copy(io->output));
        io->output = arena_json(t->call->mem, whole);
    }
    words = before == NULL ? words : arena_printf(t->call->mem, "%s %s", before, words);
    json_put(io->output, APPS_NOT_TAKEN, json_string(words));
}

void apps_add_taken(const struct apps_act *t, const struct apps_request *q, const json_t *answer,
                    struct app_result *io)
{
    const struct taken r = hold(t, q, answer);
    const char *words = words_of(t, &r);
    if (words != NULL) {
        apps_add_words(t, words, io);
    }
}
