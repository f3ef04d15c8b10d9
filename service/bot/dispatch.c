#include "form_int.h"
#include "install_int.h"
#include "lists_int.h"
#include "login_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

/*
 * From a stored event to its effects. The person's standing is asked of the platform first, with no
 * session open; everything else, the job's end included, is one transaction.
 */

enum {
    STANDING_FRESH_S = 600, /* how long the platform's word about a person holds */
    GONE_FRESH_S = 5,       /* and of who is gone, but does something: bounds the questions */
    LATE_S = 600,           /* an older command is offered, not run */
    LATE_BYTES = 1800       /* that a button holds whole: cut, it would be another command */
};

bot *bot_new(arena *boot, const struct bot_options *options)
{
    bot *b = arena_alloc(boot, sizeof(*b));
    b->options = *options;
    return b;
}

static const char RUNNING[] = "Running it now.";

static int load_people(struct turn *t, const struct chat_driver *driver, struct err *e)
{
    store *s = NULL;
    struct workspace *w = NULL;
    struct user *u = NULL;
    arena *mem = t->scene.mem;
    if (store_open(t->scene.bot->options.stores, mem, &s, e) != 0) {
        return -1;
    }
    int rc = store_workspace_find(s, t->job->workspace, &w, e);
    if (rc == 0 && w != NULL) {
        rc = driver->parse(mem, job_kind_name(t->job->kind), t->job->payload, w->bot_user_id,
                           &t->event, e);
    }
    if (rc == 0 && w != NULL && t->event.user_id != NULL) {
        rc = store_user_find(s, w->workspace, t->event.user_id, &u, e);
    }
    store_close(s);
    t->scene.workspace = w;
    t->scene.user = u;
    return rc;
}

/* Who has left in the meantime is off-boarded here, if no event told. */
static int take_answer(struct turn *t, const struct chat_person *person, struct err *e)
{
    struct person_news news = {.user_id = t->event.user_id, .person = person, .asked = true};
    return scene_do(&t->scene, NULL, person_take_alone, &news, e);
}

static bool is_known(const struct turn *t)
{
    const struct user *known = t->scene.user;
    bool gone = known != NULL && known->standing == STANDING_DEACTIVATED;
    bool fresh = known != NULL && known->standing != STANDING_UNKNOWN &&
                 known->checked_at > clock_now() - (gone ? GONE_FRESH_S : STANDING_FRESH_S);
    /* what was learnt of one person says nothing of somebody who comes from elsewhere */
    return fresh && (person_is_of(&t->scene, t->event.user_team) || !words_open_to(&t->scene));
}

/* Nobody whom we know: nothing of it touches the person whose id it is here. */
static int take_foreign(struct turn *t)
{
    const struct user nobody = {.workspace = t->scene.workspace->workspace,
                                .user_id = t->event.user_id,
                                .standing = STANDING_STRANGER};
    log_warn("somebody of another team than the chat names for this id is refused",
             LOG_TEXT("workspace", nobody.workspace), LOG_TEXT("user", nobody.user_id),
             LOG_TEXT("team", t->event.user_team));
    t->scene.user = arena_copy(t->scene.mem, &nobody, sizeof nobody);
    t->foreign = true;
    return 0;
}

/* Asks the platform who this is when our knowledge is old, of somebody of another team, and of
 * whoever would become an admin. It fails closed: no answer, no act. */
static int know_person(struct turn *t, struct err *e)
{
    const char *team = t->event.user_team;
    if (is_known(t) && !setup_is_tried(t)) {
        return 0;
    }
    struct chat_person person = {0};
    t->scene.reach = seen_reach(t);
    if (person_ask(&t->scene, t->event.user_id, &person, e) != 0 &&
        !person_stays_gone(&t->scene, &person, e)) {
        /* What the platform cannot say now it may say later: what was acknowledged is kept. */
        bool final = e->kind == ERR_LIMIT || e->kind == ERR_NOT_FOUND;
        e->kind = final ? e->kind : ERR_UPSTREAM_BUSY;
        return err_wrap(e, "who is %s", t->event.user_id);
    }
    bool foreign = !person_is_of(&t->scene, team) && !person_says_team(t->scene.mem, &person, team);
    return foreign ? take_foreign(t) : take_answer(t, &person, e);
}

/* A one-to-one chat that somebody writes from is where private messages go from now on. What is
 * done outside of any conversation is answered there. */
static int learn_dm(struct turn *t, struct err *e)
{
    struct event *ev = &t->event;
    const struct user *u = t->scene.user;
    if (str_empty(ev->place.channel) && u->dm_channel != NULL) {
        ev->place.channel = u->dm_channel;
    }
    if (!ev->place.is_private || str_empty(ev->place.channel) ||
        str_equal(u->dm_channel, ev->place.channel)) {
        return 0;
    }
    struct user *now = arena_copy(t->scene.mem, u, sizeof(*u));
    now->dm_channel = ev->place.channel;
    t->scene.user = now;
    return store_user_set_dm(t->scene.s, u->workspace, u->user_id, ev->place.channel, e);
}

