#include "console_int.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"

/* The menu, in its order. */
static const struct entry {
    const char *key, *label, *path;
} menu[] = {
    {"home", "Recipes", ""},
    {"connections", "Default connections", "/connections"},
    {"hooks", "Hooks", "/hooks"},
    {"runs", "Runs", "/runs"},
    {"personal", "Personal connections", "/personal-connections"},
    {"health", "Health", "/health"},
    {"people", "People", "/people"},
    {"admins", "Admins and groups", "/admins"},
    {"tokens", "API tokens", "/api-tokens"},
    {"audit", "Audit", "/audit"},
    {"sessions", "Who is signed in", "/sessions"},
    {"setup", "Set up", "/setup"},
};

/* What a page says was done, by the word in its address. */
static const struct {
    const char *word, *text;
} said[] = {
    {"saved", "Saved. It holds from the next command on."},
    {"made", "Made. Next: enter its client below, with this redirect URI on the app's side."},
    {"confirmed", "Logged in. It acts with this account from now on."},
    {"unchanged", "Nothing was changed."},
    {"ended", "Signed out."},
    {"removed", "Removed."},
    {"recipe", "Made. Look at its settings, and switch it on when it is right."},
    {"disconnected", "Ended here. The app is told, too: the audit says what came of it."},
    {"forgotten", "Forgotten: nothing of it is kept here but the audit."},
};

static json_t *menu_of(const struct console *c, const char *here)
{
    json_t *list = json_array();
    for (size_t i = 0; c->workspace != NULL && i < sizeof menu / sizeof menu[0]; i++) {
        json_push(list, json_must(json_pack("{s:s, s:s, s:b}", "label", menu[i].label, "href",
                                            console_path(c, "%s", menu[i].path), "current",
                                            str_equal(menu[i].key, here))));
    }
    return list;
}

static const char *done_text(const struct request *q)
{
    const char *word = NULL;
    struct err ignored = {0};
    if (q->method != WB_GET || request_query(q, "done", &word, &ignored) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        if (str_equal(said[i].word, word)) {
            return said[i].text;
        }
    }
    return NULL;
}

static int workspace_name(struct console *c, const char **ret, struct err *e)
{
    struct workspace *w = NULL;
    store *s = NULL;
    if (store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_workspace_find(s, c->workspace, &w, e);
    store_close(s);
    if (rc == 0 && w == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_workspace", "There is no such workspace.");
    }
    if (rc == 0) {
        *ret = str_empty(w->name) ? w->workspace : w->name;
    }
    return rc;
}

int console_show(struct console *c, const struct console_page *page, json_t *data, struct err *e)
{
    char *html = NULL;
    const char *name = NULL;
    arena_json(c->mem, data);
    if (c->workspace != NULL && workspace_name(c, &name, e) != 0) {
        return -1;
    }
    json_put(data, "title", json_must(json_string(page->title)));
    json_put(data, "menu", menu_of(c, page->here));
    json_put_words(data, "person", c->person);
    json_put(data, "form_key", json_must(json_string(c->form_key)));
    json_put(data, "operator", json_boolean(c->is_operator));
    if (name != NULL) {
        json_put_words(data, "workspace_name", name);
        json_put(data, "teams", json_boolean(str_starts(c->workspace, "teams:")));
        json_put(data, "base", json_must(json_string(console_path(c, "%s", ""))));
    }
    if (done_text(c->q) != NULL) {
        json_put(data, "done", json_must(json_string(done_text(c->q))));
    }
    if (html_page_in(c->mem, "console.html", page->template, data, &html, e) != 0) {
        return -1;
    }
    int status = page->status == 0 ? 200 : page->status;
    if (c->checked) {
        respond_html_checked(c->mem, c->r, status, html);
    } else {
        respond_html(c->mem, c->r, status, html, c->form_action);
    }
    return 0;
}

void console_done(struct console *c, const char *path, const char *word)
{
    const char *joint = strchr(path, '?') == NULL ? "?" : "&";
    respond_see_other(c->r, arena_printf(c->mem, "%s%sdone=%s", path, joint, word));
}

char *console_time(arena *mem, const char *rfc3339)
{
    char text[64];
    struct tm tm;
    int64_t at = 0;
    if (rfc3339 == NULL || !clock_read_rfc3339(rfc3339, &at)) {
        return NULL;
    }
    time_t t = (time_t)at;
    gmtime_r(&t, &tm);
    strftime(text, sizeof(text), "%e %b %Y, %H:%M", &tm);
    return str_trim(mem, text);
}

json_t *console_state(const char *state)
{
    static const struct {
        const char *state, *word, *tone;
    } words[] = {
        {"done", "Done", "good"},
        {"active", "Connected", "good"},
        {"failed", "Failed", "bad"},
        {"unknown", "Unknown", "warn"},
        {"needs_attention", "Needs attention", "warn"},
        {"needs_login", "Needs a login", "warn"},
        {"provisional", "Waits for its code", "warn"},
        {"draft", "Draft", "warn"},
        {"disconnected", "Disconnected", "plain"},
        {"parked", "Waits for a login", "warn"},
        {"asking", "Asks its user", "plain"},
        {"queued", "Queued", "plain"},
        {"running", "Running", "plain"},
        {"started", "Running", "plain"},
        {"cancelled", "Cancelled", "plain"},
        {"expired", "Expired", "plain"},
        {"superseded", "Superseded", "plain"},
        {"skipped", "Skipped", "plain"},
        {"broken", "Broken", "bad"},
        {"unproven", "Never tried", "warn"},
        {"removed", "Removed", "plain"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_equal(words[i].state, state)) {
            return json_must(json_pack("{s:s, s:s}", "word", words[i].word, "tone", words[i].tone));
        }
    }
    return json_must(json_pack("{s:s, s:s}", "word", state == NULL ? "" : state, "tone", "plain"));
}

const char *console_reason(const char *reason)
{
    static const struct {
        const char *reason, *text;
    } words[] = {
        {"ended_at_app", "The app has ended it."},
        {OAUTH_REFRESH_LOST, "The app's answer to renewing it was lost."},
        {"refresh_refused", "The app refuses to renew it."},
        {"token_of_another", "The app renewed it with the tokens of another account."},
        {"client_changed", "An admin has changed where the app is, or its client."},
        {"disconnected", "It was disconnected."},
        {"admin", "An admin has disconnected it."},
        {OAUTH_NOT_ME, "Its person said: that was not me."},
        {"login_ended", "Its last login was not finished."},
        {"login_expired", "Its last login took too long."},
        {OAUTH_OWNER_LEFT, "Whose login it is has left."},
        {OAUTH_SCOPE_REFUSED, "The app did not allow all that is asked for."},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_equal(words[i].reason, reason)) {
            return words[i].text;
        }
    }
    return NULL;
}

