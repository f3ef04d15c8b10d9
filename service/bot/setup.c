#include "login_int.h"
#include "people_int.h"
#include "run_int.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "crypto.h"

/*
 * The first admin, where nobody installs the bot: whoever opens the operator's set-up link is shown
 * six digits, and is an admin once `admin 123456` was sent in the one-to-one chat.
 *
 * Unlike a login's code this one is good for every member who knows it. So nothing is said about
 * what codes there are, a wrong one is a try of every code that is good, and one that was sent
 * where others read it is good no more, whatever stands around it.
 *
 * Where others read it a wrong one is no try. A guess wins nothing there: the right one is hidden
 * and makes nobody an admin; and any number in any command would end the codes of others.
 */

enum {
    DIGITS = 6,
    GUESSES_MAX = 256 /* of one text that are held against the codes: more is no sentence */
};

static const char WORD[] = "admin";

static char *code_hash(arena *mem, const char *link_id, const char *code)
{
    return crypto_hash_text(mem, arena_printf(mem, "setup:%s:%s", link_id, code));
}

/* --- the page shows a code --- */

struct showing {
    const struct setup *link;
    const char *code; /* NULL: the link is over */
};

static int show(struct scene *sc, void *arg, struct err *e)
{
    struct showing *x = arg;
    const char *code = crypto_random_digits(sc->mem, DIGITS);
    struct setup next = *x->link;
    bool shown = false;
    next.code_hash = code_hash(sc->mem, next.id, code);
    next.code_expires_at = clock_now() + sc->bot->options.config->ttl_code;
    if (store_setup_show(sc->s, &next, &shown, e) != 0) {
        return -1;
    }
    x->code = shown ? code : NULL;
    return shown ? store_audit_add(sc->s, next.workspace, "setup_link", "admin_link.code_shown",
                                   next.id, NULL, e)
                 : 0;
}

int bot_setup_show(bot *b, arena *mem, const struct setup *link, const char **ret, struct err *e)
{
    struct scene sc = {.bot = b, .mem = mem};
    struct showing x = {.link = link};
    if (scene_do(&sc, NULL, show, &x, e) != 0) {
        return -1;
    }
    *ret = x.code;
    return 0;
}

/* --- and it is sent in the chat --- */

static bool has_links(const struct turn *t)
{
    const struct chat_driver *platform = chats_platform(t->scene.workspace->workspace);
    return platform != NULL && platform->app_token;
}

/* What stands behind the word; NULL: it is not said, or nobody becomes an admin by it here. */
static const char *behind_word(const struct turn *t, const char *text)
{
    char *folded = recipe_command_fold(t->scene.mem, text);
    size_t len = strlen(WORD);
    bool said = str_starts(folded, WORD) && (folded[len] == '\0' || folded[len] == ' ');
    return said && has_links(t) ? folded + len : NULL;
}

static const struct setup *that_shows(arena *mem, const struct setup *list, size_t count,
                                      const char *code)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(list[i].code_hash, code_hash(mem, list[i].id, code))) {
            return &list[i];
        }
    }
    return NULL;
}

/* The link that shows it, with the workspace and all its links locked; NULL: none does. */
static int find(struct scene *sc, const char *code, const struct setup **ret, struct err *e)
{
    struct workspace *w = NULL;
    struct setup *list = NULL;
    size_t count = 0;
    if (store_workspace_lock(sc->s, sc->workspace->workspace, &w, e) != 0) {
        return -1;
    }
    if (w == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_workspace", "%s went away", sc->workspace->workspace);
    }
    sc->workspace = w;
    if (store_setup_waiting(sc->s, w->workspace, &list, &count, e) != 0) {
        return -1;
    }
    *ret = that_shows(sc->mem, list, count, code);
    return 0;
}

/* --- or where others read it --- */

/* Whoever knows a code might be one of those who read it there. */
static int hide(struct turn *t, const char *code, struct err *e)
{
    struct scene *sc = &t->scene;
    const struct setup *link = NULL;
    const char *actor = arena_printf(sc->mem, "user:%s", t->event.user_id);
    if (find(sc, code, &link, e) != 0) {
        return -1;
    }
    if (link == NULL) {
        return 0;
    }
    return store_setup_hide(sc->s, link->workspace, link->id, e) != 0
               ? -1
               : store_audit_add(sc->s, link->workspace, actor, "admin_link.code_read", link->id,
                                 NULL, e);
}

