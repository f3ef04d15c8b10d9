#include "login_int.h"
#include "run_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"

/*
 * One login may reach several sites of an app, of which a connection uses one. Once it is proven
 * whose login it is, its person is asked which, in the one-to-one chat: by a button, whose value
 * names a row of what is sealed with the login, or in words.
 */

enum { TITLE_MAX = 60, LABEL_MIN = 8 };

static const char *name_of(arena *mem, const struct oauth_site_row *x)
{
    return x->host == NULL ? x->label : arena_printf(mem, "%s (%s)", x->label, x->host);
}

/* Whoever owns a site gives it its name, also that of another one: what is cut is the name, and
 * the host stands whole. */
static const char *title_of(arena *mem, const struct oauth_site_row *x)
{
    size_t around = x->host == NULL ? 0 : strlen(x->host) + strlen(" ()");
    size_t left = around + LABEL_MIN > TITLE_MAX ? LABEL_MIN : TITLE_MAX - around;
    return name_of(
        mem, &(struct oauth_site_row){.label = str_cut(mem, x->label, left), .host = x->host});
}

static json_t *question_view(struct scene *sc, const struct login *l,
                             const struct oauth_sites *sites)
{
    json_t *view = view_new(sc->mem);
    view_text(view, "**Which %s site should Workbot use for you?**",
              words_app(sc, connected_app(sc, l)));
    view_note(view,
              "Your login reaches %lld. Press one of them, or type its name here, within %lld "
              "minutes. Nothing is connected before that.",
              (long long)sites->count, (long long)(sc->bot->options.config->ttl_code / 60));
    for (size_t i = 0; i < sites->count; i++) {
        view_button(view, &(struct button){.title = title_of(sc->mem, &sites->items[i]),
                                           .action = "site",
                                           .value = arena_printf(sc->mem, "%s %s %zu", l->id,
                                                                 sites->question, i)});
    }
    prompt_add_back(sc, view, l);
    return view;
}

/* Where the prompt stands something else may be read by now. */
static int show_prompt(struct scene *sc, const struct login *l, struct err *e)
{
    json_t *view = view_new(sc->mem);
    if (l->message_id == NULL) {
        return 0;
    }
    view_text(view, "One step is left: **choose the %s site** that Workbot uses for you.",
              words_app(sc, connected_app(sc, l)));
    view_note(view, "I ask you in our %s.", words_dm(sc));
    prompt_add_back(sc, view, l);
    return say_update(sc, l->message_id, view, e);
}

int site_ask(struct scene *sc, const struct login *l, struct err *e)
{
    struct oauth_sites sites;
    if (!oauth_sites_of(sc->mem, l, &sites)) {
        return 0;
    }
    metric_add(METRIC_LOGINS, "result=\"site_asked\"", 1);
    sc->changed = true;
    return show_prompt(sc, l, e) != 0
               ? -1
               : say_dm_as(sc, sites.question, question_view(sc, l, &sites), e);
}

/* The question's message says otherwise from now on, wherever that came from. */
static int close_question(struct scene *sc, const struct login *l, json_t *view, struct err *e)
{
    struct oauth_sites sites;
    struct message *m = NULL;
    if (!oauth_sites_of(sc->mem, l, &sites)) {
        return 0;
    }
    if (store_message_find(sc->s, l->workspace, sites.question, &m, e) != 0) {
        return -1;
    }
    return m == NULL ? 0 : say_update(sc, m->id, view, e);
}

int site_over(struct scene *sc, const struct login *l, struct err *e)
{
    json_t *view = view_new(sc->mem);
    view_text(view, "No site was chosen: the login to %s has ended, and nothing was connected.",
              words_app(sc, connected_app(sc, l)));
    return close_question(sc, l, view, e);
}

