#include "console_int.h"

#include <string.h>

/* What the buttons of a page do: a row each, which call of the API it is. */

int console_take(struct console *c, json_t *body, const char *key, struct err *e)
{
    const char *value = NULL;
    if (console_field(c, key, &value, e) != 0) {
        return -1;
    }
    value = str_trim(c->mem, value);
    if (value[0] != '\0') {
        json_put_words(body, key, value);
    }
    return 0;
}

int console_take_number(struct console *c, json_t *body, const char *key, struct err *e)
{
    const char *text = NULL;
    long long number = 0;
    if (console_field(c, key, &text, e) != 0) {
        return -1;
    }
    text = str_trim(c->mem, text);
    if (text[0] != '\0') {
        json_put(body, key,
                 str_to_i64(text, &number) ? json_must(json_integer(number)) : json_words(text));
    }
    return 0;
}

void console_refuse(struct console_answer *ret, int status, const char *problem)
{
    *ret = (struct console_answer){.status = status, .problem = problem};
}

int console_make(struct console *c, const struct console_call *put, struct console_answer *ret,
                 const char *taken, struct err *e)
{
    struct console_call make = *put;
    make.condition = (struct header){"If-None-Match", "*"};
    make.unmet = taken;
    return console_try(c, &make, ret, e);
}

static int find_deed(const struct console *c, const struct console_deed *deeds,
                     const struct console_deed **ret, struct err *e)
{
    const char *word = NULL;
    if (console_field(c, "do", &word, e) != 0) {
        return -1;
    }
    for (*ret = deeds; (*ret)->word != NULL; (*ret)++) {
        if (str_equal((*ret)->word, word)) {
            return 0;
        }
    }
    return err_set(e, ERR_INPUT, "query", "\"do\" is nothing that this page does.");
}

bool console_outdated(const struct console_answer *a)
{
    return a->problem != NULL && a->status == err_http_status(ERR_PRECONDITION);
}

/* Such a form holds all of a setting: whoever opened it before another admin changed something
 * would put that back. */
static int take_tag(const struct console *c, struct console_call *call, struct err *e)
{
    const char *tag = NULL;
    if (console_field(c, "tag", &tag, e) != 0) {
        return -1;
    }
    if (tag[0] != '\0') {
        call->condition = (struct header){"If-Match", tag};
        call->unmet =
            "Nothing was done: somebody changed this since you opened the page. Here it is "
            "as it stands now; make your change again.";
    }
    return 0;
}

int console_do(struct console *c, const struct console_deed *deeds, const struct console_deed **ret,
               struct console_answer *ret_answer, struct err *e)
{
    struct console_call call = {.method = WB_POST, .name = c->name};
    const char *sure = NULL;
    if (find_deed(c, deeds, ret, e) != 0 || console_field(c, "sure", &sure, e) != 0 ||
        take_tag(c, &call, e) != 0) {
        return -1;
    }
    if ((*ret)->asked && !str_equal(sure, "on")) {
        console_refuse(ret_answer, 422, "Nothing was done: tick the box to say that you mean it.");
        return 0;
    }
    if ((*ret)->call(c, &call, e) != 0) {
        return -1;
    }
    if (call.refusal != NULL) {
        json_decref(call.body); /* which nobody takes over */
        console_refuse(ret_answer, 409, call.refusal);
        return 0;
    }
    return console_try(c, &call, ret_answer, e);
}

/* Where the page of this request stands: its pattern has one more parameter, or none. */
static const char *own_path(const struct console *c)
{
    const char *rest = c->q->path + strlen("/console/workspaces/{workspace}");
    const char *open = strchr(rest, '{');
    struct str path = str_new(c->mem, 500);
    str_add_n(&path, rest, open == NULL ? strlen(rest) : (size_t)(open - rest));
    if (open != NULL) {
        str_add_url(&path, c->name);
        str_add(&path, strchr(open, '}') + 1);
    }
    return console_path(c, "%s", path.text);
}

int console_deeds(struct console *c, const struct console_deed *deeds, console_show_fn *show,
                  struct err *e)
{
    const struct console_deed *deed = NULL;
    struct console_answer a;
    if (console_do(c, deeds, &deed, &a, e) != 0) {
        return -1;
    }
    if (a.problem != NULL || deed->said == NULL) {
        return show(c, &a, e);
    }
    console_done(c, deed->to == NULL ? own_path(c) : console_path(c, "%s", deed->to), deed->said);
    return 0;
}

void console_put_problem(json_t *data, const struct console_answer *a)
{
    if (a->problem == NULL) {
        return;
    }
    json_put_words(data, "problem", a->faults == NULL ? a->problem : "This was not done:");
    if (a->faults != NULL) {
        json_put(data, "faults", json_incref(a->faults));
    }
}
