#include "api_int.h"

#include "base/str.h"

/*
 * Groups of people, whom recipes let in by the group's name. What is here is who an admin named:
 * somebody who has left the workspace is refused by their standing, and stays in the list.
 */

static json_t *group_json(const struct api *a, const struct user_group *g, bool whole)
{
    json_t *value = json_must(json_pack(
        "{s:s, s:I, s:o, s:o}", "name", g->name, "count", (json_int_t)g->users_count, "created",
        api_time(a->mem, g->created_at), "updated", api_time(a->mem, g->updated_at)));
    if (whole) {
        json_put(value, "users", json_texts(g->users, g->users_count));
    }
    return value;
}

static const char *tag_of(struct api *a, const struct user_group *g)
{
    return api_tag(a, group_json(a, g, true), 0);
}

static int check_condition(struct api *a, const struct user_group *g, struct err *e)
{
    return api_is_conditional(a) ? api_condition(a, g == NULL ? NULL : tag_of(a, g), e) : 0;
}

static int load(struct api *a, struct user_group **ret, struct err *e)
{
    if (store_group_find(a->s, a->workspace, a->name, ret, e) != 0) {
        return -1;
    }
    return *ret != NULL
               ? 0
               : err_set(e, ERR_NOT_FOUND, "no_group", "There is no such group in this workspace.");
}

static int group_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct user_group *g = NULL;
    if (api_workspace(a, &w, e) != 0 || load(a, &g, e) != 0) {
        return -1;
    }
    api_answer_tagged(a, 200, group_json(a, g, true), tag_of(a, g));
    return 0;
}

static const char *name_at(const void *list, size_t i)
{
    return ((const struct user_group *)list)[i].name;
}

static int groups_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct user_group *list = NULL;
    struct api_page page = {0};
    size_t count = 0;
    if (api_page(a, &page, e) != 0 || api_workspace(a, &w, e) != 0 ||
        store_group_list(a->s, a->workspace, &list, &count, e) != 0) {
        return -1;
    }
    const struct api_window on = api_window(&page, list, count, name_at);
    json_t *items = json_must(json_array());
    for (size_t i = on.from; i < on.to; i++) {
        json_push(items, group_json(a, &list[i], false));
    }
    api_answer_list(a, items, on.next);
    return 0;
}

static int put_it(struct api *a, const struct user_group *old, const struct user_group *next,
                  struct err *e)
{
    static const struct user_group none = {.users_count = 0};
    const struct user_group *was = old == NULL ? &none : old;
    json_t *detail = arena_json(a->mem, json_must(json_object()));
    bool differs =
        api_tell_list(a->mem, detail, "", (struct api_list){was->users, was->users_count},
                      (struct api_list){next->users, next->users_count});
    if (old != NULL && !differs) {
        return 0;
    }
    return store_group_put(a->s, next, e) != 0
               ? -1
               : api_audit(a, old == NULL ? "group.created" : "group.changed", a->name,
                           json_incref(detail), e);
}

static int group_put(struct api *a, struct err *e)
{
    static const char *const keys[] = {"name", "users", NULL};
    struct user_group next = {.workspace = a->workspace, .name = a->name}, *old = NULL, *now = NULL;
    struct workspace *w = NULL;
    if (api_workspace_lock(a, &w, e) != 0 ||
        store_group_find(a->s, a->workspace, a->name, &old, e) != 0 ||
        check_condition(a, old, e) != 0) {
        return -1;
    }
    json_doc_known(&a->doc, keys);
    api_check_name(a);
    next.users = api_people(a, "users", GROUP_USERS_MAX, &next.users_count);
    if (api_refuse(a, e) != 0 || put_it(a, old, &next, e) != 0 || load(a, &now, e) != 0) {
        return -1;
    }
    api_answer_tagged(a, old == NULL ? 201 : 200, group_json(a, now, true), tag_of(a, now));
    return 0;
}

static int group_delete(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct user_group *g = NULL;
    if (api_workspace_lock(a, &w, e) != 0 || load(a, &g, e) != 0 || check_condition(a, g, e) != 0 ||
        store_group_delete(a->s, a->workspace, a->name, e) != 0 ||
        api_audit(a, "group.deleted", a->name,
                  json_pack("{s:I}", "count", (json_int_t)g->users_count), e) != 0) {
        return -1;
    }
    respond_empty(a->r, 204);
    return 0;
}

int api_group_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, group_get, e);
}

int api_groups_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, groups_get, e);
}

int api_group_put(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, group_put, e);
}

int api_group_delete(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, group_delete, e);
}
