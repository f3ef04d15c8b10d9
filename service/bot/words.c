#include "bot_int.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

/* What people read when something fails: by stable code, else by kind. %s is the app's title. */
static const struct {
    const char *code;
    const char *text;
} sentences[] = {
    {"not_allowed", "You may not run this command. Ask an admin of Workbot to allow you."},
    {"act_ended", "A program began this, and it may not run commands for you any more."},
    {"recipe_off", "This command has been switched off since you typed it."},
    {"recipe_faulty", "This command is set up wrong. An admin must look at its recipe."},
    {"no_default_tokens", "The %s connection that this command uses is not logged in. An admin of "
                          "Workbot must log it in."},
    {"owner_left", "This command ran on the %s login of somebody who has left. An admin of Workbot "
                   "must log it in again."},
    {"unknown_connection", "The %s connection that this command uses is gone. An admin must look."},
    {"connection_removed", "An admin has removed the connection that this waited for. Nothing was "
                           "done."},
    {"connection_changed", "An admin has moved the connection that this waited for to another app. "
                           "Nothing was done."},
    {"draft", "The %s connection is not set up yet. An admin must finish it."},
    {"unknown_app", "The app of this connection is not known any more. An admin must look."},
    {"client_refused", "%s does not accept Workbot's own sign-in data. An admin must fix the "
                       "connection; your own login is untouched."},
    {"grant_unclear",
     "%s refuses to renew your connection, and does not say whether your login there "
     "has ended or Workbot's own sign-in data are wrong. An admin must look; your "
     "own login is untouched. If only you see this, disconnect and connect again."},
    {"captured_host",
     "%s answered with an address that Workbot does not trust. An admin must look."},
    {"address", "%s is at an address that Workbot may not call. An admin must look; your own login "
                "is untouched."},
    {"token_signature", "%s's answer to renewing this connection is not signed as it should be. "
                        "Nothing was done with it. An admin must look; your own login is "
                        "untouched."},
    {"token_of_another", "%s renewed your connection with another account. Nothing was done with "
                         "that. Log in again, or ask an admin."},
    {"missing_var", "The %s connection is not set up completely. An admin must finish it."},
    {"needs_attention", "%s refuses to renew your connection without saying that it has ended. Log "
                        "in again, or ask an admin."},
    {OAUTH_REFRESH_LOST, "%s's answers to renewing this connection were lost. It needs a new "
                         "login."},
    {"refreshing", "Your %s connection could not be renewed in time. Please try again."},
    {"app_401", "%s does not accept your login. Disconnect and connect again."},
    {"app_scope", "%s does not let Workbot do this with the login that it has: a permission is "
                  "missing, and another login would not bring it. An admin of Workbot must look."},
    {"app_odd", "%s answered in a way that I do not understand. Try again, and tell an admin of "
                "Workbot if it stays so."},
    {RECIPE_ACCOUNT_CHANGED, "What it did so far, it did as another account than the one that is "
                             "logged in now. It stops here, and nothing more was done."},
    {"decision_taken", "Somebody else was first to decide this."},
    {"already_decided", "This was decided in %s before."},
    {"too_many_items", "There are more items than this command goes through at once."},
    {"no_list", "What this command goes through is no list. An admin must look at its recipe."},
    {"template_too_long", "The values of this command are too long."},
};

/* By kind, in the order of urgency; %s is the app's title. */
static const char *const kinds[ERR_KIND_COUNT] = {
    [ERR_FORBIDDEN] = "You have no right to do that.",
    [ERR_NOT_FOUND] = "%s has no such record, or you may not see it.",
    [ERR_LIMIT] = "%s allows no more calls at the moment. Please try again in a few minutes.",
    [ERR_UPSTREAM_BUSY] = "%s cannot be reached at the moment. Please try again in a few minutes.",
    [ERR_TIMEOUT] = "%s did not answer in time. Please try again in a few minutes.",
    [ERR_UPSTREAM_REFUSED] = "%s refused this.",
    [ERR_CONFIG] = "Something about the %s connection must be fixed by an admin.",
    [ERR_ATTENTION] = "Your %s connection needs attention. Log in again, or ask an admin.",
    [ERR_UNAUTHENTIC] = "%s does not accept your login. Disconnect and connect again.",
};

