#include "apps_int.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/*
 * What an answer of 2xx must show before a step counts as done. Apps say a refusal with 200, or
 * nothing at all: what the definition says that an action gives is looked for, and an answer that
 * has none of it is no success.
 */

enum { NO_CONTENT = 204 };

static const char whole[] = "answer";
static const char below[] = "answer.";

struct shown {
    size_t asked;  /* paths below the answer */
    size_t there;  /* of these: lead to something */
    bool whole;    /* all of the answer is given */
    bool listed;   /* a path goes through a list */
    bool ids;      /* the record's id is looked for in the answer */
    bool id_there; /* there or elsewhere */
};

static void look_for(const char *path, const json_t *answer, struct shown *io)
{
    io->whole = io->whole || str_equal(path, whole);
    if (!str_starts(path, below)) {
        return;
    }
    const char *rest = path + strlen(below);
    const json_t *value = json_at(answer, rest);
    io->asked++;
    io->there += value != NULL && !json_is_null(value) ? 1 : 0;
    io->listed = io->listed || isdigit((unsigned char)rest[0]);
}

static void look_for_output(const json_t *paths, const json_t *answer, struct shown *io)
{
    if (json_is_string(paths)) {
        look_for(json_string_value(paths), answer, io);
        return;
    }
    const char *name = NULL;
    json_t *path = NULL;
    json_object_foreach((json_t *)(uintptr_t)paths, name, path)
    {
        look_for(json_string_value(path), answer, io);
    }
}

static struct shown look(const struct apps_act *t, const struct apps_request *q,
                         const json_t *answer)
{
    arena *mem = t->call->mem;
    const struct apps_outcome *own = &t->action->outcome;
    const struct apps_texts *ids =
        q->outcome.record_id.count > 0 ? &q->outcome.record_id : &own->record_id;
    struct shown s = {0};
    look_for_output(q->outcome.output != NULL ? q->outcome.output : own->output, answer, &s);
    for (size_t i = 0; i < ids->count; i++) {
        bool of_answer = str_starts(ids->items[i], below);
        look_for(ids->items[i], answer, &s);
        s.ids = s.ids || of_answer;
        s.id_there = s.id_there || !of_answer ||
                     apps_scalar(mem, json_at(answer, ids->items[i] + strlen(below))) != NULL;
    }
    return s;
}

static bool is_one_of(const char *const *names, const char *name)
{
    size_t i = 0;
    while (names[i] != NULL && !str_equal(names[i], name)) {
        i++;
    }
    return names[i] != NULL;
}

/* An object, or a list of them, that holds an error and nothing else. */
static bool is_mere_error(const json_t *answer)
{
    static const char *const errors[] = {"error", "errors", "errorCode", "error_code", NULL};
    static const char *const beside[] = {
        "message", "error_description", "detail", "details",    "code", "status",
        "ok",      "success",           "fields", "request_id", NULL};
    const json_t *one = json_is_array(answer) ? json_array_get(answer, 0) : answer;
    const char *name = NULL;
    json_t *value = NULL;
    bool error = false;
    json_object_foreach((json_t *)(uintptr_t)one, name, value)
    {
        bool is_error = is_one_of(errors, name);
        if (!is_error && !is_one_of(beside, name)) {
            return false;
        }
        error = error || (is_error && apps_is_there(value));
    }
    return error;
}

/* Nothing of what was asked for, and an error where this app, or nearly every other, has one. A
 * message alone, or an error beside other things, may belong to what is given as a whole. */
static bool says_no(const struct apps_act *t, const struct net_response *r, const json_t *answer,
                    const struct shown *s)
{
    if (answer == NULL || s->there > 0) {
        return false;
    }
    const struct apps_said all = {.r = r, .body = answer};
    const struct apps_refusal said = apps_refusal_read(t->call->mem, t->action->app, &all);
    bool beside =
        s->asked > 0 && (!str_empty(said.message) || apps_is_there(json_at(answer, "error")) ||
                         apps_is_there(json_at(answer, "errors")));
    return beside || !str_empty(said.code) || is_mere_error(answer);
}

static bool stands(const struct apps_act *t, const struct apps_expect *x, const json_t *answer,
                   const char **ret_want)
{
    arena *mem = t->call->mem;
    *ret_want = apps_template_text(mem, x->equals, t->values);
    return *ret_want != NULL &&
           str_equal(*ret_want, apps_value_text(mem, json_at(answer, x->path)));
}

/* What the definition expects, and what we sent, stands there: it is the answer to this write. */
static bool is_proven(const struct apps_act *t, const struct apps_request *q, const json_t *answer)
{
    const char *want = NULL;
    for (size_t i = 0; i < q->expect_count; i++) {
        if (stands(t, &q->expect[i], answer, &want)) {
            return true;
        }
    }
    return apps_is_taken(t, q, answer);
}

/* A read may find nothing, and say so by leaving things out; a write has done something. */
static bool is_odd(const struct apps_act *t, const struct apps_request *q, const json_t *answer,
                   const struct shown *s)
{
    if (t->action->writes) {
        bool hollow = (s->ids && !s->id_there) || (s->asked > 0 && s->there == 0);
        return hollow && !is_proven(t, q, answer);
    }
    bool nothing = answer == NULL && (s->asked > 0 || s->whole);
    bool list = json_array_size(answer) > 0 && s->asked > 0 && !s->listed && !s->whole;
    return nothing || list;
}

enum apps_look_of apps_look_of(const struct apps_act *t, const struct apps_request *q,
                               const struct net_response *r, const json_t *answer)
{
    if (r->status == NO_CONTENT || q->is_file) {
        return LOOKS_GOOD; /* the definition allows it, and it shows no more; a file is any bytes */
    }
    const struct shown s = look(t, q, answer);
    if (says_no(t, r, answer, &s)) {
        return LOOKS_REFUSED;
    }
    return is_odd(t, q, answer, &s) ? LOOKS_ODD : LOOKS_GOOD;
}

int apps_check_expected(const struct apps_act *t, const struct apps_request *q,
                        const json_t *answer, const char **ret_words, struct err *e)
{
    const char *want = NULL;
    for (size_t i = 0; i < q->expect_count; i++) {
        const struct apps_expect *x = &q->expect[i];
        if (!stands(t, x, answer, &want) && want != NULL) {
            *ret_words = x->words;
            return err_set(e, ERR_UPSTREAM_REFUSED, "app_refused", "%s: %s is not what was asked",
                           t->action->app->name, x->path);
        }
    }
    return 0;
}

int apps_odd(const app *a, const struct net_response *r, bool writes, struct err *e)
{
    err_set(e, ERR_UPSTREAM_REFUSED, APPS_ODD, "%s: HTTP %d, %s", a->name, r->status,
            r->has_body ? "not what its definition says" : "without a body");
    e->maybe_done = writes;
    return -1;
}
