#include "api_int.h"

#include "base/limits.h"
#include "base/str.h"

/* What a workspace is before its first PUT. */
static const struct workspace none = {.name = "", .installer_uses_default = true, .state = "draft"};

/* By its key: also of a tenant that is not listed yet, or not any more. */
static bool by_app_token(const char *workspace)
{
    const struct chat_driver *platform = chats_platform(workspace);
    return platform != NULL && platform->app_token;
}

/* "ok" is the platform's word alone. */
static const char *token_state(const struct workspace *w)
{
    if (by_app_token(w->workspace)) {
        return "not_needed";
    }
    if (secret_empty(w->bot_token)) {
        return "none";
    }
    if (str_equal(w->state, "broken")) {
        return "refused";
    }
    return w->bot_unchecked ? "unchecked" : "ok";
}

/* What the platform granted, and what is wrong with it. */
static json_t *bot_json(arena *mem, const struct workspace *w)
{
    return json_pack("{s:s?, s:s, s:o, s:o, s:s?, s:b, s:b, s:s?, s:o, s:s?}", "bot_id", w->bot_id,
                     "bot_token_state", token_state(w), "scopes",
                     json_texts(w->bot_scopes, w->bot_scopes_count), "missing_scopes",
                     json_texts(w->missing_scopes, w->missing_scopes_count), "bot_fault",
                     w->bot_fault, "bot_token_rotates", w->bot_expires_at > 0 ? 1 : 0, "org_wide",
                     w->org_wide ? 1 : 0, "organization", w->organization, "installed",
                     api_time(mem, w->installed_at), "url", w->url);
}

/* Not while its platform is switched off, or its tenant is not listed (any more). */
static bool is_served(const struct api *a, const char *workspace)
{
    return chats_driver(a->web->options.chats, workspace) != NULL;
}

static const char *uses_word(const struct workspace *w)
{
    return w->installer_uses_default ? "default" : "personal";
}

static const char *guests_word(const struct workspace *w)
{
    return w->guests_allowed ? "allow" : "refuse";
}

static const char *acting_word(const struct workspace *w)
{
    return w->acting ? "on" : "off";
}

static json_t *workspace_json(const struct api *a, const struct workspace *w)
{
    arena *mem = a->mem;
    json_t *value = json_pack(
        "{s:s, s:s, s:s?, s:o, s:s, s:s, s:s?, s:b, s:s, s:b, s:o, s:o}", "workspace", w->workspace,
        "name", w->name, "installer", w->installer, "admins",
        json_texts(w->admins, w->admins_count), "installer_uses", uses_word(w), "guests",
        guests_word(w), "bot_user_id", w->bot_user_id, "has_bot_token",
        secret_empty(w->bot_token) ? 0 : 1, "state", w->state, "served", is_served(a, w->workspace),
        "created", api_time(mem, w->created_at), "updated", api_time(mem, w->updated_at));
    json_put_words(value, "acting", acting_word(w));
    json_object_update_new(value, bot_json(mem, w));
    return value;
}

static const char *tag_of(struct api *a, const struct workspace *w)
{
    return api_tag(a, workspace_json(a, w), w->stored_us);
}

static int check_condition(struct api *a, const struct workspace *w, struct err *e)
{
    return api_is_conditional(a) ? api_condition(a, w == NULL ? NULL : tag_of(a, w), e) : 0;
}

static int answer(struct api *a, int status, struct err *e)
{
    struct workspace *w = NULL;
    if (api_workspace(a, &w, e) != 0) {
        return -1;
    }
    api_answer_tagged(a, status, workspace_json(a, w), tag_of(a, w));
    return 0;
}

static void read_token(const struct api *a, struct workspace *ret, struct api_secret *ret_token)
{
    const struct json_doc *d = &a->doc;
    *ret_token = api_secret(d, "bot_token");
    size_t faults = a->faults.count;
    ret->bot_refresh = api_secret(d, "bot_refresh_token").value;
    if (a->faults.count == faults && !secret_empty(ret->bot_refresh) &&
        secret_empty(ret_token->value)) {
        json_doc_fault(d, "bot_refresh_token", "This belongs to a bot_token: give both.");
    }
    if (!secret_empty(ret_token->value) && by_app_token(a->workspace)) {
        json_doc_fault(d, "bot_token",
                       "The bot acts with the app's own secret there: leave this out.");
    }
}

