#include "api_int.h"

#include "base/str.h"

/* The people whom Workbot knows in a workspace, and the erasure of one. */

static json_t *person_json(arena *mem, const struct workspace *w, const struct person *p)
{
    return json_must(json_pack(
        "{s:s, s:s?, s:s, s:b, s:b, s:I, s:o, s:o, s:b}", "user", p->user_id, "name",
        str_empty(p->name) ? NULL : p->name, "standing", p->standing, "admin",
        store_is_admin(w, p->user_id), "installer", str_equal(w->installer, p->user_id),
        "connections", (json_int_t)p->connections, "last_run", api_time(mem, p->last_run_at),
        "created", api_time(mem, p->created_at), "erasing", p->erasing));
}

static int people_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct api_page page = {0};
    struct person_filter f = {0};
    struct person *list = NULL;
    size_t count = 0;
    if (api_page(a, &page, e) != 0 || request_query(a->q, "begins", &f.begins, e) != 0) {
        return -1;
    }
    if (f.begins != NULL && f.begins[0] == '\0') {
        return err_set(e, ERR_INPUT, "query", "\"begins\" must not be empty.");
    }
    if (api_workspace(a, &w, e) != 0) {
        return -1;
    }
    f.after_user_id = page.cursor;
    f.limit = page.limit + 1;
    if (store_person_page(a->s, a->workspace, &f, &list, &count, e) != 0) {
        return -1;
    }
    bool more = (int64_t)count > page.limit;
    count -= more ? 1 : 0;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++) {
        json_push(items, person_json(a->mem, w, &list[i]));
    }
    api_answer_list(a, items, more ? list[count - 1].user_id : NULL);
    return 0;
}

static int person_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    const struct person_filter f = {.user_id = a->name, .limit = 1};
    struct person *found = NULL;
    const char **logins = NULL;
    size_t count = 0, logins_count = 0;
    if (api_workspace(a, &w, e) != 0 ||
        store_person_page(a->s, a->workspace, &f, &found, &count, e) != 0) {
        return -1;
    }
    if (count == 0) {
        return err_set(e, ERR_NOT_FOUND, "no_person",
                       "Workbot knows nobody of this id in the workspace.");
    }
    if (store_erase_owns(a->s, a->workspace, a->name, &logins, &logins_count, e) != 0) {
        return -1;
    }
    json_t *value = person_json(a->mem, w, found);
    json_put(value, "default_connections", json_texts(logins, logins_count));
    api_answer(a, 200, value);
    return 0;
}

int api_people_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, people_get, e);
}

int api_person_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, person_get, e);
}

/* --- the erasure: not in a transaction of its own, as there are two and jobs between them --- */

static json_t *proof_json(const struct bot_forgotten *f)
{
    const struct erase_proof *p = &f->proof;
    return json_must(json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "columns",
                               (json_int_t)p->columns, "sealed_values", (json_int_t)p->sealed,
                               "unopened", (json_int_t)p->unopened, "found", (json_int_t)p->found,
                               "places", json_texts(p->places, p->places_count), "words",
                               json_texts(p->words, p->words_count), "words_not_searched",
                               json_texts(p->spared, p->spared_count)));
}

static json_t *forgotten_json(const struct bot_forgotten *f)
{
    const struct erased *d = &f->done;
    return json_must(json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:o}", "erased", f->erased ? 1 : 0,
                               "pseudonym", f->pseudonym, "waiting", (json_int_t)f->waiting, "rows",
                               (json_int_t)(f->erased ? d->rows : 0), "values",
                               (json_int_t)(f->erased ? d->values : 0), "audit_lines",
                               (json_int_t)(f->erased ? d->lines : 0), "proof", proof_json(f)));
}

static int still_may(const void *arg, store *s, const struct workspace *w, struct err *e)
{
    struct api a = {.q = arg, .s = s};
    return api_still_may(&a, w, e);
}

int api_person_delete(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct bot_forgotten done;
    const struct bot_forget what = {.workspace = q->params[0],
                                    .user_id = q->params[1],
                                    .actor = q->actor,
                                    .still_may = still_may,
                                    .arg = q};
    if (bot_forget(w->options.bot, q->mem, &what, &done, e) != 0) {
        return -1;
    }
    w->options.wake(w->options.wake_arg);
    respond_json(q->mem, r, done.erased ? 200 : 202, arena_json(q->mem, forgotten_json(&done)));
    return 0;
}
