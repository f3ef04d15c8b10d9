#include "api_int.h"

#include "base/limits.h"
#include "base/str.h"

static json_t *personal_json(arena *mem, const struct connection *c)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:b, s:s, s:s?, s:o, s:s?, s:o, s:o, s:o, s:o}", "id", c->id,
        "connection", c->default_name, "app", c->app, "user", c->user_id, "chosen", !c->resting,
        "state", connection_state_name(c->state), "reason", c->reason, "account",
        api_account(&c->account), "assurance", c->assurance, "connected",
        api_time(mem, c->connected_at), "last_used", api_time(mem, c->last_used_at), "expires",
        api_time(mem, c->tokens.refresh_expires_at), "created", api_time(mem, c->created_at));
}

static bool is_state(const char *word)
{
    for (int i = 0; i < CONNECTION_STATE_COUNT; i++) {
        if (str_equal(connection_state_name((enum connection_state)i), word)) {
            return true;
        }
    }
    return false;
}

/* What is not given does not narrow the list; what is given and empty is a mistake. */
static int read_filter(const struct api *a, struct connection_filter *ret, struct err *e)
{
    const struct {
        const char *name, **to;
    } words[] = {{"app", &ret->app},
                 {"user", &ret->user_id},
                 {"state", &ret->state},
                 {"connection", &ret->default_name},
                 {"begins", &ret->begins}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (request_query(a->q, words[i].name, words[i].to, e) != 0) {
            return -1;
        }
        if (*words[i].to != NULL && (*words[i].to)[0] == '\0') {
            return err_set(e, ERR_INPUT, "query", "\"%s\" must not be empty.", words[i].name);
        }
    }
    return ret->state == NULL || is_state(ret->state)
               ? 0
               : err_set(e, ERR_INPUT, "query", "\"state\" is none that a connection has.");
}

static int personal_list(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct api_page page = {0};
    struct connection_filter f = {0};
    struct connection *list = NULL;
    size_t count = 0;
    if (api_page(a, &page, e) != 0 || read_filter(a, &f, e) != 0 || api_workspace(a, &w, e) != 0) {
        return -1;
    }
    f.after_id = page.cursor;
    f.limit = page.limit + 1;
    if (store_connection_page(a->s, a->workspace, &f, &list, &count, e) != 0) {
        return -1;
    }
    bool more = (int64_t)count > page.limit;
    count -= more ? 1 : 0;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(items, personal_json(a->mem, &list[i]));
    }
    api_answer_list(a, items, more ? list[count - 1].id : NULL);
    return 0;
}

/* Disconnects one; what is disconnected already stays as it is, unless it is to be forgotten. */
static int end_one(struct api *a, const struct connection *c, bool forget, struct api_ended *ended,
                   struct err *e)
{
    struct connection *left = NULL;
    struct err missing = {0};
    ended->connections++;
    if (api_end_logins(a, c, LOGIN_CANCELLED, ended, e) != 0) {
        return -1;
    }
    if (store_connection_load(a->s, a->workspace, c->id, &left, &missing) != 0) {
        if (missing.kind != ERR_NOT_FOUND) {
            *e = missing;
            return -1;
        } /* it was the waiting login's row and went with it */
        return api_audit(a, "connection.disconnected", c->id,
                         json_pack("{s:s, s:s}", "connection", c->default_name, "user", c->user_id),
                         e);
    }
    if (c->state == CONNECTION_DISCONNECTED && !forget) {
        return 0;
    }
    bool has_tokens = !secret_empty(left->tokens.access) || !secret_empty(left->tokens.refresh);
    ended->revoking += has_tokens ? 1 : 0;
    const struct oauth_disconnect what = {
        .connection = left, .actor = a->q->actor, .forget = forget};
    return oauth_disconnect(a->web->options.oauth, a->s, &what, e);
}

static int personal_delete(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct connection *c = NULL;
    struct api_ended ended = {0};
    bool forget = false;
    if (api_flag(a, "forget", &forget, e) != 0 || api_workspace_lock(a, &w, e) != 0 ||
        store_connection_load(a->s, a->workspace, a->name, &c, e) != 0) {
        return -1;
    }
    if (str_empty(c->user_id)) {
        return err_set(e, ERR_NOT_FOUND, "no_connection", "There is no such personal connection.");
    }
    if (end_one(a, c, forget, &ended, e) != 0) {
        return -1;
    }
    api_answer_ended(a, &ended);
    return 0;
}

/* All of an app, of a person, or of that person in that app. */
static int personal_delete_all(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct connection_filter f = {.limit = LIMIT_PAGE_COUNT};
    struct api_ended ended = {0};
    bool forget = false;
    size_t count = 0;
    if (api_flag(a, "forget", &forget, e) != 0 || read_filter(a, &f, e) != 0) {
        return -1;
    }
    if (f.app == NULL && f.user_id == NULL) {
        return err_set(e, ERR_INPUT, "query",
                       "\"app\" or \"user\" must say whose connections are meant.");
    }
    if (api_workspace_lock(a, &w, e) != 0) {
        return -1;
    }
    do {
        struct connection *list = NULL;
        if (store_connection_page(a->s, a->workspace, &f, &list, &count, e) != 0) {
            return -1;
        }
        for (size_t i = 0; i < count; i++) {
            f.after_id = list[i].id;
            if (end_one(a, &list[i], forget, &ended, e) != 0) {
                return -1;
            }
        }
    } while (count == LIMIT_PAGE_COUNT);
    api_answer_ended(a, &ended);
    return 0;
}

int api_personal_list(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, personal_list, e);
}

int api_personal_delete(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, personal_delete, e);
}

int api_personal_delete_all(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, personal_delete_all, e);
}
