#include "api_int.h"

static int read_filter(const struct api *a, struct audit_filter *f, struct err *e)
{
    return request_query(a->q, "actor", &f->actor, e) != 0 ||
                   request_query(a->q, "action", &f->action, e) != 0 ||
                   request_query(a->q, "subject", &f->subject, e) != 0 ||
                   api_query_time(a, "since", &f->since, e) != 0 ||
                   api_query_time(a, "until", &f->until, e) != 0
               ? -1
               : 0;
}

static int audit_get(struct api *a, struct err *e)
{
    struct api_page page = {0};
    struct audit_row *list = NULL;
    size_t count = 0;
    struct audit_filter f = {.limit = 0};
    if (api_page(a, &page, e) != 0 || read_filter(a, &f, e) != 0) {
        return -1;
    }
    f.before_id = page.cursor;
    f.limit = page.limit + 1;
    if (store_audit_page(a->s, a->workspace, &f, &list, &count, e) != 0) {
        return -1;
    }
    struct workspace *w = NULL;
    /* the trail outlives its workspace */
    if (count == 0 && api_workspace(a, &w, e) != 0) {
        return -1;
    }
    bool more = (int64_t)count > page.limit;
    count -= more ? 1 : 0;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(items, json_pack("{s:s, s:o, s:s, s:s, s:s, s:O?}", "id", list[i].id,
                                               "at", api_time(a->mem, list[i].at), "actor",
                                               list[i].actor, "action", list[i].action, "subject",
                                               list[i].subject, "detail", list[i].detail));
    }
    api_answer_list(a, items, more ? list[count - 1].id : NULL);
    return 0;
}

int api_audit_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, audit_get, e);
}

/* The catalogue does not change while the process runs and needs no session. */
int api_apps_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    (void)e;
    json_t *items = json_array();
    for (size_t i = 0; apps_at(w->options.apps, i) != NULL; i++) {
        json_array_append_new(items, app_describe(apps_at(w->options.apps, i)));
    }
    json_t *body = json_pack("{s:o, s:n}", "items", items, "next");
    respond_json(q->mem, r, 200, arena_json(q->mem, body));
    return 0;
}