static void read_workspace(const struct api *a, const struct workspace *old, struct workspace *ret,
                           struct api_secret *ret_token)
{
    static const char *const keys[] = {
        "name",   "installer", "admins",      "installer_uses",    "guests",
        "acting", "bot_token", "bot_user_id", "bot_refresh_token", NULL};
    static const char *const uses[] = {"default", "personal", NULL};
    static const char *const guests[] = {"refuse", "allow", NULL};
    static const char *const switches[] = {"off", "on", NULL};
    const struct json_doc *d = &a->doc;
    json_doc_known(d, keys);
    *ret = *old;
    ret->workspace = a->workspace;
    if (api_given(d, "name")) {
        const char *name = api_line(d, "name", false, LIMIT_LABEL);
        ret->name = name == NULL ? "" : name;
    }
    if (api_given(d, "installer")) {
        ret->installer = api_user(a, "installer");
    }
    if (api_given(d, "admins")) {
        ret->admins = api_users(a, "admins", &ret->admins_count);
    }
    if (api_given(d, "installer_uses")) {
        ret->installer_uses_default = json_doc_choice(d, "installer_uses", uses, 0) == 0;
    }
    if (api_given(d, "guests")) {
        ret->guests_allowed = json_doc_choice(d, "guests", guests, 0) == 1;
    }
    if (api_given(d, "acting")) {
        ret->acting = json_doc_choice(d, "acting", switches, 0) == 1;
    }
    if (api_given(d, "bot_user_id")) {
        ret->bot_user_id = api_word(d, "bot_user_id", API_USER_ID_MAX);
    }
    read_token(a, ret, ret_token);
}

static json_t *changes(const struct workspace *old, const struct workspace *w,
                       struct api_secret token)
{
    json_t *list = json_array();
    api_note(list, !str_equal(old->name, w->name), "name");
    api_note(list, !str_equal(old->installer, w->installer), "installer");
    api_note(list, !api_texts_equal(old->admins, old->admins_count, w->admins, w->admins_count),
             "admins");
    api_note(list, old->installer_uses_default != w->installer_uses_default, "installer_uses");
    api_note(list, old->guests_allowed != w->guests_allowed, "guests");
    api_note(list, old->acting != w->acting, "acting");
    api_note(list, !str_equal(old->bot_user_id, w->bot_user_id), "bot_user_id");
    api_note(list, api_secret_differs(token, old->bot_token), "bot_token");
    api_note(list, !str_equal(old->state, w->state), "state");
    return list;
}

/* Who may do what here is told by name: whoever took a right must not be the one who says so. */
static json_t *told(struct api *a, const struct workspace *old, const struct workspace *w,
                    json_t *changed)
{
    json_t *detail = arena_json(a->mem, json_must(json_pack("{s:O}", "changed", changed)));
    const struct api_list was = {old->admins, old->admins_count},
                          now = {w->admins, w->admins_count};
    if (!api_texts_equal(was.texts, was.count, now.texts, now.count)) {
        api_tell_list(a->mem, detail, "admins_", was, now);
    }
    api_tell_change(a->mem, detail, "installer", old->installer, w->installer);
    api_tell_change(a->mem, detail, "installer_uses", uses_word(old), uses_word(w));
    api_tell_change(a->mem, detail, "guests", guests_word(old), guests_word(w));
    api_tell_change(a->mem, detail, "acting", acting_word(old), acting_word(w));
    return json_incref(detail);
}

/* Stores and tells the audit, unless all is as it was. */
static int put_changed(struct api *a, const struct workspace *old, const struct workspace *w,
                       struct api_secret token, struct err *e)
{
    const struct workspace *was = old == NULL ? &none : old;
    json_t *changed = arena_json(a->mem, changes(was, w, token));
    if (old != NULL && json_array_size(changed) == 0) {
        return 0;
    }
    bool clear = token.given && secret_empty(token.value);
    bool fresh = !secret_empty(w->bot_token);
    if (store_workspace_put(a->s, w, clear, e) != 0 || api_touch_homes(a, e) != 0 ||
        (fresh && store_bot_check_later(a->s, a->workspace, e) != 0)) {
        return -1;
    }
    return api_audit(a, old == NULL ? "workspace.created" : "workspace.changed", a->workspace,
                     told(a, was, w, changed), e);
}

/* What they have made may outlive it. */
static int end_admin(struct api *a, const char *user_id, const struct workspace *w, struct err *e)
{
    bool still = user_id == NULL || store_is_admin(w, user_id);
    return still ? 0 : bot_admin_ended(a->s, a->workspace, user_id, a->q->actor, e);
}

static int end_admins(struct api *a, const struct workspace *old, const struct workspace *w,
                      struct err *e)
{
    bool listed = false;
    for (size_t i = 0; i < old->admins_count; i++) {
        listed = listed || str_equal(old->admins[i], old->installer);
        if (end_admin(a, old->admins[i], w, e) != 0) {
            return -1;
        }
    }
    return listed ? 0 : end_admin(a, old->installer, w, e);
}

