#include "run_int.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* "Run again" under what admins are told of an event's run that failed: every run of that recipe
 * that failed for the same reason is made anew with what its event said, by the recipe of today.
 * What has written something is left to people: it would be written twice. One press looks at so
 * many; "Run the rest" goes on behind them, since those that are left to people stay where they
 * are. */

enum { AGAIN_MAX = 100 /* by one press */, ANEW = -1 /* seconds: however lately it was told */ };

struct again {
    const struct recipe_row *row;
    struct recipe *recipe;
    const char *from; /* the run that this press begins with; NULL: the first */
    int64_t begun, left_out, elsewhere;
    bool full;        /* so many wait already that no more may begin */
    const char *rest; /* the first one that was not looked at; NULL: none is left */
};

static const char REST[] = "@rest"; /* behind the run that a button begins with */

char *post_failed_key(arena *mem, const struct run *r)
{
    return arena_printf(mem, "hook:%s:%s", r->recipe, r->error_code);
}

int post_start(struct scene *sc, struct run *r, const struct recipe_row *row,
               const struct recipe *recipe, struct err *e)
{
    enum { OPEN_MAX = 10000 /* runs of hooks that wait at once in a workspace */ };
    bool added = false;
    *r = (struct run){.workspace = row->workspace,
                      .recipe = row->name,
                      .version = row->version,
                      .user_id = "",
                      .state = RUN_QUEUED,
                      .place = "post",
                      .channel = recipe->post.channel,
                      .inputs = r->inputs};
    if (store_run_add(sc->s, r, OPEN_MAX, &added, e) != 0) {
        return -1;
    }
    return added ? run_enqueue(sc, r, RUN_QUEUED, e)
                 : err_set(e, ERR_UPSTREAM_BUSY, "hook_runs", "too many runs of hooks wait");
}

/* Done once more it would be done twice, or nobody knows its event any more. */
static int stays(struct scene *sc, const struct run *r, bool *ret, struct err *e)
{
    const char *so_far = NULL;
    bool unsure = false;
    if (result_so_far(sc, r, &so_far, e) != 0 || result_unsure(sc, r, &unsure, e) != 0) {
        return -1;
    }
    *ret = so_far != NULL || unsure || r->inputs == NULL;
    return 0;
}

int post_add_again(struct scene *sc, json_t *view, const struct run *r, struct err *e)
{
    const struct run_hooked q = {
        .recipe = r->recipe, .state = RUN_FAILED, .error_code = r->error_code};
    const char *so_far = NULL;
    int64_t count = 0;
    bool alone = false;
    if (store_run_hooked_count(sc->s, r->workspace, &q, &count, e) != 0 ||
        result_so_far(sc, r, &so_far, e) != 0 || stays(sc, r, &alone, e) != 0) {
        return -1;
    }
    if (so_far != NULL) {
        view_text(view, "%s", so_far);
    }
    if (count > 1) {
        view_text(view, "It failed so for **%lld events** that nobody has run again.",
                  (long long)count);
    }
    if (count > 1 || !alone) {
        view_button(view, &(struct button){.title = count > 1 ? "Run all again" : "Run again",
                                           .action = "post_again",
                                           .value = r->id});
    }
    return 0;
}

int post_tell_works(struct scene *sc, const struct run *r, struct err *e)
{
    json_t *view = view_new(sc->mem);
    view_text(
        view,
        "The recipe `%s`, which an event of an app starts, can work again. What came meanwhile "
        "was not done.",
        r->recipe);
    if (post_add_again(sc, view, r, e) != 0) {
        return -1;
    }
    view_note(view, "Reference %s. The first press counts.", r->reference);
    return notice_all(sc, view, e);
}

/* --- the press --- */

static int audit(struct turn *t, const struct run *old, const struct run *r, struct err *e)
{
    arena *mem = t->scene.mem;
    json_t *detail = arena_json(mem, json_pack("{s:s, s:s, s:s}", "run", old->id, "recipe",
                                               old->recipe, "again", r->reference));
    return store_audit_add(t->scene.s, old->workspace,
                           arena_printf(mem, "user:%s", t->event.user_id), "run.again",
                           old->reference, detail, e);
}

/* "": nobody knows its event any more. */
static const char *hook_of(const struct run *r)
{
    const char *name = json_text(json_member(r->inputs, "hook"), "name");
    return name == NULL ? "" : name;
}

static int run_one(struct turn *t, struct again *x, struct run *old, struct err *e)
{
    struct run r = {.inputs = old->inputs};
    struct err why = {0};
    bool left = false;
    if (stays(&t->scene, old, &left, e) != 0) {
        return -1;
    }
    if (left) {
        x->left_out++;
        return 0;
    }
    if (!str_equal(hook_of(old), x->recipe->hook)) {
        x->elsewhere++; /* what it says means something else there */
        return 0;
    }
    if (post_start(&t->scene, &r, x->row, x->recipe, &why) != 0) {
        x->full = str_equal(why.code, "hook_runs");
        *e = x->full ? *e : why;
        return x->full ? 0 : -1;
    }
    x->begun++;
    return audit(t, old, &r, e) != 0 ? -1 : post_move(&t->scene, old, RUN_SUPERSEDED, e);
}

void post_add_rest(struct scene *sc, json_t *view, const char *from)
{
    if (from != NULL) {
        view_button(view, &(struct button){.title = "Run the rest",
                                           .action = "post_again",
                                           .value = arena_printf(sc->mem, "%s%s", from, REST)});
    }
}