static int connect(struct turn *t, const struct oauth_confirm *c, const struct oauth_site_row *x,
                   struct err *e)
{
    struct scene *sc = &t->scene;
    const struct login_done done = {.login = c->login,
                                    .connection_id = c->connection_id,
                                    .account = &c->account,
                                    .before = c->before,
                                    .place = c->place,
                                    .differs = c->account_differs};
    json_t *view = view_new(sc->mem);
    view_text(view, "You have chosen **%s** for %s.", name_of(sc->mem, x),
              words_app(sc, connected_app(sc, c->login)));
    return close_question(sc, c->login, view, e) != 0 ? -1 : connected_settle(sc, &done, e);
}

static int say_over(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    if (t->acted == NULL || !action_stands(t)) {
        return 0; /* pressed twice: its message has said what came of it */
    }
    view_text(view, "That question is over. Type `connections` to see how things stand.");
    return say_private(t, view, NULL, e);
}

static int pick(struct turn *t, const struct oauth_site_pick *p, struct err *e)
{
    static const struct meant nothing = {.run = NULL};
    struct scene *sc = &t->scene;
    struct oauth_confirm c;
    struct oauth_sites sites;
    if (oauth_site_pick(sc->bot->options.oauth, sc->s, p, &c, e) != 0) {
        return -1;
    }
    if (c.result == OAUTH_CODE_NONE) {
        return say_over(t, e);
    }
    if (c.result == OAUTH_CODE_SPENT) {
        return site_over(sc, c.login, e) != 0 ? -1 : code_say_wrong(t, &c, &nothing, e);
    }
    return oauth_sites_of(sc->mem, c.login, &sites) ? connect(t, &c, &sites.items[p->index], e) : 0;
}

/* "<login> <question> <row>" */
int action_site(struct turn *t, const char *value, struct err *e)
{
    arena *mem = t->scene.mem;
    const char *rest = value;
    const char *login = str_split(mem, &rest, ' '), *question = str_split(mem, &rest, ' ');
    char *end = NULL;
    unsigned long index = rest == NULL ? 0 : strtoul(rest, &end, 10);
    if (!id_valid(login) || end == NULL || end == rest || *end != '\0') {
        return 0; /* was not written by us */
    }
    return pick(t,
                &(struct oauth_site_pick){.workspace = t->scene.workspace->workspace,
                                          .user_id = t->event.user_id,
                                          .login_id = login,
                                          .question = question,
                                          .index = index},
                e);
}

/* --- in words --- */

struct named {
    struct oauth_site_pick pick;
    size_t count; /* of those with that name */
};

static void look_for(struct scene *sc, const struct login *l, const char *text, struct named *io)
{
    struct oauth_sites sites;
    if (!oauth_sites_of(sc->mem, l, &sites)) {
        return;
    }
    for (size_t i = 0; i < sites.count; i++) {
        const struct oauth_site_row *x = &sites.items[i];
        if (str_equal_fold(text, x->label) || str_equal_fold(text, name_of(sc->mem, x)) ||
            (x->host != NULL && str_equal_fold(text, x->host))) {
            io->count++;
            io->pick = (struct oauth_site_pick){.workspace = l->workspace,
                                                .user_id = l->user_id,
                                                .login_id = l->id,
                                                .question = sites.question,
                                                .index = i};
        }
    }
}

static int say_namesakes(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "Several sites have that name: press the button of the one that you mean.");
    return say_private(t, view, NULL, e);
}

int site_try(struct turn *t, const char *text, struct err *e)
{
    struct scene *sc = &t->scene;
    struct named found = {.count = 0};
    struct login *open = NULL;
    struct meant also;
    size_t count = 0;
    if (!t->event.place.is_private) {
        return 0;
    }
    if (store_login_list_open(sc->s, sc->workspace->workspace, t->event.user_id, &open, &count,
                              e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        look_for(sc, &open[i], text, &found);
    }
    if (found.count == 0) {
        return 0;
    }
    /* what a command asks for goes before: the buttons are there still */
    if (question_meant(t, text, &also, e) != 0) {
        return -1;
    }
    if (also.run != NULL) {
        return 0;
    }
    return (found.count > 1 ? say_namesakes(t, e) : pick(t, &found.pick, e)) == 0 ? 1 : -1;
}