/* title: NULL where no app is known. */
static char *with_app(arena *mem, const char *text, const char *title)
{
    struct str out = str_new(mem, 400);
    const char *slot = strstr(text, "%s");
    if (slot == NULL) {
        return arena_strdup(mem, text);
    }
    str_add_n(&out, text, (size_t)(slot - text));
    str_add(&out, title != NULL ? title : slot == text ? "The app" : "app");
    str_add(&out, slot + 2);
    return out.text;
}

char *words_failure(arena *mem, const struct err *why, const char *words, const char *title)
{
    if (words != NULL) {
        return arena_strdup(mem, words);
    }
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
        if (str_equal(sentences[i].code, why->code)) {
            return with_app(mem, sentences[i].text, title);
        }
    }
    const char *text = kinds[why->kind];
    return with_app(mem, text != NULL ? text : "Something went wrong on our side.", title);
}

char *words_reason(arena *mem, const struct err *why, const char *title)
{
    char *text = words_failure(mem, why, NULL, title);
    char *advice = strstr(text, " Please try again");
    if (advice != NULL) {
        *advice = '\0';
    }
    return text;
}

const char *words_code(arena *mem, const char *code, const char *title)
{
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
        if (str_equal(sentences[i].code, code)) {
            return with_app(mem, sentences[i].text, title);
        }
    }
    return NULL;
}

/* A chat that refuses one link refuses its whole message; and what stands before "@" looks like the
 * host that is opened. */
static bool is_address(const char *rest)
{
    size_t host = strcspn(rest, "/?#");
    for (const char *p = rest; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c <= ' ' || c == 0x7f || strchr("<>\"|\\", c) != NULL) {
            return false;
        }
    }
    return host > 0 && memchr(rest, '@', host) == NULL;
}

bool words_is_link(const struct scene *sc, const char *url)
{
    bool plain = sc->bot->options.config->public_is_loopback && str_starts(url, "http://");
    bool known = plain || str_starts(url, "https://");
    return known && is_address(strstr(url, "://") + 3);
}

bool words_for_admin(const struct scene *sc)
{
    return person_is_admin(sc->workspace, sc->user->user_id);
}

const char *words_shared(const struct scene *sc, bool own)
{
    return own ? "" : words_for_admin(sc) ? "the default connection, " : "the shared account, ";
}

char *words_upper(arena *mem, const char *text)
{
    char *upper = arena_strdup(mem, text);
    for (char *p = upper; *p != '\0'; p++) {
        *p = (char)toupper((unsigned char)*p);
    }
    return upper;
}

const char *words_app(const struct scene *sc, const char *name)
{
    const app *a = apps_find(sc->bot->options.apps, name);
    return a == NULL ? name : app_title(a);
}

char *words_state(arena *mem, const struct connection *c)
{
    static const struct {
        const char *reason, *text;
    } reasons[] = {
        {"ended_at_app", "ended at the app"},
        {OAUTH_REFRESH_LOST, "the answers to renewing it were lost. Please log in again"},
        {"client_changed", "an admin changed the connection"},
        {"refresh_refused", "the app refuses to renew it"},
        {"token_of_another", "the app renewed it with another account. Please log in again"},
        {"disconnected", "you disconnected it"},
        {OAUTH_NOT_ME, "you said that it was not you"},
        {"login_ended", "the last login was not finished"},
        {"admin", "an admin disconnected it"},
        {"owner_left", "its owner has left"},
        {OAUTH_SCOPE_REFUSED, "the app did not allow all that is asked for"},
    };
    static const char *const states[CONNECTION_STATE_COUNT] = {
        [CONNECTION_PROVISIONAL] = "Waiting for the code from your browser",
        [CONNECTION_ACTIVE] = "Connected",
        [CONNECTION_NEEDS_ATTENTION] = "Needs attention",
        [CONNECTION_NEEDS_LOGIN] = "Needs a new login",
        [CONNECTION_DISCONNECTED] = "Disconnected",
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (str_equal(reasons[i].reason, c->reason)) {
            return arena_printf(mem, "%s: %s", states[c->state], reasons[i].text);
        }
    }
    return arena_strdup(mem, states[c->state]);
}

char *words_ago(arena *mem, int64_t at)
{
    static const struct {
        int64_t below_s, unit_s;
        const char *one, *many;
    } steps[] = {
        {3600, 60, "a minute ago", "minutes ago"},
        {86400, 3600, "an hour ago", "hours ago"},
        {INT64_C(14) * 86400, 86400, "yesterday", "days ago"},
    };
    int64_t age = clock_now() - at;
    if (at == 0) {
        return arena_strdup(mem, "never");
    }
    if (age < 60) {
        return arena_strdup(mem, "just now");
    }
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        int64_t n = age / steps[i].unit_s;
        if (age < steps[i].below_s) {
            return n == 1 ? arena_strdup(mem, steps[i].one)
                          : arena_printf(mem, "%" PRId64 " %s", n, steps[i].many);
        }
    }
    return arena_strndup(mem, clock_rfc3339(mem, at), 10);
}

