#include "bot_int.h"

#include "base/str.h"

/*
 * A person is erased (P15), in two transactions: what is theirs is ended as when somebody leaves,
 * and revoked at the apps by jobs; when those are done everything that names the person goes at
 * once, with a proof. The second one is all or nothing, so that it can be tried again.
 */

struct forget {
    const struct bot_forget *q;
    struct bot_forgotten *ret;
    struct erase x;
};

/* The line of the audit that says who erased would name them again. */
static bool is_own(arena *mem, const struct bot_forget *q)
{
    return str_equal(q->actor, arena_printf(mem, "user:%s", q->user_id));
}

/* Commands of others run on what they hold: another admin takes that over first. */
static int check_rights(struct scene *sc, const struct bot_forget *q, struct err *e)
{
    const char **owned = NULL;
    size_t count = 0;
    if (is_own(sc->mem, q)) {
        return err_set(e, ERR_CONFLICT, "person_self",
                       "Nobody can erase themselves: the audit names whoever did it. Ask another "
                       "admin.");
    }
    if (str_equal(sc->workspace->installer, q->user_id)) {
        return err_set(e, ERR_CONFLICT, "person_installs",
                       "This person is the installer: PUT another \"installer\" of the workspace "
                       "first.");
    }
    if (store_erase_owns(sc->s, q->workspace, q->user_id, &owned, &count, e) != 0) {
        return -1;
    }
    return count == 0
               ? 0
               : err_set(e, ERR_CONFLICT, "person_owns",
                         "The login of the connection %s is this person's: log it in as another "
                         "admin, or DELETE it, first.",
                         owned[0]);
}

/* Whoever lost the right while this waited, or between its two halves, erases nobody. */
static int check_doer(struct scene *sc, const struct bot_forget *q, struct workspace *w,
                      struct err *e)
{
    if (w == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no_workspace", "There is no such workspace.");
    }
    sc->workspace = w;
    return q->still_may == NULL ? 0 : q->still_may(q->arg, sc->s, w, e);
}

static int end_person(struct scene *sc, void *arg, struct err *e)
{
    static const struct parting how = {.why = "erased"};
    struct forget *f = arg;
    struct workspace *w = NULL;
    bool known = false;
    if (store_workspace_lock(sc->s, f->q->workspace, &w, e) != 0 ||
        check_doer(sc, f->q, w, e) != 0 || check_rights(sc, f->q, e) != 0 ||
        store_erase_begin(sc->s, f->q->workspace, f->q->user_id, &f->x, &known, e) != 0) {
        return -1;
    }
    return known ? people_end(sc, f->q->user_id, &how, e)
                 : err_set(e, ERR_NOT_FOUND, "no_person",
                           "Nothing in this workspace names such a person.");
}

/* Undone while something names the person still: ERR_CONFLICT "person_left". The workspace is not
 * locked: the search takes its time, and logins wait for that lock. */
static int erase(struct scene *sc, void *arg, struct err *e)
{
    struct forget *f = arg;
    struct bot_forgotten *ret = f->ret;
    struct workspace *w = NULL;
    struct user *u = NULL;
    if (store_workspace_find(sc->s, f->q->workspace, &w, e) != 0 ||
        check_doer(sc, f->q, w, e) != 0 ||
        store_user_lock(sc->s, f->q->workspace, f->q->user_id, &u, e) != 0 ||
        store_erase_waiting(sc->s, &f->x, &ret->waiting, e) != 0) {
        return -1;
    }
    if (ret->waiting > 0) {
        return 0;
    }
    if (store_erase_do(sc->s, &f->x, &ret->done, e) != 0 ||
        store_erase_prove(sc->s, &f->x, &ret->proof, e) != 0) {
        return -1;
    }
    ret->erased = ret->proof.found == 0;
    return ret->erased ? 0 : err_set(e, ERR_CONFLICT, "person_left", "something names them still");
}

int bot_forget(bot *b, arena *mem, const struct bot_forget *q, struct bot_forgotten *ret,
               struct err *e)
{
    struct bot_forgotten made = {.erased = false};
    struct forget f = {.q = q, .ret = &made};
    struct scene sc = {.bot = b, .mem = mem};
    if (scene_do(&sc, NULL, end_person, &f, e) != 0) {
        return -1;
    }
    made.pseudonym = f.x.pseudonym;
    f.x.actor = q->actor;
    if (scene_do(&sc, NULL, erase, &f, e) != 0) {
        if (!str_equal(e->code, "person_left")) {
            return -1;
        }
        *e = (struct err){0};
    }
    *ret = made;
    return 0;
}
