#include "act_int.h"
#include "lists_int.h"
#include "people_int.h"
#include "run_int.h"

#include "base/clock.h"
#include "base/str.h"

/* Whom a back-end acts for (act.c): who that is, and the question to whoever has not allowed it. */

enum { STANDING_FRESH_S = 600 };

/* Teams tells of nobody who has never done anything with the bot. */
static bool is_nobody(const struct user *known, const struct err *e)
{
    return e->kind == ERR_NOT_FOUND || (known == NULL && str_equal(e->code, "chat_unclear"));
}

/* The platform's word, where ours is old, as for whoever types something. It fails closed. */
int act_know(struct scene *sc, struct acting *x, struct err *e)
{
    const struct user *u = sc->user;
    struct chat_person person = {0};
    if (chats_driver(sc->bot->options.chats, sc->workspace->workspace) == NULL) {
        return act_refuse_person(x);
    }
    if (u != NULL && u->standing != STANDING_UNKNOWN &&
        u->checked_at > clock_now() - STANDING_FRESH_S) {
        return 0;
    }
    if (person_ask(sc, x->q->user_id, &person, e) != 0) {
        if (is_nobody(u, e)) {
            *e = (struct err){0};
            return act_refuse_person(x);
        }
        e->kind = e->kind == ERR_LIMIT ? ERR_LIMIT : ERR_UPSTREAM_BUSY;
        return err_wrap(e, "who is %s", x->q->user_id);
    }
    struct person_news news = {.user_id = x->q->user_id, .person = &person, .asked = true};
    return scene_do(sc, NULL, person_take_alone, &news, e);
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
    const char *id = NULL;
    bool may = false;
    if (act_may_run(sc, recipe, &may, e) != 0) {
        return -1;
    }
    if (!may) {
        return 0;
    }
    if (store_permission_ask(sc->s, x->q->workspace, x->q->user_id, x->q->token, &id, e) != 0) {
        return -1;
    }
    if (id == NULL) {
        return 0;
    }
    return say_dm(sc, question(sc, x->q, recipe->title, id), NULL, e) != 0
               ? -1
               : store_audit_add(sc->s, x->q->workspace, x->q->actor, "act.asked", x->q->user_id,
                                 NULL, e);
}
