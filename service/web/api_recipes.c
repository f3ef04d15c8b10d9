#include "api_int.h"

#include <string.h>

#include "base/str.h"

/* The body as it was given, with what we know about it. */
static int recipe_json(struct api *a, const struct recipe_row *row, json_t **ret, struct err *e)
{
    json_t *body = NULL;
    if (json_read(a->mem, bytes_of(row->body), &body, e) != 0) {
        return err_set(e, ERR_INTERNAL, "recipe_body", "recipe %s does not read", row->name);
    }
    json_t *value = json_pack("{s:s, s:I, s:b, s:b, s:o}", "name", row->name, "version",
                              (json_int_t)row->version, "enabled", row->enabled ? 1 : 0, "hidden",
                              row->hidden ? 1 : 0, "updated", api_time(a->mem, row->updated_at));
    json_object_update_missing(value, body);
    *ret = value;
    return 0;
}

static int find_recipe(struct api *a, struct recipe_row **ret, struct err *e)
{
    struct workspace *w = NULL;
    if (api_workspace(a, &w, e) != 0 ||
        store_recipe_find(a->s, a->workspace, a->name, ret, e) != 0) {
        return -1;
    }
    if (*ret == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_recipe", "There is no such recipe in this workspace.");
    }
    return 0;
}

static int tag_of(struct api *a, const struct recipe_row *row, const char **ret, struct err *e)
{
    json_t *value = NULL;
    if (recipe_json(a, row, &value, e) != 0) {
        return -1;
    }
    *ret = api_tag(a, value, 0); /* all of it is shown, with its version */
    return 0;
}

/* row: what stands, NULL for nothing; read under the workspace's lock. */
static int check_condition(struct api *a, const struct recipe_row *row, struct err *e)
{
    const char *tag = NULL;
    if (!api_is_conditional(a)) {
        return 0;
    }
    return row != NULL && tag_of(a, row, &tag, e) != 0 ? -1 : api_condition(a, tag, e);
}

/* stored: by this request, which also tells what will not work; NULL: it only reads. */
static int answer(struct api *a, int status, const struct recipe *stored, struct err *e)
{
    struct recipe_row *row = NULL;
    const char *tag = NULL;
    json_t *value = NULL, *warnings = NULL;
    if ((stored != NULL && api_recipe_warn(a, stored, &warnings, e) != 0) ||
        find_recipe(a, &row, e) != 0 || tag_of(a, row, &tag, e) != 0 ||
        recipe_json(a, row, &value, e) != 0) {
        return -1;
    }
    if (warnings != NULL) {
        json_object_set_new(value, "warnings", warnings);
    }
    api_answer_tagged(a, status, value, tag);
    return 0;
}

int api_recipe_read(struct api *a, struct recipe **ret, struct err *e)
{
    struct default_connection *connections = NULL;
    struct recipe_row *others = NULL;
    struct recipe_world world = {.apps = a->web->options.apps, .reserved = bot_reserved_words()};
    if (store_default_list(a->s, a->workspace, &connections, &world.connections_count, e) != 0 ||
        store_recipe_list(a->s, a->workspace, &others, &world.recipes_count, e) != 0) {
        return -1;
    }
    world.connections = connections;
    world.recipes = others;
    api_check_name(a);
    if (json_member(a->body, "name") == NULL) {
        json_object_set_new(a->body, "name", json_string(a->name));
    }
    api_recipe_allow(a);
    recipe_parse(a->mem, a->body, ret, &a->faults);
    recipe_check(a->mem, *ret, &world, &a->faults);
    return 0;
}

static int read_recipe(struct api *a, struct recipe **ret, struct err *e)
{
    return api_recipe_read(a, ret, e) != 0 ? -1 : api_refuse(a, e);
}

static bool unchanged(const struct recipe_row *old, const struct recipe_row *row)
{
    return old != NULL && str_equal(old->body, row->body) &&
           str_equal(old->command, row->command) && old->enabled == row->enabled &&
           old->hidden == row->hidden;
}

static int recipe_put(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct recipe *recipe = NULL;
    struct recipe_row *old = NULL;
    if (api_workspace_lock(a, &w, e) != 0 ||
        store_recipe_find(a->s, a->workspace, a->name, &old, e) != 0 ||
        check_condition(a, old, e) != 0 || read_recipe(a, &recipe, e) != 0) {
        return -1;
    }
    const struct recipe_row row = {
        .workspace = a->workspace,
        .name = a->name,
        .command = recipe->command == NULL ? NULL : recipe_command_fold(a->mem, recipe->command),
        .enabled = recipe->enabled,
        .hidden = recipe->hidden,
        .body = json_write(a->mem, a->body)};
    if (unchanged(old, &row)) {
        return answer(a, 200, recipe, e);
    }
    struct recipe_row *now = NULL;
    if (store_recipe_put(a->s, &row, a->q->actor, e) != 0 || find_recipe(a, &now, e) != 0 ||
        api_audit(
            a, old == NULL ? "recipe.created" : "recipe.changed", a->name,
            json_pack("{s:I, s:s?}", "version", (json_int_t)now->version, "command", now->command),
            e) != 0) {
        return -1;
    }
    return answer(a, old == NULL ? 201 : 200, recipe, e);
}

static int recipe_get(struct api *a, struct err *e)
{
    return answer(a, 200, NULL, e);
}

static int recipe_delete(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct recipe_row *row = NULL;
    bool existed = false;
    if (api_workspace_lock(a, &w, e) != 0 || find_recipe(a, &row, e) != 0 ||
        check_condition(a, row, e) != 0 ||
        store_recipe_delete(a->s, a->workspace, a->name, &existed, e) != 0 ||
        api_audit(a, "recipe.deleted", a->name,
                  json_pack("{s:I}", "version", (json_int_t)row->version), e) != 0) {
        return -1;
    }
    respond_empty(a->r, 204);
    return 0;
}

/* Without the steps: a list of many recipes stays short. */
static int summary_json(struct api *a, const struct recipe_row *row, json_t **ret, struct err *e)
{
    static const char *const keys[] = {"name",    "title",  "command", "version",
                                       "enabled", "hidden", "updated"};
    json_t *whole = NULL;
    if (recipe_json(a, row, &whole, e) != 0) {
        return -1;
    }
    arena_json(a->mem, whole);
    *ret = json_object();
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        json_object_set(*ret, keys[i], json_member(whole, keys[i]));
    }
    return 0;
}

static const char *name_at(const void *list, size_t i)
{
    return ((const struct recipe_row *)list)[i].name;
}

static int recipes_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct recipe_row *list = NULL;
    struct api_page page = {0};
    size_t count = 0;
    if (api_page(a, &page, e) != 0 || api_workspace(a, &w, e) != 0 ||
        store_recipe_list(a->s, a->workspace, &list, &count, e) != 0) {
        return -1;
    }
    const struct api_window on = api_window(&page, list, count, name_at);
    json_t *items = arena_json(a->mem, json_array());
    for (size_t i = on.from; i < on.to; i++) {
        json_t *value = NULL;
        if (summary_json(a, &list[i], &value, e) != 0) {
            return -1;
        }
        json_array_append_new(items, value);
    }
    api_answer_list(a, json_incref(items), on.next);
    return 0;
}

int api_recipe_put(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, recipe_put, e);
}

int api_recipe_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, recipe_get, e);
}

int api_recipe_delete(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, recipe_delete, e);
}

int api_recipes_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, recipes_get, e);
}