char *words_age(arena *mem, int64_t at)
{
    int64_t age = clock_now() - at;
    return age > 1 && age < 60 ? arena_printf(mem, "%" PRId64 " seconds ago", age)
                               : words_ago(mem, at);
}

char *words_in(arena *mem, int64_t delay_s)
{
    if (delay_s < 60) {
        return delay_s <= 1 ? arena_strdup(mem, "in a moment")
                            : arena_printf(mem, "in %" PRId64 " seconds", delay_s);
    }
    int64_t minutes = (delay_s + 59) / 60;
    return minutes == 1 ? arena_strdup(mem, "in a minute")
                        : arena_printf(mem, "in %" PRId64 " minutes", minutes);
}

const char *words_person(const struct user *u)
{
    return str_visible(u->name) ? u->name : u->user_id;
}

char *words_account(arena *mem, const struct account *a)
{
    const char *name = a->name != NULL ? a->name : a->key;
    if (name == NULL) {
        return arena_strdup(mem, "an unnamed account");
    }
    return a->organization == NULL ? arena_strdup(mem, name)
                                   : arena_printf(mem, "%s (%s)", name, a->organization);
}

bool words_has_home(const struct scene *sc)
{
    const struct chat_driver *driver =
        chats_driver(sc->bot->options.chats, sc->workspace->workspace);
    return driver != NULL && driver->publish_home != NULL;
}

const char *words_dm(const struct scene *sc)
{
    const struct chat_driver *driver =
        chats_driver(sc->bot->options.chats, sc->workspace->workspace);
    return driver == NULL ? "private chat" : driver->dm;
}

bool words_has_own_views(const struct scene *sc)
{
    const struct chat_driver *driver =
        chats_driver(sc->bot->options.chats, sc->workspace->workspace);
    return driver != NULL && driver->own_views;
}

bool words_open_to(const struct scene *sc)
{
    return store_standing_allowed(sc->user->standing, sc->workspace);
}

void words_closed(struct scene *sc, json_t *view)
{
    view_text(view, "Sorry, I only work for members of %s.",
              str_empty(sc->workspace->name) ? "this workspace" : sc->workspace->name);
    view_note(view, sc->user->standing == STANDING_GUEST
                        ? "An admin of Workbot can open it to guests."
                        : "People of other organisations cannot use it.");
    if (sc->user->standing == STANDING_GUEST) {
        words_add_admins(sc, view);
    }
}

/* For platforms that cannot show whose the id is. */
const char *words_name(const struct scene *sc, const char *user_id, const char *unknown)
{
    struct user *u = NULL;
    struct err e = {0};
    bool known = store_user_find(sc->s, sc->workspace->workspace, user_id, &u, &e) == 0 &&
                 u != NULL && str_visible(u->name);
    return known ? u->name : unknown;
}

void words_add_admins(struct scene *sc, json_t *view)
{
    static const char ADMIN[] = "an admin of Workbot";
    const struct workspace *w = sc->workspace;
    const char *list[2];
    size_t count = 0;
    if (w->installer != NULL) {
        list[count++] = w->installer;
    }
    for (size_t i = 0; i < w->admins_count && count < 2; i++) {
        if (!str_equal(w->admins[i], w->installer)) {
            list[count++] = w->admins[i];
        }
    }
    if (count == 0 || person_is_admin(w, sc->user->user_id)) {
        return; /* nobody is known, or it is he himself */
    }
    if (count == 1) {
        view_note(view, "You can ask <@%s|%s>.", list[0], words_name(sc, list[0], ADMIN));
    } else {
        view_note(view, "You can ask <@%s|%s> or <@%s|%s>.", list[0],
                  words_name(sc, list[0], ADMIN), list[1], words_name(sc, list[1], ADMIN));
    }
}

void words_add_setup(const struct scene *sc, json_t *view)
{
    view_text(view, "Next come a connection to an app and a command that uses it; then everybody "
                    "can type `help` to me.");
    view_note(view,
              "To set them up in a browser, type `console` to me; whoever operates Workbot opens "
              "`%s/console/setup`.",
              sc->bot->options.config->public_url);
}
