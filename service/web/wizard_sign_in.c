#include "login_int.h"
#include "wizard_int.h"

#include "base/log.h"

/*
 * Whether people can sign in at the chat platform is tried here, by the operator who switches it
 * on: there and back in this browser, and then who that was, or what to change where.
 */

/* As operators find it: Entra is where they work, Microsoft what their people read. */
static const struct platform {
    const char *name, *title, *there, *where, *how;
} platforms[] = {
    {"slack", "Sign in with Slack", "Slack",
     "Slack's settings of the app > OAuth & Permissions > Redirect URLs", "Add, then Save URLs"},
    {"teams", "Sign in with Entra", "Entra",
     "Entra admin center > App registrations > your app > Authentication",
     "Add a platform, Web, then Configure"},
};

/* The manifest of step 1 is of the app that installs, which is this one unless it has its own. */
static bool has_ready(const struct console *c, const char *platform)
{
    return str_equal(platform, "slack") && c->web->config->slack_sign_in_client_id == NULL;
}

static const struct platform *platform_of(const char *name)
{
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++) {
        if (str_equal(platforms[i].name, name)) {
            return &platforms[i];
        }
    }
    return NULL;
}

/* Where the forms of a page with this block lead on to. */
static void leads_on(struct console *c, const char *origin)
{
    if (origin != NULL) {
        c->form_action =
            c->form_action == NULL ? origin : arena_printf(c->mem, "%s %s", c->form_action, origin);
    }
}

int wizard_sign_in(struct console *c, const char *platform, json_t *to, struct err *e)
{
    json_t *data = NULL;
    const struct platform *p = platform_of(platform);
    if (console_sign_in(c, platform, &data, e) != 0) {
        return -1;
    }
    leads_on(c, json_text(data, "origin"));
    json_put_words(data, "title", p->title);
    json_put_words(data, "there", p->there);
    json_put_words(data, "where", p->where);
    json_put_words(data, "how", p->how);
    json_put(data, "ready", json_boolean(has_ready(c, p->name)));
    json_put(to, "sign_in", json_incref(data));
    return 0;
}

/* --- there --- */

static struct oauth_try try_of(const struct console *c, const char *platform)
{
    return (struct oauth_try){
        .platform = platform, .session_hash = c->token_hash, .actor = c->actor};
}

static const char *cookie_of(arena *mem, const char *key)
{
    return arena_printf(mem, "wb_try_%s", key);
}

int wizard_sign_in_try(struct console *c, struct err *e)
{
    const char *name = NULL;
    struct oauth_begin begun;
    if (console_field(c, "platform", &name, e) != 0) {
        return -1;
    }
    const struct oauth_try t = try_of(c, name);
    if (oauth_try_begin(c->web->options.oauth, c->mem, &t, &begun, e) != 0) {
        return -1;
    }
    const struct header cookie = {cookie_of(c->mem, begun.cookie_key), begun.cookie};
    cookie_set(c->mem, c->web, c->r, &cookie, c->web->config->ttl_state);
    respond_see_other(c->r, begun.url);
    return 0;
}

/* --- and back --- */

/* What proves people at each connection of the workspace that was signed in to. */
static int add_connections(const struct console *c, const char *workspace, json_t *data,
                           struct err *e)
{
    struct console at = *c;
    json_t *found = NULL, *list = json_array();
    json_put(data, "connections", list);
    at.workspace = workspace;
    if (console_all(&at, api_connections_get, &found, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(found); i++) {
        const json_t *d = json_array_get(found, i);
        json_push(list,
                  json_must(json_pack("{s:s, s:b}", "connection", json_text(d, "name"), "demands",
                                      str_equal(json_text(d, "assurance"), "sign_in"))));
    }
    json_put(data, "any_connection", json_boolean(json_array_size(found) > 0));
    json_put_words(data, "admins", console_path(&at, "/admins#proof"));
    json_put_words(data, "workspace", workspace);
    return 0;
}

static int show(struct console *c, const struct platform *p, const struct oauth_tried *tried,
                struct err *e)
{
    bool proven = str_equal(tried->reason, OAUTH_TRY_PROVEN);
    json_t *data = arena_json(c->mem, json_must(json_pack("{s:b, s:b}", "worked", proven, "nowhere",
                                                          proven && tried->workspace == NULL)));
    if (wizard_sign_in(c, p->name, data, e) != 0 ||
        (proven && tried->workspace != NULL &&
         add_connections(c, tried->workspace, data, e) != 0)) {
        return -1;
    }
    if (proven) {
        json_put_shown(data, "user", tried->who.user_id);
        json_put_shown(data, "team", tried->who.team);
        json_put_shown(data, "organisation", tried->who.organisation);
    } else {
        json_put_words(data, "advice", wizard_sign_in_advice(p->name, tried->reason));
        json_put_words(data, "reason", tried->reason);
        json_put_shown(data, "why", tried->why);
    }
    bool unknown = str_equal(tried->reason, OAUTH_TRY_UNKNOWN);
    const struct wizard_page page = {.template = "wizard_sign_in.html",
                                     .title = arena_printf(c->mem, "Set up: %s", p->title),
                                     .step = WIZARD_CHAT,
                                     .status = proven    ? 200
                                               : unknown ? 410
                                                         : 409};
    return wizard_show(c, &page, json_incref(data), e);
}

static void note(const struct console *c, const struct platform *p, const struct oauth_tried *tried)
{
    log_info("the chat's sign-in was tried", LOG_TEXT("request", c->q->id),
             LOG_TEXT("platform", p->name), LOG_TEXT("actor", c->actor),
             LOG_TEXT("reason", tried->reason),
             LOG_TEXT("why", tried->why == NULL ? "" : tried->why));
}

static int arrive(struct console *c, const struct platform *p, struct err *e)
{
    struct oauth_return in = {.platform = p->name};
    struct oauth_tried tried;
    if (callback_query(c->q, &in, e) != 0) {
        return -1;
    }
    const char *name = cookie_of(c->mem, oauth_cookie_key(c->mem, in.state));
    in.cookie = request_cookie(c->q, cookie_name(c->mem, c->web, name));
    const struct oauth_try t = try_of(c, p->name);
    if (oauth_try_return(c->web->options.oauth, c->mem, &t, &in, &tried, e) != 0) {
        return -1;
    }
    note(c, p, &tried);
    if (in.cookie != NULL) {
        const struct header gone = {name, ""};
        cookie_set(c->mem, c->web, c->r, &gone, 0);
    }
    return show(c, p, &tried, e);
}

int wizard_sign_in_return(web *w, const struct request *q, struct response *r, const char *platform,
                          struct err *e)
{
    struct console c = {.web = w, .q = q, .r = r, .mem = q->mem};
    const struct platform *p = platform_of(platform);
    bool known = false;
    if (console_who(&c, &known, e) != 0) {
        return -1;
    }
    if (!known || !c.is_operator || p == NULL) {
        respond_see_other(r, "/console?next=setup");
        return 0;
    }
    return arrive(&c, p, e);
}
