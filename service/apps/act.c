#include "apps_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "crypto.h"

/* One action of one step, once. */

static int bad_input(const struct apps_act *t, const char *name, const char *fault,
                     const char **ret_words, struct err *e)
{
    *ret_words = arena_printf(t->call->mem, "%s cannot use \"%s\" as it is: %s",
                              t->action->app->title, name, fault);
    return err_set(e, ERR_INVALID, "bad_input", "input %s of %s: %s", name, t->action->name, fault);
}

static int bind_query(struct apps_act *t, const struct apps_input *in, const json_t *with,
                      struct err *e)
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

/* What templates know of a file: its name, and the sum that some apps ask for. */
static void add_file(struct apps_act *t, const char *input, const json_t *value)
{
    arena *own = arena_new(); /* its bytes are asked for again when they are sent */
    const char *name = NULL;
    struct bytes data = {0};
    if (apps_input_file(own, value, &name, &data)) {
        json_object_set_new(t->values, arena_printf(own, "%s_name", input), json_string(name));
        json_object_set_new(t->values, arena_printf(own, "%s_sha1", input),
                            json_string(crypto_sha1_hex(own, data)));
    }
    arena_free(own);
}

static int read_input(struct apps_act *t, const struct apps_input *in, const json_t *with,
                      const char **ret_words, struct err *e)
{
    arena *mem = t->call->mem;
    const json_t *given = json_member(with, in->name);
    given = apps_input_empty(given) ? in->preset : given;
    json_t *value = given == NULL ? NULL : arena_json(mem, apps_input_value(mem, in, given));
    if (apps_input_empty(value)) {
        return in->required ? bad_input(t, in->name, "it is empty.", ret_words, e) : 0;
    }
    const char *fault = apps_input_fault(mem, in, value);
    if (fault != NULL) {
        return bad_input(t, in->name, fault, ret_words, e);
    }
    json_object_set(t->values, in->name, value);
    if (in->type == INPUT_FILE) {
        add_file(t, in->name, value);
    }
    if (in->type == INPUT_SOQL && bind_query(t, in, with, e) != 0) {
        return bad_input(t, in->values,
                         str_equal(e->code, "template_too_long") ? "it is too long."
                                                                 : "a value has the wrong kind.",
                         ret_words, e);
    }
    return 0;
}

/* Which request it will be may hang on what is not known yet. */
static int fits_places(const struct apps_act *t, const struct app_given *given,
                       const char **ret_input, const char **ret_words, struct err *e)
{
    const app_action *x = t->action;
    if (x->requests_count > 1 && json_object_size(given->later) > 0) {
        return 0;
    }
    const struct apps_request *q = apps_request_pick(x, given->with);
    const char *fault = apps_place_fault(t, q, given->later, ret_input);
    return fault == NULL ? 0 : bad_input(t, *ret_input, fault, ret_words, e);
}

int app_act_fits(arena *mem, const app_action *x, const struct app_given *given,
                 const char **ret_input, const char **ret_words, struct err *e)
{
    const struct app_call none = {.mem = mem};
    struct apps_act t = {
        .call = &none, .action = x, .values = arena_json(mem, json_must(json_object()))};
    for (size_t i = 0; i < x->inputs_count; i++) {
        const struct apps_input *in = &x->inputs[i];
        bool later = json_member(given->later, in->name) != NULL ||
                     (in->values != NULL && json_member(given->later, in->values) != NULL);
        if (!later && read_input(&t, in, given->with, ret_words, e) != 0) {
            *ret_input = in->name;
            return -1;
        }
    }
    return fits_places(&t, given, ret_input, ret_words, e);
}

