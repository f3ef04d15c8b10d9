#include "login_int.h"
#include "run_int.h"

#include "base/clock.h"
#include "base/str.h"
#include "crypto.h"

/*
 * `console`: the way of an admin into the console in the browser. The link alone lets nobody in:
 * its page shows six digits, and `console 123456` from that same admin, in the one-to-one chat,
 * lets in the browser that showed them (web/console_enter.c). Whoever else opens the link has a
 * page with digits that nobody sends. Where the chat's sign-in is on, that lets the same admin in
 * without digits (web/console_way.c).
 */

enum { DIGITS = 6 };

static char *code_hash(arena *mem, const char *workspace, const char *user_id, const char *code)
{
    return crypto_hash_text(mem, arena_printf(mem, "console:%s:%s:%s", workspace, user_id, code));
}

/* --- the page shows a code --- */

struct showing {
    const struct bot_console *what;
    const char *code; /* NULL: the link is over, or another browser's */
};

static int show(struct scene *sc, void *arg, struct err *e)
{
    struct showing *x = arg;
    const struct console_session *link = x->what->link;
    const char *code = crypto_random_digits(sc->mem, DIGITS);
    const struct console_code next = {.id = link->id,
                                      .browser_hash = x->what->browser_hash,
                                      .was_hash = x->what->was_hash,
                                      .code_hash =
                                          code_hash(sc->mem, link->workspace, link->user_id, code),
                                      .ttl_s = sc->bot->options.config->ttl_code};
    bool shown = false;
    if (store_console_show(sc->s, link->workspace, &next, &shown, e) != 0) {
        return -1;
    }
    x->code = shown ? code : NULL;
    return shown ? store_audit_add(sc->s, link->workspace, "console_link", "console.code_shown",
                                   link->user_id, NULL, e)
                 : 0;
}

int bot_console_show(bot *b, arena *mem, const struct bot_console *what, const char **ret,
                     struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    struct showing x = {.what = what};
    if (scene_do(&sc, NULL, show, &x, e) != 0) {
        return -1;
    }
    *ret = x.code;
    return 0;
}

/* --- the admin types --- */

static const char *actor(struct scene *sc)
{
    return arena_printf(sc->mem, "user:%s", sc->user->user_id);
}

static int refuse(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "The console is for admins of Workbot here.");
    words_add_admins(&t->scene, view);
    return say_private(t, view, NULL, e);
}

static int send_link(struct turn *t, struct err *e)
{
    struct scene *sc = &t->scene;
    const struct workspace *w = sc->workspace;
    const struct config *config = sc->bot->options.config;
    const char *hash = NULL, *handle = oauth_handle_new(sc->mem, w->route, &hash);
    const struct id id = id_new();
    const struct console_session x = {.workspace = w->workspace,
                                      .id = id.text,
                                      .user_id = sc->user->user_id,
                                      .link_hash = hash,
                                      .link_expires_at = clock_now() + config->ttl_code};
    if (store_console_add(sc->s, &x, e) != 0 ||
        store_audit_add(sc->s, w->workspace, actor(sc), "console.link_made", id.text, NULL, e) !=
            0) {
        return -1;
    }
    json_t *view = view_new(sc->mem);
    bool signs_in = chats_sign_in_on(sc->bot->options.chats, w->workspace);
    view_text(view,
              "**The console** for %s: open this link, and %ssend me the code that its page shows.",
              str_empty(w->name) ? "this workspace" : w->name,
              signs_in ? "sign in to this chat there, or " : "");
    view_button(view, &(struct button){.title = "Open the console",
                                       .action = "open",
                                       .url = arena_printf(sc->mem, "%s/console/sign-in/%s",
                                                           config->public_url, handle)});
    view_note(view,
              "The link is yours alone, works once and ends %s. Never send a code of a page "
              "that you did not open yourself.",
              words_in(sc->mem, config->ttl_code));
    return say_private(t, view, NULL, e);
}

/* --- the code --- */

static int sign_out(struct turn *t, struct err *e)
{
    struct scene *sc = &t->scene;
    const char *workspace = sc->workspace->workspace, *user = sc->user->user_id;
    int64_t count = 0;
    json_t *view = view_new(sc->mem);
    if (store_console_end(sc->s, workspace, NULL, user, &count, e) != 0 ||
        (count > 0 &&
         store_audit_add(sc->s, workspace, actor(sc), "console.signed_out", user, NULL, e) != 0)) {
        return -1;
    }
    if (count > 0) {
        view_text(view, "**You are signed out of the console** in every browser.");
    } else {
        view_text(view, "You are signed in to the console nowhere.");
    }
    return say_private(t, view, NULL, e);
}

static int say_shared(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "I did not use that code: **send it in our %s**, never where others read it.",
              words_dm(&t->scene));
    return say_private(t, view, NULL, e);
}

static void add_verdict(json_t *view, enum console_typed typed)
{
    switch (typed) {
    case CONSOLE_CODE_RIGHT:
        view_text(view, "**That browser is yours.** Go back to it and press **Go on**.");
        view_note(view,
                  "Was that somebody else's page? Type `console sign out` at once: that signs "
                  "out every browser that has come in as you.");
        return;
    case CONSOLE_CODE_WRONG:
        view_text(view, "That is not the code that your page shows.");
        return;
    case CONSOLE_CODE_SPENT:
        view_text(view, "That was the third wrong code, so the link is good no more. Type "
                        "`console` for a new one.");
        return;
    case CONSOLE_CODE_NONE:
        view_text(view, "No page of yours waits for a code. Type `console` for a link.");
        return;
    }
}

static int prove(struct turn *t, const char *code, struct err *e)
{
    static const char *const noted[] = {[CONSOLE_CODE_RIGHT] = "console.code_right",
                                        [CONSOLE_CODE_SPENT] = "console.code_spent",
                                        [CONSOLE_CODE_NONE] = NULL};
    struct scene *sc = &t->scene;
    const char *workspace = sc->workspace->workspace, *user = sc->user->user_id;
    enum console_typed typed = CONSOLE_CODE_NONE;
    json_t *view = view_new(sc->mem);
    if (store_console_prove(sc->s, workspace, user, code_hash(sc->mem, workspace, user, code),
                            &typed, e) != 0 ||
        (noted[typed] != NULL &&
         store_audit_add(sc->s, workspace, actor(sc), noted[typed], user, NULL, e) != 0)) {
        return -1;
    }
    add_verdict(view, typed);
    return say_private(t, view, NULL, e);
}

static bool is_sign_out(arena *mem, const char *rest)
{
    const char *folded = recipe_command_fold(mem, rest);
    return str_equal(folded, "sign out") || str_equal(folded, "log out") ||
           str_equal(folded, "logout");
}

int command_console(struct turn *t, const char *rest, struct err *e)
{
    const char *code = code_in(t->scene.mem, rest, false);
    if (!words_for_admin(&t->scene)) {
        return refuse(t, e);
    }
    if (is_sign_out(t->scene.mem, rest)) {
        return sign_out(t, e);
    }
    if (code == NULL) {
        return send_link(t, e);
    }
    bool shared = !t->event.place.is_private && t->event.surface != SURFACE_COMMAND;
    return shared ? say_shared(t, e) : prove(t, code, e);
}