/* --- people --- */

static int add_name(struct console *c, store *s, const char *user_id, json_t *names, struct err *e)
{
    struct user *u = NULL;
    if (str_empty(user_id) || json_member(names, user_id) != NULL) {
        return 0;
    }
    if (store_user_find(s, c->workspace, user_id, &u, e) != 0) {
        return -1;
    }
    bool named = u != NULL && str_visible(u->name);
    json_put_words(names, user_id, named ? u->name : user_id);
    return 0;
}

int console_names(struct console *c, const json_t *items, const char *key, json_t **ret,
                  struct err *e)
{
    store *s = NULL;
    int rc = 0;
    *ret = arena_json(c->mem, json_object());
    if (store_open(c->web->options.stores, c->mem, &s, e) != 0) {
        return -1;
    }
    for (size_t i = 0; rc == 0 && i < json_array_size(items); i++) {
        rc = add_name(c, s, json_text(json_array_get(items, i), key), *ret, e);
    }
    store_close(s);
    return rc;
}

const char *console_name(const json_t *names, const char *user_id)
{
    const char *name = user_id == NULL ? NULL : json_text(names, user_id);
    return name == NULL ? user_id : name;
}

static const char USER[] = "user:";

const char *console_actor(const json_t *names, const char *actor)
{
    bool user = actor != NULL && str_starts(actor, USER);
    return user ? console_name(names, actor + strlen(USER)) : actor;
}

json_t *console_actors(arena *mem, const json_t *items, const char *key)
{
    json_t *list = arena_json(mem, json_array());
    for (size_t i = 0; i < json_array_size(items); i++) {
        const char *actor = json_text(json_array_get(items, i), key);
        if (actor != NULL && str_starts(actor, USER)) {
            json_push(list, json_must(json_pack("{s:s}", "user", actor + strlen(USER))));
        }
    }
    return list;
}

const char *console_platform(const char *workspace)
{
    return str_starts(workspace, "teams:") ? "Microsoft Teams" : "Slack";
}

const char *console_app_title(const struct console *c, const char *app_key)
{
    const app *known = app_key == NULL ? NULL : apps_find(c->web->options.apps, app_key);
    return known == NULL ? app_key : app_title(known);
}
