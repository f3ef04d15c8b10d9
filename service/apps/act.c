#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* One action of one step, once: inputs are checked again here, for templates have become values. */
struct act {
    const struct app_call *call;
    const struct app_action *action;
    const struct apps_request *request;
    json_t *values; /* of the templates: inputs that are there, and the key */
    const char *base;
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

static int read_inputs(struct act *t, const json_t *with, const char **ret_words, struct err *e)
{
    arena *mem = t->call->mem;
    t->values = arena_json(mem, json_object());
    for (size_t i = 0; i < t->action->inputs_count; i++) {
        const struct apps_input *in = &t->action->inputs[i];
        json_t *value = json_member(with, in->name);
        if (value == NULL || json_is_null(value) || str_equal(json_string_value(value), "")) {
            if (in->required) {
                return bad_input(t, in->name, "it is empty.", ret_words, e);
            }
            continue;
        }
        const char *fault = apps_input_fault(mem, in, value);
        if (fault != NULL) {
            return bad_input(t, in->name, fault, ret_words, e);
        }
        json_object_set_new(t->values, in->name, json_deep_copy(value));
        if (in->type == INPUT_SOQL && bind_query(t, in, with, e) != 0) {
            return bad_input(t, in->values, "a value has the wrong kind.", ret_words, e);
        }
    }
    if (t->call->idempotency_key != NULL) {
        json_object_set_new(t->values, "idempotency_key", json_string(t->call->idempotency_key));
    }
    return 0;
}

static int url_of(struct act *t, const char **ret, struct err *e)
{
    arena *mem = t->call->mem;
    const struct apps_vars vars = {.values = t->values};
    char *path = NULL;
    if (apps_template_url(mem, t->request->path, &vars, &path, e) != 0) {
        return -1;
    }
    struct str s = str_new(mem, LIMIT_URL);
    str_add(&s, t->base);
    str_add(&s, path);
    char sign = '?';
    for (size_t i = 0; i < t->request->query.count; i++) {
        const struct apps_pair *p = &t->request->query.items[i];
        json_t *text = arena_json(mem, json_string(p->value));
        json_t *value = arena_json(mem, apps_template_json(mem, text, t->values));
        if (value == NULL) {
            continue; /* an input that is not there */
        }
        str_add_char(&s, sign);
        str_add_url(&s, p->name);
        str_add_char(&s, '=');
        str_add_url(&s, apps_scalar(mem, value) == NULL ? "" : apps_scalar(mem, value));
        sign = '&';
    }
    *ret = s.text;
    return s.cut ? err_set(e, ERR_INVALID, "template_too_long", "a URL is longer than %d bytes",
                           LIMIT_URL)
                 : 0;
}

static int send(struct act *t, struct net_response *ret, struct err *e)
{
    arena *mem = t->call->mem;
    struct net_request q = {.method = t->request->method,
                            .peer = t->action->app->name,
                            .bearer = t->call->access,
                            .headers = {{"Accept", "application/json"}}};
    if (url_of(t, &q.url, e) != 0) {
        return -1;
    }
    if (t->request->body != NULL) {
        json_t *body = arena_json(mem, apps_template_json(mem, t->request->body, t->values));
        q.body = json_write(mem, body);
        q.content_type = "application/json";
    }
    if (net_call(t->call->http, mem, &q, ret, e) != 0) {
        e->maybe_done = e->maybe_done && t->action->writes;
        return -1;
    }
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

static int result_of(struct act *t, const json_t *answer, struct app_result *ret)
{
    arena *mem = t->call->mem;
    const struct app_action *x = t->action;
    json_t *scope = arena_json(mem, json_object());
    json_object_set_new(scope, "answer", answer == NULL ? json_null() : json_deep_copy(answer));
    json_object_set(scope, "input", t->values);
    *ret = (struct app_result){.output = arena_json(mem, output_of(mem, x->output, scope))};
    ret->record_id = x->record_id == NULL ? NULL : apps_scalar(mem, json_at(scope, x->record_id));
    if (ret->record_id == NULL || x->record_url == NULL) {
        return 0;
    }
    json_t *id = arena_json(mem, json_pack("{s:s}", "id", ret->record_id));
    const struct apps_vars vars = {.values = id, .raw_name = "api_base", .raw_value = t->base};
    struct err why = {0};
    char *url = NULL;
    if (apps_template_url(mem, x->record_url, &vars, &url, &why) == 0) {
        ret->record_url = url; /* without a usable id there is no link, but the write stands */
    }
    return 0;
}

int app_act(const struct app_call *c, const app_action *x, const json_t *with,
            struct app_result *ret, const char **ret_words, struct err *e)
{
    struct act t = {.call = c, .action = x, .request = apps_request_pick(x, with)};
    t.base = apps_api_base(c->mem, &c->site);
    *ret_words = NULL;
    struct net_response r;
    if (read_inputs(&t, with, ret_words, e) != 0 || send(&t, &r, e) != 0) {
        return -1;
    }
    if (!is_success(t.request, r.status)) {
        return apps_api_error(c->mem, x->app, &r, x->writes, ret_words, e);
    }
    const json_t *answer = apps_json_body(c->mem, &r);
    if (answer == NULL && r.has_body) {
        /* a sleeping instance or a sign-in page answers 200 with HTML */
        err_set(e, ERR_UPSTREAM_BUSY, "app_unreadable", "%s: HTTP %d without JSON", x->app->name,
                r.status);
        e->maybe_done = x->writes;
        return -1;
    }
    return result_of(&t, answer, ret);
}