/* Who loses something by it. Guests who were welcome so far hold connections; admins are in the
 * console. */
static int end_rights(struct api *a, const struct workspace *old, const struct workspace *w,
                      struct err *e)
{
    bool shut = old != NULL && old->guests_allowed && !w->guests_allowed;
    if ((shut && store_reconcile_soon(a->s, a->workspace, e) != 0) ||
        (old != NULL && end_admins(a, old, w, e) != 0)) {
        return -1;
    }
    return store_console_prune(a->s, a->workspace, e);
}

/* What stands, locked; NULL for the first PUT, of which there is one. */
static int lock_or_make(struct api *a, struct workspace **ret, struct err *e)
{
    bool made = false;
    if (store_workspace_lock(a->s, a->workspace, ret, e) != 0) {
        return -1;
    }
    if (*ret != NULL) {
        return 0;
    }
    if (store_workspace_make(a->s, a->workspace, &made, e) != 0) {
        return -1;
    }
    return made ? 0 : store_workspace_lock(a->s, a->workspace, ret, e);
}

static int lock_for_put(struct api *a, struct workspace **ret, struct err *e)
{
    return lock_or_make(a, ret, e) != 0 || (*ret != NULL && api_still_may(a, *ret, e) != 0)
               ? -1
               : check_condition(a, *ret, e);
}

/* A fresh token mends a workspace whose old one was refused; without any it is a draft. */
static const char *state_after(const struct api *a, const struct workspace *old,
                               struct api_secret token)
{
    if (by_app_token(a->workspace)) {
        return "active";
    }
    if (!secret_empty(token.value)) {
        return "active";
    }
    return old == NULL || token.given ? "draft" : old->state;
}

static int workspace_put(struct api *a, struct err *e)
{
    struct workspace w = none;
    struct workspace *old = NULL;
    struct api_secret token = {0};
    if (lock_for_put(a, &old, e) != 0) {
        return -1;
    }
    read_workspace(a, old == NULL ? &none : old, &w, &token);
    if (api_refuse(a, e) != 0) {
        return -1;
    }
    w.state = state_after(a, old, token);
    bool same = old != NULL && str_equal(old->state, "active") && secret_empty(w.bot_refresh) &&
                !api_secret_differs(token, old->bot_token);
    w.bot_token = same ? (struct secret){NULL, 0} : token.value; /* what is known of it stays */
    if (put_changed(a, old, &w, token, e) != 0 || end_rights(a, old, &w, e) != 0) {
        return -1;
    }
    return answer(a, old == NULL ? 201 : 200, e);
}

static int workspace_get(struct api *a, struct err *e)
{
    return answer(a, 200, e);
}

static int workspace_delete(struct api *a, struct err *e)
{
    struct workspace *w = NULL;
    struct default_connection *list = NULL;
    size_t count = 0;
    struct api_ended ended = {0};
    if (api_workspace_lock(a, &w, e) != 0 || check_condition(a, w, e) != 0 ||
        store_default_list(a->s, a->workspace, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (api_end_grants(a, &list[i], LOGIN_CANCELLED, &ended, e) != 0) {
            return -1;
        }
    }
    bool existed = false;
    json_t *detail = json_pack("{s:I, s:I}", "connections", (json_int_t)ended.connections,
                               "revoking", (json_int_t)ended.revoking);
    if (store_workspace_delete(a->s, a->workspace, &existed, e) != 0 ||
        api_audit(a, "workspace.deleted", a->workspace, detail, e) != 0) {
        return -1;
    }
    api_answer_ended(a, &ended);
    return 0;
}

static int workspaces_get(struct api *a, struct err *e)
{
    struct api_page page = {0};
    struct workspace_line *list = NULL;
    size_t count = 0;
    if (api_page(a, &page, e) != 0 ||
        store_workspace_page(a->s, page.cursor, page.limit + 1, &list, &count, e) != 0) {
        return -1;
    }
    bool more = (int64_t)count > page.limit;
    count -= more ? 1 : 0;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(items,
                              json_pack("{s:s, s:s, s:s, s:b}", "workspace", list[i].workspace,
                                        "name", list[i].name, "state", list[i].state, "served",
                                        is_served(a, list[i].workspace)));
    }
    api_answer_list(a, items, more ? list[count - 1].workspace : NULL);
    return 0;
}

int api_workspace_put(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, workspace_put, e);
}

int api_workspace_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, workspace_get, e);
}

int api_workspace_delete(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, workspace_delete, e);
}

int api_workspaces_get(web *w, const struct request *q, struct response *r, struct err *e)
{
    return api_run(w, q, r, workspaces_get, e);
}
