#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/*
 * What is asked besides an action's own request, once that has its answer: which record an answer
 * without an id means, and who had decided before. The answer stands whatever comes of it.
 */

/* One question with the same rights; NULL: refused, failed, or nothing that can be read. */
static const json_t *ask(const struct apps_act *t, const struct apps_request *q)
{
    const struct apps_exchange asked = {t->call, q, t->values};
    struct apps_said said;
    struct net_response r;
    struct err unused = {0}; /* nothing hangs on it */
    bool good = apps_send(&asked, &r, &unused) == 0 && apps_is_success(q, r.status) &&
                apps_answer_body(t, q, &r, &said, &unused) == 0;
    return good ? said.body : NULL;
}

void apps_read_back(const struct apps_act *t, const struct apps_request *q, struct app_result *io)
{
    const struct apps_read_back *b = q->read_back;
    struct app_result read = {0};
    if (b == NULL || io->record_id != NULL) {
        return;
    }
    const json_t *answer = ask(t, &b->request);
    if (answer != NULL) {
        apps_result_make(t, &b->outcome, arena_json(t->call->mem, apps_scope(t, answer)), &read);
    }
    if (read.record_id != NULL) {
        *io = read;
        return;
    }
    apps_add_words(t,
                   arena_printf(t->call->mem,
                                "It is done, but %s did not say which record it is: no link could "
                                "be had.",
                                t->action->app->title),
                   io);
}

/* ISO 8601, or in UTC without a zone: "2026-12-31 13:30:00". 0: neither. */
static int64_t moment(arena *mem, const char *text)
{
    enum { DATE_LENGTH = 10, LENGTH = 19 };
    if (text == NULL || strlen(text) != LENGTH || text[DATE_LENGTH] != ' ') {
        return apps_iso_time(text);
    }
    return apps_iso_time(arena_printf(mem, "%.*sT%sZ", DATE_LENGTH, text, text + DATE_LENGTH + 1));
}

/* Ours, of what the app says in any letter case; NULL: that is no decision of a person. */
static const char *word_of(const char *said)
{
    static const char *const words[] = {"approved", "rejected", "completed"};
    for (size_t i = 0; said != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_equal_fold(words[i], said)) {
            return words[i];
        }
    }
    return NULL;
}

/* The block, if it is for these inputs. */
static const struct apps_decided *decided_of(const struct apps_act *t, const struct apps_request *q,
                                             const json_t *with)
{
    const struct apps_decided *d = q->decided;
    return d != NULL && apps_when_fits(t->action, &d->request.when, with) ? d : NULL;
}

static bool has_ended(const struct apps_act *t, const struct apps_ended *x)
{
    const json_t *rows = json_at(ask(t, &x->request), x->rows);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (apps_where_fits(t, &x->waits, json_array_get(rows, i))) {
            return false;
        }
    }
    return json_array_size(rows) > 0;
}

void apps_make_sure(const struct apps_act *t, const struct apps_request *q, const json_t *with,
                    const char **ret_words, struct err *e)
{
    const struct apps_decided *d = decided_of(t, q, with);
    if (!str_equal(e->code, APPS_UNSURE)) {
        return;
    }
    e->code = "app_refused";
    if (d != NULL && d->ended != NULL && has_ended(t, d->ended)) {
        e->code = "already_decided";
        *ret_words = d->ended->words;
    }
}

void apps_who_decided(const struct apps_act *t, const struct apps_request *q, const json_t *with,
                      struct app_decided *ret)
{
    arena *mem = t->call->mem;
    const struct apps_decided *d = decided_of(t, q, with);
    if (d == NULL) {
        return;
    }
    const json_t *said = ask(t, &d->request);
    if (d->one != NULL) {
        const json_t *rows = json_at(said, d->one);
        said = json_array_size(rows) == 1 ? json_array_get(rows, 0) : NULL;
    }
    const char *by = apps_scalar(mem, json_at(said, d->by));
    const char *word = word_of(apps_scalar(mem, json_at(said, d->word)));
    if (str_empty(by) || strlen(by) > LIMIT_LABEL || word == NULL) {
        return;
    }
    *ret = (struct app_decided){
        .by = by, .word = word, .at = moment(mem, apps_scalar(mem, json_at(said, d->at)))};
}
