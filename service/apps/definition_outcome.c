#include "definition_int.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* What comes of a request: what later steps see, what counts as done, and how to find out. */

enum {
    OUTPUT_MAX = 30,
    ALREADY_MAX = 6,
    EXPECT_MAX = 8,
    TAKEN_MAX = 30,
    LOOK_UPS_MAX = 4,
    WHERE_MAX = 4
};

static void check_path(const struct json_doc *d, const char *key, const char *path, bool found)
{
    bool known =
        path != NULL &&
        (str_equal(path, "answer") || str_starts(path, "answer.") || str_starts(path, "input.") ||
         (found && (str_equal(path, "found") || str_starts(path, "found."))));
    if (!known) {
        json_doc_fault(d, key, "This must be answer, answer.PATH%s or input.NAME.",
                       found ? ", found, found.PATH" : "");
        return;
    }
    apps_check_path(d, key, path);
}

struct apps_outcome apps_read_outcome(const struct apps_action_reader *ar, const struct json_doc *d,
                                      bool found)
{
    struct apps_outcome o = {.output = json_member(d->object, "output"),
                             .record_id = apps_read_paths(d, "record_id")};
    for (size_t i = 0; i < o.record_id.count; i++) {
        check_path(d, "record_id", o.record_id.items[i], found);
    }
    if (json_is_object(o.output)) {
        struct apps_pairs paths = apps_read_pairs(ar->r, d, "output", OUTPUT_MAX);
        for (size_t i = 0; i < paths.count; i++) {
            check_path(d, "output", paths.items[i].value, found);
        }
        if (json_member(o.output, APPS_NOT_TAKEN) != NULL) {
            json_doc_fault(d, "output.not_taken",
                           "What an app did not take stands there: this needs another name.");
        }
    } else if (o.output != NULL) {
        check_path(d, "output", json_string_value(o.output), found);
    }
    return o;
}

void apps_check_where(const struct apps_action_reader *ar, const struct json_doc *d,
                      const struct apps_pairs *where)
{
    for (size_t i = 0; i < where->count; i++) {
        apps_check_template(ar, d, "where", where->items[i].value);
    }
}

void apps_read_already(const struct apps_action_reader *ar, const struct json_doc *d,
                       struct apps_request *q)
{
    static const char *const keys[] = {"status", "code",      "contains", "where",
                                       "output", "record_id", NULL};
    const json_t *list = json_doc_array(d, "already", false, ALREADY_MAX);
    q->already_count = json_array_size(list);
    q->already = arena_array(ar->r->mem, q->already_count + 1, sizeof(*q->already));
    for (size_t i = 0; i < q->already_count; i++) {
        struct json_doc row = json_doc_item(d, "already", i);
        json_doc_known(&row, keys);
        int64_t status = json_doc_i64(&row, "status", 0);
        struct apps_already *a = &q->already[i];
        *a = (struct apps_already){.status = status < 0 || status > 599 ? -1 : (int)status,
                                   .code = json_doc_text(&row, "code", false, LIMIT_LABEL),
                                   .contains = json_doc_text(&row, "contains", false, LIMIT_LABEL),
                                   .where = apps_read_pairs(ar->r, &row, "where", WHERE_MAX),
                                   .outcome = apps_read_outcome(ar, &row, false)};
        apps_check_where(ar, &row, &a->where);
        if (a->status < 0 || (status != 0 && status < 200)) {
            json_doc_fault(&row, "status", "This must be an HTTP status.");
        }
        if (row.object != NULL && a->status == 0 && a->code == NULL && a->contains == NULL) {
            json_doc_fault(&row, NULL, "This fits everything: say status, code or contains.");
        }
    }
}