static int say_done(struct turn *t, const struct again *x, const struct run *r, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "**%s**: %lld %s again now.", x->recipe->title, (long long)x->begun,
              x->begun == 1 ? "event runs" : "events run");
    if (x->left_out > 0) {
        view_text(view, "%lld %s something before %s failed. Please do the rest in the app.",
                  (long long)x->left_out,
                  x->left_out == 1 ? "stays as it is: it had written"
                                   : "stay as they are: they had written",
                  x->left_out == 1 ? "it" : "they");
    }
    if (x->elsewhere > 0) {
        view_text(view, "%lld %s by another hook than the recipe listens to now.",
                  (long long)x->elsewhere,
                  x->elsewhere == 1 ? "stays as it is: it came" : "stay as they are: they came");
    }
    if (x->rest != NULL) {
        view_text(view, "More wait than run at once.");
    }
    post_add_rest(&t->scene, view, x->rest);
    view_note(view, "Reference %s", r->reference);
    return say_private(t, view, NULL, e);
}

/* Those that failed as r did, from this one on, and the first that is one too many for a press. */
static int find_failed(struct scene *sc, const struct run *r, const char *from, struct run **ret,
                       size_t *ret_count, struct err *e)
{
    const struct run_hooked q = {.recipe = r->recipe,
                                 .state = RUN_FAILED,
                                 .error_code = r->error_code,
                                 .limit = AGAIN_MAX + 1,
                                 .from = from};
    return store_run_hooked(sc->s, r->workspace, &q, ret, ret_count, e);
}

/* The notice's row is taken first: a run that fails at this moment is seen here, or finds that
 * nobody has been told. */
static int run_all(struct turn *t, struct again *x, const struct run *r, struct err *e)
{
    const char *key = post_failed_key(t->scene.mem, r);
    struct run *list = NULL;
    size_t count = 0;
    bool due = false;
    if (store_notice_due(t->scene.s, r->workspace, key, ANEW, &due, e) != 0 ||
        find_failed(&t->scene, r, x->from, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count && x->rest == NULL; i++) {
        if (i < AGAIN_MAX && run_one(t, x, &list[i], e) != 0) {
            return -1;
        }
        x->rest = i == AGAIN_MAX || x->full ? list[i].id : NULL;
    }
    /* the next one is told at once */
    return store_notice_forget(t->scene.s, r->workspace, key, ANEW, e) != 0 ? -1
                                                                            : say_done(t, x, r, e);
}

static bool is_ready(struct scene *sc, struct again *x)
{
    struct err faulty = {0};
    return x->row != NULL && x->row->enabled &&
           recipe_read(sc->mem, x->row, &x->recipe, &faulty) == 0 && x->recipe->hook != NULL;
}

/* What whoever presses is told instead, and the button stays for when that is mended; NULL: its
 * event may be put into the recipe. */
static int why_not(struct scene *sc, const struct run *r, struct again *x, json_t **ret,
                   struct err *e)
{
    const char *came_by = hook_of(r);
    struct recipe_row *row = NULL;
    struct hook *hook = NULL;
    if (store_recipe_find(sc->s, r->workspace, r->recipe, &row, e) != 0 ||
        store_hook_find(sc->s, r->workspace, came_by, &hook, e) != 0) {
        return -1;
    }
    x->row = row;
    json_t *view = view_new(sc->mem);
    *ret = view;
    if (!is_ready(sc, x)) {
        view_text(view, "The recipe `%s` is off, gone or has faults: nothing was run.", r->recipe);
    } else if (!str_equal(came_by, x->recipe->hook)) {
        view_text(view,
                  "It came by the hook `%s`, and the recipe `%s` listens to `%s` now: nothing was "
                  "run.",
                  came_by, r->recipe, x->recipe->hook);
    } else if (hook == NULL || !hook->enabled) {
        view_text(view, "The hook `%s`, by which it came, is off or gone: nothing was run.",
                  came_by);
    } else {
        *ret = NULL;
    }
    return 0;
}

/* Another press was first. What it did not get to begins behind this one, which it ran. */
static int say_first(struct turn *t, const struct run *r, struct err *e)
{
    struct run *list = NULL;
    const char *rest = NULL;
    size_t count = 0;
    if (find_failed(&t->scene, r, r->id, &list, &count, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count && rest == NULL; i++) {
        bool left = false;
        if (i < AGAIN_MAX && stays(&t->scene, &list[i], &left, e) != 0) {
            return -1;
        }
        rest = left ? NULL : list[i].id;
    }
    return post_say_first(t, r, "run.again", rest, e);
}

int action_post_again(struct turn *t, const char *value, struct err *e)
{
    const char *id = arena_strndup(t->scene.mem, value, strcspn(value, "@"));
    struct again x = {.begun = 0};
    json_t *why = NULL;
    struct run *r = NULL;
    if (post_run(t, id, &r, e) != 0 || r == NULL) {
        return r == NULL && e->kind == ERR_NONE ? 0 : -1;
    }
    if (!run_is_nobodys(r)) {
        return action_say_dead(t, e); /* theirs, of when its recipe was a command */
    }
    if (r->state != RUN_FAILED) {
        return say_first(t, r, e);
    }
    x.from = str_ends(value, REST) ? r->id : NULL;
    if (why_not(&t->scene, r, &x, &why, e) != 0) {
        return -1;
    }
    return why != NULL ? say_beside(t, why, NULL, e) : run_all(t, &x, r, e);
}