/* The same whether there was such a code or not. */
static int say_shared(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "I did not use that code, and nobody can any more: others have read it. **Let "
                    "the page show a new one, and send it here.**");
    return say_private(t, view, NULL, e);
}

/* The digits from here on, whatever but letters stands between them; NULL: fewer than six. */
static const char *six_from(arena *mem, const char *p)
{
    struct str digits = str_new(mem, DIGITS + 1);
    for (; *p != '\0' && digits.len < DIGITS && !isalpha((unsigned char)*p); p++) {
        if (isdigit((unsigned char)*p)) {
            str_add_char(&digits, *p);
        }
    }
    return digits.len == DIGITS ? digits.text : NULL;
}

/* Each six in a row, those of longer numbers too; NULL: no more. */
static const char *next_six(arena *mem, const char **text)
{
    const char *code = NULL;
    while (**text != '\0' && code == NULL) {
        code = isdigit((unsigned char)**text) ? six_from(mem, *text) : NULL;
        (*text)++;
    }
    return code;
}

/* How many of the codes in the text were good; code: the first six digits there. */
static int hide_all(struct turn *t, const char *code, const char *text, size_t *ret, struct err *e)
{
    struct scene *sc = &t->scene;
    struct setup *list = NULL;
    size_t count = 0, hidden = 0;
    if (store_setup_shown(sc->s, sc->workspace->workspace, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; count > 0 && code != NULL && i < GUESSES_MAX; i++) {
        bool shown = that_shows(sc->mem, list, count, code) != NULL;
        if (shown && hide(t, code, e) != 0) {
            return -1;
        }
        hidden += shown ? 1 : 0;
        code = next_six(sc->mem, &text);
    }
    *ret = hidden;
    return 0;
}

static int end_shared(struct turn *t, const char *text, size_t *ret_hidden, struct err *e)
{
    const char *code = t->event.place.is_private ? NULL : next_six(t->scene.mem, &text);
    *ret_hidden = 0;
    return code == NULL || !has_links(t) ? 0 : hide_all(t, code, text, ret_hidden, e);
}

int setup_shared(struct turn *t, const char *text, struct err *e)
{
    size_t hidden = 0;
    if (end_shared(t, text, &hidden, e) != 0) {
        return -1;
    }
    return hidden == 0 ? 0 : say_shared(t, e) == 0 ? 1 : -1;
}

int setup_shared_unheard(struct turn *t, struct err *e)
{
    size_t unsaid = 0;
    return t->event.kind == EVENT_TEXT ? end_shared(t, t->event.text, &unsaid, e) : 0;
}

/* --- or in the chat --- */

static int wrong(struct turn *t, struct err *e)
{
    struct scene *sc = &t->scene;
    const char **spent = NULL;
    const char *actor = arena_printf(sc->mem, "user:%s", t->event.user_id);
    size_t count = 0;
    if (store_setup_wrong(sc->s, sc->workspace->workspace, &spent, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (store_audit_add(sc->s, sc->workspace->workspace, actor, "admin_link.code_spent",
                            spent[i], NULL, e) != 0) {
            return -1;
        }
    }
    json_t *view = view_new(sc->mem);
    view_text(view, "That is not a code that a set-up page shows now. One is good for a few "
                    "minutes and for three tries; the page shows you a new one.");
    return say_private(t, view, NULL, e);
}

/* To those who were admins before. */
static int tell_admins(struct scene *sc, struct err *e)
{
    json_t *view = view_new(sc->mem);
    view_text(view, "**%s** is an admin of Workbot here from now on, by a set-up link.",
              words_person(sc->user));
    view_note(view, "Whoever operates Workbot made that link. If it should not be so, they can "
                    "take it back.");
    return notice_all(sc, view, e);
}

static int welcome(struct turn *t, struct err *e)
{
    struct scene *sc = &t->scene;
    json_t *view = view_new(sc->mem);
    const char *name = sc->workspace->name;
    view_text(view,
              "**You are an admin of Workbot in %s now.** I tell you what only an admin can "
              "mend. The link is used up.",
              str_empty(name) ? "your organisation" : name);
    if (t->recipes_count == 0) {
        words_add_setup(sc, view);
    }
    return say_private(t, view, NULL, e);
}

static int take(struct turn *t, const char *code, struct err *e)
{
    struct scene *sc = &t->scene;
    struct user *u = NULL;
    const struct setup *link = NULL;
    bool taken = false;
    json_t *view = view_new(sc->mem);
    if (store_user_lock(sc->s, sc->workspace->workspace, t->event.user_id, &u, e) != 0) {
        return -1;
    }
    if (u == NULL || u->standing != STANDING_MEMBER) {
        view_text(view, "Only members of the organisation can become admins. I have not used that "
                        "code.");
        return say_private(t, view, NULL, e);
    }
    if (find(sc, code, &link, e) != 0) {
        return -1;
    }
    if (person_is_admin(sc->workspace, u->user_id)) {
        view_text(view, "You are an admin here already, so I have not used that code.");
        return say_private(t, view, NULL, e);
    }
    if (link == NULL) {
        return wrong(t, e);
    }
    if (store_setup_take(sc->s, link->workspace, link->handle_hash, u->user_id, &taken, e) != 0) {
        return -1;
    }
    return !taken ? wrong(t, e) : tell_admins(sc, e) != 0 ? -1 : welcome(t, e);
}

static const char *said_code(const struct turn *t, const char *text)
{
    const char *rest = behind_word(t, text);
    return rest == NULL ? NULL : code_in(t->scene.mem, rest, false);
}

/* A button holds words, too: those that came late. */
bool setup_is_tried(const struct turn *t)
{
    const struct event *ev = &t->event;
    const char *text = ev->kind == EVENT_TEXT     ? ev->text
                       : ev->kind == EVENT_ACTION ? ev->value
                                                  : NULL;
    return text != NULL && ev->place.is_private && said_code(t, text) != NULL;
}

int setup_try(struct turn *t, const char *text, struct err *e)
{
    const char *code = said_code(t, text);
    if (code == NULL) {
        return 0;
    }
    int rc = t->event.place.is_private ? take(t, code, e) : say_shared(t, e);
    return rc == 0 ? 1 : -1;
}

void setup_add_advice(const struct turn *t, json_t *view)
{
    if (has_links(t) && t->event.place.is_private) {
        view_note(view, "Does a set-up page show it? Then send me `admin` and the six digits.");
    }
}

/* What is asked here stays open; it can still be the answer. */
static int add_asked(struct turn *t, json_t *view, const struct meant *also, struct err *e)
{
    struct run *asking = NULL;
    struct recipe *recipe = NULL;
    if (question_find(t, &asking, e) != 0 ||
        (asking != NULL && result_recipe(&t->scene, asking, &recipe, e) != 0)) {
        return -1;
    }
    if (asking == NULL) {
        return 0;
    }
    view_note(view, "%s still waits: enter its %s, or type `cancel`.",
              recipe == NULL ? asking->recipe : recipe->title, asking->asking);
    question_add_meant(&t->scene, view, also);
    return 0;
}

static void add_way(struct scene *sc, json_t *view)
{
    if (words_for_admin(sc)) {
        view_text(view, "You are an admin of Workbot here already.");
        return;
    }
    view_text(view, "You become an admin of Workbot by a set-up link: open it, and send me `admin` "
                    "and the six digits that its page shows.");
    view_note(view, "Without one, ask whoever operates Workbot.");
    words_add_admins(sc, view);
}

int setup_near(struct turn *t, const char *text, struct err *e)
{
    struct meant also;
    const char *rest = behind_word(t, text);
    if (rest == NULL || rest[strspn(rest, " -0123456789")] != '\0') {
        return 0;
    }
    if (question_meant(t, text, &also, e) != 0) {
        return -1;
    }
    if (also.run != NULL && also.input->options_count > 0) {
        return 0; /* the question lists it: it is the answer */
    }
    json_t *view = view_new(t->scene.mem);
    add_way(&t->scene, view);
    return add_asked(t, view, &also, e) == 0 && say_private(t, view, NULL, e) == 0 ? 1 : -1;
}
