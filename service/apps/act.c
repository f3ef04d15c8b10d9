#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* One action of one step, once: inputs are checked again here, for templates have become values. */
struct act {
    const struct app_call *call;
    const struct app_action *action;
    const struct apps_request *request;
    json_t *values; /* of the templates: inputs that are there, the connection's, and the key */
};

static int bad_input(struct act *t, const char *name, const char *fault, const char **ret_words,
                     struct err *e)
{
    *ret_words = arena_printf(t->call->mem, "%s cannot use \"%s\" as it is: %s",
                              t->action->app->title, name, fault);
    return err_set(e, ERR_INVALID, "bad_input", "input %s of %s: %s", name, t->action->name, fault);
}

static int bind_query(struct act *t, const struct apps_input *in, const json_t *with, struct err *e)
{
    char *bound = NULL;
    const char *soql = json_text(with, in->name);
    if (soql == NULL) {
        return 0;
    }
    if (apps_soql_bind(t->call->mem, soql, json_member(with, in->values), &bound, e) != 0) {
        return -1;
    }
    json_object_set_new(t->values, in->name, json_string(bound));
    return 0;
}

static int read_input(struct act *t, const struct apps_input *in, const json_t *with,
                      const char **ret_words, struct err *e)
{
    arena *mem = t->call->mem;
    const json_t *value = json_member(with, in->name);
    if (apps_input_empty(value)) {
        value = in->preset;
    }
    if (value != NULL) {
        value = arena_json(mem, apps_input_value(mem, in, value));
    }
    if (apps_input_empty(value)) {
        return in->required ? bad_input(t, in->name, "it is empty.", ret_words, e) : 0;
    }
    const char *fault = apps_input_fault(mem, in, value);
    if (fault != NULL) {
        return bad_input(t, in->name, fault, ret_words, e);
    }
    json_object_set_new(t->values, in->name, json_deep_copy(value));
    if (in->type == INPUT_SOQL && bind_query(t, in, with, e) != 0) {
        return bad_input(t, in->values, "a value has the wrong kind.", ret_words, e);
    }
    return 0;
}

/* What is no input: the connection's own, and what this step is known by. */
static void add_own(struct act *t)
{
    const struct app_call *c = t->call;
    const app *a = t->action->app;
    for (size_t i = 0; i < a->vars_count; i++) {
        const char *text = json_text(c->site.vars, a->vars[i].name);
        if (text != NULL) {
            json_object_set_new(t->values, a->vars[i].name, json_string(text));
        }
    }
    if (c->idempotency_key != NULL) {
        json_object_set_new(t->values, "idempotency_key", json_string(c->idempotency_key));
    }
    if (c->account_key != NULL) {
        const char *last = strrchr(c->account_key, ':');
        json_object_set_new(t->values, "account_id",
                            json_string(last == NULL ? c->account_key : last + 1));
    }
}

static int read_inputs(struct act *t, const json_t *with, const char **ret_words, struct err *e)
{
    t->values = arena_json(t->call->mem, json_object());
    for (size_t i = 0; i < t->action->inputs_count; i++) {
        if (read_input(t, &t->action->inputs[i], with, ret_words, e) != 0) {
            return -1;
        }
    }
    add_own(t);
    return 0;
}

static bool is_success(const struct apps_request *q, int status)
{
    for (size_t i = 0; i < q->success_count; i++) {
        if (q->success[i] == status) {
            return true;
        }
    }
    return false;
}

static json_t *output_of(arena *mem, const json_t *paths, const json_t *scope)
{
    if (json_is_string(paths)) {
        return json_deep_copy(json_at(scope, json_string_value(paths)));
    }
    union {
        const json_t *given;
        json_t *open;
    } o = {.given = paths}; /* jansson's iterator only reads, but its parameter is not const */
    json_t *out = arena_json(mem, json_object());
    for (void *at = json_object_iter(o.open); at != NULL; at = json_object_iter_next(o.open, at)) {
        const json_t *value = json_at(scope, json_string_value(json_object_iter_value(at)));
        json_object_set_new(out, json_object_iter_key(at),
                            value == NULL ? json_null() : json_deep_copy(value));
    }
    return json_incref(out);
}

/* Without a usable id there is no link, but the write stands. */
static const char *record_url(struct act *t, const char *id)
{
    static const char by_base[] = "{api_base}";
    arena *mem = t->call->mem;
    const char *text = t->action->record_url;
    json_t *values = arena_json(mem, json_copy(t->values));
    json_object_set_new(values, "id", json_string(id));
    const char *base = apps_api_base(mem, &t->call->site);
    const struct apps_vars vars = {.values = values, .raw_name = "api_base", .raw_value = base};
    struct err why = {0};
    char *url = NULL;
    if (!str_starts(text, by_base)) {
        text = apps_site_url(mem, &t->call->site, text);
    }
    return apps_template_url(mem, text, &vars, &url, &why) == 0 ? url : NULL;
}

static int result_of(struct act *t, const json_t *answer, struct app_result *ret)
{
    arena *mem = t->call->mem;
    const struct app_action *x = t->action;
    json_t *scope = arena_json(mem, json_object());
    json_object_set_new(scope, "answer", answer == NULL ? json_null() : json_deep_copy(answer));
    json_object_set(scope, "input", t->values);
    *ret = (struct app_result){.output = arena_json(mem, output_of(mem, x->output, scope))};
    ret->record_id = x->record_id == NULL ? NULL : apps_scalar(mem, json_at(scope, x->record_id));
    if (ret->record_id != NULL && x->record_url != NULL) {
        ret->record_url = record_url(t, ret->record_id);
    }
    return 0;
}

static int judge(struct act *t, const struct net_response *r, struct app_result *ret,
                 const char **ret_words, struct err *e)
{
    arena *mem = t->call->mem;
    const struct app_action *x = t->action;
    if (!is_success(t->request, r->status)) {
        return apps_api_error(mem, x->app, r, x->writes, ret_words, e);
    }
    const json_t *answer = apps_json_body(mem, r);
    if (answer == NULL && r->has_body) {
        /* a sleeping instance or a sign-in page answers 200 with HTML */
        err_set(e, ERR_UPSTREAM_BUSY, "app_unreadable", "%s: HTTP %d without JSON", x->app->name,
                r->status);
        e->maybe_done = x->writes;
        return -1;
    }
    const struct apps_refused *row = apps_refused_find(&t->request->refused, answer);
    row = row != NULL ? row : apps_refused_find(&x->app->errors.refused, answer);
    if (row != NULL) {
        return apps_api_refusal(mem, x->app, r, row, x->writes, ret_words, e);
    }
    return result_of(t, answer, ret);
}

int app_act(const struct app_call *c, const app_action *x, const json_t *with,
            struct app_result *ret, const char **ret_words, struct err *e)
{
    struct act t = {.call = c, .action = x, .request = apps_request_pick(x, with)};
    *ret_words = NULL;
    struct net_response r;
    if (read_inputs(&t, with, ret_words, e) != 0) {
        return -1;
    }
    const struct apps_exchange asked = {c, t.request, t.values};
    if (apps_send(&asked, &r, e) != 0) {
        e->maybe_done = e->maybe_done && x->writes;
        return -1;
    }
    return judge(&t, &r, ret, ret_words, e);
}
