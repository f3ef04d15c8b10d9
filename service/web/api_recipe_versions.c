#include "api_int.h"

#include "base/str.h"

/* What a recipe was: each version, by whom and when. An old body that is PUT again is restored. */

static int answer_none(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "no_recipe", "There is no such recipe in this workspace.");
}

static json_t *made_json(struct api *a, const struct recipe_made *m)
{
    return json_pack("{s:I, s:o, s:s, s:b}", "version", (json_int_t)m->version, "created",
                     api_time(a->mem, m->at), "by", m->by, "current", m->current ? 1 : 0);
}

/* 0 for NULL. */
static int read_number(const char *text, int64_t *ret)
{
    long long n = 0;
    if (text != NULL && (!str_to_i64(text, &n) || n < 1 || n > INT32_MAX - 1)) {
        return -1;
    }
    *ret = n;
    return 0;
}

static int versions_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct api_page page = {0};
    struct recipe_made *list = NULL;
    size_t count = 0;
    int64_t below = 0;
    if (api_page(a, &page, e) != 0) {
        return -1;
    }
    if (read_number(page.cursor, &below) != 0) {
        return err_set(e, ERR_INPUT, "bad_cursor", "no cursor of ours");
    }
    if (api_workspace(a, &w, e) != 0 ||
        store_recipe_versions(a->s, a->workspace, a->name, below, page.limit + 1, &list, &count,
                              e) != 0) {
        return -1;
    }
    if (count == 0 && below == 0) {
        return answer_none(e);
    }
    bool more = (int64_t)count > page.limit;
    count -= more ? 1 : 0;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(items, made_json(a, &list[i]));
    }
    api_answer_list(a, items,
                    more ? arena_printf(a->mem, "%lld", (long long)list[count - 1].version) : NULL);
    return 0;
}

static int version_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct recipe_made *list = NULL;
    size_t count = 0;
    int64_t version = 0;
    json_t *body = NULL;
    if (api_workspace(a, &w, e) != 0) {
        return -1;
    }
    if (read_number(a->q->params[2], &version) != 0) {
        return answer_none(e);
    }
    if (store_recipe_versions(a->s, a->workspace, a->name, version + 1, 1, &list, &count, e) != 0) {
        return -1;
    }
    if (count == 0 || list[0].version != version) {
        return answer_none(e);
    }
    if (json_read(a->mem, bytes_of(list[0].body), &body, e) != 0) {
        return err_set(e, ERR_INTERNAL, "recipe_body", "recipe %s does not read", a->name);
    }
    json_t *value = made_json(a, &list[0]);
    json_object_set(value, "recipe", body);
    api_answer(a, 200, value);
    return 0;
}

int api_recipe_versions_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, versions_get, e);
}

int api_recipe_version_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, version_get, e);
}
