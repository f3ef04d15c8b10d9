#include "install_int.h"

#include "base/json.h"
#include "base/str.h"

/* What the admins of a workspace are told about the bot itself: it was installed, it lacks a scope,
 * its token cannot be renewed. */

/* Where an admin installs it (again); NULL where that is not done in a browser. */
static const char *install_url(struct scene *sc)
{
    const char *workspace = sc->workspace->workspace;
    const struct chat_driver *driver = chats_driver(sc->bot->options.chats, workspace);
    if (driver == NULL || driver->install_path == NULL) {
        return NULL;
    }
    return arena_printf(sc->mem, "%s%s", sc->bot->options.config->public_url,
                        driver->install_path(sc->mem, workspace));
}

void installed_button(struct scene *sc, json_t *view)
{
    const char *url = install_url(sc);
    if (url != NULL) {
        view_button(view, &(struct button){.title = "Install again",
                                           .action = "install",
                                           .url = url,
                                           .style = BUTTON_PRIMARY});
    }
}

static int say_scope(struct scene *sc, const char *scope, struct err *e)
{
    json_t *view = view_new(sc->mem);
    view_text(view,
              "**I lack a permission here**: the scope `%s`. What needs it does not work until "
              "an admin installs me again and allows it.",
              scope);
    view_note(view, "Nobody's connections are touched by that.");
    installed_button(sc, view);
    return notice_all(sc, view, e);
}

static int say_fault(struct scene *sc, const char *about, struct err *e)
{
    json_t *view = view_new(sc->mem);
    (void)about;
    view_text(view,
              "**I am about to fall silent**: my own token cannot be renewed any more, and the "
              "one I have lasts two hours at most. Please install me again.");
    view_note(view, "Nobody's connections are touched by that.");
    installed_button(sc, view);
    return notice_all(sc, view, e);
}

static void add_role(struct scene *sc, json_t *view, const char *user_id)
{
    if (str_equal(sc->workspace->installer, user_id)) {
        view_text(view, "You are my installer and an admin here.");
        view_note(view, "Your own commands run on the connections that admins set up, unless that "
                        "is switched off for this workspace.");
    } else if (person_is_admin(sc->workspace, user_id)) {
        view_text(view, "You are one of my admins here.");
    } else {
        view_text(view, "My installer and admins are those who were named before: your "
                        "installation changes none of them.");
    }
}

static int say_welcome(struct scene *sc, const char *user_id, struct err *e)
{
    json_t *view = view_new(sc->mem);
    struct recipe_row *all = NULL;
    size_t count = 0;
    if (store_recipe_list(sc->s, sc->workspace->workspace, &all, &count, e) != 0) {
        return -1;
    }
    const char *name = sc->workspace->name;
    view_text(view,
              "**Thank you for installing me** in %s. I run commands in your company's apps, "
              "for each person as that person.",
              str_empty(name) ? "your workspace" : name);
    add_role(sc, view, user_id);
    if (count == 0) {
        words_add_setup(sc, view);
    }
    return notice_one(sc, user_id, view, e);
}

/* What only an admin can mend at one default connection. */
static int say_connection(struct scene *sc, const char *code, const char *name, struct err *e)
{
    struct default_connection *d = NULL;
    return store_default_find(sc->s, sc->workspace->workspace, name, &d, e) != 0
               ? -1
               : notice_admins(sc, d, code, NULL, e);
}

static int say(struct scene *sc, const json_t *payload, struct err *e)
{
    static const struct {
        const char *what;
        int (*say)(struct scene *, const char *, struct err *);
    } words[] = {{"scope", say_scope},
                 {"bot_fault", say_fault},
                 {"welcome", say_welcome},
                 {"tokens_left", tokens_left_say}};
    const char *what = json_text(payload, "what"), *about = json_text(payload, "about");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_equal(words[i].what, what)) {
            return words[i].say(sc, about == NULL ? "" : about, e);
        }
    }
    /* a code of a newer release is known to none: it is no news by the time that one is back */
    return str_empty(what) || str_empty(about) ? 0 : say_connection(sc, what, about, e);
}

static int tell(struct scene *sc, void *arg, struct err *e)
{
    const struct job *j = *(const struct job *const *)arg;
    struct workspace *w = NULL;
    json_t *payload = NULL;
    if (json_read(sc->mem, j->payload, &payload, e) != 0 ||
        store_workspace_find(sc->s, j->workspace, &w, e) != 0) {
        return -1;
    }
    sc->workspace = w;
    if (w != NULL && str_equal(w->state, "active") && say(sc, payload, e) != 0) {
        return -1;
    }
    return store_job_done(sc->s, j, e);
}

int bot_job_notice(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    return scene_do(&sc, j, tell, &j, e);
}
