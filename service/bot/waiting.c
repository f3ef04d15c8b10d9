#include "login_int.h"
#include "run_int.h"

#include "base/json.h"
#include "base/str.h"

/* What waits for a login, by name: all of it goes on with the login, and ends with Back. */

enum { NAMED_MAX = 3 };

/* with_input: tells two of one command apart. Links are forwarded: their pages show no inputs. */
static int name_of(store *s, const struct run *r, bool with_input, const char **ret, struct err *e)
{
    arena *mem = store_arena(s);
    struct recipe_row *row = NULL;
    struct recipe *recipe = NULL;
    struct err faulty = {0};
    if (store_recipe_version(s, r->workspace, r->recipe, r->version, &row, e) != 0) {
        return -1;
    }
    bool read = row != NULL && recipe_read(mem, row, &recipe, &faulty) == 0;
    const char *title = read && !str_empty(recipe->title) ? recipe->title : r->recipe;
    const char *input = read ? words_input(s, recipe, r) : NULL;
    *ret = with_input ? arena_printf(mem, "%s (%s)", title, input == NULL ? r->reference : input)
                      : title;
    return 0;
}

static int add_name(store *s, struct str *names, size_t at, const struct run *r, bool with_input,
                    struct err *e)
{
    const char *name = NULL;
    if (at >= NAMED_MAX) {
        return 0;
    }
    if (name_of(s, r, with_input, &name, e) != 0) {
        return -1;
    }
    str_printf(names, "%s%s", at == 0 ? "" : ", ", name);
    return 0;
}

/* own: one that is about to wait; NULL: none is */
static int load(store *s, const struct login *l, const struct run *own, bool with_input,
                struct awaiting *ret, struct err *e)
{
    struct run *list = NULL;
    size_t count = 0;
    struct str names = str_new(store_arena(s), 600);
    *ret = (struct awaiting){.names = ""};
    if (store_run_awaiting(s, l->workspace, l->user_id, l->default_name, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i <= count; i++) {
        const struct run *r = i < count ? &list[i] : own;
        bool twice = i < count && own != NULL && str_equal(list[i].id, own->id);
        if (r == NULL || twice) {
            continue;
        }
        ret->presses += decided_by(r) ? 1 : 0;
        if (add_name(s, &names, ret->count++, r, with_input, e) != 0) {
            return -1;
        }
    }
    if (ret->count > NAMED_MAX) {
        str_printf(&names, " and %zu more", ret->count - NAMED_MAX);
    }
    ret->names = ret->count == 0 ? "" : names.text;
    return 0;
}

int awaiting_load(struct scene *sc, const struct login *l, const struct run *own,
                  struct awaiting *ret, struct err *e)
{
    return load(sc->s, l, own, true, ret, e);
}

int bot_login_awaited(store *s, const struct login *l, const char **ret, size_t *ret_count,
                      struct err *e)
{
    struct awaiting w;
    if (load(s, l, NULL, false, &w, e) != 0) {
        return -1;
    }
    *ret = w.count == 0 ? NULL : w.names;
    *ret_count = w.count;
    return 0;
}

const char *awaiting_back_does(const struct awaiting *w)
{
    bool one = w->count == 1;
    return w->presses < w->count ? (one ? "cancels it" : "cancels them")
                                 : (one ? "takes back your press" : "takes back your presses");
}

/* Of a press: others read its message, and may wonder what becomes of it. */
static const char *question(arena *mem, const struct awaiting *w)
{
    if (w->count == 0) {
        return NULL;
    }
    return w->presses < w->count
               ? arena_printf(mem, "This cancels %s.", w->names)
               : arena_printf(mem,
                              "This %s: %s. Nothing is decided by it, and the buttons stay for "
                              "whoever may press.",
                              awaiting_back_does(w), w->names);
}

void awaiting_add_back(struct scene *sc, json_t *view, const char *login_id,
                       const struct awaiting *w)
{
    const char *asks = question(sc->mem, w);
    view_button(view, &(struct button){
                          .title = "Back", .action = "back", .value = login_id, .confirm = asks});
}

bool awaiting_told(struct scene *sc, const struct message *pressed, const struct awaiting *w)
{
    json_t *view = view_new(sc->mem);
    awaiting_add_back(sc, view, "", w);
    const char *now = json_text(view_find_button(view, "back"), "confirm");
    const json_t *there = pressed == NULL ? NULL : view_find_button(pressed->body, "back");
    return w->count == 0 || (now != NULL && str_equal(json_text(there, "confirm"), now));
}

int awaiting_ask(struct turn *t, const struct login *l, const struct awaiting *w, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view,
              "**Cancel what waits for this login, too?** Back ends the login, and with it: "
              "%s.",
              w->names);
    view_note(view, "Nothing is cancelled yet. The login above still works.");
    awaiting_add_back(&t->scene, view, l->id, w);
    return say_beside(t, view, NULL, e);
}