/* For all to read, as nothing in it is anybody's; and not each time, as anybody can ask for it. */
static int refuse_in_place(struct turn *t, json_t *view, struct err *e)
{
    enum { EVERY_S = 3600 };
    struct scene *sc = &t->scene;
    const struct place *p = &t->event.place;
    const struct target here = {.channel = p->channel, .thread = p->thread};
    bool due = false;
    if (store_notice_due(sc->s, sc->workspace->workspace,
                         arena_printf(sc->mem, "stranger:%s", p->channel), EVERY_S, &due, e) != 0) {
        return -1;
    }
    return due ? say_new(sc, &here, view, NULL, e) : 0;
}

/* Some hear that Workbot is not for them. Others have read what they sent all the same. */
static int refuse_outsider(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    enum standing standing = t->scene.user->standing;
    if (setup_shared_unheard(t, e) != 0) {
        return -1;
    }
    if (t->foreign) {
        return 0; /* whose id this is here did nothing */
    }
    if (standing != STANDING_STRANGER && standing != STANDING_GUEST) {
        return 0; /* bots and deactivated people get no answer */
    }
    words_closed(&t->scene, view);
    /* of another organisation, and there is no one-to-one chat with such people */
    bool aside = standing == STANDING_STRANGER && say_is_elsewhere(t);
    return aside ? refuse_in_place(t, view, e) : say_private(t, view, NULL, e);
}

static int offer_late(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "This reached me only now, so I have not run it: %s",
              str_cut(t->scene.mem, t->event.text, 200));
    view_note(view, "You wrote it %s.", words_ago(t->scene.mem, t->event.at));
    if (strlen(t->event.text) <= LATE_BYTES) {
        view_button(view, &(struct button){.title = "Run it",
                                           .action = "late",
                                           .value = t->event.text,
                                           .style = BUTTON_PRIMARY});
    } else {
        view_note(view, "It is too long for a button: type it again if you still want it.");
    }
    return say_private(t, view, NULL, e);
}

static int on_text(struct turn *t, const char *text, struct err *e)
{
    static int (*const readers[])(struct turn *, const char *, struct err *) = {
        setup_try,   code_try,        command_try,           setup_near,           code_try_words,
        site_try,    question_answer, command_try_any_order, command_try_greeting, code_near,
        help_unknown};
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        int rc = readers[i](t, text, e);
        if (rc != 0) {
            return rc > 0 ? 0 : -1;
        }
    }
    return 0;
}

int action_words(struct turn *t, const char *value, struct err *e)
{
    return on_text(t, value, e);
}

/* The button goes with the first press, so that the second press of a double click finds none. */
int action_late(struct turn *t, const char *value, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    bool spent = t->acted != NULL && str_equal(view_summary(t->scene.mem, t->acted->body), RUNNING);
    if (spent) {
        return 0;
    }
    view_text(view, "%s", RUNNING);
    view_note(view, "%s", str_cut(t->scene.mem, value, 200));
    if (say_private(t, view, NULL, e) != 0) {
        return -1;
    }
    t->navigates = false;
    return on_text(t, value, e);
}

/* On its way, or here while the bot had no token. */
static bool is_late(const struct turn *t)
{
    int64_t held_s = t->scene.workspace->updated_at - t->job->created_at;
    return t->event.at > 0 && (t->job->created_at - t->event.at > LATE_S || held_s > LATE_S);
}

static int refuse_file(struct turn *t, struct err *e)
{
    json_t *view = view_new(t->scene.mem);
    view_text(view, "I cannot take files: none of my commands has a use for one.");
    view_note(view, "Type a command in words; `help` lists them.");
    return say_private(t, view, NULL, e);
}

static int on_words(struct turn *t, struct err *e)
{
    int rc = setup_shared(t, t->event.text, e); /* also where the words are not taken */
    if (rc != 0) {
        return rc > 0 ? 0 : -1;
    }
    if (t->event.has_file) {
        return refuse_file(t, e);
    }
    if (is_late(t)) {
        return offer_late(t, e);
    }
    return on_text(t, t->event.text, e);
}

static int nothing(struct turn *t, struct err *e)
{
    (void)t;
    (void)e;
    return 0;
}

