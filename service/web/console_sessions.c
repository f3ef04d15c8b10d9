#include "console_int.h"

#include "base/clock.h"

/* Who is signed in, and their ends. */

static int list_of(struct console *c, json_t **ret, struct err *e)
{
    struct console_session *list = NULL;
    size_t count = 0;
    store *s = NULL;
    if (store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc =
        store_console_list(s, c->workspace, c->web->config->ttl_console_idle, &list, &count, e);
    store_close(s);
    *ret = arena_json(c->mem, json_array());
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct console_session *x = &list[i];
        json_t *row =
            json_must(json_pack("{s:s, s:s, s:b, s:s, s:s}", "id", x->id, "user", x->user_id, "own",
                                str_equal(x->id, c->session_id), "opened",
                                console_time(c->mem, clock_rfc3339(c->mem, x->opened_at)), "used",
                                console_time(c->mem, clock_rfc3339(c->mem, x->last_used_at))));
        json_push(*ret, row);
    }
    return rc;
}

int console_sessions_page(struct console *c, struct err *e)
{
    json_t *list = NULL, *names = NULL;
    if (list_of(c, &list, e) != 0 || console_names(c, list, "user", &names, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *row = json_array_get(list, i);
        json_put_shown(row, "label", console_name(names, json_text(row, "user")));
    }
    json_t *data =
        json_must(json_pack("{s:O, s:b, s:s}", "sessions", list, "any", json_array_size(list) > 0,
                            "action", console_path(c, "/sessions")));
    json_put(data, "can_all", json_boolean(c->user_id != NULL));
    const struct console_page page = {"console_sessions.html", "Who is signed in", "sessions", 200};
    return console_show(c, &page, data, e);
}

struct ending {
    const char *id, *user_id; /* as store_console_end() has them */
};

static int end(struct console *c, const struct ending *x, struct err *e)
{
    store *s = NULL;
    int64_t count = 0;
    const char *subject = x->id != NULL ? x->id : x->user_id;
    if (store_enter(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_console_end(s, c->workspace, x->id, x->user_id, &count, e);
    if (rc == 0 && count > 0) {
        rc = store_audit_add(s, c->workspace, c->actor, "console.signed_out", subject, NULL, e);
    }
    return store_leave(s, rc, e);
}

int console_sessions_end(struct console *c, struct err *e)
{
    const char *id = NULL;
    struct ending x = {.id = NULL};
    struct console_answer a;
    const struct console_call get = {.method = WB_GET, .handler = api_workspace_get};
    if (console_field(c, "id", &id, e) != 0 || console_ask(c, &get, &a, e) != 0) {
        return -1; /* also of a workspace that is none, which an operator may write into the path */
    }
    if (str_equal(id, "all") && c->user_id != NULL) {
        x.user_id = c->user_id;
    } else if (str_guid(c->mem, id) != NULL) {
        x.id = id;
    } else {
        return err_set(e, ERR_INPUT, "query", "\"id\" is no session.");
    }
    if (end(c, &x, e) != 0) {
        return -1;
    }
    console_done(c, x.user_id != NULL ? "/console" : console_path(c, "/sessions"), "ended");
    return 0;
}