void apps_read_expect(const struct apps_action_reader *ar, const struct json_doc *d,
                      struct apps_request *q)
{
    static const char *const keys[] = {"path", "equals", "words", NULL};
    const json_t *list = json_doc_array(d, "expect", false, EXPECT_MAX);
    q->expect_count = json_array_size(list);
    q->expect = arena_array(ar->r->mem, q->expect_count + 1, sizeof(*q->expect));
    for (size_t i = 0; i < q->expect_count; i++) {
        struct json_doc row = json_doc_item(d, "expect", i);
        json_doc_known(&row, keys);
        q->expect[i] =
            (struct apps_expect){.path = apps_read_path(&row, "path", true),
                                 .equals = json_doc_text(&row, "equals", true, LIMIT_LABEL),
                                 .words = json_doc_text(&row, "words", true, LIMIT_LABEL)};
        apps_check_template(ar, &row, "equals", q->expect[i].equals);
    }
}

void apps_read_taken(const struct apps_action_reader *ar, const struct json_doc *d,
                     struct apps_request *q)
{
    q->taken = apps_read_pairs(ar->r, d, "taken", TAKEN_MAX);
    for (size_t i = 0; i < q->taken.count; i++) {
        const struct apps_pair *p = &q->taken.items[i];
        const char *at = arena_printf(d->mem, "taken.%s", p->name);
        if (!apps_has_input(ar->action, p->name)) {
            json_doc_fault(d, at, "There is no input \"%s\".", p->name);
        }
        apps_check_path(d, at, p->value);
    }
    if (q->taken.count > 0 && !ar->action->writes) {
        json_doc_fault(d, "taken", "This belongs to an action that writes.");
    }
}

/* A path, or a row like those of refused_when. */
static struct apps_refused read_not_done(const struct json_doc *d)
{
    if (json_is_object(json_member(d->object, "not_done"))) {
        struct json_doc row = json_doc_member(d, "not_done", false);
        return apps_read_refused(&row);
    }
    return (struct apps_refused){.path = apps_read_path(d, "not_done", false)};
}

static void read_look_up(const struct apps_action_reader *ar, const struct json_doc *d,
                         struct apps_look_up *l)
{
    static const char *const keys[] = {"when",         "method",   "base",    "path",   "query",
                                       "headers",      "body",     "success", "none",   "found",
                                       "where",        "not_done", "before",  "output", "record_id",
                                       "refused_when", NULL};
    json_doc_known(d, keys);
    apps_read_asking(ar, d, &l->request);
    l->request.success_count = apps_read_statuses(d, "success", 200, 299, l->request.success, 4);
    if (json_member(d->object, "success") == NULL) {
        l->request.success[0] = 200;
        l->request.success_count = 1;
    }
    l->none_count =
        apps_read_statuses(d, "none", 400, 499, l->none, sizeof(l->none) / sizeof(l->none[0]));
    l->found = apps_read_path(d, "found", false);
    l->where = apps_read_pairs(ar->r, d, "where", WHERE_MAX);
    l->not_done = read_not_done(d);
    l->before = json_doc_flag(d, "before", false);
    l->outcome = apps_read_outcome(ar, d, true);
    apps_check_where(ar, d, &l->where);
    bool judges = l->before && l->request.refused.count > 0;
    if (l->found == NULL &&
        (l->not_done.path == NULL || (l->before && !judges) || l->where.count > 0)) {
        json_doc_fault(d, "found", "This must say where the answer shows that it happened.");
    }
    if ((l->found != NULL) != (l->outcome.output != NULL)) {
        json_doc_fault(d, "output", "This belongs to found, and found to it.");
    }
}

/* One look-up, or a list of them, each with its `when`. */
void apps_read_look_ups(const struct apps_action_reader *ar, const struct json_doc *d)
{
    struct app_action *x = ar->action;
    const json_t *given = json_member(d->object, "look_up");
    if (given == NULL) {
        return;
    }
    if (!x->writes) {
        json_doc_fault(d, "look_up", "This belongs to an action that writes.");
    }
    bool list = json_is_array(given);
    x->look_ups_count =
        list ? json_array_size(json_doc_array(d, "look_up", false, LOOK_UPS_MAX)) : 1;
    x->look_ups = arena_array(ar->r->mem, x->look_ups_count + 1, sizeof(*x->look_ups));
    for (size_t i = 0; i < x->look_ups_count; i++) {
        struct json_doc row =
            list ? json_doc_item(d, "look_up", i) : json_doc_member(d, "look_up", false);
        read_look_up(ar, &row, &x->look_ups[i]);
    }
}