/* What happened, and what that brings about. */
static const struct effect {
    event_fn *look;  /* asks the platform first, with no session open; NULL: nothing to ask */
    event_fn *act;   /* in the transaction that ends the job */
    bool personal;   /* somebody wants something: who may use Workbot, and nobody else */
    bool any_person; /* and those who may not, too */
    bool any_state;  /* also in a workspace that is not active */
} effects[EVENT_KIND_COUNT] = {
    [EVENT_IGNORED] = {.act = nothing},
    [EVENT_TEXT] = {.look = place_look_words, .act = on_words, .personal = true},
    [EVENT_ACTION] = {.look = place_look, .act = action_press, .personal = true},
    [EVENT_SHORTCUT] = {.act = shortcut_take, .personal = true},
    [EVENT_SUBMIT] = {.act = nothing, .personal = true}, /* answered at once: submit.c */
    [EVENT_CHOICES] = {.act = nothing},                  /* the same */
    [EVENT_CODE] = {.act = code_by_window, .personal = true},
    [EVENT_LOOK] = {.act = nothing}, /* the same: card.c */
    [EVENT_HOME] = {.act = home_open, .personal = true, .any_person = true},
    [EVENT_PERSON] = {.look = person_look, .act = bot_person_changed},
    [EVENT_CHANNEL] = {.look = place_look, .act = bot_channel_moved},
    [EVENT_JOINED] = {.act = bot_channel_joined},
    [EVENT_LEFT] = {.act = bot_left},
    [EVENT_INSTALL] = {.look = life_look, .act = life_change, .any_state = true},
};

int dispatch_act(struct turn *t, struct err *e)
{
    const struct effect *x = &effects[t->event.kind];
    if (seen_place(t, e) != 0) {
        return -1;
    }
    if (!x->personal) {
        return x->act(t, e);
    }
    if (t->foreign) {
        return refuse_outsider(t, e);
    }
    if (learn_dm(t, e) != 0 || seen_person(t, e) != 0) {
        return -1;
    }
    if (!x->any_person && !words_open_to(&t->scene)) {
        return refuse_outsider(t, e);
    }
    if (!turn_is_private(t)) {
        t->scene.from = say_origin(t);
        t->pointed = t->scene.told = t->event.told;
    }
    if (store_recipe_list(t->scene.s, t->scene.workspace->workspace, &t->recipes, &t->recipes_count,
                          e) != 0) {
        return -1;
    }
    return x->act(t, e);
}

static int end_event(struct scene *sc, void *arg, struct err *e)
{
    const struct turn *t = arg;
    return home_flush(sc, e) != 0 ? -1 : store_job_done(sc->s, t->job, e);
}

static int act_and_end(struct scene *sc, void *arg, struct err *e)
{
    return dispatch_act(arg, e) != 0 ? -1 : end_event(sc, arg, e);
}

/* Where there is nothing to install, a workspace begins with the first thing that is done there:
 * somebody wants something, or brings the bot. What ends, or is nothing, begins none. */
static int load_or_begin(struct turn *t, const struct chat_driver *driver, struct err *e)
{
    const struct job *j = t->job;
    struct event ev = {.kind = EVENT_IGNORED};
    if (load_people(t, driver, e) != 0) {
        return -1;
    }
    if (t->scene.workspace != NULL || !driver->app_token) {
        return 0;
    }
    if (driver->parse(t->scene.mem, job_kind_name(j->kind), j->payload, NULL, &ev, e) != 0) {
        return -1;
    }
    if (!effects[ev.kind].personal && ev.kind != EVENT_JOINED) {
        return 0;
    }
    return homeless_begin(t, e) != 0 ? -1 : load_people(t, driver, e);
}

/* Does it happen where the bot is installed? */
static bool is_ours(const struct turn *t)
{
    const struct workspace *w = t->scene.workspace;
    if (t->event.kind == EVENT_IGNORED) {
        return false;
    }
    bool ours = effects[t->event.kind].any_state || str_equal(w->state, "active");
    if (!ours && !homeless_holds(t)) {
        homeless_note(w->workspace, w->state);
    }
    return ours;
}

int dispatch_look(struct turn *t, bool *ret_ours, struct err *e)
{
    const struct chat_driver *driver = chats_driver(t->scene.bot->options.chats, t->job->workspace);
    *ret_ours = false;
    if (driver == NULL) {
        return 0; /* the platform was switched off since */
    }
    if (load_or_begin(t, driver, e) != 0) {
        return -1;
    }
    if (t->scene.workspace == NULL) {
        return 0;
    }
    const struct effect *x = &effects[t->event.kind];
    bool ours = is_ours(t);
    if (ours && x->personal && know_person(t, e) != 0) {
        return -1;
    }
    if (ours && x->look != NULL && x->look(t, e) != 0) {
        return -1;
    }
    *ret_ours = ours;
    return 0;
}

int bot_job_event(bot *b, arena *mem, const struct job *j, struct err *e)
{
    struct turn t = {.scene = {.bot = b, .mem = mem}, .job = j};
    const struct chat_driver *driver = chats_driver(b->options.chats, j->workspace);
    bool ours = false;
    if (dispatch_look(&t, &ours, e) != 0) {
        return -1;
    }
    if (t.scene.workspace == NULL && driver != NULL) {
        return homeless_settle(&t, driver, e);
    }
    if (!ours && driver != NULL && homeless_holds(&t)) {
        return homeless_hold(&t, e);
    }
    if (!ours && driver != NULL && t.event.surface == SURFACE_COMMAND) {
        homeless_tell(&t, driver);
    }
    return scene_do(&t.scene, j, ours ? act_and_end : end_event, &t, e);
}
