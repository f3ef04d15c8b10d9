#include "apps_int.h"

#include "base/str.h"

/*
 * What a lost answer leaves behind. A read or a repeatable write did nothing that a repeat would do
 * twice. Where the definition says how to ask, the app is asked. A plain create leaves no mark of
 * ours at the app: a record with the same values may be somebody else's, or another run's, and its
 * absence may only mean that it is not there yet. So the person is asked, rather than a guess made
 * (P10).
 */

const struct apps_look_up *apps_look_up_pick(const struct app_action *x, const json_t *with)
{
    for (size_t i = 0; i < x->look_ups_count; i++) {
        if (apps_when_fits(x, &x->look_ups[i].request.when, with)) {
            return &x->look_ups[i];
        }
    }
    return NULL;
}

bool apps_where_fits(const struct apps_act *t, const struct apps_pairs *where, const json_t *row)
{
    arena *mem = t->call->mem;
    for (size_t i = 0; i < where->count; i++) {
        const char *want = apps_template_text(mem, where->items[i].value, t->values);
        const char *have = apps_value_text(mem, json_at(row, where->items[i].name));
        if (want == NULL || !str_equal(want, have)) {
            return false;
        }
    }
    return true;
}

static const json_t *find(const struct apps_act *t, const struct apps_look_up *l,
                          const json_t *answer)
{
    const json_t *there = l->found == NULL ? NULL : json_at(answer, l->found);
    if (l->where.count == 0) {
        return apps_is_there(there) ? there : NULL;
    }
    if (json_is_object(there)) {
        return apps_where_fits(t, &l->where, there) ? there : NULL;
    }
    for (size_t i = 0; i < json_array_size(there); i++) {
        const json_t *row = json_array_get(there, i);
        if (apps_where_fits(t, &l->where, row)) {
            return row;
        }
    }
    return NULL;
}

static bool says_none(const struct apps_look_up *l, int status)
{
    size_t i = 0;
    while (i < l->none_count && l->none[i] != status) {
        i++;
    }
    return i < l->none_count;
}

static void conclude(const struct apps_act *t, const struct apps_look_up *l, const json_t *answer,
                     enum app_lookup *ret, struct app_result *ret_result)
{
    const json_t *found = find(t, l, answer);
    if (found != NULL) {
        json_t *scope = arena_json(t->call->mem, apps_scope(t, answer));
        json_put(scope, "found", json_incref((json_t *)(uintptr_t)found)); /* only read */
        apps_result_make(t, &l->outcome, scope, ret_result);
        *ret = APP_FOUND;
        return;
    }
    bool proof =
        l->not_done.path == NULL || (answer != NULL && apps_row_fits(&l->not_done, answer));
    *ret = proof ? APP_NOT_FOUND : APP_CANNOT_TELL;
}

int apps_look(const struct apps_act *t, const struct apps_look_up *l, enum app_lookup *ret,
              struct app_result *ret_result, const char **ret_words, struct err *e)
{
    arena *mem = t->call->mem;
    const app *a = t->action->app;
    const struct apps_exchange asked = {t->call, &l->request, t->values};
    struct net_response r;
    struct apps_said said;
    if (apps_send(&asked, &r, e) != 0) {
        e->maybe_done = false; /* it only asks */
        return -1;
    }
    if (says_none(l, r.status)) {
        conclude(t, l, NULL, ret, ret_result);
        return 0;
    }
    if (!apps_is_success(&l->request, r.status)) {
        said = (struct apps_said){.r = &r, .body = apps_json_body(mem, &r)};
        return apps_api_refusal(mem, a, &said, &l->request, false, ret_words, e);
    }
    if (apps_answer_body(t, &l->request, &r, &said, e) != 0) {
        e->maybe_done = false;
        return said.row == NULL ? -1
                                : apps_api_refusal(mem, a, &said, &l->request, false, ret_words, e);
    }
    conclude(t, l, said.body, ret, ret_result);
    return 0;
}

int app_look_up(const struct app_call *c, const app_action *x, const json_t *with,
                enum app_lookup *ret, struct app_result *ret_result, struct err *e)
{
    *ret_result = (struct app_result){0};
    *ret = APP_CANNOT_TELL;
    if (!x->writes || app_action_repeatable(x, with)) {
        *ret = APP_NOT_FOUND;
        return 0;
    }
    const struct apps_look_up *l = apps_look_up_pick(x, with);
    const char *words = NULL;
    struct apps_act t;
    if (l == NULL) {
        return 0;
    }
    if (apps_act_begin(c, x, with, &words, &t, e) != 0) {
        return -1;
    }
    return apps_look(&t, l, ret, ret_result, &words, e);
}