/* What is no input: the connection's own, and what this step is known by. */
static void add_own(struct apps_act *t)
{
    const struct app_call *c = t->call;
    const app *a = t->action->app;
    for (size_t i = 0; i < a->values.count; i++) {
        const struct apps_pair *p = &a->values.items[i];
        json_object_set_new(t->values, p->name, json_string(p->value));
    }
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

int apps_act_begin(const struct app_call *c, const app_action *x, const json_t *with,
                   const char **ret_words, struct apps_act *ret, struct err *e)
{
    *ret = (struct apps_act){
        .call = c, .action = x, .values = arena_json(c->mem, json_must(json_object()))};
    for (size_t i = 0; i < x->inputs_count; i++) {
        if (read_input(ret, &x->inputs[i], with, ret_words, e) != 0) {
            return -1;
        }
    }
    add_own(ret);
    return 0;
}

bool apps_is_success(const struct apps_request *q, int status)
{
    for (size_t i = 0; i < q->success_count; i++) {
        if (q->success[i] == status) {
            return true;
        }
    }
    return false;
}

int apps_answer_body(const struct apps_act *t, const struct apps_request *q,
                     const struct net_response *r, struct apps_said *ret, struct err *e)
{
    const app *a = t->action->app;
    *ret = (struct apps_said){.r = r, .body = apps_json_body(t->call->mem, r)};
    if (ret->body == NULL && r->has_body) {
        if (!apps_is_html(r)) {
            return apps_odd(a, r, t->action->writes, e);
        }
        /* a sleeping instance or a sign-in page answers 200 with HTML */
        err_set(e, ERR_UPSTREAM_BUSY, "app_unreadable", "%s: HTTP %d without JSON", a->name,
                r->status);
        e->maybe_done = t->action->writes;
        return -1;
    }
    ret->row = apps_refused_find(&q->refused, ret->body);
    if (ret->row == NULL) {
        ret->row = apps_refused_find(&a->errors.refused, ret->body);
    }
    return ret->row == NULL ? 0 : -1;
}

/* Is what was wanted there already? */
static const struct apps_already *already(const struct apps_act *t, const struct apps_request *q,
                                          const struct apps_said *answer)
{
    const struct apps_refusal said = apps_refusal_read(t->call->mem, t->action->app, answer);
    for (size_t i = 0; i < q->already_count; i++) {
        const struct apps_already *a = &q->already[i];
        if (apps_where_fits(t, &a->where, answer->body) &&
            (a->status == 0 || a->status == said.status) &&
            (a->code == NULL || str_equal(a->code, said.code)) &&
            (a->contains == NULL ||
             (said.message != NULL && strcasestr(said.message, a->contains) != NULL))) {
            return a;
        }
    }
    return NULL;
}

static int refused(const struct apps_act *t, const struct apps_request *q,
                   const struct apps_said *said, struct app_result *ret, const char **ret_words,
                   struct err *e)
{
    arena *mem = t->call->mem;
    const struct apps_already *a = already(t, q, said);
    if (a == NULL) {
        return apps_api_refusal(mem, t->action->app, said, q, t->action->writes, ret_words, e);
    }
    apps_result_already(t, &a->outcome, arena_json(mem, apps_scope(t, said->body)), ret);
    return 0;
}

/* No JSON: a row for this very status may know the page, what it proves, and words for it. */
static int unreadable(const struct apps_act *t, const struct apps_said *said,
                      const char **ret_words, struct err *e)
{
    const app *a = t->action->app;
    const struct apps_refusal page = apps_refusal_read(t->call->mem, a, said);
    const struct apps_rule *rule = apps_rule_find(&a->errors.rules, &page);
    return rule == NULL || rule->status != said->r->status
               ? -1
               : apps_api_refusal(t->call->mem, a, said, NULL, t->action->writes, ret_words, e);
}

static int judge(const struct apps_act *t, const struct apps_request *q,
                 const struct net_response *r, struct app_result *ret, const char **ret_words,
                 struct err *e)
{
    struct apps_said said = {.r = r};
    if (!apps_is_success(q, r->status)) {
        said.body = apps_json_body(t->call->mem, r);
        return refused(t, q, &said, ret, ret_words, e);
    }
    if (q->is_file) {
        said.body = apps_file_answer(t, r);
    } else if (apps_answer_body(t, q, r, &said, e) != 0) {
        return said.row == NULL ? unreadable(t, &said, ret_words, e)
                                : refused(t, q, &said, ret, ret_words, e);
    }
    const json_t *answer = said.body;
    switch (apps_look_of(t, q, r, answer)) {
    case LOOKS_REFUSED:
        return refused(t, q, &said, ret, ret_words, e);
    case LOOKS_ODD:
        return apps_odd(t->action->app, r, t->action->writes, e);
    case LOOKS_GOOD:
        break;
    }
    if (apps_check_expected(t, q, answer, ret_words, e) != 0 ||
        apps_check_taken(t, q, answer, ret_words, e) != 0) {
        return -1;
    }
    apps_result_make(t, &q->outcome, arena_json(t->call->mem, apps_scope(t, answer)), ret);
    apps_read_back(t, q, ret);
    apps_add_taken(t, q, answer, ret);
    return 0;
}

/* A request that cannot be made of what was given: told as the input that it is. */
static int check_places(const struct apps_act *t, const struct apps_request *q,
                        const char **ret_words, struct err *e)
{
    const char *input = NULL;
    const char *fault = apps_place_fault(t, q, NULL, &input);
    return fault == NULL ? 0 : bad_input(t, input, fault, ret_words, e);
}

static int not_sent(const struct apps_act *t, const struct apps_request *q, const char **ret_words,
                    struct err *e)
{
    const char *input = apps_longest_input(t);
    if (str_equal(e->code, "template_too_long") && input != NULL) {
        return bad_input(t, input, "it is too long.", ret_words, e);
    }
    e->maybe_done = e->maybe_done && t->action->writes;
    return q->is_file ? apps_file_failed(t, ret_words, e) : -1;
}

static int ask(const struct apps_act *t, const struct apps_request *q, struct app_result *ret,
               const char **ret_words, struct err *e)
{
    const struct apps_exchange asked = {t->call, q, t->values};
    struct net_response r;
    if (apps_send(&asked, &r, e) != 0) {
        return not_sent(t, q, ret_words, e);
    }
    if (q->is_file && apps_file_follow(t, q, &r, ret_words, e) != 0) {
        return -1;
    }
    return judge(t, q, &r, ret, ret_words, e);
}

/* Once it may have been done, what stands there may be ours: then it is sent again. */
static int look_before(const struct apps_act *t, const json_t *with, enum app_lookup *ret_found,
                       struct app_result *ret, const char **ret_words, struct err *e)
{
    const struct apps_look_up *l = apps_look_up_pick(t->action, with);
    bool ours = t->call->again && app_action_repeatable(t->action, with);
    return l == NULL || !l->before || ours ? 0 : apps_look(t, l, ret_found, ret, ret_words, e);
}

static int look_and_ask(const struct apps_act *t, const struct apps_request *q, const json_t *with,
                        struct app_result *ret, const char **ret_words, struct err *e)
{
    enum app_lookup found = APP_NOT_FOUND;
    if (look_before(t, with, &found, ret, ret_words, e) != 0) {
        return -1;
    }
    if (found == APP_FOUND) {
        return 0;
    }
    if (ask(t, q, ret, ret_words, e) == 0) {
        return 0;
    }
    /* no outage that time mends: a read is asked once more, at once */
    bool odd = str_equal(e->code, APPS_ODD) && !t->action->writes;
    return odd ? ask(t, q, ret, ret_words, e) : -1;
}

int app_act(const struct app_call *c, const app_action *x, const json_t *with,
            struct app_result *ret, const char **ret_words, struct err *e)
{
    const struct apps_request *q = apps_request_pick(x, with);
    const struct apps_look_up *l = apps_look_up_pick(x, with);
    struct apps_act t;
    *ret_words = NULL;
    if (apps_act_begin(c, x, with, ret_words, &t, e) != 0) {
        return -1;
    }
    if (check_places(&t, q, ret_words, e) != 0 ||
        (l != NULL && check_places(&t, &l->request, ret_words, e) != 0)) {
        return -1;
    }
    if (look_and_ask(&t, q, with, ret, ret_words, e) == 0) {
        return 0;
    }
    apps_make_sure(&t, q, with, ret_words, e);
    if (str_equal(e->code, "already_decided")) {
        apps_who_decided(&t, q, with, &ret->decided);
    }
    return -1;
}
