#include "api_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"

/* Tokens of the API that belong to this workspace. What each role may do stands in router.c. */

enum { DAYS_MAX = 3660, DAY_S = 24 * 3600 };

static json_t *token_json(const struct api *a, const struct api_token *t)
{
    bool over = t->expires_at > 0 && t->expires_at <= clock_now();
    return json_must(
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "name", t->name, "role",
                  store_api_role_word(t->role), "state", over ? "expired" : "active", "fingerprint",
                  token_actor(a->mem, t->digest) + sizeof "token:" - 1, "begins", t->begins,
                  "made_by", t->made_by, "created", api_time(a->mem, t->created_at), "expires",
                  api_time(a->mem, t->expires_at), "last_used", api_time(a->mem, t->last_used_at)));
}

/* Did somebody make it, also through another token, who is no admin any more? */
static bool is_orphan(const struct workspace *w, const char *maker)
{
    return str_starts(maker, "user:") && !store_is_admin(w, maker + strlen("user:"));
}

/* No token outlives the one that made it, as that could make another of its kind each day. */
static int64_t read_end(struct api *a)
{
    const struct api_token *by = a->q->by;
    bool given = api_given(&a->doc, "expires_in_days");
    int64_t days = json_doc_i64(&a->doc, "expires_in_days", 0);
    if (given && (days < 1 || days > DAYS_MAX)) {
        json_doc_fault(&a->doc, "expires_in_days", "This must be a number from 1 to %d.", DAYS_MAX);
        return 0;
    }
    int64_t at = given ? clock_now() + days * DAY_S : 0;
    if (by != NULL && by->expires_at > 0 && (at == 0 || at > by->expires_at)) {
        json_doc_fault(&a->doc, "expires_in_days",
                       "The token that you use ends before that, on %s.",
                       clock_rfc3339(a->mem, by->expires_at));
    }
    return at;
}

static void read_body(struct api *a, struct api_token *ret)
{
    static const char *const keys[] = {"name", "role", "expires_in_days", NULL};
    static const char *const words[] = {"read", "operate", "admin", "act", NULL};
    static const enum api_role roles[] = {API_ROLE_READ, API_ROLE_OPERATE, API_ROLE_ADMIN,
                                          API_ROLE_ACT};
    const struct json_doc *d = &a->doc;
    json_doc_known(d, keys);
    a->name = json_doc_text(d, "name", true, LIMIT_NAME);
    if (a->name != NULL) {
        api_check_name(a);
    }
    int role = json_doc_text(d, "role", true, LIMIT_NAME) == NULL
                   ? -1
                   : json_doc_choice(d, "role", words, -1);
    ret->role = role < 0 ? API_ROLE_NONE : roles[role];
    ret->name = a->name;
    ret->expires_at = read_end(a);
}

static json_t *told(const struct api *a, const struct api_token *t)
{
    return json_must(json_pack("{s:s, s:s, s:o}", "role", store_api_role_word(t->role),
                               "fingerprint", token_actor(a->mem, t->digest) + sizeof "token:" - 1,
                               "expires", api_time(a->mem, t->expires_at)));
}

static int tokens_post(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct api_token t = {
        .workspace = a->workspace, .made_by = a->q->actor, .created_at = clock_now()};
    if (api_workspace_lock(a, &w, e) != 0) {
        return -1;
    }
    read_body(a, &t);
    if (api_refuse(a, e) != 0) {
        return -1;
    }
    const char *token = token_new(a->mem, w->route, &t.digest, &t.begins);
    if (store_api_token_add(a->s, &t, e) != 0 ||
        api_audit(a, "api_token.made", t.name, told(a, &t), e) != 0) {
        return -1;
    }
    json_t *value = token_json(a, &t);
    json_put(value, "orphaned", json_false());
    json_put(value, "token", json_must(json_string(token)));
    api_answer(a, 201, value);
    return 0;
}

static const char *name_at(const void *list, size_t i)
{
    return ((const struct api_token *)list)[i].name;
}

static int tokens_get(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct api_token *list = NULL;
    struct api_page page = {0};
    size_t count = 0;
    if (api_page(a, &page, e) != 0 || api_workspace(a, &w, e) != 0 ||
        store_api_token_list(a->s, a->workspace, &list, &count, e) != 0) {
        return -1;
    }
    const struct api_window on = api_window(&page, list, count, name_at);
    json_t *items = json_must(json_array());
    for (size_t i = on.from; i < on.to; i++) {
        json_t *value = token_json(a, &list[i]);
        bool orphan = is_orphan(w, store_api_token_maker(list, count, &list[i]));
        json_put(value, "orphaned", json_boolean(orphan));
        json_push(items, value);
    }
    api_answer_list(a, items, on.next);
    return 0;
}

static int token_delete(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct api_token *t = NULL;
    if (api_workspace_lock(a, &w, e) != 0 ||
        store_api_token_delete(a->s, a->workspace, a->name, &t, e) != 0) {
        return -1;
    }
    if (t == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_token", "There is no such token in this workspace.");
    }
    if (api_audit(a, "api_token.revoked", t->name, told(a, t), e) != 0) {
        return -1;
    }
    respond_empty(a->r, 204);
    return 0;
}

int api_tokens_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, tokens_get, e);
}

int api_tokens_post(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, tokens_post, e);
}

int api_token_delete(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, token_delete, e);
}
