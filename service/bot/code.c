#include "bot_int.h"

#include <ctype.h>
#include <inttypes.h>

#include "base/metrics.h"
#include "base/str.h"

/* The code that the browser showed, typed in the chat: it proves that the person at the provider
 * and the person in the chat are one (P4). */

enum { CODE_DIGITS = 6 };

/* "123456", "123 456" and "123-456"; NULL for anything else. */
static char *code_in(arena *mem, const char *text)
{
    struct str digits = str_new(mem, CODE_DIGITS + 1);
    for (const char *p = text; *p != '\0'; p++) {
        if (isdigit((unsigned char)*p)) {
            str_add_char(&digits, *p);
        } else if (*p != ' ' && *p != '-') {
            return NULL;
        }
    }
    return digits.len == CODE_DIGITS && !digits.cut ? digits.text : NULL;
}

static int say_wrong(struct turn *t, int64_t left, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "That is not the code your browser shows. %s",
              left == 1 ? "One try is left." : "Two tries are left.");
    return say_private(t, view, NULL, e);
}

static int say_spent(struct turn *t, const struct login *l, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    metric_add(METRIC_LOGINS, "result=\"code_refused\"", 1);
    view_text(view, "This login has ended, and the account was not connected. Start again if it "
                    "was you.");
    view_button(view, &(struct button){.title = "New login", .action = "renew", .value = l->id});
    if (l->message_id != NULL && say_update(&t->scene, l->message_id, view, e) != 0) {
        return -1;
    }
    return say_private(t, view, NULL, e);
}

static const char *title_of(struct scene *sc, const struct login *l, const char **ret_name)
{
    struct default_connection *d = NULL;
    struct err unused = {0};
    if (store_default_find(sc->s, l->workspace, l->default_name, &d, &unused) != 0 || d == NULL) {
        return l->default_name;
    }
    *ret_name = d->app;
    return words_app(sc, d->app);
}

static int say_connected(struct turn *t, const struct oauth_confirm *c, bool released,
                         struct err *e)
{
    struct scene *sc = &t->scene;
    const char *name = "";
    const char *title = title_of(sc, c->login, &name);
    json_t *view = view_new(sc->mem);
    view_text(view, "**%s is connected** as %s.", title, words_account(sc->mem, &c->account));
    view_note(view, "Type `help %s` to see what you can do there, `connections` to see or end it.",
              name);
    /* The prompt of a run becomes its result; any other prompt becomes the list again. */
    if (!released && c->login->message_id != NULL) {
        json_t *list = NULL;
        if (list_view(sc, &list, e) != 0 || say_update(sc, c->login->message_id, list, e) != 0) {
            return -1;
        }
    }
    return say_dm(sc, view, NULL, e);
}

int code_try(struct turn *t, const char *text, struct err *e)
{
    struct scene *sc = &t->scene;
    const char *code = code_in(sc->mem, text);
    struct oauth_confirm c;
    struct run *question = NULL; /* six digits may be its answer as well */
    bool released = false;
    if (code == NULL) {
        return 0;
    }
    if (question_find(t, &question, e) != 0) {
        return -1;
    }
    const struct oauth_typed typed = {.workspace = sc->workspace->workspace,
                                      .user_id = t->event.user_id,
                                      .code = code,
                                      .may_be_other = question != NULL};
    if (oauth_confirm_code(sc->bot->options.oauth, sc->s, &typed, &c, e) != 0) {
        return -1;
    }
    switch (c.result) {
    case OAUTH_CODE_NONE:
        return 0;
    case OAUTH_CODE_WRONG:
        return say_wrong(t, c.tries_left, e) == 0 ? 1 : -1;
    case OAUTH_CODE_SPENT:
        return say_spent(t, c.login, e) == 0 ? 1 : -1;
    case OAUTH_CODE_RIGHT:
        break;
    }
    metric_add(METRIC_LOGINS, "result=\"connected\"", 1);
    if (run_release(sc, c.login, &c.account, &released, e) != 0 ||
        say_connected(t, &c, released, e) != 0) {
        return -1;
    }
    return 1;
}
