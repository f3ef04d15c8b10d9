#include "api_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

bool api_is_draft(const struct api *a, const struct default_connection *d)
{
    const app *known = apps_find(a->web->options.apps, d->app);
    bool public_client = known != NULL && !app_needs_secret(known);
    return d->client_id == NULL || (secret_empty(d->client_secret) && !public_client);
}

/* What state a default connection is in: a draft until it has a client, then that of its own
 * tokens. */
static const char *state_of(const struct api *a, const struct default_connection *d,
                            const struct connection *own)
{
    if (api_is_draft(a, d)) {
        return "draft";
    }
    return connection_state_name(own == NULL ? CONNECTION_NEEDS_LOGIN : own->state);
}

int api_default_json(struct api *a, const struct default_connection *d, json_t **ret, struct err *e)
{
    struct connection *own = NULL;
    if (store_connection_find(a->s, d->workspace, d->name, "", &own, e) != 0) {
        return -1;
    }
    json_t *client =
        json_pack("{s:s?, s:b, s:b, s:s?, s:o}", "client_id", d->client_id, "has_client_secret",
                  secret_empty(d->client_secret) ? 0 : 1, "keep_alive", d->keep_alive ? 1 : 0,
                  "owner", own == NULL ? NULL : own->owner, "expires",
                  api_time(a->mem, own == NULL ? 0 : own->tokens.refresh_expires_at));
    json_t *value = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:s?, s:o, s:o, s:o}", "name", d->name,
        "app", d->app, "host", d->host, "scopes", json_texts(d->scopes, d->scopes_count), "vars",
        d->vars == NULL ? json_object() : json_deep_copy(d->vars), "assurance",
        d->assurance_sign_in ? "sign_in" : "code", "account_match", d->account_match,
        "redirect_uri", oauth_redirect_uri(a->mem, a->web->options.oauth, d->callback_key), "state",
        state_of(a, d, own), "reason", own == NULL ? NULL : own->reason, "account",
        own == NULL ? json_null() : api_account(&own->account), "created",
        api_time(a->mem, d->created_at), "updated", api_time(a->mem, d->updated_at));
    json_object_update_new(value, client);
    *ret = value;
    return 0;
}

int api_default_tag(struct api *a, const struct default_connection *d, const char **ret,
                    struct err *e)
{
    json_t *value = NULL;
    if (api_default_json(a, d, &value, e) != 0) {
        return -1;
    }
    *ret = api_tag(a, value, d->stored_us);
    return 0;
}

int api_default_condition(struct api *a, const struct default_connection *d, struct err *e)
{
    const char *tag = NULL;
    if (!api_is_conditional(a)) {
        return 0;
    }
    return d != NULL && api_default_tag(a, d, &tag, e) != 0 ? -1 : api_condition(a, tag, e);
}

static int connection_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct default_connection *d = NULL;
    const char *tag = NULL;
    json_t *value = NULL;
    if (api_workspace(a, &w, e) != 0 || api_default(a, &d, e) != 0 ||
        api_default_tag(a, d, &tag, e) != 0 || api_default_json(a, d, &value, e) != 0) {
        return -1;
    }
    api_answer_tagged(a, 200, value, tag);
    return 0;
}

enum { TOLD_MAX = 5 }; /* recipes in a refusal */

static int by_name(const void *a, const void *b)
{
    const struct default_connection *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static const char *name_at(const void *list, size_t i)
{
    return ((const struct default_connection *)list)[i].name;
}

static int connections_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct default_connection *list = NULL;
    struct api_page page = {0};
    size_t count = 0;
    if (api_page(a, &page, e) != 0 || api_workspace(a, &w, e) != 0 ||
        store_default_list(a->s, a->workspace, &list, &count, e) != 0) {
        return -1;
    }
    qsort(list, count, sizeof *list, by_name);
    const struct api_window on = api_window(&page, list, count, name_at);
    json_t *items = arena_json(a->mem, json_array());
    for (size_t i = on.from; i < on.to; i++) {
        json_t *value = NULL;
        if (api_default_json(a, &list[i], &value, e) != 0) {
            return -1;
        }
        json_array_append_new(items, value);
    }
    api_answer_list(a, json_incref(items), on.next);
    return 0;
}

/* Recipes that use it could do nothing from then on. */
static int check_unused(struct api *a, struct err *e)
{
    const char **names = NULL;
    size_t count = 0;
    bool force = false;
    if (api_flag(a, "force", &force, e) != 0 ||
        store_recipe_using(a->s, a->workspace, a->name, &names, &count, e) != 0) {
        return -1;
    }
    if (force || count == 0) {
        return 0;
    }
    const char *list = names[0];
    for (size_t i = 1; i < count && i < TOLD_MAX; i++) {
        list = arena_printf(a->mem, "%s, %s", list, names[i]);
    }
    return err_set(e, ERR_CONFLICT, "connection_in_use", "Used by %zu recipe%s: %s.", count,
                   count == 1 ? "" : "s", list);
}

static int connection_delete(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct default_connection *d = NULL;
    struct api_ended ended = {0};
    if (api_workspace_lock(a, &w, e) != 0 || api_default(a, &d, e) != 0 ||
        api_default_condition(a, d, e) != 0 || check_unused(a, e) != 0 ||
        api_end_grants(a, d, LOGIN_CANCELLED, &ended, e) != 0) {
        return -1;
    }
    json_t *detail =
        json_pack("{s:s, s:I, s:I}", "app", d->app, "connections", (json_int_t)ended.connections,
                  "revoking", (json_int_t)ended.revoking);
    /* Behind the delete: whoever parked a run meanwhile has done so by then. */
    if (store_default_delete(a->s, a->workspace, d->name, e) != 0 ||
        store_run_let_go(a->s, a->workspace, d->name, "connection_removed", e) != 0 ||
        api_touch_homes(a, e) != 0 ||
        api_audit(a, "default_connection.deleted", d->name, detail, e) != 0) {
        return -1;
    }
    api_answer_ended(a, &ended);
    return 0;
}

int api_connection_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, connection_get, e);
}

int api_connections_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, connections_get, e);
}

int api_connection_delete(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, connection_delete, e);
}
