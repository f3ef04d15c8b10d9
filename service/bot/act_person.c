#include "act_int.h"
#include "lists_int.h"
#include "run_int.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

/*
 * Whom a back-end acts for (act.c): who that is, and the question to whoever has not allowed it.
 *
 * A token in wrong hands names whom it likes. So the chat hears of nobody who has not allowed it
 * before that person's turn is noted and counted (store/permissions.h), whatever the chat says of
 * them the answer is that they have not, and of whom it was told and who is not asked nothing is
 * kept but that.
 */

enum { STANDING_FRESH_S = 600 };

static bool is_known(const struct user *u)
{
    return u != NULL && u->standing != STANDING_UNKNOWN;
}

/* Of whom we know that they could not run it the chat is not asked either. */
static int take_turn(struct scene *sc, void *arg, struct err *e)
{
    struct acting *x = arg;
    const struct bot_act *q = x->q;
    bool may = true;
    if ((is_known(sc->user) && act_may_run(sc, x->recipe, &may, e) != 0) ||
        (may &&
         store_permission_look(sc->s, q->workspace, q->user_id, q->token, &x->turn, e) != 0)) {
        return -1;
    }
    return x->turn ? 0 : act_refuse_person(x);
}

/* Nobody of this id; Teams tells of nobody who has never done anything with the bot. */
static bool is_nobody(const struct user *known, const struct err *e)
{
    return e->kind == ERR_NOT_FOUND || (known == NULL && str_equal(e->code, "chat_unclear"));
}

/* Fails closed. That somebody has not allowed it is true whatever the chat answers. */
static int not_told(struct scene *sc, struct acting *x, struct err *e)
{
    bool nobody = is_nobody(sc->user, e);
    if (x->allowed && !nobody) {
        e->kind = e->kind == ERR_LIMIT ? ERR_LIMIT : ERR_UPSTREAM_BUSY;
        return err_wrap(e, "who is %s", x->q->user_id);
    }
    if (!nobody) {
        const struct log_field fields[] = {LOG_TEXT("workspace", x->q->workspace)};
        log_err(LOG_WARN, "somebody is not asked for a program: the chat does not say who that is",
                e, fields, 1);
    }
    *e = (struct err){0};
    return act_refuse_person(x);
}

/* The platform's word, where ours is old, as for whoever types something. */
static int look(struct scene *sc, struct acting *x, struct err *e)
{
    struct chat_person *person = arena_alloc(sc->mem, sizeof *person);
    struct person_news news = {.user_id = x->q->user_id, .person = person, .asked = true};
    if (person_ask(sc, x->q->user_id, person, e) != 0) {
        return not_told(sc, x, e);
    }
    if (sc->user != NULL) {
        return scene_do(sc, NULL, person_take_alone, &news, e);
    }
    x->newcomer = news;
    return store_standing_allowed(person_standing(person), sc->workspace) ? 0
                                                                          : act_refuse_person(x);
}

int act_know(struct scene *sc, struct acting *x, struct err *e)
{
    if (chats_driver(sc->bot->options.chats, sc->workspace->workspace) == NULL) {
        return act_refuse_person(x);
    }
    if (!x->allowed && scene_do(sc, NULL, take_turn, x, e) != 0) {
        return -1;
    }
    bool fresh = is_known(sc->user) && sc->user->checked_at > clock_now() - STANDING_FRESH_S;
    return fresh || x->refused.kind != ERR_NONE ? 0 : look(sc, x, e);
}

/* --- the question --- */

static json_t *question(const struct scene *sc, const struct bot_act *q, const char *title,
                        const char *id)
{
    json_t *view = view_new(sc->mem);
    view_text(view, "**%s** wants to run commands for you. It asks for: **%s**", q->name, title);
    view_text(view, "It is a program that an admin of your workspace set up. If you allow it, it "
                    "may start the commands that you may run, as you and without asking again. "
                    "Each one is told to you here, and what needs your login asks you for it.");
    view_note(view, "`disallow %s` ends it at any time; `whoami` shows what you have allowed.",
              q->name);
    view_button(view,
                &(struct button){
                    .title = "Allow", .action = "act_allow", .value = id, .style = BUTTON_PRIMARY});
    view_button(view, &(struct button){.title = "Not now", .action = "act_later", .value = id});
    return view;
}

/* Nobody is asked about a recipe that they may not run, nor told its title. */
int act_ask(struct scene *sc, struct acting *x, const struct recipe *recipe, struct err *e)
{
    const struct bot_act *q = x->q;
    const char *id = NULL;
    bool may = false;
    if (act_may_run(sc, recipe, &may, e) != 0 ||
        (may && x->turn &&
         store_permission_ask(sc->s, q->workspace, q->user_id, q->token, &id, e) != 0)) {
        return -1;
    }
    x->asked = id != NULL;
    if (x->asked &&
        (say_dm(sc, question(sc, q, recipe->title, id), NULL, e) != 0 ||
         store_audit_add(sc->s, q->workspace, q->actor, "act.asked", q->user_id, NULL, e) != 0)) {
        return -1;
    }
    return act_refuse_person(x);
}
