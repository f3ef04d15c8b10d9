#include "console_enter_int.h"
#include "login_int.h"

#include "base/clock.h"
#include "base/log.h"

/*
 * The other way in: the admin whose link it is signs in at the chat platform, and nothing is typed.
 * The state is spent before anybody is asked who came; whoever else is signed in there is let in
 * nowhere, and the link stays good for its owner.
 */

static const char *cookie_of(arena *mem, const char *key)
{
    return arena_printf(mem, "wb_way_%s", key);
}

/* --- there --- */

static int keep(struct way *x, const char *hash, bool *ret, struct err *e)
{
    store *s = NULL;
    if (store_enter(x->c.web->options.stores, x->c.mem, &s, e) != 0) {
        return -1;
    }
    return store_leave(
        s, store_console_sign_in(s, x->workspace->workspace, x->link->id, hash, ret, e), e);
}

int console_link_sign_in(web *w, const struct request *q, struct response *r, struct err *e)
{
    struct way x;
    struct oauth_begin begun;
    const char *hash = NULL;
    bool kept = false;
    if (way_load(w, q, r, &x, e) != 0) {
        return -1;
    }
    if (x.link == NULL || !way_is_open(&x)) {
        return way_over(&x, e);
    }
    if (oauth_entry_begin(w->options.oauth, q->mem, x.workspace, &begun, &hash, e) != 0 ||
        keep(&x, hash, &kept, e) != 0) {
        return -1;
    }
    if (!kept) {
        return way_over(&x, e);
    }
    const struct header cookie = {cookie_of(q->mem, begun.cookie_key), begun.cookie};
    cookie_set(q->mem, w, r, &cookie, w->config->ttl_state);
    respond_see_other(r, begun.url);
    return 0;
}

/* --- and back --- */

/* Whose link it is, by the state and the cookie, once; of another platform's path nothing is spent.
 */
static int spend(struct way *x, const struct oauth_return *in, struct err *e)
{
    const char *route = NULL;
    store *s = NULL;
    if (in->cookie == NULL || !oauth_entry_route(x->c.mem, in->state, &route)) {
        return 0;
    }
    if (store_open(x->c.web->options.stores, x->c.mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_workspace_by_route(s, route, &x->workspace, e);
    const char *key = rc == 0 && x->workspace != NULL ? x->workspace->workspace : NULL;
    if (key != NULL && str_starts(key, arena_printf(x->c.mem, "%s:", in->platform))) {
        const char *hash = oauth_entry_hash(x->c.mem, in->state, in->cookie);
        rc = store_console_returned(s, key, hash, &x->link, e);
        if (rc == 0 && x->link != NULL) {
            rc = store_user_find(s, key, x->link->user_id, &x->user, e);
        }
    }
    store_close(s);
    return rc;
}

static int enter(struct way *x, const char *token, bool *ret, struct err *e)
{
    const char *key = x->workspace->workspace;
    const char *actor = arena_printf(x->c.mem, "user:%s", x->link->user_id);
    json_t *detail = arena_json(x->c.mem, json_must(json_pack("{s:s}", "by", "sign_in")));
    const struct console_entry entry = {.id = x->link->id,
                                        .token_hash = crypto_hash_text(x->c.mem, token),
                                        .ttl_s = x->c.web->config->ttl_console};
    store *s = NULL;
    if (store_enter(x->c.web->options.stores, x->c.mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_console_let_in(s, key, &entry, ret, e);
    if (rc == 0 && *ret) {
        rc = store_audit_add(s, key, actor, "console.signed_in", x->link->id, detail, e);
    }
    return store_leave(s, rc, e);
}

static int let_in(struct way *x, struct err *e)
{
    const char *unused = NULL;
    const char *token = oauth_handle_new(x->c.mem, x->workspace->route, &unused);
    bool entered = false;
    if (enter(x, token, &entered, e) != 0) {
        return -1;
    }
    if (!entered) {
        return way_over(x, e);
    }
    way_enter(x, token);
    return 0;
}

static int note_other(const struct way *x, const struct oauth_tried *tried, struct err *e)
{
    json_t *detail = arena_json(
        x->c.mem, json_must(json_pack("{s:s, s:s, s:s}", "user", x->link->user_id, "signed_in_user",
                                      tried->who.user_id, "signed_in_team", tried->who.team)));
    store *s = NULL;
    if (store_enter(x->c.web->options.stores, x->c.mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_audit_add(s, x->workspace->workspace, "system", "console.other_person",
                             x->link->id, detail, e);
    return store_leave(s, rc, e);
}

static const struct refusal {
    const char *reason;
    int status;
    const char *title, *text;
} refusals[] = {
    {OAUTH_ENTRY_OTHER, 403, "This link is somebody else's",
     "In this browser another person is signed in to the chat than the one whose link it is. Nobody "
     "was let in. The link still works for its owner."},
    {OAUTH_TRY_DENIED, 200, "You are not signed in",
     "The chat was not to say who sits here, so nobody was let in. Open the link in your chat "
     "again: it still works."},
    {OAUTH_SIGN_IN_BARRED, 403, "Your company must allow this first",
     "An administrator of your company's directory must allow people to sign in to Workbot, and has "
     "not. Open the link in your chat again and use the code: it still works."},
};
static const struct refusal other = {
    NULL, 503, "Signing in did not work",
    "The chat did not say who sits here in a way that counts, so nobody was let in. Open the link "
    "in your chat again, or use the code there: it still works."};

static int refuse(const struct way *x, const struct oauth_tried *tried, struct err *e)
{
    const struct refusal *found = &other;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        found = str_equal(refusals[i].reason, tried->reason) ? &refusals[i] : found;
    }
    log_info("a way into the console came to nothing", LOG_TEXT("request", x->c.q->id),
             LOG_TEXT("reason", tried->reason),
             LOG_TEXT("why", tried->why == NULL ? "" : tried->why),
             LOG_TEXT("workspace", x->workspace->workspace));
    if (str_equal(tried->reason, OAUTH_ENTRY_OTHER) && note_other(x, tried, e) != 0) {
        return -1;
    }
    json_t *data = json_must(json_pack("{s:s, s:b, s:[{s:s}]}", "title", found->title, "tone_error",
                                       true, "paragraphs", "text", found->text));
    return way_page(&x->c, "message.html", found->status, data, e);
}

int console_sign_in_return(web *w, const struct request *q, struct response *r,
                           const char *platform, struct err *e)
{
    struct way x = {.c = way_console(w, q, r)};
    struct oauth_return in = {.platform = platform};
    struct oauth_tried tried;
    if (callback_query(q, &in, e) != 0) {
        return -1;
    }
    const char *name = cookie_of(q->mem, oauth_cookie_key(q->mem, in.state));
    in.cookie = request_cookie(q, cookie_name(q->mem, w, name));
    if (spend(&x, &in, e) != 0) {
        return -1;
    }
    if (x.link == NULL || !way_is_open(&x)) {
        return way_over(&x, e);
    }
    const struct header gone = {name, ""};
    cookie_set(q->mem, w, r, &gone, 0);
    const struct oauth_entrant of = {x.workspace, x.link->user_id};
    if (oauth_entry_return(w->options.oauth, q->mem, &of, &in, &tried, e) != 0) {
        return -1;
    }
    return str_equal(tried.reason, OAUTH_TRY_PROVEN) ? let_in(&x, e) : refuse(&x, &tried, e);
}
